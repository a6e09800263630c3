"""Log-ins and TLS against who records, cuts, mixes and floods them.

Each test is named after the entries of doc/threats.md that it concerns.
"""
import contextlib
import os
import re
import socket
import subprocess
import sys
import threading

import pytest

from certs import Pair
from suite import BIN, ROOT, Suite, wait_for

sys.path.insert(0, str(ROOT / "tests" / "dialog"))
from sasl_client import PORTS, TLS_PORTS, Line, Said, Scram, b64, end_point, \
    stored_keys, trusting  # noqa: E402

ALICE, BOB, SECRET = "alice@demo.example", "bob@demo.example", "alice secret"
LONG = bool(os.environ.get("LONG"))


@pytest.fixture(scope="module")
def paq(tmp_path_factory):
    pair = Pair(tmp_path_factory.mktemp("certs"), "localhost", "rsa")
    s = Suite(users={ALICE: SECRET, BOB: SECRET},
              listen=("mx", *PORTS.values(), *TLS_PORTS.values()),
              settings={"certificates": [pair.setting()], "sasl_mechanisms":
                        "PLAIN LOGIN SCRAM-SHA-1 SCRAM-SHA-256"})
    s.write()
    path = s.conf.parent / "users"
    lines = []
    for line in path.read_text().splitlines():
        fields = line.split(":")
        fields += [""] * (8 - len(fields))
        if fields[0] == ALICE:
            fields[7] = " ".join(
                [w for w in fields[7].split() if not w.startswith("scram-")] +
                [f"scram-sha-256={stored_keys('sha256', SECRET)}"])
            lines += [":".join([f"u{n}@demo.example", *fields[1:]])
                      for n in range(60)]
        lines.append(":".join(fields))
    path.write_text("\n".join(lines) + "\n")
    s.paquebot("map", "users")
    try:
        yield s.start()
    finally:
        s.close()


networks = iter(range(1, 60000))


def somewhere():
    """Another network each time: guessing has a price per network."""
    n = next(networks)
    return f"127.{100 + n // 250}.{n % 250}.1"


def somebody():
    """Whose password nobody has guessed at yet: that has a price as well."""
    return f"u{next(users)}@demo.example"


users = iter(range(60))


def line_to(paq, protocol, tls=False):
    ports = TLS_PORTS if tls else PORTS
    return Line(protocol, paq.port[ports[protocol]], source=somewhere(),
                tls=trusting() if tls else None)


# ------------------------------------------------------------- D3: said again

@pytest.mark.parametrize("protocol", PORTS)
def test_D3_a_recorded_exchange(paq, protocol):
    """The same octets over another connection: refused, whoever says them, for
    the server's part of the nonce is another."""
    client = Scram("sha256", somebody(), SECRET)
    with line_to(paq, protocol) as line:
        assert line.auth("SCRAM-SHA-256", client) == "ok"
    again = Said(client.first(), client.last, b"")
    with line_to(paq, protocol) as line:
        assert line.auth("SCRAM-SHA-256", again) == "wrong"
        assert not line.works()


@pytest.mark.parametrize("change", [
    {"r": lambda r: r[:-1]}, {"r": lambda r: r + "A"},
    {"r": lambda r: r[:24]}, {"r": lambda r: r[:-1] + "!"},
    {"c": lambda c: b64(b"y,,")}, {"c": lambda c: ""},
    {"p": lambda p: p[:-1]}, {"p": lambda p: bytes(len(p))},
    {"p": lambda p: p + b"\0"}], ids=range(9))
def test_D3_changed_answers(paq, change):
    with line_to(paq, "imap") as line:
        got = line.auth("SCRAM-SHA-256", Scram("sha256", somebody(), SECRET,
                                               change=change))
        assert got in ("wrong", "bad")
        assert not line.works()


def test_D3_channel_binding(paq):
    """RFC 5802 6: the right one is taken; another's, none, and "the server has
    none" to a server that has are refused."""
    def run(mechanism, **how):
        with line_to(paq, "imap", tls=True) as line:
            if how.pop("bound", False):
                how["binding"] = ("tls-server-end-point", end_point(line.sock))
            got = line.auth(mechanism, Scram("sha256", somebody(), SECRET,
                                        **how))
            return got, line.works()
    plus = "SCRAM-SHA-256-PLUS"
    with line_to(paq, "imap", tls=True) as line:
        assert plus in line.mechanisms
    assert run(plus, bound=True) == ("ok", True)
    for how in ({"binding": ("tls-server-end-point", bytes(32))},
                {"binding": ("tls-server-end-point", b"")},
                {"binding": ("tls-unique", bytes(12))}, {"flag": "n"},
                {"flag": "y"}):
        got, works = run(plus, **how)
        assert got in ("wrong", "bad") and not works, how
    # A client that could, told "y": somebody took -PLUS from the list.
    got, works = run("SCRAM-SHA-256", flag="y")
    assert got in ("wrong", "bad") and not works
    with line_to(paq, "imap") as line:      # no TLS, nothing to bind to
        assert plus not in line.mechanisms
        assert line.auth(plus, Scram("sha256", somebody(), SECRET, binding=(
            "tls-server-end-point", bytes(32)))) == "bad"


# ------------------------------------------------- D4: cut, mixed, abandoned

BAD = ["!", "=", "====", "AGE", "AG E=", "AGEAYg", "AGEAYg=", "AGEAYg==x",
       "\x01", "*x", "A" * 65536, "-", "AGEA\xffYg=="]


def rss(paq, daemon):
    text = open(f"/proc/{paq.pid(daemon)}/status").read()
    return int(re.search(r"VmRSS:\s+(\d+)", text)[1])


@pytest.mark.parametrize("protocol", PORTS)
def test_D4_mechanisms_begun_and_left(paq, protocol):
    """Again and again, while others log in: these notice nothing, memory stays
    as it was."""
    over, others = threading.Event(), []

    def log_in():
        while not over.is_set():
            with line_to(paq, protocol) as line:
                others.append(line.auth("PLAIN", Said(
                    f"\0{BOB}\0{SECRET}".encode())))

    def abandon(times):
        for n in range(times):
            with contextlib.suppress(EOFError, OSError), \
                    line_to(paq, protocol) as line:
                for mechanism in ("PLAIN", "SCRAM-SHA-256", "LOGIN"):
                    line.begin(mechanism)
                    if line.outcome()[0] != "challenge":
                        break
                    if n % 2:
                        line.say("*")
                        assert line.outcome()[0] == "bad"
                    else:
                        line.say(BAD[n // 2 % len(BAD)])
                        assert line.outcome()[0] in ("bad", "wrong",
                                                     "challenge")
                line.begin("EXTERNAL", b"")
                line.begin("SCRAM-SHA-256", b"n,,n=x,r=y")
                line.sock.close()       # in the middle of it
    thread = threading.Thread(target=log_in)
    thread.start()
    try:
        abandon(20)
        before = rss(paq, "authd")
        abandon(300 if LONG else 60)
        after = rss(paq, "authd")
        wait_for(lambda: len(others) >= 5)
    finally:
        over.set()
        thread.join()
    assert set(others) == {"ok"}
    assert "san" in BIN.parent.name or after - before < 1024


# ----------------------------------------------------------- C13: in TLS itself

@pytest.fixture(scope="module")
def flood(tmp_path_factory):
    program = tmp_path_factory.mktemp("flood") / "tls_flood"
    subprocess.run(["cc", "-O1", "-D_GNU_SOURCE", "-o", program,
                    ROOT / "tests" / "hostile" / "tls_flood.c", "-lssl",
                    "-lcrypto"], check=True)
    return program


@pytest.mark.parametrize("what", ["keys", "octets", "empty", "mixed"])
@pytest.mark.parametrize("protocol", PORTS)
def test_C13_floods_inside_of_tls(paq, flood, protocol, what):
    """New keys, or records without data, for ever: the connection ends (how many
    more were under way by then is the kernel's business); a record per octet
    makes a line that is too long.  The next client is served."""
    endless = what in ("keys", "empty")
    most = 1000000 if endless else 100000
    done = subprocess.run([flood, what, str(paq.port[TLS_PORTS[protocol]]),
                           str(most)], capture_output=True, text=True,
                          check=True, timeout=300)
    assert 0 < int(done.stdout) < most + (not endless)
    with line_to(paq, protocol, tls=True) as line:
        assert line.auth("PLAIN", Said(f"\0{BOB}\0{SECRET}".encode())) == "ok"
    with socket.create_connection((paq.host, paq.port["mx"])) as s:
        assert s.recv(100).startswith(b"220")


@pytest.mark.parametrize("protocol,said", [
    ("smtp", "500 "), ("imap", "* BYE "), ("pop3", "-ERR ")])
def test_C13_some_records_without_data(paq, flood, protocol, said):
    """RFC 8446 5.1: they hide how much is said, and nothing is wrong with them.
    (So what test_C13_floods_inside_of_tls sends is well sealed.)"""
    done = subprocess.run([flood, "few", str(paq.port[TLS_PORTS[protocol]]),
                           "20"], capture_output=True, text=True, check=True,
                          timeout=60)
    assert done.stdout.startswith(said)
