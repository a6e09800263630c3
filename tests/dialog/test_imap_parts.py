"""Parts of messages without their encodings: BINARY (RFC 3516), PREVIEW (RFC 8970).
"""
import base64
import pathlib
import sys

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent))
from imap_client import fetched  # noqa: E402
from imap_fixtures import c, server  # noqa: E402, F401

PICTURE = bytes(range(256)) * 9
MIXED = b"""Subject: parts
MIME-Version: 1.0
Content-Type: multipart/mixed; boundary=b

--b
Content-Type: text/plain; charset=iso-8859-1
Content-Transfer-Encoding: quoted-printable

Gr=FC=DFe aus
K=F6ln=
, heute
--b
Content-Type: image/x-all
Content-Transfer-Encoding: base64

%s--b
Content-Type: text/plain
Content-Transfer-Encoding: x-uuencode

x
--b
Content-Type: message/rfc822

Content-Transfer-Encoding: base64

eA==
--b--
""" % base64.encodebytes(PICTURE)


def one(c, what):
    return fetched(c.ok("FETCH 1 " + what)[0])[1]


def test_binary(server, c):
    """RFC 3516 4.2, 4.3, 6: decoded, with CRLF, the size the same."""
    assert b" BINARY " in c.greeting
    server.message(MIXED)
    c.ok("SELECT INBOX")
    text = "Grüße aus\r\nKöln, heute".encode("latin-1")
    got = one(c, "(BINARY.PEEK[1] BINARY.SIZE[1] FLAGS)")
    assert got["BINARY[1]"] == text and got["BINARY.SIZE[1]"] == len(text)
    assert "\\Seen" not in got["FLAGS"]
    line = [x for x in c.ok("FETCH 1 BINARY.PEEK[1]")[0] if b"FETCH" in x][0]
    assert b"BINARY[1] {" in line
    # NUL stands in a literal8 alone.
    line = [x for x in c.ok("FETCH 1 BINARY.PEEK[2]")[0] if b"FETCH" in x][0]
    assert b"BINARY[2] ~{%d}\r\n" % len(PICTURE) in line
    assert one(c, "BINARY.SIZE[2]")["BINARY.SIZE[2]"] == len(PICTURE)
    got = one(c, "BINARY.PEEK[2]<10.20>")
    assert got["BINARY[2]<10>"] == PICTURE[10:30]
    assert one(c, "BINARY.PEEK[2]<99999.5>")["BINARY[2]<99999>"] == b""
    assert one(c, "BINARY.PEEK[9]")["BINARY[9]"] is None
    # A message within has no encoding of its own; its body has.
    assert b"eA==" in one(c, "BINARY.PEEK[4]")["BINARY[4]"]
    assert one(c, "BINARY.PEEK[4.1]")["BINARY[4.1]"] == b"x"
    whole = MIXED.replace(b"\n", b"\r\n")
    assert one(c, "BINARY.PEEK[]")["BINARY[]"] == whole
    got = one(c, "BINARY[1]")
    assert "\\Seen" in got["FLAGS"]


def test_binary_refused(server, c):
    """RFC 3516 4.3: UNKNOWN-CTE; 7: section-binary."""
    server.message(MIXED)
    c.ok("SELECT INBOX")
    for item in "BINARY[3]", "BINARY.SIZE[3]":
        untagged, tagged = c.cmd("FETCH 1 " + item)
        assert tagged.startswith(b"NO [UNKNOWN-CTE] "), tagged
        assert not any(b"BINARY" in line for line in untagged)
    for item in ("BINARY[1.MIME]", "BINARY[HEADER]", "BINARY",
                 "BINARY.SIZE[1]<0.3>", "BINARY.PEEK.SIZE[1]"):
        assert c.cmd("FETCH 1 " + item)[1].startswith(b"BAD"), item


def test_append_literal8(c):
    """RFC 3516 4.4: kept where it can be, else UNKNOWN-CTE."""
    c.send(b"a APPEND INBOX (\\Seen) ~{13}\r\n")
    assert c.line().startswith(b"+ ")
    c.send(b"Subject: x\r\n\n\r\n")
    assert c.answer(b"a")[1].startswith(b"OK [APPENDUID ")
    c.send(b"b APPEND INBOX ~{14+}\r\nSubject: x\r\n\0\n\r\n")
    assert c.answer(b"b")[1].startswith(b"NO [UNKNOWN-CTE] ")
    c.send(b"c APPEND INBOX {14+}\r\nSubject: x\r\n\0\n\r\n")
    assert c.answer(b"c")[1].startswith(b"NO ")
    c.ok("SELECT INBOX")
    assert c.cmd("FETCH 2 FLAGS")[1].startswith(b"BAD")


def test_C2_decoded_again_and_again(server, c):
    """A size is a short answer to what may be much work."""
    server.message(MIXED)
    c.ok("SELECT INBOX")
    for item in ("BINARY.SIZE[1]", "BINARY.PEEK[1]<0.1>", "PREVIEW"):
        c.ok("FETCH 1 (" + " ".join([item] * 200) + ")")
        assert c.cmd("FETCH 1 (" + " ".join([item] * 201) +
                     ")")[1].startswith(b"BAD")


def preview(server, c, message, what="PREVIEW"):
    server.message(message)
    c.ok("SELECT INBOX")
    return list(fetched(c.ok("FETCH * " + what)[0]).values())[0]["PREVIEW"]


def test_preview(server, c):
    """RFC 8970 3: UTF-8, no marks, 200 characters, "" where there is no text."""
    assert b" PREVIEW " in c.greeting
    assert preview(server, c, b"Subject: x\n\nPreview text!\n") == \
        b"Preview text!"
    assert preview(server, c, MIXED) == "Grüße aus Köln, heute".encode()
    long = "Content-Type: text/plain; charset=utf-8\n\n" + "ü " * 300
    got = preview(server, c, long.encode()).decode()
    assert len(got) <= 200 and got == ("ü " * 100)[:len(got)]
    assert len(got) >= 199
    html = (b"Content-Type: text/html\n\n<html><head><title>no</title>"
            b"<style>p{}</style></head><body><!-- no --><p>Caf&eacute; "
            b"&lt;b&gt;</p><script>no()</script>a&nbsp;&#8364;<b>c</b>")
    assert preview(server, c, html) == \
        "Caf&eacute; <b> a € c".encode()
    assert preview(server, c, b"Content-Type: image/png\n"
                   b"Content-Transfer-Encoding: base64\n\nAAAA\n") == b""
    assert preview(server, c, b"Subject: x\n\n") == b""


def test_preview_lazy(server, c):
    """RFC 8970 4.1: NIL for what takes long, only there."""
    small = b"Subject: x\n\nshort\n"
    large = b"Subject: x\n\nlong\n" + b"x" * 76 * 1000
    assert preview(server, c, small, "(UID PREVIEW (LAZY))") == b"short"
    assert preview(server, c, large, "(PREVIEW (LAZY) UID)") is None
    assert preview(server, c, large, "(PREVIEW)").startswith(b"long xxx")
    assert c.cmd("FETCH 1 PREVIEW (FUZZY)")[1].startswith(b"BAD")
    assert c.cmd("FETCH 1 (PREVIEW ())")[1].startswith(b"BAD")
