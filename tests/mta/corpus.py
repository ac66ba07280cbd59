"""A directory of messages through a real Postfix with mailworthy, with OpenDKIM
and with no filter, each to a sink with 8BITMIME and to one without: how many
arrive with a signature that two verifiers accept, how many were named
beforehand by a finding that says they will break, how many break unsaid, and in
how many a reader sees something else than what was sent.

    python3 corpus.py BUILD DIRECTORY [LIST]

Author, Date and Message-ID are made those of a domain of ours and trace fields
are taken out, as if the messages were submitted now.  LIST gets a line for each
message that neither verifies nor is named.  Not a part of ./check.
"""

import os
import pathlib
import re
import shutil
import subprocess
import sys
import tempfile
import time
from email.utils import formatdate

HERE = pathlib.Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parent / "lib"))
sys.path.insert(0, str(HERE.parent / "bench"))

import parts  # noqa: E402
from daemon import Daemon, keygen, zone_txt  # noqa: E402
from dnsserver import Server, Zone  # noqa: E402
from filters import OPENDKIM  # noqa: E402
from postfix import Postfix, free_port  # noqa: E402
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
mail.example.com TXT "v=spf1 ip4:192.0.2.10 -all"
example.net MX 10 mail.example.com
10.2.0.192.in-addr.arpa PTR mail.example.com
"""
CONFIG = """\
mode = enforce
user = ""
socket-group = ""
outbound = {{all}}
egress "default" {{ addresses = {{"192.0.2.10"}} helo = "mail.example.com" }}
resolver {{ servers = {{"127.0.0.1@{port}"}} }}
domain "example.com" {{ key "s1" {{ file = "{key}" }} }}
"""
FIELD = re.compile(rb"(From .*\r?\n)?(>?[!-9;-~]+[ \t]*:.*\r?\n([ \t].*\r?\n)*)+(\r?\n|$)")
TRACE = re.compile(rb"(received|return-path|delivered-to|x-original-to|date|message-id|"
                   rb"dkim-signature|x-google-dkim-signature|bcc|resent-bcc|content-length):", re.I)
ADDRESS = re.compile(rb"<[^<>]*>|[^\s<>,;:\"()\[\]]+@[^\s<>,;:\"()\[\]]+")
STRAY = re.compile(rb"\r(?!\n)")
BREAKS = {"line-long", "dkim-cannot-sign", "dkim-unsigned"}
BREAKS_WITHOUT_8BITMIME = BREAKS | {"body-8bit", "header-8bit"}
FULL = ("8BITMIME", "SMTPUTF8", "SIZE 0")


def submitted(data, number):
    """As a program of ours would submit it, or None for what is no message."""
    if data.startswith(b"From "):
        data = data.partition(b"\n")[2]
    if b"\0" in data[:200] or not FIELD.match(data):
        return None
    data = re.sub(rb"\r*\n", b"\r\n", data + b"\n" * (not data.endswith(b"\n")))
    head, _, body = data.partition(b"\r\n\r\n")
    fields = [f for f in re.split(rb"\r\n(?![ \t])", head.rstrip(b"\r\n"))
              if not TRACE.match(f)]
    names = [f.partition(b":")[0].strip().lower() for f in fields]
    if names.count(b"from") != 1:
        fields = [f for f, n in zip(fields, names) if n != b"from"]
        fields.insert(0, b"From: billing@example.com")
    else:
        at = names.index(b"from")
        found = ADDRESS.findall(fields[at])
        angle = [a for a in found if a.startswith(b"<")]
        fields[at] = fields[at].replace(angle[-1], b"<billing@example.com>") if angle else \
            fields[at].replace(found[0], b"billing@example.com") if found else \
            b"From: billing@example.com"
    fields += [b"Date: " + formatdate().encode(), b"Message-ID: <corpus.%d@example.com>" % number]
    return b"\r\n".join(fields) + b"\r\n\r\n" + body


def read_corpus(directory):
    """[(path, message)] of all files below that look like one."""
    found = []
    for path in sorted(pathlib.Path(directory).rglob("*")):
        if not path.is_file() or path.name == "ORIGIN" or \
                path.suffix in (".md", ".tsv", ".yml", ".yaml", ".json"):
            continue
        message = submitted(path.read_bytes(), len(found))
        if message:
            found.append((str(path), message))
    return found


def number_of(message):
    match = re.search(rb"(?im)^message-id: <corpus\.(\d+)@", message.partition(b"\r\n\r\n")[0])
    return int(match.group(1)) if match else None


class NoFilter:
    milter = ""

    def __init__(self, rig):
        pass

    def start(self):
        pass

    def stop(self):
        pass


class Mailworthy:
    def __init__(self, rig):
        # what would stop a message is let through, so that it is seen to arrive
        run = subprocess.run([rig.build / "mailworthy", "explain"], capture_output=True, text=True)
        ids = re.findall(r"(?m)^\s*([a-z][a-z0-9]*(?:-[a-z0-9]+)+)\s.*weight", run.stdout)
        ids = [i for i in ids if i != "dkim-cannot-sign"]
        config = CONFIG.format(port=rig.dns.port, key=rig.key) + "".join(
            f'check "{i}" {{ action = none }}\n' for i in ids)
        self.milter = f"inet:127.0.0.1:{free_port()}"
        self.daemon = Daemon(rig.build, rig.dir / "daemon", config, socket=self.milter)

    def start(self):
        self.daemon.start()

    def stop(self):
        self.daemon.stop()

    def records(self):
        found = {}
        for record in self.daemon.records():
            match = re.match(r"<corpus\.(\d+)@", record["message_id"] or "")
            if match:
                found[int(match.group(1))] = record
        return found


class OpenDkim:
    def __init__(self, rig):
        self.port = free_port()
        self.milter = f"inet:127.0.0.1:{self.port}"
        self.config = rig.dir / "opendkim.conf"
        self.config.write_text(OPENDKIM.format(selector="s1", key=rig.key, canon="relaxed/relaxed",
                                               socket=f"inet:{self.port}@127.0.0.1"))

    def start(self):
        self.process = subprocess.Popen(["/usr/sbin/opendkim", "-f", "-x", str(self.config)])
        time.sleep(1)

    def stop(self):
        self.process.terminate()
        self.process.wait(15)


class Rig:
    """A filter, a Postfix and a sink."""

    def __init__(self, build, scratch, kind, extensions):
        self.build, self.dir = pathlib.Path(build).resolve(), pathlib.Path(scratch)
        self.key, record = keygen(build, self.dir / "keys", "example.com", "s1")
        self.zone = Zone(ZONE + f"s1._domainkey.example.com TXT {zone_txt(record)}\n")
        self.dns, self.sink = Server(self.zone), Sink(extensions)
        self.filter = kind(self)
        self.postfix = Postfix(self.dir / "mta", self.sink.next_hop, milters=self.filter.milter,
                               settings={"local_header_rewrite_clients": ""})

    def __enter__(self):
        self.filter.start()
        self.postfix.start()
        return self

    def __exit__(self, *_):
        self.postfix.stop()
        self.filter.stop()
        self.sink.close()
        self.dns.close()

    def send(self, corpus):
        """Messages as they arrive, by number, and replies to those refused."""
        refused, smtp = {}, None
        for number, (_, message) in enumerate(corpus):
            smtp = smtp or Smtp(self.postfix.port)
            body = " BODY=8BITMIME" if re.search(rb"[\x80-\xff]", message) else ""
            try:
                reply = smtp.send("billing@example.com", "anna@example.net", message, body)
            except (OSError, ConnectionError) as error:
                reply, smtp = str(error), None
            if not reply.startswith("250"):
                refused[number] = reply
            if number % 100 == 99 and smtp:
                smtp.close()
                smtp = None
        self.postfix.wait_idle(120)
        return {number_of(m[2]): m[2] for m in self.sink.messages}, refused


def verdicts(verifiers, message):
    """How many of the two verifiers accept our signature."""
    try:
        one = any(r[1] == "s1" and r[2] for r in verifiers.python(message))
    except Exception:       # python3-dkim meets a header it cannot read
        one = False
    return one + any(r[1] == "s1" and r[2] for r in verifiers.mail_dkim(message))


def count(rig, corpus, arrived, refused, breaks, out, label):
    counts = dict.fromkeys(("messages", "verify", "named", "broken", "one verifier only",
                            "refused", "not arrived", "mended", "read otherwise"), 0)
    records = rig.filter.records() if isinstance(rig.filter, Mailworthy) else {}
    verifiers = Verifiers(rig.zone, rig.dns.port)
    for number, (path, message) in enumerate(corpus):
        counts["messages"] += 1
        record, got = records.get(number, {}), arrived.get(number)
        findings = {f["id"] for f in record.get("findings", [])}
        if got is None:
            counts["refused" if number in refused else "not arrived"] += 1
            out.write(f"{label} {path}: {refused.get(number, 'did not arrive')} "
                      f"{sorted(findings)}\n")
            continue
        counts["mended"] += bool({"headers", "encoding"} & set(record.get("repaired", [])))
        good = verdicts(verifiers, got) if rig.filter.milter else 0
        kind = "verify" if good == 2 else "named" if findings & breaks else \
            "one verifier only" if good == 1 else "broken"
        counts[kind] += 1
        if not STRAY.search(got):       # newer Postfix puts a blank in its place
            message = STRAY.sub(b" ", message)
        try:
            why = parts.differences(message, got, fields=False)
        except Exception:       # Python cannot read it
            why = []
        counts["read otherwise"] += bool(why)
        if kind in ("broken", "one verifier only") and rig.filter.milter or why:
            out.write(f"{label} {path}: {kind} {why} {sorted(findings)}\n")
    verifiers.close()
    return counts


def main():
    build, corpus = sys.argv[1], read_corpus(sys.argv[2])
    out = open(sys.argv[3] if len(sys.argv) > 3 else os.devnull, "w", buffering=1)
    print(f"{len(corpus)} messages")
    for name, kind in (("mailworthy", Mailworthy), ("OpenDKIM", OpenDkim),
                       ("no filter", NoFilter)):
        for extensions, breaks in ((FULL, BREAKS), (("SIZE 0",), BREAKS_WITHOUT_8BITMIME)):
            label = f"{name}, {'8BITMIME' if extensions == FULL else 'no 8BITMIME'}"
            scratch = tempfile.mkdtemp(prefix="mailworthy-corpus-")
            os.chmod(scratch, 0o755)
            try:
                with Rig(build, scratch, kind, extensions) as rig:
                    arrived, refused = rig.send(corpus)
                    counts = count(rig, corpus, arrived, refused, breaks, out, label)
            finally:
                shutil.rmtree(scratch, ignore_errors=True)
            print(f"{label}: " + ", ".join(f"{n} {what}" for what, n in counts.items() if n))
            sys.stdout.flush()
    return 0


if __name__ == "__main__":
    sys.exit(main())
