"""paquebot mailbox: the index of a mailbox compared with it and made anew, as
its owner, while sessions go on.
"""
import os
import re
import time

import pytest

ALICE = "alice@demo.example"
SUITE = {"users": {ALICE: "secret"}}
MESSAGE = b"From: a@b.example\r\nSubject: x\r\n\r\ntext\r\n"


def mailbox(paq, *args, code=0):
    done = paq.run("paquebot", "-c", paq.conf, "mailbox", *args, check=False)
    assert done.returncode == code, (args, done.stdout, done.stderr)
    return done.stdout.splitlines() if code == 0 else done.stdout + done.stderr


def make_old(paq, at=1600000000):
    for sub in ("new", "cur"):
        os.utime(paq.maildir(ALICE) / sub, (at, at))
    time.sleep(0.15)            # ctime is believed a tick later


@pytest.fixture(scope="module")
def box(paq):
    client = paq.imap(ALICE)
    client.create("list")
    for folder, n in (("INBOX", 3), ("list", 2)):
        for _ in range(n):
            assert client.append(folder, "(\\Seen)", None, MESSAGE)[0] == "OK"
    client.logout()
    return paq


def select(paq, folder="INBOX"):
    client = paq.imap(ALICE)
    assert client.select(folder)[0] == "OK"
    client.logout()


def test_check_and_rebuild(box):
    assert mailbox(box, "check", ALICE) == [
        "INBOX messages=3 index=old", "list messages=2 index=old"]
    make_old(box)
    select(box)
    assert mailbox(box, "check", ALICE) == [
        "INBOX messages=3 index=good", "list messages=2 index=old"]
    assert mailbox(box, "rebuild", ALICE) == [
        "INBOX messages=3 index=good", "list messages=2 index=good"]
    index = box.maildir(ALICE) / "paquebot-index"
    assert index.stat().st_uid == box.maildir(ALICE).stat().st_uid
    one = sorted((box.maildir(ALICE) / "cur").iterdir())[0]
    one.rename(str(one) + "T")
    assert mailbox(box, "check", ALICE)[0] == "INBOX messages=3 index=old"
    make_old(box, 1600000001)
    select(box)
    assert mailbox(box, "check", ALICE)[0] == "INBOX messages=3 index=good"


def test_wrong(box):
    """The directories are as they were, and the list of UIDs is another."""
    make_old(box)
    select(box)
    path = box.maildir(ALICE) / "dovecot-uidlist"
    head, *records = path.read_text().splitlines()
    _, _, last = records[-1].partition(" ")
    path.write_text("\n".join([
        re.sub(r" N\d+", " N90", head), *records[:-1], "80 " + last, ""]))
    assert "INBOX messages=3 index=wrong" in mailbox(
        box, "check", ALICE, code=65)
    assert mailbox(box, "rebuild", ALICE)[0] == "INBOX messages=3 index=good"
    mailbox(box, "check", ALICE)


def test_while_selected(box):
    client = box.imap(ALICE)
    client.select("INBOX")
    before = client.fetch("1:*", "(UID)")
    mailbox(box, "rebuild", ALICE)
    assert client.fetch("1:*", "(UID)") == before
    assert client.noop()[0] == "OK"
    client.logout()


def test_refused(box):
    assert "is not there" in mailbox(box, "check", "bob@demo.example", code=65)
    mailbox(box, "check", code=64)
    mailbox(box, "burn", ALICE, code=64)
