/*
 * What the evidence tests share: a message, settings and a zone, made by hand.
 */
#ifndef MW_TESTS_EVIDENCE_RIG_H
#define MW_TESTS_EVIDENCE_RIG_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

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
	const struct settings *settings;
	struct settings_egress *egress;	/* the first of the settings */
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

	message_free(&rig->message);	/* its lookups use the resolver */
	if (rig->dns != NULL)
		dns_free(&rig->dns);
	rig->dns = dns_new_zone(slice_of(zone), &rig->clock.clock, rig->arena, &error);
	if (rig->dns == NULL)
		fail_msg("zone: %s", error);
}

/* A file in /tmp with that text; the caller removes it. */
static inline const char *
rig_file(struct rig *rig, const char *text)
{
	char *path = arena_strdup(rig->arena, "/tmp/mw-evidence-XXXXXX");
	int fd = mkstemp(path);

	assert_true(fd >= 0);
	assert_int_equal(write(fd, text, strlen(text)), (ssize_t)strlen(text));
	close(fd);
	return path;
}

static inline bool
rig_any_check(const char *id)
{
	return id != NULL;
}

static inline void
rig_settings(struct rig *rig, const char *text)
{
	const char *path = rig_file(rig, text), *error;
	struct files *files = files_new();

	settings_unref(&rig->settings);
	rig->settings = settings_load(files, path, rig_any_check, rig->arena, &error);
	unlink(path);
	files_free(&files);
	if (rig->settings == NULL)
		fail_msg("settings: %s", error);
	rig->egress = rig->settings->egresses;
	rig->input.settings = rig->settings;
}

/* One egress section with the addresses of rig_ip(). */
static inline void
rig_open(struct rig *rig, const char *zone)
{
	memset(rig, 0, sizeof(*rig));
	rig->arena = arena_new();
	clock_fake_init(&rig->clock, RIG_NOW);
	rig_zone(rig, zone);
	rig->choice.usable = RING_NO_DOMAIN;
	rig->session = session_new();
	rig->session->mta_name = "mail.example.com";
	rig->input = (struct collect_input){
		.choice = &rig->choice, .clock = &rig->clock.clock,
	};
	rig_settings(rig, "egress \"default\" { addresses = {auto} }\n");
	rig->egress->kind = EGRESS_LIST;
	rig->egress->addresses = rig->ips;
	rig->egress->n_addresses = 0;
}

static inline void
rig_ip(struct rig *rig, const char *text)
{
	assert_true(ip_parse(slice_of(text), &rig->ips[rig->egress->n_addresses]));
	rig->egress->n_addresses++;
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
	settings_unref(&rig->settings);
	dns_free(&rig->dns);
	arena_free(&rig->arena);
}

#endif
