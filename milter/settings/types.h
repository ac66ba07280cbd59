/*
 * The types of options: from what was written to the member, and back.
 */
#ifndef MW_SETTINGS_TYPES_H
#define MW_SETTINGS_TYPES_H

#include "base/buf.h"
#include "settings/settings.h"
#include "settings/tree.h"

struct errors;

/* One reading of the settings. */
struct reading {
	struct arena *arena;		/* of the snapshot */
	struct arena *work;		/* gone after reading */
	struct errors *errors;
	const char *file;
	struct files *files;
	settings_check_exists_fn *check_exists;
	struct settings *settings;
	bool networks_given, outbound_given;	/* written by hand */
};

/*
 * Puts the values, or the option's default when none are given, into the
 * struct of the section.  Reports what does not fit.
 */
void type_set(struct reading *reading, const struct option *option, void *section,
    const struct values *values);

/* Writes the value as it is written in a file; false when it is not set. */
bool type_format(const struct option *option, const void *section, struct buf *out);

/* For the files that implement types. */
struct type {
	void (*set_one)(struct reading *reading, const struct option *option,
	    void *section, const struct value *value);
	void (*set_list)(struct reading *reading, const struct option *option,
	    void *section, const struct values *values);
	bool (*format)(const struct option *option, const void *section, struct buf *out);
};

/* NULL when the type is of another file. */
const struct type *type_of_text(enum option_type type);
const struct type *type_of_list(enum option_type type);

/* "expected WHAT (got "VALUE")". */
void type_wrong(struct reading *reading, const struct option *option,
    const struct value *value, const char *expected);

void *type_member(const struct option *option, void *section);
const void *type_member_const(const struct option *option, const void *section);

/* In double quotes, with escapes. */
void type_quote(struct buf *out, const char *text);

/* The words of a limits text: "a|b"; position of the word, or -1. */
int limits_find(const char *limits, const char *word);
struct slice limits_word(const char *limits, unsigned position);

/* "a, b or c". */
const char *limits_text(struct arena *arena, const char *limits);

#endif
