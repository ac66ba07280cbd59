/* The table of checks as a whole. */
#include "checked.h"

#include <ctype.h>

static bool
is_named(const char *ids, const char *id)
{
	size_t n = strlen(id);

	for (const char *p = strstr(ids, id); p != NULL; p = strstr(p + 1, id))
		if ((p == ids || p[-1] == ' ') && (p[n] == ' ' || p[n] == '\0'))
			return true;
	return false;
}

static void
test_entries(void **state)
{
	size_t n;
	const struct check *table = check_table(&n);

	(void)state;
	assert_true(n >= 65);
	for (size_t i = 0; i < n; i++) {
		const struct check *check = &table[i];

		assert_ptr_equal(check_find(check->id), check);
		for (const char *p = check->id; *p != '\0'; p++)
			assert_true(islower((unsigned char)*p) || *p == '-' ||
			    isdigit((unsigned char)*p));
		assert_true(check->weight >= 0 && check->weight <= 100);
		assert_true(check->family < FAMILIES);
		assert_non_null(check->run);
		assert_true(check->family == FAMILY_IDENTITY || !check->is_host);
		assert_true(strlen(check->meaning) > 40 && strlen(check->meaning) <
		    300);
		assert_true(strlen(check->source) > 5);
		assert_true(strlen(check->fix) > 10);
		assert_null(strchr(check->fix, '\n'));
	}
	assert_null(check_find("no-such-check"));
	assert_false(check_exists(""));
	assert_true(check_exists("spf-none"));
}

/* What covers names checks that exist, and never itself or each other. */
static void
test_covers(void **state)
{
	size_t n;
	const struct check *table = check_table(&n);

	(void)state;
	for (size_t i = 0; i < n; i++) {
		size_t named = 0, words = 1;

		if (table[i].covers == NULL)
			continue;
		assert_false(is_named(table[i].covers, table[i].id));
		for (const char *p = table[i].covers; *p != '\0'; p++)
			words += *p == ' ';
		for (size_t j = 0; j < n; j++) {
			if (!is_named(table[i].covers, table[j].id))
				continue;
			named++;
			assert_true(table[j].covers == NULL ||
			    !is_named(table[j].covers, table[i].id));
		}
		assert_int_equal(named, words);
	}
}

static void
test_family_names(void **state)
{
	(void)state;
	for (int i = 0; i < FAMILIES; i++)
		assert_true(strlen(check_family_name((enum check_family)i)) > 3);
	assert_string_equal(check_family_name(FAMILY_DECEPTION), "deception");
	assert_string_equal(check_family_name(FAMILIES), "");
}

/* A good message hits nothing, and no check minds evidence that is not there. */
static void
test_all_checks(void **state)
{
	size_t n;
	const struct check *table = check_table(&n);

	(void)state;
	for (int round = 0; round < 3; round++) {
		checked_begin();
		if (round != 2)
			checked_add_headers(checked_good_headers);
		if (round != 0)
			memset(&t.evidence, 0, sizeof(t.evidence));
		message_read_headers(t.message);
		message_add_body(t.message, "See the invoice attached.\r\n", 27);
		message_finish(t.message);
		for (size_t i = 0; i < n; i++) {
			checked_run(&table[i]);
			if (round == 0 && t.result.status == CHECK_HIT)
				fail_msg("%s: %s", table[i].id, t.result.text);
			if (round == 1 && t.result.status == CHECK_HIT &&
			    strcmp(table[i].id, "egress-unknown") != 0 &&
			    strcmp(table[i].id, "dkim-unsigned") != 0)
				fail_msg("%s without evidence: %s", table[i].id,
				    t.result.text);
		}
		checked_end();
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_entries),
		cmocka_unit_test(test_covers),
		cmocka_unit_test(test_family_names),
		cmocka_unit_test(test_all_checks),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
