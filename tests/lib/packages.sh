# SPDX-License-Identifier: LGPL-2.1-or-later
# shellcheck shell=bash
#
# Sourced by try, check and the benchmark: what is taken from the package archive.
# On the machine itself only tools for building are installed. The daemons that
# are worked on are fetched, and installed inside the sandbox only.

# shellcheck disable=SC2034 # used by those who source this
build_packages=(gcc make autoconf automake libtool pkg-config libc6-dev libaugeas-dev libxml2-dev
	libjson-c-dev libsystemd-dev libcap-ng-dev libseccomp-dev libmd-dev libedit-dev xz-utils)
# shellcheck disable=SC2034
check_packages=(libcmocka-dev clang libclang-rt-14-dev clang-format clang-tidy llvm valgrind mandoc
	shellcheck binutils python3 git)
# shellcheck disable=SC2034
sandbox_packages=(systemd dbus openssh-server cron chrony augeas-tools augeas-lenses python3
	tzdata locales systemd-journal-remote nginx sudo bind9-utils tmux python3-augeas ruby ruby-augeas)

# More options of sandbox.sh for in_sandbox().
sandbox_options=()

packages_missing()
{
	local package
	for package in "$@"; do
		[ "$(dpkg-query -W -f '${db:Status-Status}' "$package" 2>/dev/null)" = installed ] ||
			echo "$package"
	done
}

# apt-get as it runs without anybody to ask. Whoever else installs something is waited for. If it
# fails it is tried again: the lists are missing or old, or the archive is out of reach for a moment.
packages_apt()
{
	local pause
	for pause in none 0 20; do
		[ "$pause" = none ] || {
			sleep "$pause"
			apt-get -qq update </dev/null
		}
		DEBIAN_FRONTEND=noninteractive apt-get -qq -y --no-install-recommends \
			-o DPkg::Lock::Timeout=300 "$@" </dev/null && return
	done
	return 1
}

# Installs what is not there yet; silent, with the log in the given file.
packages_install()
{
	local log=$1 missing
	shift
	missing=$(packages_missing "$@")
	[ -n "$missing" ] || return 0
	# shellcheck disable=SC2086 # a list of names
	packages_apt install $missing >"$log" 2>&1 || {
		tail -n 20 "$log" >&2
		return 1
	}
}

# Fetches the sandbox's packages into DIR/packages, from where prepare.sh takes them.
packages_fetch()
{
	local log=$1 dir=$2/packages
	mkdir -p "$dir/partial" || return 1
	[ -n "$(packages_missing "${sandbox_packages[@]}")" ] || return 0
	# the directory is given up to apt's own user for the download
	packages_apt install --download-only -o "Dir::Cache::archives=$dir" -o APT::Sandbox::User=root \
		"${sandbox_packages[@]}" >"$log" 2>&1 || {
		tail -n 20 "$log" >&2
		return 1
	}
}

# Runs a command inside the sandbox, on a booted systemd, with the built project installed.
# usage: in_sandbox SOURCE BUILD COMMAND [ARG...]
in_sandbox()
{
	local source=$1 build=$2
	shift 2
	"$source/tests/lib/sandbox.sh" --boot --see "$source" --see "$build" \
		"${sandbox_options[@]}" --prepare \
		"bash '$source/tests/lib/prepare.sh' '$build' '$source' ${sandbox_packages[*]}" -- "$@"
}
