#!/usr/bin/python3
"""Runs a program where nobody may listen to its own seccomp filter, as on a kernel
before 5.0 or in a container that listens itself:    nolistener.py PROGRAM ARGUMENT..."""

import errno
import os
import sys

from seccomp import ALLOW, ERRNO, MASKED_EQ, Arg, SyscallFilter

NEW_LISTENER = 8    # SECCOMP_FILTER_FLAG_NEW_LISTENER

filter = SyscallFilter(ALLOW)
filter.add_rule(ERRNO(errno.EINVAL), "seccomp", Arg(1, MASKED_EQ, NEW_LISTENER, NEW_LISTENER))
filter.load()
os.execv(sys.argv[1], sys.argv[1:])
