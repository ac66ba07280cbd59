/*
 * Local-part and domain of one address.  Blanks and comments are taken out
 * first, so that what follows sees one run of bytes.
 */
#include <string.h>

#include "base/arena.h"
#include "mail/address.h"
#include "mail/addrspec.h"
#include "mail/bytes.h"
#include "mail/domain.h"
#include "mail/lex.h"
#include "mail/utf8.h"

/* Yahoo takes none of these. */
static const char forbidden[] = ",$%?{}<>";

/* Blanks and comments may stand beside "." and "@" only (section 4.4). */
static bool
gap_fits(const char *before, size_t n, char after)
{
	return n == 0 || before[n - 1] == '.' || before[n - 1] == '@' ||
	    after == '.' || after == '@';
}

/* A comment alone is no blank. */
static unsigned
gap_fault(struct slice gap)
{
	if (gap.n > 0 && (lex_is_blank(gap.p[0]) || lex_is_blank(gap.p[gap.n - 1])))
		return ADDRESS_FAULT_SPACE_IN_ANGLE;
	return 0;
}

static struct slice
without_gaps(struct arena *arena, struct slice spec, unsigned *faults)
{
	struct lex lex = { .text = spec };
	size_t i = lex_skip(&lex, 0), n = 0, end;
	char *out;

	*faults |= gap_fault(slice_sub(spec, 0, i));
	out = arena_alloc(arena, spec.n + 1);
	while (i < spec.n) {
		end = lex_quoted(&lex, i);
		if (end == i)
			end++;
		memcpy(out + n, spec.p + i, end - i);
		n += end - i;
		i = lex_skip(&lex, end);
		*faults |= gap_fault(slice_sub(spec, end, i - end));
		if (i > end && i < spec.n && !gap_fits(out, n, spec.p[i]))
			*faults |= ADDRESS_FAULT_SYNTAX;
	}
	return (struct slice){ out, n };
}

/* Position of the last "@" outside quotes, or n; several are a fault. */
static size_t
find_at(struct slice spec, unsigned *faults)
{
	struct lex lex = { .text = spec };
	size_t at = spec.n, end;

	for (size_t i = 0; i < spec.n; i = end) {
		end = lex_quoted(&lex, i);
		if (end > i)
			continue;
		end = i + 1;
		if (spec.p[i] != '@')
			continue;
		if (at < spec.n)
			*faults |= ADDRESS_FAULT_SYNTAX;
		at = i;
	}
	return at;
}

/* "@one,@two:local@domain": the route is read over (section 4.4). */
static struct slice
without_route(struct slice spec)
{
	size_t colon;

	if (spec.n == 0 || spec.p[0] != '@')
		return spec;
	colon = slice_find(spec, ':');
	return colon < spec.n ? slice_sub(spec, colon + 1, spec.n) : spec;
}

static bool
is_odd(char byte)
{
	unsigned char c = (unsigned char)byte;

	return c < ' ' || c == 0x7f;
}

/* Copies one atom; specials and controls in it are a fault. */
static size_t
add_atom(struct slice atom, char *out, unsigned *faults)
{
	for (size_t i = 0; i < atom.n; i++) {
		if (!lex_is_atext(atom.p[i]))
			*faults |= ADDRESS_FAULT_SYNTAX;
		out[i] = atom.p[i];
	}
	return atom.n;
}

/* word *("." word), each an atom or a quoted string; without the quotes. */
static size_t
unquote_local(struct slice local, char *out, unsigned *faults)
{
	struct lex lex = { .text = local };
	size_t i = 0, n = 0, end;

	while (i < local.n) {
		end = lex_quoted(&lex, i);
		if (end > i) {
			n += lex_unquote(slice_sub(local, i, end - i), out + n);
		} else {
			end = i + slice_find(slice_sub(local, i, local.n), '.');
			n += add_atom(slice_sub(local, i, end - i), out + n, faults);
			if (end == i)
				*faults |= ADDRESS_FAULT_SYNTAX;
		}
		i = end;
		if (i == local.n)
			break;
		if (local.p[i] != '.' || i + 1 == local.n)
			*faults |= ADDRESS_FAULT_SYNTAX;
		if (local.p[i] == '.') {
			out[n++] = '.';
			i++;
		}
	}
	return n;
}

static bool
has_forbidden(struct slice text)
{
	for (size_t i = 0; i < text.n; i++) {
		if (text.p[i] != '\0' && strchr(forbidden, text.p[i]) != NULL)
			return true;
	}
	return false;
}

/* NUL would end the text: it becomes "?". */
static const char *
finish_text(char *text, size_t n, unsigned *faults)
{
	for (size_t i = 0; i < n; i++) {
		if (is_odd(text[i]))
			*faults |= ADDRESS_FAULT_SYNTAX;
		if (text[i] == '\0')
			text[i] = '?';
	}
	text[n] = '\0';
	if (!utf8_valid((struct slice){ text, n }))
		*faults |= ADDRESS_FAULT_SYNTAX;
	return text;
}

static void
read_local(struct arena *arena, struct slice local, struct address *address)
{
	char *out;
	size_t n;

	out = arena_alloc(arena, local.n + 1);
	n = unquote_local(local, out, &address->faults);
	address->local_part = finish_text(out, n, &address->faults);
	if (n == 0)
		address->faults |= ADDRESS_FAULT_NO_LOCAL;
	if (has_forbidden((struct slice){ out, n }))
		address->faults |= ADDRESS_FAULT_FORBIDDEN_CHAR;
}

/* "[...]" of printable ASCII (section 3.4.1). */
static bool
is_literal(struct slice domain)
{
	return domain_is_literal(domain) &&
	    bytes_plain(domain.p, domain.n) == domain.n &&
	    slice_find(domain, ' ') == domain.n && slice_find(domain, '\\') == domain.n;
}

static void
read_domain(struct arena *arena, struct slice domain, struct address *address)
{
	bool is_ascii = true;

	address->domain_utf8 = finish_text(slice_dup(arena, domain), domain.n,
	    &address->faults);
	if (has_forbidden(domain))
		address->faults |= ADDRESS_FAULT_FORBIDDEN_CHAR;
	if (domain.n == 0) {
		address->faults |= ADDRESS_FAULT_NO_DOMAIN;
		return;
	}
	if (domain.p[0] == '[') {
		if (is_literal(domain))
			address->domain = slice_dup_lower(arena, domain);
		else
			address->faults |= ADDRESS_FAULT_SYNTAX;
		return;
	}
	/* "a@example.com>" is read as example.com by some: no mere odd name. */
	for (size_t i = 0; i < domain.n; i++) {
		is_ascii &= (unsigned char)domain.p[i] < 0x80;
		if (!lex_is_atext(domain.p[i]) && domain.p[i] != '.')
			address->faults |= ADDRESS_FAULT_SYNTAX;
	}
	address->domain = domain_to_ascii(arena, domain);
	if (address->domain == NULL) {
		address->domain = "";
		address->faults |= is_ascii ? ADDRESS_FAULT_BAD_LABEL :
		    ADDRESS_FAULT_8BIT_DOMAIN_INVALID;
	} else if (strchr(address->domain, '_') != NULL ||
	    domain.p[domain.n - 1] == '.') {
		address->faults |= ADDRESS_FAULT_BAD_LABEL;
	}
}

static bool
is_dot_atom(const char *text)
{
	for (const char *p = text; *p != '\0'; p++) {
		if (!lex_is_atext(*p) && (*p != '.' || p == text || p[1] == '.' ||
		    p[1] == '\0'))
			return false;
	}
	return *text != '\0';
}

/* local@domain, quoted again where it must be. */
static const char *
make_text(struct arena *arena, const struct address *address)
{
	const char *domain = *address->domain != '\0' ? address->domain :
	    address->domain_utf8;
	size_t local_n = strlen(address->local_part), domain_n = strlen(domain), n = 0;
	bool quote = !is_dot_atom(address->local_part) && local_n > 0;
	char *out;

	out = arena_alloc(arena, 2 * local_n + domain_n + 4);
	if (quote)
		out[n++] = '"';
	for (size_t i = 0; i < local_n; i++) {
		if (quote &&
		    (address->local_part[i] == '"' || address->local_part[i] == '\\'))
			out[n++] = '\\';
		out[n++] = address->local_part[i];
	}
	if (quote)
		out[n++] = '"';
	if (domain_n > 0) {
		out[n++] = '@';
		memcpy(out + n, domain, domain_n);
	}
	return out;
}

void
addrspec_parse(struct arena *arena, struct slice spec, struct address *address)
{
	size_t at;

	address->local_part = address->domain = address->domain_utf8 = "";
	spec = without_route(without_gaps(arena, spec, &address->faults));
	if (lex_has_encoded_word(spec))
		address->faults |= ADDRESS_FAULT_ENCODED_WORD;
	at = find_at(spec, &address->faults);
	read_local(arena, slice_sub(spec, 0, at), address);
	read_domain(arena, slice_sub(spec, at < spec.n ? at + 1 : at, spec.n), address);
	address->text = make_text(arena, address);
}
