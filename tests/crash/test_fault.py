"""The whole suite with one program whose n-th call of a kind fails, or who stops
there as by kill -9: nothing that was promised is lost, nothing is visible in
part, and without the fault all goes on.

qmgr and lib/store have such tests of their own (test_qmgr_faults.py,
test_store_faults.py); here it is how the programs bear each other's failures.
Short form: some n of each; FAULTS=all tries every n.
"""
import contextlib
import imaplib
import os
import re
import smtplib
import subprocess
import threading

import pytest

from numbered import in_maildir, message
from suite import ROOT, Suite, wait_for

BIN = ROOT / "build-fault" / "bin"
ALICE, BOB = "alice@demo.example", "bob@demo.example"
AT_ONCE = 10            # most of a run is waiting
EVERY = os.environ.get("FAULTS") == "all"
MOST = 60 if EVERY else 20
TROUBLE = (OSError, EOFError, smtplib.SMTPException, imaplib.IMAP4.error)

PLANS = [
    ("smtpd", "write", ("EIO", "ENOSPC", "KILL")),
    ("smtpd", "fsync", ("EIO", "KILL")),
    ("qmgr", "fsync", ("EIO", "KILL")),
    ("qmgr", "write", ("ENOSPC", "KILL")),
    ("qmgr", "unlink", ("EIO", "KILL")),
    ("local-deliver", "open", ("EIO", "KILL")),
    ("local-deliver", "write", ("EIO", "ENOSPC", "KILL")),
    ("local-deliver", "fsync", ("EIO", "ENOSPC", "KILL")),
    ("local-deliver", "rename", ("EIO", "ENOSPC", "KILL")),
    ("local-deliver", "unlink", ("EIO", "KILL")),
    ("imapd", "open", ("EIO", "KILL")),
    ("imapd", "write", ("EIO", "ENOSPC", "KILL")),
    ("imapd", "fsync", ("EIO", "KILL")),
    ("imapd", "fdatasync", ("EIO", "KILL")),
    ("imapd", "rename", ("EIO", "ENOSPC", "KILL")),
    ("imapd", "unlink", ("EIO", "KILL")),
]


@pytest.fixture(scope="module", autouse=True)
def built():
    subprocess.run(["make", "-s", "-j2", "FAULT=1", "-C", ROOT, "all"],
                   check=True)


class Day:
    """A few messages and APPENDs, and what was promised of them."""

    def __init__(self, fault):
        self.sent, self.appended, self.answers = set(), {}, []
        self.paq = Suite(bin_dir=BIN, wrapper=[
            "env", f"PAQUEBOT_FAULT={fault}"],
            users={ALICE: "secret", BOB: "secret"}, listen=("mx", "imap"))

    def begin(self, seconds=3):
        """Ready, or as far as it gets with its fault."""
        self.paq.launch()
        with contextlib.suppress(TimeoutError, RuntimeError):
            wait_for(self.paq.is_ready, seconds)

    def smtp(self):
        with self.paq.smtp(port="mx") as client:
            client.sock.settimeout(8)
            for n, to in ((1, [ALICE]), (2, [ALICE, BOB]), (3, [BOB])):
                client.mail("sender@client.example")
                taken = [r for r in to if client.rcpt(r)[0] == 250]
                code, text = client.data(message(n, to[0]))
                self.answers.append(code)
                if code == 250:
                    self.sent.update((r, n) for r in taken)

    def imap(self):
        client = self.paq.imap(ALICE)
        client.sock.settimeout(8)
        for n in (11, 12):
            status, answer = client.append("INBOX", "(\\Seen)", None,
                                           message(n, ALICE))
            uid = re.search(rb"APPENDUID \d+ (\d+)", answer[0] or b"")
            if status == "OK":
                self.appended[n] = int(uid[1])
        client.logout()

    def work(self):
        for job in (self.smtp, self.imap):
            with contextlib.suppress(*TROUBLE):
                job()
        with contextlib.suppress(AssertionError):
            self.paq.wait_queue_empty(0.5)

    def recover(self):
        self.paq.stop()
        log = self.paq.log_text()
        self.struck = "event=fault " in log
        self.stored()
        self.paq.wrapper = []
        self.paq.start()
        self.paq.send("sender@client.example", [ALICE, BOB],
                      message(99, ALICE))
        self.sent |= {(ALICE, 99), (BOB, 99)}
        self.paq.wait_queue_empty(30)

    def stored(self):
        found = {}
        for box in (ALICE, BOB):
            found[box], bad = in_maildir(self.paq.maildir(box))
            assert not bad, bad
        return found

    def check(self, deaths):
        found = self.stored()
        for box, n in self.sent:
            assert found[box][n], f"{n} for {box} is lost"
        most = 2 + deaths
        for box, counts in found.items():
            for n, times in counts.items():
                assert times <= most, f"{n} is {times} times in {box}"
        self.check_uids()

    def check_uids(self):
        if not self.appended:
            return
        client = self.paq.imap(ALICE)
        client.select("INBOX", readonly=True)
        for n, uid in self.appended.items():
            _, lines = client.uid("fetch", str(uid), "(BODY.PEEK[HEADER])")
            assert lines[0] and f"X-Number: {n}\r".encode() in lines[0][1], \
                f"UID {uid} is not {n}: {lines}"
        client.logout()


def opened_before(paq, box):
    """A Maildir that an IMAP client has seen: deliveries add to its uidlist."""
    top, owner = paq.maildir(box), os.stat(paq.mail)
    for part in ("tmp", "new", "cur"):
        (top / part).mkdir(parents=True)
    (top / "dovecot-uidlist").write_text(f"3 V1234567890 N1 G{'5a' * 16}\n")
    for path in (top.parents[1], top.parent, top, *top.iterdir()):
        os.chmod(path, 0o600 if path.is_file() else 0o700)
        os.chown(path, owner.st_uid, owner.st_gid)


def one_day(fault):
    """Was there a fault at all?"""
    day = Day(fault)
    try:
        day.paq.write()
        opened_before(day.paq, ALICE)
        day.begin()
        day.work()
        day.recover()
        day.check(deaths=3 if fault.endswith("KILL") else 0)
        return day.struck
    except Exception as why:
        raise AssertionError(f"{fault}: {why}\n{day.paq.trouble()}") from why
    finally:
        day.paq.close()


def numbers():
    """All, or ever fewer: 1 2 4 8 16."""
    n = 1
    while n <= MOST:
        yield n
        n = n + 1 if EVERY else n * 2


@pytest.fixture(scope="module")
def results(built):
    """fault -> None, or what went wrong; "" for one that never came."""
    todo = [(plan, what) for plan in PLANS for what in plan[2]]
    done, lock = {}, threading.Lock()

    def work():
        while True:
            with lock:
                if not todo:
                    return
                (program, call, _), what = todo.pop(0)
            for n in numbers():
                fault = f"{program}/{call}:{n}:{what}"
                try:
                    struck, wrong = one_day(fault), None
                except AssertionError as why:
                    struck, wrong = True, str(why)
                if not struck:
                    break
                done[fault] = wrong
    threads = [threading.Thread(target=work) for _ in range(AT_ONCE)]
    for t in threads:
        t.start()
    for t in threads:
        t.join()
    return done


@pytest.mark.parametrize("program,call,whats", PLANS)
def test_nth_call(results, program, call, whats):
    mine = {f: wrong for f, wrong in results.items()
            if f.startswith(f"{program}/{call}:")}
    assert mine, "no such call was made"
    wrong = [w for w in mine.values() if w]
    assert not wrong, f"{len(wrong)} of {len(mine)}\n" + "\n".join(wrong)


def test_no_250_when_fsync_fails():
    """The data would look well, as it is in memory still."""
    day = Day("smtpd/fsync:0:EIO")
    try:
        day.paq.write()
        day.begin()
        day.smtp()
        assert day.answers == [451, 451, 451]
        day.recover()
    finally:
        day.paq.close()


def test_no_ok_when_fsync_fails():
    day = Day("imapd/fsync:0:EIO")
    try:
        day.paq.write()
        day.begin()
        with contextlib.suppress(*TROUBLE):
            day.imap()
        assert not day.appended
        day.recover()
        assert not {11, 12} & set(day.stored()[ALICE])
    finally:
        day.paq.close()


def test_leftovers_are_swept():
    """What a killed delivery leaves in tmp/ is gone after 36 hours, and not
    before."""
    day = Day("local-deliver/fsync:1:KILL")
    try:
        day.paq.write()
        day.begin()
        day.smtp()

        def left():
            return list(day.paq.maildir(ALICE).glob("tmp/*"))
        wait_for(left)
        day.recover()
        assert left()
        day.paq.stop()
        day.paq.wrapper = ["env", f"PAQUEBOT_CLOCK_SHIFT={40 * 3600}"]
        day.paq.start()
        day.paq.send("sender@client.example", [ALICE], message(50, ALICE))
        wait_for(lambda: not left())
    finally:
        day.paq.close()
