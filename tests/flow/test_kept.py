"""What was expunged can be brought back for some days (expunge_keep_days): by
IMAP, POP3 and with its folder; it counts for no quota, and goes by age and size.
"""
import os
import time

import pytest

from suite import Suite

ALICE, BOB = "alice@demo.example", "bob@demo.example"
CAROL = "carol@demo.example"
TEXT = b"From: a@b.example\r\nSubject: %s\r\n\r\ntext\r\n"
DAY = 24 * 3600


@pytest.fixture(scope="module")
def paq():
    with Suite(users={u: "secret" for u in (ALICE, BOB, CAROL)}, settings={
            "expunge_keep_days": "3", "expunge_keep_size": "1M",
            "quota": "10M", "separator": "/"}) as s:
        yield s


def tool(paq, verb, user, *words):
    return paq.run("paquebot", "-c", paq.conf, "mailbox", verb, user,
                   *words).splitlines()


def kept(paq, user, *words):
    return [dict(w.split("=", 1) for w in line.split())
            for line in tool(paq, "kept", user, *words)]


def put(client, folder, subject, flags="", date=None):
    when = f'"{date}"' if date else None
    assert client.append(folder, flags, when, TEXT % subject)[0] == "OK"


def everything(client, folder):
    """Subject, flags and INTERNALDATE of each message."""
    assert client.select(folder)[0] == "OK"
    out = {}
    found = client.fetch("1:*", "(UID FLAGS INTERNALDATE BODY.PEEK"
                         "[HEADER.FIELDS (SUBJECT)])")[1]
    for part in found:
        if isinstance(part, tuple):
            out[part[1].split()[1]] = part[0].split(b"BODY")[0].split(b"(", 1)[1]
    return out


def expunge(client, which):
    client.store(which, "+FLAGS", "(\\Deleted)")
    assert client.expunge()[0] == "OK"


def test_imap(paq):
    client = paq.imap(ALICE)
    put(client, "INBOX", b"one", "(\\Seen \\Flagged)",
        "01-Jan-2020 10:00:00 +0000")
    put(client, "INBOX", b"two")
    before = everything(client, "INBOX")
    expunge(client, "1")
    (it,) = kept(paq, ALICE)
    assert it["folder"] == "INBOX" and set(it["flags"]) == set("FST")
    assert kept(paq, ALICE, "folder=INBOX", "since=1h", "id=" + it["id"]) == [it]
    assert kept(paq, ALICE, "folder=other") == []
    assert kept(paq, ALICE, "id=1.1") == []
    # It counts for no quota.
    client._simple_command("GETQUOTA", '""')
    assert b" MESSAGE" not in client.response("QUOTA")[1][0]
    assert client.list()[1] == [b'(\\HasNoChildren) "/" INBOX']
    assert tool(paq, "restore", ALICE, "id=" + it["id"]) == ["restored=1"]
    assert kept(paq, ALICE) == []
    after = everything(client, "INBOX")
    assert set(after) == {b"one", b"two"}
    old, new = before[b"one"], after[b"one"]
    assert b'INTERNALDATE "01-Jan-2020 10:00:00 +0000"' in new
    assert b"\\Seen" in new and b"\\Flagged" in new and b"\\Deleted" not in new
    assert b"UID 1 " in old and b"UID 3 " in new
    client.logout()


def test_folder_and_move(paq):
    client = paq.imap(ALICE)
    client.create("a/b")
    for i in range(3):
        put(client, "a/b", b"m%d" % i, "(\\Seen)")
    client.select("a/b")
    client._simple_command("MOVE", "1", "INBOX")    # it is not expunged
    assert kept(paq, ALICE) == []
    client.close()
    assert client.delete("a/b")[0] == "OK"
    assert [it["folder"] for it in kept(paq, ALICE)] == ["a.b", "a.b"]
    assert tool(paq, "restore", ALICE, "folder=a.b") == ["restored=2"]
    assert set(everything(client, "a/b")) == {b"m1", b"m2"}
    client.logout()


def test_names_of_folders(paq):
    """A folder is named as `kept` prints it, or as the clients see it."""
    client = paq.imap(CAROL)
    for name, seen in (("Work/2024", "Work/2024"),
                       ("Work/&AOk-", "Work/\u00e9")):
        client.create(name)
        put(client, name, b"m")
        client.select(name)
        client.close()
        assert client.delete(name)[0] == "OK"
        item, = kept(paq, CAROL, "folder=" + seen)
        assert item["folder"] == name.replace("/", ".")
        assert tool(paq, "restore", CAROL, "folder=" + item["folder"]) == \
            ["restored=1"]
    client.logout()


def test_pop3(paq):
    client = paq.imap(BOB)
    put(client, "INBOX", b"pop")
    client.logout()
    pop = paq.pop3(BOB)
    pop.dele(1)
    pop.quit()
    (it,) = kept(paq, BOB)
    assert "T" not in it["flags"]
    assert tool(paq, "restore", BOB) == ["restored=1"]
    assert tool(paq, "restore", BOB) == ["restored=0"]
    client = paq.imap(BOB)
    assert set(everything(client, "INBOX")) == {b"pop"}
    expunge(client, "1:*")
    client.logout()


def test_limits(paq):
    """By age and size, at a log-in, once an hour."""
    top = paq.maildir(BOB) / "paquebot-kept"
    inbox = top / "INBOX"
    now = int(time.time())
    for number, (age, size) in enumerate(
            [(4 * DAY, 10), (2 * DAY, 700000), (2 * DAY - 7200, 600000),
             (DAY, 100)]):
        name = inbox / f"{now - age}.{100 + number},1.x,S={size},W={size}:2,"
        name.write_bytes(b"x")
        os.chown(name, os.stat(top).st_uid, os.stat(top).st_gid)
    assert len(kept(paq, BOB)) == 5
    paq.imap(BOB).logout()
    assert len(kept(paq, BOB)) == 5             # it was swept just now
    os.utime(top / ".swept", (now - 7200, now - 7200))
    paq.imap(BOB).logout()
    # 4 days are too old; of the 1.3 MB the older part is too much.
    left = {it["id"].split(".")[1] for it in kept(paq, BOB)}
    assert {n for n in left if int(n) >= 100} == {"102", "103"}
    assert len(left) == 3


def test_off(paq):
    """Nothing is kept, and what was goes."""
    with Suite(users={ALICE: "secret"}) as s:
        client = s.imap(ALICE)
        put(client, "INBOX", b"x")
        client.select("INBOX")
        expunge(client, "1")
        client.logout()
        assert not (s.maildir(ALICE) / "paquebot-kept").exists()
        assert kept(s, ALICE) == []
    done = paq.run("paquebot", "-c", paq.conf, "mailbox", "restore", ALICE,
                   "since=yesterday", check=False)
    assert done.returncode == 64
