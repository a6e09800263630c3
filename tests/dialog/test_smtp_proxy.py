"""smtpd behind others: the PROXY protocol, versions 1 and 2; XCLIENT and
XFORWARD."""
import pathlib
import sys
import time

import pytest

ROOT = pathlib.Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "tests" / "flow"))
from fake_suite import Suite  # noqa: E402

MAIL = b"From: carol@example.net\r\nSubject: hello\r\n\r\nBody.\r\n"
V1 = b"PROXY TCP4 192.0.2.7 198.51.100.1 4711 25\r\n"
V2 = (b"\r\n\r\n\0\r\nQUIT\n\x21\x11\0\x0c\xc0\0\x02\x07\xc6\x33\x64\x01"
      b"\x12\x67\0\x19")


@pytest.fixture(scope="module")
def suite():
    with Suite(proxy_clients=["127.0.0.0/8"],
               relay_clients=["192.0.2.0/24"]) as s:
        yield s


def proxied(suite, head, name="mx"):
    c = suite.connect(name, greet=False)
    c.raw(head)
    assert c.reply()[0] == 220
    return c


@pytest.mark.parametrize("head", [V1, V2])
def test_the_client_counts(suite, head):
    c = proxied(suite, head).hello()
    m = suite.message(c.send_mail(MAIL, rcpts=("x@far.example",)))
    assert m.fields["client"] == b"192.0.2.7"
    assert b"[192.0.2.7]" in m.header
    assert suite.log_has("event=accepted", "client=192.0.2.7")


def test_another_client_may_not_relay(suite):
    c = proxied(suite, b"PROXY TCP6 2001:db8::1 ::1 4711 25\r\n").hello()
    c.ok("MAIL FROM:<a@b.example>")
    assert c.code("RCPT TO:<x@far.example>") == 550


def test_nobody_is_local_by_hearsay(suite):
    """A header that says 127.0.0.1 opens no log-in in the clear."""
    head = b"PROXY TCP4 127.0.0.1 127.0.0.1 4711 587\r\n"
    c = proxied(suite, head, "submission")
    assert not [x for x in c.say("EHLO x")[1] if x.startswith("AUTH")]


@pytest.mark.parametrize("head", [
    b"PROXY UNKNOWN\r\n", b"\r\n\r\n\0\r\nQUIT\n\x20\0\0\0"])
def test_a_check_of_the_proxy(suite, head):
    c = proxied(suite, head).hello()
    m = suite.message(c.send_mail(MAIL))
    assert m.fields["client"] == b"127.0.0.1"


@pytest.mark.parametrize("head", [
    b"PROXY UNKNOWN\r\n", b"\r\n\r\n\0\r\nQUIT\n\x20\0\0\0",
    b"\r\n\r\n\0\r\nQUIT\n\x21\0\0\0"])
def test_nobody_known_has_no_rights(head):
    """Where the proxy does not say whose the connection is, its own address
    opens nothing: no relaying, no log-in in the clear, no XCLIENT."""
    own = ["127.0.0.1/32"]
    with Suite(proxy_clients=own, relay_clients=own, xclient_hosts=own) as s:
        c = proxied(s, head)
        assert not [x for x in c.say("EHLO x")[1] if x.startswith("X")]
        assert c.code("XCLIENT ADDR=192.0.2.7") == 502
        c.ok("MAIL FROM:<a@b.example>")
        assert c.code("RCPT TO:<x@far.example>") == 550
        c = proxied(s, head, "submission")
        assert not [x for x in c.say("EHLO x")[1] if x.startswith("AUTH")]


@pytest.mark.parametrize("head", [
    b"EHLO client.example.net\r\n", b"PROXY TCP4 1 2 3 4\r\n",
    b"PROXY " + b"x" * 200, V2[:12] + b"\x21\x11\xff\xff" + V2[16:],
    b"\x16\x03\x01" + b"\0" * 20])
def test_no_header_no_service(suite, head):
    c = suite.connect("mx", greet=False)
    c.raw(head)
    assert c.closed() == b""
    assert suite.log_has("event=lost", "no header of the proxy")


def test_split_at_every_octet(suite):
    for head in (V1, V2):
        for cut in range(1, len(head)):
            c = suite.connect("mx", greet=False)
            c.raw(head[:cut])
            time.sleep(0.001)
            c.raw(head[cut:])
            assert c.reply()[0] == 220
            c.close()


def test_who_speaks_behind_the_header_is_early(suite):
    c = suite.connect("mx", greet=False)
    c.raw(V1 + b"EHLO x\r\n")
    assert c.reply()[0] == 554


def test_from_others_it_is_a_command():
    with Suite() as s:
        c = s.connect("mx")
        assert c.code(V1[:-2]) == 500
        m = s.message(c.hello().send_mail(MAIL))
        assert m.fields["client"] == b"127.0.0.1"


def test_each_connection_says_whose_it_is(suite):
    """No process serves two of them, though they come from one address."""
    seen = []
    for n in (7, 8, 7):
        c = proxied(suite, V1.replace(b".7 ", b".%d " % n)).hello()
        seen.append(suite.message(c.send_mail(MAIL)).fields["client"])
        c.ok("QUIT", 221)
        c.closed()
    assert seen == [b"192.0.2.7", b"192.0.2.8", b"192.0.2.7"]


# ------------------------------------------------------- XCLIENT and XFORWARD

@pytest.fixture(scope="module")
def trusting():
    # Some of them speak for one another: a chain of proxies.
    with Suite(xclient_hosts=["127.0.0.1/32", "192.0.2.7/32",
                              "198.51.100.1/32", "2001:db8::1/128"],
               relay_clients=["192.0.2.0/24", "127.0.0.1/32"]) as s:
        yield s


def test_xclient_is_another_client(trusting):
    c = trusting.connect("mx")
    lines = c.say("EHLO x")[1]
    assert "XCLIENT NAME ADDR PORT PROTO HELO LOGIN" in lines
    assert "XFORWARD NAME ADDR PORT PROTO HELO IDENT SOURCE" in lines
    c.ok("XCLIENT NAME=[UNAVAILABLE] ADDR=192.0.2.7 PORT=4711 HELO=a+2Eb", 220)
    assert c.code("MAIL FROM:<a@b.example>") == 503
    c.hello()
    m = trusting.message(c.send_mail(MAIL, rcpts=("x@far.example",)))
    assert m.fields["client"] == b"192.0.2.7"
    c.ok("XCLIENT ADDR=IPV6:2001:db8::1", 220)
    c.hello()
    c.ok("MAIL FROM:<a@b.example>")
    assert c.code("RCPT TO:<x@far.example>") == 550
    assert c.code("XCLIENT ADDR=192.0.2.7") == 503
    assert trusting.log_has("event=xclient", "origin=192.0.2.7")


@pytest.mark.parametrize("words", [
    "ADDR", "ADDR=", "ADDR=x", "ADDR=192.0.2.7 ADDR=192.0.2.8", "FOO=bar",
    "PORT=65536", "HELO=a+0Db", "HELO=" + "x" * 256, "IDENT=x",
    "LOGIN=alice@example.org"])
def test_xclient_refused(trusting, words):
    c = trusting.connect("mx").hello()
    assert c.code("XCLIENT " + words) == 501
    m = trusting.message(c.send_mail(MAIL))
    assert m.fields["client"] == b"127.0.0.1"


def test_xclient_logs_in(trusting):
    c = trusting.connect("submission").hello()
    c.ok("XCLIENT ADDR=198.51.100.1 LOGIN=alice@example.org", 220)
    c.hello()
    m = trusting.message(c.send_mail(b"Subject: x\r\n\r\n",
                                     sender="alice@example.org"))
    assert m.fields["auth"] == b"alice@example.org"
    assert c.code("MAIL FROM:<bob@example.org>") == 553
    c.ok("XCLIENT LOGIN=[UNAVAILABLE]", 220)
    c.hello()
    assert c.code("MAIL FROM:<alice@example.org>") == 530


def test_xclient_is_not_for_who_is_passed_on(trusting):
    """A proxy that only passes on octets passes on this command, too."""
    c = trusting.connect("mx").hello()
    c.ok("XCLIENT ADDR=203.0.113.9", 220)
    assert not [x for x in c.say("EHLO x")[1] if x.startswith("X")]
    assert c.code("XCLIENT ADDR=192.0.2.7") == 502
    assert c.code("XFORWARD ADDR=192.0.2.7") == 502
    c.ok("MAIL FROM:<a@b.example>")
    assert c.code("RCPT TO:<x@far.example>") == 550


def test_xclient_of_nobody_known(trusting):
    """The proxy's own address may relay; its unknown client may not."""
    c = trusting.connect("mx").hello()
    c.ok("XCLIENT ADDR=[UNAVAILABLE]", 220)
    assert not [x for x in c.say("EHLO x")[1] if x.startswith("X")]
    c.ok("MAIL FROM:<a@b.example>")
    assert c.code("RCPT TO:<x@far.example>") == 550


def test_xclient_ends_a_login(trusting):
    """The next client is not whoever the one before it was."""
    c = trusting.connect("submission").hello()
    c.ok("XCLIENT ADDR=198.51.100.1 LOGIN=alice@example.org", 220)
    c.hello()
    c.ok("XCLIENT ADDR=203.0.113.9", 220)
    c.hello()
    assert c.code("MAIL FROM:<alice@example.org>") == 530


def test_nobody_else_may(trusting):
    c = trusting.connect("mx", source=("127.0.0.2", 0))
    assert not [x for x in c.say("EHLO x")[1] if x.startswith("X")]
    assert c.code("XCLIENT ADDR=192.0.2.7") == 502
    assert c.code("XFORWARD ADDR=192.0.2.7") == 502


def test_xforward_is_for_the_log(trusting):
    c = trusting.connect("mx").hello()
    c.ok("XFORWARD NAME=x.example ADDR=192.0.2.7 PROTO=ESMTP SOURCE=REMOTE")
    m = trusting.message(c.send_mail(MAIL))
    assert m.fields["client"] == b"127.0.0.1"
    assert trusting.log_has("event=accepted", "id=" + m.id,
                            "origin=192.0.2.7")
    m = trusting.message(c.send_mail(MAIL))
    assert "origin=" not in trusting.log_has("event=accepted", "id=" + m.id)
