"""What one client of IMAP believes, and what all of them together know to be
true for good.  Whatever an answer says is checked against both:

- numbers: RFC 3501 7.3.1 and 7.4.1, RFC 7162 3.2.10: which message a number
  means, when one may go, and when nothing may be said of it
- a UID is one message and no other, and they ascend (RFC 3501 2.3.1.1)
- one modification number of a message means one state of its flags, and numbers
  never go back (RFC 7162 3.1)
- a message has no keyword that nobody ever gave it
- a client that was away and says what it knows, knows everything afterwards
  (RFC 7162 3.2.5)
"""
import collections
import hashlib
import re
import threading
import time

from imap_client import fetched

# Commands with numbers, while which no number may change its meaning.
NUMBERED = re.compile(r"(FETCH|STORE|SEARCH) ")


def numbers(text):
    out = []
    for run in text.split(b","):
        first, _, last = run.partition(b":")
        out += range(int(first), int(last or first) + 1)
    return out


def body_of(name):
    """The lines that a message of that name has."""
    seed = hashlib.sha256(name.encode()).hexdigest()
    return "".join("%s %d %s\r\n" % (name, i, seed)
                   for i in range(1 + int(seed[:2], 16) % 20))


def letter(name):
    return ("From: a@demo.example\r\nTo: b@demo.example\r\nSubject: %s\r\n"
            "Message-ID: <%s@demo.example>\r\n\r\n%s" %
            (name, name, body_of(name)))


def subject(header):
    return re.search(rb"^Subject: (\S+)", header, re.M).group(1).decode()


class Violation(AssertionError):
    pass


class World:
    """Shared by all threads.  Messages called kept-N are never removed by
    anybody, so each of them must be there once, to the end."""

    def __init__(self, folders, kept_max):
        self.folders, self.kept_max = folders, kept_max
        self.lock = threading.RLock()
        self.stop = threading.Event()
        self.names = {}         # (folder, uid) -> name
        self.states = {}        # (folder, uid) -> {modseq: flags}
        self.words = {}         # name -> keywords that somebody gave it
        self.validity, self.highest, self.next = {}, {}, {}
        self.kept = set()       # acknowledged
        self.copies = set()     # of these a disturber has made a second one
        self.n = self.checks = 0
        self.counts = collections.Counter()
        self.failures = []

    def check(self, good, *what):
        self.checks += 1
        if not good:
            raise Violation(what)

    def count(self, what, n=1):
        with self.lock:
            self.counts[what] += n

    def new_name(self, may_keep=True):
        with self.lock:
            self.n += 1
            keep = may_keep and self.n % 3 == 0 and \
                self.counts["kept"] < self.kept_max
            self.counts["kept"] += keep
        return "%s-%d" % ("kept" if keep else "free", self.n)

    def acknowledged(self, name):
        if name.startswith("kept-"):
            with self.lock:
                self.kept.add(name)

    def copied(self, name):
        with self.lock:
            self.copies.add(name)

    def is_(self, folder, uid, name):
        """That UID is that message, for ever."""
        with self.lock:
            known = self.names.setdefault((folder, uid), name)
        self.check(known == name, "a UID is another message", folder, uid,
                   known, name)

    def name(self, folder, uid):
        return self.names.get((folder, uid))

    def gives(self, name, word):
        """Somebody will set that keyword of a message."""
        with self.lock:
            self.words.setdefault(name, set()).add(word)

    def keywords(self, folder, uid, flags):
        """Those of the kinds that are only set through gives()."""
        name = self.name(folder, uid)
        strange = {f for f in flags if f.startswith(("mine", "many-"))} - \
            self.words.get(name, set())
        self.check(name is None or not strange, "nobody set this keyword",
                   folder, uid, name, strange)

    def state(self, folder, uid, modseq, flags):
        with self.lock:
            states = self.states.setdefault((folder, uid), {})
            known, by = states.setdefault(modseq, (flags, (
                threading.current_thread().name, time.time())))
            if len(states) > 60:
                del states[min(states)]
        self.check(known == flags, "a number means two states", folder, uid,
                   modseq, known, by, flags, time.time())

    def ascends(self, table, folder, now, before):
        """before: what somebody knew when he asked."""
        self.check(now >= before, "goes back", folder, now, before)
        with self.lock:
            table[folder] = max(table.get(folder, 0), now)


class Model:
    """A client: its connection, and what it believes of one folder."""

    def __init__(self, world, connect, extensions, word):
        """extensions: what it enables."""
        self.w, self.connect = world, connect
        self.extensions = extensions
        self.qresync = "QRESYNC" in extensions
        self.rev2 = "IMAP4rev2" in extensions
        self.word = word        # a keyword that nobody else sets
        self.cache = {}         # folder -> (highest, {uid: (flags, modseq)})
        self.history = collections.deque(maxlen=60)
        self.c = None

    # ------------------------------------------------------- connections

    def begin(self):
        self.c = self.connect()
        self.folder, self.uids, self.flags = None, [], {}
        self.safe = self.told = 0
        self.mine = {}          # uid -> does it have my keyword?
        self.saved = None
        if self.extensions:
            self.do("ENABLE " + " ".join(self.extensions))

    def leave(self):
        """What a client keeps that goes away, with leave or without."""
        if self.folder is not None and self.qresync and self.safe:
            self.cache[self.folder] = (self.safe, {
                u: self.flags[u] for u in self.uids
                if u is not None and u in self.flags})
        self.folder, self.uids, self.flags, self.mine = None, [], {}, {}
        self.safe = self.told = 0

    def died(self):
        self.leave()
        self.c.close()
        self.c = None

    # ------------------------------------------------------------ answers

    def check(self, good, *what):
        self.w.check(good, *what)

    def vanished(self, uid):
        if uid in self.uids:
            self.uids.remove(uid)
        else:                   # one whose UID was not told yet
            below = [i for i, u in enumerate(self.uids)
                     if u is not None and u < uid]
            at = below[-1] + 1 if below else 0
            self.check(at < len(self.uids) and self.uids[at] is None,
                       "who is it that vanished?", uid, self.uids)
            self.uids.pop(at)
        self.flags.pop(uid, None)
        self.mine.pop(uid, None)

    def line(self, line, command):
        if line.startswith(b"* VANISHED (EARLIER) "):
            self.check(self.qresync, command, line)
            gone = set(numbers(line[21:])) & set(self.uids)
            self.check(not gone, "gone earlier, and here", gone, command)
            return
        if line.startswith(b"* VANISHED "):
            self.check(self.qresync and not NUMBERED.match(command),
                       command, line)
            for uid in numbers(line[11:]):
                self.vanished(uid)
            return
        if line.startswith((b"* SEARCH", b"* ESEARCH")):
            # RFC 9051 6.4.4: never the old answer
            self.check(not self.rev2 or line.startswith(b"* ESEARCH"),
                       command, line)
            self.searched(line, command)
            return
        self.check(not line.startswith(b"* BYE"), command, line)
        word = re.match(rb"\* (\d+) (EXISTS|EXPUNGE|FETCH)", line)
        if not word:
            return
        n = int(word.group(1))
        if word.group(2) == b"EXISTS":
            self.check(n >= len(self.uids), "fewer", line, self.uids)
            self.uids += [None] * (n - len(self.uids))
        elif word.group(2) == b"EXPUNGE":
            self.check(not self.qresync and not NUMBERED.match(command) and
                       1 <= n <= len(self.uids), command, line, self.uids)
            uid = self.uids.pop(n - 1)
            self.flags.pop(uid, None)
            self.mine.pop(uid, None)
        else:
            self.fetch(n, fetched([line])[n])

    def fetch(self, n, items):
        self.check(1 <= n <= len(self.uids), n, self.uids)
        uid = items.get("UID", self.uids[n - 1])
        if self.uids[n - 1] is None:
            self.uids[n - 1] = uid
        self.check(self.uids[n - 1] == uid, "another UID", n, items,
                   self.uids)
        known = [u for u in self.uids if u is not None]
        self.check(known == sorted(set(known)), "UIDs ascend", self.uids)
        self.check(not self.rev2 or "\\Recent" not in items.get("FLAGS", ()),
                   "RFC 9051 has no such flag", items)
        for key, value in items.items():
            if key.startswith("BODY[HEADER.FIELDS") and uid is not None:
                self.w.is_(self.folder, uid, subject(value))
        if uid is None or "FLAGS" not in items:
            return
        flags = frozenset(items["FLAGS"]) - {"\\Recent"}
        self.w.keywords(self.folder, uid, flags)
        modseq = items["MODSEQ"][0] if "MODSEQ" in items else None
        if modseq is not None:
            old = self.flags.get(uid, (None, 0))
            self.check(modseq >= (old[1] or 0), "goes back", uid, items, old)
            self.w.state(self.folder, uid, modseq, flags)
            self.told = max(self.told, modseq)
            self.flags[uid] = (flags, modseq)
        if uid in self.mine:
            self.check((self.word in flags) == self.mine[uid],
                       "my keyword", uid, flags, self.mine[uid])

    def searched(self, line, command):
        if line.startswith(b"* ESEARCH"):
            all_of = re.search(rb" ALL ([\d,:]+)", line)
            if all_of is None and b"RETURN" in command.encode():
                return
            found = numbers(all_of.group(1)) if all_of else []
        else:
            found = [int(n) for n in re.sub(rb" \(MODSEQ \d+\)", b"",
                                            line)[8:].split()]
        if not command.startswith("UID "):
            self.check(all(1 <= n <= len(self.uids) for n in found), command,
                       found, self.uids)
        elif command == "UID SEARCH ALL":
            known = {u for u in self.uids if u is not None}
            self.check(found == sorted(set(found)) and
                       len(set(found) - known) <= self.uids.count(None),
                       command, found, self.uids)
            self.unfound = known - set(found)

    def tagged(self, untagged, tagged, command):
        all_lines = b"\n".join(untagged + [tagged])
        for n in re.findall(rb"\[HIGHESTMODSEQ (\d+)\]", all_lines):
            self.told = max(self.told, int(n))
        word = command.split()[0]
        if tagged.startswith(b"OK") and word in ("NOOP", "SELECT", "EXPUNGE"):
            # All that there was is told, now.
            if None not in self.uids and \
                    all(u in self.flags for u in self.uids):
                self.safe = self.told
        for v, u in re.findall(rb"\[APPENDUID (\d+) ([\d,:]+)\]", all_lines):
            self.appended = numbers(u)
            self.check(self.w.validity.setdefault(self.target, int(v)) ==
                       int(v), "another UIDVALIDITY", command, v)
        for v, u, to in re.findall(
                rb"\[COPYUID (\d+) ([\d,:]+) ([\d,:]+)\]", all_lines):
            self.copied(int(v), numbers(u), numbers(to), command)

    def copied(self, validity, uids, to, command):
        self.check(self.w.validity.setdefault(self.target, validity) ==
                   validity, "another UIDVALIDITY", command)
        self.check(len(uids) == len(to) and to == sorted(set(to)),
                   "COPYUID", command, uids, to)
        for u, t in zip(uids, to):
            name = self.w.name(self.folder, u)
            if name is not None:
                self.w.is_(self.target, t, name)

    def do(self, command, target=None):
        self.target = target
        self.history.append((command, []))
        untagged, tagged = self.c.cmd(command)
        self.history[-1][1].extend(untagged + [tagged])
        self.check(not tagged.startswith(b"BAD"), command, tagged)
        word = command.split()[0]
        self.w.count(command.split()[1] if word == "UID" else word)
        if word == "SELECT":
            return untagged, tagged
        self.unfound = set()
        for line in untagged:
            self.line(line, command)
        self.check(not self.unfound & set(self.uids), "not found, and here",
                   command, self.unfound, self.uids)
        self.tagged(untagged, tagged, command)
        if not tagged.startswith(b"OK"):
            verb = command.split()[1] if word == "UID" else word
            self.w.count("refused %s: %s" % (verb, re.sub(
                r"[\d:,]+", "n", tagged.decode(errors="replace"))))
        return untagged, tagged

    # ----------------------------------------------------------- folders

    def select(self, folder):
        self.leave()
        w = self.w
        before = w.highest.get(folder, 0), w.next.get(folder, 0)
        safe, cache = self.cache.get(folder, (0, {}))
        extra = "" if self.qresync else " (CONDSTORE)"
        if safe:
            extra = " (QRESYNC (%d %d))" % (w.validity[folder], safe)
        untagged, tagged = self.do("SELECT %s%s" % (folder, extra))
        self.check(tagged.startswith(b"OK"), folder, tagged)
        all_lines = b"\n".join(untagged)

        def code(name):
            return int(re.search(rb"\[%s (\d+)\]" % name,
                                 all_lines).group(1))
        self.check(w.validity.setdefault(folder, code(b"UIDVALIDITY")) ==
                   code(b"UIDVALIDITY"), "another UIDVALIDITY", folder)
        self.told = code(b"HIGHESTMODSEQ")
        w.ascends(w.highest, folder, self.told, before[0])
        w.ascends(w.next, folder, code(b"UIDNEXT"), before[1])
        exists = int(re.search(rb"^\* (\d+) EXISTS", all_lines,
                               re.M).group(1))
        self.folder, self.flags = folder, dict(cache) if safe else {}
        if safe:
            self.resynced(untagged, exists, code(b"UIDNEXT"))
        else:
            self.uids = [None] * exists
            self.do("UID FETCH 1:* (FLAGS MODSEQ)")
        self.tagged(untagged, tagged, "SELECT")

    def resynced(self, untagged, exists, uidnext):
        news = [(int(re.match(rb"\* (\d+)", line).group(1)),
                 list(fetched([line]).values())[0])
                for line in untagged if b" FETCH (" in line]
        for line in untagged:
            if line.startswith(b"* VANISHED (EARLIER) "):
                for uid in numbers(line[21:]):
                    self.flags.pop(uid, None)
        uids = sorted(set(self.flags) | {i["UID"] for _, i in news})
        self.check(len(uids) == exists and all(u < uidnext for u in uids),
                   "not all was told", self.folder, exists, len(uids),
                   uids, uidnext)
        self.uids = uids
        self.w.count("resynced")
        for n, items in news:
            self.fetch(n, items)

    def unselect(self, how):
        self.do(how)
        if how == "CLOSE":
            self.safe = 0       # who was removed by that is not told
        self.leave()
        self.folder = None

    # ------------------------------------------------------------- truths

    def learn(self, uid):
        """Which message is it?  None: it is gone."""
        name = self.w.name(self.folder, uid)
        if name is None:
            self.do("UID FETCH %d (BODY.PEEK[HEADER.FIELDS (SUBJECT)])" %
                    uid)
            name = self.w.name(self.folder, uid)
        return name

    def read(self, uid):
        """A message has the octets that it was given."""
        name = self.learn(uid)
        untagged, _ = self.do("UID FETCH %d (BODY.PEEK[TEXT])" % uid)
        for items in fetched(untagged).values():
            if items.get("UID") == uid and "BODY[TEXT]" in items:
                self.check(name is not None and items["BODY[TEXT]"] ==
                           body_of(name).encode(), "other octets", uid, name,
                           items)

    def state(self):
        """What there is, when nobody changes anything."""
        self.do("NOOP")
        for _ in range(20):     # what comes meanwhile is named in the next
            self.do("UID FETCH 1:* (FLAGS MODSEQ)")
            if None not in self.uids:
                break
        self.check(None not in self.uids, "never told", self.uids)
        for flag in ("FLAGGED", "SEEN", "ANSWERED", "DELETED", "KEYWORD kw-a"):
            name = "kw-a" if flag == "KEYWORD kw-a" else \
                "\\" + flag.capitalize()
            untagged, _ = self.do("UID SEARCH " + flag)
            found = {int(n) for line in untagged
                     if line.startswith(b"* SEARCH")
                     for n in line[8:].split()}
            for line in untagged:
                if line.startswith(b"* ESEARCH") and b" ALL " in line:
                    found |= set(numbers(line.split(b" ALL ")[1].split()[0]))
            self.check(found == {u for u in self.uids
                                 if name in self.flags[u][0]},
                       flag, found, self.flags)
        return {u: self.flags[u] for u in self.uids}
