"""A daemon that has no room for one more descriptor says so, and nobody waits."""
import imaplib
import os
import poplib
import pwd
import subprocess
from pathlib import Path

import pytest

from conftest import needs_root
from suite import Suite

pytestmark = needs_root


@pytest.fixture
def paq():
    with Suite() as running:
        yield running


def limit(pid, *words):
    """As its own user: no other may without a capability."""
    owner = pwd.getpwnam("_paqauth")
    return subprocess.run(["prlimit", f"--pid={pid}", *words], check=True,
                          user=owner.pw_uid, group=owner.pw_gid,
                          extra_groups=[], capture_output=True,
                          text=True).stdout


def test_login_without_room(paq):
    """authd cannot take the client's connection, which comes with the question."""
    pid = paq.pid("authd")
    full = 1 + max(int(f.name) for f in Path(f"/proc/{pid}/fd").iterdir())
    holes = full - len(os.listdir(f"/proc/{pid}/fd"))
    before = limit(pid, "--output=SOFT", "--noheadings", "--nofile").strip()
    limit(pid, f"--nofile={full - holes}:")
    with pytest.raises(poplib.error_proto, match=r"SYS/TEMP"):
        paq.pop3("bob@demo.example")
    with pytest.raises(imaplib.IMAP4.error, match="UNAVAILABLE"):
        paq.imap("bob@demo.example")
    paq.wait_log("event=ipc-lost daemon=pop3-front")
    limit(pid, f"--nofile={before}:")
    paq.imap("bob@demo.example").logout()
