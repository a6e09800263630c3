"""The processes of a running suite: what local users may say to its sockets,
what it carries from one process into another, what it is limited to, and what
of it believes foreign octets as root.

Each test is named after the entries of doc/threats.md that it concerns.
LONG=1 adds the large forms.
"""
import array
import contextlib
import os
import re
import signal
import socket
import struct
import subprocess
import time
from pathlib import Path

import pytest

from certs import Pair
from conftest import needs_root
from fake_out import Server
from fake_suite import Suite as Smtpd
from suite import BIN, ROOT, Suite, wait_for

ALICE, BOB = "alice@demo.example", "bob@demo.example"
TEXT = "Subject: x\n\nbody\n"
LONG = bool(os.environ.get("LONG"))
SANITIZED = "san" in BIN.parent.name
CANARY = "canary-b5e1c07a-of-master"


@pytest.fixture(scope="module")
def shared():
    s = Suite(listen=("mx", "submission", "pop3", "imap"))
    # Only master has to know this name.
    s.settings["run_dir"] = s.dir / CANARY
    with s:
        yield s


@pytest.fixture
def paq(shared):
    """Afterwards the same processes serve."""
    def daemons():
        return {r["daemon"]: (r["pid"], r["state"]) for r in shared.status()}
    before = daemons()
    yield shared
    assert daemons() == before
    n = len(shared.stored(BOB))
    shared.send("a@b.example", BOB, TEXT)
    shared.wait_stored(BOB, n + 1)


# ----------------------------------------------- E11: sockets of local users

REQUEST = 32 + 1025         # lib/ipc/control.h
NOISE = [b"", b"\0", b"\xff" * REQUEST, b"\0" * REQUEST, b"status",
         b"status".ljust(32, b"\0") + b"\xff" * 1025,
         b"s" * REQUEST, b"stop\n".ljust(REQUEST, b"\0"),
         b"status".ljust(REQUEST - 1, b"\0"),
         b"status".ljust(REQUEST, b"\0") + b"stop".ljust(REQUEST, b"\0"),
         struct.pack(">I", 0), struct.pack(">I", 0xffffffff) * 300,
         b"%s%n%s%n".ljust(REQUEST, b"\0"), os.urandom(65536),
         b"queue-show".ljust(32, b"\0") + b"../../etc/passwd".ljust(
             1025, b"\0"),
         b"queue-remove".ljust(32, b"\0") + b"a" * 1024 + b"\0",
         b"queue-" + b"x" * 25 + b"\0" + b"*".ljust(1025, b"\0"),
         b"EHLO x\r\nMAIL FROM:<" + b"x" * 5000, b"\r\n" * 3000,
         b"GET / HTTP/1.1\r\n\r\n"]


def say(path, octets, fds=0, wait=True):
    with socket.socket(socket.AF_UNIX) as s:
        s.settimeout(10)
        s.connect(str(path))
        with contextlib.suppress(ConnectionError):
            if fds:
                s.sendmsg([octets or b"x"], [(
                    socket.SOL_SOCKET, socket.SCM_RIGHTS,
                    array.array("i", [0] * fds))])
            else:
                s.sendall(octets)
            if wait:
                s.shutdown(socket.SHUT_WR)
                while s.recv(65536):
                    pass


@pytest.mark.parametrize("name", ["control", "submit"])
def test_E11_noise_on_the_path_sockets(paq, name):
    """Whole, cut, with descriptors nobody asked for, and left in the middle:
    the connection ends, nothing else."""
    path = paq.dir / CANARY / name

    def descriptors():
        return {r["daemon"]: len(os.listdir(f"/proc/{r['pid']}/fd"))
                for r in paq.status() if r["pid"]}
    before = descriptors()
    for noise in NOISE:
        say(path, noise)
        say(path, noise[:len(noise) // 2], wait=False)
        for fds in (1, 200):
            say(path, noise[:1000], fds=fds)
    for _ in range(300):
        say(path, b"x", wait=False)

    def as_before():
        now = descriptors()
        return all(now[d] <= before[d] + 1 for d in before)
    wait_for(as_before)
    assert not paq.queued()


@needs_root
def test_E11_who_may_connect(paq):
    """Anybody may hand in mail; orders are for root alone."""
    paths = (paq.dir / CANARY / "submit", paq.dir / CANARY / "control")
    script = ("import os,socket,sys\n"
              "os.setgroups([]); os.setgid(65534); os.setuid(65534)\n"
              "s=socket.socket(socket.AF_UNIX)\n"
              "try: s.connect(sys.argv[1])\n"
              "except PermissionError: sys.exit(3)\n")
    codes = [subprocess.run(["/usr/bin/python3", "-c", script, str(p)],
                            check=False).returncode for p in paths]
    assert codes == [0, 3]
    # And no other socket lies in the file system, nor an abstract one of ours.
    sockets = [p for p in paq.dir.rglob("*") if p.is_socket()]
    assert sorted(p.name for p in sockets) == ["control", "submit"]


def test_E11_names_that_orders_may_have(paq):
    """An operator's words reach qmgr checked: none is a path."""
    for word in ("../../etc/passwd", "/etc/passwd", "..", "x" * 900, "%n",
                 "0" * 20, "*", "; id"):
        for verb in ("show", "hold", "release", "remove"):
            done = paq.paquebot("queue", verb, word, check=False)
            assert "root:" not in done.stdout + done.stderr
    assert paq.status()


# --------------------------------------- G2, G4: nothing comes along with exec

def stable(pid):
    """(program, AT_RANDOM's octets, where the program lies)"""
    proc = Path(f"/proc/{pid}")
    exe = os.readlink(proc / "exe")
    aux = (proc / "auxv").read_bytes()
    for at in range(0, len(aux) - 15, 16):
        kind, value = struct.unpack_from("=QQ", aux, at)
        if kind == 25:              # AT_RANDOM
            with open(proc / "mem", "rb", buffering=0) as mem:
                mem.seek(value)
                octets = mem.read(16)
    first = (proc / "maps").read_text().split("-", 1)[0]
    return exe, octets, first


@needs_root
@pytest.mark.skipif(SANITIZED, reason="a sanitizer lays memory out its way")
def test_G4_each_daemon_is_laid_out_anew(paq):
    """Each was started by exec: other random octets, another place."""
    rows = {r["pid"] for r in paq.status()} | {paq.master.pid}
    seen = [stable(pid) for pid in rows]
    assert len({s[1] for s in seen}) == len(rows)
    assert len({s[2] for s in seen}) == len(rows)
    assert len({s[0] for s in seen}) >= 10


def holds(pid, octets):
    with open(f"/proc/{pid}/mem", "rb", buffering=0) as mem:
        for line in open(f"/proc/{pid}/maps"):
            where, rights = line.split()[:2]
            start, end = (int(x, 16) for x in where.split("-"))
            if "r" not in rights or "[v" in line or end - start > 1 << 28:
                continue
            with contextlib.suppress(OSError, ValueError):
                mem.seek(start)
                if octets in mem.read(end - start):
                    return True
    return False


@needs_root
def test_G4_no_daemon_has_what_master_had(paq):
    """What only master was told is in no other memory, and nobody is given
    its environment."""
    client = paq.imap(BOB)
    assert holds(paq.master.pid, CANARY.encode())
    seen = 0
    for pid in paq.tree():
        with contextlib.suppress(FileNotFoundError, ProcessLookupError):
            assert not holds(pid, CANARY.encode()), \
                os.readlink(f"/proc/{pid}/exe")
            environ = Path(f"/proc/{pid}/environ").read_bytes()
            assert CANARY.encode() not in environ
            assert SANITIZED or environ.strip(b"\0") in (
                b"", b"PATH=/usr/bin:/bin"), environ
            seen += 1
    assert seen >= 12
    client.logout()


# ------------------------------------- G5: what root believes of foreign octets

FOREIGN_MAX = 1100          # lines of code, without comments


def code_lines(text):
    text = re.sub(r"/\*.*?\*/", "", text, flags=re.S)
    return sum(1 for line in text.splitlines() if line.strip())


def functions(path, names):
    """The source of these functions."""
    text = (ROOT / path).read_text()
    for name in names:
        found = re.search(rf"^[a-z][^\n]*\n{name}\([^;]*?\n\{{\n.*?^\}}", text,
                          re.M | re.S)
        assert found, (path, name)
        yield found[0]


def test_G5_root_reads_little_that_is_foreign():
    """master takes messages of fixed form from its daemons and one request of
    fixed size from an operator: what parses these is counted here, and each of
    it has a fuzz target."""
    rules = re.search(r"master_rules\[\] = \{(.*?)\};",
                      (ROOT / "master" / "start.c").read_text(), re.S)[1]
    handlers = re.findall(r"(\w+) \},", rules)
    assert 1 <= len(handlers) <= 10, handlers
    count = 0
    for handler in handlers:
        (file,) = [p for p in (ROOT / "master").glob("*.c")
                   if re.search(rf"^{handler}\(", p.read_text(), re.M)]
        count += sum(code_lines(f) for f in functions(
            file.relative_to(ROOT), [handler]))
    count += sum(code_lines(f) for f in functions(
        "master/control.c", ["dispatch", "on_request", "pass_on"]))
    count += sum(code_lines((ROOT / "lib" / "ipc" / f).read_text())
                 for f in ("frame.c", "field.c", "control.c", "server.c"))
    print(f"{count} lines of master see octets of others")
    assert count < FOREIGN_MAX, count
    for target in ("ipc_field_fuzz.c", "control_fuzz.c"):
        assert (ROOT / "tests" / "fuzz" / target).exists()


def test_G5_master_is_linked_with_no_parser_of_mail_or_net():
    text = (ROOT / "programs.mk").read_text()
    levels = set(re.search(r"^master_LIB :=(.*)$", text, re.M)[1].split())
    assert levels <= {"conf", "ipc", "os", "base"}
    needed = subprocess.run(["readelf", "-d", BIN / "master"], check=True,
                            capture_output=True, text=True).stdout
    found = set(re.findall(r"NEEDED.*\[lib([a-z_]+)", needed))
    assert found <= {"c", "cap", "event_core", "event", "confuse", "bsd", "md",
                     "seccomp", "asan", "ubsan", "gcc_s", "m"}, found
    whole = sum(code_lines(p.read_text()) for p in
                (ROOT / "master").glob("*.c"))
    print(f"master: {whole} lines of code")


# -------------------------------------------- G8: what makes errors less useful

def readelf(program, *what):
    return subprocess.run(["readelf", "-W", *what, program], check=True,
                          capture_output=True, text=True).stdout


@pytest.mark.skipif(SANITIZED, reason="a sanitizer brings its own")
def test_G8_programs_are_hardened():
    """Anywhere in memory, tables read-only before main, no code on the stack,
    canaries in frames, checked copies."""
    canary = checked = 0
    for program in BIN.iterdir():
        if not program.is_file() or program.name.startswith("."):
            continue
        head, dynamic = readelf(program, "-h", "-l"), readelf(program, "-d")
        assert re.search(r"Type:\s+DYN ", head), program
        assert "PIE" in dynamic and "BIND_NOW" in dynamic, program
        assert "GNU_RELRO" in head and "TEXTREL" not in dynamic, program
        assert re.search(r"GNU_STACK\s.* RW  ?0x", head), program
        assert not re.search(r"LOAD\s.* RWE ", head), program
        assert "RPATH" not in dynamic and "RUNPATH" not in dynamic, program
        names = readelf(program, "--dyn-syms")
        canary += "__stack_chk_fail" in names
        checked += "_chk@" in names.replace("__stack_chk", "")
    assert canary >= 13 and checked >= 10
    flags = (ROOT / "Makefile").read_text()
    assert "-fstack-clash-protection" in flags


@needs_root
@pytest.mark.skipif(SANITIZED, reason="a sanitizer brings its own")
def test_G8_no_memory_is_for_writing_and_running(paq):
    client = paq.imap(BOB)
    for pid in [paq.master.pid, *paq.tree()]:
        for line in Path(f"/proc/{pid}/maps").read_text().splitlines():
            rights = line.split()[1]
            assert not ("w" in rights and "x" in rights), (pid, line)
    client.logout()


# ---------------------------------------------- C14: limits of its own making

@needs_root
@pytest.mark.skipif(SANITIZED, reason="a sanitizer needs all of the address "
                    "space")
def test_C14_limits_are_set_by_the_programs(paq):
    """Not by a packager: each process that reads foreign octets has a limit of
    memory, of descriptors and of processes, and writes no core."""
    client = paq.imap(BOB)
    names = {r["pid"]: r["daemon"] for r in paq.status()}
    for pid in paq.tree():
        text = Path(f"/proc/{pid}/limits").read_text()

        def most(what, text=text):
            return re.search(rf"^{what} +(\S+) +(\S+)", text, re.M).groups()
        assert most("Max core file size") == ("0", "0")
        soft, hard = most("Max address space")
        assert soft == hard != "unlimited", names.get(pid, pid)
        assert int(hard) <= 4 << 30
        assert int(most("Max open files")[1]) <= 1 << 20
        assert most("Max processes")[1] != "unlimited"
    client.logout()


# ------------------------------------------------ C5: tables that are flooded

def test_C5_every_table_of_foreign_keys_is_keyed():
    """One hash in the tree, SipHash, with a seed of the kernel's; no other
    function of the well-known kinds, and none of a library's."""
    others = re.compile(
        r"\b(hcreate|hsearch|hash32_|hash64_|fnv|djb2|murmur|crc32)\w*\b|5381|"
        r"16777619|0x811c9dc5|\*\s*(31|33)\s*\+|<<\s*5\)\s*[+^-]\s*h")
    makers = set()
    for folder in ("lib", "smtpd", "qmgr", "smtp-out", "local-deliver",
                   "pop3d", "imapd", "helpers", "master", "tools"):
        for path in (ROOT / folder).rglob("*.c"):
            text = re.sub(r"/\*.*?\*/", "", path.read_text(), flags=re.S)
            name = str(path.relative_to(ROOT))
            assert not others.search(text), (name, others.search(text)[0])
            if re.search(r"\bhash_new\(", text) and name != \
                    "lib/base/hash.c":
                makers.add(name)
    assert len(makers) >= 10
    for name in makers:
        # Who makes one takes the seed from whom it was given, or makes it.
        text = (ROOT / name).read_text()
        for args in re.findall(r"hash_new\(([^;]*)\);", text):
            assert re.search(r"\b(seed|secret)\)?$", args.strip()), (name, args)
    text = (ROOT / "lib" / "base" / "hash.c").read_text()
    assert "memcpy(h->seed, seed" in text and "siphash" in text


# ----------------------------------------- F4: one dead site and all the others

def test_F4_a_dead_site_does_not_hold_up_another(make_suite):
    """Hundreds of messages wait for one that answers 421; mail to another goes
    through meanwhile, and the dead one is asked a few times, not hundreds."""
    many = 20000 if LONG else 300
    with Server({"greeting": b"421 4.3.2 no\r\n"}) as dead, Server() as good:
        paq = make_suite(listen=("mx",), settings={
            "relay_domains": ["dead.example", "good.example"],
            "retry_min": "5m", "retry_max": "5m"},
            maps={"routes": f"dead.example: smtp:[127.0.0.1]:{dead.port}\n"
                  f"good.example: smtp:[127.0.0.1]:{good.port}\n"})
        paq.write().start()
        with paq.smtp(port="mx") as client:
            for n in range(many):
                client.sendmail("a@b.example", [f"u{n}@dead.example"], TEXT)
                if n % 10 == 9:
                    client.sendmail("a@b.example", ["x@good.example"], TEXT)
        wait_for(lambda: len(good.messages) == many // 10, 60)
        assert len(paq.queued()) >= many
        assert len(dead.sessions) <= 10 + many // 100, len(dead.sessions)


def test_F4_recipients_of_one_message_are_counted(make_suite):
    """RFC 5321 4.5.3.1.10: beyond the limit 452, those before it stay."""
    paq = make_suite(listen=("mx",), settings={
        "recipients_max": "100", "relay_domains": ["far.example"]})
    paq.write().start()
    with paq.smtp(port="mx") as client:
        client.mail("a@b.example")
        codes = [client.rcpt(f"u{n}@far.example")[0] for n in range(110)]
        assert codes[:100] == [250] * 100
        assert set(codes[100:]) <= {452, 421} and 452 in codes


# -------------------------------------------------- E10, C12: ends and floods

@needs_root
def test_C12_a_listener_that_may_not_fork():
    """No process left for a session: the client is told so or waits, nothing
    spins, and when there is room again all serve."""
    with Smtpd(uid=61300 + os.getpid() % 200, nproc=6,
               smtp_clients_max=500) as s:
        several = [socket.create_connection(s.addresses["mx"])
                   for _ in range(40)]
        time.sleep(0.5)
        assert 1 <= len(s.children()) <= 5
        before = cpu(s.process.pid)
        time.sleep(1)
        assert cpu(s.process.pid) - before < 20     # hundredths of a second
        assert s.process.poll() is None
        assert len([x for x in s.logs if "event=no-session" in x]) <= 60
        for c in several:
            c.close()

        def served():
            with contextlib.suppress(OSError, EOFError, AssertionError):
                c = s.connect("mx").hello()
                return c.send_mail(b"Subject: x\r\n\r\nx")
            return None
        wait_for(served)


def test_C11_a_handshake_octet_by_octet(make_suite, tmp_path):
    """TLS from the start and after STARTTLS: the time is for all of it, and
    others get their greeting meanwhile.  (smtpd gives a minute: LONG=1.)"""
    paq = make_suite(listen=("mx", "submissions", "pop3s", "imaps", "imap"),
                     settings={"certificates": [Pair(
                         tmp_path, "mx.demo.example").setting()],
                         "login_timeout": "10s", "smtp_timeout": "10s"})
    paq.write().start()
    hello = bytes.fromhex("16030100c8010000c40303") + bytes(190)
    slow = []
    for port in ("pop3s", "imaps", "imap") + (
            ("submissions", "mx") if LONG else ()):
        s = socket.create_connection((paq.host, paq.port[port]), 30)
        if port == "imap":
            lines = s.makefile("rb", buffering=0)
            lines.readline()
            s.sendall(b"a STARTTLS\r\n")
            assert lines.readline().startswith(b"a OK")
        elif port == "mx":
            s.recv(1000)
            s.sendall(b"EHLO x\r\n")
            s.recv(1000)
            s.sendall(b"STARTTLS\r\n")
            assert s.recv(500).startswith(b"220")
        s.setblocking(False)
        slow.append(s)
    left, begin = list(slow), time.monotonic()
    for octet in hello:
        for s in list(left):
            try:
                s.send(bytes([octet]))
                if s.recv(100) == b"":
                    left.remove(s)
            except BlockingIOError:
                pass
            except ConnectionError:
                left.remove(s)
        if not left or time.monotonic() - begin > 100:
            break
        time.sleep(0.4)
        if octet == hello[3]:
            paq.imap(BOB).logout()
    assert not left, "some were held for longer than a log-in may take"
    for s in slow:
        s.close()


def cpu(pid):
    words = open(f"/proc/{pid}/stat").read().rpartition(")")[2].split()
    return int(words[11]) + int(words[12])


def test_E10_a_second_start_changes_nothing(paq):
    """The same configuration again: refused, and the first one serves on."""
    done = paq.paquebot("start", check=False)
    assert done.returncode != 0 and "runs already" in done.stderr


def test_E10_stale_files_of_a_dead_instance(make_suite):
    """What a killed master leaves (pid file, sockets, lock) holds nobody up;
    not even when its number is somebody else's by now."""
    paq = make_suite(listen=("mx",))
    paq.write().start()
    paq.kill_all()
    paq.master.wait(10)
    paq.stderr.close()
    time.sleep(0.2)
    (paq.dir / "run" / "master.pid").write_text(f"{os.getpid()}\n")
    paq.start()
    paq.send("a@b.example", BOB, TEXT)
    paq.wait_stored(BOB, 1)


@needs_root
def test_D9_each_user_has_a_process_of_his_own(paq):
    """IMAP as POP3 (test_D9_D10_...): a session's process begins with it and
    ends with it, in the owner's mailbox."""
    parent = paq.pid("imap-session")

    def sessions():
        path = f"/proc/{parent}/task/{parent}/children"
        return {int(p) for p in open(path).read().split()}
    before = sessions()
    one, two = paq.imap(ALICE), paq.imap(BOB)
    mine = sessions() - before
    assert len(mine) == 2
    roots = {os.stat(f"/proc/{p}/root").st_ino for p in mine}
    assert roots == {os.stat(paq.maildir(u)).st_ino for u in (ALICE, BOB)}
    one.logout()
    two.logout()
    wait_for(lambda: not sessions() & mine)
    again = paq.imap(ALICE)
    assert not sessions() & mine
    again.logout()


# ----------------------------------------------- E10: kill -9, a long time of it

@pytest.mark.skipif(not LONG, reason="LONG=1 (make hostile)")
def test_E10_a_thousand_kills(make_suite):
    """Each process at random, under no load (test_kill.py has that one): the
    suite is back each time, and master stays."""
    import random
    rng = random.Random(3)
    paq = make_suite(listen=("mx", "imap"))
    paq.write().start()
    for _ in range(1000):
        with contextlib.suppress(ProcessLookupError, IndexError):
            os.kill(rng.choice(paq.tree()), signal.SIGKILL)
        time.sleep(0.01)
    wait_for(paq.is_ready, 120)
    paq.send("a@b.example", BOB, TEXT)
    paq.wait_stored(BOB, 1)
