"""A raw IMAP client, and one session of imapd to talk to.

    with Session() as server:
        c = server.client()
        c.ok("SELECT INBOX")
        untagged, tagged = c.cmd("FETCH 1 FLAGS")

The server is build/tests/dialog/imap_session on a socket pair: a session as it
is after log-in.  Answers are octets; a literal stands in its line, behind
its "{n}" CRLF.
"""
import os
import pathlib
import re
import shutil
import signal
import socket
import subprocess
import tempfile

ROOT = pathlib.Path(__file__).resolve().parents[2]
BUILD = ROOT / os.environ.get("BUILD", "build")
SERVER = BUILD / "tests" / "dialog" / "imap_session"


def octets(text):
    return text.encode() if isinstance(text, str) else text


class Client:
    def __init__(self, sock, timeout=20):
        self.sock = sock
        self.sock.settimeout(timeout)
        self.buffer = b""
        self.count = 0

    def send(self, data):
        self.sock.sendall(octets(data))

    def _fill(self):
        data = self.sock.recv(65536)
        if not data:
            raise EOFError("the server has closed: %r" % self.buffer)
        self.buffer += data

    def _take(self, n):
        parts, have = [self.buffer], len(self.buffer)
        while have < n:
            data = self.sock.recv(1 << 20)
            if not data:
                raise EOFError("the server has closed")
            parts.append(data)
            have += len(data)
        joined = b"".join(parts)
        self.buffer = joined[n:]
        return joined[:n]

    def line(self):
        """One answer, with its literals, without the last CRLF."""
        whole = b""
        while True:
            while b"\r\n" not in self.buffer:
                self._fill()
            line, self.buffer = self.buffer.split(b"\r\n", 1)
            whole += line
            found = re.search(rb"~?\{(\d+)\}$", line)
            if not found:
                return whole
            whole += b"\r\n" + self._take(int(found.group(1)))

    def cmd(self, text):
        """(untagged lines, tagged line without its tag)"""
        self.count += 1
        tag = b"t%d" % self.count
        self.send(tag + b" " + octets(text) + b"\r\n")
        return self.answer(tag)

    def answer(self, tag):
        untagged = []
        while True:
            line = self.line()
            if line.startswith(tag + b" "):
                return untagged, line[len(tag) + 1:]
            assert line[:2] in (b"* ", b"+ ") or line == b"+", line
            untagged.append(line)

    def ok(self, text):
        untagged, tagged = self.cmd(text)
        assert tagged.startswith(b"OK "), (text, untagged, tagged)
        return untagged, tagged

    def append(self, mailbox, message, extra=""):
        message = octets(message)
        return self.ok(b"APPEND %s %s{%d+}\r\n%s" % (
            octets(mailbox), octets(extra), len(message), message))

    def ended(self):
        """The server closes; what it said last."""
        said = self.buffer
        while True:
            try:
                data = self.sock.recv(65536)
            except ConnectionResetError:
                return said
            if not data:
                return said
            said += data

    def close(self):
        self.sock.close()


class Session:
    """One server process per client, all in one mail root."""

    def __init__(self, root=None, idle=60, separator=".", largest=50 << 20,
                 tag="", pending="", prefix=(), prepare=None,
                 folders=0, make_uses=0, literal_minus=0, progress=10000,
                 workarounds="", layout=("maildir++", "utf-7", "")):
        self.root = pathlib.Path(root or tempfile.mkdtemp(prefix="paqimap-"))
        self.own = root is None
        self.words = [str(idle), separator, str(largest), tag, pending,
                      str(folders), str(make_uses), str(literal_minus),
                      str(progress), workarounds, *layout]
        self.prefix = list(prefix)
        self.prepare = prepare
        self.running = []

    def __enter__(self):
        self.err = tempfile.TemporaryFile()
        return self

    def serve(self, sock):
        """A process that serves the other end of a connection."""
        fd = sock.fileno()
        process = subprocess.Popen(
            self.prefix + [str(SERVER), str(fd), str(self.root)] + self.words,
            pass_fds=[fd], stderr=self.err, preexec_fn=self.prepare)
        self.running.append(process)
        return process

    def client(self, timeout=20):
        ours, theirs = socket.socketpair()
        self.process = self.serve(theirs)
        theirs.close()
        c = Client(ours, timeout)
        c.process = self.process
        c.greeting = c.line()
        return c

    def message(self, text, folder=".", where="new", name=None):
        """A file as a delivery makes it, with LF."""
        name = name or "%d.test" % len(list(self.root.rglob("*.test*")))
        path = self.root / folder / where / name
        path.write_bytes(octets(text))
        return path

    def log(self):
        self.err.flush()
        self.err.seek(0)
        return self.err.read().decode(errors="replace")

    def __exit__(self, *exc):
        crashed = []
        for p in self.running:
            try:
                p.wait(0.2)
            except subprocess.TimeoutExpired:
                p.terminate()
                p.wait(10)
            if p.returncode not in (0, -signal.SIGTERM):
                crashed.append(p.returncode)
        log = self.log()
        self.err.close()
        if self.own:
            shutil.rmtree(self.root)
        assert not crashed, (crashed, log)
        assert "AddressSanitizer" not in log and "runtime error" not in log, \
            log
        return False


# ------------------------------------------------- answers, taken apart

def parse(data, at=0):
    """(value, next): lists, octets, numbers, None for NIL; atoms as str."""
    c = data[at:at + 1]
    if c == b"(":
        items, at = [], at + 1
        while data[at:at + 1] != b")":
            value, at = parse(data, at)
            items.append(value)
            if data[at:at + 1] == b" ":
                at += 1
        return items, at + 1
    if c == b'"':
        out, at = b"", at + 1
        while data[at:at + 1] != b'"':
            if data[at:at + 1] == b"\\":
                at += 1
            out += data[at:at + 1]
            at += 1
        return out, at + 1
    literal = re.match(rb"~?\{(\d+)\}\r\n", data[at:at + 24])
    if literal:
        begin = at + literal.end()
        n = int(literal.group(1))
        return data[begin:begin + n], begin + n
    # An atom; BODY[...] with all that its brackets hold.
    end, depth = at, 0
    while end < len(data):
        b = data[end:end + 1]
        if b == b"[":
            depth += 1
        elif b == b"]":
            depth -= 1
        elif depth == 0 and b in b" ()":
            break
        end += 1
    assert end > at, data[at:at + 40]
    word = data[at:end].decode("latin-1")
    if word.upper() == "NIL":
        return None, end
    return (int(word) if word.isdigit() else word), end


def fetched(untagged):
    """{sequence number: {item: value}} of FETCH answers."""
    found = {}
    for line in untagged:
        head = re.match(rb"\* (\d+) FETCH ", line)
        if not head:
            continue
        items, end = parse(line, head.end())
        assert end == len(line), line[end:]
        pairs = dict(zip((str(k).upper() for k in items[0::2]), items[1::2]))
        found.setdefault(int(head.group(1)), {}).update(pairs)
    return found
