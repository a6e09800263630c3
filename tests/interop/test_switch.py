"""One mailbox goes from Dovecot to Paquebot and back, several times, with random
work on each.  Clients with QRESYNC (RFC 7162 3.2.5) are away over a switch, or
over two, or never: after each return what they know is what there is, numbers
have not gone back, and no UID is another message (tests/stress/imap_model.py).

SEEDS="1 2" STEPS=n for more of it.
"""
import os
import pathlib
import pwd
import random
import shlex
import signal
import socket
import subprocess
import sys

import pytest

HERE = pathlib.Path(__file__).resolve().parent
for folder in (HERE, HERE.parent / "stress", HERE.parent / "dialog"):
    sys.path.insert(0, str(folder))
import test_stress as stress  # noqa: E402
from beside_dovecot import CONFIG, DOVECOT, connect, free_port  # noqa: E402
from imap_client import Client  # noqa: E402
from imap_model import World  # noqa: E402

DOVEADM = "/usr/bin/doveadm"
pytestmark = [
    pytest.mark.skipif(not os.path.exists(DOVECOT) or
                       not os.path.exists(DOVEADM), reason="no dovecot"),
    pytest.mark.skipif(os.geteuid() != 0, reason="dovecot needs root"),
]
PASSWORD = "secret"
SEEDS = [int(s) for s in os.environ.get("SEEDS", "1").split()]
SUITE = {"listen": ("imap",),
         "users": {"u%d@demo.example" % s: PASSWORD for s in SEEDS}}
STEPS = int(os.environ.get("STEPS", "25"))
# D: Dovecot, P: Paquebot.
PHASES = "DPDPPDP"
# Who is there in which phase; numbers as in stress: 0, 1, 4, 5: QRESYNC.
CLIENTS = {0: "XXXXXXX", 1: "X.X..X.", 4: ".X.XX.X", 5: "X.....X",
           8: ".X....X", 9: "X....X.", 2: "XXXXXXX"}


class SwitchWorld(World):
    """Dovecot's UIDNEXT lags behind ours until there is a new message."""

    def ascends(self, table, folder, now, before):
        if table is not self.next:
            super().ascends(table, folder, now, before)


class Dovecot:
    """On the mailbox of a suite, while nobody else works there."""

    def __init__(self, paq, base, user):
        self.base, self.port, self.user = base, free_port(), user
        owner = pwd.getpwnam(paq.settings["mailbox_user"]).pw_name
        text = CONFIG.format(dir=base, port=self.port).replace(
            "maildir:%s/mail" % base, "maildir:%s" % paq.maildir(user))
        (base / "conf").write_text(text.replace("_paqdemo", owner))
        (base / "log").touch()
        (base / "log").chmod(0o666)

    def __enter__(self):
        self.process = subprocess.Popen(
            [DOVECOT, "-F", "-c", str(self.base / "conf")],
            stdout=subprocess.DEVNULL, stderr=subprocess.STDOUT)
        self.client(None).close()
        return self

    def client(self, _):
        c = connect(self.port, self.process, self.base / "log")
        c.sock.settimeout(60)
        c.line()
        c.ok("LOGIN %s %s" % (self.user, PASSWORD))
        return c

    def obey(self, line):
        """What paquebot mailbox leave has printed."""
        words = shlex.split(line)
        assert words[:3] == ["doveadm", "mailbox", "update"], line
        subprocess.run([DOVEADM, "-c", str(self.base / "conf"), *words[1:]],
                       check=True, capture_output=True)

    def __exit__(self, *exc):
        self.process.send_signal(signal.SIGTERM)
        self.process.wait(30)


class Scene:
    """For the actors of the stress test: who is connected to what."""

    def __init__(self, paq, world, user):
        self.paq, self.world, self.user = paq, world, user
        self.to = None

    def connect(self, number, r):
        return self.to(r)

    def ours(self, _):
        c = Client(socket.create_connection(
            ("127.0.0.1", self.paq.port["imap"])), timeout=60)
        c.line()
        c.ok("LOGIN %s %s" % (self.user, PASSWORD))
        return c

    def box(self, folder):
        root = self.paq.maildir(self.user)
        return root if folder == "INBOX" else root / ("." + folder)


def act(actor, what=None):
    try:
        (what or actor.step)()
    except BaseException:
        for command, said in actor.m.history:
            print("C:", command)
            for line in said:
                print("S:", line.decode(errors="replace"))
        raise


def work(scene, actors, r):
    """Everybody who is there does something, in turns; then all agree."""
    for _ in range(STEPS):
        act(r.choice(actors))
    count = {}
    for folder in stress.FOLDERS:
        for a in actors:
            if a.m.c is None:
                a.m.begin()
            act(a, lambda: a.m.select(folder))
        for _ in range(2):
            states = [a.m.state() for a in actors]
        assert all({u: f for u, (f, _) in s.items()} ==
                   {u: f for u, (f, _) in states[0].items()}
                   for s in states), folder
        disk = stress.on_disk(scene.box(folder))
        assert sorted(disk) == sorted(states[0]), folder
        for uid, (name, letters) in disk.items():
            scene.world.is_(folder, uid, name)
            assert stress.flags_of(scene.box(folder), letters) == \
                states[0][uid][0], (folder, uid)
            count[name] = count.get(name, 0) + 1
    assert all(count.get(name) == 1 for name in scene.world.kept)
    for a in actors:
        a.m.died()


def make_actors(scene, seed):
    actors = {n: stress.Actor(scene, n, seed * 100 + n,
                              [] if n == 2 else ["QRESYNC"]) for n in CLIENTS}
    for a in actors.values():
        # IDLE takes time; STATUS of Dovecot lags, and it has no REPLACE.
        a.acts = [f for f in a.acts
                  if f.__name__ not in ("do_idle", "do_status", "do_replace")]
    return actors


@pytest.mark.parametrize("seed", SEEDS)
def test_switches(paq, seed):
    base = paq.dir / ("dovecot-%d" % seed)
    base.mkdir(mode=0o755)
    world = SwitchWorld(stress.FOLDERS, 20)
    user = "u%d@demo.example" % seed
    scene = Scene(paq, world, user)
    actors, r = make_actors(scene, seed), random.Random(seed)
    c = scene.ours(None)        # the Maildir is there, with its owner
    for folder in stress.FOLDERS[1:]:
        c.ok("CREATE " + folder)
    c.close()
    for phase, server in enumerate(PHASES):
        print("phase", phase, server)
        here = [a for n, a in actors.items() if CLIENTS[n][phase] == "X"]
        if server == "P":
            paq.paquebot("mailbox", "adopt", user)
            scene.to = scene.ours
            work(scene, here, r)
            continue
        told = paq.paquebot("mailbox", "leave", user).splitlines()
        with Dovecot(paq, base, user) as dovecot:
            for line in told:
                dovecot.obey(line)
            scene.to = dovecot.client
            work(scene, here, r)
    print("%d checks" % world.checks, world.counts["resynced"], "resynced")
    assert world.counts["resynced"] > 10
    log = (base / "log").read_text()
    assert "Error" not in log and "Panic" not in log, log
