"""doc/privileges.md against the running suite, as /proc shows it: users, groups,
root directories, capabilities, no_new_privs, filters, namespaces, descriptors.
"""
import contextlib
import os
import pwd
import re
import socket
from pathlib import Path

import pytest

from conftest import needs_root
from certs import Pair
from suite import OWNER, ROOT, Suite, namespaces, wait_for

pytestmark = [needs_root, pytest.mark.skipif(
    not namespaces(), reason="no user namespaces here")]

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
        if len(cell) == 8 and not set(cell[0]) <= set("-: ") and \
                cell[0] != "process":
            rows[cell[0]] = dict(zip(
                ("user", "root", "caps", "bounding", "filter", "namespace",
                 "open"), cell[1:]))
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
        kinds, found = self.sockets(), set()
        for fd in (self.proc / "fd").iterdir():
            try:
                target = os.readlink(fd)
            except FileNotFoundError:
                continue
            if target == "/dev/null":
                found.add("null")
            elif target.startswith("socket:["):
                found.add(kinds.get(target[8:-1], "unbound socket"))
            elif target.startswith(("anon_inode:[eventpoll]", "pipe:")):
                found.add("loop")
            else:
                found.add(self.place(target))
        return found

    def dumpable(self):
        """The files of one that is not belong to root in /proc."""
        return (self.proc / "environ").stat().st_uid == \
            int(self.status["Uid"].split()[0])


@pytest.fixture(scope="module")
def processes(tmp_path_factory):
    """Name in the table -> processes, each kind caught at work."""
    silent = socket.create_server(("127.0.0.1", 0))     # never greets
    port = silent.getsockname()[1]
    pair = Pair(tmp_path_factory.mktemp("keys"), "mx.demo.example")
    with Suite(settings={"certificates": [pair.setting()],
                         "relay_domains": ["far.example"],
                         "pipes": ["keep=/bin/cat"]},
               maps={"routes": f"far.example: smtp:[127.0.0.1]:{port}\n",
                     "aliases": "root: alice\n",
                     "virtual": "info@demo.example: bob\n"}) as paq:
        paq.send(ALICE, [BOB, "x@far.example"], "Subject: x\n\ny\n",
                 login=ALICE)
        paq.wait_stored(BOB, 1)
        clients = [paq.smtp(ALICE), paq.imap(BOB), paq.pop3(BOB)]
        clients[1].select()
        names = {r["pid"]: r["daemon"] for r in paq.status()}
        found = {}

        def look():
            found.clear()
            for pid in [paq.master.pid, *paq.tree()]:
                with contextlib.suppress(FileNotFoundError):
                    p = Process(paq, pid)
                    name = names.get(pid) or CHILDREN.get(
                        names.get(p.parent), "child of " +
                        str(names.get(p.parent)))
                    found.setdefault(name, []).append(p)
            return set(CHILDREN.values()) <= set(found)
        try:
            wait_for(look)
        except TimeoutError:
            raise AssertionError(f"only {sorted(found)}\n" +
                                 paq.trouble()) from None
        yield found
        for client in clients:
            client.sock.close()
    silent.close()


def test_the_table_names_every_process(processes):
    assert set(processes) == set(table())


def each(processes):
    rows = table()
    for name, group in processes.items():
        for p in group:
            yield name, p, rows[name]


def test_users_and_groups(processes):
    for name, p, row in each(processes):
        user = OWNER if row["user"] == "the owner" else row["user"]
        assert p.user() == user, name
        assert p.status["Groups"].strip() == "", name


def test_roots(processes):
    for name, p, row in each(processes):
        root = p.root()
        assert re.sub(r" of \w+$", "", root) == row["root"], (name, root)
        if row["root"] == "mailbox":
            assert root in ("mailbox of alice", "mailbox of bob")


def test_capabilities(processes):
    for name, p, row in each(processes):
        for which in ("CapEff", "CapPrm"):
            assert p.caps(which) == row["caps"], (name, which)
        for which in ("CapInh", "CapAmb"):
            assert p.caps(which) == "none", (name, which)
        assert p.caps("CapBnd") == row["bounding"], name


def test_no_way_to_more_rights(processes):
    for name, p, row in each(processes):
        if name == "master":
            continue
        assert p.status["NoNewPrivs"] == "1", name
        assert not p.dumpable(), name


def test_filters_and_namespaces(processes):
    for name, p, row in each(processes):
        assert (p.status["Seccomp"] == "2") == (row["filter"] != "none"), name
        assert p.namespace() == row["namespace"], name


def test_open_descriptors(processes):
    """Nothing is open that the table does not name, and of a mailbox only
    the process's own."""
    for name, p, row in each(processes):
        opened = p.open()
        boxes = {x for x in opened if x.startswith("mailbox of ")}
        assert len(boxes) <= 1, (name, opened)
        if boxes:
            assert boxes == {p.root()}, (name, opened)
            opened = opened - boxes | {"mailbox"}
        assert opened <= set(row["open"].split()), \
            (name, opened - set(row["open"].split()))


def test_empty_is_empty_and_belongs_to_root(processes):
    paq = processes["master"][0].paq
    empty = paq.dir / "empty"
    assert not list(empty.iterdir())
    assert empty.stat().st_uid == 0 and empty.stat().st_mode & 0o022 == 0


def test_maps_are_read_by_those_who_need_them(processes):
    paq = processes["master"][0].paq
    for name, group, mode in (("users", "root", 0o600),
                              ("users.db", "_paqauth", 0o640),
                              ("accounts.db", "_paqlook", 0o640),
                              ("aliases.db", "_paqlook", 0o640),
                              ("routes.db", "_paqlook", 0o640)):
        st = (paq.conf.parent / name).stat()
        assert st.st_uid == 0 and st.st_mode & 0o777 == mode, name
        assert st.st_gid == pwd.getpwnam(group).pw_gid, name
    accounts = (paq.conf.parent / "accounts.db").read_bytes()
    assert b"alice@demo.example" in accounts and b"$y$" not in accounts


def test_no_program_is_set_uid(processes):
    for program in (ROOT / "build" / "bin").iterdir():
        assert program.stat().st_mode & 0o6000 == 0, program
