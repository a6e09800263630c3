"""The whole suite against addresses, names and answers that are meant to be
taken for something else: by a parser, by a shell, by the queue file, by the log
or by whoever reads the report.

Each test is named after the entries of doc/threats.md that it concerns.
"""
import contextlib
import email
import email.policy
import random
import re
import socket

import pytest

from fake_out import Server
from fake_suite import Client
from suite import Suite, wait_for

ALICE, BOB = "alice@demo.example", "bob@demo.example"
CAROL = "carol@demo.example"
US = ("demo.example", "catch.example")
HEAD = (b"From: alice@demo.example\r\nTo: bob@demo.example\r\n"
        b"Subject: x\r\nDate: Tue, 1 Jul 2025 10:00:00 +0000\r\n"
        b"Message-ID: <x@far.example>\r\n")
MAIL = HEAD + b"\r\nbody"


@pytest.fixture(scope="module")
def evil():
    """A server of another site; each test says what it answers."""
    with Server() as server:
        yield server


@pytest.fixture(scope="module")
def shared(evil):
    with Suite(domains=US, users={u: "a secret" for u in (ALICE, BOB, CAROL)},
               listen=("mx", "submission", "lmtp", "imap", "pop3"),
               settings={"relay_domains": ["far.example"],
                         "retry_min": "1s", "retry_max": "1s",
                         "expire": "1h", "delay_notice": "0"},
               maps={"virtual": "@catch.example: carol@demo.example\n",
                     "routes": f"far.example: smtp:[127.0.0.1]:{evil.port}\n"
                     "gone.example: error:5.1.2 moved away\n"}) as s:
        yield s


@pytest.fixture
def paq(shared, evil):
    """Afterwards the same processes serve, and every line of the log is one
    line of printable octets."""
    def daemons():
        return {r["daemon"]: r["pid"] for r in shared.status()}
    before, begin = daemons(), len(shared.log_text())
    evil.script = {}
    yield shared
    evil.script = {}
    assert daemons() == before
    assert "crashed" not in shared.log_text()
    for line in shared.log.read_bytes()[begin:].split(b"\n")[:-1]:
        assert re.match(rb"\d{4}-\d\d-\d\dT\S+ [a-z0-9-]+\[\d+\] "
                        rb"(error|warn|info|debug) event=", line), line
        assert all(32 <= c < 127 for c in line) and len(line) < 4096, line
    drain(shared)


def connect(paq, port="mx"):
    c = Client(socket.create_connection((paq.host, paq.port[port]), 20))
    c.reply()
    return c


def mx(paq, hello="client.example"):
    c = connect(paq)
    c.ok(b"EHLO " + (hello if isinstance(hello, bytes) else hello.encode()))
    return c


def fresh(paq, user, n=1):
    """What is new in a mailbox; it is taken out."""
    found = [f.read_bytes() for f in paq.wait_stored(user, n)]
    for f in paq.stored(user):
        f.unlink()
    return found


def parts_of(octets):
    message = email.message_from_bytes(octets, policy=email.policy.default)
    assert message.get_content_type() == "multipart/report"
    assert not message.defects
    return message, list(message.iter_parts())


# ---------------------------------------------------------- A2: only text

CODE = ["${run{/bin/true}}", "%s%n%s%n", "{}", "$(id)", "`id`", "%(x)s",
        "{{7*7}}", "'||'", "|id"]


@pytest.mark.parametrize("text", CODE)
def test_A2_the_same_octets_in_mail_log_and_report(paq, text):
    """As sender, recipient and HELO, with a report at the end."""
    c = mx(paq, text)
    assert c.code(f"MAIL FROM:<{text}@demo.example>") in (250, 553, 501, 550)
    c.code("RSET")
    c.ok(f"MAIL FROM:<{BOB}>")
    code = c.code(f"RCPT TO:<{text}@catch.example>")
    if code == 250:
        assert c.data(MAIL)[0] == 250
        octets, = fresh(paq, CAROL)
        assert octets.count(text.encode()) >= 1
        assert re.search(rb"^(Delivered-To|X-Original-To): .*", octets, re.M)
    else:
        assert code in (501, 550, 553)
    # In a report: to a domain that is an error.
    with paq.smtp(ALICE) as client:
        client.mail(ALICE)
        if client.docmd("RCPT", f"TO:<{text}@gone.example>")[0] == 250:
            assert client.data(MAIL)[0] == 250
            _, parts = parts_of(fresh(paq, ALICE)[0])
            assert f"rfc822;{text}@gone.example" in re.sub(
                r"; +", ";", parts[1].as_string())
    if code == 250:
        paq.wait_log(r"helo=(\"[^\"]*)?" + re.escape(text))


def test_A2_user_names_and_folders(paq):
    with contextlib.ExitStack() as stack:
        files = []
        for n, text in enumerate(CODE):
            sock = stack.enter_context(socket.create_connection(
                (paq.host, paq.port["imap"]), 20, (f"127.50.{n}.1", 0)))
            name = f"{text}@demo.example".encode()
            files.append(sock.makefile("rwb"))
            files[-1].readline()
            files[-1].write(b"a LOGIN {%d+}\r\n%s x\r\n" % (len(name), name))
            files[-1].flush()
        for f in files:
            assert f.readline().startswith(b"a NO")
    with paq.imap(BOB) as client:
        for text in ("${run{x}}", "$(id)", "`id`", "'||'", "|id"):
            assert client.create(f'"{text}"')[0] == "OK"
            assert (paq.maildir(BOB) / f".{text}" / "cur").is_dir()
            assert client.delete(f'"{text}"')[0] == "OK"


# --------------------------------------------- A3, E4: what a server answers

ANSWERS = [
    b"550-a\nb\n550 c\r\n", b"550 no\rtype:mda\r\n", b"550 x\0y\r\n",
    b"type:mda\r\n", b"550-x\r\n" * 2000 + b"550 y\r\n",
    b"550 " + b"x" * 10000 + b"\r\n", b"550 no\rdone 0 a@b.example 2.0.0\r\n",
    b"550 5.1.1 \x1b]0;t\x07 \x9b <x@y> from=<z> id=1 \xff\r\n", b"5\r\n",
    b"550-a\r\n551-b\r\n550 c\r\n", b"450 4.2.1 =deadbeef\r\n"]


def spoken(server):
    """All that was said to it."""
    return [line for session in list(server.sessions) for line in session]


def queue_files(paq):
    """What is in them; they come and go meanwhile."""
    found = []
    for path in paq.queued():
        with contextlib.suppress(FileNotFoundError):
            found.append(path.read_bytes())
    return found


def drain(paq):
    """All that waits is tried now, until nothing waits."""
    def empty():
        paq.paquebot("queue", "flush")
        return not paq.queued()
    wait_for(empty, 30, every=0.1)


@pytest.mark.parametrize("answer", ANSWERS, ids=lambda a: repr(a[:20]))
def test_A3_E4_an_answer_stays_one_word_of_the_queue_file(paq, evil, answer):
    """Before it bounces or goes on: the file has one line about it, with its
    own checksum, and the next attempt says the same to the server."""
    before = spoken(evil)
    evil.script = {"RCPT": answer}
    paq.send(ALICE, ["x@far.example"], MAIL, login=ALICE)
    # A site that has just misbehaved is left alone until this.
    paq.paquebot("queue", "flush")
    wait_for(lambda: len(spoken(evil)) > len(before))

    def settled():
        return paq.stored(ALICE) or [
            o for o in queue_files(paq) if b" later 0 " in o]
    wait_for(settled)
    for octets in queue_files(paq):
        first = re.match(rb"paquebot-queue 1 envelope (\d+) message (\d+)",
                         octets)
        if not first:
            continue
        log = octets[80 + int(first[1]) + int(first[2]):]
        for line in log.split(b"\n")[:-1]:
            assert re.fullmatch(rb"\S+Z (later|never|pass|done|bounced) .*"
                                rb" =[0-9a-f]{8}", line), line
            assert all(32 <= c < 127 for c in line) and len(line) < 2048
    for said in spoken(evil)[len(before):]:
        assert re.fullmatch(
            rb"EHLO mx\.demo\.example|MAIL FROM:<alice@demo\.example>( \S+)*|"
            rb"RCPT TO:<x@far\.example>|DATA|RSET|QUIT", said), said
    evil.script = {}
    drain(paq)
    for octets in [f.read_bytes() for f in paq.stored(ALICE)]:
        message, parts = parts_of(octets)
        status = parts[1].as_string()
        assert len(re.findall(r"^Final-Recipient:", status, re.M)) == 1
        assert len(re.findall(r"^Action:", status, re.M)) == 1
        assert all(32 <= b < 127 or b == 10 for b in parts[1].as_bytes())
        assert all(len(x) <= 998 for x in octets.split(b"\n"))
        assert len(octets) < 20000
    for f in paq.stored(ALICE):
        f.unlink()


# ------------------------------------------------ A4: parameters in xtext

@pytest.mark.parametrize("line", [
    b"RCPT TO:<bob@demo.example> ORCPT=rfc822;a+0Aroot+00",
    b"RCPT TO:<bob@demo.example> ORCPT=rfc822;a+0Drcpt+20x@y",
    b"RCPT TO:<bob@demo.example> NOTIFY=NEVER+0A",
    b"MAIL FROM:<a@b.example> ENVID=+0D+0A", b"MAIL FROM:<a@b.example> "
    b"AUTH=x+0Ay", b"MAIL FROM:<a@b.example> RET=FULL+0A",
    b"MAIL FROM:<a@b.example> SIZE=+0A1", b"MAIL FROM:<a@b.example> X=\x0b"])
def test_A4_encoded_line_ends(paq, line):
    """Refused, or taken without a trace of the line end in the file."""
    c = mx(paq)
    c.ok("MAIL FROM:<carol@demo.example>")
    if line.startswith(b"MAIL"):
        c.ok("RSET")
        code = c.code(line)
        assert code in (250, 500, 501, 504, 555)
        if code != 250:
            c.ok("MAIL FROM:<carol@demo.example>")
        c.ok("RCPT TO:<bob@demo.example>")
    else:
        code = c.code(line)
        assert code in (250, 501, 504, 555)
        if code != 250:
            c.ok("RCPT TO:<bob@demo.example>")
    assert c.data(MAIL)[0] == 250
    octets, = fresh(paq, BOB)
    assert b"root" not in octets and octets.endswith(b"\nbody\n")


# -------------------------------------------------- A6, A8: any octet at all

def test_A6_every_octet_in_an_address(paq):
    """Refused or stored as it is; nothing else is reached."""
    for octet in range(256):
        if octet in (10, 13):
            continue        # the framing of commands: B1
        c = mx(paq)
        o = bytes([octet])
        for line in (b"MAIL FROM:<a" + o + b"b@c.example>",
                     b"MAIL FROM:<" + o * 60 + b"@c.example>",
                     b"MAIL FROM:<a@b" + o + b"c.example>",
                     b'MAIL FROM:<"a\\' + o + b'"@c.example>',
                     b"MAIL FROM:" + o * 400):
            code = c.code(line)
            assert code in (250, 500, 501, 553, 555), (octet, line)
            if code == 250:
                assert 32 <= octet < 127
                c.ok("RSET")
        c.close()


@pytest.mark.parametrize("run", [b"<", b">", b"(", b")", b'"', b"\\",
                                 b"<>", b"\xff", b"@", b"[", b",", b":"])
def test_A6_long_runs(paq, run):
    """In commands they are too long; in address fields they cost little, and
    whoever reads the mailbox gets an answer."""
    c = mx(paq)
    assert 500 <= c.code(b"MAIL FROM:<" + run * (2000 // len(run))) <= 599
    c = mx(paq)
    c.ok("MAIL FROM:<a@b.example>")
    c.ok("RCPT TO:<bob@demo.example>")
    lines = b"".join(f + b": " + run * 100000 + b"\r\n" for f in
                     (b"From", b"To", b"Cc", b"Reply-To"))
    assert c.data(lines + b"\r\nbody\r\n")[0] == 250
    paq.wait_stored(BOB, 1)
    with paq.imap(BOB) as client:
        client.select()
        status, got = client.fetch("1", "(ENVELOPE)")
        assert status == "OK" and got[0]
    fresh(paq, BOB)


MOVED = b"@moved.example"


@pytest.fixture(scope="module")
def rewriting(evil):
    """A site with a canonical map for the header of everybody, and a generic
    one."""
    with Suite(users={ALICE: "a secret", BOB: "b secret"}, listen=("mx",),
               settings={"relay_domains": ["far.example"],
                         "canonical_classes": "header_sender header_recipient",
                         "header_rewrite_clients": "all",
                         "retry_min": "1s"},
               maps={"canonical": "@old.example: @moved.example\n",
                     "generic": "@old.example: @moved.example\n",
                     "routes": f"far.example: smtp:[127.0.0.1]:{evil.port}\n"
                     }) as s:
        yield s


@pytest.mark.parametrize("text", [
    b"<a@old.example", b"a@old.example, (", b'"a@old.example', b"a@old.example\\",
    b"<@x.example:a@old.example>", b"a b@old.example", b"g:a@old.example",
    b"<a@old.example>@demo.example", b"a@old.example@demo.example",
    b"a@[old.example]", b"a@old.example.", b"=?q?a@old.example?=",
    b"a@\xffold.example", b"(a@old.example)", b'"a@old.example" <b@demo.example>',
    b"a@old.example\x01", b"\r\n .\r\n\ta . b@old.example"],
    ids=lambda t: repr(t[:24]))
def test_A6_what_is_no_address_keeps_its_octets(rewriting, evil, text):
    """In mail that comes in and in mail that leaves: whom one reader would
    take for the author is not moved for another."""
    lines = b"".join(f + b": " + text + b"\r\n" for f in (
        b"From", b"To", b"Resent-Cc", b"Reply-To"))
    c = mx(rewriting)
    before = len(evil.messages)
    c.ok("MAIL FROM:<a@b.example>")
    c.ok("RCPT TO:<bob@demo.example>")
    c.ok("RCPT TO:<x@far.example>")
    assert c.data(lines + b"Subject: end\r\n\r\nbody\r\n")[0] == 250
    octets, = fresh(rewriting, BOB)
    assert lines.replace(b"\r\n", b"\n") in octets
    wait_for(lambda: len(evil.messages) > before, 60)
    assert lines in evil.messages[before][2]


@pytest.mark.parametrize("text, most", [
    (b"a%d@old.example,", 40000), (b"g%d:a@old.example;", 40000),
    (b"<a%d@old.example>,", 40000), (b'"%d" <a@old.example>,\r\n ', 30000)])
def test_A6_C1_questions_about_a_header_are_bounded(rewriting, evil, text,
                                                    most):
    """Forty thousand addresses in a field: the first 2000 different ones are
    looked up; nothing is cut, no line grows over 998 octets, and the next
    message of the same session is served."""
    c = mx(rewriting)
    before = len(evil.messages)
    lines = b"".join(text % n for n in range(most))
    for n, what in enumerate((b"To: " + lines, b"To: a@old.example"), 1):
        c.ok("MAIL FROM:<a@b.example>")
        c.ok("RCPT TO:<x@far.example>")
        assert c.data(b"From: a@b.example\r\n" + what + b"\r\n\r\n")[0] \
            == 250
        wait_for(lambda n=n: len(evil.messages) == before + n, 60)
        octets = evil.messages[-1][2]
        head = octets[octets.index(b"\r\nTo:"):]
        at = what.count(b"@")
        assert head.count(b"@") == at
        # As often in what came in as in what leaves, at most.
        moved = head.count(MOVED)
        # (From has one, too.)
        assert moved == at if b"%d@" not in text or at == 1 else \
            1999 <= moved <= 2 * 2000
        assert max(map(len, head.split(b"\r\n"))) <= 998


UTF8 = [b"\xf0\x9f", b"\xc0\x80", b"\xff", b"\xed\xa0\x80", b"\xc3",
        b"\xf4\x90\x80\x80", b"\xe2\x82"]


@pytest.mark.parametrize("octets", UTF8)
def test_A8_cut_and_wrong_utf8_after_login(paq, octets):
    """Names of folders, keywords and search texts of IMAP, at the end of what
    was sent."""
    with paq.imap(BOB) as client:
        sock = client.sock
        f = sock.makefile("rwb")
        for n, command in enumerate((
                b"CREATE {%d+}\r\n%s", b"SELECT {%d+}\r\n%s",
                b"SEARCH CHARSET UTF-8 TEXT {%d+}\r\n%s",
                b"LIST \"\" {%d+}\r\n%s", b"SUBSCRIBE {%d+}\r\n%s",
                b"ID (\"name\" {%d+}\r\n%s)")):
            f.write(b"x%d " % n + command % (len(octets), octets) + b"\r\n")
            f.flush()
            while not (line := f.readline()).startswith(b"x%d " % n):
                assert line.startswith(b"* "), line
            assert line.split()[1] in (b"OK", b"NO", b"BAD")
            assert line.split()[1] != b"OK" or command[:2] in (b"LI", b"ID")
        assert client.noop()[0] == "OK"


# ------------------------------------ A9, A10, F5: who is ours, and the relay

# What is told of each: None: refused as no address at all or as nobody's;
# a name: that mailbox, and no other.
SPELLINGS = [
    ("bob@demo.example", BOB), ("bob@DEMO.EXAMPLE", BOB),
    ("Bob@demo.example", BOB), ("BOB@Demo.Example", BOB),
    ('"bob"@demo.example', BOB), ('"b\\ob"@demo.example', BOB),
    ("bob+tag@demo.example", BOB), ("bob+@demo.example", BOB),
    ("bob@demo.example.", None), ("bob@demo..example", None),
    ("bob@.demo.example", None), ("bob@demo.example ", None),
    (" bob@demo.example", None), ("bob @demo.example", None),
    ("bob@ demo.example", None), ("bob@demo.example\t", None),
    ("bob@[127.0.0.1]", None), ("bob@[IPv6:::1]", None),
    ("bob@[IPv6:::ffff:127.0.0.1]", None), ("bob@[ipv6:::1]", None),
    ("bob@[0]", None), ("bob@[127.1]", None), ("bob@[0x7f000001]", None),
    ("bob@[127.0.0.1.]", None), ("bob@127.0.0.1", None),
    ("bob@localhost", BOB),     # always ours: aliases(5) ("bob@mx.demo.example", None),
    ("bob", None), ("bob@", None), ("@demo.example", None),
    ("bob@demo", None), ("bob@xn--demo-.example", None),
    ("bob@demo.xn--example", None), ("bob@d\xebmo.example", None),
    ("bob@demo.example\uff0eexample", None),
    ("\uff42ob@demo.example", None), ("bob@demo.e\u0445ample", None),
    ("bob@" + "a." * 130 + "example", None),
    ("bob@" + "a" * 64 + ".example", None), ("b" * 65 + "@demo.example", None),
    ("bob@demo.example@demo.example", None), ("bob@@demo.example", None),
    ("bob@demo.example:25", None), ("bob%demo.example", None),
    ("bob@-demo.example", None), ("bob@demo_.example", None),
    ("bob@demo.example#x", None), ("bob(x)@demo.example", None),
    ("bob.@demo.example", None), (".bob@demo.example", None),
    ("b..ob@demo.example", None),
]


@pytest.mark.parametrize("spelling,mailbox", SPELLINGS,
                         ids=[repr(s[0][:24]) for s in SPELLINGS])
def test_A10_one_meaning_of_each_spelling(paq, spelling, mailbox):
    """What RCPT judges is what is delivered to; and nothing goes out."""
    c = mx(paq)
    c.ok("MAIL FROM:<a@b.example>")
    code = c.code(f"RCPT TO:<{spelling}>".encode())
    if mailbox is None:
        assert 500 <= code <= 599
        assert c.code("DATA") == 503
        return
    assert code == 250
    assert c.data(MAIL)[0] == 250
    assert len(fresh(paq, mailbox)) == 1
    for other in {ALICE, BOB, CAROL} - {mailbox}:
        assert not paq.stored(other)


# In a message with SMTPUTF8: what IDNA says is the same name is, nothing else.
UTF8_SPELLINGS = [
    ("bob@\uff24\uff25\uff2d\uff2f.example", BOB),       # FULLWIDTH DEMO
    ("bob@demo\u3002example", BOB),        # IDEOGRAPHIC FULL STOP
    ("bob@dem\u043e.example", None), ("b\u043eb@demo.example", None),
    ("\uff42ob@demo.example", None), ("bob\u0301@demo.example", None),
    ("bob\u200d@demo.example", None), ("bob\u200b@demo.example", None),
    ("bob\u202e@demo.example", None), ("bob\u2066@demo.example", None),
    ("bob\ufe0f@demo.example", None), ("bob\u00ad@demo.example", None),
    ("bob\uff20demo.example", None), ("bob@evil\uff20demo.example", None),
    ("bob@demo.example\uff0fx", None), ("bob@demo\u00ad.example", None),
    ("bob@d\u0435mo.example", None), ("bob@demo.ex\u00e4mple", None),
    ("b\u2024ob@demo.example", None), ("\u2068bob@demo.example", None),
    ("../\u00fc@demo.example", None), ("\u00fc/x@demo.example", None),
    ("%d\u00fc@demo.example", None), ("*)(uid=\u00fc@demo.example", None),
]


@pytest.mark.parametrize("spelling,mailbox", UTF8_SPELLINGS,
                         ids=[ascii(s[0]) for s in UTF8_SPELLINGS])
def test_A10_one_meaning_of_each_spelling_in_utf8(paq, spelling, mailbox):
    c = mx(paq)
    c.ok("MAIL FROM:<a@b.example> SMTPUTF8")
    code = c.code(f"RCPT TO:<{spelling}>".encode())
    if mailbox is None:
        assert 500 <= code <= 599
        assert c.code("DATA") == 503
        return
    assert code == 250
    assert c.data(MAIL)[0] == 250
    assert len(fresh(paq, mailbox)) == 1
    for other in {ALICE, BOB, CAROL} - {mailbox}:
        assert not paq.stored(other)


@pytest.mark.parametrize("octets", UTF8)
def test_A8_cut_and_wrong_utf8_in_the_envelope(paq, octets):
    """At the end of a command, of a local part, of a label and of an ORCPT."""
    for path in (b"%s@demo.example", b"bob%s@demo.example", b"bob@demo.%s",
                 b"\"%s\"@demo.example", b"bob@%s.example"):
        c = mx(paq)
        assert c.code(b"MAIL FROM:<" + path % octets + b"> SMTPUTF8") == 501
        c.ok("MAIL FROM:<> SMTPUTF8")
        assert c.code(b"RCPT TO:<" + path % octets + b">") == 501
        assert c.code(b"RCPT TO:<" + path % octets) == 501
        assert c.code(b"RCPT TO:<bob@demo.example> ORCPT=utf-8;" +
                      octets) == 501
        assert c.code(b"VRFY " + octets + b" SMTPUTF8") == 501
        assert c.code("NOOP") == 250


def test_A10_a_literal_of_a_user_does_not_loop(paq):
    """From a user, who may send anywhere: our own addresses are no way out."""
    for literal in ("[127.0.0.1]", "[IPv6:::1]", "[0.0.0.0]"):
        with paq.smtp(ALICE) as client:
            client.mail(ALICE)
            if client.rcpt(f"x@{literal}")[0] != 250:
                continue
            assert client.data(MAIL)[0] == 250
        octets, = fresh(paq, ALICE)
        _, parts = parts_of(octets)
        assert re.search(r"^Status: 5\.4\.6", parts[1].as_string(), re.M), \
            parts[1].as_string()


RELAYS = [
    "x@elsewhere.example", "x%elsewhere.example@demo.example",
    "x%elsewhere.example@[127.0.0.1]", "elsewhere.example!x",
    "elsewhere.example!x@demo.example", "elsewhere.example!x@[127.0.0.1]",
    '"x@elsewhere.example"', '"x@elsewhere.example"@demo.example',
    '"x@elsewhere.example"@[127.0.0.1]', '"x%elsewhere.example"',
    "@demo.example:x@elsewhere.example",
    "@[127.0.0.1]:x@elsewhere.example",
    "@demo.example,@[127.0.0.1]:x@elsewhere.example",
    "x%elsewhere.example", "x@elsewhere.example@demo.example",
    "demo.example!elsewhere.example!x", "x@demo.example@elsewhere.example",
    "elsewhere.example!x%demo.example@far.example.evil.example",
    "x%elsewhere.example%far.example", "x@[192.0.2.1]",
    '"elsewhere.example!x"@demo.example', "x@xfar.example",
    "x@far.example.elsewhere.example",
]
SENDERS = ["", "x@demo.example", "x@elsewhere.example", "x@localhost",
           "postmaster@[127.0.0.1]", "alice@demo.example", "x"]


@pytest.mark.parametrize("rcpt", RELAYS)
def test_F5_A9_no_relay_for_strangers(paq, evil, rcpt):
    """The classical tests, from senders of every kind."""
    before = len(evil.sessions)
    for sender in SENDERS:
        c = mx(paq)
        if c.code(f"MAIL FROM:<{sender}>") != 250:
            continue
        assert 500 <= c.code(f"RCPT TO:<{rcpt}>") <= 599, (sender, rcpt)
        assert c.code(f"RCPT TO: <{rcpt}>") >= 500
        assert c.code(f"RCPT TO:{rcpt}") >= 500
        assert c.code("DATA") == 503
        c.close()
    assert not paq.queued() and len(evil.sessions) == before


def test_a_client_in_a_hurry():
    """Many recipients at once, for many messages: slower, and none refused."""
    with Suite(users={ALICE: "a secret"}, listen=("mx",),
               settings={"relay_clients": ["127.0.0.0/8"]}) as s:
        c = mx(s)
        for _ in range(16):
            c.ok(f"MAIL FROM:<{ALICE}>")
            c.raw(b"".join(b"RCPT TO:<u%d@far.example>\r\n" % i
                           for i in range(1000)))
            assert {c.reply()[0] for _ in range(1000)} == {250}
            c.ok("RSET")
        assert "event=ipc-refused" not in s.log_text()


@pytest.mark.parametrize("line", [
    b"XCLIENT ADDR=127.0.0.1 NAME=localhost", b"XCLIENT LOGIN=alice",
    b"XFORWARD ADDR=127.0.0.1", b"PROXY TCP4 127.0.0.1 127.0.0.1 1 25",
    b"\r\n\r\n\0\r\nQUIT\n\x21\x11\0\x0c" + bytes(12), b"SEND FROM:<a@b.c>",
    b"TURN", b"ETRN demo.example", b"AUTH EXTERNAL YWxpY2U=", b"ATRN"])
def test_F5_nobody_says_who_he_is(paq, line):
    """Neither XCLIENT nor PROXY changes what a client may do."""
    for first in (False, True):
        c = connect(paq)
        if not first:
            c.ok("EHLO client.example")
        c.raw(line + b"\r\n")
        try:
            assert 500 <= c.reply()[0] <= 599
            c.raw(b"EHLO x.example\r\nMAIL FROM:<a@b.example>\r\n"
                  b"RCPT TO:<x@elsewhere.example>\r\nDATA\r\n")
            codes = [c.reply()[0] for _ in range(4)]
        except (EOFError, ConnectionError, AssertionError):
            continue        # it was the end of the connection
        assert 354 not in codes
    assert not paq.queued()


def test_F5_mapped_addresses_are_their_ipv4(paq):
    """A client on ::ffff:a.b.c.d is a.b.c.d for relay_clients; a stranger is
    not among 127.0.0.0/8 by spelling."""
    with Suite(host="::", listen=("mx",), users={BOB: "x"},
               settings={"relay_clients": ["192.0.2.0/24"]}) as s:
        for family, address in ((socket.AF_INET6, "::ffff:127.0.0.1"),
                                (socket.AF_INET6, "::1"),
                                (socket.AF_INET, "127.0.0.1")):
            sock = socket.socket(family)
            try:
                sock.connect((address, s.port["mx"]))
            except OSError:
                sock.close()        # not bound for both families
                continue
            c = Client(sock)
            c.reply()
            c.ok("EHLO x.example")
            c.ok("MAIL FROM:<a@b.example>")
            assert c.code("RCPT TO:<x@elsewhere.example>") == 550
            c.close()


# -------------------------------------- A12, E4: what we write about a client

HELLOS = [b"x (comment", b"x;y", b"x)", b"x; Mon, 1 Jan 2024 00:00:00 +0000",
          b"h" * 255, b"[127.0.0.1]", b"[IPv6:::1]", b"\"quoted\"", b"a\\b",
          b"a b c", b"<x@y>", b"x by evil.example", b"\x1b]0;t\x07",
          b"x\x9by", "x=y event=login user=root".encode(), b"-", b"(" * 200,
          b"\xf0\x9f\x98\x80", b"\t", b"x\x0by", b"%0a%0d"]
# RFC 5321 4.4: Time-stamp-line, as far as we write it; a domain as RFC 5322 has
# it (3.4.1), for a client may call itself anything.
ATOM = r"[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+"
DOMAIN = rf"(?:{ATOM}(?:\.{ATOM})*|\[[!-Z^-~]+\])"
STAMP = re.compile(
    rf"from {DOMAIN} \((?:{DOMAIN} )?\[[0-9a-fA-F:.]+\]\)\s+by {DOMAIN}"
    rf"(?: \([^()]*\))?(?:\s+via {ATOM})?\s+with {ATOM}\s+id {ATOM}"
    rf"(?:\s+for <[^<>]*>)?;\s+[A-Z][a-z]{{2}}, \d{{1,2}} [A-Z][a-z]{{2}} "
    rf"\d{{4}} \d\d:\d\d:\d\d [+-]\d{{4}}(?: \([^()]*\))?")


@pytest.mark.parametrize("hello", HELLOS, ids=lambda h: repr(h[:16]))
def test_A12_E4_one_well_formed_trace_field(paq, hello):
    c = connect(paq)
    if c.code(b"EHLO " + hello) != 250:
        c.ok("EHLO honest.example")
    c.ok("MAIL FROM:<a@b.example>")
    c.ok("RCPT TO:<bob@demo.example>")
    assert c.data(MAIL)[0] == 250
    octets, = fresh(paq, BOB)
    message = email.message_from_bytes(octets, policy=email.policy.default)
    assert not message.defects
    fields = message.get_all("Received")
    assert len(fields) == 1
    text = re.sub(r"\s+", " ", str(fields[0])).strip()
    assert STAMP.fullmatch(text), text
    assert all(len(line) <= 998 for line in octets.split(b"\n"))


def test_A12_a_name_that_is_too_long_or_has_a_cr(paq):
    for hello in (b"x" * 600, b"x" * 1000):
        assert connect(paq).code(b"EHLO " + hello) in (500, 501)
    c = connect(paq)
    c.raw(b"EHLO x\ry\r\n")
    assert c.reply()[0] in (500, 501)


def log_in_as(paq, names):
    """All at once: a wrong password takes its time."""
    with contextlib.ExitStack() as stack:
        files = []
        for n, name in enumerate(names):
            sock = stack.enter_context(socket.create_connection(
                (paq.host, paq.port["pop3"]), 20, (f"127.51.{n}.1", 0)))
            files.append(sock.makefile("rwb"))
            files[-1].readline()
            files[-1].write(b"USER " + name + b"\r\nPASS x\r\nQUIT\r\n")
            files[-1].flush()
        for f in files:
            f.read()


def test_E4_no_octet_makes_a_second_line_of_the_log(paq):
    """In each place that a client fills; the fixture looks at the log."""
    evil = [b"\x1b]0;t\x07", b"\x9b31m", b"\x85", "\u2028".encode(), b"\x7f",
            b"x\x0b\x0cy", b"\x08" * 30, b"a=b id=0 event=accepted",
            b'"', b"\\", b"x" * 400, b"\xff\xfe", b"[1;31m",
            b"2026-01-01T00:00:00Z smtpd[1] info event=accepted"]
    for n, o in enumerate(evil):
        c = connect(paq)
        c.code(b"EHLO " + o)
        c.hello()
        c.code(b"MAIL FROM:<" + o + b"@x.example>")
        c.code("RSET")
        c.ok("MAIL FROM:<a@b.example>")
        c.code(b"RCPT TO:<" + o + b"@demo.example>")
        c.code(b"RCPT TO:<bob@" + o + b">")
        c.ok("RCPT TO:<bob@demo.example>")
        code = c.data(b"Message-ID: <" + o + b"@x>\r\nFrom: " + o + b"\r\n"
                      b"Subject: " + o + b"\r\n\r\n" + o + b"\r\n")[0]
        assert code in (250, 550)
        c.close()
    log_in_as(paq, evil)
    lines = paq.log_text().splitlines()
    forged = [x for x in lines if re.search(
        r"^\S+ smtpd\[1\] |^2026-01-01", x)]
    assert not forged
    paq.wait_queue_empty()
    fresh(paq, BOB)


# ------------------------------------------------------- F1: nothing for those
# who did not write

@pytest.mark.parametrize("header", [
    b"", b"Precedence: bulk\r\n", b"Precedence: junk\r\n",
    b"Auto-Submitted: auto-replied\r\n", b"List-Id: <x.y>\r\n"])
def test_F1_no_report_to_the_empty_sender(paq, evil, header):
    """Only the postmaster hears of it, once, and from nobody."""
    before = len(spoken(evil))
    with paq.smtp(ALICE) as client:
        client.mail("")
        assert client.rcpt("x@gone.example")[0] == 250
        assert client.data(header + MAIL)[0] == 250
    paq.wait_queue_empty()
    octets, = fresh(paq, ALICE)     # the setting postmaster
    assert octets.startswith(b"Return-Path: <>\n")
    assert not paq.stored(BOB) and not paq.stored(CAROL)
    assert len(spoken(evil)) == before


def test_F1_what_is_wrong_is_refused_and_not_bounced(paq, evil):
    """Unknown user, foreign domain, too many hops, bare line ends: all in the
    dialogue, so that a forged sender gets nothing."""
    before = len(evil.sessions)
    c = mx(paq)
    c.ok("MAIL FROM:<victim@far.example>")
    assert c.code("RCPT TO:<nobody@demo.example>") == 550
    assert c.code("RCPT TO:<x@elsewhere.example>") == 550
    for text in (MAIL + b"\nbare\n", b"Received: x\r\n" * 100 + MAIL):
        c = mx(paq)
        c.ok("MAIL FROM:<victim@far.example>")
        c.ok("RCPT TO:<bob@demo.example>")
        assert 500 <= c.data(text)[0] <= 599
    wait_for(lambda: not paq.queued())
    assert len(evil.sessions) == before


def test_F1_a_report_is_small(paq):
    """Of the message only its header comes back."""
    with paq.smtp(ALICE) as client:
        client.mail(ALICE)
        assert client.rcpt("x@gone.example")[0] == 250
        assert client.data(HEAD + b"\r\n" + b"secret body\r\n" * 50000)[0] \
            == 250
    octets, = fresh(paq, ALICE)
    assert len(octets) < 65536 and b"secret body" not in octets
    assert octets.startswith(b"Return-Path: <>\n")
    message, _ = parts_of(octets)
    assert message["Auto-Submitted"] == "auto-replied"


# ------------------------------------------------- B2: what comes out is what
# went in

def test_B2_any_octets_that_are_taken_arrive_as_they_are(paq, evil):
    """Random texts of dots, line ends and other octets, through the queue to
    a strict server; a bare CR or LF is refused at the door."""
    rng = random.Random(7)
    sent, refused = [], 0
    words = [b".", b"..", b"\r\n", b"\r\n.", b"\r\n..\r\n", b"a", b"\xff",
             b".\r\n", b" ", b"x" * 900, b"\r\n\r\n", b"QUIT\r\n", b"\r", b"\n"]
    c = mx(paq)
    before = len(evil.messages)
    for n in range(120):
        body = b"".join(rng.choices(words[:12] if n % 3 else words, k=25))
        body = body.rstrip(b"\r\n") + b"\r\n"
        text = HEAD + b"X-N: %d\r\n\r\n" % n + body
        c.ok("MAIL FROM:<a@b.example>")
        c.ok("RCPT TO:<x@far.example>")
        c.ok("DATA", 354)
        c.raw(re.sub(rb"(\A|\r\n)\.", rb"\1..", text) + b".\r\n")
        bare = re.search(rb"\r(?!\n)|(?<!\r)\n", text)
        code = c.reply()[0]
        assert code == (550 if bare else 250), text
        if bare:
            refused += 1
            c.close()
            c = mx(paq)
        else:
            sent.append(text)
    assert refused > 5 and len(sent) > 60
    paq.wait_queue_empty(60)
    got = [m[2] for m in evil.messages[before:]]
    assert len(got) == len(sent)
    for octets in got:
        at = octets.index(b"From: alice@")
        assert octets[at:] in sent
        sent.remove(octets[at:])
        assert octets[:at].startswith(b"Received: ")
