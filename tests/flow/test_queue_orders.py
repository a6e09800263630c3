"""Orders of an operator to qmgr: selectors, hold, release, requeue, drop,
pause, the ledger."""
import json
import os
import re
import time

import pytest

from fake_qmgr import LATER, NEVER, Qmgr, mailbox
from test_qmgr import A, B, C, OUT

SLOW = {"retry_min": 3000, "retry_max": 3000}
FAR = "far@other.example"


@pytest.fixture(name="q")
def fixture():
    with Qmgr(**SLOW) as q:
        yield q


def stats(q):
    return json.loads(q.control("queue-stats", "json"))


def in_balance(q):
    """The ledger's own sum, and ours from its numbers."""
    got = stats(q)
    came = got["found"] + got["accepted"] + got["reports"]
    went = sum(got[k] for k in ("delivered", "bounced", "expired", "dropped",
                                "corrupt", "unfinished", "vanished"))
    assert got["difference"] == 0, got
    assert came == went + got["queued"], got
    assert not q.events("ledger-differs")
    return got


def deferred(q, sender, *rcpts, why="busy"):
    """A message that waits for all its recipients."""
    for r in rcpts:
        q.outcome[r] = (LATER, "4.2.1", why)
    n = len(q.events("waits"))
    id_ = q.commit(sender, list(rcpts))
    q.wait(lambda: len(q.events("waits")) > n, "deferral")
    q.put_off(id_)
    return id_


# ------------------------------------------------------------------ selectors

def test_selectors(q):
    one = deferred(q, A, B, why="mailbox is locked")
    two = deferred(q, "x@other.example", OUT, why="connection refused")
    for words, want in [
            ("", {one, two}), (f"sender={A}", {one}),
            ("sender=@other.example", {two}), (f"rcpt={B}", {one}),
            ("error=REFUSED", {two}), ("error=is%20locked", {one}),
            ("older=1h", set()), ("newer=1h", {one, two}),
            ("larger=1M", set()), ("state=deferred", {one, two}),
            ("state=hold", set()), (f"id={one}", {one}),
            (f"sender={A} error=refused", set())]:
        lines = q.control("queue-list", words + " json").splitlines()
        assert {json.loads(line)["id"] for line in lines} == want, words
    for bad in ("sender", "colour=red", "older=soon", "id=../x", "--json"):
        assert q.control("queue-list", bad).startswith("error: "), bad


def test_the_reason_is_in_the_list(q):
    id_ = deferred(q, A, B, C, why="no room \"here\"")
    assert '(4.2.1 "no room \\"here\\"")' in q.control("queue-list")
    got = json.loads(q.control("queue-list", "json"))
    assert got["id"] == id_ and got["sender"] == A
    assert got["recipients"] == [B, C] and got["recipient_count"] == 2
    assert {(e["recipient"], e["status"], e["text"]) for e in got["errors"]} \
        == {(B, "4.2.1", 'no room "here"'), (C, "4.2.1", 'no room "here"')}


def test_nothing_without_a_selector(q):
    deferred(q, A, B)
    for order in ("hold", "release", "requeue", "drop"):
        assert "which messages" in q.control("queue-" + order)
        assert "which messages" in q.control("queue-" + order, "json dry-run")
    assert len(q.files("deferred")) == 1


def test_dry_run(q):
    id_ = deferred(q, A, B)
    assert "1 messages would be meant" in q.control("queue-drop", "all dry-run")
    assert id_ in q.control("queue-drop", "all dry-run json")
    assert id_ in q.files("deferred")


# --------------------------------------------------------------------- orders

def test_hold_and_release(q):
    id_ = deferred(q, A, B)
    q.outcome.clear()
    assert "1 done" in q.control("queue-hold", f"id={id_}")
    assert id_ in q.files("hold")
    q.control("queue-flush")
    time.sleep(0.3)
    assert not q.delivered(B)
    assert in_balance(q)["held"] == 1
    q.restart()
    time.sleep(2.5)             # past the grace for orphans
    assert id_ in q.files("hold") and not q.delivered(B)
    assert in_balance(q)["held"] == 1
    assert "1 done" in q.control("queue-release", "all")
    q.settled()
    assert q.delivered(B)[0].id == id_
    got = in_balance(q)
    assert got["found"] == 1 and got["delivered"] == 1


def test_drop(q):
    gone = deferred(q, A, B)
    kept = deferred(q, "x@other.example", C)
    assert "1 done" in q.control("queue-drop", f"sender={A}")
    assert set(q.files()) == {kept}
    assert q.logged("dropped", id=gone)
    q.outcome.clear()
    q.control("queue-flush")
    q.settled()
    assert not q.delivered(B) and q.delivered(C)
    got = in_balance(q)
    assert got["dropped"] == 1 and got["delivered"] == 1


def test_flush_of_some(q):
    deferred(q, A, B)
    other = deferred(q, "x@other.example", C)
    q.outcome.clear()
    assert "1 done" in q.control("queue-flush", f"rcpt={B}")
    q.wait(lambda: q.delivered(B), "the flushed one")
    assert set(q.files()) == {other} and not q.delivered(C)


@pytest.mark.parametrize("order", ["flush", "requeue", "release"])
def test_now_means_now_for_a_host_that_was_down(q, order):
    """Nobody connects in a host's back-off, but for an operator's word."""
    q.site_down.add("far.example")
    id_ = q.commit(A, [OUT])
    q.wait(lambda: q.events("waits"), "deferral")
    before = len(q.jobs)
    q.site_down.clear()
    if order == "release":
        assert "1 done" in q.control("queue-hold", f"id={id_}")
    q.control(f"queue-{order}", f"id={id_} dry-run")
    assert len(q.jobs) == before
    assert "1 done" in q.control(f"queue-{order}", f"id={id_}")
    q.wait(lambda: q.delivered(OUT), "the attempt")


def test_orders_wait_for_what_is_under_way(q):
    """A delivery that runs is neither repeated nor forgotten."""
    q.hook = lambda job: "hang"
    q.outcome[B] = (LATER, "4.2.1", "busy")
    id_ = q.commit(A, [B])
    q.wait(lambda: q.jobs, "the job")
    assert "1 soon" in q.control("queue-hold", f"id={id_}")
    assert id_ in q.files("incoming")
    q.hook = None
    for s in q.hung:
        s.close()               # the worker died: no result
    q.wait(lambda: id_ in q.files("hold"), "held")
    assert len(q.jobs) == 1
    q.outcome.clear()
    q.control("queue-release", "all")
    q.settled()
    assert len(q.delivered(B)) == 1
    in_balance(q)


def test_drop_of_many_recipients_under_way(q):
    rcpts = [f"r{n}@other.example" for n in range(300)]
    q.hook = lambda job: "hang"
    id_ = q.commit(A, rcpts)
    q.wait(lambda: len(q.jobs) >= 3, "the jobs")
    assert "1 soon" in q.control("queue-drop", f"id={id_}")
    for s in list(q.hung):
        s.close()
    q.settled()
    assert in_balance(q)["dropped"] == 1
    assert len(q.jobs) == 3


def test_hold_while_lookupd_is_silent(q):
    q.routes[B] = "silent"
    id_ = q.commit(A, [B])
    q.wait(lambda: B in q.lookups, "the question")
    q.control("queue-hold", f"id={id_}")
    q.drop_peer("ROLE_LOOKUPD")
    q.wait(lambda: id_ in q.files("hold"), "held")
    in_balance(q)


def test_orders_that_do_not_fit(q):
    id_ = deferred(q, A, B)
    assert "1 not" in q.control("queue-release", f"id={id_}")
    assert "0 messages" in q.control("queue-drop", "id=" + "2" * 20)
    assert id_ in q.files("deferred")


# -------------------------------------------------------------------- requeue

def test_requeue_expands_anew(q):
    """Who has it keeps it; who waits is looked up again."""
    q.routes["list@demo.example"] = [mailbox(B), mailbox(C)]
    q.outcome[C] = (LATER, "4.2.1", "busy")
    q.commit(A, ["list@demo.example"])
    q.wait(lambda: q.events("waits"), "deferral")
    assert len(q.delivered(B)) == 1
    new = "new@demo.example"
    q.routes["list@demo.example"] = [mailbox(B), mailbox(new)]
    q.control("queue-flush")    # the old places still
    q.wait(lambda: len(q.events("waits")) == 2, "the second pass")
    assert not q.delivered(new)
    assert "1 done" in q.control("queue-requeue", "all")
    q.settled()
    assert len(q.delivered(B)) == 1 and len(q.delivered(new)) == 1
    assert not q.delivered(C)
    in_balance(q)


def test_requeue_of_the_held(q):
    q.routes["list@demo.example"] = [mailbox(B), mailbox(C)]
    q.outcome[B] = q.outcome[C] = (LATER, "4.2.1", "busy")
    q.commit(A, ["list@demo.example"])
    q.wait(lambda: q.events("waits"), "deferral")
    q.control("queue-hold", "all")
    q.routes["list@demo.example"] = [mailbox("new@demo.example")]
    q.outcome.clear()
    q.restart()
    q.control("queue-requeue", "all")
    q.settled()
    assert [a for a, _ in q.deliveries] == ["new@demo.example"]
    in_balance(q)


def test_requeue_after_a_torn_line(q):
    id_ = deferred(q, A, B)
    with open(q.files()[id_], "ab") as f:
        f.write(b"2026-11-22T05:56:00Z done 0 ")
    q.control("queue-requeue", "all")
    q.wait(lambda: len(q.events("waits")) == 2, "another pass")
    assert " requeued =" in q.control("queue-show", id_)
    q.outcome.clear()
    q.control("queue-flush")
    q.settled()
    assert len(q.delivered(B)) == 1


# ---------------------------------------------------------------------- pause

def test_pause_of_a_destination(q):
    assert "is paused" in q.control("queue-pause", "destination=Other.example")
    far = q.commit(A, [FAR])
    q.commit(A, [B])
    q.wait(lambda: q.delivered(B), "local mail")
    q.wait(lambda: q.events("waits", id=far), "put off")
    assert not q.jobs or all(j.kind == "local" for j in q.jobs)
    assert "destination=other.example" in q.control("queue-pause")
    q.restart()
    q.control("queue-flush")
    q.wait(lambda: len(q.events("waits", id=far)) == 2, "put off again")
    assert not q.delivered(FAR)
    assert "is resumed" in q.control("queue-resume", "destination=other.EXAMPLE")
    q.settled()
    assert q.delivered(FAR)[0].id == far
    in_balance(q)


def test_pause_of_an_account_and_a_transport(q):
    q.control("queue-pause", "transport=local")
    q.commit(A, [B, FAR])
    q.wait(lambda: q.delivered(FAR), "the other transport")
    q.wait(lambda: q.events("waits"), "put off")
    assert not q.delivered(B)
    assert q.control("queue-pause", "transport=local").startswith("error: ")
    assert q.control("queue-pause", "transport=pigeon").startswith("error: ")
    assert q.control("queue-resume", "account=nobody").startswith("error: ")
    q.control("queue-resume", "transport=local")
    q.settled()
    assert len(q.delivered(B)) == 1 and len(q.delivered(FAR)) == 1


def test_paused_mail_does_not_expire():
    with Qmgr(retry_min=1, retry_max=1, expire=2, delay_notice=1) as q:
        q.control("queue-pause", "transport=smtp")
        id_ = q.commit(A, [FAR])
        q.wait(lambda: len(q.events("waits", id=id_)) >= 5, "many passes")
        assert id_ in q.files() and not q.events("bounced")
        assert not q.events("delay-told")
        q.control("queue-resume", "transport=smtp")
        q.settled()
        assert q.delivered(FAR)


# --------------------------------------------------------------------- ledger

def test_every_fate_is_counted():
    with Qmgr(retry_min=1, retry_max=1, expire=2) as q:
        q.outcome[OUT] = (NEVER, "5.1.1", "no")
        q.commit(A, [B])
        q.commit(A, [OUT])
        q.outcome[FAR] = (LATER, "4.4.1", "slow")
        q.commit(A, [FAR])
        q.settled()
        got = in_balance(q)
        assert got["accepted"] == 3 and got["reports"] == 2
        assert got["delivered"] == 3        # one of them and two reports
        assert got["bounced"] == 1 and got["expired"] == 1
        assert got["recipients_failed"] == 2


def test_a_file_that_was_removed(q):
    id_ = deferred(q, A, B)
    q.files()[id_].unlink()
    q.control("queue-flush")
    q.wait(lambda: q.events("file-vanished", id=id_), "the alarm")
    assert in_balance(q)["vanished"] == 1


def test_files_that_nobody_knows(q):
    """A whole one is taken in; one that its session still writes is not."""
    id_ = deferred(q, A, B)
    whole = q.files()[id_].read_bytes()
    strange = id_[:-2] + "Z" + id_[-1]
    (q.queue / "incoming" / strange).write_bytes(whole)
    chan = q.session()
    writing, fd = q.new(chan)
    for name in (strange, writing):
        path = q.queue / "incoming" / name
        if os.geteuid() == 0:
            os.chown(path, 65534, 65534)
        os.utime(path, (1, 1))
    q.outcome.clear()
    q.control("queue-fsck")
    q.wait(lambda: q.events("file-unknown", id=strange), "the alarm")
    q.wait(lambda: q.delivered(B), "it is delivered")
    assert not q.events("file-unknown", id=writing)
    assert writing in q.files("incoming")
    os.close(fd)
    chan.close()
    in_balance(q)


def test_fsck(q):
    good = deferred(q, A, B)
    bad = deferred(q, A, C)
    path = q.files()[bad]
    octets = bytearray(path.read_bytes())
    at = octets.index(b"\r\n\r\n") + 4
    octets[at] ^= 1
    path.write_bytes(octets)
    got = q.control("queue-fsck")
    assert f"{bad} deferred: the checksum does not hold" in got
    assert good not in got and "2 files, 1 with a fault" in got
    faults = [json.loads(line) for line in
              q.control("queue-fsck", "json").splitlines()]
    assert [f["id"] for f in faults] == [bad]


def test_orders_to_many(q):
    q.hook = None
    for n in range(120):
        q.outcome[f"u{n}@demo.example"] = (LATER, "4.2.1", "busy")
        assert len(q.commit(A, [f"u{n}@demo.example"])) == 20
    q.wait(lambda: len(q.files("deferred")) == 120, "all deferred")
    assert re.search(r"120 messages, \d+ done", q.control("queue-hold", "all"))
    q.wait(lambda: len(q.files("hold")) == 120, "all held")
    q.outcome.clear()
    q.control("queue-release", "all")
    q.settled()
    assert len(q.deliveries) == 120
    assert in_balance(q)["delivered"] == 120


