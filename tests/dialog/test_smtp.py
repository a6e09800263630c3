"""Scripted SMTP and LMTP conversations with smtpd.

For every row of the command table (smtpd/command.c) one allowed and one refused
case, then what each listener promises: codes of RFC 5321 4.2 and 4.3, RFC 1870,
RFC 2034, RFC 2920.
"""
import base64
import email
import email.policy
import os
import pathlib
import re
import socket
import subprocess
import sys
import time

import pytest

ROOT = pathlib.Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "tests" / "flow"))
from fake_suite import BIN, Suite, queued  # noqa: E402

PLAIN = base64.b64encode(b"\0alice\0secret").decode()
WRONG = base64.b64encode(b"\0alice\0wrong").decode()
MAIL = b"From: carol@example.net\r\nSubject: hello\r\n\r\nBody.\r\n"


@pytest.fixture(scope="module")
def suite():
    with Suite() as s:
        yield s


@pytest.fixture
def mx(suite):
    c = suite.connect("mx").hello()
    yield c
    c.close()


# ----------------------------------------- one allowed, one refused, per row

def hello(c):
    c.ok("EHLO client.example.net")


def in_mail(c):
    hello(c)
    c.ok("MAIL FROM:<carol@example.net>")


def in_rcpt(c):
    in_mail(c)
    c.ok("RCPT TO:<alice@example.org>")


def nothing(c):
    pass


ROWS = [
    # verb, listener, before, allowed, code, before, refused, code
    ("EHLO", "mx", nothing, "EHLO a.example", 250, nothing, "EHLO", 501),
    ("HELO", "mx", nothing, "HELO a.example", 250, nothing, "HELO", 501),
    ("LHLO", "lmtp", nothing, "LHLO a.example", 250, nothing, "LHLO", 501),
    ("AUTH", "submission", hello, "AUTH PLAIN " + PLAIN, 235,
     hello, "AUTH PLAIN " + WRONG, 535),
    ("MAIL", "mx", hello, "MAIL FROM:<carol@example.net>", 250,
     nothing, "MAIL FROM:<carol@example.net>", 503),
    ("RCPT", "mx", in_mail, "RCPT TO:<alice@example.org>", 250,
     in_mail, "RCPT TO:<nobody@example.org>", 550),
    ("DATA", "mx", in_rcpt, "DATA", 354, in_mail, "DATA", 503),
    ("BDAT", "mx", in_rcpt, "BDAT 0", 250, in_mail, "BDAT 0 LAST", 503),
    # to the end: tests/flow/test_flow.py
    ("XMAILQ", "local", hello, "XMAILQ", 250, in_mail, "XMAILQ", 503),
    # without a certificate; with one: tests/flow/test_tls.py
    ("STARTTLS", "mx", None, None, None, hello, "STARTTLS", 502),
    # of hosts that are listed: tests/dialog/test_smtp_proxy.py
    ("XCLIENT", "mx", None, None, None, hello, "XCLIENT ADDR=192.0.2.7", 502),
    ("XFORWARD", "mx", None, None, None,
     hello, "XFORWARD ADDR=192.0.2.7", 502),
    ("RSET", "mx", in_rcpt, "RSET", 250, nothing, "RSET now", 501),
    ("VRFY", "mx", nothing, "VRFY alice", 252, nothing, "VRFY", 501),
    ("HELP", "mx", nothing, "HELP", 214, nothing, "HELPME", 500),
    ("NOOP", "mx", nothing, "NOOP", 250, nothing, "NOOPE", 500),
    ("QUIT", "mx", nothing, "QUIT", 221, nothing, "QUIT now", 501),
]


OFFERED = [r for r in ROWS if r[3] is not None]


@pytest.mark.parametrize("row", OFFERED, ids=[r[0] for r in OFFERED])
def test_allowed(suite, row):
    _, listener, before, line, code = row[:5]
    c = suite.connect(listener)
    before(c)
    assert c.code(line) == code
    c.close()


@pytest.mark.parametrize("row", ROWS, ids=[r[0] for r in ROWS])
def test_refused(suite, row):
    listener, (before, line, code) = row[1], row[5:]
    c = suite.connect(listener)
    before(c)
    assert c.code(line) == code
    c.close()


def test_rows_are_all_of_the_table():
    """The table in the source and the list above name the same verbs."""
    source = (ROOT / "smtpd" / "command.c").read_text()
    assert set(re.findall(r"\{ VERB_(\w+), ON", source)) == \
        {r[0] for r in ROWS}


def test_help_names_what_there_is(suite):
    c = suite.connect("mx")
    words = c.ok("HELP", 214)[1][0].split()[1:]
    assert set(words) == {"EHLO", "HELO", "MAIL", "RCPT", "DATA", "BDAT",
                          "RSET", "VRFY", "HELP", "NOOP", "QUIT"}
    c = suite.connect("submission")
    assert "AUTH" in c.ok("HELP", 214)[1][0].split()
    c = suite.connect("lmtp")
    words = c.ok("HELP", 214)[1][0].split()
    assert "LHLO" in words and "EHLO" not in words


# -------------------------------------------------------- greeting and hello

def test_greeting_and_capabilities(suite):
    c = suite.connect("mx")
    assert c.greeting == (220, ["mail.example.org ESMTP"])
    code, lines = c.say("EHLO client.example.net")
    assert code == 250 and lines[0].split()[0] == "mail.example.org"
    assert set(lines[1:]) == {"PIPELINING", "SIZE 1048576", "8BITMIME",
                              "ENHANCEDSTATUSCODES", "CHUNKING", "DSN",
                              "SMTPUTF8", "LIMITS RCPTMAX=100"}


def test_submission_offers_auth_on_loopback(suite):
    c = suite.connect("submission")
    lines = c.say("EHLO client.example.net")[1]
    assert "AUTH PLAIN LOGIN" in lines


def test_helo_has_no_extensions_but_works(suite):
    c = suite.connect("mx")
    code, lines = c.say("HELO old.example.net")
    assert (code, len(lines)) == (250, 1)
    id_ = c.send_mail(MAIL)
    assert b"with SMTP id" in suite.message(id_).text


def test_lhlo_and_ehlo_keep_to_their_ports(suite):
    # RFC 2033 has LHLO in the place of HELO and EHLO.
    assert suite.connect("lmtp").code("EHLO a.example") == 502
    assert suite.connect("mx").code("LHLO a.example") == 502


def test_ehlo_resets(mx):
    # RFC 5321 4.1.4
    mx.envelope()
    mx.hello()
    assert mx.code("DATA") == 503


def test_commands_before_hello(suite):
    # RFC 5321 4.1.4: NOOP, HELP, EXPN, VRFY and RSET at any time
    c = suite.connect("mx")
    for line, code in (("NOOP", 250), ("HELP", 214), ("VRFY a", 252),
                       ("RSET", 250), ("EXPN a", 502),
                       ("MAIL FROM:<a@b.example>", 503),
                       ("RCPT TO:<a@b.example>", 503), ("DATA", 503)):
        assert c.code(line) == code, line


def test_unknown_and_unimplemented(mx):
    assert mx.code("ETRN example.org") == 500
    assert mx.code("XYZZY") == 500
    assert mx.code("EXPN list") == 502
    assert mx.code("STARTTLS") == 502
    assert mx.code("AUTH PLAIN " + PLAIN) == 502


# ------------------------------------------------------------------ messages

def test_message_as_it_came(suite, mx):
    body = (b"From: carol@example.net\r\nSubject: t\r\n\r\n"
            b"..one dot\r\n\t\r\n " + b"x" * 3000 + b"\r\nend\r\n")
    id_ = mx.send_mail(body)
    m = suite.message(id_)
    assert m.without_trace() == body.replace(b"\r\n..one", b"\r\n.one") + \
        b"\r\n"
    assert m.fields["from"] == b"carol@example.net"
    assert m.rcpts == [b"alice@example.org"]
    assert m.fields["client"] == b"127.0.0.1"
    assert m.fields["helo"] == b"client.example.net"
    assert abs(int(m.fields["time"]) - time.time()) < 60
    log = suite.log_has("event=accepted", "id=" + id_)
    assert "from=carol@example.net" in log and "rcpts=1" in log


def test_received_field_is_well_formed(suite, mx):
    m = suite.message(mx.send_mail(MAIL))
    parsed = email.message_from_bytes(m.text, policy=email.policy.default)
    assert len(parsed.get_all("Received")) == 1
    field = " ".join(parsed["Received"].split())
    assert re.fullmatch(
        r"from client\.example\.net \(\[127\.0\.0\.1\]\) "
        r"by mail\.example\.org with ESMTP id %s for <alice@example\.org>; "
        r"\w{3}, \d{1,2} \w{3} \d{4} \d\d:\d\d:\d\d [+-]\d{4}" % m.id, field)


def test_several_recipients_name_nobody_in_the_trace(suite, mx):
    m = suite.message(mx.send_mail(
        MAIL, rcpts=("alice@example.org", "bob@example.org")))
    assert m.rcpts == [b"alice@example.org", b"bob@example.org"]
    assert b"for <" not in m.header and b"bob@" not in m.header


def test_several_messages_in_one_connection(suite, mx):
    ids = [mx.send_mail(MAIL) for _ in range(5)]
    assert len(set(ids)) == 5
    mx.ok("QUIT", 221)
    assert mx.closed() == b""


def test_null_sender_and_postmaster(suite, mx):
    # RFC 5321 4.5.5, 4.5.1
    id_ = mx.send_mail(MAIL, sender="", rcpts=("postmaster",))
    m = suite.message(id_)
    assert m.fields["from"] == b""
    assert m.rcpts == [b"postmaster@mail.example.org"]


def test_empty_message(suite, mx):
    mx.envelope()
    mx.ok("DATA", 354)
    mx.raw(b".\r\n")
    code, _ = got = mx.reply()
    assert code == 250
    assert suite.message(queued(got)).without_trace() == b""


def test_body_without_header_is_not_swallowed(suite, mx):
    m = suite.message(mx.send_mail(b"just words\r\nand more\r\n"))
    parsed = email.message_from_bytes(m.text)
    assert parsed.get_payload() == "just words\r\nand more\r\n\r\n"


def test_eight_bit(suite, mx):
    # RFC 1652; undeclared 8-bit octets are kept and noted
    body = b"From: a@b.example\r\n\r\ngr\xc3\xbc\xc3\x9fe\xff\r\n"
    for params, octets, said in ((" BODY=8BITMIME", MAIL, b"8bit"),
                                 ("", body, b"8bit"),
                                 (" BODY=7BIT", MAIL, b"7bit")):
        m = suite.message(mx.send_mail(octets, params=params))
        assert m.fields["body"] == said
        assert m.without_trace() == octets + b"\r\n"


def test_eight_bit_far_behind_the_envelope(suite, mx):
    """The envelope is corrected when the octet comes after the first write;
    the checksum holds for both ways."""
    big = MAIL + b"x" * 70 + b"\r\n" + (b"0123456789" * 7 + b"\r\n") * 2500
    for tail, said in ((b"plain\r\n", b"7bit"), (b"\xe9\r\n", b"8bit")):
        m = suite.message(mx.send_mail(big + tail))
        assert m.fields["body"] == said
        assert m.without_trace() == big + tail + b"\r\n"


def test_pipelining(suite):
    # RFC 2920 3.1: a whole flight, answers in order
    c = suite.connect("mx")
    c.raw(b"EHLO a.example\r\nMAIL FROM:<x@y.example>\r\n"
          b"RCPT TO:<nobody@example.org>\r\nRCPT TO:<alice@example.org>\r\n"
          b"RCPT TO:<bob@example.org>\r\nDATA\r\n")
    assert [c.reply()[0] for _ in range(6)] == \
        [250, 250, 550, 250, 250, 354]
    c.raw(MAIL + b".\r\nMAIL FROM:<>\r\nRSET\r\nQUIT\r\n")
    assert [c.reply()[0] for _ in range(4)] == [250, 250, 250, 221]


def test_size(suite, mx):
    # RFC 1870 6.1, 6.3
    assert mx.code("MAIL FROM:<a@b.example> SIZE=2000000") == 552
    mx.ok("MAIL FROM:<a@b.example> SIZE=5000")
    mx.ok("RCPT TO:<alice@example.org>")
    assert mx.data(MAIL)[0] == 250
    assert suite.declared[-1] == 5000
    mx.envelope()
    got = mx.data(MAIL + b"x" * 900 + b"\r\n" + b"y" * 1048576 + b"\r\n")
    assert got[0] == 552
    assert mx.code("NOOP") == 250


def test_enhanced_codes_everywhere(mx):
    # RFC 2034 4: in all but the greeting, hello and 3yz
    for line in ("MAIL FROM:<a@b.example>", "RCPT TO:<alice@example.org>",
                 "RCPT TO:<nobody@example.org>", "RSET", "NOOP", "VRFY x",
                 "FOO", "DATA", "MAIL FROM:<a@b", "HELP", "QUIT"):
        code, texts = mx.say(line)
        m = re.match(r"([245])\.\d{1,3}\.\d{1,3} ", texts[0])
        assert m and m.group(1) == str(code)[0], (line, code, texts)


def test_rset_forgets(mx):
    mx.envelope()
    mx.ok("RSET")
    assert mx.code("RCPT TO:<alice@example.org>") == 503
    mx.envelope()


def test_nested_mail(mx):
    mx.ok("MAIL FROM:<a@b.example>")
    assert mx.code("MAIL FROM:<c@d.example>") == 503
    mx.ok("RCPT TO:<alice@example.org>")


def test_parameters(mx):
    # RFC 5321 4.1.1.11: 555 for what is not known
    assert mx.code("MAIL FROM:<a@b.example> FOO=bar") == 555
    assert mx.code("MAIL FROM:<a@b.example> MT-PRIORITY=3") == 555
    mx.ok("MAIL FROM:<a@b.example>")
    assert mx.code("RCPT TO:<alice@example.org> RRVS=now") == 555


# ---------------------------------------------------------- who may do what

def test_relaying(suite, mx):
    mx.ok("MAIL FROM:<carol@example.net>")
    code, texts = mx.say("RCPT TO:<x@elsewhere.example>")
    assert code == 550 and texts[0].startswith("5.7.1 ")
    mx.ok("RCPT TO:<x@relay.example>")
    assert suite.log_has("event=rcpt-refused", "rcpt=x@elsewhere.example",
                         "reply=550")


def test_unknown_recipient(mx):
    mx.ok("MAIL FROM:<carol@example.net>")
    code, texts = mx.say("RCPT TO:<nobody@example.org>")
    assert code == 550 and texts[0].startswith("5.1.1 ")


def test_lookup_trouble_is_temporary(mx):
    mx.ok("MAIL FROM:<carol@example.net>")
    code, texts = mx.say("RCPT TO:<later@example.org>")
    assert code == 451 and texts[0].startswith("4.4.3 the map")
    mx.ok("RCPT TO:<alice@example.org>")


def test_relay_clients():
    with Suite(relay_clients=("127.0.0.0/30",)) as s:
        c = s.connect("mx", source=("127.0.0.2", 0)).hello()
        c.send_mail(MAIL, rcpts=("x@elsewhere.example",))
        c = s.connect("mx", source=("127.0.0.9", 0)).hello()
        c.ok("MAIL FROM:<carol@example.net>")
        assert c.code("RCPT TO:<x@elsewhere.example>") == 550


def test_too_many_recipients(suite, mx):
    # RFC 5321 4.5.3.1.8, 4.5.3.1.10
    mx.ok("MAIL FROM:<carol@example.net>")
    for i in range(100):
        mx.ok("RCPT TO:<many%d@example.org>" % i)
    code, texts = mx.say("RCPT TO:<many100@example.org>")
    assert code == 452 and texts[0].startswith("4.5.3 ")
    id_ = queued(mx.data(MAIL))
    assert len(suite.message(id_).rcpts) == 100


# ------------------------------------------------------------ BDAT, RFC 3030

def bdat(c, octets, last=False):
    c.raw(b"BDAT %d%s\r\n" % (len(octets), b" LAST" if last else b"") + octets)
    return c.reply()


@pytest.mark.parametrize("cut", [0, 1, 20, 43, 44, 45, 46, 47, 48])
def test_chunks_are_one_message(suite, mx, cut):
    text = MAIL + b".\r\n..\r\n.\r\nQUIT\r\n"
    mx.envelope()
    assert bdat(mx, text[:cut])[0] == 250
    assert bdat(mx, b"")[0] == 250
    id_ = queued(bdat(mx, text[cut:], last=True))
    assert suite.message(id_).without_trace() == text
    assert mx.code("BDAT 0 LAST") == 503
    mx.send_mail(MAIL)


def test_chunks_end_with_nothing(suite, mx):
    # RFC 3030 2: the last BDAT may have a count of zero
    mx.envelope()
    assert bdat(mx, MAIL)[0] == 250
    assert suite.message(queued(bdat(mx, b"", True))).without_trace() == MAIL
    mx.envelope()
    assert suite.message(queued(bdat(mx, b"", True))).without_trace() == b""


def test_chunks_without_line_end(suite, mx):
    mx.envelope()
    id_ = queued(bdat(mx, b"Subject: x\r\n\r\nend", True))
    assert suite.message(id_).body == b"end\r\n"


def test_chunks_pipelined(suite, mx):
    mx.raw(b"MAIL FROM:<a@b.example>\r\nRCPT TO:<alice@example.org>\r\n"
           b"BDAT 12\r\nSubject: x\r\nBDAT 5 LAST\r\n\r\ny\r\nNOOP\r\n")
    assert [mx.reply()[0] for _ in range(5)] == [250] * 5


def test_chunks_and_other_commands(suite, mx):
    mx.envelope()
    assert bdat(mx, MAIL)[0] == 250
    for line in ("DATA", "MAIL FROM:<a@b.example>",
                 "RCPT TO:<bob@example.org>"):
        assert mx.code(line) == 503, line
    assert mx.code("NOOP") == 250
    aborted = len(suite.aborted)
    assert mx.code("RSET") == 250
    deadline = time.monotonic() + 5
    while len(suite.aborted) == aborted and time.monotonic() < deadline:
        time.sleep(0.01)
    assert len(suite.aborted) == aborted + 1
    assert bdat(mx, MAIL, True)[0] == 503
    mx.send_mail(MAIL)


def test_chunks_too_big(suite, mx):
    mx.envelope()
    big = b"x" * 998 + b"\r\n"
    assert bdat(mx, b"Subject: x\r\n\r\n" + big * 600)[0] == 250
    assert bdat(mx, big * 600)[0] == 552
    assert bdat(mx, big * 600, True)[0] == 503
    mx.send_mail(MAIL)


def test_many_chunks(suite, mx):
    mx.envelope()
    assert bdat(mx, b"Subject: x\r\n\r\n")[0] == 250
    line = b"y" * 1022 + b"\r\n"
    for _ in range(500):
        assert bdat(mx, line)[0] == 250
    assert suite.message(queued(bdat(mx, b"", True))).body == line * 500


def test_chunks_where_nothing_can_be_stored(suite, mx):
    suite.new_refusal = (0, "4.3.1", "not enough space")
    try:
        mx.envelope()
        assert bdat(mx, b"QUIT\r\n")[0] == 452
        assert bdat(mx, b"QUIT\r\n", True)[0] == 503
    finally:
        suite.new_refusal = None
    mx.send_mail(MAIL)


def test_lmtp_chunks(suite):
    # RFC 2033 4.2: an answer for each recipient, to the last chunk alone
    c = suite.connect("lmtp")
    c.ok("LHLO a.example")
    c.envelope(rcpts=("alice@example.org", "bob@example.org"))
    assert bdat(c, MAIL)[0] == 250
    assert bdat(c, b"", True)[0] == 250
    assert c.reply()[0] == 250
    assert c.code("NOOP") == 250


# ------------------------------------------------------------- DSN, RFC 3461

def test_dsn_in_the_envelope(suite, mx):
    mx.ok("MAIL FROM:<a@b.example> RET=HDRS ENVID=my+20id+3D1")
    mx.ok("RCPT TO:<alice@example.org> NOTIFY=SUCCESS,FAILURE "
          "ORCPT=rfc822;Old+2BName@old.example")
    mx.ok("RCPT TO:<bob@example.org>")
    mx.ok("RCPT TO:<postmaster@example.org> NOTIFY=never")
    m = suite.message(queued(mx.data(MAIL)))
    assert m.fields["ret"] == b"hdrs" and m.fields["envid"] == b"my id=1"
    assert m.rcpts == [b"alice@example.org", b"bob@example.org",
                       b"postmaster@example.org"]
    assert m.wishes == [(6, b"rfc822;Old+Name@old.example"), (0, b""),
                        (1, b"")]
    m = suite.message(mx.send_mail(MAIL))
    assert "ret" not in m.fields and m.wishes == [(0, b"")]


@pytest.mark.parametrize("line", [
    "MAIL FROM:<a@b.example> RET=SOME", "MAIL FROM:<a@b.example> RET",
    "MAIL FROM:<a@b.example> RET=FULL RET=FULL",
    "MAIL FROM:<a@b.example> ENVID=",
    "MAIL FROM:<a@b.example> ENVID=" + "x" * 101])
def test_dsn_refused_at_mail(mx, line):
    assert mx.code(line) == 501


@pytest.mark.parametrize("words", [
    "NOTIFY=NEVER,SUCCESS", "NOTIFY=", "NOTIFY=ALWAYS", "NOTIFY=SUCCESS,",
    "ORCPT=alice", "ORCPT=;alice", "ORCPT=rfc822;",
    "ORCPT=rfc822;" + "x" * 494])
def test_dsn_refused_at_rcpt(mx, words):
    in_mail(mx)
    assert mx.code("RCPT TO:<alice@example.org> " + words) == 501


# ---------------------------------------------------------------- submission

def test_submission_needs_login(suite):
    c = suite.connect("submission").hello()
    code, texts = c.say("MAIL FROM:<alice@example.org>")
    assert code == 530 and texts[0].startswith("5.7.0 ")


def submit(suite):
    c = suite.connect("submission").hello()
    c.ok("AUTH PLAIN " + PLAIN, 235)
    return c


def test_submission_relays_and_completes(suite):
    c = submit(suite)
    id_ = c.send_mail(b"From: alice@example.org\r\n\r\nhi\r\n",
                      sender="alice@example.org",
                      rcpts=("x@elsewhere.example",))
    m = suite.message(id_)
    assert m.fields["auth"] == b"alice@example.org"
    parsed = email.message_from_bytes(m.text, policy=email.policy.default)
    assert "with ESMTPA id" in parsed["Received"]
    assert parsed["Date"].datetime is not None
    assert parsed["Message-ID"] == "<%s@mail.example.org>" % id_
    assert parsed["From"] == "alice@example.org"
    assert suite.log_has("event=accepted", "id=" + id_,
                         "user=alice@example.org")


def test_submission_leaves_what_is_there(suite):
    c = submit(suite)
    text = (b"DATE: Thu, 1 Jan 1970 00:00:00 +0000\r\n"
            b"From: alice@example.org\r\n"
            b"message-id : <1@b.example>\r\n\r\nhi\r\n")
    m = suite.message(c.send_mail(text, sender="alice@example.org"))
    assert m.without_trace() == text + b"\r\n"


def test_mx_adds_no_date(suite, mx):
    m = suite.message(mx.send_mail(MAIL))
    assert b"Date:" not in m.header and b"Message-ID:" not in m.header


def test_auth_login(suite):
    c = suite.connect("submission").hello()
    assert c.ok("AUTH LOGIN", 334)[1][0] == \
        base64.b64encode(b"Username:").decode()
    assert c.ok(base64.b64encode(b"bob@example.org"), 334)[1][0] == \
        base64.b64encode(b"Password:").decode()
    c.ok(base64.b64encode(b"hunter2"), 235)
    assert c.code("AUTH PLAIN " + PLAIN) == 503
    c.envelope(sender="bob@example.org", rcpts=("x@elsewhere.example",))
    assert (b"bob@example.org", b"127.0.0.1") in suite.asked


def test_auth_without_initial_response(suite):
    c = suite.connect("submission").hello()
    c.ok("AUTH PLAIN", 334)
    c.ok(PLAIN, 235)


def test_auth_refusals(suite):
    c = suite.connect("submission").hello()
    c.ok("AUTH PLAIN", 334)
    assert c.code("*") == 501
    assert c.code("AUTH CRAM-MD5") == 504
    assert c.code("AUTH PLAIN !!!!") == 501
    assert c.code("AUTH PLAIN " + WRONG) == 535
    assert c.code("AUTH PLAIN " + PLAIN) == 235
    assert suite.log_has("event=auth-failed", "user=alice")


def test_auth_not_within_a_message(suite):
    c = submit(suite)
    c.ok("MAIL FROM:<alice@example.org>")
    assert c.code("AUTH PLAIN " + PLAIN) == 503


def test_auth_limit(suite):
    c = suite.connect("submission").hello()
    for _ in range(5):
        assert c.code("AUTH PLAIN " + WRONG) == 535
    assert c.reply()[0] == 421
    assert c.closed() == b""


def test_auth_service_down(suite):
    suite.auth_mode = "temporary"
    try:
        c = suite.connect("submission").hello()
        assert c.code("AUTH PLAIN " + PLAIN) == 454
    finally:
        suite.auth_mode = "ok"


# ------------------------------------------- whose sender addresses

OWN = b"From: Alice <alice@example.org>\r\n\r\nhi\r\n"


@pytest.mark.parametrize("sender, reply", [
    ("alice@example.org", (250, "2.1.0")),
    ("", (250, "2.1.0")), ("sales@example.org", (250, "2.1.0")),
    ("bob@example.org", (553, "5.7.1")), ("x@far.example", (553, "5.7.1")),
    ("later@example.org", (451, "4.4.3"))])
def test_sender_of_who_logged_in(suite, sender, reply):
    c = submit(suite)
    code, texts = c.say("MAIL FROM:<%s>" % sender)
    assert (code, texts[0].split()[0]) == reply
    if code >= 500:
        assert suite.log_has("event=sender-refused", sender,
                             "user=alice@example.org")


def test_own_name_costs_no_question(suite):
    c = submit(suite)
    suite.asked.clear()
    c.send_mail(OWN, sender="alice@example.org", rcpts=("bob@example.org",))
    assert suite.asked == [b"bob@example.org"]


AUTHORS = [
    (b"From: alice@example.org", 250),
    (b"From: sales@example.org\r\nSender: alice@example.org", 250),
    (b"From: alice@example.org, sales@example.org", 250),
    (b"Subject: no author", 250),
    (b"From: bob@example.org", 550),
    (b"From: alice@example.org\r\nSender: bob@example.org", 550),
    (b"From: alice@example.org, bob@example.org", 550),
    (b"From: later@example.org", 451),
]


@pytest.mark.parametrize("sender", ["alice@example.org", ""])
@pytest.mark.parametrize("header, reply", AUTHORS)
def test_author_of_who_logged_in(suite, sender, header, reply):
    c = submit(suite)
    c.envelope(sender=sender)
    code, texts = c.data(header + b"\r\n\r\nhi\r\n")
    assert code == reply
    if code == 550:
        assert texts[0].startswith("5.7.1 ")
        assert suite.log_has("event=author-refused", "bob@example.org",
                             "user=alice@example.org")


def test_others_are_not_asked(suite, mx):
    suite.asked.clear()
    mx.send_mail(b"From: bob@example.org\r\nFrom: x\r\n\r\n",
                 sender="bob@example.org")
    c = suite.connect("lmtp")
    c.ok("LHLO a.example")
    c.send_mail(b"From: bob@example.org\r\n\r\n", sender="bob@example.org")
    assert suite.asked == [b"alice@example.org"] * 2


def test_sender_check_setting():
    with Suite(sender_check="envelope") as s:
        c = submit(s)
        assert c.code("MAIL FROM:<bob@example.org>") == 553
        c.send_mail(b"From: bob@example.org\r\n\r\n",
                    sender="alice@example.org")
    with Suite(sender_check="none") as s:
        submit(s).send_mail(b"From: x@far.example\r\nFrom: y\r\n\r\n",
                            sender="x@far.example")


def test_local_user_without_trust(suite):
    suite.trusted = False
    try:
        c = suite.connect("local").hello()
        assert c.code("MAIL FROM:<x@far.example>") == 553
        c.ok("MAIL FROM:<>")
        c.ok("RCPT TO:<alice@example.org>")
        assert c.data(b"From: x@far.example\r\n\r\n")[0] == 550
        assert (b"uid:%d" % os.geteuid(), b"x@far.example") in suite.asked
    finally:
        suite.trusted = True


# --------------------------------------------------------------- LMTP, local

def test_lmtp_answers_for_each(suite):
    # RFC 2033: one reply per accepted recipient after the final dot
    c = suite.connect("lmtp")
    assert c.greeting == (220, ["mail.example.org LMTP"])
    c.ok("LHLO client.example.net")
    c.envelope(rcpts=("alice@example.org", "bob@example.org"))
    first = c.data(MAIL)
    assert first[0] == 250 and c.reply() == first
    assert b"with LMTP id" in suite.message(queued(first)).text
    assert c.code("NOOP") == 250
    c.envelope(rcpts=("alice@example.org", "bob@example.org"))
    first = c.data(MAIL + b"a\rb\r\n")
    assert first[0] == 550 and c.reply() == first
    assert c.code("NOOP") == 250


def test_lmtp_is_no_relay(suite):
    c = suite.connect("lmtp")
    c.ok("LHLO client.example.net")
    c.ok("MAIL FROM:<a@b.example>")
    assert c.code("RCPT TO:<x@elsewhere.example>") == 550


def test_local_socket_knows_the_caller(suite):
    c = suite.connect("local").hello()
    id_ = c.send_mail(b"From: root@example.org\r\n\r\nhi\r\n",
                      rcpts=("x@elsewhere.example",))
    m = suite.message(id_)
    assert m.fields["client"] == b"local"
    assert b"\r\nDate: " in m.header and b"\r\nMessage-ID: <" in m.header
    assert b"Received: by mail.example.org id" in m.header
    assert suite.log_has("event=accepted", "id=" + id_,
                         "user=uid:%d" % os.getuid())


CALLER = """
import socket, sys
s = socket.socket(socket.AF_UNIX)
s.connect(sys.argv[1])
f = s.makefile("rwb")
for line in (b"EHLO x", b"MAIL FROM:<>",
             b"RCPT TO:<alice@example.org>", b"DATA", b".", b"QUIT"):
    f.write(line + b"\\r\\n")
f.flush()
s.shutdown(socket.SHUT_WR)
sys.stdout.buffer.write(f.read())
"""


@pytest.mark.skipif(os.getuid() != 0, reason="needs another user id")
def test_local_socket_knows_another_caller(suite):
    got = subprocess.run(["/usr/bin/python3", "-c", CALLER,
                          suite.addresses["local"]], capture_output=True,
                         user=12345, group=12345, cwd="/", timeout=10)
    assert b"queued as" in got.stdout, got
    assert suite.log_has("event=accepted", "user=uid:12345")


# ------------------------------------------------------------------- storage

def test_no_room(suite, mx):
    suite.new_refusal = (0, "4.3.1", "not enough space")
    try:
        mx.envelope()
        code, texts = mx.say("DATA")
        assert code == 452 and texts[0].startswith("4.3.1 not enough")
    finally:
        suite.new_refusal = None
    mx.send_mail(MAIL)


def test_commit_refused(suite, mx):
    suite.commit_mode = "refuse"
    try:
        mx.envelope()
        code, texts = mx.data(MAIL)
        assert code == 451 and texts[0].startswith("4.3.0 ")
    finally:
        suite.commit_mode = "ok"
    mx.send_mail(MAIL)


@pytest.mark.parametrize("mode", ["die", "other"])
def test_no_answer_to_commit_is_no_250(suite, mode):
    c = suite.connect("mx").hello()
    suite.commit_mode = mode
    try:
        c.envelope()
        assert c.data(MAIL)[0] == 451
    finally:
        suite.commit_mode = "ok"
    # Without qmgr this session is of no use: the next one has new channels.
    assert c.reply()[0] == 421
    assert c.closed() == b""
    suite.connect("mx").hello().send_mail(MAIL)


def test_full_disk_is_temporary(suite, mx):
    full = os.open("/dev/full", os.O_WRONLY)
    suite.new_fd = full
    try:
        mx.envelope()
        code, texts = mx.data(MAIL)
        assert code == 452 and texts[0].startswith("4.3.1 ")
        mx.envelope()
        code, _ = mx.data(MAIL + b"x" * 300000 + b"\r\n")
        assert code == 452
    finally:
        suite.new_fd = None
        os.close(full)
    assert len(suite.aborted) >= 2
    mx.send_mail(MAIL)


def test_unsyncable_file_is_temporary(suite, mx):
    """/dev/null takes every write, but fsync(2) of it fails: what is written
    counts for nothing."""
    null = os.open("/dev/null", os.O_WRONLY)
    suite.new_fd = null
    before = len(suite.aborted)
    try:
        mx.envelope()
        code, texts = mx.data(MAIL)
        assert code == 451 and texts[0].startswith("4.3.0 ")
    finally:
        suite.new_fd = None
        os.close(null)
    mx.send_mail(MAIL)
    assert len(suite.aborted) == before + 1


def test_no_250_before_it_is_committed(suite, mx):
    suite.commit_mode = "late"
    try:
        mx.envelope()
        mx.ok("DATA", 354)
        start = time.monotonic()
        mx.raw(MAIL + b".\r\n")
        got = mx.reply()
        assert got[0] == 250 and time.monotonic() - start > 0.45
        suite.message(queued(got))
    finally:
        suite.commit_mode = "ok"


def test_lookupd_gone(suite):
    suite.lookup_mode = "die"
    try:
        c = suite.connect("mx").hello()
        c.ok("MAIL FROM:<a@b.example>")
        assert c.code("RCPT TO:<alice@example.org>") == 451
        assert c.reply()[0] == 421
    finally:
        suite.lookup_mode = "ok"


def test_lost_in_the_message(suite):
    c = suite.connect("mx").hello()
    c.envelope(sender="lost@example.net")
    c.ok("DATA", 354)
    c.raw(MAIL)
    before = len(suite.aborted)
    c.close()
    assert suite.log_has("event=lost", "after=DATA",
                         "within the message")
    deadline = time.monotonic() + 3
    while len(suite.aborted) == before and time.monotonic() < deadline:
        time.sleep(0.01)
    assert len(suite.aborted) == before + 1


# ----------------------------------------------- processes for one address

def test_one_process_serves_the_same_address_again():
    with Suite() as s:
        def once(source):
            c = s.connect("mx", source=(source, 0)).hello()
            c.send_mail(MAIL)
            pids = set(s.children())
            c.ok("QUIT", 221)
            assert c.closed() == b""
            return pids

        first = once("127.0.0.1")
        assert len(first) == 1
        for _ in range(5):
            time.sleep(0.02)
            assert once("127.0.0.1") == first
        assert s.sessions == 1
        # Never another address.
        assert once("127.0.0.2") - first
        deadline = time.monotonic() + 5
        while s.children() and time.monotonic() < deadline:
            time.sleep(0.05)
        assert s.children() == []


def test_no_second_client_after_an_error():
    with Suite() as s:
        for expected in (1, 2):
            c = s.connect("mx").hello()
            c.send_mail(MAIL)
            assert c.code("FOO") == 500
            c.ok("QUIT", 221)
            c.closed()
            time.sleep(0.05)
            assert s.sessions == expected


def test_no_second_client_after_a_reload():
    """Neither one that waits nor one that is busy goes on with settings of
    before."""
    def once(client):
        client.hello().send_mail(MAIL)
        client.ok("QUIT", 221)
        client.closed()
        return client.greeting[1]

    with Suite() as s:
        busy = s.connect("mx")
        once(s.connect("mx"))
        time.sleep(0.05)
        s.reload(hostname="new.example.org")
        time.sleep(0.2)
        for _ in range(3):
            assert once(s.connect("mx")) == ["new.example.org ESMTP"]
        once(busy)
        time.sleep(0.05)
        assert once(s.connect("mx")) == ["new.example.org ESMTP"]


def test_connection_is_not_lost_with_its_process():
    """A process that is killed before it takes the next connection: the
    listener still has its copy, and another process serves it."""
    with Suite() as s:
        c = s.connect("mx").hello()
        c.send_mail(MAIL)
        c.ok("QUIT", 221)
        c.closed()
        time.sleep(0.05)
        (pid,) = s.children()
        os.kill(pid, 19)        # SIGSTOP: it cannot take anything
        c = s.connect("mx", greet=False)
        time.sleep(0.1)
        os.kill(pid, 9)
        assert c.reply()[0] == 220
        c.hello().send_mail(MAIL)


def test_submission_process_serves_one(suite):
    before = suite.sessions
    for i in range(2):
        c = submit(suite)
        c.send_mail(b"Subject: x\r\n\r\n", sender="alice@example.org")
        c.ok("QUIT", 221)
        c.closed()
    assert suite.sessions == before + 2


# ------------------------------------------------------------ life of smtpd

def test_reload_changes_new_sessions():
    with Suite() as s:
        old = s.connect("mx").hello()
        s.reload(message_size_max=70000, hostname="new.example.org")
        time.sleep(0.2)
        c = s.connect("mx", source=("127.0.0.7", 0))
        assert c.greeting[1] == ["new.example.org ESMTP"]
        assert "SIZE 70000" in c.say("EHLO a.example")[1]
        old.send_mail(MAIL)


def test_qmgr_restarts():
    with Suite() as s:
        c = s.connect("mx").hello()
        c.send_mail(MAIL)
        s.give_peer("ROLE_QMGR")
        time.sleep(0.1)
        s.connect("mx", source=("127.0.0.3", 0)).hello().send_mail(MAIL)


def test_term_ends_all_within_seconds():
    with Suite() as s:
        s.connect("mx").hello()
        start = time.monotonic()
        s.stop()
        assert time.monotonic() - start < 4
        assert s.process.returncode == 0


def test_end_of_master_is_the_end():
    with Suite() as s:
        s.master.shutdown(socket.SHUT_RDWR)
        s.process.wait(6)


def test_not_started_by_hand():
    got = subprocess.run([str(BIN / "smtpd")], stdin=subprocess.DEVNULL,
                         capture_output=True, timeout=10)
    assert got.returncode == 64
