"""One client of a front must not keep it from all the others."""
import pathlib
import select
import shutil
import socket
import ssl
import sys
import tempfile
import threading

import pytest

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "flow"))
from certs import Pair  # noqa: E402
from suite import Suite  # noqa: E402

FLOOD_S = 12


@pytest.fixture(name="paq", scope="module")
def fixture():
    place = tempfile.mkdtemp(prefix="paqcerts-")
    pair = Pair(place, "mx.demo.example", "ec")
    with Suite(listen=("mx", "imaps", "pop3s"), settings={
            "certificates": [pair.setting()], "login_timeout": "5s"}) as s:
        yield s
    shutil.rmtree(place)


def open_tls(paq, port):
    context = ssl._create_unverified_context()
    plain = socket.create_connection(("127.0.0.1", paq.port[port]), 60)
    return context.wrap_socket(plain)


class Flood(threading.Thread):
    """Commands without end, all answers read, until told to stop or ended."""

    def __init__(self, paq, port, command):
        super().__init__(daemon=True)
        self.line = open_tls(paq, port)
        self.line.recv(1000)
        self.line.setblocking(False)
        self.octets = command * (16384 // len(command))
        self.over, self.ended, self.sent = False, False, 0

    def run(self):
        at = 0
        while not self.over and not self.ended:
            busy = self.read()
            try:
                n = self.line.send(self.octets[at:])
                self.sent, at = self.sent + n, (at + n) % len(self.octets)
            except ssl.SSLWantWriteError:
                if not busy:
                    select.select([self.line], [self.line], [], 0.1)
            except OSError:
                self.ended = True

    def read(self):
        busy = False
        try:
            while data := self.line.recv(65536):
                busy = busy or bool(data)
            self.ended = True
        except ssl.SSLWantReadError:
            pass
        except OSError:
            self.ended = True
        return busy


@pytest.mark.parametrize("port, command", [
    ("imaps", b"a NOOP\r\n"), ("pop3s", b"CAPA\r\n")])
def test_c11_one_client_that_never_pauses(paq, port, command):
    """Others are greeted while it goes on, and login_timeout ends it."""
    flood = Flood(paq, port, command)
    stop = threading.Timer(FLOOD_S, lambda: setattr(flood, "over", True))
    stop.start()
    flood.start()
    try:
        for _ in range(3):
            with open_tls(paq, port) as other:
                assert other.recv(1000)
            assert not flood.over, "greeted only after the flood"
        flood.join(FLOOD_S + 5)
        assert flood.ended and not flood.over, "login_timeout did not end it"
        assert flood.sent > len(flood.octets)
    finally:
        stop.cancel()
        flood.over = True
