"""qmgr with the n-th call of a kind failing, or the process ending there, for
every n that a small day of mail has: what was committed arrives at least once, at
most once more per end, and nothing stays behind.

Needs the build with faults (make FAULT=1)."""
import os
import pathlib
import sys
import threading
import time

import pytest

ROOT = pathlib.Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "tests" / "flow"))

import fake_qmgr                                            # noqa: E402
from fake_qmgr import LATER, NEVER, Qmgr, mailbox, remote   # noqa: E402

BUILD = ROOT / "build-fault" / "bin"
pytestmark = pytest.mark.skipif(not (BUILD / "qmgr").exists(),
                                reason="no build with faults")

A, B, C = "alice@demo.example", "bob@demo.example", "carol@demo.example"
BAD, SLOW = "nobody@far.example", "slow@far.example"
TEAM = "team@demo.example"
AT_ONCE = 8         # most of a run is waiting

PLANS = {
    ("open", "KILL"): range(1, 16), ("open", "EIO"): range(1, 16, 2),
    ("open", "EMFILE"): range(2, 16, 3),
    ("write", "KILL"): range(1, 14), ("write", "ENOSPC"): range(1, 14, 2),
    ("rename", "KILL"): range(1, 3), ("rename", "EIO"): range(1, 3),
    ("unlink", "KILL"): range(1, 7), ("unlink", "EIO"): range(1, 7),
    ("fsync", "KILL"): range(1, 8), ("fsync", "EIO"): range(1, 8),
    ("fdatasync", "KILL"): range(1, 6), ("fdatasync", "EIO"): range(1, 6),
}


def script(q):
    q.routes[TEAM] = [mailbox(A), mailbox(B), remote(SLOW)]
    q.forwards[C] = ["me@else.example"]
    q.outcome[BAD] = (NEVER, "5.1.1", "550 no")
    q.outcome[SLOW] = (LATER, "4.2.1", "450 later")


def commits(q, accepted):
    """One of each kind; whom an accepted message has to reach."""
    for rcpts, reached in (([B], [B]), ([TEAM], [A, B, SLOW]),
                           ([BAD, C], ["x@y.example", C, "me@else.example"])):
        try:
            if len(str(q.commit("x@y.example", rcpts))) == 20:
                accepted.extend(reached)
        except (OSError, TypeError, AssertionError):
            return          # it ended: the session says 451


def try_settle(q, seconds):
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline and q.process.poll() is None:
        if q.is_empty():
            return True
        time.sleep(0.02)
    return False


def one_run(call, n, what):
    accepted, ends = [], 0
    q = Qmgr()
    q.environment = {"PAQUEBOT_FAULT": f"qmgr/{call}:{n}:{what}"}
    try:
        script(q)
        try:
            q.start()
        except (AssertionError, OSError, TypeError):
            pass            # it did not get through its start
        else:
            commits(q, accepted)
            time.sleep(0.2)
            q.outcome.pop(SLOW)
            ends = not try_settle(q, 4)
        q.kill()
        q.environment = {}
        q.outcome.pop(SLOW, None)
        q.start()
        assert try_settle(q, 15), "left behind: %s\n%s" % (
            q.files(), "\n".join(q.logs))
        for address in set(accepted):
            got = len(q.delivered(address))
            want = accepted.count(address)
            assert want <= got <= want + 1 + ends, \
                f"{address}: {got} for {want}\n" + "\n".join(q.logs)
    finally:
        q.__exit__(None, None, None)


@pytest.mark.parametrize("call,what", PLANS)
def test_nth_call(call, what, monkeypatch):
    monkeypatch.setattr(fake_qmgr, "BIN", BUILD)
    failed, todo = [], list(PLANS[call, what])
    lock = threading.Lock()

    def work():
        while True:
            with lock:
                if not todo:
                    return
                n = todo.pop(0)
            try:
                one_run(call, n, what)
            except BaseException as why:    # noqa: BLE001
                failed.append(f"{call}:{n}:{what}: {why!r}")

    threads = [threading.Thread(target=work) for _ in range(AT_ONCE)]
    for t in threads:
        t.start()
    for t in threads:
        t.join()
    assert not failed, "\n".join(failed)
