"""Accounts in the whole suite: app passwords and what is known of their use."""
import base64
import imaplib
import json
import os
import poplib
import re
import smtplib
from pathlib import Path

import pytest

from certs import memory_of
from suite import BIN, IS_ROOT, Suite, wait_for

ALICE, BOB = "alice@demo.example", "bob@demo.example"


@pytest.fixture(scope="module")
def paq():
    with Suite() as suite:
        yield suite


def make(paq, name, *options):
    return paq.paquebot("user", "app-add", *options, ALICE, name).strip()


def imap(paq, word):
    client = imaplib.IMAP4(paq.host, paq.port["imap"], timeout=60)
    try:
        return client.login(ALICE, word)[0] == "OK"
    except imaplib.IMAP4.error:
        return False
    finally:
        client.shutdown()


def pop3(paq, word):
    client = poplib.POP3(paq.host, paq.port["pop3"], timeout=60)
    try:
        client.user(ALICE)
        return client.pass_(word).startswith(b"+OK")
    except poplib.error_proto:
        return False
    finally:
        client.close()


def smtp(paq, word):
    with smtplib.SMTP(paq.host, paq.port["submission"], "client.example",
                      timeout=60) as client:
        try:
            client.user, client.password = ALICE, word
            client.ehlo()
            return client.auth("PLAIN", client.auth_plain)[0] == 235
        except smtplib.SMTPAuthenticationError as e:
            assert e.smtp_code == 535
            return False


def test_each_service_by_its_own(paq):
    phone = make(paq, "phone")
    reader = make(paq, "reader", "--services", "imap+pop3")
    sender = make(paq, "sender", "--services", "smtp")
    wait_for(lambda: imap(paq, sender) or imap(paq, phone))
    assert [f(paq, phone) for f in (imap, pop3, smtp)] == [True] * 3
    assert [f(paq, reader) for f in (imap, pop3, smtp)] == [True, True, False]
    assert [f(paq, sender) for f in (imap, pop3, smtp)] == [False, False, True]
    paq.wait_log("event=login-accepted service=smtp .* app=sender")
    log = paq.log_text()
    assert phone not in log and reader not in log


def test_the_log_says_who_was_refused_where_and_why(paq):
    """The client hears the same for both; the session's id is there too."""
    with smtplib.SMTP(paq.host, paq.port["submission"], "client.example",
                      timeout=60) as client:
        client.ehlo()
        heard = set()
        for user in (ALICE, "nobody@demo.example"):
            client.user, client.password = user, "wrong"
            with pytest.raises(smtplib.SMTPAuthenticationError) as e:
                client.auth("PLAIN", client.auth_plain)
            heard.add(e.value.args)
    assert len(heard) == 1
    refused = [line for line in paq.log_text().splitlines()
               if "event=login-refused service=smtp" in line][-2:]
    assert f" user={ALICE} " in refused[0] and \
        refused[0].endswith(' why="wrong password"')
    assert " user=nobody@demo.example " in refused[1] and \
        refused[1].endswith(' why="no such account"')
    session = re.search(r" session=(\w{16}) ", refused[0]).group(1)
    paq.wait_log(f"event=auth-failed session={session} ")


def test_last_use_is_shown(paq):
    """What authd has written when it ends is what the tool shows."""
    assert paq.paquebot("user", "show", BOB).count("last_login") == 0
    client = paq.imap(BOB)
    client.logout()
    paq.stop()
    try:
        shown = json.loads(paq.paquebot("user", "show", "--json", ALICE))
        assert {a["app"]: a["last_use"] and a["last_use"]["service"]
                for a in shown["apps"]} == {"phone": "smtp", "reader": "pop3",
                                            "sender": "smtp"}
        assert all(a["last_use"]["network"] == "127.0.0.0/24"
                   for a in shown["apps"])
        assert shown["last_login"] is None      # her own was not used
        assert "\nlast_login=" in paq.paquebot("user", "show", BOB)
    finally:
        paq.start()


@pytest.mark.skipif("san" in str(BIN), reason="a sanitizer's memory is endless")
@pytest.mark.skipif(not IS_ROOT, reason="only root sees others' memory")
def test_a_refused_password_is_nowhere_afterwards(paq):
    """Neither as it is nor as base64, while the clients are still there."""
    words = [f"wrong-{os.urandom(24).hex()}" for _ in range(3)]
    pop = poplib.POP3(paq.host, paq.port["pop3"], timeout=60)
    pop.user(ALICE)
    with pytest.raises(poplib.error_proto):
        pop.pass_(words[0])
    client = imaplib.IMAP4(paq.host, paq.port["imap"])
    with pytest.raises(imaplib.IMAP4.error):
        client.login(ALICE, words[1])
    smtp = smtplib.SMTP(paq.host, paq.port["submission"], timeout=60)
    smtp.ehlo()
    with pytest.raises(smtplib.SMTPAuthenticationError):
        smtp.login(ALICE, words[2])
    # of each also a part, and what PLAIN makes of it
    traces = [x for w in words for x in (
        w.encode()[8:32],
        base64.b64encode(b"\0%s\0%s" % (ALICE.encode(), w.encode()))[-60:-8])]
    processes = {pid: memory_of(pid) for pid in paq.tree()}
    assert len(processes) > 10
    assert any(ALICE.encode() in m for m in processes.values())
    for pid, memory in processes.items():
        name = Path(f"/proc/{pid}/comm").read_text().strip()
        for i, trace in enumerate(traces):
            assert trace not in memory, (name, i)
    pop.quit()
    smtp.quit()
    client.logout()
