/* Bulk mail: the RFC 8058 pair, what covers it, Feedback-ID, declared streams. */
#include "checked.h"

#define HIT(w) CHECK_HIT, (w), CHECKED_DEFAULT
#define OK CHECK_OK, 0, 0, NULL, NULL
#define DUNNO CHECK_DUNNO, 0, 0, NULL, NULL

#define FROM "From: News <news@example.com>\n"
#define BULK FROM "Precedence: bulk\n"
#define URI "List-Unsubscribe: <https://news.example.com/u/7f3a>\n"
#define POST "List-Unsubscribe-Post: List-Unsubscribe=One-Click\n"
#define LONG100 "xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx" \
    "xxxxxxxxxxxxxxxxxxxxxxxx"
#define LONG1000 LONG100 LONG100 LONG100 LONG100 LONG100 LONG100 LONG100 LONG100 LONG100 \
    LONG100

static struct ring_key ring_key;
static struct verified existing[2];

/* One signature of our own, as the standard profile names fields. */
static void
signed_by(const char *domain, const char *names, enum dkim_result result)
{
	ring_key = (struct ring_key){ .domain = domain, .selector = "s1" };
	t.evidence.dkim.own[0] = (struct own_signature){
		.key = &ring_key, .made = true, .signed_names = names,
		.predicted = result,
	};
	t.evidence.dkim.n_own = 1;
}

static void
well_signed(void)
{
	signed_by("example.com", "from:list-unsubscribe:List-Unsubscribe-Post:feedback-id",
	    DKIM_PASS);
}

static void half_signed(void) { signed_by("example.com", "from:list-unsubscribe", DKIM_PASS); }
static void fails(void) { well_signed(); t.evidence.dkim.own[0].predicted = DKIM_FAIL; }
static void later(void) { well_signed(); t.evidence.dkim.own[0].predicted = DKIM_TEMPERROR; }
static void doubtful(void) { well_signed(); t.evidence.dkim.own[0].doubtful = true; }
static void keys_unseen(void) { t.evidence.dkim.usable = RING_UNSEEN; }
static void keys_unread(void) { t.evidence.dkim.n_own = 0; }

static void
foreign_signed(void)
{
	well_signed();
	ring_key.domain = "mailer.example.net";
}

static void
foreign_unknown(void)
{
	foreign_signed();
	t.evidence.dmarc.org_domain = NULL;
	t.evidence.dmarc.org_known = KNOWN_TEMPERROR;
}

static void
subdomain_signed(void)
{
	well_signed();
	ring_key.domain = "mail.example.com";
	t.evidence.dmarc.identifiers[0] = (struct aligned_domain){
		.domain = "mail.example.com", .is_dkim = true, .aligned = true,
		.passed = true,
	};
	t.evidence.dmarc.n_identifiers = 1;
}

static void
not_managed(void)
{
	t.evidence.dkim.managed = NULL;
	t.evidence.dkim.usable = RING_NO_DOMAIN;
}

static void
signed_before(void)
{
	not_managed();
	existing[0] = (struct verified){
		.sdid = "example.com", .selector = "x", .result = DKIM_PASS,
		.signed_names = SLICE("From : List-Unsubscribe :\n List-Unsubscribe-Post"),
	};
	t.evidence.dkim.existing = existing;
	t.evidence.dkim.n_existing = t.evidence.dkim.existing_total = 1;
}

static void before_more(void) { signed_before(); existing[0].signed_names = SLICE("from");
    t.evidence.dkim.existing_total = 6; }
static void before_half(void) { signed_before(); existing[0].signed_names = SLICE("from"); }

static void
to_anna(void)
{
	struct rcpt rcpt = { .mailer = "smtp" };
	bool is_null;

	address_path_parse(t.message->arena, SLICE("<x@example.net>"), &rcpt.address,
	    &is_null);
	message_add_rcpt(t.message, &rcpt);
	address_path_parse(t.message->arena, SLICE("<Anna@Example.net>"), &rcpt.address,
	    &is_null);
	message_add_rcpt(t.message, &rcpt);
}

/* ---- declared streams ---- */

static struct settings_stream stream;

static void
declare(enum stream kind)
{
	stream = (struct settings_stream){ .name = "shop", .kind = kind };
	t.message->declared = &stream;
	t.message->stream = kind;
	t.message->stream_is_declared = t.message->stream_known = true;
}

static void transactional(void) { declare(STREAM_TRANSACTIONAL); }
static void bulk(void) { declare(STREAM_BULK); }
static void list(void) { declare(STREAM_LIST); }
static void dsn(void) { declare(STREAM_DSN); }

static void
bulk_null_sender(void)
{
	declare(STREAM_BULK);
	t.message->mail_from_is_null = true;
}

static void
automatic(void)
{
	declare(STREAM_TRANSACTIONAL);
	t.message->stream_is_declared = false;
}

static const struct checked_row no_unsubscribe[] = {
	{ "absent", BULK, NULL, false, HIT(40), "without a List-Unsubscribe", NULL },
	{ "there", BULK URI, NULL, false, OK },
	{ "not bulk", NULL, NULL, false, OK },
	{ "declared bulk", NULL, bulk, false, HIT(40), NULL, "List-Unsubscribe-Post" },
	{ "declared otherwise", BULK, transactional, false, OK },
	{ "a list", BULK "List-Id: <l.example.com>\nList-Post: NO\n", NULL, false, OK },
	{ "beyond, and counted", "Feedback-ID: 1\n" URI, NULL, true, OK },
	{ "precedence beyond", BULK, NULL, true, DUNNO },
};

static const struct checked_row one_click[] = {
	{ "good", BULK URI POST, NULL, false, OK },
	{ "without blanks, other case", BULK URI
	    "LIST-unsubscribe-post:list-unsubscribe=one-click\n", NULL, false, OK },
	{ "mailto beside it", BULK "List-Unsubscribe: <mailto:u@example.com?subject=x>,\n"
	    "\t<HTTPS://news.example.com/u>\n" POST, NULL, false, OK },
	{ "comment", BULK "List-Unsubscribe: (see) <https://news.example.com/u> (a)\n" POST,
	    NULL, false, OK },
	{ "not bulk", URI, NULL, false, OK },
	{ "neither", BULK, NULL, false, HIT(25), "no List-Unsubscribe; there is no List-"
	    "Unsubscribe-Post", NULL },
	{ "no post", BULK URI, NULL, false, HIT(25), ": there is no List-Unsubscribe-Post",
	    "List-Unsubscribe=One-Click" },
	{ "no uri field", BULK POST, NULL, false, HIT(25),
	    "there is no List-Unsubscribe; List-Unsubscribe-Post stands beside no https",
	    NULL },
	{ "twice", BULK URI URI POST, NULL, false, HIT(25), "List-Unsubscribe stands 2 times",
	    NULL },
	{ "post twice", BULK URI POST POST, NULL, false, HIT(25),
	    "List-Unsubscribe-Post stands 2 times", NULL },
	{ "http", BULK "List-Unsubscribe: <http://news.example.com/u>\n" POST, NULL, false,
	    HIT(25), "is http:, not https:", NULL },
	{ "http beside https", BULK "List-Unsubscribe: <http://a.example/>, "
	    "<https://a.example/>\n" POST, NULL, false, OK },
	{ "two https", BULK "List-Unsubscribe: <https://a.example/>, <https://b.example/>\n"
	    POST, NULL, false, HIT(25), "holds 2 https URIs", NULL },
	{ "no brackets", BULK "List-Unsubscribe: https://news.example.com/u\n" POST, NULL,
	    false, HIT(25), "holds no URI in angle brackets", NULL },
	{ "not closed", BULK "List-Unsubscribe: <https://news.example.com/u\n" POST, NULL,
	    false, HIT(25), "holds no URI in angle brackets", NULL },
	{ "empty", BULK "List-Unsubscribe:\n" POST, NULL, false, HIT(25), "is empty", NULL },
	{ "empty brackets", BULK "List-Unsubscribe: <>\n" POST, NULL, false, HIT(25),
	    "holds no https URI", NULL },
	{ "mailto alone", BULK "List-Unsubscribe: <mailto:u@example.com>\n" POST, NULL,
	    false, HIT(25), "List-Unsubscribe-Post stands beside no https URI", NULL },
	{ "bare scheme", BULK "List-Unsubscribe: <https://>\n" POST, NULL, false, HIT(25),
	    "holds no https URI", NULL },
	{ "other value", BULK URI "List-Unsubscribe-Post: One-Click\n", NULL, false,
	    HIT(25), "is \"One-Click\", not", NULL },
	{ "quoted value", BULK URI "List-Unsubscribe-Post: \"List-Unsubscribe=One-Click\"\n",
	    NULL, false, HIT(25), "List-Unsubscribe-Post is", NULL },
	{ "post with blanks", BULK URI "List-Unsubscribe-Post:  List-Unsubscribe=One-Click\n",
	    NULL, false, HIT(5), "blanks around", NULL },
	{ "post folded", BULK URI "List-Unsubscribe-Post:\n List-Unsubscribe=One-Click\n",
	    NULL, false, HIT(5), "is folded", NULL },
	{ "line long", BULK "List-Unsubscribe: <https://news.example.com/" LONG1000 ">\n"
	    POST, NULL, false, HIT(25), "a line of List-Unsubscribe has 10", NULL },
	{ "uri folded", BULK "List-Unsubscribe: <https://news.example.com/a\n b>\n" POST,
	    NULL, false, HIT(5), "folded in the middle", NULL },
	{ "address in clear", BULK "List-Unsubscribe: "
	    "<https://news.example.com/u?m=anna@example.net&l=1>\n" POST, to_anna, false,
	    HIT(5), "shows the recipient's address", NULL },
	{ "address percent-encoded", BULK "List-Unsubscribe: "
	    "<https://news.example.com/u/anna%40example%2Enet>\n" POST, to_anna, false,
	    HIT(5), "shows the recipient's address", NULL },
	{ "address of somebody else", BULK "List-Unsubscribe: "
	    "<https://news.example.com/u/bob@example.net/@/%4>\n" POST, to_anna, false, OK },
	{ "address and http", BULK "List-Unsubscribe: <http://e.example/anna@example.net>\n"
	    POST, to_anna, false, HIT(25), "not https:", NULL },
	{ "beyond", "Feedback-ID: 1\n" URI POST, NULL, true, DUNNO },
	{ "precedence beyond", BULK, NULL, true, DUNNO },
};

static const struct checked_row unsigned_pair[] = {
	{ "signed", BULK URI POST, well_signed, false, OK },
	{ "not bulk", URI POST, not_managed, false, OK },
	{ "no pair", BULK URI, not_managed, false, OK },
	{ "half", BULK URI POST, half_signed, false, HIT(25),
	    "The signature of example.com does not name both", NULL },
	{ "will not verify", BULK URI POST, fails, false, HIT(25), "No signature of", NULL },
	{ "foreign", BULK URI POST, foreign_signed, false, HIT(25), "No signature of", NULL },
	{ "foreign, not known", BULK URI POST, foreign_unknown, false, CHECK_TEMPERROR, 0, 0,
	    NULL, NULL },
	{ "subdomain", BULK URI POST, subdomain_signed, false, OK },
	{ "nobody signs", BULK URI POST, not_managed, false, HIT(25), NULL, "in h=" },
	{ "signed before", BULK URI POST, signed_before, false, OK },
	{ "half before", BULK URI POST, before_half, false, HIT(25), "of example.com", NULL },
	{ "more than were judged", BULK URI POST, before_more, false, DUNNO },
	{ "DNS later", BULK URI POST, later, false, CHECK_TEMPERROR, 0, 0, NULL, NULL },
	{ "doubtful", BULK URI POST, doubtful, false, CHECK_TEMPERROR, 0, 0, NULL, NULL },
	{ "keys unseen", BULK URI POST, keys_unseen, false, DUNNO },
	{ "keys not read", BULK URI POST, keys_unread, false, DUNNO },
};

static const struct checked_row feedback_id[] = {
	{ "good", FROM "Feedback-ID: spring:c1:news:example1\n", well_signed, false, OK },
	{ "empty parts", FROM "Feedback-ID: ::1.eu-west-1.abc=:AmazonSES\n", well_signed, false,
	    OK },
	{ "none", BULK, well_signed, false, OK },
	{ "twice", FROM "Feedback-ID: a:b:c:example1\nFeedback-ID: a:b:c:example1\n", well_signed,
	    false, HIT(5), "stands 2 times", NULL },
	{ "three parts", FROM "Feedback-ID: a:b:example1\n", well_signed, false, HIT(5),
	    "\"a:b:example1\" has 3 parts, not four", NULL },
	{ "five parts", FROM "Feedback-ID: a:b:c:d:example1\n", well_signed, false, HIT(5),
	    "has 5 parts", NULL },
	{ "empty", FROM "Feedback-ID:\n", well_signed, false, HIT(5), "has 1 part,", NULL },
	{ "short id", FROM "Feedback-ID: a:b:c:mail\n", well_signed, false, HIT(5),
	    "\"mail\", has 4 characters", NULL },
	{ "least id", FROM "Feedback-ID: a:b:c:mails\n", well_signed, false, OK },
	{ "most id", FROM "Feedback-ID: a:b:c:abcdefghijklmno\n", well_signed, false, OK },
	{ "long id", FROM "Feedback-ID: a:b:c:abcdefghijklmnop\n", well_signed, false, HIT(5),
	    "has 16 characters", NULL },
	{ "no id", FROM "Feedback-ID: a:b:c:\n", well_signed, false, HIT(5), "has 0 characters",
	    NULL },
	{ "only colons", FROM "Feedback-ID: :::\n", well_signed, false, HIT(5),
	    "has 0 characters", NULL },
	{ "unsigned", FROM "Feedback-ID: a:b:c:example1\n", half_signed, false, HIT(5),
	    "No signature of the author's domain that covers Feedback-ID", NULL },
	{ "DNS later", FROM "Feedback-ID: a:b:c:example1\n", later, false, CHECK_TEMPERROR, 0, 0,
	    NULL, NULL },
	{ "declared otherwise", FROM "Feedback-ID: a\n", transactional, false, OK },
	{ "beyond", FROM "Feedback-ID: a\n", NULL, true, DUNNO },
};

static const struct checked_row from_transactional[] = {
	{ "hit", "From: a@example.com\n" URI, transactional, false, HIT(5),
	    "of the stream \"shop\"", NULL },
	{ "without", NULL, transactional, false, OK },
	{ "bulk", URI, bulk, false, OK },
	{ "only told", "Auto-Submitted: auto-generated\n" URI, automatic, false, OK },
	{ "nothing declared", URI, NULL, false, OK },
};

static const struct checked_row contradicted[] = {
	{ "nothing declared", BULK, NULL, false, OK },
	{ "as declared", NULL, transactional, false, OK },
	{ "transactional, bulk", BULK, transactional, false, HIT(2), "\"shop\", declared "
	    "transactional, and carries \"Precedence: bulk\"", NULL },
	{ "transactional, feedback", "Feedback-ID: a\n", transactional, false, HIT(2),
	    "carries a Feedback-ID", NULL },
	{ "transactional, list", "List-Id: <l>\nList-Post: NO\n", transactional, false,
	    HIT(2), "carries List-Id and List-Post", NULL },
	{ "transactional, unsubscribe", URI, transactional, false, OK },
	{ "transactional, answer", BULK "Auto-Submitted: auto-replied\n", transactional,
	    false, OK },
	{ "dsn, bulk", BULK, dsn, false, HIT(2), "declared dsn", NULL },
	{ "list without id", NULL, list, false, HIT(2), "has no List-Id", NULL },
	{ "list with id", "List-Id: <l.example.com>\n", list, false, OK },
	{ "bulk", NULL, bulk, false, OK },
	{ "bulk, generated", "Auto-Submitted: auto-generated\n", bulk, false, OK },
	{ "bulk, answer", "Auto-Submitted: auto-replied (vacation)\n", bulk, false, HIT(2),
	    "answers of absence", NULL },
	{ "bulk, null sender", NULL, bulk_null_sender, false, HIT(2), "null sender", NULL },
	{ "beyond", "Precedence: bulk\n", transactional, true, DUNNO },
	{ "answer beyond", "Auto-Submitted: auto-replied\n", bulk, true, DUNNO },
	{ "other field beyond", "Subject: x\n", bulk, true, OK },
};

#define TABLE_TEST(name, id, rows) \
	static void \
	name(void **state) \
	{ \
		(void)state; \
		CHECKED_TABLE(id, rows); \
	}

TABLE_TEST(tests_no_unsubscribe, "bulk-no-unsubscribe", no_unsubscribe)
TABLE_TEST(tests_one_click, "bulk-no-one-click", one_click)
TABLE_TEST(tests_unsigned, "unsubscribe-unsigned", unsigned_pair)
TABLE_TEST(tests_feedback_id, "feedback-id-malformed", feedback_id)
TABLE_TEST(tests_from_transactional, "bulk-from-transactional", from_transactional)
TABLE_TEST(tests_contradicted, "stream-contradicted", contradicted)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(tests_no_unsubscribe),
		cmocka_unit_test(tests_one_click),
		cmocka_unit_test(tests_unsigned),
		cmocka_unit_test(tests_feedback_id),
		cmocka_unit_test(tests_from_transactional),
		cmocka_unit_test(tests_contradicted),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
