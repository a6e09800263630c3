"""SMTPUTF8 as a client sees it: RFC 6531 3 and RFC 6533 3, section by section.

smtpd is real, its peers are played (flow/fake_suite.py), so what it asks and
what it writes into the queue are seen as octets.
"""
import pathlib
import sys

import pytest

ROOT = pathlib.Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "tests" / "flow"))
from fake_suite import Suite, queued  # noqa: E402

MAIL = b"From: carol@example.net\r\nSubject: hello\r\n\r\nBody.\r\n"
WIDE = "Subject: Grüße\r\n\r\nBody.\r\n".encode()
FAR = "jörg@bücher.example"
ASKED = "jörg@xn--bcher-kva.example".encode()   # RFC 5890: its A-label
NEED = "non-ASCII address needs SMTPUTF8"


@pytest.fixture(scope="module")
def suite():
    with Suite(relay_clients=["127.0.0.0/8"]) as s:
        yield s


@pytest.fixture
def mx(suite):
    c = suite.connect("mx").hello()
    yield c
    c.close()


def test_3_1_announced_without_parameters(suite):
    for port, verb in (("mx", "EHLO"), ("submission", "EHLO"),
                       ("lmtp", "LHLO")):
        lines = suite.connect(port).say(verb + " a.example")[1]
        assert "SMTPUTF8" in lines and "8BITMIME" in lines


def test_not_offered_where_it_is_switched_off():
    with Suite(smtp_utf8="no") as s:
        c = s.connect("mx")
        assert "SMTPUTF8" not in c.say("EHLO a.example")[1]
        assert c.code("MAIL FROM:<a@b.example> SMTPUTF8") == 555
        # RFC 6531 3.5: 550 at MAIL, 553 at RCPT
        assert c.say(f"MAIL FROM:<{FAR}>") == (550, ["5.6.7 " + NEED])
        c.ok("MAIL FROM:<a@b.example>")
        assert c.say(f"RCPT TO:<{FAR}>") == (553, ["5.6.7 " + NEED])
        c.ok("RCPT TO:<alice@example.org>")


def test_3_3_addresses_reach_the_queue_in_one_spelling(suite, mx):
    # the parameter asserts a need; it goes into the envelope
    mx.ok(f"MAIL FROM:<{FAR}> SMTPUTF8 BODY=8BITMIME")
    for rcpt in (FAR, "jörg@BÜCHER.example", "jörg@xn--bcher-kva.example"):
        mx.ok(f"RCPT TO:<{rcpt}>")
    mx.ok('RCPT TO:<"用 户"@例え.example>')
    m = suite.message(queued(mx.data(WIDE[:-2])))
    assert m.fields["from"] == ASKED and m.fields["smtputf8"] == b"yes"
    assert m.rcpts == [ASKED] * 3 + [
        '"用 户"@xn--r8jz45g.example'.encode()]
    assert m.fields["body"] == b"8bit"
    assert m.without_trace() == WIDE
    assert suite.asked[-4:-1] == [ASKED] * 3


def test_3_4_the_parameter(mx):
    for bad in ("SMTPUTF8=", "SMTPUTF8=1", "SMTPUTF8 SMTPUTF8"):
        assert mx.code("MAIL FROM:<a@b.example> " + bad) == 501
    mx.ok("MAIL FROM:<> smtputf8")
    mx.ok("RSET")


def test_3_5_reply_codes(suite, mx):
    got = mx.say(f"MAIL FROM:<{FAR}>")
    assert got == (550, ["5.6.7 " + NEED])
    mx.ok("MAIL FROM:<a@b.example>")
    asked = len(suite.asked)
    for rcpt in (FAR, "a@bücher.example"):
        code, texts = mx.say(f"RCPT TO:<{rcpt}>")
        assert code == 553 and texts[0].startswith("5.6.7 ")
    assert len(suite.asked) == asked
    # an A-label is ASCII
    mx.ok("RCPT TO:<a@xn--bcher-kva.example>")
    # what one message said is not the next one's
    mx.ok("RSET")
    mx.ok("MAIL FROM:<a@b.example> SMTPUTF8")
    mx.ok("RCPT TO:<" + FAR + ">")
    mx.ok("RSET")
    mx.ok("MAIL FROM:<a@b.example>")
    assert mx.code("RCPT TO:<" + FAR + ">") == 553


def test_3_6_a_header_in_utf8_without_the_parameter(suite, mx):
    m = suite.message(queued(
        (mx.envelope(), mx.data(WIDE[:-2]))[1]))
    assert "smtputf8" not in m.fields and m.fields["body"] == b"8bit"
    assert m.without_trace() == WIDE


def test_3_7_3_the_trace_field(suite, mx):
    id_ = mx.send_mail(MAIL, sender=FAR, rcpts=(FAR,), params=" SMTPUTF8")
    trace = b" ".join(suite.message(id_).text.split(b"\r\n\t")[:4])
    assert b"with UTF8SMTP id" in trace
    assert b"for <" + ASKED + b">" in trace
    id_ = mx.send_mail(MAIL)
    assert b"with ESMTP id" in suite.message(id_).text
    c = suite.connect("lmtp")
    c.ok("LHLO a.example")
    id_ = c.send_mail(MAIL, params=" SMTPUTF8")
    assert b"with UTF8LMTP id" in suite.message(id_).text


def test_3_7_4_2_vrfy(mx):
    assert mx.code("VRFY jörg SMTPUTF8") == 252
    assert mx.code("VRFY alice SMTPUTF8") == 252
    assert mx.code("VRFY alice") == 252
    assert mx.code("VRFY jörg") == 501
    assert mx.code(b"VRFY j\xf6rg SMTPUTF8") == 501


BAD = [b"\xff@b.example", b"\xc0\x80@b.example", b"\xed\xa0\x80@b.example",
       b"a\xf0\x9f@b.example", b"a@b.\xc3", b"a@\xff.example",
       "a\u0085@b.example", "a\u202e@b.example", "a\u2066@b.example",
       "a\u200b@b.example", "a\u00ad@b.example", "a@b\u00ad.example",
       "a@\u05d0a.example", "a@☃.example", "a@ü_x.example", "a@-ü.example",
       "a@x＠y.example", "a\ufeff@b.example", "é" * 33 + "@b.example",
       "a@" + "é" * 60 + ".example"]


@pytest.mark.parametrize("octets", BAD, ids=ascii)
def test_A8_A10_addresses_that_are_none(mx, octets):
    """Refused with the codes of bad syntax, the parameter given or not."""
    if isinstance(octets, str):
        octets = octets.encode()
    for params in (b"", b" SMTPUTF8"):
        code, texts = mx.say(b"MAIL FROM:<" + octets + b">" + params)
        assert (code, texts[0][:5]) == (501, "5.1.7"), texts
    mx.ok("MAIL FROM:<> SMTPUTF8")
    code, texts = mx.say(b"RCPT TO:<" + octets + b">")
    assert (code, texts[0][:5]) == (501, "5.1.3"), texts
    mx.ok("RSET")


def test_rfc6533_3_orcpt(suite, mx):
    mx.ok("MAIL FROM:<a@b.example> SMTPUTF8")
    mx.ok("RCPT TO:<alice@example.org> ORCPT=utf-8;jörg@b.example")
    mx.ok("RCPT TO:<alice@example.org> ORCPT=utf-8;j\\x{F6}rg\\x{20}@b")
    m = suite.message(queued(mx.data(MAIL)))
    assert [w[1] for w in m.wishes] == [
        "utf-8;jörg@b.example".encode(), "utf-8;jörg @b".encode()]
    mx.ok("MAIL FROM:<a@b.example>")
    mx.ok("RCPT TO:<alice@example.org> ORCPT=utf-8;j\\x{F6}rg@b")
    assert mx.code("RCPT TO:<alice@example.org> "
                   "ORCPT=utf-8;jörg@b") == 553
    for bad in ("utf-8;", "utf-8;a+2Bb", "utf-8;\\x{0D}\\x{0A}x",
                "utf-8;\\x{D800}", "utf-8;\\x{61}", "utf-8;\\x{}",
                "rfc822;jörg@b"):
        assert mx.code("RCPT TO:<alice@example.org> ORCPT=" + bad) == 501
    mx.ok("RSET")


def test_no_reply_holds_what_was_said(mx):
    # RFC 6531 3.7.4.2; Client.reply() refuses octets over 126
    mx.ok("MAIL FROM:<> SMTPUTF8")
    assert mx.code("RCPT TO:<nobodyé@example.org>") == 550
