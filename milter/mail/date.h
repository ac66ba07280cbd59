/*
 * Date fields (RFC 5322 section 3.3 and 4.3).
 */
#ifndef MW_MAIL_DATE_H
#define MW_MAIL_DATE_H

#include <stdbool.h>
#include <time.h>

#include "base/slice.h"

struct arena;

/* The instant; false when it is no date (comments, obsolete zones, two-digit
 * years and a missing weekday are fine; a wrong weekday too). */
bool date_parse(struct slice value, time_t *when_r);

/* "Sat, 21 Nov 2026 21:40:00 +0000". */
const char *date_format(struct arena *arena, time_t when);

#endif
