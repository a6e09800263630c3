"""pop3d against clients that are wrong, late or huge, and against an authd that
has been taken over.

Each test is named after the weakness that it guards against; the numbers are
those of the list of threats that the project keeps (A: commands and names, B:
framing, C: cost, D: identity, E: files and channels).
"""
import contextlib
import os
import pathlib
import re
import socket
import statistics
import struct
import sys
import tempfile
import threading
import time

import pytest

ROOT = pathlib.Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "tests" / "flow"))
from fake_master import IS_ROOT, Daemon  # noqa: E402
from fake_suite import NUM, send, text, u8, u32, u64  # noqa: E402
from pop3_client import Pop, empty, fill, wait_free  # noqa: E402

BOB, SECRET = "bob@demo.example", "bob secret"
ERIN = "erin@demo.example"
CAROL, CANARY = "carol@demo.example", "canary-7f3a90-xyz"
SUITE = {"listen": ("pop3",), "users": {
    BOB: SECRET, CAROL: CANARY, ERIN: SECRET},
         "settings": {"login_timeout": "10s", "log_level": "debug"}}
ONE = b"Subject: one\n\nfirst line\n"
needs_root = pytest.mark.skipif(not IS_ROOT, reason="not root")


@pytest.fixture
def alive(paq):
    """Afterwards the same processes serve, and nobody crashed."""
    def daemons():
        return {r["daemon"]: r["pid"] for r in paq.status()}
    before = daemons()
    yield paq
    assert daemons() == before
    assert "crashed" not in paq.log_text()
    with wait_free(paq, BOB, SECRET) as p:
        p.ok("QUIT")


def front(paq, **more):
    return Pop(paq.port["pop3"], **more)


def session(paq):
    empty(paq, BOB)
    fill(paq, BOB, [ONE])
    return wait_free(paq, BOB, SECRET)


# -------------------------------------------------------------- A7, A11, E4

WRONG = [b'NOOP ""', b'NOOP "a', b"NOOP \0", b"\0", b"\xff\xfe", b"\x80" * 200,
         b"RETR " + b"9" * 200, b"TOP 1 " + b"9" * 100, b"RETR \xd9\xa1",
         b"STAT\0", b"a" * 250, b"LIST \r1", b"UIDL-1", b"RETR 1\rQUIT",
         b"%s%n%s%n", b"${run{id}}", b"DELE 1;id"]


@pytest.mark.parametrize("line", WRONG, ids=[repr(w[:12]) for w in WRONG])
def test_A7_lines_that_mean_nothing(alive, line):
    with front(alive) as p:
        p.err(line)
        p.ok("CAPA")
        p.block()
    with session(alive) as p:
        p.err(line)
        assert p.ok("STAT").startswith(b"+OK 1 ")


def test_A7_a_thousand_line_ends(alive):
    for end in (b"\n", b"\r\n"):
        with front(alive) as p, contextlib.suppress(ConnectionError):
            p.raw(end * 1000)
            assert p.closed().endswith(b"-ERR too many errors\r\n")
        with session(alive) as p, contextlib.suppress(ConnectionError):
            p.raw(end * 1000)
            assert p.closed().endswith(b"-ERR too many errors\r\n")


NAMES = [b"'", b"*)(uid=*", b"../x", b"../../etc/passwd", b"a/b", b".", b"..",
         b"%d", b"%u%n", b"/etc/shadow", b"x" * 320, b"\x1b]0;t\x07",
         b"b\xc3\xb6b@demo.example", b"@demo.example", b"bob@",
         b"bob@demo.example\tx", b"bob@demo.example x", b'"' * 300,
         b"bob@demo.example.", b"\xc2\x9b", b"a=b user=\"x\" event=login"]
NO_UTF8 = [b"\x9b", b"\xf0\x9f", b"bob@demo.example\xff"]    # RFC 6856 2.2


def test_A11_E4_names_that_are_no_names(alive):
    """All get the answer that an unknown user gets; no path is made of them,
    and no line of the log."""
    answers, lines = set(), len(alive.log_text().splitlines())
    tree = sorted(str(p) for p in alive.dir.rglob("*"))
    clients = []
    for n, name in enumerate([b"nobody@demo.example", *NAMES]):
        p = front(alive, source=f"127.10.{n}.1")
        p.ok(b"USER " + name)
        p.raw(b"PASS wrong\r\n")
        clients.append(p)
    with front(alive, source="127.10.99.1") as p:
        for name in NO_UTF8:
            p.err(b"USER " + name)
        p.err("PASS wrong")
    for p in clients:
        answers.add(p.answer())
        p.close()
    assert answers == {b"-ERR [AUTH] wrong name or password"}
    made = {str(p) for p in alive.dir.rglob("*")} - set(tree)
    # What the suite itself writes at times of its own.
    assert made <= {str(alive.dir / p) for p in ("auth/logins", "stderr")}
    text_ = alive.log_text()
    for line in text_.splitlines()[lines:]:
        assert all(32 <= ord(c) < 127 for c in line), line
        assert len(line) < 2048
    assert not re.search(r'^[^"]*event=login(-accepted)? ', "\n".join(
        text_.splitlines()[lines:]), re.M)


@pytest.mark.parametrize("name", [b"", b"x" * 321, b"x" * 900])
def test_A11_names_that_nobody_can_have(alive, name):
    with front(alive) as p:
        assert p.err(b"USER " + name) == b"-ERR no such name"
        p.err("PASS x")


def test_A11_a_name_with_a_nul_is_another_name(alive):
    with front(alive) as p:
        p.err(b"USER " + BOB.encode() + b"\0x")
        p.err(b"PASS " + SECRET.encode())


def test_a_password_with_a_nul_is_another_password(alive):
    with front(alive, source="127.11.1.1") as p:
        p.ok(f"USER {BOB}")
        p.err(b"PASS " + SECRET.encode() + b"\0x")


@pytest.mark.parametrize("n", [1024, 1025, 1030, 2000, 8000])
def test_passwords_of_any_length(alive, n):
    with front(alive, source="127.11.2.1") as p:
        p.ok(f"USER {BOB}")
        p.raw(b"PASS " + b"x" * n + b"\r\n")
        got = p.answer()
        assert got.startswith(b"-ERR")


# ------------------------------------------------------------- B8, B11

def rss(pid):
    for line in open(f"/proc/{pid}/status"):
        if line.startswith("VmHWM:"):
            return int(line.split()[1])
    return 0


def pour(p, octets, most):
    """Until the other side has enough; how much it took."""
    sent = 0
    with contextlib.suppress(ConnectionError, TimeoutError):
        while sent < most:
            p.sock.settimeout(15)
            sent += p.sock.send(octets)
    return sent


@pytest.mark.parametrize("octets", [b"x" * 65536, b"\0" * 65536,
                                    b"USER " + b"\xff" * 65531],
                         ids=["x", "nul", "user"])
def test_B8_a_line_without_an_end(alive, octets):
    pid = alive.pid("pop3-front")
    before = rss(pid)
    with front(alive) as p:
        assert pour(p, octets, 100 << 20) < 20 << 20
    assert rss(pid) - before < 2048
    with session(alive) as p:
        assert pour(p, octets, 100 << 20) < 20 << 20


def test_B8_a_long_line_is_refused_and_read_over(alive):
    with session(alive) as p:
        p.raw(b"NOOP " + b"x" * 4000 + b"\r\nSTAT\r\n")
        assert p.answer().startswith(b"-ERR")
        assert p.answer().startswith(b"+OK 1 ")


@pytest.mark.parametrize("octets", [
    b"POST / HTTP/1.1\r\nHost: x\r\n\r\nUSER a\r\n", b"GET /x HTTP/1.0\r\n",
    b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", b"OPTIONS * HTTP/1.1\r\n",
    b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03" + b"x" * 500, b"\x16"])
def test_B11_another_protocol(alive, octets):
    for cut in (len(octets), 1, 3):
        with front(alive) as p:
            start = time.monotonic()
            with contextlib.suppress(ConnectionError):
                p.raw(octets[:cut])
                time.sleep(0.02)
                p.raw(octets[cut:])
            assert p.closed() == b""        # not a word to it
            assert time.monotonic() - start < 2
    with front(alive) as p:                 # later in a session it is a line
        p.ok("CAPA")
        p.block()
        p.err("GET / HTTP/1.1")


# ---------------------------------------------------------------------- C

def test_C11_slow_clients_before_login(alive):
    """One octet now and then: time is for the log-in, not for a read; and
    others are served."""
    slow = [front(alive, source=f"127.20.{n}.1") for n in range(100)]
    start, alive_ones = time.monotonic(), list(slow)
    while alive_ones and time.monotonic() - start < 25:
        for p in list(alive_ones):
            p.sock.setblocking(False)
            try:
                p.sock.send(b"U")
                if p.sock.recv(100) == b"":
                    alive_ones.remove(p)
            except BlockingIOError:
                pass
            except ConnectionError:
                alive_ones.remove(p)
        began = time.monotonic()
        with front(alive) as p:
            assert p.greeting.startswith(b"+OK")
        assert time.monotonic() - began < 2
        time.sleep(0.5)
    assert not alive_ones
    for p in slow:
        p.close()


def test_C_idle_clients_cost_kilobytes(alive):
    pid = alive.pid("pop3-front")
    with front(alive):
        pass
    before = rss(pid)
    many = [front(alive) for _ in range(300)]
    assert (rss(pid) - before) / 300 < 16
    for p in many:
        p.close()


def test_C12_more_clients_than_there_may_be():
    """One too many hears so; when one goes there is room again.  (Clients on
    this host leave a part of the places to the others.)"""
    with Front(pop3_clients_max="8") as d:
        several = []
        while True:
            p = Pop(d.port)
            if p.greeting == b"-ERR [SYS/TEMP] too many connections":
                assert p.closed() == b""
                break
            several.append(p)
        assert 4 <= len(several) <= 8
        several.pop().close()
        end = time.monotonic() + 5
        while True:
            with Pop(d.port) as p:
                if p.greeting.startswith(b"+OK"):
                    break
            assert time.monotonic() < end
            time.sleep(0.05)
        for p in several:
            p.close()


def test_C12_no_descriptors_left():
    """It waits until there are some again, and burns nothing meanwhile."""
    with Front(nofile=40) as d:
        many = [socket.create_connection(("127.0.0.1", d.port))
                for _ in range(100)]
        time.sleep(0.3)
        tick = cpu(d.process.pid)
        time.sleep(1)
        assert cpu(d.process.pid) - tick < 20       # hundredths of a second
        for s in many:
            s.close()
        end = time.monotonic() + 5
        while True:
            with contextlib.suppress(OSError, EOFError, TimeoutError):
                with Pop(d.port, timeout=1) as p:
                    assert p.greeting.startswith(b"+OK")
                    break
            assert time.monotonic() < end


def cpu(pid):
    words = open(f"/proc/{pid}/stat").read().rpartition(")")[2].split()
    return int(words[11]) + int(words[12])


# ---------------------------------------------------------------------- D

def refusal_time(paq, user, source):
    with front(paq, source=source) as p:
        p.ok(f"USER {user}")
        start = time.monotonic()
        got = p.err("PASS wrong")
        return time.monotonic() - start, got


def test_D1_who_exists_cannot_be_told(alive):
    """The same words, none of them at once; each from a network of its own.
    That the work is the same is counted in test_accounts_hostile.py."""
    known, unknown, said = [], [], set()
    for n in range(3):      # a fourth failure of one name would cost more
        took, got = refusal_time(alive, CAROL, f"127.30.{n}.1")
        known.append(took)
        said.add(got)
        took, got = refusal_time(alive, f"no{n}@demo.example",
                                 f"127.31.{n}.1")
        unknown.append(took)
        said.add(got)
    assert len(said) == 1
    print(f"\nmedian of 3, s: known {statistics.median(known):.2f}, unknown "
          f"{statistics.median(unknown):.2f}")
    assert all(t > 0.95 for t in known + unknown)


def test_D5_guessing_one_name_from_everywhere(alive):
    """Each wrong answer waits longer, wherever it comes from; the owner does
    not wait at all."""
    took = []

    def guess(n):
        took.append(refusal_time(alive, ERIN, f"127.40.{n}.1")[0])
    threads = [threading.Thread(target=guess, args=(n,))
               for n in range(6)]
    for t in threads:
        t.start()
    time.sleep(0.5)
    start = time.monotonic()
    with wait_free(alive, ERIN, SECRET) as p:
        assert time.monotonic() - start < 4
        p.ok("QUIT")
    for t in threads:
        t.join()
    assert max(took) > 7.5


def test_D5_guessing_from_one_place(alive):
    """Five at most over one connection, and each slower than the last."""
    start = time.monotonic()
    with front(alive, source="127.41.1.1") as p:
        for n in range(5):
            p.ok(f"USER guess{n}@demo.example")
            p.err("PASS wrong")
        assert p.closed() == b"-ERR too many failed log-ins\r\n"
    assert time.monotonic() - start > 8.5       # 1 + 1 + 1 + 2 + 4 seconds


def test_D9_D10_a_process_of_ones_own(alive):
    """A session is one process, the owner's, in the Maildir, with nothing
    else; the front has no process, no file and no mailbox."""
    with session(alive) as p:
        parent = alive.pid("pop3-session")
        path = f"/proc/{parent}/task/{parent}/children"
        (pid,) = [int(x) for x in open(path).read().split()]
        fields = dict(x.split(":\t", 1) for x in
                      open(f"/proc/{pid}/status").read().splitlines()
                      if ":\t" in x)
        assert fields["Seccomp"] == "2" and fields["NoNewPrivs"] == "1"
        assert int(fields["SigIgn"], 16) & 1 << 12     # SIGPIPE
        assert int(fields["CapPrm"], 16) == int(fields["CapEff"], 16) == 0
        assert fields["Groups"].strip() == ""
        if IS_ROOT:
            import pwd
            owner = pwd.getpwnam(alive.settings["mailbox_user"])
            assert set(fields["Uid"].split()) == {str(owner.pw_uid)}
            inside = set(os.listdir(f"/proc/{pid}/root"))
            assert {"cur", "new", "tmp"} <= inside
            at = os.stat(f"/proc/{pid}/root")
            box = alive.maildir(BOB).stat()
            assert (at.st_dev, at.st_ino) == (box.st_dev, box.st_ino)
        links = [os.readlink(f"/proc/{pid}/fd/{n}")
                 for n in os.listdir(f"/proc/{pid}/fd")]
        sockets = [x for x in links if x.startswith("socket:")]
        assert len(sockets) == 2, links         # the client, and the log
        p.ok("QUIT")
    end = time.monotonic() + 5
    while os.path.exists(f"/proc/{pid}"):
        assert time.monotonic() < end


def memory_holds(pid, octets):
    found = False
    with open(f"/proc/{pid}/mem", "rb", buffering=0) as mem:
        for line in open(f"/proc/{pid}/maps"):
            where, rights = line.split()[:2]
            if "w" not in rights or line.rstrip().endswith("[vvar]"):
                continue
            start, end = (int(x, 16) for x in where.split("-"))
            if end - start > 1 << 28:       # a sanitizer's, not the program's
                continue
            with contextlib.suppress(OSError, ValueError):
                mem.seek(start)
                found |= octets in mem.read(end - start)
    return found


@needs_root
def test_D_a_password_is_forgotten(alive):
    """Neither the front nor authd nor the session keeps it."""
    front_pid, authd = alive.pid("pop3-front"), alive.pid("authd")
    with wait_free(alive, CAROL, CANARY) as p:
        time.sleep(0.2)
        assert memory_holds(front_pid, b"mx.demo.example")  # it can be seen
        pids = [front_pid, authd, alive.pid("pop3-session"),
                *[int(x) for x in open(
                    f"/proc/{authd}/task/{authd}/children").read().split()]]
        # A stored clear password would be found in authd: it is a hash.
        assert not [pid for pid in pids if memory_holds(
            pid, CANARY.encode())]
        p.ok("QUIT")
    with front(alive, source="127.42.1.1") as p:
        p.ok("USER dave@demo.example")
        p.err(f"PASS {CANARY}wrong")
        assert not memory_holds(front_pid, CANARY.encode())


# --------------------------------------------- the session, and time in it

class Front(Daemon):
    """pop3d front with this test as authd."""

    def __init__(self, nofile=None, **settings):
        super().__init__("pop3d", {
            "pop3_clients_max": "1000", "mail_clients_per_address": "0",
            "login_timeout": "60", "plain_login_anywhere": "no",
            "scram_without_tls": "no", "client_certificates": "",
            "tls_handshakes_max": "500", "tls_handshakes_per_network": "0",
            "oauth_keys": "",
            "sasl_mechanisms": "PLAIN LOGIN EXTERNAL",
            **settings}, ["front"], nofile=nofile)
        self.authd = self.peer("ROLE_AUTHD")
        self.port = self.listen("LISTENER_POP3")


class Sessions:
    """pop3d session with this test as authd."""

    def __init__(self, fast=0, **settings):
        self.dir = tempfile.TemporaryDirectory(prefix="paqpop-")
        self.root = pathlib.Path(self.dir.name) / "mail"
        self.root.mkdir()
        self.daemon = Daemon("pop3d", {
            "pop3_clients_max": "50", "mail_clients_per_address": "3",
            "pop3_timeout": "600", "mailbox_roots": [str(self.root)],
            **settings}, ["session"], fast=fast, jail=False)

    def __enter__(self):
        self.authd = self.daemon.peer("ROLE_AUTHD")
        self.daemon.start()
        return self

    def __exit__(self, *exc):
        self.daemon.stop()
        self.dir.cleanup()

    def start(self, maildir=None, pending=b"", client="127.0.0.1", uid=1000,
              user="bob"):
        ours, theirs = socket.socketpair()
        theirs.setblocking(False)
        send(self.authd, "SESSION_START", text(user) + u32(uid) + u32(uid) +
             text("") + text(maildir or str(self.root / user)) + u64(0) +
             text(client) + text("0123456789ABCDEF") + text("") +
             text(pending), fd=theirs.fileno())
        theirs.close()
        p = Pop.__new__(Pop)
        p.sock, p.left = ours, b""
        ours.settimeout(30)
        return p


FAST = 200


def test_C11_idle_session():
    # RFC 1939 3: the timer's end is no QUIT, and nothing is said
    with Sessions(fast=FAST) as s:
        with s.start() as p:
            assert p.answer().startswith(b"+OK")
            start = time.monotonic()
            assert p.closed() == b""
            assert 570 < (time.monotonic() - start) * FAST < 600 + 20 * FAST


def test_C11_a_slow_command_has_no_more_time():
    with Sessions(fast=FAST) as s, s.start() as p:
        p.answer()
        start = time.monotonic()
        with contextlib.suppress(ConnectionError):
            while True:
                p.raw(b"N")
                time.sleep(0.1)
        assert (time.monotonic() - start) * FAST < 600 + 20 * FAST


def test_C11_a_reader_that_does_not_read():
    with Sessions(fast=FAST) as s:
        box = s.root / "bob"
        for d in ("cur", "new", "tmp"):
            (box / d).mkdir(parents=True)
        (box / "new" / "1.x").write_bytes(b"x" * 70 + b"\n" + b"y" * 20000000)
        with s.start() as p:
            p.answer()
            start = time.monotonic()
            p.raw(b"RETR 1\r\n")
            (pid,) = s.daemon.children()
            while os.path.exists(f"/proc/{pid}"):
                time.sleep(0.02)
                passed = (time.monotonic() - start) * FAST
                assert passed < 180 + 8 * FAST
            assert passed > 170


@pytest.mark.parametrize("maildir", [
    "/etc", "/", "relative", "%(root)s", "%(root)s/", "%(root)s/../x",
    "%(root)sx/bob", "%(root)s/a/../../x", "%(root)s/..", "%(root)s/./..",
    "%(root)s/link/box", "%(root)s/link", "%(root)s/fifo", "%(root)s/file",
    "%(root)s/file/box"])
def test_D7_a_mailbox_that_is_none(maildir):
    """authd taken over names what it likes: nothing outside opens."""
    with Sessions() as s:
        outside = pathlib.Path(s.dir.name) / "x"
        outside.mkdir()
        (s.root / "link").symlink_to(outside)
        os.mkfifo(s.root / "fifo")
        (s.root / "file").write_text("x")
        with s.start(maildir % {"root": s.root}) as p:
            assert p.answer() == \
                b"-ERR [SYS/TEMP] the mailbox cannot be opened now"
            assert p.closed() == b""
        assert os.listdir(outside) == []
        assert not (outside / "new").exists()
        assert sorted(os.listdir(s.root)) == ["fifo", "file", "link"]
        with s.start() as p:
            assert p.answer().startswith(b"+OK")


def test_E_no_session_for_root():
    """0 is out of bounds in the message: the channel ends, nobody opens."""
    with Sessions() as s:
        with s.start(uid=0) as p:
            assert p.closed() == b""
        assert s.daemon.log_has("ipc-refused", "session_start")


def test_C12_sessions_of_one_address():
    with Sessions() as s:
        some = [s.start(client="192.0.2.7", user=f"u{n}") for n in range(3)]
        for p in some:
            assert p.answer().startswith(b"+OK")
        with s.start(client="192.0.2.7", user="v") as p:
            assert p.answer().startswith(b"-ERR [SYS/TEMP]")
        with s.start(client="192.0.2.8", user="w") as p:
            assert p.answer().startswith(b"+OK")
        for n in range(5):                      # loopback is everybody's
            with s.start(client="127.0.0.1", user=f"x{n}") as p:
                assert p.answer().startswith(b"+OK")
        some[0].ok("QUIT")
        end = time.monotonic() + 5
        while True:
            with s.start(client="192.0.2.7", user="y") as p:
                if p.answer().startswith(b"+OK"):
                    break
            assert time.monotonic() < end


@pytest.mark.parametrize("n", [0, 1, 4095, 4096])
def test_input_behind_the_login(n):
    with Sessions() as s, s.start(pending=b"NOOP\r\n" * (n // 6) +
                                  b"N" * (n % 6)) as p:
        for _ in range(n // 6 + 1):
            assert p.answer().startswith(b"+OK")
        if n % 6 == 0:
            p.ok("STAT")
        else:
            p.raw(b"OOP"[:4 - n % 6] if n % 6 < 4 else b"")
            p.raw(b"\r\n")
            assert p.answer()


# ------------------------------------------------------------ authd and front

def test_authd_gone_while_it_judges():
    """Nobody knows who has the connection: it is closed without a word."""
    with Front() as d:
        with Pop(d.port) as p, Pop(d.port) as other:
            p.ok("USER bob")
            p.raw(b"PASS x\r\n")
            assert d.authd.recv(9000)
            d.authd.close()
            assert p.closed() == b""
            other.ok("USER bob")
            assert other.err("PASS x").startswith(b"-ERR [SYS/TEMP]")
            next_authd = d.peer("ROLE_AUTHD")
            time.sleep(0.2)
            other.ok("USER bob")
            other.raw(b"PASS x\r\n")
            assert next_authd.recv(9000)


def test_C11_time_counts_while_authd_judges():
    """A login that is refused when the time is over gets no new time."""
    with Front(login_timeout="5") as d, Pop(d.port) as p:
        p.ok("USER bob")
        p.raw(b"PASS x\r\n")
        request = struct.unpack(">HI", d.authd.recv(9000)[:6])[1]
        time.sleep(6)
        d.authd.send(struct.pack(">HI", NUM["LOGIN_REP"], request) + u8(1))
        assert p.answer().startswith(b"-ERR [AUTH]")
        assert p.closed() == b"-ERR took too long to log in\r\n"


def test_an_answer_of_another_authd():
    """Two at once, as while one is being replaced: an answer counts only for
    what that one was asked."""
    with Front() as d:
        with Pop(d.port) as p:
            p.ok("USER bob")
            p.raw(b"PASS x\r\n")
            request = struct.unpack(">HI", d.authd.recv(9000)[:6])[1]
            second = d.peer("ROLE_AUTHD")
            time.sleep(0.2)
            second.send(struct.pack(">HI", NUM["LOGIN_REP"], request) + u8(1))
            assert second.recv(9000) == b""     # it has lost its channel
            d.authd.send(struct.pack(">HI", NUM["LOGIN_REP"], request) +
                         u8(1))
            assert p.answer().startswith(b"-ERR [AUTH]")
