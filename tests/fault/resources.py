#!/usr/bin/python3
"""Disk, descriptors, connections and the clock fail or run out while messages
pass.

    resources.py BUILD [WORD]
"""

import contextlib
import datetime
import glob
import os
import pathlib
import re
import resource
import subprocess
import sys
import tempfile
import threading
import time

from fault import case, main, wait_for
from milter import HEADERS
from rig import Rig, is_sanitized

LARGE = b"All work and no play makes a long \xc3\xa9vening.\r\n" * 20000     # 900 KB


@contextlib.contextmanager
def small_disk(kilobytes):
    """A file system of its own, full in no time."""
    where = tempfile.mkdtemp(prefix="mailworthy-disk-")
    subprocess.run(["mount", "-t", "tmpfs", "-o", f"size={kilobytes}k,mode=1777", "tmpfs",
                    where], check=True)
    try:
        yield pathlib.Path(where)
    finally:
        subprocess.run(["umount", "-l", where], check=True)
        os.rmdir(where)


def fill(disk):
    with open(disk / "filler", "wb", buffering=0) as filler:
        with contextlib.suppress(OSError):
            while True:
                filler.write(b"x" * 4096)
        with contextlib.suppress(OSError):
            while True:
                filler.write(b"x")


def signed(rig, **kwargs):
    answer = rig.one(**kwargs)
    assert answer.action == "continue" and answer.inserted("DKIM-Signature"), answer
    return answer


@case("disk full: the log")
def log_full(build):
    with small_disk(256) as disk:
        rig = Rig(build)
        rig.daemon.events = disk / "events.jsonl"
        rig.configure()
        with rig:
            fill(disk)
            for _ in range(20):
                signed(rig)
            said = rig.daemon.read_log().count("records cannot be written to")
            assert said == 1, f"said {said} times"
            # no half line is left where the space ended
            (disk / "filler").unlink()
            signed(rig, queue_id="4AGAIN")
            assert rig.last_record()["queue_id"] == "4AGAIN"
            assert rig.daemon.worker_pid() == rig.pid
            rig.daemon.stop()


@case("disk full: the state")
def state_full(build):
    with small_disk(256) as disk:
        rig = Rig(build)
        rig.daemon.state = disk / "state"
        rig.daemon.state.mkdir()
        rig.configure()
        with rig:
            fill(disk)
            rig.reload()
            for _ in range(5):
                signed(rig)
            held = rig.one(fields=[("Subject", " " + "long " * 400) if f[0] == "Subject"
                                   else f for f in HEADERS])
            assert held.quarantine is not None, held    # subject-long is set to hold
            time.sleep(2)
            (disk / "filler").unlink()
            signed(rig)
            assert rig.daemon.stop() == 0
            assert (rig.daemon.state / "sightings").stat().st_size > 100
            rig.daemon.start()
            rig.watch()
            signed(rig)


@case("disk full: the spool of a body that is to be mended")
def spool_full(build):
    fields = [*HEADERS, ("MIME-Version", " 1.0"),
              ("Content-Type", " text/plain; charset=utf-8"),
              ("Content-Transfer-Encoding", " 8bit")]
    with small_disk(64) as disk, Rig(build) as rig:
        rig.daemon.stop()
        rig.daemon.env["TMPDIR"] = str(disk)
        rig.daemon.start()
        rig.watch()
        fill(disk)
        signed(rig, fields=fields, body=LARGE)
        record = rig.last_record()
        assert "encoding" not in record["repaired"], record["repaired"]
        assert any(f["id"] == "body-8bit" for f in record["findings"]), record["findings"]
        (disk / "filler").unlink()


@case("descriptors run out: connections wait or are closed, then all is well")
def descriptors(build):
    with Rig(build) as rig:
        before = resource.prlimit(rig.pid, resource.RLIMIT_NOFILE)
        resource.prlimit(rig.pid, resource.RLIMIT_NOFILE,
                         (rig.count_descriptors() + 4, before[1]))
        with contextlib.ExitStack() as stack:
            for _ in range(60):
                with contextlib.suppress(OSError):
                    stack.enter_context(rig.open(timeout=0.2))
            time.sleep(1)
        resource.prlimit(rig.pid, resource.RLIMIT_NOFILE, before)

        def serves():
            with contextlib.suppress(OSError, AssertionError):
                return signed(rig, timeout=5)
        wait_for(serves, 20, "a message that passes")
        same = rig.daemon.worker_pid() == rig.pid
        rig.watch()
        rig.check_health()
        return "the same worker" if same else "another worker"


@case("500 connections at once, each with a message")
def five_hundred(build):
    times, faults = [], []
    with Rig(build) as rig:
        gate = threading.Barrier(500)

        def client(n):
            try:
                with rig.open(timeout=60) as m:
                    m.begin()
                    gate.wait(60)
                    begun = time.monotonic()
                    answer = m.message(queue_id=f"4N{n}")
                    assert answer.action == "continue" and answer.inserted("DKIM-Signature")
                    times.append(time.monotonic() - begun)
            except Exception as error:
                faults.append(repr(error))
        threads = [threading.Thread(target=client, args=(n,)) for n in range(500)]
        for t in threads:
            t.start()
        for t in threads:
            t.join()
        assert not faults and len(times) == 500, faults[:3]
        peak, tasks = rig.memory("VmHWM"), len(os.listdir(f"/proc/{rig.pid}/task"))
        rig.check_health()
        ids = {r["queue_id"] for r in rig.daemon.records()}
        assert all(f"4N{n}" in ids for n in range(500))
        return f"peak {peak // 1024} MB, {tasks} threads"


def faketime_library():
    found = glob.glob("/usr/lib/*/faketime/libfaketimeMT.so.1")
    assert found, "libfaketime is not installed"
    return found[0]


@case("the clock jumps a day ahead, two back, ten years ahead, and home")
def clock(build):
    if is_sanitized(build):
        return "not with sanitizers"
    rig = Rig(build)
    now = rig.dir / "clock"

    def set_clock(offset):
        new = rig.dir / "clock.new"
        new.write_text(offset + "\n")
        new.rename(now)
    set_clock("+0")
    rig.daemon.env |= {"LD_PRELOAD": faketime_library(), "FAKETIME_TIMESTAMP_FILE": str(now),
                       "FAKETIME_NO_CACHE": "1", "DONT_FAKE_MONOTONIC": "1",
                       "FAKETIME_DONT_RESET": "1"}
    with rig:
        for offset, seconds in (("+0", 0), ("+86400", 86400), ("-86400", -86400),
                                ("+315360000", 315360000), ("+0", 0)):
            set_clock(offset)
            time.sleep(1.2)
            for _ in range(3):
                begun = time.monotonic()
                date = [("Date", " " + time.strftime("%a, %d %b %Y %H:%M:%S +0000",
                         time.gmtime(time.time() + seconds))) if f[0] == "Date" else f
                        for f in HEADERS]
                answer = signed(rig, fields=date)
                assert time.monotonic() - begun < 3
            made = int(re.search(r"t=(\d+)", answer.inserted("DKIM-Signature")[0][1])[1])
            assert abs(made - time.time() - seconds) < 10, (offset, made)
            said = datetime.datetime.fromisoformat(
                rig.last_record()["time"].replace("Z", "+00:00"))
            assert abs(said.timestamp() - time.time() - seconds) < 10, (offset, said)
            assert not [f for f in rig.last_record()["findings"]
                        if f["id"].startswith(("date-", "dkim-"))], rig.last_record()
            assert rig.daemon.worker_pid() == rig.pid, "another worker"
        log = rig.daemon.read_log()
        assert "no sign of life" not in log and "died" not in log, log


if __name__ == "__main__":
    sys.exit(main())
