"""Users of the system: their mailbox is ~/Maildir, their own the way on."""
import os
import tempfile
from pathlib import Path

import pytest

from conftest import needs_root
from suite import Suite, namespaces, wait_for

pytestmark = [needs_root,
              pytest.mark.skipif(not namespaces(), reason="no namespaces")]

CAROL = 4711            # within what master maps for system_users
TEXT = "Subject: {}\r\n\r\nhello\r\n"

# The server sees a user whom this machine does not have.
WRAPPER = ["unshare", "-m", "sh", "-c",
           'mount --bind "$0" /etc/passwd && exec "$@"']


@pytest.fixture
def home():
    with tempfile.TemporaryDirectory() as name:
        top = Path(name)
        top.chmod(0o755)
        home = top / "carol"
        home.mkdir()
        os.chown(home, CAROL, CAROL)
        yield home


@pytest.fixture
def paq(home):
    passwd = home.parent / "passwd"
    with open("/etc/passwd", encoding="utf-8") as f:
        passwd.write_text(f.read() +
                          f"carol:x:{CAROL}:{CAROL}::{home}:/bin/sh\n")
    suite = Suite(settings={"system_users": True},
                  wrapper=[*WRAPPER, str(passwd)])
    suite.settings["mailbox_roots"] = [suite.mail, home.parent]
    with suite:
        yield suite


def send(paq, subject):
    with paq.smtp(port="mx") as client:
        client.sendmail("x@y.example", ["carol@mx.demo.example"],
                        TEXT.format(subject))
    paq.wait_queue_empty()


def subjects(home):
    return sorted(line for f in (home / "Maildir" / "new").iterdir()
                  for line in f.read_text().splitlines()
                  if line.startswith("Subject: "))


def test_mail_lies_in_the_home(paq, home):
    send(paq, "one")
    assert subjects(home) == ["Subject: one"]
    for f in (home / "Maildir" / "new").iterdir():
        assert f.stat().st_uid == CAROL


def test_forward_file(paq, home):
    forward = home / ".forward"
    forward.write_text("\\carol, bob@demo.example\n")
    os.chown(forward, CAROL, CAROL)
    send(paq, "both")
    assert subjects(home) == ["Subject: both"]
    wait_for(lambda: paq.stored("bob@demo.example"))
