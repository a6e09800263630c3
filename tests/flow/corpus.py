"""Real messages, from Debian packages that carry them as test data, and shapes
of MIME that those lack, made with Python's email package.

Each is given as it would be on the wire: lines ended by CRLF, none longer than
998 octets (RFC 5322 2.1.1), no NUL, no bare CR or LF.  What cannot be mail by
these rules is left out, and counted.
"""
import email.message
import email.policy
from pathlib import Path

PYTHON = Path("/usr/lib/python3.11/test/test_email/data")
ENMIME = Path("/usr/share/gocode/src/github.com/jhillyerd/enmime/testdata")


def as_wire(octets):
    """CRLF line ends, or None when it is no possible mail."""
    if octets.startswith(b"From "):         # the line that mbox puts in front
        octets = octets.partition(b"\n")[2]
    text = octets.replace(b"\r\n", b"\n").replace(b"\n", b"\r\n")
    if b"\0" in text or b"\r" in text.replace(b"\r\n", b""):
        return None
    if any(len(line) > 998 for line in text.split(b"\r\n")):
        return None
    if not text.endswith(b"\r\n"):
        text += b"\r\n"
    return text


def packaged():
    files = sorted(PYTHON.glob("msg_*.txt")) + sorted(ENMIME.rglob("*.raw"))
    for path in files:
        yield f"{path.parent.name}/{path.name}", path.read_bytes()


def message(**fields):
    m = email.message.EmailMessage(policy=email.policy.SMTP)
    m["From"], m["To"] = "A <a@made.example>", "b@made.example"
    m["Date"] = "Tue, 1 Jul 2025 10:00:00 +0000"
    for name, value in fields.items():
        m[name.replace("_", "-")] = value
    return m


def made():
    """Shapes: (name, octets)."""
    m = message(Subject="dots")
    m.set_content(".\n..\n.a\n\n.\n", cte="7bit")
    yield "dots", m.as_bytes()
    m = message(Subject="\u00fcber \u65e5\u672c\u8a9e " * 20)
    m.set_content("\u00e4\u00f6\u00fc\n" * 50, cte="8bit")
    yield "eight-bit", m.as_bytes()
    m = message(Subject="deep")
    m.set_content("leaf\n")
    for _ in range(30):
        outer = message(Subject="outer")
        outer.make_mixed()
        outer.attach(m)
        m = outer
    yield "deep-multiparts", m.as_bytes()
    m = message(Subject="letters in letters")
    m.set_content("x\n")
    for i in range(20):
        outer = message(Subject=f"forwarded {i}")
        outer.set_content("see below\n")
        outer.add_attachment(m)
        m = outer
    yield "message-in-message", m.as_bytes()
    m = message(Subject="many parts")
    m.make_mixed()
    for i in range(200):
        part = email.message.EmailMessage(policy=email.policy.SMTP)
        part.set_content(f"part {i}\n")
        m.attach(part)
    yield "many-parts", m.as_bytes()
    m = message(Subject="big")
    m.set_content("text\n")
    m.add_attachment(bytes(range(256)) * 12000, maintype="application",
                     subtype="octet-stream", filename="all.bin")
    yield "three-megabytes", m.as_bytes()
    yield "no-body", b"From: a@made.example\r\nSubject: none\r\n\r\n"
    yield "no-empty-line", b"From: a@made.example\r\nSubject: none\r\n"
    yield "only-body", b"\r\nall is body\r\n"
    yield "longest-lines", b"Subject: x\r\n\r\n" + b"y" * 998 + b"\r\n" * 3
    yield "folded", b"Subject: a\r\n b\r\n\tc\r\n \r\n d\r\n\r\nx\r\n"
    yield "spaces-at-ends", b"Subject: s \r\n\r\nx \t \r\n \r\n\t\r\n"
    yield "from-line", b"Subject: f\r\n\r\nFrom here on\r\n>From there\r\n"
    yield "eight-bit-header", b"Subject: \xe4\xf6\xfc\r\n\r\n\xff\xfe\r\n"
    yield "all-octets", b"Subject: o\r\n\r\n" + b"".join(
        bytes([c]) + b"\r\n" for c in range(1, 256) if c not in (10, 13))


def messages():
    """[(name, octets)], and the names that were left out."""
    out, left = [], []
    for name, octets in [*packaged(), *made()]:
        wire = as_wire(octets)
        if wire is None:
            left.append(name)
        else:
            out.append((name, wire))
    return out, left
