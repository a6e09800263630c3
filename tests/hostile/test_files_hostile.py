"""The whole suite, and qmgr alone, against what somebody plants, bends or swaps
in the file system, and against who calls them with what umask.

Each test is named after the entries of doc/threats.md that it concerns.
LONG=1 adds the large forms.
"""
import contextlib
import os
import pwd
import re
import shutil
import socket
import stat
import sys
import threading
import time
from pathlib import Path

import pytest

from conftest import needs_root, needs_strace
from fake_qmgr import Qmgr, whole_file
from fake_suite import Client
from suite import BIN, OWNER, ROOT, Suite, wait_for

sys.path.insert(0, str(ROOT / "tests" / "dialog"))
from imap_client import Client as Imap  # noqa: E402

ALICE, BOB = "alice@demo.example", "bob@demo.example"
LONG = bool(os.environ.get("LONG"))
TEXT = "Subject: x\n\nbody\n"


# --------------------------------------------------- E9: a queue file is bent

QUEUE_USER = 65534      # as Qmgr runs it


def put(q, name, octets, place="incoming"):
    path = q.queue / place / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(octets)
    if q.drop:
        for p in (path, path.parent, path.parent.parent):
            os.chown(p, QUEUE_USER, QUEUE_USER)
    return path


def bent_files(whole, step):
    """Each octet flipped, each length cut to, and what else there may be."""
    for i in range(0, len(whole), step):
        for bit in ((1, 0x80) if LONG else (1 << i % 8,)):
            yield whole[:i] + bytes([whole[i] ^ bit]) + whole[i + 1:]
    for n in range(1, len(whole), step):
        yield whole[:n]
    yield whole + b"\n"
    yield whole + whole
    yield whole + b"garbage without an end"
    yield whole.replace(b"queue 1 ", b"queue 2 ")
    yield b"paquebot-queue 99999999999999999999 envelope" + whole[40:]
    yield b"\xff" * 4096
    yield b"paquebot-queue 1 envelope 99999999 message 999999999999 " + \
        whole[57:]


def test_E9_bent_queue_files():
    """Put aside and said once; or dropped where nothing was promised; or, if
    only what was added at the end is bad, delivered as it was.  Never anything
    else; the rest of the queue goes on, and so does the process."""
    message = b"Subject: E9\r\n\r\n" + b"x" * 60 + b"\r\n"
    whole = whole_file(ALICE, [BOB], message)
    q = Qmgr()
    bent = dict(("%019d%d" % (n, n % 10), octets) for n, octets in
                enumerate(bent_files(whole, 1 if LONG else 3), 10 ** 17))
    for name, octets in bent.items():
        put(q, name, octets, "deferred/" + name[-1] if hash(name) % 4 == 0
            else "incoming")
    good = ["0BCDFGHJKMNPQRSTVWX%d" % n for n in range(5)]
    for name in good:
        put(q, name, whole_file(ALICE, ["carol@demo.example"], message))
    sparse = put(q, "%020d" % 7, whole)
    os.truncate(sparse, 1 << 30)
    with q:
        q.wait(lambda: len(q.delivered("carol@demo.example")) == 5,
               "the good ones")
        q.wait(lambda: not q.files("incoming") and not q.files("deferred"),
               "an end of the bad ones", 60)
        for job in q.delivered(BOB):
            assert job.text == message
            assert bent.get(job.id, whole)[:len(whole)] == whole
        aside = q.files("corrupt")
        assert len(aside) > len(bent) // 2
        said = [e["id"] for e in q.events("corrupt")]
        assert sorted(said) == sorted(aside), "each is said once"
        pid = q.process.pid
        status = Path(f"/proc/{pid}/status").read_text()
        assert int(re.search(r"VmHWM:\s+(\d+)", status)[1]) < 64 << 10
        before = len(q.logs)
        q.restart()
        q.commit(ALICE, ["dave@demo.example"])
        q.wait(lambda: q.delivered("dave@demo.example"), "new mail")
        assert not [x for x in q.logs[before:] if "event=corrupt " in x]
        assert set(q.files("corrupt")) == set(aside)


# --------------------------------------- E1: what is planted in the directories

def plant(top, outside, names):
    """One of each kind, under names that a program would look at."""
    names = iter(names)
    (top / next(names)).symlink_to(outside)
    (top / next(names)).symlink_to("/nowhere/at/all")
    os.mkfifo(top / next(names))
    with socket.socket(socket.AF_UNIX) as s:
        s.bind(str(top / next(names)))
    (top / next(names)).mkdir()
    os.link(outside, top / next(names))
    huge = top / next(names)
    huge.touch()
    os.truncate(huge, 1 << 34)
    if os.geteuid() == 0:
        with contextlib.suppress(PermissionError):
            os.mknod(top / next(names), stat.S_IFCHR | 0o666,
                     os.makedev(1, 5))          # /dev/zero


def test_E1_planted_in_the_queue():
    """By whoever is the queue's user: nothing of it is read as mail, nothing
    is waited for, and the queue goes on."""
    q = Qmgr()
    outside = q.dir / "outside"
    outside.write_bytes(whole_file(ALICE, ["evil@demo.example"]))
    os.chmod(outside, 0o600)
    tops = [q.queue / p for p in ("incoming", "deferred/0", "hold")]
    for n, top in enumerate(tops):
        top.mkdir(parents=True)
        plant(top, outside, ("%019d%d" % (n * 100 + i, n) for i in range(20)))
        if q.drop:
            os.chown(top, QUEUE_USER, QUEUE_USER)
            os.chown(top.parent, QUEUE_USER, QUEUE_USER)
    with q:
        assert len(q.commit(ALICE, [BOB])) == 20
        q.wait(lambda: q.delivered(BOB), "mail")
        time.sleep(0.5)
        if q.drop:      # the hard link's file is somebody else's
            assert not q.delivered("evil@demo.example")
        assert any(e in line for line in q.logs for e in (
            "event=foreign-files", "event=unreadable", "event=corrupt"))
        assert outside.exists() and outside.stat().st_size > 80
        q.control("queue-list")


@needs_root
def test_E1_planted_in_a_mailbox(make_suite):
    """By its owner: a delivery goes on, IMAP and POP3 show what is mail, and
    nobody hangs on a FIFO or reads what the owner may not."""
    paq = make_suite(listen=("mx", "pop3", "imap"))
    paq.write().start()
    paq.send("a@b.example", ALICE, TEXT)
    paq.wait_stored(ALICE, 1)
    secret = paq.dir / "secret"
    secret.write_text("Subject: secret\n\nsecret\n")
    os.chmod(secret, 0o600)
    box = paq.maildir(ALICE)
    for sub in ("new", "cur", "tmp", "."):
        plant(box / sub, secret, (f"17{i:08}.{sub.strip('.')}p.x"
                                  for i in range(20)))
    (box / "subscriptions").unlink(missing_ok=True)
    (box / "subscriptions").symlink_to(secret)
    owner = pwd.getpwnam(OWNER)
    for path in box.rglob("*"):
        if os.stat(path, follow_symlinks=False).st_ino != \
                secret.stat().st_ino:
            os.chown(path, owner.pw_uid, owner.pw_gid, follow_symlinks=False)
    paq.send("a@b.example", ALICE, TEXT)
    paq.wait_queue_empty(60)
    with paq.imap(ALICE) as client:
        status, count = client.select()
        assert status == "OK" and int(count[0]) >= 2, (status, count)
        for n in range(1, int(count[0]) + 1):
            status, got = client.fetch(str(n), "(BODY.PEEK[HEADER])")
            assert b"secret" not in repr(got).encode()
        assert client.create("other")[0] in ("OK", "NO")
    assert secret.read_text() == "Subject: secret\n\nsecret\n"
    assert secret.stat().st_uid == 0
    # What no longer tells the keywords cannot be opened, by this owner.
    (box / "dovecot-keywords").unlink(missing_ok=True)
    (box / "dovecot-keywords").symlink_to(secret)
    with paq.imap(ALICE) as client:
        assert client.select()[0] == "NO"
    (box / "dovecot-keywords").unlink()
    # What no longer tells the quota holds mail up, for this owner alone.
    (box / "maildirsize").symlink_to(secret)
    paq.send("a@b.example", [ALICE, BOB], TEXT)
    paq.wait_stored(BOB, 1)
    paq.wait_log("event=deferred .*cannot tell the quota")
    (box / "maildirsize").unlink()
    paq.paquebot("queue", "flush")
    paq.wait_queue_empty()
    assert "crashed" not in paq.log_text()


def test_E1_G1_nothing_is_open_to_everybody(make_suite):
    """No directory of a running suite may be written by others, no program
    gives rights to who runs it, and the sockets are whose they should be."""
    paq = make_suite(listen=("mx", "imap"))
    paq.write().start()
    paq.send("a@b.example", ALICE, TEXT)
    paq.wait_stored(ALICE, 1)
    with paq.imap(ALICE) as client:
        client.create("folder")
    for path in [paq.dir, *paq.dir.rglob("*")]:
        info = path.lstat()
        if stat.S_ISLNK(info.st_mode):
            continue
        if stat.S_ISSOCK(info.st_mode):
            assert info.st_mode & 0o777 in (
                (0o666,) if path.name == "submit" else (0o600, 0o660)), path
            continue
        assert not info.st_mode & 0o002, path
        assert not info.st_mode & 0o6000, path
    for program in BIN.iterdir():
        assert not program.stat().st_mode & 0o6022, program
        assert "security.capability" not in os.listxattr(program), program
    assert re.search(r"INSTALL\) -m 755 .*DAEMONS", (
        ROOT / "Makefile").read_text().replace("\\\n", ""))


# ----------------------------------- E2: a mailbox that is swapped all the time

@needs_root
def test_E2_links_that_come_and_go(make_suite):
    """While mail arrives, the owner puts links to elsewhere in place of the
    directories, and takes them away: not one file appears elsewhere, and all
    mail arrives in the end."""
    many = 10000 if LONG else 150
    paq = make_suite(listen=("mx", "imap"),
                     settings={"retry_min": "1s", "retry_max": "1s",
                               "mailbox_roots": None})
    paq.settings["mailbox_roots"] = [paq.mail]
    paq.write().start()
    for box in (ALICE, BOB):
        paq.send("a@b.example", box, TEXT)
        paq.wait_stored(box, 1)
    outside = paq.dir / "outside"
    for sub in ("", "new", "cur", "tmp"):
        (outside / sub).mkdir()
        os.chmod(outside / sub, 0o777)      # a delivery could write there
    before = sorted(str(p) for p in paq.maildir(BOB).rglob("*"))
    box, over = paq.maildir(ALICE), threading.Event()
    owner = pwd.getpwnam(OWNER)

    def swap():
        places = [outside, paq.maildir(BOB), Path("/etc"), Path("/tmp")]
        n = 0
        while not over.is_set():
            n += 1
            where = box / ("new", "tmp", "cur")[n % 3] if n % 4 else box
            to = places[n % len(places)]
            to = to / where.name if where != box and n % 2 else to
            aside = where.with_name(where.name + ".aside")
            os.rename(where, aside)
            if n % 5:
                where.symlink_to(to)
            else:
                os.mkfifo(where)
            os.chown(where, owner.pw_uid, owner.pw_gid, follow_symlinks=False)
            time.sleep(0.002)
            # A delivery may have made the directory anew meanwhile.
            if where.is_dir() and not where.is_symlink():
                for sub in where.rglob("*"):
                    if sub.is_file():
                        found.append(sub.read_bytes())
                shutil.rmtree(where)
            else:
                where.unlink()
            os.rename(aside, where)
            time.sleep(0.002)

    found = []
    swapper = threading.Thread(target=swap)
    swapper.start()
    try:
        with paq.smtp(port="mx") as client:
            for n in range(many):
                client.sendmail("a@b.example", [ALICE],
                                f"Subject: n{n}!\r\n\r\nx\r\n")
    finally:
        time.sleep(1)
        over.set()
        swapper.join()
    paq.paquebot("queue", "flush")
    paq.wait_queue_empty(60)
    assert not [p for p in outside.rglob("*") if p.is_file()]
    assert sorted(str(p) for p in paq.maildir(BOB).rglob("*")) == before
    got = b"".join(found + [f.read_bytes() for f in paq.stored(ALICE)])
    missing = [n for n in range(many) if b"Subject: n%d!" % n not in got]
    # What was in tmp/ at a swap is tried again; what this test itself removed
    # with a directory was noted above.
    assert not missing, missing


def calls_of(trace):
    """pid -> [(call, all of its line)], whole also when others came between."""
    found, begun = {}, {}
    for line in trace.splitlines():
        pid, _, rest = line.partition(" ")
        rest = rest.strip()
        if rest.endswith("<unfinished ...>"):
            begun[pid] = rest
            continue
        if again := re.match(r"<\.\.\. \w+ resumed>(.*)", rest):
            rest = begun.pop(pid, "") + again[1]
        if call := re.match(r"(\w+)\(", rest):
            found.setdefault(pid, []).append((call[1], rest))
    return found


@needs_root
@needs_strace
def test_E2_the_owner_before_the_first_path(tmp_path, make_suite):
    """Delivery, IMAP and POP3: no groups, the owner's gid, the owner's uid, in
    this order and before any path is looked at; then every path is a single
    name below a directory that is held, and no link is followed."""
    path, owner = tmp_path / "trace", pwd.getpwnam(OWNER)
    paq = make_suite(listen=("mx", "imap", "pop3"), wrapper=[
        "strace", "-f", "-qq", "--seccomp-bpf", "-s", "200", "-o", str(path),
        "-e", "trace=%file,/^set.*[ug]id,setgroups"])
    paq.write().start()
    paq.send("a@b.example", BOB, TEXT)
    paq.wait_stored(BOB, 1)
    with paq.imap(BOB) as client:
        client.select("INBOX")
        assert client.fetch("1", "BODY[]")[0] == "OK"
    client = paq.pop3(BOB)
    assert b"body" in client.retr(1)[1]
    client.quit()
    wait_for(lambda: paq.log_text().count("event=logout") == 2)
    paq.paquebot("stop")
    paq.master.wait(20)
    uid, gid = owner.pw_uid, owner.pw_gid
    become = f"setresuid({uid}, {uid}, {uid})"
    owners = [calls for calls in calls_of(path.read_text(
        errors="replace")).values() if any(
            line.startswith(become) for _, line in calls)]
    assert len(owners) == 3     # one for each of what was done
    for calls in owners:
        lines = [re.sub(r"\) += ", ") = ", line) for _, line in calls]
        assert lines[:3] == ["setgroups(0, NULL) = 0",
                             f"setresgid({gid}, {gid}, {gid}) = 0",
                             f"{become} = 0"], lines[:5]
        opened = [line for call, line in calls if call.startswith("open")]
        assert opened
        for line in opened:
            assert "O_NOFOLLOW" in line or re.match(
                r'openat\(\d+, "\.", ', line), line
        for line in lines[3:]:
            named = re.findall(r'"([^"]*)"', line)
            assert line.startswith('chdir("/")') or all(
                "/" not in n and n != ".." for n in named), line


# ----------------------------------------------------- E12: the caller's umask

def everything(paq):
    with paq.imap(ALICE) as client:
        client.create("folder")
        client.append("folder", None, None, b"Subject: x\r\n\r\nx\r\n")
        client.subscribe("folder")
        client.select("INBOX")
        client.store("1", "+FLAGS", "(word)")
    paq.send("a@b.example", [ALICE, "x@far.example"], TEXT)
    paq.wait_stored(ALICE, 2)


@needs_root
@pytest.mark.parametrize("umask", ["000", "022", "777"])
def test_E12_the_umask_of_who_starts_it(make_suite, umask):
    """Files of mail are 0600 and directories 0700 all the same; no core, no
    look into a process's memory."""
    paq = make_suite(listen=("mx", "imap"), settings={
        "relay_domains": ["far.example"]},
        maps={"routes": "far.example: smtp:[127.0.0.1]:1\n"},
        wrapper=["sh", "-c", f'umask {umask}; exec "$@"', "sh"])
    paq.write().start()
    paq.send("a@b.example", ALICE, TEXT)
    paq.wait_stored(ALICE, 1)
    everything(paq)
    wait_for(paq.queued)
    seen = 0
    for top in (paq.mail / "demo.example", paq.queue):
        for path in [top, *top.rglob("*")]:
            mode = path.lstat().st_mode
            want = 0o700 if stat.S_ISDIR(mode) else 0o600
            assert stat.S_IMODE(mode) == want, (path, oct(mode))
            seen += 1
    assert seen > 15
    assert paq.log.stat().st_mode & 0o137 == 0
    for pid in [paq.master.pid, *paq.tree()]:
        with contextlib.suppress(FileNotFoundError):
            limits = Path(f"/proc/{pid}/limits").read_text()
            assert re.search(r"^Max core file size +0 +0 ", limits, re.M)
            # The files of one that is not dumpable belong to root.
            assert os.stat(f"/proc/{pid}/environ").st_uid == 0
    assert not list(paq.dir.rglob("core*"))


@pytest.mark.parametrize("umask", ["000", "777"])
def test_E12_the_umask_of_who_makes_maps(make_suite, umask):
    """What holds hashes is for root and authd alone."""
    paq = make_suite(listen=("mx",))
    paq.make_directories()
    paq.write_conf()
    old = os.umask(int(umask, 8))
    try:
        paq.paquebot("user", "add", "carol@demo.example", stdin="x\n")
        (paq.conf.parent / "aliases").write_text("a: carol\n")
        os.chmod(paq.conf.parent / "aliases", 0o644)
        paq.paquebot("map", "aliases")
    finally:
        os.umask(old)
    for path in paq.conf.parent.iterdir():
        mode = path.stat().st_mode & 0o777
        assert not mode & 0o022, path
        if path.name.startswith("users"):
            assert not mode & 0o007, (path, oct(mode))
        if path.suffix == ".db":
            assert mode & 0o400, path


# -------------------------- A1, A11, D7: what is run and opened, as strace sees

NASTY = ["../zqx", "zqx/../../etc/passwd", "/etc/zqx", "zqx;id", "zqx|id",
         "$(zqx)", "`zqx`", "*)(uid=zqx", "'zqx", "%dzqx", "zqx\x01",
         "~zqx", "&AC8-zqx", "..zqx", "zqx" * 200]


def nasty_clients(paq):
    for n, text in enumerate(NASTY):
        c = Client(socket.create_connection((paq.host, paq.port["mx"]), 30))
        c.reply()
        c.say(f"EHLO {text}")
        c.say("EHLO good.example")
        for line in (f"MAIL FROM:<{text}>", f"MAIL FROM:<{text}@x.example>",
                     "RSET", "MAIL FROM:<a@b.example>",
                     f"RCPT TO:<{text}>", f"RCPT TO:<{text}@demo.example>",
                     f"RCPT TO:<alice@{text}>", f"VRFY {text}",
                     f"ETRN {text}"):
            try:
                c.say(line)
            except EOFError:
                break
        c.close()
        with socket.create_connection((paq.host, paq.port["imap"]), 30,
                                      (f"127.60.{n}.1", 0)) as s:
            m = Imap(s, 30)
            m.line()
            m.send(b"a LOGIN {%d+}\r\n%s zqx\r\n" % (
                len(text), text.encode()))
            with contextlib.suppress(EOFError):
                m.line()
    s = socket.create_connection((paq.host, paq.port["imap"]), 30)
    m = Imap(s, 30)
    m.line()
    m.ok(f'LOGIN {ALICE} "{paq.users[ALICE]}"')
    for text in NASTY[:4] + NASTY[12:14]:
        for verb in ("SELECT", "DELETE", "SUBSCRIBE", "STATUS"):
            m.cmd(b"%s {%d+}\r\n%s%s" % (
                verb.encode(), len(text), text.encode(),
                b" (MESSAGES)" if verb == "STATUS" else b""))


@needs_strace
@needs_root
def test_A1_A11_D7_what_is_run_and_opened(make_suite):
    """The whole suite under strace: the only programs ever run are ours, with
    no octet of the net in their words and no shell among them; no path is
    opened that a client put together."""
    paq = make_suite(listen=("mx", "imap"), settings={
        "confinement": "available"})
    trace = paq.dir / "trace"
    paq.wrapper = ["strace", "-f", "-qq", "-s", "4096", "-o", str(trace),
                   "-e", "trace=execve,execveat,open,openat,openat2,creat,"
                   "mkdir,mkdirat,rename,renameat,renameat2,unlinkat"]
    paq.write().start(seconds=90)
    try:
        paq.send("a@b.example", ALICE, TEXT)
        paq.wait_stored(ALICE, 1, seconds=60)
        nasty_clients(paq)
    finally:
        paq.paquebot("stop")
        paq.master.wait(60)
    lines = trace.read_text(errors="replace").splitlines()
    runs = [x for x in lines if re.search(r"\bexecve(at)?\(", x)]
    assert len(runs) >= 12
    for line in runs:
        found = re.search(r'execve(?:at)?\("([^"]+)", (\[.*?\]|0x\w+)', line)
        if found is None:
            assert "resumed" in line or "unfinished" in line, line
            continue
        assert found[1].startswith(str(BIN)), line
        assert "zqx" not in line and "demo.example" not in line, line
    for line in lines:
        if "zqx" not in line:
            continue
        # A name that is one name beneath the mailbox is the owner's business.
        name = re.search(r'"([^"]*zqx[^"]*)"', line)[1]
        assert "/" not in name.strip("./") or name.startswith("."), line
        assert ".." not in name.split("/"), line
    assert any("Maildir" in x for x in lines), "it saw no mailbox"
