#!/usr/bin/python3
"""Functions and files stay small: a function at most 120 lines and the 95th
percentile at most 75, a milter callback at most 60, a file at most 800 lines,
at most 15 public functions a file, no #if inside a function."""

import pathlib
import re
import subprocess
import sys

top = pathlib.Path(__file__).resolve().parents[2]
source = top / "milter"
files = sorted(source.rglob("*.c"))
out = subprocess.run(
    ["ctags-universal", "-x", "--c-kinds=f", "--fields=+neS",
     "--_xformat=%F\t%n\t%e\t%N\t%{C.properties}", *map(str, files)],
    capture_output=True, text=True)
if out.returncode != 0:    # older ctags know no properties
    out = subprocess.run(["ctags-universal", "-x", "--c-kinds=f", "--fields=+ne",
                          "--_xformat=%F\t%n\t%e\t%N\t", *map(str, files)],
                         capture_output=True, text=True, check=True)
faults, lengths, public = [], [], {}
for line in out.stdout.splitlines():
    path, begin, end, name, _ = (line + "\t").split("\t")[:5]
    begin, end = int(begin), int(end)
    text = pathlib.Path(path).read_text().splitlines()
    short = pathlib.Path(path).relative_to(top).as_posix()
    length = end - begin + 1
    lengths.append(length)
    limit = 60 if name.startswith("mlfi_") else 120
    if length > limit:
        faults.append(f"{short}:{begin}: {name} has {length} lines, at most {limit}")
    if any(re.match(r"\s*#\s*if", row) for row in text[begin - 1:end]):
        faults.append(f"{short}:{begin}: {name} has an #if inside")
    head = " ".join(text[max(0, begin - 2):begin])
    if "static" not in head:
        public[short] = public.get(short, 0) + 1
for path in [*files, *sorted(source.rglob("*.h"))]:
    n = len(path.read_text().splitlines())
    if n > 800:
        faults.append(f"{path.relative_to(top)}: {n} lines, at most 800")
faults += [f"{p}: {n} public functions, at most 15" for p, n in public.items() if n > 15]
lengths.sort()
p95 = lengths[int(len(lengths) * 0.95)]
if p95 > 75:
    faults.append(f"the 95th percentile of function lengths is {p95}, at most 75")
print(f"# {len(lengths)} functions, median {lengths[len(lengths) // 2]}, "
      f"95th percentile {p95}, longest {lengths[-1]}; {sum(public.values())} public")
print("\n".join(faults), end="\n" if faults else "")
sys.exit(1 if faults else 0)
