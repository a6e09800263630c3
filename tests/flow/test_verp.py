"""A sender address for each recipient (XVERP, sendmail -XV), and bounces that
come to it."""
import smtplib

import pytest

from fake_qmgr import LATER, NEVER, Qmgr, remote, whole_file, MESSAGE
from suite import Suite
from test_qmgr import A, B, OUT

LIST = "list@demo.example"
FAR = "far@x.example"


def verp(to, marks="+="):
    user, domain = to.split("@")
    return f"list{marks[0]}{user}{marks[1]}{domain}@demo.example"


def commit(q, rcpts, **more):
    return q.commit(LIST, rcpts, octets=whole_file(LIST, rcpts, MESSAGE,
                                                   **more))


def test_each_recipient_has_a_sender_of_its_own():
    with Qmgr() as q:
        commit(q, [OUT, FAR, B], verp="-=")
        q.wait(lambda: len(q.deliveries) == 3, "three copies")
        assert {to: job.sender for to, job in q.deliveries} == {
            to: verp(to, "-=") for to in (OUT, FAR, B)}
        q.settled()


def test_without_it_they_travel_together():
    with Qmgr() as q:
        commit(q, [OUT, "eve@far.example"])
        q.wait(lambda: len(q.deliveries) == 2, "two")
        assert {job.sender for _, job in q.deliveries} == {LIST}
        assert len({id(job) for _, job in q.deliveries}) == 1


def test_bounces_come_to_it_each_once():
    with Qmgr() as q:
        q.outcome[OUT] = (NEVER, "5.1.1", "550 no")
        q.outcome[FAR] = (LATER, "4.4.1", "slow")
        commit(q, [OUT, FAR], verp="+=")
        q.wait(lambda: q.delivered(verp(OUT)), "the bounce")
        (job,) = q.delivered(verp(OUT))
        assert job.sender == "" and b"dave@far.example" in job.text
        # That it was delivered is written, and that the other one waits.
        q.logged("removed")
        q.logged("waits")
        q.restart()
        q.outcome[FAR] = (NEVER, "5.1.1", "550 no")
        q.wait(lambda: q.delivered(verp(FAR)), "the other")
        q.settled()
        assert len(q.delivered(verp(OUT))) == 1
        assert not q.delivered(LIST)


def test_an_alias_in_utf8_asks_no_smtputf8_of_others():
    """RFC 6531 3.2: a host without it could not be told of such a sender."""
    with Qmgr() as q:
        alias = "jörg@demo.example"
        q.routes[alias.encode().decode("latin-1")] = [remote(OUT)]
        commit(q, [alias, FAR], verp="+=")
        q.wait(lambda: len(q.deliveries) == 2, "two")
        assert {to: job.sender for to, job in q.deliveries} == {
            OUT: LIST, FAR: verp(FAR)}
        q.settled()


@pytest.mark.parametrize("marks", ["+", "+=+", "ab", "+ "])
def test_bad_marks_are_no_envelope(marks):
    with Qmgr() as q:
        assert commit(q, [OUT], verp=marks) == "4.3.0"
        assert not q.deliveries


# ------------------------------------------------------------- the whole suite

@pytest.fixture(name="paq", scope="module")
def fixture():
    # list+bob=demo.example is the list's, by its detail
    with Suite(users={A: "a secret", B: "b secret", LIST: "l secret"},
               settings={"verp_clients": ["127.0.0.1/32"]}) as paq:
        yield paq


def test_by_smtp(paq):
    with smtplib.SMTP("127.0.0.1", paq.port["mx"]) as s:
        s.ehlo()
        assert s.has_extn("xverp")
        s.sendmail(LIST, [A, B], "Subject: x\r\n\r\n",
                   mail_options=["XVERP"])
        for bad in ("XVERP=", "XVERP=+", "XVERP=ab", "XVERP=+=+"):
            assert s.docmd("MAIL", f"FROM:<{LIST}> {bad}")[0] == 501
    paq.wait_stored(A, 1)
    paq.wait_stored(B, 1)
    for to in (A, B):
        assert f"Return-Path: <{verp(to)}>" in first(paq, to)


def first(paq, user):
    (file,) = paq.stored(user)
    text = file.read_text()
    file.unlink()
    return text


def test_by_sendmail(paq):
    paq.sendmail("-XV-=", "-f", LIST, "-i", B, stdin="Subject: y\n\nhi\n")
    paq.wait_stored(B, 1)
    assert f"Return-Path: <{verp(B, '-=')}>" in first(paq, B)


def test_not_for_everybody():
    with Suite(users={A: "a secret"}) as paq:
        with smtplib.SMTP("127.0.0.1", paq.port["mx"]) as s:
            s.ehlo()
            assert not s.has_extn("xverp")
            assert s.docmd("MAIL", f"FROM:<{LIST}> XVERP")[0] == 555
