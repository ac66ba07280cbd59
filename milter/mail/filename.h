/*
 * The name under which a part would be saved.
 */
#ifndef MW_MAIL_FILENAME_H
#define MW_MAIL_FILENAME_H

struct arena;
struct content_type;

/* Of Content-Disposition (may be NULL), else of Content-Type: RFC 2231 or
 * encoded words undone, valid UTF-8, remote text.  NULL when there is none. */
const char *filename_of(struct arena *arena, const struct content_type *disposition,
    const struct content_type *type);

#endif
