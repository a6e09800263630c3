"""fsync fails: on each path where something is promised, the promise is not
made, and what was not promised is not there; afterwards all goes on.  (smtpd's
own file and APPEND: tests/crash/test_fault.py.)

Needs the build in which calls fail on demand (make FAULT=1).
"""
import contextlib
import re
import subprocess

import pytest

from numbered import in_maildir, message
from suite import ROOT, Suite, wait_for

BIN = ROOT / "build-fault" / "bin"
ALICE, BOB = "alice@demo.example", "bob@demo.example"


@pytest.fixture(scope="module", autouse=True)
def built():
    subprocess.run(["make", "-s", "-j2", "FAULT=1", "-C", ROOT, "all"],
                   check=True)


@pytest.fixture
def failing(make_suite):
    """A suite with a fault, which can be started again without it."""
    def make(fault):
        paq = make_suite(bin_dir=BIN, users={ALICE: "x", BOB: "x"},
                         listen=("mx", "imap"), wrapper=[
                             "env", f"PAQUEBOT_FAULT={fault}"])
        paq.write().launch()
        with contextlib.suppress(TimeoutError, RuntimeError):
            wait_for(paq.is_ready, 10)
        return paq
    return make


def heal(paq):
    with contextlib.suppress(RuntimeError):
        paq.stop()
    assert "event=fault " in paq.log_text(), paq.trouble()
    paq.wrapper = []
    paq.start()


@pytest.mark.parametrize("n", [0, 2, 3, 4])
def test_E6_the_queue_promises_nothing(failing, n):
    """qmgr cannot make names durable, from its start on (0) or once: what was
    answered with 250 is there, what was not got 451 or found nobody."""
    paq = failing(f"qmgr/fsync:{n}:EIO")
    codes, sent = [], (1, 2, 3, 4, 5, 6)
    with contextlib.suppress(OSError, EOFError), \
            paq.smtp(port="mx") as client:
        client.sock.settimeout(20)
        for i in sent:
            client.mail("a@b.example")
            client.rcpt(ALICE)
            codes.append(client.data(message(i, ALICE))[0])
    assert set(codes) <= {250, 451}
    assert n != 0 or 250 not in codes
    heal(paq)
    paq.send("a@b.example", [BOB], message(9, BOB))
    paq.wait_queue_empty()
    found, bad = in_maildir(paq.maildir(ALICE))
    promised = {i for i, c in zip(sent, codes) if c == 250}
    assert not bad and promised <= set(found)


def test_E6_a_delivery_is_put_off(failing):
    """local-deliver: deferred as often as it fails, nothing in new/, and
    delivered when the disk works."""
    paq = failing("local-deliver/fsync:0:EIO")
    paq.send("a@b.example", [ALICE], message(1, ALICE))
    paq.wait_log(r"event=deferred .*status=4\.")
    assert not paq.stored(ALICE)
    assert not re.search(r"event=delivered ", paq.log_text())
    heal(paq)
    paq.wait_stored(ALICE, 1)
    found, bad = in_maildir(paq.maildir(ALICE))
    assert not bad and found[1] == 1


@pytest.mark.parametrize("call", ["fsync", "fdatasync"])
def test_E6_imap_promises_nothing(failing, call):
    """APPEND, COPY and MOVE: NO, as often as they are tried; no UID is told
    that is not there afterwards."""
    paq = failing(f"imapd/{call}:0:EIO")
    paq.send("a@b.example", [ALICE], message(1, ALICE))
    paq.wait_stored(ALICE, 1)
    told = {}
    client = paq.imap(ALICE)
    with contextlib.suppress(OSError, EOFError, client.error):
        client.create("other")
        client.select()
        for n in (11, 12):
            status, answer = client.append("INBOX", None, None,
                                           message(n, ALICE))
            uid = re.search(rb"APPENDUID \d+ (\d+)", answer[0] or b"")
            if status == "OK":
                told[n] = int(uid[1])
        for verb in ("COPY", "COPY", "MOVE"):
            status, _ = client._simple_command(verb, "1", "other")
            assert call != "fsync" or status == "NO", verb
    assert call != "fsync" or not told
    with contextlib.suppress(OSError, EOFError, client.error):
        client.logout()
    heal(paq)
    found, bad = in_maildir(paq.maildir(ALICE))
    other, bad_too = in_maildir(paq.maildir(ALICE, ".other"))
    assert not bad and not bad_too
    assert found[1] + other[1] >= 1, "the message itself is lost"
    with paq.imap(ALICE) as again:
        again.select()
        for n, uid in told.items():
            _, lines = again.uid("fetch", str(uid), "(BODY.PEEK[HEADER])")
            assert f"X-Number: {n}\r".encode() in lines[0][1]


def test_E6_a_map_is_replaced_by_a_whole_one(make_suite):
    """paquebot user: the command fails, and the accounts are as they were."""
    paq = make_suite(bin_dir=BIN, users={ALICE: "x"}, listen=("mx",))
    paq.write()
    before = (paq.conf.parent / "users.db").read_bytes()
    done = subprocess.run(
        [BIN / "paquebot", "-c", paq.conf, "user", "add", "new@demo.example"],
        input="x\n", capture_output=True, text=True, check=False,
        env={"PAQUEBOT_FAULT": "paquebot/fsync:0:EIO"})
    if "event=fault" in done.stderr or done.returncode != 0:
        assert done.returncode != 0
        assert (paq.conf.parent / "users.db").read_bytes() == before
        assert paq.paquebot("user", "list").split() == [ALICE]
    else:
        pytest.fail("the account was promised without fsync")


def test_E6_no_second_try_on_the_same_descriptor():
    """An error of fsync is told once: asking again would hear "well done".  So
    there is one place that calls it, and no loop around it but for EINTR."""
    callers = set()
    for folder in ("lib", "smtpd", "qmgr", "smtp-out", "local-deliver",
                   "pop3d", "imapd", "helpers", "master", "tools"):
        for path in (ROOT / folder).rglob("*.c"):
            text = re.sub(r"/\*.*?\*/", "", path.read_text(), flags=re.S)
            for found in re.finditer(r"\b(fsync|fdatasync|syncfs)\(", text):
                callers.add(str(path.relative_to(ROOT)))
                line = text[text.rfind("\n", 0, found.start()):].split(
                    "\n")[1]
                assert "while" not in line or "EINTR" in text[
                    found.start():found.start() + 120], (path, line)
    assert callers <= {"lib/os/fs.c", "lib/os/fs_file.c", "lib/os/fs_dir.c",
                       "lib/os/fault.c"}, callers
