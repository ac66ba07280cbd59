/*
 * What hosts change behind a filter, and so behind the signature.
 */
#include "base/arena.h"
#include "base/log.h"
#include "evidence/collection.h"
#include "evidence/egress.h"
#include "mail/mend.h"
#include "mail/sendmail.h"
#include "mail/view.h"

enum { NAME_SHOWN = 40, VALUE_SHOWN = 120 };

static bool
names_field(const char *names, struct slice field)
{
	struct slice rest = slice_of(names), name;

	while (slice_split(&rest, ':', &name))
		if (slice_eq_nocase(slice_trim(name), field))
			return true;
	return false;
}

/*
 * Postfix and Sendmail cut lines that are longer than RFC 5321 section
 * 4.5.3.1.6 allows when they send them on, in body and header: after signing.
 * Sendmail begins at 990 octets.
 */
static const char *
cut_line(const struct collect_input *input, const char *signed_names, size_t line_max)
{
	const struct message *message = input->message;
	const struct headers *headers = message->headers;

	if (message->body.longest_line > line_max)
		return arena_printf(input->arena, "line %llu of the body has %zu octets and "
		    "is cut on the way", (unsigned long long)message->body.longest_line_at,
		    message->body.longest_line);
	for (size_t i = 0; i < headers_kept(headers); i++) {
		const struct header *header = headers_at(headers, i);

		if (header->longest_line > line_max && names_field(signed_names, header->name))
			return arena_printf(input->arena, "a line of the field %s has %zu octets "
			    "and is cut on the way", log_safe(input->arena, header->name,
			    NAME_SHOWN), header->longest_line);
	}
	return NULL;
}

/* ---- Sendmail ---- */

static void
find_rewritten(const struct collect_input *input, struct own_signature *own)
{
	const struct headers *headers = input->message->headers;
	bool exact = own->key->settings->canon_header == CANON_SIMPLE;

	for (size_t i = 0; i < headers_kept(headers) && own->breaks == NULL; i++) {
		const struct header *header = headers_at(headers, i);
		struct slice form;
		bool has_form;

		if (!sendmail_rewrites(header->name) ||
		    !names_field(own->signed_names, header->name))
			continue;
		has_form = sendmail_form(input->arena, header->name, header->value, &form);
		if (has_form && (exact ? slice_eq(form, header->value) :
		    sendmail_same_text(form, header->value)))
			continue;
		own->breaks = arena_printf(input->arena, "Sendmail writes the field %s anew "
		    "behind its filters: %s", log_safe(input->arena, header->name,
		    NAME_SHOWN), log_safe(input->arena, slice_trim(header->value),
		    VALUE_SHOWN));
		own->breaks_fix = !has_form ? "Have the program write full addresses, each "
		    "with its domain and under 240 octets with its name." :
		    sendmail_same_text(form, header->value) ?
		    "Set canonicalization = \"relaxed/relaxed\" for the domain, or let mailworthy "
		    "write such fields (repair = {headers})." :
		    "Let mailworthy write such fields (repair = {headers}), or have the program "
		    "put names with dots in quotes and a blank after each comma.";
	}
}

/* Its MIME writer goes over each message that has parts. */
static void
find_rewritten_parts(const struct collect_input *input, struct own_signature *own)
{
	const struct view *view = input->message->view;

	if (headers_first(input->message->headers, HDR_MIME_VERSION) == NULL)
		return;
	for (size_t i = 0; view != NULL && i < view->n_parts && own->breaks == NULL; i++) {
		if (view->parts[i].malformed == NULL)
			continue;
		own->breaks = "Sendmail writes malformed MIME anew behind its filters";
		own->breaks_fix = "Have a MIME library write the message, or have Sendmail leave "
		    "it alone: define(`confMAX_MIME_HEADER_LENGTH', `0/0') in sendmail.mc.";
	}
}

void
dkim_find_breaks(const struct collect_input *input, struct own_signature *own)
{
	const struct egress_facts *facts = input->egress;
	size_t line_max = facts != NULL && facts->sendmail_line_max > 0 ?
	    facts->sendmail_line_max : SENDMAIL_LINE_MAX;

	own->breaks = cut_line(input, own->signed_names, MEND_LINE_MAX);
	if (own->breaks != NULL || input->message->session->mta != MTA_SENDMAIL)
		return;
	own->breaks = cut_line(input, own->signed_names, line_max);
	if (own->breaks != NULL)
		own->breaks_fix = "Have the program break its lines before 990 octets, or let "
		    "Sendmail send 998: define(`SMTP_MAILER_LL', `998') in sendmail.mc.";
	if (own->breaks == NULL)
		find_rewritten(input, own);
	if (own->breaks == NULL && (facts == NULL || !facts->sendmail_keeps_mime))
		find_rewritten_parts(input, own);
}
