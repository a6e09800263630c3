"""The setting `confinement` on a system that lacks a layer: required does not start,
available does, and says of each daemon what is missing (threat G7)."""
import platform
import sys

import pytest

from conftest import needs_root
from running import ALICE, BOB
from suite import ROOT, Suite, namespaces

WITHOUT = [sys.executable, str(ROOT / "tests" / "privs" / "without.py")]
LANDLOCK_CREATE_RULESET = "444"

pytestmark = [needs_root, pytest.mark.skipif(
    not namespaces(), reason="no user namespaces here"), pytest.mark.skipif(
    platform.machine() != "x86_64", reason="knows x86-64 only")]


def suite(confinement):
    return Suite(settings={"confinement": confinement},
                 wrapper=[*WITHOUT, LANDLOCK_CREATE_RULESET])


def test_g7_required_refuses_to_start():
    paq = suite("required")
    try:
        with pytest.raises(RuntimeError, match="ended at its start"):
            paq.write().start()
        text = (paq.dir / "stderr").read_text() + paq.log_text()
        assert "cannot be had here: landlock (confinement = required)" in text
        assert "event=started" not in text
    finally:
        paq.close()


def test_g7_available_starts_and_says_so():
    with suite("available") as paq:
        for daemon in ("lookupd", "authd", "qmgr", "smtpd", "smtp-out",
                       "deliver", "imap-front", "imap-session"):
            paq.wait_log(rf" {daemon}\[\d+\] warn event=confinement-missing "
                         "layer=landlock$")
        paq.send(ALICE, [BOB], "Subject: x\n\ny\n", login=ALICE)
        paq.wait_stored(BOB, 1)
        assert paq.imap(BOB).select()[1] == [b"1"]


def test_g7_the_log_says_what_was_enforced():
    with Suite(settings={"log_level": "debug"}) as paq:
        paq.wait_log(r"master\[\d+\] info event=rights kept=")
        for daemon in ("keyd", "smtpd", "imap-session"):
            if daemon in {r["daemon"] for r in paq.status()}:
                paq.wait_log(rf" {daemon}\[\d+\] debug event=confined "
                             r"landlock=\d+")
        assert "confinement-missing" not in paq.log_text()
