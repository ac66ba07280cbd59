#!/usr/bin/python3
"""A DNS server that fails in each way there is, while messages pass: none is
stopped, none leaves unsigned, none waits longer than the deadline, the worker
lives, and once the server is well again the judgement is.

    resolver.py BUILD [WORD]
"""

import random
import socket
import struct
import sys
import time

from fault import case, main, wait_for
from dnsserver import Server, Zone
from rig import Rig

TIMEOUT, DEADLINE = 1, 2        # seconds, of the configuration


class Ill(Server):
    """Answers well until `illness` is set: a function from the well answer, for
    UDP or TCP, to what is sent instead (None: nothing)."""

    def __init__(self, zone):
        self.illness, self.over_tcp, self.asked_tcp = None, False, 0
        super().__init__(zone)

    def answer(self, packet, limit):
        good = super().answer(packet, limit)
        tcp = limit == 65535
        self.asked_tcp += tcp
        if self.illness is None or good is None:
            return good
        return self.illness(packet, good, tcp)


def flags(packet, set_bits, rcode=0):
    """The header with other flags, the question, and no records."""
    first = struct.unpack("!H", packet[2:4])[0] | 0x8000 | set_bits | rcode
    end = packet.index(b"\0", 12) + 5
    return packet[:2] + struct.pack("!HHHHH", first, 1, 0, 0, 0) + packet[12:end]


def garbage(packet, good, tcp):
    return packet[:2] + random.Random(packet).randbytes(200)


def loop(packet, good, tcp):
    """An answer whose name points at itself."""
    head = good[:2] + struct.pack("!HHHHH", 0x8180, 1, 1, 0, 0)
    question = flags(packet, 0)[12:]
    at = 12 + len(question)
    return head + question + struct.pack("!HHHIH", 0xc000 | at, 16, 1, 300, 2) + b"\1x"


def lying(packet, good, tcp):
    """Every name exists and says the same, as from a rewriting resolver."""
    head = good[:2] + struct.pack("!HHHHH", 0x8180, 1, 1, 0, 0)
    question = flags(packet, 0)[12:]
    qtype = struct.unpack("!H", question[-4:-2])[0]
    data = {1: bytes([127, 0, 0, 9]), 28: bytes(15) + b"\1", 12: b"\4evil\0",
            15: b"\0\1\4evil\0"}.get(qtype, b"\5hello")
    return head + question + struct.pack("!HHHIH", 0xc00c, qtype, 1, 60, len(data)) + data


ILLNESSES = {
    "dead": lambda packet, good, tcp: None,
    "servfail": lambda packet, good, tcp: flags(packet, 0x180, 2),
    "refused": lambda packet, good, tcp: flags(packet, 0x180, 5),
    "format error": lambda packet, good, tcp: flags(packet, 0x180, 1),
    "cut short, and TCP answers nothing": lambda packet, good, tcp:
        None if tcp else flags(packet, 0x380),
    "garbage": garbage,
    "names that point at themselves": loop,
    "cut in the middle": lambda packet, good, tcp: good[:len(good) // 2],
    "the answer of another query": lambda packet, good, tcp:
        struct.pack("!H", struct.unpack("!H", good[:2])[0] ^ 1) + good[2:],
    "the answer to another question": lambda packet, good, tcp:
        good.replace(b"\7example", b"\7exbmple"),
}


def open_rig(build, server):
    rig = Rig(build, dns=server, resolver=f"timeout = {TIMEOUT} deadline = {DEADLINE}")
    rig.zone = server.zone
    return rig


def signed_in(rig, author="anna@example.com"):
    """Seconds that one message took; it must leave signed."""
    from milter import HEADERS
    fields = [("From", f" {author}"), *HEADERS[1:]]
    begun = time.monotonic()
    answer = rig.one(fields=fields, sender=f"<{author}>")
    took = time.monotonic() - begun
    assert answer.action == "continue", answer
    assert answer.inserted("DKIM-Signature"), answer
    assert took < DEADLINE + 3.5, f"{took:.1f} s"
    return took


def well_zone(build):
    """A zone for the rig: Rig makes its own only with a server of its own."""
    with Rig(build) as model:
        return model.zone


def judged_well(rig):
    time.sleep(1)
    signed_in(rig)
    return rig.last_record()["dmarc"]["result"] == "pass"


def try_illness(build, illness):
    server = Ill(well_zone(build))
    server.illness = illness
    with open_rig(build, server) as rig:    # its first message is judged ill
        times = [signed_in(rig) for _ in range(5)]
        worker = rig.daemon.worker_pid()
        record = rig.last_record()
        assert record["verdict"] == "pass", record
        assert not [f for f in record["findings"] if f["id"].startswith("dkim-key-")
                    or f["id"] == "dkim-cannot-sign"], record["findings"]
        server.illness = None
        # a failure is believed for 30 s
        wait_for(lambda: judged_well(rig), 60, "a well judgement")
        assert rig.daemon.worker_pid() == worker
        log = rig.daemon.read_log()
        assert "bug in mailworthy" not in log and "died" not in log, log
    return f"first {record_ms(rig, 0)}, then at most {max(times) * 1000:.0f} ms"


def record_ms(rig, n):
    return f"{rig.daemon.records()[n]['elapsed_ms']:.0f} ms"


def lying_server(build):
    server = Ill(well_zone(build))
    server.illness = lying
    with open_rig(build, server) as rig:
        answers = [rig.one() for _ in range(3)]
        # that our key is not there is what it clearly says: mail waits, none is lost
        for answer in answers:
            assert answer.action in ("continue", "tempfail"), answer
            assert answer.action != "continue" or answer.inserted("DKIM-Signature")
        server.illness = None
    return ", ".join(answer.action for answer in answers)


def register():
    for name, illness in ILLNESSES.items():
        case(f"DNS: {name}")(lambda build, i=illness: try_illness(build, i))
    case("DNS: every name exists and says the same")(lying_server)


register()


@case("DNS: slow by half a second")
def slow(build):
    def late(packet, good, tcp):
        time.sleep(0.5)
        return good
    server = Ill(well_zone(build))
    server.illness = late
    with open_rig(build, server) as rig:
        first = rig.daemon.records()[0]
        assert first["dmarc"]["result"] == "pass", first
        assert first["elapsed_ms"] < DEADLINE * 1000, first["elapsed_ms"]
        return f"first message {first['elapsed_ms']:.0f} ms, judged in full"


@case("DNS: every answer cut short, TCP answers")
def truncated(build):
    server = Ill(well_zone(build))
    server.illness = lambda packet, good, tcp: good if tcp else flags(packet, 0x380)
    with open_rig(build, server) as rig:
        wait_for(lambda: judged_well(rig), 60, "a judgement over TCP")
        assert server.asked_tcp > 0
        record = rig.last_record()
        assert record["egress"][0]["spf"] == "pass", record
        return f"{server.asked_tcp} questions over TCP"


@case("DNS: every answer cut short, TCP refused")
def tcp_refused(build):
    server = Ill(well_zone(build))
    server.illness = lambda packet, good, tcp: flags(packet, 0x380)
    server.tcp.shutdown()
    server.tcp.server_close()
    server.tcp.shutdown = server.tcp.server_close = lambda: None
    with socket.socket() as probe:
        assert probe.connect_ex(("127.0.0.1", server.port)) != 0
    with open_rig(build, server) as rig:
        times = [signed_in(rig) for _ in range(5)]
        assert rig.last_record()["verdict"] == "pass"
    return f"first {record_ms(rig, 0)}, then at most {max(times) * 1000:.0f} ms"


if __name__ == "__main__":      # most of it is waiting: all at once
    sys.exit(main(at_once=14))
