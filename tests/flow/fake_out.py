"""Plays master, logd and qmgr for a real smtp-out and a real dnsd, and the
mail servers that they meet.

    with Out(dns) as out, Server() as server:
        done = out.job(message, ["bob@far.example"])
        assert done.kinds == [DONE]

A Server does what its script says at each step; it accepts nothing but CRLF
as the end of a line, and CRLF.CRLF as that of a message.
"""
import contextlib
import os
import socket
import struct
import tempfile
import threading
import time

from fake_master import Daemon
from fake_suite import NUM, Reader, pair, recv, send, text, u8, u32, u64

DONE, LATER, NEVER = 0, 1, 2
SMTP, LMTP = 0, 1
FRONT = b"paquebot-queue: the envelope comes first\n"
MAIL = b"Subject: hello\r\n\r\nHow are you?\r\n"
ID = "0123456789BCDFGHJKMN"


class Done:
    """What qmgr heard of one job."""

    def __init__(self):
        self.results = {}       # index: (kind, esc, text, remote)
        self.end = None         # (reusable, site_down)

    def add(self, body):
        r = Reader(body)
        index = struct.unpack(">I", r.take(4))[0]
        kind = r.take(1)[0]
        assert index not in self.results, "two results"
        self.results[index] = (kind, r.text().decode(), r.text().decode(),
                               r.text().decode())
        self.told = getattr(self, "told", {})
        self.told[index] = r.take(1)[0]
        r.done()

    @property
    def kinds(self):
        return [self.results[i][0] for i in sorted(self.results)]

    @property
    def escs(self):
        return [self.results[i][1] for i in sorted(self.results)]

    @property
    def texts(self):
        return [self.results[i][2] for i in sorted(self.results)]

    @property
    def remotes(self):
        return [self.results[i][3] for i in sorted(self.results)]


class Worker:
    """qmgr's end of a worker's channel."""

    def __init__(self, out, auth=0):
        self.sock, theirs = pair()
        self.sock.settimeout(60)
        send(out.qmgr, "OUT_WORKER", u8(0) + u8(auth), fd=theirs.fileno())
        theirs.close()

    def begin(self, message, rcpts, nexthop="", port=0, transport=SMTP,
              sender="alice@demo.example", id_=ID, size=None, body_8bit=0,
              tls=0, smtputf8=0, ret=0, envid="", notify=0, orcpt="", source="",
              auth=""):
        """Give the job and do not wait."""
        with tempfile.TemporaryFile() as f:
            f.write(FRONT + message)
            f.flush()
            send(self.sock, "JOB", text(id_) + text(sender) +
                 u64(len(FRONT)) +
                 u64(len(message) if size is None else size) +
                 u8(body_8bit) + u8(transport) + text(nexthop) +
                 struct.pack(">H", port) + u8(tls) + text(source) + text(auth) + u8(smtputf8) +
                 u8(ret) +
                 text(envid) + u32(len(rcpts)), fd=f.fileno())
        for i, r in enumerate(rcpts):
            send(self.sock, "JOB_RCPT", u32(100 + i) + text(r) + text(r) +
                 text("") + u8(notify) + text(orcpt))
        send(self.sock, "JOB_GO", u8(0))

    def finish(self):
        """The results, or None if the worker ended without them."""
        done = Done()
        while True:
            try:
                got = recv(self.sock)
            except ConnectionResetError:    # it left packets of ours unread
                return None
            if got is None:
                return None
            number, _, body, _ = got
            if number == NUM["RESULT"]:
                done.add(body)
            else:
                assert number == NUM["JOB_END"], number
                done.end = (body[0], body[1])
                return done

    def job(self, *args, **more):
        self.begin(*args, **more)
        return self.finish()

    def close(self):
        self.sock.close()

    def ended(self, within=10):
        """The worker hangs up by itself."""
        self.sock.settimeout(within)
        try:
            return recv(self.sock) is None
        except ConnectionResetError:
            return True


class Out:
    def __init__(self, dns=None, fast=0, ca=None, **settings):
        self.dns, self.ca = dns, ca     # ca: file of authorities
        self.settings = {"smtp_out_max": "50", "smtp_out_port": "25",
                         "smtp_out_source": "",
                         "smtp_out_tls": "opportunistic",
                         "smtp_out_private": "no",
                         "dns_validating": "no", **settings}
        self.fast = fast

    def __enter__(self):
        self.out = Daemon("smtp-out", self.settings, fast=self.fast)
        if self.ca:
            self.out.give.append(("SUPER_FILE", text("ca"),
                                  open(self.ca, "rb")))
        self.dnsd = None
        self.new_qmgr()
        if self.dns is not None:
            self.new_dnsd()
        else:
            self.no_dns = self.out.peer("ROLE_DNSD")    # never answers
        self.out.start()
        return self

    def new_dnsd(self):
        """The first one, or the next one."""
        self.dnsd = Daemon("dnsd", {"dns_servers": [self.dns.address],
                                    "dns_validating": self.settings[
                                        "dns_validating"]},
                           fast=self.fast)
        one, other = pair()
        self.dnsd.give_peer("ROLE_SMTP_OUT", other)
        self.dnsd.start()
        self.out.give_peer("ROLE_DNSD", one)

    def new_authorities(self, ca):
        """As master does at a reload."""
        with open(ca, "rb") as f:
            send(self.out.master, "SUPER_FILE", text("ca"), fd=f.fileno())
        self.out.reload()

    def new_qmgr(self):
        """A first qmgr, or the next one."""
        self.qmgr = self.out.peer("ROLE_QMGR")

    def __exit__(self, *exc):
        self.qmgr.close()
        self.out.stop()
        if self.dnsd is not None:
            self.dnsd.stop()

    def worker(self, auth=0):
        return Worker(self, auth)

    def job(self, message, rcpts, **more):
        with contextlib.closing(self.worker(bool(more.get("auth")))) as w:
            return w.job(message, rcpts, **more)

    def told(self, within=10):
        """The next thing that the parent tells qmgr: (name, fields)."""
        self.qmgr.settimeout(within)
        number, _, body, _ = recv(self.qmgr)
        r = Reader(body)
        id_ = r.text().decode()
        if number == NUM["ORPHAN"]:
            r.done()
            return "ORPHAN", id_
        assert number == NUM["ORPHAN_RESULT"], number
        index = struct.unpack(">I", r.take(4))[0]
        kind = r.take(1)[0]
        return "ORPHAN_RESULT", id_, index, kind, r.text().decode()


DROP, HANG, LISTEN = "drop", "hang", "listen"


class Server:
    """script: step -> octets to answer, DROP, HANG, or a function of the line
    (its text) that returns one of these.  Steps: greeting, EHLO, HELO, MAIL,
    STARTTLS, AUTH (and each response behind a 334), RCPT, DATA, body (DROP only), dot (LMTP: once for each accepted
    recipient), RSET, QUIT (LISTEN: no answer, and the connection's end goes
    to ends).
    """

    def __init__(self, script=None, lmtp=False, host="127.0.0.1", port=0,
                 caps=("PIPELINING", "8BITMIME", "ENHANCEDSTATUSCODES",
                       "SIZE 1000000"), name="mx.far.example", pause=0,
                 tls=None, auth=None):
        self.auth = auth        # mechanisms, offered by TLS only
        self.script, self.lmtp, self.caps = dict(script or {}), lmtp, caps
        self.name, self.pause, self.tls = name, pause, tls
        self.listener = socket.create_server((host, port), backlog=64)
        self.port = self.listener.getsockname()[1]
        self.sessions = []      # a list of lines each
        self.messages = []      # (mail line, [rcpt lines], octets)
        self.by_tls = []        # of each message: did it come by TLS?
        self.raw = []           # octets of each connection
        self.ends = []          # "goodbye" of TLS, or the error
        self.sockets = []
        self.sni = []           # names asked for, None for none
        if tls:
            tls.sni_callback = lambda s, name, c: self.sni.append(name)
        self.lock = threading.Lock()
        threading.Thread(target=self.serve, daemon=True).start()

    def __enter__(self):
        return self

    def __exit__(self, *exc):
        self.close()

    def close(self):
        with contextlib.suppress(OSError):
            self.listener.shutdown(socket.SHUT_RDWR)
        self.listener.close()

    def serve(self):
        while True:
            try:
                client, _ = self.listener.accept()
            except OSError:
                return
            threading.Thread(target=self.session, args=(client,),
                             daemon=True).start()

    def session(self, client):
        client.settimeout(60)
        client.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        with contextlib.suppress(OSError, EOFError), client:
            Session(self, client).run()

    def wait(self, claim, seconds=10):
        end = time.monotonic() + seconds
        while True:
            with contextlib.suppress(IndexError):   # not yet
                if claim(self):
                    return
            assert time.monotonic() < end, (self.sessions, self.messages)
            time.sleep(0.01)


class Session:
    def __init__(self, server, client):
        self.server, self.client = server, client
        self.left, self.lines, self.raw = b"", [], bytearray()
        self.secret = False     # by TLS
        with server.lock:
            server.sessions.append(self.lines)
            server.raw.append(self.raw)
            server.sockets.append(client)

    def more(self):
        got = self.client.recv(65536)
        if not got:
            raise EOFError
        self.raw += got
        self.left += got

    def line(self):
        while b"\r\n" not in self.left:
            self.more()
        line, _, self.left = self.left.partition(b"\r\n")
        return line

    def message(self):
        """Up to CRLF.CRLF; dots taken away, nothing else."""
        octets = b"\r\n"
        while (end := octets.find(b"\r\n.\r\n")) < 0:
            if not self.left:
                self.more()
            octets += self.left
            self.left = b""
        self.left = octets[end + 5:]
        body = octets[:end + 2]
        return body.replace(b"\r\n.", b"\r\n")[2:]

    def say(self, step, default, line=b""):
        answer = self.server.script.get(step, default)
        if callable(answer):
            answer = answer(line)
        if answer is DROP:
            raise EOFError
        if answer is HANG:
            with contextlib.suppress(OSError):
                while self.client.recv(65536):
                    pass
            raise EOFError
        if answer is None:
            answer = default
        time.sleep(self.server.pause)
        self.client.sendall(answer)
        return answer[:1]

    def run(self):
        self.say("greeting", b"220 %s ready\r\n" % self.server.name.encode())
        mail, rcpts = None, []
        while True:
            line = self.line()
            self.lines.append(line)
            verb = line.split(b" ")[0].upper().decode("latin-1")
            if verb in ("EHLO", "LHLO"):
                words = [self.server.name, *self.server.caps]
                if self.server.tls and not self.secret:
                    words.append("STARTTLS")
                if self.server.auth and self.secret:
                    words.append("AUTH " + self.server.auth)
                text_ = "".join(f"250-{w}\r\n" for w in words[:-1])
                self.say("EHLO", f"{text_}250 {words[-1]}\r\n".encode(), line)
            elif verb == "MAIL":
                mail, rcpts = line, []
                if self.say("MAIL", b"250 2.1.0 ok\r\n", line) != b"2":
                    mail = None
            elif verb == "RCPT":
                default = b"250 2.1.5 ok\r\n" if mail else b"503 no\r\n"
                if self.say("RCPT", default, line) == b"2":
                    rcpts.append(line)
            elif verb == "DATA":
                default = b"354 go on\r\n" if rcpts else b"503 no\r\n"
                if self.say("DATA", default, line) == b"3":
                    self.data(mail, rcpts)
                    mail, rcpts = None, []
            elif verb == "AUTH":
                while self.say("AUTH", b"235 2.7.0 welcome\r\n", line) == b"3":
                    line = self.line()
                    self.lines.append(line)
            elif verb == "STARTTLS" and self.server.tls and not self.secret:
                if self.say("STARTTLS", b"220 go\r\n", line) == b"2":
                    self.client = self.server.tls.wrap_socket(
                        self.client, server_side=True,
                        suppress_ragged_eofs=False)
                    self.secret = True
            elif verb == "QUIT" and \
                    self.server.script.get("QUIT") == LISTEN:
                self.server.ends.append(self.end())
                return
            elif verb == "QUIT":
                self.say("QUIT", b"221 bye\r\n", line)
                return
            else:
                self.say(verb, b"250 ok\r\n", line)

    def end(self):
        """RFC 8446 6.1: close_notify, or the transport ends without one."""
        try:
            return "goodbye" if self.client.recv(100) == b"" else "octets"
        except OSError as e:
            return repr(e)

    def data(self, mail, rcpts):
        if self.server.script.get("body") is DROP:
            self.more()
            raise EOFError
        octets = self.message()
        with self.server.lock:
            self.server.messages.append((mail, list(rcpts), octets))
            self.server.by_tls.append(self.secret)
        for rcpt in rcpts if self.server.lmtp else rcpts[:1] or [b""]:
            self.say("dot", b"250 2.0.0 taken\r\n", rcpt)
