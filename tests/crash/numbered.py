"""Numbered messages: each says its number and the checksum of its body, so
that whoever finds one knows which it is and whether it is whole.
"""
import contextlib
import hashlib
import random
import re
from collections import Counter
from pathlib import Path

LETTERS = "abcdefghijklmnopqrstuvwxyz ABCDEFGHIJ.0123456789"


def body(n, most):
    """Lines with CRLF, of 1 to about `most` octets; the same for the same n.
    Some begin with a dot, as the wire has to escape those."""
    rng = random.Random(n)
    left, lines = rng.randrange(1, most), []
    while left > 0:
        width = rng.randrange(0, 76)
        text = "".join(rng.choices(LETTERS, k=width)).rstrip()
        lines.append("." + text if rng.random() < 0.02 else text)
        left -= width + 2
    return "".join(line + "\r\n" for line in lines).encode()


def message(n, to, most=12000):
    text = body(n, most)
    head = (f"From: sender@client.example\r\nTo: {to}\r\n"
            f"Subject: number {n}\r\n"
            "Date: Sun, 22 Nov 2026 06:00:00 +0000\r\n"
            f"Message-ID: <{n}@client.example>\r\n"
            f"X-Number: {n}\r\n"
            f"X-Sum: {hashlib.sha256(text).hexdigest()}\r\n\r\n")
    return head.encode() + text


def number_of(octets):
    """The number of a message that is whole; ValueError: it is not."""
    wire = octets.replace(b"\r\n", b"\n").replace(b"\n", b"\r\n")
    head, empty, text = wire.partition(b"\r\n\r\n")
    number = re.search(rb"^X-Number: (\d+)\r?$", head, re.M)
    want = re.search(rb"^X-Sum: ([0-9a-f]{64})\r?$", head, re.M)
    if not (empty and number and want):
        raise ValueError("no whole header")
    if hashlib.sha256(text).hexdigest().encode() != want[1]:
        raise ValueError(f"number {int(number[1])}: not its whole body")
    return int(number[1])


FIRST = re.compile(rb"paquebot-queue 1 envelope (\d{8}) message (\d{12}) "
                   rb"sum [0-9a-f]{16} *\n")


class QueueFile:
    """One file of the queue (lib/queue/format.h), as far as it concerns us."""

    def __init__(self, path):
        octets = path.read_bytes()
        self.path = path
        first = FIRST.fullmatch(octets[:80])
        self.message = self.rcpts = None
        if first is None:
            return
        envelope, length = int(first[1]), int(first[2])
        if len(octets) < 80 + envelope + length:
            return
        self.message = octets[80 + envelope:80 + envelope + length]
        self.rcpts = [line.split(b" ")[1].decode() for line in
                      octets[80:80 + envelope].split(b"\n")
                      if line.startswith(b"rcpt ")]

    def __repr__(self):
        return str(self.path)

    def number(self):
        """ValueError: not a whole message."""
        if self.message is None:
            raise ValueError("no whole queue file")
        return number_of(self.message)


def queue_files(top, states=("incoming", "deferred", "hold")):
    for state in states:
        for path in sorted((Path(top) / state).rglob("*")):
            if path.is_file():
                with contextlib.suppress(FileNotFoundError):
                    yield QueueFile(path)


def in_queue(top):
    """(mailbox, number) of the whole messages that wait in the queue."""
    found = set()
    for file in queue_files(top):
        with contextlib.suppress(ValueError):
            number = file.number()
            found.update((rcpt, number) for rcpt in file.rcpts)
    return found


def in_maildir(maildir):
    """Counter of the numbers in new/ and cur/, and what is not whole."""
    found, bad = Counter(), []
    for sub in ("new", "cur"):
        for path in (Path(maildir) / sub).glob("*"):
            try:
                found[number_of(path.read_bytes())] += 1
            except FileNotFoundError:
                continue                # renamed by a session
            except ValueError as why:
                bad.append(f"{path}: {why}")
    return found, bad
