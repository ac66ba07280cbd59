#!/usr/bin/python3
"""OpenDKIM's tables, read by OpenDKIM itself and by us: which key signs mail of
which address must be the same.    opendkim.py BUILD [WORD] [SEED]

Both run as filters with the same files, and both get a message of each
address.  Where ours is meant to differ, the case says so.
"""

import os
import pathlib
import random
import re
import shutil
import signal
import subprocess
import sys
import tempfile
import time

from rig import Daemon, Milter, Rig, Server, Zone, check_sanitizers, fault_of, report, \
    sanitizer_env

USERS = ("anna", "BERT", "news+x")
HOSTS = ("example.com", "EXAMPLE.com", "a.example.com", "b.a.example.com", "c.example.com",
         "example.net", "a.example.net", "notexample.net", "example.org", "a.example.org",
         "b.a.example.org", "other.example", "deep.under.other.example")
ADDRESSES = [f"{user}@{host}" for host in HOSTS for user in USERS]

CONFIG = """\
mode = enforce
user = ""
socket-group = ""
egress "default" {{ addresses = {{"192.0.2.10"}} helo = "mail.example.com" }}
resolver {{ servers = {{"127.0.0.1@{port}"}} }}
import "opendkim" {{ config = "{conf}" }}
"""

KEYS = "".join(f"k{i} %:s{i}:DIR/k.pem\n" for i in range(4)) + """\
com example.com:com:DIR/k.pem
sub a.example.com:sub:DIR/k.pem
net example.net:net:DIR/k.pem
org %:org:DIR/keys/%.pem
each %:each:DIR/keys/%/mail.private
"""


class Silent(Zone):
    """Knows nothing: no mail is stopped for what DNS says."""

    def find(self, name, qtype):
        return [], "!servfail"


def signatures(answer):
    """{(d, s)} of the fields that were added."""
    found = set()
    for _, value in answer.inserted("DKIM-Signature"):
        tags = dict(part.split("=", 1) for part in re.sub(r"\s", "", value).split(";")
                    if part)
        found.add((tags["d"].lower(), tags["s"].lower()))
    return found


def ask(socket, author, name="localhost", address="127.0.0.1", auth=None):
    """What a filter adds to a message; an answer that ends it early is a word."""
    with Milter(socket) as m:
        m.begin(name=name, address=address)
        answers = [m.mail("<>", auth=auth), m.rcpt(), m.data()]
        for field in (("From", f" <{author}>"), ("To", " <bert@example.net>"),
                      ("Subject", " Lunch"), ("Message-ID", " <1@example.com>"),
                      ("Date", " Mon, 30 Nov 2026 12:00:00 +0000")):
            answers.append(m.header(*field))
        answers.append(m.eoh())
        early = [a for a in answers if a not in (None, "c")]
        if early:
            return "accept" if early == ["a"] else "early " + early[0]
        m.body()
        answer = m.eom()
    return signatures(answer) or answer.action.replace("continue", "accept")


class Pair:
    """Both filters over one opendkim.conf."""

    def __init__(self, build, dns, conf, tables):
        self.dir = pathlib.Path(tempfile.mkdtemp(prefix="mailworthy-opendkim-"))
        Rig.scratches.append(self.dir)
        os.chmod(self.dir, 0o755)
        (self.dir / "keys").mkdir(mode=0o755)
        self.make_keys(build)
        for name, text in tables.items():
            (self.dir / name).write_text(text.replace("DIR", str(self.dir)))
            (self.dir / name).chmod(0o600)
        self.conf = self.dir / "opendkim.conf"
        self.socket = self.dir / "opendkim.sock"
        self.conf.write_text(f"Socket local:{self.socket}\nSyslog no\nRequireSafeKeys no\n" +
                             conf.replace("DIR", str(self.dir)) + "\n")
        self.theirs, self.dns_port = None, dns.port
        self.ours = Daemon(build, self.dir / "daemon", CONFIG.format(
            port=dns.port, conf=self.conf), env=sanitizer_env(self.dir))

    pem = b""

    def make_keys(self, build):
        if not Pair.pem:
            Pair.pem = subprocess.run(["openssl", "genrsa", "-traditional", "2048"],
                                      check=True, capture_output=True).stdout
        paths = [self.dir / "k.pem"]
        for host in {h.lower() for h in HOSTS}:
            (self.dir / "keys" / host).mkdir(mode=0o755)
            paths += [self.dir / f"keys/{host}.pem", self.dir / f"keys/{host}/mail.private"]
        for path in paths:
            path.write_bytes(Pair.pem)
            path.chmod(0o600)

    def inspect(self):
        """mailworthyd -n."""
        return subprocess.run([str(self.ours.build / "mailworthyd"), "-n", "-c",
                               str(self.ours.config)], capture_output=True, text=True)

    def __enter__(self):
        self.theirs = subprocess.Popen(
            [shutil.which("opendkim", path="/usr/sbin:/usr/bin"), "-f", "-x",
             str(self.conf)], stderr=subprocess.PIPE, text=True)
        end = time.monotonic() + 20
        while not self.socket.exists():
            if self.theirs.poll() is not None or time.monotonic() > end:
                raise RuntimeError("opendkim: " + self.theirs.stderr.read())
            time.sleep(0.02)
        self.ours.start()
        return self

    def __exit__(self, *_):
        self.ours.stop()
        if self.theirs:
            self.theirs.kill()    # asked to end, libmilter takes up to 5 s
            self.theirs.communicate()

    def compare(self, differs, subset):
        """Faults, as text.  differs: pattern of addresses -> our answer."""
        faults = []
        for address in ADDRESSES:
            theirs = ask(f"unix:{self.socket}", address)
            ours = ask(self.ours.socket, address)
            if isinstance(theirs, set) and "example.com" not in address.lower():
                theirs = theirs - {("example.com", "com")} or "accept"    # not aligned: told
            for pattern, answer in differs.items():
                if re.fullmatch(pattern, address, re.I):
                    theirs = answer
            same = ours == theirs or (subset and isinstance(theirs, set) and
                                      isinstance(ours, set) and ours <= theirs)
            if not same:
                faults.append(f"{address}: OpenDKIM {theirs}, ours {ours}")
        return "\n".join(faults)


def pair_fault(build, dns, conf, tables, differs=None, subset=False):
    with Pair(build, dns, conf, tables) as pair:
        fault = pair.compare(differs or {}, subset)
        if not fault:
            check_written(build, pair)
        return fault


TABLES = "KeyTable DIR/keys.table\nSigningTable {}DIR/signing.table\n"
FILE, REFILE = TABLES.format("file:"), TABLES.format("refile:")
ALL = "MultipleSignatures yes\n"
SINGLE = "Selector s\nKeyFile DIR/k.pem\n"

CASES = {
    "exact keys: host, .host, *": (FILE, """\
# comment
example.com     k0
.example.com\tk1   # at the end of a line

  a.example.com k2
* org
"""),
    "exact keys: the first of two": (FILE, "example.com k0\nexample.com k1\n"),
    "exact keys, d= of the parent": (FILE, ".example.com com\nexample.com com\n"),
    "exact keys, d= of a subdomain": (FILE, "example.com sub\n"),
    "exact keys, the key has the name of the domain": (FILE, "example.com %\n.example.org %\n",
        {"keys.table": "example.com %:s0:DIR/k.pem\na.example.org %:s1:DIR/k.pem\n"},
        # no key in the table: OpenDKIM defers the message, we have nothing to sign with
        {r".*@b\.a\.example\.org": "accept"}),
    "exact keys, a user's line with the key of the domain":
        (FILE, "anna@example.com k0\nexample.com k0\n"),
    "patterns: *@host, *@*.host": (REFILE, "*@example.com k0\n*@*.example.com k1\n"),
    "patterns: the first counts": (REFILE, """\
*@a.example.com k0
*@*.example.com k1
*@b.a.example.com k2
*@example.com k2
*@example.com k3
"""),
    "patterns: none for a bare domain": (REFILE, "example.com k0\n*@example.net net\n"),
    "patterns: *.host": (REFILE, "*.example.com com\n*@example.com com\n"),
    "patterns: *host": (REFILE, "*example.net k1\n", {},
        {r".*@notexample\.net": "accept"}),    # somebody else's domain
    "patterns: * with a file each": (REFILE, "*@example.com com\n* org\n"),
    "patterns: *@* with a directory each": (REFILE, "*@* each\n"),
    "patterns: * as one domain": (REFILE, "* com\n", {},
        {r".*@(?!(.*\.)?example\.com$).*": "accept"}),    # not aligned, told
    "patterns in the table of keys": ("KeyTable refile:DIR/keys.table\n"
        "SigningTable refile:DIR/signing.table\n", "*@example.com %\n*@*.example.org %\n",
        {"keys.table": "example.com example.com:s0:DIR/k.pem\n*.example.org %:s1:DIR/k.pem\n"}),
    "lists within the options": ("KeyTable csl:k0=example.com:s0:DIR/k.pem, "
        "k1=%:s1:DIR/keys/%.pem\nSigningTable example.com=k0, *=k1\n", ""),
    "all that fit: patterns": (REFILE + ALL,
        "*@example.com k0\n*@*.example.com k1\n*@a.example.com k2\n*@example.com k3\n"),
    "exact keys: * above the others": (FILE, "* com\nexample.com k0\n.a.example.com k1\n"),
    "all that fit: two domains": (REFILE + ALL, "*@*.a.example.com sub\n*@*.example.com com\n"),
    "all that fit: exact keys": (FILE + ALL,
        "example.com k0\n.example.com k1\na.example.com k2\n* org\n"),
    "Domain, Selector, KeyFile": ("Domain example.com, example.org\n" + SINGLE, ""),
    "SubDomains": ("Domain example.com\nSubDomains yes\n" + SINGLE, ""),
    "Domain of a file": ("Domain file:DIR/signing.table\n" + SINGLE,
                         "example.com\na.example.org\n"),
    "Domain of patterns": ("Domain refile:DIR/signing.table\n" + SINGLE,
                           "example.com\n*.example.org\n"),
    "ExemptDomains": (FILE + "ExemptDomains a.example.com\n",
                      "example.com k0\na.example.com k1\nc.example.com k2\n"),
    "a key within the table": (FILE, "example.com in\n", {"keys.table": "in %:s0:BASE64\n"}),
}


def sections(dump):
    """What `mailworthyd -n` shows from the first domain on, in any order, and whose
    mail is outbound."""
    parts = dump.split("\ndomain ")
    return sorted(p.rstrip("\n") for p in parts[1:]), \
        [line for line in parts[0].splitlines()
         if line.startswith(("outbound", "networks"))]


def check_written(build, pair):
    """What `mailworthy import opendkim` writes comes to the same settings."""
    run = subprocess.run([str(pathlib.Path(build, "mailworthy")), "import", "--keys",
                          str(pair.dir), "opendkim", str(pair.conf)],
                         capture_output=True, text=True)
    assert run.returncode == 0, run.stdout + run.stderr
    read = pair.inspect().stdout
    pair.ours.write(CONFIG.partition("import")[0].format(port=pair.dns_port)
                    .replace("mode = enforce\n", "") + "\n".join(
                        line for line in run.stdout.splitlines()
                        if not line.startswith("socket =")) + "\n")
    again = pair.inspect()
    assert again.returncode == 0, again.stderr + run.stdout
    written = re.sub(r'"\S*/example\.com\.s0\.pem"', f'"{pair.dir}/keys.table:1"',
                     again.stdout)
    assert sections(written) == sections(read), written + read


def short_key():
    """Of OpenDKIM's lines the first 1,023 octets count.  Without "DIR", which a table
    would take for the directory."""
    while True:
        pem = subprocess.run(["openssl", "genrsa", "1024"], check=True,
                             capture_output=True, text=True).stdout
        key = "".join(line for line in pem.splitlines() if "---" not in line)
        if "DIR" not in key:
            return key


def run_case(build, dns, conf, signing, tables=None, differs=None):
    tables = {"keys.table": KEYS, "signing.table": signing, **(tables or {})}
    if "BASE64" in tables["keys.table"]:
        tables["keys.table"] = tables["keys.table"].replace("BASE64", short_key())
    fault = pair_fault(build, dns, conf, tables, differs, ALL in conf)
    assert not fault, fault


def made_up(chance):
    """A table of random lines that can be taken over."""
    patterns = chance.random() < 0.5
    hosts = sorted({h.lower() for h in HOSTS if h.count(".") < 3})
    lines = []
    for _ in range(chance.randint(1, 9)):
        host = chance.choice(hosts)
        form = chance.choice(("*@{}", "*@*.{}", "*.{}", "*@*{}") if patterns else
                             ("{}", ".{}", "{}", ".{}"))
        keys = ["k0", "k1", "k2", "org"]
        if host.endswith("example.com"):
            keys += ["com", "sub"]
        lines.append(f"{form.format(host)} {chance.choice(keys)}")
    if chance.random() < 0.3:
        lines.insert(chance.randint(0, len(lines)), chance.choice(("* org", "* com")))
    return (REFILE if patterns else FILE) + chance.choice(("", ALL)), "\n".join(lines) + "\n"


def run_made_up(build, dns, seed, rounds):
    chance = random.Random(seed)
    compared = 0
    for number in range(rounds):
        conf, signing = made_up(chance)
        # "*@*example.com" is taken for example.com and what is below it
        loose = [re.escape(w) for w in re.findall(r"\*@\*([a-z]\S+)", signing)]
        signing = re.sub(r"\*@\*([a-z])", r"*@\1", signing)
        pair = Pair(build, dns, conf, {"keys.table": KEYS, "signing.table": signing})
        if pair.inspect().returncode != 0:    # an error is told: nothing to compare
            continue
        with pair:
            fault = pair.compare({}, ALL in conf)
        assert not fault, f"seed {seed}, round {number}:\n{conf}{signing}{fault}"
        compared += 1
    assert compared >= rounds // 2, f"{compared} of {rounds} tables could be compared"


def follows_tables(build, dns):
    """A program adds a customer to the tables, and breaks them once: a reload takes the
    first and keeps what it has over the second."""
    signing = "example.com com\n"
    pair = Pair(build, dns, FILE, {"keys.table": KEYS, "signing.table": signing})
    path, daemon = pair.dir / "signing.table", pair.ours

    def reload(text, word):
        seen = daemon.read_log().count(word)
        path.write_text(text)
        daemon.process.send_signal(signal.SIGHUP)
        assert daemon.wait_log(word, seen + 1), daemon.read_log()
        return [ask(daemon.socket, f"anna@{host}") for host in ("example.com", "example.net")]
    daemon.start()
    try:
        assert ask(daemon.socket, "anna@example.net") == "accept"
        both = [{("example.com", "com")}, {("example.net", "net")}]
        got = reload(signing + "example.net net\n", "configuration reloaded")
        assert got == both, got
        got = reload(signing + "example.net nokey\n", "expected the name of a key")
        assert got == both, got
        got = reload(signing, "configuration reloaded")
        assert got == [{("example.com", "com")}, "accept"], got
    finally:
        daemon.stop()


def main():
    build, word = sys.argv[1], (sys.argv[2:] or [""])[0]
    seed = int(sys.argv[3]) if len(sys.argv) > 3 else 1
    failed = False
    with Server(Silent()) as dns:
        for name, arguments in CASES.items():
            if word in name:
                fault = fault_of(run_case, build, dns, *arguments)
                report("opendkim: " + name, fault)
                failed |= bool(fault)
        if word in "made up tables":
            fault = fault_of(run_made_up, build, dns, seed, 12)
            report("opendkim: made up tables", fault)
            failed |= bool(fault)
        if word in "a reload takes what the tables say":
            fault = fault_of(follows_tables, build, dns)
            report("opendkim: a reload takes what the tables say", fault)
            failed |= bool(fault)
    check_sanitizers()
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
