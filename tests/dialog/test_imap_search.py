"""SEARCH and SORT with return options, and what they save: conversations after
the examples of RFC 4731, 5182, 5032, 5267 and 9394.
"""
import os
import pathlib
import re
import sys
import time

import pytest

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent))
from imap_client import Session, fetched  # noqa: E402


def numbered(n):
    return "Subject: s%d\nFrom: f%d@x\n\nbody %d\n" % (n, n, n)


@pytest.fixture
def server():
    """INBOX: UIDs 1..9; 2, 4, 5 and 9 are flagged; 3 is gone."""
    with Session() as s:
        c = s.client()
        for n in range(1, 10):
            c.append("INBOX", numbered(n),
                     "(\\Flagged) " if n in (2, 4, 5, 9) else "")
        c.ok("SELECT INBOX")
        c.ok("UID STORE 3 +FLAGS (\\Deleted)")
        c.ok("EXPUNGE")
        c.close()
        yield s


@pytest.fixture
def c(server):
    client = server.client()
    client.ok("SELECT INBOX")
    yield client
    client.close()


def esearch(c, command):
    """The one ESEARCH answer, without its tag."""
    untagged, _ = c.ok(command)
    found = [u for u in untagged if u.startswith(b"* ESEARCH")]
    assert not any(u.startswith((b"* SEARCH", b"* SORT")) for u in untagged)
    assert len(found) <= 1
    if not found:
        return None
    head = b'* ESEARCH (TAG "t%d")' % c.count
    assert found[0].startswith(head), found
    return found[0][len(head):].decode()


RETURNS = [
    # RFC 4731 3.1
    ("SEARCH RETURN (MIN COUNT) FLAGGED", " MIN 2 COUNT 4"),
    ("SEARCH RETURN () FLAGGED", " ALL 2:4,8"),
    ("SEARCH RETURN (ALL) FLAGGED", " ALL 2:4,8"),
    ("SEARCH RETURN (MIN) FLAGGED", " MIN 2"),
    ("SEARCH RETURN (MAX) FLAGGED", " MAX 8"),
    ("UID SEARCH RETURN (MIN MAX) 1:5000", " UID MIN 1 MAX 9"),
    ("UID SEARCH RETURN (MAX MIN) FLAGGED", " UID MIN 2 MAX 9"),
    ("SEARCH RETURN (COUNT) DELETED", " COUNT 0"),
    ("SEARCH RETURN (MIN MAX ALL COUNT) DELETED", " COUNT 0"),
    ("SEARCH RETURN (MIN MAX ALL) DELETED", ""),
    ("search return (count) charset utf-8 flagged", " COUNT 4"),
    ("UID SEARCH RETURN (ALL) ALL", " UID ALL 1:2,4:9"),
    # RFC 9394 3.1
    ("UID SEARCH RETURN (PARTIAL 1:2) FLAGGED", " UID PARTIAL (1:2 2,4)"),
    ("UID SEARCH RETURN (PARTIAL -1:-2) FLAGGED", " UID PARTIAL (-1:-2 5,9)"),
    ("UID SEARCH RETURN (PARTIAL 4:2) FLAGGED", " UID PARTIAL (4:2 4:5,9)"),
    ("SEARCH RETURN (PARTIAL 3:100) FLAGGED", " PARTIAL (3:100 4,8)"),
    ("SEARCH RETURN (PARTIAL -4:-100) FLAGGED", " PARTIAL (-4:-100 2)"),
    ("SEARCH RETURN (PARTIAL 5:100) FLAGGED", " PARTIAL (5:100 NIL)"),
    ("SEARCH RETURN (PARTIAL -5:-9) FLAGGED", " PARTIAL (-5:-9 NIL)"),
    ("SEARCH RETURN (COUNT PARTIAL 1:1) FLAGGED", " COUNT 4 PARTIAL (1:1 2)"),
]


@pytest.mark.parametrize("command, want", RETURNS)
def test_returns(c, command, want):
    assert esearch(c, command) == want


@pytest.mark.parametrize("command", [
    "SEARCH RETURN (", "SEARCH RETURN (MIN", "SEARCH RETURN (MIN) ",
    "SEARCH RETURN (SMALLEST) ALL", "SEARCH RETURN MIN ALL",
    "SEARCH RETURN (MIN)", "SEARCH RETURN (MIN  MAX) ALL",
    "SEARCH RETURN (PARTIAL) ALL", "SEARCH RETURN (PARTIAL 0:1) ALL",
    "SEARCH RETURN (PARTIAL 1) ALL", "SEARCH RETURN (PARTIAL 1:-2) ALL",
    "SEARCH RETURN (PARTIAL -1:2) ALL",
    "SEARCH RETURN (PARTIAL 4294967296:1) ALL",
    # RFC 9394 3.1: one PARTIAL or one ALL
    "SEARCH RETURN (ALL PARTIAL 1:2) ALL",
    "SEARCH RETURN (PARTIAL 1:2 PARTIAL 3:4) ALL",
    "SEARCH OLDER 0", "SEARCH YOUNGER x", "FETCH $:3 FLAGS",
    "FETCH $,3 FLAGS", "FETCH 1,$ FLAGS"])
def test_refused(c, command):
    assert c.cmd(command)[1].startswith(b"BAD"), command
    c.ok("NOOP")


def flagged_by(c, command="FETCH $ (UID)"):
    return [f["UID"] for _, f in sorted(fetched(c.ok(command)[0]).items())]


def test_saved(c):
    """RFC 5182 2.2, examples 1, 3, 4 and 6."""
    assert flagged_by(c) == []          # nothing is saved yet: not an error
    assert c.ok("SEARCH RETURN (SAVE) FLAGGED")[0] == []
    assert flagged_by(c) == [2, 4, 5, 9]
    assert flagged_by(c, "UID FETCH $ FLAGS") == [2, 4, 5, 9]
    assert c.ok("UID SEARCH UID $ SMALLER 4096")[0] == [
        b"* SEARCH 2 4 5 9"]
    assert c.ok("UID SEARCH $ NOT SUBJECT s4")[0] == [b"* SEARCH 2 5 9"]
    assert c.ok("SEARCH CHARSET UTF-8 (OR $ 1,7:9) TEXT s")[0] == [
        b"* SEARCH 1 2 3 4 7 8"]
    c.ok("STORE $ +FLAGS.SILENT (\\Deleted)")
    assert esearch(c, "UID SEARCH RETURN () DELETED") == " UID ALL 2,4:5,9"
    assert esearch(c, "SEARCH RETURN (SAVE COUNT) KEYWORD none") == " COUNT 0"
    assert flagged_by(c) == []
    assert c.ok("COPY $ INBOX")[1].startswith(b"OK")


def test_saved_follows_expunge(c, server):
    """RFC 5182 2.1: what is expunged leaves the list, numbers move."""
    c.ok("SEARCH RETURN (SAVE) FLAGGED")
    c.ok("UID STORE 1,4 +FLAGS (\\Deleted)")
    c.ok("EXPUNGE")
    assert flagged_by(c) == [2, 5, 9]
    assert esearch(c, "SEARCH RETURN () $") == " ALL 1:2,6"
    # by somebody else, not told yet: no EXPUNGEISSUED for "$"
    other = server.client()
    other.ok("SELECT INBOX")
    other.ok("UID STORE 5 +FLAGS (\\Deleted)")
    other.ok("EXPUNGE")
    other.close()
    c.ok("FETCH 1 FLAGS")
    assert flagged_by(c) == [2, 9]
    c.ok("NOOP")
    assert flagged_by(c) == [2, 9]


def test_saved_is_emptied(c):
    """RFC 5182 2.1: by SELECT and by NO, not by BAD."""
    c.ok("SEARCH RETURN (SAVE) FLAGGED")
    assert c.cmd("SEARCH RETURN (SAVE) NONSENSE")[1].startswith(b"BAD")
    c.ok("SEARCH RETURN (ALL) 1")       # example 10: without SAVE it stays
    assert flagged_by(c) == [2, 4, 5, 9]
    # example 5
    assert re.match(rb"NO \[BADCHARSET", c.cmd(
        "SEARCH RETURN (SAVE) CHARSET KOI8-R (OR $ 1,3000:3021) TEXT x")[1])
    assert flagged_by(c) == []
    c.ok("SEARCH RETURN (SAVE) FLAGGED")
    c.ok("SELECT INBOX")
    assert flagged_by(c) == []


SAVES = [   # RFC 5182 2.4, table and example 10; RFC 9394 3.2, table 1
    ("SAVE", [2, 4, 5, 9]), ("SAVE ALL", [2, 4, 5, 9]),
    ("SAVE MIN", [2]), ("SAVE MAX", [9]), ("MAX SAVE MIN", [2, 9]),
    ("MAX MIN SAVE COUNT", [2, 4, 5, 9]), ("MIN SAVE ALL", [2, 4, 5, 9]),
    ("SAVE PARTIAL 2:3", [4, 5]), ("SAVE PARTIAL 2:3 MIN", [2, 4, 5]),
    ("SAVE PARTIAL 2:3 MAX", [4, 5, 9]),
    ("SAVE PARTIAL 2:2 MIN MAX", [2, 4, 9]),
    ("SAVE PARTIAL 2:2 COUNT", [2, 4, 5, 9]),
    ("SAVE PARTIAL 7:8", []),
]


@pytest.mark.parametrize("returns, want", SAVES)
def test_what_is_saved(c, returns, want):
    c.ok("SEARCH RETURN (%s) FLAGGED" % returns)
    assert flagged_by(c) == want


def test_uid_expunge_of_saved(c):
    c.ok("STORE 1:* +FLAGS.SILENT (\\Deleted)")
    c.ok("UID SEARCH RETURN (SAVE) 1:2")
    c.ok("UID EXPUNGE $")
    assert esearch(c, "UID SEARCH RETURN () ALL") == " UID ALL 4:9"


def test_within(server):
    """RFC 5032 2: by INTERNALDATE, to the second."""
    now = int(time.time())
    for i, age in enumerate((10, 3000, 5000, 200000)):
        path = server.message(numbered(i), name="%d.within" % i)
        os.utime(path, (now - age, now - age))
    c = server.client()
    c.ok("SELECT INBOX")
    ages = [(k, esearch(c, "SEARCH RETURN (COUNT) 9:* " + k)) for k in (
        "YOUNGER 100", "YOUNGER 4000", "OLDER 4000", "OLDER 4294967295",
        "OLDER 4000 YOUNGER 100000", "NOT OLDER 4000")]
    assert [int(a.split()[1]) for _, a in ages] == [1, 2, 2, 0, 1, 2], ages
    c.close()


SORTED = [
    # RFC 5267 3.1 to 3.3: in the order of the sort, runs only upwards
    ("UID SORT RETURN () (REVERSE SUBJECT) UTF-8 FLAGGED", " UID ALL 9,5,4,2"),
    ("SORT RETURN (ALL) (SUBJECT) UTF-8 FLAGGED", " ALL 2:4,8"),
    ("UID SORT RETURN (MIN MAX COUNT) (REVERSE FROM) UTF-8 FLAGGED",
     " UID MIN 9 MAX 2 COUNT 4"),
    ("UID SORT RETURN (PARTIAL 1:2) (REVERSE SUBJECT) UTF-8 ALL",
     " UID PARTIAL (1:2 9,8)"),
    ("SORT RETURN (ALL) (SUBJECT) UTF-8 DELETED", ""),
]


@pytest.mark.parametrize("command, want", SORTED)
def test_sorted_returns(c, command, want):
    assert esearch(c, command) == want


def test_sorted_saves(c):
    c.ok("SORT RETURN (SAVE) (REVERSE SUBJECT) UTF-8 FLAGGED")
    assert flagged_by(c) == [2, 4, 5, 9]
    c.ok("SORT RETURN (SAVE MIN) (REVERSE SUBJECT) UTF-8 FLAGGED")
    assert flagged_by(c) == [9]
    assert c.cmd("SORT RETURN (SAVE) (DATE) KOI8-R ALL")[1].startswith(
        b"NO [BADCHARSET")
    assert flagged_by(c) == []


def test_sort_of_what_is_gone(c, server):
    """RFC 5256 3: no EXPUNGE while SORT is answered; the rest is sorted."""
    other = server.client()
    other.ok("SELECT INBOX")
    other.ok("UID STORE 5 +FLAGS (\\Deleted)")
    other.ok("EXPUNGE")
    other.close()
    for command, want in (
            # may still be found, but has no subject any more
            ("SORT (SUBJECT) UTF-8 FLAGGED", rb"\* SORT (4 )?2 3 8$"),
            ("THREAD REFS UTF-8 FLAGGED", rb"\* THREAD \(2\)\(3\)\(8\)$")):
        untagged, _ = c.ok(command)
        assert not any(b"EXPUNGE" in u for u in untagged)
        assert any(re.match(want, u) for u in untagged), untagged


PARTS = [   # RFC 9394 3.3; the mailbox has the UIDs 1, 2, 4 to 9
    ("UID FETCH 1:* (FLAGS) (PARTIAL -1:-3)", [7, 8, 9]),
    ("UID FETCH 2:8 (FLAGS) (PARTIAL 1:2)", [2, 4]),
    ("UID FETCH 2:8 FLAGS (PARTIAL 3:100)", [5, 6, 7, 8]),
    ("UID FETCH 2:8 FLAGS (PARTIAL 7:9)", []),
]


@pytest.mark.parametrize("command, want", PARTS)
def test_partial_fetch(c, command, want):
    assert flagged_by(c, command) == want


def test_partial_fetch_and_changes(c):
    """RFC 9394 3.4: the last of the range, and of these what changed."""
    told = b"\n".join(c.ok("UID FETCH 1:* (MODSEQ)")[0])
    since = str(max(map(int, re.findall(rb" MODSEQ \((\d+)\)", told))))
    c.ok("UID STORE 2,8 +FLAGS.SILENT (\\Seen)")
    for modifiers in ("PARTIAL -1:-3 CHANGEDSINCE " + since,
                      "CHANGEDSINCE " + since + " PARTIAL -1:-3"):
        assert flagged_by(
            c, "UID FETCH 1:* (FLAGS) (%s)" % modifiers) == [8]


@pytest.mark.parametrize("command", [
    "FETCH 1:* FLAGS (PARTIAL 1:2)", "UID FETCH 1:* FLAGS (PARTIAL 1)",
    "UID FETCH 1:* FLAGS (PARTIAL 1:2 PARTIAL 3:4)",
    "UID FETCH 1:* FLAGS (PARTIAL 0:2)"])
def test_partial_fetch_refused(c, command):
    assert c.cmd(command)[1].startswith(b"BAD")


SUBJECTS = [
    (b"Subject: one\nSubject: two\n", b"one", b"two"),
    (b"Subject: a \"quoted\\\" word\n", b"\"a \\\"QUOTED\\\\\\\" w\"", b"zz"),
    (b"Subject: =?utf-8?Q?gr=C3=BCn?=\n", b"{5+}\r\nGR\xc3\x9cN", b"utf"),
    (b"Subject: folded\n and on\n", b"\"FOLDED AND ON\"", b"foldedand"),
    (b"Subject: raw \xc3\xa4\n", b"{6+}\r\nRAW \xc3\x84", b"draw"),
    (b"Subject:\n", b"\"\"", b"x"),
    (b"X: no subject\n", None, b"\"\""),
]


def test_subject_is_of_the_envelope():
    """RFC 3501 6.4.4 SUBJECT: "in the envelope structure's SUBJECT field";
    the same whether headers are read, or the envelope or fields are kept."""
    with Session() as s:
        c = s.client()
        for head, _, _ in SUBJECTS:
            c.append("INBOX", b"From: a@x\n" + head + b"\nbody\n")
        for kept in (None, "FETCH 1:* ENVELOPE", "SEARCH FROM a@x"):
            c.ok("SELECT INBOX")
            if kept:
                c.ok(kept)
            c.ok("SELECT INBOX")
            for n, (_, has, has_not) in enumerate(SUBJECTS, 1):
                for want, count in ((has, 1), (has_not, 0)):
                    if want is None:
                        continue
                    untagged, _ = c.ok(b"SEARCH %d SUBJECT %s" % (n, want))
                    found = untagged[0].split()[2:]
                    assert len(found) == count, (kept, want, untagged)
        c.close()
