"""paquebot check: what it warns of (RFC 5321 4.5.1)."""
import pytest

from suite import Suite

WARNING = "warning: nobody gets the mail for postmaster"


@pytest.fixture
def paq():
    suite = Suite(settings={"postmaster": ""}, users={})
    suite.write()
    yield suite
    suite.close()


def said(paq):
    done = paq.run("paquebot", "-c", paq.conf, "check", check=False)
    assert done.returncode == 0, done.stderr
    return done.stderr


def test_nobody(paq):
    assert WARNING in said(paq)
    paq.write_map("aliases", "root: alice@far.example\n")
    paq.write_map("virtual", "info@demo.example: alice@far.example\n")
    assert WARNING in said(paq)


def test_a_setting(paq):
    paq.settings["postmaster"] = "alice@far.example"
    paq.write_conf()
    assert said(paq) == ""


@pytest.mark.parametrize("name, text", [
    ("aliases", "postmaster: alice@far.example\n"),
    ("virtual", "".join(f"postmaster@{d}: alice@far.example\n"
                        for d in ("demo.example", "mx.demo.example"))),
    ("users", "postmaster@mx.demo.example:!\n")])
def test_a_map(paq, name, text):
    paq.write_map(name, text)
    assert WARNING not in said(paq)
