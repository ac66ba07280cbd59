#!/usr/bin/python3
"""The daemon dies, stops and starts again under load through a real MTA
(Postfix: milter_default_action = tempfail, Sendmail: F=T): each message is delivered once and signed,
or was deferred at the client; none is lost, none leaves unsigned, and no
message waits for the inet stall.

    process.py BUILD [sendmail]
"""

import collections
import os
import pathlib
import re
import signal
import sys
import threading
import time
import traceback

HERE = pathlib.Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parent / "lib"))

from chain import Chain  # noqa: E402
import mta  # noqa: E402
from sendmail import Sendmail  # noqa: E402
from smtp import Smtp  # noqa: E402

ZONE = """\
example.net A 192.0.2.20
example.net MX 10 mail.example.net
mail.example.net A 192.0.2.20
example.com A 192.0.2.10
example.com MX 10 mail.example.com
example.com TXT "v=spf1 ip4:192.0.2.10 -all"
_dmarc.example.com TXT "v=DMARC1; p=none; rua=mailto:dmarc@example.com"
mail.example.com A 192.0.2.10
mail.example.com TXT "v=spf1 ip4:192.0.2.10 -all"
10.2.0.192.in-addr.arpa PTR mail.example.com
"""

CONFIG = """\
mode = enforce
socket-group = "{group}"
user = ""
egress "default" {{ addresses = {{"192.0.2.10"}} helo = "mail.example.com" }}
resolver {{ servers = {{"127.0.0.1@{port}"}} }}
domain "example.com" {{ key "s1" {{ file = "{keys}/example.com.s1.pem" }} }}
"""

MESSAGE = """\
From: Billing <billing@example.com>\r
To: anna@example.net\r
Subject: Invoice {id}\r
Date: Mon, 02 Mar 2026 10:00:00 +0000\r
Message-ID: <{id}@example.com>\r
\r
Your invoice {id} is attached.\r
"""

failed = 0


def report(name, good, why=""):
    global failed
    failed += not good
    print(("ok " if good else "not ok ") + "process " + name)
    if not good:
        print("\n".join("    " + line for line in str(why).splitlines()))
    sys.stdout.flush()


class Rig(Chain):
    def restart(self):
        """Exit status of the daemon that was stopped."""
        begun = time_of_day()
        status = self.daemon.stop()
        time.sleep(0.5)
        self.daemon.start()
        self.stopped = begun, time_of_day()
        return status


class Clients:
    """SMTP clients and a user of the sendmail command, until stop()."""

    def __init__(self, rig, n=12):
        self.rig, self.ended, self.lock = rig, threading.Event(), threading.Lock()
        self.replies = {}               # id -> the reply, or why there was none
        self.threads = [threading.Thread(target=self._client, args=(i,)) for i in range(n)]
        self.threads.append(threading.Thread(target=self._sendmail))
        for t in self.threads:
            t.start()

    def stop(self):
        self.ended.set()
        for t in self.threads:
            t.join()

    def _note(self, name, reply):
        with self.lock:
            self.replies[name] = reply

    def _session(self, client, first):
        n = first
        smtp = Smtp(self.rig.mta.port)
        try:
            while not self.ended.is_set() and n < first + 20:
                name = f"c{client}n{n}"
                n += 1
                self._note(name, "lost")
                reply = smtp.send("billing@example.com", "anna@example.net",
                                  MESSAGE.format(id=name).encode())
                self._note(name, reply)
                if not reply.startswith("250"):
                    break       # a session that lost its milter stays broken
        finally:
            smtp.close()
        return n

    def _client(self, client):
        n = 0
        while not self.ended.is_set():
            try:
                n = self._session(client, n)
            except (ConnectionError, OSError):
                n += 20

    def _sendmail(self):
        n = 0
        while not self.ended.is_set():
            name = f"local{n}"
            n += 1
            run = self.rig.mta.sendmail("billing@example.com", ["anna@example.net"],
                                            MESSAGE.format(id=name).replace("\r", "").encode())
            self._note(name, "250 queued" if run.returncode == 0 else "local failure")
            time.sleep(0.25)


def kill_worker(rig):
    """Seconds until another worker was there."""
    before = rig.daemon.worker_pid()
    os.kill(before, signal.SIGKILL)
    begun = time.monotonic()
    while rig.daemon.worker_pid() in (None, before) and time.monotonic() - begun < 10:
        time.sleep(0.01)
    return time.monotonic() - begun


def disturb(rig, kind):
    """Deaths 11 seconds apart: each new worker comes at once."""
    pauses = []
    for n in range(2):
        time.sleep(2 if n == 0 else 11)
        pauses.append(kill_worker(rig))
    time.sleep(1)
    rig.daemon.process.send_signal(signal.SIGHUP)
    time.sleep(1)
    status = rig.restart()
    time.sleep(2)
    report(f"{kind}: a new worker within a second", max(pauses) < 1, pauses)
    report(f"{kind}: a stop under load ends well", status == 0, rig.daemon.read_log()[-2000:])


def judge(rig, kind, clients):
    taken = {n for n, r in clients.replies.items() if r.startswith("250")}
    deferred = {n for n, r in clients.replies.items() if r.startswith("4")}
    other = {n: r for n, r in clients.replies.items() if n not in taken | deferred}
    end = time.monotonic() + 60
    while len(rig.sink.messages) < len(taken) and time.monotonic() < end:
        rig.mta.flush()
        time.sleep(0.5)
    arrived = collections.Counter(
        re.search(rb"Subject: Invoice (\w+)", m[2])[1].decode() for m in rig.sink.messages)
    unsigned = [m[2] for m in rig.sink.messages
                if not any(good for _, _, good in rig.verifiers.python(m[2]))]
    print(f"# {kind}: {len(taken)} taken, {len(deferred)} deferred, {len(arrived)} arrived")
    report(f"{kind}: enough went through, and something was deferred",
           len(taken) > 300 and len(deferred) > 3, (len(taken), len(deferred)))
    report(f"{kind}: every client got an answer", not other, dict(list(other.items())[:5]))
    report(f"{kind}: none that was taken is lost", taken <= set(arrived),
           f"{sorted(taken - set(arrived))[:5]}\n{rig.mta.queue_list()[:3]}")
    twice = [n for n, count in arrived.items() if count > 1]
    report(f"{kind}: none is delivered twice", not twice, twice[:5])
    ghosts = set(arrived) & deferred
    report(f"{kind}: none that was deferred is delivered", not ghosts, sorted(ghosts)[:5])
    report(f"{kind}: none leaves unsigned", not unsigned,
           b"\n".join(unsigned[:1]).decode("utf-8", "replace"))
    if isinstance(rig.mta, Sendmail):       # says so to syslog(3) alone
        return
    log = rig.mta.read_log()
    refused = [line for line in log.splitlines() if "connect to Milter" in line]
    # while the whole daemon is stopped there is nobody to connect to
    report(f"{kind}: connections are refused only while the daemon is stopped",
           all_within_stop(refused, rig), "\n".join(refused[:5]))


def all_within_stop(lines, rig):
    return all(rig.stopped[0] - 1 <= seconds(line) <= rig.stopped[1] + 1 for line in lines)


def seconds(text):
    """Of the day, from a time in a text."""
    h, m, s = re.search(r"(\d\d):(\d\d):(\d\d)", text).groups()
    return int(h) * 3600 + int(m) * 60 + int(s)


def time_of_day():
    return seconds(time.ctime())


def speed(rig, kind):
    """Fifty messages one after the other: 40 ms of stall each would be 2 s."""
    smtp = Smtp(rig.mta.port)
    begun = time.monotonic()
    for i in range(50):
        reply = smtp.send("billing@example.com", "anna@example.net",
                          MESSAGE.format(id=f"speed{i}").encode())
        assert reply.startswith("250"), reply
    took = time.monotonic() - begun
    smtp.close()
    print(f"# {kind}: 50 messages one after the other took {took:.2f} s")
    if not isinstance(rig.mta, Sendmail):   # see "Attaching it to Sendmail" in the manual
        report(f"{kind}: no stall", took < 1.5, f"{took:.2f} s")
    rig.sink.wait(50)
    with rig.sink.changed:
        rig.sink.messages.clear()


def run(build, name, kind):
    with Rig(build, name, ZONE, CONFIG, kind) as rig:
        speed(rig, kind)
        clients = Clients(rig)
        try:
            disturb(rig, kind)
        finally:
            clients.stop()
        judge(rig, kind, clients)


def main():
    for kind in ("unix",) if mta.chosen(sys.argv) == "sendmail" else ("unix", "inet"):
        try:
            run(pathlib.Path(sys.argv[1]).resolve(), mta.chosen(sys.argv), kind)
        except Exception:
            report(kind, False, traceback.format_exc())
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
