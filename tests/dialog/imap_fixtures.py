"""What the conversations with an imapd session share; a test file imports these.

server  a mail root, with one process for each client
c       a client of it, after log-in
"""
import contextlib
import pathlib
import sys

import pytest

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent))
from imap_client import Session  # noqa: E402


@pytest.fixture
def server():
    with Session() as s:
        yield s


@pytest.fixture
def c(server):
    with contextlib.closing(server.client()) as client:
        yield client
