"""DANE (RFC 7672) with zones that are really signed, a name server and a
validating resolver of other people's, and mail servers that match their
records, do not, or have lost their STARTTLS on the way.
"""
import hashlib
import re
import socket
import subprocess

import pytest

from certs import Pair
from fake_out import DONE, LATER, MAIL, Out, Server
from fake_suite import own_network, send, text
from signed_dns import SignedDns, Zones, missing
from suite import wait_for
from test_smtp_out import BOB, needs_root
from test_smtp_out_tls import DANE, DANE_ONLY, OPPORTUNISTIC, context, \
    nothing_left

pytestmark = [needs_root,
              pytest.mark.skipif(bool(missing()), reason=missing())]
PORT = 2525                     # in a network of our own
GOOD, OTHER = "192.0.2.2", "192.0.2.3"
HOSTS = ("192.0.2.1/32", GOOD + "/32", OTHER + "/32")


def der(pair, *how):
    return subprocess.run(["openssl", "x509", "-in", pair.cert, *how],
                          check=True, capture_output=True).stdout


def certificate(pair):
    return der(pair, "-outform", "DER")


def public_key(pair):
    pem = der(pair, "-noout", "-pubkey")
    return subprocess.run(["openssl", "pkey", "-pubin", "-outform", "DER"],
                          input=pem, check=True, capture_output=True).stdout


def sha256(octets):
    return hashlib.sha256(octets).hexdigest()


@pytest.fixture(scope="module")
def certs(tmp_path_factory):
    d = tmp_path_factory.mktemp("certs")
    ca = Pair(d, "ca.example")
    return {"ca": ca, "self": Pair(d, "self.example", names=["x.example"]),
            "other": Pair(d, "other.example"),
            "mx": Pair(d, "ta.signed.example", by=ca),
            "domain": Pair(d, "d-ta.signed.example", by=ca),
            "wrong-name": Pair(d, "elsewhere.example", by=ca)}


def chain(certs, name, directory):
    """A context that sends its authority along, as usage 2 needs it."""
    both = directory / f"{name}.chain"
    both.write_bytes(certs[name].cert.read_bytes() +
                     certs["ca"].cert.read_bytes())
    made = context(certs[name])
    made.load_cert_chain(both, certs[name].key)
    return made


WRONG = "00" * 32


@pytest.fixture(scope="module")
def zones(certs, tmp_path_factory):
    key, cert = public_key(certs["self"]), certificate(certs["self"])
    tlsa = {
        "311": f"3 1 1 {sha256(key)}",
        "301": f"3 0 1 {sha256(cert)}",
        "312": f"3 1 2 {hashlib.sha512(key).hexdigest()}",
        "310": f"3 1 0 {key.hex()}",
        "ta": f"2 0 1 {sha256(certificate(certs['ca']))}",
        "wrong": f"3 1 1 {WRONG}",
        "pkix": f"1 1 1 {sha256(key)}",
        "future": f"3 1 9 {sha256(key)}",
        "bogus": f"3 1 1 {'ab' * 32}",
    }
    records = []
    for host, data in tlsa.items():
        records += [f"d-{host} IN MX 10 {host}", f"{host} IN A {GOOD}",
                    f"_{PORT}._tcp.{host} IN TLSA {data}"]
    records += [
        "d-none IN MX 10 none", f"none IN A {GOOD}",
        # one that matches beside one that does not, as in a change of keys
        "d-two IN MX 10 two", f"two IN A {GOOD}",
        f"_{PORT}._tcp.two IN TLSA 3 1 1 {WRONG}",
        f"_{PORT}._tcp.two IN TLSA {tlsa['311']}",
        # aliases: of the host, of the record
        "d-alias IN MX 10 alias", "alias IN CNAME 311",
        "d-alias2 IN MX 10 alias2", "alias2 IN CNAME none",
        f"_{PORT}._tcp.alias2 IN TLSA {tlsa['311']}",
        "d-out IN MX 10 out", "out IN CNAME host.plain.example.",
        f"_{PORT}._tcp.out IN TLSA {tlsa['wrong']}",
        "d-shared IN MX 10 shared", f"shared IN A {GOOD}",
        f"_{PORT}._tcp.shared IN CNAME tlsa", f"tlsa IN TLSA {tlsa['311']}",
        # the better host is not to be trusted, the next is
        "d-next IN MX 10 bad-next", "d-next IN MX 20 other",
        f"bad-next IN A {GOOD}", f"_{PORT}._tcp.bad-next IN TLSA 3 1 1 {WRONG}",
        f"other IN A {OTHER}", f"_{PORT}._tcp.other IN TLSA 3 1 1 "
        f"{sha256(public_key(certs['other']))}",
        # no MX at all
        f"implicit IN A {GOOD}", f"_{PORT}._tcp.implicit IN TLSA {tlsa['wrong']}",
        # MX and address that were changed on the way
        "d-badmx IN MX 10 forged-here", f"forged-here IN A {GOOD}",
        "d-badaddr IN MX 10 badaddr", "badaddr IN A 192.0.2.99",
    ]
    z = Zones(tmp_path_factory.mktemp("zones"))
    z.add("signed.example", records, signed=True, tamper=[
        ("ab" * 32, "cd" * 32), ("192.0.2.99", GOOD),
        ("MX\t10 forged-here", "MX\t10 none")])
    z.add("plain.example", [
        "@ IN MX 10 host", f"host IN A {GOOD}",
        f"_{PORT}._tcp.host IN TLSA {tlsa['wrong']}",
        # a zone without signatures whose MX is in one with: not used
        "d-hosted IN MX 10 wrong.signed.example."])
    return z


class Site:
    def __init__(self, zones, tls, **settings):
        self.dns = SignedDns(zones)
        self.server = Server(host=GOOD, port=PORT, tls=tls)
        self.settings = settings

    def __enter__(self):
        self.dns.__enter__()
        self.out = Out(self.dns, smtp_out_port=str(PORT),
                       smtp_out_source="192.0.2.1",
                       **{"dns_validating": "yes", **self.settings})
        self.out.__enter__()
        return self

    def __exit__(self, *exc):
        self.out.__exit__(*exc)
        self.server.close()
        self.dns.close()

    def job(self, nexthop, tls=DANE, **more):
        """The result, and the last line that says what was used."""
        before = len(self.sent())
        done = self.out.job(MAIL, [BOB], nexthop=nexthop, tls=tls, **more)
        if done.kinds == [DONE]:
            wait_for(lambda: len(self.sent()) > before)
        return done, (self.sent() or [""])[-1]

    def sent(self):
        return [x for x in self.out.out.logs if "event=sent" in x]


@pytest.fixture
def net():
    with own_network(*HOSTS):
        yield


@pytest.fixture
def site(net, zones, certs):
    """The server shows the certificate that the records with 3 name."""
    with Site(zones, context(certs["self"])) as made:
        yield made


def refused(site, done, esc="4.7.5"):
    assert done.kinds == [LATER] and done.escs == [esc], done.results
    nothing_left(site.server)


@pytest.mark.parametrize("tls", [DANE, DANE_ONLY])
@pytest.mark.parametrize("host,base", [
    ("311", "311"), ("301", "301"), ("312", "312"), ("310", "310"),
    ("two", "two"), ("alias", "311"), ("alias2", "alias2"),
    ("shared", "shared")])
def test_a_server_that_matches(site, host, base, tls):
    """Whatever names and dates its certificate has."""
    done, line = site.job(f"d-{host}.signed.example", tls)
    assert done.kinds == [DONE], done.results
    assert site.server.by_tls == [True]
    assert re.search(r"tls=TLSv1\.3 .*verified=dane why=dane", line)
    assert site.server.sni == [f"{base}.signed.example"]


@pytest.mark.parametrize("tls", [DANE, DANE_ONLY])
@pytest.mark.parametrize("host", ["wrong", "out"])
def test_F8_a_server_that_does_not_match(site, host, tls):
    done, _ = site.job(f"d-{host}.signed.example", tls)
    refused(site, done)


@pytest.mark.parametrize("tls", [DANE, DANE_ONLY])
@pytest.mark.parametrize("name", ["d-bogus", "d-badaddr", "d-badmx"])
def test_F8_signatures_that_do_not_hold(site, name, tls):
    """What was changed on the way is not "no record"."""
    done, _ = site.job(f"{name}.signed.example", tls)
    assert done.kinds == [LATER], done.results
    assert done.escs[0] == ("4.7.5" if name == "d-bogus" else "4.4.3")
    assert site.server.sessions == []


def test_no_mx_record(site):
    done, _ = site.job("implicit.signed.example")
    refused(site, done)


def test_a_host_of_the_operators(site):
    """No MX look-up, so nobody but the operator led there."""
    done, line = site.job("[311.signed.example]")
    assert done.kinds == [DONE] and "verified=dane" in line
    done, _ = site.job("[wrong.signed.example]")
    assert done.kinds == [LATER]
    # an address has no records: RFC 7672
    assert site.job(f"[{GOOD}]")[0].kinds == [DONE]
    assert site.job(f"[{GOOD}]", DANE_ONLY)[0].kinds == [LATER]


@pytest.mark.parametrize("name", ["d-none.signed.example", "plain.example",
                                  "d-hosted.plain.example"])
def test_F8_where_nothing_is_signed(site, name):
    done, line = site.job(name)
    assert done.kinds == [DONE]
    assert re.search("verified=no why=opportunistic", line)
    before = len(site.server.messages)
    done, _ = site.job(name, DANE_ONLY)
    assert done.kinds == [LATER] and done.escs == ["4.7.5"]
    assert len(site.server.messages) == before


@pytest.mark.parametrize("host", ["pkix", "future"])
def test_records_that_smtp_cannot_use(site, host):
    """TLS is promised by them, but no proof."""
    done, line = site.job(f"d-{host}.signed.example")
    assert done.kinds == [DONE] and site.server.by_tls == [True]
    assert "verified=no why=dane" in line
    done, _ = site.job(f"d-{host}.signed.example", DANE_ONLY)
    assert done.kinds == [LATER]


@pytest.mark.parametrize("host", ["311", "pkix"])
def test_F8_starttls_taken_away(net, zones, host):
    with Site(zones, None) as site:
        done, _ = site.job(f"d-{host}.signed.example")
        refused(site, done, "4.7.4")
        # without records it is only a server without TLS
        assert site.job("d-none.signed.example")[0].kinds == [DONE]


def test_F8_starttls_refused(net, zones, certs):
    with Site(zones, context(certs["self"])) as site:
        site.server.script["STARTTLS"] = b"454 not now\r\n"
        done, _ = site.job("d-311.signed.example")
        refused(site, done, "4.7.4")


@pytest.mark.parametrize("cert,kinds", [
    ("mx", [DONE]), ("domain", [DONE]), ("wrong-name", [LATER])])
def test_an_authority(net, zones, certs, tmp_path, cert, kinds):
    """2 0 1: its signature, and one of the names: base or next hop."""
    with Site(zones, chain(certs, cert, tmp_path)) as site:
        done, line = site.job("d-ta.signed.example")
        assert done.kinds == kinds, done.results
        assert kinds == [LATER] or "verified=dane" in line


def test_an_authority_that_did_not_sign(net, zones, certs):
    with Site(zones, context(certs["self"])) as site:
        done, _ = site.job("d-ta.signed.example")
        refused(site, done)


def test_the_next_host(net, zones, certs):
    with Site(zones, context(certs["self"])) as site, \
            Server(host=OTHER, port=PORT,
                   tls=context(certs["other"])) as other:
        done, line = site.job("d-next.signed.example")
        assert done.kinds == [DONE] and other.by_tls == [True]
        assert "verified=dane" in line
        nothing_left(site.server)


def test_only_if_the_resolver_is_to_be_believed(net, zones, certs):
    with Site(zones, context(certs["other"]), dns_validating="no") as site:
        done, line = site.job("d-311.signed.example")
        assert done.kinds == [DONE] and "why=opportunistic" in line
        done, _ = site.job("d-311.signed.example", DANE_ONLY)
        assert done.kinds == [LATER]
        assert "dns_validating" in done.texts[0]


def test_no_demand_asks_nothing(net, zones, certs):
    with Site(zones, context(certs["self"])) as site:
        done, line = site.job("d-wrong.signed.example", OPPORTUNISTIC)
        assert done.kinds == [DONE] and "verified=no" in line


@pytest.mark.parametrize("domain, tls, want", [
    ("d-311", DANE, {"tls": "must, proven", "proof": "dane", "why": "dane",
                     "dane": "usable", "tlsa": "1"}),
    ("d-two", DANE_ONLY, {"tls": "must, proven", "proof": "dane",
                          "dane": "usable", "tlsa": "2"}),
    # A usage that SMTP cannot have: TLS with whomever.
    ("d-pkix", DANE, {"tls": "must", "why": "dane", "dane": "unusable",
                      "tlsa": "0"}),
    ("d-none", DANE, {"tls": "if it works", "why": "opportunistic",
                      "dane": "none", "tlsa": "0"}),
    ("d-pkix", DANE_ONLY, {"result": "later", "status": "4.7.5"}),
    ("d-none", DANE_ONLY, {"result": "later", "status": "4.7.5"}),
    ("d-bogus", DANE, {"result": "later", "status": "4.7.5"}),
    ("plain", DANE, {"tls": "if it works", "dane": "unsigned"}),
    ("plain", DANE_ONLY, {"result": "later", "status": "4.7.5"}),
])
def test_explained(site, domain, tls, want):
    """paquebot explain: what the records are good for, and what follows."""
    zone = "plain.example" if domain == "plain" else f"{domain}.signed.example"
    ours, theirs = socket.socketpair()
    with ours, theirs:
        send(site.out.out.master, "SUPER_CONTROL", text("out-explain") +
             text(f"smtp {zone} 0 {tls} -"), fd=theirs.fileno())
        theirs.close()
        ours.settimeout(60)
        told = b""
        while data := ours.recv(65536):
            told += data
    (line,) = [x for x in told.decode().splitlines() if x.startswith(
        "step=host ")]
    got = {k: v.strip('"') for k, v in re.findall(
        r'(\w+)=("[^"]*"|\S+)', line)}
    assert {k: got.get(k) for k in want} == want, line
    assert ("proof" in got) == ("proof" in want)
