/* What the checks of parts and attachments share.  For checks/ only. */
#ifndef MW_CHECKS_PARTS_H
#define MW_CHECKS_PARTS_H

#include <stdbool.h>

#include "checks/check.h"

struct view_part;

/* The parts were read; else the status says that nobody could tell. */
bool parts_known(const struct check_input *input, struct check_result *result);

/* "Part 2.1 (application/pdf, "bill.pdf")", to begin a sentence. */
const char *parts_title(const struct check_input *input, const struct view_part *part);

/* The destinations in the evidence are those of all recipients not refused. */
bool parts_all_recipients(const struct check_input *input);

#endif
