"""Where our word is not that of most receivers, or where they are of two minds,
and the section that settles it: {(set-up, kind of word): (our word, why)}.  One
that is not needed any more fails."""


def all_of(kind, word, why, *names):
    return {(name, kind): (word, why) for name in names}


EXCEPTIONS = {
    # ---- SPF ----
    **all_of("spf", "permerror", "RFC 7208 section 4.5: more than one record, alike or not",
             "spf-two-alike"),
    **all_of("spf", "permerror", "RFC 7208 sections 4.6 and 7.1: a term that is against "
             "the grammar, a macro of zero parts among them",
             "spf-macro-open", "spf-macro-zero"),
    **all_of("dmarc", "fail", "RFC 7208 section 4.5, as above", "spf-two-alike"),
    **all_of("spf", "permerror", "RFC 7208 section 4.6.4: more than 10 MX hosts",
             "spf-mx-eleven"),
    **all_of("dmarc", "fail", "RFC 7208 section 4.6.4, as above", "spf-mx-eleven"),
    **all_of("dmarc", "pass", "RFC 7208 section 7.3: a name over 253 octets loses labels "
             "on the left; python3-spf ends with an exception", "spf-macro-long"),

    # ---- DKIM ----
    **all_of("dkim", "permerror", "RFC 6376 section 6.1.2, step 6: the record's h= does not "
             "hold the signature's hash", "key-sha1-only", "given-key-sha1"),
    **all_of("dmarc", "fail", "RFC 6376 section 6.1.2, as above", "given-key-sha1"),
    **all_of("dmarc", "temperror", "RFC 6376 section 6.1.2: receivers are of two minds "
             "about a faulty record of our key, so nothing is certain of DMARC",
             "key-sha1-only", "key-quotes-inside", "key-semicolons", "key-p-twice",
             "key-type-upper", "key-two-records"),
    **all_of("dkim", "permerror", "RFC 6376 section 3.2: no tag=value list, or one that "
             "holds a tag twice", "key-quotes-inside", "key-semicolons", "key-p-twice"),
    **all_of("dkim", "permerror", "RFC 6376 sections 3.2 and 3.6.1: values are "
             "case-sensitive, and a key of a type not known is none", "key-type-upper"),
    **all_of("dkim", "temperror", "RFC 6376 section 6.1.2, step 2: no answer is TEMPFAIL",
             "keys-both-ed-servfail"),
    **all_of("dkim", "permerror", "RFC 6376 section 3.6.2.2: one record a name; which of "
             "several is taken is chance", "key-two-records"),
    **all_of("dkim", "permerror", "RFC 6376 section 3.5: l= must not be larger than the "
             "body", "given-length-over"),
    **all_of("dmarc", "fail", "RFC 6376 section 3.5, as above", "given-length-over"),
    **all_of("dkim", "permerror", "RFC 8301 section 3.1: rsa-sha1 must not be verified",
             "given-sha1"),
    **all_of("dmarc", "fail", "RFC 8301 section 3.1, as above", "given-sha1"),
    **all_of("dkim", "permerror", "RFC 6376 section 6.1.1: From is not signed",
             "given-no-from"),
    **all_of("dmarc", "fail", "RFC 6376 section 6.1.1, as above", "given-no-from"),
    **all_of("dkim", "permerror", "RFC 6376 section 6.1.1: a required tag is missing",
             "given-no-h", "given-no-version"),
    **all_of("dkim", "permerror", "RFC 6376 section 3.6.1: with t=s in the record the "
             "domain of i= must be d=", "given-identity-strict"),
    **all_of("dmarc", "fail", "RFC 6376 section 3.6.1, as above", "given-identity-strict"),
    **all_of("dkim", "permerror", "RFC 8301 section 3.2: a key below 1024 bits makes no "
             "valid signature", "given-key-512", "given-key-768"),
    **all_of("dmarc", "fail", "RFC 8301 section 3.2, as above", "given-key-512",
             "given-key-768"),

    # ---- DMARC: DNS could not tell; three of the receivers have no word for it ----
    **all_of("dmarc", "temperror", "RFC 9989 section 5.3.6: with a query that failed the "
             "message neither passes nor fails",
             "spf-servfail", "spf-timeout", "spf-include-servfail", "spf-include-timeout",
             "spf-redirect-servfail", "spf-a-servfail", "spf-a-timeout", "spf-mx-servfail",
             "spf-mx-host-servfail", "spf-exists-servfail", "spf6-aaaa-servfail",
             "egress-v6-servfail", "null-servfail",
             "key-servfail", "key-timeout", "given-key-servfail",
             "dmarc-tree-own-servfail-parent", "dmarc-tree-own-parent-servfail-spf",
             "dmarc-answer-servfail", "dmarc-answer-servfail-pass", "dmarc-answer-timeout",
             "dmarc-tree-parent-servfail"),

    # ---- DMARC: records ----
    **all_of("dmarc", "fail", "RFC 9989 section 4.8: blanks may stand around =",
             "dmarc-record-blanks"),
    **all_of("policy", "quarantine", "RFC 9989 section 4.7, t=y: one step below reject",
             "dmarc-record-testing"),
    **all_of("policy", "none", "RFC 9989 section 4.7, t=y: one step below quarantine",
             "dmarc-record-testing-quarantine", "dmarc-tree-parent-t"),
    **all_of("dmarc", "fail", "RFC 9989 section 4.10.1: a bad p= with rua= is p=none",
             "dmarc-record-bad-p-rua"),
    **all_of("policy", "none", "RFC 9989 section 4.10.1: a bad sp= or np= with rua= is "
             "p=none", "dmarc-record-bad-sp-rua", "dmarc-record-bad-np-rua"),
    **all_of("dmarc", "permerror", "RFC 9989 section 4.10.1: a bad sp= and no rua=, no DMARC",
             "dmarc-record-bad-sp"),
    **all_of("dmarc", "permerror", "RFC 9989 section 4.10.1: neither p= nor rua=, no DMARC; "
             "the record is there and cannot be used", "dmarc-record-version-only",
             "dmarc-record-no-p", "dmarc-record-empty-p"),
    **all_of("dmarc", "none", "RFC 9989 sections 4.7 and 4.8: begins with v=DMARC1 and a "
             "semicolon, or is no record", "dmarc-record-version-10",
             "dmarc-record-no-semicolon"),
    **all_of("dmarc", "fail", "RFC 9989 section 4.10, step 2: of several records none "
             "counts, and the walk goes on", "dmarc-tree-own-two-parent"),
    **all_of("dmarc", "permerror", "RFC 6376 section 3.2, by RFC 9989 section 4.7: a tag "
             "twice makes the list invalid", "dmarc-record-p-twice"),

    # ---- DMARC: the tree walk, where receivers still use the suffix list ----
    **all_of("policy", "reject", "RFC 9989 section 4.7, np=: the domain does not exist",
             "dmarc-tree-parent-np-absent"),
    **all_of("policy", "none", "RFC 9989 section 4.7, np=: the domain does not exist",
             "dmarc-tree-parent-np-none"),
    **all_of("dmarc", "fail", "RFC 9989 section 4.10.2: the parent has no record, so it is "
             "an organization of its own",
             "dmarc-tree-own-only-parent-spf", "dmarc-tree-own-only-sibling-spf"),
    **all_of("dmarc", "fail", "RFC 9989 section 4.10.1: the record of a domain between the "
             "author's and the registered one applies", "dmarc-tree-middle-only"),
    **all_of("dmarc", "pass", "RFC 9989 section 4.10.1, as above",
             "dmarc-tree-middle-only-pass"),
    **all_of("policy", "quarantine", "RFC 9989 section 4.10.2: psd=n makes it the "
             "organizational domain", "dmarc-tree-middle-psd-n"),
    **all_of("dmarc", "fail", "RFC 9989 section 4.10.2: psd=n and psd=y part what lies above "
             "and beside", "dmarc-tree-psd-n-parent", "dmarc-tree-psd-y-cousin"),
    **all_of("dmarc", "pass", "RFC 9989 section 4.10: records tell where the organization "
             "is, not the list and its exceptions", "dmarc-suffix-kawasaki-city"),
    **all_of("dmarc", "fail", "RFC 9989 section 4.10.1: the record of the public suffix "
             "applies", "dmarc-suffix-suffix-record", "dmarc-suffix-suffix-record-neighbour"),
    **all_of("dmarc", "pass", "RFC 9989 section 4.10.1, as above; both are below one name",
             "dmarc-suffix-suffix-record-below"),
}
