#!/usr/bin/python3
"""Each folder may include only what stands below it, and each foreign library
is included in exactly one file."""

import pathlib
import re
import sys

ALLOWED = {
    "base": [],
    "settings": ["base"],
    "mail": ["base"],
    "facts": ["base", "settings", "mail"],
    "dns": ["base", "settings/settings.h"],
    "dkim": ["base", "settings", "mail", "dns"],
    "evidence": ["base", "settings", "mail", "facts", "dns", "dkim"],
    "checks": ["base", "settings", "mail", "facts", "dkim", "evidence/evidence.h"],
    "verdict": ["base", "settings", "mail", "facts", "checks/check.h", "evidence/evidence.h"],
    "record": ["base", "settings", "mail", "facts", "dkim", "evidence", "checks", "verdict"],
    "core": ["base", "settings", "mail", "facts", "dns", "dkim", "evidence", "checks",
             "verdict", "record"],
    "proto": ["base", "settings", "mail", "facts", "evidence", "checks", "verdict", "record",
              "core"],
    "daemon": ["base", "settings", "mail", "facts", "dns", "dkim", "evidence", "checks",
               "verdict", "record", "core", "proto"],
    "tool": ["base", "settings", "mail", "facts", "dns", "dkim", "evidence", "checks",
             "verdict", "record", "core", "daemon"],
    "": ["daemon/daemon.h", "tool/tool.h"],
}

# header of a foreign library -> where it may stand
FOREIGN = {
    r"libmilter/": "proto/",
    r"opendkim/": "one file of dkim/",
    r"openssl/": "dkim/",
    r"spf2/": "one file of evidence/",
    r"opendmarc/": "one file of evidence/",
    r"libpsl\.h": "one file of mail/",
    r"idn2\.h": "one file of mail/",
    r"gmime/": "one file of mail/",
    r"libxml/": "one file of mail/",
    r"archive": "one file of mail/",
    r"magic\.h": "one file of mail/",
    r"hs(/|\.h)": "one file of mail/",
    r"unbound\.h": "one file of dns/",
    r"confuse\.h": "one file of settings/",
    # one writes, the other reads
    r"jansson\.h": "record/writer.h evidence/opinion/rspamd.c",
    r"seccomp\.h": "one file of daemon/",
    r"microhttpd\.h": "one file of daemon/",
    r"cap-ng\.h": "one file of daemon/",
    r"systemd/": "one file of daemon/",
}

top = pathlib.Path(__file__).resolve().parents[2]
source = top / "milter"
faults = []
seen = {}

for path in sorted(source.rglob("*.[ch]")):
    name = path.relative_to(source).as_posix()
    folder = name.split("/")[0] if "/" in name else ""
    for number, line in enumerate(path.read_text().splitlines(), 1):
        own = re.match(r'\s*#\s*include\s+"([^"]+)"', line)
        foreign = re.match(r"\s*#\s*include\s+<([^>]+)>", line)
        if own:
            target = own.group(1)
            if target == "config.h":
                continue
            if "/" not in target:
                faults.append(f"{name}:{number}: include \"{target}\" by its folder")
                continue
            if target.split("/")[0] == folder:
                continue
            if not any(target == a or target.startswith(a + "/") for a in ALLOWED[folder]):
                faults.append(f"{name}:{number}: {folder or 'main'} may not include {target}")
        elif foreign:
            for pattern, where in FOREIGN.items():
                if re.match(pattern, foreign.group(1)):
                    seen.setdefault(pattern, set()).add(name)

for pattern, where in FOREIGN.items():
    files = seen.get(pattern, set())
    if "/" in where and "." in where:
        faults += [f"{f}: may not include {pattern} ({where})" for f in sorted(files)
                   if f not in where.split()]
        continue
    folder = where.replace("one file of ", "")
    if where.startswith("one file of") and len(files) > 1:
        faults.append(f"{pattern}: included in {', '.join(sorted(files))}; {where} only")
    faults += [f"{f}: may not include {pattern} ({where})" for f in files
               if not f.startswith(folder)]

print("\n".join(faults), end="\n" if faults else "")
sys.exit(1 if faults else 0)
