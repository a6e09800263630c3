#!/usr/bin/env python3
"""check: runs every test that this machine allows, and ends with one line:
"N passed, N failed, N skipped".  What was left out is said, with the reason.
"""
import concurrent.futures
import json
import os
import re
import shutil
import subprocess
import sys
import tempfile
import threading
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
BUILD = ROOT / os.environ.get("BUILD", "build")
FUZZ = ROOT / "build-fuzz"

passed = failed = skipped = 0
problems = []
lock = threading.RLock()


def count(good=0, bad=0, left=0, problem=None):
    global passed, failed, skipped
    with lock:
        passed, failed, skipped = passed + good, failed + bad, skipped + left
        if problem:
            problems.append(problem)


def note(name, good):
    """For tests/hostile/count.py, beside what conftest.py writes."""
    with open(os.environ["THREATS_RESULTS"], "a", encoding="utf-8") as f:
        f.write(json.dumps({"test": name, "outcome": "passed" if good else
                            "failed"}) + "\n")


def show(text):
    with lock:
        print(text.rstrip("\n"), flush=True)


def run(command, **more):
    return subprocess.run(command, cwd=ROOT, text=True, errors="replace",
                          stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
                          check=False, **more)


def lint():
    done = run(["tests/lint.sh"])
    if done.returncode == 0:
        count(good=1)
    else:
        count(bad=1, problem="lint")
    show(done.stdout)


def unit(source):
    name = source.relative_to(ROOT).with_suffix("")
    try:
        done = run([BUILD / name], timeout=300)
    except (OSError, subprocess.TimeoutExpired) as why:
        count(bad=1, problem=f"{name}: {why}")
        return
    good, bad, left = (sum(int(n) for n in re.findall(
        rf"\[  {word} *\] (\d+) test", done.stdout))
        for word in ("PASSED", "FAILED", "SKIPPED"))
    if done.returncode != 0 and bad == 0:
        bad = 1             # ended by a signal or a sanitizer
    count(good, bad, left, str(name) if bad else None)
    note(f"unit/{source.stem}", not bad)
    if bad:
        show(done.stdout)


def fuzz(target):
    """The kept inputs, and as many made-up ones as cost little."""
    name = target.stem.removesuffix("_fuzz")
    corpus = ROOT / "tests" / "fuzz" / "corpus" / name
    inputs = sorted(corpus.iterdir()) if corpus.is_dir() else []
    program = FUZZ / target.stem
    if not program.exists():
        count(bad=1, problem=f"{target.stem}: not built")
        return
    done = run([program, "-runs=2000", "-seed=1", "-max_len=4096",
                "-timeout=60", "-verbosity=0", "-artifact_prefix=/tmp/"])
    if inputs and done.returncode == 0:
        done = run([program, "-timeout=60", *inputs])
    note(f"fuzz/{target.stem}", done.returncode == 0)
    if done.returncode == 0:
        count(good=1)
    else:
        count(bad=1, problem=target.stem)
        show(done.stdout[-3000:])


def across_processes(file):
    """One file of tests that pytest runs."""
    name = file.relative_to(ROOT)
    began = time.monotonic()
    done = run([sys.executable, "-m", "pytest", "-q", "-rs", "-p",
                "no:cacheprovider", *sys.argv[1:], file])
    text = done.stdout
    summary = text.rstrip().rpartition("\n")[2]
    numbers = {word: int(n) for n, word in
               re.findall(r"(\d+) (passed|failed|skipped|error)", summary)}
    bad = numbers.get("failed", 0) + numbers.get("error", 0)
    if done.returncode not in (0, 5) and bad == 0:
        bad = 1
    count(numbers.get("passed", 0), bad, numbers.get("skipped", 0),
          str(name) if bad else None)
    left = "\n".join(re.findall(r"^SKIPPED .*", text, re.M))
    show(f"{name}: {summary.strip('= ')} "
         f"(ended after {time.monotonic() - began:.0f} s)\n" +
         (text if bad else left))


# The files that take longest are begun first.
LONGEST = """\
test_tls test_powercut test_accounts_hostile test_qmgr test_store_faults
test_sasl_token test_pop3_hostile test_fault test_testssl test_sasl_hostile
test_qmgr_faults test_sasl test_queue_orders test_master test_pop3 test_hosted
test_roundcube test_hijack test_syscalls test_smtp_out_hostile test_kill
test_stopped
"""


def jobs():
    """What is to be run: functions with what they are called with."""
    files = sorted((ROOT / "tests").glob("*/test_*.py"))
    rank = {name: n for n, name in enumerate(LONGEST.split())}
    files.sort(key=lambda f: rank.get(f.stem, len(rank)))
    yield from ((across_processes, f) for f in files)
    yield (lint,)
    yield from ((unit, f) for f in
                sorted((ROOT / "tests" / "unit").rglob("*_test.c")))
    targets = sorted((ROOT / "tests" / "fuzz").glob("*_fuzz.c"))
    if shutil.which("clang") is None:
        count(left=len(targets))
        show("fuzz targets: skipped: no clang")
    else:
        yield from ((fuzz, f) for f in targets)


def run_all():
    """As many at once as LANES says: they wait more than they work."""
    wide = int(os.environ.get("LANES", 2 * (os.cpu_count() or 1)))
    with concurrent.futures.ThreadPoolExecutor(wide) as pool:
        for done in [pool.submit(*job) for job in jobs()]:
            done.result()


def threats():
    print("== attacks of doc/threats.md")
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
        run_all()
        threats()
    for problem in problems:
        print("failed:", problem)
    print(f"in {time.monotonic() - started:.0f} s")
    print(f"{passed} passed, {failed} failed, {skipped} skipped")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
