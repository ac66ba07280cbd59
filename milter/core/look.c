/*
 * The message path run with an imaginary message of a domain.
 */
#include <stdlib.h>
#include <string.h>

#include "base/arena.h"
#include "base/clock.h"
#include "base/log.h"
#include "core/core.h"
#include "core/look.h"
#include "core/parts.h"
#include "dns/dns.h"
#include "evidence/collect.h"
#include "facts/message.h"
#include "mail/date.h"
#include "settings/settings.h"

struct look {
	struct session *session;
	struct message *message;
	struct evidence evidence;
	struct check_input judged;
};

const struct check *
look_key_check(enum key_dns state)
{
	switch (state) {
	case KEY_DNS_UNKNOWN:
	case KEY_DNS_MATCH:
		break;
	case KEY_DNS_MISSING:
		return check_find("dkim-key-missing");
	case KEY_DNS_MISMATCH:
		return check_find("dkim-key-mismatch");
	case KEY_DNS_REVOKED:
		return check_find("dkim-key-revoked");
	case KEY_DNS_MALFORMED:
		return check_find("dkim-record-malformed");
	}
	return NULL;
}

const char *
look_key_record(struct arena *arena, const struct key *key)
{
	return arena_printf(arena, "v=DKIM1; k=%s; p=%s",
	    key_type(key) == KEY_RSA ? "rsa" : "ed25519", key_public_base64(key));
}

static void
add_header(struct message *message, const char *name, const char *value)
{
	headers_add(message->headers, slice_of(name), slice_of(value));
}

/* A faultless message from the domain's postmaster. */
static struct message *
imagine_message(const struct session *session, const struct core_options *parts,
    const char *domain)
{
	time_t now = clock_now(parts->clock);
	struct message *message = message_new(session, now, clock_mono_us(parts->clock));
	struct arena *arena = message->arena;
	const char *path = arena_printf(arena, "<postmaster@%s>", domain);

	message->direction = DIRECTION_OUTBOUND;
	message->mail_from_malformed = !address_path_parse(arena, slice_of(path),
	    &message->mail_from, &message->mail_from_is_null);
	add_header(message, "From", arena_printf(arena, " postmaster@%s", domain));
	add_header(message, "To", arena_printf(arena, " postmaster@%s", domain));
	add_header(message, "Date", arena_printf(arena, " %s", date_format(arena, now)));
	add_header(message, "Subject", " health");
	add_header(message, "Message-ID", arena_printf(arena, " <health@%s>", domain));
	message_read_headers(message);
	message_finish(message);
	return message;
}

static void
collect(struct look *look, struct core *core, struct snapshot *snapshot,
    const char *domain)
{
	const struct core_options *parts = core_parts(core);
	struct message *message = look->message;
	struct ring_choice choice;
	struct signature signatures[2] = { 0 };
	struct collect_input input = {
		.settings = snapshot_settings(snapshot),
		.ring = snapshot_keyring(snapshot),
		.sightings = parts->sightings,
		.egress = parts->egress,
		.message = message,
		.choice = &choice,
		.signatures = signatures,
		.clock = parts->clock,
		.arena = message->arena,
	};
	struct signer *signer;

	keyring_choose(input.ring, parts->sightings, domain, message->now, message->arena,
	    &choice);
	if (choice.usable == RING_USABLE) {
		signer = signer_new(core_dkim(core), message->arena, choice.rsa,
		    choice.ed25519, message->headers, NULL, NULL, message->now);
		input.n_signatures = signer_finish(signer, signatures);
	}
	input.lookups = lookups_new(parts->dns, message->arena,
	    input.settings->resolver.deadline, DNS_QUERIES_MAX);
	evidence_collect(&input, &look->evidence);
}

struct look *
look_new(struct core *core, struct snapshot *snapshot, const char *domain,
    const char *mta_name)
{
	struct look *look = calloc(1, sizeof(*look));

	if (look == NULL)
		bug("out of memory");
	look->session = session_new();
	if (mta_name != NULL)
		look->session->mta_name = arena_strdup(look->session->arena, mta_name);
	look->message = imagine_message(look->session, core_parts(core), domain);
	collect(look, core, snapshot, domain);
	look->judged = (struct check_input){
		.settings = snapshot_settings(snapshot), .message = look->message,
		.evidence = &look->evidence, .arena = look->message->arena,
	};
	return look;
}

void
look_free(struct look **look_p)
{
	struct look *look = *look_p;

	*look_p = NULL;
	if (look == NULL)
		return;
	message_free(&look->message);
	session_free(&look->session);
	free(look);
}

const struct check_input *
look_input(const struct look *look)
{
	return &look->judged;
}

void
look_judge(const struct look *look, void (*visit)(void *ctx, const struct check *check,
    const struct check_result *result), void *ctx)
{
	size_t n, i;
	const struct check *table = check_table(&n);

	for (i = 0; i < n; i++) {
		struct check_result result = {
			.status = CHECK_DUNNO,
			.weight = table[i].weight,
			.action = table[i].action,
		};

		if (!table[i].is_host || table[i].stage != STAGE_EOM)
			continue;
		table[i].run(&look->judged, &result);
		visit(ctx, &table[i], &result);
	}
}
