"""Clocks that jump: qmgr, the names of mail files and authd's patience, while
the time of day goes days and decades forward and back beneath them.

Each test is named after the entries of doc/threats.md that it concerns.
"""
import os
import struct
import subprocess
import time

import pytest

from fake_qmgr import DONE, LATER, Qmgr, whole_file
from suite import BIN, ROOT, Suite
from test_helpers_hostile import OK, WRONG, Authd

A, B = "alice@demo.example", "bob@demo.example"
DAY = 86400
NOW = int(time.time())
LONG = bool(os.environ.get("LONG"))
JUMPS = [3 * DAY, -3 * DAY, 2**31 - NOW + 10, 2**32 - NOW + 10, -NOW + DAY,
         1000 * DAY, 0]
SANITIZED = "san" in BIN.parent.name
pytestmark = pytest.mark.skipif(SANITIZED, reason="a preloaded library and a "
                                "sanitizer get in each other's way")


class Wall:
    """A clock that a test sets."""

    def __init__(self, directory):
        self.path = directory / "wall-clock"
        self.set(0)
        self.path.chmod(0o644)
        source = ROOT / "tests" / "hostile" / "wall_clock.c"
        self.library = BIN.parent / "wall_clock.so"
        if not self.library.exists() or self.library.stat().st_mtime < \
                source.stat().st_mtime:
            made = self.library.with_suffix(f".{os.getpid()}")
            subprocess.run(["cc", "-shared", "-fPIC", "-O1", "-D_GNU_SOURCE",
                            "-o", made, source], check=True)
            made.rename(self.library)

    def set(self, seconds):
        mode = "r+b" if self.path.exists() else "wb"
        with open(self.path, mode) as f:
            f.write(struct.pack("=q", int(seconds * 10**9)))

    @property
    def environment(self):
        return {"LD_PRELOAD": str(self.library), "WALL_CLOCK": str(self.path)}


@pytest.fixture
def wall(tmp_path):
    return Wall(tmp_path)


def test_E8_a_jump_expires_nothing_and_holds_up_nothing(wall):
    """A message that waits: never given up for the clock's sake, never tried
    in a loop, never forgotten."""
    with_clock = Qmgr(retry_min=1, retry_max=2, expire=3600)
    with_clock.environment = wall.environment
    with with_clock as q:
        q.outcome[B] = (LATER, "4.2.1", "busy")
        ids = {q.commit(A, [B])}
        q.wait(lambda: q.events("waits"), "the first pass")
        for n, jump in enumerate(JUMPS if LONG else JUMPS[:4]):
            wall.set(jump)
            before = len(q.events("waits"))
            time.sleep(0.5)
            # Mail comes and goes as ever; its name is its own.
            to = f"u{n}@demo.example"
            id_ = q.commit(A, [to], octets=whole_file(
                A, [to], when=int(time.time()) + jump))
            assert id_ not in ids and len(id_) == 20
            ids.add(id_)
            q.wait(lambda n=n: q.delivered(f"u{n}@demo.example"), "new mail")
            q.wait(lambda b=before: len(q.events("waits")) > b,
                   "another attempt", 20)
            # Every 1 to 2 s and a quarter of jitter; what was put off by the
            # jump itself may come at once.
            assert len(q.events("waits")) - before < 8, jump
            assert not q.events("bounced") and not q.events("failed")
        q.outcome[B] = (DONE, "2.0.0", "ok")
        q.settled()
        assert len(q.delivered(B)) == 1


@pytest.mark.parametrize("jump", JUMPS[:4] if LONG else (2**32 - NOW + 10,))
def test_E8_a_queue_that_wakes_in_another_time(wall, jump):
    """Stopped, the clock set, started: as before."""
    q = Qmgr(retry_min=1, retry_max=2, expire=3600)
    q.environment = wall.environment
    with q:
        q.outcome[B] = (LATER, "4.2.1", "busy")
        first = q.commit(A, [B])
        q.wait(lambda: q.events("waits"), "the first pass")
        q.kill()
        wall.set(jump)
        q.start()
        before = len(q.events("waits"))
        q.wait(lambda: len(q.events("waits")) > before + 1, "attempts", 20)
        assert not q.events("bounced") and not q.events("failed")
        to = "c@demo.example"
        id_ = q.commit(A, [to], octets=whole_file(
            A, [to], when=int(time.time()) + jump))
        assert len(id_) == 20 and id_ != first
        q.outcome.clear()
        q.settled()


def test_E8_names_of_mail_stay_apart(wall, tmp_path):
    """Deliveries while the clock stands, goes back and repeats: as many files
    as there were, by one process and by many."""
    box = tmp_path / "M"
    box.mkdir()
    tool = BIN.parent / "tests/interop/store_tool"
    want = 0
    for turn in range(6):
        env = {**os.environ, **wall.environment}
        with subprocess.Popen([tool, box], text=True, env=env,
                              stdin=subprocess.PIPE,
                              stdout=subprocess.PIPE) as p:
            p.stdin.write("open INBOX\n")
            p.stdin.flush()
            assert p.stdout.readline().startswith("ok")
            began = time.time()
            for n in range(40):
                # Back to the same second of the same day, again and again.
                wall.set(JUMPS[turn] + began - time.time())
                p.stdin.write(f"deliver w{turn}x{n}\n")
                p.stdin.flush()
                answer = p.stdout.readline()
                assert answer.startswith("ok"), answer
                want += 1
            p.stdin.close()
    names = [f.name for sub in ("new", "cur") for f in (box / sub).iterdir()]
    assert len(names) == want
    texts = {f.read_text() for sub in ("new", "cur")
             for f in (box / sub).iterdir()}
    assert len(texts) == want


class SetAuthd(Authd):
    """authd beneath a clock that a test sets."""

    def __init__(self, maps, wall):
        super().__init__(maps)
        self.wall = wall

    def launch(self, master, log):
        real = subprocess.Popen

        def popen(*args, env=None, **more):
            return real(*args, env={**env, **self.wall.environment}, **more)
        subprocess.Popen = popen
        try:
            super().launch(master, log)
        finally:
            subprocess.Popen = real


def test_E8_patience_is_counted_by_another_clock(wall):
    """A wrong password costs the same whatever the time of day says, and the
    right one is not held up."""
    maps = Suite(users={A: "right"}, listen=())
    maps.write()
    try:
        with SetAuthd(maps, wall) as d:
            for n, jump in enumerate(JUMPS[:3]):
                wall.set(jump)
                began = time.monotonic()
                got = d.auth(f"{n}x@demo.example", "wrong",
                             client=f"10.{n}.1.1")
                assert got == (WRONG, "")
                assert time.monotonic() - began > 0.9, jump
                assert d.auth(A, "right", client=f"10.{n}.2.1") == (OK, A)
    finally:
        maps.close()


def test_E8_who_counts_time_by_the_clock_that_never_steps():
    """Deadlines, limits and windows (lib/os/clock.h)."""
    for name in ("helpers/authd/throttle.c", "lib/net/acceptor.c",
                 "lib/net/stream.c", "lib/login/front.c", "qmgr/schedule.c",
                 "lib/ipc/server.c", "lib/ipc/client.c", "lib/os/fd.c",
                 "helpers/dnsd/cache.c"):
        text = (ROOT / name).read_text()
        assert "clock_wall_" not in text and "time(NULL)" not in text, name
