#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
#
# clang-tidy over all that is installed and the examples, as .clang-tidy says; `make tidy` gives
# the flags. gcc's -fanalyzer is not used: it does not understand who owns what under cleanup
# attributes, and none of what gcc 12 said of this code was true.
#
# usage: tidy.sh SOURCE FLAG...
set -u
source=$(readlink -f "$1")
shift

# a check that is off has its reason
while read -r name; do
	grep -q "^# $name: " "$source/.clang-tidy" || {
		echo ".clang-tidy: no reason is given for -$name"
		exit 1
	}
done < <(sed -n 's/^  -\([a-z][^,]*\),\{0,1\}$/\1/p' "$source/.clang-tidy")

# shellcheck disable=SC2016 # the inner shell expands it: flags first, the file last
find "$source/src" "$source/client-lib" "$source/examples" -name '*.c' -print0 |
	xargs -0 -P "$(nproc)" -n 1 bash -c \
		'clang-tidy --quiet "${@: -1}" -- "${@:1:$#-1}" 2> >(grep -v generated >&2)' tidy "$@"
