"""paquebot trace: a message's life from the log, and nobody else's."""
import subprocess

import pytest

from suite import BIN, Suite

ALICE, BOB = "alice@demo.example", "bob@demo.example"
NOBODY = "nobody@gone.example"


@pytest.fixture(name="paq", scope="module")
def fixture():
    with Suite(users={u: "a secret" for u in (ALICE, BOB)},
               settings={"log_level": "debug"}) as paq:
        yield paq


def trace(paq, *words):
    return subprocess.run([BIN / "paquebot", "-c", paq.conf, "trace", *words],
                          capture_output=True, text=True, timeout=60,
                          check=False)


def test_trace(paq):
    paq.send(ALICE, [BOB], "Subject: one\r\n\r\n", port="mx")
    paq.send("x@far.example", [ALICE], "Subject: two\r\n\r\n", port="mx")
    paq.wait_stored(BOB, 1)
    paq.wait_stored(ALICE, 1)
    paq.wait_queue_empty()
    paq.wait_log(r"event=removed.*\n(.*\n)*.*event=removed")
    got = trace(paq, "--log", str(paq.log), BOB)
    assert got.returncode == 0, got.stderr
    ids = {word[3:] for line in got.stdout.splitlines()
           for word in line.split() if word.startswith("id=")}
    assert len(ids) == 1
    assert "event=queued" in got.stdout and "event=removed" in got.stdout
    assert "event=connect" in got.stdout, "the connection it came by"
    assert "x@far.example" not in got.stdout
    (id_,) = ids
    again = trace(paq, "--log", str(paq.log), id_)
    assert set(got.stdout.splitlines()) <= set(again.stdout.splitlines())
    assert again.stdout.endswith("-- no longer in the queue\n")
    assert again.stderr == "" and again.returncode == 0


def test_nothing_to_tell(paq):
    got = trace(paq, "--log", str(paq.log), NOBODY)
    assert got.returncode == 1 and got.stdout == ""
    assert trace(paq, "--log", "/nowhere/log", BOB).returncode == 74
    assert trace(paq).returncode == 64
    assert trace(paq, "--log").returncode == 64


def test_of_a_report(paq):
    """A bounce has an id of its own, and belongs to the life."""
    paq.send(ALICE, [NOBODY], "Subject: three\r\n\r\n",
             login=ALICE)
    paq.wait_log(r"event=(bounced|waits)")
    got = trace(paq, "--log", str(paq.log), NOBODY)
    assert NOBODY in got.stdout and "event=queued" in got.stdout
