"""smtpd against clients that are wrong, late, huge or out of order.

Each test is named after the weakness that it guards against; the numbers are
those of the list of threats that the project keeps (classes A: addresses, B:
framing, C: cost).  What must hold in all of them: no session dies of a signal,
the next client is served, nothing is queued that was not meant.
"""
import base64
import os
import pathlib
import re
import signal
import socket
import sys
import time

import pytest

ROOT = pathlib.Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "tests" / "flow"))
from fake_suite import Message, Suite, own_network, queued  # noqa: E402

MAIL = b"From: carol@example.net\r\nSubject: hello\r\n\r\nBody.\r\n"


@pytest.fixture(scope="module")
def shared():
    with Suite() as s:
        yield s


@pytest.fixture
def suite(shared):
    """The shared suite; afterwards it still serves, and nobody crashed."""
    with shared.lock:
        shared.messages.clear()
    yield shared
    c = shared.connect("mx", source=("127.0.0.99", 0)).hello()
    c.send_mail(MAIL)
    c.ok("QUIT", 221)
    assert not [x for x in shared.logs if "session-crashed" in x]
    assert shared.process.poll() is None


def mx(suite):
    return suite.connect("mx").hello()


def no_exec(suite):
    """Nobody but the listener's own sessions runs beneath it."""
    for pid in suite.children():
        exe = os.readlink("/proc/%d/exe" % pid)
        assert exe.endswith("/smtpd"), exe


# --------------------------------------------------------------- A: addresses

@pytest.mark.parametrize("sender", [
    b"<;id>", b"<;touch${IFS}/tmp/x;@>", b"<a|b@>", b'<"$(id)"@h', b"<@>",
    b"<a@b", b"a@b.example>", b"<a b@c.example>", b"<a@b..example>",
    b"<a@-b.example>", b"<a@b.example><c@d.example>"])
def test_A1_sender_that_is_no_address(suite, sender):
    c = mx(suite)
    assert c.code(b"MAIL FROM:" + sender) in (501, 553)
    assert c.code("RCPT TO:<alice@example.org>") == 503
    no_exec(suite)


@pytest.mark.parametrize("local", [
    b"${run{/bin/true}}", b"%s%n%s", b"`id`", b"{}", b"$(id)",
    b'"$(id) x"', b"a%00b", b"'", b"/etc/passwd", b"../x"])
def test_A2_text_that_looks_like_code_is_text(suite, local):
    c = mx(suite)
    code = c.code(b"MAIL FROM:<" + local + b"@example.net>")
    if code == 250:
        c.ok("RCPT TO:<alice@example.org>")
        m = suite.message(queued(c.data(MAIL)))
        assert m.fields["from"] == local + b"@example.net"
        assert suite.log_has("event=accepted", m.id)
    else:
        assert code in (501, 553)
    assert c.code("RSET") == 250
    c.ok("MAIL FROM:<a@b.example>")
    assert c.code(b"RCPT TO:<" + local + b"@example.org>") in \
        (501, 550, 553)
    no_exec(suite)


def test_A2_hello_that_looks_like_code(suite):
    for name in (b"${run{x}}", b"%n%n%n", b"`id`", b"x;y", b"x (comment",
                 b"x\xffy", b"(" * 200):
        c = suite.connect("mx")
        if c.code(b"EHLO " + name) != 250:
            c.hello()
        m = suite.message(c.send_mail(MAIL))
        assert m.header.count(b"Received:") == 1
        field = m.header.split(b"From:")[0]
        assert field.count(b"(") == field.count(b")")
        assert all(9 <= b < 127 for b in field)


@pytest.mark.parametrize("line", [
    b'RCPT TO:<"">', b'RCPT TO:<""@example.org>',
    b'RCPT TO:<"" @example.org>', b"RCPT TO:<@example.org>",
    b'RCPT TO:<"', b'RCPT TO:<"\\', b"RCPT TO:", b"RCPT TO:<>",
    b"RCPT", b"RCPT TO:<" + b"<" * 500 + b">", b"RCPT TO:" + b"<>" * 300])
def test_A7_empty_and_broken_recipients(suite, line):
    c = mx(suite)
    c.ok("MAIL FROM:<a@b.example>")
    assert 500 <= c.code(line) <= 599
    c.ok("RCPT TO:<alice@example.org>")


def test_A7_arguments_where_none_are_due(suite):
    c = mx(suite)
    # A quoted string may be empty, a NOOP takes one (RFC 5321 4.1.1.9).
    assert c.code(b'NOOP ""') in (250, 501)
    assert c.code(b'NOOP "a') in (250, 501)
    assert c.code(b"NOOP \0") == 500
    assert c.code(b'VRFY ""') in (252, 501, 550)
    assert c.code("RSET") == 250


def test_A7_a_thousand_line_feeds(suite):
    c = mx(suite)
    c.raw(b"\n" * 1000 + b"\r\n")
    assert c.reply()[0] == 500
    assert c.code("NOOP") == 250


@pytest.mark.parametrize("octets", [
    b"\xf0\x9f", b"\xc0\x80", b"\xff", b"\xed\xa0\x80", b"\xc3"])
def test_A8_bad_utf8_everywhere(suite, octets):
    c = suite.connect("mx")
    assert c.code(b"EHLO " + octets) in (250, 501)
    c.hello()
    assert c.code(b"MAIL FROM:<" + octets + b"@b.example>") in (501, 553)
    c.ok("MAIL FROM:<a@b.example>")
    assert c.code(b"RCPT TO:<" + octets + b"@example.org>") in (501, 553)
    assert c.code(b"RCPT TO:<alice@" + octets + b">") in (501, 553)
    assert c.code(octets) == 500
    c.ok("RCPT TO:<alice@example.org>")
    m = suite.message(queued(c.data(b"Subject: " + octets + b"\r\n\r\n" +
                                    octets)))
    assert m.text.endswith(b"Subject: " + octets + b"\r\n\r\n" + octets +
                           b"\r\n")
    login = base64.b64encode(b"\0" + octets + b"\0secret")
    c = suite.connect("submission").hello()
    assert c.code(b"AUTH PLAIN " + login) in (501, 535)


@pytest.mark.parametrize("rcpt", [
    b"x%elsewhere.example@relay.example",
    b"@relay.example,@x.example:y@elsewhere.example",
    b"elsewhere.example!x@relay.example",
    b'"x@elsewhere.example"@relay.example',
    b"x%elsewhere.example@example.org", b"elsewhere.example!x@example.org",
    b'"x@elsewhere.example"@example.org', b"x@elsewhere.example",
    b"x%elsewhere.example", b"elsewhere.example!x",
    b"x@[192.0.2.1]", b"x@[IPv6:2001:db8::1]"])
def test_A9_no_way_round_the_relay_rule(suite, rcpt):
    c = mx(suite)
    c.ok("MAIL FROM:<a@b.example>")
    assert 500 <= c.code(b"RCPT TO:<" + rcpt + b">") <= 599
    assert c.code("DATA") == 503
    assert suite.messages == {}


@pytest.mark.parametrize("domain", [
    b"[127.0.0.1]", b"[IPv6:::1]", b"[IPv6:::ffff:127.0.0.1]", b"localhost",
    b"example.org.", b"example..org", b".example.org", b"xn--exmple-cua.org",
    b"a" * 300 + b".org", b"[", b"[]", b"[127.0.0.1", b"[0x7f.1]",
    b"example.org\xad", b"[IPv6:1::2::3]", b"a." * 200 + b"org"])
def test_A10_odd_domains_are_never_ours(suite, domain):
    c = mx(suite)
    c.ok("MAIL FROM:<a@b.example>")
    # 500: no room for it in a command line
    assert 500 <= c.code(b"RCPT TO:<alice@" + domain + b">") <= 599
    assert c.code("DATA") == 503


def test_A10_case_of_a_domain_does_not_matter(suite):
    c = mx(suite)
    c.ok("MAIL FROM:<a@b.example>")
    c.ok("RCPT TO:<alice@EXAMPLE.Org>")
    m = suite.message(queued(c.data(MAIL)))
    assert m.rcpts == [b"alice@example.org"]


def test_A11_nobody_learns_who_is_here(suite):
    c = mx(suite)
    assert c.say("VRFY alice") == c.say("VRFY nobody")
    assert c.say("VRFY alice")[0] == 252
    for local in (b"'", b"*)(uid=*", b"../x", b"a/b", b".", b"..", b"%d",
                  b"x" * 64, b"y" * 65):
        c = mx(suite)
        c.ok("MAIL FROM:<a@b.example>")
        assert c.code(b"RCPT TO:<" + local + b"@example.org>") in \
            (501, 550, 553)
    c = mx(suite)
    c.ok("MAIL FROM:<a@b.example>")
    assert c.code(b"RCPT TO:<" + b"z" * 10000 + b"@example.org>") == 500
    for user in (b"'", b"*)(uid=*", b"../../etc/passwd", b"\x01", b"%d"):
        c = suite.connect("submission").hello()
        login = base64.b64encode(b"\0" + user + b"\0x").decode()
        assert c.code("AUTH PLAIN " + login) in (501, 535)


@pytest.mark.parametrize("words", [
    b"ORCPT=rfc822;a+0Aroot+00", b"ORCPT=rfc822;a+0D+0Arcpt+20root",
    b"ORCPT=rfc822;+00", b"ORCPT=rfc822;a+0a", b"ORCPT=rfc822;a+7F",
    b"ORCPT=rfc822;a+FF", b"ORCPT=rfc822;a+", b"ORCPT=rfc822;a+4",
    b"ORCPT=rfc822;\xff", b"ORCPT=x+41;a"])
def test_A4_orcpt_is_text(suite, words):
    """A decoded line end must not become a line of the queue file."""
    c = mx(suite)
    c.ok("MAIL FROM:<a@b.example>")
    assert c.code(b"RCPT TO:<alice@example.org> " + words) == 501


@pytest.mark.parametrize("words", [b"ENVID=+0D+0A", b"ENVID=a+0Aroot",
                                   b"ENVID=+00", b"ENVID=\xc3\xa4"])
def test_A4_envid_is_text(suite, words):
    assert mx(suite).code(b"MAIL FROM:<a@b.example> " + words) == 501


# ----------------------------------------------------------------- B: framing

SMUGGLED = (b"MAIL FROM:<evil@example.net>\r\nRCPT TO:<bob@example.org>\r\n"
            b"DATA\r\nFrom: evil\r\n\r\nsmuggled\r\n.\r\n")
NOT_THE_END = [b"\n.\n", b"\n.\r\n", b"\r.\r", b"\r\n.\r", b"\r.\r\n",
               b"\r\n.\n", b"\r\n\0.\r\n", b"\r\n.\0\r\n", b"\0\r\n.\r\0\n",
               b"\n\r\n.\n\r", b"\r\r\n.\r\r\n"]


@pytest.mark.parametrize("end", NOT_THE_END, ids=repr)
def test_B1_only_crlf_dot_crlf_ends_a_message(suite, end):
    c = mx(suite)
    c.envelope()
    c.ok("DATA", 354)
    c.raw(b"From: a@b.example\r\n\r\nfirst" + end + SMUGGLED)
    code, texts = c.reply()
    assert code == 550 and texts[0].startswith("5.6.0 ")
    # What follows the true end is the next command, and there is none.
    assert c.code("NOOP") == 250
    assert suite.messages == {}


def test_B1_at_every_split_of_the_stream(suite):
    """The same octets in two pieces, cut everywhere: one and the same
    message."""
    text = b"From: a@b.example\r\n\r\n.\r\r\n..\r\n.x\r\n"
    good = b"From: a@b.example\r\n\r\n..\r\n...\r\n..x\r\n.\r\n"
    want = b"From: a@b.example\r\n\r\n.\r\n..\r\n.x\r\n"
    for octets, code in ((text + b".\r\n", 550), (good, 250)):
        c = mx(suite)
        for cut in range(len(octets) + 1):
            c.envelope()
            c.ok("DATA", 354)
            c.raw(octets[:cut])
            time.sleep(0.001)
            c.raw(octets[cut:])
            got = c.reply()
            assert got[0] == code, (cut, got)
            if code == 250:
                assert suite.message(queued(got)).without_trace() == want
            else:
                c.close()
                c = mx(suite)


def test_B1_bare_line_ends_in_commands(suite):
    c = mx(suite)
    c.raw(b"MAIL FROM:<a@b.example>\nRCPT TO:<alice@example.org>\r\n")
    assert c.reply()[0] == 500
    c.raw(b"MAIL FROM:<a@b.example>\rRSET\r\n")
    assert c.reply()[0] == 500
    assert c.code("RCPT TO:<alice@example.org>") == 503


@pytest.mark.parametrize("line", [
    b"BDAT 18446744073709551616", b"BDAT 9223372036854775808 LAST",
    b"BDAT -1", b"BDAT", b"BDAT 5 LASTING", b"BDAT 5LAST", b"BDAT 0x5",
    b"BDAT +5", b"BDAT LAST", b"BDAT 5 5"])
@pytest.mark.parametrize("before", [False, True])
def test_B3_chunk_of_unknown_size_ends(suite, line, before):
    c = mx(suite)
    c.envelope()
    if before:
        assert c.say(b"BDAT 0")[0] == 250
    c.raw(line + b"\r\nMAIL FROM:<evil@example.net>\r\n")
    assert c.closed().startswith(b"501 ")
    with suite.lock:
        assert not suite.messages


def test_B3_chunks_out_of_place_are_not_commands(suite):
    """Their octets are read, whatever the state is."""
    c = mx(suite)
    evil = b"MAIL FROM:<evil@example.net>\r\n"
    chunk = b"BDAT %d\r\n" % len(evil) + evil
    c.raw(chunk)
    assert c.reply()[0] == 503
    c.ok("MAIL FROM:<carol@example.net>")
    c.raw(chunk)
    assert c.reply()[0] == 503
    c.ok("RCPT TO:<alice@example.org>")
    c.raw(chunk + b"RSET\r\n" + chunk + b"NOOP\r\n")
    assert [c.reply()[0] for _ in range(4)] == [250, 250, 503, 250]
    c.raw(b"BDAT 5\r\nQUI")          # and within one the client is gone
    c.close()
    with suite.lock:
        assert not suite.messages


@pytest.mark.parametrize("octets", [
    b"a\nb", b"a\rb", b"a\0b", b"\r\r\n", b"end\r"])
def test_B3_bad_octets_in_chunks(suite, octets):
    text = b"Subject: x\r\n\r\n" + octets
    for cut in range(len(text) - len(octets), len(text) + 1):
        c = mx(suite)
        c.envelope()
        c.raw(b"BDAT %d\r\n" % cut + text[:cut])
        first = c.reply()[0]
        c.raw(b"BDAT %d LAST\r\n" % len(text[cut:]) + text[cut:])
        assert (first, c.reply()[0]) in ((250, 550), (550, 503)), cut
        assert c.code("NOOP") == 250
        c.close()


def test_B3_chunk_at_every_split(suite):
    chat = (b"BDAT 14\r\nSubject: x\r\n\r\nBDAT 7 LAST\r\n.\r\nab\r\n"
            b"NOOP\r\n")
    for cut in range(1, len(chat)):
        c = mx(suite)
        c.envelope()
        c.raw(chat[:cut])
        time.sleep(0.002)
        c.raw(chat[cut:])
        got = [c.reply() for _ in range(3)]
        assert [g[0] for g in got] == [250] * 3, cut
        assert suite.message(queued(got[1])).body == b".\r\nab\r\n"
        c.close()


def test_B3_endless_tiny_chunks(suite):
    c = mx(suite)
    c.envelope()
    c.raw(b"BDAT 0\r\n" * 300)
    codes = []
    while not codes or codes[-1] == 250:
        codes.append(c.reply()[0])
    assert codes[-1] == 421 and len(codes) <= 210
    assert c.closed() == b""


@pytest.mark.parametrize("prefix", [b"", b"MAIL FROM:<", b"NOOP ",
                                    b"RCPT TO:<a@", b"AUTH PLAIN "])
def test_B8_command_without_end(suite, prefix):
    c = mx(suite)
    block = b"x" * 65536
    try:
        c.raw(prefix)
        for _ in range(160):                    # 10 MB
            c.raw(block)
    except (BrokenPipeError, ConnectionResetError):
        pass
    else:
        pytest.fail("10 MB of a command were taken")
    said = c.closed()
    assert said == b"" or re.match(rb"421 4\.7\.0 ", said), said


@pytest.mark.parametrize("n", [998, 999, 1000, 2048, 65534, 65536, 65537,
                               700000])
def test_B8_body_lines_of_any_length_are_whole(suite, n):
    body = b"From: a@b.example\r\n\r\n" + b"y" * n + b"\r\nend"
    c = mx(suite)
    m = suite.message(c.send_mail(body))
    assert m.without_trace() == body + b"\r\n"


def test_B8_endless_body_line_in_bounded_memory():
    with Suite(message_size_max=65536) as s:
        c = s.connect("mx").hello()
        (pid,) = s.children()
        c.envelope()
        c.ok("DATA", 354)
        block = b"z" * 65536

        def anon():                             # KiB
            status = open("/proc/%d/status" % pid).read()
            return int(re.search(r"RssAnon:\s+(\d+)", status).group(1))

        before = anon()
        for _ in range(1600):                   # 100 MB
            c.raw(block)
        assert anon() - before < 8 * 1024
        c.raw(b"\r\n.\r\n")
        assert c.reply()[0] == 552
        assert c.code("NOOP") == 250


@pytest.mark.parametrize("at", range(0, 45, 3))
def test_B9_nul_anywhere_is_refused(suite, at):
    octets = bytearray(b"From: a@b.example\r\nSubject: x\r\n\r\nbody\r\nbody\r\n")
    octets[at] = 0
    c = mx(suite)
    c.envelope()
    code, texts = c.data(bytes(octets))
    assert code == 550 and texts[0].startswith("5.6.0 ")


def test_B9_eight_bit_header_is_passed_as_it_is(suite):
    text = b"Subject: \xff\x80\xfe\r\nX: " + bytes(range(128, 256)) + \
        b"\r\n\r\n" + bytes(range(128, 256))
    m = suite.message(mx(suite).send_mail(text))
    assert m.without_trace() == text + b"\r\n"
    assert m.fields["body"] == b"8bit"


def test_B10_pipelined_body_without_354(suite):
    c = mx(suite)
    lines = b"".join(b"line %d\r\n" % i for i in range(40))
    c.raw(b"MAIL FROM:<a@b.example>\r\nRCPT TO:<nobody@example.org>\r\n"
          b"DATA\r\n" + lines + b".\r\n")
    assert [c.reply()[0] for _ in range(3)] == [250, 550, 503]
    codes = []
    while not codes or codes[-1] != 421:
        codes.append(c.reply()[0])
    assert set(codes[:-1]) == {500} and len(codes) <= 20
    assert c.closed() == b""
    assert suite.messages == {}


def test_B10_commands_behind_data_are_text(suite):
    c = mx(suite)
    c.raw(b"MAIL FROM:<a@b.example>\r\nRCPT TO:<alice@example.org>\r\n"
          b"DATA\r\nRSET\r\nQUIT\r\n.\r\nNOOP\r\n")
    assert [c.reply()[0] for _ in range(5)] == [250, 250, 354, 250, 250]
    assert suite.only_message().without_trace().endswith(
        b"RSET\r\nQUIT\r\n")


@pytest.mark.parametrize("first", [
    b"GET / HTTP/1.1\r\n", b"POST / HTTP/1.1\r\nHost: x\r\n\r\nEHLO a\r\n",
    b"CONNECT mail.example.org:25 HTTP/1.1\r\n\r\n",
    bytes.fromhex("16030100c5010000c10303") + bytes(190),
    b"\x16"])
@pytest.mark.parametrize("late", [False, True])
def test_B11_other_protocols_end_at_once(suite, first, late):
    c = suite.connect("submission", greet=False)
    if late:
        assert c.reply()[0] == 220
    start = time.monotonic()
    c.raw(first)
    said = c.closed()
    assert said in (b"", b"220 mail.example.org ESMTP\r\n")
    assert time.monotonic() - start < 2


def test_B11_who_speaks_first_is_no_mail_server(suite):
    hits = 0
    for _ in range(5):
        # The octets are there before the session is: stop the listener.
        os.kill(suite.process.pid, signal.SIGSTOP)
        c = suite.connect("mx", greet=False, source=("127.0.0.11", 0))
        c.raw(b"EHLO early.example\r\nMAIL FROM:<a@b.example>\r\n")
        os.kill(suite.process.pid, signal.SIGCONT)
        code, _ = c.reply()
        assert code == 554
        assert c.closed() == b""
        hits += 1
    assert hits == 5


# -------------------------------------------------------------------- C: cost

def timed(suite, octets, **kw):
    """(code, CPU seconds of the session)"""
    c = mx(suite)
    pid = max(suite.children())

    def cpu():
        f = open("/proc/%d/stat" % pid).read().rpartition(")")[2].split()
        return (int(f[11]) + int(f[12])) / os.sysconf("SC_CLK_TCK")

    before = cpu()
    c.envelope()
    code = c.data(octets)[0]
    used = cpu() - before
    c.close()
    return code, used


@pytest.mark.parametrize("octets", [
    b"To: a@b.example\r\n" * 60000, b"a:\r\n" * 250000,
    b"Received: x\r\n" * 1000,
    b"To: " + b"a@b.example,\r\n " * 60000 + b"\r\n",
    b"X: " + b"y" * 1040000 + b"\r\n",
    b"x: y\r\n " + b" z\r\n" * 250000], ids=lambda b: repr(b[:12]))
def test_C1_C4_large_headers(suite, octets):
    code, used = timed(suite, octets + b"\r\nbody\r\n")
    assert code in (250, 552, 554)
    assert used < 1.0
    for raw in suite.messages.values():
        Message("x", raw)                       # whole, or not there


def test_C4_hops(suite):
    # RFC 5321 6.3
    hop = b"Received: from a by b; Thu, 1 Jan 1970 00:00:00 +0000\r\n"
    c = mx(suite)
    c.send_mail(hop * 20 + MAIL)
    c.envelope()
    code, texts = c.data(b"received :x\r\n" + hop * 20 + MAIL)
    assert code == 554 and texts[0].startswith("5.4.6 ")


def test_C11_one_octet_now_and_then():
    with Suite(smtp_timeout=10) as s:
        c = s.connect("mx")
        start = time.monotonic()
        said = b""
        for octet in b"NOOP " + b"x" * 60:
            if time.monotonic() - start > 9.8:
                said = c.closed()
                break
            c.raw(bytes([octet]))
            time.sleep(0.5)
        assert said.startswith(b"421 4.4.2 ")
        assert time.monotonic() - start < 15
        # Others were and are served.
        s.connect("mx", source=("127.0.0.4", 0)).hello().send_mail(MAIL)


def test_C12_more_clients_than_allowed():
    with Suite(smtp_clients_max=5) as s:
        clients = [s.connect("mx") for _ in range(5)]
        c = s.connect("mx", greet=False)
        code, texts = c.reply()
        assert code == 421 and texts[0].startswith("4.3.2 ")
        assert c.closed() == b""
        clients[0].ok("QUIT", 221)
        clients[0].closed()
        time.sleep(0.3)
        s.connect("mx").hello().send_mail(MAIL)


def test_C12_no_descriptors_left():
    with Suite(nofile=40, smtp_clients_max=500) as s:
        pid = s.process.pid
        waiting = [socket.create_connection(s.addresses["mx"])
                   for _ in range(100)]
        time.sleep(0.5)

        def cpu():
            f = open("/proc/%d/stat" % pid).read().rpartition(")")[2].split()
            return (int(f[11]) + int(f[12])) / os.sysconf("SC_CLK_TCK")

        before = cpu()
        time.sleep(2)
        assert cpu() - before < 0.2, "the listener spins"
        assert len([x for x in s.logs if "event=no-session" in x]) <= 2
        for w in waiting:
            w.close()
        deadline = time.monotonic() + 30
        while True:
            c = s.connect("mx", greet=False)
            if c.reply()[0] == 220:
                break
            assert time.monotonic() < deadline
            time.sleep(0.1)
        c.hello().send_mail(MAIL)


@pytest.mark.parametrize("line", ["NOOP", "RSET", "VRFY x", "HELP",
                                  "EHLO a.example"])
def test_flood_of_idle_commands(suite, line):
    c = mx(suite)
    codes = [0]
    c.raw((line + "\r\n").encode() * 100)
    while codes[-1] != 421:
        codes.append(c.reply()[0])
    assert len(codes) <= 52
    assert c.closed() == b""


def test_flood_of_senders(suite):
    c = mx(suite)
    n = 0
    while True:
        n += 1
        c.raw(b"MAIL FROM:<a@b.example>\r\nRSET\r\n")
        if c.reply()[0] == 421 or c.reply()[0] == 421:
            break
        assert n < 60


def test_errors_are_measured_by_what_was_good(suite):
    # A list with some dead addresses still goes through.
    c = mx(suite)
    c.ok("MAIL FROM:<list@example.net>")
    for i in range(60):
        c.ok("RCPT TO:<many%d@example.org>" % i)
        assert c.code("RCPT TO:<dead%d@example.org>" % i) == 550
    assert c.data(MAIL)[0] == 250
    # Somebody who only guesses does not.
    c = mx(suite)
    c.ok("MAIL FROM:<x@example.net>")
    codes = []
    while 421 not in codes:
        c.raw(b"RCPT TO:<guess%d@example.org>\r\n" % len(codes))
        codes.append(c.reply()[0])
    assert len(codes) <= 21


# ---------------------------------------------------- what a taken one can do

@pytest.mark.skipif(os.geteuid() != 0, reason="needs a network namespace")
def test_a_fault_shuts_the_client_out_and_asks_for_a_successor():
    with own_network("192.0.2.5/24", "192.0.2.6/24"), \
            Suite(host="0.0.0.0") as s:
        port = s.addresses["mx"][1]
        s.addresses["mx"] = ("192.0.2.6", port)
        bad, good = ("192.0.2.5", 0), ("192.0.2.6", 0)
        c = s.connect("mx", source=bad).hello()
        (pid,) = s.children()
        other = s.connect("mx", source=good).hello()
        os.kill(pid, signal.SIGABRT)
        c.closed()
        assert s.log_has("event=session-crashed", "signal=6",
                         "client=192.0.2.5")
        deadline = time.monotonic() + 2
        while s.successors == 0 and time.monotonic() < deadline:
            time.sleep(0.01)
        assert s.successors == 1
        c = s.connect("mx", source=bad, greet=False)
        code, texts = c.reply()
        assert code == 421 and texts[0].startswith("4.7.0 ")
        other.send_mail(MAIL)
        s.connect("mx", source=good).hello().send_mail(MAIL)


@pytest.mark.skipif(os.geteuid() != 0, reason="needs a network namespace")
def test_C12_more_clients_of_one_address_than_allowed():
    with own_network("192.0.2.5/24", "192.0.2.6/24"), \
            Suite(host="0.0.0.0", smtp_clients_per_address=3) as s:
        port = s.addresses["mx"][1]
        s.addresses["mx"] = ("192.0.2.6", port)
        many = [s.connect("mx", source=("192.0.2.5", 0)) for _ in range(3)]
        c = s.connect("mx", source=("192.0.2.5", 0), greet=False)
        code, texts = c.reply()
        assert code == 421 and texts[0].startswith("4.7.0 ")
        s.connect("mx", source=("192.0.2.6", 0)).hello().send_mail(MAIL)
        for m in many:
            m.close()


@pytest.mark.skipif(os.geteuid() != 0, reason="needs a network namespace")
def test_B5_no_password_in_the_clear():
    """From another host AUTH is neither announced nor taken, before the
    password is asked for."""
    with own_network("192.0.2.5/24"), Suite(host="0.0.0.0") as s:
        port = s.addresses["submission"][1]
        s.addresses["submission"] = ("192.0.2.5", port)
        c = s.connect("submission")
        lines = c.say("EHLO a.example")[1]
        assert not any("AUTH" in x for x in lines)
        for line in ("AUTH PLAIN", "AUTH LOGIN", "AUTH PLAIN AGEAYg=="):
            code, texts = c.say(line)
            assert code == 538 and texts[0].startswith("5.7.11 ")
        code, _ = c.say("MAIL FROM:<alice@example.org>")
        assert code == 530
    with own_network("192.0.2.5/24"), \
            Suite(host="0.0.0.0", plain_login_anywhere="yes") as s:
        port = s.addresses["submission"][1]
        s.addresses["submission"] = ("192.0.2.5", port)
        c = s.connect("submission").hello()
        login = base64.b64encode(b"\0alice\0secret").decode()
        assert c.code("AUTH PLAIN " + login) == 235


def test_a_session_holds_nothing_but_its_own(suite):
    """Descriptors of a session: standard ones, the log, the client, its two
    channels and the one to the listener; root directory empty."""
    c = mx(suite)
    pid = max(suite.children())
    c.code("NOOP")
    fds = {int(n): os.readlink("/proc/%d/fd/%s" % (pid, n))
           for n in os.listdir("/proc/%d/fd" % pid)}
    sockets = [n for n in fds if fds[n].startswith("socket:")]
    assert len(sockets) == 5 and len(fds) == 8, fds
    if os.geteuid() == 0:
        status = open("/proc/%d/status" % pid).read()
        assert re.search(r"Uid:\s+65534\s+65534\s+65534\s+65534", status)
        assert re.search(r"Groups:\s*\n", status)
        for cap in ("CapInh", "CapPrm", "CapEff", "CapBnd", "CapAmb"):
            assert re.search(cap + r":\s+0+\n", status)
        assert re.search(r"NoNewPrivs:\s+1", status)
        assert re.search(r"Seccomp:\s+2", status)
        # The listener's filter, and the narrower one of a session.
        assert re.search(r"Seccomp_filters:\s+2", status)
        assert os.listdir("/proc/%d/root" % pid) == []


# ---------------------------------------------------------------- D: identity

SPOOFS = [
    b"From: bob@example.org", b"From : bob@example.org",
    b"FROM\t:\r\n bob@example.org", b"From: <bob@example.org>",
    b"From: alice@example.org\r\nFrom: bob@example.org",
    b"From: bob@example.org\r\nFrom: alice@example.org",
    b"Sender: bob@example.org",
    b"From: alice@example.org\r\nSender: alice@example.org\r\n"
    b"Sender: bob@example.org",
    b"From: alice@example.org, bob@example.org",
    b"From: alice@example.org,,,bob@example.org",
    b"From: friends: bob@example.org;", b"From: alice@example.org: x;",
    b"From: friends: alice@example.org;", b"From:", b"From: \r\n\t",
    b"From: bob", b"From: <>", b"From: bob@example.org(.alice@example.org",
    b"From: alice@example.org(", b"From: \"alice@example.org",
    b"From: <alice@example.org", b"From: alice@example.org>",
    b"From: <bob@example.org> <alice@example.org>",
    b"From: <@example.org:alice@example.org>",
    b"From: <alice@example.org>bob@example.org",
    b"From: alice@example.org@example.net",
    b"From: =?utf-8?b?Ym9iQGV4YW1wbGUub3JnPg==?=@example.org",
    b"From: alice@=?utf-8?q?example=2eorg?=",
    b"From: \xc3\xa4lice@example.org", b"From: alice@ex\xc3\xa4mple.org",
    b"From: alice @ example . org . example.net",
    # what ends the header for us and goes on for others
    b"no field\r\nFrom: bob@example.org",
    b"X: y\r\nno field\r\nFrom: bob@example.org",
    b"From alice Mon Jan  1 00:00:00 2024\r\nFrom: bob@example.org",
    b"From: " + b", ".join(b"alice+%d@example.org" % i for i in range(11)),
]


@pytest.mark.parametrize("header", SPOOFS)
def test_d6_author_of_another(suite, header):
    """Whoever logs in as alice writes as alice, however it is spelt."""
    c = suite.connect("submission").hello()
    login = base64.b64encode(b"\0alice\0secret").decode()
    c.ok("AUTH PLAIN " + login, 235)
    c.envelope(sender="alice@example.org")
    reply = c.data(header + b"\r\n\r\nhi\r\n")
    if header.startswith(b"no field"):
        # All of it became text, behind an empty line.
        m = suite.message(queued(reply))
        assert b"bob" not in m.header and b"From" not in m.header
        return
    assert (reply[0], reply[1][0][:6]) == (550, "5.7.1 "), reply
    with suite.lock:
        assert not suite.messages


@pytest.mark.parametrize("sender", [
    "bob@example.org", "alice@example.org.evil.example", "alice@example.net",
    "alice%example.org@example.net", "alice@[127.0.0.1]", "root@localhost",
    '"alice@example.org"@example.net'])
def test_d6_sender_of_another(suite, sender):
    c = suite.connect("submission").hello()
    login = base64.b64encode(b"\0alice\0secret").decode()
    c.ok("AUTH PLAIN " + login, 235)
    code, texts = c.say("MAIL FROM:<%s>" % sender)
    assert (code, texts[0][:6]) == (553, "5.7.1 ")
    assert c.code("RCPT TO:<bob@example.org>") == 503


def test_d6_another_name_in_the_login(suite):
    """authzid (RFC 4616 2) other than the name that is proven."""
    c = suite.connect("submission").hello()
    login = base64.b64encode(b"bob@example.org\0alice\0secret").decode()
    assert c.code("AUTH PLAIN " + login) in (501, 535)
    assert c.code("MAIL FROM:<alice@example.org>") == 530


def test_d6_an_endless_from_is_bounded(suite):
    c = suite.connect("submission").hello()
    login = base64.b64encode(b"\0alice\0secret").decode()
    c.ok("AUTH PLAIN " + login, 235)
    c.envelope(sender="alice@example.org")
    suite.asked.clear()
    reply = c.data(b"From: " + b"a@b.example,\r\n " * 30000 +
                   b"alice@example.org\r\n\r\nhi\r\n")
    assert reply[0] == 550
    assert len(suite.asked) <= 10
