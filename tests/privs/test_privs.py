"""doc/privileges.md against the running suite, as /proc shows it: users, groups,
root directories, capabilities, no_new_privs, filters, namespaces, descriptors.
What the filters and Landlock leave open is tried in test_syscalls.py.
"""
import pwd
import re

import pytest

from conftest import needs_root
from running import at_work, have_pam, look, table
from suite import BIN, OWNER, namespaces

SANITIZED = "build-san" in str(BIN)
pytestmark = [needs_root, pytest.mark.skipif(
    not namespaces(), reason="no user namespaces here")]


@pytest.fixture(scope="module")
def processes():
    """Name in the table -> processes, each kind caught at work."""
    with at_work() as paq:
        yield look(paq)


def test_the_table_names_every_process(processes):
    missing = set() if have_pam() else {"pamd"}
    assert set(processes) == set(table()) - missing


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
        assert p.core_max() == ("0", "0"), name


@pytest.mark.skipif(SANITIZED, reason="a sanitizer maps terabytes")
def test_keys_never_go_to_swap(processes):
    """All that keyd can write to is locked; nobody else may lock anything, but
    for modules of PAM and programs of users."""
    for name, p, _ in each(processes):
        limit = re.search(r"^Max locked memory +(\S+) +(\S+)",
                          (p.proc / "limits").read_text(), re.M).groups()
        if name == "keyd" and limit[0] != str(256 << 20):
            print("RLIMIT_MEMLOCK cannot be raised here")
            assert "memory-not-locked" in p.paq.log_text()
        elif name == "keyd":
            parts = re.findall(r"^[0-9a-f]+-[0-9a-f]+ (rw.p)[^\n]*\n"
                               r".*?^VmFlags: ([^\n]*)",
                               (p.proc / "smaps").read_text(), re.M | re.S)
            assert len(parts) > 5
            assert all("lo" in flags.split() for _, flags in parts), parts
        elif name not in ("master", "pamd", "pipe"):
            assert limit == ("0", "0"), name
            assert p.status["VmLck"].strip() == "0 kB", name


def test_filters_and_namespaces(processes):
    for name, p, row in each(processes):
        assert (p.status["Seccomp"] == "2") == (row["filter"] != "none"), name
        assert p.namespace() == row["namespace"], name


def test_how_many(processes):
    for name, row in table().items():
        if row["many"].isdigit() and name in processes:
            assert len(processes[name]) <= int(row["many"]), name


def test_open_descriptors(processes):
    """Nothing is open that the table does not name, no more than it says, and
    of a mailbox only the process's own."""
    for name, p, row in each(processes):
        opened = p.open()
        boxes = {x for x in opened if x.startswith("mailbox of ")}
        assert boxes <= {p.root()}, (name, opened)
        for box in boxes:
            opened["mailbox"] += opened.pop(box)
        most = dict(word.rsplit(":", 1) for word in row["open"].split())
        if SANITIZED:       # (to say what they find)
            opened.pop("stderr", None)
        for kind, n in opened.items():
            assert kind in most, (name, kind)
            assert most[kind] == "*" or n <= int(most[kind]), (name, kind, n)


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
    for program in BIN.iterdir():
        assert program.stat().st_mode & 0o6000 == 0, program
