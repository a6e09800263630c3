"""Two hosts, each with a suite of its own, that find each other by DNS.

Two network namespaces joined by a veth pair; dnsmasq in the first answers for
both domains.  Mail of a user of one host to a user of the other goes by MX
look-up to port 25 there, and is read there by POP3 and by IMAP.
"""
import os
import subprocess
import time

import pytest

import corpus
from conftest import needs, needs_root
from suite import Suite, in_netns, wait_for, without_trace

pytestmark = [needs("dnsmasq", "ip"), needs_root]

A, B = "10.99.0.1", "10.99.0.2"


def sh(*words):
    subprocess.run([str(w) for w in words], check=True, capture_output=True)


@pytest.fixture(scope="module")
def network():
    """The names of two namespaces; hosts A and B in them."""
    mark = f"paq{os.getpid()}"
    names = [mark + "a", mark + "b"]
    try:
        for name in names:
            sh("ip", "netns", "add", name)
        sh("ip", "link", "add", mark + "v0", "netns", names[0], "type",
           "veth", "peer", "name", mark + "v1", "netns", names[1])
        for name, device, address in zip(names, (mark + "v0", mark + "v1"),
                                         (A, B)):
            with in_netns(name):
                sh("ip", "addr", "add", f"{address}/24", "dev", device)
                sh("ip", "link", "set", device, "up")
                sh("ip", "link", "set", "lo", "up")
        yield names
    finally:
        for name in names:
            subprocess.run(["ip", "netns", "del", name], check=False,
                           capture_output=True)


RECORDS = [
    "--mx-host=one.example,mx.one.example,10",
    f"--host-record=mx.one.example,{A}",
    # The first choice does not exist, the next does not answer.
    "--mx-host=two.example,none.two.example,5",
    "--mx-host=two.example,dead.two.example,10",
    "--mx-host=two.example,mx.two.example,20",
    f"--host-record=dead.two.example,{A}",
    f"--host-record=mx.two.example,{B}",
    # No MX at all: the address of the name itself (RFC 5321 5.1).
    f"--host-record=plain.example,{B}",
    # "This domain takes no mail" (RFC 7505); dnsmasq cannot say it with
    # --mx-host, so as octets: preference 0, the root.
    "--dns-rr=null.example,15,000000",
    # Its best MX is the sender itself: a loop (RFC 5321 5.1).
    "--mx-host=circle.example,mx.one.example,10",
]


@pytest.fixture(scope="module")
def hosts(network, tmp_path_factory):
    with in_netns(network[0]):
        server = subprocess.Popen(
            ["dnsmasq", "--keep-in-foreground", "--conf-file=/dev/null",
             "--no-resolv", "--no-hosts", "--port=53",
             f"--listen-address={A}", "--bind-interfaces", "--user=root",
             "--pid-file=", "--local=/example/", *RECORDS],
            stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    made = []
    try:
        time.sleep(0.3)
        assert server.poll() is None
        for netns, address, name in ((network[0], A, "one"),
                                     (network[1], B, "two")):
            domains = [f"{name}.example"]
            if name == "two":
                domains.append("plain.example")
            made.append(Suite(
                hostname=f"mx.{name}.example", domains=domains,
                users={f"user@{name}.example": "a secret",
                       "user@plain.example" if name == "two" else
                       "other@one.example": "a secret"},
                host=address, netns=netns, ports={"mx": 25},
                # The samples are from others than who submits them.
                settings={"plain_login_anywhere": True,
                          "sender_check": "none",
                          "smtp_out_private": True,
                          "dns_servers": [A]}))
            made[-1].write().start()
        yield made
    finally:
        for one in made:
            one.close()
        server.terminate()
        server.wait(10)


def deliver(hosts, recipient, octets, n, user=None):
    hosts[0].send("user@one.example", [recipient], octets,
                  login="user@one.example")
    try:
        hosts[1].wait_stored(user or recipient, n)
    except AssertionError as why:
        raise AssertionError(f"{why}\n=== sender\n{hosts[0].trouble()}") \
            from None
    hosts[0].wait_queue_empty()


def read_both(host, user, number):
    client = host.imap(user)
    client.select("INBOX")
    by_imap = client.fetch(str(number), "(RFC822)")[1][0][1]
    client.logout()
    client = host.pop3(user)
    by_pop3 = b"".join(x + b"\r\n" for x in client.retr(number)[1])
    client.quit()
    assert by_imap == by_pop3
    return by_imap


def test_from_one_to_the_other_by_mx(hosts):
    samples = dict(corpus.made())
    for number, name in enumerate(("eight-bit", "dots", "many-parts"), 1):
        sent = corpus.as_wire(samples[name])
        sent = sent.replace(b"\r\n\r\n", b"\r\nMessage-ID: <m" +
                            name.encode() + b"@one.example>\r\n\r\n", 1)
        deliver(hosts, "user@two.example", sent, number)
        got = read_both(hosts[1], "user@two.example", number)
        assert without_trace(got) == sent
        trace = got[:got.index(b"From: A")]
        assert trace.count(b"Received:") == 2
        assert b"by mx.one.example" in trace and b"by mx.two.example" in trace


def test_without_mx_the_name_itself(hosts):
    deliver(hosts, "user@plain.example",
            b"From: user@one.example\r\nSubject: p\r\n\r\nx\r\n", 1)


@pytest.mark.parametrize("domain, code", [
    ("null.example", b"5.1.10"),        # RFC 7505 4.2
    ("nowhere.example", b"5.1.2"),      # RFC 3463 3.2: bad destination system
    ("circle.example", b"5.4.6"),       # RFC 3463 3.5: routing loop
])
def test_what_cannot_be_delivered_comes_back(hosts, domain, code):
    before = len(hosts[0].stored("user@one.example"))
    hosts[0].send("user@one.example", [f"x@{domain}"],
                  f"Subject: to {domain}\r\n\r\nx\r\n".encode(),
                  login="user@one.example")
    hosts[0].wait_stored("user@one.example", before + 1)
    newest = max(hosts[0].stored("user@one.example"),
                 key=lambda f: f.stat().st_mtime_ns)
    assert code in newest.read_bytes(), newest.read_bytes()


def test_nothing_of_this_came_in_by_other_doors(hosts):
    with in_netns(hosts[1].netns):
        wait_for(lambda: not hosts[1].queued())
    wait_for(lambda: not hosts[0].queued())
