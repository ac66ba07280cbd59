/*
 * The name under which a part would be saved.
 */
#ifndef MW_MAIL_FILENAME_H
#define MW_MAIL_FILENAME_H

struct arena;
struct content_type;

#define FILENAME_READ_MAX 4096		/* octets of a value that are read */

/* A parameter with RFC 2231 or encoded words undone, valid UTF-8, remote text;
 * NULL when it is absent or empty. */
const char *filename_param(struct arena *arena, const struct content_type *type,
    const char *name);

/* Of Content-Disposition (may be NULL), else of Content-Type; NULL when there is
 * none. */
const char *filename_of(struct arena *arena, const struct content_type *disposition,
    const struct content_type *type);

#endif
