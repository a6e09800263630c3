"""The power fails: what SMTP and IMAP clients were promised is there.

POINTS=500 (make powercut) tries so many places for each file system, JOBS of them
at once; the short form of make check a few, and says what it left out.
"""
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

HERE = Path(__file__).resolve().parent / "powercut"
POINTS = int(os.environ.get("POINTS", "0"))
# Most of the time of an image is spent waiting.
JOBS = int(os.environ.get("JOBS", 4 * os.cpu_count())) if POINTS else 1
PYTHON = sys.executable
NO_SYNC = ("strace -f -qq --seccomp-bpf -o /dev/null "
           "-e trace=fsync,fdatasync,syncfs,sync_file_range "
           "-e inject=fsync,fdatasync,syncfs:retval=0")


def why_not(fs="ext4", tools=()):
    """What this machine lacks, or None."""
    if os.geteuid() != 0:
        return "not root"
    if not os.path.exists("/dev/fuse"):
        return "no /dev/fuse"
    for tool in ("losetup", "unshare", "ip", f"mkfs.{fs}", *tools):
        if shutil.which(tool) is None:
            return "no " + tool
    if subprocess.run(["unshare", "-m", "true"], capture_output=True,
                      check=False).returncode:
        return "no mount namespaces (inside a chroot?)"
    for command, lacks in (
            (["losetup", "-f"], "no loop devices"),
            (["unshare", "-m", "-p", "-f", "--mount-proc", "true"],
             "no namespaces here (in a chroot there are none)")):
        if subprocess.run(command, capture_output=True,
                          check=False).returncode:
            return lacks
    return None


def powercut(tmp_path, load, check, *options, env=None):
    mount = tmp_path / "mount"
    mount.mkdir()
    done = subprocess.run(
        [PYTHON, HERE / "powercut.py", "--mount", mount, "--load", load,
         "--check", check, *map(str, options)], text=True,
        env={**os.environ, **(env or {})}, stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT, check=False)
    print(done.stdout)
    return done.returncode, done.stdout


# ------------------------------------------------------------ the rig itself

RIG = [("rename", 0), ("rename-nofsync", 1), ("rename-nodir", 1),
       ("rename-early", 1)]
if POINTS:
    RIG += [("link", 0), ("link-nofsync", 1), ("link-nodir", 1),
            ("counter-inplace", 1)]


@pytest.mark.parametrize("mode,wanted", RIG)
@pytest.mark.parametrize("fs", ["ext4", "xfs"] if POINTS else ["ext4"])
def test_the_rig_finds_what_is_wrong(tmp_path, fs, mode, wanted):
    if why := why_not(fs):
        pytest.skip(why)
    writer = f"exec {PYTHON} {HERE}/writer.py"
    # A torn sector is rare among the writes of a slow machine: more tries.
    torn = mode == "counter-inplace"
    for seed in range(7, 12 if torn else 8):
        status, said = powercut(
            tmp_path, f"{writer} {mode}", f"{writer} check", "--fs", fs,
            "--seconds", 2 if POINTS else 1, "--seed", seed, "--stop", 1,
            "--points", 60 if torn else 12 if POINTS else 6)
        if status == wanted:
            return
    pytest.fail(said)


# ----------------------------------------------------------------- the suite

class Scene:
    """One run of the load, with a configuration of its own."""

    def __init__(self, tmp_path):
        self.tmp = tmp_path
        self.site = tmp_path / "site"
        self.site.mkdir()
        tmp_path.chmod(0o755)
        for above in tmp_path.parents:      # the daemons go through here
            if above.stat().st_uid == os.geteuid() and above != Path("/tmp"):
                above.chmod(above.stat().st_mode | 0o111)

    def cut(self, fs, points, *options, seconds=4, wrapper="", check="",
            env=None):
        return powercut(
            self.tmp, f"exec {PYTHON} {HERE}/load.py",
            f"exec {PYTHON} {HERE}/check.py {check}", "--fs", fs,
            "--prepare", f"{PYTHON} {HERE}/scene.py",
            "--points", points, "--seconds", seconds, "--promises", 150,
            "--private", self.site, *options,
            env={"CRASH_SITE": str(self.site), "CRASH_WRAPPER": wrapper,
                 **(env or {})})


def promised(said):
    return int(said.split(" promises")[0].rsplit(" ", 1)[1])


@pytest.mark.parametrize("fs", ["ext4", "xfs"])
def test_promises_are_kept(tmp_path, fs):
    """Short: 15 crashes for each file system."""
    if why := why_not(fs):
        pytest.skip(why)
    for seconds in [6, 30] if POINTS else [2, 8, 30]:
        own = tmp_path / str(seconds)
        own.mkdir()
        status, said = Scene(own).cut(fs, POINTS or 5, "--jobs", JOBS,
                                      seconds=seconds)
        assert status == 0, said
        # A load that gets nowhere (on a busy machine) proves nothing.
        if promised(said) > 100:
            return
    raise AssertionError(said)


def test_without_fsync_it_is_caught(tmp_path):
    """The control: the same suite on a system whose fsync does nothing."""
    if why := why_not("ext4", ["strace"]):
        pytest.skip(why)
    status, said = Scene(tmp_path).cut(
        "ext4", 40, "--stop", 1, seconds=4, wrapper=NO_SYNC, check="static")
    assert status == 1, said
    assert "lost" in said or "whole" in said, said


# What no power cut on these file systems shows: a name made by a plain create is
# saved by the fsync of its file.  That is test_synclint.py's.
MUTANTS = ["smtpd/fsync", "local-deliver/fsync", "imapd/fsync"]


@pytest.mark.skipif(not POINTS, reason="only with make powercut")
@pytest.mark.parametrize("mutant", MUTANTS)
def test_one_program_without_fsync_is_caught(tmp_path, mutant):
    if why := why_not("ext4"):
        pytest.skip(why)
    root = HERE.parents[2]
    subprocess.run(["make", "-s", "FAULT=1", "-C", root, "all"], check=True)
    status, said = Scene(tmp_path).cut(
        "ext4", 40, "--stop", 1, seconds=4, check="static",
        env={"BUILD": "build-fault", "PAQUEBOT_FAULT": f"{mutant}:0:SKIP"})
    assert status == 1, said
    assert "lost" in said or "whole" in said, said
