#!/usr/bin/python3
"""A DNS server on a loopback port that misbehaves by name.

usage: server.py [--silent] [--port N]

Prints its port, answers over UDP and TCP until its standard input closes.
The first label of a name says what happens to a question for it:

  d600-x     the answer comes after 600 ms (any number)
  drop-x     no answer at all
  servfail-x refused-x formerr-x nx-x nodata-x
  tc-x       truncated over UDP; 40 strings of TXT over TCP
  short-x    a TTL of 2 seconds
  chainN-x   a CNAME to chain(N-1)-x; chain0-x is an address
  loop-x     a CNAME to itself
  badtxt-x   a TXT record whose string length runs past its end
  seen-x     TXT: how many questions for names ending in -x came, but these
  anything else: A 192.0.2.1, AAAA 2001:db8::1, TXT "v=spf1 -all",
             MX 10 mx.example.com, PTR host.example.com
"""
import argparse
import collections
import re
import socket
import struct
import sys
import threading

from dnslib import (A, AAAA, CNAME, MX, PTR, RD, RR, SOA, TXT, DNSHeader, DNSLabel,
                    DNSRecord, QTYPE, RCODE)

seen = collections.Counter()
RCODES = {"servfail": RCODE.SERVFAIL, "refused": RCODE.REFUSED,
          "formerr": RCODE.FORMERR, "nx": RCODE.NXDOMAIN}


def rdata(kind, qtype):
    if kind == "tc" and qtype == "TXT":
        return TXT([b"%03d" % i * 60 for i in range(40)])
    if kind == "badtxt" and qtype == "TXT":
        return RD(b"\x20short")
    return {
        "A": lambda: A("192.0.2.1"),
        "AAAA": lambda: AAAA("2001:db8::1"),
        "TXT": lambda: TXT([b"v=spf1 ", b"-all"]),
        "MX": lambda: MX("MX.Example.COM", 10),
        "PTR": lambda: PTR("host.example.com"),
    }.get(qtype, lambda: None)()


def respond(wire, tcp):
    """The answer's bytes or None, and the delay in seconds."""
    query = DNSRecord.parse(wire)
    name = query.q.qname
    labels = name.label
    qtype = QTYPE[query.q.qtype]
    first = labels[0].decode("latin-1").lower()
    kind, _, rest = first.partition("-")
    if kind != "seen":
        seen[rest] += 1
    delay = re.fullmatch(r"d(\d+)", kind)
    chain = re.fullmatch(r"chain(\d+)", kind)
    reply = DNSRecord(DNSHeader(id=query.header.id, qr=1, aa=0, ra=1, rd=1), q=query.q)
    soa = RR("example.com", QTYPE.SOA, ttl=300, rdata=SOA(
        "ns.example.com", "admin.example.com", (1, 60, 60, 60, 77)))
    ttl = 2 if kind == "short" else 300
    if kind == "drop":
        return None, 0
    if kind in RCODES:
        reply.header.rcode = RCODES[kind]
        if kind == "nx":
            reply.add_auth(soa)
    elif kind == "nodata":
        reply.add_auth(soa)
    elif kind == "tc" and not tcp:
        reply.header.tc = 1
    elif kind == "loop":
        reply.add_answer(RR(name, QTYPE.CNAME, ttl=ttl, rdata=CNAME(name)))
    elif chain and int(chain[1]) > 0:
        for i in range(int(chain[1]), 0, -1):
            here, there = (DNSLabel([b"chain%d-" % j + rest.encode("latin-1"),
                                     *labels[1:]]) for j in (i, i - 1))
            reply.add_answer(RR(here, QTYPE.CNAME, ttl=100 + i, rdata=CNAME(there)))
        reply.add_answer(RR(there, query.q.qtype, ttl=ttl, rdata=rdata(kind, qtype)))
    elif kind == "seen":
        reply.add_answer(RR(name, QTYPE.TXT, ttl=0, rdata=TXT(str(seen[rest]))))
    elif rdata(kind, qtype) is None:
        reply.add_auth(soa)
    else:
        reply.add_answer(RR(name, query.q.qtype, ttl=ttl, rdata=rdata(kind, qtype)))
    return reply.pack(), int(delay[1]) / 1000 if delay else 0


def serve_udp(sock, silent):
    while True:
        wire, peer = sock.recvfrom(4096)
        if silent:
            continue
        try:
            answer, delay = respond(wire, False)
        except Exception as error:
            print("udp:", error, file=sys.stderr)
            continue
        if answer is None:
            continue
        if delay:
            threading.Timer(delay, sock.sendto, (answer, peer)).start()
        else:
            sock.sendto(answer, peer)


def serve_tcp(sock, silent):
    while True:
        peer, _ = sock.accept()
        with peer:
            size = peer.recv(2, socket.MSG_WAITALL)
            if len(size) == 2 and not silent:
                wire = peer.recv(struct.unpack("!H", size)[0], socket.MSG_WAITALL)
                answer, _ = respond(wire, True)
                if answer is not None:
                    peer.sendall(struct.pack("!H", len(answer)) + answer)


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--silent", action="store_true")
    parser.add_argument("--port", type=int, default=0)
    options = parser.parse_args()
    udp = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    udp.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 1 << 22)
    udp.bind(("127.0.0.1", options.port))
    tcp = socket.create_server(("127.0.0.1", udp.getsockname()[1]), backlog=64)
    for target, sock in ((serve_udp, udp), (serve_tcp, tcp)):
        threading.Thread(target=target, args=(sock, options.silent), daemon=True).start()
    print(udp.getsockname()[1], flush=True)
    sys.stdin.read()


main()
