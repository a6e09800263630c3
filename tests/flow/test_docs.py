"""What the documents say is what the build does."""
import re
import subprocess
import sys
from pathlib import Path

import pytest

from conftest import needs
from suite import BIN, ROOT

sys.path.insert(0, str(ROOT / "tests"))
import ipc_doc  # noqa: E402

PAGES = sorted((ROOT / "man").glob("*.[158]"))


def test_ipc_is_the_tables():
    """After a change of a table: tests/ipc_doc.py >doc/ipc.md"""
    assert (ROOT / "doc" / "ipc.md").read_text() == ipc_doc.document()


def test_every_setting_is_in_the_manual():
    keys = subprocess.run([BIN / "paquebot", "check", "--keys"], check=True,
                          capture_output=True, text=True).stdout
    entries = re.findall(r"^\.It Ic \w+ .*\n(?:[^.].*\n)*", keys, re.M)
    page = (ROOT / "man" / "paquebot.conf.5").read_text()
    assert len(entries) > 40
    for entry in entries:       # its type and default, and what it says
        assert entry in page, entry


def log_calls():
    for source in ROOT.glob("**/*.c"):
        if source.relative_to(ROOT).parts[0] not in ("tests", "build"):
            yield source.read_text()


def test_every_key_of_the_log_is_in_the_page():
    """doc/logging.md: one key, one meaning; and no key that nobody writes."""
    page = (ROOT / "doc" / "logging.md").read_text()
    table = page[page.index("## Keys"):page.index("## The life of a message")]
    told = set()
    for row in re.findall(r"^\| (`.*?) \|", table, re.M):
        told |= set(re.findall(r"`([a-z]+)`", row))
    used = {"lines"}            # written by hand, in logd and lib/os/sink
    for text in log_calls():
        used |= set(re.findall(r'\b(?:LF_[A-Z]+|if_any)\(\s*"(\w+)"', text))
        for either in re.findall(r'LF_[A-Z]+\([^",]*\? "(\w+)" : "(\w+)"',
                                 text):
            used |= set(either)
    assert used == told


def test_events_are_words_with_hyphens():
    for text in log_calls():
        for event in re.findall(r'LF_STR\("event", "([^"]*)"', text):
            assert re.fullmatch(r"[a-z0-9]+(-[a-z0-9]+)*", event), event


def test_the_example_is_good(tmp_path):
    conf = tmp_path / "paquebot.conf"
    text = (ROOT / "conf" / "paquebot.conf").read_text()
    # The owner of mailboxes need not exist on a machine that only builds.
    conf.write_text(text.replace("vmail", "nobody"))
    done = subprocess.run([BIN / "paquebot", "-c", conf, "check"],
                          capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr


def test_the_example_tells_defaults(tmp_path):
    """A line that is commented out changes nothing by being used, and what is
    not commented out says what differs."""
    keys = subprocess.run([BIN / "paquebot", "check", "--keys"], check=True,
                          capture_output=True, text=True).stdout
    defaults = {name: text for name, text in re.findall(
        r"^\.It Ic (\w+) Pq [^;\n]*(?:; default (.*))?$", keys, re.M)}
    text = (ROOT / "conf" / "paquebot.conf").read_text()
    cut = text.index("# What follows is commented out")
    own, rest = text[:cut], text[cut:]
    shown = re.findall(r"^#(\w+) = (.*)$", rest, re.M)
    assert len(shown) > 30
    for name, value in shown:
        assert value.strip('"{} ') == defaults[name], name
        assert not re.search(rf"^#?{name} =", own, re.M), name
    conf = tmp_path / "paquebot.conf"
    conf.write_text(own.replace("vmail", "nobody") +
                    re.sub(r"^#(?=\w+ = )", "", rest, flags=re.M))
    done = subprocess.run([BIN / "paquebot", "-c", conf, "check"],
                          capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr


def test_every_program_has_a_page():
    pages = {p.name.rsplit(".", 1)[0] for p in PAGES}
    assert {p.name for p in BIN.iterdir()} <= pages
    assert {"aliases", "users", "paquebot.conf", "queue", "mailq",
            "newaliases"} <= pages


@needs("mandoc")
@pytest.mark.parametrize("page", PAGES, ids=lambda p: p.name)
def test_pages_are_mdoc(page):
    done = subprocess.run(["mandoc", "-Tlint", "-Wwarning", page],
                          capture_output=True, text=True, check=False)
    # References to pages that are ours but not installed are no mistake.
    wrong = [line for line in done.stdout.splitlines()
             if "no such manual" not in line and "cross reference" not in line]
    assert not wrong, "\n".join(wrong)


@pytest.mark.parametrize("text", ["README.md", "INSTALL", *[
    str(p.relative_to(ROOT)) for p in sorted((ROOT / "doc").glob("*.md"))]])
def test_files_that_are_named_exist(text):
    """Words in backquotes that look like files of this tree are there."""
    tops = {p.name for p in ROOT.iterdir()}
    for word in re.findall(r"`([\w./-]+)`", (ROOT / text).read_text()):
        if word.split("/")[0] in tops and "/" in word and \
                not word.startswith(("build", "demo", "queue/")):
            assert (ROOT / Path(word)).exists(), word
