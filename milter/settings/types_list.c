/*
 * Types of several values.
 */
#include <string.h>

#include "base/arena.h"
#include "settings/errors.h"
#include "settings/lists.h"
#include "settings/names.h"
#include "settings/types.h"

enum { LOGIN_MAX = 255, GLOB_MAX = 100 };

/* Is a value written that stands in the list before already?  Tells so. */
static bool
is_repeated(struct reading *reading, const struct option *option,
    const struct values *values, size_t i)
{
	for (size_t j = 0; j < i; j++) {
		if (strcmp(values->p[j].text, values->p[i].text) == 0) {
			errors_add(reading->errors, reading->file, values->p[i].line,
			    option->name, "expected each value once (got %s twice)",
			    errors_shown(reading->errors, values->p[i].text));
			return true;
		}
	}
	return false;
}

static void
set_words(struct reading *reading, const struct option *option, void *section,
    const struct values *values)
{
	unsigned bits = 0;
	int position;

	for (size_t i = 0; i < values->n; i++) {
		position = limits_find(option->limits, values->p[i].text);
		if (position < 0)
			type_wrong(reading, option, &values->p[i],
			    limits_text(reading->work, option->limits));
		else if (!is_repeated(reading, option, values, i))
			bits |= 1u << position;
	}
	*(unsigned *)type_member(option, section) = bits;
}

static bool
format_words(const struct option *option, const void *section, struct buf *out)
{
	unsigned bits = *(const unsigned *)type_member_const(option, section);
	bool is_first = true;

	buf_add_char(out, '{');
	for (unsigned i = 0; i < 32; i++) {
		if ((bits & 1u << i) == 0)
			continue;
		buf_add_str(out, is_first ? "" : ", ");
		buf_add_slice(out, limits_word(option->limits, i));
		is_first = false;
	}
	buf_add_char(out, '}');
	return true;
}

/*
 * A list of texts: `form` gives the text to keep, or NULL for one that does
 * not fit; then `expected` is told.
 */
static void
set_strings(struct reading *reading, const struct option *option, void *section,
    const struct values *values,
    const char *(*form)(struct arena *arena, struct slice text), const char *expected)
{
	struct settings_strings *strings = type_member(option, section);
	const char *text;

	strings->p = arena_array(reading->arena, values->n, sizeof(*strings->p));
	strings->n = 0;
	for (size_t i = 0; i < values->n; i++) {
		text = form(reading->arena, slice_of(values->p[i].text));
		if (text != NULL)
			strings->p[strings->n++] = text;
		else if (!name_is_ascii(slice_of(values->p[i].text)))
			type_wrong(reading, option, &values->p[i], "names in their ASCII "
			    "form, which starts with xn-- (idn2 prints it)");
		else
			type_wrong(reading, option, &values->p[i], expected);
	}
}

static bool
format_strings(const struct option *option, const void *section, struct buf *out)
{
	const struct settings_strings *strings = type_member_const(option, section);

	buf_add_char(out, '{');
	for (size_t i = 0; i < strings->n; i++) {
		buf_add_str(out, i == 0 ? "" : ", ");
		type_quote(out, strings->p[i]);
	}
	buf_add_char(out, '}');
	return true;
}

/* "address" or "address@port", canonical. */
static const char *
form_server(struct arena *arena, struct slice text)
{
	size_t at = slice_find(text, '@');
	unsigned long port;
	struct ip ip;

	if (!ip_parse(slice_sub(text, 0, at), &ip))
		return NULL;
	if (at == text.n)
		return ip_text(arena, &ip);
	if (!slice_number(slice_sub(text, at + 1, text.n), 65535, &port) || port == 0)
		return NULL;
	return arena_printf(arena, "%s@%lu", ip_text(arena, &ip), port);
}

static void
set_servers(struct reading *reading, const struct option *option, void *section,
    const struct values *values)
{
	set_strings(reading, option, section, values, form_server,
	    "addresses of DNS servers, ADDRESS or ADDRESS@PORT");
}

static const char *
form_daemon(struct arena *arena, struct slice text)
{
	if (slice_find(text, '@') < text.n)
		return form_server(arena, text);
	return name_is_of(text, "_-.") ? slice_dup(arena, text) : NULL;
}

static void
set_daemons(struct reading *reading, const struct option *option, void *section,
    const struct values *values)
{
	set_strings(reading, option, section, values, form_daemon,
	    "names of MTA daemons (macro {daemon_name}) or ADDRESS@PORT");
}

static const char *
form_code(struct arena *arena, struct slice text)
{
	struct blocklist_code code;

	return blocklist_codes_read(text, &code) ? slice_dup(arena, text) : NULL;
}

static void
set_codes(struct reading *reading, const struct option *option, void *section,
    const struct values *values)
{
	set_strings(reading, option, section, values, form_code,
	    "answers within 127.0.0.0/8: 127.0.0.2 or 127.0.0.4-127.0.0.7");
}

static const char *
form_pattern(struct arena *arena, struct slice text)
{
	return name_is_pattern(text) ? slice_dup_lower(arena, text) : NULL;
}

static void
set_patterns(struct reading *reading, const struct option *option, void *section,
    const struct values *values)
{
	set_strings(reading, option, section, values, form_pattern,
	    "domains: \"*\", \"*.example.com\" or \"example.com\"");
	if (values->n == 0)
		errors_add(reading->errors, reading->file, values->line, option->name,
		    "expected at least one domain (\"*\" is every domain)");
}

static const char *
form_domain(struct arena *arena, struct slice text)
{
	return name_is_domain(text) ? slice_dup_lower(arena, text) : NULL;
}

static void
set_domains(struct reading *reading, const struct option *option, void *section,
    const struct values *values)
{
	set_strings(reading, option, section, values, form_domain,
	    "domains, as in clicks.example.net");
}

static const char *
form_sender(struct arena *arena, struct slice text)
{
	bool ok = text.n > 2 && text.p[0] == '@' ?
	    name_is_pattern(slice_sub(text, 1, text.n)) : name_is_mailbox(text);

	return ok ? slice_dup_lower(arena, text) : NULL;
}

static void
set_senders(struct reading *reading, const struct option *option, void *section,
    const struct values *values)
{
	set_strings(reading, option, section, values, form_sender,
	    "addresses, or domains as @example.com or @*.example.com");
}

static const char *
form_login(struct arena *arena, struct slice text)
{
	return text.n == 0 || text.n > LOGIN_MAX ? NULL : slice_dup_lower(arena, text);
}

static void
set_logins(struct reading *reading, const struct option *option, void *section,
    const struct values *values)
{
	set_strings(reading, option, section, values, form_login,
	    "logins, as the MTA tells them (macro {auth_authen})");
}

/* "Name: glob"; one blank after the colon, so that it reads back the same. */
static const char *
form_header(struct arena *arena, struct slice text)
{
	size_t colon = slice_find(text, ':');
	struct slice name = slice_trim(slice_sub(text, 0, colon));
	struct slice glob = slice_trim(slice_sub(text, colon + 1, text.n));

	if (colon == text.n || glob.n == 0 || glob.n > GLOB_MAX ||
	    !name_is_of(name, "-_") || name.n > GLOB_MAX)
		return NULL;
	return arena_printf(arena, "%s: %s", slice_dup_lower(arena, name),
	    slice_dup_lower(arena, glob));
}

static void
set_headers(struct reading *reading, const struct option *option, void *section,
    const struct values *values)
{
	set_strings(reading, option, section, values, form_header,
	    "a field and what its value is like, as in \"X-Campaign: *\" (\"*\" stands "
	    "for anything, \"?\" for one character; at most 100 of them)");
}

static void
set_networks(struct reading *reading, const struct option *option, void *section,
    const struct values *values)
{
	struct settings_networks *networks = type_member(option, section);
	struct ip_net net;

	networks->p = arena_array(reading->arena, values->n, sizeof(net));
	networks->n = 0;
	for (size_t i = 0; i < values->n; i++) {
		if (ip_net_parse(slice_of(values->p[i].text), &net))
			networks->p[networks->n++] = net;
		else
			type_wrong(reading, option, &values->p[i],
			    "networks, as in 192.0.2.0/24 or 2001:db8::/32");
	}
}

static bool
format_networks(const struct option *option, const void *section, struct buf *out)
{
	const struct settings_networks *networks = type_member_const(option, section);

	buf_add_char(out, '{');
	for (size_t i = 0; i < networks->n; i++)
		buf_printf(out, "%s\"%s/%d\"", i == 0 ? "" : ", ",
		    ip_text(out->arena, &networks->p[i].addr), networks->p[i].bits);
	buf_add_char(out, '}');
	return true;
}

static void
add_address(struct reading *reading, const struct option *option,
    struct settings_egress *egress, const struct value *value)
{
	struct ip ip;

	if (strcmp(value->text, "auto") == 0) {
		type_wrong(reading, option, value, "auto alone, or addresses");
		return;
	}
	if (!ip_parse(slice_of(value->text), &ip)) {
		type_wrong(reading, option, value, "auto, or addresses that mail leaves from");
		return;
	}
	if (ip_is_private(&ip)) {
		type_wrong(reading, option, value, "addresses that receivers see, and none "
		    "of a private network; behind NAT those are the outer ones");
		return;
	}
	for (size_t i = 0; i < egress->n_addresses; i++) {
		if (ip_eq(&egress->addresses[i], &ip)) {
			type_wrong(reading, option, value, "each address once");
			return;
		}
	}
	egress->addresses[egress->n_addresses++] = ip;
}

static void
set_addresses(struct reading *reading, const struct option *option, void *section,
    const struct values *values)
{
	struct settings_egress *egress = section;

	egress->kind = EGRESS_AUTO;
	if (values->n == 1 && strcmp(values->p[0].text, "auto") == 0)
		return;
	egress->kind = EGRESS_LIST;
	egress->addresses = arena_array(reading->arena, values->n, sizeof(struct ip));
	for (size_t i = 0; i < values->n; i++)
		add_address(reading, option, egress, &values->p[i]);
	if (values->n == 0)
		errors_add(reading->errors, reading->file, values->line, option->name,
		    "expected auto or at least one address");
}

static bool
format_addresses(const struct option *option, const void *section, struct buf *out)
{
	const struct settings_egress *egress = section;

	(void)option;
	if (egress->kind == EGRESS_RELAY)
		return false;
	if (egress->kind == EGRESS_AUTO) {
		buf_add_str(out, "{auto}");
		return true;
	}
	buf_add_char(out, '{');
	for (size_t i = 0; i < egress->n_addresses; i++)
		buf_printf(out, "%s\"%s\"", i == 0 ? "" : ", ",
		    ip_text(out->arena, &egress->addresses[i]));
	buf_add_char(out, '}');
	return true;
}

static const struct type types[OPTION_TYPES] = {
	[TYPE_WORDS] = { NULL, set_words, format_words },
	[TYPE_NETWORKS] = { NULL, set_networks, format_networks },
	[TYPE_ADDRESSES] = { NULL, set_addresses, format_addresses },
	[TYPE_PATTERNS] = { NULL, set_patterns, format_strings },
	[TYPE_DAEMONS] = { NULL, set_daemons, format_strings },
	[TYPE_SERVERS] = { NULL, set_servers, format_strings },
	[TYPE_CODES] = { NULL, set_codes, format_strings },
	[TYPE_LOGINS] = { NULL, set_logins, format_strings },
	[TYPE_HEADERS] = { NULL, set_headers, format_strings },
	[TYPE_SENDERS] = { NULL, set_senders, format_strings },
	[TYPE_DOMAINS] = { NULL, set_domains, format_strings },
};

const struct type *
type_of_list(enum option_type type)
{
	return types[type].format == NULL ? NULL : &types[type];
}
