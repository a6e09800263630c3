"""Whose addresses users may write under: the maps of a whole suite, and users
of the system behind sendmail(1)."""
import os
import pwd
import re
import shutil
import smtplib
import subprocess

import pytest

from conftest import needs_root

ALICE, BOB = "alice@demo.example", "bob@demo.example"
SUITE = {
    "domains": ("demo.example", "shop.example"),
    "maps": {
        "aliases": "sales: alice\nteam: alice, bob\n",
        "virtual": f"@shop.example: {BOB}\n",
        "senders": f"{BOB}: boss@far.example, @club.example\n"
                   "daemon: cron@demo.example\n",
        # nobody listens there: mail waits
        "routes": "later.example: smtp:[127.0.0.1]:1\n",
    },
}
TEXT = "From: {}\nSubject: x\n\nx\n"


@pytest.mark.parametrize("login, sender", [
    (ALICE, ALICE), (ALICE, "alice+news@demo.example"),
    (ALICE, "sales@demo.example"), (BOB, "any@shop.example"),
    (BOB, "boss@far.example"), (BOB, "x@club.example")])
def test_own(paq, login, sender):
    paq.send(sender, [ALICE], TEXT.format(sender), login=login)
    paq.send("", [ALICE], TEXT.format(sender), login=login)


@pytest.mark.parametrize("login, sender", [
    (ALICE, BOB), (BOB, "alice+x@demo.example"),
    (ALICE, "team@demo.example"), (ALICE, "any@shop.example"),
    (ALICE, "boss@far.example"), (BOB, "far@far.example"),
    (BOB, "x@sub.club.example"), (ALICE, "nobody@demo.example")])
def test_not_own(paq, login, sender):
    with pytest.raises(smtplib.SMTPSenderRefused) as refused:
        paq.send(sender, [ALICE], TEXT.format(login), login=login)
    assert refused.value.smtp_code == 553
    with pytest.raises(smtplib.SMTPDataError) as refused:
        paq.send(login, [ALICE], TEXT.format(sender), login=login)
    assert refused.value.smtp_code == 550
    assert refused.value.smtp_error.startswith(b"5.7.1 ")


def test_a_wrong_entry_is_told(paq):
    (paq.conf.parent / "senders").write_text(f"{BOB}: |keep\n")
    done = paq.paquebot("map", "senders", check=False)
    assert done.returncode == 65
    assert "neither an address, @domain nor *" in done.stderr
    assert "line 1" in done.stderr


def as_user(paq, name, *args, text="Subject: x\n\nx\n", call="sendmail"):
    """sendmail(1) of another user of this system, who may not read the
    configuration."""
    user = pwd.getpwnam(name)
    program = shutil.copy(paq.bin / "sendmail", paq.dir / "sendmail")
    os.chmod(program, 0o755)
    return subprocess.run(
        [call, "-C", str(paq.conf), *args], executable=program, input=text.encode(),
        capture_output=True, timeout=60, user=user.pw_uid, group=user.pw_gid,
        check=False, cwd="/")


@needs_root
def test_users_of_the_system(paq):
    paq.conf.chmod(0o644)
    done = as_user(paq, "nobody", ALICE)
    assert done.returncode == 0, done
    assert as_user(paq, "nobody", "-f", "<>", ALICE).returncode == 0
    assert as_user(paq, "nobody", "-f", "nobody", ALICE).returncode == 0
    # not theirs: EX_NOPERM
    assert as_user(paq, "nobody", "-f", ALICE, ALICE).returncode == 77
    assert as_user(paq, "nobody", ALICE,
                   text=TEXT.format("root")).returncode == 77
    # the map senders
    assert as_user(paq, "daemon", "-f", "cron@demo.example",
                   ALICE).returncode == 0
    # trusted
    assert paq.sendmail("-f", "any@far.example", ALICE,
                        stdin=TEXT.format(BOB)).returncode == 0


@needs_root
def test_mailq_shows_users_their_own(paq):
    paq.conf.chmod(0o644)
    for user in "nobody", "daemon":
        assert as_user(paq, user, user + "@later.example").returncode == 0
    paq.send(ALICE, ["alice@later.example"], TEXT.format(ALICE), login=ALICE)
    for call, args in ("mailq", ()), ("sendmail", ("-bp",)):
        for user in "nobody", "daemon":
            done = as_user(paq, user, *args, call=call)
            assert done.returncode == 0, done
            assert re.findall(rb"(\w+)@later.example", done.stdout) == \
                [user.encode()], done
        # who has nothing there, and who sees all
        done = as_user(paq, "bin", *args, call=call)
        assert done.returncode == 0 and b"@" not in done.stdout
    seen = paq.sendmail("-bp").stdout
    assert set(re.findall(rb"(\w+)@later.example", seen)) == \
        {b"nobody", b"daemon", b"alice"}
    # of orders that only operators have, nothing has changed
    assert as_user(paq, "nobody", "-q").returncode != 0
