"""What the maps say of an address as such: copies."""
import contextlib
import json
import smtplib

import pytest

from suite import Sink, Suite, wait_for

A, B, C = "alice@demo.example", "bob@demo.example", "carol@demo.example"
BCC = "archive@demo.example"
MAPS = {"sender_bcc": f"{A}: {BCC}\n",
        "recipient_bcc": f"bob: {C}\n@far.example: {BCC}\n",
        "routes": "far.example: smtp:[127.0.0.1]:1\n"}


@pytest.fixture(name="paq")
def fixture():
    with Suite(users={A: "a secret", B: "b secret", C: "c secret",
                      BCC: "d secret"}, maps=MAPS) as paq:
        yield paq


def test_copies_by_sender_and_recipient(paq):
    paq.send(A, [B], "Subject: one\r\n\r\nx\r\n", port="mx")
    for who in (B, C, BCC):
        paq.wait_stored(who, 1)
        assert "Bcc" not in paq.stored(who)[0].read_text()
    # A detail; a sender of whom the map says nothing, and none at all.
    paq.send("x@y.example", ["bob+news@demo.example"], "Subject: two\r\n\r\n",
             port="mx")
    paq.wait_stored(C, 2)
    paq.send("", [A, A, BCC], "Subject: three\r\n\r\n", port="mx")
    paq.wait_stored(BCC, 2)
    # A copy has no copies, and is one where it is a recipient anyway.
    paq.sendmail("-f", A, "-i", BCC, stdin="Subject: four\n\ny\n")
    paq.wait_stored(BCC, 3)
    paq.wait_queue_empty()
    assert [len(paq.stored(who)) for who in (A, B, C, BCC)] == [1, 2, 2, 3]


def test_a_copy_is_reported_to_nobody(paq):
    (paq.conf.parent / "sender_bcc").write_text(
        "@demo.example: nobody@demo.example\n")
    paq.paquebot("map", "sender_bcc")

    def failed():
        paq.send(A, [B], "Subject: x\r\n\r\n", port="mx")
        paq.wait_queue_empty()
        return "rcpt=nobody@demo.example" in paq.log_text()
    wait_for(failed, 30)
    assert not paq.stored(A)


def test_explain(paq):
    done = paq.paquebot("explain", "--json", B, "--from", A)
    steps = [json.loads(line) for line in done.splitlines()]
    assert [s for s in steps if s["step"] == "copy"] == [
        {"step": "copy", "map": "sender_bcc", "key": A, "address": BCC},
        {"step": "copy", "map": "recipient_bcc", "key": "bob",
         "address": C}]


def test_a_map_that_makes_no_sense(paq):
    for text in (f"{A}: {B}, {C}\n", f"{A}: |keep\n", f"{A}: \n",
                 f"@: {B}\n"):
        (paq.conf.parent / "sender_bcc").write_text(text)
        done = paq.paquebot("map", "sender_bcc", check=False)
        assert done.returncode == 65, text
    # The old file is in use.
    paq.send(A, [B], "Subject: x\r\n\r\n", port="mx")
    paq.wait_stored(BCC, 1)


def test_no_mail_comes_in_past_a_broken_map():
    with Suite(users={A: "a secret", B: "b secret"}) as paq:
        (paq.conf.parent / "recipient_bcc.db").write_bytes(b"no map" * 1000)

        def refused():
            with contextlib.suppress(smtplib.SMTPRecipientsRefused):
                paq.send(A, [B], "Subject: x\r\n\r\n", port="mx")
                return None
            return True
        wait_for(refused, 30)
        paq.wait_log("event=map-unreadable map=recipient_bcc")
        (paq.conf.parent / "recipient_bcc").write_text("# none\n")
        paq.paquebot("map", "recipient_bcc")
        wait_for(lambda: not refused(), 30)


class Watched(Sink):
    """Knows where each connection came from."""

    def session(self, client):
        self.peers = [*getattr(self, "peers", []), client.getpeername()[0]]
        super().session(client)


def senders(sink):
    return [sender.split(">")[0].strip("<") for sender, _, _ in sink.messages]


def test_ways_and_sources_by_sender():
    with contextlib.closing(Watched()) as plain, \
            contextlib.closing(Watched()) as way:
        maps = {"routes": f"*: smtp:[127.0.0.1]:{plain.port}\n",
                "sender_routes":
                    f"{A}: smtp:[127.0.0.1]:{way.port} source=127.0.0.3\n"
                    "bob: smtp: source=127.0.0.2\n"
                    f"<>: smtp:[127.0.0.1]:{way.port}\n"}
        with Suite(users={A: "a secret", B: "b secret", C: "c secret"},
                   maps=maps) as paq:
            for who in (A, B, C, B, ""):
                paq.send(who, ["x@far.example"], f"Subject: {who}\r\n\r\n",
                         login=who or C)
                paq.wait_queue_empty()
            steps = [json.loads(line) for line in paq.paquebot(
                "explain", "--json", "x@far.example", "--from",
                B).splitlines()]
        assert senders(way) == [A, ""] and senders(plain) == [B, C, B]
        assert way.peers == ["127.0.0.3", "127.0.0.1"]
        # The third message may take the connection of the first.
        assert plain.peers[:2] == ["127.0.0.2", "127.0.0.1"]
        assert set(plain.peers[2:]) <= {"127.0.0.2"}
        assert {"step": "map", "map": "sender_routes", "key": "bob",
                "result": "found"} in steps
        (hop,) = [s for s in steps if s["step"] == "nexthop"]
        assert hop["source"] == "127.0.0.2"
