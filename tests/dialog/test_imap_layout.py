"""Folders in the layouts of mailbox_layout, mailbox_names and mailbox_escape,
as an IMAP client sees them."""
import re

import pytest

from imap_client import Session

FS = ("fs", "utf-7", "")
FS_ESCAPED = ("fs", "utf-7", "\\")
PLAIN = ("maildir++", "utf-7", "")
ESCAPED = ("maildir++", "utf-7", "\\")


def listed(c, what='"" *', word="LIST"):
    untagged, _ = c.ok(f"{word} {what}")
    found = {}
    for line in untagged:
        got = re.fullmatch(rb'\* %s \((.*)\) "(.)" (.*)' % word.encode(), line)
        if got:
            found[got[3].strip(b'"').decode()] = set(got[1].decode().split())
    return found


@pytest.fixture
def fs():
    with Session(separator="/", layout=FS) as s:
        yield s


def test_tree(fs):
    """RFC 3501 6.3.3 to 6.3.5, in directories that are in each other."""
    c = fs.client()
    c.ok("CREATE a/b/c")
    assert (fs.root / "a/b/c/cur").is_dir()
    assert not (fs.root / "a/b/c/maildirfolder").exists()
    assert not (fs.root / "a/cur").exists()
    got = listed(c)
    assert got["a"] == {"\\Noselect", "\\HasChildren"}
    assert got["a/b/c"] == {"\\HasNoChildren"}
    assert c.cmd("SELECT a/b")[1].startswith(b"NO ")
    assert c.cmd("STATUS a (MESSAGES)")[1].startswith(b"NO [NONEXISTENT] ")
    c.ok("CREATE a/b")
    assert c.cmd("CREATE a/b")[1].startswith(b"NO [ALREADYEXISTS] ")
    c.append("a/b", "Subject: x\n\nx\n")
    c.append("a/b/c", "Subject: y\n\ny\n")
    c.ok("RENAME a x/y")
    assert set(listed(c)) == {"INBOX", "x", "x/y", "x/y/b", "x/y/b/c"}
    assert not (fs.root / "a").exists()
    c.ok("SELECT x/y/b")
    c.ok("DELETE x/y/b")
    got = listed(c)
    assert got["x/y/b"] == {"\\Noselect", "\\HasChildren"}
    untagged, _ = c.ok("STATUS x/y/b/c (MESSAGES)")
    assert b"MESSAGES 1" in b"".join(untagged)
    c.ok("DELETE x/y/b/c")
    assert set(listed(c)) == {"INBOX"}
    assert sorted(p.name for p in fs.root.iterdir() if p.is_dir()) == \
        ["cur", "new", "tmp"]


def test_inbox_is_the_root(fs):
    c = fs.client()
    c.append("INBOX", "Subject: x\n\nx\n")
    c.ok("CREATE inbox/sub")
    assert (fs.root / "INBOX/sub/cur").is_dir()
    assert listed(c)["INBOX"] == {"\\HasChildren"}
    c.ok("RENAME INBOX kept/mail")
    assert len(list((fs.root / "kept/mail").glob("*/*.*"))) == 1
    assert set(listed(c)) == {"INBOX", "INBOX/sub", "kept", "kept/mail"}


def test_subscriptions(fs):
    c = fs.client()
    c.ok("CREATE a/b.c")
    c.ok("SUBSCRIBE a/b.c")
    assert (fs.root / "subscriptions").read_bytes() == b"a/b.c\n"
    assert set(listed(c, word="LSUB")) == {"a/b.c"}
    assert listed(c, '"" %', "LSUB") == {"a": {"\\Noselect"}}
    c.ok("UNSUBSCRIBE a/b.c")
    assert (fs.root / "subscriptions").read_bytes() == b""


def test_copy_move_and_quota_count_all_folders(fs):
    (fs.root / "maildirsize").write_text("1000S\n0 0\n")
    c = fs.client()
    c.ok("CREATE a/b")
    c.append("a/b", "Subject: x\n\n" + "x" * 300 + "\n")
    c.ok("SELECT a/b")
    c.ok("COPY 1 INBOX")
    (fs.root / "maildirsize").write_text("1000S\nnonsense\n")
    untagged, _ = c.ok("GETQUOTAROOT INBOX")
    counted = int((fs.root / "maildirsize").read_text().split("\n")[1]
                  .split()[0])
    assert counted == 2 * sum(p.stat().st_size
                              for p in (fs.root / "a/b").glob("*/*.*"))


# Each: the layout, the separator, a name, its directory (None: NO [CANNOT])
NAMES = [
    (PLAIN, "/", "x.y", None), (PLAIN, "/", "..", None),
    (PLAIN, ".", "x/y", None), (PLAIN, "/", "~x", None),
    (PLAIN, "/", "cur", None),
    (ESCAPED, "/", "x.y", r".x\2ey"), (ESCAPED, "/", "..", r".\2e\2e"),
    (ESCAPED, ".", "x/y", r".x\2fy"), (ESCAPED, "/", "~x", r".\7ex"),
    (FS, "/", "x.y", "x.y"), (FS, "/", "a/cur/b", None),
    (FS, "/", "a/tmp", None), (FS, "/", "new", None),
    (FS, "/", "a/../b", None), (FS, "/", ".", None), (FS, "/", "~x", None),
    (FS, ".", "x/y", None), (FS, "/", "a/dovecot-uidlist", None),
    (FS, "/", "maildirsize", None), (FS, "/", "&AC8-", None),
    (FS_ESCAPED, "/", "a/../b", r"a/\2e./b"),
    (FS_ESCAPED, ".", "x/y", r"x\2fy"),
    (FS_ESCAPED, "/", "a/cur", None),
    (("fs", "utf-8", ""), "/", "&AOQ-/b", "\u00e4/b"),
    (("maildir++", "utf-8", ""), "/", "&AOQ-/b", ".\u00e4.b"),
]


@pytest.mark.parametrize("layout,separator,name,path", NAMES)
def test_names(layout, separator, name, path):
    """RFC 5530 3: CANNOT; else the same name comes back, and works."""
    with Session(separator=separator, layout=layout) as s:
        c = s.client()
        before = sorted(s.root.rglob("*"))
        if path is None:
            for command in (f'CREATE "{name}"', f'RENAME INBOX "{name}"',
                            f'SUBSCRIBE "{name}"', f'SELECT "{name}"'):
                _, answer = c.cmd(command)
                assert answer.startswith(b"NO [CANNOT] "), (command, answer)
            assert sorted(s.root.rglob("*")) == before
            return
        quoted = name.replace("\\", "\\\\")
        c.ok(f'CREATE "{quoted}"')
        assert (s.root / path / "cur").is_dir()
        assert name in listed(c)
        c.ok(f'SUBSCRIBE "{quoted}"')
        assert name in listed(c, word="LSUB")
        c.append(f'"{quoted}"', "Subject: x\n\nx\n")
        c.ok(f'SELECT "{quoted}"')
        c.ok(f'RENAME "{quoted}" moved')
        assert "moved" in listed(c)
        c.ok("DELETE moved")
