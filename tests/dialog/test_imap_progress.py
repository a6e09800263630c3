"""INPROGRESS (RFC 9585): how far a long command is.

With an interval of 0 ms every look at the clock tells; there is one for 16
messages.
"""
import pathlib
import re
import socket
import sys
import time

import pytest

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent))
from imap_client import Client, Session  # noqa: E402

N = 50
LINE = re.compile(rb'\* OK \[INPROGRESS \("(t\d+)" (\d+) (\d+)\)\] ')


@pytest.fixture
def c():
    with Session(progress=0) as server:
        client = server.client()
        for i in range(N):
            server.message("Subject: m%d\n\nx\n" % i)
        client.ok("CREATE other")
        client.ok("SELECT INBOX")
        yield client
        client.close()


def told(c, command):
    untagged, tagged = c.ok(command)
    found = [LINE.match(line).groups() for line in untagged
             if b"INPROGRESS" in line]
    assert all(tag == b"t%d" % c.count for tag, _, _ in found)
    return [(int(done), int(goal)) for _, done, goal in found], untagged


@pytest.mark.parametrize("command, goal", [
    ("SEARCH BODY x", N), ("UID SEARCH RETURN (COUNT) BODY x", N),
    ("SORT (SUBJECT) UTF-8 ALL", 2 * N),
    ("THREAD REFERENCES UTF-8 ALL", 2 * N),
    ("FETCH 1:* BODY.PEEK[]", N), ("STORE 1:* +FLAGS (\\Seen)", N),
    ("COPY 1:* other", N), ("UID MOVE 1:* other", N)])
def test_told(c, command, goal):
    """The tag, steps that grow, a goal that is not reached before the end."""
    assert b" INPROGRESS" in c.greeting
    steps, untagged = told(c, command)
    assert len(steps) >= 2, untagged
    assert all(n < m == goal for n, m in steps), steps
    assert steps == sorted(set(steps)), steps


def test_expunge(c):
    c.ok("STORE 1:* +FLAGS.SILENT (\\Deleted)")
    steps, untagged = told(c, "EXPUNGE")
    assert len(steps) >= 2
    assert len([x for x in untagged if b"EXPUNGE" in x]) == N


def test_not_told_of_what_is_quick():
    with Session() as server:
        c = server.client()
        for i in range(N):
            server.message("Subject: m%d\n\nx\n" % i)
        c.ok("SELECT INBOX")
        assert told(c, "SEARCH BODY x")[0] == []
        c.close()


def test_never_waits():
    """Who shares a mailbox could else hold its locks by reading nothing: here
    with answers that are still to be sent, and a socket that takes some."""
    ours, theirs = socket.socketpair()
    theirs.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, 4608)
    with Session(progress=0) as server:
        server.serve(theirs)
        theirs.close()
        c = Client(ours, 20)
        c.line()
        for i in range(N):
            server.message("Subject: m%d\n\nx\n" % i)
        c.ok("SELECT INBOX")
        c.send(b"n NOOP\r\n" * 600 + b"s STORE 1:* +FLAGS (\\Flagged)\r\n")
        end = time.monotonic() + 20
        while len(list(server.root.glob("cur/*F*"))) < N:
            assert time.monotonic() < end, "it waits for us"
            time.sleep(0.05)
        while not c.line().startswith(b"s OK"):
            continue
        c.close()
