"""The words of reports from a file (report_templates): bounces, notices of
delay and of success, and what a bad file changes."""
import email
import email.policy

import pytest

from fake_qmgr import LATER, NEVER, Qmgr
from suite import Suite
from test_qmgr import A, B, OUT, SUCCESS, bounce_to, commit_wishes, fields

TEXT = """# ours
failure_template = <<EOF
Charset: utf-8
From: Süd Mail
Subject: Zurück: nicht zugestellt
Postmaster-Subject: A report came back

Grüße von $myhostname: $queue_id von ${sender} an $recipients.
Preis: $$5
EOF

delay_template = <<STOP
Subject: Slow

After $delay_hours hours; EOF in $expire_days days.
STOP
success_template = <<EOF
Charset: iso-8859-1
Subject: Done

Angekommen.
EOF
"""


@pytest.fixture
def path(tmp_path):
    file = tmp_path / "templates"
    file.write_text(TEXT, encoding="utf-8")
    return file


def parts(job):
    m = email.message_from_bytes(job.text, policy=email.policy.default)
    return m, list(m.iter_parts())


def words(part):
    return part.get_content().replace("\r\n", "\n")


def test_a_bounce(path):
    with Qmgr(report_templates=path) as q:
        q.outcome[OUT] = (NEVER, "5.1.1", "550 nobody")
        id_ = q.commit(A, [OUT])
        job, _ = bounce_to(q, A)
        m, (first, status, _) = parts(job)
        assert m["Subject"] == "Zurück: nicht zugestellt"
        assert m["From"].addresses[0].display_name == "Süd Mail"
        assert m["From"].addresses[0].addr_spec == \
            "MAILER-DAEMON@mail.demo.example"
        text = words(first)
        assert text.startswith(
            f"Grüße von mail.demo.example: {id_} von {A} an 1.\nPreis: $5\n")
        assert "dave@far.example" in text and "550 nobody" in text
        assert first.get_content_charset() == "utf-8"
        # What machines read is not the file's.
        about = fields(status)
        assert about[1]["Action"] == "failed" and about[1]["Status"] == "5.1.1"


def test_a_sender_cannot_write_into_it(path):
    with Qmgr(report_templates=path) as q:
        odd = '"$hostname ${x} \\"q"@demo.example'
        q.outcome[OUT] = (NEVER, "5.1.1", "550 $sender")
        q.commit(odd, [OUT])
        job, _ = bounce_to(q, odd)
        text = words(parts(job)[1][0])
        assert f"von {odd} an" in text and "550 $sender" in text


def test_a_delay_and_success(path):
    with Qmgr(report_templates=path, delay_notice=1) as q:
        q.outcome[OUT] = (LATER, "4.4.1", "slow")
        q.commit(A, [OUT])
        job, _ = bounce_to(q, A)
        m, (first, *_) = parts(job)
        assert m["Subject"] == "Slow"
        assert words(first).startswith(
            "After 0 hours; EOF in 0 days.\n")
        assert first.get_content_charset() == "us-ascii"
        q.outcome.clear()
        q.settled()
        commit_wishes(q, [B], wishes={B: (SUCCESS, "")})
        q.wait(lambda: len(q.delivered(A)) == 2, "success")
        m, (first, *_) = parts(q.delivered(A)[1])
        assert m["Subject"] == "Done"
        assert words(first).startswith("Angekommen.")


def test_for_the_postmaster(path):
    with Qmgr(report_templates=path, postmaster=B) as q:
        q.outcome[OUT] = (NEVER, "5.1.1", "550 nobody")
        q.commit("", [OUT])
        job, _ = bounce_to(q, B)
        assert parts(job)[0]["Subject"] == "A report came back"


def test_a_bad_file_changes_nothing(path):
    with Qmgr(report_templates=path, delay_notice=0) as q:
        path.write_text("failure_template = <<EOF\nSubject: x\n\n$nothing\n"
                        "EOF\n")
        q.reload()
        q.wait(lambda: q.events("bad-report-templates"), "a line in the log")
        assert "line 4" in q.events("bad-report-templates")[0]["why"]
        q.outcome[OUT] = (NEVER, "5.1.1", "550 nobody")
        q.commit(A, [OUT])
        job, _ = bounce_to(q, A)
        assert parts(job)[0]["Subject"].startswith("Zurück")
        path.write_text("# nothing: ours again\n")
        q.reload()
        q.commit(A, [OUT])
        q.wait(lambda: len(q.delivered(A)) == 2, "the second")
        assert parts(q.delivered(A)[1])[0]["Subject"] == \
            "Your message could not be delivered"


def test_check(path):
    with Suite(settings={"report_templates": str(path)}) as paq:
        paq.write()
        done = paq.run("paquebot", "-c", paq.conf, "check", check=False)
        assert done.returncode == 0, done.stderr
        path.write_text("failure_template = <<EOF\nX: y\n\nEOF\n")
        done = paq.run("paquebot", "-c", paq.conf, "check", check=False)
        assert done.returncode == 78 and "line 2" in done.stderr


def test_reload_says_what_is_wrong(path):
    with Suite(settings={"report_templates": str(path)}) as paq:
        assert paq.paquebot("reload", check=False).returncode == 0
        path.write_text("failure_template = <<EOF\nX: y\n\nEOF\n")
        done = paq.paquebot("reload", check=False)
        assert done.returncode == 65 and "line 2" in done.stderr
        paq.wait_log("event=bad-report-templates")
