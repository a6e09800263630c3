"""smtp-out and hosts with and without SMTPUTF8 (RFC 6531 3.2, 3.4, 3.5)."""
import pytest

from fake_out import DONE, LMTP, MAIL, NEVER, Out, Server

BOB = "bob@far.example"
JORG = "jörg@xn--bcher-kva.example"
WIDE = "Subject: Grüße\r\n\r\nBody.\r\n".encode()
BODY = "Subject: hello\r\n\r\nGrüße.\r\n".encode()
KNOWS = ("PIPELINING", "8BITMIME", "SMTPUTF8", "DSN")
OLD = ("PIPELINING", "8BITMIME", "DSN")


@pytest.fixture(scope="module")
def plain():
    with Out() as out:
        yield out


def to(server, **more):
    return dict(nexthop="[127.0.0.1]", port=server.port, **more)


@pytest.mark.parametrize("more, rcpt", [
    (dict(smtputf8=1), BOB), (dict(sender=JORG), BOB), ({}, JORG),
    (dict(smtputf8=1, sender=JORG), JORG)])
def test_3_4_a_host_that_knows_it(plain, more, rcpt):
    with Server(caps=KNOWS) as server:
        done = plain.job(WIDE, [rcpt], body_8bit=1, **more, **to(server))
        assert done.kinds == [DONE]
        mail, rcpts, octets = server.messages[0]
        sender = more.get("sender", "alice@demo.example")
        assert mail == (f"MAIL FROM:<{sender}> BODY=8BITMIME "
                        "SMTPUTF8").encode()
        assert rcpts == [f"RCPT TO:<{rcpt}>".encode()] and octets == WIDE


def test_3_4_not_said_where_nothing_needs_it(plain):
    with Server(caps=KNOWS) as server:
        plain.job(WIDE, [BOB], body_8bit=1, **to(server))
        assert server.messages[0][0] == (
            b"MAIL FROM:<alice@demo.example> BODY=8BITMIME")


@pytest.mark.parametrize("message, body_8bit", [(MAIL, 0), (BODY, 1)])
def test_3_6_asked_for_in_vain(plain, message, body_8bit):
    """The client said SMTPUTF8 for a message that needs none of it."""
    with Server(caps=OLD) as server:
        done = plain.job(message, ["bob@xn--bcher-kva.example"], smtputf8=1,
                         body_8bit=body_8bit, **to(server))
        assert done.kinds == [DONE]
        assert b"SMTPUTF8" not in server.messages[0][0]
        assert server.messages[0][2] == message


PART = (b"Content-Type: multipart/mixed; boundary=b\r\n\r\n--b\r\n"
        b"Content-Disposition: attachment; filename=\xc3\xa9\r\n\r\nx\r\n"
        b"--b--\r\n")


@pytest.mark.parametrize("lmtp", [False, True])
@pytest.mark.parametrize("message, more", [
    (WIDE, dict(smtputf8=1, body_8bit=1)),
    (PART, dict(smtputf8=1, body_8bit=1)), (MAIL, dict(sender=JORG))])
def test_3_5_the_message_needs_it(plain, message, more, lmtp):
    with Server(caps=OLD, lmtp=lmtp) as server:
        done = plain.job(message, [BOB, "x@far.example"],
                         transport=LMTP if lmtp else 0, **more, **to(server))
        assert done.kinds == [NEVER, NEVER] and done.escs == ["5.6.7"] * 2
        assert "SMTPUTF8" in done.texts[0]
        assert server.messages == []
        assert not any(line.startswith(b"MAIL")
                       for session in server.sessions for line in session)


def test_3_5_one_recipient_needs_it(plain):
    """The others get the message."""
    with Server(caps=OLD) as server:
        done = plain.job(MAIL, [BOB, JORG, "x@far.example"], **to(server))
        assert done.kinds == [DONE, NEVER, DONE]
        assert done.escs[1] == "5.6.7"
        assert server.messages[0][1] == [b"RCPT TO:<bob@far.example>",
                                         b"RCPT TO:<x@far.example>"]
        # and the connection serves the next job
        done = plain.job(MAIL, [JORG], **to(server))
        assert done.kinds == [NEVER] and done.escs == ["5.6.7"]


def test_a_header_in_utf8_without_smtputf8_goes_as_8bitmime(plain):
    with Server(caps=OLD) as server:
        done = plain.job(WIDE, [BOB], body_8bit=1, **to(server))
        assert done.kinds == [DONE] and server.messages[0][2] == WIDE


def test_rfc6533_3_orcpt(plain):
    wish = dict(orcpt="utf-8;jörg x=y@b.example", notify=2)
    with Server(caps=KNOWS) as server:
        plain.job(MAIL, [BOB], smtputf8=1, **wish, **to(server))
        assert server.messages[0][1][0].endswith(
            " ORCPT=utf-8;jörg\\x{20}x\\x{3D}y@b.example".encode())
    with Server(caps=OLD) as server:
        plain.job(MAIL, [BOB], **wish, **to(server))
        assert server.messages[0][1][0].endswith(
            b" ORCPT=utf-8;j\\x{F6}rg\\x{20}x\\x{3D}y@b.example")
