"""Limits that hold for all connections of a network, or of an account: the
real client counts (RFC 5321 7.8: a server may refuse what it takes for an
attack), 421 and 450 with a reason, and one line in the log."""
import base64
import contextlib
import os
import pathlib
import signal
import sys
import time

import pytest

ROOT = pathlib.Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "tests" / "flow"))
from fake_suite import Suite, own_network  # noqa: E402

PLAIN = base64.b64encode(b"\0alice\0secret").decode()
MAIL = b"From: carol@example.net\r\nSubject: hello\r\n\r\nBody.\r\n"
A, SAME, OTHER = "192.0.2.7", "192.0.2.200", "192.0.3.7"


@contextlib.contextmanager
def behind_a_proxy(**settings):
    with Suite(proxy_clients=["127.0.0.0/8"], smtp_rate_time="86400",
               relay_clients=["198.51.100.0/24"], **settings) as s:
        yield s


def come(suite, ip, name="mx"):
    """The connection of a client, and its first reply."""
    c = suite.connect(name, greet=False)
    family = b"TCP6" if ":" in ip else b"TCP4"
    us = b"::1" if ":" in ip else b"127.0.0.1"
    c.raw(b"PROXY %s %s %s 4711 25\r\n" % (family, ip.encode(), us))
    return c, c.reply()


def greeted(suite, ip, name="mx"):
    c, (code, _) = come(suite, ip, name)
    assert code == 220
    c.ok("EHLO client.example.net")
    return c


def lines(suite, *words):
    return [line for line in suite.logs if all(w in line for w in words)]


def test_connections():
    with behind_a_proxy(smtp_connections_per_network="3") as s:
        for ip in (A, SAME, A):
            greeted(s, ip).close()
        for _ in range(5):
            c, (code, text) = come(s, A)
            assert code == 421 and "network" in text[0]
            assert c.closed() == b""
        greeted(s, OTHER).close()
        for _ in range(9):
            greeted(s, "198.51.100.1").close()      # relay_clients
        assert s.log_has("event=over-limit", "client=" + A)
        assert len(lines(s, "event=over-limit")) == 1


def test_connections_of_one_ipv6_network():
    with behind_a_proxy(smtp_connections_per_network="1") as s:
        greeted(s, "2001:db8::1").close()
        for same in "2001:db8::ffff:2", "2001:db8:0:ffff::1":      # the /48
            assert come(s, same)[1][0] == 421
        greeted(s, "2001:db8:1::1").close()


def test_messages():
    with behind_a_proxy(smtp_messages_per_network="2") as s:
        one, two = greeted(s, A), greeted(s, SAME)
        one.send_mail(MAIL)
        two.send_mail(MAIL)
        code, text = one.say("MAIL FROM:<carol@example.net>")
        assert code == 450 and text[0].startswith("4.7.1 ")
        assert two.code("MAIL FROM:<carol@example.net>") == 450
        assert greeted(s, OTHER).code("MAIL FROM:<carol@example.net>") == 250
        assert one.code("RSET") == 250          # the connection goes on
        assert len(lines(s, "event=over-limit")) == 1


def test_recipients():
    with behind_a_proxy(smtp_recipients_per_network="3") as s:
        c = greeted(s, A)
        c.ok("MAIL FROM:<carol@example.net>")
        for _ in range(3):
            c.ok("RCPT TO:<alice@example.org>")
        assert c.code("RCPT TO:<alice@example.org>") == 450
        assert c.code("DATA") == 354            # those that were accepted


def test_errors():
    """Those of many connections together; new ones are refused, too."""
    with behind_a_proxy(smtp_errors_per_network="4") as s:
        for ip in (A, SAME):
            c = greeted(s, ip)
            assert c.code("MAIL FROM:bad") == 501
            assert c.code("WHAT") == 500
            c.ok("NOOP")
            c.close()
        c = greeted(s, A)
        assert c.code("WHAT") == 500
        code, text = c.reply()
        assert code == 421 and "errors" in text[0]
        greeted(s, OTHER).ok("NOOP")


def test_accounts():
    """Wherever they come from; others in their network are not touched."""
    with Suite(smtp_messages_per_account="2", smtp_rate_time="86400",
               smtp_recipients_per_account="100") as s:
        clients = [s.connect("submission").hello() for _ in range(3)]
        for c in clients[:2]:
            c.ok("AUTH PLAIN " + PLAIN, 235)
            c.send_mail(MAIL.replace(b"carol@example.net",
                                     b"sales@example.org"),
                        sender="sales@example.org")
        clients[2].ok("AUTH PLAIN " + PLAIN, 235)
        code, text = clients[2].say("MAIL FROM:<sales@example.org>")
        assert code == 450 and "account" in text[0]
        assert s.log_has("event=over-limit", "user=alice@example.org")
        s.connect("mx").hello().send_mail(MAIL)


def test_xclient_counts_the_client_that_it_names():
    with Suite(xclient_hosts=["127.0.0.1/32"], smtp_rate_time="86400",
               smtp_connections_per_network="1") as s:
        for ip, code in (A, 220), (SAME, 421), (OTHER, 220):
            c = s.connect("mx").hello()
            assert c.code("XCLIENT ADDR=" + ip) == code


@pytest.mark.skipif(os.geteuid() != 0, reason="needs a network namespace")
def test_a_proxy_is_nobody_s_network():
    with own_network("192.0.2.5/24"), \
            Suite(host="0.0.0.0", proxy_clients=["192.0.2.0/24"],
                  smtp_rate_time="86400",
                  smtp_connections_per_network="1") as s:
        s.addresses["mx"] = ("192.0.2.5", s.addresses["mx"][1])
        for _ in range(3):
            c = s.connect("mx", greet=False, source=("192.0.2.5", 0))
            c.raw(b"PROXY UNKNOWN\r\n")
            assert c.reply()[0] == 220


def test_errors_slow_their_client_down():
    """Each is slower than the one before; nothing is, where it is off."""
    with Suite(smtp_errors_slow="2", smtp_errors_max="5") as s:
        c = s.connect("mx").hello()
        codes = [c.code("WHAT") for _ in range(5)]
        assert codes == [500] * 5
        assert c.reply()[0] == 421


@pytest.mark.skipif(os.geteuid() != 0, reason="needs a network namespace")
def test_few_places_left():
    """A client that comes when four fifths are taken has one try."""
    with own_network("192.0.2.5/24"), \
            Suite(host="0.0.0.0", smtp_clients_max="10",
                  smtp_clients_per_address="10") as s:
        s.addresses["mx"] = ("192.0.2.5", s.addresses["mx"][1])
        few = [s.connect("mx", source=("192.0.2.5", 0)) for _ in range(7)]
        assert few[-1].hello().code("WHAT") == 500
        few[-1].ok("NOOP")
        late = s.connect("mx", source=("192.0.2.5", 0)).hello()
        assert late.code("WHAT") == 500
        assert late.reply()[0] == 421
        assert s.log_has("event=few-places-left")


@pytest.mark.skipif(os.geteuid() != 0, reason="needs a network namespace")
@pytest.mark.parametrize("trusted", ["proxy_clients", "relay_clients", None])
def test_the_places_of_a_network(trusted):
    """Not of a proxy or a host that may relay."""
    more = {trusted: ["192.0.2.0/24"]} if trusted else {}
    with own_network("192.0.2.5/24"), \
            Suite(host="0.0.0.0", smtp_clients_max="10",
                  clients_per_network_percent="10", **more) as s:
        s.addresses["mx"] = ("192.0.2.5", s.addresses["mx"][1])
        clients = [s.connect("mx", greet=False, source=(f"192.0.2.{n}", 0))
                   for n in (7, 8)]
        for c in clients:
            if trusted == "proxy_clients":
                c.raw(b"PROXY UNKNOWN\r\n")
        assert clients[0].reply()[0] == 220
        assert clients[1].reply()[0] == (220 if trusted else 421)


# ------------------------------------- addresses behind a proxy, RFC 5321 7.8

PROXY = "192.0.2.5"
THIRD = "203.0.113.9"


@contextlib.contextmanager
def at_a_proxy(**settings):
    """A proxy that is not of this host, to whom the limits would apply."""
    with own_network(PROXY + "/24"), \
            Suite(host="0.0.0.0", proxy_clients=[PROXY + "/32"],
                  **settings) as s:
        for name in ("mx", "submission"):
            s.addresses[name] = (PROXY, s.addresses[name][1])
        yield s


def by_proxy(suite, ip):
    """A connection for that client (None: nobody), and its first reply."""
    c = suite.connect("mx", greet=False, source=(PROXY, 0))
    c.raw(b"PROXY UNKNOWN\r\n" if ip is None else
          b"PROXY TCP4 %s 192.0.2.5 4711 25\r\n" % ip.encode())
    return c, c.reply()


def crash(suite, signal_number):
    """The one session that there is."""
    pid = suite.process.pid
    children = pathlib.Path(
        f"/proc/{pid}/task/{pid}/children").read_text().split()
    assert len(children) == 1
    os.kill(int(children[0]), signal_number)


@pytest.mark.skipif(os.geteuid() != 0, reason="needs a network namespace")
def test_connections_of_one_address_behind_a_proxy():
    with at_a_proxy(smtp_clients_per_address="2") as s:
        mine = [by_proxy(s, OTHER) for _ in range(2)]
        assert [code for _, (code, _) in mine] == [220, 220]
        c, (code, text) = by_proxy(s, OTHER)
        assert code == 421 and "your address" in text[0]
        assert c.closed() == b""
        # the proxy itself is nobody's address, and others are not concerned
        others = [by_proxy(s, f"203.0.113.{n}") for n in range(20, 26)]
        assert {code for _, (code, _) in others} == {220}
        nobody = [by_proxy(s, None) for _ in range(5)]
        assert {code for _, (code, _) in nobody} == {220}
        mine[0][0].ok("QUIT", 221)
        mine[0][0].closed()
        deadline = time.monotonic() + 10
        while by_proxy(s, OTHER)[1][0] != 220:
            assert time.monotonic() < deadline
            time.sleep(0.05)


@pytest.mark.skipif(os.geteuid() != 0, reason="needs a network namespace")
def test_a_crash_shuts_out_the_client_and_not_its_proxy():
    with at_a_proxy() as s:
        first, (code, _) = by_proxy(s, OTHER)
        assert code == 220
        crash(s, signal.SIGILL)
        assert s.log_has("event=session-crashed", "client=" + OTHER)
        c, (code, text) = by_proxy(s, OTHER)
        assert code == 421 and "Not now" in text[0]
        assert c.closed() == b""
        for ip in (THIRD, None):
            assert by_proxy(s, ip)[1][0] == 220
        first.close()


@pytest.mark.skipif(os.geteuid() != 0, reason="needs a network namespace")
def test_a_crash_of_nobody_shuts_out_nobody():
    with at_a_proxy() as s:
        first, (code, _) = by_proxy(s, None)
        assert code == 220
        crash(s, signal.SIGILL)
        assert s.log_has("event=session-crashed")
        for ip in (THIRD, None):
            assert by_proxy(s, ip)[1][0] == 220
        first.close()


@pytest.mark.skipif(os.geteuid() != 0, reason="needs a network namespace")
def test_a_crash_behind_xclient_shuts_out_nobody():
    """Each of the clients may have caused it, or the host that names them."""
    with own_network(PROXY + "/24"), \
            Suite(host="0.0.0.0", xclient_hosts=[PROXY + "/32"]) as s:
        s.addresses["mx"] = (PROXY, s.addresses["mx"][1])
        c = s.connect("mx", source=(PROXY, 0)).hello()
        assert c.code("XCLIENT ADDR=" + OTHER) == 220
        crash(s, signal.SIGILL)
        assert s.log_has("event=session-crashed")
        assert s.connect("mx", source=(PROXY, 0)).hello().code(
            "XCLIENT ADDR=" + OTHER) == 220
