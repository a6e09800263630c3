"""IDLE where the user has no inotify(7) instance left: news come at once all
the same.
"""
import os
import pathlib
import subprocess
import sys

import pytest

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent))
from imap_client import Session  # noqa: E402

NONE_LEFT = ["unshare", "-U", "-r", "sh", "-c", "echo 0 > "
             "/proc/sys/user/max_inotify_instances && exec \"$@\"", "sh"]


def can():
    return subprocess.run(NONE_LEFT + ["true"], capture_output=True,
                          check=False).returncode == 0


def held(pid):
    found = []
    for fd in pathlib.Path(f"/proc/{pid}/fd").iterdir():
        try:
            found.append(os.readlink(fd))
        except OSError:
            continue
    return found


@pytest.mark.parametrize("prefix, kind", [([], "inotify"),
                                          (NONE_LEFT, "[signalfd]")])
def test_news(prefix, kind):
    if prefix and not can():
        pytest.skip("no user namespace, or no limit in it")
    with Session(prefix=prefix) as s:
        c = s.client()
        c.ok("SELECT INBOX")
        for turn in range(2):
            c.send("i%d IDLE\r\n" % turn)
            assert c.line().startswith(b"+ ")
            assert any(kind in x for x in held(c.process.pid))
            for i in range(3):
                s.message("Subject: x\n\nx\n", name="%d.%d.x" % (turn, i))
                assert c.line() == b"* %d EXISTS" % (turn * 3 + i + 1)
                assert b"RECENT" in c.line()
            c.send("DONE\r\n")
            assert c.line().startswith(b"i%d OK" % turn)
            assert not any(kind in x for x in held(c.process.pid))
