#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
#
# `make bench`: installs the build into the sandbox and measures it there. Table, plot and summary
# are then in BUILD-DIRECTORY/bench-results.
#
# usage: run.sh SOURCE-DIRECTORY BUILD-DIRECTORY [OPTION...]    options of tests/bench/main.c
set -euo pipefail
source=$(readlink -f "$1")
build=$(readlink -f "$2")
shift 2
# shellcheck source=tests/lib/packages.sh
. "$source/tests/lib/packages.sh"
packages_fetch "$build/packages.log" "$build"
# what is to be durable is made on the disk that the build is on
disk=$build/bench-disk
results=$build/bench-results
rm -rf "$disk" "$results"
mkdir "$disk" "$results"
trap 'rm -rf "$disk"' EXIT
sandbox_options+=(--share "$disk:/srv/bench-disk" --share "$results:/srv/bench-results")
# shellcheck disable=SC2016 # the inner shell expands it
in_sandbox "$source" "$build" bash -c '
	mkdir -m 755 /run/bench /run/bench-unverified
	printf "[Session]\nUser=panel\nTimeout=2min\n\n[File /etc/hosts]\nLens=Hosts.lns\n" \
		>/run/bench/bench.conf
	printf "Set=**\nInsert=**\nRemove=**\n" >>/run/bench/bench.conf
	printf "\n[Service exm-bench.service]\nAllow=status restart\n" >>/run/bench/bench.conf
	sed "s/^Lens=.*/&\nVerify=no/" /run/bench/bench.conf >/run/bench-unverified/bench.conf
	printf "[Unit]\nStartLimitIntervalSec=0\n[Service]\nExecStart=/bin/sleep infinity\n" \
		>/run/systemd/system/exm-bench.service
	systemctl daemon-reload
	systemctl start exm-bench.service
	exec "$1/bench" "${@:3}" /run/bench /run/bench-unverified exm-bench.service \
		/srv/bench-disk "$2" /srv/bench-results
' bash "$build/tests/bench" "$source/tests/bench" "$@" | tee "$results/table.txt"
