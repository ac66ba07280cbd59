#!/usr/bin/python3
"""Our words about authentication against those of independent receivers: each
set-up's message goes through Postfix and mailworthy to a sink, and what arrives
is judged by the receivers as if it came from the egress address.  Our words are
those of most of them, or an exception with the RFC's section says why not.

    predict.py BUILD [NAME...]      NAME: those set-ups only, with all words
"""

import base64
import collections
import concurrent.futures
import contextlib
import os
import pathlib
import shutil
import subprocess
import sys
import tempfile
import time

HERE = pathlib.Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parent / "lib"))

from daemon import Daemon, keygen  # noqa: E402
from dnsserver import Server, Zone  # noqa: E402
from exceptions import EXCEPTIONS  # noqa: E402
from postfix import Postfix, free_port  # noqa: E402
from presign import presign  # noqa: E402
from receivers import Case, Opendkim, Perl, Python, Rspamd  # noqa: E402
from setups import (COMMON_ZONE, egress_setups, null_setups, sender_setups,  # noqa: E402
                    spf6_setups, spf_setups)
from setups_dkim import key_setups, signature_setups  # noqa: E402
from setups_dmarc import dmarc_setups  # noqa: E402
from sink import Sink  # noqa: E402
from smtp import Smtp  # noqa: E402

CONNECTIONS = 8
SUFFIXES = {"com", "net", "org", "uk", "io", "jp"}

CONFIG = """\
mode = enforce
user = ""
socket-group = ""
outbound = {{all}}
resolver {{ servers = {{"127.0.0.1@{port}"}} timeout = 2 deadline = 8 }}
check "dkim-cannot-sign" {{ action = none }}
check "dmarc-fail" {{ action = none }}
check "from-malformed" {{ action = none }}
"""

MESSAGE = """\
From: Billing <{author}>\r
To: Anna <anna@example.net>\r
Subject: Your invoice for November\r
Date: {date}\r
Message-ID: <{name}@example.com>\r
MIME-Version: 1.0\r
Content-Type: text/plain; charset=us-ascii\r
X-Setup: {name}\r
\r
Dear Anna,\r
\r
your  invoice is ready.  It comes to 20.00, payable by the end of the month.\r
\r
The billing team\r
"""


class ImpatientZone(Zone):
    """A server that does not answer costs the receivers no time: they are told
    at once that it failed."""

    def __init__(self, zone):
        super().__init__()
        self.records, self.names = zone.records, zone.names

    def find(self, name, qtype):
        records, special = super().find(name, qtype)
        return records, "!servfail" if special == "!timeout" else special


# ---- keys ----

def openssl(*arguments):
    return subprocess.run(["openssl", *arguments], capture_output=True, check=True).stdout


def public_part(path, form="-pubout"):
    return base64.b64encode(
        openssl("rsa", "-in", str(path), form, "-outform", "DER")).decode()


class Keys:
    """path: {name: file}, public: {name: p=}"""

    def __init__(self, build, directory):
        self.path, self.public = {}, {}
        for name, options in (("rsa", ()), ("other", ()), ("rsa1024", ("--bits", "1024")),
                              ("rsa4096", ("--bits", "4096")), ("ed", ("--ed25519",)),
                              ("ed-other", ("--ed25519",))):
            path, record = keygen(build, directory, "example.com", name, *options)
            self.path[name], self.public[name] = path, record.partition("p=")[2]
        for name in ("rsa512", "rsa768"):        # too short for keygen
            self.path[name] = pathlib.Path(directory, name + ".pem")
            openssl("genrsa", "-out", str(self.path[name]), name[3:])
            self.public[name] = public_part(self.path[name])
        self.public["rsa-pkcs1"] = public_part(self.path["rsa"], "-RSAPublicKey_out")


# ---- configuration and messages ----

def all_setups(keys):
    return [*spf_setups(), *spf6_setups(), *egress_setups(), *null_setups(),
            *sender_setups(), *key_setups(keys.public), *signature_setups(keys.public),
            *dmarc_setups(keys.public["rsa"])]


def quoted_list(words):
    return "{" + ", ".join(f'"{w}"' for w in words) + "}"


def configuration(setups, keys, port):
    text = CONFIG.format(port=port)
    ways = collections.defaultdict(list)
    for setup in setups:
        ways[setup.egress, setup.helo].append(setup.sender_domain)
        if not setup.keys:
            continue
        lines = [f'    key "{s}" {{ file = "{keys.path[k]}" }}' for s, k in setup.keys.items()]
        text += "\n".join([f'domain "{setup.managed}" {{', *lines, setup.options, "}\n"])
    for i, ((addresses, helo), domains) in enumerate(ways.items()):
        text += (f'egress "way{i}" {{\n    addresses = {quoted_list(addresses)}\n'
                 f'    helo = "{helo}"\n    domains = {quoted_list(domains)}\n}}\n')
    return text


def compose(setup, keys):
    text = MESSAGE.format(author=setup.author, name=setup.name, date=time.strftime(
        "%a, %d %b %Y %H:%M:%S +0000", time.gmtime())).encode()
    for tags in setup.sign:
        text = presign(text, tags, keys.path[tags.get("key", "rsa")].read_bytes())
    return text


# ---- sending ----

class Rig:
    def __init__(self, build, scratch, names):
        self.build, self.scratch, self.names = build, pathlib.Path(scratch), names

    def __enter__(self):
        with contextlib.ExitStack() as stack:
            self._start(stack)
            self.closing = stack.pop_all()
        return self

    def __exit__(self, *_):
        self.closing.close()

    def _start(self, stack):
        def keep(thing):
            stack.callback(thing.close)
            return thing

        self.keys = Keys(self.build, self.scratch / "keys")
        self.setups = [s for s in all_setups(self.keys)
                       if not self.names or s.name in self.names]
        zone = Zone(COMMON_ZONE + "".join(s.zone for s in self.setups))
        dns, prompt_dns = keep(Server(zone)), keep(Server(ImpatientZone(zone)))
        port = prompt_dns.port
        self.receivers = {
            "rspamd": keep(Rspamd(self.scratch, port, SUFFIXES)),
            "opendkim": keep(Opendkim(self.scratch, port)),
            "python": Python(port), "perl": keep(Perl(port))}
        self.sink = keep(Sink())
        socket = f"inet:127.0.0.1:{free_port()}"
        self.daemon = stack.enter_context(Daemon(
            self.build, self.scratch / "mailworthy",
            configuration(self.setups, self.keys, dns.port), socket=socket))
        self.postfix = stack.enter_context(Postfix(
            self.scratch / "postfix", self.sink.next_hop, milters=socket,
            settings={"local_header_rewrite_clients": ""}))

    def send(self):
        """{name: answer} of those that were not taken."""
        refused = {}

        def work(mine):
            smtp = Smtp(self.postfix.port)
            for setup in mine:
                answer = smtp.send(setup.mail_from, "anna@example.net",
                                   compose(setup, self.keys))
                if not answer.startswith("250"):
                    refused[setup.name] = answer
            smtp.close()

        with concurrent.futures.ThreadPoolExecutor(CONNECTIONS) as pool:
            list(pool.map(work, [self.setups[i::CONNECTIONS] for i in range(CONNECTIONS)]))
        self.sink.wait(len(self.setups) - len(refused), 60)
        return refused

    def arrived(self):
        """{name: message as it came to the sink}"""
        found = {}
        for _, _, text in self.sink.messages:
            found[text.partition(b"X-Setup: ")[2].split(b"\r\n")[0].decode()] = text
        return found

    def records(self):
        return {r["message_id"].strip("<>").partition("@")[0]: r
                for r in self.daemon.records() if r["message_id"]}

    def judge(self, messages):
        """{(receiver, setup, address): opinion}"""
        cases = {}
        for setup in self.setups:
            if setup.name in messages:
                path = self.scratch / f"{setup.name}.eml"
                path.write_bytes(messages[setup.name])
                for address in setup.egress:
                    cases[setup.name, address] = Case(str(path), address, setup.helo,
                                                      setup.mail_from, setup.author)
        self.receivers["rspamd"].wait()
        self.receivers["opendkim"].wait()

        def work(name):
            started = time.monotonic()
            said = {(name, *key): self.receivers[name].judge(case)
                    for key, case in cases.items()}
            print(f"# {name}: {len(cases)} cases, {time.monotonic() - started:.0f} s")
            return said

        with concurrent.futures.ThreadPoolExecutor(len(self.receivers)) as pool:
            opinions = {}
            for said in pool.map(work, self.receivers):
                opinions.update(said)
        return opinions


# ---- words ----

# of several addresses the worst word counts
DMARC_ORDER = ("pass", "none", "permerror", "temperror", "fail")


def our_words(record):
    """{what: word}"""
    words = {"spf " + e["address"]: e["spf"] or "temperror" for e in record["egress"]}
    for signature in record["dkim"]:
        words[f'dkim {signature["d"].lower()}/{signature["s"].lower()}'] = signature["status"]
    result = record["dmarc"]["result"]
    words["dmarc"] = "temperror" if result == "unknown" else result
    if words["dmarc"] == "fail":
        words["policy"] = record["dmarc"]["policy"]
    return words


def their_words(what, setup, opinions, receivers):
    """{receiver: word}"""
    words = {}
    for name in receivers:
        mine = {a: opinions[name, setup.name, a] for a in setup.egress}
        kind, _, rest = what.partition(" ")
        if kind == "spf":
            word = mine[rest].spf
        elif kind == "dkim":
            word = mine[setup.egress[0]].dkim.get(tuple(rest.split("/")))
        elif setup.odd and name == "opendkim":
            word = None
        elif kind == "dmarc":
            said = [o.dmarc for o in mine.values() if o.dmarc]
            word = max(said, key=DMARC_ORDER.index) if said else None
        else:
            said = [o.policy for o in mine.values() if o.dmarc == "fail"]
            word = said[0] if said else None
        if word is not None:
            words[name] = word
    return words


def leaders(words):
    counts = collections.Counter(words.values())
    top = max(counts.values(), default=0)
    return {w for w, n in counts.items() if n == top}


class Comparison:
    def __init__(self, verbose):
        self.words = self.failed = 0
        self.used = set()
        self.verbose = verbose

    def one(self, setup, record, opinions, receivers):
        faults = []
        for what, word in our_words(record).items():
            theirs = their_words(what, setup, opinions, receivers)
            if self.verbose:
                print(f"#   {setup.name}: {what}: {word}; {theirs}")
            if len(theirs) < 2:
                continue
            self.words += 1
            key = setup.name, what.partition(" ")[0]
            if leaders(theirs) == {word}:
                continue
            if EXCEPTIONS.get(key, ("",))[0] == word:
                self.used.add(key)
            else:
                faults.append(f"{what}: we say {word}, they say {theirs}")
        self.report(not faults, setup.name, "; ".join(faults))

    def report(self, good, name, why=""):
        self.failed += not good
        print(("ok " if good else "not ok ") + "predict " + name)
        if why:
            print("    " + why)

    def unused(self, setups):
        """The table is that of Debian 12; later receivers may have learnt more."""
        names = {s.name for s in setups}
        for name, kind in EXCEPTIONS:
            if name in names and (name, kind) not in self.used:
                if "VERSION_ID=\"12\"" in pathlib.Path("/etc/os-release").read_text():
                    self.report(False, f"exception {name} {kind}", "it is not needed any more")
                else:
                    print(f"# the exception {name} {kind} is not needed here")


def compare(rig, verbose):
    comparison = Comparison(verbose)
    started = time.monotonic()
    refused = rig.send()
    print(f"# {len(rig.setups)} messages sent in {time.monotonic() - started:.0f} s")
    messages, records = rig.arrived(), rig.records()
    opinions = rig.judge(messages)
    for setup in rig.setups:
        if setup.name in messages and setup.name in records:
            comparison.one(setup, records[setup.name], opinions, rig.receivers)
        else:
            comparison.report(False, setup.name, refused.get(setup.name, "did not arrive"))
    comparison.unused(rig.setups)
    print(f"# compared {comparison.words} words in {len(rig.setups)} set-ups, "
          f"{len(comparison.used)} exceptions")
    return comparison.failed


def main():
    scratch = tempfile.mkdtemp(prefix="mailworthy-predict-")
    os.chmod(scratch, 0o755)
    try:
        with Rig(sys.argv[1], scratch, set(sys.argv[2:])) as rig:
            return 1 if compare(rig, bool(sys.argv[2:])) else 0
    finally:
        shutil.rmtree(scratch, ignore_errors=True)


if __name__ == "__main__":
    sys.exit(main())
