"""The sandboxes of systems that are not here: do they compile, with all warnings, and
do they define all that confine.c asks of them?"""
import re
import shutil
import subprocess

import pytest

from conftest import needs
from suite import ROOT

STUBS = ROOT / "tests" / "privs" / "stubs"
SYSTEMS = {
    "openbsd": ["-D__OpenBSD__", "-include", str(STUBS / "openbsd.h")],
    "freebsd": ["-D__FreeBSD__"],
    "none": [],
}
# Those that confine.c calls on Linux alone.
LINUX = {"sandbox_keep_caps", "sandbox_keep_chroot_only", "sandbox_drop_all"}


@needs("cc", "nm")
@pytest.mark.parametrize("system", SYSTEMS)
def test_it_compiles(system, tmp_path):
    out = tmp_path / "sandbox.o"
    done = subprocess.run(
        [shutil.which("cc"), "-std=c17", "-U__linux__", "-D_GNU_SOURCE",
         "-Wall", "-Wextra", "-Wconversion", "-Wshadow", "-Werror",
         f"-I{STUBS}", f"-I{ROOT}/lib", *SYSTEMS[system], "-c", "-o", str(out),
         str(ROOT / "lib" / "os" / f"sandbox_{system}.c")],
        capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    symbols = subprocess.run(["nm", "--defined-only", str(out)], check=True,
                             capture_output=True, text=True).stdout
    header = (ROOT / "lib" / "os" / "sandbox.h").read_text()
    wanted = set(re.findall(r"^\w+\t(sandbox_\w+)\(", header, re.M)) - LINUX
    assert wanted - {"sandbox_missing"} <= set(
        re.findall(r" T (\w+)", symbols))
