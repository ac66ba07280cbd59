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

/* A clause where notify is set and nobody runs the command, or NULL. */
const char *notice_problem(const struct settings *settings, time_t now,
    struct arena *arena);

/* How that is mended: in one line; the command alone, and what stands before it. */
#define NOTICE_MEND "enable mailworthy-notify.timer (" NOTICE_MEND_COMMAND "), or " \
	NOTICE_MEND_ELSE
#define NOTICE_MEND_COMMAND "systemctl enable --now mailworthy-notify.timer"
#define NOTICE_MEND_ELSE "have cron run `mailworthy notify` every five minutes as the " \
	"daemon's user"

#endif
