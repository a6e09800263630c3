"""A dumb POP3 client that can do wrong, and mailboxes put together by hand."""
import os
import pwd
import re
import socket
import time

STATUS = re.compile(rb"(\+OK|-ERR)( .*)?")


class Pop:
    """source: an address of 127.0.0.0/8, so that guessing has a price per
    test and not for all of them."""

    def __init__(self, port, host="127.0.0.1", source=None, greet=True,
                 timeout=30):
        self.sock = socket.create_connection(
            (host, port), timeout,
            source_address=(source, 0) if source else None)
        self.left = b""
        self.greeting = self.line() if greet else None

    def __enter__(self):
        return self

    def __exit__(self, *exc):
        self.close()

    def close(self):
        self.sock.close()

    def raw(self, octets):
        self.sock.sendall(octets)

    def line(self):
        while b"\r\n" not in self.left:
            got = self.sock.recv(65536)
            if not got:
                raise EOFError(self.left)
            self.left += got
        line, _, self.left = self.left.partition(b"\r\n")
        assert b"\r" not in line and b"\n" not in line, line
        return line

    def answer(self):
        """A status line: RFC 1939 3."""
        line = self.line()
        assert STATUS.fullmatch(line), line
        assert len(line) <= 510
        return line

    def say(self, command):
        self.raw((command if isinstance(command, bytes) else
                  command.encode()) + b"\r\n")
        return self.answer()

    def ok(self, command):
        got = self.say(command)
        assert got.startswith(b"+OK"), (command, got)
        return got

    def err(self, command):
        got = self.say(command)
        assert got.startswith(b"-ERR"), (command, got)
        return got

    def block(self):
        """Lines up to the dot; the dots in front are taken away."""
        lines = []
        while (line := self.line_of_block()) != b".":
            lines.append(line[1:] if line.startswith(b".") else line)
        return lines

    def line_of_block(self):
        while b"\r\n" not in self.left:
            got = self.sock.recv(1 << 20)
            if not got:
                raise EOFError(self.left[-100:])
            self.left += got
        line, _, self.left = self.left.partition(b"\r\n")
        return line

    def multi(self, command):
        self.ok(command)
        return self.block()

    def octets(self, command):
        """What a multi-line answer is as octets, each line with its CRLF."""
        return b"".join(line + b"\r\n" for line in self.multi(command))

    def login(self, user, password):
        self.ok(f"USER {user}")
        return self.say(f"PASS {password}")

    def closed(self):
        """The server has closed; what it said before."""
        said = self.left
        try:
            while got := self.sock.recv(65536):
                said += got
        except ConnectionResetError:
            pass
        self.left = b""
        return said


def fill(paq, user, messages, sub="new"):
    """These octets become the user's messages, in this order."""
    box = paq.maildir(user)
    made = [box.parent.parent, box.parent, box]
    for d in ("tmp", "cur", "new"):
        (box / d).mkdir(parents=True, exist_ok=True)
        made.append(box / d)
    for n, octets in enumerate(messages):
        name = box / sub / f"{1700000000 + n}.M{n}P1.test"
        name.write_bytes(octets)
        os.utime(name, (1700000000 + n,) * 2)
        made.append(name)
    if os.geteuid() == 0:
        owner = pwd.getpwnam(paq.settings["mailbox_user"])
        for path in made:
            os.chown(path, owner.pw_uid, owner.pw_gid)


def empty(paq, user):
    """All messages of the user's are gone, and what was known of them."""
    box = paq.maildir(user)
    if not box.exists():
        return
    for path in list(box.iterdir()):
        if path.is_file():
            path.unlink()
    for sub in ("cur", "new", "tmp"):
        for path in (box / sub).iterdir():
            path.unlink()


def wait_free(paq, user, password, seconds=5):
    """A client that may log in; the session before it may be about to end."""
    end = time.monotonic() + seconds
    while True:
        p = Pop(paq.port["pop3"])
        got = p.login(user, password)
        if got.startswith(b"+OK"):
            return p
        p.close()
        assert b"[IN-USE]" in got and time.monotonic() < end, got
        time.sleep(0.02)
