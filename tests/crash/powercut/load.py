#!/usr/bin/env python3
"""Clients of a suite whose disk will lose its power.  What a client was told
it writes as one line to $POWERCUT_ACK, in one write:

  smtp NUMBER MAILBOX...          250 after DATA was read
  append NUMBER MAILBOX VALIDITY UID      OK with APPENDUID was read
  seen NUMBER MAILBOX VALIDITY UID        INBOX: FETCH told this UID

Runs until it is killed.
"""
import contextlib
import imaplib
import itertools
import os
import random
import re
import smtplib
import subprocess
import sys
import threading
import time

import scene
from numbered import message

SMTP_CLIENTS, PER_CONNECTION = 5, 12
TROUBLE = (OSError, EOFError, smtplib.SMTPException, imaplib.IMAP4.error)

numbers = itertools.count(1)
acks = os.open(os.environ["POWERCUT_ACK"], os.O_WRONLY | os.O_APPEND)


def promise(*words):
    os.write(acks, (" ".join(map(str, words)) + "\n").encode())


def recipients(rng):
    """Some to an alias, some that another host does not take for now."""
    if rng.random() < 0.1:
        return [scene.TEAM]
    to = rng.sample(scene.MAILBOXES, rng.choice((1, 1, 1, 2, 4)))
    return to + [scene.FAR] if rng.random() < 0.05 else to


def smtp_connection(suite, rng):
    with suite.smtp(port="mx") as client:
        for _ in range(PER_CONNECTION):
            n = next(numbers)
            to = recipients(rng)
            client.mail("sender@client.example")
            taken = [r for r in to if client.rcpt(r)[0] == 250]
            code, _ = client.data(message(n, to[0]))
            if code == 250:
                promise("smtp", n, *taken)


def smtp_client(suite, seed):
    rng = random.Random(seed)
    while True:
        with contextlib.suppress(*TROUBLE):
            smtp_connection(suite, rng)
        time.sleep(0.01)


def imap_append(suite, mailbox):
    client = suite.imap(mailbox)
    client.create(scene.FOLDER)
    while True:
        n = next(numbers)
        status, answer = client.append(scene.FOLDER, None, None,
                                       message(n, mailbox, 6000))
        uid = re.search(rb"APPENDUID (\d+) (\d+)", answer[0])
        if status == "OK":
            promise("append", n, mailbox, int(uid[1]), int(uid[2]))
        time.sleep(0.02)


def imap_watch(suite, mailbox):
    client, last = suite.imap(mailbox), 0
    if client.select()[0] != "OK":
        raise client.error("SELECT")
    validity = int(client.response("UIDVALIDITY")[1][0])
    while True:
        client.noop()
        _, lines = client.uid("fetch", f"{last + 1}:*",
                              "(UID BODY.PEEK[HEADER.FIELDS (X-Number)])")
        for line in lines:
            if not isinstance(line, tuple):
                continue
            uid = int(re.search(rb"UID (\d+)", line[0])[1])
            number = re.search(rb"X-Number: (\d+)", line[1])
            if uid > last and number:
                promise("seen", int(number[1]), mailbox, validity, uid)
                last = uid
        time.sleep(0.1)


def imap_client(suite, run, mailbox):
    while True:
        with contextlib.suppress(*TROUBLE):
            run(suite, mailbox)
        time.sleep(0.05)


def main():
    wrapper = os.environ.get("CRASH_WRAPPER", "").split()
    suite = scene.again(wrapper=wrapper)
    try:
        suite.start(90)
    except (RuntimeError, subprocess.SubprocessError) as why:
        print("the suite did not start:", why)
        return 1
    clients = [(smtp_client, suite, seed) for seed in range(SMTP_CLIENTS)]
    clients += [(imap_client, suite, imap_append, m)
                for m in scene.MAILBOXES[:2]]
    clients += [(imap_client, suite, imap_watch, scene.MAILBOXES[2])]
    for run, *args in clients:
        threading.Thread(target=run, args=args, daemon=True).start()
    while True:
        time.sleep(60)


if __name__ == "__main__":
    sys.exit(main())
