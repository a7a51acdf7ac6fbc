#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
#
# Runs a command as root on a copy of this machine that is thrown away: private
# namespaces over an overlay of /, with the upper layer on a tmpfs. With --boot a
# real systemd is process 1 in there. Nothing of the machine itself changes, and
# all processes die with the namespace's process 1.
#
# usage: sandbox.sh [--boot] [--see DIR]... [--share DIR:PLACE]... [--prepare SCRIPT]... [--]
#                   COMMAND [ARG...]
#   --see DIR         DIR must be visible inside although it is below /tmp or /run
#   --share DIR:PLACE what is written to PLACE inside is kept, in the machine's DIR
#   --prepare SCRIPT  shell text that is run inside, before systemd boots
# The exit status is the command's; 125 if the sandbox could not be made.
set -u

fail()
{
	echo "sandbox: $*" >&2
	exit 125
}

# What the machine's one clock, kernel and modules are protected by: nothing inside has these.
forbidden_caps=-sys_time,-sys_module,-sys_rawio,-mac_admin,-mac_override,-wake_alarm

clean_path=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin

# ---- inside the namespaces, as process 1 ------------------------------------

# One layer over DIR, at the same place below the new root; what cannot be a lower layer is
# shown read-only instead.
layer_over()
{
	local dir=$1 number
	number=$((layers += 1))
	mkdir -p "$base/upper-$number" "$base/work-$number" "$root$dir" || return 1
	mount -t overlay overlay "$root$dir" 2>/dev/null \
		-o "lowerdir=$dir,upperdir=$base/upper-$number,workdir=$base/work-$number" ||
		{ mount --bind "$dir" "$root$dir" && mount -o remount,bind,ro "$root$dir"; }
}

# File systems of the machine that are mounted below / are not part of the overlay of /.
layer_over_other_mounts()
{
	local point type
	while read -r _ _ _ _ point rest; do
		type=${rest##* - }
		type=${type%% *}
		case $point in
		/ | /proc | /proc/* | /sys | /sys/* | /dev | /dev/* | /run | /run/* | /tmp | /tmp/*) continue ;;
		esac
		case $type in
		ext[234] | xfs | btrfs | f2fs | zfs | bcachefs | overlay | virtiofs | 9p | nfs* | fuse*) ;;
		*) continue ;;
		esac
		if [ -d "$point" ]; then
			layer_over "$point" || fail "cannot show $point"
		elif [ -f "$point" ]; then
			cp -- "$point" "$root$point" || fail "cannot copy $point"
		fi
	done </proc/self/mountinfo
}

make_devices()
{
	local name major minor
	mount -t tmpfs -o mode=755 dev "$root/dev" || return 1
	while read -r name major minor; do
		mknod -m 666 "$root/dev/$name" c "$major" "$minor" || return 1
	done <<-LIST
		null 1 3
		zero 1 5
		full 1 7
		random 1 8
		urandom 1 9
		tty 5 0
		console 1 3
	LIST
	ln -s /proc/self/fd "$root/dev/fd"
	ln -s /proc/self/fd/0 "$root/dev/stdin"
	ln -s /proc/self/fd/1 "$root/dev/stdout"
	ln -s /proc/self/fd/2 "$root/dev/stderr"
	mkdir "$root/dev/pts" "$root/dev/shm" || return 1
	mount -t devpts -o newinstance,ptmxmode=666,mode=620 devpts "$root/dev/pts" || return 1
	ln -s pts/ptmx "$root/dev/ptmx"
	mount -t tmpfs -o mode=1777 shm "$root/dev/shm"
}

make_root()
{
	local dir
	mkdir "$base/upper" "$base/work" "$root" || return 1
	mount -t overlay overlay "$root" -o "lowerdir=/,upperdir=$base/upper,workdir=$base/work" ||
		return 1
	layer_over_other_mounts
	mount -t tmpfs -o mode=755 run "$root/run" || return 1
	mkdir "$root/run/lock" || return 1
	mount -t tmpfs -o mode=1777 tmp "$root/tmp" || return 1
	make_devices || return 1
	mount -t proc proc "$root/proc" || return 1
	for dir in sys sysrq-trigger irq bus; do
		[ -e "$root/proc/$dir" ] || continue
		mount --bind "$root/proc/$dir" "$root/proc/$dir" || return 1
		mount -o remount,bind,ro "$root/proc/$dir" || return 1
	done
	mount -t sysfs -o ro sysfs "$root/sys" || return 1
	mount -t cgroup2 cgroup2 "$root/sys/fs/cgroup" || return 1
	for dir in "${see[@]}"; do
		[ -d "$root$dir" ] && mountpoint -q "$root$dir" && continue
		case $dir in
		/tmp/* | /run/*) layer_over "$dir" || return 1 ;;
		*) [ -d "$root$dir" ] || layer_over "$dir" || return 1 ;;
		esac
	done
	for dir in "${share[@]}"; do
		mkdir -p "$root${dir#*:}" && mount --bind "${dir%%:*}" "$root${dir#*:}" || return 1
	done
}

# Units of the machine that have nothing to do here: its file systems, timers, consoles.
quieten()
{
	local wants
	: >/etc/fstab
	rm -f /etc/crypttab
	for wants in timers sysinit sockets paths; do
		rm -rf "/etc/systemd/system/$wants.target.wants"
	done
	mkdir -p /etc/systemd/journald.conf.d /etc/systemd/system.conf.d
	printf '[Journal]\nStorage=volatile\nForwardToSyslog=no\nRateLimitIntervalSec=0\n' \
		>/etc/systemd/journald.conf.d/sandbox.conf
	printf '[Manager]\nShowStatus=no\nDefaultTimeoutStartSec=90s\nDefaultTimeoutStopSec=20s\n' \
		>/etc/systemd/system.conf.d/sandbox.conf
	for wants in keyboard-setup.service console-setup.service apparmor.service \
		systemd-binfmt.service proc-sys-fs-binfmt_misc.automount systemd-firstboot.service; do
		ln -sf /dev/null "/etc/systemd/system/$wants"
	done
	# what a package's installation would start
	mkdir -p /usr/sbin
	printf '#!/bin/sh\nexit 101\n' >/usr/sbin/policy-rc.d
	chmod 755 /usr/sbin/policy-rc.d
}

inside()
{
	local script
	make_root || fail "the root cannot be made"
	if ! cd "$root" || ! pivot_root . . || ! umount -l . || ! cd /; then
		fail "pivot_root failed"
	fi
	hostname sandbox
	command -v ip >/dev/null && ip link set lo up
	quieten
	export PATH=$clean_path
	for script in "${prepare[@]}"; do
		setpriv --bounding-set "$forbidden_caps" bash -euc "$script" </dev/null ||
			fail "a preparation failed: ${script%%$'\n'*}"
	done
	if [ "$boot" = yes ]; then
		exec setpriv --bounding-set "$forbidden_caps" --reset-env \
			env container=sandbox /lib/systemd/systemd --system --unit=basic.target \
			</dev/null >/dev/null 2>&1
	fi
	setpriv --bounding-set "$forbidden_caps" "${command[@]}"
	exit
}

# ---- outside, in a mount namespace of its own ----------------------------------

# The namespaces of systemd need a control group of their own, below the caller's.
make_cgroup()
{
	local own
	mkdir "$base/cgroup" && mount -t cgroup2 cgroup2 "$base/cgroup" || return 1
	own=$(sed -n 's/^0:://p' /proc/self/cgroup)
	cgroup=$base/cgroup$own/exmachina-sandbox-$$
	mkdir "$cgroup"
}

drop_cgroup()
{
	local tries
	[ -n "${cgroup:-}" ] || return
	for tries in 1 2 3 4 5 6 7 8 9 10; do
		find "$cgroup" -depth -type d -exec rmdir {} + 2>/dev/null
		[ -d "$cgroup" ] || return
		sleep "0.$tries"
	done
}

cleanup()
{
	if [ -n "${unshare_pid:-}" ]; then
		kill -KILL "$unshare_pid" 2>/dev/null # which takes process 1 along
		wait "$unshare_pid" 2>/dev/null
		while kill -0 "${init:-$unshare_pid}" 2>/dev/null; do sleep 0.02; done
	fi
	drop_cgroup
}

in_namespaces()
{
	nsenter --target "$init" --mount --uts --ipc --net --pid --cgroup -- \
		setpriv --bounding-set "$forbidden_caps" \
		env -i "PATH=$clean_path" HOME=/root "TERM=${TERM:-dumb}" LANG=C.UTF-8 "CI=${CI:-}" "$@"
}

wait_for_systemd()
{
	local state
	for ((i = 0; i < 3000; i++)); do
		state=$(in_namespaces systemctl is-system-running 2>/dev/null)
		case $state in
		running | degraded) return 0 ;;
		esac
		kill -0 "$init" 2>/dev/null || return 1
		sleep 0.1
	done
	return 1
}

outside()
{
	trap cleanup EXIT
	trap 'exit 130' INT TERM HUP
	mount -t tmpfs -o mode=755 exmachina-sandbox "$base" || fail "no tmpfs"
	make_cgroup || fail "no control group"
	# the shell itself joins the new group just for the start, so that it becomes the root of it
	(
		echo "$BASHPID" >"$cgroup/cgroup.procs" || fail "cannot enter the control group"
		exec unshare --mount --pid --fork --kill-child=KILL --ipc --uts --net --cgroup \
			bash "$self" inside "${arguments[@]}"
	) &
	unshare_pid=$!
	if [ "$boot" = no ]; then
		wait "$unshare_pid"
		exit
	fi
	until init=$(cat "/proc/$unshare_pid/task/$unshare_pid/children" 2>/dev/null) &&
		[ -n "$init" ]; do
		kill -0 "$unshare_pid" 2>/dev/null || fail "the namespaces cannot be made"
		sleep 0.05
	done
	init=${init%% *}
	until [ "$(cat "/proc/$init/comm" 2>/dev/null)" = systemd ]; do
		kill -0 "$init" 2>/dev/null || exit 125 # it has said why
		sleep 0.05
	done
	wait_for_systemd || fail "systemd did not come up"
	# in the background, so that a signal need not wait for it
	in_namespaces "${command[@]}" <&0 &
	wait "$!"
	exit
}

# ---- start -------------------------------------------------------------------

self=$(readlink -f "$0")
stage=start
case ${1:-} in
inside | outside)
	stage=$1
	shift
	;;
esac
arguments=("$@")
boot=no
see=()
share=()
prepare=()
while [ $# -gt 0 ]; do
	case $1 in
	--boot) boot=yes ;;
	--see)
		see+=("$(readlink -f "$2")")
		shift
		;;
	--share)
		share+=("$(readlink -f "${2%%:*}"):${2#*:}")
		shift
		;;
	--prepare)
		prepare+=("$2")
		shift
		;;
	--)
		shift
		break
		;;
	-*) fail "unknown option $1" ;;
	*) break ;;
	esac
	shift
done
[ $# -gt 0 ] || fail "no command"
command=("$@")

case $stage in
start)
	[ "$(id -u)" = 0 ] || fail "only root can make one"
	EXM_SANDBOX=$(mktemp -d) || fail "no temporary directory"
	export EXM_SANDBOX
	trap 'rmdir "$EXM_SANDBOX"' EXIT
	trap 'kill -TERM "$outside"; wait "$outside"; exit 130' INT TERM HUP
	unshare --mount --propagation private bash "$self" outside "${arguments[@]}" <&0 &
	outside=$!
	wait "$outside"
	exit
	;;
esac
base=$EXM_SANDBOX
root=$base/root
layers=0
"$stage"
