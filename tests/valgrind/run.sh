#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
#
# memcheck over the unit tests of src/common and src/monitor: it sees memory that is used before it
# is set, which the sanitizers do not. What is wrong there, and not what a test says, counts: some
# tests are about time, or about what openat2.c does not do. Prints TAP.
#
# usage: run.sh SOURCE BUILD
set -u
source=$1
build=$2
library=$build/tests/valgrind/openat2.so

run_one()
{
	local name=$1 program=$2/tests/unit/.libs/$1 log=$2/tests/valgrind/$1.log
	[ -x "$program" ] || program=$2/tests/unit/$1
	(cd "$2" && LD_PRELOAD="$2/tests/valgrind/openat2.so" srcdir=$3 timeout 1800 valgrind -q \
		--log-file="$log" --suppressions="$3/tests/valgrind/suppressions" --leak-check=full \
		--errors-for-leak-kinds=definite --child-silent-after-fork=yes "$program" \
		>"$log.tests" 2>&1 </dev/null)
	if ! grep -q '^\[==========\] [1-9][0-9]* test' "$log.tests"; then
		echo "not ok memcheck of $name: it did not come to its end"
	elif grep -qv -e 'WARNING: unhandled' -e '^--[0-9]*-- ' -e '^$' "$log"; then
		echo "not ok memcheck of $name"
		sed 's/^/#   /' "$log"
	else
		echo "ok memcheck of $name"
	fi
}
export -f run_one

mkdir -p "$build/tests/valgrind" &&
	gcc -g -O1 -shared -fPIC -D_GNU_SOURCE "$source/tests/valgrind/openat2.c" -o "$library" ||
	exit 1
# not those that go through megabytes byte by byte, whose code the others reach too; and nothing
# of a failed test's fixture is freed, so not those that fail for want of a true openat2 or of Landlock
sed -n 's/^tests_unit_test_\([a-z_]*\)_LDADD = .*libexm-\(monitor\|common\)\.la.*/test-\1/p' \
	"$source/tests/Makefile.inc" | grep -v -e report -e policy_regex -e root_open -e identity_zone -e rights \
		-e policy_programs |
	xargs -P "$(nproc)" -I NAME bash -c 'run_one "$@"' run NAME "$build" "$source"
