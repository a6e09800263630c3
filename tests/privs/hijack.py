"""Processes of a test build that have been taken over (lib/os/hijack.h), and the
way from one to the next.

`Hijacked` makes a process call the system, with whatever arguments.  How it is
reached is its `link`: a TCP connection to what reads the network, or a channel
of another process that has been taken over, which then writes and reads there.
"""
import contextlib
import errno
import os
import re
import select
import socket
import struct
import subprocess
from pathlib import Path

from suite import wait_for

MAGIC = b"PAQUEBOT-HIJACK-"
LET_GO, CALL, CALL_32, FORKS = range(4)
MEMORY = 32768
HELLO = struct.Struct("=QI28s")
ORDER = struct.Struct("=6I7Q")
KILLED = 133    # EHWPOISON: what a filter of the test build says for it
AT_FDCWD = -100
MASK = (1 << 64) - 1

HEADER = Path("/usr/include/x86_64-linux-gnu/asm/unistd_64.h")
# Younger than the headers of the distribution.
YOUNG = {"fchmodat2": 452, "map_shadow_stack": 453, "setxattrat": 463,
         "getxattrat": 464, "listxattrat": 465, "removexattrat": 466,
         "open_tree_attr": 467, "file_getattr": 468, "file_setattr": 469}


def syscall_numbers():
    found = dict(YOUNG)
    for name, number in re.findall(r"#define __NR_(\w+)\s+(\d+)",
                                   HEADER.read_text()):
        found[name] = int(number)
    return found


NR = syscall_numbers() if HEADER.exists() else {}


class Gone(Exception):
    """The process does not answer any more."""


class ByTcp:
    def __init__(self, sock):
        self.sock = sock
        sock.settimeout(20)

    def put(self, octets):
        try:
            self.sock.sendall(octets)
        except OSError as why:
            raise Gone(str(why)) from None

    def get(self):
        return self.exactly(struct.unpack("=I", self.exactly(4))[0])

    def exactly(self, n):
        octets = b""
        while len(octets) < n:
            try:
                more = self.sock.recv(n - len(octets))
            except OSError as why:
                raise Gone(str(why)) from None
            if not more:
                raise Gone("end of connection")
            octets += more
        return octets


class ByChannel:
    """Through a channel of another process that was taken over."""

    def __init__(self, through, fd):
        self.through, self.fd = through, fd

    def put(self, octets):
        if self.through.write(self.fd, octets) != len(octets):
            raise Gone("channel is closed")

    def get(self):
        octets = self.through.read_packet(self.fd)
        if len(octets) < 4:
            raise Gone("channel ended")
        return octets[4:]


class Hijacked:
    def __init__(self, link, magic=MAGIC, greeted=False):
        self.link, self.here = link, True
        if not greeted:
            link.put(magic)
        self.memory, self.pid, name = HELLO.unpack(link.get())
        self.name = name.rstrip(b"\0").decode()

    def order(self, op, number=0, args=(), octets=b"", out=(0, 0)):
        args = [a & MASK for a in args] + [0] * (6 - len(args))
        body = ORDER.pack(op, 0, len(octets), out[0], out[1], 0, number,
                          *args) + octets
        self.link.put(struct.pack("=I", len(body)) + body)
        if op == LET_GO:
            return None
        answer = self.link.get()
        return struct.unpack("=q", answer[:8])[0], answer[8:]

    def call(self, name, *args, out=None, entry=CALL):
        """A system call.  Octets among the arguments are put into the memory of
        the process; out: the argument of which the contents come back."""
        octets, plain, back = b"", [], (0, 0)
        for i, a in enumerate(args):
            if isinstance(a, str):
                a = os.fsencode(a) + b"\0"
            if isinstance(a, (bytes, bytearray)):
                octets += bytes(-len(octets) % 16)
                if i == out:
                    back = (len(octets), len(a))
                plain.append(self.memory + len(octets))
                octets += a
            else:
                plain.append(int(a))
        number = NR[name] if isinstance(name, str) else name
        result, got = self.order(entry, number, plain, octets, back)
        return result if out is None else (result, got)

    def call_32(self, number, *args):
        return self.order(CALL_32, number, args)[0]

    def forks(self, most):
        return self.order(FORKS, most)[0]

    def let_go(self):
        if self.here:
            self.here = False
            with contextlib.suppress(Gone):
                self.order(LET_GO)

    # ------------------------------------------------ what goes on a channel

    def write(self, fd, octets):
        return self.call("write", fd, octets, len(octets))

    def poll(self, fd, ms):
        n, got = self.call("poll", struct.pack("=ihh", fd, select.POLLIN, 0),
                           1, ms, out=0)
        return struct.unpack("=ihh", got)[2] if n > 0 else 0

    def read_packet(self, fd, ms=10000):
        if not self.poll(fd, ms):
            raise Gone("no answer")
        n, got = self.call("recvfrom", fd, bytes(16384), 16384, 0, 0, 0,
                           out=1)
        return got[:max(n, 0)]

    def send(self, fd, octets, fds=(), flags=socket.MSG_NOSIGNAL |
             socket.MSG_DONTWAIT):
        """sendmsg() with descriptors of the process."""
        control = b""
        if fds:
            control = struct.pack("=Qii", 16 + 4 * len(fds),
                                  socket.SOL_SOCKET, socket.SCM_RIGHTS) + \
                struct.pack(f"={len(fds)}i", *fds)
            control += bytes(-len(control) % 8)
        iov, data = 64, 96 + len(control)
        head = struct.pack("=QIIQQQQiI", 0, 0, 0, self.memory + iov, 1,
                           self.memory + 96 if fds else 0, len(control), 0, 0)
        block = head.ljust(iov, b"\0") + \
            struct.pack("=QQ", self.memory + data, len(octets)) + \
            bytes(16) + control + octets
        return self.call("sendmsg", fd, block, flags)

    def receive(self, fd, ms=0):
        """(octets, descriptors) of a packet, or None: nothing; b"": end."""
        if not self.poll(fd, ms):
            return None
        room, data, control = 64, 128, 128 + 8192
        block = struct.pack("=QIIQQQQiI", 0, 0, 0, self.memory + room, 1,
                            self.memory + control, 64, 0, 0).ljust(room, b"\0")
        block += struct.pack("=QQ", self.memory + data, 8192)
        block = block.ljust(control + 64, b"\0")
        n, got = self.call("recvmsg", fd, block, 0x40, out=1)
        if n <= 0:
            return b"", []
        size = struct.unpack_from("=Q", got, 40)[0]
        fds = []
        if size >= 16:
            length = struct.unpack_from("=Q", got, control)[0]
            fds = list(struct.unpack_from(f"={(length - 16) // 4}i", got,
                                          control + 16))
        return got[data:data + n], fds

    # --------------------------------------------------- what it has open

    def open_fds(self):
        """Descriptor -> what /proc calls it."""
        found = {}
        for fd in Path(f"/proc/{self.pid}/fd").iterdir():
            with contextlib.suppress(OSError):
                found[int(fd.name)] = os.readlink(fd)
        return found

    def directories(self):
        """Descriptors of directories that it holds."""
        return [fd for fd in self.open_fds()
                if os.path.isdir(f"/proc/{self.pid}/fd/{fd}")]


# ------------------------------------------------------- who is connected

def pairs():
    """inode -> inode of the other end, of all socket pairs of this host."""
    text = subprocess.run(["ss", "-xanH"], capture_output=True, text=True,
                          check=True).stdout
    found = {}
    for line in text.splitlines():
        word = line.split()
        if len(word) >= 8 and word[4] == word[6] == "*":
            found[word[5]] = word[7]
    return found


def channels(pid):
    """{descriptor: inode} of the sockets of a process; of one that has ended:
    none."""
    found = {}
    fds = Path(f"/proc/{pid}/fd")
    for fd in fds.iterdir() if fds.exists() else ():
        with contextlib.suppress(OSError):
            target = os.readlink(fd)
            if target.startswith("socket:["):
                found[int(fd.name)] = target[8:-1]
    return found


def ends(hijacked, pid):
    """Descriptors of a process at whose other end pid is."""
    other, theirs = pairs(), set(channels(pid).values())
    return sorted(fd for fd, inode in channels(hijacked.pid).items()
                  if other.get(inode) in theirs)


def hop(hijacked, pid, name=None):
    """Take over the process pid, over a channel that both have."""
    def reached():
        for fd in ends(hijacked, pid):
            link = ByChannel(hijacked, fd)
            link.put(MAGIC)
            if hijacked.poll(fd, 3000) & select.POLLIN:
                return Hijacked(link, greeted=True)
        return None
    got = wait_for(reached, 10)
    assert got.pid == pid, f"{name or pid}: reached {got.name} {got.pid}"
    return got


def error_name(result):
    if result >= 0:
        return str(result)
    if -result == KILLED:
        return "killed"
    return errno.errorcode.get(-result, str(result))
