"""sendmail(1), mailq(1) and newaliases(1) against a real smtpd: the options that
programs use, what becomes of a message, and the exit codes of sysexits(3).
"""
import email
import email.policy
import os
import pathlib
import pwd
import smtplib
import subprocess
import sys
import time

import pytest

ROOT = pathlib.Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "tests" / "flow"))
from fake_suite import BIN, Suite  # noqa: E402

USER = pwd.getpwuid(os.geteuid())


@pytest.fixture(scope="module")
def shared():
    with Suite() as s:
        (s.dir / "conf").write_text(
            'hostname = "mail.example.org"\n'
            'run_dir = "%s"\n'
            'mailbox_user = "nobody"\n'
            'domains = { "example.org" }\n' % s.dir)
        os.chmod(s.dir / "conf", 0o644)
        yield s


@pytest.fixture
def suite(shared):
    with shared.lock:
        shared.messages.clear()
    return shared


def run(suite, *args, octets=b"", name="sendmail", **kw):
    """(exit code, stdout, stderr)"""
    got = subprocess.run([str(BIN / name), "-C", str(suite.dir / "conf"),
                          *args], input=octets, capture_output=True,
                         timeout=20, **kw)
    return got.returncode, got.stdout, got.stderr


def sent(suite, *args, octets):
    code, out, err = run(suite, *args, octets=octets)
    assert (code, out, err) == (0, b"", b"")
    return suite.only_message()


def parsed(message):
    return email.message_from_bytes(message.text, policy=email.policy.default)


def test_plain_message(suite):
    m = sent(suite, "alice@example.org", "bob@example.org",
             octets=b"Subject: hi\n\nline\n..x\nlast without end")
    assert m.rcpts == [b"alice@example.org", b"bob@example.org"]
    assert m.fields["from"] == USER.pw_name.encode() + b"@mail.example.org"
    assert m.fields["client"] == b"local"
    assert m.body == b"line\r\n..x\r\nlast without end\r\n"
    p = parsed(m)
    name = USER.pw_gecos.split(",")[0]
    assert str(p["From"]) == (
        "%s <%s@mail.example.org>" % (name, USER.pw_name) if name else
        "%s@mail.example.org" % USER.pw_name)
    assert p["To"] == "undisclosed-recipients:;"
    assert p["Date"].datetime is not None and p["Message-ID"]
    assert suite.log_has("event=accepted", "id=" + m.id,
                         "user=uid:%d" % os.geteuid())


def test_complete_header_is_left_alone(suite):
    text = (b"From: X <x@y.example>\nTo: alice@example.org\n"
            b"Date: Thu, 1 Jan 1970 00:00:00 +0000\nMessage-ID: <a@b>\n"
            b"Subject: =?utf-8?q?x?=\n folded\n\n\xc3\xbc\n")
    m = sent(suite, "-i", "alice@example.org", octets=text)
    assert m.without_trace() == text.replace(b"\n", b"\r\n")
    assert m.fields["body"] == b"8bit"


def test_recipients_of_the_header(suite):
    m = sent(suite, "-t", "-oi", octets=(
        b"From: x@y.example\nTo: Alice <alice@example.org>\n"
        b"Cc: x@elsewhere.example\nBcc: bob@example.org\n\nhi\n"))
    assert m.rcpts == [b"alice@example.org", b"x@elsewhere.example",
                       b"bob@example.org"]
    assert b"ob@example.org" not in m.text
    assert parsed(m)["Cc"] == "x@elsewhere.example"


def test_dot_ends_unless_told(suite):
    m = sent(suite, "alice@example.org", octets=b"S: x\n\na\n.\nb\n")
    assert m.body == b"a\r\n"
    suite.messages.clear()
    for option in ("-i", "-oi"):
        m = sent(suite, option, "alice@example.org",
                 octets=b"S: x\n\na\n.\nb\n")
        assert m.body == b"a\r\n.\r\nb\r\n"
        suite.messages.clear()


def test_line_ends(suite):
    """LF and CRLF become CRLF; a CR that is neither becomes a space."""
    m = sent(suite, "alice@example.org",
             octets=b"S: x\r\n\r\na\r\nb\nc\rd\r\r\ne\r\n")
    assert m.body == b"a\r\nb\r\nc d \r\ne\r\n"


@pytest.mark.parametrize("value,want", [
    ("carol@example.net", b"carol@example.net"),
    ("<carol@example.net>", b"carol@example.net"), ("<>", b""), ("", b""),
    ("carol", b"carol@mail.example.org")])
def test_sender(suite, value, want):
    for option in ("-f", "-r"):
        m = sent(suite, option, value, "alice@example.org",
                 octets=b"\nx\n")
        assert m.fields["from"] == want
        suite.messages.clear()


def test_full_name(suite):
    m = sent(suite, "-F", "J\u00f6rg", "-fj@example.net",
             "alice@example.org", octets=b"\nx\n")
    assert parsed(m)["From"] == "J\u00f6rg <j@example.net>"


def test_ignored_options(suite):
    m = sent(suite, "-oem", "-B8BITMIME", "-N", "never", "-Rhdrs", "-V", "1",
             "-m", "-G", "-bm", "--", "alice@example.org", octets=b"\nx\n")
    assert m.rcpts == [b"alice@example.org"]


def test_verbose_says_the_id(suite):
    code, out, _ = run(suite, "-v", "alice@example.org", octets=b"\nx\n")
    assert code == 0 and suite.only_message().id in out.decode()


def test_mailbox_separator_is_dropped(suite):
    m = sent(suite, "alice@example.org",
             octets=b"From root Mon Jan  1 00:00:00 2026\nSubject: a\n\nb\n")
    assert b"From root" not in m.text and parsed(m)["Subject"] == "a"


def test_slow_input(suite):
    """What a job says an hour later still belongs to the message; nobody
    waits for it at the server's side."""
    p = subprocess.Popen([str(BIN / "sendmail"), "-C",
                          str(suite.dir / "conf"), "alice@example.org"],
                         stdin=subprocess.PIPE)
    p.stdin.write(b"Subject: slow\n\none\n")
    p.stdin.flush()
    time.sleep(0.3)
    assert suite.children() == []
    p.stdin.write(b"two\n")
    p.stdin.close()
    assert p.wait(10) == 0
    assert suite.only_message().body == b"one\r\ntwo\r\n"


def test_large_message(suite):
    body = b"0123456789abcdef" * 4 + b"\n"
    m = sent(suite, "alice@example.org", octets=b"S: x\n\n" + body * 10000)
    assert m.body == (body * 10000).replace(b"\n", b"\r\n")


def test_many_recipients(suite):
    rcpts = ["many%d@example.org" % i for i in range(100)]
    m = sent(suite, *rcpts, octets=b"\nx\n")
    assert m.rcpts == [r.encode() for r in rcpts]


# ---------------------------------------------------------------- exit codes

def test_exit_usage(suite):
    assert run(suite)[0] == 64
    assert run(suite, "-t", octets=b"Subject: x\n\n")[0] == 64
    assert run(suite, "-bd")[0] == 64
    assert run(suite, "-Z", "alice@example.org")[0] == 64


def test_exit_unknown_user_sends_nothing(suite):
    code, _, err = run(suite, "alice@example.org", "nobody@example.org",
                       octets=b"\nx\n")
    assert code == 67 and b"nobody@example.org: 550 5.1.1 " in err
    assert suite.messages == {}


def test_exit_bad_address(suite):
    assert run(suite, "a@@b", octets=b"\nx\n")[0] == 65
    assert run(suite, "-f", "a b@c@d", "alice@example.org",
               octets=b"\nx\n")[0] == 65
    assert suite.messages == {}


def test_exit_refused_message(suite):
    code, _, err = run(suite, "alice@example.org", octets=b"S: x\n\na\0b\n")
    assert code == 65 and b"5.6.0" in err
    code, _, err = run(suite, "alice@example.org",
                       octets=b"S: x\n\n" + b"y" * 2000000)
    assert code == 69 and b"5.3.4" in err


def test_exit_temporary(suite):
    assert run(suite, "later@example.org", octets=b"\nx\n")[0] == 75
    suite.new_refusal = (0, "4.3.1", "no room")
    try:
        code, _, err = run(suite, "alice@example.org", octets=b"\nx\n")
        assert code == 75 and b"452 4.3.1 no room" in err
    finally:
        suite.new_refusal = None
    suite.commit_mode = "refuse"
    try:
        assert run(suite, "alice@example.org", octets=b"\nx\n")[0] == 75
    finally:
        suite.commit_mode = "ok"


def test_exit_suite_is_down(suite, tmp_path):
    (tmp_path / "conf").write_text('hostname = "h.example"\n'
                                   'mailbox_user = "nobody"\n'
                                   'run_dir = "%s"\n' % tmp_path)
    got = subprocess.run([str(BIN / "sendmail"), "-C", str(tmp_path / "conf"),
                          "a@b.example"], input=b"\nx\n",
                         capture_output=True, timeout=10)
    assert got.returncode == 75 and b"not running" in got.stderr


def test_exit_configuration(suite, tmp_path):
    got = subprocess.run([str(BIN / "sendmail"), "-C",
                          str(tmp_path / "none"), "a@b.example"],
                         input=b"\nx\n", capture_output=True, timeout=10)
    assert got.returncode == 78


def test_no_set_id_bits():
    assert os.stat(BIN / "sendmail").st_mode & 0o6000 == 0


# ------------------------------------------------------- SMTP, mailq, aliases

def test_smtp_on_standard_input(suite):
    p = subprocess.run([str(BIN / "sendmail"), "-C",
                        str(suite.dir / "conf"), "-bs"], input=(
        b"EHLO localhost\r\nMAIL FROM:<a@b.example>\r\n"
        b"RCPT TO:<alice@example.org>\r\nDATA\r\n"
        b"Subject: x\r\n\r\nhi\r\n.\r\nQUIT\r\n"),
        capture_output=True, timeout=10)
    assert p.returncode == 0
    codes = [line[:4] for line in p.stdout.splitlines()]
    assert codes[0] == b"220 " and codes[-2:] == [b"250 ", b"221 "]
    assert suite.only_message().body == b"hi\r\n"


def test_smtp_on_standard_input_ends_with_its_input(suite):
    p = subprocess.run([str(BIN / "sendmail"), "-C",
                        str(suite.dir / "conf"), "-bs"],
                       input=b"EHLO localhost\r\n", capture_output=True,
                       timeout=10)
    assert p.returncode == 0 and p.stdout.startswith(b"220 ")


@pytest.mark.parametrize("name,args,words", [
    ("mailq", [], "queue list"), ("sendmail", ["-bp"], "queue list"),
    ("newaliases", [], "map aliases"), ("sendmail", ["-bi"], "map aliases"),
    ("sendmail", ["-q"], "queue flush")])
def test_other_names_are_words_of_paquebot(tmp_path, name, args, words):
    """The sister program beside it is called with these words, and its exit
    code is passed on."""
    (tmp_path / name).symlink_to(BIN / "sendmail")
    (tmp_path / "paquebot").write_text('#!/bin/sh\necho "$@"\nexit 3\n')
    os.chmod(tmp_path / "paquebot", 0o755)
    got = subprocess.run([str(tmp_path / name), *args], capture_output=True,
                         timeout=10)
    assert got.returncode == 3 and got.stdout.decode().split() == \
        words.split()


def test_smtplib_by_the_local_socket(suite):
    """Another client's idea of SMTP on the socket itself."""
    import socket
    s = smtplib.SMTP()
    s.sock = socket.socket(socket.AF_UNIX)
    s.sock.connect(suite.addresses["local"])
    s.file = None
    assert s.getreply()[0] == 220
    s.sendmail("a@b.example", ["alice@example.org"],
               "Subject: x\r\n\r\n.dot\r\n")
    s.quit()
    assert suite.only_message().body == b".dot\r\n"


def test_mailq_asks_as_who_the_kernel_says(suite):
    """Once; then the connection is the queue's, which ends it."""
    c = suite.connect("local").hello()
    c.raw(b"XMAILQ\r\nXMAILQ\r\n")
    assert c.reply()[0] == 250
    assert c.closed() == b"of uid %d\n" % os.geteuid()
