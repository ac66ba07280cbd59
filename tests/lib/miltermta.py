"""The MTA's side of the milter protocol, as much as it takes to hand a message
to a filter and to see what it adds and answers."""

import socket
import struct

CONTINUE, ACCEPT, TEMPFAIL, REJECT = b"c", b"a", b"t", b"r"
ADD_HEADER, INSERT_HEADER, PROGRESS = b"h", b"i", b"p"
HDR_LEADSPC = 0x100000
ALL_ACTIONS = 0x1FF


def split_message(message):
    """([(name, value with folds)], body)"""
    head, _, body = message.partition(b"\r\n\r\n")
    fields = []
    for line in head.split(b"\r\n"):
        if line[:1] in (b" ", b"\t") and fields:
            fields[-1][1] += b"\r\n" + line
        else:
            name, _, value = line.partition(b":")
            fields.append([name, value])
    return fields, body


class MilterMta:
    def __init__(self, path):
        """path: of the filter's unix socket."""
        self.sock = socket.socket(socket.AF_UNIX)
        self.sock.settimeout(30)
        self.sock.connect(str(path))
        self.send(b"O", struct.pack("!III", 6, ALL_ACTIONS, HDR_LEADSPC))
        _, data = self.receive()
        self.keep_space = bool(struct.unpack("!III", data[:12])[2] & HDR_LEADSPC)

    def close(self):
        self.send(b"Q")
        self.sock.close()

    def send(self, command, data=b""):
        self.sock.sendall(struct.pack("!I", 1 + len(data)) + command + data)

    def receive(self):
        size = struct.unpack("!I", self._read(4))[0]
        data = self._read(size)
        return data[:1], data[1:]

    def _read(self, n):
        data = b""
        while len(data) < n:
            part = self.sock.recv(n - len(data))
            if not part:
                raise ConnectionError("the filter closed the connection")
            data += part
        return data

    def ask(self, command, data=b""):
        self.send(command, data)
        return self.receive()[0]

    def message(self, ip, helo, sender, rcpt, text):
        """(last answer, [(name, value) of the fields the filter adds])"""
        family = b"6" if ":" in ip else b"4"
        address = ("IPv6:" + ip if family == b"6" else ip).encode()
        fields, body = split_message(text)
        steps = [(b"C", helo.encode() + b"\0" + family + b"\x04\x01" + address + b"\0"),
                 (b"H", helo.encode() + b"\0"), (b"M", f"<{sender}>\0".encode()),
                 (b"R", f"<{rcpt}>\0".encode()), (b"T", b"")]
        for name, value in fields:
            if not self.keep_space:
                value = value.removeprefix(b" ")
            value = value.replace(b"\r\n", b"\n")
            steps.append((b"L", name + b"\0" + value + b"\0"))
        steps.append((b"N", b""))
        steps += [(b"B", body[i:i + 65535]) for i in range(0, len(body), 65535)]
        for command, data in steps:
            answer = self.ask(command, data)
            if answer != CONTINUE:
                return answer, []
        return self._end()

    def _end(self):
        added = []
        self.send(b"E")
        while True:
            answer, data = self.receive()
            if answer in (ADD_HEADER, INSERT_HEADER):
                data = data[4:] if answer == INSERT_HEADER else data
                name, value = data.split(b"\0")[:2]
                added.append((name.decode(), value.decode("utf-8", "replace")))
            elif answer in (CONTINUE, ACCEPT, TEMPFAIL, REJECT, b"y", b"d"):
                return answer, added
