"""Postfix, in a configuration directory of its own, as the other host: mail from
it to Paquebot and from Paquebot to it."""
import os
import pwd
import subprocess
import time
from pathlib import Path

import pytest

import corpus
from conftest import needs, needs_root
from suite import OWNER, Suite, free_ports, wait_for, without_trace

pytestmark = [needs("postfix"), needs_root]
ALICE = "alice@demo.example"
MASTER = """
127.0.0.1:{port} inet n - n - - smtpd
pickup unix n - n 60 1 pickup
cleanup unix n - n - 0 cleanup
qmgr unix n - n 300 1 qmgr
rewrite unix - - n - - trivial-rewrite
bounce unix - - n - 0 bounce
defer unix - - n - 0 bounce
trace unix - - n - 0 bounce
verify unix - - n - 1 verify
flush unix n - n 1000? 0 flush
proxymap unix - - n - - proxymap
smtp unix - - n - - smtp
relay unix - - n - - smtp
error unix - - n - - error
retry unix - - n - - error
discard unix - - n - - discard
virtual unix - n n - - virtual
anvil unix - - n - 1 anvil
scache unix - - n - 1 scache
showq unix n - n - - showq
postlog unix-dgram n - n - 1 postlogd
"""


class Postfix:
    def __init__(self, place, paquebot_port):
        self.dir, self.port = place, free_ports(1)[0]
        owner = pwd.getpwnam(OWNER)
        place.chmod(0o755)
        for name in ("etc", "queue", "data", "mail"):
            (place / name).mkdir()
        os.chown(place / "mail", owner.pw_uid, owner.pw_gid)
        os.chown(place / "data", pwd.getpwnam("postfix").pw_uid, -1)
        settings = {
            "compatibility_level": "3.6",
            "queue_directory": place / "queue",
            "data_directory": place / "data",
            "maillog_file": place / "log",
            "maillog_file_prefixes": place,
            "myhostname": "mx.pf.example", "mydestination": "",
            "mynetworks": "127.0.0.0/8", "inet_interfaces": "127.0.0.1",
            "inet_protocols": "ipv4", "alias_maps": "",
            "virtual_mailbox_domains": "pf.example",
            "virtual_mailbox_base": place / "mail",
            "virtual_mailbox_maps": "inline:{user@pf.example=user/}",
            "virtual_uid_maps": f"static:{owner.pw_uid}",
            "virtual_gid_maps": f"static:{owner.pw_gid}",
            "virtual_minimum_uid": "1",
            "transport_maps": "inline:{demo.example=smtp:[127.0.0.1]:"
                              f"{paquebot_port}" "}",
        }
        (place / "etc" / "main.cf").write_text(
            "".join(f"{k} = {v}\n" for k, v in settings.items()))
        (place / "etc" / "master.cf").write_text(
            MASTER.format(port=self.port).lstrip())

    def run(self, verb):
        return subprocess.run(["postfix", "-c", self.dir / "etc", verb],
                              capture_output=True, text=True, timeout=60,
                              check=False)

    def log(self):
        path = self.dir / "log"
        return path.read_text(errors="replace") if path.exists() else ""

    def start(self):
        done = self.run("start")
        assert done.returncode == 0, (done.stderr, self.log())
        wait_for(lambda: "daemon started" in self.log())

    def stored(self):
        new = Path(self.dir / "mail" / "user" / "new")
        return sorted(new.iterdir()) if new.is_dir() else []


@pytest.fixture(scope="module")
def both(tmp_path_factory):
    with Suite(settings={"sender_check": "envelope"}) as paq:
        place = paq.dir / "postfix"
        place.mkdir()
        postfix = Postfix(place, paq.port["mx"])
        paq.write_map("routes",
                      f"pf.example: smtp:[127.0.0.1]:{postfix.port}\n")
        time.sleep(1.1)         # lookupd looks once a second
        postfix.start()
        try:
            yield paq, postfix
        finally:
            postfix.run("abort")


def samples():
    """Some of each kind, none with trace fields of its own."""
    names = ("dots", "eight-bit", "many-parts", "longest-lines", "folded")
    for name, octets in corpus.made():
        if name in names:
            wire = corpus.as_wire(octets)
            head = b"".join(b"%s: %s\r\n" % (k, v) for k, v in (
                (b"From", b"a@made.example"), (b"To", b"b@made.example"),
                (b"Date", b"Tue, 1 Jul 2025 10:00:00 +0000"),
                (b"Message-ID", b"<" + name.encode() + b"@made.example>"))
                if k.lower() + b":" not in
                wire.partition(b"\r\n\r\n")[0].lower())
            yield name, head + wire


def test_from_paquebot_to_postfix(both):
    paq, postfix = both
    for count, (name, octets) in enumerate(samples(), 1):
        paq.send(ALICE, ["user@pf.example"], octets, login=ALICE)
        try:
            wait_for(lambda: len(postfix.stored()) >= count)
        except TimeoutError:
            raise AssertionError(f"{name}\n{paq.trouble()}\n{postfix.log()}") \
                from None
        newest = max(postfix.stored(), key=lambda f: f.stat().st_mtime_ns)
        assert without_trace(newest.read_bytes()) == octets, name
    paq.wait_queue_empty()


def test_from_postfix_to_paquebot(both):
    import smtplib
    paq, postfix = both
    for count, (name, octets) in enumerate(samples(), 1):
        with smtplib.SMTP("127.0.0.1", postfix.port, "client.example") as c:
            c.ehlo()
            c.mail("user@pf.example", ["BODY=8BITMIME"])
            c.rcpt(ALICE)
            assert c.data(octets)[0] == 250
        try:
            paq.wait_stored(ALICE, count)
        except AssertionError as why:
            raise AssertionError(f"{name}: {why}\n{postfix.log()}") from None
        newest = max(paq.stored(ALICE), key=lambda f: f.stat().st_mtime_ns)
        assert without_trace(newest.read_bytes()) == octets, name


def test_what_paquebot_refuses_postfix_returns(both):
    """And the other way: each understands the other's report."""
    import smtplib
    paq, postfix = both
    before = len(postfix.stored())
    with smtplib.SMTP("127.0.0.1", postfix.port, "client.example") as c:
        c.sendmail("user@pf.example", ["nobody@demo.example"],
                   b"Subject: to nobody\r\n\r\nx\r\n")
    wait_for(lambda: len(postfix.stored()) > before)
    newest = max(postfix.stored(), key=lambda f: f.stat().st_mtime_ns)
    assert b"5.1.1" in newest.read_bytes()
    before = len(paq.stored(ALICE))
    paq.send(ALICE, ["nobody@pf.example"], "Subject: to nobody\n\nx\n",
             login=ALICE)
    paq.wait_stored(ALICE, before + 1)
    newest = max(paq.stored(ALICE), key=lambda f: f.stat().st_mtime_ns)
    assert b"Status: 5.1.1" in newest.read_bytes()
