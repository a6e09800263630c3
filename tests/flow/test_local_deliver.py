"""local-deliver with its real channels; this test is master and qmgr.

The parent runs as it does in the suite: in a user namespace that holds the
mailbox owners, and as an ordinary user's process where all is one user.
"""
import os
import pathlib
import pwd
import re
import shutil
import socket
import stat
import struct
import subprocess
import tempfile
import time

import pytest

from suite import namespaces
from fake_suite import BIN, NUM, ROLE, Reader, defaults, pair, recv, send, \
    text, u8, u32, u64

ROOT = os.geteuid() == 0
PARENT = 61183          # ids that nobody has
OWNER = 61184
OTHER = 61185
FRONT = b"paquebot-queue: the envelope comes first\n"
MAIL = b"Received: by x; now\r\nSubject: hello\r\n\r\nbody\r\n..\r\n"
ID = "0123456789BCDFGHJKMN"
DONE, LATER, NEVER = 0, 1, 2


class Worker:
    """The end of a worker's channel that qmgr has."""

    def __init__(self, sock):
        self.sock = sock
        sock.settimeout(20)

    def job(self, path, rcpts, sender="bob@b.example", nexthop="", **more):
        """The job's results: {index: (kind, esc, text, [forwards])}."""
        self.give(path, rcpts, sender, nexthop, **more)
        return self.results()

    def row(self, paths, rcpt="alice@a.example"):
        """The result of each, as given in one row."""
        for n, path in enumerate(paths):
            self.give(path, [rcpt], more=n + 1 < len(paths))
        found = []
        while len(found) < len(paths):
            got = self.results()
            if got is None:
                return None
            found.append(got[100])
        return found

    def give(self, path, rcpts, sender="bob@b.example", nexthop="", **more):
        size = os.path.getsize(path) - len(FRONT)
        fd = os.open(path, os.O_RDONLY)
        send(self.sock, "JOB", text(ID) + text(sender) + u64(len(FRONT)) +
             u64(more.get("size", size)) + u8(0) + u8(0) + text(nexthop) +
             struct.pack(">H", 0) + u8(0) + text("") + text("") + u8(0) + u8(0) +
             text("") +
             u32(len(rcpts)), fd=fd)
        os.close(fd)
        for i, r in enumerate(rcpts):
            send(self.sock, "JOB_RCPT", u32(100 + i) + text(r) + text(r) +
                 text("") + u8(0) + text(""))
        send(self.sock, "JOB_GO", u8(more.get("more", 0)))

    def results(self):
        found, forwards = {}, {}
        while True:
            got = recv(self.sock)
            if got is None:
                return None
            number, _, body, _ = got
            b = Reader(body)
            if number == NUM["RESULT_FORWARD"]:
                index = struct.unpack(">I", b.take(4))[0]
                forwards.setdefault(index, []).append(b.text().decode())
            elif number == NUM["RESULT"]:
                index = struct.unpack(">I", b.take(4))[0]
                kind = b.take(1)[0]
                found[index] = (kind, b.text().decode(), b.text().decode(),
                                forwards.get(index, []))
            elif number == NUM["JOB_END"]:
                return found
            else:
                raise AssertionError("message %d" % number)

    def close(self):
        self.sock.close()


class Deliver:
    """One local-deliver; mode: namespace (root), one-user."""

    def __init__(self, tmp, role="deliver", namespaced=ROOT, **settings):
        self.tmp = tmp
        self.drop = ROOT and not namespaced and role == "deliver"
        self.uid = OWNER if ROOT else os.getuid()
        self.gid = OWNER if ROOT else os.getgid()
        self.roots = tmp / "mail"
        self.roots.mkdir()
        os.chmod(tmp, 0o755)
        os.chmod(self.roots, 0o1777)
        self.logs, self.settings = [], {
            "hostname": "mail.a.example", "mailbox_roots": str(self.roots),
            "log_level": "debug", "deliver_max": "10", **settings}
        self.master, theirs = pair()
        self.log, log_theirs = pair()
        self.log.settimeout(0.2)
        a, b = theirs.fileno(), log_theirs.fileno()

        def wire():
            os.dup2(os.dup(a), 200)
            os.dup2(os.dup(b), 201)
            os.dup2(200, 3)
            os.dup2(201, 4)
            if self.drop:       # one-user operation, by another than root
                os.setgroups([])
                os.setgid(OWNER)
                os.setuid(OWNER)

        self.err = open(tmp / "stderr", "wb")
        self.process = subprocess.Popen(
            [str(BIN / "local-deliver"), role], preexec_fn=wire,
            pass_fds=(3, 4), stdin=subprocess.DEVNULL, stdout=self.err,
            stderr=self.err)
        theirs.close()
        log_theirs.close()
        self.start(role, namespaced)

    def start(self, role, namespaced):
        got = recv(self.master)
        assert got and got[0] == NUM["SUPER_HELLO"], self.stderr()
        send(self.master, "SUPER_IDENTITY", u8(namespaced) +
             u32(PARENT if namespaced else os.getuid()) +
             u32(PARENT if namespaced else os.getgid()) +
             text("") + u8(namespaced) + u8(namespaced) + u64(1))
        if namespaced:
            for group in (0, 1):
                send(self.master, "SUPER_RANGE", u8(group) + u32(OWNER) +
                     u32(1))
        for name, value in {**defaults(), **self.settings}.items():
            send(self.master, "SUPER_SETTING", text(name) + text(value))
        self.qmgr, theirs = pair()
        send(self.master, "SUPER_PEER", u8(ROLE["ROLE_QMGR"]),
             fd=theirs.fileno())
        theirs.close()
        send(self.master, "SUPER_GO")
        got = recv(self.master)
        assert got, self.stderr()
        if got[0] == NUM["SUPER_MAP_ME"]:
            self.write_maps()
            got = recv(self.master)
        assert got and got[0] == NUM["SUPER_READY"], self.stderr()

    def write_maps(self):
        for kind in ("gid_map", "uid_map"):
            pathlib.Path("/proc/%d/%s" % (self.process.pid, kind)).write_text(
                "%d %d 1\n%d %d 1\n" % (PARENT, PARENT, OWNER, OWNER))
        send(self.master, "SUPER_MAPPED", u8(1) + text(""))

    def stderr(self):
        return (self.tmp / "stderr").read_text(errors="replace")

    def worker(self, maildir=None, uid=None, home="", system_user=0):
        ours, theirs = pair()
        uid = self.uid if uid is None else uid
        gid = self.gid if uid == self.uid else uid
        maildir = maildir or self.roots / "a" / "alice" / "Maildir"
        send(self.qmgr, "LOCAL_WORKER", text("alice@a.example") + u32(uid) +
             u32(gid) + text(str(home)) + text(str(maildir)) +
             u8(system_user), fd=theirs.fileno())
        theirs.close()
        self.maildir = pathlib.Path(maildir)
        return Worker(ours)

    def mail(self, octets=MAIL, name="queue-file"):
        path = self.tmp / name
        path.write_bytes(FRONT + octets)
        os.chmod(path, 0o600)
        return path

    def new(self):
        # Microseconds in names are not filled up with zeros.
        return [p.read_bytes() for p in sorted(
            self.maildir.glob("new/*"), key=lambda p: [
                int(n) for n in re.findall(r"\d+", p.name)[:2]])]

    def log_text(self):
        try:
            while True:
                line = self.log.recv(4096)
                if not line:
                    break
                self.logs.append(line.decode())
        except TimeoutError:
            pass
        return "\n".join(self.logs)

    def close(self):
        send(self.master, "SUPER_STOP")
        assert self.process.wait(10) == 0, self.stderr() + self.log_text()
        for s in (self.master, self.log, self.qmgr):
            s.close()
        self.err.close()
        assert "ERROR: " not in self.stderr(), self.stderr()


@pytest.fixture(params=[True, False] if ROOT else [False],
                ids=["namespace", "one-user"] if ROOT else ["one-user"])
def deliver(request):
    if request.param and not namespaces():
        pytest.skip("no user namespaces here")
    tmp = pathlib.Path(tempfile.mkdtemp(prefix="paqdeliver-"))
    d = Deliver(tmp, namespaced=request.param)
    yield d
    d.close()
    shutil.rmtree(tmp)


def head(rcpt, sender="bob@b.example"):
    return ("Return-Path: <%s>\nDelivered-To: %s\n" %
            (sender, rcpt)).encode()


def test_delivers(deliver):
    w = deliver.worker()
    got = w.job(deliver.mail(), ["alice@a.example", "alice+x@a.example"])
    assert {i: r[:2] for i, r in got.items()} == {
        100: (DONE, "2.0.0"), 101: (DONE, "2.0.0")}
    unix = MAIL.replace(b"\r\n", b"\n")
    assert deliver.new() == [head("alice@a.example") + unix,
                             head("alice+x@a.example") + unix]
    # The same worker takes the next job.
    big = b"Subject: big\r\n\r\n" + b"0123456789 " * 300000 + b"\r\n"
    got = w.job(deliver.mail(big), ["alice@a.example"], sender="")
    assert got[100][0] == DONE
    assert deliver.new()[2] == head("alice@a.example", "") + \
        big.replace(b"\r\n", b"\n")
    for p in deliver.maildir.glob("new/*"):
        st = p.stat()
        assert (st.st_uid, stat.S_IMODE(st.st_mode)) == (deliver.uid, 0o600)
        assert ",S=%d," % st.st_size in p.name
    assert list(deliver.maildir.glob("tmp/*")) == []
    w.close()


def test_worker_is_confined(deliver):
    """What /proc shows of a worker with its mailbox open."""
    w = deliver.worker()
    assert w.job(deliver.mail(), ["alice@a.example"])[100][0] == DONE
    kids = pathlib.Path("/proc/%d/task/%d/children" %
                        (deliver.process.pid, deliver.process.pid))
    pids = kids.read_text().split()
    assert len(pids) == 1
    proc = pathlib.Path("/proc") / pids[0]
    status = dict(line.split(":\t", 1) for line in
                  (proc / "status").read_text().splitlines() if ":\t" in line)
    assert status["Uid"].split() == [str(deliver.uid)] * 4
    assert status["NoNewPrivs"].strip() == "1"
    assert status["Seccomp"].strip() == "2"
    if not deliver.drop:
        assert int(status["CapPrm"], 16) == int(status["CapEff"], 16) == 0
        assert status["Groups"].strip() == ""
        assert os.path.samefile(proc / "root", deliver.maildir)
    else:
        assert os.path.samefile(proc / "cwd", deliver.maildir)
    w.close()


def test_loop(deliver):
    w = deliver.worker()
    got = w.job(deliver.mail(b"Delivered-To: alice@a.example\r\n\r\nx\r\n"),
                ["alice@a.example", "bob@a.example"])
    assert got[100][:2] == (NEVER, "5.4.6")     # RFC 3463 3.5
    assert got[101][0] == DONE
    w.close()


def test_short_queue_file(deliver):
    w = deliver.worker()
    got = w.job(deliver.mail(), ["alice@a.example"], size=len(MAIL) + 1)
    assert got[100][0] == LATER
    assert deliver.new() == []
    w.close()


def test_mailbox_cannot_be_opened(deliver):
    outside = deliver.tmp / "elsewhere"
    outside.mkdir()
    os.chmod(outside, 0o777)
    (deliver.roots / "link").symlink_to(outside)
    for maildir in ("/etc/Maildir", deliver.roots / "link" / "Maildir",
                    str(deliver.roots) + "/../elsewhere/Maildir"):
        w = deliver.worker(maildir)
        assert w.job(deliver.mail(), ["alice@a.example"])[100][0] == LATER
        w.close()
    assert list(outside.iterdir()) == []


def test_planted_links(deliver):
    """new/ leads out of the mailbox: nothing is written there."""
    outside = deliver.tmp / "elsewhere"
    outside.mkdir()
    os.chmod(outside, 0o777)
    box = deliver.roots / "Maildir"
    box.mkdir()
    (box / "new").symlink_to(outside)
    for p in (box, box / "new"):
        os.chown(p, deliver.uid, deliver.gid, follow_symlinks=False)
    w = deliver.worker(box)
    assert w.job(deliver.mail(), ["alice@a.example"])[100][0] == LATER
    assert list(outside.iterdir()) == []
    w.close()


def test_over_quota(deliver):
    w = deliver.worker()
    assert w.job(deliver.mail(), ["alice@a.example"])[100][0] == DONE
    size = deliver.maildir / "maildirsize"
    size.write_text("150S\n100 1\n")
    os.chown(size, deliver.uid, deliver.gid)
    got = w.job(deliver.mail(), ["alice@a.example"])
    assert got[100][:2] == (NEVER, "5.2.2")     # RFC 3463 3.3
    w.close()


# A row: jobs that come together (lib/ipc/msg_deliver.h).

def numbered(deliver, n):
    return [deliver.mail(b"Subject: %d\r\n\r\nx\r\n" % i, f"queue-{i}")
            for i in range(n)]


def subjects(deliver, behind=0):
    return [int(re.search(rb"^Subject: (\d+)", m, re.M)[1])
            for m in deliver.new()[behind:]]


def test_row(deliver):
    """All of it, in its order; then the next."""
    w = deliver.worker()
    for n in (16, 2):
        got = w.row(numbered(deliver, n))
        assert [r[:2] for r in got] == [(DONE, "2.0.0")] * n
    assert subjects(deliver) == [*range(16), 0, 1]
    assert list(deliver.maildir.glob("tmp/*")) == []
    assert deliver.log_text().count("event=stored") == 18
    w.close()


def test_row_is_bounded(deliver):
    """One more than the header says is no row: nothing of it is delivered."""
    w = deliver.worker()
    try:
        assert w.row(numbered(deliver, 17)) is None
    except OSError:
        pass
    w.close()
    assert not list(deliver.maildir.glob("new/*"))


def test_row_that_is_not_finished(deliver):
    """qmgr went away within it: nothing of it is delivered."""
    w = deliver.worker()
    w.give(numbered(deliver, 1)[0], ["alice@a.example"], more=1)
    w.close()
    w = deliver.worker()
    assert w.row(numbered(deliver, 2))[1][0] == DONE
    assert subjects(deliver) == [0, 1]
    w.close()


def test_row_over_quota(deliver):
    """Each is judged in its turn: what fits is stored, a small one behind a
    large one too."""
    w = deliver.worker()
    assert w.job(deliver.mail(), ["alice@a.example"])[100][0] == DONE
    size = deliver.maildir / "maildirsize"
    size.write_text("3000S,4C\n100 1\n")
    os.chown(size, deliver.uid, deliver.gid)
    row = numbered(deliver, 6)
    row[1] = deliver.mail(b"Subject: 1\r\n\r\n" + b"x" * 4000, "large")
    got = [r[:2] for r in w.row(row)]
    full = (NEVER, "5.2.2")     # RFC 3463 3.3
    assert got == [(DONE, "2.0.0"), full, (DONE, "2.0.0"), (DONE, "2.0.0"),
                   full, full]
    assert subjects(deliver, behind=1) == [0, 2, 3]
    w.close()


def test_row_with_one_that_fails(deliver):
    """A loop, and a queue file that is too short, stop none of the others."""
    w = deliver.worker()
    row = numbered(deliver, 4)
    row[1] = deliver.mail(b"Delivered-To: alice@a.example\r\n\r\n", "loop")
    assert [r[1] for r in w.row(row)] == ["2.0.0", "5.4.6", "2.0.0", "2.0.0"]
    for i, path in enumerate(numbered(deliver, 3)):
        more = {"size": 1000} if i == 1 else {}
        w.give(path, ["alice@a.example"], more=i < 2, **more)
    assert [w.results()[100][0] for _ in range(3)] == [DONE, LATER, DONE]
    assert subjects(deliver) == [0, 2, 3, 0, 2]
    assert list(deliver.maildir.glob("tmp/*")) == []
    w.close()


def test_row_of_a_mailbox_that_cannot_be_opened(deliver):
    w = deliver.worker("/etc/Maildir")
    assert [r[0] for r in w.row(numbered(deliver, 3))] == [LATER] * 3
    w.close()


def test_row_and_a_forward_file(deliver):
    """Each job's addresses come with its own result."""
    w = deliver.worker(deliver.roots / "home" / "Maildir", system_user=1,
                       home=home(deliver, "me@else.example"))
    assert [r[3] for r in w.row(numbered(deliver, 3))] == \
        [["me@else.example"]] * 3
    w.close()


def home(deliver, forward, mode=0o600, uid=None):
    h = deliver.roots / "home"
    h.mkdir(exist_ok=True)
    f = h / ".forward"
    if f.exists():
        f.unlink()
    f.write_text(forward)
    os.chmod(f, mode)
    os.chown(h, deliver.uid, deliver.gid)
    os.chown(f, deliver.uid if uid is None else uid, deliver.gid)
    return h


def forward(deliver, text_, **how):
    w = deliver.worker(deliver.roots / "home" / "Maildir", system_user=1,
                       home=home(deliver, text_, **how))
    before = len(deliver.new())
    got = w.job(deliver.mail(), ["alice@a.example"])[100]
    w.close()
    assert got[0] == DONE
    return got[3], len(deliver.new()) - before


def test_forward(deliver):
    assert forward(deliver, "x@b.example, carol\n") == \
        (["x@b.example", "carol@a.example"], 0)
    assert forward(deliver, "\\alice\nx@b.example\n") == (["x@b.example"], 1)
    # Not offered, or not to be trusted: mail stays in the mailbox.
    assert forward(deliver, "|/bin/sh\n") == ([], 1)
    assert "forward-entry-ignored" in deliver.log_text()
    assert forward(deliver, ":include:/etc/shadow\n/etc/x\n") == ([], 1)
    assert forward(deliver, "x@b.example\n", mode=0o620) == ([], 1)
    assert forward(deliver, "x@b.example\n", mode=0o602) == ([], 1)
    assert "others may write it" in deliver.log_text()
    assert forward(deliver, "#" * 40000) == ([], 1)
    if ROOT:
        assert forward(deliver, "x@b.example\n", mode=0o644, uid=OTHER) == \
            ([], 1)
    h = home(deliver, "x@b.example\n")
    os.rename(h / ".forward", h / "other")
    (h / ".forward").symlink_to("other")
    w = deliver.worker(h / "Maildir", system_user=1, home=h)
    assert w.job(deliver.mail(), ["alice@a.example"])[100][3] == []
    w.close()


@pytest.mark.skipif(not ROOT, reason="not root")
def test_only_owners(deliver):
    """An id outside of the ranges gets no worker."""
    for uid in (0, OTHER, 1000):
        w = deliver.worker(uid=uid)
        assert recv(w.sock) is None
        w.close()
    assert not any(deliver.roots.iterdir())


def test_bad_job_ends_the_worker(deliver):
    w = deliver.worker()
    send(w.sock, "JOB_GO", u8(0))
    try:
        assert recv(w.sock) is None
    except ConnectionResetError:
        pass
    w.close()
    w = deliver.worker()                        # the parent lives on
    assert w.job(deliver.mail(), ["alice@a.example"])[100][0] == DONE
    w.close()


def test_killed_worker(deliver):
    w = deliver.worker()
    assert w.job(deliver.mail(), ["alice@a.example"])[100][0] == DONE
    kids = pathlib.Path("/proc/%d/task/%d/children" %
                        (deliver.process.pid, deliver.process.pid))
    os.kill(int(kids.read_text()), 9)
    assert recv(w.sock) is None
    w.close()
    w = deliver.worker()
    assert w.job(deliver.mail(), ["alice@a.example"])[100][0] == DONE
    w.close()


@pytest.fixture
def pipes():
    tmp = pathlib.Path(tempfile.mkdtemp(prefix="paqpipe-"))
    script = tmp / "run"
    script.write_text("#!/bin/sh\ncat > %s/out/got\nenv > %s/out/env\n"
                      "id -u > %s/out/id\necho words $#\nexit $1\n" %
                      (tmp, tmp, tmp))
    os.chmod(script, 0o755)
    (tmp / "out").mkdir()
    os.chmod(tmp / "out", 0o777)
    name = "nobody" if ROOT else pwd.getpwuid(os.getuid()).pw_name
    d = Deliver(tmp, role="pipe", namespaced=False, pipe_user=name,
                pipes="archive=%s 0 a;b" % script)
    yield d
    d.close()
    shutil.rmtree(tmp)


def test_pipe(pipes):
    w = pipes.worker(maildir=pipes.roots)
    got = w.job(pipes.mail(), ["$(id)@a.example"], nexthop="archive")
    assert got[100][:2] == (DONE, "2.0.0"), got
    assert "words 2" in got[100][2]
    assert (pipes.tmp / "out/got").read_bytes() == \
        head("$(id)@a.example") + MAIL.replace(b"\r\n", b"\n")
    assert "RECIPIENT=__id_@a.example\n" in (pipes.tmp / "out/env").read_text()
    got = w.job(pipes.mail(), ["a@a.example"], nexthop="other")
    assert got[100][:2] == (LATER, "4.3.5")
    w.close()
