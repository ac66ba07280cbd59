/* Whose author it is, and whether his domain exists. */
#include "checked.h"

#define HIT(w) CHECK_HIT, (w), CHECKED_DEFAULT
#define NOT(status) (status), 0, 0, NULL, NULL

static void
not_ours(void)
{
	t.evidence.dkim.managed = NULL;
	t.evidence.dmarc.spf_aligned_pass = t.evidence.dmarc.dkim_aligned_pass = false;
}

static void
freemail(void)
{
	not_ours();
	t.evidence.author_kind = AUTHOR_KIND_MAILBOX_PROVIDER;
}

static void
freemail_forwarded(void)
{
	freemail();
	t.evidence.dmarc.dkim_aligned_pass = true;
}

static void
freemail_unknown(void)
{
	freemail();
	t.evidence.dkim.existing_total = 1;
	t.evidence.dmarc.dkim_aligned_known = false;
}

static void
freemail_managed(void)
{
	freemail();
	t.evidence.dkim.managed = "example.com";
}

static void
other_envelope(void)
{
	not_ours();
	checked_set_sender("<web@example.net>");
	t.message->envelope_domain = "example.net";
	t.evidence.dmarc.envelope_aligned = false;
}

static void
other_null_sender(void)
{
	other_envelope();
	t.message->envelope_domain = NULL;
}

static void
other_unknown(void)
{
	other_envelope();
	t.evidence.dmarc.envelope_known = KNOWN_NO;
}

static void
other_later(void)
{
	other_envelope();
	t.evidence.dmarc.envelope_known = KNOWN_TEMPERROR;
}

static void no_author(void) { not_ours(); t.message->author_domain = NULL; }

static void
login(bool owns)
{
	t.settings.n_logins = 1;
	t.message->auth_user = "anna";
	t.evidence.login_checked = true;
	t.evidence.login_owns_author = owns;
}

static void login_owns(void) { login(true); }
static void login_forges(void) { login(false); }
static void no_login(void) { t.settings.n_logins = 1; }

static struct name_evidence *
name(void)
{
	return &t.evidence.author_name;
}

static void nxdomain(void) { name()->exists = KNOWN_ABSENT; }
static void null_mx(void) { name()->null_mx = true; }
static void no_mx_no_a(void) { name()->mx = name()->address = KNOWN_ABSENT; }
static void only_a(void) { name()->mx = KNOWN_ABSENT; }
static void no_soa(void) { name()->soa = KNOWN_ABSENT; }
static void name_unknown(void) { name()->exists = KNOWN_NO; }
static void name_later(void) { name()->mx = KNOWN_TEMPERROR; }
static void no_names(void) { name()->domain = NULL; }

static void
only_a_unknown(void)
{
	only_a();
	name()->address = KNOWN_NO;
}

static void
envelope_gone(void)
{
	t.evidence.envelope_name = t.evidence.author_name;
	t.evidence.envelope_name.domain = "bounces.example.com";
	t.evidence.envelope_name.exists = KNOWN_ABSENT;
}

static void
both_gone(void)
{
	envelope_gone();
	nxdomain();
}

static void
author_no_soa_envelope_gone(void)
{
	envelope_gone();
	no_soa();
}

static void
test_foreign(void **state)
{
	static const struct checked_row rows[] = {
		{ "freemail", NULL, freemail, false, HIT(40),
		    "mailbox provider example.com", "Reply-To" },
		{ "other domain", NULL, other_envelope, false, HIT(40),
		    "the envelope sender is of example.net", NULL },
		{ "own envelope", NULL, not_ours, false, NOT(CHECK_OK) },
		{ "forwarded, signature holds", NULL, freemail_forwarded, false,
		    NOT(CHECK_OK) },
		{ "managed", NULL, freemail_managed, false, NOT(CHECK_OK) },
		{ "null sender", NULL, other_null_sender, false, NOT(CHECK_OK) },
		{ "good", NULL, NULL, false, NOT(CHECK_OK) },
		{ "signature unknown", NULL, freemail_unknown, false,
		    NOT(CHECK_DUNNO) },
		{ "unknown", NULL, other_unknown, false, NOT(CHECK_DUNNO) },
		{ "no author", NULL, no_author, false, NOT(CHECK_DUNNO) },
		{ "temperror", NULL, other_later, false, NOT(CHECK_TEMPERROR) },
	};

	(void)state;
	CHECKED_TABLE("author-foreign", rows);
}

static void
test_not_owned(void **state)
{
	static const struct checked_row rows[] = {
		{ "forges", NULL, login_forges, false, HIT(30),
		    "login anna may not write as billing@example.com", "logins table" },
		{ "owns", NULL, login_owns, false, NOT(CHECK_OK) },
		{ "no login", NULL, no_login, false, NOT(CHECK_DUNNO) },
		{ "no table", NULL, NULL, false, NOT(CHECK_OK) },
	};

	(void)state;
	CHECKED_TABLE("author-not-owned", rows);
}

static void
test_domain_missing(void **state)
{
	static const struct checked_row rows[] = {
		{ "does not exist", NULL, nxdomain, false, HIT(40),
		    "author, example.com, does not exist", "example.com. IN MX" },
		{ "null MX", NULL, null_mx, false, HIT(40), "null MX", NULL },
		{ "neither", NULL, no_mx_no_a, false, HIT(40), "neither MX nor", NULL },
		{ "envelope", NULL, envelope_gone, false, HIT(40),
		    "envelope sender, bounces.example.com, does not exist", NULL },
		{ "worse one named", NULL, author_no_soa_envelope_gone, false, HIT(40),
		    "bounces.example.com", NULL },
		{ "no SOA", NULL, no_soa, false, HIT(20), "no SOA", "SOA record" },
		{ "only A", NULL, only_a, false, NOT(CHECK_OK) },
		{ "good", NULL, NULL, false, NOT(CHECK_OK) },
		{ "unknown", NULL, name_unknown, false, NOT(CHECK_DUNNO) },
		{ "A unknown", NULL, only_a_unknown, false, NOT(CHECK_DUNNO) },
		{ "nothing to judge", NULL, no_names, false, NOT(CHECK_DUNNO) },
		{ "temperror", NULL, name_later, false, NOT(CHECK_TEMPERROR) },
	};

	(void)state;
	CHECKED_TABLE("author-domain-missing", rows);
}

/* It covers what is a consequence for the same domain, no more. */
static void
test_domain_missing_covers(void **state)
{
	static const struct {
		void (*prepare)(void);
		bool null_sender;
		const char *covers;
	} rows[] = {
		{ nxdomain, false, NULL },
		{ nxdomain, true, "dmarc-none" },
		{ envelope_gone, false, "spf-none" },
		{ both_gone, false, NULL },
		{ no_soa, false, "" },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		checked_begin();
		rows[i].prepare();
		t.message->mail_from_is_null = rows[i].null_sender;
		checked_run(check_find("author-domain-missing"));
		assert_int_equal(t.result.status, CHECK_HIT);
		if (rows[i].covers == NULL)
			assert_null(t.result.covers);
		else
			assert_string_equal(t.result.covers, rows[i].covers);
		checked_end();
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_foreign),
		cmocka_unit_test(test_not_owned),
		cmocka_unit_test(test_domain_missing),
		cmocka_unit_test(test_domain_missing_covers),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
