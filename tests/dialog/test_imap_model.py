"""Several sessions do random things to one mailbox, and a foreign program, too;
each session's client counts messages as RFC 3501 and RFC 7162 have it and must
never be told anything that contradicts it.  At the end all agree, and a client
that was away is brought up to date by QRESYNC.

PAQUEBOT_STRESS=seconds runs longer; PAQUEBOT_SEED=n repeats a run.
"""
import os
import pathlib
import random
import re
import sys
import time

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent))
from imap_client import Session, fetched  # noqa: E402

FLAGS = ["\\Seen", "\\Flagged", "\\Answered", "\\Draft", "a", "b"]
STEPS = 400
LETTER = "Subject: x\r\n\r\ntext\r\n"


def numbers(text):
    out = []
    for run in text.split(b","):
        first, _, last = run.partition(b":")
        out += range(int(first), int(last or first) + 1)
    return out


class Model:
    """What a client believes."""

    def __init__(self, server, qresync):
        self.c = server.client()
        self.server = server
        self.qresync = qresync
        if qresync:
            self.c.ok("ENABLE QRESYNC")
        self.uids, self.flags, self.known = [], {}, 0
        self.highest = 0
        self.do("SELECT INBOX" if qresync else "SELECT INBOX (CONDSTORE)")
        self.do("UID FETCH 1:* (FLAGS MODSEQ)")

    def line(self, line, command):
        if line.startswith(b"* VANISHED (EARLIER) "):
            return
        if line.startswith(b"* VANISHED "):
            assert self.qresync and not re.match(
                r"(FETCH|STORE|SEARCH) ", command), (command, line)
            for uid in numbers(line[11:]):
                if uid in self.uids:
                    self.uids.remove(uid)
                else:       # one whose UID was not told yet
                    below = [i for i, u in enumerate(self.uids)
                             if u is not None and u < uid]
                    self.uids.pop(self.uids.index(
                        None, below[-1] if below else 0))
                self.flags.pop(uid, None)
            return
        word = re.match(rb"\* (\d+) (EXISTS|EXPUNGE|FETCH)", line)
        if not word:
            return
        n = int(word.group(1))
        if word.group(2) == b"EXISTS":
            assert n >= len(self.uids), (line, self.uids)
            self.uids += [None] * (n - len(self.uids))
        elif word.group(2) == b"EXPUNGE":
            assert not self.qresync and not re.match(
                r"(FETCH|STORE|SEARCH) ", command), (command, line)
            self.flags.pop(self.uids.pop(n - 1), None)
        else:
            self.fetch(n, fetched([line])[n])

    def fetch(self, n, items):
        assert 1 <= n <= len(self.uids), (n, self.uids)
        uid = items.get("UID", self.uids[n - 1])
        if self.uids[n - 1] is None:
            self.uids[n - 1] = uid
        assert self.uids[n - 1] == uid, (n, items, self.uids)
        known = [u for u in self.uids if u is not None]
        assert known == sorted(set(known)), self.uids
        if uid is None:
            return
        old = self.flags.get(uid, (set(), 0))
        flags = set(items["FLAGS"]) - {"\\Recent"} if "FLAGS" in items \
            else old[0]
        modseq = items.get("MODSEQ", [old[1]])[0]
        assert modseq >= old[1], ("a number goes back", uid, items, old)
        self.flags[uid] = (flags, modseq)

    def do(self, command):
        untagged, tagged = self.c.cmd(command)
        assert not tagged.startswith(b"BAD"), (command, tagged)
        for line in untagged:
            self.line(line, command)
        for n in re.findall(rb"\[HIGHESTMODSEQ (\d+)\]",
                            b"\n".join(untagged + [tagged])):
            assert int(n) >= self.highest, (command, n, self.highest)
            self.highest = int(n)
        return tagged

    def step(self, r):
        n = len(self.uids)
        at = r.randint(1, n) if n else 0
        flag = r.choice(FLAGS)
        what = r.randrange(12)
        if what == 0 or n < 3:
            self.do("APPEND INBOX {%d+}\r\n%s" % (len(LETTER), LETTER))
        elif what == 1:
            self.do(f"STORE {at} +FLAGS ({flag})")
        elif what == 2:
            self.do(f"STORE {at}:* -FLAGS.SILENT ({flag})")
            self.do("FETCH 1:* (UID FLAGS MODSEQ)")
        elif what == 3:
            self.do(f"STORE {at} (UNCHANGEDSINCE {self.highest}) "
                    f"FLAGS ({flag})")
        elif what == 4:
            self.do(f"STORE {at} +FLAGS (\\Deleted)")
        elif what == 5:
            self.do("EXPUNGE")
        elif what == 6:
            self.do(f"FETCH {at} (UID FLAGS)")
        elif what == 7:
            self.do(f"FETCH {at} BODY[]")
        elif what == 8:
            self.do(f"UID FETCH 1:* (FLAGS) (CHANGEDSINCE {self.highest or 1}"
                    ")")
        elif what == 9:
            self.do(f"COPY {at} INBOX")
        elif what == 10:
            self.do(f"SEARCH MODSEQ {self.highest or 1}")
        else:
            self.do("NOOP")

    def state(self):
        self.do("NOOP")
        while True:     # what comes meanwhile is named in the next round
            self.do("UID FETCH 1:* (FLAGS MODSEQ)")
            if None not in self.uids:
                break
        return list(self.uids), {u: self.flags[u] for u in self.uids}


def foreign(server, r):
    """Another program sets a flag, removes a message, or loses the index."""
    files = list((server.root / "cur").iterdir())
    if not files:
        return
    path = r.choice(files)
    what = r.randrange(4)
    try:
        if what == 0:
            path.unlink()
        elif what == 1 and ":2," in path.name:
            base, _, have = path.name.partition(":2,")
            path.rename(path.parent / (base + ":2," + "".join(
                sorted(set(have) ^ {"F"}))))
        elif what == 2:
            server.message(b"Subject: y\n\ny\n", name="%d.%d.test" % (
                time.time(), r.getrandbits(40)))
        else:
            name = r.choice(["paquebot-index", "paquebot-index.log",
                             "paquebot-cache"])
            (server.root / name).unlink(missing_ok=True)
    except FileNotFoundError:
        pass


def test_random_sessions():
    seed = int(os.environ.get("PAQUEBOT_SEED", time.time_ns() % 10 ** 9))
    end = time.monotonic() + int(os.environ.get("PAQUEBOT_STRESS", "0"))
    print("PAQUEBOT_SEED=%d" % seed)
    r = random.Random(seed)
    with Session() as server:
        sessions = [Model(server, i % 2 == 0) for i in range(4)]
        away = Model(server, True)
        said, _ = away.c.ok("SELECT INBOX")
        v = re.search(rb"UIDVALIDITY (\d+)", b"".join(said)).group(1).decode()
        away.c.ok("UNSELECT")
        done = 0
        while done < STEPS or time.monotonic() < end:
            r.choice(sessions).step(r)
            if r.random() < 0.1:
                foreign(server, r)
            done += 1
        for _ in range(2):      # who was told last has told nobody yet
            states = [s.state() for s in sessions]
        assert all(s == states[0] for s in states), states
        since, mine = away.highest, dict(away.flags)
        untagged, _ = away.c.ok(f"SELECT INBOX (QRESYNC ({v} {since}))")
        for line in untagged:
            if line.startswith(b"* VANISHED (EARLIER) "):
                for uid in numbers(line[21:]):
                    mine.pop(uid, None)
        for items in fetched(untagged).values():
            mine[items["UID"]] = (set(items["FLAGS"]) - {"\\Recent"},
                                  items["MODSEQ"][0])
        assert {u: f for u, (f, _) in mine.items()} == \
            {u: f for u, (f, _) in states[0][1].items()}
