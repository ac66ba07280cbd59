/*
 * Attachments of types that receivers refuse: by the name, by the content, and
 * one level inside an archive or a document.
 */
#ifndef MW_FACTS_BLOCKED_H
#define MW_FACTS_BLOCKED_H

#include <stdbool.h>

#include "settings/lists.h"

struct arena;
struct message;
struct view_part;

struct blocked {
	const struct view_part *part;
	const char *suffix;	/* the one on the list, lower-case */
	const char *name;	/* of the file or the entry, remote text; NULL */
	bool inside;		/* an entry of an archive, a file in a document */
	bool by_content;	/* the name does not tell */
};

/* The parts that are files to a reader, not text of the message. */
bool blocked_is_file(const struct view_part *part);

/* The suffix of a file name in small letters, "" when there is none. */
const char *blocked_suffix(struct arena *arena, const char *name);

/* The first on the list, files themselves before what is in them. */
bool blocked_find(struct arena *arena, const struct message *message,
    const struct lists *lists, enum list list, struct blocked *blocked_r);

/* An encrypted archive in an archive (Gmail refuses it); NULL when there is none. */
const struct view_part *blocked_find_locked(const struct message *message);

#endif
