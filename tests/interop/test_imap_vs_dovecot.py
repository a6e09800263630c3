"""imapd's ENVELOPE, BODYSTRUCTURE, sections, sizes and searches beside those of
Dovecot, over the messages of Python's own email tests and some made here.

Both get the same files.  Dovecot runs as a scratch instance on loopback.
Where the two differ on purpose, DIFFERENT names the message and says why; that
our answers agree with each other is tried for all.
"""
import os
import pathlib
import re
import sys

import pytest

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent))
sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "dialog"))
from beside_dovecot import DOVECOT, both  # noqa: E402
from imap_client import fetched  # noqa: E402

DATA = pathlib.Path("/usr/lib/python3.11/test/test_email/data")

pytestmark = [
    pytest.mark.skipif(not os.path.exists(DOVECOT), reason="no dovecot"),
    pytest.mark.skipif(os.geteuid() != 0, reason="dovecot needs root"),
    pytest.mark.skipif(not DATA.is_dir(), reason="no libpython3.11-testsuite"),
]

INNER = "Subject: %s\nFrom: a@x\n\n%s"


def multipart(sub, parts, extra=""):
    body = "".join("--B%s\n%s\n" % (sub, p) for p in parts)
    return ("Content-Type: multipart/%s; boundary=\"B%s\"%s\n\npre\n%s--B%s--"
            "\nepi\n" % (sub, sub, extra, body, sub))


MADE = {
    "plain": "Subject: x\n\none\ntwo\n",
    "no-body": "Subject: x\nTo: a@b\n",
    "no-body-blank": "Subject: x\n\n",
    "crlf": "Subject: x\r\nTo: a@b\r\n\r\none\r\ntwo\r\n",
    "no-last-lf": "Subject: x\n\none\ntwo",
    "html": "Content-Type: text/html; charset=\"utf-8\"\n"
            "Content-Transfer-Encoding: 8bit\n\n<p>\xe4</p>\n",
    "groups": "From: a@x (A Comment)\nTo: Some Group: \"J, D\" <jd@x>, "
              "b@y;, c@z\nCc: undisclosed-recipients:;\n\nx\n",
    "route": "From: <@a.example,@b.example:joe@c.example>\n\nx\n",
    "reply-to": "From: a@x\nSender: s@x\nReply-To: r@x, q@y\nBcc: b@z\n"
                "In-Reply-To: <1@x>\nMessage-ID: <2@x>\n\nx\n",
    "folded": "Subject: one\n two\n\tthree\nFrom: Long\n  Name <a@x>\n\nx\n",
    "encoded": "Subject: =?utf-8?q?f=C3=BCr?=\nFrom: =?iso-8859-1?q?J=F6rg?= "
               "<j@x>\n\nx\n",
    "quotes": "Subject: say \"hi\" \\ there\nFrom: \"a \\\"b\\\" c\" <a@x>\n"
              "\nx\n",
    "rfc822": "Content-Type: message/rfc822\n\n" + INNER % ("in", "body\n"),
    "rfc822-mp": multipart("mixed", [
        "\ntext", "Content-Type: message/rfc822\n\n" +
        multipart("alternative", ["\na", "Content-Type: text/html\n\nb"])]),
    "digest": multipart("digest", ["\n" + INNER % ("one", "1"),
                                   "\n" + INNER % ("two", "2\n")]),
    "nested": multipart("mixed", [multipart("related", [
        multipart("alternative", ["\na", "Content-Type: text/html\n\nb\n"]),
        "Content-Type: image/gif; name=\"a b.gif\"\n"
        "Content-Transfer-Encoding: base64\nContent-ID: <cid>\n"
        "Content-Disposition: inline; filename=\"a b.gif\"; size=10\n"
        "Content-Description: a picture\n\nR0lG\nAAAA\n"]), "\nend"]),
    "language": "Content-Type: text/plain\nContent-Language: en, de\n"
                "Content-Location: http://x/\nContent-MD5: abc=\n\nx\n",
    "empty-parts": "Content-Type: multipart/mixed; boundary=B\n\n--B\n--B\n\n"
                   "--B--\n",
    "unclosed": "Content-Type: multipart/mixed; boundary=B\n\n--B\n\nfirst\n"
                "--B\nContent-Type: text/html\n\nsecond\n",
    "rfc2231": "Content-Type: text/plain; name*0=\"one \"; name*1=two; "
               "title*=utf-8''%C3%A4\n\nx\n",
}

STRAY = "a line that is no field ends the header; Dovecot reads on behind it"
# message: why the answers differ
DIFFERENT = {
    "msg_19": STRAY, "msg_25": STRAY, "msg_35": STRAY, "msg_43": STRAY,
    "msg_14": "Content-Type without a subtype is text/plain (RFC 2045 5.2); "
              "Dovecot tells empty words",
    "msg_33": "parameters of RFC 2231, the boundary too, are understood here",
    "rfc2231": "the same",
    "msg_41": "a multipart without a boundary has no parts",
    "msg_37": "between two delimiter lines there is no part",
    "empty-parts": "the same",
    "msg_38": "which line is whose delimiter, where one looks like another's",
    "msg_12": "the empty line of a part without body belongs to its header",
    "no-body": "no empty line is added where there is no body (RFC 3501 "
               "6.4.5)",
}


def messages():
    made = {name: text.encode("latin-1") for name, text in MADE.items()}
    for path in sorted(DATA.glob("msg_*.txt")):
        made[path.stem] = path.read_bytes()
    return made


MESSAGES = messages()
NAMES = list(MESSAGES)

def fill(root):
    for sub in ("cur", "new", "tmp"):
        (root / sub).mkdir(parents=True)
    for i, text in enumerate(MESSAGES.values()):
        (root / "cur" / ("%d.M%d.x:2," % (1000000 + i, i))).write_bytes(text)
        os.utime(root / "cur" / ("%d.M%d.x:2," % (1000000 + i, i)),
                 (837596665, 837596665))


dovecot, ours = both(fill)


def number(name):
    return NAMES.index(name) + 1


def fetch(client, name, items):
    untagged, tagged = client.cmd("FETCH %d (%s)" % (number(name), items))
    assert tagged.startswith(b"OK"), (name, tagged)
    got = fetched(untagged)[number(name)]
    got.pop("FLAGS", None)
    return got


def plain(value):
    """An ENVELOPE without what the two write differently on purpose."""
    if isinstance(value, list):
        return [plain(v) for v in value]
    if value in (b"MISSING_DOMAIN", b"MISSING_MAILBOX"):
        return b""      # Dovecot's words for a host that is not there
    # RFC 5322 2.2.3: a tab of the folding stays; Dovecot makes it a space
    return value.replace(b"\t", b" ") if isinstance(value, bytes) else value


def fold(value):
    """Words of MIME are equal in any case (RFC 2045 5.1)."""
    if isinstance(value, list):
        return [fold(v) for v in value]
    return value.lower() if isinstance(value, bytes) else value


def lines(body):
    """(body without counts of lines, those counts)

    A last line without its end is a line here and none for Dovecot.
    """
    if isinstance(body[0], list):
        n = next(i for i, v in enumerate(body) if not isinstance(v, list))
        inner = [lines(part) for part in body[:n]]
        return ([part for part, _ in inner] + body[n:],
                [c for _, counts in inner for c in counts])
    kind = fold(body[:2])
    if kind == [b"message", b"rfc822"]:
        part, counts = lines(body[8])
        return (body[:7] + [plain(body[7]), part] + body[10:],
                counts + [body[9]])
    if kind[0] == b"text":
        return body[:7] + body[8:], [body[7]]
    return body, []


differed = set()


def check(name, mine, theirs):
    if mine == theirs:
        return
    assert name in DIFFERENT
    differed.add(name)


@pytest.mark.parametrize("name", NAMES)
def test_envelope(ours, dovecot, name):
    check(name, plain(fetch(ours, name, "ENVELOPE")["ENVELOPE"]),
          plain(fetch(dovecot, name, "ENVELOPE")["ENVELOPE"]))


@pytest.mark.parametrize("name", NAMES)
def test_structure(ours, dovecot, name):
    for item in ("BODY", "BODYSTRUCTURE"):
        mine, count = lines(fold(fetch(ours, name, item)[item]))
        theirs, other = lines(fold(fetch(dovecot, name, item)[item]))
        check(name, mine, theirs)
        if name not in DIFFERENT:
            assert all(a - b in (0, 1) for a, b in zip(count, other))


@pytest.mark.parametrize("name", NAMES)
def test_whole(ours, dovecot, name):
    items = ("RFC822.SIZE INTERNALDATE RFC822.HEADER BODY.PEEK[] "
             "BODY.PEEK[HEADER] BODY.PEEK[TEXT] BODY.PEEK[]<3.20> "
             "BODY.PEEK[TEXT]<0.7>")
    mine, theirs = fetch(ours, name, items), fetch(dovecot, name, items)
    # the same instant in another zone
    assert mine.pop("INTERNALDATE") == b"17-Jul-1996 09:44:25 +0000"
    theirs.pop("INTERNALDATE")
    for item in mine:
        check(name, mine[item], theirs[item])
    assert mine["RFC822.SIZE"] == len(mine["BODY[]"])


@pytest.mark.parametrize("name", NAMES)
def test_fields(ours, dovecot, name):
    for item in ("HEADER.FIELDS (SUBJECT TO X-NOPE)",
                 "HEADER.FIELDS.NOT (SUBJECT TO)"):
        query = "BODY.PEEK[%s]" % item
        check(name, list(fetch(ours, name, query).values()),
              list(fetch(dovecot, name, query).values()))


def parts(body, at="", message=True):
    """(number, is a message/rfc822, octets) of every part of a BODY."""
    if isinstance(body[0], list):
        if not message:
            yield at, False, None
        i = 0
        while isinstance(body[i], list):
            yield from parts(body[i], (at + "." if at else "") + str(i + 1),
                             False)
            i += 1
        return
    if message:
        at = (at + "." if at else "") + "1"
    inner = fold(body[:2]) == [b"message", b"rfc822"]
    yield at, inner, body[6]
    if inner:
        yield from parts(body[8], at)


@pytest.mark.parametrize("name", NAMES)
def test_sections(ours, dovecot, name):
    body = fetch(ours, name, "BODY")["BODY"]
    found = list(parts(body))
    assert found
    sections = []
    for at, inner, _ in found:
        sections += [at, at + ".MIME"]
        if inner:
            sections += [at + ".HEADER", at + ".TEXT",
                         at + ".HEADER.FIELDS (SUBJECT)"]
    for section in sections:
        query = "BODY.PEEK[%s]" % section
        check(name, fetch(ours, name, query), fetch(dovecot, name, query))
    # no such part: NIL
    for section in ("10000", "1.9", "1.1.1.1.1.1.1.1"):
        mine, = fetch(ours, name, "BODY.PEEK[%s]" % section).values()
        assert mine is None


@pytest.mark.parametrize("name", NAMES)
def test_agrees_with_itself(ours, name):
    body = fetch(ours, name, "BODY")["BODY"]
    for at, inner, octets in parts(body):
        got = fetch(ours, name, "BODY.PEEK[%s]" % at)
        assert octets in (None, len(got["BODY[%s]" % at]))
        if inner:
            got = fetch(ours, name, "BODY.PEEK[{0}] BODY.PEEK[{0}.HEADER] "
                        "BODY.PEEK[{0}.TEXT]".format(at))
            assert got["BODY[%s]" % at] == (got["BODY[%s.HEADER]" % at] +
                                            got["BODY[%s.TEXT]" % at])


KEYS = ["SUBJECT x", "FROM a@x", "TO \"j, d\"", "BODY two", "TEXT subject",
        "BODY first", "SENTSINCE 1-Jan-2001", "SENTBEFORE 1-Jan-2001",
        "SENTON 4-May-2001", "LARGER 1000", "SMALLER 1000",
        "HEADER MIME-Version 1.0", "HEADER Cc \"\"", "NOT SUBJECT test",
        "OR FROM barry SUBJECT test", "BODY \"hi there\"", "TEXT ietf",
        "ON 17-Jul-1996", "BEFORE 17-Jul-1996", "1:5 BODY x"]


@pytest.mark.parametrize("key", KEYS)
def test_search(ours, dovecot, key):
    def ask(client):
        found = [u for u in client.ok("SEARCH " + key)[0]
                 if u.startswith(b"* SEARCH")]
        return {NAMES[int(n) - 1] for n in
                re.findall(rb"\d+", b" ".join(found))}
    # without Date, Dovecot takes 1970; headers of digests it does not search
    left = set(DIFFERENT) | {"digest"} | {
        n for n, text in MESSAGES.items()
        if key.startswith("SENT") and b"\nDate:" not in b"\n" + text}
    assert ask(ours) - left == ask(dovecot) - left


def test_differences_are_real():
    """Runs last: an entry that is no longer needed is to go."""
    if len(differed) > 3:       # the others were run, too
        assert differed == set(DIFFERENT)
