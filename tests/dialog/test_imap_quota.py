"""QUOTA (RFC 9208): the conversation of each command, one that works and one
that is refused, and what is over quota.
"""
import pathlib
import sys

import pytest

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent))
from imap_client import Session  # noqa: E402

MESSAGE = b"Subject: x\r\n\r\n" + b"0123456789abcdef" * 64 + b"\r\n"
DISK = len(MESSAGE) - 3         # LF line ends


@pytest.fixture
def server():
    with Session(folders=4) as s:
        (pathlib.Path(s.root) / "maildirsize").write_text("2500S,3C\n0 0\n")
        yield s


def quota(c):
    return c.ok('GETQUOTA ""')[0]


def test_capabilities(server):
    c = server.client()
    words = c.ok("CAPABILITY")[0][0].split()
    for word in (b"QUOTA", b"QUOTA=RES-STORAGE", b"QUOTA=RES-MESSAGE",
                 b"QUOTA=RES-MAILBOX"):
        assert word in words
    assert b"QUOTASET" not in words
    assert c.cmd('SETQUOTA "" (STORAGE 10)')[1].startswith(b"BAD ")


def test_getquota(server):
    c = server.client()
    assert quota(c) == [
        b'* QUOTA "" (STORAGE 0 3 MESSAGE 0 3 MAILBOX 1 4)']
    c.append("INBOX", MESSAGE)
    # 5.1: units of 1024 octets
    assert quota(c) == [
        b'* QUOTA "" (STORAGE 2 3 MESSAGE 1 3 MAILBOX 1 4)']
    assert c.cmd("GETQUOTA other")[1].startswith(b"NO [NONEXISTENT]")
    assert c.cmd("GETQUOTA")[1].startswith(b"BAD ")


def test_getquotaroot(server):
    c = server.client()
    assert c.ok("GETQUOTAROOT inbox")[0] == [
        b'* QUOTAROOT INBOX ""',
        b'* QUOTA "" (STORAGE 0 3 MESSAGE 0 3 MAILBOX 1 4)']
    # 4.1.2: need not exist
    assert c.ok('GETQUOTAROOT "not there"')[0][0] == \
        b'* QUOTAROOT "not there" ""'
    assert c.cmd("GETQUOTAROOT a..b")[1].startswith(b"NO [CANNOT]")


def test_no_limits():
    with Session() as s:
        # 4.2.1: an empty list
        assert quota(s.client()) == [b'* QUOTA "" ()']


def test_over_quota(server):
    c = server.client()
    c.append("INBOX", MESSAGE)
    c.append("INBOX", MESSAGE)
    c.ok("SELECT INBOX")
    # 4.3.1, example 1
    c.send(b"a APPEND INBOX {%d+}\r\n%s\r\n" % (len(MESSAGE), MESSAGE))
    assert c.answer(b"a")[1].startswith(b"NO [OVERQUOTA]")
    assert c.cmd("COPY 1 INBOX")[1].startswith(b"NO [OVERQUOTA]")
    c.ok("CREATE a")
    c.ok("MOVE 1 a")            # needs no more room
    assert b"STORAGE 3 3 MESSAGE 2 3" in quota(c)[0]
    c.ok("STORE 1 +FLAGS (\\Deleted)")
    assert c.ok("STATUS INBOX (DELETED DELETED-STORAGE)")[0] == [
        b"* STATUS INBOX (DELETED 1 DELETED-STORAGE %d)" % DISK]
    c.ok("EXPUNGE")
    c.append("INBOX", MESSAGE)
    c.ok("DELETE a")
    assert b"MESSAGE 1 3" in quota(c)[0]


def test_E7_several_messages_beyond_the_quota(server):
    """What the command has brought so far counts before more of it comes: 200
    messages of the largest size are no way to fill the disk."""
    c = server.client()
    c.send(b"a APPEND INBOX {%d+}\r\n%s {%d+}\r\n%s {%d+}\r\n%s {10}\r\n" % (
        (len(MESSAGE), MESSAGE) * 3))
    # The third was one too many; the fourth is not asked for.
    assert c.answer(b"a") == ([], b"NO [OVERQUOTA] the mailbox is full")
    assert not list((server.root / "tmp").iterdir())
    # By number, and by octets, of which the last one may be too many.
    c.send(b"b APPEND INBOX" + b" {2+}\r\nx\n" * 3 + b" {2}\r\n")
    assert c.answer(b"b")[1].startswith(b"NO [OVERQUOTA]")
    c.send(b"c APPEND INBOX" + b" {2+}\r\nx\n" * 3 + b"\r\n")
    assert c.answer(b"c")[1].startswith(b"OK [APPENDUID")


def test_full_before_the_literal(server):
    c = server.client()
    (pathlib.Path(server.root) / "maildirsize").write_text("0S,1C\n5 1\n")
    server.message("x\n", where="cur", name="1.a:2,S")
    # No "+": the message is not asked for.
    c.send(b"a APPEND INBOX {10}\r\n")
    assert c.answer(b"a") == ([], b"NO [OVERQUOTA] the mailbox is full")
    c.ok("NOOP")


def test_folders(server):
    c = server.client()
    for name in ("a", "b", "c.d"):
        c.ok("CREATE " + name)
    assert b"MAILBOX 4 4" in quota(c)[0]
    assert c.cmd("CREATE e")[1].startswith(b"NO [OVERQUOTA]")
    c.ok("RENAME a e")
    c.ok("DELETE b")
    c.ok("CREATE b")
