"""The set-ups whose words are predicted: a sender, what DNS says of it, keys,
and the addresses its mail leaves from.  Here: the frame, and SPF."""

import re

from daemon import zone_txt

IP4, OTHER4, IP6 = "192.0.2.10", "198.51.100.7", "2001:db8::10"
REVERSE4 = "10.2.0.192.in-addr.arpa"
NIBBLES6 = "0.1." + "0." * 22 + "8.b.d.0.1.0.0.2"
HELO = "mail.example.com"

# What stands behind every set-up: the host itself, the registries.
COMMON_ZONE = f"""\
{HELO} A {IP4}
{HELO} AAAA {IP6}
{HELO} TXT "v=spf1 a -all"
{REVERSE4} PTR {HELO}
{NIBBLES6}.ip6.arpa PTR {HELO}
example.com A 192.0.2.80
"""


class Setup:
    """zone: lines, with $D for the author's domain.  keys: {selector: name of a
    key} to sign with; sign: signatures that the message comes with (arguments
    of presign); options: lines of the domain's section; managed: the name of
    that section.  odd: where libopendmarc is known to be wrong."""

    def __init__(self, name, zone="", author=None, mail_from=None, egress=(IP4,),
                 helo=HELO, keys=None, sign=(), options="", managed=None, odd=False):
        self.name = name
        self.author = author or f"billing@{name}-example.com"
        self.domain = self.author.rpartition("@")[2].lower()
        self.mail_from = self.author if mail_from is None else mail_from
        # a name may make a string too long
        self.zone = re.sub(r'"((?:[^"\\\n]|\\.){256,})"', lambda m: zone_txt(m[1]),
                           zone.replace("$D", self.domain))
        self.egress, self.helo = tuple(egress), helo
        self.keys, self.sign, self.options = keys or {}, sign, options
        self.managed = managed or self.domain
        self.odd = odd

    @property
    def sender_domain(self):
        """What the egress section is chosen by."""
        return (self.mail_from or self.author).rpartition("@")[2].lower()


def txt(name, text):
    return f"{name} TXT {zone_txt(text)}\n"


def host(name="$D"):
    return f"{name} A 192.0.2.80\n{name} MX 10 {name}\n"


def dmarc(text="v=DMARC1; p=none", name="$D"):
    return txt("_dmarc." + name, text)


def many(n, line):
    """One line for each of n numbers: %d in the line."""
    return "".join(line.replace("%d", str(i)) + "\n" for i in range(n))


# ---- SPF: {name: (record or None, further lines)}; unsigned, so that DMARC
#      follows SPF ----

SPF_PLAIN = {
    "ip4": ("v=spf1 ip4:192.0.2.10 -all", ""),
    "ip4-net": ("v=spf1 ip4:192.0.2.0/28 -all", ""),
    "ip4-other-net": ("v=spf1 ip4:192.0.2.16/28 -all", ""),
    "fail": ("v=spf1 ip4:198.51.100.1 -all", ""),
    "softfail": ("v=spf1 ip4:198.51.100.1 ~all", ""),
    "neutral": ("v=spf1 ip4:198.51.100.1 ?all", ""),
    "no-all": ("v=spf1 ip4:198.51.100.1", ""),
    "only-version": ("v=spf1", ""),
    "all-alone": ("v=spf1 all", ""),
    "none": (None, ""),
    "other-txt": ("google-site-verification=abcdef", ""),
    "version-10": ("v=spf10 -all", ""),
    "spf2": ("spf2.0/mfrom,pra -all", ""),
    "upper-case": ("V=SPF1 IP4:192.0.2.10 -ALL", ""),
    "wide-blanks": ("v=spf1   ip4:192.0.2.10    -all  ", ""),
    "minus-ip4": ("v=spf1 -ip4:192.0.2.10 +all", ""),
    "tilde-ip4": ("v=spf1 ~ip4:192.0.2.10 -all", ""),
    "question-ip4": ("v=spf1 ?ip4:192.0.2.10 -all", ""),
    "after-all": ("v=spf1 -all ip4:192.0.2.10", ""),
    "ip4-all-of-it": ("v=spf1 ip4:0.0.0.0/0 -all", ""),
    "ip6-for-v4": ("v=spf1 ip6:::ffff:192.0.2.10 -all", ""),
    "with-other-txt": ("v=spf1 ip4:192.0.2.10 -all",
                       '$D TXT "google-site-verification=abcdef"\n'),
    "two-records": ("v=spf1 ip4:192.0.2.10 -all", '$D TXT "v=spf1 -all"\n'),
    "two-alike": ("v=spf1 ip4:192.0.2.10 -all", '$D TXT "v=spf1 ip4:192.0.2.10 -all"\n'),
    "unknown-modifier": ("v=spf1 ip4:192.0.2.10 foo=bar ra=postmaster -all", ""),
    "exp": ("v=spf1 ip4:192.0.2.10 -all exp=why.$D", 'why.$D TXT "not for %{i}"\n'),
    "exp-fail": ("v=spf1 -all exp=why.$D", 'why.$D TXT "not for %{i}"\n'),
    "exp-missing": ("v=spf1 -all exp=why.$D", ""),
}

SPF_BROKEN = {
    "unknown-mechanism": ("v=spf1 ipv4:192.0.2.10 -all", ""),
    "broken-after-match": ("v=spf1 ip4:192.0.2.10 ipv4:192.0.2.11 -all", ""),
    "ip4-short": ("v=spf1 ip4:192.0.2 -all", ""),
    "ip4-octet": ("v=spf1 ip4:192.0.2.256 -all", ""),
    "ip4-host": ("v=spf1 ip4:mail.example.com -all", ""),
    "ip4-empty": ("v=spf1 ip4: -all", ""),
    "ip4-blank": ("v=spf1 ip4: 192.0.2.10 -all", ""),
    "ip4-width": ("v=spf1 ip4:192.0.2.10/33 -all", ""),
    "ip4-width-zeros": ("v=spf1 ip4:192.0.2.10/032 -all", ""),
    "ip6-groups": ("v=spf1 ip6:2001:db8 -all", ""),
    "ip6-width": ("v=spf1 ip6:2001:db8::/129 -all", ""),
    "include-empty": ("v=spf1 include: -all", ""),
    "include-bare": ("v=spf1 include -all", ""),
    "a-slash": ("v=spf1 a/ -all", ""),
    "all-argument": ("v=spf1 all:example.com", ""),
    "comma": ("v=spf1 ip4:192.0.2.10, -all", ""),
    "macro-letter": ("v=spf1 exists:%{x}.example.com -all", ""),
    "macro-open": ("v=spf1 exists:%{i.example.com -all", ""),
    "macro-percent": ("v=spf1 exists:%i.example.com -all", ""),
    "macro-zero": ("v=spf1 exists:%{d0}.example.com -all", ""),
    "redirect-twice": ("v=spf1 redirect=$D redirect=$D", ""),
    "exp-twice": ("v=spf1 ip4:192.0.2.10 exp=$D exp=$D", ""),
    "redirect-empty": ("v=spf1 redirect=", ""),
    "modifier-name": ("v=spf1 ip4:192.0.2.10 4x=y -all", ""),
    "non-ascii": ("v=spf1 a:hello\\233.example.com -all", ""),
    "quote-inside": ('v=spf1 ip4:192.0.2.10 -all\\"', ""),
    "top-label-number": ("v=spf1 a:example.123 -all", ""),
    "minus-minus-all": ("v=spf1 ip4:192.0.2.10 --all", ""),
}

SPF_HOSTS = {
    "a": ("v=spf1 a -all", "$D A 192.0.2.10\n"),
    "a-not": ("v=spf1 a -all", ""),
    "a-host": ("v=spf1 a:out.$D -all", "out.$D A 198.51.100.1\nout.$D A 192.0.2.10\n"),
    "a-net": ("v=spf1 a/24 -all", ""),
    "a-net-zero": ("v=spf1 a/0 -all", ""),
    "a-two-widths": ("v=spf1 a:out.$D/28//64 -all", "out.$D A 192.0.2.1\n"),
    "a-void": ("v=spf1 a:no.$D ip4:192.0.2.10 -all", ""),
    "a-cname": ("v=spf1 a:out.$D -all", "out.$D CNAME real.$D\nreal.$D A 192.0.2.10\n"),
    "a-underscore": ("v=spf1 a:_out.$D -all", "_out.$D A 192.0.2.10\n"),
    "a-final-dot": ("v=spf1 a:out.$D. -all", "out.$D A 192.0.2.10\n"),
    "mx": ("v=spf1 mx -all", "$D MX 20 mx.$D\nmx.$D A 192.0.2.10\n"),
    "mx-not": ("v=spf1 mx -all", ""),
    "mx-net": ("v=spf1 mx/24 -all", ""),
    "mx-host": ("v=spf1 mx:in.$D -all", "in.$D MX 10 mx.$D\nmx.$D A 192.0.2.10\n"),
    "mx-absent": ("v=spf1 mx:in.$D ip4:192.0.2.10 -all", "in.$D A 192.0.2.10\n"),
    "mx-null": ("v=spf1 mx:in.$D ip4:192.0.2.10 -all", "in.$D MX 0 .\n"),
    "mx-eleven": ("v=spf1 mx:in.$D ip4:192.0.2.10 -all",
                  many(11, "in.$D MX 1%d m%d.$D\nm%d.$D A 198.51.100.1%d")),
    "exists": ("v=spf1 exists:yes.$D -all", "yes.$D A 127.0.0.2\n"),
    "exists-not": ("v=spf1 exists:no.$D -all", ""),
    "exists-aaaa-only": ("v=spf1 exists:yes.$D -all", "yes.$D AAAA 2001:db8::1\n"),
    "ptr": ("v=spf1 ptr:example.com -all", ""),
    "ptr-own": ("v=spf1 ptr -all", ""),
    "ptr-other": ("v=spf1 ptr:example.net -all", ""),
    "macro-ip": ("v=spf1 exists:%{i}._ip.$D -all", "192.0.2.10._ip.$D A 127.0.0.2\n"),
    "macro-reverse": ("v=spf1 exists:%{ir}.%{v}._ip.$D -all",
                      "10.2.0.192.in-addr._ip.$D A 127.0.0.2\n"),
    "macro-local": ("v=spf1 exists:%{l}._user.$D -all", "billing._user.$D A 127.0.0.2\n"),
    "macro-sender": ("v=spf1 exists:%{s}._user.$D -all", "billing@$D._user.$D A 127.0.0.2\n"),
    "macro-parts": ("v=spf1 exists:%{d1}.%{o}._x.$D -all", "com.$D._x.$D A 127.0.0.2\n"),
    "macro-split": ("v=spf1 exists:%{d1r-}._x.$D -all",
                    "macro._x.$D A 127.0.0.2\nspf._x.$D A 127.0.0.2\n"),
    "macro-helo": ("v=spf1 exists:%{h}._helo.$D -all", f"{HELO}._helo.$D A 127.0.0.2\n"),
    "macro-escapes": ("v=spf1 exists:a%%b%-c%_d._x.$D ip4:192.0.2.10 -all", ""),
    "macro-upper": ("v=spf1 exists:%{I}._ip.$D -all", "192.0.2.10._ip.$D A 127.0.0.2\n"),
    "macro-include": ("v=spf1 include:%{d}._spf.$D -all",
                      '$D._spf.$D TXT "v=spf1 ip4:192.0.2.10 -all"\n'),
    "macro-long": ("v=spf1 exists:" + "%{d}." * 14 + "_x.$D ip4:192.0.2.10 -all", ""),
}

SPF_TREES = {
    "include": ("v=spf1 include:_s.$D -all", '_s.$D TXT "v=spf1 ip4:192.0.2.10 -all"\n'),
    "include-not": ("v=spf1 include:_s.$D ?all", '_s.$D TXT "v=spf1 -all"\n'),
    "include-soft": ("v=spf1 ~include:_s.$D -all", '_s.$D TXT "v=spf1 ip4:192.0.2.10 -all"\n'),
    "include-deep": ("v=spf1 include:a.$D -all",
                     'a.$D TXT "v=spf1 include:b.$D"\nb.$D TXT "v=spf1 include:c.$D"\n'
                     'c.$D TXT "v=spf1 ip4:192.0.2.10"\n'),
    "include-nothing": ("v=spf1 include:_s.$D ip4:192.0.2.10 -all", ""),
    "include-no-record": ("v=spf1 include:_s.$D ip4:192.0.2.10 -all", "_s.$D A 192.0.2.1\n"),
    "include-broken": ("v=spf1 include:_s.$D ip4:192.0.2.10 -all",
                       '_s.$D TXT "v=spf1 ipv4:192.0.2.10 -all"\n'),
    "include-two": ("v=spf1 include:_s.$D -all", '_s.$D TXT "v=spf1 ip4:192.0.2.10 -all"\n'
                    '_s.$D TXT "v=spf1 -all"\n'),
    "include-self": ("v=spf1 include:$D -all", ""),
    "include-loop": ("v=spf1 include:_s.$D -all", '_s.$D TXT "v=spf1 include:$D -all"\n'),
    "include-redirect": ("v=spf1 include:_s.$D -all", '_s.$D TXT "v=spf1 redirect=_t.$D"\n'
                         '_t.$D TXT "v=spf1 ip4:192.0.2.10 -all"\n'),
    "include-cname": ("v=spf1 include:_s.$D -all", "_s.$D CNAME _t.$D\n"
                      '_t.$D TXT "v=spf1 ip4:192.0.2.10 -all"\n'),
    "redirect": ("v=spf1 redirect=_s.$D", '_s.$D TXT "v=spf1 ip4:192.0.2.10 -all"\n'),
    "redirect-soft": ("v=spf1 redirect=_s.$D", '_s.$D TXT "v=spf1 ~all"\n'),
    "redirect-nothing": ("v=spf1 redirect=_s.$D", ""),
    "redirect-all": ("v=spf1 redirect=_s.$D ~all", '_s.$D TXT "v=spf1 ip4:192.0.2.10 -all"\n'),
    "redirect-first": ("v=spf1 redirect=_s.$D ip4:198.51.100.1",
                       '_s.$D TXT "v=spf1 ip4:192.0.2.10 -all"\n'),
    "redirect-loop": ("v=spf1 redirect=$D", ""),
    "redirect-a": ("v=spf1 redirect=_s.$D", '_s.$D TXT "v=spf1 a -all"\n_s.$D A 192.0.2.10\n'),
    "ten-lookups": ("v=spf1 " + "".join(f"include:s{i}.$D " for i in range(9)) + "a -all",
                    many(9, 's%d.$D TXT "v=spf1 ip4:198.51.100.1"') + "$D A 192.0.2.10\n"),
    "eleven-lookups": ("v=spf1 " + "".join(f"include:s{i}.$D " for i in range(10)) + "a -all",
                       many(10, 's%d.$D TXT "v=spf1 ip4:198.51.100.1"') + "$D A 192.0.2.10\n"),
    "eleven-in-tree": ("v=spf1 include:a.$D include:b.$D ip4:192.0.2.10 -all",
                       'a.$D TXT "v=spf1 a:1.$D a:2.$D a:3.$D a:4.$D"\n'
                       'b.$D TXT "v=spf1 a:5.$D a:6.$D a:7.$D a:8.$D a:9.$D"\n' +
                       many(10, "%d.$D A 198.51.100.1")),
    "pass-before-limit": ("v=spf1 ip4:192.0.2.10 " +
                          "".join(f"a:h{i}.$D " for i in range(12)) + "-all", ""),
    "two-voids": ("v=spf1 a:n1.$D a:n2.$D ip4:192.0.2.10 -all", ""),
    "three-voids": ("v=spf1 a:n1.$D a:n2.$D a:n3.$D ip4:192.0.2.10 -all", ""),
    "three-voids-exists": ("v=spf1 exists:n1.$D mx:n2.$D a:n3.$D ip4:192.0.2.10 -all", ""),
}

SPF_DNS = {
    "cname-record": (None, '$D CNAME real.$D\nreal.$D TXT "v=spf1 ip4:192.0.2.10 -all"\n'
                     "real.$D A 192.0.2.80\nreal.$D MX 10 real.$D\n"),
    "servfail": (None, "$D TXT !servfail\n"),
    "timeout": (None, "$D TXT !timeout\n"),
    "include-servfail": ("v=spf1 include:_s.$D -all", "_s.$D TXT !servfail\n"),
    "include-timeout": ("v=spf1 include:_s.$D -all", "_s.$D TXT !timeout\n"),
    "redirect-servfail": ("v=spf1 redirect=_s.$D", "_s.$D TXT !servfail\n"),
    "a-servfail": ("v=spf1 a:out.$D -all", "out.$D A !servfail\n"),
    "a-timeout": ("v=spf1 a:out.$D -all", "out.$D A !timeout\n"),
    "mx-servfail": ("v=spf1 mx:in.$D -all", "in.$D MX !servfail\n"),
    "mx-host-servfail": ("v=spf1 mx:in.$D -all", "in.$D MX 10 mx.$D\nmx.$D A !servfail\n"),
    "exists-servfail": ("v=spf1 exists:yes.$D -all", "yes.$D A !servfail\n"),
    "servfail-after-pass": ("v=spf1 ip4:192.0.2.10 include:_s.$D -all", "_s.$D TXT !servfail\n"),
    "servfail-before-broken": ("v=spf1 include:_s.$D ip4:bad -all", "_s.$D TXT !servfail\n"),
}


def long_records():
    networks = " ".join(f"ip4:198.51.100.{i}" for i in range(40))
    text = f"v=spf1 {networks} ip4:192.0.2.10 -all"
    tcp = "v=spf1 " + " ".join(f"ip4:198.51.100.{i}" for i in range(100)) + \
        " ip4:192.0.2.10 -all"
    return {
        "split-strings": (None, f"$D TXT {zone_txt(text)}\n"),
        "split-inside-term": (None, '$D TXT "v=spf1 ip4:192." "0.2.10 -all"\n'),
        "split-lost-blank": (None, '$D TXT "v=spf1 ip4:198.51.100.1" "ip4:192.0.2.10 -all"\n'),
        "split-many": (None, "$D TXT " + " ".join(f'"{c}"' for c in "v=spf1 a -all") +
                       "\n$D A 192.0.2.10\n"),
        "over-udp": (None, f"$D TXT {zone_txt(tcp)}\n"),
    }


def spf_setups():
    groups = (SPF_PLAIN, SPF_BROKEN, SPF_HOSTS, SPF_TREES, SPF_DNS, long_records())
    for group in groups:
        for name, (record, zone) in group.items():
            lines = "" if "$D CNAME" in zone else host()
            lines += txt("$D", record) if record else ""
            yield Setup("spf-" + name, lines + zone + dmarc("v=DMARC1; p=reject"))


def spf6_setups():
    """The same, over IPv6."""
    cases = {
        "ip6": ("v=spf1 ip6:2001:db8::10 -all", ""),
        "ip6-net": ("v=spf1 ip6:2001:db8::/32 -all", ""),
        "ip6-other": ("v=spf1 ip6:2001:db8:1::/48 -all", ""),
        "ip4-only": ("v=spf1 ip4:192.0.2.10 -all", ""),
        "a": ("v=spf1 a -all", "$D AAAA 2001:db8::10\n"),
        "a-v4-host": ("v=spf1 a -all", ""),
        "a-net": ("v=spf1 a//64 -all", "$D AAAA 2001:db8::1\n"),
        "a-net-zero": ("v=spf1 a//0 -all", "$D AAAA 2001:db8::1\n"),
        "mx": ("v=spf1 mx:in.$D -all", "in.$D MX 10 mx.$D\nmx.$D AAAA 2001:db8::10\n"),
        "ptr": ("v=spf1 ptr:example.com -all", ""),
        "exists": ("v=spf1 exists:yes.$D -all", "yes.$D A 127.0.0.2\n"),
        "macro": ("v=spf1 exists:%{ir}.%{v}._ip.$D -all",
                  f"{NIBBLES6}.ip6._ip.$D A 127.0.0.2\n"),
        "aaaa-servfail": ("v=spf1 a:out.$D -all", "out.$D AAAA !servfail\n"),
    }
    for name, (record, zone) in cases.items():
        yield Setup("spf6-" + name, host() + f'$D TXT "{record}"\n' + zone +
                    dmarc("v=DMARC1; p=reject"), egress=(IP6,))


def egress_setups():
    """Several addresses: {name: (record, addresses, further lines)}"""
    cases = {
        "two": ("v=spf1 ip4:192.0.2.10 ip4:198.51.100.7 -all", (IP4, OTHER4), ""),
        "two-one": ("v=spf1 ip4:192.0.2.10 -all", (IP4, OTHER4), ""),
        "two-none": ("v=spf1 ip4:203.0.113.1 ~all", (IP4, OTHER4), ""),
        "both": ("v=spf1 ip4:192.0.2.10 ip6:2001:db8::/64 -all", (IP4, IP6), ""),
        "v4-only": ("v=spf1 ip4:192.0.2.10 -all", (IP4, IP6), ""),
        "v6-only": ("v=spf1 ip6:2001:db8::10 ~all", (IP4, IP6), ""),
        "v4-host": ("v=spf1 a:out.$D -all", (IP4, IP6), "out.$D A 192.0.2.10\n"),
        "both-host": ("v=spf1 a:out.$D -all", (IP4, IP6),
                      "out.$D A 192.0.2.10\nout.$D AAAA 2001:db8::10\n"),
        "v6-servfail": ("v=spf1 a:out.$D -all", (IP4, IP6),
                        "out.$D A 192.0.2.10\nout.$D AAAA !servfail\n"),
        "fail-and-servfail": ("v=spf1 a:out.$D -all", (IP4, IP6),
                              "out.$D A 203.0.113.1\nout.$D AAAA !servfail\n"),
        "four": ("v=spf1 ip4:192.0.2.0/24 ~ip4:198.51.100.0/24 ?ip4:203.0.113.0/24 -all",
                 (IP4, OTHER4, "203.0.113.9", IP6), ""),
    }
    for name, (record, addresses, zone) in cases.items():
        yield Setup("egress-" + name, host() + f'$D TXT "{record}"\n' + zone +
                    dmarc("v=DMARC1; p=quarantine"), egress=addresses)
    yield Setup("egress-partial-signed", host() + '$D TXT "v=spf1 ip4:192.0.2.10 -all"\n' +
                dmarc("v=DMARC1; p=reject"), egress=(IP4, IP6), keys={"s": "rsa"})


def null_setups():
    """The null reverse-path: SPF of the HELO name."""
    cases = {
        "pass": '$D TXT "v=spf1 -all"\nmail.$D TXT "v=spf1 a -all"\nmail.$D A 192.0.2.10\n',
        "fail": '$D TXT "v=spf1 a -all"\nmail.$D TXT "v=spf1 -all"\nmail.$D A 192.0.2.10\n',
        "none": '$D TXT "v=spf1 a -all"\nmail.$D A 192.0.2.10\n',
        "softfail": 'mail.$D TXT "v=spf1 ~all"\nmail.$D A 192.0.2.10\n',
        "permerror": 'mail.$D TXT "v=spf1 ip4:x -all"\nmail.$D A 192.0.2.10\n',
        "servfail": "mail.$D TXT !servfail\nmail.$D A 192.0.2.10\n",
        "local-part": 'mail.$D TXT "v=spf1 exists:%{l}._u.$D -all"\nmail.$D A 192.0.2.10\n'
                      "postmaster._u.$D A 127.0.0.2\n",
    }
    for name, zone in cases.items():
        yield Setup("null-" + name, host() + zone + dmarc("v=DMARC1; p=reject"),
                    mail_from="", helo=f"mail.null-{name}-example.com")
    yield Setup("null-foreign-helo", host() + dmarc("v=DMARC1; p=reject"), mail_from="")
    yield Setup("null-signed", host() + dmarc("v=DMARC1; p=reject"), mail_from="",
                keys={"s": "rsa"})
    yield Setup("null-strict", host() + 'mail.$D TXT "v=spf1 a -all"\nmail.$D A 192.0.2.10\n' +
                dmarc("v=DMARC1; p=reject; aspf=s"), mail_from="",
                helo="mail.null-strict-example.com", odd=True)


def sender_setups():
    """Local parts, letters and names that are unusual."""
    plain = host() + dmarc("v=DMARC1; p=reject")
    user = "v=spf1 exists:%{l}._user.$D -all"
    yield Setup("sender-tag", plain + f'$D TXT "{user}"\nbilling+x._user.$D A 127.0.0.2\n',
                mail_from="billing+x@sender-tag-example.com")
    yield Setup("sender-tag-not", plain + f'$D TXT "{user}"\nbilling._user.$D A 127.0.0.2\n',
                mail_from="billing+x@sender-tag-not-example.com")
    yield Setup("sender-parts", plain + '$D TXT "v=spf1 exists:%{l1r-}._user.$D -all"\n'
                "billing._user.$D A 127.0.0.2\n",
                mail_from="billing-2026@sender-parts-example.com")
    yield Setup("sender-upper", plain + '$D TXT "v=spf1 ip4:192.0.2.10 -all"\n',
                author="Billing@Sender-Upper-Example.COM",
                mail_from="Billing@Sender-Upper-Example.COM")
    yield Setup("sender-deep", plain + '$D TXT "v=spf1 ip4:192.0.2.10 -all"\n',
                author="billing@a.b.c.d.e.sender-deep-example.com")
    yield Setup("sender-idn", plain + '$D TXT "v=spf1 ip4:192.0.2.10 -all"\n',
                author="billing@xn--bcher-kva.sender-idn-example.com")
    yield Setup("sender-nxdomain", dmarc("v=DMARC1; p=reject", "sender-nx-example.com"),
                author="billing@nothing.sender-nx-example.com")
    yield Setup("sender-digits", plain + '$D TXT "v=spf1 a -all"\n$D A 192.0.2.10\n',
                author="billing@0815.sender-digits-example.com")
