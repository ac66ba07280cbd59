/*
 * The grammar of RFC 7208 section 12.  A rule_ function takes the position
 * where its rule should begin and gives the position after it, or NULL.
 */
#include <arpa/inet.h>
#include <string.h>

#include "base/arena.h"
#include "evidence/spf/fault.h"
#include "evidence/spf/grammar.h"

enum { KEEP_MAX = 1000 };	/* "%{d1000}" keeps as much as "%{d}" does */

static bool
is_digit(char c)
{
	return c >= '0' && c <= '9';
}

static bool
is_alpha(char c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}

static bool
is_alphanum(char c)
{
	return is_alpha(c) || is_digit(c);
}

/* A literal of the grammar, in any case (RFC 5234 section 2.3). */
static const char *
rule_literal(const char *p, const char *end, const char *literal)
{
	struct slice rest = { p, (size_t)(end - p) };

	return slice_starts_nocase(rest, literal) ? p + strlen(literal) : NULL;
}

/* macro-letter, without c, r and t: those are for explanations (section 7.2). */
static const char *
rule_macro_letter(const char *p, const char *end, struct spf_macro *macro)
{
	if (p == end || *p == '\0' || strchr("slodiphvSLODIPHV", *p) == NULL)
		return NULL;
	macro->escape = *p < 'a';
	macro->letter = (char)(*p | 0x20);
	return p + 1;
}

/* transformers = *DIGIT [ "r" ]; a number must not be zero (section 7.1). */
static const char *
rule_transformers(const char *p, const char *end, struct spf_macro *macro)
{
	const char *start = p;

	for (; p < end && is_digit(*p); p++) {
		if (macro->keep < KEEP_MAX)
			macro->keep = macro->keep * 10 + (unsigned)(*p - '0');
	}
	if (p > start && macro->keep == 0)
		return NULL;
	if (p < end && (*p == 'r' || *p == 'R')) {
		macro->reverse = true;
		p++;
	}
	return p;
}

static const char *
rule_delimiters(const char *p, const char *end, struct spf_macro *macro)
{
	const char *start = p;

	while (p < end && *p != '\0' && strchr(".-+,/_=", *p) != NULL)
		p++;
	macro->delimiters = (struct slice){ start, (size_t)(p - start) };
	return p;
}

/*
 * macro-expand = ( "%{" macro-letter transformers *delimiter "}" ) /
 *                "%%" / "%_" / "%-"
 */
const char *
spf_macro_read(const char *p, const char *end, struct spf_macro *macro_r)
{
	*macro_r = (struct spf_macro){ 0 };
	if (end - p < 2 || *p != '%')
		return NULL;
	p++;
	if (*p == '%' || *p == '_' || *p == '-') {
		macro_r->letter = *p;
		return p + 1;
	}
	if (*p != '{')
		return NULL;
	p = rule_macro_letter(p + 1, end, macro_r);
	p = p == NULL ? NULL : rule_transformers(p, end, macro_r);
	p = p == NULL ? NULL : rule_delimiters(p, end, macro_r);
	return p == NULL || p == end || *p != '}' ? NULL : p + 1;
}

static const char *
rule_macro_expand(const char *p, const char *end, struct spf_term *term)
{
	struct spf_macro macro;

	p = spf_macro_read(p, end, &macro);
	if (p != NULL && is_alpha(macro.letter))
		term->letters |= SPF_LETTER(macro.letter);
	return p;
}

/* macro-literal = %x21-24 / %x26-7E */
static const char *
rule_macro_literal(const char *p, const char *end)
{
	return p < end && *p > 0x20 && *p < 0x7f && *p != '%' ? p + 1 : NULL;
}

/* macro-string = *( macro-expand / macro-literal ), here up to the end. */
static const char *
rule_macro_string(const char *p, const char *end, struct spf_term *term)
{
	while (p != NULL && p < end) {
		p = *p == '%' ? rule_macro_expand(p, end, term) :
		    rule_macro_literal(p, end);
	}
	return p;
}

/*
 * toplabel = ( *alphanum ALPHA *alphanum ) /
 *            ( 1*alphanum "-" *( alphanum / "-" ) alphanum )
 */
static const char *
rule_toplabel(const char *p, const char *end)
{
	const char *start = p;
	bool not_number = false;

	for (; p < end && (is_alphanum(*p) || *p == '-'); p++)
		not_number = not_number || !is_digit(*p);
	if (p == start || !not_number || *start == '-' || p[-1] == '-')
		return NULL;
	return p;
}

/* The last part of a domain-spec without macros in it: toplabel [ "." ] */
static const char *
rule_domain_end(const char *p, const char *end)
{
	p = rule_toplabel(p, end);
	if (p != NULL && p < end && *p == '.')
		p++;
	return p == end ? p : NULL;
}

/*
 * domain-spec = macro-string domain-end
 * domain-end  = ( "." toplabel [ "." ] ) / macro-expand
 * It must reach to the end.
 */
static const char *
rule_domain_spec(const char *p, const char *end, struct spf_term *term)
{
	const char *start = p, *after_dot = NULL;
	bool ends_in_macro = false;

	while (p != NULL && p < end) {
		ends_in_macro = *p == '%';
		if (*p == '.' && p + 1 < end)
			after_dot = p + 1;
		p = ends_in_macro ? rule_macro_expand(p, end, term) :
		    rule_macro_literal(p, end);
	}
	if (p == NULL || (!ends_in_macro &&
	    (after_dot == NULL || rule_domain_end(after_dot, end) == NULL)))
		return NULL;
	term->domain = (struct slice){ start, (size_t)(end - start) };
	term->has_domain = true;
	return end;
}

/* "0" / %x31-39 0*DIGIT, at most max, with as many digits as max has. */
static const char *
rule_number(const char *p, const char *end, unsigned max, unsigned char *number_r)
{
	const char *start = p;
	unsigned number = 0;

	for (; p < end && is_digit(*p) && number <= max; p++)
		number = number * 10 + (unsigned)(*p - '0');
	if (p == start || number > max || (*start == '0' && p > start + 1))
		return NULL;
	*number_r = (unsigned char)number;
	return p;
}

/* ip4-cidr-length and ip6-cidr-length: "/" and a number. */
static const char *
rule_cidr_length(const char *p, const char *end, unsigned max, unsigned char *bits_r)
{
	return p < end && *p == '/' ? rule_number(p + 1, end, max, bits_r) : NULL;
}

/* dual-cidr-length = [ ip4-cidr-length ] [ "/" ip6-cidr-length ] */
static const char *
rule_dual_cidr_length(const char *p, const char *end, struct spf_term *term)
{
	if (end - p > 1 && p[0] == '/' && p[1] != '/')
		p = rule_cidr_length(p, end, 32, &term->bits4);
	if (p != NULL && end - p > 1 && p[0] == '/' && p[1] == '/')
		p = rule_cidr_length(p + 1, end, 128, &term->bits6);
	return p == end ? p : NULL;
}

static const char *
back_over_digits(const char *start, const char *p)
{
	while (p > start && is_digit(p[-1]))
		p--;
	return p;
}

/*
 * Where a dual-cidr-length at the end begins.  A domain-spec may hold slashes
 * too, but never ends in one and digits: its last label is no number.
 */
static const char *
cidr_start(const char *start, const char *end)
{
	const char *p = back_over_digits(start, end), *q;

	if (p == end || p == start || p[-1] != '/')
		return end;
	p--;
	if (p == start || p[-1] != '/')
		return p;
	p--;
	q = back_over_digits(start, p);
	return q < p && q > start && q[-1] == '/' ? q - 1 : p;
}

static const char *
rule_nothing(const char *p, const char *end, struct spf_term *term)
{
	(void)term;
	return p == end ? p : NULL;
}

/* ":" domain-spec */
static const char *
rule_target(const char *p, const char *end, struct spf_term *term)
{
	return p < end && *p == ':' ? rule_domain_spec(p + 1, end, term) : NULL;
}

/* [ ":" domain-spec ] */
static const char *
rule_optional_target(const char *p, const char *end, struct spf_term *term)
{
	return p == end ? p : rule_target(p, end, term);
}

/* [ ":" domain-spec ] [ dual-cidr-length ] */
static const char *
rule_hosts(const char *p, const char *end, struct spf_term *term)
{
	const char *cidr = cidr_start(p, end);

	p = rule_optional_target(p, cidr, term);
	return p == NULL ? NULL : rule_dual_cidr_length(p, end, term);
}

/* qnum, four times, with dots between. */
static const char *
rule_ip4_network(const char *p, const char *end, struct ip *ip)
{
	for (size_t i = 0; i < 4 && p != NULL; i++) {
		if (i > 0)
			p = p < end && *p == '.' ? p + 1 : NULL;
		p = p == NULL ? NULL : rule_number(p, end, 255, &ip->bytes[i]);
	}
	ip->family = 4;
	return p;
}

/* ":" ip4-network [ ip4-cidr-length ] */
static const char *
rule_ip4(const char *p, const char *end, struct spf_term *term)
{
	if (p == end || *p != ':')
		return NULL;
	p = rule_ip4_network(p + 1, end, &term->net.addr);
	term->net.bits = 32;
	if (p != NULL && p < end)
		p = rule_cidr_length(p, end, 32, &term->net.bits);
	return p == end ? p : NULL;
}

/* RFC 4291 section 2.2, up to the next slash. */
static const char *
rule_ip6_network(const char *p, const char *end, struct ip *ip)
{
	char text[IP_TEXT_MAX];
	size_t n = 0;

	while (p + n < end && (is_alphanum(p[n]) || p[n] == ':' || p[n] == '.'))
		n++;
	if (n == 0 || n >= sizeof(text))
		return NULL;
	memcpy(text, p, n);
	text[n] = '\0';
	ip->family = 6;
	return inet_pton(AF_INET6, text, ip->bytes) == 1 ? p + n : NULL;
}

/* ":" ip6-network [ ip6-cidr-length ] */
static const char *
rule_ip6(const char *p, const char *end, struct spf_term *term)
{
	if (p == end || *p != ':')
		return NULL;
	p = rule_ip6_network(p + 1, end, &term->net.addr);
	term->net.bits = 128;
	if (p != NULL && p < end)
		p = rule_cidr_length(p, end, 128, &term->net.bits);
	return p == end ? p : NULL;
}

static const struct mechanism {
	const char *name;
	enum spf_kind kind;
	const char *(*arguments)(const char *p, const char *end, struct spf_term *term);
} mechanisms[] = {
	{ "all", SPF_KIND_ALL, rule_nothing },
	{ "include", SPF_KIND_INCLUDE, rule_target },
	{ "a", SPF_KIND_A, rule_hosts },
	{ "mx", SPF_KIND_MX, rule_hosts },
	{ "ptr", SPF_KIND_PTR, rule_optional_target },
	{ "ip4", SPF_KIND_IP4, rule_ip4 },
	{ "ip6", SPF_KIND_IP6, rule_ip6 },
	{ "exists", SPF_KIND_EXISTS, rule_target },
};

/* name = ALPHA *( ALPHA / DIGIT / "-" / "_" / "." ) */
static const char *
rule_name(const char *p, const char *end)
{
	if (p == end || !is_alpha(*p))
		return NULL;
	while (p < end && (is_alphanum(*p) || *p == '-' || *p == '_' || *p == '.'))
		p++;
	return p;
}

/* mechanism = all / include / a / mx / ptr / ip4 / ip6 / exists */
static const char *
rule_mechanism(const char *p, const char *end, struct spf_term *term)
{
	const char *name_end = p;
	struct slice name;

	while (name_end < end && is_alphanum(*name_end))
		name_end++;
	name = (struct slice){ p, (size_t)(name_end - p) };
	for (size_t i = 0; i < sizeof(mechanisms) / sizeof(mechanisms[0]); i++) {
		if (!slice_is(name, mechanisms[i].name))
			continue;
		term->kind = mechanisms[i].kind;
		return mechanisms[i].arguments(name_end, end, term);
	}
	return NULL;
}

/* directive = [ qualifier ] mechanism */
static const char *
rule_directive(const char *p, const char *end, struct spf_term *term)
{
	term->qualifier = '+';
	if (p < end && *p != '\0' && strchr("+-?~", *p) != NULL)
		term->qualifier = *p++;
	return rule_mechanism(p, end, term);
}

/* modifier = redirect / explanation / unknown-modifier, after the name and "=" */
static const char *
rule_modifier(const char *name, const char *p, const char *end, struct spf_term *term)
{
	if (rule_literal(name, end, "redirect=") == p) {
		term->kind = SPF_KIND_REDIRECT;
		return rule_domain_spec(p, end, term);
	}
	if (rule_literal(name, end, "exp=") == p) {
		term->kind = SPF_KIND_EXP;
		return rule_domain_spec(p, end, term);
	}
	term->kind = SPF_KIND_UNKNOWN_MODIFIER;
	return rule_macro_string(p, end, term);
}

/* directive / modifier; the term must reach to the end. */
static const char *
rule_term(const char *p, const char *end, struct spf_term *term)
{
	const char *equals = rule_name(p, end);

	*term = (struct spf_term){
		.text = { p, (size_t)(end - p) }, .bits4 = 32, .bits6 = 128,
	};
	if (equals != NULL && equals < end && *equals == '=')
		return rule_modifier(p, equals + 1, end, term);
	return rule_directive(p, end, term);
}

/* Section 6: redirect and exp stand at most once. */
static bool
record_add(struct spf_record *record, const struct spf_term *term, bool *has_exp)
{
	switch (term->kind) {
	case SPF_KIND_REDIRECT:
		if (record->has_redirect)
			return false;
		record->has_redirect = true;
		record->redirect = *term;
		break;
	case SPF_KIND_EXP:
		if (*has_exp)
			return false;
		*has_exp = true;
		return true;
	case SPF_KIND_UNKNOWN_MODIFIER:
		return true;
	case SPF_KIND_ALL:
	case SPF_KIND_INCLUDE:
	case SPF_KIND_A:
	case SPF_KIND_MX:
	case SPF_KIND_PTR:
	case SPF_KIND_IP4:
	case SPF_KIND_IP6:
	case SPF_KIND_EXISTS:
		record->terms[record->n++] = *term;
		break;
	}
	record->letters |= term->letters;
	return true;
}

static size_t
count_terms(struct slice rest)
{
	struct slice word;
	size_t n = 0;

	while (slice_split(&rest, ' ', &word))
		n += word.n > 0;
	return n;
}

bool
spf_record_is(struct slice text)
{
	return slice_starts_nocase(text, "v=spf1") && (text.n == 6 || text.p[6] == ' ');
}

/* record = version terms *SP; terms = *( 1*SP ( directive / modifier ) ) */
int
spf_record_parse(struct arena *arena, struct slice text, size_t max_terms,
    struct spf_record *record_r, struct spf_fault *fault_r)
{
	struct slice rest = slice_sub(text, 6, text.n), word;
	struct spf_term term;
	size_t n = count_terms(rest);
	bool has_exp = false;

	*record_r = (struct spf_record){ 0 };
	*fault_r = (struct spf_fault){ .why = "it has too many terms" };
	if (n > max_terms)
		return -1;
	record_r->terms = arena_array(arena, n, sizeof(record_r->terms[0]));
	while (slice_split(&rest, ' ', &word)) {
		if (word.n == 0)
			continue;
		fault_r->term = word;
		if (rule_term(word.p, word.p + word.n, &term) == NULL) {
			fault_r->why = spf_fault_why(word);
			return -1;
		}
		if (!record_add(record_r, &term, &has_exp)) {
			fault_r->why = "it stands twice";
			return -1;
		}
	}
	return 0;
}

bool
spf_kind_asks_dns(enum spf_kind kind)
{
	switch (kind) {
	case SPF_KIND_INCLUDE:
	case SPF_KIND_A:
	case SPF_KIND_MX:
	case SPF_KIND_PTR:
	case SPF_KIND_EXISTS:
	case SPF_KIND_REDIRECT:
		return true;
	case SPF_KIND_ALL:
	case SPF_KIND_IP4:
	case SPF_KIND_IP6:
	case SPF_KIND_EXP:
	case SPF_KIND_UNKNOWN_MODIFIER:
		return false;
	}
	return false;
}
