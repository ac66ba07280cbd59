#!/usr/bin/python3
"""Recipients through a real MTA: one whose domain is a slip, or takes no
mail, is refused at RCPT and the others are delivered; local mail is not held up
by one that cannot be reached; nothing is refused while DNS is down.

    recipients.py BUILD [sendmail]
"""

import pathlib
import re
import sys
import time
import traceback

HERE = pathlib.Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parent / "lib"))

from chain import Chain  # noqa: E402
import mta  # noqa: E402
from sendmail import Sendmail  # noqa: E402
from smtp import Smtp  # noqa: E402

ZONE = """\
example.com A 192.0.2.10
example.com MX 10 mail.example.com
example.com TXT "v=spf1 a:localhost -all"
mail.example.com A 192.0.2.10
example.net MX 10 mx.example.net
example.org MX 10 mx.example.net
null.example MX 0 .
down.example ANY !servfail
"""

# the relay is the way of all mail: where it leads says nothing of recipients
CONFIG = """\
mode = enforce
socket-group = "{group}"
user = ""
egress "relay" {{ via = "localhost" domains = {{"*"}} }}
resolver {{ servers = {{"127.0.0.1@{port}"}} }}
domain "example.com" {{ key "s1" {{ file = "{keys}/example.com.s1.pem" }} }}
"""

MESSAGE = b"""\
From: Billing <billing@example.com>\r
To: anna@example.net\r
Subject: Invoice\r
Date: Mon, 02 Mar 2026 10:00:00 +0000\r
Message-ID: <1@example.com>\r
\r
Your invoice is attached.\r
"""


class Rig(Chain):
    def delivered(self, n):
        """Recipients of the first n messages that arrived, when n are there."""
        end = time.monotonic() + 20
        while len(self.sink.messages) < n and time.monotonic() < end:
            time.sleep(0.05)
        return [sorted(a.partition(">")[0].strip("<") for a in rcpts) for _, rcpts, _ in self.sink.messages]

    def record(self, n):
        end = time.monotonic() + 10
        while len(self.daemon.records()) < n and time.monotonic() < end:
            time.sleep(0.05)
        return self.daemon.records()[n - 1]


def one_of_four(rig):
    smtp = Smtp(rig.mta.port)
    smtp.command("MAIL FROM:<billing@example.com>")
    replies = [smtp.command(f"RCPT TO:<{a}>") for a in (
        "anna@example.net", "bert@gmial.com", "carol@null.example", "dora@down.example")]
    assert replies[0].startswith("250"), replies
    assert re.match(r"550 5\.1\.2 (<bert@gmial\.com>\.\.\. )?mailworthy rcpt-typo: ",
                    replies[1]) and "did you mean bert@gmail.com?" in replies[1], replies
    assert re.match(r"550 5\.1\.10 (<carol@null\.example>\.\.\. )?mailworthy rcpt-no-mail: ",
                    replies[2]), replies
    assert replies[3].startswith("250"), replies
    assert smtp.command("DATA").startswith("354")
    smtp.stream.write(MESSAGE + b".\r\n")
    smtp.stream.flush()
    reply = smtp.reply()
    assert reply.startswith("250"), reply
    smtp.close()
    arrived = rig.delivered(1)
    assert arrived == [["anna@example.net", "dora@down.example"]], arrived
    assert b"DKIM-Signature:" in rig.sink.messages[0][2]
    record = rig.record(1)
    assert [r["id"] for r in record["rcpts_refused"]] == ["rcpt-typo", "rcpt-no-mail"], record
    assert record["rcpt_count"] == 2, record


def nobody_left(rig):
    before = len(rig.daemon.records())
    smtp = Smtp(rig.mta.port)
    smtp.command("MAIL FROM:<billing@example.com>")
    assert smtp.command("RCPT TO:<bert@gmial.com>").startswith("550 5.1.2")
    assert smtp.command("DATA").startswith("50" if isinstance(rig.mta, Sendmail) else "554")
    smtp.close()
    record = rig.record(before + 1)
    assert record["verdict"] is None and len(record["rcpts_refused"]) == 1, record


def local(rig):
    """Through the sendmail command: with Postfix both recipients go their way.
    Sendmail's hands the message on by SMTP, is told, and tells the sender."""
    before = len(rig.sink.messages)
    rig.mta.sendmail("billing@example.com", ["anna@example.net", "bert@gmial.com"],
                         MESSAGE.replace(b"\r\n", b"\n"))
    if isinstance(rig.mta, Sendmail):
        arrived = rig.delivered(before + 2)[before:]
        assert sorted(arrived) == [["anna@example.net"], ["billing@example.com"]], arrived
        notices = [m for m in rig.sink.messages[before:] if b"rcpt-typo" in m[2]]
        assert len(notices) == 1 and notices[0][0].startswith("<>"), notices
        assert rig.mta.wait_idle(), rig.mta.queue_list()
        return
    arrived = rig.delivered(before + 1)[before:]
    assert arrived == [["anna@example.net", "bert@gmial.com"]], arrived
    record = rig.daemon.records()[-1]
    assert {"rcpt-typo", "rcpt-no-mail"} <= {f["id"] for f in record["findings"]}, record
    assert record["verdict"] == "pass" and record["rcpts_refused"] == [], record


def main():
    failed = 0
    for kind in ("unix", "inet"):
        with Rig(sys.argv[1], mta.chosen(sys.argv), ZONE, CONFIG, kind, "localhost") as rig:
            for case in (one_of_four, nobody_left, local):
                name = f"recipients {kind}: {case.__name__.replace('_', ' ')}"
                try:
                    case(rig)
                    print(f"ok {name}")
                except Exception:       # each failure is one line of the report
                    failed = 1
                    print(f"not ok {name}")
                    print("    " + traceback.format_exc(limit=-3).replace("\n", "\n    "))
                    print("    " + rig.daemon.read_log()[-1500:].replace("\n", "\n    "))
                sys.stdout.flush()
    return failed


if __name__ == "__main__":
    sys.exit(main())
