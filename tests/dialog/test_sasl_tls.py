"""SASL under TLS: SCRAM-*-PLUS with each channel binding, the rules against
downgrades (RFC 5802 6), and EXTERNAL by a client's certificate; gsasl and curl
as clients that know how.
"""
import base64
import re
import shutil
import ssl
import subprocess
import tempfile
from pathlib import Path

import pytest

from certs import Pair
from conftest import needs
from sasl_client import (PORTS, TLS_PORTS, Line, Said, Scram, end_point,
                         give_keys, somewhere, trusting)
from suite import Suite

ALICE, SECRET = "alice@demo.example", "alice secret"
BOB = "bob@demo.example"
END_POINT = "tls-server-end-point"
MECHANISMS = "PLAIN LOGIN SCRAM-SHA-1 SCRAM-SHA-256 EXTERNAL"


class Client:
    """A certificate of our CA, or of nobody we know, for an address."""

    def __init__(self, place, ca, name, address):
        self.cert, self.key = place / f"{name}.crt", place / f"{name}.key"
        request, more = place / f"{name}.csr", place / f"{name}.ext"
        more.write_text(f"subjectAltName=email:{address}\n"
                        "extendedKeyUsage=clientAuth\n")
        for words in (["req", "-new", "-nodes", "-newkey", "ec", "-pkeyopt",
                       "ec_paramgen_curve:P-256", "-subj", f"/CN={name}",
                       "-keyout", self.key, "-out", request],
                      ["x509", "-req", "-in", request, "-CA", ca.cert,
                       "-CAkey", ca.key, "-days", "30", "-extfile", more,
                       "-out", self.cert]):
            subprocess.run(["openssl", *words], check=True,
                           capture_output=True)


@pytest.fixture(scope="module")
def place():
    made = Path(tempfile.mkdtemp(prefix="paqsasl-"))
    yield made
    shutil.rmtree(made)


@pytest.fixture(scope="module")
def ca(place):
    return Pair(place, "ca.demo.example", "ec")


@pytest.fixture(scope="module")
def paq(place, ca):
    pair = Pair(place, "mx.demo.example", "rsa", ["localhost"])
    with Suite(listen=(*PORTS.values(), *TLS_PORTS.values()), settings={
            "certificates": [pair.setting()],
            "client_certificates": str(ca.cert),
            "sasl_mechanisms": MECHANISMS}) as running:
        give_keys(running, {ALICE: SECRET}, 40)
        yield running


def connect(paq, protocol, context=None):
    return Line(protocol, paq.port[TLS_PORTS[protocol]], source=somewhere(),
                tls=context or trusting())


@pytest.fixture(params=PORTS)
def line(paq, request):
    with connect(paq, request.param) as one:
        yield one


GUESSED = (f"guessed{i}@demo.example" for i in range(40))


# ---------------------------------------------------------- channel binding

def test_plus_is_offered(line):
    assert line.mechanisms == [
        "PLAIN", "LOGIN", "SCRAM-SHA-1", "SCRAM-SHA-256", "SCRAM-SHA-1-PLUS",
        "SCRAM-SHA-256-PLUS"]


@pytest.mark.parametrize("mechanism, name", [
    ("SCRAM-SHA-1-PLUS", "sha1"), ("SCRAM-SHA-256-PLUS", "sha256")])
def test_bound_to_the_end_point(line, mechanism, name):
    client = Scram(name, ALICE, SECRET, (END_POINT, end_point(line.sock)))
    assert line.auth(mechanism, client) == "ok"
    assert client.verified and line.works()


def test_bound_to_the_end_point_by_tls_1_2(paq):
    for protocol in PORTS:
        with connect(paq, protocol,
                     trusting(ssl.TLSVersion.TLSv1_2)) as line:
            assert line.sock.version() == "TLSv1.2"
            client = Scram("sha256", ALICE, SECRET,
                           (END_POINT, end_point(line.sock)))
            assert line.auth("SCRAM-SHA-256-PLUS", client) == "ok"


def test_without_binding_where_the_client_has_none(line):
    assert line.auth("SCRAM-SHA-256",
                     Scram("sha256", ALICE, SECRET, flag="n")) == "ok"


@pytest.mark.parametrize("data", [b"", b"\0" * 32, b"short"])
def test_bound_to_another_channel(line, data):
    client = Scram("sha256", next(GUESSED), SECRET, (END_POINT, data))
    assert line.auth("SCRAM-SHA-256-PLUS", client) == "wrong"
    assert not line.works()


@pytest.mark.parametrize("mechanism, flag, want", [
    # the client was shown another list than ours
    ("SCRAM-SHA-256", "y", "wrong"),
    # no type of ours
    ("SCRAM-SHA-256-PLUS", "p=tls-unique", "wrong"),
    # no grammar: PLUS without binding, binding without PLUS
    ("SCRAM-SHA-256-PLUS", "n", "bad"),
    ("SCRAM-SHA-256-PLUS", "y", "bad"),
    ("SCRAM-SHA-256", f"p={END_POINT}", "bad"),
])
def test_downgrades(line, mechanism, flag, want):
    assert line.auth(mechanism, Scram("sha256", next(GUESSED), SECRET,
                                      flag=flag)) == want
    assert not line.works()


def test_y_is_right_where_nothing_can_be_bound_to(paq):
    """In the clear the list has no PLUS, so the client says so."""
    for protocol in PORTS:
        with Line(protocol, paq.port[PORTS[protocol]]) as line:
            assert not any("PLUS" in m for m in line.mechanisms)
            assert line.auth("SCRAM-SHA-256", Scram(
                "sha256", ALICE, SECRET, flag="y")) == "ok"


# ------------------------------------------------------------------ EXTERNAL

def certified(place, ca, name, address):
    context = trusting()
    client = Client(place, ca, name, address)
    context.load_cert_chain(client.cert, client.key)
    return context


@pytest.mark.parametrize("authzid", [b"", ALICE.encode(),
                                     b"Alice@demo.EXAMPLE"])
@pytest.mark.parametrize("initial", [True, False])
def test_external(paq, place, ca, initial, authzid):
    context = certified(place, ca, "alice", ALICE)
    for protocol in PORTS:
        with connect(paq, protocol, context) as line:
            assert "EXTERNAL" in line.mechanisms
            assert line.auth("EXTERNAL", Said(authzid), initial) == "ok"
            assert line.works()


def test_external_for_another(paq, place, ca):
    context = certified(place, ca, "alice", ALICE)
    for protocol in PORTS:
        with connect(paq, protocol, context) as line:
            assert line.auth("EXTERNAL", Said(BOB.encode())) == "wrong"
            assert not line.works()


def test_external_without_an_account(paq, place, ca):
    context = certified(place, ca, "nobody", "nobody@demo.example")
    for protocol in PORTS:
        with connect(paq, protocol, context) as line:
            assert line.auth("EXTERNAL", Said(b"")) == "wrong"


def test_external_by_a_stranger_or_nobody(paq, place):
    """A certificate that no CA of ours vouches for, and none at all."""
    stranger = certified(place, Pair(place, "other.example", "ec"), "alice2",
                         ALICE)
    for protocol in PORTS:
        for context in (stranger, trusting()):
            with connect(paq, protocol, context) as line:
                assert "EXTERNAL" not in line.mechanisms
                assert line.auth("EXTERNAL", Said(b"")) == "bad"
                assert not line.works()


# ------------------------------------------------------------ other clients

def gsasl(paq, protocol, mechanism, password=SECRET):
    """What gsasl(1) says and hears; it knows STARTTLS for both."""
    return subprocess.run(
        ["gsasl", f"--{protocol}", "--connect",
         f"127.0.0.1:{paq.port[PORTS[protocol]]}", "--mechanism", mechanism,
         "-a", ALICE, "-z", ALICE, "-p", password, "--no-client-first", "--starttls",
         "--x509-ca-file=",
         *([] if mechanism.endswith("-PLUS") else ["--no-cb"])], stdin=subprocess.DEVNULL,
        capture_output=True, text=True, timeout=20, check=False)


@needs("gsasl")
@pytest.mark.parametrize("protocol", ["smtp", "imap"])
@pytest.mark.parametrize("mechanism", [
    "PLAIN", "LOGIN", "SCRAM-SHA-1", "SCRAM-SHA-256", "SCRAM-SHA-1-PLUS",
    "SCRAM-SHA-256-PLUS"])
def test_gsasl(paq, protocol, mechanism):
    """It binds to the session: tls-exporter under TLS 1.3 (RFC 9266)."""
    done = gsasl(paq, protocol, mechanism)
    assert re.search(r"^235 |^\. OK .*Logged in", done.stdout, re.M), done
    if mechanism.endswith("-PLUS"):
        assert any(base64.b64decode(x, validate=True).startswith(
            b"p=tls-exporter,") for x in
            re.findall(r"^([A-Za-z0-9+/=]{40,})$", done.stdout, re.M)), done


@needs("gsasl")
def test_gsasl_with_a_wrong_password(paq):
    done = gsasl(paq, "smtp", "SCRAM-SHA-256-PLUS", "wrong")
    assert re.search(r"^535 5\.7\.8 ", done.stdout, re.M), done


@needs("curl")
@pytest.mark.parametrize("mechanism", ["PLAIN", "LOGIN", "EXTERNAL"])
@pytest.mark.parametrize("protocol", TLS_PORTS)
def test_curl(paq, place, ca, protocol, mechanism):
    url = f"{protocol}s://127.0.0.1:{paq.port[TLS_PORTS[protocol]]}/"
    mine = Client(place, ca, "curl", ALICE)
    done = subprocess.run(
        ["curl", "-sSvk", "-m", "20", "--cert", str(mine.cert), "--key", str(mine.key), "-u", f"{ALICE}:{'' if mechanism == 'EXTERNAL' else SECRET}",
         "--login-options",
         f"AUTH={mechanism}", url, *(["-X", "NOOP"] if protocol == "smtp"
                                     else [])],
        capture_output=True, text=True, timeout=60, check=False)
    assert re.search(r"^< (235 |\S+ OK |\+OK )", done.stdout + done.stderr,
                     re.M), done
    assert done.returncode == 0, done


# ------------------------------------------------------------------- XCLIENT

def test_another_client_by_xclient_has_proven_nothing(place, ca):
    """The TLS session is the proxy's: neither its certificate nor its channel
    are those of the client for whom it speaks."""
    pair = Pair(place, "proxied.demo.example", "rsa", ["localhost"])
    with Suite(listen=(*PORTS.values(), *TLS_PORTS.values()), settings={
            "certificates": [pair.setting()],
            "client_certificates": str(ca.cert),
            "xclient_hosts": ["127.0.0.0/8"],
            "sasl_mechanisms": MECHANISMS}) as running:
        give_keys(running, {ALICE: SECRET}, 40)
        with connect(running, "smtp",
                     certified(place, ca, "proxy", ALICE)) as line:
            assert "EXTERNAL" in line.mechanisms
            assert "SCRAM-SHA-256-PLUS" in line.mechanisms
            line.say("XCLIENT ADDR=192.0.2.7")
            assert line.line().startswith("220")
            assert line.hello() == ["PLAIN", "LOGIN", "SCRAM-SHA-1",
                                    "SCRAM-SHA-256"]
            assert line.auth("EXTERNAL", Said(b"")) == "bad"
            client = Scram("sha256", ALICE, SECRET,
                           (END_POINT, end_point(line.sock)))
            assert line.auth("SCRAM-SHA-256-PLUS", client) == "bad"
            assert not line.works()
            # a log-in of its own is that client's
            assert line.auth("SCRAM-SHA-256", Scram(
                "sha256", ALICE, SECRET, flag="n")) == "ok"
