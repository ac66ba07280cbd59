#!/usr/bin/python3
"""Every metric of metrics.def stands in mailworthyd(8) with its type, and neither the
page, the dashboard nor the rules name one that is gone."""

import json
import pathlib
import re
import sys

top = pathlib.Path(__file__).resolve().parents[2]
rows = re.findall(r'^METRIC\((\w+), "([^"]+)", "(\w+)", "([^"]+)"\)$',
                  (top / "milter/record/metrics.def").read_text(), re.M)
wanted = {name: kind for _, name, kind, _ in rows}
faults = [] if len(rows) > 30 else ["metrics.def cannot be read"]
faults += [f"metrics.def: {name} twice" for name in wanted
           if sum(row[1] == name for row in rows) > 1]

page = (top / "man/mailworthyd.8").read_text()
section = page.split(".Sh METRICS\n")[1].split("\n.Sh ")[0]
documented = dict(re.findall(r"^\.It Cm (\S+).*\n(\w+)\.$", section, re.M))
for name, kind in wanted.items():
    if name not in documented:
        faults.append(f"mailworthyd.8 lacks {name}")
    elif documented[name].lower() != kind:
        faults.append(f"mailworthyd.8: {name} is a {kind}")
faults += [f"mailworthyd.8 has {name}, which is gone" for name in documented
           if name not in wanted]


def names_in(text):
    for name in re.findall(r"\b(?:mailworthy|process)_[a-z_]+", text):
        yield re.sub(r"_(bucket|sum|count)$", "", name) if name not in wanted else name


dashboard = top / "conf/grafana/mailworthy.json"
for path in (dashboard, top / "conf/prometheus/mailworthy.rules.yml"):
    if not path.exists():
        faults.append(f"{path.relative_to(top)} is not there")
        continue
    text = path.read_text()
    if path == dashboard:
        text = "\n".join(t["expr"] for p in json.loads(text)["panels"]
                         for t in p.get("targets", []))
    used = set(names_in(text))
    faults += [f"{path.relative_to(top)}: {name} is no metric" for name in sorted(used)
               if name not in wanted]
    if not used:
        faults.append(f"{path.relative_to(top)} names no metric")

print("\n".join(faults), end="\n" if faults else "")
sys.exit(1 if faults else 0)
