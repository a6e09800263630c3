"""smtp-out towards hosts that must have TLS: each demand of a route against
servers that meet it, do not, or are somebody else.

What was demanded and is not met means "later", and no octet of mail or envelope
leaves.
"""
import os
import re
import signal
import ssl
import time

import pytest

from certs import Pair
from fake_out import DONE, LATER, LISTEN, MAIL, Out, Server
from fake_suite import own_network
from suite import Suite, wait_for
from test_smtp_out import BOB, TWO_MX, Site, needs_root

# enum demand of lib/base/demand.h
DEFAULT, NONE, OPPORTUNISTIC, REQUIRE, VERIFY, DANE, DANE_ONLY = range(7)
HOST = "127.0.0.1"


def context(pair):
    made = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    made.load_cert_chain(pair.cert, pair.key)
    return made


@pytest.fixture(scope="module")
def certs(tmp_path_factory):
    """Name -> Pair; "ca" has signed some of them, "other" is nobody's."""
    d = tmp_path_factory.mktemp("certs")
    ca, other = Pair(d, "ca.example"), Pair(d, "other-ca.example")
    return {
        "ca": ca,
        "host": Pair(d, "host", names=["localhost"], by=ca),
        "mx": Pair(d, "mx.far.example", by=ca),
        "domain": Pair(d, "far.example", by=ca),
        "beneath": Pair(d, "x.mx9.far.example", by=ca),
        "elsewhere": Pair(d, "notfar.example", by=ca),
        "unknown": Pair(d, "mx.far.example", kind="rsa", by=other),
        "self": Pair(d, "self.example", names=["far.example"]),
    }


@pytest.fixture(scope="module")
def plain(certs):
    with Out(ca=certs["ca"].cert) as out:
        yield out


def to(server, **more):
    return dict(nexthop=f"[{HOST}]", port=server.port, **more)


def nothing_left(server):
    """Neither mail nor envelope went out, on any connection."""
    assert not server.messages
    assert not any(re.search(rb"(?i)^(MAIL|RCPT|DATA)", line)
                   for lines in server.sessions for line in lines)


def deferred(done, esc):
    assert done.kinds == [LATER] and done.escs == [esc], done.results
    return True


# ------------------------------------------------------------ without names

@pytest.mark.parametrize("tls", [DEFAULT, OPPORTUNISTIC, REQUIRE])
def test_tls_with_whomever(plain, certs, tls):
    with Server(tls=context(certs["self"])) as server:
        assert plain.job(MAIL, [BOB], tls=tls, **to(server)).kinds == [DONE]
        assert server.by_tls == [True]


def test_tls_ends_with_a_goodbye_behind_quit(plain, certs):
    """RFC 5321 4.1.1.10, RFC 8446 6.1: the server can tell that end from one
    that somebody on the way has made."""
    strict = context(certs["self"])
    strict.options &= ~ssl.OP_IGNORE_UNEXPECTED_EOF
    with Server({"QUIT": LISTEN}, tls=strict) as server:
        done = plain.job(MAIL, [BOB], tls=REQUIRE, **to(server))
        assert done.kinds == [DONE]
        server.wait(lambda s: s.sessions[0][-1] == b"QUIT", 60)
        server.wait(lambda s: s.ends, 10)
        assert server.ends == ["goodbye"]


@pytest.mark.parametrize("event", ["connected", "sent"])
def test_what_was_used_stands_in_the_log(plain, certs, event):
    def line(id_):
        (found,) = [x for x in plain.out.logs if f"event={event} " in x and
                    f"id={id_} " in x]
        return found
    with Server(tls=context(certs["self"])) as server:
        id_ = "0123456789BCDFGHJKM" + event[0].upper()
        plain.job(MAIL, [BOB], id_=id_, tls=REQUIRE, **to(server))
        assert plain.out.log_has(f"event={event}", id_)
        assert re.search(r"tls=TLSv1\.3 cipher=TLS_\w+ verified=no why=route",
                         line(id_))
    with Server() as server:
        id_ = "1123456789BCDFGHJKM" + event[0].upper()
        plain.job(MAIL, [BOB], id_=id_, **to(server))
        assert plain.out.log_has(f"event={event}", id_)
        assert re.search(r'tls=none why="not offered"', line(id_))


def test_none(plain, certs):
    with Server(tls=context(certs["host"])) as server:
        assert plain.job(MAIL, [BOB], tls=NONE, **to(server)).kinds == [DONE]
        assert server.by_tls == [False]


@pytest.mark.parametrize("tls", [REQUIRE, VERIFY, DANE_ONLY])
def test_F8_not_offered(plain, tls):
    """RFC 3207 6: somebody between may have taken the offer away."""
    with Server() as server:
        done = plain.job(MAIL, [BOB], tls=tls, **to(server))
        assert done.kinds == [LATER]
        assert done.escs[0] == ("4.7.5" if tls == DANE_ONLY else "4.7.4")
        nothing_left(server)


@pytest.mark.parametrize("tls", [REQUIRE, VERIFY])
@pytest.mark.parametrize("answer", [b"454 not now\r\n", b"502 what?\r\n"])
def test_F8_refused(plain, certs, tls, answer):
    with Server({"STARTTLS": answer}, tls=context(certs["host"])) as server:
        assert deferred(plain.job(MAIL, [BOB], tls=tls, **to(server)),
                        "4.7.4")
        nothing_left(server)


@pytest.mark.parametrize("tls,kinds", [
    (REQUIRE, [LATER]), (VERIFY, [LATER]), (OPPORTUNISTIC, [DONE])])
def test_F8_a_handshake_that_fails(plain, tls, kinds):
    """A server without a certificate: only who demands nothing goes on."""
    with Server(tls=ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)) as server:
        done = plain.job(MAIL, [BOB], tls=tls, **to(server))
        assert done.kinds == kinds
        if kinds == [LATER]:
            assert done.escs == ["4.7.5"]
            assert len(server.sessions) == 1
            nothing_left(server)
        else:
            assert server.by_tls == [False]


def test_octets_behind_the_reply_are_no_answers(plain, certs):
    """They came before TLS (CVE-2011-0411 and its kin)."""
    with Server({"STARTTLS": b"220 go\r\n250 evil\r\n"},
                tls=context(certs["self"])) as server:
        assert plain.job(MAIL, [BOB], tls=REQUIRE,
                         **to(server)).kinds == [LATER]
        nothing_left(server)


@pytest.mark.parametrize("setting,kinds", [
    ("none", [DONE]), ("require", [LATER]), ("verify", [LATER]),
    ("dane", [DONE]), ("dane-only", [LATER])])
def test_the_setting_is_for_jobs_without_a_demand(certs, setting, kinds):
    with Out(smtp_out_tls=setting, ca=certs["ca"].cert) as out, \
            Server() as server:
        assert out.job(MAIL, [BOB], **to(server)).kinds == kinds
        # ... and the route's own word counts before it.
        assert out.job(MAIL, [BOB], tls=OPPORTUNISTIC,
                       **to(server)).kinds == [DONE]


def test_a_kept_connection_serves_one_demand(plain):
    with Server() as server:
        w = plain.worker()
        assert w.job(MAIL, [BOB], **to(server)).kinds == [DONE]
        assert w.job(MAIL, [BOB], tls=REQUIRE, **to(server)).kinds == [LATER]
        assert len(server.messages) == 1
        w.close()


# --------------------------------------------------------------- with names

NAMES = ("192.0.2.1/32", "192.0.2.2/32", "192.0.2.3/32")
TABLE = {("far.example", "MX"): [(10, "mx.far.example")],
         ("mx.far.example", "A"): ["192.0.2.2"],
         ("elsewhere.example", "MX"): [(10, "mx.far.example")]}


@pytest.fixture
def net():
    with own_network(*NAMES):
        yield


@needs_root
@pytest.mark.parametrize("nexthop,cert,esc", [
    # by MX: the domain, and what is beneath it
    ("far.example", "domain", None),
    ("far.example", "mx", None),
    ("far.example", "beneath", None),
    ("far.example", "elsewhere", "4.7.5"),
    ("far.example", "unknown", "4.7.5"),
    ("far.example", "self", "4.7.5"),
    # the name that a forged MX record could have led to
    ("elsewhere.example", "mx", "4.7.5"),
    # the operator's own word: that host
    ("[mx.far.example]", "mx", None),
    ("[mx.far.example]", "domain", "4.7.5"),
    ("[192.0.2.2]", "mx", "4.7.5"),
])
def test_verify(net, certs, nexthop, cert, esc):
    with Site(TABLE, ca=certs["ca"].cert,
              tls=context(certs[cert])) as site:
        server = site.servers["192.0.2.2"]
        done = site.job(nexthop=nexthop, tls=VERIFY)
        if esc is None:
            assert done.kinds == [DONE] and server.by_tls == [True]
            assert site.out.out.log_has("event=sent", "verified=ca")
            assert server.sni == ["mx.far.example"]
        else:
            assert deferred(done, esc)
            nothing_left(server)


@needs_root
def test_another_host_pays_nothing_for_a_failed_handshake(net, certs):
    """The first one breaks TLS off and cannot be reached again: that the next
    try would have been without TLS is no word about the second one."""
    def gone(_line):
        site.servers["192.0.2.2"].close()
        return b"220 go\r\n250 evil\r\n"
    with Site(TWO_MX, hosts=("192.0.2.2", "192.0.2.3"),
              scripts={"192.0.2.2": {"STARTTLS": gone}},
              tls=context(certs["mx"])) as site:
        assert site.job(tls=OPPORTUNISTIC).kinds == [DONE]
        assert site.got() == ["192.0.2.3"]
        assert site.servers["192.0.2.3"].by_tls == [True]


@needs_root
def test_verify_without_authorities(net, certs):
    with Site(TABLE, tls=context(certs["mx"])) as site:
        assert deferred(site.job(tls=VERIFY), "4.7.5")
        nothing_left(site.servers["192.0.2.2"])


@needs_root
def test_authorities_are_read_anew_at_reload(net, certs, tmp_path):
    with Site(TABLE, ca=certs["self"].cert,
              tls=context(certs["mx"])) as site:
        assert deferred(site.job(tls=VERIFY), "4.7.5")
        site.out.new_authorities(certs["ca"].cert)
        # It comes on another channel than the next job.
        wait_for(lambda: site.job(tls=VERIFY).kinds == [DONE])


# ------------------------------------------------------- with the whole suite

def test_the_demand_of_a_route_holds_through_the_queue(certs):
    """... and for members of a list, whose routes stand in the queue file."""
    with Server() as server, Suite(maps={
            "routes": f"far.example: smtp:[{HOST}]:{server.port} "
            "tls=require\n",
            "aliases": "friends: bob@far.example, carol@far.example\n"}
            ) as paq:
        paq.send("alice@demo.example", "friends@demo.example",
                 "Subject: x\n\nhello\n", login="alice@demo.example")
        assert paq.wait_log(r"event=deferred .*status=4\.7\.4")
        os.kill(paq.pid("qmgr"), signal.SIGKILL)
        wait_for(lambda: [r for r in paq.status() if r["daemon"] == "qmgr"
                          and r["state"] == "ready" and r["restarts"] == 1])
        seen = len(server.sessions)
        paq.paquebot("queue", "flush")
        wait_for(lambda: len(server.sessions) > seen)
        time.sleep(0.5)
        nothing_left(server)
        # What the operator takes back no longer holds.
        paq.write_map("routes",
                      f"far.example: smtp:[{HOST}]:{server.port}\n")
        paq.paquebot("queue", "flush")
        paq.wait_queue_empty(60)
        assert len(server.messages) == 1
