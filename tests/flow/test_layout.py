"""A site whose mailboxes are Dovecot's LAYOUT=fs with listescape: deliveries,
sessions and the operator's command, all as they run."""
import re

import pytest

ALICE = "alice@demo.example"
SUITE = {"users": {ALICE: "secret"}, "settings": {
    "mailbox_layout": "fs", "mailbox_escape": "^", "separator": "/",
    "quota": "100K"}}
MESSAGE = b"From: a@b.example\r\nSubject: x\r\n\r\n" + b"x" * 60 + b"\r\n"


def mailbox(paq, verb):
    done = paq.run("paquebot", "-c", paq.conf, "mailbox", verb, ALICE,
                   check=False)
    assert done.returncode == 0, (done.stdout, done.stderr)
    return done.stdout.splitlines()


@pytest.fixture(scope="module")
def box(paq):
    client = paq.imap(ALICE)
    for name in ("a/b", '"../c"', "x.y"):
        assert client.create(name)[0] == "OK"
        assert client.append(name, None, None, MESSAGE)[0] == "OK"
    client.logout()
    return paq


def test_directories(box):
    root = box.maildir(ALICE)
    for path in ("a/b", "^2e./c", "x.y"):
        assert len(list((root / path / "new").iterdir())) == 1
        assert (root / path).stat().st_uid == root.stat().st_uid
    assert not (root / "a" / "cur").exists()
    client = box.imap(ALICE)
    assert b"[ALREADYEXISTS]" in client.create("a/b")[1][0]
    assert b"[CANNOT]" in client.create("a/cur")[1][0]
    client.logout()


def test_delivery_and_pop3_are_of_inbox(box):
    box.send("x@far.example", [ALICE], "Subject: new\n\nnew\n")
    box.wait_log("event=delivered")
    pop = box.pop3(ALICE)
    assert pop.stat()[0] == 1
    pop.quit()


def test_the_quota_counts_every_folder(box):
    root = box.maildir(ALICE)
    (root / "maildirsize").write_bytes(b"nonsense\n")
    client = box.imap(ALICE)
    assert client.getquotaroot("INBOX")[0] == "OK"
    client.logout()
    counted = int((root / "maildirsize").read_text().split("\n")[1].split()[0])
    on_disk = sum(p.stat().st_size for d in ("new", "cur")
                  for p in root.rglob(f"{d}/*"))
    assert counted == on_disk


def test_the_operators_command(box):
    names = ["INBOX", "&AC4-&AC4-.c", "a.b", "x&AC4-y"]
    got = mailbox(box, "rebuild")
    assert sorted(line.split()[0] for line in got) == sorted(names)
    assert all(line.endswith("index=good") for line in got)
    assert len(mailbox(box, "check")) == len(names)
    assert {line.split()[0] for line in mailbox(box, "adopt")} >= set(names)
    told = [re.search(r" -- '(.*)'$", line)[1] for line in
            mailbox(box, "leave")]
    assert sorted(told) == ["../c", "INBOX", "a/b", "x.y"]
