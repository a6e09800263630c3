"""synclint - is everything synced, by the letter of POSIX, when it is promised?

ext4 and xfs each make more durable than POSIX asks (a fsync of a new file also
saves its name), so no power cut on them shows a missing fsync of the directory
after a plain create.  This reads a trace instead and keeps the books: a file is
unsafe from a write until a fsync of it; a name is unsafe from its creation until
a fsync of its directory.  At each promise nothing may be unsafe.

The trace is strace's, with -f -y and the calls in CALLS.  It does not say which
message a file belongs to, so the load must handle one at a time.  fdatasync
counts as fsync; O_SYNC is not known.
"""
import os
import re

CALLS = "%file,%desc,%network,sync,syncfs"

CALL = re.compile(r"^(?:\[pid +)?(\d+)?\]? *(\w+)\((.*)\) += (-?\d+|0x\w+)(.*)$")
FD = re.compile(r"(?:AT_FDCWD|-?\d+)<([^>]*)>")
STRING = r'"((?:[^"\\]|\\.)*)"'
WRITES = {"write", "pwrite64", "writev", "pwritev", "ftruncate", "sendfile",
          "copy_file_range", "fallocate"}


class Books:
    """What is below top and does not match ignore."""

    def __init__(self, top, ignore=None):
        self.top = str(top).rstrip("/") + "/"
        self.ignore = re.compile(ignore) if ignore else None
        self.data, self.names = {}, {}      # path: the line that made it unsafe

    def ours(self, path):
        return (path + "/").startswith(self.top) and \
            not (self.ignore and self.ignore.search(path))

    def enter(self, book, path, line):
        if self.ours(path):
            book[path] = line

    @staticmethod
    def paths(args):
        """The paths of an *at call: each a string, after the fd before it."""
        out, base = [], None
        for m in re.finditer(FD.pattern + "|" + STRING, args):
            if m[1] is not None:
                base = m[1]
            else:
                out.append(os.path.normpath(os.path.join(base or "/", m[2])))
        return out

    def renamed(self, args, line, kept):
        old, new = self.paths(args)[:2]
        if not kept:
            self.names.pop(old, None)
        if old in self.data:
            self.data[new] = self.data[old] if kept else self.data.pop(old)
        self.enter(self.names, new, line)

    def call(self, name, args, rest, line):
        fd = FD.search(args)
        path = fd[1].replace(" (deleted)", "") if fd else ""
        if name in WRITES:
            if name == "copy_file_range":
                path = FD.findall(args)[1]
            self.enter(self.data, path, line)
        elif name in ("fsync", "fdatasync"):
            self.data.pop(path, None)
            self.names = {p: at for p, at in self.names.items()
                          if os.path.dirname(p) != path}
        elif name in ("sync", "syncfs"):
            self.data, self.names = {}, {}
        elif name in ("open", "openat", "creat"):
            made = re.search(r"<([^>]*)>", rest)        # = 5</a/b>
            if made and "O_CREAT" in args:
                self.enter(self.names, made[1], line)
        elif name in ("rename", "renameat", "renameat2", "link", "linkat"):
            self.renamed(args, line, name.startswith("link"))
        elif name in ("unlink", "unlinkat"):
            for p in self.paths(args)[:1]:
                self.names.pop(p, None)
                self.data.pop(p, None)
        elif name in ("mkdir", "mkdirat"):
            for p in self.paths(args)[:1]:
                self.enter(self.names, p, line)

    def unsafe(self):
        for what, book in (("data", self.data), ("name", self.names)):
            for path, line in book.items():
                yield f"the {what} of {path} ({line.strip()[:150]})"
        self.data, self.names = {}, {}      # each is reported once


def whole_lines(trace):
    """The lines of a trace, those in two halves joined when they resume."""
    half = {}
    for text in trace:
        text = text.rstrip("\n")
        pid = text.split(" ", 1)[0]
        if text.endswith("<unfinished ...>"):
            half[pid] = text[:-len("<unfinished ...>")]
            continue
        resumed = re.match(r"^\S+ +<\.\.\. \w+ resumed>(.*)$", text)
        yield half.pop(pid, "") + resumed[1] if resumed else text


def lint(trace, top, promise, ignore=None):
    """(how many promises, what was unsafe at one)"""
    books, promises, bad = Books(top, ignore), 0, []
    promise = re.compile(promise)
    for text in whole_lines(trace):
        m = CALL.match(text)
        if m is None or m[4].startswith("-"):
            continue
        if promise.search(text):
            promises += 1
            bad += [f"{text.strip()[:100]} promises, but {what} is not synced"
                    for what in books.unsafe()]
        else:
            books.call(m[2], m[3], m[5], text)
    return promises, bad
