"""lib/store with many messages: a look costs four calls when nothing has changed,
work that goes with what has changed when little has, and work that grows with the
number of messages and no faster when all has.
"""
import os
import pathlib
import re
import shutil
import subprocess
import tempfile
import time

import pytest

ROOT = pathlib.Path(__file__).resolve().parents[2]
TOOL = ROOT / os.environ.get("BUILD", "build") / "tests/interop/store_tool"


@pytest.fixture
def box():
    tmp = pathlib.Path(tempfile.mkdtemp(prefix="paqscale-"))
    for d in ("cur", "new", "tmp"):
        (tmp / d).mkdir()
    yield tmp
    shutil.rmtree(tmp)


def fill(box, first, end):
    for i in range(first, end):
        name = "%d.M%dP1_1.vm,S=5,W=6:2,S" % (1600000000 + i, i)
        os.close(os.open(box / "cur" / name, os.O_CREAT | os.O_WRONLY, 0o600))


def run(box, lines, *front):
    return subprocess.run([*front, str(TOOL), str(box)], text=True, check=True,
                          input="".join(x + "\n" for x in lines),
                          capture_output=True).stdout


def instructions(box):
    """What a look at everything takes, whatever else the machine does."""
    log = box.parent / "callgrind"
    subprocess.run(
        ["valgrind", "--tool=callgrind", f"--callgrind-out-file={log}",
         str(TOOL), str(box)], text=True, input="open INBOX\n",
        capture_output=True, check=True)
    for line in log.read_text().splitlines():
        if line.startswith(("totals:", "summary:")):
            return int(line.split()[1])
    raise AssertionError("callgrind told no total")


@pytest.mark.skipif("san" in TOOL.parts[-4], reason="a sanitizer calls and counts "
                    "for itself")
@pytest.mark.skipif(shutil.which("valgrind") is None, reason="no valgrind")
def test_linear(box):
    fill(box, 0, 2000)
    run(box, ["open INBOX"])
    small = instructions(box)
    fill(box, 2000, 8000)
    run(box, ["open INBOX"])
    large = instructions(box)
    assert large < 4 * small * 1.5, (small, large)


@pytest.mark.skipif("san" in TOOL.parts[-4], reason="a sanitizer calls and counts "
                    "for itself")
@pytest.mark.skipif(shutil.which("strace") is None, reason="no strace")
def test_nothing_new(box, tmp_path):
    fill(box, 0, 500)
    run(box, ["open INBOX"])
    time.sleep(2.2)             # stamps younger than two seconds prove nothing
    log = tmp_path / "calls"
    run(box, ["open INBOX", "sync", "sync"], "strace", "-o", str(log))
    between = [c.split("(")[0] for c in answers(log)[-1]]
    assert len(between) == 4 and set(between) <= {"newfstatat", "fstat"}, \
        between


def answers(log):
    """The system calls of each command, without reading it and answering."""
    parts = [[]]
    for call in log.read_text().splitlines():
        if re.match(r'write\(1, "ok', call):
            parts.append([])
        elif not call.startswith(("read(0", "write(1")):
            parts[-1].append(call)
    return parts[:-1]


CHANGES = ["deliver eA==", "sync", "flags + 7 F -", "sync", "expunge 9", "sync",
           "flags - 7 F -", "sync", "deliver eA==", "sync"]


@pytest.mark.skipif("san" in TOOL.parts[-4], reason="a sanitizer calls and counts "
                    "for itself")
@pytest.mark.skipif(shutil.which("strace") is None, reason="no strace")
def test_small_changes(box, tmp_path):
    """One message comes, gets a flag, goes: as many calls with 4,000 messages as
    with 200, and their names are not listed."""
    cost = []
    for first, end in ((0, 200), (200, 4000)):
        fill(box, first, end)
        for d in ("cur", "new"):
            os.utime(box / d, (1700000000 + end, 1700000000 + end))
        time.sleep(0.3)         # that was a change, too: ctime tells
        run(box, ["open INBOX"])
        log = tmp_path / f"calls{end}"
        run(box, ["open INBOX", "sync", *CHANGES], "strace", "-o", str(log))
        parts = answers(log)[2:]
        cost.append(sum(not c.startswith(("brk", "mmap", "munmap", "mremap"))
                        for calls in parts for c in calls))
        listed = [c for calls in parts for c in calls
                  if c.startswith("getdents")]
        assert all(int(c.rsplit("= ", 1)[1]) < 500 for c in listed), listed
    assert cost[1] < cost[0] + 20, cost
