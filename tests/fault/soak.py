#!/usr/bin/python3
"""Many messages through one worker, of several shapes, with reloads between:
resident memory stays within 10 % of what it was after the first tenth, no
descriptor or thread is left, and the records are as many as the messages.

    soak.py BUILD [MESSAGES [CONNECTIONS]]
"""

import base64
import os
import pathlib
import random
import subprocess
import sys
import tempfile
import time

from fault import TOP, report
from rig import Rig

ROUNDS = 40
HEAD = """\
From: Anna <anna@example.com>\r
To: bert@example.net\r
Subject: Lunch {n}\r
Date: {date}\r
Message-ID: <soak.{n}@example.com>\r
MIME-Version: 1.0\r
"""


def shapes():
    """Message texts: plain, raw 8-bit that is mended, HTML with links, an archive."""
    words = random.Random(1)
    line = "Shall we meet at noon, or is one o'clock better for all of you?\r\n"
    html = "".join(f'<p>Offer {n}: <a href="https://www.example.com/o/{n}">see it</a></p>\r\n'
                   for n in range(40))
    blob = base64.encodebytes(b"PK\3\4" + words.randbytes(60000)).replace(b"\n", b"\r\n").decode()
    return {
        "plain": "Content-Type: text/plain\r\n\r\n" + line * 30,
        "mended": "Content-Type: text/plain; charset=utf-8\r\n"
                  "Content-Transfer-Encoding: 8bit\r\n\r\n" + "Ein sch\u00f6ner Tag.\r\n" * 90,
        "html": 'Content-Type: multipart/alternative; boundary="b"\r\n\r\n'
                "--b\r\nContent-Type: text/plain\r\n\r\n" + line * 40 +
                "--b\r\nContent-Type: text/html\r\n\r\n<html><body>" + html +
                "</body></html>\r\n--b--\r\n",
        "archive": 'Content-Type: multipart/mixed; boundary="b"\r\n\r\n'
                   "--b\r\nContent-Type: text/plain\r\n\r\n" + line +
                   "--b\r\nContent-Type: application/zip; name=\"a.zip\"\r\n"
                   "Content-Transfer-Encoding: base64\r\n\r\n" + blob + "--b--\r\n",
    }


def build_load(directory):
    program = pathlib.Path(directory, "milter-load")
    subprocess.run(["gcc", "-O2", "-D_GNU_SOURCE", "-o", program,
                    TOP / "tests/bench/milter-load.c", "-lpthread"], check=True)
    return program


def one_round(rig, program, files, n, connections):
    """n messages: of 20 one is an archive, four are HTML, five are mended."""
    done = 0
    for share, name in ((10, "plain"), (5, "mended"), (4, "html"), (1, "archive")):
        run = subprocess.run(
            [program, "-s", rig.daemon.socket, "-c", str(connections),
             "-n", str(n * share // 20), "-f", "<anna@example.com>", files[name]],
            capture_output=True, text=True, check=True)
        figures = run.stdout.split()
        assert figures[6] == figures[8] == str(n * share // 20), run.stdout
        done += int(figures[0])
    return done


def count_records(rig):
    """Rotates as logrotate does: renamed, then reopened by the reload."""
    old = rig.daemon.dir / "events.old"
    rig.daemon.events.rename(old)
    rig.reload()
    with open(old, "rb") as lines:
        n = sum(block.count(b"\n") for block in iter(lambda: lines.read(1 << 20), b""))
    old.unlink()
    return n


def settle(rig, wanted):
    """A sample when the reload's own questions to DNS are over."""
    end = time.monotonic() + 10
    n = rig.count_descriptors()
    while n > wanted and time.monotonic() < end:
        time.sleep(0.05)
        n = rig.count_descriptors()
    return (rig.memory(), n, len(os.listdir(f"/proc/{rig.pid}/task")))


def main():
    build = pathlib.Path(sys.argv[1]).resolve()
    wanted = int(sys.argv[2]) if len(sys.argv) > 2 else 20000
    connections = int(sys.argv[3]) if len(sys.argv) > 3 else 8
    begun, done, records, samples = time.monotonic(), 0, -1, []
    with tempfile.TemporaryDirectory() as scratch, Rig(build) as rig:
        program = build_load(scratch)
        files = {}
        for name, rest in shapes().items():
            files[name] = pathlib.Path(scratch, name)
            files[name].write_bytes((HEAD.format(
                n=name, date=time.strftime("%a, %d %b %Y %H:%M:%S +0000", time.gmtime())) +
                rest).encode())
        for _ in range(ROUNDS):
            done += one_round(rig, program, files, wanted // ROUNDS, connections)
            records += count_records(rig)
            samples.append(settle(rig, rig.descriptors))
            if sys.stderr.isatty() or len(samples) % 4 == 0:
                print(f"# {done} messages, {samples[-1][0]} KiB, {samples[-1][1]} descriptors, "
                      f"{samples[-1][2]} threads", file=sys.stderr)
        same = rig.daemon.worker_pid() == rig.pid
        peak = rig.memory("VmHWM")
        records += count_records(rig)
        first, last = samples[ROUNDS // 10], samples[-1]
        highest = max(s[0] for s in samples[ROUNDS // 10:])
        report(f"soak: {done} messages in {time.monotonic() - begun:.0f} s by one worker", same)
        report(f"soak: memory stays flat (after a tenth {first[0]}, at the end {last[0]}, "
               f"highest {highest}, peak {peak} KiB)", highest <= first[0] * 1.1)
        report(f"soak: no descriptor is left ({first[1]} and {last[1]})", last[1] <= first[1])
        report(f"soak: each message has its record ({records})", records == done,
               f"{records} records of {done}")
    return 0


if __name__ == "__main__":
    import fault
    main()
    sys.exit(1 if fault.failed else 0)
