"""The suite under test: its queue and mailboxes on the disk that loses its
power ($POWERCUT_DIR), all else in $CRASH_SITE, which does not.
"""
import json
import os
import sys
from pathlib import Path

HERE = Path(__file__).resolve().parent
sys.path[:0] = [str(HERE.parent), str(HERE.parent.parent / "flow")]

import suite as harness     # noqa: E402

DISK = Path(os.environ["POWERCUT_DIR"])
SITE = Path(os.environ["CRASH_SITE"])
MAILBOXES = [f"user{i}@demo.example" for i in range(4)]
TEAM, FAR = "team@demo.example", "someone@far.example"
MEMBERS = {TEAM: MAILBOXES[:2]}     # others are themselves
FOLDER = "Drafts"               # where APPEND puts its messages


def suite(ports=None, **more):
    mail = DISK / "mail"
    made = harness.Suite(
        SITE, ports=ports, listen=("mx", "imap") if ports is None else (),
        users={name: "secret" for name in MAILBOXES},
        settings={"queue_dir": DISK / "queue", "mailbox_roots": [mail],
                  "mailbox_path": f"{mail}/%d/%n/Maildir",
                  "relay_domains": ["far.example"],
                  "local_submission": False},
        maps={"aliases": f"team: {', '.join(MEMBERS[TEAM])}\n",
              "routes": "far.example: smtp:[127.0.0.1]:9\n"}, **more)
    made.queue, made.mail = DISK / "queue", mail
    return made


def prepare():
    """Once, before the load: directories, configuration, accounts."""
    made = suite()
    made.mail.mkdir()
    made.write()
    (SITE / "ports").write_text(json.dumps(made.port), encoding="ascii")


def again(**more):
    """The same in another process."""
    return suite(json.loads((SITE / "ports").read_text(encoding="ascii")),
                 **more)


if __name__ == "__main__":
    prepare()
