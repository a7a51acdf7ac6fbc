#!/bin/sh
# SPDX-License-Identifier: LGPL-2.1-or-later
#
# Has our libaugeas.so.0 every symbol that Augeas's own has, in the same version node, and no
# other; is its name the same; and does it do without the real one?
#
# usage: symbols-augeas.sh     in the build directory
set -u

library=client-lib/augeas-compat/.libs/libaugeas.so.0
scratch=$(mktemp -d) || exit 99
trap 'rm -rf "$scratch"' EXIT
status=0

real=$(ldconfig -p 2>/dev/null | sed -n 's/.*libaugeas\.so\.0 .*=> //p' | head -n 1)
[ -n "$real" ] || real=$(/sbin/ldconfig -p | sed -n 's/.*libaugeas\.so\.0 .*=> //p' | head -n 1)

symbols()
{
	nm -D --defined-only --with-symbol-versions "$1" | sed 's/^[^ ]* //' | sort
}

symbols "$real" >"$scratch/real"
symbols "$library" >"$scratch/ours"
[ "$(grep -c ' aug_.*@@AUGEAS_' "$scratch/real")" -ge 35 ] || {
	echo "the symbols of $real were not found"
	exit 1
}
# a later libaugeas may have more than the one that ours takes the place of
grep -v '@@AUGEAS_0\.2[6-9]\|AUGEAS_0\.2[6-9]' "$scratch/real" >"$scratch/wanted"
diff "$scratch/wanted" "$scratch/ours" >"$scratch/diff" || {
	echo "in libaugeas (<), in libexmachina-augeas (>):"
	cat "$scratch/diff"
	status=1
}
readelf -d "$library" >"$scratch/dynamic"
grep -q 'SONAME.*\[libaugeas\.so\.0\]' "$scratch/dynamic" || {
	echo "its name is not libaugeas.so.0"
	status=1
}
grep -q 'NEEDED.*\[libexmachina\.so\.0\]' "$scratch/dynamic" || {
	echo "it does without libexmachina"
	status=1
}
if grep 'NEEDED.*\(libaugeas\|libfa\)' "$scratch/dynamic"; then
	status=1
fi
exit $status
