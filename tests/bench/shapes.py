"""Messages that grow in one way each, for tests/bench/growth: plain ones, and
those that somebody would write to hold a filter up.  A shape is a function of
the size and returns bytes with "\\n" as line end."""

import base64
import bz2
import gzip
import io
import lzma
import random
import tarfile
import zipfile

from messages import WORDS, attachment, head, prose

FACE = 'multipart/mixed; boundary="=_m"'


def text(body, extra=""):
    return head("Your order", "text/plain; charset=utf-8", extra) + body


def page(inside, head_of_page=""):
    return head("Your order", "text/html; charset=utf-8") + (
        f"<!DOCTYPE html>\n<html><head><title>Offers</title>{head_of_page}</head>\n"
        f"<body>\n{inside}</body></html>\n")


def parts(many):
    return head("Your order", FACE) + "".join(many) + "--=_m--\n"


def part(content_type, body, extra=""):
    return f"--=_m\nContent-Type: {content_type}\n{extra}\n{body}\n"


def lines(words):
    """Of about 70 octets."""
    out, line = [], ""
    for word in words:
        if len(line) + len(word) > 70:
            out.append(line)
            line = ""
        line += (" " if line else "") + word
    return "\n".join(out + [line]) + "\n"


# ---- plain growth ----

def size_mb(n):
    return attachment(n * 1024 * 1024)


def text_kb(n):
    return text(prose(random.Random(5), n * 1024))


def html_kb(n):
    dice = random.Random(6)
    return page("".join(f'<p style="color:#333">{prose(dice, 400).strip()}</p>\n'
                        for _ in range(max(1, n * 1024 // 430))))


def links(n):
    dice = random.Random(7)
    return page("".join(f'<p><a href="https://www.example.com/offers/{i}">{dice.choice(WORDS)} '
                        f'{i}</a></p>\n' for i in range(n)))


def part_count(n):
    return parts(part("text/plain", f"Item {i}.") for i in range(n))


# ---- hostile ----

def links_other_domains(n):
    return page("".join(f'<a href="https://h{i}.example{i}.com/x">https://www.other{i}.net/'
                        f'</a>\n' for i in range(n)))


def links_one_line(n):
    return page("".join(f'<a href=http://h{i}.example.org>{i}</a>' for i in range(n)) + "\n")


def links_in_text(n):
    return text("".join(f"https://h{i}.example{i % 500}.com/path/{i}\n" for i in range(n)))


def link_long_text(n):
    return page('<a href="https://www.example.org/">' + "word " * n + "</a>\n")


def open_links(n):
    return page('<a href="https://www.example.org/">x' * n + "\n")


def one_line(n):
    return text(" ".join(random.Random(8).choices(WORDS, k=n // 8)) + "\n")


def one_word(n):
    return text("x" * n + "\n")


def short_lines(n):
    return text("a\n" * n)


def empty_lines(n):
    return text("\n" * n)


def fields(n):
    return text("Hello.\n", "".join(f"X-Field-{i}: value number {i}\n" for i in range(n)))


def same_fields(n):
    return text("Hello.\n", "Received: from a by b; Mon, 2 Nov 2026 10:00:00 +0000\n" * n)


def to_addresses(n):
    return text("Hello.\n", "Cc: " + ",\n ".join(
        f'"Person {i}" <p{i}@r{i}.example.net>' for i in range(n)) + "\n")


def attachments(n):
    return parts(part(f'application/octet-stream; name="file number {i}.bin"',
                      base64.b64encode(b"\x7fELF" + bytes(20)).decode(),
                      "Content-Transfer-Encoding: base64\nContent-Disposition: attachment; "
                      f"filename*0*=utf-8''file%20number%20{i}; filename*1=.pdf.exe\n")
                 for i in range(n))


def html_parts(n):
    return parts(part("text/html", f'<p style="display:none">Item {i}</p>')
                 for i in range(n))


def parts_no_end(n):
    return head("Your order", FACE) + "".join("--=_m\n\n" for _ in range(n))


def nested(n):
    return head("Your order", 'multipart/mixed; boundary="=_0"') + "".join(
        f'--=_{i}\nContent-Type: multipart/mixed; boundary="=_{i + 1}"\n\n' for i in range(n))


def deep_html(n):
    return page("<div>" * n + "x\n")


def deep_tables(n):
    return page("<table><tr><td>" * n + "x\n")


def deep_styles(n):
    return page("".join(f'<div style="color:#{i % 4096:03x};font-size:{i % 30}px">word '
                        for i in range(n)) + "\n")


def unclosed_formatting(n):
    return page("<b><i><font color=red>x<p>" * n + "\n")


def style_attribute(n):
    return page('<p style="' + "color:red;" * n + '">x</p>\n')


def attributes(n):
    return page("<p " + " ".join(f"a{i}=1" for i in range(n)) + ">x</p>\n")


def sheet_rules(n):
    rules = "".join(f".c{i} {{ color: #{i % 4096:03x}; display: none }}\n" for i in range(n))
    return page("".join(f'<p class="c{i}">word {i}</p>\n' for i in range(n)),
                f"<style>{rules}</style>")


def classes(n):
    return page('<p class="' + " ".join(f"c{i}" for i in range(n)) + '">x</p>\n' * 10,
                "<style>" + "".join(f".c{i}{{color:red}}" for i in range(500)) + "</style>")


def comments(n):
    return page("<!-- x -->" * n + "\n")


def open_comments(n):
    return page("<!-" * n + "<!--" * n + "\n")


def entities(n):
    return page("&amp;&zwnj;&#8203;" * n + "\n")


def images(n):
    return page("".join(f'<img src="https://www.example.com/{i}.png" width=1 height=1>\n'
                        for i in range(n)))


def invisible_html(n):
    return page('<span style="font-size:0">x</span>y\n' * n)


def differ(n):
    """Distinct words in both parts, none in common."""
    return head("Your order", 'multipart/alternative; boundary="=_m"') + (
        part("text/plain", lines(f"plain{i}" for i in range(n))) +
        part("text/html", "<p>" + lines(f"html{i}" for i in range(n)) + "</p>")) + "--=_m--\n"


def differ_by_order(n):
    names = [f"word{i}" for i in range(n)]
    return head("Your order", 'multipart/alternative; boundary="=_m"') + (
        part("text/plain", lines(names)) +
        part("text/html", "<p>" + lines(reversed(names)) + "</p>")) + "--=_m--\n"


def base64_junk(n):
    return parts([part("text/plain", "QUJD!*~-\n" * n, "Content-Transfer-Encoding: base64\n")])


def bad_qp(n):
    return parts([part("text/plain", "=ZZ=\t=\n" * n,
                       "Content-Transfer-Encoding: quoted-printable\n")])


def braces(n):
    return text(lines("{{name}} %%name%% {{" for _ in range(n)))


def open_braces(n):
    return text("{{ " * n + "\n" + "%FIRSTNAME [[" * n + "\n")


def cards(n):
    return text(lines("4111 1111 1111 1111 4012888888881881" for _ in range(n)))


def digits(n):
    return text("1234567890" * n + "\n" + "12 34 5-6 " * n + "\n")


def keys(n):
    return text("-----BEGIN PRIVATE KEY-----\n" * n + "password: x1\n" * n)


def zero_width(n):
    return text("a\u200bb\u200c\u200d" * n + "\n")


def lookalikes(n):
    return text(lines("p\u0430yp\u0430l \u0430\u0440\u0440le" for _ in range(n)))


def capitals(n):
    return text(lines("BUY NOW!!!! $$$ \u2764" for _ in range(n)))


def phrases(n):
    return text(lines("act now click here risk free dear customer lorem ipsum"
                      for _ in range(n)))


def bare_cr(n):
    return text("a\rb\x00c\n" * n)


def eight_bit(n):
    return text(("\u00e4\u00f6\u00fc " * 20 + "\n") * n)


def long_lines(n):
    return text(("word " * 400 + "\n") * n)


def subject(n):
    return text("Hello.\n").replace("Subject: Your order",
                                    "Subject: " + "\n ".join(["=?utf-8?q?a=20?="] * n))


def names(n):
    return text("Hello.\n").replace("From: Example Shop",
                                    "From: " + "\n ".join(["=?utf-8?b?w6Q=?="] * n))


def lists(n):
    return text("Hello.\n", "List-Unsubscribe: " + ",\n ".join(
        f"<https://www.example.com/u/{i}>" for i in range(n)) +
        "\nList-Unsubscribe-Post: List-Unsubscribe=One-Click\n")


def parameters(n):
    return parts([part("application/pdf;\n" + ";\n".join(
        f' name*{i}="x"' for i in range(n)), "x")])


def dots(n):
    return text("a." * n + "com\n" + "http://" + "a." * n + "com/\n" + "@" * n + "\n")


def angle_text(n):
    return text("<" * n + "\n" + "&" * n + "\n")


def data_links(n):
    return page(f'<a href="data:text/html;base64,{"QUJD" * n}">x</a>\n')


def long_link(n):
    return page(f'<a href="https://www.example.org/{"a/../" * n}">x</a>\n' +
                f'<a href="https://{"a." * n}org/">x</a>\n')


def userinfo_links(n):
    return page("".join(f'<a href="https://www.example.com@{i}.0x7f.1/%2e%2e/">www.b{i}.org'
                        f'</a>\n' for i in range(n)))


def like_boundaries(n):
    return parts([part("text/plain", "--=_\n--=_m-\n" * n)])


def attached_messages(n):
    return text("x\n").replace("text/plain; charset=utf-8", "message/rfc822", 1) + (
        "Content-Type: message/rfc822\n\n" * n)


def html_links_parts(n):
    return parts(part("text/html", f'<a href="https://a{i}.example.org/">b{i}.example.com</a>')
                 for i in range(n))


def charsets(n):
    names = ("iso-2022-jp", "utf-7", "hz-gb-2312", "euc-kr", "koi8-r", "none-such")
    return parts(part(f"text/plain; charset={names[i % 6]}", f"Item {i} +AGE- ~{{VPND~}}")
                 for i in range(n))


def shift_sequences(n):
    return head("Your order", "text/plain; charset=iso-2022-jp") + "\x1b$B!!\x1b(B\n" * n


def from_comments(n):
    return text("Hello.\n").replace("From: ", "From: " + "(" * n + "a" + ")" * n)


def from_quotes(n):
    return text("Hello.\n").replace("From: ", "From: " + '"a\\"" ' * n)


def from_commas(n):
    return text("Hello.\n").replace("From: ", "From: " + "a@b," * n)


def signatures(n):
    return text("Hello.\n", "".join(
        f"DKIM-Signature: v=1; a=rsa-sha256; c=relaxed/relaxed; d=example.org; s=s{i};\n"
        f" h=From:To:Subject:Date; bh=47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=;\n"
        f" b={'QUJD' * 40}\n" for i in range(n)))


def signed_names(n):
    return text("Hello.\n", "DKIM-Signature: v=1; a=rsa-sha256; d=example.org; s=s;\n"
                f" h=From{':X' * n}; bh=QUJD; b=QUJD\n" + "X: 1\n" * (n // 4))


def type_parameters(n):
    return text("Hello.\n", 'Content-Type: multipart/mixed;\n' + "".join(
        f" b{i}=c;\n" for i in range(n)) + ' boundary="x"\n')


def attached(name, data):
    return parts([part("text/plain", "Here it is."), part(
        f'application/octet-stream; name="{name}"', base64.encodebytes(data).decode(),
        f'Content-Transfer-Encoding: base64\nContent-Disposition: attachment; '
        f'filename="{name}"\n')])


def zip_entries(n):
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as archive:
        for i in range(n):
            archive.writestr(f"folder/file-{i}.txt", b"")
    return attached("files.zip", out.getvalue())


def zip_in_zip(n):
    data = b"x"
    for _ in range(n):
        out = io.BytesIO()
        with zipfile.ZipFile(out, "w") as archive:
            archive.writestr("a.zip", data)
        data = out.getvalue()
    return attached("a.zip", data)


def tar_of_zeros(mb):
    out = io.BytesIO()
    with tarfile.open(fileobj=out, mode="w") as archive:
        info = tarfile.TarInfo("zeros.bin")
        info.size = mb << 20
        archive.addfile(info, io.BytesIO(bytes(mb << 20)))
    return out.getvalue()


def gzip_bomb(mb):
    return attached("a.tar.gz", gzip.compress(tar_of_zeros(mb)))


def bzip2_bomb(mb):
    return attached("a.tar.bz2", bz2.compress(tar_of_zeros(mb)))


def xz_bomb(mb):
    return attached("a.tar.xz", lzma.compress(tar_of_zeros(mb), preset=1))


def bombs(n):
    one = attached("a.tar.bz2", bz2.compress(tar_of_zeros(300))).replace("--=_m--\n", "")
    return one + one[one.rindex("--=_m\n"):] * (n - 1) + "--=_m--\n"


def unknown_content(n):
    dice = random.Random(10)
    return parts(part("application/x-thing", base64.encodebytes(dice.randbytes(700)).decode(),
                      "Content-Transfer-Encoding: base64\n") for i in range(n))


def tar_entries(n):
    out = io.BytesIO()
    with tarfile.open(fileobj=out, mode="w:gz") as archive:
        for i in range(n):
            archive.addfile(tarfile.TarInfo(f"folder/file-{i}.txt"))
    return attached("a.tar.gz", out.getvalue())


def ole_noise(n):
    return attached("a.doc", bytes.fromhex("d0cf11e0a1b11ae1") + random.Random(9).randbytes(n))


def seven_noise(n):
    return attached("a.7z", b"7z\xbc\xaf\x27\x1c\0\4" + random.Random(9).randbytes(n))


def eight_bit_parts(n):
    return parts(part("text/plain; charset=utf-8", "\u00e4\u00f6\u00fc" * 20)
                 for i in range(n))


def eight_bit_line(n):
    return text("\u00e4" * n + "\n")


def tags_only(n):
    return page("<" * n + "</" * n + "<a " * n + "\n")


PLAIN = {
    "PDF, MB": (size_mb, (1, 10, 50, 100)),
    "text, KB": (text_kb, (2, 10, 100, 1000)),
    "HTML, KB": (html_kb, (2, 10, 100, 1000)),
    "links": (links, (10, 100, 1000, 10000)),
    "parts": (part_count, (1, 10, 100, 1000, 100000, 1000000)),
}

# (shape, sizes): the largest message is of about a megabyte at most
HOSTILE = {
    links_other_domains: 10000, links_one_line: 20000, links_in_text: 20000,
    link_long_text: 200000, open_links: 20000, one_line: 1000000, one_word: 1000000,
    short_lines: 300000, empty_lines: 400000, fields: 5000, same_fields: 5000,
    to_addresses: 5000, attachments: 1000, html_parts: 1000, parts_no_end: 100000,
    nested: 1000, deep_html: 200000, deep_tables: 60000, deep_styles: 20000,
    unclosed_formatting: 40000, style_attribute: 100000, attributes: 100000,
    sheet_rules: 10000, classes: 20000, comments: 100000, open_comments: 120000,
    entities: 50000, images: 10000, invisible_html: 25000, differ: 40000,
    differ_by_order: 40000, base64_junk: 100000, bad_qp: 120000, braces: 40000,
    open_braces: 60000, cards: 25000, digits: 50000, keys: 25000, zero_width: 90000,
    lookalikes: 30000, capitals: 40000, phrases: 18000, bare_cr: 150000, eight_bit: 8000,
    long_lines: 500, subject: 5000, names: 5000, lists: 10000, parameters: 50000, dots: 100000,
    angle_text: 500000, tags_only: 140000, data_links: 250000, long_link: 120000,
    userinfo_links: 12000, like_boundaries: 80000, attached_messages: 25000,
    html_links_parts: 1000, charsets: 8000, shift_sequences: 90000, from_comments: 30000,
    from_quotes: 10000, from_commas: 12000, signatures: 160, signed_names: 12000,
    type_parameters: 5000, zip_entries: 5500, zip_in_zip: 1000, gzip_bomb: 700,
    bzip2_bomb: 700, xz_bomb: 700, bombs: 40, unknown_content: 900, tar_entries: 40000, ole_noise: 700000,
    seven_noise: 700000, eight_bit_parts: 4000, eight_bit_line: 400000,
}
