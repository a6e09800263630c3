"""Many clients of one network, each with an address of its own and in no hurry:
they get their part of the places, and whoever comes from elsewhere is served.

Named after the entries of doc/threats.md.  LONG=1: ten thousand, for a minute.
"""
import errno
import os
import resource
import selectors
import socket
import threading
import time

import pytest

from conftest import needs_root
from fake_suite import own_network
from suite import Suite, wait_for

pytestmark = needs_root

LONG = bool(os.environ.get("LONG"))
CLIENTS, SECONDS, PAUSE = (10000, 60, 10) if LONG else (600, 3, 1)
# On loopback all addresses of such a network are this host's (RFC 5737).
SERVER, CROWD, ELSEWHERE = "192.0.2.1", "198.51.100.{}", "203.0.113.{}"
GREETING = {"mx": b"220 ", "imap": b"* OK ", "pop3": b"+OK "}
REFUSAL = {"mx": b"421 4.7.0 ", "imap": b"* BYE ", "pop3": b"-ERR "}
PLACES = {"mx": 500, "imap": 400, "pop3": 400}


class Crowd(threading.Thread):
    """n clients of one /24; each says an octet now and then, and comes again
    when it is sent away."""

    def __init__(self, port, n):
        super().__init__()
        self.port, self.n = port, n
        self.select = selectors.DefaultSelector()
        self.over = threading.Event()
        self.open, self.again, self.dialled = {}, [], 0
        self.greeted, self.refused, self.trouble = 0, 0, []

    def dial(self):
        s = socket.socket()
        s.setblocking(False)
        s.bind((CROWD.format(1 + self.dialled % 254), 0))
        self.dialled += 1
        code = s.connect_ex((SERVER, self.port))
        assert code in (0, errno.EINPROGRESS), os.strerror(code)
        self.select.register(s, selectors.EVENT_READ)
        self.open[s] = b""

    def hear(self, s):
        try:
            got = s.recv(1000)
        except OSError:
            got = b""
        if got and not self.open[s]:
            self.open[s] = got
            refused = got.startswith(tuple(REFUSAL.values()))
            self.refused += refused
            self.greeted += not refused
        if got:
            return
        self.select.unregister(s)
        del self.open[s]
        s.close()
        self.again.append(time.monotonic() + 1)

    def work(self):
        spoken = time.monotonic()
        while not self.over.is_set():
            now = time.monotonic()
            for _ in range(min(200, self.n - len(self.open) -
                               len(self.again))):
                self.dial()
            self.again = [t for t in self.again if t > now]
            for key, _ in self.select.select(0.05):
                self.hear(key.fileobj)
            if now - spoken < PAUSE:
                continue
            spoken = now
            for s in [s for s in self.open if self.open[s]]:
                try:
                    s.send(b"N")
                except OSError:
                    self.hear(s)

    def run(self):
        try:
            self.work()
        except Exception as why:    # the test says it
            self.trouble.append(why)
        for s in self.open:
            s.close()


def greeting(paq, port, source):
    with socket.create_connection((SERVER, paq.port[port]), 30,
                                  source_address=(source, 0)) as s:
        return s.recv(200)


@pytest.fixture
def many_descriptors():
    old = resource.getrlimit(resource.RLIMIT_NOFILE)
    most = max(old[1], CLIENTS + 1000)
    resource.setrlimit(resource.RLIMIT_NOFILE, (most, most))
    yield
    resource.setrlimit(resource.RLIMIT_NOFILE, old)


@pytest.mark.parametrize("port", GREETING)
def test_C11_C12_a_crowd_from_one_network(many_descriptors, port):
    places = PLACES[port]
    with own_network(*(n.format("1/24") for n in (CROWD, ELSEWHERE)),
                     SERVER + "/24"), \
            Suite(host=SERVER, listen=(port,), settings={
                "smtp_clients_max": places, "imap_clients_max": places,
                "pop3_clients_max": places,
                "smtp_clients_per_address": None,       # the defaults
                "mail_clients_per_address": None,
                "clients_per_network_percent": None}) as paq:
        crowd = Crowd(paq.port[port], CLIENTS)
        crowd.start()
        try:
            wait_for(lambda: crowd.trouble or crowd.greeted and
                     crowd.refused, 60)
            slowest, served, end = 0, 0, time.monotonic() + SECONDS
            while time.monotonic() < end or served < 10:
                begun = time.monotonic()
                got = greeting(paq, port, ELSEWHERE.format(1 + served % 200))
                assert got.startswith(GREETING[port]), got
                slowest = max(slowest, time.monotonic() - begun)
                served += 1
                time.sleep(0.1)
            # The crowd is still there, and has what it may have; whoever of it
            # had to leave, by login_timeout, is followed by the next one.
            wait_for(lambda: crowd.greeted >= places // 2)
            wait_for(lambda: greeting(paq, port, CROWD.format(254))
                     .startswith(REFUSAL[port]))
            held = sum(said.startswith(GREETING[port])
                       for said in list(crowd.open.values()))
            assert held <= places // 2
        finally:
            crowd.over.set()
            crowd.join()
        assert not crowd.trouble, crowd.trouble
        print(f"{port}: {crowd.dialled} calls of {CLIENTS}, {held} held; "
              f"{served} others greeted, the slowest in {slowest:.2f} s")
        wait_for(lambda: paq.log_text().count("too many of this network"))
        # Many are refused in a second, and the disk is not theirs to fill.
        assert paq.log_text().count("too many of this network") < 20
        wait_for(lambda: greeting(paq, port, CROWD.format(7)).startswith(
            GREETING[port]))
