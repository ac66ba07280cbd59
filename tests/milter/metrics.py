#!/usr/bin/python3
"""What those who watch are told: metrics and status over HTTP, exact under load,
over reloads and new workers; and clients that mean no good.

    metrics.py BUILD [WORD]
"""

import collections
import json
import os
import pathlib
import re
import resource
import signal
import socket
import stat
import subprocess
import sys
import threading
import time

import yaml

from rig import TOP, Rig, case, run_cases
from daemon import keygen
from milter import HEADERS
from postfix import free_port
from process import set_mode, wait_for
from prometheus import (check_never_less, get, parse, promtool, promtool_check, scrape,
                        value)

NAMED = 'stream "news" { senders = {"news@example.com"} kind = bulk }'


def rig_of(build, **kwargs):
    port = free_port()
    rig = Rig(build, main=f'metrics = "inet:127.0.0.1:{port}"', rest=NAMED, **kwargs)
    rig.metrics = f"inet:127.0.0.1:{port}"
    rig.control = f"unix:{rig.daemon.control}"
    return rig


def status_of(rig):
    code, headers, text = get(rig.control, "/status")
    assert code == 200 and headers["Content-Type"] == "application/json", (code, headers)
    return json.loads(text)


def no_subject(fields):
    return [f for f in fields if f[0] != "Subject"]


SHAPES = [
    dict(),
    dict(fields=no_subject(HEADERS)),                           # tempfail
    dict(fields=[*no_subject(HEADERS), ("Subject", " x" * 500)]),     # hold
    dict(fields=[("From", " news@example.com"), *HEADERS[1:]], sender="<news@example.com>"),
    dict(sender="<>"),
    dict(fields=[*HEADERS, ("List-Id", " <list.example.com>"),
                  ("List-Post", " <mailto:list@example.com>")]),
    dict(fields=[("From", " x@example.org"), *HEADERS[1:]], sender="<x@example.org>"),
]


def expected(records):
    """The samples that these records make."""
    want = collections.Counter()
    for r in records:
        labels = {"verdict": r["verdict"], "mode": r["mode"], "stream": r["stream"] or "none"}
        if r["author"] == "news@example.com":
            labels["section"] = "news"
        want["mailworthy_messages_total", tuple(sorted(labels.items()))] += 1
        if r["mode"] == "audit":
            want["mailworthy_audit_messages_total", (("would", r["would"]),)] += 1
        want["mailworthy_recipients_total", ()] += r["rcpt_count"]
        want["mailworthy_message_bytes_total", ()] += r["size"]
        for f in r["findings"]:
            state = "shadow" if f["shadow"] else "covered" if f["covered_by"] else "stands"
            want["mailworthy_findings_total", (("check", f["id"]), ("state", state))] += 1
        for what in r["repaired"]:
            want["mailworthy_repairs_total", (("kind", what),)] += 1
        want["mailworthy_end_of_message_seconds_count", ()] += 1
    return want


def check_exact(families, records):
    want = expected(records)
    for name in {name for name, _ in want}:
        base = name.removesuffix("_count")
        have = {k: v for k, v in families[base]["samples"].items() if k[0] == name and v}
        asked = {k: v for k, v in want.items() if k[0] == name and v}
        assert have == asked, f"{name}: {have}, and by the records {asked}"


def settled(rig, n):
    """The metrics when all messages have ended, and the records."""
    wait_for(lambda: len(rig.daemon.records()) >= n, what=f"{n} records")
    wait_for(lambda: value(scrape(rig.metrics), "mailworthy_messages_in_hand") == 0,
             what="the last message")
    return scrape(rig.metrics), rig.daemon.records()


@case("counts agree with the records, sixteen threads and reloads between them")
def exact(rig):
    before = len(rig.daemon.records())
    ended, faults, sent = threading.Event(), [], []

    def client(n):
        try:
            for i in range(12):
                with rig.open() as m:
                    m.begin()
                    for k in range(3):
                        m.message(**SHAPES[(n + i + k) % len(SHAPES)])
                        sent.append(1)
                    m.quit()
        except OSError as error:
            faults.append(repr(error))

    def watch():
        last = scrape(rig.metrics)
        while not ended.is_set():
            now = scrape(rig.metrics)
            check_never_less(last, now)
            last = now

    def watch_or_fail():
        try:
            watch()
        except Exception as error:
            faults.append(repr(error))
    watcher = threading.Thread(target=watch_or_fail)
    clients = [threading.Thread(target=client, args=(n,)) for n in range(16)]
    for t in [watcher, *clients]:
        t.start()
    for n in range(4):
        rig.reload(mode=("audit", "enforce")[n % 2])
    for t in clients:
        t.join()
    ended.set()
    watcher.join()
    assert not faults, faults[:3]
    families, records = settled(rig, before + len(sent))
    assert len(records) == before + len(sent), (len(records), before, len(sent))
    assert {r["verdict"] for r in records} == {"pass", "hold", "tempfail"}
    assert {r["mode"] for r in records} == {"audit", "enforce"}
    assert {r["stream"] for r in records} == {None, "bulk", "list", "dsn"}, \
        {r["stream"] for r in records}
    check_exact(families, records)
    assert value(families, "mailworthy_config_generation") == 5


@case("the format is right, and promtool has nothing to say")
def format_is_right(rig):
    rig.one(**SHAPES[3])
    _, _, text = get(rig.metrics)
    parse(text)
    assert 'stream="bulk",section="news"' in text, text
    _, _, again = get(rig.control)
    table = (TOP / "milter/record/metrics.def").read_text()
    assert list(parse(text)) == list(parse(again)) == \
        re.findall(r'^METRIC\(\w+, "(\w+)"', table, re.M)
    if promtool():
        assert promtool_check(text) == "", promtool_check(text)


@case("the rules for alerts: promtool reads them, and each fires when it should")
def rules(rig):
    conf = TOP / "conf/prometheus/mailworthy.rules.yml"
    told = yaml.safe_load(conf.read_text())["groups"][0]["rules"]
    assert len({r["alert"] for r in told}) == len(told) >= 8, told
    assert all(r["labels"]["severity"] in ("critical", "warning") and r["annotations"]
               for r in told), told
    if promtool():
        for args in (["check", "rules", conf],
                     ["test", "rules", TOP / "tests/prometheus/rules-test.yml"]):
            run = subprocess.run([promtool(), *map(str, args)], capture_output=True, text=True)
            assert run.returncode == 0, run.stdout + run.stderr


# ---- status ----

def run_status(rig, *args):
    tool = str(rig.build / "mailworthy")
    return subprocess.run([tool, "status", "--config", str(rig.daemon.config), *args],
                          capture_output=True, text=True, timeout=30)


@case("status: laid out, as JSON, and its exit status")
def status(rig):
    rig.one(**SHAPES[0])
    wait_for(lambda: status_of(rig)["domains"][0]["spf"] == "pass", what="a round of health")
    page = run_status(rig)
    assert page.returncode == 0, (page, status_of(rig)["care"])
    assert "signs; in DNS for" in page.stdout and "\033" not in page.stdout, page.stdout
    assert "SPF pass" in page.stdout and "PTR mail.example.com, which leads back" in page.stdout
    asked = run_status(rig, "--json")
    assert asked.returncode == 0, asked
    told = json.loads(asked.stdout)
    assert told["messages"]["total"] == len(rig.daemon.records()), told["messages"]
    assert told["care"] == [] and told["keys"][0]["signs"] is True, told
    assert told["pid"] == rig.daemon.process.pid and told["worker_pid"] == rig.pid
    where = f"unix:{rig.daemon.control}"
    assert run_status(rig, "--socket", where).returncode == 0
    assert get(rig.control, "/health")[0] == 200


@case("status: a reload that is refused, and the next that is taken")
def refused_reload(rig):
    before = status_of(rig)["config"]
    seen = rig.daemon.read_log().count("NOT reloaded")
    rig.daemon.write("modus = audit\n")
    rig.daemon.process.send_signal(signal.SIGHUP)
    assert rig.daemon.wait_log("NOT reloaded", seen + 1)
    wait_for(lambda: status_of(rig)["config"]["error"], what="the error")
    now = status_of(rig)
    assert "modus: unknown option" in now["config"]["error"], now["config"]
    assert now["config"]["generation"] == before["generation"], now["config"]
    assert value(scrape(rig.metrics), "mailworthy_config_last_reload_successful") == 0
    # the file is broken and cannot say where to ask
    page = run_status(rig, "--socket", rig.control)
    assert page.returncode == 1, page
    assert "modus: unknown option" in " ".join(page.stdout.split()), page.stdout
    assert get(rig.control, "/health")[0] == 200    # mail does not suffer
    rig.reload()
    wait_for(lambda: not status_of(rig)["config"]["error"], what="no error")
    assert status_of(rig)["config"]["generation"] == before["generation"] + 1
    assert value(scrape(rig.metrics), "mailworthy_config_last_reload_successful") == 1
    assert run_status(rig).returncode == 0


@case("status: a reload that is refused is not overtaken by the one before it")
def overtaken_reload(rig):
    seen = rig.daemon.read_log().count("configuration reloaded")
    refused = rig.daemon.read_log().count("NOT reloaded")
    os.kill(rig.pid, signal.SIGSTOP)
    try:
        rig.configure()
        rig.daemon.process.send_signal(signal.SIGHUP)
        time.sleep(0.5)         # two signals that wait are one
        rig.daemon.write("modus = audit\n")
        rig.daemon.process.send_signal(signal.SIGHUP)
        assert rig.daemon.wait_log("NOT reloaded", refused + 1)
    finally:
        os.kill(rig.pid, signal.SIGCONT)
    assert rig.daemon.wait_log("configuration reloaded", seen + 1)
    wait_for(lambda: "modus" in (status_of(rig)["config"]["error"] or ""), what="the error")
    time.sleep(0.3)
    assert "modus" in (status_of(rig)["config"]["error"] or ""), status_of(rig)["config"]
    assert value(scrape(rig.metrics), "mailworthy_config_last_reload_successful") == 0
    rig.reload()
    wait_for(lambda: not status_of(rig)["config"]["error"], what="no error")


@case("status: the kill switch")
def overridden(rig):
    set_mode(rig, "audit")
    try:
        wait_for(lambda: status_of(rig)["mode_override"] == "audit", what="audit")
        assert value(scrape(rig.metrics), "mailworthy_mode_overridden") == 1
        assert value(scrape(rig.metrics), "mailworthy_mode_enforce") == 0
        page = run_status(rig)
        assert page.returncode == 1 and "mailworthy mode file" in page.stdout, page
    finally:
        set_mode(rig, "file")
    wait_for(lambda: status_of(rig)["mode_override"] is None, what="the file's mode")


@case("status: a key that nobody published, and when the next takes over")
def keys(rig):
    new, record = keygen(rig.build, rig.dir / "new", "example.com", "s2")
    rig.reload(domain=f'key "s2" {{ file = "{new}" }}')

    def state(selector):
        return [k for k in status_of(rig)["keys"] if k["selector"] == selector][0]
    wait_for(lambda: state("s2")["dns"] == "missing", what="a look at s2")
    assert state("s1")["signs"] and not state("s2")["signs"], status_of(rig)["keys"]
    assert state("s2")["takes_over"] is None
    wait_for(lambda: status_of(rig)["warnings"], what="a warning")
    assert status_of(rig)["warnings"][0]["id"] == "dkim-key-missing of key s2"
    families = scrape(rig.metrics)
    assert value(families, "mailworthy_warnings", check="dkim-key-missing") == 1
    assert value(families, "mailworthy_key_state", selector="s2", state="missing") == 1
    assert value(families, "mailworthy_keys", state="missing") == 1
    assert value(families, "mailworthy_keys", state="match") == 1
    page = run_status(rig)
    assert page.returncode == 1 and "dkim-key-missing" in page.stdout, page.stdout
    assert record.split("p=")[1][:60] in page.stdout, page.stdout
    rig.reload(domain="")
    wait_for(lambda: not status_of(rig)["warnings"], what="no warning")


@case("a key that several sections sign with is told of once")
def shared_key(rig):
    section = ('domain "{}.example.com" {{ sign-as = example.com\n'
               f'key "s1" {{{{ file = "{rig.key}" }}}} }}}}\n')
    rig.reload(rest=NAMED + "\n" + section.format("a") + section.format("b"))
    families = scrape(rig.metrics)      # no sample stands there twice
    assert value(families, "mailworthy_keys") == 1, families["mailworthy_keys"]
    assert value(families, "mailworthy_key_state", domain="example.com", selector="s1") == 1
    assert value(families, "mailworthy_key_signs", domain="example.com", selector="s1") == 1
    status = status_of(rig)
    assert [k["selector"] for k in status["keys"]] == ["s1"], status["keys"]
    assert {"a.example.com", "b.example.com"} <= {d["domain"] for d in status["domains"]}
    rig.reload(rest=NAMED)


@case("a domain that only signs for those below it is none that cannot sign")
def signs_for_others(rig):
    text = rig.daemon.config.read_text()
    begin, end = text.index('domain "example.com"'), text.index('check "subject-long"')
    rig.daemon.config.write_text(
        text[:begin] + 'domain "*.example.com" { sign-as = example.com\n'
        f'key "s1" {{ file = "{rig.key}" }} }}\n' + text[end:])
    before = status_of(rig)["config"]["generation"]
    rig.daemon.process.send_signal(signal.SIGHUP)
    wait_for(lambda: status_of(rig)["config"]["generation"] > before, what="a reload")
    answer = rig.one([("From", " x@mail.example.com"), *HEADERS[1:]])
    assert "d=example.com;" in str(answer.inserted("DKIM-Signature")), answer
    status, families = status_of(rig), scrape(rig.metrics)
    signs = {d["domain"]: d["signs"] for d in status["domains"]}
    assert signs == {"*.example.com": "by-name", "example.com": "yes"}, signs
    assert [(k["domain"], k["signs"]) for k in status["keys"]] == [("example.com", True)]
    assert value(families, "mailworthy_domains_cannot_sign") == 0
    assert value(families, "mailworthy_keys") == 1
    rig.reload(rest=NAMED)


@case("recipients refused, messages not outbound, messages given up")
def others(rig):
    before = scrape(rig.metrics)
    with rig.open() as m:
        m.begin()
        m.mail()
        m.macros("R", {"{rcpt_mailer}": "smtp", "{rcpt_host}": "gone.example"})
        m.put("R", b"<dora@gone.example>\0")
        assert m.receive()[0] == "y"
        m.rcpt(), m.data(), m.headers(), m.eoh(), m.body()
        m.eom()
        assert m.message(auth="") == "a"
        m.mail(), m.rcpt(), m.headers()
        m.abort()
        m.quit()
    wait_for(lambda: value(scrape(rig.metrics), "mailworthy_messages_aborted_total") >
             value(before, "mailworthy_messages_aborted_total"), what="the abort")
    after = scrape(rig.metrics)

    def rise(name, **labels):
        return value(after, name, **labels) - value(before, name, **labels)
    assert rise("mailworthy_messages_aborted_total") == 1
    assert rise("mailworthy_connections_total") == 1
    record = rig.last_record()
    assert [r["id"] for r in record["rcpts_refused"]] == ["rcpt-no-mail"], record
    assert rise("mailworthy_recipients_refused_total", check="rcpt-no-mail",
                action="reject") == rise("mailworthy_recipients_refused_total") == 1
    assert rise("mailworthy_messages_passed_unjudged_total") == 1
    check_never_less(before, after)


# ---- clients that mean no good ----

def connect(where):
    if where.startswith("unix:"):
        sock = socket.socket(socket.AF_UNIX)
        sock.settimeout(30)
        sock.connect(where[5:])
        return sock
    host, _, port = where[5:].rpartition(":")
    return socket.create_connection((host, int(port)), 30)


def talk(where, data):
    """What comes back until the end; b"" for a connection that is cut."""
    answer = b""
    with connect(where) as sock:
        try:
            sock.sendall(data)
        except ConnectionError:
            pass    # answered, and closed, before all was sent
        try:
            while chunk := sock.recv(65536):
                answer += chunk
        except ConnectionError:
            pass
    return answer


def first_line(answer):
    return answer.split(b"\r\n")[0].decode()


BAD = [
    (b"POST /metrics HTTP/1.1\r\nHost: localhost\r\nContent-Length: 3\r\n\r\nabc", "405"),
    (b"DELETE /metrics HTTP/1.1\r\nHost: localhost\r\n\r\n", "405"),
    (b"GET / HTTP/1.1\r\nHost: localhost\r\n\r\n", "404"),
    (b"GET /../etc/passwd HTTP/1.1\r\nHost: localhost\r\n\r\n", "404"),
    (b"GET /metrics/ HTTP/1.1\r\nHost: localhost\r\n\r\n", "404"),
    (b"GET /%6detrics%2f.. HTTP/1.1\r\nHost: localhost\r\n\r\n", "404"),
    (b"GET /metrics?x=y HTTP/1.1\r\nHost: localhost\r\n\r\n", "200"),
    (b"HEAD /metrics HTTP/1.1\r\nHost: localhost\r\n\r\n", "200"),
    (b"GET /metrics HTTP/1.0\r\n\r\n", "200"),
    (b"GET /metrics HTTP/1.1\r\nHost: localhost\r\nX: " + b"y" * 100000 + b"\r\n\r\n", "4"),
    (b"GET /" + b"y" * 100000 + b" HTTP/1.1\r\nHost: localhost\r\n\r\n", "4"),
    (b"GET /metrics HTTP/1.1\r\nHost: localhost\r\n" + b"X: y\r\n" * 20000 + b"\r\n", "4"),
    (b"\0" * 70000, "4"),
    (b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03" + bytes(500) + b"\r\n\r\n", "4"),
    (b"GET /metrics HTTP/1.1\r\nHost: localhost\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n",
     ""),
]


@case("requests that are none, are too large or ask for what is not there")
def bad_requests(rig):
    for where in (rig.metrics, rig.control):
        for data, code in BAD:
            line = first_line(talk(where, data))
            assert line == "" or line.split(" ")[1].startswith(code), (data[:80], line)
            assert code[:2] not in ("20", "40") or line, (data[:80], "no answer")
    assert get(rig.metrics, method="HEAD")[2] == ""


@case("a page of another site cannot read along (DNS rebinding)")
def rebinding(rig):
    for host, code in (("attacker.example", 403), ("attacker.example:9325", 403),
                       ("127.0.0.1.attacker.example", 403), ("localhost.example", 403),
                       ("127.0.0.1", 200), ("127.0.0.1:9325", 200), ("[::1]:9325", 200),
                       ("localhost", 200), ("LOCALHOST:9325", 200), ("", 403)):
        got = get(rig.metrics, headers={"Host": host})[0]
        assert got == code, (host, got)
    assert get(rig.control, headers={"Host": "any.example"})[0] == 200


@case("200 connections that say nothing, slow ones, and ones that never read")
def slow_clients(rig):
    begun = time.monotonic()
    idle = [connect(rig.metrics) for _ in range(100)]
    slow = [connect(rig.control) for _ in range(100)]
    for sock in slow[:50]:
        sock.sendall(b"GET /metrics HT")
    for sock in slow[50:]:
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 1)
        sock.sendall(b"GET /status HTTP/1.1\r\nHost: localhost\r\n\r\n")
    try:
        n = rig.count_descriptors()
        assert n <= rig.descriptors + 40, f"{n} descriptors"
        took = []
        for _ in range(20):
            at = time.monotonic()
            assert rig.one().action == "continue"
            took.append(time.monotonic() - at)
        assert max(took) < 5, took
        # those that mean well get their turn
        assert scrape(rig.metrics, timeout=30)
        assert get(rig.control, "/status", timeout=30)[0] == 200
        assert time.monotonic() - begun < 30
        rig.reload()
    finally:
        for sock in idle + slow:
            sock.close()


@case("one that sends a byte at a time is sent away")
def trickle(rig):
    with connect(rig.metrics) as sock:
        begun, n = time.monotonic(), 0
        data = b"GET /metrics HTTP/1.1\r\nHost: localhost\r\nX: " + b"y" * 1000
        try:
            while time.monotonic() - begun < 30:
                sock.sendall(data[n:n + 1])
                n += 1
                time.sleep(0.1)
        except ConnectionError:
            pass
        took = time.monotonic() - begun
        assert 5 < took < 20, took


def tasks_cpu(pid):
    return sum(int(v) for v in
               pathlib.Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[11:13])


@case("descriptors run out: mail goes first, and nothing spins")
def no_descriptors(rig):
    limit = resource.prlimit(rig.pid, resource.RLIMIT_NOFILE)
    rig.one()
    held = []
    try:
        # the server has noted the limit at its start: a low one wants a new worker
        resource.prlimit(rig.pid, resource.RLIMIT_NOFILE, (rig.count_descriptors(), limit[1]))
        held = [connect(rig.metrics) for _ in range(10)]
        before, begun = tasks_cpu(rig.pid), time.monotonic()
        time.sleep(2)
        used = (tasks_cpu(rig.pid) - before) / os.sysconf("SC_CLK_TCK")
        assert used < 0.5, f"{used} s of CPU in {time.monotonic() - begun:.1f} s"
    finally:
        resource.prlimit(rig.pid, resource.RLIMIT_NOFILE, limit)
        for sock in held:
            sock.close()
    wait_for(lambda: get(rig.metrics)[0] == 200, what="an answer")


@case("descriptors are short: the last are for mail", rig="killed")
def few_descriptors(rig):
    rig.daemon.stop()
    rig.daemon.start(preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_NOFILE, (128, 128)))
    rig.watch()
    assert get(rig.metrics)[0] == 200
    mail = []
    try:
        while rig.count_descriptors() < 128 - 60:       # HTTP_SPARE_FDS is 64
            mail.append(rig.open())
            mail[-1].begin()
        assert talk(rig.metrics, b"GET /metrics HTTP/1.1\r\n\r\n") == b""
        page = run_status(rig)
        assert page.returncode == 2, page
        for m in mail:
            assert m.message().action == "continue"
    finally:
        for m in mail:
            m.close()
    wait_for(lambda: talk(rig.metrics, b"GET /metrics HTTP/1.0\r\n\r\n"), what="an answer")
    rig.daemon.stop()
    rig.daemon.start()
    rig.watch()
    rig.descriptors += 3


# ---- other lives ----

@case("a worker killed before it has taken a configuration: the next one has, and it is told",
      rig="killed")
def killed_before_it_took(rig):
    generation = status_of(rig)["config"]["generation"]
    rig.daemon.write("modus = audit\n")
    rig.daemon.process.send_signal(signal.SIGHUP)
    wait_for(lambda: status_of(rig)["config"]["error"], what="the error")
    os.kill(rig.pid, signal.SIGSTOP)
    seen = rig.daemon.read_log().count("configuration reloaded")
    rig.configure()
    rig.daemon.process.send_signal(signal.SIGHUP)
    time.sleep(0.5)             # the master reads it and hands it over
    os.kill(rig.pid, signal.SIGKILL)
    wait_for(lambda: rig.daemon.worker_pid() not in (None, rig.pid), what="a new worker")
    assert rig.daemon.wait_log("configuration reloaded", seen + 1)
    rig.watch()
    wait_for(lambda: talk(rig.metrics, b"GET /metrics HTTP/1.0\r\n\r\n"), what="an answer")
    now = status_of(rig)["config"]
    assert not now["error"] and now["generation"] == generation + 1, now
    assert value(scrape(rig.metrics), "mailworthy_config_last_reload_successful") == 1
    rig.daemon.stop()
    rig.daemon.start()
    rig.watch()


@case("a worker killed: the same sockets serve again, counters begin anew", rig="killed")
def killed(rig):
    inode = os.stat(rig.daemon.control).st_ino
    for shape in SHAPES:
        rig.one(**shape)
    assert value(scrape(rig.metrics), "mailworthy_messages_total") >= len(SHAPES)
    os.kill(rig.pid, signal.SIGKILL)
    wait_for(lambda: rig.daemon.worker_pid() not in (None, rig.pid), what="a new worker")
    rig.watch()
    rig.descriptors += 5    # what is opened at first use
    families = scrape(rig.metrics, timeout=20)
    assert value(families, "mailworthy_worker_restarts_total") == 1
    assert value(families, "mailworthy_messages_total") == 0
    assert os.stat(rig.daemon.control).st_ino == inode
    assert stat.S_IMODE(os.stat(rig.daemon.control).st_mode) == 0o660
    page = run_status(rig)
    assert page.returncode == 1 and "started again" in page.stdout, page
    rig.one()
    assert value(scrape(rig.metrics), "mailworthy_messages_total") == 1


@case("status: the name the MTA calls itself is judged when it is known", rig="killed")
def mta_name(rig):
    text = rig.daemon.config.read_text()
    auto = text.replace('helo = "mail.example.com"', "helo = auto")
    assert text != auto

    def helos(key="helo"):
        return {egress[key] for egress in status_of(rig)["egress"]}
    assert helos("helo_from") == {"configuration"}, status_of(rig)["egress"]
    try:
        rig.daemon.config.write_text(auto)
        before, pid = status_of(rig)["config"]["generation"], rig.daemon.worker_pid()
        rig.daemon.process.send_signal(signal.SIGHUP)
        wait_for(lambda: status_of(rig)["config"]["generation"] > before, what="a reload")
        os.kill(pid, signal.SIGKILL)        # the next one has heard no name
        wait_for(lambda: rig.daemon.worker_pid() not in (None, pid), what="a new worker")
        rig.watch()
        wait_for(lambda: status_of(rig)["egress"], what="a look at the egress")
        assert helos() != {"mail.example.com"}, status_of(rig)["egress"]
        rig.one()
        wait_for(lambda: helos() == {"mail.example.com"}, what="a look with the name")
        assert status_of(rig)["egress"][0]["helo_leads_here"] is True, status_of(rig)["egress"]
        assert helos("helo_from") == {"macro"}, status_of(rig)["egress"]
        page = run_status(rig).stdout
        assert "HELO mail.example.com (as the MTA calls itself), which" in \
            " ".join(page.split()), page
    finally:
        rig.daemon.config.write_text(text)
        rig.reload()


@case("a stop waits for no client", rig="killed")
def stop(rig):
    held = [connect(rig.metrics) for _ in range(30)] + [connect(rig.control)]
    begun = time.monotonic()
    assert rig.daemon.stop() == 0, rig.daemon.read_log()[-2000:]
    took = time.monotonic() - begun
    assert took < 5, took
    for sock in held:
        sock.close()
    assert not rig.daemon.control.exists()
    page = run_status(rig)
    assert page.returncode == 2 and "mailworthyd does not run" in page.stderr, page
    with socket.socket(socket.AF_UNIX) as stale:        # as after kill -9 of both
        stale.bind(str(rig.daemon.control))
    page = run_status(rig)
    assert page.returncode == 2 and "mailworthyd does not run" in page.stderr, page
    rig.daemon.start()
    rig.watch()
    assert run_status(rig).returncode == 0


@case("sockets that cannot be had: control is a warning, metrics an error", rig="killed")
def sockets_in_use(rig):
    log = rig.dir / "other"
    log.mkdir()
    common = ('user = ""\nsocket-group = ""\nlog = stderr\n'
              f'socket = "unix:{log}/mw.sock"\nstate-dir = "{log}"\n'
              f'resolver {{ servers = {{"127.0.0.1@{rig.dns.port}"}} }}\n')
    conf = log / "conf"

    def run(extra):
        conf.write_text(common + extra)
        with open(log / "log", "w") as out:
            return subprocess.Popen([str(rig.build / "mailworthyd"), "-f", "-c", str(conf)],
                                    stdout=out, stderr=out)

    def said():
        return (log / "log").read_text()
    port = rig.metrics.rpartition(":")[2]
    first = run(f'control = ""\nmetrics = "inet:127.0.0.1:{port}"\n')
    assert first.wait(20) == 1
    assert f"metrics inet:127.0.0.1:{port}: cannot listen: Address already in use" in said(), \
        said()
    for control, why in ((rig.control, "another daemon answers there"),
                         (f"unix:{log}/no/such/control.sock", "No such file")):
        other = run(f'control = "{control}"\n')
        wait_for(lambda: "ready:" in said() or other.poll() is not None, what="a start")
        other.terminate()
        assert other.wait(20) == 0, said()
        assert "control " in said() and why in said(), said()
    page = subprocess.run([str(rig.build / "mailworthy"), "status", "-c", str(conf)],
                          capture_output=True, text=True)
    assert page.returncode == 2 and "there is no socket" in page.stderr, page
    conf.write_text(common + 'control = ""\n')
    page = subprocess.run([str(rig.build / "mailworthy"), "status", "-c", str(conf)],
                          capture_output=True, text=True)
    assert page.returncode == 2 and 'control = ""' in page.stderr, page
    assert run_status(rig).returncode in (0, 1)      # the first one was not disturbed


def main():
    build = sys.argv[1]
    return run_cases({None: lambda: rig_of(build), "killed": lambda: rig_of(build)},
                     *sys.argv[2:3])


if __name__ == "__main__":
    sys.exit(main())
