#!/usr/bin/python3
"""What a hostile client, a broken MTA or a flood sends: the daemon lives, the
worker stays the same, memory stays bounded, the next message is judged.

    hostile.py BUILD [WORD]
"""

import random
import struct
import sys
import threading
import time

from rig import Rig, case, is_sanitized, run_cases
from milter import HEADERS, Answer, Milter, cstring

SLOW = 48       # messages that wait for DNS at one time
MEMORY_MAX = 120 * 1024     # KiB, of the worker at its peak


def without(*names):
    return [f for f in HEADERS if f[0] not in names]


def finding_ids(record):
    return {f["id"] for f in record["findings"]}


# ---- large ----

@case("1,000 recipients")
def recipients(rig):
    with rig.open() as m:
        m.begin()
        answer = m.message(rcpts=[f"<r{i}@example.net>" for i in range(1000)])
        m.quit()
    assert answer.action == "continue", answer
    assert rig.last_record()["rcpt_count"] == 1000


@case("30,000 recipients are counted")
def many_recipients(rig):
    with rig.open() as m:
        m.begin()
        answer = m.message(rcpts=[f"<r{i}@example.net>" for i in range(30000)])
        m.quit()
    assert answer.action == "continue", answer
    assert rig.last_record()["rcpt_count"] == 30000


@case("two million bytes of header")
def header_bytes(rig):
    fields = [(f"X-Long-{i}", " " + "x" * 66000) for i in range(30)]
    answer = rig.one([*HEADERS, *fields])
    record = rig.last_record()
    assert record["size"] > 1_980_000, record["size"]
    assert answer.action in ("continue", "reply"), answer


@case("100,000 fields, and a second From at the end")
def many_fields(rig):
    fields = [("X", " y")] * 100_000
    answer = rig.one([*HEADERS, *fields, ("From", " eve@example.com")])
    assert answer.action == "reply" and answer.reply.startswith("55"), answer
    assert "from-multiple" in finding_ids(rig.last_record()), rig.last_record()


@case("a field of 1 MB")
def long_field(rig):
    answer = rig.one([*HEADERS, ("X-Long", " " + "y" * 1_000_000)])
    assert answer.action in ("continue", "reply"), answer
    assert rig.last_record()["size"] > 1_000_000


@case("a packet over the limit closes the connection")
def packet(rig):
    with rig.open() as m:
        m.begin()
        m.mail()
        m.rcpt()
        try:
            m.header("X-Long", " " + "y" * (5 << 20))
        except ConnectionError:
            return
        assert m.closed()


@case("40,000 nested groups in To")
def groups_to(rig):
    answer = rig.one([*without("To"), ("To", " " + "a:" * 40000 + "b@example.net" + ";" * 40000)])
    assert answer.action in ("continue", "reply"), answer


@case("40,000 nested groups in From")
def groups_from(rig):
    rig.one([*without("From"), ("From", " " + "a:" * 40000 + "anna@example.com" + ";" * 40000)])


@case("4,500 mailboxes in From")
def mailboxes_from(rig):
    answer = rig.one([*without("From"), ("From", " " + "a@example.com," * 4500 + "b@example.com")])
    assert answer.action == "reply", answer


@case("2,000 From fields")
def from_fields(rig):
    answer = rig.one([("From", f" a{i}@example.com") for i in range(2000)] + without("From"))
    assert answer.action == "reply", answer


@case("a DKIM-Signature of 1 MB")
def long_signature(rig):
    value = " v=1; a=rsa-sha256; d=example.org; s=x; h=From; bh=AAAA; b=" + "A" * 1_000_000
    answer = rig.one([*HEADERS, ("DKIM-Signature", value)])
    assert answer.action in ("continue", "reply"), answer


@case("10,000 DKIM-Signature fields")
def many_signatures(rig):
    value = " v=1; a=rsa-sha256; d=d{}.example.org; s=x; h=From; bh=AAAA; b=AAAA"
    begun = time.monotonic()
    answer = rig.one([*HEADERS, *(("DKIM-Signature", value.format(i)) for i in range(10000))])
    assert answer.action in ("continue", "reply"), answer
    assert time.monotonic() - begun < 12, "that took long"


@case("a signature with 100,000 tags and names")
def many_tags(rig):
    value = " v=1; " + "x=1;" * 50000 + "d=example.org; s=s; h=" + "From:" * 10000 + "From"
    answer = rig.one([*HEADERS, ("DKIM-Signature", value)])
    assert answer.action in ("continue", "reply"), answer


@case("a Subject of 10,000 encoded words")
def encoded_words(rig):
    answer = rig.one([*without("Subject"), ("Subject", " =?utf-8?B?w6Q=?=" * 5000)])
    assert answer.action in ("continue", "reply", "tempfail"), answer


@case("10,000 nested and 100,000 flat MIME parts")
def parts(rig):
    nested = b"".join(b"--b%d\r\nContent-Type: multipart/mixed; boundary=b%d\r\n\r\n"
                      % (i, i + 1) for i in range(10000))
    flat = b"--b0\r\n\r\nx\r\n" * 100_000
    for body in (nested, flat):
        answer = rig.one([*HEADERS, ("MIME-Version", " 1.0"),
                          ("Content-Type", " multipart/mixed; boundary=b0")], body)
        assert answer.action in ("continue", "reply"), answer


@case("50 MB of body")
def large_body(rig):
    line = b"0123456789" * 7 + b"\r\n"
    answer = rig.one(body=line * (50_000_000 // len(line)))
    assert answer.action == "continue" and answer.inserted("DKIM-Signature"), answer


@case("one line of 10 MB")
def one_line(rig):
    answer = rig.one(body=b"x" * 10_000_000)
    assert rig.last_record()["repaired"] == ["encoding"], rig.last_record()
    assert answer.action == "continue" and answer.inserted("DKIM-Signature"), answer.action


# ---- odd ----

@case("NUL in header and body")
def nul(rig):
    with rig.open() as m:
        m.begin()
        m.mail()
        m.rcpt()
        m.headers()
        m.put("L", b"X-Nul\0 before\0after\0")
        m.put("L", b"X-Empty\0\0")
        m.eoh()
        m.body(b"a\0b\r\n\0\0\0\r\n")
        answer = m.eom()
        m.quit()
    assert answer.action in ("continue", "reply"), answer
    assert rig.last_record()["repaired"] == ["encoding"], rig.last_record()


@case("every byte in names and values")
def bytes_everywhere(rig):
    with rig.open() as m:
        m.begin()
        m.mail()
        m.rcpt()
        m.headers()
        for i in range(1, 256):
            m.put("L", bytes([i]) * 20 + b"\0" + bytes([i]) * 200 + b"\0")
            m.put("L", b"Subject\0 " + bytes([i]) * 20 + b"\0")
        m.eoh()
        m.body(bytes(range(256)) * 100)
        answer = m.eom()
        m.quit()
    # a field whose name is none may not be found again by the MTA
    assert {e[2] for e in answer.edits if e[0] == "change"} <= {"Subject"}, answer


@case("a body in chunks of one byte")
def tiny_chunks(rig):
    whole = rig.one(body=b"Line one\r\n\r\n.\r\nLine \r\n two\r\n\r\n\r\n" * 100)
    tiny = rig.one(body=b"Line one\r\n\r\n.\r\nLine \r\n two\r\n\r\n\r\n" * 100, chunk=1)
    hashes = [a.inserted("DKIM-Signature")[0][1].split("bh=")[1].split(";")[0]
              for a in (whole, tiny)]
    assert hashes[0] == hashes[1], hashes


@case("no body, no header, nothing at all")
def empty(rig):
    with rig.open() as m:
        m.begin()
        m.mail(), m.rcpt(), m.headers(), m.eoh()
        answer = m.eom()
        assert answer.action == "continue" and answer.inserted("DKIM-Signature"), answer
        m.mail(), m.rcpt(), m.body()
        answer = m.eom()
        assert answer.reply.startswith("550") and "from-missing" in answer.reply, answer
        m.mail(), m.rcpt()
        answer = m.eom()
        assert answer.reply.startswith("550") and "from-missing" in answer.reply, answer
        m.mail(), m.rcpt(), m.eoh()
        assert m.eom().reply.startswith("550")
        m.quit()


@case("the end of the header is left out")
def no_eoh(rig):
    with rig.open(timeout=1) as m:      # libmilter ignores what must not follow
        m.begin()
        m.mail(), m.rcpt(), m.headers()
        m.put("E")
        try:
            m.receive()
        except TimeoutError:
            pass


@case("the last chunk comes with the end of message")
def last_chunk(rig):
    with rig.open(timeout=1) as m:
        m.begin()
        m.mail(), m.rcpt(), m.headers(), m.eoh()
        m.put("E", b"the rest\r\n")
        try:
            m.receive()
        except TimeoutError:        # libmilter forgets the answer; no MTA does this
            pass


@case("odd envelopes")
def envelopes(rig):
    with rig.open() as m:
        m.begin()
        for path in (b"", b"<", b">", b"<>", b"<<>>", b"@", b"<@>", b"<a@>", b"<@b>", b"\xff",
                     b"<" + b"a" * 3000 + b"@" + b"b." * 3000 + b"c>", b"<a@[", b'<"@b>',
                     b"<@a,@b:c@d>", b"a b", b"<" * 2000, b"\xc3\xa4@\xc3\xb6.example"):
            answer = m.message(sender=path, rcpts=(path, b"<x@example.net>"))
            assert not isinstance(answer, str), (path, answer)
        for args in (("",), ("=",), ("SIZE=",), ("SMTPUTF8=",), ("x",) * 500):
            assert m.message(args=args).action == "continue", args
        m.quit()


@case("packets of wrong length and unknown commands")
def garbage(rig):
    chosen = random.Random(8)
    for i in range(300):
        with rig.open(timeout=1) as m:
            if i % 3:
                m.connect()
            for _ in range(chosen.randrange(1, 8)):
                command = chosen.choice("ABCDEHKLMNOQRTUXq\0\xff".encode("latin-1"))
                data = chosen.randbytes(chosen.choice((0, 1, 2, 3, 5, 12, 13, 40, 300)))
                size = len(data) + 1 + chosen.choice((0, 0, 0, 0, -1, 1, 7, 1 << 20))
                m.out += struct.pack("!I", max(0, size)) + bytes([command]) + data
            try:
                m.flush()
            except (BrokenPipeError, ConnectionError):
                pass


@case("commands without their final zero")
def unterminated(rig):
    for command, data in (("C", b"host"), ("C", b"host\0"), ("C", b"host\0004"),
                          ("C", b"host\0004\0\1" + b"1.2.3.4"), ("C", b"h\0004\0\1x\0"),
                          ("C", b"h\0006\0\1x\0"), ("C", b"h\0L\0\1" + b"p" * 300 + b"\0"),
                          ("C", b"h\0X\0\1x\0"), ("H", b"helo"), ("M", b"<a@b>"),
                          ("R", b"<a@b>"), ("L", b"name"), ("L", b"name\0value"),
                          ("L", b"\0\0"), ("L", b"\0 no name\0"), ("D", b""), ("D", b"C"), ("D", b"Cj"),
                          ("D", b"Xj\0v\0"), ("D", b"Mi\0"), ("O", b"\0\0\0\6")):
        with rig.open(timeout=1) as m:
            m.connect()
            m.helo()
            if command in "RL":
                m.mail()
            m.put(command, data)
            m.put("Q")
            try:
                m.flush()
            except (BrokenPipeError, ConnectionError):
                pass


@case("clients of other kinds")
def families(rig):
    for args in (dict(family="6", address="2001:db8::99"),
                 dict(family="6", address="::ffff:192.0.2.99"),
                 dict(family="L", address="/run/x.sock", port=0)):
        with rig.open() as m:
            m.begin(**args)
            assert m.message().action == "continue"
            m.quit()
    with rig.open() as m:
        m.put("C", cstring("unknown") + b"U")
        assert m.receive()[0] == "c"
        assert m.message().action == "continue"
        m.quit()


# ---- what goes wrong at the end ----

@case("the MTA goes away while it is edited: deferred, not half edited")
def edit_fails(rig):
    with rig.open() as m:
        m.begin()
        m.mail("<a@slow.example.net>")      # DNS keeps us until the MTA is gone
        m.rcpt(), m.headers(), m.eoh(), m.body()
        m.macros("E", {"i": "4GONE"})
        m.put("E")
        m.flush()
        time.sleep(0.3)     # a hang-up that libmilter sees first ends the message unread
    end = time.monotonic() + 10
    while (rig.last_record() or {}).get("queue_id") != "4GONE" and time.monotonic() < end:
        time.sleep(0.02)
    record = rig.last_record()
    assert (record["queue_id"], record["verdict"], record["edits"]) == ("4GONE", "tempfail", []), record
    assert "the MTA refused an edit; the message is deferred" in rig.daemon.read_log()


# ---- many and slow ----

@case("messages that wait for DNS do not wait for each other")
def wait_at_once(rig):
    connections = [rig.open() for _ in range(SLOW)]
    for i, m in enumerate(connections):
        name = f"x@slow{i}.example.net"
        m.begin()
        m.mail(f"<{name}>", auth="anna@example.com")
        m.rcpt(), m.data(), m.headers([("From", " " + name), *without("From")])
        m.eoh(), m.body()
        m.macros("E", {"i": "4SLOW"})
        m.flush()
    begun = time.monotonic()
    # one write each, nothing between them: libmilter sees them at once
    for m in connections:
        m.sock.sendall(b"\0\0\0\1E")
    for m in connections:
        answer = Answer()
        while answer.action is None:
            m._edit(answer, *m.receive())
        m.quit()
    took = time.monotonic() - begun
    print(f"# {took:.2f} s")
    assert took < (8 if is_sanitized(rig.build) else 4), took


@case("clients that stop in the middle of a message hold nobody up")
def stopped(rig):
    idle = []
    for n in range(40):
        m = Milter(rig.daemon.socket)
        m.begin()
        m.mail()
        if n % 4 > 0:
            m.rcpt()
        if n % 4 > 1:
            m.headers(), m.eoh()
        if n % 4 > 2:
            m.raw(struct.pack("!I", 1000) + b"Bhalf of it")
        m.flush()
        idle.append(m)
    begun = time.monotonic()
    for _ in range(20):
        assert rig.one().action == "continue"
    assert time.monotonic() - begun < 5
    for m in idle:
        m.close()


@case("500 connections at once")
def five_hundred(rig):
    connections = [Milter(rig.daemon.socket) for _ in range(500)]
    for step in ("connect", "helo", "mail", "rcpt", "headers", "eoh", "body"):
        for m in connections:
            getattr(m, step)()
            m.flush()
    for m in connections:
        assert m.eom().action == "continue"
    for m in connections:
        m.quit()


@case("500 connections that come and go")
def come_and_go(rig):
    faults = []

    def run():
        try:
            for _ in range(25):
                assert rig.one().action == "continue"
                rig.open(negotiate=False).close()
        except Exception as error:
            faults.append(repr(error))
    threads = [threading.Thread(target=run) for _ in range(20)]
    for t in threads:
        t.start()
    for t in threads:
        t.join()
    assert not faults, faults[:3]


@case("memory stays bounded over all of this")
def bounded(rig):
    peak = rig.memory("VmHWM")
    assert peak < MEMORY_MAX or is_sanitized(rig.build), f"peak {peak} KiB"
    print(f"# peak {peak} KiB, now {rig.memory()} KiB")


def main():
    build = sys.argv[1]
    slow = "slow.example.net ANY !timeout\n" + "".join(
        f"{n}slow{i}.example.net ANY !timeout\n" for i in range(SLOW)
        for n in ("", "_dmarc.", "s1._domainkey."))
    return run_cases({None: lambda: Rig(build, zone=slow, resolver="timeout = 1 deadline = 1")},
                     *sys.argv[2:3])


if __name__ == "__main__":
    sys.exit(main())
