/*
 * The author's address and where answers go (RFC 5322 sections 3.4, 3.6.2).
 */
#include <string.h>

#include "base/arena.h"
#include "checks/common.h"
#include "mail/domain.h"
#include "settings/lists.h"
#include "settings/settings.h"

/* With one of these there is no address to write to. */
static const unsigned unreadable = ADDRESS_FAULT_SYNTAX | ADDRESS_FAULT_NO_DOMAIN |
    ADDRESS_FAULT_NO_LOCAL | ADDRESS_FAULT_8BIT_DOMAIN_INVALID;

/* The null sender's mail is never refused for its From: it would be lost. */
static void
spare_null_sender(const struct check_input *input, struct check_result *result)
{
	if (input->message->mail_from_is_null)
		result->action = ACTION_NONE;
}

void
check_from_missing(const struct check_input *input, struct check_result *result)
{
	const struct message *message = input->message;

	if (message->author_status != AUTHOR_MISSING) {
		check_ok(result);
		return;
	}
	if (check_is_beyond(message, HDR_FROM)) {
		check_dunno(result);
		return;
	}
	if (headers_count(message->headers, HDR_FROM) == 0)
		check_hit(input, result, "The message has no From field.");
	else
		check_hit(input, result, "The From field holds no address: \"%s\".",
		    check_safe_slice(input, slice_trim(
		    headers_first(message->headers, HDR_FROM)->value)));
	spare_null_sender(input, result);
}

void
check_from_multiple(const struct check_input *input, struct check_result *result)
{
	const struct message *message = input->message;
	size_t fields = headers_count(message->headers, HDR_FROM);

	if (message->author_status != AUTHOR_SEVERAL) {
		check_ok(result);
		return;
	}
	if (fields > 1 && message->from.n == 0)
		check_hit(input, result, "The message has %zu From fields.", fields);
	else if (fields > 1)
		check_hit(input, result, "The message has %zu From fields; the first "
		    "names %s.", fields, check_safe(input, message->author.text));
	else
		check_hit(input, result, "The From field names %zu addresses, the "
		    "first is %s.", message->from.total, check_safe(input,
		    message->author.text));
	spare_null_sender(input, result);
}

/* Nothing can be read; a domain that is merely no host name is from-syntax. */
static bool
is_unreadable(const struct message *message)
{
	if (message->author_status != AUTHOR_MALFORMED)
		return false;
	return (message->author.faults & ADDRESS_FAULT_BAD_LABEL) == 0 ||
	    (message->author.faults & unreadable) != 0;
}

void
check_from_malformed(const struct check_input *input, struct check_result *result)
{
	const struct message *message = input->message;
	const struct header *from = headers_first(message->headers, HDR_FROM);

	if (!is_unreadable(message)) {
		check_ok(result);
		return;
	}
	if (from == NULL) {
		check_dunno(result);
		return;
	}
	check_hit(input, result, "No address can be read from the From field \"%s\".",
	    check_safe_slice(input, slice_trim(from->value)));
	spare_null_sender(input, result);
}

struct syntax_fault {
	unsigned fault;
	const char *problem;
	const char *fix;	/* NULL: the catalogue's */
};

/* The worst fault of that kind, or NULL. */
static const struct syntax_fault *
find_fault(unsigned faults)
{
	static const struct syntax_fault table[] = {
		{ ADDRESS_FAULT_SPACE_IN_ANGLE,
		    "has blanks inside the angle brackets", NULL },
		{ ADDRESS_FAULT_UNQUOTED_SPECIAL,
		    "has a special character in its name outside of quotes", NULL },
		{ ADDRESS_FAULT_BAD_LABEL, "has a domain that is no valid host name",
		    "Write a domain of letters, digits and inner hyphens, as DNS has "
		    "it." },
		{ ADDRESS_FAULT_FORBIDDEN_CHAR,
		    "has one of ,$%?{}<> in its address, which Yahoo refuses",
		    "Write from an address without these characters." },
	};
	size_t i;

	for (i = 0; i < sizeof(table) / sizeof(table[0]); i++)
		if ((faults & table[i].fault) != 0)
			return &table[i];
	return NULL;
}

void
check_from_syntax(const struct check_input *input, struct check_result *result)
{
	static const struct syntax_fault no_name = { 0, "has an empty name (\"\")", NULL };
	const struct message *message = input->message;
	const struct header *from = headers_first(message->headers, HDR_FROM);
	const struct syntax_fault *found = NULL;
	bool empty_name = false;
	size_t i;

	if (from == NULL) {
		check_dunno(result);
		return;
	}
	if (is_unreadable(message)) {
		check_ok(result);	/* from-malformed tells it */
		return;
	}
	for (i = 0; i < message->from.n && found == NULL; i++) {
		found = find_fault(message->from.addresses[i].faults);
		if (message->from.addresses[i].faults & ADDRESS_FAULT_EMPTY_NAME)
			empty_name = true;
	}
	if (found == NULL)
		found = find_fault(message->from.faults);
	if (found == NULL && empty_name) {
		found = &no_name;
		result->weight = 5;
	}
	if (found == NULL) {
		check_ok(result);
		return;
	}
	check_hit(input, result, "The From field %s: %s", found->problem,
	    check_safe_slice(input, slice_trim(from->value)));
	result->fix = found->fix;
}

void
check_reply_to_malformed(const struct check_input *input, struct check_result *result)
{
	const struct header *field = headers_first(input->message->headers,
	    HDR_REPLY_TO);
	struct address_list list;
	unsigned faults;
	size_t i;

	if (check_is_beyond(input->message, HDR_REPLY_TO)) {
		check_dunno(result);
		return;
	}
	if (!check_addresses(input, HDR_REPLY_TO, &list)) {
		check_ok(result);
		return;
	}
	faults = list.faults;
	for (i = 0; i < list.n; i++)
		faults |= list.addresses[i].faults;
	if ((faults & (unreadable | ADDRESS_FAULT_BAD_LABEL)) == 0 && list.total > 0) {
		check_ok(result);
		return;
	}
	check_hit(input, result, "No address can be read from the Reply-To field "
	    "\"%s\".", check_safe_slice(input, slice_trim(field->value)));
}

void
check_reply_to_freemail(const struct check_input *input, struct check_result *result)
{
	const char *author = input->message->author_domain;
	const struct lists *lists = input->settings->lists;
	struct address_list list;
	size_t i;

	if (!check_addresses(input, HDR_REPLY_TO, &list)) {
		if (check_is_beyond(input->message, HDR_REPLY_TO))
			check_dunno(result);
		else
			check_ok(result);
		return;
	}
	if (author == NULL) {
		check_dunno(result);
		return;
	}
	check_ok(result);
	if (lists_has(lists, LIST_FREEMAIL, author))
		return;
	for (i = 0; i < list.n; i++) {
		if (!lists_has(lists, LIST_FREEMAIL, list.addresses[i].domain))
			continue;
		check_hit(input, result, "Answers go to %s at a mailbox provider, "
		    "while the author is of %s.", check_safe(input,
		    list.addresses[i].text), check_safe(input, author));
		return;
	}
}

/* Raises the finding at the first domain that mixes scripts. */
static bool
mixes(const struct check_input *input, struct check_result *result,
    const struct address *address, const char *where)
{
	const char *domain = address->domain;

	if (domain == NULL || strstr(domain, "xn--") == NULL ||
	    !domain_mixes_scripts(input->arena, domain))
		return false;
	check_hit(input, result, "The domain of the %s, %s (%s), mixes scripts within "
	    "one label, as names made to deceive do.", where, check_safe(input,
	    domain_to_utf8(input->arena, domain)), check_safe(input, domain));
	return true;
}

void
check_domain_mixed_script(const struct check_input *input, struct check_result *result)
{
	static const enum header_id ids[] = { HDR_SENDER, HDR_REPLY_TO };
	const struct message *message = input->message;
	struct address_list list;
	size_t i, k;

	for (i = 0; i < message->from.n; i++)
		if (mixes(input, result, &message->from.addresses[i], "author"))
			return;
	if (mixes(input, result, &message->mail_from, "envelope sender"))
		return;
	for (k = 0; k < sizeof(ids) / sizeof(ids[0]); k++) {
		if (!check_addresses(input, ids[k], &list))
			continue;
		for (i = 0; i < list.n; i++)
			if (mixes(input, result, &list.addresses[i],
			    header_id_name(ids[k])))
				return;
	}
	if (check_is_beyond(message, HDR_FROM) || check_is_beyond(message, HDR_REPLY_TO)
	    || check_is_beyond(message, HDR_SENDER))
		check_dunno(result);
	else
		check_ok(result);
}
