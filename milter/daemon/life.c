/*
 * What the master knows of the daemon's life.
 */
#include <stdio.h>

#include "daemon/daemon.h"

void
daemon_life_reloaded(struct daemon_life *life, time_t now, const char *error)
{
	life->reload_at = now;
	snprintf(life->reload_error, sizeof(life->reload_error), "%s",
	    error != NULL ? error : "");
	if (error == NULL)
		daemon_life_loaded(life, now);
}

void
daemon_life_loaded(struct daemon_life *life, time_t now)
{
	life->generation++;
	life->loaded = now;
}
