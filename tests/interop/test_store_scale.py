"""lib/store with many messages: a look costs three calls when nothing has changed,
and time that grows with the number of messages and no faster when all has.
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
    calls = log.read_text().splitlines()
    answers = [i for i, c in enumerate(calls) if re.match(r'write\(1, "ok', c)]
    between = [c.split("(")[0] for c in calls[answers[-2] + 1:answers[-1]]
               if not c.startswith(("read(0", "write(1"))]
    assert len(between) == 3 and set(between) <= {"newfstatat", "fstat"}, \
        between
