#!/usr/bin/env python3
"""powercut - does what a program has promised survive a loss of power?

  powercut.py --mount DIR --load CMD --check CMD [--prepare CMD]
      [--fs ext4|xfs] [--opts MOUNT-OPTIONS] [--size MiB] [--seconds N]
      [--promises N] [--points N] [--models none,all,some] [--stop N] [--seed N]
      [--keep FILE] [--work DIR] [--jobs N] [--private DIR]

A file system is put on a disk that disk.py serves and logs.  The load runs in
a PID namespace of its own with

  POWERCUT_DIR   where the file system is mounted
  POWERCUT_ACK   a file; each write(2) to it is a promise, logged in order
                 with the disk's writes

It begins when all that --prepare made is on the disk: no power is cut before.
After N seconds (and, if by then fewer than --promises were made, up to ten
times as long), or when the load ends, everything is killed.  Then for each
of --points places in the log - half of them right after a promise - the disk
is rebuilt as a power cut at that place could have left it.  A disk has a
volatile cache: what was written before the last completed flush is there; of
what was written later, any part may be.  Three survivors are tried:

  none   nothing after the last flush
  all    everything written so far
  some   a random part, sector by sector (torn and reordered)

Each image is mounted, which replays the journal, and the checker runs with

  POWERCUT_DIR   where the crashed file system is mounted (may be written)
  POWERCUT_ACKED the promises made before the crash, as they were written
  POWERCUT_TRY   the number of the image, from 0

It fails by a status other than 0; what it prints is shown.  --stop ends after
so many failures.  With --jobs so many images are tried at once, each in mount and
network namespaces of its own, where the directory --private is a copy.  The
same --seed tries the same kinds of damage, but the
recording differs each time; --keep saves the first failing image (of the
last job that has one).

Status: 0 all promises kept, 1 some broken, 2 the run proved nothing.

Limits.  ext4 and xfs keep more than POSIX asks: a fsync of a new file keeps
the name that it was created under, so a missing fsync of the directory shows
after rename and link, but not after a plain create (synclint.py is for that).
Sectors are 512 octets and are not torn themselves.  No bits rot.
"""
import argparse
import multiprocessing
import os
import random
import shutil
import signal
import subprocess
import sys
import tempfile
import time

from disk import ACK, BEGUN, FLUSH, MKFS, WRITE, Rig, attach, detach, \
    own_mounts, read_log, sh

SECTOR = 512
# In a PID namespace, so that its end is the end of all that it started.
OWN_PIDS = ["unshare", "--pid", "--fork", "--kill-child", "--mount-proc"]


def after_boot():
    """The same, and for what runs there the system has just been started."""
    if sh("unshare", "--time", "true", check=False).returncode:
        return OWN_PIDS
    with open("/proc/uptime", encoding="ascii") as f:
        up = int(float(f.read().split()[0]))
    return [*OWN_PIDS, "--time", "--boottime", str(-up)]


def apply(fd, writes):
    for offset, data in writes:
        os.pwrite(fd, data, offset)


def some(writes, rng):
    """A random part of these writes, sector by sector.  Half of the time whole
    writes are kept or dropped, so that long runs survive.  The order within
    one sector is kept: a disk keeps it too."""
    keep = rng.random()
    parts = []
    for offset, data in writes:
        if rng.random() < 0.5:
            if rng.random() < keep:
                parts.append((offset, data))
            continue
        for i in range(0, len(data), SECTOR):
            if rng.random() < keep:
                parts.append((offset + i, data[i:i + SECTOR]))
    return parts


def choose(log, n, rng):
    """n places: half just after a promise, where a broken one is easiest to
    see, the rest anywhere since the load began."""
    begun = [r[0] for r in log].index(BEGUN) + 1
    acks = [i + 1 for i, r in enumerate(log) if r[0] == ACK]
    places = set(rng.sample(acks, min(len(acks), (n + 1) // 2)))
    rest = [i for i in range(begun, len(log) + 1) if i not in places]
    places.update(rng.sample(rest, min(len(rest), n - len(places))))
    return sorted(places)


def check(rig, image, checker, **told):
    """What is wrong with a crashed image, or None.  Not by mount -o loop: that
    takes up a loop device that is not yet gone, with what it has in its cache
    of an earlier image of the same name."""
    loop = attach(image)
    try:
        options = rig.options + (",nouuid" if rig.fs == "xfs" else "")
        done = sh("mount", "-t", rig.fs, "-o", options, loop, rig.mount,
                  check=False)
        if done.returncode:
            return "does not mount: " + done.stdout.strip()
        try:
            env = dict(os.environ, POWERCUT_DIR=rig.mount, **told)
            done = subprocess.run([*after_boot(), "sh", "-c", checker],
                                  env=env, text=True, check=False,
                                  stdout=subprocess.PIPE,
                                  stderr=subprocess.STDOUT)
            if done.returncode == 0:
                return None
            return done.stdout.strip() or "checker failed"
        finally:
            sh("umount", rig.mount)
    finally:
        detach(loop)


class Crashes:
    """The disk rolled forward along the log, and cut at places of it."""

    def __init__(self, rig, args, log, job):
        self.rig, self.args, self.log = rig, args, log
        self.rng = random.Random(f"{args.seed}/{job}")
        self.work = f"{rig.work}/{job}"
        os.mkdir(self.work)
        self.rolled = self.work + "/rolled.img"  # base and all that is flushed
        shutil.copy(rig.base, self.rolled)
        self.fd = os.open(self.rolled, os.O_RDWR)
        self.done, self.pending, self.acks = 0, [], []
        self.tried = self.bad = 0

    def roll(self, place):
        for kind, offset, data in self.log[self.done:place]:
            if kind == WRITE:
                self.pending.append((offset, data))
            elif kind == FLUSH:
                apply(self.fd, self.pending)
                self.pending = []
            elif kind == ACK:
                self.acks.append(data)
        self.done = place

    def cut(self, place, model):
        left = {"none": [], "all": self.pending}.get(model)
        if left is None:
            left = some(self.pending, self.rng)
        image = f"{self.work}/crash.{self.tried}.img"
        sh("cp", "--sparse=always", "--reflink=auto", self.rolled, image)
        fd = os.open(image, os.O_RDWR)
        apply(fd, left)
        os.close(fd)
        acked = self.work + "/acked"
        with open(acked, "wb") as f:
            f.write(b"".join(self.acks))
        kept = image + ".kept" if self.args.keep and not self.bad else None
        if kept:
            sh("cp", "--sparse=always", "--reflink=auto", image, kept)
        why = check(self.rig, image, self.args.check, POWERCUT_ACKED=acked,
                    POWERCUT_TRY=str(self.tried))
        self.tried += 1
        if why:
            self.bad += 1
            print(f"FAIL at record {place} of {len(self.log)} "
                  f"({len(self.acks)} promises so far), survivors '{model}' "
                  f"of {len(self.pending)} unflushed writes: {why}",
                  flush=True)
            if kept:
                shutil.copy(kept, self.args.keep)
                shutil.copy(acked, self.args.keep + ".acked")
        for name in filter(None, (image, kept)):
            os.unlink(name)

    def all(self, places):
        for place in places:
            self.roll(place)
            for model in self.args.models.split(","):
                self.cut(place, model)
                if self.args.stop and self.bad >= self.args.stop:
                    return
        os.close(self.fd)


def apart(args, work):
    """Namespaces of its own for a job, and its copy of --private."""
    own_mounts(network=True)
    sh("ip", "link", "set", "lo", "up")
    if args.private:
        sh("cp", "-a", args.private, work + "/private")
        sh("mount", "--bind", work + "/private", args.private)


def one_job(args, rig, log, job, places):
    """Some of the places: how many images were tried, how many are bad."""
    crashes = Crashes(rig, args, log, job)
    if args.jobs > 1:
        apart(args, crashes.work)
    crashes.all(places)
    return crashes.tried, crashes.bad


def all_jobs(args, rig, log, places):
    """Each job in a process of its own; a job that dies is an error."""
    if args.jobs == 1:
        return one_job(args, rig, log, 0, places)
    fork, jobs = multiprocessing.get_context("fork"), []
    for job in range(args.jobs):
        ours, theirs = fork.Pipe(duplex=False)
        process = fork.Process(target=lambda *a, end=theirs: end.send(
            one_job(*a)), args=(args, rig, log, job, places[job::args.jobs]))
        process.start()
        theirs.close()
        jobs.append((process, ours))
    found = [ours.recv() for _, ours in jobs]
    for process, _ in jobs:
        process.join()
    return tuple(map(sum, zip(*found)))


def run_load(args, rig):
    env = dict(os.environ, POWERCUT_DIR=args.mount, POWERCUT_ACK=rig.acks)
    if args.prepare:
        subprocess.run(args.prepare, shell=True, env=env, check=True)
        os.sync()
    rig.say("begun")
    load = subprocess.Popen(OWN_PIDS + ["sh", "-c", args.load], env=env)
    try:
        start = time.monotonic()
        while load.poll() is None:
            time.sleep(0.02)
            past = time.monotonic() - start
            if past > args.seconds and (past > 10 * args.seconds or
                                        rig.promises() >= args.promises):
                break
        rig.say("end")
        if load.poll():
            print("the load ended itself, with status", load.poll())
    finally:
        load.kill()
        load.wait()


def run(args):
    rng = random.Random(args.seed)
    rig = None
    own_mounts()
    work = tempfile.mkdtemp(prefix="powercut.", dir=args.work)
    try:
        rig = Rig(work, args.mount, args.fs, args.size << 20, args.opts)
        run_load(args, rig)
        rig.close()
        log = read_log(rig.log)
        n = {k: sum(r[0] == k for r in log) for k in (WRITE, FLUSH, ACK)}
        print(f"{args.fs}: recorded {n[WRITE]} writes, {n[FLUSH]} flushes, "
              f"{n[ACK]} promises", flush=True)
        if not n[ACK] or not n[WRITE]:
            print("INVALID: nothing was promised, or nothing written")
            return 2
        started = time.monotonic()
        tried, bad = all_jobs(args, rig, log, choose(log, args.points, rng))
        print(f"{tried} crashes in {time.monotonic() - started:.0f} s "
              f"(seed {args.seed}): {bad} bad")
        return 1 if bad else 0
    finally:
        if rig and rig.mounted:
            rig.close()
        shutil.rmtree(work, ignore_errors=True)


def main():
    p = argparse.ArgumentParser(
        formatter_class=argparse.RawDescriptionHelpFormatter,
        description=__doc__)
    p.add_argument("--mount", required=True, help="an empty directory")
    p.add_argument("--fs", default="ext4", choices=sorted(MKFS))
    p.add_argument("--opts", default="noatime", help="mount options")
    p.add_argument("--size", type=int, default=320, help="MiB")
    p.add_argument("--work", help="where images and the log go",
                   default="/dev/shm" if os.path.isdir("/dev/shm") else None)
    p.add_argument("--prepare", help="run before the load, then synced")
    p.add_argument("--load", required=True)
    p.add_argument("--check", required=True)
    p.add_argument("--seconds", type=float, default=5)
    p.add_argument("--promises", type=int, default=0)
    p.add_argument("--points", type=int, default=40)
    p.add_argument("--models", default="none,all,some")
    p.add_argument("--stop", type=int, default=0, help="after N failures")
    p.add_argument("--jobs", type=int, default=1)
    p.add_argument("--private", help="a directory that the checker writes to")
    p.add_argument("--seed", type=int, default=int(time.time()))
    p.add_argument("--keep", help="keep the first failing image here")
    args = p.parse_args()
    signal.signal(signal.SIGTERM, lambda *a: sys.exit(143))
    return run(args)


if __name__ == "__main__":
    sys.exit(main())
