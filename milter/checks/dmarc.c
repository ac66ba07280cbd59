/*
 * DMARC as receivers will decide it (RFC 9989): the record, the result, the
 * alignment of the envelope sender.
 */
#include <string.h>
#include <strings.h>

#include "base/arena.h"
#include "checks/common.h"

#define IDENTIFIERS_TEXT_MAX 600

static const char *
policy_name(enum dmarc_policy policy)
{
	switch (policy) {
	case DMARC_POLICY_NONE:
		return "none";
	case DMARC_POLICY_QUARANTINE:
		return "quarantine";
	case DMARC_POLICY_REJECT:
		return "reject";
	}
	return "none";
}

/* False when there is no author domain or its record is not known. */
static bool
is_judged(const struct check_input *input, struct check_result *result)
{
	if (input->message->author_domain == NULL) {
		check_dunno(result);
		return false;
	}
	return check_known(input->evidence->dmarc.known, result);
}

static void
fix_record(const struct check_input *input, struct check_result *result)
{
	const struct dmarc_evidence *dmarc = &input->evidence->dmarc;
	const char *domain = dmarc->org_domain != NULL ? dmarc->org_domain :
	    input->message->author_domain;

	check_fix(input, result, "Publish: %s (p=none watches only; read the reports, "
	    "then go on to quarantine and reject).", check_txt(input,
	    arena_printf(input->arena, "_dmarc.%s", domain), arena_printf(input->arena,
	    "v=DMARC1; p=none; rua=mailto:postmaster@%s", domain)));
}

void
check_dmarc_none(const struct check_input *input, struct check_result *result)
{
	const struct dmarc_evidence *dmarc = &input->evidence->dmarc;
	const char *domain = check_safe(input, input->message->author_domain);

	if (!is_judged(input, result))
		return;
	if (dmarc->known == KNOWN_VALUE || dmarc->malformed) {
		check_ok(result);
		return;
	}
	if (!check_is_bulk(input->message))
		result->weight = 20;
	check_hit(input, result, "No DMARC record at _dmarc.%s nor at a domain above "
	    "it.", domain);
	fix_record(input, result);
}

/* "SPF example.net (pass, not aligned), DKIM d=... (fail)" */
static const char *
list_identifiers(const struct check_input *input)
{
	const struct dmarc_evidence *dmarc = &input->evidence->dmarc;
	struct buf text;
	size_t i;

	buf_init(&text, input->arena, IDENTIFIERS_TEXT_MAX);
	for (i = 0; i < dmarc->n_identifiers; i++) {
		const struct aligned_domain *id = &dmarc->identifiers[i];

		buf_printf(&text, "%s%s %s (%s, %s)", i > 0 ? ", " : "",
		    id->is_dkim ? "DKIM" : "SPF", check_safe(input, id->domain),
		    id->passed ? "passes" : "does not pass",
		    id->aligned ? "aligned" : "not aligned");
	}
	if (dmarc->n_identifiers == 0)
		buf_add_str(&text, "there is nothing that could");
	return buf_str(&text);
}

static void
fix_fail(const struct check_input *input, struct check_result *result)
{
	const char *domain = check_safe(input, input->message->author_domain);

	if (input->evidence->dkim.managed != NULL)
		check_fix(input, result, "Have the message signed with a published key "
		    "of %s (see the findings about DKIM), or send it with an envelope "
		    "sender of that domain whose SPF record passes.", domain);
	else if (input->evidence->author_kind == AUTHOR_KIND_MAILBOX_PROVIDER)
		check_fix(input, result, "Write from an address of a domain of your "
		    "own and put the author in Reply-To: nobody but %s can sign for it.",
		    domain);
	else
		check_fix(input, result, "Write from an address of a domain of your "
		    "own and put the author in Reply-To; or, where %s is yours, let "
		    "this host sign for it: \"mailworthy keygen %s\".", domain, domain);
}

void
check_dmarc_fail(const struct check_input *input, struct check_result *result)
{
	const struct dmarc_evidence *dmarc = &input->evidence->dmarc;
	bool is_managed = input->evidence->dkim.managed != NULL;

	switch (dmarc->result) {
	case DMARC_UNKNOWN:
		if (dmarc->known == KNOWN_TEMPERROR ||
		    input->evidence->spf.known == KNOWN_TEMPERROR)
			check_temperror(result);
		else
			check_dunno(result);
		return;
	case DMARC_NO_AUTHOR:
		check_dunno(result);
		return;
	case DMARC_NO_RECORD:
	case DMARC_PASS:
	case DMARC_PERMERROR:
		check_ok(result);
		return;
	case DMARC_FAIL:
		break;
	}
	switch (dmarc->policy) {
	case DMARC_POLICY_NONE:
		result->weight = 30;
		result->action = ACTION_NONE;
		break;
	case DMARC_POLICY_QUARANTINE:
		result->weight = 50;
		result->action = ACTION_NONE;
		break;
	case DMARC_POLICY_REJECT:
		result->action = is_managed ? ACTION_TEMPFAIL : ACTION_REJECT;
		break;
	}
	check_hit(input, result, "Nothing passes that is aligned with the author "
	    "domain %s: %s. The policy at _dmarc.%s says %s%s.", check_safe(input,
	    input->message->author_domain), list_identifiers(input), check_safe(input,
	    dmarc->record.found_at), policy_name(dmarc->policy_as_published),
	    dmarc->policy != dmarc->policy_as_published ?
	    ", one step milder by t=y" : "");
	fix_fail(input, result);
}

void
check_dmarc_record_malformed(const struct check_input *input, struct check_result
    *result)
{
	const struct dmarc_evidence *dmarc = &input->evidence->dmarc;
	const char *at = dmarc->record.found_at != NULL ? dmarc->record.found_at :
	    input->message->author_domain;
	const char *why = NULL;

	if (dmarc->malformed)
		why = dmarc->malformed_why != NULL ? dmarc->malformed_why : "cannot be "
		    "read";
	else if (!is_judged(input, result))
		return;
	else if (dmarc->known == KNOWN_VALUE && dmarc->record.problem != NULL)
		why = dmarc->record.problem;
	else if (dmarc->known == KNOWN_VALUE && !dmarc->record.has_p)
		why = "it has no p=";
	if (why == NULL) {
		check_ok(result);
		return;
	}
	check_hit(input, result, "The DMARC record at _dmarc.%s is faulty: %s.%s%s",
	    check_safe(input, at), check_safe(input, why),
	    dmarc->record.text != NULL ? " It reads: " : "",
	    check_safe(input, dmarc->record.text));
	check_fix(input, result, "Keep one TXT record there, of this form: %s",
	    check_txt(input, arena_printf(input->arena, "_dmarc.%s", check_safe(input,
	    at)), arena_printf(input->arena, "v=DMARC1; p=%s; rua=mailto:postmaster@%s",
	    policy_name(dmarc->record.p), check_safe(input, at))));
}

void
check_dmarc_no_reports(const struct check_input *input, struct check_result *result)
{
	const struct dmarc_evidence *dmarc = &input->evidence->dmarc;
	const struct dmarc_record *record = &dmarc->record;

	if (!is_judged(input, result))
		return;
	if (dmarc->known == KNOWN_ABSENT) {
		check_ok(result);	/* dmarc-none tells it */
		return;
	}
	if (!record->has_rua) {
		check_hit(input, result, "The DMARC record at _dmarc.%s asks for no "
		    "reports (no rua=).", check_safe(input, record->found_at));
		check_fix(input, result, "Add rua=mailto:postmaster@%s to the record "
		    "at _dmarc.%s.", check_safe(input, record->found_at),
		    check_safe(input, record->found_at));
		return;
	}
	if (dmarc->rua_refused != NULL) {
		check_hit(input, result, "The DMARC record at _dmarc.%s sends reports "
		    "to %s, which has not agreed to take them.", check_safe(input,
		    record->found_at), check_safe(input, dmarc->rua_refused));
		check_fix(input, result, "Have this published in %s: %s",
		    check_safe(input, dmarc->rua_refused), check_txt(input,
		    arena_printf(input->arena, "%s._report._dmarc.%s", check_safe(input,
		    record->found_at), check_safe(input, dmarc->rua_refused)),
		    "v=DMARC1"));
		return;
	}
	if (check_known(dmarc->rua_known, result))
		check_ok(result);
}

void
check_dmarc_spf_only(const struct check_input *input, struct check_result *result)
{
	const struct dmarc_evidence *dmarc = &input->evidence->dmarc;

	if (!is_judged(input, result))
		return;
	if (dmarc->known == KNOWN_ABSENT || dmarc->dkim_aligned_pass ||
	    (dmarc->spf_aligned_known && !dmarc->spf_aligned_pass)) {
		check_ok(result);
		return;
	}
	if (!dmarc->spf_aligned_known || !dmarc->dkim_aligned_known) {
		check_dunno(result);
		return;
	}
	check_hit(input, result, "DMARC of %s passes by SPF alone; there is no aligned "
	    "DKIM signature that verifies.", check_safe(input,
	    input->message->author_domain));
}

void
check_dmarc_tree_differs(const struct check_input *input, struct check_result *result)
{
	const struct dmarc_evidence *dmarc = &input->evidence->dmarc;

	if (input->message->author_domain == NULL || dmarc->org_domain_psl == NULL) {
		check_dunno(result);
		return;
	}
	if (!check_known(dmarc->org_known, result))
		return;
	if (dmarc->org_domain == NULL || strcmp(dmarc->org_domain,
	    dmarc->org_domain_psl) == 0) {
		check_ok(result);
		return;
	}
	check_hit(input, result, "The organizational domain of %s is %s by the DNS "
	    "tree walk and %s by the public suffix list.", check_safe(input,
	    input->message->author_domain), check_safe(input, dmarc->org_domain),
	    check_safe(input, dmarc->org_domain_psl));
	check_fix(input, result, "Add psd=n to the DMARC record of the domain that is "
	    "yours as a whole (%s), which pins the answer of the tree walk.",
	    check_safe(input, dmarc->org_domain_psl));
}

/* Accounts that programs send as where nobody set an envelope sender. */
static bool
is_system_account(const char *local_part)
{
	static const char *const accounts[] = {
		"www-data", "www", "apache", "nginx", "httpd", "nobody", "root",
		    "daemon",
		"wwwrun", "php", "web",
	};
	size_t i;

	for (i = 0; i < sizeof(accounts) / sizeof(accounts[0]); i++)
		if (local_part != NULL && strcasecmp(local_part, accounts[i]) == 0)
			return true;
	return false;
}

void
check_align_envelope(const struct check_input *input, struct check_result *result)
{
	const struct message *message = input->message;
	const struct evidence *evidence = input->evidence;
	const char *sender = check_safe(input, message->mail_from.text);
	const char *author = check_safe(input, message->author_domain);

	if (message->author_domain == NULL) {
		check_dunno(result);
		return;
	}
	if (message->envelope_domain == NULL) {
		check_ok(result);	/* null sender: there is nothing to align */
		return;
	}
	if (!check_known(evidence->dmarc.envelope_known, result))
		return;
	if (evidence->dmarc.envelope_known == KNOWN_ABSENT ||
	    evidence->dmarc.envelope_aligned) {
		check_ok(result);
		return;
	}
	if (is_system_account(message->mail_from.local_part)) {
		check_hit(input, result, "The envelope sender is %s, an account of the "
		    "system; the author is of %s.", sender, author);
		check_fix(input, result, "Set the envelope sender in the program that "
		    "sends (in PHP: sendmail_path = \"/usr/sbin/sendmail -t -i -f "
		    "bounces@%s\").", author);
	} else if (evidence->spf.known == KNOWN_VALUE && evidence->spf.all_pass) {
		check_hit(input, result, "The envelope sender %s is a bounce address "
		    "of another domain; SPF passes there and says nothing for the "
		    "author domain %s.", sender, author);
	} else {
		check_hit(input, result, "The envelope sender %s is not of the author "
		    "domain %s.", sender, author);
	}
	if (result->fix == NULL)
		check_fix(input, result, "Use an envelope sender of %s or of a domain "
		    "below it (bounces.%s) and publish SPF there.", author, author);
}
