"""The wall clock jumps under the running suite, by hours and years, forth and
back: mail goes on, nothing that waits is given up or waits for ever, no id and
no UID is used twice, who logs in does so, nobody dies.

Programs of make FAULT=1 add to their wall time what a file says.  The decisions
by themselves: tests/unit/qmgr/queue_life_test.c.
"""
import contextlib
import imaplib
import re
import struct
import subprocess

import pytest

from numbered import in_maildir, message
from suite import ROOT, Sink, Suite, wait_for

ALICE = "alice@demo.example"
SLOW = "slow@far.example"
HOUR, YEAR = 3600, 365 * 86400
JUMPS = [HOUR, -5 * HOUR, YEAR, -2 * YEAR, 3 * YEAR, 0]
EACH = 5                # messages between two jumps


class Clock:
    """Seconds that are added to the time of day."""

    def __init__(self, path):
        self.path = path
        self.set(0)

    def set(self, seconds):
        # In place: the programs have it mapped.
        with open(self.path, "r+b" if self.path.exists() else "wb") as f:
            f.write(struct.pack("=q", seconds))


@pytest.fixture(name="scene")
def fixture(tmp_path):
    subprocess.run(["make", "-s", "-j2", "FAULT=1", "-C", ROOT, "all"],
                   check=True)
    sink = Sink(answers={SLOW: "451 4.7.1 later"})
    clock = Clock(tmp_path / "clock")
    paq = Suite(bin_dir=ROOT / "build-fault" / "bin",
                wrapper=["env", f"PAQUEBOT_CLOCK_FILE={clock.path}"],
                users={ALICE: "secret"},
                maps={"routes": f"far.example: smtp:[127.0.0.1]:{sink.port}"
                      "\n"},
                settings={"relay_domains": ["far.example"],
                          "retry_min": "1s", "retry_max": "2s"})
    with paq:
        yield paq, sink, clock
    sink.close()


class Life:
    """What goes on between the jumps."""

    def __init__(self, paq, sink):
        self.paq, self.sink = paq, sink
        self.number, self.uids = 0, []
        self.validity = None

    def tries(self):
        return sum(SLOW in c for c in self.sink.commands)

    def mail(self):
        for _ in range(EACH):
            self.number += 1
            self.paq.send("sender@client.example", ALICE,
                          message(self.number, ALICE), port="mx")
        wait_for(lambda: len(self.paq.stored(ALICE)) == self.number, 30)

    def append(self):
        client = self.paq.imap(ALICE)
        self.number += 1
        _, answer = client.append("INBOX", None, None,
                                  message(self.number, ALICE))
        validity, uid = re.search(rb"APPENDUID (\d+) (\d+)",
                                  answer[0]).groups()
        assert self.validity in (None, validity)
        self.validity = validity
        assert not self.uids or int(uid) > self.uids[-1]
        self.uids.append(int(uid))
        client.logout()

    def log_in(self):
        """Wrong guesses from here do not shut out who knows the password."""
        for _ in range(2):
            with contextlib.suppress(imaplib.IMAP4.error):
                client = imaplib.IMAP4(self.paq.host, self.paq.port["imap"],
                                       timeout=60)
                client.login(ALICE, "wrong")
        client = self.paq.pop3(ALICE)
        assert client.stat()[0] == len(self.paq.stored(ALICE))
        client.quit()
        with self.paq.smtp(login=ALICE) as submission:
            assert submission.noop()[0] == 250

    def go_on(self):
        before = self.tries()
        self.mail()
        self.append()
        self.log_in()
        # What waited before the jump is tried again, however far it was.
        wait_for(lambda: self.tries() > before + 1, 30)


def check(paq, life):
    found, bad = in_maildir(paq.maildir(ALICE))
    assert not bad, bad
    assert set(found) == set(range(1, life.number + 1))
    assert set(found.values()) == {1}
    log = paq.log_text()
    years = set(re.findall(r"^(\d{4})-", log, re.M))
    assert len(years) > 2, "the clock did not jump"
    ids = re.findall(r" event=queued .*?\bid=(\S+)", log)
    assert len(ids) > life.number // 2 and len(ids) == len(set(ids))
    assert not re.search("event=(bounced|expired|failed|corrupt)", log)


def test_the_clock_jumps(scene):
    paq, sink, clock = scene
    life = Life(paq, sink)
    paq.send("sender@client.example", SLOW, message(0, SLOW), port="mx")
    wait_for(lambda: life.tries() > 0)
    life.go_on()
    for seconds in JUMPS:
        clock.set(seconds)
        life.go_on()
    check(paq, life)
    assert not any(row["restarts"] for row in paq.status())
    sink.answers.clear()
    paq.wait_queue_empty(30)
    assert len(sink.messages) == 1


def test_it_jumps_between_two_starts(scene):
    paq, sink, clock = scene
    life = Life(paq, sink)
    paq.send("sender@client.example", SLOW, message(0, SLOW), port="mx")
    life.go_on()
    for seconds in (2 * YEAR, -YEAR, 0):
        paq.stop()
        clock.set(seconds)
        paq.start()
        life.go_on()
    check(paq, life)
    sink.answers.clear()
    paq.wait_queue_empty(30)
    assert len(sink.messages) == 1
