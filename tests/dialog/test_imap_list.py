"""LIST with options: RFC 5258, RFC 5819, RFC 6154, after their examples."""
import pathlib
import re
import sys

import pytest

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent))
from imap_client import Session  # noqa: E402


@pytest.fixture
def c():
    """The mailboxes of RFC 5258 5, with what is subscribed there."""
    with Session(separator="/") as server:
        client = server.client()
        for name in ("Fruit", "Fruit/Apple", "Fruit/Banana", "Tofu",
                     "Vegetable", "Vegetable/Broccoli", "Vegetable/Corn",
                     "Sent", "Trash"):
            client.ok("CREATE " + name)
        for name in ("INBOX", "Fruit/Banana", "Fruit/Peach", "Vegetable",
                     "Vegetable/Broccoli"):
            client.ok("SUBSCRIBE " + name)
        yield client
        client.close()


def listed(c, command):
    """{name: (attributes, what stands behind the name)}"""
    found = {}
    for line in c.ok(command)[0]:
        m = re.match(rb'\* LIST \((.*?)\) "/" (\S+)(.*)$', line)
        if m:
            found[m.group(2).decode()] = (
                set(m.group(1).decode().split()), m.group(3).decode())
    return found


def test_subscribed(c):
    """RFC 5258 5, examples 1 and 2: and what does not exist says so."""
    found = listed(c, 'LIST (SUBSCRIBED) "" "*"')
    assert set(found) == {"INBOX", "Fruit/Banana", "Fruit/Peach",
                          "Vegetable", "Vegetable/Broccoli"}
    for name, (attributes, rest) in found.items():
        assert "\\Subscribed" in attributes and rest == ""
        assert ("\\NonExistent" in attributes) == (name == "Fruit/Peach")
    assert "\\HasChildren" in found["Vegetable"][0]


def test_return_subscribed(c):
    """Example 6: an attribute, not a choice."""
    found = listed(c, 'LIST "" "*" RETURN (SUBSCRIBED CHILDREN)')
    assert {n for n, (a, _) in found.items() if "\\Subscribed" in a} == {
        "INBOX", "Fruit/Banana", "Vegetable", "Vegetable/Broccoli"}
    assert "Fruit/Peach" not in found
    assert {n for n, (a, _) in found.items() if "\\HasChildren" in a} == {
        "Fruit", "Vegetable"}
    for _, (attributes, _) in found.items():
        assert len(attributes & {"\\HasChildren", "\\HasNoChildren"}) == 1


def test_patterns(c):
    """Example 7: several patterns, each mailbox once."""
    found = c.ok('LIST "" ("INBOX" "Fruit" "Vegetable/%" "F*" "")')[0]
    names = [line.split()[-1].decode() for line in found]
    assert sorted(names) == ["Fruit", "Fruit/Apple", "Fruit/Banana", "INBOX",
                             "Vegetable/Broccoli", "Vegetable/Corn"]
    # 3: with extended syntax the empty name is no question for the root
    assert c.ok('LIST () "" ""')[0] == []
    assert c.ok('LIST "" ""')[0] == [b'* LIST (\\Noselect) "/" ""']


def test_recursive(c):
    """Examples 8 and 9: CHILDINFO for what is above."""
    found = listed(c, 'LIST (SUBSCRIBED RECURSIVEMATCH) "" "%"')
    assert set(found) == {"INBOX", "Fruit", "Vegetable"}
    assert found["Fruit"][1] == ' ("CHILDINFO" ("SUBSCRIBED"))'
    assert "\\Subscribed" not in found["Fruit"][0]
    assert found["Vegetable"][1] == ' ("CHILDINFO" ("SUBSCRIBED"))'
    assert "\\Subscribed" in found["Vegetable"][0]
    assert found["INBOX"][1] == ""
    c.ok("SUBSCRIBE foo/bar/baz")       # nothing of it exists
    found = listed(c, 'LIST (SUBSCRIBED RECURSIVEMATCH) "" "%"')
    assert "\\NonExistent" in found["foo"][0]
    assert found["foo"][1] == ' ("CHILDINFO" ("SUBSCRIBED"))'


def test_status(c):
    """RFC 5819 3: LIST and STATUS in turn; none for what has no mailbox."""
    c.append("Fruit", "Subject: x\r\n\r\nx\r\n")
    found = c.ok('LIST (SUBSCRIBED RECURSIVEMATCH) "" % RETURN '
                 '(STATUS (MESSAGES UNSEEN))')[0]
    status = [line for line in found if line.startswith(b"* STATUS")]
    assert status == [b"* STATUS INBOX (MESSAGES 0 UNSEEN 0)",
                      b"* STATUS Vegetable (MESSAGES 0 UNSEEN 0)"]
    for line in status:
        name = line.split()[2]
        assert found[found.index(line) - 1].startswith(b"* LIST ")
        assert name in found[found.index(line) - 1]
    found = c.ok('LIST "" Fruit RETURN (STATUS (MESSAGES))')[0]
    assert found[1:] == [b"* STATUS Fruit (MESSAGES 1)"]


def test_special_use(c):
    """RFC 6154 5.1, 5.2."""
    found = listed(c, 'LIST "" "%"')
    assert "\\Sent" in found["Sent"][0] and "\\Trash" in found["Trash"][0]
    assert not found["Fruit"][0] & {"\\Sent", "\\Drafts", "\\Trash"}
    assert set(listed(c, 'LIST (SPECIAL-USE) "" "*"')) == {"Sent", "Trash"}
    c.ok("CREATE MyDrafts")
    found = listed(c, 'LIST (SPECIAL-USE) "" "*" RETURN (SPECIAL-USE)')
    assert set(found) == {"Sent", "Trash", "MyDrafts"}
    assert "\\Drafts" in found["MyDrafts"][0]


def test_create_special_use(c):
    """RFC 6154 5.3; 3: what cannot be is not made."""
    assert b" CREATE-SPECIAL-USE " in c.greeting
    c.ok("CREATE MySpecial (USE (\\Drafts \\Junk))")
    assert c.cmd("CREATE Everything (USE (\\All))")[1].startswith(
        b"NO [USEATTR] ")
    assert c.cmd("CREATE inbox (USE (\\Sent))")[1].startswith(b"NO ")
    assert c.cmd("CREATE x (SIZE 1)")[1].startswith(b"BAD")
    assert c.cmd("CREATE x (USE (Sent))")[1].startswith(b"BAD")
    c.ok("CREATE Plain (USE ())")
    found = listed(c, 'LIST "" "*"')
    assert {"\\Drafts", "\\Junk"} < found["MySpecial"][0]
    assert "Everything" not in found and "x" not in found
    # It stays with the folder, and goes with it.
    c.ok("RENAME MySpecial Fruit/Other")
    found = listed(c, 'LIST (SPECIAL-USE) "" "*"')
    assert set(found) == {"Sent", "Trash", "Fruit/Other"}
    c.ok("DELETE Fruit/Other")
    c.ok("CREATE Fruit/Other")
    assert set(listed(c, 'LIST (SPECIAL-USE) "" "*"')) == {"Sent", "Trash"}
    # One that the setting names, and named by the client, is told once.
    c.ok("DELETE Sent")
    c.ok("CREATE Sent (USE (\\sent))")
    line = c.ok('LIST "" Sent')[0][0]
    assert line.count(b"\\Sent") == 1


def test_uses_made():
    """By setting: folders for the uses are there, and subscribed."""
    with Session(make_uses=1) as server:
        client = server.client()
        names = {"Sent", "MyDrafts", "Trash"}
        want = {b'* LSUB () "." ' + n.encode() for n in names}
        assert set(client.ok('LSUB "" "*"')[0]) == want
        for name in names:
            client.ok("SELECT " + name)
        # What the client does not want is gone for this session.
        client.ok("DELETE Trash")
        client.ok("UNSUBSCRIBE Sent")
        client.close()
        client = server.client()
        client.ok("SELECT Trash")
        assert b'* LSUB () "." Sent' not in client.ok('LSUB "" "*"')[0]
        client.close()
