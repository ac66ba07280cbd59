#!/usr/bin/env python3
"""The page of the doctor tells of each id what doctor.def does, in its order.

    doctor.py            tells what differs
    doctor.py --write    writes the list of the page anew
"""

import pathlib
import re
import sys

TOP = pathlib.Path(__file__).resolve().parents[2]
PAGE = TOP / "man/mailworthy-doctor.7"
START, END = '.\\" from doctor.def by tests/lint/doctor.py --write\n', '.\\" end of doctor.def\n'


def entries(path):
    """Id, meaning and fix of each entry."""
    text = re.sub(r"/\*.*?\*/", "", path.read_text(), flags=re.S)
    for line in re.split(r"(?=DOCTOR\(|#include)", text):
        name = re.match(r'#include "(tool/\w+\.def)"', line)
        if name:
            yield from entries(TOP / "milter" / name[1])
        entry = re.match(r"DOCTOR\((.*)\)\s*$", line, re.S)
        if entry:
            parts = [""]
            for string, comma in re.findall(r'"((?:[^"\\]|\\.)*)"|(,)', entry[1]):
                if comma:
                    parts.append("")
                else:
                    parts[-1] += string.replace('\\"', '"')
            yield parts


def mdoc(text):
    """One sentence a line."""
    text = text.replace("\\", "\\e").replace("-", "\\-").replace("\\-\\-", "\\-\\-")
    lines = re.sub(r"(?<=[.;:]) (?=[A-Z`])", "\n", text).split("\n")
    return "\n".join("\\&" + line if line[0] in ".'" else line for line in lines)


def listing():
    rows = [START]
    for name, meaning, fix in entries(TOP / "milter/tool/doctor.def"):
        rows.append(f".It Sy {name}\n{mdoc(meaning)}\n.Pp\n.Em Fix :\n{mdoc(fix)}\n")
    return "".join(rows) + END


def main():
    page = PAGE.read_text()
    head, _, rest = page.partition(START)
    _, _, tail = rest.partition(END)
    wanted = head + listing() + tail
    if "--write" in sys.argv:
        PAGE.write_text(wanted)
        return 0
    if page != wanted:
        print(f"{PAGE.relative_to(TOP)}: differs from milter/tool/doctor.def; "
              "tests/lint/doctor.py --write puts it right")
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
