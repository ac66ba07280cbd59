/*
 * What each large receiver would say, as a table of the rules they publish.
 * A rule holds only where every input it needs is known.  Rules for bulk mail
 * are not here: quotas nobody can foresee, and without one-click unsubscribing
 * mail goes to the spam folder and is not refused (Gmail answer/81126 and Yahoo
 * Sender Hub name no reply for it).
 */
#include <string.h>

#include "base/arena.h"
#include "evidence/evidence.h"
#include "facts/blocked.h"
#include "facts/message.h"
#include "settings/lists.h"
#include "settings/settings.h"
#include "verdict/fold.h"

enum tri { TRI_NO, TRI_YES, TRI_UNKNOWN };

struct judged {
	const struct check_input *input;
	const struct verdict *verdict;
	enum tri spf, dkim, dmarc;
};

struct rule {
	enum receiver receiver;
	const char *reply;
	bool (*refuses)(const struct judged *judged);	/* NULL: a finding stands */
	const char *findings;	/* ids it can rest on, blank between */
	int level;		/* least level of those findings */
	const char *because;	/* NULL: explain() */
	const char *source;
};

/* ---- inputs ---- */

/* The worst egress address counts; one that could not be judged
 * may be as good as the rest. */
static enum tri
spf_passes(const struct spf_evidence *spf)
{
	if (spf->known != KNOWN_VALUE)
		return TRI_UNKNOWN;
	if (spf->all_pass)
		return TRI_YES;
	return spf->worst == SPF_PASS || spf->worst == SPF_TEMPERROR ?
	    TRI_UNKNOWN : TRI_NO;
}

/* Signatures that nobody judged may verify. */
static enum tri
dkim_passes(const struct dkim_evidence *dkim)
{
	if (dkim->any_pass)
		return TRI_YES;
	if (!dkim->existing_known || dkim->existing_total > dkim->n_existing)
		return TRI_UNKNOWN;
	for (size_t i = 0; i < dkim->n_own; i++) {
		if (dkim->own[i].predicted == DKIM_TEMPERROR || dkim->own[i].doubtful)
			return TRI_UNKNOWN;
	}
	if (dkim->usable == RING_UNSEEN)
		return TRI_UNKNOWN;
	if (dkim->usable == RING_USABLE && dkim->managed != NULL && dkim->n_own == 0 &&
	    dkim->cannot_sign == NULL)
		return TRI_UNKNOWN;
	return TRI_NO;
}

static enum tri
dmarc_passes(const struct dmarc_evidence *dmarc)
{
	switch (dmarc->result) {
	case DMARC_PASS:
		return TRI_YES;
	case DMARC_NO_RECORD:
	case DMARC_FAIL:
	case DMARC_PERMERROR:
		return TRI_NO;
	case DMARC_UNKNOWN:
	case DMARC_NO_AUTHOR:
		return TRI_UNKNOWN;
	}
	return TRI_UNKNOWN;
}

static const struct name_evidence *
envelope_name(const struct judged *judged)
{
	const struct message *message = judged->input->message;
	const struct evidence *evidence = judged->input->evidence;

	if (message->envelope_domain == NULL)
		return NULL;
	if (evidence->envelope_name.domain != NULL)
		return &evidence->envelope_name;
	if (evidence->author_name.domain != NULL &&
	    strcmp(evidence->author_name.domain, message->envelope_domain) == 0)
		return &evidence->author_name;
	return NULL;
}

/* ---- conditions ---- */

static bool
is_unauthenticated(const struct judged *judged)
{
	return judged->spf == TRI_NO && judged->dkim == TRI_NO;
}

static bool
is_hard_fail(const struct judged *judged)
{
	return is_unauthenticated(judged) &&
	    judged->input->evidence->spf.worst == SPF_FAIL;
}

static bool
is_dmarc_reject(const struct judged *judged)
{
	const struct dmarc_evidence *dmarc = &judged->input->evidence->dmarc;

	return dmarc->result == DMARC_FAIL && dmarc->policy == DMARC_POLICY_REJECT;
}

/* Its rule for senders over 5,000 a day; seen applied below that as well. */
static bool
lacks_one_of_three(const struct judged *judged)
{
	return judged->spf == TRI_NO || judged->dkim == TRI_NO ||
	    judged->dmarc == TRI_NO;
}

static bool
spf_is_too_wide(const struct judged *judged)
{
	const struct spf_evidence *spf = &judged->input->evidence->spf;

	return spf->width_known == KNOWN_VALUE && spf->width.plus_all;
}

/* No PTR, or clearly no name that leads back. */
static bool
lacks_ptr(const struct egress_address *address)
{
	if (address->ptr_known == KNOWN_ABSENT)
		return true;
	return address->ptr_known == KNOWN_VALUE && !address->ptr_forward &&
	    (address->ptr_forward_known == KNOWN_VALUE ||
	    address->ptr_forward_known == KNOWN_ABSENT);
}

static bool
some_lacks_ptr(const struct judged *judged, unsigned family)
{
	const struct egress_evidence *egress = &judged->input->evidence->egress;

	for (size_t i = 0; !egress->is_relay && i < egress->n; i++) {
		if ((family == 0 || egress->addresses[i].ip.family == family) &&
		    lacks_ptr(&egress->addresses[i]))
			return true;
	}
	return false;
}

static bool
any_lacks_ptr(const struct judged *judged)
{
	return some_lacks_ptr(judged, 0);
}

static bool
ipv6_lacks_ptr(const struct judged *judged)
{
	return some_lacks_ptr(judged, 6);
}

static bool
has_no_usable_from(const struct judged *judged)
{
	const struct message *message = judged->input->message;

	return message->author_status == AUTHOR_MISSING ||
	    message->author_status == AUTHOR_MALFORMED ||
	    headers_count(message->headers, HDR_FROM) > 1;
}

static bool
has_encoded_author(const struct judged *judged)
{
	const struct message *message = judged->input->message;

	return (message->author.faults & ADDRESS_FAULT_ENCODED_WORD) != 0;
}

static bool
has_bad_author_domain(const struct judged *judged)
{
	const struct message *message = judged->input->message;

	return message->author_status != AUTHOR_SEVERAL &&
	    (message->author.faults &
	    (ADDRESS_FAULT_BAD_LABEL | ADDRESS_FAULT_8BIT_DOMAIN_INVALID)) != 0;
}

static bool
has_forbidden_character(const struct judged *judged)
{
	const struct message *message = judged->input->message;

	return ((message->author.faults | message->mail_from.faults) &
	    ADDRESS_FAULT_FORBIDDEN_CHAR) != 0;
}

static bool
has_bare_lf(const struct judged *judged)
{
	return judged->input->message->body.bare_lf > 0;
}

static bool
is_gone(const struct name_evidence *name)
{
	return name != NULL && name->domain != NULL &&
	    (name->exists == KNOWN_ABSENT || name->soa == KNOWN_ABSENT);
}

static bool
has_unresolvable_domain(const struct judged *judged)
{
	return is_gone(&judged->input->evidence->author_name) ||
	    is_gone(envelope_name(judged));
}

static bool
has_null_mx(const struct judged *judged)
{
	const struct name_evidence *author = &judged->input->evidence->author_name;
	const struct name_evidence *envelope = envelope_name(judged);

	return (author->domain != NULL && author->null_mx) ||
	    (envelope != NULL && envelope->null_mx);
}

/* As Postfix's reject_unknown_sender_domain finds it. */
static bool
has_unknown_envelope(const struct judged *judged)
{
	const struct name_evidence *name = envelope_name(judged);

	return name != NULL && (name->exists == KNOWN_ABSENT ||
	    (name->mx == KNOWN_ABSENT && name->address == KNOWN_ABSENT));
}

static bool
has_gmail_type(const struct judged *judged)
{
	const struct check_input *input = judged->input;
	struct blocked blocked;

	return blocked_find(input->arena, input->message, input->settings->lists,
	    LIST_BLOCKED_GMAIL, &blocked) || blocked_find_locked(input->message) != NULL;
}

/* That it looks into archives for types it does not say. */
static bool
has_microsoft_type(const struct judged *judged)
{
	const struct check_input *input = judged->input;
	struct blocked blocked;

	return blocked_find(input->arena, input->message, input->settings->lists,
	    LIST_BLOCKED_MICROSOFT, &blocked) && !blocked.inside;
}

/* The limit is that of the provider whose mail this host takes. */
static bool
is_over_limit_of(const struct judged *judged, const char *mx)
{
	const struct provider *provider =
	    lists_provider(judged->input->settings->lists, mx);

	return provider != NULL && provider->size_max > 0 &&
	    judged->input->message->size > provider->size_max;
}

static bool
is_over_gmail(const struct judged *judged)
{
	return is_over_limit_of(judged, "gmail-smtp-in.l.google.com");
}

static bool
is_over_outlook(const struct judged *judged)
{
	return is_over_limit_of(judged, "outlook-com.olc.protection.outlook.com");
}

static bool
is_over_yahoo(const struct judged *judged)
{
	return is_over_limit_of(judged, "mta5.am0.yahoodns.net");
}

static bool
is_over_apple(const struct judged *judged)
{
	return is_over_limit_of(judged, "mx01.mail.icloud.com");
}

/* ---- rules ---- */

#define AUTH_FINDINGS "dkim-cannot-sign dkim-key-missing dkim-key-mismatch " \
    "dkim-key-revoked dkim-record-malformed dkim-unsigned dkim-existing-broken " \
    "spf-permerror spf-fail spf-softfail spf-neutral spf-none spf-egress-partial"
#define PTR_FINDINGS "egress-no-ptr egress-ptr-mismatch"
#define NAME_FINDINGS "author-domain-missing"
#define SIZE_FINDINGS "message-oversize attachment-large"

#define GMAIL_CODES "Gmail SMTP errors and codes, answer/3726730 (2026-06)"
#define GMAIL_RULES "Gmail email sender guidelines, answer/81126"
#define GMAIL_LIMITS "Gmail message header limits, answer/14016360"
#define MICROSOFT_RULES "Microsoft, requirements for high-volume senders (2025-04)"
#define MICROSOFT_CODES "Microsoft, NDR codes of Exchange Online and Outlook.com"
#define YAHOO_CODES "Yahoo Sender Hub, SMTP error codes (2026-02)"
#define GMAIL_TYPES "Gmail, file types that are blocked, answer/6590"
#define GMAIL_SIZES "Gmail, attachment size limit, answer/6584"
#define MICROSOFT_TYPES "Microsoft Defender for Office 365, common attachments filter"
#define MICROSOFT_SIZES "Outlook.com, attachment size limits"
#define YAHOO_SIZES "Yahoo help, message size limits"
#define APPLE_SIZES "Apple, mailbox size and message sending limits, 102198"
#define APPLE_RULES "Apple, postmaster information for iCloud Mail, 102322"
#define APPLE_SEEN "reply seen from iCloud Mail, bounce parsers"

/* For each receiver in the order of its SMTP dialogue: the first of the
 * permanent refusals is what the sender would see. */
static const struct rule rules[] = {
	{ RECEIVER_GMAIL, "550 5.7.25", any_lacks_ptr, PTR_FINDINGS, 0,
	    "an egress address has no PTR record that leads back to it", GMAIL_CODES },
	{ RECEIVER_GMAIL, "550 5.7.24", spf_is_too_wide, "spf-too-wide", 0,
	    "the SPF record admits nearly every address", GMAIL_CODES },
	{ RECEIVER_GMAIL, "550 5.7.26", is_hard_fail, "spf-fail " AUTH_FINDINGS, 0,
	    "SPF fails with -all and no DKIM signature passes", GMAIL_CODES },
	{ RECEIVER_GMAIL, "550 5.7.26", is_unauthenticated, AUTH_FINDINGS, 0,
	    "neither SPF nor DKIM passes", GMAIL_CODES },
	{ RECEIVER_GMAIL, "550 5.7.26", is_dmarc_reject, "dmarc-fail", 0,
	    "DMARC fails and the author domain's policy is reject", GMAIL_CODES },
	{ RECEIVER_GMAIL, "550 5.7.1", NULL, "from-missing from-malformed", 0,
	    "there is no valid address in a From field", GMAIL_CODES },
	{ RECEIVER_GMAIL, "550 5.7.1", NULL, "from-multiple", 0,
	    "there is more than one From field or author", GMAIL_CODES },
	{ RECEIVER_GMAIL, "550 5.7.1", has_bad_author_domain, "from-syntax", 0,
	    "the author's domain is not a valid name", GMAIL_CODES },
	{ RECEIVER_GMAIL, "550 5.7.1", has_encoded_author, "encoded-word-misplaced", 0,
	    "an encoded word stands inside the author's address", GMAIL_CODES },
	{ RECEIVER_GMAIL, "550 5.7.1", NULL, "header-duplicate", 0,
	    "a header field that may stand once stands twice", GMAIL_CODES },
	{ RECEIVER_GMAIL, "550 5.7.1", NULL, "message-id-missing", 1,
	    "there is no Message-ID", GMAIL_CODES },
	{ RECEIVER_GMAIL, "550 5.7.1", NULL, "message-id-malformed", 15,
	    "the Message-ID is not valid", GMAIL_CODES },
	{ RECEIVER_GMAIL, "550 5.7.1", NULL, "header-unicode", 0,
	    "a header field holds characters that are not allowed there", GMAIL_RULES },
	{ RECEIVER_GMAIL, "552 5.3.4", NULL, "header-size", 0,
	    "the header section is over a limit", GMAIL_LIMITS },
	{ RECEIVER_GMAIL, "552 5.3.4", NULL, "subject-long", 30,
	    "the Subject is over 998 octets", GMAIL_LIMITS },
	{ RECEIVER_GMAIL, "554 5.4.6", NULL, "hop-count", 60,
	    "there are more than 50 Received fields", GMAIL_CODES },
	{ RECEIVER_GMAIL, "552 5.3.4", is_over_gmail, SIZE_FINDINGS, 0,
	    "the message is larger than it takes", GMAIL_SIZES },
	{ RECEIVER_GMAIL, "552 5.7.0", has_gmail_type, "attachment-blocked", 0,
	    "an attachment is of a type that it refuses", GMAIL_TYPES },

	{ RECEIVER_MICROSOFT, "550 5.7.25", ipv6_lacks_ptr, PTR_FINDINGS, 0,
	    "an IPv6 egress address has no PTR record that leads back to it",
	    MICROSOFT_CODES },
	{ RECEIVER_MICROSOFT, "550 5.7.512", has_no_usable_from,
	    "from-missing from-malformed from-multiple", 0,
	    "there is not exactly one valid From field", MICROSOFT_CODES },
	{ RECEIVER_MICROSOFT, "550 5.7.509", is_dmarc_reject, "dmarc-fail", 0,
	    "DMARC fails and the author domain's policy is reject", MICROSOFT_CODES },
	{ RECEIVER_MICROSOFT, "550 5.7.515", lacks_one_of_three,
	    AUTH_FINDINGS " dmarc-fail dmarc-none dmarc-record-malformed", 0,
	    NULL, MICROSOFT_RULES },
	{ RECEIVER_MICROSOFT, "550 5.6.11", has_bare_lf, "bare-cr-lf", 0,
	    "the body holds line feeds without carriage return", MICROSOFT_CODES },
	{ RECEIVER_MICROSOFT, "552 5.3.4", is_over_outlook, SIZE_FINDINGS, 0,
	    "the message is larger than Outlook.com takes", MICROSOFT_SIZES },
	{ RECEIVER_MICROSOFT, "550 5.7.1", has_microsoft_type, "attachment-blocked", 0,
	    "an attachment is of a type that Exchange Online refuses by default",
	    MICROSOFT_TYPES },

	{ RECEIVER_YAHOO, "554", has_unresolvable_domain, NAME_FINDINGS, 0,
	    "the domain of an author or return address cannot be found (SOA)",
	    YAHOO_CODES },
	{ RECEIVER_YAHOO, "554 5.7.9", has_null_mx, NAME_FINDINGS, 0,
	    "the domain of an author or return address takes no mail (null MX)",
	    YAHOO_CODES },
	{ RECEIVER_YAHOO, "550 5.7.9", is_unauthenticated, AUTH_FINDINGS, 0,
	    "neither SPF nor DKIM passes", YAHOO_CODES },
	{ RECEIVER_YAHOO, "554 5.7.9", is_dmarc_reject, "dmarc-fail", 0,
	    "DMARC fails and the author domain's policy is reject", YAHOO_CODES },
	{ RECEIVER_YAHOO, "554 5.7.9", has_forbidden_character, "from-syntax", 0,
	    "an address holds one of , $ % ? { } < >", YAHOO_CODES },
	{ RECEIVER_YAHOO, "554 5.7.9", NULL,
	    "from-missing from-malformed from-multiple", 0,
	    "there is not exactly one valid From field", YAHOO_CODES },
	{ RECEIVER_YAHOO, "554 5.7.9", NULL, "header-duplicate", 0,
	    "a header field that may stand once stands twice", YAHOO_CODES },
	{ RECEIVER_YAHOO, "552 5.3.4", is_over_yahoo, SIZE_FINDINGS, 0,
	    "the message is larger than it takes", YAHOO_SIZES },

	{ RECEIVER_APPLE, "450 4.1.8", has_unknown_envelope, NAME_FINDINGS, 0,
	    "the domain of the return address cannot be found", APPLE_SEEN },
	{ RECEIVER_APPLE, "554 5.7.1 [HME1]", is_unauthenticated, AUTH_FINDINGS, 0,
	    "both SPF and DKIM fail", APPLE_SEEN },
	{ RECEIVER_APPLE, "554 5.7.1", is_dmarc_reject, "dmarc-fail", 0,
	    "DMARC fails and the author domain's policy is reject", APPLE_RULES },
	{ RECEIVER_APPLE, "552 5.3.4", is_over_apple, SIZE_FINDINGS, 0,
	    "the message is larger than it takes", APPLE_SIZES },
};

/* The heaviest of the rule's findings that stand. */
static const struct finding *
resting_on(const struct verdict *verdict, const struct rule *rule)
{
	for (size_t i = 0; i < verdict->n_findings; i++) {
		const struct finding *finding = &verdict->findings[i];

		if (finding->level >= rule->level &&
		    fold_ids_name(rule->findings, finding->check->id))
			return finding;
	}
	return NULL;
}

static const char *
tri_word(enum tri tri)
{
	switch (tri) {
	case TRI_NO:
		return "no";
	case TRI_YES:
		return "yes";
	case TRI_UNKNOWN:
		return "not known";
	}
	return "not known";
}

static const char *
explain(const struct judged *judged)
{
	return arena_printf(judged->input->arena,
	    "SPF, DKIM and DMARC must all pass (SPF: %s, DKIM: %s, DMARC: %s)",
	    tri_word(judged->spf), tri_word(judged->dkim), tri_word(judged->dmarc));
}

static bool
is_temporary(const char *reply)
{
	return reply[0] == '4';
}

static void
apply_rule(const struct judged *judged, const struct rule *rule,
    struct receiver_opinion *opinion)
{
	const struct finding *finding;

	if (rule->refuses != NULL && !rule->refuses(judged))
		return;
	finding = resting_on(judged->verdict, rule);
	if (rule->refuses == NULL && finding == NULL)
		return;
	if (!opinion->accept &&
	    (is_temporary(rule->reply) || !is_temporary(opinion->reply)))
		return;
	*opinion = (struct receiver_opinion){
		.accept = false,
		.reply = rule->reply,
		.because = rule->because != NULL ? rule->because : explain(judged),
		.finding = finding != NULL ? finding->check->id : NULL,
		.source = rule->source,
	};
}

void
verdict_ask_receivers(const struct check_input *input, struct verdict *verdict)
{
	struct judged judged = {
		.input = input,
		.verdict = verdict,
		.spf = spf_passes(&input->evidence->spf),
		.dkim = dkim_passes(&input->evidence->dkim),
		.dmarc = dmarc_passes(&input->evidence->dmarc),
	};

	for (size_t i = 0; i < RECEIVERS; i++)
		verdict->receivers[i] = (struct receiver_opinion){ .accept = true };
	for (size_t i = 0; i < sizeof(rules) / sizeof(rules[0]); i++)
		apply_rule(&judged, &rules[i], &verdict->receivers[rules[i].receiver]);
}
