"""Scripted POP3 conversations with a running suite.

For every row of the two command tables (pop3d/front.c before log-in,
pop3d/command.c after it) one allowed and one refused case; then what RFC 1939,
RFC 2449 and RFC 3206 promise.
"""
import base64
import contextlib
import os
import pathlib
import re
import select
import sys
import time

import pytest

ROOT = pathlib.Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "tests" / "flow"))
from pop3_client import Pop, empty, fill, wait_free  # noqa: E402
import suite as harness  # noqa: E402

BOB, SECRET = "bob@demo.example", "bob secret"
SUITE = {"listen": ("pop3",), "settings": {"pop3_takeover": "0"}, "users": {
    BOB: SECRET, "space@demo.example": " two  words ",
    "j\u00f6rg@demo.example": "gr\u00fcn"}}
ONE = b"Subject: one\n\nfirst line\nsecond line\n"
TWO = b"Subject: two\n\n.\n..dots\nend\n"


def crlf(octets):
    """As RFC 1939 3 wants a stored message on the wire."""
    lines = octets.split(b"\n")
    if lines[-1] == b"":
        lines.pop()
    return b"".join((line[:-1] if line.endswith(b"\r") else line) + b"\r\n"
                    for line in lines)


@pytest.fixture
def front(paq):
    with Pop(paq.port["pop3"]) as p:
        yield p


@pytest.fixture
def box(paq):
    """Two messages, and somebody who has logged in."""
    end = time.monotonic() + 5
    while True:
        with contextlib.suppress(FileNotFoundError):
            empty(paq, BOB)
            break
        assert time.monotonic() < end
    fill(paq, BOB, [ONE, TWO])
    with wait_free(paq, BOB, SECRET) as p:
        yield p


def numbers(line):
    return [int(n) for n in re.findall(rb"\d+", line)]


# ----------------------------------------- one allowed, one refused, per row

BEFORE = {      # pop3d/front.c: (what comes first, allowed, refused)
    "USER": ([], f"USER {BOB}", "USER"),
    "PASS": ([f"USER {BOB}"], f"PASS {SECRET}", "PASS no"),
    # the exchanges: test_sasl.py
    "AUTH": ([], None, "AUTH"),
    # without a certificate; with one: tests/flow/test_tls.py
    "STLS": ([], None, "STLS"),
    "CAPA": ([], "CAPA", None),
    "LANG": ([], "LANG en", "LANG uga"),
    "UTF8": ([], "UTF8", "UTF8 x"),
    "QUIT": ([], "QUIT", None),
}
AFTER = {       # pop3d/command.c: (allowed, refused)
    "STAT": ("STAT", "STAT 1"),
    "LIST": ("LIST 1", "LIST 3"),
    "RETR": ("RETR 1", "RETR 0"),
    "DELE": ("DELE 1", "DELE"),
    "NOOP": ("NOOP", "NOOP x"),
    "RSET": ("RSET", "RSET 1"),
    "QUIT": ("QUIT", "QUIT now"),
    "TOP": ("TOP 1 0", "TOP 1"),
    "UIDL": ("UIDL 2", "UIDL 3"),
    "CAPA": ("CAPA", "CAPA 1"),
    "LANG": ("LANG *", "LANG uga"),
}


def rows(path, name):
    text = (ROOT / path).read_text()
    table = text[text.index("commands[] = {"):]
    return re.findall(r'\{ "(\w+)",', table[:table.index("};")])


def test_no_row_is_forgotten():
    assert set(rows("pop3d/front.c", "front")) == set(BEFORE)
    assert set(rows("pop3d/command.c", "session")) == set(AFTER)


@pytest.mark.parametrize("verb", BEFORE)
def test_before_login_allowed(front, verb):
    first, allowed, _ = BEFORE[verb]
    for command in first:
        front.ok(command)
    if allowed is not None:
        front.ok(allowed)


@pytest.mark.parametrize("verb", BEFORE)
def test_before_login_refused(paq, verb):
    refused = BEFORE[verb][2]
    with Pop(paq.port["pop3"], source="127.1.1.1") as p:
        if verb == "PASS":
            p.ok("USER nobody@demo.example")
        if refused:
            p.err(refused)
        else:               # these two have no argument to be wrong in
            p.err(verb + "X")


@pytest.mark.parametrize("verb", AFTER)
def test_after_login_allowed(box, verb):
    box.ok(AFTER[verb][0])


@pytest.mark.parametrize("verb", AFTER)
def test_after_login_refused(box, verb):
    box.err(AFTER[verb][1])
    box.ok("NOOP")


@pytest.mark.parametrize("verb", ["USER x", "PASS x", "APOP a b", "AUTH PLAIN",
                                  "STLS", "XTND", "", " ", "LAST", "UTF8"])
def test_what_there_is_not(box, verb):
    box.err(verb)


@pytest.mark.parametrize("verb", sorted(set(AFTER) - {"CAPA", "LANG", "QUIT"}))
def test_nothing_before_login(front, verb):
    front.err(AFTER[verb][0])


# ----------------------------------------------------- RFC 1939, the example

def message_of(octets, n):
    """A message whose size on the wire is so many octets."""
    head = b"Subject: message %d\n\n" % n
    rest = octets - len(crlf(head)) - 2
    return head + b"x" * rest + b"\n"


def test_the_example_session(paq):
    """RFC 1939 10, with USER and PASS in place of APOP."""
    empty(paq, BOB)
    one, two = message_of(120, 1), message_of(200, 2)
    fill(paq, BOB, [one, two])
    with Pop(paq.port["pop3"]) as p:
        assert re.fullmatch(rb"\+OK \S+ POP3 ready", p.greeting)
        assert numbers(p.login(BOB, SECRET)) == [2, 320]
        assert p.ok("STAT") == b"+OK 2 320"
        assert numbers(p.ok("LIST")) == [2, 320]
        assert p.block() == [b"1 120", b"2 200"]
        assert numbers(p.ok("RETR 1")) == [120]
        assert b"".join(x + b"\r\n" for x in p.block()) == crlf(one)
        assert p.ok("DELE 1") == b"+OK message 1 deleted"
        assert numbers(p.ok("RETR 2")) == [200]
        assert b"".join(x + b"\r\n" for x in p.block()) == crlf(two)
        assert p.ok("DELE 2") == b"+OK message 2 deleted"
        p.ok("QUIT")
        assert p.closed() == b""
    assert paq.stored(BOB) == []


# ------------------------------------------------------------ each command

def test_verbs_in_any_case(box):
    # RFC 1939 3
    for command in ("stat", "Stat", "sTAT", "uidl 1", "tOp 1 1"):
        box.ok(command)
        if command.startswith("tOp"):
            box.block()


def test_list_and_uidl_of_one(box):
    assert box.ok("LIST 2") == b"+OK 2 %d" % len(crlf(TWO))
    assert re.fullmatch(rb"\+OK 2 [\x21-\x7e]{1,70}", box.ok("UIDL 2"))


@pytest.mark.parametrize("number", [
    "0", "3", "-1", "+1", "1.", "0x1", "4294967295", "4294967296",
    "18446744073709551617", "99999999999999999999999", "a", "1a", "\xb2"])
@pytest.mark.parametrize("verb", ["RETR %s", "DELE %s", "LIST %s", "UIDL %s",
                                  "TOP %s 1"])
def test_numbers_that_are_none(box, verb, number):
    box.err((verb % number).encode("latin-1"))
    assert box.ok("STAT").startswith(b"+OK 2 ")


def test_deleted_messages_are_gone_and_come_back(box):
    size = len(crlf(TWO))
    box.ok("DELE 1")
    assert box.ok("STAT") == b"+OK 1 %d" % size
    assert box.multi("LIST") == [b"2 %d" % size]
    assert [x[:2] for x in box.multi("UIDL")] == [b"2 "]
    for command in ("RETR 1", "DELE 1", "LIST 1", "UIDL 1", "TOP 1 1"):
        box.err(command)
    box.ok("RSET")
    assert box.ok("STAT") == b"+OK 2 %d" % (len(crlf(ONE)) + size)
    box.ok("DELE 1")


def test_retr_stuffs_dots(box):
    box.ok("RETR 2")
    raw = box.left
    while b"\r\n.\r\n" not in raw:
        raw += box.sock.recv(4096)
    # RFC 1939 3: byte-stuffed, and the end is CRLF.CRLF
    assert raw == b"Subject: two\r\n\r\n..\r\n...dots\r\nend\r\n.\r\n"


ODD = {
    "no body": (b"Subject: x\n\n", b"Subject: x\r\n\r\n", b""),
    "no empty line": (b"Subject: x\nTo: y\n", b"Subject: x\r\nTo: y\r\n",
                      b""),
    "no line end": (b"Subject: x\n\nlast", b"Subject: x\r\n\r\n", b"last\r\n"),
    "header without line end": (b"Subject: x", b"Subject: x\r\n", b""),
    "empty": (b"", b"", b""),
    "only lines": (b"\n\n\n", b"\r\n", b"\r\n\r\n"),
    "crlf in the file": (b"Subject: x\r\n\r\na\r\n.b\r\n",
                         b"Subject: x\r\n\r\n", b"a\r\n.b\r\n"),
    "dots": (b"Subject: x\n\n.\n..\n...\n.a\n", b"Subject: x\r\n\r\n",
             b".\r\n..\r\n...\r\n.a\r\n"),
    "dot in the header": (b".x: y\nSubject: x\n\nb\n",
                          b".x: y\r\nSubject: x\r\n\r\n", b"b\r\n"),
    "a last dot": (b"Subject: x\n\n.", b"Subject: x\r\n\r\n", b".\r\n"),
    "two cr": (b"Subject: x\n\r\r\nto: y\n\nb\n",
               b"Subject: x\r\n\r\r\nto: y\r\n\r\n", b"b\r\n"),
    "cr in the text": (b"Subject: x\n\na\rb\r\n\r\rc\n",
                       b"Subject: x\r\n\r\n", b"a\rb\r\n\r\rc\r\n"),
    "a last cr": (b"Subject: x\n\na\r", b"Subject: x\r\n\r\n", b"a\r\r\n"),
    "nul and 8-bit": (b"Subject: \xff\n\n\0\x80\n",
                      b"Subject: \xff\r\n\r\n", b"\0\x80\r\n"),
    "long lines": (b"Subject: " + b"x" * 100000 + b"\n\n" + b"y" * 70000 +
                   b"\n.\n", b"Subject: " + b"x" * 100000 + b"\r\n\r\n",
                   b"y" * 70000 + b"\r\n.\r\n"),
    "many lines": (b"Subject: x\n\n" + b".\n" * 70000,
                   b"Subject: x\r\n\r\n", b".\r\n" * 70000),
}


@pytest.mark.parametrize("name", ODD)
def test_odd_messages(paq, name):
    stored, header, body = ODD[name]
    empty(paq, BOB)
    fill(paq, BOB, [stored])
    with wait_free(paq, BOB, SECRET) as p:
        # RFC 1939 11: what LIST says is what RETR sends; but a line end that
        # the file has not, and that the dot needs, is not counted.
        added = 2 if stored and not stored.endswith(b"\n") else 0
        assert numbers(p.ok("LIST 1"))[1] == len(header + body) - added
        assert p.octets("RETR 1") == header + body
        assert p.octets("TOP 1 0") == header
        lines = body.count(b"\r\n")
        for n in sorted({1, 2, lines, lines + 1, 1000000000}):
            part = b"".join(x + b"\r\n" for x in body.split(b"\r\n")[:-1][:n])
            assert p.octets(f"TOP 1 {n}") == header + part
        p.ok("QUIT")


def test_top_counts_lines_of_the_body(box):
    assert box.multi("TOP 1 0") == [b"Subject: one", b""]
    assert box.multi("TOP 1 1") == [b"Subject: one", b"", b"first line"]
    assert box.multi("TOP 2 1") == [b"Subject: two", b"", b"."]
    for bad in ("TOP 1 -1", "TOP 1 x", "TOP 1 1 1", "TOP", "TOP 1 ",
                "TOP 1 99999999999"):
        box.err(bad)


def test_pipelining(box):
    # RFC 2449 6.6
    box.raw(b"STAT\r\nNOOP\r\nLIST 1\r\nnonsense\r\nUIDL 9\r\nDELE 1\r\n"
            b"RETR 2\r\nSTAT\r\n")
    got = [box.answer()[:4] for _ in range(7)]
    assert got == [b"+OK ", b"+OK ", b"+OK ", b"-ERR", b"-ERR", b"+OK ",
                   b"+OK "]
    assert b"end" in box.block()
    assert box.answer().startswith(b"+OK 1 ")


def test_pipelining_behind_the_login(paq):
    """What stands behind PASS in the same packet is the session's."""
    empty(paq, BOB)
    fill(paq, BOB, [ONE])
    with wait_free(paq, BOB, SECRET) as p:
        p.ok("QUIT")
    many = b"NOOP\r\n" * 500
    with Pop(paq.port["pop3"]) as p:
        p.raw(b"CAPA\r\nUSER %s\r\nPASS %s\r\nSTAT\r\n%sQUIT\r\n" % (
            BOB.encode(), SECRET.encode(), many))
        p.ok_line = p.answer()
        p.block()
        got = [p.answer()[:3] for _ in range(4 + 500)]
        assert got == [b"+OK"] * 504
        assert p.closed() == b""


def test_capabilities(paq, front):
    # RFC 2449 5; RFC 3206 6
    before = front.multi("CAPA")
    for word in (b"TOP", b"UIDL", b"USER", b"PIPELINING", b"RESP-CODES",
                 b"AUTH-RESP-CODE", b"UTF8 USER",   # RFC 6856 2
                 b"EXPIRE NEVER"):                  # RFC 2449 6.7
        assert word in before
    assert b"SASL PLAIN LOGIN" in before        # RFC 2449 6.3
    assert not any(x.startswith((b"STLS", b"LOGIN-DELAY")) for x in before)
    front.login(BOB, SECRET)
    # RFC 2449 6.3: SASL is of the authorization state
    assert front.multi("CAPA") == [
        x for x in before if not x.startswith(b"SASL")]


def test_languages(front):
    """RFC 6856 3.2: the tag and a space; a listing without argument."""
    for logged_in in False, True:
        if logged_in:
            front.login(BOB, SECRET)
        assert b"LANG" in front.multi("CAPA")
        assert front.multi("LANG") == [b"en English"]
        assert front.ok("LANG EN").startswith(b"+OK en ")
        front.err("LANG sv")
        front.err("LANG e")


# RFC 6856 2.1, 2.2

UTF8 = "Subject: \u00fcber\nFrom: J\u00f6rg <j@b.example>\n\nb\u00f6dy\n"
ASCII = ("Subject: =?utf-8?Q?=C3=BCber?=\r\n"
         "From: =?utf-8?Q?J=C3=B6rg?= <j@b.example>\r\n\r\nb\u00f6dy\r\n")


@pytest.mark.parametrize("mode", ["", "UTF8", "SASL"])
def test_utf8_mode(paq, mode):
    """Not in that mode: nothing beyond ASCII in a header, by any command."""
    empty(paq, BOB)
    fill(paq, BOB, [UTF8.encode(), ONE])
    with Pop(paq.port["pop3"]) as p:
        if mode:
            p.ok("UTF8")
            p.ok("UTF8")
            p.err("STLS")
        if mode == "SASL":
            token = base64.b64encode(f"\0{BOB}\0{SECRET}".encode())
            p.ok(b"AUTH PLAIN " + token)
        else:
            p.login(BOB, SECRET)
        p.err("UTF8")                   # of the AUTHORIZATION state alone
        want = crlf(UTF8.encode()) if mode else ASCII.encode()
        said = numbers(p.ok("RETR 1"))
        got = b"".join(x + b"\r\n" for x in p.block())
        assert got == want
        assert said == [len(want)]
        header = want[:want.index(b"\r\n\r\n") + 4]
        assert p.octets("TOP 1 0") == header
        assert p.octets("TOP 1 1") == want
        assert p.octets("RETR 2") == crlf(ONE)


def test_utf8_names(paq):
    """A name and password beyond ASCII; what is no UTF-8 is refused."""
    with Pop(paq.port["pop3"], source="127.7.1.1") as p:
        p.err(b"USER j\xf6rg@demo.example")
        p.ok("USER j\u00f6rg@demo.example")
        p.err(b"PASS gr\xfcn")
        p.err("PASS gr\u00fcn")             # the name is forgotten
        assert p.login("j\u00f6rg@demo.example", "gr\u00fcn") \
            .startswith(b"+OK")


# RFC 2449 6.5, 8.1.1
def test_login_delay():
    with harness.Suite(listen=("pop3",), users={BOB: SECRET},
                       settings={"pop3_login_delay": "1h"}) as paq:
        with Pop(paq.port["pop3"]) as p:
            assert b"LOGIN-DELAY 3600" in p.multi("CAPA")
            assert p.login(BOB, SECRET).startswith(b"+OK")
            assert b"LOGIN-DELAY 3600" in p.multi("CAPA")
            p.ok("QUIT")
        with Pop(paq.port["pop3"]) as p:
            assert p.login(BOB, SECRET).startswith(b"-ERR [LOGIN-DELAY] ")
            assert p.closed() == b""
        lock = paq.maildir(BOB) / "paquebot-pop3.lock"
        then = time.time() - 3601
        os.utime(lock, (then, then))
        with Pop(paq.port["pop3"]) as p:
            assert p.login(BOB, SECRET).startswith(b"+OK")


# RFC 2449 6.7: announced before and after log-in, and done.
def test_kept_for_days():
    with harness.Suite(listen=("pop3",), users={BOB: SECRET},
                       settings={"pop3_keep_days": "30",
                                 "pop3_uidl": "UID%u-%v"}) as paq:
        fill(paq, BOB, [ONE, TWO])
        for name in sorted((paq.maildir(BOB) / "new").iterdir()):
            os.utime(name, (10 ** 9, 10 ** 9))
        with Pop(paq.port["pop3"]) as p:
            assert b"EXPIRE 30" in p.multi("CAPA")
            p.login(BOB, SECRET)
            assert b"EXPIRE 30" in p.multi("CAPA")
            assert re.fullmatch(rb"1 UID1-\d+", p.multi("UIDL")[0])
            p.multi("RETR 1")
            p.multi("TOP 2 1")          # not fetched
            p.ok("QUIT")
        assert [p.read_bytes() for p in paq.stored(BOB)] == [TWO]


def test_seen(paq, box):
    """What was fetched and stays is marked at QUIT; by TOP it is not."""
    box.multi("RETR 1")
    box.multi("TOP 2 9")
    names = sorted(p.name for p in (paq.maildir(BOB) / "cur").iterdir())
    assert [n.split(":2,")[1] for n in names] == ["", ""]
    box.ok("QUIT")
    names = sorted(p.name for p in (paq.maildir(BOB) / "cur").iterdir())
    assert [n.split(":2,")[1] for n in names] == ["S", ""]


# ---------------------------------------------------------------- sessions

def test_one_session_at_a_time(paq, box):
    # RFC 1939 4, RFC 2449 8.1.2
    with Pop(paq.port["pop3"]) as other:
        got = other.login(BOB, SECRET)
        assert got.startswith(b"-ERR [IN-USE] ")
        assert other.closed() == b""
    box.ok("STAT")
    box.ok("QUIT")
    # The lock is free when QUIT is answered.
    with Pop(paq.port["pop3"]) as other:
        assert other.login(BOB, SECRET).startswith(b"+OK")


@pytest.fixture(scope="module")
def short():
    """A suite in which a session lends its mailbox after two seconds."""
    with harness.Suite(listen=("pop3",), users={BOB: SECRET},
                       settings={"pop3_takeover": "2s"}) as s:
        yield s


def test_a_silent_session_gives_way(short):
    """A client that is gone without a word holds nobody up; what it had marked
    stays (RFC 1939 3: no UPDATE state without QUIT)."""
    empty(short, BOB)
    fill(short, BOB, [ONE, TWO])
    with Pop(short.port["pop3"]) as gone, Pop(short.port["pop3"]) as p:
        assert gone.login(BOB, SECRET).startswith(b"+OK")
        gone.ok("DELE 1")
        assert p.login(BOB, SECRET).startswith(b"+OK")
        assert p.ok("STAT").startswith(b"+OK 2 ")
        assert gone.err("QUIT").startswith(b"-ERR [SYS/TEMP] ")
        assert gone.closed() == b""
        p.ok("DELE 2")
        p.ok("QUIT")
    assert [p.read_bytes() for p in short.stored(BOB)] == [ONE]
    short.wait_log(f"event=maildrop-taken-over user={BOB}")


HUGE = b"a: b\n\n" + b"c" * 70 * 1024 + b"\n" + (b"d" * 999 + b"\n") * 40000


@pytest.mark.parametrize("command", ["RETR 2", "TOP 2 100000"])
def test_who_takes_nothing_gives_way(short, command):
    """A client dies in the middle of a message: its window stays shut.  Who
    wakes up again has half a message, and no word that it were whole."""
    empty(short, BOB)
    fill(short, BOB, [ONE, HUGE])
    with Pop(short.port["pop3"]) as stuck, Pop(short.port["pop3"]) as p:
        assert stuck.login(BOB, SECRET).startswith(b"+OK")
        stuck.ok("DELE 1")
        stuck.ok(command)
        assert p.login(BOB, SECRET).startswith(b"+OK")
        assert p.ok("STAT").startswith(b"+OK 2 ")
        half = stuck.closed()
        assert b"d" * 999 in half and not half.endswith(b"\r\n.\r\n")
        p.ok("QUIT")
    assert [p.read_bytes() for p in short.stored(BOB)] == [ONE, HUGE]


def test_who_takes_no_answer_quits_in_vain(short):
    """What the client had said by then is not carried out when the maildrop
    is another's: RFC 1939 6 has one session remove messages."""
    empty(short, BOB)
    fill(short, BOB, [ONE] * 600)
    with Pop(short.port["pop3"]) as stuck, Pop(short.port["pop3"]) as p:
        assert stuck.login(BOB, SECRET).startswith(b"+OK")
        stuck.ok("DELE 1")
        stuck.raw(b"UIDL\r\n" * 600 + b"QUIT\r\n")
        assert p.login(BOB, SECRET).startswith(b"+OK")
        assert p.ok("STAT").startswith(b"+OK 600 ")
        assert b"+OK 1 messages deleted" not in stuck.closed()
        p.ok("RETR 1")
        p.block()
        p.ok("QUIT")
    assert len(short.stored(BOB)) == 600


def test_who_takes_it_late_has_it_whole(short):
    empty(short, BOB)
    fill(short, BOB, [HUGE])
    with Pop(short.port["pop3"]) as p:
        assert p.login(BOB, SECRET).startswith(b"+OK")
        p.raw(b"RETR 1\r\n")
        time.sleep(3)
        assert p.answer().startswith(b"+OK")
        assert b"\n".join(p.block()) + b"\n" == HUGE
        p.ok("DELE 1")
        p.ok("QUIT")
    assert not short.stored(BOB)


def test_half_a_command_gives_way(short):
    empty(short, BOB)
    fill(short, BOB, [ONE])
    with Pop(short.port["pop3"]) as gone, Pop(short.port["pop3"]) as p:
        assert gone.login(BOB, SECRET).startswith(b"+OK")
        gone.raw(b"DEL")
        assert p.login(BOB, SECRET).startswith(b"+OK")
        gone.raw(b"E 1\r\n")
        assert gone.closed() == b""
        p.ok("QUIT")
    assert [p.read_bytes() for p in short.stored(BOB)] == [ONE]


def test_a_silent_session_that_nobody_waits_for(short):
    empty(short, BOB)
    fill(short, BOB, [ONE, TWO])
    with Pop(short.port["pop3"]) as p:
        assert p.login(BOB, SECRET).startswith(b"+OK")
        p.ok("DELE 1")
        time.sleep(2.5)
        p.ok("NOOP")
        p.ok("QUIT")
    assert [p.read_bytes() for p in short.stored(BOB)] == [TWO]


def test_a_session_that_talks_keeps_its_maildrop(short):
    empty(short, BOB)
    fill(short, BOB, [ONE])
    with Pop(short.port["pop3"]) as p, Pop(short.port["pop3"]) as other:
        assert p.login(BOB, SECRET).startswith(b"+OK")
        other.ok(f"USER {BOB}")
        other.raw(b"PASS %s\r\n" % SECRET.encode())
        while not select.select([other.sock], [], [], 0.2)[0]:
            p.ok("NOOP")
        assert other.answer().startswith(b"-ERR [IN-USE] ")
        assert p.ok("STAT").startswith(b"+OK 1 ")
        p.ok("QUIT")


def test_unique_ids_stay(paq):
    # RFC 1939 7: "the unique-id of a message ... persists across sessions"
    empty(paq, BOB)
    fill(paq, BOB, [ONE, TWO, ONE + b"more\n"])
    with wait_free(paq, BOB, SECRET) as p:
        first = p.multi("UIDL")
        assert len({x.split()[1] for x in first}) == 3
        p.ok("DELE 2")
        p.ok("QUIT")
    fill(paq, BOB, [b""] * 3 + [TWO])
    for n in range(3):
        (paq.maildir(BOB) / "new" / f"{1700000000 + n}.M{n}P1.test").unlink()
    with wait_free(paq, BOB, SECRET) as p:
        second = p.multi("UIDL")
    ids = [x.split()[1] for x in first]
    again = [x.split()[1] for x in second]
    assert again[:2] == [ids[0], ids[2]]
    assert len(again) == 3 and again[2] not in ids


def test_dele_without_quit_deletes_nothing(paq, box):
    # RFC 1939 6: only QUIT leads to the UPDATE state
    box.ok("DELE 1")
    box.ok("DELE 2")
    box.close()
    with wait_free(paq, BOB, SECRET) as p:
        assert p.ok("STAT").startswith(b"+OK 2 ")
        p.ok("DELE 1")
        p.raw(b"QUI")
        p.close()
    with wait_free(paq, BOB, SECRET) as p:
        assert p.ok("STAT").startswith(b"+OK 2 ")
        p.ok("DELE 2")
        assert numbers(p.ok("QUIT")) == [1, 1]
    assert len(paq.stored(BOB)) == 1


def test_mail_that_comes_meanwhile_waits(paq, box):
    fill(paq, BOB, [b""] * 5 + [b"Subject: new\n\n"])
    assert box.ok("STAT").startswith(b"+OK 2 ")
    box.err("RETR 3")


def test_a_message_that_somebody_else_removed(paq, box):
    for path in paq.stored(BOB):
        if path.read_bytes() == ONE:
            path.unlink()
    assert box.err("RETR 1").startswith(b"-ERR [SYS/")
    assert b"end" in box.multi("RETR 2")
    assert box.ok("STAT").startswith(b"+OK 2 ")     # numbers stay
    box.ok("DELE 1")
    box.ok("DELE 2")
    box.ok("QUIT")
    assert paq.stored(BOB) == []


def test_too_many_errors(box):
    for _ in range(19):
        box.err("NOSUCH")
    assert box.say("NOSUCH") == b"-ERR unknown command"
    assert box.closed() == b"-ERR too many errors\r\n"


def test_an_empty_maildrop_that_was_not_there(paq):
    """The Maildir is made at the first log-in."""
    with wait_free(paq, "space@demo.example", " two  words ") as p:
        assert p.ok("STAT") == b"+OK 0 0"
        assert p.multi("LIST") == [] and p.multi("UIDL") == []
        p.err("RETR 1")
        p.ok("QUIT")
    assert paq.maildir("space@demo.example").stat().st_mode & 0o777 == 0o700


# ------------------------------------------------------------------ log-in

def test_the_same_answer_for_all_wrong_log_ins(paq):
    seen = set()
    for n, (user, password) in enumerate([
            (BOB, "wrong"), ("nobody@demo.example", "wrong"),
            ("bob@elsewhere.example", SECRET), (BOB, SECRET + " "),
            (BOB, ""), (BOB, SECRET.upper())]):
        with Pop(paq.port["pop3"], source=f"127.2.{n}.1") as p:
            start = time.monotonic()
            seen.add((p.ok(f"USER {user}"), p.say(f"PASS {password}")))
            assert time.monotonic() - start > 0.9
            p.ok("CAPA")
            p.block()
    assert len(seen) == 1
    (_, refusal), = seen
    assert refusal.startswith(b"-ERR [AUTH] ")      # RFC 3206 4


def test_after_a_wrong_password_the_right_one(paq):
    empty(paq, BOB)
    with Pop(paq.port["pop3"], source="127.3.1.1") as p:
        p.ok(f"USER {BOB}")
        p.err("PASS wrong")
        p.err(f"PASS {SECRET}")         # the name is forgotten
        assert p.login(BOB, SECRET).startswith(b"+OK")


def test_wrong_passwords_wait_longer_each_time(paq):
    """The first two cost a second each, then it doubles: helpers/authd."""
    took = []
    with Pop(paq.port["pop3"], source="127.4.1.1") as p:
        for n in range(4):
            p.ok("USER slow@demo.example")
            start = time.monotonic()
            p.err("PASS wrong")
            took.append(time.monotonic() - start)
    assert took[0] > 0.9 and took[1] > 0.9
    assert took[3] > 1.9


def test_five_wrong_passwords_are_enough(paq):
    with Pop(paq.port["pop3"], source="127.5.1.1") as p:
        for n in range(5):
            p.ok(f"USER five{n}@demo.example")
            p.err("PASS wrong")
        assert p.closed() == b"-ERR too many failed log-ins\r\n"


def test_a_login_name_in_capitals(paq):
    with wait_free(paq, BOB.upper(), SECRET) as p:
        p.ok("QUIT")


def test_idle_before_login():
    with harness.Suite(listen=("pop3",),
                       settings={"login_timeout": "5s"}) as s:
        with Pop(s.port["pop3"]) as p:
            start = time.monotonic()
            p.ok("CAPA")
            p.block()
            assert p.closed() == b"-ERR took too long to log in\r\n"
            assert time.monotonic() - start > 4.5
