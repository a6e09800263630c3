"""Accounts and their proofs under attack: authd alone, the test is all of its
peers.  Each test is named by its number in the list of threats.
"""
import os
import pwd
import statistics
import struct
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "tests" / "flow"))
sys.path.insert(0, str(ROOT / "tests" / "hostile"))
import suite as harness  # noqa: E402
from fake_master import IS_ROOT, fast_clock  # noqa: E402
from fake_suite import NUM, recv, send, text, u8, u32  # noqa: E402
from test_helpers_hostile import IMAP, OK, POP3, SESSION, \
    TEMPORARY, WRONG, Authd, session_of  # noqa: E402

ALICE, BOB = "alice@demo.example", "bob@demo.example"
SECRET = "a secret"
# RFC 7677 3: "pencil".
PENCIL = ("4096,W22ZaJ0SNY7soEsUEjb6gQ==,"
          "WG5d8oPm3OtcPnkdi4Uo7BkeZkBFzpcXkuLmtbsT4qY=,"
          "wfPLwcE6nTWhTAmQ7tl2KeoiWGPlZqQxSrmfPwDl2dU=")


@pytest.fixture(scope="module")
def maps():
    s = harness.Suite(users={ALICE: SECRET, BOB: "bob's"})
    s.write()
    users = s.conf.parent / "users"
    users.write_text(
        users.read_text() +
        f"scram@demo.example:::::::scram-sha-256={PENCIL}\n"
        "clear@demo.example:{PLAIN}right\n"
        "locked@demo.example:!$5$x$y\n"
        "nothing@demo.example:\n"
        "sha512@demo.example:{SHA512-CRYPT}$6$saltstring$svn8UoSVapNtMuq1ukKS"
        "4tPQd8iKwSMHWjl/O817G3uBnIFNjnQJuesI68u4OTLiBFdcbYEdFCoEOfaS35inz1\n")
    s.paquebot("map", "users")
    for i in range(32):
        s.paquebot("user", "app-add", "nothing@demo.example", f"n{i}")
    yield s
    s.close()


@pytest.fixture(scope="module")
def state():
    """The directory that authd writes to."""
    with tempfile.TemporaryDirectory() as name:
        if IS_ROOT:
            os.chown(name, pwd.getpwnam("_paqauth").pw_uid, 0)
        yield Path(name)


@pytest.fixture
def authd(maps, state):
    with Authd(maps, auth_dir=str(state)) as d:
        yield d


@pytest.fixture
def quick(maps):
    """Its clock runs twenty times as fast: delays are short."""
    with Authd(maps, fast=20) as d:
        yield d


def workers(d):
    path = f"/proc/{d.process.pid}/task/{d.process.pid}/children"
    return Path(path).read_text().split()


def spent_ns(d):
    """CPU time of the workers so far."""
    return sum(int(Path(f"/proc/{p}/schedstat").read_text().split()[0])
               for p in workers(d))


KINDS = {"known": ALICE, "unknown": "nobody@demo.example",
         "clear": "clear@demo.example", "scram": "scram@demo.example",
         "locked": "locked@demo.example", "32 apps": "nothing@demo.example",
         "no name": "@", "sha512": "sha512@demo.example"}


def test_D1_the_same_for_all_that_is_wrong(quick):
    """One packet, the same octets, for unknown users and wrong passwords of
    every kind.  That the work is the same is counted in tests/unit/authd/
    judge_test.c; what it costs is printed here, and judges nothing."""
    said, cost = set(), {kind: [] for kind in KINDS}
    for n in range(8):
        for i, (kind, user) in enumerate(KINDS.items()):
            c = session_of(quick.smtpd)
            before = spent_ns(quick)
            word = "wrong" if n % 2 else "aaaa-aaaa-aaaa-aaaa-aaaa"
            send(c, "AUTH_REQ", text(user) + text(word) +
                 text(f"10.{n}.{i}.1") + text(SESSION), 9)
            number, request, body, fd = recv(c)
            said.add((number, request, bytes(body), fd))
            cost[kind].append(spent_ns(quick) - before)
            c.setblocking(False)
            with pytest.raises(BlockingIOError):
                c.recv(1)                       # and nothing behind it
            c.close()
    assert said == {(NUM["AUTH_REP"], 9, bytes(u8(WRONG) + text("")), None)}
    print("\nCPU per wrong try, median of 8, ms:", {
        kind: round(statistics.median(ns) / 1e6, 1)
        for kind, ns in cost.items()})


WORKS = ("crypts", "ours", "derivations", "iterations", "octets")
TRIES, AT_ONCE = 2000, 40


class Counted(Authd):
    """Its workers count what judging costs, instead of doing it."""

    def __init__(self, maps, place, fast=20, **more):
        super().__init__(maps, fast=fast, **more)
        program, self.file = place / "count_work.so", place / "works"
        subprocess.run(["cc", "-O1", "-D_GNU_SOURCE", "-shared", "-fPIC", "-o",
                        program, ROOT / "tests/hostile/count_work.c"],
                       check=True)
        self.file.write_bytes(bytes(8 * len(WORKS)))
        self.env = {"WORK_FILE": str(self.file),
                    "LD_PRELOAD": f"{fast_clock()}:{program}"}

    def works(self):
        return struct.unpack(f"{len(WORKS)}Q", self.file.read_bytes())


@pytest.fixture
def thousand(tmp_path):
    """1000 accounts like ALICE's."""
    s = harness.Suite(users={ALICE: SECRET})
    s.write()
    users = s.conf.parent / "users"
    (line,) = [x for x in users.read_text().splitlines() if ALICE in x]
    users.write_text("".join(line.replace("alice@", f"u{n}@") + "\n"
                             for n in range(TRIES // 2)))
    s.paquebot("map", "users")
    yield s
    s.close()


@pytest.mark.skipif("san" in os.environ.get("BUILD", ""),
                    reason="the sanitizer has to be loaded first")
def test_D1_two_thousand_tries_each(thousand, tmp_path):
    """Wrong passwords of 1000 who exist and of 1000 who do not, each name
    twice, each time from another network: one packet and the same octets, and
    the same work, piece by piece."""
    with Counted(thousand, tmp_path) as d:
        sessions = [session_of(d.smtpd) for _ in range(AT_ONCE)]
        said, costs, n = set(), {}, 0
        for kind, name in ("known", "u"), ("unknown", "x"):
            costs[kind] = []
            for first in range(0, TRIES, AT_ONCE):
                before = d.works()
                for i, c in enumerate(sessions):
                    n += 1
                    user = f"{name}{(first + i) % (TRIES // 2)}@demo.example"
                    send(c, "AUTH_REQ", text(user) + text("wrong") +
                         text(f"10.{n // 250}.{n % 250}.1") + text(SESSION),
                         9)
                for c in sessions:
                    number, request, body, fd = recv(c)
                    said.add((number, request, bytes(body), fd))
                costs[kind].append(tuple(
                    b - a for a, b in zip(before, d.works())))
        for c in sessions:
            c.setblocking(False)
            with pytest.raises(BlockingIOError):
                c.recv(1)
    assert said == {(NUM["AUTH_REP"], 9, bytes(u8(WRONG) + text("")), None)}
    assert len(costs["known"]) == len(costs["unknown"]) == TRIES // AT_ONCE
    # One of each, whose cost is that of `paquebot user`, and nothing else.
    assert set(costs["known"]) == set(costs["unknown"]) == {
        (AT_ONCE, AT_ONCE, AT_ONCE, 4096 * AT_ONCE, 10 * AT_ONCE)}


def test_D1_only_one_compare_for_secrets():
    """grep: what is secret is compared in constant time alone."""
    for name in ("helpers/authd/judge.c", "helpers/authd/apps.c",
                 "helpers/authd/proof.c", "lib/trust/app_password.c",
                 "lib/trust/scram_key.c", "lib/trust/scram.c",
                 "tools/paquebot_password.c"):
        source = (ROOT / name).read_text()
        assert "memcmp(" not in source, name
        for line in source.splitlines():
            if "span_eq" in line:
                assert not any(word in line for word in (
                    "password", "digest", "stored", "proof")), line


def app(maps, user, name, *options):
    return maps.paquebot("user", "app-add", *options, user, name).strip()


def test_D2_app_passwords_are_judged_alone(maps, quick):
    phone = app(maps, ALICE, "phone")
    mail = app(maps, BOB, "mail", "--services", "smtp")
    reader = app(maps, BOB, "reader", "--services", "imap+pop3")
    old = app(maps, BOB, "old", "--expires", "2999-01-01")
    users = maps.conf.parent / "users"
    users.write_text(users.read_text().replace("2999-01-01", "2001-01-01"))
    maps.paquebot("map", "users")
    time.sleep(0.2)                 # the map is looked at every second of
    n = iter(range(250))            # its clock

    def auth(user, word):
        return quick.auth(user, word, client=f"10.9.{next(n)}.1")[0]
    assert auth(ALICE, phone) == OK
    assert auth(ALICE, phone.upper().replace("-", " ")) == OK
    assert auth(BOB, phone) == WRONG            # another's
    assert auth(BOB, mail) == OK
    assert auth(BOB, reader) == WRONG           # for another service
    assert auth(BOB, old) == WRONG              # expired
    assert auth(BOB, "bob's") == OK
    assert auth("nobody@demo.example", phone) == WRONG
    for word, service, front, want in (
            (reader, POP3, quick.pop3, OK), (reader, IMAP, quick.imap, OK),
            (mail, POP3, quick.pop3, WRONG)):
        if service == IMAP:
            continue                # no parent of its sessions in this test
        conn = quick.login(BOB, word, front=front, service=service,
                           client=f"10.8.{next(n)}.1")
        assert quick.reply(front)[1] == want
        if want == OK:
            quick.start_of()[3].close()
        conn.close()
    maps.paquebot("user", "app-del", ALICE, "phone")
    time.sleep(0.2)
    assert auth(ALICE, phone) == WRONG          # taken away
    assert auth(ALICE, SECRET) == OK
    users = maps.conf.parent / "users"
    kept = users.read_text()
    try:
        users.write_text(kept.replace(f"{BOB}:", f"{BOB}:!"))
        maps.paquebot("map", "users")
        time.sleep(0.2)
        assert auth(BOB, mail) == WRONG         # locked
        assert auth(BOB, "bob's") == WRONG
    finally:
        users.write_text(kept)
        maps.paquebot("map", "users")


def ask(d, user, word, client):
    """A question whose answer is not waited for."""
    c = session_of(d.smtpd)
    c.settimeout(60)
    send(c, "AUTH_REQ", text(user) + text(word) + text(client) +
         text(SESSION), 9)
    return c


def answered(c):
    """What it says, or None: nothing yet."""
    c.setblocking(False)
    try:
        return recv(c)[2][0]
    except BlockingIOError:
        return None
    finally:
        c.setblocking(True)


def test_D5_a_flood_from_everywhere(authd):
    """From a hundred networks on one user: she logs in from hers meanwhile,
    as does somebody else; no more is computed at once than before."""
    assert authd.auth(ALICE, SECRET, client="192.0.2.1") == (OK, ALICE)
    before = len(workers(authd))
    flood = [ask(authd, ALICE, f"guess {i}", f"10.1.{i}.1")
             for i in range(100)]
    assert authd.auth(ALICE, SECRET, client="192.0.2.77") == (OK, ALICE)
    waiting = sum(answered(c) is None for c in flood)
    assert waiting > 50             # a wrong answer waits a second
    assert len(workers(authd)) == before == 2
    got = [recv(c)[2][0] for c in flood if c.fileno() >= 0 and
           answered(c) is None]
    assert OK not in got
    # She from a new network: not judged at once, for that is what they are.
    flood = [ask(authd, ALICE, f"guess {i}", f"10.2.{i}.1")
             for i in range(100)]
    assert authd.auth(ALICE, SECRET, client="192.0.2.5") == (OK, ALICE)
    assert authd.auth(BOB, "bob's", client="198.51.100.1") == (OK, BOB)
    late = ask(authd, ALICE, SECRET, "203.0.113.1")
    assert recv(late)[2][0] in (OK, TEMPORARY)
    for c in (*flood, late):
        c.close()


def test_D5_a_flood_from_one_network(authd):
    """It waits for itself alone, and most of it is not judged at all."""
    flood = [ask(authd, f"guess{i}@demo.example", "x", f"10.3.3.{i}")
             for i in range(200)]
    assert authd.auth(BOB, "bob's", client="198.51.100.2") == (OK, BOB)
    later = [ask(authd, f"more{i}@demo.example", "x", f"10.3.3.{i}")
             for i in range(200)]
    assert authd.auth(BOB, "bob's", client="198.51.100.3") == (OK, BOB)
    unjudged = sum(recv(c)[2][0] == TEMPORARY for c in later[-50:])
    assert unjudged > 0
    for c in (*flood, *later):
        c.close()


FREE = 5                # THROTTLE_FREE


@pytest.mark.skipif("san" in os.environ.get("BUILD", ""),
                    reason="the sanitizer has to be loaded first")
def test_D5_strangers_do_not_take_all_places(maps, state, tmp_path):
    """Of the log-ins that wait at once a part is kept for those who are known
    where they come from: with all others taken she is still judged, and who
    comes from a new network is told to try again.  Judging costs nothing here
    and finds all wrong, and a wrong answer waits."""
    with Authd(maps, auth_dir=str(state)) as d:
        assert d.auth(ALICE, SECRET, client="192.0.2.1") == (OK, ALICE)
    with Counted(maps, tmp_path, fast=1, auth_dir=str(state)) as d:
        sessions = [session_of(d.smtpd) for _ in range(250)]

        def guess(c, k, n):
            send(c, "AUTH_REQ", text(f"x{k}n{n}@demo.example") +
                 text("guess") + text(f"10.0.{k}.1") + text(SESSION), n)
        # So many failures of each network that the next ones have to wait,
        # half a second each or longer, in a row of 15 seconds at most.
        for n in range(FREE + 1):
            for k, c in enumerate(sessions):
                guess(c, k, n + 1)
            for c in sessions:
                recv(c)
        # More than there are places for: some are answered while others come,
        # so that it takes more than one go where they come slowly.
        for attempt in range(10):
            for n in range(20):
                for k, c in enumerate(sessions):
                    guess(c, k, attempt * 20 + n + 100)
            if d.auth(BOB, "x", client=f"198.51.{attempt}.1")[0] == TEMPORARY:
                break
        else:
            raise AssertionError("nobody was told to try again")
        assert d.auth(ALICE, "x", client="192.0.2.77")[0] == WRONG
        for c in sessions:
            c.close()


def test_D5_who_is_known_survives_a_restart(maps, state):
    """The networks of a user are kept, in a file that nobody else reads."""
    with Authd(maps, auth_dir=str(state)) as d:
        assert d.auth(ALICE, SECRET, client="192.0.2.1") == (OK, ALICE)
    saved = state / "logins"
    assert saved.stat().st_mode & 0o077 == 0
    lines = saved.read_text().splitlines()
    assert any(line.startswith("use ") and line.endswith(
        f" smtp 192.0.2.0/24 {ALICE} -") for line in lines), lines
    assert SECRET not in saved.read_text()
    with Authd(maps, auth_dir=str(state)) as d:
        flood = [ask(d, ALICE, "guess", f"10.4.{i}.1") for i in range(60)]
        assert d.auth(ALICE, SECRET, client="192.0.2.9") == (OK, ALICE)
        assert sum(answered(c) is None for c in flood) > 30
        for c in flood:
            c.close()


def test_D5_a_name_given_anew_knows_no_network(maps):
    """Who has had the name before is a stranger to who has it now."""
    carol = "carol@demo.example"
    maps.paquebot("user", "add", carol, stdin="hers\n")
    with Authd(maps) as d:
        time.sleep(2.1)
        assert d.auth(carol, "hers", client="192.0.2.1") == (OK, carol)
        flood = [ask(d, carol, f"guess {i}", f"10.9.{i}.1")
                 for i in range(60)]
        assert d.auth(carol, "hers", client="192.0.2.1") == (OK, carol)
        for c in flood:
            assert recv(c)[2][0] in (WRONG, TEMPORARY)
            c.close()
        maps.paquebot("user", "del", carol)
        maps.paquebot("user", "add", carol, stdin="another's\n")
        time.sleep(2.1)
        asked = [ask(d, carol, "another's", "192.0.2.1") for _ in range(3)]
        assert TEMPORARY in [recv(c)[2][0] for c in asked]
        for c in asked:
            c.close()


CHALLENGE, SCRAM_SHA_256 = 4, 3


def scram(d, user, client):
    """The begin of an exchange; whoever asks waits for the challenge."""
    c = session_of(d.smtpd)
    c.settimeout(60)
    send(c, "SASL_BEGIN", u32(1) + u8(0) + u8(SCRAM_SHA_256) + text(client) +
         text("0123456789ABCDEF") + text("") + text("") + text("") + u8(1) +
         text(f"n,,n={user},r=fyko+d2lbbFgONRv9qkxdawL"), 9)
    return c


def test_D5_scram_is_held_up_as_well(authd):
    """Once a name has failed often, strangers' exchanges come one by one; hers
    from where she is known at once.  Who answers a challenge that was not
    given loses its channel."""
    assert authd.auth(ALICE, SECRET, client="192.0.2.1") == (OK, ALICE)
    flood = [ask(authd, ALICE, f"guess {i}", f"10.12.{i}.1")
             for i in range(60)]
    for c in flood:
        assert recv(c)[2][0] in (WRONG, TEMPORARY)
        c.close()
    first = scram(authd, ALICE, "10.13.1.1")
    assert recv(first)[2][0] == CHALLENGE
    held = scram(authd, ALICE, "10.13.2.1")     # for fifteen seconds
    known = scram(authd, ALICE, "192.0.2.9")
    assert recv(known)[2][0] == CHALLENGE
    assert answered(held) is None
    send(held, "SASL_MORE", u32(1) + text("c=biws,r=x,p=eA=="), 10)
    assert recv(held) is None
    again = scram(authd, ALICE, "192.0.2.9")
    assert recv(again)[2][0] == CHALLENGE
    other = scram(authd, BOB, "10.14.1.1")
    assert recv(other)[2][0] == CHALLENGE
    for c in (first, held, known, again, other):
        c.close()


BAD, EXTERNAL = 3, 6


def external(d, certified):
    """What a session hears that says: it has shown a certificate for this."""
    c = session_of(d.smtpd)
    send(c, "SASL_BEGIN", u32(1) + u8(0) + u8(EXTERNAL) + text("192.0.2.1") +
         text("0123456789ABCDEF") + text("") + text("") + text(certified) +
         u8(1) + text(""), 9)
    result = recv(c)[2][0]
    c.close()
    return result


def test_D10_nobody_is_certified_where_nobody_is_asked(authd):
    """Without client_certificates a front or session that says so lies."""
    assert external(authd, ALICE) == BAD


def test_D2_a_locked_account_has_no_other_door(maps):
    with Authd(maps, client_certificates="/nosuch/ca.pem") as d:
        assert external(d, ALICE) == OK
        assert external(d, "locked@demo.example") == WRONG


@pytest.mark.parametrize("junk", [
    b"", b"\0" * 1000, b"known 9999999999999999999 x y\n",
    b"use 1 imap n u\n" * 1000, b"known 1800000000 192.0.2.0/24 " +
    b"x" * 100000 + b"\n"])
def test_a_damaged_memory_locks_nobody_out(maps, state, junk):
    (state / "logins").write_bytes(junk)
    with Authd(maps, auth_dir=str(state)) as d:
        assert d.auth(ALICE, SECRET, client="192.0.2.1") == (OK, ALICE)


NAMES = ["ALICE@demo.example", "Alice@Demo.Example"]
OTHERS = ["\uff41lice@demo.example", "al\u0131ce@demo.example",
          "alice\u200b@demo.example", "alice@demo.example.",
          "alice@demo.example ", " alice@demo.example", "alice",
          "\u0430lice@demo.example", "alice@demo.example\u0301"]


def test_D8_one_meaning_of_a_name(quick):
    """ASCII letters of both cases are the same; nothing else is folded."""
    for i, name in enumerate(NAMES):
        assert quick.auth(name, SECRET, client=f"10.5.{i}.1") == (OK, ALICE)
    for i, name in enumerate(OTHERS):
        assert quick.auth(name, SECRET, client=f"10.6.{i}.1") == (WRONG, "")


def test_A1_names_are_nobodys_words(quick, state):
    """What would be something to a shell or a file is a name that is none."""
    for i, name in enumerate([";id", "$(id)", "a|b@h", "`id`@demo.example",
                              "../../etc/passwd", "-x", "a\tb", "%s%n"]):
        if "\t" in name:
            continue                # no text of a message may hold it
        assert quick.auth(name, "x", client=f"10.7.{i}.1") == (WRONG, "")
