"""A private Postfix under a scratch directory: own queue, own ports, started
and ended by us.  The machine's own MTA is never touched.  Needs root."""

import os
import pathlib
import pwd
import shutil
import socket
import subprocess
import time


def free_port():
    with socket.socket() as s:
        s.bind(("127.0.0.1", 0))
        return s.getsockname()[1]


def wait_for_port(port, seconds=10):
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        try:
            socket.create_connection(("127.0.0.1", port), 1).close()
            return True
        except OSError:
            time.sleep(0.05)
    return False


class Postfix:
    """root: the directory of an unpacked package, "" for the installed one."""

    def __init__(self, scratch, next_hop, milters="", root=None, chroot=False, settings=None,
                 hostname="mail.example.com"):
        self.dir = pathlib.Path(scratch).resolve()
        self.root = os.environ.get("postfix_root", "") if root is None else root
        self.config = self.dir / "etc"
        self.queue = self.dir / "spool"
        self.port = free_port()
        self.log = self.dir / "mail.log"
        self.env = dict(os.environ, MAIL_CONFIG=str(self.config))
        if self.root:
            self.env["LD_LIBRARY_PATH"] = f"{self.root}/usr/lib/postfix"
        self._write(next_hop, milters, chroot, settings or {}, hostname)

    def _write(self, next_hop, milters, chroot, settings, hostname):
        for path in (self.config, self.queue, self.dir / "data"):
            path.mkdir(parents=True, exist_ok=True)
        # Postfix wants to reach its queue as its own user
        for path in [self.dir, *self.dir.parents]:
            if str(path) != "/" and not os.stat(path).st_mode & 0o001:
                os.chmod(path, os.stat(path).st_mode | 0o011)
        uid = pwd.getpwnam("postfix").pw_uid
        os.chown(self.dir / "data", uid, -1)
        # postsuper(1) has given up root when it warns of files that a kill has left
        self.log.touch()
        os.chown(self.log, uid, -1)
        main = {
            "compatibility_level": "3.6",
            "queue_directory": self.queue,
            "data_directory": self.dir / "data",
            "command_directory": f"{self.root}/usr/sbin",
            "daemon_directory": f"{self.root}/usr/lib/postfix/sbin",
            "shlib_directory": f"{self.root}/usr/lib/postfix",
            "meta_directory": f"{self.root}/etc/postfix",
            "sendmail_path": f"{self.root}/usr/sbin/sendmail",
            "newaliases_path": f"{self.root}/usr/bin/newaliases",
            "mailq_path": f"{self.root}/usr/bin/mailq",
            "maillog_file": self.log,
            "maillog_file_prefixes": "/",
            "mail_owner": "postfix",
            "setgid_group": "postdrop",
            "inet_interfaces": "127.0.0.1",
            "inet_protocols": "ipv4",
            "mynetworks": "127.0.0.0/8",
            "myhostname": hostname,
            "mydomain": "example.com",
            "myorigin": "example.com",
            "mydestination": "",
            "local_transport": "error:no local delivery here",
            "alias_maps": "",
            "alias_database": "",
            "relayhost": next_hop,
            "smtp_host_lookup": "native",
            "disable_dns_lookups": "yes",
            "smtputf8_enable": "yes",
            "smtpd_relay_restrictions": "permit_mynetworks,reject",
            "smtpd_milters": milters,
            "non_smtpd_milters": "$smtpd_milters",
            "milter_default_action": "tempfail",
            "message_size_limit": "60000000",
            "header_size_limit": "2100000",
            "smtpd_recipient_limit": "2000",
            "smtp_destination_recipient_limit": "2000",
            "smtpd_client_connection_count_limit": "0",
            "smtpd_client_event_limit_exceptions": "127.0.0.0/8",
            "minimal_backoff_time": "2s",
            "maximal_backoff_time": "5s",
            "queue_run_delay": "2s",
            "smtp_connect_timeout": "10s",
        }
        main.update(settings)
        self.main = main
        (self.config / "main.cf").write_text(
            "".join(f"{k} = {v}\n" for k, v in main.items()))
        ch = "y" if chroot else "n"
        (self.config / "master.cf").write_text(f"""\
127.0.0.1:{self.port} inet n - {ch} - - smtpd
pickup    unix  n - n 2 1 pickup
cleanup   unix  n - {ch} - 0 cleanup
qmgr      unix  n - n 1 1 qmgr
tlsmgr    unix  - - n 1000? 1 tlsmgr
rewrite   unix  - - {ch} - - trivial-rewrite
bounce    unix  - - {ch} - 0 bounce
defer     unix  - - {ch} - 0 bounce
trace     unix  - - {ch} - 0 bounce
verify    unix  - - {ch} - 1 verify
flush     unix  n - n 1000? 0 flush
proxymap  unix  - - n - - proxymap
smtp      unix  - - n - - smtp
relay     unix  - - n - - smtp
showq     unix  n - n - - showq
error     unix  - - {ch} - - error
retry     unix  - - {ch} - - error
anvil     unix  - - {ch} - 1 anvil
scache    unix  - - {ch} - 1 scache
postlog   unix-dgram n - n - 1 postlogd
""")
        if chroot:
            for name in ("services", "hosts", "resolv.conf", "nsswitch.conf", "localtime"):
                if os.path.exists(f"/etc/{name}"):
                    (self.queue / "etc").mkdir(exist_ok=True)
                    shutil.copy(f"/etc/{name}", self.queue / "etc" / name)

    def _command(self, name, *args, **kwargs):
        path = f"{self.root}/usr/sbin/{name}"
        return subprocess.run([path, "-c", str(self.config), *args], env=self.env,
                              capture_output=True, text=True, **kwargs)

    def start(self):
        run = self._command("postfix", "start")
        if run.returncode != 0 or not wait_for_port(self.port):
            raise RuntimeError("postfix did not start: " + run.stderr + self.read_log())
        return self

    def reload(self):
        self._command("postfix", "reload")

    def stop(self):
        self._command("postfix", "stop")

    def __enter__(self):
        return self.start()

    def __exit__(self, *_):
        self.stop()

    def read_log(self):
        return self.log.read_text(errors="replace") if self.log.exists() else ""

    def sendmail(self, sender, recipients, message):
        """Submits through the sendmail command: local mail."""
        return subprocess.run(
            [f"{self.root}/usr/sbin/sendmail", "-C", str(self.config), "-i", "-f", sender,
             "--", *recipients],
            input=message, env=self.env, capture_output=True)

    def flush(self):
        self._command("postqueue", "-f")

    def queue_list(self):
        """The queue as postqueue -j prints it, one dictionary a message."""
        import json
        out = self._command("postqueue", "-j").stdout
        return [json.loads(line) for line in out.splitlines() if line.strip()]

    def wait_idle(self, seconds=30):
        """True when nothing is left to deliver (held messages do not count)."""
        end = time.monotonic() + seconds
        while time.monotonic() < end:
            if not [q for q in self.queue_list() if q["queue_name"] in
                    ("active", "incoming", "maildrop")]:
                return True
            time.sleep(0.1)
        return False
