#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
#
# `make bench-readme`: puts summary and plot of the last run into the sources. README.md has the
# summary between two lines that say so.
#
# usage: readme.sh SOURCE-DIRECTORY BUILD-DIRECTORY
set -eu
source=$1
results=$2/bench-results
[ -s "$results/summary.md" ] || {
	echo "readme.sh: no complete run has come to its end" >&2
	exit 1
}
awk -v summary="$results/summary.md" '
	/^<!-- bench: end/ { inside = 0 }
	!inside { print }
	/^<!-- bench: begin/ {
		inside = found = 1
		print ""
		while ((getline line <summary) > 0) print line
		print ""
	}
	END { exit !found || inside }
' "$source/README.md" >"$results/README.md"
cat "$results/README.md" >"$source/README.md"
cp "$results/growth.svg" "$source/tests/bench/growth.svg"
