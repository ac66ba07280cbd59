#!/usr/bin/python3
"""Messages that are mended before they are signed: the MTA gets the new fields
and the new body, or, when anything fails, a message that is as it was or none.

    repair.py BUILD [WORD]
"""

import json
import os
import pathlib
import quopri
import re
import resource
import signal
import sys
import time

from rig import Rig, case, run_cases
from milter import ALL_ACTIONS, ALL_STEPS, CHANGE_BODY, HEADERS, NO_REPLY

MIME = [("MIME-Version", " 1.0"), ("Content-Type", " text/plain; charset=utf-8"),
        ("Content-Transfer-Encoding", " 8bit")]
LINE = "Gr\u00fc\u00dfe aus K\u00f6ln, und dazu noch einige Worte mehr\r\n".encode()
FILE_MAX = 2 << 20      # octets a file of the daemon may grow to


def body_of(answer):
    """The body that was sent in place of ours, or None."""
    pieces = [data for command, data in (e for e in answer.edits if len(e) == 2)
              if command == "b"]
    assert all(len(piece) <= 65535 for piece in pieces), [len(p) for p in pieces]
    return b"".join(pieces) if pieces else None


def changed(answer, name):
    return [e[1:] for e in answer.edits if e[0] == "change" and e[2] == name]


@case("a body is replaced, and its fields")
def replaced(rig):
    answer = rig.one([*HEADERS, *MIME], LINE)
    assert answer.action == "continue", answer
    assert quopri.decodestring(body_of(answer)) == LINE, answer
    assert changed(answer, "Content-Transfer-Encoding") == [
        (1, "Content-Transfer-Encoding", " quoted-printable")], answer
    assert answer.inserted("DKIM-Signature"), answer
    record = rig.last_record()
    assert record["repaired"] == ["encoding"] and record["findings"] == [], record


@case("a body of 5 MB in pieces")
def large(rig):
    body = LINE * (5 * 1024 * 1024 // len(LINE))
    for chunk in (65535, 4096, 1000):
        answer = rig.one([*HEADERS, *MIME], body, chunk=chunk)
        assert quopri.decodestring(body_of(answer)) == body, chunk


@case("a body that need not be mended is not sent back")
def untouched(rig):
    answer = rig.one([*HEADERS, *MIME[:2]], b"All of it is ASCII.\r\n" * 30000)
    assert body_of(answer) is None and changed(answer, "Content-Transfer-Encoding") == []
    assert rig.last_record()["repaired"] == []


@case("a raw subject, without a leading blank agreed too")
def subject(rig):
    fields = [*HEADERS[:2], ("Subject", " Gr\u00fc\u00dfe"), *HEADERS[3:]]
    for steps in (0x1FFFFF, 0):
        with rig.open(steps=steps) as m:
            m.begin()
            answer = m.message(fields)
            m.quit()
        blank = " " if steps else ""
        assert changed(answer, "Subject") == [
            (1, "Subject", blank + "=?utf-8?q?Gr=C3=BC=C3=9Fe?=")], answer
        assert rig.last_record()["repaired"] == ["headers"]


@case("four hundred raw fields in a message on hold: the journal has it")
def many_fields(rig):
    held = rig.daemon.state / "held.jsonl"
    before = held.read_text().count("\n") if held.exists() else 0
    fields = [*HEADERS[:2], ("Subject", " " + "Gr\u00fc\u00dfe " * 100), *HEADERS[3:],
              *((f"X-Field-{n}", " Gr\u00fc\u00dfe") for n in range(400))]
    answer = rig.one(fields, queue_id="4HELD")
    assert answer.quarantine, answer
    assert len(changed(answer, "X-Field-399")) == 1, answer
    events = [json.loads(line) for line in held.read_text().splitlines()[before:]]
    assert [e["queue_id"] for e in events] == ["4HELD"], events
    assert events[0]["findings"] and events[0]["edits"][-1].endswith(" more"), events
    assert len(rig.last_record()["edits"]) > 400


@case("an MTA that lets no filter replace a body")
def kept(rig):
    for _ in range(2):
        with rig.open(actions=ALL_ACTIONS & ~CHANGE_BODY) as m:
            assert not m.actions & CHANGE_BODY
            m.begin()
            answer = m.message([*HEADERS, *MIME], LINE)
            m.quit()
        assert answer.action == "continue" and body_of(answer) is None, answer
        assert answer.inserted("DKIM-Signature"), answer
        record = rig.last_record()
        assert record["repaired"] == [], record
        assert {f["id"] for f in record["findings"]} == {"body-8bit"}, record
    assert rig.daemon.read_log().count("lets no filter replace a body") == 1


def last_record_of(rig, queue_id):
    end = time.monotonic() + 10
    while time.monotonic() < end:
        found = [r for r in rig.daemon.records() if r["queue_id"] == queue_id]
        if found:
            return found[-1]
        time.sleep(0.02)
    raise AssertionError(f"no record of {queue_id}")


def begin_to_replace(rig, queue_id):
    """A connection on which the first of many pieces of a body has come back."""
    m = rig.open()
    m.begin()
    m.mail()
    m.rcpt()
    m.data()
    m.headers([*HEADERS, *MIME])
    m.eoh()
    m.body(LINE * 400000)
    m.macros("E", {"i": queue_id})
    m.put("E")
    while (packet := m.receive())[0] != "b":
        assert packet[0] in "mip", packet
    return m


@case("the MTA goes away while the body is replaced")
def gone(rig):
    begin_to_replace(rig, "4GONE").close()
    record = last_record_of(rig, "4GONE")
    assert record["verdict"] == "tempfail", record
    assert record["repaired"] == [] and record["edits"] == [], record


def cut_kept(rig):
    """Takes away what the daemon keeps of bodies, as a disk that fails does."""
    fds = pathlib.Path(f"/proc/{rig.pid}/fd")
    cut = 0
    for fd in fds.iterdir():
        if re.search(r"\(deleted\)|mailworthy\.|^/(var/)?tmp/#", os.readlink(fd)):
            os.truncate(fd, 0)
            cut += 1
    assert cut > 0, [os.readlink(fd) for fd in fds.iterdir()]


@case("what was kept is lost before it is judged: tempfail")
def lost_before(rig):
    if os.geteuid() != 0:
        return
    m = rig.open(steps=ALL_STEPS & ~NO_REPLY["B"])    # the last piece is there
    m.begin()
    m.mail()
    m.rcpt()
    m.data()
    # mended only when the signature it came with has turned out bad
    m.headers([*HEADERS[:2], ("Subject", " Gr\u00fc\u00dfe"), *HEADERS[3:],
               ("DKIM-Signature", " v=1; a=rsa-sha256; d=example.org; s=x; h=From; "
                "bh=AAAA; b=AAAA")])
    m.eoh()
    m.body(b"All of it is ASCII.\r\n" * 30000)
    cut_kept(rig)
    m.macros("E", {"i": "4EARLY"})
    m.put("E")
    while (packet := m.receive())[0] == "p":
        pass
    assert packet[0] == "y" and packet[1].startswith(b"451 4.3.0 mailworthy"), packet
    m.quit()
    assert last_record_of(rig, "4EARLY")["verdict"] == "tempfail"
    assert "4EARLY: what was kept of its body cannot be read again" in rig.daemon.read_log()


@case("what was kept is lost while the body is replaced: tempfail")
def lost(rig):
    if os.geteuid() != 0:       # only root may look into the daemon
        return
    m = begin_to_replace(rig, "4LOST")
    cut_kept(rig)
    while (packet := m.receive())[0] == "b":
        pass
    assert packet[0] == "y" and packet[1].startswith(b"451 4.3.0 mailworthy"), packet
    m.quit()
    assert last_record_of(rig, "4LOST")["verdict"] == "tempfail"


# ---- nothing can be written any more ----

@case("a body too large for the disk leaves as it came", "full")
def disk_full(rig):
    answer = rig.one([*HEADERS, *MIME], LINE * 100000, queue_id="4FULL")
    assert answer.action == "continue" and body_of(answer) is None, answer
    assert answer.inserted("DKIM-Signature"), answer
    record = rig.last_record()
    assert record["repaired"] == [], record
    assert "body-8bit" in {f["id"] for f in record["findings"]}, record
    assert "4FULL: the body leaves as it came: cannot write to a temporary file" in \
        rig.daemon.read_log()


@case("a body that fits until it is encoded leaves as it came", "full")
def grown(rig):
    size = len(LINE) + LINE.count(b"\xc3") * 4
    body = LINE * (FILE_MAX // size + 3000)
    assert len(body) < FILE_MAX
    answer = rig.one([*HEADERS, *MIME], body, queue_id="4GROWN")
    assert answer.action == "continue" and body_of(answer) is None, answer
    assert changed(answer, "Content-Transfer-Encoding") == [], answer
    assert rig.last_record()["repaired"] == []
    assert "4GROWN: the body leaves as it came" in rig.daemon.read_log()


@case("a small body needs no file", "full")
def small(rig):
    answer = rig.one([*HEADERS, *MIME], LINE * 1000)
    assert quopri.decodestring(body_of(answer)) == LINE * 1000


class FullRig(Rig):
    """Files of the daemon reach a size no further: as on a full disk."""

    def __enter__(self):
        def limit():
            signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
            resource.setrlimit(resource.RLIMIT_FSIZE, (FILE_MAX, FILE_MAX))

        start = self.daemon.start
        self.daemon.start = lambda: start(preexec_fn=limit, restore_signals=False)
        return super().__enter__()


@case("a fault that each message meets: ten lines a minute, the rest counted", "full")
def flood(rig):
    with FullRig(rig.build) as own:
        for i in range(14):
            own.one([*HEADERS, *MIME], LINE * 100000, queue_id=f"4FLOOD{i}")
        assert len(own.daemon.records()) == 15      # records are never left out
        log = own.daemon.read_log()
        assert log.count("the body leaves as it came") == 10 and "4FLOOD9:" in log, log
    last = [line for line in own.daemon.read_log().splitlines() if "4FLOOD13" in line]
    assert len(last) == 1 and "(and 3 more like it in " in last[0], own.daemon.read_log()


def main():
    build = sys.argv[1]
    return run_cases({None: lambda: Rig(build), "full": lambda: FullRig(build)}, *sys.argv[2:3])


if __name__ == "__main__":
    sys.exit(main())
