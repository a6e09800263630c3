"""A whole suite in a scratch directory: its configuration, accounts and maps
are written, master is started, and clients are given.

As root all daemons run under their own users, as in production; as an
ordinary user all of them share that one.
"""
import contextlib
import ctypes
import imaplib
import os
import poplib
import pwd
import random
import re
import shutil
import signal
import smtplib
import socket
import subprocess
import tempfile
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent.parent
BIN = (ROOT / os.environ.get("BUILD", "build")).resolve() / "bin"
OWNER = "_paqdemo"
IS_ROOT = os.geteuid() == 0
LISTENERS = ("mx", "submission", "lmtp", "pop3", "imap")

imaplib._MAXLINE = 10_000_000


def wait_for(what, seconds=20.0, every=0.02):
    """what() until it is true, which is returned; TimeoutError otherwise."""
    end = time.monotonic() + seconds
    while True:
        got = what()
        if got:
            return got
        if time.monotonic() > end:
            raise TimeoutError(f"not in {seconds} s: {what}")
        time.sleep(every)


def take_ports(n, host="127.0.0.1"):
    """Sockets that keep n ports from others like us, but not from a server:
    it sets SO_REUSEADDR, and they do, now that they have the port alone."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    taken = []
    while len(taken) < n:
        s = socket.socket(family)
        try:
            # Outside of the range of which every client gets one.
            s.bind((host, random.randrange(10240, 32768)))
            s.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            taken.append(s)
        except OSError:
            s.close()
    return taken


def free_ports(n, host="127.0.0.1"):
    """n ports that nobody listens on."""
    taken = take_ports(n, host)
    ports = [s.getsockname()[1] for s in taken]
    for s in taken:
        s.close()
    return ports


@contextlib.contextmanager
def in_netns(name):
    """Sockets and processes that this thread makes belong to that network
    namespace.  (`ip netns exec` mounts, which a chroot does not let it.)"""
    if name is None:
        yield
        return
    libc = ctypes.CDLL(None, use_errno=True)

    def enter(fd):
        if libc.setns(fd, 0x40000000) != 0:     # CLONE_NEWNET
            raise OSError(ctypes.get_errno(), "setns")
    with open("/proc/thread-self/ns/net", encoding="ascii") as home, \
            open(f"/run/netns/{name}", encoding="ascii") as there:
        enter(there.fileno())
        try:
            yield
        finally:
            enter(home.fileno())


def namespaces():
    """Can a user namespace be made here?  Not inside a chroot, for one."""
    done = subprocess.run(["unshare", "-U", "true"], capture_output=True,
                          check=False)
    return done.returncode == 0


def quoted(value):
    if isinstance(value, (list, tuple)):
        return "{ " + ", ".join(quoted(v) for v in value) + " }"
    if isinstance(value, bool):
        return '"yes"' if value else '"no"'
    text = str(value).replace("\\", "\\\\").replace('"', '\\"')
    return f'"{text}"'


class Suite:
    """settings replace or add to those of the configuration."""

    def __init__(self, directory=None, *, hostname="mx.demo.example",
                 domains=("demo.example",), users=None, host="127.0.0.1",
                 listen=LISTENERS, ports=None, settings=None, netns=None,
                 maps=None, bin_dir=None, wrapper=()):
        self.own = directory is None
        self.dir = Path(directory or tempfile.mkdtemp(prefix="paquebot-"))
        self.hostname, self.domains, self.host = hostname, domains, host
        self.netns = netns
        self.bin = Path(bin_dir or BIN)
        self.wrapper = list(wrapper)    # a command that runs the server
        self.users = dict(users if users is not None else {
            "alice@demo.example": "alice secret",
            "bob@demo.example": "bob secret"})
        self.maps = dict(maps or {})
        with in_netns(netns):
            self.taken = take_ports(len(listen), host)
        self.port = dict(zip(listen, (s.getsockname()[1]
                                      for s in self.taken)))
        self.port.update(ports or {})
        self.conf = self.dir / "conf" / "paquebot.conf"
        self.queue = self.dir / "queue"
        self.mail = self.dir / "mail"
        self.log = self.dir / "log"
        self.master = None
        self.settings = {
            "hostname": hostname,
            "domains": list(domains),
            "confinement": "required" if not IS_ROOT or namespaces() else
                "available",
            "postmaster": next(iter(self.users), ""),
            "queue_dir": self.queue,
            "run_dir": self.dir / "run",
            "empty_dir": self.dir / "empty",
            "auth_dir": self.dir / "auth",
            "log": self.log,
            "mailbox_user": OWNER if IS_ROOT else
                pwd.getpwuid(os.geteuid()).pw_name,
            "mailbox_roots": [self.mail],
            "mailbox_path": f"{self.mail}/%d/%n/Maildir",
            "queue_free_min": "1M",
            "retry_min": "1s", "retry_max": "5s",
            "smtp_clients_per_address": "0",
            "clients_per_network_percent": "100",
            "smtp_errors_slow": "0",        # tests make many
            "mail_clients_per_address": "0",
        }
        if not IS_ROOT:         # root is trusted without being named
            self.settings["trusted_users"] = [pwd.getpwuid(
                os.geteuid()).pw_name]
        for name, number in self.port.items():
            at = f"[{host}]" if ":" in host else host
            self.settings[f"listen_{name}"] = [f"{at}:{number}"]
        self.settings.update(settings or {})

    # ------------------------------------------------------------ files

    def make_directories(self):
        self.dir.chmod(0o755)
        for name in ("conf", "run", "empty", "mail"):
            (self.dir / name).mkdir(exist_ok=True)
            (self.dir / name).chmod(0o755)
        if IS_ROOT:
            owner = pwd.getpwnam(self.settings["mailbox_user"])
            os.chown(self.mail, owner.pw_uid, owner.pw_gid)

    def write_conf(self):
        text = "".join(f"{name} = {quoted(value)}\n"
                       for name, value in self.settings.items()
                       if value is not None)
        self.conf.write_text(text, encoding="utf-8")

    def write_map(self, name, text):
        (self.conf.parent / name).write_text(text, encoding="utf-8")
        self.paquebot("map", name)

    def write(self):
        self.make_directories()
        self.write_conf()
        for name, password in self.users.items():
            if name not in self.paquebot("user", "list").split():
                self.paquebot("user", "add", name, stdin=password + "\n")
        for name, text in self.maps.items():
            self.write_map(name, text)
        return self

    # ---------------------------------------------------------- control

    def run(self, program, *args, stdin="", check=True, **more):
        """One of the suite's programs; its standard output."""
        done = subprocess.run([str(self.bin / program), *map(str, args)],
                              input=stdin, capture_output=True, text=True,
                              timeout=120, check=False, **more)
        if check and done.returncode != 0:
            raise RuntimeError(f"{program} {args}: {done.returncode}\n"
                               f"{done.stdout}{done.stderr}")
        return done.stdout if check else done

    def paquebot(self, *args, stdin="", check=True):
        return self.run("paquebot", "-c", self.conf, *args, stdin=stdin,
                        check=check)

    def sendmail(self, *args, stdin="", name="sendmail", check=True):
        done = subprocess.run(
            [str(self.bin / name), "-C", str(self.conf), *map(str, args)],
            executable=str(self.bin / "sendmail"), input=stdin.encode(),
            capture_output=True, timeout=60, check=False)
        if check and done.returncode != 0:
            raise RuntimeError(f"{name} {args}: {done.returncode} "
                               f"{done.stdout!r} {done.stderr!r}")
        return done

    def launch(self):
        """Start master, and do not wait."""
        command = [*self.wrapper, str(self.bin / "paquebot"), "-c",
                   str(self.conf), "start"]
        self.stderr = open(self.dir / "stderr", "ab")
        with in_netns(self.netns):
            self.master = subprocess.Popen(command, stdout=self.stderr,
                                           stderr=self.stderr,
                                           stdin=subprocess.DEVNULL)

    def is_ready(self):
        if self.master.poll() is not None:
            raise RuntimeError("the suite ended at its start:\n" +
                               self.trouble())
        rows = self.status()
        return bool(rows) and all(r["state"] == "ready" for r in rows)

    def start(self, seconds=40):
        self.launch()
        try:
            wait_for(self.is_ready, seconds)
        except TimeoutError:
            trouble = self.trouble()
            self.stop()
            raise RuntimeError("the suite is not ready:\n" + trouble) from None
        return self

    def stop(self, how=signal.SIGTERM, seconds=30):
        """End it; its exit code."""
        if self.master is None:
            return None
        if self.master.poll() is None:
            self.master.send_signal(how)
        try:
            code = self.master.wait(seconds)
        except subprocess.TimeoutExpired:
            self.kill_all()
            code = self.master.wait(seconds)
            raise RuntimeError(f"did not end in {seconds} s:\n" +
                               self.trouble()) from None
        finally:
            self.master = None
            self.stderr.close()
        return code

    def kill_all(self):
        """SIGKILL for master and whatever it started."""
        pids = self.tree()
        for pid in [self.master.pid, *pids]:
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)

    def reports(self):
        """What sanitizers said: they end a process, which is started again."""
        with contextlib.suppress(FileNotFoundError):
            err = (self.dir / "stderr").read_text(errors="replace")
            if "Sanitizer" in err or "runtime error" in err:
                return err
        return None

    def close(self):
        try:
            self.stop()
            reports = self.reports()
            assert reports is None, reports
        finally:
            for s in self.taken:
                s.close()
            if self.own and not os.environ.get("KEEP"):
                shutil.rmtree(self.dir, ignore_errors=True)

    def __enter__(self):
        try:
            return self.write().start()
        except BaseException:
            self.close()
            raise

    def __exit__(self, *exc):
        self.close()

    # -------------------------------------------------------- processes

    def status(self):
        """Rows of `paquebot status`; empty while it does not answer."""
        done = self.paquebot("status", check=False)
        rows = []
        for line in done.stdout.splitlines()[1:]:
            word = line.split()
            if len(word) == 5:
                rows.append({"daemon": word[0], "state": word[4],
                             "pid": int(word[1]) if word[1] != "-" else None,
                             "restarts": int(word[3]) if word[3] != "-"
                             else 0})
        return rows if done.returncode == 0 else []

    def pid(self, daemon):
        for row in self.status():
            if row["daemon"] == daemon:
                return row["pid"]
        raise KeyError(daemon)

    def tree(self):
        """Ids of all processes below master."""
        children = {}
        for entry in Path("/proc").iterdir():
            if entry.name.isdigit():
                with contextlib.suppress(OSError):
                    text = (entry / "stat").read_text()
                    parent = int(text.rpartition(")")[2].split()[1])
                    children.setdefault(parent, []).append(int(entry.name))
        found, todo = [], [self.master.pid]
        while todo:
            todo = [c for p in todo for c in children.get(p, ())]
            found += todo
        return found

    # -------------------------------------------------------------- log

    def log_text(self):
        with contextlib.suppress(FileNotFoundError):
            return self.log.read_text(errors="replace")
        return ""

    def wait_log(self, pattern, seconds=20):
        return wait_for(lambda: re.search(pattern, self.log_text(), re.M),
                        seconds)

    def trouble(self):
        """What to look at when something went wrong."""
        with contextlib.suppress(OSError):
            err = (self.dir / "stderr").read_text(errors="replace")
            return f"--- stderr\n{err}--- log\n{self.log_text()[-8000:]}"
        return self.log_text()[-8000:]

    # ---------------------------------------------------------- clients

    def smtp(self, login=None, port="submission"):
        with in_netns(self.netns):
            client = smtplib.SMTP(self.host, self.port[port], "client.example",
                                  timeout=60)
        client.ehlo()
        if login is not None:
            client.login(login, self.users[login])
        return client

    def lmtp(self):
        with in_netns(self.netns):
            return smtplib.LMTP(self.host, self.port["lmtp"],
                                "client.example")

    def send(self, sender, recipients, message, login=None, port=None):
        """One message by submission as login, or to the MX port."""
        if isinstance(recipients, str):
            recipients = [recipients]
        if port is None:
            port = "submission" if login else "mx"
        if isinstance(message, str):
            message = message.replace("\r\n", "\n").replace(
                "\n", "\r\n").encode()
        with self.smtp(login, port) as client:
            return client.sendmail(sender, recipients, message)

    def imap(self, user):
        with in_netns(self.netns):
            client = imaplib.IMAP4(self.host, self.port["imap"], timeout=60)
        client.login(user, self.users[user])
        return client

    def pop3(self, user):
        with in_netns(self.netns):
            client = poplib.POP3(self.host, self.port["pop3"], timeout=60)
        client.user(user)
        client.pass_(self.users[user])
        return client

    # ------------------------------------------------------------- mail

    def maildir(self, user, folder=""):
        local, _, domain = user.partition("@")
        return self.mail / domain / local / "Maildir" / folder

    def stored(self, user, folder=""):
        """The message files of a folder."""
        found = []
        for sub in ("new", "cur"):
            with contextlib.suppress(FileNotFoundError):
                found += sorted((self.maildir(user, folder) / sub).iterdir())
        return found

    def wait_stored(self, user, n, seconds=30, folder=""):
        def enough():
            files = self.stored(user, folder)
            return files if len(files) >= n else None
        try:
            return wait_for(enough, seconds)
        except TimeoutError:
            raise AssertionError(
                f"{user} has {len(self.stored(user, folder))} of {n} "
                f"messages\n{self.trouble()}") from None

    def queued(self):
        """Files of messages in the queue."""
        found = []
        for sub in ("incoming", "deferred", "hold", "corrupt"):
            for here, _, names in os.walk(self.queue / sub):
                found += [Path(here) / n for n in names]
        return found

    def wait_queue_empty(self, seconds=30):
        try:
            # Twice: a bounce is made where the first look may have been
            # already, before the message that it is about is removed.
            wait_for(lambda: not self.queued() and not self.queued(), seconds)
        except TimeoutError:
            raise AssertionError(f"in the queue: {self.queued()}\n" +
                                 self.trouble()) from None


class Sink:
    """A mail server that keeps what it gets: SMTP, or LMTP.

    answers: recipient -> reply line to RCPT other than 250.
    """

    def __init__(self, lmtp=False, host="127.0.0.1", answers=None,
                 ehlo=("PIPELINING", "8BITMIME", "ENHANCEDSTATUSCODES"),
                 netns=None, port=0):
        import threading
        self.lmtp, self.answers, self.ehlo = lmtp, answers or {}, ehlo
        self.messages = []      # (sender line, [recipients], octets)
        self.commands = []
        with in_netns(netns):
            self.listener = socket.create_server((host, port))
        self.port = self.listener.getsockname()[1]
        self.thread = threading.Thread(target=self.serve, daemon=True)
        self.thread.start()
        self.threading = threading

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
            self.threading.Thread(target=self.session, args=(client,),
                                  daemon=True).start()

    def session(self, client):
        with contextlib.suppress(OSError, ValueError), client, \
                client.makefile("rwb") as f:
            self.talk(f)

    def talk(self, f, greet=True):
        def say(line):
            f.write(line.encode() + b"\r\n")
            f.flush()
        sender, recipients = None, []
        if greet:
            say("220 sink.example")
        while line := f.readline():
            text = line.rstrip(b"\r\n").decode("latin-1")
            self.commands.append(text)
            verb = text.split(" ")[0].upper()
            if verb in ("EHLO", "LHLO"):
                words = ["sink.example", *self.ehlo]
                for word in words[:-1]:
                    say("250-" + word)
                say("250 " + words[-1])
            elif verb == "MAIL":
                sender, recipients = text[10:], []
                say("250 2.1.0 ok")
            elif verb == "RCPT":
                address = text[text.index("<") + 1:text.rindex(">")]
                answer = self.answers.get(address, "250 2.1.5 ok")
                if answer.startswith("2"):
                    recipients.append(address)
                say(answer)
            elif verb == "DATA" and recipients:
                say("354 go on")
                octets = self.read_data(f)
                self.messages.append((sender, recipients, octets))
                for address in recipients if self.lmtp else recipients[:1]:
                    say(f"250 2.0.0 kept for {address}")
            elif verb == "QUIT":
                say("221 2.0.0 bye")
                return
            elif verb in ("RSET", "NOOP", "HELO"):
                say("250 2.0.0 ok")
            else:
                say("503 5.5.1 no")

    @staticmethod
    def read_data(f):
        lines = []
        while (line := f.readline()) != b".\r\n":
            if not line:
                raise ValueError("the client left before the final dot")
            lines.append(line[1:] if line.startswith(b".") else line)
        return b"".join(lines)


TRACE = ("return-path", "delivered-to", "received", "x-original-to")


def without_trace(octets):
    """A message without the trace fields in front, lines ended by CRLF."""
    octets = octets.replace(b"\r\n", b"\n")
    while True:
        name = octets.split(b":", 1)[0].decode("latin-1").lower()
        if name not in TRACE:
            return octets.replace(b"\n", b"\r\n")
        end = octets.index(b"\n") + 1
        while octets[end:end + 1] in (b" ", b"\t"):
            end = octets.index(b"\n", end) + 1
        octets = octets[end:]
