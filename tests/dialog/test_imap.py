"""Scripted conversations with an imapd session, as it is after log-in.

For each row of the table in imapd/command.c one that is allowed and one that is
refused, then what RFC 3501 and the extensions that are announced promise.
"""
import pathlib
import re
import socket
import sys
import time

import pytest

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent))
from imap_client import ROOT, Client, Session, fetched  # noqa: E402
from imap_fixtures import c, server  # noqa: E402, F401

MESSAGE = (b"Date: Mon, 7 Feb 1994 21:52:25 -0800 (PST)\r\n"
           b"From: Fred Foobar <foobar@Blurdybloop.COM>\r\n"
           b"Subject: afternoon meeting\r\n"
           b"To: mooch@owatagu.siam.edu\r\n"
           b"Message-Id: <B27397-0100000@Blurdybloop.COM>\r\n"
           b"MIME-Version: 1.0\r\n"
           b"Content-Type: TEXT/PLAIN; CHARSET=US-ASCII\r\n\r\n"
           b"Hello Joe, do you think we can meet at 3:30 tomorrow?\r\n")


def select(c, n=0):
    for _ in range(n):
        c.append("INBOX", MESSAGE)
    c.ok("SELECT INBOX")


# --------------------------------------------------------- one row, both ways

# name: (before, allowed, what is said (a pattern), before, refused, answer)
ROWS = {
    "CAPABILITY": ("", "CAPABILITY", rb"\* CAPABILITY .*IMAP4rev1",
                   "", "CAPABILITY x", b"BAD"),
    "NOOP": ("", "NOOP", rb"OK", "", "NOOP x", b"BAD"),
    "LOGOUT": ("", "LOGOUT", rb"\* BYE ", "", "LOGOUT now", b"BAD"),
    "ID": ("", 'ID ("name" "test")', rb"\* ID \(\"name\"",
           "", 'ID "name"', b"BAD"),
    "ENABLE": ("", "ENABLE X-NOTHING", rb"\* ENABLED$", "", "ENABLE",
               b"BAD"),
    "SELECT": ("", "SELECT INBOX", rb"OK \[READ-WRITE\]",
               "", "SELECT nowhere", rb"NO \[NONEXISTENT\]"),
    "EXAMINE": ("", "EXAMINE INBOX", rb"OK \[READ-ONLY\]",
                "", "EXAMINE nowhere", rb"NO \[NONEXISTENT\]"),
    "CREATE": ("", "CREATE owatagu", rb"OK", "", "CREATE INBOX",
               rb"NO \[ALREADYEXISTS\]"),
    "DELETE": ("CREATE x", "DELETE x", rb"OK", "", "DELETE INBOX",
               rb"NO \[CANNOT\]"),
    "RENAME": ("CREATE x", "RENAME x y", rb"OK",
               "", "RENAME nowhere y", rb"NO"),
    "SUBSCRIBE": ("", "SUBSCRIBE INBOX", rb"OK", "", "SUBSCRIBE ..",
                  rb"NO"),
    "UNSUBSCRIBE": ("SUBSCRIBE INBOX", "UNSUBSCRIBE INBOX", rb"OK",
                    "", "UNSUBSCRIBE a/../b", rb"NO"),
    "LIST": ("", 'LIST "" *', rb'\* LIST \(.*\) "\." INBOX',
             "", "LIST *", b"BAD"),
    "LSUB": ("SUBSCRIBE INBOX", 'LSUB "" *', rb'\* LSUB \(\) "\." INBOX',
             "", "LSUB", b"BAD"),
    "STATUS": ("", "STATUS INBOX (MESSAGES)",
               rb"\* STATUS INBOX \(MESSAGES 0\)",
               "", "STATUS nowhere (MESSAGES)", rb"NO \[NONEXISTENT\]"),
    "GETQUOTA": ("", 'GETQUOTA ""', rb'\* QUOTA "" \(\)$',
                 "", "GETQUOTA other", rb"NO \[NONEXISTENT\]"),
    "GETQUOTAROOT": ("", "GETQUOTAROOT INBOX", rb'\* QUOTAROOT INBOX ""$',
                     "", "GETQUOTAROOT a..b", rb"NO \[CANNOT\]"),
    "APPEND": ("", "APPEND INBOX {3+}\r\na\r\n", rb"OK \[APPENDUID \d+ 1\]",
               "", "APPEND nowhere {3+}\r\na\r\n", rb"NO \[TRYCREATE\]"),
    "NAMESPACE": ("", "NAMESPACE",
                  rb'\* NAMESPACE \(\("" "\."\)\) NIL NIL',
                  "", "NAMESPACE x", b"BAD"),
    "IDLE": ("", "IDLE\r\nDONE", rb"\+ ", "", "IDLE x", b"BAD"),
    "CHECK": ("SELECT INBOX", "CHECK", rb"OK", "", "CHECK", b"BAD"),
    "CLOSE": ("SELECT INBOX", "CLOSE", rb"OK", "", "CLOSE", b"BAD"),
    "UNSELECT": ("SELECT INBOX", "UNSELECT", rb"OK", "", "UNSELECT", b"BAD"),
    "EXPUNGE": ("SELECT INBOX", "EXPUNGE", rb"OK",
                "EXAMINE INBOX", "EXPUNGE", b"NO"),
    "SEARCH": ("SELECT INBOX", "SEARCH ALL", rb"\* SEARCH$",
               "SELECT INBOX", "SEARCH NONSENSE", b"BAD"),
    "SORT": ("1", "SORT (DATE) UTF-8 ALL", rb"\* SORT 1$",
             "1", "SORT DATE UTF-8 ALL", b"BAD"),
    "THREAD": ("1", "THREAD REFERENCES UTF-8 ALL", rb"\* THREAD \(1\)$",
               "1", "THREAD NONSENSE UTF-8 ALL", b"BAD"),
    "UID SORT": ("1", "UID SORT (REVERSE SUBJECT) US-ASCII 1",
                 rb"\* SORT 1$", "1", "UID SORT () UTF-8 ALL", b"BAD"),
    "UID THREAD": ("1", "UID THREAD ORDEREDSUBJECT UTF-8 ALL",
                   rb"\* THREAD \(1\)$",
                   "1", "UID THREAD REFERENCES KOI8-R ALL", b"NO"),
    "FETCH": ("1", "FETCH 1 FLAGS", rb"\* 1 FETCH \(FLAGS \(.*\)\)$",
              "SELECT INBOX", "FETCH 1 FLAGS", b"BAD"),
    "STORE": ("1", "STORE 1 +FLAGS (\\Deleted)",
              rb"\* 1 FETCH \(FLAGS \(\\Deleted.*\)\)$",
              "EXAMINE INBOX", "STORE 1 +FLAGS (\\Deleted)", b"NO"),
    "COPY": ("1", "COPY 1 INBOX", rb"OK \[COPYUID \d+ 1 2\]",
             "1", "COPY 1 nowhere", rb"NO \[TRYCREATE\]"),
    "MOVE": ("1", "MOVE 1 INBOX", rb"\* 1 EXPUNGE",
             "1", "MOVE 1 nowhere", rb"NO \[TRYCREATE\]"),
    "UID SEARCH": ("1", "UID SEARCH ALL", rb"\* SEARCH 1$",
                   "", "UID SEARCH ALL", b"BAD"),
    "UID FETCH": ("1", "UID FETCH 1 FLAGS", rb"\* 1 FETCH \(UID 1 FLAGS",
                  "1", "UID FETCH 0 FLAGS", b"BAD"),
    "UID STORE": ("1", "UID STORE 1 FLAGS (x)",
                  rb"\* 1 FETCH \(UID 1 FLAGS \(.*x\)",
                  "1", "UID STORE 1 FLAGS (\\Recent)", b"BAD"),
    "UID COPY": ("1", "UID COPY 1 INBOX", rb"OK \[COPYUID \d+ 1 2\]",
                 "1", "UID COPY 1 nowhere", rb"NO \[TRYCREATE\]"),
    "REPLACE": ("1", "REPLACE 1 INBOX {3+}\r\na\r\n", rb"\* 1 EXPUNGE",
                "1", "REPLACE 2 INBOX {3+}\r\na\r\n", b"BAD"),
    "UID REPLACE": ("1", "UID REPLACE 1 INBOX {3+}\r\na\r\n",
                    rb"\* OK \[APPENDUID \d+ 2\]",
                    "1", "UID REPLACE 1 no {3+}\r\na\r\n",
                    rb"NO \[TRYCREATE\]"),
    "UID MOVE": ("1", "UID MOVE 1 INBOX", rb"\* OK \[COPYUID \d+ 1 2\]",
                 "1", "UID MOVE 1 ..", b"NO"),
    "UID EXPUNGE": ("1", "UID EXPUNGE 1", rb"OK",
                    "1", "UID EXPUNGE x", b"BAD"),
}


def table():
    text = (ROOT / "imapd" / "command.c").read_text()
    body = re.search(r"commands\[\] = \{(.*?)\n\};", text, re.S).group(1)
    return re.findall(r'^\t\{ "([A-Z ]+)"', body, re.M)


def test_every_row_has_a_case():
    assert sorted(table()) == sorted(ROWS)


def prepare(c, before):
    if before == "1":
        select(c, 1)
    elif before:
        c.ok(before)


@pytest.mark.parametrize("name", ROWS)
def test_allowed(c, name):
    before, command, want, *_ = ROWS[name]
    prepare(c, before)
    untagged, tagged = c.cmd(command)
    assert tagged.startswith(b"OK"), tagged
    assert any(re.match(want, line) for line in untagged + [tagged]), untagged


@pytest.mark.parametrize("name", ROWS)
def test_refused(c, name):
    *_, before, command, want = ROWS[name]
    prepare(c, before)
    _, tagged = c.cmd(command)
    assert re.match(want, tagged), tagged
    c.ok("NOOP")        # and the session goes on


# ------------------------------------------------------------ RFC 3501 itself

def test_greeting(server):
    """The tag of the log-in is answered, with what the session can do."""
    with Session(server.root, tag="a1", pending="b2 NOOP\r\nb3 NO") as s:
        c = s.client()
        assert re.match(rb"a1 OK \[CAPABILITY IMAP4rev1 ", c.greeting)
        assert c.line().startswith(b"b2 OK")
        c.send("OP\r\n")
        assert c.line().startswith(b"b3 OK")
        c.close()


def test_states(c):
    """RFC 3501 3: commands of the selected state need one."""
    for command in ("CHECK", "FETCH 1 FLAGS", "UID SEARCH ALL", "EXPUNGE"):
        assert c.cmd(command)[1].startswith(b"BAD")
    for command in ("LOGIN a b", "AUTHENTICATE PLAIN", "STARTTLS", "XYZZY"):
        assert c.cmd(command)[1].startswith(b"BAD")


def test_bad_lines(c):
    c.send("\r\n")
    assert c.line().startswith(b"* BAD")
    c.send("a\r\n")
    assert c.line().startswith(b"* BAD")
    c.send("+ NOOP\r\n")
    assert c.line().startswith(b"* BAD")
    c.send("a1  NOOP\r\n")      # RFC 3501 9: SP is exactly one space
    assert c.line().startswith(b"a1 BAD")
    c.send("a2 NOOP \r\n")
    assert c.line().startswith(b"a2 BAD")
    c.send("a3 noop\r\n")       # case does not matter
    assert c.line().startswith(b"a3 OK")


def test_select_tells(c):
    """RFC 3501 6.3.1: FLAGS, EXISTS, RECENT; UNSEEN, PERMANENTFLAGS, ..."""
    c.append("INBOX", MESSAGE, "(\\Seen) ")
    c.append("INBOX", MESSAGE)
    untagged, tagged = c.ok("SELECT INBOX")
    said = b"\n".join(untagged)
    for want in (rb"\* FLAGS \(\\Answered \\Flagged \\Deleted \\Seen \\Draft",
                 rb"\* 2 EXISTS", rb"\* \d RECENT", rb"\* OK \[UNSEEN 2\]",
                 rb"\* OK \[PERMANENTFLAGS \(.*\\\*\)\]",
                 rb"\* OK \[UIDVALIDITY [1-9]\d*\]",
                 rb"\* OK \[UIDNEXT 3\]"):
        assert re.search(want, said), (want, said)
    untagged, _ = c.ok("EXAMINE INBOX")
    assert any(b"PERMANENTFLAGS ()" in line for line in untagged)
    # a failed SELECT leaves nothing selected (6.3.1)
    c.cmd("SELECT nowhere")
    assert c.cmd("CHECK")[1].startswith(b"BAD")


def test_fetch_items(c):
    select(c, 1)
    got = fetched(c.ok("FETCH 1 (UID RFC822.SIZE INTERNALDATE ENVELOPE "
                       "BODY BODYSTRUCTURE BODY.PEEK[] BODY.PEEK[HEADER] "
                       "BODY.PEEK[TEXT] BODY.PEEK[1] RFC822.HEADER)")[0])[1]
    header, body = MESSAGE.split(b"\r\n\r\n", 1)
    header += b"\r\n\r\n"
    assert got["UID"] == 1
    assert got["RFC822.SIZE"] == len(MESSAGE)
    assert got["BODY[]"] == MESSAGE
    assert got["BODY[HEADER]"] == got["RFC822.HEADER"] == header
    assert got["BODY[TEXT]"] == got["BODY[1]"] == body
    assert re.match(rb"[ 0-3]\d-[A-Z][a-z][a-z]-\d{4} \d\d:\d\d:\d\d \+0000$",
                    got["INTERNALDATE"])
    fred = [[b"Fred Foobar", None, b"foobar", b"Blurdybloop.COM"]]
    assert got["ENVELOPE"] == [
        b"Mon, 7 Feb 1994 21:52:25 -0800 (PST)", b"afternoon meeting",
        fred, fred, fred, [[None, None, b"mooch", b"owatagu.siam.edu"]],
        None, None, None, b"<B27397-0100000@Blurdybloop.COM>"]
    assert got["BODY"][:2] == [b"TEXT", b"PLAIN"]
    assert got["BODY"][2] == [b"CHARSET", b"US-ASCII"]
    assert got["BODY"][5:] == [b"7bit", len(body), 1]
    assert got["BODYSTRUCTURE"] == got["BODY"] + [None] * 4


def test_partial(c):
    """RFC 3501 6.4.5: cut at the end; beyond it, empty; always with <n>."""
    select(c, 1)
    n = len(MESSAGE)
    for first, count in ((0, 10), (10, 5), (n - 3, 10), (n, 5), (n + 9, 5),
                         (0, 4294967295), (4294967295, 1)):
        got = fetched(c.ok("FETCH 1 BODY.PEEK[]<%d.%d>" % (first, count))[0])
        assert got[1] == {"BODY[]<%d>" % first: MESSAGE[first:first + count]}
    got = fetched(c.ok("FETCH 1 BODY.PEEK[HEADER.FIELDS (Subject)]<9.9>")[0])
    assert got[1] == {"BODY[HEADER.FIELDS (SUBJECT)]<9>": b"afternoon"}


def test_header_fields(c):
    select(c, 1)
    got = fetched(c.ok("FETCH 1 (BODY.PEEK[HEADER.FIELDS (date FROM Nope)] "
                       "BODY.PEEK[HEADER.FIELDS.NOT (DATE FROM SUBJECT TO "
                       "MIME-VERSION CONTENT-TYPE)])")[0])[1]
    assert got["BODY[HEADER.FIELDS (DATE FROM NOPE)]"] == (
        b"Date: Mon, 7 Feb 1994 21:52:25 -0800 (PST)\r\n"
        b"From: Fred Foobar <foobar@Blurdybloop.COM>\r\n\r\n")
    del got["BODY[HEADER.FIELDS (DATE FROM NOPE)]"]
    assert list(got.values()) == [
        b"Message-Id: <B27397-0100000@Blurdybloop.COM>\r\n\r\n"]


def test_seen(c):
    """RFC 3501 6.4.5: BODY[] sets it and tells, PEEK and HEADER do not."""
    select(c, 3)
    for item in ("BODY.PEEK[]", "RFC822.HEADER", "BODYSTRUCTURE", "ENVELOPE",
                 "RFC822.SIZE"):
        assert "FLAGS" not in fetched(c.ok("FETCH 1 " + item)[0])[1]
    assert b"\\Seen" not in c.ok("FETCH 1 FLAGS")[0][0]
    for n, item in ((1, "BODY[]"), (2, "RFC822.TEXT"), (3, "RFC822")):
        assert "\\Seen" in fetched(c.ok("FETCH %d %s" % (n, item))[0])[n][
            "FLAGS"]
    assert "FLAGS" not in fetched(c.ok("FETCH 1 BODY[]")[0])[1]
    c.ok("STORE 1 -FLAGS (\\Seen)")
    c.ok("EXAMINE INBOX")
    c.ok("FETCH 1 BODY[]")      # read-only: nothing is set
    assert b"\\Seen" not in c.ok("FETCH 1 FLAGS")[0][0]


def test_store(c):
    select(c, 3)

    def flags(n):
        return set(fetched(c.ok("FETCH %d FLAGS" % n)[0])[n]["FLAGS"]) - {
            "\\Recent"}
    assert len(c.ok("STORE 1:3 +FLAGS (\\Seen work)")[0]) >= 3
    assert flags(2) == {"\\Seen", "work"}
    c.ok("STORE 2 -FLAGS \\Seen")
    assert flags(2) == {"work"}
    c.ok("STORE 2 FLAGS (\\Draft \\Answered)")
    assert flags(2) == {"\\Draft", "\\Answered"}
    untagged, _ = c.ok("STORE 2 +FLAGS.SILENT (\\Flagged)")
    assert not any(b"FETCH" in line for line in untagged)
    assert flags(2) == {"\\Draft", "\\Answered", "\\Flagged"}
    c.ok("STORE 2 FLAGS ()")
    assert flags(2) == set()
    # a keyword that is new is told in FLAGS before it is used (7.2.6)
    untagged, _ = c.ok("STORE 3 +FLAGS ($New)")
    lines = [i for i, line in enumerate(untagged) if b"$New" in line]
    assert untagged[lines[0]].startswith(b"* FLAGS")


def test_keywords_end(c):
    """Beyond 26 there is no place: NO [LIMIT], and the rest is stored.  What no
    message has any more makes place."""
    def permanent(lines):
        (line,) = [x for x in lines if b"[PERMANENTFLAGS" in x]
        return line
    select(c, 1)
    for i in range(26):
        lines = c.ok("STORE 1 +FLAGS (k%d)" % i)[0]
        assert (rb"\*" in permanent(lines)) == (i < 25)
    _, tagged = c.cmd("STORE 1 +FLAGS (\\Flagged onemore)")
    assert tagged.startswith(b"NO [LIMIT]")
    assert b"\\Flagged" in c.ok("FETCH 1 FLAGS")[0][0]
    c.ok("STORE 1 -FLAGS (k7)")
    assert rb"\*" in permanent(c.ok("SELECT INBOX")[0])
    lines = c.ok("STORE 1 +FLAGS (onemore)")[0]
    assert b"onemore" in permanent(lines) and b"k7 " not in permanent(lines)
    assert rb"\*" not in permanent(lines)
    words = c.ok("FETCH 1 FLAGS")[0][0]
    assert b"onemore" in words and b"k7 " not in words and b"k6 " in words
    # Another session knows the same.
    assert c.cmd("STORE 1 +FLAGS (k7)")[1].startswith(b"NO [LIMIT]")


def test_expunge_numbers(c):
    """RFC 3501 7.4.1: each number is right at its moment."""
    for i in range(6):
        c.append("INBOX", b"Subject: %d\r\n\r\nx\r\n" % (i + 1))
    c.ok("SELECT INBOX")
    c.ok("STORE 2,4:5 +FLAGS.SILENT (\\Deleted)")
    untagged, _ = c.ok("EXPUNGE")
    left = [1, 2, 3, 4, 5, 6]
    for line in untagged:
        number = re.match(rb"\* (\d+) EXPUNGE$", line)
        if number:
            del left[int(number.group(1)) - 1]
    assert left == [1, 3, 6]
    assert c.ok("UID SEARCH ALL")[0] == [b"* SEARCH 1 3 6"]
    # RFC 4315 2.1: only those in the set
    c.ok("STORE 1:3 +FLAGS.SILENT (\\Deleted)")
    untagged, _ = c.ok("UID EXPUNGE 3:4")
    assert [u for u in untagged if b"EXPUNGE" in u] == [b"* 2 EXPUNGE"]
    # CLOSE expunges and says nothing (6.4.2)
    assert c.ok("CLOSE")[0] == []
    c.ok("SELECT INBOX")
    assert c.ok("SEARCH ALL")[0] == [b"* SEARCH"]


def test_unselect_keeps(c):
    """RFC 3691 2: as CLOSE, but nothing is expunged."""
    select(c, 1)
    c.ok("STORE 1 +FLAGS.SILENT (\\Deleted)")
    c.ok("UNSELECT")
    c.ok("SELECT INBOX")
    assert c.ok("SEARCH DELETED")[0] == [b"* SEARCH 1"]


def test_copy_and_move(c):
    c.ok("CREATE other")
    for i in range(3):
        c.append("INBOX", b"Subject: %d\r\n\r\nx\r\n" % i,
                 '(\\Flagged k) "17-Jul-1996 02:44:25 -0700" ')
    c.ok("SELECT INBOX")
    _, tagged = c.ok("COPY 1,3 other")
    code = re.match(rb"OK \[COPYUID (\d+) 1,3 1:2\]", tagged)
    assert code
    untagged, _ = c.ok("UID MOVE 2 other")
    assert untagged[0].startswith(b"* OK [COPYUID %s 2 3]" % code.group(1))
    assert untagged[1] == b"* 2 EXPUNGE"        # RFC 6851 4.3: after it
    c.ok("SELECT other")
    got = fetched(c.ok("FETCH 1:* (FLAGS INTERNALDATE)")[0])
    assert len(got) == 3
    for item in got.values():       # 6.4.7: flags and date go along
        assert {"\\Flagged", "k"} <= set(item["FLAGS"])
        assert item["INTERNALDATE"] == b"17-Jul-1996 09:44:25 +0000"
    # a set without messages, by UID: nothing happens
    assert c.ok("UID COPY 99 other")[1].startswith(b"OK")


def test_append(c):
    """RFC 3501 6.3.11, RFC 4315 3."""
    _, tagged = c.append("INBOX", MESSAGE,
                         '(\\Seen $Label) "17-Jul-1996 02:44:25 -0700" ')
    assert re.match(rb"OK \[APPENDUID \d+ 1\]", tagged)
    c.ok("SELECT INBOX")
    got = fetched(c.ok("FETCH 1 (FLAGS INTERNALDATE)")[0])[1]
    assert {"\\Seen", "$Label"} <= set(got["FLAGS"])
    assert got["INTERNALDATE"] == b"17-Jul-1996 09:44:25 +0000"
    # into the selected mailbox: EXISTS before the tagged answer
    untagged, _ = c.append("INBOX", MESSAGE)
    assert b"* 2 EXISTS" in untagged
    # a synchronizing literal waits for the "+"
    c.send("s APPEND INBOX {%d}\r\n" % len(MESSAGE))
    assert c.line().startswith(b"+ ")
    c.send(MESSAGE + b"\r\n")
    assert c.answer(b"s")[1].startswith(b"OK")
    # bare LF becomes CRLF, NUL is refused
    c.append("INBOX", b"Subject: x\n\none\ntwo\n")
    got = fetched(c.ok("FETCH 4 (RFC822.SIZE BODY[])")[0])[4]
    assert got["BODY[]"] == b"Subject: x\r\n\r\none\r\ntwo\r\n"
    assert got["RFC822.SIZE"] == len(got["BODY[]"])
    assert c.cmd(b"APPEND INBOX {3+}\r\na\0b")[1].startswith(b"NO")
    assert c.cmd("APPEND INBOX {0}")[1].startswith(b"NO")
    # something behind the message: nothing is stored
    assert c.cmd("APPEND INBOX {3+}\r\nabc x")[1].startswith(b"BAD")
    c.ok("NOOP")
    assert c.ok("STATUS INBOX (MESSAGES)")[0] == [
        b"* STATUS INBOX (MESSAGES 4)"]


def test_append_mailbox_as_literal(c):
    """RFC 3501 4.3: the mailbox may be a literal, then the message."""
    assert c.cmd(b"APPEND {5+}\r\nINBOX (\\Seen) {6+}\r\na: b\r\n")[
        1].startswith(b"OK")
    c.send("x APPEND {5}\r\n")
    assert c.line().startswith(b"+ ")
    c.send("INBOX {6}\r\n")
    assert c.line().startswith(b"+ ")
    c.send("a: b\r\n\r\n")
    assert c.answer(b"x")[1].startswith(b"OK")


def test_too_big(server):
    with Session(server.root, largest=1000) as s:
        c = s.client()
        c.send("a APPEND INBOX {1001}\r\n")
        assert c.line().startswith(b"a NO [TOOBIG]")     # and no "+"
        # RFC 7888 4: it has been sent; it is read and forgotten
        c.send(b"b APPEND INBOX {5000+}\r\n" + b"x" * 5000 + b"\r\n")
        assert c.line().startswith(b"b NO [TOOBIG]")
        c.send(b"c APPEND INBOX {1000+}\r\n" + b"x" * 1000 + b"\r\n")
        assert c.line().startswith(b"c OK")
        c.close()


def test_mailboxes(c):
    """RFC 3501 6.3.3 to 6.3.5."""
    c.ok("CREATE a.b.c")
    names = names_of(c.ok('LIST "" *')[0])
    assert names == {"INBOX": "\\HasNoChildren",
                     "a": "\\Noselect \\HasChildren",
                     "a.b": "\\Noselect \\HasChildren",
                     "a.b.c": "\\HasNoChildren"}
    assert c.cmd("SELECT a.b")[1].startswith(b"NO")
    c.ok("CREATE a.b.")
    assert c.cmd("CREATE a.b")[1].startswith(b"NO [ALREADYEXISTS]")
    c.append("a.b", MESSAGE)
    c.ok("RENAME a x")
    assert set(names_of(c.ok('LIST "" *')[0])) == {"INBOX", "x", "x.b",
                                                   "x.b.c"}
    assert c.ok("STATUS x.b (MESSAGES)")[0] == [b"* STATUS x.b (MESSAGES 1)"]
    # DELETE leaves what is below (6.3.4)
    c.ok("DELETE x.b")
    assert names_of(c.ok('LIST "" x*')[0])["x.b"] == "\\Noselect \\HasChildren"
    c.ok("DELETE x.b.c")
    assert set(names_of(c.ok('LIST "" *')[0])) == {"INBOX"}
    assert c.cmd("DELETE x.b.c")[1].startswith(b"NO [NONEXISTENT]")


def test_rename_inbox(c):
    """RFC 3501 6.3.5: the messages move, INBOX stays."""
    c.append("INBOX", MESSAGE)
    c.ok("RENAME INBOX old-mail")
    assert c.ok("STATUS INBOX (MESSAGES)")[0] == [
        b"* STATUS INBOX (MESSAGES 0)"]
    assert c.ok("STATUS old-mail (MESSAGES)")[0] == [
        b"* STATUS old-mail (MESSAGES 1)"]


def names_of(untagged):
    found = {}
    for line in untagged:
        m = re.match(rb'\* (?:LIST|LSUB) \((.*)\) "." "?([^"]*)"?$', line)
        assert m, line
        found[m.group(2).decode()] = m.group(1).decode()
    return found


def test_list(c):
    """RFC 3501 6.3.8."""
    for name in ("foo.bar", "foo2", "Sent"):
        c.ok("CREATE " + name)
    assert c.ok('LIST "" ""')[0] == [b'* LIST (\\Noselect) "." ""']
    assert set(names_of(c.ok('LIST "" %')[0])) == {"INBOX", "foo", "foo2",
                                                   "Sent"}
    assert set(names_of(c.ok('LIST "" %.%')[0])) == {"foo.bar"}
    assert set(names_of(c.ok('LIST foo. %')[0])) == {"foo.bar"}
    assert set(names_of(c.ok('LIST "" f*')[0])) == {"foo", "foo.bar", "foo2"}
    assert set(names_of(c.ok('LIST "" inbox')[0])) == {"INBOX"}
    assert c.ok('LIST "" nothing')[0] == []


def test_lsub(c):
    """RFC 3501 6.3.9: names stay subscribed; the rule about "%"."""
    for name in ("a.b", "a.c", "gone"):
        c.ok("SUBSCRIBE " + name)
    c.ok("SUBSCRIBE a.b")
    assert names_of(c.ok('LSUB "" *')[0]) == {"a.b": "", "a.c": "",
                                              "gone": ""}
    assert names_of(c.ok('LSUB "" %')[0]) == {"a": "\\Noselect", "gone": ""}
    c.ok("UNSUBSCRIBE a.c")
    assert set(names_of(c.ok('LSUB "" *')[0])) == {"a.b", "gone"}


def test_names(c):
    """RFC 3501 5.1, 5.1.3: INBOX in any case; modified UTF-7, one form."""
    c.ok("SELECT iNbOx")
    c.ok("CREATE Entw&APw-rfe")
    assert "Entw&APw-rfe" in names_of(c.ok('LIST "" *')[0])
    c.ok('CREATE "a b"')
    assert "a b" in names_of(c.ok('LIST "" *')[0])
    c.ok(b"SELECT {3+}\r\na b")
    for name in ("&AGE-", "&AGE", "a&", "&&-", "&AAA-", '""', ".a", "a..b"):
        assert c.cmd("CREATE " + name)[1][:2] in (b"NO", b"BA"), name


def test_slash(server):
    with Session(server.root, separator="/") as s:
        c = s.client()
        c.ok("CREATE a/b")
        assert c.ok("LIST \"\" a/%")[0] == [
            b'* LIST (\\HasNoChildren) "/" a/b']
        assert c.cmd("CREATE a.b")[1].startswith(b"NO [CANNOT]")
        assert (server.root / ".a.b" / "cur").is_dir()
        c.close()


SEARCHES = [
    # key, which of the four messages below
    ("ALL", "1 2 3 4"), ("1:2", "1 2"), ("*", "4"), ("UID 2:3", "2 3"),
    ("SEEN", "1"), ("UNSEEN", "2 3 4"), ("FLAGGED", "2"), ("UNFLAGGED",
                                                           "1 3 4"),
    ("DELETED", "3"), ("UNDELETED", "1 2 4"), ("DRAFT", "4"),
    ("UNDRAFT", "1 2 3"), ("ANSWERED", ""), ("UNANSWERED", "1 2 3 4"),
    ("KEYWORD work", "1"), ("UNKEYWORD work", "2 3 4"),
    ("FROM smith", "1"), ("TO joe", "2"), ("CC joe", "3"), ("BCC joe", "4"),
    ("SUBJECT report", "1 2"), ('SUBJECT ""', "1 2 3 4"),
    ("HEADER X-Test one", "1"), ('HEADER X-Test ""', "1 3"),
    ("HEADER X-Nope x", ""),
    ("BODY needle", "2"), ("TEXT needle", "2 4"), ("TEXT smith", "1"),
    ("BODY smith", ""),
    ("SENTBEFORE 2-Feb-1994", "1"), ("SENTON 2-Feb-1994", "2"),
    ("SENTSINCE 2-Feb-1994", "2 3 4"),
    ("BEFORE 17-Jul-1996", ""), ("ON 17-Jul-1996", "1"),
    ("SINCE 18-Jul-1996", "2 3 4"),
    ("NOT SEEN", "2 3 4"), ("OR SEEN FLAGGED", "1 2"),
    ("SEEN FLAGGED", ""), ("(SEEN) (OR (SEEN) (FLAGGED))", "1"),
    ("NOT (OR SEEN FLAGGED)", "3 4"), ("OR NOT SEEN FROM smith", "1 2 3 4"),
    ("LARGER 300", "3"), ("SMALLER 300", "1 2 4"),
    ("CHARSET US-ASCII SEEN", "1"),
    (b"CHARSET UTF-8 SUBJECT {7+}\r\nB\xc3\x89RICH", "2"),
]


@pytest.fixture(scope="module")
def found():
    with Session() as s:
        c = s.client()
        head = b"Subject: Annual =?utf-8?q?Report?=\r\n"
        c.append("INBOX", head + b"From: J. Smith <x@y>\r\nX-Test: ONE\r\n"
                 b"Date: Tue, 1 Feb 1994 23:59:00 -0800\r\n\r\nx\r\n",
                 '(\\Seen work) "17-Jul-1996 02:44:25 -0700" ')
        c.append("INBOX", b"Subject: the report of =?iso-8859-1?q?b=E9rich?="
                 b"\r\nTo: Joe\r\nDate: Wed, 2 Feb 1994 00:01:00 +0200\r\n"
                 b"Content-Transfer-Encoding: base64\r\n\r\n"
                 b"YSBORUVEbGUgaGVyZQ==\r\n",
                 '(\\Flagged) "18-Jul-1996 00:00:00 +0000" ')
        c.append("INBOX", b"Subject: big\r\nCc: joe@x\r\nX-Test: two\r\n"
                 b"Date: Thu, 3 Feb 1994 00:00:00 +0000\r\n\r\n" +
                 b"x" * 300 + b"\r\n", "(\\Deleted) ")
        c.append("INBOX", b"Subject: needle\r\nBcc: joe@x\r\n"
                 b"Date: Fri, 4 Feb 1994 00:00:00 +0000\r\n\r\nx\r\n",
                 "(\\Draft) ")
        c.ok("SELECT INBOX")
        yield c
        c.close()


@pytest.mark.parametrize("key,want", SEARCHES)
def test_search(found, key, want):
    key = key if isinstance(key, bytes) else key.encode()
    line = b"* SEARCH" + (b" " + want.encode() if want else b"")
    assert found.ok(b"SEARCH " + key)[0] == [line]
    # UIDs are the same numbers here
    assert found.ok(b"UID SEARCH " + key)[0] == [line]


def test_search_charset(found):
    _, tagged = found.cmd("SEARCH CHARSET KOI8-R TEXT x")
    assert tagged.startswith(b"NO [BADCHARSET (US-ASCII UTF-8)]")


def test_new_and_old(server):
    server.client().ok("NOOP")
    server.message("Subject: a\n\nx\n")
    c = server.client()
    untagged, _ = c.ok("EXAMINE INBOX")
    assert b"* 1 RECENT" in untagged
    c.ok("SELECT INBOX")            # it becomes this session's
    assert c.ok("SEARCH NEW")[0] == [b"* SEARCH 1"]
    d = server.client()
    untagged, _ = d.ok("SELECT INBOX")
    assert b"* 0 RECENT" in untagged
    assert d.ok("SEARCH OLD")[0] == [b"* SEARCH 1"]
    assert d.ok("SEARCH RECENT")[0] == [b"* SEARCH"]


# --------------------------------------------------- news of other sessions

def test_others(server):
    """RFC 3501 5.2, 7.3, 7.4.1: what others do, when it may be told."""
    a, b = server.client(), server.client()
    select(a, 3)
    b.ok("SELECT INBOX")
    a.append("INBOX", MESSAGE)
    assert b"* 4 EXISTS" in b.ok("NOOP")[0]
    a.ok("STORE 2 +FLAGS.SILENT (\\Flagged)")
    untagged = b.ok("NOOP")[0]
    assert "\\Flagged" in fetched(untagged)[2]["FLAGS"]
    a.ok("STORE 1 +FLAGS.SILENT (\\Deleted)")
    a.ok("EXPUNGE")
    # not in FETCH, STORE and SEARCH with numbers
    for command in ("FETCH 2 FLAGS", "SEARCH ALL", "STORE 2 +FLAGS (\\Seen)"):
        untagged, tagged = b.cmd(command)
        assert not any(b"EXPUNGE" in line for line in untagged)
        assert tagged.startswith(b"OK")
    # the one that is gone: the others are answered (RFC 5530 3)
    untagged, tagged = b.cmd("FETCH 1:3 FLAGS")
    assert set(fetched(untagged)) == {2, 3}
    assert tagged.startswith(b"NO [EXPUNGEISSUED]")
    assert b.cmd("STORE 1 +FLAGS (\\Seen)")[1].startswith(
        b"NO [EXPUNGEISSUED]")
    # 6.4.8: a UID that does not exist is no error
    untagged, _ = b.ok("UID FETCH 1:3 FLAGS")
    assert b"* 1 EXPUNGE" in untagged
    assert b.ok("SEARCH ALL")[0] == [b"* SEARCH 1 2 3"]


def test_file_disappears(server):
    """Another program removes a file that is in the view."""
    c = server.client()
    select(c, 3)
    next((server.root / "cur").glob("*")).unlink()
    untagged, tagged = c.cmd("FETCH 1:3 BODY.PEEK[]")
    assert len(fetched(untagged)) == 2
    assert tagged.startswith(b"NO [EXPUNGEISSUED]")
    c.cmd("FETCH 1:3 (ENVELOPE RFC822.SIZE)")
    c.cmd("STORE 1:3 +FLAGS (\\Seen)")
    c.cmd("COPY 1:3 INBOX")
    c.ok("UID SEARCH TEXT mooch")
    c.ok("NOOP")
    c.ok("NOOP")


def test_folder_disappears(server):
    a, b = server.client(), server.client()
    a.ok("CREATE x")
    b.ok("SELECT x")
    a.ok("DELETE x")
    b.send("z NOOP\r\n")
    assert b"* BYE" in b.ended()
    # one's own: it is closed
    a.ok("CREATE y")
    a.ok("SELECT y")
    assert any(b"[CLOSED]" in line for line in a.ok("DELETE y")[0])
    assert a.cmd("CHECK")[1].startswith(b"BAD")


def test_idle(server):
    """RFC 2177 3."""
    a, b = server.client(), server.client()
    select(a)
    a.send("i IDLE\r\n")
    assert a.line().startswith(b"+ ")
    b.append("INBOX", MESSAGE)
    begin = time.monotonic()
    assert a.line() == b"* 1 EXISTS"
    assert time.monotonic() - begin < 8
    assert a.line().endswith(b"RECENT")
    b.ok("SELECT INBOX")
    b.ok("STORE 1 +FLAGS (\\Deleted)")
    assert b"\\Deleted" in a.line()
    b.ok("EXPUNGE")
    assert a.line() == b"* 1 EXPUNGE"
    a.send("DONE\r\n")
    assert a.answer(b"i")[1].startswith(b"OK")
    a.send("j IDLE\r\n")
    assert a.line().startswith(b"+ ")
    a.send("k NOOP\r\n")        # anything but DONE ends it badly
    assert a.answer(b"j")[1].startswith(b"BAD")


def test_idle_ends(server):
    with Session(server.root, idle=1) as s:
        c = s.client()
        c.send("i IDLE\r\n")
        assert c.line().startswith(b"+ ")
        assert b"* BYE" in c.ended()
        d = s.client()
        assert b"* BYE" in d.ended()


# ---------------------------------------------------------------- line ends

def test_sizes(server):
    """RFC822.SIZE is what BODY[] brings, whatever the file's line ends."""
    server.client().ok("NOOP")
    texts = [b"a: b\n\nx\ny\n", b"a: b\r\n\r\nx\r\ny\n", b"a: b\n\nx\ry\n",
             b"a: b", b"", b"\n", b"no header\nat all\n",
             b"a: b\n\n" + b"line\n" * 20000,
             b"a: b\n\n" + b"z" * 300000]
    for i, text in enumerate(texts):
        server.message(text, name="%d.test" % i)
    c = server.client()
    c.ok("SELECT INBOX")
    got = fetched(c.ok("UID FETCH 1:* (RFC822.SIZE BODY.PEEK[] "
                       "BODY.PEEK[HEADER] BODY.PEEK[TEXT])")[0])
    assert len(got) == len(texts)
    wire = {re.sub(rb"(?<!\r)\n", b"\r\n", t) for t in texts}
    for item in got.values():
        assert item["RFC822.SIZE"] == len(item["BODY[]"])
        assert item["BODY[]"] == item["BODY[HEADER]"] + item["BODY[TEXT]"]
        assert item["BODY[]"] in wire
    # in pieces, from a file that is not held in memory whole
    big = max(got, key=lambda n: got[n]["RFC822.SIZE"])
    whole = got[big]["BODY[]"]
    pieces = b""
    while len(pieces) < len(whole):
        item = fetched(c.ok("FETCH %d BODY.PEEK[]<%d.65536>" %
                            (big, len(pieces)))[0])[big]
        pieces += list(item.values())[0]
    assert pieces == whole


def test_one_write_per_flight(server):
    """Many commands at once: the answers come together."""
    ours, theirs = socket.socketpair()
    server.serve(theirs)
    theirs.close()
    c = Client(ours)
    c.line()
    c.send(b"".join(b"p%d NOOP\r\n" % i for i in range(100)))
    for i in range(100):
        assert c.line().startswith(b"p%d OK" % i)


def test_logout(c):
    untagged, tagged = c.ok("LOGOUT")
    assert untagged[0].startswith(b"* BYE")
    assert c.ended() == b""


def several(*messages, close=b"\r\n"):
    return b"".join(b" %s{%d+}\r\n%s" % (options, len(text), text)
                    for options, text in messages) + close


def test_multiappend(c):
    """RFC 3502 6.3.11: several at once, each with its flags and date."""
    c.send(b"a APPEND INBOX" + several(
        (b"(\\Seen) ", MESSAGE),
        (b"(\\Flagged x) \" 7-Feb-1994 22:43:04 -0800\" ", b"Subject: b\r\n"),
        (b"", b"c\r\n")))
    assert re.match(rb"OK \[APPENDUID \d+ 1:3\]", c.answer(b"a")[1])
    c.ok("SELECT INBOX")
    got = fetched(c.ok("FETCH 1:3 (FLAGS INTERNALDATE RFC822.SIZE)")[0])
    assert "\\Seen" in got[1]["FLAGS"]
    assert set(got[2]["FLAGS"]) >= {"\\Flagged", "x"}
    assert got[2]["INTERNALDATE"] == b"08-Feb-1994 06:43:04 +0000"
    assert [got[n]["RFC822.SIZE"] for n in (1, 2, 3)] == [len(MESSAGE), 12, 3]
    # a literal that waits: one "+" each
    c.send("b APPEND INBOX {1}\r\n")
    assert c.line().startswith(b"+")
    c.send("x (\\Draft) {2}\r\n")
    assert c.line().startswith(b"+")
    c.send("yz\r\n")
    assert re.match(rb"OK \[APPENDUID \d+ 4:5\]", c.answer(b"b")[1])


REFUSED = [
    (several((b"", b"a"), (b"", b"")), b"NO"),   # 3502: zero length: error
    (several((b"", b"a"), (b"", b"b\0")), b"NO"),
    (several((b"", b"a"), (b"(\\Nothing) ", b"b"), (b"", b"c")), b"BAD"),
    (several((b"", b"a"), (b"", b"b"), close=b" x\r\n"), b"BAD"),
    (several(*[(b"", b"a")] * 201), rb"NO \[LIMIT\]"),
]


@pytest.mark.parametrize("said, want", REFUSED)
def test_multiappend_all_or_none(c, server, said, want):
    c.send(b"a APPEND INBOX" + said)
    assert re.match(want, c.answer(b"a")[1])
    assert c.ok("STATUS INBOX (MESSAGES)")[0] == [
        b"* STATUS INBOX (MESSAGES 0)"]
    assert not list((server.root / "tmp").iterdir())
