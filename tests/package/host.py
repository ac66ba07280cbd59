"""A host with mailworthy installed, as its postmaster meets it: Postfix and the
daemon as services, a DNS server and a next hop on loopback.  For a machine that may
be changed: a container, an autopkgtest testbed."""

import itertools
import json
import pathlib
import re
import smtplib
import socket
import subprocess
import sys
import time
from email.utils import formatdate

import dkim

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "lib"))

from daemon import zone_txt  # noqa: E402
from dnsserver import Server, Zone, txt_strings  # noqa: E402
from sink import Sink  # noqa: E402

CONFIG = pathlib.Path("/etc/mailworthy/mailworthy.conf")
RECORDS = pathlib.Path("/var/log/mailworthy/events.jsonl")
SPOOL = pathlib.Path("/var/spool/postfix")
ZONE = """\
example.com A 192.0.2.10
example.com MX 10 mail.example.com
example.com SOA ns.example.com
example.com TXT "v=spf1 ip4:192.0.2.10 -all"
_dmarc.example.com TXT "v=DMARC1; p=reject; rua=mailto:dmarc@example.com"
mail.example.com A 192.0.2.10
10.2.0.192.in-addr.arpa PTR mail.example.com
example.net MX 10 mx.example.net
example.net A 198.51.100.1
mx.example.net A 198.51.100.1
"""
failures = []


def check(what, good, seen=""):
    """Prints the line of one test; seen: what was there instead."""
    print(("ok package " if good else "not ok package ") + what, flush=True)
    if not good:
        failures.append(what)
        print("    " + str(seen).strip().replace("\n", "\n    "), flush=True)
    return good


def run(*command, **options):
    """Standard output and error together; the caller looks at what matters."""
    return subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
                          text=True, check=False, **options).stdout


def wait_for(condition, seconds=30):
    end = time.monotonic() + seconds
    while not (value := condition()) and time.monotonic() < end:
        time.sleep(0.1)
    return value


def unit(name):
    """A property of the unit of the daemon."""
    return run("systemctl", "show", "-P", name, "mailworthy").strip()


def is_serving():
    return unit("ActiveState") == "active" and (SPOOL / "mailworthy/mailworthy.sock").exists()


def takes_mail():
    try:
        socket.create_connection(("127.0.0.1", 25), 1).close()
        return True
    except OSError:
        return False


def journal(name="mailworthy"):
    return run("journalctl", "--no-pager", "-n", "30", "-u", name)


def records():
    return [json.loads(line) for line in RECORDS.read_text().splitlines()] \
        if RECORDS.exists() else []


class Host:
    """The outside of the host, and its mail."""

    def __init__(self):
        self.zone = Zone(ZONE)
        self.server = Server(self.zone)
        self.sink = Sink()
        self.numbers = itertools.count(1)

    # ---- what the postmaster does ----

    def attach(self):
        """The lines that the installation has printed, and a next hop."""
        run("postconf", "-e", "smtpd_milters = unix:mailworthy/mailworthy.sock",
            "non_smtpd_milters = $smtpd_milters", "milter_default_action = tempfail",
            f"relayhost = {self.sink.next_hop}", "inet_interfaces = loopback-only",
            "inet_protocols = ipv4",
            "smtp_host_lookup = native", "disable_dns_lookups = yes",
            "myhostname = mail.example.com", "myorigin = example.com",
            "mydestination =", "smtpd_client_connection_rate_limit = 0",
            "queue_run_delay = 2s", "minimal_backoff_time = 2s",
            "maximal_backoff_time = 4s")
        run("systemctl", "restart", "postfix")
        if not check("Postfix serves with the lines in main.cf", wait_for(takes_mail),
                     journal("postfix*") + run("postfix", "check")):
            sys.exit(1)

    def configure(self):
        """Our DNS server, an egress address and a file for the records."""
        text = CONFIG.read_text()
        for old, new in (("servers  = {}", f'servers = {{"127.0.0.1@{self.server.port}"}}'),
                         ("addresses = {auto}", 'addresses = {"192.0.2.10"}'),
                         ("log = \"syslog\"", f'log = "file:{RECORDS}"')):
            assert old in text, old
            text = text.replace(old, new, 1)
        CONFIG.write_text(text)
        run("systemctl", "restart", "mailworthy")

    def enforce(self):
        """A key, its record, the lines that keygen prints; then a reload."""
        said = run("mailworthy", "keygen", "--selector", "s1", "example.com")
        value = re.search(r"^Value +(\S.*)$", said, re.M)
        section = re.search(r"^ *(domain \"example.com\".*?^ *})$", said, re.M | re.S)
        if not check("keygen prints the record and the lines", value and section, said):
            return
        self.zone.add(f"s1._domainkey.example.com TXT {zone_txt(value[1])}")
        text = CONFIG.read_text().replace("mode = audit", "mode = enforce", 1)
        CONFIG.write_text(text + section[1] + "\n")
        check("systemctl reload takes them", "reload" not in run(
            "systemctl", "reload", "mailworthy") and wait_for(
                lambda: "configuration reloaded" in journal()), journal())

    # ---- mail ----

    def message(self):
        """(a word to find it by, its bytes)"""
        word = f"message-{next(self.numbers)}-"
        return word, (
            "From: Anna <anna@example.com>\r\nTo: Bert <bert@example.net>\r\n"
            f"Subject: Minutes of the meeting\r\nDate: {formatdate()}\r\n"
            f"Message-ID: <{word}@example.com>\r\nMIME-Version: 1.0\r\n"
            "Content-Type: text/plain; charset=utf-8\r\n\r\n"
            "Dear Bert,\r\n\r\nthe minutes of the meeting of Monday are in the "
            "usual place.\r\n\r\nAnna\r\n").encode()

    def send(self):
        """By SMTP; the word, or None when the client was told to come again."""
        word, data = self.message()
        try:
            with smtplib.SMTP("127.0.0.1", 25, "client.example.com", timeout=60) as smtp:
                smtp.sendmail("anna@example.com", ["bert@example.net"], data)
        except smtplib.SMTPResponseException as error:
            if error.smtp_code // 100 != 4:
                raise
            return None
        except smtplib.SMTPRecipientsRefused as error:
            if any(code // 100 != 4 for code, _ in error.recipients.values()):
                raise
            return None
        return word

    def submit(self):
        """By the sendmail command."""
        word, data = self.message()
        subprocess.run(["/usr/sbin/sendmail", "-i", "-f", "anna@example.com",
                        "bert@example.net"], input=data.replace(b"\r\n", b"\n"), check=True)
        return word

    def arrived(self, word, seconds=30):
        """The message as the next hop got it, b"" when it did not come."""
        wait_for(lambda: self.sink.find(word), seconds)
        found = self.sink.find(word)
        return found[0][2] if found else b""

    def verifies(self, message):
        def txt(name, timeout=5):
            found, _ = self.zone.find(name.decode().rstrip(".").lower(), "TXT")
            return b"".join(txt_strings(found[0][1])) if found else None
        return b"DKIM-Signature" in message and dkim.verify(message, dnsfunc=txt)


def try_mail(host):
    """A message judged in audit mode, one signed by SMTP, one from sendmail(1)."""
    host.configure()
    host.attach()
    check("the daemon serves with the changed configuration", wait_for(is_serving), journal())
    message = host.arrived(host.send() or "")
    check("audit: a message comes through Postfix unchanged",
          b"Minutes" in message and b"X-Mailworthy" not in message and
          b"DKIM-Signature" not in message, message or journal())
    record = (records() or [{}])[-1]
    check("audit: it is judged", record.get("verdict") == "pass" and
          record.get("mode") == "audit" and record.get("author_domain") == "example.com",
          record or journal())
    host.enforce()
    for name, send in (("SMTP", host.send), ("sendmail(1)", host.submit)):
        message = host.arrived(send() or "")
        check(f"enforce: a message by {name} is signed, and it verifies",
              host.verifies(message) and b"X-Mailworthy" in message, message or journal())
    check("enforce: and it is on record",
          (records() or [{}])[-1].get("mode") == "enforce", records()[-1:])
