/* DMARC: record, result and policy, alignment of the envelope. */
#include "checked.h"

#define HIT(w) CHECK_HIT, (w), CHECKED_DEFAULT
#define NOT(status) (status), 0, 0, NULL, NULL

static struct dmarc_evidence *
dmarc(void)
{
	return &t.evidence.dmarc;
}

static void
absent(void)
{
	dmarc()->known = KNOWN_ABSENT;
	dmarc()->result = DMARC_NO_RECORD;
	memset(&dmarc()->record, 0, sizeof(dmarc()->record));
}

static void unknown(void) { dmarc()->known = KNOWN_NO; dmarc()->result = DMARC_UNKNOWN;
    }

static void
later(void)
{
	dmarc()->known = KNOWN_TEMPERROR;
	dmarc()->result = DMARC_UNKNOWN;
}

static void
spf_later(void)
{
	dmarc()->result = DMARC_UNKNOWN;
	t.evidence.spf.known = KNOWN_TEMPERROR;
}

static void
no_author(void)
{
	t.message->author_domain = NULL;
	dmarc()->result = DMARC_NO_AUTHOR;
	dmarc()->known = KNOWN_NO;
}

static void
fails(enum dmarc_policy policy)
{
	dmarc()->result = DMARC_FAIL;
	dmarc()->policy = dmarc()->policy_as_published = policy;
	dmarc()->spf_aligned_pass = dmarc()->dkim_aligned_pass = false;
	dmarc()->identifiers[0] = (struct aligned_domain){
		.domain = "example.net", .passed = true,
	};
	dmarc()->identifiers[1] = (struct aligned_domain){
		.domain = "example.com", .is_dkim = true, .aligned = true,
	};
	dmarc()->n_identifiers = 2;
}

static void fails_none(void) { fails(DMARC_POLICY_NONE); }
static void fails_quarantine(void) { fails(DMARC_POLICY_QUARANTINE); }
static void fails_reject(void) { fails(DMARC_POLICY_REJECT); }

static void
fails_reject_foreign(void)
{
	fails(DMARC_POLICY_REJECT);
	t.evidence.dkim.managed = NULL;
	dmarc()->n_identifiers = 0;
}

static void
fails_testing(void)
{
	fails(DMARC_POLICY_REJECT);
	dmarc()->policy = DMARC_POLICY_QUARANTINE;
}

static void
malformed(void)
{
	absent();
	dmarc()->malformed = true;
	dmarc()->malformed_why = "2 records that begin with v=DMARC1";
	dmarc()->result = DMARC_PERMERROR;
}

static void malformed_no_reason(void) { malformed(); dmarc()->malformed_why = NULL; }
static void problem(void) { dmarc()->record.problem = "adkim=x is neither r nor s"; }
static void no_p(void) { dmarc()->record.has_p = false; }
static void no_rua(void) { dmarc()->record.has_rua = false; }
static void rua_refused(void) { dmarc()->rua_refused = "example.org"; }
static void rua_agreed(void) { dmarc()->rua_known = KNOWN_VALUE; }
static void rua_unknown(void) { dmarc()->rua_known = KNOWN_NO; }
static void rua_later(void) { dmarc()->rua_known = KNOWN_TEMPERROR; }
static void spf_only(void) { dmarc()->dkim_aligned_pass = false; }

static void
dkim_unknown(void)
{
	spf_only();
	dmarc()->dkim_aligned_known = false;
}

static void
nothing_passes(void)
{
	dmarc()->dkim_aligned_pass = dmarc()->spf_aligned_pass = false;
}

static void differs(void) { dmarc()->org_domain_psl = "com.example.com"; }
static void psl_unknown(void) { dmarc()->org_domain_psl = NULL; }
static void org_unknown(void) { dmarc()->org_known = KNOWN_NO; }
static void org_later(void) { dmarc()->org_known = KNOWN_TEMPERROR; }

static void
envelope(const char *path)
{
	checked_set_sender(path);
	t.message->envelope_domain = t.message->mail_from.domain;
	dmarc()->envelope_aligned = false;
}

static void other_provider(void) { envelope("<b-1@bounce.example.net>"); }
static void web_server(void) { envelope("<www-data@web1.example.net>"); }

static void
other_unknown_spf(void)
{
	envelope("<user@example.net>");
	t.evidence.spf.all_pass = false;
}

static void
own_verp(void)
{
	envelope("<b-1=anna@verp.example.com>");
	dmarc()->envelope_aligned = true;
}

static void
null_sender(void)
{
	checked_set_sender("<>");
	t.message->envelope_domain = NULL;
	dmarc()->envelope_known = KNOWN_ABSENT;
}

static void envelope_unknown(void) { other_provider(); dmarc()->envelope_known =
    KNOWN_NO; }

static void
envelope_later(void)
{
	other_provider();
	dmarc()->envelope_known = KNOWN_TEMPERROR;
}

static void
test_none(void **state)
{
	static const char bulk[] = "From: a@example.com\nPrecedence: bulk\n";
	static const char feedback[] = "From: a@example.com\nFeedback-ID: "
	    "a:b:c:news1\n";
	static const char list[] = "From: a@example.com\nPrecedence: bulk\n"
	    "List-Id: <l.example.com>\nList-Post: <mailto:l@example.com>\n";
	static const struct checked_row rows[] = {
		{ "none", NULL, absent, false, HIT(20), "_dmarc.example.com",
		    "_dmarc.example.com. IN TXT \"v=DMARC1; p=none; "
		    "rua=mailto:postmaster@example.com\"" },
		{ "bulk", bulk, absent, false, HIT(40), NULL, NULL },
		{ "feedback-id", feedback, absent, false, HIT(40), NULL, NULL },
		{ "a list is no bulk", list, absent, false, HIT(20), NULL, NULL },
		{ "there", NULL, NULL, false, NOT(CHECK_OK) },
		{ "malformed", NULL, malformed, false, NOT(CHECK_OK) },
		{ "unknown", NULL, unknown, false, NOT(CHECK_DUNNO) },
		{ "no author", NULL, no_author, false, NOT(CHECK_DUNNO) },
		{ "temperror", NULL, later, false, NOT(CHECK_TEMPERROR) },
	};

	(void)state;
	CHECKED_TABLE("dmarc-none", rows);
}

static void
test_fail(void **state)
{
	static const struct checked_row rows[] = {
		{ "p=none", NULL, fails_none, false, CHECK_HIT, 30, ACTION_NONE, "SPF "
		    "example.net (passes, not aligned), DKIM example.com (does not "
		    "pass, aligned)", NULL },
		{ "p=quarantine", NULL, fails_quarantine, false, CHECK_HIT, 50,
		    ACTION_NONE, "says quarantine.", NULL },
		{ "p=reject, ours", NULL, fails_reject, false, CHECK_HIT, 70,
		    ACTION_TEMPFAIL, "_dmarc.example.com says reject",
		    "published key of example.com" },
		{ "p=reject, foreign", NULL, fails_reject_foreign, false, CHECK_HIT, 70,
		    ACTION_REJECT, "nothing that could", "Reply-To" },
		{ "t=y", NULL, fails_testing, false, CHECK_HIT, 50, ACTION_NONE,
		    "says reject, one step milder by t=y", NULL },
		{ "pass", NULL, NULL, false, NOT(CHECK_OK) },
		{ "no record", NULL, absent, false, NOT(CHECK_OK) },
		{ "malformed", NULL, malformed, false, NOT(CHECK_OK) },
		{ "unknown", NULL, unknown, false, NOT(CHECK_DUNNO) },
		{ "no author", NULL, no_author, false, NOT(CHECK_DUNNO) },
		{ "temperror", NULL, later, false, NOT(CHECK_TEMPERROR) },
		{ "temperror of SPF", NULL, spf_later, false, NOT(CHECK_TEMPERROR) },
	};

	(void)state;
	CHECKED_TABLE("dmarc-fail", rows);
}

static void
test_record_malformed(void **state)
{
	static const struct checked_row rows[] = {
		{ "several", NULL, malformed, false, HIT(20), "2 records",
		    "_dmarc.example.com. IN TXT \"v=DMARC1; p=none;" },
		{ "no reason", NULL, malformed_no_reason, false, HIT(20),
		    "cannot be read", NULL },
		{ "bad tag", NULL, problem, false, HIT(20), "adkim=x",
		    "\"v=DMARC1; p=reject; " },
		{ "no p=", NULL, no_p, false, HIT(20), "no p=", NULL },
		{ "good", NULL, NULL, false, NOT(CHECK_OK) },
		{ "none", NULL, absent, false, NOT(CHECK_OK) },
		{ "unknown", NULL, unknown, false, NOT(CHECK_DUNNO) },
		{ "temperror", NULL, later, false, NOT(CHECK_TEMPERROR) },
	};

	(void)state;
	CHECKED_TABLE("dmarc-record-malformed", rows);
}

static void
test_no_reports(void **state)
{
	static const struct checked_row rows[] = {
		{ "no rua", NULL, no_rua, false, HIT(1), "no rua=",
		    "rua=mailto:postmaster@example.com" },
		{ "refused", NULL, rua_refused, false, HIT(1), "example.org",
		    "example.com._report._dmarc.example.org. IN TXT \"v=DMARC1\"" },
		{ "own", NULL, NULL, false, NOT(CHECK_OK) },
		{ "agreed", NULL, rua_agreed, false, NOT(CHECK_OK) },
		{ "no record", NULL, absent, false, NOT(CHECK_OK) },
		{ "not asked", NULL, rua_unknown, false, NOT(CHECK_DUNNO) },
		{ "unknown", NULL, unknown, false, NOT(CHECK_DUNNO) },
		{ "temperror", NULL, rua_later, false, NOT(CHECK_TEMPERROR) },
	};

	(void)state;
	CHECKED_TABLE("dmarc-no-reports", rows);
}

static void
test_spf_only(void **state)
{
	static const struct checked_row rows[] = {
		{ "SPF only", NULL, spf_only, false, HIT(8), "by SPF alone", "Sign" },
		{ "both", NULL, NULL, false, NOT(CHECK_OK) },
		{ "neither", NULL, nothing_passes, false, NOT(CHECK_OK) },
		{ "no record", NULL, absent, false, NOT(CHECK_OK) },
		{ "DKIM unknown", NULL, dkim_unknown, false, NOT(CHECK_DUNNO) },
		{ "unknown", NULL, unknown, false, NOT(CHECK_DUNNO) },
		{ "temperror", NULL, later, false, NOT(CHECK_TEMPERROR) },
	};

	(void)state;
	CHECKED_TABLE("dmarc-spf-only", rows);
}

static void
test_tree_differs(void **state)
{
	static const struct checked_row rows[] = {
		{ "differs", NULL, differs, false, HIT(2),
		    "com.example.com by the public", "psd=n" },
		{ "same", NULL, NULL, false, NOT(CHECK_OK) },
		{ "no list", NULL, psl_unknown, false, NOT(CHECK_DUNNO) },
		{ "not walked", NULL, org_unknown, false, NOT(CHECK_DUNNO) },
		{ "no author", NULL, no_author, false, NOT(CHECK_DUNNO) },
		{ "temperror", NULL, org_later, false, NOT(CHECK_TEMPERROR) },
	};

	(void)state;
	CHECKED_TABLE("dmarc-tree-differs", rows);
}

static void
test_align_envelope(void **state)
{
	static const struct checked_row rows[] = {
		{ "a provider's", NULL, other_provider, false, HIT(10),
		    "b-1@bounce.example.net is a bounce address of another domain",
		    "bounces.example.com" },
		{ "a web server's", NULL, web_server, false, HIT(10),
		    "account of the system", "sendmail_path" },
		{ "another", NULL, other_unknown_spf, false, HIT(10),
		    "user@example.net is not", NULL },
		{ "own VERP", NULL, own_verp, false, NOT(CHECK_OK) },
		{ "same", NULL, NULL, false, NOT(CHECK_OK) },
		{ "null sender", NULL, null_sender, false, NOT(CHECK_OK) },
		{ "unknown", NULL, envelope_unknown, false, NOT(CHECK_DUNNO) },
		{ "no author", NULL, no_author, false, NOT(CHECK_DUNNO) },
		{ "temperror", NULL, envelope_later, false, NOT(CHECK_TEMPERROR) },
	};

	(void)state;
	CHECKED_TABLE("align-envelope", rows);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_none),
		cmocka_unit_test(test_fail),
		cmocka_unit_test(test_record_malformed),
		cmocka_unit_test(test_no_reports),
		cmocka_unit_test(test_spf_only),
		cmocka_unit_test(test_tree_differs),
		cmocka_unit_test(test_align_envelope),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
