"""The disk of the mailboxes is not there when the suite starts: mail is taken and
waits, who logs in is told to try again, the log says why; nothing is made where
the disk should be, and the next start delivers.
"""
import imaplib

import pytest

from suite import Suite, wait_for

ALICE = "alice@demo.example"


def test_mail_waits_for_its_disk():
    suite = Suite(users={ALICE: "secret"}, listen=("mx", "imap"))
    try:
        suite.write()
        away = suite.mail.with_name("away")
        suite.mail.rename(away)
        suite.start()
        suite.wait_log("imap-session.* event=no-mailbox-root "
                       ".*why=.*No such file or directory")
        suite.send("sender@client.example", ALICE, "Subject: x\r\n\r\n")
        suite.wait_log("event=waits")
        with pytest.raises(imaplib.IMAP4.error, match="UNAVAILABLE"):
            suite.imap(ALICE)
        suite.wait_log("event=session-refused .*not below mailbox_roots")
        assert suite.queued() and not suite.mail.exists()
        suite.stop()
        away.rename(suite.mail)
        suite.start()
        suite.wait_stored(ALICE, 1)
        wait_for(lambda: not suite.queued())
    finally:
        suite.close()
