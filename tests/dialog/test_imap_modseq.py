"""CONDSTORE and QRESYNC (RFC 7162): the examples of its text, and what it asks for
between several sessions, deliveries, foreign programs and a lost index.
"""
import contextlib
import pathlib
import re
import sys

import pytest

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent))
from imap_client import fetched  # noqa: E402
from imap_fixtures import server  # noqa: E402, F401

ONE = b"Subject: one\r\n\r\ntext\r\n"


@pytest.fixture
def c(server):
    with contextlib.closing(server.client()) as client:
        for _ in range(5):
            client.append("INBOX", ONE)
        yield client


def highest(lines):
    """The last HIGHESTMODSEQ that was told."""
    found = re.findall(rb"\[HIGHESTMODSEQ (\d+)\]", b"\n".join(lines))
    return int(found[-1]) if found else None


def code(lines, name):
    return int(re.search(rb"\[%s (\d+)\]" % name, b"\n".join(lines)).group(1))


def modseqs(untagged):
    return {n: items["MODSEQ"][0] for n, items in fetched(untagged).items()
            if "MODSEQ" in items}


def vanished(untagged, earlier=True):
    """The UIDs of VANISHED answers."""
    uids, word = [], b"VANISHED (EARLIER) " if earlier else b"VANISHED "
    for line in untagged:
        if not line.startswith(b"* " + word) or \
                (b"EARLIER" in line) != earlier:
            continue
        for run in line[2 + len(word):].split(b","):
            first, _, last = run.partition(b":")
            uids += range(int(first), int(last or first) + 1)
    return uids


def select(c, extra="", folder="INBOX"):
    untagged, tagged = c.ok(f"SELECT {folder}{extra}")
    return untagged + [tagged]


def again(server, enabled=True):
    c = server.client()
    if enabled:
        untagged, _ = c.ok("ENABLE QRESYNC")
        assert untagged == [b"* ENABLED QRESYNC"]
    return c


def test_announced(c):
    """3.1.1, 3.2.2, 3.2.3"""
    said = b" ".join(c.ok("CAPABILITY")[0])
    for name in (b" CONDSTORE", b" QRESYNC", b" ENABLE"):
        assert name in said and name in c.greeting
    assert c.ok("ENABLE CONDSTORE")[0] == [b"* ENABLED CONDSTORE"]
    assert set(c.ok("ENABLE X QRESYNC CONDSTORE")[0][0].split()[2:]) == \
        {b"QRESYNC", b"CONDSTORE"}


def test_select(c):
    """3.1.2.1 and examples 1, 17, 18: SELECT and STATUS say the same."""
    n = highest(select(c))
    assert n > 0
    assert highest(select(c, " (CONDSTORE)")) == n
    assert c.ok("STATUS INBOX (HIGHESTMODSEQ)")[0] == \
        [b"* STATUS INBOX (HIGHESTMODSEQ %d)" % n]
    assert max(modseqs(c.ok("FETCH 1:* MODSEQ")[0]).values()) <= n


@pytest.mark.parametrize("command", [
    "STATUS INBOX (HIGHESTMODSEQ)", "FETCH 1 (MODSEQ)", "SEARCH MODSEQ 1",
    "FETCH 1 FLAGS (CHANGEDSINCE 1)", "ENABLE CONDSTORE", "ENABLE QRESYNC",
    "STORE 1 (UNCHANGEDSINCE 1) +FLAGS (x)"])
def test_enabling(server, c, command):
    """3.1, 3.2.4: from then on FETCH answers bring UID and MODSEQ; the first
    such command tells HIGHESTMODSEQ (example 5)."""
    d = server.client()
    n = highest(select(c))
    select(d)
    items = fetched(c.ok("STORE 1 +FLAGS (\\Flagged)")[0])[1]
    assert "MODSEQ" not in items and "UID" not in items
    untagged, _ = c.ok(command)
    assert highest(untagged) >= n
    assert highest(c.ok(command)[0]) is None
    d.ok("STORE 2 +FLAGS (\\Flagged)")
    items = fetched(c.ok("NOOP")[0])[2]
    assert items["FLAGS"] and items["UID"] == 2 and items["MODSEQ"][0] > n
    d.close()


def test_fetch(c):
    """Examples 12 and 13."""
    n = highest(select(c, " (CONDSTORE)"))
    assert set(modseqs(c.ok("FETCH 1:3 (MODSEQ)")[0])) == {1, 2, 3}
    c.ok("STORE 2,4 +FLAGS.SILENT (\\Seen)")
    untagged, _ = c.ok(f"UID FETCH 1:* (FLAGS) (CHANGEDSINCE {n})")
    got = fetched(untagged)
    assert set(got) == {2, 4}
    assert all(m["MODSEQ"][0] > n and "\\Seen" in m["FLAGS"] and
               m["UID"] == k for k, m in got.items())
    assert not fetched(c.ok("FETCH 1:* FLAGS (CHANGEDSINCE %d)" %
                            got[2]["MODSEQ"][0])[0])
    assert len(fetched(c.ok("FETCH 1:* FAST (CHANGEDSINCE 1)")[0])) == 5


@pytest.mark.parametrize("command", [
    "FETCH 1 FLAGS (CHANGEDSINCE 0)", "FETCH 1 FLAGS (CHANGEDSINCE)",
    "FETCH 1 FLAGS (CHANGEDSINCE 9223372036854775808)",
    "FETCH 1 FLAGS (CHANGEDSINCE 1 VANISHED)",      # 3.2.6: UID FETCH only
    "UID FETCH 1 FLAGS (VANISHED)", "UID FETCH 1 FLAGS ()",
    "STORE 1 (UNCHANGEDSINCE) +FLAGS x", "STORE 1 (UNCHANGEDSINCE 1)+FLAGS x",
    "STORE 1 (UNCHANGEDSINCE 1 UNCHANGEDSINCE 1) +FLAGS x",
    "SEARCH MODSEQ", 'SEARCH MODSEQ "/flags/x" 1',
    'SEARCH MODSEQ "/flags/x" some 1', "SELECT INBOX (QRESYNC)",
    "SELECT INBOX (QRESYNC (1))", "SELECT INBOX (QRESYNC (0 1))",
    "SELECT INBOX (QRESYNC (1 0))", "SELECT INBOX (QRESYNC (1 1 1:*))",
    "SELECT INBOX (QRESYNC (1 1 1 (1)))",
    "SELECT INBOX (QRESYNC (1 1 (2,1 1,2)))",
    "SELECT INBOX (QRESYNC (1 1 (1,* 1,2)))", "SELECT INBOX ()",
    "SELECT INBOX (X)", "SELECT INBOX (CONDSTORE"])
def test_bad(c, command):
    c.ok("ENABLE QRESYNC")
    select(c)
    assert c.cmd(command)[1].startswith(b"BAD"), command


def test_not_enabled(c):
    """3.2.3: BAD without ENABLE QRESYNC; the mailbox stays as it is (3.2.5)."""
    select(c, " (CONDSTORE)")
    assert c.cmd("SELECT INBOX (QRESYNC (1 1))")[1].startswith(b"BAD")
    assert c.cmd("UID FETCH 1 FLAGS (CHANGEDSINCE 1 VANISHED)")[1] \
        .startswith(b"BAD")


def test_store(c):
    """Examples 3 to 7."""
    n = highest(select(c, " (CONDSTORE)"))
    untagged, tagged = c.ok(
        f"UID STORE 3,2,4 (UNCHANGEDSINCE {n}) +FLAGS.SILENT (\\Deleted)")
    got = fetched(untagged)
    assert set(got) == {2, 3, 4} and b"MODIFIED" not in tagged
    assert all("FLAGS" not in m and m["MODSEQ"][0] > n for m in got.values())
    m = got[2]["MODSEQ"][0]
    # A number of its own for each STORE, above all before (3.1).
    k = modseqs(c.ok("STORE 1 +FLAGS.SILENT (\\Deleted)")[0])[1]
    assert k > m
    untagged, tagged = c.ok(
        f"STORE 5,1:2 (UNCHANGEDSINCE {n}) FLAGS.SILENT (\\Seen)")
    assert tagged.startswith(b"OK [MODIFIED 1:2]")
    got = fetched(untagged)
    assert "FLAGS" in got[1] and "FLAGS" in got[2]      # why it failed
    assert "FLAGS" not in got[5] and got[5]["MODSEQ"][0] > k
    # 3.1.3: 0 always fails.
    _, tagged = c.ok("STORE 3 (UNCHANGEDSINCE 0) +FLAGS.SILENT ($MDNSent)")
    assert tagged.startswith(b"OK [MODIFIED 3]")
    assert "$MDNSent" not in fetched(c.ok("FETCH 3 FLAGS")[0])[3]["FLAGS"]
    # 3.1.3: named twice, it does not fail the second time.
    n = highest(select(c))
    _, tagged = c.ok(f"STORE 5,1:5 (UNCHANGEDSINCE {n}) +FLAGS (a)")
    assert b"MODIFIED" not in tagged
    # 3.1.11: what is set already changes no number.
    n = highest(select(c))
    c.ok("STORE 1:5 +FLAGS (a)")
    assert highest(select(c)) == n


def test_store_race(server, c):
    """3.1.3: of two that depend on one state only one is made."""
    d = server.client()
    n = highest(select(c, " (CONDSTORE)"))
    assert highest(select(d, " (CONDSTORE)")) == n
    _, won = c.ok(f"STORE 1 (UNCHANGEDSINCE {n}) FLAGS (mine)")
    untagged, lost = d.ok(f"STORE 1 (UNCHANGEDSINCE {n}) FLAGS (theirs)")
    assert b"MODIFIED" not in won and b"[MODIFIED 1]" in lost
    assert fetched(untagged)[1]["FLAGS"][0] == "mine"
    # 3.1.12: another flag is no reason to fail for +FLAGS.
    n = highest(select(d))
    c.ok("STORE 2 +FLAGS (\\Deleted)")
    untagged, tagged = d.ok(f"STORE 2 (UNCHANGEDSINCE {n}) +FLAGS (\\Seen)")
    assert b"MODIFIED" not in tagged
    assert {"\\Deleted", "\\Seen"} <= set(fetched(untagged)[2]["FLAGS"])
    d.close()


def test_store_gone(server, c):
    """Example 11: expunged elsewhere, and MODIFIED in a NO."""
    d = server.client()
    n = highest(select(c, " (CONDSTORE)"))
    select(d)
    d.ok("STORE 2 +FLAGS (\\Answered)")
    d.ok("STORE 4:5 +FLAGS (\\Deleted)")
    d.ok("EXPUNGE")
    c.ok("FETCH 1 FLAGS")       # c knows, but may not be told (3.2)
    _, tagged = c.cmd(f"STORE 1:5 (UNCHANGEDSINCE {n}) FLAGS (\\Seen)")
    assert tagged.startswith(b"NO [MODIFIED 2]")
    untagged, _ = c.ok("NOOP")
    assert untagged.count(b"* 4 EXPUNGE") + \
        untagged.count(b"* 5 EXPUNGE") == 2
    d.close()


def test_seen(c):
    """3.2.4: a FETCH that sets \\Seen tells UID, FLAGS and MODSEQ."""
    n = highest(select(c, " (CONDSTORE)"))
    items = fetched(c.ok("FETCH 1 BODY[TEXT]")[0])[1]
    assert items["UID"] == 1 and "\\Seen" in items["FLAGS"]
    assert items["MODSEQ"][0] > n
    assert set(fetched(c.ok("FETCH 1 BODY[TEXT]")[0])[1]) == {"BODY[TEXT]"}


def test_search(c):
    """Examples 15, 16, 19."""
    n = highest(select(c))
    c.ok("STORE 2 +FLAGS (a)")
    c.ok("STORE 4 +FLAGS (a)")
    m = modseqs(c.ok("FETCH 1:* MODSEQ")[0])
    assert c.ok(f"SEARCH MODSEQ {n + 1}")[0] == \
        [b"* SEARCH 2 4 (MODSEQ %d)" % m[4]]
    assert c.ok(f"SEARCH MODSEQ {m[4]}")[0] == \
        [b"* SEARCH 4 (MODSEQ %d)" % m[4]]      # equal or greater
    assert c.ok('UID SEARCH MODSEQ "/flags/\\\\draft" all %d 1:3' % (n + 1)
                )[0] == [b"* SEARCH 2 (MODSEQ %d)" % m[2]]
    assert c.ok("SEARCH OR NOT MODSEQ 1 LARGER 50000")[0] == [b"* SEARCH"]
    count = c.count + 1
    assert c.ok(f"SEARCH RETURN (ALL) MODSEQ {n + 1}")[0] == \
        [b'* ESEARCH (TAG "t%d") ALL 2,4 MODSEQ %d' % (count, m[4])]
    assert c.ok(f"SEARCH RETURN (MIN) MODSEQ {n + 1}")[0] == \
        [b'* ESEARCH (TAG "t%d") MIN 2 MODSEQ %d' % (count + 1, m[2])]


def test_expunge(server, c):
    """3.2.7, 3.2.9, 3.2.10: VANISHED, and HIGHESTMODSEQ in the tagged OK."""
    e, d = again(server), server.client()
    n = highest(select(e))
    select(d, " (CONDSTORE)")
    e.ok("STORE 2,4:5 +FLAGS.SILENT (\\Deleted)")
    untagged, tagged = e.ok("UID EXPUNGE 4")
    assert vanished(untagged, False) == [4] and highest([tagged]) > n
    m = highest([tagged])
    untagged, tagged = e.ok("EXPUNGE")
    assert vanished(untagged, False) == [2, 5] and highest([tagged]) > m
    assert not any(b"EXPUNGE" in line for line in untagged)
    assert highest([e.ok("EXPUNGE")[1]]) is None        # nothing went
    untagged, _ = d.ok("NOOP")
    assert [x for x in untagged if b"EXPUNGE" in x] == \
        [b"* 5 EXPUNGE", b"* 4 EXPUNGE", b"* 2 EXPUNGE"]
    assert not vanished(untagged, False)
    e.ok("STORE 1 +FLAGS.SILENT (\\Deleted)")
    assert highest([e.ok("CLOSE")[1]]) is None          # 3.2.8
    assert highest(select(e)) > m
    e.close()
    d.close()


def test_move(server, c):
    """3.2: MOVE counts as an expunge."""
    e = again(server)
    n = highest(select(e))
    e.ok("CREATE other")
    untagged, _ = e.ok("MOVE 2 other")
    assert vanished(untagged, False) == [2] and highest(untagged) > n
    e.close()


def test_held(server, c):
    """3.2 and the example of section 6: what is not told yet is not counted."""
    e, d = again(server), server.client()
    n = highest(select(e))
    select(d)
    d.ok("STORE 5 +FLAGS.SILENT (\\Deleted)")
    d.ok("EXPUNGE")
    untagged, _ = e.ok("STORE 1:2 +FLAGS.SILENT (\\Seen)")
    said = modseqs(untagged)
    assert min(said.values()) > n
    assert n <= highest(untagged) < min(said.values())
    assert not vanished(untagged, False)
    untagged, _ = e.ok("STORE 3 +FLAGS.SILENT (\\Seen)")
    assert highest(untagged) < min(said.values())
    last = modseqs(untagged)[3]
    untagged, _ = e.ok("NOOP")
    assert vanished(untagged, False) == [5] and highest(untagged) >= last
    e.close()
    d.close()


def test_closed(server, c):
    """3.2.11: CLOSED parts the answers of two mailboxes."""
    c.ok("CREATE x")
    select(c)
    untagged, _ = c.ok("SELECT x")
    assert untagged[0].startswith(b"* OK [CLOSED]")
    c.ok("CLOSE")
    assert not any(b"CLOSED" in x for x in c.ok("SELECT x")[0])


def uidvalidity(lines):
    return code(lines, b"UIDVALIDITY")


def test_resync(server, c):
    """3.2.5.1: what has changed since the client was here."""
    e = again(server)
    said = select(e)
    v, n = uidvalidity(said), highest(said)
    e.close()
    select(c)
    c.ok("STORE 2:3 +FLAGS (\\Deleted)")
    c.ok("EXPUNGE")
    c.ok("STORE 2 +FLAGS (\\Flagged)")          # UID 4
    c.append("INBOX", ONE)                      # UID 6
    e = again(server)
    said = select(e, f" (QRESYNC ({v} {n}))")
    assert vanished(said) == [2, 3]
    got = fetched(said)
    assert {m["UID"] for m in got.values()} == {4, 6}
    assert "\\Flagged" in got[2]["FLAGS"] and got[2]["MODSEQ"][0] > n
    # VANISHED first (3.2.6), everything behind what SELECT says.
    order = [i for i, x in enumerate(said) if b"VANISHED" in x or
             b" FETCH " in x]
    assert b"VANISHED" in said[order[0]]
    assert order[0] > max(i for i, x in enumerate(said)
                          if b"HIGHESTMODSEQ" in x or b"EXISTS" in x)
    # The same by UID FETCH.
    untagged, _ = e.ok(f"UID FETCH 1:* (FLAGS) (CHANGEDSINCE {n} VANISHED)")
    assert vanished(untagged) == [2, 3]
    assert {m["UID"] for m in fetched(untagged).values()} == {4, 6}
    # Those behind the last message that there is, too.
    before = highest(select(e))
    c.ok("UID STORE 6 +FLAGS (\\Deleted)")
    c.ok("EXPUNGE")
    e.ok("NOOP")
    untagged, _ = e.ok("UID FETCH 1:* (FLAGS) (CHANGEDSINCE %d VANISHED)" %
                       before)
    assert vanished(untagged) == [6]
    # Only the UIDs that the client knows.
    said = select(e, f" (QRESYNC ({v} {n} 1,3:5))")
    assert vanished(said) == [3]
    assert {m["UID"] for m in fetched(said).values()} == {4}
    # Up to date: nothing.
    now = highest(said)
    said = select(e, f" (QRESYNC ({v} {now}))")
    assert not vanished(said) and not fetched(said)
    # Another UIDVALIDITY: nothing, either.
    said = select(e, f" (QRESYNC ({v + 1} {n}))")
    assert not vanished(said) and not fetched(said)
    e.close()


def test_sequence_match(server, c):
    """3.2.5.2: too old a number: all but what the client shows to know."""
    e = again(server)
    v = uidvalidity(select(e))
    e.ok("STORE 1,3 +FLAGS.SILENT (\\Deleted)")
    e.ok("EXPUNGE")                             # UIDs 2, 4, 5 are left
    assert vanished(select(e, f" (QRESYNC ({v} 1))")) == [1, 3]
    assert vanished(select(e, f" (QRESYNC ({v} 1 1:5 (1 2)))")) == [3]
    assert vanished(select(e, f" (QRESYNC ({v} 1 (1:3 2,4:5)))")) == []
    assert vanished(select(e, f" (QRESYNC ({v} 1 (1,2 2,3)))")) == [3]
    assert vanished(select(e, f" (QRESYNC ({v} 1 (1:9 1,3,6:12)))")) == \
        [1, 3]
    e.close()


def test_changes_by_others(server, c):
    """A delivery, and a program that knows nothing of numbers."""
    e = again(server)
    said = select(e)
    v, n = uidvalidity(said), highest(said)
    e.close()
    cur = server.root / "cur"
    server.message(b"Subject: x\n\nnew\n")
    names = re.findall(r"^\d+ .*:(.*)$", (server.root / "dovecot-uidlist")
                       .read_text(), re.M)
    (cur / (names[0] + ":2,")).rename(cur / (names[0] + ":2,F"))
    (cur / (names[1] + ":2,")).unlink()
    e = again(server)
    said = select(e, f" (QRESYNC ({v} {n}))")
    assert vanished(said) == [2]
    assert {m["UID"] for m in fetched(said).values()} == {1, 6}
    e.close()


@pytest.mark.parametrize("lost", [
    ["paquebot-index"], ["paquebot-index.log"],
    ["paquebot-index", "paquebot-index.log"]])
def test_lost_index(server, c, lost):
    """Numbers do not go back, and nothing is kept from the client."""
    e = again(server)
    said = select(e)
    v, n = uidvalidity(said), highest(said)
    e.close()
    select(c)
    c.ok("STORE 2 +FLAGS.SILENT (\\Deleted)")
    c.ok("EXPUNGE")
    c.ok("STORE 1 +FLAGS.SILENT (\\Seen)")
    c.ok("STORE 1 -FLAGS.SILENT (\\Seen)")
    c.ok("NOOP")
    for name in lost:
        (server.root / name).unlink()
    e = again(server)
    said = select(e, f" (QRESYNC ({v} {n}))")
    assert highest(said) > n and vanished(said) == [2]
    assert {m["UID"] for m in fetched(said).values()} == {1, 3, 4, 5}
    e.close()


def test_no_numbers(server, c):
    """3.1.2.2: where none can be kept: NOMODSEQ, and BAD for who asks."""
    c.ok("CREATE x")
    c.append("x", ONE)
    folder = server.root / ".x"
    for name in ("paquebot-index", "paquebot-index.log"):
        (folder / name).unlink(missing_ok=True)
    (folder / "paquebot-index.log").mkdir()
    e = again(server)
    said = select(e, folder="x")
    assert highest(said) is None and any(b"[NOMODSEQ]" in x for x in said)
    assert e.ok("STATUS x (HIGHESTMODSEQ)")[0] == \
        [b"* STATUS x (HIGHESTMODSEQ 0)"]
    for command in ("FETCH 1 MODSEQ", "FETCH 1 FLAGS (CHANGEDSINCE 1)",
                    "SEARCH MODSEQ 1", "STORE 1 (UNCHANGEDSINCE 9) FLAGS x"):
        assert e.cmd(command)[1].startswith(b"BAD"), command
    # And EXPUNGE as of old (3.2.10).
    e.ok("STORE 1 +FLAGS (\\Deleted)")
    assert b"* 1 EXPUNGE" in e.ok("EXPUNGE")[0]
    e.close()
