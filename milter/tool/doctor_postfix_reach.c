/*
 * The doctor on Postfix: can its daemons reach the socket, as they see it.
 */
#include <errno.h>
#include <poll.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "base/arena.h"
#include "settings/settings.h"
#include "tool/access.h"
#include "tool/doctor_mta.h"
#include "tool/reach.h"

static const char *
program_of(const struct postfix_service *service)
{
	return strcmp(service->command, "smtpd") == 0 ? "smtpd_milters" : "non_smtpd_milters";
}

/*
 * The list has our path as the host knows it, but the service runs in a chroot
 * and looks elsewhere.
 */
static void
say_wrong_root(struct mta *mta, const struct postfix_service *service,
    const struct postfix_milter *milter)
{
	struct doctor_line *line = doctor_say(mta->doctor, DOCTOR_FAULT, "mta-socket",
	    service->name, "%s has %s, but %s runs in a chroot and looks for %s, which is not "
	    "where mailworthy listens.", program_of(service), mta_shown(mta, milter->text),
	    service->command, mta_shown(mta, postfix_milter_file(mta->postfix, service,
	    milter)));

	mta_fix_list(mta, line, service, program_of(service));
}

/* As after an advice that was followed by half, or a socket that was moved. */
static void
say_stale(struct mta *mta, const struct postfix_service *service,
    const struct postfix_milter *milter)
{
	struct doctor_line *line = doctor_say(mta->doctor, DOCTOR_FAULT, "mta-socket",
	    service->name, "%s has %s, but there is no such file, and mailworthy listens at %s: "
	    "mail waits, or leaves unjudged and unsigned, as milter_default_action says.",
	    program_of(service), mta_shown(mta, milter->text),
	    settings_socket_shown(mta->doctor->arena, mta->doctor->settings->socket));

	mta_fix_list(mta, line, service, program_of(service));
}

/* Whether a daemon accepts there now; *error_r is errno where none does. */
static bool
answers(const char *path, int *error_r)
{
	struct sockaddr_un address = { .sun_family = AF_UNIX };
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	bool good;

	if (fd == -1 || strlen(path) >= sizeof(address.sun_path)) {
		*error_r = fd == -1 ? errno : ENAMETOOLONG;
		if (fd != -1)
			close(fd);
		return false;
	}
	memcpy(address.sun_path, path, strlen(path));
	good = connect(fd, (const struct sockaddr *)&address, sizeof(address)) == 0;
	*error_r = errno;
	close(fd);
	return good;
}

/* The socket itself refuses: its group and mode are the daemon's to set. */
static void
fix_mode(struct mta *mta, struct doctor_line *line, const struct reach_user *user)
{
	const struct settings *settings = mta->doctor->settings;
	const char *group = reach_group(mta->doctor->arena, user);

	doctor_fix(mta->doctor, line, "The directories are well; the socket must belong to a "
	    "group of that user and let it write (now socket-group = \"%s\", socket-mode = "
	    "\"%04o\"). In %s, then restart mailworthyd:", settings->socket_group == NULL ? "" :
	    settings->socket_group, settings->socket_mode, settings->path);
	doctor_paste(mta->doctor, line, "socket-group = \"%s\"", group);
	doctor_paste(mta->doctor, line, "socket-mode = \"0660\"");
}

/* Only our own directory is given to the daemon and to Postfix. */
static void
fix_directory(struct mta *mta, struct doctor_line *line, const struct reach_user *user,
    const char *at)
{
	const char *owner = mta->doctor->settings->user;

	if (!access_is_ours(at)) {
		doctor_fix(mta->doctor, line, "%s is not mailworthy's alone. Let user %s enter it, "
		    "or name a socket elsewhere in %s, as below Postfix's queue_directory "
		    "(%s).", mta_shown(mta, at), user->name, mta->doctor->settings->path,
		    mta_shown(mta, postfix_get(mta->postfix, "queue_directory")));
		return;
	}
	doctor_fix(mta->doctor, line, "Let it in:");
	doctor_paste(mta->doctor, line, "install -d -m 2750 -o %s -g %s %s",
	    owner != NULL && *owner != '\0' ? owner : "root",
	    reach_group(mta->doctor->arena, user), at);
}

static void
say_denied(struct mta *mta, const struct reach_user *user, const char *path, const char *at,
    const char *why)
{
	struct doctor_line *line = doctor_say(mta->doctor, DOCTOR_FAULT, "mta-socket", path,
	    "Postfix cannot reach the socket: %s.", why);

	if (strcmp(at, path) == 0)
		fix_mode(mta, line, user);
	else
		fix_directory(mta, line, user, at);
}

/* The service sees the right path; now for what lies on it. */
static void
judge_path(struct mta *mta, const struct postfix_service *service, const char *path)
{
	const char *owner = postfix_get(mta->postfix, "mail_owner"), *why, *at;
	struct reach_user user;
	int error = 0;

	if (!reach_user(owner, &user)) {
		doctor_say(mta->doctor, DOCTOR_UNKNOWN, "mta-socket", path,
		    "There is no user \"%s\" here (mail_owner), so it could not be seen "
		    "whether Postfix may reach the socket.", mta_shown(mta, owner));
		return;
	}
	switch (reach_socket(mta->doctor->arena, &user, service->chrooted ?
	    postfix_get(mta->postfix, "queue_directory") : "", path, &why, &at)) {
	case REACH_OK:
		if (answers(path, &error) || error == EACCES || error == EAGAIN)
			doctor_say(mta->doctor, DOCTOR_OK, "mta-socket", path,
			    "user %s reaches it%s", mta_shown(mta, owner), error == 0 ?
			    ", and mailworthyd answers" : "");
		else
			doctor_fix(mta->doctor, doctor_say(mta->doctor, DOCTOR_FAULT,
			    "mta-socket", path, "The socket is there, but nobody listens: "
			    "mailworthyd does not run."), "Start it; mailworthyd(8) tells how.");
		break;
	case REACH_MISSING:
		doctor_fix(mta->doctor, doctor_say(mta->doctor, DOCTOR_FAULT, "mta-socket",
		    path, "The socket is not there (%s): mailworthyd does not run, or listens "
		    "elsewhere.", why), "Start it, or look at `socket` in %s.",
		    mta->doctor->settings->path);
		break;
	case REACH_NO_SOCKET:
		doctor_fix(mta->doctor, doctor_say(mta->doctor, DOCTOR_FAULT, "mta-socket",
		    path, "Postfix cannot reach the socket: %s.", why), "See what it is and "
		    "move it away, then restart mailworthyd.");
		break;
	case REACH_DENIED:
		say_denied(mta, &user, path, at, why);
		break;
	case REACH_UNSEEN:
		doctor_say(mta->doctor, DOCTOR_UNKNOWN, "mta-socket", path, "It could not be "
		    "seen whether Postfix may reach the socket: %s.", why);
		break;
	}
}

/* True when a path was judged: one is enough, all that fit lead to the same file. */
static bool
judge_service(struct mta *mta, const struct postfix_service *service)
{
	const char *socket = mta->doctor->settings->socket;
	struct postfix_milter *milters;
	size_t n;

	milters = postfix_milters(mta->doctor->arena, postfix_get_in(mta->postfix, service,
	    program_of(service)), &n);
	for (size_t i = 0; i < n; i++) {
		if (milters[i].kind != MILTER_UNIX)
			continue;
		if (postfix_milter_is(mta->postfix, service, &milters[i], socket)) {
			judge_path(mta, service, postfix_milter_file(mta->postfix, service,
			    &milters[i]));
			return true;
		}
		if (service->chrooted && strcmp(milters[i].path, socket + strlen("unix:")) == 0) {
			say_wrong_root(mta, service, &milters[i]);
			return false;
		}
		if (mta_is_stale(mta, service, &milters[i])) {
			say_stale(mta, service, &milters[i]);
		}
	}
	return false;
}

void
mta_socket(struct mta *mta)
{
	const struct postfix_service *service = NULL, *cleanup = mta_cleanup(mta);
	bool judged[2] = { false, false };	/* out of a chroot, in one */
	bool looked[2] = { false, false };	/* at the list of main.cf */

	if (strncmp(mta->doctor->settings->socket, "unix:", 5) != 0)
		return;
	while ((service = postfix_next(mta->postfix, service, "smtpd")) != NULL) {
		bool own = postfix_overrides(service, "smtpd_milters");

		if (judged[service->chrooted] || (!own && looked[service->chrooted]))
			continue;
		judged[service->chrooted] = judge_service(mta, service);
		looked[service->chrooted] = looked[service->chrooted] || !own;
	}
	if (cleanup != NULL && !judged[0] && !judged[1])
		judge_service(mta, cleanup);
	else if (cleanup != NULL && !judged[cleanup->chrooted])
		judge_service(mta, cleanup);
}
