"""UTF-8 between quotes, in mailbox names and in messages: UTF8=ACCEPT (RFC 6855).

Names on disk stay in modified UTF-7; whoever has not enabled UTF-8 sees that.
"""
import pathlib
import sys

import pytest

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent))
from imap_client import Session, fetched  # noqa: E402
from imap_fixtures import c, server  # noqa: E402, F401

NAME = "Entwürfe/台北"                  # RFC 3501 5.1.3 has the second part
DISK = "Entw&APw-rfe"
MESSAGE = ("From: Jörg <jörg@example.org>\r\nSubject: Grüße\r\n"
           "\r\nx\r\n").encode()


@pytest.fixture
def u(server):
    client = server.client()
    client.ok("ENABLE UTF8=ACCEPT")
    yield client
    client.close()


def lists(c, pattern="*"):
    return [line.split(b') "." ', 1)[1].decode() for line in
            c.ok('LIST "" "%s"' % pattern)[0]]


def test_announced_and_enabled(c):
    """3: the capability stays; ENABLE only before a mailbox is selected."""
    assert b" UTF8=ACCEPT" in c.greeting
    assert c.ok("ENABLE UTF8=ACCEPT")[0] == [b"* ENABLED UTF8=ACCEPT"]
    assert b" UTF8=ACCEPT" in c.ok("CAPABILITY")[0][0]
    c.ok("SELECT INBOX")
    assert c.cmd("ENABLE IMAP4rev2")[1].startswith(b"BAD")


def test_not_in_selected_state(c):
    """3: "only valid in the authenticated state"."""
    c.ok("SELECT INBOX")
    assert c.cmd("ENABLE UTF8=ACCEPT")[1].startswith(b"BAD")
    c.ok("CREATE Entw&APw-rfe")
    assert "Entw&APw-rfe" in lists(c)


def test_names(server, u):
    u.ok('CREATE "Entwürfe"')
    assert (server.root / ("." + DISK)).is_dir()
    assert lists(u) == ["INBOX", '"Entwürfe"']
    assert lists(u, "Entw%") == ['"Entwürfe"']
    u.ok("STATUS {9+}\r\nEntwürfe (MESSAGES)")
    assert u.ok('STATUS "Entwürfe" (MESSAGES)')[0] == [
        '* STATUS "Entwürfe" (MESSAGES 0)'.encode()]
    u.ok('SUBSCRIBE "Entwürfe"')
    assert u.ok('LSUB "" *')[0] == ['* LSUB () "." "Entwürfe"'.encode()]
    u.ok('SELECT "Entwürfe"')
    u.append('"Entwürfe"', b"Subject: x\r\n\r\nx\r\n")
    u.ok('RENAME "Entwürfe" "R&D"')
    assert (server.root / ".R&-D").is_dir()
    assert "R&D" in lists(u)
    # "&" is a letter like others: no shift into base64.
    u.ok('CREATE "&APw-"')
    assert (server.root / ".&-APw-").is_dir()
    # Who has not enabled it sees modified UTF-7 in ASCII.
    old = server.client()
    assert "R&-D" in lists(old) and "&-APw-" in lists(old)
    old.close()


def test_names_without_enable(server, c):
    """3: "MUST accept UTF8-quoted mailbox names and convert them"."""
    c.ok('CREATE "Entwürfe"')
    assert lists(c) == ["INBOX", DISK]
    c.ok("SELECT " + DISK)


def test_normalized(server, u):
    """3: Net-Unicode: one name for each look; 5198 says Form C."""
    u.ok('CREATE "Entwu\u0308rfe"')
    assert (server.root / ("." + DISK)).is_dir()
    u.ok('SELECT "Entwu\u0308rfe"')
    u.ok('SELECT "Entwürfe"')
    assert lists(u, "Entwu\u0308%") == ['"Entwürfe"']
    # A folder that another program has made is reached as it is written.
    old = server.client()
    old.ok("CREATE a&Awg-")
    old.close()
    assert '"a\u0308"' in lists(u) and lists(u, "\xe4") == ['"a\u0308"']
    u.ok('SELECT "a\u0308"')
    u.ok('DELETE "a\u0308"')
    assert not (server.root / ".a&Awg-").exists()


def test_separator():
    with Session(separator="/") as server:
        c = server.client()
        c.ok("ENABLE UTF8=ACCEPT")
        c.ok('CREATE "%s"' % NAME)
        assert (server.root / ("." + DISK + ".&U,BTFw-")).is_dir()
        assert c.ok('LIST "" "Entwürfe/%"')[0] == [
            ('* LIST (\\HasNoChildren) "/" "%s"' % NAME).encode()]
        c.close()


@pytest.mark.parametrize("name", [
    b'"\xff"', b'"\xc0\x80"', b'"\xed\xa0\x80"', b'"a\xc3"'])
def test_no_utf8(u, name):
    """3: what is no UTF-8 gets BAD."""
    assert u.cmd(b"CREATE " + name)[1].startswith(b"BAD")


@pytest.mark.parametrize("name", ["a\u0085", "a\u2028b", "a\u2029", "\u009f"])
def test_no_net_unicode(u, name):
    """3: no controls, no line and paragraph separators."""
    assert u.cmd('CREATE "%s"' % name)[1].startswith(b"NO [CANNOT]")


def test_search(u):
    """3: quoted UTF-8 in SEARCH; CHARSET after ENABLE gets BAD."""
    u.append("INBOX", MESSAGE)
    u.ok("SELECT INBOX")
    assert u.ok('SEARCH SUBJECT "grüß"')[0] == [b"* SEARCH 1"]
    assert u.cmd('SEARCH CHARSET UTF-8 SUBJECT "grüß"')[1] \
        .startswith(b"BAD")
    assert u.ok('SORT (DATE) UTF-8 SUBJECT "GRÜ"')[0] == [b"* SORT 1"]


def test_append(u):
    """4: append-data =/ "UTF8" SP "(" literal8 ")"."""
    n = len(MESSAGE)
    u.send(b"a APPEND INBOX (\\Seen) UTF8 (~{%d}\r\n" % n)
    assert u.line().startswith(b"+ ")
    u.send(MESSAGE + b")\r\n")
    assert u.answer(b"a")[1].startswith(b"OK [APPENDUID ")
    # Two of them, as MULTIAPPEND has it.
    part = b" UTF8 (~{%d+}\r\n%s)" % (n, MESSAGE)
    u.send(b"b APPEND INBOX" + part * 2 + b"\r\n")
    assert u.answer(b"b")[1].startswith(b"OK [APPENDUID ")
    # More than brackets may be open at once.
    u.send(b"c APPEND INBOX" + part * 150 + b"\r\n")
    assert u.answer(b"c")[1].startswith(b"OK [APPENDUID ")
    u.ok("SELECT INBOX")
    got = fetched(u.ok("FETCH 1:* (BODY.PEEK[])")[0])
    assert len(got) == 153 and got[3]["BODY[]"] == MESSAGE
    u.send(b"d UID REPLACE 1 INBOX" + part + b"\r\n")
    assert u.answer(b"d")[1].startswith(b"OK")


@pytest.mark.parametrize("text", [
    b"UTF8 ({2+}\r\nx\n)", b"UTF8 (~{2+}\r\nx\n", b"UTF8 ~{2+}\r\nx\n",
    b"UTF8 (~{2+}\r\nx\n))", b"UTF8 (~{2+}\r\nx\n x)"])
def test_append_refused(u, text):
    u.send(b"a APPEND INBOX " + text + b"\r\n")
    assert u.answer(b"a")[1].startswith(b"BAD")
    assert u.ok("STATUS INBOX (MESSAGES)")[0] == [
        b"* STATUS INBOX (MESSAGES 0)"]


def test_headers_whole(c):
    """What came in 8 bits goes out in literals, to everybody."""
    c.append("INBOX", MESSAGE)
    c.ok("SELECT INBOX")
    got = fetched(c.ok("FETCH 1 (ENVELOPE BODY[HEADER])")[0])[1]
    assert got["ENVELOPE"][1] == "Grüße".encode()
    assert got["ENVELOPE"][2][0][2] == "jörg".encode()
