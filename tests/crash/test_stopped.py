"""SIGSTOP, each daemon in turn: it is there and says nothing.  Who has no business
with it goes on while it is stopped; who has fails within his deadline, or waits;
when it goes on, so does everybody, nobody has died of it, no promise is broken,
and nobody has kept more for it than his bounds allow.

Nothing here is measured by a clock: what is to happen while a daemon is stopped
is waited for before it goes on.  LONG=1: also the deadlines, of up to a minute.
"""
import contextlib
import os
import signal
import smtplib
import time

import pytest

from suite import Sink, Suite, wait_for
from test_kill import BOXES, Load, check, check_quiet

LONG = bool(os.environ.get("LONG"))
STOPPED_S = 10 if LONG else 1
RSS_MAX_KIB = 256 * 1024        # of any process
# What goes on while it is stopped: messages by SMTP, APPENDs with new log-ins.
BOTH = {"sent", "appended"}
GO_ON = {
    "master": BOTH, "logd": BOTH, "dnsd": BOTH, "smtp-out": BOTH,
    "deliver": BOTH, "pop3-front": BOTH, "pop3-session": BOTH,
    "qmgr": {"appended"}, "qmgr-sync": {"appended"},
    "lookupd": {"appended"}, "smtpd": {"appended"},
    "authd": {"sent"}, "imap-front": {"sent"}, "imap-session": {"sent"},
}


@pytest.fixture(name="scene", scope="module")
def fixture():
    sink = Sink()
    with Suite(users={b: "secret" for b in BOXES},
               maps={"routes": f"far.example: smtp:[127.0.0.1]:{sink.port}\n"},
               settings={"relay_domains": ["far.example"],
                         "retry_max": "2s"}) as s:
        yield s, sink
    sink.close()


def children(pid):
    with contextlib.suppress(OSError):
        with open(f"/proc/{pid}/task/{pid}/children", encoding="ascii") as f:
            return [int(word) for word in f.read().split()]
    return []


def pid_of(paq, daemon):
    if daemon == "master":
        return paq.master.pid
    if daemon == "qmgr-sync":
        (pid,) = children(paq.pid("qmgr"))
        return pid
    return paq.pid(daemon)


@contextlib.contextmanager
def stopped(pid):
    os.kill(pid, signal.SIGSTOP)
    try:
        yield
    finally:
        os.kill(pid, signal.SIGCONT)


def counts(load):
    return {"sent": len(load.sent), "appended": len(load.appended)}


def wait_more(load, what, before, n=5, seconds=90):
    """90: a client may sit out its 15 seconds more than once."""
    def enough():
        return all(counts(load)[w] >= before[w] + n for w in what)
    try:
        wait_for(enough, seconds)
    except TimeoutError:
        raise AssertionError(f"{before} -> {counts(load)}") from None


def fattest(paq):
    """(KiB, pid) of the process with the most memory."""
    found = [(0, 0)]
    for pid in [paq.master.pid, *paq.tree()]:
        with contextlib.suppress(OSError, IndexError):
            with open(f"/proc/{pid}/status", encoding="ascii") as f:
                text = f.read()
            found.append((int(text.split("VmRSS:")[1].split()[0]), pid))
    return max(found)


@pytest.mark.parametrize("daemon", GO_ON)
def test_a_daemon_that_is_stopped(scene, daemon):
    paq, sink = scene
    restarts = {r["daemon"]: r["restarts"] for r in paq.status()}
    with Load(paq) as load:
        wait_more(load, BOTH, counts(load))
        with stopped(pid_of(paq, daemon)):
            wait_more(load, GO_ON[daemon], counts(load))
            time.sleep(STOPPED_S)       # for queues to fill
            wait_more(load, GO_ON[daemon], counts(load))
            assert fattest(paq)[0] < RSS_MAX_KIB, fattest(paq)
        wait_more(load, BOTH, counts(load))
    check(paq, load, sink)
    check_quiet(paq)
    assert restarts == {r["daemon"]: r["restarts"] for r in paq.status()}


def said(client, *commands):
    """The codes of the replies, the last of them however long it takes."""
    client.sock.settimeout(600)
    return [client.docmd(c)[0] for c in commands]


def answer_by_smtp(paq, _):
    client = smtplib.SMTP(paq.host, paq.port["mx"])
    with contextlib.closing(client):    # it may have said 421 already
        codes = said(client, "EHLO x.example",
                     "MAIL FROM:<sender@client.example>",
                     f"RCPT TO:<{BOXES[0]}>")
        return codes if codes[-1] != 250 else codes + said(client, "DATA")


def answer_by_auth(paq, _):
    client = smtplib.SMTP(paq.host, paq.port["submission"])
    with contextlib.closing(client):
        return said(client, "EHLO x.example",
                    "AUTH PLAIN AGJveDBAZGVtby5leGFtcGxlAHNlY3JldA==")


def answer_by_dns(paq, _):
    """Who waits for a name gives up his job, and qmgr keeps the message."""
    paq.send("sender@client.example", "x@named.example", "Subject: x\r\n\r\n",
             port="mx")
    paq.wait_log("event=worker-lost daemon=smtp-out-worker", 600)
    assert paq.queued()
    return [451]


DEADLINES = [("qmgr", answer_by_smtp), ("lookupd", answer_by_smtp),
             ("authd", answer_by_auth), ("dnsd", answer_by_dns)]


@pytest.mark.skipif(not LONG, reason="only with LONG=1: half a minute and more "
                    "for each deadline")
@pytest.mark.parametrize("daemon,ask", DEADLINES)
def test_who_asks_it_fails_in_time(daemon, ask):
    """With a temporary code, while it is still stopped."""
    with Suite(users={BOXES[0]: "secret"},
               settings={"relay_domains": ["named.example"]}) as paq:
        pid = paq.pid(daemon)
        with stopped(pid):
            codes = ask(paq, pid)
            assert codes[-1] // 100 == 4, codes
        wait_for(paq.is_ready, 40)
        paq.send("sender@client.example", BOXES[0], "Subject: y\r\n\r\n",
                 port="mx")
        paq.wait_stored(BOXES[0], 1)
