/*
 * Types of one text: sockets, paths, names.
 */
#include <string.h>

#include "base/arena.h"
#include "base/ip.h"
#include "settings/errors.h"
#include "settings/names.h"
#include "settings/types.h"

enum { SOCKET_PATH_MAX = 107, PATH_BYTES_MAX = 4095, PROSE_MAX = 500,
	CREDENTIAL_MAX = 255,
	DATASET_TEXT_MAX = 100000 };

static const char **
text_member(const struct option *option, void *section)
{
	return type_member(option, section);
}

static void
set_text(struct reading *reading, const struct option *option, void *section,
    const char *text)
{
	*text_member(option, section) = arena_strdup(reading->arena, text);
}

static void
set_text_lower(struct reading *reading, const struct option *option, void *section,
    const char *text)
{
	*text_member(option, section) = slice_dup_lower(reading->arena, slice_of(text));
}

static bool
format_text(const struct option *option, const void *section, struct buf *out)
{
	const char *text = *(const char *const *)type_member_const(option, section);

	if (text == NULL)
		return false;
	type_quote(out, text);
	return true;
}

static bool
is_path(const char *text)
{
	return text[0] == '/' && text[1] != '\0' && strlen(text) <= PATH_BYTES_MAX;
}

static void
set_path(struct reading *reading, const struct option *option, void *section,
    const struct value *value)
{
	if (is_path(value->text))
		set_text(reading, option, section, value->text);
	else
		type_wrong(reading, option, value, "a path that starts with \"/\"");
}

/* A path, or what systemd hands over: names as in systemd.exec(5). */
static void
set_keyfile(struct reading *reading, const struct option *option, void *section,
    const struct value *value)
{
	const char *name = files_credential(value->text);

	if (is_path(value->text) || (name != NULL && *name != '\0' && *name != '.' &&
	    strchr(name, '/') == NULL && strlen(name) <= CREDENTIAL_MAX))
		set_text(reading, option, section, value->text);
	else
		type_wrong(reading, option, value, "a path that starts with \"/\", or "
		    "credential:NAME");
}

static void
set_table(struct reading *reading, const struct option *option, void *section,
    const struct value *value)
{
	if (*value->text == '\0' || is_path(value->text))
		set_text(reading, option, section, value->text);
	else
		type_wrong(reading, option, value,
		    "\"\" or the path of a file, starting with \"/\"");
}

static void
set_directory(struct reading *reading, const struct option *option, void *section,
    const struct value *value)
{
	/* %d would stand for the names of files in it */
	if (*value->text == '\0' || (is_path(value->text) && strchr(value->text, '%') == NULL))
		set_text(reading, option, section, value->text);
	else
		type_wrong(reading, option, value, "\"\" or the path of a directory, "
		    "starting with \"/\" and without \"%\"");
}

static void
set_account(struct reading *reading, const struct option *option, void *section,
    const struct value *value)
{
	if (*value->text == '\0' || name_is_account(slice_of(value->text)))
		set_text(reading, option, section, value->text);
	else
		type_wrong(reading, option, value, "a name as in /etc/passwd and /etc/group");
}

static void
set_mailbox(struct reading *reading, const struct option *option, void *section,
    const struct value *value)
{
	if (*value->text == '\0' || name_is_mailbox(slice_of(value->text)))
		set_text(reading, option, section, value->text);
	else
		type_wrong(reading, option, value,
		    "\"\" or one address, as in postmaster@example.com");
}

static void
set_prose(struct reading *reading, const struct option *option, void *section,
    const struct value *value)
{
	if (strlen(value->text) <= PROSE_MAX)
		set_text(reading, option, section, value->text);
	else
		type_wrong(reading, option, value, "at most 500 bytes of text");
}

static void
set_listkey(struct reading *reading, const struct option *option, void *section,
    const struct value *value)
{
	struct slice text = slice_of(value->text);

	if (text.n == 0 || (text.n <= 63 && name_is_of(text, "-")))
		set_text(reading, option, section, value->text);
	else
		type_wrong(reading, option, value, "the key that the list has given out");
}

static void
set_dataset(struct reading *reading, const struct option *option, void *section,
    const struct value *value)
{
	if (*value->text != '\0' && strlen(value->text) <= DATASET_TEXT_MAX)
		set_text(reading, option, section, value->text);
	else
		type_wrong(reading, option, value, "refile:/PATH, file:/PATH, /PATH or "
		    "csl: with a list, as in opendkim.conf");
}

/* Texts beyond ASCII get the hint how to write them. */
static const char *
expected_name(const struct value *value, const char *otherwise)
{
	if (name_is_ascii(slice_of(value->text)))
		return otherwise;
	return "the name in its ASCII form, which starts with xn-- (idn2 prints it)";
}

static void
set_helo(struct reading *reading, const struct option *option, void *section,
    const struct value *value)
{
	if (name_is_domain(slice_of(value->text)) || strcmp(value->text, "auto") == 0)
		set_text_lower(reading, option, section, value->text);
	else
		type_wrong(reading, option, value, expected_name(value,
		    "auto or a full host name, as in mail.example.com"));
}

static void
set_host(struct reading *reading, const struct option *option, void *section,
    const struct value *value)
{
	struct ip ip;

	if (name_is_dns(slice_of(value->text)) || ip_parse(slice_of(value->text), &ip))
		set_text_lower(reading, option, section, value->text);
	else
		type_wrong(reading, option, value, expected_name(value,
		    "a host name without port and brackets"));
}

static void
set_dnsname(struct reading *reading, const struct option *option, void *section,
    const struct value *value)
{
	if (name_is_dns(slice_of(value->text)))
		set_text_lower(reading, option, section, value->text);
	else
		type_wrong(reading, option, value, expected_name(value,
		    "a DNS name, as in _spf.example.com"));
}

/*
 * "inet:8893@host" as libmilter writes it, "inet:host:8893" as Postfix does.
 * False for anything else.
 */
static bool
split_inet(struct slice text, struct slice *host_r, struct slice *port_r)
{
	size_t at = slice_find(text, '@'), colon;

	if (at < text.n) {
		*port_r = slice_sub(text, 0, at);
		*host_r = slice_sub(text, at + 1, text.n);
	} else {
		for (colon = text.n; colon > 0 && text.p[colon - 1] != ':'; colon--)
			;
		if (colon == 0)
			return false;
		*host_r = slice_sub(text, 0, colon - 1);
		*port_r = slice_sub(text, colon, text.n);
	}
	if (host_r->n > 2 && host_r->p[0] == '[' && host_r->p[host_r->n - 1] == ']')
		*host_r = slice_sub(*host_r, 1, host_r->n - 2);
	return host_r->n > 0;
}

/* The socket as libmilter takes it, or NULL. */
static const char *
socket_inet(struct arena *arena, struct slice text, bool is_v6)
{
	struct slice host, port;
	unsigned long number;
	struct ip ip;

	if (!split_inet(text, &host, &port) ||
	    !slice_number(port, 65535, &number) || number == 0)
		return NULL;
	if (ip_parse(host, &ip))
		is_v6 = ip.family == 6;
	else if (!name_is_dns(host))
		return NULL;
	return arena_printf(arena, "%s:%lu@%s", is_v6 ? "inet6" : "inet", number,
	    ip_parse(host, &ip) ? ip_text(arena, &ip) : slice_dup_lower(arena, host));
}

const char *
settings_socket(struct arena *arena, const char *socket)
{
	struct slice text = slice_of(socket), path;

	if (slice_starts_nocase(text, "inet:"))
		return socket_inet(arena, slice_sub(text, 5, text.n), false);
	if (slice_starts_nocase(text, "inet6:"))
		return socket_inet(arena, slice_sub(text, 6, text.n), true);
	if (!slice_starts_nocase(text, "unix:") && !slice_starts_nocase(text, "local:"))
		return NULL;
	path = slice_sub(text, slice_find(text, ':') + 1, text.n);
	if (path.n < 2 || path.p[0] != '/' || path.n > SOCKET_PATH_MAX ||
	    path.p[path.n - 1] == '/')
		return NULL;
	return arena_printf(arena, "unix:%s", slice_dup(arena, path));
}

const char *
settings_socket_shown(struct arena *arena, const char *socket)
{
	const char *at = strchr(socket, '@'), *colon = strchr(socket, ':');
	struct ip ip;

	if (strncmp(socket, "inet", 4) != 0 || at == NULL || colon == NULL || colon > at)
		return socket;
	if (ip_parse(slice_of(at + 1), &ip) && ip.family == 6)
		return arena_printf(arena, "inet:[%s]:%.*s", at + 1, (int)(at - colon - 1),
		    colon + 1);
	return arena_printf(arena, "%.*s:%s:%.*s", (int)(colon - socket), socket, at + 1,
	    (int)(at - colon - 1), colon + 1);
}

static bool
format_socket(const struct option *option, const void *section, struct buf *out)
{
	const char *socket = *(const char *const *)type_member_const(option, section);

	if (socket == NULL)
		return false;
	type_quote(out, settings_socket_shown(out->arena, socket));
	return true;
}

static void
set_socket(struct reading *reading, const struct option *option, void *section,
    const struct value *value)
{
	const char *socket = settings_socket(reading->arena, value->text);

	if (socket != NULL)
		*text_member(option, section) = socket;
	else
		type_wrong(reading, option, value, SETTINGS_SOCKET_FORM);
}

static void
set_service(struct reading *reading, const struct option *option, void *section,
    const struct value *value)
{
	const char *socket = settings_socket(reading->arena, value->text);
	const char *host = socket != NULL ? strchr(socket, '@') : NULL;
	struct ip ip;

	/* asked for each message: no name is looked up for that */
	if (*value->text == '\0')
		set_text(reading, option, section, value->text);
	else if (socket == NULL || (strncmp(socket, "inet", 4) == 0 &&
	    (host == NULL || !ip_parse(slice_of(host + 1), &ip))))
		type_wrong(reading, option, value,
		    SETTINGS_SOCKET_FORM ", ADDRESS as in 127.0.0.1");
	else
		*text_member(option, section) = socket;
}

static void
set_log(struct reading *reading, const struct option *option, void *section,
    const struct value *value)
{
	struct settings *settings = section;
	int position = limits_find("syslog|stderr", value->text);

	if (position >= 0) {
		settings->log_kind = position == 0 ? LOG_TO_SYSLOG : LOG_TO_STDERR;
	} else if (strncmp(value->text, "file:", 5) == 0 && is_path(value->text + 5)) {
		settings->log_kind = LOG_TO_FILE;
		settings->log_file = arena_strdup(reading->arena, value->text + 5);
	} else {
		type_wrong(reading, option, value, "syslog, stderr or file:/PATH");
	}
}

static bool
format_log(const struct option *option, const void *section, struct buf *out)
{
	const struct settings *settings = section;

	(void)option;
	switch (settings->log_kind) {
	case LOG_TO_SYSLOG:
		buf_add_str(out, "\"syslog\"");
		break;
	case LOG_TO_STDERR:
		buf_add_str(out, "\"stderr\"");
		break;
	case LOG_TO_FILE:
		type_quote(out, arena_printf(out->arena, "file:%s", settings->log_file));
		break;
	}
	return true;
}

static void
set_canon(struct reading *reading, const struct option *option, void *section,
    const struct value *value)
{
	struct settings_domain *domain = section;
	struct slice body = slice_of(value->text), header = { NULL, 0 };
	int of_header, of_body;

	slice_split(&body, '/', &header);
	of_header = limits_find(option->limits, slice_dup(reading->work, header));
	of_body = limits_find(option->limits, slice_dup(reading->work, body));
	if (of_header < 0 || of_body < 0) {
		type_wrong(reading, option, value,
		    "HEADER/BODY, each relaxed or simple, as in relaxed/relaxed");
		return;
	}
	domain->canon_header = (enum canon)of_header;
	domain->canon_body = (enum canon)of_body;
}

static bool
format_canon(const struct option *option, const void *section, struct buf *out)
{
	const struct settings_domain *domain = section;

	buf_add_char(out, '"');
	buf_add_slice(out, limits_word(option->limits, domain->canon_header));
	buf_add_char(out, '/');
	buf_add_slice(out, limits_word(option->limits, domain->canon_body));
	buf_add_char(out, '"');
	return true;
}

static void
set_domainmode(struct reading *reading, const struct option *option, void *section,
    const struct value *value)
{
	struct settings_domain *domain = section;
	int position = limits_find(option->limits, value->text);

	if (position < 0) {
		type_wrong(reading, option, value,
		    limits_text(reading->work, option->limits));
		return;
	}
	domain->has_mode = true;
	domain->mode = (enum mode)position;
}

static bool
format_domainmode(const struct option *option, const void *section, struct buf *out)
{
	const struct settings_domain *domain = section;

	if (domain->has_mode)
		buf_add_slice(out, limits_word(option->limits, domain->mode));
	return domain->has_mode;
}

static const struct type types[OPTION_TYPES] = {
	[TYPE_SOCKET] = { set_socket, NULL, format_socket },
	[TYPE_SERVICE] = { set_service, NULL, format_socket },
	[TYPE_ACCOUNT] = { set_account, NULL, format_text },
	[TYPE_LOG] = { set_log, NULL, format_log },
	[TYPE_MAILBOX] = { set_mailbox, NULL, format_text },
	[TYPE_PATH] = { set_path, NULL, format_text },
	[TYPE_KEYFILE] = { set_keyfile, NULL, format_text },
	[TYPE_TABLE] = { set_table, NULL, format_text },
	[TYPE_DIRECTORY] = { set_directory, NULL, format_text },
	[TYPE_DATASET] = { set_dataset, NULL, format_text },
	[TYPE_LISTKEY] = { set_listkey, NULL, format_text },
	[TYPE_PROSE] = { set_prose, NULL, format_text },
	[TYPE_CANON] = { set_canon, NULL, format_canon },
	[TYPE_DOMAINMODE] = { set_domainmode, NULL, format_domainmode },
	[TYPE_HELO] = { set_helo, NULL, format_text },
	[TYPE_HOST] = { set_host, NULL, format_text },
	[TYPE_DNSNAME] = { set_dnsname, NULL, format_text },
};

const struct type *
type_of_text(enum option_type type)
{
	return types[type].format == NULL ? NULL : &types[type];
}
