/*
 * What `mailworthy keygen` and its --rotate share.
 */
#ifndef MW_TOOL_KEYGEN_H
#define MW_TOOL_KEYGEN_H

#include <stdbool.h>

#include "dkim/key.h"

struct arena;

struct keygen {
	const char *domain;		/* A-label; --rotate: or a section "*.name" */
	const char *sdid;		/* whose records the keys have: d= */
	const char *selector;
	const char *dir;
	const char *path;
	const char *config;
	const char *like;		/* a key file whose owner and mode it gets; NULL */
	enum key_type type;
	unsigned bits;
	bool selector_given, dir_given, bits_given;
	bool write;			/* --rotate: into the configuration, too */
	struct arena *arena;
};

/* Makes the key and its file at keygen->path.  NULL when that was said. */
struct key *keygen_make(const struct keygen *keygen);

/* 0640 root:mailworthy where that can be, else the file stays as it was made; 0 or -1
 * (errno). */
int keygen_own(int fd);

/* The path of the key's file as a configuration takes it: absolute. */
const char *keygen_whole_path(const struct keygen *keygen);

/* The record, for a zone file and for a web form. */
void keygen_print_record(const struct keygen *keygen, const struct key *key);

/* The n-th choice of a selector by date: "2026a", "2026b" ...; NULL after the last. */
const char *keygen_selector(const struct keygen *keygen, unsigned n);

/* mailworthy keygen --rotate.  Exit status. */
int keygen_rotate(struct keygen *keygen);

#endif
