"""From inside every process of doc/privileges.md: a suite of which each process can
be taken over (make HIJACK=1) is walked hop by hop from the network, and each tries
all that attempts.py knows.  All of it must fail, no other process may die, and
after each round a message goes in and out.

The last test prints the table for doc/privileges.md; WRITE=1 puts it there.
"""
import contextlib
import errno
import imaplib
import os
import platform
import poplib
import pwd
import random
import re
import signal
import smtplib
import socket
import ssl
import struct
import subprocess
import tempfile
from pathlib import Path

import pytest

import attempts
import forge
import hijack
import ipc_doc
from conftest import needs, needs_root
from hijack import ByTcp, Hijacked, error_name, hop
from running import ALICE, BOB, CHILDREN, Process, at_work, look, table
from suite import OWNER, ROOT, free_ports, namespaces, wait_for

BUILD = ROOT / "build-hijack"
pytestmark = [
    needs_root, needs("ss"),
    pytest.mark.skipif(not namespaces(), reason="no user namespaces here"),
    pytest.mark.skipif(platform.machine() != "x86_64" or not hijack.NR,
                       reason="the numbers of calls are those of x86-64"),
    pytest.mark.skipif(not (BUILD / "bin" / "master").exists(),
                       reason="not built: make HIJACK=1")]

# Over whose channel each is reached; the rest reads the network itself.
VIA = {"lookupd": "smtpd-session", "qmgr": "smtpd-session",
       "smtpd": "smtpd-session", "logd": "smtpd-session",
       "authd": "pop3-front", "keyd": "imap-front",
       "authd-worker": "authd", "pop3-session": "authd",
       "imap-session": "authd", "pamd": "authd",
       "qmgr-sync": "qmgr", "smtp-out": "qmgr",
       "deliver": "qmgr", "pipe": "qmgr", "deliver-worker": "qmgr",
       "dnsd": "smtp-out-worker"}
PROCESSES = [name for name in table() if name != "master"]
FORGED_MARKS = ("<!-- what each forged: begin -->",
                "<!-- what each forged: end -->")
MARKS = ("<!-- what each tried: begin -->", "<!-- what each tried: end -->")


class Around:
    """Whom and what a process finds around it, for attempts.py."""

    def __init__(self, paq):
        self.paq = paq
        self.look()
        self.master = paq.master.pid
        self.conf, self.queue = str(paq.conf), str(paq.queue)
        self.own_port, self.free_port = paq.port["mx"], free_ports(1)[0]
        self.daemon_uids = sorted({pwd.getpwnam(row["user"]).pw_uid
                                   for row in table().values()
                                   if row["user"].startswith("_")})
        self.abstract = f"paquebot-{os.getpid()}"
        self.path = str(paq.dir / "open-to-all")
        self.servers = [socket.create_server(("127.0.0.1", 0))]
        self.port = self.servers[0].getsockname()[1]
        for at in (self.path, "\0" + self.abstract):
            for kind in (socket.SOCK_STREAM,):
                s = socket.socket(socket.AF_UNIX, kind)
                s.bind(at)
                s.listen()
                self.servers.append(s)
        os.chmod(self.path, 0o777)
        self.sleepers = {}
        self.stranger = self.sleeper(0)
        self.sibling = self.stranger
        self.held = {}

    def look(self):
        self.all = look(self.paq)
        self.keyd = self.all["keyd"][0].pid

    def sleeper(self, uid):
        if uid not in self.sleepers:
            self.sleepers[uid] = subprocess.Popen(
                ["sleep", "3600"], user=uid, group=uid, extra_groups=[])
        return self.sleepers[uid].pid

    def close(self):
        for h in self.held.values():
            h.let_go()
        for p in self.sleepers.values():
            p.kill()
            p.wait()
        for s in self.servers:
            s.close()

    def uid_of(self, h):
        return int(Process(self.paq, h.pid).status["Uid"].split()[0])

    @staticmethod
    def sockets_of(h, kind=""):
        tcp = set()
        for table in ("tcp", "tcp6"):
            with contextlib.suppress(OSError):
                tcp |= {line.split()[9] for line in Path(
                    f"/proc/{h.pid}/net/{table}").read_text().splitlines()}
        return [fd for fd, inode in hijack.channels(h.pid).items()
                if kind != "tcp" or inode in tcp]

    def shared(self, h):
        """Its end of the log channel."""
        return hijack.ends(h, self.all["logd"][0].pid)

    def mode_of(self, h, fd):
        if fd < 0:
            return fd
        mode = os.stat(f"/proc/{h.pid}/fd/{fd}").st_mode
        return 0 if mode & 0o6000 else -errno.EPERM

    def fork_bound(self, h):
        most = re.search(r"^Max processes +(\S+) +(\S+)",
                         Path(f"/proc/{h.pid}/limits").read_text(), re.M)
        one = h.forks(1)
        if one < 0:
            return one
        return 0 if "unlimited" in most.groups() else -errno.EAGAIN


# ------------------------------------------------------------- the way there

def wire(paq, port, greeting, *dialog):
    """A client, through its dialog."""
    # Of an address of its own: smtpd's processes may serve one again.
    source = f"127.1.{random.randrange(256)}.{random.randrange(1, 255)}"
    s = socket.create_connection(("127.0.0.1", paq.port[port]),
                                 source_address=(source, 0))
    f = s.makefile("rb")
    assert f.readline().startswith(greeting)
    for line, answer in dialog:
        s.sendall(line.encode() + b"\r\n")
        assert answer in f.readline()
    return s


def from_the_network(around, name):
    paq = around.paq
    if name == "smtp-out-worker":
        paq.silent.settimeout(20)
        return Hijacked(ByTcp(paq.silent.accept()[0]))
    dialog = {
        "smtpd-session": ("mx", b"220"),
        "pop3-front": ("pop3", b"+OK"),
        "imap-front": ("imap", b"* OK"),
        "pop3-mailbox": ("pop3", b"+OK", (f"USER {ALICE}", b"+OK"),
                         (f"PASS {paq.users[ALICE]}", b"+OK")),
        "imap-mailbox": ("imap", b"* OK", (
            f'a LOGIN {BOB} "{paq.users[BOB]}"', b"a OK"))}[name]
    return Hijacked(ByTcp(wire(paq, *dialog)))


def pid_of(around, name):
    if name == "deliver-worker":
        return wait_for(lambda: [p.pid for p in look(around.paq).get(
            name, [])], 10)[0]
    return wait_for(lambda: look(around.paq).get(name), 10)[0].pid


@contextlib.contextmanager
def inside(around, name):
    """A process of that name that was taken over; it is let go afterwards."""
    if name == "smtp-out-worker":       # there is but one, for as long as
        if name not in around.held:     # its other server says nothing
            around.held[name] = from_the_network(around, name)
        yield around.held[name]
        return
    if name not in VIA:
        h = from_the_network(around, name)
        try:
            yield h
        finally:
            h.let_go()
            h.link.sock.close()
        return
    if name == "deliver-worker":        # it stays for some seconds
        deliver(around.paq)
    with inside(around, VIA[name]) as through:
        h = hop(through, pid_of(around, name), name)
        try:
            yield h
        finally:
            h.let_go()


def deliver(paq):
    """In by submission, out by IMAP."""
    n = len(paq.stored(BOB))

    # What was started again a moment ago has its channels a moment later.
    @contextlib.contextmanager
    def soon():
        with contextlib.suppress(smtplib.SMTPException, imaplib.IMAP4.error):
            yield
    def sent():
        with soon():
            return paq.send(ALICE, [BOB], f"Subject: {n}\n\nstill\n",
                            login=ALICE) == {}
    def logged_in():
        with soon():
            return paq.imap(BOB)
    wait_for(sent, 10, 0.2)
    paq.wait_stored(BOB, n + 1)
    client = wait_for(logged_in, 10, 0.2)
    assert int(client.select()[1][0]) == n + 1
    client.logout()


# ------------------------------------------------------------------- the tests

@pytest.fixture(scope="module")
def around():
    with at_work(bin_dir=BUILD / "bin") as paq:
        found = Around(paq)
        yield found
        found.close()


def fixed(paq):
    """Processes that no round may end."""
    return {r["daemon"]: r["pid"] for r in paq.status()}


SEEN = {}       # process -> row -> result


@pytest.mark.parametrize("name", PROCESSES)
def test_what_it_tries_fails(around, name):
    before = fixed(around.paq)
    filter_class = table()[name]["filter"]
    SEEN[name] = seen = {}
    with inside(around, name) as h:
        around.other = str(around.paq.maildir(
            BOB if name == "pop3-mailbox" else ALICE))
        around.sibling = around.sleeper(around.uid_of(h))
        for row, run in attempts.ROWS.items():
            seen[row] = run(h, around)
    bad = {row: error_name(r) for row, r in seen.items()
           if r >= 0 and not attempts.allowed(row, name, filter_class)}
    assert not bad, f"{name} may: {bad}"
    assert fixed(around.paq) == before
    for p in around.sleepers.values():
        assert p.poll() is None
    deliver(around.paq)


def cell(name, row):
    result = SEEN[name][row]
    if result >= 0:
        return "+"
    return "K" if result == -hijack.KILLED else "-"


def printed():
    """The table of doc/privileges.md: a row per attempt, a column per process."""
    head = ["| tried | " + " | ".join(str(i + 1) for i in
                                      range(len(PROCESSES))) + " |",
            "|---" * (len(PROCESSES) + 1) + "|"]
    body = ["| " + row + " | " + " | ".join(
        cell(name, row) for name in PROCESSES) + " |"
        for row in attempts.ROWS]
    names = "Columns: " + ", ".join(f"{i + 1} `{name}`" for i, name in
                                    enumerate(PROCESSES)) + "."
    return "\n".join([names, "", *head, *body])


@pytest.mark.parametrize("how, then", [
    (lambda h, fd: h.call("shutdown", fd, 1),
     "event=log-channel-ended daemon={role}"),
    (lambda h, fd: h.call("sendto", fd, b"", 0, 0x4040, 0, 0),
     r" {role}\[\d+\] info \n")],     # a line with nothing in it
    ids=["shutdown", "empty packet"])
@pytest.mark.parametrize("name, role, act", [
    ("smtpd-session", "smtpd", lambda paq: paq.send(
        ALICE, [BOB], "x", login=ALICE)),
    ("imap-mailbox", "imap-session", lambda paq: paq.imap(BOB).logout())])
def test_log_channel(around, name, role, act, how, then):
    """It is one socket of a daemon and all its children: when one of them has
    ended it, the others soon have another."""
    paq = around.paq

    def lines():
        return paq.log_text().count(f" {role}[")

    def says_something():
        before = lines()
        act(paq)
        wait_for(lambda: lines() > before, 1)
        return True
    for _ in range(3):
        with inside(around, name) as h:
            done = [how(h, fd) for fd in around.shared(h)]
        assert done, "it has none"
        for _ in range(10):
            with contextlib.suppress(TimeoutError):
                if says_something():
                    break
        assert says_something()
    if max(done) >= 0:
        paq.wait_log(then.format(role=role))


@pytest.mark.parametrize("parent, child", [("authd", "authd-worker"),
                                           ("qmgr", "qmgr-sync")])
def test_log_channel_of_children(around, parent, child):
    """A child that lives as long as its parent gets the new channel, too."""
    paq, old = around.paq, around.paq.pid("logd")
    os.kill(old, signal.SIGKILL)
    wait_for(lambda: paq.pid("logd") not in (None, old), 20)
    wait_for(paq.is_ready, 20)
    around.look()
    with inside(around, parent) as h:
        for p in look(around.paq)[child]:
            worker = hop(h, p.pid, child)
            fds = around.shared(worker)
            assert fds, f"{child} writes to nobody"
            line = f"event=still-heard pid={p.pid}"
            assert worker.write(fds[0], b"1" + line.encode()) > 0
            around.paq.wait_log(line)
            worker.let_go()


def document(marks, text):
    """What stands between the marks is what was seen."""
    file = ROOT / "doc" / "privileges.md"
    whole = file.read_text()
    begin, end = (whole.index(mark) for mark in marks)
    begin += len(marks[0]) + 1
    if os.environ.get("WRITE"):
        file.write_text(whole[:begin] + text + "\n" + whole[end:])
    print(text)
    assert file.read_text()[begin:].startswith(text + "\n" + marks[1])


def test_the_document_tells_what_was_seen():
    if set(SEEN) != set(PROCESSES):
        pytest.skip("not all processes were tried")
    document(MARKS, printed())


# -------------------------------------------------------------------- forgeries

MESSAGES = forge.catalogue()
RULES = forge.allowed()
FLOOD = 3000
FORGED = {}     # (who, to) -> messages that a table lets pass, those that none does


def new_pair(h):
    """Two ends of a channel, made by the process."""
    rc, both = h.call("socketpair", 1, 5, 0, bytes(8), out=3)
    assert rc == 0, error_name(rc)
    return struct.unpack("=ii", both)


def fresh_channel(h, fd, introduce):
    """Its end of a new channel to whoever is at the other end of fd."""
    mine, theirs = new_pair(h)
    assert h.send(fd, introduce, [theirs]) > 0
    h.call("close", theirs)
    return mine


def outcome(h, chan, ms):
    """What came of a packet: "closed", "answered" or "nothing"."""
    got = h.receive(chan, ms)
    for fd in got[1] if got else ():
        h.call("close", fd)
    return "nothing" if got is None else "answered" if got[0] else "closed"


def say(h, chan, packet, nfds, which=0):
    """Descriptors: nothing of use, the channel itself, or a pipe's end."""
    if not nfds or which % 3 == 0:
        return h.send(chan, packet, [0] * nfds)
    if which % 3 == 1:
        return h.send(chan, packet, [chan] * nfds)
    both = struct.unpack("=ii", h.call("pipe2", bytes(8), 0, out=0)[1])
    rc = h.send(chan, packet, [both[0]] * nfds)
    for fd in both:
        h.call("close", fd)
    return rc


def forge_all(h, fd, introduce, rules, every):
    """Each message, one to a channel; what was not refused though it must."""
    wrong, n = [], [0, 0]
    # One on which nothing is said stays, or the others would prove nothing.
    chan = fresh_channel(h, fd, introduce)
    assert outcome(h, chan, 100) == "nothing"
    h.call("close", chan)

    def attempt(what, packet, nfds, must_close):
        chan = fresh_channel(h, fd, introduce)
        say(h, chan, packet, nfds, sum(n))
        n[must_close] += 1
        if outcome(h, chan, 2000 if must_close else 3) != "closed" and \
                must_close:
            wrong.append(what)
        h.call("close", chan)
    for m in MESSAGES:
        known = m.name in rules
        for i, (what, packet, nfds) in enumerate(m.malformed()):
            if known or i % every == 0:
                attempt(f"{m.name}: {what}", packet, nfds, True)
        for i, (what, packet, nfds) in enumerate(m.well_formed()):
            if known or i == 0:
                attempt(f"{m.name}: {what}", packet, nfds, not known)
    return wrong, n


# What no one process can send twice, because it ends the channel that master
# made: each sender tries one thing with each of its peers, in turn.
def one_of(rules, turn):
    """A message that must be refused, another for each turn."""
    bad = []
    for m in MESSAGES:
        if m.name not in rules:
            bad.append((f"{m.name}: not from this role",
                        m.packet(m.body()), m.fds))
        bad += [(f"{m.name}: {what}", packet, n) for what, packet, n in
                m.malformed() if m.name in rules]
    known = [b for b in bad if b[0].split(":")[0] in rules]
    return known[turn // 2 % len(known)] if known and turn % 2 else \
        bad[turn * 7 % len(bad)]


# An answer is looked at when the next question is asked.
READ_LATER = {("keyd", "pop3-front"), ("keyd", "imap-front")}


def peers_of(around, h):
    """(name, descriptor) of the daemons that it has a channel to."""
    for name, group in around.all.items():
        if name in ("logd", "master") or name in CHILDREN.values() or \
                group[0].pid == h.pid or h.name == "logd":
            continue
        for fd in hijack.ends(h, group[0].pid)[:1]:
            yield name, fd
    yield "master", 3


ANY_CERTIFICATE = ssl._create_unverified_context()

# Before the forgeries, which end daemons: dnsd is reached by a worker that knows
# but one.  An edge is ended by either of its daemons, but not over the channel over which
# the test speaks to it, and not where nobody looks before he asks again.
EDGES = [(a, b) for edge in ipc_doc.edges()
         for a, b in (edge[:2], edge[1::-1])
         if VIA.get(a) != b and (a, b) not in READ_LATER]


def connected(a, b):
    """They have a channel to each other."""
    other = hijack.pairs()
    theirs = set(hijack.channels(b).values())
    return any(other.get(inode) in theirs
               for inode in hijack.channels(a).values())


def works(paq):
    """Through every daemon that can be asked from outside."""
    deliver(paq)
    for begin in (lambda: paq.smtp(port="mx").starttls(context=ANY_CERTIFICATE),
                  lambda: imaplib.IMAP4(paq.host, paq.port["imap"]).starttls(
                      ANY_CERTIFICATE),
                  lambda: poplib.POP3(paq.host, paq.port["pop3"]).stls(
                      ANY_CERTIFICATE)):
        begin()
    wait_for(lambda: paq.pop3(ALICE), 10).quit()


@contextlib.contextmanager
def channel_again(around, name, to):
    """What is done inside ends the channel of these two.  A moment later they
    have another, and are the same processes."""
    paq = around.paq
    before = fixed(paq)
    around.look()
    a, b = (around.all[who][0].pid for who in (name, to))

    def again():
        lines = re.findall(r"event=channel-again between=(\S+) and=(\S+)",
                           paq.log_text())
        return sum(set(line) == {name, to} for line in lines)
    said = again()
    yield
    wait_for(lambda: again() > said, 20)
    wait_for(lambda: connected(a, b), 10)
    works(paq)
    assert fixed(paq) == before


@pytest.mark.parametrize("name, to", EDGES)
def test_an_ended_channel_comes_again(around, name, to):
    """Refused for what it said, a daemon is not without that peer for ever; what
    goes through both goes on, without a restart."""
    with channel_again(around, name, to), inside(around, name) as h:
        fd = hijack.ends(h, around.all[to][0].pid)[0]
        assert h.send(fd, b"not a packet") > 0
        while (state := outcome(h, fd, 3000)) == "answered":
            pass
        assert state == "closed"


def test_channel_of_a_flood_comes_again(around):
    """The same for a message that the table allows, said too often."""
    m = next(m for m in MESSAGES if m.name == "queue_mine")
    with channel_again(around, "smtpd", "qmgr"), \
            inside(around, "smtpd") as h:
        fd = hijack.ends(h, around.all["qmgr"][0].pid)[0]
        sent = [say(h, fd, m.packet(m.body()), m.fds) for _ in range(200)]
        assert sent[0] > 0
        while outcome(h, fd, 3000) != "closed":
            pass
    around.paq.wait_log("event=ipc-refused daemon=smtpd type=queue_mine "
                        "why=rate")


@pytest.mark.parametrize("name", [n for n in PROCESSES
                                  if n not in CHILDREN.values()])
def test_forged_messages_of_daemons(around, name):
    """To each peer: all that it may say, with contents that no honest one has;
    then one message that is refused, with which the channel ends.  Who did that is
    ended afterwards, and started again by master."""
    paq = around.paq
    before, said = fixed(paq), []
    # master waits longer before each start: 4 take some seconds.  dnsd is
    # reached by a worker that knows but one of them.
    rounds = 4 if os.environ.get("LONG") and name != "dnsd" else 1
    for turn in range(rounds):
        around.look()
        with inside(around, name) as h:
            for to, fd in peers_of(around, h):
                if to == VIA.get(name):
                    continue        # over it we speak to the process itself
                rules = forge.may_say(RULES, to, name)
                count = FORGED.setdefault((name, to), [0, 0])
                for m in MESSAGES:
                    if m.name in rules - {"super_successor"}:
                        for i, (_, packet, n) in enumerate(m.well_formed()):
                            say(h, fd, packet, n, i)
                            count[0] += 1
                what, packet, n = one_of(rules, len(said) + turn)
                say(h, fd, packet, n)
                count[1] += 1
                said.append(f"{to}: {what}")
                state = outcome(h, fd, 3000)
                while state == "answered":
                    state = outcome(h, fd, 3000)
                assert state == "closed" or (name, to) in READ_LATER, \
                    f"{name} to {to}: {what} {state}"
            pid = h.pid
        with contextlib.suppress(ProcessLookupError):
            os.kill(pid, signal.SIGKILL)

        def again(pid=pid):
            rows = paq.status()
            return rows and all(r["state"] == "ready" and r["pid"] != pid
                                for r in rows)
        wait_for(again, 40)
    print(name, *said, sep="\n   ")
    after = fixed(paq)
    assert {d: p for d, p in after.items() if d != name} == \
        {d: p for d, p in before.items() if d != name}
    around.look()
    deliver(paq)


def flood(h, fd, introduce, message):
    """As much of it as goes, from one channel."""
    chan = fresh_channel(h, fd, introduce)
    packet = message.packet(message.body())
    for _ in range(FLOOD if os.environ.get("LONG") else 300):
        if say(h, chan, packet, message.fds) < 0:
            break
    h.call("close", chan)


CHAN_NEW = next(m for m in MESSAGES if m.name == "chan_new")
WORKER = {"smtp-out": "out_worker", "deliver": "local_worker",
          "pipe": "local_worker"}


def worker_of(name):
    """The message by which qmgr asks for a worker, with its owner's ids."""
    m = next(m for m in MESSAGES if m.name == WORKER[name])
    owner = pwd.getpwnam(OWNER)
    say_field = {"user": b"bob@demo.example",
                 "uid": owner.pw_uid, "gid": owner.pw_gid}
    return m.packet(b"".join(
        f.pack(say_field[f.name]) if f.name in say_field else f.good()
        for f in m.fields))


@pytest.mark.parametrize("listener, to", [
    ("smtpd", "lookupd"), ("smtpd", "qmgr"), ("smtpd", "authd"),
    ("smtpd", "keyd"), ("smtp-out", "dnsd"), ("smtp-out", "lookupd"),
    ("qmgr", "smtp-out"),
    ("qmgr", "deliver"), ("qmgr", "pipe")])
def test_forged_messages_of_sessions(around, listener, to):
    """All that a session could say to whom it has a channel to: the channels are
    made and introduced by its listener, which was taken over.  (To the workers
    of a deliverer it is qmgr who says it.)"""
    before = fixed(around.paq)
    worker = listener == "qmgr"
    session = {"smtpd": "smtpd-session", "smtp-out": "smtp-out-worker",
               "qmgr": None}[listener]
    rules = {"job"} if worker else forge.may_say(RULES, to, session)
    introduce = worker_of(to) if worker else CHAN_NEW.packet(b"")
    with inside(around, listener) as h:
        fd = hijack.ends(h, around.all[to][0].pid)[0]
        every = 1 if os.environ.get("LONG") else 20 if worker else 4
        wrong, n = forge_all(h, fd, introduce, rules, every)
        for m in MESSAGES:
            if m.name in rules:
                flood(h, fd, introduce, m)
    FORGED[session or "qmgr", f"{to}-worker" if worker else to] = n
    print(f"{listener} to {to}: {n} messages")
    assert not wrong, f"{len(wrong)} of {n} were taken: {wrong[:10]}"
    assert fixed(around.paq) == before
    deliver(around.paq)


def forged():
    """The table of doc/privileges.md: a row for each who may speak to another."""
    return "\n".join([
        "| who | to | as its table allows | as no table does |",
        "|---|---|---|---|", *(
            f"| `{who}` | `{to}` | {n[0]} | {n[1]}"
            f"{', later' if (who, to) in READ_LATER else ''} |"
            for (who, to), n in sorted(FORGED.items()))])


def test_the_document_tells_what_was_forged():
    if {who for who, _ in FORGED} < set(PROCESSES) - set(CHILDREN.values()) \
            or ("smtp-out-worker", "dnsd") not in FORGED:
        pytest.skip("not all forgeries were tried")
    if os.environ.get("LONG"):
        pytest.skip("the table is that of the short form: make check")
    document(FORGED_MARKS, forged())
