"""A scratch Dovecot on loopback, and our imapd, each with the same messages."""
import contextlib
import os
import pathlib
import pwd
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time

import pytest

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "dialog"))
from imap_client import Client, Session  # noqa: E402

DOVECOT = shutil.which("dovecot") or "/usr/sbin/dovecot"

CONFIG = """
base_dir = {dir}/run
state_dir = {dir}/state
log_path = {dir}/log
protocols = imap
ssl = no
disable_plaintext_auth = no
listen = 127.0.0.1
mail_location = maildir:{dir}/mail
mail_uid = _paqdemo
mail_gid = _paqdemo
first_valid_uid = 1
first_valid_gid = 1
maildir_stat_dirs = no
service imap-login {{
  inet_listener imap {{
    port = {port}
  }}
  inet_listener imaps {{
    port = 0
  }}
}}
passdb {{
  driver = static
  args = password=secret
}}
userdb {{
  driver = static
  args = uid=_paqdemo gid=_paqdemo home={dir}
}}
"""


def free_port():
    with socket.create_server(("127.0.0.1", 0)) as s:
        return s.getsockname()[1]


def connect(port, process, log):
    deadline = time.monotonic() + 20
    while True:
        assert time.monotonic() < deadline, log.read_text()
        assert process.poll() is None, log.read_text()
        try:
            return Client(socket.create_connection(("127.0.0.1", port)))
        except OSError:
            time.sleep(0.1)


@contextlib.contextmanager
def theirs(fill):
    """A client of Dovecot with INBOX selected; fill(root) made the Maildir."""
    try:
        owner = pwd.getpwnam("_paqdemo")
    except KeyError:
        pytest.skip("no user _paqdemo")
    base = pathlib.Path(tempfile.mkdtemp(prefix="paqdovecot-"))
    base.chmod(0o755)
    port = free_port()
    (base / "conf").write_text(CONFIG.format(dir=base, port=port))
    (base / "log").touch(0o666)
    fill(base / "mail")
    for path in [base / "mail", *(base / "mail").rglob("*")]:
        os.chown(path, owner.pw_uid, owner.pw_gid)
    process = subprocess.Popen([DOVECOT, "-F", "-c", str(base / "conf")],
                               stdout=subprocess.DEVNULL,
                               stderr=subprocess.STDOUT)
    client = connect(port, process, base / "log")
    client.line()
    client.ok("LOGIN test secret")
    client.ok("SELECT INBOX")
    yield client
    client.close()
    process.send_signal(signal.SIGTERM)
    process.wait(20)
    shutil.rmtree(base)


@contextlib.contextmanager
def mine(fill):
    """The same of ours."""
    root = pathlib.Path(tempfile.mkdtemp(prefix="paqimap-"))
    fill(root)
    with Session(root) as server:
        client = server.client()
        client.ok("SELECT INBOX")
        yield client
        client.close()
    shutil.rmtree(root)


def both(fill):
    """The fixtures of a module: a client of each, before equal Maildirs."""
    @pytest.fixture(scope="module")
    def dovecot():
        with theirs(fill) as client:
            yield client

    @pytest.fixture(scope="module")
    def ours():
        with mine(fill) as client:
            yield client
    return dovecot, ours
