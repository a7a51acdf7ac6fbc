#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
#
# Builds the fuzzers with clang, libFuzzer and sanitizers, and has each make up inputs for
# some time, from what is in the corpus and what it found before. Prints TAP. An input that was
# the end of one is left in DIRECTORY/found.
#
# usage: tests/fuzz/run.sh DIRECTORY SECONDS
set -u
source=$(dirname "$(dirname "$(dirname "$(readlink -f "$0")")")")
mkdir -p "$1/found" && cd "$1" || exit 1
seconds=$2

build()
{
	[ -f Makefile ] || "$source/configure" -C --disable-hardening CC=clang \
		CFLAGS="-g -O1 -fsanitize=fuzzer-no-link,address,undefined -fno-sanitize-recover=all" ||
		return
	# what configure makes comes first: the flag is not for its own programs
	make config.h && make -j "$(nproc)" LDFLAGS=-fsanitize=fuzzer fuzz-programs
}

build >build.log 2>&1 || {
	tail -n 30 build.log >&2
	echo "not ok 1 - the fuzzers are built"
	exit 1
}

failed=0 number=0
read -ra programs < <(sed -n 's/^fuzzers: //p' build.log)
for program in "${programs[@]}"; do
	name=${program##*/fuzz-}
	mkdir -p "corpus/$name"
	number=$((number + 1))
	# its own messages go nowhere, the sanitizers' and libFuzzer's to the log
	if "$program" -max_total_time="$seconds" -timeout=20 -rss_limit_mb=1024 -max_len=20000 \
		-close_fd_mask=3 -print_final_stats=1 -artifact_prefix="found/$name-" \
		"corpus/$name" "$source/tests/fuzz/corpus/$name" >"$name.log" 2>&1 </dev/null; then
		inputs=$(sed -n 's/^stat::number_of_executed_units: *//p' "$name.log")
		echo "ok $number - fuzz: $name"
		echo "# $inputs inputs"
	else
		echo "not ok $number - fuzz: $name"
		# once more, for what it says itself
		for input in found/"$name"-*; do
			echo "# $input"
			"$program" "$input" 2>&1 | grep -aE 'ERROR|not so|SUMMARY|runtime error' | sed 's/^/# /'
		done
		failed=1
	fi
done
[ "$number" -gt 0 ] && [ "$failed" = 0 ]
