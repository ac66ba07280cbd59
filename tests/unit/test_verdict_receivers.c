/*
 * What the large receivers would say: one row a case, one column a receiver.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "judged.h"
#include "mail/view.h"

static struct judged_case c;

/* ---- set-ups: each takes something from a good message ---- */

static void
spf_is(enum spf_result result)
{
	c.evidence.spf.worst = c.evidence.spf.best = result;
	c.evidence.spf.all_pass = c.evidence.spf.any_pass = result == SPF_PASS;
}

static void
dmarc_fails(enum dmarc_policy policy)
{
	c.evidence.dmarc.result = DMARC_FAIL;
	c.evidence.dmarc.policy = policy;
}

static void
good(void)
{
}

static void
spf_fail(void)
{
	spf_is(SPF_FAIL);
	judged_hit(&c, "spf-fail", FAMILY_IDENTITY, 50, ACTION_NONE);
}

static void
spf_softfail(void)
{
	spf_is(SPF_SOFTFAIL);
	judged_hit(&c, "spf-softfail", FAMILY_IDENTITY, 25, ACTION_NONE);
}

static void
spf_none(void)
{
	spf_is(SPF_NONE);
}

static void
spf_unknown(void)
{
	c.evidence.spf = (struct spf_evidence){ .domain = "mail.example.com" };
}

static void
spf_temperror(void)
{
	spf_is(SPF_TEMPERROR);
	c.evidence.spf.known = KNOWN_TEMPERROR;
}

/* One address passes, the other could not be judged. */
static void
spf_half_known(void)
{
	c.evidence.spf.all_pass = false;
}

static void
spf_partial(void)
{
	spf_is(SPF_FAIL);
	c.evidence.spf.best = SPF_PASS;
	c.evidence.spf.any_pass = true;
	judged_hit(&c, "spf-egress-partial", FAMILY_IDENTITY, 30, ACTION_NONE);
}

static void
dkim_none(void)
{
	c.evidence.dkim.any_pass = false;
	c.evidence.dkim.managed = NULL;
	c.evidence.dkim.usable = RING_NO_DOMAIN;
	judged_hit(&c, "dkim-unsigned", FAMILY_IDENTITY, 20, ACTION_NONE);
}

static void
dkim_cannot_sign(void)
{
	c.evidence.dkim.any_pass = false;
	c.evidence.dkim.usable = RING_NOT_IN_DNS;
	c.evidence.dkim.cannot_sign = "no key in DNS";
	judged_hit(&c, "dkim-cannot-sign", FAMILY_IDENTITY, 60, ACTION_TEMPFAIL);
	judged_hit(&c, "dkim-key-missing", FAMILY_IDENTITY, 40, ACTION_NONE);
}

static void
dkim_own_unknown(void)
{
	c.evidence.dkim.any_pass = false;
	c.evidence.dkim.n_own = 1;
	c.evidence.dkim.own[0] = (struct own_signature){
		.record_known = KNOWN_TEMPERROR, .predicted = DKIM_TEMPERROR,
	};
}

static void
dkim_own_fails(void)
{
	dkim_own_unknown();
	c.evidence.dkim.own[0].record_known = KNOWN_VALUE;
	c.evidence.dkim.own[0].predicted = DKIM_FAIL;
}

/* The keys could not be read, so nobody knows. */
static void
dkim_not_tried(void)
{
	c.evidence.dkim.any_pass = false;
}

static void
dkim_existing_unknown(void)
{
	dkim_none();
	c.evidence.dkim.existing_known = false;
	c.evidence.dkim.n_existing = c.evidence.dkim.existing_total = 1;
}

static void
dkim_existing_uncounted(void)
{
	dkim_none();
	c.evidence.dkim.n_existing = 5;
	c.evidence.dkim.existing_total = 6;
}

static void
nothing_passes(void)
{
	spf_none();
	dkim_none();
}

static void
nothing_passes_hard(void)
{
	spf_fail();
	dkim_none();
}

static void
nothing_known(void)
{
	spf_unknown();
	dkim_own_unknown();
	c.evidence.dmarc = (struct dmarc_evidence){ .result = DMARC_UNKNOWN };
	c.evidence.author_name = (struct name_evidence){ .domain = "example.com" };
	c.evidence.envelope_name = (struct name_evidence){ .domain =
	    "mail.example.com" };
	c.evidence.egress = (struct egress_evidence){ .known = false };
}

static void
all_dns_down(void)
{
	nothing_known();
	spf_temperror();
	c.evidence.dmarc.known = KNOWN_TEMPERROR;
	c.evidence.author_name = (struct name_evidence){
		"example.com", KNOWN_TEMPERROR, KNOWN_TEMPERROR, KNOWN_TEMPERROR, false,
		KNOWN_TEMPERROR,
	};
	c.evidence.envelope_name = c.evidence.author_name;
}

static void
spf_none_dkim_unknown(void)
{
	spf_none();
	dkim_own_unknown();
}

static void
spf_unknown_dkim_none(void)
{
	spf_unknown();
	dkim_none();
}

static void
dmarc_reject(void)
{
	dmarc_fails(DMARC_POLICY_REJECT);
	judged_hit(&c, "dmarc-fail", FAMILY_IDENTITY, 70, ACTION_REJECT);
}

static void
dmarc_quarantine(void)
{
	dmarc_fails(DMARC_POLICY_QUARANTINE);
	judged_hit(&c, "dmarc-fail", FAMILY_IDENTITY, 50, ACTION_NONE);
}

static void
dmarc_unknown_at_reject(void)
{
	c.evidence.dmarc.result = DMARC_UNKNOWN;
	c.evidence.dmarc.policy = DMARC_POLICY_REJECT;
}

static void
dmarc_none(void)
{
	c.evidence.dmarc.result = DMARC_NO_RECORD;
	c.evidence.dmarc.known = KNOWN_ABSENT;
	judged_hit(&c, "dmarc-none", FAMILY_IDENTITY, 20, ACTION_NONE);
}

static void
dmarc_broken(void)
{
	c.evidence.dmarc.result = DMARC_PERMERROR;
	judged_hit(&c, "dmarc-record-malformed", FAMILY_IDENTITY, 20, ACTION_NONE);
}

static void
everything_fails(void)
{
	nothing_passes_hard();
	dmarc_reject();
}

static void
no_ptr(void)
{
	c.addresses[0].ptr_known = KNOWN_ABSENT;
	judged_hit(&c, "egress-no-ptr", FAMILY_IDENTITY, 40, ACTION_NONE);
}

static void
no_ptr6(void)
{
	c.addresses[1].ptr_known = KNOWN_ABSENT;
}

static void
ptr_mismatch6(void)
{
	c.addresses[1].ptr_forward = false;
}

static void
ptr_unknown(void)
{
	c.addresses[0].ptr_known = KNOWN_TEMPERROR;
	c.addresses[1].ptr_known = KNOWN_NO;
}

static void
ptr_forward_unknown(void)
{
	c.addresses[1].ptr_forward = false;
	c.addresses[1].ptr_forward_known = KNOWN_TEMPERROR;
}

static void
no_ptr_of_a_relay(void)
{
	no_ptr6();
	c.evidence.egress.is_relay = true;
}

static void
too_wide(void)
{
	c.evidence.spf.width.plus_all = true;
}

static void
wide(void)
{
	c.evidence.spf.width.wide = true;
}

static void
too_wide_unknown(void)
{
	c.evidence.spf.width_known = KNOWN_TEMPERROR;
	c.evidence.spf.width.plus_all = true;
}

static void
from_missing(void)
{
	c.message->author_status = AUTHOR_MISSING;
	c.evidence.dmarc.result = DMARC_NO_AUTHOR;
	judged_hit(&c, "from-missing", FAMILY_FORMAT, 70, ACTION_REJECT);
}

static void
from_twice(void)
{
	c.message->author_status = AUTHOR_SEVERAL;
	headers_add(c.message->headers, SLICE("From"), SLICE(" <other@example.com>"));
	judged_hit(&c, "from-multiple", FAMILY_FORMAT, 70, ACTION_REJECT)->covers =
	    "header-duplicate";
	judged_hit(&c, "header-duplicate", FAMILY_FORMAT, 50, ACTION_NONE);
}

/* One field with two mailboxes is no fault of RFC 5322 by itself. */
static void
from_two_mailboxes(void)
{
	c.message->author_status = AUTHOR_SEVERAL;
	judged_hit(&c, "from-multiple", FAMILY_FORMAT, 70, ACTION_REJECT);
}

static void
subject_twice(void)
{
	judged_hit(&c, "header-duplicate", FAMILY_FORMAT, 50, ACTION_NONE);
}

static void
in_shadow(void)
{
	subject_twice();
	judged_tune(&c, "header-duplicate")->shadow = true;
}

static void
tuned_to_nothing(void)
{
	subject_twice();
	judged_tune(&c, "header-duplicate")->weight = 0;
}

static void
no_message_id(void)
{
	judged_hit(&c, "message-id-missing", FAMILY_FORMAT, 15, ACTION_NONE);
}

static void
message_id_mended(void)
{
	judged_hit(&c, "message-id-missing", FAMILY_FORMAT, 15, ACTION_NONE);
	judged_result(&c)->weight = 0;
}

static void
message_id_malformed(void)
{
	judged_hit(&c, "message-id-malformed", FAMILY_FORMAT, 15, ACTION_NONE);
}

static void
message_id_odd(void)
{
	judged_hit(&c, "message-id-malformed", FAMILY_FORMAT, 15, ACTION_NONE);
	judged_result(&c)->weight = 3;
}

static void
header_size(void)
{
	judged_hit(&c, "header-size", FAMILY_FORMAT, 60, ACTION_NONE);
}

static void
header_unicode(void)
{
	judged_hit(&c, "header-unicode", FAMILY_DECEPTION, 20, ACTION_NONE);
}

static void
subject_long(void)
{
	judged_hit(&c, "subject-long", FAMILY_FORMAT, 30, ACTION_NONE);
}

static void
subject_longish(void)
{
	judged_hit(&c, "subject-long", FAMILY_FORMAT, 30, ACTION_NONE);
	judged_result(&c)->weight = 3;
}

static void
hops_51(void)
{
	judged_hit(&c, "hop-count", FAMILY_FORMAT, 60, ACTION_NONE);
}

static void
hops_26(void)
{
	judged_hit(&c, "hop-count", FAMILY_FORMAT, 60, ACTION_NONE);
	judged_result(&c)->weight = 5;
}

static void
author_bad_label(void)
{
	c.message->author.faults = ADDRESS_FAULT_BAD_LABEL;
	c.message->author_status = AUTHOR_MALFORMED;
}

static void
author_encoded_word(void)
{
	c.message->author.faults = ADDRESS_FAULT_ENCODED_WORD;
}

static void
envelope_forbidden_character(void)
{
	c.message->mail_from.faults = ADDRESS_FAULT_FORBIDDEN_CHAR;
}

static void
bare_lf(void)
{
	c.message->body.bare_lf = 1;
}

static void
no_soa(void)
{
	c.evidence.author_name.soa = KNOWN_ABSENT;
	judged_hit(&c, "author-domain-missing", FAMILY_IDENTITY, 20, ACTION_NONE);
}

static void
author_gone(void)
{
	c.evidence.author_name.exists = KNOWN_ABSENT;
}

static void
envelope_gone(void)
{
	c.evidence.envelope_name.exists = KNOWN_ABSENT;
}

static void
envelope_has_no_host(void)
{
	c.evidence.envelope_name.mx = c.evidence.envelope_name.address = KNOWN_ABSENT;
}

static void
envelope_has_no_mx(void)
{
	c.evidence.envelope_name.mx = KNOWN_ABSENT;
	c.evidence.envelope_name.address = KNOWN_TEMPERROR;
}

/* The evidence of the envelope domain stands under the author's then. */
static void
same_domain_gone(void)
{
	c.message->envelope_domain = "example.com";
	c.evidence.envelope_name = (struct name_evidence){ .domain = NULL };
	c.evidence.author_name.exists = KNOWN_ABSENT;
}

static void
null_sender_of_a_domain_without_host(void)
{
	c.message->envelope_domain = NULL;
	c.message->mail_from_is_null = true;
	c.evidence.envelope_name = (struct name_evidence){ .domain = NULL };
	c.evidence.author_name.mx = c.evidence.author_name.address = KNOWN_ABSENT;
}

static void
null_mx(void)
{
	c.evidence.author_name.null_mx = true;
}

static void
gone_and_unauthenticated(void)
{
	envelope_gone();
	nothing_passes();
}

/* One attachment in the view. */
static void
attached(const char *filename, const char *const *names)
{
	static struct attachment attachment;
	static struct view_part part;
	static struct view view;

	attachment = (struct attachment){ .names = names, .n_names = names != NULL };
	part = (struct view_part){
		.kind = VIEW_OTHER, .filename = filename, .attachment = &attachment,
	};
	view = (struct view){ .parts = &part, .n_parts = 1 };
	c.message->view = &view;
	judged_hit(&c, "attachment-blocked", FAMILY_ATTACHMENT, 60, ACTION_NONE);
}

static void
attached_program(void)
{
	attached("a.exe", NULL);
}

static void
attached_macros(void)
{
	attached("a.docm", NULL);
}

static void
attached_packed(void)
{
	static const char *const names[] = { "a.exe" };

	attached("a.zip", names);
}

static void
attached_pdf(void)
{
	attached("a.pdf", NULL);
}

static void
size_22_mb(void)
{
	c.message->size = 22000000;
}

static void
size_27_mb(void)
{
	c.message->size = 27000000;
	judged_hit(&c, "message-oversize", FAMILY_ATTACHMENT, 60, ACTION_NONE);
}

#define A "accept"

static const struct row {
	const char *what;
	void (*set)(void);
	const char *gmail, *microsoft, *yahoo, *apple;
	const char *finding;	/* that Gmail's answer, else Microsoft's ... rests on */
} rows[] = {
	{ "good", good, A, A, A, A, NULL },
	/* authentication */
	{ "SPF fails", spf_fail, A, "550 5.7.515", A, A, "spf-fail" },
	{ "SPF softfails", spf_softfail, A, "550 5.7.515", A, A, "spf-softfail" },
	{ "no SPF", spf_none, A, "550 5.7.515", A, A, NULL },
	{ "SPF unknown", spf_unknown, A, A, A, A, NULL },
	{ "SPF temperror", spf_temperror, A, A, A, A, NULL },
	{ "SPF half known", spf_half_known, A, A, A, A, NULL },
	{ "SPF for one address", spf_partial, A, "550 5.7.515", A, A,
	    "spf-egress-partial" },
	{ "no DKIM", dkim_none, A, "550 5.7.515", A, A, "dkim-unsigned" },
	{ "cannot sign", dkim_cannot_sign, A, "550 5.7.515", A, A, "dkim-cannot-sign" },
	{ "own key unknown", dkim_own_unknown, A, A, A, A, NULL },
	{ "own key differs", dkim_own_fails, A, "550 5.7.515", A, A, NULL },
	{ "not signed here", dkim_not_tried, A, A, A, A, NULL },
	{ "foreign key unknown", dkim_existing_unknown, A, A, A, A, NULL },
	{ "signatures not judged", dkim_existing_uncounted, A, A, A, A, NULL },
	{ "nothing passes", nothing_passes, "550 5.7.26", "550 5.7.515", "550 5.7.9",
	    "554 5.7.1 [HME1]", "dkim-unsigned" },
	{ "nothing passes, -all", nothing_passes_hard, "550 5.7.26", "550 5.7.515",
	    "550 5.7.9", "554 5.7.1 [HME1]", "spf-fail" },
	{ "nothing known", nothing_known, A, A, A, A, NULL },
	{ "all DNS down", all_dns_down, A, A, A, A, NULL },
	{ "no SPF, DKIM unknown", spf_none_dkim_unknown, A, "550 5.7.515", A, A, NULL },
	{ "SPF unknown, no DKIM", spf_unknown_dkim_none, A, "550 5.7.515", A, A, NULL },
	/* DMARC */
	{ "DMARC reject", dmarc_reject, "550 5.7.26", "550 5.7.509", "554 5.7.9",
	    "554 5.7.1", "dmarc-fail" },
	{ "DMARC quarantine", dmarc_quarantine, A, "550 5.7.515", A, A, "dmarc-fail" },
	{ "DMARC not known", dmarc_unknown_at_reject, A, A, A, A, NULL },
	{ "no DMARC record", dmarc_none, A, "550 5.7.515", A, A, "dmarc-none" },
	{ "DMARC record broken", dmarc_broken, A, "550 5.7.515", A, A,
	    "dmarc-record-malformed" },
	{ "everything fails", everything_fails, "550 5.7.26", "550 5.7.509",
	    "550 5.7.9",
	    "554 5.7.1 [HME1]", NULL },
	/* the host */
	{ "no PTR", no_ptr, "550 5.7.25", A, A, A, "egress-no-ptr" },
	{ "no PTR for IPv6", no_ptr6, "550 5.7.25", "550 5.7.25", A, A, NULL },
	{ "PTR leads elsewhere", ptr_mismatch6, "550 5.7.25", "550 5.7.25", A, A,
	    NULL },
	{ "PTR unknown", ptr_unknown, A, A, A, A, NULL },
	{ "way back unknown", ptr_forward_unknown, A, A, A, A, NULL },
	{ "a relay's PTR", no_ptr_of_a_relay, A, A, A, A, NULL },
	{ "+all", too_wide, "550 5.7.24", A, A, A, NULL },
	{ "wide SPF", wide, A, A, A, A, NULL },
	{ "width unknown", too_wide_unknown, A, A, A, A, NULL },
	/* format */
	{ "no From", from_missing, "550 5.7.1", "550 5.7.512", "554 5.7.9", A,
	    "from-missing" },
	{ "two From fields", from_twice, "550 5.7.1", "550 5.7.512", "554 5.7.9", A,
	    "from-multiple" },
	{ "two authors", from_two_mailboxes, "550 5.7.1", A, "554 5.7.9", A,
	    "from-multiple" },
	{ "two Subjects", subject_twice, "550 5.7.1", A, "554 5.7.9", A,
	    "header-duplicate" },
	{ "in shadow here", in_shadow, "550 5.7.1", A, "554 5.7.9", A,
	    "header-duplicate" },
	{ "weighs nothing here", tuned_to_nothing, "550 5.7.1", A, "554 5.7.9", A,
	    "header-duplicate" },
	{ "no Message-ID", no_message_id, "550 5.7.1", A, A, A, "message-id-missing" },
	{ "Message-ID added", message_id_mended, A, A, A, A, NULL },
	{ "bad Message-ID", message_id_malformed, "550 5.7.1", A, A, A,
	    "message-id-malformed" },
	{ "odd Message-ID", message_id_odd, A, A, A, A, NULL },
	{ "header too large", header_size, "552 5.3.4", A, A, A, "header-size" },
	{ "bidi in a header", header_unicode, "550 5.7.1", A, A, A, "header-unicode" },
	{ "Subject over 998", subject_long, "552 5.3.4", A, A, A, "subject-long" },
	{ "Subject over 255", subject_longish, A, A, A, A, NULL },
	{ "51 hops", hops_51, "554 5.4.6", A, A, A, "hop-count" },
	{ "26 hops", hops_26, A, A, A, A, NULL },
	{ "bad author domain", author_bad_label, "550 5.7.1", "550 5.7.512", A, A, NULL },
	{ "encoded author", author_encoded_word, "550 5.7.1", A, A, A, NULL },
	{ "forbidden character", envelope_forbidden_character, A, A, "554 5.7.9", A,
	    NULL },
	{ "bare LF", bare_lf, A, "550 5.6.11", A, A, NULL },
	/* attachments */
	{ "program", attached_program, "552 5.7.0", "550 5.7.1", A, A,
	    "attachment-blocked" },
	{ "macros", attached_macros, A, "550 5.7.1", A, A, "attachment-blocked" },
	{ "packed program", attached_packed, "552 5.7.0", A, A, A,
	    "attachment-blocked" },
	{ "PDF", attached_pdf, A, A, A, A, NULL },
	{ "22 MB", size_22_mb, A, A, A, "552 5.3.4", NULL },
	{ "27 MB", size_27_mb, "552 5.3.4", "552 5.3.4", "552 5.3.4", "552 5.3.4",
	    "message-oversize" },
	/* names */
	{ "no SOA", no_soa, A, A, "554", A, NULL },
	{ "author domain gone", author_gone, A, A, "554", A, NULL },
	{ "envelope domain gone", envelope_gone, A, A, "554", "450 4.1.8", NULL },
	{ "envelope without host", envelope_has_no_host, A, A, A, "450 4.1.8", NULL },
	{ "envelope without MX", envelope_has_no_mx, A, A, A, A, NULL },
	{ "one domain, gone", same_domain_gone, A, A, "554", "450 4.1.8", NULL },
	{ "null sender", null_sender_of_a_domain_without_host, A, A, A, A, NULL },
	{ "null MX", null_mx, A, A, "554 5.7.9", A, NULL },
	{ "permanent beats temporary", gone_and_unauthenticated, "550 5.7.26",
	    "550 5.7.515", "554", "554 5.7.1 [HME1]", "dkim-unsigned" },
};

static void
check_opinion(const struct row *row, enum receiver receiver, const char *expected)
{
	const struct receiver_opinion *opinion = &c.verdict.receivers[receiver];
	const char *reply = opinion->accept ? A : opinion->reply;

	if (reply == NULL || strcmp(reply, expected) != 0)
		fail_msg("%s: %s says %s, not %s", row->what, receiver_name(receiver),
		    reply, expected);
	if (opinion->accept) {
		assert_null(opinion->reply);
		assert_null(opinion->because);
		assert_null(opinion->finding);
		assert_null(opinion->source);
	} else {
		assert_true(*opinion->because != '\0');
		assert_true(*opinion->source != '\0');
	}
}

static void
check_finding(const struct row *row)
{
	for (int i = 0; row->finding != NULL && i < RECEIVERS; i++) {
		const struct receiver_opinion *opinion = &c.verdict.receivers[i];

		if (opinion->accept)
			continue;
		if (opinion->finding == NULL || strcmp(opinion->finding,
		    row->finding) != 0)
			fail_msg("%s rests on %s, not %s", row->what,
			    opinion->finding != NULL ? opinion->finding : "nothing",
			    row->finding);
		return;
	}
}

static void
test_matrix(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		judged_begin(&c);
		rows[i].set();
		judged_make(&c);
		check_opinion(&rows[i], RECEIVER_GMAIL, rows[i].gmail);
		check_opinion(&rows[i], RECEIVER_MICROSOFT, rows[i].microsoft);
		check_opinion(&rows[i], RECEIVER_YAHOO, rows[i].yahoo);
		check_opinion(&rows[i], RECEIVER_APPLE, rows[i].apple);
		check_finding(&rows[i]);
		judged_end(&c);
	}
}

static void
test_reason(void **state)
{
	(void)state;
	judged_begin(&c);
	spf_softfail();
	c.evidence.dmarc.result = DMARC_UNKNOWN;
	judged_make(&c);
	assert_string_equal(c.verdict.receivers[RECEIVER_MICROSOFT].because,
	    "SPF, DKIM and DMARC must all pass (SPF: no, DKIM: yes, DMARC: not known)");
	judged_end(&c);
}

/* What receivers say does not depend on our mode or on local mail. */
static void
test_mode_is_no_matter(void **state)
{
	(void)state;
	judged_begin(&c);
	everything_fails();
	c.settings->mode = MODE_AUDIT;
	c.message->is_local = c.message->is_own_dsn = true;
	judged_make(&c);
	assert_int_equal(c.verdict.action, ACTION_NONE);
	for (int i = 0; i < RECEIVERS; i++)
		assert_false(c.verdict.receivers[i].accept);
	judged_end(&c);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_matrix),
		cmocka_unit_test(test_reason),
		cmocka_unit_test(test_mode_is_no_matter),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
