"""Every file and every name is synced when a client, or qmgr, is told that all is
well; also where the file systems at hand would forgive.
"""
import contextlib
import subprocess
import time

import pytest

from conftest import needs_root, needs_strace
from numbered import message
from suite import ROOT, Suite, wait_for
from synclint import CALLS, lint

# Made anew from the Maildir when missing or torn: nothing depends on them.
INDEX = "/paquebot-(index|cache)"

USER, OTHER = "alice@demo.example", "bob@demo.example"
TEAM, THIRD = "team@demo.example", "carol@demo.example"
MESSAGES = 4

pytestmark = [needs_strace, needs_root]


def load(s, messages):
    """Mail and APPENDs, one at a time; then the end."""
    imap, other = s.imap(USER), s.imap(OTHER)
    imap.create("Drafts")
    for n in range(messages):
        for number, to in (n, USER), (300 + n, TEAM):
            s.send("sender@client.example", to, message(number, to))
            s.wait_queue_empty()
            time.sleep(0.1)
        imap.append("Drafts", None, None, message(100 + n, USER))
        other.append("INBOX", "(\\Seen)", None, message(200 + n, USER))
    imap.logout()
    other.logout()
    wait_for(lambda: s.log_text().count("event=logout") == 2)
    s.paquebot("stop")      # strace passes no signal on
    s.master.wait(20)


@contextlib.contextmanager
def traced_suite(path, messages, *wrapper, bin_dir=None):
    """A suite that has ended, and the lines of its trace."""
    s = Suite(bin_dir=bin_dir, maps={"aliases": f"team: {USER}, {THIRD}\n"},
              users={u: "secret" for u in (USER, OTHER, THIRD)},
              wrapper=["strace", "-f", "-qq", "--seccomp-bpf", "-y", "-s",
                       "60", "-o", str(path), "-e", "trace=" + CALLS,
                       *wrapper])
    with s:
        load(s, messages)
    with open(path, encoding="utf-8", errors="replace") as trace:
        yield s, trace.readlines()


@pytest.fixture(scope="module")
def traced(tmp_path_factory):
    path = tmp_path_factory.mktemp("trace") / "trace"
    with traced_suite(path, MESSAGES) as both:
        yield both


def lint_250(s, trace):
    """RFC 5321 4.2.5: the 250 after DATA takes the responsibility."""
    return lint(trace, s.queue, r'"250 2\.0\.0 .*queued')


def lint_delivery(s, trace):
    """What an alias became is kept before anybody gets the message: if the
    alias changes, it loses and doubles nobody.  A result that is lost is a
    message that comes twice."""
    promises, bad = lint(trace, s.queue,
                         r"renameat.*/Maildir/tmp>.*/Maildir/new>")
    return promises, [line for line in bad if "Z done " not in line]


def lint_end(s, trace):
    """A message leaves the queue when it is in the mailbox.  Its UID may still be
    lost: who tells it to a client syncs it first."""
    return lint(trace, s.mail, r"unlinkat\(.*/queue/incoming>, \"0",
                ignore="dovecot-uidlist|" + INDEX)


def lint_append(s, trace):
    """With the UID that APPENDUID tells."""
    return lint(trace, s.maildir(USER, ".Drafts"), r"APPENDUID", ignore=INDEX)


@pytest.mark.parametrize("look,of_each", [
    (lint_250, 2), (lint_delivery, 3), (lint_end, 2)])
def test_deliveries(traced, look, of_each):
    promises, bad = look(*traced)
    assert promises == of_each * MESSAGES and not bad, "\n".join(bad)


# By the letter, what no power cut on these file systems shows as well.
@pytest.mark.parametrize("mutant,look", [
    ("smtpd/fsync", lint_250), ("qmgr/dirsync", lint_250),
    ("qmgr/fdatasync", lint_delivery),
    ("local-deliver/fsync", lint_end), ("local-deliver/dirsync", lint_end),
    ("imapd/fsync", lint_append), ("imapd/dirsync", lint_append)])
def test_without_one_sync_it_is_found(tmp_path, mutant, look):
    """The control: the same program, which leaves out that kind of sync."""
    subprocess.run(["make", "-s", "-j2", "FAULT=1", "SAN=", "-C", ROOT, "all"],
                   check=True)
    with traced_suite(tmp_path / "trace", 1, "env",
                      f"PAQUEBOT_FAULT={mutant}:0:SKIP",
                      bin_dir=ROOT / "build-fault" / "bin") as both:
        promises, bad = look(*both)
    assert promises > 0 and bad


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
