"""TLS of the whole suite: with Python's ssl and openssl s_client, versions,
kinds of keys, names, octets before the handshake, and where no key may be."""
import base64
import contextlib
import email
import imaplib
import os
import pathlib
import poplib
import re
import select
import shutil
import signal
import smtplib
import socket
import ssl
import struct
import subprocess
import tempfile
import threading
import time

import pytest
import suite as harness
from certs import Pair, memory_of
from suite import BIN, IS_ROOT, Sink, Suite, in_netns, wait_for

ALICE = "alice@demo.example"
PASSWORD = "alice secret"
ALL = (*harness.LISTENERS, "submissions", "pop3s", "imaps")
HOST = "192.0.2.1" if IS_ROOT else "127.0.0.1"


@pytest.fixture(scope="module")
def netns():
    """As root: an address that is not loopback, so that rules for strangers
    hold."""
    if not IS_ROOT:
        yield None
        return
    name = f"paqtls{os.getpid()}"

    def ip(*words):
        subprocess.run(["ip", *words], check=True)
    ip("netns", "add", name)
    try:
        with in_netns(name):
            ip("link", "set", "lo", "up")
            ip("addr", "add", HOST + "/32", "dev", "lo")
        yield name
    finally:
        ip("netns", "del", name)


@pytest.fixture(scope="module")
def pairs():
    place = tempfile.mkdtemp(prefix="paqcerts-")
    yield {
        "ec": Pair(place, "mx.demo.example", "ec"),
        "rsa": Pair(place, "mx.demo.example", "rsa"),
        "ed25519": Pair(place, "ed.demo.example", "ed25519"),
        "wild": Pair(place, "wild.example", "ec", ["*.wild.example"]),
    }
    shutil.rmtree(place)


@pytest.fixture(scope="module")
def tls(netns, pairs):
    settings = {"certificates": [p.setting() for p in pairs.values()]}
    with Suite(netns=netns, host=HOST, listen=ALL, settings=settings) as paq:
        yield paq


def context(version=None, **options):
    """A client that trusts anybody and speaks one version."""
    c = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    c.check_hostname = False
    c.verify_mode = ssl.CERT_NONE
    if version is not None:
        c.set_ciphers("ALL:@SECLEVEL=0")
        c.minimum_version = c.maximum_version = version
    for name, value in options.items():
        getattr(c, name)(value)
    return c


def connect(paq, port, source=None):
    with in_netns(paq.netns):
        return socket.create_connection((paq.host, paq.port[port]), 20,
                                        source and (source, 0))


class Line:
    """A conversation by lines, in the clear or not."""

    def __init__(self, paq, port, source=None):
        self.sock = connect(paq, port, source)
        self.left = b""

    def read(self):
        while b"\r\n" not in self.left:
            got = self.sock.recv(65536)
            if not got:
                raise EOFError(self.left)
            self.left += got
        line, _, self.left = self.left.partition(b"\r\n")
        return line

    def until(self, pattern):
        lines = [self.read()]
        while not re.match(pattern, lines[-1]):
            lines.append(self.read())
        return lines

    def raw(self, octets):
        self.sock.sendall(octets)

    def start(self, name=None, **options):
        assert self.left == b"", self.left
        self.sock = context(**options).wrap_socket(self.sock,
                                                   server_hostname=name)
        return self

    def at_end(self):
        """Nothing but the end comes."""
        try:
            return self.left == b"" and self.sock.recv(100) == b""
        except OSError:
            return True

    def close(self):
        self.sock.close()


# How each protocol is led to its handshake: port, greeting, a command that ends
# the lines before, STARTTLS, its good answer, NOOP, its good answer.
PLAIN = {
    "mx": (rb"220 ", b"EHLO c.example", rb"250 ", b"STARTTLS", rb"220 ",
           b"NOOP", rb"250 "),
    "submission": (rb"220 ", b"EHLO c.example", rb"250 ", b"STARTTLS",
                   rb"220 ", b"NOOP", rb"250 "),
    "pop3": (rb"\+OK ", b"CAPA", rb"\.$", b"STLS", rb"\+OK ", b"USER x",
             rb"\+OK "),
    "imap": (rb"\* OK ", b"a CAPABILITY", rb"a OK ", b"b STARTTLS", rb"b OK ",
             b"c NOOP", rb"c OK "),
}
IMPLICIT = {"submissions": (rb"220 ", b"NOOP", rb"250 "),
            "pop3s": (rb"\+OK ", b"USER x", rb"\+OK "),
            "imaps": (rb"\* OK ", b"c NOOP", rb"c OK ")}


def open_tls(paq, port, name=None, **options):
    """A connection under TLS, its greeting (if any) read."""
    return lead(Line(paq, port), port, name, **options)


def lead(line, port, name=None, **options):
    if port in IMPLICIT:
        line.start(name, **options)
        line.until(IMPLICIT[port][0])
    else:
        greeting, first, answer, verb, good, _, _ = PLAIN[port]
        line.until(greeting)
        line.raw(first + b"\r\n")
        line.until(answer)
        line.raw(verb + b"\r\n")
        line.until(good)
        line.start(name, **options)
    return line


def noop(port):
    return PLAIN[port][5:] if port in PLAIN else IMPLICIT[port][1:]


PORTS = [*PLAIN, *IMPLICIT]


@pytest.mark.parametrize("port", PORTS)
@pytest.mark.parametrize("version", [ssl.TLSVersion.TLSv1_2,
                                     ssl.TLSVersion.TLSv1_3])
def test_both_versions_on_every_port(tls, port, version):
    line = open_tls(tls, port, version=version)
    assert line.sock.version() == version.name.replace("_", ".")
    if version == ssl.TLSVersion.TLSv1_2:
        assert line.sock.cipher()[0].startswith("ECDHE-")
    assert not line.sock.session_reused
    command, answer = noop(port)
    line.raw(command + b"\r\n")
    line.until(answer)
    line.close()


@pytest.mark.parametrize("kind,version,name,ciphers", [
    ("rsa", ssl.TLSVersion.TLSv1_2, "mx.demo.example", "ECDHE-RSA-AES128-GCM-SHA256"),
    ("ec", ssl.TLSVersion.TLSv1_2, "mx.demo.example", "ECDHE-ECDSA-AES128-GCM-SHA256"),
    ("ec", ssl.TLSVersion.TLSv1_3, "mx.demo.example", None),
    ("ed25519", ssl.TLSVersion.TLSv1_3, "ed.demo.example", None),
    ("ed25519", ssl.TLSVersion.TLSv1_2, "ed.demo.example", None),
    ("wild", ssl.TLSVersion.TLSv1_3, "any.wild.example", None),
    ("ec", ssl.TLSVersion.TLSv1_3, "unknown.example", None),
    ("ec", ssl.TLSVersion.TLSv1_3, None, None)])
@pytest.mark.parametrize("port", PORTS)
def test_certificates_by_name_and_kind(tls, pairs, port, kind, version, name,
                                       ciphers):
    options = {"version": version}
    if ciphers:
        options["set_ciphers"] = ciphers
    line = open_tls(tls, port, name, **options)
    want = ssl.PEM_cert_to_DER_cert(pairs[kind].cert.read_text())
    assert line.sock.getpeercert(binary_form=True) == want
    line.close()


@pytest.mark.parametrize("port", PORTS)
@pytest.mark.parametrize("version", ["TLSv1", "TLSv1_1"])
def test_old_versions_are_refused(tls, port, version):
    with pytest.raises((ssl.SSLError, ConnectionError)):
        open_tls(tls, port, version=ssl.TLSVersion[version])


@pytest.mark.parametrize("port", PORTS)
@pytest.mark.parametrize("ciphers", ["AES128-SHA", "DHE-RSA-AES128-GCM-SHA256",
                                     "AES256-GCM-SHA384",
                                     "ECDHE-RSA-AES128-SHA", "aNULL"])
def test_weak_ciphers_are_refused(tls, port, ciphers):
    with pytest.raises((ssl.SSLError, ConnectionError)):
        open_tls(tls, port, version=ssl.TLSVersion.TLSv1_2,
                 set_ciphers=ciphers + ":@SECLEVEL=0")


@pytest.mark.parametrize("port", PORTS)
def test_other_protocols_are_refused_by_alpn(tls, port):
    with pytest.raises((ssl.SSLError, ConnectionError)):
        open_tls(tls, port, set_alpn_protocols=["http/1.1"])


@pytest.mark.parametrize("port", PLAIN)
def test_octets_behind_the_command_never_count(tls, port):
    """CVE-2011-0411 and its kin: one segment with STARTTLS and more."""
    greeting, first, answer, verb, good, command, ok = PLAIN[port]
    line = Line(tls, port)
    line.until(greeting)
    line.raw(first + b"\r\n")
    line.until(answer)
    line.raw(verb + b"\r\n" + command + b"\r\n")
    said = b""
    with contextlib.suppress(OSError):
        while got := line.sock.recv(4096):
            said += got
    # closed, with at most one line in the clear, which is no go-ahead
    assert said.count(b"\r\n") <= 1
    assert not re.match(good, said) and not re.search(ok, said, re.M)


@pytest.mark.parametrize("port", PLAIN)
def test_octets_before_the_handshake_break_it(tls, port):
    """The same, behind the server's answer: never plain text again."""
    greeting, first, answer, verb, good, command, ok = PLAIN[port]
    line = Line(tls, port)
    line.until(greeting)
    line.raw(first + b"\r\n")
    line.until(answer)
    line.raw(verb + b"\r\n")
    line.until(good)
    line.raw(command + b"\r\n" + command + b"\r\n")
    said = b""
    with contextlib.suppress(OSError):
        while got := line.sock.recv(4096):
            said += got
    # at most an alert record; no word of the protocol
    assert not re.search(ok, said, re.M)
    assert said[:1] in (b"", b"\x15")


@pytest.mark.parametrize("port", PLAIN)
def test_no_second_handshake(tls, port):
    _, _, _, verb, good, command, ok = PLAIN[port]
    line = open_tls(tls, port)
    line.raw(verb + b"\r\n")
    assert not re.match(good, line.read())
    line.raw(command + b"\r\n")
    line.until(ok)
    line.close()


@pytest.mark.parametrize("port", PORTS)
def test_renegotiation_is_refused(tls, port):
    out = s_client(tls, port, "-tls1_2", stdin=b"R\n", wait=1.5,
                   until=rb"(?i)no renegotiation")
    assert b"RENEGOTIATING" in out
    assert b"no renegotiation" in out.lower()


def s_client(paq, port, *options, stdin=b"", wait=1.0, until=None):
    """What openssl(1) says, and gets.  until: what it waits for after stdin
    (20 seconds at most), else `wait` seconds."""
    start = {"mx": ["-starttls", "smtp"], "submission": ["-starttls", "smtp"],
             "pop3": ["-starttls", "pop3"], "imap": ["-starttls", "imap"]}
    command = ["openssl", "s_client", "-connect",
               f"{paq.host}:{paq.port[port]}", *start.get(port, []), *options]
    with in_netns(paq.netns):
        started = subprocess.Popen(command, stdin=subprocess.PIPE,
                                   stdout=subprocess.PIPE,
                                   stderr=subprocess.STDOUT)
    out = b""
    with started as p:
        time.sleep(wait / 2)
        if stdin:
            p.stdin.write(stdin)
            p.stdin.flush()
            if until is None:
                time.sleep(wait)
        end = time.monotonic() + 20
        while until and not re.search(until, out, re.M) and \
                time.monotonic() < end:
            if select.select([p.stdout], [], [], 1)[0]:
                more = os.read(p.stdout.fileno(), 65536)
                if not more:
                    break
                out += more
        p.stdin.close()
        try:
            return out + p.stdout.read()
        finally:
            p.wait(20)


@pytest.mark.parametrize("port", ["mx", "submission", "submissions"])
def test_openssl_finds_no_ticket(tls, port):
    out = s_client(tls, port, "-tls1_3")
    assert b"Protocol  : TLSv1.3" in out or b"New, TLSv1.3" in out
    assert b"TLS session ticket:" not in out
    assert b"Session-ID: \n" in out or b"Session-ID:" not in out


@pytest.mark.parametrize("port", ["imap", "imaps", "pop3", "pop3s"])
@pytest.mark.parametrize("version", ["-tls1_2", "-tls1_3"])
def test_sessions_are_resumed_without_their_login(tls, port, version, tmp_path):
    kept = str(tmp_path / "session")
    if port.startswith("imap"):
        login = f'a LOGIN {ALICE} "{PASSWORD}"\r\n'.encode()
        use, no, yes = b"b SELECT INBOX\r\n", rb"^b (BAD|NO) ", rb"^a OK "
    else:
        login = f"USER {ALICE}\r\nPASS {PASSWORD}\r\n".encode()
        use, no, yes = b"STAT\r\n", rb"-ERR unknown", rb"^\+OK "
    out = s_client(tls, port, version, "-sess_out", kept, stdin=login)
    assert re.search(yes, out, re.M), out
    out = s_client(tls, port, version, "-sess_in", kept, stdin=use, wait=0.5,
                   until=no)
    assert b"Reused, TLSv1." in out, out
    assert re.search(no, out, re.M), out
    # another process has another key
    other = {"imap": "pop3", "imaps": "pop3s", "pop3": "imap",
             "pop3s": "imaps"}[port]
    out = s_client(tls, other, version, "-sess_in", kept, wait=0.5)
    assert b"Reused" not in out and b"New, TLSv1." in out, out


# ------------------------------------------------------------------ SMTP

def smtp_tls(paq, port="submission"):
    with in_netns(paq.netns):
        if port == "submissions":
            return smtplib.SMTP_SSL(paq.host, paq.port[port],
                                    "client.example", timeout=30,
                                    context=context())
        client = smtplib.SMTP(paq.host, paq.port[port], "client.example",
                              timeout=30)
    client.starttls(context=context())
    return client


@pytest.mark.parametrize("port", ["submission", "submissions"])
def test_submission_with_login(tls, port):
    before = len(tls.stored(ALICE))
    with smtp_tls(tls, port) as client:
        client.login(ALICE, PASSWORD)
        client.sendmail(ALICE, [ALICE], b"Subject: by TLS\r\n\r\nx\r\n")
    files = tls.wait_stored(ALICE, before + 1)
    newest = max(files, key=lambda p: p.stat().st_mtime)
    message = email.message_from_bytes(newest.read_bytes())
    assert re.search(r"\bwith ESMTPSA\b", message["Received"])
    tls.wait_log(r"tls=TLSv1\.3 user=alice")


def test_mx_with_tls(tls):
    before = len(tls.stored(ALICE))
    with smtp_tls(tls, "mx") as client:
        client.sendmail("x@far.example", [ALICE], b"Subject: MX\r\n\r\nx\r\n")
    files = tls.wait_stored(ALICE, before + 1)
    newest = max(files, key=lambda p: p.stat().st_mtime)
    message = email.message_from_bytes(newest.read_bytes())
    assert re.search(r"\bwith ESMTPS\s+\(using TLSv1\.3 with cipher TLS_\w+\)"
                     r" id ", message["Received"])


def received(paq):
    """(pid, TLS version) of each message, as smtpd logged it."""
    return re.findall(r"smtpd\[(\d+)\] .*event=accepted .*tls=(\S+)",
                      paq.log_text())


def test_mx_process_serves_its_address_again(netns, pairs):
    """But not for more handshakes than keyd signs for one channel."""
    clients = 24
    with Suite(netns=netns, host=HOST, listen=["mx"], settings={
            "certificates": [pairs["rsa"].setting()]}) as paq:
        for i in range(clients):
            with smtp_tls(paq, "mx") as client:
                client.sendmail("x@far.example", [ALICE],
                                b"Subject: x\r\n\r\n")
            wait_for(lambda n=i + 1: len(received(paq)) == n)
        pids = [pid for pid, _ in received(paq)]
        assert all(tls == "TLSv1.3" for _, tls in received(paq))
        assert 3 <= len(set(pids)) < clients / 2, pids
        assert max(map(pids.count, pids)) <= 10


def own_kib(pid):
    """Memory of a process that no other shares."""
    text = pathlib.Path(f"/proc/{pid}/smaps_rollup").read_text()
    return sum(int(n) for n in re.findall(r"^Private_\w+: +(\d+)", text, re.M))


@pytest.mark.skipif("san" in str(BIN), reason="a sanitizer's memory is endless")
def test_a_session_that_waits_needs_little(netns, pairs):
    """Beside what the listener has for all of them; after a second."""
    with Suite(netns=netns, host=HOST, listen=["mx"], settings={
            "certificates": [pairs["rsa"].setting()]}) as paq:
        before = set(paq.tree())
        with smtp_tls(paq, "mx") as client:
            client.ehlo()
            session, = set(paq.tree()) - before
            wait_for(lambda: own_kib(session) <= 250)


@pytest.mark.skipif(not IS_ROOT, reason="needs an address beside loopback")
def test_password_only_under_tls(tls):
    with in_netns(tls.netns):
        client = smtplib.SMTP(tls.host, tls.port["submission"],
                              "client.example", timeout=30)
    client.ehlo()
    assert client.has_extn("starttls") and not client.has_extn("auth")
    plain = base64.b64encode(f"\0{ALICE}\0{PASSWORD}".encode()).decode()
    assert client.docmd("AUTH", "PLAIN " + plain)[0] == 538
    client.starttls(context=context())
    client.ehlo()
    assert client.has_extn("auth") and not client.has_extn("starttls")
    client.login(ALICE, PASSWORD)
    client.quit()


def test_state_is_forgotten_by_the_handshake(tls):
    """RFC 3207 4.2: as after the greeting."""
    line = open_tls(tls, "submission")
    line.raw(b"MAIL FROM:<a@b.example>\r\n")
    assert line.read().startswith(b"503 ")      # hello first
    line.close()


def test_starttls_within_a_message(tls):
    line = Line(tls, "mx")
    line.until(rb"220 ")
    line.raw(b"EHLO c.example\r\n")
    line.until(rb"250 ")
    line.raw(b"MAIL FROM:<x@far.example>\r\n")
    line.until(rb"250 ")
    line.raw(b"STARTTLS\r\n")
    assert line.read().startswith(b"503 ")
    line.raw(b"RSET\r\n")
    line.until(rb"250 ")
    line.raw(b"STARTTLS now\r\n")
    assert line.read().startswith(b"501 ")
    line.raw(b"STARTTLS\r\n")
    line.until(rb"220 ")
    line.close()


def test_lmtp_has_no_starttls(tls):
    line = Line(tls, "lmtp")
    line.until(rb"220 ")
    line.raw(b"LHLO c.example\r\n")
    assert not any(b"STARTTLS" in x for x in line.until(rb"250 "))
    line.raw(b"STARTTLS\r\n")
    assert line.read().startswith(b"502 ")
    line.close()


# --------------------------------------------------------- POP3 and IMAP

def imap_tls(paq, port="imap", login=True):
    with in_netns(paq.netns):
        if port == "imaps":
            client = imaplib.IMAP4_SSL(paq.host, paq.port[port],
                                       ssl_context=context(), timeout=30)
        else:
            client = imaplib.IMAP4(paq.host, paq.port[port], timeout=30)
            client.starttls(ssl_context=context())
    if login:
        client.login(ALICE, PASSWORD)
    return client


def pop3_tls(paq, port="pop3"):
    with in_netns(paq.netns):
        if port == "pop3s":
            client = poplib.POP3_SSL(paq.host, paq.port[port], timeout=30,
                                     context=context())
        else:
            client = poplib.POP3(paq.host, paq.port[port], timeout=30)
            client.stls(context=context())
    client.user(ALICE)
    client.pass_(PASSWORD)
    return client


@pytest.mark.parametrize("port", ["imap", "imaps"])
def test_imap_session_over_the_relay(tls, port):
    client = imap_tls(tls, port)
    assert client.select("INBOX")[0] == "OK"
    big = b"Subject: big\r\n\r\n" + b"x" * 70 + b"\r\n"
    big += b"".join(b"%07d" % i + b"y" * 60 + b"\r\n" for i in range(15000))
    assert client.append("INBOX", None, None, big)[0] == "OK"
    number = client.select("INBOX")[1][0].decode()
    got = client.fetch(number, "(BODY.PEEK[])")[1][0][1]
    assert got == big
    assert client.logout()[0] == "BYE"


@pytest.mark.parametrize("port", ["pop3", "pop3s"])
def test_pop3_session_over_the_relay(tls, port):
    tls.send("x@far.example", [ALICE], "Subject: pop\n\n" + "z\n" * 50000)
    tls.wait_queue_empty()
    client = pop3_tls(tls, port)
    n = client.stat()[0]
    lines = client.retr(n)[1]
    assert len(lines) > 50000 and lines[-1] == b"z"
    client.dele(n)
    client.quit()
    client = pop3_tls(tls, port)
    assert client.stat()[0] == n - 1
    client.quit()


def test_input_behind_the_login_goes_along(tls):
    """One record with LOGIN and more; and records right behind it."""
    line = open_tls(tls, "imaps")
    line.raw(b'a LOGIN %b "%b"\r\nb SELECT INBOX\r\n' % (
        ALICE.encode(), PASSWORD.encode()))
    for i in range(50):
        line.raw(b"n%d NOOP\r\n" % i)
    line.raw(b"z LOGOUT\r\n")
    said = line.until(rb"z OK")
    answers = [x.split()[0] for x in said if not x.startswith(b"*")]
    assert answers == [b"a", b"b", *(b"n%d" % i for i in range(50)), b"z"]
    assert line.at_end()
    line.close()


def test_wrong_password_then_the_right_one(tls):
    for port, wrong, right in (
            ("imaps", b"a LOGIN alice@demo.example wrong\r\n",
             b'b LOGIN alice@demo.example "alice secret"\r\n'),
            ("pop3s", b"USER alice@demo.example\r\nPASS wrong\r\n",
             b"USER alice@demo.example\r\nPASS alice secret\r\n")):
        line = open_tls(tls, port)
        line.raw(wrong)
        line.until(rb"(a NO|-ERR)")
        line.raw(right)
        line.until(rb"b OK" if port == "imaps" else rb"\+OK")
        if port == "pop3s":
            line.until(rb"\+OK")
        line.close()


def test_idle_client_hears_of_new_mail(tls):
    line = open_tls(tls, "imap")
    line.raw(b'd LOGIN alice@demo.example "alice secret"\r\n')
    line.until(rb"d OK")
    line.raw(b"e SELECT INBOX\r\n")
    line.until(rb"e OK")
    line.raw(b"f IDLE\r\n")
    line.until(rb"\+ ")
    tls.send("x@far.example", [ALICE], "Subject: new\n\nx\n")
    line.until(rb"\* \d+ EXISTS")
    line.raw(b"DONE\r\n")
    line.until(rb"f OK")
    line.close()


def test_slow_reader_and_sudden_ends(tls):
    """A client that takes nothing holds up its own session, nobody else; one
    that breaks off leaves nothing behind."""
    front = tls.pid("imap-front")

    def descriptors():
        return len(os.listdir(f"/proc/{front}/fd"))
    stored = len(tls.stored(ALICE))
    for _ in range(3):
        tls.send("x@far.example", [ALICE], "Subject: big\n\n" + "z\n" * 90000)
    tls.wait_stored(ALICE, stored + 3)
    before = descriptors()
    lines = []
    for i in range(5):
        line = open_tls(tls, "imaps")
        line.raw(b'a LOGIN alice@demo.example "alice secret"\r\n')
        line.until(rb"a OK")
        line.raw(b"b SELECT INBOX\r\n")
        line.until(rb"b OK")
        line.raw(b"c FETCH 1:* BODY.PEEK[]\r\n" * 20)
        lines.append(line)
    time.sleep(0.5)
    assert descriptors() >= before + 10
    client = imap_tls(tls)
    assert client.noop()[0] == "OK"
    client.logout()
    for i, line in enumerate(lines):
        if i % 2:                   # a reset, without goodbye
            line.sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER,
                                 struct.pack("ii", 1, 0))
        os.close(line.sock.detach())
    wait_for(lambda: descriptors() <= before + 1)


@pytest.mark.skipif(not IS_ROOT, reason="needs an address beside loopback")
def test_no_password_in_the_clear(tls):
    line = Line(tls, "imap")
    assert b"STARTTLS LOGINDISABLED" in line.read()
    line.raw(b"a LOGIN alice@demo.example x\r\n")
    assert line.read().startswith(b"a NO [PRIVACYREQUIRED]")
    line.raw(b"b AUTHENTICATE PLAIN\r\n")
    assert line.read().startswith(b"b NO [PRIVACYREQUIRED]")
    line.raw(b"c STARTTLS\r\n")
    assert line.read().startswith(b"c OK")
    line.start()
    line.raw(b"d CAPABILITY\r\n")
    said = line.until(rb"d OK")
    assert b"AUTH=PLAIN" in said[0]
    assert b"STARTTLS" not in said[0] and b"LOGINDISABLED" not in said[0]
    line.close()
    line = Line(tls, "pop3")
    line.read()
    line.raw(b"CAPA\r\n")
    said = line.until(rb"\.$")
    assert b"STLS" in said and b"USER" not in said
    line.raw(b"USER alice@demo.example\r\n")
    assert line.read().startswith(b"-ERR")
    line.raw(b"STLS\r\n")
    assert line.read().startswith(b"+OK")
    line.start()
    line.raw(b"CAPA\r\n")
    said = line.until(rb"\.$")
    assert b"USER" in said and b"STLS" not in said
    line.close()


def test_pop3_name_is_forgotten_by_the_handshake(paq_loopback):
    line = Line(paq_loopback, "pop3")
    line.read()
    line.raw(b"USER alice@demo.example\r\n")
    assert line.read().startswith(b"+OK")
    line.raw(b"STLS\r\n")
    assert line.read().startswith(b"+OK")
    line.start()
    line.raw(b"PASS alice secret\r\n")
    assert line.read().startswith(b"-ERR")
    line.close()


def test_no_starttls_after_login(paq_loopback):
    """Neither after a log-in nor within its dialogue."""
    line = Line(paq_loopback, "imap")
    line.read()
    line.raw(b"a AUTHENTICATE PLAIN\r\n")
    line.until(rb"\+")
    line.raw(b"b STARTTLS\r\n")
    assert line.read().startswith(b"a BAD")
    line.raw(b'c LOGIN alice@demo.example "alice secret"\r\n')
    line.until(rb"c OK")
    line.raw(b"d STARTTLS\r\n")
    assert line.read().startswith(b"d BAD")
    line.close()
    with paq_loopback.smtp(ALICE) as client:
        assert client.docmd("STARTTLS")[0] == 503
    line = Line(paq_loopback, "pop3")
    line.read()
    line.raw(b"USER alice@demo.example\r\nPASS alice secret\r\n")
    line.until(rb"\+OK")
    line.until(rb"\+OK")
    line.raw(b"STLS\r\n")
    assert line.read().startswith(b"-ERR")
    line.close()


# ------------------------------------------------------------- to other hosts

class TlsSink(Sink):
    """A mail server with STARTTLS. how: good, refused, broken (no handshake
    comes about), early (words behind the reply)."""

    def __init__(self, pair, how):
        self.context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        self.context.load_cert_chain(pair.cert, pair.key)
        self.how = how
        self.plain, self.names = [], []
        self.context.sni_callback = lambda s, name, c: self.names.append(name)
        super().__init__(ehlo=("PIPELINING", "8BITMIME"))

    def session(self, client):
        with contextlib.suppress(OSError, ValueError, ssl.SSLError), client:
            f = client.makefile("rwb", 0)
            f.write(b"220 sink.example\r\n")
            while line := f.readline():
                self.plain.append(line.split()[0].upper())
                if self.plain[-1] == b"EHLO":
                    f.write(b"250-sink.example\r\n250 STARTTLS\r\n")
                elif self.plain[-1] == b"DATA":
                    f.write(b"354 ok\r\n")
                    self.read_data(f)
                    f.write(b"250 ok\r\n")
                elif self.plain[-1] != b"STARTTLS":
                    f.write(b"250 ok\r\n")
                elif self.how == "refused":
                    f.write(b"454 not now\r\n")
                elif self.how == "broken":
                    f.write(b"220 go\r\n")
                    client.recv(10000)
                    f.write(b"this is no handshake\r\n")
                elif self.how == "early":
                    f.write(b"220 go\r\n250 evil\r\n")
                else:
                    f.write(b"220 go\r\n")
                    with self.context.wrap_socket(
                            client, server_side=True) as under, \
                            under.makefile("rwb") as g:
                        self.talk(g, greet=False)
                    return


@pytest.fixture
def sender(pairs):
    """A suite that sends far.example's mail to a sink; run(sink, n)."""
    made = []

    def run(how):
        sink = TlsSink(pairs["rsa"], how)
        paq = Suite(maps={"routes":
                          f"far.example: smtp:[127.0.0.1]:{sink.port}\n"})
        made.append((paq, sink))
        paq.write().start()
        paq.send(ALICE, "bob@far.example", "Subject: out\n\nx\n",
                 login=ALICE)
        return paq, sink
    yield run
    for paq, sink in made:
        paq.close()
        sink.close()


def test_out_by_tls(sender):
    paq, sink = sender("good")
    wait_for(lambda: sink.messages)
    assert sink.plain == [b"EHLO", b"STARTTLS"]
    assert sink.commands[0].startswith("EHLO ")
    assert paq.wait_log(r"event=connected .* tls=TLSv1\.3 cipher=TLS_")
    paq.wait_queue_empty()
    # an address is no name
    assert sink.names in ([], [None])


@pytest.mark.parametrize("how", ["broken", "early"])
def test_out_without_tls_where_it_fails(sender, how):
    """Opportunistic: on a new connection, never on the old one."""
    paq, sink = sender(how)
    paq.wait_queue_empty()
    at = sink.plain.index(b"STARTTLS")
    assert sink.plain[at:at + 3] == [b"STARTTLS", b"EHLO", b"MAIL"]
    assert paq.wait_log(r'event=host-failed .*(TLS handshake|STARTTLS)')
    assert paq.wait_log(r'event=connected .* tls=none why="failed before"')


def test_out_without_tls_where_it_is_refused(sender):
    paq, sink = sender("refused")
    paq.wait_queue_empty()
    at = sink.plain.index(b"STARTTLS")
    assert sink.plain[at:at + 2] == [b"STARTTLS", b"MAIL"]
    assert paq.wait_log(r"event=connected .* tls=none why=refused")


def test_out_between_two_of_ours(tls, pairs):
    """Our own client with our own server."""
    with Suite(maps={"routes": "wild.example: smtp:"
                     f"[{tls.host}]:{tls.port['mx']}\n"}, host=tls.host,
               netns=tls.netns) as paq:
        with paq.smtp(port="mx") as client:
            client.ehlo()
        paq.sendmail("-f", ALICE, "x@wild.example",
                     stdin="Subject: ours\n\nx\n")
        paq.wait_log(r"event=connected .* tls=TLSv1\.3")
        # it does not relay, but it heard of it by TLS
        tls.wait_log(r"event=rcpt-refused")


@pytest.fixture(scope="module")
def paq_loopback(pairs):
    """On loopback passwords may go in the clear."""
    with Suite(settings={"certificates": [pairs["ec"].setting()]}) as paq:
        yield paq


# ------------------------------------------------------- keys and processes

@pytest.mark.skipif("san" in str(BIN), reason="a sanitizer's memory is endless")
def test_no_key_outside_keyd(tls, pairs):
    """Neither the listeners nor their sessions hold an octet of a key."""
    secrets = [octets for p in pairs.values() for octets in p.private_octets()]
    lines = [open_tls(tls, port) for port in PORTS]
    client = imap_tls(tls)
    keyd = tls.pid("keyd")
    looked = 0
    for pid in tls.tree():
        try:
            memory = memory_of(pid)
        except FileNotFoundError:       # a worker that has ended
            continue
        found = [s for s in secrets if s in memory]
        if pid == keyd:
            assert found, "the search finds what is there"
        else:
            assert not found, f"a key in {pid}"
            looked += 1
    assert looked >= 14
    client.logout()
    for line in lines:
        line.close()


def test_keyd_dies_and_comes_back(tls):
    os.kill(tls.pid("keyd"), 9)
    wait_for(lambda: any(r["daemon"] == "keyd" and r["restarts"] > 0 and
                         r["state"] == "ready" for r in tls.status()))

    def works(port):
        try:
            open_tls(tls, port).close()
            return True
        except (OSError, EOFError, AssertionError):
            return False
    for port in PORTS:
        wait_for(lambda: works(port))


@pytest.mark.parametrize("version", [ssl.TLSVersion.TLSv1_2,
                                     ssl.TLSVersion.TLSv1_3])
def test_a_keyd_that_hangs_holds_up_only_handshakes(tls, version):
    """A front goes on with its other clients, and with the handshakes when
    keyd is back, also after longer than anybody would wait."""
    talking = open_tls(tls, "imaps")
    pid = tls.pid("keyd")
    os.kill(pid, signal.SIGSTOP)
    waiting = [Line(tls, "imaps") for _ in range(20)]
    results = []

    def shake(line):
        try:
            line.start(version=version)
            results.append(line.until(rb"\* OK "))
        except (OSError, EOFError) as e:
            results.append(e)
    threads = [threading.Thread(target=shake, args=(line,))
               for line in waiting]
    try:
        for t in threads:
            t.start()
        gone = Line(tls, "imaps")       # half a handshake, and away
        gone.sock.close()
        time.sleep(6)
        plain = Line(tls, "imap")
        plain.until(rb"\* OK ")
        plain.raw(b"a NOOP\r\n")
        plain.until(rb"a OK ")
        plain.close()
        talking.raw(b"b NOOP\r\n")
        talking.until(rb"b OK ")
        assert results == []
    finally:
        os.kill(pid, signal.SIGCONT)
    for t in threads:
        t.join(30)
    assert len(results) == 20 and not [r for r in results
                                       if isinstance(r, Exception)], results
    open_tls(tls, "imaps").close()
    for line in [talking, *waiting]:
        line.close()


def test_renewed_certificate_without_dropping_a_session(netns, pairs):
    with tempfile.TemporaryDirectory() as place:
        os.chmod(place, 0o700)          # master alone goes there
        first = Pair(place, "renew.example")
        with Suite(netns=netns, host=HOST, listen=ALL, settings={
                "certificates": [first.setting()]}) as paq:
            old = {port: open_tls(paq, port) for port in PORTS}
            before = first.cert.read_text()
            Pair(place, "renew.example")
            assert first.cert.read_text() != before
            paq.paquebot("reload")
            want = ssl.PEM_cert_to_DER_cert(first.cert.read_text())

            def renewed(port):
                try:
                    line = open_tls(paq, port)
                except (OSError, EOFError):
                    return False
                got = line.sock.getpeercert(binary_form=True)
                line.close()
                return got == want
            for port in PORTS:
                wait_for(lambda: renewed(port))
                command, answer = noop(port)
                old[port].raw(command + b"\r\n")
                old[port].until(answer)
                old[port].close()
            # a file that is gone changes nothing
            first.key.unlink()
            done = paq.paquebot("reload", check=False)
            assert done.returncode != 0
            assert renewed("mx")


def test_without_certificates_there_is_no_tls(netns):
    with Suite(netns=netns, host=HOST) as paq:
        assert "keyd" not in [r["daemon"] for r in paq.status() if r["pid"]]
        line = Line(paq, "mx")
        line.until(rb"220 ")
        line.raw(b"EHLO c.example\r\n")
        assert not any(b"STARTTLS" in x for x in line.until(rb"250 "))
        line.raw(b"STARTTLS\r\n")
        assert line.read().startswith(b"502 ")
        line.close()


def test_implicit_listener_needs_a_certificate():
    with pytest.raises(RuntimeError, match="needs one of certificates"):
        paq = Suite(listen=("mx", "submissions"))
        try:
            paq.write().start()
        finally:
            paq.close()


# -------------------------------------------------- certificates of clients

def test_clients_are_asked_for_a_certificate(netns, pairs, tmp_path):
    ca = Pair(tmp_path, "ca.demo.example", "ec")
    settings = {"certificates": pairs["ec"].setting(),
                "client_certificates": str(ca.cert)}
    with Suite(netns=netns, host=HOST, listen=ALL, settings=settings) as paq:
        for port in PORTS:
            # any certificate, known or not, and none: the session goes on
            for more in ([], ["-cert", str(pairs["rsa"].cert), "-key",
                              str(pairs["rsa"].key)]):
                out = s_client(paq, port, "-tls1_3", *more,
                               stdin=noop(port)[0] + b"\r\n", wait=0.4,
                               until=noop(port)[1])
                assert b"CN = ca.demo.example" in out.partition(
                    b"Acceptable client certificate CA names")[2], out
                assert re.search(noop(port)[1], out, re.M), out


# ------------------------------------------------------------------- floods

@contextlib.contextmanager
def flood(paq, port, before, line):
    """A client under TLS that says a line again and again, as fast as it is
    taken, and reads all answers."""
    command = (f"(printf '{before}'; yes '{line}\r') | openssl s_client -quiet "
               f"-connect {paq.host}:{paq.port[port]} >/dev/null 2>&1")
    with in_netns(paq.netns):
        p = subprocess.Popen(["sh", "-c", command], start_new_session=True)
    try:
        yield p
    finally:
        with contextlib.suppress(ProcessLookupError):
            os.killpg(p.pid, signal.SIGKILL)
        p.wait(20)


def test_one_who_never_stops_talking_holds_up_nobody(netns, pairs):
    """Before log-in: others are served meanwhile, and the time to log in
    ends the talk."""
    settings = {"certificates": pairs["ec"].setting(), "login_timeout": "5s"}
    with Suite(netns=netns, host=HOST, listen=ALL, settings=settings) as paq:
        for port, line in (("imaps", "a NOOP"), ("pop3s", "CAPA")):
            with flood(paq, port, "", line) as p:
                time.sleep(1)
                other = open_tls(paq, port)
                other.raw(noop(port)[0] + b"\r\n")
                other.until(noop(port)[1])
                other.close()
                p.wait(60)


def test_one_who_never_stops_talking_after_login(tls):
    with flood(tls, "imaps", f'a LOGIN {ALICE} "{PASSWORD}"\\r\\n',
               "a NOOP") as p:
        tls.wait_log('event=login user="?' + ALICE)
        for _ in range(3):
            other = open_tls(tls, "imaps")
            other.raw(b"c NOOP\r\n")
            other.until(rb"c OK ")
            other.close()
        assert p.poll() is None


@pytest.mark.parametrize("port", IMPLICIT)
def test_one_client_too_many_gets_no_word_in_the_clear(netns, pairs, port):
    settings = {"certificates": pairs["ec"].setting(),
                "mail_clients_per_address": "2",
                "smtp_clients_per_address": "2"}
    with Suite(netns=netns, host=HOST, listen=ALL, settings=settings) as paq:
        if HOST == "127.0.0.1":
            pytest.skip("not root: loopback has no such limit")
        held = [open_tls(paq, port) for _ in range(2)]
        third = connect(paq, port)
        with contextlib.suppress(ConnectionError):
            assert third.recv(100) == b""
        for line in held:
            line.close()


def test_handshakes_are_bounded(netns, pairs):
    """Under way at once in a front; the others go on, and places come free."""
    settings = {"certificates": pairs["ec"].setting(),
                "tls_handshakes_max": "3", "login_timeout": "5s"}
    with Suite(netns=netns, host=HOST, listen=ALL, settings=settings) as paq:
        talking = open_tls(paq, "imaps")
        started = [connect(paq, "imaps") for _ in range(3)]
        for s in started:           # the head of a hello of 128 KiB
            s.sendall(b"\x16\x03\x01\x40\x00\x01\x01\xff\x00")
        wait_for(lambda: at_once_closed(paq))
        paq.wait_log("client-refused.*too many handshakes")
        plain = Line(paq, "imap")
        plain.until(rb"\* OK ")
        talking.raw(b"a NOOP\r\n")
        talking.until(rb"a OK ")
        # their time ends
        for s in started:
            with contextlib.suppress(ConnectionError):
                while s.recv(4096):
                    pass
        open_tls(paq, "imaps").close()


def at_once_closed(paq):
    s = connect(paq, "imaps")
    s.settimeout(0.3)
    try:
        return s.recv(100) == b""
    except ConnectionError:
        return True
    except TimeoutError:
        return False
    finally:
        s.close()


@pytest.mark.skipif(not IS_ROOT, reason="not root: loopback has no such limit")
@pytest.mark.parametrize("port", ["imaps", "submissions", "mx", "submission"])
def test_one_network_cannot_take_all_handshakes(netns, pairs, port):
    settings = {"certificates": pairs["ec"].setting(),
                "tls_handshakes_per_network": "2"}
    with Suite(netns=netns, host=HOST, listen=ALL, settings=settings) as paq:
        failed = 0
        for _ in range(60):
            try:
                open_tls(paq, port).close()
            except (OSError, EOFError):
                failed += 1
        assert failed > 10
        assert paq.log_text().count("too many handshakes of this") < 30
        # another network has its own
        with in_netns(paq.netns):
            other = Line(paq, port, source="127.0.0.1")
        lead(other, port)
        other.raw(noop(port)[0] + b"\r\n")
        other.until(noop(port)[1])


@pytest.mark.skipif(not IS_ROOT, reason="not root: loopback has no such limit")
def test_a_proxy_is_not_a_network(netns, pairs):
    """Behind it are the clients of many: one of them cannot use up what is
    allowed to one network."""
    settings = {"certificates": pairs["ec"].setting(),
                "tls_handshakes_per_network": "2",
                "proxy_clients": [f"{HOST}/32"]}
    with Suite(netns=netns, host=HOST, listen=ALL, settings=settings) as paq:
        for i in range(20):
            s = connect(paq, "submissions")
            s.sendall(b"PROXY TCP4 198.18.%d.1 %s 4711 465\r\n" %
                      (i, HOST.encode()))
            context().wrap_socket(s).close()


def test_reload_keeps_what_was_good(netns, tmp_path):
    """Files without a certificate: those of before are served on, and a
    connection of before can still begin TLS."""
    tmp_path.chmod(0o755)
    pair = Pair(tmp_path, "mx.demo.example", "ec")
    with Suite(netns=netns, host=HOST, listen=ALL,
               settings={"certificates": pair.setting()}) as paq:
        before = Line(paq, "mx")
        before.until(rb"220 ")
        new = Pair(tmp_path, "mx.demo.example", "ec")      # the same files
        paq.paquebot("reload")
        paq.wait_log("event=reloaded")
        der = ssl.PEM_cert_to_DER_cert(new.cert.read_text())
        wait_for(lambda: served(paq, "imaps") == der)
        before.raw(b"EHLO c.example\r\n")
        before.until(rb"250 ")
        before.raw(b"STARTTLS\r\n")
        before.until(rb"220 ")
        before.start()
        before.raw(b"NOOP\r\n")
        before.until(rb"250 ")
        before.close()
        new.cert.write_text("nothing\n")
        done = paq.paquebot("reload", check=False)
        assert done.returncode == 65
        assert "pair of before" in done.stderr
        paq.wait_log("key-refused.*kept=yes")
        for port in PORTS:
            wait_for(lambda: served(paq, port) == der)


def test_a_pair_renewed_by_half_changes_nothing(netns, pairs, tmp_path):
    """The certificate is new, its key is not yet: no handshake fails, not in
    daemons that start meanwhile either, and the operator hears of it."""
    tmp_path.chmod(0o755)
    pair = Pair(tmp_path, "half.demo.example", "ec")
    good = ssl.PEM_cert_to_DER_cert(pair.cert.read_text())
    old_key = pair.key.read_bytes()
    with Suite(netns=netns, host=HOST, listen=ALL, settings={
            "certificates": [pair.setting(), pairs["ec"].setting()]}) as paq:
        before = {p: Line(paq, p) for p in ("submissions", "pop3s")}
        new = Pair(tmp_path, "half.demo.example", "ec")
        new_key = new.key.read_bytes()
        new.key.write_bytes(old_key)
        done = paq.paquebot("reload", check=False)
        assert done.returncode == 65
        assert done.stderr.startswith("warning: ")
        assert "do not belong together" in done.stderr
        assert str(pair.cert) in done.stderr
        assert str(pairs["ec"].cert) not in done.stderr
        for port in PORTS:
            assert served(paq, port) == good
        front = next(r for r in paq.status() if r["daemon"] == "imap-front")
        os.kill(int(front["pid"]), signal.SIGKILL)
        wait_for(lambda: still_served(paq, "imaps") == good)
        for port, line in before.items():
            line.start()
            line.raw(noop(port)[0] + b"\r\n")
            line.until(noop(port)[1])
        new.key.write_bytes(new_key)
        paq.paquebot("reload")
        good = ssl.PEM_cert_to_DER_cert(new.cert.read_text())
        for port in PORTS:
            wait_for(lambda: served(paq, port) == good)


def test_keyd_starts_while_a_pair_is_renewed(netns, pairs, tmp_path):
    """It has no pair of before: none serves, and the log says so, until the
    renewal is through; nobody has to order that."""
    tmp_path.chmod(0o755)
    pair = Pair(tmp_path, "half.demo.example", "ec")
    old_key = pair.key.read_bytes()
    with Suite(netns=netns, host=HOST, listen=ALL, settings={
            "certificates": [pair.setting(), pairs["ec"].setting()]}) as paq:
        new = Pair(tmp_path, "half.demo.example", "ec")
        new_key = new.key.read_bytes()
        new.key.write_bytes(old_key)
        os.kill(paq.pid("keyd"), signal.SIGKILL)
        paq.wait_log("key-refused.*do not belong together.*kept=no")
        other = ssl.PEM_cert_to_DER_cert(pairs["ec"].cert.read_text())
        for port in PORTS:
            wait_for(lambda: still_served(paq, port) == other, 40)
        new.key.write_bytes(new_key)
        good = ssl.PEM_cert_to_DER_cert(new.cert.read_text())
        for port in PORTS:
            wait_for(lambda: still_served(paq, port) == good, 60)


def still_served(paq, port):
    try:
        return served(paq, port)
    except (OSError, EOFError):
        return None


def sealed(paq, port, words):
    """A TLS connection, of which the last record, words, is not sent yet."""
    line = Line(paq, port)
    line.until(rb"220 ")
    line.raw(b"STARTTLS\r\n")
    line.until(rb"220 ")
    came, goes = ssl.MemoryBIO(), ssl.MemoryBIO()
    tls = context().wrap_bio(came, goes)
    while True:
        try:
            tls.do_handshake()
            break
        except ssl.SSLWantReadError:
            line.sock.sendall(goes.read())
            came.write(line.sock.recv(65536))
    line.sock.sendall(goes.read())
    tls.write(words)
    return line.sock, goes.read()


def test_C11_a_record_octet_by_octet(netns, pairs):
    """The time for a command is that for all of its record, too."""
    settings = {"certificates": pairs["ec"].setting(), "smtp_timeout": "10s"}
    with Suite(netns=netns, host=HOST, listen=ALL, settings=settings) as paq:
        sock, record = sealed(paq, "mx", b"NOOP " + b"x" * 120 + b"\r\n")
        with contextlib.suppress(ConnectionError):
            for octet in record:
                if select.select([sock], [], [], 0.4)[0]:
                    break
                sock.sendall(bytes([octet]))
            else:
                pytest.fail("it was held for longer than a command may take")
        sock.close()


@pytest.mark.parametrize("port", ["mx", "submissions"])
def test_goodbye_before_the_end(netns, pairs, port):
    """RFC 8446 6.1: close_notify, also behind a 421 to a client that waits,
    so that nobody can cut the answers short unseen."""
    settings = {"certificates": pairs["ec"].setting(), "smtp_timeout": "10s"}
    with Suite(netns=netns, host=HOST, listen=ALL, settings=settings) as paq:
        line = open_tls(paq, port)
        assert line.sock.suppress_ragged_eofs
        line.sock.suppress_ragged_eofs = False
        line.until(rb"421 ")
        assert line.sock.recv(100) == b""
        line.close()


@pytest.mark.skipif("san" in str(BIN), reason="a sanitizer's memory is endless")
def test_memory_for_all_clients(netns, pairs):
    """The limit of memory grows with the number of clients allowed."""
    settings = {"certificates": pairs["ec"].setting(),
                "imap_clients_max": "20000", "pop3_clients_max": "100"}
    with Suite(netns=netns, host=HOST, listen=ALL, settings=settings) as paq:
        for daemon, clients in ("imap-front", 20000), ("pop3-front", 100):
            pid = next(r["pid"] for r in paq.status()
                       if r["daemon"] == daemon)
            limit = re.search(r"Max address space +(\d+)", pathlib.Path(
                f"/proc/{pid}/limits").read_text()).group(1)
            assert int(limit) == (512 << 20) + clients * (160 << 10)


def test_failed_handshakes_do_not_fill_the_log(netns, pairs):
    settings = {"certificates": pairs["ec"].setting()}
    with Suite(netns=netns, host=HOST, listen=ALL, settings=settings) as paq:
        begun = time.monotonic()
        for _ in range(150):
            s = connect(paq, "imaps")
            s.sendall(b"GET / HTTP/1.0\r\n\r\n")
            with contextlib.suppress(ConnectionError):
                while s.recv(4096):
                    pass
            s.close()
        took = time.monotonic() - begun
        lines = re.findall(r"event=tls-failed.*unsaid=(\d+)", paq.log_text())
        assert 1 <= len(lines) <= took + 2


def served(paq, port):
    line = open_tls(paq, port)
    der = line.sock.getpeercert(binary_form=True)
    line.close()
    return der


def test_certificate_and_key_need_files_of_their_own(netns, tmp_path):
    pair = Pair(tmp_path, "mx.demo.example", "ec")
    pair.cert.write_bytes(pair.cert.read_bytes() + pair.key.read_bytes())
    paq = Suite(netns=netns, host=HOST, listen=ALL,
                settings={"certificates": f"{pair.cert} {pair.cert}"})
    try:
        with pytest.raises(RuntimeError):
            paq.write().start()
        assert "files of their own" in paq.trouble()
    finally:
        paq.close()
