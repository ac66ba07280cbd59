"""Set-ups of DKIM: what DNS shows of our key, and signatures that a message
already carries."""

from setups import Setup, dmarc, host, txt


def key_setups(keys):
    """keys: {name: public part as in p=}.  Unless said otherwise SPF fails, so
    that DMARC follows DKIM."""
    rsa, other, ed = keys["rsa"], keys["other"], keys["ed"]
    at = "s._domainkey.$D"
    good = f"v=DKIM1; k=rsa; p={rsa}"
    half = len(rsa) // 2
    cases = {
        "match": txt(at, good),
        "one-line-strings": f"{at} TXT " + " ".join(
            f'"{good[i:i + 64]}"' for i in range(0, len(good), 64)) + "\n",
        "missing": f"{at} A 192.0.2.1\n",
        "nxdomain": "",
        "mismatch": txt(at, f"v=DKIM1; k=rsa; p={other}"),
        "revoked": txt(at, "v=DKIM1; k=rsa; p="),
        "revoked-bare": txt(at, "p="),
        "testing": txt(at, f"v=DKIM1; k=rsa; t=y; p={rsa}"),
        "testing-mismatch": txt(at, f"v=DKIM1; k=rsa; t=y; p={other}"),
        "strict-subdomains": txt(at, f"v=DKIM1; k=rsa; t=s; p={rsa}"),
        "bare-p": txt(at, f"p={rsa}"),
        "no-version": txt(at, f"k=rsa; p={rsa}"),
        "no-type": txt(at, f"v=DKIM1; p={rsa}"),
        "blanks": txt(at, f"v = DKIM1 ;k= rsa; p= {rsa[:half]} {rsa[half:]} ;"),
        "note": txt(at, f"v=DKIM1; n=made 2026; k=rsa; p={rsa}"),
        "unknown-tag": txt(at, f"v=DKIM1; zz=1; k=rsa; p={rsa}"),
        "sha256": txt(at, f"v=DKIM1; h=sha256; k=rsa; p={rsa}"),
        "sha1-only": txt(at, f"v=DKIM1; h=sha1; k=rsa; p={rsa}"),
        "sha1-and-256": txt(at, f"v=DKIM1; h=sha1:sha256; k=rsa; p={rsa}"),
        "service-email": txt(at, f"v=DKIM1; s=email; k=rsa; p={rsa}"),
        "service-all": txt(at, f"v=DKIM1; s=*; k=rsa; p={rsa}"),
        "service-other": txt(at, f"v=DKIM1; s=tlsrpt; k=rsa; p={rsa}"),
        "version-2": txt(at, f"v=DKIM2; k=rsa; p={rsa}"),
        "version-last": txt(at, f"k=rsa; p={rsa}; v=DKIM1"),
        "version-lower": txt(at, f"v=dkim1; k=rsa; p={rsa}"),
        "type-unknown": txt(at, f"v=DKIM1; k=dsa; p={rsa}"),
        "type-wrong": txt(at, f"v=DKIM1; k=ed25519; p={rsa}"),
        "p-absent": txt(at, "v=DKIM1; k=rsa"),
        "p-cut": f'{at} TXT "{good[:255]}"\n',
        "p-not-base64": txt(at, "v=DKIM1; k=rsa; p=***"),
        "p-short": txt(at, "v=DKIM1; k=rsa; p=AAAA"),
        "p-twice": txt(at, f"v=DKIM1; k=rsa; p={other}; p={rsa}"),
        "quotes-inside": txt(at, '\\"' + good),
        "backslashes": txt(at, good.replace(";", "\\\\;")),
        "garbage": txt(at, "hello world"),
        "semicolons": txt(at, f"v=DKIM1;; k=rsa;; p={rsa};;"),
        "two-records": txt(at, good) + txt(at, f"v=DKIM1; k=rsa; p={other}"),
        "cname": f"{at} CNAME s.keys.$D\n" + txt("s.keys.$D", good),
        "cname-chain": f"{at} CNAME b.keys.$D\nb.keys.$D CNAME c.keys.$D\n" +
                       txt("c.keys.$D", good),
        "cname-dangling": f"{at} CNAME no.keys.$D\n",
        "pkcs1": txt(at, f"v=DKIM1; k=rsa; p={keys['rsa-pkcs1']}"),
        "servfail": f"{at} TXT !servfail\n",
        "timeout": f"{at} TXT !timeout\n",
        "type-upper": txt(at, f"v=DKIM1; k=RSA; p={rsa}"),
    }
    for name, zone in cases.items():
        yield Setup("key-" + name, host() + zone + dmarc("v=DMARC1; p=reject"),
                    keys={"s": "rsa"})
    passes = '$D TXT "v=spf1 ip4:192.0.2.10 -all"\n'
    for name in ("missing", "mismatch", "servfail"):
        yield Setup(f"key-{name}-spf", host() + cases[name] + passes +
                    dmarc("v=DMARC1; p=reject"), keys={"s": "rsa"})
    yield from more_keys(keys, rsa, ed)


def more_keys(keys, rsa, ed):
    record = dmarc("v=DMARC1; p=reject")
    both = {"s": "rsa", "e": "ed"}
    rsa_at = txt("s._domainkey.$D", f"v=DKIM1; k=rsa; p={rsa}")
    rsa_bad = txt("s._domainkey.$D", f"v=DKIM1; k=rsa; p={keys['other']}")
    ed_at = txt("e._domainkey.$D", f"v=DKIM1; k=ed25519; p={ed}")
    spki = "MCowBQYDK2VwAyEA" + ed
    cases = {
        "both": (both, rsa_at + ed_at),
        "both-ed-missing": (both, rsa_at),
        "both-rsa-missing": (both, ed_at),
        "both-rsa-wrong": (both, rsa_bad + ed_at),
        "both-ed-wrong": (both, rsa_at + txt("e._domainkey.$D", "v=DKIM1; k=ed25519; p=" +
                                             keys["ed-other"])),
        "both-ed-untyped": (both, rsa_at + txt("e._domainkey.$D", f"v=DKIM1; p={ed}")),
        "both-ed-spki": (both, rsa_at + txt("e._domainkey.$D", "v=DKIM1; k=ed25519; p=" + spki)),
        "both-ed-servfail": (both, rsa_at + "e._domainkey.$D TXT !servfail\n"),
        "1024": ({"s": "rsa1024"}, txt("s._domainkey.$D", f"v=DKIM1; p={keys['rsa1024']}")),
        "4096": ({"s": "rsa4096"}, txt("s._domainkey.$D", f"v=DKIM1; p={keys['rsa4096']}")),
    }
    for name, (chosen, zone) in cases.items():
        yield Setup("keys-" + name, host() + zone + record, keys=chosen)
    for name, options in {
            "simple": 'canonicalization = "simple/simple"',
            "mixed": 'canonicalization = "relaxed/simple"',
            "strict": "signed-headers = strict", "lists": "signed-headers = list-friendly",
            "expire": "expire = 86400"}.items():
        yield Setup("sign-" + name, host() + rsa_at + record, keys={"s": "rsa"},
                    options=options)
    parent = "billing@news.sign-parent-example.com"
    yield Setup("sign-wildcard", host() + rsa_at + record, keys={"s": "rsa"},
                author="billing@news.sign-wildcard-example.com",
                managed="*.sign-wildcard-example.com")
    yield Setup("sign-parent", host() + rsa_at + record, keys={"s": "rsa"}, author=parent)
    yield Setup("sign-unmanaged", host() + record)


def signature_setups(keys):
    """Signatures the message comes with, by others and by ourselves."""
    rsa = keys["rsa"]
    at = txt("x._domainkey.$D", f"v=DKIM1; k=rsa; p={rsa}")
    reject = dmarc("v=DMARC1; p=reject")
    cases = {
        "plain": (at, {}),
        "simple": (at, {"c": "simple/simple"}),
        "relaxed-only": (at, {"c": "relaxed"}),
        "no-c": (at, {"c": None}),
        "body-changed": (at, {"spoil": "body"}),
        "header-changed": (at, {"spoil": "subject"}),
        "b-spoilt": (at, {"spoil": "b"}),
        "bh-spoilt": (at, {"bh": "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA="}),
        "length": (at, {"l": "all"}),
        "length-short": (at, {"l": "10"}),
        "length-over": (at, {"l": "100000"}),
        "expired": (at, {"t": "1600000000", "x": "1600086400"}),
        "expires-later": (at, {"x": "4000000000"}),
        "expire-before-t": (at, {"t": "1700000000", "x": "1600000000"}),
        "future": (at, {"t": "4000000000"}),
        "sha1": (at, {"a": "rsa-sha1"}),
        "unknown-algorithm": (at, {"a": "rsa-sha512"}),
        "no-from": (at, {"h": "to:subject"}),
        "no-h": (at, {"h": None}),
        "no-bh": (at, {"bh": None}),
        "no-s": (at, {"s": None}),
        "version-2": (at, {"v": "2"}),
        "no-version": (at, {"v": None}),
        "identity": (at, {"i": "billing@$D"}),
        "identity-below": (at, {"i": "@news.$D"}),
        "identity-foreign": (at, {"i": "@example.org"}),
        "identity-strict": (txt("x._domainkey.$D", f"v=DKIM1; t=s; p={rsa}"),
                            {"i": "@news.$D"}),
        "query-other": (at, {"q": "http/txt"}),
        "query-txt": (at, {"q": "dns/txt"}),
        "unknown-tag": (at, {"zz": "1"}),
        "canonical-unknown": (at, {"c": "nowsp/nowsp"}),
        "key-missing": ("", {}),
        "key-revoked": (txt("x._domainkey.$D", "v=DKIM1; p="), {}),
        "key-mismatch": (txt("x._domainkey.$D", f"v=DKIM1; p={keys['other']}"), {}),
        "key-servfail": ("x._domainkey.$D TXT !servfail\n", {}),
        "key-testing": (txt("x._domainkey.$D", f"v=DKIM1; t=y; p={rsa}"), {}),
        "key-sha1": (txt("x._domainkey.$D", f"v=DKIM1; h=sha1; p={rsa}"), {}),
        "key-service": (txt("x._domainkey.$D", f"v=DKIM1; s=other; p={rsa}"), {}),
        "key-512": (txt("x._domainkey.$D", f"v=DKIM1; p={keys['rsa512']}"),
                    {"key": "rsa512"}),
        "key-768": (txt("x._domainkey.$D", f"v=DKIM1; p={keys['rsa768']}"),
                    {"key": "rsa768"}),
        "key-1024": (txt("x._domainkey.$D", f"v=DKIM1; p={keys['rsa1024']}"),
                     {"key": "rsa1024"}),
        "ed25519": (txt("x._domainkey.$D", f"v=DKIM1; k=ed25519; p={keys['ed']}"),
                    {"key": "ed", "a": "ed25519-sha256"}),
        "upper-case": (at, {"d": "$D-upper"}),
    }
    for name, (zone, tags) in cases.items():
        domain = f"given-{name}-example.com"
        tags = {"d": domain, "s": "x", **tags}
        tags = {k: v.replace("$D-upper", domain.upper()).replace("$D", domain)
                if isinstance(v, str) else v for k, v in tags.items()}
        yield Setup("given-" + name, host() + zone + reject, sign=(tags,))
    yield from given_and_own(keys, at, reject)


def given_and_own(keys, at, reject):
    own = txt("s._domainkey.$D", f"v=DKIM1; k=rsa; p={keys['rsa']}")
    foreign = txt("x._domainkey.$D-list.net", f"v=DKIM1; k=rsa; p={keys['rsa']}")
    for name, zone, tags in (
            ("same-domain", at, {"d": "$D"}),
            ("foreign", foreign, {"d": "$D-list.net"}),
            ("foreign-broken", foreign, {"d": "$D-list.net", "spoil": "body"}),
            ("foreign-missing", "", {"d": "$D-list.net"})):
        domain = f"own-{name}-example.com"
        tags = {"s": "x", **{k: v.replace("$D", domain) for k, v in tags.items()}}
        yield Setup("own-" + name, host() + zone + own + reject, keys={"s": "rsa"},
                    sign=(tags,))
    yield Setup("given-foreign", host() + foreign + reject,
                sign=({"d": "given-foreign-example.com-list.net", "s": "x"},))
    yield Setup("given-parent", host() + txt("x._domainkey.given-parent-example.com",
                                             f"p={keys['rsa']}") +
                dmarc("v=DMARC1; p=reject", "given-parent-example.com"),
                author="billing@news.given-parent-example.com",
                sign=({"d": "given-parent-example.com", "s": "x"},))
    yield Setup("given-two", host() + at + foreign + reject,
                sign=({"d": "given-two-example.com", "s": "x"},
                      {"d": "given-two-example.com-list.net", "s": "x"}))
    yield Setup("given-one-of-two", host() + at + foreign + reject,
                sign=({"d": "given-one-of-two-example.com", "s": "x", "spoil": "b"},
                      {"d": "given-one-of-two-example.com-list.net", "s": "x"}))
