"""imapd against clients and messages that mean harm: each must cost little and
leave the service as it was.

The sessions run with a stack of 256 KiB.
"""
import os
import pathlib
import re
import resource
import socket
import sys
import time

import pytest

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "dialog"))
from imap_client import BUILD, Client, Session, fetched, parse  # noqa: E402
from imap_front import Front  # noqa: E402

SANITIZED = "san" in BUILD.name
SLOW = 8 if SANITIZED else 1        # times as long is allowed


def small_stack():
    if not SANITIZED:
        resource.setrlimit(resource.RLIMIT_STACK, (256 << 10, 256 << 10))


@pytest.fixture
def server():
    with Session(prepare=small_stack) as s:
        yield s


@pytest.fixture
def c(server):
    client = server.client()
    yield client
    client.close()


@pytest.fixture(scope="module")
def front():
    with Front() as f:
        yield f


def cpu(process):
    """Seconds of processor time so far."""
    fields = open("/proc/%d/stat" % process.pid).read().rsplit(")", 1)[1]
    user, system = fields.split()[11:13]
    return (int(user) + int(system)) / os.sysconf("SC_CLK_TCK")


def peak_kib(process):
    for line in open("/proc/%d/status" % process.pid):
        if line.startswith("VmHWM:"):
            return int(line.split()[1])
    return 0        # it has ended


class cost:
    """At most so many seconds of the server's processor time."""

    def __init__(self, client, seconds):
        self.process, self.most = client.process, seconds * SLOW

    def __enter__(self):
        self.before = cpu(self.process)

    def __exit__(self, *exc):
        used = cpu(self.process) - self.before
        assert exc[0] is not None or used <= self.most, used


# ------------------------------------- octets that belong nowhere: threat B6

PLACES = [b"a LOGIN \"u%s\" x", b"a LOGIN u%s x", b"a LOGIN {3+}\r\nu%s v x",
          b"a LOGIN \"u\\%s\" x", b"a%s LOGIN u x", b"a LOG%sIN u x"]


@pytest.mark.parametrize("place", PLACES)
def test_B6_every_octet_before_login(front, place):
    for octet in list(range(32)) + list(range(127, 256)):
        c = front.connect()
        c.send(place % bytes([octet]) + b"\r\nb LOGOUT\r\n")
        said = c.ended()
        assert b" OK [CAPABILITY" not in said, (octet, said)
        assert b"BAD" in said or b" NO " in said or b"BYE" in said
        c.close()
    front.connect().ok("NOOP")


def test_B6_unbalanced_quotes(front):
    """Dovecot CVE-2019-11500: NUL in a quoted string, at edges of buffers."""
    for n in (0, 1, 1000, 4090, 8150):
        for text in (b'"u\0\0\\"', b'"u\\\0"', b'"' + b"\\\\" * 20 + b'"\\',
                     b'"', b'"\\'):
            c = front.connect()
            c.send(b"a LOGIN " + b"x" * n + text + b"\r\nb NOOP\r\n")
            assert c.line().split(b" ")[1] in (b"BAD", b"BYE"), (n, text)
            c.close()
    front.connect().ok("NOOP")


@pytest.mark.parametrize("octet", [0, 1, 7, 10, 13, 31, 127, 128, 255])
def test_B6_octets_in_a_session(c, octet):
    o = bytes([octet])
    for command in (b'SELECT "IN%sBOX"' % o, b"SELECT IN%sBOX" % o,
                    b"SELECT {6+}\r\nINBO%sX" % o, b'SELECT "%s"' % o,
                    b'LIST "" %s' % o, b"SEARCH %s" % o):
        c.send(b"a " + command + b"\r\n")
        assert re.match(rb"a (BAD|NO) |\* BAD ", c.line()), command
        c.sock.settimeout(0.05)
        try:        # a bare LF or CR makes a second bad line of it
            while True:
                assert b"BAD" in c.line()
        except socket.timeout:
            c.sock.settimeout(20)
        c.buffer = b""
        c.send(b"z NOOP\r\n")
        assert c.answer(b"z")[1].startswith(b"OK")


# ------------------------------------------- sizes that are announced: B7, B8

SIZES = ["99999999", "4294967295", "4294967297", "9223372036854775808",
         "18446744073709551615", "18446744073709551617", "-1", "1-", "",
         "0x10", "1" * 5000]


def test_B7_announced_sizes_before_login(front):
    front.connect().ok("NOOP")
    before = front.memory_kib()
    clients = []
    for size in SIZES:
        for plus in ("", "+"):
            c = front.connect()
            c.send("a LOGIN {%s%s}\r\n" % (size, plus))
            assert re.match(rb"a BAD|\* BYE", c.line()), size
            clients.append(c)
    assert front.memory_kib() - before < 256 + 32 * len(clients)
    for c in clients:
        c.close()


def test_B7_many_small_literals_before_login(front):
    c = front.connect()
    before = front.memory_kib()
    c.send(b"a LOGIN ")
    try:
        for _ in range(100):
            c.send(b"{1+}\r\nx " * 10000)
    except (BrokenPipeError, ConnectionResetError):
        pass
    try:
        assert b"BYE" in c.ended()
    except ConnectionResetError:
        pass
    assert front.memory_kib() - before < 256
    front.connect().ok("NOOP")


@pytest.mark.parametrize("octets", [b"(", b"a", b"\"", b"{", b" ", b"\0"])
def test_B7_B8_flood_without_a_line_end_before_login(front, octets):
    """100 MB, or as much of it as the server stands."""
    c = front.connect()
    before = front.memory_kib()
    sent = 0
    try:
        c.send(b"a LOGIN ")
        while sent < 100 << 20:
            c.send(octets * (1 << 20))
            sent += 1 << 20
    except (BrokenPipeError, ConnectionResetError):
        pass
    assert sent < 8 << 20
    assert front.memory_kib() - before < 256
    c.close()
    front.connect().ok("NOOP")


@pytest.mark.parametrize("octets", [b"(", b"a", b"\"", b"{", b" "])
def test_B8_flood_in_a_session(server, octets):
    c = server.client()
    peak = 0
    try:
        c.send(b"a SEARCH ")
        for _ in range(100):
            c.send(octets * (1 << 20))
            peak = max(peak, peak_kib(c.process))
    except (BrokenPipeError, ConnectionResetError):
        pass
    try:
        assert b"BYE" in c.ended()
    except ConnectionResetError:
        pass
    c.process.wait(10)
    assert c.process.returncode == 0
    assert SANITIZED or peak < 32 << 10


@pytest.mark.parametrize("size", SIZES, ids=lambda s: s[:24])
def test_B7_announced_sizes_in_a_session(server, size):
    for command in ("APPEND INBOX", "SELECT"):
        for plus in ("", "+"):
            c = server.client()
            before = peak_kib(c.process)
            c.send("a %s {%s%s}\r\n" % (command, size, plus))
            if plus and size == "99999999":
                c.close()       # it waits for what was promised
                continue
            assert re.match(rb"a (BAD|NO)|\* BYE|\* BAD", c.line()), size
            assert SANITIZED or peak_kib(c.process) - before < 512
            c.close()


def test_B7_refused_literals_are_no_commands(c):
    """What belongs to a refused command is not run as the next."""
    bait = b"x DELETE INBOX\r\ny NOOP\r\n"
    c.send(b"a NONSENSE \x01 {%d+}\r\n%s rest {%d+}\r\n%s end\r\nb NOOP\r\n" %
           (len(bait), bait, len(bait), bait))
    assert c.line().startswith(b"a BAD")
    assert c.line().startswith(b"b OK")
    c.send(b"a SELECT nowhere {300000+}\r\n" + bait * 11538 +
           b"x" * (300000 - len(bait) * 11538) + b"\r\nb NOOP\r\n")
    assert c.line().startswith(b"a BAD")
    assert c.line().startswith(b"b OK")


def test_B7_many_small_literals(server):
    c = server.client()
    try:
        c.send(b"a SEARCH")
        for _ in range(100):
            c.send(b" TEXT {1+}\r\nx" * 10000)
        c.send(b"\r\n")
        assert c.line().startswith(b"a BAD")
        assert SANITIZED or peak_kib(c.process) < 32 << 10
        c.ok("NOOP")
    except (BrokenPipeError, ConnectionResetError):
        assert b"BYE" in c.ended()


@pytest.mark.parametrize("octets", [
    b"POST / HTTP/1.1\r\nHost: x\r\n\r\na NOOP\r\n", b"GET /x HTTP/1.0\r\n",
    b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", b"\x16",
    b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03" + b"x" * 500])
def test_B11_another_protocol(front, octets):
    """It is closed at once; what follows is not read as commands."""
    for cut in (len(octets), 1):
        c = front.connect()
        try:
            c.send(octets[:cut])
            time.sleep(0.02)
            c.send(octets[cut:])
        except (BrokenPipeError, ConnectionResetError):
            pass
        assert b" OK" not in c.ended()
    front.connect().ok("NOOP")


# ----------------------------------------------- messages that are dear: C1, C2

def deliver(server, text):
    server.client().close()
    for sub in ("cur", "new", "tmp"):
        (server.root / sub).mkdir(exist_ok=True)
    server.message(text)
    c = server.client()
    c.ok("SELECT INBOX")
    return c


HEADERS = {
    "fields": lambda n: b"To: user@host.example\n" * n + b"\nx\n",
    "addresses": lambda n: b"To: " + b"a@b, " * n + b"c@d\n\nx\n",
    "one-field": lambda n: b"X-Long: " + b"x" * 20 * n + b"\n\nx\n",
    "folds": lambda n: b"Subject: x\n" + b" y\n" * n + b"\nx\n",
    "comments": lambda n: b"To: " + b"(" * 10 * n + b"\n\nx\n",
    "quotes": lambda n: b"To: " + b"\"a\\\"\" " * n + b"\n\nx\n",
    "groups": lambda n: b"To: " + b"g:;" * n + b"\n\nx\n",
    "words": lambda n: b"Subject: " + b"=?utf-8?q?x?= " * n + b"\n\nx\n",
}


@pytest.mark.parametrize("kind", HEADERS)
def test_C1_dear_headers(server, kind):
    """Dovecot CVE-2024-23184, CVE-2024-23185."""
    c = deliver(server, HEADERS[kind](500000))
    with cost(c, 1):
        untagged, tagged = c.ok("FETCH 1 ENVELOPE")
    assert fetched(untagged)[1]["ENVELOPE"]
    with cost(c, 1):
        c.ok("FETCH 1 BODY.PEEK[HEADER.FIELDS (SUBJECT)]")
    with cost(c, 2):
        c.ok("SEARCH SUBJECT zzz FROM nobody")
    assert SANITIZED or peak_kib(c.process) < 64 << 10


MULTI = b"Content-Type: multipart/mixed; boundary="
BODIES = {
    "rfc822": b"Content-Type: message/rfc822\n\n" * 100000,
    "multiparts": b"".join(MULTI + b"b%d\n\n--b%d\n" % (i, i)
                           for i in range(100000)),
    "same-boundary": (MULTI + b"b\n\n--b\n") * 100000,
    "empty-parts": MULTI + b"b\n\n" + b"--b\n\n" * 1000000,
    "never-closed": MULTI + b"b\n\n" + b"--b\nContent-Type: multipart/mixed; "
    b"boundary=c\n\n" * 100000,
    "long-boundary": MULTI + b"b" * 10000 + b"\n\n--" + b"b" * 10000 + b"\n",
    "parameters": b"Content-Type: text/plain" + b"; name*0*=a" * 100000 +
    b"\n\nx\n",
    "digest": b"Content-Type: multipart/digest; boundary=b; x=\"" +
    b"y" * 1000000 + b"\"\n\n" + b"--b\n\nSubject: x\n\n" * 20000,
}


@pytest.mark.parametrize("kind", BODIES)
def test_C2_C3_dear_structures(server, kind):
    """Dovecot CVE-2020-12100, CVE-2020-25275, CVE-2026-27859."""
    c = deliver(server, BODIES[kind])
    with cost(c, 1):
        untagged, _ = c.ok("FETCH 1 (BODYSTRUCTURE RFC822.SIZE)")
    structure = fetched(untagged)[1]["BODYSTRUCTURE"]   # it is well-formed
    depth, at = 0, structure
    path = []
    while isinstance(at[0], list):
        at = at[0]
        path.append("1")
        depth += 1
    assert depth <= 101
    if path:
        got = fetched(c.ok("FETCH 1 BODY.PEEK[%s]" % ".".join(path))[0])[1]
        assert len(list(got.values())[0]) == at[6]
    with cost(c, 2):
        c.ok("SEARCH BODY zzzzz")
    c.ok("NOOP")


# -------------------------------------- commands that are dear: C6

COMMANDS = [
    "FETCH 1:4294967295 UID", "UID FETCH 1:4294967295 UID",
    "FETCH " + "1," * 30000 + "1 UID",
    "UID FETCH " + ",".join(str(i) for i in range(10000, 1, -1)) + " UID",
    "SEARCH " + "NOT " * 10000 + "SEEN",
    "SEARCH " + "OR " * 10000 + "SEEN",
    "SEARCH " + "(" * 20000, "SEARCH " + "(" * 10000 + ")" * 10000,
    "SEARCH " + "OR SEEN " * 190 + "SEEN",
    "SEARCH " + "NOT " * 190 + "SEEN",
    "SEARCH " + "(" * 90 + "SEEN" + ")" * 90,
    "SEARCH " + "TEXT x " * 1900 + "SEEN",
    "FETCH 1 (" + "BODY.PEEK[] " * 4000 + "UID)",
    "FETCH 1 BODY[" + "1." * 20000 + "1]",
    "FETCH 1 BODY[HEADER.FIELDS (" + "x " * 20000 + "x)]",
    "STORE 1 FLAGS (" + "k " * 4000 + "k)",
    'LIST "" "' + "*%" * 10000 + '"', 'LIST "" "' + "*a" * 400 + '"',
    'LIST "' + "%" * 30000 + '" "' + "*" * 30000 + '"',
]


@pytest.mark.parametrize("command", COMMANDS, ids=lambda s: s[:24])
def test_C6_dear_commands(c, command):
    c.append("INBOX", b"Subject: x\r\n\r\nx\r\n")
    for i in range(20):
        c.ok("CREATE " + "a" * 60 + "." + "a" * 60 + "." + str(i))
    c.ok("SELECT INBOX")
    with cost(c, 1):
        _, tagged = c.cmd(command)
    assert tagged[:2] in (b"OK", b"NO", b"BA")
    c.ok("NOOP")


def test_C15_large_mailbox(server):
    """10,000 messages; every number in a set of its own."""
    c = server.client()
    for i in range(10000):
        server.message("Subject: %d\n\nx\n" % i, where="cur",
                       name="%d.x,S=14,W=17:2," % i)
    with cost(c, 2):
        c.ok("SELECT INBOX")
    numbers = ",".join(str(i) for i in range(10000, 0, -1))
    with cost(c, 1):
        untagged, _ = c.ok("UID FETCH %s FLAGS" % numbers)
    assert len(fetched(untagged)) == 10000
    with cost(c, 1):
        c.ok("SEARCH " + numbers)
    with cost(c, 4):
        c.ok("STORE 1:* +FLAGS.SILENT (\\Deleted)")
        c.ok("EXPUNGE")


# ------------------------------------------------- names that lead outside: D7

NAMES = ["../other", "..", ".", "/etc", "a/../../b", "INBOX/../x", "~root",
         "~", "cur", "new", "tmp", "a//b", "a..b", ".a", "a.", "&AC8-",
         "&AC4-&AC4-", "&", "&-&-", "&AAA-", "&AGE-", "x&AGE-", "&2AA-",
         "&2ADYAA-", "dovecot-uidlist", "subscriptions", "a" * 10000,
         "a." * 200, "\\", "*", "%", "a\tb"]


def tree(path):
    return sorted((str(p.relative_to(path)), p.read_bytes()
                   if p.is_file() else b"") for p in path.rglob("*"))


@pytest.mark.parametrize("separator", [".", "/"])
def test_D7_names(tmp_path, separator):
    mine, other = tmp_path / "mine", tmp_path / "other"
    for root in (mine, other):
        for sub in ("cur", "new", "tmp"):
            (root / sub).mkdir(parents=True)
    (other / "new" / "1.x").write_bytes(b"Subject: secret\n\nx\n")
    (tmp_path / "passwd").write_bytes(b"secret")
    before = tree(tmp_path / "other")
    with Session(mine, separator=separator) as server:
        c = server.client()
        for name in NAMES:
            literal = b"{%d+}\r\n%s" % (len(name), name.encode())
            for command in (b"CREATE %s", b"SELECT %s", b"EXAMINE %s",
                            b"DELETE %s", b"RENAME INBOX %s",
                            b"RENAME %s zzz", b"SUBSCRIBE %s",
                            b"STATUS %s (MESSAGES)",
                            b"APPEND %s {3+}\r\nabc", b"UNSUBSCRIBE %s",
                            b'LIST %s "*"'):
                _, tagged = c.cmd(command % literal)
                assert tagged[:2] in (b"OK", b"NO", b"BA"), (command, name)
        for line in c.ok('LIST "" "*"')[0]:
            assert b".." not in line and b"passwd" not in line
        c.close()
    assert tree(other) == before
    assert (tmp_path / "passwd").read_bytes() == b"secret"
    assert sorted(p.name for p in tmp_path.iterdir()) == [
        "mine", "other", "passwd"]
    # all that was made is a Maildir directly below the root
    for path in mine.iterdir():
        assert not path.is_symlink()
        if path.is_dir() and path.name not in ("cur", "new", "tmp"):
            assert path.name.startswith(".")
            assert (path / "cur").is_dir()


def test_E1_E2_symlinks(tmp_path):
    """E1, E2: what lies in the Maildir but leads out of it."""
    mine, other = tmp_path / "mine", tmp_path / "other"
    for root in (mine, other):
        for sub in ("cur", "new", "tmp"):
            (root / sub).mkdir(parents=True)
    (other / "new" / "1.x").write_bytes(b"Subject: secret\n\nsecret\n")
    (mine / ".link").symlink_to(other)
    (mine / "new" / "2.x").symlink_to(other / "new" / "1.x")
    os.mkfifo(mine / "new" / "3.x")
    with Session(mine) as server:
        c = server.client()
        assert c.cmd("SELECT link")[1].startswith(b"NO")
        c.ok("SELECT INBOX")
        said = b"".join(c.cmd("UID FETCH 1:* (FLAGS BODY.PEEK[])")[0])
        assert b"secret" not in said
        c.close()


# ------------------------------------------------------ clients that wait: C11

def test_C11_reader_who_does_not_read(server):
    """A window of 0: the session ends when the time for it is over."""
    with Session(server.root, idle=1) as s:
        c = s.client()
        c.append("INBOX", b"x" * 2000000)
        c.ok("SELECT INBOX")
        begin = time.monotonic()
        c.send(b"a FETCH 1 BODY[]\r\n" * 5)
        c.process.wait(20)
        assert c.process.returncode == 0
        assert time.monotonic() - begin < 10


def test_C11_slow_command(server):
    """Octet by octet: the time is for the whole command."""
    with Session(server.root, idle=2) as s:
        c = s.client()
        begin = time.monotonic()
        try:
            for _ in range(20):
                c.send("a")
                time.sleep(0.3)
        except (BrokenPipeError, ConnectionResetError):
            pass
        assert time.monotonic() - begin < 5


def test_client_goes_away(server):
    """In the middle of everything: nothing is left, nothing crashes."""
    for part in (b"a", b"a APPEND INBOX {10}\r\n", b"a APPEND INBOX {10+}\r\nx",
                 b"a IDLE\r\n", b"a SELECT {5+}\r\nIN", b"a SELECT {5}\r\n"):
        c = server.client()
        c.send(part)
        c.close()
        c.process.wait(10)
        assert c.process.returncode == 0
    assert list((server.root / "tmp").iterdir()) == []


def test_too_many_errors(c):
    for _ in range(19):
        assert c.cmd("NONSENSE")[1].startswith(b"BAD")
    c.send("a NONSENSE\r\n")
    assert b"BYE" in c.ended()
