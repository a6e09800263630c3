"""Sessions that die of a fault: the listener of smtpd gives way to a process with
another memory layout, which knows its predecessor's clients and whom that had shut
out; an owner who kills his own mailbox session moves nobody.
"""
import os
import pwd
import signal
import socket
import subprocess
import time

import pytest

from conftest import needs_root
from fake_suite import own_network
from running import BOB, look
from suite import OWNER, Suite, namespaces, wait_for

pytestmark = [
    needs_root,
    pytest.mark.skipif(not namespaces(), reason="no user namespaces here"),
    pytest.mark.skipif("build-san" in os.environ.get("BUILD", ""),
                       reason="the sanitizer takes the fault signals")]

SERVER, OTHERS = "192.0.2.1", [f"192.0.2.{n}" for n in range(5, 15)]


@pytest.fixture
def paq():
    with own_network(*(f"{a}/24" for a in (SERVER, *OTHERS))), \
            Suite(host=SERVER, settings={
                "plain_login_anywhere": True,
                "smtp_clients_per_address": "3"}) as running:
        yield running


class Client:
    def __init__(self, paq, source):
        self.sock = socket.create_connection(
            (SERVER, paq.port["mx"]), timeout=20, source_address=(source, 0))
        self.greeting = self.sock.makefile("rb").readline()
        self.good = self.greeting.startswith(b"220")


def row(paq, daemon="smtpd"):
    """The one that serves."""
    return [r for r in paq.status() if r["daemon"] == daemon and
            r["state"] != "draining"][-1]


def sessions(paq, name="smtpd-session"):
    return [p.pid for p in look(paq).get(name, [])]


def crash(paq, source):
    """A client of that address whose session dies."""
    before = set(sessions(paq))
    client = Client(paq, source)
    assert client.good, client.greeting
    (pid,) = set(wait_for(lambda: set(sessions(paq)) - before))
    os.kill(pid, signal.SIGSEGV)
    return client


def test_a_successor_knows_the_clients(paq):
    old = row(paq)
    two = [Client(paq, OTHERS[0]) for _ in range(2)]
    assert all(c.good for c in two)
    crash(paq, OTHERS[1])
    paq.wait_log(r"smtpd\[\d+\] error event=session-crashed pid=\d+ signal=11 "
                 "client=" + OTHERS[1])
    paq.wait_log("event=successor daemon=smtpd of=%d" % old["pid"])
    wait_for(lambda: row(paq)["pid"] != old["pid"] and
             row(paq)["state"] == "ready")
    assert row(paq)["restarts"] == old["restarts"] + 1
    wait_for(lambda: any(r["state"] == "draining" for r in paq.status()))

    # Shut out by the one, shut out by the other.
    def shut_out():
        return b"421 4.7.0 " in Client(paq, OTHERS[1]).greeting
    wait_for(shut_out, 5, 0.1)
    # Three of one address, two of which the old one has.
    third = Client(paq, OTHERS[0])
    assert third.good, third.greeting
    fourth = Client(paq, OTHERS[0])
    assert fourth.greeting.startswith(b"421"), fourth.greeting
    assert Client(paq, OTHERS[2]).good
    # They go, and there is room again.
    for c in two:
        c.sock.sendall(b"QUIT\r\n")
        c.sock.makefile("rb").read()
    wait_for(lambda: Client(paq, OTHERS[0]).good, 10, 0.1)


def test_successors_are_rare(paq):
    """Ten crashes, one after the other, cost two or three processes."""
    begun = time.monotonic()
    for source in OTHERS:
        crash(paq, source)
    wait_for(lambda: paq.log_text().count("event=session-crashed") == 10)
    wait_for(lambda: row(paq)["state"] == "ready")
    seconds = time.monotonic() - begun
    assert 1 <= row(paq)["restarts"] <= 1 + seconds / 1
    assert Client(paq, SERVER).good


def test_an_owner_kills_his_own_session(paq):
    before = {r["daemon"]: (r["pid"], r["restarts"]) for r in paq.status()}
    owner = pwd.getpwnam(OWNER)
    for login, name in ((paq.imap, "imap-mailbox"), (paq.pop3,
                                                     "pop3-mailbox")):
        for _ in range(5):
            client = login(BOB)
            (pid,) = sessions(paq, name)
            subprocess.run(["kill", "-SEGV", str(pid)], check=True,
                           user=owner.pw_uid, group=owner.pw_gid,
                           extra_groups=[])
            wait_for(lambda pid=pid, name=name: pid not in
                     sessions(paq, name))
            client.sock.close()
    wait_for(lambda: paq.log_text().count("event=session-crashed") >= 10)
    assert paq.log_text().count("event=session-crashed") == 10
    assert {r["daemon"]: (r["pid"], r["restarts"])
            for r in paq.status()} == before
    paq.imap(BOB).logout()
