#!/usr/bin/python3
"""mailworthy-migrate(7) says of each option of OpenDKIM, OpenDMARC and Rspamd what
the tables of milter/settings/import say, and where those are installed, they have
no option that the tables lack."""

import pathlib
import re
import subprocess
import sys

TOP = pathlib.Path(__file__).resolve().parents[2]
LEADS = {"TAKEN": "", "NEEDLESS": "Not needed: ", "NONE": "No counterpart: ",
         "LOST": "No counterpart: "}
PLUGINS = pathlib.Path("/usr/share/rspamd")
faults = []


def table(name):
    text = (TOP / f"milter/settings/import/{name}.def").read_text()
    rows = re.findall(r'^THEIRS\("([^"]+)", ([A-Z]+), "(.*)"\)$', text, re.M)
    if len(rows) != text.count("THEIRS("):
        faults.append(f"{name}.def: a line that is not of the form THEIRS(\"...\", ...)")
    return {name: LEADS[fate] + about.replace('\\"', '"') for name, fate, about in rows}


def page_rows():
    """{section: {option: text}} of the page."""
    sections, rows, option = {}, None, None
    for line in (TOP / "man/mailworthy-migrate.7").read_text().splitlines():
        if line.startswith(".Sh "):
            rows, option = sections.setdefault(line[4:], {}), None
        elif line.startswith(".It Ic "):
            option = line[7:]
            rows[option] = ""
        elif line.startswith("."):
            option = None
        elif option:
            rows[option] += (" " if rows[option] else "") + line.removeprefix("\\&")
    return sections


def man_options(page):
    """The options that an installed manual page names."""
    path = subprocess.run(["man", "-w", page], capture_output=True, text=True).stdout.strip()
    if not path:
        return set()
    source = subprocess.run(["zcat", "-f", path], capture_output=True, text=True).stdout
    return set(re.findall(r"^\.I (\S+) \((?:[Bb]oolean|dataset|data set|string|integer|"
                          r"filename|address)\)", source.replace("\\-", "-"), re.M))


def rspamd_options():
    names = set()
    for path in ("plugins/dkim_signing.lua", "plugins/arc.lua", "lualib/lua_dkim_tools.lua"):
        if (PLUGINS / path).exists():
            names |= set(re.findall(r"\bsettings\.([a-z_]+)", (PLUGINS / path).read_text()))
    return names


sections = page_rows()
for name, installed, least in (("opendkim", man_options("opendkim.conf"), 100),
                               ("opendmarc", man_options("opendmarc.conf"), 30),
                               ("rspamd", rspamd_options(), 30)):
    ours, page = table(name), sections.get(f"OPTIONS OF {name.upper()}", {})
    for option, text in ours.items():
        if page.get(option, "").lower() != (text + ".").lower():
            faults.append(f"mailworthy-migrate.7: {option} of {name}: expected \"{text}.\"")
    faults += [f"mailworthy-migrate.7: {option} of {name} is in no table"
               for option in page if option not in ours]
    faults += [f"{name}.def lacks {option}" for option in sorted(installed)
               if option not in ours]
    if installed and len(installed) < least:
        faults.append(f"{name}: only {len(installed)} options were found where it is "
                      "installed: the form of its page is another")
print("\n".join(faults), end="\n" if faults else "")
sys.exit(1 if faults else 0)
