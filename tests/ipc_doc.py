#!/usr/bin/env python3
"""ipc_doc: prints doc/ipc.md from the tables in the source.

usage: tests/ipc_doc.py >doc/ipc.md     (after: make build/tests/flow/print_ipc)

Who may say what to whom is read from the rule tables (struct ipc_rule) and
master/topology.c; what a message looks like comes from the built catalogue.
"""
import os
import re
import subprocess
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
BUILD = ROOT / os.environ.get("BUILD", "build")

RECEIVERS = [
    ("master", "master/start.c"), ("qmgr", "qmgr/request.c"),
    ("lookupd", "helpers/lookupd/request.c"),
    ("keyd", "helpers/keyd/request.c"),
    ("authd", "helpers/authd/request.c"),
    ("pamd", "helpers/pamd/request.c"), ("dnsd", "helpers/dnsd/request.c"),
    ("smtp-out", "smtp-out/main.c"), ("local-deliver", "local-deliver/main.c"),
    ("pop3d, imapd: front", "lib/login/front_login.c"),
    ("pop3d, imapd: session parent", "lib/login/session.c"),
]

HEAD = """# Who asks whom what

Made from the tables in the source by `tests/ipc_doc.py`; `make check` compares.

Daemons talk over `SOCK_SEQPACKET` socket pairs, one message a packet, at most one descriptor with it. A packet is a type (16 bits), a
request id (32 bits) and the fields in order: integers octet by octet, big-endian; text and octets with a length of 16 bits in front; 8192
octets in all at most. A message that the receiver's table does not have for the sender's role, that is too long or too short, has a
value out of bounds, a control character in a text, octets left over, or a descriptor that was not declared, or comes too often, closes the
channel of its sender and nothing else. The role comes from the socket pair, never from a message. Two ends of
different builds refuse each other by a hash over all of these tables.

Every daemon also has a channel to `master` (`super_*`) and one to `logd` (lines of text, one a packet). An answer carries the id
of its request; any question may be answered by `refusal`.

## Channels

Made by master from `master/topology.c`; there are no others.

"""


def edges():
    text = (ROOT / "master/topology.c").read_text()
    body = text.split("topology_edges[] = {")[1].split("};")[0]
    for row in re.finditer(r"\{ ROLE_(\w+), ROLE_(\w+) \},"
                           r"(?:\s*/\* (.*?) \*/)?", body):
        yield name(row[1]), name(row[2]), row[3] or ""


def name(role):
    return role.lower().replace("_", "-")


def roles(expression, macros):
    while True:
        grown = re.sub(r"\b[A-Z]+\b(?!_)",
                       lambda m: macros.get(m[0], m[0]), expression)
        if grown == expression:
            break
        expression = grown
    if "~" in expression:
        return "every daemon"
    return ", ".join(f"`{name(r)}`" for r in
                     re.findall(r"ROLE_BIT\(ROLE_(\w+)\)", expression))


def rules(path):
    text = (ROOT / path).read_text().replace("\\\n", " ")
    macros = dict(re.findall(r"^#define\s+([A-Z]+)\s+(.*ROLE_.*)$", text,
                             re.M))
    body = re.search(r"struct ipc_rule \w+\[\] = \{(.*?)\n\};", text,
                     re.S)[1]
    for row in re.finditer(r"CHAN_RULE\((.*?)\),\n|"
                           r"\{\s*([^{}&]+?),\s*&(\w+)_type,\s*(\d+),",
                           body + "\n", re.S):
        if row[1]:
            yield roles(row[1], macros), "chan_new", "as many as it accepts"
        else:
            yield (roles(row[2], macros), row[3],
                   "" if row[4] == "0" else row[4])


def document():
    out = [HEAD, "| between | and | for |\n|---|---|---|\n"]
    for a, b, why in edges():
        out.append(f"| `{a}` | `{b}` | {why} |\n")
    out.append("\n## Who may say what\n\nAt most so many a second and "
               "sender, with bursts of twice that, else the channel is "
               "closed (lookupd lets its sessions and workers wait instead, and "
               "dnsd the workers); "
               "nothing: as many as the channel carries.\n\n| to | from | message | a second |\n"
               "|---|---|---|---|\n")
    for receiver, path in RECEIVERS:
        for sender, message, rate in rules(path):
            out.append(f"| {receiver} | {sender} | `{message}` | {rate} |\n")
    out.append("\n## Messages\n\nBounds are inclusive: of a number its value, "
               "of text and octets the length.\n\n"
               "| number | message | descriptor | fields |\n|---|---|---|---|\n")
    out.append(subprocess.run([BUILD / "tests/flow/print_ipc"], check=True,
                              capture_output=True, text=True).stdout)
    return "".join(out)


if __name__ == "__main__":
    print(document(), end="")
