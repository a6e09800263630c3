"""qmgr alone, against fakes of all that talk to it: what it must not believe,
what it must not lose, what it must not do twice."""
import email
import email.policy
import os
import re
import time

import pytest

import fake_qmgr
from fake_qmgr import (DONE, LATER, MESSAGE, NEVER, Qmgr, envelope, fail,
                       first_line, mailbox, remote, whole_file)

A, B, C = "alice@demo.example", "bob@demo.example", "carol@demo.example"
OUT = "dave@far.example"


@pytest.fixture
def q():
    with Qmgr() as running:
        yield running


# ------------------------------------------------------------------ committing

def test_one_message(q):
    id_ = q.commit(A, [B])
    assert len(id_) == 20
    q.wait(lambda: q.delivered(B), "delivery")
    (job,) = q.delivered(B)
    assert job.id == id_ and job.sender == A and job.text == MESSAGE
    assert job.kind == "local" and job.user == B
    assert not job.writable, "deliverers get descriptors for reading only"
    q.settled()
    for event in ("queued", "delivered", "removed"):
        assert q.logged(event, id=id_)


def test_descriptor_is_for_writing_only(q):
    chan = q.session()
    _, fd = q.new(chan)
    with pytest.raises(OSError):
        os.pread(fd, 1, 0)
    os.close(fd)
    chan.close()


def test_commit_with_the_file_still_open_is_refused(q):
    assert q.commit(A, [B], keep=True) == "4.3.0"
    q.settled()
    assert not q.delivered(B)


BAD = {
    "blank": lambda: b" " * 79 + b"\n" + envelope(A, [B]) + MESSAGE,
    "short": lambda: whole_file(A, [B])[:-1],
    "long": lambda: whole_file(A, [B]) + b"x",
    "log": lambda: whole_file(A, [B]) +
        b"2026-11-22T05:56:00Z done 0 a 2.0.0 - x =00000000\n",
    "sender": lambda: whole_file("no address", [B]),
    "rcpt": lambda: whole_file(A, ["|sh"]),
    "rcpt-route": lambda: whole_file(A, ["@x.example:b@y.example"]),
    "not-canonical": lambda: whole_file(A, ["bob@DEMO.example"]),
    "no-rcpt": lambda: whole_file(A, []),
    "version": lambda: whole_file(A, [B]).replace(b"queue 1", b"queue 2"),
    "empty": lambda: b"x",
    "future": lambda: whole_file(A, [B], when=int(time.time()) + 10**6),
    "line": lambda: (lambda e: first_line(e, MESSAGE) + e + MESSAGE)(
        envelope(A, [B]) + b"root yes\n"),
}


@pytest.mark.parametrize("name", BAD)
def test_the_session_is_not_believed(q, name):
    assert q.commit(A, [B], octets=BAD[name]()) == "4.3.0"
    assert q.commit(A, [C]) != "4.3.0"      # the next one is none the worse
    q.wait(lambda: q.delivered(C), "the next message")
    q.settled()
    assert not q.delivered(B)


def test_end_of_session_drops_its_file(q):
    chan = q.session()
    _, fd = q.new(chan)
    os.write(fd, whole_file(A, [B]))
    assert q.files()
    chan.close()
    q.settled()
    os.close(fd)
    assert not q.delivered(B)


def test_abort_and_again(q):
    chan = q.session()
    id_, fd = q.new(chan)
    os.close(fd)
    fake_qmgr.send(chan, "QUEUE_ABORT", fake_qmgr.text(id_))
    q.settled()
    assert q.commit(A, [B], chan=chan) != id_
    q.wait(lambda: q.delivered(B), "delivery")
    chan.close()


def test_two_files_of_one_session_end_it(q):
    chan = q.session()
    _, fd = q.new(chan)
    fake_qmgr.send(chan, "QUEUE_NEW", fake_qmgr.u64(0), 9)
    assert fake_qmgr.fake_suite.recv(chan) is None
    os.close(fd)
    q.settled()


def test_commit_of_another_session_ends_it(q):
    one, two = q.session(), q.session()
    id_, fd = q.new(one)
    os.write(fd, whole_file(A, [B]))
    os.close(fd)
    q.ask_commit(two, id_)
    assert q.answer(two) is None
    q.ask_commit(one, id_)
    assert q.answer(one) is True
    q.wait(lambda: q.delivered(B), "delivery")


def test_room():
    with Qmgr(queue_free_min=str(1 << 40)) as q:
        assert q.new(q.session()) == ("4.3.1", None)
    with Qmgr() as q:
        assert q.new(q.session(), 1 << 30) == ("5.3.4", None)


def test_many_commits_share_syncs(q):
    chans = [q.session() for _ in range(50)]
    ids = []
    for chan in chans:
        id_, fd = q.new(chan)
        os.write(fd, whole_file(A, [B]))
        os.close(fd)
        ids.append(id_)
    for chan, id_ in zip(chans, ids):
        q.ask_commit(chan, id_)
    assert all(q.answer(chan) is True for chan in chans)
    q.wait(lambda: len(q.delivered(B)) == 50, "deliveries")
    assert len(set(ids)) == 50 and ids == sorted(ids)
    # One mailbox: one worker, one job after the other.
    assert len({job.worker for job in q.delivered(B)}) == 1
    q.settled()


def test_a_sync_helper_that_dies_loses_nothing(q):
    children = open(f"/proc/{q.process.pid}/task/{q.process.pid}/children")
    (helper,) = children.read().split()
    os.kill(int(helper), 19)        # it hangs: so does the commit
    chan = q.session()
    id_, fd = q.new(chan)
    os.write(fd, whole_file(A, [B]))
    os.close(fd)
    q.ask_commit(chan, id_)
    time.sleep(0.2)
    os.kill(int(helper), 9)
    assert q.answer(chan) == "4.3.0"
    q.settled()
    assert q.commit(A, [C])
    q.wait(lambda: q.delivered(C), "delivery after the restart")
    assert not q.delivered(B)


# ------------------------------------------------------------------ recovering

def put(q, id_, octets, place="incoming", mtime=None):
    path = q.queue / place / id_
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(octets)
    if mtime:
        os.utime(path, (mtime, mtime))
    if q.drop:
        for p in (path, path.parent, path.parent.parent):
            os.chown(p, 65534, 65534)
    return path


ID = "0123456789012345678"      # and one more character


def test_what_is_found_at_start():
    q = Qmgr()
    whole = whole_file(A, [B])
    bent = bytearray(whole)
    bent[-3] ^= 1
    put(q, ID + "0", whole)
    put(q, ID + "1", b" " * 79 + b"\n" + whole[80:])    # never acknowledged
    put(q, ID + "2", b"")
    put(q, ID + "3", bytes(bent))
    put(q, ID + "4", whole[:-1])
    put(q, ID + "5", whole.replace(b"queue 1", b"queue 9"))
    put(q, ID + "6", whole, "deferred/6", time.time() - 5)
    put(q, ID + "7", whole, "deferred/7", time.time() + 500)
    put(q, ID + "8", whole, "hold")
    put(q, "README", b"what is this")
    with q:
        q.wait(lambda: len(q.delivered(B)) == 3, "three deliveries")
        q.wait(lambda: len(q.files("corrupt")) == 3, "three put aside")
        assert set(q.files("corrupt")) == {ID + "3", ID + "4", ID + "5"}
        # The one 500 s away was brought back to the longest interval, 1 s.
        assert {job.id for job in q.delivered(B)} == \
            {ID + "0", ID + "6", ID + "7"}
        q.wait(lambda: not q.files("incoming"), "incoming empty")
        assert set(q.files("hold")) == {ID + "8"}
        assert (q.queue / "incoming" / "README").exists()
        assert len(q.logged("corrupt", 3)) == 3


def test_a_second_one_does_not_start(q):
    second = Qmgr(directory=q.dir)
    second.environment = {}
    started = time.monotonic()
    with pytest.raises(AssertionError):
        second.start()
    assert time.monotonic() - started < 30
    second.process.kill()
    second.process.wait()


def is_id(answer):
    """Else the code of a refusal, or None: the channel was closed."""
    return answer is not None and "." not in answer


def test_kill_at_any_time_loses_nothing():
    """Kill -9 again and again while mail comes in; all of it arrives."""
    accepted = []
    with Qmgr() as q:
        for turn in range(6):
            chans = [q.session() for _ in range(10)]
            for n, chan in enumerate(chans):
                address = f"u{turn}x{n}@demo.example"
                try:
                    if is_id(q.commit(A, [address, OUT], chan=chan)):
                        accepted.append(address)
                except (OSError, TypeError):
                    break
            time.sleep(0.02 * turn)
            q.restart()
        assert accepted
        q.wait(lambda: all(q.delivered(a) for a in accepted), "all of them",
               60)
        q.settled()


def test_results_are_remembered():
    """What was delivered before the kill is not delivered after it."""
    with Qmgr() as q:
        q.outcome[C] = (LATER, "4.2.1", "busy")
        q.commit(A, [B, C])
        q.wait(lambda: q.events("waits"), "the first pass")
        q.restart()
        q.outcome.clear()
        q.wait(lambda: q.delivered(C), "the second recipient")
        q.settled()
        assert len(q.delivered(B)) == 1


# ------------------------------------------------------------------- expanding

def test_an_alias_is_expanded_once():
    """Changed between two passes, it neither loses nor doubles anybody."""
    with Qmgr() as q:
        q.routes["team@demo.example"] = [mailbox(A), mailbox(B), remote(OUT)]
        q.outcome[B] = (LATER, "4.2.1", "busy")
        q.commit("x@y.example", ["team@demo.example"])
        q.wait(lambda: q.events("waits"), "the first pass")
        q.routes["team@demo.example"] = [mailbox(C)]
        q.restart()
        q.outcome.clear()
        q.settled()
        assert len(q.delivered(A)) == 1 and len(q.delivered(OUT)) == 1
        assert len(q.delivered(B)) == 1 and not q.delivered(C)


def test_an_alias_that_names_itself():
    with Qmgr() as q:
        q.routes[A] = [mailbox(A), mailbox(B)]
        q.outcome[A] = (LATER, "4.2.1", "busy")
        q.commit("x@y.example", [A])
        q.wait(lambda: len(q.events("waits")) >= 2, "two passes")
        q.outcome.clear()
        q.settled()
        assert len(q.delivered(A)) == 1 and len(q.delivered(B)) == 1


def test_one_place_gets_one_copy(q):
    q.routes["one@demo.example"] = [mailbox(A), mailbox(B)]
    q.routes["two@demo.example"] = [mailbox(B), mailbox(A)]
    q.commit("x@y.example", ["one@demo.example", "two@demo.example", A])
    q.settled()
    assert len(q.delivered(A)) == 1 and len(q.delivered(B)) == 1


def test_owner_is_the_sender_of_the_list(q):
    q.routes["list@demo.example"] = [
        remote(OUT, owner="owner-list@demo.example"),
        mailbox(A, owner="owner-list@demo.example")]
    q.commit("x@y.example", ["list@demo.example", B])
    q.settled()
    assert {j.sender for j in q.delivered(OUT) + q.delivered(A)} == \
        {"owner-list@demo.example"}
    assert q.delivered(B)[0].sender == "x@y.example"


def test_the_sender_is_asked_for_and_the_source_is_kept():
    """A list asks for its owner; a source stands in the log with the route."""
    with Qmgr() as q:
        q.routes["list@demo.example"] = [
            remote(OUT, owner="owner-list@demo.example") |
            {"source": "192.0.2.1,2001:db8::1"}, mailbox(A)]
        q.outcome[OUT] = (LATER, "4.2.1", "busy")
        q.commit("x@y.example", ["list@demo.example"])
        q.wait(lambda: q.events("waits"), "the first pass")
        assert q.senders[0] == ("list@demo.example", "x@y.example")
        q.restart()
        q.outcome.clear()
        q.settled()
        assert (OUT, "owner-list@demo.example") in q.senders
        assert q.delivered(A)
        assert q.delivered(OUT)[0].source == ""     # the map's newer word


def test_a_source_of_the_log_counts_where_nothing_newer_does():
    with Qmgr() as q:
        q.routes["list@demo.example"] = [
            remote(OUT) | {"source": "192.0.2.1"}, mailbox(A)]
        q.outcome[OUT] = (LATER, "4.2.1", "busy")
        q.commit("x@y.example", ["list@demo.example"])
        q.wait(lambda: q.events("waits"), "the first pass")
        q.routes[OUT] = [mailbox(B), mailbox(C)]    # leads elsewhere
        q.restart()
        q.outcome.clear()
        q.settled()
        assert q.delivered(OUT)[0].source == "192.0.2.1"


def test_a_large_alias_and_a_short_note():
    with Qmgr() as q:
        q.routes["all@demo.example"] = [
            remote(f"u{n}@far.example") for n in range(20000)]
        q.commit(A, ["all@demo.example"])
        time.sleep(0.1)
        before = len(q.deliveries)
        q.commit(A, [B])
        q.wait(lambda: q.delivered(B), "the note")
        # What came before it once it was there: a part of the list at most.
        turn = [address for address, _ in q.deliveries].index(B)
        assert turn - before < 5000
        q.wait(lambda: not q.files(), "the list", 60)
        assert len(q.deliveries) == 20001
        assert len({a for a, _ in q.deliveries}) == 20001
        status = open(f"/proc/{q.process.pid}/status").read()
        if "build-san" not in str(fake_qmgr.BIN):
            assert int(re.search(r"VmHWM:\s+(\d+)", status)[1]) < 64 * 1024


def test_lookup_trouble_waits(q):
    q.routes[B] = None
    q.commit(A, [B])
    q.wait(lambda: q.events("waits"), "deferral")
    assert q.logged("deferred", status="4.3.0")
    q.routes.clear()
    q.settled()
    assert len(q.delivered(B)) == 1


def test_lookupd_is_restarted(q):
    q.routes[B] = "silent"
    q.commit(A, [B])
    q.wait(lambda: q.lookups, "the question")
    q.routes.clear()
    q.drop_peer("ROLE_LOOKUPD")
    q.give_peer("ROLE_LOOKUPD")
    q.settled()
    assert len(q.delivered(B)) == 1 and not q.events("deferred")


def test_forward_file(q):
    q.forwards[B] = ["me@else.example", C]
    q.commit(A, [B])
    q.settled()
    assert len(q.delivered("me@else.example")) == 1
    assert len(q.delivered(C)) == 1
    assert q.delivered("me@else.example")[0].sender == A


def test_forward_is_remembered():
    with Qmgr() as q:
        q.forwards[B] = ["me@else.example"]
        q.outcome["me@else.example"] = (LATER, "4.0.0", "no")
        q.commit(A, [B])
        q.wait(lambda: q.events("waits"), "the first pass")
        q.restart()
        q.outcome.clear()
        q.settled()
        assert len(q.delivered(B)) == 1
        assert len(q.delivered("me@else.example")) == 1


def hand_on(q, forwards):
    """These keep nothing: RESULT_ESC_FORWARDED."""
    q.forwards.update(forwards)
    for address in forwards:
        q.outcome[address] = (DONE, "2.1.5", "forwarded")


@pytest.mark.parametrize("first", [B, "d@demo.example"])
def test_forward_files_in_a_circle(q, first):
    """Each hands it on: the sender must hear that nobody has it."""
    hand_on(q, {"d@demo.example": [B], B: [C], C: [B]})
    q.commit(A, [first])
    q.settled()
    assert len(q.logged("bounced")) == 1
    assert [j.sender for j in q.delivered(A)] == [""]


def test_forward_files_that_meet(q):
    """No circle: what one hands on has reached its end already."""
    hand_on(q, {"d@demo.example": [B], B: [C]})
    q.commit(A, [B, "d@demo.example"])
    q.settled()
    assert len(q.delivered(C)) == 1 and not q.events("bounced")


def test_forward_files_that_keep_a_copy(q):
    """No circle either: both have the mail."""
    q.forwards.update({B: [C], C: [B]})
    q.commit(A, [B])
    q.settled()
    assert len(q.delivered(B)) == len(q.delivered(C)) == 1
    assert not q.events("bounced")


def test_forward_files_in_a_circle_after_a_restart():
    with Qmgr() as q:
        hand_on(q, {B: [C]})
        q.outcome[C] = (LATER, "4.0.0", "no")
        q.commit(A, [B])
        q.wait(lambda: q.events("waits"), "the first pass")
        q.restart()
        hand_on(q, {C: [B]})
        q.settled()
        assert len(q.logged("bounced")) == 1


# --------------------------------------------------------------------- workers

def test_recipients_travel_together(q):
    rcpts = [f"u{n}@far.example" for n in range(250)]
    q.commit(A, rcpts)
    q.settled()
    assert sorted(len(j.rcpts) for j in q.jobs) == [50, 100, 100]
    assert all(len(q.delivered(r)) == 1 for r in rcpts)


def test_a_worker_that_dies(q):
    died = []

    def hook(job):
        if not died:
            died.append(job)
            return "die"
        return None
    q.hook = hook
    q.commit(A, [B])
    q.settled()
    assert len(q.delivered(B)) == 1 and len(died) == 1
    assert q.logged("worker-lost")


def test_a_message_that_kills_workers_waits(q):
    deaths = []
    q.hook = lambda job: deaths.append(job) or "die"
    q.commit(A, [B])
    q.wait(lambda: q.events("waits"), "deferral")
    assert len(deaths) == 2
    q.hook = None
    q.settled()


def test_a_worker_without_results(q):
    q.hook = lambda job: "mute"
    q.commit(A, [OUT])
    q.wait(lambda: q.events("deferred", status="4.3.0"), "deferral")


def test_a_worker_that_is_stuck():
    """Its place and its message are free again after job_timeout."""
    with Qmgr(job_timeout=2, deliver_max=1) as q:
        stuck = []
        q.hook = lambda job: None if stuck else stuck.append(job) or "hang"
        q.commit(A, [B])
        q.wait(lambda: stuck, "the job")
        q.wait(lambda: q.events("worker-stuck"), "the deadline")
        q.commit(A, [C])
        q.settled()
        assert q.delivered(B) and q.delivered(C)


def rows_to(q, address):
    """Its jobs as they came together, each row once."""
    found = []
    for job in q.jobs:
        if job.rcpts[0][1] == address and job.row not in found:
            found.append(job.row)
    return found


def waiting_for_deliverer(q, messages):
    """Committed while there is none; it comes when they all wait for it."""
    q.drop_peer("ROLE_DELIVER")
    ids = [q.commit(A, rcpts, message) for rcpts, message in messages]
    q.wait(lambda: len(q.lookups) >= len(messages), "all looked up")
    time.sleep(0.2)
    q.give_peer("ROLE_DELIVER")
    return ids


def test_what_waits_for_a_mailbox_comes_in_rows(q):
    """In the order of the mailbox, 16 at most; no other mailbox's with it."""
    ids = waiting_for_deliverer(q, [([B], MESSAGE)] * 40 + [([C], MESSAGE)])
    q.settled()
    assert [len(row) for row in rows_to(q, B)] == [16, 16, 8]
    assert [job.id for row in rows_to(q, B) for job in row] == ids[:-1]
    assert [len(row) for row in rows_to(q, C)] == [1]
    assert len(q.delivered(B)) == 40 and len(q.delivered(C)) == 1


def test_large_messages_make_no_long_rows():
    """A MiB in a row: a short one waits for no more than that; a larger one
    goes alone."""
    large = MESSAGE + b"x" * 300000 + b"\r\n"
    huge = MESSAGE + b"x" * 2000000 + b"\r\n"
    with Qmgr(message_size_max="5000000") as q:
        waiting_for_deliverer(q, [([B], m) for m in (
            large, large, large, large, MESSAGE, huge, MESSAGE, huge)])
        q.settled()
        assert [len(row) for row in rows_to(q, B)] == [3, 2, 1, 1, 1]


def test_only_mailboxes_have_rows(q):
    q.drop_peer("ROLE_SMTP_OUT")
    for _ in range(12):
        q.commit(A, [OUT])
    q.wait(lambda: len(q.lookups) >= 12, "all looked up")
    time.sleep(0.2)
    q.give_peer("ROLE_SMTP_OUT")
    q.settled()
    assert {len(job.row) for job in q.jobs} == {1}


def test_a_worker_that_dies_of_a_row(q):
    """Killed in its middle: what has a result keeps it, the others are tried
    again, each alone."""
    died = []

    def hook(job):
        if len(job.row) > 1 and len(died) < 1 and job is job.row[2]:
            died.append(job)
            return "die"
        return None
    q.hook = hook
    waiting_for_deliverer(q, [([B], MESSAGE)] * 6)
    q.settled()
    assert [len(row) for row in rows_to(q, B)] == [6] + [1] * 4
    assert len(q.delivered(B)) == 6 and len(died) == 1
    assert len(q.events("worker-lost")) == 4
    assert not q.events("deferred")


def test_a_message_that_kills_workers_harms_no_other(q):
    """The one that each worker dies of is put off; its row is not."""
    poison = MESSAGE + b"poison\r\n"
    q.hook = lambda job: "die" if job.text == poison else None
    waiting_for_deliverer(q, [([B], MESSAGE)] * 3 + [([B], poison)] +
                          [([B], MESSAGE)] * 3)
    q.wait(lambda: len(q.delivered(B)) == 6 and q.events("waits"), "all else")
    assert len(q.events("waits")) == 1
    q.hook = None
    q.settled()


def test_a_kill_within_a_row(q):
    """qmgr ends while a worker has one: all of it is tried again, once."""
    q.hook = lambda job: "hang"
    waiting_for_deliverer(q, [([B], MESSAGE)] * 5)
    q.wait(lambda: len(q.jobs) >= 5, "the row")
    q.kill()
    q.hook = None
    q.start()
    q.settled()
    assert len(q.delivered(B)) == 5


def test_a_result_for_another_job_ends_the_worker(q):
    q.hook = lambda job: job.rcpts.append((99, "x@y.example", "", "")) or None
    q.commit(A, [OUT])
    q.wait(lambda: q.events("ipc-refused"), "the refusal")


def test_jobs_wait_for_their_deliverer(q):
    q.drop_peer("ROLE_DELIVER")
    q.commit(A, [B])
    time.sleep(0.3)
    assert not q.jobs and not q.events("deferred")
    q.give_peer("ROLE_DELIVER")
    q.settled()
    assert len(q.delivered(B)) == 1


def test_a_long_list_lets_a_short_note_pass():
    """DESIGN: a big mailing does not hold up one recipient."""
    with Qmgr(deliver_max=2) as q:
        q.hook = lambda job: time.sleep(0.005)
        q.commit(A, [f"u{n}@demo.example" for n in range(400)])
        q.wait(lambda: len(q.jobs) > 20, "the list to begin")
        before = len(q.jobs)
        q.commit(A, [B])
        q.wait(lambda: q.delivered(B), "the note")
        assert len(q.jobs) - before < 60
        q.settled()
        assert len(q.deliveries) == 401


def test_a_site_that_is_down_is_left_alone(q):
    q.site_down.add("far.example")
    for n in range(5):
        q.commit(A, [f"u{n}@far.example"])
    q.commit(A, [B])
    q.wait(lambda: len(q.events("waits")) >= 5, "all put off")
    time.sleep(2.5)         # two intervals: nobody connects in back-off
    assert len([j for j in q.jobs if j.nexthop == "far.example"]) <= 5
    q.site_down.clear()
    q.control("queue-flush")
    q.settled()


# -------------------------------------------------------------------- reports

def bounce_to(q, address):
    q.wait(lambda: q.delivered(address), "the bounce")
    job = q.delivered(address)[-1]
    return job, email.message_from_bytes(job.text, policy=email.policy.default)


def fields(part):
    """The groups of a message/delivery-status body."""
    return [dict(g.items()) for g in part.get_payload()]


def test_bounce(q):
    q.outcome[OUT] = (NEVER, "5.1.1", "550 5.1.1 no such user here")
    id_ = q.commit(A, [OUT, B])
    job, m = bounce_to(q, A)
    q.settled()
    assert job.sender == "" and job.id != id_
    assert m.get_content_type() == "multipart/report"       # RFC 6522 3
    assert m.get_param("report-type") == "delivery-status"
    assert m["To"] and A in m["To"] and m["Auto-Submitted"]
    text, status, header = m.iter_parts()
    assert text.get_content_type() == "text/plain"
    assert "no such user here" in text.get_content()
    assert status.get_content_type() == "message/delivery-status"
    about, rcpt = fields(status)
    assert about["Reporting-MTA"] == "dns; mail.demo.example"
    assert rcpt["Final-Recipient"] == "rfc822; " + OUT
    assert rcpt["Action"] == "failed" and rcpt["Status"] == "5.1.1"
    assert "550 5.1.1 no such user here" in rcpt["Diagnostic-Code"]
    assert rcpt["Remote-MTA"] == "dns; mx.example"
    assert header.get_content_type() == "text/rfc822-headers"
    assert "Subject: hello" in header.get_content()
    assert "How are you?" not in job.text.decode()
    assert len(q.delivered(B)) == 1
    (event,) = q.events("bounced", id=id_)
    assert event["as"] == job.id


def test_failed_lookups_bounce(q):
    q.routes["nobody@demo.example"] = [fail("nobody@demo.example")]
    q.commit(A, ["nobody@demo.example"])
    _, m = bounce_to(q, A)
    assert "5.1.1" in m.as_string()
    q.settled()


def test_a_bounce_names_what_the_sender_wrote(q):
    q.routes["team@demo.example"] = [remote(OUT), mailbox(B)]
    q.outcome[OUT] = (NEVER, "5.1.1", "550 no")
    q.commit(A, ["team@demo.example"])
    _, m = bounce_to(q, A)
    _, rcpt = fields(list(m.iter_parts())[1])
    assert rcpt["Original-Recipient"] == "rfc822; team@demo.example" or \
        rcpt["Original-Recipient"] == "rfc822;team@demo.example"
    q.settled()


def test_list_failures_go_to_the_owner(q):
    owner = "owner-list@demo.example"
    q.routes["list@demo.example"] = [remote(OUT, owner=owner),
                                     mailbox(B, owner=owner)]
    q.outcome[OUT] = (NEVER, "5.1.1", "550 no")
    q.commit("x@y.example", ["list@demo.example"])
    bounce_to(q, owner)
    q.settled()
    assert not q.delivered("x@y.example")


def test_mail_without_sender_is_never_answered(q):
    q.outcome[OUT] = (NEVER, "5.1.1", "550 no")
    q.commit("", [OUT])
    q.settled()
    assert not q.deliveries
    assert q.logged("undeliverable", rcpt=OUT)


def test_double_bounce_to_the_postmaster():
    with Qmgr(postmaster="pm@demo.example") as q:
        q.outcome[OUT] = (NEVER, "5.1.1", "550 no")
        q.outcome["x@y.example"] = (NEVER, "5.1.1", "550 nor here")
        q.commit("x@y.example", [OUT])
        _, m = bounce_to(q, "pm@demo.example")
        assert "nor here" in m.as_string()
        q.settled()
        # And there it ends.
        q.outcome["pm@demo.example"] = (NEVER, "5.1.1", "550 nobody")
        q.commit("", [OUT])
        q.wait(lambda: q.events("undeliverable"), "the end")
        q.settled()


def test_expiry():
    with Qmgr(expire=2) as q:
        q.outcome[OUT] = (LATER, "4.4.1", "connection refused")
        q.commit(A, [OUT])
        _, m = bounce_to(q, A)
        _, rcpt = fields(list(m.iter_parts())[1])
        assert rcpt["Action"] == "failed"
        assert "connection refused" in rcpt["Diagnostic-Code"]
        assert "4.4.7" in m.as_string()
        q.settled()


def test_delay_notice_once():
    with Qmgr(delay_notice=1) as q:
        q.outcome[OUT] = (LATER, "4.4.1", "connection refused")
        id_ = q.commit(A, [OUT])
        _, m = bounce_to(q, A)
        _, rcpt = fields(list(m.iter_parts())[1])
        assert rcpt["Action"] == "delayed" and rcpt["Will-Retry-Until"]
        waits = len(q.events("waits"))
        q.wait(lambda: len(q.events("waits")) > waits + 1, "further passes")
        q.restart()
        q.wait(lambda: len(q.events("waits")) > waits + 2, "further passes")
        assert len(q.delivered(A)) == 1
        q.outcome.clear()
        q.settled()
        assert q.delivered(OUT)[-1].id == id_


def test_the_kill_between_bounce_and_removal():
    """Each file state that a kill can leave gives one bounce, at worst two."""
    with Qmgr() as q:
        q.outcome[OUT] = (NEVER, "5.1.1", "550 no")
        for turn in range(8):
            with_out = q.commit(A, [OUT])
            assert len(with_out) == 20
            time.sleep(0.004 * turn)
            q.restart()
        q.settled()
        assert 8 <= len(q.delivered(A)) <= 16


# ------------------------------------------------- what the sender asked for

NEVER_TELL, SUCCESS, FAILURE, DELAY = 1, 2, 4, 8        # RFC 3461 4.1


def commit_wishes(q, rcpts, message=MESSAGE, **more):
    return q.commit(A, rcpts, message,
                    octets=whole_file(A, rcpts, message, **more))


def test_notify_never(q):
    q.outcome[OUT] = (NEVER, "5.1.1", "550 no")
    q.outcome["x@y.example"] = (NEVER, "5.1.1", "550 no")
    commit_wishes(q, [OUT, "x@y.example"],
                  wishes={OUT: (NEVER_TELL, ""), "x@y.example": (FAILURE, "")})
    _, m = bounce_to(q, A)
    about = fields(list(m.iter_parts())[1])
    assert [r["Final-Recipient"] for r in about[1:]] == ["rfc822; x@y.example"]
    q.settled()
    commit_wishes(q, [OUT], wishes={OUT: (NEVER_TELL, "")})
    q.settled()
    commit_wishes(q, [OUT], wishes={OUT: (SUCCESS | DELAY, "")})
    q.settled()
    assert len(q.delivered(A)) == 1


def test_envid_and_orcpt_come_back(q):
    # RFC 3464 2.2.1, 2.3.1
    q.outcome[OUT] = (NEVER, "5.1.1", "550 no")
    commit_wishes(q, [OUT], envid="my id=1",
                  wishes={OUT: (0, "rfc822;Old Name@old.example")})
    _, m = bounce_to(q, A)
    about, rcpt = fields(list(m.iter_parts())[1])
    assert about["Original-Envelope-Id"] == "my id=1"
    assert rcpt["Original-Recipient"] == "rfc822;Old Name@old.example"
    q.settled()


def test_ret_full(q):
    q.outcome[OUT] = (NEVER, "5.1.1", "550 no")
    commit_wishes(q, [OUT], ret="full")
    job, m = bounce_to(q, A)
    part = list(m.iter_parts())[2]
    assert part.get_content_type() == "message/rfc822"
    assert b"How are you?" in job.text
    q.settled()
    q.deliveries.clear()
    commit_wishes(q, [OUT], ret="hdrs")
    job, m = bounce_to(q, A)
    assert b"How are you?" not in job.text
    q.settled()
    q.deliveries.clear()
    # not without bound: then the header alone
    commit_wishes(q, [OUT], MESSAGE + b"y" * 100000 + b"\r\n", ret="full")
    job, m = bounce_to(q, A)
    assert list(m.iter_parts())[2].get_content_type() == \
        "text/rfc822-headers"
    q.settled()


def test_success_is_told(q):
    """relayed, for hosts that send no reports; nothing for one that does
    (RFC 3461 5.2.1, 5.2.2).  Delivered: tests/flow/test_flow.py"""
    there = "x@y.example"
    q.told.add(there)
    id_ = commit_wishes(q, [B, OUT, there, "c@demo.example"], envid="e1",
                        wishes={B: (SUCCESS, ""), OUT: (SUCCESS | FAILURE, ""),
                                there: (SUCCESS, "rfc822;y@z.example")})
    job, m = bounce_to(q, A)
    about, *rcpts = fields(list(m.iter_parts())[1])
    assert job.sender == "" and about["Original-Envelope-Id"] == "e1"
    assert {r["Final-Recipient"]: r["Action"] for r in rcpts} == {
        "rfc822; " + B: "relayed", "rfc822; " + OUT: "relayed"}
    assert all(r["Status"].startswith("2.") for r in rcpts)
    assert q.logged("success-told", id=id_)
    to = [j for j in q.delivered(there)][0]
    assert to.wishes[there] == (SUCCESS, "rfc822;y@z.example")
    assert to.envid == "e1"
    q.settled()
    assert len(q.delivered(A)) == 1


def test_success_for_a_list_and_aliases(q):
    # RFC 3461 5.2.7.1, 5.2.7.2, 5.2.7.3 (c)
    q.routes["team@demo.example"] = [remote(OUT), remote("c@demo.example")]
    q.routes["one@demo.example"] = [remote("x@y.example")]
    q.routes["list@demo.example"] = [
        remote("d@far.example", owner="owner-list@demo.example"),
        remote("e@far.example", owner="owner-list@demo.example")]
    names = ["team@demo.example", "one@demo.example", "list@demo.example"]
    commit_wishes(q, names, envid="e1", ret="full", wishes={
        r: (SUCCESS | FAILURE, "rfc822;" + r) for r in names})
    _, m = bounce_to(q, A)
    _, *rcpts = fields(list(m.iter_parts())[1])
    assert {r["Final-Recipient"]: r["Action"] for r in rcpts} == {
        "rfc822; team@demo.example": "expanded",
        "rfc822; list@demo.example": "delivered",
        "rfc822; x@y.example": "relayed"}
    job = q.delivered(OUT)[0]
    assert job.wishes[OUT] == (FAILURE, "rfc822;team@demo.example")
    assert (job.envid, job.ret) == ("e1", 1)
    job = q.delivered("d@far.example")[0]
    assert job.wishes["d@far.example"] == (0, "")
    assert (job.envid, job.ret) == ("", 0)
    assert q.delivered("x@y.example")[0].wishes["x@y.example"] == (
        SUCCESS | FAILURE, "rfc822;one@demo.example")
    q.settled()
    assert len(q.delivered(A)) == 1


def test_success_of_a_forward_file(q):
    q.routes[B] = [mailbox(B)]
    q.forwards[B] = [OUT]
    q.outcome[B] = (DONE, "2.1.5", "forwarded")
    commit_wishes(q, [B], wishes={B: (SUCCESS, "")})
    _, m = bounce_to(q, A)
    _, rcpt = fields(list(m.iter_parts())[1])
    assert (rcpt["Final-Recipient"], rcpt["Action"]) == \
        ("rfc822; " + OUT, "relayed")
    q.settled()
    q.deliveries.clear()
    q.forwards[B] = [OUT, "x@y.example"]
    commit_wishes(q, [B], wishes={B: (SUCCESS, "")})
    _, m = bounce_to(q, A)
    _, rcpt = fields(list(m.iter_parts())[1])
    assert (rcpt["Final-Recipient"], rcpt["Action"]) == \
        ("rfc822; " + B, "expanded")
    q.settled()


def test_success_is_told_once_over_restarts():
    with Qmgr() as q:
        q.outcome[OUT] = (LATER, "4.2.1", "busy")
        commit_wishes(q, [B, OUT], wishes={B: (SUCCESS, ""),
                                           OUT: (SUCCESS, "")})
        bounce_to(q, A)
        waits = len(q.events("waits"))
        q.restart()
        q.wait(lambda: len(q.events("waits")) > waits, "a further pass")
        assert len(q.delivered(A)) == 1
        q.outcome.clear()
        q.settled()
        assert len(q.delivered(A)) == 2
        assert len(q.delivered(B)) == 1


def test_no_report_of_a_report(q):
    commit = whole_file("", [B], wishes={B: (SUCCESS, "")})
    q.commit("", [B], octets=commit)
    q.settled()
    assert not q.events("success-told")


def test_delay_only_if_wanted():
    with Qmgr(delay_notice=1) as q:
        q.outcome[OUT] = (LATER, "4.4.1", "connection refused")
        commit_wishes(q, [OUT], wishes={OUT: (FAILURE, "")})
        q.wait(lambda: len(q.events("waits")) > 3, "passes")
        assert not q.delivered(A)
        q.outcome.clear()
        q.settled()


# -------------------------------------------------------------------- waiting

def test_retry_and_flush():
    with Qmgr(retry_min=3000, retry_max=3000) as q:
        q.outcome[B] = (LATER, "4.2.1", "busy")
        id_ = q.commit(A, [B])
        q.wait(lambda: q.events("waits"), "deferral")
        path = q.put_off(id_)
        assert path.parent.name == id_[-1]
        assert 1400 < path.stat().st_mtime - time.time() <= 3001
        listing = q.control("queue-list")
        assert id_ in listing and "deferred" in listing and B in listing
        assert "-- 1 messages" in listing
        q.outcome.clear()
        assert "1 waiting" in q.control("queue-flush")
        q.settled()
        assert "empty" in q.control("queue-list")


def test_show(q):
    q.outcome[B] = (LATER, "4.2.1", "too \x1bbusy".replace("\x1b", "?"))
    id_ = q.commit(A, [B])
    q.wait(lambda: q.events("waits"), "deferral")
    shown = q.control("queue-show", id_)
    assert f"id {id_}" in shown and f"from <{A}>" in shown
    assert "later 0 " in shown and "too ?busy" in shown
    assert "no such message" in q.control("queue-show", ID + "0")
    assert "no message id" in q.control("queue-show", "../../etc/passwd")
    assert "no such order" in q.control("queue-mend")


def test_the_same_reason_is_written_once():
    with Qmgr() as q:
        q.outcome[B] = (LATER, "4.2.1", "busy")
        id_ = q.commit(A, [B])
        q.wait(lambda: len(q.events("waits")) >= 3, "three passes")
        q.outcome[B] = (LATER, "4.2.2", "full")
        n = len(q.events("waits"))
        q.wait(lambda: len(q.events("waits")) >= n + 2, "two more")
        log = q.control("queue-show", id_)
        assert log.count(" later 0 ") == 2
        assert log.count(" pass ") >= 4


def test_more_than_memory_may_hold():
    with Qmgr(queue_active_max=10) as q:
        q.hook = lambda job: time.sleep(0.002)
        for n in range(60):
            assert len(q.commit(A, [f"u{n}@demo.example"])) == 20
        q.settled()
        assert len(q.deliveries) == 60


def test_corrupt_while_waiting(q):
    q.outcome[B] = (LATER, "4.2.1", "busy")
    id_ = q.commit(A, [B])
    q.wait(lambda: q.events("waits"), "deferral")
    path = q.put_off(id_)
    octets = bytearray(path.read_bytes())
    octets[100] ^= 1
    path.write_bytes(octets)
    q.wait(lambda: q.files("corrupt"), "put aside")
    q.outcome.clear()
    assert len(q.commit(A, [C])) == 20
    q.wait(lambda: q.delivered(C), "the next message")


def test_torn_last_line():
    with Qmgr() as q:
        q.outcome[C] = (LATER, "4.2.1", "busy")
        id_ = q.commit(A, [B, C])
        q.wait(lambda: q.events("waits"), "the first pass")
        q.kill()
        (path,) = q.files().values()
        done = [n for n in path.read_bytes().split(b"\n") if b" done 0 " in n]
        assert len(done) == 1
        with open(path, "ab") as f:
            f.write(b"2026-11-22T05:56:00Z done 1 ")
        q.start()
        q.outcome.clear()
        q.settled()
        assert len(q.delivered(B)) == 1 and len(q.delivered(C)) == 1
        assert q.delivered(C)[0].id == id_


# -------------------------------------------------------------------- orphans

def test_an_orphan_is_waited_for():
    with Qmgr() as q:
        q.hook = lambda job: "hang"
        id_ = q.commit(A, [OUT])
        q.wait(lambda: q.jobs, "the job")
        q.restart()
        q.hook = None
        parent = q.peers["ROLE_SMTP_OUT"]
        fake_qmgr.send(parent, "ORPHAN", fake_qmgr.text(id_))
        time.sleep(3.5)         # past the grace for those without an orphan
        assert len(q.jobs) == 1
        fake_qmgr.send(parent, "ORPHAN_RESULT", fake_qmgr.text(id_) +
                       fake_qmgr.u32(0) + fake_qmgr.u8(DONE) +
                       fake_qmgr.text("2.0.0") + fake_qmgr.text("ok"))
        q.settled()
        assert len(q.jobs) == 1


def test_stop_waits_for_jobs():
    with Qmgr() as q:
        q.commit(A, [B])
        q.settled()
        assert q.kill(15) == 0
        q.start()


def test_nothing_foreign_in_logs(q):
    q.outcome[OUT] = (NEVER, "5.0.0", "550 a b=c \"quoted\"")
    q.commit(A, [OUT])
    q.wait(lambda: q.events("failed"), "the failure")
    for line in q.logs:
        assert re.fullmatch(r"[ -~]*", line)
