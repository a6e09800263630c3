"""Every system call of lib/store that changes something fails once, or is the
last that the process made: what was answered with ok is there afterwards, under
the UID that was told, once.

Needs the build in which calls fail on demand (make FAULT=1).
"""
import os
import pathlib
import re
import shutil
import subprocess
import tempfile

import pytest

ROOT = pathlib.Path(__file__).resolve().parents[2]
TOOL = ROOT / "build-fault/tests/interop/store_tool"

# {w}: the UID that word w was given.
SCRIPT = [
    "open INBOX", "append S kw w1", "append - - w2", "deliver w3", "sync",
    "flags + {w1} F k2", "create A", "copy {w1} A", "move {w2} A",
    "expunge {w1}", "append D - w4", "append - - w5", "sync",
    "replace {w5} w6", "subscribe A", "create B", "rename B C",
    "delete C", "sync",
]
CALLS = ["open", "write", "fsync", "fdatasync", "rename", "link", "unlink",
         "mkdir", "ftruncate"]
MOST = 200


@pytest.fixture(scope="module", autouse=True)
def built():
    subprocess.run(["make", "-s", "FAULT=1", "-C", str(ROOT),
                    str(TOOL.relative_to(ROOT))], check=True)


class Run:
    """The script, as far as it came."""

    def __init__(self, maildir, lines, fault=""):
        self.told, self.uid, self.doing = {}, {}, None
        self.p = subprocess.Popen([str(TOOL), str(maildir)], text=True,
                                  stdin=subprocess.PIPE,
                                  stdout=subprocess.PIPE,
                                  stderr=subprocess.DEVNULL,
                                  env={"PAQUEBOT_FAULT": fault})
        for line in lines:
            if not self.line(line):
                break
        try:
            self.p.stdin.close()
        except BrokenPipeError:
            pass
        self.p.stdout.close()
        code = self.p.wait(60)
        assert code in (0, -9), (fault, code)
        self.killed = code == -9

    def line(self, line):
        try:
            question = line.format(**self.uid)
        except KeyError:        # of a message that was not stored
            return True
        self.doing = line
        try:
            self.p.stdin.write(question + "\n")
            self.p.stdin.flush()
        except BrokenPipeError:
            return False
        answer = self.p.stdout.readline()
        if not answer:
            return False
        self.told[line] = answer.rstrip("\n")
        self.doing = None
        if line.startswith("append") and self.ok(line):
            self.uid[line.split()[3]] = int(answer.split(">")[1])
        return True

    def ok(self, line):
        return self.told.get(line, "no").startswith("ok")

    def made(self, line):
        """The UID of the copy; None: failed, or the view had no such UID."""
        answer = self.told.get(line, "no")
        return int(answer.split(">")[1]) if ">" in answer else None

    def tried(self, line):
        return line in self.told or self.doing == line


def words(folder):
    """{word: [uid or None]} of the files in a folder, by uidlist and content."""
    uids = {}
    if (folder / "dovecot-uidlist").exists():
        for line in (folder / "dovecot-uidlist").read_text().splitlines()[1:]:
            m = re.fullmatch(r"(\d+) (?:\S+ )*:(.*)", line)
            assert m, line
            uids[m[2]] = int(m[1])
    found = {}
    for path in [*folder.glob("new/*"), *folder.glob("cur/*")]:
        word = path.read_text().strip()
        found.setdefault(word, []).append(uids.get(path.name.split(":")[0]))
    return found


def check(maildir, r, fault):
    again = Run(maildir, ["open INBOX", "list", "append - - after", "sync",
                          "open A"])
    for line in ("open INBOX", "append - - after", "sync"):
        assert again.ok(line), (fault, again.told)
    inbox, a = words(maildir), {}
    if (maildir / ".A").exists():
        a = words(maildir / ".A")
    state = (fault, r.told, inbox, a)
    if "w1" in r.uid:
        if not r.tried("expunge {w1}"):
            assert inbox.get("w1") == [r.uid["w1"]], state
        elif r.told.get("expunge {w1}") == "ok %d" % r.uid["w1"]:
            assert "w1" not in inbox, state
    if "w2" in r.uid:           # moved or not: in exactly one folder
        places = inbox.get("w2", []) + a.get("w2", [])
        assert len(places) == 1, state
        if r.made("move {w2} A"):
            assert a["w2"] == [r.made("move {w2} A")], state
        elif not r.tried("move {w2} A"):
            assert inbox["w2"] == [r.uid["w2"]], state
    if "w4" in r.uid:
        assert inbox.get("w4") == [r.uid["w4"]], state
    if r.ok("deliver w3"):
        assert len(inbox.get("w3", [])) == 1, state
    if r.made("copy {w1} A"):
        assert a["w1"] == [r.made("copy {w1} A")], state
    if "w5" in r.uid:           # replaced or not: never nothing, nor half
        line = "replace {w5} w6"
        was, new = inbox.get("w5", []), inbox.get("w6", [])
        if r.made(line):
            assert new == [r.made(line)], state
            assert not was, state
        elif line in r.told or not r.tried(line):
            assert was == [r.uid["w5"]] and not new, state
        else:
            assert was or new, state
            assert len(was) <= 1 and len(new) <= 1, state
    for folder in (inbox, a):
        got = [u for v in folder.values() for u in v if u is not None]
        assert len(got) == len(set(got)), state
    # What was said to have failed is not there, either.
    for line in SCRIPT:
        if line in r.told and not r.ok(line) and \
                line.startswith(("append", "deliver", "replace")):
            assert line.split()[-1] not in inbox, (line, state)


def test_without_faults(tmp_path):
    maildir = tmp_path / "M"
    maildir.mkdir()
    r = Run(maildir, SCRIPT)
    assert not r.killed
    assert all(r.ok(line) for line in SCRIPT), r.told
    check(maildir, r, "none")


@pytest.mark.parametrize("call,what", [(c, w) for c in CALLS
                                       for w in ("KILL", "EIO")] +
                         [("write", "ENOSPC")])
def test_fault(call, what):
    idle = 0
    for n in range(1, MOST):
        tmp = pathlib.Path(tempfile.mkdtemp(prefix="paqfault-"))
        try:
            maildir = tmp / "M"
            maildir.mkdir()
            fault = "store_tool/%s:%d:%s" % (call, n, what)
            r = Run(maildir, SCRIPT, fault)
            check(maildir, r, fault)
            # There are not that many calls.
            if not r.killed and all(r.ok(line) for line in SCRIPT):
                idle += 1
            if idle > (0 if what == "KILL" else 8):
                break
        finally:
            shutil.rmtree(tmp)
    else:
        raise AssertionError("more than %d calls of %s" % (MOST, call))


def quota_says(maildir):
    """Octets and messages, as maildirsize counts them."""
    lines = (maildir / "maildirsize").read_text().splitlines()[1:]
    return [sum(v) for v in zip(*(map(int, x.split()) for x in lines))]


def test_restored_in_part(tmp_path):
    """What was put back before a failure counts for the quota, by its size."""
    seen = set()
    for n in range(1, MOST):
        maildir = tmp_path / str(n)
        maildir.mkdir()
        r = Run(maildir, ["keep", "open INBOX"] +
                ["append S - %s" % ("x" * i) for i in (10, 200, 3000)])
        (maildir / "maildirsize").write_text("1000000S\n")
        r = Run(maildir, ["open INBOX", "expunge 1", "expunge 2",
                          "expunge 3"])
        assert all(v.startswith("ok ") for v in r.told.values()), r.told
        assert not list((maildir / "cur").iterdir())
        (maildir / "maildirsize").write_text("1000000S\n0 0\n")
        r = Run(maildir, ["restore"], "store_tool/rename:%d:EIO" % n)
        sizes = [p.stat().st_size for p in (maildir / "cur").iterdir()]
        assert quota_says(maildir) == [sum(sizes), len(sizes)], n
        seen.add(len(sizes))
        if r.ok("restore"):
            break
    assert seen == {0, 1, 2, 3}
