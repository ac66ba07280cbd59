"""The text exposition format of Prometheus, version 0.0.4, read strictly: what
`promtool check metrics` complains about is an error here, and more."""

import http.client
import pathlib
import re
import shutil
import socket
import subprocess

TOP = pathlib.Path(__file__).resolve().parents[2]
NAME = re.compile(r"[a-zA-Z_:][a-zA-Z0-9_:]*\Z")
LABEL = re.compile(r'([a-zA-Z_][a-zA-Z0-9_]*)="((?:[^"\\\n]|\\[\\"n])*)"(,|\Z)')
NUMBER = re.compile(r"[+-]?(\d+(\.\d+)?([eE][+-]?\d+)?|Inf|NaN)\Z")


def unescape(text):
    return re.sub(r"\\(.)", lambda m: {"n": "\n"}.get(m[1], m[1]), text)


def parse_labels(text, line):
    labels, at = {}, 0
    while at < len(text):
        m = LABEL.match(text, at)
        assert m, f"labels that cannot be read: {line}"
        assert m[1] not in labels, f"a label twice: {line}"
        labels[m[1]] = unescape(m[2])
        assert not (m[3] and m.end() == len(text)), f"a comma at the end: {line}"
        at = m.end()
    return labels


def family_of(name, families):
    for suffix in ("_bucket", "_sum", "_count"):
        base = name.removesuffix(suffix)
        if base != name and families.get(base, {}).get("type") == "histogram":
            return base
    return name


def parse(text):
    """{name: {help, type, samples: {(sample name, labels): value}}}"""
    families, current = {}, None
    assert text.endswith("\n"), "no line end at the end"
    for line in text[:-1].split("\n"):
        assert line, "an empty line"
        if line.startswith("# "):
            _, kind, name, rest = line.split(" ", 3)
            assert kind in ("HELP", "TYPE"), line
            assert NAME.match(name), line
            if name != current:
                assert name not in families, f"told in two places: {name}"
                families[name] = {"help": None, "type": None, "samples": {}}
                current = name
            family = families[name]
            key = kind.lower()
            assert family[key] is None and not family["samples"], f"{kind} too late: {line}"
            family[key] = rest
            continue
        m = re.match(r"([^\s{]+)(?:\{(.*)\})? (\S+)\Z", line)
        assert m, f"no sample: {line}"
        assert NUMBER.match(m[3]), f"no number: {line}"
        base = family_of(m[1], families)
        assert base == current, f"a sample away from its metric: {line}"
        labels = parse_labels(m[2] or "", line)
        key = m[1], tuple(sorted(labels.items()))
        samples = families[base]["samples"]
        assert key not in samples, f"twice: {line}"
        samples[key] = float(m[3].replace("Inf", "inf"))
    for name, family in families.items():
        check_family(name, family)
    return families


def check_family(name, family):
    assert family["help"] and family["type"], f"{name}: HELP or TYPE is missing"
    assert family["type"] in ("counter", "gauge", "histogram"), name
    assert (family["type"] == "counter") == name.endswith("_total"), \
        f"{name} is a {family['type']}"
    assert not re.search(r"_(ms|us|milliseconds|kilobytes)(_|\Z)", name), \
        f"{name}: not a base unit"
    if family["type"] == "counter":
        assert all(v >= 0 for v in family["samples"].values()), name
    if family["type"] == "histogram":
        check_histogram(name, family["samples"])


def check_histogram(name, samples):
    buckets = [(float(dict(labels)["le"].replace("Inf", "inf")), value)
               for (sample, labels), value in samples.items() if sample == name + "_bucket"]
    assert buckets == sorted(buckets) and buckets[-1][0] == float("inf"), f"{name}: {buckets}"
    assert all(a[1] <= b[1] for a, b in zip(buckets, buckets[1:])), f"{name}: not cumulative"
    assert samples[name + "_count", ()] == buckets[-1][1], f"{name}: count"
    assert samples[name + "_sum", ()] >= 0, name


def value(families, name, **labels):
    """The sum of the samples that have these labels, 0 for none."""
    base = family_of(name, families)
    return sum(v for (sample, have), v in families[base]["samples"].items()
               if sample == name and labels.items() <= dict(have).items())


def check_never_less(before, after):
    """Counters and the counts of histograms only grow."""
    for name, family in before.items():
        if family["type"] == "gauge":
            continue
        for key, was in family["samples"].items():
            now = after[name]["samples"].get(key, 0)
            assert now >= was, f"{key} went from {was} to {now}"


def promtool():
    """Its path, or None: it comes with the package prometheus."""
    unpacked = TOP / "build/prometheus/usr/bin/promtool"
    return str(unpacked) if unpacked.exists() else shutil.which("promtool")


def promtool_check(text):
    """What promtool says against it."""
    run = subprocess.run([promtool(), "check", "metrics"], input=text, text=True,
                         capture_output=True)
    return run.stdout + run.stderr + (f"status {run.returncode}" if run.returncode else "")


class UnixConnection(http.client.HTTPConnection):
    def __init__(self, path, timeout):
        super().__init__("localhost", timeout=timeout)
        self.path = path

    def connect(self):
        self.sock = socket.socket(socket.AF_UNIX)
        self.sock.settimeout(self.timeout)
        self.sock.connect(self.path)


def get(where, path="/metrics", method="GET", timeout=10, headers=None):
    """(status, headers, text).  where: "unix:/path" or "inet:host:port"."""
    if where.startswith("unix:"):
        connection = UnixConnection(where[5:], timeout)
    else:
        host, _, port = where[5:].rpartition(":")
        connection = http.client.HTTPConnection(host, int(port), timeout=timeout)
    try:
        connection.request(method, path, headers=headers or {})
        answer = connection.getresponse()
        return answer.status, dict(answer.getheaders()), answer.read().decode()
    finally:
        connection.close()


def scrape(where, **kwargs):
    status, headers, text = get(where, **kwargs)
    assert status == 200, (status, text)
    assert headers["Content-Type"] == "text/plain; version=0.0.4; charset=utf-8", headers
    return parse(text)
