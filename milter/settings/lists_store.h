/*
 * What the files that read lists and look into them share.
 */
#ifndef MW_SETTINGS_LISTS_STORE_H
#define MW_SETTINGS_LISTS_STORE_H

#include "base/phrase.h"
#include "base/slice.h"
#include "settings/lists.h"

struct arena;
struct errors;
struct map;

#define LIST_FILE_MAX (4 * 1024 * 1024)	/* bytes of one file */
#define LIST_WORD_MAX 255		/* octets of an entry */
#define LIST_ENTRIES_MAX 100000		/* of one file */

struct word_list {
	const char **words;		/* as in the file */
	size_t n;
	struct map *index;		/* word -> the word */
};

struct lists {
	struct word_list lists[LISTS];
	struct provider *providers;
	size_t n_providers;
	struct map *by_mx;		/* suffix -> struct provider */
	struct blocklist *blocklists;
	size_t n_blocklists;
	struct phrase *phrases;
	size_t n_phrases;
};

/* One file being read. */
struct list_source {
	const char *file;		/* as errors name it */
	struct slice text;
	struct arena *arena;		/* of what is kept */
	struct arena *work;		/* gone after reading */
	struct errors *errors;
	unsigned line;			/* the one being read */
};

/* The file's name without ".txt". */
const char *list_name(enum list list);

/* Each adds to `lists` what the file holds and reports what is wrong in it. */
void lists_parse_words(struct list_source *source, enum list list, struct lists *lists);
void lists_parse_providers(struct list_source *source, struct lists *lists);
void lists_parse_blocklists(struct list_source *source, struct lists *lists);
void lists_parse_phrases(struct list_source *source, const char *language,
    struct lists *lists);

/*
 * The next line that holds something, without its comment ("#" at the
 * beginning or after a blank), its blanks single, at most `max` octets of UTF-8;
 * others are reported.  False at the end.
 */
bool list_next_line(struct list_source *source, struct slice *rest, size_t max,
    const char **line_r);

/* The index of a list's name, or LISTS. */
enum list list_by_name(const char *name);

/* The files that are built in, made from conf/ (builtin.awk). */
struct list_builtin {
	const char *name;		/* "lists/freemail.txt" */
	const char *text;
	size_t size;
};
extern const struct list_builtin list_builtins[];
extern const size_t list_n_builtins;

#endif
