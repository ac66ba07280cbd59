"""A private Sendmail under a scratch directory: unpacked, not installed, with a
sendmail.cf of its own made by m4, started and ended by us.  Of the same form as
postfix.py.  Needs root."""

import glob
import os
import pathlib
import re
import shutil
import subprocess
import time

from postfix import free_port, wait_for_port

TOP = pathlib.Path(__file__).resolve().parents[2]


def manual_lines():
    """What mailworthyd(8) says to write into sendmail.mc."""
    text = (TOP / "man/mailworthyd.8").read_text()
    section = text.partition(".Ss Attaching it to Sendmail\n")[2].partition("\n.Ss ")[0]
    lines = section.partition(".Bd -literal -offset indent\n")[2].partition(".Ed\n")[0]
    assert "unix:/run/mailworthy/mailworthy.sock" in lines, lines
    return lines


COMMON = """\
OSTYPE(`linux')dnl
define(`confDOMAIN_NAME', `{hostname}')dnl
define(`confPID_FILE', `{dir}/{name}.pid')dnl
define(`STATUS_FILE', `')dnl
define(`confSERVICE_SWITCH_FILE', `{dir}/service.switch')dnl
define(`confDONT_PROBE_INTERFACES', `True')dnl
define(`confTO_IDENT', `0s')dnl
define(`confDEAD_LETTER_DROP', `{dir}/dead.letter')dnl
define(`confDELAY_LA', `0')dnl
define(`confQUEUE_LA', `1000')dnl
define(`confREFUSE_LA', `1000')dnl
"""

DAEMON = """\
define(`QUEUE_DIR', `{dir}/queue')dnl
define(`ALIAS_FILE', `')dnl
define(`confMAX_DAEMON_CHILDREN', `0')dnl
FEATURE(`no_default_msa')dnl
FEATURE(`promiscuous_relay')dnl
FEATURE(`accept_unresolvable_domains')dnl
FEATURE(`accept_unqualified_senders')dnl
DAEMON_OPTIONS(`Port={port}, Addr=127.0.0.1, Name=MTA')dnl
define(`SMART_HOST', `{mailer}:{host}')dnl
define(`MAIL_HUB', `{mailer}:{host}')dnl
define(`ESMTP_MAILER_ARGS', `TCP $h {next_port}')dnl
define(`RELAY_MAILER_ARGS', `TCP $h {next_port}')dnl
"""

# the program that takes mail from the sendmail command and hands it to the daemon
SUBMIT = """\
define(`confRUN_AS_USER', `mail:mail')dnl
define(`confTRUSTED_USER', `mail')dnl
define(`RELAY_MAILER_ARGS', `TCP $h {port}')dnl
FEATURE(`msp', `[127.0.0.1]')dnl
define(`MSP_QUEUE_DIR', `{dir}/clientmqueue')dnl
define(`QUEUE_DIR', `{dir}/clientmqueue')dnl
"""


class Sendmail:
    """root: the directory of the unpacked packages.  settings: lines of sendmail.mc
    by m4's names; the value of "lines" is taken as it stands.  by_manual: with all that
    the manual names, else with the filter's line alone."""

    has_log = False                     # only through syslog(3)

    def __init__(self, scratch, next_hop, milters="", root=None, settings=None,
                 hostname="mail.example.com", submit=None, mailer="esmtp", by_manual=False):
        self.root = pathlib.Path(root or os.environ.get("sendmail_root", TOP / "build/sendmail"))
        self.dir = pathlib.Path(scratch).resolve()
        self.queue = self.dir / "queue"
        self.port = free_port()
        self.process = None
        self.env = dict(os.environ, LD_LIBRARY_PATH=":".join(
            str(p) for p in sorted(self.root.glob("usr/lib/*-linux-gnu*"))))
        found = [*self.root.glob("usr/libexec/sendmail/sendmail"),
                 *self.root.glob("usr/lib/sm.bin/sendmail")]
        # a host name without a dot costs each start a minute of sleep
        self.named = ["unshare", "--uts", "sh", "-c", 'hostname "$0" && exec "$@"', hostname,
                      str(found[0])]
        self._write(next_hop, milters, settings or {}, submit or {}, hostname, mailer,
                    by_manual)

    def _write(self, next_hop, milters, settings, submit, hostname, mailer, by_manual):
        for path in (self.dir, self.queue, self.dir / "clientmqueue"):
            path.mkdir(parents=True, exist_ok=True)
        os.chmod(self.dir, 0o755)
        for path in (self.queue, self.dir / "clientmqueue"):
            os.chmod(path, 0o700)
        shutil.chown(self.dir / "clientmqueue", "mail", "mail")
        (self.dir / "service.switch").write_text("hosts files\naliases files\npasswd files\n")
        host, _, next_port = next_hop.rpartition(":")
        values = {"dir": self.dir, "port": self.port, "host": host, "next_port": next_port,
                  "hostname": hostname, "mailer": mailer}
        text = (COMMON + DAEMON).format(name="sendmail", **values)
        for name, value in settings.items():
            text += value if name == "lines" else f"define(`{name}', `{value}')dnl\n"
        if milters:
            lines = manual_lines().replace("unix:/run/mailworthy/mailworthy.sock", milters)
            text += lines if by_manual else lines.splitlines()[0] + "\n"
        text += "MAILER(`smtp')dnl\n"
        self.config = self._make("sendmail", text)
        text = (COMMON + SUBMIT).format(name="submit", **values)
        for name, value in submit.items():
            text += value if name == "lines" else f"define(`{name}', `{value}')dnl\n"
        self.submit = self._make("submit", text)

    def _make(self, name, text):
        """The path of name.cf."""
        source, made = self.dir / f"{name}.mc", self.dir / f"{name}.cf"
        source.write_text("divert(0)dnl\n" + text)
        cf = self.root / "usr/share/sendmail/cf"
        run = subprocess.run(["m4", f"-D_CF_DIR_={cf}/", str(cf / "m4/cf.m4"), str(source)],
                             capture_output=True, text=True)
        if run.returncode != 0:
            raise RuntimeError("m4: " + run.stderr)
        made.write_text(run.stdout)
        return made

    def command(self, *args, config=None, **kwargs):
        kwargs.setdefault("stdin", subprocess.DEVNULL)
        if "input" in kwargs:
            del kwargs["stdin"]
        return subprocess.run([*self.named, *args[:1], f"-C{config or self.config}", *args[1:]],
                              env=self.env, capture_output=True, **kwargs)

    def start(self):
        self.out = open(self.dir / "output", "ab")
        self.process = subprocess.Popen(
            [*self.named, "-bD", f"-C{self.config}", "-q1s"], env=self.env,
            stdin=subprocess.DEVNULL, stdout=self.out, stderr=self.out)
        if not wait_for_port(self.port):
            raise RuntimeError("sendmail did not start: " + self.read_log())
        return self

    def stop(self):
        if self.process is None:
            return
        self.process.terminate()
        try:
            self.process.wait(10)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()
        self.process = None
        self.out.close()

    def __enter__(self):
        return self.start()

    def __exit__(self, *_):
        self.stop()

    def read_log(self):
        path = self.dir / "output"
        return path.read_text(errors="replace") if path.exists() else ""

    def sendmail(self, sender, recipients, message):
        """Submits through the sendmail command, as programs of this host do."""
        return self.command("-Ac", "-i", "-f", sender or "<>", "--", *recipients,
                            config=self.submit, input=message)

    def flush(self):
        self.command("-q")
        self.command("-Ac", "-q", config=self.submit)

    def queue_list(self):
        """What is in both queues, one dictionary a message: quarantined messages
        are in the queue hold."""
        listed = []
        for path in sorted(glob.glob(f"{self.dir}/*queue/[qh]f*")):
            try:
                text = pathlib.Path(path).read_text(errors="replace")
            except FileNotFoundError:
                continue
            reason = re.search(r"^q(.*)", text, re.M)
            listed.append({"queue_name": "hold" if "/hf" in path else "deferred",
                           "queue_id": pathlib.Path(path).name[2:],
                           "reason": reason[1] if reason else None,
                           "text": text})
        return listed

    def wait_idle(self, seconds=30):
        """True when nothing is left to deliver (held messages do not count)."""
        end = time.monotonic() + seconds
        while time.monotonic() < end:
            if not [q for q in self.queue_list() if q["queue_name"] != "hold"]:
                return True
            time.sleep(0.1)
        return False
