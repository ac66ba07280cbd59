/* What other filters say, as findings. */
#include "checked.h"

static void
asked(enum opinion_from from, struct opinion opinion)
{
	opinion.asked = true;
	if (opinion.symbols == NULL)
		opinion.symbols = "";
	t.evidence.opinions[from] = opinion;
}

static void
bad(void)
{
	asked(OPINION_SPAMASSASSIN, (struct opinion){ .known = KNOWN_VALUE,
	    .is_bad = true, .score = 1234, .threshold = 500, .symbols = "A, B" });
	asked(OPINION_RSPAMD, t.evidence.opinions[OPINION_SPAMASSASSIN]);
	asked(OPINION_CLAMAV, (struct opinion){ .known = KNOWN_VALUE, .is_bad = true,
	    .virus = "Own.Word" });
}

static void
clean(void)
{
	for (int i = 0; i < OPINIONS; i++)
		asked((enum opinion_from)i, (struct opinion){ .known = KNOWN_VALUE,
		    .score = 499, .threshold = 500 });
}

static void
down(void)
{
	for (int i = 0; i < OPINIONS; i++)
		asked((enum opinion_from)i, (struct opinion){ .known = KNOWN_TEMPERROR,
		    .error = "gave no answer" });
}

static void
too_large(void)
{
	for (int i = 0; i < OPINIONS; i++)
		asked((enum opinion_from)i, (struct opinion){ .known = KNOWN_NO,
		    .error = "larger" });
}

static const char *const ids[] = {
	"opinion-spamassassin", "opinion-rspamd", "opinion-clamav",
};

static void
test_opinions(void **state)
{
	static const struct checked_row rows[] = {
		{ "not configured", NULL, NULL, false, CHECK_OK, -1, -1, NULL, NULL },
		{ "nothing found", NULL, clean, false, CHECK_OK, -1, -1, NULL, NULL },
		{ "down", NULL, down, false, CHECK_TEMPERROR, -1, -1, NULL, NULL },
		{ "too large", NULL, too_large, false, CHECK_DUNNO, -1, -1, NULL, NULL },
		{ "bad", NULL, bad, false, CHECK_HIT, -1, -1, NULL, NULL },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(ids) / sizeof(ids[0]); i++)
		for (size_t j = 0; j < sizeof(rows) / sizeof(rows[0]); j++)
			checked_row(check_find(ids[i]), &rows[j]);
}

static void
test_evidence(void **state)
{
	(void)state;
	checked_begin();
	bad();
	checked_run(check_find("opinion-spamassassin"));
	checked_contains("text", t.result.text, "12.3 points, its limit is 5.0");
	checked_contains("text", t.result.text, "A, B");
	t.evidence.opinions[OPINION_RSPAMD].symbols = "";
	checked_run(check_find("opinion-rspamd"));
	checked_contains("text", t.result.text, "symbols: none named.");
	checked_run(check_find("opinion-clamav"));
	checked_contains("text", t.result.text, "Own.Word");
	assert_int_equal(t.result.action, ACTION_REJECT);
	checked_end();
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_opinions),
		cmocka_unit_test(test_evidence),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
