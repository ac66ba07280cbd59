#!/usr/bin/python3
"""What is Sendmail's own way of a real Sendmail with mailworthy as its filter:
macros, quarantine, answers, mail of the sendmail command.

    sendmail_own.py BUILD
"""

import pathlib
import re
import sys
import time
import traceback

HERE = pathlib.Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parent / "lib"))

from chain import Chain  # noqa: E402
from sendmail import Sendmail  # noqa: E402
from smtp import Smtp  # noqa: E402

ZONE = """\
example.com A 192.0.2.10
example.com MX 10 mail.example.com
example.com TXT "v=spf1 ip4:192.0.2.10 -all"
mail.example.com A 192.0.2.10
example.net MX 10 mail.example.net
mail.example.net A 192.0.2.20
10.2.0.192.in-addr.arpa PTR mail.example.com
"""

CONFIG = """\
mode = enforce
socket-group = "{group}"
user = ""
egress "default" {{ addresses = {{"192.0.2.10"}} helo = "mail.example.com" }}
resolver {{ servers = {{"127.0.0.1@{port}"}} }}
domain "example.com" {{ key "s1" {{ file = "{keys}/example.com.s1.pem" }} }}
check "to-missing" {{ action = {action} }}
check "dkim-unsigned" {{ action = reject }}
"""

FIELDS = {
    "From": "Billing <billing@example.com>",
    "To": "anna@example.net",
    "Subject": "Invoice",
    "Date": "Mon, 02 Mar 2026 10:00:00 +0000",
    "Message-ID": "<1@example.com>",
}


def message(*without, **changed):
    fields = {k: v for k, v in {**FIELDS, **changed}.items() if k not in without}
    head = "".join(f"{k}: {v}\r\n" for k, v in fields.items())
    return head.encode() + b"\r\nYour invoice is attached.\r\n"


class Rig(Chain):
    def treat(self, action):
        """What is done with a message that names no recipient."""
        self.daemon.stop()
        self.configure(action=action)
        self.daemon.start()

    def send_local(self, text):
        return self.mta.sendmail("billing@example.com", ["anna@example.net"],
                                      text.replace(b"\r\n", b"\n"))

    def next_message(self, before, seconds=20):
        assert self.sink.wait(before + 1, seconds), "nothing arrived"
        return self.sink.messages[before][2]

    def record(self, n):
        end = time.monotonic() + 10
        while len(self.daemon.records()) < n and time.monotonic() < end:
            time.sleep(0.05)
        return self.daemon.records()[n - 1]

    def is_signed(self, text):
        return [r[2] for r in self.verifiers.python(text)] == [True]


def names(text):
    head = text.partition(b"\r\n\r\n")[0]
    return [n.decode().lower() for n in re.findall(rb"(?m)^([!-9;-~]+):", head)]


def macros(rig):
    before, records = len(rig.sink.messages), len(rig.daemon.records())
    reply = rig.send(message())
    assert reply.startswith("250"), reply
    text = rig.next_message(before)
    record = rig.record(records + 1)
    assert record["queue_id"] and record["queue_id"] in reply, (record["queue_id"], reply)
    assert record["queue_id"].encode() in text, text
    assert record["client_addr"] == "127.0.0.1" and record["direction"] == "outbound", record
    assert "does not send the macro" not in rig.daemon.read_log(), rig.daemon.read_log()
    assert rig.is_signed(text), text


def date_and_id(rig):
    """Sendmail has its own ready, and shows them to no filter."""
    before = len(rig.sink.messages)
    assert rig.send(message("Date", "Message-ID")).startswith("250")
    text = rig.next_message(before)
    for name in ("date", "message-id"):
        assert names(text).count(name) == 1, text
    assert rig.is_signed(text), text


def answers(rig):
    before = len(rig.sink.messages)
    rig.treat("reject")
    reply = rig.send(message("To"))
    assert re.match(r"5\d\d 5\.\d\.\d+ mailworthy to-missing: ", reply), reply
    rig.treat("tempfail")
    reply = rig.send(message("To"))
    assert re.match(r"4\d\d 4\.\d\.\d+ mailworthy to-missing: ", reply), reply
    assert rig.send(message()).startswith("250")
    rig.next_message(before)
    assert rig.mta.wait_idle() and len(rig.sink.messages) == before + 1


def quarantine(rig):
    before = len(rig.sink.messages)
    rig.treat("hold")
    reply = rig.send(message("To"))
    assert reply.startswith("250"), reply
    held = rig.mta.queue_list()
    assert len(held) == 1 and held[0]["queue_name"] == "hold" and \
        "to-missing" in held[0]["reason"], held
    listing = rig.mta.command("-bp", "-qQ").stdout.decode()
    assert held[0]["queue_id"] in listing and "to-missing" in listing, listing
    time.sleep(2.5)             # two runs of the queue
    assert len(rig.sink.messages) == before
    # as mailworthyd(8) says
    rig.mta.command("-Q", "-qQ", "-qI" + held[0]["queue_id"])
    rig.mta.flush()
    assert rig.is_signed(rig.next_message(before))
    assert rig.mta.wait_idle() and not rig.mta.queue_list()


def local(rig):
    """The sendmail command hands mail to the daemon by SMTP: it can be deferred."""
    before, records = len(rig.sink.messages), len(rig.daemon.records())
    rig.treat("tempfail")
    run = rig.send_local(message("To", "Date"))
    assert run.returncode == 0, run
    record = rig.record(records + 1)
    assert record["client_addr"] == "127.0.0.1" and record["verdict"] == "tempfail", record
    waiting = rig.mta.queue_list()
    assert len(waiting) == 1 and waiting[0]["queue_name"] == "deferred", waiting
    rig.treat("none")
    rig.mta.flush()
    text = rig.next_message(before)
    assert rig.is_signed(text) and names(text).count("date") == 1, text
    assert rig.mta.wait_idle() and len(rig.sink.messages) == before + 1


def notice_of_the_command(rig):
    """What the sendmail command sends when a message was refused comes to the filter
    from this host with the null reverse-path: to refuse it would lose the news."""
    before, records = len(rig.sink.messages), len(rig.daemon.records())
    rig.treat("reject")
    run = rig.send_local(message("To"))
    assert run.returncode != 0, run             # the program that sent it is told too
    text = rig.next_message(before)
    assert b"mailworthy to-missing" in text and b"MAILER-DAEMON" in text, text
    assert rig.sink.messages[before][0].startswith("<>"), rig.sink.messages[before]
    record = rig.record(records + 2)
    assert record["mail_from"] == "" and record["verdict"] == "pass" and \
        "dkim-unsigned" in [f["id"] for f in record["findings"]], record
    assert rig.mta.wait_idle() and len(rig.sink.messages) == before + 1
    # the same from a client is refused
    smtp = Smtp(rig.mta.port)
    reply = smtp.send("", "anna@example.net", message(From="MAILER-DAEMON@mail.example.com"))
    smtp.close()
    assert reply.startswith("5"), reply


def as_the_manual_says(rig):
    """With all its lines, malformed MIME and lines of 998 octets keep their signature."""
    before = len(rig.sink.messages)
    broken = message(**{"MIME-Version": "1.0", "Content-Type": "multipart/mixed; boundary=b"})
    body = b"--b\r\n\r\n" + b"x" * 998 + b"\r\n"
    rig.daemon.stop()
    rig.daemon.write("repair = {}\n" + rig.text())
    rig.daemon.start()
    with Sendmail(rig.scratch / "manual", rig.sink.next_hop, milters=rig.milter,
                  by_manual=True) as sendmail:
        smtp = Smtp(sendmail.port)
        reply = smtp.send("billing@example.com", "anna@example.net",
                          broken.partition(b"\r\n\r\n")[0] + b"\r\n\r\n" + body)
        smtp.close()
        assert reply.startswith("250"), reply
        text = rig.next_message(before)
    assert text.endswith(body) and rig.is_signed(text), text


def past_the_filter(rig):
    """The daemon's own notices and sendmail -Am: unsigned, as the manual says."""
    before, records = len(rig.sink.messages), len(rig.daemon.records())
    rig.sink.refused = "nobody@"
    try:
        assert rig.send(message(), "nobody@example.net").startswith("250")
        text = rig.next_message(before)
    finally:
        rig.sink.refused = None
    assert rig.sink.messages[before][0].startswith("<>") and b"no such user" in text, text
    assert "dkim-signature" not in names(text.partition(b"\r\n\r\n")[0] + b"\r\n\r\n")
    run = rig.mta.command("-Am", "-i", "-f", "billing@example.com", "--",
                               "anna@example.net", input=message().replace(b"\r", b""))
    assert run.returncode == 0, run
    assert b"DKIM-Signature" not in rig.next_message(before + 1)
    assert len(rig.daemon.records()) == records + 1


def without_daemon(rig):
    """F=T: mail waits at the client, none leaves.  Without F= it leaves unsigned."""
    rig.daemon.stop()
    before = len(rig.sink.messages)
    line = f"INPUT_MAIL_FILTER(`mailworthy', `S={rig.milter}')dnl\n"
    with Sendmail(rig.scratch / "careless", rig.sink.next_hop,
                  settings={"lines": line}) as careless:
        smtp = Smtp(careless.port)
        assert smtp.send("billing@example.com", "anna@example.net",
                         message()).startswith("250")
        smtp.close()
        assert b"DKIM-Signature" not in rig.next_message(before)
    before = len(rig.sink.messages)
    smtp = Smtp(rig.mta.port)
    reply = smtp.send("billing@example.com", "anna@example.net", message())
    smtp.close()
    assert reply.startswith("4"), reply
    assert rig.send_local(message()).returncode == 0
    time.sleep(2.5)             # two runs of the queue
    assert len(rig.sink.messages) == before
    rig.daemon.start()
    rig.mta.flush()
    assert rig.is_signed(rig.next_message(before))
    assert rig.mta.wait_idle() and len(rig.sink.messages) == before + 1


def audit(rig):
    """Not an octet is changed."""
    before = len(rig.sink.messages)
    rig.daemon.stop()
    rig.daemon.write(rig.text(action="reject").replace("mode = enforce", "mode = audit"))
    rig.daemon.start()
    sent = message("Date", "To", From="Dr. Billing <billing@example.com>")
    assert rig.send(sent).startswith("250")
    text = rig.next_message(before)
    with Sendmail(rig.scratch / "plain", rig.sink.next_hop) as plain:
        smtp = Smtp(plain.port)
        assert smtp.send("billing@example.com", "anna@example.net", sent).startswith("250")
        smtp.close()
        bare = rig.next_message(before + 1)
    stamped = re.compile(rb"(?m)^(?:Received|Date):.*(?:\r\n[ \t].*)*\r\n")
    assert stamped.sub(b"", text) == stamped.sub(b"", bare), (text, bare)
    assert rig.daemon.records()[-1]["would"] == "reject", rig.daemon.records()[-1]


def main():
    failed = 0
    with Rig(sys.argv[1], "sendmail", ZONE, CONFIG, action="none") as rig:
        for case in (macros, date_and_id, answers, quarantine, local, notice_of_the_command,
                     past_the_filter, as_the_manual_says, without_daemon, audit):
            name = f"sendmail: {case.__name__.replace('_', ' ')}"
            try:
                rig.treat("none")
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
