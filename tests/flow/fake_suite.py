"""Plays master, logd, lookupd, authd and qmgr for one real smtpd.

The channels are the real ones (SOCK_SEQPACKET pairs, packets of lib/ipc/frame.h
and lib/ipc/field.h), so smtpd cannot tell; what it writes is a real queue file,
whose checksum is verified here by code of its own.  Numbers of messages are
read from lib/ipc/catalogue.h.

    with Suite() as suite:
        smtp = suite.connect("mx")
"""
import array
import contextlib
import ctypes
import functools
import os
import pathlib
import re
import selectors
import shutil
import socket
import struct
import subprocess
import tempfile
import threading
import time

ROOT = pathlib.Path(__file__).resolve().parents[2]
BIN = (ROOT / os.environ.get("BUILD", "build")).resolve() / "bin"
MASK = (1 << 64) - 1


# ------------------------------------------------------------- numbers, packets

def _enum(path, name):
    """{NAME: number} of an enum in a header of ours."""
    text = (ROOT / path).read_text()
    text = re.sub(r"/\*.*?\*/", "", text, flags=re.S)
    body = re.search(r"enum %s \{(.*?)\}" % name, text, re.S).group(1)
    found, number = {}, -1
    for item in body.split(","):
        item = item.strip()
        if not item:
            continue
        word, _, value = (part.strip() for part in item.partition("="))
        number = int(value) if value else number + 1
        found[word] = number
    return found


NUM = {k.removeprefix("IPC_NUM_"): v
       for k, v in _enum("lib/ipc/catalogue.h", "ipc_num").items()}
ROLE = _enum("lib/ipc/roles.h", "role")
LISTENER = _enum("lib/ipc/msg_super.h", "listener_kind")
RCPT = _enum("lib/ipc/msg_lookup.h", "rcpt_kind")


@functools.cache
def defaults():
    """{setting: default} of all that are no lists; master sends these too."""
    keys = subprocess.run([BIN / "paquebot", "check", "--keys"], check=True,
                          capture_output=True, text=True).stdout
    found = {}
    for name, kind in re.findall(r"^\.It Ic (\w+) Pq (.*)$", keys, re.M):
        if not kind.startswith("list") and "must be set" not in kind:
            found[name] = kind.partition("default ")[2]
    return found


def u8(v):
    return struct.pack(">B", v)


def u32(v):
    return struct.pack(">I", v)


def u64(v):
    return struct.pack(">Q", v)


def text(v):
    octets = v.encode() if isinstance(v, str) else v
    return struct.pack(">H", len(octets)) + octets


class Reader:
    """The fields of a body, in order; done() if nothing is left."""

    def __init__(self, octets):
        self.left = octets

    def take(self, n):
        assert len(self.left) >= n, "short body"
        part, self.left = self.left[:n], self.left[n:]
        return part

    def u64(self):
        return struct.unpack(">Q", self.take(8))[0]

    def text(self):
        return self.take(struct.unpack(">H", self.take(2))[0])

    def done(self):
        assert self.left == b"", "octets left over"


def send(sock, kind, body=b"", request=0, fd=None):
    packet = struct.pack(">HI", NUM[kind], request) + body
    extra = []
    if fd is not None:
        extra = [(socket.SOL_SOCKET, socket.SCM_RIGHTS,
                  array.array("i", [fd]))]
    sock.sendmsg([packet], extra)


def recv(sock):
    """(number, request, body, fd or None), or None at the end."""
    data, fds, _, _ = socket.recv_fds(sock, 8192, 1)
    if not data:
        return None
    number, request = struct.unpack(">HI", data[:6])
    return number, request, data[6:], (fds[0] if fds else None)


def pair():
    return socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)


# ---------------------------------------------------------------- queue files

def sum64(octets):
    """SipHash-1-3 with the key of the queue file format."""
    key = b"paquebot sum 01\0"
    k0, k1 = struct.unpack("<QQ", key)
    v0, v1 = k0 ^ 0x736f6d6570736575, k1 ^ 0x646f72616e646f6d
    v2, v3 = k0 ^ 0x6c7967656e657261, k1 ^ 0x7465646279746573

    def rounds(v0, v1, v2, v3, n):
        for _ in range(n):
            v0 = (v0 + v1) & MASK
            v1 = ((v1 << 13 | v1 >> 51) & MASK) ^ v0
            v0 = (v0 << 32 | v0 >> 32) & MASK
            v2 = (v2 + v3) & MASK
            v3 = ((v3 << 16 | v3 >> 48) & MASK) ^ v2
            v0 = (v0 + v3) & MASK
            v3 = ((v3 << 21 | v3 >> 43) & MASK) ^ v0
            v2 = (v2 + v1) & MASK
            v1 = ((v1 << 17 | v1 >> 47) & MASK) ^ v2
            v2 = (v2 << 32 | v2 >> 32) & MASK
        return v0, v1, v2, v3

    whole = len(octets) // 8 * 8
    for (word,) in struct.iter_unpack("<Q", octets[:whole]):
        v3 ^= word
        v0, v1, v2, v3 = rounds(v0, v1, v2, v3, 1)
        v0 ^= word
    last = (len(octets) & 0xff) << 56
    last |= int.from_bytes(octets[whole:], "little")
    v3 ^= last
    v0, v1, v2, v3 = rounds(v0, v1, v2, v3, 1)
    v0 ^= last
    v2 ^= 0xff
    v0, v1, v2, v3 = rounds(v0, v1, v2, v3, 3)
    return v0 ^ v1 ^ v2 ^ v3


FIRST = re.compile(rb"paquebot-queue 1 envelope (\d{8}) message (\d{12}) "
                   rb"sum ([0-9a-f]{16}) *\n$")


class Message:
    """A committed queue file, taken apart; what does not hold fails."""

    def __init__(self, id_, octets):
        self.id = id_
        self.octets = octets
        first = FIRST.match(octets[:80])
        assert first, "first line: %r" % octets[:80]
        n, m = int(first.group(1)), int(first.group(2))
        assert len(octets) == 80 + n + m, "lengths do not fit the file"
        assert int(first.group(3), 16) == sum64(octets[80:]), "checksum"
        self.fields, self.rcpts = {}, []
        self.wishes = []            # (notify, orcpt) of each
        for line in octets[80:80 + n].decode("ascii").splitlines():
            key, _, value = line.partition(" ")
            words = [self.word(w) for w in value.split(" ")]
            if key == "rcpt":
                self.rcpts.append(words[0])
                self.wishes.append((int(words[2]), words[3]) if
                                   len(words) > 2 else (0, b""))
            else:
                assert key not in self.fields
                self.fields[key] = words[0]
        self.text = octets[80 + n:]
        header, _, self.body = self.text.partition(b"\r\n\r\n")
        self.header = header + b"\r\n"

    @staticmethod
    def word(w):
        if w == "-":
            return b""
        return re.sub(rb"%([0-9A-F]{2})",
                      lambda m: bytes([int(m.group(1), 16)]), w.encode())

    def without_trace(self):
        """The message as it was sent: without our Received field."""
        assert self.text.startswith(b"Received: ")
        lines = self.text.split(b"\r\n")
        n = 1
        while lines[n][:1] in (b"\t", b" "):
            n += 1
        return b"\r\n".join(lines[n:])


# ------------------------------------------------------------------- the suite

SETTINGS = {
    "hostname": "mail.example.org", "log_level": "debug",
    "plain_login_anywhere": "no", "scram_without_tls": "no", "client_certificates": "", "oauth_keys": "",
    "sasl_mechanisms": "PLAIN LOGIN EXTERNAL", "message_size_max": "1048576",
    "recipients_max": "100", "smtp_clients_max": "50",
    "smtp_clients_per_address": "0", "smtp_errors_slow": "0",
    "clients_per_network_percent": "100",
    "smtp_timeout": "20",
    "received_max": "20", "tls_handshakes_per_network": "0",
    "sender_check": "all", "client_certificates": "",
}


def defaults():
    """Every other setting as it is when nobody sets it, but lists."""
    keys = subprocess.run([str(BIN / "paquebot"), "check", "--keys"],
                          capture_output=True, text=True, check=True).stdout
    found = {}
    for name, kind in re.findall(r"^\.It Ic (\S+) Pq (.*)$", keys, re.M):
        if not kind.startswith("list"):
            found[name] = kind.partition("; default ")[2]
    return found


KINDS = {"mx": "LISTENER_MX", "submission": "LISTENER_SUBMISSION",
         "lmtp": "LISTENER_LMTP", "local": "LISTENER_LOCAL"}
USERS = {b"alice": b"secret", b"bob@example.org": b"hunter2"}
SENDERS = {b"alice@example.org": {b"sales@example.org"}}
LOCAL = {b"alice@example.org", b"bob@example.org",
         b"postmaster@example.org"}
ALPHABET = "0123456789BCDFGHJKMN"


class Suite:
    """One smtpd and all its peers.  Knobs are plain attributes."""

    def __init__(self, relay_clients=(), proxy_clients=(), xclient_hosts=(), nofile=None, host="127.0.0.1",
                 uid=65534, nproc=None, **settings):
        self.settings = {**defaults(), **SETTINGS, **{k: str(v) for k, v in settings.items()}}
        self.nets = {"relay_clients": relay_clients,
                     "proxy_clients": proxy_clients,
                     "xclient_hosts": xclient_hosts}
        self.nofile, self.nproc, self.uid = nofile, nproc, uid
        self.host = host
        self.dir = pathlib.Path(tempfile.mkdtemp(prefix="paqsmtpd-"))
        self.lock = threading.Lock()
        self.logs, self.messages, self.declared = [], {}, []
        self.aborted, self.asked, self.successors = [], [], 0
        self.counter = 0
        self.sessions = 0           # channels that were introduced to qmgr
        # knobs
        self.new_refusal = None     # (permanent, esc, text)
        self.commit_mode = "ok"     # ok late refuse die other
        self.new_fd = None          # give this descriptor instead of a file
        self.lookup_mode = "ok"     # ok die
        self.auth_mode = "ok"       # ok temporary
        self.trusted = True         # lookupd's view of our user

    # ---- life

    def __enter__(self):
        self.selector = selectors.DefaultSelector()
        self.master, master_end = pair()
        self.log, log_end = pair()
        self.addresses, self.listeners = {}, {}
        for name in ("mx", "submission", "lmtp"):
            s = socket.create_server((self.host, 0), backlog=128)
            s.setblocking(False)
            self.listeners[name] = s
            self.addresses[name] = s.getsockname()
        s = socket.socket(socket.AF_UNIX)
        self.addresses["local"] = str(self.dir / "submit")
        s.bind(self.addresses["local"])
        s.listen(64)
        s.setblocking(False)
        os.chmod(self.addresses["local"], 0o666)
        os.chmod(self.dir, 0o755)
        self.listeners["local"] = s
        (self.dir / "jail").mkdir()
        self.start(master_end, log_end)
        master_end.close()
        log_end.close()
        self.watch(self.log, self.on_log)
        self.hello()
        self.watch(self.master, self.on_master)
        self.running = True
        self.thread = threading.Thread(target=self.loop, daemon=True)
        self.thread.start()
        deadline = time.monotonic() + 10
        while not self.ready:
            assert time.monotonic() < deadline, self.logs
            time.sleep(0.005)
        return self

    def start(self, master_end, log_end):
        a, b = master_end.fileno(), log_end.fileno()

        def wire():
            high = [os.dup(a), os.dup(b)]
            high = [os.dup2(high[0], 200), os.dup2(high[1], 201)]
            os.dup2(200, 3)
            os.dup2(201, 4)

        import resource

        def prepare():
            wire()
            if self.nofile:
                resource.setrlimit(resource.RLIMIT_NOFILE,
                                   (self.nofile, self.nofile))
            if self.nproc:
                resource.setrlimit(resource.RLIMIT_NPROC,
                                   (self.nproc, self.nproc))

        self.err = open(self.dir / "stderr", "wb")
        self.process = subprocess.Popen([str(BIN / "smtpd")],
                                        preexec_fn=prepare, pass_fds=(3, 4),
                                        stdin=subprocess.DEVNULL,
                                        stdout=self.err, stderr=self.err)

    def hello(self):
        got = recv(self.master)
        assert got and got[0] == NUM["SUPER_HELLO"], self.stderr()
        drop = os.geteuid() == 0
        send(self.master, "SUPER_IDENTITY",
             u8(drop) + u32(self.uid if drop else 0) + u32(65534 if drop else 0) +
             text(str(self.dir / "jail") if drop else "") + u8(0) + u8(0) +
             u64(1))
        for name, value in {**defaults(), **self.settings}.items():
            send(self.master, "SUPER_SETTING", text(name) + text(value))
        for name, nets in self.nets.items():
            for net in nets:
                send(self.master, "SUPER_SETTING", text(name) + text(net))
        for role in ("ROLE_LOOKUPD", "ROLE_AUTHD", "ROLE_QMGR"):
            self.give_peer(role)
        for name, sock in self.listeners.items():
            send(self.master, "SUPER_LISTENER",
                 u8(LISTENER[KINDS[name]]) + text("test-" + name),
                 fd=sock.fileno())
        send(self.master, "SUPER_GO")
        self.ready = False

    def give_peer(self, role):
        serve = {"ROLE_LOOKUPD": self.on_lookup, "ROLE_AUTHD": self.on_auth,
                 "ROLE_QMGR": self.on_queue}[role]
        ours, theirs = pair()
        send(self.master, "SUPER_PEER", u8(ROLE[role]), fd=theirs.fileno())
        theirs.close()
        self.watch(ours, lambda s: self.on_introduce(s, serve))

    def reload(self, **settings):
        self.settings.update({k: str(v) for k, v in settings.items()})
        for name, value in {**defaults(), **self.settings}.items():
            send(self.master, "SUPER_SETTING", text(name) + text(value))
        send(self.master, "SUPER_GO")

    def __exit__(self, *exc):
        self.stop()
        self.running = False
        self.thread.join(5)
        for key in list(self.selector.get_map().values()):
            key.fileobj.close()
        self.selector.close()
        for s in self.listeners.values():
            s.close()
        self.err.close()
        err = self.stderr()
        shutil.rmtree(self.dir)
        assert "ERROR: " not in err and "runtime error" not in err, err
        return False

    def stop(self):
        """As master does: STOP, time to drain, SIGTERM."""
        if self.process.poll() is None:
            try:
                send(self.master, "SUPER_STOP")
                self.process.wait(0.3)
            except (OSError, subprocess.TimeoutExpired):
                self.process.terminate()
            try:
                self.process.wait(8)
            except subprocess.TimeoutExpired:
                self.process.kill()
                self.process.wait()
                raise

    def stderr(self):
        return (self.dir / "stderr").read_text(errors="replace")

    # ---- the loop of all the peers

    def watch(self, sock, handler):
        self.selector.register(sock, selectors.EVENT_READ, handler)

    def drop(self, sock):
        self.selector.unregister(sock)
        sock.close()

    def loop(self):
        while self.running:
            for key, _ in self.selector.select(0.1):
                with self.lock:
                    try:
                        key.data(key.fileobj)
                    except OSError:
                        if key.fileobj.fileno() >= 0:
                            self.drop(key.fileobj)

    def on_log(self, sock):
        line = sock.recv(4096)
        if not line:
            self.drop(sock)
            return
        self.logs.append(line.decode(errors="replace"))

    def on_master(self, sock):
        got = recv(sock)
        if got is None:
            self.drop(sock)
        elif got[0] == NUM["SUPER_READY"]:
            self.ready = True
        elif got[0] == NUM["SUPER_SUCCESSOR"]:
            self.successors += 1

    def on_introduce(self, sock, serve):
        got = recv(sock)
        if got is None:
            self.drop(sock)
            return
        if got[0] == NUM["QUEUE_MINE"]:
            with socket.socket(fileno=got[3]) as user, \
                    contextlib.suppress(OSError):       # he may have gone
                user.sendall(b"of uid %d\n" % struct.unpack(">I", got[2]))
            return
        assert got[0] == NUM["CHAN_NEW"]
        chan = socket.socket(fileno=got[3])
        if serve == self.on_queue:
            self.sessions += 1
        self.watch(chan, serve)

    # ---- lookupd

    def on_lookup(self, sock):
        got = recv(sock)
        if got is None or self.lookup_mode == "die":
            self.drop(sock)
            return
        number, request, body, _ = got
        r = Reader(body)
        if number == NUM["SENDER_CHECK"]:
            self.sender_check(sock, request, r)
            return
        assert number == NUM["RCPT_CHECK"]
        address = r.text()
        r.done()
        self.asked.append(address)
        local, _, domain = address.rpartition(b"@")
        if address == b"later@example.org":
            send(sock, "REFUSAL",
                 u8(0) + text("4.4.3") + text("the map is being built"),
                 request)
            return
        if domain == b"example.org":
            kind = "RCPT_LOCAL" if address in LOCAL or \
                local.startswith(b"many") else "RCPT_UNKNOWN"
        elif domain == b"relay.example":
            kind = "RCPT_RELAY_OK"
        else:
            kind = "RCPT_FOREIGN"
        send(sock, "RCPT_VERDICT", u8(RCPT[kind]) + u8(0) + text("") +
             text(""), request)

    def sender_check(self, sock, request, r):
        account, address = r.text(), r.text()
        r.done()
        self.asked.append((account, address))
        if address == b"later@example.org":
            send(sock, "REFUSAL",
                 u8(0) + text("4.4.3") + text("the map is being built"),
                 request)
            return
        own = account == b"uid:%d" % os.geteuid() and self.trusted or \
            address in SENDERS.get(account, ())
        send(sock, "SENDER_VERDICT", u8(own), request)

    # ---- authd

    def on_auth(self, sock):
        got = recv(sock)
        if got is None:
            self.drop(sock)
            return
        number, request, body, _ = got
        assert number == NUM["AUTH_REQ"]
        r = Reader(body)
        user, password, client = r.text(), r.text(), r.text()
        session = r.text()
        r.done()
        assert len(session) == 16
        self.asked.append((user, client))
        if self.auth_mode == "temporary":
            send(sock, "AUTH_REP", u8(2) + text(""), request)
        elif USERS.get(user) == password:
            account = user if b"@" in user else user + b"@example.org"
            send(sock, "AUTH_REP", u8(0) + text(account), request)
        else:
            send(sock, "AUTH_REP", u8(1) + text(""), request)

    # ---- qmgr

    def next_id(self):
        self.counter += 1
        n, digits = self.counter, []
        for _ in range(5):
            n, rest = divmod(n, len(ALPHABET))
            digits.append(ALPHABET[rest])
        return "5BCDFGHJKMNPQRS" + "".join(reversed(digits))

    def on_queue(self, sock):
        got = recv(sock)
        if got is None:
            self.drop(sock)
            return
        number, request, body, _ = got
        r = Reader(body)
        if number == NUM["QUEUE_NEW"]:
            self.declared.append(r.u64())
            r.done()
            self.queue_new(sock, request)
        elif number == NUM["QUEUE_COMMIT"]:
            self.queue_commit(sock, request, r.text().decode())
        elif number == NUM["QUEUE_ABORT"]:
            self.aborted.append(r.text().decode())
        else:
            raise AssertionError("qmgr was told %d" % number)

    def queue_new(self, sock, request):
        if self.new_refusal is not None:
            permanent, esc, why = self.new_refusal
            send(sock, "REFUSAL", u8(permanent) + text(esc) + text(why),
                 request)
            return
        id_ = self.next_id()
        if self.new_fd is not None:
            send(sock, "QUEUE_FILE", text(id_), request, fd=self.new_fd)
            return
        fd = os.open(self.dir / id_, os.O_WRONLY | os.O_CREAT | os.O_EXCL,
                     0o600)
        send(sock, "QUEUE_FILE", text(id_), request, fd=fd)
        os.close(fd)

    def queue_commit(self, sock, request, id_):
        if self.commit_mode == "die":
            self.drop(sock)
        elif self.commit_mode == "refuse":
            send(sock, "REFUSAL",
                 u8(0) + text("4.3.0") + text("no lease"), request)
        elif self.commit_mode == "other":
            send(sock, "QUEUE_COMMITTED", text(self.next_id()), request)
        elif self.commit_mode in ("ok", "late"):
            if self.commit_mode == "late":
                time.sleep(0.5)
            self.messages[id_] = (self.dir / id_).read_bytes()
            send(sock, "QUEUE_COMMITTED", text(id_), request)

    # ---- what tests ask

    def message(self, id_):
        with self.lock:
            return Message(id_, self.messages[id_])

    def only_message(self):
        with self.lock:
            (id_,) = self.messages
            return Message(id_, self.messages[id_])

    def log_has(self, *words, within=3.0):
        """A line that holds all words; waits for it."""
        deadline = time.monotonic() + within
        while True:
            with self.lock:
                for line in self.logs:
                    if all(w in line for w in words):
                        return line
            if time.monotonic() > deadline:
                return None
            time.sleep(0.01)

    def children(self):
        """Process ids of the sessions."""
        path = "/proc/%d/task/%d/children" % (self.process.pid,
                                              self.process.pid)
        return [int(p) for p in open(path).read().split()]

    def connect(self, name, greet=True, source=None):
        address = self.addresses[name]
        if name == "local":
            s = socket.socket(socket.AF_UNIX)
            s.connect(address)
        else:
            s = socket.create_connection(address, 10, source_address=source)
        c = Client(s)
        if greet:
            c.greeting = c.reply()
        return c


@contextlib.contextmanager
def own_network(*addresses):
    """A network namespace for this thread and what it starts: these addresses
    on its loopback interface.  Needs root."""
    libc = ctypes.CDLL(None, use_errno=True)
    back = os.open("/proc/thread-self/ns/net", os.O_RDONLY)
    if libc.unshare(0x40000000) != 0:           # CLONE_NEWNET
        raise OSError(ctypes.get_errno(), "unshare")
    try:
        subprocess.run(["ip", "link", "set", "lo", "up"], check=True)
        for a in addresses:
            subprocess.run(["ip", "addr", "add", a, "dev", "lo"], check=True)
        yield
    finally:
        assert libc.setns(back, 0x40000000) == 0
        os.close(back)


class Client:
    """A dumb SMTP client that can do wrong."""

    def __init__(self, sock):
        sock.settimeout(10)
        self.sock = sock
        self.left = b""

    def line(self):
        while b"\r\n" not in self.left:
            got = self.sock.recv(65536)
            if not got:
                raise EOFError(self.left)
            self.left += got
        line, _, self.left = self.left.partition(b"\r\n")
        return line

    def reply(self):
        """(code, [texts])"""
        texts = []
        while True:
            line = self.line()
            assert re.match(rb"[2-5][0-5][0-9][ -]", line), line
            assert len(line) <= 510
            assert all(32 <= c < 127 for c in line), line
            texts.append(line[4:].decode())
            if line[3:4] == b" ":
                return int(line[:3]), texts

    def raw(self, octets):
        self.sock.sendall(octets)

    def say(self, command):
        self.raw((command if isinstance(command, bytes) else
                  command.encode()) + b"\r\n")
        return self.reply()

    def code(self, command):
        return self.say(command)[0]

    def ok(self, command, code=250):
        got = self.say(command)
        assert got[0] == code, (command, got)
        return got

    def hello(self, verb="EHLO", name="client.example.net"):
        self.ok("%s %s" % (verb, name))
        return self

    def envelope(self, sender="carol@example.net",
                 rcpts=("alice@example.org",), params=""):
        self.ok("MAIL FROM:<%s>%s" % (sender, params))
        for r in rcpts:
            self.ok("RCPT TO:<%s>" % r)

    def data(self, octets, end=b"\r\n.\r\n"):
        """DATA with these octets as they are, then end; the reply."""
        self.ok("DATA", 354)
        self.raw(octets + end)
        return self.reply()

    def send_mail(self, octets, **envelope):
        """The id under which it was queued."""
        self.envelope(**envelope)
        got = self.data(octets)
        assert got[0] == 250, got
        return queued(got)

    def closed(self):
        """The server has closed; what it said before is returned."""
        said = self.left
        try:
            while True:
                got = self.sock.recv(65536)
                if not got:
                    break
                said += got
        except ConnectionResetError:
            pass
        self.left = b""
        return said

    def close(self):
        self.sock.close()


def queued(reply):
    return re.search(r"queued as (\S+)", reply[1][-1]).group(1)
