"""What is kept between sessions: answers from the index and the cache are those
that the messages give, whatever happens to the files; and no message is opened
for a list of them.  Large messages that are read in parts.
"""
import pathlib
import re
import shutil
import subprocess
import sys

import pytest

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent))
from imap_client import SERVER, Session  # noqa: E402

KEPT = ("paquebot-index", "paquebot-index.log", "paquebot-cache")
LIST = ("FETCH 1:* (UID FLAGS INTERNALDATE RFC822.SIZE ENVELOPE "
        "BODYSTRUCTURE BODY.PEEK[HEADER.FIELDS (From To Cc Subject Date "
        "References)])")

MESSAGES = [
    b"From: a@b.example\r\nSubject: plain\r\n\r\ntext\r\n",
    b"From: \"A (B) \\\"C\\\"\" <a@b.example>, c@d.example\r\nTo: x: y@z.example;"
    b"\r\nSubject: =?utf-8?q?=C3=A9?= {3}\r\nDate: Mon, 7 Feb 1994 21:52:25 "
    b"-0800\r\nReferences: <1@b>\r\n\t<2@b>\r\nMIME-Version: 1.0\r\n"
    b"Content-Type: multipart/mixed; boundary=b\r\n\r\n--b\r\n\r\none\r\n--b\r\n"
    b"Content-Type: message/rfc822\r\n\r\nSubject: in\r\n\r\ntwo\r\n--b--\r\n",
    b"Subject: \xe9\xff not US-ASCII\r\nFrom: <@>\r\n\r\n",
    b"no header at all\r\n",
    b"Subject: no body\r\n",
    b"\r\nno field\r\n",
]


@pytest.fixture
def server():
    with Session() as s:
        c = s.client()
        for m in MESSAGES:
            c.append("INBOX", m)
        c.ok("SELECT INBOX")    # nothing is \\Recent any more
        c.close()
        yield s


def answers(server, *commands):
    c = server.client()
    c.ok("SELECT INBOX")
    out = [c.cmd(x) for x in commands]
    c.ok("UNSELECT")            # what was learnt is written here
    c.close()
    return [[x for x in untagged if b"RECENT" not in x] for untagged, _ in out]


def test_same_answers(server):
    first = answers(server, LIST, "SEARCH SUBJECT plain", LIST)
    assert len(first[0]) == len(MESSAGES)
    assert first[0] == first[2]
    assert (pathlib.Path(server.root) / "paquebot-cache").exists()
    for _ in range(3):
        assert answers(server, LIST, "SEARCH SUBJECT plain", LIST) == first
    for name in KEPT:           # and as if for the first time
        (pathlib.Path(server.root) / name).unlink(missing_ok=True)
    assert answers(server, LIST, "SEARCH SUBJECT plain", LIST) == first


def test_search_kept_fields(server):
    """RFC 3501 6.4.4: a field of the header with the text in it."""
    want = [[b"* SEARCH 2"], [b"* SEARCH 1 2"], [b"* SEARCH 2"],
            [b"* SEARCH 1 2 3 5"]]
    commands = ("SEARCH TO y@z", "SEARCH FROM a@b", "SEARCH SENTON 7-Feb-1994",
                'SEARCH HEADER Subject ""')
    for _ in range(3):
        assert answers(server, *commands) == want


@pytest.mark.parametrize("name", KEPT)
def test_spoilt(server, name):
    first = answers(server, LIST)
    path = pathlib.Path(server.root) / name
    whole = path.read_bytes()
    for n in range(0, len(whole), max(1, len(whole) // 40)):
        for spoilt in (whole[:n], whole[:n] + b"\xff" + whole[n + 1:]):
            path.write_bytes(spoilt)
            assert answers(server, LIST) == first, (name, n)
        path.write_bytes(whole)


def test_spoilt_while_selected(server):
    first = answers(server, LIST)
    for name in KEPT:
        c = server.client()
        c.ok("SELECT INBOX")
        path = pathlib.Path(server.root) / name
        with open(path, "r+b") as f:
            f.truncate(path.stat().st_size // 3)
        assert [x for x in c.cmd(LIST)[0] if b"RECENT" not in x] == first[0]
        c.close()


@pytest.mark.skipif("build-san" in str(SERVER),
                    reason="LeakSanitizer cannot be traced")
@pytest.mark.skipif(shutil.which("strace") is None, reason="no strace")
def test_no_message_is_opened(server, tmp_path):
    answers(server, LIST)
    answers(server, LIST)
    c = server.client()
    trace = tmp_path / "trace"
    pid = server.running[-1].pid
    strace = subprocess.Popen(["strace", "-p", str(pid), "-o", trace,
                               "-e", "trace=openat", "-qq"],
                              stderr=subprocess.DEVNULL)
    while strace.poll() is None and "TracerPid:\t0" in open(
            "/proc/%d/status" % pid).read():
        pass
    c.ok("SELECT INBOX")
    assert len(c.cmd(LIST)[0]) >= len(MESSAGES)
    c.ok("LOGOUT")
    c.close()
    strace.wait()
    opened = re.findall(r'openat\([^"]*"([^"]*)"', trace.read_text())
    assert opened and not [x for x in opened if ",S=" in x], opened


def test_parts_of_a_large_message(server):
    """RFC 3501 6.4.5: partial.  Together they are the whole."""
    text = b"".join(b"%07d %s\r\n" % (i, b"x" * (i * 7 % 120))
                    for i in range(9000))
    text = b"Subject: large\r\n\r\n" + text
    c = server.client()
    c.append("INBOX", text)
    c.ok("SELECT INBOX")
    n = len(MESSAGES) + 1
    for step in (5000, 65536, 300000):
        got = b""
        for at in range(0, len(text) + step, step):
            lines, _ = c.cmd("FETCH %d BODY.PEEK[]<%d.%d>" % (n, at, step))
            part = lines[0].split(b"\r\n", 1)[1][:-1]
            assert part == text[at:at + step], (step, at)
            got += part
        assert got == text
    # Backwards, too.
    for at in range(len(text) - 1000, 0, -200000):
        lines, _ = c.cmd("FETCH %d BODY.PEEK[]<%d.1000>" % (n, at))
        assert lines[0].split(b"\r\n", 1)[1][:-1] == text[at:at + 1000]
    c.close()
