"""The MTA a test runs against, by its name: postfix or sendmail."""

import atexit
import os
import pathlib
import pwd
import shutil
import tempfile

from postfix import Postfix, free_port
from sendmail import Sendmail


def chosen(arguments):
    """The name among a script's arguments after BUILD."""
    return "sendmail" if "sendmail" in arguments[2:] else "postfix"


def milter_socket(name, kind, directory):
    """(where the daemon listens, where the MTA finds it, group of the socket).
    directory: that of the MTA; kind: unix or inet."""
    if kind != "unix":
        port = free_port()
        return f"inet:127.0.0.1:{port}", (f"inet:{port}@127.0.0.1" if name == "sendmail"
                                          else f"inet:127.0.0.1:{port}"), ""
    if name == "sendmail":      # takes no socket below a directory all may write to
        place = tempfile.mkdtemp(prefix="mailworthy-test-", dir="/run")
        atexit.register(shutil.rmtree, place, True)
        return f"unix:{place}/mw.sock", f"unix:{place}/mw.sock", ""
    place = pathlib.Path(directory).resolve() / "spool/mailworthy"
    place.mkdir(parents=True)
    os.chown(place, -1, pwd.getpwnam("postfix").pw_gid)
    os.chmod(place, 0o750)
    return f"unix:{place}/mw.sock", "unix:mailworthy/mw.sock", "postfix"


def make(name, directory, next_hop, milters="", kind="inet", settings=None, **options):
    """settings: {name of the MTA: its settings}"""
    settings = (settings or {}).get(name)
    if name == "sendmail":
        return Sendmail(directory, next_hop, milters=milters, settings=settings, **options)
    return Postfix(directory, next_hop, milters=milters, chroot=kind == "unix",
                   settings=settings, **options)
