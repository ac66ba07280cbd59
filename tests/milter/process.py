#!/usr/bin/python3
"""The daemon as a process: what -n says, files and sockets that are not as they
should be, signals, the worker's deaths, privileges, DNS that is down.

    process.py BUILD [WORD]
"""

import contextlib
import os
import pathlib
import pwd
import resource
import signal
import socket
import stat
import subprocess
import sys
import tempfile
import threading
import time

from rig import Rig, check_sanitizers, fault_of, is_sanitized, report
from daemon import keygen
from milter import HEADERS, Milter

build = pathlib.Path(sys.argv[1]).resolve() if len(sys.argv) > 1 else None
tests = []


def test(name):
    def register(function):
        tests.append((name, function))
        return function
    return register


@contextlib.contextmanager
def scratch():
    with tempfile.TemporaryDirectory(prefix="mailworthy-process-") as name:
        os.chmod(name, 0o755)
        yield pathlib.Path(name)


def run(*args, timeout=30, **kwargs):
    return subprocess.run([str(build / "mailworthyd"), *map(str, args)], text=True,
                          capture_output=True, timeout=timeout,
                          env=dict(os.environ, ASAN_OPTIONS="detect_leaks=0"), **kwargs)


def wait_for(condition, seconds=10.0, what="it"):
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        if condition():
            return
        time.sleep(0.01)
    raise AssertionError(f"waited {seconds} s for {what}")


# ---- keys that systemd hands over ----

@test("keys as credentials: read, kept over reload and a new worker; what others are told")
def credentials():
    with Rig(build) as rig:
        rig.daemon.stop()
        given = rig.dir / "credentials"
        given.mkdir(mode=0o700)
        (given / "dkim").write_bytes(rig.key.read_bytes())
        (given / "dkim").chmod(0o400)
        given.chmod(0o500)
        text = rig.daemon.config.read_text().replace(str(rig.key), "credential:dkim")
        assert "credential:dkim" in text
        rig.daemon.config.write_text(text)
        told = run("-f", "-c", rig.daemon.config)       # no service
        assert told.returncode == 1, told
        assert 'credential:dkim: only a service that systemd started has credentials: ' \
            "put LoadCredential=dkim:/PATH into the unit" in told.stderr, told.stderr
        told = run("-n", "-c", rig.daemon.config)
        assert told.returncode == 0 and 'file = "credential:dkim"' in told.stdout, told
        assert "example.com: key s1: credential:dkim was not looked at: only the service " \
            "has it" in told.stderr, told.stderr
        message = rig.dir / "message"
        message.write_text("From: a@example.com\nSubject: x\n\nx\n")
        told = subprocess.run([build / "mailworthy", "check", "-c", rig.daemon.config, message],
                              capture_output=True, text=True)
        assert told.returncode in (0, 1) and "key" in told.stdout, told
        rig.daemon.env["CREDENTIALS_DIRECTORY"] = str(given)
        rig.daemon.start()
        rig.watch()
        assert rig.one().inserted("DKIM-Signature")
        rig.daemon.process.send_signal(signal.SIGHUP)
        assert rig.daemon.wait_log("configuration reloaded"), rig.daemon.read_log()
        os.kill(rig.pid, signal.SIGKILL)
        wait_for(lambda: rig.daemon.worker_pid() not in (None, rig.pid) and answers(rig),
                 what="a new worker")
        assert rig.one().inserted("DKIM-Signature")
        rig.watch()
        given.chmod(0o700)


# ---- what -n says ----

BASE = """\
user = ""
socket-group = ""
socket = "unix:{dir}/mw.sock"
state-dir = "{dir}" control = "unix:{dir}/control.sock"
log = stderr
resolver {{ servers = {{"127.0.0.1@9"}} timeout = 1 deadline = 1 }}
egress "default" {{ addresses = {{"192.0.2.10"}} helo = "mail.example.com" }}
"""


@test("-n prints the effective settings, which parse to the same")
def effective():
    with scratch() as d:
        keygen(build, d, "example.com", "s1")
        config, dump = d / "a.conf", d / "b.conf"
        config.write_text(BASE.format(dir=d) +
                          f'domain "example.com" {{ key "s1" {{ file = "{d}/example.com.s1.pem" }} }}\n')
        first = run("-n", "-c", config)
        assert first.returncode == 0, first.stderr
        for line in ("mode = audit", "hold-below = 0", 'trace-header = brief', 'domain "example.com"'):
            assert line in first.stdout, (line, first.stdout)
        # the name server of BASE is none: silence would read as "all is well"
        for name in ("s1._domainkey.example.com", "_dmarc.example.com", "SPF of example.com",
                     "PTR of 192.0.2.10"):
            assert name in first.stderr.split("DNS gave no answer, so nothing is said of: ")[-1], \
                first.stderr
        dump.write_text(first.stdout)
        second = run("-n", "-c", dump)
        assert second.returncode == 0 and second.stdout == first.stdout, second.stderr


BAD = [  # text after BASE's 7 lines, what the error says
    ('bogus = 1', "8: bogus: unknown option"),
    ('mod = audit', "8: mod: unknown option (did you mean \"mode\"?)"),
    ('mode = always', "8: mode:"),
    ('hold-below = 11', "8: hold-below:"),
    ('mode = audit\nmode = enforce', "9: mode:"),
    ('domain "example.com" { key "s1" { file = "KEY" } }\n'
     'domain "EXAMPLE.com" { key "s1" { file = "KEY" } }', "9: domain: expected once (\"example.com\" stands on line 8"),
    ('domain "example.com" { key "s1" { file = "DIR/none.pem" } }',
     "8: DIR/none.pem: the key cannot be read: No such file"),
    ('domain "example.com" { key "s1" { file = "DIR" } }', "8: DIR: "),
    ('domain "example.com" { key "s1" { file = "DIR/ec.pem" } }', "8: DIR/ec.pem: "),
    ('domain "example.com" { key "s1" { file = "DIR/text.pem" } }', "8: DIR/text.pem: "),
    ('domain "example.com" { key "s1" { file = "DIR/readable.pem" } }', "chmod o-r DIR/readable.pem"),
    ('domain "example.com" { key "s1" { file = "DIR/open/s1.pem" } }', "chmod o-w DIR/open"),
    ('domain "example.com" { key "s1" { file = "KEY" }', ":"),
    ('check "no-such-check" { weight = 1 }', "8: "),
    ('networks = {"10.0.0.0/33"}', "8: networks:"),
]


@test("a bad configuration: exit status 1, file, line and what was expected")
def bad_configurations():
    with scratch() as d:
        key, _ = keygen(build, d, "example.com", "s1")
        (d / "ec.pem").write_text("-----BEGIN EC PRIVATE KEY-----\n"
                                  "MHcCAQEEIA==\n-----END EC PRIVATE KEY-----\n")
        (d / "text.pem").write_text("no key at all\n")
        (d / "readable.pem").write_bytes(key.read_bytes())
        (d / "open").mkdir()
        (d / "open/s1.pem").write_bytes(key.read_bytes())
        for name, mode in (("ec.pem", 0o600), ("text.pem", 0o600), ("readable.pem", 0o644),
                           ("open", 0o777), ("open/s1.pem", 0o600)):
            (d / name).chmod(mode)
        config = d / "bad.conf"
        for text, expected in BAD:
            text = text.replace("KEY", str(key)).replace("DIR", str(d))
            config.write_text(BASE.format(dir=d) + text + "\n")
            expected = expected.replace("DIR", str(d))
            for how in ("-n", "-f"):
                got = run(how, "-c", config)
                assert got.returncode == 1, (text, how, got)
                assert expected in got.stderr and f"{config}:" in got.stderr, (text, got.stderr)
                assert not (d / "mw.sock").exists()


@test("a user or group that is not on this host: said before the start, too")
def no_such_account():
    cases = [("socket-group", '""', "nosuchgroup", 'socket-group: there is no group "nosuchgroup"')]
    if os.geteuid() == 0:       # who is not root stays who he is
        cases.append(("user", '""', "nosuchuser", 'user: there is no user "nosuchuser"'))
    with scratch() as d:
        config = d / "a.conf"
        for option, was, name, expected in cases:
            base = BASE.format(dir=d)
            assert f"{option} = {was}" in base, base
            config.write_text(base.replace(f"{option} = {was}", f'{option} = "{name}"'))
            for how in ("-n", "-f"):
                got = run(how, "-c", config)
                assert got.returncode == 1 and expected in got.stderr, (how, got)


@test("-n goes by the socket of -p, as the start does, and shows it as it is written")
def other_socket():
    with scratch() as d:
        config = d / "a.conf"
        config.write_text(BASE.format(dir=d).replace('socket-group = ""',
                                                     'socket-group = "nosuchgroup"'))
        assert run("-n", "-c", config).returncode == 1
        got = run("-n", "-c", config, "-p", "inet:127.0.0.1:8893")
        assert got.returncode == 0 and "nosuchgroup" not in got.stderr, got
        for how in ("-n", "-f"):
            got = run(how, "-c", config, "-p", "8893")
            assert got.returncode == 1 and '-p: expected unix:/PATH' in got.stderr, (how, got)
        with socket.create_server(("127.0.0.1", 0)) as taken:
            here = "inet:127.0.0.1:%d" % taken.getsockname()[1]
            got = run("-f", "-c", config, "-p", here)
            assert got.returncode == 1 and f"socket {here} is in use" in got.stderr, got
            text = config.read_text().replace(f"unix:{d}/mw.sock", here)
        config.write_text(text)
        assert run("-n", "-c", config).returncode == 0
        got = run("-n", "-c", config, "-p", f"unix:{d}/mw.sock")
        assert got.returncode == 1 and "nosuchgroup" in got.stderr, got


@test("no configuration, wrong arguments")
def arguments():
    got = run("-n", "-c", "/nonexistent/mailworthy.conf")
    assert got.returncode == 1 and "/nonexistent/mailworthy.conf" in got.stderr, got
    assert run("-x").returncode == 2 and run("-f", "more").returncode == 2
    got = run("-V")
    for name in ("mailworthy", "milter", "opendkim", "spf2", "opendmarc", "unbound", "crypto"):
        assert name in got.stdout, got.stdout


@test("keys that an ordinary user may not read: the path and the remedy")
def unreadable():
    with scratch() as d:
        key, _ = keygen(build, d / "keys", "example.com", "s1")
        key.chmod(0o600 if os.geteuid() == 0 else 0)
        config = d / "a.conf"
        config.write_text(BASE.format(dir=d) +
                          f'domain "example.com" {{ key "s1" {{ file = "{key}" }} }}\n')
        as_nobody = dict(user="nobody", group="nogroup", extra_groups=[])
        got = run("-n", "-c", config, **(as_nobody if os.geteuid() == 0 else {}))
        assert got.returncode == 1, got
        assert f"8: {key}: the key cannot be read: Permission denied" in got.stderr, got.stderr
        assert "chgrp" in got.stderr or "chown" in got.stderr or "chmod" in got.stderr, got.stderr


# ---- sockets ----

@test("a socket in use: exit status 1, the daemon there goes on")
def in_use():
    for kind in ("unix", "inet"):
        with Rig(build, kind=kind) as rig:
            second = run("-f", "-c", rig.daemon.config)
            assert second.returncode == 1 and "in use" in second.stderr, second
            rig.check_health()
    with scratch() as d:        # a daemon that does not take connections
        with socket.socket(socket.AF_UNIX) as busy:
            busy.bind(str(d / "mw.sock"))
            busy.listen(0)
            waiting = []
            for _ in range(3):
                s = socket.socket(socket.AF_UNIX)
                s.setblocking(False)
                with contextlib.suppress(BlockingIOError):
                    s.connect(str(d / "mw.sock"))
                waiting.append(s)
            (d / "a.conf").write_text(BASE.format(dir=d))
            got = run("-f", "-c", d / "a.conf")
            assert got.returncode == 1 and "in use" in got.stderr, got


@test("a socket that cannot be: exit status 1 and why")
def bad_sockets():
    with scratch() as d:
        config = d / "a.conf"
        config.write_text(BASE.format(dir=d))
        for where, expected in (
                ("bogus", "expected unix:/PATH"), ("unix:relative", "expected unix:/PATH"),
                ("unix:/tmp/" + "x" * 108, "at most 107 bytes"),
                ("inet:127.0.0.1:99999", "expected unix:/PATH"),
                ("inet:300.1.1.1:8893", "socket inet:300.1.1.1:8893: no address for 300.1.1.1"),
                ("inet:192.0.2.77:8893", "inet:192.0.2.77:8893: Cannot assign requested address"),
                ("unix:/nonexistent/dir/x.sock", "No such file or directory")):
            got = run("-f", "-c", config, "-p", where)
            assert got.returncode == 1 and expected in got.stderr, (where, got)


@test("a stale socket is replaced, a file is not")
def stale():
    with Rig(build) as rig:
        path = pathlib.Path(rig.daemon.socket[5:])
        rig.daemon.process.kill()
        rig.daemon.process.wait()
        wait_for(lambda: not pathlib.Path(f"/proc/{rig.pid}").exists(), what="the worker's end")
        assert path.is_socket()
        rig.daemon.start()
        rig.watch()
        rig.check_health()
        rig.daemon.stop()
        assert not path.exists(), "the socket is left"
        path.write_text("precious")
        got = run("-f", "-c", rig.daemon.config)
        assert got.returncode == 1 and "no socket" in got.stderr, got
        assert path.read_text() == "precious"
        path.unlink()
        rig.daemon.start()


@test("group and mode of the socket, its directory made")
def group_and_mode():
    if os.geteuid() != 0:
        return
    with Rig(build) as rig:
        rig.daemon.stop()
        rig.daemon.socket = f"unix:{rig.dir}/run/mw.sock"
        config = rig.daemon
        rig.configure(main='socket-mode = "0620"')
        text = config.config.read_text().replace('socket-group = ""', 'socket-group = "mail"')
        config.config.write_text(text)
        rig.daemon.start()
        rig.watch()
        st = os.stat(f"{rig.dir}/run/mw.sock")
        import grp
        assert grp.getgrgid(st.st_gid).gr_name == "mail" and stat.S_IMODE(st.st_mode) == 0o620
        rig.one()
        config.config.write_text(text.replace('"mail"', '"no-such-group"'))
        rig.daemon.stop()
        got = run("-f", "-c", config.config)
        assert got.returncode == 1 and "no-such-group" in got.stderr, got
        assert not os.path.exists(f"{rig.dir}/run/mw.sock")
        config.config.write_text(text)
        rig.daemon.start()


@test("-p listens elsewhere; without -f the daemon goes into the background")
def background():
    with Rig(build) as rig:
        rig.daemon.stop()
        where = f"unix:{rig.dir}/other.sock"
        got = subprocess.run([str(build / "mailworthyd"), "-p", where, "-c",
                              rig.daemon.config.name], cwd=rig.daemon.dir, timeout=20,
                             env=rig.daemon.env, capture_output=True)
        assert got.returncode == 0, got
        parents = {}
        for entry in pathlib.Path("/proc").glob("[0-9]*/cmdline"):
            with contextlib.suppress(OSError):
                if where.encode() in entry.read_bytes():
                    parents[int(entry.parent.name)] = int(
                        status_of(int(entry.parent.name))["PPid"][0])
        # a worker just begun still has the master's name
        masters = [pid for pid, parent in parents.items() if parent not in parents]
        assert len(masters) == 1, f"not one master: {parents}"
        master = masters[0]
        try:
            with Milter(where) as m:
                assert m.begin().message().action == "continue"
            assert os.getsid(master) != os.getsid(0)
            assert os.geteuid() != 0 or os.readlink(f"/proc/{master}/cwd") == "/"
            # the relative path still leads to the file
            rig.configure(mode="audit")
            os.kill(master, signal.SIGHUP)

            def is_audit():
                with Milter(where) as m:
                    return not m.begin().message().edits
            wait_for(is_audit, what="the reload")
        finally:
            os.kill(master, signal.SIGTERM)
            wait_for(lambda: not pathlib.Path(f"/proc/{master}").exists(), 35, "its end")
        assert not os.path.exists(where[5:])
        rig.daemon.start()


@test("systemd is told: ready, alive, reloading, stopping")
def notify():
    with Rig(build) as rig, socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as manager:
        rig.daemon.stop()
        manager.bind(str(rig.dir / "notify"))
        manager.settimeout(5)
        rig.daemon.env["NOTIFY_SOCKET"] = str(rig.dir / "notify")

        def wait_told(word):
            while not any(line.startswith(word) for line in
                          manager.recv(4096).decode().splitlines()):
                pass
        rig.daemon.start()
        wait_told("READY=1")
        wait_told("WATCHDOG=1")
        rig.daemon.process.send_signal(signal.SIGHUP)
        wait_told("RELOADING=1")
        wait_told("READY=1")
        rig.configure(rest="bogus = 1")
        rig.daemon.process.send_signal(signal.SIGHUP)
        wait_told("RELOADING=1")
        wait_told("READY=1")
        rig.daemon.process.terminate()
        wait_told("STOPPING=1")
        assert rig.daemon.process.wait(10) == 0
        rig.configure(rest="")
        rig.daemon.process = None
        del rig.daemon.env["NOTIFY_SOCKET"]
        rig.daemon.start()


# ---- signals ----

@test("SIGHUP: a good file whole, a bad file not at all; the log says which")
def reload():
    with Rig(build) as rig, rig.open() as before:
        before.begin()
        rig.reload(mode="audit")
        assert not rig.one().edits
        assert before.message().edits, "a session keeps the settings it began with"
        rig.configure(mode="enforce", rest="bogus = 1")
        rig.daemon.process.send_signal(signal.SIGHUP)
        assert rig.daemon.wait_log("configuration NOT reloaded: the old one stays in force")
        assert "bogus: unknown option" in rig.daemon.read_log()
        assert not rig.one().edits, "the bad file counts"
        rig.reload(mode="enforce", rest="")
        assert rig.one().edits
        os.chmod(rig.key, 0o644)
        rig.daemon.process.send_signal(signal.SIGHUP)
        assert rig.daemon.wait_log("NOT reloaded", 2)
        assert f"chmod o-r {rig.key}" in rig.daemon.read_log()
        assert rig.one().inserted("DKIM-Signature")
        os.chmod(rig.key, 0o600)
        before.quit()
        rig.check_health()


@test("SIGHUP: lists are read again; one with an error is told and changes nothing")
def reload_lists():
    with Rig(build) as rig:
        lists = pathlib.Path(rig.key).parent / "lists"
        lists.mkdir()
        (lists / "freemail.txt").write_text("mail.example.org\n")
        rest = f'lists = "{lists}"'
        rig.reload(mode="enforce", rest=rest)
        (lists / "freemail.txt").write_text("# two\nmail.example.org\ngmail\n")
        rig.daemon.process.send_signal(signal.SIGHUP)
        assert rig.daemon.wait_log("configuration NOT reloaded: the old one stays in force")
        assert f"{lists}/freemail.txt:3: expected a domain" in rig.daemon.read_log()
        assert rig.one().inserted("DKIM-Signature")
        (lists / "freemail.txt").write_text("mail.example.org\n")
        rig.reload(mode="enforce", rest=rest)
        assert rig.one().inserted("DKIM-Signature")


@test("SIGHUP names what needs a restart")
def reload_fixed():
    with Rig(build) as rig:
        rig.reload(main='socket-mode = "0666"')
        assert "socket-mode: changed; this takes effect at the next start" in \
            rig.daemon.read_log(), rig.daemon.read_log()
        rig.reload(resolver="timeout = 3")
        log = rig.daemon.read_log()     # what still waits is said again, and nothing else
        assert log.count("warning: socket-mode: changed; this takes effect") == 2, log
        assert log.count("at the next start") == 2, log
        assert rig.one().inserted("DKIM-Signature"), "new resolvers serve"


@test("what waits for the next start waits for it in a new worker, too")
def fixed_in_new_worker():
    with Rig(build) as rig:
        text = rig.daemon.config.read_text()
        for path in (rig.daemon.events, rig.daemon.state):
            assert f'{path}"' in text, text
            text = text.replace(f'{path}"', '/nonexistent/records"')
        rig.daemon.config.write_text(text)
        rig.daemon.process.send_signal(signal.SIGHUP)
        assert rig.daemon.wait_log("log, state-dir: changed; this takes effect at the next")
        for n in range(1, 3):
            if n == 2:      # and what cannot be opened again stops no mail
                rig.daemon.events.rename(f"{rig.daemon.events}.old")
                rig.daemon.events.mkdir()
            os.kill(rig.daemon.worker_pid(), signal.SIGKILL)
            wait_for(lambda: rig.daemon.worker_pid() not in (None, rig.pid) and answers(rig),
                     seconds=5, what="a new worker")
            rig.watch()
            if n == 1:
                before = len(rig.daemon.records())
                assert rig.one().inserted("DKIM-Signature")
                wait_for(lambda: len(rig.daemon.records()) > before, what="a record")
        assert "it is a directory; records go to syslog" in rig.daemon.read_log()
        assert rig.one().inserted("DKIM-Signature")


@test("SIGHUP names the domains that a cut file no longer manages")
def reload_cut():
    with Rig(build) as rig:
        text = rig.daemon.config.read_text()
        rig.daemon.config.write_text(text[:text.index('domain "*.example.com"')])
        rig.daemon.process.send_signal(signal.SIGHUP)
        assert rig.daemon.wait_log("mode enforce, 1 managed domain (2 before)")
        assert "*.example.com is no longer managed: its mail leaves unsigned" in \
            rig.daemon.read_log(), rig.daemon.read_log()


@test("signals to the process group and to the worker do not stop the service")
def group_signals():
    with Rig(build) as rig:
        rig.daemon.stop()
        rig.daemon.start(start_new_session=True)
        pid = rig.watch()
        master = rig.daemon.process.pid
        # `pkill -HUP mailworthyd` looks at this name
        assert pathlib.Path(f"/proc/{pid}/comm").read_text() == "mw-worker\n"
        with rig.open() as m:
            m.begin()
            for n in range(1, 4):
                os.killpg(master, signal.SIGHUP)
                assert rig.daemon.wait_log("configuration reloaded", n)
                assert m.message().action == "continue"
            for number in (signal.SIGHUP, signal.SIGINT, signal.SIGTERM, signal.SIGPIPE):
                os.kill(pid, number)
            time.sleep(0.3)
            assert m.message().action == "continue"
            m.quit()
        rig.check_health()


@test("a hundred reloads under load: no message is lost, nothing is left open")
def reload_storm():
    with Rig(build) as rig, load(rig) as counts:
        for _ in range(100):
            rig.daemon.process.send_signal(signal.SIGHUP)
            time.sleep(0.01)
        # signals that come together are one
        assert rig.daemon.wait_log("configuration reloaded", 1, 20)
        time.sleep(0.2)
    assert counts["ok"] > 20 and counts["failed"] == 0, counts


@contextlib.contextmanager
def load(rig, threads=8, sessions=5):
    """Messages over many connections while the block runs; counts what became
    of each.  An answer that never came counts as closed."""
    counts = {"ok": 0, "deferred": 0, "closed": 0, "failed": 0, "refused": 0}
    lock, ended = threading.Lock(), threading.Event()

    def count(word):
        with lock:
            counts[word] += 1

    def session():
        try:
            m = rig.open()
        except (ConnectionRefusedError, FileNotFoundError):
            return count("refused")
        except (ConnectionError, OSError):
            return count("closed")
        with m:
            try:
                m.begin()
                for _ in range(sessions):
                    if ended.is_set():
                        break
                    answer = m.message()
                    if answer == "y" or getattr(answer, "reply", "").startswith("4"):
                        count("deferred")
                    elif answer.action == "continue" and answer.inserted("DKIM-Signature"):
                        count("ok")
                    else:
                        count("failed")
                m.quit()
            except (ConnectionError, OSError):
                count("closed")

    def client():
        while not ended.is_set():
            session()
    clients = [threading.Thread(target=client) for _ in range(threads)]
    for c in clients:
        c.start()
    try:
        time.sleep(0.3)
        yield counts
    finally:
        ended.set()
        for c in clients:
            c.join()
    if rig.daemon.process:
        rig.watch()
        rig.check_health()


@test("kill -9 of the worker under load: a new one within a second, no connection refused")
def kill_worker():
    with Rig(build) as rig, load(rig) as counts:
        for n in range(1, 3):
            os.kill(rig.daemon.worker_pid(), signal.SIGKILL)
            begun = time.monotonic()
            wait_for(lambda: rig.daemon.worker_pid() not in (None, rig.pid) and answers(rig),
                     what="a new worker")
            took = time.monotonic() - begun
            # a sanitizer starts three times as slowly
            limit = n * (3 if is_sanitized(build) else 1)
            assert took < limit, f"{took:.1f} s"
            rig.watch()
            time.sleep(0.3)
        # the second follows the first within ten seconds: a pause of one second
        assert rig.daemon.read_log().count("died of signal 9") == 2
    assert counts["refused"] == 0 and counts["failed"] == 0 and counts["ok"] > 20, counts


@test("out of memory: the worker ends, the next one serves")
def out_of_memory():
    with Rig(build) as rig:
        if is_sanitized(build):     # its allocator wants terabytes of addresses
            return
        used = int(status_of(rig.pid)["VmData"][0]) * 1024
        resource.prlimit(rig.pid, resource.RLIMIT_DATA, (used, used))
        large = [*HEADERS, *[("X-Large", " " + "x" * 60000)] * 16]
        with contextlib.ExitStack() as held:    # each holds its megabyte
            for _ in range(150):    # libmilter itself survives it and drops the connection
                with contextlib.suppress(OSError):
                    m = held.enter_context(rig.open(timeout=5))
                    m.begin()
                    m.mail()
                    m.rcpt()
                    m.headers(large)
                    m.eoh()
                    m.body(b"held\r\n")
                    m.flush()
                if rig.daemon.worker_pid() != rig.pid:
                    break
        wait_for(lambda: rig.daemon.worker_pid() not in (None, rig.pid) and answers(rig), 5,
                 "a new worker")
        log = rig.daemon.read_log()
        assert "out of memory" in log or "the worker died of signal" in log, log
        rig.watch()


def answers(rig):
    try:
        return rig.one().action == "continue"
    except OSError:
        return False


@test("SIGTERM under load: what is answered is on record, the rest is deferred")
def stop_under_load():
    for _ in range(3):
        rig = Rig(build)
        with rig:
            with load(rig) as counts:
                begun = time.monotonic()
                assert rig.daemon.stop() == 0, rig.daemon.read_log()
                took = time.monotonic() - begun
            judged = len([r for r in rig.daemon.records() if r["verdict"] == "pass"])
            assert counts["failed"] == 0 and counts["ok"] > 20, counts
            # one record more: the message that the rig sends at first
            assert counts["ok"] < judged <= counts["ok"] + 1 + 8, (counts, judged)
            assert took < 7, f"{took:.1f} s"
            assert "died" not in rig.daemon.read_log(), rig.daemon.read_log()
            rig.daemon.start()


@test("SIGTERM: a message in hand is finished, a new one deferred")
def stop_in_hand():
    with Rig(build) as rig, rig.open() as m, rig.open() as other:
        m.begin()
        m.mail(), m.rcpt(), m.headers(), m.eoh()
        other.begin()
        begun = time.monotonic()
        rig.daemon.process.terminate()
        assert rig.daemon.wait_log("stopping")
        time.sleep(0.1)
        other.macros("M", {"{auth_authen}": "anna"})
        other.put("M", b"<anna@example.com>\0")
        command, data = other.receive()
        assert command == "y" and data.startswith(b"451 4.3.2"), (command, data)
        m.body()
        answer = m.eom()
        assert answer.action == "continue" and answer.inserted("DKIM-Signature"), answer
        assert rig.daemon.process.wait(10) == 0
        assert time.monotonic() - begun < 4
        rig.daemon.process = None
        rig.daemon.start()


@test("SIGTERM: a client that never ends its message is not waited for")
def stop_idle():
    with Rig(build) as rig, rig.open() as m:
        m.begin()
        m.mail(), m.rcpt(), m.headers()
        m.flush()
        time.sleep(0.1)
        begun = time.monotonic()
        assert rig.daemon.stop() == 0
        assert 4 < time.monotonic() - begun < 8, time.monotonic() - begun
        rig.daemon.start()


@test("kill -9 of the master: the worker ends, a new daemon takes its place")
def kill_master():
    with Rig(build) as rig:
        rig.daemon.process.kill()
        rig.daemon.process.wait()
        wait_for(lambda: not pathlib.Path(f"/proc/{rig.pid}").exists(), 4, "the worker's end")
        assert "the master process is gone" in rig.daemon.read_log()
        rig.daemon.start()
        rig.watch()
        rig.check_health()


def hung_worker():
    """A worker that does not move is replaced: takes a minute, so it runs beside
    all other tests."""
    with Rig(build) as rig:
        os.kill(rig.pid, signal.SIGSTOP)
        begun = time.monotonic()
        rig.daemon.process.send_signal(signal.SIGHUP)   # must not hang the master too
        wait_for(lambda: rig.daemon.worker_pid() not in (None, rig.pid), 75, "a new worker")
        assert time.monotonic() - begun > 50
        assert "no sign of life from the worker" in rig.daemon.read_log()
        rig.watch()
        assert rig.one().action == "continue"


# ---- privileges ----

def status_of(pid):
    lines = pathlib.Path(f"/proc/{pid}/status").read_text().splitlines()
    return {k: v.split() for k, _, v in (line.partition(":") for line in lines)}


@test("started as root: the worker has nothing, the master reads keys and no more")
def privileges():
    if os.geteuid() != 0:
        return
    nobody = pwd.getpwnam("nobody")
    with Rig(build) as rig:
        rig.daemon.stop()
        os.chown(rig.daemon.dir, nobody.pw_uid, nobody.pw_gid)
        os.chown(rig.daemon.state, nobody.pw_uid, nobody.pw_gid)
        os.chown(rig.daemon.events, nobody.pw_uid, nobody.pw_gid)
        os.chmod(rig.dir / "keys", 0o700)
        text = rig.daemon.config.read_text().replace('user = ""', 'user = "nobody"')
        rig.daemon.config.write_text(text)
        rig.daemon.start()
        worker, master = status_of(rig.watch()), status_of(rig.daemon.process.pid)
        assert worker["Uid"] == [str(nobody.pw_uid)] * 4, worker["Uid"]
        assert master["Uid"] == [str(nobody.pw_uid)] * 4, master["Uid"]
        assert worker["Gid"] == [str(nobody.pw_gid)] * 4 and "0" not in worker["Groups"]
        for field in ("CapInh", "CapPrm", "CapEff", "CapBnd", "CapAmb"):
            assert int(worker[field][0], 16) == 0, (field, worker[field])
        assert worker["NoNewPrivs"] == ["1"]
        only_read = 1 << 2      # CAP_DAC_READ_SEARCH
        assert int(master["CapEff"][0], 16) == only_read, master["CapEff"]
        assert int(master["CapPrm"][0], 16) == only_read, master["CapPrm"]
        assert int(master["CapBnd"][0], 16) & ~only_read == 0, master["CapBnd"]
        assert rig.one().inserted("DKIM-Signature")
        path = rig.daemon.socket.partition(":")[2]
        assert os.stat(path).st_uid == nobody.pw_uid    # listen_knock() comes to it
        reload_as_nobody(rig, text)


def reload_as_nobody(rig, text):
    """A key that only root may read is read at reload; the log file is opened anew."""
    key, _ = keygen(build, rig.dir / "keys", "example.org", "new")
    assert stat.S_IMODE(key.stat().st_mode) == 0o600 and key.stat().st_uid == 0
    rig.daemon.config.write_text(
        text + f'domain "example.org" {{ key "new" {{ file = "{key}" }} }}\n')
    rig.daemon.process.send_signal(signal.SIGHUP)
    assert rig.daemon.wait_log("configuration reloaded"), rig.daemon.read_log()
    os.rename(rig.daemon.events, rig.daemon.dir / "events.1")
    rig.daemon.process.send_signal(signal.SIGHUP)
    assert rig.daemon.wait_log("configuration reloaded", 2), rig.daemon.read_log()
    rig.one([("From", " anna@example.org"), *HEADERS[1:]])
    wait_for(lambda: rig.daemon.records(), 5, "the record in the new file")
    assert rig.last_record()["dkim"][0]["s"] == "new", rig.last_record()["dkim"]
    os.kill(rig.watch(), signal.SIGKILL)        # the next worker has the new key too
    wait_for(lambda: rig.daemon.worker_pid() not in (None, rig.pid) and answers(rig),
             what="a new worker")


@test("a worker that cannot begin: exit status 1, no endless restarts")
def cannot_begin():
    if os.geteuid() != 0:
        return
    with Rig(build) as rig:
        rig.daemon.stop()
        os.chmod(rig.daemon.dir, 0o700)         # the log is there, nobody may not reach it
        rig.daemon.config.write_text(
            rig.daemon.config.read_text().replace('user = ""', 'user = "nobody"')
            .replace(rig.daemon.socket, f"unix:{rig.dir}/run/mw.sock"))
        begun = time.monotonic()
        got = run("-f", "-c", rig.daemon.config)
        assert got.returncode == 1 and "giving up" in got.stderr, got
        assert f"{rig.daemon.events}: the log file cannot be opened" in got.stderr, got.stderr
        assert time.monotonic() - begun < 5
        os.chmod(rig.daemon.dir, 0o755)
        rig.configure()
        os.chown(rig.daemon.events, 0, 0)
        rig.daemon.start()


@test("not started as root: it serves, and says at reload which key it may not read")
def not_root():
    if os.geteuid() != 0:
        return
    nobody = pwd.getpwnam("nobody")
    with Rig(build) as rig:
        rig.daemon.stop()
        for path in (rig.daemon.dir, rig.daemon.state, rig.daemon.events, rig.dir / "keys",
                     rig.key):
            os.chown(path, nobody.pw_uid, nobody.pw_gid)
        rig.daemon.start(user="nobody", group="nogroup", extra_groups=[])
        rig.watch()
        assert rig.one().inserted("DKIM-Signature")
        worker = status_of(rig.pid)
        assert int(worker["CapEff"][0], 16) == 0 and worker["NoNewPrivs"] == ["1"]
        os.chown(rig.key, 0, 0)
        rig.daemon.process.send_signal(signal.SIGHUP)
        assert rig.daemon.wait_log("NOT reloaded"), rig.daemon.read_log()
        log = rig.daemon.read_log()
        assert f"{rig.key}: the key cannot be read: Permission denied" in log, log
        assert "chgrp" in log or "chown" in log or "chmod" in log, log
        assert rig.one().inserted("DKIM-Signature")
        os.chown(rig.key, nobody.pw_uid, nobody.pw_gid)


def cpu_ms(pid):
    fields = pathlib.Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()
    return (int(fields[11]) + int(fields[12])) * 1000 // os.sysconf("SC_CLK_TCK")


@test("a reload costs little: phrases that are the same are not compiled again")
def cheap_reload():
    with Rig(build) as rig:
        before = cpu_ms(rig.pid)
        for i in range(20):
            rig.daemon.process.send_signal(signal.SIGHUP)
            assert rig.daemon.wait_log("configuration reloaded", i + 1)
        each = (cpu_ms(rig.pid) - before) / 20
        print(f"# {each:.1f} ms of CPU a reload")
        assert is_sanitized(build) or each < 25, f"{each} ms"
        assert rig.one().inserted("DKIM-Signature")


# ---- files while it runs ----

@test("the log is a FIFO that nobody reads, or a device: no start waits, no device is given away")
def odd_logs():
    if os.geteuid() != 0:
        return
    with Rig(build) as rig:
        rig.daemon.stop()
        os.unlink(rig.daemon.events)
        os.mkfifo(rig.daemon.events)
        try:
            rig.daemon.start(5)
            raise AssertionError("it started")
        except RuntimeError as error:
            assert "log: cannot open" in str(error), error
        assert rig.daemon.process.wait(5) == 1
        os.unlink(rig.daemon.events)
        os.mknod(rig.daemon.events, stat.S_IFCHR | 0o666, os.makedev(1, 3))     # as /dev/null
        os.chmod(rig.daemon.events, 0o666)
        os.chmod(rig.daemon.dir, 0o777)
        os.chmod(rig.daemon.state, 0o777)
        text = rig.daemon.config.read_text().replace('user = ""', 'user = "nobody"')
        rig.daemon.config.write_text(text)
        rig.daemon.start()
        rig.watch()
        assert rig.one().inserted("DKIM-Signature")
        assert os.stat(rig.daemon.events).st_uid == 0


@test("the log file is opened anew on SIGHUP after it was renamed")
def log_rotation():
    with Rig(build) as rig:
        rig.one()
        old = rig.daemon.dir / "events.1"
        os.rename(rig.daemon.events, old)
        rig.one(queue_id="4OLD")
        rig.reload()
        rig.one(queue_id="4NEW")
        assert '"4OLD"' in old.read_text() and '"4NEW"' not in old.read_text()
        assert [r["queue_id"] for r in rig.daemon.records()] == ["4NEW"]


@test("the log file is opened anew on SIGHUP though the configuration is refused")
def log_rotation_refused():
    with Rig(build) as rig:
        old = rig.daemon.dir / "events.1"
        os.rename(rig.daemon.events, old)
        rig.configure(rest="bogus = 1")
        rig.daemon.process.send_signal(signal.SIGHUP)
        assert rig.daemon.wait_log("configuration NOT reloaded")
        wait_for(rig.daemon.events.exists, what="a new log file")
        rig.one(queue_id="4NEW")
        assert '"4NEW"' not in old.read_text()
        assert [r["queue_id"] for r in rig.daemon.records()] == ["4NEW"]
        rig.configure(rest="")


@test("another value of log waits for the next start, records in syslog's form too")
def log_fixed():
    with Rig(build) as rig:
        text = rig.daemon.config.read_text()
        where = f'log = "file:{rig.daemon.events}"'
        assert where in text
        rig.daemon.config.write_text(text.replace(where, "log = syslog"))
        rig.daemon.process.send_signal(signal.SIGHUP)
        assert rig.daemon.wait_log("log: changed; this takes effect at the next start")
        assert rig.daemon.wait_log("configuration reloaded")
        rig.one(rcpts=[f"<r{n}@example.org>" for n in range(30)], queue_id="4MANY")
        record = rig.daemon.records()[-1]
        assert record["queue_id"] == "4MANY" and len(record["rcpt_to"]) == 30, record


@test("state that cannot be written: said once, mail goes on")
def state_read_only():
    with Rig(build) as rig:
        rig.daemon.stop()
        for path in rig.daemon.state.iterdir():
            path.unlink()
        os.chmod(rig.daemon.state, 0o500)
        try:
            rig.daemon.start()
            rig.watch()
            assert rig.daemon.wait_log("cannot keep what DNS has shown of the keys"), \
                rig.daemon.read_log()
            for _ in range(2):
                rig.reload()
            time.sleep(0.3)
            assert rig.one().inserted("DKIM-Signature")
            assert rig.daemon.read_log().count("cannot keep what DNS") == 1
            rig.daemon.stop()
        finally:
            os.chmod(rig.daemon.state, 0o755)
        rig.daemon.start()


@test("no file may grow: an attachment is not looked into, its mail goes on")
def no_room():
    fields = [*HEADERS, ("MIME-Version", " 1.0"), ("Content-Type", " application/zip")]
    body = b"PK\3\4" + b"0123456789abcdef\r\n" * 40000
    with Rig(build) as rig:
        resource.prlimit(rig.pid, resource.RLIMIT_FSIZE, (0, 0))
        for _ in range(2):
            assert rig.one(fields=fields, body=body).inserted("DKIM-Signature")
        assert rig.daemon.worker_pid() == rig.pid


def set_mode(rig, word):
    subprocess.run([str(build / "mailworthy"), "mode", "-c", str(rig.daemon.config), word],
                   check=True, capture_output=True)


@test("the kill switch: within two seconds, over a restart, and back")
def kill_switch():
    with Rig(build) as rig, rig.open() as m:
        m.begin()
        assert m.message().edits
        set_mode(rig, "audit")
        wait_for(lambda: not m.message().edits, 2.0, "audit")
        assert "mode: audit for everything" in rig.daemon.read_log()
        m.quit()
        os.kill(rig.pid, signal.SIGKILL)
        wait_for(lambda: rig.daemon.worker_pid() not in (None, rig.pid) and answers(rig),
                 what="a new worker")
        rig.watch()
        assert not rig.one().edits, "a new worker forgot it"
        rig.daemon.stop()
        rig.daemon.start()
        rig.watch()
        assert not rig.one().edits, "forgotten over a restart"
        set_mode(rig, "file")
        wait_for(lambda: rig.one().edits, 2.0, "the file's mode")


@test("the kill switch stays when no descriptor is free")
def kill_switch_kept():
    if os.geteuid() != 0:       # limits of a process are its owner's and root's
        return
    with Rig(build) as rig:
        set_mode(rig, "audit")
        wait_for(lambda: not rig.one().edits, 2.0, "audit")
        limit, most = resource.prlimit(rig.pid, resource.RLIMIT_NOFILE)
        resource.prlimit(rig.pid, resource.RLIMIT_NOFILE, (1, most))
        assert rig.daemon.wait_log("cannot be read: Too many open files")
        time.sleep(1.5)         # the next look
        resource.prlimit(rig.pid, resource.RLIMIT_NOFILE, (limit, most))
        assert "mode: as the configuration says" not in rig.daemon.read_log()
        assert rig.daemon.read_log().count("cannot be read: Too many open files") == 1
        assert not rig.one().edits
        set_mode(rig, "file")
        wait_for(lambda: rig.one().edits, 2.0, "the file's mode")


# ---- DNS ----

class Silence:
    """A DNS server that takes questions and never answers."""

    def __init__(self):
        self.sock = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self.sock.bind(("127.0.0.1", 0))
        self.port = self.sock.getsockname()[1]

    def close(self):
        self.sock.close()


class Unreachable:
    def __init__(self):
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as s:
            s.bind(("127.0.0.1", 0))
            self.port = s.getsockname()[1]

    def close(self):
        pass


def time_of(rig, **kwargs):
    begun = time.monotonic()
    answer = rig.one(**kwargs)
    assert answer.action == "continue" and answer.inserted("DKIM-Signature"), answer
    return time.monotonic() - begun


@test("DNS that is down: no message later than the deadline, and none after the first")
def dns_down():
    for dns in (Silence(), Unreachable()):
        rig = Rig(build, dns=dns, resolver="timeout = 1 deadline = 2")
        with rig:       # the first message is the rig's own
            rest = [time_of(rig) for _ in range(20)]
            slow = [t for t in rest if t > 0.25]
            assert not slow, f"{type(dns).__name__}: {slow}"
            first = rig.daemon.records()[0]["elapsed_ms"]
            assert first < 2500, f"{type(dns).__name__}: {first} ms"
            assert rig.last_record()["verdict"] == "pass"


@test("a filter that hangs: three messages wait for it, the others do not")
def hung_filter():
    with socket.socket() as silent:     # accepts by its backlog, and says nothing
        silent.bind(("127.0.0.1", 0))
        silent.listen(64)
        where = "inet:127.0.0.1:%d" % silent.getsockname()[1]
        with Rig(build, rest=f'opinions {{ spamassassin = "{where}" timeout = 1 }}') as rig:
            times = [time_of(rig) for _ in range(12)]      # the rig's own was the first
            assert all(t > 0.9 for t in times[:2]) and all(t < 0.5 for t in times[2:]), times
            assert rig.last_record()["verdict"] == "pass"
            log = rig.daemon.read_log()
            assert log.count("opinions: SpamAssassin gave no answer in 1 seconds; 3 messages "
                             "in a row heard nothing") == 1, log


# ---- speed ----

@test("no message waits 40 ms over inet")
def no_stall():
    with Rig(build, kind="inet", keygen_options=("--bits", "1024")) as rig, rig.open() as m:
        m.begin()
        for _ in range(5):
            m.message()
        begun = time.monotonic()
        for _ in range(50):
            assert len(m.message().inserted()) == 2
        took = time.monotonic() - begun
        m.quit()
    limit = 1.5 if is_sanitized(build) else 0.6
    assert took < limit, f"50 messages took {took:.2f} s"
    print(f"# 50 messages over inet: {took:.3f} s")


def main():
    word = sys.argv[2] if len(sys.argv) > 2 else ""
    beside, faults = None, []
    if "hung" in word or not word:
        beside = threading.Thread(target=lambda: faults.append(fault_of(hung_worker)))
        beside.start()
    for name, function in tests:
        if word not in name:
            continue
        begun = time.monotonic()
        fault = fault_of(function)
        if os.environ.get("TIMES"):
            print(f"# {time.monotonic() - begun:.2f} s")
        report("process: " + name, fault)
    if beside:
        beside.join()
        report("process: a hung worker is replaced, and does not hang the master", faults[0])
    check_sanitizers()
    import rig
    return 1 if rig.failed else 0


if __name__ == "__main__":
    sys.exit(main())
