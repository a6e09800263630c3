"""Users of the system log in by way of PAM, in pamd.

The suite sees a passwd, a shadow and a directory /etc/pam.d of the test's own.
"""
import itertools
import os
import shutil
import subprocess
import tempfile
from pathlib import Path

import pytest

from conftest import needs_root
from pop3_client import Pop
from suite import BIN, Suite, namespaces, wait_for

pytestmark = [
    needs_root,
    pytest.mark.skipif(not namespaces(), reason="no namespaces"),
    pytest.mark.skipif(not (BIN / "pamd").exists(),
                       reason="built without PAM: no pam_appl.h here"),
    pytest.mark.skipif(shutil.which("openssl") is None, reason="no openssl")]

CAROL = 4711
PEOPLE = [("carol", CAROL, "a secret"), ("dave", 4712, "another one"),
          ("service", 999, "a service's")]
WRAPPER = ["unshare", "-m", "sh", "-c",
           'for f in passwd shadow; do mount --bind "$0/$f" /etc/$f; done && '
           'mount --bind "$0/pam.d" /etc/pam.d && exec "$@"']


def crypt(password):
    return subprocess.run(["openssl", "passwd", "-6", password], check=True,
                          capture_output=True, text=True).stdout.strip()


@pytest.fixture(scope="module")
def top():
    with tempfile.TemporaryDirectory() as name:
        top = Path(name)
        top.chmod(0o755)
        passwd = Path("/etc/passwd").read_text()
        shadow = Path("/etc/shadow").read_text()
        for user, uid, password in PEOPLE:
            home = top / "home" / user
            home.mkdir(parents=True)
            os.chown(home, uid, uid)
            passwd += f"{user}:x:{uid}:{uid}::{home}:/bin/sh\n"
            shadow += f"{user}:{crypt(password)}:19000:0:99999:7:::\n"
        # Expired since 1970.
        passwd += f"old:x:4713:4713::{top}/home/carol:/bin/sh\n"
        shadow += f"old:{crypt('old')}:19000:0:99999:7::1:\n"
        # One who did not change it in time, and one who has to, now.
        for user, days in (("late", "10000:0:90:7:5"), ("new", "0:0:90:7:")):
            passwd += f"{user}:x:4714:4714::{top}/home/carol:/bin/sh\n"
            shadow += f"{user}:{crypt(user)}:{days}::\n"
        (top / "passwd").write_text(passwd)
        (top / "shadow").write_text(shadow)
        st = os.stat("/etc/shadow")
        os.chown(top / "shadow", st.st_uid, st.st_gid)
        (top / "shadow").chmod(st.st_mode & 0o777)
        (top / "pam.d").mkdir()
        (top / "pam.d" / "paquebot-test").write_text(
            "auth required pam_unix.so\naccount required pam_unix.so\n")
        yield top


@pytest.fixture(scope="module")
def paq(top):
    if os.stat("/etc/shadow").st_mode & 0o040 == 0:
        pytest.skip("the system's hashes are for root alone to read")
    suite = Suite(settings={"system_users": True,
                            "pam_service": "paquebot-test"},
                  wrapper=[*WRAPPER, str(top)])
    suite.settings["mailbox_roots"] = [suite.mail, top / "home"]
    with suite:
        yield suite


turns = itertools.count(1)


def login(paq, user, password):
    """None, or the answer to PASS; each time from another network."""
    n = next(turns)
    with Pop(paq.port["pop3"], source=f"127.{n // 200 + 1}.{n % 200}.1") as c:
        said = c.say(f"USER {user}")
        if said.startswith(b"+OK"):
            said = c.say(f"PASS {password}")
        return None if said.startswith(b"+OK") else said.decode()


@pytest.mark.parametrize("name", ["carol", "Carol", "carol@mx.demo.example",
                                  "CAROL@MX.demo.example"])
def test_with_the_right_password(paq, top, name):
    assert login(paq, name, "a secret") is None
    assert (top / "home" / "carol" / "Maildir" / "new").stat().st_uid == CAROL


def test_mail_is_there(paq):
    with paq.smtp(port="mx") as client:
        client.sendmail("x@y.example", ["dave@mx.demo.example"],
                        "Subject: s\r\n\r\nhello\r\n")
    paq.wait_queue_empty()
    with Pop(paq.port["pop3"]) as c:
        c.ok("USER dave")
        c.ok("PASS another one")
        assert c.ok("STAT").startswith(b"+OK 1 ")


def test_one_answer_for_all_that_is_wrong(paq):
    wrong = [login(paq, name, word) for name, word in [
        ("carol", "wrong"), ("carol", ""), ("dave", "a secret"),
        ("nobody-there", "a secret"), ("old", "old"),
        ("service", "a service's"), ("root", "x"),
        ("carol@demo.example", "a secret"), ("bob@demo.example", "wrong")]
        if word]
    assert len(set(wrong)) == 1 and wrong[0] is not None, wrong


@pytest.mark.parametrize("user", ["late", "new"])
def test_a_password_that_is_too_old(paq, user):
    """Nobody can change it here.  Right or wrong, the answer is that to a wrong
    password (PAM_AUTHTOK_EXPIRED, PAM_NEW_AUTHTOK_REQD), and PAM could tell."""
    before = paq.log.read_text()
    wrong = login(paq, "carol", "wrong")
    assert wrong is not None
    assert [login(paq, user, user), login(paq, user, "wrong")] == [wrong] * 2
    assert "pam-cannot-tell" not in paq.log.read_text()[len(before):]


@pytest.mark.parametrize("name", [
    "-carol", "../carol", "carol/", "carol;id", "$(id)", "car ol", "carol%",
    "carol\u00e9", "a" * 33, "carol@", "@mx.demo.example", "carol@x@y",
    "carol@mx.demo.example@mx.demo.example"])
def test_hostile_names_never_reach_pam(paq, name):
    before = paq.log.read_text()
    assert login(paq, name, "a secret") is not None
    assert "pam-" not in paq.log.read_text()[len(before):]
    assert login(paq, "carol", "a secret") is None


def test_an_account_comes_first(paq, top):
    """A name with a line of its own is no user of the system."""
    text = paq.conf.parent / "users"
    before = text.read_text()
    paq.write_map("users", before + f"dave:{{PLAIN}}other:4712:4712::"
                  f"{top}/home/dave::\n")
    try:
        wait_for(lambda: login(paq, "dave", "other") is None)
        assert login(paq, "dave", "another one") is not None
    finally:
        paq.write_map("users", before)
    wait_for(lambda: login(paq, "dave", "another one") is None)


def test_an_account_is_not_passed_by_with_a_domain(paq, top):
    """Locked as "dave", he does not come in as "dave@" this host either."""
    text = paq.conf.parent / "users"
    before = text.read_text()
    full = "dave@mx.demo.example"
    assert login(paq, full, "another one") is None
    paq.write_map("users", before + f"dave:!:4712:4712::{top}/home/dave::\n")
    try:
        wait_for(lambda: login(paq, full, "another one") is not None)
    finally:
        paq.write_map("users", before)
    wait_for(lambda: login(paq, full, "another one") is None)


def test_a_service_that_is_not_there(top):
    """pam_start finds no file: nobody can tell, which is not "wrong"."""
    (top / "pam.d" / "other").write_text(
        "auth required pam_nosuch.so\naccount required pam_nosuch.so\n")
    suite = Suite(settings={"system_users": True, "pam_service": "nosuch"},
                  wrapper=[*WRAPPER, str(top)])
    suite.settings["mailbox_roots"] = [suite.mail, top / "home"]
    with suite:
        assert login(suite, "bob@demo.example",
                     suite.users["bob@demo.example"]) is None
        said = login(suite, "carol", "a secret")
        assert said is not None
        wait_for(lambda: "event=pam-cannot-tell" in suite.log.read_text())


def test_pamd_dies_and_comes_back(paq):
    os.kill(paq.pid("pamd"), 9)
    wait_for(lambda: any(r["daemon"] == "pamd" and r["restarts"] > 0 and
                         r["state"] == "ready" for r in paq.status()))
    wait_for(lambda: login(paq, "carol", "a secret") is None)
    assert login(paq, "bob@demo.example",
                 paq.users["bob@demo.example"]) is None
