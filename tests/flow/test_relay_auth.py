"""smtp-out logs in to a relay: by which mechanism, only behind TLS that is good
enough, and what becomes of the mail where that does not work.

The relay is scripted; the last tests have two suites, one of which submits its
mail to the other.
"""
import base64
import contextlib
import json
import re
import socket
import ssl
import threading

import pytest

from certs import Pair
from fake_dns import Dns
from fake_out import DONE, DROP, HANG, LATER, MAIL, NEVER, Out, Server
from fake_suite import NUM, Reader, pair, recv, send, text, u8
from suite import Suite

BOB = "bob@far.example"
RELAY = "relay.isp.example"
KEY = "[relay.isp.example]"
USER, PASSWORD = "me@isp.example", "s3cret: with a colon"
PLAIN_LINE = b"AUTH PLAIN " + base64.b64encode(
    b"\0" + USER.encode() + b"\0" + PASSWORD.encode())
REQUIRE, VERIFY = 3, 4


@pytest.fixture(scope="module")
def certs(tmp_path_factory):
    d = tmp_path_factory.mktemp("certs")
    ca, other = Pair(d, "ca.example"), Pair(d, "other-ca.example")
    return {"ca": ca,
            "relay": Pair(d, RELAY, by=ca),
            "stranger": Pair(d, "stranger", names=[RELAY], by=other)}


def context(one):
    made = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    made.load_cert_chain(one.cert, one.key)
    return made


class Lookupd:
    """Plays lookupd for smtp-out: logins {key: (user, password) or None}."""

    def __init__(self, out, logins):
        self.logins, self.asked, self.channels = dict(logins), [], 0
        self.sock = out.out.peer("ROLE_LOOKUPD")
        self.sock.settimeout(None)
        threading.Thread(target=self.listen, daemon=True).start()

    def listen(self):
        with contextlib.suppress(OSError):
            while got := recv(self.sock):
                assert got[0] == NUM["CHAN_NEW"]
                self.channels += 1
                chan = socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET,
                                     fileno=got[3])
                chan.setblocking(True)
                threading.Thread(target=self.serve, args=(chan,),
                                 daemon=True).start()

    def serve(self, chan):
        with contextlib.suppress(OSError):
            while got := recv(chan):
                number, request, body, _ = got
                assert number == NUM["RELAY_ASK"]
                key = Reader(body).text().decode()
                self.asked.append(key)
                login = self.logins.get(key)
                if login == "hang":
                    continue
                if login is None:
                    send(chan, "REFUSAL", u8(0) + text("4.3.5") +
                         text("no such log-in"), request)
                else:
                    send(chan, "RELAY_SECRET", text(login[0]) +
                         text(login[1]), request)


@contextlib.contextmanager
def relay_out(certs, logins=None, fast=0, **settings):
    with Dns({(RELAY, "A"): ["127.0.0.1"]}) as dns, \
            Out(dns, ca=certs["ca"].cert, fast=fast, **settings) as out:
        out.lookupd = Lookupd(out, logins or {KEY: (USER, PASSWORD)})
        yield out


@pytest.fixture(scope="module")
def out(certs):
    with relay_out(certs, {KEY: (USER, PASSWORD), "other": (USER, "else"),
                           "wide": (USER, "äbcdefgöhijklmü"),
                           "long": ("u" * 255, "p" * 255)}) as made:
        yield made


def to(server, key=KEY, **more):
    return dict(nexthop=KEY, port=server.port, auth=key, **more)


@pytest.fixture
def relay(certs):
    made = []

    def make(script=None, cert="relay", auth="PLAIN LOGIN", **more):
        made.append(Server(script, tls=context(certs[cert]) if cert else None,
                           auth=auth, **more))
        return made[-1]
    yield make
    for server in made:
        server.close()


def nothing_told(server):
    """No word of the log-in was said, in any form."""
    for raw in server.raw:
        for word in (USER, PASSWORD):
            assert word.encode() not in raw
            assert base64.b64encode(word.encode())[:-4] not in raw
    assert not any(line.upper().startswith((b"AUTH", b"MAIL"))
                   for lines in server.sessions for line in lines)


def never_logged(out):
    coded = [PASSWORD, base64.b64encode(PASSWORD.encode()).decode(),
             PLAIN_LINE.decode().split()[-1]]
    assert not [x for x in out.out.logs if any(c in x for c in coded)]


# ----------------------------------------------------------------- mechanisms

def test_plain(out, relay):
    """RFC 4616 2: no authorization identity; in the command itself."""
    server = relay()
    assert out.job(MAIL, [BOB], **to(server)).kinds == [DONE]
    lines = server.sessions[0]
    assert lines[1:4] == [b"STARTTLS", lines[0], PLAIN_LINE]
    assert lines[4].startswith(b"MAIL ") and server.by_tls == [True]
    assert out.out.log_has("event=connected", "mech=PLAIN")
    never_logged(out)


def test_login(out, relay):
    def say(line):
        if line == b"AUTH LOGIN":
            return b"334 VXNlcm5hbWU6\r\n"
        if line == base64.b64encode(USER.encode()):
            return b"334 UGFzc3dvcmQ6\r\n"
        good = line == base64.b64encode(PASSWORD.encode())
        return b"235 2.7.0 ok\r\n" if good else b"535 5.7.8 no\r\n"
    server = relay({"AUTH": say}, auth="LOGIN")
    assert out.job(MAIL, [BOB], **to(server)).kinds == [DONE]


def test_as_long_as_may_be(out, relay):
    """RFC 5321 4.5.3.1.4: a command has 512 octets; then the message of PLAIN
    answers an empty challenge."""
    server = relay({"AUTH": lambda line: b"334 \r\n" if line == b"AUTH PLAIN"
                    else b"235 ok\r\n"})
    assert out.job(MAIL, [BOB], **to(server, "long")).kinds == [DONE]
    want = base64.b64encode(b"\0" + b"u" * 255 + b"\0" + b"p" * 255)
    assert want in server.sessions[0]


@pytest.mark.parametrize("auth", ["CRAM-MD5 GSSAPI", None])
def test_no_mechanism_in_common(out, relay, auth):
    server = relay(auth=auth)
    done = out.job(MAIL, [BOB], **to(server))
    assert done.kinds == [LATER] and done.escs == ["4.7.0"]
    assert "relay_auth" in done.texts[0]
    nothing_told(server)


# ------------------------------------------------------------ only behind TLS

def test_never_in_the_clear(out, relay):
    """A relay that offers AUTH without TLS hears nothing of it."""
    server = relay({"EHLO": b"250-x\r\n250 AUTH PLAIN LOGIN\r\n"}, cert=None)
    done = out.job(MAIL, [BOB], **to(server))
    assert done.kinds == [LATER] and done.escs == ["4.7.4"]
    assert "relay_auth_tls" in done.texts[0]
    nothing_told(server)


def test_starttls_refused(out, relay):
    server = relay({"STARTTLS": b"454 4.7.0 not now\r\n",
                    "EHLO": b"250-x\r\n250-STARTTLS\r\n250 AUTH PLAIN\r\n"})
    assert out.job(MAIL, [BOB], **to(server)).kinds == [LATER]
    nothing_told(server)


def test_words_injected_before_tls(out, relay):
    server = relay({"STARTTLS": b"220 go\r\n334 \r\n235 ok\r\n"})
    assert out.job(MAIL, [BOB], **to(server)).kinds == [LATER]
    nothing_told(server)


@pytest.mark.parametrize("tls", [0, 1, 2, REQUIRE])
def test_only_to_the_right_server(out, relay, tls):
    """relay_auth_tls = verify, whatever less the route says: 1 is none."""
    server = relay(cert="stranger")
    done = out.job(MAIL, [BOB], **to(server, tls=tls))
    assert done.kinds == [LATER] and done.escs == ["4.7.5"]
    nothing_told(server)


def test_with_whomever_if_the_setting_says_so(certs, relay):
    with relay_out(certs, relay_auth_tls="encrypt") as out:
        server = relay(cert="stranger")
        assert out.job(MAIL, [BOB], **to(server)).kinds == [DONE]
        assert PLAIN_LINE in server.sessions[0]
        other = relay(cert="stranger")      # a route may ask for more
        done = out.job(MAIL, [BOB], **to(other, tls=VERIFY))
        assert done.kinds == [LATER]
        nothing_told(other)
        clear = relay({"EHLO": b"250-x\r\n250 AUTH PLAIN\r\n"}, cert=None)
        assert out.job(MAIL, [BOB], **to(clear)).escs == ["4.7.4"]
        nothing_told(clear)


# ------------------------------------------------------------- not let in

@pytest.mark.parametrize("answer, esc", [
    (b"535 5.7.8 bad password\r\n", "4.7.8"),
    (b"534 5.7.9 too weak\r\n", "4.7.8"),
    (b"550 5.7.1 go away\r\n", "4.7.8"),
    (b"454 4.7.0 later\r\n", "4.7.0"),
])
def test_refused_is_no_bounce(out, relay, answer, esc):
    server = relay({"AUTH": answer})
    done = out.job(MAIL, [BOB], **to(server))
    assert done.kinds == [LATER] and done.escs == [esc]
    assert done.end == (0, 1)       # the site is left alone for a while
    assert answer.split()[1].decode() in done.texts[0]
    assert len(server.sessions) == 1, "tried again with the same words"
    assert not any(x.startswith(b"MAIL") for x in server.sessions[0])
    assert out.out.log_has("event=relay-login-refused", "mech=PLAIN",
                           f"reply={answer[:3].decode()}")


def test_a_reply_that_repeats_the_password(out, relay):
    token = PLAIN_LINE.split()[-1]
    for said in (PASSWORD.encode(),
                 base64.b64encode(PASSWORD.encode()).rstrip(b"="),
                 token, token[:-9], b"x" * 850 + b" " + token,
                 PASSWORD[:-3].encode()):
        server = relay({"AUTH": b"535 5.7.8 not " + said + b"\r\n"})
        done = out.job(MAIL, [BOB], **to(server))
        assert done.kinds == [LATER] and "535" in done.texts[0]
        assert said.decode()[-9:] not in done.texts[0]
        assert not any(said.decode()[-9:] in x for x in out.out.logs)
    never_logged(out)


def test_a_reply_that_repeats_a_password_beyond_ascii(out, relay):
    server = relay({"AUTH": b"535 no: \xc3\xa4bcdefg\xc3\xb6hijklm\r\n"})
    done = out.job(MAIL, [BOB], **to(server, "wide"))
    assert done.kinds == [LATER] and "535" in done.texts[0]
    assert "bcdefg" not in done.texts[0]
    assert not any("bcdefg" in x for x in out.out.logs)


@pytest.mark.parametrize("answer", [
    b"334 \r\n",                            # PLAIN has said all it has
    b"334 " + b"A" * 3000 + b"\r\n",
    b"334-x\r\n" * 50 + b"334 \r\n",
    b"250 ok\r\n", b"220 \r\n", b"354 go on\r\n", b"235x\r\n",
    b"334 " + b"A" * 100000 + b"\r\n",
    b"334-" + b"B" * 3000 + b"\r\n" + (b"334-" + b"B" * 3000 + b"\r\n") * 200,
    b"\0\xff\r\n", DROP,
])
def test_strange_answers(out, relay, answer):
    """Whatever it says, it gets neither mail nor another word of ours."""
    server = relay({"AUTH": answer})
    done = out.job(MAIL, [BOB], **to(server))
    assert done.kinds == [LATER], done.results
    lines = server.sessions[0]
    at = lines.index(PLAIN_LINE)
    assert set(lines[at + 1:]) <= {b"*", b"QUIT"}
    never_logged(out)


@pytest.mark.parametrize("n", [0, 1, 2])
def test_challenges_without_end(out, relay, n):
    """LOGIN answers two, and no more."""
    seen = []

    def say(line):
        seen.append(line)
        return b"334 %s\r\n" % (b"", b"not base64 !", b"A" * 3900)[n]
    server = relay({"AUTH": say}, auth="LOGIN")
    assert out.job(MAIL, [BOB], **to(server)).kinds == [LATER]
    assert seen[3:] == [b"*", b"QUIT"]


def test_silence(certs, relay):
    with relay_out(certs, fast=60) as out:
        server = relay({"AUTH": HANG})
        assert out.job(MAIL, [BOB], **to(server)).kinds == [LATER]


# ---------------------------------------------------- whose log-in, on which

def test_no_log_in_to_be_had(out, relay):
    server = relay()
    done = out.job(MAIL, [BOB], **to(server, "unknown"))
    assert done.kinds == [LATER] and done.escs == ["4.3.5"]
    assert not server.sessions and done.end == (0, 0)


def test_lookupd_hangs(certs, relay):
    with relay_out(certs, {KEY: "hang"}, fast=60) as out:
        server = relay()
        done = out.job(MAIL, [BOB], **to(server))
        assert done.kinds == [LATER] and done.end == (0, 0)
        assert done.texts == ["lookupd: no answer in time"]
        assert not server.sessions


def test_a_kept_connection_is_of_one_log_in(out, relay):
    server = relay()
    with contextlib.closing(out.worker(1)) as w:
        for key, sessions in ((KEY, 1), (KEY, 1), ("other", 2), (KEY, 3)):
            done = w.job(MAIL, [BOB], **to(server, key))
            assert done.kinds == [DONE]
            assert len(server.sessions) == sessions
        assert w.job(MAIL, [BOB], **to(server, "")).kinds == [DONE]
        assert len(server.sessions) == 4
        assert not any(x.startswith(b"AUTH") for x in server.sessions[3])


def test_a_changed_password_makes_a_new_connection(certs, relay):
    server = relay()
    with relay_out(certs) as out, contextlib.closing(out.worker(1)) as w:
        for password, sessions in (("one", 1), ("one", 1), ("two", 2)):
            out.lookupd.logins[KEY] = (USER, password)
            assert w.job(MAIL, [BOB], **to(server)).kinds == [DONE]
            assert len(server.sessions) == sessions


def test_without_a_log_in_lookupd_hears_nothing(certs, relay):
    with relay_out(certs) as out:
        server = relay()
        assert out.job(MAIL, [BOB], **to(server, "")).kinds == [DONE]
        assert out.lookupd.channels == 0
        assert not any(x.startswith(b"AUTH") for x in server.sessions[0])


@pytest.mark.parametrize("step", ["MAIL", "RCPT", "DATA"])
def test_who_wants_a_log_in_and_has_none(out, relay, step):
    """530 of a host that the operator has chosen: the mail waits, and the log
    says what is missing."""
    server = relay({step: b"530 5.7.0 Authentication required\r\n"})
    done = out.job(MAIL, [BOB], **to(server, ""))
    assert done.kinds == [LATER] and done.escs == ["4.7.0"]
    assert out.out.log_has("event=relay-wants-login", "reply=530",
                           "no entry of relay_auth")


def test_530_of_the_domains_own_host_is_final(out, relay):
    server = relay({"MAIL": b"530 5.7.0 no\r\n"})
    done = out.job(MAIL, ["bob@[127.0.0.1]"], nexthop="[127.0.0.1]",
                   port=server.port)
    assert done.kinds == [NEVER] and "530" in done.texts[0]


# ------------------------------------------------------------- two suites

SECRET = "correct horse: battery"


@pytest.fixture(scope="module")
def two(certs):
    """One that has a smart host, and the submission server of the other."""
    there = Suite(hostname=RELAY, domains=["isp.example"],
                  users={"me@isp.example": SECRET, "x@isp.example": "x",
                         "far@isp.example": "f"},
                  settings={"certificates": [certs["relay"].setting()]})
    with there:
        port = there.port["submission"]
        here = Suite(maps={
            "senders": "alice@demo.example: me@isp.example\n",
            "routes": f"*: smtp:[{RELAY}]:{port}\n",
            "relay_auth": f"\"[{RELAY}]:{port}\": me@isp.example:{SECRET}\n"
                          "bob@demo.example: x@isp.example:x\n"},
            settings={"smtp_out_ca_file": certs["ca"].cert})
        with Dns({(RELAY, "A"): ["127.0.0.1"]}) as dns:
            here.settings["dns_servers"] = [dns.address]
            with here:
                yield here, there


def test_mail_by_the_smart_host(two):
    here, there = two
    here.send("me@isp.example", ["far@isp.example"],
              "Subject: by password\r\n\r\nhello\r\n",
              login="alice@demo.example")
    there.wait_stored("far@isp.example", 1)
    assert re.search(r"event=accepted .*user=me@isp\.example",
                     there.log_text())
    for paq in two:
        assert SECRET not in paq.log_text()


def test_explained_without_the_password(two):
    here, there = two
    port = there.port["submission"]
    for sender, key, user in (
            ("alice@demo.example", f"[{RELAY}]:{port}", "me@isp.example"),
            ("bob@demo.example", "bob@demo.example", "x@isp.example")):
        told = here.paquebot("explain", "--json", "a@far.example", "--from",
                             sender)
        assert SECRET not in told
        steps = [json.loads(line) for line in told.splitlines()]
        assert {"step": "login", "map": "relay_auth", "key": key,
                "user": user} in steps
        (hop,) = [s for s in steps if s["step"] == "nexthop"]
        assert hop["login"] == "yes"
        (host,) = [s for s in steps if s["step"] == "host"]
        assert (host["tls"], host["why"]) == ("must, proven",
                                              "relay_auth_tls")


def test_file_of_passwords_that_others_may_read(two):
    here, _ = two
    path = here.conf.parent / "relay_auth"
    path.chmod(0o600)
    (here.conf.parent / "relay_auth.db").chmod(0o640)
    assert here.paquebot("check", check=False).returncode == 0
    for name, mode in (("relay_auth", 0o644), ("relay_auth.db", 0o660),
                       ("relay_auth.db", 0o644)):
        one = here.conf.parent / name
        was = one.stat().st_mode & 0o777
        one.chmod(mode)
        done = here.paquebot("check", check=False)
        assert done.returncode != 0 and f"/{name}: " in done.stderr
        one.chmod(was)


@pytest.mark.parametrize("text_, why", [
    ("[a.example]:587: me:x\n", "double quotes"),
    ("a.example: me\n", "not name:password"),
    ("a.example: :x\n", "no name"),
    ("a b: me:x\n", "neither an address"),
    ("\"a.example:0\": me:x\n", "neither an address"),
    ("a@: me:x\n", "neither an address"),
])
def test_mistakes_are_told_without_the_password(two, text_, why):
    here, _ = two
    path = here.conf.parent / "relay_auth"
    good = path.read_text()
    path.write_text(text_.replace("x\n", "hidden\n"))
    done = here.paquebot("map", "relay_auth", check=False)
    path.write_text(good)
    assert done.returncode != 0 and why in done.stderr
    assert "hidden" not in done.stderr + done.stdout
