/*
 * From the sections of a file to struct settings: values, what must be
 * unique, and what several options must agree on.
 */
#ifndef MW_SETTINGS_BUILD_H
#define MW_SETTINGS_BUILD_H

#include "settings/syntax.h"
#include "settings/types.h"

/* Fills reading->settings and reports what is wrong. */
void build_settings(struct reading *reading, const struct block *blocks);

/* Options of one section; said twice is reported. */
void build_options(struct reading *reading, const struct tree *tree, void *section);

/* The values of an option of the section. */
const struct values *build_values(const struct tree *tree, const char *option);

void build_domain(struct reading *reading, const struct tree *tree,
    struct settings_domain *domain);

void build_stream(struct reading *reading, const struct tree *tree,
    struct settings_stream *stream);

/* Reports a title that names no check. */
void build_check_id(struct reading *reading, const struct tree *tree);

/* What other filters' files hold, beside what is written by hand. */
void build_imports(struct reading *reading, const struct tree **trees, size_t n);

/* Reads the table of logins into the settings. */
void build_logins(struct reading *reading, unsigned line);

/* Reads the lists and phrases, or takes those built in. */
void build_lists(struct reading *reading, unsigned lists_line, unsigned phrases_line);

#endif
