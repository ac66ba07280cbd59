/*
 * Words that the report and the page share.
 */
#include <string.h>

#include "base/arena.h"
#include "base/slice.h"
#include "core/modefile.h"
#include "dkim/sign.h"
#include "evidence/evidence.h"
#include "facts/message.h"
#include "mail/view.h"
#include "settings/settings.h"
#include "tool/words.h"
#include "verdict/fold.h"

/* "550 5.7.1": the rest of a reply is the finding's text and fix again. */
static const char *
code_of(const struct check_input *judged, const struct verdict *verdict)
{
	struct slice reply = slice_of(verdict->reply);
	size_t n = slice_find(reply, ' ') + 1;

	return slice_dup(judged->arena, slice_sub(reply, 0,
	    n + slice_find(slice_sub(reply, n, reply.n), ' ')));
}

/* Mail that receivers refuse may pass here: the default refuses little. */
static const char *
pass_text(const struct verdict *verdict)
{
	for (int i = 0; i < RECEIVERS; i++) {
		if (!verdict->receivers[i].accept)
			return "would pass: no finding below is set to stop it";
	}
	return "would pass";
}

const char *
words_would(const struct check_input *judged, const struct verdict *verdict)
{
	struct arena *arena = judged->arena;
	const struct finding *decisive = verdict->decisive;

	switch (verdict->would) {
	case ACTION_NONE:
		return pass_text(verdict);
	case ACTION_HOLD:
		return decisive->action == ACTION_NONE ?
		    arena_printf(arena, "would be held: %s", verdict->hold_reason) :
		    arena_printf(arena, "would be held (%s)", decisive->check->id);
	case ACTION_TEMPFAIL:
		return arena_printf(arena, "would be deferred with %s (%s)", code_of(judged, verdict),
		    decisive->check->id);
	case ACTION_REJECT:
		return arena_printf(arena, "would be refused with %s (%s)", code_of(judged, verdict),
		    decisive->check->id);
	}
	return "";
}

#define AUDIT_TEXT ": mail is only logged now, neither signed nor stopped; this is what " \
	"enforce mode would do"

const char *
words_mode(const struct check_input *judged, int kill_switch)
{
	if (verdict_mode(judged->settings, judged->message, kill_switch) == MODE_ENFORCE)
		return kill_switch != MODEFILE_UNSEEN ? NULL : "enforce, as the configuration "
		    "says; " MODEFILE_UNSEEN_TEXT;
	return kill_switch == MODE_AUDIT ? "audit, by `mailworthy mode audit`" AUDIT_TEXT :
	    "audit" AUDIT_TEXT;
}

const char *
words_score_note(struct arena *arena, const struct verdict *verdict)
{
	int sum[FAMILIES] = { 0 };
	const char *note = NULL;

	for (size_t i = 0; i < verdict->n_findings; i++) {
		const struct finding *finding = &verdict->findings[i];

		if (finding_counts(finding, false))
			sum[finding->check->family] += finding->weight;
	}
	for (int i = 0; i < FAMILIES; i++) {
		enum check_family family = (enum check_family)i;
		int cap = verdict_family_cap(family);

		if (sum[i] > cap)
			note = arena_printf(arena, "%s%s%s counts %d.%d at most",
			    note != NULL ? note : "", note != NULL ? ", " : "",
			    check_family_name(family), cap / 10, cap % 10);
	}
	return note;
}

bool
words_for_postmaster(const struct finding *finding)
{
	switch (finding->check->family) {
	case FAMILY_IDENTITY:
	case FAMILY_STATE:
		return true;
	case FAMILY_FORMAT:
	case FAMILY_DECEPTION:
	case FAMILY_COSMETIC:
	case FAMILY_BULK:
	case FAMILY_ATTACHMENT:
	case FAMILIES:
		break;
	}
	return finding->check->is_host;
}

/* Why a finding weighs or does nothing, or what it does. */
const char *
words_remark(struct arena *arena, const struct finding *finding)
{
	if (finding->shadow)
		return "in shadow";
	if (finding->exempt)
		return "sender exempt";
	if (finding->covered_by != NULL)
		return arena_printf(arena, "counted under %s",
		    finding->covered_by);
	switch (finding->action) {
	case ACTION_NONE:
		return NULL;
	case ACTION_HOLD:
		return "holds the message";
	case ACTION_TEMPFAIL:
		return "defers the message";
	case ACTION_REJECT:
		return "refuses the message";
	}
	return NULL;
}

/* The first sentence of a meaning says what is found, as the finding's own text
 * does already. */
const char *
words_why(const struct finding *finding)
{
	const char *meaning = finding->check->meaning;
	const char *rest = strstr(meaning, ". ");

	if (finding->text == meaning)
		return NULL;
	return rest != NULL ? rest + 2 : meaning;
}

static bool
starts(const char *id, const char *prefix)
{
	return strncmp(id, prefix, strlen(prefix)) == 0;
}

/* A check says why where it knows more than the evidence does. */
const char *
words_open(const struct check_input *judged, const struct verdict_open *open)
{
	const struct evidence *evidence = judged->evidence;

	if (open->text != NULL)
		return open->text;
	if (evidence->dns_over)
		return "the DNS budget of the message was spent";
	if (open->temporary)
		return "DNS gave no answer";
	if (!evidence->egress.known &&
	    (starts(open->id, "spf-") || starts(open->id, "egress-") ||
	    starts(open->id, "dmarc-")))
		return "no public address of this host is known; name it under "
		    "\"addresses\" in the egress section of the configuration";
	if (starts(open->id, "author-not-owned"))
		return "there is no login, or no \"logins\" table";
	if (starts(open->id, "dkim-"))
		return "there is no key or signature to look at";
	return "the message or DNS has nothing that it could look at";
}

const char *
words_prediction(const struct own_signature *own)
{
	if (own->breaks != NULL)
		return own->breaks;
	switch (own->predicted) {
	case DKIM_PASS:
		return "verifies";
	case DKIM_TEMPERROR:
		return "may verify: DNS did not show the key";
	case DKIM_NONE:
		return "not made";
	case DKIM_FAIL:
	case DKIM_POLICY:
	case DKIM_NEUTRAL:
	case DKIM_PERMERROR:
		break;
	}
	return "does not verify";
}

const char *
words_no_signature(const struct check_input *judged)
{
	const struct dkim_evidence *dkim = &judged->evidence->dkim;

	if (dkim->cannot_sign != NULL)
		return arena_printf(judged->arena, "cannot be made: %s",
		    dkim->cannot_sign);
	if (dkim->usable == RING_NO_DOMAIN)
		return "none: the author's domain is not one that is managed here";
	return "not tried: this user may not read the keys; run it as root or as the "
	    "daemon's user to see the signature too";
}

const char *
words_stream(const struct check_input *judged)
{
	const struct message *message = judged->message;
	const char *name = message_stream_name(message->stream);

	if (message->declared == NULL)
		return name;
	return arena_printf(judged->arena, "%s%s \"%s\"%s", name != NULL ? name : "",
	    name != NULL ? ", section" : "section", message->declared->name,
	    message->stream_is_declared || name == NULL ? "" : " (the kind by its headers)");
}

const char *
words_size(struct arena *arena, uint64_t octets)
{
	if (octets < 1000)
		return arena_printf(arena, "%u octets", (unsigned)octets);
	if (octets < 1000000)
		return arena_printf(arena, "%u.%u KB", (unsigned)(octets / 1000),
		    (unsigned)(octets / 100 % 10));
	return arena_printf(arena, "%u.%u MB", (unsigned)(octets / 1000000),
	    (unsigned)(octets / 100000 % 10));
}

static const char *
encoding_name(enum transfer_encoding encoding)
{
	switch (encoding) {
	case CTE_NONE: case CTE_7BIT:
		return "7bit";
	case CTE_8BIT:
		return "8bit";
	case CTE_BINARY:
		return "binary";
	case CTE_QUOTED_PRINTABLE:
		return "quoted-printable";
	case CTE_BASE64:
		return "base64";
	case CTE_UNKNOWN:
		return "unknown encoding";
	}
	return "";
}

const char *
words_part(struct arena *arena, const struct view_part *part)
{
	const char *size = words_size(arena, part->size);

	if (part->kind == VIEW_MULTIPART || part->kind == VIEW_MESSAGE)
		return size;
	return arena_printf(arena, "%s, %s%s%s", size, encoding_name(part->encoding),
	    part->charset != NULL ? ", " : "",
	    part->charset != NULL ? part->charset : "");
}
