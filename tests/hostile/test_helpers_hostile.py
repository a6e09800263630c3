"""authd and lookupd against peers that were taken over, and maps that are wrong.

The maps are made by `paquebot`, the two daemons are the real ones, under their
own users and in their directory; this test is master and all their peers.
Each test is named after the weakness that it guards against; the numbers are
those of the list of threats that the project keeps.
"""
import contextlib
import os
import pathlib
import re
import socket
import struct
import sys
import time

import pytest

ROOT = pathlib.Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "tests" / "flow"))
import suite as harness  # noqa: E402
from fake_master import IS_ROOT, Daemon  # noqa: E402
from fake_suite import NUM, Reader, pair, recv, send, text, u8  # noqa: E402

ALICE, BOB = "alice@demo.example", "bob@demo.example"
PASSWORDS = {ALICE: "alice secret", BOB: "bob secret"}
SESSION = "0123456789ABCDEF"
OK, WRONG, TEMPORARY = 0, 1, 2
POP3, IMAP = 1, 2
LOCAL, RELAY_OK, FOREIGN, UNKNOWN = 0, 1, 2, 3
MAILBOX, REMOTE, PIPE, FAIL = 0, 1, 2, 3


@pytest.fixture(scope="module")
def maps():
    """A directory of maps, without a suite that runs."""
    s = harness.Suite(users=PASSWORDS, maps={
        "aliases": "list: alice, bob\nloop: loop2\nloop2: loop\n"
        "deep: :include:lists/one\nout: :include:/etc/passwd\n"
        "up: :include:../secret\nlink: :include:lists/link\n"
        "fifo: :include:lists/fifo\ndir: :include:lists\n"
        "gone: :include:lists/gone\n"
        "many: :include:lists/many\n"})
    s.write()
    lists = s.conf.parent / "lists"
    lists.mkdir()
    (s.dir / "secret").write_text("alice@demo.example\n")
    (lists / "one").write_text("alice\n# nobody\nbob@demo.example\n")
    (lists / "many").write_text("".join(
        f"u{i}@far.example\n" for i in range(30000)))
    (lists / "link").symlink_to("/etc/passwd")
    os.mkfifo(lists / "fifo")
    yield s
    s.close()


def settings(maps):
    return {"map_dir": str(maps.conf.parent), "mailbox_path":
            str(maps.mail) + "/%d/%n/Maildir", "mailbox_user":
            maps.settings["mailbox_user"], "system_users": "no",
            "sasl_mechanisms": "PLAIN LOGIN SCRAM-SHA-1 SCRAM-SHA-256 "
            "EXTERNAL", "client_certificates": "", "oauth_keys": "", "oauth_issuer": "",
            "oauth_audience": "", "oauth_user_claim": "email",
            "subaddress_separator": "+", "domains": ["demo.example"],
            "relay_domains": ["relay.example"], "postmaster": "",
            "auth_dir": "", "pam_service": "", "alias_depth_max": "10", "alias_targets_max": "50000",
            "pipes": ["archive=/bin/cat"]}


def session_of(parent):
    ours, theirs = pair()
    ours.settimeout(20)
    send(parent, "CHAN_NEW", fd=theirs.fileno())
    theirs.close()
    return ours


# ------------------------------------------------------------------- authd

class Authd(Daemon):
    def __init__(self, maps, fast=0, **more):
        super().__init__("authd", {**settings(maps), **more},
                         jail=str(maps.conf.parent), user="_paqauth",
                         fast=fast)
        self.smtpd = self.peer("ROLE_SMTPD")
        self.pop3 = self.peer("ROLE_POP3_FRONT")
        self.imap = self.peer("ROLE_IMAP_FRONT")
        self.sessions = self.peer("ROLE_POP3_SESSION")
        self.n = 0

    def auth(self, user, password, chan=None, client="192.0.2.1"):
        """What an smtpd session hears: (result, account)."""
        own = chan or session_of(self.smtpd)
        send(own, "AUTH_REQ", text(user) + text(password) + text(client) +
             text(SESSION), 9)
        number, request, body, _ = recv(own)
        assert (number, request) == (NUM["AUTH_REP"], 9)
        r = Reader(body)
        got = r.take(1)[0], r.text().decode()
        r.done()
        if chan is None:
            own.close()
        return got

    def login(self, user, password, front=None, service=POP3, request=5,
              client="192.0.2.1", pending=b""):
        """Ask as a front does; the client's end of the connection."""
        ours, theirs = socket.socketpair()
        ours.settimeout(20)
        send(front or self.pop3, "LOGIN_REQ", u8(service) + text(user) +
             text(password) + text(client) + text("0123456789ABCDEF") +
             text("") + text(pending), request, fd=theirs.fileno())
        theirs.close()
        return ours

    def reply(self, front=None):
        number, request, body, _ = recv(front or self.pop3)
        assert number == NUM["LOGIN_REP"]
        return request, body[0]

    def start_of(self):
        """What the session parent is told: (user, maildir, connection)."""
        number, _, body, fd = recv(self.sessions)
        assert number == NUM["SESSION_START"]
        r = Reader(body)
        user, ids, home, maildir = r.text(), r.take(8), r.text(), r.text()
        assert home is not None
        return (user.decode(), struct.unpack(">II", ids), maildir.decode(),
                socket.socket(fileno=fd))


@pytest.fixture(scope="module")
def authd(maps):
    with Authd(maps) as d:
        yield d


@pytest.fixture
def still(authd):
    """Afterwards it judges as before."""
    yield authd
    assert authd.auth(ALICE, PASSWORDS[ALICE]) == (OK, ALICE)
    assert authd.process.poll() is None


def test_D2_each_alone(still):
    """No answer is another user's, or of another time."""
    for _ in range(2):
        for user, word in PASSWORDS.items():
            assert still.auth(user, word) == (OK, user)
            assert still.auth(user.upper(), word) == (OK, user)
    n = 0
    for user in PASSWORDS:
        for word in PASSWORDS.values():
            n += 1
            right = PASSWORDS[user] == word
            got = still.auth(user, word, client=f"198.51.{n}.1")
            assert got == ((OK, user) if right else (WRONG, ""))


def test_D2_a_changed_password_and_a_locked_account(maps, still):
    maps.paquebot("user", "add", "carol@demo.example", stdin="one\n")
    time.sleep(1.1)
    carol = "carol@demo.example"
    assert still.auth(carol, "one") == (OK, carol)
    maps.paquebot("user", "passwd", carol, stdin="two\n")
    time.sleep(1.1)
    assert still.auth(carol, "one", client="203.0.113.1")[0] == WRONG
    assert still.auth(carol, "two") == (OK, carol)
    maps.paquebot("user", "del", carol)
    time.sleep(1.1)
    assert still.auth(carol, "two", client="203.1.113.1")[0] == WRONG


NAMES = [b"'", b"*)(uid=*", b"../x", b"a/b", b".", b"..", b"%d", b"x" * 320,
         b"\x80\xff", b"alice", b"@demo.example", b"alice@demo.example ",
         b"alice@demo.example\x80", b"users", b"users.db", b" "]


def test_A11_names_that_are_none(still):
    chans = []
    for n, name in enumerate(NAMES):
        c = session_of(still.smtpd)
        send(c, "AUTH_REQ", text(name) + text("x") +
             text(f"10.0.{n}.1") + text(SESSION), 9)
        chans.append(c)
    for c in chans:
        assert recv(c)[2] == u8(WRONG) + text("")
        c.close()


def test_authd_itself_names_the_mailbox(maps, still):
    conn = still.login(BOB, PASSWORDS[BOB], pending=b"STAT\r\n")
    user, ids, maildir, theirs = still.start_of()
    assert user == BOB
    assert maildir == f"{maps.mail}/demo.example/bob/Maildir"
    if IS_ROOT:
        import pwd
        owner = pwd.getpwnam(maps.settings["mailbox_user"])
        assert ids == (owner.pw_uid, owner.pw_gid)
    theirs.sendall(b"+OK\r\n")
    assert conn.recv(10) == b"+OK\r\n"      # it is that connection
    assert still.reply() == (5, OK)
    theirs.close()


def test_a_wrong_password_opens_nothing(still):
    conn = still.login(BOB, "wrong", client="10.9.1.1")
    assert still.reply() == (5, WRONG)
    assert conn.recv(10) == b""             # no copy is left in there
    still.sessions.settimeout(0.2)
    with pytest.raises(TimeoutError):
        recv(still.sessions)
    still.sessions.settimeout(20)


def test_no_session_parent(still):
    """IMAP has none here: try later, and the connection is closed there."""
    conn = still.login(BOB, PASSWORDS[BOB], front=still.imap, service=IMAP)
    assert still.reply(still.imap) == (5, TEMPORARY)
    assert conn.recv(10) == b""


def test_D10_a_front_speaks_for_its_own_service(authd):
    """A pop3d front that asks for an IMAP session loses its channel."""
    with contextlib.suppress(OSError):
        authd.login(BOB, PASSWORDS[BOB], service=IMAP)
    assert ended(authd.pop3)
    authd.pop3 = authd.peer("ROLE_POP3_FRONT")
    time.sleep(0.1)
    authd.login(BOB, PASSWORDS[BOB])
    assert authd.start_of()[0] == BOB
    assert authd.reply() == (5, OK)


def test_D10_roles_that_may_not_ask(authd):
    for role, send_it in (
            ("ROLE_POP3_SESSION", lambda c: send(
                c, "AUTH_REQ", text(ALICE) + text("x") + text("192.0.2.1") +
                text(SESSION))),
            ("ROLE_SMTPD", lambda c: send(
                c, "AUTH_REQ", text(ALICE) + text("x") + text("192.0.2.1") +
                text(SESSION))),
            ("ROLE_POP3_FRONT", lambda c: send(
                c, "AUTH_REQ", text(ALICE) + text("x") + text("192.0.2.1") +
                text(SESSION)))):
        c = authd.peer(role)
        time.sleep(0.05)
        send_it(c)
        assert ended(c), role
    # The first of these was the newest session parent.
    assert authd.auth(ALICE, PASSWORDS[ALICE]) == (OK, ALICE)


def ended(chan):
    try:
        return recv(chan) is None
    except ConnectionResetError:
        return True


def garbage(number):
    head = struct.pack(">HI", number, 1)
    return [b"\0", b"\0\0\0\0\0", struct.pack(">HI", 0, 1),
            struct.pack(">HI", 65535, 1), head, head + b"\xff" * 8,
            head + b"\0\0", head + b"\xff\xff" + b"x" * 100,
            head + b"\0\x05alicex", b"x" * 8192]


@pytest.mark.parametrize("n", range(10))
def test_E11_a_session_that_was_taken_over(still, n):
    bad = session_of(still.smtpd)
    bad.sendmsg([garbage(NUM["AUTH_REQ"])[n]])
    assert ended(bad)


def test_E11_descriptors_that_nobody_asked_for(still):
    import array
    for count in (1, 2, 10):
        bad = session_of(still.smtpd)
        fds = array.array("i", [0] * count)
        bad.sendmsg([struct.pack(">HI", NUM["AUTH_REQ"], 1) + text(ALICE) +
                     text("x") + text("192.0.2.1") + text(SESSION)],
                    [(socket.SOL_SOCKET, socket.SCM_RIGHTS, fds)])
        assert ended(bad)
    before = len(os.listdir(f"/proc/{still.process.pid}/fd"))
    assert before < 40


def test_E11_a_session_that_guesses_without_waiting(still):
    """More than a session may ask is the end of it."""
    bad = session_of(still.smtpd)
    with contextlib.suppress(OSError):
        for i in range(200):
            send(bad, "AUTH_REQ", text(f"x{i}@demo.example") + text("x") +
                 text("10.77.0.1") + text(SESSION), i)
    end = time.monotonic() + 10
    with contextlib.suppress(ConnectionError):
        while recv(bad) is not None:
            assert time.monotonic() < end
    assert still.log_has("ipc-refused", "rate")


def test_askers_that_leave(still):
    """Whoever has gone gets no answer, and its connection is let go."""
    for n in range(30):
        c = session_of(still.smtpd)
        send(c, "AUTH_REQ", text(BOB) + text("wrong") + text(f"10.88.{n}.1") +
             text(SESSION), n)
        c.close()
    front = still.peer("ROLE_POP3_FRONT")
    time.sleep(0.1)
    conns = [still.login(BOB, PASSWORDS[BOB] if n % 2 else "wrong",
                         front=front, client=f"10.89.{n}.1")
             for n in range(10)]
    front.close()
    time.sleep(3)
    started = 0
    still.sessions.settimeout(0.2)
    with contextlib.suppress(TimeoutError):
        while True:
            still.start_of()[3].close()
            started += 1
    still.sessions.settimeout(20)
    assert started <= 5
    for c in conns:
        assert c.recv(10) == b""


def test_D5_a_worker_that_is_killed(still):
    """Its question is answered with "later", and there is another one."""
    def workers():
        return set(still.children())
    before = workers()
    assert len(before) == 2
    for pid in before:
        os.kill(pid, 9)
    end = time.monotonic() + 5
    while len(workers() - before) < 2:
        assert time.monotonic() < end
        time.sleep(0.02)
    assert still.log_has("password-worker-ended", "signal=9")


def test_confined_workers(still):
    for pid in [still.process.pid, *still.children()]:
        fields = dict(x.split(":\t", 1) for x in
                      open(f"/proc/{pid}/status").read().splitlines()
                      if ":\t" in x)
        assert fields["Seccomp"] == "2" and fields["NoNewPrivs"] == "1"
        if IS_ROOT:
            assert int(fields["CapBnd"], 16) == 0
    for pid in still.children():
        links = [os.readlink(f"/proc/{pid}/fd/{n}")
                 for n in os.listdir(f"/proc/{pid}/fd")]
        # the pair to its parent, and the log; no map, no client
        assert len([x for x in links if x.startswith("socket:")]) == 2, links
        assert not [x for x in links if "users" in x]


def test_a_map_that_is_damaged(maps):
    """Nobody is told "wrong password" because of it."""
    with Authd(maps) as d:
        assert d.auth(ALICE, PASSWORDS[ALICE]) == (OK, ALICE)
        db = maps.conf.parent / "users.db"
        good = db.read_bytes()
        owner = db.stat()
        for n, bad in enumerate((b"", b"x" * 5000, good[:600],
                                 os.urandom(len(good)))):
            new = db.with_suffix(".new")
            new.write_bytes(bad)
            os.chown(new, owner.st_uid, owner.st_gid)
            os.chmod(new, owner.st_mode & 0o777)
            new.rename(db)
            time.sleep(1.1)
            # The good one stays open.
            got = d.auth(ALICE, PASSWORDS[ALICE], client=f"10.99.{n}.1")
            assert got[0] in (OK, TEMPORARY), n
        new.write_bytes(good)
        os.chown(new, owner.st_uid, owner.st_gid)
        os.chmod(new, owner.st_mode & 0o777)
        new.rename(db)
        time.sleep(1.1)
        assert d.auth(ALICE, PASSWORDS[ALICE]) == (OK, ALICE)
        d.reload(log_level="info")
        assert d.auth(ALICE, PASSWORDS[ALICE]) == (OK, ALICE)


# ----------------------------------------------------------------- lookupd

class Lookupd(Daemon):
    def __init__(self, maps, **more):
        super().__init__("lookupd", {**settings(maps), **more},
                         jail=str(maps.conf.parent), user="_paqlook")
        self.smtpd = self.peer("ROLE_SMTPD")
        self.qmgr = self.peer("ROLE_QMGR")

    def check(self, address, chan=None):
        own = chan or session_of(self.smtpd)
        send(own, "RCPT_CHECK", text(address), 3)
        number, request, body, _ = recv(own)
        assert request == 3
        return body[0] if number == NUM["RCPT_VERDICT"] else "later"

    def resolve(self, address, chan=None, request=4):
        """The targets as (kind, address), or the refusal's text."""
        chan = chan or self.qmgr
        send(chan, "RESOLVE", text(address) + text(""), request)
        found = []
        while True:
            number, got, body, _ = recv(chan)
            assert got == request
            r = Reader(body)
            if number == NUM["TARGET"]:
                found.append((r.take(2)[0], r.text().decode()))
            elif number == NUM["RESOLVED"]:
                assert struct.unpack(">I", body)[0] == len(found)
                return found
            else:
                assert number == NUM["REFUSAL"] and r.take(1) == u8(0)
                return r.text().decode() + " " + r.text().decode()


@pytest.fixture(scope="module")
def lookupd(maps):
    with Lookupd(maps) as d:
        yield d


@pytest.fixture
def looks(lookupd):
    yield lookupd
    assert lookupd.check(ALICE) == LOCAL
    assert lookupd.resolve(BOB) == [(MAILBOX, BOB)]
    assert lookupd.process.poll() is None


@pytest.mark.parametrize("address,kind", [
    (ALICE, LOCAL), ("ALICE@Demo.Example", LOCAL),
    ("alice+tag@demo.example", LOCAL), ("list@demo.example", LOCAL),
    ("postmaster", LOCAL), ("nobody@demo.example", UNKNOWN),
    ("x@relay.example", RELAY_OK), ("x@far.example", FOREIGN),
    ("x@demo.example.far.example", FOREIGN), ("x@xdemo.example", FOREIGN),
    # A9, A10: what looks like ours is judged by its last part, or is none
    ("x%far.example@demo.example", UNKNOWN),
    ("far.example!x@demo.example", UNKNOWN),
    ('"x@far.example"@demo.example', UNKNOWN),
    ('"alice"@demo.example', LOCAL), ("alice", UNKNOWN), ("", None),
    ("@demo.example", UNKNOWN), ("alice@", UNKNOWN),
    ("alice@demo.example@far.example", UNKNOWN),
    ("../alice@demo.example", UNKNOWN), ("*@demo.example", UNKNOWN),
    ("a" * 64 + "@demo.example", UNKNOWN)])
def test_A9_A11_who_is_ours(looks, address, kind):
    chan = session_of(looks.smtpd)
    if kind is None:
        send(chan, "RCPT_CHECK", text(address), 3)
        assert ended(chan)
    else:
        assert looks.check(address, chan) == kind


def test_F_aliases(looks):
    assert looks.resolve("list@demo.example") == [(MAILBOX, ALICE),
                                                  (MAILBOX, BOB)]
    (kind, _), = looks.resolve("loop@demo.example")
    assert kind == FAIL
    assert looks.resolve("deep@demo.example") == [(MAILBOX, ALICE),
                                                  (MAILBOX, BOB)]


@pytest.mark.parametrize("literal", ["[127.0.0.1]", "[127.9.9.9]",
                                     "[0.0.0.0]", "[IPv6:::1]", "[IPv6:::]",
                                     "[IPv6:::ffff:127.0.0.1]"])
def test_A10_a_literal_that_is_this_host(looks, literal):
    """RFC 5321 6.3; without a route of its own it is a loop."""
    (kind, address), = looks.resolve(f"x@{literal}")
    assert kind == FAIL
    assert looks.check(f"x@{literal}") == FOREIGN
    assert looks.resolve("x@[192.0.2.1]") == [(REMOTE, "x@[192.0.2.1]")]


@pytest.mark.parametrize("name", ["out", "up", "link", "fifo", "dir", "gone"])
def test_E3_lists_that_lie_elsewhere(looks, name):
    """Mail waits for the operator; nothing of the file is told."""
    start = time.monotonic()
    got = looks.resolve(f"{name}@demo.example")
    assert isinstance(got, str) and got.startswith("4."), got
    assert "root" not in got and ":0:" not in got
    assert time.monotonic() - start < 2


def test_F4_a_list_of_thirty_thousand(looks):
    start = time.monotonic()
    got = looks.resolve("many@demo.example")
    assert len(got) == 30000
    assert {k for k, _ in got} == {REMOTE}
    assert time.monotonic() - start < 20


def test_F4_more_targets_than_there_may_be(maps):
    with Lookupd(maps, alias_targets_max="100") as d:
        got = d.resolve("many@demo.example")
        assert isinstance(got, str) and got.startswith("4.3.5")
        assert d.resolve(BOB) == [(MAILBOX, BOB)]


def test_B_a_qmgr_that_does_not_read(maps):
    """What it does not take is bounded; then it loses its channel."""
    with Lookupd(maps) as d:
        with contextlib.suppress(OSError):
            d.qmgr.setblocking(False)
            for i in range(500):
                send(d.qmgr, "RESOLVE", text("many@demo.example") + text(""), i)
        assert d.log_has("ipc-refused", "does not read", within=20)
        assert d.rss() < 500000
        assert d.check(ALICE) == LOCAL


@pytest.mark.parametrize("n", range(10))
def test_E11_a_session_of_lookupd(looks, n):
    bad = session_of(looks.smtpd)
    bad.sendmsg([garbage(NUM["RCPT_CHECK"])[n]])
    assert ended(bad)


def test_E11_a_session_may_not_resolve(looks):
    bad = session_of(looks.smtpd)
    send(bad, "RESOLVE", text(ALICE) + text(""))
    assert ended(bad)
    assert looks.log_has("ipc-refused", "resolve", "not from this role")


def test_E11_a_listener_may_introduce_only(looks):
    c = looks.peer("ROLE_SMTPD")
    time.sleep(0.05)
    send(c, "RCPT_CHECK", text(ALICE))
    assert ended(c)


def test_E11_a_flood_of_sessions(looks):
    """One that asks without end is slowed by its end, not the others."""
    bad = session_of(looks.smtpd)
    bad.setblocking(False)
    with contextlib.suppress(OSError):
        for i in range(100000):
            send(bad, "RCPT_CHECK", text(ALICE), i)
    start = time.monotonic()
    assert looks.check(BOB) == LOCAL
    assert time.monotonic() - start < 5


def test_E11_a_worker_gets_one_log_in(maps):
    """That of its first question, which an honest one asks before it connects;
    none, if it asked something else."""
    maps.write_map("relay_auth", "[a.example]: me:one\n[b.example]: me:two\n")
    try:
        with Lookupd(maps) as d:
            out = d.peer("ROLE_SMTP_OUT")

            def ask(chan, key):
                send(chan, "RELAY_ASK", text(key), 5)
                number, request, body, _ = recv(chan)
                assert request == 5
                if number == NUM["REFUSAL"]:
                    return None
                assert number == NUM["RELAY_SECRET"]
                r = Reader(body)
                return r.text(), r.text()
            one = session_of(out)
            assert ask(one, "[a.example]") == (b"me", b"one")
            assert ask(one, "[b.example]") is None
            assert ask(one, "[a.example]") == (b"me", b"one")
            other = session_of(out)
            send(other, "REWRITE", u8(4) + text(ALICE), 6)
            assert recv(other)[0] == NUM["REWRITTEN"]
            assert ask(other, "[a.example]") is None
            third = session_of(out)
            assert ask(third, "[gone.example]") is None
            assert ask(third, "[a.example]") is None
            bad = session_of(d.smtpd)
            send(bad, "RELAY_ASK", text("[a.example]"))
            assert ended(bad)
            assert not [x for x in d.logs if "one" in x.split()]
    finally:
        for name in ("relay_auth", "relay_auth.db"):
            (maps.conf.parent / name).unlink()


def test_reload_and_new_maps(maps):
    with Lookupd(maps) as d:
        assert d.check("x@new.example") == FOREIGN
        d.settings["domains"] = ["demo.example", "new.example"]
        d.reload()
        time.sleep(0.2)
        assert d.check("x@new.example") == UNKNOWN
        maps.write_map("virtual", "x@new.example: bob@demo.example\n")
        time.sleep(1.1)
        assert d.check("x@new.example") == LOCAL
        assert d.resolve("x@new.example") == [(MAILBOX, BOB)]


def test_no_hashes_in_what_lookupd_reads(maps, looks):
    """The map of accounts is there without them, and the other is not its."""
    accounts = (maps.conf.parent / "accounts.db").read_bytes()
    # as in {BLF-CRYPT}$2y$; one octet alone may be of the file's random number
    assert not re.search(rb"\$[0-9a-z]{1,8}\$|\{[A-Z]", accounts)
    if IS_ROOT:
        users = (maps.conf.parent / "users.db").stat()
        import grp
        assert users.st_mode & 0o007 == 0
        assert grp.getgrgid(users.st_gid).gr_name == "_paqauth"
        links = [os.readlink(f"/proc/{looks.process.pid}/fd/{n}")
                 for n in os.listdir(f"/proc/{looks.process.pid}/fd")]
        assert not [x for x in links if "users.db" in x]


