#!/usr/bin/python3
"""What --help says: it fits a terminal, ends with 0, and names the options that
mailworthy(1) has, and a wrong option or argument is answered in two lines that
say where the help is.

    help.py BUILD
"""

import pathlib
import re
import subprocess
import sys
import tempfile

WIDTH = 80
top = pathlib.Path(__file__).resolve().parents[2]
tool = pathlib.Path(sys.argv[1]).resolve() / "mailworthy"
faults = []


def run(*arguments):
    return subprocess.run([tool, *arguments], capture_output=True, text=True, timeout=60,
                          stdin=subprocess.DEVNULL)


def check(what, *holds):
    """A fault for each of (condition, words) whose condition is false."""
    faults.extend(f"{what}: {words}" for condition, words in holds if not condition)


def help_of(*arguments):
    got = run(*arguments)
    lines = re.sub(r"\(/\S*/mailworthy/", "(/etc/mailworthy/", got.stdout).splitlines()
    check(" ".join(("mailworthy", *arguments)), (got.returncode == 0, "does not end with 0"),
          (lines and lines[0].startswith("usage: mailworthy "), "does not begin with usage:"),
          *((len(line) <= WIDTH, f"wider than {WIDTH}: {line}") for line in lines))
    return lines


def options_in(text):
    return set(re.findall(r"(?<![\w-])--?([a-z][a-z0-9-]*)\b", text))


def page_options():
    """The options of each command in the synopsis and in the description."""
    page = (top / "man/mailworthy.1").read_text()
    synopsis = page.split(".Sh SYNOPSIS\n")[1].split("\n.Sh ")[0]
    description = page.split(".Sh DESCRIPTION\n")[1].split("\n.Sh ")[0]
    named, described = {}, {}
    for block in synopsis.split(".Nm\n")[1:]:
        command = re.match(r"\.Cm (\w+)", block)[1]
        named.setdefault(command, set()).update(re.findall(r"\bFl -?([a-z][\w-]*)", block))
    for block in re.split(r"^(?=\.It Cm )", description, flags=re.M)[1:]:
        described[re.match(r"\.It Cm (\w+)", block)[1]] = set(
            re.findall(r"\bFl -?([a-z][\w-]*)", block))
    return named, described


def check_options(command, named, described):
    told = options_in("\n".join(help_of(command, "--help")))
    check(f"mailworthy {command} --help",
          *((option in told, f"--{option} of the synopsis of mailworthy(1) is missing")
            for option in named.get(command, set())),
          *((option in named.get(command, set()) | {"output", "o"},
             f"--{option} is not in the synopsis of mailworthy(1)") for option in told),
          *((option in described.get(command, set()) | {"output"},
             f"--{option} is not described in mailworthy(1)") for option in told))


def check_wrong(name, *arguments):
    got = run(*arguments)
    lines = got.stderr.splitlines()
    what = " ".join(("mailworthy", *arguments))
    check(what, (got.returncode == 2, f"ends with {got.returncode}"),
          (not got.stdout, "writes to standard output"),
          (1 <= len(lines) <= 2, f"{len(lines)} lines of error"),
          (got.stderr.startswith(name + ": "), f"does not begin with {name}:"),
          ("--help`" in got.stderr, "does not say where the help is"))


def check_relative():
    """import takes a file by a path from here, and writes the whole one."""
    with tempfile.TemporaryDirectory() as folder:
        path = pathlib.Path(folder, "opendkim.conf")
        path.write_text("Domain example.com\nSelector s\nKeyFile /nonexistent.pem\n")
        got = subprocess.run([tool, "import", "opendkim", path.name], cwd=folder,
                             capture_output=True, text=True, timeout=60)
    check("mailworthy import opendkim opendkim.conf",
          (f"# {path.resolve()}:1\ndomain \"example.com\" {{" in got.stdout,
           f"does not name {path}: {got.stdout}{got.stderr}"))


commands = [line.split()[0] for line in help_of("--help") if re.match(r"  \w", line)]
named, described = page_options()
check("mailworthy --help", (len(commands) >= 9, "lists too few commands"),
      (commands == sorted(commands), "is not in order"),
      (set(commands) == set(named) == set(described), "other commands than mailworthy(1)"))
for command in commands:
    check_options(command, named, described)
    check_wrong(f"mailworthy {command}", command, "--wrong")
for arguments in (("doctor", "a"), ("explain", "a", "b"), ("import", "opendkim", "a", "b"),
                  ("keygen", "a", "b"), ("mode", "audit", "a"), ("notify", "a"),
                  ("status", "a")):
    check_wrong("mailworthy " + arguments[0], *arguments)
check_wrong("mailworthy", "nonsense")
check_relative()
for fault in faults:
    print(f"not ok {fault}")
if not faults:
    print(f"ok help of {len(commands)} commands")
sys.exit(1 if faults else 0)
