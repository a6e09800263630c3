"""One real imapd front; master, logd and authd are played here.

    with Front() as front:
        c = front.connect()

The played authd knows USERS; who may in is served by a Session in
front.server's mail root, on the very connection that the front passed on.
"""
import os
import pathlib
import selectors
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import threading
import time

ROOT = pathlib.Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "tests" / "flow"))
from fake_suite import (BIN, LISTENER, NUM, ROLE, Reader,  # noqa: E402
                        defaults, pair, recv, send, text, u8, u32, u64)
from imap_client import Client, Session  # noqa: E402

USERS = {b"alice": b"secret", b"bob@example.org": b'quo"te\\d {5} pw'}
SETTINGS = {"hostname": "mail.example.org", "log_level": "debug",
            "plain_login_anywhere": "no", "scram_without_tls": "no", "client_certificates": "", "oauth_keys": "",
            "sasl_mechanisms": "PLAIN LOGIN EXTERNAL", "imap_clients_max": "200",
            "mail_clients_per_address": "0", "login_timeout": "60",
            "tls_handshakes_max": "500", "tls_handshakes_per_network": "0",
            "imap_timeout": "1800", "message_size_max": "1048576",
            "separator": ".", "imap_literal_minus": "no"}


class Front:
    def __init__(self, host="127.0.0.1", **settings):
        self.host = host
        self.settings = {**SETTINGS,
                         **{k: str(v) for k, v in settings.items()}}
        self.dir = pathlib.Path(tempfile.mkdtemp(prefix="paqfront-"))
        self.logins, self.logs = [], []
        self.result = None          # answer every proof with this
        self.ready = False

    def __enter__(self):
        self.server = Session()
        self.server.__enter__()
        self.master, master_end = pair()
        self.log, log_end = pair()
        self.authd, authd_end = pair()
        self.listener = socket.create_server((self.host, 0), backlog=128)
        self.listener.setblocking(False)
        (self.dir / "jail").mkdir()
        os.chmod(self.dir, 0o755)
        a, b = master_end.fileno(), log_end.fileno()

        def wire():
            high = [os.dup2(os.dup(a), 200), os.dup2(os.dup(b), 201)]
            os.dup2(high[0], 3)
            os.dup2(high[1], 4)
        self.err = open(self.dir / "stderr", "wb")
        self.process = subprocess.Popen(
            [str(BIN / "imapd"), "front"], preexec_fn=wire, pass_fds=(3, 4),
            stdin=subprocess.DEVNULL, stdout=self.err, stderr=self.err)
        master_end.close()
        log_end.close()
        self.selector = selectors.DefaultSelector()
        self.watch(self.log, self.on_log)
        self.hello(authd_end)
        self.watch(self.master, self.on_master)
        self.watch(self.authd, self.on_authd)
        self.running = True
        self.thread = threading.Thread(target=self.loop, daemon=True)
        self.thread.start()
        deadline = time.monotonic() + 10
        while not self.ready:
            assert time.monotonic() < deadline, (self.logs, self.stderr())
            time.sleep(0.005)
        return self

    def hello(self, authd_end):
        got = recv(self.master)
        assert got and got[0] == NUM["SUPER_HELLO"], self.stderr()
        drop = os.geteuid() == 0
        nobody = u32(65534 if drop else 0)
        send(self.master, "SUPER_IDENTITY", u8(drop) + nobody + nobody +
             text(str(self.dir / "jail") if drop else "") + u8(0) + u8(0) +
             u64(1))
        for name, value in {**defaults(), **self.settings}.items():
            send(self.master, "SUPER_SETTING", text(name) + text(value))
        send(self.master, "SUPER_PEER", u8(ROLE["ROLE_AUTHD"]),
             fd=authd_end.fileno())
        authd_end.close()
        send(self.master, "SUPER_LISTENER", u8(LISTENER["LISTENER_IMAP"]) +
             text("test-imap"), fd=self.listener.fileno())
        send(self.master, "SUPER_GO")

    def watch(self, sock, handler):
        self.selector.register(sock, selectors.EVENT_READ, handler)

    def loop(self):
        while self.running:
            for key, _ in self.selector.select(0.05):
                try:
                    key.data(key.fileobj)
                except OSError:
                    self.selector.unregister(key.fileobj)

    def on_log(self, sock):
        line = sock.recv(4096)
        if not line:
            raise OSError
        self.logs.append(line.decode(errors="replace"))

    def on_master(self, sock):
        got = recv(sock)
        if got is None:
            raise OSError
        self.ready = self.ready or got[0] == NUM["SUPER_READY"]

    def on_authd(self, sock):
        got = recv(sock)
        if got is None:
            raise OSError
        number, request, body, fd = got
        assert number == NUM["LOGIN_REQ"] and fd is not None
        r = Reader(body)
        service = r.take(1)
        user, password, _, _, tag, pending = (r.text() for _ in range(6))
        r.done()
        assert service == b"\2"
        self.logins.append((user, password))
        result = self.result
        if result is None:
            result = 0 if USERS.get(user) == password else 1
        client = socket.socket(fileno=fd)
        if result == 0:
            self.server.words[3:] = [tag.decode(), pending.decode("latin-1")]
            self.server.serve(client)
        client.close()
        send(sock, "LOGIN_REP", u8(result), request)

    def connect(self, timeout=20):
        c = Client(socket.create_connection(self.listener.getsockname()[:2]),
                   timeout)
        c.greeting = c.line()
        return c

    def memory_kib(self):
        """Resident, of the front."""
        for line in open("/proc/%d/status" % self.process.pid):
            if line.startswith("VmRSS:"):
                return int(line.split()[1])
        raise AssertionError("no VmRSS")

    def stderr(self):
        return (self.dir / "stderr").read_text(errors="replace")

    def __exit__(self, *exc):
        alive = self.process.poll() is None
        if alive:
            self.process.send_signal(signal.SIGTERM)
            try:
                self.process.wait(8)
            except subprocess.TimeoutExpired:
                self.process.kill()
                self.process.wait()
        self.running = False
        self.thread.join(5)
        for s in (self.master, self.log, self.authd, self.listener):
            s.close()
        self.selector.close()
        self.err.close()
        err = self.stderr()
        shutil.rmtree(self.dir)
        self.server.__exit__(*exc)
        assert alive, (self.process.returncode, err)
        assert "ERROR: " not in err and "runtime error" not in err, err
        return False
