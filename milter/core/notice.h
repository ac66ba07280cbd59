/*
 * Whether anybody runs `mailworthy notify`, which tells the address of the
 * option notify.  Each run writes the state file anew.
 */
#ifndef MW_CORE_NOTICE_H
#define MW_CORE_NOTICE_H

#include <time.h>

struct arena;
struct settings;

#define NOTICE_SILENT_SECONDS 7200	/* without a run: nobody runs it */

/* The path of the state file. */
const char *notice_state_path(struct arena *arena, const char *state_dir);

/* When `mailworthy notify` ran last; 0: never. */
time_t notice_last_run(const char *state_dir);

/*
 * One sentence and how to mend it where notify is set and nobody runs the
 * command, or NULL.
 */
const char *notice_problem(const struct settings *settings, time_t now,
    struct arena *arena);

#endif
