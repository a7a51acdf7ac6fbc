#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
#
# The main job, step by step, for ./try. Runs inside the sandbox on a booted
# systemd: first as root, who writes the policy and starts the pair, then as the
# paired program, an ordinary user, who does the rest. Every step is checked.
set -u
config=/files/etc/ssh/sshd_config
policy=/etc/exmachina/policy.d
failures=0

# ---- telling and checking ----------------------------------------------------------

title()
{
	printf '\n== %s\n' "$*"
}

right()
{
	echo "   [ok] $*"
}

wrong()
{
	echo "   [WRONG] $*"
	failures=$((failures + 1))
}

# run STATUS TEXT COMMAND...: shows the command and what it says; both must be as expected
run()
{
	local wanted_status=$1 wanted_text=$2 word output status
	shift 2
	printf '   $'
	for word in "$@"; do
		case $word in
		*[!A-Za-z0-9_./:=+-]*) word="\"$word\"" ;;
		esac
		printf ' %s' "$word"
	done
	echo
	output=$("$@" 2>&1)
	status=$?
	[ -z "$output" ] || printf '%s\n' "$output" | sed 's/^/     /'
	if [ "$status" != "$wanted_status" ]; then
		wrong "exit status $status instead of $wanted_status"
	elif ! grep -qF -- "$wanted_text" <<<"$output"; then
		wrong "it does not say \"$wanted_text\""
	fi
}

that()
{
	local text=$1
	shift
	if "$@"; then right "$text"; else wrong "not true: $text"; fi
}

# ---- what the kernel says of a process ------------------------------------------------

capability_names=(chown dac_override dac_read_search fowner fsetid kill setgid setuid setpcap
	linux_immutable net_bind_service net_broadcast net_admin net_raw ipc_lock ipc_owner sys_module
	sys_rawio sys_chroot sys_ptrace sys_pacct sys_admin sys_boot sys_nice sys_resource sys_time
	sys_tty_config mknod lease audit_write audit_control setfcap mac_override mac_admin syslog
	wake_alarm block_suspend audit_read perfmon bpf checkpoint_restore)

of_status()
{
	sed -n "s/^$2:[[:space:]]*//p" "/proc/$1/status"
}

capability_set()
{
	local -i bits=0x$1 n=0
	local names=
	[ $bits != 0 ] || {
		echo none
		return
	}
	for ((n = 0; n < ${#capability_names[@]}; n++)); do
		(((bits >> n) & 1)) && names+=" ${capability_names[n]}"
	done
	echo "${names# }"
}

show_process()
{
	local pid=$1 what=$2 set bits uid before=
	uid=$(of_status "$pid" Uid)
	printf '   %-18s process %s, user %s (uid %s), groups: %s\n' "$what" "$pid" \
		"$(id -nu "${uid%%[[:space:]]*}")" "${uid//$'\t'/ }" "$(of_status "$pid" Groups)"
	for set in CapPrm CapEff CapInh CapAmb CapBnd; do
		bits=$(of_status "$pid" $set)
		if [ "$bits" = "$before" ]; then
			printf '     %s %s\n' "$set" "$bits"
		else
			printf '     %s %s (%s)\n' "$set" "$bits" "$(capability_set "$bits")"
		fi
		before=$bits
	done
	printf '     no_new_privs %s, seccomp %s\n' "$(of_status "$pid" NoNewPrivs)" \
		"$(of_status "$pid" Seccomp)"
}

powerless()
{
	local set
	for set in CapPrm CapEff CapInh CapAmb CapBnd; do
		((0x$(of_status "$1" $set) == 0)) || return 1
	done
	[ "$(of_status "$1" NoNewPrivs)" = 1 ] && [ "$(of_status "$1" Uid | cut -f 1)" != 0 ]
}

child_of()
{
	local status
	for status in /proc/[0-9]*/status; do
		grep -qs "^PPid:[[:space:]]*$1\$" "$status" && grep -qs "^Name:[[:space:]]*$2" "$status" &&
			basename "$(dirname "$status")"
	done
}

# ---- as the paired program -----------------------------------------------------------------

the_pair()
{
	local daemon=$PPID engine
	engine=$(child_of "$daemon" exmachina-engin)
	title "The pair: who does what, as the kernel sees it"
	show_process "$daemon" exmachinad
	show_process "$engine" exmachina-engine
	show_process $$ "the program"
	that "engine and program have no capability, and cannot get one" \
		eval "powerless $engine && powerless $$"
	that "engine and program are different users" \
		[ "$(of_status "$engine" Uid)" != "$(of_status $$ Uid)" ]
	that "the program cannot write the file by itself" eval '! [ -w /etc/ssh/sshd_config ]'
}

set_port()
{
	if exmachina match $config/Port >/dev/null 2>&1; then
		run 0 "" exmachina set $config/Port 2222
	else
		run 0 "" exmachina insert Port before "$config/*[1]"
		run 0 "" exmachina set $config/Port 2222
	fi
}

edit_and_restart()
{
	local before after
	title "A get"
	run 0 "" exmachina get "/files/etc/hosts/*[canonical = 'localhost'][1]/ipaddr"
	run 0 "" exmachina match $config/UsePAM

	title "An edit of this machine's sshd_config: nothing is written yet"
	set_port
	that "the file is as it was" eval '! grep -q "^Port 2222" /etc/ssh/sshd_config'

	title "The difference"
	run 0 "+Port 2222" exmachina diff

	title "The commit"
	run 0 "Saved 1 file" exmachina commit
	that "the file has the new line" grep -q "^Port 2222" /etc/ssh/sshd_config

	title "The service is restarted"
	before=$(exmachina --json service status ssh.service | sed -n 's/.*"main_pid": *\([0-9]*\).*/\1/p')
	run 0 "ssh.service" exmachina service restart ssh.service
	after=$(exmachina --json service status ssh.service | sed -n 's/.*"main_pid": *\([0-9]*\).*/\1/p')
	echo "   main process before: $before, now: $after"
	that "it has a new main process" [ "${before:-0}" -gt 0 -a "${after:-0}" -gt 0 -a \
		"$before" != "$after" ]
	that "the old one is gone" eval "! [ -e /proc/$before ]"
	# 08AE is 2222, 0A is LISTEN
	that "sshd now listens on port 2222" grep -qE ':08AE [0-9A-F:]+ 0A' /proc/net/tcp
}

neighbours()
{
	title "The service's own log, and whether it stays up"
	run 0 "Server listening" exmachina service log ssh.service --lines 5
	run 0 "settling" exmachina service restart ssh.service --settle 2 --follow

	title "The system's identity"
	run 0 "" exmachina system
	run 0 "Europe/Lisbon" exmachina system set-timezone Europe/Lisbon
	that "the link leads there" [ "$(readlink -f /etc/localtime)" = \
		/usr/share/zoneinfo/Europe/Lisbon ]

	title "A package"
	run 0 "installed" exmachina package status openssh-server
}

transactions()
{
	title "A commit that the service's own check does not agree with: nothing is written"
	run 0 "" exmachina set $config/Port 70000
	run 4 "sshd -t" exmachina commit
	that "the file is as it was" grep -q "^Port 2222" /etc/ssh/sshd_config
	run 0 "" exmachina discard

	title "A commit that nobody confirms: it is taken back"
	run 0 "" exmachina set $config/Port 2223
	run 0 "+Port 2223" exmachina commit --dry-run
	run 0 "It is taken back in 2 s, unless" exmachina commit --confirm 2
	that "the file is the new one" grep -q "^Port 2223" /etc/ssh/sshd_config
	sleep 3
	that "the file is the old one" grep -q "^Port 2222" /etc/ssh/sshd_config
	run 1 "nothing waits to be confirmed" exmachina confirm

	title "The history, and the first commit of all taken back"
	run 0 "takes back 2" exmachina history
	run 0 "+Port 2222" exmachina show 1
	run 0 "" exmachina discard
	run 0 "" exmachina revert 1
	that "the file is what it was at the beginning" \
		cmp -s /etc/ssh/sshd_config /run/sshd_config.before
}

refusals()
{
	title "What the policy does not allow"
	run 3 "Set" exmachina set $config/X11Forwarding no
	run 4 "Value" exmachina set $config/PermitRootLogin yes
	run 3 "/etc/shadow" exmachina set /files/etc/shadow/root/password x
	run 3 "Allow" exmachina service stop ssh.service
	run 3 "Allow" exmachina service disable ssh.service
	run 3 "Log" exmachina service log cron.service
	run 3 "Package" exmachina package remove openssh-server
	run 3 "System" exmachina system set-hostname other
	that "nothing waits to be committed" [ -z "$(exmachina diff)" ]
}

as_program()
{
	the_pair
	edit_and_restart
	neighbours
	transactions
	refusals
	[ "$failures" = 0 ]
}

# ---- as root ----------------------------------------------------------------------------------

write_policy()
{
	mkdir -p $policy
	chmod 755 $policy
	rm -f $policy/*.conf
	cat >$policy/try.conf <<-POLICY
		[Session]
		User=panel

		[File /etc/hosts]
		Lens=Hosts.lns

		[File /etc/ssh/sshd_config]
		Lens=Sshd.lns
		Check=/usr/sbin/sshd -t
		Set=Port PermitRootLogin
		Insert=Port
		Remove=Port
		Value=Port [0-9]{1,5}
		Value=PermitRootLogin no|prohibit-password

		[Service ssh.service]
		Allow=status restart

		[Log ssh.service]

		[Package openssh-server]
		Allow=status

		[System]
		Allow=timezone
	POLICY
	chmod 644 $policy/try.conf
}

wrong_secret()
{
	local status output
	title "A wrong secret, three times"
	printf '%064d' 0 >/run/wrong-secret
	chmod 666 /run/wrong-secret # calls that share a session lock it, which takes the right to write
	echo "   \$ exmachinad -- bash -c 'three calls with another secret'"
	# the server ends the shell, which may be before it has told of the third call
	# shellcheck disable=SC2016 # the paired shell expands it
	output=$(exmachinad -- bash -c 'trap ended=1 TERM; for try in 1 2 3; do
		EXMACHINA_SECRET_FD=9 exmachina get /files/etc/hosts/1/ipaddr 9<>/run/wrong-secret
		echo "exit status $?"
		done; [ "$ended" ] || { sleep 20 & wait; kill $!; }' 2>&1)
	status=$?
	printf '%s\n' "$output" | sed 's/^/     /'
	that "each of them was refused" [ "$(grep -c 'exit status 3' <<<"$output")" = 3 ]
	that "the server ended the session, with exit status 123" [ "$status" = 123 ]
	that "no value was told" [ "${output#*127.0}" = "$output" ]
}

as_root()
{
	local status
	title "The policy of the administrator"
	write_policy
	sed 's/^/   /' $policy/try.conf
	run 0 "" exmachinad -t
	install -m 644 /etc/ssh/sshd_config /run/sshd_config.before
	systemctl start ssh.service || wrong "ssh.service does not start"

	title "root pairs a program of user panel: exmachinad -- bash demonstration.sh program"
	exmachinad -- /bin/bash "$0" program
	status=$?
	that "the server's exit status is the program's" [ "$status" = 0 ]
	wrong_secret

	title "Verdict"
	if [ "$failures" = 0 ]; then
		echo "   all of it went as it should"
		exit 0
	fi
	echo "   it did not go as it should, see [WRONG] above"
	exit 1
}

case ${1:-root} in
program) as_program ;;
*) as_root ;;
esac
