#!/bin/sh
# lint.sh - the rules of this tree that a program can check.
#
# usage: tests/lint.sh	(or: make lint)
#
# Prints one line for each rule that is broken and exits 1 if there is one.
# Lines that begin with "advice" never make it fail.  The rules and their
# reasons stand in tests/lint.py.
set -u
cd "$(dirname "$0")/.." || exit 2

python=${PYTHON:-python3}
"$python" tests/lint.py || status=1

# How the code would be laid out is only worth a line: clang-format has no
# style that is exactly ours, and its versions differ.
if command -v clang-format >/dev/null 2>&1; then
	n=$(find lib master smtpd qmgr smtp-out local-deliver pop3d imapd \
	    helpers tools tests -name '*.[ch]' -exec sh -c '
		for f; do
			clang-format --style=file "$f" | cmp -s - "$f" ||
			    echo "$f"
		done' sh {} + 2>/dev/null | wc -l)
	echo "advice: clang-format would change $n files"
fi
exit ${status:-0}
