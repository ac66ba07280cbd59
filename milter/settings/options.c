/*
 * Looks options up, and guesses what a wrong name was meant to be.
 */
#include <string.h>

#include "base/arena.h"
#include "settings/options.h"
#include "settings/settings.h"

#define STRUCT_main settings
#define STRUCT_egress settings_egress
#define STRUCT_resolver settings_resolver
#define STRUCT_domain settings_domain
#define STRUCT_key settings_key
#define STRUCT_check settings_check
#define STRUCT_stream settings_stream
#define STRUCT_tuning settings_tuning
#define STRUCT_opinions settings_opinions
#define STRUCT_import settings_import
#define STRUCT_blocklist settings_blocklist
#define NUMBER_main SECTION_MAIN
#define NUMBER_egress SECTION_EGRESS
#define NUMBER_resolver SECTION_RESOLVER
#define NUMBER_domain SECTION_DOMAIN
#define NUMBER_key SECTION_KEY
#define NUMBER_check SECTION_CHECK
#define NUMBER_stream SECTION_STREAM
#define NUMBER_tuning SECTION_TUNING
#define NUMBER_opinions SECTION_OPINIONS
#define NUMBER_import SECTION_IMPORT
#define NUMBER_blocklist SECTION_BLOCKLIST
#define RELOAD_YES true
#define RELOAD_NO false

#define OPTION(section, member, name, type, fallback, limits, reload, help) \
	{ NUMBER_##section, name, TYPE_##type, fallback, limits, RELOAD_##reload, help, \
	  offsetof(struct STRUCT_##section, member) },

/* Options of one section stand together. */
static const struct option options[] = {
#include "settings/options.def"
};

#define N_OPTIONS (sizeof(options) / sizeof(options[0]))

static const struct section_info sections[SECTIONS] = {
	[SECTION_MAIN] = { "", false, false, SECTION_MAIN, "" },
	[SECTION_EGRESS] = { "egress", true, true, SECTION_MAIN, "a name for it" },
	[SECTION_RESOLVER] = { "resolver", false, false, SECTION_MAIN, "" },
	[SECTION_DOMAIN] = { "domain", true, true, SECTION_MAIN, "the domain" },
	[SECTION_KEY] = { "key", true, true, SECTION_DOMAIN, "the selector" },
	[SECTION_CHECK] = { "check", true, true, SECTION_MAIN, "the check" },
	[SECTION_STREAM] = { "stream", true, true, SECTION_MAIN, "a name for it" },
	[SECTION_TUNING] = { "check", true, true, SECTION_STREAM, "the check" },
	[SECTION_OPINIONS] = { "opinions", false, false, SECTION_MAIN, "" },
	[SECTION_BLOCKLIST] = { "blocklist", true, true, SECTION_MAIN, "its zone in DNS" },
	[SECTION_IMPORT] = { "import", true, true, SECTION_MAIN, "\"opendkim\"" },
};

const struct option *
options_of(enum section section, size_t *n_r)
{
	size_t first = 0, end;

	while (first < N_OPTIONS && options[first].section != section)
		first++;
	for (end = first; end < N_OPTIONS && options[end].section == section; end++)
		;
	*n_r = end - first;
	return &options[first];
}

const struct section_info *
section_info(enum section section)
{
	return &sections[section];
}

const struct option *
option_find(enum section section, const char *name)
{
	const struct option *option;
	size_t n;

	option = options_of(section, &n);
	for (; n > 0; n--, option++) {
		if (strcmp(option->name, name) == 0)
			return option;
	}
	return NULL;
}

bool
section_find(enum section parent, const char *name, enum section *section_r)
{
	for (unsigned i = SECTION_MAIN + 1; i < SECTIONS; i++) {
		if (sections[i].parent == parent && strcmp(sections[i].name, name) == 0) {
			*section_r = (enum section)i;
			return true;
		}
	}
	return false;
}

static unsigned
least(unsigned a, unsigned b)
{
	return a < b ? a : b;
}

unsigned
edit_distance(const char *a, const char *b, unsigned limit)
{
	enum { LENGTH_MAX = 40 };
	unsigned rows[3][LENGTH_MAX + 1], *last2, *last, *row, cost;
	size_t na = strlen(a), nb = strlen(b);

	if (na > LENGTH_MAX || nb > LENGTH_MAX)
		return limit + 1;
	for (size_t j = 0; j <= nb; j++)
		rows[0][j] = (unsigned)j;
	for (size_t i = 1; i <= na; i++) {
		row = rows[i % 3];
		last = rows[(i + 2) % 3];
		last2 = rows[(i + 1) % 3];
		row[0] = (unsigned)i;
		for (size_t j = 1; j <= nb; j++) {
			cost = a[i - 1] == b[j - 1] ? 0 : 1;
			row[j] = least(least(last[j], row[j - 1]) + 1, last[j - 1] + cost);
			if (i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1])
				row[j] = least(row[j], last2[j - 2] + 1);
		}
	}
	return least(rows[na % 3][nb], limit + 1);
}

/* A short name must be nearer than a long one to be meant. */
static unsigned
distance_allowed(const char *name)
{
	return strlen(name) < 4 ? 1 : 2;
}

static const char *
nearest(enum section section, const char *name)
{
	unsigned best = distance_allowed(name) + 1, distance;
	const struct option *option;
	const char *found = NULL;
	size_t n;

	option = options_of(section, &n);
	for (; n > 0; n--, option++) {
		distance = edit_distance(name, option->name, best);
		if (distance < best) {
			best = distance;
			found = option->name;
		}
	}
	for (unsigned i = SECTION_MAIN + 1; i < SECTIONS; i++) {
		if (sections[i].parent != section)
			continue;
		distance = edit_distance(name, sections[i].name, best);
		if (distance < best) {
			best = distance;
			found = sections[i].name;
		}
	}
	return found;
}

/* "section "resolver"", "the top level". */
static const char *
place(struct arena *arena, enum section section, enum section from)
{
	const char *more = from == SECTION_TUNING ? " outside of streams" : "";

	if (section == SECTION_MAIN)
		return "at the top level, outside of sections";
	return arena_printf(arena, "in a section \"%s\"%s", sections[section].name, more);
}

const char *
options_hint(struct arena *arena, enum section section, const char *name)
{
	const char *meant = nearest(section, name);
	enum section found;

	if (strcmp(name, "include") == 0)
		return " (one file holds all settings; files cannot be included)";
	if (meant != NULL)
		return arena_printf(arena, " (did you mean \"%s\"?)", meant);
	for (unsigned i = 0; i < SECTIONS; i++) {
		if (i != section && (option_find((enum section)i, name) != NULL ||
		    section_find((enum section)i, name, &found)))
			return arena_printf(arena, " (it belongs %s)",
			    place(arena, (enum section)i, section));
	}
	return "";
}
