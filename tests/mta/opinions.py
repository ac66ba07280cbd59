#!/usr/bin/python3
"""Second opinions of the real SpamAssassin, Rspamd and ClamAV, each with rules
of the test alone: what they say of a message is what mailworthy reports."""

import json
import os
import pathlib
import shutil
import socket
import subprocess
import sys
import tempfile
import time

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "lib"))

MESSAGE = """\
From: Alice <alice@example.com>
To: Bob <bob@example.net>
Subject: Lunch on Tuesday
Date: Sat, 21 Nov 2026 12:00:00 +0000
Message-ID: <lunch.1@example.com>
MIME-Version: 1.0
Content-Type: text/plain; charset=utf-8

Shall we meet at noon?
{}
"""

RSPAMD = """\
options {{
    filters = "regexp";
    pidfile = "{dir}/rspamd.pid"; tempdir = "{dir}"; hs_cache_dir = "{dir}";
    cache_file = "{dir}/symbols.cache"; control_socket = "{dir}/control.sock mode=0600";
    url_tld = "{dir}/suffixes.dat"; local_addrs = [];
    dns {{ nameserver = ["127.0.0.1:9"]; timeout = 0.1s; retransmits = 1; sockets = 1; }}
}}
logging {{ type = "file"; filename = "{dir}/rspamd.log"; level = "warning"; }}
worker "normal" {{ bind_socket = "127.0.0.1:{port}"; count = 1; }}
modules {{ path = "/usr/share/rspamd/plugins/force_actions.lua"; }}
actions {{ reject = 15; add_header = 6; }}
regexp {{ "OWN_SYMBOL" = {{ re = "/mailworthy-heavy-word/P{{mime}}"; score = 9.0; }} }}
group "own" {{ symbols = {{ "OWN_SYMBOL" {{ weight = 9.0; }} }} }}
"""

failures = 0


def report(good, what, detail=""):
    global failures
    failures += not good
    print(f"{'ok' if good else 'not ok'} opinions {what}" +
          (f"\n    {detail}" if detail and not good else ""), flush=True)


def free_port():
    with socket.socket() as s:
        s.bind(("127.0.0.1", 0))
        return s.getsockname()[1]


def wait_for(what, connect, seconds=90):
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        try:
            connect().close()
            return
        except OSError:
            time.sleep(0.1)
    raise RuntimeError(f"{what} did not start")


def over_tcp(port):
    return lambda: socket.create_connection(("127.0.0.1", port), 1)


def over_unix(path):
    def connect():
        s = socket.socket(socket.AF_UNIX)
        s.connect(str(path))
        return s
    return connect


def start_spamd(scratch):
    rules = scratch / "sa"
    rules.mkdir()
    (rules / "init.pre").write_text("loadplugin Mail::SpamAssassin::Plugin::Check\n")
    (rules / "local.cf").write_text(
        "required_score 5\nskip_rbl_checks 1\ndns_available no\nutil_rb_tld com net\nbody OWN_WORD /mailworthy-heavy-word/\nscore OWN_WORD 7.5\n"
        "body OWN_LIGHT /Shall we meet/\nscore OWN_LIGHT 0.5\n")
    port = free_port()
    process = subprocess.Popen(
        ["/usr/sbin/spamd", "-i", "127.0.0.1", "-p", str(port), "-m", "1", "-x", "-L",
         "-u", "nobody", "-H", str(scratch), "-C", str(rules),
         f"--siteconfigpath={rules}", "-r", str(scratch / "spamd.pid"),
         "-s", str(scratch / "spamd.log")],
        stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    return process, f"inet:127.0.0.1:{port}", lambda: wait_for("spamd", over_tcp(port))


def start_rspamd(scratch):
    where = scratch / "rspamd"
    where.mkdir()
    where.chmod(0o777)
    (where / "suffixes.dat").write_text("com\nnet\n")
    port = free_port()
    (where / "rspamd.conf").write_text(RSPAMD.format(dir=where, port=port))
    process = subprocess.Popen(
        ["rspamd", "-f", "-u", "_rspamd", "-g", "_rspamd", "-c", str(where / "rspamd.conf")],
        stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    return process, f"inet:127.0.0.1:{port}", lambda: wait_for("rspamd", over_tcp(port))


def start_clamd(scratch):
    where = scratch / "clamd"
    (where / "db").mkdir(parents=True)
    # a signature of the test's own: any file with these words
    words = "mailworthy-virus-word".encode().hex()
    (where / "db" / "own.ndb").write_text(f"Own.Word:0:*:{words}\n")
    conf = where / "clamd.conf"
    conf.write_text(f"Foreground yes\nLocalSocket {where}/clamd.sock\n"
                    f"DatabaseDirectory {where}/db\nLogFile {where}/clamd.log\n")
    for path in (where, where / "db"):
        path.chmod(0o755)
    process = subprocess.Popen(["/usr/sbin/clamd", "-c", str(conf)],
                               stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    return process, f"unix:{where}/clamd.sock", \
        lambda: wait_for("clamd", over_unix(where / "clamd.sock"))


def stop(processes):
    for process in processes:
        process.terminate()
        try:
            process.wait(20)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


def judge(build, scratch, services, text):
    """The findings and what could not be told, each by id."""
    (scratch / "mailworthy.conf").write_text(
        f'state-dir = "{scratch}"\nopinions {{\n' +
        "".join(f'\t{name} = "{where}"\n' for name, where in services.items()) +
        "\ttimeout = 20\n}\n")
    (scratch / "zone").write_text("example.com A 192.0.2.1\n")
    message = scratch / "message.eml"
    message.write_text(MESSAGE.format(text))
    run = subprocess.run(
        [str(pathlib.Path(build, "mailworthy")), "check", "--json",
         "-c", str(scratch / "mailworthy.conf"), "--zone", str(scratch / "zone"),
         str(message)], capture_output=True, text=True, timeout=120)
    try:
        record = json.loads(run.stdout)
    except ValueError:
        raise RuntimeError(run.stdout + run.stderr) from None
    findings = {x["id"]: x["text"] for x in record["findings"]}
    return findings, {x["id"] for x in record["details"]["not_told"]}


def main():
    build = sys.argv[1]
    scratch = pathlib.Path(tempfile.mkdtemp(prefix="mailworthy-opinions-"))
    scratch.chmod(0o755)
    processes = []
    try:
        services, waits = {}, []
        for name, start in (("spamassassin", start_spamd), ("rspamd", start_rspamd),
                            ("clamav", start_clamd)):
            process, services[name], wait = start(scratch)
            processes.append(process)
            waits.append(wait)
        for wait in waits:
            wait()
        findings, unknown = judge(build, scratch, services, "")
        ids = [f"opinion-{x}" for x in services]
        report(not any(x in findings for x in ids), "nothing is said of a good message",
               str(findings))
        report(not any(x in unknown for x in ids), "all three gave an answer", str(unknown))
        findings, _ = judge(build, scratch, services, "mailworthy-heavy-word")
        text = findings.get("opinion-spamassassin", "")
        report("8.0 points, its limit is 5.0" in text and "OWN_WORD" in text,
               "SpamAssassin's points and rules", str(findings))
        virus, _ = judge(build, scratch, services, "mailworthy-virus-word")
        report("Own.Word" in virus.get("opinion-clamav", ""), "ClamAV's finding",
               str(virus))
        text = findings.get("opinion-rspamd", "")
        report("9.0 points, it refuses from 15.0 on" in text and "OWN_SYMBOL" in text,
               "Rspamd's points and symbols", str(findings))
        big = "mailworthy-heavy-word\n" + "A line that makes the message long.\n" * 60000
        findings, unknown = judge(build, scratch, services, big)
        report("opinion-clamav" not in findings and
               "opinion-clamav" not in unknown and
               "opinion-rspamd" not in unknown, "two megabytes arrive whole",
               f"{findings} {unknown}")
        stop(processes)
        findings, unknown = judge(build, scratch, services, "mailworthy-virus-word")
        report(not any(x in findings for x in ids) and all(x in unknown for x in ids),
               "all down: unknown", f"{findings} {unknown}")
    finally:
        stop(processes)
        shutil.rmtree(scratch, ignore_errors=True)
    return 1 if failures else 0


if __name__ == "__main__":
    os.umask(0o022)
    sys.exit(main())
