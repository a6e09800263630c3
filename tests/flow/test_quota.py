"""What a mailbox may hold: set at log-in and by the first delivery, and what
becomes of mail for one that is full.
"""
import pytest

from suite import Suite, wait_for

ALICE, BOB = "alice@demo.example", "bob@demo.example"
BIG = "Subject: x\r\n\r\n" + "0123456789abcdef\r\n" * 1000


@pytest.fixture(params=["refuse", "wait"])
def paq(request):
    with Suite(users={ALICE: "secret", BOB: "secret"}, settings={
            "quota": "30K", "quota_messages": "10", "quota_folders": "2",
            "quota_warning": "50", "quota_full": request.param}) as s:
        s.full = request.param
        yield s


def test_full(paq):
    paq.send(ALICE, [BOB], BIG, login=ALICE)
    paq.wait_stored(BOB, 1)
    first = (paq.maildir(BOB) / "maildirsize").read_text().split("\n")
    assert first[0] == "30720S,10C"
    paq.wait_log("event=quota-warning .*percent=5[0-9]")
    paq.send(ALICE, [BOB], BIG, login=ALICE)
    if paq.full == "wait":
        paq.wait_log("4.2.2")
        assert len(paq.stored(BOB)) == 1
        (name,) = (paq.maildir(BOB) / "new").iterdir()
        pop = paq.pop3(BOB)
        pop.dele(1)
        pop.quit()
        paq.wait_stored(BOB, 1)
        paq.wait_queue_empty()
    else:
        paq.wait_log("5.2.2")
        paq.wait_stored(ALICE, 1)       # a report
        assert len(paq.stored(BOB)) == 1


def test_log_in(paq):
    """An account's own limit, in force from the next log-in on."""
    top = paq.maildir(ALICE)
    client = paq.imap(ALICE)
    assert client._simple_command("GETQUOTAROOT", "INBOX")[0] == "OK"
    assert client.response("QUOTA")[1] == [
        b'"" (STORAGE 0 30 MESSAGE 0 10 MAILBOX 1 2)']
    assert client.create("a")[0] == "OK"
    assert b"OVERQUOTA" in client.create("b")[1][0]
    client.logout()
    assert (top / "maildirsize").read_text() == "30720S,10C\n0 0\n"
    text = paq.dir / "conf" / "users"
    lines = text.read_text().splitlines()
    text.write_text("".join(
        line + (" quota=1M" if line.startswith(ALICE) else "") + "\n"
        for line in lines))
    paq.paquebot("map", "users")

    def told():
        client = paq.imap(ALICE)
        client._simple_command("GETQUOTA", '""')
        found = client.response("QUOTA")[1]
        client.logout()
        return b"STORAGE 0 1024 " in found[0]
    wait_for(told)
