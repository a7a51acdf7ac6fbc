#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
#
# `make bench`: installs the build into the sandbox and measures it there.
# usage: run.sh SOURCE-DIRECTORY BUILD-DIRECTORY
set -eu
source=$(readlink -f "$1")
build=$(readlink -f "$2")
# shellcheck source=tests/lib/packages.sh
. "$source/tests/lib/packages.sh"
packages_fetch "$build/packages.log" "$build"
# what is to be durable is made on the disk that the build is on
disk=$build/bench-disk
rm -rf "$disk"
mkdir "$disk"
trap 'rm -rf "$disk"' EXIT
sandbox_options+=(--share "$disk:/srv/bench-disk")
# shellcheck disable=SC2016 # the inner shell expands it
in_sandbox "$source" "$build" bash -c '
	mkdir -m 755 /run/bench
	printf "[Session]\nUser=panel\n\n[File /etc/hosts]\nLens=Hosts.lns\nSet=**\n" \
		>/run/bench/bench.conf
	printf "\n[Service exm-bench.service]\nAllow=status restart\n" >>/run/bench/bench.conf
	printf "[Unit]\nStartLimitIntervalSec=0\n[Service]\nExecStart=/bin/sleep infinity\n" \
		>/run/systemd/system/exm-bench.service
	systemctl daemon-reload
	systemctl start exm-bench.service
	# first, while /etc is the one that Debian has made
	python3 "$2/dropin.py"
	files=$?
	"$1/bench" /run/bench /files/etc/hosts/1/ipaddr || files=1
	"$1/read" /run/bench || files=1
	mkdir -m 755 /run/bench-unverified
	sed "s/^Lens=.*/&\nVerify=no/" /run/bench/bench.conf >/run/bench-unverified/bench.conf
	"$1/commit" /run/bench /run/bench-unverified || files=1
	"$1/batch" /run/bench || files=1
	"$1/durable" /run/bench /run/bench-unverified /srv/bench-disk || files=1
	"$1/audit" /var/lib/exmachina-bench || files=1
	"$1/service" /run/bench exm-bench.service && exit $files
' bash "$build/tests/bench" "$source/tests/bench"
