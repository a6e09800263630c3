"""SASL as a client says it: SCRAM by hashlib alone, and lines for each of the
three protocols, which can all do wrong.

    with Line("imap", port) as line:
        line.auth("SCRAM-SHA-256", Scram("sha256", user, password))
"""
import base64
import contextlib
import hashlib
import hmac
import os
import random
import re
import socket
import ssl

from suite import wait_for


def b64(octets):
    return base64.b64encode(octets).decode()


def stored_keys(name, password, iterations=4096, salt=b"0123456789abcdef"):
    """The text form: 4096,salt,StoredKey,ServerKey (RFC 5802 3)."""
    salted = hashlib.pbkdf2_hmac(name, password.encode(), salt, iterations)
    client = hmac.digest(salted, b"Client Key", name)
    parts = (salt, hashlib.new(name, client).digest(),
             hmac.digest(salted, b"Server Key", name))
    return ",".join([str(iterations), *(b64(p) for p in parts)])


class Scram:
    """binding: (name, octets) for -PLUS; flag: another gs2-cbind-flag;
    change: {attribute: function} on what the last message would say."""

    def __init__(self, name, user, password, binding=None, flag="n",
                 authzid="", change=None, nonce=None):
        self.name, self.user, self.password = name, user, password
        self.flag = f"p={binding[0]}" if binding else flag
        self.binding = binding[1] if binding else b""
        self.gs2 = f"{self.flag},{authzid},"
        self.change = change or {}
        self.nonce = nonce or b64(os.urandom(18))
        quoted = user.replace("=", "=3D").replace(",", "=2C")
        self.bare = f"n={quoted},r={self.nonce}"
        self.server_first = self.verified = None

    def first(self):
        return (self.gs2 + self.bare).encode()

    def answer(self, challenge):
        if self.server_first is not None:
            return self.verify(challenge)
        self.server_first = challenge.decode()
        got = re.fullmatch(r"r=([!-+\--~]+),s=([A-Za-z0-9+/=]+),i=(\d+)",
                           self.server_first)
        assert got, challenge
        nonce, self.salt, self.iterations = (got[1], got[2], int(got[3]))
        assert nonce.startswith(self.nonce) and len(nonce) > len(self.nonce)
        parts = {"c": b64(self.gs2.encode() + self.binding), "r": nonce}
        for key in ("c", "r"):
            parts[key] = self.change.get(key, lambda x: x)(parts[key])
        unproven = f"c={parts['c']},r={parts['r']}"
        salted = hashlib.pbkdf2_hmac(self.name, self.password.encode(),
                                     base64.b64decode(self.salt),
                                     self.iterations)
        auth = f"{self.bare},{self.server_first},{unproven}".encode()
        key = hmac.digest(salted, b"Client Key", self.name)
        signed = hmac.digest(hashlib.new(self.name, key).digest(), auth,
                             self.name)
        proof = bytes(a ^ b for a, b in zip(key, signed))
        self.wanted = hmac.digest(hmac.digest(salted, b"Server Key",
                                              self.name), auth, self.name)
        proof = self.change.get("p", lambda x: x)(proof)
        self.last = f"{unproven},p={b64(proof)}".encode()
        return self.last

    def verify(self, challenge):
        assert challenge == b"v=" + b64(self.wanted).encode(), challenge
        self.verified = True
        return b""


class Said:
    """Fixed responses, one after the other."""

    def __init__(self, *responses):
        self.responses = list(responses)

    def first(self):
        return self.responses.pop(0)

    def answer(self, challenge):
        self.heard = challenge
        return self.responses.pop(0)


class Line:
    """One connection; auth() gives "ok", "wrong", "later" or "bad"."""

    def __init__(self, protocol, port, host="127.0.0.1", source=None,
                 tls=None):
        self.protocol, self.tag = protocol, 0
        self.sock = socket.create_connection(
            (host, port), 20, source_address=(source, 0) if source else None)
        if tls is not None:
            self.sock = tls.wrap_socket(self.sock, server_hostname="localhost")
        self.left = b""
        self.greeting = self.line()
        self.mechanisms = self.hello()

    def __enter__(self):
        return self

    def __exit__(self, *exc):
        """A maildrop is free again when its session has said goodbye."""
        with contextlib.suppress(OSError):
            if self.protocol == "pop3":
                self.say("QUIT")
                while self.sock.recv(65536):
                    pass
        self.sock.close()

    def raw(self, octets):
        self.sock.sendall(octets)

    def say(self, text):
        self.raw(text.encode() + b"\r\n")

    def line(self):
        while b"\r\n" not in self.left:
            got = self.sock.recv(65536)
            if not got:
                raise EOFError(self.left)
            self.left += got
        line, _, self.left = self.left.partition(b"\r\n")
        return line.decode()

    def hello(self):
        if self.protocol == "smtp":
            self.say("EHLO client.example")
            lines = [self.line()]
            while lines[-1][3] == "-":
                lines.append(self.line())
            found = [x[4:].split()[1:] for x in lines if x[4:8] == "AUTH"]
        elif self.protocol == "imap":
            self.say("c CAPABILITY")
            lines = [self.line(), self.line()]
            found = [[w[5:] for w in lines[0].split()
                      if w.startswith("AUTH=")]]
        else:
            self.say("CAPA")
            lines = [self.line()]
            while lines[-1] != ".":
                lines.append(self.line())
            found = [x.split()[1:] for x in lines if x.startswith("SASL")]
        self.capabilities = lines
        return found[0] if found else []

    def begin(self, mechanism, initial=None):
        self.tag += 1
        word = {"smtp": "AUTH", "pop3": "AUTH",
                "imap": f"t{self.tag} AUTHENTICATE"}[self.protocol]
        more = "" if initial is None else " " + (b64(initial) or "=")
        self.say(f"{word} {mechanism}{more}")

    def outcome(self):
        """("challenge", octets) or (result, line)."""
        line = self.line()
        while self.protocol == "imap" and line.startswith("* ") and \
                not line.startswith("* BYE"):
            line = self.line()
        if self.protocol == "smtp":
            kind = {"334": "challenge", "235": "ok", "535": "wrong",
                    "454": "later"}.get(line[:3], "bad")
            rest = line[4:]
        elif self.protocol == "imap":
            rest = line[2:]
            kind = "challenge" if line.startswith("+ ") else \
                "ok" if f"t{self.tag} OK" in line else \
                "wrong" if "[AUTHENTICATIONFAILED]" in line else \
                "later" if "[UNAVAILABLE]" in line else "bad"
        else:
            rest = line[2:]
            kind = "challenge" if line.startswith("+ ") else \
                "ok" if line.startswith("+OK") else \
                "wrong" if "[AUTH]" in line else \
                "later" if "[SYS/TEMP]" in line else "bad"
        if kind == "challenge":
            return kind, base64.b64decode(rest, validate=True)
        return kind, line

    def auth(self, mechanism, client, initial=True):
        """The whole exchange; the result alone, the line is in self.last."""
        self.begin(mechanism, client.first() if initial else None)
        kind, self.last = self.outcome()
        if not initial and kind == "challenge":
            assert self.last == b""
            self.say(b64(client.first()))
            kind, self.last = self.outcome()
        while kind == "challenge":
            self.say(b64(client.answer(self.last)))
            kind, self.last = self.outcome()
        return kind

    def works(self):
        """Is somebody logged in?"""
        if self.protocol == "smtp":
            self.say("MAIL FROM:<>")
            return self.line().startswith("250")
        if self.protocol == "imap":
            self.say("w SELECT INBOX")
            line = self.line()
            while not line.startswith("w "):
                line = self.line()
            return line.startswith("w OK")
        self.say("STAT")
        return self.line().startswith("+OK")


def trusting(version=None):
    """A TLS context that believes everybody."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    if version is not None:
        context.maximum_version = version
    return context


def end_point(sock):
    """tls-server-end-point for certificates signed with SHA-256."""
    return hashlib.sha256(sock.getpeercert(True)).digest()


PORTS = {"smtp": "submission", "imap": "imap", "pop3": "pop3"}
TLS_PORTS = {"smtp": "submissions", "imap": "imaps", "pop3": "pop3s"}


SCRAM = {"SCRAM-SHA-1": "sha1", "SCRAM-SHA-256": "sha256"}


def give_keys(paq, passwords, guessed=0):
    """{account: password, or None for no keys at all} of a running suite.
    guessed: so many more, guessed0@... with the first one's password, for wrong
    guesses: each makes the next one for that name slower."""
    path = paq.conf.parent / "users"
    lines = []
    for line in path.read_text().splitlines():
        fields = line.split(":")
        fields += [""] * (8 - len(fields))
        words = [w for w in fields[7].split() if not w.startswith("scram-")]
        if passwords.get(fields[0]) is not None:
            words += [f"{k.lower()}={stored_keys(v, passwords[fields[0]])}"
                      for k, v in SCRAM.items()]
        fields[7] = " ".join(words)
        lines.append(":".join(fields))
    first = next(x for x in lines if x.split(":")[0] in passwords)
    lines += [f"guessed{i}@demo.example:" + first.partition(":")[2]
              for i in range(guessed)]
    path.write_text("\n".join(lines) + "\n")
    paq.paquebot("map", "users")
    who = next(k for k, v in passwords.items() if v is not None)

    def seen():
        with Line("imap", paq.port["imap"], source=somewhere()) as one:
            return one.auth("SCRAM-SHA-1", Scram(
                "sha1", who, passwords[who])) == "ok"
    wait_for(seen)


def somewhere():
    """Another network each time: guessing has a price per network."""
    return "127.%d.%d.1" % (random.randrange(2, 255), random.randrange(255))
