"""smtp-out and dnsd as whole programs, between a scripted qmgr and scripted
mail and name servers.

Section numbers are RFC 5321's where nothing else is said.
"""
import contextlib
import email
import email.policy
import os
import random
import re
import signal
import socket
import threading
import time

import pytest

import suite as harness
from fake_dns import NXDOMAIN, SERVFAIL, Dns, record
from fake_out import DONE, DROP, HANG, ID, LATER, LMTP, MAIL, NEVER, Out, \
    SMTP, Server
from fake_suite import own_network

needs_root = pytest.mark.skipif(os.geteuid() != 0,
                                reason="not root: no addresses of our own")
BOB, CAROL, DAVE = "bob@far.example", "carol@far.example", "dave@far.example"
NO_PIPELINING = ("8BITMIME", "ENHANCEDSTATUSCODES")


@pytest.fixture(scope="module")
def plain():
    """No name server: jobs name an address."""
    with Out() as out:
        yield out


def to(server, **more):
    return dict(nexthop="[127.0.0.1]", port=server.port, **more)


def verbs(session):
    return [line.split(b" ")[0].decode() for line in session]


# ------------------------------------------------------------- one connection

@pytest.mark.parametrize("caps", [("PIPELINING",), ("8BITMIME",), ()])
def test_one_message(plain, caps):
    with Server(caps=caps) as server:
        done = plain.job(MAIL, [BOB], **to(server))
        assert done.kinds == [DONE] and done.escs == ["2.0.0"]
        assert done.end == (1, 0)
        assert "taken" in done.texts[0]
        assert done.remotes == [f"127.0.0.1[127.0.0.1]:{server.port}"]
        assert server.messages == [(b"MAIL FROM:<alice@demo.example>",
                                    [b"RCPT TO:<bob@far.example>"], MAIL)]
        server.wait(lambda s: s.sessions[0][-1:] == [b"QUIT"])
        assert verbs(server.sessions[0]) == [
            "EHLO", "MAIL", "RCPT", "DATA", "QUIT"]
        assert server.sessions[0][0] == b"EHLO mail.demo.example"


def test_parameters_follow_what_the_server_can(plain):
    with Server() as server:
        plain.job(MAIL, [BOB], body_8bit=1, **to(server))
        assert server.messages[0][0] == (
            b"MAIL FROM:<alice@demo.example> SIZE=%d BODY=8BITMIME" %
            len(MAIL))
    with Server(caps=()) as server:
        plain.job(MAIL, [BOB], body_8bit=1, **to(server))
        assert server.messages[0][0] == b"MAIL FROM:<alice@demo.example>"


def test_dsn_is_passed_on(plain):
    # RFC 3461 5.2.1; encoded as its 4 says
    wishes = dict(ret=2, envid="my id=1", notify=6,
                  orcpt="rfc822;Old Name+1@old.example")
    with Server(caps=("PIPELINING", "DSN")) as server:
        done = plain.job(MAIL, [BOB], **wishes, **to(server))
        assert server.messages[0][:2] == (
            b"MAIL FROM:<alice@demo.example> RET=HDRS ENVID=my+20id+3D1",
            [b"RCPT TO:<bob@far.example> NOTIFY=SUCCESS,FAILURE "
             b"ORCPT=rfc822;Old+20Name+2B1@old.example"])
        assert done.told == {100: 1}
    with Server(caps=("PIPELINING",)) as server:
        done = plain.job(MAIL, [BOB], **wishes, **to(server))
        assert server.messages[0][:2] == (
            b"MAIL FROM:<alice@demo.example>", [b"RCPT TO:<bob@far.example>"])
        assert done.told == {100: 0}


EIGHT = (b"Subject: hello\r\nMIME-Version: 1.0\r\n"
         b"Content-Type: text/plain; charset=utf-8\r\n"
         b"Content-Transfer-Encoding: 8bit\r\n\r\n"
         b"caf\xc3\xa9\r\n.dot = dot\r\n")


def test_8bit_mail_for_a_host_of_7_bits(plain):
    # RFC 6152 3; the body by RFC 2045 6.7
    with Server(caps=("PIPELINING", "SIZE 1000000")) as server:
        done = plain.job(EIGHT, [BOB], body_8bit=1, **to(server))
        assert done.kinds == [DONE]
        mail, _, octets = server.messages[0]
        assert b"BODY" not in mail and b" SIZE=%d" % len(octets) in mail
        assert max(octets) < 128
        parsed = email.message_from_bytes(octets, policy=email.policy.default)
        assert parsed["Content-Transfer-Encoding"] == "quoted-printable"
        assert parsed.get_content() == "caf\xe9\r\n.dot = dot\r\n"
    with Server() as server:                # and for one of 8 as it is
        plain.job(EIGHT, [BOB], body_8bit=1, **to(server))
        assert server.messages[0][2] == EIGHT


def test_8bit_mail_that_cannot_be_converted(plain):
    signed = (b"MIME-Version: 1.0\r\nContent-Type: multipart/signed; "
              b"boundary=b\r\n\r\n--b\r\n\r\n\xc3\xa9\r\n--b--\r\n")
    with Server(caps=("PIPELINING",)) as server:
        done = plain.job(signed, [BOB, CAROL], body_8bit=1, **to(server))
        assert done.kinds == [NEVER, NEVER] and done.escs == ["5.6.3"] * 2
        assert "MAIL" not in verbs(server.sessions[0])
        assert done.end == (1, 0)


def test_8bit_mail_to_two_hosts_on_one_worker(plain):
    """What is converted for one is not for the next."""
    with Server(caps=()) as seven, Server() as eight, \
            contextlib.closing(plain.worker()) as w:
        for server in (seven, eight, seven):
            assert w.job(EIGHT, [BOB], body_8bit=1,
                         **to(server)).kinds == [DONE]
        assert max(seven.messages[1][2]) < 128
        assert eight.messages[0][2] == EIGHT


def test_the_empty_sender(plain):
    with Server() as server:
        assert plain.job(MAIL, [BOB], sender="", **to(server)).kinds == [DONE]
        assert server.messages[0][0].startswith(b"MAIL FROM:<>")


def test_a_server_that_knows_helo_only(plain):
    # 3.2: "... the client SHOULD ... HELO"
    with Server({"EHLO": b"502 what?\r\n"}) as server:
        assert plain.job(MAIL, [BOB], **to(server)).kinds == [DONE]
        assert verbs(server.sessions[0])[:2] == ["EHLO", "HELO"]
        assert server.messages[0][0] == b"MAIL FROM:<alice@demo.example>"


@pytest.mark.parametrize("caps", [("PIPELINING",), ()])
def test_each_recipient_has_its_result(plain, caps):
    def rcpt(line):
        if b"carol" in line:
            return b"550 5.1.1 no carol\r\n"
        if b"dave" in line:
            return b"451 4.2.1 dave is away\r\n"
        return None
    with Server({"RCPT": rcpt}, caps=caps) as server:
        done = plain.job(MAIL, [BOB, CAROL, DAVE], **to(server))
        assert done.kinds == [DONE, NEVER, LATER]
        assert done.escs == ["2.0.0", "5.1.1", "4.2.1"]
        assert done.texts[1] == "550 5.1.1 no carol"
        assert server.messages[0][1] == [b"RCPT TO:<bob@far.example>"]


@pytest.mark.parametrize("caps", [("PIPELINING",), ()])
@pytest.mark.parametrize("step,answer,kind,esc", [
    ("MAIL", b"451 4.7.1 not now\r\n", LATER, "4.7.1"),
    ("MAIL", b"550 5.7.1 not you\r\n", NEVER, "5.7.1"),
    ("RCPT", b"452 4.5.3 enough\r\n", LATER, "4.5.3"),
    ("RCPT", b"553 no\r\n", NEVER, "5.0.0"),
    ("DATA", b"451 not now\r\n", LATER, "4.0.0"),
    ("DATA", b"554 5.7.0 never\r\n", NEVER, "5.7.0"),
    ("dot", b"452 4.3.1 full\r\n", LATER, "4.3.1"),
    ("dot", b"552 5.3.4 too much\r\n", NEVER, "5.3.4"),
    # 4.2.1: what is neither is no success
    ("dot", b"354 more?\r\n", LATER, "4.0.0"),
    ("RCPT", b"354 what\r\n", LATER, "4.0.0"),
])
def test_refused_at_each_step(plain, caps, step, answer, kind, esc):
    with Server({step: answer}, caps=caps) as server:
        done = plain.job(MAIL, [BOB, CAROL], **to(server))
        assert done.kinds == [kind, kind] and done.escs == [esc, esc]
        assert done.end[1] == 0
        if step != "dot":
            assert [m for m in server.messages if m[1]] == []


@pytest.mark.parametrize("caps", [("PIPELINING",), ()])
def test_a_refused_transaction_leaves_a_usable_connection(plain, caps):
    answers = [b"550 5.1.1 nobody\r\n", None]
    with Server({"RCPT": lambda line: answers.pop(0)}, caps=caps) as server, \
            contextlib.closing(plain.worker()) as w:
        assert w.job(MAIL, [BOB], **to(server)).kinds == [NEVER]
        assert w.job(MAIL, [CAROL], **to(server)).kinds == [DONE]
        assert len(server.sessions) == 1
        assert b"RSET" in server.sessions[0]
        assert [m[1] for m in server.messages] == [
            [b"RCPT TO:<carol@far.example>"]]


def test_354_though_nobody_was_taken(plain):
    # RFC 2920 3.1: then the client sends the empty message.
    with Server({"RCPT": b"550 5.1.1 nobody\r\n", "DATA": b"354 well\r\n",
                 "dot": b"554 no recipients\r\n"}) as server:
        done = plain.job(MAIL, [BOB], **to(server))
        assert done.kinds == [NEVER] and done.escs == ["5.1.1"]
        assert [m[2] for m in server.messages] == [b""]
        assert done.end == (1, 0)


def test_552_behind_accepted_recipients(plain):
    # 4.5.3.1.10: too many at once is no reason to give anybody up.
    n = [0]

    def rcpt(line):
        n[0] += 1
        return b"552 too many\r\n" if n[0] > 1 else None
    with Server({"RCPT": rcpt}) as server:
        done = plain.job(MAIL, [BOB, CAROL], **to(server))
        assert done.kinds == [DONE, LATER] and done.escs[1] == "4.5.3"
    with Server({"RCPT": b"552 5.2.2 full\r\n"}) as server:
        assert plain.job(MAIL, [BOB], **to(server)).kinds == [NEVER]


def test_a_message_over_the_servers_size(plain):
    # RFC 1870 6.1
    with Server(caps=("PIPELINING", "SIZE 10")) as server:
        done = plain.job(MAIL, [BOB], **to(server))
        assert done.kinds == [NEVER] and done.escs == ["5.3.4"]
        assert "MAIL" not in verbs(server.sessions[0])
    with Server(caps=("PIPELINING", "SIZE 0")) as server:
        assert plain.job(MAIL, [BOB], **to(server)).kinds == [DONE]


def test_many_recipients_in_flights(plain):
    """More than any window holds of long commands and long replies."""
    many = [f"{'x' * 50}{i}@{'y' * 60}.example" for i in range(1000)]

    def rcpt(line):
        return b"550 5.1.1 odd\r\n" if line.endswith(b"7@" + b"y" * 60 +
                                                     b".example>") \
            else b"250 2.1.5 " + b"z" * 480 + b"\r\n"
    with Server({"RCPT": rcpt}) as server:
        done = plain.job(MAIL, many, **to(server))
        want = [NEVER if a.split("@")[0].endswith("7") else DONE
                for a in many]
        assert done.kinds == want
        assert len(server.messages[0][1]) == 900


def test_an_address_that_smtp_cannot_carry_harms_nobody_else(plain):
    with Server() as server:
        done = plain.job(MAIL, [BOB, "no address at all", CAROL],
                         **to(server))
        assert done.kinds == [DONE, NEVER, DONE]
        assert done.escs[1] == "5.1.3"
    with Server() as server:
        done = plain.job(MAIL, ["no address at all"], **to(server))
        assert done.kinds == [NEVER]
        assert server.messages == []


# ------------------------------------------------------------------------ LMTP

def test_lmtp_answers_for_each_recipient(plain):
    # RFC 2033 4.2
    def dot(line):
        return b"550 5.2.2 full\r\n" if b"carol" in line else None

    def rcpt(line):
        return b"550 5.1.1 no\r\n" if b"dave" in line else None
    with Server({"dot": dot, "RCPT": rcpt}, lmtp=True) as server:
        done = plain.job(MAIL, [DAVE, BOB, CAROL], transport=LMTP,
                         **to(server))
        assert done.kinds == [NEVER, DONE, NEVER]
        assert done.escs == ["5.1.1", "2.0.0", "5.2.2"]
        assert server.sessions[0][0].startswith(b"LHLO ")
        assert len(server.messages) == 1


def test_lmtp_lost_between_the_answers(plain):
    n = [0]

    def dot(line):
        n[0] += 1
        return DROP if n[0] == 2 else None
    with Server({"dot": dot}, lmtp=True) as server:
        done = plain.job(MAIL, [BOB, CAROL, DAVE], transport=LMTP,
                         **to(server))
        assert done.kinds == [DONE, LATER, LATER]
        assert done.escs[1] == "4.4.2"


def test_lmtp_never_falls_back_to_helo(plain):
    with Server({"EHLO": b"500 what?\r\n"}, lmtp=True) as server:
        done = plain.job(MAIL, [BOB], transport=LMTP, **to(server))
        assert done.kinds == [LATER]
        assert "HELO" not in verbs(server.sessions[0])


# ---------------------------------------------------------------- lost, again

@pytest.mark.parametrize("caps", [("PIPELINING",), ()])
@pytest.mark.parametrize("step", ["greeting", "EHLO", "MAIL", "RCPT", "DATA",
                                  "dot"])
def test_connection_lost_at_each_step(plain, caps, step):
    with Server({step: DROP}, caps=caps) as server:
        done = plain.job(MAIL, [BOB, CAROL], **to(server))
        assert done.kinds == [LATER, LATER]
        assert all(esc.startswith("4.4.") for esc in done.escs)
        assert done.end[0] == 0             # nothing there to use again
        # The site is down when nobody there would talk at all.
        assert done.end[1] == (0 if step == "dot" else 1)
        assert len(server.messages) == (step == "dot")


def test_lost_in_the_message(plain):
    """The other side closes while the body is on its way."""
    body = b"Subject: long\r\n\r\n" + b"0123456789abcde\r\n" * 600000
    with Server({"body": DROP}, caps=("PIPELINING",)) as server:
        done = plain.job(body, [BOB], **to(server))
        assert done.kinds == [LATER] and done.escs == ["4.4.2"]
        assert done.end == (0, 0)
        assert server.messages == []


@pytest.mark.parametrize("caps", [("PIPELINING",), ()])
def test_421_instead_of_an_answer(plain, caps):
    for step in ("greeting", "EHLO", "MAIL"):
        with Server({step: b"421 4.3.2 closing\r\n"}, caps=caps) as server:
            done = plain.job(MAIL, [BOB], **to(server))
            assert done.kinds == [LATER]
            assert "421" in done.texts[0]
            assert done.end == (0, 1)
    with Server({"dot": b"421 4.3.2 closing\r\n"}, caps=caps) as server:
        done = plain.job(MAIL, [BOB], **to(server))
        assert done.kinds == [LATER] and done.end[0] == 0


def test_nobody_listens(plain):
    s = socket.create_server(("127.0.0.1", 0))
    port = s.getsockname()[1]
    s.close()
    done = plain.job(MAIL, [BOB], nexthop="[127.0.0.1]", port=port)
    assert done.kinds == [LATER] and done.escs == ["4.4.1"]
    assert done.end == (0, 1)


# ------------------------------------------------- kept connections and files

def test_a_connection_serves_one_job_after_the_other(plain):
    with Server() as server, contextlib.closing(plain.worker()) as w:
        for n in range(5):
            done = w.job(MAIL + b"%d\r\n" % n, [BOB], **to(server))
            assert done.kinds == [DONE] and done.end == (1, 0)
        assert len(server.sessions) == 1
        assert [m[2] for m in server.messages] == [
            MAIL + b"%d\r\n" % n for n in range(5)]
        with Server() as second:        # another destination: another one
            assert w.job(MAIL, [BOB], **to(second)).kinds == [DONE]
            assert len(second.sessions) == 1
            server.wait(lambda s: s.sessions[0][-1] == b"QUIT")


def test_a_kept_connection_that_the_server_ended(plain):
    with Server() as server, contextlib.closing(plain.worker()) as w:
        assert w.job(MAIL, [BOB], **to(server)).kinds == [DONE]
        server.script["MAIL"] = lambda line: \
            b"421 idle for too long\r\n" if len(server.sessions) == 1 else None
        done = w.job(MAIL, [CAROL], **to(server))
        assert done.kinds == [DONE]
        assert len(server.sessions) == 2 and len(server.messages) == 2


def test_a_kept_connection_that_ends_ends_the_worker(plain):
    with Server() as server:
        w = plain.worker()
        assert w.job(MAIL, [BOB], **to(server)).end == (1, 0)
        for s in server.sockets:
            s.sendall(b"421 4.4.2 idle for too long\r\n")
        assert w.ended()


def test_an_answer_too_many_is_no_answer_to_the_next_command(plain):
    with Server({"dot": b"250 ok\r\n250 ok\r\n"}) as server:
        w = plain.worker()
        done = w.job(MAIL, [BOB], **to(server))
        assert done.kinds == [DONE] and done.end == (0, 0)
        assert w.ended()
    with Server({"EHLO": b"250-x\r\n250 PIPELINING\r\n250 ok\r\n"}) as s:
        done = plain.job(MAIL, [BOB], **to(s))
        assert done.kinds == [LATER] and s.messages == []


@pytest.mark.parametrize("early,kind,esc", [
    (b"250 2.0.0 taken\r\n", LATER, "4.5.0"),
    (b"552 5.3.4 too much\r\n", NEVER, "5.3.4"),
    (b"421 4.3.2 closing\r\n", LATER, "4.3.2")])
def test_an_answer_before_the_dot(plain, early, kind, esc):
    """One that comes with the 354, and so before the message."""
    with Server({"DATA": b"354 go on\r\n" + early}) as server:
        done = plain.job(MAIL, [BOB, CAROL], **to(server))
        assert done.kinds == [kind, kind] and done.escs == [esc, esc]
        assert done.end == (0, 0)
        assert server.messages == []


def test_a_file_that_is_shorter_than_the_job_says(plain):
    with Server() as server:
        done = plain.job(MAIL, [BOB], size=len(MAIL) + 1, **to(server))
        assert done.kinds == [LATER] and done.escs == ["4.3.0"]
        assert done.end[0] == 0
        time.sleep(0.1)
        assert server.messages == []
        # Nothing that could be taken for its end, nor for a command.
        assert not server.raw[0].endswith(b"QUIT\r\n")
        assert b"\r\n.\r\n" not in server.raw[0]


def bodies():
    yield b""
    yield b"."
    yield b".\r\n"
    yield b"..\r\n.\r\n...\r\n"
    yield b"no end"
    yield b"a\r\n.b\r\n..c"
    yield b"\r\n" * 5
    yield b".\r\n" * 70000              # the pieces end everywhere
    yield b"x" * 100000 + b"\r\n.\r\n"
    yield b"\x80\xff\0 octets\r\n"
    rnd = random.Random(5321)
    for _ in range(60):
        yield b"".join(rnd.choice([b".", b"\r\n", b"\r\n.", b"x", b"..",
                                   b"ab c"]) for _ in range(200))


def test_dots_survive(plain):
    """What a strict server gets is what is in the queue (4.5.2)."""
    with Server(caps=("PIPELINING",)) as server, \
            contextlib.closing(plain.worker()) as w:
        sent = list(bodies())
        for body in sent:
            assert w.job(body, [BOB], **to(server)).kinds == [DONE]
        got = [m[2] for m in server.messages]
        want = [b if b == b"" or b.endswith(b"\r\n") else b + b"\r\n"
                for b in sent]
        assert got == want


def test_no_bare_cr_or_lf_leaves(plain):
    """2.3.8: what is in the queue by mistake leaves as lines (CVE-2023-51764
    and its kin: nothing that another server may take for an end)."""
    for end in (b"\n.\n", b"\n.\r\n", b"\r\n.\r", b"\r.\r", b"\r\n.\n",
                b"\r.\r\n", b"\n.\r", b"\r\r\n.\r\r\n"):
        with Server(caps=("PIPELINING",)) as server:
            body = b"Subject: x\r\n\r\na" + end + b"MAIL FROM:<x@y>\r\n"
            assert plain.job(body, [BOB], **to(server)).kinds == [DONE]
            assert len(server.messages) == 1
            wire = bytes(server.raw[0])
            assert not re.search(rb"\r(?!\n)|(?<!\r)\n", wire)
            assert wire.count(b"\r\n.\r\n") == 1


# --------------------------------------------------------------- qmgr is gone

def test_qmgr_gone_before_the_dot_gives_up(plain):
    with Server({"DATA": HANG}) as server:
        w = plain.worker()
        w.begin(MAIL, [BOB], **to(server))
        server.wait(lambda s: s.sessions[0][-1] == b"DATA")
        before = len(plain.out.children())
        w.close()
        end = time.monotonic() + 5
        while len(plain.out.children()) >= before:
            assert time.monotonic() < end, "the worker still waits"
            time.sleep(0.02)
        assert server.messages == []


@contextlib.contextmanager
def waiting_for_the_answer(rcpts, answer=None):
    """A worker whose qmgr went when only the answer to the dot was missing; it
    comes with go.set()."""
    go = threading.Event()

    def dot(line):
        go.wait(20)
        return answer
    with Out() as out, Server({"dot": dot}) as server:
        w = out.worker()
        w.begin(MAIL, rcpts, **to(server))
        server.wait(lambda s: s.messages)
        w.close()
        yield out, go


@pytest.mark.parametrize("answer,kind", [
    (b"250 2.0.0 taken\r\n", DONE), (b"554 5.6.0 no\r\n", NEVER),
    (b"451 4.3.0 later\r\n", LATER)])
def test_qmgr_gone_after_the_dot_leaves_an_orphan(answer, kind):
    """The next qmgr is told who is under way, and then what became of it."""
    with waiting_for_the_answer([BOB, CAROL], answer) as (out, go):
        out.qmgr.close()
        time.sleep(0.2)
        out.new_qmgr()
        assert out.told() == ("ORPHAN", ID)
        go.set()
        got = sorted([out.told(), out.told()])
        assert [g[:4] for g in got] == [("ORPHAN_RESULT", ID, 100, kind),
                                        ("ORPHAN_RESULT", ID, 101, kind)]


def test_orphan_of_a_qmgr_that_is_back_already():
    with waiting_for_the_answer([BOB]) as (out, go):
        # The parent's channel to qmgr is there.
        assert out.told() == ("ORPHAN", ID)
        go.set()
        assert out.told()[:4] == ("ORPHAN_RESULT", ID, 100, DONE)


def test_results_wait_for_the_next_qmgr():
    with waiting_for_the_answer([BOB]) as (out, go):
        out.qmgr.close()
        time.sleep(0.1)
        go.set()
        time.sleep(0.3)
        assert out.out.children() == []
        out.new_qmgr()
        assert out.told()[:4] == ("ORPHAN_RESULT", ID, 100, DONE)


def test_nobody_is_left_when_the_suite_ends():
    """A worker that waits for a slow server does not outlive its suite."""
    with Out() as out, Server({"MAIL": HANG}) as server:
        w = out.worker()
        w.begin(MAIL, [BOB], **to(server))
        server.wait(lambda s: b"EHLO" in s.sessions[0][0])
        (pid,) = out.out.children()
        w.close()
    end = time.monotonic() + 5
    while os.path.exists(f"/proc/{pid}"):
        assert time.monotonic() < end
        time.sleep(0.05)


def test_a_worker_too_many_waits_for_its_place():
    with Out(smtp_out_max="1") as out, Server() as server:
        one, other = out.worker(), None
        assert one.job(MAIL, [BOB], **to(server)).kinds == [DONE]
        other = out.worker()
        other.begin(MAIL, [CAROL], **to(server))
        time.sleep(0.3)
        assert len(out.out.children()) == 1 and len(server.messages) == 1
        one.close()
        assert other.finish().kinds == [DONE]


def test_a_worker_that_crashes():
    with Out() as out, Server() as server:
        one = out.worker()
        assert one.job(MAIL, [BOB], **to(server)).kinds == [DONE]
        (pid,) = out.out.children()
        os.kill(pid, signal.SIGABRT)
        assert one.ended()
        assert out.out.log_has("worker-crashed", "signal=6")
        assert out.job(MAIL, [BOB], **to(server)).kinds == [DONE]


def test_the_parent_gone_after_the_dot():
    """A worker needs it only for orphans: its result goes to qmgr."""
    go = threading.Event()

    def dot(line):
        go.wait(20)
        return None
    with Out() as out, Server({"dot": dot}) as server:
        w = out.worker()
        w.begin(MAIL, [BOB], **to(server))
        server.wait(lambda s: s.messages)
        out.out.process.kill()
        out.out.process.wait()
        go.set()
        assert w.finish().kinds == [DONE]


def test_both_gone_after_the_dot():
    """Nobody is left to hear of it: the worker does not stay either."""
    with Out() as out, Server({"dot": HANG}) as server:
        w = out.worker()
        w.begin(MAIL, [BOB], **to(server))
        server.wait(lambda s: s.messages)
        (pid,) = out.out.children()
        out.out.process.kill()
        out.out.process.wait()
        time.sleep(0.2)
        assert os.path.exists(f"/proc/{pid}")
        w.close()
        end = time.monotonic() + 5
        while os.path.exists(f"/proc/{pid}"):
            assert time.monotonic() < end
            time.sleep(0.02)


# --------------------------------------------------------------------- by MX

US = "192.0.2.1"
HOSTS = ("192.0.2.1/32", "192.0.2.2/32", "192.0.2.3/32", "192.0.2.4/32")


@pytest.fixture
def net():
    """Addresses that are not loopback ones, in a network of its own."""
    with own_network(*HOSTS):
        yield


class Site:
    """Name server, mail servers on its hosts, and smtp-out."""

    def __init__(self, table, hosts=("192.0.2.2",), scripts=None,
                 tls=None, caps=None, **settings):
        with socket.create_server(("192.0.2.2", 0)) as s:
            self.port = s.getsockname()[1]
        self.dns = Dns(table)
        self.servers = {h: Server((scripts or {}).get(h), host=h,
                                  port=self.port, tls=tls,
                                  **({"caps": caps} if caps is not None
                                     else {}))
                        for h in hosts}
        self.out = Out(self.dns, smtp_out_port=str(self.port),
                       smtp_out_source=US, **settings)

    def __enter__(self):
        self.out.__enter__()
        return self

    def __exit__(self, *exc):
        self.out.__exit__(*exc)
        self.dns.close()
        for s in self.servers.values():
            s.close()

    def job(self, nexthop="far.example", **more):
        return self.out.job(MAIL, [BOB], nexthop=nexthop, **more)

    def got(self):
        return [h for h, s in self.servers.items() if s.messages]


ONE_MX = {("far.example", "MX"): [(10, "mx.far.example")],
          ("mx.far.example", "A"): ["192.0.2.2"]}


@needs_root
def test_by_mx(net):
    with Site(ONE_MX) as site:
        done = site.job()
        assert done.kinds == [DONE]
        assert done.remotes == [f"mx.far.example[192.0.2.2]:{site.port}"]


@needs_root
def test_the_better_mx_first_then_the_next(net):
    # 5.1: in the order of preference
    table = {("far.example", "MX"): [(20, "b.far.example"),
                                     (10, "a.far.example")],
             ("a.far.example", "A"): ["192.0.2.2"],
             ("b.far.example", "A"): ["192.0.2.3"]}
    with Site(table, hosts=("192.0.2.2", "192.0.2.3")) as site:
        assert site.job().kinds == [DONE]
        assert site.got() == ["192.0.2.2"]
    for script in ({"greeting": b"554 no\r\n"}, {"greeting": DROP},
                   {"EHLO": b"421 no\r\n"}, {"MAIL": b"421 no\r\n"},
                   {"greeting": b"220 x\0y\r\n"}):
        with Site(table, hosts=("192.0.2.2", "192.0.2.3"),
                  scripts={"192.0.2.2": script}) as site:
            assert site.job().kinds == [DONE]
            assert "192.0.2.3" in site.got()
    with Site(table, hosts=("192.0.2.3",)) as site:     # nobody listens at a
        assert site.job().kinds == [DONE]
        assert site.out.out.log_has("connect-failed", "a.far.example")


TWO_MX = {("far.example", "MX"): [(10, "a.far.example"),
                                  (20, "b.far.example")],
          ("a.far.example", "A"): ["192.0.2.2"],
          ("b.far.example", "A"): ["192.0.2.3"]}


@needs_root
@pytest.mark.parametrize("caps", [("PIPELINING",), ()])
@pytest.mark.parametrize("step", ["MAIL", "RCPT", "DATA"])
def test_put_off_by_one_host_then_the_next(net, step, caps):
    # 5.1: "... until a delivery attempt succeeds"
    with Site(TWO_MX, hosts=("192.0.2.2", "192.0.2.3"), caps=caps,
              scripts={"192.0.2.2": {step: b"451 4.7.1 not now\r\n"}}) as site:
        done = site.job()
        assert done.kinds == [DONE], done.results
        assert "192.0.2.3" in done.remotes[0]
        assert [m for m in site.servers["192.0.2.2"].messages if m[1]] == []


@needs_root
def test_only_those_who_were_put_off_go_to_the_next_host(net):
    def first(line):
        if b"carol" in line:
            return b"451 4.2.1 carol: later\r\n"
        return b"550 5.1.1 no dave\r\n" if b"dave" in line else None
    with Site(TWO_MX, hosts=("192.0.2.2", "192.0.2.3"),
              scripts={"192.0.2.2": {"RCPT": first}}) as site:
        done = site.out.job(MAIL, [BOB, CAROL, DAVE], nexthop="far.example")
        assert done.kinds == [DONE, DONE, NEVER], done.results
        a, b = site.servers["192.0.2.2"], site.servers["192.0.2.3"]
        assert [m[1] for m in a.messages] == [[b"RCPT TO:<bob@far.example>"]]
        assert [m[1] for m in b.messages] == [
            [b"RCPT TO:<carol@far.example>"]]


@needs_root
def test_the_next_host_is_no_kinder(net):
    later = {"RCPT": b"451 4.7.1 grey\r\n"}
    with Site(TWO_MX, hosts=("192.0.2.2", "192.0.2.3"), scripts={
            "192.0.2.2": later, "192.0.2.3": later}) as site:
        done = site.job()
        assert done.kinds == [LATER] and done.escs == ["4.7.1"]
        assert done.end[1] == 0             # the site is there
    with Site(TWO_MX, hosts=("192.0.2.2",),
              scripts={"192.0.2.2": later}) as site:
        done = site.job()                   # the next one is not even there
        assert done.kinds == [LATER] and done.escs == ["4.7.1"]
        assert done.end[1] == 0


@needs_root
def test_not_every_host_of_a_site_is_asked(net):
    hosts = [f"192.0.2.{n}" for n in (2, 3, 4)]
    table = {("far.example", "MX"): [(n, f"h{n}.far.example")
                                     for n in (2, 3, 4)]}
    table.update({(f"h{n}.far.example", "A"): [f"192.0.2.{n}"]
                  for n in (2, 3, 4)})
    with Site(table, hosts=hosts, scripts={h: {"RCPT": b"451 no\r\n"}
                                           for h in hosts}) as site:
        assert site.job().kinds == [LATER]
        assert [len(site.servers[h].sessions) for h in hosts] == [1, 1, 0]


@needs_root
def test_after_the_message_no_other_host_gets_it(net):
    """What was handed over whole may have been taken."""
    for answer in (b"451 4.3.0 later\r\n", DROP):
        with Site(TWO_MX, hosts=("192.0.2.2", "192.0.2.3"),
                  scripts={"192.0.2.2": {"dot": answer}}) as site:
            assert site.job().kinds == [LATER]
            assert site.servers["192.0.2.3"].sessions == []


@needs_root
@pytest.mark.parametrize("address", ["10.0.0.1", "192.168.7.7", "172.20.0.1",
                                     "100.64.0.1", "169.254.1.1"])
def test_F2_an_mx_in_a_private_network(address):
    """Nobody outside may send us to hosts inside; a route may."""
    with own_network(*HOSTS, address + "/32"):
        table = {**ONE_MX, ("mx.far.example", "A"): [address]}
        with Site(table) as site, \
                Server(host=address, port=site.port) as inside:
            done = site.job()
            assert done.kinds == [NEVER] and done.escs == ["5.4.4"]
            assert inside.sessions == []
            assert site.job(nexthop="[mx.far.example]").kinds == [DONE]
        with Site(table, smtp_out_private="yes") as site, \
                Server(host=address, port=site.port) as inside:
            assert site.job().kinds == [DONE]


@needs_root
def test_all_addresses_of_a_host(net):
    # 5.1: "the client MUST try ... each of the relevant addresses"
    table = {**ONE_MX, ("mx.far.example", "A"): ["192.0.2.2", "192.0.2.3"]}
    with Site(table, hosts=("192.0.2.3",)) as site:
        assert site.job().kinds == [DONE]


@needs_root
def test_implicit_mx(net):
    # 5.1: no MX: the address of the domain itself, at preference 0
    with Site({("far.example", "A"): ["192.0.2.2"]}) as site:
        assert site.job().kinds == [DONE]


@needs_root
@pytest.mark.parametrize("records", [[(0, ".")], [(10, ".")]])
def test_null_mx(net, records):
    # RFC 7505 3 and 4.2
    with Site({("far.example", "MX"): records,
               ("far.example", "A"): ["192.0.2.2"]}) as site:
        done = site.job()
        assert done.kinds == [NEVER] and done.escs == ["5.1.10"]
        assert done.end[1] == 0
        assert site.got() == []


@needs_root
def test_no_such_domain(net):
    with Site(ONE_MX) as site:
        done = site.job(nexthop="nowhere.example")
        assert done.kinds == [NEVER] and done.escs == ["5.1.2"]


@needs_root
def test_a_domain_without_any_address(net):
    with Site({("far.example", "TXT"): ["nothing here"]}) as site:
        done = site.job()
        assert done.kinds == [NEVER] and done.escs == ["5.4.4"]


@needs_root
@pytest.mark.parametrize("transport", [SMTP, LMTP])
def test_the_host_of_a_route_is_not_known(net, transport):
    """That is the operator's to mend, and not the sender's: the mail waits."""
    with Site(ONE_MX) as site:
        done = site.job(nexthop="[nowhere.example]", transport=transport)
        assert done.kinds == [LATER] and done.escs == ["4.4.4"]
        assert done.end[1] == 1         # the site is left alone for a while


@needs_root
@pytest.mark.parametrize("table", [
    {("far.example", "MX"): SERVFAIL},
    {("far.example", "MX"): [(10, "mx.far.example")],
     ("mx.far.example", "A"): SERVFAIL, ("mx.far.example", "AAAA"): SERVFAIL},
    # one host is gone for good, the other only now
    {("far.example", "MX"): [(10, "a.far.example"), (20, "b.far.example")],
     ("a.far.example", "A"): SERVFAIL, ("b.far.example", "A"): NXDOMAIN},
    {("far.example", "MX"): [(10, "a.far.example"), (20, "b.far.example")],
     ("a.far.example", "A"): NXDOMAIN, ("b.far.example", "A"): SERVFAIL},
    # a host that refuses now, and one that is us
    {("far.example", "MX"): [(10, "a.far.example"), (20, "b.far.example")],
     ("a.far.example", "A"): ["192.0.2.4"],
     ("b.far.example", "A"): ["127.0.0.1"]},
])
def test_trouble_that_may_pass(net, table):
    with Site(table) as site:
        done = site.job()
        assert done.kinds == [LATER]
        assert done.escs[0].startswith("4.4.")
        assert done.end == (0, 1)


@needs_root
def test_a_broken_mx_does_not_hide_the_next(net):
    table = {("far.example", "MX"): [(10, "a.far.example"),
                                     (20, "b.far.example")],
             ("a.far.example", "A"): NXDOMAIN,
             ("b.far.example", "A"): ["192.0.2.2"]}
    with Site(table) as site:
        assert site.job().kinds == [DONE]


@needs_root
def test_a_relay_host_needs_no_mx(net):
    with Site(ONE_MX) as site:
        done = site.job(nexthop="[mx.far.example]")
        assert done.kinds == [DONE]
        assert site.dns.asked("mx.far.example", "MX") == 0


@needs_root
def test_lmtp_by_name_asks_for_no_mx(net):
    with Site({("lmtp.far.example", "A"): ["192.0.2.3"]}, hosts=()) as site, \
            Server(lmtp=True, host="192.0.2.3") as server:
        done = site.job(nexthop="lmtp.far.example", transport=LMTP,
                        port=server.port)
        assert done.kinds == [DONE]
        assert site.dns.asked("lmtp.far.example", "MX") == 0


@needs_root
def test_answers_are_kept_as_long_as_they_live(net):
    with Site(ONE_MX) as site:
        for _ in range(3):
            assert site.job().kinds == [DONE]
        assert site.dns.asked("far.example", "MX") == 1
        assert site.dns.asked("mx.far.example", "A") == 1
    short = {**ONE_MX, ("mx.far.example", "A"): lambda q, tcp: q.reply(
        [record(q.name, "A", "192.0.2.2", ttl=0)])}
    with Site(short) as site:
        for _ in range(3):
            assert site.job().kinds == [DONE]
        assert site.dns.asked("mx.far.example", "A") == 3


@needs_root
def test_dnsd_comes_back(net):
    """That it went is no word about the site: qmgr may try again at once."""
    with Site(ONE_MX) as site:
        w = site.out.worker()
        assert w.job(MAIL, [BOB], nexthop="far.example").end == (1, 0)
        os.kill(site.out.dnsd.process.pid, signal.SIGKILL)
        site.out.dnsd.process.wait()
        # The connection is there still.
        assert w.job(MAIL, [BOB], nexthop="far.example").kinds == [DONE]
        assert w.job(MAIL, [BOB], nexthop="other.example") is None
        # The next worker waits for the next dnsd.
        w = site.out.worker()
        w.begin(MAIL, [BOB], nexthop="far.example")
        time.sleep(0.3)
        assert site.out.out.children() == []
        site.out.new_dnsd()
        assert w.finish().kinds == [DONE]


@needs_root
def test_dnsd_hangs(net):
    """The mail waits and says for whom; that is no word about the site."""
    with Site(ONE_MX, fast=60) as site:
        w = site.out.worker()
        os.kill(site.out.dnsd.process.pid, signal.SIGSTOP)
        try:
            done = w.job(MAIL, [BOB], nexthop="far.example")
        finally:
            os.kill(site.out.dnsd.process.pid, signal.SIGCONT)
        assert done.kinds == [LATER] and done.escs == ["4.3.0"]
        assert done.texts == ["dnsd: no answer in time"]
        assert done.end == (0, 0) and w.ended()
        # Another worker has another channel.
        assert site.job().kinds == [DONE]


# ------------------------------------------------------- with the real qmgr

@pytest.mark.parametrize("answer,times", [(b"250 2.0.0 taken\r\n", 1),
                                          (b"451 4.3.0 later\r\n", 2)])
def test_qmgr_killed_after_the_dot(answer, times):
    """The next one waits for the worker that the last one left, so what was
    taken is not sent again, and what was not is."""
    go = threading.Event()
    answers = [answer]

    def dot(line):
        go.wait(30)
        return answers.pop() if answers else None
    with Server({"dot": dot}) as server, \
            harness.Suite(settings={"retry_min": "1s"}, maps={
                "routes": f"far.example: smtp:[127.0.0.1]:{server.port}\n"}
                ) as paq:
        paq.send("alice@demo.example", BOB, "Subject: once\n\nhello\n",
                 login="alice@demo.example")
        server.wait(lambda s: s.messages)
        os.kill(paq.pid("qmgr"), signal.SIGKILL)
        harness.wait_for(lambda: [r for r in paq.status() if r["daemon"] ==
                                  "qmgr" and r["state"] == "ready" and
                                  r["restarts"] == 1])
        paq.wait_log(r"event=orphan ")
        time.sleep(3)               # longer than it waits for others
        assert len(server.messages) == 1
        go.set()
        paq.wait_queue_empty(60)
        assert len(server.messages) == times
        time.sleep(1)
        assert len(server.messages) == times
