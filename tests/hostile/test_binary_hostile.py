"""smtpd and messages of BODY=BINARYMIME (RFC 3030 3) that try to be two, to be
lines where there are none, or to cost much.  Numbers: doc/threats.md."""
import email
import email.policy
import pathlib
import re
import sys
import time

import pytest

ROOT = pathlib.Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "tests" / "flow"))
from fake_suite import Suite, queued  # noqa: E402

MIB = 1 << 20
BINARY = b"Content-Transfer-Encoding: binary\r\n"
MULTI = (b"From: carol@example.net\r\nMIME-Version: 1.0\r\n"
         b"Content-Type: multipart/mixed; boundary=b\r\n\r\n--b\r\n")
EVIL = (b"MAIL FROM:<evil@example.net>\r\nRCPT TO:<alice@example.org>\r\n"
        b"DATA\r\nSubject: two\r\n\r\n.\r\n")
# What some server or other takes for the end of a message.
ENDS = [b"\r\n.\r\n", b"\n.\n", b"\r.\r", b"\r\n.\n", b"\n.\r\n", b"\r\n.\r",
        b"\r\n\0.\r\n", b"\r\r\n.\r\r\n"]


@pytest.fixture(scope="module")
def shared():
    with Suite(smtp_binarymime="yes", message_size_max=16 * MIB) as s:
        yield s


@pytest.fixture
def suite(shared):
    with shared.lock:
        shared.messages.clear()
    yield shared
    c = shared.connect("mx").hello()
    c.send_mail(b"Subject: hello\r\n\r\nBody.\r\n")
    c.ok("QUIT", 221)


@pytest.fixture
def mx(suite):
    c = suite.connect("mx").hello()
    c.envelope(params=" BODY=BINARYMIME")
    yield c
    c.close()


def last(c, octets):
    c.raw(b"BDAT %d LAST\r\n" % len(octets) + octets)
    return c.reply()


@pytest.mark.parametrize("end", ENDS, ids=lambda e: e.hex())
@pytest.mark.parametrize("kind", [b"text/plain", b"image/png"])
def test_B1_binary_is_one_message(suite, mx, end, kind):
    """Whatever the octets of a part are: one message, made of lines."""
    body = b"x" + end + EVIL
    m = suite.message(queued(last(mx, MULTI + b"Content-Type: " + kind +
                                  b"\r\n" + BINARY + b"\r\n" + body +
                                  b"\r\n--b--\r\n")))
    assert not re.search(rb"\0|\r(?!\n)|(?<!\r)\n", m.text)
    parts = email.message_from_bytes(
        m.without_trace(), policy=email.policy.SMTP).get_payload()
    assert [p.get_payload(decode=True) for p in parts] == [body]
    with suite.lock:
        assert len(suite.messages) == 1


@pytest.mark.parametrize("end", [e for e in ENDS if e != b"\r\n.\r\n"],
                         ids=lambda e: e.hex())
@pytest.mark.parametrize("before, behind", [
    (b"X-Evil: y", b"\r\n\r\nz\r\n"),                 # in a header
    (b"Content-Transfer-Encoding: binary", b"\r\n\r\nz\r\n"),
    (MULTI, b"\r\n\r\nz\r\n--b--\r\n"),                # in that of a part
    (MULTI + b"\r\n", b"z\r\n--b--\r\n"),              # in a part of lines
    (MULTI[:-5] + b"pre", b"\r\n--b\r\n\r\n--b--\r\n"),
    (MULTI + BINARY + b"\r\nz\r\n--b--\r\npost", b"\r\n"),
    (b"Subject: x\r\nContent-Transfer-Encoding: base64\r\n\r\nAAAA", b"")])
def test_B1_nothing_is_mended(suite, mx, end, before, behind):
    """Outside of a binary part they are refused, and read to the end."""
    got = last(mx, before + end + EVIL + behind)
    assert got[0] == 554 and got[1][0].startswith("5.6.0")
    assert mx.code("NOOP") == 250
    with suite.lock:
        assert not suite.messages


def test_B3_binary_chunks_at_every_split(suite):
    text = MULTI + BINARY + b"\r\n\r\n.\r\n\0\n--b\r\n\r\r\n--b--\r\n"
    chat = b"BDAT %d LAST\r\n" % len(text) + text + b"NOOP\r\n"
    found = set()
    for cut in range(len(MULTI), len(chat)):
        c = suite.connect("mx").hello()
        c.envelope(params=" BODY=BINARYMIME")
        c.raw(chat[:cut])
        time.sleep(0.002)
        c.raw(chat[cut:])
        got = [c.reply() for _ in range(2)]
        assert [g[0] for g in got] == [250] * 2, cut
        found.add(suite.message(queued(got[0])).without_trace())
        c.close()
    assert len(found) == 1


def most_memory(suite):
    """Of the only session there is, in octets."""
    pid, = suite.children()
    status = pathlib.Path(f"/proc/{pid}/status").read_text()
    return int(re.search(r"VmHWM:\s+(\d+) kB", status)[1]) * 1024


def parts(n, header):
    return MULTI + (header + b"\r\n\r\n--b\r\n") * n


HEAVY = {
    "plain": b"Subject: x\r\n\r\n" + b"a line of text\r\n" * 600000,
    "octets": BINARY + b"\r\n" + bytes(range(256)) * 40000,
    "text": BINARY + b"Content-Type: text/plain\r\n\r\n" +
            b"a line of text\r\n" * 600000,
    "empty parts": MULTI + b"--b\r\n" * 2000000,
    "binary parts": parts(200000, BINARY),
    "multiparts": parts(100000, b"Content-Type: multipart/x; boundary=c"
                        b"\r\n" + BINARY + b"\r\n--c\r\n"),
    "parameters": parts(100, b"Content-Type: text/plain" + b"; a=b" * 20000 +
                        b"\r\n"),
    "fields": parts(20, b"a:\r\n" * 19000),
    "dashes": MULTI + BINARY + b"\r\n" + b"\r\n--b\r" * 1500000,
}


@pytest.mark.parametrize("name", HEAVY)
def test_C2_binary_parts_cost_little(name):
    """Memory of a session is bounded, however many the parts are."""
    with Suite(smtp_binarymime="yes", message_size_max=16 * MIB) as s:
        c = s.connect("mx").hello()
        c.envelope(params=" BODY=BINARYMIME")
        before = most_memory(s)
        assert last(c, HEAVY[name])[0] == 250
        assert most_memory(s) - before < 8 * MIB
        c.close()


def test_C2_binary_nesting(suite, mx):
    inner = b"Content-Type: message/rfc822\r\n" + BINARY + b"\r\n"
    assert last(mx, inner * 100000)[0] == 554
    mx.envelope(params=" BODY=BINARYMIME")
    assert last(mx, b"".join(
        b"Content-Type: multipart/mixed; boundary=b%d\r\n\r\n--b%d\r\n" %
        (i, i) for i in range(1000)))[0] == 554
