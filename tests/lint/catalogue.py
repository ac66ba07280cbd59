#!/usr/bin/env python3
"""The manual page tells of each check what the catalogue does: in its order,
with the same sources, the same fix, and what it covers."""

import pathlib
import re
import sys

TOP = pathlib.Path(__file__).resolve().parents[2]
PAGE = "man/mailworthy-checks.7"
COVERS, SOURCE, FIX = 6, 9, 10          # of the arguments of CHECK()


def entries():
    """The arguments of each CHECK(), strings joined, in the order of the catalogue."""
    table = (TOP / "milter/checks/catalogue.def").read_text()
    for name in re.findall(r'#include "(checks/catalogue/\w+\.def)"', table):
        text = re.sub(r"/\*.*?\*/", "", (TOP / "milter" / name).read_text(), flags=re.S)
        for entry in re.findall(r"CHECK\((.*?)\)\s*(?=CHECK\(|\Z)", text, re.S):
            arguments = [""]
            for string, comma, word in re.findall(
                    r'"((?:[^"\\]|\\.)*)"|(,)|([^,\s"]+)', entry):
                if comma:
                    arguments.append("")
                else:
                    arguments[-1] += string.replace('\\"', '"') + word
            yield arguments


def plain(text):
    """Words of mdoc without its macros, quotes, brackets and full stops."""
    text = re.sub(r"^\.[A-Z][a-z] (?:[A-Z][a-z] )*", "", text, flags=re.M)
    text = text.replace(r"\-", "-").replace(r"\(ti", "~").replace(r"\&", "")
    return re.sub(r'[\s"()]+', " ", text).replace(" .", ".").replace(" ,", ",").strip(" .")


def main():
    page = (TOP / PAGE).read_text()
    paragraphs = dict(re.findall(
        r"^\.It Sy (\S+)\n(Weight.*?)(?=^\.It Sy |^\.El)", page, re.S | re.M))
    faults, order = [], []
    for entry in entries():
        name, text = entry[0], paragraphs.get(entry[0])
        if text is None:
            continue                    # checks.sh tells
        order.append(name)
        source, _, fix = text.partition(".Em Source :\n")[2].partition(".Pp\n.Em Fix :\n")
        for what, ours, theirs in (("source", entry[SOURCE], source), ("fix", entry[FIX], fix)):
            if plain(ours) != plain(theirs):
                faults.append(f"{name}: another {what}: {plain(theirs)}")
        covered = re.search(r"\b[Cc]overs?\n((?:\.Sy \S+.*\n(?:and\n)?)+)", text)
        names = set(re.findall(r"^\.Sy (\S+)", covered[1], re.M)) if covered else set()
        if names != set(entry[COVERS].replace("NULL", "").split()):
            faults.append(f"{name}: covers {entry[COVERS]}")
    if order != [name for name in paragraphs if name in order]:
        faults.append("the checks stand in another order than in the catalogue")
    for fault in faults:
        print(f"{PAGE}: {fault}")
    return 1 if faults else 0


if __name__ == "__main__":
    sys.exit(main())
