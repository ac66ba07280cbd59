"""Signs a message as others do: any tag can be given, changed or left out."""

import base64
import hashlib
import re

from dkim.canonicalization import CanonicalizationPolicy
from dkim.crypto import HASH_ALGORITHMS, RSASSA_PKCS1_v1_5_sign, parse_pem_private_key
import nacl.signing

NAMES = "from:to:subject:date:message-id"
ORDER = ("v", "a", "c", "d", "s", "q", "i", "t", "x", "l", "h", "zz", "bh", "b")


def split(message):
    head, _, body = message.partition(b"\r\n\r\n")
    fields = [re.match(rb"([^:]*):(.*)", f, re.S).groups()
              for f in re.split(rb"\r\n(?![ \t])", head)]
    return [(name, value + b"\r\n") for name, value in fields], body


def sign_bytes(algorithm, data, pem):
    """pem: octets of the key's file."""
    if algorithm.startswith("ed25519"):
        der = base64.b64decode(b"".join(pem.split(b"\n")[1:-2]))
        key = nacl.signing.SigningKey(der[-32:])
        return key.sign(hashlib.sha256(data).digest()).signature
    name = b"rsa-sha1" if algorithm == "rsa-sha1" else b"rsa-sha256"
    digest = HASH_ALGORITHMS[name](data)
    return RSASSA_PKCS1_v1_5_sign(digest, parse_pem_private_key(pem))


def chosen(fields, names):
    """The fields of h=, from the bottom up, in its order."""
    rest, found = list(fields), []
    for name in names.split(":"):
        for field in reversed(rest):
            if field[0].decode().lower() == name.strip().lower():
                found.append(field)
                rest.remove(field)
                break
    return found


def presign(message, tags, pem):
    """The message with one more DKIM-Signature at the top.  tags may hold
    "spoil": "body", "subject" or "b", which is changed after signing."""
    values = {"v": "1", "a": "rsa-sha256", "c": "relaxed/relaxed", "h": NAMES}
    values.update(tags)
    spoil = values.pop("spoil", None)
    values.pop("key", None)
    fields, body = split(message)
    c = values["c"] if values["c"] in ("simple/simple", "relaxed", "relaxed/relaxed") \
        else "simple/simple" if values["c"] is None else "relaxed/relaxed"
    canon = CanonicalizationPolicy.from_c_value(c.encode())
    text = canon.canonicalize_body(body)
    if values.get("l") == "all":
        values["l"] = str(len(text))
    if values.get("l"):
        text = text[:int(values["l"])]
    hash_of = hashlib.sha1 if values["a"] == "rsa-sha1" else hashlib.sha256
    values.setdefault("bh", base64.b64encode(hash_of(text).digest()).decode())
    values["b"] = ""
    field = " " + "; ".join(f"{t}={values[t]}" for t in ORDER if values.get(t) is not None)
    signed = canon.canonicalize_headers(
        chosen(fields, values["h"] or NAMES) + [(b"DKIM-Signature", field.encode())])
    data = b"".join(n + b":" + v for n, v in signed)
    b = base64.b64encode(sign_bytes(values["a"], data.removesuffix(b"\r\n"), pem)).decode()
    if spoil == "b":
        b = b[:20] + ("A" if b[20] != "A" else "B") + b[21:]
    if spoil == "body":
        message = message.replace(b"Dear", b"Very dear")
    if spoil == "subject":
        message = message.replace(b"Subject: ", b"Subject: [changed] ")
    return b"DKIM-Signature:" + field.encode() + b.encode() + b"\r\n" + message
