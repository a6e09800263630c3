"""Hostile messages of every type, made from the tables of doc/ipc.md (which a
test compares with the source)."""
import re
import struct

from suite import ROOT

WIDTH = {"u8": 1, "u16": 2, "u32": 4, "u64": 8}
HEADER = 6
PACKET_MAX = 8192
NASTY = (b"../../../../etc/passwd", b"%n%s%x$(id)`id`;|&", b"<>\"'\\,@ =:\xff\xfe",
         b"a@" + b"b." * 100 + b"c")


class Field:
    def __init__(self, text):
        name, kind, bounds = text.strip().split(" ")
        low, _, high = bounds.partition("..")
        self.name, self.kind = name.strip("`"), kind
        self.min = int(low)
        self.max = int(high) if high else int(low) if ".." not in bounds \
            else (1 << 64) - 1

    def pack(self, value):
        if self.kind in WIDTH:
            return value.to_bytes(WIDTH[self.kind], "big")
        return struct.pack("!H", len(value)) + value

    def good(self, high=False):
        edge = self.max if high else self.min
        if self.kind in WIDTH:
            return self.pack(edge)
        edge = min(edge, 1000)
        return self.pack(b"x" * edge)

    def nasty(self):
        """Within its bounds, and nothing that an honest peer would say."""
        if self.kind in WIDTH:
            yield self.pack(self.max)
            yield self.pack((self.min + self.max) // 2)
            return
        for text in NASTY:
            if self.min <= len(text) <= self.max:
                yield self.pack(text)
        yield self.pack((b"y" * min(self.max, 2000)).ljust(self.min, b"y"))

    def bad(self):
        """(what, octets) that its table does not allow."""
        if self.kind in WIDTH:
            if self.min > 0:
                yield "below", self.pack(self.min - 1)
            if self.max + 1 < 1 << 8 * WIDTH[self.kind]:
                yield "above", self.pack(self.max + 1)
            return
        if self.min > 0:
            yield "too short", self.pack(b"x" * (self.min - 1))
        yield "too long", self.pack(b"x" * (self.max + 1))
        yield "longer than it is", struct.pack("!H", 0xffff) + b"x"
        if self.kind == "text" and self.max > 0:
            n = max(self.min, 1)
            for octet in (b"\0", b"\n", b"\r", b"\x1b", b"\x7f"):
                yield f"control {octet.hex()}", self.pack(octet * n)


class Message:
    def __init__(self, number, name, fd, fields):
        self.number, self.name, self.fds = number, name, fd
        self.fields = fields

    def packet(self, body, request=1):
        return struct.pack("!HI", self.number, request) + body

    def body(self, high=False):
        return b"".join(f.good(high) for f in self.fields)

    def with_field(self, i, octets):
        return b"".join(octets if j == i else f.good()
                        for j, f in enumerate(self.fields))

    def well_formed(self):
        """(what, packet, descriptors): every gate of lib/ipc lets them pass."""
        yield "plain", self.packet(self.body()), self.fds
        yield "all at most", self.packet(self.body(True)), self.fds
        yield "another's request", self.packet(self.body(), 0xffffffff), \
            self.fds
        for i, f in enumerate(self.fields):
            for octets in f.nasty():
                yield f"nasty {f.name}", self.packet(self.with_field(
                    i, octets)), self.fds

    def malformed(self):
        """(what, packet, descriptors): refused whoever says it."""
        yield "cut", self.packet(self.body())[:max(
            HEADER - 1, HEADER + len(self.body()) - 1)], self.fds
        yield "octets left over", self.packet(self.body() + b"x"), self.fds
        yield "more than a packet", self.packet(
            self.body().ljust(PACKET_MAX, b"x")), self.fds
        yield "one descriptor too many", self.packet(self.body()), \
            self.fds + 1
        if self.fds:
            yield "no descriptor", self.packet(self.body()), 0
        for i, f in enumerate(self.fields):
            for what, octets in f.bad():
                yield f"{what} {f.name}", self.packet(self.with_field(
                    i, octets)), self.fds


def catalogue():
    text = (ROOT / "doc" / "ipc.md").read_text()
    found = []
    for row in re.finditer(r"^\| (\d+) \| `(\w+)` \| (\w*) \| (.*?) \|$", text,
                           re.M):
        fields = [Field(f) for f in row[4].split(";") if f.strip()]
        found.append(Message(int(row[1]), row[2], 1 if row[3] else 0, fields))
    assert len(found) > 40
    return found


# What stands there for several daemons.
TO = {"local-deliver": ("deliver", "pipe"),
      "pop3d, imapd: front": ("pop3-front", "imap-front"),
      "pop3d, imapd: session parent": ("pop3-session", "imap-session")}


def allowed():
    """{(to, from)} -> names of messages, of those that serve many."""
    text = (ROOT / "doc" / "ipc.md").read_text()
    found = {}
    for row in re.finditer(r"^\| ([\w, :-]+) \| (every daemon|`[^|]*`) \| "
                           r"`(\w+)` \| [^|]*\|$", text, re.M):
        for to in TO.get(row[1], (row[1],)):
            for who in re.findall(r"`([\w-]+)`", row[2]) or ["*"]:
                found.setdefault((to, who), set()).add(row[3])
    return found


def may_say(rules, to, who):
    return rules.get((to, who), set()) | rules.get((to, "*"), set())
