/*
 * The text form of sightings, for sightings.c, its tests and its fuzzer.
 *
 *   mailworthy-sightings 1
 *   NAME FINGERPRINT STATE SINCE LAST LAST_MATCH TTL FIRST_BAD SECOND_BAD
 *       EXPIRES TESTING BITS RESOLVER PROBLEM
 *
 * One line a key, a TAB between the parts.  Lines that cannot be read are left
 * out, so a file of a later version with more parts still serves.
 */
#ifndef MW_DKIM_SIGHTINGS_H
#define MW_DKIM_SIGHTINGS_H

#include <stddef.h>

#include "base/slice.h"

struct arena;
struct sightings;

#define SIGHTINGS_MAX 250000		/* keys remembered; those beyond are not */
#define SIGHTINGS_KEPT_SECONDS (90 * 86400)	/* not looked at for longer: forgotten */
#define SIGHTINGS_FILE_MAX (64 * 1024 * 1024)

/* -1 when this is no file of sightings; else 0 and the lines that cannot be read.
 * Keys that nobody has asked for during SIGHTINGS_KEPT_SECONDS are left out. */
int sightings_read(struct sightings *sightings, struct slice text, size_t *bad_lines_r);

/* The text of all, terminated, for free(). */
char *sightings_text(struct sightings *sightings, size_t *size_r);

#endif
