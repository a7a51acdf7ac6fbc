#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
#
# Runs the system tests inside the sandbox and prints TAP.
# usage: run.sh [TOPIC[,TOPIC...] [NAME-PART]]
#
# One topic, from the top of the source after `./check gcc`:
#   . tests/lib/packages.sh
#   in_sandbox "$PWD" "$PWD/build/check/gcc" /opt/exmachina-tests/system/run.sh engine
set -u
here=$(dirname "$(readlink -f "$0")")
status=0
files=("$here"/test_*.py)
if [ $# -gt 0 ]; then
	IFS=, read -ra topics <<<"$1"
	files=("${topics[@]/#/$here/test_}")
	files=("${files[@]/%/.py}")
fi
for file in "${files[@]}"; do
	timeout --kill-after=10 3600 /usr/bin/python3 "$file" "${2:-}" || {
		code=$?
		status=1
		# 1 is a failed test, which has said so itself
		[ "$code" = 1 ] || echo "not ok $(basename "$file"): ended with status $code"
	}
done
exit "$status"
