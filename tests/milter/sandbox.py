#!/usr/bin/python3
"""The sandbox of the real daemon: what an intruder in the worker could ask of the
kernel, what a newer libc might, and that mail goes on.

    sandbox.py BUILD [WORD]

The rest of tests/milter runs inside the sandbox as well, as it is the default.
"""

import errno
import os
import pathlib
import signal
import sys
import time

from rig import Rig, check_sanitizers, fault_of, is_sanitized, report
import inject

HERE = pathlib.Path(__file__).resolve().parent
build = pathlib.Path(sys.argv[1]).resolve() if len(sys.argv) > 1 else None
tests = []
EXECVE, PTRACE, MOUNT, BPF, SETUID, UNSHARE = 59, 101, 165, 321, 105, 272
GETPID, MPROTECT, MMAP, SOCKET, CLONE, VFORK, KILL, PRCTL, IOCTL = 39, 10, 9, 41, 56, 58, 62, 157, 16
FCNTL, F_SETOWN, F_SETSIG = 72, 8, 10
CLONE3, OPENAT2, FUTEX_WAITV, RSEQ, STATX, CACHESTAT, IO_URING = 435, 437, 449, 334, 332, 451, 425


def test(name):
    def register(function):
        tests.append((name, function))
        return function
    return register


def wait_for(condition, seconds=10.0, what="it"):
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        if condition():
            return
        time.sleep(0.01)
    raise AssertionError(f"waited {seconds} s for {what}")


def status_of(pid):
    return dict(line.split(":", 1) for line in
                pathlib.Path(f"/proc/{pid}/status").read_text().splitlines())


def replaced(rig):
    return rig.daemon.worker_pid() not in (None, rig.pid)


@test("both processes are in it, without privileges")
def in_force():
    with Rig(build) as rig:
        for pid in (rig.daemon.process.pid, rig.pid):
            status = status_of(pid)
            assert status["Seccomp"].strip() == "2" and status["NoNewPrivs"].strip() == "1", status
        worker = status_of(rig.pid)
        assert worker["Seccomp_filters"].strip() >= "2", worker
        for name in ("CapEff", "CapPrm", "CapBnd", "CapAmb") if os.geteuid() == 0 else ():
            assert int(worker[name], 16) == 0, (name, worker[name])
        if os.geteuid() != 0:       # not dumpable: even its own user sees nothing
            try:
                os.listdir(f"/proc/{rig.pid}/fd")
                raise AssertionError("its descriptors can be seen")
            except PermissionError:
                pass
        assert "sandbox" not in rig.daemon.read_log(), rig.daemon.read_log()


INTRUDER = (("execve", EXECVE, "/bin/true", 0, 0), ("ptrace", PTRACE, 16, 1, 0, 0),
            ("mount", MOUNT, "/", "/mnt", 0, 0x1000, 0), ("bpf", BPF, 0, 0, 0),
            ("a name space", CLONE, 0x10000000 | 17, 0, 0, 0, 0), ("setuid", SETUID, 0), ("unshare", UNSHARE, 0x10000000))


@test("a call that only an intruder makes: the worker is killed and replaced")
def intruder():
    for name, *call in INTRUDER:
        with Rig(build) as rig:
            try:
                answer = inject.syscall(rig.pid, *call)
                raise AssertionError(f"{name} was answered: {answer}")
            except inject.Died as died:
                assert died.signal == signal.SIGSYS, (name, died)
            wait_for(lambda: replaced(rig), what="a new worker")
            wait_for(lambda: fault_of(rig.one) == "", what="an answer")
            assert rig.daemon.read_log().count(
                "killed by its sandbox for a system call that only") == 1, rig.daemon.read_log()


REFUSED = (     # what, call, errno
    ("memory that is written and run", (MMAP, 0, 4096, 7, 0x22, -1, 0), errno.EPERM),
    ("memory made executable", (MPROTECT, 0x10000, 4096, 5), errno.EPERM),
    ("a raw socket", (SOCKET, 17, 3, 0), errno.EPERM),
    ("netlink", (SOCKET, 16, 3, 0), errno.EPERM),
    ("a process", (CLONE, 17, 0, 0, 0, 0), errno.EPERM),
    ("a process by vfork", (VFORK,), errno.ENOSYS),
    ("a signal to the master", (KILL, "master", 0), errno.EPERM),
    ("to have the kernel signal the master", (FCNTL, 0, F_SETOWN, "master"), errno.EPERM),
    ("to choose that signal", (FCNTL, 0, F_SETSIG, 9), errno.EPERM),
    ("to be dumped again", (PRCTL, 4, 1, 0, 0, 0), errno.EPERM),
    ("to type into a terminal", (IOCTL, 0, 0x5412, 0), errno.EPERM),
    ("io_uring", (IO_URING, 8, 0), errno.ENOSYS),
    ("threads by clone3: libc goes on with clone", (CLONE3, 0, 0), errno.ENOSYS),
    ("a call of the year after next", (999, 0, 0), errno.ENOSYS),
    ("cachestat, as an example of a newer libc", (CACHESTAT, 0, 0, 0, 0), errno.ENOSYS),
)


@test("what a library might try is refused, named once, and mail goes on")
def refused():
    with Rig(build) as rig:
        for what, (number, *args), expected in REFUSED:
            args = [rig.daemon.process.pid if a == "master" else a for a in args]
            for _ in range(2):
                answer = inject.syscall(rig.pid, number, *args)
                assert answer == -expected, (what, answer, expected)
        assert inject.syscall(rig.pid, GETPID) == rig.pid
        for number, *args in ((OPENAT2, -100, "/", bytes(24), 24), (FUTEX_WAITV, 0, 0, 0, 0, 0),
                              (RSEQ, 0, 0, 0, 0), (STATX, -100, "/", 0, 0x7ff, bytes(256))):
            assert inject.syscall(rig.pid, number, *args) != -errno.ENOSYS, number
        log = rig.daemon.read_log()
        for name in ("mmap", "mprotect", "socket", "clone", "vfork", "kill", "prctl", "ioctl",
                     "fcntl", "io_uring_setup", "cachestat"):
            assert log.count(f"sandbox: the worker may not call {name} (") == 1, (name, log)
        assert "clone3" not in log
        assert log.count("may not call unknown (number 999,") == 1, log
        assert rig.one().inserted("DKIM-Signature")
        assert rig.daemon.worker_pid() == rig.pid


@test("where nobody may listen: refused all the same, without a name in the log")
def no_listener():
    rig = Rig(build)
    rig.daemon.before = [str(HERE.parent / "lib/nolistener.py")]
    with rig:
        assert status_of(rig.pid)["Seccomp_filters"].strip() >= "3", status_of(rig.pid)
        for what, (number, *args), _ in REFUSED:
            args = [rig.daemon.process.pid if a == "master" else a for a in args]
            answer = inject.syscall(rig.pid, number, *args)
            assert answer in (-errno.EPERM, -errno.ENOSYS), (what, answer)
        assert inject.syscall(rig.pid, GETPID) == rig.pid
        assert rig.one().inserted("DKIM-Signature")
        try:
            answer = inject.syscall(rig.pid, EXECVE, "/bin/true", 0, 0)
            raise AssertionError(f"execve was answered: {answer}")
        except inject.Died as died:
            assert died.signal == signal.SIGSYS, died
        wait_for(lambda: replaced(rig), what="a new worker")
        wait_for(lambda: fault_of(rig.one) == "", what="an answer")
        assert "may not call" not in rig.daemon.read_log(), rig.daemon.read_log()
        rig.watch()


@test("the master starts no program either")
def master():
    rig = Rig(build)
    with rig:
        try:
            answer = inject.syscall(rig.daemon.process.pid, EXECVE, "/bin/true", 0, 0)
            raise AssertionError(f"answered: {answer}")
        except inject.Died as died:
            assert died.signal == signal.SIGSYS, died
        rig.daemon.process.returncode = -signal.SIGSYS      # it was ours to wait for
        wait_for(lambda: not pathlib.Path(f"/proc/{rig.pid}").exists(), 45,
                 "the worker to end after its master")


@test("sandbox = no: off, said in the log and by -n; a call of today goes through")
def off():
    import subprocess
    with Rig(build, main="sandbox = no") as rig:
        assert "warning: sandbox: off, as the configuration says" in rig.daemon.read_log()
        assert status_of(rig.pid)["Seccomp"].strip() == "0"
        assert rig.one().inserted("DKIM-Signature")
        if inject.possible():
            answer = inject.syscall(rig.pid, MMAP, 0, 4096, 7, 0x22, -1, 0)
            assert answer > 0, answer
        told = subprocess.run([str(build / "mailworthyd"), "-n", "-c", str(rig.daemon.config)],
                              capture_output=True, text=True)
        assert "sandbox = false" in told.stdout and "without its sandbox" in told.stderr, told


def main():
    word = sys.argv[2] if len(sys.argv) > 2 else ""
    if is_sanitized(build):
        print("ok milter sandbox: left out of builds with sanitizers")
        return 0
    for name, function in tests:
        if word not in name:
            continue
        if function in (intruder, refused, no_listener, master) and not inject.possible():
            print(f"# sandbox: {name}: only as root, on x86-64")
            continue
        report("sandbox: " + name, fault_of(function))
    check_sanitizers(refusals=False)
    import rig
    return 1 if rig.failed else 0


if __name__ == "__main__":
    sys.exit(main())
