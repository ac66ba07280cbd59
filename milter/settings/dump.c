/*
 * Settings as a file, and what two of them differ in.
 */
#include <string.h>

#include "base/arena.h"
#include "base/buf.h"
#include "settings/types.h"

enum { LINE_MAX_BYTES = 16 * 1024 * 1024 };

static void
dump_options(enum section section, const void *values, const char *indent, FILE *out)
{
	struct arena *arena = arena_new();
	const struct option *option;
	struct buf text;
	size_t n;

	option = options_of(section, &n);
	for (size_t i = 0; i < n; i++) {
		buf_init(&text, arena, LINE_MAX_BYTES);
		if (type_format(&option[i], values, &text))
			fprintf(out, "%s%s = %s\n", indent, option[i].name, buf_str(&text));
	}
	arena_free(&arena);
}

/* Titles are names: nothing in them wants an escape. */
static void
dump_section(enum section section, const char *title, const void *values, FILE *out)
{
	fprintf(out, "\n%s", section_info(section)->name);
	if (title != NULL)
		fprintf(out, " \"%s\"", title);
	fprintf(out, " {\n");
	dump_options(section, values, "\t", out);
}

static void
dump_domain(const struct settings_domain *domain, FILE *out)
{
	dump_section(SECTION_DOMAIN, domain->name, domain, out);
	for (size_t i = 0; i < domain->n_keys; i++) {
		fprintf(out, "\tkey \"%s\" {\n", domain->keys[i].selector);
		dump_options(SECTION_KEY, &domain->keys[i], "\t\t", out);
		fprintf(out, "\t}\n");
	}
	fprintf(out, "}\n");
}

static void
dump_stream(const struct settings_stream *stream, FILE *out)
{
	dump_section(SECTION_STREAM, stream->name, stream, out);
	for (size_t i = 0; i < stream->n_checks; i++) {
		fprintf(out, "\tcheck \"%s\" {\n", stream->checks[i].id);
		dump_options(SECTION_TUNING, &stream->checks[i], "\t\t", out);
		fprintf(out, "\t}\n");
	}
	fprintf(out, "}\n");
}

void
settings_dump(const struct settings *settings, FILE *out)
{
	dump_options(SECTION_MAIN, settings, "", out);
	for (size_t i = 0; i < settings->n_egresses; i++) {
		dump_section(SECTION_EGRESS, settings->egresses[i].name,
		    &settings->egresses[i], out);
		fprintf(out, "}\n");
	}
	dump_section(SECTION_RESOLVER, NULL, &settings->resolver, out);
	fprintf(out, "}\n");
	dump_section(SECTION_OPINIONS, NULL, &settings->opinions, out);
	fprintf(out, "}\n");
	for (size_t i = 0; i < settings->n_imports; i++) {
		dump_section(SECTION_IMPORT, settings->imports[i].name,
		    &settings->imports[i], out);
		fprintf(out, "}\n");
	}
	/* What is imported stands here as if it were written by hand, which would
	 * take its place and be the same. */
	for (size_t i = 0; i < settings->n_domains; i++)
		dump_domain(&settings->domains[i], out);
	for (size_t i = 0; i < settings->n_blocklists; i++) {
		dump_section(SECTION_BLOCKLIST, settings->blocklists[i].zone,
		    &settings->blocklists[i], out);
		fprintf(out, "}\n");
	}
	for (size_t i = 0; i < settings->n_checks; i++) {
		dump_section(SECTION_CHECK, settings->checks[i].id, &settings->checks[i],
		    out);
		fprintf(out, "}\n");
	}
	for (size_t i = 0; i < settings->n_streams; i++)
		dump_stream(&settings->streams[i], out);
}

static void
add_difference(const struct option *option, const void *old, const void *new,
    struct buf *names)
{
	struct buf before, after;

	if (option->reloadable)
		return;
	buf_init(&before, names->arena, LINE_MAX_BYTES);
	buf_init(&after, names->arena, LINE_MAX_BYTES);
	type_format(option, old, &before);
	type_format(option, new, &after);
	if (strcmp(buf_str(&before), buf_str(&after)) == 0)
		return;
	buf_add_str(names, names->n > 0 ? ", " : "");
	buf_add_str(names, option->name);
}

const char *
settings_need_restart(const struct settings *old, const struct settings *new,
    struct arena *arena)
{
	const struct option *option;
	struct buf names;
	size_t n;

	buf_init(&names, arena, 4096);
	option = options_of(SECTION_MAIN, &n);
	for (size_t i = 0; i < n; i++)
		add_difference(&option[i], old, new, &names);
	option = options_of(SECTION_RESOLVER, &n);
	for (size_t i = 0; i < n; i++)
		add_difference(&option[i], &old->resolver, &new->resolver, &names);
	return buf_str(&names);
}
