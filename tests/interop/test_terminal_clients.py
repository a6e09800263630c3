"""alpine at a terminal, by its keys, and getmail, which only fetches."""
import fcntl
import mailbox
import os
import pathlib
import pty
import pwd
import re
import select
import shutil
import struct
import subprocess
import tempfile
import termios
import time

import pytest

from conftest import needs
from suite import IS_ROOT, OWNER, wait_for, without_trace

ALICE, BOB = "alice@demo.example", "bob@demo.example"
SUITE = {"users": {ALICE: "secret", BOB: "secret"}}
LETTER = ("From: bob@demo.example\r\nTo: alice@demo.example\r\n"
          "Date: Tue, 1 Jul 2025 10:00:00 +0000\r\n"
          "Message-ID: <{0}@test.example>\r\nSubject: {0}\r\n\r\n"
          "One line.\r\n.\r\n..two\r\nlast\r\n")
ESCAPES = re.compile(rb"\x1b\[[0-9;?]*[A-Za-z]|\x1b[()][0-9A-B]|\x1b[=>78]")


class Terminal:
    """A program that believes that somebody looks on and types."""

    def __init__(self, words, env, cwd):
        self.pid, self.fd = pty.fork()
        if self.pid == 0:
            os.chdir(cwd)
            os.execvpe(words[0], words, env)
        fcntl.ioctl(self.fd, termios.TIOCSWINSZ,
                    struct.pack("HHHH", 40, 120, 0, 0))
        self.shown = b""

    def text(self):
        return ESCAPES.sub(b" ", self.shown.replace(b"\0", b"")).decode(
            errors="replace")

    def read(self, seconds):
        if not select.select([self.fd], [], [], seconds)[0]:
            return True
        try:
            piece = os.read(self.fd, 65536)
        except OSError:
            piece = b""
        self.shown += piece
        return bool(piece)

    def see(self, pattern, seconds=30):
        """Until that stands in what was written since the last keys."""
        end = time.monotonic() + seconds
        while not re.search(pattern, self.text()):
            assert time.monotonic() < end and self.read(0.2), \
                (pattern, self.text()[-3000:])
        while self.read(0.1) and select.select([self.fd], [], [], 0.1)[0]:
            pass

    def keys(self, text):
        self.shown = b""
        os.write(self.fd, text.encode())

    def end(self):
        """Its exit status, when it ends by itself."""
        deadline = time.monotonic() + 30
        while self.read(0.2) and time.monotonic() < deadline:
            pass
        return os.waitstatus_to_exitcode(os.waitpid(self.pid, 0)[1])

    def close(self):
        os.close(self.fd)


@pytest.fixture
def home():
    """A directory and an environment of a user who is not root."""
    where = pathlib.Path(tempfile.mkdtemp(prefix="paqhome-"))
    if IS_ROOT:
        shutil.chown(where, OWNER)
    env = {"HOME": str(where), "PATH": os.environ["PATH"], "TERM": "xterm",
           "LANG": "C.UTF-8", "TMPDIR": str(where)}
    yield where, env
    shutil.rmtree(where)


def put(paq, user, *names):
    client = paq.imap(user)
    client.select("INBOX")
    client.uid("STORE", "1:*", "+FLAGS", r"(\Deleted)")
    client.expunge()
    for name in names:
        client.append("INBOX", "", None, LETTER.format(name).encode())
    return client


def found(client, folder, keys):
    assert client.select(folder)[0] == "OK", folder
    return client.search(None, keys)[1][0].split()


# -------------------------------------------------------------------- alpine

def pinerc(paq, where):
    at = "{127.0.0.1:%d/notls/user=%s}" % (paq.port["imap"], ALICE)
    rc = where / "pinerc"
    rc.write_text(f"""
personal-name=Alice
user-domain=demo.example
customized-hdrs=From: {ALICE}
smtp-server=127.0.0.1:{paq.port['submission']}/notls/user={ALICE}
inbox-path={at}INBOX
folder-collections=far {at}[]
default-fcc={at}Sent
postponed-folder={at}postponed
last-time-prune-questioned=999.1
last-version-used=9.99
new-version-threshold=99.99
feature-list=quit-without-confirm,expunge-without-confirm,
\texpunge-without-confirm-everywhere,no-save-will-not-delete,
\tenable-flag-cmd,no-enable-flag-screen-implicitly,
\tno-send-without-confirm,allow-changing-from,no-use-sender-not-x-sender,
\tquell-dead-letter-on-cancel,
\tdisable-password-file-saving
""")
    return rc


@needs("alpine")
def test_alpine(paq, home):
    where, env = home
    client = put(paq, ALICE, "first", "second", "third")
    client.create("Sent")
    t = Terminal(["alpine", "-p", str(pinerc(paq, where)), "-i", "-sort",
                  "arrival"], env, where)
    t.see(r"PASSWORD")
    t.keys("secret\r")
    t.see(r"third")
    # Read the second, and mark it.
    t.keys("2\r")
    t.see(r"(?i)message|number")
    t.keys("\r")
    t.see(r"\.\.two")
    wait_for(lambda: found(client, "INBOX", "SEEN SUBJECT second"))
    t.keys("*")
    t.see(r"Flag|Important")
    t.keys("*")
    wait_for(lambda: found(client, "INBOX", "FLAGGED SUBJECT second"))
    # Save it in a folder that there is not yet; then it is to go.
    t.keys("S")
    t.see(r"SAVE")
    t.keys("\x15Kept\r")
    t.see(r"(?i)exist|create")
    t.keys("y")
    wait_for(lambda: b"Kept" in b"\n".join(client.list()[1]))
    wait_for(lambda: found(client, "Kept", "SUBJECT second"))
    wait_for(lambda: found(client, "INBOX", "DELETED SUBJECT second"))
    t.keys("<")
    t.see(r"first")
    t.keys("X")
    wait_for(lambda: not found(client, "INBOX", "SUBJECT second"))
    # Something new comes, and it says so.
    paq.send(BOB, ALICE, LETTER.format("newcomer").encode(), login=BOB)
    wait_for(lambda: found(client, "INBOX", "SUBJECT newcomer"))
    t.keys("\x0c")
    t.see(r"newcomer")
    # Write to Bob.
    t.keys("C")
    t.see(r"Subject")
    t.keys(f"{BOB}\r\r\rwritten in alpine\rÄ line.\r.\rend\x18")
    t.see(r"(?i)send message")
    t.keys("y")
    t.see(r"(?i)password")
    t.keys("secret\r")
    wait_for(lambda: any(b"Subject: written in alpine" in p.read_bytes()
                         for p in paq.stored(BOB)))
    wait_for(lambda: found(client, "Sent", 'SUBJECT "written in alpine"'))
    client.close()
    t.keys("Q")
    assert t.end() == 0, t.text()
    t.close()
    client.logout()


# ------------------------------------------------------------------- getmail

def as_owner():
    """It refuses to be root."""
    if not IS_ROOT:
        return {}
    gid = pwd.getpwnam(OWNER).pw_gid
    return {"user": OWNER, "group": gid, "extra_groups": []}


def getmailrc(paq, where, kind, delete):
    rc = where / "getmailrc"
    retriever, port = {"pop3": ("SimplePOP3Retriever", "pop3"),
                       "imap": ("SimpleIMAPRetriever", "imap")}[kind]
    more = 'mailboxes = ("INBOX", "Other")\n' if kind == "imap" else ""
    rc.write_text(f"""
[retriever]
type = {retriever}
server = 127.0.0.1
port = {paq.port[port]}
username = {ALICE}
password = secret
{more}
[destination]
type = Maildir
path = {where}/mail/
[options]
read_all = false
delete = {delete}
delivered_to = false
received = false
""")
    return rc


def fetch(paq, home, kind, delete="false"):
    where, env = home
    rc = getmailrc(paq, where, kind, delete)
    for sub in ("mail", "mail/cur", "mail/new", "mail/tmp", "state"):
        (where / sub).mkdir(exist_ok=True)
        if IS_ROOT:
            shutil.chown(where / sub, OWNER)
    done = subprocess.run(
        ["getmail", "--rcfile", str(rc), "--getmaildir",
         str(where / "state")], env=env, timeout=120, capture_output=True,
        check=False, cwd=where, **as_owner())
    assert done.returncode == 0, done
    return {m["Subject"]: m for m in mailbox.Maildir(where / "mail")}


@needs("getmail")
@pytest.mark.parametrize("kind", ["pop3", "imap"])
def test_getmail(paq, home, kind):
    client = put(paq, ALICE, "one", "two")
    folders = ["INBOX"]
    if kind == "imap":
        client.create("Other")
        client.append("Other", "", None, LETTER.format("elsewhere").encode())
        folders.append("Other")
    else:
        client.close()
    known = {"one", "two"} | ({"elsewhere"} if kind == "imap" else set())
    got = fetch(paq, home, kind)
    assert set(got) == known
    del got["one"]["X-getmail-retrieved-from-mailbox"]
    octets = got["one"].as_bytes().replace(b"\n", b"\r\n")
    assert without_trace(octets) == LETTER.format("one").encode()
    # What it has it knows by the names that the server gives.
    assert len(list((home[0] / "mail" / "new").iterdir())) == len(known)
    client.append("INBOX", "", None, LETTER.format("three").encode())
    assert set(fetch(paq, home, kind)) == known | {"three"}
    assert len(list((home[0] / "mail" / "new").iterdir())) == len(known) + 1
    # And it removes what it has.
    fetch(paq, home, kind, "true")
    assert len(list((home[0] / "mail" / "new").iterdir())) == len(known) + 1
    wait_for(lambda: not any(found(client, f, "ALL") for f in folders))
    client.logout()
