#!/usr/bin/python3
"""A folder of many messages: how long SELECT takes, and what the session holds.

    tests/bench/big_folder.py [messages [directory]]

The messages are links to a few files, so that a million of them take no more
than their names.  Prints one line for each step.  BUILD: where the programs are.
"""
import os
import pathlib
import shutil
import socket
import subprocess
import sys
import tempfile
import time

ROOT = pathlib.Path(__file__).resolve().parents[2]
SESSION = ROOT / os.environ.get("BUILD", "build") / "tests/dialog/imap_session"
LINKS = 50000                                   # ext4 allows 65,000
TEXT = b"From: a@b.example\nSubject: one of many\n\ntext\n"
NAME = "cur/%d.M%dP1_%d.vm,S=%d,W=%d:2,%s"


def fill(box, count):
    for d in ("cur", "new", "tmp"):
        (box / d).mkdir(exist_ok=True)
    size, wire = len(TEXT), len(TEXT) + TEXT.count(b"\n")
    for i in range(count):
        name = NAME % (1500000000 + i, i % 1000000, i, size, wire,
                       "S" if i % 3 else "")
        if i % LINKS == 0:
            first = box / name
            first.write_bytes(TEXT)
        else:
            os.link(first, box / name)
    for d in ("cur", "new"):
        os.utime(box / d, (1600000000, 1600000000))


def memory_kib(pid, what):
    for line in open("/proc/%d/status" % pid):
        if line.startswith(what + ":"):
            return int(line.split()[1])
    return 0


class Session:
    def __init__(self, box):
        mine, its = socket.socketpair()
        self.process = subprocess.Popen(
            [SESSION, str(its.fileno()), str(box)], pass_fds=[its.fileno()],
            stderr=subprocess.DEVNULL)
        its.close()
        self.socket = mine
        self.file = mine.makefile("rwb")
        self.file.readline()

    def seconds(self, command):
        begin = time.monotonic()
        self.file.write(b"a " + command.encode() + b"\r\n")
        self.file.flush()
        while not (line := self.file.readline()).startswith(b"a "):
            if not line:
                sys.exit("the session has ended in " + command)
        if not line.startswith(b"a OK"):
            sys.exit("%s: %r" % (command, line))
        return time.monotonic() - begin

    def close(self):
        self.socket.close()
        self.file.close()
        self.process.wait()


def measure(box, title, commands):
    s = Session(box)
    for c in commands:
        took = s.seconds(c)
        print("%-22s %-26s %8.3f s   %6.1f MiB, at most %.1f" % (
            title, c, took, memory_kib(s.process.pid, "VmRSS") / 1024,
            memory_kib(s.process.pid, "VmHWM") / 1024), flush=True)
    s.close()


def main():
    count = int(sys.argv[1]) if len(sys.argv) > 1 else 1000000
    box = pathlib.Path(sys.argv[2] if len(sys.argv) > 2 else
                       tempfile.mkdtemp(prefix="paqbig-"))
    begin = time.monotonic()
    fill(box, count)
    print("%d messages made in %.0f s" % (count, time.monotonic() - begin))
    try:
        measure(box, "without index", ["SELECT INBOX"])
        measure(box, "with index", [
            "SELECT INBOX", "NOOP", "FETCH 1:1000 (FLAGS UID)",
            "FETCH %d RFC822.SIZE" % (count // 2), "STATUS INBOX (UNSEEN)"])
        measure(box, "with index, flags", ["SELECT INBOX",
            "FETCH 1:* (FLAGS)", "FETCH 1:* (RFC822.SIZE)"])
        print("index: %.1f MiB" % (
            (box / "paquebot-index").stat().st_size / 1048576))
    finally:
        if len(sys.argv) <= 2:
            shutil.rmtree(box)


if __name__ == "__main__":
    main()
