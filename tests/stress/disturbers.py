"""What else happens to mailboxes that people have open: other programs move,
touch and remove files, locks are left behind, processes die, mail arrives.

Each is called with the Scene again and again, and does one thing.
"""
import contextlib
import os
import signal
import socket
import time

from imap_model import Violation, letter, subject
from pop3_client import Pop

PAST_NS = 1_500_000_000 * 10 ** 9
INDEXES = ["paquebot-index", "paquebot-index.log", "paquebot-cache",
           "dovecot.index.log"]


def name_in(path):
    return subject(path.read_bytes())


def gone(function):
    """A file that another one was quicker to move is no reason to stop."""
    def run(scene, r):
        with contextlib.suppress(FileNotFoundError):
            function(scene, r)
    run.__name__ = function.__name__
    return run


def add_and_remove(scene, path, to):
    """If another moves the first name away in between, the second one is not
    wanted; if that was moved, too, this program has made a copy."""
    name = name_in(path)
    with contextlib.suppress(FileExistsError):
        os.link(path, to)
        try:
            path.unlink()
        except FileNotFoundError:
            try:
                to.unlink()
            except FileNotFoundError:
                scene.world.copied(name)


@gone
def renamer(scene, r):
    """As mutt: what is in new/ goes to cur/, flags change by rename."""
    box = scene.box(r)
    new, cur = list((box / "new").iterdir()), list((box / "cur").iterdir())
    if new:
        path = r.choice(new)
        path.rename(box / "cur" / (path.name.partition(":")[0] + ":2,S"))
    if cur:
        path = r.choice(cur)
        base, mark, have = path.name.partition(":2,")
        if mark and not path.name.startswith("."):
            to = base + ":2," + "".join(sorted(set(have) ^
                                               {r.choice("FSR")}))
            # Some make the new name before they remove the old one.
            if r.random() < 0.5:
                add_and_remove(scene, path, box / "cur" / to)
            else:
                path.rename(box / "cur" / to)


@gone
def rsync(scene, r):
    """Messages with their old times, and the directory's old time after."""
    cur = scene.box(r) / "cur"
    for _ in range(r.randint(1, 3)):
        name = scene.world.new_name()
        base = "%d.M%dP%d_%s.sync:2,%s" % (
            PAST_NS // 10 ** 9, r.getrandbits(20), r.getrandbits(20), name,
            r.choice(["", "S", "F"]))
        temporary = cur / ("." + base + ".x7T0a1")
        temporary.write_bytes(letter(name).replace("\r\n", "\n").encode())
        scene.owned(temporary)
        os.utime(temporary, ns=(PAST_NS, PAST_NS))
        temporary.rename(cur / base)
        scene.world.acknowledged(name)
    os.utime(cur, ns=(PAST_NS, PAST_NS))


@gone
def remover(scene, r):
    """As rm: one of those that may go."""
    files = [p for p in (scene.box(r) / "cur").iterdir()
             if not p.name.startswith(".")]
    if files and len(files) > 10:
        path = r.choice(files)
        if name_in(path).startswith("free-"):
            path.unlink()


@gone
def toucher(scene, r):
    box = scene.box(r)
    path = r.choice([box / "cur", box / "cur", box / "new", box])
    when = r.choice([PAST_NS, PAST_NS, time.time_ns() - 3600 * 10 ** 9,
                     time.time_ns() + 3600 * 10 ** 9])
    os.utime(path, ns=(when, when))


@gone
def index_remover(scene, r):
    path = scene.box(r) / r.choice(INDEXES)
    path.unlink()
    scene.world.count("removed: " + path.name)


@gone
def index_spoiler(scene, r):
    """A file of the index ends before it should, or in the middle of a write;
    the log has each number that was told before, or the start of the system is
    another one."""
    path = scene.box(r) / r.choice(INDEXES[:3])
    if path.name == "paquebot-index.log":
        fd = os.open(path, os.O_WRONLY | os.O_APPEND)   # nothing is hit
        os.write(fd, r.randbytes(r.randint(1, 300)))
        os.close(fd)
    else:
        os.truncate(path, r.randrange(path.stat().st_size + 1))
    scene.world.count("spoilt: " + path.name)


def lock_leaver(scene, r):
    """A process has died with the lock in its hands."""
    path = scene.box(r) / "dovecot-uidlist.lock"
    try:
        fd = os.open(path, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o644)
    except FileExistsError:
        return
    os.fchown(fd, scene.uid, scene.gid)
    os.write(fd, b"%d:%s" % (scene.dead_pid,
                             socket.gethostname().encode()))
    os.close(fd)
    scene.world.count("left: " + path.name)


def killer(scene, r):
    """One session, wherever it is."""
    pids = scene.sessions()
    if pids:
        with contextlib.suppress(ProcessLookupError):
            os.kill(r.choice(pids), signal.SIGKILL)
            scene.world.count("killed from outside")


def deliverer(scene, r):
    """Through the whole suite: SMTP, queue, delivery."""
    for _ in range(r.randint(1, 4)):
        name = scene.world.new_name()
        scene.paq.send("a@far.example", scene.user, letter(name).encode())
        scene.world.acknowledged(name)
        scene.world.count("delivered")


def pop3(scene, r):
    """Reads a few, deletes of those that may go, and ends one way or other."""
    world = scene.world
    with Pop(scene.paq.port["pop3"]) as p:
        try:
            if not p.login(scene.user, scene.password).startswith(b"+OK"):
                world.count("pop3 in use")
                return
            uidl = [line.split() for line in p.multi("UIDL")]
            world.check(len({u for _, u in uidl}) == len(uidl), "UIDL", uidl)
            for n, u in r.sample(uidl, min(5, len(uidl))):
                top = p.say("TOP %d 0" % int(n))
                if top.startswith(b"-ERR"):
                    continue            # it is gone
                name = subject(b"\n".join(p.block()) + b"\n")
                known = scene.uidl.setdefault(u, name)
                world.check(known == name, "a UIDL is another message", u,
                            known, name)
                if name.startswith("free-") and len(uidl) > 20:
                    p.say("DELE %d" % int(n))
            if r.random() < 0.8:
                p.say("QUIT")
            world.count("pop3 sessions")
        except (EOFError, ConnectionError):
            world.count("pop3 died")


def pop3_sleeper(scene, r):
    """One that says nothing, or takes nothing, for longer than others wait:
    who comes then has the maildrop, and this one is told so or cut off."""
    world = scene.world
    with Pop(scene.paq.port["pop3"]) as p:
        try:
            if not p.login(scene.user, scene.password).startswith(b"+OK"):
                world.count("pop3 in use")
                return
            n = int(p.ok("STAT").split()[1])
            deleted = [i for i in range(1, n + 1) if r.random() < 0.2]
            for i in deleted:
                p.say("DELE %d" % i)
            p.raw(b"" if r.random() < 0.5 else b"UIDL\r\nNO")
            if world.stop.wait(r.uniform(0, 4)):
                return
            p.raw(b"OP\r\nRSET\r\nQUIT\r\n")
            said = p.closed()
            world.count("pop3 taken over" if b"has the maildrop" in said or
                        b"+OK maildrop" not in said else "pop3 slept")
        except (EOFError, ConnectionError):
            world.count("pop3 died")


# (function, how often in a minute)
ALL = [(renamer, 300), (rsync, 40), (remover, 60), (toucher, 120),
       (index_remover, 60), (index_spoiler, 30), (lock_leaver, 12),
       (killer, 40), (deliverer, 40), (pop3, 60),
       (pop3_sleeper, 20)]


def keep_on(function, scene, r, per_minute):
    """The thread of one disturber."""
    try:
        while not scene.world.stop.wait(r.uniform(0, 120 / per_minute)):
            function(scene, r)
            scene.world.count("did: " + function.__name__)
    except Violation as why:
        scene.world.failures.append((function.__name__, why))
        scene.world.stop.set()
    except Exception as why:    # noqa: BLE001 - told by the main thread
        scene.world.failures.append((function.__name__, repr(why)))
        scene.world.stop.set()
        raise
