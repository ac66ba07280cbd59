"""Has a thread of another process make a system call, as an intruder would who
got hold of it: ptrace(2), x86-64 only, as root."""

import ctypes
import ctypes.util
import os
import platform
import signal

libc = ctypes.CDLL(ctypes.util.find_library("c"), use_errno=True)
ATTACH, DETACH, GETREGS, SETREGS, SINGLESTEP = 16, 17, 12, 13, 9
__WALL = 0x40000000


class Registers(ctypes.Structure):
    _fields_ = [(n, ctypes.c_ulonglong) for n in
                "r15 r14 r13 r12 rbp rbx r11 r10 r9 r8 rax rcx rdx rsi rdi orig_rax rip cs "
                "eflags rsp ss fs_base gs_base ds es fs gs".split()]


class Died(Exception):
    """The process is gone: .signal"""

    def __init__(self, number):
        super().__init__(f"it died of signal {number}")
        self.signal = number


def possible():
    return os.geteuid() == 0 and platform.machine() == "x86_64"


def _ptrace(request, pid, address=0, data=0):
    libc.ptrace.argtypes = [ctypes.c_long, ctypes.c_int, ctypes.c_void_p, ctypes.c_void_p]
    if libc.ptrace(request, pid, address, data) == -1:
        raise OSError(ctypes.get_errno(), f"ptrace {request}")


def _wait(pid):
    _, status = os.waitpid(pid, __WALL)
    if os.WIFSIGNALED(status):
        raise Died(os.WTERMSIG(status))
    if os.WIFEXITED(status):
        raise Died(0)


def syscall(pid, number, *args):
    """What the kernel answers, -errno for an error.  The thread must be waiting
    in a call.  Text and bytes become addresses of a copy in its stack."""
    _ptrace(ATTACH, pid)
    _wait(pid)
    before, now = Registers(), Registers()
    _ptrace(GETREGS, pid, 0, ctypes.addressof(before))
    ctypes.memmove(ctypes.addressof(now), ctypes.addressof(before), ctypes.sizeof(now))
    room, values = before.rsp - 8192, []
    with open(f"/proc/{pid}/mem", "r+b", buffering=0) as memory:
        memory.seek(before.rip - 2)
        assert memory.read(2) == b"\x0f\x05", "the thread does not wait in a call"
        for arg in args:
            if isinstance(arg, (str, bytes)):
                data = arg.encode() + b"\0" if isinstance(arg, str) else arg
                memory.seek(room)
                memory.write(data)
                arg, room = room, room + len(data) + 15 & ~15
            values.append(arg & (1 << 64) - 1)
    for name, value in zip("rdi rsi rdx r10 r8 r9".split(), values + [0] * 6):
        setattr(now, name, value)
    now.rax, now.orig_rax, now.rip = number, (1 << 64) - 1, before.rip - 2
    _ptrace(SETREGS, pid, 0, ctypes.addressof(now))
    _ptrace(SINGLESTEP, pid)
    _wait(pid)
    _ptrace(GETREGS, pid, 0, ctypes.addressof(now))
    _ptrace(SETREGS, pid, 0, ctypes.addressof(before))
    _ptrace(DETACH, pid, 0, 0)
    return ctypes.c_longlong(now.rax).value
