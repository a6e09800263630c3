"""At least a hundred real messages, through submission and the queue, read by
IMAP and by POP3: byte for byte what went in, but for the fields that say how it
came (RFC 5321 4.4), and those that submission adds (RFC 6409 8)."""
import re

import pytest

import corpus
from suite import without_trace

ALICE, BOB = "alice@demo.example", "bob@demo.example"
MESSAGES, LEFT_OUT = corpus.messages()
SUITE = {"settings": {"received_max": "100"}}

pytestmark = pytest.mark.skipif(
    not corpus.PYTHON.is_dir() or not corpus.ENMIME.is_dir(),
    reason="the packages with sample messages are not installed")


def header_names(octets):
    return {line.split(b":")[0].strip().lower() for line in
            octets.partition(b"\r\n\r\n")[0].split(b"\r\n")
            if line[:1] not in (b" ", b"\t")}


def without_added(got, sent):
    """Submission adds Date and Message-ID where they are missing."""
    names = header_names(sent)
    for name in (b"date", b"message-id", b"from"):
        if name not in names:
            got = re.sub(rb"(?im)^" + name + rb":[^\r]*\r\n(?:[ \t][^\r]*\r\n)*",
                         b"", got, count=1)
    return got


def same(got, sent):
    got = without_trace(got)
    while sent.lower().startswith((b"received:", b"return-path:",
                                   b"delivered-to:")):
        sent = without_trace(sent)
    if got == sent:
        return True
    got = without_added(got, sent)
    # Where there was no header, what was added needs a line to end it.
    return got in (sent, b"\r\n" + sent, sent + b"\r\n")


@pytest.fixture(scope="module")
def read(paq):
    """All of them sent; what IMAP and POP3 give, by name."""
    with paq.smtp(ALICE) as client:
        for name, octets in MESSAGES:
            client.mail(ALICE, ["BODY=8BITMIME"])
            client.rcpt(BOB)
            code, text = client.data(octets)
            assert code == 250, (name, code, text)
            # in order, so that the numbers are those of the list
            paq.wait_stored(BOB, MESSAGES.index((name, octets)) + 1)
    return paq


def test_there_are_enough():
    real = [n for n, _ in MESSAGES if not n in dict(corpus.made())]
    assert len(real) >= 100, (len(real), LEFT_OUT)


def test_by_imap(read):
    client = read.imap(BOB)
    assert int(client.select("INBOX")[1][0]) == len(MESSAGES)
    wrong = []
    for number, (name, sent) in enumerate(MESSAGES, 1):
        got = client.fetch(str(number), "(BODY.PEEK[])")[1][0][1]
        if not same(got, sent):
            wrong.append((name, got[:300], sent[:300]))
    client.logout()
    assert not wrong


def test_imap_tells_sizes_and_structure(read):
    client = read.imap(BOB)
    client.select("INBOX", readonly=True)
    for number, (name, _) in enumerate(MESSAGES, 1):
        answer = client.fetch(str(number),
                              "(RFC822.SIZE ENVELOPE BODYSTRUCTURE)")
        assert answer[0] == "OK", name
        octets = client.fetch(str(number), "(BODY.PEEK[])")[1][0][1]
        said = b" ".join(x if isinstance(x, bytes) else b"".join(x)
                         for x in answer[1])
        size = int(re.search(rb"RFC822\.SIZE (\d+)", said).group(1))
        assert size == len(octets), name
    client.logout()


def test_by_pop3(read):
    client = read.pop3(BOB)
    assert client.stat()[0] == len(MESSAGES)
    wrong = []
    for number, (name, sent) in enumerate(MESSAGES, 1):
        got = b"".join(x + b"\r\n" for x in client.retr(number)[1])
        if not same(got, sent):
            wrong.append((name, got[:300], sent[:300]))
    client.quit()
    assert not wrong
