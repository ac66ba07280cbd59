/*
 * libconfuse is called here and nowhere else.  Its scanner keeps its state in
 * globals, so one thread at a time is let in.
 */
#include <pthread.h>
#include <stdlib.h>
#include <string.h>

#include <confuse.h>

#include "base/arena.h"
#include "base/slice.h"
#include "settings/syntax.h"
#include "settings/tree.h"

static pthread_mutex_t confuse_lock = PTHREAD_MUTEX_INITIALIZER;

/* Options of one section, the title, the sections inside, an end. */
enum { OPTS_MAX = OPTIONS_OF_SECTION_MAX + SECTIONS + 2 };

static void
be_quiet(cfg_t *cfg, const char *format, va_list ap)
{
	(void)cfg;
	(void)format;
	(void)ap;
}

/* The options of a section in libconfuse's terms: lists of strings, all. */
static void
opts_fill(cfg_opt_t *opts, enum section section, cfg_opt_t *inner_opts)
{
	const struct option *option;
	size_t n, at = 0;

	option = options_of(section, &n);
	for (size_t i = 0; i < n; i++)
		opts[at++] = (cfg_opt_t)CFG_STR_LIST(option[i].name, 0, CFGF_NODEFAULT);
	opts[at++] = (cfg_opt_t)CFG_STR_LIST(SYNTAX_TITLE, 0, CFGF_NODEFAULT);
	for (unsigned i = SECTION_MAIN + 1; i < SECTIONS; i++) {
		if (inner_opts != NULL && section != SECTION_MAIN &&
		    section_info((enum section)i)->parent == section) {
			opts_fill(inner_opts, (enum section)i, NULL);
			opts[at++] = (cfg_opt_t)CFG_SEC(section_info((enum section)i)->name,
			    inner_opts, CFGF_MULTI);
		}
	}
	opts[at] = (cfg_opt_t)CFG_END();
}

/* Takes "=LINE", "=LINE list" or ":LINE VALUE" up. */
static void
values_add(struct values *values, const char *text, struct arena *arena)
{
	char *end;
	unsigned line = (unsigned)strtoul(text + 1, &end, 10);

	if (text[0] == ':') {
		values->p[values->n++] = (struct value){
			arena_strdup(arena, *end == ' ' ? end + 1 : end), line
		};
		return;
	}
	if (values->is_given && values->again_line == 0) {
		values->again_line = line;
		return;
	}
	values->is_given = true;
	values->is_list = *end == ' ';
	values->line = line;
}

static struct values
values_read(cfg_t *cfg, const char *name, struct arena *arena)
{
	cfg_opt_t *opt = cfg_getopt(cfg, name);
	unsigned n = opt == NULL ? 0 : cfg_opt_size(opt);
	struct values values = { .n = 0 };

	values.p = arena_array(arena, n, sizeof(*values.p));
	for (unsigned i = 0; i < n; i++)
		values_add(&values, cfg_opt_getnstr(opt, i), arena);
	return values;
}

static void tree_fill(struct tree *tree, cfg_t *cfg, struct arena *arena);

static void
tree_fill_inner(struct tree *tree, cfg_t *cfg, enum section inner, struct arena *arena)
{
	unsigned n = cfg_size(cfg, section_info(inner)->name);

	tree->inner = arena_array(arena, n, sizeof(*tree->inner));
	tree->n_inner = n;
	for (unsigned i = 0; i < n; i++) {
		tree->inner[i].section = inner;
		tree_fill(&tree->inner[i], cfg_getnsec(cfg, section_info(inner)->name, i),
		    arena);
	}
}

static void
tree_fill(struct tree *tree, cfg_t *cfg, struct arena *arena)
{
	const struct option *option;
	struct values title;
	size_t n;

	option = options_of(tree->section, &n);
	tree->values = arena_array(arena, n, sizeof(*tree->values));
	for (size_t i = 0; i < n; i++)
		tree->values[i] = values_read(cfg, option[i].name, arena);
	title = values_read(cfg, SYNTAX_TITLE, arena);
	tree->line = title.line;
	tree->title = title.n > 0 ? title.p[0].text : "";
	if (tree->section == SECTION_DOMAIN)
		tree_fill_inner(tree, cfg, SECTION_KEY, arena);
	if (tree->section == SECTION_STREAM)
		tree_fill_inner(tree, cfg, SECTION_TUNING, arena);
}

struct tree *
tree_read(const struct block *block, struct arena *arena)
{
	cfg_opt_t opts[OPTS_MAX], inner_opts[OPTS_MAX];
	struct tree *tree = NULL;
	cfg_t *cfg;

	opts_fill(opts, block->section, inner_opts);
	pthread_mutex_lock(&confuse_lock);
	cfg = cfg_init(opts, CFGF_NONE);
	if (cfg != NULL) {
		cfg_set_error_function(cfg, be_quiet);
		if (cfg_parse_buf(cfg, block->text) == CFG_SUCCESS) {
			tree = arena_alloc(arena, sizeof(*tree));
			tree->section = block->section;
			tree_fill(tree, cfg, arena);
		}
		cfg_free(cfg);
	}
	pthread_mutex_unlock(&confuse_lock);
	return tree;
}
