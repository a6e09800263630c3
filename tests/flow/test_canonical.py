"""What stands for an address: canonical maps as mail comes in, generic as it
leaves."""
import contextlib
import email
import email.policy
import json
import os
import re
import signal
import smtplib

import pytest

from suite import Sink, Suite, wait_for, without_trace

A, B, C = "alice@demo.example", "bob@demo.example", "carol@demo.example"
OUT = "x@far.example"
HEAD = (f"From: \"Al, Ice\" <{A}>\r\nSender: {A} (Al)\r\n"
        f"To: =?utf-8?q?B=C3=B6b?= <{B}>,\r\n\tsome: {C}, root;\r\n"
        f"Cc: {OUT}\r\nSubject: {A}\r\n")
BODY = f"\r\nTo: {B}\r\n"


@contextlib.contextmanager
def suite(maps, **settings):
    """A site, and a host that takes all that leaves it."""
    with contextlib.closing(Sink()) as sink:
        maps = {"routes": f"*: smtp:[127.0.0.1]:{sink.port}\n", **maps}
        with Suite(users={A: "a secret", B: "b secret", C: "c secret"},
                   maps=maps, settings={"retry_min": "1s", **settings}) as paq:
            yield paq, sink


def last(sink, paq):
    paq.wait_queue_empty()
    sender, rcpts, octets = sink.messages[-1]
    return sender, rcpts, without_trace(octets).decode()


def steps(paq, *args):
    return [json.loads(line) for line in
            paq.paquebot("explain", "--json", *args).splitlines()]


MAPS = {"canonical": f"{B}: robert@demo.example\ncarol: c.c@demo.example\n"
                     "@old.example: @demo.example\n",
        "sender_canonical": f"{A}: Al.Ice@demo.example\n",
        "virtual": f"al.ice@demo.example: {A}\n"
                   f"robert@demo.example: {B}\nc.c@demo.example: {C}\n"}


def test_envelope_and_header():
    """As cleanup(8) of Postfix: by the map for the side, then by that for
    both; what is not an address keeps its octets."""
    with suite(MAPS, relay_domains=["old.example"]) as (paq, sink):
        paq.send(A, [OUT, B, C], HEAD + BODY, login=A)
        sender, rcpts, text = last(sink, paq)
        assert "Al.Ice@demo.example" in sender and OUT in rcpts[0]
        want = HEAD.replace(f"<{A}>", "<Al.Ice@demo.example>", 1).replace(
            f"Sender: {A}", "Sender: Al.Ice@demo.example").replace(
            B, "robert@demo.example").replace(C, "c.c@demo.example")
        assert (want + BODY).rstrip() in text
        for who in (B, C):
            octets = paq.wait_stored(who, 1)[0].read_text()
            assert octets.startswith("Return-Path: <Al.Ice@demo.example>\n")
            assert want.replace("\r\n", "\n") in octets
        # The line of the result names whom the sender wrote to.
        paq.wait_log(f"rcpt={B} to={B}")
        # A subaddress goes on; a domain that we relay for becomes ours.
        paq.send("x@y.example", ["bob+news@demo.example", "carol@old.example"],
                 "Subject: two\r\n\r\n", port="mx")
        paq.wait_stored(B, 2)
        told = steps(paq, "bob+news@demo.example")
        assert [s["address"] for s in told if s["step"] == "rewrite"] == [
            "robert+news@demo.example"]
        paq.wait_stored(C, 2)
        # Nobody stands for nobody.
        paq.send("", [B], "Subject: three\r\n\r\n", port="mx")
        assert any("Return-Path: <>" in p.read_text()
                   for p in paq.wait_stored(B, 3))


def test_whose_header_is_changed():
    """Theirs who log in, use the local socket or are of relay_clients."""
    with suite(MAPS) as (paq, _):
        def header(n, **how):
            before = set(paq.stored(B))
            if how:
                paq.send(A, [B], HEAD + BODY, **how)
            else:
                paq.sendmail("-i", "-f", A, B,
                             stdin=(HEAD + BODY).replace("\r\n", "\n"))
            new, = set(paq.wait_stored(B, n)) - before
            return new.read_text()
        text = header(1, port="mx")
        assert "Return-Path: <Al.Ice@demo.example>" in text
        assert HEAD.replace("\r\n", "\n") in text
        assert "To: =?utf-8?q?B=C3=B6b?= <robert@" in header(2, login=A)
        assert "To: =?utf-8?q?B=C3=B6b?= <robert@" in header(3)
        paq.settings["relay_clients"] = ["127.0.0.0/8"]
        paq.write_conf()
        paq.paquebot("reload")
        assert "Sender: Al.Ice@demo.example (Al)" in header(4, port="mx")
        paq.settings["relay_clients"] = []
        paq.settings["header_rewrite_clients"] = "all"
        paq.write_conf()
        paq.paquebot("reload")
        assert "Sender: Al.Ice@demo.example (Al)" in header(5, port="mx")


@pytest.mark.parametrize("classes, sender, rcpt, header", [
    ("envelope_sender", "s@demo.example", B, ""),
    ("envelope_recipient", A, "bob+r@demo.example", ""),
    ("header_sender", A, B, "s"), ("header_recipient", A, B, "r"),
    ("", A, B, "")])
def test_classes(classes, sender, rcpt, header):
    maps = {"sender_canonical": f"{A}: s@demo.example\n",
            "recipient_canonical": f"{B}: bob+r@demo.example\n"}
    with suite(maps, canonical_classes=classes) as (paq, _):
        paq.send(A, [B], f"From: {A}\r\nTo: {B}\r\n\r\n", login=A)
        text = paq.wait_stored(B, 1)[0].read_text()
        assert f"Return-Path: <{sender}>" in text
        paq.wait_log(f"rcpt={B} to={re.escape(rcpt)} status=2")
        assert ("From: s@demo.example\n" in text) == (header == "s")
        assert ("\nTo: bob+r@demo.example\n" in text) == (header == "r")


def codes(paq, rcpt, port="mx", login=None):
    with paq.smtp(login, port=port) as client:
        client.ehlo_or_helo_if_needed()
        client.mail("s@y.example" if login is None else login)
        return client.rcpt(rcpt)[0]


def test_relay_by_the_old_address_existence_by_the_new():
    maps = {"canonical": "ghost: bob@demo.example\ncarol: gone@demo.example\n"
            "moved: moved@far.example\nfriend@far.example: bob@demo.example\n"
            "@old.example: @far.example\n"}
    with suite(maps, relay_domains=["old.example"]) as (paq, _):
        assert codes(paq, "ghost@demo.example") == 250
        assert codes(paq, C) == 550
        assert codes(paq, "moved@demo.example") == 250
        assert codes(paq, "any@old.example") == 250
        # No map opens a relay, nor the way by a % to the next host.
        assert codes(paq, "friend@far.example") == 550
        assert codes(paq, "x%z.example@old.example") == 550
        assert codes(paq, "friend@far.example", "submission", A) == 250


def test_reports_name_what_the_sender_wrote():
    """RFC 3464 2.3.1: Original-Recipient is as the sender gave it."""
    maps = {"canonical": "carol: gone@bad.example\n",
            "routes": "bad.example: error:5.1.2 none\n"}
    with suite(maps) as (paq, _):
        paq.send(B, [C], "Subject: x\r\n\r\n", login=B)
        report = email.message_from_bytes(
            paq.wait_stored(B, 1)[0].read_bytes(), policy=email.policy.default)
        text = list(report.iter_parts())[1].as_string()
        assert f"Original-Recipient: rfc822;{C}" in text.replace("; ", ";")
        assert "Final-Recipient: rfc822;gone@bad.example" in text.replace(
            "; ", ";")


def test_who_may_write_is_judged_by_what_he_wrote():
    """A map is no way to another's name, and no bar to one's own."""
    maps = {"sender_canonical": f"{A}: {B}\n{C}: {A}\n"}
    with suite(maps) as (paq, _):
        paq.send(A, [C], f"From: {A}\r\n\r\n", login=A)
        assert f"From: {B}" in paq.wait_stored(C, 1)[0].read_text()
        with pytest.raises(smtplib.SMTPException):
            paq.send(C, [B], f"From: {C}\r\n\r\n", login=A)
        with pytest.raises(smtplib.SMTPException):
            paq.send(A, [B], f"From: {C}\r\n\r\n", login=A)


def test_a_map_is_no_reason_to_refuse_for_good():
    """A broken one: 4yz, and never a bounce; a circle is walked once."""
    with suite({"canonical": f"{B}: {C}\n{C}: {B}\n"}) as (paq, _):
        paq.send(A, [B], f"To: {B}, {C}\r\n\r\n", login=A)
        assert f"To: {C}, {B}\n" in paq.wait_stored(C, 1)[0].read_text()
        for text in (f"{B}: two words\n", f"{B}: a@b.example, c@d.example\n",
                     f"{B}: ä@demo.example\n", f"{B}:\n", f"{B}: alice\n",
                     "a b: c@d.example\n"):
            (paq.conf.parent / "canonical").write_text(text)
            done = paq.paquebot("map", "canonical", check=False)
            assert done.returncode == 65, text
        assert codes(paq, B) == 250
    with Suite(users={A: "a secret", B: "b secret"}) as paq:
        assert codes(paq, B) == 250
        (paq.conf.parent / "canonical.db").write_bytes(b"no map" * 1000)
        wait_for(lambda: codes(paq, B) == 451, 30)
        paq.wait_log("event=map-unreadable map=canonical")
        (paq.conf.parent / "canonical").write_text(
            "@demo.example: bob@demo.example\n")
        paq.paquebot("map", "canonical")
        wait_for(lambda: codes(paq, "any@demo.example") == 250, 30)


def test_lookupd_dies_within_a_header():
    """What is not known is not written: 4yz, and again."""
    with suite({"sender_canonical": f"{A}: s@demo.example\n"}) as (paq, _):
        client = paq.smtp(A)
        client.mail(A)
        assert client.rcpt(B)[0] == 250
        os.kill(paq.pid("lookupd"), signal.SIGKILL)
        assert client.data(f"From: {A}\r\n\r\n".encode())[0] == 451
        client.close()
        assert not paq.stored(B)


def test_long_headers_and_bounded_questions():
    """Lines stay within RFC 5322 2.1.1; each address is asked about once, and
    of some thousands the first; work is linear."""
    with suite({"canonical": "@demo.example: @public.demo.example\n"},
               domains=["demo.example", "public.demo.example"],
               sender_check="none") as (paq, sink):
        for n in (100, 3000):
            names = [f"n{i}@demo.example" for i in range(n)]
            paq.send(A, [OUT], f"From: {A}\r\nTo: " + ",".join(
                names[:40] * 2) + "\r\nCc: " + ",\r\n ".join(names) +
                "\r\n\r\nx\r\n", login=A)
            _, _, text = last(sink, paq)
            head, _, _ = text.partition("\n\n" if "\r" not in text else
                                        "\r\n\r\n")
            assert max(map(len, head.splitlines())) <= 998
            flat = re.sub(r"\s", "", head.partition("Cc:")[2])
            moved = flat.count("@public.demo.example")
            assert moved == min(n, 1959) or n == 3000 and moved > 1900
            assert flat.count("@") == n
        assert "event=addresses-passed-over" in paq.log_text()


def test_explain():
    with suite(MAPS) as (paq, _):
        told = steps(paq, B, "--from", A)
        part = steps(paq, "carol+x@demo.example")
        moved = steps(paq, "x@old.example")
    assert [s for s in told if s["step"] == "rewrite"] == [
        {"step": "rewrite", "by": "canonical sender",
         "map": "sender_canonical", "key": A,
         "address": "Al.Ice@demo.example"},
        {"step": "rewrite", "by": "canonical recipient", "map": "canonical",
         "key": B, "address": "robert@demo.example"}]
    # The key is that of the entry, not the address that was looked up.
    for some, key, to in ((part, "carol", "c.c+x@demo.example"),
                          (moved, "@old.example", "x@demo.example")):
        assert [(s["key"], s["address"]) for s in some
                if s["step"] == "rewrite"] == [(key, to)]
    target, = [s for s in told if s["step"] == "target"]
    assert target["user"] == B
    assert [s["verdict"] for s in told if s["step"] == "recipient"] == [
        "local"]


GENERIC = {"generic": f"{A}: Al.Ice@isp.example\n@demo.example: hq@isp.example\n"
                      f"{OUT}: y@far.example\n"}


def test_generic():
    """As smtp(8) of Postfix: what leaves by SMTP, and that alone."""
    with suite(GENERIC) as (paq, sink):
        paq.send(A, [OUT, "z@far.example", B], HEAD + BODY, login=A)
        octets = paq.wait_stored(B, 1)[0].read_text()
        assert octets.startswith(f"Return-Path: <{A}>\n")
        assert HEAD.replace("\r\n", "\n") in octets
        sender, rcpts, text = last(sink, paq)
        assert sender.startswith("<Al.Ice@isp.example>")
        assert sorted(rcpts) == ["y@far.example", "z@far.example"]
        want = HEAD.replace(f"<{A}>", "<Al.Ice@isp.example>", 1).replace(
            f"Sender: {A}", "Sender: Al.Ice@isp.example").replace(
            B, "hq@isp.example").replace(C, "hq@isp.example").replace(
            OUT, "y@far.example")
        assert text.endswith(want + BODY)
        # What is declared is what comes (RFC 1870 6.1).
        paq.wait_log(f"rcpt={OUT} to={OUT} status=2")
        # Where a detail goes is not told; the null sender stays.
        paq.send("", [OUT], "From: alice+x@demo.example\r\n\r\n",
                 login=A)
        sender, rcpts, text = last(sink, paq)
        assert sender.startswith("<>") and rcpts == ["y@far.example"]
        assert text.startswith("From: Al.Ice@isp.example\r\n") or \
            "\r\nFrom: Al.Ice@isp.example\r\n" in text
        # Nothing of the map is in the queue: the next time is another.
        paq.write_map("generic", f"{A}: a2@isp.example\n")

        def second():
            paq.send(A, [OUT], f"From: {A}\r\n\r\n", login=A)
            sender, rcpts, text = last(sink, paq)
            return sender.startswith("<a2@isp.example>") and \
                rcpts == [OUT] and "From: a2@isp.example\r\n" in text
        wait_for(second, 30)
        told = steps(paq, OUT, "--from", A)
        assert [s for s in told if s["step"] == "rewrite"] == [
            {"step": "rewrite", "by": "generic", "map": "generic", "key": A,
             "address": "a2@isp.example"}]


def test_generic_of_large_and_8_bit_mail():
    """A header beyond the first part that is read, a body behind it, and one
    that has to be converted."""
    for n, body in ((3000, "x" * 900 + "\r\n"), (1, "\u00e4\r\n")):
        with suite(GENERIC) as (paq, sink):
            head = f"From: {A}\r\n" + "".join(
                f"X-Filler: {i:060}\r\n" for i in range(n)) + \
                f"To: {B}\r\nMIME-Version: 1.0\r\nContent-Type: " \
                "text/plain; charset=utf-8\r\n" \
                "Content-Transfer-Encoding: 8bit\r\n"
            if n == 1:
                sink.ehlo = ("PIPELINING", "SIZE 100000")
            paq.send(A, [OUT], (head + "\r\n" + body * 2000).encode(),
                     login=A)
            _, _, text = last(sink, paq)
            assert "From: Al.Ice@isp.example\r\n" in text
            assert "\r\nTo: hq@isp.example\r\n" in text
            if n > 1:
                assert text.endswith(head.replace(A, "Al.Ice@isp.example").
                                     replace(B, "hq@isp.example") + "\r\n" +
                                     body * 2000)
            else:
                got = email.message_from_string(text)
                assert got.get_payload(decode=True).decode() == body * 2000
                assert max(map(ord, text)) < 128


def test_generic_map_that_cannot_be_read():
    """Nothing leaves with other addresses than it should, nothing comes back."""
    with suite({}) as (paq, sink):
        paq.send(A, [OUT], f"From: {A}\r\n\r\n", login=A)
        assert last(sink, paq)[0].startswith(f"<{A}>")
        (paq.conf.parent / "generic.db").write_bytes(b"no map" * 1000)

        def put_off():
            paq.send(A, [OUT], f"From: {A}\r\n\r\n", login=A)
            return re.search(f"event=deferred .*rcpt={OUT}", paq.log_text())
        wait_for(put_off, 30)
        before = len(sink.messages)
        paq.write_map("generic", f"{A}: new@isp.example\n")

        def gone():
            paq.paquebot("queue", "flush")
            return not paq.queued()
        wait_for(gone, 30)
        assert {m[0].split(">")[0] for m in sink.messages[before:]} == {
            "<new@isp.example"}
        assert not paq.stored(A)
        # A worker whose channel ends tries anew, by way of qmgr.
        for _ in range(2):
            os.kill(paq.pid("lookupd"), signal.SIGKILL)
            wait_for(lambda: paq.pid("lookupd"), 30)

            def again():
                with contextlib.suppress(smtplib.SMTPException):
                    paq.send(A, [OUT], f"From: {A}\r\n\r\n", login=A)
                    return True
            wait_for(again, 30)
            wait_for(gone, 30)
        assert {m[0].split(">")[0] for m in sink.messages[before:]} == {
            "<new@isp.example"}
