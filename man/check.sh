#!/bin/sh
# SPDX-License-Identifier: LGPL-2.1-or-later
#
# Are the manual pages well formed, and are their examples the files that they
# say they are? A display that follows the comment '.\" example: FILE' must hold
# that file of the source, to the byte. With --update it is put there.
#
# usage: check.sh [--update]     from anywhere; srcdir is the top of the source
set -u

srcdir=${srcdir:-$(dirname "$0")/..}
update=no
[ "${1:-}" != --update ] || update=yes
status=0

# The page with each example as its file has it now; $srcdir/FILE, escaped for mdoc.
with_examples()
{
	awk -v srcdir="$srcdir" '
	function escape(line) {
		gsub(/\\/, "\\e", line)
		return line ~ /^[.\047]/ ? "\\&" line : line
	}
	skipping && /^\.Ed/ { skipping = 0 }
	skipping { next }
	{ print }
	/^\.\\" example: / { file = srcdir "/" $3 }
	/^\.Bd/ && file {
		lines = 0
		while ((got = (getline line < file)) > 0) {
			print escape(line)
			lines++
		}
		if (got < 0 || !lines) {
			print "no example " file > "/dev/stderr"
			exit 1
		}
		close(file)
		file = ""
		skipping = 1
	}' "$1"
}

scratch=$(mktemp) || exit 99
trap 'rm -f "$scratch"' EXIT

for page in "$srcdir"/man/*.[1-9]; do
	with_examples "$page" >"$scratch" || status=1
	if cmp -s "$scratch" "$page"; then
		:
	elif [ $update = yes ] && [ $status = 0 ]; then
		cat "$scratch" >"$page"
	else
		echo "$page: an example is not what its file says; man/check.sh --update"
		diff "$page" "$scratch"
		status=1
	fi
done

if ! command -v mandoc >/dev/null; then
	echo "mandoc is not installed: the pages were not linted"
	[ $status = 0 ] && exit 77
	exit $status
fi
mandoc -Tlint -Wwarning "$srcdir"/man/*.[1-9] || status=1
exit $status
