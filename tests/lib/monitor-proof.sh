#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
#
# Proves that the monitor has nothing to do with JSON and Augeas: from the names
# of the sources in exmachinad's debug information, from the headers that the
# compiler read for each of them, and from the libraries that it needs.
#
# usage: monitor-proof.sh BUILD-DIRECTORY
set -u
build=$1
program=$build/exmachinad
forbidden='(^|/)augeas\.h|/json-c/|/json\.h|libxml|/src/engine/|/src/cli/|/client-lib/[a-z_]*\.c'
wrong=0

complain()
{
	echo "$*"
	wrong=1
}

[ -x "$program" ] || {
	echo "$program is not built"
	exit 1
}

sources=$(readelf --debug-dump=info --dwarf-depth=1 "$program" 2>/dev/null |
	sed -n 's/.*DW_AT_name .*: \(.*\.c\)$/\1/p' | sort -u)
[ "$(wc -l <<<"$sources")" -ge 10 ] || complain "only these sources were found: $sources"
grep -q '/monitor/main\.c$' <<<"$sources" || complain "monitor/main.c is not among the sources"
while read -r source; do
	# what the compiler read for it, as automake keeps it
	mapfile -t depends < <(grep -lrwF --include='*.Po' --include='*.Plo' -- "$source" "$build/src")
	[ "${#depends[@]}" -gt 0 ] || {
		complain "no dependencies were kept for $source"
		continue
	}
	headers=$(cat "${depends[@]}" | tr -s '[:space:]' '\n')
	grep -q 'stddef\.h' <<<"$headers" || complain "the dependencies of $source are not whole"
	bad=$(grep -E "$forbidden" <<<"$headers" | sort -u | tr '\n' ' ')
	[ -z "$bad" ] || complain "$source includes $bad"
done <<<"$sources"

needed=$(readelf -d "$program" | sed -n 's/.*(NEEDED).*\[\(.*\)\]/\1/p')
[ -n "$needed" ] || complain "no needed libraries were found"
bad=$(grep -E 'augeas|json|xml|exmachina' <<<"$needed")
[ -z "$bad" ] || complain "exmachinad is linked with $bad"
bad=$(ldd "$program" | grep -E 'augeas|json|xml|exmachina')
[ -z "$bad" ] || complain "exmachinad loads $bad"
bad=$(nm -D --undefined-only "$program" | grep -E ' (aug_|json_)')
[ -z "$bad" ] || complain "exmachinad calls $bad"

echo "$(wc -l <<<"$sources") sources, libraries: $(tr '\n' ' ' <<<"$needed")"
exit "$wrong"
