"""The disk is full: what is answered 250 has its place, the rest is put off with
4yz (RFC 5321 4.2.1), and all goes on when there is room again.
"""
import os
import smtplib
import subprocess

import pytest

from conftest import needs_root
from numbered import in_maildir, message
from suite import Suite, wait_for

pytestmark = needs_root

ALICE = "alice@demo.example"
SMALL, LARGE = "4m", "200m"
MESSAGES, OCTETS = 40, 300000      # together more than there is room for


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
