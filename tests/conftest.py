"""What all tests share: the harness on the path, and suites as fixtures."""
import json
import os
import shutil
import sys
from pathlib import Path

import pytest

for folder in ("flow", "crash"):
    sys.path.insert(0, str(Path(__file__).resolve().parent / folder))

import suite as harness     # noqa: E402


@pytest.fixture(scope="module")
def paq(request):
    """A running suite for the tests of a module, which may define SUITE."""
    options = getattr(request.module, "SUITE", {})
    with harness.Suite(**options) as running:
        yield running


@pytest.fixture
def make_suite():
    """Suites that a test makes itself; they end with it."""
    made = []

    def make(**options):
        made.append(harness.Suite(**options))
        return made[-1]
    yield make
    for one in made:
        one.close()


def needs(*programs):
    """Skip without these programs."""
    gone = [p for p in programs if shutil.which(p) is None]
    return pytest.mark.skipif(bool(gone), reason="no " + ", ".join(gone))


# LeakSanitizer ends a program that somebody traces.
needs_strace = pytest.mark.skipif(
    shutil.which("strace") is None or "san" in harness.BIN.parent.name,
    reason="no strace, or a sanitizer that does not bear it")
needs_root = pytest.mark.skipif(os.geteuid() != 0, reason="not root")


def pytest_configure(config):
    pytest.rootpath_of_nodes = config.rootpath


def pytest_runtest_logreport(report):
    """For tests/hostile/count.py: how each case went."""
    path = os.environ.get("THREATS_RESULTS")
    if path is None or (report.when != "call" and report.passed):
        return
    why = report.longrepr[2] if report.skipped and \
        isinstance(report.longrepr, tuple) else ""
    file, _, name = report.nodeid.partition("::")
    file = (pytest.rootpath_of_nodes / file).relative_to(harness.ROOT)
    with open(path, "a", encoding="utf-8") as f:
        f.write(json.dumps({"test": f"{file}::{name.partition('[')[0]}",
                            "outcome": report.outcome, "why": why}) + "\n")
