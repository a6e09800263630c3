"""The same folders under Dovecot and under imapd, in place and both ways, in
each layout that the settings know: its LAYOUT=fs, UTF-8 and listescape."""
import contextlib
import os
import pathlib
import pwd
import re
import shutil
import signal
import subprocess
import tempfile

import pytest

from beside_dovecot import CONFIG, DOVECOT, Session, connect, free_port

pytestmark = pytest.mark.skipif(not os.path.exists(DOVECOT),
                                reason="no dovecot here")
NAMESPACE = """
namespace inbox {{
  inbox = yes
  separator = {separator}
}}
"""
ESCAPE = """
mail_plugins = listescape
plugin {
  listescape_char = "\\\\"
}
"""

# Ours, theirs, separator, names; and what a new name is on disk
CASES = {
    "maildir++": (("maildir++", "utf-7", ""), "", "/",
                  ["a", "a/b", "&AOQ-/&AOQ-b"]),
    "maildir++ utf-8": (("maildir++", "utf-8", ""), ":UTF-8", ".",
                        ["a", "a.&AOQ-"]),
    "maildir++ escape": (("maildir++", "utf-7", "\\"), "", "/",
                         ["x.y", "..", "a/../b", "~z", "q\\w", ".dot/c"]),
    "fs": (("fs", "utf-7", ""), ":LAYOUT=fs", "/",
           ["a/b", "a/b/c", "x.y", "&AOQ-/b", "INBOX/sub", "a/.dot"]),
    "fs utf-8": (("fs", "utf-8", ""), ":LAYOUT=fs:UTF-8", "/",
                 ["&AOQ-/b.c", "&AOQ-"]),
    "fs escape": (("fs", "utf-7", "\\"), ":LAYOUT=fs", "/",
                  ["a/../b", "~z", "q\\w", "x.y"]),
    "fs escape, dots": (("fs", "utf-7", "\\"), ":LAYOUT=fs", ".",
                        ["a.b", "x/y", "a.//.b"]),
}


class Mailbox:
    """One mail root, which one server after the other has."""

    def __init__(self, case):
        self.layout, self.location, self.separator, self.names = CASES[case]
        self.base = pathlib.Path(tempfile.mkdtemp(prefix="paqlayout-"))
        self.base.chmod(0o755)
        self.root = self.base / "mail"
        for part in ("cur", "new", "tmp"):
            (self.root / part).mkdir(parents=True)

    def hand_over(self):
        owner = pwd.getpwnam("_paqdemo")
        for path in [self.base, self.root, *self.root.rglob("*")]:
            os.chown(path, owner.pw_uid, owner.pw_gid)

    @contextlib.contextmanager
    def theirs(self):
        port = free_port()
        conf = CONFIG.format(dir=self.base, port=port).replace(
            f"maildir:{self.root}", f"maildir:{self.root}{self.location}")
        conf += NAMESPACE.format(separator=self.separator)
        if self.layout[2]:
            conf += ESCAPE
        (self.base / "conf").write_text(conf)
        (self.base / "log").touch()
        (self.base / "log").chmod(0o666)
        self.hand_over()
        process = subprocess.Popen(
            [DOVECOT, "-F", "-c", str(self.base / "conf")],
            stdout=subprocess.DEVNULL, stderr=subprocess.STDOUT)
        c = connect(port, process, self.base / "log")
        c.line()
        c.ok("LOGIN test secret")
        yield c
        c.close()
        process.send_signal(signal.SIGTERM)
        process.wait(20)

    @contextlib.contextmanager
    def ours(self):
        with Session(self.root, separator=self.separator,
                     layout=self.layout) as server:
            c = server.client()
            yield c
            c.close()


@pytest.fixture(params=CASES)
def mailbox(request):
    try:
        pwd.getpwnam("_paqdemo")
    except KeyError:
        pytest.skip("no user _paqdemo")
    m = Mailbox(request.param)
    yield m
    shutil.rmtree(m.base)


def quoted(name):
    return '"%s"' % name.replace("\\", "\\\\")


def listed(c, word="LIST"):
    """Names, and which of them can be selected."""
    found = {}
    for line in c.ok(f'{word} "" *')[0]:
        got = re.fullmatch(rb'\* %s \((.*)\) "." (.*)' % word.encode(), line)
        if got:
            name = got[2].decode()
            if name.startswith('"'):
                name = re.sub(r"\\(.)", r"\1", name[1:-1])
            found[name] = b"\\Noselect" not in got[1]
    return found


def seen(c, names):
    """What a client knows of folders: UIDVALIDITY, UIDNEXT, messages."""
    found = {}
    for name in names:
        line = b"".join(c.ok(f"STATUS {quoted(name)} "
                             "(MESSAGES UIDNEXT UIDVALIDITY)")[0])
        found[name] = re.findall(rb"([A-Z]+) (\d+)", line)
    return found


def fill(c, names):
    for name in names:
        c.ok(f"CREATE {quoted(name)}")
        c.ok(f"SUBSCRIBE {quoted(name)}")
        c.append(quoted(name), f"Subject: {len(name)}\n\nx\n")


def test_theirs_then_ours_then_theirs(mailbox):
    with mailbox.theirs() as c:
        fill(c, mailbox.names)
        folders, subscribed = listed(c), listed(c, "LSUB")
        known = seen(c, mailbox.names)
    with mailbox.ours() as c:
        assert listed(c) == folders
        assert listed(c, "LSUB") == subscribed
        assert seen(c, mailbox.names) == known
        first, *rest = mailbox.names
        c.ok(f"RENAME {quoted(first)} moved")
        c.ok(f"UNSUBSCRIBE {quoted(first)}")
        c.ok("SUBSCRIBE moved")
        c.append("moved", "Subject: more\n\ny\n")
        left = {**{n: ok for n, ok in listed(c).items()}}
        told = listed(c, "LSUB")
        known = seen(c, ["moved"])
    with mailbox.theirs() as c:
        assert listed(c) == left
        assert listed(c, "LSUB") == told
        assert seen(c, ["moved"]) == known


def test_ours_then_theirs_then_ours(mailbox):
    with mailbox.ours() as c:
        fill(c, mailbox.names)
        folders, subscribed = listed(c), listed(c, "LSUB")
        known = seen(c, mailbox.names)
    with mailbox.theirs() as c:
        assert listed(c) == folders
        assert listed(c, "LSUB") == subscribed
        assert seen(c, mailbox.names) == known
        c.ok(f"RENAME {quoted(mailbox.names[-1])} moved")
        c.append("moved", "Subject: more\n\ny\n")
        known = seen(c, ["moved"])
    with mailbox.ours() as c:
        assert "moved" in listed(c)
        assert mailbox.names[-1] not in {
            n for n, there in listed(c).items() if there}
        assert seen(c, ["moved"]) == known
