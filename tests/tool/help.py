#!/usr/bin/python3
"""What --help says: it fits a terminal, ends with 0, and names the options that
mailworthy(1) has, and a wrong option or argument is answered in two lines that
say where the help is.

    help.py BUILD
"""

import grp
import os
import pathlib
import re
import socket
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


def owner(path):
    seen = path.lstat()
    return seen.st_uid, seen.st_gid, seen.st_mode & 0o7777


def key_owner():
    """Whose a key file is that keygen or import makes."""
    try:
        group = grp.getgrnam("mailworthy").gr_gid if os.geteuid() == 0 else None
    except KeyError:
        group = None
    return (os.geteuid(), os.getegid(), 0o600) if group is None else (0, group, 0o640)


def check_modes(here, write):
    """The service, which is not root, can read what is written first; --force keeps
    owner and mode, and a link."""
    new, key = here / "new", here / "keys/example.com.s.pem"
    new.unlink()
    key.unlink()
    before = os.umask(0o077)
    write()
    os.umask(before)
    fresh, made = owner(new), owner(key)
    new.chmod(0o604)
    if os.geteuid() == 0:
        os.chown(new, 2, 3)
    kept = owner(new)
    new.rename(here / "real")
    new.symlink_to("real")
    write("--force")
    is_link, after = new.is_symlink(), owner(here / "real")
    new.unlink()
    (here / "real").unlink()
    os.mkfifo(new)
    odd = write("--force")
    is_odd = new.is_fifo()
    return ((fresh == (os.geteuid(), os.getegid(), 0o644), f"makes {fresh}"),
            (made == key_owner(), f"makes a key file {made}"),
            (is_link and after == kept, f"--force makes {after} of {kept}, link {is_link}"),
            (is_odd and odd.returncode == 2 and "is no file" in odd.stderr,
             f"writes over what is no file: {odd}"))


def check_output():
    """import -o writes over nothing, --force over a file; a key that stands in a table
    is written once, and never in place of another."""
    with tempfile.TemporaryDirectory() as folder:
        here = pathlib.Path(folder)
        pem = subprocess.run(["openssl", "genrsa", "1024"], check=True, text=True,
                             capture_output=True).stdout
        key = "".join(pem.splitlines()[1:-1])
        (here / "keys").mkdir()
        (here / "theirs").write_text(f"KeyTable {here}/kt\nSigningTable {here}/st\n")
        (here / "kt").write_text(f"k example.com:s:{key}\n")
        (here / "st").write_text("example.com k\n")

        def write(*more):
            return subprocess.run([tool, "import", "-o", here / "new", "--keys",
                                   here / "keys", *more, "opendkim", here / "theirs"],
                                  capture_output=True, text=True, timeout=60)

        first, text = write(), (here / "new").read_text()
        (here / "new").write_text("mine\n")
        second, kept = write(), (here / "new").read_text()
        third, again = write("--force"), (here / "new").read_text()
        written = (here / "keys/example.com.s.pem").read_text()
        (here / "keys/example.com.s.pem").write_text("another\n")
        fourth, last = write("--force"), (here / "new").read_text()
        modes = check_modes(here, write)
        left = sorted(p.name for p in here.iterdir())
    check("mailworthy import -o FILE --keys DIR",
          (first.returncode == 0 and not first.stdout, f"{first}"),
          (f'file = "{here}/keys/example.com.s.pem"' in text, "does not name the key: " + text),
          ("".join(written.splitlines()[1:-1]) == key, "writes another key"),
          (second.returncode == 2 and "--force" in second.stderr and kept == "mine\n",
           f"writes over a file: {second}"),
          (third.returncode == 0 and again == text, f"--force does not: {third}"),
          (fourth.returncode == 1 and "is there and is another" in last.replace("\n#   ", " "),
           f"takes a key for another: {fourth} {last}"),
          (left == ["keys", "kt", "new", "st", "theirs"], f"leaves {left}"),
          *modes)


def check_keys():
    """import looks at the keys as mailworthyd will: what it says, and its chmod."""
    with tempfile.TemporaryDirectory() as folder:
        here = pathlib.Path(folder)
        here.chmod(0o755)
        for name, mode in (("good", 0o600), ("open", 0o644), ("text", 0o600),
                           ("of-here.example", 0o600)):
            (here / name).write_text("no key\n" if name == "text" else subprocess.run(
                ["openssl", "genrsa", "1024"], check=True, text=True,
                capture_output=True).stdout)
            (here / name).chmod(mode)
        (here / "theirs").write_text(f"KeyTable {here}/kt\nSigningTable {here}/st\nMode s\n")
        files = dict(good="good", open="open", again="open", text="text", lost="lost")
        (here / "kt").write_text("".join(f"{n} {n}.example:s:{here}/{file}\n"
                                         for n, file in files.items()) +
                                 f"all %:s:{here}/of-%\n")
        (here / "st").write_text("".join(f"{n}.example {n}\n" for n in files) + "* all\n")

        def write(**more):
            got = subprocess.run([tool, "import", "opendkim", here / "theirs"], text=True,
                                 capture_output=True, timeout=60, **more)
            return got, got.stdout.replace("\n#   ", " ")

        first, text = write()
        as_nobody = dict(user="nobody", group="nogroup", extra_groups=[])
        if os.geteuid() == 0:
            unseen, hidden = write(**as_nobody)
        for command in re.findall(r"chmod [-+a-z]+ \S+", text):
            subprocess.run(command.split(), check=True)
        for name in ("kt", "st"):
            path = here / name
            path.write_text("".join(line + "\n" for line in path.read_text().splitlines()
                                    if not re.match("text|lost", line)))
        last, after = write()
    refused = text.partition("KEYS THAT MAILWORTHYD REFUSES")[2].partition("\n#\n")[0]
    check("mailworthy import: keys that mailworthyd refuses",
          (first.returncode == 1 and "3 of the key files" in first.stderr, f"{first}"),
          (refused.count(f"- {here}/open: ") == 1 and "chmod" in refused, "open: " + refused),
          (f"- {here}/text: " in refused and f"- {here}/lost: " in refused, refused),
          (f"{here}/good" not in refused, refused),
          (last.returncode == 0 and "REFUSES" not in after, f"after the chmod: {last}"))
    if os.geteuid() == 0:
        check("mailworthy import: keys that this user may not read",
              ("3 key files could not be looked at by this user" in hidden and
               f"- {here}/good: " not in hidden, f"{unseen}"))


def check_key_in_table():
    """A key that stands in a table is told of once, and with no chmod of the table."""
    with tempfile.TemporaryDirectory() as folder:
        here = pathlib.Path(folder)
        pem = subprocess.run(["openssl", "genrsa", "1024"], check=True, text=True,
                             capture_output=True).stdout
        key = "".join(line for line in pem.splitlines() if "-" not in line)
        (here / "theirs").write_text(f"KeyTable {here}/kt\nSigningTable {here}/st\nMode s\n")
        (here / "kt").write_text(f"a a.example:s:{key}\n")
        (here / "kt").chmod(0o644)
        (here / "st").write_text("a.example a\n")
        got = run("import", "opendkim", here / "theirs")
    check("mailworthy import: a key in a table", (got.returncode == 1, f"{got}"),
          ("run this again with --keys" in got.stdout.replace("\n#   ", " "), f"{got}"),
          ("REFUSES" not in got.stdout and "chmod" not in got.stdout, f"{got}"),
          ("key files" not in got.stderr, f"{got}"))


def check_mode():
    """Who may not read the state directory is not told that the file's mode is in force."""
    if os.geteuid() != 0:
        return
    with tempfile.TemporaryDirectory() as folder:
        here = pathlib.Path(folder)
        here.chmod(0o755)
        (here / "state").mkdir(mode=0o700)
        conf = here / "conf"
        conf.write_text(f'mode = enforce\nuser = ""\nsocket-group = ""\n'
                        f'state-dir = "{here}/state"\n')
        (here / "zone").write_text("example.net. 60 IN MX 0 mail.example.net.\n")
        (here / "mail").write_text("From: a@example.com\nTo: b@example.net\n\nHello\n")

        def nobody(program, *arguments):
            return subprocess.run([tool.parent / program, *arguments], text=True, timeout=60,
                                  capture_output=True, user="nobody", group="nogroup",
                                  extra_groups=[])

        os.mkfifo(here / "state/mode.new")
        run("mode", "-c", conf, "audit")
        mode = nobody("mailworthy", "mode", "-c", conf)
        report = nobody("mailworthy", "check", "-c", conf, "--zone", here / "zone",
                        here / "mail").stdout
        doctor = nobody("mailworthy", "doctor", "-c", conf, "--zone", here / "zone",
                        "--postfix-config", here, "--all").stdout
        daemon = nobody("mailworthyd", "-n", "-c", conf).stderr
    unseen = "this user may not see whether `mailworthy mode` says otherwise"
    check("mailworthy mode: a directory that this user may not read",
          (mode.returncode == 2 and "enforce" not in mode.stdout, f"{mode}"),
          (f"{here}/state/mode: Permission denied" in mode.stderr, f"{mode}"))
    for what, text in (("mailworthy check", report), ("mailworthy doctor", doctor),
                       ("mailworthyd -n", daemon)):
        check(f"{what}: a mode that this user may not see",
              (unseen in " ".join(text.split()), text))


def check_hint():
    """explain names what was meant where that is likely, and nothing else."""
    for word, meant in (("nope", None), ("ky", None), ("mdoe", "mode"), ("spf-fial", "spf-fail"),
                        ("dkim-key-waek", "dkim-key-weak"), ("mod", "mode")):
        got = run("explain", word)
        hint = re.search(r'did you mean "(\S+)"', got.stderr)
        check(f"mailworthy explain {word}", (got.returncode == 2, f"ends with {got.returncode}"),
              ((hint and hint[1]) == meant, f"does not mean {meant}: {got.stderr}"))
    got = run("explain", "dmarc")
    check("mailworthy explain dmarc", (got.returncode == 2, f"ends with {got.returncode}"),
          ("dmarc-none, dmarc-fail, " in got.stderr, got.stderr))
    got = run("explain", "send")
    check("mailworthy explain send", (got.returncode == 2, f"ends with {got.returncode}"),
          (": sendmail-rewrites, send-route, send-arrived, " in got.stderr, got.stderr))


def check_socket_shown():
    """As it was typed, not as libmilter names it."""
    with socket.socket() as mute:       # bound, so that nobody else listens there
        mute.bind(("127.0.0.1", 0))
        where = "inet:127.0.0.1:%d" % mute.getsockname()[1]
        got = run("status", "--socket", where)
    check("mailworthy status --socket, nobody there",
          (got.returncode == 2, f"ends with {got.returncode}"),
          (f"nobody answers at {where}: " in got.stderr, got.stderr))


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
check_output()
check_keys()
check_key_in_table()
check_socket_shown()
check_mode()
check_hint()
for fault in faults:
    print(f"not ok {fault}")
if not faults:
    print(f"ok help of {len(commands)} commands")
sys.exit(1 if faults else 0)
