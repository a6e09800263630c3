"""A mailbox changes hands: paquebot mailbox adopt and leave, with Debian's
Dovecot before and after, and with the files that Courier leaves.
"""
import os
import pathlib
import re
import shutil
import subprocess
import sys

import pytest

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent))
import test_dovecot_store as store  # noqa: E402

ALICE = "alice@demo.example"
SUITE = {"users": {ALICE: "secret"}}
MESSAGE = b"From: a@b.example\r\nSubject: x\r\n\r\ntext\r\n"

needs_dovecot = pytest.mark.skipif(store.DOVEADM is None, reason="no dovecot")
KEYWORDS = ["kw%02d" % i for i in range(30)]


class Dovecot(store.Box):
    """Dovecot on the mailbox of an account of the suite."""

    def __init__(self, maildir, **more):
        super().__init__()
        self.maildir = maildir
        owner = maildir.stat()
        self.uid, self.gid = owner.st_uid, owner.st_gid
        conf = (self.dir / "conf").read_text()
        (self.dir / "conf").write_text(re.sub(
            "maildir:.*", "maildir:%s" % maildir, conf) +
            "".join("%s = %s\n" % x for x in more.items()))
        for p in (self.dir, self.dir / "conf"):
            os.chown(p, self.uid, self.gid)


def mailbox(paq, *args, code=0):
    done = paq.run("paquebot", "-c", paq.conf, "mailbox", *args, check=False)
    assert done.returncode == code, (args, done.stdout, done.stderr)
    return done.stdout.splitlines()


def empty(paq):
    """A mailbox in which nobody has been."""
    top = paq.maildir(ALICE)
    client = paq.imap(ALICE)
    client.logout()
    for p in top.iterdir():
        shutil.rmtree(p) if p.is_dir() else p.unlink()
    for part in ("cur", "new", "tmp"):
        make(paq, top / part)
    return top


def own(paq, path):
    st = paq.maildir(ALICE).stat()
    os.chown(path, st.st_uid, st.st_gid)


def make(paq, path, text=None):
    if text is None:
        path.mkdir(parents=True)
        path.chmod(0o700)
    else:
        path.write_text(text)
    own(paq, path)
    return path


@needs_dovecot
def test_adopt_lists_what_only_dovecot_knows(paq):
    top = empty(paq)
    dovecot = Dovecot(top)
    for i in range(3):
        dovecot.doveadm("save", text="Subject: %d\n\nbody\n" % i)
    # Few at a time: a line of the log, and later a snapshot.
    for i, keyword in enumerate(KEYWORDS):
        dovecot.doveadm("flags", "add", keyword, "mailbox", "INBOX", "uid",
                        "1,3" if i % 2 else "2")
    named = {line.split(" ", 1)[1] for line in
             (top / "dovecot-keywords").read_text().splitlines()}
    beyond = [k for k in KEYWORDS if k not in named]
    assert len(named) == 26 and len(beyond) == 4
    told = mailbox(paq, "adopt", ALICE)
    assert re.fullmatch(r"INBOX messages=3 uidvalidity=\d+ uidnext=4",
                        told[0])
    assert told[1:] == [
        "INBOX only-in-index keyword=%s uids=%s" %
        (k, "1,3" if KEYWORDS.index(k) % 2 else "2") for k in beyond]
    # Taken away again: nothing is left to be told.
    for keyword in beyond:
        dovecot.doveadm("flags", "remove", keyword, "mailbox", "INBOX", "all")
    assert mailbox(paq, "adopt", ALICE) == told[:1]
    # From the snapshot, which Dovecot writes when the log is long.
    dovecot.doveadm("flags", "add", beyond[0], "mailbox", "INBOX", "uid", "2")
    assert not (top / "dovecot.index").exists()
    with (dovecot.dir / "conf").open("a") as conf:
        conf.write("mail_index_rewrite_min_log_bytes = 1\n")
    for _ in range(2):
        dovecot.doveadm("flags", "add", "\\Seen", "mailbox", "INBOX", "all")
        dovecot.doveadm("flags", "remove", "\\Seen", "mailbox", "INBOX", "all")
    assert (top / "dovecot.index").exists()
    log = top / "dovecot.index.log"
    log.rename(dovecot.dir / "aside")
    assert mailbox(paq, "adopt", ALICE)[1:] == [
        "INBOX only-in-index keyword=%s uids=2" % beyond[0]]
    (dovecot.dir / "aside").rename(log)
    assert mailbox(paq, "adopt", ALICE)[1:] == [
        "INBOX only-in-index keyword=%s uids=2" % beyond[0]]
    dovecot.close()


@needs_dovecot
def test_leave(paq):
    top = empty(paq)
    client = paq.imap(ALICE)
    client.create("Entw&APw-rfe.it's")
    for folder in ("INBOX", "Entw&APw-rfe.it's"):
        for _ in range(3):
            client.append('"%s"' % folder, "(\\Seen work)", None, MESSAGE)
    client.logout()
    # A torn tail, and a message that nobody has looked at.
    path = top / "dovecot-uidlist"
    whole = path.read_bytes()
    path.write_bytes(whole[:-4])
    make(paq, top / "new" / "2000000000.M1P1.host", "Subject: n\n\nn\n")
    told = mailbox(paq, "leave", ALICE)
    modseqs = [int(re.search(r"modseq (\d+) ", line).group(1))
               for line in told]
    assert told == [
        "doveadm mailbox update -u '%s' --min-highest-modseq %d -- '%s'" %
        (ALICE, modseq, name) for modseq, name in
        zip(modseqs, ("INBOX", "Entwürfe.it'\\''s"))]
    assert path.read_bytes().endswith(b"\n")
    assert (top / "new" / "2000000000.M1P1.host").exists()
    dovecot = Dovecot(top)
    for line, folder, n, modseq in zip(
            told, ("INBOX", "Entwürfe.it's"), (4, 3), modseqs):
        words = subprocess.run(
            ["sh", "-c", 'for w in %s; do echo "$w"; done' % line],
            capture_output=True, text=True, check=True).stdout.split("\n")
        assert words[:5] == ["doveadm", "mailbox", "update", "-u", ALICE]
        dovecot.doveadm("mailbox", "update", *words[5:-1])
        status = dovecot.doveadm("mailbox", "status",
                                 "messages highestmodseq", folder)
        have = dict(w.split("=") for w in status.strip().rsplit(" ", 2)[1:])
        assert int(have["messages"]) == n
        assert int(have["highestmodseq"]) >= modseq > 10 ** 15
    # And back: ours go on above all that Dovecot has given.
    assert len(mailbox(paq, "adopt", ALICE)) == 2
    again = mailbox(paq, "leave", ALICE)
    assert [int(re.search(r"modseq (\d+) ", line).group(1)) >= m
            for line, m in zip(again, modseqs)] == [True, True]
    dovecot.close()


@needs_dovecot
def test_a_folder_is_no_option(paq):
    """-A is "all users" for doveadm."""
    empty(paq)
    client = paq.imap(ALICE)
    assert client.create("-A")[0] == "OK"
    client.logout()
    line = mailbox(paq, "leave", ALICE)[1]
    dovecot = Dovecot(paq.maildir(ALICE))
    words = line.replace("'", "").split()
    assert words[-1] == "-A"
    dovecot.doveadm("mailbox", "update", *words[5:])
    status = dovecot.doveadm("mailbox", "status", "highestmodseq", "--", "-A")
    assert int(status.strip().split("=")[1]) >= int(words[6])
    dovecot.close()


def transaction(kind, data):
    """Dovecot's struct mail_transaction_header: the size in units of four, seven
    bits an octet with the highest set; and the type."""
    size = len(data) + 8 >> 2
    return bytes(0x80 | size >> n & 0x7f for n in (21, 14, 7, 0)) + \
        kind.to_bytes(4, "little") + data


def test_E4_keywords_of_a_hostile_index(paq):
    """The mailbox is its owner's, and the terminal is root's."""
    top = empty(paq)
    make(paq, top / "cur" / "1000.M1P1.host:2,S", "Subject: x\n\nx\n")
    one = (1).to_bytes(4, "little")
    word = b"\x1b]0;x\x07\nINBOX uids=1\xff"
    name = b"\0\0" + len(word).to_bytes(2, "little") + word
    log = b"\x01\x03\x28\0" + one + one + bytes(28) + \
        transaction(2, one + bytes(4)) + \
        transaction(0x400, name + bytes(-len(name) % 4) + one + one)
    (top / "dovecot.index.log").write_bytes(log)
    own(paq, top / "dovecot.index.log")
    assert mailbox(paq, "adopt", ALICE)[1:] == [
        "INBOX only-in-index keyword=?]0;x??INBOX?uids=1? uids=1"]


def courier_box(paq):
    top = empty(paq)
    for i in range(1, 5):
        make(paq, top / "cur" / ("100%d.M1P1.host,S=12:2,S" % i),
             "Subject: %d\n\n" % i)
    make(paq, top / "courierimapuiddb", "1 987654321 12\n"
         "3 1001.M1P1.host,S=12\n7 1002.M1P1.host,S=12\n"
         "9 gone\n11 1003.M1P1.host,S=12\n")
    make(paq, top / "courierpop3dsizelist", "/3 5 1234\n"
         "1001.M1P1.host,S=12:2,S 13 1:1234:0\n"
         "1002.M1P1.host,S=12:2,S 13 0:0:0\n"
         "1004.M1P1.host,S=12:2,S 13 4:0:0\n")
    words = make(paq, top / "courierimapkeywords")
    # As maildirkw(1) writes them.
    make(paq, words / ":list", "Bar\n$Work\nfoo\n\n"
         "1002.M1P1.host,S=12:1 0\n1001.M1P1.host,S=12:0 2\n")
    make(paq, words / ".5984502.1001.M1P1.host,S=12", "Bar\nnewer\n")
    make(paq, words / ".5984501.1001.M1P1.host,S=12", "older\n")
    make(paq, words / "1003.M1P1.host,S=12", "foo\n")
    make(paq, top / ".Sent")
    for part in ("cur", "new", "tmp"):
        make(paq, top / ".Sent" / part)
    make(paq, top / "courierimapsubscribed", "INBOX\nINBOX.Sent\n")
    return top


def test_courier_uids(paq):
    """Kept without any command."""
    courier_box(paq)
    client = paq.imap(ALICE)
    client.select("INBOX")
    assert client.response("UIDVALIDITY")[1] == [b"987654321"]
    assert client.response("UIDNEXT")[1] == [b"13"]
    assert client.fetch("1:*", "(UID)")[1] == [
        b"1 (UID 3)", b"2 (UID 7)", b"3 (UID 11)", b"4 (UID 12)"]
    client.logout()
    pop = paq.pop3(ALICE)
    # RFC 1939 7: as Courier's pop3d told them.
    assert pop.uidl()[1] == [
        b"1 UID1-1234", b"2 1002.M1P1.host,S=12",
        b"3 0000000b3ade68b1", b"4 UID4"]
    pop.quit()


def test_courier_keywords(paq):
    top = courier_box(paq)
    assert mailbox(paq, "adopt", ALICE) == [
        "INBOX messages=4 uidvalidity=987654321 uidnext=13",
        "INBOX courier-keywords=3 no-letter=0",
        "Sent messages=0 uidvalidity=%s uidnext=1" % re.search(
            r"V(\d+)", (top / ".Sent/dovecot-uidlist").read_text()).group(1),
        "courier-subscriptions=2"]
    client = paq.imap(ALICE)
    client.select("INBOX", readonly=True)
    flags = [set(x.split(b"FLAGS (")[1].rstrip(b")").split()) for x in
             client.fetch("1:*", "(FLAGS)")[1]]
    assert flags == [{b"\\Seen", b"Bar", b"newer"},
                     {b"\\Seen", b"$Work", b"Bar"},
                     {b"\\Seen", b"foo"}, {b"\\Seen"}]
    assert b"Sent" in b" ".join(client.lsub()[1])
    client.logout()
    # Once more changes nothing.
    assert "INBOX courier-keywords=0 no-letter=0" in mailbox(
        paq, "adopt", ALICE)


def test_what_is_no_folder(paq):
    """Left in peace and told to nobody.  Maildir++ counts what begins with one
    dot, so all but two of the seven."""
    top = empty(paq)
    for name in ("..DOVECOT-TRASHED", ".a", ".a..b", ".cur", "plain",
                 ".%2e", ".x\ny"):
        make(paq, top / name)
        for part in ("cur", "new", "tmp"):
            make(paq, top / name / part)
        make(paq, top / name / "cur" / "1.x:2,S", "Subject: x\n\nx\n")
    make(paq, top / ".a" / "maildirfolder", "")
    make(paq, top / "maildirsize", "100000S\n5 nonsense\n")
    client = paq.imap(ALICE)
    assert [line.split()[-1] for line in client.list()[1]] == [b"INBOX", b"a"]
    client._simple_command("GETQUOTA", '""')
    client.logout()
    assert (top / "maildirsize").read_text() == "100000S\n%d 5\n" % (
        5 * len("Subject: x\n\nx\n"))
    assert (top / "..DOVECOT-TRASHED/cur/1.x:2,S").exists()


@pytest.mark.parametrize("foreign", ["sdbox", "mdbox", "index"])
def test_refused(paq, foreign):
    """No Maildir, and never made one by looking."""
    top = empty(paq)
    for part in ("cur", "new", "tmp"):
        (top / part).rmdir()
    name = "c0ffee00" * 4 if foreign == "index" else "INBOX"
    part = "cur" if foreign == "index" else "dbox-Mails"
    make(paq, top / "mailboxes")
    make(paq, top / "mailboxes" / name)
    make(paq, top / "mailboxes" / name / part)
    if foreign == "mdbox":
        make(paq, top / "storage")
    done = paq.run("paquebot", "-c", paq.conf, "mailbox", "adopt", ALICE,
                   check=False)
    assert done.returncode != 0
    assert {"sdbox": "sdbox", "mdbox": "mdbox",
            "index": "LAYOUT=index"}[foreign] in done.stderr
    with pytest.raises(Exception):
        paq.imap(ALICE)
    assert not (top / "cur").exists()
    shutil.rmtree(top / "mailboxes")
