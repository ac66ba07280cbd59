#!/usr/bin/python3
"""A real Postfix under load while something dies or changes.  At the sink each
message that was taken with 250 arrives once and verifies; none is lost, none
leaves unsigned.

    load.py BUILD [WORD]
"""

import collections
import contextlib
import os
import pathlib
import re
import signal
import sys
import time

from fault import case, main, wait_for  # where the others are found
import process
from daemon import keygen, zone_txt


def arrivals(rig, clients):
    """Waits for what was taken, then judges it; a short figure."""
    taken = {n for n, r in clients.replies.items() if r.startswith("250")}
    deferred = {n for n, r in clients.replies.items() if r.startswith("4")}
    unclear = set(clients.replies) - taken - deferred

    def arrived():
        return collections.Counter(
            re.search(rb"Subject: Invoice (\w+)", m[2])[1].decode() for m in rig.sink.messages)

    def all_there():
        if taken <= set(arrived()):
            return True
        rig.mta.flush()
        time.sleep(0.5)
        return False
    with contextlib.suppress(AssertionError):
        wait_for(all_there, 60)
    there = arrived()
    lost = taken - set(there)
    assert not lost, f"lost: {sorted(lost)[:5]} {rig.mta.queue_list()[:3]}"
    twice = [n for n, count in there.items() if count > 1]
    assert not twice, f"twice: {twice[:5]}"
    ghosts = set(there) & deferred
    assert not ghosts, f"deferred and delivered: {sorted(ghosts)[:5]}"
    unsigned = [m[2] for m in rig.sink.messages
                if not any(good for _, _, good in rig.verifiers.python(m[2]))]
    assert not unsigned, unsigned[0].decode("utf-8", "replace")
    assert len(taken) > 50, f"only {len(taken)} were taken: no load"
    return (f"{len(taken)} taken and delivered once, {len(deferred)} deferred, "
            f"{len(unclear)} broken off")


@contextlib.contextmanager
def under_load(build, kind="unix", n=8):
    with process.Rig(build, "postfix", process.ZONE, process.CONFIG, kind) as rig:
        clients = process.Clients(rig, n)
        try:
            time.sleep(1)
            yield rig, clients
        finally:
            clients.stop()


def children(pid):
    found = []
    for child in pathlib.Path(f"/proc/{pid}/task/{pid}/children").read_text().split():
        with contextlib.suppress(OSError):
            name = pathlib.Path(f"/proc/{child}/comm").read_text().strip()
            found.append((int(child), name))
    return found


def descriptors(rig):
    return len(os.listdir(f"/proc/{rig.daemon.worker_pid()}/fd"))


@case("Postfix's smtpd and cleanup are killed in the middle of messages")
def postfix_killed(build):
    with under_load(build) as (rig, clients):
        worker, before = rig.daemon.worker_pid(), descriptors(rig)
        master = int((rig.mta.queue / "pid/master.pid").read_text())
        killed = 0
        for _ in range(8):
            for pid, name in children(master):
                if name in ("smtpd", "cleanup"):
                    with contextlib.suppress(ProcessLookupError):
                        os.kill(pid, signal.SIGKILL)
                        killed += 1
            time.sleep(0.7)
        # Postfix's master waits a minute for a service that died twice: start it anew
        rig.mta.stop()
        rig.mta.start()
        time.sleep(3)
        clients.stop()
        figure = arrivals(rig, clients)
        assert killed > 8, killed
        assert rig.daemon.worker_pid() == worker, "another worker"
        wait_for(lambda: descriptors(rig) <= before + 2, 10, "closed descriptors")
        return f"{killed} processes; {figure}"


@case("the whole daemon is killed with -9 and started again, five times")
def daemon_killed(build):
    with under_load(build) as (rig, clients):
        for _ in range(5):
            worker = rig.daemon.worker_pid()
            rig.daemon.process.kill()
            rig.daemon.process.wait()
            wait_for(lambda w=worker: not pathlib.Path(f"/proc/{w}").exists(), 5,
                     "the worker's end")
            rig.daemon.start()
            time.sleep(1)
        clients.stop()
        return arrivals(rig, clients)


@case("SIGHUP every 100 ms")
def reloads(build):
    with under_load(build) as (rig, clients):
        worker, before = rig.daemon.worker_pid(), descriptors(rig)
        used = cpu_of(rig)
        for _ in range(80):
            rig.daemon.process.send_signal(signal.SIGHUP)
            time.sleep(0.1)
        used = cpu_of(rig) - used
        clients.stop()
        figure = arrivals(rig, clients)
        done = rig.daemon.read_log().count("configuration reloaded")
        assert done > 20, f"{done} reloads"
        deferred = [r for r in clients.replies.values() if r.startswith("4")]
        assert not deferred, deferred[:3]
        assert rig.daemon.worker_pid() == worker, "another worker"
        wait_for(lambda: descriptors(rig) <= before + 2, 10, "closed descriptors")
        return f"{done} reloads, {used:.1f} s of CPU with the load's; {figure}"


def cpu_of(rig):
    """Seconds, of master and worker."""
    ticks = 0
    for pid in (rig.daemon.process.pid, rig.daemon.worker_pid()):
        words = pathlib.Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
        ticks += int(words[11]) + int(words[12])
    return ticks / os.sysconf("SC_CLK_TCK")


@case("keys are replaced")
def new_keys(build):
    with under_load(build) as (rig, clients):
        text = rig.daemon.config.read_text()
        for n in range(2, 7):
            _, record = keygen(build, rig.scratch / "keys", "example.com", f"s{n}")
            rig.zone.add(f"s{n}._domainkey.example.com TXT {zone_txt(record)}")
            rig.daemon.config.write_text(text.replace(
                f'"s1" {{ file = "{rig.scratch}/keys/example.com.s1.pem" }}',
                f'"s{n}" {{ file = "{rig.scratch}/keys/example.com.s{n}.pem" }}'))
            rig.daemon.process.send_signal(signal.SIGHUP)
            time.sleep(0.8)
        clients.stop()
        figure = arrivals(rig, clients)
        used = {re.search(rb"DKIM-Signature:.*?\bs=(\w+)", m[2], re.S)[1].decode()
                for m in rig.sink.messages}
        assert used == {f"s{n}" for n in range(1, 7)}, used
        deferred = [r for r in clients.replies.values() if r.startswith("4")]
        assert not deferred, deferred[:3]
        return f"6 keys signed; {figure}"


if __name__ == "__main__":
    sys.exit(main())
