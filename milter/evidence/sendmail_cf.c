/*
 * Lines of sendmail.cf: the first letter says what a line is, a blank at the
 * start goes on with the line before.
 */
#include <string.h>

#include "base/arena.h"
#include "base/buf.h"
#include "base/map.h"
#include "evidence/sendmail_cf.h"

#define LINE_MAX_OCTETS 65536

static void
read_option(struct sendmail_cf *cf, struct slice line)
{
	struct slice name, value;
	size_t equals;

	line = slice_sub(line, 1, line.n);
	if (line.n == 0 || *line.p != ' ')
		return;			/* the old form of one letter */
	equals = slice_find(line, '=');
	name = slice_trim(slice_sub(line, 0, equals));
	value = slice_trim(slice_sub(line, equals + 1, line.n));
	if (name.n == 0)
		return;
	if (slice_is(name, "DaemonPortOptions") && cf->n_daemons < SENDMAIL_DAEMONS_MAX)
		cf->daemons[cf->n_daemons++] = slice_dup(cf->arena, value);
	map_set(cf->options, slice_dup_lower(cf->arena, name), slice_dup(cf->arena, value));
}

/* "DMexample.com", "D{name}value" */
static void
read_macro(struct sendmail_cf *cf, struct slice line)
{
	size_t n = 2;

	if (line.n >= 2 && line.p[1] == '{')
		n = slice_find(line, '}') + 1;
	if (n > line.n || n < 2)
		return;
	map_set(cf->macros, slice_dup(cf->arena, slice_sub(line, 1, n - 1)),
	    slice_dup(cf->arena, slice_trim(slice_sub(line, n, line.n))));
}

/* "Kgenerics hash /etc/mail/genericstable" */
static void
read_table(struct sendmail_cf *cf, struct slice line)
{
	struct slice rest = slice_trim(slice_sub(line, 1, line.n)), name;
	size_t end = slice_find(rest, ' ');

	name = slice_sub(rest, 0, end);
	if (name.n > 0)
		map_set(cf->tables, slice_dup(cf->arena, name),
		    slice_dup(cf->arena, slice_trim(slice_sub(rest, end, rest.n))));
}

static void
read_filter(struct sendmail_cf *cf, struct slice line)
{
	struct sendmail_filter *filter;
	size_t comma = slice_find(line, ',');
	const char *list;

	if (cf->n_filters == SENDMAIL_FILTERS_MAX)
		return;
	filter = &cf->filters[cf->n_filters++];
	filter->name = slice_dup(cf->arena, slice_trim(slice_sub(line, 1, comma - 1)));
	list = slice_dup(cf->arena, slice_sub(line, comma + 1, line.n));
	filter->socket = sendmail_cf_equate(cf->arena, list, "S");
	filter->flags = sendmail_cf_equate(cf->arena, list, "F");
	filter->timeouts = sendmail_cf_equate(cf->arena, list, "T");
}

static void
read_mailer(struct sendmail_cf *cf, struct slice line)
{
	struct sendmail_mailer *mailer;
	size_t comma = slice_find(line, ',');
	const char *list;

	if (cf->n_mailers == SENDMAIL_MAILERS_MAX)
		return;
	mailer = &cf->mailers[cf->n_mailers++];
	mailer->name = slice_dup(cf->arena, slice_trim(slice_sub(line, 1, comma - 1)));
	list = slice_dup(cf->arena, slice_sub(line, comma + 1, line.n));
	mailer->flags = sendmail_cf_equate(cf->arena, list, "F");
	mailer->is_smtp = slice_is(slice_of(sendmail_cf_equate(cf->arena, list, "P")), "[IPC]");
	if (!slice_number(slice_of(sendmail_cf_equate(cf->arena, list, "L")), 1000000,
	    &mailer->line_limit))
		mailer->line_limit = 0;
}

static void
read_line(struct sendmail_cf *cf, struct slice line)
{
	if (line.n < 2)
		return;
	switch (*line.p) {
	case 'O': read_option(cf, line); break;
	case 'D': read_macro(cf, line); break;
	case 'K': read_table(cf, line); break;
	case 'X': read_filter(cf, line); break;
	case 'M': read_mailer(cf, line); break;
	default: break;
	}
}

struct sendmail_cf *
sendmail_cf_parse(struct arena *arena, struct slice text)
{
	struct sendmail_cf *cf = arena_alloc(arena, sizeof(*cf));
	struct slice line;
	struct buf whole;

	cf->arena = arena;
	cf->path = "";
	cf->options = map_new(arena);
	cf->macros = map_new(arena);
	cf->tables = map_new(arena);
	buf_init(&whole, arena, LINE_MAX_OCTETS);
	while (slice_split(&text, '\n', &line)) {
		if (line.n > 0 && (*line.p == ' ' || *line.p == '\t')) {
			buf_add_str(&whole, " ");
			buf_add_slice(&whole, slice_trim(line));
			continue;
		}
		read_line(cf, (struct slice){ buf_str(&whole), whole.n });
		buf_clear(&whole);
		buf_add_slice(&whole, line);
	}
	read_line(cf, (struct slice){ buf_str(&whole), whole.n });
	return cf;
}

const char *
sendmail_cf_option(const struct sendmail_cf *cf, const char *name)
{
	const char *value = map_get(cf->options, slice_dup_lower(cf->arena, slice_of(name)));

	return value == NULL ? "" : value;
}

const char *
sendmail_cf_macro(const struct sendmail_cf *cf, const char *name)
{
	const char *value = map_get(cf->macros, name);

	return value == NULL ? "" : value;
}

const char *
sendmail_cf_equate(struct arena *arena, const char *list, const char *key)
{
	struct slice rest = slice_of(list), part, name;

	while (slice_split(&rest, ',', &part)) {
		size_t equals = slice_find(part, '=');

		name = slice_trim(slice_sub(part, 0, equals));
		if (equals < part.n && name.n > 0 && *name.p == *key)
			return slice_dup(arena, slice_trim(slice_sub(part, equals + 1, part.n)));
	}
	return "";
}

bool
sendmail_cf_keeps_mime(const struct sendmail_cf *cf)
{
	struct slice rest = slice_of(sendmail_cf_option(cf, "MaxMimeHeaderLength")), part;
	bool none = rest.n > 0;

	while (slice_split(&rest, '/', &part))
		none = none && slice_is(slice_trim(part), "0");
	return none;
}

/* "4m"; a number alone is seconds here. */
static long
read_seconds(struct slice text)
{
	static const struct { char unit; long seconds; } units[] = {
		{ 's', 1 }, { 'm', 60 }, { 'h', 3600 }, { 'd', 86400 }, { 'w', 604800 },
	};
	char unit = 's';
	unsigned long count;

	if (text.n > 0 && (text.p[text.n - 1] < '0' || text.p[text.n - 1] > '9'))
		unit = text.p[--text.n];
	if (!slice_number(text, 100000000, &count))
		return -1;
	for (size_t i = 0; i < sizeof(units) / sizeof(units[0]); i++)
		if (unit == units[i].unit)
			return (long)count * units[i].seconds;
	return -1;
}

long
sendmail_cf_timeout(const char *timeouts, char letter)
{
	struct slice rest = slice_of(timeouts), part;

	while (slice_split(&rest, ';', &part)) {
		part = slice_trim(part);
		if (part.n < 3 || *part.p != letter || part.p[1] != ':')
			continue;
		return read_seconds(slice_trim(slice_sub(part, 2, part.n)));
	}
	return -1;
}

size_t
sendmail_cf_filters(const struct sendmail_cf *cf, const char *list,
    const struct sendmail_filter *filters_r[SENDMAIL_FILTERS_MAX])
{
	struct slice rest = slice_of(list), name;
	size_t n = 0;

	while (n < SENDMAIL_FILTERS_MAX && slice_split(&rest, ',', &name))
		for (size_t i = 0; i < cf->n_filters; i++)
			if (slice_eq(slice_trim(name), slice_of(cf->filters[i].name))) {
				filters_r[n++] = &cf->filters[i];
				break;
			}
	return n;
}
