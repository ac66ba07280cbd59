"""DNS for the filters, in a process of its own: the answers of tests/lib's
server, each made once, so that a filter that asks for every message is not
held up by Python."""

import multiprocessing
import socket
import sys
import pathlib

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent / "lib"))

from dnsserver import Server, Zone  # noqa: E402

ZONE = """\
example.com A 192.0.2.10
example.com MX 10 mail.example.com
example.com SOA ns.example.com
example.com TXT "v=spf1 ip4:192.0.2.10 -all"
_dmarc.example.com TXT "v=DMARC1; p=reject; rua=mailto:dmarc@example.com"
mail.example.com A 192.0.2.10
www.example.com A 192.0.2.11
10.2.0.192.in-addr.arpa PTR mail.example.com
example.net MX 10 mx.example.net
mx.example.net A 203.0.113.1
"""


def answer_for_ever(udp, zone):
    server, known = Server(zone), {}
    while True:
        query, client = udp.recvfrom(4096)
        # all but the identifier; the upper case of 0x20 is part of the question
        reply = known.get(query[2:])
        if reply is None:
            zone.queries.clear()
            reply = known[query[2:]] = server.answer(query, 1232)
        if reply:
            udp.sendto(query[:2] + reply[2:], client)


class Dns:
    """with Dns(text) as dns: dns.port.  UDP only."""

    def __init__(self, text):
        self.udp = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self.udp.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 1 << 20)
        self.udp.bind(("127.0.0.1", 0))
        self.port = self.udp.getsockname()[1]
        self.process = multiprocessing.get_context("fork").Process(
            target=answer_for_ever, args=(self.udp, Zone(ZONE + text)), daemon=True)

    def __enter__(self):
        self.process.start()
        return self

    def __exit__(self, *_):
        self.process.terminate()
        self.process.join()
        self.udp.close()
