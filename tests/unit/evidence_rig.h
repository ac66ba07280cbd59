/*
 * What the evidence tests share: a message, settings and a zone, made by hand.
 */
#ifndef MW_TESTS_EVIDENCE_RIG_H
#define MW_TESTS_EVIDENCE_RIG_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "base/arena.h"
#include "base/clock.h"
#include "dns/dns.h"
#include "evidence/collect.h"
#include "evidence/collection.h"
#include "facts/message.h"
#include "settings/settings.h"

#define RIG_NOW 1790000000

struct rig {
	struct arena *arena;
	struct clock_fake clock;
	struct dns *dns;
	struct settings settings;
	struct settings_egress egress;
	struct settings_strings every;
	struct ip ips[8];
	struct session *session;
	struct message *message;
	struct ring_choice choice;
	struct results_cache *cache;
	struct collect_input input;
	struct evidence evidence;
};

static inline void
rig_zone(struct rig *rig, const char *zone)
{
	const char *error = NULL;

	if (rig->dns != NULL)
		dns_free(&rig->dns);
	rig->dns = dns_new_zone(slice_of(zone), &rig->clock.clock, rig->arena, &error);
	if (rig->dns == NULL)
		fail_msg("zone: %s", error);
}

static inline void
rig_open(struct rig *rig, const char *zone)
{
	static const char *any[] = { "*" };

	memset(rig, 0, sizeof(*rig));
	rig->arena = arena_new();
	clock_fake_init(&rig->clock, RIG_NOW);
	rig_zone(rig, zone);
	rig->egress = (struct settings_egress){
		.name = "default", .kind = EGRESS_LIST, .addresses = rig->ips,
		.helo = "auto", .domains = { any, 1 },
	};
	rig->settings.egresses = &rig->egress;
	rig->settings.n_egresses = 1;
	rig->choice.usable = RING_NO_DOMAIN;
	rig->session = session_new();
	rig->session->mta_name = "mail.example.com";
	rig->input = (struct collect_input){
		.settings = &rig->settings, .choice = &rig->choice,
		.clock = &rig->clock.clock,
	};
}

static inline void
rig_ip(struct rig *rig, const char *text)
{
	assert_true(ip_parse(slice_of(text), &rig->ips[rig->egress.n_addresses]));
	rig->egress.n_addresses++;
}

/* NULL: null reverse-path, no author. */
static inline void
rig_message(struct rig *rig, const char *envelope, const char *author)
{
	struct message *message;

	message_free(&rig->message);
	message = message_new(rig->session, RIG_NOW, 0);
	rig->message = message;
	message->mail_from_is_null = envelope == NULL;
	message->envelope_domain = envelope;
	if (envelope != NULL)
		message->mail_from = (struct address){ .local_part = "bounce",
		    .domain = envelope, .text = "bounce@example.com" };
	message->author_status = author != NULL ? AUTHOR_ONE : AUTHOR_MISSING;
	message->author_domain = author;
	if (author != NULL) {
		message->author = (struct address){ .local_part = "ann",
		    .domain = author,
		    .text = arena_printf(message->arena, "ann@%s", author) };
		message->from.addresses = &message->author;
		message->from.n = message->from.total = 1;
	}
	rig->input.message = message;
}

static inline void
rig_lookups(struct rig *rig)
{
	rig->input.arena = rig->message->arena;
	rig->input.cache = rig->cache;
	rig->input.lookups = lookups_new(rig->dns, rig->input.arena, 10, DNS_QUERIES_MAX);
}

static inline struct evidence *
rig_collect(struct rig *rig)
{
	rig_lookups(rig);
	evidence_collect(&rig->input, &rig->evidence);
	return &rig->evidence;
}

static inline void
rig_close(struct rig *rig)
{
	message_free(&rig->message);
	session_free(&rig->session);
	results_cache_free(&rig->cache);
	dns_free(&rig->dns);
	arena_free(&rig->arena);
}

#endif
