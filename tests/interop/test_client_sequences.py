"""What some mail programs say, in their order: offlineimap itself, both ways;
the commands of Thunderbird and of K-9, as they send them, by a script."""
import mailbox
import pathlib
import re
import socket
import subprocess
import sys

from conftest import needs

HERE = pathlib.Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parent / "dialog"))
from imap_client import Client, fetched  # noqa: E402

ALICE, BOB, CAROL = (n + "@demo.example" for n in ("alice", "bob", "carol"))
PASSWORD = "secret"
SUITE = {"users": {u: PASSWORD for u in (ALICE, BOB, CAROL)}}
LETTER = ("From: alice@demo.example\r\nTo: bob@demo.example\r\n"
          "Date: Tue, 1 Jul 2025 10:00:00 +0000\r\n"
          "Message-ID: <{0}@test.example>\r\nSubject: {0}\r\n\r\n"
          "One line.\r\n")


def connect(paq, user):
    c = Client(socket.create_connection(("127.0.0.1", paq.port["imap"])), 60)
    c.line()
    c.ok("LOGIN %s %s" % (user, PASSWORD))
    return c


def names(untagged, word=b"LIST"):
    return {line.rpartition(b" ")[2].strip(b'"').decode()
            for line in untagged if line.startswith(b"* " + word)}


# ------------------------------------------------------------- offlineimap

def offlineimap_rc(paq, where, user):
    rc = where / "offlineimaprc"
    rc.write_text(f"""
[general]
accounts = a
metadata = {where}/meta
ui = quiet
[Account a]
localrepository = near
remoterepository = far
[Repository near]
type = Maildir
localfolders = {where}/mail
[Repository far]
type = IMAP
remotehost = 127.0.0.1
remoteport = {paq.port['imap']}
remoteuser = {user}
remotepass = {PASSWORD}
ssl = no
starttls = no
auth_mechanisms = LOGIN
""")
    return rc


@needs("offlineimap")
def test_offlineimap_both_ways(paq, tmp_path):
    c = connect(paq, CAROL)
    c.ok("CREATE Kept")
    for name in ("one", "two"):
        c.append("INBOX", LETTER.format(name))
    rc = offlineimap_rc(paq, tmp_path, CAROL)

    def sync():
        done = subprocess.run(
            ["offlineimap", "-o", "-c", str(rc)], capture_output=True,
            timeout=120, check=False, env={"HOME": str(tmp_path),
                                           "PATH": "/usr/bin:/bin"})
        assert done.returncode == 0, done
        return mailbox.Maildir(tmp_path / "mail" / "INBOX")
    near = sync()
    keys = {m["Subject"]: k for k, m in near.items()}
    assert set(keys) == {"one", "two"}
    assert (tmp_path / "mail" / "Kept" / "cur").is_dir()
    # A flag and a message from here; a removal and a flag from there.
    message = near[keys["one"]]
    message.add_flag("F")
    message.set_subdir("cur")
    near[keys["one"]] = message
    near.add(LETTER.format("here").replace("\r\n", "\n").encode())
    c.ok("SELECT INBOX")
    c.ok("UID STORE 2 +FLAGS (\\Answered \\Seen)")
    near = sync()
    c.ok("NOOP")
    untagged, _ = c.ok("UID SEARCH FLAGGED SUBJECT one")
    assert b"* SEARCH 1" in untagged
    assert b"* SEARCH" not in c.ok("UID SEARCH SUBJECT here")[0]
    flags = {m["Subject"]: set(m.get_flags()) for m in near}
    assert {"R", "S"} <= flags["two"]
    c.ok("UID STORE 1 +FLAGS (\\Deleted)")
    c.ok("EXPUNGE")
    near = sync()
    assert {m["Subject"] for m in near} == {"two", "here"}
    c.close()


# ------------------------------------------------------------- Thunderbird

def test_thunderbird(paq):
    """Log-in, folders, the list of messages, reading, sending's copy, marks,
    moving to the trash, waiting."""
    c = connect(paq, BOB)
    c.ok("CAPABILITY")
    c.ok('ID ("name" "Thunderbird" "version" "128.0")')
    c.ok("ENABLE UTF8=ACCEPT")
    c.ok("NAMESPACE")
    for folder in ("Sent", "Trash", "Junk"):
        c.ok('CREATE "%s"' % folder)
        c.ok('SUBSCRIBE "%s"' % folder)
    c.ok('LIST (SUBSCRIBED) "" "*" RETURN (SPECIAL-USE)')
    assert names(c.ok('LIST "" "%" RETURN (SPECIAL-USE)')[0]) >= {
        "INBOX", "Sent", "Trash", "Junk"}
    assert names(c.ok('LSUB "" "*"')[0], b"LSUB") >= {"Sent", "Trash"}
    for n in range(3):
        c.append("INBOX", LETTER.format("tb-%d" % n))
    untagged, _ = c.ok('SELECT "INBOX" (CONDSTORE)')
    modseq = int(re.search(rb"HIGHESTMODSEQ (\d+)",
                           b"".join(untagged)).group(1))
    c.ok("GETQUOTAROOT INBOX")
    assert [i["UID"] for i in fetched(
        c.ok("UID FETCH 1:* (FLAGS)")[0]).values()] == [1, 2, 3]
    heads = fetched(c.ok(
        "UID FETCH 1:3 (UID RFC822.SIZE FLAGS BODY.PEEK[HEADER.FIELDS (From "
        "To Cc Bcc Subject Date Message-ID Priority X-Priority References "
        "Newsgroups In-Reply-To Content-Type Reply-To)])")[0])
    assert all(i["RFC822.SIZE"] == len(LETTER.format("tb-0"))
               for i in heads.values())
    body = fetched(c.ok("UID FETCH 2 (UID RFC822.SIZE BODY[])")[0])[2]
    assert body["BODY[]"] == LETTER.format("tb-1").encode()
    c.ok('UID STORE 2 +FLAGS ($Forwarded)')
    c.ok('UID STORE 2 +FLAGS (NonJunk)')
    changed = fetched(c.ok("UID FETCH 1:* (FLAGS) (CHANGEDSINCE %d)" %
                           modseq)[0])
    assert set(changed) == {2} and \
        set(changed[2]["FLAGS"]) >= {"\\Seen", "$Forwarded", "NonJunk"}
    sent = LETTER.format("tb-sent")
    _, tagged = c.ok('APPEND "Sent" (\\Seen) {%d+}\r\n%s' % (len(sent), sent))
    assert b"APPENDUID" in tagged
    untagged, tagged = c.ok('UID MOVE 3 "Trash"')
    assert b"COPYUID" in tagged + b"".join(untagged)
    assert b"* 3 EXPUNGE" in untagged
    c.ok("NOOP")
    # It waits, and hears of what another one does.
    c.send(b"w IDLE\r\n")
    assert c.line().startswith(b"+")
    other = connect(paq, BOB)
    other.append("INBOX", LETTER.format("tb-new"))
    while b"* 3 EXISTS" not in c.line():
        pass
    c.send(b"DONE\r\n")
    c.answer(b"w")
    assert fetched(c.ok("UID FETCH 4:* (FLAGS)")[0])[3]["UID"] == 4
    c.ok("CLOSE")
    c.ok("LOGOUT")
    other.close()


# --------------------------------------------------------------------- K-9

def test_k9(paq):
    """A phone: it waits, loses its connection, and asks what it has missed."""
    other = connect(paq, ALICE)
    for n in range(4):
        other.append("INBOX", LETTER.format("k9-%d" % n))
    c = connect(paq, ALICE)
    c.ok("CAPABILITY")
    c.ok("ENABLE QRESYNC")
    c.ok('LIST "" "*" RETURN (SPECIAL-USE)')
    untagged = b"\n".join(c.ok('SELECT "INBOX"')[0])
    validity = int(re.search(rb"UIDVALIDITY (\d+)", untagged).group(1))
    c.ok("UID SEARCH 1:* NOT DELETED")
    c.ok("UID FETCH 1:4 (UID)")
    c.ok("UID FETCH 1:4 (UID FLAGS INTERNALDATE RFC822.SIZE BODY.PEEK["
         "HEADER.FIELDS (date subject from content-type to cc reply-to "
         "message-id references in-reply-to X-K9mail-Identity)])")
    c.ok("UID FETCH 4 (UID BODYSTRUCTURE)")
    c.ok("UID FETCH 4 (UID BODY.PEEK[1])")
    c.ok('UID STORE 4 +FLAGS.SILENT (\\Seen)')
    untagged, _ = c.ok("NOOP")
    said = c.ok('STATUS INBOX (HIGHESTMODSEQ)')[0][-1]
    modseq = int(re.search(rb"HIGHESTMODSEQ (\d+)", said).group(1))
    c.send(b"i IDLE\r\n")
    assert c.line().startswith(b"+")
    c.sock.close()                      # no coverage
    other.ok("SELECT INBOX")
    other.ok("STORE 1 +FLAGS (\\Flagged)")
    other.ok("STORE 2 +FLAGS (\\Deleted)")
    other.ok("EXPUNGE")
    other.append("INBOX", LETTER.format("k9-new"))
    c = connect(paq, ALICE)
    c.ok("ENABLE QRESYNC")
    untagged, _ = c.ok('SELECT "INBOX" (QRESYNC (%d %d 1:4))' %
                       (validity, modseq))
    assert b"* VANISHED (EARLIER) 2" in untagged
    news = {i["UID"]: set(i["FLAGS"]) - {"\\Recent"}
            for i in fetched(untagged).values()}
    assert news == {1: {"\\Flagged"}}       # of those that it named
    assert fetched(c.ok("UID FETCH 5:* (UID FLAGS)")[0])[4]["UID"] == 5
    other.close()
    c.close()
