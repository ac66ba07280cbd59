/*
 * Counters: what one message adds, what it does not, and many threads at once.
 */
#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <time.h>

#include <cmocka.h>

#include "judged.h"
#include "record/counters.h"
#include "record/labels.h"

struct rig {
	struct judged_case c;
	struct counters *counters;
	struct finding findings[4];
	struct verdict_open open[3];
	struct plan plan;
};

static void
begin(struct rig *rig)
{
	static const char *const repaired[] = { "date", "encoding" };

	memset(rig, 0, sizeof(*rig));
	judged_begin(&rig->c);
	rig->counters = counters_new();
	rig->findings[0].check = check_find("subject-long");
	rig->findings[1].check = check_find("from-multiple");
	rig->findings[1].covered_by = "subject-long";
	rig->findings[2].check = check_find("date-missing");
	rig->findings[2].shadow = true;
	rig->findings[2].covered_by = "subject-long";
	rig->findings[3].check = check_find("to-missing");
	rig->findings[3].exempt = rig->findings[3].shadow = true;
	rig->open[0].temporary = true;
	rig->c.verdict = (struct verdict){ .mode = MODE_ENFORCE, .findings = rig->findings,
		.n_findings = 4, .open = rig->open, .n_dunno = 3 };
	rig->plan = (struct plan){ .repaired = repaired, .n_repaired = 2 };
	rig->c.message->rcpts_total = 3;
	rig->c.message->size = 1234;
}

static void
end(struct rig *rig)
{
	counters_free(&rig->counters);
	judged_end(&rig->c);
}

static void
count(struct rig *rig)
{
	const struct counted_message message = { .judged = &rig->c.input,
		.verdict = &rig->c.verdict, .plan = &rig->plan, .eom_us = 700 };

	counters_message(rig->counters, &message);
}

static uint64_t
messages(const struct counts *counts, const char *section, enum stream stream,
    enum mode mode, enum action verdict)
{
	for (size_t i = 0; i < counts->n_messages; i++) {
		const struct counts_messages *m = &counts->messages[i];

		if (m->stream == stream && m->mode == mode && m->verdict == verdict &&
		    (section == NULL) == (m->section == NULL) &&
		    (section == NULL || strcmp(section, m->section) == 0))
			return m->n;
	}
	return 0;
}

static size_t
place(const char *id)
{
	size_t n;

	return (size_t)(check_find(id) - check_table(&n));
}

static void
test_message(void **state)
{
	struct arena *arena = arena_new();
	struct counts counts;
	struct rig rig;

	(void)state;
	begin(&rig);
	rig.c.message->stream = STREAM_BULK;
	count(&rig);
	rig.c.verdict.action = ACTION_HOLD;
	count(&rig);
	counters_read(rig.counters, arena, &counts);
	assert_int_equal(counts.messages_total, 2);
	assert_int_equal(counts.by_verdict[ACTION_NONE], 1);
	assert_int_equal(counts.by_verdict[ACTION_HOLD], 1);
	assert_int_equal(messages(&counts, NULL, STREAM_BULK, MODE_ENFORCE, ACTION_HOLD), 1);
	assert_int_equal(messages(&counts, NULL, STREAM_NONE, MODE_ENFORCE, ACTION_HOLD), 0);
	assert_int_equal(counts.would[ACTION_HOLD], 0);
	assert_int_equal(counts.events[COUNTED_RCPT], 6);
	assert_int_equal(counts.events[COUNTED_OCTETS], 2468);
	assert_int_equal(counts.findings[place("subject-long")][FINDING_STANDS], 2);
	assert_int_equal(counts.findings[place("from-multiple")][FINDING_COVERED], 2);
	assert_int_equal(counts.findings[place("from-multiple")][FINDING_STANDS], 0);
	assert_int_equal(counts.findings[place("date-missing")][FINDING_SHADOW], 2);
	assert_int_equal(counts.findings[place("to-missing")][FINDING_EXEMPT], 2);
	assert_int_equal(counts.checks_temporary, 2);
	assert_int_equal(counts.checks_unknown, 4);
	assert_int_equal(counts.repaired[REPAIRED_DATE], 2);
	assert_int_equal(counts.repaired[REPAIRED_HEADERS], 0);
	assert_int_equal(counts.repaired[REPAIRED_ENCODING], 2);
	assert_int_equal(counts.eom.total, 2);
	assert_int_equal(counts.eom.sum_us, 1400);
	end(&rig);
	arena_free(&arena);
}

static void
test_audit(void **state)
{
	struct arena *arena = arena_new();
	struct counts counts;
	struct rig rig;

	(void)state;
	begin(&rig);
	rig.c.verdict.mode = MODE_AUDIT;
	rig.c.verdict.would = ACTION_REJECT;
	count(&rig);
	counters_read(rig.counters, arena, &counts);
	assert_int_equal(counts.would[ACTION_REJECT], 1);
	assert_int_equal(messages(&counts, NULL, STREAM_NONE, MODE_AUDIT, ACTION_NONE), 1);
	end(&rig);
	arena_free(&arena);
}

static void
test_sections(void **state)
{
	static const char *const names[] = { "news", "shop \"one\"\\", "\xff\n" };
	struct settings_stream section = { 0 };
	struct arena *arena = arena_new();
	struct counts counts;
	struct rig rig;
	char many[16];

	(void)state;
	begin(&rig);
	rig.c.message->declared = &section;
	for (size_t i = 0; i < 3; i++) {
		section.name = names[i];
		count(&rig);
	}
	section.name = many;
	for (unsigned i = 0; i < 2 * LABELS_MAX; i++) {
		snprintf(many, sizeof(many), "s%u", i);
		count(&rig);
	}
	counters_read(rig.counters, arena, &counts);
	for (size_t i = 0; i < 3; i++)
		assert_int_equal(messages(&counts, names[i], STREAM_NONE, MODE_ENFORCE,
		    ACTION_NONE), 1);
	assert_int_equal(messages(&counts, LABELS_OTHERS, STREAM_NONE, MODE_ENFORCE,
	    ACTION_NONE), LABELS_MAX + 3);
	assert_int_equal(counts.messages_total, 2 * LABELS_MAX + 3);
	end(&rig);
	arena_free(&arena);
}

static struct key *
make_key(struct arena *arena, enum key_type type)
{
	const char *pem = key_generate(type, 2048, arena), *error = "";
	struct key *key = key_parse(slice_of(pem), arena, &error);

	assert_non_null(key);
	return key;
}

static uint64_t
signatures(const struct counts *counts, const char *domain, enum key_type type,
    enum counted_signature result)
{
	uint64_t n = 0;

	for (size_t i = 0; i < counts->n_signatures; i++) {
		const struct counts_signatures *s = &counts->signatures[i];

		if (strcmp(s->domain, domain) == 0 && s->type == type && s->result == result)
			n += s->n;
	}
	return n;
}

static void
test_signatures(void **state)
{
	struct arena *arena = arena_new();
	struct key *rsa = make_key(arena, KEY_RSA), *ed25519 = make_key(arena, KEY_ED25519);
	const struct ring_key keys[2] = {
		{ .domain = "a.example", .key = rsa }, { .domain = "a.example", .key = ed25519 },
	};
	struct dkim_evidence *dkim;
	struct counts counts;
	struct rig rig;

	(void)state;
	begin(&rig);
	dkim = &rig.c.evidence.dkim;
	dkim->n_own = 2;
	dkim->own[0] = (struct own_signature){ .key = &keys[0], .made = true };
	dkim->own[1] = (struct own_signature){ .key = &keys[1] };
	count(&rig);				/* made, failed */
	rig.c.verdict.action = ACTION_REJECT;
	count(&rig);				/* unused, failed */
	rig.c.verdict.action = ACTION_HOLD;
	count(&rig);				/* made, failed */
	rig.c.verdict.mode = MODE_AUDIT;
	rig.c.verdict.action = ACTION_NONE;
	count(&rig);				/* audit, failed */
	dkim->usable = RING_NOT_IN_DNS;
	dkim->cannot_sign = "no";
	count(&rig);				/* the keys are named, nothing is made */
	counters_read(rig.counters, arena, &counts);
	assert_int_equal(signatures(&counts, "a.example", KEY_RSA, SIGNATURE_MADE), 2);
	assert_int_equal(signatures(&counts, "a.example", KEY_RSA, SIGNATURE_UNUSED), 1);
	assert_int_equal(signatures(&counts, "a.example", KEY_RSA, SIGNATURE_AUDIT), 1);
	assert_int_equal(signatures(&counts, "a.example", KEY_RSA, SIGNATURE_FAILED), 0);
	assert_int_equal(signatures(&counts, "a.example", KEY_ED25519, SIGNATURE_FAILED), 4);
	assert_int_equal(counts.events[COUNTED_CANNOT_SIGN], 1);
	end(&rig);
	key_free(&rsa);
	key_free(&ed25519);
	arena_free(&arena);
}

static void
test_evidence(void **state)
{
	struct destination destinations[2] = { { .exists = KNOWN_VALUE },
		{ .exists = KNOWN_TEMPERROR } };
	struct arena *arena = arena_new();
	struct counts counts;
	struct rig rig;

	(void)state;
	begin(&rig);
	rig.c.evidence.spf.known = KNOWN_TEMPERROR;
	rig.c.addresses[1].ptr_known = KNOWN_ABSENT;
	rig.c.evidence.destinations = (struct destinations_evidence){ .p = destinations,
		.n = 2 };
	rig.c.evidence.opinions[OPINION_RSPAMD] = (struct opinion){ .asked = true,
		.known = KNOWN_VALUE, .is_bad = true };
	rig.c.evidence.opinions[OPINION_CLAMAV] = (struct opinion){ .asked = true,
		.known = KNOWN_TEMPERROR };
	rig.c.evidence.dns_over = true;
	count(&rig);
	counters_read(rig.counters, arena, &counts);
	assert_int_equal(counts.evidence[EVIDENCE_SPF][KNOWN_TEMPERROR], 1);
	assert_int_equal(counts.evidence[EVIDENCE_PTR][KNOWN_ABSENT], 1);
	assert_int_equal(counts.evidence[EVIDENCE_HELO][KNOWN_NO], 1);
	assert_int_equal(counts.evidence[EVIDENCE_DMARC][KNOWN_VALUE], 1);
	assert_int_equal(counts.evidence[EVIDENCE_RECIPIENT_DOMAIN][KNOWN_TEMPERROR], 1);
	assert_int_equal(counts.opinions[OPINION_RSPAMD][OPINION_BAD], 1);
	assert_int_equal(counts.opinions[OPINION_CLAMAV][OPINION_UNKNOWN], 1);
	assert_int_equal(counts.opinions[OPINION_SPAMASSASSIN][OPINION_UNKNOWN], 0);
	assert_int_equal(counts.events[COUNTED_DNS_OVER], 1);
	end(&rig);
	arena_free(&arena);
}

static void
test_events(void **state)
{
	struct counters *counters = counters_new();
	struct arena *arena = arena_new();
	struct counts counts;
	const char *id = NULL;
	size_t n, i;
	const struct check *table = check_table(&n);

	(void)state;
	for (i = 0; i < n && id == NULL; i++)
		if (table[i].stage == STAGE_RCPT)
			id = table[i].id;
	counters_add(counters, COUNTED_INBOUND, 2);
	counters_rcpt_refused(counters, id, ACTION_REJECT);
	counters_rcpt_refused(counters, id, ACTION_TEMPFAIL);
	counters_rcpt_refused(counters, id, ACTION_TEMPFAIL);
	counters_rcpt_refused(counters, "no-such-check", ACTION_REJECT);
	counters_rcpt_refused(counters, NULL, ACTION_REJECT);
	/* who counts nothing */
	counters_add(NULL, COUNTED_INBOUND, 1);
	counters_rcpt_refused(NULL, id, ACTION_REJECT);
	counters_message(NULL, NULL);
	counters_read(counters, arena, &counts);
	assert_int_equal(counts.events[COUNTED_INBOUND], 2);
	assert_int_equal(counts.refused[place(id)][1], 1);
	assert_int_equal(counts.refused[place(id)][0], 2);
	counters_free(&counters);
	arena_free(&arena);
}

enum { THREADS = 16, ROUNDS = 5000 };

static void *
count_many(void *ctx)
{
	for (int i = 0; i < ROUNDS; i++)
		count(ctx);
	return NULL;
}

static int64_t
cpu_ns(void)
{
	struct timespec now;

	clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &now);
	return now.tv_sec * INT64_C(1000000000) + now.tv_nsec;
}

static void
test_threads(void **state)
{
	struct settings_stream section = { .name = "news" };
	struct arena *arena = arena_new();
	pthread_t threads[THREADS];
	struct counts counts;
	struct rig rig;
	int64_t begun;

	(void)state;
	begin(&rig);
	rig.c.message->declared = &section;
	begun = cpu_ns();
	for (size_t i = 0; i < THREADS; i++)
		assert_int_equal(pthread_create(&threads[i], NULL, count_many, &rig), 0);
	for (size_t i = 0; i < THREADS; i++)
		pthread_join(threads[i], NULL);
	print_message("# %d ns of CPU a message\n",
	    (int)((cpu_ns() - begun) / (THREADS * ROUNDS)));
	counters_read(rig.counters, arena, &counts);
	assert_int_equal(counts.messages_total, THREADS * ROUNDS);
	assert_int_equal(messages(&counts, "news", STREAM_NONE, MODE_ENFORCE, ACTION_NONE),
	    THREADS * ROUNDS);
	assert_int_equal(counts.findings[place("subject-long")][FINDING_STANDS],
	    THREADS * ROUNDS);
	assert_int_equal(counts.eom.total, THREADS * ROUNDS);
	end(&rig);
	arena_free(&arena);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_message),
		cmocka_unit_test(test_audit),
		cmocka_unit_test(test_sections),
		cmocka_unit_test(test_signatures),
		cmocka_unit_test(test_evidence),
		cmocka_unit_test(test_events),
		cmocka_unit_test(test_threads),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
