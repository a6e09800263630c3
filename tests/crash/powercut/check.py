#!/usr/bin/env python3
"""What a loss of power has left: every promise in $POWERCUT_ACKED is kept.

First as it lies on the disk, before any program of ours has seen it; then, for
one of the three survivors of each place in turn, the suite is started on it, and
when its queue is empty each message is in its mailboxes, whole, at most once more
than asked for; UIDs that a client was told still name the same message; what
nobody finished is gone, or, where its first line says that it was, put aside.

  check.py [static]       static: only the first part
"""
import contextlib
import imaplib
import os
import re
import smtplib
import sys
from collections import defaultdict
from pathlib import Path

import scene
import suite as harness
from numbered import in_maildir, in_queue, message, queue_files

QUEUE_NAMES = {"incoming", "deferred", "hold", "corrupt", "lock", "run"}


def mailboxes(rcpts):
    return [box for rcpt in rcpts for box in scene.MEMBERS.get(rcpt, [rcpt])]


def waiting(suite):
    """(mailbox, number) of what is in the queue."""
    return {(box, number) for rcpt, number in in_queue(suite.queue)
            for box in mailboxes([rcpt])}


def promises():
    """Sets of (mailbox, folder, number), and of (mailbox, folder, number,
    validity, uid)."""
    there, uids = set(), set()
    text = Path(os.environ["POWERCUT_ACKED"]).read_text(encoding="ascii")
    for line in text.splitlines():
        kind, number, *rest = line.split()
        if kind == "smtp":
            there |= {(box, "", int(number)) for box in mailboxes(rest)}
            continue
        folder = scene.FOLDER if kind == "append" else ""
        there.add((rest[0], folder, int(number)))
        uids.add((rest[0], folder, int(number), int(rest[1]), int(rest[2])))
    return there, uids


def folder_dir(suite, mailbox, folder):
    return suite.maildir(mailbox, "." + folder if folder else "")


def stored(suite):
    """(mailbox, folder) -> Counter of numbers; and what is not whole."""
    found, bad = {(scene.FAR, ""): {}}, []
    for mailbox in scene.MAILBOXES:
        for folder in ("", scene.FOLDER):
            found[mailbox, folder], wrong = in_maildir(
                folder_dir(suite, mailbox, folder))
            bad += wrong
    return found, bad


def missing(there, found, queued):
    for mailbox, folder, number in sorted(there):
        if number not in found[mailbox, folder] and \
                (folder or (mailbox, number) not in queued):
            yield f"number {number} for {mailbox} {folder} is lost"


def as_it_lies(suite, there):
    found, bad = stored(suite)
    return bad + list(missing(there, found, waiting(suite)))


def told_uids(suite, uids):
    wanted = defaultdict(list)
    for mailbox, folder, *rest in uids:
        wanted[mailbox, folder].append(rest)
    for (mailbox, folder), rows in wanted.items():
        client = suite.imap(mailbox)
        status, answer = client.select(folder or "INBOX", readonly=True)
        if status != "OK":
            yield f"{mailbox} {folder}: SELECT: {status} {answer}"
            continue
        validity = int(client.response("UIDVALIDITY")[1][0])
        _, lines = client.uid("fetch", "1:*",
                              "(UID BODY.PEEK[HEADER.FIELDS (X-Number)])")
        have = {int(re.search(rb"UID (\d+)", line[0])[1]):
                int(re.search(rb"X-Number: (\d+)", line[1])[1])
                for line in lines if isinstance(line, tuple)}
        client.logout()
        for number, told_validity, uid in rows:
            if told_validity != validity or have.get(uid) != number:
                yield (f"{mailbox} {folder}: UID {uid} of {told_validity} "
                       f"was number {number}, now {have.get(uid)} of "
                       f"{validity}")


def touch_mailboxes(suite):
    """Each still takes mail and can be read."""
    for mailbox in scene.MAILBOXES:
        suite.send("sender@client.example", mailbox, message(0, mailbox))
        client = suite.imap(mailbox)
        client.select()
        client.logout()


def leftovers(suite):
    for path in suite.queue.iterdir():
        if path.name not in QUEUE_NAMES:
            yield f"{path} is left over"
    for file in queue_files(suite.queue, ["corrupt"]):
        with contextlib.suppress(ValueError):
            yield f"{file.path} is whole: {file.number()}"


def wait_delivered(suite):
    """Only what another host does not take is left."""
    def left():
        return [f for f in queue_files(suite.queue)
                if f.rcpts is None or scene.FAR not in f.rcpts]
    try:
        harness.wait_for(lambda: not left(), 30)
    except TimeoutError:
        raise AssertionError(f"in the queue: {left()}") from None


def after_recovery(suite, there, uids):
    suite.start()
    try:
        wait_delivered(suite)
        bad = list(told_uids(suite, uids))
        touch_mailboxes(suite)
        wait_delivered(suite)
        bad += leftovers(suite)
    except (AssertionError, RuntimeError, OSError, imaplib.IMAP4.error,
            smtplib.SMTPException) as why:
        return [f"recovery: {str(why)[:1000]}; {complaints(suite)}"]
    finally:
        suite.stop()
    found, not_whole = stored(suite)
    far = {(box, n) for box, n in waiting(suite) if box == scene.FAR}
    bad += not_whole + list(missing(there, found, far))
    for (mailbox, folder), counts in found.items():
        bad += [f"number {n} is {times} times in {mailbox} {folder}"
                for n, times in counts.items() if times > 2]
    return bad


def complaints(suite):
    """The last that the daemons had to say."""
    lines = [line for line in suite.log_text().splitlines()
             if re.search(r" (warn|error) ", line)]
    return " | ".join(lines[-4:])


def is_turn():
    """Image n is survivor n % 3 of place n // 3."""
    n = int(os.environ["POWERCUT_TRY"])
    return (n // 3 + n) % 3 == 0 and sys.argv[1:] != ["static"]


def main():
    there, uids = promises()
    suite = scene.again()
    bad = as_it_lies(suite, there)
    if not bad and is_turn():
        bad = after_recovery(suite, there, uids)
    print("; ".join(bad[:4]), f"and {len(bad) - 4} more" if bad[4:] else "")
    return 1 if bad else 0


if __name__ == "__main__":
    sys.exit(main())
