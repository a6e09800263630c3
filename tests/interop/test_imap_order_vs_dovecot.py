"""SORT, THREAD and ESEARCH answers beside those of Dovecot, over messages made
by chance (the seed is fixed) out of what makes sorting and threading hard:
subjects with leaders, blobs and trailers, encoded words, references that are
missing, double, crossed and looped, dates that are missing or equal.
"""
import base64
import os
import pathlib
import random
import re
import sys
import time

import pytest

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent))
from beside_dovecot import DOVECOT, both  # noqa: E402

pytestmark = [
    pytest.mark.skipif(not os.path.exists(DOVECOT), reason="no dovecot"),
    pytest.mark.skipif(os.geteuid() != 0, reason="dovecot needs root"),
]

COUNT = 400
WORDS = ["", "a", "b", "apple", "Äpfel", "äpfel", "Zebra", "[list]", "re",
         "ﬁnd", "straße", "[b] c", "fwd", "[x]"]
LEADERS = ["", "Re: ", "RE:", "Fwd: ", "fw: ", "[list] ", "[a] Re: ",
           "Re[2]: ", "re [3] : ", "[fwd: ", "  Re:  [b]  "]
TRAILERS = ["", " (fwd)", "(FWD) ", " ", "\t"]


def encoded(text, how):
    if text.isascii() and how:
        return text
    if how == 0:
        return "=?utf-8?b?%s?=" % base64.b64encode(text.encode()).decode()
    raw = text.encode("latin-1", "replace")
    return "=?iso-8859-1?q?%s?=" % "".join(
        chr(c) if chr(c).isalnum() and c < 128 else "=%02X" % c for c in raw)


def subject(r):
    leader = r.choice(LEADERS) + r.choice(LEADERS)
    text = leader + encoded(r.choice(WORDS), r.randrange(2))
    text += r.choice(TRAILERS)
    return text + ("]" if "[fwd" in leader and r.random() < 0.8 else "")


def address(r):
    name = r.choice(["", "Bob", "bob", "\"Q, X\"", "=?utf-8?q?J=C3=B6rg?=",
                     "zoe"])
    box = r.choice(["a", "B", "c.d", "zz", "\"q r\""]) + "@x.example"
    return "%s <%s>" % (name, box) if name else box


def message(r, i):
    """References go back in time only: of loops each server makes its own."""
    fields = []
    if r.random() < 0.95:
        fields.append("Message-ID: <%d@t>" % (
            i if r.random() < 0.97 else r.randrange(i, i + 5)))
    near = range(max(0, i - 12), max(1, i))
    kind = r.random()
    if kind < 0.5:
        some = sorted(r.choice(near) for _ in range(r.randrange(1, 5)))
        fields.append("References: %s" % "\n ".join(
            "<%s@t>" % (n if r.random() < 0.9 else "%d.lost" % n)
            for n in some))
    elif kind < 0.65:
        fields.append("In-Reply-To: <%d@t>" % r.choice(near))
    if r.random() < 0.95:
        fields.append("Subject: " + subject(r))
    if r.random() < 0.95:
        fields.append("Date: %s" % time.strftime(
            "%a, %d %b %Y %H:%M:%S +0000",
            time.gmtime(1000000000 + 3600 * r.randrange(300))))
    for name in ("From", "To", "Cc"):
        if r.random() < 0.9:
            fields.append("%s: %s" % (name, address(r)))
    r.shuffle(fields)
    return "\n".join(fields) + "\n\n" + "x" * r.randrange(50) + "\n"


def fill(root):
    r = random.Random(5256)
    for sub in ("cur", "new", "tmp"):
        (root / sub).mkdir(parents=True)
    order = list(range(COUNT))
    r.shuffle(order)
    for i, at in enumerate(order):
        path = root / "cur" / ("%d.M%d.x:2,%s" % (
            1000000 + i, i, r.choice(["", "S", "F"])))
        path.write_text(message(r, at))
        when = 1000000000 + 60 * r.randrange(1000)
        os.utime(path, (when, when))


dovecot, ours = both(fill)


def answer(client, command, word):
    untagged, _ = client.ok(command)
    line, = [u for u in untagged if u.startswith(b"* " + word)]
    return re.sub(rb'\(TAG "[^"]*"\) ', b"", line).decode().strip()


def threads(text):
    """The threads of an answer, one by one."""
    found, depth = [], 0
    for c in text[len("* THREAD"):].strip():
        if depth == 0:
            found.append("")
        found[-1] += c
        depth += {"(": 1, ")": -1}.get(c, 0)
    assert depth == 0
    return found


KEYS = ["ARRIVAL", "CC", "DATE", "FROM", "SIZE", "SUBJECT", "TO",
        "DISPLAYFROM", "DISPLAYTO"]
SORTS = KEYS + ["REVERSE " + k for k in KEYS] + [
    "SUBJECT DATE", "REVERSE FROM SUBJECT", "SUBJECT REVERSE DATE ARRIVAL",
    "REVERSE CC REVERSE SIZE TO"]


@pytest.mark.parametrize("by", SORTS)
def test_sort(ours, dovecot, by):
    for keys in ("ALL", "SEEN", "UID 20:90 NOT FLAGGED"):
        command = "SORT (%s) UTF-8 %s" % (by, keys)
        assert answer(ours, command, b"SORT") == answer(
            dovecot, command, b"SORT")
        command = "UID " + command
        assert answer(ours, command, b"SORT") == answer(
            dovecot, command, b"SORT")


@pytest.mark.parametrize("kind", ["REFERENCES", "REFS", "ORDEREDSUBJECT"])
@pytest.mark.parametrize("keys", ["ALL", "SEEN", "1:50", "NOT FLAGGED", "7",
                                  "KEYWORD none"])
def test_thread(ours, dovecot, kind, keys):
    command = "THREAD %s UTF-8 %s" % (kind, keys)
    mine = answer(ours, command, b"THREAD")
    theirs = answer(dovecot, command, b"THREAD")
    # REFS says nothing of threads that are equally old.
    if kind == "REFS":
        mine, theirs = sorted(threads(mine)), sorted(threads(theirs))
    assert mine == theirs


@pytest.mark.parametrize("command", [
    "SEARCH RETURN (MIN MAX COUNT) SEEN", "UID SEARCH RETURN () FLAGGED",
    "SEARCH RETURN (COUNT) SUBJECT apple", "SEARCH RETURN () SUBJECT ÄPFEL",
    "SEARCH RETURN (COUNT ALL) KEYWORD none"])
def test_extended(ours, dovecot, command):
    def items(client):
        text = command.encode()
        if not command.isascii():
            head, _, last = command.rpartition(" ")
            text = b"%s {%d+}\r\n%s" % (
                head.replace(") ", ") CHARSET UTF-8 ").encode(),
                len(last.encode()), last.encode())
        words = answer(client, text, b"ESEARCH").split()
        uid = "UID" in words
        words = words[3 if uid else 2:]
        return uid, dict(zip(words[0::2], words[1::2]))
    assert items(ours) == items(dovecot)
