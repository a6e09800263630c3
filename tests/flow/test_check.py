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
