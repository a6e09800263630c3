"""always_bcc, queue_messages_max and smtp_clients_per_user."""
import os
import socket

import pytest

from fake_qmgr import LATER, Qmgr
from suite import IS_ROOT, Suite
from test_qmgr import A, B, OUT

BCC = "archive@demo.example"


def test_a_full_queue_takes_no_more():
    with Qmgr(queue_messages_max=2) as q:
        q.outcome[OUT] = (LATER, "4.4.1", "no")
        for _ in range(2):
            assert len(q.commit(A, [OUT])) == 20
        assert q.new(q.session()) == ("4.3.1", None)
        q.reload(queue_messages_max=3)
        q.wait(lambda: q.new(q.session())[1] is not None, "room again")


def test_a_copy_of_all_mail():
    with Suite(users={A: "a secret", B: "b secret", BCC: "c secret"},
               settings={"always_bcc": BCC}) as paq:
        paq.send(A, [B], "Subject: one\r\n\r\nx\r\n", port="mx")
        paq.sendmail("-f", A, "-i", B, stdin="Subject: two\n\ny\n")
        paq.wait_stored(B, 2)
        paq.wait_stored(BCC, 2)
        texts = "".join(f.read_text() for f in paq.stored(BCC))
        assert "Subject: one" in texts and "Subject: two" in texts
        for file in paq.stored(B):
            assert BCC not in file.read_text()
        # Once, also where it is a recipient anyway.
        paq.send(A, [BCC], "Subject: three\r\n\r\n", port="mx")
        paq.wait_stored(BCC, 3)
        paq.wait_queue_empty()
        assert len(paq.stored(BCC)) == 3


def test_nobody_escapes_the_copy_by_filling_the_envelope():
    """One recipient less than a queue file can hold: the copy is the last."""
    for bcc, most in ((BCC, b"99999"), ("", b"100000")):
        with Suite(users={A: "a secret"}, settings={
                "always_bcc": bcc, "recipients_max": "100000"}) as paq:
            s = socket.create_connection(("127.0.0.1", paq.port["mx"]), 20)
            s.recv(200)
            s.sendall(b"EHLO x\r\n")
            said = b""
            while b"\r\n250 " not in said:
                said += s.recv(4096)
            s.close()
            assert b"RCPTMAX=" + most in said


def connect(paq):
    s = socket.socket(socket.AF_UNIX)
    s.settimeout(20)
    s.connect(str(paq.dir / "run" / "submit"))
    return s, s.recv(200)


@pytest.mark.skipif(not IS_ROOT, reason="needs root to become another user")
def test_places_of_one_user():
    with Suite(users={A: "a secret"},
               settings={"smtp_clients_per_user": "2"}) as paq:
        kept = []
        os.seteuid(65534)
        try:
            for _ in range(2):
                kept.append(connect(paq))
                assert kept[-1][1].startswith(b"220")
            s, said = connect(paq)
            assert said.startswith(b"421")
            s.close()
        finally:
            os.seteuid(0)
        s, said = connect(paq)          # another user, and root has no limit
        assert said.startswith(b"220")
        s.close()
        for s, _ in kept:
            s.close()
