#!/usr/bin/env python3
"""A writer of messages by which the rig itself is tested: right, or wrong in
one way; and its checker.

  writer.py MODE     stores messages in $POWERCUT_DIR until killed, and reports
                     each to $POWERCUT_ACK when it promises that it is safe
  writer.py check    all in $POWERCUT_ACKED are there, whole; and nothing in
                     new/ is a part of one

Right:  rename          tmp/x, write, fsync, rename to new/x, fsync(new)
        link            O_TMPFILE, write, fsync, linkat to new/x, fsync(new)
Wrong:  rename-nofsync, link-nofsync    no fsync of the file
        rename-nodir, link-nodir        no fsync of the directory
        rename-early                    the promise before the fsyncs
        counter-inplace                 rewrites one state file in place
"""
import hashlib
import os
import random
import sys
import time
from pathlib import Path

TOP = Path(os.environ["POWERCUT_DIR"])
PAUSE = 0.02


def message(n):
    rng = random.Random(n)
    return rng.randbytes(rng.randrange(1, 30000))


def open_new(how, tmp):
    if how == "link":
        return os.open(TOP / "new", os.O_TMPFILE | os.O_WRONLY, 0o600)
    return os.open(tmp, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600)


def store(how, fault, name, data, new):
    tmp = TOP / "tmp" / name
    fd = open_new(how, tmp)
    while data:
        data = data[os.write(fd, data):]
    if fault != "nofsync":
        os.fsync(fd)
    if how == "link":
        os.link(f"/proc/self/fd/{fd}", name, dst_dir_fd=new)
    else:
        os.rename(tmp, TOP / "new" / name)
    os.close(fd)
    if fault != "nodir":
        os.fsync(new)


def count_in_place(ack):
    fd = os.open(TOP / "new" / "state", os.O_CREAT | os.O_RDWR, 0o600)
    n = 0
    while True:
        os.pwrite(fd, (b"%015d\n" % n) * 512, 0)        # 8 KiB: 16 sectors
        os.fsync(fd)
        os.write(ack, b"state %d\n" % n)
        n += 1
        time.sleep(PAUSE)


def write(mode):
    how, _, fault = mode.partition("-")
    ack = os.open(os.environ["POWERCUT_ACK"], os.O_WRONLY | os.O_APPEND)
    for sub in ("tmp", "new"):
        (TOP / sub).mkdir(exist_ok=True)
    os.sync()                               # the directories themselves
    new = os.open(TOP / "new", os.O_RDONLY | os.O_DIRECTORY)
    if how == "counter":
        count_in_place(ack)
    n = 0
    while True:
        name, data = f"m{n:06d}", message(n)
        line = f"{name} {hashlib.sha256(data).hexdigest()}\n".encode()
        if fault == "early":
            os.write(ack, line)
        store(how, fault, name, data, new)
        if fault != "early":
            os.write(ack, line)
        n += 1
        time.sleep(PAUSE)


def missing(acked):
    for line in acked.splitlines():
        name, want = line.split()
        if name == "state":
            continue
        try:
            have = hashlib.sha256((TOP / "new" / name).read_bytes())
        except FileNotFoundError:
            yield name + " lost"
            continue
        if have.hexdigest() != want:
            yield name + " damaged"


def partial():
    for path in (TOP / "new").glob("*"):
        data = path.read_bytes()
        if path.name == "state":
            if len(set(data.split(b"\n")[:-1])) > 1:
                yield "state torn: a mixture of versions"
        elif data != message(int(path.name[1:])):
            yield f"{path.name} visible in part ({len(data)} octets)"


def main():
    if sys.argv[1] != "check":
        return write(sys.argv[1])
    acked = Path(os.environ["POWERCUT_ACKED"]).read_text(encoding="ascii")
    bad = [*missing(acked), *partial()]
    print("; ".join(bad[:4]))
    return 1 if bad else 0


if __name__ == "__main__":
    sys.exit(main())
