/*
 * Macro expansion, RFC 7208 section 7.  Only the end of an expansion can be of
 * use, so the name is built from its end and no further than a name can be:
 * however much a record asks for, time and memory stay small.
 */
#include <stdbool.h>
#include <string.h>

#include "base/arena.h"
#include "base/log.h"
#include "evidence/spf/grammar.h"
#include "evidence/spf/macro.h"
#include "mail/domain.h"

/*
 * Literals and macros looked at, from the end.  More than a name has octets:
 * some macros may come out empty.
 */
enum { TOKENS_MAX = 1024 };

struct name {
	char bytes[DOMAIN_MAX + 2];	/* the final dot, one beyond the limit */
	size_t start;			/* bytes[start..] are in use */
};

static void
prepend(struct name *name, char c)
{
	if (name->start > 0)
		name->bytes[--name->start] =
		    c >= 'A' && c <= 'Z' ? (char)(c + 'a' - 'A') : c;
}

static bool
is_unreserved(char c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
	    (c >= '0' && c <= '9') || c == '-' || c == '.' || c == '_' || c == '~';
}

static void
prepend_part(struct name *name, struct slice part, bool escape)
{
	static const char hex[] = "0123456789abcdef";
	unsigned char c;

	for (size_t i = part.n; i > 0 && name->start > 0; i--) {
		c = (unsigned char)part.p[i - 1];
		if (!escape || is_unreserved(part.p[i - 1])) {
			prepend(name, part.p[i - 1]);
			continue;
		}
		prepend(name, hex[c & 15]);
		prepend(name, hex[c >> 4]);
		prepend(name, '%');
	}
}

static bool
is_delimiter(struct slice delimiters, char c)
{
	if (delimiters.n == 0)
		return c == '.';
	return slice_find(delimiters, c) < delimiters.n;
}

/* Takes the first part off the value; false when it was the last one. */
static bool
take_first(struct slice *value, struct slice delimiters, struct slice *part_r)
{
	size_t n = 0;

	while (n < value->n && !is_delimiter(delimiters, value->p[n]))
		n++;
	*part_r = (struct slice){ value->p, n };
	if (n == value->n)
		return false;
	*value = (struct slice){ value->p + n + 1, value->n - n - 1 };
	return true;
}

/* Takes the last part off the value; false when it was the last one. */
static bool
take_last(struct slice *value, struct slice delimiters, struct slice *part_r)
{
	size_t start = value->n;

	while (start > 0 && !is_delimiter(delimiters, value->p[start - 1]))
		start--;
	*part_r = (struct slice){ value->p + start, value->n - start };
	if (start == 0)
		return false;
	value->n = start - 1;
	return true;
}

/*
 * Split at the delimiters, reversed if so asked, the right-hand parts kept,
 * joined with dots: seen from the end, the first of a reversed value comes
 * first.
 */
static void
prepend_value(struct name *name, struct slice value, const struct spf_macro *macro)
{
	struct slice part;
	unsigned kept = 0;
	bool more;

	do {
		more = macro->reverse ? take_first(&value, macro->delimiters, &part) :
		    take_last(&value, macro->delimiters, &part);
		prepend_part(name, part, macro->escape);
		more = more && ++kept != macro->keep && name->start > 0;
		if (more)
			prepend(name, '.');
	} while (more);
}

/* "192.0.2.1", or 32 nibbles with dots between. */
static const char *
ip_value(struct arena *arena, const struct ip *ip)
{
	static const char hex[] = "0123456789abcdef";
	char nibbles[64], *p = nibbles;

	if (ip->family != 6)
		return ip_text(arena, ip);
	for (size_t i = 0; i < 16; i++) {
		*p++ = hex[ip->bytes[i] >> 4];
		*p++ = '.';
		*p++ = hex[ip->bytes[i] & 15];
		*p++ = '.';
	}
	return arena_strndup(arena, nibbles, sizeof(nibbles) - 1);
}

static const char *
macro_value(struct arena *arena, const struct spf_values *values, char letter)
{
	switch (letter) {
	case 's':
		return values->sender;
	case 'l':
		return values->local_part;
	case 'o':
		return values->sender_domain;
	case 'd':
		return values->domain;
	case 'i':
		return ip_value(arena, &values->ip);
	case 'p':
		return values->validated != NULL ? values->validated : "unknown";
	case 'v':
		return values->ip.family == 6 ? "ip6" : "in-addr";
	case 'h':
		return values->helo;
	}
	bug("SPF macro letter %d", letter);
}

static void
prepend_token(struct name *name, struct arena *arena, const struct spf_values *values,
    const char *p, const char *end)
{
	struct spf_macro macro;

	if (*p != '%' || spf_macro_read(p, end, &macro) == NULL)
		prepend(name, *p);
	else if (macro.letter == '%')
		prepend(name, '%');
	else if (macro.letter == '_')
		prepend(name, ' ');
	else if (macro.letter == '-')
		prepend_part(name, SLICE("%20"), false);
	else
		prepend_value(name, slice_of(macro_value(arena, values, macro.letter)),
		    &macro);
}

/* The name held, cut to what DNS can take: whole labels go from the left. */
static struct slice
name_cut(const struct name *name)
{
	struct slice text = {
		name->bytes + name->start, sizeof(name->bytes) - name->start,
	};

	if (text.n > 0 && text.p[text.n - 1] == '.')
		text.n--;
	if (text.n <= DOMAIN_MAX)
		return text;
	/* One octet more, so that a dot just before the cut is seen. */
	text = slice_sub(text, text.n - DOMAIN_MAX - 1, DOMAIN_MAX + 1);
	return slice_sub(text, slice_find(text, '.') + 1, text.n);
}

const char *
spf_query_name(struct arena *arena, struct slice name)
{
	const char *lower = slice_dup_lower(arena, name);
	char *copy;
	size_t n = 0;

	if (slice_find(name, '\\') == name.n)
		return lower;
	copy = arena_alloc(arena, 2 * name.n + 1);
	for (size_t i = 0; i < name.n; i++) {
		if (lower[i] == '\\')
			copy[n++] = '\\';
		copy[n++] = lower[i];
	}
	return copy;
}

const char *
spf_expand(struct arena *arena, const struct spf_values *values,
    struct slice domain_spec)
{
	const char *tokens[TOKENS_MAX];
	const char *p = domain_spec.p, *end = p + domain_spec.n, *next;
	struct name name = { .start = sizeof(name.bytes) };
	struct spf_macro macro;
	size_t n = 0, last;

	for (; p < end; p = next) {
		tokens[n++ % TOKENS_MAX] = p;
		next = *p == '%' ? spf_macro_read(p, end, &macro) : NULL;
		if (next == NULL)
			next = p + 1;
	}
	last = n > TOKENS_MAX ? n - TOKENS_MAX : 0;
	for (; n > last && name.start > 0; n--)
		prepend_token(&name, arena, values, tokens[(n - 1) % TOKENS_MAX], end);
	return spf_query_name(arena, name_cut(&name));
}

const char *
spf_ptr_name(struct arena *arena, const struct ip *ip)
{
	struct spf_values values = { .ip = *ip };

	return spf_expand(arena, &values, SLICE("%{ir}.%{v}.arpa"));
}
