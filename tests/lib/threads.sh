#!/bin/sh
# SPDX-License-Identifier: LGPL-2.1-or-later
#
# Do threads that use libexmachina as it says they may get in each other's way? ThreadSanitizer
# watches the test of it. It needs all that is watched built for it, so it is built here.
#
# usage: threads.sh     in the build directory; srcdir is the top of the source
set -u

srcdir=${srcdir:-$(dirname "$0")/../..}
scratch=$(mktemp -d) || exit 99
trap 'rm -rf "$scratch"' EXIT
export TSAN_OPTIONS=halt_on_error=1

# says why nothing was tested; where everything must be there that is a failure
skip()
{
	echo "$1"
	[ "${CI:-}" = true ] && exit 1
	exit 77
}

# shellcheck disable=SC2046 # words on purpose
build()
{
	"${CC:-gcc}" -std=gnu11 -g -O1 -fsanitize=thread -pthread -D_GNU_SOURCE -DHAVE_CONFIG_H -I. \
		-I"$srcdir" -I"$srcdir/src" -I"$srcdir/client-lib" \
		$(pkg-config --cflags json-c cmocka) "$@" \
		$(pkg-config --libs json-c cmocka) -lresolv
}

echo 'int main(void) { return 0; }' >"$scratch/none.c"
build -o "$scratch/none" "$scratch/none.c" >"$scratch/log" 2>&1 ||
	skip "the compiler cannot build for ThreadSanitizer: $(tail -n 1 "$scratch/log")"

# it wants its memory where randomised addresses may already be
run()
{
	setarch "$(uname -m)" -R "$@"
}
run "$scratch/none" >"$scratch/log" 2>&1 ||
	skip "ThreadSanitizer does not run here: $(tail -n 1 "$scratch/log")"

build -o "$scratch/test" "$srcdir"/client-lib/*.c "$srcdir"/src/common/json*.c \
	"$srcdir/src/common/utf8.c" "$srcdir/tests/unit/test-client-threads.c" \
	"$srcdir/tests/unit/client_fixture.c" "$srcdir/tests/unit/unit.c" || exit 1
run "$scratch/test"
