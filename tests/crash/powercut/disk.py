"""A file system on a disk that this program serves itself.

The backing file of a loop device lies in a little FUSE tree that is served
from here, so every sector write and every cache flush that the file system
sends to "the disk" passes through handle() and is logged in order, together
with the promises that a load writes into a third file of that tree.

Root, /dev/fuse and loop devices; nothing but the standard library.
"""
import ctypes
import errno
import os
import shutil
import signal
import stat
import struct
import subprocess
import sys
import time

ROOT, DISK, ACKS, CTL = 1, 2, 3, 4          # the nodes of the FUSE tree
NAMES = {b"disk.img": DISK, b"acks": ACKS, b"ctl": CTL}
RECORD = struct.Struct("<cQI")              # kind, offset, length
# Kinds of record; BEGUN: all that was prepared is on the disk.
WRITE, FLUSH, ACK, BEGUN = b"W", b"F", b"A", b"B"

# Requests of <linux/fuse.h>.
LOOKUP, FORGET, GETATTR, SETATTR, OPEN, READ, WRITE_OP, STATFS = \
    1, 2, 3, 4, 14, 15, 16, 17
RELEASE, FSYNC, FLUSH_OP, INIT, OPENDIR, READDIR, RELEASEDIR = \
    18, 20, 25, 26, 27, 28, 29
INTERRUPT, DESTROY, BATCH_FORGET, FALLOCATE = 36, 38, 42, 43
BIG_WRITES, MAX_PAGES = 1 << 5, 1 << 22
DIRECT_IO = 1


def libc():
    return ctypes.CDLL(None, use_errno=True)


def fail(what):
    number = ctypes.get_errno()
    raise OSError(number, f"{what}: {os.strerror(number)}")


def read_log(path):
    """The log as a list of (kind, offset, octets)."""
    out = []
    with open(path, "rb") as f:
        while len(head := f.read(RECORD.size)) == RECORD.size:
            kind, offset, n = RECORD.unpack(head)
            data = f.read(n)
            if len(data) < n:
                break
            out.append((kind, offset, data))
    return out


class Disk:
    """Serves disk.img, acks and ctl; writes the log."""

    def __init__(self, mount, image, log):
        self.image = os.open(image, os.O_RDWR)
        self.size = os.fstat(self.image).st_size
        self.log = open(log, "wb", buffering=1 << 20)
        self.recording = True
        self.promises = 0
        self.fd = os.open("/dev/fuse", os.O_RDWR)
        options = (f"fd={self.fd},rootmode=40755,user_id=0,group_id=0,"
                   "allow_other")
        if libc().mount(b"powercut", mount.encode(), b"fuse", 0,
                        options.encode()):
            fail("mount fuse")
        self.answers = {
            INIT: self.on_init, LOOKUP: self.on_lookup,
            GETATTR: self.on_attr, SETATTR: self.on_attr,
            OPEN: self.on_open, OPENDIR: self.on_open,
            STATFS: self.on_statfs, READ: self.on_read,
            WRITE_OP: self.on_write, FSYNC: self.on_fsync,
        }
        for op in (RELEASE, FLUSH_OP, RELEASEDIR, DESTROY, READDIR):
            self.answers[op] = lambda node, body: b""

    def attr(self, node):
        size = self.size if node == DISK else 0
        mode = (stat.S_IFDIR | 0o755) if node == ROOT else \
            (stat.S_IFREG | 0o666)
        return struct.pack("<6Q10I", node, size, size // 512, 0, 0, 0, 0, 0,
                           0, mode, 1, 0, 0, 0, 4096, 0)

    def record(self, kind, offset=0, data=b""):
        if self.recording:
            self.log.write(RECORD.pack(kind, offset, len(data)))
            self.log.write(data)

    def on_init(self, node, body):
        _, minor = struct.unpack_from("<II", body)
        return struct.pack("<4I2H2I2HI7I", 7, min(minor, 31), 1 << 17,
                           BIG_WRITES | MAX_PAGES, 16, 12, 1 << 20, 1,
                           256, 0, 0, *[0] * 7)

    def on_lookup(self, node, body):
        found = NAMES.get(bytes(body).rstrip(b"\0"))
        if found is None:
            return -errno.ENOENT
        return struct.pack("<4Q2I", found, 0, 3600, 3600, 0, 0) + \
            self.attr(found)

    def on_attr(self, node, body):
        return struct.pack("<Q2I", 3600, 0, 0) + self.attr(node)

    def on_open(self, node, body):
        return struct.pack("<Q2I", node, 0 if node == DISK else DIRECT_IO, 0)

    def on_statfs(self, node, body):
        return struct.pack("<5Q4I6I", 0, 0, 0, 0, 0, 4096, 255, 4096, 0,
                           *[0] * 6)

    def on_read(self, node, body):
        _, offset, size = struct.unpack_from("<QQI", body)
        if node == CTL:                     # so many promises, 16 digits
            return b"%016d" % self.promises
        return os.pread(self.image, size, offset) if node == DISK else b""

    def on_write(self, node, body):
        _, offset, size = struct.unpack_from("<QQI", body)
        data = body[40:40 + size]
        if node == CTL and bytes(data) == b"begun":
            self.record(BEGUN)
        elif node == CTL:                   # "end": the power goes now
            self.recording = False
            self.log.flush()
        elif node == ACKS:
            self.record(ACK, 0, data)
            self.promises += 1
        else:
            os.pwrite(self.image, data, offset)
            self.record(WRITE, offset, data)
        return struct.pack("<II", size, 0)

    def on_fsync(self, node, body):
        if node == DISK:
            self.record(FLUSH)
        return b""

    def handle(self, op, node, body):
        """One request: the reply's body, or a negative errno."""
        if op == FALLOCATE:                 # so no discards, no hole punching
            return -errno.EOPNOTSUPP
        answer = self.answers.get(op)
        return answer(node, body) if answer else -errno.ENOSYS

    def reply(self, unique, out):
        error, out = (out, b"") if isinstance(out, int) else (0, out)
        try:
            os.write(self.fd, struct.pack("<IiQ", 16 + len(out), error,
                                          unique) + out)
        except OSError as why:
            if why.errno not in (errno.ENOENT, errno.ENODEV):
                raise

    def serve(self):
        while True:
            try:
                request = os.read(self.fd, (1 << 20) + 65536)
            except OSError as why:
                if why.errno == errno.ENODEV:           # unmounted
                    return
                if why.errno in (errno.EINTR, errno.ENOENT, errno.EAGAIN):
                    continue
                raise
            _, op, unique, node = struct.unpack_from("<IIQQ", request)
            if op in (FORGET, INTERRUPT, BATCH_FORGET):
                continue
            try:
                out = self.handle(op, node, memoryview(request)[40:])
            except (OSError, struct.error) as why:
                # Never leave the kernel waiting for a reply.
                sys.stderr.write(f"powercut: request {op}: {why!r}\n")
                out = -errno.EIO
            self.reply(unique, out)


# -------------------------------------------------------------- the set-up --

MKFS = {"ext4": ["mkfs.ext4", "-q", "-F", "-E",
                 "nodiscard,lazy_itable_init=0,lazy_journal_init=0"],
        "xfs": ["mkfs.xfs", "-q", "-f", "-K"]}


def sh(*command, check=True):
    done = subprocess.run(command, stdout=subprocess.PIPE, text=True,
                          stderr=subprocess.STDOUT, check=False)
    if check and done.returncode:
        raise RuntimeError(f"{' '.join(command)}: {done.stdout.strip()}")
    return done


def attach(image):
    return sh("losetup", "-f", "--show", image).stdout.strip()


def detach(loop):
    """Let the loop device go, and see to it that it is gone: mounted a second
    time it would show what the first mount had left in memory."""
    backing = f"/sys/block/{os.path.basename(loop)}/loop/backing_file"
    try:
        with open(backing, encoding="utf-8") as f:
            ours = f.read()
        sh("losetup", "-d", loop, check=False)
        for _ in range(1000):               # it goes when nobody uses it
            with open(backing, encoding="utf-8") as f:
                if f.read() != ours:
                    return                  # and is someone else's already
            time.sleep(0.01)
    except (FileNotFoundError, OSError):
        return
    raise RuntimeError(loop + " stays in use")


def own_mounts(network=False):
    """What is mounted here must not be copied into mount namespaces that
    others make meanwhile: they would keep it mounted."""
    new_mounts, new_network = 0x20000, 0x40000000
    recursive, private = 0x4000, 1 << 18
    if libc().unshare(new_mounts | (new_network if network else 0)) or \
            libc().mount(b"none", b"/", None, recursive | private, None):
        fail("unshare")


class Rig:
    """The served disk, the loop device over it, the mounted file system."""

    def __init__(self, work, mount, fs, octets, options):
        self.work, self.mount = work, mount
        self.fs, self.options = fs, options
        self.base, self.log = work + "/base.img", work + "/log"
        self.fuse, self.loop, self.mounted = work + "/disk", None, False
        self.acks, self.ctl = self.fuse + "/acks", self.fuse + "/ctl"
        with open(self.base, "wb") as f:
            f.truncate(octets)
        sh(*MKFS[fs], self.base)
        shutil.copy(self.base, work + "/live.img")      # what is served
        os.makedirs(self.fuse, exist_ok=True)
        self.pid = self.start_server()
        try:
            self.loop = attach(self.fuse + "/disk.img")
            sh("mount", "-t", fs, "-o", options, self.loop, mount)
            self.mounted = True
        except BaseException:
            self.close()
            raise

    def start_server(self):
        r, w = os.pipe()
        pid = os.fork()
        if pid == 0:
            os.close(r)
            for s in (signal.SIGINT, signal.SIGTERM):
                signal.signal(s, signal.SIG_IGN)    # it ends when unmounted
            try:
                disk = Disk(self.fuse, self.work + "/live.img", self.log)
                os.write(w, b"ok")
                disk.serve()
            except OSError as why:
                sys.stderr.write(f"powercut: server: {why!r}\n")
            finally:
                os._exit(0)
        os.close(w)
        with open(r, "rb") as ready:
            if ready.read(2) != b"ok":
                raise RuntimeError("no FUSE server")
        return pid

    def promises(self):
        with open(self.ctl, "rb", buffering=0) as f:
            return int(f.read(16))

    def say(self, word):
        """begun: the load may begin; end: from here on nothing is recorded."""
        with open(self.ctl, "w", encoding="ascii") as f:
            f.write(word)

    def close(self):
        if self.mounted:
            sh("umount", "-l", self.mount, check=False)
            self.mounted = False
        if self.loop:
            detach(self.loop)
        sh("umount", "-l", self.fuse, check=False)
        os.waitpid(self.pid, 0)
