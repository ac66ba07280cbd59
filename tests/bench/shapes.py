"""Messages that grow in one way each, for tests/bench/growth: plain ones, and
those that somebody would write to hold a filter up.  A shape is a function of
the size and returns bytes with "\\n" as line end."""

import base64
import random

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
    angle_text: 500000, tags_only: 140000,
}
