"""smtp-out against mail servers that are wrong, late or huge, and dnsd against
name servers that lie.

Each test is named after the weakness that it guards against; the numbers are
those of the list of threats that the project keeps (A: addresses and replies,
B: framing, E: channels, F: loops and lies).  What must hold in all of them:
nobody dies of a signal, the next job is served, what goes back to qmgr is
printable, one line, and short.
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
from fake_dns import SERVFAIL, SILENT, Dns, record, wire_name  # noqa: E402
from fake_out import DONE, DROP, HANG, LATER, MAIL, NEVER, Out, \
    Server, Session  # noqa: E402
from fake_suite import BIN, NUM, own_network, pair, recv, send, \
    text, u8  # noqa: E402
from test_smtp_out import HOSTS, NO_PIPELINING, Site, to  # noqa: E402

BOB, CAROL = "bob@far.example", "carol@far.example"
US = "192.0.2.1"
needs_root = pytest.mark.skipif(os.geteuid() != 0,
                                reason="not root: no addresses of our own")


@pytest.fixture(scope="module")
def shared():
    with Out() as out:
        yield out


@pytest.fixture
def plain(shared):
    """Afterwards it still serves, and nobody crashed."""
    yield shared
    with Server() as server:
        assert shared.job(MAIL, [BOB], **to(server)).kinds == [DONE]
    assert not [x for x in shared.out.logs if "worker-crashed" in x]
    for line in shared.out.logs:
        assert line.count("\n") <= 1 and len(line) < 4096
        assert all(32 <= ord(c) < 127 for c in line.rstrip("\n")), line


def is_harmless(done):
    for kind, esc, words, remote in done.results.values():
        assert kind in (DONE, LATER, NEVER)
        assert re.fullmatch(r"[245]\.\d{1,3}\.\d{1,3}", esc), esc
        # The class of the code says what became of it: RFC 3463 2.
        assert esc[0] == "245"[kind]
        for part in (words, remote):
            assert len(part) < 512
            assert all(32 <= ord(c) < 127 for c in part), part
    return done


# ------------------------------------------------------- A3, A5: what they say

REPLIES = [
    (b"550-a\nb\n550 c\r\n", LATER),
    (b"550 no\rtype:mda\r\n", LATER),
    (b"550 no\0type:mda\r\n", LATER),
    (b"550 \x1b]0;title\x07\x9b\xff\r\n", NEVER),
    (b"type:mda\r\n", LATER),
    (b"5\r\n", LATER), (b"55\r\n", LATER), (b"\r\n", LATER),
    (b"5 5 0 no\r\n", LATER), (b"0550 no\r\n", LATER),
    (b"-550 no\r\n", LATER), (b"650 no\r\n", LATER), (b"150 no\r\n", LATER),
    (b"550\r\n", NEVER), (b"550 \r\n", NEVER), (b"550-\r\n550 \r\n", NEVER),
    (b"550-a\r\n551 b\r\n", LATER), (b"550_a\r\n", LATER),
    (b"\x16\x03\x01\x02\x00\x01\x00\r\n", LATER),
    (b"HTTP/1.1 400 Bad Request\r\n", LATER),
    # CVE-2026-43964: nothing behind the third number
    (b"550 5.7.2\r\n", NEVER), (b"550 5.7.\r\n", NEVER),
    (b"550 5..1 x\r\n", NEVER), (b"550 5.999.999 x\r\n", NEVER),
    (b"550 5.1000.1 x\r\n", NEVER), (b"550 5\r\n", NEVER),
    (b"550 4.7.1 x\r\n", NEVER), (b"450 5.7.1 x\r\n", LATER),
    (b"250 5.7.1 x\r\n", DONE),
    (b"550 " + b"x" * 4000 + b"\r\n", NEVER),
    (b"550 " + b"x" * 10240 + b"\r\n", LATER),
    (b"x" * 1000000, LATER),
    (b"550-x\r\n" * 100000 + b"550 y\r\n", LATER),
    (b"550 %s%n%s ${run{id}} `id` \"quoted\" a=b\r\n", NEVER),
    (b"550 <a@b> from=<x> id=1\r\n", NEVER),
    (b"550 " + "héllo ☃".encode() + b"\r\n", NEVER),
]


@pytest.mark.parametrize("reply,kind", REPLIES,
                         ids=[repr(r[0][:24]) for r in REPLIES])
@pytest.mark.parametrize("step", ["RCPT", "dot"])
def test_A3_A5_replies_that_are_none(plain, step, reply, kind):
    with Server({step: reply}) as server:
        done = is_harmless(plain.job(MAIL, [BOB], **to(server)))
        assert done.kinds == [kind], done.results
        if kind == LATER and reply[:1] != b"4":
            assert done.end[0] == 0     # nobody knows what comes next


@pytest.mark.parametrize("step", ["greeting", "EHLO", "MAIL", "DATA"])
@pytest.mark.parametrize("reply", [
    b"type:mda\r\n", b"2\r\n", b"x" * 100000, b"250-x\r\n" * 100000,
    b"550 no\0\r\n", b"\r\n" * 1000, b"250-PIPELINING\n250 SIZE\r\n"])
def test_A3_at_the_other_steps(plain, step, reply):
    with Server({step: reply}) as server:
        done = is_harmless(plain.job(MAIL, [BOB, CAROL], **to(server)))
        assert NEVER not in done.kinds
        if DONE in done.kinds:
            assert server.messages


def test_A3_the_next_attempt_is_the_same(plain):
    """Nothing of an answer gets into what is said the next time."""
    evil = b"550-4.0.0 a\r\n550 >\" RCPT TO:<evil@x> \r\n"
    for _ in range(2):
        with Server({"RCPT": evil}, caps=NO_PIPELINING) as server:
            is_harmless(plain.job(MAIL, [BOB], **to(server)))
            server.wait(lambda s: s.sessions[0][-1] == b"QUIT")
            assert server.sessions[0] == [
                b"EHLO mail.demo.example",
                b"MAIL FROM:<alice@demo.example>",
                b"RCPT TO:<bob@far.example>", b"RSET", b"QUIT"]


@pytest.mark.parametrize("words", [
    ["SIZE 18446744073709551616"], ["SIZE -1"], ["SIZE 1e9"], ["SIZE"],
    ["SIZE 5 5"], ["PIPELINING PIPELINING"], ["x" * 2000],
    ["8BITMIME", "\x01\x02"], ["SIZE 99999999999999999999999"],
    ["A" * 100] * 40])
def test_A3_capabilities_that_mean_nothing(plain, words):
    with Server(caps=words) as server:
        done = is_harmless(plain.job(MAIL, [BOB], **to(server)))
        assert done.kinds in ([DONE], [LATER])


@pytest.mark.parametrize("octet", [b"\r", b"\n", b"\0", b"\r\n"])
def test_A4_an_address_cannot_carry_a_command(plain, octet):
    """The message type refuses it; here the second gate is asked."""
    with Server() as server:
        w = plain.worker()
        with contextlib.suppress(OSError):      # it may hang up at once
            w.begin(MAIL, [b"bob" + octet + b"RCPT TO:<x@y>@far.example"],
                    **to(server))
        assert w.finish() is None
        assert server.sessions == []


# --------------------------------------------------------- C11: they take time

FAST = 200          # five minutes are a second and a half


@pytest.fixture(scope="module")
def hurried():
    with Out(fast=FAST) as out:
        yield out


def took(seconds, start):
    """So many seconds of the program's time, give or take this machine."""
    passed = (time.monotonic() - start) * FAST
    return 0.9 * seconds < passed < seconds + 20 * FAST


@pytest.mark.parametrize("step,seconds", [
    # 4.5.3.2.1 to 4.5.3.2.6
    ("greeting", 300), ("EHLO", 300), ("MAIL", 300), ("RCPT", 300),
    ("DATA", 120), ("dot", 600)])
def test_C11_silence(hurried, step, seconds):
    with Server({step: HANG}, caps=NO_PIPELINING) as server:
        start = time.monotonic()
        done = hurried.job(MAIL, [BOB], **to(server))
        assert took(seconds, start)
        assert done.kinds == [LATER] and done.escs == ["4.4.2"]


def trickle(octets, pause=0.05):
    """A step that sends octet by octet, for ever."""
    def session(server, client):
        s = Session(server, client)
        real = s.say

        def say(step, default, line=b""):
            if step != "slow":
                return real(step, default, line)
        s.say = say
        with contextlib.suppress(OSError):
            while True:
                for i in range(len(octets)):
                    client.sendall(octets[i:i + 1])
                    time.sleep(pause)
    return session


@pytest.mark.parametrize("octets", [b"220-slow\r\n", b"2", b"\r\n220-"])
def test_C11_one_octet_now_and_then(hurried, octets):
    with Server() as server:
        server.session = lambda client: trickle(octets)(server, client)
        start = time.monotonic()
        done = hurried.job(MAIL, [BOB], **to(server))
        assert (time.monotonic() - start) * FAST < 300 + 20 * FAST
        assert is_harmless(done).kinds == [LATER]


def test_C11_all_answers_together():
    """Each answer in time, and still no worker is held for days."""
    # A sanitizer needs more of its first half minute to start.
    fast = (1 if "san" in BIN.parent.name else 10) * FAST
    asked = []

    def late(line):
        asked.append(line)
        time.sleep(200 / fast)
    with Server({"RCPT": late}, caps=NO_PIPELINING) as server, \
            Out(fast=fast) as out:
        many = [f"u{i}@far.example" for i in range(500)]
        start = time.monotonic()
        done = out.job(MAIL, many, **to(server))
        assert 3300 < (time.monotonic() - start) * fast
        assert len(asked) < 100, len(asked)
        assert set(done.kinds) == {LATER}
        assert server.messages == []


def test_C11_a_reader_that_does_not_read(hurried):
    """4.5.3.2.5: three minutes for a block."""
    body = b"Subject: long\r\n\r\n" + b"0123456789abcde\r\n" * 1000000
    with Server(caps=("PIPELINING",)) as server:
        def session(client):
            s = Session(server, client)
            s.message = lambda: time.sleep(30)
            with contextlib.suppress(OSError, EOFError):
                s.run()
        server.session = session
        start = time.monotonic()
        done = hurried.job(body, [BOB], **to(server))
        assert took(180, start)
        assert done.kinds == [LATER] and done.escs == ["4.4.2"]


def test_C11_slow_but_not_too_slow(hurried):
    """A message takes as long as it takes while octets move."""
    body = b"Subject: long\r\n\r\n" + b"0123456789abcde\r\n" * 300000
    with Server(caps=("PIPELINING",)) as server:
        def session(client):
            client.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 65536)
            s = Session(server, client)

            def more():
                time.sleep(0.02)
                got = client.recv(65536)
                if not got:
                    raise EOFError
                s.left += got
            s.more = more
            with contextlib.suppress(OSError, EOFError):
                s.run()
        server.session = session
        start = time.monotonic()
        done = hurried.job(body, [BOB], **to(server))
        assert done.kinds == [DONE]
        assert (time.monotonic() - start) * FAST > 180
        assert server.messages[0][2] == body


# ------------------------------------------------------- B2, C: what they take

def test_B2_a_reply_in_the_body(plain):
    """No answer of the server decides where the message ends."""
    body = MAIL + b".\r\nQUIT\r\n..\r\n"
    with Server() as server:
        assert plain.job(body, [BOB], **to(server)).kinds == [DONE]
        assert server.messages[0][2] == body


@pytest.mark.skipif("san" in BIN.parent.name, reason="a sanitizer keeps what "
                    "was freed")
def test_memory_does_not_grow(plain):
    def peak(pid):
        for line in open(f"/proc/{pid}/status"):
            if line.startswith("VmHWM:"):
                return int(line.split()[1])
    with Server({"EHLO": b"250-" + b"x" * 3000 + b"\r\n250 PIPELINING\r\n"}) \
            as server, contextlib.closing(plain.worker()) as w:
        w.job(MAIL, [BOB], **to(server))
        (pid,) = plain.out.children()
        before = peak(pid)
        server.script["dot"] = b"450-" + b"y" * 4000 + b"\r\n450 z\r\n"
        for _ in range(200):
            w.job(MAIL, [BOB], **to(server))
        assert peak(pid) - before < 1024


# ------------------------------------------------------------ F2: it is us

@pytest.fixture
def net():
    with own_network(*HOSTS, "2001:db8::1/128"):
        yield


@needs_root
@pytest.mark.parametrize("records", [
    {"A": ["127.0.0.1"]}, {"A": ["127.9.9.9"]}, {"AAAA": ["::1"]},
    {"A": ["0.0.0.0"]}, {"AAAA": ["::"]}, {"AAAA": ["::ffff:127.0.0.1"]},
    {"AAAA": ["::127.0.0.1"]}, {"A": ["224.0.0.1"]},
    {"A": ["255.255.255.255"]}, {"A": [US]},
    {"A": ["127.0.0.1"], "AAAA": ["::1"]}])
def test_F2_an_mx_that_is_this_host(net, records):
    table = {("far.example", "MX"): [(10, "mx.far.example")]}
    table.update({("mx.far.example", k): v for k, v in records.items()})
    with Site(table, hosts=()) as site, \
            Server(host="127.0.0.1", port=site.port) as loop, \
            Server(host=US, port=site.port) as us:
        start = time.monotonic()
        done = is_harmless(site.job())
        assert done.kinds == [NEVER] and done.escs == ["5.4.6"]
        assert time.monotonic() - start < 15
        assert loop.messages == [] and us.messages == []


@needs_root
def test_F2_an_mx_that_has_our_name(net):
    table = {("far.example", "MX"): [(10, "Mail.Demo.example"),
                                     (20, "mx.far.example")],
             ("mail.demo.example", "A"): ["192.0.2.3"],
             ("mx.far.example", "A"): ["192.0.2.2"]}
    with Site(table, hosts=("192.0.2.2", "192.0.2.3")) as site:
        done = site.job()
        assert done.kinds == [NEVER] and done.escs == ["5.4.6"]
        assert site.got() == []
    # 5.1: those before us may still take it, those behind us may not
    table["far.example", "MX"] = [(10, "mx.far.example"),
                                  (20, "mail.demo.example"),
                                  (30, "c.far.example")]
    table["c.far.example", "A"] = ["192.0.2.3"]
    with Site(table, hosts=("192.0.2.3",)) as site:
        done = site.job()
        assert done.kinds == [LATER] and site.got() == []


@needs_root
def test_F2_a_host_that_greets_with_our_name(net):
    table = {("far.example", "MX"): [(10, "mx.far.example")],
             ("mx.far.example", "A"): ["192.0.2.2"]}
    with Site(table, scripts={"192.0.2.2": {
            "greeting": b"220 mail.demo.example ESMTP\r\n"}}) as site:
        done = site.job()
        assert done.kinds == [NEVER] and done.escs == ["5.4.6"]
        # A relay host that the operator named is believed.
        assert site.job(nexthop="[mx.far.example]").kinds == [DONE]


@needs_root
def test_F2_a_cname_to_us(net):
    def cname(q, tcp):
        return q.reply([record(q.name, "CNAME", "mail.demo.example"),
                        record("mail.demo.example", "A", "127.0.0.1")])
    table = {("far.example", "MX"): [(10, "mx.far.example")],
             ("mx.far.example", "A"): cname}
    with Site(table, hosts=()) as site:
        done = site.job()
        assert done.kinds == [NEVER] and done.escs == ["5.4.6"]


# ------------------------------------------------------------ F3: DNS lies

@pytest.fixture
def lying(net):
    """A site whose table the test fills; afterwards it still serves."""
    with Site({}, hosts=("192.0.2.2",)) as site:
        yield site
        site.dns.table.update({
            ("good.example", "MX"): [(10, "mx.good.example")],
            ("mx.good.example", "A"): ["192.0.2.2"]})
        assert site.job(nexthop="good.example").kinds == [DONE]
        assert site.out.dnsd.process.poll() is None
        assert site.out.dnsd.rss() < 100000


@needs_root
def test_F3_ten_thousand_mx(lying):
    """As many as a reply can hold; the first 32 are looked at, ten addresses
    tried."""
    def mx(q, tcp):
        if not tcp:
            return q.reply(flags=0x0200)
        # "mx.far.example" by a pointer to the question: RFC 1035 4.1.4
        rr = b"\xc0\x0c" + struct.pack(">HHIH", 15, 1, 300, 7) + \
            b"\0\x0a\x02mx\xc0\x0c"
        return q.reply([rr] * 3400)
    lying.dns.table["far.example", "MX"] = mx
    lying.dns.table["mx.far.example", "A"] = ["192.0.2.4"]  # nobody listens
    start = time.monotonic()
    done = is_harmless(lying.job())
    assert done.kinds == [LATER]
    assert time.monotonic() - start < 20
    assert lying.out.out.log_count("connect-failed") == 10
    assert lying.out.dnsd.log_count("dns-answer-cut") == 1


@needs_root
def test_F3_ten_thousand_addresses(lying):
    def a(q, tcp):
        if not tcp:
            return q.reply(flags=0x0200)
        rr = b"\xc0\x0c" + struct.pack(">HHIH", 1, 1, 300, 4)
        return q.reply([rr + bytes([192, 0, 2, 4])] * 4000)
    lying.dns.table["far.example", "A"] = a
    done = is_harmless(lying.job())
    assert done.kinds == [LATER]
    assert lying.out.out.log_count("connect-failed") == 10


def reply_with(rr, count=1):
    return lambda q, tcp: q.reply([rr], count=count)


POINTER_LOOP = b"\xc0\x0c" + struct.pack(">HHIH", 15, 1, 300, 4) + \
    b"\0\x0a\xc0\x2d"                       # a name that points to itself
LIES = {
    "pointer-loop": reply_with(POINTER_LOOP),
    "pointer-out": reply_with(b"\xc0\x0c" + struct.pack(
        ">HHIH", 15, 1, 300, 4) + b"\0\x0a\xff\xff"),
    "short-data": reply_with(b"\xc0\x0c" + struct.pack(
        ">HHIH", 15, 1, 300, 1) + b"\0"),
    "length-lies": reply_with(b"\xc0\x0c" + struct.pack(
        ">HHIH", 15, 1, 300, 60000) + b"\0\x0a\x01a\0"),
    "count-lies": reply_with(record("far.example", "MX", (10, "mx")),
                             count=65535),
    "name-of-300": reply_with(record(
        "far.example", "MX", (10, ".".join(["x" * 60] * 5)))),
    "label-type": reply_with(b"\xc0\x0c" + struct.pack(
        ">HHIH", 15, 1, 300, 5) + b"\0\x0a\x80a\0"),
    "cut": lambda q, tcp: q.reply([record("far.example", "MX",
                                          (10, "mx"))])[:-3],
    "header-only": lambda q, tcp: q.reply()[:12],
    "one-octet": lambda q, tcp: b"\0",
    "empty": lambda q, tcp: b"",
    "tc-for-ever": lambda q, tcp: q.reply(flags=0x0200),
    "no-question": lambda q, tcp: struct.pack(
        ">HHHHHH", q.id, 0x8180, 0, 0, 0, 0),
    "a-query": lambda q, tcp: q.reply()[:2] + b"\x01\x00" + q.reply()[4:],
    "refused": "refused", "servfail": SERVFAIL,
}


@needs_root
@pytest.mark.parametrize("lie", LIES)
def test_F3_replies_that_are_none(net, lie):
    with Site({("far.example", "MX"): LIES[lie]}, fast=20) as site:
        with contextlib.closing(site.out.worker()) as w:
            w.begin(MAIL, [BOB], nexthop="far.example")
            w.sock.settimeout(60)
            done = is_harmless(w.finish())
        # Never a bounce: perhaps the next reply is a true one.
        assert done.kinds == [LATER], done.results
        assert site.out.dnsd.process.poll() is None
        site.dns.table["far.example", "MX"] = [(10, "mx.far.example")]
        site.dns.table["mx.far.example", "A"] = ["192.0.2.2"]
        assert site.job().kinds == [DONE]


@needs_root
def test_F3_names_that_are_no_host_names(lying):
    """Octets in a host name are octets: not a format, not a log line, not a
    second name."""
    for name in (b"\x05a\0b\nc\0", b"\x04\x1b]0;\0", b"\x06%s%n%s\0",
                 b"\x03a.b\x07example\0", b"\x02\xff\xfe\0",
                 b"\x05a b\r\n\0", b"\x01/\0", b"\x02..\0"):
        lying.dns.table["far.example", "MX"] = lambda q, tcp, n=name: \
            q.reply([b"\xc0\x0c" + struct.pack(">HHIH", 15, 1, 0,
                                               2 + len(n)) + b"\0\x0a" + n])
        done = is_harmless(lying.job(nexthop="far.example"))
        assert done.kinds in ([LATER], [NEVER])
        lying.out.dnsd.log_has("x", within=0)
        break_cache(lying)
    for d in (lying.out.out, lying.out.dnsd):
        for line in d.logs:
            assert all(32 <= ord(c) < 127 for c in line.rstrip("\n")), line


def break_cache(site):
    """MX are kept for minutes: the next question asks for another name."""
    site.dns.table.pop(("far.example", "MX"), None)
    site.n = getattr(site, "n", 0) + 1


@needs_root
@pytest.mark.parametrize("n", [3, 200])
def test_F3_cname_chains(lying, n):
    def chain(q, tcp):
        names = [f"c{i}.far.example" for i in range(n)]
        return q.reply([record(a, "CNAME", b) for a, b in zip(
            [q.name] + names, names)] + [record(names[-1], "A", "192.0.2.2")])
    lying.dns.table["far.example", "A"] = \
        lambda q, tcp: chain(q, tcp) if tcp or n < 9 else q.reply(flags=0x0200)
    done = is_harmless(lying.job())
    assert done.kinds in ([DONE], [LATER])
    if n < 9:
        assert done.kinds == [DONE]


@needs_root
def test_F3_a_cname_to_itself(lying):
    lying.dns.table["far.example", "A"] = lambda q, tcp: q.reply(
        [record(q.name, "CNAME", q.name)] * 3)
    assert is_harmless(lying.job()).kinds != [DONE]


@needs_root
@pytest.mark.parametrize("ttl", [0, 1, 2**31 - 1, 2**31, 2**32 - 1])
def test_F3_times_to_live(lying, ttl):
    lying.dns.table["far.example", "A"] = lambda q, tcp: q.reply(
        [record(q.name, "A", "192.0.2.2", ttl=ttl)])
    for _ in range(2):
        assert lying.job().kinds == [DONE]


@needs_root
@pytest.mark.parametrize("how", ["id", "question", "port"])
def test_F3_an_answer_to_somebody_else(lying, how):
    """The forged one comes first; the true one must win."""
    def mx(q, tcp):
        evil = [record(q.name, "MX", (10, "evil.example"))]
        good = q.reply([record(q.name, "MX", (10, "mx.far.example"))])
        if how == "id":
            return [q.reply(evil, id_=(q.id + 1) & 0xffff), good]
        if how == "question":
            other = wire_name("other.example") + q.question[-4:]
            return [q.reply(evil, question=other), good]
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as s:
            s.bind(("127.0.0.1", 0))
            s.sendto(q.reply(evil), ("127.0.0.1",
                                     lying.dns.seen[-1][3]))
        time.sleep(0.1)
        return good
    lying.dns.table["far.example", "MX"] = mx
    lying.dns.table["mx.far.example", "A"] = ["192.0.2.2"]
    assert lying.job().kinds == [DONE]
    assert lying.dns.asked("evil.example", "A") == 0


@needs_root
def test_F3_numbers_that_nobody_can_guess(lying):
    for i in range(60):
        lying.dns.table[f"d{i}.example", "A"] = ["192.0.2.2"]
        assert lying.job(nexthop=f"d{i}.example").kinds == [DONE]
    mx = [s for s in lying.dns.seen if s[1] == "MX"]
    ids, ports = [s[4] for s in mx], {s[3] for s in mx}
    steps = {(b - a) & 0xffff for a, b in zip(ids, ids[1:])}
    assert len(set(ids)) > 55 and len(steps) > 50
    assert len(ports) > 50


@needs_root
def test_F3_silence_of_all_servers_has_a_deadline(net):
    """Three name servers that say nothing: the worker hears in time that
    nobody knows, and its channel is good for the next question."""
    quiet = [Dns({}, host=f"127.0.0.{n}") for n in (2, 3, 4)]
    for d in quiet:
        d.answer = lambda *a: None
    out = Out(quiet[0], fast=20, smtp_out_source=US)
    out.dns = type("Three", (), {"address": quiet[0].address})
    with out:
        out.dnsd.settings["dns_servers"] = [d.address for d in quiet]
        out.dnsd.send_settings()
        w = out.worker()
        start = time.monotonic()
        done = w.job(MAIL, [BOB], nexthop="far.example")
        passed = (time.monotonic() - start) * 20
        assert done.kinds == [LATER] and done.escs == ["4.4.3"]
        assert "no answer from DNS" in done.texts[0]
        assert passed < 60
    for d in quiet:
        d.close()


# ------------------------------------------------- E11: channels inside us

def worker_of_dnsd(dnsd_peer):
    ours, theirs = pair()
    ours.settimeout(10)
    send(dnsd_peer, "CHAN_NEW", fd=theirs.fileno())
    theirs.close()
    return ours


def ask(chan, name, kind=0, request=7):
    send(chan, "DNS_ASK", u8(kind) + text(name), request)


PACKETS = [
    b"\0", b"\0\0\0\0\0", struct.pack(">HI", 0, 1),
    struct.pack(">HI", 65535, 1), struct.pack(">HI", NUM["DNS_ASK"], 1),
    struct.pack(">HI", NUM["DNS_ASK"], 1) + b"\x09\0\x01a",
    struct.pack(">HI", NUM["DNS_ASK"], 1) + b"\0\xff\xffa",
    struct.pack(">HI", NUM["DNS_ASK"], 1) + b"\0\0\x01ab",
    struct.pack(">HI", NUM["DNS_ASK"], 1) + b"\0\0\0",
    struct.pack(">HI", NUM["DNS_ASK"], 1) + b"\0\0\x02a\n",
    struct.pack(">HI", NUM["DNS_ANSWER"], 1) + b"\0" * 8,
    struct.pack(">HI", NUM["CHAN_NEW"], 1), b"x" * 8192]


@pytest.fixture(scope="module")
def asked():
    from fake_master import Daemon
    with Dns({("a.example", "A"): ["192.0.2.2"]}) as dns, \
            Daemon("dnsd", {"dns_servers": [dns.address],
                            "dns_validating": "no"}) as d:
        d.parent = d.peer("ROLE_SMTP_OUT")
        d.dns = dns
        yield d


@pytest.mark.parametrize("packet", PACKETS, ids=[repr(p[:12])
                                                 for p in PACKETS])
def test_E11_dnsd_and_a_worker_taken_over(asked, packet):
    """It loses its channel; the others notice nothing."""
    bad, good = worker_of_dnsd(asked.parent), worker_of_dnsd(asked.parent)
    bad.sendmsg([packet])
    assert recv(bad) is None
    ask(good, "a.example", kind=1)
    number, request, body, _ = recv(good)
    assert (number, request) == (NUM["DNS_ANSWER"], 7)
    assert bytes([4, 192, 0, 2, 2]) in body


def test_E11_dnsd_and_a_flood(asked):
    bad, good = worker_of_dnsd(asked.parent), worker_of_dnsd(asked.parent)
    refused = asked.log_count("ipc-refused")
    for i in range(600):
        ask(bad, f"flood{i}.example")
    ask(good, "a.example", kind=1)
    assert recv(good)[0] == NUM["DNS_ANSWER"]
    # It is read later, and loses neither its channel nor an answer.
    for i in range(600):
        assert recv(bad)[0] == NUM["DNS_ANSWER"], i
    assert asked.log_count("ipc-refused") == refused


def test_E11_dnsd_and_askers_that_leave(asked):
    asked.dns.table["slow.example", "MX"] = SILENT
    for _ in range(50):
        w = worker_of_dnsd(asked.parent)
        ask(w, "slow.example")
        w.close()
    good = worker_of_dnsd(asked.parent)
    ask(good, "a.example", kind=1)
    assert recv(good)[0] == NUM["DNS_ANSWER"]


def test_E11_names_that_dns_cannot_have(asked):
    """Not "try again for five days": nobody can have such a name."""
    w = worker_of_dnsd(asked.parent)
    for name in ("x" * 64 + ".example", ".".join(["a"] * 128), "a..example",
                 ".", ".example"):
        ask(w, name)
        number, _, body, _ = recv(w)
        assert number == NUM["DNS_ANSWER"]
        assert body[0] in (1, 2), name      # no such name, or no record


@pytest.mark.parametrize("job", [
    dict(rcpts=[]), dict(rcpts=[BOB] * 1001), dict(id_="x"),
    dict(id_="x" * 21), dict(nexthop="\n"), dict(transport=9)])
def test_E11_smtp_out_and_a_job_that_is_none(plain, job):
    with Server() as server:
        w = plain.worker()
        with contextlib.suppress(OSError):
            w.begin(MAIL, job.pop("rcpts", [BOB]), **{**to(server), **job})
        assert w.finish() is None
        assert server.sessions == []


def test_E11_qmgr_says_something_in_between(plain):
    """A second message while a job is under way ends it before the dot."""
    with Server({"DATA": HANG}) as server:
        w = plain.worker()
        w.begin(MAIL, [BOB], **to(server))
        server.wait(lambda s: s.sessions[0][-1] == b"DATA")
        send(w.sock, "JOB_GO", u8(0))
        done = w.finish()
        assert done is None or done.kinds == [LATER]
        assert server.messages == []


def test_confined(plain):
    """No files, no program, no way back, for parent and worker alike."""
    with Server({"MAIL": HANG}) as server, \
            contextlib.closing(plain.worker()) as w:
        w.begin(MAIL, [BOB], **to(server))
        server.wait(lambda s: s.sessions)
        for pid in [plain.out.process.pid, *plain.out.children()]:
            fields = dict(line.split(":\t", 1) for line in
                          open(f"/proc/{pid}/status").read().splitlines()
                          if ":\t" in line)
            assert fields["Seccomp"] == "2" and fields["NoNewPrivs"] == "1"
            assert int(fields["SigIgn"], 16) & 1 << 12     # SIGPIPE
            if os.geteuid() == 0:
                assert set(fields["Uid"].split()) == {"65534"}
                assert int(fields["CapBnd"], 16) == 0
                assert os.listdir(f"/proc/{pid}/root") == []
        # Of the parent's channels a worker has none.
        (pid,) = plain.out.children()
        links = [os.readlink(f"/proc/{pid}/fd/{n}")
                 for n in os.listdir(f"/proc/{pid}/fd")]
        # stdin, out, err; log, qmgr, dnsd, parent; file, connection
        assert len(links) == 9, links


