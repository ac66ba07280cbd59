/*
 * The report of `mailworthy check` for a person, and its JSON form.
 */
#ifndef MW_TOOL_REPORT_H
#define MW_TOOL_REPORT_H

#include <stdbool.h>
#include <stdio.h>

#include "verdict/plan.h"
#include "verdict/verdict.h"

#define REPORT_WIDTH_MIN 50
#define REPORT_WIDTH_MAX 120

/*
 * Score and verdict, what each receiver would say, the findings (those of the
 * postmaster and those of the author apart), what could not be told and why,
 * the signature and the edits.  Lines are at most `width` columns (within the
 * limits above), but for DNS records and single words longer than that.
 * Nothing from the message reaches the terminal as it is.  `kill_switch` is
 * what modefile_read() tells.
 */
void report_print(FILE *out, const struct check_input *judged,
    const struct verdict *verdict, const struct plan *plan, int kill_switch,
    bool colour, unsigned width);

/* One line: the record (record_line(), not for syslog) and "details". */
void report_print_json(FILE *out, const struct check_input *judged,
    const struct verdict *verdict, const struct plan *plan, const char *record);

#endif
