/*
 * Message-ID, read as receivers do: anything visible on both sides of the "@".
 */
#include <string.h>

#include "mail/domain.h"
#include "mail/lex.h"
#include "mail/msgid.h"
#include "mail/utf8.h"

static bool
is_visible(struct slice text)
{
	for (size_t i = 0; i < text.n; i++) {
		unsigned char c = (unsigned char)text.p[i];

		if (c <= ' ' || c == 0x7f || c == '<' || c == '>')
			return false;
	}
	return utf8_valid(text);
}

/* Without what a quoted string at the front may hold: blanks, "@". */
static struct slice
after_quotes(struct slice text)
{
	size_t i;

	if (text.n == 0 || text.p[0] != '"')
		return text;
	for (i = 1; i < text.n && text.p[i] != '"'; i++) {
		if (text.p[i] == '\\')
			i++;
	}
	return i < text.n ? slice_sub(text, i + 1, text.n) : text;
}

static bool
is_host(struct slice right)
{
	char name[DOMAIN_MAX + 1];

	if (right.n > DOMAIN_MAX || slice_find(right, '\0') < right.n)
		return false;
	if (domain_is_literal(right))
		return slice_find(right, '.') < right.n ||
		    slice_find(right, ':') < right.n;
	for (size_t i = 0; i < right.n; i++)	/* letters of U-labels: RFC 6532 */
		name[i] = (unsigned char)right.p[i] < 0x80 ? right.p[i] : 'x';
	name[right.n] = '\0';
	return domain_is_fqdn(name);
}

void
msgid_parse(struct slice value, struct msgid *msgid_r)
{
	struct slice rest;
	size_t at;

	*msgid_r = (struct msgid){ .valid = false };
	value = slice_trim(value);
	msgid_r->encoded_word = lex_has_encoded_word(value);
	if (value.n < 2 || value.p[0] != '<' || value.p[value.n - 1] != '>')
		return;
	value = slice_sub(value, 1, value.n - 2);
	rest = after_quotes(value);
	at = value.n - rest.n + slice_find(rest, '@');
	if (at == value.n)
		return;
	msgid_r->left = slice_sub(value, 0, at);
	msgid_r->right = slice_sub(value, at + 1, value.n);
	msgid_r->valid = at > 0 && msgid_r->right.n > 0 &&
	    is_visible(slice_sub(value, value.n - rest.n, at - (value.n - rest.n))) &&
	    is_visible(msgid_r->right) &&
	    slice_find(msgid_r->right, '@') == msgid_r->right.n;
	msgid_r->right_is_name = is_host(msgid_r->right);
}
