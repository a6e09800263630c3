#!/usr/bin/env python3
"""demo.py - a mail server to look at, in the directory demo of this tree.

usage: tools/demo.py [BIN]     (make demo builds first)

Starts a suite with the accounts alice@demo.example and bob@demo.example on free
ports of 127.0.0.1, sends a message from one to the other, shows its way
through the daemons, reads it by IMAP and by POP3, all with TLS, says "demo: ready" and runs
until Ctrl-C or SIGTERM.  demo/env holds the ports, passwords and paths.
"""
import email.message
import email.utils
import imaplib
import poplib
import pwd
import re
import secrets
import shutil
import signal
import ssl
import subprocess
import sys
import threading
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT / "tests" / "flow"))

import suite as harness     # noqa: E402

ALICE, BOB = "alice@demo.example", "bob@demo.example"

MISSING = """
*** NOT STARTED AS ROOT: THIS SHOWS HOW MAIL FLOWS, NOT HOW IT IS PROTECTED ***
All daemons run under your own user id.  What is missing: a user for each
daemon, an empty root directory for those that read the network, user
namespaces in which alone a mailbox's owner can be taken on, and with them the
walls between one mailbox and another.  seccomp, Landlock and no_new_privs are
still applied.  As root, "make demo" shows it all.
"""


NO_NAMESPACES = """
*** NO USER NAMESPACES HERE (inside a chroot, or switched off) ***
The parents of deliveries and mailbox sessions stay root until they become a
mailbox's owner, with a seccomp filter on whom they may become instead of a
namespace in which nobody else exists.
"""


def say(text=""):
    print(text, flush=True)


def announce(text):
    say(f"\n== {text}")


def scratch():
    """demo/, fresh."""
    place = ROOT / "demo"
    if place.exists():
        shutil.rmtree(place)
    place.mkdir()
    return place


def certificate(place):
    """One that nobody has signed but itself, as "certificate key"."""
    pair = [place / "tls" / "demo.crt", place / "tls" / "demo.key"]
    pair[0].parent.mkdir(mode=0o700)
    subprocess.run(
        ["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt",
         "ec_paramgen_curve:P-256", "-nodes", "-days", "365", "-subj",
         "/CN=mx.demo.example", "-addext",
         "subjectAltName=DNS:mx.demo.example,DNS:localhost,IP:127.0.0.1",
         "-out", pair[0], "-keyout", pair[1]], check=True,
        capture_output=True)
    pair[1].chmod(0o600)
    return " ".join(map(str, pair))


def write_env(demo):
    names = {"mx": "SMTP_PORT", "submission": "SUBMISSION_PORT",
             "submissions": "SUBMISSIONS_PORT", "imap": "IMAP_PORT",
             "imaps": "IMAPS_PORT", "pop3": "POP3_PORT",
             "pop3s": "POP3S_PORT", "lmtp": "LMTP_PORT"}
    env = {names[kind]: port for kind, port in demo.port.items()}
    env.update(CERTIFICATE=demo.dir / "tls" / "demo.crt",
               ALICE_PASSWORD=demo.users[ALICE],
               BOB_PASSWORD=demo.users[BOB], QUEUE=demo.queue, MAIL=demo.mail,
               CONF=demo.conf, LOG=demo.log)
    path = demo.dir / "env"
    path.touch(mode=0o600)
    path.write_text("".join(f"{k}={v}\n" for k, v in env.items()))


def show_daemons(demo):
    announce("The daemons, and who they are")
    for r in demo.status():
        text = Path(f"/proc/{r['pid']}/status").read_text()
        uid = int(re.search(r"^Uid:\t(\d+)", text, re.M).group(1))
        say(f"   {r['daemon']:<14} {r['pid']:>8}  {pwd.getpwuid(uid).pw_name}")


def trusting(demo):
    """TLS that believes in the demo's own certificate, and in no other."""
    return ssl.create_default_context(cafile=demo.dir / "tls" / "demo.crt")


def send(demo):
    message = email.message.EmailMessage()
    message["From"], message["To"] = f"Alice <{ALICE}>", f"Bob <{BOB}>"
    message["Subject"] = "The ship has sailed"
    message["Date"] = email.utils.localtime()
    message["Message-ID"] = email.utils.make_msgid(domain="demo.example")
    message.set_content("Dear Bob,\n\nthis came all the way.\n\nAlice\n")
    announce("alice sends a message to bob by SMTP with STARTTLS, logged in")
    with demo.smtp() as client:
        client.starttls(context=trusting(demo))
        client.ehlo("client.example")
        client.login(ALICE, demo.users[ALICE])
        client.mail(ALICE)
        client.rcpt(BOB)
        code, text = client.data(message.as_bytes(
            policy=message.policy.clone(linesep="\r\n")))
    say(f"   {code} {text.decode()}")
    demo.wait_stored(BOB, 1)
    return message["Subject"]


def show_way(demo):
    """Every line of the log that has the message's id."""
    announce("Its way through the daemons, as the log tells it")
    demo.wait_queue_empty()
    found = re.search(r"\bid=(\S+)", demo.log_text())
    for line in demo.log_text().splitlines():
        if found is not None and found.group(1) in line:
            say("   " + line)


def read_imap(demo, subject):
    announce("bob reads it by IMAP with TLS")
    client = imaplib.IMAP4_SSL("127.0.0.1", demo.port["imaps"],
                               ssl_context=trusting(demo), timeout=60)
    client.login(BOB, demo.users[BOB])
    client.select("INBOX")
    octets = client.fetch("1", "(BODY.PEEK[])")[1][0][1]
    client.logout()
    show_message(octets, subject)


def read_pop3(demo, subject):
    announce("bob reads it by POP3 with TLS")
    client = poplib.POP3_SSL("127.0.0.1", demo.port["pop3s"],
                             context=trusting(demo), timeout=60)
    client.user(BOB)
    client.pass_(demo.users[BOB])
    octets = b"\r\n".join(client.retr(1)[1])
    client.quit()
    show_message(octets, subject)


def show_message(octets, subject):
    if subject.encode() not in octets:
        raise RuntimeError("this is not the message that was sent")
    for line in octets.decode("utf-8", "replace").splitlines():
        say("   | " + line)


def how_to_connect(demo):
    port = demo.port
    announce("Connect a mail program (this machine only; the certificate is "
             "self-made)")
    say(f"   IMAP  127.0.0.1 port {port['imap']}, TLS {port['imaps']}      "
        f"POP3  127.0.0.1 port {port['pop3']}, TLS {port['pop3s']}")
    say(f"   SMTP  127.0.0.1 port {port['submission']}, "
        f"TLS {port['submissions']}, for sending, with log-in")
    say(f"   SMTP  127.0.0.1 port {port['mx']}  as other mail servers see it")
    for user in (ALICE, BOB):
        say(f"   user  {user}   password {demo.users[user]}")
    say(f"   all of this is in {demo.dir / 'env'}; the log is {demo.log}")
    say(f"   try: curl --cacert {demo.dir / 'tls' / 'demo.crt'} --user "
        f"'{BOB}:{demo.users[BOB]}' imaps://127.0.0.1:{port['imaps']}/INBOX")
    say(f"        {demo.bin / 'paquebot'} -c {demo.conf} status")


def wait_for_end(demo):
    """Until a signal, or the end of the suite itself."""
    over = threading.Event()
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, lambda *_: over.set())
    say("\ndemo: ready")
    while not over.wait(0.5):
        if demo.master.poll() is not None:
            say("demo: the suite has ended by itself; see its log")
            return 1
    say("demo: stopping")
    return 0


def interrupted(number, _):
    raise SystemExit(128 + number)


def main():
    for number in (signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, interrupted)
    if harness.IS_ROOT:
        subprocess.run([ROOT / "tools" / "make-users", "demo"], check=True)
    else:
        say(MISSING)
    place = scratch()
    demo = harness.Suite(
        place, listen=(*harness.LISTENERS, "submissions", "pop3s", "imaps"),
        settings={"certificates": [certificate(place)]}, bin_dir=ROOT / sys.argv[1] if len(sys.argv) > 1 else None,
        users={ALICE: secrets.token_urlsafe(9), BOB: secrets.token_urlsafe(9)})
    for name in ("smtp_clients_per_address", "mail_clients_per_address",
                 "clients_per_network_percent", "retry_min", "retry_max", "queue_free_min"):
        del demo.settings[name]         # the defaults
    demo.settings["queue_free_min"] = "10M"
    if demo.settings["confinement"] != "required":
        say(NO_NAMESPACES)
    announce(f"A mail server in {demo.dir}")
    try:
        demo.write().start()
        write_env(demo)
        show_daemons(demo)
        subject = send(demo)
        show_way(demo)
        read_imap(demo, subject)
        read_pop3(demo, subject)
        how_to_connect(demo)
        return wait_for_end(demo)
    except KeyboardInterrupt:
        return 130
    finally:
        demo.stop()


if __name__ == "__main__":
    sys.exit(main())
