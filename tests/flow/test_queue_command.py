"""paquebot queue: options to words, ids, usage, exit codes, on a running
suite."""
import json
import subprocess

import pytest

from suite import BIN, Suite, wait_for

ALICE, BOB = "alice@demo.example", "bob@demo.example"


@pytest.fixture(name="paq", scope="module")
def fixture():
    with Suite(users={u: "a secret" for u in (ALICE, BOB)}) as paq:
        yield paq


def run(paq, *words):
    return subprocess.run([BIN / "paquebot", "-c", paq.conf, "queue", *words],
                          capture_output=True, text=True, timeout=60,
                          check=False)


def test_usage(paq):
    for words in (["list", "--sender"], ["list", "--colour", "red"], ["mend"],
                  ["show"], ["pause", "--destination"], ["stats", "--all"],
                  [], ["hold", "--older"]):
        got = run(paq, *words)
        assert got.returncode == 64 and "usage" in got.stderr, words


def test_the_server_refuses(paq):
    for words in (["drop"], ["list", "--older", "soon"], ["list", "no-id"],
                  ["pause", "--transport", "pigeon"],
                  ["resume", "--account", "alice"]):
        got = run(paq, *words)
        assert got.returncode == 1 and "error: " in got.stderr, words


def test_orders(paq):
    assert run(paq, "pause", "--transport", "local").returncode == 0
    paq.send(ALICE, [BOB], "Subject: hello\r\n\r\n", port="mx")
    wait_for(lambda: "deferred" in run(paq, "list").stdout, 20)
    (line,) = run(paq, "list", "--json", "--domain", "demo.example",
                  "--error", "by the operator").stdout.splitlines()
    id_ = json.loads(line)["id"]
    assert run(paq, "list", id_, id_).stdout.count(id_) == 2
    assert "would be meant" in run(paq, "hold", "--dry-run", id_).stdout
    assert "1 done" in run(paq, "hold", id_).stdout
    assert "hold" in run(paq, "list", id_).stdout
    assert run(paq, "resume", "--transport", "local").returncode == 0
    assert "1 done" in run(paq, "release", "--all").stdout
    paq.wait_stored(BOB, 1)
    paq.wait_queue_empty()
    got = json.loads(run(paq, "stats", "--json").stdout)
    assert got["difference"] == 0 and got["delivered"] >= 1
    assert "difference            0" in run(paq, "stats").stdout
    assert "0 with a fault" in run(paq, "fsck").stdout
