"""REPLACE and UID REPLACE (RFC 8508): a message in the place of another."""
import pathlib
import sys

import pytest

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent))
from imap_client import fetched  # noqa: E402
from imap_fixtures import c, server  # noqa: E402, F401

# The message of the example in RFC 8508 3.2: 312 octets there.
NEW = (b"Date: Thu, 1 Jan 2015 00:05:00 -0500 (EST)\r\n"
       b"From: Fritz Schmidt <fritz.ze@example.org>\r\n"
       b"Subject: happy new year !!\r\n"
       b"To: miss.mitzy@example.org\r\n"
       b"Message-Id: <B238822388-0100000@example.org>\r\n"
       b"MIME-Version: 1.0\r\n"
       b"Content-Type: TEXT/PLAIN; CHARSET=US-ASCII\r\n\r\n"
       b"Just saw the best fireworks show. Wish you were here.\r\n")
OLD = b"Subject: old\r\n\r\nold\r\n"


def replace(c, command, message=NEW, sync=False):
    c.count += 1
    tag = b"t%d" % c.count
    c.send(tag + b" " + command.encode() + b" {%d%s}\r\n" % (
        len(message), b"" if sync else b"+"))
    if sync:
        assert c.line().startswith(b"+ ")
    c.send(message + b"\r\n")
    return c.answer(tag)


@pytest.fixture
def drafts(c):
    c.ok("CREATE Drafts")
    for _ in range(4):
        c.append("Drafts", OLD)
    c.ok("SELECT Drafts")
    return c


def test_example(drafts):
    """3.2, 4.3: APPENDUID before EXISTS before EXPUNGE."""
    c = drafts
    assert b" REPLACE" in c.greeting
    untagged, tagged = replace(c, "REPLACE 4 Drafts (\\Seen \\Draft)",
                               sync=True)
    assert untagged[0].startswith(b"* OK [APPENDUID ")
    assert untagged[0].split()[4] == b"5]"
    assert untagged[1] == b"* 5 EXISTS"
    assert untagged[-1] == b"* 4 EXPUNGE"
    assert tagged.startswith(b"OK ")
    got = fetched(c.ok("FETCH 4 (UID FLAGS BODY.PEEK[])")[0])[4]
    assert got["UID"] == 5 and got["BODY[]"] == NEW
    assert sorted(f for f in got["FLAGS"] if f != "\\Recent") == [
        "\\Draft", "\\Seen"]
    assert c.ok("STATUS Drafts (MESSAGES)")[0] == [
        b"* STATUS Drafts (MESSAGES 4)"]


def test_uid_replace(drafts):
    """3.3; 3.4: flags are not inherited, \\Deleted of others stays."""
    c = drafts
    c.ok("STORE 1:2 +FLAGS (\\Deleted keyword)")
    untagged, tagged = replace(c, "UID REPLACE 2 Drafts")
    assert tagged.startswith(b"OK ") and untagged[-1] == b"* 2 EXPUNGE"
    assert [m["UID"] for m in
            fetched(c.ok("FETCH 1:* UID")[0]).values()] == [1, 3, 4, 5]
    flags = fetched(c.ok("FETCH 4 FLAGS")[0])[4]["FLAGS"]
    assert "keyword" not in flags and "\\Deleted" not in flags


def test_star_and_date(drafts):
    untagged, tagged = replace(
        drafts, 'REPLACE * Drafts () "17-Jul-1996 02:44:25 -0700"')
    assert tagged.startswith(b"OK ") and untagged[-1] == b"* 4 EXPUNGE"
    assert fetched(drafts.ok("FETCH 4 INTERNALDATE")[0])[4][
        "INTERNALDATE"] == b"17-Jul-1996 09:44:25 +0000"


def test_into_another(drafts):
    """3.4: from Drafts to Sent."""
    c = drafts
    c.ok("CREATE Sent")
    untagged, tagged = replace(c, "REPLACE 1 Sent (\\Seen)")
    assert tagged.startswith(b"OK ") and untagged[-1] == b"* 1 EXPUNGE"
    assert not any(b"EXISTS" in line for line in untagged)
    c.ok("SELECT Sent")
    assert fetched(c.ok("FETCH 1:* BODY.PEEK[]")[0])[1]["BODY[]"] == NEW


def test_refused(drafts):
    """3.4: an error changes nothing, and no EXPUNGE is sent."""
    c = drafts
    for command, want in (
            ("REPLACE 5 Drafts", b"BAD"), ("REPLACE 1:2 Drafts", b"BAD"),
            ("REPLACE 0 Drafts", b"BAD"), ("REPLACE $ Drafts", b"BAD"),
            ("REPLACE Drafts", b"BAD"),
            ("REPLACE 1 nowhere", b"NO [TRYCREATE]"),
            ("REPLACE 1 a/b", b"NO [CANNOT]"),
            ("UID REPLACE 99 Drafts", b"NO [NONEXISTENT]")):
        untagged, tagged = replace(c, command)
        assert tagged.startswith(want), (command, tagged)
        assert untagged == [], command
    # 4.7: one message only.
    c.send(b"m REPLACE 1 Drafts {3+}\r\nx\r\n {3+}\r\ny\r\n\r\n")
    assert c.answer(b"m")[1].startswith(b"BAD")
    c.send(b"n REPLACE 1 Drafts {0+}\r\n\r\n")
    assert c.answer(b"n")[1].startswith(b"NO")
    assert c.ok("STATUS Drafts (MESSAGES UIDNEXT)")[0] == [
        b"* STATUS Drafts (MESSAGES 4 UIDNEXT 5)"]
    c.ok("EXAMINE Drafts")
    assert replace(c, "REPLACE 1 Drafts")[1].startswith(b"NO [NOPERM]")
    # 3.5: only with a mailbox selected.
    c.ok("UNSELECT")
    assert replace(c, "UID REPLACE 1 Drafts")[1].startswith(b"BAD")


def test_gone_meanwhile(server, drafts):
    other = server.client()
    other.ok("SELECT Drafts")
    other.ok("STORE 2 +FLAGS (\\Deleted)")
    other.ok("EXPUNGE")
    untagged, tagged = replace(drafts, "REPLACE 2 Drafts")
    assert tagged.startswith(b"NO [EXPUNGEISSUED] ")
    # The expunge of the other session may be told; nothing was made.
    assert untagged == [b"* 2 EXPUNGE"]
    assert not list((server.root / ".Drafts" / "tmp").iterdir())
    other.close()


def test_E7_quota_counts_the_difference(server, drafts):
    """3.4: a full mailbox takes a message in the place of one as large."""
    c = drafts
    (server.root / "maildirsize").write_text("0S,4C\n%d 4\n" % (
        4 * len(OLD.replace(b"\r\n", b"\n"))))
    assert c.cmd(b"APPEND Drafts {%d+}\r\n%s" % (len(OLD), OLD))[1] \
        .startswith(b"NO [OVERQUOTA]")
    assert replace(c, "REPLACE 1 Drafts")[1].startswith(b"OK ")
    disk = 3 * len(OLD.replace(b"\r\n", b"\n")) + len(
        NEW.replace(b"\r\n", b"\n"))
    (server.root / "maildirsize").write_text("%dS\n%d 4\n" % (disk, disk))
    assert replace(c, "REPLACE 4 Drafts", OLD)[1].startswith(b"OK ")
    assert replace(c, "REPLACE 1 Drafts", NEW * 2)[1] \
        .startswith(b"NO [OVERQUOTA]")
    assert c.ok("STATUS Drafts (MESSAGES)")[0] == [
        b"* STATUS Drafts (MESSAGES 4)"]
    assert not list((server.root / ".Drafts" / "tmp").iterdir())


def test_condstore(server, drafts):
    """4.5: as UID EXPUNGE: VANISHED and HIGHESTMODSEQ."""
    c = drafts
    c.ok("ENABLE QRESYNC")
    c.ok("SELECT Drafts")
    untagged, tagged = replace(c, "UID REPLACE 3 Drafts (\\Seen)")
    assert b"* VANISHED 3" in untagged
    assert tagged.startswith(b"OK [HIGHESTMODSEQ ")
    assert not any(b"EXPUNGE" in line for line in untagged)


def test_emailid(drafts):
    """4.6: another message, another EMAILID."""
    c = drafts
    was = fetched(c.ok("FETCH 1 EMAILID")[0])[1]["EMAILID"]
    replace(c, "REPLACE 1 Drafts")
    assert fetched(c.ok("FETCH 4 EMAILID")[0])[4]["EMAILID"] != was
