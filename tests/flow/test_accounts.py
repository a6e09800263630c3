"""Accounts in the whole suite: app passwords and what is known of their use."""
import imaplib
import json
import poplib
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
    log = paq.log.read_text()
    assert "event=login-accepted service=smtp" in log and " app=sender" in log
    assert phone not in log and reader not in log


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
