#!/usr/bin/python3
"""Key rotation on a running daemon: `mailworthy keygen --rotate` prepares the next
key, DNS shows it, and it takes over without a message unsigned in between.

    rotate.py BUILD [WORD]
"""

import json
import os
import re
import subprocess
import sys
import threading
import time

import rig as rigs
from rig import Rig, check_sanitizers, zone_txt

TTL = 6


def report(name, why=None):
    """why: None when all is well, else what was seen."""
    rigs.report(name, "" if why is None else str(why).replace("\\n", "\n") or "nothing seen")


def rotate(rig, *options, domain="example.com"):
    return subprocess.run(
        [str(rig.build / "mailworthy"), "keygen", "--rotate", "--config",
         str(rig.daemon.config), *options, domain], capture_output=True, text=True,
        env=rig.daemon.env)


def record_of(run):
    name = re.search(r"^Name +(\S+)$", run.stdout, re.M).group(1)
    value = re.search(r"^Value +(.*)$", run.stdout, re.M).group(1)
    return name, value


def selectors(answer):
    return [re.search(r"\bs=([^;]+)", re.sub(r"\s", "", value)).group(1)
            for _, value in answer.inserted("DKIM-Signature")]


class Sender(threading.Thread):
    """Sends messages until told to stop: [(when, selectors)]."""

    def __init__(self, rig):
        super().__init__()
        self.rig, self.seen, self.ended = rig, [], threading.Event()

    def run(self):
        while not self.ended.is_set():
            begun = time.monotonic()
            self.seen.append((begun, selectors(self.rig.one())))
            self.ended.wait(0.05)

    def stop(self):
        self.ended.set()
        self.join()
        return self.seen


def takes_over(build, kind):
    options = ("--ed25519",) if kind == "ed25519" else ()
    with Rig(build) as rig:
        if kind == "ed25519":       # beside the RSA key, its own to rotate
            made = subprocess.run(
                [str(rig.build / "mailworthy"), "keygen", "--ed25519", "--selector", "e1",
                 "--directory", str(rig.dir / "keys"), "example.com"], capture_output=True,
                text=True)
            rig.zone.add(f"e1._domainkey.example.com TXT {zone_txt(record_of(made)[1])}\n")
            rig.reload(domain=f'key "e1" {{ file = "{rig.dir}/keys/example.com.e1.pem" }}')
        old = "e1" if kind == "ed25519" else "s1"
        end = time.monotonic() + 20
        while old not in selectors(rig.one()) and time.monotonic() < end:
            time.sleep(0.1)
        before = rig.daemon.config.read_text()
        run = rotate(rig, "--write", *options)
        after = rig.daemon.config.read_text()
        name, value = record_of(run)
        new = name.split(".")[0]
        added = set(after.splitlines()) - set(before.splitlines())
        report(f"rotate {kind}: one line is written, all else stays",
               None if run.returncode == 0 and len(added) == 1 and
               f'key "{new}" {{ file = ' in added.pop() and
               after.count("\n") == before.count("\n") + 1 and
               (rig.dir / f"keys/example.com.{new}.pem").exists() else (run, added))
        report(f"rotate {kind}: says when it takes over and what becomes of the old key",
               None if f"{old} goes on signing until DNS has shown" in run.stdout and
               "Keep the old record for 14 days" in run.stdout else run.stdout)
        sender = Sender(rig)
        sender.start()
        rig.zone.add(f"{name} {TTL} TXT {zone_txt(value)}\n")
        seen = rig.daemon.read_log().count("configuration reloaded")
        rig.daemon.process.send_signal(1)
        rig.daemon.wait_log("configuration reloaded", seen + 1)
        reloaded = time.monotonic()
        end = reloaded + 40
        while time.monotonic() < end and not (sender.seen and new in sender.seen[-1][1]):
            time.sleep(0.1)
        time.sleep(1)
        messages = sender.stop()
        wanted = 2 if kind == "ed25519" else 1
        wrong = [m for m in messages if len(m[1]) != wanted or (old in m[1]) == (new in m[1])]
        report(f"rotate {kind}: every message is signed by one of the two",
               None if not wrong and len(messages) > 20 else (len(messages), wrong[:3]))
        first = [when for when, who in messages if new in who]
        report(f"rotate {kind}: the new key takes over after the TTL, for good",
               None if first and first[0] - reloaded > TTL - 1 and
               all(new in who for when, who in messages if when >= first[0]) else
               (first[:1], reloaded, messages[-3:]))
        last = rig.daemon.records()[-1]["dkim"]
        report(f"rotate {kind}: its signatures are good",
               None if [d for d in last if d["s"] == new and d["status"] == "pass" and
                        d["key"] == "match"] else last)
        rig.daemon.stop()           # what it has seen is on the disk
        said = what_doctor_says(rig)
        report(f"rotate {kind}: the doctor says that the old key's time is over",
               None if "it signs now" in said.get(f"{new}._domainkey.example.com", "") and
               f"it signs no more: {new} has taken over" in
               said.get(f"{old}._domainkey.example.com", "") else said)


def what_doctor_says(rig):
    done = subprocess.run([str(rig.build / "mailworthy"), "doctor", "--json", "--config",
                           str(rig.daemon.config)], capture_output=True, text=True,
                          env=rig.daemon.env, timeout=120)
    return {line["subject"]: line["text"] for section in json.loads(done.stdout)["sections"]
            for line in section["lines"] if line["id"] == "key"}


def is_careful(build):
    with Rig(build) as rig:
        if os.geteuid() == 0:
            os.chown(rig.key, 0, 2)
            rig.key.chmod(0o640)
        run = rotate(rig)
        made = rig.dir / f"keys/example.com.{record_of(run)[0].split('.')[0]}.pem"
        old, new = os.stat(rig.key), os.stat(made)
        report("rotate: the file has the owner and mode of the one before",
               None if (old.st_uid, old.st_gid, old.st_mode) ==
               (new.st_uid, new.st_gid, new.st_mode) else (old, new))
        text = rig.daemon.config.read_text()
        new = record_of(run)[0].split(".")[0]
        report("rotate: without --write the configuration stays",
               None if run.returncode == 0 and f'key "{new}"' not in text and
               f'key "{new}" {{ file = ' in run.stdout else run)
        again = rotate(rig, "--write")
        second = record_of(again)[0].split(".")[0]
        report("rotate: a key that is there is not overwritten",
               None if again.returncode == 0 and second != new else again)
        rig.zone.add(f"{chr(ord(second[-1]) + 1).join([second[:-1], ''])}"
                     f"._domainkey.example.com TXT \"v=DKIM1; p=\"\n")
        third = rotate(rig, "--write")
        name = record_of(third)[0].split(".")[0]
        report("rotate: a selector that DNS knows is not used again",
               None if third.returncode == 0 and ord(name[-1]) == ord(second[-1]) + 2 else
               (second, third))
        broken = rig.daemon.config.read_text() + "\nno such option\n"
        rig.daemon.config.write_text(broken)
        run = rotate(rig, "--write")
        report("rotate: a configuration with a mistake is not touched",
               None if run.returncode == 2 and rig.daemon.config.read_text() == broken else run)
        rig.key.chmod(0o644)            # read here, refused where the line is tried
        rig.daemon.config.write_text(broken.replace("no such option\n", ""))
        run = rotate(rig, "--write")
        report("rotate: a line that could not be written is put in by hand",
               None if run.returncode == 1 and "would not load" in run.stderr and
               "When that is mended, put this below" in run.stdout and
               ") by hand:" in run.stdout and "Do not run this again" in run.stdout else run)
        rig.key.chmod(0o600)
        run = rotate(rig, domain="other.example")
        report("rotate: a domain that is not managed is an error",
               None if run.returncode == 2 else run)


def follows_templates(build):
    with Rig(build) as rig:
        pem = (rig.dir / "keys/example.com.s1.pem").read_bytes()
        for name in ("one.example", "two.example"):
            path = rig.dir / f"keys/{name}.t1.pem"
            path.write_bytes(pem)
            path.chmod(0o600)
        rig.configure(rest=f'domain "*" {{ key "t1" {{ file = "{rig.dir}/keys/%d.%s.pem" }}\n'
                           f'key "t2" {{ file = "{rig.dir}/keys/%d.%s.pem" }} }}\n')
        before = rig.daemon.config.read_text()
        run = rotate(rig, "--write", domain="one.example")
        report("rotate: a template that names the next key wants no line",
               None if run.returncode == 0 and (rig.dir / "keys/one.example.t2.pem").exists()
               and rig.daemon.config.read_text() == before else run)
        run = rotate(rig, "--write", domain="one.example")
        new = record_of(run)[0].split(".")[0]
        text = rig.daemon.config.read_text()
        report("rotate: the old line stays while other domains sign by it",
               None if f"delete this domain's file\n   {rig.dir}/keys/one.example.t2.pem" in
               run.stdout and "only when each domain has its new key" in run.stdout and
               "take the line of" not in run.stdout else run)
        report("rotate: else it gets one, with the template",
               None if run.returncode == 0 and
               f'key "{new}" {{ file = "{rig.dir}/keys/%d.%s.pem" }}' in text and
               (rig.dir / f"keys/one.example.{new}.pem").exists() else (run, text))


def follows_sign_as(build):
    """The record is that of sign-as, for the section of a name or of a pattern."""
    with Rig(build) as rig:
        pem = (rig.dir / "keys/example.com.s1.pem").read_bytes()
        for name in ("a", "b"):
            (rig.dir / f"keys/{name}.pem").write_bytes(pem)
            (rig.dir / f"keys/{name}.pem").chmod(0o600)
        rig.configure(rest="".join(
            f'domain "{name}" {{ key "x1" {{ file = "{rig.dir}/keys/{file}.pem" }} '
            'sign-as = "example.org" }\n'
            for name, file in (("news.example.org", "a"), ("*.example.org", "b"))))
        rig.zone.add("x1._domainkey.example.org 7200 TXT \"v=DKIM1; p=\"\n")
        year = time.gmtime().tm_year
        rig.zone.add(f"{year}a._domainkey.example.org TXT \"v=DKIM1; p=\"\n")
        run = rotate(rig, domain="news.example.org")
        new = record_of(run)[0].split(".")[0]
        report("rotate sign-as: the record is below the domain that signs",
               None if record_of(run)[0] == f"{year}b._domainkey.example.org" and
               f"{new}._domainkey.example.org. 3600 IN TXT" in run.stdout else run)
        report("rotate sign-as: its TTL and its end are those of the old record there",
               None if "for up to 2 hours" in run.stdout and
               "x1._domainkey.example.org\n   (the key is withdrawn)" in run.stdout and
               "_domainkey.news" not in run.stdout else run)
        report("rotate sign-as: other sections with that key are named",
               None if re.search(r'section "\*\.example\.org" \(line \d+\) signs with x1 as '
                                 r'example\.org, too:', run.stdout) else run)
        run = rotate(rig, domain="*.example.org")
        report("rotate sign-as: a pattern is named as it stands, with another selector",
               None if run.returncode == 0 and record_of(run)[0] ==
               f"{year}c._domainkey.example.org" and "take the line of x1" in run.stdout and
               (rig.dir / f"keys/example.org.{year}c.pem").exists() else run)


def shares_one_file(build):
    """A pattern without %d: one key, a record for each domain."""
    with Rig(build) as rig:
        key = rig.dir / "keys/example.com.s1.pem"
        rig.configure(rest=f'domain "*.example.org" {{ key "x1" {{ file = "{key}" }} }}\n')
        run = rotate(rig, domain="a.example.org")
        report("rotate: the key of many domains stays until DNS shows the new one for each",
               None if run.returncode == 0 and "The line of x1 and its file stay" in run.stdout
               and "when DNS shows the\n   record" in run.stdout and
               "x1._domainkey.a.example.org" in run.stdout else run)
        run = rotate(rig, domain="*.example.org")
        report("rotate: a pattern whose domains have their own records is no domain",
               None if run.returncode == 2 and "name one of them" in run.stderr else run)


def finds_the_selector(build):
    """Only where it stands in the name of the file."""
    with Rig(build) as rig:
        pem = (rig.dir / "keys/example.com.s1.pem").read_bytes()
        folder = rig.dir / "keys/email"
        folder.mkdir(mode=0o755)
        for name in ("one.example.mail.pem", "one.example.pem", "one.example.d.key"):
            (folder / name).write_bytes(pem)
            (folder / name).chmod(0o600)
        for selector, file, wanted in (
                ("mail", "%d.mail.pem", "%d.{}.pem"), ("email", "%d.pem", None),
                ("d", "%d.d.key", None), ("m", "%d.mail.pem", None)):
            rig.configure(rest=f'domain "*" {{ key "{selector}" {{ file = "{folder}/{file}" '
                               '} }\n')
            run = rotate(rig, domain="one.example")
            new = record_of(run)[0].split(".")[0] if run.returncode == 0 else ""
            good = f'file = "{folder}/{wanted}"'.format(new) in run.stdout if wanted else \
                run.returncode == 2 and "by hand" in run.stderr
            report(f"rotate: selector {selector} in {file}", None if good else run)


def keygen_of(rig, *options, domain="example.com"):
    return subprocess.run(
        [str(rig.build / "mailworthy"), "keygen", "--config", str(rig.daemon.config),
         "--directory", str(rig.dir / "new"), *options, domain], capture_output=True,
        text=True, env=rig.daemon.env)


def is_not_the_first(build):
    """keygen without --rotate never prints the name of a key that is in use."""
    with Rig(build) as rig:
        year = time.gmtime().tm_year
        key = rig.dir / "keys/example.com.s1.pem"
        rig.configure(domain=f'key "{year}a" {{ file = "{key}" }}')
        rig.zone.add(f"{year}b._domainkey.example.com TXT \"v=DKIM1; p=\"\n")
        run = keygen_of(rig)
        report("keygen: neither a selector of the configuration nor of DNS",
               None if run.returncode == 0 and record_of(run)[0] ==
               f"{year}c._domainkey.example.com" else run)
        run = keygen_of(rig, "--selector", f"{year}a")
        report("keygen: not that of a key elsewhere when it is named",
               None if run.returncode == 2 and "elsewhere" in run.stderr and
               not (rig.dir / f"new/example.com.{year}a.pem").exists() else run)
        rig.configure(rest=f'domain "example.org" {{ key "{year}a" {{ file = "{rig.dir}/new/'
                           f'example.org.{year}a.pem" }} }}\n')
        run = keygen_of(rig, domain="example.org")
        report("keygen: a key that is named and still to be made is made",
               None if run.returncode == 0 and record_of(run)[0] ==
               f"{year}a._domainkey.example.org" else run)
        rig.configure(rest='domain "example.org" { key "s1" { file = "credential:x" } }\n')
        run = rotate(rig, domain="example.org")
        report("rotate: keys that are credentials have their own words",
               None if run.returncode == 2 and "LoadCredential=" in run.stderr and
               "root" not in run.stderr else run)
        run = rotate(rig, "--ed25519")
        report("rotate: a first key of a kind is made with keygen",
               None if run.returncode == 2 and
               "`mailworthy keygen --ed25519 example.com`" in run.stderr else run)


def main():
    build = sys.argv[1]
    word = sys.argv[2] if len(sys.argv) > 2 else ""
    cases = [(lambda: takes_over(build, "rsa"), "rsa"),
             (lambda: takes_over(build, "ed25519"), "ed25519"),
             (lambda: is_careful(build), "careful"),
             (lambda: follows_templates(build), "templates"),
             (lambda: follows_sign_as(build), "sign-as"),
             (lambda: shares_one_file(build), "one file"),
             (lambda: finds_the_selector(build), "selector"),
             (lambda: is_not_the_first(build), "first")]
    for case, name in cases:
        if word in "rotate " + name:
            try:
                case()
            except Exception as error:      # noqa: BLE001 a case that fails is one line
                report("rotate " + name, repr(error))
    check_sanitizers()
    return 1 if rigs.failed else 0


if __name__ == "__main__":
    sys.exit(main())
