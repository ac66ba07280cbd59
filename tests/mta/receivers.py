"""Independent receivers: each is given a message as if it came from an address,
and says what it makes of SPF, of each signature and of DMARC, in one vocabulary.

    python    python3-spf, python3-dkim, python3-authheaders
    perl      Mail::SPF, Mail::DKIM, Mail::DMARC
    rspamd    its own spf, dkim and dmarc
    opendkim  opendkim's verifier; libopendmarc judges with the SPF of python3-spf
"""

import ctypes
import functools
import http.client
import json
import os
import pathlib
import re
import socket
import subprocess
import time
import warnings

import authheaders
import authheaders.dmarc_lookup
import dkim
import dns.resolver
import spf

from miltermta import MilterMta
from postfix import free_port, wait_for_port

HERE = pathlib.Path(__file__).resolve().parent
SUFFIX_LIST = "/usr/share/publicsuffix/public_suffix_list.dat"

warnings.filterwarnings("ignore", category=DeprecationWarning)


def domain_of(address):
    return address.rpartition("@")[2].lower()


class Case:
    """What a receiver is given: the message in a file, the address it came from."""

    def __init__(self, path, ip, helo, mail_from, author):
        self.path, self.ip, self.helo = path, ip, helo
        self.mail_from, self.author = mail_from, author
        self.text = pathlib.Path(path).read_bytes()

    @property
    def spf_domain(self):
        return domain_of(self.mail_from) if self.mail_from else self.helo


class Opinion:
    """spf, dmarc, policy: a word or None (no opinion); dkim: {(d, s): word}."""

    def __init__(self, spf=None, dkim=None, dmarc=None, policy=None):
        self.spf, self.dkim = spf, dkim if dkim is not None else {}
        self.dmarc, self.policy = dmarc, policy


# ---- python3-spf, python3-dkim, python3-authheaders ----

@functools.cache
def _suffix_list():
    from publicsuffix2 import PublicSuffixList
    with open(SUFFIX_LIST, encoding="utf-8") as file:
        return PublicSuffixList(file)


def spf_word(case):
    """None where python3-spf gives up with an exception of its own."""
    try:
        return spf.check2(i=case.ip, s=case.mail_from, h=case.helo)[0]
    except (dns.exception.DNSException, UnicodeError, ValueError, IndexError):
        return None


def fields(text):
    """[((d, s), number)] of each DKIM-Signature field, the top one first."""
    found = []
    values = [v for n, v in dkim.DKIM(text).headers if n.lower() == b"dkim-signature"]
    for i, value in enumerate(values):
        tags = dict(re.findall(rb"(?:^|;)\s*([a-z]+)\s*=\s*([^;]*)", value))
        found.append((tuple(b"".join(tags.get(t, b"").split()).decode().lower()
                            for t in (b"d", b"s")), i))
    return found


class Logger:
    def __init__(self):
        self.text = ""

    def error(self, text, *_):
        self.text += text

    def debug(self, *_):
        pass

    info = warning = debug


class Python:
    def __init__(self, dns_port):
        resolver = dns.resolver.Resolver(configure=False)
        resolver.nameservers, resolver.port = ["127.0.0.1"], dns_port
        resolver.lifetime = resolver.timeout = 5
        resolver.use_edns(0, 0, 1232)
        dns.resolver.default_resolver = resolver
        # authheaders reads the whole list from its file at every call
        authheaders.dmarc_lookup.get_org_domain = authheaders.get_org_domain = \
            lambda name: _suffix_list().get_public_suffix(name)
        authheaders.get_domain_part = domain_of     # its own ends at a hyphen

    def judge(self, case):
        word = spf_word(case)
        signatures = {name: self._verify(case.text, i) for name, i in fields(case.text)}
        return Opinion(word, signatures, *self._dmarc(case, word, signatures))

    @staticmethod
    def _verify(text, i):
        """It says False, and tells its logger of a key it cannot use."""
        logger = Logger()
        try:
            if dkim.DKIM(text, logger=logger).verify(idx=i):
                return "pass"
        except (dkim.DKIMException, ValueError, KeyError) as error:
            return "fail" if "body hash mismatch" in str(error) else "permerror"
        if "Timeout" in logger.text:
            return "temperror"
        return "permerror" if logger.text else "fail"

    @staticmethod
    def _dmarc(case, word, signatures):
        """authheaders takes one signature: any that passes is enough."""
        sender = case.mail_from or "postmaster@" + case.helo
        passed = [d for (d, _), v in signatures.items() if v == "pass"] or [""]
        results = []
        for domain in passed:
            spf_result = authheaders.SPFAuthenticationResult(
                result=word or "none", smtp_mailfrom=sender)
            dkim_result = authheaders.DKIMAuthenticationResult(
                result="pass" if domain else "fail", header_d=domain)
            try:
                result, _, _, policy = authheaders.dmarc_per_from(
                    domain_of(case.author), spf_result, dkim_result)
            except dns.exception.DNSException:
                return "temperror", None
            except (IndexError, ValueError):    # of records that are no list of tags
                return "permerror", None
            results.append((result, policy))
        result = "pass" if "pass" in [r for r, _ in results] else results[0][0]
        return result, results[0][1] if result == "fail" else None


# ---- Mail::SPF, Mail::DKIM, Mail::DMARC ----

class Perl:
    DKIM = {"pass": "pass", "fail": "fail", "invalid": "permerror",
            "temperror": "temperror", "none": "none"}

    def __init__(self, dns_port):
        self.process = subprocess.Popen(
            ["perl", str(HERE / "receive.pl"), str(dns_port)], stdin=subprocess.PIPE,
            stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True)

    def close(self):
        self.process.stdin.close()
        self.process.wait(20)

    def judge(self, case):
        self.process.stdin.write(json.dumps({
            "file": case.path, "ip": case.ip, "helo": case.helo,
            "mail_from": case.mail_from, "author": case.author}) + "\n")
        self.process.stdin.flush()
        said = json.loads(self.process.stdout.readline())
        signatures = {(s["d"].lower(), s["s"].lower()):
                      "temperror" if "DNS error" in s["detail"] else
                      self.DKIM.get(s["word"], "permerror") for s in said["dkim"]}
        dmarc, policy = self._dmarc(said["dmarc"])
        return Opinion(said["spf"], signatures, dmarc, policy)

    @staticmethod
    def _dmarc(said):
        """It leaves "fail" standing where it gave up before it decided."""
        if "died" in said:
            return "temperror", None
        reasons = " ".join(said["reasons"])
        if "too many policies" in reasons or "no policy" in reasons:
            return "none", None
        if "no valid rua" in reasons or "parse error" in reasons or not said["published"]:
            return "permerror", None
        return said["word"], said["disposition"] if said["word"] == "fail" else None


# ---- rspamd ----

RSPAMD_CONFIG = """\
options {{
    filters = "dkim";
    pidfile = "{dir}/rspamd.pid";
    tempdir = "{dir}";
    hs_cache_dir = "{dir}";
    cache_file = "{dir}/symbols.cache";
    control_socket = "{dir}/control.sock mode=0600";
    url_tld = "{dir}/suffixes.dat";
    local_addrs = [];
    dns {{ nameserver = ["127.0.0.1:{dns}"]; timeout = 3s; retransmits = 2; sockets = 4; }}
}}
logging {{ type = "file"; filename = "{dir}/rspamd.log"; level = "warning"; }}
worker "normal" {{ bind_socket = "127.0.0.1:{port}"; count = 1; }}
modules {{ path = "/usr/share/rspamd/plugins/dmarc.lua";
    path = "/usr/share/rspamd/plugins/spf.lua"; }}
actions {{ reject = 1000; }}
spf {{ enabled = true; }}
dkim {{ enabled = true; }}
dmarc {{ enabled = true; }}
"""


class Rspamd:
    SPF = {"R_SPF_ALLOW": "pass", "R_SPF_FAIL": "fail", "R_SPF_SOFTFAIL": "softfail",
           "R_SPF_NEUTRAL": "neutral", "R_SPF_NA": "none", "R_SPF_DNSFAIL": "temperror",
           "R_SPF_PERMFAIL": "permerror"}
    DKIM = {"R_DKIM_ALLOW": "pass", "R_DKIM_REJECT": "fail",
            "R_DKIM_TEMPFAIL": "temperror", "R_DKIM_PERMFAIL": "permerror"}
    DMARC = {"DMARC_POLICY_ALLOW": ("pass", None), "DMARC_NA": ("none", None),
             "DMARC_POLICY_REJECT": ("fail", "reject"),
             "DMARC_POLICY_QUARANTINE": ("fail", "quarantine"),
             "DMARC_POLICY_SOFTFAIL": ("fail", "none"),
             "DMARC_BAD_POLICY": ("permerror", None), "DMARC_DNSFAIL": ("temperror", None)}

    def __init__(self, scratch, dns_port, suffixes):
        self.dir = pathlib.Path(scratch) / "rspamd"
        self.dir.mkdir()
        self.port = free_port()
        # rspamd compiles its list for twenty seconds: those that matter do
        with open("/usr/share/rspamd/effective_tld_names.dat", encoding="utf-8") as file:
            lines = [x for x in file.read().splitlines()
                     if x.rpartition(".")[2] in suffixes and x.count(".") < 3]
        (self.dir / "suffixes.dat").write_text("\n".join(lines) + "\n")
        config = self.dir / "rspamd.conf"
        config.write_text(RSPAMD_CONFIG.format(dir=self.dir, dns=dns_port, port=self.port))
        for path in (self.dir, config):
            os.chmod(path, 0o777 if path == self.dir else 0o644)
        self.process = subprocess.Popen(
            ["rspamd", "-f", "-u", "_rspamd", "-g", "_rspamd", "-c", str(config)],
            stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)

    def wait(self):
        if not wait_for_port(self.port, 60):
            raise RuntimeError("rspamd did not start: " +
                               (self.dir / "rspamd.log").read_text()[-1000:])
        end = time.monotonic() + 60
        while time.monotonic() < end:     # the port is there before the worker is
            try:
                connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=5)
                connection.request("GET", "/ping")
                if connection.getresponse().read().startswith(b"pong"):
                    return
            except OSError:
                pass
            time.sleep(0.2)
        raise RuntimeError("rspamd does not answer")

    def close(self):
        self.process.terminate()
        self.process.wait(20)

    def judge(self, case):
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=60)
        connection.request("POST", "/checkv2", case.text, {
            "IP": case.ip, "Helo": case.helo, "From": case.mail_from,
            "Rcpt": "anna@example.net"})
        said = json.loads(connection.getresponse().read())
        connection.close()
        symbols = said["symbols"]
        opinion = Opinion()
        for name, symbol in symbols.items():
            if name in self.SPF:
                opinion.spf = self.SPF[name]
            if name in self.DMARC:
                opinion.dmarc, opinion.policy = self.DMARC[name]
            if name in self.DKIM:
                for option in symbol.get("options", []):
                    domain, _, selector = option.partition(":s=")
                    opinion.dkim[domain.lower(), selector.lower()] = self.DKIM[name]
        return opinion


# ---- opendkim and libopendmarc ----

class SockaddrIn(ctypes.Structure):
    _fields_ = [("family", ctypes.c_uint16), ("port", ctypes.c_uint16),
                ("address", ctypes.c_uint8 * 4), ("zero", ctypes.c_uint8 * 8)]


class OpendmarcLib(ctypes.Structure):
    _fields_ = [("tld_type", ctypes.c_int), ("tld_source_file", ctypes.c_char * 4096),
                ("nscount", ctypes.c_int), ("nsaddr_list", SockaddrIn * 3)]


class Opendmarc:
    """libopendmarc with its own DNS: it takes servers with a port."""

    RESULTS = {14: ("none", None), 15: ("pass", None), 16: ("fail", "reject"),
               17: ("fail", "quarantine"), 18: ("fail", "none")}
    QUERY = {9: "none", 10: "none", 11: "temperror"}
    SPF = {"none": 0, "pass": 1, "fail": 2, "softfail": 2, "temperror": 3}
    DKIM = {"pass": 1, "temperror": 3}

    def __init__(self, dns_port):
        self.lib = ctypes.CDLL("libopendmarc.so.2")
        self.lib.opendmarc_policy_connect_init.restype = ctypes.c_void_p
        self.lib.opendmarc_policy_connect_shutdown.argtypes = [ctypes.c_void_p]
        self.lib.opendmarc_policy_connect_shutdown.restype = ctypes.c_void_p
        self.init = OpendmarcLib(1, SUFFIX_LIST.encode(), 1)
        self.init.nsaddr_list[0] = SockaddrIn(
            socket.AF_INET, socket.htons(dns_port), (ctypes.c_uint8 * 4)(127, 0, 0, 1))
        if self.lib.opendmarc_policy_library_init(ctypes.byref(self.init)) != 0:
            raise RuntimeError("libopendmarc did not start")

    def judge(self, case, spf_result, signatures):
        lib, author = self.lib, domain_of(case.author).encode()
        context = ctypes.c_void_p(
            lib.opendmarc_policy_connect_init(case.ip.encode(), int(":" in case.ip)))
        try:
            lib.opendmarc_policy_store_from_domain(context, author)
            lib.opendmarc_policy_store_spf(
                context, case.spf_domain.encode(), self.SPF.get(spf_result, 2),
                1 if case.mail_from else 2, None)
            for (domain, selector), word in signatures.items():
                lib.opendmarc_policy_store_dkim(context, domain.encode(), selector.encode(),
                                                self.DKIM.get(word, 2), None)
            status = lib.opendmarc_policy_query_dmarc(context, author)
            if status != 0:
                return self.QUERY.get(status, "permerror"), None
            return self.RESULTS.get(lib.opendmarc_get_policy_to_enforce(context),
                                    ("permerror", None))
        finally:
            lib.opendmarc_policy_connect_shutdown(context)


OPENDKIM_CONFIG = """\
Mode v
Socket local:{dir}/socket
ResolverConfiguration {dir}/unbound.conf
AuthservID receiver.example.net
AlwaysAddARHeader yes
Background no
Syslog no
InternalHosts {dir}/nobody
PidFile {dir}/opendkim.pid
"""

UNBOUND_CONFIG = """\
server:
    do-not-query-localhost: no
    unblock-lan-zones: yes
    module-config: "iterator"
    infra-host-ttl: 10
    outbound-msg-retry: 1
forward-zone:
    name: "."
    forward-addr: 127.0.0.1@{port}
"""


class Opendkim:
    def __init__(self, scratch, dns_port):
        self.dir = pathlib.Path(scratch) / "opendkim"
        self.dir.mkdir()
        self.socket = self.dir / "socket"
        (self.dir / "unbound.conf").write_text(UNBOUND_CONFIG.format(port=dns_port))
        (self.dir / "nobody").write_text("198.18.0.1\n")
        config = self.dir / "opendkim.conf"
        config.write_text(OPENDKIM_CONFIG.format(dir=self.dir))
        self.process = subprocess.Popen(["opendkim", "-f", "-x", str(config)],
                                        stdout=subprocess.DEVNULL, stderr=subprocess.PIPE)
        self.opendmarc = Opendmarc(dns_port)

    def wait(self):
        end = time.monotonic() + 20
        while not self.socket.exists():
            if time.monotonic() > end:
                raise RuntimeError("opendkim did not start")
            time.sleep(0.05)

    def close(self):
        self.process.terminate()
        self.process.wait(20)

    def judge(self, case):
        mta = MilterMta(self.socket)
        _, added = mta.message(case.ip, case.helo, case.mail_from, "anna@example.net",
                               case.text)
        mta.close()
        values = [v for n, v in added if n.lower() == "authentication-results"]
        if not values:      # where it cannot get a key it passes the message on unjudged
            return Opinion()
        signatures = {k: w for v in values for k, w in self._results(v).items()}
        dmarc, policy = self.opendmarc.judge(case, spf_word(case), signatures)
        return Opinion(None, signatures, dmarc, policy)

    @staticmethod
    def _results(value):
        """"dkim=pass (2048-bit key) header.d=a header.s=b ...; dkim=..." """
        found = {}
        value = re.sub(r'"[^"]*"|\([^()]*\)', " ", value)
        for part in value.split(";"):
            words = dict(re.findall(r"([\w.]+)=(\S+)", part))
            if "header.d" in words:
                key = words["header.d"].lower(), words.get("header.s", "").lower()
                found[key] = words["dkim"]
        return found
