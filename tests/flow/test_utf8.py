"""Addresses in UTF-8 through the whole suite: accounts, aliases, routes,
forwarding, sendmail, other hosts, and what comes back (RFC 6531, RFC 6533).
"""
import base64
import email
import email.policy
import imaplib
import quopri
import smtplib
import unicodedata

import pytest

from suite import Sink, Suite, wait_for

JORG = "jörg@bücher.example"
STORED = "jörg@xn--bcher-kva.example"    # its one spelling here
ALICE = "alice@demo.example"
WIDE = ("From: Jörg <jörg@bücher.example>\r\nTo: a@b.example\r\n"
        "Subject: Grüße\r\n\r\nKöln.\r\n").encode()
PLAIN = b"From: a@b.example\r\nSubject: hello\r\n\r\nBody.\r\n"


@pytest.fixture(scope="module")
def sinks():
    made = {"new": Sink(ehlo=("PIPELINING", "8BITMIME", "SMTPUTF8",
                              "ENHANCEDSTATUSCODES")), "old": Sink()}
    yield made
    for sink in made.values():
        sink.close()


@pytest.fixture(scope="module")
def paq(sinks):
    with Suite(domains=["demo.example", "bücher.example"],
               users={ALICE: "alice secret", JORG: "geheim"},
               maps={"aliases": "Straße: jörg@bücher.example\n",
                     "virtual": "büro@bücher.example: alice@demo.example\n"
                                "fern@demo.example: müller@new.example\n",
                     "routes": f"new.example: smtp:[127.0.0.1]:"
                               f"{sinks['new'].port}\n"
                               f"öst.example: smtp:[127.0.0.1]:"
                               f"{sinks['new'].port}\n"
                               f"*: smtp:[127.0.0.1]:{sinks['old'].port}\n",
                     "senders": "jörg@bücher.example: @öst.example\n"},
               settings={"relay_clients": ["127.0.0.1/32"],
                         "sender_check": "all"}) as s:
        yield s


def send(paq, sender, recipients, octets, options=("SMTPUTF8",), port="mx",
         login=None):
    """smtplib, which says SMTPUTF8 where it is told to."""
    client = smtplib.SMTP(paq.host, paq.port[port], "client.example",
                          timeout=60)
    with client:
        client.ehlo()
        if "SMTPUTF8" in options:
            client.command_encoding = "utf-8"
        if login:
            name, password = login
            word = base64.b64encode(f"\0{name}\0{password}".encode())
            code, text = client.docmd("AUTH", "PLAIN " + word.decode())
            assert code == 235, text
        return client.sendmail(sender, recipients, octets,
                               mail_options=["BODY=8BITMIME", *options])


def count(paq, user):
    return len(paq.stored(user))


def new(paq, user, n):
    """The one message that came behind n others."""
    def there():
        return len(paq.stored(user)) > n
    try:
        wait_for(there, 30)
    except TimeoutError:
        raise AssertionError(paq.trouble()) from None
    return max(paq.stored(user), key=lambda p: p.stat().st_mtime_ns).read_bytes()


@pytest.mark.parametrize("rcpt", [
    JORG, STORED, unicodedata.normalize("NFD", JORG), "JÖRG@BÜCHER.example",
    "jörg+häuser@bücher.example", "straße@demo.example",
    "Straße@bücher.example"])
def test_one_mailbox_by_all_its_spellings(paq, rcpt):
    n = count(paq, STORED)
    assert send(paq, "", [rcpt], WIDE) == {}
    text = new(paq, STORED, n)
    local, _, _ = rcpt.rpartition("@")
    head, _, body = text.partition(b"\nReceived: ")
    assert head.startswith(b"Return-Path: <>\nDelivered-To: ")
    if "traße" not in rcpt:
        assert head.endswith(f": {local}@xn--bcher-kva.example".encode())
    assert b"with UTF8SMTP id" in body
    assert body.endswith(WIDE.replace(b"\r\n", b"\n"))
    assert paq.maildir(STORED).parent.name == "jörg"


@pytest.mark.parametrize("rcpt", [
    "jorg@bücher.example", "jörg@bucher.example", "strasse@demo.example",
    "jörg@demo.example", "jо\u0308rg@bücher.example"])
def test_look_alikes_are_nobody_or_elsewhere(paq, rcpt):
    """The last one has a Cyrillic letter."""
    n = count(paq, STORED)
    if rcpt == "jörg@bucher.example":       # another host's
        return
    with pytest.raises(smtplib.SMTPRecipientsRefused) as why:
        send(paq, "", [rcpt], WIDE)
    code, text = why.value.recipients[rcpt]
    assert code == 550 and text.startswith(b"5.1.1")
    assert count(paq, STORED) == n


def test_aliases_and_virtual_addresses(paq):
    n = count(paq, ALICE)
    send(paq, "", ["büro@bücher.example"], WIDE)
    new(paq, ALICE, n)


def test_log_in_and_write_under_ones_own_name(paq):
    """PLAIN and SMTP; whose address a sender is; the map senders."""
    n = count(paq, ALICE)
    for sender in (JORG, STORED, "jörg+x@bücher.example", "x@öst.example"):
        text = f"From: {sender}\r\nSubject: x\r\n\r\nx\r\n".encode()
        send(paq, sender, [ALICE], text, port="submission",
             login=(unicodedata.normalize("NFD", JORG), "geheim"))
    wait_for(lambda: count(paq, ALICE) >= n + 4)
    for sender in ("jorg@bücher.example", "josé@bücher.example"):
        with pytest.raises(smtplib.SMTPSenderRefused) as why:
            send(paq, sender, [ALICE], WIDE, port="submission",
                 login=(JORG, "geheim"))
        assert why.value.smtp_code == 553
    with pytest.raises(smtplib.SMTPDataError):
        send(paq, JORG, [ALICE], WIDE.replace(b"From: J\xc3\xb6rg <j\xc3\xb6",
             b"From: <jo"), port="submission", login=(JORG, "geheim"))


def test_imap_by_authenticate(paq):
    with imaplib.IMAP4(paq.host, paq.port["imap"], timeout=60) as client:
        client.authenticate("PLAIN", lambda _: f"\0{JORG}\0geheim".encode())
        assert client.select()[0] == "OK"


def test_to_a_host_that_knows_it(paq, sinks):
    sink, n = sinks["new"], len(sinks["new"].messages)
    send(paq, JORG, ["müller@new.example", "a@öst.example"], WIDE)
    wait_for(lambda: len(sink.messages) > n)
    mail, rcpts, octets = sink.messages[-1]     # one destination, by route
    assert {r.encode("latin-1").decode() for r in rcpts} == {
        "müller@new.example", "a@xn--st-eka.example"}
    assert mail.encode("latin-1").decode().startswith(f"<{STORED}> ")
    assert mail.endswith(" SMTPUTF8") and octets.endswith(WIDE)


def test_an_alias_that_leads_to_such_an_address(paq, sinks):
    """The need is found when it goes out, the client knew nothing of it."""
    sink, n = sinks["new"], len(sinks["new"].messages)
    send(paq, "", ["fern@demo.example"], PLAIN, options=())
    wait_for(lambda: len(sink.messages) > n)
    mail, rcpts, _ = sink.messages[-1]
    assert mail.endswith(" SMTPUTF8")
    assert rcpts[0].encode("latin-1").decode() == "müller@new.example"


def test_only_the_domain_is_not_ascii(paq, sinks):
    """It needs no extension: the domain has an A-label."""
    sink, n = sinks["old"], len(sinks["old"].messages)
    send(paq, "x@bücher.example", ["a@füß.example"], PLAIN)
    wait_for(lambda: len(sink.messages) > n)
    mail, rcpts, octets = sink.messages[-1]
    assert mail.startswith("<x@xn--bcher-kva.example>")
    assert "SMTPUTF8" not in mail and octets.endswith(PLAIN)
    assert rcpts == ["a@xn--f-qfa0g.example"]    # IDNA 2008 has the sharp s


def bounce(paq, user, n):
    text = new(paq, user, n).replace(b"\n", b"\r\n")
    return text, email.message_from_bytes(text, policy=email.policy.SMTPUTF8)


def decoded(part):
    """A message/global part, whatever its encoding."""
    octets = part.get_payload()[0].as_bytes()
    if part["Content-Transfer-Encoding"] == "quoted-printable":
        octets = quopri.decodestring(octets)
    return octets.decode()


def test_bounce_to_an_address_in_utf8(paq, sinks):
    """RFC 6533 4: as it is, since the report needs SMTPUTF8 itself."""
    n, m = count(paq, STORED), len(sinks["old"].messages)
    send(paq, JORG, ["empfänger@old.example"], WIDE)
    text, report = bounce(paq, STORED, n)
    assert len(sinks["old"].messages) == m
    assert report.get_content_type() == "multipart/report"
    parts = list(report.iter_parts())
    assert [p.get_content_type() for p in parts] == [
        "text/plain", "message/global-delivery-status",
        "message/global-headers"]
    assert [p["Content-Transfer-Encoding"] for p in parts] == ["8bit"] * 3
    said = text.decode()
    assert f"\r\nTo: <{STORED}>\r\n" in said
    assert "Final-Recipient: utf-8; empfänger@old.example\r\n" in said
    assert "Status: 5.6.7\r\n" in said and "Subject: Grüße\r\n" in said
    assert "SMTPUTF8" in parts[0].get_content()
    assert "empfänger@old.example" in parts[0].get_content()


def test_bounce_to_an_ascii_address(paq):
    """RFC 6533 4.5: encoded, its way back may be an old one."""
    n = count(paq, ALICE)
    send(paq, ALICE, ["empfänger@old.example"], WIDE)
    text, report = bounce(paq, ALICE, n)
    head, _, behind = text.partition(b"\r\nFrom: ")
    assert behind.isascii()
    parts = list(report.iter_parts())
    assert [p.get_content_type() for p in parts] == [
        "text/plain", "message/global-delivery-status",
        "message/global-headers"]
    assert "empfänger@old.example" in parts[0].get_content()
    assert ("Final-Recipient: utf-8; empfänger@old.example" in
            decoded(parts[1]))
    assert "Subject: Grüße" in decoded(parts[2])


def test_bounce_without_anything_of_it(paq, sinks):
    """RFC 3464 as ever, also of a message that asked for SMTPUTF8 in vain."""
    n = count(paq, ALICE)
    sinks["old"].answers["nobody@old.example"] = "550 5.1.1 nobody"
    send(paq, ALICE, ["nobody@old.example"], PLAIN)
    text, report = bounce(paq, ALICE, n)
    assert [p.get_content_type() for p in report.iter_parts()] == [
        "text/plain", "message/delivery-status", "text/rfc822-headers"]
    assert b"Final-Recipient: rfc822; nobody@old.example\r\n" in text
    assert text.isascii()


def test_the_operator_may_write_it_either_way(paq, sinks):
    """Log and queue hold A-labels; a search for U-labels finds them."""
    send(paq, "", ["x@füß.example"], PLAIN)
    wait_for(lambda: not paq.queued())
    for word in ("x@füß.example", "x@FÜß.example", "x@xn--f-qfa0g.example"):
        assert "event=delivered" in paq.paquebot("trace", word)
    assert "xn--f-qfa0g.example" in paq.paquebot("explain", "x@füß.example")
    assert r"j\xc3\xb6rg/Maildir" in paq.paquebot(
        "explain", "JÖRG@bücher.example")     # as in the log
    paq.paquebot("queue", "pause", "--destination", "paüse.example")
    assert "xn--pase-1ra.example" in paq.paquebot("queue", "pause")
    paq.paquebot("queue", "resume", "--destination", "PAÜSE.example")
    assert "xn--pase-1ra.example" not in paq.paquebot("queue", "pause")
    sinks["old"].answers["x@xn--pase-1ra.example"] = "450 4.2.0 later"
    send(paq, "", ["x@paüse.example"], PLAIN)
    for option, value in (("--domain", "paüse.example"),
                          ("--recipient", "x@paüse.example"),
                          ("--domain", "xn--pase-1ra.example")):
        found = paq.paquebot("queue", "list", option, value)
        assert "x@xn--pase-1ra.example" in found
    assert "xn--" not in paq.paquebot("queue", "list", "--domain",
                                      "pause.example")
    paq.paquebot("queue", "drop", "--domain", "paüse.example")
    wait_for(lambda: not paq.queued())


def test_sendmail(paq, sinks):
    n = count(paq, STORED)
    paq.sendmail("-f", "alice@demo.example", JORG,
                 stdin="Subject: von Hand\n\nx\n")
    assert b"Subject: von Hand" in new(paq, STORED, n)
    n = count(paq, STORED)
    paq.sendmail("-t", stdin=f"To: Jörg <{JORG}>\nSubject: y\n\nx\n")
    text = new(paq, STORED, n).decode()
    assert f"To: Jörg <{JORG}>" in text


def test_a_domain_that_idna_does_not_have(paq):
    paq.settings["domains"] = ["demo.example", "bücher.example",
                               "☃.example"]
    paq.write_conf()
    try:
        done = paq.run("paquebot", "-c", paq.conf, "check", check=False)
        assert "☃.example" in done.stderr
    finally:
        paq.settings["domains"].pop()
        paq.write_conf()
