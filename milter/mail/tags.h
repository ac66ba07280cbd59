/*
 * Tag=value lists (RFC 6376 section 3.2), as in DKIM-Signature fields, key
 * records and DMARC records.
 */
#ifndef MW_MAIL_TAGS_H
#define MW_MAIL_TAGS_H

#include <stdbool.h>
#include <stddef.h>

#include "base/slice.h"

#define TAGS_MAX 64

struct tag { struct slice name, value; };	/* trimmed */

struct tags {
	struct tag tags[TAGS_MAX];
	size_t n;
	bool malformed;		/* a part without "=", a bad name, a name twice,
				 * over TAGS_MAX */
	struct slice malformed_at;
};

/* Always fills what can be read. */
void tags_parse(struct slice text, struct tags *tags_r);

/* The first tag of that name (case-sensitive), or NULL. */
const struct tag *tags_find(const struct tags *tags, const char *name);

#endif
