"""A small SMTP client that sends bytes as they are."""

import socket


class Smtp:
    def __init__(self, port):
        self.sock = socket.create_connection(("127.0.0.1", port), 60)
        self.stream = self.sock.makefile("rwb")
        self.reply()
        self.command("EHLO client.example.com")

    def reply(self):
        lines = []
        while True:
            line = self.stream.readline()
            if not line:
                raise ConnectionError("closed: " + " ".join(lines))
            lines.append(line.decode("utf-8", "replace").rstrip())
            if line[3:4] != b"-":
                return " / ".join(lines)

    def command(self, text):
        self.stream.write(text.encode("utf-8", "surrogateescape") + b"\r\n")
        self.stream.flush()
        return self.reply()

    def send(self, sender, rcpts, message, mail_options="", no_final_crlf=False):
        """The reply to the message, or to the first command that failed."""
        answer = self.command(f"MAIL FROM:<{sender}>{mail_options}")
        if not answer.startswith("250"):
            return answer
        for rcpt in [rcpts] if isinstance(rcpts, str) else rcpts:
            answer = self.command(f"RCPT TO:<{rcpt}>")
            if not answer.startswith("250"):
                self.command("RSET")
                return answer
        answer = self.command("DATA")
        if not answer.startswith("354"):
            return answer
        lines = message.split(b"\r\n")
        data = b"\r\n".join(b"." + x if x.startswith(b".") else x for x in lines)
        if not data.endswith(b"\r\n"):
            data += b"\r\n"
        self.stream.write(data + b".\r\n")
        self.stream.flush()
        return self.reply()

    def close(self):
        try:
            self.command("QUIT")
        except (OSError, ConnectionError):
            pass
        self.sock.close()
