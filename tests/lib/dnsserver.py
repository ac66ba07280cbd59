"""A DNS server on loopback that answers from zone text in the form that
`mailworthy check --zone` reads: NAME [TTL] TYPE DATA, with !servfail,
!timeout, !nxdomain and !nodata in place of data.  UDP and TCP."""

import re
import socketserver
import threading

from dnslib import (A, AAAA, CNAME, MX, NS, PTR, QTYPE, RCODE, RR, SOA, TXT, DNSHeader,
                    DNSRecord)


def txt_strings(data):
    if not data.startswith('"'):
        return [data.encode()]
    strings = []
    for quoted in re.findall(r'"((?:[^"\\]|\\.)*)"', data):
        strings.append(re.sub(r"\\(\d{3}|.)", lambda m: chr(int(m[1]))
                       if m[1].isdigit() else m[1], quoted).encode("latin-1"))
    return strings


class Zone:
    def __init__(self, text=""):
        self.records, self.names = {}, set()
        self.queries = []
        self.add(text)

    def add(self, text):
        for line in text.splitlines():
            line = re.sub(r'\s;[^"]*$', "", line).strip()
            if not line or line.startswith(";"):
                continue
            words = line.split(None, 3)
            ttl = 300
            if words[1].isdigit():
                ttl = int(words[1])
                words = [words[0], *line.split(None, 3)[2:]]
            else:
                words = line.split(None, 2)
            name = words[0].lower().rstrip(".")
            self.records.setdefault((name, words[1].upper()), []).append(
                (ttl, words[2] if len(words) > 2 else ""))
            while name:
                self.names.add(name)
                name = name.partition(".")[2]

    def find(self, name, qtype):
        """(records, special) where special is one of the ! words or None."""
        for key in (qtype, "ANY"):
            for ttl, data in self.records.get((name, key), []):
                if data.startswith("!"):
                    return [], data
        return self.records.get((name, qtype), []), None


def rdata(qtype, data):
    if qtype == "A":
        return A(data)
    if qtype == "AAAA":
        return AAAA(data)
    if qtype == "MX":
        preference, name = data.split()
        return MX(name.rstrip(".") or ".", int(preference))
    if qtype == "PTR":
        return PTR(data)
    if qtype == "NS":
        return NS(data)
    if qtype == "CNAME":
        return CNAME(data)
    if qtype == "SOA":
        words = data.split()
        return SOA(words[0], words[1] if len(words) > 1 else "hostmaster.example.com",
                   (1, 3600, 600, 86400, 60))
    return TXT(txt_strings(data))


class Server:
    """with Server(Zone(...)) as server: server.port"""

    def __init__(self, zone, port=0, delay=0.0):
        self.zone, self.delay = zone, delay
        outer = self

        class Udp(socketserver.BaseRequestHandler):
            def handle(self):
                data, sock = self.request
                reply = outer.answer(data, 512)
                if reply:
                    sock.sendto(reply, self.client_address)

        class Tcp(socketserver.StreamRequestHandler):
            def handle(self):
                while head := self.rfile.read(2):
                    reply = outer.answer(self.rfile.read(int.from_bytes(head, "big")), 65535)
                    if not reply:
                        return
                    self.wfile.write(len(reply).to_bytes(2, "big") + reply)

        class UdpServer(socketserver.ThreadingUDPServer):
            daemon_threads = True
            max_packet_size = 8192

        class TcpServer(socketserver.ThreadingTCPServer):
            daemon_threads = True
            allow_reuse_address = True

        for attempt in range(20):    # a port free for UDP may be taken for TCP
            self.udp = UdpServer(("127.0.0.1", port), Udp)
            self.port = self.udp.server_address[1]
            try:
                self.tcp = TcpServer(("127.0.0.1", self.port), Tcp)
                break
            except OSError:
                self.udp.server_close()
                if attempt == 19:
                    raise
        for server in (self.udp, self.tcp):
            threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True).start()

    def close(self):
        for server in (self.udp, self.tcp):
            server.shutdown()
            server.server_close()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()

    def answer(self, packet, limit):
        """limit: octets of the answer where the query names none by EDNS."""
        query = DNSRecord.parse(packet)
        question = query.q
        limit = max([limit, *(min(rr.edns_len, 1232) for rr in query.ar
                              if rr.rtype == QTYPE.OPT)])
        name = str(question.qname).lower().rstrip(".")
        qtype = QTYPE.get(question.qtype, "?")
        self.zone.queries.append((name, qtype))
        reply = DNSRecord(DNSHeader(id=query.header.id, qr=1, aa=1, ra=1,
                                    rd=query.header.rd), q=question)
        for _ in range(10):
            records, special = self.zone.find(name, qtype)
            if special == "!timeout":
                return None
            if special == "!servfail":
                reply.header.rcode = RCODE.SERVFAIL
                return reply.pack()
            if special == "!nxdomain":
                reply.header.rcode = RCODE.NXDOMAIN
                break
            for ttl, data in records:
                reply.add_answer(RR(name, getattr(QTYPE, qtype), rdata=rdata(qtype, data),
                                    ttl=ttl))
            alias = self.zone.records.get((name, "CNAME"))
            if records or special or not alias or qtype == "CNAME":
                break
            ttl, target = alias[0]
            reply.add_answer(RR(name, QTYPE.CNAME, rdata=CNAME(target), ttl=ttl))
            name = target.lower().rstrip(".")
        if not reply.rr and name not in self.zone.names:
            reply.header.rcode = RCODE.NXDOMAIN
        if not [r for r in reply.rr if r.rtype == question.qtype]:
            reply.add_auth(RR(name or ".", QTYPE.SOA, ttl=60,
                              rdata=rdata("SOA", "ns.example.com")))
        packed = reply.pack()
        if len(packed) > limit:
            truncated = DNSRecord(DNSHeader(id=query.header.id, qr=1, tc=1, ra=1), q=question)
            return truncated.pack()
        return packed
