"""mailworthy, OpenDKIM and Rspamd as signing milters, each a private instance in
a scratch directory, and what their processes use.  The machine's own services
are never touched."""

import os
import pathlib
import shutil
import subprocess
import sys
import time

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent / "lib"))

from daemon import Daemon  # noqa: E402
from postfix import free_port, wait_for_port  # noqa: E402

TICK = os.sysconf("SC_CLK_TCK")
SELECTOR = "bench"
MAILWORTHY = """\
mode = enforce
socket-mode = "0666"
user = ""
outbound = {{all}}
egress "default" {{
    addresses = {{"192.0.2.10"}}
    helo = "mail.example.com"
}}
resolver {{ servers = {{"127.0.0.1@{port}"}} }}
domain "example.com" {{
    key "{selector}" {{ file = "{key}" }}
}}
"""
OPENDKIM = """\
Syslog no
Background no
Mode s
Domain example.com
Selector {selector}
KeyFile {key}
RequireSafeKeys no
Canonicalization {canon}
OversignHeaders From
UMask 000
Nameservers 127.0.0.1
Socket {socket}
"""
RSPAMD = {
    "options.inc": 'dns {{ nameserver = ["127.0.0.1:{port}"]; }}\n'
                   'control_socket = "{dir}/control.sock mode=0600";\n'
                   'user = ""; group = "";\n',
    "logging.inc": 'level = "notice";\n',
    "worker-normal.inc": "enabled = false;\n",
    "worker-controller.inc": "enabled = false;\n",
    "worker-proxy.inc": 'bind_socket = "{bind}";\nmilter = yes;\ntimeout = 120s;\n'
                        'upstream "local" {{ default = yes; self_scan = yes; }}\ncount = 2;\n',
    "dkim_signing.conf": 'path = "{key}";\nselector = "{selector}";\n'
                         'domain {{ example.com {{ path = "{key}"; '
                         'selector = "{selector}"; }} }}\n',
    "fuzzy_check.conf": "enabled = false;\n",    # asks the network
}


def children(pid):
    found = [pid]
    for path in pathlib.Path(f"/proc/{pid}/task").glob("*/children"):
        for child in path.read_text().split():
            found += children(int(child))
    return found


def cpu_ms(pid):
    """User and system time of a process and all its children, ended ones too."""
    total = 0
    for each in children(pid):
        fields = pathlib.Path(f"/proc/{each}/stat").read_text().rsplit(")", 1)[1].split()
        total += sum(map(int, fields[11:15]))
    return total * 1000 / TICK


class Filter:
    """socket: what milter-load takes, unix:/path or inet:address:port."""

    name = ""
    share = 1    # of the messages of a round, so that a slow one takes no hours
    pid = None

    def __init__(self, scratch, inet=False):
        self.dir = pathlib.Path(scratch)
        self.dir.mkdir(parents=True)
        os.chmod(self.dir, 0o755)
        self.port = free_port() if inet else None
        self.path = self.dir / "milter.sock"
        self.socket = f"inet:127.0.0.1:{self.port}" if inet else f"unix:{self.path}"

    def spawn(self, *command):
        self.log = open(self.dir / "filter.log", "wb")
        self.process = subprocess.Popen(command, stdout=self.log, stderr=self.log)
        self.pid = self.process.pid
        end = time.monotonic() + 120
        while not (wait_for_port(self.port, 0.1) if self.port else self.path.exists()):
            if self.process.poll() is not None or time.monotonic() > end:
                raise RuntimeError(f"{self.name} did not start, see {self.dir}/filter.log")
            time.sleep(0.05)
        self.wait_until_calm()

    def wait_until_calm(self):
        """Rspamd compiles its expressions for a while."""
        end, before = time.monotonic() + 180, -1
        while self.cpu_ms() != before and time.monotonic() < end:
            before = self.cpu_ms()
            time.sleep(2)

    def stop(self):
        self.process.terminate()
        try:
            self.process.wait(15)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()
        self.log.close()

    def cpu_ms(self):
        return cpu_ms(self.pid)

    def peak_mb(self):
        """(of the largest process, of all together), resident."""
        sizes = []
        for pid in children(self.pid):
            for line in pathlib.Path(f"/proc/{pid}/status").read_text().splitlines():
                if line.startswith("VmHWM"):
                    sizes.append(int(line.split()[1]) / 1024)
        return max(sizes), sum(sizes)


class Mailworthy(Filter):
    name = "mailworthy"

    def __init__(self, build, scratch, key, dns_port, inet=False, config=MAILWORTHY):
        super().__init__(scratch, inet)
        # the option has Sendmail's form of the address
        listen = f"inet:{self.port}@127.0.0.1" if inet else self.socket
        self.daemon = Daemon(build, self.dir, config.format(
            port=dns_port, key=key, selector=SELECTOR), socket=listen)

    def start(self):
        self.daemon.start()
        self.pid = self.daemon.process.pid
        return self

    def stop(self):
        self.daemon.stop()


class OpenDkim(Filter):
    name = "OpenDKIM"

    def __init__(self, scratch, key, inet=False, canon="relaxed/relaxed"):
        super().__init__(scratch, inet)
        if canon != "relaxed/relaxed":
            self.name = f"OpenDKIM {canon}"
        listen = f"inet:{self.port}@127.0.0.1" if inet else f"local:{self.path}"
        self.config = self.dir / "opendkim.conf"
        self.config.write_text(OPENDKIM.format(key=key, canon=canon, socket=listen,
                                               selector=SELECTOR))

    def start(self):
        self.spawn(shutil.which("opendkim", path="/usr/sbin:/usr/bin"), "-f", "-x",
                   str(self.config))
        return self


class Rspamd(Filter):
    name = "Rspamd"
    share = 0.25

    def __init__(self, scratch, key, dns_port, inet=False):
        super().__init__(scratch, inet)
        bind = f"127.0.0.1:{self.port}" if inet else f"{self.path} mode=0666"
        local = self.dir / "local.d"
        local.mkdir()
        for name, text in RSPAMD.items():
            (local / name).write_text(text.format(port=dns_port, key=key, bind=bind,
                                                  dir=self.dir, selector=SELECTOR))

    def start(self):
        names = [f"--var={name}={self.dir}" for name in
                 ("LOCAL_CONFDIR", "DBDIR", "RUNDIR", "LOGDIR")]
        self.spawn("/usr/bin/rspamd", "-f", "--insecure", *names,
                   "-c", "/etc/rspamd/rspamd.conf")
        return self
