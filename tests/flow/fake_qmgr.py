"""Plays master, logd, smtpd, lookupd and the deliverers for one real qmgr.

    with Qmgr() as q:
        id_ = q.commit("a@x.example", ["bob@demo.example"])
        q.wait(lambda: q.delivered("bob@demo.example"))

What lookupd says is q.routes; what the deliverers say is q.outcome; every
delivery is kept in q.deliveries with the octets that the job's descriptor
held.  The channels are the real ones; files are written here by code of its
own (fake_suite.py).
"""
import array
import contextlib
import os
import pathlib
import re
import selectors
import shutil
import signal
import socket
import struct
import subprocess
import tempfile
import threading
import time

import fake_suite
from fake_suite import BIN, NUM, ROLE, pair, send, sum64, text, u8, u32, u64

NAME = {v: k for k, v in NUM.items()}
DONE, LATER, NEVER = 0, 1, 2
MAILBOX, REMOTE, PIPE, FAIL = 0, 1, 2, 3
BLANK = b" " * 79 + b"\n"
MESSAGE = b"Subject: hello\r\nMessage-ID: <1@x.example>\r\n\r\nHow are you?\r\n"
SETTINGS = {
    "hostname": "mail.demo.example", "postmaster": "",
    "log_level": "debug", "message_size_max": "1048576",
    "queue_free_min": "0", "queue_active_max": "1000", "retry_min": "1",
    "retry_max": "1", "delay_notice": "0", "expire": "3600",
    "bounce_expire": "3600", "destination_jobs_max": "20",
    "smtp_out_max": "20", "deliver_max": "20", "job_timeout": "21600",
}


def u16(v):
    return struct.pack(">H", v)


def word(v):
    octets = v.encode() if isinstance(v, str) else v
    if octets == b"":
        return b"-"
    if octets == b"-":
        return b"%2D"
    return b"".join(b"%c" % c if 32 < c < 127 and c != 37 else b"%%%02X" % c
                    for c in octets)


def envelope(sender, rcpts, when=None, ret="", envid="", wishes=None,
             verp=""):
    """wishes: {recipient: (notify, orcpt)}"""
    lines = [b"from " + word(sender), b"client 192.0.2.7", b"helo x.example",
             b"auth -", b"time %d" % (when or int(time.time())), b"body 7bit"]
    if ret:
        lines.append(b"ret " + ret.encode())
    if envid:
        lines.append(b"envid " + word(envid))
    if verp:
        lines.append(b"verp " + word(verp))
    for r in rcpts:
        lines.append(b"rcpt " + word(r) + b" " + word(r))
        if wishes and r in wishes:
            notify, orcpt = wishes[r]
            lines[-1] += b" %d " % notify + word(orcpt)
    return b"".join(line + b"\n" for line in lines)


def first_line(env, message):
    line = b"paquebot-queue 1 envelope %08d message %012d sum %016x" % (
        len(env), len(message), sum64(env + message))
    return line.ljust(79) + b"\n"


def whole_file(sender, rcpts, message=MESSAGE, when=None, **more):
    env = envelope(sender, rcpts, when, **more)
    return first_line(env, message) + env + message


def mailbox(address, user=None, owner=""):
    return dict(kind=MAILBOX, address=address, user=user or address,
                home="/home", maildir="/home/Maildir", owner=owner)


def remote(address, nexthop=None, owner=""):
    return dict(kind=REMOTE, address=address, owner=owner,
                nexthop=nexthop or address.partition("@")[2])


def fail(address, esc="5.1.1", why="no such user", permanent=1):
    return dict(kind=FAIL, address=address, esc=esc, text=why,
                permanent=permanent)


def pack_target(t):
    g = t.get
    return (u8(t["kind"]) + u8(g("permanent", 0)) + text(t["address"]) +
            text(g("user", "")) + u32(g("uid", 1000)) + u32(g("gid", 1000)) +
            text(g("home", "")) + text(g("maildir", "")) +
            u8(g("system_user", 0)) + text(g("detail", "")) +
            u8(g("transport", 0)) + text(g("nexthop", "")) +
            u16(g("port", 0)) + u8(g("tls", 0)) + text(g("source", "")) +
            u8(g("generic", 0)) + text(g("auth", "")) + text(g("owner", "")) +
            text(g("esc", "")) +
            text(g("text", "")))


class Fields:
    def __init__(self, octets):
        self.left = octets

    def num(self, n):
        v, self.left = int.from_bytes(self.left[:n], "big"), self.left[n:]
        return v

    def text(self):
        n = self.num(2)
        v, self.left = self.left[:n].decode("latin-1"), self.left[n:]
        return v


class Job:
    """What one worker was given."""

    def __init__(self, body, fd, kind, n):
        f = Fields(body)
        self.kind, self.worker = kind, n
        self.id, self.sender = f.text(), f.text()
        at, size = f.num(8), f.num(8)
        self.body_8bit, self.transport = f.num(1), f.num(1)
        self.nexthop, self.port = f.text(), f.num(2)
        self.tls, self.source, self.auth = f.num(1), f.text(), f.text()
        self.smtputf8, self.ret = f.num(1), f.num(1)
        self.envid, self.nrcpts = f.text(), f.num(4)
        self.text = os.pread(fd, size, at)
        self.flags = os.get_inheritable(fd)
        try:
            os.pwrite(fd, b"x", at)
            self.writable = True
        except OSError:
            self.writable = False
        os.close(fd)
        self.rcpts = []     # (index, address, original, detail)
        self.wishes = {}    # address: (notify, orcpt)

    def add(self, body):
        f = Fields(body)
        self.rcpts.append((f.num(4), f.text(), f.text(), f.text()))
        self.wishes[self.rcpts[-1][1]] = (f.num(1), f.text())


class Qmgr:
    def __init__(self, directory=None, **settings):
        self.settings = {**SETTINGS, **settings}
        self.dir = pathlib.Path(directory or tempfile.mkdtemp(prefix="paqq-"))
        self.queue = self.dir / "queue"
        self.queue.mkdir(exist_ok=True)
        self.drop = os.geteuid() == 0
        if self.drop:
            os.chmod(self.dir, 0o755)
            os.chown(self.queue, 65534, 65534)
        self.routes = {}            # address -> [targets], None: refused
        self.outcome = {}           # address -> (kind, esc, text) or callable
        self.forwards = {}          # address -> [addresses]
        self.told = set()           # addresses whose host knows DSN
        self.hook = None            # called with each Job; "hang", "die" or None
        self.site_down = set()      # next hops
        self.lookups = []
        self.senders = []
        self.jobs = []
        self.deliveries = []        # (address, Job)
        self.logs = []
        self.workers = 0
        self.environment = {}
        self.give = ["ROLE_SMTPD", "ROLE_LOOKUPD", "ROLE_SMTP_OUT",
                     "ROLE_DELIVER", "ROLE_PIPE"]
        self.process = None

    # ---- life

    def __enter__(self):
        self.start()
        return self

    def __exit__(self, *exc):
        self.kill()
        if exc[0] is not None:
            print("\n".join(self.logs[-60:]))
            print((self.dir / "stderr").read_text(errors="replace")[-4000:])
        shutil.rmtree(self.dir, ignore_errors=True)

    def start(self):
        self.peers, self.hung = {}, []
        self.selector = selectors.DefaultSelector()
        self.wake_r, self.wake_w = os.pipe()
        self.selector.register(self.wake_r, selectors.EVENT_READ, None)
        self.master, master_end = pair()
        self.log, log_end = pair()
        a, b = master_end.fileno(), log_end.fileno()

        def wire():
            os.dup2(os.dup(a), 200)
            os.dup2(os.dup(b), 201)
            os.dup2(200, 3)
            os.dup2(201, 4)
            os.closerange(5, 300)

        self.err = open(self.dir / "stderr", "ab")
        self.process = subprocess.Popen(
            [str(BIN / "qmgr")], preexec_fn=wire, pass_fds=(3, 4),
            stdin=subprocess.DEVNULL, stdout=self.err, stderr=self.err,
            env={**os.environ, **self.environment})
        master_end.close()
        log_end.close()
        got = fake_suite.recv(self.master)
        assert got and got[0] == NUM["SUPER_HELLO"], self.stderr()
        who = 65534 if self.drop else 0
        send(self.master, "SUPER_IDENTITY", u8(self.drop) + u32(who) +
             u32(who) + text(str(self.queue) if self.drop else "") + u8(0) +
             u8(0) + u64(1))
        self.send_settings()
        for role in self.give:
            self.give_peer(role)
        send(self.master, "SUPER_GO")
        self.ready = False
        self.running = True
        self.watch(self.log, self.on_log)
        self.watch(self.master, self.on_master)
        self.thread = threading.Thread(target=self.loop, daemon=True)
        self.thread.start()
        self.wait(lambda: self.ready, "ready")

    def send_settings(self):
        """A list is sent item by item."""
        settings = {**fake_suite.defaults(), **self.settings,
                    "queue_dir": str(self.queue)}
        for name, value in settings.items():
            for one in value if isinstance(value, list) else [value]:
                send(self.master, "SUPER_SETTING", text(name) + text(str(one)))
        templates = settings.get("report_templates")
        if templates:
            with open(templates, "rb") as file:
                send(self.master, "SUPER_FILE", text("report-templates"),
                     fd=file.fileno())

    def reload(self, **settings):
        self.settings.update(settings)
        self.send_settings()
        send(self.master, "SUPER_GO")

    def stderr(self):
        self.err.flush()
        return (self.dir / "stderr").read_text(errors="replace")

    def stop_thread(self):
        if not self.running:
            return
        self.running = False
        os.write(self.wake_w, b"x")
        self.thread.join(10)
        for key in list(self.selector.get_map().values()):
            if key.data is not None:
                with contextlib.suppress(OSError):
                    key.fileobj.close()
        for s in self.hung:
            s.close()
        self.selector.close()
        os.close(self.wake_r)
        os.close(self.wake_w)
        self.err.close()

    def kill(self, sig=signal.SIGKILL):
        """End it; the queue directory stays."""
        if self.process is None:
            return None
        with contextlib.suppress(ProcessLookupError):
            self.process.send_signal(sig)
        code = self.process.wait(15)
        self.process = None
        self.stop_thread()
        return code

    def restart(self):
        self.kill()
        self.start()

    # ---- the loop of the fakes

    def watch(self, sock, handler):
        self.selector.register(sock, selectors.EVENT_READ, handler)

    def unwatch(self, sock):
        with contextlib.suppress(KeyError, ValueError):
            self.selector.unregister(sock)
        sock.close()

    def loop(self):
        while self.running:
            for key, _ in self.selector.select(1):
                if key.data is None:
                    return
                with contextlib.suppress(BrokenPipeError, ConnectionError):
                    key.data(key.fileobj)

    def on_log(self, sock):
        data = sock.recv(8192)
        if not data:
            self.unwatch(sock)
        else:
            self.logs.append(data[1:].decode("latin-1"))

    def on_master(self, sock):
        try:
            got = fake_suite.recv(sock)
        except ConnectionError:
            got = None
        if got is None:
            self.unwatch(sock)
        elif got[0] == NUM["SUPER_READY"]:
            self.ready = True

    def give_peer(self, role):
        ours, theirs = pair()
        send(self.master, "SUPER_PEER", u8(ROLE[role]), fd=theirs.fileno())
        theirs.close()
        self.peers[role] = ours
        if role == "ROLE_LOOKUPD":
            self.watch(ours, self.on_lookup)
        elif role != "ROLE_SMTPD":
            self.watch(ours, lambda s: self.on_parent(s, role))

    def drop_peer(self, role):
        self.unwatch(self.peers.pop(role))

    def on_lookup(self, sock):
        got = fake_suite.recv(sock)
        if got is None:
            return self.unwatch(sock)
        _, request, body, _ = got
        fields = Fields(body)
        address = fields.text()
        self.lookups.append(address)
        self.senders.append((address, fields.text()))
        targets = self.routes.get(address, "default")
        if targets == "silent":
            return None
        if targets == "default":
            targets = [mailbox(address)] if address.endswith("@demo.example") \
                else [remote(address)]
        if targets is None:
            return send(sock, "REFUSAL", u8(0) + text("4.3.0") +
                        text("no answer now"), request)
        for t in targets:
            send(sock, "TARGET", pack_target(t), request)
        return send(sock, "RESOLVED", u32(len(targets)), request)

    def on_parent(self, sock, role):
        got = fake_suite.recv(sock)
        if got is None:
            return self.unwatch(sock)
        number, _, body, fd = got
        assert NAME[number] in ("OUT_WORKER", "LOCAL_WORKER"), number
        worker = socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET,
                               fileno=fd)
        worker.setblocking(True)
        self.workers += 1
        kind = {"ROLE_SMTP_OUT": "out", "ROLE_DELIVER": "local",
                "ROLE_PIPE": "pipe"}[role]
        user = Fields(body).text() if NAME[number] == "LOCAL_WORKER" else ""
        state = dict(kind=kind, user=user, n=self.workers, job=None, row=[])
        return self.watch(worker, lambda s: self.on_worker(s, state))

    def on_worker(self, sock, state):
        got = fake_suite.recv(sock)
        if got is None:
            return self.unwatch(sock)
        number, _, body, fd = got
        if number == NUM["JOB"]:
            assert state["job"] is None, "a second job at once"
            state["job"] = Job(body, fd, state["kind"], state["n"])
            state["job"].user = state["user"]
        elif number == NUM["JOB_RCPT"]:
            state["job"].add(body)
        else:
            assert number == NUM["JOB_GO"]
            job, state["job"] = state["job"], None
            assert len(job.rcpts) == job.nrcpts
            job.row = state["row"]
            job.row.append(job)
            self.jobs.append(job)
            if body == u8(0):
                state["row"] = []
                self.work_all(sock, job.row)
        return None

    def work_all(self, sock, row):
        """As a worker does: it answers when it has them all."""
        for job in row:
            if self.work(sock, job) == "gone":
                break

    def work(self, sock, job):
        said = self.hook(job) if self.hook else None
        if said == "die":
            self.unwatch(sock)
            return "gone"
        if said == "hang":
            self.selector.unregister(sock)
            self.hung.append(sock)
            return "gone"
        down = job.nexthop in self.site_down
        for index, address, _, _ in job.rcpts:
            kind, esc, why = self.outcome.get(address, (DONE, "2.0.0", "ok"))
            if down:
                kind, esc, why = LATER, "4.4.1", "cannot connect"
            for to in self.forwards.get(address, ()):
                send(sock, "RESULT_FORWARD", u32(index) + text(to))
            if kind == DONE:
                self.deliveries.append((address, job))
            if said == "mute":
                continue
            send(sock, "RESULT", u32(index) + u8(kind) + text(esc) +
                 text(why) + text("" if down or
                                  (kind == LATER and why[:1] != "4") or
                                  address in self.forwards else
                                  "mx.example (192.0.2.9)") +
                 u8(address in self.told))
        return send(sock, "JOB_END", u8(1) + u8(down))

    # ---- what a session does

    def session(self):
        ours, theirs = pair()
        ours.settimeout(15)
        send(self.peers["ROLE_SMTPD"], "CHAN_NEW", fd=theirs.fileno())
        theirs.close()
        return ours

    def new(self, chan, size=0):
        """(id, descriptor) or the refusal's esc."""
        send(chan, "QUEUE_NEW", u64(size), 7)
        number, request, body, fd = fake_suite.recv(chan)
        assert request == 7
        if number == NUM["REFUSAL"]:
            f = Fields(body)
            f.num(1)
            return f.text(), None
        assert number == NUM["QUEUE_FILE"]
        return Fields(body).text(), fd

    def ask_commit(self, chan, id_):
        send(chan, "QUEUE_COMMIT", text(id_), 8)

    def answer(self, chan):
        """True: committed; else the refusal's esc; None: closed."""
        got = fake_suite.recv(chan)
        if got is None:
            return None
        if got[0] == NUM["QUEUE_COMMITTED"]:
            return True
        f = Fields(got[2])
        f.num(1)
        return f.text()

    def commit(self, sender, rcpts, message=MESSAGE, octets=None, chan=None,
               keep=False):
        """The id; or the refusal's esc where the commit was refused."""
        mine = chan or self.session()
        id_, fd = self.new(mine, len(message))
        assert fd is not None, id_
        os.write(fd, octets or whole_file(sender, rcpts, message))
        os.fsync(fd)
        if not keep:
            os.close(fd)
        self.ask_commit(mine, id_)
        got = self.answer(mine)
        if chan is None:
            mine.close()
        if keep:
            os.close(fd)
        return id_ if got is True else got

    # ---- orders of an operator

    def control(self, verb, args=""):
        ours, theirs = socket.socketpair()
        send(self.master, "SUPER_CONTROL", text(verb) + text(args),
             fd=theirs.fileno())
        theirs.close()
        ours.settimeout(15)
        out = b""
        while data := ours.recv(65536):
            out += data
        ours.close()
        return out.decode()

    # ---- looking

    def files(self, place=""):
        """{id: path} of the queue, or of one of its directories."""
        return {p.name: p for p in (self.queue / place).rglob("*")
                if p.is_file() and len(p.name) == 20}

    def put_off(self, id_):
        """Its file, when it waits: a moment after the line that says so."""
        self.wait(lambda: id_ in self.files("deferred"), "deferral")
        return self.files("deferred")[id_]

    def delivered(self, address):
        return [job for a, job in self.deliveries if a == address]

    def events(self, event, **fields):
        found = []
        for line in self.logs:
            got = dict(re.findall(r'(\w+)=("(?:[^"\\]|\\.)*"|\S*)', line))
            if got.get("event") == event and all(
                    got.get(k) == v for k, v in fields.items()):
                found.append(got)
        return found

    def logged(self, event, count=1, **fields):
        """Its lines about that, when there are so many: a line may come a
        moment after what it tells of."""
        self.wait(lambda: len(self.events(event, **fields)) >= count,
                  f"{count} lines: {event}")
        return self.events(event, **fields)

    def wait(self, claim, what="", seconds=15):
        deadline = time.monotonic() + seconds
        while not claim():
            assert self.process.poll() is None, self.stderr()
            assert time.monotonic() < deadline, "waited for %s\n%s" % (
                what, "\n".join(self.logs[-40:]))
            time.sleep(0.005)

    def is_empty(self):
        """Looked at twice: the bounce of a message is made in a directory that
        the first look may have behind it, before the message is removed."""
        return not self.files() and not self.files()

    def settled(self):
        """Nothing is left in the queue."""
        self.wait(self.is_empty, "an empty queue")


def recv_all(sock, n):
    data, fds, _, _ = socket.recv_fds(sock, n, 1)
    return data, array.array("i", fds)
