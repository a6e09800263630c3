"""Roundcube in Chromium, as people use it: each operation with mouse and keys,
and after each what is on disk and what a second IMAP session is told.

PHP's own server runs Debian's Roundcube with a configuration, a database and
a log of this test's.
"""
import email
import email.policy
import os
import pathlib
import pwd
import re
import shutil
import signal
import sqlite3
import subprocess
import sys
import tempfile

import pytest

from suite import IS_ROOT, OWNER, free_ports, wait_for

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent))
from browser import CHROMIUM, Browser  # noqa: E402

PLACE = pathlib.Path("/var/lib/roundcube/public_html")
SCHEMA = pathlib.Path("/usr/share/roundcube/SQL/sqlite.initial.sql")
PHP = shutil.which("php")
GONE = [what for what, there in (
    ("chromium", CHROMIUM), ("php", PHP), ("roundcube", PLACE.is_dir()),
    ("roundcube-sqlite3", SCHEMA.exists())) if not there]
pytestmark = pytest.mark.skipif(bool(GONE), reason="no " + ", ".join(GONE) +
                                " (make roundcube installs it)")

ALICE, BOB = "alice@demo.example", "bob@demo.example"
SUITE = {"users": {ALICE: "secret", BOB: "secret"}}
PICTURE = bytes(range(256)) * 40
LETTER = ("From: Bob <bob@demo.example>\r\nTo: alice@demo.example\r\n"
          "Date: Tue, 1 Jul 2025 10:00:00 +0000\r\n"
          "Message-ID: <{0}@test.example>\r\nSubject: {0}\r\n\r\n"
          "One line of {0}.\r\n")

CONFIG = """<?php
$config = [];
$config['db_dsnw'] = 'sqlite:///{dir}/db?mode=0640';
$config['imap_host'] = '127.0.0.1:{imap}';
$config['smtp_host'] = '127.0.0.1:{submission}';
$config['smtp_user'] = '%u';
$config['smtp_pass'] = '%p';
$config['des_key'] = 'a key of 24 characters..';
$config['plugins'] = [];
$config['temp_dir'] = '{dir}/temp';
$config['log_dir'] = '{dir}/logs';
$config['session_lifetime'] = 60;
$config['create_default_folders'] = true;
$config['check_all_folders'] = true;
$config['prefer_html'] = true;
$config['language'] = 'en_US';
$config['imap_cache'] = null;
"""


class Webmail:
    """Alice at her browser."""

    def __init__(self, paq, browser, base):
        self.paq, self.b, self.base = paq, browser, base

    def idle(self):
        self.b.wait("document.readyState == 'complete' && window.rcmail && "
                    "!rcmail.busy")

    def folder(self, name):
        """Its list, from the server."""
        self.b.go(f"{self.base}?_task=mail&_mbox={name}")
        self.b.wait("window.rcmail && rcmail.message_list "
                    "&& !rcmail.busy")

    def subjects(self):
        return self.b.js("[...document.querySelectorAll('#messagelist tbody "
                         "tr.message .subject a')].filter(e => e.offsetParent)"
                         ".map(e => e.innerText.trim())")

    def wait_subjects(self, *names):
        try:
            wait_for(lambda: sorted(self.subjects()) == sorted(names), 20)
        except TimeoutError:
            raise AssertionError(f"{self.subjects()} != {names}\n"
                                 f"{self.b.said}") from None

    def row(self, subject):
        """The selector of a message in the list."""
        name = self.b.wait(
            "([...document.querySelectorAll('#messagelist tbody tr.message')]"
            ".find(e => e.querySelector('.subject a').innerText.trim() == "
            f"{subject!r}) || {{}}).id")
        return "#" + name

    def open(self, subject):
        """In the frame beside the list."""
        self.b.click(self.row(subject) + " td.subject")
        inner = "document.querySelector('#messagecontframe').contentDocument"
        self.b.wait(f"{inner}.readyState == 'complete' && "
                    f"{inner}.querySelector('#message-header') && "
                    f"{inner}.querySelector('#message-header').innerText"
                    f".includes('{subject}')")
        return inner

    def press(self, command, text=None):
        """What a button does, once it may be pressed."""
        self.b.wait(f"rcmail.commands['{command}'] && !rcmail.busy")
        words = repr(command) if text is None else f"{command!r}, {text!r}"
        self.b.js(f"rcmail.command({words}); 1")

    def confirm(self, label):
        """The button of a dialogue."""
        self.b.wait("[...document.querySelectorAll('.ui-dialog button')]"
                    f".filter(e => e.innerText.trim() == '{label}')[0]")
        self.b.js("[...document.querySelectorAll('.ui-dialog button')]"
                  f".filter(e => e.innerText.trim() == '{label}')[0].click()")


@pytest.fixture(scope="module")
def site(paq):
    """Roundcube's address."""
    where = pathlib.Path(tempfile.mkdtemp(prefix="paqcube-"))
    where.chmod(0o755)
    for name in ("conf", "temp", "logs"):
        (where / name).mkdir()
    (where / "conf" / "config.inc.php").write_text(
        CONFIG.format(dir=where, **paq.port))
    for name in ("defaults.inc.php", "mimetypes.php"):
        shutil.copy(f"/etc/roundcube/{name}", where / "conf")
    with sqlite3.connect(where / "db") as db:
        db.executescript(SCHEMA.read_text())
    db.close()
    if IS_ROOT:
        owner = pwd.getpwnam(OWNER)
        for p in (where, *where.rglob("*")):
            os.chown(p, owner.pw_uid, owner.pw_gid)
    port, = free_ports(1)
    process = subprocess.Popen(
        [PHP, "-d", "opcache.enable_cli=1", "-d", "upload_max_filesize=20M",
         "-d", "post_max_size=25M", "-S", f"127.0.0.1:{port}", "-t",
         str(PLACE)], stdin=subprocess.DEVNULL,
        stdout=open(where / "php.log", "wb"), stderr=subprocess.STDOUT,
        start_new_session=True, user=OWNER if IS_ROOT else None,
        env={"PATH": os.environ["PATH"], "PHP_CLI_SERVER_WORKERS": "4",
             "ROUNDCUBE_CONFIG_DIR": str(where / "conf")})
    try:
        yield f"http://127.0.0.1:{port}/"
    finally:
        os.killpg(process.pid, signal.SIGTERM)
        process.wait(20)
    said = "".join(p.read_text(errors="replace")
                   for p in (where / "logs").iterdir() if p.is_file() and
                   p.name.startswith("errors"))
    shutil.rmtree(where)
    assert not re.search("IMAP|SMTP|imap|smtp", said), said


@pytest.fixture(scope="module")
def mail(paq, site, tmp_path_factory):
    """Logged in, by the form."""
    with Browser(tmp_path_factory.mktemp("browser")) as b:
        b.go(site)
        b.type("#rcmloginuser", ALICE)
        b.type("#rcmloginpwd", "secret")
        b.click("#rcmloginsubmit")
        b.wait("window.rcmail && rcmail.task == 'mail' && "
               "rcmail.message_list && !rcmail.busy")
        yield Webmail(paq, b, site)


@pytest.fixture
def other(paq):
    """A second session on Alice's mail."""
    client = paq.imap(ALICE)
    yield client
    client.logout()


def put(client, *names, folder="INBOX"):
    for name in names:
        assert client.append(folder, "", None,
                             LETTER.format(name).encode())[0] == "OK"


def clear(client, *folders):
    for name in folders:
        client.select(name)
        client.uid("STORE", "1:*", "+FLAGS", r"(\Deleted)")
        client.expunge()


def found(client, folder, keys):
    """Sequence numbers, as of now."""
    assert client.select(folder)[0] == "OK", folder
    return client.search(None, keys)[1][0].split()


def wait_found(client, folder, keys, n=1):
    return wait_for(lambda: len(found(client, folder, keys)) == n)


def with_subject(paq, name, folder=""):
    """(file, message) of each stored message with it."""
    got = []
    for p in paq.stored(ALICE, folder):
        m = email.message_from_bytes(p.read_bytes(),
                                     policy=email.policy.default)
        if m["Subject"] == name:
            got.append((p, m))
    return got


def flags(path):
    return path.name.partition(":2,")[2]


def test_folders_of_the_first_login(mail, paq, other):
    """It makes and subscribes to those that it needs."""
    mail.folder("INBOX")
    shown = mail.b.js("[...document.querySelectorAll('#mailboxlist li > a')]"
                      ".map(e => e.getAttribute('rel'))")
    assert shown[:5] == ["INBOX", "Drafts", "Sent", "Junk", "Trash"]
    for name in shown[1:]:
        assert paq.maildir(ALICE, "." + name).is_dir()
    subscribed = b"\n".join(other.lsub()[1])
    assert all(n.encode() in subscribed for n in shown[1:])


def test_list_and_open(mail, paq, other):
    """HTML, its picture inside, and an attachment, byte for byte."""
    clear(other, "INBOX")
    m = email.message.EmailMessage()
    m["From"], m["To"], m["Subject"] = "Jörg <j@far.example>", ALICE, "Grüße"
    m["Date"] = "Tue, 1 Jul 2025 10:00:00 +0000"
    m.set_content("plain words\n")
    m.add_alternative("<p>HTML <b>wörds</b> <img src='cid:p@x'></p>",
                      subtype="html")
    m.get_payload()[1].add_related(
        b"\x89PNG\r\n\x1a\n" + b"\0" * 50, "image", "png", cid="<p@x>")
    m.add_attachment(PICTURE, "application", "octet-stream",
                     filename="Bild ä.bin")
    paq.send("j@far.example", ALICE, m.as_bytes(
        policy=email.policy.SMTP))
    wait_for(lambda: with_subject(paq, "Grüße"))
    put(other, "second")
    mail.folder("INBOX")
    mail.wait_subjects("Grüße", "second")
    row = mail.row("Grüße")
    assert mail.b.js(f"document.querySelector('{row}').className"
                     ".includes('unread')")
    assert mail.b.js(f"!!document.querySelector('{row} .attachment "
                     "span.attachment')")
    inner = mail.open("Grüße")
    mail.b.wait(f"{inner}.querySelector('#messagebody').innerText"
                ".includes('HTML wörds')")
    assert mail.b.js(f"{inner}.querySelector('#message-header').innerText"
                     ".includes('Jörg')")
    link = mail.b.js(f"{inner}.querySelector('#attachment-list a').href")
    assert "Bild ä.bin" in mail.b.js(
        f"{inner}.querySelector('#attachment-list').innerText")
    octets = mail.b.js(
        f"fetch({link!r} + '&_download=1').then(r => r.arrayBuffer())"
        ".then(a => [...new Uint8Array(a)])")
    assert bytes(octets) == PICTURE
    # Read now, as the other session and the disk say.
    wait_found(other, "INBOX", "SEEN")
    (path, _), = with_subject(paq, "Grüße")
    assert "S" in flags(path)


def test_marks(mail, paq, other):
    clear(other, "INBOX")
    put(other, "m1", "m2")
    mail.folder("INBOX")
    mail.wait_subjects("m1", "m2")
    mail.open("m1")
    wait_found(other, "INBOX", "SEEN SUBJECT m1")
    mail.b.click(mail.row("m2") + " span.flag .unflagged")
    wait_found(other, "INBOX", "FLAGGED SUBJECT m2")
    assert "F" in flags(with_subject(paq, "m2")[0][0])
    mail.open("m2")
    wait_found(other, "INBOX", "SEEN", 2)
    mail.press("mark", "unflagged")
    wait_found(other, "INBOX", "UNFLAGGED", 2)
    mail.press("mark", "unread")
    wait_found(other, "INBOX", "UNSEEN SUBJECT m2")
    mail.press("select-all")
    mail.press("mark", "read")
    wait_found(other, "INBOX", "SEEN", 2)
    assert {flags(p) for p in paq.stored(ALICE)} == {"S"}
    # A mark that somebody else sets is shown.
    other.store("1", "+FLAGS", r"(\Flagged)")
    mail.press("checkmail")
    mail.b.wait(f"!!document.querySelector('{mail.row('m1')} .flagged')")


def test_new_mail_appears(mail, paq, other):
    clear(other, "INBOX")
    mail.folder("INBOX")
    mail.wait_subjects()
    paq.send(BOB, ALICE, LETTER.format("fresh").encode(), login=BOB)
    wait_for(lambda: with_subject(paq, "fresh"))
    mail.press("checkmail")
    mail.wait_subjects("fresh")


def test_move_and_copy(mail, paq, other):
    clear(other, "INBOX", "Junk")
    put(other, "goes", "stays")
    mail.folder("INBOX")
    mail.wait_subjects("goes", "stays")
    mail.open("goes")
    mail.press("move", "Junk")
    mail.wait_subjects("stays")
    wait_found(other, "Junk", "SUBJECT goes")
    assert not found(other, "INBOX", "SUBJECT goes")
    assert with_subject(paq, "goes", ".Junk") and \
        not with_subject(paq, "goes")
    mail.open("stays")
    mail.press("copy", "Junk")
    wait_found(other, "Junk", "SUBJECT stays")
    assert found(other, "INBOX", "SUBJECT stays")
    mail.folder("Junk")
    mail.wait_subjects("goes", "stays")


def test_search(mail, other):
    clear(other, "INBOX")
    put(other, "needle", "straw", "other needle")
    mail.folder("INBOX")
    mail.wait_subjects("needle", "straw", "other needle")
    mail.b.type("#mailsearchform", "NEEDLE")
    mail.b.key("Enter", 13, "\r")
    mail.wait_subjects("needle", "other needle")
    mail.press("reset-search")
    mail.wait_subjects("needle", "straw", "other needle")
    # In the text, in all folders.
    mail.b.js("document.querySelector('[name=\"s_mods[]\"][value=text]')"
              ".checked = true; rcmail.set_searchmods({text: 1}); "
              "document.querySelector('#s_scope').value = 'all'; "
              "rcmail.env.search_scope = 'all'")
    put(other, "far away", folder="Junk")
    mail.b.type("#mailsearchform", "line of far")
    mail.b.key("Enter", 13, "\r")
    mail.wait_subjects("far away")
    mail.press("reset-search")


def settle_folders(mail):
    mail.b.go(f"{mail.base}?_task=settings&_action=folders")
    mail.b.wait("window.rcmail && "
                "rcmail.subscription_list && !rcmail.busy")


FRAME = "document.querySelector('#preferences-frame').contentWindow"


def choose(mail, folder):
    """Its form is shown."""
    mail.b.js(f"rcmail.subscription_list.select({folder!r}); 1")
    mail.b.wait(f"{FRAME}.location.href.includes('_mbox=') && "
                f"{FRAME}.document.readyState == 'complete' && "
                f"{FRAME}.rcmail && rcmail.env.mailbox == {folder!r} && "
                f"{FRAME}.document.querySelector('[name=_mbox]').value == "
                f"{folder!r}")


def save(mail, name, parent=None):
    """The form, in its frame."""
    mail.b.wait(f"{FRAME}.rcmail && {FRAME}.document.readyState == "
                f"'complete' && {FRAME}.document.querySelector("
                "'input[name=_name]')")
    mail.b.type("input[name=_name]", name, frame="#preferences-frame")
    if parent is not None:
        mail.b.js(f"{FRAME}.document.querySelector('[name=_parent]').value = "
                  f"{parent!r}")
    mail.b.js(f"{FRAME}.rcmail.command('save'); 1")


def test_folders(mail, paq, other):
    settle_folders(mail)
    mail.press("create-folder")
    save(mail, "Entwürfe & mehr")
    wire = "Entw&APw-rfe &- mehr"
    wait_for(lambda: paq.maildir(ALICE, "." + wire).is_dir())
    wait_for(lambda: wire.encode() in b"\n".join(other.lsub()[1]))
    mail.b.wait(f"{wire!r} in rcmail.env.subscriptionrows")
    put(other, "inside", folder=f'"{wire}"')
    settle_folders(mail)
    mail.press("create-folder")
    save(mail, "Kind", wire)
    wait_for(lambda: paq.maildir(ALICE, f".{wire}.Kind").is_dir())
    # Another name, for it and what is below.
    settle_folders(mail)
    choose(mail, wire)
    save(mail, "Neu")
    wait_for(lambda: paq.maildir(ALICE, ".Neu.Kind").is_dir())
    assert not paq.maildir(ALICE, "." + wire).exists()
    assert with_subject(paq, "inside", ".Neu")
    wait_for(lambda: b"Neu.Kind" in b"\n".join(other.lsub()[1]))
    assert found(other, "Neu", "SUBJECT inside")
    other.close()
    # Gone, and what was in it with it.
    for name in ("Neu.Kind", "Neu"):
        settle_folders(mail)
        choose(mail, name)
        mail.press("delete-folder")
        mail.confirm("Delete")
        wait_for(lambda n=name: not paq.maildir(ALICE, "." + n).exists())
        assert name.encode() not in b"\n".join(other.list()[1])


def compose(mail, **fields):
    mail.b.go(f"{mail.base}?_task=mail&_action=compose")
    mail.b.wait("window.rcmail && rcmail.env.compose_id && "
                "!rcmail.busy && document.querySelector('#composebody')")
    if "to" in fields:
        mail.b.type("#compose_to input[type=text], #compose_to .recipient-"
                    "input input", fields["to"])
        mail.b.key("Enter", 13, "\r")
    mail.b.type("#compose-subject", fields["subject"])
    mail.b.type("#composebody", fields["text"])


def send(mail):
    """And it goes back to the list."""
    mail.b.click("button.send")
    mail.b.wait("document.readyState == 'complete' && window.rcmail && "
                "rcmail.message_list && !rcmail.env.compose_id && "
                "!rcmail.busy")


def test_compose_and_send(mail, paq, other, tmp_path):
    """With a file; what Bob gets, and the copy that is kept."""
    clear(other, "Sent")
    path = tmp_path / "Anhang.bin"
    path.write_bytes(PICTURE)
    compose(mail, to=BOB, subject="Schöne Grüße", text="Ein Wört.\n.\nend")
    mail.b.js("document.querySelector('#uploadform input[type=file]') || "
              "rcmail.upload_input('uploadform'); 1")
    mail.b.attach("input[type=file][name='_attachments[]']", path)
    mail.b.wait("document.querySelector('#attachment-list')"
                ".innerText.includes('Anhang.bin') && !rcmail.busy && "
                "Object.values(rcmail.env.attachments)"
                ".every(a => a.complete)")
    send(mail)
    wait_found(other, "Sent", "ALL")

    def bobs():
        for p in paq.stored(BOB):
            m = email.message_from_bytes(p.read_bytes(),
                                         policy=email.policy.default)
            if m["Subject"] == "Schöne Grüße":
                return m
        return None
    kept, = with_subject(paq, "Schöne Grüße", ".Sent")
    for m in (wait_for(bobs), kept[1]):
        assert m["To"] == BOB and m["From"] == ALICE
        assert m.get_body(("plain",)).get_content().split() == \
            ["Ein", "Wört.", ".", "end"]
        attached, = m.iter_attachments()
        assert attached.get_filename() == "Anhang.bin"
        assert attached.get_content() == PICTURE
    assert "S" in flags(kept[0])


def test_draft_then_sent(mail, paq, other):
    clear(other, "Drafts", "Sent")
    compose(mail, to=BOB, subject="later", text="half")
    mail.press("savedraft")
    wait_found(other, "Drafts", "SUBJECT later")
    mail.idle()
    mail.b.type("#composebody", "whole")
    mail.press("savedraft")
    # The first is replaced.
    wait_found(other, "Drafts", "BODY whole")
    wait_for(lambda: len(with_subject(paq, "later", ".Drafts")) == 1)
    mail.idle()
    send(mail)
    wait_found(other, "Sent", "SUBJECT later")
    wait_for(lambda: not with_subject(paq, "later", ".Drafts"))


def test_answer(mail, paq, other):
    clear(other, "INBOX", "Sent")
    put(other, "question")
    mail.folder("INBOX")
    mail.open("question")
    uid = mail.b.js("rcmail.message_list.get_single_selection()")
    mail.b.go(f"{mail.base}?_task=mail&_action=compose&_mbox=INBOX"
              f"&_reply_uid={uid}")
    mail.b.wait("window.rcmail && rcmail.env.compose_id && !rcmail.busy && "
                "document.querySelector('#composebody').value"
                ".includes('> One line')")
    send(mail)
    wait_found(other, "INBOX", "ANSWERED SUBJECT question")
    assert "R" in flags(with_subject(paq, "question")[0][0])
    (_, m), = with_subject(paq, "Re: question", ".Sent")
    assert m["In-Reply-To"] == "<question@test.example>"


def test_delete_and_empty(mail, paq, other):
    clear(other, "INBOX", "Trash")
    put(other, "d1", "d2", "d3")
    mail.folder("INBOX")
    mail.wait_subjects("d1", "d2", "d3")
    mail.open("d2")
    mail.press("delete")
    mail.wait_subjects("d1", "d3")
    wait_found(other, "Trash", "SUBJECT d2")
    assert with_subject(paq, "d2", ".Trash") and not with_subject(paq, "d2")
    # All at once.
    mail.press("select-all")
    mail.press("delete")
    mail.wait_subjects()
    wait_found(other, "Trash", "ALL", 3)
    mail.folder("Trash")
    mail.wait_subjects("d1", "d2", "d3")
    mail.press("purge")
    mail.confirm("Delete")
    mail.wait_subjects()
    wait_found(other, "Trash", "ALL", 0)
    assert paq.stored(ALICE, ".Trash") == []


def test_log_out(mail, paq):
    """Runs last."""
    mail.folder("INBOX")
    mail.press("logout")
    mail.b.wait("!!document.querySelector('#rcmloginuser')")
    mail.b.go(f"{mail.base}?_task=mail")
    mail.b.wait("!!document.querySelector('#rcmloginuser')")
    assert "Traceback" not in paq.log_text()
