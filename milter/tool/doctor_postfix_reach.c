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
	const char *address = postfix_milter_for(mta->postfix,
	    mta->doctor->settings->socket, true);
	struct doctor_line *line = doctor_say(mta->doctor, DOCTOR_FAULT, "mta-socket",
	    service->name, "%s has %s, but %s runs in a chroot and looks for %s, which is not "
	    "where mailworthy listens.", program_of(service), mta_shown(mta, milter->text),
	    service->command, postfix_milter_file(mta->postfix, service, milter));

	if (address != NULL) {
		doctor_fix(mta->doctor, line, "Give the path as it is within the chroot. In "
		    "%s/main.cf, then `postfix reload`:", mta->postfix->dir);
		doctor_paste(mta->doctor, line, "%s = %s", program_of(service), address);
		return;
	}
	doctor_fix(mta->doctor, line, "Put the socket where the chroot has it: the first line "
	    "in %s, the second in %s/main.cf; then restart mailworthyd and `postfix reload`:",
	    mta->doctor->settings->path, mta->postfix->dir);
	doctor_paste(mta->doctor, line, "socket = \"unix:%s/mailworthy/mailworthy.sock\"",
	    postfix_get(mta->postfix, "queue_directory"));
	doctor_paste(mta->doctor, line, "%s = unix:mailworthy/mailworthy.sock",
	    program_of(service));
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

static void
say_denied(struct mta *mta, const char *path, const char *why)
{
	struct doctor_line *line = doctor_say(mta->doctor, DOCTOR_FAULT, "mta-socket", path,
	    "Postfix cannot reach the socket: %s.", why);

	doctor_fix(mta->doctor, line, "The directory must let that user in, and the socket must "
	    "belong to one of its groups: socket-group and socket-mode in %s. For the "
	    "directory:", mta->doctor->settings->path);
	doctor_paste(mta->doctor, line, "install -d -m 2750 -o mailworthy -g %s %s",
	    postfix_get(mta->postfix, "mail_owner"), slice_dup(mta->doctor->arena,
	    (struct slice){ path, (size_t)(strrchr(path, '/') - path) }));
}

/* The service sees the right path; now for what lies on it. */
static void
judge_path(struct mta *mta, const struct postfix_service *service, const char *path)
{
	const char *owner = postfix_get(mta->postfix, "mail_owner"), *why;
	struct reach_user user;
	int error = 0;

	if (!reach_user(owner, &user)) {
		doctor_say(mta->doctor, DOCTOR_UNKNOWN, "mta-socket", path,
		    "There is no user \"%s\" here (mail_owner), so it could not be seen "
		    "whether Postfix may reach the socket.", mta_shown(mta, owner));
		return;
	}
	switch (reach_socket(mta->doctor->arena, &user, service->chrooted ?
	    postfix_get(mta->postfix, "queue_directory") : "", path, &why)) {
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
	case REACH_DENIED:
		say_denied(mta, path, why);
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
	}
	return false;
}

void
mta_socket(struct mta *mta)
{
	const struct postfix_service *service = NULL, *cleanup = mta_cleanup(mta);
	bool judged[2] = { false, false };	/* out of a chroot, in one */

	if (strncmp(mta->doctor->settings->socket, "unix:", 5) != 0)
		return;
	while ((service = postfix_next(mta->postfix, service, "smtpd")) != NULL)
		if (!judged[service->chrooted])
			judged[service->chrooted] = judge_service(mta, service);
	if (cleanup != NULL && !judged[0] && !judged[1])
		judge_service(mta, cleanup);
	else if (cleanup != NULL && !judged[cleanup->chrooted])
		judge_service(mta, cleanup);
}
