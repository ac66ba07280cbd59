/*
 * Names that label counters: of domains and of sections of the configuration.
 * They are not known beforehand, come and go with reloads, and must stay few.
 * A table gives each a number that it keeps; those beyond its limit share 0.
 * Many threads read them without a lock; only a new name takes one.
 */
#ifndef MW_RECORD_LABELS_H
#define MW_RECORD_LABELS_H

#include <stddef.h>

#define LABELS_MAX 200			/* names of a table */
#define LABEL_OCTETS_MAX 300		/* of one name; the rest is cut off */
#define LABELS_OTHERS "(others)"	/* the name of number 0 */

struct labels;

struct labels *labels_new(void);
void labels_free(struct labels **labels);

/* From 1 to LABELS_MAX, 0 when the table is full. */
size_t labels_number(struct labels *labels, const char *name);

/* Of a number that was given, the octets as they came; else NULL. */
const char *labels_name(const struct labels *labels, size_t number);

#endif
