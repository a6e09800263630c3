"""Pairs renewed again and again, with a reload each time, while clients shake
hands on every port: not one handshake fails, and none is served a certificate
of somebody else."""
import shutil
import ssl
import threading

import pytest
from suite import Suite, wait_for
from test_hosted import add, served, write_pair
from test_tls import ALL, PLAIN, Line

x509 = pytest.importorskip("cryptography.x509")

PORTS = [p for p in ALL if p != "lmtp"]
OWN, HOSTED = "mx.demo.example", "mail.hosted.example"
ROUNDS = 12
HANDSHAKES = 25         # of each client, in all rounds


class Client(threading.Thread):
    """Shakes hands until it is stopped; counts, and keeps what went wrong."""

    def __init__(self, paq, port, name):
        super().__init__()
        self.paq, self.port, self.name_asked = paq, port, name
        self.good, self.wrong, self.serials = 0, [], set()
        self.stop = False

    def run(self):
        while not self.stop:
            try:
                names, serial = served(self.paq, self.port, self.name_asked)
            except (OSError, EOFError, ssl.SSLError) as e:
                self.wrong.append(repr(e))
                continue
            if names != [self.name_asked]:
                self.wrong.append(names)
            self.serials.add(serial)
            self.good += 1


@pytest.fixture(scope="module")
def place(tmp_path_factory):
    top = tmp_path_factory.mktemp("renewal")
    live = top / "letsencrypt" / "live"
    live.mkdir(parents=True)
    yield live
    shutil.rmtree(top)


@pytest.fixture(scope="module")
def paq(place):
    pair = place.parent.parent / "own.pem", place.parent.parent / "own.key"
    write_pair(*pair, [OWN])
    add(place, HOSTED)
    settings = {"certificates": [f"{pair[0]} {pair[1]}"],
                "certificate_dir": str(place), "sign_rate_channel": "5000",
                "sign_rate_total": "5000", "tls_handshakes_per_network": "0",
                "tls_handshakes_max": "200"}
    with Suite(listen=ALL, settings=settings) as suite:
        suite.own = pair
        yield suite


def renew(paq, place, serial):
    """A renewed pair takes the other's place in one step."""
    write_pair(place / "own.new", place / "key.new", [OWN], serial)
    (place / "key.new").rename(paq.own[1])
    (place / "own.new").rename(paq.own[0])
    add(place, HOSTED, serial=serial)


def test_no_handshake_fails_by_a_reload(paq, place):
    clients = [Client(paq, port, name) for port in PORTS
               for name in (OWN, HOSTED)]
    for c in clients:
        c.start()
    try:
        for serial in range(2, ROUNDS + 2):
            before = [c.good for c in clients]
            renew(paq, place, serial)
            paq.paquebot("reload")
            wait_for(lambda was=before: all(
                c.good >= n + HANDSHAKES // ROUNDS or c.wrong
                for c, n in zip(clients, was)), 60)
        wait_for(lambda: all(ROUNDS + 1 in c.serials or c.wrong
                             for c in clients), 60)
    finally:
        for c in clients:
            c.stop = True
        for c in clients:
            c.join()
    print(sum(c.good for c in clients), "handshakes")
    for c in clients:
        assert c.wrong == [], (c.port, c.name_asked, len(c.wrong), c.good)
        assert len(c.serials) > ROUNDS // 2


def test_no_handshake_fails_by_reloads_on_top_of_each_other(paq, place):
    """The next one comes before the one before is through."""
    clients = [Client(paq, port, name) for port in ("imaps", "submissions")
               for name in (OWN, HOSTED)]
    for c in clients:
        c.start()
    try:
        for serial in range(100, 100 + ROUNDS):
            renew(paq, place, serial)
            for _ in range(3):
                paq.paquebot("reload")
        wait_for(lambda: all(100 + ROUNDS - 1 in c.serials or c.wrong
                             for c in clients), 60)
    finally:
        for c in clients:
            c.stop = True
        for c in clients:
            c.join()
    for c in clients:
        assert c.wrong == [], (c.port, c.name_asked, len(c.wrong), c.good)


def test_sessions_of_before_may_still_begin_tls(paq, place):
    """A session has the certificates of when it came, and serves them however
    many reloads later."""
    lines = []
    for i in range(4):
        for port in PLAIN:
            greeting, first, answer, verb, good, _, _ = PLAIN[port]
            line = Line(paq, port)
            line.until(greeting)
            line.raw(first + b"\r\n")
            line.until(answer)
            line.raw(verb + b"\r\n")
            line.until(good)
            lines.append(line)
        serial = 200 + i
        renew(paq, place, serial)
        paq.paquebot("reload")
        for port in ("imaps", "pop3s", "mx"):
            wait_for(lambda at=port, n=serial: served(paq, at, OWN)[1] == n)
    for i, line in enumerate(lines):
        line.start(HOSTED if i % 2 else OWN)
        assert line.sock.getpeercert(binary_form=True)
        line.close()
