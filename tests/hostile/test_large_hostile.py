"""A mailbox, and a tree of folders, as large as they come: what takes a step for
each pair of messages would not end here.

Named after the entries of doc/threats.md.  LONG=1: a hundred thousand messages, a
million, and nearly as many folders as there may be.
"""
import os
import poplib
import pwd
import re
import shutil
import socket
import subprocess
import sys

import pytest

from conftest import needs_root
from suite import BIN, OWNER, ROOT

sys.path.insert(0, str(ROOT / "tests" / "dialog"))
from imap_client import Client as Imap, fetched  # noqa: E402

pytestmark = needs_root

LONG = bool(os.environ.get("LONG"))
SIZES, FOLDERS = ((100000, 1000000), 99000) if LONG else ((20000,), 3000)
SESSION = BIN.parent / "tests" / "dialog" / "imap_session"
BOB = "bob@demo.example"
TEXT = b"Subject: x\n\nx\n"
PATIENCE_S = 3600 if LONG else 300
TICKS = os.sysconf("SC_CLK_TCK")


def imap(paq):
    c = Imap(socket.create_connection((paq.host, paq.port["imap"]), 60),
             PATIENCE_S)
    c.line()
    c.ok(f'LOGIN {BOB} "{paq.users[BOB]}"')
    return c


def cpu(pid):
    with open(f"/proc/{pid}/stat", encoding="ascii") as f:
        words = f.read().rpartition(")")[2].split()
    return (int(words[11]) + int(words[12])) / TICKS


def session_of(paq, daemon):
    parent = paq.pid(daemon)
    with open(f"/proc/{parent}/task/{parent}/children",
              encoding="ascii") as f:
        return int(f.read().split()[-1])


class Meter:
    """Prints what each step costs the session; judges nothing."""

    def __init__(self, paq, daemon):
        self.pid = session_of(paq, daemon)
        self.at = cpu(self.pid)

    def said(self, what):
        now = cpu(self.pid)
        print(f"{what}: {now - self.at:.2f} s of CPU")
        self.at = now

    def memory(self):
        with open(f"/proc/{self.pid}/status", encoding="ascii") as f:
            print(re.search(r"VmHWM:.*", f.read())[0])


def fill(box, n):
    """Files of somebody else's server, with sizes in their names."""
    owner = pwd.getpwnam(OWNER)
    for sub in ("", "cur", "new", "tmp"):
        (box / sub).mkdir(parents=True, exist_ok=True)
    cur = os.open(box / "cur", os.O_RDONLY)
    for i in range(n):
        fd = os.open(f"{1600000000 + i}.M{i}P1.h,S={len(TEXT)},W="
                     f"{len(TEXT) + 3}:2,S", os.O_CREAT | os.O_WRONLY, 0o600,
                     dir_fd=cur)
        os.write(fd, TEXT)
        os.fchown(fd, owner.pw_uid, owner.pw_gid)
        os.close(fd)
    os.close(cur)
    give(box)


def give(box):
    owner = pwd.getpwnam(OWNER)
    for path in (box, box.parent, *(box / s for s in ("cur", "new", "tmp"))):
        os.chown(path, owner.pw_uid, owner.pw_gid)


@pytest.mark.parametrize("many", SIZES)
def test_C15_many_messages(make_suite, many):
    paq = make_suite(listen=("pop3", "imap"), settings={
        "imap_timeout": "1h", "pop3_timeout": "1h"})
    paq.write().start()
    fill(paq.maildir(BOB), many)
    one = len(TEXT) + 3
    c = poplib.POP3(paq.host, paq.port["pop3"], timeout=PATIENCE_S)
    c.user(BOB)
    c.pass_(paq.users[BOB])
    meter = Meter(paq, "pop3-session")
    assert c.stat() == (many, many * one)
    assert len(c.list()[1]) == len(set(c.uidl()[1])) == many
    meter.said("LIST, UIDL")
    c.quit()
    c = imap(paq)
    meter = Meter(paq, "imap-session")
    assert b"* %d EXISTS" % many in c.ok("SELECT INBOX")[0]
    meter.said("SELECT")
    got = fetched(c.ok("UID FETCH 1:* FLAGS")[0])
    assert len(got) == many
    meter.said("FETCH 1:* FLAGS")
    assert c.ok("SEARCH UNSEEN")[0] == [b"* SEARCH"]
    meter.said("SEARCH UNSEEN")
    c.ok("STORE 1:* +FLAGS.SILENT (\\Deleted)")
    meter.said("STORE 1:* +FLAGS")
    gone = [x for x in c.ok("EXPUNGE")[0] if x.endswith(b" EXPUNGE")]
    assert len(gone) == many
    meter.said("EXPUNGE")
    meter.memory()
    assert not os.listdir(paq.maildir(BOB) / "cur")


def instructions(place, many):
    """What a session takes for looking at all, marking and expunging it."""
    box, count = place / f"Maildir{many}", place / f"{many}.count"
    fill(box, many)
    ours, theirs = socket.socketpair()
    with theirs:
        done = subprocess.Popen(
            ["valgrind", "--tool=callgrind",
             f"--callgrind-out-file={count}", SESSION, str(theirs.fileno()),
             box], pass_fds=[theirs.fileno()], stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL)
    c = Imap(ours, PATIENCE_S)
    c.line()
    c.ok("SELECT INBOX")
    assert len(fetched(c.ok("UID FETCH 1:* FLAGS")[0])) == many
    c.ok("STORE 1:* +FLAGS.SILENT (\\Deleted)")
    c.ok("EXPUNGE")
    c.ok("LOGOUT")
    assert done.wait(PATIENCE_S) == 0
    return int(re.search(r"^(?:totals|summary): (\d+)", count.read_text(),
                         re.M)[1])


@pytest.mark.skipif(shutil.which("valgrind") is None, reason="no valgrind")
@pytest.mark.skipif("san" in BIN.parent.name,
                    reason="valgrind does not run what a sanitizer is in")
def test_C15_counted(tmp_path):
    """Four times the messages, four times the instructions: whatever time the
    file system and the machine take for them."""
    assert instructions(tmp_path, 8000) < 4.8 * instructions(tmp_path, 2000)


def test_C15_many_folders(make_suite):
    paq = make_suite(listen=("imap",), settings={"imap_timeout": "1h"})
    paq.write().start()
    box = paq.maildir(BOB)
    fill(box, 1)
    owner = pwd.getpwnam(OWNER)
    for i in range(FOLDERS):
        folder = box / f".f{i % 100}.g{i // 100}"
        for sub in ("", "cur", "new", "tmp"):
            (folder / sub).mkdir()
            os.chown(folder / sub, owner.pw_uid, owner.pw_gid)
    c = imap(paq)
    meter = Meter(paq, "imap-session")
    for pattern, n in (("*", FOLDERS + 100 + 1), ("%", 101),
                       ("f1.*", FOLDERS // 100), ("*%*%*%*g7", 100)):
        got = [x for x in c.ok(f'LIST "" "{pattern}"')[0]
               if x.startswith(b"* LIST")]
        assert len(got) == n, (pattern, len(got))
        meter.said(f"LIST {pattern}")
    meter.memory()
