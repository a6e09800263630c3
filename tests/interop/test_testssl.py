"""testssl.sh (Debian's package testssl.sh) on every port with TLS: nothing of
severity MEDIUM or worse.  In short by default, whole with TESTSSL=whole (make
testssl), which takes some two minutes a port.

The certificate is of a CA of the test's own, which testssl.sh is told of; it
names a place of a revocation list that nobody asks.  So nothing has to be left
out of what it finds.  (A check that could not be made, WARN, is no finding:
tickets of TLS 1.3 come too late for a client that leaves at once.)
"""
import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "flow"))
from suite import LISTENERS, Suite  # noqa: E402

WHOLE = os.environ.get("TESTSSL") == "whole"
NAME = "mx.demo.example"
PROGRAM = shutil.which("testssl") or shutil.which("testssl.sh")
PORTS = {"mx": "smtp", "submission": "smtp", "submissions": None,
         "pop3": "pop3", "pop3s": None, "imap": "imap", "imaps": None}
SHORT = ["mx", "pop3s", "imap"]
# Protocols, kinds of cipher, forward secrecy, the server's preference, its
# certificates, renegotiation and the like.
SHORT_TESTS = ["-p", "-s", "-f", "-P", "-S", "-R", "-C", "-Z"]
BAD = ("MEDIUM", "HIGH", "CRITICAL", "FATAL")

pytestmark = pytest.mark.skipif(PROGRAM is None,
                                reason="testssl.sh is not installed")


def openssl(*words):
    subprocess.run(["openssl", *map(str, words)], check=True,
                   capture_output=True)


def make_pair(place, kind):
    """A certificate by our CA: (file of it, file of its key)."""
    how = {"ec": ["ec", "-pkeyopt", "ec_paramgen_curve:P-256"],
           "rsa": ["rsa:2048"]}[kind]
    cert, key = place / f"{kind}.pem", place / f"{kind}.key"
    request, extra = place / f"{kind}.csr", place / f"{kind}.ext"
    extra.write_text(
        f"subjectAltName=DNS:{NAME}\nbasicConstraints=CA:FALSE\n"
        "keyUsage=digitalSignature\nextendedKeyUsage=serverAuth\n"
        "crlDistributionPoints=URI:http://crl.demo.example/ca.crl\n"
        "subjectKeyIdentifier=hash\nauthorityKeyIdentifier=keyid\n")
    openssl("req", "-newkey", *how, "-nodes", "-subj", f"/CN={NAME}",
            "-keyout", key, "-out", request)
    openssl("x509", "-req", "-in", request, "-CA", place / "ca.pem",
            "-CAkey", place / "ca.key", "-CAcreateserial", "-days", "190",
            "-sha256", "-extfile", extra, "-out", cert)
    key.chmod(0o600)
    return cert, key


@pytest.fixture(scope="module")
def place(tmp_path_factory):
    where = tmp_path_factory.mktemp("testssl")
    openssl("req", "-x509", "-newkey", "ec", "-pkeyopt",
            "ec_paramgen_curve:P-256", "-nodes", "-days", "1000", "-subj",
            "/CN=a CA of the test", "-addext",
            "basicConstraints=critical,CA:TRUE", "-keyout", where / "ca.key",
            "-out", where / "ca.pem")
    return where


@pytest.fixture(scope="module")
def suite(place):
    pairs = [make_pair(place, kind) for kind in ("ec", "rsa")]
    settings = {"certificates": [f"{cert} {key}" for cert, key in pairs],
                "smtp_clients_per_address": "0",
                "mail_clients_per_address": "0"}
    with Suite(listen=(*LISTENERS, "submissions", "pop3s", "imaps"),
               settings=settings) as paq:
        yield paq


@pytest.mark.parametrize("port", PORTS if WHOLE else SHORT)
def test_nothing_of_medium_severity(suite, place, port):
    report = place / f"{port}.json"
    start = ["-t", PORTS[port]] if PORTS[port] else []
    done = subprocess.run(
        [PROGRAM, "--quiet", "--warnings", "batch", "--color", "0", "--ip",
         "127.0.0.1", "--add-ca", str(place / "ca.pem"), "--jsonfile",
         str(report), *start, *([] if WHOLE else SHORT_TESTS),
         f"{NAME}:{suite.port[port]}"], stdin=subprocess.DEVNULL,
        capture_output=True, text=True, timeout=1800, check=False)
    assert report.exists(), done.stdout + done.stderr
    found = json.loads(report.read_text())
    # It has looked: the protocol that is there, and one that is not.
    ids = {f["id"]: f for f in found}
    assert ids["TLS1_3"]["severity"] == "OK", done.stdout
    assert "not offered" in ids["TLS1_1"]["finding"], done.stdout
    bad = [(f["severity"], f["id"], f["finding"]) for f in found
           if f["severity"] in BAD]
    assert not bad, bad
