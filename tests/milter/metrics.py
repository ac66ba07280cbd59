#!/usr/bin/python3
"""What those who watch are told: metrics and status over HTTP, exact under load,
over reloads and new workers; and clients that mean no good.

    metrics.py BUILD [WORD]
"""

import collections
import json
import os
import pathlib
import resource
import signal
import socket
import sys
import threading
import time

from rig import Rig, case, is_sanitized, run_cases
from milter import HEADERS
from postfix import free_port
from process import load, set_mode, wait_for
from prometheus import (check_never_less, get, parse, promtool, promtool_check, scrape,
                        value)

NAMED = 'stream "news" { senders = {"news@example.com"} kind = bulk }'


def rig_of(build, **kwargs):
    port = free_port()
    rig = Rig(build, main=f'metrics = "inet:127.0.0.1:{port}"', rest=NAMED, **kwargs)
    rig.metrics = f"inet:127.0.0.1:{port}"
    rig.control = f"unix:{rig.daemon.control}"
    return rig


def status_of(rig):
    code, headers, text = get(rig.control, "/status")
    assert code == 200 and headers["Content-Type"] == "application/json", (code, headers)
    return json.loads(text)


def no_subject(fields):
    return [f for f in fields if f[0] != "Subject"]


SHAPES = [
    dict(),
    dict(fields=no_subject(HEADERS)),                           # tempfail
    dict(fields=[*no_subject(HEADERS), ("Subject", " x" * 500)]),     # hold
    dict(fields=[("From", " news@example.com"), *HEADERS[1:]], sender="<news@example.com>"),
    dict(sender="<>"),
    dict(fields=[*HEADERS, ("List-Id", " <list.example.com>"),
                  ("List-Post", " <mailto:list@example.com>")]),
    dict(fields=[("From", " x@example.org"), *HEADERS[1:]], sender="<x@example.org>"),
]


def expected(records):
    """The samples that these records make."""
    want = collections.Counter()
    for r in records:
        labels = {"verdict": r["verdict"], "mode": r["mode"], "stream": r["stream"] or "none"}
        if r["author"] == "news@example.com":
            labels["section"] = "news"
        want["mailworthy_messages_total", tuple(sorted(labels.items()))] += 1
        if r["mode"] == "audit":
            want["mailworthy_audit_messages_total", (("would", r["would"]),)] += 1
        want["mailworthy_recipients_total", ()] += r["rcpt_count"]
        want["mailworthy_message_bytes_total", ()] += r["size"]
        for f in r["findings"]:
            state = "shadow" if f["shadow"] else "covered" if f["covered_by"] else "stands"
            want["mailworthy_findings_total", (("check", f["id"]), ("state", state))] += 1
        for what in r["repaired"]:
            want["mailworthy_repairs_total", (("kind", what),)] += 1
        want["mailworthy_end_of_message_seconds_count", ()] += 1
    return want


def check_exact(families, records):
    want = expected(records)
    for name in {name for name, _ in want}:
        base = name.removesuffix("_count")
        have = {k: v for k, v in families[base]["samples"].items() if k[0] == name and v}
        asked = {k: v for k, v in want.items() if k[0] == name and v}
        assert have == asked, f"{name}: {have}, and by the records {asked}"


def settled(rig, n):
    """The metrics when all messages have ended, and the records."""
    wait_for(lambda: len(rig.daemon.records()) >= n, what=f"{n} records")
    wait_for(lambda: value(scrape(rig.metrics), "mailworthy_messages_in_hand") == 0,
             what="the last message")
    return scrape(rig.metrics), rig.daemon.records()


@case("counts agree with the records, sixteen threads and reloads between them")
def exact(rig):
    before = len(rig.daemon.records())
    ended, faults, sent = threading.Event(), [], []

    def client(n):
        try:
            for i in range(12):
                with rig.open() as m:
                    m.begin()
                    for k in range(3):
                        m.message(**SHAPES[(n + i + k) % len(SHAPES)])
                        sent.append(1)
                    m.quit()
        except OSError as error:
            faults.append(repr(error))

    def watch():
        last = scrape(rig.metrics)
        while not ended.is_set():
            now = scrape(rig.metrics)
            check_never_less(last, now)
            last = now

    def watch_or_fail():
        try:
            watch()
        except Exception as error:
            faults.append(repr(error))
    watcher = threading.Thread(target=watch_or_fail)
    clients = [threading.Thread(target=client, args=(n,)) for n in range(16)]
    for t in [watcher, *clients]:
        t.start()
    for n in range(4):
        rig.reload(mode=("audit", "enforce")[n % 2])
    for t in clients:
        t.join()
    ended.set()
    watcher.join()
    assert not faults, faults[:3]
    families, records = settled(rig, before + len(sent))
    assert len(records) == before + len(sent), (len(records), before, len(sent))
    assert {r["verdict"] for r in records} == {"pass", "hold", "tempfail"}
    assert {r["mode"] for r in records} == {"audit", "enforce"}
    assert {r["stream"] for r in records} == {None, "bulk", "list", "dsn"}, \
        {r["stream"] for r in records}
    check_exact(families, records)
    assert value(families, "mailworthy_config_generation") == 5


@case("the format is right, and promtool has nothing to say")
def format_is_right(rig):
    rig.one(**SHAPES[3])
    _, _, text = get(rig.metrics)
    parse(text)
    assert 'stream="bulk",section="news"' in text, text
    _, _, again = get(rig.control)
    assert parse(text).keys() == parse(again).keys()
    if promtool():
        assert promtool_check(text) == "", promtool_check(text)


def main():
    return run_cases({None: lambda: rig_of(sys.argv[1])}, *sys.argv[2:3])


if __name__ == "__main__":
    sys.exit(main())
