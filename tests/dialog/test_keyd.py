"""keyd, asked over the wire: what it signs, for whom, and what closes the
channel of the one who asks."""
import contextlib
import hashlib
import os
import pathlib
import struct
import subprocess
import sys
import threading
import time

import pytest

ROOT = pathlib.Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "tests" / "flow"))
from certs import Pair, memory_of  # noqa: E402
from fake_master import fast_clock  # noqa: E402
from fake_suite import (BIN, NUM, ROLE, defaults, pair, recv,  # noqa: E402
                        send, text, u8, u32, u64)

PSS, PKCS1, ECDSA, ED = 0x0804, 0x0401, 0x0403, 0x0807
HASH = bytes(range(32))
TLS13 = b" " * 64 + b"TLS 1.3, server CertificateVerify\0" + HASH
TLS12 = bytes(64) + b"\x03\x00\x1d\x20" + HASH


class Keyd:
    """One keyd; this end is master and its peers."""

    def __init__(self, directory, pairs, fast=1, **settings):
        self.pairs = pairs
        self.settings = {"hostname": "mail.example.org", "log_level": "debug",
                         "certificate_dir": "",
                         "sign_rate_channel": "1000",
                         "sign_rate_total": "1000",
                         **{k: str(v) for k, v in settings.items()}}
        self.master, master_end = pair()
        self.log, log_end = pair()
        self.log.setblocking(False)
        self.lines = ""
        a, b = master_end.fileno(), log_end.fileno()

        def wire():
            high = [os.dup2(a, 200), os.dup2(b, 201)]
            os.dup2(high[0], 3)
            os.dup2(high[1], 4)
        env = dict(os.environ)
        if fast > 1:
            env.update(LD_PRELOAD=fast_clock(), FAST_CLOCK=str(fast),
                       ASAN_OPTIONS="verify_asan_link_order=0")
        self.jail = pathlib.Path(directory) / "jail"
        self.jail.mkdir(exist_ok=True)
        self.process = subprocess.Popen([str(BIN / "keyd")], preexec_fn=wire,
                                        pass_fds=(3, 4), env=env)
        master_end.close()
        log_end.close()
        self.master.settimeout(10)
        assert recv(self.master)[0] == NUM["SUPER_HELLO"]
        drop = os.geteuid() == 0
        send(self.master, "SUPER_IDENTITY",
             u8(drop) + u32(65534 if drop else 0) + u32(65534 if drop else 0) +
             text(str(self.jail) if drop else "") + u8(0) + u8(0) + u64(1))
        self.refused = []       # (index, is the one before kept?)
        self.configure()
        self.judged()
        got = recv(self.master)
        assert got and got[0] == NUM["SUPER_READY"], self.log_text()

    def configure(self):
        for name, value in {**defaults(), **self.settings}.items():
            send(self.master, "SUPER_SETTING", text(name) + text(value))
        for p in self.pairs:
            send(self.master, "SUPER_SETTING",
                 text("certificates") + text(p.setting()))
        for i, p in enumerate(self.pairs):
            for kind, path in (("cert", p.cert), ("key", p.key)):
                with open(path, "rb") as f:
                    send(self.master, "SUPER_FILE", text(f"{kind}/{i}"),
                         fd=f.fileno())
        send(self.master, "SUPER_GO")

    def judged(self):
        """Reads the verdicts on the pairs."""
        self.refused = []
        while (got := recv(self.master))[0] == NUM["SUPER_REFUSED"]:
            self.refused.append(struct.unpack(">IB", got[2][:5]))
        assert got[0] == NUM["SUPER_JUDGED"], self.log_text()

    def log_text(self):
        with contextlib.suppress(BlockingIOError):
            while line := self.log.recv(4096):
                self.lines += line.decode() + "\n"
        return self.lines

    def peer(self, role="ROLE_IMAP_FRONT"):
        ours, theirs = pair()
        ours.settimeout(10)
        send(self.master, "SUPER_PEER", u8(ROLE[role]), fd=theirs.fileno())
        theirs.close()
        return ours

    def session(self):
        """A channel that smtpd introduces for one of its sessions."""
        listener = self.peer("ROLE_SMTPD")
        ours, theirs = pair()
        ours.settimeout(10)
        send(listener, "CHAN_NEW", fd=theirs.fileno())
        theirs.close()
        return ours, listener

    def close(self):
        self.process.terminate()
        self.process.wait(10)
        assert self.process.returncode == 0
        for s in (self.master, self.log):
            s.close()


def key_id(p):
    spki = subprocess.run(["openssl", "pkey", "-in", p.key, "-pubout",
                           "-outform", "DER"], check=True,
                          capture_output=True).stdout
    return hashlib.sha256(spki).digest()


def body(p, scheme, tbs, host=None, ident=None, client=b""):
    return struct.pack(">H", scheme) + text(host or p.name) + \
        text(ident or key_id(p)) + text(tbs) + text(client)


def ask(chan, p, scheme, tbs, **more):
    """The signature, "refused", or None: the channel was closed."""
    send(chan, "SIGN_REQ", body(p, scheme, tbs, **more), request=7)
    got = recv(chan)
    if got is None:
        return None
    assert got[1] == 7
    if got[0] == NUM["REFUSAL"]:
        return "refused"
    assert got[0] == NUM["SIGN_REP"]
    return got[2][2:]


def verifies(p, scheme, tbs, signature, tmp):
    """By openssl(1), with the public key of the certificate."""
    public, sig, data = tmp / "pub", tmp / "sig", tmp / "data"
    public.write_bytes(subprocess.run(
        ["openssl", "x509", "-in", p.cert, "-noout", "-pubkey"], check=True,
        capture_output=True).stdout)
    sig.write_bytes(signature)
    data.write_bytes(tbs)
    options = {PSS: ["-digest", "sha256", "-pkeyopt", "rsa_padding_mode:pss",
                     "-pkeyopt", "rsa_pss_saltlen:32"],
               PKCS1: ["-digest", "sha256"], ECDSA: ["-digest", "sha256"],
               ED: []}[scheme]
    return subprocess.run(
        ["openssl", "pkeyutl", "-verify", "-rawin", "-pubin", "-inkey",
         public, "-sigfile", sig, "-in", data, *options], check=False,
        capture_output=True).returncode == 0


@pytest.fixture(scope="module")
def pairs(tmp_path_factory):
    place = tmp_path_factory.mktemp("keys")
    return {
        "rsa": Pair(place, "rsa.example.org", "rsa"),
        "ec": Pair(place, "ec.example.org", "ec",
                   ["ec.example.org", "*.wild.example"]),
        "ed": Pair(place, "ed.example.org", "ed25519"),
        "pop": Pair(place, "pop.example.org", "ec", services="pop3"),
    }


@pytest.fixture
def keyd(tmp_path, pairs):
    tmp_path.chmod(0o755)
    k = Keyd(tmp_path, list(pairs.values()))
    yield k
    k.close()


@pytest.mark.parametrize("which,scheme,tbs", [
    ("rsa", PSS, TLS13), ("rsa", PSS, TLS12), ("rsa", PKCS1, TLS12),
    ("ec", ECDSA, TLS13), ("ec", ECDSA, TLS12), ("ed", ED, TLS13),
    ("ed", ED, TLS12)])
def test_signs_handshakes(keyd, pairs, tmp_path, which, scheme, tbs):
    signature = ask(keyd.peer(), pairs[which], scheme, tbs)
    assert isinstance(signature, bytes)
    assert verifies(pairs[which], scheme, tbs, signature, tmp_path)
    assert not verifies(pairs[which], scheme, tbs[:-1] + b"x", signature,
                        tmp_path)


def test_session_of_smtpd(keyd, pairs):
    chan, _ = keyd.session()
    assert isinstance(ask(chan, pairs["rsa"], PSS, TLS13), bytes)


FORGED = {
    "digest": HASH,
    "long digest": HASH * 4,
    "client's CertificateVerify":
        b" " * 64 + b"TLS 1.3, client CertificateVerify\0" + HASH,
    "a certificate": b"\x30\x82\x01\x0a" + bytes(130),
    "text": b"Pay to the bearer one hundred. " * 4,
    "63 spaces": b"x" + TLS13[1:],
    "hash of 33": TLS13 + b"x",
    "explicit curve": TLS12[:64] + b"\x01" + TLS12[65:],
    "point too long": TLS12 + b"x",
    "point too short": TLS12[:-1],
    "too long": bytes(202),
    "nothing": b"",
}


@pytest.mark.parametrize("name", FORGED)
def test_forged_text_closes_the_channel(keyd, pairs, name):
    chan = keyd.peer()
    assert ask(chan, pairs["ec"], ECDSA, FORGED[name]) is None
    # and only that one
    assert isinstance(ask(keyd.peer(), pairs["ec"], ECDSA, TLS13), bytes)


@pytest.mark.parametrize("scheme", [PKCS1, 0x0201, 0x0203, 0, 0xffff, 0x0402])
def test_scheme_that_tls13_does_not_have(keyd, pairs, scheme):
    assert ask(keyd.peer(), pairs["rsa"], scheme, TLS13) is None


def test_kind_of_key_and_scheme_must_fit(keyd, pairs):
    chan = keyd.peer()
    assert ask(chan, pairs["rsa"], ECDSA, TLS13) == "refused"
    assert ask(chan, pairs["ec"], ED, TLS13) == "refused"
    assert ask(chan, pairs["ed"], PSS, TLS13) == "refused"
    assert isinstance(ask(chan, pairs["ec"], ECDSA, TLS13), bytes)


def test_names_and_daemons(keyd, pairs):
    chan = keyd.peer("ROLE_IMAP_FRONT")
    ec = pairs["ec"]
    assert isinstance(ask(chan, ec, ECDSA, TLS13, host="a.wild.example"), bytes)
    for host in ("other.example", "wild.example", "a.b.wild.example"):
        assert ask(chan, ec, ECDSA, TLS13, host=host) == "refused"
    assert ask(chan, ec, ECDSA, TLS13, ident=bytes(32)) == "refused"
    # a pair for pop3 only
    assert ask(chan, pairs["pop"], ECDSA, TLS13) == "refused"
    pop = keyd.peer("ROLE_POP3_FRONT")
    assert isinstance(ask(pop, pairs["pop"], ECDSA, TLS13), bytes)
    assert "event=sign-refused" in keyd.log_text()


@pytest.mark.parametrize("role", ["ROLE_QMGR", "ROLE_AUTHD", "ROLE_DELIVER",
                                  "ROLE_SMTP_OUT", "ROLE_SMTPD"])
def test_others_may_not_ask(keyd, pairs, role):
    assert ask(keyd.peer(role), pairs["ec"], ECDSA, TLS13) is None


def test_broken_packets_close_the_channel(keyd, pairs):
    good = body(pairs["ec"], ECDSA, TLS13)
    for octets in (good[:-1], good + b"x", b"", b"\xff" * 200,
                   body(pairs["ec"], ECDSA, TLS13, host="a\nb")):
        chan = keyd.peer()
        send(chan, "SIGN_REQ", octets)
        assert recv(chan) is None
    assert isinstance(ask(keyd.peer(), pairs["ec"], ECDSA, TLS13), bytes)


def test_rates(tmp_path, pairs):
    """Bursts of twice the rate, and what time brings; the channel lives on."""
    tmp_path.chmod(0o755)
    k = Keyd(tmp_path, [pairs["ec"]], sign_rate_channel=2, sign_rate_total=5)

    def take(chan):
        begin, got = time.monotonic(), []
        while not got or got[-1] != "refused":
            got.append(ask(chan, pairs["ec"], ECDSA, TLS13))
        return len(got) - 1, time.monotonic() - begin
    try:
        chan = k.peer()
        signed, took = take(chan)
        assert 4 <= signed <= 4 + 2 * took + 1
        # of all together ten, and what came meanwhile
        begin = time.monotonic() - took
        for _ in range(10):
            signed += take(k.peer())[0]
        assert signed <= 10 + 5 * (time.monotonic() - begin) + 1
        deadline = time.monotonic() + 20
        while ask(chan, pairs["ec"], ECDSA, TLS13) == "refused":
            assert time.monotonic() < deadline
            time.sleep(0.1)
    finally:
        k.close()


def test_reload_brings_new_keys(tmp_path, pairs):
    tmp_path.chmod(0o755)
    k = Keyd(tmp_path, [pairs["ec"]])
    try:
        chan = k.peer()
        assert ask(chan, pairs["ed"], ED, TLS13) == "refused"
        k.pairs = [pairs["ed"]]
        k.configure()
        deadline = time.monotonic() + 5
        while ask(chan, pairs["ed"], ED, TLS13) == "refused":
            assert time.monotonic() < deadline
            time.sleep(0.02)
        # sessions that began before have the certificate of then, for a while
        assert isinstance(ask(chan, pairs["ec"], ECDSA, TLS13), bytes)
        k.judged()
        # and another reload makes no difference
        k.configure()
        k.judged()
        assert isinstance(ask(chan, pairs["ec"], ECDSA, TLS13), bytes)
    finally:
        k.close()


@pytest.mark.skipif("san" in BIN.parent.name, reason="a sanitizer keeps what "
                    "was freed")
def test_former_keys_are_wiped_in_the_end(tmp_path):
    """Ten minutes after the reload that replaced them, here three seconds."""
    tmp_path.chmod(0o755)
    old, new = Pair(tmp_path, "old.example.org"), Pair(tmp_path,
                                                       "new.example.org")
    k = Keyd(tmp_path, [old], fast=200)

    def remembered():
        memory = memory_of(k.process.pid)
        return [x for x in old.private_octets() if x in memory]
    try:
        chan = k.peer()
        k.pairs = [new]
        k.configure()
        k.judged()
        assert isinstance(ask(chan, old, ECDSA, TLS13), bytes)
        assert remembered()
        deadline = time.monotonic() + 30
        while ask(chan, old, ECDSA, TLS13) != "refused":
            assert time.monotonic() < deadline
            time.sleep(0.1)
        assert not remembered()
        assert isinstance(ask(chan, new, ECDSA, TLS13), bytes)
    finally:
        k.close()


def test_a_flood_of_smtp_leaves_the_others_their_share(tmp_path, pairs):
    """Each session has a channel of its own, but not a rate of its own."""
    tmp_path.chmod(0o755)
    k = Keyd(tmp_path, [pairs["ec"]], sign_rate_channel=6,
             sign_rate_total=10)
    try:
        signed = 0
        for _ in range(60):
            chan, listener = k.session()
            signed += ask(chan, pairs["ec"], ECDSA, TLS13) != "refused"
            chan.close()
            listener.close()
        assert 0 < signed < 60
        assert isinstance(ask(k.peer(), pairs["ec"], ECDSA, TLS13), bytes)
        # refusals are said once a second, with how many there were
        assert k.log_text().count("sign-refused") < 20
    finally:
        k.close()


V6 = bytes.fromhex("20010db8000000000000000000000001")


@pytest.mark.parametrize("flooding", [bytes([192, 0, 2, 7]), V6, b""])
def test_one_network_leaves_the_others_their_signatures(tmp_path, pairs,
                                                        flooding):
    """All that one network of smtpd's clients can get is half."""
    tmp_path.chmod(0o755)
    k = Keyd(tmp_path, [pairs["ec"]], sign_rate_channel=40,
             sign_rate_total=1000, tls_handshakes_per_network=0)
    listener = k.peer("ROLE_SMTPD")

    def from_(client):
        ours, theirs = pair()
        ours.settimeout(10)
        send(listener, "CHAN_NEW", fd=theirs.fileno())
        theirs.close()
        got = ask(ours, pairs["ec"], ECDSA, TLS13, client=client)
        ours.close()
        return got != "refused"
    try:
        flood = [from_(flooding[:-1] + bytes([i]) if flooding else b"")
                 for i in range(250)]
        assert flood[:40] == [True] * 40 and not all(flood)
        # 40 at once are left for all the others, who come from anywhere
        assert all(from_(bytes([198, 51, i, 1])) for i in range(30))
        assert all(from_(bytes.fromhex("20010db80001") + bytes(9) + b"%c" % i)
                   for i in range(5))
    finally:
        listener.close()
        k.close()


def test_a_certificate_with_its_key_in_one_file_is_refused(tmp_path, pairs):
    """Others read the certificate's file."""
    tmp_path.chmod(0o755)
    both = Pair(tmp_path, "both.example.org")
    both.cert.write_bytes(both.cert.read_bytes() + both.key.read_bytes())
    k = Keyd(tmp_path, [both, pairs["ec"]])
    try:
        assert ask(k.peer(), both, ECDSA, TLS13) == "refused"
        assert "holds a private key" in k.log_text()
    finally:
        k.close()


def test_pairs_that_do_not_fit(tmp_path, pairs):
    tmp_path.chmod(0o755)
    crossed = Pair(tmp_path, "crossed.example.org")
    crossed.key.write_bytes(pairs["ed"].key.read_bytes())
    empty = Pair(tmp_path, "empty.example.org")
    empty.key.write_bytes(b"")
    locked = Pair(tmp_path, "locked.example.org")
    subprocess.run(["openssl", "pkey", "-in", pairs["ec"].key, "-aes128",
                    "-passout", "pass:x", "-out", locked.key], check=True)
    k = Keyd(tmp_path, [crossed, empty, locked, pairs["ec"]])
    try:
        assert isinstance(ask(k.peer(), pairs["ec"], ECDSA, TLS13), bytes)
        assert k.log_text().count("event=key-refused") == 3
        assert "usable=1 configured=4" in k.log_text()
        assert k.refused == [(0, 0), (1, 0), (2, 0)]
    finally:
        k.close()


def test_the_pair_of_before_stays(tmp_path, pairs):
    """A reload finds a certificate whose key is not there yet, or nothing."""
    tmp_path.chmod(0o755)
    first = Pair(tmp_path, "half.example.org")
    old_id, old_key = key_id(first), first.key.read_bytes()
    k = Keyd(tmp_path, [first, pairs["ed"]])
    try:
        chan = k.peer()
        new = Pair(tmp_path, "half.example.org")
        new_key = new.key.read_bytes()
        for wrong in (old_key, b"", b"no key"):
            new.key.write_bytes(wrong)
            for _ in range(2):
                k.configure()
                k.judged()
                assert k.refused == [(0, 1)]
                assert isinstance(ask(chan, new, ECDSA, TLS13, ident=old_id),
                                  bytes)
        assert isinstance(ask(chan, pairs["ed"], ED, TLS13), bytes)
        new.key.write_bytes(new_key)
        k.configure()
        k.judged()
        assert k.refused == []
        assert isinstance(ask(chan, new, ECDSA, TLS13), bytes)
        # another item has no former pair
        k.pairs = [Pair(tmp_path, "other.example.org"), pairs["ed"]]
        k.pairs[0].key.write_bytes(b"")
        k.configure()
        k.judged()
        assert k.refused == [(0, 0)]
    finally:
        k.close()


def test_confined(keyd):
    """No key file stays open, nothing can be opened, and it cannot be read."""
    pid = keyd.process.pid
    status = pathlib.Path(f"/proc/{pid}/status").read_text()
    assert "Seccomp:\t2" in status and "NoNewPrivs:\t1" in status
    targets = [os.readlink(f) for f in
               pathlib.Path(f"/proc/{pid}/fd").iterdir()]
    assert not [t for t in targets if ".key" in t or ".crt" in t]


# ------------------------------------------------- pairs of certificate_dir

def cert(chan, host, start=0, of=0):
    """(octets of the whole, part), the refusal's kind, or None: closed.  of:
    the sum of the chain of which the caller has the beginning."""
    send(chan, "CERT_REQ", text(host) + u32(start) + u64(of), request=9)
    got = recv(chan)
    if got is None:
        return None
    kind, request, rest = got[:3]
    assert request == 9
    if kind == NUM["REFUSAL"]:
        return "for good" if rest[0] else "for now"
    assert kind == NUM["CERT_REP"]
    begin, total, cert.sum, n = struct.unpack(">IIQH", rest[:18])
    assert len(rest) == 18 + n
    if begin != start:          # it is another one now
        assert begin == 0
        return "anew", rest[18:]
    return total, rest[18:]


class Hosted:
    """Answers keyd's questions for files, as master does."""

    def __init__(self, keyd, pairs):
        self.keyd, self.pairs, self.asked = keyd, pairs, []

    def answer(self, n):
        for _ in range(n):
            kind, _, rest = recv(self.keyd.master)[:3]
            assert kind == NUM["SUPER_PAIR_ASK"]
            stem = rest[2:].decode()
            self.asked.append(stem)
            if stem not in self.pairs:
                send(self.keyd.master, "SUPER_NO_PAIR", text(stem))
                continue
            for key, path in enumerate(self.pairs[stem]):
                with open(path, "rb") as f:
                    send(self.keyd.master, "SUPER_PAIR",
                         text(stem) + u8(key), fd=f.fileno())


@pytest.fixture
def hosted(tmp_path):
    a = Pair(tmp_path, "a.example", "ec")
    b = Pair(tmp_path, "b.example", "rsa", ["b.example", "*.b.example"])
    keyd = Keyd(tmp_path, [], certificate_dir="/nowhere")
    pairs = {"a.example": (a.cert, a.key), "b.example": (b.cert, b.key),
             "mixed.example": (a.cert, b.key)}
    yield keyd, Hosted(keyd, pairs), a, b
    keyd.close()


def ask_with(hosted, chan, host, files):
    """A question that has keyd ask for so many pairs first."""
    result = []
    t = threading.Thread(target=lambda: result.append(cert(chan, host)))
    t.start()
    hosted.answer(files)
    t.join(20)
    return result[0]


def der(p):
    return subprocess.run(["openssl", "x509", "-in", p.cert, "-outform",
                           "DER"], check=True, capture_output=True).stdout


@pytest.mark.parametrize("role", ["ROLE_IMAP_FRONT", "ROLE_POP3_FRONT"])
def test_certificate_of_a_host(hosted, role):
    keyd, master, a, b = hosted
    chan = keyd.peer(role)
    assert ask_with(master, chan, "a.example", 1) == (len(der(a)), der(a))
    assert cert(chan, "A.EXAMPLE") == (len(der(a)), der(a))
    assert cert(chan, "a.example", 100, cert.sum) == (len(der(a)),
                                                      der(a)[100:])
    assert cert(chan, "a.example", 100, cert.sum ^ 1) == ("anew", der(a))
    assert cert(chan, "a.example", len(der(a)), cert.sum) == ("anew", der(a))
    # its own, "*." and its parent, its parent
    assert ask_with(master, chan, "x.b.example", 3) == (len(der(b)), der(b))
    assert master.asked == ["a.example", "x.b.example", "*.b.example",
                            "b.example"]
    chan.close()


def test_hosts_that_nobody_has(hosted):
    keyd, master, a, b = hosted
    chan = keyd.peer()
    assert ask_with(master, chan, "none.a.example", 3) == "for good"
    assert cert(chan, "none.a.example") == "for good"      # remembered
    # the pair does not belong together; example alone is no host name
    assert ask_with(master, chan, "mixed.example", 1) == "for good"
    for name in ("..", "a/b.example", "*.b.example", "example", "192.0.2.1"):
        assert cert(chan, name) == "for good", name
    assert master.asked == ["none.a.example", "*.a.example", "a.example",
                            "mixed.example"]
    assert keyd.log_text().count("key-refused") == 1
    chan.close()


def renewed(hosted, directory, name):
    """Another pair for that name: what it was, what it is now."""
    keyd, master, a, b = hosted
    fresh = directory / "fresh"
    fresh.mkdir(exist_ok=True)
    new = Pair(fresh, name)
    master.pairs[name] = (new.cert, new.key)
    return new


def reload(keyd):
    keyd.configure()
    keyd.judged()


def test_who_has_a_certificate_of_before_is_signed_for(hosted, tmp_path):
    """Others hear of a reload later than keyd, and sessions never."""
    keyd, master, a, b = hosted
    chan = keyd.peer()
    ids = [key_id(a)]
    assert ask_with(master, chan, "a.example", 1) == (len(der(a)), der(a))
    for _ in range(5):
        new = renewed(hosted, tmp_path, "a.example")
        ids.append(key_id(new))
        reload(keyd)
        # nothing was read again, and nothing needs to be
        for ident in ids[:-1]:
            assert isinstance(ask(chan, a, ECDSA, TLS13, ident=ident), bytes)
        assert ask_with(master, chan, "a.example", 1) == (len(der(new)),
                                                          der(new))
        for ident in ids:
            assert isinstance(ask(chan, a, ECDSA, TLS13, ident=ident), bytes)
    chan.close()


def test_a_pair_that_is_being_renewed(hosted, tmp_path):
    """The certificate is there, its key is not yet: the former one serves."""
    keyd, master, a, b = hosted
    chan = keyd.peer()
    assert ask_with(master, chan, "a.example", 1) == (len(der(a)), der(a))
    new = renewed(hosted, tmp_path, "a.example")
    master.pairs["a.example"] = (new.cert, a.key)
    reload(keyd)
    assert ask_with(master, chan, "a.example", 1) == (len(der(a)), der(a))
    assert "kept=yes" in keyd.log_text()
    assert isinstance(ask(chan, a, ECDSA, TLS13), bytes)
    master.pairs["a.example"] = (new.cert, new.key)
    reload(keyd)
    assert ask_with(master, chan, "a.example", 1) == (len(der(new)), der(new))
    # a name that had none before has none now
    renewed(hosted, tmp_path, "c.example")
    master.pairs["c.example"] = (new.cert, b.key)
    assert ask_with(master, chan, "c.example", 1) == "for good"
    chan.close()


def test_files_opened_before_a_reload_are_not_believed_after_it(hosted,
                                                                tmp_path):
    """Master's answer was on its way; between its two files comes a reload."""
    keyd, master, a, b = hosted
    chan = keyd.peer()
    result = []
    t = threading.Thread(target=lambda: result.append(cert(chan, "a.example")))
    t.start()
    assert recv(keyd.master)[0] == NUM["SUPER_PAIR_ASK"]
    with open(a.cert, "rb") as f:
        send(keyd.master, "SUPER_PAIR", text("a.example") + u8(0),
             fd=f.fileno())
    reload(keyd)
    with open(a.key, "rb") as f:
        send(keyd.master, "SUPER_PAIR", text("a.example") + u8(1),
             fd=f.fileno())
    new = renewed(hosted, tmp_path, "a.example")
    master.answer(1)
    t.join(20)
    assert result == [(len(der(new)), der(new))]
    chan.close()


def test_signs_with_a_key_it_has_yet_to_read(hosted):
    keyd, master, a, b = hosted
    chan = keyd.peer()
    result = []
    t = threading.Thread(
        target=lambda: result.append(ask(chan, a, ECDSA, TLS13)))
    t.start()
    master.answer(1)
    t.join(20)
    assert isinstance(result[0], bytes)
    # the key of another certificate is none
    assert ask(chan, a, ECDSA, TLS13, ident=bytes(32)) == "refused"
    chan.close()


def test_only_servers_of_tls_ask_for_certificates(hosted):
    keyd = hosted[0]
    for role in ("ROLE_QMGR", "ROLE_SMTPD", "ROLE_SMTP_OUT"):
        chan = keyd.peer(role)
        assert cert(chan, "a.example") is None, role


def test_questions_that_wait_are_bounded(hosted):
    """Master does not answer: what is too much is refused at once."""
    keyd, master, a, b = hosted
    chan = keyd.peer()
    for i in range(300):
        send(chan, "CERT_REQ", text(f"h{i}.example") + u32(0) + u64(0),
             request=i + 1)
    refused = set()
    while len(refused) < 44:
        kind, request, rest = recv(chan)[:3]
        assert kind == NUM["REFUSAL"] and rest[0] == 0
        refused.add(request)
    # one whose asker is gone when the answer comes
    chan.close()
    other = keyd.peer()
    master.answer(20)
    with pytest.raises(TimeoutError):
        other.settimeout(0.3)
        recv(other)
