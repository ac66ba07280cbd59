/*
 * The header of a part, as octets: read for what the part is, and written anew
 * with what was changed.
 */
#ifndef MW_MAIL_PART_HEADER_H
#define MW_MAIL_PART_HEADER_H

#include <stdbool.h>

#include "base/slice.h"

struct arena;
struct mend_options;
struct spool;

struct part_header {
	struct slice type, encoding;	/* values of the first such fields; p NULL: none */
	bool has_mime_version;
	bool malformed;			/* holds a line that is no field */
};

struct part_changes {		/* values with their leading blank; NULL: as it is */
	const char *type, *encoding;
	bool add_mime_version;
};

void part_header_read(struct slice octets, struct part_header *header_r);

/* MEND_ bits.  `out` NULL: only to know them.  Not for a malformed header. */
unsigned part_header_write(struct slice octets, const struct part_changes *changes,
    const struct mend_options *options, struct spool *out);

#endif
