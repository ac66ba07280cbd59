#!/usr/bin/python3
"""The life of the package on a host: installed, used, upgraded, removed, purged.
Changes the machine it runs on: tests/package/run boots one for it.
    life.py PACKAGE NEWER-PACKAGE"""

import glob
import os
import pathlib
import pwd
import signal
import stat
import subprocess
import sys
import threading
import time

import host
import outbound
from host import check, run, unit, wait_for

PACKAGE, NEWER = sys.argv[1:3]
SHORT = pathlib.Path("/run/systemd/system/mailworthy.service.d/short.conf")
# written by the running system, whatever is installed
MOVING = ("/var/log/", "/var/cache/", "/var/lib/apt/", "/var/lib/dpkg/", "/var/lib/systemd/",
          "/var/lib/postfix/", "/var/lib/logrotate/", "/var/backups/", "/var/spool/postfix/",
          "/var/tmp/", "/etc/ld.so.cache", "/etc/passwd", "/etc/shadow", "/etc/group", "/etc/gshadow",
          "/etc/.pwd.lock", "/etc/postfix/")


def apt(*words, answers=""):
    return run("apt-get", "-q", "-y", "--no-install-recommends", *words, input=answers,
               env={**os.environ, "DEBIAN_FRONTEND": "noninteractive", "LC_ALL": "C.UTF-8"})


def all_files():
    found = {os.path.join(folder, name)
             for top in ("/etc", "/usr", "/var", "/opt", "/srv", "/home", "/root")
             for folder, folders, files in os.walk(top) for name in folders + files}
    return {path for path in found if not path.startswith(MOVING) and
            "__pycache__" not in path}


def owner_and_mode(path):
    st = os.stat(path)
    return (pwd.getpwuid(st.st_uid).pw_name, run("stat", "-c", "%G", path).strip(),
            oct(stat.S_IMODE(st.st_mode)))


def install():
    main_cf = pathlib.Path("/etc/postfix/main.cf")
    before = main_cf.read_bytes()
    said = apt("install", PACKAGE)
    check("apt installs it", "mailworthy.sock" in said and unit("LoadState") == "loaded",
          said)
    check("the installation prints the lines for main.cf",
          "smtpd_milters = unix:mailworthy/mailworthy.sock" in said and
          "non_smtpd_milters = $smtpd_milters" in said, said)
    check("Postfix's files are as they were", main_cf.read_bytes() == before)
    check("the daemon runs after the installation, in audit mode",
          wait_for(host.is_serving) and "ready: mode audit" in host.journal(),
          host.journal() + said)
    for path, wanted in (
            ("/etc/mailworthy/mailworthy.conf", ("root", "root", "0o644")),
            ("/etc/mailworthy/keys", ("root", "mailworthy", "0o750")),
            ("/var/lib/mailworthy", ("mailworthy", "mailworthy", "0o750")),
            ("/var/log/mailworthy", ("mailworthy", "mailworthy", "0o750")),
            ("/var/spool/postfix/mailworthy", ("mailworthy", "postfix", "0o2750")),
            ("/var/spool/postfix/mailworthy/mailworthy.sock",
             ("mailworthy", "postfix", "0o660"))):
        there = os.path.exists(path) and owner_and_mode(path)
        check(f"{path} is {wanted[2][2:]} {wanted[0]}:{wanted[1]}", there == wanted, there)


# ---- the unit in force ----

def processes():
    """The master and the worker."""
    return [int(pid) for pid in run("pgrep", "-u", "mailworthy").split()]


def status_of(pid):
    return dict(line.split(":\t", 1) for line in
                pathlib.Path(f"/proc/{pid}/status").read_text().splitlines()
                if ":\t" in line)


def try_sandbox():
    pids = processes()
    check("a master and a worker run as the user mailworthy", len(pids) == 2, pids)
    for pid in pids:
        status = status_of(pid)
        check(f"{status['Name']}: no capability, no new privileges, a filter of system calls",
              int(status["CapPrm"], 16) == int(status["CapBnd"], 16) == 0 and
              status["NoNewPrivs"] == "1" and status["Seccomp"] == "2", status)
    said = host.journal()
    check("its own sandbox is on beside the unit's",
          "sandbox" not in said and "ready:" in said, said)
    said = run("mailworthy", "status")
    check("mailworthy status answers", "enforce" in said, said)
    mounts = run("cat", f"/proc/{pids[0]}/mountinfo").splitlines()
    written = sorted(m.split()[4] for m in mounts if m.split()[5].startswith("rw") and
                     m.split()[4].startswith(("/etc", "/usr", "/var", "/home", "/srv")))
    check("it can write its own directories and no other", written == sorted((
        "/var/lib/mailworthy", "/var/log/mailworthy", "/var/spool/postfix/mailworthy",
        "/var/tmp")), written)


def try_credential(mail):
    """A key that only root can read, handed over by systemd."""
    key = pathlib.Path("/root/s1.pem")
    key.write_bytes(pathlib.Path("/etc/mailworthy/keys/example.com.s1.pem").read_bytes())
    key.chmod(0o600)
    drop_in = SHORT.with_name("credential.conf")
    drop_in.parent.mkdir(parents=True, exist_ok=True)
    drop_in.write_text(f"[Service]\nLoadCredential=s1:{key}\n")
    text = host.CONFIG.read_text()
    host.CONFIG.write_text(text.replace("/etc/mailworthy/keys/example.com.s1.pem",
                                        "credential:s1"))
    run("systemctl", "daemon-reload")
    run("systemctl", "restart", "mailworthy")
    check("a key handed over by LoadCredential signs", wait_for(host.is_serving) and
          "credential:s1" in host.CONFIG.read_text() and
          mail.verifies(mail.arrived(mail.send() or "")), host.journal())
    host.CONFIG.write_text(text)
    drop_in.unlink()
    key.unlink()


def try_watchdog(mail):
    """A master that does not speak is replaced; mail goes on."""
    SHORT.parent.mkdir(parents=True, exist_ok=True)
    SHORT.write_text("[Service]\nWatchdogSec=4\n")
    run("systemctl", "daemon-reload")
    run("systemctl", "restart", "mailworthy")
    wait_for(host.is_serving)
    main_pid = unit("MainPID")
    time.sleep(6)
    starts = int(unit("NRestarts"))
    check("the watchdog is fed", host.is_serving() and unit("MainPID") == main_pid,
          host.journal())
    os.kill(int(unit("MainPID")), signal.SIGSTOP)
    check("a daemon without a sign of life is started again",
          wait_for(lambda: int(unit("NRestarts")) > starts and host.is_serving()),
          host.journal())
    check("and signs", mail.verifies(mail.arrived(mail.send() or "")), host.journal())
    SHORT.unlink()
    run("systemctl", "daemon-reload")


def try_logrotate(mail):
    old = host.RECORDS.read_text()
    said = run("logrotate", "-f", "/etc/logrotate.d/mailworthy")
    wait_for(host.RECORDS.exists)
    mail.arrived(mail.send() or "")
    rotated = host.RECORDS.with_suffix(".jsonl.1")
    check("logrotate takes the old records away, new ones come into a new file",
          rotated.exists() and rotated.read_text() == old and
          wait_for(lambda: len(host.records()) == 1), said + host.journal("logrotate"))


# ---- upgrade, removal ----

class Load(threading.Thread):
    """A client that sends all the time, and comes again when told to."""

    def __init__(self, mail):
        super().__init__()
        self.mail, self.words, self.deferred, self.ends = mail, [], 0, False

    def run(self):
        while not self.ends:
            word = self.mail.send()
            if word is None:
                self.deferred += 1
            else:
                self.words.append(word)
            time.sleep(0.05)


def upgrade(mail):
    ours = host.CONFIG.read_bytes()
    before = unit("MainPID")
    load = Load(mail)
    load.start()
    wait_for(lambda: len(load.words) > 5)
    said = apt("install", NEWER, answers="\n")
    check("the upgrade leaves the daemon running, started anew",
          wait_for(lambda: host.is_serving() and unit("MainPID") != before),
          said + host.journal())
    sent = len(load.words)
    check("mail is taken after it", wait_for(lambda: len(load.words) > sent + 5),
          host.journal() + host.journal("postfix@-"))
    load.ends = True
    load.join()
    check("a configuration that was changed is kept, the new one put beside it",
          host.CONFIG.read_bytes() == ours and
          b"of the newer package" in pathlib.Path(str(host.CONFIG) + ".dpkg-dist").read_bytes(),
          said)
    unsigned = [word for word in load.words if not mail.verifies(mail.arrived(word, 60))]
    twice = [word for word in load.words if len(mail.sink.find(word)) > 1]
    check(f"each of {len(load.words)} messages sent meanwhile arrived once, signed "
          f"({load.deferred} were deferred first)", not unsigned and not twice,
          (unsigned, twice))


def remove(mail):
    said = apt("remove", "mailworthy")
    check("the removal says that main.cf still names it", "main.cf still names" in said, said)
    check("no process is left", not processes(), run("ps", "ax"))
    check("the configuration and the keys are left",
          host.CONFIG.exists() and glob.glob("/etc/mailworthy/keys/*.pem"))
    check("mail waits while main.cf names it", mail.send() is None)
    run("postconf", "-e", "smtpd_milters =", "non_smtpd_milters =")
    run("postfix", "reload")
    check("and goes when the lines are gone", wait_for(
        lambda: mail.arrived(mail.send() or "no word", 5)), host.journal("postfix@-"))


def purge(before):
    said = apt("purge", "mailworthy")
    apt("autoremove", "--purge", "-o", "APT::AutoRemove::RecommendsImportant=false",
        "-o", "APT::AutoRemove::SuggestsImportant=false")
    left = sorted(all_files() - before)
    left += glob.glob("/var/spool/postfix/mailworthy*") + glob.glob("/var/log/mailworthy*")
    left += glob.glob("/run/mailworthy*") + glob.glob("/var/lib/systemd/**/*mailworthy*",
                                                      recursive=True)
    check("the purge leaves no file", not left, "\n".join(left) + said)
    run("systemctl", "daemon-reload")
    check("and no unit", unit("LoadState") == "not-found")
    check("the account stays, locked", run("passwd", "-S", "mailworthy").split()[1:2] ==
          ["L"], run("passwd", "-S", "mailworthy"))


def postfix_later():
    """Installed before Postfix, the daemon comes up by itself once that is there."""
    apt("purge", "postfix")
    subprocess.run(["rm", "-rf", "/var/spool/postfix"], check=True)
    for command in ("userdel", "groupdel"):
        run(command, "postfix")
    said = apt("install", PACKAGE)
    check("without Postfix the installation succeeds and says what to do",
          "There is no Postfix on this host" in said and "rror:" not in said, said)
    said = apt("install", "postfix")
    check("and the daemon serves once Postfix is there", wait_for(host.is_serving, 40),
          host.journal() + said)


def main():
    before = all_files()
    install()
    if host.failures:
        return
    mail = outbound.main()
    if host.failures:
        return
    try_sandbox()
    try_logrotate(mail)
    try_credential(mail)
    try_watchdog(mail)
    upgrade(mail)
    remove(mail)
    purge(before)
    postfix_later()


main()
sys.exit(1 if host.failures else 0)
