"""lib/store and Dovecot in the same mailboxes: both must see the same UIDs,
flags, keywords, dates, sizes and folders, whoever was there first, and also
while both are at work.

Dovecot is doveadm on a scratch configuration; lib/store is store_tool.
"""
import os
import pathlib
import pwd
import re
import shutil
import subprocess
import tempfile
import threading

import pytest

ROOT = pathlib.Path(__file__).resolve().parents[2]
BUILD = ROOT / os.environ.get("BUILD", "build")
TOOL = BUILD / "tests/interop/store_tool"
DOVEADM = shutil.which("doveadm")
AS_ROOT = os.geteuid() == 0

pytestmark = pytest.mark.skipif(DOVEADM is None, reason="no dovecot")


class Tool:
    """store_tool on the mailbox: one question, one answer."""

    def __init__(self, box):
        self.p = subprocess.Popen(
            [str(TOOL), str(box.maildir)], stdin=subprocess.PIPE,
            stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True,
            preexec_fn=box.demote)

    def ask(self, line):
        self.p.stdin.write(line + "\n")
        self.p.stdin.flush()
        return self.p.stdout.readline().rstrip("\n")

    def ok(self, line):
        answer = self.ask(line)
        assert answer.split(" ")[0] == "ok", (line, answer)
        return answer[3:]

    def list(self):
        """(uidvalidity, uidnext, guid, {uid: (flags, keywords, S, W, date)})"""
        words = self.ok("list").split(" ")
        found = {}
        for w in words[3:]:
            uid, flags, size, wire, date = w.split(":")
            letters, *keywords = flags.split("+")
            found[int(uid)] = (set(letters), set(keywords), int(size),
                               int(wire), int(date))
        return int(words[0][1:]), int(words[1][1:]), words[2][1:], found

    def close(self):
        self.p.stdin.close()
        assert self.p.wait(10) == 0


class Box:
    """A mail root, and a Dovecot that knows it."""

    def __init__(self):
        self.dir = pathlib.Path(tempfile.mkdtemp(prefix="paqdove-"))
        self.maildir = self.dir / "Maildir"
        self.maildir.mkdir(mode=0o700)
        user = pwd.getpwnam("mail") if AS_ROOT else pwd.getpwuid(os.getuid())
        self.uid, self.gid, self.user = user.pw_uid, user.pw_gid, user.pw_name
        (self.dir / "conf").write_text(
            "base_dir = %s/run\nlog_path = %s/log\n"
            "mail_location = maildir:%s\nssl = no\n"
            "first_valid_uid = 1\nfirst_valid_gid = 1\n" %
            (self.dir, self.dir, self.maildir))
        for p in (self.dir, self.maildir, self.dir / "conf"):
            os.chown(p, self.uid, self.gid)

    def demote(self):
        if AS_ROOT:
            os.setgroups([])
            os.setgid(self.gid)
            os.setuid(self.uid)

    def doveadm(self, *args, text=None, check=True):
        p = subprocess.run(
            [DOVEADM, "-c", str(self.dir / "conf"), *args], text=True,
            input=text, capture_output=True, preexec_fn=self.demote,
            cwd=self.dir, env={"HOME": str(self.dir), "USER": self.user,
                               "PATH": os.environ["PATH"], "TZ": "UTC"})
        assert not check or p.returncode == 0, p.stderr
        return p.stdout

    def dovecot(self, mailbox="INBOX"):
        """The same shape as Tool.list()."""
        status = self.doveadm("mailbox", "status",
                              "uidvalidity uidnext guid", mailbox)
        field = dict(w.split("=") for w in status.split()[1:])
        out = self.doveadm("-f", "tab", "fetch",
                           "uid flags size.physical size.virtual "
                           "date.received.unixtime", "mailbox", mailbox,
                           "all")
        letters = {"\\Seen": "S", "\\Answered": "R", "\\Flagged": "F",
                   "\\Deleted": "T", "\\Draft": "D"}
        found = {}
        for line in out.splitlines()[1:]:
            uid, flags, size, wire, date = line.split("\t")
            names = [f for f in flags.split() if f != "\\Recent"]
            found[int(uid)] = (
                {letters[f] for f in names if f in letters},
                {f for f in names if f not in letters},
                int(size), int(wire), int(date))
        return (int(field["uidvalidity"]), int(field["uidnext"]),
                field["guid"], found)

    def log(self):
        path = self.dir / "log"
        return path.read_text() if path.exists() else ""

    def close(self):
        log = self.log()
        shutil.rmtree(self.dir)
        # What Dovecot says when it finds something odd in these files.
        bad = re.findall(r".*(?:Error|Panic|Broken|Duplicate|corrupt).*", log)
        assert bad == [], bad


@pytest.fixture(scope="module", autouse=True)
def built():
    subprocess.run(["make", "-s", "-C", str(ROOT),
                    str(TOOL.relative_to(ROOT))], check=True)


@pytest.fixture
def box():
    b = Box()
    yield b
    b.close()


def agree(box, tool, mailbox="INBOX"):
    tool.ok("sync")
    ours, theirs = tool.list(), box.dovecot(mailbox)
    assert ours == theirs
    return ours


def test_ours_first(box):
    t = Tool(box)
    t.ok("open INBOX")
    assert t.ok("append S kw hello") == ">1"
    assert t.ok("append FR $Forwarded second") == ">2"
    t.ok("deliver third")
    t.ok("deliver fourth")
    t.ok("sync")
    assert t.ok("expunge 3") == "3"
    assert t.ok("flags + 1 D other") == "1"
    _, uidnext, _, found = agree(box, t)
    assert (uidnext, sorted(found)) == (5, [1, 2, 4])
    assert found[1][:2] == ({"S", "D"}, {"kw", "other"})
    t.close()


def test_dovecot_first(box):
    for i in range(3):
        box.doveadm("save", text="Subject: %d\n\nbody\n" % i)
    box.doveadm("flags", "add", "\\Flagged $Junk Work", "mailbox", "INBOX",
                "uid", "2")
    t = Tool(box)
    assert t.ok("open INBOX") == "+1,2,3"
    validity, _, guid, found = agree(box, t)
    assert found[2][:2] == ({"F"}, {"$Junk", "Work"})
    # Dovecot goes on while we have the folder open, and we see it.
    box.doveadm("expunge", "mailbox", "INBOX", "uid", "1")
    box.doveadm("flags", "add", "\\Seen New", "mailbox", "INBOX", "uid", "3")
    box.doveadm("save", text="Subject: x\n\nbody\n")
    assert t.ok("sync") == "+4 -1 ~3"
    assert agree(box, t)[0::2][:2] == (validity, guid)
    # And it sees us.
    t.ok("append T Work more")
    t.ok("flags = 4 R New")
    t.ok("flags - 2 F Work")
    assert agree(box, t)[3][2][:2] == (set(), {"$Junk"})
    # Dovecot writes its list anew.
    box.doveadm("force-resync", "INBOX")
    agree(box, t)
    t.close()


def test_copy_and_move(box):
    t = Tool(box)
    t.ok("open INBOX")
    for word in ("one", "two", "three"):
        t.ok("append S kw-%s %s" % (word, word))
    t.ok("sync")
    t.ok("create Archive.2024")
    assert t.ok("copy 1 Archive.2024") == "1 >1"
    assert t.ok("move 2 Archive.2024") == "2 >2"
    agree(box, t)
    t.ok("open Archive.2024")
    found = agree(box, t, "Archive.2024")[3]
    assert [m[1] for m in found.values()] == [{"kw-one"}, {"kw-two"}]
    box.doveadm("move", "INBOX", "mailbox", "Archive.2024", "uid", "1")
    agree(box, t, "Archive.2024")
    t.ok("open INBOX")
    agree(box, t)
    t.close()


def test_folders(box):
    t = Tool(box)
    t.ok("open INBOX")
    t.ok("create A.b")
    t.ok("create Entw&APw-rfe")
    t.ok("subscribe A.b")
    box.doveadm("mailbox", "create", "-s", "C")
    box.doveadm("mailbox", "subscribe", "Entwürfe")
    assert set(box.doveadm("mailbox", "list").split()) == \
        {"INBOX", "A", "A.b", "C", "Entwürfe"}
    assert set(box.doveadm("mailbox", "list", "-s").split()) == \
        {"A.b", "C", "Entwürfe"}
    assert t.ok("folders") == "INBOX A! A.b* C* Entw&APw-rfe*"
    t.ok("rename A N.m")
    assert "N.m.b" in box.doveadm("mailbox", "list").split()
    t.ok("delete N.m.b")
    box.doveadm("mailbox", "delete", "C")
    # A name that comes back has another UIDVALIDITY, whoever made it.
    seen = set()
    for make in (lambda: t.ok("create Z"),
                 lambda: box.doveadm("mailbox", "create", "Z"),
                 lambda: t.ok("create Z")):
        make()
        t.ok("open Z")
        seen.add(agree(box, t, "Z")[0])
        t.ok("delete Z")
    assert len(seen) == 3
    t.close()


def test_damaged_list(box):
    """What we repair, Dovecot reads without a word."""
    t = Tool(box)
    t.ok("open INBOX")
    for i in range(5):
        t.ok("append - - m%d" % i)
    t.ok("sync")
    t.close()
    path = box.maildir / "dovecot-uidlist"
    for damage in (lambda o: o[:-7],                        # torn
                   lambda o: o + b"\0" * 4096,              # zeros
                   lambda o: o.replace(b"\n4 ", b"\nx "),   # in the middle
                   lambda o: o + b"7 :no-line-feed"):
        before = path.read_bytes()
        path.write_bytes(damage(before))
        t = Tool(box)
        t.ok("open INBOX")
        # Dovecot says what its index knows until there is a new message.
        t.ok("append - - next")
        validity, uidnext, _, found = agree(box, t)
        t.ok("expunge %d" % max(found))
        del found[max(found)]
        assert len(found) == 5 and uidnext > max(found) + 1
        assert {1, 2, 3} <= set(found)
        assert b"V%d " % validity in before
        t.close()


def test_together(box):
    """Appends, flags and expunges from both sides at the same time."""
    setup = Tool(box)
    setup.ok("open INBOX")
    setup.ok("append - - first")
    failed = []

    def ours(word):
        try:
            t = Tool(box)
            t.ok("open INBOX")
            for i in range(25):
                t.ok("append %s %s %s%d" % ("SF"[i % 2], word, word, i))
                t.ok("deliver d%d" % i)
                t.ok("sync")
                found = t.list()[3]
                t.ok("flags + %d R both" % max(found))
            t.close()
        except Exception as e:      # noqa: BLE001 - told by the main thread
            failed.append(e)

    def theirs():
        try:
            for i in range(15):
                box.doveadm("save", text="Subject: d%d\n\nx\n" % i)
                box.doveadm("flags", "add", "\\Flagged dovecot", "all")
        except Exception as e:      # noqa: BLE001
            failed.append(e)

    threads = [threading.Thread(target=ours, args=("a",)),
               threading.Thread(target=ours, args=("b",)),
               threading.Thread(target=theirs)]
    for th in threads:
        th.start()
    for th in threads:
        th.join()
    assert failed == []
    _, uidnext, _, found = agree(box, setup)
    assert len(found) == 1 + 2 * 25 * 2 + 15
    assert uidnext == max(found) + 1
    # Every message kept the UID that it got first: none is used up twice.
    assert sorted(found) == list(range(1, len(found) + 1))
    setup.close()


def test_kept_is_no_folder(box):
    """What was expunged and is kept is neither listed nor counted."""
    box.doveadm("save", text="Subject: x\n\nbody\n")
    before = box.doveadm("mailbox", "list")
    (name,) = (box.maildir / "new").iterdir()
    kept = box.maildir / "paquebot-kept" / "INBOX"
    kept.mkdir(parents=True)
    shutil.copy(name, kept / ("1700000000.1," + name.name))
    for p in (kept.parent, kept, *kept.iterdir()):
        os.chown(p, box.uid, box.gid)
    assert box.doveadm("mailbox", "list") == before
    quota = ["-o", "mail_plugins=quota",
             "-o", "plugin/quota=maildir:User", "-o",
             "plugin/quota_rule=*:storage=1M", "quota"]
    box.doveadm(*quota, "recalc")
    assert re.search(r"MESSAGE\s+1\s", box.doveadm(*quota, "get"))
    assert len(list(kept.iterdir())) == 1
