/*
 * Reads what postconf(1) prints.
 */
#include <string.h>

#include "base/arena.h"
#include "base/map.h"
#include "tool/postfix.h"

enum { MASTER_FIELDS = 8 };	/* name type private unpriv chroot wakeup maxproc command */

/* "name = value"; false for anything else. */
static bool
split_setting(struct slice line, struct slice *name_r, struct slice *value_r)
{
	size_t equals = slice_find(line, '=');

	if (equals == line.n)
		return false;
	*name_r = slice_trim(slice_sub(line, 0, equals));
	*value_r = slice_trim(slice_sub(line, equals + 1, line.n));
	return name_r->n > 0 && slice_find(*name_r, ' ') == name_r->n;
}

static void
read_main(struct postfix *postfix, struct slice text)
{
	struct slice line, name, value;

	while (slice_split(&text, '\n', &line)) {
		if (split_setting(line, &name, &value))
			map_set(postfix->main, slice_dup(postfix->arena, name),
			    slice_dup(postfix->arena, value));
	}
}

/* "-": it changed with version 3.0, which has a level to tell by. */
static bool
is_chrooted(const struct postfix *postfix, struct slice field)
{
	const char *level = postfix_get(postfix, "compatibility_level");

	if (!slice_is(field, "-"))
		return slice_is(field, "y");
	return *level == '\0' || *level == '0';
}

static const char *
last_step(struct arena *arena, struct slice path)
{
	const char *text = slice_dup(arena, path), *slash = strrchr(text, '/');

	return slash == NULL ? text : slash + 1;
}

static bool
read_service(struct postfix *postfix, struct slice line, struct postfix_service *service_r)
{
	struct slice fields[MASTER_FIELDS];

	for (size_t i = 0; i < MASTER_FIELDS; i++) {
		line = slice_trim(line);
		fields[i] = line;
		for (fields[i].n = 0; fields[i].n < line.n && line.p[fields[i].n] != ' ' &&
		    line.p[fields[i].n] != '\t'; fields[i].n++)
			;
		if (fields[i].n == 0)
			return false;
		line = slice_sub(line, fields[i].n, line.n);
	}
	*service_r = (struct postfix_service){
		.name = slice_dup(postfix->arena, fields[0]),
		.type = slice_dup(postfix->arena, fields[1]),
		.command = last_step(postfix->arena, fields[7]),
		.chrooted = is_chrooted(postfix, fields[4]),
		.own = map_new(postfix->arena),
	};
	return true;
}

static void
read_master(struct postfix *postfix, struct slice text)
{
	struct slice line;

	postfix->services = arena_array(postfix->arena, POSTFIX_SERVICES_MAX,
	    sizeof(*postfix->services));
	while (postfix->n_services < POSTFIX_SERVICES_MAX && slice_split(&text, '\n', &line)) {
		if (line.n == 0 || *line.p == '#')
			continue;
		if (read_service(postfix, line, &postfix->services[postfix->n_services]))
			postfix->n_services++;
	}
}

/* Where the last '/' stands, or n. */
static size_t
find_last_slash(struct slice text)
{
	for (size_t i = text.n; i > 0; i--)
		if (text.p[i - 1] == '/')
			return i - 1;
	return text.n;
}

/* "127.0.0.1:10025/inet/smtpd_milters = value" */
static void
read_override(struct postfix *postfix, struct slice line)
{
	struct slice key, value, name, type;
	size_t slash;

	if (!split_setting(line, &key, &value))
		return;
	slash = find_last_slash(key);
	if (slash == key.n)
		return;
	name = slice_sub(key, slash + 1, key.n);
	key.n = slash;
	slash = find_last_slash(key);
	if (slash == key.n || name.n == 0)
		return;
	type = slice_sub(key, slash + 1, key.n);
	key.n = slash;
	for (size_t i = 0; i < postfix->n_services; i++) {
		struct postfix_service *service = &postfix->services[i];

		if (slice_eq(key, slice_of(service->name)) &&
		    slice_eq(type, slice_of(service->type)))
			map_set(service->own, slice_dup(postfix->arena, name),
			    slice_dup(postfix->arena, value));
	}
}

struct postfix *
postfix_parse(struct arena *arena, struct slice main, struct slice master,
    struct slice overrides)
{
	struct postfix *postfix = arena_alloc(arena, sizeof(*postfix));
	struct slice line;

	postfix->arena = arena;
	postfix->dir = "/etc/postfix";
	postfix->program = "";
	postfix->main = map_new(arena);
	read_main(postfix, main);
	read_master(postfix, master);
	for (size_t i = 0; i < POSTFIX_OVERRIDES_MAX && slice_split(&overrides, '\n', &line);
	    i++)
		read_override(postfix, line);
	return postfix;
}

/* ---- values ---- */

const char *
postfix_get(const struct postfix *postfix, const char *name)
{
	const char *value = map_get(postfix->main, name);

	return value == NULL ? "" : value;
}

bool
postfix_knows(const struct postfix *postfix, const char *name)
{
	return map_get(postfix->main, name) != NULL;
}

bool
postfix_overrides(const struct postfix_service *service, const char *name)
{
	return service != NULL && map_get(service->own, name) != NULL;
}

const char *
postfix_get_in(const struct postfix *postfix, const struct postfix_service *service,
    const char *name)
{
	return postfix_overrides(service, name) ? map_get(service->own, name) :
	    postfix_get(postfix, name);
}

const struct postfix_service *
postfix_next(const struct postfix *postfix, const struct postfix_service *after,
    const char *command)
{
	const struct postfix_service *end = postfix->services + postfix->n_services;

	for (after = after == NULL ? postfix->services : after + 1; after < end; after++)
		if (strcmp(after->command, command) == 0)
			return after;
	return NULL;
}

bool
postfix_word(struct slice *rest, struct slice *word_r)
{
	size_t n = 0, depth = 0;

	while (rest->n > 0 && strchr(" \t\r\n,", *rest->p) != NULL && *rest->p != '\0')
		*rest = slice_sub(*rest, 1, rest->n);
	if (rest->n == 0)
		return false;
	for (; n < rest->n; n++) {
		char byte = rest->p[n];

		if (byte == '{')
			depth++;
		else if (byte == '}' && depth > 0)
			depth--;
		else if (depth == 0 && byte != '\0' && strchr(" \t\r\n,", byte) != NULL)
			break;
	}
	*word_r = slice_sub(*rest, 0, n);
	*rest = slice_sub(*rest, n, rest->n);
	return true;
}

bool
postfix_has_word(const char *list, const char *word)
{
	struct slice rest = slice_of(list), one;

	while (postfix_word(&rest, &one))
		if (slice_is(one, word))
			return true;
	return false;
}

long
postfix_seconds(const char *text, char unit)
{
	static const struct { char unit; long seconds; } units[] = {
		{ 's', 1 }, { 'm', 60 }, { 'h', 3600 }, { 'd', 86400 }, { 'w', 604800 },
	};
	struct slice number = slice_of(text);
	unsigned long count;

	if (number.n > 0 && (number.p[number.n - 1] < '0' || number.p[number.n - 1] > '9'))
		unit = number.p[--number.n];
	if (!slice_number(number, 100000000, &count))
		return -1;
	for (size_t i = 0; i < sizeof(units) / sizeof(units[0]); i++)
		if (unit == units[i].unit)
			return (long)count * units[i].seconds;
	return -1;
}

bool
postfix_is_yes(const char *text)
{
	return slice_is(slice_of(text), "yes");
}
