"""Two independent DKIM verifiers over the same bytes."""

import pathlib
import subprocess
import tempfile

import dkim

HERE = pathlib.Path(__file__).resolve().parent


class Verifiers:
    def __init__(self, zone, dns_port):
        self.zone = zone
        self.file = tempfile.NamedTemporaryFile(suffix=".eml")
        self.perl = subprocess.Popen(["perl", str(HERE / "verify.pl"), str(dns_port)],
                                     stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)

    def close(self):
        self.perl.stdin.close()
        self.perl.wait(10)

    def _txt(self, name, timeout=5):
        name = (name.decode() if isinstance(name, bytes) else name).rstrip(".").lower()
        from dnsserver import txt_strings
        records, _ = self.zone.find(name, "TXT")
        return b"".join(txt_strings(records[0][1])) if records else None

    def python(self, message):
        """[(domain, selector, passes)] of every signature, top first."""
        checker = dkim.DKIM(message)
        results = []
        fields = [f for f in checker.headers if f[0].lower() == b"dkim-signature"]
        for i, field in enumerate(fields):
            tags = dict(t.strip().split(b"=", 1) for t in
                        b"".join(field[1].split()).strip(b";").split(b";"))
            try:
                good = dkim.DKIM(message).verify(idx=i, dnsfunc=self._txt)
            except (dkim.DKIMException, ValueError, KeyError):
                good = False
            results.append((tags.get(b"d", b"").decode(), tags.get(b"s", b"").decode(), good))
        return results

    def mail_dkim(self, message):
        pathlib.Path(self.file.name).write_bytes(message)
        self.perl.stdin.write(self.file.name + "\n")
        self.perl.stdin.flush()
        line = self.perl.stdout.readline().strip()
        results = []
        for part in line.split(" | ") if line else []:
            name, _, result = part.partition(" ")
            domain, _, selector = name.partition("/")
            results.append((domain, selector, result.startswith("pass")))
        return results
