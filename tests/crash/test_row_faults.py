"""A worker of local-deliver with the n-th call of a kind failing, or the process
ending there, while it stores a row of messages: each that is said to be stored is,
once and whole; each that is not is nowhere; what the end of the worker leaves is
whole, too.

Needs the build with faults (make FAULT=1)."""
import os
import pathlib
import shutil
import sys
import tempfile

import pytest

ROOT = pathlib.Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "tests" / "flow"))

import test_local_deliver                                   # noqa: E402
from test_local_deliver import DONE, NEVER, Deliver, head   # noqa: E402

BUILD = ROOT / "build-fault" / "bin"
pytestmark = pytest.mark.skipif(not (BUILD / "local-deliver").exists(),
                                reason="no build with faults")
RCPT, N, ENOUGH = "alice@a.example", 5, 200
PLANS = [(call, what) for call in ("open", "write", "fsync", "rename", "unlink")
         for what in ("EIO", "ENOSPC", "KILL")]


def message(i):
    return b"Subject: %d\r\n\r\n" % i + b"%d " % i * 3000 + b"\r\n"


def stored(d):
    """How often each is there; every file that is has to be whole."""
    count = [0] * N
    whole = {head(RCPT) + message(i).replace(b"\r\n", b"\n"): i
             for i in range(N)}
    for path in [*d.maildir.glob("new/*"), *d.maildir.glob("cur/*")]:
        count[whole[path.read_bytes()]] += 1
    return count


def give(d, box):
    w = d.worker(box)
    try:
        return w.row([d.mail(message(i), f"queue-{i}") for i in range(N)],
                     RCPT)
    except OSError:
        return None
    finally:
        w.close()


def one_run(tmp, monkeypatch, call, n, what):
    """Whether there was such a call."""
    monkeypatch.setenv("PAQUEBOT_FAULT", f"local-deliver/{call}:{n}:{what}")
    d = Deliver(tmp)
    try:
        box = d.roots / "alice"
        for part in (box, box / "new", box / "cur", box / "tmp"):
            part.mkdir(mode=0o700)
            os.chown(part, d.uid, d.gid)
        uidlist = box / "dovecot-uidlist"
        uidlist.write_text("3 V1795327200 N1 G%032x\n" % 1)
        os.chown(uidlist, d.uid, d.gid)
        got, there = give(d, box), stored(d)
        log = d.log_text()
        assert "event=worker-crashed" not in log or what == "KILL", log
        if got is None:
            assert what == "KILL" and max(there) <= 1, (there, log)
        else:
            said = [int(r[0] == DONE) for r in got]
            assert there == said, (got, log)
            # A failure of the disk is nobody's fault: none is for ever, and
            # a single one costs a single message, or the whole mailbox.
            assert all(r[0] != NEVER for r in got), got
            assert sum(said) >= N - 1 or sum(said) == 0, got
        assert len(set(uids(uidlist))) == len(uids(uidlist))
        return "event=fault" in log
    finally:
        d.close()


def uids(uidlist):
    return [line.split()[0] for line in uidlist.read_text().split("\n")[1:-1]]


@pytest.mark.parametrize("call,what", PLANS)
def test_nth_call(call, what, monkeypatch):
    monkeypatch.setattr(test_local_deliver, "BIN", BUILD)
    for n in range(1, ENOUGH):
        tmp = pathlib.Path(tempfile.mkdtemp(prefix="paqrow-"))
        try:
            if not one_run(tmp, monkeypatch, call, n, what):
                break
        finally:
            shutil.rmtree(tmp)
    assert 1 < n < ENOUGH - 1
