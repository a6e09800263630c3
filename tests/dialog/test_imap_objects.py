"""What mailboxes and messages say of themselves beyond RFC 3501: sizes, limits,
object identifiers, save dates (RFC 8438, 9051, 7889, 8474, 8514).
"""
import pathlib
import re
import sys

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent))
from imap_client import Session  # noqa: E402
from imap_fixtures import c, server  # noqa: E402, F401

ONE = b"Subject: one\r\n\r\n" + b"x" * 100 + b"\r\n"
TWO = b"Subject: two\r\n\r\ntext\r\n"


def status(c, mailbox, items):
    untagged, _ = c.ok(f"STATUS {mailbox} ({items})")
    return re.match(rb"\* STATUS \S+ \((.*)\)$", untagged[0]).group(1)


def test_status_size(server, c):
    """RFC 8438 3: at least the sum of all RFC822.SIZE."""
    assert b" STATUS=SIZE" in c.greeting
    assert status(c, "INBOX", "SIZE") == b"SIZE 0"
    c.append("INBOX", ONE)
    c.append("INBOX", TWO)
    # What a delivery by others left, with LF: counted as it is sent.
    server.message(b"Subject: x\n\ntext\n")
    assert status(c, "INBOX", "MESSAGES SIZE") == \
        b"MESSAGES 3 SIZE %d" % (len(ONE) + len(TWO) + 20)


def test_status_deleted(c):
    """RFC 9051 6.3.11: the number of messages with \\Deleted."""
    c.append("INBOX", ONE, "(\\Deleted) ")
    c.append("INBOX", TWO)
    assert status(c, "INBOX", "MESSAGES DELETED") == b"MESSAGES 2 DELETED 1"


def test_append_limit():
    """RFC 7889 2, 3.1, 4."""
    with Session(largest=1000) as s:
        c = s.client()
        assert b" APPENDLIMIT=1000" in c.greeting
        assert b" APPENDLIMIT=1000" in b" ".join(c.ok("CAPABILITY")[0])
        assert status(c, "INBOX", "APPENDLIMIT") == b"APPENDLIMIT 1000"
        _, tagged = c.cmd(b"APPEND INBOX {1001}")
        assert tagged.startswith(b"NO [TOOBIG]")
        c.append("INBOX", b"x" * 998 + b"\r\n")


def test_mailboxid(c):
    """RFC 8474 4.1 to 4.3, and the conversation of 4.3."""
    ids = {}
    for name in ("foo", "bar"):
        _, tagged = c.ok(f"CREATE {name}")
        ids[name] = re.match(rb"OK \[MAILBOXID \(([\w-]{1,255})\)\]",
                             tagged).group(1)
        assert status(c, name, "MAILBOXID") == b"MAILBOXID (%s)" % ids[name]
    assert ids["foo"] != ids["bar"]
    c.ok("RENAME foo renamed")
    assert status(c, "renamed", "MAILBOXID") == b"MAILBOXID (%s)" % ids["foo"]
    for command in ("SELECT", "EXAMINE"):
        untagged, _ = c.ok(f"{command} renamed")
        assert any(line.startswith(b"* OK [MAILBOXID (%s)]" % ids["foo"])
                   for line in untagged)
    c.ok("UNSELECT")
    c.ok("DELETE bar")
    _, tagged = c.ok("CREATE bar")
    assert ids["bar"] not in tagged


def items(c, what, n=1):
    from imap_client import fetched
    return fetched(c.ok(f"FETCH {n} ({what})")[0])[n]


def test_emailid(server, c):
    """RFC 8474 5.1 to 5.3 and 6: kept over COPY and MOVE, THREADID NIL."""
    assert b" OBJECTID" in c.greeting
    c.append("INBOX", ONE)
    c.append("INBOX", ONE)
    server.message(b"Subject: x\n\ntext\n", name="a name")
    c.ok("CREATE foo")
    c.ok("SELECT INBOX")
    ids = [items(c, "EMAILID", n)["EMAILID"][0] for n in (1, 2, 3)]
    assert len(set(ids)) == 3
    assert all(re.fullmatch(r"M[\w-]{1,254}", i) for i in ids)
    assert items(c, "THREADID") == {"THREADID": None}
    c.ok("STORE 1:3 +FLAGS (\\Seen)")
    assert [items(c, "EMAILID", n)["EMAILID"][0] for n in (1, 2, 3)] == ids
    assert c.ok(f"SEARCH EMAILID {ids[1]}")[0] == [b"* SEARCH 2"]
    assert c.ok(f"SEARCH OR EMAILID {ids[1]} EMAILID {ids[0]}")[0] == \
        [b"* SEARCH 1 2"]
    assert c.ok("SEARCH EMAILID Mnone")[0] == [b"* SEARCH"]
    assert c.ok("SEARCH THREADID T1")[0] == [b"* SEARCH"]
    c.ok("COPY 1 foo")
    c.ok("MOVE 2:3 foo")
    c.ok("SELECT foo")
    for n in (1, 2, 3):
        assert items(c, "EMAILID", n)["EMAILID"][0] == ids[n - 1]
    c.ok("COPY 1:2 INBOX")      # and once more
    c.ok("SELECT INBOX")
    assert [items(c, "EMAILID", n)["EMAILID"][0] for n in (2, 3)] == ids[:2]


def test_savedate(server, c):
    """RFC 8514 3 and 4: not INTERNALDATE, and new after COPY."""
    assert b" SAVEDATE" in c.greeting
    c.ok(b'APPEND INBOX "01-Jan-2001 00:00:00 +0000" {3+}\r\nx\r\n')
    server.message(b"x\n", where="cur", name="1420138253.M1P1.host:2,")
    c.ok("SELECT INBOX")
    got = items(c, "SAVEDATE INTERNALDATE", 1)
    assert got["INTERNALDATE"] == b" 1-Jan-2001 00:00:00 +0000" or \
        got["INTERNALDATE"] == b"01-Jan-2001 00:00:00 +0000"
    assert b"2001" not in got["SAVEDATE"]
    saved = items(c, "SAVEDATE", 2)["SAVEDATE"]
    assert saved.strip().endswith(b"1-Jan-2015 18:50:53 +0000")
    c.ok("STORE 2 +FLAGS (\\Flagged)")
    assert items(c, "SAVEDATE", 2)["SAVEDATE"] == saved
    assert c.ok("SEARCH SAVEDON 1-Jan-2015")[0] == [b"* SEARCH 2"]
    assert c.ok("SEARCH SAVEDSINCE 2-Jan-2015")[0] == [b"* SEARCH 1"]
    assert c.ok("SEARCH SAVEDBEFORE 2-Jan-2015")[0] == [b"* SEARCH 2"]
    assert c.ok("SEARCH SAVEDATESUPPORTED")[0] == [b"* SEARCH 1 2"]
    c.ok("COPY 2 INBOX")
    c.ok("NOOP")
    assert items(c, "SAVEDATE", 3)["SAVEDATE"] != saved
    assert items(c, "INTERNALDATE", 3) == items(c, "INTERNALDATE", 2)


def test_literal_minus():
    """RFC 7888 5: up to 4096 octets unasked; BAD [TOOBIG] for more."""
    with Session(literal_minus=1) as s:
        c = s.client()
        assert b" LITERAL- " in c.greeting and b"LITERAL+" not in c.greeting
        line = b"x" * 78 + b"\r\n"
        c.send(b"a APPEND INBOX {4097+}\r\n" + b"x" * 4097 + b"\r\n")
        assert c.answer(b"a")[1].startswith(b"BAD [TOOBIG] ")
        c.send(b"b APPEND INBOX {4000+}\r\n" + line * 50 +
               b" {8000+}\r\n" + line * 100 + b"\r\n")
        assert c.answer(b"b")[1].startswith(b"BAD [TOOBIG] ")
        assert status(c, "INBOX", "MESSAGES") == b"MESSAGES 0"
        c.send(b"c APPEND INBOX {4096+}\r\n" + b"x" * 4096 + b"\r\n")
        assert c.answer(b"c")[1].startswith(b"OK ")
        c.send(b"d APPEND INBOX {8000}\r\n" + line * 100 + b"\r\n")
        assert c.answer(b"d")[0][0].startswith(b"+ ")       # asked for
        assert status(c, "INBOX", "MESSAGES") == b"MESSAGES 2"
        c.close()
    with Session() as s:
        c = s.client()
        assert b" LITERAL+ " in c.greeting and b"LITERAL-" not in c.greeting
        c.send(b"a APPEND INBOX {4097+}\r\n" + b"x" * 4097 + b"\r\n")
        assert c.answer(b"a")[1].startswith(b"OK ")
        c.close()
