"""paquebot explain: every rule, map and route for an address, as the daemons
follow them."""
import json

import pytest

from fake_dns import Dns
from suite import Suite

ALICE = "alice@demo.example"


@pytest.fixture(name="paq", scope="module")
def fixture():
    maps = {
        "aliases": "info: alice@demo.example, bob@far.example\n"
                   "owner-info: alice\n",
        "virtual": "@catch.example: info@demo.example\n",
        "routes": "far.example: smtp:[127.0.0.9]:2525 tls=none\n"
                  "relayed.example: lmtp:[127.0.0.9]:24\n"}
    with Suite(users={ALICE: "a secret"}, maps=maps, settings={
            "relay_domains": ["relayed.example"],
            "relay_clients": ["192.0.2.0/24"],
            "retry_rules": ["* greylist 5m,10m", "local: quota 1h 2d"]}) as paq:
        yield paq


def explain(paq, *words, rc=0):
    done = paq.run("paquebot", "-c", paq.conf, "explain", "--json", *words,
                   check=False)
    assert done.returncode == rc, done.stderr
    return [json.loads(line) for line in done.stdout.splitlines()]


def steps(lines, step):
    return [line for line in lines if line["step"] == step]


def test_an_account(paq):
    got = explain(paq, ALICE)
    assert got[0] == {"step": "address", "address": ALICE,
                      "domain": "demo.example", "class": "local"}
    assert steps(got, "recipient")[0]["verdict"] == "local"
    maps = [(m["map"], m["key"], m["result"]) for m in steps(got, "map")]
    assert maps == [("virtual", ALICE, "absent"),
                    ("aliases", "alice", "absent"),
                    ("users", ALICE, "found")]
    (target,) = steps(got, "target")
    assert target["kind"] == "mailbox" and target["user"] == ALICE
    assert target["maildir"].endswith("/Maildir")
    rules = {r["error"]: r for r in steps(got, "retry")}
    assert rules["quota"]["rule"] == "local: quota 1h 2d"
    assert rules["quota"]["expire"] == "172800"
    assert rules["connect"]["rule"] == "retry_min, retry_max"


def test_an_alias_to_its_end(paq):
    got = explain(paq, "info@demo.example", "--from", "x@y.example")
    assert steps(got, "sender")[0]["class"] == "foreign"
    (found,) = [m for m in steps(got, "map")
                if m["map"] == "aliases" and m["result"] == "found" and
                m["key"] == "info"]
    assert "bob@far.example" in found["value"]
    box, far = steps(got, "target")
    assert box["address"] == ALICE
    assert far["nexthop"] == "[127.0.0.9]" and far["port"] == "2525"
    # A list with an owner: bounces go there.
    assert box["sender"] == far["sender"] == "owner-info@demo.example"
    (host,) = steps(got, "host")
    assert host["addresses"] == "127.0.0.9" and host["tls"] == "none"
    assert host["port"] == "2525"


def test_no_such_user_and_who_is_asked(paq):
    got = explain(paq, "nobody@demo.example", "--client", "198.51.100.1")
    assert steps(got, "recipient")[0]["verdict"] == "unknown"
    (target,) = steps(got, "target")
    assert target["kind"] == "fail" and target["status"] == "5.1.1"
    answers = {(a["listener"], a["login"]): a for a in steps(got, "access")}
    assert answers["mx", "no"]["code"] == "550"
    assert answers["submission", "no"]["code"] == "530"
    assert answers["submission", "no"]["command"] == "MAIL"


def test_mail_without_sender(paq):
    """The form that RFC 5321 4.5.5 has for it; so if none is named."""
    assert explain(paq, ALICE, "--from", "<>") == explain(paq, ALICE)


def test_a_client_that_is_no_address(paq):
    done = paq.run("paquebot", "-c", paq.conf, "explain", ALICE, "--client",
                   "300.1.1.1", check=False)
    assert done.returncode == 1
    assert "the client is no IP address" in done.stderr


@pytest.mark.parametrize("client, to, code", [
    ("198.51.100.1", "x@far.example", "550"),
    ("192.0.2.7", "x@far.example", "250"),
    ("127.0.0.1", "x@far.example", "550"),
    ("198.51.100.1", "x@relayed.example", "250"),
    ("198.51.100.1", "x%far.example@relayed.example", "550"),
    ("2001:db8::1", ALICE, "250")])
def test_what_a_client_is_answered(paq, client, to, code):
    """What is told is what the real session says."""
    got = explain(paq, to, "--client", client)
    (mx,) = [a for a in steps(got, "access") if a["listener"] == "mx"]
    assert mx["code"] == code


def test_mail_exchangers():
    """In their order, with what is wrong with one; nobody is connected to."""
    table = {("far.example", "MX"): [(20, "b.far.example"),
                                     (10, "a.far.example"),
                                     (30, "none.far.example")],
             ("a.far.example", "A"): ["203.0.113.1", "203.0.113.2"],
             ("b.far.example", "A"): ["203.0.113.3"],
             ("none.far.example", "MX"): [],
             ("null.example", "MX"): [(0, "")]}
    with Dns(table) as dns, Suite(users={}, settings={
            "dns_servers": [dns.address], "smtp_out_tls": "require"}) as paq:
        got = explain(paq, "x@far.example")
        (hop,) = steps(got, "nexthop")
        assert hop["hosts"] == "3" and hop["dnssec"] == "unsigned"
        assert hop["tls"] == "require" and hop["by"] == "setting"
        a, b, none = steps(got, "host")
        assert (a["host"], a["preference"]) == ("a.far.example", "10")
        assert a["addresses"] == "203.0.113.1,203.0.113.2"
        assert a["tls"] == b["tls"] == "must"
        assert b["addresses"] == "203.0.113.3"
        assert none["result"] == "never" and "no address" in none["why"]
        (hop,) = steps(explain(paq, "x@null.example"), "nexthop")
        assert hop["result"] == "never" and hop["status"] == "5.1.10"
        (hop,) = steps(explain(paq, "x@gone.example"), "nexthop")
        assert hop["result"] == "never"


def test_in_words(paq):
    said = paq.paquebot("explain", "x@relayed.example")
    assert "class=relay" in said and "transport=lmtp" in said
    assert said.startswith("address ")


def test_bad_words(paq):
    assert steps(explain(paq, "no", rc=1), "address")[0]["result"] == \
        "failed"
    for words in ([], ["a@b", "c@d"], ["--client"], ["-x", "a@b"]):
        done = paq.run("paquebot", "-c", paq.conf, "explain", *words,
                       check=False)
        assert done.returncode == 64
