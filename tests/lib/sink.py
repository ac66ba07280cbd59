"""An SMTP server on loopback that keeps every message it gets, byte for byte."""

import socket
import threading


class Sink:
    """extensions: what EHLO offers.  messages: list of (mail_from, rcpts, bytes).
    refused: part of the addresses that are no user here, or None."""

    def __init__(self, extensions=("8BITMIME", "SMTPUTF8", "SIZE 0"), port=0):
        self.extensions = extensions
        self.messages = []
        self.refused = None
        self.changed = threading.Condition()
        self.server = socket.create_server(("127.0.0.1", port), backlog=200)
        self.port = self.server.getsockname()[1]
        threading.Thread(target=self._accept, daemon=True).start()

    @property
    def next_hop(self):
        return f"[127.0.0.1]:{self.port}"

    def close(self):
        self.server.close()

    def wait(self, n, seconds=30):
        """True when n messages are there."""
        with self.changed:
            return self.changed.wait_for(lambda: len(self.messages) >= n, seconds)

    def find(self, text):
        with self.changed:
            return [m for m in self.messages if text.encode() in m[2]]

    def _accept(self):
        while True:
            try:
                connection, _ = self.server.accept()
            except OSError:
                return
            threading.Thread(target=self._serve, args=(connection,), daemon=True).start()

    def _serve(self, connection):
        try:
            with connection, connection.makefile("rwb") as stream:
                self._talk(stream)
        except OSError:
            pass

    def _talk(self, stream):
        def say(text):
            stream.write(text.encode() + b"\r\n")
            stream.flush()

        say("220 sink.example.net ESMTP")
        sender, rcpts = "", []
        while line := stream.readline():
            verb = line[:4].upper()
            if verb == b"EHLO":
                lines = ["sink.example.net", *self.extensions]
                for i, word in enumerate(lines):
                    say(("250 " if i == len(lines) - 1 else "250-") + word)
            elif verb == b"MAIL":
                sender, rcpts = line[10:].decode("utf-8", "replace").strip(), []
                say("250 2.1.0 ok")
            elif verb == b"RCPT" and self.refused and self.refused.encode() in line:
                say("550 5.1.1 no such user")
            elif verb == b"RCPT":
                rcpts.append(line[8:].decode("utf-8", "replace").strip())
                say("250 2.1.5 ok")
            elif verb == b"DATA":
                say("354 go on")
                self._data(stream, sender, rcpts)
                say("250 2.0.0 kept")
            elif verb == b"QUIT":
                say("221 2.0.0 bye")
                return
            else:
                say("250 2.0.0 ok")

    def _data(self, stream, sender, rcpts):
        parts = []
        while (line := stream.readline()) not in (b".\r\n", b""):
            parts.append(line[1:] if line.startswith(b".") else line)
        with self.changed:
            self.messages.append((sender, rcpts, b"".join(parts)))
            self.changed.notify_all()
