"""Every file and every name is synced when a client, or qmgr, is told that all is
well; also where the file systems at hand would forgive.
"""
import time

import pytest

from conftest import needs_root, needs_strace
from numbered import message
from suite import wait_for
from synclint import CALLS, lint

# Made anew from the Maildir when missing or torn: nothing depends on them.
INDEX = "/paquebot-(index|cache)"

USER, OTHER = "alice@demo.example", "bob@demo.example"
MESSAGES = 4

pytestmark = [needs_strace, needs_root]


@pytest.fixture(scope="module")
def traced(tmp_path_factory):
    """A suite, and the trace of a few messages, one at a time."""
    from suite import Suite
    path = tmp_path_factory.mktemp("trace") / "trace"
    s = Suite(wrapper=["strace", "-f", "-qq", "--seccomp-bpf", "-y", "-s",
                       "60", "-o", str(path), "-e", "trace=" + CALLS])
    with s:
        imap, other = s.imap(USER), s.imap(OTHER)
        imap.create("Drafts")
        for n in range(MESSAGES):
            s.send("sender@client.example", USER, message(n, USER))
            s.wait_queue_empty()
            time.sleep(0.1)
            imap.append("Drafts", None, None, message(100 + n, USER))
            other.append("INBOX", "(\\Seen)", None, message(200 + n, USER))
        imap.logout()
        other.logout()
        wait_for(lambda: s.log_text().count("event=logout") == 2)
        s.paquebot("stop")      # strace passes no signal on
        s.master.wait(20)
    with open(path, encoding="utf-8", errors="replace") as trace:
        yield s, trace.readlines()


def test_250(traced):
    """RFC 5321 4.2.5: the 250 after DATA takes the responsibility."""
    s, trace = traced
    promises, bad = lint(trace, s.queue, r'"250 2\.0\.0 .*queued')
    assert promises == MESSAGES and not bad, "\n".join(bad)


def test_the_queue_lets_go(traced):
    """A message leaves the queue when it is in the mailbox.  Its UID may still be
    lost: who tells it to a client syncs it first."""
    s, trace = traced
    promises, bad = lint(trace, s.mail, r"unlinkat\(.*/queue/incoming>, \"0",
                         ignore="dovecot-uidlist|" + INDEX)
    assert promises == MESSAGES and not bad, "\n".join(bad)


@pytest.mark.parametrize("user,folder", [(USER, ".Drafts"), (OTHER, "")])
def test_append(traced, user, folder):
    """With the UID that APPENDUID tells."""
    s, trace = traced
    promises, bad = lint(trace, s.maildir(user, folder), r"APPENDUID",
                         ignore=INDEX)
    assert promises == 2 * MESSAGES and not bad, "\n".join(bad)


def test_what_is_not_synced_is_found():
    """The books themselves, on traces with a known fault."""
    def trace(*lines):
        return [f"7 {line}\n" for line in lines]
    create = 'openat(3</q>, "a", O_WRONLY|O_CREAT, 0600) = 4</q/a>'
    write, sync = "write(4</q/a>, \"x\", 1) = 1", "fsync(4</q/a>) = 0"
    dirsync, promise = "fsync(3</q>) = 0", 'write(9<s>, "250 ok", 6) = 6'
    rename = 'renameat(3</q>, "a", 5</n>, "b") = 0'
    for lines, unsafe in [
            ((create, write, sync, dirsync, promise), 0),
            ((create, write, sync, promise), 1),
            ((create, write, dirsync, promise), 1),
            ((create, write, promise), 2),
            ((create, write, sync, rename, dirsync, promise), 1),
            ((create, write, sync, rename, "fsync(5</n>) = 0", promise), 0),
            ((create, write, "fsync(4</q/a>) = -1 EIO (I/O)", dirsync,
              promise), 1)]:
        promises, bad = lint(trace(*lines), "/", "250")
        assert promises == 1 and len(bad) == unsafe, lines
