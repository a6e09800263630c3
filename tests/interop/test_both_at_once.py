"""Clients of Dovecot and of imapd in the same Maildir at the same moment, which
append, mark, copy, move and remove by chance; and what each server tells one
who was away, after the same changes in two Maildirs.

Nothing that nobody removed is lost, a UID is one message for both, and at the
end both show the same.
"""
import contextlib
import os
import pathlib
import pwd
import random
import re
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import threading

import pytest

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent))
from beside_dovecot import (CONFIG, DOVECOT, Session, connect,  # noqa: E402
                            free_port)
from imap_client import Client, fetched  # noqa: E402

pytestmark = [
    pytest.mark.skipif(not os.path.exists(DOVECOT), reason="no dovecot"),
    pytest.mark.skipif(os.geteuid() != 0, reason="dovecot needs root"),
]

FOLDERS = ["INBOX", "a", "b"]
STEPS = int(os.environ.get("STEPS", "40"))
SEED = int(os.environ.get("SEED", "7162"))
MARKS = ["\\Seen", "\\Flagged", "\\Answered", "\\Draft", "work", "later",
         "$Forwarded"]


def letter(name):
    return "Subject: %s\r\nFrom: a@x\r\n\r\n%s\r\n" % (name, name * 5)


def numbers(text):
    found = []
    for run in text.split(b","):
        first, _, last = run.partition(b":")
        found += range(int(first), int(last or first) + 1)
    return found


class Place:
    """A Maildir, a Dovecot that serves it, and sessions of ours."""

    def __init__(self):
        try:
            owner = pwd.getpwnam("_paqdemo")
        except KeyError:
            pytest.skip("no user _paqdemo")
        self.uid, self.gid = owner.pw_uid, owner.pw_gid
        self.base = pathlib.Path(tempfile.mkdtemp(prefix="paqboth-"))
        self.base.chmod(0o755)
        self.root = self.base / "mail"
        for sub in ("", "cur", "new", "tmp"):
            (self.root / sub).mkdir()
            os.chown(self.root / sub, self.uid, self.gid)
        self.port = free_port()
        (self.base / "conf").write_text(
            CONFIG.format(dir=self.base, port=self.port))
        (self.base / "log").touch()
        self.process = subprocess.Popen(
            [DOVECOT, "-F", "-c", str(self.base / "conf")],
            stdout=subprocess.DEVNULL, stderr=subprocess.STDOUT)
        connect(self.port, self.process, self.base / "log").close()
        self.session = Session(self.root, prepare=self.demote)

    def demote(self):
        os.setgroups([])
        os.setgid(self.gid)
        os.setuid(self.uid)

    def theirs(self):
        c = Client(socket.create_connection(("127.0.0.1", self.port)), 120)
        c.line()
        c.ok("LOGIN test secret")
        return c

    def ours(self):
        return self.session.client(120)

    def log(self):
        return (self.base / "log").read_text(errors="replace")

    def close(self):
        self.process.send_signal(signal.SIGTERM)
        self.process.wait(30)
        shutil.rmtree(self.base)


@contextlib.contextmanager
def place():
    p = Place()
    try:
        with p.session:
            yield p
    finally:
        p.close()


def shown(c, folder):
    """{uid: (subject, flags)}, and UIDVALIDITY, UIDNEXT"""
    text = b"\n".join(c.ok("SELECT " + folder)[0])
    head = [int(re.search(rb"\[%s (\d+)\]" % w, text).group(1))
            for w in (b"UIDVALIDITY", b"UIDNEXT")]
    if b"* 0 EXISTS" in text:
        return {}, head
    items = fetched(c.ok("UID FETCH 1:* (FLAGS BODY.PEEK[HEADER.FIELDS "
                         "(SUBJECT)])")[0]).values()
    return {i["UID"]: (
        i["BODY[HEADER.FIELDS (SUBJECT)]"].split()[1].decode(),
        frozenset(i["FLAGS"]) - {"\\Recent"}) for i in items}, head


class Worker:
    def __init__(self, make, number, world):
        self.r = random.Random(SEED * 100 + number)
        self.c, self.number, self.world = make(), number, world
        self.known, self.n = {}, 0
        self.do_select()

    def look(self):
        """What is here; who has a UID keeps it."""
        found = fetched(self.c.ok("UID FETCH 1:* (FLAGS BODY.PEEK["
                                  "HEADER.FIELDS (SUBJECT)])")[0])
        self.known = {}
        for i in found.values():
            head = i.get("BODY[HEADER.FIELDS (SUBJECT)]")
            if not head or not head.strip():
                continue        # it has gone meanwhile
            name = head.split()[1].decode()
            with self.world.lock:
                first = self.world.names.setdefault((self.folder, i["UID"]),
                                                    name)
            assert first == name, (self.folder, i["UID"], first, name)
            self.known[i["UID"]] = name

    def one(self, keep=True):
        some = [u for u, n in self.known.items()
                if keep or n.startswith("free")]
        return self.r.choice(some) if some else None

    def do_select(self):
        self.folder = self.r.choice(FOLDERS)
        self.c.ok("SELECT " + self.folder)

    def do_append(self):
        self.n += 1
        name = "%s-%d-%d" % (self.r.choice(["kept", "free"]), self.number,
                             self.n)
        self.c.append(self.r.choice(FOLDERS), letter(name),
                      "(%s) " % self.r.choice(MARKS))
        if name.startswith("kept"):
            with self.world.lock:
                self.world.kept.add(name)

    def do_store(self):
        uid = self.one()
        if uid:
            self.c.cmd("UID STORE %d %sFLAGS (%s)" % (
                uid, self.r.choice("+-"),
                " ".join(self.r.sample(MARKS, 2))))

    def do_copy(self):
        uid = self.one(keep=False)
        if uid:
            self.c.cmd("UID COPY %d %s" % (uid, self.r.choice(FOLDERS)))

    def do_move(self):
        uid = self.one()
        to = self.r.choice([f for f in FOLDERS if f != self.folder])
        if uid:
            self.c.cmd("UID MOVE %d %s" % (uid, to))

    def do_expunge(self):
        uid = self.one(keep=False)
        if uid:
            self.c.cmd("UID STORE %d +FLAGS.SILENT (\\Deleted)" % uid)
            self.c.cmd("UID EXPUNGE %d" % uid)

    def run(self):
        acts = [getattr(self, n) for n in dir(self) if n.startswith("do_")]
        try:
            for _ in range(STEPS):
                self.c.ok("NOOP")
                self.look()
                self.r.choice(acts + [self.do_append])()
            self.c.ok("LOGOUT")
        except BaseException as why:    # told by the main thread
            self.world.failed.append((self.number, why))


class World:
    def __init__(self):
        self.lock = threading.Lock()
        self.names, self.kept, self.failed = {}, set(), []


def test_both_at_once():
    world = World()
    with place() as p:
        for name in FOLDERS[1:]:
            p.ours().ok("CREATE " + name)
        workers = [Worker(p.ours if n % 2 else p.theirs, n, world)
                   for n in range(6)]
        threads = [threading.Thread(target=w.run) for w in workers]
        for t in threads:
            t.start()
        for t in threads:
            t.join()
        assert world.failed == [], (world.failed, p.log()[-2000:])
        mine, other, there = p.ours(), p.theirs(), []
        for folder in FOLDERS:
            shown(mine, folder)         # whoever was last is seen by both
            theirs, head = shown(other, folder)
            assert (theirs, head) == shown(mine, folder), folder
            for uid, (name, _) in theirs.items():
                assert world.names.get((folder, uid), name) == name
                assert uid < head[1]
                there.append(name)
        assert world.kept and world.kept <= set(there), \
            world.kept - set(there)
        assert not re.search("Panic|corrupt|Broken", p.log()), p.log()


# --------------------------------------------- who was away, in two Maildirs

class Away:
    """One server; the changes are the same for both."""

    def __init__(self, make):
        self.make, self.c = make, make()
        self.c.ok("ENABLE QRESYNC")
        self.c.ok("SELECT INBOX")

    def checkpoint(self):
        """(UIDVALIDITY, HIGHESTMODSEQ, UIDs)"""
        text = self.c.ok("STATUS INBOX (UIDVALIDITY HIGHESTMODSEQ)")[0][-1]
        found = [int(re.search(rb"%s (\d+)" % w, text).group(1))
                 for w in (b"UIDVALIDITY", b"HIGHESTMODSEQ")]
        line, = [u for u in self.c.ok("UID SEARCH ALL")[0]
                 if u.startswith(b"* SEARCH")]
        return found + [{int(n) for n in line[8:].split()}]

    @staticmethod
    def news(untagged, uids, since):
        gone = {n for line in untagged
                if line.startswith(b"* VANISHED (EARLIER) ")
                for n in numbers(line[21:])}
        items = list(fetched(untagged).values())
        assert all(i["MODSEQ"][0] > since for i in items)
        return gone & uids, {i["UID"]: frozenset(i["FLAGS"]) - {"\\Recent"}
                             for i in items}

    def told(self, validity, since, uids):
        """By SELECT, by FETCH, and by SEARCH."""
        c = self.make()
        c.ok("ENABLE QRESYNC")
        by_select = self.news(c.ok("SELECT INBOX (QRESYNC (%d %d))" % (
            validity, since))[0], uids, since)
        by_fetch = self.news(c.ok(
            "UID FETCH 1:* (FLAGS) (CHANGEDSINCE %d VANISHED)" % since)[0],
            uids, since)
        text = b" ".join(u for u in c.ok("UID SEARCH MODSEQ %d" % (
            since + 1))[0] if u.startswith(b"* SEARCH"))
        found = {int(n) for n in re.sub(rb"\(.*\)", b"", text)[8:].split()}
        c.ok("LOGOUT")
        assert by_select == by_fetch
        assert found == set(by_select[1])
        return by_select


@pytest.mark.parametrize("seed", range(4))
def test_who_was_away(seed):
    """A change that changes nothing may be told or not; all others are, and
    nothing else."""
    r = random.Random(SEED + seed)
    with place() as one, place() as two:
        servers = [Away(one.ours), Away(two.theirs)]
        uids, n, points = [], 0, []
        for step in range(60):
            act = r.choice(["append", "append", "store", "store", "store",
                            "expunge", "point"])
            if act == "append" or len(uids) < 4:
                n += 1
                uids.append(n)
                for s in servers:
                    s.c.append("INBOX", letter("m%d" % n))
                    s.c.ok("NOOP")
            elif act == "store":
                some = r.sample(uids, r.randrange(1, 4))
                # One that nobody has yet, so that it is a change.
                command = "UID STORE %s FLAGS.SILENT (s%d %s)" % (
                    ",".join(map(str, some)), step % 12, r.choice(MARKS))
                for s in servers:
                    s.c.ok(command)
            elif act == "expunge":
                some = r.sample(uids, r.randrange(1, 3))
                uids = [u for u in uids if u not in some]
                for s in servers:
                    s.c.ok("UID STORE %s +FLAGS.SILENT (\\Deleted)" %
                           ",".join(map(str, some)))
                    s.c.ok("UID EXPUNGE %s" % ",".join(map(str, some)))
            else:
                points.append([s.checkpoint() for s in servers])
        points.append([s.checkpoint() for s in servers])
        for at in range(2):
            marks = [p[at][1] for p in points]
            assert marks == sorted(marks)
        for p in points:
            assert p[0][2] == p[1][2]
            told = [s.told(*mark) for s, mark in zip(servers, p)]
            assert told[0] == told[1], (seed, p)
        assert told[0] == (set(), {})
