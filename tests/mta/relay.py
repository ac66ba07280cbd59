#!/usr/bin/python3
"""Messages of many shapes through a real Postfix and mailworthy to a sink: each
arrives with signatures that two independent verifiers accept, or was named
beforehand by a finding that says it will break; everything we did not add is
byte for byte what Postfix relays without us.  What we mended on the way says to
a reader what was sent: the octets of each part, and the text of each field.

    relay.py BUILD [sendmail]
"""

import os
import pathlib
import re
import shutil
import sys
import tempfile
import time

HERE = pathlib.Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parent / "lib"))

from daemon import Daemon, keygen, zone_txt  # noqa: E402
import mta  # noqa: E402
import parts  # noqa: E402
from dnsserver import Server, Zone  # noqa: E402
from sendmail import Sendmail  # noqa: E402
from shapes import all_shapes  # noqa: E402
from sink import Sink  # noqa: E402
from smtp import Smtp  # noqa: E402
from verify import Verifiers  # noqa: E402

ZONE = """\
example.com A 192.0.2.10
example.com MX 10 mail.example.com
example.com SOA ns.example.com
example.com TXT "v=spf1 ip4:192.0.2.10 -all"
_dmarc.example.com TXT "v=DMARC1; p=none; rua=mailto:dmarc@example.com"
mail.example.com A 192.0.2.10
mail.example.com MX 10 mail.example.com
mail.example.com TXT "v=spf1 ip4:192.0.2.10 -all"
example.net MX 10 mail.example.net
mail.example.net A 192.0.2.20
10.2.0.192.in-addr.arpa PTR mail.example.com
xn--bcher-kva.example.com A 192.0.2.10
xn--bcher-kva.example.com MX 10 mail.example.com
"""

CONFIG = """\
mode = enforce
socket-group = "{group}"
user = ""
outbound = {{all}}
hold-below = 0
egress "default" {{ addresses = {{"192.0.2.10"}} helo = "mail.example.com" }}
resolver {{ servers = {{"127.0.0.1@{port}"}} }}
domain "example.com" {{
    key "rsa" {{ file = "{keys}/example.com.rsa.pem" }}
    key "ed" {{ file = "{keys}/example.com.ed.pem" }}
    canonicalization = "{canon}"
}}
domain "*.example.com" {{
    key "rsa" {{ file = "{keys}/example.com.rsa.pem" }}
    canonicalization = "{canon}"
}}
check "from-malformed" {{ action = none }}
check "from-missing" {{ action = none }}
check "header-size" {{ action = none }}
"""

# findings that say: this will not arrive as it was signed
BREAKS = {"line-long", "dkim-cannot-sign", "sendmail-rewrites"}
BREAKS_WITHOUT_8BITMIME = BREAKS | {"body-8bit"}

VOLATILE = re.compile(rb"^(received|(?:resent-)?message-id|date):", re.I)
OURS = re.compile(rb"^(x-mailworthy|dkim-signature):", re.I)

failed = 0


def report(good, name, why=""):
    global failed
    failed += not good
    print(("ok " if good else "not ok ") + "relay " + name)
    if not good and why:
        print("    " + why)
    sys.stdout.flush()


def split(message):
    """(fields with folds, body)"""
    head, _, body = message.partition(b"\r\n\r\n")
    return re.split(rb"\r\n(?![ \t])", head), body


def untouched(message, ours):
    """What neither Postfix nor we stamp on each message anew."""
    fields, body = split(message)
    return [f for f in fields if not VOLATILE.match(f) and not (ours and OURS.match(f))], body


class Rig:
    """Postfix with us, and Postfix without, each with a sink."""

    def __init__(self, build, scratch, name, kind, canon, extensions):
        self.scratch = pathlib.Path(scratch)
        keys = self.scratch / "keys"
        _, rsa = keygen(build, keys, "example.com", "rsa")
        _, ed = keygen(build, keys, "example.com", "ed", "--ed25519")
        zone = ZONE
        for domain in ("example.com", "mail.example.com", "xn--bcher-kva.example.com"):
            zone += f"rsa._domainkey.{domain} TXT {zone_txt(rsa)}\n"
        zone += f"ed._domainkey.example.com TXT {zone_txt(ed)}\n"
        self.zone = Zone(zone)
        self.dns = Server(self.zone)
        self.sink, self.plain_sink = Sink(extensions), Sink(extensions)
        socket, milter, group = mta.milter_socket(name, kind, self.scratch / "with")
        self.daemon = Daemon(build, self.scratch, CONFIG.format(
            group=group, port=self.dns.port, keys=keys,
            canon=canon), socket=socket)
        # or Postfix demands SMTPUTF8 of local mail before a filter has seen it
        settings = {"postfix": {"local_header_rewrite_clients": "",
                                "smtputf8_autodetect_classes": "verify"},
                    "sendmail": {"confDELIVERY_MODE": "interactive"}}
        self.mta = mta.make(name, self.scratch / "with", self.sink.next_hop, milters=milter,
                            kind=kind, settings=settings)
        self.plain = mta.make(name, self.scratch / "without", self.plain_sink.next_hop,
                              settings=settings)

    def __enter__(self):
        self.daemon.start()
        self.mta.start()
        self.plain.start()
        self.verifiers = Verifiers(self.zone, self.dns.port)
        return self

    def __exit__(self, *_):
        self.verifiers.close()
        self.mta.stop()
        self.plain.stop()
        self.daemon.stop()
        self.dns.close()
        self.sink.close()
        self.plain_sink.close()


def submit(mail, how, text, options):
    sender = options.get("sender", "billing@example.com")
    rcpts = options.get("rcpt", "anna@example.net")
    if how == "sendmail":
        run = mail.sendmail(sender, [rcpts] if isinstance(rcpts, str) else rcpts, text)
        return "250" if run.returncode == 0 else run.stderr.decode()
    smtp = Smtp(mail.port)
    try:
        return smtp.send(sender, rcpts, text, options.get("mail", ""))
    finally:
        smtp.close()


def arrive(mail, sink, before, seconds=20):
    """The next message at the sink, or None.  Sendmail sends one of many recipients in
    several transactions: the last is waited for."""
    got = sink.messages[before][2] if sink.wait(before + 1, seconds) else None
    if isinstance(mail, Sendmail):
        mail.wait_idle(seconds)
    return got


def as_sent(text, how, plain):
    """What a reader is to see: before any host cut a line.  Newer Postfix puts a blank
    in place of a stray CR before it asks a filter, and takes blanks before a colon out."""
    if how == "sendmail":
        text = text.replace(b"\n", b"\r\n")
    head, blank, body = text.partition(b"\r\n\r\n")
    text = re.sub(rb"(?m)^([!-9;-~]+)[ \t]+:", rb"\1:", head) + blank + body
    stray = re.compile(rb"\r(?!\n)")
    return text if stray.search(plain) else stray.sub(b" ", text)


def cut_before(mail, how, text):
    """The sendmail command cuts lines over 2040 octets on their way to the daemon."""
    return how == "sendmail" and isinstance(mail, Sendmail) and \
        max(map(len, text.split(b"\n"))) > 2040


def names_kept(before, after):
    """Mending adds MIME fields and takes none out."""
    names = [[f.partition(b":")[0].lower() for f in fields] for fields in (before, after)]
    lost = [n for n in names[0] if names[0].count(n) > names[1].count(n) and
            n != b"content-transfer-encoding"]      # one of two is taken out
    added = set(names[1]) - set(names[0]) - {b"mime-version", b"content-type",
                                             b"content-transfer-encoding"}
    lost = [n for n in lost if n != b"x-mime-autoconverted"]    # Sendmail's own work
    return [f"fields lost {lost} or added {added}"] if lost or added else []


def one(rig, label, name, how, text, options, breaks):
    before, plain_before = len(rig.sink.messages), len(rig.plain_sink.messages)
    records_before = len(rig.daemon.records())
    answer = submit(rig.mta, how, text, options)
    plain_answer = submit(rig.plain, how, text, options)
    label = f"{label}: {name}"
    if not plain_answer.startswith("250"):
        report(not answer.startswith("250"), label + " (Postfix alone refuses it)", answer)
        return "refused"
    if not answer.startswith("250"):
        report(False, label, "our reply: " + answer)
        return "failed"
    got = arrive(rig.mta, rig.sink, before)
    plain = arrive(rig.plain, rig.plain_sink, plain_before)
    end = time.monotonic() + 5
    while len(rig.daemon.records()) == records_before and time.monotonic() < end:
        time.sleep(0.02)
    record = rig.daemon.records()[-1]
    findings = {f["id"] for f in record["findings"]}
    if got is None or plain is None:
        late = rig.mta if got is None else rig.plain
        report((got is None) == (plain is None), label, "did not arrive " +
               ("with us: " if got is None else "without us: ") + late.read_log()[-600:] +
               str(late.queue_list()))
        return "failed" if (got is None) != (plain is None) else "undeliverable"
    mended = set(record["repaired"]) & {"headers", "encoding"}
    fields, body = untouched(got, True)
    plain_fields, plain_body = untouched(plain, False)
    plain_fields = [f for f in plain_fields if not f.lower().startswith(b"x-mailworthy:") and
                    not OURS.match(f) or f.lower().startswith(b"dkim-signature:")]
    kept = [f for f in plain_fields if not f.lower().startswith(b"dkim-signature:")]
    why = []
    if mended:
        if not cut_before(rig.mta, how, text):
            why += parts.differences(as_sent(text, how, plain), got)
        why += names_kept(kept, fields)
    elif body != plain_body:
        why.append("the body differs from what Postfix relays alone")
    elif fields != kept:
        why.append(f"fields differ: {set(fields) ^ set(kept)}")
    python = [r for r in rig.verifiers.python(got) if r[1] in ("rsa", "ed")]
    perl = [r for r in rig.verifiers.mail_dkim(got) if r[1] in ("rsa", "ed")]
    good_python = bool(python) and all(r[2] for r in python)
    good_perl = bool(perl) and all(r[2] for r in perl if r[1] == "rsa")
    named = bool(findings & breaks)
    if not named and not (good_python and good_perl):
        why.append(f"python {python} perl {perl}, and no finding names it: {sorted(findings)}")
    ours = [d["status"] for d in record["dkim"] if d["s"] in ("rsa", "ed")]
    predicted = all(status == "pass" for status in ours)
    if predicted != (good_python and good_perl) and "8BITMIME" in rig.sink.extensions:
        why.append(f"predicted {ours}, "
                   f"but python {python} perl {perl}")
    label += " (mended)" if mended else ""
    report(not why, label + ("" if good_python and good_perl else " (named: it breaks)"),
           "; ".join(why))
    return "verified" if good_python and good_perl else "named" if named else "failed"


def run(build, name, kind, canon, extensions, breaks, label):
    scratch = tempfile.mkdtemp(prefix="mailworthy-relay-")
    os.chmod(scratch, 0o755)
    counts = {}
    try:
        with Rig(build, scratch, name, kind, canon, extensions) as rig:
            for shape, how, text, options in all_shapes():
                if options.get("large") and label != "unix":
                    continue
                result = one(rig, label, shape, how, text, options, breaks)
                counts[result] = counts.get(result, 0) + 1
            print(f"# {label}: {counts}")
    finally:
        shutil.rmtree(scratch, ignore_errors=True)


def main():
    build = sys.argv[1]
    full, none = ("8BITMIME", "SMTPUTF8", "SIZE 0"), ("SIZE 0",)
    name = mta.chosen(sys.argv)
    run(build, name, "unix", "relaxed/relaxed", full, BREAKS, "unix")
    if name == "sendmail":      # over TCP it waits at each message
        run(build, name, "unix", "simple/simple", none, BREAKS_WITHOUT_8BITMIME,
            "no 8BITMIME")
    else:
        run(build, name, "inet", "simple/simple", full, BREAKS, "inet")
        run(build, name, "unix", "relaxed/simple", none, BREAKS_WITHOUT_8BITMIME,
            "no 8BITMIME")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
