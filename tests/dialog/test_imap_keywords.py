"""Keywords with a meaning: each can be stored, found, and is kept by APPEND, COPY
and MOVE (RFC 5788 3.4; RFC 9051 2.3.2), in any case of letters.
"""
import pathlib
import sys

import pytest

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent))
from imap_client import fetched  # noqa: E402
from imap_fixtures import c, server  # noqa: E402, F401

MESSAGE = b"Subject: x\r\n\r\nx\r\n"

# Of the IANA registry "IMAP and JMAP Keywords", and what Thunderbird writes.
REGISTERED = [
    "$MDNSent", "$Forwarded", "$SubmitPending", "$Submitted", "$Junk",
    "$NotJunk", "$Phishing", "$Important", "$Followed", "$Muted", "$Memo",
    "$HasMemo", "$HasAttachment", "$HasNoAttachment", "$AutoSent",
    "$Unsubscribed", "$CanUnsubscribe", "$Imported", "$IsTrusted",
    "$MaskedEmail", "$New", "$Notify", "NonJunk", "$NonJunk"]


def flags_of(c, n):
    return fetched(c.ok("FETCH %d FLAGS" % n)[0])[n]["FLAGS"]


def permanent(untagged):
    line = [x for x in untagged if b"[PERMANENTFLAGS " in x][-1]
    return line[line.index(b"(") + 1:line.index(b")")].decode().split()


@pytest.mark.parametrize("word", REGISTERED)
def test_keyword(server, c, word):
    c.append("INBOX", MESSAGE)
    c.append("INBOX", MESSAGE)
    c.ok("CREATE other")
    c.ok("SELECT INBOX")
    untagged, _ = c.ok("STORE 1 +FLAGS (%s)" % word)
    assert word in fetched(untagged)[1]["FLAGS"]
    assert word in permanent(untagged)
    # RFC 9051 9: not sensitive to case; the first spelling stays.
    for spelling in (word, word.upper(), word.lower()):
        assert c.ok("SEARCH KEYWORD " + spelling)[0] == [b"* SEARCH 1"]
        assert c.ok("SEARCH UNKEYWORD " + spelling)[0] == [b"* SEARCH 2"]
    c.ok("STORE 2 +FLAGS (%s)" % word.swapcase())
    assert word in flags_of(c, 2)
    assert len(permanent(c.ok("SELECT INBOX")[0])) == len(
        "\\Answered \\Flagged \\Deleted \\Seen \\Draft k \\*".split())
    # It goes along, and is there for others and later.
    c.ok("COPY 1 other")
    c.ok("APPEND other (%s) {%d+}\r\n%s" % (
        word.upper(), len(MESSAGE), MESSAGE.decode()))
    c.ok("MOVE 2 other")
    again = server.client()
    assert word in permanent(again.ok("SELECT other")[0])
    for n in 1, 2, 3:
        assert word in flags_of(again, n)
    assert again.ok("SEARCH KEYWORD " + word)[0] == [b"* SEARCH 1 2 3"]
    again.ok("STORE 1:2 -FLAGS (%s)" % word.lower())
    assert again.ok("SEARCH KEYWORD " + word)[0] == [b"* SEARCH 3"]
    again.close()
    # On disk it is a letter of the file's name: other programs see it.
    names = [p.name for p in (server.root / ".other" / "cur").iterdir()]
    assert sum(n.endswith(":2,a") for n in names) == 1


def test_all_of_them(c):
    """A mailbox has room for 26: all that are registered go at once."""
    c.append("INBOX", MESSAGE)
    c.ok("SELECT INBOX")
    c.ok("STORE 1 +FLAGS (%s)" % " ".join(REGISTERED))
    assert set(REGISTERED) <= set(flags_of(c, 1))
    c.ok("STORE 1 FLAGS ()")
    assert not set(REGISTERED) & set(flags_of(c, 1))
