#!/usr/bin/python3
"""Rspamd's dkim_signing.conf, read by Rspamd itself and written anew by
`mailworthy import rspamd`: which key signs mail of which address must be the
same.    rspamd.py BUILD [WORD] [SEED]
"""

import os
import pathlib
import random
import shutil
import subprocess
import sys
import tempfile
import time

from opendkim import HOSTS, Silent, ask
from postfix import free_port
from rig import Daemon, Rig, Server, check_sanitizers, fault_of, report, sanitizer_env

ADDRESSES = [f"anna@{host}" for host in HOSTS]

CONFIG = """\
user = ""
socket-group = ""
egress "default" {{ addresses = {{"192.0.2.10"}} helo = "mail.example.com" }}
resolver {{ servers = {{"127.0.0.1@{port}"}} }}
"""

# The module alone: all of Rspamd's rules and all public suffixes take long to load.
RSPAMD = """\
options {{
  pidfile = "{dir}/rspamd.pid"; filters = "dkim"; url_tld = "{dir}/suffixes";
  dns {{ nameserver = ["127.0.0.1:{dns}"]; }}
  control_socket = "{dir}/control.sock mode=0600";
  hs_cache_dir = "{dir}";
  local_addrs = ["127.0.0.0/8"];
}}
logging {{ type = "file"; filename = "{dir}/rspamd.log"; level = "info"; }}
actions {{ reject = 1000; }}
worker "rspamd_proxy" {{
  bind_socket = "127.0.0.1:{port}"; milter = yes; count = 1;
  upstream "local" {{ default = yes; self_scan = yes; }}
}}
modules {{ path = "/usr/share/rspamd/plugins/dkim_signing.lua"; }}
dkim_signing {{ .include "{conf}" }}
"""

CASES = {
    "a file each, subdomains together": """\
path = "DIR/keys/$domain.$selector.key";
selector = "s1";
""",
    "a file each, each name for itself": """\
use_esld = false;
path = "DIR/keys/$domain.$selector.key";
selector = "s1";
""",
    "domains named": """\
try_fallback = false;
domain {
  example.com { path = "DIR/k.pem"; selector = "c"; }
  example.net { selectors [ { path = "DIR/k.pem"; selector = "n" } ] }
  a.example.org { path = "DIR/k.pem"; selector = "never"; }
}
""",
    "domains named, each for itself": """\
try_fallback = false
use_esld = false
domain {
  "a.example.com" { path = "DIR/keys/$domain.$selector.key"; }
  example.com { path: "DIR/k.pem", selector: "c" }
}
selector = s1
""",
    "maps": """\
try_fallback = false;
path_map = "DIR/paths.map";
selector_map = "DIR/selectors.map";
""",
    "tables": ("""\
key_table = "DIR/keys.map"; signing_table = "glob;DIR/signing.map";
""", """\
"*@a.example.com" k1   # the first that fits
*@*.a.example.com k10
*@*.example.com sub
*@example.com k1
example.org k1
*@b.a.example.org k10
@other.example two
"""),
    "tables without a kind": ("""\
key_table = "DIR/keys.map"
signing_table = "file://DIR/signing.map"
selector = s2
""", "*@example.com sub\n*@*.example.com k10\n*.example.net each\n"),
    "tables by the domain": ("""\
key_table = ["example.com %:s0:DIR/k.pem", "a.example.org %:s1:DIR/k.pem",
  "example.org example.org:s2:DIR/k.pem", "example.net %:s3:DIR/k.pem"];
signing_table = ["*@example.com %", "*@*.example.com %", "*.example.org %", "*@example.org %",
  "*@example.net %"];
""", ""),
    "tables in lists": ("""\
key_table = ["k1 %:s1:DIR/k.pem", "two %:s2:DIR/k.pem"];
signing_table = ["*@example.com k1",
  "*@*.example.net two"];
""", ""),
    "tables in lists of files": ("""\
key_table = "DIR/keys.map"; signing_table = ["DIR/signing.map", "DIR/more.map"];
""", "*@*.example.com k1\n"),
    "tables: * at the end": ("""\
key_table = "DIR/keys.map"; signing_table = "DIR/signing.map";
""", "*@example.com sub\n* each\n"),
    "tables: *@* is first": ("""\
key_table = "DIR/keys.map"; signing_table = "DIR/signing.map";
""", "*@* each\n*@example.com sub\n"),
}

# k10 is k1 to Rspamd: what a name begins with is looked for.
KEYS = """\
k10 %:s10:DIR/k.pem
k1 %:s1:DIR/k.pem
sub example.com:sub:DIR/k.pem
two %:DIR/k.pem
each %:s1:DIR/keys/%.s1.key
"""

# In tables Rspamd tells EXAMPLE.com from example.com.
DIFFERS = {"anna@EXAMPLE.com": "anna@example.com"}


class NotTaken(Exception):
    """An error is told: there is nothing to compare."""


class Pair:
    pem = b""

    def __init__(self, build, dns, text, signing="", keys=KEYS):
        self.dir = pathlib.Path(tempfile.mkdtemp(prefix="mailworthy-rspamd-"))
        Rig.scratches.append(self.dir)
        os.chmod(self.dir, 0o755)
        self.build, self.port = build, free_port()
        (self.dir / "keys").mkdir(mode=0o755)
        if not Pair.pem:
            Pair.pem = subprocess.run(["openssl", "genrsa", "-traditional", "2048"],
                                      check=True, capture_output=True).stdout
        names = ["k.pem"] + [f"keys/{h}.s1.key" for h in {h.lower() for h in HOSTS}
                             if not h.endswith("example.org")]
        for name in names:
            (self.dir / name).write_bytes(Pair.pem)
            (self.dir / name).chmod(0o600)
        (self.dir / "suffixes").write_text("com\nexample\nnet\norg\n")
        (self.dir / "paths.map").write_text(f"example.com {self.dir}/k.pem\n"
                                            f"other.example {self.dir}/k.pem\n")
        (self.dir / "keys.map").write_text(keys.replace("DIR", str(self.dir)))
        (self.dir / "signing.map").write_text(signing)
        (self.dir / "more.map").write_text("*@example.com sub\n")
        (self.dir / "selectors.map").write_text("example.com m\nother.example o\n")
        self.conf = self.dir / "dkim_signing.conf"
        (self.dir / "rspamd.conf").write_text(RSPAMD.format(
            dns=dns.port, dir=self.dir, port=self.port, conf=self.conf))
        self.conf.write_text(text.replace("DIR", str(self.dir)))
        run = subprocess.run([str(pathlib.Path(build, "mailworthy")), "import", "rspamd",
                              str(self.conf)], capture_output=True, text=True)
        if run.returncode != 0:
            raise NotTaken(run.stdout + run.stderr)
        written = "".join(line + "\n" for line in run.stdout.splitlines()
                          if not line.startswith("socket ="))
        written = written.replace("mode = audit", "mode = enforce")
        self.ours = Daemon(build, self.dir / "daemon", CONFIG.format(port=dns.port) +
                           written, env=sanitizer_env(self.dir))

    def __enter__(self):
        names = [f"--var={name}={self.dir}" for name in
                 ("LOCAL_CONFDIR", "CONFDIR", "DBDIR", "RUNDIR", "LOGDIR")]
        self.log = open(self.dir / "rspamd.out", "w")
        self.theirs = subprocess.Popen(
            [shutil.which("rspamd", path="/usr/sbin:/usr/bin"), "-f", "--insecure", *names,
             "-c", str(self.dir / "rspamd.conf")], stdout=self.log, stderr=self.log)
        self.ours.start()
        end = time.monotonic() + 60
        while True:
            try:
                ask(f"inet:127.0.0.1:{self.port}", "nobody@nowhere.example")
                return self
            except OSError:
                if time.monotonic() > end or self.theirs.poll() is not None:
                    raise
                time.sleep(0.1)

    def __exit__(self, *_):
        self.ours.stop()
        self.theirs.terminate()
        self.theirs.wait(30)
        self.log.close()


def run_case(build, dns, text, signing=None):
    faults = []
    with Pair(build, dns, text, signing or "") as pair:
        signed = 0
        for address in ADDRESSES:
            theirs = ask(f"inet:127.0.0.1:{pair.port}", address if signing is None else
                         DIFFERS.get(address, address))
            ours = ask(pair.ours.socket, address)
            signed += isinstance(theirs, set)
            if ours != theirs:
                faults.append(f"{address}: Rspamd {theirs}, ours {ours}")
        assert not faults, "\n".join(faults)
        assert signed, "Rspamd has signed nothing"


def made_up(chance):
    """A KeyTable and a SigningTable of random lines."""
    hosts = sorted({h.lower() for h in HOSTS})
    keys, lines = KEYS.splitlines()[:3], []
    for host in chance.sample(hosts, 3):
        keys.insert(chance.randint(0, len(keys)), f"{host} {chance.choice(('%', host))}:"
                    f"n{len(keys)}:DIR/k.pem")
    for _ in range(chance.randint(1, 6)):
        host = chance.choice(hosts)
        names = ["k1", "k10", "%"] + ["sub"] * host.endswith("example.com")
        form = chance.choice(("*@{}", "*@*.{}", "*.{}", "{}", "@{}"))
        lines.append(f"{form.format(host)} {chance.choice(names)}")
    return "\n".join(keys) + "\n", "\n".join(lines) + "\n"


def run_made_up(build, dns, seed, rounds):
    chance, compared = random.Random(seed), 0
    while compared < rounds:
        keys, signing = made_up(chance)
        try:
            pair = Pair(build, dns, 'key_table = "DIR/keys.map"; '
                        'signing_table = "DIR/signing.map";', signing, keys)
        except NotTaken:
            continue
        with pair:
            for address in ADDRESSES:
                if "@not" in address:    # what ends like a domain of ours is left out
                    continue
                theirs = ask(f"inet:127.0.0.1:{pair.port}", DIFFERS.get(address, address))
                ours = ask(pair.ours.socket, address)
                assert ours == theirs, f"seed {seed}: {address}: Rspamd {theirs}, " \
                    f"ours {ours}\n{keys}\n{signing}"
        compared += 1


def main():
    build, word = sys.argv[1], (sys.argv[2:] or [""])[0]
    seed = int(sys.argv[3]) if len(sys.argv) > 3 else 1
    failed = False
    with Server(Silent()) as dns:
        for name, case in CASES.items():
            if word in name:
                case = (case,) if isinstance(case, str) else case
                fault = fault_of(run_case, build, dns, *case)
                report("rspamd: " + name, fault)
                failed |= bool(fault)
        if word in "made up tables":
            fault = fault_of(run_made_up, build, dns, seed, 6)
            report("rspamd: made up tables", fault)
            failed |= bool(fault)
    check_sanitizers()
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
