"""What somebody would try who has taken over a process: each attempt is a row of
the table in doc/privileges.md.

A row is made of system calls that the process makes with whatever arguments; its
result is what the kernel said, as a number, negative for an error.  Where several
ways lead to the same end, a row tries all of them and the first that works counts.
`ALLOWED` names for whom it is no break-in but the job.
"""
import errno
import fcntl
import os
import signal
import socket
import struct

from hijack import AT_FDCWD, MASK

ROWS = {}
O_PATH = 0o10000000
HIGH = 1 << 32      # the kernel cuts ids to 32 bits, a filter sees 64
MAP = 0x22          # private, anonymous
CLONE = {"mnt": 0x20000, "uts": 0x4000000, "ipc": 0x8000000,
         "user": 0x10000000, "pid": 0x20000000, "net": 0x40000000,
         "cgroup": 0x2000000, "time": 0x80}


def row(name):
    def put(run):
        assert name not in ROWS, name
        ROWS[name] = run
        return run
    return put


def best(*results):
    """The worst for us: a success if there is one."""
    good = [r for r in results if r >= 0]
    return good[0] if good else results[0]


def closing(h, fd):
    if fd >= 0:
        h.call("close", fd)
    return fd


def opening(h, path, flags=os.O_RDONLY, mode=0, at=AT_FDCWD):
    how = struct.pack("=QQQ", flags, mode, 0)
    return best(*[closing(h, fd) for fd in (
        h.call("openat", at, path, flags, mode),
        h.call("openat2", at, path, how, 24),
        *([h.call("open", path, flags, mode)] if at == AT_FDCWD else []))])


# ------------------------------------------------------------------- files

for name, path in (("open /etc/passwd", "/etc/passwd"),
                   ("open /etc/shadow", "/etc/shadow"),
                   ("open /dev/mem", "/dev/mem"),
                   ("open /dev/tty", "/dev/tty"),
                   ("open /proc/self/mem", "/proc/self/mem"),
                   ("open /proc/self/maps", "/proc/self/maps")):
    row(name)(lambda h, c, path=path: opening(h, path))


@row("open its own configuration")
def _(h, c):
    return best(*[opening(h, p) for p in (c.conf, "/paquebot.conf",
                                          "../paquebot.conf")])


@row("open the queue")
def _(h, c):
    return best(opening(h, c.queue), opening(h, c.queue + "/incoming"))


@row("open another's mailbox")
def _(h, c):
    return best(*[opening(h, p) for p in (
        c.other, c.other + "/cur", c.other + "/dovecot-uidlist",
        "../../alice/Maildir", "/../../alice/Maildir/new")])


@row("open master's memory")
def _(h, c):
    return opening(h, f"/proc/{c.master}/mem", os.O_RDWR)


@row("open keyd's memory")
def _(h, c):
    return best(opening(h, f"/proc/{c.keyd}/mem"),
                opening(h, f"/proc/{c.keyd}/fd/0"))


@row("leave by a directory it holds")
def _(h, c):
    found = [-errno.ENOENT]
    for fd in h.directories():
        for up in ("../etc/passwd", "../../../../../../etc/passwd",
                   "../../../../../etc/passwd", "../../../../etc/passwd"):
            found.append(opening(h, up, at=fd))
        h.call("fchdir", fd)
        found.append(opening(h, "../../../../../../etc/passwd"))
        found.append(opening(h, "../../../../etc/passwd"))
    h.call("chdir", "/")
    return best(*found)


@row("create a file in its root")
def _(h, c):
    return opening(h, "/made-by-a-test", os.O_CREAT | os.O_WRONLY, 0o600)


@row("stat another's mailbox")
def _(h, c):
    return best(h.call("stat", c.other, bytes(144)),
                h.call("newfstatat", AT_FDCWD, c.other, bytes(144), 0),
                h.call("statx", AT_FDCWD, c.other, 0, 0x7ff, bytes(256)),
                h.call("access", c.other, 0))


@row("chmod another's mailbox")
def _(h, c):
    found = []
    for path in (c.other, "/", "/etc/passwd"):
        found += [h.call("chmod", path, 0o777),
                  h.call("fchmodat", AT_FDCWD, path, 0o777),
                  h.call("fchmodat2", AT_FDCWD, path, 0o777, 0)]
        fd = h.call("open", path, O_PATH)
        if fd >= 0:
            found.append(h.call("fchmod", fd, 0o777))
            closing(h, fd)
    return best(*found)


@row("chown another's mailbox")
def _(h, c):
    return best(*[h.call(name, c.other, 980, 980)
                  for name in ("chown", "lchown")],
                h.call("fchownat", AT_FDCWD, c.other, 980, 980, 0))


@row("touch another's mailbox")
def _(h, c):
    return best(h.call("utime", c.other, 0), h.call("utimes", c.other, 0),
                h.call("utimensat", AT_FDCWD, c.other, 0, 0),
                h.call("futimesat", AT_FDCWD, c.other, 0))


@row("set attributes of another's mailbox")
def _(h, c):
    name, value = b"user.x\0", b"y"
    return best(h.call("setxattr", c.other, name, value, 1, 0),
                h.call("lsetxattr", c.other, name, value, 1, 0),
                h.call("setxattrat", AT_FDCWD, c.other, 0, name, value, 16),
                h.call("removexattr", c.other, name),
                h.call("file_setattr", AT_FDCWD, c.other, bytes(32), 32, 0))


@row("truncate another's file")
def _(h, c):
    return h.call("truncate", c.other + "/dovecot-uidlist", 0)


@row("link or move another's file")
def _(h, c):
    there = c.other + "/dovecot-uidlist"
    return best(h.call("link", there, "/stolen"),
                h.call("linkat", AT_FDCWD, there, AT_FDCWD, "/stolen", 0),
                h.call("rename", there, "/stolen"),
                h.call("unlink", there))


@row("make a device or a symlink")
def _(h, c):
    return best(h.call("mknod", "/d", 0o020666, 0x103),
                h.call("mknodat", AT_FDCWD, "/p", 0o010666, 0),
                h.call("symlink", "/etc/passwd", "/l"),
                h.call("symlinkat", "/etc/passwd", AT_FDCWD, "/l"))


@row("make a set-uid file")
def _(h, c):
    bits, found = 0o6755, []
    fd = h.call("open", "/setuid-by-a-test", os.O_CREAT | os.O_RDWR, bits)
    found.append(c.mode_of(h, fd))
    if fd >= 0:
        for name, args in (("fchmod", (fd, bits)),
                           ("fchmod", (fd, bits | HIGH)),
                           ("fchmodat", (AT_FDCWD, "/setuid-by-a-test",
                                         bits))):
            h.call(name, *args)
            found.append(c.mode_of(h, fd))
        closing(h, fd)
        h.call("unlink", "/setuid-by-a-test")
    fd = h.call("creat", "/setuid-by-a-test", bits)
    found.append(c.mode_of(h, fd))
    closing(h, fd)
    h.call("unlink", "/setuid-by-a-test")
    how = struct.pack("=QQQ", os.O_CREAT | os.O_RDWR, bits, 0)
    fd = h.call("openat2", AT_FDCWD, "/setuid-by-a-test", how, 24)
    found.append(c.mode_of(h, fd))
    closing(h, fd)
    h.call("unlink", "/setuid-by-a-test")
    made = h.call("mkdir", "/setgid-by-a-test", 0o7777)
    if made >= 0:
        fd = h.call("open", "/setgid-by-a-test", os.O_RDONLY)
        found.append(c.mode_of(h, fd))
        closing(h, fd)
        h.call("rmdir", "/setgid-by-a-test")
    return best(*found)


@row("make a file of 1 TiB")
def _(h, c):
    size, found = 1 << 40, [-errno.ENOENT]
    fd = h.call("open", "/big-by-a-test", os.O_CREAT | os.O_RDWR, 0o600)
    for name, args in (("ftruncate", (size,)), ("pwrite64",
                       (b"x", 1, size - 1)), ("fallocate", (1, 0, size))):
        if fd >= 0:
            found.append(h.call(name, fd, *args))
    closing(h, fd)
    h.call("unlink", "/big-by-a-test")
    return best(*found[:1], *found[1:])


@row("get a file handle")
def _(h, c):
    handle = struct.pack("=Ii", 64, 0) + bytes(64)
    return best(h.call("name_to_handle_at", AT_FDCWD, "/etc/passwd", handle,
                       bytes(8), 0),
                h.call("open_by_handle_at", AT_FDCWD, handle, 0))


# ----------------------------------------------------------------- sockets

def sockets(h, *kinds):
    return best(*[closing(h, h.call("socket", *k)) for k in kinds])


@row("socket: internet")
def _(h, c):
    return sockets(h, (2, 1, 0), (10, 1, 0), (2, 2, 0))


@row("socket: unix")
def _(h, c):
    return sockets(h, (1, 1, 0), (1, 2, 0), (1, 5, 0))


@row("socket: netlink, raw, packet")
def _(h, c):
    return sockets(h, (16, 3, 0), (16, 2, 9), (2, 3, 1), (10, 3, 58),
                   (17, 3, 0x300), (17, 2, 0x300))


@row("socket: vsock, alg, others")
def _(h, c):
    return sockets(h, (40, 1, 0), (38, 5, 0), (3, 2, 0), (29, 3, 1),
                   (31, 1, 0), (44, 3, 0), (2, 1, 262), (2, 1, 132))


@row("socket pair of datagrams")
def _(h, c):
    return best(h.call("socketpair", 1, 2, 0, bytes(8)),
                h.call("socketpair", 1, 3, 0, bytes(8)),
                h.call("socketpair", 1, 2 | HIGH, 0, bytes(8)),
                h.call("socketpair", 1, 2 | 0x80800, 0, bytes(8)))


def inet(port):
    return struct.pack("=H", 2) + struct.pack("!H", port) + \
        socket.inet_aton("127.0.0.1") + bytes(8)


def addresses(c):
    return (inet(c.port), b"\x01\0" + c.path.encode() + b"\0",
            b"\x01\0\0" + c.abstract.encode())


@row("connect: TCP to loopback")
def _(h, c):
    fd = h.call("socket", 2, 1, 0)
    if fd < 0:
        return fd
    rc = h.call("connect", fd, inet(c.port), 16)
    closing(h, fd)
    return rc


@row("connect: a listener of ours")
def _(h, c):
    fd = h.call("socket", 2, 1, 0)
    if fd < 0:
        return fd
    rc = h.call("connect", fd, inet(c.own_port), 16)
    closing(h, fd)
    return rc


@row("connect: unix, path or abstract")
def _(h, c):
    found = []
    for kind in (1, 5):
        fd = h.call("socket", 1, kind, 0)
        for to in addresses(c)[1:]:
            found.append(fd if fd < 0 else h.call("connect", fd, to, len(to)))
        closing(h, fd)
    return best(*found)


@row("connect what is open already")
def _(h, c):
    return best(*[h.call("connect", fd, to, len(to))
                  for fd in c.sockets_of(h) for to in addresses(c)])


@row("send to an address")
def _(h, c):
    found = [-errno.ENOTCONN]       # what is connected takes no address
    for fd in c.sockets_of(h, "tcp"):
        found.append(h.call("sendto", fd, b"x", 1, 0x20000040, inet(c.port),
                            16))    # MSG_FASTOPEN, DONTWAIT
    return best(*found)


@row("UDP to loopback")
def _(h, c):
    fd = h.call("socket", 2, 2, 0)
    if fd < 0:
        return fd
    rc = h.call("sendto", fd, b"x", 1, 0, inet(c.port), 16)
    closing(h, fd)
    return rc


@row("bind and listen")
def _(h, c):
    fd = h.call("socket", 2, 1, 0)
    if fd < 0:
        return best(fd, *[h.call("bind", s, inet(0), 16)
                          for s in c.sockets_of(h)],
                    *[h.call("listen", s, 5) for s in c.sockets_of(h)])
    rc = best(h.call("listen", fd, 5), h.call("bind", fd, inet(c.free_port),
                                              16))
    closing(h, fd)
    return rc


@row("own a descriptor's signals")
def _(h, c):
    found = []
    for fd in c.sockets_of(h):
        found += [h.call("fcntl", fd, fcntl.F_SETOWN, c.sibling),
                  h.call("fcntl", fd, 15, struct.pack("=ii", 1, c.sibling)),
                  h.call("fcntl", fd, fcntl.F_SETOWN | HIGH, c.sibling),
                  h.call("ioctl", fd, 0x8901, struct.pack("=i", c.sibling)),
                  h.call("ioctl", fd, 0x8902, struct.pack("=i", c.sibling))]
    return best(*found)


@row("end a channel that others share")
def _(h, c):
    found = [-errno.EPERM]
    for fd in c.shared(h):
        found.append(h.call("sendto", fd, b"", 0, 0x4040, 0, 0))
        found += [h.call("shutdown", fd, how) for how in (0, 1, 2)]
        found.append(h.call("setsockopt", fd, 1, 7, bytes(4), 4))
    return best(*found)


# ---------------------------------------------------------------- programs

@row("execve")
def _(h, c):
    return h.call("execve", "/no/such/program", 0, 0)


@row("execveat, by descriptor")
def _(h, c):
    fd = h.call("memfd_create", "x", 0)
    rc = h.call("execveat", max(fd, 0), "", 0, 0, 0x1000)
    closing(h, fd)
    return best(rc, fd if fd >= 0 else rc)


@row("memory that is written and run")
def _(h, c):
    page = h.call("mmap", 0, 4096, 3, MAP, -1, 0)
    found = [h.call("mmap", 0, 4096, 7, MAP, -1, 0),
             h.call("mmap", 0, 4096, 5, MAP, -1, 0),
             h.call("mprotect", page, 4096, 5),
             h.call("mprotect", page, 4096, 7 | HIGH),
             h.call("pkey_mprotect", page, 4096, 7, -1)]
    h.call("munmap", page, 4096)
    return best(*[-errno.EPERM if r < -4095 else r for r in found])


@row("make memory runnable by default")
def _(h, c):
    rc = h.call("personality", 0x400000)
    return rc


# --------------------------------------------------------------- processes

@row("fork")
def _(h, c):
    return h.forks(1)


@row("fork without end")
def _(h, c):
    return c.fork_bound(h)


for name, flag in CLONE.items():
    @row(f"clone into a new {name} namespace")
    def _(h, c, flag=flag):
        args = struct.pack("=8Q", flag, 0, 0, 0, 17, 0, 0, 0)
        found = [h.call("clone3", args, 64)]
        if flag > 0xff:     # beneath it stands the signal of the end
            found += [h.call("clone", flag | 17, 0, 0, 0, 0),
                      h.call("clone", flag | 17 | HIGH, 0, 0, 0, 0)]
        return best(*found)


@row("unshare")
def _(h, c):
    return best(*[h.call("unshare", flag) for flag in
                  list(CLONE.values()) if flag != CLONE["pid"]],
                h.call("unshare", 0x400))


@row("setns")
def _(h, c):
    fd = h.call("open", f"/proc/{c.master}/ns/mnt", 0)
    pidfd = h.call("pidfd_open", c.master, 0)
    found = [h.call("setns", max(fd, 0), 0),
             h.call("setns", max(pidfd, 0), 0x20000)]
    closing(h, fd)
    closing(h, pidfd)
    return best(*found)


@row("mount, pivot_root")
def _(h, c):
    return best(h.call("mount", "none", "/tmp", "tmpfs", 0, 0),
                h.call("umount2", "/proc", 2),
                h.call("pivot_root", "/", "/"),
                h.call("open_tree", AT_FDCWD, "/", 1),
                h.call("fsopen", "tmpfs", 0),
                h.call("move_mount", AT_FDCWD, "/", AT_FDCWD, "/", 0),
                h.call("mount_setattr", AT_FDCWD, "/", 0, bytes(32), 32),
                h.call("open_tree_attr", AT_FDCWD, "/", 1, bytes(32), 32))


@row("chroot")
def _(h, c):
    return h.call("chroot", ".")


def others(h, c):
    return [pid for pid in (c.master, c.keyd, c.stranger, c.sibling)
            if pid != h.pid]


@row("ptrace others")
def _(h, c):
    return best(*[h.call("ptrace", request, pid, 0, 0)
                  for request in (16, 0x4206) for pid in others(h, c)])


@row("read others' memory")
def _(h, c):
    block = struct.pack("=QQQQ", h.memory + 64, 8, 0x400000, 8)
    return best(*[h.call("process_vm_readv", pid, block, 1,
                         h.memory + 16, 1, 0) for pid in others(h, c)],
                *[h.call("process_vm_writev", pid, block, 1,
                         h.memory + 16, 1, 0) for pid in others(h, c)])


@row("signal others")
def _(h, c):
    cont = int(signal.SIGCONT)
    info = struct.pack("=iii", cont, 0, -1).ljust(128, b"\0")
    found = []
    for pid in others(h, c):
        found += [h.call("kill", pid, cont),
                  h.call("kill", pid | HIGH, cont),
                  h.call("tkill", pid, cont),
                  h.call("tgkill", pid, pid, cont),
                  h.call("rt_sigqueueinfo", pid, cont, info),
                  h.call("rt_tgsigqueueinfo", pid, pid, cont, info)]
        fd = h.call("pidfd_open", pid, 0)
        if fd >= 0:
            found += [h.call("pidfd_send_signal", fd, cont, 0, 0),
                      h.call("pidfd_getfd", fd, 0, 0)]
            closing(h, fd)
    return best(*found)


@row("limits and priorities of others")
def _(h, c):
    return best(*[h.call("prlimit64", pid, 7, struct.pack("=QQ", 0, 0), 0)
                  for pid in others(h, c)],
                *[h.call("setpriority", 0, pid, 5) for pid in others(h, c)],
                *[h.call("sched_setaffinity", pid, 8, b"\1" + bytes(7))
                  for pid in others(h, c)],
                *[h.call("ioprio_set", 1, pid, 0) for pid in others(h, c)],
                *[h.call("kcmp", pid, h.pid, 0, 0, 0) for pid in others(h, c)],
                *[h.call("migrate_pages", pid, 8, bytes(8), bytes(8))
                  for pid in others(h, c)])


@row("raise its own limits")
def _(h, c):
    most = struct.pack("=QQ", MASK, MASK)
    return best(*[h.call("setrlimit", what, most) for what in (1, 6, 7, 9)],
                *[h.call("prlimit64", 0, what, most, 0)
                  for what in (1, 4, 6, 7, 9)])


# --------------------------------------------------------------------- ids

@row("become root")
def _(h, c):
    return best(h.call("setuid", 0), h.call("setreuid", 0, 0),
                h.call("setresuid", 0, 0, 0),
                h.call("setresuid", HIGH, HIGH, HIGH),
                h.call("setresuid", MASK, HIGH, MASK),
                h.call("setresuid", MASK, 0, MASK),
                *[-errno.EPERM if h.call("geteuid") else 0])


@row("join root's groups")
def _(h, c):
    return best(h.call("setgid", 0), h.call("setregid", 0, 0),
                h.call("setresgid", 0, 0, 0),
                h.call("setresgid", HIGH, HIGH, HIGH),
                h.call("setgroups", 1, struct.pack("=I", 42)),
                h.call("setgroups", 2, struct.pack("=II", 0, 6)))


@row("become another daemon")
def _(h, c):
    return best(*[h.call("setresuid", uid | high, uid | high, uid | high)
                  for uid in c.daemon_uids if uid != c.uid_of(h)
                  for high in (0, HIGH)])


@row("become a file's user only")
def _(h, c):
    h.call("setfsuid", 0)
    h.call("setfsgid", 0)
    # They say what was before: a second call tells.
    return best(*[-errno.EPERM if r != 0 else 0 for r in
                  (h.call("setfsuid", 0), h.call("setfsgid", 0))])


@row("get capabilities")
def _(h, c):
    head = struct.pack("=Ii", 0x20080522, 0)
    every = struct.pack("=6I", 0xffffffff, 0xffffffff, 0, 0x1ff, 0x1ff, 0)
    chown = struct.pack("=6I", 1, 1, 0, 0, 0, 0)
    return best(h.call("capset", head, every), h.call("capset", head, chown),
                h.call("prctl", 47, 2, 0, 0, 0))


@row("the 32-bit and x32 entries")
def _(h, c):
    x32 = 0x40000000
    found = [h.call(x32 | 117, 0, 0, 0), h.call(x32 | 39)]
    if not h.name.startswith("pipe"):       # setresuid32, getpid, execve
        found += [h.call_32(n, 0, 0, 0) for n in (208, 20, 11)]
    return best(*found)


# ---------------------------------------------------------- the rest of it

@row("keyrings")
def _(h, c):
    return best(h.call("keyctl", 0, MASK, 0),
                h.call("add_key", "user", "x", b"y", 1, MASK - 1),
                h.call("request_key", "user", "x", 0, MASK - 1))


@row("bpf, perf, userfaultfd, io_uring")
def _(h, c):
    return best(*[closing(h, r) for r in (
        h.call("bpf", 0, bytes(64), 64),
        h.call("perf_event_open", struct.pack("=II", 1, 112).ljust(112, b"\0"),
               0, MASK, MASK, 0),
        h.call("userfaultfd", 1), h.call("userfaultfd", 0),
        h.call("io_uring_setup", 4, bytes(120)))])


@row("make itself dumpable")
def _(h, c):
    return best(h.call("prctl", 4, 1, 0, 0, 0),
                h.call("prctl", 4 | HIGH, 1, 0, 0, 0),
                h.call("prctl", 4, 1 | HIGH, 0, 0, 0))


@row("other prctl: tracer, memory map")
def _(h, c):
    return best(h.call("prctl", 0x59616d61, MASK, 0, 0, 0),
                h.call("prctl", 35, 8, h.memory, 0, 0),
                h.call("prctl", 36, 1, 0, 0, 0),
                h.call("arch_prctl", 0x1011, 1),
                h.call("modify_ldt", 1, bytes(16), 16))


@row("take off its filter")
def _(h, c):
    h.call("prctl", 22, 0, 0, 0, 0)             # PR_SET_SECCOMP: none
    h.call("prctl", 38, 0, 0, 0, 0)             # PR_SET_NO_NEW_PRIVS: off
    return best(*[-errno.EPERM if h.call("prctl", what) == on else 0
                  for what, on in ((21, 2), (39, 1))])


@row("type into a terminal")
def _(h, c):
    return best(*[h.call("ioctl", fd, number, b"x")
                  for fd in (0, 1, 2) for number in (0x5412, 0x541c,
                                                     0x5412 | HIGH)])


@row("shared memory and queues")
def _(h, c):
    return best(h.call("shmget", 0x7071, 4096, 0o1666),
                h.call("semget", 0x7071, 1, 0o1666),
                h.call("msgget", 0x7071, 0o1666),
                h.call("mq_open", "x", 0o102, 0o600, 0),
                h.call("memfd_create", "x", 0),
                h.call("memfd_secret", 0))


@row("clock, host name, modules, swap")
def _(h, c):
    return best(h.call("clock_settime", 0, bytes(16)),
                h.call("settimeofday", 0, 0), h.call("sethostname", "x", 1),
                h.call("adjtimex", struct.pack("=I", 1).ljust(256, b"\0")),
                h.call("init_module", b"x", 1, ""),
                h.call("finit_module", 0, "", 0), h.call("swapon", "/x", 0),
                h.call("kexec_load", 0, 0, 0, 0), h.call("acct", 0),
                h.call("reboot", 0, 0, 0), h.call("iopl", 3),
                h.call("ioperm", 0, 1, 1), h.call("syslog", 5, 0, 0))


@row("watch the host's files")
def _(h, c):
    fd = h.call("inotify_init1", 0)
    rc = fd if fd < 0 else best(*[
        h.call("inotify_add_watch", fd, path, 2)
        for path in ("/etc/passwd", c.other, c.queue)])
    closing(h, fd)
    return best(rc, h.call("fanotify_init", 0, 0))


EVERYONE = {"stdio", "fork", "files", "files, fork", "net", "owner"}
# Row -> the classes of filter (doc/privileges.md) and the processes for which
# it is no break-in, and why.
ALLOWED = {
    # Mail goes anywhere; dnsd has the ports of its servers.
    "connect: TCP to loopback": {"smtp-out", "smtp-out-worker"},
    "connect: a listener of ours": {"smtp-out", "smtp-out-worker"},
    "UDP to loopback": {"net"},             # names are asked for there
    "connect what is open already": {"net"},
    "socket: internet": {"net"},
    # Children: sessions, workers, helpers.
    "fork": {"fork", "files, fork", "net", "owner"},
    # Where files are made.
    "create a file in its root": {"qmgr", "qmgr-sync", "deliver-worker",
                                  "pop3-mailbox", "imap-mailbox"},
    # It opens the mailboxes of all owners; of other files it can see that they
    # are used, not what is in them.
    "watch the host's files": {"owner"},
    "chroot": {"owner"},
    "open /etc/shadow": {"pamd"},   # by its group, for pam_unix
    # The maps lie beside the settings, which everybody may read.
    "open its own configuration": {"lookupd", "authd", "authd-worker"},
    # logd sees it, and the role gets another: see test_log_channel.
    "end a channel that others share": EVERYONE,
}
# These two run code of others, modules of PAM and users' programs: their filter
# refuses what no such code needs; which files, and whom they signal, is a matter
# of their ids (and of pipe's namespace, in which nobody else exists).
UNKNOWN_CODE = {
    "open /etc/passwd", "open /proc/self/maps",
    "open its own configuration", "get a file handle",
    "socket: internet", "socket: unix",
    "socket: netlink, raw, packet",     # (the one of getaddrinfo())
    "socket pair of datagrams",
    "connect: TCP to loopback", "connect: a listener of ours",
    "connect: unix, path or abstract", "UDP to loopback", "bind and listen",
    "memory that is written and run", "fork",
    "end a channel that others share",
    "shared memory and queues", "watch the host's files",
    "execveat, by descriptor",          # (the descriptor: memfd_create())
    "other prctl: tracer, memory map",  # (threads' transparent pages)
    # It may be set; that a signal comes of it is Landlock's to refuse.
    "own a descriptor's signals",
    "limits and priorities of others",  # (those of its own id)
}
USERS_PROGRAMS = UNKNOWN_CODE | {
    # (users' processes of its own id)
    "signal others", "raise its own limits", "make itself dumpable",
}


def allowed(name, process, filter_class):
    who = ALLOWED.get(name, ())
    return process in who or filter_class in who or \
        (filter_class == "modules" and name in UNKNOWN_CODE) or \
        (filter_class == "programs" and name in USERS_PROGRAMS)
