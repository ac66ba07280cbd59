#!/usr/bin/python3
"""Runs a program under the restrictions of a systemd unit, without systemd:

    confine.py UNIT USER WRITABLE... -- PROGRAM ARGUMENT...

Of the unit are applied: SystemCallFilter, SystemCallErrorNumber,
SystemCallArchitectures, RestrictAddressFamilies, MemoryDenyWriteExecute,
RestrictNamespaces, LockPersonality, CapabilityBoundingSet, NoNewPrivileges,
ProtectSystem=strict, ProtectProc, ProcSubset and UMask, as systemd.exec(5) says.
As root.  WRITABLE are the directories that stay so."""

import ctypes
import errno
import os
import pathlib
import pwd
import socket
import subprocess
import sys

import seccomp
from seccomp import ALLOW, ERRNO, EQ, GT, MASKED_EQ, Arg

libc = ctypes.CDLL(None, use_errno=True)
MS_RDONLY, MS_REMOUNT, MS_BIND, MS_REC, MS_PRIVATE = 1, 32, 4096, 16384, 1 << 18
PR_CAPBSET_DROP, PR_SET_NO_NEW_PRIVS, PR_SET_MDWE = 24, 38, 65
NAME_SPACES = (0x20000, 0x2000000, 0x4000000, 0x8000000, 0x10000000, 0x20000000, 0x40000000)


def read_unit(path):
    """name -> values in order; an empty one begins anew."""
    unit = {}
    for line in pathlib.Path(path).read_text().splitlines():
        name, equals, value = line.partition("=")
        if equals and name[:1].isalpha():
            unit.setdefault(name, []).append(value)
    return unit


def group(name, known={}):
    """The calls of "@group", those of its groups too."""
    if name not in known:
        out = subprocess.run(["systemd-analyze", "syscall-filter", name], text=True,
                             capture_output=True, check=True).stdout
        known[name] = set()
        for word in (line.strip() for line in out.splitlines()[1:]):
            if word.startswith("@"):
                known[name] |= group(word)
            elif word and not word.startswith("#"):
                known[name].add(word)
    return known[name]


def allowed_calls(lines):
    calls = set()
    for line in lines:
        taken = line.startswith("~")
        for word in line.lstrip("~").split():
            these = group(word) if word.startswith("@") else {word}
            calls = calls - these if taken else calls | these
    return calls | group("@default")


def is_yes(unit, name):
    return unit.get(name, ["no"])[-1] in ("yes", "true", "1", "on")


def call(function, *args):
    if function(*args) != 0:
        number = ctypes.get_errno()
        raise OSError(number, os.strerror(number), str(args))


def mount(source, target, kind, flags, data=None):
    call(libc.mount, *(x.encode() if x else None for x in (source, target, kind)),
         ctypes.c_ulong(flags), data.encode() if data else None)


def confine_files(unit, writable):
    call(libc.unshare, 0x20000)
    mount(None, "/", None, MS_REC | MS_PRIVATE)
    if unit.get("ProtectSystem", [""])[-1] == "strict":
        for path in writable:
            mount(path, path, None, MS_BIND | MS_REC)
        mount(None, "/", None, MS_REMOUNT | MS_BIND | MS_RDONLY)
    options = []
    if unit.get("ProcSubset", [""])[-1] == "pid":
        options.append("subset=pid")
    if unit.get("ProtectProc", [""])[-1] == "invisible":
        options.append("hidepid=invisible")
    if options:
        mount("proc", "/proc", "proc", 0, ",".join(options))


def call_filter(unit, refusal):
    names = allowed_calls(unit["SystemCallFilter"])
    found = seccomp.SyscallFilter(refusal)
    for name in names | {"execve"}:     # systemd itself runs the program
        try:
            found.add_rule(ALLOW, name)
        except (RuntimeError, ValueError, OSError):
            pass                        # of another processor
    return found


def argument_filter(unit, refusal):
    """What systemd forbids by arguments."""
    found = seccomp.SyscallFilter(ALLOW)
    if "RestrictAddressFamilies" in unit:
        families = {int(getattr(socket, name)) for name in unit["RestrictAddressFamilies"][-1].split()}
        for family in range(50):
            if family not in families:
                found.add_rule(ERRNO(errno.EAFNOSUPPORT), "socket", Arg(0, EQ, family))
        found.add_rule(ERRNO(errno.EAFNOSUPPORT), "socket", Arg(0, GT, 49))
    if is_yes(unit, "MemoryDenyWriteExecute"):
        found.add_rule(ERRNO(errno.EPERM), "mmap", Arg(2, MASKED_EQ, 6, 6))
        found.add_rule(ERRNO(errno.EPERM), "mprotect", Arg(2, MASKED_EQ, 4, 4))
        found.add_rule(ERRNO(errno.EPERM), "pkey_mprotect", Arg(2, MASKED_EQ, 4, 4))
        found.add_rule(ERRNO(errno.EPERM), "shmat", Arg(2, MASKED_EQ, 0o100000, 0o100000))
    if is_yes(unit, "RestrictNamespaces"):
        for bits in NAME_SPACES:
            found.add_rule(ERRNO(errno.EPERM), "clone", Arg(0, MASKED_EQ, bits, bits))
        found.add_rule(ERRNO(errno.EPERM), "unshare")
        found.add_rule(ERRNO(errno.EPERM), "setns")
        found.add_rule(ERRNO(errno.ENOSYS), "clone3")
    if is_yes(unit, "LockPersonality"):
        found.add_rule(refusal, "personality")
    return found


def become(user, unit):
    account = pwd.getpwnam(user)
    if "CapabilityBoundingSet" in unit and not unit["CapabilityBoundingSet"][-1]:
        number = 0
        while libc.prctl(PR_CAPBSET_DROP, number, 0, 0, 0) == 0:
            number += 1
        assert number > 30, number
    os.setgroups([])
    os.setresgid(account.pw_gid, account.pw_gid, account.pw_gid)
    os.setresuid(account.pw_uid, account.pw_uid, account.pw_uid)


def main():
    own, _, command = (words := sys.argv[1:])[:words.index("--")], None, words[words.index("--") + 1:]
    path, user, *writable = own
    unit = read_unit(path)
    refusal = ERRNO(getattr(errno, unit.get("SystemCallErrorNumber", ["EPERM"])[-1]))
    filters = [argument_filter(unit, refusal), call_filter(unit, refusal)]
    confine_files(unit, writable)
    become(user, unit)
    os.umask(int(unit.get("UMask", ["0022"])[-1], 8))
    if is_yes(unit, "NoNewPrivileges"):
        call(libc.prctl, PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0)
    if is_yes(unit, "MemoryDenyWriteExecute"):
        libc.prctl(PR_SET_MDWE, 1, 0, 0, 0)     # Linux 6.3
    for one in filters:
        one.load()
    os.execv(command[0], command)


if __name__ == "__main__":
    main()
