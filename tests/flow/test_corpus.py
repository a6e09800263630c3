"""At least a hundred real messages, through submission and the queue, read by
IMAP and by POP3: byte for byte what went in, but for the fields that say how it
came (RFC 5321 4.4), and those that submission adds (RFC 6409 8)."""
import re

import pytest

import corpus

ALICE, BOB = "alice@demo.example", "bob@demo.example"
MESSAGES, LEFT_OUT = corpus.messages()
# Other people wrote them.
SUITE = {"settings": {"received_max": "100", "sender_check": "envelope"}}

pytestmark = pytest.mark.skipif(
    not corpus.PYTHON.is_dir() or not corpus.ENMIME.is_dir(),
    reason="the packages with sample messages are not installed")


def unfolded_field(octets):
    """The name of the first field, and what stands behind the field."""
    end = octets.index(b"\r\n") + 2
    while octets[end:end + 1] in (b" ", b"\t"):
        end = octets.index(b"\r\n", end) + 2
    return octets.split(b":")[0].lower(), octets[end:]


def header_names(octets):
    return {line.split(b":")[0].strip().lower() for line in
            octets.partition(b"\r\n\r\n")[0].split(b"\r\n")
            if line[:1] not in (b" ", b"\t")}


def difference(got, sent):
    """None, or where what came out is not what went in."""
    # What delivery and reception put in front, in this order.
    for wanted in (b"return-path", b"delivered-to", b"received"):
        name, got = unfolded_field(got)
        if name != wanted:
            return f"no {wanted} in front"
    # What submission adds where it is missing.
    have, extra = header_names(sent), []
    if sent[:1] in (b" ", b"\t"):      # continues nothing: there is no header
        have = set()
    for wanted in (b"date", b"message-id", b"from"):
        if wanted not in have and got.lower().startswith(wanted + b":"):
            extra.append(wanted)
            _, got = unfolded_field(got)
    if got == sent:
        return None
    # Where there was no header, an empty line ends what was added.
    if got == b"\r\n" + sent:
        return None
    at = next((i for i, (x, y) in enumerate(zip(got, sent)) if x != y),
              min(len(got), len(sent)))
    return f"at {at}, added {extra}: {got[at:at+60]!r} for {sent[at:at+60]!r}"


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
    made = {name for name, _ in corpus.made()}
    real = [name for name, _ in MESSAGES if name not in made]
    assert len(real) >= 100, (len(real), LEFT_OUT)


def test_by_imap(read):
    client = read.imap(BOB)
    assert int(client.select("INBOX")[1][0]) == len(MESSAGES)
    wrong = []
    for number, (name, sent) in enumerate(MESSAGES, 1):
        got = client.fetch(str(number), "(BODY.PEEK[])")[1][0][1]
        if why := difference(got, sent):
            wrong.append(f"{name}: {why}")
    client.logout()
    assert not wrong, "\n".join(wrong)


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
        if why := difference(got, sent):
            wrong.append(f"{name}: {why}")
    client.quit()
    assert not wrong, "\n".join(wrong)
