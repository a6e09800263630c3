"""SASL on SMTP, IMAP and POP3: every mechanism that can be had in the clear on
the loopback address, with and without an initial response, right and wrong.

Under TLS: test_sasl_tls.py.
"""
import base64
import os
import re
import signal

import pytest

from suite import wait_for
from sasl_client import (PORTS, SCRAM, Line, Said, Scram, b64, give_keys,
                         somewhere)

ALICE, SECRET = "alice@demo.example", "alice secret"
BARE = "bare@demo.example"      # a hash, and no stored keys
SUITE = {
    "listen": ("submission", "pop3", "imap"),
    "users": {ALICE: SECRET, BARE: SECRET},
    "settings": {"sasl_mechanisms":
                 "PLAIN LOGIN SCRAM-SHA-1 SCRAM-SHA-256 EXTERNAL"},
}


@pytest.fixture(scope="module", autouse=True)
def keys(paq):
    give_keys(paq, {ALICE: SECRET, BARE: None})


@pytest.fixture(params=PORTS)
def line(paq, request):
    with Line(request.param, paq.port[PORTS[request.param]],
              source=somewhere()) as one:
        yield one


def test_what_is_offered(line):
    """No certificate was shown, nothing can be bound to."""
    assert line.mechanisms == ["PLAIN", "LOGIN", "SCRAM-SHA-1",
                               "SCRAM-SHA-256"]
    if line.protocol == "imap":
        assert "SASL-IR" in line.capabilities[0].split()    # RFC 4959 3


@pytest.mark.parametrize("initial", [True, False])
@pytest.mark.parametrize("mechanism", SCRAM)
def test_scram(line, mechanism, initial):
    client = Scram(SCRAM[mechanism], ALICE, SECRET)
    assert line.auth(mechanism, client, initial) == "ok"
    assert client.verified
    assert line.works()


@pytest.mark.parametrize("initial", [True, False])
def test_plain(line, initial):
    said = f"\0{ALICE}\0{SECRET}".encode()
    assert line.auth("PLAIN", Said(said), initial) == "ok"
    assert line.works()


def test_login(line):
    line.begin("LOGIN")
    assert line.outcome() == ("challenge", b"Username:")
    line.say(b64(ALICE.encode()))
    assert line.outcome() == ("challenge", b"Password:")
    line.say(b64(SECRET.encode()))
    assert line.outcome()[0] == "ok"
    assert line.works()


def test_mechanism_in_any_case(line):
    assert line.auth("scram-sha-256",
                     Scram("sha256", ALICE.upper(), SECRET)) == "ok"


@pytest.mark.parametrize("user", [ALICE, BARE, "nobody@demo.example"])
def test_wrong_password(line, user):
    """The same for who is there, who has no keys, and who is not there."""
    client = Scram("sha256", user, "wrong")
    assert line.auth("SCRAM-SHA-256", client) == "wrong"
    assert client.iterations == 4096
    assert len(base64.b64decode(client.salt)) == 16
    assert not line.works()


def test_no_keys_no_scram_but_a_password(line):
    assert line.auth("SCRAM-SHA-1", Scram("sha1", BARE, SECRET)) == "wrong"
    assert line.auth("PLAIN", Said(f"\0{BARE}\0{SECRET}".encode())) == "ok"


def test_salt_of_nobody_is_stable(paq):
    seen = set()
    for protocol in PORTS:
        for name in ("ghost@demo.example", "Ghost@demo.example"):
            client = Scram("sha256", name, "x")
            with Line(protocol, paq.port[PORTS[protocol]],
                      source=somewhere()) as one:
                assert one.auth("SCRAM-SHA-256", client) == "wrong"
            seen.add(client.salt)
    assert len(seen) == 1


def test_salt_of_nobody_outlives_authd(paq):
    """A restart does not tell names that nobody has from others."""
    def salt():
        client = Scram("sha256", "phantom@demo.example", "x")
        with Line("imap", paq.port["imap"], source=somewhere()) as one:
            assert one.auth("SCRAM-SHA-256", client) == "wrong"
        return client.salt
    first = salt()
    restart_authd(paq)
    assert salt() == first


def restart_authd(paq):
    before = paq.pid("authd")
    os.kill(before, signal.SIGKILL)
    wait_for(lambda: any(r["daemon"] == "authd" and r["state"] == "ready" and
                         r["pid"] != before for r in paq.status()))


def test_authorization_identity(line):
    """Nobody acts for another: RFC 5802 5.1, a."""
    other = Scram("sha256", ALICE, SECRET, authzid=f"a={BARE}")
    assert line.auth("SCRAM-SHA-256", other) == "wrong"
    same = Scram("sha256", ALICE, SECRET, authzid=f"a={ALICE}")
    assert line.auth("SCRAM-SHA-256", same) == "ok"


@pytest.mark.parametrize("mechanism", ["SCRAM-SHA-256-PLUS", "EXTERNAL",
                                       "CRAM-MD5", "XOAUTH2", "X"])
def test_what_is_not_offered_is_not_taken(line, mechanism):
    line.begin(mechanism)
    kind, text = line.outcome()
    assert kind == "bad"
    if line.protocol == "smtp":
        assert text.startswith("504 5.5.4")


@pytest.mark.parametrize("mechanism", ["PLAIN", *SCRAM])
def test_cancelled(line, mechanism):
    line.begin(mechanism)
    assert line.outcome() == ("challenge", b"")
    line.say("*")
    kind, text = line.outcome()
    assert kind == "bad"
    if line.protocol == "smtp":
        assert text.startswith("501 ")
    if line.protocol == "imap":         # RFC 3501 6.2.2
        assert text.startswith("t1 BAD")
    assert line.auth("SCRAM-SHA-1", Scram("sha1", ALICE, SECRET)) == "ok"


def test_cancelled_in_the_middle(line):
    client = Scram("sha256", ALICE, SECRET)
    line.begin("SCRAM-SHA-256", client.first())
    assert line.outcome()[0] == "challenge"
    line.say("*")
    assert line.outcome()[0] == "bad"
    assert line.auth("SCRAM-SHA-256", Scram("sha256", ALICE, SECRET)) == "ok"


def test_last_response_is_empty(line):
    """After the server's signature the client has nothing more to say."""
    client = Scram("sha256", ALICE, SECRET)
    line.begin("SCRAM-SHA-256", client.first())
    line.say(b64(client.answer(line.outcome()[1])))
    client.verify(line.outcome()[1])
    line.say(b64(b"more"))
    assert line.outcome()[0] == "bad"
    assert not line.works()


@pytest.mark.parametrize("octets", ["====", "a", "YWJj YWJj", "\0", "=",
                                    "YWJj=", "\u00e4"])
def test_bad_base64(line, octets):
    line.begin("SCRAM-SHA-256")
    line.outcome()
    line.say(octets)
    assert line.outcome()[0] == "bad"
    assert line.auth("PLAIN", Said(f"\0{ALICE}\0{SECRET}".encode())) == "ok"


def test_response_at_the_limit_and_over(line):
    """8000 octets of base64 are read; more end the command or the client."""
    line.begin("SCRAM-SHA-256")
    line.outcome()
    line.say("A" * 8000)
    assert line.outcome()[0] == "bad"
    line.begin("SCRAM-SHA-256")
    line.outcome()
    line.say("A" * 8190)
    assert line.outcome()[0] == "bad"


def test_a_log_line_says_the_mechanism(paq, line):
    assert line.auth("SCRAM-SHA-1", Scram("sha1", ALICE, SECRET)) == "ok"
    paq.wait_log(rf"event=login-accepted service={line.protocol} "
                 rf"user={re.escape(ALICE)} .*mech=SCRAM-SHA-1")


def test_input_behind_the_exchange_is_the_sessions(paq):
    """Commands in the same packet as the last response are not lost."""
    for protocol, more, want in (("imap", "n NOOP", "n OK"),
                                 ("pop3", "NOOP", "+OK")):
        client = Scram("sha256", ALICE, SECRET)
        with Line(protocol, paq.port[PORTS[protocol]]) as line:
            line.begin("SCRAM-SHA-256", client.first())
            line.say(b64(client.answer(line.outcome()[1])))
            client.verify(line.outcome()[1])
            line.raw(b"\r\n" + more.encode() + b"\r\n")
            assert line.outcome()[0] == "ok"
            assert line.line().startswith(want)


def test_a_restarted_authd_knows_no_exchange(paq):
    """Temporary, never a wrong password; and then all is well again."""
    for protocol in PORTS:
        client = Scram("sha256", ALICE, SECRET)
        with Line(protocol, paq.port[PORTS[protocol]]) as line:
            line.begin("SCRAM-SHA-256", client.first())
            challenge = line.outcome()[1]
            restart_authd(paq)
            line.say(b64(client.answer(challenge)))
            kind, text = line.outcome()
            assert kind == "later", (protocol, text)
