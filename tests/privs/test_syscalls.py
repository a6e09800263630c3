"""What each running daemon may not do, tried from inside it: open a file of the
system, make one, run a program, open a socket, connect, trace or signal another
process, become root, leave for a namespace.  Each try is refused, or kills the one
process that makes it; the suite goes on.
"""
import os
import platform
import signal
import socket
import subprocess
import time

import pytest

from conftest import needs_root
from running import ALICE, BOB, CHILDREN, Process, at_work, look, table
from suite import ROOT, namespaces, wait_for

pytestmark = [
    needs_root,
    pytest.mark.skipif(not namespaces(), reason="no user namespaces here"),
    pytest.mark.skipif(platform.machine() != "x86_64",
                       reason="syscallin knows x86-64 only")]

REFUSED, SUCCEEDED, NO_TRIAL, KILLED = range(4)
CLONE_NEWUSER = "0x10000000"
TRIALS = {
    "open": ["open", "/etc/passwd"],
    "create": ["create", "/made-by-a-test"],
    "unlink": ["unlink", "/etc/passwd"],
    "execve": ["execve", "/bin/true"],
    "unix-socket": ["socket", str(int(socket.AF_UNIX))],
    "netlink": ["socket", "16"],
    "inet-socket": ["socket", str(int(socket.AF_INET))],
    "connect": ["connect", "PORT"],
    "ptrace": ["ptrace", "MASTER"],
    "kill": ["kill", "MASTER", "0"],
    "kill-stranger": ["kill", "STRANGER", str(int(signal.SIGKILL))],
    "setuid": ["setuid", "0"],
    "setresuid": ["setresuid", "0"],
    "unshare": ["unshare", CLONE_NEWUSER],
}
WORKERS = ("smtp-out-worker", "deliver-worker")
# What the job of a class of filter is, and where files are made.  The pipe role
# starts users' programs: its ids and its namespace are what holds it.
MAY_CREATE = {"queue", "mailbox"}
ALLOWED = {("net", "inet-socket"), ("net", "connect"),
           *((unknown, trial) for unknown in ("modules", "programs")
             for trial in ("open", "unix-socket", "netlink", "inet-socket",
                           "connect")),
           ("programs", "execve")}


@pytest.fixture(scope="module")
def syscallin():
    build = os.environ.get("BUILD", "build")
    subprocess.run(["make", "-s", "-C", ROOT, f"B={build}",
                    f"{build}/tests/privs/syscallin"], check=True)
    return (ROOT / build / "tests" / "privs" / "syscallin").resolve()


def order(found):
    """Sessions and workers before those whose end is theirs, too."""
    children = set(CHILDREN.values())
    return sorted(set(found) - {"master"},
                  key=lambda name: (name not in children, name))


def alive(p):
    return p.proc.exists() and " Z " not in (p.proc / "stat").read_text()


class Victims:
    """The processes of a suite, and which of them may be gone by now."""

    def __init__(self, paq):
        self.paq, self.all = paq, look(paq)
        # qmgr ends it: it has nothing to do.  The other worker has.
        self.may_go = {p.pid for p in self.all["deliver-worker"]}

    def next(self, name):
        """One of that name; a daemon may have been started again."""
        p = self.all[name][0]
        if alive(p):
            return p

        def fresh():
            rows = {r["daemon"]: r for r in self.paq.status()}
            return rows[name]["state"] == "ready" and \
                Process(self.paq, rows[name]["pid"])
        return wait_for(fresh, 40)

    def was_killed(self, name, p):
        """With it go its children; workers whose qmgr is gone; and a listener
        whose session has crashed gives way to a successor with another memory
        layout."""
        self.may_go.add(p.pid)
        self.may_go |= {q.pid for group in self.all.values() for q in group
                        if q.parent == p.pid}
        if name == "qmgr":
            self.may_go |= {q.pid for worker in WORKERS
                            for q in self.all[worker]}
        if name == "smtpd-session":
            self.may_go.add(p.parent)

    def missing(self):
        return [name for name, group in self.all.items() for q in group
                if q.pid not in self.may_go and not alive(q)]


def try_all(paq, syscallin, trial, call):
    rows, victims = table(), Victims(paq)
    for name in order(victims.all):
        p = victims.next(name)

        for _ in range(100):        # it may be at work just now
            done = subprocess.run([syscallin, str(p.pid), *call], text=True,
                                  capture_output=True, check=False)
            if done.returncode != NO_TRIAL:
                break
            time.sleep(0.05)
            p = victims.next(name)
        assert done.returncode != NO_TRIAL, f"{name}: {done.stderr}"
        print(name, *call, done.stdout.strip())
        may = (rows[name]["filter"], trial) in ALLOWED or \
            (trial == "create" and rows[name]["root"] in MAY_CREATE)
        assert done.returncode in (REFUSED, KILLED) or may, \
            f"{name} may {call}: {done.stdout}"
        if done.returncode == KILLED or \
                (done.returncode == SUCCEEDED and trial == "execve"):
            victims.was_killed(name, p)
        assert not victims.missing(), \
            f"{name}'s {call} was the end of {victims.missing()}"


@pytest.mark.parametrize("trial", TRIALS)
def test_is_refused(syscallin, trial):
    with subprocess.Popen(["sleep", "60"]) as stranger, \
            socket.create_server(("127.0.0.1", 0)) as server, \
            at_work() as paq:
        names = {"MASTER": str(paq.master.pid),
                 "STRANGER": str(stranger.pid),
                 "PORT": str(server.getsockname()[1])}
        try:
            try_all(paq, syscallin, trial,
                    [names.get(word, word) for word in TRIALS[trial]])
            assert stranger.poll() is None and paq.master.poll() is None
        finally:
            stranger.kill()
        # It still works, with whoever was started again.
        wait_for(paq.is_ready, 40)
        paq.send(ALICE, [BOB], "Subject: after\n\nall\n", login=ALICE)
        paq.wait_stored(BOB, 2)
