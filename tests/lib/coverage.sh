# SPDX-License-Identifier: LGPL-2.1-or-later
# shellcheck shell=bash
#
# Sourced by check: which lines of the monitor the tests reach. clang's counters are mapped from a
# file when a program starts, before it gives up anything, so they are whole whatever becomes of
# the process and its children: no handler runs at its exit, and none is needed.

# Where the programs in the sandbox have their counters; the name is compiled in, since most are
# started with an empty environment. Outside, LLVM_PROFILE_FILE names another place.
coverage_place=/var/lib/exmachina-coverage
coverage_file=%m%c.profraw # one file a program, shared by all that run it

# coverage_arguments SOURCE: what make is given, in coverage_make
coverage_arguments()
{
	# shellcheck disable=SC2034 # used by those who source this
	coverage_make=(
		"COVERAGE_CFLAGS=-fprofile-instr-generate=$coverage_place/$coverage_file \
			-fcoverage-mapping -mllvm -runtime-counter-relocation \
			-include $1/tests/lib/coverage.h"
		"COVERAGE_LIBS=-L$(clang -print-resource-dir)/lib/linux -lclang_rt.profile-x86_64"
	)
}

# coverage_sandbox RAW: the sandbox keeps the counters in the directory RAW, and its services reach
# them, however little of the file system they see
coverage_sandbox()
{
	# shellcheck disable=SC2034 # used by in_sandbox
	sandbox_options=(
		--share "$1:$coverage_place"
		--prepare "mkdir -p /etc/systemd/system/service.d
			printf '[Service]\\nReadWritePaths=$coverage_place\\n' \
				>/etc/systemd/system/service.d/coverage.conf"
	)
}

# coverage_programs BUILD: those that have counters
coverage_programs()
{
	find "$1" -path '*/.libs' -prune -o -type f -perm -u+x \( -name exmachinad -o -path '*/tests/*' \) \
		-exec grep -lF __llvm_prf_cnts {} +
}

# coverage_units SOURCE BUILD RAW: runs the unit tests among them; prints their TAP
coverage_units()
{
	local program
	while read -r program; do
		(cd "$2" && srcdir=$1 LLVM_PROFILE_FILE="$3/$coverage_file" CMOCKA_MESSAGE_OUTPUT=TAP \
			timeout 1800 "$program") || echo "not ok $(basename "$program"): status $?"
	done < <(coverage_programs "$2" | grep /tests/unit/)
}

# coverage_report SOURCE BUILD RAW BAR: the table; fails below BAR percent
coverage_report()
{
	local program
	local -a objects=()
	while read -r program; do
		objects+=(-object "$program")
	done < <(coverage_programs "$2")
	llvm-profdata merge -sparse "$3"/*.profraw -o "$3/all.profdata" &&
		llvm-cov export -format=lcov -instr-profile="$3/all.profdata" "$2/exmachinad" \
			"${objects[@]}" >"$3/all.lcov" &&
		"$1/tests/lib/coverage.py" "$1" "$3/all.lcov" "$4"
}
