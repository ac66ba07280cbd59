#!/usr/bin/python3
"""The demonstration behind ./quickstart."""

import os
import pathlib
import pwd
import shutil
import signal
import smtplib
import sys
import tempfile
import textwrap
import time
from email.utils import formatdate

HERE = pathlib.Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parent / "lib"))

from daemon import Daemon, keygen, zone_txt  # noqa: E402
from dnsserver import Server, Zone  # noqa: E402
from postfix import Postfix  # noqa: E402
from sink import Sink  # noqa: E402

COLOUR = sys.stdout.isatty() and not os.environ.get("NO_COLOR")


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
gmail.com MX 5 gmail-smtp-in.l.google.com
gmail.com SOA ns1.google.com
gmail.com TXT "v=spf1 ip4:203.0.113.0/24 ~all"
gmail.com A 203.0.113.5
_dmarc.gmail.com TXT "v=DMARC1; p=none; sp=quarantine; rua=mailto:d@gmail.com"
"""

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
resolver {{ servers = {{"127.0.0.1@{port}"}} }}
domain "example.com" {{
    key "2026a" {{ file = "{key}" }}
}}
"""


def fill(text):
    stamp = str(time.time_ns())
    return (text.replace("@DATE@", formatdate()).replace("@ID@", stamp)
            .replace("@LONG@", "A line without an end. " * 60)
            .replace("\n", "\r\n").encode())


def send(postfix, path):
    """The reply of our own MTA to this message."""
    sender = "news@weak.example.org" if "weak" in path.name else "billing@example.com"
    with smtplib.SMTP("127.0.0.1", postfix.port, timeout=60) as smtp:
        try:
            smtp.sendmail(sender, ["anna@example.net"], fill(path.read_text()))
        except smtplib.SMTPDataError as refused:
            return f"{refused.smtp_code} {refused.smtp_error.decode(errors='replace')}"
        return "250 accepted"


def wrap(text, indent):
    width = min(shutil.get_terminal_size((80, 24)).columns, 100)
    return textwrap.fill(text, width, initial_indent=indent, subsequent_indent=indent,
                         break_on_hyphens=False, break_long_words=False)


def show(path, record, reply):
    verdict = record["verdict"]
    # what Postfix did, in its words; mail that is sent may be refused elsewhere
    done = {"pass": "sent", "hold": "held", "tempfail": "deferred", "reject": "refused"}[verdict]
    welcome = all(answer == "accept" for answer in record["receivers"].values())
    colour = "31" if verdict == "reject" else "32" if verdict == "pass" and welcome else "33"
    title = path.stem.split("-", 1)[1].replace("-", " ")
    print("\n" + paint("1", f"{path.name[0]}  {title}"))
    print(f"   score {record['score']}   " + paint(colour, done) +
          ("" if reply.startswith("250") else f" by our own server: {reply.split(':')[0]}"))
    words = []
    for name, answer in record["receivers"].items():
        good = answer == "accept"
        words.append(f"{name}: " + paint("32" if good else "31", answer))
    print("   " + "   ".join(words))
    changed = [f"added {name}" for name in record["repaired"]]
    changed += [f"signed by {s['d']} ({s['a']})" for s in record["dkim"]
                if verdict == "pass" and s.get("key")]
    if changed:
        print("   changed: " + ", ".join(changed))
    for finding in record["findings"]:
        if finding.get("covered_by") or finding["severity"] == "info":
            continue
        mark = {"error": "31", "warning": "33"}[finding["severity"]]
        print("   " + paint(mark, f"{finding['severity']}  {finding['id']}"))
        print(wrap(finding["text"], "      "))
        print(wrap("Fix: " + finding["fix"], "      "))


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
    sink = Sink()
    parts = []
    try:
        server = Server(zone)
        daemon = Daemon(build, scratch, CONFIG.format(port=server.port, key=key),
                        socket=f"unix:{socket_dir}/mailworthy.sock")
        daemon.start()
        parts.append(daemon)
        postfix = Postfix(scratch / "postfix", sink.next_hop, chroot=True,
                          milters="unix:mailworthy/mailworthy.sock",
                          # as for clients elsewhere: Postfix adds no Date, no Message-ID
                          settings={"local_header_rewrite_clients": ""})
        os.chown(socket_dir, -1, pwd.getpwnam("postfix").pw_gid)
        postfix.start()
        parts.append(postfix)
        print("Sample messages, sent through Postfix and mailworthy in enforce mode:")
        for path in sorted((HERE / "messages").glob("*.eml")):
            before = len(daemon.records())
            reply = send(postfix, path)
            end = time.monotonic() + 20
            while len(daemon.records()) == before and time.monotonic() < end:
                time.sleep(0.02)
            show(path, daemon.records()[-1], reply)
        if keep:
            stay(postfix, daemon, build, scratch, sink)
        else:
            print("\nEverything that was started has been ended. "
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
  audit and back    {build}/mailworthy mode --config {daemon.config} audit
                    {build}/mailworthy mode --config {daemon.config} file
  what arrived      {scratch}/arrived (one file a message)
Its DNS knows example.com, weak.example.org and gmail.com alone; nothing leaves this machine.""")
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
