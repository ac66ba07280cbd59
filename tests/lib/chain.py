"""An MTA with the daemon as its filter, DNS and a sink of their own, below one
scratch directory."""

import functools
import os
import pathlib
import shutil
import tempfile

import mta
from daemon import Daemon, keygen, zone_txt
from dnsserver import Server, Zone
from sink import Sink
from smtp import Smtp
from verify import Verifiers


class Chain:
    """name: of the MTA; config: the daemon's, with {group}, {port} of DNS, {keys}
    and what `values` has; the key s1 of example.com is in `zone` when `published`."""

    def __init__(self, build, name, zone, config, kind="unix", host="127.0.0.1",
                 published=True, **values):
        self.build = pathlib.Path(build).resolve()
        self.scratch = pathlib.Path(tempfile.mkdtemp(prefix="mailworthy-chain-"))
        os.chmod(self.scratch, 0o755)
        _, self.key_record = keygen(build, self.scratch / "keys", "example.com", "s1")
        self.zone = Zone(zone)
        if published:
            self.publish()
        self.dns, self.sink = Server(self.zone), Sink()
        socket, self.milter, group = mta.milter_socket(name, kind, self.scratch / "mta")
        self.mta = mta.make(name, self.scratch / "mta", f"[{host}]:{self.sink.port}",
                            milters=self.milter, kind=kind)
        self.daemon = Daemon(build, self.scratch / "daemon", "", socket=socket)
        self.config = config
        self.values = dict(group=group, port=self.dns.port, keys=self.scratch / "keys")
        self.configure(**values)

    def publish(self):
        self.zone.add(f"s1._domainkey.example.com TXT {zone_txt(self.key_record)}\n")

    def text(self, **values):
        """The configuration, with other values."""
        return self.config.format(**{**self.values, **values})

    def configure(self, **values):
        """Writes the configuration; who calls it starts the daemon or has it reload."""
        self.values |= values
        self.daemon.write(self.text())

    @functools.cached_property
    def verifiers(self):
        return Verifiers(self.zone, self.dns.port)

    def __enter__(self):
        self.daemon.start()
        self.mta.start()
        return self

    def __exit__(self, *_):
        if "verifiers" in self.__dict__:
            self.verifiers.close()
        self.mta.stop()
        self.daemon.stop()
        self.dns.close()
        self.sink.close()
        shutil.rmtree(self.scratch, ignore_errors=True)

    def send(self, text, rcpt="anna@example.net", sender="billing@example.com"):
        """The reply to the message, or to what was refused before it."""
        smtp = Smtp(self.mta.port)
        try:
            return smtp.send(sender, rcpt, text)
        finally:
            smtp.close()
