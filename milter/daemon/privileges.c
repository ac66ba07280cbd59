/*
 * Who we are, and what we give up.
 */
#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <libgen.h>
#include <pwd.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cap-ng.h>

#include "base/arena.h"
#include "base/log.h"
#include "daemon/daemon.h"
#include "settings/settings.h"

int
privileges_find(const struct settings *settings, struct privileges *privileges_r,
    struct arena *arena, const char **error_r)
{
	struct passwd *passwd;

	memset(privileges_r, 0, sizeof(*privileges_r));
	privileges_r->root = geteuid() == 0;
	privileges_r->uid = geteuid();
	privileges_r->gid = getegid();
	if (!privileges_r->root || *settings->user == '\0')
		return 0;
	passwd = getpwnam(settings->user);
	if (passwd == NULL) {
		*error_r = arena_printf(arena, "user: there is no user \"%s\" on this host; "
		    "make one (adduser --system --group %s) or set `user`", settings->user,
		    settings->user);
		return -1;
	}
	privileges_r->uid = passwd->pw_uid;
	privileges_r->gid = passwd->pw_gid;
	return 0;
}

/* The directory, owned by the daemon; the group of the MTA may enter. */
static int
make_dir(const char *path, uid_t uid, gid_t gid, mode_t mode, struct arena *arena,
    const char **error_r)
{
	struct stat st;
	int fd, status;

	if (stat(path, &st) == 0)
		return 0;
	if (mkdir(path, mode) != 0) {
		*error_r = arena_printf(arena, "cannot make the directory %s: %s", path,
		    strerror(errno));
		return -1;
	}
	/* who owns the parent may have put a link in its place */
	fd = open(path, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	status = fd != -1 && fchown(fd, uid, gid) == 0 && fchmod(fd, mode) == 0 ? 0 : -1;
	if (status != 0)
		*error_r = arena_printf(arena, "cannot give %s to the daemon: %s", path,
		    strerror(errno));
	if (fd != -1)
		close(fd);
	return status;
}

static int
make_log_file(const struct privileges *privileges, const char *path, struct arena *arena,
    const char **error_r)
{
	char *copy = arena_strdup(arena, path);
	struct stat st;
	int fd;

	if (make_dir(dirname(copy), privileges->uid, privileges->gid, 0750, arena,
	    error_r) != 0)
		return -1;
	/* a FIFO must not keep us waiting */
	fd = open(path, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC | O_NOFOLLOW |
	    O_NONBLOCK | O_NOCTTY, 0640);
	if (fd == -1) {
		*error_r = arena_printf(arena, "log: cannot open %s: %s", path, strerror(errno));
		return -1;
	}
	/*
	 * Never /dev/null, nor what the daemon's own account may have linked
	 * into its directory to be given it.
	 */
	if (privileges->root && fstat(fd, &st) == 0 && S_ISREG(st.st_mode) &&
	    st.st_nlink == 1 && fchown(fd, privileges->uid, privileges->gid) != 0)
		log_warning("log: cannot give %s to the daemon: %s", path, strerror(errno));
	close(fd);
	return 0;
}

int
privileges_prepare(const struct privileges *privileges, const struct settings *settings,
    const char *socket, struct arena *arena, const char **error_r)
{
	struct group *group = getgrnam(settings->socket_group);
	gid_t gid = group != NULL ? group->gr_gid : privileges->gid;

	if (privileges->root) {
		if (strncmp(socket, "unix:", 5) == 0 && make_dir(dirname(arena_strdup(arena,
		    socket + 5)), privileges->uid, gid, 0750, arena, error_r) != 0)
			return -1;
		if (make_dir(settings->state_dir, privileges->uid, privileges->gid, 0750,
		    arena, error_r) != 0)
			return -1;
	}
	if (settings->log_kind == LOG_TO_FILE)
		return make_log_file(privileges, settings->log_file, arena, error_r);
	return 0;
}

int
privileges_master(const struct privileges *privileges, const char **error_r)
{
	if (!privileges->root)
		return 0;
	capng_clear(CAPNG_SELECT_BOTH);
	capng_update(CAPNG_ADD, CAPNG_EFFECTIVE | CAPNG_PERMITTED, CAP_DAC_READ_SEARCH);
	if (capng_change_id((int)privileges->uid, (int)privileges->gid,
	    CAPNG_INIT_SUPP_GRP | CAPNG_CLEAR_BOUNDING) != 0) {
		*error_r = "cannot give up the privileges of root";
		return -1;
	}
	return 0;
}

int
privileges_worker(const struct privileges *privileges, const char **error_r)
{
	if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0) {
		*error_r = "cannot forbid new privileges";
		return -1;
	}
	if (!privileges->root)
		return 0;
	capng_clear(CAPNG_SELECT_CAPS);
	if (capng_apply(CAPNG_SELECT_CAPS) != 0) {
		*error_r = "cannot give up the last capability";
		return -1;
	}
	return 0;
}
