"""imap_client_workarounds: each word, and what is done without it."""
import pathlib
import re
import sys

import pytest

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent))
from imap_client import ROOT, Session, fetched  # noqa: E402

MESSAGE = b"Subject: x\r\n\r\nx\r\n"


@pytest.fixture(params=[False, True])
def on(request):
    return request.param


def session(word, on, **more):
    return Session(workarounds=word if on else "", **more)


def test_delay_newmail(on):
    with session("delay-newmail", on) as server:
        c = server.client()
        c.append("INBOX", MESSAGE)
        c.ok("SELECT INBOX")
        server.message("Subject: new\n\nx\n")
        exists = b"* 2 EXISTS"
        assert (exists in c.ok("FETCH 1 UID")[0]) is not on
        assert (exists in c.ok("NOOP")[0]) is on
        # What came and went in between is never told.
        path = server.message("Subject: short\n\nx\n")
        assert (b"* 3 EXISTS" in c.ok("UID FETCH 1 UID")[0]) is not on
        path.unlink(missing_ok=True)
        for p in server.root.glob("*/" + path.name + "*"):
            p.unlink()
        if on:
            assert not any(b"EXISTS" in x for x in c.ok("CHECK")[0])
        else:
            assert b"* 3 EXPUNGE" in c.ok("CHECK")[0]
        # What this client itself appends is told at once.
        assert b"* 3 EXISTS" in c.append("INBOX", MESSAGE)[0]
        assert list(fetched(c.ok("FETCH 1:* UID")[0])) == [1, 2, 3]
        c.close()


def test_delay_newmail_idle():
    with Session(workarounds="delay-newmail") as server:
        c = server.client()
        c.ok("SELECT INBOX")
        c.send("i IDLE\r\n")
        assert c.line().startswith(b"+ ")
        server.message("Subject: new\n\nx\n")
        assert c.line() == b"* 1 EXISTS"
        c.close()


def test_tb_extra_mailbox_sep(on):
    with session("tb-extra-mailbox-sep", on, separator="/") as server:
        c = server.client()
        c.ok("CREATE a/")
        c.append("a", MESSAGE)
        for command in ("SELECT a/", "STATUS a/ (MESSAGES)", "SUBSCRIBE a/",
                        "RENAME a/ b/", "DELETE b/"):
            tagged = c.cmd(command)[1]
            assert tagged.startswith(b"OK" if on else b"NO"), command
        # A separator alone is no name; CREATE takes one off in any case.
        assert c.cmd("SELECT /")[1].startswith(b"NO")
        assert c.cmd("CREATE c//")[1].startswith(b"OK" if on else b"NO")
        c.close()


def test_tb_lsub_flags(on):
    with session("tb-lsub-flags", on) as server:
        c = server.client()
        c.ok("CREATE there")
        c.ok("SUBSCRIBE there")
        c.ok("SUBSCRIBE gone")
        assert c.ok('LSUB "" *')[0] == [
            b'* LSUB (%s) "." gone' % (b"\\Noselect" if on else b""),
            b'* LSUB () "." there']
        c.close()


def test_netscape_eoh(on):
    with session("netscape-eoh", on) as server:
        c = server.client()
        for text in ("Subject: x\nTo: y\n", "Subject: x\nTo: y",
                     "Subject: x\nTo: y\n\nbody\n"):
            server.message(text)
        c.ok("SELECT INBOX")
        end = b"\r\n" if on else b""
        for item in ("BODY[HEADER]", "RFC822.HEADER"):
            got = fetched(c.ok("FETCH 1:3 " + item)[0])
            assert got[1][item] == b"Subject: x\r\nTo: y\r\n" + end
            assert got[2][item] == b"Subject: x\r\nTo: y" + end * 2
            assert got[3][item] == b"Subject: x\r\nTo: y\r\n\r\n"
        item = "BODY[HEADER.FIELDS (TO)]"
        got = fetched(c.ok("FETCH 1:3 " + item)[0])
        assert got[1][item] == b"To: y\r\n" + end
        assert got[3][item] == b"To: y\r\n\r\n"
        # Bodies are what they are.
        assert fetched(c.ok("FETCH 3 BODY[TEXT]")[0])[3][
            "BODY[TEXT]"] == b"body\r\n"
        c.close()


def test_words():
    """The words that lib/conf allows are those that imapd knows."""
    words = [re.findall(r'"([a-z]+-[a-z-]+)"', re.search(
        pattern, (ROOT / path).read_text(), re.S).group(1))
        for path, pattern in (
            ("imapd/workaround.c", r"names\[\] = \{(.*?)\};"),
            ("lib/conf/cross.c",
             r"form_workarounds\(.*?known\[\] = \{(.*?)\};"))]
    assert len(words[0]) == 4 and words[0] == words[1]
