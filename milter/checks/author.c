/*
 * Who the author is: a domain that is ours to speak for, an address that the
 * login owns, a domain that exists.
 */
#include <string.h>

#include "base/arena.h"
#include "checks/common.h"

#define WEIGHT_NO_SOA 20

void
check_author_foreign(const struct check_input *input, struct check_result *result)
{
	const struct evidence *evidence = input->evidence;
	const struct dmarc_evidence *dmarc = &evidence->dmarc;
	const char *domain = input->message->author_domain;
	bool is_provider = evidence->author_kind == AUTHOR_KIND_MAILBOX_PROVIDER;

	if (domain == NULL) {
		check_dunno(result);
		return;
	}
	if (evidence->dkim.managed != NULL || dmarc->spf_aligned_pass ||
	    dmarc->dkim_aligned_pass) {
		check_ok(result);
		return;
	}
	if (evidence->dkim.existing_total > 0 && !dmarc->dkim_aligned_known) {
		check_dunno(result);
		return;
	}
	if (is_provider) {
		check_hit(input, result, "The author's address is of the mailbox "
		    "provider %s, whose mail only its own hosts may send.",
		    check_safe(input, domain));
		return;
	}
	if (input->message->envelope_domain == NULL) {
		check_ok(result);	/* null sender: a report, not a forgery */
		return;
	}
	if (!check_known(dmarc->envelope_known, result))
		return;
	if (dmarc->envelope_known == KNOWN_ABSENT || dmarc->envelope_aligned) {
		check_ok(result);	/* a mended SPF record could pass */
		return;
	}
	check_hit(input, result, "This host can neither sign for the author domain %s, "
	    "which is not managed here, nor pass SPF for it, since the envelope sender "
	    "is of %s.", check_safe(input, domain), check_safe(input,
	    input->message->envelope_domain));
}

void
check_author_not_owned(const struct check_input *input, struct check_result *result)
{
	const struct message *message = input->message;
	const char *login = check_safe(input, message->auth_user);
	const char *author = check_safe(input, message->author.text);

	if (input->settings->n_logins == 0) {
		check_ok(result);	/* nobody asked for it */
		return;
	}
	if (!input->evidence->login_checked) {
		check_dunno(result);
		return;
	}
	if (input->evidence->login_owns_author) {
		check_ok(result);
		return;
	}
	check_hit(input, result, "The login %s may not write as %s by the logins "
	    "table.", login, author);
	check_fix(input, result, "If %s may use that address, add %s to the line of %s "
	    "in the logins table; if not, its password may be in other hands.", login,
	    author, login);
}

struct missing {
	const char *why;	/* NULL: nothing is missing */
	bool is_gone;		/* no mail can reach it; else only the SOA */
	bool dunno, temperror;
};

static void
note_unknown(struct missing *missing, enum known known)
{
	if (known == KNOWN_NO)
		missing->dunno = true;
	if (known == KNOWN_TEMPERROR)
		missing->temperror = true;
}

static struct missing
look_for(const struct name_evidence *name)
{
	struct missing missing = { .why = NULL };

	if (name->exists == KNOWN_ABSENT) {
		missing.why = "does not exist";
		missing.is_gone = true;
	} else if (name->mx == KNOWN_VALUE && name->null_mx) {
		missing.why = "says by a null MX that it takes no mail";
		missing.is_gone = true;
	} else if (name->mx == KNOWN_ABSENT && name->address == KNOWN_ABSENT) {
		missing.why = "has neither MX nor address records";
		missing.is_gone = true;
	} else if (name->soa == KNOWN_ABSENT) {
		missing.why = "has no SOA record, nor has a domain above it";
	} else {
		note_unknown(&missing, name->exists);
		note_unknown(&missing, name->mx);
		if (name->mx == KNOWN_ABSENT)
			note_unknown(&missing, name->address);
		note_unknown(&missing, name->soa);
	}
	return missing;
}

static void
say_missing(const struct check_input *input, struct check_result *result,
    const struct name_evidence *name, const struct missing *missing, const char *role)
{
	const char *domain = check_safe(input, name->domain);

	check_hit(input, result, "The domain of the %s, %s, %s.", role, domain,
	    missing->why);
	if (missing->is_gone)
		check_fix(input, result, "Correct the address, or publish MX records "
		    "for the domain: %s. IN MX 10 HOST.", domain);
	else
		check_fix(input, result, "Make %s (or the domain above it) a zone of "
		    "its own with an SOA record, not a wildcard.", domain);
}

void
check_author_domain_missing(const struct check_input *input, struct check_result
    *result)
{
	const struct name_evidence *author = &input->evidence->author_name;
	const struct name_evidence *envelope = &input->evidence->envelope_name;
	struct missing of_author = { .dunno = false }, of_envelope = { .dunno = false };
	bool both;

	if (author->domain == NULL && envelope->domain == NULL) {
		check_dunno(result);
		return;
	}
	if (author->domain != NULL)
		of_author = look_for(author);
	if (envelope->domain != NULL)
		of_envelope = look_for(envelope);
	both = (envelope->domain == NULL && !input->message->mail_from_is_null) ||
	    (of_author.is_gone && of_envelope.is_gone);
	if (of_author.why != NULL && (of_author.is_gone || !of_envelope.is_gone)) {
		say_missing(input, result, author, &of_author, "author");
		result->covers = both ? NULL : "dmarc-none";
	} else if (of_envelope.why != NULL) {
		say_missing(input, result, envelope, &of_envelope, "envelope sender");
		result->covers = "spf-none";
	} else if (of_author.temperror || of_envelope.temperror) {
		check_temperror(result);
	} else if (of_author.dunno || of_envelope.dunno) {
		check_dunno(result);
	} else {
		check_ok(result);
	}
	if (result->status == CHECK_HIT && !of_author.is_gone && !of_envelope.is_gone) {
		result->weight = WEIGHT_NO_SOA;
		result->covers = "";
	}
}
