/*
 * System calls that are allowed, by libseccomp.
 */
#include "config.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/sched.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <seccomp.h>

#include "base/log.h"
#include "base/mem.h"
#include "daemon/sandbox.h"

/* There clone(2) and mmap(2) have theirs in other places. */
#if defined(__s390__)
#define HAS_COMMON_ARGUMENTS false
#else
#define HAS_COMMON_ARGUMENTS true
#endif

/* What a 32-bit libc asks fcntl64() with; no number of a command elsewhere. */
#define LOCKS_64 12, 13, 14

#ifndef PR_SET_VMA
#define PR_SET_VMA 0x53564d41
#endif

/* Names that this libseccomp or processor does not know are passed over. */
static const char *const worker_calls[] = {
	/* files that are open, memory */
	"read", "readv", "pread64", "preadv", "preadv2", "write", "writev", "pwrite64",
	"pwritev", "pwritev2", "lseek", "_llseek", "close", "close_range", "dup", "dup2",
	"dup3", "pipe", "pipe2", "fsync", "fdatasync", "ftruncate",
	"ftruncate64", "fallocate", "fadvise64", "fadvise64_64", "flock", "sendfile",
	"sendfile64", "copy_file_range", "splice", "munmap", "mremap", "madvise", "brk",
	"mlock", "mlock2", "munlock", "msync", "mincore", "membarrier", "memfd_create",
	"map_shadow_stack", "mseal",
	/* files by name */
	"open", "openat", "openat2", "stat", "stat64", "fstat", "fstat64", "lstat",
	"lstat64", "newfstatat", "fstatat64", "statx", "access", "faccessat",
	"faccessat2", "readlink", "readlinkat", "getdents", "getdents64", "getcwd",
	"statfs", "statfs64", "fstatfs", "fstatfs64", "unlink", "unlinkat", "rename",
	"renameat", "renameat2", "link", "linkat", "mkdir", "mkdirat", "chmod", "fchmod",
	"fchmodat", "fchmodat2", "umask",
	/* the network */
	"socketpair", "bind", "connect", "listen", "accept", "accept4", "getsockname",
	"getpeername", "getsockopt", "setsockopt", "send", "sendto", "sendmsg", "sendmmsg",
	"recv", "recvfrom", "recvmsg", "recvmmsg", "recvmmsg_time64", "shutdown",
	/* waiting, time */
	"poll", "ppoll", "ppoll_time64", "select", "_newselect", "pselect6",
	"pselect6_time64", "epoll_create", "epoll_create1", "epoll_ctl", "epoll_wait",
	"epoll_pwait", "epoll_pwait2", "eventfd", "eventfd2", "timerfd_create",
	"timerfd_settime", "timerfd_settime64", "timerfd_gettime", "timerfd_gettime64",
	"nanosleep", "clock_nanosleep", "clock_nanosleep_time64", "clock_gettime",
	"clock_gettime64", "clock_getres", "clock_getres_time64", "gettimeofday", "time",
	"alarm", "setitimer", "getitimer", "pause",
	/* threads, signals, who we are */
	"futex", "futex_time64", "futex_waitv", "futex_wake", "futex_wait",
	"futex_requeue", "set_robust_list", "get_robust_list", "rseq", "set_tid_address",
	"gettid", "getpid", "getppid", "getpgrp", "getpgid", "getsid", "getuid", "getuid32",
	"geteuid", "geteuid32", "getgid", "getgid32", "getegid", "getegid32", "getresuid",
	"getresuid32", "getresgid", "getresgid32", "getgroups", "getgroups32", "capget",
	"getrandom", "sysinfo", "uname", "getrusage", "getrlimit", "ugetrlimit", "times",
	"getcpu", "getpriority", "sched_yield", "sched_getaffinity", "sched_getparam",
	"sched_getscheduler", "sched_get_priority_max", "sched_get_priority_min",
	"rt_sigaction", "rt_sigprocmask", "rt_sigreturn", "sigreturn", "rt_sigpending",
	"rt_sigtimedwait", "rt_sigtimedwait_time64", "rt_sigsuspend", "sigaltstack",
	"restart_syscall", "exit", "exit_group", "arch_prctl", "set_thread_area",
	"riscv_flush_icache", "riscv_hwprobe",
};

/* Nobody but an intruder asks for these. */
static const char *const intruder_calls[] = {
	"execve", "execveat", "ptrace", "process_vm_readv", "process_vm_writev",
	"process_madvise", "pidfd_getfd", "kcmp", "mount", "umount", "umount2", "pivot_root",
	"chroot", "move_mount", "open_tree", "fsopen", "fsconfig", "fsmount", "fspick",
	"mount_setattr", "unshare", "setns", "init_module", "finit_module", "delete_module",
	"kexec_load", "kexec_file_load", "bpf", "perf_event_open", "keyctl", "add_key",
	"request_key", "userfaultfd", "open_by_handle_at", "name_to_handle_at", "reboot",
	"swapon", "swapoff", "acct", "quotactl", "quotactl_fd", "settimeofday",
	"clock_settime", "clock_settime64", "clock_adjtime", "clock_adjtime64", "adjtimex",
	"stime", "sethostname", "setdomainname", "syslog", "vhangup", "iopl", "ioperm",
	"modify_ldt", "personality", "mknod", "mknodat", "setuid", "setuid32", "setgid",
	"setgid32", "setreuid", "setreuid32", "setregid", "setregid32", "setresuid",
	"setresuid32", "setresgid", "setresgid32", "setgroups", "setgroups32", "setfsuid",
	"setfsuid32", "setfsgid", "setfsgid32",
};

/* Allowed with some arguments only: the others are refused with EPERM. */
static const char *const narrow_calls[] = {
	"socket", "ioctl", "fcntl", "fcntl64", "prctl", "clone", "kill", "tgkill",
	"prlimit64", "mmap", "mmap2", "mprotect",
};

enum { CALLS_MAX = 1024 };	/* numbers remembered as said */

struct sandbox_watch {
	int listener;
	unsigned char said[CALLS_MAX / 8];
};

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

static bool
is_narrow(const char *name)
{
	for (size_t i = 0; i < COUNT(narrow_calls); i++)
		if (strcmp(name, narrow_calls[i]) == 0)
			return true;
	return false;
}

/* ---- the rules ---- */

static int
add_names(scmp_filter_ctx filter, uint32_t action, const char *const *names, size_t n)
{
	int number, error;

	for (size_t i = 0; i < n; i++) {
		number = seccomp_syscall_resolve_name(names[i]);
		if (number == __NR_SCMP_ERROR)
			continue;
		error = seccomp_rule_add(filter, action, number, 0);
		if (error != 0 && error != -EDOM)	/* not on this processor */
			return error;
	}
	return 0;
}

/* One argument with one of the values. */
static int
add_values(scmp_filter_ctx filter, int number, unsigned argument, const uint64_t *values,
    size_t n)
{
	int error = 0;

	for (size_t i = 0; i < n && error == 0; i++) {
		error = seccomp_rule_add(filter, SCMP_ACT_ALLOW, number, 1,
		    SCMP_CMP(argument, SCMP_CMP_EQ, values[i]));
		if (error == -EEXIST)	/* two names of one value */
			error = 0;
	}
	return error;
}

/* Of the bits in `mask` just those of `bits`. */
static int
add_masked(scmp_filter_ctx filter, int number, unsigned argument, uint64_t mask,
    uint64_t bits)
{
	return seccomp_rule_add(filter, SCMP_ACT_ALLOW, number, 1,
	    SCMP_CMP(argument, SCMP_CMP_MASKED_EQ, mask, bits));
}

/* No memory that is written and run; code is mapped from files (iconv's). */
static int
add_memory(scmp_filter_ctx filter)
{
	const int maps[] = { SCMP_SYS(mmap), SCMP_SYS(mmap2) };
	const uint64_t mask = PROT_WRITE | PROT_EXEC;
	int error = add_masked(filter, SCMP_SYS(mprotect), 2, PROT_EXEC, 0);

	for (size_t i = 0; i < COUNT(maps) && error == 0; i++) {
		error = add_masked(filter, maps[i], 2, mask, 0);
		if (error == 0)
			error = add_masked(filter, maps[i], 2, mask, PROT_WRITE);
		if (error == 0)
			error = add_masked(filter, maps[i], 2, mask, PROT_EXEC);
	}
	return error;
}

static int
add_worker(scmp_filter_ctx filter)
{
	static const uint64_t families[] = { AF_UNIX, AF_INET, AF_INET6 };
	static const uint64_t ioctls[] = { TCGETS, FIONREAD, FIONBIO, FIOCLEX };
	/* no F_SETOWN: with F_SETSIG it has the kernel send any signal to the master */
	static const uint64_t fcntls[] = { F_DUPFD, F_DUPFD_CLOEXEC, F_GETFD, F_SETFD, F_GETFL,
	    F_SETFL, F_GETLK, F_SETLK, F_SETLKW, F_OFD_GETLK, F_OFD_SETLK, F_OFD_SETLKW,
	    F_GETPIPE_SZ, F_SETPIPE_SZ, F_GET_SEALS, F_ADD_SEALS, LOCKS_64 };
	static const uint64_t prctls[] = { PR_SET_NAME, PR_GET_NAME, PR_SET_VMA,
	    PR_CAPBSET_READ, PR_GET_DUMPABLE };
	const uint64_t self = (uint64_t)getpid(), zero = 0;
	const struct { int call; unsigned argument; const uint64_t *values; size_t n; } narrow[] = {
		{ SCMP_SYS(socket), 0, families, COUNT(families) },
		{ SCMP_SYS(ioctl), 1, ioctls, COUNT(ioctls) },
		{ SCMP_SYS(fcntl), 1, fcntls, COUNT(fcntls) },
		{ SCMP_SYS(fcntl64), 1, fcntls, COUNT(fcntls) },
		{ SCMP_SYS(prctl), 0, prctls, COUNT(prctls) },
		{ SCMP_SYS(kill), 0, &self, 1 },
		{ SCMP_SYS(tgkill), 0, &self, 1 },
		{ SCMP_SYS(prlimit64), 0, &zero, 1 },
	};
	int error = add_names(filter, SCMP_ACT_ALLOW, worker_calls, COUNT(worker_calls));

	for (size_t i = 0; i < COUNT(narrow) && error == 0; i++)
		error = add_values(filter, narrow[i].call, narrow[i].argument,
		    narrow[i].values, narrow[i].n);
	if (error == 0)		/* threads, no processes */
		error = add_masked(filter, SCMP_SYS(clone), 0, CLONE_THREAD, CLONE_THREAD);
	return error == 0 ? add_memory(filter) : error;
}

/* For both: the worker is born with it. */
static int
add_master(scmp_filter_ctx filter)
{
	static const uint64_t spaces[] = { CLONE_NEWNS, CLONE_NEWCGROUP, CLONE_NEWUTS,
	    CLONE_NEWIPC, CLONE_NEWUSER, CLONE_NEWPID, CLONE_NEWNET };
	int error = add_names(filter, SCMP_ACT_KILL_PROCESS, intruder_calls,
	    COUNT(intruder_calls));

	for (size_t i = 0; i < COUNT(spaces) && error == 0; i++)
		error = seccomp_rule_add(filter, SCMP_ACT_KILL_PROCESS, SCMP_SYS(clone), 1,
		    SCMP_CMP(0, SCMP_CMP_MASKED_EQ, spaces[i], spaces[i]));
	/* its flags are in memory, which no filter sees: libc goes on with clone */
	if (error == 0)
		error = seccomp_rule_add(filter, SCMP_ACT_ERRNO(ENOSYS), SCMP_SYS(clone3), 0);
	return error;
}

/* ---- putting them in force ---- */

/* 0 or -errno.  What no rule names is met with `otherwise`; *listener_r for
 * SCMP_ACT_NOTIFY. */
static int
load(uint32_t otherwise, int (*add_rules)(scmp_filter_ctx), int *listener_r)
{
	scmp_filter_ctx filter = seccomp_init(otherwise);
	int error;

	if (filter == NULL)
		return -ENOMEM;
	/* a tree instead of a list; older versions know no better */
	(void)seccomp_attr_set(filter, SCMP_FLTATR_CTL_OPTIMIZE, 2);
	error = add_rules(filter);
	if (error == 0)
		error = seccomp_load(filter);
	if (error == 0 && otherwise == SCMP_ACT_NOTIFY)
		*listener_r = seccomp_notify_fd(filter);
	seccomp_release(filter);
	return error;
}

static int
finish(int error, const char **error_r)
{
	if (error == 0)
		return 0;
	*error_r = strerror(error == -ECANCELED ? errno : -error);
	return -1;
}

bool
sandbox_is_built(void)
{
	return !MW_SANITIZED && HAS_COMMON_ARGUMENTS;
}

/* No core file, and no tracing by another process of the same user: there are
 * keys in memory. */
static void
hide_memory(void)
{
	(void)prctl(PR_SET_DUMPABLE, 0, 0, 0, 0);
}

int
sandbox_master(const char **error_r)
{
	if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0)
		return finish(-errno, error_r);
	hide_memory();
	return finish(load(SCMP_ACT_ALLOW, add_master, NULL), error_r);
}

int
sandbox_worker(int *listener_r, const char **error_r)
{
	int error;

	*listener_r = -1;
	hide_memory();
	error = load(SCMP_ACT_NOTIFY, add_worker, listener_r);
	if (error != 0)		/* an old kernel, or a container that listens itself */
		error = load(SCMP_ACT_ERRNO(ENOSYS), add_worker, NULL);
	return finish(error, error_r);
}

/* ---- calls that are refused ---- */

struct sandbox_watch *
sandbox_watch_new(int listener)
{
	struct sandbox_watch *watch = mem_alloc(sizeof(*watch));

	watch->listener = listener;
	return watch;
}

void
sandbox_watch_free(struct sandbox_watch **watch_p)
{
	struct sandbox_watch *watch = *watch_p;

	*watch_p = NULL;
	if (watch == NULL)
		return;
	close(watch->listener);
	free(watch);
}

int
sandbox_watch_fd(const struct sandbox_watch *watch)
{
	return watch->listener;
}

/* True the first time. */
static bool
to_be_said(struct sandbox_watch *watch, int number)
{
	unsigned char bit;

	if (number < 0 || number >= CALLS_MAX)
		return true;
	bit = (unsigned char)(1u << number % 8);
	if ((watch->said[number / 8] & bit) != 0)
		return false;
	watch->said[number / 8] |= bit;
	return true;
}

static void
refuse(struct sandbox_watch *watch, const struct seccomp_notif *call,
    struct seccomp_notif_resp *answer)
{
	char *known = seccomp_syscall_resolve_num_arch(call->data.arch, call->data.nr);
	const char *name = known != NULL ? known : "unknown";

	answer->id = call->id;
	answer->error = is_narrow(name) ? -EPERM : -ENOSYS;
	if (to_be_said(watch, call->data.nr))
		log_warning("sandbox: the worker may not call %s (number %d, arguments "
		    "%#llx, %#llx, %#llx): refused; if mail suffers, set sandbox = no "
		    "and report this line", name, call->data.nr,
		    (unsigned long long)call->data.args[0],
		    (unsigned long long)call->data.args[1],
		    (unsigned long long)call->data.args[2]);
	free(known);
}

bool
sandbox_watch_answer(struct sandbox_watch *watch)
{
	struct seccomp_notif *call;
	struct seccomp_notif_resp *answer;
	bool is_listener = true;

	if (seccomp_notify_alloc(&call, &answer) != 0)
		return true;
	if (seccomp_notify_receive(watch->listener, call) == 0) {
		refuse(watch, call, answer);
		(void)seccomp_notify_respond(watch->listener, answer);
	} else {	/* it may have been a thread that is gone by now */
		is_listener = errno != ENOTTY && errno != EINVAL && errno != EBADF;
	}
	seccomp_notify_free(call, answer);
	return is_listener;
}
