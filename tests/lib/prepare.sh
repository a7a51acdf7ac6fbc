#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
#
# Run inside the sandbox before systemd boots there: installs the packages that
# were fetched beforehand (there is no network inside), the built project, and
# the users that the tests pair with.
#
# usage: prepare.sh BUILD-DIRECTORY SOURCE-DIRECTORY [PACKAGE...]
set -eu
build=$1
source=$2
shift 2

if [ $# -gt 0 ] && [ -d "$build/packages" ]; then
	DEBIAN_FRONTEND=noninteractive apt-get install -qq -y --no-download \
		--no-install-recommends -o "Dir::Cache::archives=$build/packages" "$@" \
		>/run/prepare.log 2>&1 </dev/null || {
		tail -n 20 /run/prepare.log >&2
		exit 1
	}
fi

# what Debian's installer writes, where a minimal system has none
[ -s /etc/hosts ] || printf '127.0.0.1\tlocalhost\n::1\tlocalhost ip6-localhost ip6-loopback\n' >/etc/hosts

make -C "$build" -s install >/run/prepare.log 2>&1 || {
	tail -n 20 /run/prepare.log >&2
	exit 1
}
ldconfig
systemd-sysusers exmachina.conf 2>/dev/null
for user in panel:4711 guest:4712; do
	getent passwd "${user%:*}" >/dev/null ||
		useradd --uid "${user#*:}" --create-home --shell /bin/sh "${user%:*}"
done
# readable by the paired programs, wherever the sources are
rm -rf /opt/exmachina-tests
mkdir -p /opt/exmachina-tests
cp -r "$source/tests/lib" "$source/tests/system" "$source/examples" /opt/exmachina-tests/
# the programs, not libtool's wrappers for them: the library is installed
for program in "$build"/examples/.libs/*; do
	[ ! -x "$program" ] || cp "$program" /opt/exmachina-tests/examples/
done
# what takes the place of the engine, of the monitor, and of a stranger
for program in crash/crash crash/engine faults/exmachinad_faults hostile/engine hostile/liar hostile/monitor hostile/swap \
	hostile/verifier system/check_probe system/service_probe; do
	if [ -x "$build/tests/$program" ]; then
		mkdir -p "/opt/exmachina-tests/${program%/*}"
		cp "$build/tests/$program" "/opt/exmachina-tests/$program"
	fi
done
if [ -e "$build/tests/hostile/.libs/intruder.so" ]; then
	cp "$build/tests/hostile/.libs/intruder.so" /opt/exmachina-tests/hostile/
fi
# what valgrind is given
mkdir /opt/exmachina-tests/valgrind
cp "$source/tests/valgrind/suppressions" /opt/exmachina-tests/valgrind/
gcc -g -O1 -shared -fPIC -D_GNU_SOURCE "$source/tests/valgrind/openat2.c" \
	-o /opt/exmachina-tests/valgrind/openat2.so
chmod -R a+rX /opt/exmachina-tests
