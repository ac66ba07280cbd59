/*
 * Whether anybody runs `mailworthy notify`.
 */
#include <stdio.h>
#include <sys/stat.h>

#include "base/arena.h"
#include "core/notice.h"
#include "settings/settings.h"

const char *
notice_state_path(struct arena *arena, const char *state_dir)
{
	return arena_printf(arena, "%s/notify.state", state_dir);
}

time_t
notice_last_run(const char *state_dir)
{
	char path[4096];
	struct stat st;

	if (snprintf(path, sizeof(path), "%s/notify.state", state_dir) >=
	    (int)sizeof(path) || stat(path, &st) != 0)
		return 0;
	return st.st_mtime;
}

const char *
notice_problem(const struct settings *settings, time_t now, struct arena *arena)
{
	time_t last;

	if (*settings->notify == '\0')
		return NULL;
	last = notice_last_run(settings->state_dir);
	if (last == 0)
		return arena_printf(arena, "notify names %s, and `mailworthy notify` has never "
		    "run: nobody is told of held mail", settings->notify);
	if (now - last <= NOTICE_SILENT_SECONDS)
		return NULL;
	return arena_printf(arena, "notify names %s, and `mailworthy notify` has not run for "
	    "%ld hours: nobody is told of held mail", settings->notify,
	    (long)(now - last) / 3600);
}
