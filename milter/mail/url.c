/*
 * URLs read as browsers and mail programs read them (the URL standard of the
 * WHATWG, sections 3 and 4), because that is where a click leads.
 */
#include <stdint.h>
#include <string.h>

#include "base/arena.h"
#include "base/ip.h"
#include "mail/domain.h"
#include "mail/psl.h"
#include "mail/text.h"
#include "mail/url.h"
#include "mail/utf8.h"

enum { SCHEME_MAX = 32, HOST_MAX = 1024, PORT_MAX = 65535 };

static bool
is_digit(char c)
{
	return c >= '0' && c <= '9';
}

static bool
is_alnum(char c)
{
	return is_digit(c) || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}

static char
lower(char c)
{
	return c >= 'A' && c <= 'Z' ? (char)(c - 'A' + 'a') : c;
}

static bool
is_blank(char c)
{
	return (unsigned char)c <= ' ';
}

static bool
is_slash(char c)
{
	return c == '/' || c == '\\';
}

static int
hex_value(char c)
{
	c = lower(c);
	return is_digit(c) ? c - '0' : c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

/* Without blanks at the ends and control characters within. */
static struct slice
clean(struct arena *arena, struct slice value)
{
	char *copy;
	size_t i, n = 0;

	while (value.n > 0 && is_blank(value.p[0]))
		value = slice_sub(value, 1, value.n);
	if (value.n > URL_MAX)
		value.n = URL_MAX;
	while (value.n > 0 && is_blank(value.p[value.n - 1]))
		value.n--;
	for (i = 0; i < value.n; i++) {
		if ((unsigned char)value.p[i] < ' ')
			break;
	}
	if (i == value.n)
		return value;
	copy = arena_alloc(arena, value.n);
	for (i = 0; i < value.n; i++) {
		if ((unsigned char)value.p[i] >= ' ')
			copy[n++] = value.p[i];
	}
	return (struct slice){ copy, n };
}

static bool
has_zero_width(struct slice text)
{
	unsigned code;
	size_t i;

	for (i = 0; i < text.n && (unsigned char)text.p[i] < 0x80; i++)
		;
	text = slice_sub(text, i, text.n);
	while (text.n > 0) {
		text = slice_sub(text, utf8_next(text, &code), text.n);
		if (text_is_zero_width(code))
			return true;
	}
	return false;
}

static const struct {
	const char *name;
	enum url_kind kind;
} schemes[] = {
	{ "http", URL_HTTP }, { "https", URL_HTTPS }, { "mailto", URL_MAILTO },
	{ "tel", URL_TEL }, { "javascript", URL_JAVASCRIPT }, { "data", URL_DATA },
	{ "file", URL_FILE }, { "cid", URL_CID },
};

static enum url_kind
scheme_kind(const char *name)
{
	for (size_t i = 0; i < sizeof(schemes) / sizeof(schemes[0]); i++) {
		if (strcmp(schemes[i].name, name) == 0)
			return schemes[i].kind;
	}
	return URL_OTHER;
}

/*
 * The kind by the scheme, which is taken off the front of *rest.  Blanks and
 * zero-width characters inside are passed over, but an unknown scheme with
 * them is prose, and one with a dot is "example.com:80".
 */
static enum url_kind
take_scheme(struct slice *rest)
{
	char name[SCHEME_MAX + 1];
	bool is_odd = false;
	size_t n = 0, i = 0, step;
	enum url_kind kind;
	unsigned code;

	while (i < rest->n && rest->p[i] != ':') {
		step = utf8_next(slice_sub(*rest, i, rest->n), &code);
		if (code <= ' ' || text_is_zero_width(code)) {
			is_odd = true;
		} else if (n == SCHEME_MAX || (!is_alnum(rest->p[i]) &&
		    rest->p[i] != '+' && rest->p[i] != '-')) {
			return URL_NONE;
		} else {
			name[n++] = lower(rest->p[i]);
		}
		i += step;
	}
	if (i == rest->n || n == 0 || is_digit(name[0]))
		return URL_NONE;
	name[n] = '\0';
	kind = scheme_kind(name);
	if (kind == URL_OTHER && is_odd)
		return URL_NONE;
	*rest = slice_sub(*rest, i + 1, rest->n);
	return kind;
}

/* One number of an IPv4 address: decimal, 0 octal, 0x hexadecimal. */
static bool
read_number(struct slice text, uint64_t *number_r)
{
	unsigned base = 10;
	uint64_t number = 0;
	int digit;

	if (text.n == 0)
		return false;
	if (text.n >= 2 && text.p[0] == '0' && lower(text.p[1]) == 'x') {
		base = 16;
		text = slice_sub(text, 2, text.n);
	} else if (text.n >= 2 && text.p[0] == '0') {
		base = 8;
	}
	for (size_t i = 0; i < text.n; i++) {
		digit = hex_value(text.p[i]);
		if (digit < 0 || (unsigned)digit >= base)
			return false;
		number = number * base + (unsigned)digit;
		if (number > UINT32_MAX)
			return false;
	}
	*number_r = number;
	return true;
}

/* The standard's "ends in a number": such a host is an IPv4 address or none. */
static bool
ends_in_number(struct slice host)
{
	uint64_t number;
	size_t i;

	while (host.n > 0 && host.p[host.n - 1] == '.')
		host.n--;
	for (i = host.n; i > 0 && host.p[i - 1] != '.'; i--)
		;
	host = slice_sub(host, i, host.n);
	for (i = 0; i < host.n && is_digit(host.p[i]); i++)
		;
	return host.n > 0 && (i == host.n || read_number(host, &number));
}

/* One to four numbers; the last fills what is left of 32 bits. */
static bool
read_ipv4(struct slice host, struct ip *ip_r)
{
	uint64_t number = 0, address = 0;
	struct slice part;
	size_t n = 0;

	if (host.n > 0 && host.p[host.n - 1] == '.')
		host.n--;
	while (slice_split(&host, '.', &part)) {
		if (n == 4 || (n > 0 && number > 255) || !read_number(part, &number))
			return false;
		if (n < 3 && host.n > 0)
			address |= number << (24 - 8 * n);
		n++;
	}
	if (n == 0 || number >= (uint64_t)1 << (8 * (5 - n)))
		return false;
	address |= number;
	*ip_r = (struct ip){ .family = 4 };
	for (size_t i = 0; i < 4; i++)
		ip_r->bytes[i] = (unsigned char)(address >> (24 - 8 * i));
	return true;
}

/* Names IDNA refuses and DNS has all the same, such as "-a.example.com". */
static const char *
odd_name(struct arena *arena, struct slice host)
{
	const char *name;

	if (host.n > 1 && host.p[host.n - 1] == '.')
		host.n--;
	for (size_t i = 0; i < host.n; i++) {
		char c = host.p[i];

		if (!is_alnum(c) && c != '-' && c != '_' && c != '.')
			return NULL;
	}
	if (host.n == 0 || host.n > DOMAIN_MAX)
		return NULL;
	name = slice_dup_lower(arena, host);
	return domain_is_queryable(name) ? name : NULL;
}

/* Copies without zero-width characters; joiners are part of some names. */
static struct slice
without_zero_width(struct slice text, bool keep_joiners, char *copy)
{
	size_t n = 0, step;
	unsigned code;

	while (text.n > 0) {
		step = utf8_next(text, &code);
		if (!text_is_zero_width(code) ||
		    (keep_joiners && (code == 0x200c || code == 0x200d))) {
			memcpy(copy + n, text.p, step);
			n += step;
		}
		text = slice_sub(text, step, text.n);
	}
	return (struct slice){ copy, n };
}

static const char *
host_name(struct arena *arena, struct slice host, bool has_invisible)
{
	char copy[HOST_MAX];
	const char *name;

	if (!has_invisible) {
		name = domain_to_ascii(arena, host);
	} else {
		name = domain_to_ascii(arena, without_zero_width(host, true, copy));
		if (name == NULL) {
			host = without_zero_width(host, false, copy);
			name = domain_to_ascii(arena, host);
		}
	}
	return name != NULL ? name : odd_name(arena, host);
}

static void
set_address(struct arena *arena, const struct ip *ip, struct url *url)
{
	url->host = ip_text(arena, ip);
	url->host_is_ip = true;
}

/* `shown` is decoded; an IPv6 address stands in brackets. */
static void
read_host(struct arena *arena, struct slice shown, struct url *url)
{
	const char *name;
	struct ip ip;

	if (shown.n == 0)
		return;
	if (has_zero_width(shown))
		url->has_invisible = true;
	if (shown.p[0] == '[') {
		url->host_shown = slice_dup(arena, shown);
		if (shown.p[shown.n - 1] == ']' &&
		    ip_parse(slice_sub(shown, 1, shown.n - 2), &ip))
			set_address(arena, &ip, url);
		return;
	}
	name = host_name(arena, shown, url->has_invisible);
	url->host_shown = name != NULL && slice_eq(slice_of(name), shown) ? name :
	    slice_dup(arena, shown);
	if (name == NULL)
		return;
	if (ends_in_number(slice_of(name))) {
		if (read_ipv4(slice_of(name), &ip))
			set_address(arena, &ip, url);
		return;
	}
	url->host = name;
	url->org_domain = psl_org_domain(name);
}

/* Percent-decoded into `copy` of HOST_MAX; empty when there is too much of it. */
static struct slice
decode_host(struct slice host, char *copy)
{
	size_t n = 0;

	if (host.n > HOST_MAX)
		return SLICE("");
	if (slice_find(host, '%') == host.n)
		return host;
	for (size_t i = 0; i < host.n; i++) {
		if (host.p[i] == '%' && i + 2 < host.n &&
		    hex_value(host.p[i + 1]) >= 0 && hex_value(host.p[i + 2]) >= 0) {
			copy[n++] = (char)(hex_value(host.p[i + 1]) * 16 +
			    hex_value(host.p[i + 2]));
			i += 2;
		} else {
			copy[n++] = host.p[i];
		}
	}
	return (struct slice){ copy, n };
}

static void
read_port(struct slice text, struct url *url)
{
	unsigned own = url->kind == URL_HTTP ? 80 : 443;
	unsigned long port;

	if (slice_number(text, PORT_MAX, &port) && port != own)
		url->port = (unsigned)port;
}

/* userinfo "@" host ":" port */
static void
read_authority(struct arena *arena, struct slice text, struct url *url)
{
	char copy[HOST_MAX];
	size_t i, colon = text.n;

	for (i = text.n; i > 0 && text.p[i - 1] != '@'; i--)
		;
	if (i > 0) {
		url->has_userinfo = true;
		text = slice_sub(text, i, text.n);
		colon = text.n;
	}
	for (i = text.n; i > 0 && text.p[i - 1] != ']'; i--) {
		if (text.p[i - 1] == ':')
			colon = i - 1;
	}
	if (colon < text.n)
		read_port(slice_sub(text, colon + 1, text.n), url);
	text.n = colon;
	read_host(arena, decode_host(text, copy), url);
}

static void
read_web(struct arena *arena, struct slice rest, struct url *url)
{
	size_t i = 0, end;

	while (i < rest.n && is_slash(rest.p[i]))
		i++;
	for (end = i; end < rest.n; end++) {
		if (is_slash(rest.p[end]) || rest.p[end] == '?' || rest.p[end] == '#')
			break;
	}
	read_authority(arena, slice_sub(rest, i, end - i), url);
	url->path = slice_sub(rest, end, rest.n);
}

static bool
is_www(struct slice text)
{
	return text.n > 4 && slice_starts_nocase(text, "www.");
}

void
url_parse(struct arena *arena, struct slice value, struct url *url_r)
{
	struct slice rest = clean(arena, value);

	*url_r = (struct url){ .kind = URL_NONE };
	url_r->has_invisible = has_zero_width(rest);
	if (is_www(rest) || (rest.n > 2 && is_slash(rest.p[0]) &&
	    is_slash(rest.p[1]))) {
		/* What a program adds is its own choice; a lack is no http: link. */
		url_r->kind = URL_HTTPS;
	} else {
		url_r->kind = take_scheme(&rest);
	}
	switch (url_r->kind) {
	case URL_HTTP:
	case URL_HTTPS:
		read_web(arena, rest, url_r);
		break;
	case URL_NONE:
		return;
	case URL_MAILTO:
	case URL_TEL:
	case URL_JAVASCRIPT:
	case URL_DATA:
	case URL_FILE:
	case URL_CID:
	case URL_OTHER:
		url_r->path = rest;
		break;
	}
	url_r->path.p = slice_dup(arena, url_r->path);
}

/* Ends a URL in running text: blanks, quotes and brackets of any script. */
static bool
is_end(unsigned code)
{
	if (code <= ' ' || code == 0x7f || code == '<' || code == '>' || code == '"')
		return true;
	if (code < 0x80)
		return false;
	return (code >= 0x80 && code <= 0xa0) || code == 0xab || code == 0xbb ||
	    (code >= 0x2000 && code <= 0x200a) || (code >= 0x2018 && code <= 0x201f) ||
	    code == 0x2028 || code == 0x2029 || code == 0x202f || code == 0x2039 ||
	    code == 0x203a || code == 0x205f || (code >= 0x3000 && code <= 0x301f &&
	    code != 0x3002) || (code >= 0xff08 && code <= 0xff0c) || code == 0xff1b ||
	    code == 0xfffd;
}

/* "See (http://example.com/a_(b))." keeps the inner pair. */
static size_t
without_trailing(struct slice text)
{
	size_t open = 0, close = 0, i;

	for (i = 0; i < text.n; i++) {
		open += text.p[i] == '(';
		close += text.p[i] == ')';
	}
	while (text.n > 0) {
		char c = text.p[text.n - 1];

		if (c == ')' && close > open)
			close--;
		else if (c == ')' || strchr(".,;:!?'*_~]}|`", c) == NULL || c == '\0')
			break;
		text.n--;
	}
	return text.n;
}

/* Octets of "http://", "https://" or "www." the text begins with; 0: none. */
static size_t
web_prefix(struct slice text)
{
	switch (text.p[0]) {
	case 'h':
	case 'H':
		return slice_starts_nocase(text, "http://") ? 7 :
		    slice_starts_nocase(text, "https://") ? 8 : 0;
	case 'w':
	case 'W':
		return slice_starts_nocase(text, "www.") ? 4 : 0;
	}
	return 0;
}

bool
url_find(struct slice text, size_t *at, struct slice *url_r)
{
	struct slice rest;
	size_t i, n, step, prefix;
	unsigned code;

	for (i = *at; i < text.n; i++) {
		char c = text.p[i];

		if ((c != 'h' && c != 'w' && c != 'H' && c != 'W') ||
		    (i > 0 && is_alnum(text.p[i - 1])))
			continue;
		rest = slice_sub(text, i, text.n);
		prefix = web_prefix(rest);
		if (prefix == 0)
			continue;
		for (n = prefix; n < rest.n && n < URL_MAX; n += step) {
			step = utf8_next(slice_sub(rest, n, 4), &code);
			if (is_end(code))
				break;
		}
		rest.n = n;
		*at = i + n;
		rest.n = without_trailing(rest);
		if (rest.n > prefix) {
			*url_r = rest;
			return true;
		}
		i = *at - 1;
	}
	*at = text.n;
	return false;
}
