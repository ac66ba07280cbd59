"""What a reader makes of a message, through Python's email package: to compare
one that was mended on its way with the one that was sent."""

import email
import email.header
import email.policy
import re

ADDRESSES = {"from", "sender", "reply-to", "to", "cc", "bcc", "resent-from", "resent-to"}
# what mending changes by its nature
REWRITTEN = {"content-transfer-encoding", "content-type", "mime-version",
             "content-disposition"}


def leaves(message):
    """[(type, file name, decoded bytes)] of each part that holds something."""
    found = []
    for part in message.walk():
        if part.is_multipart():
            continue
        try:
            name = part.get_filename()
        except LookupError:     # a charset Python does not know
            name = ""
        # RFC 2231 with a charset nobody knows: the same octets, shown otherwise
        name = name.encode("utf-8", "surrogateescape") if name else b""
        found.append((part.get_content_type(), re.sub(rb"[^ -~]+", b"?", name),
                      part.get_payload(decode=True)))
    return found


def text(value):
    """A header value as a reader shows it, blanks run together."""
    value = re.sub(r"\r?\n(?=[ \t])|\0", "", str(value))
    # words side by side are joined before they are decoded
    pieces = []
    for piece, charset in email.header.decode_header(value):
        if charset is None:
            if isinstance(piece, bytes):    # as decode_header() leaves raw text
                piece = piece.decode("raw-unicode-escape")
            piece = piece.encode("utf-8", "surrogateescape")
        try:
            pieces.append(piece.decode(charset or "utf-8", "surrogateescape"))
        except LookupError:
            pieces.append(piece.decode("utf-8", "surrogateescape"))
    return re.sub(r"[\s\"\\]+", "", "".join(pieces))


def headers(message, charset):
    """{name: [text]} of all fields but those that mending rewrites."""
    found = {}
    for name, value in message._headers:
        if name.lower() in REWRITTEN:
            continue
        shown = text(value)
        if charset:         # raw text was read in the charset of the body
            raw = shown.encode("utf-8", "surrogateescape")
            shown = {shown, raw.decode(charset, "replace")}
        else:
            shown = {shown}
        found.setdefault(name.lower(), []).append(shown)
    return found


def differences(before, after, fields=True):
    """What a reader sees otherwise: [str]; both are bytes."""
    one = email.message_from_bytes(before, policy=email.policy.compat32)
    two = email.message_from_bytes(after, policy=email.policy.compat32)
    why = []
    old, new = leaves(one), leaves(two)
    if len(old) != len(new):
        why.append(f"{len(old)} parts became {len(new)}")
    for i, (a, b) in enumerate(zip(old, new)):
        for what, x, y in zip(("type", "file name", "octets"), a, b):
            if x != y:
                why.append(f"part {i + 1} ({a[0]}): {what} differ: {str(x)[:200]} {str(y)[:200]}")
    if fields:
        charset = one.get_content_charset()
        try:
            b"".decode(charset or "utf-8")
        except LookupError:
            charset = None
        old, new = headers(one, charset), headers(two, None)
        for name, values in old.items():
            got = new.get(name, [])[-len(values):]
            if len(got) != len(values) or any(not x & y for x, y in zip(values, got)):
                why.append(f"{name}: {values} became {got}"[:600])
    return why
