"""The measurements; tests/bench/run starts this.  See README.md."""

import argparse
import contextlib
import os
import pathlib
import platform
import shutil
import socket
import statistics
import subprocess
import sys
import tempfile
import time

HERE = pathlib.Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parent / "lib"))

import messages  # noqa: E402
from daemon import keygen, zone_txt  # noqa: E402
from fastdns import Dns  # noqa: E402
from filters import MAILWORTHY, SELECTOR, Mailworthy, OpenDkim, Rspamd, cpu_ms  # noqa: E402
from postfix import Postfix  # noqa: E402

SENDER = "<billing@example.com>"
DEADLINE = 3
PARTS = ("messages", "many", "inet", "postfix", "dns")


class Rig:
    """Scratch directory, key, messages, load generator, DNS."""

    def __init__(self, build, quick):
        self.build, self.quick = build, quick
        self.dir = pathlib.Path(tempfile.mkdtemp(prefix="mailworthy-bench-"))
        os.chmod(self.dir, 0o755)
        self.load = self.dir / "milter-load"
        subprocess.run(["cc", "-O2", "-pthread", "-o", str(self.load),
                        str(HERE / "milter-load.c")], check=True)
        self.messages = messages.write(self.dir)
        self.n = 0
        self.key, record = self.make_key()
        self.dns = Dns(record)

    def make_key(self, *options, selector=SELECTOR):
        """(file, its DNS record as a line of a zone)."""
        path, text = keygen(self.build, self.scratch(), "example.com", selector, *options)
        return path, f"{selector}._domainkey.example.com TXT {zone_txt(text)}\n"

    def scratch(self):
        self.n += 1
        return self.dir / f"f{self.n}"

    def spool(self):
        """For a queue: in memory, so that the disk is not what is measured."""
        memory = pathlib.Path("/dev/shm")
        if not os.access(memory, os.W_OK):
            return self.scratch()
        return pathlib.Path(tempfile.mkdtemp(prefix="mailworthy-bench-", dir=memory))

    def filters(self, inet=False):
        """Not started yet."""
        return [Mailworthy(self.build, self.scratch(), self.key, self.dns.port, inet),
                OpenDkim(self.scratch(), self.key, inet),
                OpenDkim(self.scratch(), self.key, inet, canon="relaxed/simple"),
                Rspamd(self.scratch(), self.key, self.dns.port, inet)]


def run_load(rig, target, path, n, connections):
    """{rate, p50, p99 (ms), cpu (ms a message)}; every message must be signed."""
    before = target.cpu_ms()
    run = subprocess.run([str(rig.load), "-s", target.socket, "-c", str(connections), "-n",
                          str(n), "-f", SENDER, str(path)], capture_output=True, text=True)
    words = run.stdout.split()
    if run.returncode != 0 or int(words[6]) != n or int(words[8]) != n:
        raise RuntimeError(f"{target.name}: not every message was accepted and signed: "
                           f"{run.stdout}{run.stderr} (see {target.dir})")
    return {"rate": float(words[2]), "p50": int(words[3]) / 1000, "p99": int(words[4]) / 1000,
            "cpu": (target.cpu_ms() - before) / n}


def medians(rounds):
    return {key: statistics.median(one[key] for one in rounds) for key in rounds[0]}


COLUMNS = (("rate", "rate/s", "{:.0f}"), ("p50", "EOM p50 ms", "{:.2f}"),
           ("p99", "EOM p99 ms", "{:.2f}"), ("cpu", "CPU ms", "{:.3f}"),
           ("both", "and Postfix's", "{:.3f}"),
           ("largest", "peak MB", "{:.1f}"), ("all", "peak MB, all", "{:.1f}"))


def print_table(title, rows):
    """rows: [(name, values)], the first is what the ratios are to."""
    shown = [c for c in COLUMNS if c[0] in rows[0][1]]
    print(f"\n{title}")
    print(f"  {'':24}" + "".join(f"{head:>19}" for _, head, _ in shown))
    for name, values in rows:
        cells = []
        for key, _, form in shown:
            base = rows[0][1][key]
            ratio = f"({values[key] / base:.2f})" if base else ""
            cells.append(form.format(values[key]) + f"{ratio:>8}")
        print(f"  {name:24}" + "".join(f"{cell:>19}" for cell in cells), flush=True)


def measure(rig, filters, path, n, connections, rounds):
    """[(name, medians and peaks)]; the filters take turns."""
    found = {target: [] for target in filters}
    with contextlib.ExitStack() as stack:
        for target in filters:
            target.start()
            stack.callback(target.stop)
            run_load(rig, target, path, 2 * connections, connections)
        for _ in range(rounds):
            for target in filters:
                found[target].append(run_load(
                    rig, target, path, max(connections, int(n * target.share)), connections))
        rows = []
        for target in filters:
            largest, all_of_them = target.peak_mb()
            rows.append((target.name, {**medians(found[target]), "largest": largest,
                                       "all": all_of_them}))
    return rows


def part_messages(rig):
    counts = {"2 KB text": 3000, "19 KB HTML": 2000, "10 MB PDF": 48}
    rounds = 2 if rig.quick else 5
    for kind, path in rig.messages.items():
        n = counts[kind] // (4 if rig.quick else 1)
        print_table(f"{kind} ({path.stat().st_size} octets), 4 connections, unix socket, "
                    f"RSA-2048", measure(rig, rig.filters(), path, n, 4, rounds))


def part_many(rig):
    rounds = 1 if rig.quick else 3
    for kind, n in (("2 KB text", 4000), ("10 MB PDF", 96)):
        n = n // (2 if rig.quick else 1)
        print_table(f"{kind}, 16 connections, unix socket, RSA-2048",
                    measure(rig, rig.filters(), rig.messages[kind], n, 16, rounds))


def part_inet(rig):
    rows = []
    path = rig.messages["2 KB text"]
    n = 1000 if rig.quick else 4000
    for name, bits, ed25519 in (("RSA-2048", "2048", False), ("RSA-1024", "1024", False),
                                ("RSA-2048 and Ed25519", "2048", True)):
        rows.append((name, inet_rate(rig, path, n, bits, ed25519)))
    print_table("2 KB text, mailworthy alone, inet: on one connection "
                "(to hold: 1,500/s)", rows)


def inet_rate(rig, path, n, bits, ed25519):
    """Ed25519 signs beside an RSA key only."""
    key, records = rig.make_key("--bits", bits)
    config = MAILWORTHY
    if ed25519:
        second, record = rig.make_key("--ed25519", selector="second")
        records += record
        config = config.replace(
            "key ", f'key "second" {{{{ file = "{second}" }}}}\n    key ', 1)
    with Dns(records) as dns:
        target = Mailworthy(rig.build, rig.scratch(), key, dns.port, True, config).start()
        try:
            run_load(rig, target, path, 50, 1)
            return medians([run_load(rig, target, path, n, 1) for _ in range(3)])
        finally:
            target.stop()


def start_postfix(rig, milter):
    postfix = Postfix(rig.spool(), "", milters=milter,
                      settings={"default_transport": "discard:"})
    with open(postfix.config / "master.cf", "a") as master:
        master.write("discard unix - - n - - discard\n")
    return postfix.start()


def postfix_round(rig, postfix, target, path, n):
    """Messages a second that Postfix accepts, CPU of the filter and of both."""
    master = int((postfix.queue / "pid/master.pid").read_text())
    filter_before = target.cpu_ms() if target else 0
    before = cpu_ms(master)
    began = time.monotonic()
    run = subprocess.run(
        [f"{postfix.root}/usr/sbin/smtp-source", "-d", "-s", "8", "-m", str(n), "-F",
         str(path), "-f", SENDER.strip("<>"), "-t", "someone@example.net",
         f"inet:127.0.0.1:{postfix.port}"], env=postfix.env, capture_output=True, text=True)
    took = time.monotonic() - began
    if run.returncode != 0:
        raise RuntimeError("smtp-source: " + run.stderr + postfix.read_log()[-2000:])
    postfix.wait_idle()
    cpu = target.cpu_ms() - filter_before if target else 0
    return {"rate": n / took, "cpu": cpu / n, "both": (cpu + cpu_ms(master) - before) / n}


def part_postfix(rig):
    if os.geteuid() != 0:
        print("\nPostfix: skipped, needs root")
        return
    path = rig.dir / "letter.eml"
    path.write_text(messages.letter())
    cases = [("no milter", None, 1)]
    for inet in (False, True):
        kind = " inet:" if inet else " unix:"
        mailworthy, opendkim, _, rspamd = rig.filters(inet)
        cases += [("mailworthy" + kind, mailworthy, 1),
                  ("OpenDKIM" + kind, opendkim, 0.1 if inet else 0.5),
                  ("Rspamd" + kind, rspamd, 0.25)]
    cases.insert(0, cases.pop(1))    # the ratios are to mailworthy
    n = 800 if rig.quick else 3000
    with contextlib.ExitStack() as stack:
        running = []
        for name, target, share in cases:
            if target:
                stack.callback(target.start().stop)
            listen = target.socket if target else ""
            postfix = start_postfix(rig, listen)
            stack.callback(shutil.rmtree, postfix.dir, ignore_errors=True)
            stack.callback(postfix.stop)
            postfix_round(rig, postfix, target, path, 50)
            running.append((name, target, postfix, int(n * share)))
        found = {name: [] for name, *_ in running}
        for _ in range(2 if rig.quick else 5):
            for name, target, postfix, count in running:
                found[name].append(postfix_round(rig, postfix, target, path, count))
        print_table("4 KB text through Postfix, 8 SMTP connections: accepted a second "
                    "(to hold: 1,500/s)", [(name, medians(found[name])) for name in found])


def one_eom_ms(rig, target, path, sender):
    run = subprocess.run([str(rig.load), "-s", target.socket, "-c", "1", "-n", "1", "-f",
                          sender, str(path)], capture_output=True, text=True, check=True)
    return int(run.stdout.split()[5]) / 1000


def part_dns(rig):
    """What mail costs while the DNS of its domain, or all of it, is down."""
    print(f"\nDNS down, mailworthy with `deadline = {DEADLINE}`: time at end of message, ms")
    silent = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    silent.bind(("127.0.0.1", 0))
    # names of the domain are not answered, all others are
    names = ("example.com", f"{SELECTOR}._domainkey.example.com", "_dmarc.example.com",
             "mail.example.com", "_dmarc.com")
    with Dns("".join(f"{name} ANY !timeout\n" for name in names)) as half:
        for title, port in (("no server answers", silent.getsockname()[1]),
                            ("the domain's servers do not answer", half.port)):
            first, soon, later = down_times(rig, port)
            print(f"  {title:36} first {first:7.1f}   the next 20 at most {soon:6.1f}" +
                  ("" if rig.quick else f"   over the next minute at most {later:6.1f}"))
    silent.close()


def down_times(rig, dns_port):
    """(first, longest of 20 at once, longest of one a second for a minute)."""
    config = MAILWORTHY.replace("resolver {{ ", "resolver {{ "
                                f"deadline = {DEADLINE}\ntimeout = {DEADLINE}\n")
    path = rig.messages["2 KB text"]
    target = Mailworthy(rig.build, rig.scratch(), rig.key, dns_port, config=config).start()
    try:
        first = one_eom_ms(rig, target, path, SENDER)
        soon = max(one_eom_ms(rig, target, path, SENDER) for _ in range(20))
        later = 0
        for _ in range(0 if rig.quick else 65):
            time.sleep(1)
            later = max(later, one_eom_ms(rig, target, path, SENDER))
    finally:
        target.stop()
    return first, soon, later


def print_machine():
    model = [line.split(":", 1)[1].strip() for line in open("/proc/cpuinfo")
             if line.startswith("model name")]
    load = open("/proc/loadavg").read().split()[:3]
    print(f"{platform.system()} {platform.release()}, {os.cpu_count()} CPUs "
          f"({model[0] if model else platform.machine()}), {time.strftime('%Y-%m-%d %H:%M')}")
    print(f"load of the machine before starting: {' '.join(load)}" + (
        "   NOT IDLE: rates and times will be too bad, CPU a little"
        if float(load[0]) > 0.3 else ""), flush=True)


def main():
    parser = argparse.ArgumentParser(prog="tests/bench/run")
    parser.add_argument("build")
    parser.add_argument("--quick", action="store_true", help="fewer messages and rounds")
    parser.add_argument("parts", nargs="*", metavar="PART", help=" ".join(PARTS))
    args = parser.parse_intermixed_args()
    if unknown := set(args.parts) - set(PARTS):
        parser.error("no such part: " + " ".join(unknown))
    print_machine()
    rig = Rig(pathlib.Path(args.build), args.quick)
    with rig.dns:
        for part in args.parts or PARTS:
            globals()[f"part_{part}"](rig)
    print("\nload of the machine afterwards, our own included: " +
          " ".join(open("/proc/loadavg").read().split()[:3]))
    shutil.rmtree(rig.dir, ignore_errors=True)


if __name__ == "__main__":
    main()
