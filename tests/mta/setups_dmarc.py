"""Set-ups of DMARC: which record applies, what is aligned, what the policy is.
Names under real suffixes, where suffixes matter; all DNS is on loopback."""

from setups import Setup, dmarc, host, txt

PASS = '$S TXT "v=spf1 ip4:192.0.2.10 -all"\n'
FAIL = '$S TXT "v=spf1 -all"\n'


def make(name, author, zone, sender=None, spf="", d=None, public=None, **more):
    """sender: domain of the envelope; spf: PASS or FAIL for it; d: a domain that
    signs, with a key that is published."""
    sender = author if sender is None else sender
    lines = host(author) + zone + spf.replace("$S", sender)
    if sender not in ("", author):
        lines += host(sender)
    sign = ()
    if d is not None:
        lines += txt(f"x._domainkey.{d}", f"v=DKIM1; k=rsa; p={public}")
        sign = ({"d": d, "s": "x"},)
    return Setup("dmarc-" + name, lines, author="billing@" + author,
                 mail_from=f"billing@{sender}" if sender else "", sign=sign, **more)


def record_setups():
    """Of the author's own domain; SPF fails unless the name says so."""
    records = {
        "none": "v=DMARC1; p=none",
        "quarantine": "v=DMARC1; p=quarantine",
        "reject": "v=DMARC1; p=reject",
        "sp-own": "v=DMARC1; p=quarantine; sp=reject",
        "rua": "v=DMARC1; p=none; rua=mailto:d@example.net",
        "two-rua": "v=DMARC1; p=reject; rua=mailto:a@$D,mailto:b@$D!10m; ruf=mailto:c@$D",
        "pct": "v=DMARC1; p=reject; pct=100",
        "no-blanks": "v=DMARC1;p=reject",
        "blanks": "v = DMARC1 ;  p = reject ; ",
        "upper-policy": "v=DMARC1; p=REJECT",
        "final-semicolon": "v=DMARC1; p=quarantine;",
        "unknown-tag": "v=DMARC1; p=reject; zz=1",
    }
    odd = {
        "testing": "v=DMARC1; p=reject; t=y",
        "testing-quarantine": "v=DMARC1; p=quarantine; t=y",
        "testing-no": "v=DMARC1; p=reject; t=n",
        "psd-n": "v=DMARC1; p=reject; psd=n",
        "psd-u": "v=DMARC1; p=reject; psd=u",
        "no-p": "v=DMARC1; sp=reject",
        "no-p-rua": "v=DMARC1; rua=mailto:dmarc@$D",
        "bad-p": "v=DMARC1; p=bogus",
        "bad-p-rua": "v=DMARC1; p=bogus; rua=mailto:dmarc@$D",
        "bad-sp": "v=DMARC1; p=reject; sp=bogus",
        "bad-sp-rua": "v=DMARC1; p=reject; sp=bogus; rua=mailto:dmarc@$D",
        "bad-np-rua": "v=DMARC1; p=reject; np=bogus; rua=mailto:dmarc@$D",
        "empty-p": "v=DMARC1; p=",
        "short-p": "v=DMARC1; p=rej",
        "bad-adkim": "v=DMARC1; p=reject; adkim=x",
        "bad-pct": "v=DMARC1; p=reject; pct=101",
        "bad-fo": "v=DMARC1; p=reject; fo=z",
        "bad-ri": "v=DMARC1; p=reject; ri=often",
        "bad-t": "v=DMARC1; p=reject; t=maybe",
        "p-last": "v=DMARC1; rua=mailto:dmarc@$D; p=reject",
        "version-only": "v=DMARC1",
        "version-lower": "v=dmarc1; p=reject",
        "version-2": "v=DMARC2; p=reject",
        "version-10": "v=DMARC10; p=reject",
        "version-last": "p=reject; v=DMARC1",
        "version-quoted": '\\"v=DMARC1; p=reject\\"',
        "leading-blank": " v=DMARC1; p=reject",
        "commas": "v=DMARC1, p=reject",
        "no-semicolon": "v=DMARC1 p=reject",
        "semicolons": "v=DMARC1;; p=reject;;",
        "no-tag": "v=DMARC1; reject",
        "p-twice": "v=DMARC1; p=none; p=reject",
        "spf-record": "v=spf1 -all",
        "garbage": "hello world",
    }
    for name, text in {**records, **odd}.items():
        domain = f"record-{name}-example.com"
        yield make("record-" + name, domain,
                   f'_dmarc.{domain} TXT "{text.replace("$D", domain)}"\n', spf=FAIL,
                   odd=name in odd)
    for name in ("reject", "no-p-rua", "bad-p", "version-lower", "testing"):
        domain = f"record-{name}-pass-example.com"
        text = {**records, **odd}[name].replace("$D", domain)
        yield make(f"record-{name}-pass", domain, f'_dmarc.{domain} TXT "{text}"\n',
                   spf=PASS, odd=name in odd)


def answer_setups():
    """What stands at _dmarc."""
    reject = '"v=DMARC1; p=reject"'
    cases = {
        "absent": ("", False),
        "other-txt": (f'_dmarc.$D TXT "site=1"\n_dmarc.$D TXT {reject}\n', False),
        "two": (f'_dmarc.$D TXT {reject}\n_dmarc.$D TXT "v=DMARC1; p=none"\n', True),
        "split": ('_dmarc.$D TXT "v=DMARC1; p=" "reject; rua=mailto:d@$D"\n', False),
        "cname": (f"_dmarc.$D CNAME d.$D\nd.$D TXT {reject}\n", False),
        "cname-dangling": ("_dmarc.$D CNAME no.$D\n", False),
        "servfail": ("_dmarc.$D TXT !servfail\n", False),
        "timeout": ("_dmarc.$D TXT !timeout\n", False),
        "long": ('_dmarc.$D TXT "v=DMARC1; p=reject; rua=' + ",".join(
            f"mailto:address-{i}@$D" for i in range(6)) + '"\n', False),
    }
    for name, (zone, odd) in cases.items():
        domain = f"answer-{name}-example.com"
        zone = zone.replace("$D", domain)
        yield make("answer-" + name, domain, zone, spf=FAIL, odd=odd)
        if name in ("absent", "two", "servfail", "cname"):
            domain = f"answer-{name}-pass-example.com"
            yield make(f"answer-{name}-pass", domain,
                       zone.replace(f"answer-{name}-example.com", domain), spf=PASS, odd=odd)


def alignment_setups(public):
    """{name: (tags, author, envelope, d=)}; @ is the organizational domain, and
    what passes is what the last two name."""
    cases = {
        "spf-own": ("", "@", "@", None),
        "spf-verp": ("", "@", "bounce.@", None),
        "spf-verp-strict": ("aspf=s", "@", "bounce.@", None),
        "spf-own-strict": ("aspf=s", "@", "@", None),
        "spf-foreign": ("", "@", "bounces-of-@", None),
        "spf-sibling": ("", "news.@", "bounce.@", None),
        "spf-parent": ("", "news.@", "@", None),
        "spf-parent-strict": ("aspf=s", "news.@", "@", None),
        "spf-relaxed-said": ("aspf=r", "@", "bounce.@", None),
        "dkim-own": ("", "@", "esp-of-@", "@"),
        "dkim-sub": ("", "@", "esp-of-@", "mail.@"),
        "dkim-sub-strict": ("adkim=s", "@", "esp-of-@", "mail.@"),
        "dkim-own-strict": ("adkim=s", "@", "esp-of-@", "@"),
        "dkim-foreign": ("", "@", "esp-of-@", "esp-of-@"),
        "dkim-sibling": ("", "news.@", "esp-of-@", "mail.@"),
        "dkim-parent": ("", "a.news.@", "esp-of-@", "@"),
        "dkim-parent-strict": ("adkim=s", "news.@", "esp-of-@", "@"),
        "spf-strict-dkim-relaxed": ("aspf=s; adkim=r", "@", "bounce.@", "mail.@"),
        "both-strict-neither": ("aspf=s; adkim=s", "@", "bounce.@", "mail.@"),
        "both-own": ("", "@", "@", "@"),
        "suffix-of-name": ("", "@", "not@", "also@"),
        "upper-strict": ("aspf=S", "@", "bounce.@", None),
    }
    for name, (tags, author, sender, d) in cases.items():
        org = f"align-{name}-example.com"
        author, sender = author.replace("@", org), sender.replace("@", org)
        record = "v=DMARC1; p=reject" + ("; " + tags if tags else "")
        spf = FAIL if sender.startswith("esp-of-") else PASS
        yield make("align-" + name, author, dmarc(record, org), sender, spf,
                   d and d.replace("@", org), public, odd="=s" in tags.lower())


def tree_setups(public):
    """Records above the author's domain: {name: (author, {place: record}, sender,
    d, exists, odd)}; @ is the domain below com."""
    r, q, n = "v=DMARC1; p=reject", "v=DMARC1; p=quarantine", "v=DMARC1; p=none"
    cases = {
        "parent": ("news.@", {"@": r}, None, None, 1, 0),
        "parent-sp": ("news.@", {"@": r + "; sp=none"}, None, None, 1, 0),
        "parent-sp-up": ("news.@", {"@": n + "; sp=reject"}, None, None, 1, 0),
        "parent-np": ("news.@", {"@": n + "; sp=quarantine; np=reject"}, None, None, 1, 1),
        "parent-np-absent": ("no.@", {"@": n + "; sp=quarantine; np=reject"}, None, None, 0, 1),
        "parent-np-none": ("no.@", {"@": r + "; np=none"}, None, None, 0, 1),
        "parent-t": ("news.@", {"@": r + "; sp=quarantine; t=y"}, None, None, 1, 1),
        "own-and-parent": ("news.@", {"news.@": q, "@": r}, None, None, 1, 0),
        "own-and-parent-sp": ("news.@", {"news.@": n, "@": r + "; sp=reject"}, None, None, 1, 0),
        "own-only": ("news.@", {"news.@": q}, None, None, 1, 0),
        "own-only-parent-spf": ("news.@", {"news.@": q}, "@", None, 1, 0),
        "own-only-sibling-spf": ("news.@", {"news.@": q}, "mail.@", None, 1, 0),
        "own-sibling-spf": ("news.@", {"news.@": q, "@": r}, "mail.@", None, 1, 0),
        "deep": ("a.b.c.@", {"@": r}, None, None, 1, 1),
        "deep-pass": ("a1.b1.c1.@", {"@": r}, "@", None, 1, 0),
        "middle": ("aa.mail.@", {"mail.@": q, "@": r}, None, None, 1, 0),
        "middle-only": ("aa.mail.@", {"mail.@": q}, None, None, 1, 0),
        "middle-only-pass": ("aa.mail.@", {"mail.@": q}, "mail.@", None, 1, 0),
        "middle-psd-n": ("aa.mail.@", {"mail.@": q + "; psd=n", "@": r}, None, None, 1, 1),
        "psd-n-sibling": ("aa.mail.@", {"mail.@": q + "; psd=n", "@": r}, "bb.mail.@", None,
                          1, 1),
        "psd-n-parent": ("aa.mail.@", {"mail.@": q + "; psd=n", "@": r}, "@", None, 1, 1),
        "psd-y-below": ("aa.mail.@", {"@": q + "; psd=y"}, None, None, 1, 1),
        "psd-y-sibling": ("aa.mail.@", {"@": q + "; psd=y"}, "bb.mail.@", None, 1, 1),
        "psd-y-cousin": ("aa.mail.@", {"@": q + "; psd=y"}, "bb.post.@", None, 1, 1),
        "nine-labels": ("a1.b1.c1.d1.e1.f1.g1.@", {"@": r}, None, None, 1, 0),
        "nine-labels-far": ("a1.b1.c1.d1.e1.f1.g1.@", {"b1.c1.d1.e1.f1.g1.@": r}, None, None,
                            1, 0),
        "nine-labels-dkim": ("a1.b1.c1.d1.e1.f1.g1.@", {"@": r}, None, "@", 1, 0),
        "parent-broken": ("news.@", {"@": "v=DMARC1; p=bogus"}, None, None, 1, 1),
        "own-broken-parent": ("news.@", {"news.@": "v=DMARC1; p=bogus", "@": r}, None, None,
                              1, 1),
        "own-two-parent": ("news.@", {"news.@": [q, r], "@": r}, None, None, 1, 1),
        "own-other-parent": ("news.@", {"news.@": "hello", "@": r}, None, None, 1, 0),
        "parent-servfail": ("news.@", {"@": None}, None, None, 1, 0),
        "own-parent-servfail": ("news.@", {"news.@": r, "@": None}, None, None, 1, 0),
        "own-servfail-parent": ("news.@", {"news.@": None, "@": r}, None, None, 1, 0),
        "own-parent-servfail-spf": ("news.@", {"news.@": r, "@": None}, "bounce.@", None, 1, 0),
    }
    for name, (author, records, sender, d, exists, odd) in cases.items():
        yield tree_setup("tree-" + name, f"tree-{name}-example.com", author, records, sender,
                         d, exists, odd, public)


def tree_setup(name, org, author, records, sender, d, exists, odd, public):
    zone = host(org)
    for place, texts in records.items():
        place = place.replace("@", org)
        for text in texts if isinstance(texts, list) else [texts]:
            zone += dmarc(text, place) if text else f"_dmarc.{place} TXT !servfail\n"
    author = author.replace("@", org)
    setup = make(name, author, zone, (sender or "@").replace("@", org) if sender else
                 "esp-of-" + org, PASS if sender else FAIL, d and d.replace("@", org), public,
                 odd=bool(odd))
    if not exists:
        setup.zone = setup.zone.replace(host(author), "")
    return setup


def suffix_setups(public):
    """{name: (author, {place: record}, sender, d, odd)}; odd: libopendmarc gets
    names of one letter and suffixes of two labels or by wildcard wrong."""
    r = "v=DMARC1; p=reject"
    cases = {
        "letter-foreign-dkim": ("q.com", {"q.com": r}, None, "evil-example.com", 1),
        "letter-foreign-spf": ("q.net", {"q.net": r}, "evil-example.net", None, 1),
        "letter-own": ("q.org", {"q.org": r}, "q.org", None, 1),
        "letter-sub": ("q.io", {"q.io": r}, "bounce.q.io", None, 1),
        "letter-parent": ("news.w.com", {"w.com": r}, "w.com", None, 1),
        "letter-co-uk": ("q.co.uk", {"q.co.uk": r}, "evil-example.co.uk", None, 1),
        "letter-co-uk-own": ("w.co.uk", {"w.co.uk": r}, None, "w.co.uk", 1),
        "letters-siblings": ("a.letters-example.com", {"letters-example.com": r},
                             "b.letters-example.com", None, 1),
        "co-uk": ("shop-example.co.uk", {"shop-example.co.uk": r}, "shop-example.co.uk",
                  None, 0),
        "co-uk-sub": ("news.sub-example.co.uk", {"sub-example.co.uk": r},
                      "bounce.sub-example.co.uk", None, 0),
        "co-uk-neighbour": ("one-example.co.uk", {"one-example.co.uk": r},
                            "two-example.co.uk", None, 0),
        "co-uk-suffix-dkim": ("three-example.co.uk", {"three-example.co.uk": r}, None,
                              "co.uk", 1),
        "com-dkim": ("four-example.com", {"four-example.com": r}, None, "com", 1),
        "github": ("pages-example.github.io", {"pages-example.github.io": r},
                   "pages-example.github.io", None, 0),
        "github-neighbour": ("aa-example.github.io", {"aa-example.github.io": r},
                             "bb-example.github.io", None, 0),
        "github-letters": ("a.github.io", {"a.github.io": r}, "b.github.io", None, 1),
        "github-sub": ("mail.cc-example.github.io", {"cc-example.github.io": r},
                       "bounce.cc-example.github.io", None, 0),
        "kawasaki": ("shop.dd-example.kawasaki.jp", {"shop.dd-example.kawasaki.jp": r},
                     "bounce.shop.dd-example.kawasaki.jp", None, 1),
        "kawasaki-neighbour": ("a1.ee-example.kawasaki.jp", {"a1.ee-example.kawasaki.jp": r},
                               "b1.ee-example.kawasaki.jp", None, 1),
        "kawasaki-city": ("news.city.kawasaki.jp", {"city.kawasaki.jp": r},
                          "city.kawasaki.jp", None, 1),
        "suffix-record": ("ff-example.org.uk", {"org.uk": r + "; psd=y"}, None, None, 1),
        "suffix-record-own": ("gg-example.me.uk", {"me.uk": r + "; psd=y",
                                                   "gg-example.me.uk": "v=DMARC1; p=none"},
                              None, None, 1),
        "suffix-record-neighbour": ("hh-example.ltd.uk", {"ltd.uk": r + "; psd=y"},
                                    "ii-example.ltd.uk", None, 1),
        "suffix-record-below": ("news.jj-example.plc.uk", {"plc.uk": r + "; psd=y"},
                                "bounce.jj-example.plc.uk", None, 1),
        "idn": ("xn--bcher-kva.org", {"xn--bcher-kva.org": r}, "bounce.xn--bcher-kva.org",
                None, 0),
    }
    for name, (author, records, sender, d, odd) in cases.items():
        zone = "".join(dmarc(text, place) for place, text in records.items())
        foreign = f"esp-{name}-example.net"
        yield make("suffix-" + name, author, zone, sender or foreign,
                   PASS if sender else FAIL, d, public, odd=bool(odd))


def signed_setups(public):
    """Signed by us, as it usually is: envelope elsewhere, records of any kind."""
    for name, text in (("none", "p=none"), ("quarantine", "p=quarantine"),
                       ("reject", "p=reject"), ("strict", "p=reject; adkim=s; aspf=s"),
                       ("testing", "p=reject; t=y")):
        domain = f"signed-{name}-example.com"
        zone = dmarc("v=DMARC1; " + text, domain) + \
            txt("s._domainkey." + domain, f"v=DKIM1; k=rsa; p={public}")
        yield make("signed-" + name, domain, zone, "esp-of-" + domain, FAIL,
                   odd="=s" in text, keys={"s": "rsa"})


def dmarc_setups(public):
    yield from record_setups()
    yield from answer_setups()
    yield from alignment_setups(public)
    yield from tree_setups(public)
    yield from suffix_setups(public)
    yield from signed_setups(public)
