#!/usr/bin/python3
"""What is judged and what passes at once, the envelopes an MTA hands over, the
edits of enforce mode and their absence in audit mode, replies and holds.

    outbound.py BUILD [WORD]
"""

import json
import subprocess
import sys

import dkim

from rig import Rig, case, run_cases
from dnsserver import txt_strings
from milter import ALL_STEPS, BODY, HEADERS, LEADING_SPACE


def without(*names):
    return [f for f in HEADERS if f[0] not in names]


def finding_ids(record):
    return {f["id"] for f in record["findings"]}


# ---- outbound or not ----

def is_judged(rig, connect=None, auth=None, sender="<anna@example.com>", macros=None,
              local=False):
    """False when the message is accepted at MAIL."""
    with rig.open() as m:
        m.connect_local(macros=macros) if local else m.connect(
            **(connect or {}), **({"macros": macros} if macros else {}))
        m.helo()
        answer = m.mail(sender, auth=auth, **({"i": "4LOCAL"} if local else {}))
        if answer == "c":
            m.rcpt()
            m.headers()
            m.eoh()
            assert m.eom().action == "continue"
        m.quit()
    assert answer in ("c", "a"), answer
    return answer == "c"


INSIDE = dict(address="10.1.2.3")
INSIDE6 = dict(address="2001:db8:1::3", family="6")
MAPPED = dict(address="::ffff:10.1.2.3", family="6")
OUTSIDE = dict(address="192.0.2.99")
MATRIX = [  # outbound, authenticated, local, inside, outside
    ("{authenticated}", True, False, False, False),
    ("{local}", False, True, False, False),
    ("{networks}", False, False, True, False),
    ("{authenticated, local}", True, True, False, False),
    ("{authenticated, local, networks}", True, True, True, False),
    ("{all}", True, True, True, True),
]


@case("outbound and inbound, by every setting", "matrix")
def matrix(rig):
    for outbound, *expected in MATRIX:
        rig.reload(main=f'outbound = {outbound}\nnetworks = {{"10.0.0.0/8", "2001:db8:1::/48"}}')
        got = [is_judged(rig, OUTSIDE, auth="anna"), is_judged(rig, local=True, sender="anna@example.com"),
               is_judged(rig, INSIDE), is_judged(rig, OUTSIDE)]
        assert got == expected, (outbound, got, expected)
        for network in (INSIDE6, MAPPED):
            assert is_judged(rig, network) == expected[2], (outbound, network)
    rig.reload(main="")


@case("ignored daemons by name and by address and port", "matrix")
def ignored(rig):
    rig.reload(main='ignore-daemons = {"reinject", "127.0.0.1@10026", "[::1]@10027"}\n')

    def judged(name, address="192.0.2.10", port="587", auth="anna"):
        return is_judged(rig, auth=auth, macros={
            "j": "mail.example.com", "{daemon_name}": name, "{daemon_addr}": address,
            "{daemon_port}": port, "{client_port}": "40000"})
    assert judged("submission")
    assert not judged("reinject") and not judged("REINJECT")
    assert judged("reinject2")
    assert not judged("x", "127.0.0.1", "10026")
    assert judged("x", "127.0.0.1", "10027") and judged("x", "127.0.0.2", "10026")
    assert not judged("x", "::1", "10027")
    assert not is_judged(rig, local=True, sender="anna@example.com", macros={
        "j": "mail.example.com", "{daemon_name}": "reinject"})
    rig.reload(main="")


@case("inbound mail leaves no record and costs nothing", "matrix")
def inbound(rig):
    before = len(rig.daemon.records())
    queries = len(rig.zone.queries)
    with rig.open() as m:
        m.begin()
        for _ in range(20):
            assert m.mail("<x@example.org>", auth=None) == "a"
        m.quit()
    assert len(rig.daemon.records()) == before
    assert len(rig.zone.queries) == queries


# ---- envelopes ----

@case("null sender: signed by its author's domain", "enforce")
def null_sender(rig):
    answer = rig.one(sender="<>")
    record = rig.last_record()
    assert answer.action == "continue" and answer.inserted("DKIM-Signature"), answer
    assert record["mail_from"] in ("", "<>", None), record["mail_from"]
    assert record["stream"] == "dsn", record


@case("MAIL without angle brackets from a client", "enforce")
def no_brackets(rig):
    rig.one(sender="anna@example.com")
    assert rig.last_record()["mail_from"] == "anna@example.com"


@case("local mail", "enforce")
def local(rig):
    def send(fields):
        with rig.open() as m:
            m.connect_local()
            m.helo("localhost")
            m.mail("anna@example.com", auth=None, i="4LOCAL")
            m.rcpt("bert@example.net", mailer=None)
            m.headers(fields)
            m.eoh()
            m.body()
            answer = m.eom()
            m.quit()
            return answer
    answer = send(HEADERS)
    record = rig.last_record()
    assert answer.action == "continue" and answer.inserted("DKIM-Signature"), answer
    assert record["queue_id"] == "4LOCAL" and record["direction"] == "outbound", record
    answer = send(without("Subject"))       # a tempfail would stay in maildrop for ever
    assert answer.action == "continue" and answer.quarantine, answer
    assert rig.last_record()["verdict"] == "hold"
    assert send(without("From")).reply.startswith("550")


@case("the MTA's own DSN is never held, deferred or refused", "enforce")
def own_dsn(rig):
    for fields in (HEADERS, without("Subject"), without("From"), [],
                   [("Subject", " " + "x" * 3000)]):
        with rig.open() as m:
            m.connect_local()
            m.helo("localhost")
            m.mail("", auth=None, i="4DSN")
            m.rcpt("anna@example.com", mailer=None)
            m.headers(fields)
            m.eoh()
            m.body()
            answer = m.eom()
            m.quit()
        assert answer.action == "continue" and not answer.quarantine, (fields, answer)
        record = rig.last_record()
        assert record["stream"] == "dsn" and record["verdict"] == "pass", record


@case("ESMTP arguments", "enforce")
def arguments(rig):
    with rig.open() as m:
        m.begin()
        m.mail("<anna@example.com>", "SIZE=1000", "BODY=8BITMIME", "RET=HDRS", "ENVID=x",
               "AUTH=<>")
        m.rcpt("<bert@example.net>", "NOTIFY=SUCCESS,FAILURE", "ORCPT=rfc822;eve@example.org")
        m.headers(), m.eoh(), m.body()
        assert m.eom().action == "continue"
        m.quit()
    record = rig.last_record()
    assert record["rcpt_to"] == ["bert@example.net"] and record["mail_from"] == "anna@example.com"


@case("SMTPUTF8 and an internationalised domain", "enforce")
def smtputf8(rig):
    fields = [("From", " Ännchen <änne@bücher.example.com>"), ("To", " bert@example.net"),
              ("Subject", " Grüße"), *HEADERS[3:]]
    rig.zone.queries.clear()
    answer = rig.one(fields, sender="<änne@bücher.example.com>", args=("SMTPUTF8",))
    record = rig.last_record()
    signature = answer.inserted("DKIM-Signature")[0][1]
    assert "d=xn--bcher-kva.example.com" in signature, signature
    assert record["author_domain"] == "xn--bcher-kva.example.com", record
    assert all(name.isascii() for name, _ in rig.zone.queries), rig.zone.queries


# ---- edits ----

def rebuilt(fields, answer, body):
    """The message as an MTA relays it after the edits."""
    lines = [f"{n}:{v}" for n, v in fields]
    for kind, index, name, value in answer.edits:
        if kind == "insert":
            lines.insert(index, f"{name}:{value}")
        else:
            places = [i for i, x in enumerate(lines) if x.lower().startswith(name.lower() + ":")]
            assert value == "" and index <= len(places), answer
            del lines[places[index - 1]]
    return "\r\n".join(lines).replace("\r\n", "\n").replace("\n", "\r\n").encode() + \
        b"\r\n\r\n" + body


def verifies(rig, message):
    def txt(name, timeout=5):
        records, _ = rig.zone.find((name.decode() if isinstance(name, bytes) else name)
                                   .rstrip(".").lower(), "TXT")
        return b"".join(txt_strings(records[0][1])) if records else None
    return dkim.verify(message, dnsfunc=txt)


@case("enforce: the edits of the plan, in its order, and the signature verifies", "enforce")
def edits(rig):
    fields = [("X-Mailworthy", " v=1; score=9.9"), ("From", " anna@example.com"),
              ("x-mailworthy", "two"), ("To", " bert@example.net"), ("Subject", " a\n\tb"),
              ("X-MAILWORTHY", "")]
    body = b"a line \r\n\r\n.\r\nanother\r\n\r\n\r\n"
    answer = rig.one(fields, body)
    assert answer.action == "continue", answer
    shape = [(k, i, n) for k, i, n, _ in answer.edits]
    assert shape == [("change", 3, "X-Mailworthy"), ("change", 2, "X-Mailworthy"),
                     ("change", 1, "X-Mailworthy"), ("insert", 0, "Message-Id"),
                     ("insert", 0, "Date"), ("insert", 0, "X-Mailworthy"),
                     ("insert", 0, "DKIM-Signature")], shape
    assert all(value.startswith(" ") for _, value in answer.inserted()), answer
    message = rebuilt(fields, answer, body)
    assert message.lower().count(b"x-mailworthy") == 1
    assert verifies(rig, message), message.decode()
    assert rig.last_record()["edits"] == [
        "delete 3 X-Mailworthy", "insert Message-Id", "insert Date", "insert X-Mailworthy",
        "insert DKIM-Signature"]


@case("signed as simple/simple, also where the MTA keeps no leading blanks", "enforce")
def simple(rig):
    rig.reload(domain='canonicalization = "simple/simple"')
    body = b"a line \r\n\r\n.\r\nanother\r\n\r\n\r\n"
    fields = [*HEADERS[:2], ("Subject", " two\n  lines"), *HEADERS[3:]]
    for steps in (ALL_STEPS, ALL_STEPS & ~LEADING_SPACE):
        with rig.open(steps=steps) as m:
            m.begin()
            answer = m.message(fields, body)
            m.quit()
        if not steps & LEADING_SPACE:   # then the MTA puts the blank itself
            answer.edits = [(k, i, n, " " + v) for k, i, n, v in answer.edits]
        assert verifies(rig, rebuilt(fields, answer, body)), answer
    rig.reload(domain="")


@case("a message without faults gets the two fields only", "enforce")
def faultless(rig):
    answer = rig.one()
    assert [e[2] for e in answer.edits] == ["X-Mailworthy", "DKIM-Signature"], answer
    record = rig.last_record()
    assert record["findings"] == [] and record["score"] == 10.0, record
    assert verifies(rig, rebuilt(HEADERS, answer, BODY))


@case("reject: code, enhanced code, id and fix in one line; no edits", "enforce")
def reject(rig):
    answer = rig.one(without("From"))
    assert answer.action == "reply" and answer.reply.startswith("550 5.7.1 mailworthy from-missing:")
    assert len(answer.reply) < 512 and not answer.edits, answer
    assert rig.last_record()["verdict"] == "reject"


def told(rig, *arguments):
    return subprocess.run([rig.build / "mailworthy", "held", "-c", rig.daemon.config,
                           *arguments], capture_output=True, text=True, env=rig.daemon.env)


@case("held --json: what was refused, and an id that is unknown", "enforce")
def refused_json(rig):
    rig.one([*without("From", "Message-ID"), ("Message-ID", " <refused@example.com>")],
            queue_id="4REFUSED")
    run = told(rig, "--json", "4REFUSED", "<refused@example.com>")
    got = json.loads(run.stdout)["messages"]
    assert run.returncode == 0 and [m["queue_id"] for m in got] == ["4REFUSED"], run
    assert got[0]["state"] == "refused" and got[0]["reply"].startswith("550"), got
    assert got[0]["cause"] == "from-missing" and got[0]["refused_at"], got
    assert got[0]["held_at"] is None and got[0]["release"] is None, got
    for options in ((), ("--json",)):
        run = told(rig, *options, "4REFUSED", "NOSUCH")
        assert run.returncode == 1 and "no message NOSUCH" in run.stderr, run
        assert "4REFUSED" in run.stdout, run
    listed = json.loads(told(rig, "--json").stdout)["messages"]     # what is held alone
    assert "4REFUSED" not in [m["queue_id"] for m in listed], listed


@case("tempfail", "enforce")
def tempfail(rig):
    answer = rig.one(without("Subject"))
    assert answer.action == "reply" and answer.reply.startswith("451 4."), answer
    assert not answer.edits and rig.last_record()["verdict"] == "tempfail"


@case("hold: quarantined, signed all the same", "enforce")
def hold(rig):
    answer = rig.one([*without("Subject"), ("Subject", " " + "long " * 600)])
    assert answer.action == "continue" and answer.quarantine, answer
    assert "subject-long" in answer.quarantine and answer.inserted("DKIM-Signature"), answer
    assert rig.last_record()["verdict"] == "hold"


@case("text of the message does nothing to replies and records", "enforce")
def neutral(rig):
    fields = [*HEADERS, ("From", " \"x%s\r\n%n\" <a\x1b[31m@b>\x7f"), ("From", " é\u202e@x")]
    answer = rig.one(fields, sender="<a%n\x1b@example.com>")
    assert answer.action == "reply" and answer.reply.isascii(), answer
    assert "\x1b" not in answer.reply and "%" not in answer.reply.replace("%%", ""), answer
    raw = rig.daemon.events.read_bytes()
    assert b"\x1b" not in raw and b"\x7f" not in raw


# ---- audit ----

@case("audit: nothing is changed, held or refused; the record says what would be", "audit")
def audit(rig):
    for fields, would in ((HEADERS, "pass"), (without("From"), "reject"),
                          (without("Subject"), "tempfail"),
                          ([*without("Subject"), ("Subject", " " + "x " * 1500)], "hold"),
                          ([("X-Mailworthy", " v=1")] * 3 + HEADERS, "pass"),
                          (without("Date", "Message-ID"), "pass")):
        answer = rig.one(fields)
        assert answer.action in ("continue", "accept") and not answer.edits, answer
        assert answer.quarantine is None, answer
        record = rig.last_record()
        assert (record["mode"], record["verdict"], record["would"]) == ("audit", "pass", would), record
        assert record["edits"] == [] and record["repaired"] == [], record


@case("audit for all, enforce for one domain", "audit")
def audit_one(rig):
    rig.reload(domain="mode = enforce")
    assert rig.one().inserted("DKIM-Signature")
    fields = [("From", " anna@mail.example.com"), *HEADERS[1:]]
    assert not rig.one(fields).edits
    rig.reload(domain="")


def main():
    build = sys.argv[1]
    return run_cases({
        "matrix": lambda: Rig(build),
        "enforce": lambda: Rig(build),
        "audit": lambda: Rig(build, mode="audit"),
    }, *sys.argv[2:3])


if __name__ == "__main__":
    sys.exit(main())
