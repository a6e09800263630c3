"""Thousands of hosted names (certificate_dir): read when they are asked for,
forgotten when there are too many, renewed by reload; names that nobody has."""
import datetime
import os
import shutil
import ssl
import subprocess
import time

import pytest
from certs import Pair, memory_of
from suite import Suite, wait_for
from test_tls import ALL, open_tls

x509 = pytest.importorskip("cryptography.x509")
from cryptography.hazmat.primitives import hashes, serialization  # noqa: E402
from cryptography.hazmat.primitives.asymmetric import ec  # noqa: E402

NAMES = 3000
CACHED = 500        # of a daemon: lib/net/tls_sites.c


def write_pair(cert_path, key_path, names, serial=1):
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, names[0])])
    now = datetime.datetime.utcnow()
    cert = x509.CertificateBuilder().subject_name(name).issuer_name(name) \
        .public_key(key.public_key()).serial_number(serial) \
        .not_valid_before(now - datetime.timedelta(1)) \
        .not_valid_after(now + datetime.timedelta(30)) \
        .add_extension(x509.SubjectAlternativeName(
            [x509.DNSName(n) for n in names]), False) \
        .sign(key, hashes.SHA256())
    cert_path.write_bytes(cert.public_bytes(serialization.Encoding.PEM))
    key_path.write_bytes(key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8,
        serialization.NoEncryption()))
    key_path.chmod(0o600)


def add(live, name, names=None, serial=1):
    """As certbot lays it out, with links to its archive."""
    archive = live.parent / "archive" / name
    archive.mkdir(parents=True, exist_ok=True)
    (live / name).mkdir(exist_ok=True)
    write_pair(archive / f"fullchain{serial}.pem",
               archive / f"privkey{serial}.pem", names or [name], serial)
    for kind in ("fullchain", "privkey"):
        link = live / name / f"{kind}.new"
        link.symlink_to(f"../../archive/{name}/{kind}{serial}.pem")
        link.rename(live / name / f"{kind}.pem")


@pytest.fixture(scope="module")
def place(tmp_path_factory):
    top = tmp_path_factory.mktemp("hosted")
    live = top / "letsencrypt" / "live"
    live.mkdir(parents=True)
    for i in range(NAMES):
        add(live, f"mail.n{i}.example")
    yield live
    shutil.rmtree(top)


@pytest.fixture(scope="module")
def hosted(place):
    first = Pair(place.parent.parent, "mx.demo.example", "ec")
    settings = {"certificates": first.setting(),
                "certificate_dir": str(place), "sign_rate_channel": "2000",
                "sign_rate_total": "2000", "mail_clients_per_address": "0"}
    with Suite(listen=ALL, settings=settings) as paq:
        yield paq


def served(paq, port, name):
    """Names and serial number of the certificate that is served."""
    line = open_tls(paq, port, name)
    der = line.sock.getpeercert(binary_form=True)
    line.close()
    cert = x509.load_der_x509_certificate(der)
    alt = cert.extensions.get_extension_for_class(
        x509.SubjectAlternativeName).value
    return alt.get_values_for_type(x509.DNSName), cert.serial_number


def rss_kib(pid):
    with open(f"/proc/{pid}/status", encoding="ascii") as f:
        return next(int(line.split()[1]) for line in f
                    if line.startswith("VmRSS"))


@pytest.mark.parametrize("port", ["mx", "submission", "submissions", "pop3",
                                  "pop3s", "imap", "imaps"])
def test_a_hosted_name_on_every_port(hosted, port):
    assert served(hosted, port, "mail.n7.example") == (
        ["mail.n7.example"], 1)
    assert served(hosted, port, "MAIL.N8.example")[0] == ["mail.n8.example"]
    assert served(hosted, port, "nobody.example")[0] == ["mx.demo.example"]


def test_thousands_of_names_in_bounded_memory(hosted):
    pid = hosted.pid("imap-front")
    for i in range(CACHED):
        time.sleep(0.004)
        assert served(hosted, "imaps", f"mail.n{i}.example")[0] == [
            f"mail.n{i}.example"]
    before = rss_kib(pid)
    for i in range(CACHED, NAMES):
        time.sleep(0.004)       # keyd asks master at most 300 times a second
        assert served(hosted, "imaps", f"mail.n{i}.example")[0] == [
            f"mail.n{i}.example"]
    after = rss_kib(pid)
    print(f"imapd front: {before} KiB with {CACHED} names, {after} KiB "
          f"after {NAMES}; keyd {rss_kib(hosted.pid('keyd'))} KiB")
    # 2500 more names: not one more is kept
    assert after < before * 1.25 + 2048
    # the first one is read again
    assert served(hosted, "imaps", "mail.n0.example")[0] == [
        "mail.n0.example"]


def test_no_hosted_key_outside_keyd(hosted, place):
    served(hosted, "imaps", "mail.n1.example")
    key = serialization.load_pem_private_key(
        (place / "mail.n1.example" / "privkey.pem").read_bytes(), None)
    secret = key.private_numbers().private_value.to_bytes(32, "big")
    for daemon in ("imap-front", "smtpd", "master"):
        memory = memory_of(hosted.pid(daemon))
        assert secret not in memory and secret[::-1] not in memory, daemon


def test_wildcards_and_the_other_layout(hosted, place):
    add(place, "wild.example", ["wild.example", "*.wild.example"])
    write_pair(place / "*.star.example.pem", place / "*.star.example.key",
               ["*.star.example"])
    write_pair(place / "flat.example.pem", place / "flat.example.key",
               ["flat.example"])
    # its certificate is for another name
    write_pair(place / "liar.example.pem", place / "liar.example.key",
               ["honest.example"])
    assert served(hosted, "imaps", "a.wild.example")[0] == [
        "wild.example", "*.wild.example"]
    assert served(hosted, "imaps", "b.star.example")[0] == ["*.star.example"]
    assert served(hosted, "imaps", "flat.example")[0] == ["flat.example"]
    assert served(hosted, "imaps", "a.b.wild.example")[0] == [
        "mx.demo.example"]
    assert served(hosted, "imaps", "x.flat.example")[0] == ["mx.demo.example"]
    assert served(hosted, "imaps", "liar.example")[0] == ["mx.demo.example"]


def test_links_that_lead_out_are_not_followed(hosted, place, tmp_path):
    write_pair(tmp_path / "c.pem", tmp_path / "k.pem", ["out.example"])
    (place / "out.example").mkdir()
    (place / "out.example" / "fullchain.pem").symlink_to(tmp_path / "c.pem")
    (place / "out.example" / "privkey.pem").symlink_to(tmp_path / "k.pem")
    assert served(hosted, "imaps", "out.example")[0] == ["mx.demo.example"]
    hosted.wait_log("out.example.*cross-device")


def test_keys_that_others_may_open_are_not_used(hosted, place):
    write_pair(place / "open.example.pem", place / "open.example.key",
               ["open.example"])
    (place / "open.example.key").chmod(0o644)
    assert served(hosted, "imaps", "open.example")[0] == ["mx.demo.example"]
    hosted.wait_log("no-key-file.*open.example.*everybody may open")


def test_names_that_are_no_names_reach_nobody(hosted):
    for name in (b"..", b"../../etc/passwd", b"a/b.example", b"*.wild.example",
                 b"x" * 70 + b".example", b"192.0.2.7", b"-a.example"):
        command = ["openssl", "s_client", "-connect",
                   f"{hosted.host}:{hosted.port['imaps']}", "-servername",
                   name]
        out = subprocess.run(command, input=b"", capture_output=True,
                             check=False).stdout
        assert b"CN = mx.demo.example" in out, (name, out)


def test_unknown_names_cost_little_and_starve_nobody(hosted):
    """Far more names than keyd will ask for: all are served the first
    certificate, and names that are known are served as before."""
    asked = "mail.n9.example"
    assert served(hosted, "imaps", asked)[0] == [asked]
    for i in range(1500):
        assert served(hosted, "imaps", f"r{i}.random.example")[0] == [
            "mx.demo.example"]
    assert served(hosted, "imaps", asked)[0] == [asked]
    deadline = time.monotonic() + 20
    while served(hosted, "imaps", "mail.n2999.example")[0] != [
            "mail.n2999.example"]:
        assert time.monotonic() < deadline
        time.sleep(0.5)


def test_renewed_by_reload_without_dropping_a_session(hosted, place):
    name = "mail.n5.example"
    assert served(hosted, "imaps", name) == ([name], 1)
    line = open_tls(hosted, "imaps", name)
    add(place, name, serial=2)
    assert served(hosted, "imaps", name) == ([name], 1)
    # nobody had this one, which is remembered
    assert served(hosted, "imaps", "late.example")[0] == ["mx.demo.example"]
    add(place, "late.example")
    hosted.paquebot("reload")
    wait_for(lambda: served(hosted, "imaps", name) == ([name], 2))
    wait_for(lambda: served(hosted, "mx", name) == ([name], 2))
    assert served(hosted, "imaps", "late.example")[0] == ["late.example"]
    line.raw(b"a NOOP\r\n")
    line.until(rb"a OK ")
    line.close()


def test_a_key_that_was_pushed_out_is_read_again(hosted):
    """A session that got its certificate before keyd was started anew."""
    name = "mail.n11.example"
    assert served(hosted, "imaps", name)[0] == [name]
    os.kill(hosted.pid("keyd"), 9)
    wait_for(lambda: any(r["daemon"] == "keyd" and r["restarts"] > 0 and
                         r["state"] == "ready" for r in hosted.status()))

    def again():
        try:
            return served(hosted, "imaps", name)[0] == [name]
        except (OSError, EOFError, ssl.SSLError):
            return False
    wait_for(again)
