"""A daemon with one managed domain and a DNS server of its own, and the runner
of the cases: each prints one line, and after each the daemon must be as
healthy as before."""

import os
import pathlib
import shutil
import sys
import tempfile
import time
import traceback

TOP = pathlib.Path(__file__).resolve().parents[2]
sys.path.insert(0, str(TOP / "tests/lib"))

from daemon import Daemon, keygen, zone_txt  # noqa: E402
from dnsserver import Server, Zone  # noqa: E402
from milter import Milter  # noqa: E402

ZONE = """\
example.com A 192.0.2.10
example.com MX 10 mail.example.com
example.com SOA ns.example.com
example.com TXT "v=spf1 ip4:192.0.2.10 -all"
_dmarc.example.com TXT "v=DMARC1; p=none; rua=mailto:dmarc@example.com"
mail.example.com A 192.0.2.10
mail.example.com MX 10 mail.example.com
mail.example.com TXT "v=spf1 ip4:192.0.2.10 -all"
10.2.0.192.in-addr.arpa PTR mail.example.com
xn--bcher-kva.example.com A 192.0.2.10
xn--bcher-kva.example.com MX 10 mail.example.com
xn--bcher-kva.example.com TXT "v=spf1 ip4:192.0.2.10 -all"
example.net A 192.0.2.20
example.net MX 10 example.net
example.org A 192.0.2.30
example.org MX 10 example.org
moving.example MX 10 example.org
broken.example ANY !servfail
halfbroken.example MX !nodata
halfbroken.example A !nodata
halfbroken.example AAAA !servfail
"""

CONFIG = """\
mode = {mode}
user = ""
socket-group = ""
{main}
egress "default" {{ addresses = {{"192.0.2.10"}} helo = "mail.example.com" }}
resolver {{ servers = {{"127.0.0.1@{port}"}} {resolver} }}
domain "example.com" {{
    key "s1" {{ file = "{keys}/example.com.s1.pem" }}
    {domain}
}}
domain "*.example.com" {{ key "s1" {{ file = "{keys}/example.com.s1.pem" }} }}
check "subject-long" {{ action = hold }}
check "subject-missing" {{ action = tempfail }}
{rest}
"""

SANITIZERS = ("ASAN", "LSAN", "UBSAN", "TSAN")


class Rig:
    """with Rig(build, mode="enforce", main="...") as rig"""

    scratches = []

    def __init__(self, build, mode="enforce", main="", domain="", rest="", resolver="",
                 kind="unix", zone="", dns=None, keygen_options=()):
        self.build = pathlib.Path(build).resolve()
        self.dir = pathlib.Path(tempfile.mkdtemp(prefix="mailworthy-milter-"))
        self.scratches.append(self.dir)
        os.chmod(self.dir, 0o755)
        self.key, record = self._key(build, keygen_options)
        names = ("example.com", "mail.example.com", "xn--bcher-kva.example.com")
        self.zone = Zone(ZONE + "".join(f"s1._domainkey.{n} TXT {zone_txt(record)}\n"
                                        for n in names) + zone)
        self.dns = dns or Server(self.zone)
        self.settings = dict(mode=mode, main=main, domain=domain, rest=rest,
                             resolver=resolver, keys=self.dir / "keys", port=self.dns.port)
        socket = None
        if kind == "inet":
            from postfix import free_port
            socket = f"inet:127.0.0.1:{free_port()}"
        self.daemon = Daemon(build, self.dir / "daemon", CONFIG.format(**self.settings),
                             socket=socket, env=sanitizer_env(self.dir))

    made = {}       # one key does for all rigs of a kind

    def _key(self, build, options):
        if options not in self.made:
            path, record = keygen(build, self.dir / "made", "example.com", "s1", *options)
            self.made[options] = path.read_bytes(), record
        pem, record = self.made[options]
        (self.dir / "keys").mkdir(mode=0o755)
        path = self.dir / "keys/example.com.s1.pem"
        path.write_bytes(pem)
        path.chmod(0o600)
        return path, record

    def configure(self, **changes):
        """Writes the configuration anew; the caller sends SIGHUP."""
        self.settings |= changes
        self.daemon.write(CONFIG.format(**self.settings))

    def reload(self, **changes):
        seen = self.daemon.read_log().count("configuration reloaded")
        self.configure(**changes)
        self.daemon.process.send_signal(1)
        assert self.daemon.wait_log("configuration reloaded", seen + 1)

    def __enter__(self):
        self.daemon.start()
        self.pid = self.daemon.worker_pid()
        with self.open() as m:      # what is opened at first use is open now
            m.begin().message()
        self.descriptors = self.count_descriptors()
        return self

    def __exit__(self, *_):
        self.status = self.daemon.stop()
        self.dns.close()

    def watch(self):
        """Remembers the worker of now."""
        self.pid = self.daemon.worker_pid()
        return self.pid

    def open(self, *args, **kwargs):
        return Milter(self.daemon.socket, *args, **kwargs)

    def one(self, *args, timeout=30, **kwargs):
        """One message over a connection of its own."""
        with self.open(timeout=timeout) as m:
            m.begin()
            answer = m.message(*args, **kwargs)
            m.quit()
            return answer

    def last_record(self, n=1):
        """The n-th record from the end, when `n` are there."""
        records = self.daemon.records()
        return records[-n] if len(records) >= n else None

    # ---- health ----

    def count_descriptors(self):
        """0 where only root may look into the daemon."""
        try:
            return len(os.listdir(f"/proc/{self.pid}/fd"))
        except PermissionError:
            return 0

    def memory(self, field="VmRSS"):
        """KiB."""
        for line in pathlib.Path(f"/proc/{self.pid}/status").read_text().splitlines():
            if line.startswith(field):
                return int(line.split()[1])
        return 0

    def check_health(self):
        """The same worker, the next message judged and signed, nothing left open."""
        answer = self.one(queue_id="4HEALTH")
        assert answer.action == "continue", answer
        if self.settings["mode"] == "enforce":
            assert answer.inserted("DKIM-Signature"), answer
        assert self.daemon.worker_pid() == self.pid, "another worker"
        end = time.monotonic() + 10
        while self.count_descriptors() > self.descriptors and time.monotonic() < end:
            time.sleep(0.02)
        left = self.count_descriptors() - self.descriptors
        assert left <= 0, f"{left} descriptors are left: " + str(
            [os.readlink(f"/proc/{self.pid}/fd/{fd}") for fd in
             os.listdir(f"/proc/{self.pid}/fd")])


def sanitizer_env(directory):
    """Where a daemon of any user can leave what a sanitizer says."""
    env, reports = {}, pathlib.Path(directory, "sanitizer")
    reports.mkdir(exist_ok=True)
    reports.chmod(0o777)
    for name in SANITIZERS:
        options = os.environ.get(name + "_OPTIONS", "")
        env[name + "_OPTIONS"] = f"{options}:log_path={reports}/report"
    return env


def is_sanitized(build):
    return b"__asan_init" in pathlib.Path(build, "mailworthyd").read_bytes()


# ---- cases ----

cases = []


def case(name, rig=None):
    """Registers a function of a rig; `rig` names the one it wants."""
    def register(function):
        cases.append((name, rig, function))
        return function
    return register


failed = 0


def report(name, fault=""):
    global failed
    failed += bool(fault)
    print(("not ok milter " if fault else "ok milter ") + name)
    if fault:
        print("\n".join("    " + line for line in fault.splitlines()))
    sys.stdout.flush()


def fault_of(function, *args):
    try:
        function(*args)
        return ""
    except Exception:           # each failure is one line of the report
        return traceback.format_exc(limit=-4)


def run_cases(rigs, only=""):
    """rigs: name -> function that makes the rig."""
    for kind, make in rigs.items():
        chosen = [(n, f) for n, r, f in cases if r == kind and only in n]
        if not chosen:
            continue
        rig = make()
        try:
            rig.__enter__()
        except Exception as error:
            report(f"{kind}: start", f"{error!r}\n" + rig.daemon.read_log()[-2000:])
            rig.__exit__()
            continue
        for name, function in chosen:
            begun = time.monotonic()
            fault = fault_of(function, rig) or fault_of(rig.check_health)
            if fault:
                fault += rig.daemon.read_log()[-1500:]
            if os.environ.get("TIMES"):
                print(f"# {time.monotonic() - begun:.2f} s")
            report(name, fault)
        rig.__exit__()
        if rig.status != 0:
            report(f"{kind}: end", f"status {rig.status}\n" + rig.daemon.read_log()[-2000:])
    check_sanitizers()
    return 1 if failed else 0


def check_sanitizers(refusals=True):
    """What a sanitizer found in a daemon that a case started, or its sandbox
    refused; takes away the scratch directories."""
    found = refused = ""
    for directory in Rig.scratches:
        for path in sorted(directory.glob("sanitizer/*")):
            found += path.read_text(errors="replace")[:4000]
        for path in directory.glob("*/daemon.log"):
            log = path.read_text(errors="replace")
            if "Sanitizer" in log or "this is a bug in mailworthy" in log:
                found += log[-4000:]
            refused += "".join(f"{line}\n" for line in log.splitlines() if "sandbox: " in line
                               and "sandbox: off" not in line)
        if not os.environ.get("KEEP"):
            shutil.rmtree(directory, ignore_errors=True)
    Rig.scratches.clear()
    if found:
        report("no report of a sanitizer", found)
    if refused and refusals:
        report("the sandbox refused nothing", refused)
