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


def seconds(box):
    """The best of three looks at everything."""
    best = 1e9
    for _ in range(3):
        start = time.monotonic()
        run(box, ["open INBOX"])
        best = min(best, time.monotonic() - start)
    return best


def test_linear(box):
    fill(box, 0, 10000)
    run(box, ["open INBOX"])
    small = seconds(box)
    fill(box, 10000, 40000)
    run(box, ["open INBOX"])
    large = seconds(box)
    assert large < 4 * max(small, 0.01) * 2.5, (small, large)


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
