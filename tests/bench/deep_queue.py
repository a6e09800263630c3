#!/usr/bin/python3
"""A queue of many deferred messages: how long a start takes, and what qmgr holds.

    tests/bench/deep_queue.py [messages [directory]]

The files are empty, so a qmgr that read one would say so.  The directory is best
on tmpfs: a million files take 1 GiB of it.  BUILD: where the programs are.
"""
import os
import re
import shutil
import sys
import tempfile
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent / "flow"))

from suite import Suite, wait_for  # noqa: E402

DIGITS = "0123456789BCDFGHJKLMNPQRSTVWXYZbcdfghjkmnpqrstvwxyz"
SPREAD_S = 3600


def number(value, width):
    out = ""
    for _ in range(width):
        value, digit = divmod(value, len(DIGITS))
        out = DIGITS[digit] + out
    return out


def fill(queue, count):
    now = time.time()
    start = number(int(now * 1e6), 10) + number(1, 6)
    owner = (queue / "deferred").stat()
    for i in range(count):
        name = start + number(i % 51**4, 4)
        path = f"{queue}/deferred/{name[-1]}/{name}"
        fd = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        os.fchown(fd, owner.st_uid, owner.st_gid)
        due = now + SPREAD_S + i * 7919 % SPREAD_S
        os.utime(fd, (due, due))
        os.close(fd)


def memory_kib(pid, file, what):
    text = Path(f"/proc/{pid}/{file}").read_text(encoding="ascii")
    return int(re.search(rf"^{what}:\s+(\d+)", text, re.M)[1])


def qmgr_of(paq):
    for pid in paq.tree():
        name = Path(f"/proc/{pid}/comm").read_text(encoding="ascii").strip()
        if name == "qmgr":
            # The one that serves; its child only syncs.
            return pid
    sys.exit("there is no qmgr")


def seconds(call, *words):
    begin = time.monotonic()
    call(*words)
    return time.monotonic() - begin


def measure(place, count):
    paq = Suite(place, settings={"retry_max": "4h", "retry_min": "5m"})
    try:
        paq.write()
        paq.start()
        paq.stop()
        print(f"{count} files made in "
              f"{seconds(fill, paq.queue, count):.0f} s", flush=True)
        mark = f"event=recovered messages={count}"
        print(f"start: {seconds(paq.start, 120):.1f} s")
        wait_for(lambda: mark in paq.log_text(), 120)
        pid = qmgr_of(paq)
        print(f"qmgr: {memory_kib(pid, 'smaps_rollup', 'Pss') / 1024:.1f} MiB,"
              f" at most {memory_kib(pid, 'status', 'VmHWM') / 1024:.1f}")
        print(f"queue stats: {seconds(paq.paquebot, 'queue', 'stats'):.2f} s")
    finally:
        paq.stop()


def main():
    count = int(sys.argv[1]) if len(sys.argv) > 1 else 1000000
    place = Path(sys.argv[2] if len(sys.argv) > 2 else
                 tempfile.mkdtemp(prefix="paqdeep-", dir="/dev/shm"))
    place.chmod(0o755)
    try:
        measure(place, count)
    finally:
        if len(sys.argv) <= 2:
            shutil.rmtree(place)


if __name__ == "__main__":
    main()
