/*
 * One check against one message: evidence in which everything is known and
 * well, which a row of a table then spoils.  For the tests of checks/.
 */
#ifndef MW_TESTS_UNIT_CHECKED_H
#define MW_TESTS_UNIT_CHECKED_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/arena.h"
#include "checks/check.h"
#include "evidence/evidence.h"
#include "facts/message.h"
#include "mail/header.h"
#include "settings/lists.h"
#include "settings/settings.h"

#define CHECKED_NOW 1795297200	/* Sat, 21 Nov 2026 21:40:00 +0000 */
#define CHECKED_DEFAULT (-1)	/* of the catalogue */

struct checked_row {
	const char *name;
	const char *headers;		/* lines with LF; NULL: the good ones */
	void (*prepare)(void);		/* spoils something; may be NULL */
	bool beyond;			/* the headers stand beyond what is kept */
	enum check_status status;
	int weight, action;		/* CHECKED_DEFAULT or what is expected */
	const char *text, *fix;		/* held by the text, the fix; NULL: anything */
};

static struct {
	struct session *session;
	struct message *message;
	struct settings settings;
	struct evidence evidence;
	struct egress_address addresses[2];
	struct check_input input;
	struct check_result result;
} t;

static const char checked_good_headers[] =
	"From: Billing <billing@example.com>\n"
	"To: anna@example.net\n"
	"Date: Sat, 21 Nov 2026 21:40:00 +0000\n"
	"Message-ID: <1@mail.example.com>\n"
	"Subject: Your invoice\n";

/* Adds lines "Name: value"; a line that begins with a blank continues. */
static inline void
checked_add_headers(const char *lines)
{
	while (*lines != '\0') {
		size_t name = strcspn(lines, ":");
		size_t end = strcspn(lines, "\n");

		while (lines[end] == '\n' && (lines[end + 1] == ' ' || lines[end + 1] == '\t'))
			end += 1 + strcspn(lines + end + 1, "\n");
		headers_add(t.message->headers, (struct slice){ lines, name },
		    (struct slice){ lines + name + 1, end - name - 1 });
		lines += end + (lines[end] == '\n');
	}
}

static inline void
checked_set_sender(const char *path)
{
	t.message->mail_from_malformed = !address_path_parse(t.message->arena,
	    slice_of(path), &t.message->mail_from, &t.message->mail_from_is_null);
}

static inline void
checked_good_evidence(void)
{
	t.addresses[0] = (struct egress_address){
		.ip = { 4, { 192, 0, 2, 7 } }, .ptr_known = KNOWN_VALUE,
		.ptr_name = "mail.example.com", .ptr_forward = true,
		.ptr_forward_known = KNOWN_VALUE, .helo_known = KNOWN_VALUE,
		.helo_forward = true, .spf_known = KNOWN_VALUE,
		.spf = {
			.result = SPF_PASS, .record = "v=spf1 mx -all", .term = "mx",
			.term_domain = "example.com", .lookups = 2, .records_found = 1,
		},
		.second_asked = true, .second = SPF_PASS,
	};
	t.addresses[1] = t.addresses[0];
	t.addresses[1].ip = (struct ip){ 6, { 0x20, 1, 0x0d, 0xb8, [15] = 7 } };
	t.evidence.egress = (struct egress_evidence){
		.name = "default", .known = true, .addresses = t.addresses, .n = 2,
		.helo = "mail.example.com",
	};
	t.evidence.spf = (struct spf_evidence){
		.domain = "example.com", .known = KNOWN_VALUE, .worst = SPF_PASS,
		.best = SPF_PASS, .all_pass = true, .any_pass = true,
		.width_known = KNOWN_VALUE,
	};
	t.evidence.dkim = (struct dkim_evidence){
		.usable = RING_USABLE, .managed = "example.com", .existing_known = true,
		.any_pass = true,
	};
	t.evidence.dmarc = (struct dmarc_evidence){
		.known = KNOWN_VALUE, .result = DMARC_PASS, .policy = DMARC_POLICY_REJECT,
		.policy_as_published = DMARC_POLICY_REJECT, .org_domain = "example.com",
		.org_domain_psl = "example.com", .org_known = KNOWN_VALUE,
		.spf_aligned_pass = true, .dkim_aligned_pass = true,
		.spf_aligned_known = true, .dkim_aligned_known = true,
		.envelope_known = KNOWN_VALUE, .envelope_aligned = true,
		.rua_known = KNOWN_ABSENT,
		.record = {
			.text = "v=DMARC1; p=reject; rua=mailto:d@example.com",
			.found_at = "example.com", .has_p = true, .has_rua = true,
			.p = DMARC_POLICY_REJECT, .rua = "mailto:d@example.com",
		},
	};
	t.evidence.author_name = (struct name_evidence){
		.domain = "example.com", .exists = KNOWN_VALUE, .mx = KNOWN_VALUE,
		.address = KNOWN_VALUE, .soa = KNOWN_VALUE,
	};
}

static inline void
checked_begin(void)
{
	memset(&t, 0, sizeof(t));
	t.session = session_new();
	t.message = message_new(t.session, CHECKED_NOW, 0);
	t.settings.mode = MODE_ENFORCE;
	t.settings.lists = lists_new_builtin(t.message->arena);
	checked_set_sender("<billing@example.com>");
	checked_good_evidence();
	t.input = (struct check_input){
		&t.settings, t.message, &t.evidence, t.message->arena,
	};
}

static inline void
checked_end(void)
{
	message_free(&t.message);
	session_free(&t.session);
}

/* Runs the check as verdict/ does. */
static inline void
checked_run(const struct check *check)
{
	t.result = (struct check_result){
		.status = CHECK_DUNNO, .weight = check->weight, .action = check->action,
	};
	check->run(&t.input, &t.result);
}

/* Five thousand fields in front, so that what follows is counted only. */
static inline void
checked_fill_headers(void)
{
	for (int i = 0; i < HEADERS_MAX; i++)
		headers_add(t.message->headers, SLICE("X-Filler"), SLICE(" x"));
}

static inline void
checked_contains(const char *what, const char *text, const char *needle)
{
	if (needle != NULL && (text == NULL || strstr(text, needle) == NULL))
		fail_msg("%s: \"%s\" holds no \"%s\"", what, text != NULL ? text : "(none)",
		    needle);
}

static inline void
checked_row(const struct check *check, const struct checked_row *row)
{
	const char *fix;

	checked_begin();
	if (row->beyond)
		checked_fill_headers();
	checked_add_headers(row->headers != NULL ? row->headers : checked_good_headers);
	message_read_headers(t.message);
	message_finish(t.message);
	if (row->prepare != NULL)
		row->prepare();
	checked_run(check);
	if (t.result.status != row->status)
		fail_msg("%s: %s: status %d, not %d (%s)", check->id, row->name,
		    t.result.status, row->status,
		    t.result.text != NULL ? t.result.text : "no text");
	if (row->status == CHECK_HIT) {
		int weight = row->weight < 0 ? check->weight : row->weight;
		int action = row->action < 0 ? (int)check->action : row->action;

		if (t.result.weight != weight || (int)t.result.action != action)
			fail_msg("%s: %s: weight %d, not %d; action %d, not %d", check->id,
			    row->name, t.result.weight, weight, t.result.action, action);
		assert_non_null(t.result.text);
		fix = t.result.fix != NULL ? t.result.fix : check->fix;
		checked_contains(row->name, t.result.text, row->text);
		checked_contains(row->name, fix, row->fix);
	}
	checked_end();
}

static inline void
checked_table(const char *id, const struct checked_row *rows, size_t n)
{
	const struct check *check = check_find(id);

	if (check == NULL)
		fail_msg("no check %s", id);
	for (size_t i = 0; i < n; i++)
		checked_row(check, &rows[i]);
}

#define CHECKED_TABLE(id, rows) checked_table(id, rows, sizeof(rows) / sizeof(rows[0]))

#endif
