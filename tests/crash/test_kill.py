"""kill -9, each daemon in turn and again, under load: every message that was
answered with 250, and every APPEND answered with OK, is there afterwards, whole;
mail to another host has reached it.
"""
import contextlib
import imaplib
import itertools
import os
import random
import signal
import smtplib
import threading
import time

import pytest

from conftest import needs_root
from numbered import in_maildir, in_queue, message, number_of
from suite import Sink, Suite, wait_for

BOXES = [f"box{i}@demo.example" for i in range(4)]
FAR = "someone@far.example"
DAEMONS = ["qmgr", "deliver", "smtp-out", "lookupd", "authd", "dnsd", "smtpd",
           "imap-session", "imap-front", "pop3-session", "pop3-front", "logd"]
ROUNDS = int(os.environ.get("ROUNDS", "2"))
TROUBLE = (OSError, EOFError, smtplib.SMTPException, imaplib.IMAP4.error)


class Load:
    """Clients that note what they were promised."""

    def __init__(self, paq):
        self.paq, self.over = paq, threading.Event()
        self.numbers = itertools.count(1)
        self.sent = set()           # (recipient, number)
        self.appended = set()
        self.threads = [threading.Thread(target=self.run, args=(job, i))
                        for i, job in enumerate(
                            [self.send] * 4 + [self.append] * 2)]

    def run(self, job, seed):
        rng = random.Random(seed)
        while not self.over.is_set():
            with contextlib.suppress(*TROUBLE):
                job(rng)
            self.over.wait(0.02)

    def send(self, rng):
        with self.paq.smtp(port="mx") as client:
            client.sock.settimeout(15)
            for _ in range(8):
                n = next(self.numbers)
                to = rng.sample(BOXES, rng.choice((1, 1, 3)))
                if rng.random() < 0.3:
                    to.append(FAR)
                client.mail("sender@client.example")
                taken = [r for r in to if client.rcpt(r)[0] == 250]
                if taken and client.data(message(n, taken[0]))[0] == 250:
                    self.sent.update((r, n) for r in taken)
                if self.over.wait(0.01):
                    return

    def append(self, rng):
        box = rng.choice(BOXES)
        client = self.paq.imap(box)
        client.sock.settimeout(15)
        try:
            for _ in range(10):
                n = next(self.numbers)
                if client.append("INBOX", None, None,
                                 message(n, box))[0] == "OK":
                    self.appended.add((box, n))
                if self.over.wait(0.02):
                    return
        finally:
            client.shutdown()

    def __enter__(self):
        for t in self.threads:
            t.start()
        return self

    def __exit__(self, *exc):
        self.over.set()
        for t in self.threads:
            t.join(60)
        assert not any(t.is_alive() for t in self.threads)


def kill(paq, daemon):
    """SIGKILL; until its successor is ready."""
    rows = {r["daemon"]: r for r in paq.status()}
    if daemon not in rows:
        return
    before = rows[daemon]["restarts"]
    with contextlib.suppress(ProcessLookupError):
        os.kill(rows[daemon]["pid"], signal.SIGKILL)

    def back():
        return any(r["daemon"] == daemon and r["state"] == "ready" and
                   r["restarts"] > before for r in paq.status())
    try:
        wait_for(back, 40)
    except TimeoutError:
        raise AssertionError(f"{daemon} does not come back\n" +
                             paq.trouble()) from None


def kill_children(paq, rng):
    """Some sessions and workers: what has no row of its own."""
    known = {r["pid"] for r in paq.status()}
    children = [p for p in paq.tree() if p not in known]
    for pid in rng.sample(children, min(3, len(children))):
        with contextlib.suppress(ProcessLookupError):
            os.kill(pid, signal.SIGKILL)


def check(paq, load, sink):
    """All promises; how often something came twice."""
    paq.wait_queue_empty(60)
    missing, twice = [], 0
    for box in BOXES:
        found, bad = in_maildir(paq.maildir(box))
        assert not bad, bad
        want = {n for b, n in load.sent | load.appended if b == box}
        missing += [(box, n) for n in sorted(want - set(found))]
        twice += sum(c - 1 for c in found.values())
    got = [number_of(octets) for _, _, octets in sink.messages]
    far = set(got)
    missing += [(FAR, n) for b, n in load.sent if b == FAR and n not in far]
    assert not missing, f"{missing}\n{paq.trouble()}"
    return twice + len(got) - len(far)


def zombies(paq):
    found = []
    for p in paq.tree():
        with contextlib.suppress(OSError):      # it has ended meanwhile
            with open(f"/proc/{p}/stat", encoding="ascii") as f:
                found += [p] if " Z " in f.read() else []
    return found


def check_quiet(paq):
    """Nobody waits to be buried, and no more runs than is meant to."""
    wait_for(lambda: not zombies(paq), 10)
    wait_for(paq.is_ready, 40)
    names = [r["daemon"] for r in paq.status()]
    assert len(names) == len(set(names)), names
    left = [p for p in paq.queue.iterdir() if p.name not in
            ("incoming", "deferred", "hold", "corrupt", "lock", "run")]
    assert not left, left


@pytest.fixture
def scene():
    sink = Sink()
    s = Suite(users={b: "secret" for b in BOXES},
              maps={"routes": f"far.example: smtp:[127.0.0.1]:{sink.port}\n"},
              settings={"relay_domains": ["far.example"], "retry_max": "2s"})
    with s:
        yield s, sink
    sink.close()


def test_each_daemon_in_turn(scene):
    paq, sink = scene
    rng = random.Random(1)
    with Load(paq) as load:
        wait_for(lambda: len(load.sent) > 20 and len(load.appended) > 5)
        for _ in range(ROUNDS):
            for daemon in DAEMONS:
                so_far = len(load.sent)
                kill(paq, daemon)
                kill_children(paq, rng)
                # The load goes on before the next one goes.
                with contextlib.suppress(TimeoutError):
                    wait_for(lambda: len(load.sent) > so_far + 5, 10)
    assert len(load.sent) > 20 * ROUNDS and len(load.appended) > 10
    twice = check(paq, load, sink)
    check_quiet(paq)
    print(f"{len(load.sent)} promised by 250, {len(load.appended)} by OK, "
          f"{twice} came twice")


@needs_root
def test_all_at_once_and_again(scene):
    """master and everything below it, then a new start: nothing is lost, and
    what was in the queue goes on."""
    paq, sink = scene
    with Load(paq) as load:
        for _ in range(ROUNDS):
            so_far = len(load.sent)
            wait_for(lambda: len(load.sent) > so_far + 30)
            paq.kill_all()
            paq.master.wait(10)
            paq.stderr.close()
            time.sleep(0.2)
            paq.start()
    check(paq, load, sink)
    check_quiet(paq)


def test_daemons_end_with_master(scene):
    """They see the end of their channel: no orphan keeps the ports."""
    paq, _ = scene
    pids = paq.tree()
    os.kill(paq.master.pid, signal.SIGKILL)
    paq.master.wait(10)
    paq.stderr.close()
    wait_for(lambda: not any(os.path.exists(f"/proc/{p}") for p in pids), 20)
    assert not in_queue(paq.queue)
    paq.start()
