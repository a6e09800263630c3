"""doc/threats.md and the tests say the same: neither has what the other does
not know of."""
import sys
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).resolve().parent))
import count  # noqa: E402

ENTRIES = count.entries()


def test_the_document_can_be_read():
    numbers = [e.number for e in ENTRIES]
    assert len(numbers) == len(set(numbers)) >= 77
    by_class = {}
    for n in numbers:
        by_class.setdefault(n[0], []).append(int(n[1:]))
    assert sorted(by_class) == list("ABCDEFG")
    for of_class in by_class.values():      # none was lost
        assert of_class == list(range(1, len(of_class) + 1))


@pytest.mark.parametrize("entry", ENTRIES, ids=lambda e: e.number)
def test_each_entry_is_proven_or_said_to_be_missing(entry):
    assert entry.attack and entry.outcome
    for proof in entry.named:
        assert count.exists(proof), f"there is no {proof}"
    assert bool(count.proofs(entry)) != entry.not_there


def test_each_number_in_a_name_is_an_entry():
    known = {e.number for e in ENTRIES}
    for test in count.every_test():
        for number in count.numbers_of(test):
            assert number in known, test


def test_a_list_that_rots_is_noticed(tmp_path, monkeypatch):
    """What this file looks for can be found."""
    assert not count.exists("tests/hostile/test_list.py::test_of_yesterday")
    assert not count.exists("unit/no_such_test")
    assert not count.exists("fuzz/no_such_fuzz")
    assert count.numbers_of("x.py::test_A3_A5_more") == ["A3", "A5"]
    assert count.numbers_of("x.py::test_c11_more") == ["C11"]
    assert count.numbers_of("x.py::test_about_A3") == []
    failed = count.judge(ENTRIES[0], {count.proofs(ENTRIES[0])[0]: [
        ("passed", ""), ("failed", "")]})
    assert failed[0] == "FAILED"
    assert count.judge(ENTRIES[0], {})[0] == "not run"


def test_what_is_weaker_is_said(capsys, monkeypatch):
    words = "refused (weaker: at two ports of five)"
    one = count.Entry("A1", "a sender", words, " `unit/addr_test` ")
    gone = count.Entry("A2", "a pattern", "not there: no patterns", " ")
    good = count.Entry("A3", "a reply", "one line (of it)",
                       " `unit/reply_test` ")
    monkeypatch.setattr(count, "entries", lambda: [one, gone, good])
    monkeypatch.setattr(count, "every_test", lambda: [])
    assert count.table({"unit/addr_test": [("passed", "")],
                        "unit/reply_test": [("passed", "")]})
    said = capsys.readouterr().out.splitlines()
    assert "(at two ports of five)" in said[2] and "(no patterns)" in said[4]
    assert said[-1] == "1 hold, 1 weaker, 1 not there"
    assert not count.table({"unit/addr_test": [("failed", "")]})
    assert capsys.readouterr().out.splitlines()[-1] == \
        "0 hold, 0 weaker, 1 not there, 1 FAILED, 1 not run"
