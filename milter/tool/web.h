/*
 * The report of `mailworthy check` as one self-contained HTML page: no script,
 * nothing loaded from anywhere, readable on a phone and on paper.
 */
#ifndef MW_TOOL_WEB_H
#define MW_TOOL_WEB_H

#include <stdio.h>

#include "verdict/plan.h"
#include "verdict/verdict.h"

/*
 * Score and verdict, what each receiver would say, the findings by family with
 * their evidence, the tree of the message's parts, its links, its header with
 * what is signed, the edits, and what could not be told.  Everything from the
 * message is made harmless and escaped.  `kill_switch` is what
 * modefile_read() tells.
 */
void web_print(FILE *out, const struct check_input *judged,
    const struct verdict *verdict, const struct plan *plan, int kill_switch);

/* The style sheet, for web.c. */
extern const char web_style[];

#endif
