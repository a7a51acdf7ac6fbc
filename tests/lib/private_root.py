# SPDX-License-Identifier: LGPL-2.1-or-later
"""A private root directory for one test, in which real init scripts run: the programs of the
sandbox, its /etc as a copy, and no systemd."""

import os
import subprocess

SCRIPT = """#!/bin/sh
### BEGIN INIT INFO
# Provides:          %(name)s
# Required-Start:
# Required-Stop:
# Default-Start:     2 3 4 5
# Default-Stop:      0 1 6
# Short-Description: a service of the tests
### END INIT INFO
%(body)s
"""

# a daemon that writes its process ID, and says how it is
DAEMON = """
PIDFILE=/run/%(name)s.pid
running() { [ -s $PIDFILE ] && kill -0 "$(cat $PIDFILE)" 2>/dev/null; }
case "$1" in
start)
	running && exit 0
	setsid sh -c 'echo $$ >'$PIDFILE'; exec sleep 1000' >/dev/null 2>&1 &
	while ! running; do sleep 0.02; done ;;
stop)
	running && kill "$(cat $PIDFILE)"
	rm -f $PIDFILE ;;
restart) "$0" stop; "$0" start ;;
reload) running || exit 7; echo reloaded >>/tmp/%(name)s.log ;;
status)
	running && exit 0
	[ -e $PIDFILE ] && exit 1
	exit 3 ;;
*) echo "Usage: $0 {start|stop|restart|reload|status}"; exit 2 ;;
esac
"""


def private_root(w):
    """Makes w.root such a root."""
    root = w.root
    for name in ("bin", "sbin", "lib", "lib32", "lib64", "libx32"):
        if os.path.islink("/" + name):
            os.symlink(os.readlink("/" + name), f"{root}/{name}")
    for name in ("usr", "dev"):
        os.mkdir(f"{root}/{name}")
        w.mount("--rbind", "/" + name, f"{root}/{name}")
        subprocess.run(["mount", "--make-rprivate", f"{root}/{name}"], check=True)
    for name in ("proc", "run", "tmp", "root", "home", "var", "var/lib", "var/log", "var/tmp",
                 "var/spool", "var/spool/cron", "var/spool/cron/crontabs"):
        os.mkdir(f"{root}/{name}")
    w.mount("-t", "proc", "proc", f"{root}/proc")
    w.mount("-t", "tmpfs", "run", f"{root}/run")
    os.mkdir(f"{root}/run/lock")
    os.symlink("/run", f"{root}/var/run")
    subprocess.run(["cp", "-a", "/etc/.", f"{root}/etc"], check=True)
    # what a restart of the sandbox's systemd would ask for is of no interest here
    subprocess.run(["rm", "-rf", f"{root}/etc/systemd/system"], check=True)
    w.undo.callback(end_processes, root)


def end_processes(root):
    """The daemons that the test has started there."""
    for pid in processes_in(root):
        try:
            os.kill(pid, 9)
        except ProcessLookupError:
            pass


def processes_in(root):
    """All processes whose root directory it is, zombies left out, and those of exmachina-run that
    look after them."""
    found = []
    for pid in filter(str.isdigit, os.listdir("/proc")):
        try:
            if os.readlink(f"/proc/{pid}/root") == root and comm(pid) != "exmachina-run":
                found.append(int(pid))
        except OSError:
            pass
    return found


def comm(pid):
    """The name of a process, or "" if it has ended."""
    try:
        with open(f"/proc/{pid}/comm", encoding="utf-8") as file:
            return file.read().rstrip("\n")
    except OSError:
        return ""


def script(w, name, body, mode=0o755):
    """An init script of the private root."""
    where = w.write(f"/etc/init.d/{name}", SCRIPT % {"name": name, "body": body}, mode)
    return where


def daemon(w, name):
    return script(w, name, DAEMON % {"name": name})
