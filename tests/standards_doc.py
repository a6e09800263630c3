#!/usr/bin/env python3
"""standards_doc: prints the table of doc/standards.md from the source.

usage: tests/standards_doc.py   (writes doc/standards.md below its mark)

A rule of an RFC stands beside the line that obeys it, as number and section;
this collects those places, and the tests that name the same section.
"""
import re
import subprocess
from collections import defaultdict
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
PAGE = ROOT / "doc" / "standards.md"
MARK = "<!-- made by tests/standards_doc.py -->\n"
CITED = re.compile(r"RFC[ \n*]{1,4}(\d{3,4})((?:,? (?:and )?\d{1,2}(?:\.\d+)*"
                   r"(?![\d/]))*)")


def places():
    """(rfc, section) -> (files, tests)."""
    found = defaultdict(lambda: (set(), set()))
    names = subprocess.run(["git", "ls-files", "*.c", "*.h", "*.py"],
                           cwd=ROOT, capture_output=True, text=True,
                           check=True).stdout.split()
    for name in names:
        path = ROOT / name
        if not path.exists():
            continue
        for rfc, sections in CITED.findall(path.read_text(errors="replace")):
            for section in re.findall(r"\d{1,2}(?:\.\d+)*", sections):
                found[int(rfc), section][name.startswith("tests/")].add(name)
    return found


def short(names):
    """lib/mail/addr.[ch] for the two of them."""
    stems = defaultdict(set)
    for name in names:
        stem, _, end = name.rpartition(".")
        stems[stem].add(end)
    return " ".join(f"`{stem}.c`" if ends >= {"c", "h"} else
                    f"`{stem}.{min(ends)}`"
                    for stem, ends in sorted(stems.items()))


def order(key):
    return key[0], [int(n) for n in key[1].split(".")]


def table():
    out = ["| RFC | section | in | tests |\n|---|---|---|---|\n"]
    found = places()
    for key in sorted(found, key=order):
        files, tests = found[key]
        out.append(f"| {key[0]} | {key[1]} | {short(files)} | "
                   f"{short(tests)} |\n")
    return "".join(out)


if __name__ == "__main__":
    PAGE.write_text(PAGE.read_text().split(MARK)[0] + MARK + "\n" + table())
