"""Answers on messages made by chance beside those of Dovecot: multiparts in each
other, odd encodings, boundaries that begin like others or are never closed,
comments and odd spaces, very long and oddly folded fields.

What test_imap_vs_dovecot.py gives reasons for is not made again: parameters
of RFC 2231, lines that are no fields, parts without content, multiparts
without a boundary.  Nor is what is made here not to differ: subjects that are
alike for more than 256 octets (so much of each is sorted by here), and a message
within another that has a Content-Transfer-Encoding, but neither MIME-Version
nor Content-Type (Dovecot takes no notice of it then; here it is heeded), and
two delimiter lines without an empty line between, of which the first closes
what is inside: the CRLF before the second belongs to the second (RFC 2046
5.1.1), and Dovecot counts it to the message within.
"""
import os
import pathlib
import random
import re
import sys

import pytest

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent))
from beside_dovecot import DOVECOT, both  # noqa: E402
from imap_client import fetched  # noqa: E402
from test_imap_vs_dovecot import fold, lines, parts, plain  # noqa: E402

pytestmark = [
    pytest.mark.skipif(not os.path.exists(DOVECOT), reason="no dovecot"),
    pytest.mark.skipif(os.geteuid() != 0, reason="dovecot needs root"),
]

COUNT = int(os.environ.get("COUNT", "150"))
SEED = int(os.environ.get("SEED", "2045"))
WORDS = ["alpha", "beta", "gamma", "delta", "needle", "Straße", "Ünï"]


class Maker:
    def __init__(self, r):
        self.r, self.n = r, 0

    def boundary(self):
        """Quoted where it must be; one may begin like another."""
        self.n += 1
        text = "%s%d" % (self.r.choice(
            ["B", "=_Part", "a b", "x'()+,-./:=?", "----", "B1"]), self.n)
        plain_ = re.fullmatch(r"[\w+.-]+", text) and self.r.random() < 0.5
        return text, text if plain_ else '"%s"' % text

    def text(self):
        r, out = self.r, []
        for _ in range(r.randrange(1, 6)):
            out.append(" ".join(r.choice(WORDS)
                                for _ in range(r.randrange(1, 9))))
            if r.random() < 0.2:
                out.append(r.choice(["", "--", "-- ", "--B", "From x", ".",
                                     "x" * 1500, "\tt "]))
        return "\n".join(out) + "\n"

    def type(self, words):
        """A Content-Type as some write it."""
        r = self.r
        gap = r.choice(["; ", ";", ";\n ", ";\n\t", " ; "])
        main = r.choice([str, str.upper, str.title])(words[0])
        if r.random() < 0.1:
            main += " (a comment)"
        return "Content-Type: " + gap.join([main, *words[1:]])

    def leaf(self):
        r = self.r
        head, kind = [], r.randrange(4)
        if kind == 0:
            head.append(self.type([r.choice(["text/plain", "text/html"]),
                                   r.choice(["charset=utf-8",
                                             'charset="UTF-8"',
                                             'charset="us-ascii"'])]))
        elif kind == 1:
            head.append(self.type(["application/octet-stream",
                                   'name="a \\"b\\" %d.bin"' % self.n]))
            head.append("Content-Disposition: %s; filename=\"f %d\"" % (
                r.choice(["attachment", "inline", "ATTACHMENT"]), self.n))
        elif kind == 2:
            head.append(self.type(["image/x-odd"]))
            head.append("Content-ID: <%d@x>" % self.n)
            head.append("Content-Description: a %s" % ("long " * r.choice(
                [1, 100])).strip())
        if r.random() < 0.5:
            head.append("Content-Transfer-Encoding: " + r.choice(
                ["7bit", "8BIT", "quoted-printable", "Base64", "binary"]))
        if r.random() < 0.1:
            head.append("Content-Language: en, de")
        if r.random() < 0.1:
            head.append("X-Long: " + "y" * 3000)
        r.shuffle(head)
        return head, self.text()

    def multipart(self, depth):
        r = self.r
        boundary, shown = self.boundary()
        head = [self.type(["multipart/" + r.choice(
            ["mixed", "alternative", "related", "x-odd"]),
            "boundary=" + shown])]
        body = r.choice(["", "a preamble\n", "\n"])
        for _ in range(r.randrange(1, 4)):
            inner, text = self.part(depth - 1)
            body += "--%s%s\n%s\n%s" % (
                boundary, r.choice(["", "", "", " ", "\t"]),
                "".join(f + "\n" for f in inner), text)
            if not body.endswith("\n") or body.endswith("--\n") or \
                    r.random() < 0.3:
                body += "\n"
        if r.random() < 0.85:
            body += "--%s--%s" % (boundary, r.choice(["\n", "\n\n",
                                                      "\nan epilogue\n"]))
        return head, body

    def enclosed(self, depth):
        inner, text = self.part(depth - 1)
        return [self.type(["message/rfc822"])], "%s\n%s" % (
            "".join(f + "\n" for f in self.fields() + [
                "MIME-Version: 1.0"] + inner), text)

    def part(self, depth):
        kind = self.r.random()
        if depth == 0 or kind < 0.4:
            return self.leaf()
        return self.enclosed(depth) if kind < 0.5 else self.multipart(depth)

    def address(self):
        self.n += 1
        return self.r.choice([
            "a%d@x.example", "Some One <s%d@x.example>", "<t%d@y.example>",
            '"Q, X" <q%d@x.example>', "u%d@x.example (A Comment)",
            "=?utf-8?q?J=C3=B6rg?= <j%d@x.example>",
            "group: m%d@x.example, n@x.example;", '"v %d"@x.example',
            "Spaced   Out\n <o%d@x.example>"]) % self.n

    def fields(self):
        r = self.r
        self.n += 1
        out = ["Message-ID: <%d@made.example>" % self.n,
               "Date: %s, %d Jul 2001 %02d:00:00 %s" % (
                   "Mon", r.randrange(1, 29), r.randrange(24),
                   r.choice(["+0000", "-0700", "+0200 (CEST)"])),
               "Subject: " + r.choice([
                   "plain %d", "Re: plain %d", "=?utf-8?b?w5xuw68=?= %d",
                   "two\n lines %d", "say \"%d\" \\ there",
                   "%d" + " long" * 300]) % r.randrange(40)]
        for name in ("From", "To", "Cc", "Reply-To", "Sender", "Bcc"):
            if name == "From" or r.random() < 0.4:
                out.append("%s: %s" % (name, self.address() if name in (
                    "From", "Sender") else ", ".join(
                        self.address() for _ in range(r.randrange(1, 4)))))
        if r.random() < 0.3:
            out.append("In-Reply-To: <%d@made.example>" % r.randrange(self.n))
        r.shuffle(out)
        return out

    def message(self):
        inner, text = self.part(self.r.randrange(5))
        fields = self.fields() + ["MIME-Version: 1.0"] + inner
        whole = "".join(f + "\n" for f in fields) + "\n" + text
        if self.r.random() < 0.2:
            whole = whole.replace("\n", "\r\n")
        return whole.encode()


def fill(root):
    for sub in ("cur", "new", "tmp"):
        (root / sub).mkdir(parents=True)
    maker = Maker(random.Random(SEED))
    for i in range(COUNT):
        path = root / "cur" / ("%d.M%d.x:2," % (1000000 + i, i))
        path.write_bytes(maker.message())
        os.utime(path, (1000000000 + i, 1000000000 + i))


dovecot, ours = both(fill)


def each(client, items):
    found = fetched(client.ok("FETCH 1:* (%s)" % items)[0])
    assert set(found) == set(range(1, COUNT + 1))
    return found


def differing(mine, theirs):
    return {n: (mine[n], theirs[n]) for n in mine if mine[n] != theirs[n]}


def test_envelope(ours, dovecot):
    assert differing(*({n: plain(i["ENVELOPE"]) for n, i in
                        each(c, "ENVELOPE").items()}
                       for c in (ours, dovecot))) == {}


@pytest.mark.parametrize("item", ["BODY", "BODYSTRUCTURE"])
def test_structure(ours, dovecot, item):
    assert differing(*({n: lines(fold(i[item]))[0] for n, i in
                        each(c, item).items()}
                       for c in (ours, dovecot))) == {}


def test_octets(ours, dovecot):
    items = "RFC822.SIZE BODY.PEEK[] BODY.PEEK[HEADER] BODY.PEEK[TEXT] " \
        "BODY.PEEK[]<7.90> BODY.PEEK[HEADER.FIELDS (SUBJECT TO X-LONG)]"
    assert differing(*({n: {k: v for k, v in i.items() if k != "FLAGS"}
                        for n, i in each(c, items).items()}
                       for c in (ours, dovecot))) == {}


def test_sections(ours, dovecot):
    wrong = []
    for n, got in each(ours, "BODY").items():
        sections = []
        for at, inner, octets in parts(got["BODY"]):
            sections += [at, at + ".MIME"] if octets is not None else []
            if inner:
                sections += [at + ".HEADER", at + ".TEXT"]
        query = "FETCH %d (%s)" % (n, " ".join("BODY.PEEK[%s]" % s
                                               for s in sections))
        answers = [fetched(c.ok(query)[0])[n] for c in (ours, dovecot)]
        if answers[0] != answers[1]:
            wrong.append((n, answers))
    assert wrong == []


KEYS = ["SUBJECT plain", "SUBJECT 7", "FROM j", "TO q", "CC x.example",
        "BODY needle", "BODY \"alpha beta\"", "TEXT gamma", "TEXT x-odd",
        "HEADER X-Long yyyy", "HEADER Content-Type mixed", "LARGER 3000",
        "SENTSINCE 10-Jul-2001", "SENTON 5-Jul-2001",
        "BODY needle NOT SUBJECT plain"]


@pytest.mark.parametrize("key", KEYS)
def test_search(ours, dovecot, key):
    found = [[u for u in c.ok("SEARCH " + key)[0]
              if u.startswith(b"* SEARCH")] for c in (ours, dovecot)]
    assert found[0] == found[1]


@pytest.mark.parametrize("command", [
    "SORT (%s) UTF-8 ALL" % k for k in (
        "SUBJECT", "FROM", "TO", "CC", "DATE", "SIZE", "DISPLAYFROM")] + [
    "THREAD REFERENCES UTF-8 ALL", "THREAD ORDEREDSUBJECT UTF-8 ALL"])
def test_order(ours, dovecot, command):
    word = ("* " + command.split()[0]).encode()
    found = [[u.strip() for u in c.ok(command)[0] if u.startswith(word)]
             for c in (ours, dovecot)]
    assert found[0] == found[1]
