#!/usr/bin/python3
"""Sixteen sessions at once, with reloads, the kill switch and a stop in between:
for a build with ThreadSanitizer.

    threads.py BUILD
"""

import signal
import sys
import threading
import time

from rig import Rig, check_sanitizers, fault_of, report
from milter import HEADERS
from process import load, set_mode
from prometheus import get, scrape

SECONDS = 8
SIGNED = ("DKIM-Signature", " v=1; a=rsa-sha256; c=relaxed/relaxed; d=example.com; s=s1;"
          " h=From; bh=frcCV1k9oG9oKj3dpUqdJg1PxRT2RSN/XKdLCPjaYaY=; b=AAAA")
SHAPES = [
    dict(fields=HEADERS),
    dict(fields=[*HEADERS, SIGNED]),
    dict(fields=HEADERS[:3]),
    dict(fields=HEADERS[1:]),
    dict(fields=HEADERS, sender="<>"),
    dict(fields=[("From", " x@example.org"), *HEADERS[1:]], sender="<x@example.org>"),
    dict(fields=[("From", " x@mail.example.com"), *HEADERS[1:]]),
    dict(fields=HEADERS, body=b"0123456789\r\n" * 20000, chunk=4096),
]


def mixed(rig, ended, faults):
    """Messages of many shapes, with aborts and closes between them."""
    n = 0
    while not ended.is_set():
        try:
            with rig.open() as m:
                m.begin()
                for _ in range(6):
                    n += 1
                    m.message(**SHAPES[n % len(SHAPES)])
                m.mail(), m.rcpt(), m.headers()
                m.abort()
                m.message()
                m.quit() if n % 4 else m.close()
        except (ConnectionError, OSError) as error:
            if not ended.is_set():
                faults.append(repr(error))
                return


def watch(rig, ended, faults):
    """Metrics and status, over and over."""
    where = f"unix:{rig.daemon.control}"
    try:
        while not ended.is_set():
            scrape(where, timeout=30)
            assert get(where, "/status", timeout=30)[0] == 200
    except (AssertionError, OSError) as error:
        faults.append(repr(error))


def storm(rig):
    ended, faults = threading.Event(), []
    clients = [threading.Thread(target=mixed, args=(rig, ended, faults)) for _ in range(16)]
    clients += [threading.Thread(target=watch, args=(rig, ended, faults)) for _ in range(2)]
    for c in clients:
        c.start()
    end = time.monotonic() + SECONDS
    n = 0
    while time.monotonic() < end and not faults:
        n += 1
        rig.configure(mode=("audit", "enforce")[n % 2], domain=("", "expire = 3600")[n % 2])
        rig.daemon.process.send_signal(signal.SIGHUP)
        if n % 8 == 0:
            set_mode(rig, ("audit", "file")[n // 8 % 2])
        time.sleep(0.15)
    ended.set()
    for c in clients:
        c.join()
    assert not faults, faults[:3]
    assert rig.daemon.read_log().count("configuration reloaded") >= 2
    print(f"# {len(rig.daemon.records())} messages, {n} reloads")


def stop_under_load(rig):
    with load(rig, threads=16) as counts:
        assert rig.daemon.stop() == 0, rig.daemon.read_log()[-3000:]
    assert counts["failed"] == 0, counts
    rig.daemon.start()


def main():
    import rig as rig_module
    for name, function in (("sixteen sessions with reloads between them", storm),
                           ("a stop while sixteen sessions run", stop_under_load)):
        with Rig(sys.argv[1]) as rig:
            rig.configure(mode="enforce")
            report("threads: " + name, fault_of(function, rig))
        if rig.status != 0:
            report("threads: " + name + ": end", rig.daemon.read_log()[-3000:])
    check_sanitizers()
    return 1 if rig_module.failed else 0


if __name__ == "__main__":
    sys.exit(main())
