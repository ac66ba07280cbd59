/*
 * What the two processes may ask of the kernel, applied by themselves
 * (libseccomp): a hole in a library must lead nowhere.
 *
 * Both are killed for what only an intruder does: run a program, trace, mount,
 * load modules, change user, make name spaces.  The kernel does it alone, and its
 * log names the call.  Nothing goes on after that, so nothing is tried twice.
 *
 * The worker, which reads what strangers send, works by a list of what is
 * allowed beside that.  Any other call fails: with ENOSYS, as on an older kernel, or
 * with EPERM where only its arguments are wrong.  A newer libc tries such calls and
 * goes on without; to die of one would stop mail.  Each is said in the log
 * once, by name: the kernel asks the master (seccomp_unotify(2)), which holds
 * the only handle.  A signal handler in the worker would not do, as libunbound's
 * threads block all signals.  Where the kernel does not ask, the same is refused
 * without a word, and a forbidden argument with ENOSYS as a call is; where it has
 * no filters, error_r says so and the caller goes on.
 *
 * What it does not stop: memory of memfd_create(2), which libunbound needs, can be
 * mapped to be run.
 *
 * What needs a program (postconf) is done before.
 */
#ifndef MW_DAEMON_SANDBOX_H
#define MW_DAEMON_SANDBOX_H

#include <stdbool.h>

/* Built with a sanitizer, which needs calls that no filter can allow: left out. */
bool sandbox_is_built(void);

/* Once, before the first worker, which is born with it; 0, or -1 when it is not in force. */
int sandbox_master(const char **error_r);

/*
 * Once, before the first thread.  *listener_r: hand it to the master and close
 * it; -1 when calls cannot be named.
 */
int sandbox_worker(int *listener_r, const char **error_r);

/* Calls of one worker that the master refuses. */
struct sandbox_watch;

/* Takes the listener over. */
struct sandbox_watch *sandbox_watch_new(int listener);
void sandbox_watch_free(struct sandbox_watch **watch);

/* Readable when a call waits. */
int sandbox_watch_fd(const struct sandbox_watch *watch);

/* Refuses the call that waits, and says so once for each call.  False when the
 * worker has handed over something else than the kernel's listener. */
bool sandbox_watch_answer(struct sandbox_watch *watch);

#endif
