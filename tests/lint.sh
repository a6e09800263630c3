#!/bin/sh
# lint.sh - the rules of this tree that a program can check.
#
# usage: tests/lint.sh	(or: make lint)
#
# Prints one line for each rule that is broken and exits 1 if there is one.
# The rules and their reasons stand in tests/lint.py.
cd "$(dirname "$0")/.." && exec "${PYTHON:-python3}" tests/lint.py
