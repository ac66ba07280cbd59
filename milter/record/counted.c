/*
 * The words of the labels of counters.
 */
#include "record/counters.h"

const char *
counted_finding_name(enum counted_finding state)
{
	static const char *const names[] = { "stands", "covered", "shadow", "exempt" };

	return names[state];
}

const char *
counted_signature_name(enum counted_signature result)
{
	static const char *const names[] = { "made", "audit", "unused", "failed" };

	return names[result];
}

const char *
counted_evidence_name(enum counted_evidence item)
{
	static const char *const names[] = {
		[EVIDENCE_SPF] = "spf",
		[EVIDENCE_DKIM_KEY] = "dkim-key",
		[EVIDENCE_DKIM_EXISTING] = "dkim-existing",
		[EVIDENCE_DMARC] = "dmarc",
		[EVIDENCE_PTR] = "ptr",
		[EVIDENCE_HELO] = "helo",
		[EVIDENCE_AUTHOR_DOMAIN] = "author-domain",
		[EVIDENCE_ENVELOPE_DOMAIN] = "envelope-domain",
		[EVIDENCE_RECIPIENT_DOMAIN] = "recipient-domain",
	};

	return names[item];
}

const char *
counted_known_name(enum known known)
{
	static const char *const names[] = {
		[KNOWN_NO] = "unknown",
		[KNOWN_ABSENT] = "absent",
		[KNOWN_VALUE] = "value",
		[KNOWN_TEMPERROR] = "temperror",
	};

	return names[known];
}

const char *
counted_opinion_name(enum counted_opinion result)
{
	static const char *const names[] = { "good", "bad", "unknown" };

	return names[result];
}

const char *
counted_opinion_from(enum opinion_from from)
{
	static const char *const names[] = {
		[OPINION_SPAMASSASSIN] = "spamassassin",
		[OPINION_RSPAMD] = "rspamd",
		[OPINION_CLAMAV] = "clamav",
	};

	return names[from];
}

const char *
counted_repair_name(enum counted_repair what)
{
	static const char *const names[] = { "date", "message-id", "headers", "encoding" };

	return names[what];
}
