"""What all tests share: the harness on the path, and suites as fixtures."""
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


needs_root = pytest.mark.skipif(os.geteuid() != 0, reason="not root")
