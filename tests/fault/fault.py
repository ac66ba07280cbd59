"""What the fault tests share: the rig of tests/milter, and a report line a case."""

import concurrent.futures
import pathlib
import sys
import time
import traceback

TOP = pathlib.Path(__file__).resolve().parents[2]
for folder in ("tests/lib", "tests/milter", "tests/mta"):
    sys.path.insert(0, str(TOP / folder))

failed = 0
cases = []


def case(name):
    def register(function):
        cases.append((name, function))
        return function
    return register


def report(name, good, why=""):
    global failed
    failed += not good
    print(("ok fault " if good else "not ok fault ") + name)
    if not good:
        print("\n".join("    " + line for line in str(why).splitlines()))
    sys.stdout.flush()


def run(build, only="", at_once=1):
    """Each case gets the build directory; what it returns is said beside its name."""
    def one(item):
        name, function = item
        try:
            figure = function(build)
            return name + (f" ({figure})" if figure else ""), ""
        except Exception:
            return name, traceback.format_exc(limit=-5)
    with concurrent.futures.ThreadPoolExecutor(at_once) as pool:
        for name, why in pool.map(one, [item for item in cases if only in item[0]]):
            report(name, not why, why)
    return 1 if failed else 0


def wait_for(condition, seconds=10.0, what="it"):
    end = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < end, f"waited {seconds} s for {what}"
        time.sleep(0.02)


def main(at_once=1):
    return run(pathlib.Path(sys.argv[1]).resolve(), *sys.argv[2:3], at_once=at_once)
