#!/usr/bin/env python3
"""quick: rough figures of this suite alone: messages of 4 KiB a second in by
SMTP and delivered to Maildirs, and what each cost in CPU of the daemons.

The clients are Python and share the machine, so the figures are lower bounds,
good for comparing two states of the tree on one machine.
"""
import os
import sys
import threading
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent / "flow"))

from suite import Suite, wait_for  # noqa: E402

SESSIONS, EACH, BOXES = 8, 150, 20
USERS = {f"u{i}@demo.example": "secret" for i in range(BOXES)}
BODY = b"Subject: bench\r\n\r\n" + (b"x" * 62 + b"\r\n") * 63


def session(paq, names, reuse):
    client = None
    for n in range(EACH):
        if client is None:
            client = paq.smtp(port="mx")
        client.sendmail("a@client.example", [names[n % BOXES]], BODY)
        if not reuse:
            client.quit()
            client = None
    if client is not None:
        client.quit()


def cpu_s(paq):
    """Of all processes below master, and their ended children."""
    total = 0
    for pid in [paq.master.pid, *paq.tree()]:
        try:
            word = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2] \
                .split()
        except OSError:
            continue
        total += sum(map(int, word[11:15]))
    return total / os.sysconf("SC_CLK_TCK")


def run(paq, reuse, done_before):
    names, total = list(USERS), SESSIONS * EACH
    before, began = cpu_s(paq), time.monotonic()
    threads = [threading.Thread(target=session, args=(paq, names, reuse))
               for _ in range(SESSIONS)]
    for t in threads:
        t.start()
    for t in threads:
        t.join()
    accepted = time.monotonic() - began
    wait_for(lambda: sum(len(paq.stored(u)) for u in names) >=
             done_before + total, 300, 0.2)
    delivered = time.monotonic() - began
    print(f"{'one connection' if reuse else 'a connection a message':<24}"
          f"{total / accepted:8.0f} accepted/s {total / delivered:8.0f} "
          f"delivered/s {(cpu_s(paq) - before) * 1000 / total:8.2f} ms CPU each")
    return done_before + total


if __name__ == "__main__":
    with Suite(users=USERS, settings={"smtp_clients_max": "100"}) as suite:
        so_far = run(suite, False, 0)
        run(suite, True, so_far)
