"""Mail programs that people use, against a running suite: each sends, fetches
or keeps a mailbox in step, with its own idea of the protocols."""
import mailbox
import os
import pty
import re
import select
import subprocess
import time

import pytest

from conftest import needs
from suite import wait_for, without_trace

ALICE, BOB, CAROL = ("alice@demo.example", "bob@demo.example",
                     "carol@demo.example")
SUITE = {"users": {u: "secret" for u in (ALICE, BOB, CAROL)},
         "settings": {"pop3_takeover": "0"}}
PASSWORD = "secret"
LETTER = ("From: alice@demo.example\nTo: bob@demo.example\n"
          "Date: Tue, 1 Jul 2025 10:00:00 +0000\n"
          "Message-ID: <{0}@test.example>\nSubject: {0}\n\n"
          "One line.\n.\n..two\nlast\n")


def run(*words, stdin=b"", **more):
    done = subprocess.run([str(w) for w in words], input=stdin,
                          capture_output=True, timeout=60, check=False, **more)
    assert done.returncode == 0, (words, done.stdout, done.stderr)
    return done.stdout


@pytest.fixture
def home(tmp_path):
    """An environment in which no program finds its user's settings."""
    env = {"HOME": str(tmp_path), "PATH": os.environ["PATH"],
           "TERM": "vt100", "LANG": "C", "TMPDIR": str(tmp_path)}
    return tmp_path, env


def arrived(paq, user, name):
    """The stored message with that subject."""
    def look():
        for path in paq.stored(user):
            octets = path.read_bytes()
            if f"\nSubject: {name}\n".encode() in octets:
                return octets
        return None
    try:
        return wait_for(look)
    except TimeoutError:
        raise AssertionError(f"{name} did not arrive\n{paq.trouble()}") \
            from None


def wire(name):
    return LETTER.format(name).replace("\n", "\r\n").encode()


def inject(paq, user, *names):
    for name in names:
        paq.send(ALICE, user, wire(name), login=ALICE)
        arrived(paq, user, name)


# ------------------------------------------------------------------- sending

@needs("swaks")
@pytest.mark.parametrize("how", ["PLAIN", "LOGIN"])
def test_swaks(paq, how):
    name = f"swaks-{how}"
    run("swaks", "--server", f"127.0.0.1:{paq.port['submission']}", "--from",
        ALICE, "--to", BOB, "--auth", how, "--auth-user", ALICE,
        "--auth-password", PASSWORD, "--silent", "--data",
        LETTER.format(name).replace("\n", "\\n"))
    arrived(paq, BOB, name)


@needs("swaks")
def test_swaks_pipelining(paq):
    run("swaks", "--server", f"127.0.0.1:{paq.port['mx']}", "--from",
        "x@far.example", "--to", f"{BOB},{CAROL}", "--pipeline", "--silent",
        "--data", LETTER.format("swaks-pipe").replace("\n", "\\n"))
    arrived(paq, BOB, "swaks-pipe")
    arrived(paq, CAROL, "swaks-pipe")


@needs("curl")
def test_curl_smtp(paq, home):
    path = home[0] / "letter"
    path.write_bytes(wire("curl"))
    run("curl", "-sS", "--url", f"smtp://127.0.0.1:{paq.port['submission']}",
        "--user", f"{ALICE}:{PASSWORD}", "--mail-from", ALICE, "--mail-rcpt",
        BOB, "--upload-file", path, env=home[1])
    assert without_trace(arrived(paq, BOB, "curl")) == wire("curl")


@needs("msmtp")
@pytest.mark.parametrize("how", ["plain", "login"])
def test_msmtp(paq, home, how):
    conf = home[0] / "msmtprc"
    conf.write_text(f"account default\nhost 127.0.0.1\n"
                    f"port {paq.port['submission']}\nauth {how}\n"
                    f"user {ALICE}\npassword {PASSWORD}\ntls off\n"
                    f"from {ALICE}\n")
    conf.chmod(0o600)
    name = f"msmtp-{how}"
    run("msmtp", "-C", conf, BOB, stdin=LETTER.format(name).encode(),
        env=home[1])
    assert without_trace(arrived(paq, BOB, name)) == wire(name)


# ------------------------------------------------------------------- reading

@needs("curl")
def test_curl_imap(paq, home):
    inject(paq, CAROL, "curl-imap")
    base = f"imap://127.0.0.1:{paq.port['imap']}"
    login = ("-sS", "--user", f"{CAROL}:{PASSWORD}")
    assert b"INBOX" in run("curl", *login, base, env=home[1])
    number = re.search(rb"SEARCH .*?(\d+)\r", run(
        "curl", *login, f"{base}/INBOX?SUBJECT%20curl-imap", env=home[1]))
    got = run("curl", *login,
              f"{base}/INBOX;MAILINDEX={int(number.group(1))}", env=home[1])
    assert without_trace(got) == wire("curl-imap")
    path = home[0] / "up"
    path.write_bytes(wire("curl-up"))
    run("curl", *login, f"{base}/INBOX", "--upload-file", path, env=home[1])
    arrived(paq, CAROL, "curl-up")


@needs("curl")
def test_curl_pop3(paq, home):
    inject(paq, CAROL, "curl-pop3")
    base = f"pop3://127.0.0.1:{paq.port['pop3']}"
    login = ("-sS", "--user", f"{CAROL}:{PASSWORD}")
    lines = run("curl", *login, base + "/", env=home[1]).split(b"\r\n")
    number = len([x for x in lines if x])
    got = run("curl", *login, f"{base}/{number}", env=home[1])
    assert without_trace(got) == wire("curl-pop3")


@needs("fetchmail")
@pytest.mark.parametrize("protocol", ["pop3", "imap"])
def test_fetchmail(paq, home, protocol):
    user = f"{protocol}@fetch.example"
    inject(paq, BOB, f"fetchmail-{protocol}")
    before = len(paq.stored(BOB))
    assert before > 0, user
    out = home[0] / "got"
    conf = home[0] / "fetchmailrc"
    conf.write_text(
        f'poll 127.0.0.1 proto {protocol} port {paq.port[protocol]} '
        f'auth password user "{BOB}" pass "{PASSWORD}" sslproto "" '
        f'mda "cat >>{out}" no rewrite no keep fetchall\n')
    conf.chmod(0o600)
    run("fetchmail", "-f", conf, "--nosyslog", "--pidfile", home[0] / "pid",
        "-i", home[0] / "ids", "--silent", env=home[1])
    got = out.read_bytes()
    assert f"Subject: fetchmail-{protocol}\n".encode() in got
    assert b"\n..two\nlast\n" in got
    assert not paq.stored(BOB)          # it deletes what it has


def mbsync_rc(paq, where, user):
    rc = where / "mbsyncrc"
    rc.write_text(f"""
IMAPAccount paq
Host 127.0.0.1
Port {paq.port['imap']}
User {user}
Pass {PASSWORD}
SSLType None
AuthMechs LOGIN

IMAPStore far
Account paq

MaildirStore near
Path {where}/mail/
Inbox {where}/mail/INBOX
SubFolders Verbatim

Channel all
Far :far:
Near :near:
Patterns *
Create Both
Remove Both
Expunge Both
SyncState *
""")
    (where / "mail").mkdir(exist_ok=True)
    return rc


@needs("mbsync")
def test_mbsync_both_ways(paq, home):
    where, env = home
    inject(paq, CAROL, "mbsync-1", "mbsync-2")
    rc = mbsync_rc(paq, where, CAROL)

    def sync():
        run("mbsync", "-q", "-c", rc, "-a", env=env)
    sync()
    near = mailbox.Maildir(where / "mail" / "INBOX")
    subjects = {m["Subject"]: key for key, m in near.items()}
    assert {"mbsync-1", "mbsync-2"} <= set(subjects)
    got = near.get_bytes(subjects["mbsync-1"]).replace(b"\n", b"\r\n")
    assert without_trace(re.sub(rb"X-TUID: [^\r]*\r\n", b"", got)) == \
        wire("mbsync-1")
    # A flag, a new message and a new folder from here.
    message = near[subjects["mbsync-1"]]
    message.add_flag("F")
    message.set_subdir("cur")
    near[subjects["mbsync-1"]] = message
    near.add(LETTER.format("from-here").encode())
    other = mailbox.Maildir(where / "mail" / "Kept")
    other.add(LETTER.format("in-kept").encode())
    sync()
    client = paq.imap(CAROL)
    client.select("INBOX")
    flagged = client.search(None, "FLAGGED SUBJECT mbsync-1")[1][0].split()
    assert len(flagged) == 1
    assert client.search(None, "SUBJECT from-here")[1][0].split()
    assert client.select("Kept")[1][0] == b"1"
    # A removal and a flag from there.
    client.select("INBOX")
    client.store(flagged[0], "+FLAGS", r"(\Deleted)")
    client.expunge()
    number = client.search(None, "SUBJECT mbsync-2")[1][0].split()[0]
    client.store(number, "+FLAGS", r"(\Answered)")
    client.logout()
    sync()
    near = mailbox.Maildir(where / "mail" / "INBOX")
    by_subject = {m["Subject"]: m for m in near}
    assert "mbsync-1" not in by_subject
    assert "R" in by_subject["mbsync-2"].get_flags()
    sync()                              # nothing is left to do
    assert len(list(near)) == len(paq.stored(CAROL))


# ---------------------------------------------------------------------- mutt

def mutt_rc(paq, where, user):
    rc = where / "muttrc"
    name = user.replace("@", "%40")
    rc.write_text(f"""
set smtp_url="smtp://{name}@127.0.0.1:{paq.port['submission']}/"
set smtp_pass="{PASSWORD}" smtp_authenticators="plain"
set imap_user="{user}" imap_pass="{PASSWORD}"
set folder="imap://127.0.0.1:{paq.port['imap']}/"
set spoolfile="imap://127.0.0.1:{paq.port['imap']}/INBOX"
set ssl_starttls=no ssl_force_tls=no
set from="{user}" use_from=yes realname="" copy=no record=""
set wait_key=no confirmappend=no quit=yes delete=yes move=no pipe_decode=no
set header_cache="" sleep_time=0 timeout=1 pager_stop=yes
""")
    return rc


def in_terminal(words, env, cwd, seconds=40):
    """Run it where it believes that somebody looks on."""
    pid, fd = pty.fork()
    if pid == 0:
        os.chdir(cwd)
        os.execvpe(words[0], words, env)
    end, shown = time.monotonic() + seconds, b""
    try:
        while time.monotonic() < end:
            if select.select([fd], [], [], 0.2)[0]:
                try:
                    piece = os.read(fd, 65536)
                except OSError:
                    break
                if not piece:
                    break
                shown += piece
        else:
            os.kill(pid, 9)
    finally:
        os.close(fd)
        code = os.waitpid(pid, 0)[1]
    assert code == 0, shown
    return shown


@needs("mutt")
def test_mutt(paq, home):
    where, env = home
    rc = mutt_rc(paq, where, CAROL)
    run("mutt", "-F", rc, "-s", "mutt-sent", "--", CAROL,
        stdin=b"from mutt\n", env=env, cwd=where)
    arrived(paq, CAROL, "mutt-sent")
    inject(paq, CAROL, "mutt-read")
    out = where / "piped"
    in_terminal(
        ["mutt", "-F", str(rc), "-e",
         f'push "<limit>~s mutt-read<enter><pipe-message>cat >{out}<enter>'
         '<flag-message><copy-message>'
         f'=Mutt<enter>y<delete-message><limit>all<enter><quit>"'],
        env, where)
    assert b"\n..two\nlast\n" in out.read_bytes()
    client = paq.imap(CAROL)
    assert client.select("Mutt")[0] == "OK"
    assert client.search(None, "SUBJECT mutt-read")[1][0].split()
    client.select("INBOX")
    assert not client.search(None, "SUBJECT mutt-read")[1][0].split()
    client.logout()


# ------------------------------------------------------ Python's own clients

def test_imaplib(paq):
    client = paq.imap(BOB)
    for name in ("Work", "Work.2025", '"With space"'):
        assert client.create(name)[0] == "OK"
        client.subscribe(name)
    listed = b"\n".join(client.list()[1])
    assert b"Work.2025" in listed and b"With space" in listed
    assert b"Work.2025" in b"\n".join(client.lsub()[1])
    for i in range(3):
        answer = client.append("Work", r"(\Seen)", None, wire(f"append-{i}"))
        assert answer[0] == "OK" and b"APPENDUID" in answer[1][0]
    assert client.status("Work", "(MESSAGES UNSEEN UIDNEXT)")[0] == "OK"
    assert client.select("Work")[1][0] == b"3"
    assert client.copy("1:2", "Work.2025")[0] == "OK"
    assert client.uid("SEARCH", "HEADER", "Subject", "append-2")[1][0]
    assert client.store("1", "+FLAGS", r"(\Deleted \Flagged)")[0] == "OK"
    assert client.expunge()[1] == [b"1"]
    envelope = client.fetch("1", "(ENVELOPE BODYSTRUCTURE UID FLAGS)")
    assert b"append-1" in envelope[1][0]
    part = client.fetch("1", "(BODY.PEEK[TEXT]<0.8>)")[1][0][1]
    assert part == b"One line"
    client.close()
    assert client.rename("Work.2025", "Old")[0] == "OK"
    assert client.select("Old")[1][0] == b"2"
    client.close()
    for name in ("Old", "Work", '"With space"'):
        assert client.delete(name)[0] == "OK"
    client.logout()


def test_imap_idle_hears_of_new_mail(paq):
    client = paq.imap(BOB)
    count = int(client.select("INBOX")[1][0])
    tag = client._new_tag()
    client.send(tag + b" IDLE\r\n")
    assert client.readline().startswith(b"+")
    inject(paq, BOB, "idle")
    client.sock.settimeout(20)
    while f"* {count + 1} EXISTS".encode() not in client.readline():
        pass
    client.send(b"DONE\r\n")
    while not client.readline().startswith(tag):
        pass
    client.logout()


def test_poplib(paq):
    inject(paq, CAROL, "pop-1", "pop-2")
    client = paq.pop3(CAROL)
    assert {"TOP", "UIDL", "USER"} <= set(client.capa())
    count, octets = client.stat()
    assert len(client.list()[1]) == count and octets > 0
    names = client.uidl()[1]
    assert len(set(n.split()[1] for n in names)) == count
    top = client.top(count, 1)[1]
    assert top[-1] == b"One line."
    client.dele(count)
    client.rset()
    client.dele(count)
    client.quit()
    again = paq.pop3(CAROL)
    assert again.stat()[0] == count - 1
    assert again.uidl()[1] == names[:-1]        # the others keep theirs
    again.quit()


def test_one_pop3_session_at_a_time(paq):
    import poplib
    first = paq.pop3(CAROL)
    with pytest.raises(poplib.error_proto) as why:
        paq.pop3(CAROL)
    assert b"IN-USE" in why.value.args[0]       # RFC 2449 8.1.2
    first.quit()
    paq.pop3(CAROL).quit()
