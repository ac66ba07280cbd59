/* The author against the login, and mailbox providers. */
#include "evidence_rig.h"

static const char table[] =
    "ann: ann@example.com, info@example.com ann@example.net\n"
    "bob: @example.com\n"
    "relay: *\n";

static void
give_logins(struct rig *rig)
{
	const char *path = rig_file(rig, table);

	rig_settings(rig, arena_printf(rig->arena, "logins = \"%s\"\n", path));
	unlink(path);
}

static void
checks_the_login(void **state)
{
	static const struct {
		const char *login, *local, *domain;
		bool checked, owns;
	} rows[] = {
		{ "ann", "ann", "example.com", true, true },
		{ "ANN", "Ann", "example.com", true, true },
		{ "ann", "info", "example.com", true, true },
		{ "ann", "ann", "example.net", true, true },
		{ "ann", "bob", "example.com", true, false },
		{ "ann", "ann", "sub.example.com", true, false },
		{ "bob", "anybody", "example.com", true, true },
		{ "bob", "bob", "example.net", true, false },
		{ "bob", "bob", "sub.example.com", true, false },
		{ "relay", "who", "example.org", true, true },
		{ "nobody", "ann", "example.com", true, false },
		{ "eve@example.org", "eve", "example.org", true, true },
		{ NULL, "ann", "example.com", false, false },
		{ "", "ann", "example.com", false, false },
		{ "ann", "ann", NULL, false, false },
	};
	struct rig rig;

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		rig_open(&rig, "example.com A 192.0.2.1\n");
		give_logins(&rig);
		rig_message(&rig, "example.com", rows[i].domain);
		rig.message->auth_user = rows[i].login;
		rig.message->author.text = arena_printf(rig.message->arena, "%s@%s",
		    rows[i].local, rows[i].domain != NULL ? rows[i].domain : "");
		rig_collect(&rig);
		if (rig.evidence.login_checked != rows[i].checked ||
		    rig.evidence.login_owns_author != rows[i].owns)
			fail_msg("row %zu", i);
		rig_close(&rig);
	}
}

/* No table: nothing is checked.  A second author is looked at too. */
static void
without_a_table(void **state)
{
	struct address authors[2] = {
		{ .domain = "example.com", .text = "ann@example.com" },
		{ .domain = "example.com", .text = "eve@example.com" },
	};
	struct rig rig;

	(void)state;
	rig_open(&rig, "example.com A 192.0.2.1\n");
	rig_message(&rig, "example.com", "example.com");
	rig.message->auth_user = "ann";
	assert_false(rig_collect(&rig)->login_checked);
	give_logins(&rig);
	rig.message->from.addresses = authors;
	rig.message->from.n = 2;
	rig_collect(&rig);
	assert_true(rig.evidence.login_checked);
	assert_false(rig.evidence.login_owns_author);
	rig_close(&rig);
}

static void
knows_providers(void **state)
{
	struct rig rig;

	(void)state;
	rig_open(&rig, "example.com A 192.0.2.1\n");
	rig_message(&rig, "example.com", "gmail.com");
	assert_int_equal(rig_collect(&rig)->author_kind, AUTHOR_KIND_MAILBOX_PROVIDER);
	rig_message(&rig, "example.com", "example.com");
	assert_int_equal(rig_collect(&rig)->author_kind, AUTHOR_KIND_OTHER);
	rig_message(&rig, "example.com", "mail.gmail.com");
	assert_int_equal(rig_collect(&rig)->author_kind, AUTHOR_KIND_OTHER);
	rig_message(&rig, "example.com", NULL);
	assert_int_equal(rig_collect(&rig)->author_kind, AUTHOR_KIND_OTHER);
	rig_close(&rig);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(checks_the_login),
		cmocka_unit_test(without_a_table),
		cmocka_unit_test(knows_providers),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
