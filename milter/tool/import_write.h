/*
 * A configuration of ours as text, from what was taken over from another filter.
 */
#ifndef MW_TOOL_IMPORT_WRITE_H
#define MW_TOOL_IMPORT_WRITE_H

#include "base/buf.h"
#include "settings/import/import.h"
#include "tool/import_keys.h"

struct import_source {
	const char *program;	/* "opendkim", "opendmarc" or "rspamd" */
	const char *title;	/* "OpenDKIM" */
	const char *path;
};

/* What is not taken over and which keys are not fit stands first, what to do next
 * last, all in comments.  `keys` may be NULL. */
void import_write(struct buf *out, const struct import *import,
    const struct import_source *source, const struct import_keys *keys);

#endif
