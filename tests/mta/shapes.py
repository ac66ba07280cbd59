"""Messages of many shapes, written for these tests.  Each is (name, how, bytes,
options): how is "smtp" or "sendmail"; bytes have CRLF line ends for smtp, LF for
sendmail."""

from email.utils import formatdate

BASE = {
    "From": " Example Shop <billing@example.com>",
    "To": " Anna <anna@example.net>",
    "Subject": " A message",
    "Date": " " + formatdate(),
    "Message-ID": " <shape.@N@@example.com>",
}


def message(body, *extra, drop=(), **fields):
    """Header lines from BASE, changed by fields (with _ for -), then extra."""
    rows = {**BASE, **{k.replace("_", "-"): v for k, v in fields.items()}}
    head = "".join(f"{k}:{v}\r\n" for k, v in rows.items() if k not in drop)
    head = (head + "".join(e + "\r\n" for e in extra)).encode("utf-8", "surrogateescape")
    if isinstance(body, str):
        body = body.encode()
    return head + b"\r\n" + body


MIME = "MIME-Version: 1.0"
TEXT8 = "Content-Type: text/plain; charset=utf-8"
ALTERNATIVE = """\
--b1\r
Content-Type: text/plain; charset=utf-8\r
\r
Hello\r
--b1\r
Content-Type: text/html; charset=utf-8\r
Content-Transfer-Encoding: quoted-printable\r
\r
<p>Hello =E2=9C=93</p>\r
--b1--\r
"""


SIGNED = """\
--s1\r
Content-Type: text/plain; charset=utf-8\r
Content-Transfer-Encoding: 8bit\r
\r
{text}\r
--s1\r
Content-Type: application/pgp-signature\r
\r
-----BEGIN PGP SIGNATURE-----\r
\r
none\r
-----END PGP SIGNATURE-----\r
--s1--\r
"""
ATTACHED = """\
Präambel\r
--m1\r
Content-Type: text/plain; charset=iso-8859-1\r
\r
Wörter in UTF-8 \r
--m1\r
Content-Type: message/rfc822\r
Content-Transfer-Encoding: 8bit\r
\r
From: Jörg <joerg@example.org>\r
Subject: Ältere Grüße\r
\r
-- \r
From hier\r
.\r
Grüße\r
--m1\r
Content-Type: application/octet-stream; name="Übersicht.bin"\r
Content-Transfer-Encoding: binary\r
Content-Disposition: attachment; filename="Übersicht.bin"\r
\r
\x01ÿ\x7f\t \r
--m1\r
Content-Type: image/png\r
Content-Transfer-Encoding: base64\r
\r
{base64}\r
--m1\r
Content-Type: text/html; charset=utf-8\r
Content-Transfer-Encoding: quoted-printable\r
\r
<p>{quoted}</p>\r
--m1\r
{signed}\r
--m1--\r
Epilog: Ä\r
"""


def mended_shapes(line):
    """What does not survive the way as it is."""
    mixed = (MIME, "Content-Type: multipart/mixed; boundary=m1",
             "Content-Transfer-Encoding: 8bit")
    inner = ("Content-Type: multipart/signed; boundary=s1;\r\n protocol=\"application/"
             "pgp-signature\"; micalg=pgp-sha256\r\n\r\n" + SIGNED.format(text="Gruss"))
    attached = ATTACHED.format(base64="QUJD" * 1000, signed=inner,
                               quoted="Gr=C3=BC=C3=9Fe und mehr " * 100)
    yield "many parts", message(attached, *mixed), {}
    yield "many parts, declared 8-bit", message(attached, *mixed), {"mail": " BODY=8BITMIME"}
    yield "signed part with a long line", message(
        SIGNED.format(text="word " * 1000), MIME, inner.partition("\r\n\r\n")[0]), {}
    yield "signed part with 8-bit", message(
        SIGNED.format(text="Grüße"), MIME, inner.partition("\r\n\r\n")[0],
        "Content-Transfer-Encoding: 8bit"), {"mail": " BODY=8BITMIME"}
    yield "ASCII declared 8-bit", message(line, MIME, TEXT8, "Content-Transfer-Encoding: 8bit"), {
        "mail": " BODY=8BITMIME"}
    yield "part declared 8-bit", message(ALTERNATIVE.replace(
        "charset=utf-8\r\n\r\nHello", "charset=utf-8\r\nContent-Transfer-Encoding: 8bit\r\n\r\n"
        "Hello"), MIME, "Content-Type: multipart/alternative; boundary=b1"), {
            "mail": " BODY=8BITMIME"}
    yield "latin1 said to be UTF-8", message("Grüße\r\n".encode("latin-1"), MIME, TEXT8), {}
    yield "UTF-8 said to be ASCII", message("Grüße, " + line, MIME,
                                            "Content-Type: text/plain; charset=us-ascii"), {}
    yield "text without charset", message("Grüße, " + line, MIME, "Content-Type: text/plain"), {}
    yield "an encoding nobody knows", message("Grüße, " + line, MIME, TEXT8,
                                              "Content-Transfer-Encoding: 8-bit"), {}
    yield "two encodings", message("Grüße, " + line, MIME, TEXT8,
                                   "Content-Transfer-Encoding: 7bit",
                                   "Content-Transfer-Encoding: 8bit"), {}
    yield "base64 in one line", message("QUJD" * 25000 + "\r\n", MIME, "Content-Type: image/png",
                                        "Content-Transfer-Encoding: base64"), {}
    yield "quoted-printable in one line", message("ab=20cd " * 12500 + "\r\n", MIME, TEXT8,
                                                  "Content-Transfer-Encoding: quoted-printable"), {}
    yield "quoted-printable that is none", message("a=b " * 1000 + "\r\n", MIME, TEXT8,
                                                   "Content-Transfer-Encoding: quoted-printable"), {}
    yield "uuencoded in one line", message("x" * 3000 + "\r\n", MIME, TEXT8,
                                           "Content-Transfer-Encoding: x-uuencode"), {}
    yield "a multipart without parts", message("x" * 3000 + "\r\n", MIME,
                                               "Content-Type: multipart/mixed; boundary=b"), {}
    yield "long HTML with a binary tail", message(b"<p>" + b"word " * 2000 + b"\0\r\xff</p>\r\n", MIME,
                                                  "Content-Type: text/html; charset=utf-8"), {}
    yield "raw comment and group", message(
        line, To=" Büro: Jörg (Außenstelle) <a@example.net>, b@example.net;",
        Cc=' "Müller, Jörg" <c@example.net>,d@example.net'), {}
    yield "raw latin1 subject", message(line, MIME, "Content-Type: text/plain; charset=iso-8859-1",
                                        Subject=" " + "Grüße".encode("latin-1").decode(
                                            "utf-8", "surrogateescape")), {}
    yield "long raw subject", message(line, Subject=" " + "Grüße aus Köln 🌞 " * 60), {}
    yield "subject without blanks", message(line, Subject=" " + "x" * 3000), {}
    yield "recipients without blanks", message(line, To=" " + ",".join(
        f"person{i}@example.net" for i in range(300))), {}
    yield "references without blanks", message(line, "References: " + "".join(
        f"<{i}.reference@example.com>" for i in range(100))), {}
    yield "blanks before the colon", message(
        line, MIME, drop=("Subject",)).replace(
            b"MIME-Version:", "Subject : Grüße\r\nX-Odd\t: Grüße\r\nMIME-Version:".encode()), {}
    yield "blanks before the colon of MIME fields", message("Grüße aus Köln\r\n", MIME).replace(
        b"MIME-Version:", b"Content-Type : text/plain; charset=utf-8\r\n"
        b"Content-Transfer-Encoding : 8bit\r\nMIME-Version :"), {}
    yield "a CR in the subject", message(line, Subject=" one\rtwo"), {}
    yield "a link of 2000 octets to unsubscribe", message(
        line, "List-Unsubscribe: <https://example.com/" + "u" * 2000 + ">"), {}


def smtp_shapes():
    line = "The quick brown fox jumps over the lazy dog.\r\n"
    yield "plain", message(line * 3), {}
    yield "empty body", message(""), {}
    yield "one line without end", message("no line end at the end"), {"no_final_crlf": True}
    yield "blank lines at the end", message(line + "\r\n" * 5), {}
    yield "only blank lines", message("\r\n" * 4), {}
    yield "one blank", message(" \r\n"), {}
    yield "trailing blanks", message("text  \r\nmore\t \r\n \t\r\nend\r\n"), {}
    yield "tabs and blanks", message("a\t\tb   c \t d\r\n"), {}
    yield "dots", message(".\r\n..\r\n...\r\n.x\r\nx.\r\n"), {}
    yield "dot alone at the end", message("text\r\n.\r\n"), {}
    yield "From in body", message("From here on\r\n>From there\r\n"), {}
    yield "folded subject", message(line, Subject=" one\r\n two\r\n\tthree"), {}
    yield "folded on first line", message(line, Subject="\r\n begins on the next line"), {}
    yield "fold with many blanks", message(line, Subject=" one\r\n      two   \r\n   three"), {}
    yield "folded from", message(line, From=" Example\r\n Shop\r\n <billing@example.com>"), {}
    yield "empty field", message(line, "X-Empty:", "X-Blank: "), {}
    yield "empty subject", message(line, Subject=""), {}
    yield "no blank after colon", message(line, Subject="tight", To="anna@example.net"), {}
    yield "many blanks after colon", message(line, Subject="     wide", To="\ttabbed@example.net"), {}
    yield "blanks at the end of a field", message(line, Subject=" text   ", To=" a@example.net \t"), {}
    yield "no date", message(line, drop=("Date",)), {}
    yield "no message-id", message(line, drop=("Message-ID",)), {}
    yield "neither", message(line, drop=("Date", "Message-ID")), {}
    yield "no subject", message(line, drop=("Subject",)), {}
    yield "no to", message(line, drop=("To",)), {}
    yield "long recipients", message(line, To=" " + ",\r\n ".join(
        f"Person Number {i} <person{i}@example.net>" for i in range(200))), {}
    yield "long folded references", message(line, "References: " + "\r\n ".join(
        f"<{i}.reference@example.com>" for i in range(100))), {}
    yield "line of 998", message("x" * 998 + "\r\n"), {}
    yield "line of 999", message("x" * 999 + "\r\n"), {}
    yield "line of 5000", message("word " * 1000 + "\r\n"), {}
    yield "line of 100000", message("word " * 20000 + "\r\n"), {}
    yield "header line of 998", message(line, "X-Long: " + "y" * 990), {}
    yield "header line of 2000", message(line, Subject=" " + "word " * 400), {}
    yield "8 bit declared", message("Grüße aus Köln\r\n", MIME, TEXT8,
                                    "Content-Transfer-Encoding: 8bit"), {"mail": " BODY=8BITMIME"}
    yield "8 bit undeclared", message("Grüße aus Köln\r\n", MIME, TEXT8), {}
    yield "latin1 body", message("Grüße\r\n".encode("latin-1"), MIME,
                                 "Content-Type: text/plain; charset=iso-8859-1",
                                 "Content-Transfer-Encoding: 8bit"), {"mail": " BODY=8BITMIME"}
    yield "8 bit without mime", message("Grüße\r\n"), {}
    yield "all byte values", message(bytes(b for b in range(1, 256) if b not in (10, 13)) +
                                     b"\r\n"), {}
    yield "encoded subject", message(line, Subject=" =?utf-8?q?Gr=C3=BC=C3=9Fe?="), {}
    yield "encoded from", message(line, From=" =?utf-8?b?R3LDvMOfZQ==?= <billing@example.com>"), {}
    yield "raw subject", message(line, Subject=" Grüße"), {}
    yield "raw from name", message(line, From=" Jörg <billing@example.com>"), {}
    yield "smtputf8", message("Grüße\r\n", MIME, TEXT8, "Content-Transfer-Encoding: 8bit",
                              Subject=" Grüße", To=" Jörg <jörg@example.net>"), {
        "mail": " BODY=8BITMIME SMTPUTF8", "rcpt": "jörg@example.net"}
    yield "idn author", message(line, From=" <info@bücher.example.com>"), {
        "mail": " BODY=8BITMIME SMTPUTF8"}
    yield "null sender", message(line), {"sender": ""}
    yield "several recipients", message(line), {"rcpt": [f"r{i}@example.net" for i in range(50)]}
    yield "1000 recipients", message(line), {"rcpt": [f"r{i}@example.net" for i in range(1000)]}
    yield "alternative", message(ALTERNATIVE, MIME,
                                 "Content-Type: multipart/alternative; boundary=b1"), {}
    yield "preamble and epilogue", message("preamble\r\n" + ALTERNATIVE + "epilogue\r\n\r\n", MIME,
                                           "Content-Type: multipart/alternative; boundary=b1"), {}
    yield "boundary never closed", message(ALTERNATIVE.replace("--b1--\r\n", ""), MIME,
                                           "Content-Type: multipart/alternative; boundary=b1"), {}
    yield "nested message", message("Subject: inner\r\n\r\ninner body\r\n", MIME,
                                    "Content-Type: message/rfc822"), {}
    yield "base64 attachment", message(("QUJDREVGR0hJSktMTU5PUFFSU1RVVldYWVo=\r\n" * 3000), MIME,
                                       "Content-Type: application/pdf",
                                       "Content-Transfer-Encoding: base64"), {}
    yield "10 MB", message("0123456789abcdefghijklmnopqrstuvwxyz0123456789abcdefghijklmnopqrst\r\n"
                           * 147000), {"large": True}
    yield "list fields", message(line, "List-Id: <news.example.com>",
                                 "List-Unsubscribe: <https://example.com/u/abc>,\r\n"
                                 " <mailto:u@example.com>",
                                 "List-Unsubscribe-Post: List-Unsubscribe=One-Click"), {}
    yield "resent fields", message(line, "Resent-From: billing@example.com",
                                   "Resent-Date: " + BASE["Date"].strip(),
                                   "Resent-To: b@example.net"), {}
    yield "several received", message(line, *["Received: from a by b; Sat, 21 Nov 2026 10:00:00 "
                                              "+0000"] * 5), {}
    yield "foreign signature", message(line, "DKIM-Signature: v=1; a=rsa-sha256; d=other.example;"
                                       "\r\n s=x; h=from; bh=AAAA; b=BBBB"), {}
    yield "copies of our header", message(line, "X-Mailworthy: v=1; score=10.0; verdict=pass",
                                          "X-Mailworthy: forged", "x-mailworthy: again"), {}
    yield "bare CR in body", message(b"one\rtwo\r\nthree\r\n"), {}
    yield "bare CR at line end", message(b"one\r\r\ntwo\r\n"), {}
    yield "NUL in body", message(b"one\0two\r\n"), {}
    yield "NUL in header", message(line, "X-Nul: a\0b"), {}
    yield "bare CR in header", message(line, "X-Cr: a\rb"), {}
    yield "header with 300 fields", message(line, *[f"X-F{i}: value {i}" for i in range(300)]), {}
    yield "header of 2 MB", message(line, *[f"X-Big{i}: " + ("v" * 900 + "\r\n ") * 60 + "end"
                                            for i in range(38)]), {"large": True}
    yield "comments and groups", message(line, To=" A Group: a@example.net, b@example.net;",
                                         Cc=" (a comment) c@example.net (another)"), {}
    yield "quoted local part", message(line, From=' "billing"@example.com'), {}
    yield "colon and semicolon", message(line, Subject=" a: b; c=d \"e\" <f>"), {}
    yield from mended_shapes(line)
    yield "subdomain author", message(line, From=" news@mail.example.com"), {
        "sender": "bounce@mail.example.com"}


def sendmail_shapes():
    for name, text, options in smtp_shapes():
        if name in ("plain", "empty body", "dots", "folded subject", "no date", "neither",
                    "8 bit declared", "line of 5000", "alternative", "encoded subject",
                    "list fields", "trailing blanks", "blanks at the end of a field",
                    "one line without end", "copies of our header", "raw subject",
                    "raw from name", "raw comment and group", "many parts",
                    "8 bit undeclared", "long raw subject"):
            yield name + " (sendmail)", text.replace(b"\r\n", b"\n"), options


def all_shapes():
    number = 0
    for how, shapes in (("smtp", smtp_shapes()), ("sendmail", sendmail_shapes())):
        for name, text, options in shapes:
            number += 1
            yield name, how, text.replace(b"@N@", str(number).encode()), options
