/*
 * Bytes that do not survive the way: bare CR and LF, NUL, 8-bit text (RFC 5321
 * section 2.3.8, RFC 2045 section 2).
 */
#include "checks/common.h"
#include "dkim/keyring.h"
#include "evidence/evidence.h"

/* The first kept field with that oddity, or NULL. */
static const struct header *
find_odd(const struct check_input *input, unsigned odd)
{
	const struct headers *headers = input->message->headers;
	size_t i;

	for (i = 0; i < headers_kept(headers); i++)
		if ((headers_at(headers, i)->odd & odd) != 0)
			return headers_at(headers, i);
	return NULL;
}

static void
not_found(const struct check_input *input, struct check_result *result)
{
	if (headers_over_limit(input->message->headers))
		check_dunno(result);
	else
		check_ok(result);
}

void
check_bare_cr_lf(const struct check_input *input, struct check_result *result)
{
	const struct body_facts *body = &input->message->body;
	const struct header *header = find_odd(input, HEADER_ODD_BARE_CR);

	if (body->bare_cr + body->bare_lf > 0)
		check_hit(input, result, "The body holds %llu CR and %llu LF that "
		    "stand alone.", (unsigned long long)body->bare_cr, (unsigned long
		    long)body->bare_lf);
	else if (header != NULL)
		check_hit(input, result, "The field %s holds a CR that stands alone.",
		    check_safe_slice(input, header->name));
	else
		not_found(input, result);
}

/* The longer lines are those of line-long. */
void
check_sendmail_rewrites(const struct check_input *input, struct check_result *result)
{
	const struct dkim_evidence *dkim = &input->evidence->dkim;

	for (size_t i = 0; i < dkim->n_own; i++) {
		const struct own_signature *own = &dkim->own[i];

		if (own->breaks == NULL || own->breaks_fix == NULL)
			continue;
		check_hit(input, result, "The signature of %s will not survive: %s.",
		    own->key->domain, own->breaks);
		check_fix(input, result, "%s", own->breaks_fix);
		return;
	}
	if (dkim->n_own > 0 && input->message->session->mta == MTA_SENDMAIL &&
	    (headers_over_limit(input->message->headers) ||
	    input->message->body.over_limit))
		check_dunno(result);
	else
		check_ok(result);
}

void
check_nul_byte(const struct check_input *input, struct check_result *result)
{
	const struct body_facts *body = &input->message->body;
	const struct header *header = find_odd(input, HEADER_ODD_NUL);

	if (body->nul_bytes > 0)
		check_hit(input, result, "The body holds %llu NUL bytes.",
		    (unsigned long long)body->nul_bytes);
	else if (header != NULL)
		check_hit(input, result, "The field %s holds a NUL byte.",
		    check_safe_slice(input, header->name));
	else
		not_found(input, result);
}

void
check_body_8bit(const struct check_input *input, struct check_result *result)
{
	const struct body_facts *body = &input->message->body;

	if (body->declared_8bit != NULL)
		check_hit(input, result, "The body is sent as 8-bit text (%s): a host "
		    "without 8BITMIME on the way re-encodes it and breaks the "
		    "signature.", check_safe(input, body->declared_8bit));
	else if (body->says_8bit)
		check_hit(input, result, "A part says that it is 8bit or binary, though "
		    "all of it is ASCII: a host without 8BITMIME on the way re-encodes it "
		    "all the same and breaks the signature.");
	else if (body->over_limit && body->has_8bit)
		check_dunno(result);
	else
		check_ok(result);
}

void
check_body_8bit_undeclared(const struct check_input *input, struct check_result *result)
{
	const struct body_facts *body = &input->message->body;

	if (body->undeclared_8bit != NULL)
		check_hit(input, result, "There are 8-bit bytes where the message "
		    "promises 7-bit text: %s.", check_safe(input,
		    body->undeclared_8bit));
	else if (body->over_limit && body->has_8bit)
		check_dunno(result);
	else
		check_ok(result);
}
