"""The table of doc/privileges.md, and a suite in which each process that it names
is at work.
"""
import contextlib
import os
import pwd
import re
import socket
import tempfile
from collections import Counter
from pathlib import Path

from certs import Pair
from suite import BIN, ROOT, Suite, wait_for

ALICE, BOB = "alice@demo.example", "bob@demo.example"
# Bits of <linux/capability.h>.
CAPS = dict(enumerate("chown dac_override dac_read_search fowner fsetid kill "
                      "setgid setuid setpcap linux_immutable "
                      "net_bind_service net_broadcast net_admin net_raw "
                      "ipc_lock ipc_owner sys_module sys_rawio "
                      "sys_chroot".split()))
# What a child of a daemon is called in the table.
CHILDREN = {"authd": "authd-worker", "qmgr": "qmgr-sync",
            "smtpd": "smtpd-session", "smtp-out": "smtp-out-worker",
            "deliver": "deliver-worker", "pop3-session": "pop3-mailbox",
            "imap-session": "imap-mailbox"}


def table():
    """Rows of the document's table, by process."""
    text = (ROOT / "doc" / "privileges.md").read_text()
    rows = {}
    for line in text.splitlines():
        cell = [c.strip().strip("`") for c in line.split("|")[1:-1]]
        if len(cell) == 9 and not set(cell[0]) <= set("-: ") and \
                cell[0] != "process":
            rows[cell[0]] = dict(zip(
                ("many", "user", "root", "caps", "bounding", "filter",
                 "namespace", "open"), cell[1:]))
    return rows


class Process:
    def __init__(self, paq, pid):
        self.paq, self.pid = paq, pid
        self.proc = Path(f"/proc/{pid}")
        self.status = dict(
            line.split(":\t", 1) for line in
            (self.proc / "status").read_text().splitlines() if ":\t" in line)
        self.parent = int(self.status["PPid"])

    def caps(self, which):
        bits = int(self.status[which], 16)
        return " ".join(CAPS.get(b, str(b)) for b in range(64)
                        if bits >> b & 1) or "none"

    def place(self, path):
        """A path as the document calls it."""
        for name, top in (("queue", self.paq.queue), ("log", self.paq.log),
                          ("empty", self.paq.dir / "empty"),
                          ("logins", self.paq.dir / "auth"),
                          ("stderr", self.paq.dir / "stderr"),
                          ("pidfile", self.paq.dir / "run" / "master.pid")):
            if path == str(top) or path.startswith(f"{top}/"):
                return name
        if path == str(self.paq.conf.parent):
            return "maps"
        if path.startswith(f"{self.paq.conf.parent}/"):
            return Path(path).name
        if path == str(self.paq.mail):
            return "mailboxes"
        found = re.match(rf"{self.paq.mail}/demo\.example/(\w+)/Maildir\b",
                         path)
        if found:
            return f"mailbox of {found.group(1)}"
        return path

    def root(self):
        return self.place(os.readlink(self.proc / "root"))

    def user(self):
        ids = set(self.status["Uid"].split())
        gids = set(self.status["Gid"].split())
        assert len(ids) == 1 and len(gids) == 1, self.status["Uid"]
        entry = pwd.getpwuid(int(ids.pop()))
        assert gids == {str(entry.pw_gid)}
        return entry.pw_name

    def namespace(self):
        own = os.readlink(self.proc / "ns" / "user")
        return "own" if own != os.readlink("/proc/self/ns/user") else "host"

    def sockets(self):
        """inode -> what it is."""
        kinds = {}
        for kind in ("tcp", "tcp6", "udp", "udp6"):
            with contextlib.suppress(OSError):
                for line in (self.proc / "net" / kind).read_text() \
                        .splitlines()[1:]:
                    word = line.split()
                    kinds[word[9]] = "udp" if "udp" in kind else \
                        "listener" if word[3] == "0A" else "peer"
        for line in (self.proc / "net" / "unix").read_text().splitlines()[1:]:
            word = line.split()
            kinds[word[6]] = Path(word[7]).name if len(word) > 7 and \
                word[7].startswith(str(self.paq.dir)) else "channel"
        return kinds

    def open(self):
        """Counter of what is open, as the document calls it."""
        kinds, found = self.sockets(), Counter()
        for fd in (self.proc / "fd").iterdir():
            try:
                target = os.readlink(fd)
            except FileNotFoundError:
                continue
            if target == "/dev/null":
                found["null"] += 1
            elif target.startswith("socket:["):
                found[kinds.get(target[8:-1], "unbound socket")] += 1
            elif target.startswith(("anon_inode:[eventpoll]", "pipe:")):
                found["loop"] += 1
            else:
                found[self.place(target)] += 1
        return found

    def core_max(self):
        limits = (self.proc / "limits").read_text()
        return re.search(r"^Max core file size +(\S+) +(\S+)", limits,
                         re.M).groups()

    def dumpable(self):
        """The files of one that is not belong to root in /proc."""
        return (self.proc / "environ").stat().st_uid == \
            int(self.status["Uid"].split()[0])


def look(paq):
    """Name in the table -> its processes."""
    names = {r["pid"]: r["daemon"] for r in paq.status()}
    found = {}
    for pid in [paq.master.pid, *paq.tree()]:
        with contextlib.suppress(FileNotFoundError):
            p = Process(paq, pid)
            name = names.get(pid) or CHILDREN.get(
                names.get(p.parent), f"child of {names.get(p.parent)}")
            found.setdefault(name, []).append(p)
    return found


def have_pam(bin_dir=BIN, **_):
    """A build without PAM has no pamd."""
    return (bin_dir / "pamd").exists()


@contextlib.contextmanager
def at_work(**more):
    """A suite with a client of each kind, and a delivery that does not end."""
    silent = socket.create_server(("127.0.0.1", 0))     # never greets
    port = silent.getsockname()[1]
    with tempfile.TemporaryDirectory() as keys, \
            Suite(settings={"relay_domains": ["far.example"],
                         "certificates":
                         [Pair(keys, "mx.demo.example").setting()],
                         "pipes": ["keep=/bin/cat"],
                         "pam_service": "other" if have_pam(**more) else None},
               maps={"routes": f"far.example: smtp:[127.0.0.1]:{port}\n",
                     "aliases": "root: alice\n",
                     "virtual": "info@demo.example: bob\n"}, **more) as paq:
        paq.send(ALICE, [BOB, "x@far.example"], "Subject: x\n\ny\n",
                 login=ALICE)
        paq.wait_stored(BOB, 1)
        clients = [paq.smtp(ALICE), paq.imap(BOB), paq.pop3(BOB)]
        clients[1].select()
        try:
            wait_for(lambda: set(CHILDREN.values()) <= set(look(paq)))
        except TimeoutError:
            raise AssertionError(f"only {sorted(look(paq))}\n" +
                                 paq.trouble()) from None
        paq.silent = silent     # the other server of the smtp-out-worker
        yield paq
        for client in clients:
            client.sock.close()
    silent.close()
