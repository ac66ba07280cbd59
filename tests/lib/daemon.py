"""mailworthyd for tests: a configuration in a scratch directory, started in the
foreground, its records read back."""

import json
import os
import pathlib
import shutil
import subprocess
import threading
import time

TOP = pathlib.Path(__file__).resolve().parents[2]


def keygen(build, directory, domain, selector, *options):
    """Makes a key with the tool; returns (path, text of the DNS record)."""
    run = subprocess.run(
        [str(pathlib.Path(build, "mailworthy")), "keygen", "--directory", str(directory),
         "--selector", selector, *options, domain], capture_output=True, text=True)
    if run.returncode != 0:
        raise RuntimeError(run.stderr)
    value = [line.split(None, 1)[1] for line in run.stdout.splitlines()
             if line.startswith("Value ")]
    return pathlib.Path(directory, f"{domain}.{selector}.pem"), value[0]


def zone_txt(value):
    """Quoted strings of at most 255 octets."""
    return " ".join(f'"{value[i:i + 255]}"' for i in range(0, len(value), 255))


class Daemon:
    def __init__(self, build, scratch, config, socket=None, mode_group=None, env=None):
        self.build = pathlib.Path(build)
        self.dir = pathlib.Path(scratch)
        self.dir.mkdir(parents=True, exist_ok=True)
        self.config = self.dir / "mailworthy.conf"
        self.events = self.dir / "events.jsonl"
        self.state = self.dir / "state"
        self.state.mkdir(exist_ok=True)
        self.socket = socket or f"unix:{self.dir}/mailworthy.sock"
        self.control = self.dir / "control.sock"
        self.log = self.dir / "daemon.log"
        self.env = dict(os.environ, **(env or {}))
        self.process = None
        self.before = []        # a program that runs it, with its arguments
        self.write(config)

    def write(self, config):
        self.config.write_text(
            f'socket = "{self.socket}"\nlog = "file:{self.events}"\n'
            f'state-dir = "{self.state}"\ncontrol = "unix:{self.control}"\n' + config)

    def start(self, seconds=20, **popen):
        before = self.read_log().count("ready:")
        self.out = open(self.log, "a")
        self.process = subprocess.Popen(
            [*self.before, str(self.build / "mailworthyd"), "-f", "-c", str(self.config)],
            stdout=self.out, stderr=self.out, env=self.env, **popen)
        end = time.monotonic() + seconds
        while time.monotonic() < end and self.process.poll() is None:
            if self.read_log().count("ready:") > before:
                return self
            time.sleep(0.02)
        raise RuntimeError("mailworthyd did not start:\n" + self.read_log())

    def read_log(self):
        return self.log.read_text(errors="replace") if self.log.exists() else ""

    def wait_log(self, text, n=1, seconds=10):
        end = time.monotonic() + seconds
        while time.monotonic() < end:
            if self.read_log().count(text) >= n:
                return True
            time.sleep(0.02)
        return False

    def records(self):
        if not self.events.exists():
            return []
        return [json.loads(line) for line in
                self.events.read_text(errors="strict").splitlines() if line]

    def worker_pid(self):
        pid = self.process.pid
        try:
            children = pathlib.Path(f"/proc/{pid}/task/{pid}/children").read_text().split()
        except OSError:
            return None
        return int(children[0]) if children else None

    def stop(self, seconds=40):
        """Exit status."""
        if self.process is None:
            return None
        if self.process.poll() is None:
            self.process.terminate()
        try:
            status = self.process.wait(seconds)
        except subprocess.TimeoutExpired:
            self.process.kill()
            status = self.process.wait()
        self.out.close()
        self.process = None
        return status

    def __enter__(self):
        return self.start()

    def __exit__(self, *_):
        self.stop()
