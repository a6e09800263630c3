"""paquebot user: accounts in the text users, by way of the real tool."""
import json
import os
import pty
import re
import subprocess
import threading
import time

import pytest

from suite import Suite

ALICE = "alice@demo.example"
TEXT = """# the first line
bob@demo.example:{PLAIN}x:::::: quota=1M
\tz=1
# carol has no password
carol@demo.example:!

"""
APP = re.compile(r"^([a-z2-7]{4}-){4}[a-z2-7]{4}\n$")


@pytest.fixture
def paq():
    suite = Suite(users={})
    suite.write()
    suite.users_text = suite.conf.parent / "users"
    suite.users_text.write_text(TEXT)
    suite.users_text.chmod(0o640)
    yield suite
    suite.close()


def line_of(paq, name):
    lines = [x for x in paq.users_text.read_text().splitlines()
             if x.startswith(name + ":")]
    assert len(lines) == 1, lines
    return lines[0]


def user(paq, *args, stdin="", code=0):
    done = paq.run("paquebot", "-c", paq.conf, "user", *args, stdin=stdin,
                   check=False)
    assert done.returncode == code, (args, done.stdout, done.stderr)
    return done.stdout if code == 0 else done.stderr


def test_add_keeps_the_rest(paq):
    user(paq, "add", ALICE.upper(), stdin="a secret\n")
    text = paq.users_text.read_text()
    assert text.startswith(TEXT)
    assert paq.users_text.stat().st_mode & 0o777 == 0o640
    hash_, rest = line_of(paq, ALICE).split(":", 2)[1:]
    assert hash_.startswith("$y$"), hash_
    assert re.fullmatch(r":::::scram-sha-256=4096,[^, ]+,[^, ]+,[^, ]+ "
                        r"made=\d+",
                        rest), rest
    assert "a secret" not in text
    assert (paq.conf.parent / "users.db").exists()
    assert user(paq, "list").split() == ["bob@demo.example",
                                         "carol@demo.example", ALICE]
    assert "is there already" in user(paq, "add", ALICE, stdin="x\n", code=65)


def test_passwd_changes_all_proofs_and_nothing_else(paq):
    user(paq, "passwd", "--stdin", "bob@demo.example", stdin="new one\n")
    before = paq.users_text.read_text()
    assert before.startswith("# the first line\nbob@demo.example:$y$")
    assert before.endswith(
        "\n# carol has no password\ncarol@demo.example:!\n\n")
    line = line_of(paq, "bob@demo.example")
    assert ":::::quota=1M z=1 scram-sha-256=4096," in line
    user(paq, "passwd", "bob@demo.example", stdin="newer one\n")
    again = line_of(paq, "bob@demo.example")
    assert again.count("scram-sha-256=") == 1
    assert again.split("scram-")[1] != line.split("scram-")[1]


def test_scram_keys_are_those_of_the_setting(paq):
    paq.settings["scram_keys"] = ["sha-1", "sha-256"]
    paq.write_conf()
    user(paq, "add", ALICE, stdin="pencil\n")
    assert " scram-sha-256=" in line_of(paq, ALICE)
    assert ":scram-sha-1=" in line_of(paq, ALICE)
    paq.settings["scram_keys"] = ["none"]
    paq.write_conf()
    user(paq, "passwd", ALICE, stdin="pencil\n")
    assert re.search(r"::::::made=\d+$", line_of(paq, ALICE))
    paq.settings["scram_keys"] = ["sha-512"]
    paq.write_conf()
    assert "neither sha-256 nor sha-1 nor none" in user(paq, "list", code=78)


def test_del(paq):
    user(paq, "del", "bob@demo.example")
    assert paq.users_text.read_text() == (
        "# the first line\n# carol has no password\ncarol@demo.example:!\n\n")
    assert "no such account" in user(paq, "del", "bob@demo.example", code=65)


def test_a_mistake_elsewhere_changes_nothing(paq):
    paq.users_text.write_text(TEXT + "dave@demo.example:x:0:0\n")
    user(paq, "add", ALICE, stdin="x\n", code=65)
    assert paq.users_text.read_text() == TEXT + "dave@demo.example:x:0:0\n"


@pytest.mark.parametrize("args", [
    [], ["add"], ["add", ALICE, "password"], ["nosuch", ALICE], ["list", "x"],
    ["add", "--json", ALICE], ["app-add", ALICE], ["show", "--stdin", ALICE]])
def test_usage(paq, args):
    assert "usage:" in user(paq, *args, stdin="x\n", code=64)
    assert paq.users_text.read_text() == TEXT


@pytest.mark.parametrize("name", ["#x@demo.example", "a:b", "a b", '"a"@b.c',
                                  "", "a\nb", "\u202e@demo.example", "../x",
                                  "a@\u2603.example",
                                  "x/y@demo.example"])
def test_names(paq, name):
    user(paq, "add", name, stdin="x\n", code=65)
    assert paq.users_text.read_text() == TEXT


@pytest.mark.parametrize("stdin", ["", "\n", "x" * 1025 + "\n", "a\0b\n"])
def test_passwords_refused(paq, stdin):
    user(paq, "add", ALICE, stdin=stdin, code=65)
    assert paq.users_text.read_text() == TEXT


def test_two_at_once(paq):
    names = [f"u{i}@demo.example" for i in range(8)]
    threads = [threading.Thread(target=user, args=(paq, "add", n),
                                kwargs={"stdin": "x\n"}) for n in names]
    for t in threads:
        t.start()
    for t in threads:
        t.join()
    assert set(names) < set(user(paq, "list").split())


def test_app_passwords(paq):
    made = user(paq, "app-add", "bob@demo.example", "phone")
    assert APP.match(made), made
    day = user(paq, "app-add", "--services", "imap+smtp", "--expires",
               "2099-01-31", "bob@demo.example", "lap.top")
    assert made != day
    text = paq.users_text.read_text()
    assert made.strip() not in text and made.strip().replace("-", "") not in text
    assert re.search(r"quota=1M z=1 app=phone,all,never,\{SSHA256\}\S{56} "
                     r"app=lap.top,imap\+smtp,2099-01-31,\{SSHA256\}\S{56}\n",
                     text)
    assert user(paq, "app-list", "bob@demo.example") == (
        "app=phone services=smtp+pop3+imap expires=never\n"
        "app=lap.top services=smtp+imap expires=2099-01-31\n")
    assert "is there already" in user(paq, "app-add", "bob@demo.example",
                                      "Phone", code=65)
    user(paq, "app-del", "bob@demo.example", "phone")
    assert "app=phone" not in paq.users_text.read_text()
    assert "no such" in user(paq, "app-del", "bob@demo.example", "phone",
                             code=65)


@pytest.mark.parametrize("args", [
    ["--services", "imap,smtp", "x"], ["--services", "", "x"],
    ["--expires", "tomorrow", "x"], ["--expires", "2027-02-30", "x"],
    ["--expires", "2001-01-01", "x"],
    ["a b"], [""], ["x" * 33], ["a,b"], ["a:b"]])
def test_app_arguments(paq, args):
    user(paq, "app-add", *args[:-1], "bob@demo.example", args[-1], code=65)
    assert paq.users_text.read_text() == TEXT


def test_at_most_32_apps(paq):
    for i in range(32):
        user(paq, "app-add", "bob@demo.example", f"n{i}")
    assert "too many" in user(paq, "app-add", "bob@demo.example", "more",
                              code=65)


def test_json(paq):
    made = json.loads(user(paq, "app-add", "--json", "bob@demo.example", "p"))
    assert made["app"] == "p" and APP.match(made["password"] + "\n")
    user(paq, "add", ALICE, stdin="a secret\n")
    one = json.loads(user(paq, "show", "--json", ALICE))
    assert (one["name"], one["password"], one["scram"], one["apps"]) == (
        ALICE, "crypt", ["sha-256"], [])
    many = json.loads(user(paq, "list", "--json"))
    assert [(a["name"], a["password"]) for a in many] == [
        ("bob@demo.example", "clear"), ("carol@demo.example", "locked"),
        (ALICE, "crypt")]
    assert many[0]["quota"] == 1048576
    assert [(a["app"], a["services"], a["expires"]) for a in many[0]["apps"]
            ] == [("p", "smtp+pop3+imap", "never")]
    assert json.loads(user(paq, "app-list", "--json", ALICE)) == []
    shown = user(paq, "show", ALICE) + json.dumps(many)
    assert "$y$" not in shown and "4096" not in shown


def test_a_name_given_anew_inherits_no_use(paq):
    auth = paq.dir / "auth"
    auth.mkdir(exist_ok=True)
    (auth / "logins").write_text(f"use 1700000000 pop3 local {ALICE} -\n")
    user(paq, "add", ALICE, stdin="a secret\n")
    made = int(re.search(rf"^{ALICE}:.*[: ]made=(\d+)$",
                         paq.users_text.read_text(), re.M)[1])
    assert abs(made - time.time()) < 600
    assert "last_login" not in user(paq, "show", ALICE)
    assert json.loads(user(paq, "show", "--json", ALICE))["last_login"] is None
    user(paq, "passwd", ALICE, stdin="another\n")     # it stays the same one
    assert f" made={made}" in paq.users_text.read_text() or \
        f":made={made}" in paq.users_text.read_text()


def test_last_use(paq):
    user(paq, "app-add", "bob@demo.example", "phone")
    user(paq, "app-add", "bob@demo.example", "old")
    auth = paq.dir / "auth"
    auth.mkdir(exist_ok=True)
    (auth / "logins").write_text(
        "use 1800000000 imap 192.0.2.0/24 bob@demo.example phone\n"
        "nonsense\nuse 1800000001 pop3 local bob@demo.example -\n"
        "known 1800000001 local bob@demo.example\n"
        "use 1800000002 imap 192.0.2.0/24 carol@demo.example old\n")
    # date -u -d @1800000000
    shown = user(paq, "show", "bob@demo.example")
    assert "\nlast_login=2027-01-15T08:00:01Z pop3 local\n" in shown
    assert " expires=never last_use=2027-01-15T08:00:00Z imap 192.0.2.0/24\n" \
        in shown
    one = json.loads(user(paq, "show", "--json", "bob@demo.example"))
    assert one["last_login"] == {"at": "2027-01-15T08:00:01Z",
                                 "service": "pop3", "network": "local"}
    assert [a["last_use"] and a["last_use"]["at"] for a in one["apps"]] == [
        "2027-01-15T08:00:00Z", None]
    assert [a["last_login"] and a["last_login"]["service"] for a in
            json.loads(user(paq, "list", "--json"))] == ["pop3", None]


def at_terminal(paq, *answers):
    """The tool at a terminal of its own: exit code and what it showed."""
    ours, theirs = pty.openpty()
    process = subprocess.Popen(
        [paq.bin / "paquebot", "-c", paq.conf, "user", "add", ALICE],
        stdin=theirs, stdout=theirs, stderr=theirs, start_new_session=True,
        preexec_fn=lambda: __import__("fcntl").ioctl(0, 0x540E, 0))
    os.close(theirs)
    shown = b""
    try:
        for answer in answers:
            while not shown.rstrip().endswith(b":"):
                shown += os.read(ours, 1000)
            shown += b"|"
            os.write(ours, answer.encode() + b"\n")
        while True:
            shown += os.read(ours, 1000)
    except OSError:             # the terminal is closed
        pass
    os.close(ours)
    return process.wait(timeout=60), shown.decode()


def test_asked_twice(paq):
    code, shown = at_terminal(paq, "one two", "one two")
    assert code == 0, shown
    assert "Password:" in shown and "Again:" in shown
    assert "one two" not in shown
    assert line_of(paq, ALICE)


def test_not_the_same(paq):
    code, shown = at_terminal(paq, "one two", "one too")
    assert code == 65 and "not the same" in shown
    assert paq.users_text.read_text() == TEXT
