"""Scripted conversations with imapd before log-in.

For each row of the table in imapd/front.c one that is allowed and one that is
refused; then the way from one process to the next.
"""
import base64
import contextlib
import pathlib
import re
import sys
import time

import pytest

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent))
from imap_client import ROOT  # noqa: E402
from imap_front import Front  # noqa: E402


def b64(octets):
    return base64.b64encode(octets).decode()


PLAIN = b64(b"\0alice\0secret")
WRONG = b64(b"\0alice\0wrong")


@pytest.fixture(scope="module")
def front():
    with Front() as f:
        yield f


@pytest.fixture
def c(front):
    with contextlib.closing(front.connect()) as client:
        yield client


ROWS = {
    # name: allowed, what is said (a pattern), refused, answer
    "CAPABILITY": ("CAPABILITY", rb"\* CAPABILITY IMAP4rev1 .* SASL-IR "
                   rb"AUTH=PLAIN AUTH=LOGIN$", "CAPABILITY x", b"BAD"),
    "NOOP": ("NOOP", b"OK", "NOOP x", b"BAD"),
    "LOGOUT": ("LOGOUT", rb"\* BYE", "LOGOUT x", b"BAD"),
    "ID": ("ID NIL", rb"\* ID \(\"name\"", "ID", b"BAD"),
    # without a certificate; with one: tests/flow/test_tls.py
    "STARTTLS": (None, None, "STARTTLS", b"BAD"),
    "LOGIN": ("LOGIN alice secret", rb"OK \[CAPABILITY IMAP4rev1 ",
              "LOGIN alice wrong", rb"NO \[AUTHENTICATIONFAILED\]"),
    "AUTHENTICATE": ("AUTHENTICATE PLAIN " + PLAIN, rb"OK \[CAPABILITY ",
                     "AUTHENTICATE PLAIN " + WRONG,
                     rb"NO \[AUTHENTICATIONFAILED\]"),
}


def test_every_row_has_a_case():
    source = (ROOT / "imapd" / "front.c").read_text()
    body = re.search(r"front_commands\[\] = \{(.*?)\n\};", source,
                     re.S).group(1)
    assert sorted(re.findall(r'^\t\{ "([A-Z]+)"', body, re.M)) == \
        sorted(ROWS)


@pytest.mark.parametrize("name", [n for n in ROWS if ROWS[n][0]])
def test_allowed(c, name):
    command, want, *_ = ROWS[name]
    untagged, tagged = c.cmd(command)
    assert tagged.startswith(b"OK"), tagged
    assert any(re.match(want, line) for line in untagged + [tagged])


@pytest.mark.parametrize("name", ROWS)
def test_refused(c, name):
    *_, command, want = ROWS[name]
    assert re.match(want, c.cmd(command)[1])
    c.ok("NOOP")


def test_greeting(c):
    assert re.match(rb"\* OK \[CAPABILITY IMAP4rev1 ", c.greeting)


def test_not_before_login(c):
    for command in ("SELECT INBOX", 'LIST "" *', "FETCH 1 FLAGS", "IDLE",
                    "XYZZY"):
        assert c.cmd(command)[1].startswith(b"BAD")


LOGINS = [
    b"LOGIN alice secret",
    b'LOGIN "alice" "secret"',
    b"LOGIN {5+}\r\nalice {6+}\r\nsecret",
    b'LOGIN "bob@example.org" "quo\\"te\\\\d {5} pw"',
    b'LOGIN bob@example.org {15+}\r\nquo"te\\d {5} pw',
]


@pytest.mark.parametrize("command", LOGINS)
def test_login_forms(c, command):
    assert c.cmd(command)[1].startswith(b"OK")
    c.ok("SELECT INBOX")


def test_synchronizing_literals(c):
    c.send("a LOGIN {5}\r\n")
    assert c.line().startswith(b"+ ")
    c.send("alice {6}\r\n")
    assert c.line().startswith(b"+ ")
    c.send("sec")
    time.sleep(0.05)
    c.send("ret\r\n")
    assert c.line().startswith(b"a OK")


def test_authenticate(c):
    """RFC 3501 6.2.2, RFC 4616, and cancelling."""
    c.send("a AUTHENTICATE PLAIN\r\n")
    assert c.line() == b"+ "
    c.send("*\r\n")
    assert c.line().startswith(b"a BAD")
    c.send("b AUTHENTICATE LOGIN\r\n")
    assert base64.b64decode(c.line()[2:]).lower().startswith(b"user")
    c.send(b64(b"alice") + "\r\n")
    assert base64.b64decode(c.line()[2:]).lower().startswith(b"pass")
    c.send(b64(b"secret") + "\r\n")
    assert c.line().startswith(b"b OK")


@pytest.mark.parametrize("response", [
    "!!!!", "AA", "AAA", "=", "", PLAIN + "=", b64(b"alice\0secret"),
    b64(b"\0alice\0secret\0more"), b64(b"bob\0alice\0secret"), "A" * 2000])
def test_bad_responses(front, response):
    """Threat D4; an authorization identity of another user (D6)."""
    c = front.connect()
    c.send("a AUTHENTICATE PLAIN\r\n")
    assert c.line() == b"+ "
    c.send(response + "\r\n")
    assert re.match(rb"a (BAD|NO)|\* BYE", c.line())
    assert (b"bob", b"secret") not in front.logins
    c.close()


def test_mechanisms(c):
    assert c.cmd("AUTHENTICATE CRAM-MD5")[1].startswith(b"NO")
    assert c.cmd("AUTHENTICATE GSSAPI " + PLAIN)[1].startswith(b"NO")
    assert c.cmd("AUTHENTICATE PLAIN a b")[1].startswith(b"BAD")


def test_pending(front):
    """What was sent behind the log-in reaches the session, in order."""
    c = front.connect()
    c.send("a LOGIN alice secret\r\nb NOOP\r\nc SELECT INBOX\r\nd NO")
    assert c.line().startswith(b"a OK")
    assert c.line().startswith(b"b OK")
    assert c.answer(b"c")[1].startswith(b"OK")
    c.send("OP\r\n")
    assert c.line().startswith(b"d OK")
    c.close()


def test_temporary(front):
    front.result = 2
    try:
        c = front.connect()
        assert c.cmd("LOGIN alice secret")[1].startswith(b"NO [UNAVAILABLE]")
        c.close()
    finally:
        front.result = None


def test_wrong_passwords(front):
    c = front.connect()
    for _ in range(5):
        assert c.cmd("LOGIN alice wrong")[1].startswith(b"NO")
    assert b"* BYE" in c.ended()


def test_open_network():
    """No password over an open network: refused before it is asked for."""
    import socket
    s = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    try:
        s.connect(("192.0.2.1", 9))
        address = s.getsockname()[0]
    except OSError:
        pytest.skip("no address but loopback")
    finally:
        s.close()
    with Front(host=address) as front:
        c = front.connect()
        assert b"LOGINDISABLED" in c.greeting
        assert b"AUTH=" not in c.greeting
        for command in ("LOGIN alice secret", "AUTHENTICATE PLAIN",
                        "AUTHENTICATE PLAIN " + PLAIN):
            assert c.cmd(command)[1].startswith(b"NO [PRIVACYREQUIRED]")
        assert front.logins == []
        c.close()


def test_timeout():
    with Front(login_timeout=5) as front:
        c = front.connect()
        begin = time.monotonic()
        assert b"* BYE" in c.ended()
        assert time.monotonic() - begin > 4
