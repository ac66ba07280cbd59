"""The messages that the filters are measured with, made here."""

import base64
import random
from email.utils import formatdate

WORDS = ("account address answer available before business change company complete "
         "customer delivery department details during email every follow from further "
         "general important including information invoice items letter market message "
         "month number office order package payment period please portal price product "
         "project question receive report request result sales second service several "
         "shipment statement status support system thank their through together under "
         "update until value version website welcome where which without working").split()


def sentence(dice):
    words = [dice.choice(WORDS) for _ in range(dice.randint(6, 14))]
    return " ".join(words).capitalize() + "."


def prose(dice, size):
    """About size octets of paragraphs, lines under 78."""
    out, line, total = [], "", 0
    while total < size:
        for word in sentence(dice).split():
            if len(line) + len(word) > 76:
                out.append(line)
                total += len(line) + 2
                line = ""
            line += (" " if line else "") + word
        if dice.random() < 0.15:
            out += [line, ""]
            total += len(line) + 4
            line = ""
    return "\n".join(out) + "\n"


def head(subject, content_type, extra=""):
    return (f"From: Example Shop <billing@example.com>\n"
            f"To: Anna Example <someone@example.net>\n"
            f"Subject: {subject}\n"
            f"Date: {formatdate()}\n"
            f"Message-ID: <20261104.{len(subject)}@example.com>\n"
            f"MIME-Version: 1.0\n"
            f"Content-Type: {content_type}\n{extra}\n")


def small():
    """2 KB of plain text."""
    dice = random.Random(1)
    return head("Your order has been shipped", "text/plain; charset=utf-8") + prose(dice, 1650)


def html(links=40):
    """19 KB of text and HTML with links."""
    dice = random.Random(2)
    rows = []
    for i in range(links):
        rows.append(f'<tr><td style="padding:8px;font-family:Arial,sans-serif">'
                    f'<a href="https://www.example.com/offers/{i}?id={dice.getrandbits(40)}">'
                    f'{sentence(dice)}</a></td>\n<td>{prose(dice, 90).strip()}</td></tr>\n')
    page = ('<!DOCTYPE html>\n<html><head><meta charset="utf-8"><title>Offers</title></head>\n'
            '<body><table width="600">\n' + "".join(rows) + "</table></body></html>\n")
    return (head("This month in the shop", 'multipart/alternative; boundary="=_alt"',
                 "List-Unsubscribe: <https://www.example.com/u/1>\n"
                 "List-Unsubscribe-Post: List-Unsubscribe=One-Click\n") +
            "--=_alt\nContent-Type: text/plain; charset=utf-8\n\n" + prose(dice, 4200) +
            "--=_alt\nContent-Type: text/html; charset=utf-8\n\n" + page + "--=_alt--\n")


def attachment(size=10 * 1024 * 1024):
    """A message of that size: a letter with a PDF."""
    dice = random.Random(3)
    raw = b"%PDF-1.4\n" + dice.randbytes(int(size * 57 / 78))
    body = base64.encodebytes(raw).decode()
    return (head("Your statement", 'multipart/mixed; boundary="=_mix"') +
            "--=_mix\nContent-Type: text/plain; charset=utf-8\n\n" + prose(dice, 800) +
            '--=_mix\nContent-Type: application/pdf; name="statement.pdf"\n'
            'Content-Disposition: attachment; filename="statement.pdf"\n'
            "Content-Transfer-Encoding: base64\n\n" + body + "--=_mix--\n")


def letter():
    """4 KB of plain text."""
    dice = random.Random(4)
    return head("Our offer", "text/plain; charset=utf-8") + prose(dice, 3750)


KINDS = {"2 KB text": small, "19 KB HTML": html, "10 MB PDF": attachment}


def write(directory):
    """{kind: path}, with the line ends of SMTP."""
    paths = {}
    for number, (kind, make) in enumerate(KINDS.items()):
        paths[kind] = directory / f"message-{number}.eml"
        paths[kind].write_bytes(make().replace("\n", "\r\n").encode())
    return paths
