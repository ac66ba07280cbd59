/*
 * A message, its evidence and settings to judge, and checks that say what a
 * test tells them.  For the tests of verdict/, record/ and the report.
 */
#ifndef MW_TESTS_UNIT_JUDGED_H
#define MW_TESTS_UNIT_JUDGED_H

#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/arena.h"
#include "evidence/evidence.h"
#include "facts/message.h"
#include "settings/files.h"
#include "settings/settings.h"
#include "verdict/fold.h"

#define JUDGED_CHECKS_MAX 24

struct judged_case {
	struct session *session;
	struct message *message;
	struct settings *settings;	/* the test's own: may be written to */
	struct settings_domain *domain;	/* example.com */
	struct evidence evidence;
	struct egress_address addresses[2];
	struct check_input input;
	struct check table[JUDGED_CHECKS_MAX];
	size_t n_checks;
	struct verdict verdict;
};

/* What the checks of the table answer, in the order they were added. */
static struct check_result judged_results[JUDGED_CHECKS_MAX];

#define JUDGED_RUN(n) \
	static void \
	judged_run_##n(const struct check_input *input, struct check_result *result) \
	{ \
		(void)input; \
		*result = judged_results[n]; \
	}

JUDGED_RUN(0) JUDGED_RUN(1) JUDGED_RUN(2) JUDGED_RUN(3) JUDGED_RUN(4) JUDGED_RUN(5)
JUDGED_RUN(6) JUDGED_RUN(7) JUDGED_RUN(8) JUDGED_RUN(9) JUDGED_RUN(10) JUDGED_RUN(11)
JUDGED_RUN(12) JUDGED_RUN(13) JUDGED_RUN(14) JUDGED_RUN(15) JUDGED_RUN(16)
JUDGED_RUN(17) JUDGED_RUN(18) JUDGED_RUN(19) JUDGED_RUN(20) JUDGED_RUN(21)
JUDGED_RUN(22) JUDGED_RUN(23)

static void (*const judged_runs[JUDGED_CHECKS_MAX])(const struct check_input *,
    struct check_result *) = {
	judged_run_0, judged_run_1, judged_run_2, judged_run_3, judged_run_4,
	judged_run_5, judged_run_6, judged_run_7, judged_run_8, judged_run_9,
	judged_run_10, judged_run_11, judged_run_12, judged_run_13, judged_run_14,
	judged_run_15, judged_run_16, judged_run_17, judged_run_18, judged_run_19,
	judged_run_20, judged_run_21, judged_run_22, judged_run_23,
};

static inline void
judged_address(struct address *address, const char *local_part, const char *domain,
    const char *text)
{
	*address = (struct address){
		.local_part = local_part, .domain = domain, .domain_utf8 = domain,
		.text = text,
	};
}

/* Checks that can be tuned have a section, which tests then fill. */
static const char judged_config[] =
    "mode = enforce\n"
    "repair = {}\n"
    "domain \"example.com\" { key \"s1\" { file = \"/etc/mailworthy/s1.pem\" } }\n"
    "check \"from-multiple\" { }\n"
    "check \"header-duplicate\" { }\n"
    "check \"line-long\" { }\n"
    "check \"nul-byte\" { }\n"
    "check \"hop-count\" { }\n"
    "check \"dkim-key-testing\" { }\n"
    "check \"to-missing\" { }\n"
    "check \"checked\" { }\n"
    "check \"shadowed\" { }\n";

static inline bool
judged_any_check(const char *id)
{
	return id != NULL;
}

static inline void
judged_fail(const char *why)
{
	fprintf(stderr, "cannot set a test up: %s\n", why);
	abort();
}

static inline struct settings *
judged_settings(struct arena *arena)
{
	char path[] = "/tmp/mw-judged.XXXXXX";
	int fd = mkstemp(path);
	struct files *files = files_new();
	const struct settings *settings;
	const char *error = "";

	if (fd == -1 || write(fd, judged_config, strlen(judged_config)) == -1)
		judged_fail("no temporary file");
	close(fd);
	settings = settings_load(files, path, judged_any_check, arena, &error);
	files_free(&files);
	unlink(path);
	if (settings == NULL)
		judged_fail(error);
	return (struct settings *)(uintptr_t)settings;
}

/* A good message of example.com in enforce mode: everything known and well. */
static inline void
judged_begin(struct judged_case *c)
{
	memset(c, 0, sizeof(*c));
	memset(judged_results, 0, sizeof(judged_results));
	c->session = session_new();
	c->message = message_new(c->session, 1795297200, 0);
	c->message->author_status = AUTHOR_ONE;
	judged_address(&c->message->author, "billing", "example.com",
	    "billing@example.com");
	judged_address(&c->message->mail_from, "bounce", "mail.example.com",
	    "bounce@mail.example.com");
	c->message->author_domain = "example.com";
	c->message->envelope_domain = "mail.example.com";
	headers_add(c->message->headers, SLICE("From"),
	    SLICE(" <billing@example.com>"));
	c->settings = judged_settings(c->message->arena);
	c->domain = &c->settings->domains[0];

	c->addresses[0] = (struct egress_address){
		.ip = { 4, { 192, 0, 2, 1 } }, .ptr_known = KNOWN_VALUE,
		.ptr_name = "mail.example.com", .ptr_forward = true,
		.ptr_forward_known = KNOWN_VALUE, .spf_known = KNOWN_VALUE,
		.spf = { .result = SPF_PASS },
	};
	c->addresses[1] = c->addresses[0];
	c->addresses[1].ip = (struct ip){ 6, { 0x20, 1, 0x0d, 0xb8, [15] = 1 } };
	c->evidence.egress = (struct egress_evidence){
		.known = true, .addresses = c->addresses, .n = 2, .helo =
		    "mail.example.com",
	};
	c->evidence.spf = (struct spf_evidence){
		.domain = "mail.example.com", .known = KNOWN_VALUE, .worst = SPF_PASS,
		.best = SPF_PASS, .all_pass = true, .any_pass = true,
		.width_known = KNOWN_VALUE,
	};
	c->evidence.dkim = (struct dkim_evidence){
		.usable = RING_USABLE, .managed = "example.com", .existing_known = true,
		.any_pass = true,
	};
	c->evidence.dmarc = (struct dmarc_evidence){
		.known = KNOWN_VALUE, .result = DMARC_PASS, .policy =
		    DMARC_POLICY_REJECT,
		.org_domain = "example.com",
	};
	c->evidence.author_name = (struct name_evidence){
		.domain = "example.com", .exists = KNOWN_VALUE, .mx = KNOWN_VALUE,
		.address = KNOWN_VALUE, .soa = KNOWN_VALUE,
	};
	c->evidence.envelope_name = c->evidence.author_name;
	c->evidence.envelope_name.domain = "mail.example.com";
	c->input = (struct check_input){
		c->settings, c->message, &c->evidence, c->message->arena,
	};
}

static inline void
judged_end(struct judged_case *c)
{
	const struct settings *settings = c->settings;

	settings_unref(&settings);
	message_free(&c->message);
	session_free(&c->session);
}

/* Adds a check that answers `status`; give it more through the pointer. */
static inline struct check *
judged_add(struct judged_case *c, const char *id, enum check_family family, int weight,
    enum action action, enum check_status status)
{
	struct check *check = &c->table[c->n_checks];

	*check = (struct check){
		.id = id, .family = family, .stage = STAGE_EOM,
		.run = judged_runs[c->n_checks], .weight = weight, .action = action,
		.meaning = "Receivers mind this.", .source = "RFC 5322",
		.fix = "Mend it.",
	};
	judged_results[c->n_checks] = (struct check_result){
		.status = status, .weight = weight, .action = action,
	};
	c->n_checks++;
	return check;
}

static inline struct check *
judged_hit(struct judged_case *c, const char *id, enum check_family family, int weight,
    enum action action)
{
	return judged_add(c, id, family, weight, action, CHECK_HIT);
}

/* The answer of the check added last. */
static inline struct check_result *
judged_result(struct judged_case *c)
{
	return &judged_results[c->n_checks - 1];
}

static inline struct settings_check *
judged_tune(struct judged_case *c, const char *id)
{
	const struct settings_check *tuning = settings_find_check(c->settings, id);

	if (tuning == NULL)
		judged_fail(id);
	return (struct settings_check *)(uintptr_t)tuning;
}

static inline void
judged_make(struct judged_case *c)
{
	verdict_make_table(&c->input, -1, c->table, c->n_checks, &c->verdict);
}

static inline const struct finding *
judged_find(const struct judged_case *c, const char *id)
{
	for (size_t i = 0; i < c->verdict.n_findings; i++) {
		if (strcmp(c->verdict.findings[i].check->id, id) == 0)
			return &c->verdict.findings[i];
	}
	return NULL;
}

#endif
