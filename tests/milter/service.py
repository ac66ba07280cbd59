#!/usr/bin/python3
"""The daemon under the restrictions of its systemd unit, with its own sandbox within:
it serves, reloads, and replaces a worker.  As root.

    service.py BUILD
"""

import json
import os
import pathlib
import pwd
import signal
import socket
import struct
import subprocess
import sys
import tempfile
import time

from rig import TOP, Rig, check_sanitizers, fault_of, is_sanitized, report
import inject

UNIT = TOP / "packaging/systemd/mailworthy.service"
CONFINE = TOP / "tests/lib/confine.py"
USER = "nobody"
MPROTECT, SETPRIORITY, SHMGET = 10, 141, 29
build = pathlib.Path(sys.argv[1]).resolve() if len(sys.argv) > 1 else None


def lines(pid):
    return dict(line.split(":", 1) for line in
                pathlib.Path(f"/proc/{pid}/status").read_text().splitlines())


class ServiceRig(Rig):
    """As USER, with what systemd would have made before."""

    def __enter__(self):
        account = pwd.getpwnam(USER)
        for path in (self.daemon.dir, self.daemon.state, self.dir / "keys", self.key):
            os.chown(path, account.pw_uid, account.pw_gid)
        self.daemon.before = [str(CONFINE), str(UNIT), USER, "/tmp", "/var/tmp", "--"]
        return super().__enter__()


def serves(rig):
    answer = rig.one(queue_id="4UNIT")
    assert answer.action == "continue" and answer.inserted("DKIM-Signature"), answer


def check_service():
    with ServiceRig(build) as rig:
        # it is really confined: by two filters beside our own, of which one each is
        for pid, filters in ((rig.daemon.process.pid, 3), (rig.pid, 4)):
            status = lines(pid)
            assert int(status["Seccomp_filters"]) == filters, \
                f"{status['Seccomp_filters']} {rig.daemon.read_log()}"
            assert int(status["CapBnd"], 16) == int(status["CapEff"], 16) == 0, status
            assert int(status["Uid"].split()[0]) == pwd.getpwnam(USER).pw_uid, status
        for name in ("/etc/hosts", "/usr/bin"):
            assert not os.path.exists(f"/proc/{rig.pid}/root/proc/meminfo"), "proc is whole"
            state = subprocess.run(["nsenter", "-t", str(rig.pid), "-m", "touch", name],
                                   capture_output=True, text=True)
            assert "Read-only file system" in state.stderr, state
        serves(rig)
        rig.reload()
        serves(rig)
        os.kill(rig.pid, signal.SIGKILL)
        end = time.monotonic() + 10
        while fault_of(serves, rig) and time.monotonic() < end:
            time.sleep(0.05)
        rig.watch()
        serves(rig)
        # a message that needs a temporary file and an archive looked into
        body = b"PK\3\4" + b"0123456789abcdef\r\n" * 40000
        fields = [("From", " anna@example.com"), ("Subject", " a large one"),
                  ("MIME-Version", " 1.0"), ("Content-Type", " application/zip")]
        assert rig.one(fields, body).inserted("DKIM-Signature")
        assert "sandbox" not in rig.daemon.read_log(), rig.daemon.read_log()
        if inject.possible():       # what is refused is named there too
            for number, *args in ((SETPRIORITY, 0, 0, 5), (MPROTECT, 0x10000, 4096, 5),
                                  (SHMGET, 0, 4096, 0o1600)):
                assert inject.syscall(rig.pid, number, *args) < 0, number
            assert "may not call shmget (" in rig.daemon.read_log(), rig.daemon.read_log()
    assert rig.status == 0, rig.daemon.read_log()


def fields_of(entry):
    """An entry of the journal's native protocol: name -> values."""
    found = {}
    while entry:
        line, _, rest = entry.partition(b"\n")
        name, equals, value = line.partition(b"=")
        if not equals:
            size, = struct.unpack("<Q", rest[:8])
            value, rest = rest[8:8 + size], rest[9 + size:]
        found.setdefault(name.decode(), []).append(value.decode())
        entry = rest
    return found


def check_journal():
    """A journal of ours in the place of systemd's, in name spaces of the daemon's own."""
    with tempfile.TemporaryDirectory(prefix="mailworthy-journal-") as place, \
            socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as journal:
        journal.bind(place + "/socket")
        os.chmod(place, 0o755)
        os.chmod(place + "/socket", 0o666)
        journal.settimeout(10)
        rig = Rig(build, mode="audit")
        text = rig.daemon.config.read_text()
        rig.daemon.config.write_text(text.replace(f'"file:{rig.daemon.events}"', "syslog"))
        rig.daemon.before = ["unshare", "-m", "sh", "-c", "mount -t tmpfs none /run && "
                             "mkdir -p /run/systemd/journal && mount --bind " + place +
                             ' /run/systemd/journal && exec "$@"', "sh"]
        with rig:
            rig.one(queue_id="4JOURNAL", fields=[("From", " anna@example.com"),
                                                 ("Subject", " " + "x" * 300)])
            while True:
                entry = fields_of(journal.recv(1 << 20))
                if entry.get("MAILWORTHY_QUEUE_ID") == ["4JOURNAL"]:
                    break
        record = json.loads(entry["MESSAGE"][0])
        assert record["queue_id"] == "4JOURNAL", record
        assert entry["MAILWORTHY_FINDING"] == [f["id"] for f in record["findings"]], entry
        assert "subject-long" in entry["MAILWORTHY_FINDING"], entry
        assert entry["MAILWORTHY_VERDICT"] == ["pass"] and entry["PRIORITY"] == ["6"], entry
        assert entry["SYSLOG_IDENTIFIER"] == ["mailworthy"], entry
        assert "sandbox" not in rig.daemon.read_log(), rig.daemon.read_log()


def main():
    if is_sanitized(build) or os.geteuid() != 0:
        print("# service: not with sanitizers, and only as root")
        print("ok milter service: left out")
        return 0
    report("service: the daemon under the restrictions of its unit", fault_of(check_service))
    report("service: records reach the journal with fields", fault_of(check_journal))
    check_sanitizers(refusals=False)
    import rig
    return 1 if rig.failed else 0


if __name__ == "__main__":
    sys.exit(main())
