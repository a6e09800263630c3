"""The disk is full, of octets or of files: what is answered 250 has its place, the
rest is put off with 4yz (RFC 5321 4.2.1), and all goes on when there is room again.
"""
import contextlib
import os
import smtplib
import subprocess
import threading

import pytest

from conftest import needs_root
from numbered import in_maildir, message
from suite import Sink, Suite, wait_for

pytestmark = needs_root

ALICE = "alice@demo.example"
SMALL, LARGE = "4m", "200m"
MESSAGES, OCTETS = 40, 300000      # together more than there is room for
FAR = "someone@far.example"
INODES = 512                        # 200 of them qmgr keeps for itself


@pytest.fixture
def small(tmp_path):
    """A mounted file system of 4 MiB, that can be made larger."""
    place = tmp_path / "small"
    place.mkdir()
    for above in place.parents[:3]:
        if above.stat().st_uid == os.geteuid():
            above.chmod(above.stat().st_mode | 0o111)
    done = subprocess.run(["mount", "-t", "tmpfs", "-o", f"size={SMALL}",
                           "tmpfs", place], capture_output=True, check=False)
    if done.returncode != 0:
        pytest.skip("no tmpfs can be mounted")
    yield place
    subprocess.run(["umount", "-l", place], check=True)


def enlarge(place):
    subprocess.run(["mount", "-o", f"remount,size={LARGE}", place],
                   check=True)


def send(paq, numbers):
    """Those answered with 250; all others got 4yz."""
    taken = set()
    for n in numbers:
        try:
            paq.send("sender@client.example", ALICE,
                     message(n, ALICE, OCTETS), port="mx")
            taken.add(n)
        except (smtplib.SMTPDataError, smtplib.SMTPSenderRefused,
                smtplib.SMTPRecipientsRefused) as why:
            code = why.smtp_code if hasattr(why, "smtp_code") else \
                why.recipients[ALICE][0]
            assert 400 <= code < 500, why
    return taken


def arrived(paq):
    found, bad = in_maildir(paq.maildir(ALICE))
    assert not bad, bad
    return set(found)


def test_queue(small):
    """Mail waits for a host that is away until there is no room."""
    far = "someone@far.example"
    with Suite(settings={"queue_dir": small / "queue",
                         "queue_free_min": "256K",
                         "relay_domains": ["far.example"]},
               maps={"routes": "far.example: smtp:[127.0.0.1]:9\n"}) as paq:
        paq.queue = small / "queue"
        taken, n = set(), 0
        while n < MESSAGES:
            n += 1
            try:
                paq.send("sender@client.example", [far],
                         message(n, far, OCTETS), port="mx")
                taken.add(n)
            except smtplib.SMTPResponseException as why:
                assert why.smtp_code in (451, 452), why
        assert taken and len(taken) < MESSAGES
        wait_for(lambda: len(paq.queued()) == len(taken))
        enlarge(small)
        wait_for(lambda: send(paq, [1000]))
        paq.wait_stored(ALICE, 1)


def test_mailbox(small):
    """The queue keeps what the mailbox has no room for."""
    with Suite(settings={"mailbox_roots": [small],
                         "mailbox_path": f"{small}/%d/%n/Maildir"}) as paq:
        paq.mail = small
        taken = send(paq, range(MESSAGES))
        assert len(taken) == MESSAGES
        wait_for(lambda: "4.3.1" in paq.log_text() or
                 "No space" in paq.log_text())
        assert len(arrived(paq)) < MESSAGES
        enlarge(small)
        paq.wait_queue_empty(60)
        assert arrived(paq) == taken


# --------------------------------------------------------- no inode is left: E7

class Few:
    """A file system whose inodes can be used up, and given back."""

    def __init__(self, place):
        self.place, self.spare = place, place / "spare"
        self.spare.mkdir()

    def left(self):
        return os.statvfs(self.place).f_favail

    def use_up(self):
        with contextlib.suppress(OSError):
            for n in range(2 * INODES):
                (self.spare / str(n)).touch()

    def give_back(self):
        for one in self.spare.iterdir():
            one.unlink()


@pytest.fixture
def few(tmp_path):
    """ext4 of 32 MiB: much room for octets, little for files."""
    image, place = tmp_path / "image", tmp_path / "few"
    place.mkdir()
    for above in place.parents[:3]:
        if above.stat().st_uid == os.geteuid():
            above.chmod(above.stat().st_mode | 0o111)
    with open(image, "wb") as f:
        f.truncate(32 << 20)
    for command in (["mkfs.ext4", "-q", "-F", "-N", str(INODES), image],
                    ["mount", "-o", "loop", image, place]):
        try:
            done = subprocess.run(command, capture_output=True, check=False)
        except FileNotFoundError:
            pytest.skip(f"no {command[0]}")
        if done.returncode != 0:
            pytest.skip(f"{command[0]}: {done.stderr.decode()}")
    place.chmod(0o755)
    yield Few(place)
    subprocess.run(["umount", "-l", place], check=True)


def refusal(send_one):
    """The code and text of a refusal; None: it was taken."""
    try:
        send_one()
    except smtplib.SMTPRecipientsRefused as why:
        return next(iter(why.recipients.values()))
    except smtplib.SMTPResponseException as why:
        return why.smtp_code, why.smtp_error
    return None


def numbers_at(sink):
    return sorted(int(m[2].split(b"X-Number: ")[1].split()[0])
                  for m in sink.messages)


def test_E7_no_inode_for_the_queue(few):
    """452 while there are still inodes for what qmgr has to write itself; with
    none at all nothing is lost, what is there can be delivered and removed, and
    the next message is taken as soon as that has made room."""
    sink = Sink()
    route = f"far.example: smtp:[127.0.0.1]:{sink.port}\n"
    sink.close()                    # away, for now
    with Suite(settings={"queue_dir": few.place / "queue",
                         "queue_free_min": "256K",
                         "relay_domains": ["far.example"]},
               maps={"routes": route}) as paq:
        paq.queue = few.place / "queue"

        def send_one(n):
            return refusal(lambda: paq.send("sender@client.example", [FAR],
                                            message(n, FAR, 500), port="mx"))
        taken, said = [], None
        while said is None:
            assert len(taken) < INODES
            said = send_one(len(taken))
            taken += [] if said else [len(taken)]
        assert said[0] == 452 and said[1].startswith(b"4.3.1"), said
        assert len(taken) > 50 and few.left() > 100
        few.use_up()
        for n in range(900, 910):
            code, _ = send_one(n)
            assert code == 452
        wait_for(lambda: len(paq.queued()) == len(taken))
        sink = Sink(port=sink.port)
        paq.paquebot("queue", "flush")
        paq.wait_queue_empty(60)
        assert sorted(set(numbers_at(sink))) == taken
        few.give_back()
        wait_for(lambda: send_one(1000) is None)
        paq.wait_queue_empty(60)
        assert numbers_at(sink)[-1] == 1000
        sink.close()


def test_E7_no_inode_while_messages_come(few):
    """From the last free inodes to none and back, under load: each 250 has its
    message, and each message is there once."""
    with Suite(settings={"queue_dir": few.place / "queue",
                         "queue_free_min": "256K"}) as paq:
        paq.queue = few.place / "queue"
        taken, said, over = [], [], threading.Event()

        def load(first):
            n = first
            while not over.is_set():
                answer = refusal(lambda: paq.send(
                    "sender@client.example", ALICE,
                    message(n, ALICE, 500), port="mx"))
                if answer is None:
                    taken.append(n)
                else:
                    said.append(answer[0])
                n += 1
        threads = [threading.Thread(target=load, args=(k * 100000,))
                   for k in range(3)]
        for t in threads:
            t.start()
        try:
            for _ in range(5):
                before = len(said)
                few.use_up()
                wait_for(lambda before=before: len(said) > before + 5)
                before = len(taken)
                few.give_back()
                wait_for(lambda before=before: len(taken) > before + 20)
        finally:
            over.set()
            for t in threads:
                t.join()
        assert set(said) <= {451, 452}, set(said)
        few.give_back()
        paq.wait_queue_empty(60)
        assert arrived(paq) == set(taken)


def test_E7_no_inode_for_the_mailbox(few):
    """The queue keeps it, IMAP says NO, and a mailbox that is not there yet is
    made when it can be."""
    bob = "bob@demo.example"
    with Suite(settings={"mailbox_roots": [few.place],
                         "mailbox_path": f"{few.place}/%d/%n/Maildir"},
               ) as paq:
        paq.mail = few.place
        few.place.chmod(0o1777)
        taken = {a: set() for a in (ALICE, bob)}

        def send_one(n, to):
            paq.send("sender@client.example", to, message(n, to, 500),
                     port="mx")
            taken[to].add(n)
        send_one(0, ALICE)
        paq.wait_stored(ALICE, 1)
        few.use_up()
        for n in range(1, 20):
            send_one(n, ALICE)
            send_one(100 + n, bob)
        wait_for(lambda: paq.log_text().count("4.3.1") >= 2)
        with paq.imap(ALICE) as client:
            answer = client.append("INBOX", None, None, b"Subject: x\r\n\r\nx")
            assert answer[0] == "NO", answer
        assert len(paq.queued()) == 38 and arrived(paq) == {0}
        few.give_back()
        paq.paquebot("queue", "flush")
        paq.wait_queue_empty(60)
        assert arrived(paq) == taken[ALICE]
        found, bad = in_maildir(paq.maildir(bob))
        assert not bad and set(found) == taken[bob]
