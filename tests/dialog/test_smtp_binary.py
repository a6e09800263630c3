"""BODY=BINARYMIME as a client sees it (RFC 3030 3), and what is kept of it:
mail made of lines, which decodes to the very octets that were sent."""
import base64
import email
import email.policy
import pathlib
import random
import re
import sys

import pytest

ROOT = pathlib.Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "tests" / "flow"))
from fake_suite import Suite, queued  # noqa: E402

PLAIN = base64.b64encode(b"\0alice\0secret").decode()
TOP = (b"From: carol@example.net\r\nDate: Thu, 1 Jan 2026 00:00:00 +0000\r\n"
       b"Message-ID: <1@example.net>\r\nMIME-Version: 1.0\r\n")
BINARY = b"Content-Transfer-Encoding: binary\r\n"
IMAGE = b"Content-Type: image/png\r\n" + BINARY + b"\r\n"
ALL = bytes(range(256))


@pytest.fixture(scope="module")
def suite():
    with Suite(smtp_binarymime="yes") as s:
        yield s


@pytest.fixture
def mx(suite):
    c = suite.connect("mx").hello()
    yield c
    c.close()


def bdat(c, octets, last=False):
    c.raw(b"BDAT %d%s\r\n" % (len(octets), b" LAST" if last else b"") + octets)
    return c.reply()


def binary(c, octets, step=None, **envelope):
    """The last reply, or the first that is none of success."""
    c.envelope(params=" BODY=BINARYMIME", **envelope)
    step = step or max(len(octets), 1)
    for at in range(0, len(octets) - step, step):
        got = bdat(c, octets[at:at + step])
        if got[0] != 250:
            return got
    return bdat(c, octets[(len(octets) - 1) // step * step:] if octets else
                b"", True)


def kept(suite, reply):
    m = suite.message(queued(reply))
    assert not re.search(rb"\0|\r(?!\n)|(?<!\r)\n", m.text)
    assert b"binary" not in m.text.lower()
    return m


def leaves(text):
    """The contents of all parts that hold no other."""
    message = email.message_from_bytes(text, policy=email.policy.SMTP)
    return [p.get_payload(decode=True) for p in message.walk()
            if not p.is_multipart()]


# ------------------------------------------------------- where it is offered

WHERE = {"no": set(), "submission": {"submission", "local"},
         "yes": {"mx", "submission", "lmtp", "local"}}


@pytest.mark.parametrize("setting", [*WHERE, None])
def test_where_it_is_offered(setting):
    settings = {"smtp_binarymime": setting} if setting else {}
    with Suite(**settings) as s:
        for name in ("mx", "submission", "lmtp", "local"):
            c = s.connect(name)
            lines = c.ok("LHLO a.example" if name == "lmtp" else
                         "EHLO a.example")[1]
            offered = name in WHERE[setting or "submission"]
            assert ("BINARYMIME" in lines) == offered
            assert "CHUNKING" in lines
            if name == "submission":
                c.ok("AUTH PLAIN " + PLAIN, 235)
            sender = "" if name == "local" else "alice@example.org"
            code = c.code(f"MAIL FROM:<{sender}> BODY=BINARYMIME")
            assert code == (250 if offered else 501), name
            c.close()


# ------------------------------------------------------------- the dialogue

def test_4_2_pipelining_binarymime(suite):
    """The dialogue of that section; its 10000 and 100000 are both written."""
    c = suite.connect("mx")
    lines = c.ok("EHLO ymir.claremont.edu")[1]
    assert {"PIPELINING", "BINARYMIME", "CHUNKING"} <= set(lines)
    text = TOP + IMAGE
    body = random.Random(1).randbytes(100324 - len(text))
    text += body
    c.raw(b"MAIL FROM:<ned@ymir.claremont.edu> BODY=BINARYMIME\r\n"
          b"RCPT TO:<alice@example.org>\r\nRCPT TO:<bob@example.org>\r\n")
    assert [c.reply()[0] for _ in range(3)] == [250] * 3
    c.raw(b"BDAT 100000\r\n" + text[:100000] +
          b"BDAT 324\r\n" + text[100000:] + b"BDAT 0 LAST\r\n")
    assert [c.reply()[0] for _ in range(2)] == [250] * 2
    m = kept(suite, c.reply())
    assert leaves(m.without_trace()) == [body]
    assert m.rcpts == [b"alice@example.org", b"bob@example.org"]
    c.ok("QUIT", 221)


def test_data_is_out_of_place(suite, mx):
    mx.envelope(params=" BODY=BINARYMIME")
    assert mx.code("DATA") == 503
    mx.ok("RSET")
    mx.send_mail(TOP + b"\r\nlines\r\n")
    assert mx.code("MAIL FROM:<a@b.example> BODY=BINARY") == 501
    assert mx.code("MAIL FROM:<a@b.example> BODY") == 501


def test_what_is_not_binary_is_as_it_came(suite, mx):
    text = (TOP + b"Content-Type: multipart/mixed; boundary=b\r\n\r\n--b\r\n\r\n"
            b".\r\n..\r\n" + b"x" * 2000 + b"\r\n--b\r\n"
            b"Content-Transfer-Encoding: base64\r\n\r\nAAAA\r\n--b--\r\n")
    m = kept(suite, binary(mx, text, 1100))
    assert m.without_trace() == text and m.fields["body"] == b"7bit"


def test_forms(suite, mx):
    """Text of lines stays text; the envelope says whether it is 8-bit."""
    head = TOP + b"Content-Type: text/plain; charset=utf-8\r\n"
    for body, form, field in ((b"cafe\r\n", b"7bit", b"7bit"),
                              ("caf\xe9\r\n".encode(), b"8bit", b"8bit"),
                              (b"a\nb\r\n", b"base64", b"7bit"),
                              (b"x" * 999 + b"\r\n", b"base64", b"7bit")):
        m = kept(suite, binary(mx, head + BINARY + b"\r\n" + body))
        assert m.without_trace().startswith(
            head + b"Content-Transfer-Encoding: " + form + b"\r\n\r\n")
        assert leaves(m.without_trace()) == [body]
        assert m.fields["body"] == field
    assert suite.log_has("accepted", "size=%d" % len(m.without_trace()))


def test_submission_adds_what_is_missing(suite):
    c = suite.connect("submission").hello()
    c.ok("AUTH PLAIN " + PLAIN, 235)
    text = b"From: alice@example.org\r\n" + IMAGE + ALL
    m = kept(suite, binary(c, text, 50, sender="alice@example.org"))
    message = email.message_from_bytes(m.without_trace())
    assert message["Date"] and message["Message-ID"]
    assert message.get_all("MIME-Version") == ["1.0"]
    assert leaves(m.without_trace()) == [ALL]
    # and the author is the user's own, also here
    got = binary(c, b"From: bob@example.org\r\n" + IMAGE + ALL,
                 sender="alice@example.org")
    assert got[0] == 550


def test_lmtp(suite):
    c = suite.connect("lmtp")
    c.ok("LHLO a.example")
    c.envelope(rcpts=("alice@example.org", "bob@example.org"),
               params=" BODY=BINARYMIME")
    assert bdat(c, TOP + IMAGE)[0] == 250
    m = kept(suite, bdat(c, ALL, True))
    assert c.reply()[0] == 250
    assert leaves(m.without_trace()) == [ALL]
    c.envelope(rcpts=("alice@example.org", "bob@example.org"),
               params=" BODY=BINARYMIME")
    assert bdat(c, TOP + b"\r\n" + ALL, True)[0] == 554
    assert c.reply()[0] == 554


# -------------------------------------------------------------- what is refused

MULTI = TOP + b"Content-Type: multipart/%s; boundary=b\r\n\r\n--b\r\n"


@pytest.mark.parametrize("text, code, words", [
    (b"Subject: no MIME\r\n\r\n" + ALL, 554, "5.6.0"),
    (TOP + b"Content-Transfer-Encoding: 8bit\r\n\r\n" + ALL, 554, "5.6.0"),
    (MULTI % b"signed" + IMAGE + ALL + b"\r\n--b--\r\n", 554, "5.6.2"),
    ((b"Content-Type: message/rfc822\r\n\r\n") * 40 + b"\r\n", 554, "5.6.3"),
    (TOP + b"X: " + b"x" * (1 << 20), 552, "5.3.4"),
    (TOP + b"a:\r\n" * 20001 + b"\r\n", 552, "5.3.4"),
    (MULTI % b"mixed" + b"a:\r\n" * 20001 + b"\r\n", 552, "5.3.4"),
    (b"Received: x\r\n" * 21 + IMAGE + ALL, 554, "5.4.6"),
], ids=["no-mime", "8bit", "signed", "deep", "header", "fields",
        "fields-of-a-part", "loop"])
def test_refused(suite, mx, text, code, words):
    before = len(suite.messages)
    for step in (None, 60000):
        got = binary(mx, text, step)
        assert got[0] == code and got[1][0].startswith(words)
        assert mx.code("NOOP") == 250
    assert len(suite.messages) == before
    mx.send_mail(TOP + b"\r\nx\r\n")


def test_sizes(suite, mx):
    """message_size_max (1 MiB here) counts what comes and what is kept."""
    most = 1 << 20
    octets = random.Random(2).randbytes(most * 57 // 78 - 1000)
    m = kept(suite, binary(mx, TOP + IMAGE + octets, 65536))
    assert leaves(m.without_trace()) == [octets]
    assert len(m.without_trace()) <= most
    octets += b"x" * 2000                        # grows beyond
    assert binary(mx, TOP + IMAGE + octets)[0] == 552
    assert binary(mx, TOP + IMAGE + b"x" * most, 1 << 19)[0] == 552
    assert mx.code(f"MAIL FROM:<a@b.example> BODY=BINARYMIME SIZE={most + 1}"
                   ) == 552
    # the queue is asked to have room for what it becomes
    mx.envelope(params=" BODY=BINARYMIME SIZE=570000")
    assert bdat(mx, b"Subject: x\r\n\r\n", True)[0] == 250
    assert 780000 <= suite.declared[-1] <= most
    mx.envelope(params=f" BODY=BINARYMIME SIZE={most}")
    assert bdat(mx, b"Subject: x\r\n\r\n", True)[0] == 250
    assert suite.declared[-1] == most


# ---------------------------------------------------- octet for octet the same

def some_body(rng):
    """Octets that like to look like what ends parts and lines."""
    pieces = [b"\r\n", b"\n", b"\r", b"\0", b"--", b"--b0", b"--b1--", b".",
              b"\r\n.\r\n", b"\r\n--b00\r\n", b"\n--b0--\r\n", b"-",
              b"Subject: x\r\n\r\n", bytes([rng.randrange(256)]),
              rng.randbytes(rng.randrange(200))]
    return b"".join(rng.choice(pieces) for _ in range(rng.randrange(30)))


def free_of(body, depth):
    """Without lines that would be delimiters of the parts it stands in."""
    return not re.search(rb"(?:^|\r\n)--b[0-%d](?:--)?[ \t]*(?:\r\n|\Z)" %
                         max(depth - 1, 0), body)


def some_part(rng, depth, found):
    kind = rng.randrange(6) if depth < 4 else 5
    if kind == 0:
        b = b"b%d" % depth
        parts = [some_part(rng, depth + 1, found)
                 for _ in range(rng.randrange(1, 4))]
        return (b"Content-Type: multipart/mixed; boundary=" + b + b"\r\n" +
                BINARY + b"\r\n" + b"".join(b"--" + b + b"\r\n" + p + b"\r\n"
                                            for p in parts) +
                b"--" + b + b"--\r\n")
    if kind == 1:
        return (b"Content-Type: message/rfc822\r\n" + BINARY +
                b"\r\nSubject: in\r\nMIME-Version: 1.0\r\n" +
                some_part(rng, depth, found))
    body = some_body(rng)
    while not free_of(body, depth):
        body = some_body(rng)
    found.append(body)
    return (b"Content-Type: " + rng.choice(
        (b"text/plain; charset=utf-8", b"application/octet-stream")) +
        b"\r\n" + BINARY + b"\r\n" + body)


def test_random_messages_decode_to_what_they_were(suite, mx):
    rng = random.Random(3030)
    for _ in range(150):
        bodies = []
        text = TOP + some_part(rng, 0, bodies)
        m = kept(suite, binary(mx, text, rng.choice((None, 997, 4096))))
        assert leaves(m.without_trace()) == bodies, text


def test_no_split_makes_a_difference(suite, mx):
    text = (MULTI % b"mixed" + IMAGE + b"\r\n.\r\n\n--b\r\n\r\r\n--b\r\n" +
            b"\r\nend\r\n--b--\r\n")
    wanted = kept(suite, binary(mx, text)).without_trace()
    for cut in range(len(TOP), len(text)):
        mx.envelope(params=" BODY=BINARYMIME")
        assert bdat(mx, text[:cut])[0] == 250
        got = kept(suite, bdat(mx, text[cut:], True)).without_trace()
        assert got == wanted, cut
