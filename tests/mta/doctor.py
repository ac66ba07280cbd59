#!/usr/bin/python3
"""mailworthy doctor on a real Postfix: what it reads of the settings, and what
arrives of the messages it sends through the whole chain, healthy and with each
of the things that break signatures.

    doctor.py BUILD [sendmail] [CASE ...]
"""

import contextlib
import json
import os
import pathlib
import shutil
import subprocess
import sys
import tempfile

HERE = pathlib.Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parent / "lib"))

from daemon import Daemon, keygen, zone_txt  # noqa: E402
from dnsserver import Server, Zone  # noqa: E402
from postfix import Postfix, free_port  # noqa: E402
from sendmail import Sendmail  # noqa: E402
from sink import Sink  # noqa: E402
from smtp import Smtp  # noqa: E402

ZONE = """\
example.com A 192.0.2.10
example.com MX 10 mail.example.com
example.com SOA ns.example.com
example.com TXT "v=spf1 ip4:192.0.2.10 -all"
_dmarc.example.com TXT "v=DMARC1; p=none; rua=mailto:dmarc@example.com"
mail.example.com A 192.0.2.10
10.2.0.192.in-addr.arpa PTR mail.example.com
"""

CONFIG = """\
mode = {mode}
socket-group = ""
user = ""
egress "default" {{ addresses = {{"192.0.2.10"}} helo = "mail.example.com" }}
resolver {{ servers = {{"127.0.0.1@{port}"}} }}
domain "example.com" {{ key "{selector}" {{ file = "{key}" }} }}
{more}
"""

TRAITS = ("plain", "layout", "fields", "8bit", "long-line", "multipart", "empty",
          "raw-subject")

failed = 0


def report(good, name, why=""):
    global failed
    failed += not good
    print(("ok " if good else "not ok ") + "doctor " + name)
    if not good and why:
        print("    " + why.replace("\n", "\n    "))
    sys.stdout.flush()


class Footer(Sink):
    """A content filter: adds a line to each message and hands it back."""

    def __init__(self, back):
        super().__init__()
        self.back = back

    def _data(self, stream, sender, rcpts):
        super()._data(stream, sender, rcpts)
        text = self.messages[-1][2] + b"\r\nThis mail is confidential.\r\n"
        smtp = Smtp(self.back)
        try:
            smtp.send(sender.split(">")[0].strip("<"), rcpts[0].split(">")[0].strip("<"), text)
        finally:
            smtp.close()


class Rig:
    """DNS, keys, the daemon and a Postfix whose route leads to the doctor."""

    def __init__(self, build, settings=None, mode="enforce", more="", master="", signer=False,
                 route=True):
        self.build = pathlib.Path(build)
        self.scratch = pathlib.Path(tempfile.mkdtemp(prefix="mailworthy-doctor-"))
        os.chmod(self.scratch, 0o755)
        zone, keys = ZONE, self.scratch / "keys"
        for selector in ("s1", "other"):
            _, record = keygen(build, keys, "example.com", selector)
            zone += f"{selector}._domainkey.example.com TXT {zone_txt(record)}\n"
        self.dns = Server(Zone(zone))
        self.sink_port = free_port()
        self.daemons = [self._daemon("s1", "daemon", mode, more)]
        if signer:
            self.daemons.append(self._daemon("other", "second", mode, ""))
        milters = ", ".join(self._address(d) for d in self.daemons)
        main = {"smtputf8_autodetect_classes": "verify",
                "internal_mail_filter_classes": "bounce",
                "smtp_tls_security_level": "may", "message_size_limit": "30000000",
                "header_size_limit": "102400", "compatibility_level": "3.6"}
        if route:
            main["transport_maps"] = ("inline:{ mailworthy@doctor.test="
                                      f"smtp:[127.0.0.1]:{self.sink_port} }}")
        main.update(settings or {})
        self.postfix = Postfix(self.scratch / "mta", "[127.0.0.1]:9", milters=milters,
                               settings=main)
        with open(self.postfix.config / "master.cf", "a") as out:
            out.write(master)

    def _daemon(self, selector, name, mode, more):
        return Daemon(self.build, self.scratch / name, CONFIG.format(
            mode=mode, port=self.dns.port, selector=selector, more=more,
            key=self.scratch / "keys" / f"example.com.{selector}.pem"),
            socket=f"inet:127.0.0.1:{free_port()}")

    @staticmethod
    def _address(daemon):
        return daemon.socket

    def __enter__(self):
        for daemon in self.daemons:
            daemon.start()
        self.postfix.start()
        return self

    def __exit__(self, *_):
        self.postfix.stop()
        for daemon in self.daemons:
            daemon.stop()
        self.dns.close()
        shutil.rmtree(self.scratch, ignore_errors=True)

    def run(self, *options):
        """(exit status, {section: [line]}, text)"""
        command = [str(self.build / "mailworthy"), "doctor", "--json", "--config",
                   str(self.daemons[0].config), "--postfix-config", str(self.postfix.config)]
        if self.postfix.root:
            command += ["--postconf", f"{self.postfix.root}/usr/sbin/postconf"]
        done = subprocess.run(command + list(options), capture_output=True, text=True,
                              env=self.postfix.env, timeout=300)
        if not done.stdout.startswith("{"):
            raise RuntimeError(f"{done.returncode}: {done.stdout}{done.stderr}")
        report_ = json.loads(done.stdout)
        return done.returncode, {s["name"]: s["lines"] for s in report_["sections"]}, done.stdout

    def send(self, *options, wait=20):
        status, sections, text = self.run(
            "--send", "--via", f"127.0.0.1:{self.postfix.port}", "--via", "sendmail",
            "--sink", str(self.sink_port), "--wait", str(wait), *options)
        return status, sections["send"], text


def some(lines, grade, id_, *texts):
    """A line of that grade and id that has the texts somewhere."""
    for line in lines:
        whole = json.dumps(line, ensure_ascii=False).replace('\\"', '"')
        if line["grade"] == grade and line["id"] == id_ and all(t in whole for t in texts):
            return True
    return False


def shown(lines):
    return "\n".join(f"{x['grade']} {x['id']} [{x['subject']}] {x['text']} | {x['fix']}"
                     for x in lines)


def names_of(lines, grade, id_):
    return ", ".join(x["subject"] for x in lines if x["grade"] == grade and x["id"] == id_)


@contextlib.contextmanager
def table(text):
    with tempfile.NamedTemporaryFile("w", prefix="mailworthy-table-", delete=False) as out:
        out.write(text)
    os.chmod(out.name, 0o644)
    try:
        yield out.name
    finally:
        os.unlink(out.name)


def healthy(build):
    """What works before signing does no harm."""
    with table("/^Subject:/ PREPEND X-Before: us\n") as checks:
        settings = {"header_checks": f"regexp:{checks}", "masquerade_domains": "example.com",
                    "sender_canonical_maps": "inline:{ postmaster@example.com="
                    "hostmaster@example.com }"}
        with Rig(build, settings) as rig:
            status, lines, _ = rig.send()
            good = [x for x in lines if x["grade"] == "ok"]
            count = sum(int(x["subject"].split(" and ")[-1].split()[0]) + 4
                        if " and " in x["subject"] else x["subject"].count(",") + 1
                        for x in good)
            # each trait by both ways, two to a host without 8BITMIME, one without end
            report(status == 0 and len(good) == len(lines) and
                   count == 2 * len(TRAITS) + 3, "healthy chain: all verify",
                   f"{status}, {count}\n" + shown(lines))
            report(len(rig.daemons[0].records()) == 2 * len(TRAITS) + 3,
                   "healthy chain: each was judged once")
            status, sections, _ = rig.run("--all")
            mta = sections["mta"]
            report(not [x for x in mta if x["grade"] in ("fault", "warning", "unknown")],
                   "healthy settings: nothing found", shown(mta))
            report(some(mta, "ok", "mta-before", "sender_canonical_maps", "header_checks"),
                   "healthy settings: what is done before signing is named", shown(mta))


def route(build):
    """The line it prints is the line that does it."""
    with Rig(build, route=False) as rig:
        status, lines, _ = rig.send()
        report(status == 2 and some(lines, "unknown", "send-route",
                                    "transport_maps = inline:") and len(lines) == 1 and not rig.daemons[0].records(),
               "no route: says what to add and sends nothing", shown(lines))
        paste = lines[0]["paste"][0]
        with open(rig.postfix.config / "main.cf", "a") as out:
            out.write(paste + "\n")
        rig.postfix.reload()
        status, lines, _ = rig.send()
        report(status == 0 and some(lines, "ok", "send-signature"),
               "no route: the line it prints does it", shown(lines))


def no_pickup_milter(build):
    with Rig(build, {"non_smtpd_milters": ""}) as rig:
        status, lines, _ = rig.send()
        asked = names_of(lines, "fault", "send-asked")
        report(status == 1 and "plain by sendmail" in asked and "by smtp" not in asked,
               "no milter for the sendmail command: named", shown(lines))
        report("plain by smtp" in names_of(lines, "ok", "send-signature"),
               "no milter for the sendmail command: SMTP is well", shown(lines))
        _, sections, _ = rig.run()
        report(some(sections["mta"], "fault", "mta-local", "non_smtpd_milters = inet:"),
               "no milter for the sendmail command: in the settings", shown(sections["mta"]))


def second_signer(build):
    with Rig(build, signer=True) as rig:
        _, lines, _ = rig.send()
        report(some(lines, "warning", "send-second-signer", "d=example.com s=other",
                    "after mailworthy"), "second signer: named, and where it stands",
               shown(lines))
        _, sections, _ = rig.run()
        report(some(sections["mta"], "warning", "mta-order", "asked after"),
               "second signer: in the settings", shown(sections["mta"]))


def client_header_checks(build):
    with table("/^Subject: (.*)/ REPLACE Subject: [EXT] $1\n") as checks:
        with Rig(build, {"smtp_header_checks": f"regexp:{checks}"}) as rig:
            status, lines, _ = rig.send()
            report(status == 1 and some(lines, "fault", "send-changed", "Subject got \"[EXT] \"",
                                        "after it was signed", "smtp_header_checks"),
                   "header checks of the client: named with the setting", shown(lines))
            report(not some(lines, "ok", "send-signature"),
                   "header checks of the client: no signature verifies", shown(lines))
            _, sections, _ = rig.run()
            report(some(sections["mta"], "fault", "mta-client-checks", "line 1", "subject"),
                   "header checks of the client: in the settings", shown(sections["mta"]))


def generic_maps(build):
    maps = "inline:{ postmaster@example.com=office@example.com }"
    with Rig(build, {"smtp_generic_maps": maps}) as rig:
        status, lines, _ = rig.send()
        report(status == 1 and some(lines, "fault", "send-changed", "From ",
                                    "office@example.com", "smtp_generic_maps"),
               "generic maps: named with the setting", shown(lines))
        _, sections, _ = rig.run()
        report(some(sections["mta"], "fault", "mta-generic", "sender_canonical_maps = " + maps),
               "generic maps: in the settings", shown(sections["mta"]))


def content_filter(build):
    back = free_port()
    footer = Footer(back)
    master = (f"127.0.0.1:{back} inet n - n - - smtpd\n  -o content_filter=\n"
              "  -o receive_override_options=no_milters\n")
    try:
        with Rig(build, {"content_filter": f"smtp:[127.0.0.1]:{footer.port}"},
                 master=master) as rig:
            status, lines, _ = rig.send()
            report(status == 1 and some(
                lines, "fault", "send-changed", "This mail is confidential",
                "after it was signed", "came into a host again",
                f"content_filter is smtp:[127.0.0.1]:{footer.port}"),
                "footer of a content filter: named with the filter", shown(lines))
            _, sections, _ = rig.run()
            report(some(sections["mta"], "warning", "mta-content-filter", "signed here"),
                   "footer of a content filter: in the settings", shown(sections["mta"]))
    finally:
        footer.close()


def behind_filter(build):
    """As the doctor advises: asked where mail comes back, and only there."""
    back = free_port()
    footer = Footer(back)
    try:
        with Rig(build, {"content_filter": f"smtp:[127.0.0.1]:{footer.port}",
                         "non_smtpd_milters": ""}) as rig:
            milter = rig.postfix.main["smtpd_milters"]
            text = (rig.postfix.config / "master.cf").read_text()
            text = text.replace("- smtpd\n", "- smtpd\n  -o smtpd_milters=\n", 1)
            text += (f"127.0.0.1:{back} inet n - n - - smtpd\n  -o content_filter=\n"
                     f"  -o smtpd_milters={milter}\n")
            (rig.postfix.config / "master.cf").write_text(text)
            rig.postfix.reload()
            status, lines, _ = rig.send()
            report(status == 0 and some(lines, "ok", "send-signature", "plain by smtp",
                                        "before it was signed", "This mail is confidential"),
                   "asked behind the filter: verifies with the footer", shown(lines))
            _, sections, _ = rig.run()
            report(some(sections["mta"], "ok", "mta-content-filter", "once the content filter"),
                   "asked behind the filter: in the settings", shown(sections["mta"]))
            # pickup gives it to the filter, too
            report("empty by sendmail" in names_of(lines, "ok", "send-signature") and
                   some(sections["mta"], "ok", "mta-local", "comes back from the content"),
                   "asked behind the filter: mail of the sendmail command is signed there",
                   shown(lines + sections["mta"]))
            add_lines(rig, "main.cf", f"non_smtpd_milters = {milter}")
            _, sections, _ = rig.run()
            paste = [x["paste"] for x in sections["mta"] if x["grade"] == "fault" and
                     x["id"] == "mta-content-filter"]
            report(paste == [["non_smtpd_milters ="]],
                   "asked before the filter, too: local mail is signed twice",
                   shown(sections["mta"]))
    finally:
        footer.close()


def add_lines(rig, name, *lines):
    with open(rig.postfix.config / name, "a") as out:
        out.write("\n".join(lines) + "\n")


def braces(build):
    """What an entry or a service has of its own is mended there, by the line that is printed."""
    rig = Rig(build)        # nothing runs: Postfix's own postconf reads it
    try:
        ours = rig.postfix.main["smtpd_milters"]
        port = free_port()
        add_lines(rig, "main.cf", "smtpd_milters = inet:127.0.0.1:9, { " + ours +
                  ", default_action=accept, content_timeout=3s }")
        add_lines(rig, "master.cf", f"127.0.0.1:{port} inet n - n - - smtpd",
                  "  -o { smtpd_milters = inet:127.0.0.1:9, inet:127.0.0.1:11 }",
                  "  -o smtpd_sasl_auth_enable=yes")
        _, sections, _ = rig.run()
        pastes = {x["id"]: x["paste"] for x in sections["mta"] if x["paste"]}
        report(pastes.get("mta-default-action") == pastes.get("mta-timeouts") ==
               ["smtpd_milters = inet:127.0.0.1:9, { " + ours +
                ", default_action=tempfail, content_timeout=300s }"],
               "braces: one line for all that is wrong in them", shown(sections["mta"]))
        report(pastes.get("mta-listener") == ["  -o { smtpd_milters = inet:127.0.0.1:9, "
                                              f"inet:127.0.0.1:11, {ours} }}"],
               "braces: a list of a service's own", shown(sections["mta"]))
        add_lines(rig, "main.cf", *pastes["mta-timeouts"])
        add_lines(rig, "master.cf", *pastes["mta-listener"])
        _, sections, _ = rig.run()
        bad = {x["id"] for x in sections["mta"] if x["grade"] in ("fault", "warning")}
        report(not bad & {"mta-default-action", "mta-timeouts", "mta-listener"},
               "braces: Postfix takes the lines as they are", shown(sections["mta"]))
    finally:
        rig.dns.close()
        shutil.rmtree(rig.scratch, ignore_errors=True)


def without_repair(build):
    with Rig(build, more="repair = {}\n") as rig:
        status, lines, _ = rig.send()
        changed = [x for x in lines if x["id"] == "send-changed"]
        report(status == 1 and some(changed, "fault", "send-changed", "8bit by smtp-7bit",
                                    "recoded", "8BITMIME"),
               "no 8BITMIME, no repair: named", shown(lines))
        report(some(changed, "fault", "send-changed", "long-line by smtp", "cut"),
               "long lines, no repair: named", shown(lines))
        report("plain by smtp" in names_of(lines, "ok", "send-signature"),
               "no repair: plain text verifies", shown(lines))


def audit(build):
    """Nothing is signed, and what would have broken a signature is seen."""
    with table("/^Subject: (.*)/ REPLACE Subject: [EXT] $1\n") as checks:
        with Rig(build, {"smtp_header_checks": f"regexp:{checks}"}, mode="audit") as rig:
            status, lines, _ = rig.send()
            report(status == 0 and some(lines, "unknown", "send-signature", "audit") and
                   some(lines, "warning", "send-changed", "[EXT]"),
                   "audit: what changes is seen without a signature", shown(lines))


def away(build):
    """A mailbox elsewhere, and the sources of what came there."""
    sink = Sink()
    try:
        with Rig(build, {"relayhost": sink.next_hop}) as rig:
            status, sections, _ = rig.run("--send", "--to", "box@example.net", "--via",
                                          f"127.0.0.1:{rig.postfix.port}")
            lines = sections["send"]
            report(status == 0 and some(lines, "ok", "send-arrived", "--received"),
                   "mailbox elsewhere: says how to go on", shown(lines))
            report(sink.wait(len(TRAITS)), "mailbox elsewhere: all came")
            paths = []
            for i, (_, _, text) in enumerate(sink.messages):
                path = rig.scratch / f"{i}.eml"
                # as a mail program saves it, and with a footer in one
                text = text.replace(b"\r\n", b"\n")
                if b"trait=plain" in text:
                    text += b"Sent through a relay\n"
                path.write_bytes(text)
                paths += ["--received", str(path)]
            status, sections, _ = rig.run(*paths)
            lines = sections["send"]
            report(status == 1 and some(lines, "fault", "send-changed", "plain by smtp",
                                        "Sent through a relay") and
                   "8bit by smtp" in names_of(lines, "ok", "send-signature"),
                   "mailbox elsewhere: what came is compared", shown(lines))
            (rig.scratch / "none.eml").write_text("Subject: x\n\nhello\n")
            _, sections, _ = rig.run("--received", str(rig.scratch / "none.eml"))
            report(some(sections["send"], "unknown", "send-arrived", "none of the doctor's"),
                   "mailbox elsewhere: other messages are told apart",
                   shown(sections["send"]))
    finally:
        sink.close()


class SendmailRig:
    """The same with Sendmail, which sends to a mailbox elsewhere."""

    def __init__(self, build, lines="", attached=True):
        self.build = pathlib.Path(build)
        self.scratch = pathlib.Path(tempfile.mkdtemp(prefix="mailworthy-doctor-"))
        os.chmod(self.scratch, 0o755)
        _, record = keygen(build, self.scratch / "keys", "example.com", "s1")
        zone = ZONE + f"s1._domainkey.example.com TXT {zone_txt(record)}\n"
        zone += f"s1._domainkey.host.example.com TXT {zone_txt(record)}\n"
        self.dns, self.sink = Server(Zone(zone)), Sink()
        key = self.scratch / "keys/example.com.s1.pem"
        port = free_port()
        self.daemon = Daemon(build, self.scratch / "daemon", CONFIG.format(
            mode="enforce", port=self.dns.port, selector="s1", key=key,
            more=f'domain "host.example.com" {{ key "s1" {{ file = "{key}" }} }}\n'),
            socket=f"inet:127.0.0.1:{port}")
        self.sendmail = Sendmail(self.scratch / "mta", self.sink.next_hop,
                                 milters=f"inet:{port}@127.0.0.1" if attached else "",
                                 settings={"lines": lines})

    def __enter__(self):
        self.daemon.start()
        self.sendmail.start()
        return self

    def __exit__(self, *_):
        self.sendmail.stop()
        self.daemon.stop()
        self.dns.close()
        self.sink.close()
        shutil.rmtree(self.scratch, ignore_errors=True)

    def run(self, *options):
        done = subprocess.run([str(self.build / "mailworthy"), "doctor", "--json", "--config",
                               str(self.daemon.config), "--sendmail-cf",
                               str(self.sendmail.config), *options],
                              capture_output=True, text=True, timeout=300)
        return {s["name"]: s["lines"] for s in json.loads(done.stdout)["sections"]}

    def send(self, sender):
        """What the doctor says of the messages that came to the mailbox."""
        self.run("--send", "--from", sender, "--to", "box@example.net", "--via",
                 f"127.0.0.1:{self.sendmail.port}")
        self.sink.wait(len(TRAITS))
        options = []
        for i, (_, _, text) in enumerate(self.sink.messages):
            path = self.scratch / f"{i}.eml"
            path.write_bytes(text)
            options += ["--received", str(path)]
        return self.run(*options)["send"]


def sendmail_healthy(build):
    with SendmailRig(build) as rig:
        lines = rig.send("postmaster@example.com")
        report(len(rig.sink.messages) == len(TRAITS) and lines and
               all(x["grade"] == "ok" for x in lines), "sendmail: all verify", shown(lines))
        lines = rig.run()["mta"]
        report(not [x for x in lines if x["grade"] in ("fault", "warning")] and
               some(lines, "ok", "mta-listener", "asked"), "sendmail: settings are well",
               shown(lines))


def sendmail_masquerade(build):
    with SendmailRig(build, "MASQUERADE_AS(`example.com')dnl\n"
                     "MASQUERADE_DOMAIN(`host.example.com')dnl\n") as rig:
        lines = rig.send("postmaster@host.example.com")
        report(some(lines, "fault", "send-changed", "From ", "after it was signed",
                    "postmaster@example.com"), "sendmail: masquerading is seen", shown(lines))
        lines = rig.run()["mta"]
        report(some(lines, "fault", "mta-generic", "MASQUERADE_AS"),
               "sendmail: masquerading is in the settings", shown(lines))


def sendmail_not_attached(build):
    with SendmailRig(build, attached=False) as rig:
        lines = rig.run()["mta"]
        report(some(lines, "fault", "mta-listener", "INPUT_MAIL_FILTER"),
               "sendmail: without a filter", shown(lines))


def main():
    build = sys.argv[1]
    with_sendmail = "sendmail" in sys.argv[2:]
    wanted = [name for name in sys.argv[2:] if name != "sendmail"]
    for case in (sendmail_healthy, sendmail_masquerade, sendmail_not_attached) \
            if with_sendmail else (healthy, route, no_pickup_milter, second_signer, client_header_checks,
                 generic_maps, content_filter, behind_filter, braces, without_repair, audit, away):
        if not wanted or case.__name__ in wanted:
            case(build)
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
