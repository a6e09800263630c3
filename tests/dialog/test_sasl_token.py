"""OAUTHBEARER (RFC 7628) and XOAUTH2 on SMTP, IMAP and POP3: tokens made by
openssl(1), good and wrong; errors as RFC 7628 3.2.2 has them; curl and Python.
"""
import base64
import json
import re
import subprocess
import time

import pytest

from conftest import needs
from sasl_client import PORTS, Line, Said, somewhere
from suite import Suite, wait_for

ALICE = "alice@demo.example"
ISSUER, AUDIENCE = "https://id.demo.example", "mail"
KINDS = {"RS256": ["rsa:2048"], "ES256": ["ec", "-pkeyopt",
                                          "ec_paramgen_curve:P-256"],
         "EdDSA": ["ed25519"]}


def url64(octets):
    return base64.urlsafe_b64encode(octets).rstrip(b"=").decode()


def openssl(*words, stdin=None):
    return subprocess.run(["openssl", *map(str, words)], input=stdin,
                          check=True, capture_output=True).stdout


class Signer:
    """A key, its JWK, and tokens signed with it."""

    def __init__(self, place, alg, name=""):
        self.alg, self.kid = alg, f"{name}{alg}"
        self.key, self.scratch = place / f"{self.kid}.pem", place / "text"
        openssl("req", "-x509", "-nodes", "-newkey", *KINDS[alg], "-subj",
                "/CN=x", "-keyout", self.key, "-out", place / "ignored")
        der = openssl("pkey", "-in", self.key, "-pubout", "-outform", "DER")
        if alg == "RS256":
            n = openssl("rsa", "-in", self.key, "-noout", "-modulus")
            self.jwk = {"kty": "RSA", "e": "AQAB", "n": url64(
                bytes.fromhex(n.decode().strip().partition("=")[2]))}
        elif alg == "ES256":
            self.jwk = {"kty": "EC", "crv": "P-256", "x": url64(der[-64:-32]),
                        "y": url64(der[-32:])}
        else:
            self.jwk = {"kty": "OKP", "crv": "Ed25519", "x": url64(der[-32:])}
        self.jwk |= {"kid": self.kid, "use": "sig", "alg": alg}

    def sign(self, text):
        if self.alg == "EdDSA":
            self.scratch.write_bytes(text)
            return openssl("pkeyutl", "-sign", "-inkey", self.key, "-rawin",
                           "-in", self.scratch)
        out = openssl("dgst", "-sha256", "-sign", self.key, stdin=text)
        if self.alg == "ES256":         # DER: 30 len 02 len r 02 len s
            n = out[3]
            r, s = out[4:4 + n], out[6 + n:]
            out = r[-32:].rjust(32, b"\0") + s[-32:].rjust(32, b"\0")
        return out

    def token(self, **claims):
        now = int(time.time())
        claims = {"iss": ISSUER, "aud": AUDIENCE, "exp": now + 600,
                  "nbf": now - 10, "email": ALICE, **claims}
        claims = {k: v for k, v in claims.items() if v is not None}
        text = url64(json.dumps({"alg": self.alg, "kid": self.kid}).encode()) \
            + "." + url64(json.dumps(claims).encode())
        return f"{text}.{url64(self.sign(text.encode()))}"


@pytest.fixture(scope="module")
def signers(tmp_path_factory):
    place = tmp_path_factory.mktemp("keys")
    return {alg: Signer(place, alg) for alg in KINDS}


@pytest.fixture(scope="module")
def paq(signers, tmp_path_factory):
    keys = tmp_path_factory.mktemp("jwks") / "keys.json"
    keys.write_text(json.dumps({"keys": [s.jwk for s in signers.values()]}))
    keys.chmod(0o600)       # master opens it, authd could not
    with Suite(listen=tuple(PORTS.values()), settings={
            "oauth_keys": str(keys), "oauth_issuer": ISSUER,
            "oauth_audience": AUDIENCE}) as running:
        yield running


@pytest.fixture(params=PORTS)
def line(paq, request):
    with Line(request.param, paq.port[PORTS[request.param]],
              source=somewhere()) as one:
        yield one


def bearer(token, user="", more=b"host=mx.demo.example\x01port=143\x01"):
    header = f"n,{'a=' + user if user else ''},".encode()
    return header + b"\x01" + more + b"auth=Bearer " + token.encode() + \
        b"\x01\x01"


def xoauth2(token, user=ALICE):
    return f"user={user}\x01auth=Bearer {token}\x01\x01".encode()


def test_both_are_offered(line):
    assert line.mechanisms == ["PLAIN", "LOGIN", "OAUTHBEARER", "XOAUTH2"]


@pytest.mark.parametrize("alg", KINDS)
@pytest.mark.parametrize("initial", [True, False])
def test_oauthbearer(line, signers, alg, initial):
    said = Said(bearer(signers[alg].token()))
    assert line.auth("OAUTHBEARER", said, initial) == "ok"
    assert line.works()


def test_oauthbearer_with_a_name(line, signers):
    token = signers["EdDSA"].token(aud=["web", AUDIENCE])
    assert line.auth("OAUTHBEARER", Said(bearer(token, ALICE, b""))) == "ok"


@pytest.mark.parametrize("initial", [True, False])
def test_xoauth2(line, signers, initial):
    said = Said(xoauth2(signers["ES256"].token()))
    assert line.auth("XOAUTH2", said, initial) == "ok"
    assert line.works()


WRONG = {       # claims, and why they will not do
    "expired": {"exp": 1000}, "no end": {"exp": None},
    "not yet good": {"nbf": 99999999999}, "other issuer": {"iss": "https://e"},
    "other audience": {"aud": "web"}, "no such account": {},
    "no user": {"email": None}, "for another user": {"email": ALICE},
    "address not verified": {"email_verified": False},
}
FRESH = (f"fresh{i}@demo.example" for i in range(1000))


@pytest.mark.parametrize("what", WRONG)
@pytest.mark.parametrize("mechanism", ["OAUTHBEARER", "XOAUTH2"])
def test_wrong_tokens(paq, line, signers, mechanism, what):
    """RFC 7628 3.2.2, 3.2.3: an error in JSON, one more response, the end.
    A name of its own each: guesses for one name make each other slow."""
    user = next(FRESH)
    token = signers["EdDSA"].token(**{"email": user, **WRONG[what]})
    say = bearer(token, user) if mechanism == "OAUTHBEARER" else \
        xoauth2(token, user)
    said = Said(say, b"\x01" if mechanism == "OAUTHBEARER" else b"")
    assert line.auth(mechanism, said) == "wrong"
    assert json.loads(said.heard) == {"status": "invalid_token"}
    assert not line.works()
    quoted = f'"{what}"' if " " in what else what
    paq.wait_log(f"event=token-refused user={user} .*why={quoted}$")


@pytest.mark.parametrize("said", ["false", None, 0, "no"])
def test_an_address_that_is_not_said_to_be_verified(line, signers, said):
    user = next(FRESH)
    token = signers["EdDSA"].token(email=user, email_verified=said)
    # what is None is left out by token(): that is no claim at all
    if said is None:
        token = signers["EdDSA"].token(email=user, email_verified=[])
    answer = Said(bearer(token, user), b"\x01")
    assert line.auth("OAUTHBEARER", answer) == "wrong"


def test_a_locked_account(paq, signers):
    """users(5): with '!' in front no proof of any kind holds."""
    locked, users = "locked@demo.example", paq.conf.parent / "users"
    before = users.read_text()
    mine = next(x for x in before.splitlines() if x.startswith(ALICE))
    token = signers["EdDSA"].token(email=locked)

    def answer():
        with Line("imap", paq.port["imap"], source=somewhere()) as one:
            return one.auth("OAUTHBEARER", Said(bearer(token), b"\x01"))
    for mark, want in (("", "ok"), ("!", "wrong"), ("*", "wrong")):
        fields = mine.split(":")
        paq.write_map("users", before + ":".join(
            [locked, mark + fields[1], *fields[2:]]) + "\n")
        wait_for(lambda want=want: answer() == want)
    paq.write_map("users", before)


def test_keys_of_others(paq, line, tmp_path):
    token = Signer(tmp_path, "EdDSA", "").token()       # the same kid
    said = Said(bearer(token, next(FRESH)), b"\x01")
    assert line.auth("OAUTHBEARER", said) == "wrong"
    paq.wait_log(r'event=token-refused .*why="bad signature"')


def test_unsigned(line):
    head = url64(b'{"alg":"none"}')
    claims = url64(json.dumps({
        "iss": ISSUER, "aud": AUDIENCE, "exp": int(time.time()) + 600,
        "email": ALICE}).encode())
    said = Said(bearer(f"{head}.{claims}.", next(FRESH)), b"\x01")
    assert line.auth("OAUTHBEARER", said) == "wrong"


@pytest.mark.parametrize("octets", [
    b"", b"\x01", b"n,,\x01", b"n,,\x01\x01", b"n,,\x01auth=Basic x\x01\x01",
    b"p=x,,\x01auth=Bearer x\x01\x01", b"n,,\x01auth=Bearer x\x01",
    b"n,,\x01auth=Bearer x\x01auth=Bearer y\x01\x01", b"n,b=x,\x01a=b\x01\x01",
    b"n,,x\x01auth=Bearer x\x01\x01", b"n,,\x01=x\x01\x01"])
def test_no_message_of_the_mechanism(line, octets):
    assert line.auth("OAUTHBEARER", Said(octets)) == "bad"


@needs("curl")
@pytest.mark.parametrize("mechanism", ["OAUTHBEARER", "XOAUTH2"])
@pytest.mark.parametrize("protocol", PORTS)
def test_curl(paq, signers, protocol, mechanism):
    more = ["-X", "NOOP"] if protocol == "smtp" else []
    done = subprocess.run(
        ["curl", "-sSv", "-m", "20", "--user", ALICE, "--oauth2-bearer",
         signers["RS256"].token(), "--login-options", f"AUTH={mechanism}",
         f"{protocol}://127.0.0.1:{paq.port[PORTS[protocol]]}/", *more],
        capture_output=True, text=True, timeout=60, check=False)
    assert done.returncode == 0, done
    assert re.search(r"^< (235 |\S+ OK |\+OK )", done.stderr, re.M), done


def test_python(paq, signers):
    with paq.smtp() as client:
        client.auth("XOAUTH2", lambda _=None: xoauth2(
            signers["EdDSA"].token()).decode(), initial_response_ok=True)
        assert client.mail(ALICE)[0] == 250
