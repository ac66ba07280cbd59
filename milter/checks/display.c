/*
 * The author's display name: what it claims beside the address.  Gmail wants
 * nothing in it but who sends.
 */
#include <ctype.h>
#include <string.h>
#include <strings.h>

#include "base/arena.h"
#include "checks/common.h"
#include "mail/domain.h"
#include "mail/encoded.h"
#include "mail/psl.h"

#define NAME_CHARACTERS_MAX 78
#define RECIPIENT_NAME_MIN 5		/* octets; shorter names are found anywhere */

/* The decoded name, or NULL when there is none. */
static const char *
display_name(const struct check_input *input)
{
	const char *name = input->message->author.name;

	return name != NULL && *name != '\0' ? name : NULL;
}

/* True when there is a name to judge; else the status is set. */
static bool
has_name(const struct check_input *input, struct check_result *result)
{
	if (display_name(input) != NULL)
		return true;
	if (check_is_beyond(input->message, HDR_FROM) ||
	    input->message->author_status == AUTHOR_MALFORMED)
		check_dunno(result);
	else
		check_ok(result);
	return false;
}

static bool
is_atom_byte(char byte)
{
	return byte != '\0' && (isalnum((unsigned char)byte) ||
	    strchr(".!#$%&'*+/=?^_`{|}~-", byte) != NULL);
}

static bool
is_name_byte(char byte)
{
	return isalnum((unsigned char)byte) || byte == '-' || byte == '.';
}

/* Host name around a place; dots and hyphens at its ends do not belong to it. */
static struct slice
trim_host(struct slice host)
{
	while (host.n > 0 && !isalnum((unsigned char)host.p[host.n - 1]))
		host.n--;
	while (host.n > 0 && !isalnum((unsigned char)host.p[0])) {
		host.p++;
		host.n--;
	}
	return host;
}

/* The next addr-spec in the text, from *at on; false when there is none. */
static bool
next_address(struct slice text, size_t *at, struct slice *local_r, struct slice
    *domain_r)
{
	for (; *at < text.n; (*at)++) {
		size_t start = *at, end = *at + 1;

		if (text.p[*at] != '@')
			continue;
		while (start > 0 && is_atom_byte(text.p[start - 1]))
			start--;
		while (end < text.n && is_name_byte(text.p[end]))
			end++;
		*local_r = slice_sub(text, start, *at - start);
		*domain_r = trim_host(slice_sub(text, *at + 1, end - *at - 1));
		while (local_r->n > 0 && strchr("'`*_", local_r->p[0]) != NULL) {
			local_r->p++;
			local_r->n--;
		}
		*at = end;
		if (local_r->n > 0 && memchr(domain_r->p, '.', domain_r->n) != NULL)
			return true;
		(*at)--;
	}
	return false;
}

void
check_display_name_address(const struct check_input *input, struct check_result *result)
{
	const struct address *author = &input->message->author;
	struct slice text, local, domain;
	size_t at = 0;

	if (!has_name(input, result))
		return;
	text = slice_of(display_name(input));
	check_ok(result);
	while (next_address(text, &at, &local, &domain)) {
		const char *ascii = domain_to_ascii(input->arena, domain);

		if (ascii == NULL || !domain_is_fqdn(ascii))
			continue;
		if (slice_eq_nocase(local, slice_of(author->local_part)) &&
		    slice_eq_nocase(slice_of(ascii), slice_of(author->domain)))
			continue;
		check_hit(input, result, "The name in From shows the address %s@%s, "
		    "but the author is %s.", check_safe_slice(input, local),
		    check_safe_slice(input, domain), check_safe(input, author->text));
		return;
	}
}

/* A few top labels that make a word a domain to the reader's eye. */
static bool
is_known_top(struct slice label)
{
	static const char *const tops[] = {
		"com", "net", "org", "info", "biz", "edu", "gov", "app", "dev", "shop",
		    "store",
		"online", "site", "eu", "us", "uk", "de", "fr", "nl", "es", "pl", "ca",
		    "au",
		"jp", "cn", "br", "ru", "ch", "se", "dk", "cz",
	};
	size_t i;

	for (i = 0; i < sizeof(tops) / sizeof(tops[0]); i++)
		if (slice_is(label, tops[i]))
			return true;
	return false;
}

static bool
is_bare_domain(struct slice word)
{
	size_t dot = word.n;

	while (dot > 0 && word.p[dot - 1] != '.')
		dot--;
	if (dot < 3 || memchr(word.p, '@', word.n) != NULL)
		return false;
	return is_known_top(slice_sub(word, dot, word.n - dot));
}

/* The same name or the same organization. */
static bool
is_of_author(const struct check_input *input, const char *domain)
{
	const char *author = input->message->author_domain;
	const char *org, *author_org;

	if (author == NULL || domain_is_under(author, domain) || domain_is_under(domain,
	    author))
		return true;
	org = psl_org_domain(domain);
	author_org = psl_org_domain(author);
	return org != NULL && author_org != NULL && strcmp(org, author_org) == 0;
}

void
check_display_name_domain(const struct check_input *input, struct check_result *result)
{
	struct slice rest, word;

	if (!has_name(input, result))
		return;
	rest = slice_of(display_name(input));
	check_ok(result);
	while (slice_split(&rest, ' ', &word)) {
		const char *ascii;

		word = trim_host(word);
		if (!is_bare_domain(word))
			continue;
		ascii = domain_to_ascii(input->arena, word);
		if (ascii == NULL || !domain_is_fqdn(ascii) || is_of_author(input,
		    ascii))
			continue;
		check_hit(input, result, "The name in From shows the domain %s, but "
		    "the author is of %s.", check_safe_slice(input, word),
		    check_safe(input, input->message->author_domain));
		return;
	}
}

/* Pictures that stand for "verified" or "safe". */
static bool
is_badge(unsigned codepoint)
{
	switch (codepoint) {
	case 0x2611: case 0x2705: case 0x2713: case 0x2714:	/* check marks */
	case 0x1f5f8: case 0x1f512: case 0x1f510: case 0x1f6e1:	/* locks, shield */
	case 0x1f535: case 0x1f537: case 0x1f396: case 0x1f3c5:	/* blue marks, medals */
		return true;
	}
	return false;
}

static bool
has_badge(const char *name)
{
	struct slice rest = slice_of(name);
	unsigned codepoint;
	size_t n;

	while ((n = utf8_next(rest, &codepoint)) > 0) {
		if (is_badge(codepoint))
			return true;
		rest = slice_sub(rest, n, rest.n - n);
	}
	return false;
}

/* "Re:", "Fwd: " at the start. */
static bool
has_reply_prefix(const char *name)
{
	static const char *const prefixes[] = {
		"re:", "re[", "fw:", "fwd:", "aw:", "wg:", "sv:", "vs:", "antw:", "tr:",
	};
	size_t i;

	for (i = 0; i < sizeof(prefixes) / sizeof(prefixes[0]); i++)
		if (strncasecmp(name, prefixes[i], strlen(prefixes[i])) == 0)
			return true;
	return false;
}

/* "(2)": one to three digits in brackets. */
static bool
has_count(const char *name)
{
	const char *p = name;

	while ((p = strpbrk(p, "([")) != NULL) {
		char closing = *p == '(' ? ')' : ']';
		size_t digits = strspn(++p, "0123456789");

		if (digits >= 1 && digits <= 3 && p[digits] == closing)
			return true;
	}
	return false;
}

/* The words stand in the text, not within longer words. */
static bool
has_words(struct slice text, const char *words)
{
	size_t n = strlen(words);
	size_t at = slice_find_nocase(text, words);

	if (at == text.n)
		return false;
	return (at == 0 || !isalnum((unsigned char)text.p[at - 1])) &&
	    (at + n == text.n || !isalnum((unsigned char)text.p[at + n]));
}

/* The name of a recipient within the author's, and not one's own. */
static bool
has_recipient_name(const struct check_input *input, const char *name)
{
	struct slice text = slice_of(name);
	struct address_list list;
	size_t i;

	if (!check_addresses(input, HDR_TO, &list) || list.total > 3)
		return false;
	for (i = 0; i < list.n; i++) {
		const char *other = list.addresses[i].name;

		if (other == NULL || strlen(other) < RECIPIENT_NAME_MIN ||
		    strlen(other) >= text.n || strchr(other, ' ') == NULL)
			continue;
		if (has_words(text, other))
			return true;
	}
	return false;
}

void
check_display_name_misleading(const struct check_input *input, struct check_result
    *result)
{
	const char *name = display_name(input);
	const char *why = NULL;

	if (!has_name(input, result))
		return;
	if (has_badge(name))
		why = "holds a picture that looks like a sign of verification";
	else if (has_reply_prefix(name))
		why = "begins like the subject of an answer";
	else if (has_count(name))
		why = "holds a count as of messages in a thread";
	else if (utf8_length(name) > NAME_CHARACTERS_MAX)
		why = "is longer than 78 characters";
	else if (has_recipient_name(input, name))
		why = "holds the recipient's name";
	if (why == NULL)
		check_ok(result);
	else
		check_hit(input, result, "The name in From %s: \"%s\".", why,
		    check_safe(input, name));
}
