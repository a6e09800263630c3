"""Plays master and logd for any one daemon, so that a test can be its peers.

    with Daemon("dnsd", {"dns_servers": ["127.0.0.1:5353"]}) as d:
        chan = d.peer("ROLE_SMTP_OUT")      # the test's end
        ...

A list among the settings is sent as several values.  fast=100: time runs a
hundred times as fast in there (fast_clock.c), once it has its settings.  jail:
False, True (an empty directory), or a path; with one, the daemon becomes user.
"""
import os
import pathlib
import pwd
import resource
import shutil
import signal
import socket
import subprocess
import tempfile
import threading
import time

from fake_suite import BIN, LISTENER, NUM, ROLE, ROOT, defaults, pair, \
    recv, send, text, u8, u32, u64

IS_ROOT = os.geteuid() == 0
NOBODY = 65534


def fast_clock():
    """The library, built when it is older than its source."""
    source = ROOT / "tests" / "flow" / "fast_clock.c"
    library = BIN.parent / "fast_clock.so"
    if not library.exists() or \
            library.stat().st_mtime < source.stat().st_mtime:
        made = library.with_suffix(f".{os.getpid()}")
        subprocess.run(["cc", "-shared", "-fPIC", "-O1", "-D_GNU_SOURCE",
                        "-o", str(made), str(source), "-ldl"], check=True)
        made.rename(library)
    return str(library)


class Daemon:
    def __init__(self, program, settings, args=(), fast=0, jail=True,
                 nofile=None, user=None):
        self.program, self.args = program, list(args)
        self.settings = {"hostname": "mail.demo.example",
                         "log_level": "debug", **settings}
        self.fast, self.jail, self.nofile = fast, jail, nofile
        self.user = user        # None: nobody
        self.env = {}           # more of it, before the start
        self.dir = pathlib.Path(tempfile.mkdtemp(prefix="paqone-"))
        self.dir.chmod(0o755)
        self.logs, self.ready = [], False
        self.lock = threading.Lock()
        self.give = []          # (kind, body, descriptor) before GO

    # ---- before the start

    def peer(self, role):
        """A channel to it; before or after the start."""
        ours, theirs = pair()
        ours.settimeout(20)
        self.give_peer(role, theirs)
        return ours

    def give_peer(self, role, theirs):
        if self.ready:
            send(self.master, "SUPER_PEER", u8(ROLE[role]),
                 fd=theirs.fileno())
            theirs.close()
        else:
            self.give.append(("SUPER_PEER", u8(ROLE[role]), theirs))

    def listen(self, kind, host="127.0.0.1"):
        """The port of a listener of its."""
        s = socket.create_server((host, 0), backlog=256)
        s.setblocking(False)
        self.give.append(("SUPER_LISTENER", u8(LISTENER[kind]) +
                          text("test"), s))
        return s.getsockname()[1]

    # ---- life

    def __enter__(self):
        self.start()
        return self

    def __exit__(self, *exc):
        self.stop()

    def start(self):
        self.master, master_end = pair()
        self.log, log_end = pair()
        for sock in (self.master, self.log):
            sock.settimeout(20)
        self.launch(master_end.fileno(), log_end.fileno())
        master_end.close()
        log_end.close()
        threading.Thread(target=self.read_log, daemon=True).start()
        got = recv(self.master)
        assert got and got[0] == NUM["SUPER_HELLO"], self.stderr()
        self.introduce()
        got = recv(self.master)
        assert got and got[0] == NUM["SUPER_READY"], self.trouble()
        self.ready = True
        return self

    def launch(self, master, log):
        def wire():
            high = [os.dup(master), os.dup(log)]
            os.dup2(high[0], 200)
            os.dup2(high[1], 201)
            os.dup2(200, 3)
            os.dup2(201, 4)
            if self.nofile:
                resource.setrlimit(resource.RLIMIT_NOFILE,
                                   (self.nofile, self.nofile))
        env = {"PATH": "/usr/bin:/bin",
               "ASAN_OPTIONS": "verify_asan_link_order=0"}
        if self.fast:
            (self.dir / "clock").write_bytes(b"\0")
            env.update(LD_PRELOAD=fast_clock(), FAST_CLOCK=str(self.fast),
                       FAST_CLOCK_FILE=str(self.dir / "clock"))
        env.update(self.env)
        (self.dir / "jail").mkdir()
        with open(self.dir / "stderr", "wb") as err:
            self.process = subprocess.Popen(
                [str(BIN / self.program), *self.args], preexec_fn=wire,
                pass_fds=(3, 4), stdin=subprocess.DEVNULL, stdout=err,
                stderr=err, env=env)

    def introduce(self):
        drop = IS_ROOT and bool(self.jail)
        uid = gid = NOBODY
        if self.user is not None and drop:
            uid, gid = pwd.getpwnam(self.user)[2:4]
        jail = self.dir / "jail" if self.jail is True else self.jail
        send(self.master, "SUPER_IDENTITY", u8(drop) +
             (u32(uid) + u32(gid) if drop else u32(0) + u32(0)) +
             text(str(jail) if drop else "") + u8(0) + u8(0) + u64(1))
        self.send_settings()
        for kind, body, sock in self.give:
            send(self.master, kind, body, fd=sock.fileno())
            sock.close()
        self.give = []
        if self.fast:
            with open(self.dir / "clock", "r+b") as f:
                f.write(b"1")
        send(self.master, "SUPER_GO")

    def reload(self, **settings):
        self.settings.update(settings)
        self.send_settings()
        send(self.master, "SUPER_GO")

    def send_settings(self):
        for name, value in {**defaults(), **self.settings}.items():
            for one in value if isinstance(value, (list, tuple)) else [value]:
                send(self.master, "SUPER_SETTING", text(name) +
                     text(str(one)))

    def stop(self, seconds=10):
        """As master does it: STOP, then SIGTERM; its exit code."""
        if self.process.poll() is None:
            try:
                send(self.master, "SUPER_STOP")
                self.process.wait(1)
            except (OSError, subprocess.TimeoutExpired):
                self.process.send_signal(signal.SIGTERM)
        try:
            code = self.process.wait(seconds)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()
            raise
        self.master.close()
        err = self.stderr()
        shutil.rmtree(self.dir, ignore_errors=True)
        assert "ERROR: " not in err and "runtime error" not in err, err
        return code

    # ---- what it says

    def read_log(self):
        while True:
            try:
                line = self.log.recv(8192)
            except TimeoutError:
                continue
            except OSError:
                return
            if not line:
                return
            with self.lock:
                self.logs.append(line.decode(errors="replace"))

    def stderr(self):
        return (self.dir / "stderr").read_text(errors="replace")

    def trouble(self):
        return self.stderr() + "".join(self.logs)

    def log_has(self, *words, within=5.0):
        """A line that holds all words; waits for it."""
        end = time.monotonic() + within
        while True:
            with self.lock:
                for line in self.logs:
                    if all(w in line for w in words):
                        return line
            if time.monotonic() > end:
                return None
            time.sleep(0.01)

    def log_count(self, *words):
        """How many lines hold all words, when no more have come for a while."""
        count, last = -1, None
        while count != last:
            last = count
            time.sleep(0.1)
            with self.lock:
                count = sum(all(w in line for w in words)
                            for line in self.logs)
        return count

    def children(self):
        pid = self.process.pid
        path = f"/proc/{pid}/task/{pid}/children"
        return [int(p) for p in open(path).read().split()]

    def rss(self):
        """KiB in memory."""
        for line in open(f"/proc/{self.process.pid}/status"):
            if line.startswith("VmRSS:"):
                return int(line.split()[1])
        return 0
