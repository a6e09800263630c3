#!/usr/bin/env python3
"""check: runs every test that this machine allows, and ends with one line:
"N passed, N failed, N skipped".  What was left out is said, with the reason.
"""
import json
import os
import re
import shutil
import subprocess
import sys
import tempfile
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
BUILD = ROOT / os.environ.get("BUILD", "build")
FUZZ = ROOT / "build-fuzz"

passed = failed = skipped = 0
problems = []


def count(good=0, bad=0, left=0, problem=None):
    global passed, failed, skipped
    passed, failed, skipped = passed + good, failed + bad, skipped + left
    if problem:
        problems.append(problem)


def note(name, good):
    """For tests/hostile/count.py, beside what conftest.py writes."""
    with open(os.environ["THREATS_RESULTS"], "a", encoding="utf-8") as f:
        f.write(json.dumps({"test": name, "outcome": "passed" if good else
                            "failed"}) + "\n")


def run(command, **more):
    return subprocess.run(command, cwd=ROOT, text=True, errors="replace",
                          stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
                          check=False, **more)


def heading(name):
    print(f"== {name}", flush=True)


def lint():
    heading("lint")
    done = run(["tests/lint.sh"])
    print(done.stdout, end="")
    if done.returncode == 0:
        count(good=1)
    else:
        count(bad=1, problem="lint")


def unit():
    heading("unit tests")
    for source in sorted((ROOT / "tests" / "unit").rglob("*_test.c")):
        name = source.relative_to(ROOT).with_suffix("")
        try:
            done = run([BUILD / name], timeout=300)
        except (OSError, subprocess.TimeoutExpired) as why:
            count(bad=1, problem=f"{name}: {why}")
            continue
        good, bad, left = (sum(int(n) for n in re.findall(
            rf"\[  {word} *\] (\d+) test", done.stdout))
            for word in ("PASSED", "FAILED", "SKIPPED"))
        if done.returncode != 0 and bad == 0:
            bad = 1         # ended by a signal or a sanitizer
        count(good, bad, left)
        note(f"unit/{source.stem}", not bad)
        if bad:
            problems.append(str(name))
            print(done.stdout)
    print(f"   {passed} passed so far")


def fuzz():
    heading("fuzz targets on their kept inputs")
    targets = sorted((ROOT / "tests" / "fuzz").glob("*_fuzz.c"))
    if shutil.which("clang") is None:
        count(left=len(targets))
        print("   skipped: no clang")
        return
    for target in targets:
        corpus = ROOT / "tests" / "fuzz" / "corpus" / \
            target.stem.removesuffix("_fuzz")
        inputs = sorted(corpus.iterdir()) if corpus.is_dir() else []
        program = FUZZ / target.stem
        if not program.exists():
            count(bad=1, problem=f"{target.stem}: not built")
            continue
        # And as many made-up ones as cost little.
        done = run([program, "-runs=2000", "-seed=1", "-max_len=4096",
                    "-timeout=10", "-verbosity=0",
                    "-artifact_prefix=/tmp/"])
        if inputs and done.returncode == 0:
            done = run([program, "-timeout=10", *inputs])
        note(f"fuzz/{target.stem}", done.returncode == 0)
        if done.returncode == 0:
            count(good=1)
        else:
            count(bad=1, problem=target.stem)
            print(done.stdout[-3000:])


def lanes():
    """Two halves that take about as long: they wait more than they work."""
    files = sorted((ROOT / "tests").glob("*/test_*.py"))
    first = [f for f in files if f.parent.name in ("crash", "hostile")]
    return [first, [f for f in files if f not in first]]


def across_processes():
    heading("tests that cross processes")
    running = []
    for files in lanes():
        out = tempfile.TemporaryFile("w+", errors="replace")
        running.append((out, subprocess.Popen(
            [sys.executable, "-m", "pytest", "-q", "-rs", "-p",
             "no:cacheprovider", "--durations=5", *sys.argv[1:], *files],
            cwd=ROOT, stdout=out, stderr=subprocess.STDOUT)))
    for out, pytest in running:
        pytest.wait()
        with out:
            out.seek(0)
            text = out.read()
        print(text, end="", flush=True)
        summary = text.rstrip().rpartition("\n")[2]
        numbers = {word: int(n) for n, word in
                   re.findall(r"(\d+) (passed|failed|skipped|error)", summary)}
        bad = numbers.get("failed", 0) + numbers.get("error", 0)
        if pytest.returncode not in (0, 5) and bad == 0:
            bad = 1
        count(numbers.get("passed", 0), bad, numbers.get("skipped", 0))
        if bad:
            problems.append("tests that cross processes")


def threats():
    heading("attacks of doc/threats.md")
    print(run([sys.executable, "tests/hostile/count.py",
               os.environ["THREATS_RESULTS"]]).stdout, end="")


def is_closed(place):
    """May the daemons' users not go there?"""
    return any(not p.stat().st_mode & 0o001 for p in (place, *place.parents))


def elsewhere():
    """The tests run programs under other users: from a copy of the tree, where
    this one lies in a directory that is closed to them."""
    with tempfile.TemporaryDirectory(prefix="paquebot-check-") as place:
        os.chmod(place, 0o755)
        copy = Path(place) / ROOT.name
        print(f"{ROOT} is closed to other users: the tests run in a copy")
        shutil.copytree(ROOT, copy, symlinks=True,
                        ignore=shutil.ignore_patterns("demo"))
        return subprocess.run([sys.executable, copy / "tests" / "check.py",
                               *sys.argv[1:]], cwd=copy,
                              check=False).returncode


def main():
    started = time.monotonic()
    if os.geteuid() == 0 and is_closed(ROOT):
        return elsewhere()
    if os.geteuid() != 0:
        print("not root: no separate users, no namespaces, no power cuts; "
              "those tests are skipped")
    with tempfile.NamedTemporaryFile(suffix=".json") as found:
        os.environ["THREATS_RESULTS"] = found.name
        lint()
        unit()
        fuzz()
        across_processes()
        threats()
    for problem in problems:
        print("failed:", problem)
    print(f"in {time.monotonic() - started:.0f} s")
    print(f"{passed} passed, {failed} failed, {skipped} skipped")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
