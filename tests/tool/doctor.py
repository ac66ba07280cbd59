#!/usr/bin/python3
"""`mailworthy doctor`: nothing to say of a healthy set-up, and of one fault at a time
that fault and no other.  The SPF records it proposes are put to pyspf.

    doctor.py BUILD
"""

import grp
import ipaddress
import json
import os
import pathlib
import pty
import pwd
import re
import shutil
import subprocess
import sys
import tempfile
import time

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "lib"))
import spf                                      # noqa: E402
from daemon import Daemon                       # noqa: E402

# What the machine of the tests is like is its own affair.
OF_THE_MACHINE = {"mta", "host"}

CONFIG = """\
mode = enforce
user = ""
egress "default" {{ addresses = {{"192.0.2.1", "2001:db8::1"}} helo = "mail.example.com" }}
domain "example.com" {{
	key "s1" {{ file = "{keys}/example.com.s1.pem" }}
{more}}}
"""

ZONE = """\
example.com SOA ns.example.com
example.com MX 10 mail.example.com
example.com TXT "v=spf1 ip4:192.0.2.1 ip6:2001:db8::1 -all"
_dmarc.example.com TXT "v=DMARC1; p=reject; rua=mailto:dmarc@example.com"
_smtp._tls.example.com TXT "v=TLSRPTv1; rua=mailto:tls@example.com"
_mta-sts.example.com TXT "v=STSv1; id=1"
default._bimi.example.com TXT "v=BIMI1; l=https://www.example.com/l.svg"
s1._domainkey.example.com TXT {key}
mail.example.com A 192.0.2.1
mail.example.com AAAA 2001:db8::1
mail.example.com TXT "v=spf1 a -all"
1.2.0.192.in-addr.arpa PTR mail.example.com
1.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.8.b.d.0.1.0.0.2.ip6.arpa PTR mail.example.com
dnssec-failed.org A !servfail
"""

failures = 0


def report(good, what, detail=""):
    global failures
    failures += not good
    print(f"{'ok' if good else 'not ok'} doctor {what}" +
          (f"\n    {detail}" if detail and not good else ""), flush=True)


class Rig:
    def __init__(self, build, scratch):
        self.tool = pathlib.Path(build) / "mailworthy"
        self.dir = scratch
        self.keys = scratch / "keys"
        self.keys.mkdir()
        self.keys.chmod(0o755)
        self.key = self.make_key("s1")
        self.zone = ZONE.format(key=self.key)
        self.daemon = Daemon(build, scratch / "daemon", self.config())

    def make_key(self, selector, *options):
        text = subprocess.run([self.tool, "keygen", "--selector", selector, "--directory",
                               self.keys, *options, "example.com"], check=True,
                              capture_output=True, text=True).stdout
        return re.search(r"^Value +(.*)", text, re.M)[1]

    def config(self, more=""):
        return CONFIG.format(keys=self.keys, more=more)

    def run(self, zone=None, *options, config=None):
        path = self.dir / "zone"
        path.write_text(zone if zone is not None else self.zone)
        if config is not None:
            self.daemon.write(config)
        done = subprocess.run([self.tool, "doctor", "-c", self.daemon.config, "--zone", path,
                               *options], capture_output=True, text=True, timeout=60)
        if config is not None:
            self.daemon.write(self.config())
        return done

    def look(self, zone=None, *options, config=None):
        """The lines about what the tests set up, and the whole."""
        done = self.run(zone, "--json", *options, config=config)
        try:
            answer = json.loads(done.stdout)
        except ValueError:
            raise RuntimeError(f"no JSON: {done.stdout}{done.stderr}") from None
        lines = [line for section in answer["sections"] for line in section["lines"]
                 if section["name"] not in OF_THE_MACHINE]
        return lines, answer, done.returncode


def wrong(lines):
    return {(line["grade"], line["id"]) for line in lines if line["grade"] != "ok"}


def line_of(lines, name):
    found = [line for line in lines if line["id"] == name and line["grade"] != "ok"]
    return found[0] if found else {"text": "", "fix": "", "paste": [], "subject": ""}


# ---- the healthy set-up ----

def test_healthy(rig):
    lines, answer, _ = rig.look()
    report(not wrong(lines), "a healthy set-up", wrong(lines))
    names = [section["name"] for section in answer["sections"]]
    report(names[:5] == ["configuration", "keys", "domains", "egress", "resolver"],
           "its sections", names)
    report(set(answer) == {"v", "time", "config", "faults", "warnings", "advice", "unknown",
                           "ok", "sections"}, "the keys of --json", sorted(answer))
    grades = {"faults": "fault", "warnings": "warning", "advice": "advice", "ok": "ok"}
    counted = [line["grade"] for section in answer["sections"] for line in section["lines"]]
    report(all(answer[k] == counted.count(g) for k, g in grades.items()), "its counts")
    daemon = [line for line in lines if line["id"] == "daemon"]
    report(len(daemon) == 1 and "negotiates protocol version 6" in daemon[0]["text"],
           "a milter answers", daemon)


# ---- one fault at a time: what is changed in the zone, what must be said ----

def without(text, pattern):
    changed = "".join(line for line in text.splitlines(True) if not re.search(pattern, line))
    assert changed != text, pattern
    return changed


def instead(text, old, new):
    assert old in text, old
    return text.replace(old, new)


OTHER_KEY = "MIGfMA0GCSqGSIb3DQEBAQUAA4GNADCBiQKBgQDwIRP/UC3SBsEmGqZ9ZJW3/DkMoGeLnQg1fWn7/zYt" \
    "IxN2SnFCjxOCKG9v3b4jYfcTNh5ijSsq631uBItLa7od+v/RtdC2UzJ1lWT947qR+Rcac2gbto/NMqJ0fzfVjH" \
    "4OuKhitdY9tf6mcwGjaNBcWToIMmPSPDdQPNUYckcQ2QIDAQAB"      # of RFC 6376, appendix C
SPF = '"v=spf1 ip4:192.0.2.1 ip6:2001:db8::1 -all"'
DMARC = '"v=DMARC1; p=reject; rua=mailto:dmarc@example.com"'

ZONES = {
    "no SPF record": (lambda z: without(z, r"^example.com TXT"),
                      {("fault", "spf-none"), ("warning", "dmarc-alignment")}),
    "SPF forbids one address": (lambda z: instead(z, SPF, '"v=spf1 ip4:192.0.2.1 -all"'),
                                {("fault", "spf-fail"), ("warning", "dmarc-alignment")}),
    "SPF lets in everybody": (lambda z: instead(z, SPF, '"v=spf1 +all"'),
                              {("fault", "spf-too-wide")}),
    "two SPF records": (lambda z: z + 'example.com TXT "v=spf1 mx ~all"\n',
                        {("fault", "spf-permerror"), ("warning", "dmarc-alignment")}),
    "no DMARC record": (lambda z: without(z, r"^_dmarc"), {("fault", "dmarc-none")}),
    "DMARC that only watches": (lambda z: instead(z, "p=reject", "p=none"),
                                {("advice", "dmarc-policy")}),
    "DMARC without reports": (lambda z: instead(z, "; rua=mailto:dmarc@example.com", ""),
                              {("advice", "dmarc-no-reports")}),
    "no key record": (lambda z: without(z, r"_domainkey"),
                      {("fault", "dkim-key-missing"), ("warning", "dmarc-alignment")}),
    "the record of another key": (
        lambda z: re.sub(r"(_domainkey.* p=).*", r"\1" + OTHER_KEY, z),
        {("fault", "dkim-key-mismatch"), ("warning", "dmarc-alignment")}),
    "a revoked key": (lambda z: re.sub(r"(_domainkey.* p=)\S+", r"\1", z),
                      {("fault", "dkim-key-revoked"), ("warning", "dmarc-alignment")}),
    "two key records": (lambda z: z + 's1._domainkey.example.com TXT "v=DKIM1; p="\n',
                        {("fault", "dkim-record-malformed")}),
    "a key in testing": (lambda z: instead(z, "k=rsa;", "k=rsa; t=y;"),
                         {("advice", "dkim-key-testing")}),
    "no MX": (lambda z: without(z, r" MX ") + "example.com A 192.0.2.80\n", {("warning", "mx")}),
    "MX without an address": (lambda z: instead(z, "MX 10 mail", "MX 10 gone"),
                              {("warning", "mx")}),
    "null MX": (lambda z: instead(z, "MX 10 mail.example.com", "MX 0 ."),
                {("fault", "author-domain-missing")}),
    "no TLS-RPT": (lambda z: without(z, r"^_smtp"), {("advice", "tls-rpt")}),
    "no MTA-STS": (lambda z: without(z, r"^_mta-sts"), {("advice", "mta-sts")}),
    "no BIMI": (lambda z: without(z, r"_bimi"), {("advice", "bimi")}),
    "no BIMI, DMARC not enforced": (lambda z: instead(without(z, r"_bimi"), "p=reject", "p=none"),
                                    {("advice", "dmarc-policy")}),
    "no PTR": (lambda z: without(z, r"in-addr"), {("fault", "egress-no-ptr")}),
    "PTR that leads elsewhere": (
        lambda z: instead(z, "in-addr.arpa PTR mail", "in-addr.arpa PTR other"),
        {("fault", "egress-ptr-mismatch")}),
    "a generic PTR": (
        lambda z: instead(z, "in-addr.arpa PTR mail", "in-addr.arpa PTR 192-0-2-1.dyn") +
        "192-0-2-1.dyn.example.com A 192.0.2.1\n", {("warning", "egress-ptr-generic")}),
    "HELO that leads elsewhere": (
        lambda z: instead(z, "mail.example.com A 192.0.2.1", "mail.example.com A 192.0.2.9"),
        {("fault", "egress-ptr-mismatch"), ("warning", "egress-helo"), ("advice", "helo-spf")}),
    "no SPF of the HELO name": (lambda z: without(z, r"^mail.*TXT"), {("advice", "helo-spf")}),
    "a resolver that invents": (lambda z: z + "*.invalid A 192.0.2.66\n",
                                {("fault", "resolver-invents")}),
    "a resolver that does not validate": (
        lambda z: instead(z, "dnssec-failed.org A !servfail", "dnssec-failed.org A 192.0.2.3"),
        {("advice", "resolver-dnssec")}),
}


def test_zones(rig):
    for what, (change, expected) in ZONES.items():
        lines, _, status = rig.look(change(rig.zone))
        said = wrong(lines)
        report(said == expected, what, f"{sorted(said)}, expected {sorted(expected)}")
        if any(grade == "fault" for grade, _ in expected):
            report(status == 1, f"{what}: exit status", status)
        for line in lines:
            if line["grade"] in ("fault", "warning", "advice") and not line["fix"]:
                report(False, f"{what}: {line['id']} says how to mend it", line)
        if any(name.startswith("spf-") for _, name in expected):
            check_proposal(rig, what, lines, change(rig.zone))


# ---- what is proposed, put to others ----

def txt(line):
    """Name and value of a line of a zone."""
    name, _, strings = line.partition(". IN TXT ")
    return name, "".join(re.findall(r'"((?:[^"\\]|\\.)*)"', strings)).replace('\\"', '"')


class Names:
    """A zone as pyspf asks it."""
    def __init__(self, zone):
        self.records = {}
        for row in zone.splitlines():
            name, kind, data = row.split(None, 2)
            self.records.setdefault((name.lower(), kind), []).append(data)

    def ask(self, name, kind, strict=True, timeout=20):
        for data in self.records.get((name.rstrip(".").lower(), kind), []):
            if kind == "TXT":
                value = "".join(re.findall(r'"([^"]*)"', data)) or data
                yield (name, "TXT"), (value.encode(),)
            elif kind == "MX":
                number, host = data.split()
                yield (name, "MX"), (int(number), host)
            elif kind == "AAAA":
                yield (name, "AAAA"), ipaddress.IPv6Address(data).packed
            else:
                yield (name, kind), data


def pyspf(zone, address, domain="example.com"):
    names = Names(zone)
    spf.DNSLookup = lambda *args, **named: list(names.ask(*args, **named))
    query = spf.query(i=address, s=f"postmaster@{domain}", h="mail.example.com", strict=2)
    return query.check()[0], query.lookups


def publish(zone, name, value):
    kept = [row for row in zone.splitlines()
            if not re.match(rf'{re.escape(name)} TXT "?v=spf1', row)]
    return "\n".join(kept) + f'\n{name} TXT {value}\n'


def check_proposal(rig, what, lines, zone, addresses=("192.0.2.1", "2001:db8::1")):
    pasted = [row for line in lines for row in line["paste"]
              if line["id"].startswith("spf") and "v=spf1" in row]
    report(len(pasted) == 1, f"{what}: one record is proposed", pasted)
    if not pasted:
        return
    name, value = txt(pasted[0])
    changed = publish(zone, name, value)
    for address in addresses:
        result, lookups = pyspf(changed, address)
        report(result == "pass" and lookups <= 10, f"{what}: pyspf passes {address}",
               f"{result}, {lookups}: {value}")
    result, lookups = pyspf(changed, "203.0.113.77")
    report(result in ("fail", "softfail", "neutral"), f"{what}: pyspf passes no stranger",
           f"{result}: {value}")
    after, _, _ = rig.look(changed)
    report(not any(line["id"].startswith("spf") for line in after if line["grade"] != "ok"),
           f"{what}: well once it is published", wrong(after))


PROVIDERS = "".join(
    f'_spf{i}.example.net TXT "v=spf1 a:a{i}.example.net a:b{i}.example.net -all"\n'
    f"a{i}.example.net A 198.51.100.{i}\nb{i}.example.net A 198.51.100.{i + 100}\n"
    f"a{i}.example.net AAAA 2001:db8:1::{i}\nb{i}.example.net AAAA 2001:db8:2::{i}\n"
    for i in range(1, 6))

RECORDS = [
    "v=spf1 mx include:_spf1.example.net ?all",
    "v=spf1 -ip4:192.0.2.0/24 include:_spf1.example.net ~all",
    "v=spf1 redirect=_spf1.example.net",
    "v=spf1 include:_spf1.example.net include:_spf2.example.net include:_spf3.example.net a mx "
    "ptr a:a4.example.net ~all",
    "v=spf1 include:gone.example.net ip4:192.0.2.1 -all",
    "v=spf1 ip:192.0.2.1 include:_spf1.example.net -all",
    "v=spf1 " + " ".join(f"ip4:100.64.{i}.0/24" for i in range(60)) + " -all",
    "v=spf1 a:v1.example.org a:v2.example.org a:v3.example.org mx -all",
    "v=spf1 -all",
]


def test_proposals(rig):
    for record in RECORDS:
        zone = instead(rig.zone, SPF, record) + PROVIDERS
        zone = instead(zone, "MX 10 mail.example.com", "MX 10 in.example.com") + \
            "in.example.com A 198.51.100.25\nexample.com A 198.51.100.80\n"
        lines, _, _ = rig.look(zone)
        check_proposal(rig, f'"{record[:60]}"', lines, zone)
    zone = instead(rig.zone, SPF, '"v=spf1 ' + " ".join(
        f"include:_spf{i}.example.net" for i in range(1, 6)) + ' -all"') + PROVIDERS
    lines, _, _ = rig.look(zone)
    line = line_of(lines, "spf-permerror")
    report("include:_spf3.example.net (3)" in line["fix"] and not line["paste"],
           "what nobody can shorten shows what each term costs", line)


def test_records_to_publish(rig):
    """What is to be published is what mends it, in strings that DNS can hold."""
    for what, change, name in (
            ("key", lambda z: without(z, r"_domainkey"), "dkim-key-missing"),
            ("DMARC", lambda z: without(z, r"^_dmarc"), "dmarc-none"),
            ("TLS-RPT", lambda z: without(z, r"^_smtp"), "tls-rpt"),
            ("HELO", lambda z: without(z, r"^mail.*TXT"), "helo-spf")):
        zone = change(rig.zone)
        paste = line_of(rig.look(zone)[0], name)["paste"]
        report(len(paste) == 1, f"{what}: one record to publish", paste)
        if not paste:
            continue
        strings = re.findall(r'"((?:[^"\\]|\\.)*)"', paste[0])
        report(max(map(len, strings)) <= 255, f"{what}: strings of 255 octets at most",
               [len(s) for s in strings])
        owner, value = txt(paste[0])
        after = wrong(rig.look(zone + f"{owner} TXT {value}\n")[0])
        report(not {i for _, i in after if i == name}, f"{what}: well once published", after)


def test_canonical_names(rig):
    """Nothing stands beside a CNAME: the record is published where that leads, or told whose
    it is."""
    key, watched = re.search(r"s1\._domainkey\S* TXT (.*)", rig.zone)[1], \
        DMARC.replace("p=reject", "p=none")
    for what, change, name, at in (
            ("a DMARC policy", lambda z, to: instead(z, f"_dmarc.example.com TXT {DMARC}",
             f"_dmarc.example.com CNAME {to}\n{to} TXT {watched}"), "dmarc-policy",
             "_dmarc.example.com"),
            ("a DMARC record", lambda z, to: instead(z, f"_dmarc.example.com TXT {DMARC}",
             f"_dmarc.example.com CNAME {to}\n{to} A 192.0.2.7"), "dmarc-none",
             "_dmarc.example.com"),
            ("TLS-RPT", lambda z, to: without(z, r"^_smtp") +
             f"_smtp._tls.example.com CNAME {to}\n", "tls-rpt", "_smtp._tls.example.com"),
            ("a key", lambda z, to: instead(z, f"s1._domainkey.example.com TXT {key}",
             f"s1._domainkey.example.com CNAME {to}\n{to} TXT " +
             re.sub(r"p=[^\s\"]*", "p=" + OTHER_KEY, key)), "dkim-key-mismatch",
             "s1._domainkey.example.com")):
        line = line_of(rig.look(change(rig.zone, "x.vendor.test"))[0], name)
        report(len(line["paste"]) == 1 and line["paste"][0].startswith(f"{at}. IN TXT ") and
               "that of x.vendor.test" in line["fix"] and "take its place" in line["fix"],
               f"{what} behind a CNAME of somebody else", line)
        line = line_of(rig.look(change(rig.zone, "x.example.com"))[0], name)
        report(len(line["paste"]) == 1 and line["paste"][0].startswith("x.example.com. IN TXT ")
               and f"{at} leads to" in line["fix"], f"{what} behind a CNAME of our own", line)


# ---- what would change a directory ----

def test_directories(rig):
    """What has other users is named and not given to the daemon."""
    if os.geteuid() != 0:
        return
    base = rig.dir / "places"
    base.mkdir(mode=0o700)
    base.chmod(0o755)
    ours, others = base / "mailworthy", base / "log"
    for path in (ours, others):
        path.mkdir(mode=0o755)
    config = rig.config().replace('user = ""', 'user = "nobody"')

    group = grp.getgrgid(pwd.getpwnam("nobody").pw_gid).gr_name

    def said(name, config=config, **places):
        kept = {what: getattr(rig.daemon, what) for what in places}
        vars(rig.daemon).update(places)
        _, answer, _ = rig.look(config=config)
        vars(rig.daemon).update(kept)
        rig.daemon.write(rig.config())
        return line_of([line for section in answer["sections"] for line in section["lines"]],
                       name)

    line = said("log", events=others / "mailworthy.jsonl")
    report(line["paste"] == [] and f"{others} is not mailworthy's alone" in line["fix"],
           "a log in a directory of others", line)
    line = said("log", events=ours / "events.jsonl")
    report(line["paste"] == [f"chown nobody {ours}"], "a log in a directory of ours", line)
    line = said("log", events=others / "new/events.jsonl")
    report(line["paste"] == [f"install -d -o nobody {others}/new"],
           "a log in a directory that is not there", line)
    line = said("state-dir", state=others)
    report(line["paste"] == [] and "not mailworthy's alone" in line["fix"],
           "a state directory of others", line)
    line = said("state-dir", state=ours)
    report(line["paste"] == [f"chown nobody {ours}"], "a state directory of ours", line)
    for path, paste in ((others, []), (ours, [f"chgrp {group} {ours} && chmod g+x {ours}"])):
        path.chmod(0o700)
        shutil.copy(rig.keys / "example.com.s1.pem", path / "example.com.s1.pem")
        line = said("key-access", config.replace(str(rig.keys), str(path)))
        report(line["paste"] == paste and f"enter {path}" in line["text"],
               f"a key where the daemon may not enter {path.name}", line)
    (ours / "example.com.s1.pem").chmod(0o600)
    ours.chmod(0o755)
    key = ours / "example.com.s1.pem"
    line = said("key-access", config.replace(str(rig.keys), str(ours)))
    report(line["paste"] == [f"chgrp {group} {key} && chmod g+r {key}"],
           "a key that the daemon may not read", line)


# ---- configuration and keys ----

def test_configuration(rig):
    lines, answer, status = rig.look(config=rig.config().replace("enforce", "fast") +
                                    "repir = {}\n")
    errors = [line for line in lines if line["id"] == "config"]
    report(status == 1 and len(errors) == 2 and errors[0]["subject"].endswith("conf:5") and
           'did you mean "repair"?' in errors[1]["text"], "every error with its line", errors)
    lines, _, _ = rig.look(config=rig.config().replace("enforce", "audit"))
    report(wrong(lines) == {("advice", "mode")}, "audit mode", wrong(lines))
    lines, _, _ = rig.look(config=rig.config("\tmode = audit\n") + "hold-below = 5\n"
                           'check "spf-fail" { shadow = true }\n')
    report(wrong(lines) == {("advice", "mode"), ("advice", "config-shadow"),
                            ("advice", "config-notify")}, "what is set aside", wrong(lines))
    lines, _, _ = rig.look(config=rig.config() + 'notify = "postmaster@example.com"\n')
    report(wrong(lines) == {("warning", "config-notify")} and
           line_of(lines, "config-notify")["paste"] ==
           ["systemctl enable --now mailworthy-notify.timer"], "nobody sends the notices",
           lines)
    (rig.daemon.state / "mode").write_text("audit\n")
    lines, _, _ = rig.look()
    report(wrong(lines) == {("warning", "mode")} and
           line_of(lines, "mode")["paste"] == ["mailworthy mode file"], "the kill switch",
           wrong(lines))
    (rig.daemon.state / "mode").unlink()
    done = rig.run(None, "--domain", "no domain")
    report(done.returncode == 2 and "--domain" in done.stderr, "wrong usage", done.stderr)
    lines, _, _ = rig.look(None, "--domain", "example.org")
    report(wrong(lines) == {("fault", "author-domain-missing"), ("advice", "domains")} and
           line_of(lines, "author-domain-missing")["subject"] == "example.org",
           "a domain that does not exist", wrong(lines))
    lines, _, _ = rig.look(rig.zone + "example.org MX 10 mail.example.com\n", "--domain",
                           "example.org")
    report({line["subject"] for line in lines if line["id"].startswith("dmarc")} ==
           {"example.org"} and {("fault", "dmarc-none"), ("fault", "spf-none")} <= wrong(lines),
           "a domain that is not managed yet", wrong(lines))


def check_sign_as(rig, record):
    """Sections whose keys belong to the domain above: asked for and judged there."""
    zone = rig.zone.replace("s1._domainkey.example.com", "s1._domainkey.example.org")
    key = f'key "s1" {{ file = "{rig.keys}/example.com.s1.pem" }}'
    for name in ("news.example.org", "*.example.org"):
        alone = f'domain "{name}" {{\n{key} sign-as = "example.org"\n'
        config = rig.config().split("domain ")[0] + alone
        lines, _, _ = rig.look(zone, config=config + "}\n")
        texts = [line["text"] for line in lines if line["id"] == "key"]
        report(len(texts) == 1 and "it signs now" in texts[0],
               f"{name} sign-as: the key that signs", texts)
        config += f'\tkey "s2" {{ file = "{rig.keys}/example.com.s2.pem" }}\n}}\n'
        lines, _, _ = rig.look(zone, config=config)
        line = line_of(lines, "dkim-key-missing")
        report(line["subject"] == "s2._domainkey.example.org" and line["grade"] == "warning",
               f"{name} sign-as: a new key that nobody published", line)
        lines, _, _ = rig.look(zone + f"s2._domainkey.example.org TXT {record}\n",
                               config=config)
        texts = [line["text"] for line in lines if line["id"] == "key"]
        report("signs now" in texts[0] and "takes over at" in texts[1],
               f"{name} sign-as: what takes over, and when", texts)
    path = rig.keys / "example.com.s1.pem"
    os.utime(path, (1, 1))
    line = line_of(rig.look(zone, config=config)[0], "key-age")
    report(line["paste"] == ["mailworthy keygen --rotate '*.example.org'"],
           "*.example.org sign-as: how to make the next key", line)
    os.utime(path)


def check_one_name(rig):
    """Several keys whose records would have one name: no more than one of them can verify."""
    first, second = (rig.keys / f"example.com.{s}.pem" for s in ("s1", "s2"))
    head = rig.config().split("domain ")[0]
    zone = rig.zone.replace("s1._domainkey.example.com", "s1._domainkey.example.org")
    files = [rig.keys / f"{name}.example.org.s1.pem" for name in "abc"]

    def clashes(config):
        lines = [line for line in rig.look(zone, config=config)[0]
                 if line["id"] in ("key-clash", "dkim-key-mismatch")]
        return [(line["grade"], line["id"], line["subject"]) for line in lines], lines

    expected = [("fault", "key-clash", "s1._domainkey.example.org")]
    template = f'{head}domain "*.example.org" {{ sign-as = "example.org"\n' \
        f'key "s1" {{ file = "{rig.keys}/%d.%s.pem" }} }}\n'
    for path, key in zip(files, (first, first, first)):
        shutil.copy(key, path)
    found, lines = clashes(template)
    report(found == [], "copies of one key in files of several domains clash with nothing", lines)
    for path in files[1:]:
        shutil.copy(second, path)
    found, lines = clashes(template)
    report(found == expected and "without %d" in lines[0]["fix"],
           "a key for each domain, and sign-as one: said once, with what to write", lines)
    found, lines = clashes(template.replace('sign-as = "example.org"', ""))
    report(("fault", "key-clash", "s1._domainkey.example.org") not in found,
           "without sign-as each has its record", lines)
    for path in files:
        path.unlink()
    found, lines = clashes(head + "".join(
        f'domain "{name}" {{ sign-as = "example.org" key "s1" {{ file = "{key}" }} }}\n'
        for name, key in (("a.example.org", first), ("b.example.org", second))))
    report(found == expected and "another selector" in lines[0]["fix"],
           "two sections with one selector and a key each", lines)


def test_keys(rig):
    path = rig.keys / "example.com.s1.pem"
    path.chmod(0o644)
    lines, _, _ = rig.look()
    line = line_of(lines, "key-file")
    report(line["subject"] == str(path) and line["paste"] == [f"chmod o-r {path}"],
           "a key that everybody can read", line)
    subprocess.run(line["paste"][0], shell=True, check=True)
    report(("fault", "key-file") not in wrong(rig.look()[0]), "well after the chmod")
    path.chmod(0o660)
    line = line_of(rig.look()[0], "key-file")
    report(line["paste"] == [f"chmod g-w,o-rw {path}"], "a key that its group can write", line)
    subprocess.run(line["paste"][0], shell=True, check=True)
    report(("fault", "key-file") not in wrong(rig.look()[0]), "well after that chmod")
    odd = rig.keys / "of me; $(id)"
    odd.write_text(path.read_text())
    odd.chmod(0o644)
    line = line_of(rig.look(config=rig.config().replace(str(path), str(odd)))[0], "key-file")
    report(line["subject"] == str(odd) and line["paste"] == [],
           "a path that is no good in a shell is not for pasting", line)
    odd.unlink()
    rig.keys.chmod(0o777)
    line = line_of(rig.look()[0], "key-file")
    report(line["paste"] == [f"chmod o-w {rig.keys}"], "a directory that everybody can write",
           line)
    rig.keys.chmod(0o755)
    os.utime(path, (1, 1))
    report(wrong(rig.look()[0]) == {("advice", "key-age")}, "an old key")
    os.utime(path)
    record = rig.make_key("s2")
    more = f'\tkey "s2" {{ file = "{rig.keys}/example.com.s2.pem" }}\n'
    config = rig.config(more)
    lines, _, _ = rig.look(config=config)
    report(wrong(lines) == {("warning", "dkim-key-missing")}, "a new key that nobody published",
           wrong(lines))
    (rig.daemon.state / "sightings").unlink(missing_ok=True)    # of a daemon without DNS
    unasked = re.sub(r"(s1\._domainkey\.example\.com) TXT .*", r"\1 ANY !servfail", rig.zone)
    line = line_of(rig.look(unasked, config=config)[0], "dkim-key-missing")
    report(line.get("grade") == "warning" and "Another key of the domain signs" in line["text"],
           "and DNS does not answer for the one that signs", line)
    lines, _, _ = rig.look(rig.zone + f"s2._domainkey.example.com TXT {record}\n", config=config)
    texts = [line["text"] for line in lines if line["id"] == "key"]
    report("signs now" in texts[0] and "takes over at" in texts[1], "what takes over, and when",
           texts)
    report(line_of(rig.look(config=config)[0], "dkim-key-missing")["subject"] ==
           "s2._domainkey.example.com", "its name")
    os.utime(path, (1, 1))
    line = line_of(rig.look()[0], "key-age")
    report(line["paste"] == ["mailworthy keygen --rotate example.com"],
           "how to make the next key", line)
    os.utime(path)
    check_sign_as(rig, record)
    check_one_name(rig)
    weak = rig.make_key("s3", "--bits", "1024")
    more = f'\tkey "s3" {{ file = "{rig.keys}/example.com.s3.pem" }}\n'
    lines, _, _ = rig.look(rig.zone + f"s3._domainkey.example.com TXT {weak}\n",
                           config=rig.config(more))
    report(wrong(lines) == {("warning", "dkim-key-weak")}, "a weak key", wrong(lines))


# ---- blocklists ----

LISTS = """\
blocklist "zen.spamhaus.org" { of = {ipv4, ipv6} }
blocklist "dbl.spamhaus.org" { }
blocklist "bl.example.net" { codes = {"127.0.0.4-127.0.0.7"} key = "k3y" }
"""
V6_TEST = "2.0.0.0.0.0.f.7.f.f.f.f" + ".0" * 20
CONTROLS = f"""\
2.0.0.127.zen.spamhaus.org A 127.0.0.2
{V6_TEST}.zen.spamhaus.org A 127.0.0.2
dbltest.com.dbl.spamhaus.org A 127.0.1.2
2.0.0.127.k3y.bl.example.net A 127.0.0.4
"""
LISTED = {
    "an address that is listed": (
        '1.2.0.192.zen.spamhaus.org A 127.0.0.3\n1.2.0.192.zen.spamhaus.org TXT "see https"\n',
        {("fault", "blocklist-listed")}),
    "a domain that is listed": ("example.com.dbl.spamhaus.org A 127.0.1.4\n",
                                {("fault", "blocklist-listed")}),
    "an answer that is not documented": ("1.2.0.192.k3y.bl.example.net A 127.0.0.2\n",
                                         {("unknown", "blocklist")}),
    "a list of one's own": ("1.2.0.192.k3y.bl.example.net A 127.0.0.5\n",
                            {("fault", "blocklist-listed")}),
    "an answer for public resolvers": ("1.2.0.192.zen.spamhaus.org A 127.255.255.254\n",
                                       {("unknown", "blocklist")}),
    "DNS that is down for one": ("1.2.0.192.zen.spamhaus.org A !servfail\n",
                                 {("unknown", "blocklist")}),
}


def test_blocklists(rig):
    config, zone = rig.config() + LISTS, rig.zone + CONTROLS
    lines, _, _ = rig.look(zone, config=config)
    said = [line["text"] for line in lines if line["id"] == "blocklist"]
    report(not wrong(lines) and len(said) == 3 and "does not list 2 addresses" in said[0],
           "no blocklist lists us", said + sorted(wrong(lines)))
    for what, (more, expected) in LISTED.items():
        lines, _, _ = rig.look(zone + more, config=config)
        report(wrong(lines) == expected, what, wrong(lines))
        for line in lines:
            if line["id"] == "blocklist-listed" and "bl.example.net" not in line["text"]:
                report(line["paste"] == ["https://check.spamhaus.org/"], f"{what}: where to ask",
                       line)
    for what, broken in {
            "a list without a test entry": rig.zone,
            "a list that lists everything": zone + "".join(
                f"{n}.zen.spamhaus.org A 127.0.0.2\n" for n in (
                    "1.0.0.127", V6_TEST.replace("2", "1", 1), "1.2.0.192")) +
            "*.dbl.spamhaus.org A 127.0.1.2\n1.0.0.127.k3y.bl.example.net A 127.0.0.4\n",
            "a resolver that invents": rig.zone + "".join(
                f"*.{z} A 192.0.2.66\n" for z in ("zen.spamhaus.org", "dbl.spamhaus.org",
                                                  "k3y.bl.example.net")),
            "lists that refuse public resolvers": rig.zone + "".join(
                f"*.{z} A 127.255.255.254\n" for z in ("zen.spamhaus.org", "dbl.spamhaus.org",
                                                       "k3y.bl.example.net"))}.items():
        lines, _, _ = rig.look(broken, config=config)
        report(wrong(lines) == {("unknown", "blocklist")}, f"{what} is unknown, never listed",
               wrong(lines))


def test_ordinary_user(rig):
    if os.geteuid() != 0:
        return
    tool = rig.dir / "tool"
    shutil.copy(rig.tool, tool)
    rig.daemon.config.chmod(0o644)
    rig.run()                                   # leaves the zone of the healthy set-up
    done = subprocess.run([tool, "doctor", "-c", rig.daemon.config, "--zone", rig.dir / "zone",
                           "--json"], capture_output=True, text=True, timeout=60,
                          user=65534, group=65534, extra_groups=[], cwd="/")
    lines = [line for section in json.loads(done.stdout)["sections"] for line in
             section["lines"] if section["name"] not in OF_THE_MACHINE]
    grades = {grade for grade, _ in wrong(lines)}
    report(("unknown", "key-unseen") in wrong(lines) and "fault" not in grades,
           "an ordinary user is told what could not be seen", wrong(lines))
    report("a record stands" in line_of(lines, "key-unseen")["text"],
           "what DNS has of a key that may not be read", line_of(lines, "key-unseen"))


def test_dns_is_down(rig):
    down = "".join(f"{re.sub(' .*', '', row)} ANY !servfail\n" for row in rig.zone.splitlines())
    lines, _, status = rig.look(down)
    grades = {grade for grade, _ in wrong(lines)}
    report(wrong(lines) & {("fault", "resolver")} and
           {i for g, i in wrong(lines) if g == "fault"} == {"resolver"} and "unknown" in grades,
           "DNS that is down is the only fault", wrong(lines))


# ---- the daemon ----

def test_daemon(rig):
    rig.daemon.stop()
    lines, _, _ = rig.look()
    report(wrong(lines) == {("fault", "daemon")}, "no daemon", wrong(lines))
    import socket
    path = rig.daemon.socket.removeprefix("unix:")
    pathlib.Path(path).unlink(missing_ok=True)
    with socket.socket(socket.AF_UNIX) as mute:
        mute.bind(path)
        mute.listen()
        line = line_of(rig.look()[0], "daemon")
        report("does not answer as a milter" in line["text"], "somebody who is no milter", line)
    pathlib.Path(path).unlink()
    rig.daemon.start()


# ---- a postconf that misbehaves ----

HOSTILE = r"""case "$3" in
-x) printf 'queue_directory = /q\nsmtpd_milters = inet:x:1, inet:\033[31mred\007:2\n'
    printf 'nothing\n = none\n=\nmyhostname = \033]0;title\007\377\n'
    printf 'smtp_generic_maps = '; head -c 1000000 /dev/zero | tr '\0' a
    printf '\nnon_smtpd_milters = '; head -c 3000 /dev/zero | tr '\0' '{'
    printf '\nrelayhost = no newline' ;;
-M) printf 'smtp inet n - y - - smtpd\n\033[2Jx inet n\npickup unix n - n 60 1 pickup\n'
    printf 'cleanup unix n - n - 0 cleanup\nsmtp unix - - n - - smtp' ;;
-Px) printf '///\nsmtp/inet/ = x\nsmtp/inet/smtpd_milters = inet:\001:2' ;;
esac"""


def test_postconf(rig):
    """One that hangs, floods or prints what no terminal should see."""
    postconf, where = rig.dir / "postconf", rig.dir / "postfix"
    where.mkdir()
    (where / "main.cf").touch()

    def look(script, *options):
        postconf.write_text(f"#!/bin/sh\n{script}\n")
        postconf.chmod(0o755)
        start = time.monotonic()
        done = rig.run(None, "--postconf", postconf, "--postfix-config", where, *options)
        return done, time.monotonic() - start

    for what, script in (("hangs", "sleep 60"), ("prints and hangs", "echo a = b; sleep 60"),
                         ("prints 100 MB", "head -c 100000000 /dev/zero"),
                         ("fails", "echo '\033[31mno' >&2; exit 1"), ("is killed", "kill -9 $$")):
        done, seconds = look(script, "--json")
        lines = [line for section in json.loads(done.stdout)["sections"]
                 for line in section["lines"] if line["id"].startswith("mta-")]
        report(wrong(lines) == {("unknown", "mta-read")} and seconds < 15 and
               "\033" not in lines[0]["text"], f"a postconf that {what}",
               f"{seconds:.1f} s, {lines}")
    done, _ = look(HOSTILE, "--json")
    lines = [line for section in json.loads(done.stdout)["sections"] for line in
             section["lines"] if line["id"].startswith("mta-")]
    report(("ok", "mta-read") in {(line["grade"], line["id"]) for line in lines} and
           not re.search(r"\\u00[01]", done.stdout), "a hostile main.cf is read", lines)
    listener = line_of(lines, "mta-listener")
    report(listener["text"] and listener["paste"] == [], "control bytes are not pasted", listener)
    generic = line_of(lines, "mta-generic")
    report(generic["paste"] == [] and "too long" in generic["fix"],
           "a value of 1 MB is not pasted in part", str(generic)[:1000])
    done, _ = look(HOSTILE.replace("1000000", "15000"), "--json")
    generic = [line for section in json.loads(done.stdout)["sections"] for line in
               section["lines"] if line["id"] == "mta-generic"]
    report(generic[0]["paste"][0] == "sender_canonical_maps = " + "a" * 15000,
           "a value of 15,000 octets is pasted whole", str(generic)[:1000])
    done, _ = look(HOSTILE)
    report("mta-listener" not in done.stderr and not re.search("[\x00-\x08\x0b-\x1f\x7f]",
                                                               done.stdout),
           "no control byte reaches the terminal")
    # the HELO name is that of the Postfix that is looked at, not of the usual one
    rig.daemon.write(rig.config().replace('helo = "mail.example.com"', "helo = auto"))
    done, _ = look("""case "$1" in -hx) test "$2" = -c && printf '\\n\\n\\n\\nOut.Example.ORG\\n'
esac""", "--json")
    rig.daemon.write(rig.config())
    lines = [line for section in json.loads(done.stdout)["sections"] for line in section["lines"]]
    helo = line_of(lines, "egress-helo")
    report("out.example.org" in helo["text"], "the HELO name of the Postfix it is told of",
           helo["text"] and helo or lines)


# ---- the look of it ----

def on_terminal(rig, columns, *options):
    """What a terminal of that width gets: standard output, standard error."""
    import fcntl
    import struct
    import termios
    main, end = pty.openpty()
    fcntl.ioctl(end, termios.TIOCSWINSZ, struct.pack("HHHH", 40, columns, 0, 0))
    zone = rig.dir / "zone"
    zone.write_text(without(rig.zone, r"^_dmarc|_domainkey"))
    process = subprocess.Popen([rig.tool, "doctor", "-c", rig.daemon.config, "--zone", zone,
                                *options], stdout=end, stderr=subprocess.DEVNULL,
                               env=dict(os.environ, TERM="xterm", NO_COLOR=""))
    os.close(end)
    text = b""
    while True:
        try:
            chunk = os.read(main, 65536)
        except OSError:
            break
        if not chunk:
            break
        text += chunk
    process.wait()
    os.close(main)
    return text.decode().replace("\r\n", "\n")


def test_look(rig):
    for columns in (80, 120):
        text = on_terminal(rig, columns)
        rows = re.sub(r"\033\[\d*m", "", text).split("\n")
        long = [row for row in rows if len(row) > columns and "IN TXT" not in row]
        report(not long and "\033[31mfault" in text, f"{columns} columns, coloured", long)
    done = rig.run()
    report("\033" not in done.stdout and not done.stderr, "no colour and no progress in a file",
           done.stderr)
    report(done.stdout.rstrip().endswith("nothing is wrong") or "tells more of each" in
           done.stdout, "a summary at the end", done.stdout[-200:])
    done = rig.run(None, "--problems")
    report("example.com: SPF passes" not in done.stdout, "--problems leaves out what is well")
    known = subprocess.run([rig.tool, "explain"], capture_output=True, text=True).stdout
    report("key-age" in known and "Fix" in subprocess.run(
        [rig.tool, "explain", "key-age"], capture_output=True, text=True).stdout,
        "explain knows the doctor's ids")


def main():
    with tempfile.TemporaryDirectory(prefix="mailworthy-doctor-") as scratch:
        os.chmod(scratch, 0o755)
        rig = Rig(pathlib.Path(sys.argv[1]).resolve(), pathlib.Path(scratch))
        rig.daemon.start()
        try:
            for test in (test_healthy, test_zones, test_proposals, test_records_to_publish, test_canonical_names, test_directories,
                         test_configuration, test_keys, test_blocklists, test_ordinary_user, test_dns_is_down, test_daemon, test_postconf,
                         test_look):
                test(rig)
        finally:
            rig.daemon.stop()
    return 1 if failures else 0


if __name__ == "__main__":
    sys.exit(main())
