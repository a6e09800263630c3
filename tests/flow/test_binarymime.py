"""A message of BODY=BINARYMIME (RFC 3030 3) on its way through a whole suite:
who reads it, by IMAP, POP3, LMTP or on a host of 7 bits, decodes the very
octets that were handed in."""
import email
import email.policy
import random

import pytest

from suite import Sink, Suite, wait_for

ALICE, BOB = "alice@demo.example", "bob@demo.example"
OCTETS = random.Random(3030).randbytes(200000) + b"\r\n.\r\n\n--b\n"
WORDS = "caf\xe9\r\n.\r\n".encode()
TEXT = (b"From: alice@demo.example\r\nSubject: binary\r\n"
        b"Content-Type: multipart/mixed; boundary=b\r\n"
        b"Content-Transfer-Encoding: binary\r\n\r\n--b\r\n"
        b"Content-Type: text/plain; charset=utf-8\r\n"
        b"Content-Transfer-Encoding: binary\r\n\r\n" + WORDS + b"\r\n--b\r\n"
        b"Content-Type: message/rfc822\r\n"
        b"Content-Transfer-Encoding: binary\r\n\r\nMIME-Version: 1.0\r\n"
        b"Content-Type: image/png\r\nContent-Transfer-Encoding: binary\r\n"
        b"\r\n" + OCTETS + b"\r\n--b--\r\n")


@pytest.fixture(scope="module")
def sinks():
    made = {"new": Sink(), "old": Sink(ehlo=("PIPELINING",)),
            "lmtp": Sink(lmtp=True)}
    yield made
    for s in made.values():
        s.close()


@pytest.fixture(scope="module")
def paq(sinks):
    s = Suite(domains=["demo.example"],
              users={u: "a secret" for u in (ALICE, BOB)},
              settings={"relay_domains": [f"{n}.example" for n in sinks]})
    s.maps = {"routes": "".join(
        f"{n}.example: {'lmtp' if k.lmtp else 'smtp'}:[127.0.0.1]:{k.port}\n"
        for n, k in sinks.items())}
    with s:
        yield s


@pytest.fixture(scope="module")
def sent(paq, sinks):
    """By submission, with the settings as they come."""
    with paq.smtp(ALICE) as c:
        assert c.has_extn("binarymime")
        for line in (f"MAIL FROM:<{ALICE}> BODY=BINARYMIME",
                     f"RCPT TO:<{BOB}>",
                     *(f"RCPT TO:<x@{n}.example>" for n in sinks)):
            assert c.docmd(line)[0] == 250
        for at in range(0, len(TEXT), 70000):
            chunk = TEXT[at:at + 70000]
            end = b" LAST" if at + 70000 >= len(TEXT) else b""
            c.send(b"BDAT %d%s\r\n" % (len(chunk), end) + chunk)
            assert c.getreply()[0] == 250
    with paq.smtp(port="mx") as c:      # of other hosts it is not wanted
        assert not c.has_extn("binarymime") and c.has_extn("chunking")
        assert c.docmd("MAIL FROM:<> BODY=BINARYMIME")[0] == 501


def check(octets):
    m = email.message_from_bytes(octets, policy=email.policy.SMTP)
    assert [p.get_payload(decode=True) for p in m.walk()
            if not p.is_multipart()] == [WORDS, OCTETS]
    assert b"\0" not in octets and b"binary\r\n\r\n" not in octets
    assert max(map(len, octets.split(b"\r\n"))) <= 998


def test_by_imap_and_pop3(paq, sent):
    paq.wait_stored(BOB, 1)
    client = paq.imap(BOB)
    client.select("INBOX")
    check(client.fetch("1", "(RFC822)")[1][0][1])
    # RFC 3516 4.2: without its encoding
    got = client.fetch("1", "(BINARY.PEEK[2.1])")[1][0][1]
    assert got == OCTETS
    client.logout()
    client = paq.pop3(BOB)
    check(b"".join(x + b"\r\n" for x in client.retr(1)[1]))
    client.quit()


@pytest.mark.parametrize("name", ["new", "old", "lmtp"])
def test_by_other_hosts(paq, sinks, sent, name):
    sink = sinks[name]
    _, _, octets = wait_for(lambda: sink.messages)[0]
    check(octets)
    assert not any("BINARYMIME" in c for c in sink.commands)
    if name == "old":
        assert max(octets) < 128
