"""IMAP4rev2 (RFC 9051) for clients that have enabled it, beside IMAP4rev1.

In the order of appendix E of the RFC, which lists what has changed.
"""
import pathlib
import sys

import pytest

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent))
from imap_client import fetched  # noqa: E402
from imap_fixtures import c, server  # noqa: E402, F401

MESSAGE = (b"Date: Mon, 7 Feb 1994 21:52:25 -0800 (PST)\r\n"
           b"From: Fred Foobar <foobar@example.com>\r\n"
           b"Subject: afternoon meeting\r\n\r\nHello Joe\r\n")


@pytest.fixture
def r(server):
    client = server.client()
    client.ok("ENABLE IMAP4rev2")
    yield client
    client.close()


def fill(c, n=3):
    for _ in range(n):
        c.append("INBOX", MESSAGE)
    return c.ok("SELECT INBOX")


def test_enable(c):
    """6.3.1, appendix A: both are announced, rev2 has to be enabled."""
    words = c.greeting.split()
    assert b"IMAP4rev1" in c.greeting and b"IMAP4rev2" in words
    assert c.ok("ENABLE IMAP4rev2 X-NONE")[0] == [b"* ENABLED IMAP4rev2"]
    assert b" IMAP4rev2 " in c.ok("CAPABILITY")[0][0]


def test_appendix_E3_status(r):
    """6.3.11, 6.3.12: SIZE and DELETED; LIST with STATUS."""
    fill(r)
    r.ok("STORE 1 +FLAGS (\\Deleted)")
    assert r.ok("STATUS INBOX (MESSAGES DELETED SIZE UNSEEN)")[0] == [
        b"* STATUS INBOX (MESSAGES 3 UNSEEN 3 DELETED 1 SIZE %d)" % (
            3 * len(MESSAGE))]
    assert b"* STATUS INBOX (DELETED 1)" in r.ok(
        'LIST "" % RETURN (STATUS (DELETED))')[0]


def test_appendix_E4_esearch(r):
    """6.4.4, 7.3.4: SEARCH is answered by ESEARCH, ALL if nothing is said."""
    fill(r)
    tag = b'* ESEARCH (TAG "t%d")'
    assert r.ok("SEARCH ALL")[0] == [tag % r.count + b" ALL 1:3"]
    assert r.ok("UID SEARCH 2:3")[0] == [tag % r.count + b" UID ALL 2:3"]
    assert r.ok("SEARCH SUBJECT nothing")[0] == [tag % r.count]
    assert r.ok("SEARCH RETURN () FROM fred")[0] == [
        tag % r.count + b" ALL 1:3"]
    assert r.ok("SEARCH RETURN (COUNT MIN) ALL")[0] == [
        tag % r.count + b" MIN 1 COUNT 3"]
    assert r.ok("SORT (ARRIVAL) UTF-8 ALL")[0] == [b"* SORT 1 2 3"]


def test_appendix_E2_saved(r):
    """6.4.4.1: examples 1, 2 and 6 of 6.4.4.4."""
    fill(r)
    r.ok("STORE 2 +FLAGS (\\Flagged)")
    assert r.ok("SEARCH RETURN (SAVE) FLAGGED")[0] == []
    assert list(fetched(r.ok("FETCH $ (UID)")[0])) == [2]
    assert r.ok("UID SEARCH UID $ SMALLER 4096")[0] == [
        b'* ESEARCH (TAG "t%d") UID ALL 2' % r.count]
    r.ok("SEARCH RETURN (SAVE) SUBJECT nothing")
    assert r.ok("COPY $ INBOX")[0] == []


def test_appendix_E8_trycreate(r):
    """6.4.7, 6.4.8: COPY and MOVE make no mailbox."""
    fill(r, 1)
    for command in ("COPY 1 none", "MOVE 1 none", "UID MOVE 1 none"):
        assert r.cmd(command)[1].startswith(b"NO [TRYCREATE]")
    assert b"none" not in b"".join(r.ok('LIST "" *')[0])


def test_appendix_E7_copyuid(r):
    """6.4.8: COPYUID for MOVE, before the EXPUNGE."""
    fill(r, 2)
    r.ok("CREATE there")
    untagged, _ = r.ok("MOVE 1 there")
    assert untagged[0].startswith(b"* OK [COPYUID ")
    assert untagged[1] == b"* 1 EXPUNGE"


def test_appendix_E9_closed(r):
    """7.1: CLOSED, in SELECT and in EXAMINE."""
    fill(r, 1)
    r.ok("CREATE Drafts")
    for command in ("SELECT Drafts", "EXAMINE INBOX"):
        assert r.ok(command)[0][0].startswith(b"* OK [CLOSED] ")
    assert r.cmd("SELECT none")[1].startswith(b"NO [NONEXISTENT]")
    assert r.cmd("FETCH 1 FLAGS")[1].startswith(b"BAD")


@pytest.mark.parametrize("command", ["SELECT", "EXAMINE"])
def test_appendix_E10_to_12_select(r, command):
    """6.3.2: LIST is there, UNSEEN and RECENT are not."""
    r.ok("CREATE Drafts")
    r.ok("CREATE Drafts.old")
    r.ok("SUBSCRIBE Drafts")
    r.append("Drafts", MESSAGE)
    untagged, _ = r.ok(command + " Drafts")
    said = b"\n".join(untagged)
    assert b'* LIST (\\Subscribed \\HasChildren) "." Drafts' in untagged
    assert b"* 1 EXISTS" in untagged and b"[UIDNEXT 2]" in said
    assert b"[UIDVALIDITY " in said and b"[PERMANENTFLAGS " in said
    assert b"RECENT" not in said and b"Recent" not in said
    assert b"UNSEEN" not in said


def test_appendix_E12_never_recent(server, r):
    fill(r, 1)
    server.message("Subject: new\n\nx\n")
    said = b"\n".join(r.ok("NOOP")[0])
    assert b"* 2 EXISTS" in said and b"ecent" not in said.lower()
    said = b"\n".join(r.ok("FETCH 1:* (FLAGS)")[0] +
                      r.ok("STORE 1:* +FLAGS (\\Seen)")[0])
    assert b"ecent" not in said
    for command in ("SEARCH NEW", "SEARCH OLD", "SEARCH NOT RECENT",
                    "SEARCH OR SEEN (OLD)", "STATUS INBOX (RECENT)",
                    'LIST "" % RETURN (STATUS (RECENT))'):
        assert r.cmd(command)[1].startswith(b"BAD"), command


@pytest.mark.parametrize("word", ["$MDNSent", "$Forwarded", "$Junk",
                                  "$NonJunk", "$Phishing"])
def test_appendix_E15_keywords(r, word):
    fill(r, 1)
    r.ok("STORE 1 +FLAGS (%s)" % word)
    assert r.ok("SEARCH KEYWORD " + word.upper())[0][0].endswith(b" ALL 1")


def test_appendix_E16_utf8(server, r):
    """5.1: names in UTF-8; Form C, with OLDNAME where that changes them."""
    line = '* LIST (\\HasNoChildren) "." "Entwürfe" ("OLDNAME" ("%s"))'
    name = "Entwu\u0308rfe"
    assert (line % name).encode() in r.ok('CREATE "%s"' % name)[0]
    assert (server.root / ".Entw&APw-rfe").is_dir()
    assert (line % name).encode() in r.ok('SELECT "%s"' % name)[0]
    assert not any(b"OLDNAME" in x for x in r.ok('SELECT "Entwürfe"')[0])
    assert any(b'("OLDNAME" (inbox))' in x for x in r.ok("SELECT inbox")[0])
    untagged, _ = r.ok('DELETE "%s"' % name)
    assert untagged[0] == (line % name).encode().replace(
        b"(\\HasNoChildren)", b"(\\NonExistent \\HasNoChildren)")


def test_oldname_of_rename(r):
    """6.3.9.7"""
    r.ok("CREATE OldMailbox")
    assert r.ok("RENAME OldMailbox NewMailbox")[0] == [
        b'* LIST (\\HasNoChildren) "." NewMailbox ("OLDNAME" (OldMailbox))']


@pytest.mark.parametrize("item", ["RFC822", "RFC822.HEADER", "RFC822.TEXT",
                                  "(FLAGS RFC822.HEADER)"])
def test_appendix_E18_rfc822(r, item):
    fill(r, 1)
    assert r.cmd("FETCH 1 " + item)[1].startswith(b"BAD")
    assert fetched(r.ok("FETCH 1 RFC822.SIZE")[0])[1] == {
        "RFC822.SIZE": len(MESSAGE)}


def test_appendix_E19_subscribed(r):
    """6.3.9: LIST (SUBSCRIBED), with \\NonExistent; example 2 of 6.3.9.8."""
    r.ok("CREATE Fruit")
    r.ok("SUBSCRIBE Fruit.Peach")
    untagged, _ = r.ok('LIST (SUBSCRIBED) "" "*"')
    assert untagged == [b'* LIST (\\NonExistent \\Subscribed '
                        b'\\HasNoChildren) "." Fruit.Peach']
    r.ok("CREATE a.b")
    assert b'* LIST (\\NonExistent \\HasChildren) "." a' in r.ok(
        'LIST "" %')[0]


def test_appendix_E21_uid(server, r):
    """7.5.2: unsolicited FETCH have the UID."""
    fill(r, 2)
    other = server.client()
    other.ok("SELECT INBOX")
    other.ok("STORE 2 +FLAGS (\\Seen)")
    other.close()
    assert fetched(r.ok("NOOP")[0])[2] == {"UID": 2, "FLAGS": ["\\Seen"]}
    assert fetched(r.ok("STORE 1 +FLAGS (\\Seen)")[0])[1]["UID"] == 1


def test_codes(r):
    """7.1: what the codes are for."""
    r.ok("CREATE a")
    r.ok("CREATE b.c")
    for command, want in (
            ("CREATE a", "ALREADYEXISTS"), ("CREATE inbox", "ALREADYEXISTS"),
            ("DELETE none", "NONEXISTENT"), ("DELETE b", "HASCHILDREN"),
            ("RENAME none x", "NONEXISTENT"), ("RENAME a b.c",
                                               "ALREADYEXISTS"),
            ("DELETE INBOX", "CANNOT"), ("CREATE a/b", "CANNOT"),
            ("STATUS none (MESSAGES)", "NONEXISTENT"),
            ("SELECT none", "NONEXISTENT")):
        assert r.cmd(command)[1].startswith(b"NO [%s]" % want.encode()), \
            command
    r.ok("EXAMINE INBOX")
    assert r.cmd("EXPUNGE")[1].startswith(b"NO [NOPERM]")


def test_binary_and_structure(r):
    """6.4.5: BINARY, BINARY.SIZE; charset names decoded by RFC 2231."""
    r.append("INBOX", b"Content-Type: application/x; name*0=a; name*1=b\r\n"
                      b"Content-Transfer-Encoding: base64\r\n\r\naGk=\r\n")
    r.ok("SELECT INBOX")
    got = fetched(r.ok("FETCH 1 (BINARY.PEEK[1] BINARY.SIZE[1] "
                       "BODYSTRUCTURE)")[0])[1]
    assert got["BINARY[1]"] == b"hi" and got["BINARY.SIZE[1]"] == 2
    assert got["BODYSTRUCTURE"][2] == [b"name", b"ab"]


GLOBAL = """Content-Type: multipart/mixed; boundary=b

--b
Content-Type: message/global%s

Subject: Grüße
Content-Type: multipart/mixed; boundary=i

--i

eins
--i

zwei
--i--
--b--
"""


def test_message_global(server, r):
    """9: media-message has GLOBAL beside RFC822; sections count into it."""
    server.message(GLOBAL % "")
    r.ok("SELECT INBOX")
    for _ in range(2):                  # made, and as it is after that
        part = fetched(r.ok("FETCH 1 BODYSTRUCTURE")[0])[1][
            "BODYSTRUCTURE"][0]
        assert part[:2] == [b"message", b"global"]
        assert part[7][1] == "Grüße".encode()
        assert len(part[8][0]) == 12 and part[8][2] == b"mixed"
    assert fetched(r.ok("FETCH 1 BODY.PEEK[1.2]")[0])[1][
        "BODY[1.2]"] == b"zwei"
    # RFC 3501 9 has RFC822 alone: IMAP4rev1 sees a part like others.
    old = server.client()
    old.ok("SELECT INBOX")
    for _ in range(2):
        part = fetched(old.ok("FETCH 1 BODYSTRUCTURE")[0])[1][
            "BODYSTRUCTURE"][0]
        assert part[:2] == [b"message", b"global"] and len(part) == 11
    assert fetched(old.ok("FETCH 1 BODY.PEEK[1.2]")[0])[1][
        "BODY[1.2]"] is None
    old.close()
    # And what that one has left behind is not taken for the new form.
    r.ok("SELECT INBOX")
    part = fetched(r.ok("FETCH 1 BODYSTRUCTURE")[0])[1]["BODYSTRUCTURE"][0]
    assert part[7][1] == "Grüße".encode()


def test_message_global_encoded(server, r):
    """RFC 6532 3.7: it may be encoded: then nobody can see into it."""
    server.message(GLOBAL % "\nContent-Transfer-Encoding: base64")
    r.ok("SELECT INBOX")
    part = fetched(r.ok("FETCH 1 BODYSTRUCTURE")[0])[1]["BODYSTRUCTURE"][0]
    assert part[:2] == [b"application", b"octet-stream"]


def test_rev1_stays(server, c):
    """Appendix A: who has not enabled it is served as ever."""
    untagged, _ = fill(c, 1)
    assert b"* 1 RECENT" in untagged
    assert any(b"[UNSEEN 1]" in line for line in untagged)
    assert not any(line.startswith(b"* LIST") for line in untagged)
    assert c.ok("SEARCH ALL")[0] == [b"* SEARCH 1"]
    assert "RFC822.HEADER" in fetched(c.ok("FETCH 1 RFC822.HEADER")[0])[1]
