#!/usr/bin/env python3
"""count: the list of doc/threats.md with its tests and how they went.

usage: count.py [RESULTS]	lines of {"test", "outcome", "why"} in JSON, as
				tests/conftest.py and tests/check.py write them
       count.py --run		runs the tests that prove an entry, first

Without RESULTS it says which tests there are.  Exit 1: an entry failed.

An outcome in the document may begin "not there: ", with the reason, or end
"(weaker: ...)", with what its tests do not reach; the table says so.
"""
import ast
import functools
import json
import os
import re
import subprocess
import sys
import tempfile
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
NUMBERS = re.compile(r"test_((?:[A-Ga-g][0-9]+_)+)")
ROW = re.compile(r"\| ([A-G]\d+) \| (.*?) \| (.*?) \|(.*)\|$")


class Entry:
    def __init__(self, number, attack, outcome, named):
        self.number, self.attack, self.outcome = number, attack, outcome
        self.named = re.findall(r"`([^`]+)`", named)
        self.not_there = outcome.startswith("not there: ")
        found = re.search(r"\(weaker: (.+)\)$", outcome)
        self.weaker = found[1] if found else ""


def entries():
    """In the order of the document."""
    text = (ROOT / "doc" / "threats.md").read_text(encoding="utf-8")
    return [Entry(*found.groups()) for found in
            map(ROW.match, text.splitlines()) if found]


@functools.lru_cache(maxsize=None)
def every_test():
    """"tests/x/test_y.py::test_z" of all there are."""
    found = []
    for path in sorted((ROOT / "tests").glob("*/test_*.py")):
        tree = ast.parse(path.read_text(encoding="utf-8"))
        found += [f"{path.relative_to(ROOT)}::{node.name}" for node in
                  tree.body if isinstance(node, ast.FunctionDef) and
                  node.name.startswith("test_")]
    return found


def numbers_of(test):
    found = NUMBERS.match(test.rpartition("::")[2])
    return found[1].upper().strip("_").split("_") if found else []


def exists(proof):
    """Is it there, what the document calls a proof?"""
    kind, _, name = proof.partition("/")
    if kind == "unit":
        return any((ROOT / "tests" / "unit").rglob(f"{name}.c"))
    if kind == "fuzz":
        return (ROOT / "tests" / "fuzz" / f"{name}.c").exists()
    return proof in every_test()


def proofs(entry):
    return sorted({t for t in every_test() if entry.number in numbers_of(t)} |
                  set(entry.named))


def results(path):
    """proof -> [(outcome, why)], one for each case."""
    found = {}
    for line in Path(path).read_text(encoding="utf-8").splitlines():
        one = json.loads(line)
        found.setdefault(one["test"], []).append(
            (one["outcome"], one.get("why", "")))
    return found


def judge(entry, got):
    """(state, cases passed, failed, skipped, why)"""
    cases = [c for p in proofs(entry) for c in got.get(p, [])]
    count = {w: sum(o == w for o, _ in cases)
             for w in ("passed", "failed", "skipped")}
    why = next((w for o, w in cases if o == "skipped"), "")
    if count["failed"]:
        state = "FAILED"
    elif count["passed"] and entry.weaker:
        state, why = "weaker", entry.weaker
    elif count["passed"]:
        state = "holds"
    elif entry.not_there:
        state, why = "not there", entry.outcome[len("not there: "):]
    else:
        state, why = "not run", why or "its tests were not among those run"
    return state, count["passed"], count["failed"], count["skipped"], why


def table(got):
    total = {}
    print(f"{'':4} {'':10} passed failed skipped  attack")
    for entry in entries():
        state, good, bad, left, why = judge(entry, got)
        total[state] = total.get(state, 0) + 1
        print(f"{entry.number:4} {state:10} {good:6} {bad:6} {left:7}  "
              f"{entry.attack[:70]}")
        if state in ("weaker", "not there", "not run"):
            print(f"{'':16}({why})")
    print(summary(total))
    return total.get("FAILED", 0) == 0


def summary(total):
    """The last line: how many of each; what went wrong, if anything did."""
    words = [f"{total.get('holds', 0)} hold", f"{total.get('weaker', 0)} "
             f"weaker", f"{total.get('not there', 0)} not there"]
    words += [f"{total[state]} {state}" for state in ("FAILED", "not run")
              if state in total]
    return ", ".join(words)


def listing():
    for entry in entries():
        print(f"{entry.number}: {entry.attack}")
        for proof in proofs(entry):
            print(f"    {proof}")
        if entry.not_there or entry.weaker:
            print(f"    ({entry.weaker or entry.outcome})")


def run(path):
    """All proofs that pytest can run; units and fuzz targets are built."""
    wanted = sorted({p for e in entries() for p in proofs(e) if "::" in p})
    subprocess.run([sys.executable, "-m", "pytest", "-q", "-rs", "-p",
                    "no:cacheprovider", *wanted], cwd=ROOT, check=False,
                   env={**os.environ, "THREATS_RESULTS": path})
    build = ROOT / os.environ.get("BUILD", "build")
    with open(path, "a", encoding="utf-8") as f:
        for name in sorted({p for e in entries() for p in proofs(e)
                            if p.startswith("unit/")}):
            for program in build.glob("tests/unit/**/" + name[5:]):
                done = subprocess.run([program], capture_output=True,
                                      check=False)
                f.write(json.dumps({"test": name, "outcome": "failed" if
                                    done.returncode else "passed"}) + "\n")


def main():
    if len(sys.argv) < 2:
        listing()
        return 0
    if sys.argv[1] != "--run":
        return 0 if table(results(sys.argv[1])) else 1
    with tempfile.NamedTemporaryFile("w", suffix=".json") as f:
        run(f.name)
        return 0 if table(results(f.name)) else 1


if __name__ == "__main__":
    sys.exit(main())
