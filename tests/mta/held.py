#!/usr/bin/python3
"""What is held is not held in silence, through a real Postfix: `mailworthy held`
beside the queue, the digests of `mailworthy notify` at the sink, and what leaves
when a message is released.

    held.py BUILD [sendmail]
"""

import json
import os
import pathlib
import re
import shlex
import signal
import subprocess
import sys
import time
import traceback

HERE = pathlib.Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parent / "lib"))

from chain import Chain  # noqa: E402
from mta import chosen  # noqa: E402
from postfix import free_port  # noqa: E402
from sendmail import Sendmail  # noqa: E402

ZONE = """\
example.net A 192.0.2.20
example.net MX 10 mail.example.net
mail.example.net A 192.0.2.20
example.com A 192.0.2.10
example.com MX 10 mail.example.com
example.com TXT "v=spf1 ip4:192.0.2.10 -all"
_dmarc.example.com TXT "v=DMARC1; p=none; rua=mailto:dmarc@example.com"
mail.example.com A 192.0.2.10
mail.example.com TXT "v=spf1 ip4:192.0.2.10 -all"
10.2.0.192.in-addr.arpa PTR mail.example.com
"""

CONFIG = """\
mode = enforce
socket-group = "{group}"
user = ""
repair = {{}}
notify = "postmaster@example.com"
sendmail-command = "{sendmail}"
egress "default" {{ addresses = {{"192.0.2.10"}} helo = "mail.example.com" }}
resolver {{ servers = {{"127.0.0.1@{port}"}} }}
domain "example.com" {{ key "s1" {{ file = "{keys}/example.com.s1.pem" }} }}
check "subject-missing" {{ action = hold }}
check "header-duplicate" {{ action = reject }}
{more}
"""

failed = 0


def report(name, good, why=""):
    global failed
    failed += not good
    print(("ok " if good else "not ok ") + "held " + name)
    if not good:
        print("\n".join("    " + line for line in str(why).splitlines()))
    sys.stdout.flush()


def message(name, subject="Invoice", more=""):
    lines = ["From: Billing <billing@example.com>", "To: anna@example.net",
             "Date: Mon, 02 Mar 2026 10:00:00 +0000", f"Message-ID: <{name}@example.com>"]
    if subject is not None:
        lines.append("Subject: " + subject)
    return "\r\n".join(lines) + "\r\n" + more + f"\r\nYour invoice {name} is here.\r\n"


class Rig(Chain):
    """And the tool, with the MTA's commands."""

    def __init__(self, build, published=True, more=""):
        super().__init__(build, "postfix", ZONE, CONFIG, published=published, more=more,
                         sendmail="")
        self.configure(sendmail=f"{self.mta.root}/usr/sbin/sendmail")

    def send(self, text, **kwargs):
        return super().send(text.encode(), **kwargs)

    def tool(self, *args):
        return subprocess.run(
            [f"{self.build}/mailworthy", args[0], "--config", str(self.daemon.config),
             *args[1:]], env=self.mta.env, capture_output=True, text=True)

    def held(self, *args):
        run = self.tool("held", "--json", *args)
        if run.returncode != 0:
            raise RuntimeError(run.stderr)
        return json.loads(run.stdout)

    def digests(self):
        return [body.decode() for _, _, body in self.sink.find("X-Mailworthy-Notice:")]

    def wait_digests(self, n, seconds=20):
        end = time.monotonic() + seconds
        while len(self.digests()) < n and time.monotonic() < end:
            time.sleep(0.1)
        self.mta.wait_idle(10)
        return len(self.digests())

    def forget_hour(self, hours=1):
        """As if the last mails had been sent an hour earlier."""
        path = self.daemon.state / "notify.state"
        lines = []
        for line in path.read_text().splitlines():
            words = line.split()
            at = {"mail": 1, "cause": 2}.get(words[0])
            if at is not None and int(words[at]) > 0:
                words[at] = str(int(words[at]) - 3600 * hours)
            lines.append(" ".join(words))
        path.write_text("\n".join(lines) + "\n")


def check_held(rig):
    rig.send(message("h1", None))
    rig.send(message("ok1"))
    rig.mta.wait_idle()
    got = rig.held()
    one = got["messages"][0] if got["messages"] else {}
    report("a held message is listed with cause, fix and release",
           len(got["messages"]) == 1 and one["state"] == "held" and
           one["cause"] == "subject-missing" and one["fix"] and one["signed"] and
           one["release"] == f"postsuper -H {one['queue_id']}" and
           got["queue"] == {"mta": "postfix", "error": None, "on_hold": 1}, got)
    ident = one["queue_id"]
    text = rig.tool("held").stdout
    report("the list is for people", "1 message is on hold" in text and ident in text and
           "subject-missing" in text and "postsuper -H" in text, text)
    text = rig.tool("held", ident).stdout
    report("one in full has findings and receivers", "What was found" in text and
           "What the receivers would say" in text and "yes, before it was held" in text, text)
    report("an id that is unknown is an error",
           rig.tool("held", "NOSUCH").returncode == 1, rig.tool("held", "NOSUCH"))

    rig.mta._command("postsuper", "-H", ident)
    rig.mta.flush()
    arrived = rig.sink.wait(2) and rig.sink.find("<h1@example.com>")
    report("a released message leaves signed", bool(arrived) and
           b"DKIM-Signature" in arrived[0][2], rig.mta.read_log()[-2000:])
    rig.mta.wait_idle()
    got = rig.held()
    report("it is not listed any more", got["messages"] == [], got)
    one = rig.held("--all")["messages"][0]
    report("--all tells that it is gone, and between when", one["state"] == "gone" and
           one["seen_held"] and one["seen_gone"] and one["seen_held"] <= one["seen_gone"], one)

    rig.send(message("h2", None))
    rig.mta.wait_idle()
    ident = rig.held()["messages"][0]["queue_id"]
    rig.mta._command("postsuper", "-d", ident)
    states = {m["queue_id"]: m["state"] for m in rig.held("--all")["messages"]}
    report("a deleted message is gone", states[ident] == "gone", states)

    rig.send(message("ok2"))
    rig.mta._command("postconf", "defer_transports=smtp")
    rig.mta.reload()
    rig.send(message("byhand"))
    rig.mta.wait_idle()
    ident = rig.mta.queue_list()[0]["queue_id"]
    rig.mta._command("postsuper", "-h", ident)
    got = rig.held()["messages"]
    report("what others hold is listed, too", len(got) == 1 and not got[0]["ours"] and
           got[0]["queue_id"] == ident, got)
    rig.mta._command("postsuper", "-d", ident)
    rig.mta._command("postconf", "-X", "defer_transports")
    rig.mta.reload()

    user = subprocess.run(
        ["setpriv", "--reuid=nobody", "--regid=nogroup", "--clear-groups",
         f"{rig.build}/mailworthy", "held", "--config", str(rig.daemon.config)],
        env=rig.mta.env, capture_output=True, text=True)
    report("who may not read the journal is told what to do", user.returncode == 2 and
           "cannot read" in user.stderr and "as root" in user.stderr, user)


def show(rig):
    """What the tests read, for people: held.py BUILD --show"""
    rig.send(message("s1", None))
    rig.send(message("s2", None, "X-Note: \xe4\r\n"))
    rig.send(message("s3", "Rechnung f=C3=BCr M=C3=A4rz", "Subject: =?utf-8?q?f=C3=BCr?=\r\n"))
    rig.mta.wait_idle()
    print(rig.tool("held").stdout)
    print(rig.tool("held", rig.held()["messages"][0]["queue_id"]).stdout)
    print(rig.tool("notify", "--print").stdout)


def check_digests(rig):
    run = rig.tool("notify")
    report("held messages are told at once, of one cause in one mail",
           run.returncode == 0 and rig.wait_digests(1) == 1, (run, rig.digests()))
    text = (rig.digests() or [""])[0]
    report("the digest says what, why, how to mend and release",
           "Subject: [mailworthy] 2 messages held: subject-missing" in text and
           "How to mend it" in text and "billing@example.com" in text and
           "postsuper -H ID" in text and "Auto-Submitted: auto-generated" in text, text)
    sender = [m[0] for m in rig.sink.find("X-Mailworthy-Notice:")]
    report("it has the null sender", sender and sender[0].startswith("<>"), sender)
    report("it is signed", "DKIM-Signature" in text, text)
    for _ in range(3):
        rig.tool("notify")
    rig.send(message("h3", None))
    rig.tool("notify")
    shown = rig.tool("notify", "--print").stdout
    report("no second mail about a cause within the hour", rig.wait_digests(2, 2) == 1,
           rig.digests())
    report("--print tells what waits", "hold/subject-missing: 1 more" in shown, shown)

    twice = "Subject: one\r\n"
    replies = {rig.send(message(f"r{i}", "two", twice))[:3] for i in range(100)}
    rig.tool("notify")
    report("100 refusals of one cause are one mail with the count",
           rig.wait_digests(2) == 2 and
           "100 messages refused: header-duplicate" in rig.digests()[-1],
           (replies, rig.digests()[-1:]))
    rig.forget_hour()
    rig.tool("notify")
    report("an hour later what came since is told, once", rig.wait_digests(3) == 3 and
           "1 message held: subject-missing" in rig.digests()[-1], rig.digests())
    rig.tool("notify")
    rig.forget_hour()
    rig.tool("notify")
    report("and nothing twice", rig.wait_digests(4, 2) == 3, rig.digests()[-1])


def check_failing(rig):
    """The sendmail command fails, or the state cannot be written: nothing is lost."""
    rig.forget_hour(2)
    rig.send(message("h4", None))
    config = rig.daemon.config.read_text()
    rig.daemon.config.write_text(re.sub(r'sendmail-command = .*',
                                        'sendmail-command = "/bin/false"', config))
    run = rig.tool("notify")
    report("a sendmail that fails is said", run.returncode == 1 and "cannot tell" in run.stderr,
           run)
    rig.daemon.config.write_text(config)
    before = len(rig.digests())
    rig.tool("notify")
    report("and the next run tells", rig.wait_digests(before + 1) == before + 1,
           rig.digests()[before:])

    rig.forget_hour(2)
    rig.send(message("h5", None))
    with open(rig.daemon.state / "notify.lock") as held:
        import fcntl
        fcntl.flock(held, fcntl.LOCK_EX)
        run = rig.tool("notify")
        report("two at once exclude each other", run.returncode == 0 and
               "another" in run.stderr, run)
    # killed while sendmail runs: it is not known whether it was sent
    slow = rig.scratch / "slow"
    slow.write_text(f"#!/bin/sh\ntouch {rig.scratch}/begun\nexec sleep 30\n")
    slow.chmod(0o755)
    rig.daemon.config.write_text(re.sub(r'sendmail-command = .*',
                                        f'sendmail-command = "{slow}"', config))
    process = subprocess.Popen([f"{rig.build}/mailworthy", "notify", "--config",
                                str(rig.daemon.config)], env=rig.mta.env)
    end = time.monotonic() + 10
    while not (rig.scratch / "begun").exists() and time.monotonic() < end:
        time.sleep(0.05)
    process.kill()
    process.wait()
    rig.daemon.config.write_text(config)
    before = len(rig.digests())
    rig.tool("notify")
    within = rig.wait_digests(before + 1, 2)
    rig.forget_hour()
    rig.tool("notify")
    report("after a crash while sending: not twice in the hour, and not lost",
           within == before and rig.wait_digests(before + 1) == before + 1,
           (within, before, rig.digests()[before:]))


def check_no_loop(rig):
    """Every check there is refuses or holds; the digests go through all the same."""
    listing = subprocess.run([f"{rig.build}/mailworthy", "explain"], capture_output=True,
                             text=True).stdout
    ids = [line.split()[0] for line in listing.splitlines() if " weight " in line]
    more = "hold-below = 10\n" + "".join(
        f'check "{i}" {{ action = {"hold" if n % 2 else "reject"} }}\n'
        for n, i in enumerate(ids) if i not in ("subject-missing", "header-duplicate"))
    rig.configure(more=more)
    rig.daemon.process.send_signal(signal.SIGHUP)
    rig.daemon.wait_log("reloaded", 1)
    rig.forget_hour(2)
    rig.send(message("l1", None))
    before = len(rig.digests())
    rig.tool("notify")
    arrived = rig.wait_digests(before + 1)
    for _ in range(3):
        rig.forget_hour(2)
        rig.tool("notify")
    report("with every check set to hold or reject a digest arrives, and none about it",
           len(ids) > 100 and arrived == before + 1 and
           rig.wait_digests(before + 2, 2) == before + 1,
           (len(ids), rig.digests()[before:], rig.daemon.read_log()[-1500:]))

    # the digest itself fails: its recipient's host refuses it
    rig.forget_hour(2)
    rig.send(message("l2", None))
    events = len(rig.daemon.records())
    rig.mta._command("postconf", "relayhost=", "default_transport=error:5.1.1 no such user")
    rig.mta.reload()
    rig.tool("notify")
    rig.mta.wait_idle()
    time.sleep(1)
    for _ in range(3):
        rig.forget_hour(2)
        rig.tool("notify")
        rig.mta.wait_idle()
    left = [q for q in rig.mta.queue_list() if q["queue_name"] != "hold"]
    report("a digest that bounces multiplies nothing",
           rig.mta.read_log().count("status=bounced") == 1 and
           len(rig.daemon.records()) == events + 1 and not left,
           (left, rig.mta.read_log()[-1500:], [r["queue_id"] for r in rig.daemon.records()[events:]]))


def check_by_score(rig):
    """Held by hold-below: the two scores, and which findings are behind which."""
    rig.send(message("s1", "PAY YOUR INVOICE OF TODAY NOW!!!!"))
    rig.mta.wait_idle()
    one = rig.held()["messages"][0]
    counts = {f["id"]: f["id"] == "date-past" for f in one["findings"]}
    text = rig.tool("held", one["queue_id"]).stdout
    heads = {words[1].rstrip(","): "does not count towards hold-below" not in line
             for line in text.splitlines() if re.match(r"  \d\.\d  ", line)
             for words in [line.split()]}
    report("by its score: says which findings count towards that",
           "of 10, by all findings" in text and "format and deception score" in text and
           len(heads) > 1 and heads == counts, (counts, text))


def check_unsigned(build):
    """Mail of this host that cannot be signed is held; released it would leave
    unsigned, sent again it leaves signed."""
    with Rig(build, published=False) as rig:
        sightings = rig.daemon.state / "sightings"
        end = time.monotonic() + 30
        while time.monotonic() < end and not (
                sightings.exists() and "missing" in sightings.read_text()):
            time.sleep(0.2)
        rig.daemon.stop()
        lines = sightings.read_text().splitlines()
        parts = lines[1].split("\t")
        now = int(time.time())
        # NAME FINGERPRINT STATE SINCE LAST LAST_MATCH TTL FIRST_BAD SECOND_BAD EXPIRES ...
        parts[3], parts[4], parts[7], parts[8], parts[9] = (
            str(now - 300), str(now - 60), str(now - 300), str(now - 60), str(now + 3000))
        sightings.write_text("\n".join([lines[0], "\t".join(parts), ""]))
        rig.daemon.start()
        rig.mta.sendmail("billing@example.com", ["anna@example.net"],
                             message("u1").replace("\r\n", "\n").encode())
        rig.mta.wait_idle()
        got = rig.held()["messages"]
        report("local mail that cannot be signed is held, with no way to release it unsigned",
               len(got) == 1 and got[0]["cause"] == "dkim-cannot-sign" and
               not got[0]["signed"] and got[0]["release"] is None, got)
        if len(got) != 1:
            return
        ident = got[0]["queue_id"]
        text = rig.tool("held").stdout
        report("the list warns and names --again", "would leave unsigned" in text and
               f"held --again {ident}" in text and "postsuper -H" not in text, text)
        rig.tool("notify")
        arrived = rig.wait_digests(1)
        text = (rig.digests() or [""])[0]
        report("a digest leaves, though its domain cannot be signed", arrived == 1 and
               "--again ID" in text and "postsuper -H" not in text,
               (text, rig.daemon.read_log()[-1500:]))

        run = rig.tool("held", "--again", ident)
        rig.mta.wait_idle()
        got = rig.held()["messages"]
        report("sent again too early it is held again", run.returncode == 0 and
               len(got) == 1 and got[0]["queue_id"] != ident, (run, got))
        rig.publish()
        rig.daemon.stop()
        ident = got[0]["queue_id"]
        run = rig.tool("held", "--again", ident)
        report("without the daemon it is not sent: it would leave unsigned",
               run.returncode == 1 and "without mailworthyd" in run.stderr and
               [m["queue_id"] for m in rig.held()["messages"]] == [ident], run)
        sightings.unlink()
        rig.daemon.start()
        rig.tool("mode", "audit")
        run = rig.tool("held", "--again", ident)
        report("nor in audit mode", run.returncode == 1 and "in audit mode" in run.stderr and
               [m["queue_id"] for m in rig.held()["messages"]] == [ident], run)
        rig.tool("mode", "file")
        rig.daemon.wait_log("mode: as the configuration says")
        run = rig.tool("held", "--again", ident)
        found = rig.sink.wait(2) and rig.sink.find("<u1@example.com>")
        good = bool(found) and any(g for _, _, g in rig.verifiers.python(found[0][2]))
        report("when the cause is mended it leaves once, signed", run.returncode == 0 and
               len(found or []) == 1 and good and rig.held()["messages"] == [],
               (run, good, rig.mta.read_log()[-1500:]))


def check_sendmail(build):
    """The same with Sendmail, whose queue has other names."""
    with Rig(build) as rig:
        rig.daemon.stop()
        rig.mta.stop()
        port = free_port()
        rig.daemon.socket = f"inet:127.0.0.1:{port}"
        mta = Sendmail(rig.scratch / "sendmail", f"127.0.0.1:{rig.sink.port}",
                       milters=f"inet:{port}@127.0.0.1")
        wrapper = rig.scratch / "bin/sendmail"
        wrapper.parent.mkdir()
        wrapper.write_text(f"""#!/bin/sh
case $1 in
-i) exec {shlex.join(mta.named)} -Ac -C{mta.submit} "$@" ;;
*) exec {shlex.join(mta.named)} -C{mta.config} "$@" ;;
esac
""")
        wrapper.chmod(0o755)
        more = 'check "header-8bit" { action = reject }\nhold-below = 10\n'
        rig.configure(more=more)
        rig.daemon.config.write_text(re.sub(
            r"sendmail-command = .*", f'sendmail-command = "{wrapper}"',
            rig.daemon.config.read_text()))
        rig.mta.env = dict(mta.env, PATH=f"{wrapper.parent}:{os.environ['PATH']}")
        rig.daemon.start()
        with mta:
            rig.mta.port = mta.port
            rig.send(message("s1", None))
            got = rig.held()
            one = (got["messages"] or [{}])[0]
            report("sendmail: a quarantined message is listed", len(got["messages"]) == 1 and
                   got["queue"]["mta"] == "sendmail" and one["state"] == "held" and
                   one["cause"] == "subject-missing" and one["signed"], got)
            run = rig.tool("notify")
            end = time.monotonic() + 20
            while not rig.digests() and time.monotonic() < end:
                time.sleep(0.1)
                mta.flush()
            report("sendmail: a digest arrives, though such mail would be held",
                   run.returncode == 0 and len(rig.digests()) == 1 and
                   one["release"].replace(one["queue_id"], "ID") in rig.digests()[0],
                   (run, rig.digests(), rig.held(), mta.read_log()[-1000:]))
            subprocess.run(["sh", "-c", one["release"]], env=rig.mta.env)
            found = rig.sink.wait(2) and rig.sink.find("<s1@example.com>")
            report("sendmail: released with the command shown it leaves signed",
                   bool(found) and b"DKIM-Signature" in found[0][2], mta.queue_list())
            mta.wait_idle()
            got = rig.held("--all")["messages"]
            report("sendmail: and is gone", len(got) == 1 and got[0]["state"] == "gone", got)
            run = rig.tool("held", "--again", one["queue_id"])
            report("sendmail: --again is not for it", run.returncode == 2 and
                   "for Postfix" in run.stderr, run)


def main():
    build = str(pathlib.Path(sys.argv[1]).resolve())
    if "--show" in sys.argv:
        with Rig(build) as rig:
            show(rig)
        return 0
    try:
        if chosen(sys.argv) == "sendmail":
            check_sendmail(build)
        else:
            with Rig(build) as rig:
                check_held(rig)
                check_digests(rig)
                check_failing(rig)
                check_no_loop(rig)
            with Rig(build, more="hold-below = 9.5\n") as rig:
                check_by_score(rig)
            check_unsigned(build)
    except Exception:
        report("runs to its end", False, traceback.format_exc())
    return failed > 0


if __name__ == "__main__":
    sys.exit(main())
