#!/usr/bin/python3
"""The demonstration behind ./quickstart."""

import base64
import io
import os
import pathlib
import pwd
import shutil
import signal
import smtplib
import subprocess
import sys
import tempfile
import textwrap
import time
import zipfile
from email import message_from_bytes
from email.utils import formatdate, getaddresses

import dkim

HERE = pathlib.Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parent / "lib"))

from daemon import Daemon, keygen, zone_txt  # noqa: E402
from dnsserver import Server, Zone, txt_strings  # noqa: E402
from postfix import Postfix  # noqa: E402
from sink import Sink  # noqa: E402

COLOUR = sys.stdout.isatty() and not os.environ.get("NO_COLOR")
FINDINGS_IN_FULL = 3            # of one message; the others are named
PAGE_OF = "7"                   # the sample whose report is written as a page


def paint(code, text):
    return f"\033[{code}m{text}\033[0m" if COLOUR else text


ZONE = """\
example.com A 192.0.2.10
example.com MX 10 mail.example.com
example.com SOA ns.example.com
example.com TXT "v=spf1 ip4:192.0.2.10 -all"
_dmarc.example.com TXT "v=DMARC1; p=reject; rua=mailto:dmarc@example.com"
mail.example.com A 192.0.2.10
10.2.0.192.in-addr.arpa PTR mail.example.com
weak.example.org A 198.51.100.9
weak.example.org MX 10 weak.example.org
weak.example.org TXT "v=spf1 ip4:198.51.100.9 ~all"
example.org SOA ns.example.org
example.net MX 10 mx.example.net
gmail.com MX 5 gmail-smtp-in.l.google.com
gmail.com SOA ns1.google.com
gmail.com TXT "v=spf1 ip4:203.0.113.0/24 ~all"
gmail.com A 203.0.113.5
_dmarc.gmail.com TXT "v=DMARC1; p=none; sp=quarantine; rua=mailto:d@gmail.com"
"""

# The second egress says that the next hop of the demonstration's Postfix is a
# relay, no table of routes: recipients are then judged by their own DNS.
CONFIG = """\
mode = enforce
socket-group = "postfix"
socket-mode = "0660"
user = ""
outbound = {{all}}
egress "default" {{
    addresses = {{"192.0.2.10"}}
    helo = "mail.example.com"
}}
egress "everything" {{
    via = "localhost"
    domains = {{"nobody.example.org"}}
}}
resolver {{ servers = {{"127.0.0.1@{port}"}} }}
domain "example.com" {{
    key "2026a" {{ file = "{key}" }}
}}
"""


def a_program_in_a_zip():
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w") as archive:
        archive.writestr("viewer.exe", b"MZ" + bytes(200))
    return base64.encodebytes(packed.getvalue()).decode()


def fill(text):
    stamp = str(time.time_ns())
    return (text.replace("@DATE@", formatdate()).replace("@ID@", stamp)
            .replace("@LONG@", "A line without an end. " * 60)
            .replace("@ZIP@\n", a_program_in_a_zip())
            .replace("\n", "\r\n").encode())


class Sample:
    """One message: what was sent, and what our own MTA said to it."""

    def __init__(self, path):
        self.number, _, title = path.stem.partition("-")
        self.title = title.replace("-", " ")
        self.sender = "news@weak.example.org" if "weak" in title else "billing@example.com"
        self.message = fill(path.read_text())
        to = message_from_bytes(self.message).get_all("To")
        self.rcpts = [address for _, address in getaddresses(to)]
        self.refused = []       # (recipient, reply)
        self.reply = ""

    def send(self, port):
        with smtplib.SMTP("127.0.0.1", port, timeout=60) as smtp:
            smtp.ehlo()
            smtp.mail(self.sender)
            for rcpt in self.rcpts:
                code, text = smtp.rcpt(rcpt)
                if code != 250:
                    self.refused.append((rcpt, f"{code} {text.decode(errors='replace')}"))
            code, text = smtp.data(self.message)
            self.reply = f"{code} {text.decode(errors='replace')}"


def wrap(text, indent, first=None):
    width = min(shutil.get_terminal_size((80, 24)).columns, 100)
    return textwrap.fill(text, width, initial_indent=indent if first is None else first,
                         subsequent_indent=indent, break_on_hyphens=False,
                         break_long_words=False)


def arrival(record, message, zone):
    """What became of the signature at the host the message was sent to."""
    if not any(s.get("key") for s in record["dkim"]):
        return ""

    def look_up(name, timeout=5):
        records, _ = zone.find(name.decode().rstrip("."), "TXT")
        return b"".join(txt_strings(records[0][1])) if records else None

    good = message is not None and dkim.verify(message, dnsfunc=look_up)
    return paint("32", "signature verifies there") if good else \
        paint("31", "signature does not verify there")


def show_findings(record):
    shown = [f for f in record["findings"]
             if not f.get("covered_by") and f["severity"] != "info"]
    for finding in shown[:FINDINGS_IN_FULL]:
        mark = {"error": "31", "warning": "33"}[finding["severity"]]
        print("   " + paint(mark, f"{finding['id']}"))
        print(wrap(finding["text"], "      "))
        print(wrap("Fix: " + finding["fix"], "      "))
    if len(shown) > FINDINGS_IN_FULL:
        print("   and " + ", ".join(f["id"] for f in shown[FINDINGS_IN_FULL:]))


def show(sample, record, arrived):
    # what Postfix did, in its words; mail that is sent may be refused elsewhere
    done = {"pass": "sent", "hold": "held", "tempfail": "deferred",
            "reject": "refused here"}[record["verdict"]]
    answers = record["receivers"]
    welcome = all(answer == "accept" for answer in answers.values())
    colour = "31" if record["verdict"] == "reject" else \
        "32" if record["verdict"] == "pass" and welcome else "33"
    print("\n" + paint("1", f"{sample.number}  {sample.title}"))
    print(f"   score {record['score']}, " + paint(colour, done) +
          (f", {arrived}" if arrived else ""))
    for rcpt, reply in sample.refused:
        print(wrap(reply, "      ", "   " + paint("31", rcpt) + " refused: "))
    if not sample.reply.startswith("250"):
        print(wrap(sample.reply.partition(":")[0], "      ", "   to the client: "))
    if welcome:
        print("   nobody refuses it: " + paint("32", ", ".join(answers)))
    else:
        print("   " + "   ".join(
            f"{name}: " + paint("32" if answer == "accept" else "31", answer)
            for name, answer in answers.items()))
    if record["repaired"] and record["verdict"] == "pass":
        print("   mended before signing: " + ", ".join(record["repaired"]))
    show_findings(record)


def wait_for(condition, seconds=20):
    end = time.monotonic() + seconds
    while not condition() and time.monotonic() < end:
        time.sleep(0.02)


def run_samples(postfix, daemon, sink, zone):
    samples = [Sample(path) for path in sorted((HERE / "messages").glob("*.eml"))]
    for sample in samples:
        judged, got = len(daemon.records()), len(sink.messages)
        sample.send(postfix.port)
        wait_for(lambda: len(daemon.records()) > judged)
        record = daemon.records()[-1]
        arrived = ""
        if record["verdict"] == "pass":
            wait_for(lambda: len(sink.messages) > got)
            arrived = arrival(record, sink.messages[-1][2] if len(sink.messages) > got
                              else None, zone)
        show(sample, record, arrived)
    return samples


def write_page(build, daemon, sample):
    """The report of one sample as a page for a browser; where it was written."""
    message = daemon.dir / "sample.eml"
    message.write_bytes(sample.message)
    page = pathlib.Path(build, "report.html")
    subprocess.run([f"{build}/mailworthy", "check", "--config", str(daemon.config),
                    "--html", str(page), "--from", sample.sender,
                    *(word for rcpt in sample.rcpts for word in ("--rcpt", rcpt)),
                    str(message)], check=False)
    return page


def main():
    sys.stdout.reconfigure(line_buffering=True)     # also into a file or a pipe
    build = str(pathlib.Path(sys.argv[1]).resolve())
    keep = "--keep" in sys.argv
    scratch = pathlib.Path(tempfile.mkdtemp(prefix="mailworthy-quickstart-"))
    os.chmod(scratch, 0o755)
    socket_dir = scratch / "postfix/spool/mailworthy"
    socket_dir.mkdir(parents=True)
    key, record = keygen(build, scratch / "keys", "example.com", "2026a")
    zone = Zone(ZONE + f"2026a._domainkey.example.com TXT {zone_txt(record)}\n")
    sink = Sink(extensions=("SIZE 0",))
    parts = []
    try:
        server = Server(zone)
        daemon = Daemon(build, scratch, CONFIG.format(port=server.port, key=key),
                        socket=f"unix:{socket_dir}/mailworthy.sock")
        daemon.start()
        parts.append(daemon)
        postfix = Postfix(scratch / "postfix", f"[localhost]:{sink.port}", chroot=True,
                          milters="unix:mailworthy/mailworthy.sock",
                          # as for clients elsewhere: Postfix adds no Date, no Message-ID
                          settings={"local_header_rewrite_clients": ""})
        os.chown(socket_dir, -1, pwd.getpwnam("postfix").pw_gid)
        postfix.start()
        parts.append(postfix)
        print(wrap("Sample messages, sent through Postfix and mailworthy in enforce mode to "
                   "a host without 8BITMIME, where another program (dkimpy) verifies the "
                   "signatures:", ""))
        samples = run_samples(postfix, daemon, sink, zone)
        page = write_page(build, daemon, next(s for s in samples if s.number == PAGE_OF))
        print(f"\nThe report of message {PAGE_OF} as a page for a browser: "
              f"{os.path.relpath(page)}")
        if keep:
            stay(postfix, daemon, build, scratch, sink)
        else:
            print("Everything that was started has been ended. "
                  "./quickstart --keep leaves it running.")
    finally:
        for part in reversed(parts):
            part.stop()
        shutil.rmtree(scratch, ignore_errors=True)


def stay(postfix, daemon, build, scratch, sink):
    print(f"""
Left running until you press Ctrl-C:
  send a message    swaks --server 127.0.0.1:{postfix.port} --from you@example.com --to anna@example.net
                    (apt-get install swaks; or any mail program, by SMTP to port {postfix.port})
  the records       tail -f {daemon.events}
  judge a file      {build}/mailworthy check --config {daemon.config} FILE
  ... as a page     {build}/mailworthy check --config {daemon.config} --html PAGE FILE
  audit and back    {build}/mailworthy mode --config {daemon.config} audit
                    {build}/mailworthy mode --config {daemon.config} file
  what arrived      {scratch}/arrived (one file a message)
Its DNS knows example.com, weak.example.org, example.net and gmail.com alone; nothing
leaves this machine.""")
    (scratch / "arrived").mkdir()
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))
    written = 0
    try:
        while True:
            for message in sink.messages[written:]:
                written += 1
                (scratch / "arrived" / f"{written}.eml").write_bytes(message[2])
            time.sleep(0.5)
    except KeyboardInterrupt:
        print("\nEnding.")


if __name__ == "__main__":
    try:
        main()
    except BrokenPipeError:     # piped into head or a pager that was left
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        sys.exit(1)
