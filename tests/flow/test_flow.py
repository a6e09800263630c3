"""Mail on its way through a whole suite: in, through the queue, and to where
its addresses point; what must not come in; what comes back."""
import email
import email.policy
import re
import smtplib
import time

import pytest

from suite import Sink, Suite, wait_for, without_trace

ALICE, BOB = "alice@demo.example", "bob@demo.example"
CAROL = "carol@demo.example"
TEXT = ("From: Alice <alice@demo.example>\r\nTo: bob@demo.example\r\n"
        "Subject: {}\r\nDate: Tue, 1 Jul 2025 10:00:00 +0000\r\n"
        "Message-ID: <{}@test.example>\r\n\r\nA line.\r\n..dots\r\n.\r\n")

ALIASES = """
postmaster: alice
team: alice, bob
owner-team: carol
both: team, bob
loop-a: loop-b
loop-b: loop-a
listed: :include:lists/members
away: someone@far.example
keep: \\\\bob
bob: bob, alice
"""
VIRTUAL = """
info@demo.example: bob
@catch.example: carol@demo.example
"""


@pytest.fixture(scope="module")
def sinks():
    with_answers = {
        "never@far.example": "550 5.1.1 nobody",
        "later@far.example": "450 4.2.1 later",
    }
    smtp, lmtp = Sink(answers=with_answers), Sink(lmtp=True)
    yield smtp, lmtp
    smtp.close()
    lmtp.close()


@pytest.fixture(scope="module")
def paq(sinks):
    smtp, lmtp = sinks
    s = Suite(domains=["demo.example", "catch.example"],
              users={u: "a secret" for u in (ALICE, BOB, CAROL)},
              settings={"relay_domains": ["far.example", "lm.example"]})
    s.make_directories()
    (s.conf.parent / "lists").mkdir()
    (s.conf.parent / "lists" / "members").write_text(
        "# friends\nbob@demo.example\ncarol@demo.example\n")
    s.maps = {
        "aliases": ALIASES.replace("\\\\", "\\"), "virtual": VIRTUAL,
        "routes": f"far.example: smtp:[127.0.0.1]:{smtp.port}\n"
                  f"lm.example: lmtp:[127.0.0.1]:{lmtp.port}\n"
                  "gone.example: error:5.1.2 moved away\n"}
    with s:
        yield s


class Box:
    """What is new in a mailbox since the last look."""

    def __init__(self, paq, user):
        self.paq, self.user = paq, user
        self.seen = set(paq.stored(user))

    def new(self, n=1, seconds=20):
        def look():
            fresh = [f for f in self.paq.stored(self.user)
                     if f not in self.seen]
            return fresh if len(fresh) >= n else None
        try:
            files = wait_for(look, seconds)
        except TimeoutError:
            raise AssertionError(f"{self.user}: no mail\n" +
                                 self.paq.trouble()) from None
        self.seen.update(files)
        return [f.read_bytes() for f in files]

    def nothing(self):
        return [f for f in self.paq.stored(self.user) if f not in self.seen]


@pytest.fixture
def boxes(paq):
    return {u: Box(paq, u) for u in (ALICE, BOB, CAROL)}


def subject_of(octets):
    return email.message_from_bytes(octets)["Subject"]


def test_from_submission_to_imap_and_pop3(paq, boxes):
    text = TEXT.format("one", "one").encode()
    paq.send(ALICE, BOB, text, login=ALICE)
    stored = boxes[BOB].new()[0]
    assert b"\r" not in stored                  # LF on disk
    assert stored.startswith(b"Return-Path: <alice@demo.example>\n"
                             b"Delivered-To: ")
    assert without_trace(stored) == text
    client = paq.imap(BOB)
    count = int(client.select("INBOX")[1][0])
    read = client.fetch(str(count), "(RFC822)")[1][0][1]
    client.logout()
    assert without_trace(read) == text
    assert read == stored.replace(b"\n", b"\r\n")
    client = paq.pop3(BOB)
    numbers = client.stat()[0]
    read = b"".join(x + b"\r\n" for x in client.retr(numbers)[1])
    client.quit()
    assert without_trace(read) == text


def test_name_of_the_file_tells_sizes(paq, boxes):
    paq.send(ALICE, CAROL, TEXT.format("sizes", "sizes"), login=ALICE)
    boxes[CAROL].new()
    newest = max(paq.stored(CAROL), key=lambda f: f.stat().st_mtime_ns)
    found = re.search(r",S=(\d+),W=(\d+)", newest.name)
    octets = newest.read_bytes()
    assert int(found.group(1)) == len(octets)
    assert int(found.group(2)) == len(octets) + octets.count(b"\n")


def test_trace_fields(paq, boxes):
    paq.send(ALICE, CAROL, TEXT.format("trace", "trace"), login=ALICE)
    message = email.message_from_bytes(boxes[CAROL].new()[0])
    assert message["Delivered-To"] == CAROL
    # RFC 5321 4.4: from, by, with, id, for (one recipient), date.
    received = message["Received"]
    for part in (r"from client\.example", r"by mx\.demo\.example",
                 r"with ESMTPA", r"\bid \S+", r";\s+\w+, .*\d{4} \d\d:\d\d:\d\d"):
        assert re.search(part, received), (part, received)


def test_submission_completes_the_header(paq, boxes):
    paq.send(ALICE, CAROL, "From: alice@demo.example\nSubject: bare\n\nx\n",
             login=ALICE)
    message = email.message_from_bytes(boxes[CAROL].new()[0])
    assert message["Date"] and message["Message-ID"]


def test_one_message_for_several(paq, boxes):
    paq.send("x@far.example", [ALICE, BOB, CAROL], TEXT.format("3", "3"))
    for user in (ALICE, BOB, CAROL):
        got = boxes[user].new()
        assert [subject_of(m) for m in got] == ["3"]


def test_alias_of_several_and_its_owner(paq, boxes):
    paq.send("x@far.example", "team@demo.example", TEXT.format("t", "t"))
    for user in (ALICE, BOB):
        got, = boxes[user].new()
        assert got.startswith(b"Return-Path: <owner-team@demo.example>\n")
    paq.wait_queue_empty()
    assert not boxes[CAROL].nothing()


def test_alias_of_an_alias_gives_each_one_copy(paq, boxes):
    paq.send("x@far.example", "both@demo.example", TEXT.format("b", "b"))
    boxes[ALICE].new(), boxes[BOB].new()
    paq.wait_queue_empty()
    time.sleep(0.3)
    assert len(paq.stored(BOB)) - len(boxes[BOB].seen) <= 1


def test_alias_that_names_itself_is_the_account(paq, boxes):
    paq.send("x@far.example", BOB, TEXT.format("self", "self"))
    assert len(boxes[BOB].new()) == 1
    assert len(boxes[ALICE].new()) == 1
    paq.send("x@far.example", "keep@demo.example", TEXT.format("k", "k"))
    boxes[BOB].new()
    paq.wait_queue_empty()
    assert not boxes[ALICE].nothing()


def test_included_list(paq, boxes):
    paq.send("x@far.example", "listed@demo.example", TEXT.format("l", "l"))
    boxes[BOB].new(), boxes[CAROL].new()


def test_virtual_and_catch_all_and_subaddress(paq, boxes):
    for to in ("anybody@catch.example", "carol+lists@demo.example"):
        paq.send("x@far.example", to, TEXT.format(to, "v"))
        got, = boxes[CAROL].new()
        assert subject_of(got) == to
    paq.send("x@far.example", "info@demo.example", TEXT.format("i", "i"))
    boxes[BOB].new()


@pytest.mark.parametrize("to", ["Carol@demo.example", "carol@DEMO.example",
                                '"carol"@demo.example'])
def test_spellings_of_one_address(paq, boxes, to):
    paq.send("x@far.example", to, TEXT.format("case", "case"))
    boxes[CAROL].new()


def test_postmaster_is_always_there(paq, boxes):
    with paq.smtp(port="mx") as client:
        client.mail("x@far.example")
        assert client.docmd("RCPT", "TO:<Postmaster>")[0] == 250
        assert client.rcpt("postmaster@demo.example")[0] == 250
        assert client.data(TEXT.format("p", "p"))[0] == 250
    boxes[ALICE].new()


def test_unknown_recipient_is_refused_at_rcpt(paq):
    with paq.smtp(port="mx") as client:
        client.mail("x@far.example")
        code, text = client.rcpt("nobody@demo.example")
        assert code == 550 and text.startswith(b"5.1.1")
        # and the transaction goes on for those who exist
        assert client.rcpt(BOB)[0] == 250
        client.rset()


def test_relaying_is_refused(paq):
    with paq.smtp(port="mx") as client:
        client.mail("x@other.example")
        code, text = client.rcpt("y@somewhere.example")
        assert code == 550 and text.startswith(b"5.7.1")
        assert client.rcpt("y%somewhere.example@demo.example")[0] >= 500
        assert client.rcpt("far.example!y@demo.example")[0] >= 500


def test_submission_wants_a_log_in(paq):
    with paq.smtp() as client:
        assert client.mail(ALICE)[0] == 530     # RFC 4954 4
    with pytest.raises(smtplib.SMTPAuthenticationError) as why:
        with paq.smtp() as client:
            client.login(ALICE, "wrong")
    assert why.value.smtp_code == 535


def test_relay_by_smtp(paq, sinks):
    before = len(sinks[0].messages)
    text = TEXT.format("far", "far").encode()
    paq.send(ALICE, ["one@far.example", "two@far.example"], text, login=ALICE)
    wait_for(lambda: len(sinks[0].messages) > before)
    sender, recipients, octets = sinks[0].messages[-1]
    assert sender.startswith("<alice@demo.example>")
    assert sorted(recipients) == ["one@far.example", "two@far.example"]
    assert without_trace(octets) == text
    paq.wait_queue_empty()


def test_relay_by_lmtp(paq, sinks):
    text = TEXT.format("lm", "lm").encode()
    paq.send("x@far.example", ["a@lm.example", "b@lm.example"], text)
    wait_for(lambda: sinks[1].messages)
    assert sinks[1].commands[0].startswith("LHLO ")
    assert without_trace(sinks[1].messages[-1][2]) == text
    paq.wait_queue_empty()


def report_parts(octets):
    message = email.message_from_bytes(octets, policy=email.policy.default)
    assert message.get_content_type() == "multipart/report"
    assert message.get_param("report-type") == "delivery-status"
    return message, list(message.iter_parts())


def test_bounce_of_what_another_host_refuses(paq, boxes):
    paq.send(ALICE, ["never@far.example"], TEXT.format("no", "no"),
             login=ALICE)
    octets, = boxes[ALICE].new()
    assert octets.startswith(b"Return-Path: <>\n")
    message, parts = report_parts(octets)
    assert message["To"] == ALICE
    assert message["Auto-Submitted"].startswith("auto-")
    kinds = [p.get_content_type() for p in parts]
    assert kinds[1] == "message/delivery-status"
    assert kinds[2] in ("message/rfc822", "text/rfc822-headers",
                        "message/rfc822-headers")
    # RFC 3464 2.3
    status = parts[1].as_string()
    assert re.search(r"^Final-Recipient: rfc822; ?never@far\.example", status,
                     re.M | re.I)
    assert re.search(r"^Action: failed", status, re.M)
    assert re.search(r"^Status: 5\.1\.1", status, re.M)
    assert re.search(r"^Diagnostic-Code: smtp; ?550 5\.1\.1 nobody", status,
                     re.M | re.I)
    assert "<no@test.example>" in parts[2].as_string()
    paq.wait_queue_empty()


def test_success_is_reported(paq, boxes):
    """RFC 3461: delivered here, and relayed to a host without DSN."""
    with paq.smtp(ALICE) as client:
        client.mail(ALICE, ["RET=HDRS", "ENVID=e+2B1"])
        client.rcpt(CAROL, ["NOTIFY=SUCCESS", f"ORCPT=rfc822;{CAROL}"])
        client.rcpt("one@far.example", ["NOTIFY=SUCCESS"])
        client.rcpt("two@far.example")
        assert client.data(TEXT.format("s", "s").encode())[0] == 250
    octets, = [x for x in boxes[ALICE].new() if b"multipart/report" in x]
    message, parts = report_parts(octets)
    status = parts[1].as_string()
    assert re.findall(r"^Action: (\w+)", status, re.M) == ["delivered",
                                                          "relayed"]
    assert "Original-Envelope-Id: e+1" in status
    assert f"Original-Recipient: rfc822;{CAROL}" in status
    assert "two@far.example" not in status
    paq.wait_queue_empty()


def test_one_bounces_and_the_other_arrives(paq, sinks, boxes):
    before = len(sinks[0].messages)
    paq.send(ALICE, ["never@far.example", "yes@far.example"],
             TEXT.format("half", "half"), login=ALICE)
    octets, = boxes[ALICE].new()
    assert b"yes@far.example" not in report_parts(octets)[1][1].as_bytes()
    assert sinks[0].messages[before][1] == ["yes@far.example"]
    paq.wait_queue_empty()


def test_route_that_is_an_error_bounces(paq, boxes):
    paq.send(ALICE, ["x@gone.example"], TEXT.format("g", "g"), login=ALICE)
    octets, = boxes[ALICE].new()
    assert b"5.1.2" in octets and b"moved away" in octets


def test_aliases_in_a_circle_bounce(paq, boxes):
    paq.send(ALICE, ["loop-a@demo.example"], TEXT.format("c", "c"),
             login=ALICE)
    octets, = boxes[ALICE].new()
    assert b"5.4.6" in octets
    paq.wait_queue_empty()


def test_a_bounce_is_never_bounced(paq):
    with paq.smtp(ALICE) as client:
        client.mail("")
        client.rcpt("never@far.example")
        assert client.data(TEXT.format("n", "n"))[0] == 250
    paq.wait_queue_empty()


def test_later_is_tried_again(paq, sinks):
    sinks[0].answers["slow@far.example"] = "450 4.2.1 not now"
    paq.send(ALICE, ["slow@far.example"], TEXT.format("s", "s"), login=ALICE)
    wait_for(lambda: any("<slow@" in c for c in sinks[0].commands))
    wait_for(lambda: any("deferred" in str(f) for f in paq.queued()))
    assert "slow@far.example" in paq.paquebot("queue", "list") + \
        paq.paquebot("queue", "show", paq.queued()[0].name)
    del sinks[0].answers["slow@far.example"]
    wait_for(lambda: any("slow@far.example" in m[1]
                         for m in sinks[0].messages))
    paq.wait_queue_empty()


def test_loop_is_ended(paq, boxes):
    trace = "".join(f"Received: from a by b{i}.example; "
                    "Tue, 1 Jul 2025 10:00:00 +0000\r\n" for i in range(60))
    with paq.smtp(port="mx") as client:
        client.mail("x@far.example")
        client.rcpt(BOB)
        code, text = client.data(trace + TEXT.format("r", "r"))
        assert code == 554 and b"5.4.6" in text
    assert not boxes[BOB].nothing()


def test_too_large(paq):
    with paq.smtp(port="mx") as client:
        limit = int(client.esmtp_features["size"])
        assert client.mail("x@far.example", [f"SIZE={limit + 1}"])[0] == 552


def test_sendmail(paq, boxes):
    paq.sendmail("-f", ALICE, "-i", BOB, stdin="Subject: local\n\n.\nafter\n")
    octets, = boxes[BOB].new()
    message = email.message_from_bytes(octets)
    assert message["Subject"] == "local"
    assert message["Message-ID"] and message["Date"] and message["From"]
    assert message.get_payload() == ".\nafter\n"


def test_sendmail_takes_recipients_from_the_header(paq, boxes):
    paq.sendmail("-t", "-oi", stdin=f"To: {BOB}\nCc: {CAROL}\n"
                 "Bcc: team@demo.example\nSubject: t\n\nx\n")
    for user in (ALICE, BOB, CAROL):
        for octets in boxes[user].new():
            assert b"bcc:" not in octets.lower()


def test_sendmail_exit_codes(paq):
    assert paq.sendmail("-t", stdin="Subject: x\n\nx\n",
                        check=False).returncode != 0
    assert paq.sendmail("nobody@demo.example", stdin="x\n",
                        check=False).returncode == 67       # EX_NOUSER
    assert paq.sendmail("-Z", check=False).returncode == 64  # EX_USAGE


def test_sendmail_speaks_smtp(paq, boxes):
    done = paq.sendmail("-bs", stdin="EHLO me.example\r\n"
                        f"MAIL FROM:<{ALICE}>\r\nRCPT TO:<{CAROL}>\r\n"
                        "DATA\r\nSubject: bs\r\n\r\nx\r\n.\r\nQUIT\r\n")
    assert b"354" in done.stdout and b"221" in done.stdout
    boxes[CAROL].new()


def test_mailq_and_newaliases(paq, sinks):
    sinks[0].answers["queue@far.example"] = "450 4.2.1 not now"
    paq.send(ALICE, ["queue@far.example"], TEXT.format("q", "q"), login=ALICE)
    wait_for(lambda: any("deferred" in str(f) for f in paq.queued()))
    name = paq.queued()[0].name
    assert name.encode() in paq.sendmail(name="mailq").stdout
    assert name.encode() in paq.sendmail("-bp").stdout
    del sinks[0].answers["queue@far.example"]
    paq.sendmail("-q")
    paq.wait_queue_empty()
    before = (paq.conf.parent / "aliases.db").stat().st_ino
    paq.sendmail(name="newaliases")
    assert (paq.conf.parent / "aliases.db").stat().st_ino != before


def test_a_changed_map_is_seen(paq, boxes):
    with paq.smtp(port="mx") as client:
        client.mail("x@far.example")
        assert client.rcpt("fresh@demo.example")[0] == 550
    paq.write_map("aliases", ALIASES.replace("\\\\", "\\") + "fresh: carol\n")

    def accepted():
        with paq.smtp(port="mx") as client:
            client.mail("x@far.example")
            return client.rcpt("fresh@demo.example")[0] == 250
    wait_for(accepted, 5)


def test_reload_keeps_sessions(paq, boxes):
    with paq.smtp(port="mx") as client:
        client.mail("x@far.example")
        client.rcpt(CAROL)
        paq.paquebot("reload")
        assert client.data(TEXT.format("reload", "reload"))[0] == 250
    boxes[CAROL].new()
    assert all(r["state"] in ("ready", "draining") for r in paq.status())


def test_one_id_in_all_lines_about_a_message(paq, boxes):
    with paq.smtp(ALICE) as client:
        client.mail(ALICE)
        client.rcpt(CAROL)
        reply = client.data(TEXT.format("id", "id"))[1].decode()
    boxes[CAROL].new()
    paq.wait_queue_empty()
    lines = paq.log_text().splitlines()
    found = [m.group(1) for m in (re.search(r"\bid=(\S+)", x) for x in lines)
             if m and m.group(1) in reply]
    assert found, reply
    speakers = {x.split()[1].split("[")[0] for x in lines
                if f"id={found[-1]}" in x}
    assert {"smtpd", "qmgr", "local-deliver"} <= {
        s.replace("smtpd-session", "smtpd").replace(
            "deliver-worker", "local-deliver").replace(
            "deliver", "local-deliver").replace("local-local-", "local-")
        for s in speakers}, speakers


def test_more_mailboxes_than_workers():
    """A worker is let go for another mailbox's: nobody has to try again."""
    users = {f"u{i}@demo.example": "secret" for i in range(30)}
    with Suite(users=users, listen=("mx",),
               settings={"deliver_max": 2}) as paq:
        for _ in range(3):
            paq.send("sender@client.example", list(users),
                     b"Subject: many\r\n\r\nfew\r\n", port="mx")
        paq.wait_queue_empty(20)
        assert all(len(paq.stored(u)) == 3 for u in users)
        assert "event=deferred" not in paq.log_text()
        assert "event=worker-lost" not in paq.log_text()
