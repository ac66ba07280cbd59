/*
 * Blanks, comments and quoted strings.
 */
#include <string.h>

#include "mail/lex.h"

bool
lex_is_blank(char byte)
{
	return byte == ' ' || byte == '\t' || byte == '\r' || byte == '\n';
}

bool
lex_is_atext(char byte)
{
	unsigned char c = (unsigned char)byte;

	return c > ' ' && c != 0x7f && strchr("()<>[]:;@\\,.\"", c) == NULL;
}

size_t
lex_quoted(struct lex *lex, size_t at)
{
	struct slice text = lex->text;
	size_t i;

	if (at >= text.n || text.p[at] != '"' ||
	    (lex->open_quote > 0 && at + 1 >= lex->open_quote))
		return at;
	for (i = at + 1; i < text.n && text.p[i] != '"'; i++) {
		if (text.p[i] == '\\')
			i++;
	}
	if (i < text.n)
		return i + 1;
	lex->open_quote = at + 1;
	return at;
}

size_t
lex_comment(struct lex *lex, size_t at)
{
	struct slice text = lex->text;
	size_t i, depth = 0;

	if (at >= text.n || text.p[at] != '(' ||
	    (lex->open_comment > 0 && at + 1 >= lex->open_comment))
		return at;
	for (i = at; i < text.n; i++) {
		if (text.p[i] == '\\')
			i++;
		else if (text.p[i] == '(')
			depth++;
		else if (text.p[i] == ')' && --depth == 0)
			return i + 1;
	}
	lex->open_comment = at + 1;
	return at;
}

size_t
lex_skip(struct lex *lex, size_t at)
{
	size_t end;

	for (;;) {
		while (at < lex->text.n && lex_is_blank(lex->text.p[at]))
			at++;
		end = lex_comment(lex, at);
		if (end == at)
			return at;
		at = end;
	}
}

bool
lex_has_encoded_word(struct slice text)
{
	size_t start = slice_find_nocase(text, "=?") + 2;
	struct slice rest = slice_sub(text, start, text.n);

	return start <= text.n && slice_find_nocase(rest, "?=") < rest.n;
}

size_t
lex_unquote(struct slice quoted, char *out)
{
	size_t n = 0;

	for (size_t i = 1; i + 1 < quoted.n; i++) {
		if (quoted.p[i] == '\\' && i + 2 < quoted.n)
			i++;
		/* A fold within is a blank (RFC 5322 section 3.2.4). */
		if (quoted.p[i] != '\r' && quoted.p[i] != '\n')
			out[n++] = quoted.p[i];
	}
	return n;
}
