"""paquebot check: what it warns of (RFC 5321 4.5.1)."""
import pytest

from certs import Pair
from suite import Suite, wait_for

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


# What no mail can meet; what is right beside it.
VAIN = [
    ("canonical", "demo.example: @far.example", "demo.example",
     "stands for a local part; a domain has @ in front"),
    ("sender_canonical", "old.example: @demo.example", "old.example",
     "stands for a local part; a domain has @ in front"),
    ("recipient_bcc", "MX.demo.example: a@demo.example", "mx.demo.example",
     "stands for a local part; a domain has @ in front"),
    ("generic", "B\u00fccher.example: @demo.example",
     "b\u00fccher.example", None),
    ("canonical", "@demo.example: @far.example", None, None),
    ("canonical", "Bob.Roe: bob@demo.example", None, None),
    ("virtual", "x@far.example: alice@demo.example", "x@far.example",
     "its domain is none of domains, so it is never asked for"),
    ("virtual", "@old.example: alice@demo.example", "@old.example",
     "its domain is none of domains, so it is never asked for"),
    ("virtual", "X@MX.Demo.Example: alice@demo.example", None, None),
    ("routes", "old.example: smtp:[127.0.0.1]:1", None, None),
]


@pytest.mark.parametrize("name, text, key, why", VAIN)
def test_keys_that_nothing_meets(paq, name, text, key, why):
    paq.settings.update(postmaster="alice@far.example",
                        relay_domains=["old.example"])
    paq.write_conf()
    (paq.conf.parent / name).write_text(text + "\n")
    assert said(paq) == ("" if why is None else
                         f'paquebot: warning: map {name}: "{key}": {why}\n')


@pytest.mark.parametrize("name, key", [
    ("canonical", "a@demo.example."), ("sender_canonical", "@demo.example."),
    ("recipient_canonical", "a@[IPv6:2001:db8:0::1]"),
    ("generic", "<>"), ("sender_bcc", "<>"), ("recipient_bcc", "@"),
    ("sender_routes", "@.example")])
def test_mistakes_in_maps(paq, name, key):
    """The same that the compiler says; that the server starts all the same
    is for its old map."""
    paq.settings["postmaster"] = "alice@far.example"
    paq.write_conf()
    (paq.conf.parent / name).write_text(
        "x@demo.example: smtp:\n" if name == "sender_routes" else
        "x@demo.example: y@demo.example\n")
    assert said(paq) == ""
    with (paq.conf.parent / name).open("a") as file:
        file.write(f"{key}: a@demo.example\n")
    told = said(paq)
    assert told.startswith(f"paquebot: warning: map {name}: line 2: neither")
    done = paq.paquebot("map", name, check=False)
    assert done.returncode == 65 and told.split("line 2")[1] in done.stderr


@pytest.mark.parametrize("classes, off", [
    ("envelope_sender header_sender", {"recipient_canonical"}),
    ("header_recipient", {"sender_canonical"}),
    ("", {"canonical", "sender_canonical", "recipient_canonical"})])
def test_maps_that_are_turned_off(paq, classes, off):
    maps = ("canonical", "sender_canonical", "recipient_canonical", "generic")
    paq.settings.update(postmaster="alice@far.example",
                        canonical_classes=classes)
    paq.write_conf()
    for name in maps:
        (paq.conf.parent / name).write_text("a: b@demo.example\nc: d@e.f\n")
    told = said(paq)
    for name in maps:
        assert told.count(f"map {name}: canonical_classes turns it off") == (
            name in off)


@pytest.mark.parametrize("name", ["certificates", "client_certificates",
                                  "oauth_keys", "smtp_out_ca_file"])
def test_files_that_are_not_there(paq, tmp_path, name):
    pair = Pair(tmp_path, "mx.demo.example")
    gone = tmp_path / "gone.pem"
    paq.settings["postmaster"] = "alice@far.example"
    for value in ([f"{gone} {pair.key}", f"{pair.cert} {gone}"]
                  if name == "certificates" else [str(gone)]):
        paq.settings["certificates"] = [pair.setting()]
        paq.settings.update(oauth_issuer="https://id.example",
                            oauth_audience="mail")
        paq.settings[name] = value
        paq.write_conf()
        done = paq.run("paquebot", "-c", paq.conf, "check", check=False)
        assert done.returncode == 78
        assert f"{name}: {gone}: No such file" in done.stderr


@pytest.mark.parametrize("mode, why", [
    (0o644, "everybody may open"), (0o602, "everybody may open"),
    (0o660, "its group may change"), (0o640, None), (0o600, None),
    (0o400, None)])
def test_rights_of_key_files(tmp_path, mode, why):
    """The check, the start and a reload say the same."""
    pair = Pair(tmp_path, "mx.demo.example")
    with Suite(settings={"certificates": [pair.setting()]}) as paq:
        pair.key.chmod(mode)
        check = paq.run("paquebot", "-c", paq.conf, "check", check=False)
        reload = paq.paquebot("reload", check=False)
        assert check.returncode == (78 if why else 0)
        assert (reload.returncode != 0) == (why is not None)
        for said in (check.stderr, reload.stderr):
            if why:
                assert f"certificates: {pair.key}: {why}" in said
            else:
                assert "certificates:" not in said
        paq.stop()
        paq.launch()
        if why:
            assert paq.master.wait(30) == 78
            assert why in paq.trouble()
            paq.master = None
        else:
            wait_for(paq.is_ready)
