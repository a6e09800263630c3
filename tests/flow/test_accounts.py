"""Accounts in the whole suite: app passwords and what is known of their use."""
import imaplib
import json
import poplib
import re
import smtplib

import pytest

from suite import Suite, wait_for

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
