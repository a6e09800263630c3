"""Many sessions do random things to the same mailboxes, and everything else that
happens to mailboxes happens at the same time (disturbers.py); no answer may
contradict what its client, or any other, knows (imap_model.py).  At the end
all agree with each other and with what lies on the disk, and every message
that nobody removed is there, once.

Half of the sessions belong to a running suite; the others are sessions of
imapd alone, some of which die by their own hand at the n-th write, rename, link,
sync or unlink, whatever they hold then, or believe that it is an hour ago.

PAQUEBOT_STRESS=seconds runs longer (make stress); PAQUEBOT_SEED=n gives each
thread the same row of choices again; DISTURB="renamer rsync" takes only these
of the disturbers.
"""
import collections
import os
import pathlib
import pwd
import random
import re
import socket
import subprocess
import sys
import tempfile
import threading
import time
import traceback

import pytest

HERE = pathlib.Path(__file__).resolve().parent
for folder in (HERE, HERE.parent / "dialog", HERE.parent / "flow"):
    sys.path.insert(0, str(folder))
import disturbers  # noqa: E402
import suite as harness  # noqa: E402
from conftest import needs_root  # noqa: E402
from imap_client import Client  # noqa: E402
from imap_model import Model, Violation, World, letter, subject  # noqa: E402

USER, PASSWORD = "shared@demo.example", "secret"
SUITE = {"listen": ("mx", "pop3", "imap"), "users": {USER: PASSWORD},
         "settings": {"smtp_errors_slow": "0", "pop3_takeover": "2s"}}
SECONDS = int(os.environ.get("PAQUEBOT_STRESS", "6"))
SEED = int(os.environ.get("PAQUEBOT_SEED", time.time_ns() % 10 ** 9))
SESSIONS = 20
FOLDERS = ["INBOX", "a", "b"]
FLAGS = ["\\Seen", "\\Flagged", "\\Answered", "\\Draft", "kw-a", "kw-b"]
FEW, MANY = 8, 60
SAN = "san" in os.environ.get("BUILD", "build")
FAULT_SESSION = harness.ROOT / ("build-san-fault" if SAN else "build-fault") \
    / "tests/dialog/imap_session"
EXTENSIONS = [["QRESYNC"], ["QRESYNC", "IMAP4rev2"], [], ["IMAP4rev2"],
              ["QRESYNC"], ["QRESYNC", "UTF8=ACCEPT"], ["UTF8=ACCEPT"],
              ["IMAP4rev2", "UTF8=ACCEPT"]]
CALLS = ["write", "rename", "link", "fsync", "fdatasync", "unlink",
         "ftruncate", "open"]


@pytest.fixture(scope="module")
def tools():
    """A session that can die by its own hand, and a clock that is late."""
    subprocess.run(["make", "-s", "FAULT=1", "SAN=" + "1" * SAN, "-C", str(harness.ROOT),
                    str(FAULT_SESSION.relative_to(harness.ROOT))], check=True)
    clock = FAULT_SESSION.parent / "past_clock.so"
    subprocess.run(["cc", "-O2", "-shared", "-fPIC", "-o", str(clock),
                    str(HERE / "past_clock.c")], check=True)
    return clock


class Scene:
    """The suite, the mailbox, and who works in it."""

    def __init__(self, paq, world, clock):
        self.paq, self.world, self.clock = paq, world, clock
        self.user, self.password = USER, PASSWORD
        owner = pwd.getpwnam(paq.settings["mailbox_user"])
        self.uid, self.gid = owner.pw_uid, owner.pw_gid
        self.root = paq.maildir(USER)
        self.alone = {}         # pid -> process
        self.uidl = {}
        self.err = tempfile.TemporaryFile()
        ended = subprocess.Popen(["true"])
        ended.wait()
        self.dead_pid = ended.pid

    def box(self, r=None, folder=None):
        folder = folder or r.choice(FOLDERS)
        return self.root if folder == "INBOX" else self.root / ("." + folder)

    def owned(self, path):
        os.chown(path, self.uid, self.gid)

    def sessions(self):
        """Ids of processes that serve one client."""
        found = []
        for pid in self.paq.tree():
            try:
                status = pathlib.Path(f"/proc/{pid}/status").read_text()
            except OSError:
                continue
            words = dict(line.split(":\t", 1)
                         for line in status.splitlines() if ":\t" in line)
            if words["Name"] in ("imapd", "pop3d") and \
                    words["Uid"].split()[0] == str(self.uid):
                found.append(pid)
        return found + [pid for pid, p in list(self.alone.items())
                        if p.poll() is None]

    # ---------------------------------------------------------- two kinds

    def of_suite(self):
        c = Client(socket.create_connection(
            ("127.0.0.1", self.paq.port["imap"])), timeout=60)
        c.line()
        c.ok("LOGIN %s %s" % (USER, PASSWORD))
        return c

    def by_itself(self, r, dies=True):
        environment = {}
        if dies and r.random() < 0.7:
            environment["PAQUEBOT_FAULT"] = "%s:%d:KILL" % (
                r.choice(CALLS), int(2 ** r.uniform(0, 8)))
        elif r.random() < 0.4:
            environment.update(LD_PRELOAD=str(self.clock), PAST_CLOCK="3600",
                               ASAN_OPTIONS="verify_asan_link_order=0")
            self.world.count("in the past")
        ours, theirs = socket.socketpair()
        process = subprocess.Popen(
            [str(FAULT_SESSION), str(theirs.fileno()), str(self.root), "600"],
            pass_fds=[theirs.fileno()], stderr=self.err, env=environment,
            user=self.uid, group=self.gid, extra_groups=[])
        theirs.close()
        self.alone[process.pid] = process
        c = Client(ours, timeout=60)
        c.process = process
        c.line()
        return c

    def reap(self):
        """How those ended that served one client alone."""
        for pid, p in list(self.alone.items()):
            if p.poll() is not None:
                self.world.check(p.returncode in (0, -9, -15), "a crash",
                                 p.returncode)
                del self.alone[pid]

    def connect(self, number, r):
        if number % 2 == 0:
            return self.of_suite()
        while True:
            try:
                return self.by_itself(r)
            except (EOFError, ConnectionError):
                self.world.count("died at its start")


# ------------------------------------------------------------ what they do

class Actor:
    def __init__(self, scene, number, seed, extensions=None):
        self.scene, self.w = scene, scene.world
        self.r = random.Random(seed)
        if extensions is None:
            extensions = EXTENSIONS[number % 8]
        self.m = Model(self.w, lambda: scene.connect(number, self.r),
                       extensions, "mine%d" % number)
        self.acts = [getattr(self, n) for n in dir(self)
                     if n.startswith("do_")]

    def run(self):
        try:
            while not self.w.stop.is_set():
                try:
                    self.step()
                except (EOFError, ConnectionError):
                    self.w.count("sessions died")
                    self.m.died()
        except BaseException as why:
            self.w.failures.append((threading.current_thread().name, why,
                                    traceback.format_exc(),
                                    list(self.m.history)))
            self.w.stop.set()

    def step(self):
        m, r = self.m, self.r
        if m.c is None:
            m.begin()
        if m.folder is None:
            m.select(r.choice(FOLDERS))
        elif len(m.uids) < FEW:
            self.do_append()
        elif len(m.uids) > MANY and r.random() < 0.3:
            self.do_expunge_one()
        else:
            r.choice(self.acts)()
        if m.c is not None and r.random() < 0.2:
            m.do("NOOP")

    def number(self):
        return self.r.randint(1, len(self.m.uids))

    def known(self):
        """A UID; the client asks if it has none."""
        m = self.m
        if None in m.uids:
            m.do("UID FETCH 1:* (FLAGS MODSEQ)")
        uids = [u for u in m.uids if u is not None]
        return self.r.choice(uids) if uids else 1

    def other(self):
        return self.r.choice([f for f in FOLDERS if f != self.m.folder])

    def flag(self):
        return self.r.choice(FLAGS)

    def do_append(self):
        names = [self.w.new_name() for _ in range(self.r.choice([1, 1, 3]))]
        folder = self.r.choice(FOLDERS)
        before = self.w.next.get(folder, 0)
        parts = b"".join(b" (%s) {%d+}\r\n%s" % (
            self.flag().encode(), len(letter(n)), letter(n).encode())
            for n in names)
        _, tagged = self.m.do("APPEND %s%s" % (
            folder, parts.decode()), folder)
        if tagged.startswith(b"OK"):
            for uid, name in zip(self.m.appended, names):
                self.w.check(uid >= before, "below UIDNEXT", uid, before)
                self.w.is_(folder, uid, name)
                self.w.acknowledged(name)

    def do_store(self):
        self.m.do("STORE %d +FLAGS (%s)" % (self.number(), self.flag()))

    def do_store_many(self):
        self.m.do("STORE %d:* -FLAGS.SILENT (%s)" % (
            self.number(), self.flag()))

    def do_store_replace(self):
        uid = self.known()
        name = self.m.learn(uid)
        if name is not None and name.startswith("free-"):
            self.m.mine.pop(uid, None)
            self.m.do("UID STORE %d (UNCHANGEDSINCE %d) FLAGS (%s)" % (
                uid, self.m.told or 1, self.flag()))

    def do_mine(self):
        """Nobody else sets this keyword, or takes it off a kept message."""
        m, uid = self.m, self.known()
        name = m.learn(uid)
        if name is None or not name.startswith("kept-"):
            return
        on = not m.mine.pop(uid, False)
        self.w.gives(name, m.word)
        _, tagged = m.do("UID STORE %d %sFLAGS%s (%s)" % (
            uid, "+" if on else "-", self.r.choice(["", ".SILENT"]), m.word))
        if tagged.startswith(b"OK") and uid in m.uids:
            m.mine[uid] = on

    def do_replace(self):
        """RFC 8508: a message in the place of another, here or elsewhere."""
        m, uid, to = self.m, self.known(), self.r.choice(FOLDERS)
        name = m.learn(uid)
        if name is None or not name.startswith("free-"):
            return
        new = self.w.new_name(False)
        before = self.w.next.get(to, 0)
        _, tagged = m.do("UID REPLACE %d %s (%s) {%d+}\r\n%s" % (
            uid, to, self.flag(), len(letter(new)), letter(new)), to)
        if tagged.startswith(b"OK"):
            self.w.check(m.appended[0] >= before, "below UIDNEXT", m.appended)
            self.w.is_(to, m.appended[0], new)
            self.w.check(uid not in m.uids, "replaced, and here", uid)

    def do_saved(self):
        """RFC 5182: what was found is changed or moved."""
        m, to = self.m, self.other()
        m.do("UID SEARCH RETURN (SAVE%s) %s" % (
            self.r.choice(["", " MIN", " COUNT", " ALL"]),
            self.r.choice(["SEEN", "FLAGGED", "KEYWORD kw-a", "UID %d" %
                           self.known()])))
        m.do(self.r.choice(["UID FETCH $ (FLAGS)", "FETCH $ (UID FLAGS)",
                            "UID STORE $ -FLAGS (%s)" % self.flag(),
                            "SEARCH $ UNSEEN", "UID SEARCH UID $"]))
        if self.r.random() < 0.3:
            m.do("UID MOVE $ " + to, to)

    def do_move_here(self):
        uid = self.known()
        name = self.m.learn(uid)
        if name is not None and name.startswith("free-"):
            self.m.do("UID MOVE %d %s" % (uid, self.m.folder), self.m.folder)

    def do_expunge_one(self):
        uid = self.known()
        name = self.m.learn(uid)
        if name is not None and name.startswith("free-"):
            self.m.do("UID STORE %d +FLAGS (\\Deleted)" % uid)
            self.m.do(self.r.choice(["EXPUNGE", "UID EXPUNGE %d" % uid]))

    def do_delete(self):
        uid = self.known()
        name = self.m.learn(uid)
        if name is not None and name.startswith("free-"):
            self.m.do("UID STORE %d +FLAGS.SILENT (\\Deleted)" % uid)

    def do_expunge(self):
        self.m.do("EXPUNGE")

    def do_fetch(self):
        self.m.do("FETCH %d (UID FLAGS)" % self.number())

    def do_fetch_many(self):
        self.m.do("FETCH 1:* (UID FLAGS MODSEQ)")

    def do_fetch_changed(self):
        self.m.do("UID FETCH 1:* (FLAGS) (CHANGEDSINCE %d)" %
                  (self.m.told or 1))

    def do_envelope(self):
        self.m.do("FETCH %d:* (UID ENVELOPE BODYSTRUCTURE RFC822.SIZE "
                  "INTERNALDATE)" % self.number())

    def do_seen(self):
        self.m.do("FETCH %d BODY[]" % self.number())

    def do_read(self):
        self.m.read(self.known())

    def do_copy(self):
        uid = self.known()
        name = self.m.learn(uid)
        if name is not None and name.startswith("free-"):
            to = self.r.choice(FOLDERS)
            self.m.do("UID COPY %d %s" % (uid, to), to)

    def do_move(self):
        uid, to = self.known(), self.other()
        self.m.learn(uid)
        self.m.do("UID MOVE %d %s" % (uid, to), to)

    def do_move_some(self):
        at, to = self.number(), self.other()
        self.m.do("MOVE %d:%d %s" % (
            at, min(at + 3, len(self.m.uids)), to), to)

    def do_search(self):
        self.m.do(self.r.choice([
            "UID SEARCH ALL", "SEARCH FLAGGED", "SEARCH UNSEEN",
            "SEARCH MODSEQ %d" % (self.m.told or 1), "SEARCH TEXT kept",
            "SORT (SUBJECT) UTF-8 ALL", "THREAD REFERENCES UTF-8 ALL",
            "SEARCH RETURN (SAVE) SEEN", "FETCH $ (FLAGS)",
            "UID SEARCH RETURN (MIN MAX COUNT) ALL"]))

    def do_status(self):
        folder = self.other()
        w = self.w
        before = w.highest.get(folder, 0), w.next.get(folder, 0)
        untagged, _ = self.m.do(
            "STATUS %s (MESSAGES UIDNEXT HIGHESTMODSEQ)" % folder)
        for line in untagged:
            if line.startswith(b"* STATUS"):
                words = line.decode().replace("(", "").replace(")", "").split()
                found = dict(zip(words[3::2], map(int, words[4::2])))
                w.ascends(w.highest, folder, found["HIGHESTMODSEQ"],
                          before[0])
                w.ascends(w.next, folder, found["UIDNEXT"], before[1])

    def do_idle(self):
        m = self.m
        m.history.append(("IDLE", said := []))
        m.c.send(b"i IDLE\r\n")
        end = time.monotonic() + self.r.uniform(0, 0.5)
        m.c.sock.settimeout(0.1)
        try:
            while time.monotonic() < end:
                try:
                    line = m.c.line()
                except TimeoutError:
                    continue
                said.append(line)
                if not line.startswith(b"+"):
                    m.line(line, "IDLE")
        finally:
            m.c.sock.settimeout(60)
        m.c.send(b"DONE\r\n")
        while not (line := m.c.line()).startswith(b"i "):
            said.append(line)
            if not line.startswith(b"+"):
                m.line(line, "IDLE")
        m.w.check(line.startswith(b"i OK"), line)
        m.w.count("IDLE")

    def do_leave(self):
        self.m.do("NOOP")
        self.m.unselect(self.r.choice(["UNSELECT", "CLOSE"]))

    def do_other_folder(self):
        self.m.select(self.r.choice(FOLDERS))

    def do_go_away(self):
        if self.r.random() < 0.3:
            self.m.died()


# ----------------------------------------------------------- when it is over

def on_disk(box):
    """{uid: (name, letters)} by the list and the files."""
    files = {}
    for sub in ("new", "cur"):
        for path in (box / sub).iterdir():
            if not path.name.startswith("."):
                base, _, letters = path.name.partition(":2,")
                assert base not in files, (base, files[base], path)
                files[base] = (disturbers.name_in(path), letters)
    uids = {}       # the last record of a name counts: it came back
    for line in (box / "dovecot-uidlist").read_text().splitlines()[1:]:
        head, _, base = line.partition(" :")
        uids[base] = int(head.split()[0])
    return {uids[base]: what for base, what in files.items()}


LETTERS = {"S": "\\Seen", "R": "\\Answered", "F": "\\Flagged",
           "D": "\\Draft", "T": "\\Deleted"}


def flags_of(box, letters):
    path = box / "dovecot-keywords"
    words = dict(line.split(" ", 1) for line in
                 path.read_text().splitlines()) if path.exists() else {}
    return {LETTERS.get(x) or words[str(ord(x) - ord("a"))] for x in letters}


def quiet(scene, actors):
    """All agree with each other, and with the disk; {name: how many}."""
    count = collections.Counter()
    for folder in FOLDERS:
        models = [a.m for a in actors]
        for m in models:
            if m.connect != scene.of_suite:     # it might die yet
                if m.c is not None:
                    m.died()
                m.connect = scene.of_suite
            if m.c is None:
                m.begin()
            m.select(folder)
        for _ in range(2):      # who was told last has told nobody yet
            states = [m.state() for m in models]
        for state in states[1:]:
            scene.world.check(state == states[0], "they differ", folder,
                              state, states[0])
        disk = on_disk(scene.box(folder=folder))
        scene.world.check(sorted(disk) == sorted(states[0]), folder, disk,
                          states[0])
        for uid, (name, letters) in disk.items():
            scene.world.is_(folder, uid, name)
            flags = flags_of(scene.box(folder=folder), letters)
            scene.world.check(flags == states[0][uid][0], folder, uid, flags,
                              states[0][uid])
            count[name] += 1
    return count


def prepare(scene):
    """The folders are there, before anybody disturbs."""
    c = scene.of_suite()
    for folder in FOLDERS[1:]:
        c.ok("CREATE " + folder)
    for folder in FOLDERS:
        c.ok("SELECT %s (CONDSTORE)" % folder)
    c.close()


@needs_root
def test_stress(paq, tools):
    print("PAQUEBOT_SEED=%d" % SEED)
    world = World(FOLDERS, 60)
    scene = Scene(paq, world, tools)
    prepare(scene)
    actors = [Actor(scene, i, SEED + i) for i in range(SESSIONS)]
    threads = [threading.Thread(target=a.run, name="session %d" % i)
               for i, a in enumerate(actors)]
    threads += [threading.Thread(target=disturbers.keep_on, args=(
        f, scene, random.Random(SEED + 100 + i), per_minute))
        for i, (f, per_minute) in enumerate(disturbers.ALL)
        if f.__name__ in os.environ.get("DISTURB", f.__name__).split()]
    for t in threads:
        t.start()
    end = time.monotonic() + SECONDS
    said = time.monotonic()
    while time.monotonic() < end and not world.stop.wait(0.2):
        scene.reap()
        if SECONDS > 60 and time.monotonic() > said + 60:
            said = time.monotonic()
            print("%d checks" % world.checks, dict(world.counts), flush=True)
    world.stop.set()
    for t in threads:
        t.join(180)
        assert not t.is_alive(), t.name
    tell(world, actors)
    scene.err.seek(0)
    print("sessions alone said:\n" +
          scene.err.read().decode(errors="replace")[-4000:])
    assert not world.failures
    scene.err.seek(0)
    sanitizer(scene.err.read().decode(errors="replace"))
    paq.wait_queue_empty(60)
    count = quiet(scene, actors)
    wrong = {n: count[n] for n in world.kept if count[n] == 0 or
             count[n] > 1 and n not in world.copies}
    assert not wrong, wrong
    assert all(n == 1 or name in world.copies for name, n in count.items()
               if name.startswith("kept-"))
    for a in actors:
        a.m.c.close()
    print("%d checks, none failed" % world.checks)


def sanitizer(text):
    """A session that ended by a mistake of its own is like any that died."""
    at = re.search(r"Sanitizer: |runtime error: ", text)
    assert at is None, text[max(0, at.start() - 500):at.start() + 4000]


def tell(world, actors):
    for what, n in sorted(world.counts.items()):
        print("%7d %s" % (n, what))
    for failure in world.failures:
        print("FAILED", failure[0], failure[1])
    if world.failures and os.environ.get("HISTORIES"):
        for a in actors:
            with open("%s-%s" % (os.environ["HISTORIES"], a.m.word), "w",
                      encoding="utf-8") as f:
                for command, said in a.m.history:
                    print("C:", command, file=f)
                    for line in said:
                        print("S:", line.decode(errors="replace"), file=f)
    for failure in world.failures:
        for more in failure[2:3]:
            print(more)
        for command, said in (failure[3] if len(failure) > 3 else [])[-12:]:
            print("C:", command[:300])
            for line in said[-40:]:
                print("S:", line[:300].decode(errors="replace"))
