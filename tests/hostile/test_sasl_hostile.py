"""SASL exchanges gone wrong on purpose, against a running suite, on each
protocol.  Each test is named after the weakness that it guards against; the
numbers are those of the list of threats that the project keeps.
"""
import pathlib
import sys
import threading

import pytest

ROOT = pathlib.Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "tests" / "dialog"))
from sasl_client import (PORTS, Line, Said, Scram, b64,  # noqa: E402
                         give_keys, somewhere)

ALICE, SECRET = "alice@demo.example", "alice secret"
SUITE = {"listen": tuple(PORTS.values()), "users": {ALICE: SECRET},
         "settings": {"sasl_mechanisms": "PLAIN LOGIN SCRAM-SHA-1 "
                      "SCRAM-SHA-256 EXTERNAL",
                      "login_timeout": "10m"}}
GUESSED = (f"guessed{i}@demo.example" for i in range(60))


@pytest.fixture(scope="module", autouse=True)
def keys(paq):
    give_keys(paq, {ALICE: SECRET}, 60)


def connect(paq, protocol):
    return Line(protocol, paq.port[PORTS[protocol]], source=somewhere())


@pytest.fixture(params=PORTS)
def line(paq, request):
    with connect(paq, request.param) as one:
        yield one


def test_d3_replay(paq, line):
    """A whole exchange that worked is said once more, in another session."""
    user = next(GUESSED)
    seen = Scram("sha256", user, SECRET)
    assert line.auth("SCRAM-SHA-256", seen) == "ok"
    with connect(paq, line.protocol) as again:
        assert again.auth("SCRAM-SHA-256",
                          Said(seen.first(), seen.last)) == "wrong"
        assert not again.works()


@pytest.mark.parametrize("change", [
    {"r": lambda r: r[:-1]}, {"r": lambda r: r[:24]}, {"r": lambda r: r + "x"},
    {"r": lambda r: r.swapcase()}, {"c": lambda c: ""},
    {"c": lambda c: b64(b"y,,")}, {"c": lambda c: b64(b"n,a=bob,")},
    {"c": lambda c: b64(b"p=tls-exporter,,")}, {"c": lambda c: c + "===="},
    {"p": lambda p: p[:-1]}, {"p": lambda p: b""}, {"p": lambda p: bytes(32)},
    {"p": lambda p: p + b"\0"}],
    ids=["shorter nonce", "client's nonce alone", "longer nonce",
         "nonce in other case", "no binding", "y for n", "authzid",
         "binding", "padding", "shorter proof", "no proof", "zeros",
         "longer proof"])
def test_d3_bent_last_message(line, change):
    user = next(GUESSED)
    client = Scram("sha256", user, SECRET, change=change)
    assert line.auth("SCRAM-SHA-256", client) in ("wrong", "bad")
    assert not client.verified
    assert not line.works()


def test_d3_two_first_messages(line):
    """The first message again in place of the proof."""
    client = Scram("sha256", next(GUESSED), SECRET)
    first = client.first()
    assert line.auth("SCRAM-SHA-256", Said(first, first)) == "bad"
    assert not line.works()


def test_d3_signature_refused_by_the_client(line):
    """Who cancels after the server's proof is not logged in."""
    client = Scram("sha256", ALICE, SECRET)
    line.begin("SCRAM-SHA-256", client.first())
    line.say(b64(client.answer(line.outcome()[1])))
    assert line.outcome()[0] == "challenge"
    line.say("*")
    assert line.outcome()[0] == "bad"
    assert not line.works()


def test_d4_external_without_a_certificate(line):
    """EXTERNAL with "=", and with somebody's name."""
    for said in (b"", ALICE.encode()):
        line.begin("EXTERNAL", said)
        assert line.outcome()[0] == "bad"
    assert not line.works()


def test_d4_cancel_and_another_mechanism(paq):
    """A thousand exchanges begun and given up: nothing is kept of them, and
    whoever does it is sent off; others do not notice."""
    before = paq.pid("authd")
    for protocol in PORTS:
        left = 1000
        while left > 0:
            with connect(paq, protocol) as line:
                try:
                    while left > 0:
                        left -= 1
                        name = "SCRAM-SHA-256" if left % 2 else "PLAIN"
                        line.begin(name)
                        if line.outcome()[0] != "challenge":
                            break
                        line.say("*")
                        if line.outcome()[0] != "bad":
                            break
                except (EOFError, OSError):
                    pass        # sent off: the next one
    with connect(paq, "imap") as line:
        assert line.auth("SCRAM-SHA-256",
                         Scram("sha256", ALICE, SECRET)) == "ok"
    assert paq.pid("authd") == before


def test_d4_left_in_the_middle(paq):
    """Clients that go away within an exchange leave nothing behind."""
    before = paq.pid("authd")
    for protocol in PORTS:
        for _ in range(100):
            line = connect(paq, protocol)
            line.begin("SCRAM-SHA-256", Scram("sha256", ALICE, "x").first())
            line.sock.close()
    with connect(paq, "imap") as line:
        assert line.auth("SCRAM-SHA-256",
                         Scram("sha256", ALICE, SECRET)) == "ok"
    assert paq.pid("authd") == before


def test_d4_bad_base64_while_others_log_in(paq):
    """Rubbish from one side, fifty log-ins from the other: all succeed."""
    over, results = threading.Event(), []

    def rubbish():
        while not over.is_set():
            try:
                with connect(paq, "imap") as line:
                    for text in ("====", "\0", "A" * 7000, "%%%%"):
                        line.begin("SCRAM-SHA-256")
                        line.outcome()
                        line.say(text)
                        line.outcome()
            except (EOFError, OSError):
                pass

    def log_in():
        with connect(paq, "imap") as line:
            results.append(line.auth("SCRAM-SHA-256",
                                     Scram("sha256", ALICE, SECRET)))

    bad = threading.Thread(target=rubbish)
    bad.start()
    good = [threading.Thread(target=log_in) for _ in range(50)]
    for thread in good:
        thread.start()
    for thread in good:
        thread.join()
    over.set()
    bad.join()
    assert results == ["ok"] * 50


def said_at_once(paq, octets, seconds):
    """What the answers to that are, until the end or for so long."""
    got = b""
    with connect(paq, "imap") as one:
        one.sock.settimeout(seconds)
        try:
            one.sock.sendall(octets)
            while more := one.sock.recv(65536):
                got += more
        except OSError:
            pass        # it had not read all that we said, or is slow
    return got


def test_d5_a_flood_of_log_ins(paq):
    """authd breaks with a front that asks too much; clients that say a
    thousand log-ins at once each cannot bring that about, and are sent off
    where their tries are not even judged."""
    before, heard = len(paq.log.read_text()), []

    def together(n, octets, seconds):
        threads = [threading.Thread(target=lambda: heard.append(
            said_at_once(paq, octets, seconds))) for _ in range(n)]
        for t in threads:
            t.start()
        for t in threads:
            t.join()

    together(40, b"a LOGIN nobody x\r\n", 3)   # now that name is held up
    heard.clear()
    for _ in range(3):
        together(24, b"a LOGIN nobody x\r\n" * 1000, 3)
    assert sum(x.count(b"a NO [UNAVAILABLE]") == 5 and
               b"* BYE too many failed" in x for x in heard) > 50
    assert "event=ipc-refused" not in paq.log.read_text()[before:]
    with connect(paq, "imap") as line:
        assert line.auth("PLAIN", Said(
            b"\0%b\0%b" % (ALICE.encode(), SECRET.encode()))) == "ok"
