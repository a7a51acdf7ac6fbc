#!/bin/sh
# SPDX-License-Identifier: LGPL-2.1-or-later
#
# Does libexmachina export what its headers declare, under the versions of its
# script, and nothing else; and do the manual pages name all of it?
#
# usage: symbols.sh     in the build directory; srcdir is the top of the source
set -u

srcdir=${srcdir:-$(dirname "$0")/../..}
library=.libs/libexmachina.so
scratch=$(mktemp -d) || exit 99
trap 'rm -rf "$scratch"' EXIT
status=0

# what follows EXM_PUBLIC up to the first parenthesis ends with a name
cat "$srcdir"/client-lib/exmachina*.h | tr '\n' ' ' | sed 's/EXM_PUBLIC /\n/g' |
	sed -n 's/^[^(]*\(exm_[a-z_]*\)(.*/\1/p' | sort -u >"$scratch/declared"
sed -n 's/^\t\(exm_[a-z_]*\);$/\1/p' "$srcdir/client-lib/libexmachina.map" |
	sort >"$scratch/scripted"
nm -D --defined-only "$library" | sed -n 's/.* [TDRBWV] \([^@]*\)@@*LIBEXMACHINA.*/\1/p' |
	sort >"$scratch/exported"
nm -D --defined-only "$library" | grep -v LIBEXMACHINA >"$scratch/unversioned" && status=1
sed -n 's/^\.Nm \(exm_[a-z_]*\)\( ,\)*$/\1/p' "$srcdir"/man/libexmachina*.3 |
	sort >"$scratch/documented"

[ "$(wc -l <"$scratch/declared")" -ge 40 ] || {
	echo "the declarations were not found"
	exit 1
}
for list in scripted exported documented; do
	diff "$scratch/declared" "$scratch/$list" >"$scratch/diff" || {
		echo "declared in the headers (<), $list (>):"
		cat "$scratch/diff"
		status=1
	}
done
cat "$scratch/unversioned"
exit $status
