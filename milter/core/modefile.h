/*
 * The kill switch: a small file in the state directory that overrides the mode
 * of the configuration until it is taken away.  It survives restarts.
 */
#ifndef MW_CORE_MODEFILE_H
#define MW_CORE_MODEFILE_H

struct arena;

/*
 * MODE_AUDIT, MODE_ENFORCE, or -1: no file, or one that holds neither word.
 * -1 with errno when it cannot be told (no descriptor is free, no permission):
 * then what was so before goes on.
 */
int modefile_look(const char *state_dir, int *mode_r);

enum { MODEFILE_UNSEEN = -2 };

/* For who looks once: MODEFILE_UNSEEN with errno when it cannot be told. */
int modefile_read(const char *state_dir);

/* What is said then, as a clause. */
#define MODEFILE_UNSEEN_TEXT "this user may not see whether `mailworthy mode` says otherwise"

/* mode -1 takes the file away.  0, or -1 with *error_r in the arena. */
int modefile_write(const char *state_dir, int mode, struct arena *arena,
    const char **error_r);

#endif
