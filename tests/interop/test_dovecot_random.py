"""A random row of changes in one mailbox, now by lib/store, now by Dovecot: after
every step each opens what the other has left, and both see the same UIDs,
flags, keywords, sizes, dates and folders.  A UID is never another message.
"""
import os
import random

import pytest

from test_dovecot_store import Tool, agree, box, built  # noqa: F401
from test_dovecot_store import pytestmark  # noqa: F401

SEEDS = [int(s) for s in os.environ.get("SEEDS", "1 2 3 4").split()]
STEPS = int(os.environ.get("STEPS", "40"))
FLAGS = {"S": "\\Seen", "R": "\\Answered", "F": "\\Flagged", "D": "\\Draft",
         "T": "\\Deleted"}
WORDS = ["work", "$Forwarded", "NonJunk", "later"]
FOLDERS = ["INBOX", "a", "a.b"]


class Both:
    def __init__(self, box, rng):
        self.box, self.rng, self.n = box, rng, 0
        self.tool = Tool(box)
        self.folder = "INBOX"
        self.known = {}         # (folder, uidvalidity, uid) -> what it is
        self.highest = {}       # (folder, uidvalidity) -> UIDNEXT
        for name in FOLDERS[1:]:
            self.tool.ok("create " + name)
        self.tool.ok("open INBOX")

    def uid(self):
        return self.rng.choice(sorted(self.found)) if self.found else None

    def check(self):
        validity, uidnext, guid, found = agree(self.box, self.tool,
                                               self.folder)
        self.found = found
        here = (self.folder, validity)
        assert uidnext >= self.highest.get(here, 1)
        for uid, (_, _, size, wire, date) in found.items():
            known = self.known.setdefault(here + (uid,), (size, wire, date))
            assert known == (size, wire, date), (here, uid)
        for uid in found:
            assert uid < uidnext
        self.highest[here] = uidnext
        return guid

    # What each may do.  "mailbox INBOX uid 7" is one message.
    def message(self):
        self.n += 1
        return "message-%d%s" % (self.n, "x" * self.rng.randrange(200))

    def ours_append(self):
        self.tool.ok("append %s %s %s" % (
            "".join(self.rng.sample("SRFD", self.rng.randrange(3))) or "-",
            self.rng.choice(WORDS + ["-"]), self.message()))

    def ours_deliver(self):
        self.tool.ok("deliver " + self.message())

    def theirs_save(self):
        self.box.doveadm("save", "-m", self.folder,
                         text="Subject: %s\n\nx\n" % self.message())

    def ours_flags(self):
        uid = self.uid()
        if uid:
            self.tool.ok("flags %s %d %s %s" % (
                self.rng.choice("+-="), uid, self.rng.choice("SRFDT"),
                self.rng.choice(WORDS + ["-"])))

    def theirs_flags(self):
        uid = self.uid()
        if uid:
            self.box.doveadm(
                "flags", self.rng.choice(["add", "remove"]), "%s %s" % (
                    FLAGS[self.rng.choice("SRFDT")], self.rng.choice(WORDS)),
                "mailbox", self.folder, "uid", str(uid))

    def ours_expunge(self):
        uid = self.uid()
        if uid:
            self.tool.ok("expunge %d" % uid)

    def theirs_expunge(self):
        uid = self.uid()
        if uid:
            self.box.doveadm("expunge", "mailbox", self.folder, "uid",
                             str(uid))

    def ours_copy(self):
        uid = self.uid()
        if uid:
            self.tool.ok("%s %d %s" % (self.rng.choice(["copy", "move"]),
                                       uid, self.rng.choice(FOLDERS)))

    def theirs_copy(self):
        uid = self.uid()
        to = self.rng.choice([f for f in FOLDERS if f != self.folder])
        if uid:
            self.box.doveadm(self.rng.choice(["copy", "move"]), to,
                             "mailbox", self.folder, "uid", str(uid))

    def theirs_resync(self):
        self.box.doveadm("force-resync", self.folder)

    def ours_afresh(self):
        """Without what we remember: open anew, with or without the index."""
        if self.rng.random() < 0.5:
            for p in self.box.maildir.rglob("paquebot-*"):
                p.unlink()
        self.tool.close()
        self.tool = Tool(self.box)
        self.tool.ok("open " + self.folder)

    def theirs_afresh(self):
        for p in self.box.maildir.rglob("dovecot.index*"):
            p.unlink()

    def switch(self):
        self.folder = self.rng.choice(FOLDERS)
        self.tool.ok("open " + self.folder)

    def step(self):
        names = [n for n in dir(self) if n.startswith(("ours_", "theirs_"))]
        name = self.rng.choice(names + ["switch", "ours_append",
                                        "theirs_save", "theirs_flags"])
        getattr(self, name)()
        return name


@pytest.mark.parametrize("seed", SEEDS)
def test_random(box, seed):  # noqa: F811
    both = Both(box, random.Random(seed))
    done, guids = [], {}
    try:
        both.check()
        for _ in range(STEPS):
            done.append((both.folder, both.step()))
            guid = both.check()
            assert guids.setdefault(both.folder, guid) == guid
    except BaseException:
        print("seed", seed, done)
        raise
    both.tool.close()
