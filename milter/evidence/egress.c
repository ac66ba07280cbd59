/*
 * Which way this message leaves, and from which addresses.
 */
#include <string.h>

#include "base/arena.h"
#include "evidence/collection.h"
#include "evidence/egress.h"
#include "mail/domain.h"
#include "settings/settings.h"

/* Postfix chooses a transport by the envelope sender; a null reverse-path
 * leaves as the author's mail does. */
static const struct settings_egress *
section(const struct collect_input *input)
{
	const struct message *message = input->message;
	const char *domain = message->envelope_domain;

	if (domain == NULL)
		domain = message->author_domain;
	return settings_find_egress(input->settings, domain != NULL ? domain : "");
}

static const char *
helo_name(const struct collect_input *input, const struct settings_egress *egress,
    enum helo_source *source_r)
{
	const char *name = egress->helo;
	const char *ascii;

	*source_r = HELO_CONFIGURED;
	if (name == NULL || strcmp(name, "auto") == 0) {
		*source_r = HELO_MTA_SETTINGS;
		name = input->egress != NULL ? input->egress->helo_name : NULL;
		if (name == NULL && input->message->session->mta_name != NULL) {
			*source_r = HELO_MACRO;
			name = input->message->session->mta_name;
		}
		if (name == NULL && input->egress != NULL)
			name = input->egress->myhostname;
	}
	if (name == NULL || *name == '\0') {
		*source_r = HELO_UNTOLD;
		return NULL;
	}
	ascii = domain_to_ascii(input->arena, slice_of(name));
	return ascii != NULL ? ascii : name;
}

static void
take_addresses(struct egress_evidence *egress, struct arena *arena,
    const struct ip *ips, size_t n)
{
	if (n > EGRESS_ADDRESSES_MAX)
		n = EGRESS_ADDRESSES_MAX;
	egress->addresses = arena_array(arena, n, sizeof(*egress->addresses));
	for (size_t i = 0; i < n; i++)
		if (ips[i].family != 0 && !ip_is_private(&ips[i]))
			egress->addresses[egress->n++].ip = ips[i];
}

int
collect_egress(struct collection *c)
{
	const struct collect_input *input = c->input;
	const struct settings_egress *settings = section(input);
	struct egress_evidence *egress = &c->evidence->egress;

	egress->takes_utf8 = input->egress != NULL && input->egress->takes_utf8;
	if (settings == NULL)
		return 0;
	egress->name = settings->name;
	switch (settings->kind) {
	case EGRESS_RELAY:
		egress->is_relay = true;
		egress->known = true;
		egress->via = settings->via;
		egress->relay_include = settings->spf_include;
		return 0;
	case EGRESS_LIST:
		take_addresses(egress, input->arena, settings->addresses,
		    settings->n_addresses);
		break;
	case EGRESS_AUTO:
		if (input->egress != NULL)
			take_addresses(egress, input->arena, input->egress->ips,
			    input->egress->n);
		break;
	}
	egress->helo = helo_name(input, settings, &egress->helo_source);
	egress->known = egress->n > 0;
	return 0;
}
