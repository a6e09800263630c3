"""When qmgr tries again, tells of a delay, and gives up: retry_rules, and the
lifetimes of mail and of bounces."""
import time

from fake_qmgr import LATER, NEVER, Qmgr, fail, mailbox, remote
from test_qmgr import A, B, OUT, bounce_to, fields

SLOW, FULL, GREY = "s@slow.example", "f@full.example", "g@grey.example"


def waits(q, id_):
    return [int(e["for"]) for e in q.events("waits", id=id_)]


def test_the_interval_of_a_rule():
    """Without a rule it would be an hour at least."""
    with Qmgr(expire=86400, retry_min=3600, retry_max=3600, retry_rules=[
            "other.example any 4h", ".example greylist 30m",
            "* greylist 4h", "far.example connect 10m*2..1h"]) as q:
        for to, said, least, most in (
                (GREY, "450 4.2.0 Greylisted, come again", 1800, 2250),
                (OUT, "cannot connect", 600, 750),
                (SLOW, "450 4.2.0 busy", 2700, 3600)):
            esc = "4.4.1" if "connect" in said else "4.2.0"
            q.outcome[to] = (LATER, esc, said)
            id_ = q.commit(A, [to])
            q.wait(lambda: waits(q, id_), to)
            assert least <= waits(q, id_)[0] <= most, to


def test_recipients_of_one_message_wait_for_their_own_times():
    """The one is tried every second, the other not before his hour; after a
    restart as well; all at once when an operator says so."""
    tries = []
    with Qmgr(retry_rules=["slow.example any 1h", "* any 1s"]) as q:
        q.hook = lambda job: tries.extend(r[1] for r in job.rcpts)
        q.outcome[SLOW] = q.outcome[OUT] = (LATER, "4.4.1", "no")
        id_ = q.commit(A, [SLOW, OUT])
        q.wait(lambda: tries.count(OUT) >= 3, "three attempts")
        assert tries.count(SLOW) == 1
        q.restart()
        q.wait(lambda: tries.count(OUT) >= 6, "three more")
        assert tries.count(SLOW) == 1
        q.outcome.pop(OUT)
        q.wait(lambda: q.delivered(OUT), "the one")
        q.wait(lambda: len(q.files("deferred")) == 1 and any(
            w > 3000 for w in waits(q, id_)), "the other's time")
        assert tries.count(SLOW) == 1
        q.outcome.clear()
        q.control("queue-flush")
        q.settled()
        assert tries.count(SLOW) == 2 and len(q.delivered(SLOW)) == 1
        assert len(q.delivered(OUT)) == 1


def test_the_lifetime_of_a_rule():
    """The one is given up, the other goes on."""
    with Qmgr(retry_rules=["* quota 1s 2s", "* any 1s"]) as q:
        q.outcome[FULL] = (LATER, "4.2.2", "452 4.2.2 full")
        q.outcome[OUT] = (LATER, "4.4.1", "no")
        id_ = q.commit(A, [FULL, OUT])
        _, m = bounce_to(q, A)
        about = [fields(p) for p in list(m.iter_parts())[1:2]][0]
        assert "full.example" in str(about[1]["Final-Recipient"])
        many = len(waits(q, id_))
        q.wait(lambda: len(waits(q, id_)) > many + 1, "further attempts")
        assert not q.delivered(OUT) and len(q.delivered(A)) == 1
        q.outcome.clear()
        q.settled()
        assert q.delivered(OUT) and len(q.delivered(A)) == 1


def test_rules_change_while_mail_waits():
    with Qmgr(retry_rules=["* any 1h"], expire=86400) as q:
        q.outcome[OUT] = (LATER, "4.4.1", "no")
        first = q.commit(A, [OUT])
        q.wait(lambda: waits(q, first), "an hour")
        q.reload(retry_rules=["* any 2h"])
        second = q.commit(A, [OUT])
        q.wait(lambda: waits(q, second), "two hours")
        assert waits(q, first)[0] < 5000 < 7000 < waits(q, second)[0]
        q.reload(retry_rules=["* any 1s"])
        q.control("queue-flush")
        q.wait(lambda: min(waits(q, first)) <= 2 and
               min(waits(q, second)) <= 2, "seconds")
        q.outcome.clear()
        q.settled()


# ------------------------------------------------------------------ lifetimes

def test_bounces_have_a_lifetime_of_their_own():
    """A bounce is given up first, and the postmaster is told; the mail beside
    it, which waits for the same host, lives on."""
    with Qmgr(expire=3600, bounce_expire=2, postmaster=B) as q:
        q.outcome[SLOW] = (LATER, "4.4.1", "no")
        bounce, mail = q.commit("", [SLOW]), q.commit(A, [SLOW])
        job, m = bounce_to(q, B)
        assert job.sender == "" and bounce in m.as_string()
        assert "4.4.7" in m.as_string()
        q.wait(lambda: bounce not in q.files(), "its removal")
        assert mail in q.files() and not q.delivered(A)


def test_mail_expires_and_its_bounce_fails_and_there_it_ends():
    with Qmgr(expire=2, bounce_expire=2, postmaster="pm@demo.example") as q:
        q.outcome[OUT] = (LATER, "4.4.1", "no")
        q.outcome[SLOW] = (LATER, "4.4.1", "no")
        q.outcome["pm@demo.example"] = (LATER, "4.2.2", "full")
        q.commit(OUT, [SLOW])
        q.wait(lambda: len(q.events("bounced")) == 2, "bounce, double bounce",
               seconds=30)
        to = [e["to"] for e in q.events("bounced")]
        assert to == [OUT, "pm@demo.example"]
        q.wait(lambda: q.events("undeliverable"), "the end", seconds=30)
        q.settled()
        assert len(q.events("bounced")) == 2


def test_trouble_of_this_host_bounces_nothing():
    """Whatever our own maps, settings and programs come to."""
    with Qmgr() as q:
        q.routes[B] = [fail(B, "4.3.5", "bad :include:", permanent=0)]
        q.outcome[OUT] = (LATER, "4.3.5", "cannot start the program")
        ids = [q.commit(A, [B]), q.commit(A, [OUT])]
        q.wait(lambda: all(len(waits(q, i)) > 1 for i in ids), "attempts")
        assert not q.events("bounced") and not q.events("failed")
        q.drop_peer("ROLE_LOOKUPD")
        third = q.commit(A, ["new@demo.example"])
        time.sleep(1.5)
        assert third in q.files() and not q.events("bounced")


def test_jobs_at_once_to_one_destination():
    """destination_jobs_max, with ten messages and room for more elsewhere."""
    with Qmgr(destination_jobs_max=2) as q:
        q.hook = lambda job: "hang" if job.nexthop == "far.example" else None
        for _ in range(10):
            q.commit(A, [OUT])
        other = q.commit(A, [SLOW])
        q.wait(lambda: q.delivered(SLOW), "the other destination")
        time.sleep(0.5)
        assert len(q.hung) == 2
        assert other not in q.files()


def test_no_backscatter():
    """Mail without sender, and reports, make no further reports to others."""
    with Qmgr(delay_notice=1) as q:
        q.outcome[OUT] = (NEVER, "5.1.1", "550 no")
        q.outcome[SLOW] = (LATER, "4.4.1", "no")
        q.commit("", [OUT])
        slow = q.commit("", [SLOW])
        q.wait(lambda: q.events("undeliverable"), "said in the log")
        q.wait(lambda: len(waits(q, slow)) > 3, "time for a notice")
        assert not q.events("bounced") and not q.events("delay-told")
        assert not q.deliveries
