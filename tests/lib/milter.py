"""The MTA's side of the milter protocol, byte by byte: what is agreed, sent and
left out is the test's choice."""

import email.utils
import socket
import struct

# actions an MTA offers
ADD_HEADERS, CHANGE_BODY, ADD_RCPT, DELETE_RCPT, CHANGE_HEADERS = 1, 2, 4, 8, 16
QUARANTINE, CHANGE_FROM, ADD_RCPT_ARGS, SET_SYMLIST = 32, 64, 128, 256
ALL_ACTIONS = 0x1FF

# steps it can leave out (NO_), take without an answer (NR_), do (the rest)
NO_UNKNOWN, NO_DATA = 0x100, 0x200
NR_HEADER, NR_CONNECT, NR_HELO, NR_MAIL, NR_RCPT = 0x80, 0x1000, 0x2000, 0x4000, 0x8000
NR_DATA, NR_UNKNOWN, NR_EOH, NR_BODY = 0x10000, 0x20000, 0x40000, 0x80000
NR_ALL = (NR_HEADER | NR_CONNECT | NR_HELO | NR_MAIL | NR_RCPT | NR_DATA | NR_UNKNOWN |
          NR_EOH | NR_BODY)
LEADING_SPACE = 0x100000
ALL_STEPS = 0x1FFFFF

NO_REPLY = {"C": NR_CONNECT, "H": NR_HELO, "M": NR_MAIL, "R": NR_RCPT, "T": NR_DATA,
            "L": NR_HEADER, "N": NR_EOH, "B": NR_BODY, "U": NR_UNKNOWN}
STAGES = "CHMRTEN"      # of macro lists, by number
FINAL = {"a": "accept", "c": "continue", "d": "discard", "r": "reject", "t": "tempfail",
         "y": "reply"}

HEADERS = [("From", " Anna <anna@example.com>"), ("To", " bert@example.net"),
           ("Subject", " Lunch"), ("Date", " " + email.utils.formatdate()),
           ("Message-ID", " <1.2.3@example.com>")]
BODY = b"Shall we meet at noon?\r\n"


def cstring(text):
    return (text if isinstance(text, bytes) else text.encode()) + b"\0"


class Answer:
    """What came back at the end of a message."""

    def __init__(self):
        self.edits = []         # ("insert", index, name, value), ("change", ...)
        self.action = None      # a word of FINAL
        self.reply = ""
        self.quarantine = None

    def inserted(self, name=None):
        """[(name, value)] of added fields, in the order they were sent."""
        return [e[2:] for e in self.edits if e[0] == "insert" and
                (name is None or e[2].lower() == name.lower())]

    def __repr__(self):
        return f"{self.action} {self.reply} {self.quarantine} {self.edits}"


class Milter:
    """One connection.  socket: "unix:/path" or "inet:host:port"."""

    def __init__(self, where, version=6, actions=ALL_ACTIONS, steps=ALL_STEPS, timeout=30,
                 negotiate=True):
        if where.startswith("unix:"):
            self.sock = socket.socket(socket.AF_UNIX)
            self.sock.settimeout(timeout)
            self.sock.connect(where[5:])
        else:
            host, _, port = where[5:].rpartition(":")
            self.sock = socket.create_connection((host, int(port)), timeout)
            self.sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.out, self.received = bytearray(), b""
        self.steps, self.lists = 0, {}
        if negotiate:
            self.negotiate(version, actions, steps)

    # ---- packets ----

    def put(self, command, data=b""):
        self.out += struct.pack("!I", len(data) + 1) + command.encode() + data
        if len(self.out) > 1 << 18:
            self.flush()

    def flush(self):
        out, self.out = self.out, bytearray()
        self.sock.sendall(out)

    def raw(self, data):
        self.flush()
        self.sock.sendall(data)

    def _read(self, n):
        while len(self.received) < n:
            part = self.sock.recv(1 << 16)
            if not part:
                raise ConnectionError("the filter closed the connection")
            self.received += part
        data, self.received = self.received[:n], self.received[n:]
        return data

    def receive(self):
        self.flush()
        size = struct.unpack("!I", self._read(4))[0]
        packet = self._read(size)
        return packet[:1].decode(), packet[1:]

    def closed(self):
        """True when the filter has closed the connection."""
        try:
            self.flush()
            while True:
                self.receive()
        except (ConnectionError, BrokenPipeError):
            return True
        except TimeoutError:
            return False

    # ---- commands ----

    def negotiate(self, version=6, actions=ALL_ACTIONS, steps=ALL_STEPS):
        self.put("O", struct.pack("!III", version, actions, steps))
        command, data = self.receive()
        assert command == "O", command
        self.version, self.actions, self.steps = struct.unpack("!III", data[:12])
        rest = data[12:]
        while rest:
            stage = struct.unpack("!I", rest[:4])[0]
            names, _, rest = rest[4:].partition(b"\0")
            self.lists[stage] = names.decode().split()
        return self

    def macros(self, stage, pairs):
        self.put("D", stage.encode() + b"".join(cstring(k) + cstring(v)
                                                for k, v in pairs.items()))

    def ask(self, command, data=b""):
        """The answer's letter, or None where none was agreed."""
        self.put(command, data)
        if self.steps & NO_REPLY.get(command, 0):
            return None
        return self.receive()[0]

    def connect(self, name="client.example.com", address="192.0.2.99", port=40000,
                family="4", macros=None):
        self.macros("C", macros if macros is not None else {
            "j": "mail.example.com", "{daemon_name}": "submission",
            "{daemon_addr}": "192.0.2.10", "{daemon_port}": "587",
            "{client_port}": str(port)})
        return self.ask("C", cstring(name) + family.encode() +
                        struct.pack("!H", port) + cstring(address))

    def connect_local(self, **kwargs):
        """As Postfix's cleanup speaks for pickup and bounce."""
        return self.connect("localhost", "127.0.0.1", 0, **kwargs)

    def helo(self, name="client.example.com"):
        return self.ask("H", cstring(name))

    def mail(self, path="<anna@example.com>", *args, auth="anna@example.com", **macros):
        pairs = {"{daemon_name}": "submission", **macros}
        if auth:
            pairs |= {"{auth_authen}": auth, "{auth_type}": "PLAIN"}
        self.macros("M", pairs)
        return self.ask("M", b"".join(map(cstring, (path, *args))))

    def rcpt(self, path="<bert@example.net>", *args, mailer="smtp", host="example.net"):
        if mailer:
            self.macros("R", {"{rcpt_mailer}": mailer, "{rcpt_host}": host})
        return self.ask("R", b"".join(map(cstring, (path, *args))))

    def data(self):
        return None if self.steps & NO_DATA else self.ask("T")

    def header(self, name, value):
        if not self.steps & LEADING_SPACE:
            value = value.removeprefix(" " if isinstance(value, str) else b" ")
        return self.ask("L", cstring(name) + cstring(value))

    def headers(self, fields=None):
        for name, value in HEADERS if fields is None else fields:
            self.header(name, value)

    def eoh(self):
        return self.ask("N")

    def body(self, data=BODY, chunk=65535):
        for i in range(0, len(data), chunk):
            self.ask("B", data[i:i + chunk])

    def eom(self, queue_id="4XQ1", command="E"):
        if queue_id:
            self.macros("E", {"i": queue_id})
        self.put(command)
        answer = Answer()
        while answer.action is None:
            self._edit(answer, *self.receive())
        return answer

    def _edit(self, answer, command, data):
        if command in FINAL:
            answer.action = FINAL[command]
            answer.reply = data.rstrip(b"\0").decode("utf-8", "replace")
        elif command == "q":
            answer.quarantine = data.rstrip(b"\0").decode()
        elif command in "im":
            index = struct.unpack("!I", data[:4])[0]
            name, value = data[4:].split(b"\0")[:2]
            answer.edits.append(({"i": "insert", "m": "change"}[command], index,
                                 name.decode(), value.decode("utf-8", "replace")))
        elif command != "p":
            answer.edits.append((command, data))

    def abort(self):
        self.put("A")
        self.flush()

    def quit(self):
        self.put("Q")
        self.flush()
        self.close()

    def close(self):
        self.sock.close()

    # ---- whole messages ----

    def begin(self, **kwargs):
        self.connect(**kwargs)
        self.helo()
        return self

    def message(self, fields=None, body=BODY, sender="<anna@example.com>",
                rcpts=("<bert@example.net>",), queue_id="4XQ1", auth="anna@example.com",
                chunk=65535, args=()):
        """Answer, or the letter of MAIL's answer when it was not "c"."""
        answer = self.mail(sender, *args, auth=auth)
        if answer not in (None, "c"):
            return answer
        for rcpt in rcpts:
            self.rcpt(rcpt)
        self.data()
        self.headers(fields)
        self.eoh()
        self.body(body, chunk)
        return self.eom(queue_id)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()
