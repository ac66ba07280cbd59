#!/usr/bin/python3
"""Each source stands once and each test stands in the lists of the build, and a list
ends where it seems to."""

import collections
import pathlib
import re
import sys

top = pathlib.Path(__file__).resolve().parents[2]
faults = []


def words(name):
    """Words of the makefile that are in a list; what stands outside is a fault."""
    goes_on, out = False, []
    for number, line in enumerate((top / name).read_text().splitlines(), 1):
        if re.match(r"\t(milter|tests)/\S+\.?[ch]?", line) and not goes_on and \
                not line.startswith("\t@"):
            faults.append(f"{name}:{number}: stands below the end of its list")
        goes_on = line.endswith("\\")
        out += line.rstrip("\\").split()
    return collections.Counter(out)


sources = words("milter/local.mk")
tests = words("tests/local.mk")
wanted = [(sources, p) for p in (top / "milter").rglob("*.[ch]")
          if p.name not in ("mailworthyd.c", "mailworthy.c")]
wanted += [(tests, p.with_suffix("")) for p in (top / "tests/unit").glob("test_*.c")]
wanted += [(tests, p) for p in (top / "tests/unit").glob("*.h")]
wanted += [(tests, p.with_suffix("")) for p in (top / "tests/fuzz").glob("fuzz_*.c")]
for count, path in wanted:
    name = path.relative_to(top).as_posix()
    # tests of threads stand in a list of their own too
    if count[name] == 0 or (count[name] > 1 and count is sources):
        faults.append(f"{name}: {count[name]} times in the lists of the build")
print("\n".join(sorted(faults)), end="\n" if faults else "")
sys.exit(1 if faults else 0)
