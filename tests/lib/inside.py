#!/usr/bin/python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""Run as the paired program: says as one JSON text what it finds itself to be."""

import json
import os
import stat
import sys

with open("/proc/self/status", encoding="ascii") as file:
    status = dict(line.rstrip("\n").split(":\t", 1) for line in file if ":\t" in line)
found = {}
for name in os.listdir("/proc/self/fd"):
    try:
        found[name] = (os.readlink(f"/proc/self/fd/{name}"), stat.S_IFMT(os.fstat(int(name)).st_mode))
    except OSError:
        pass  # the descriptor of the listing itself


def attempt(function, *arguments):
    try:
        function(*arguments)
        return "done"
    except OSError as error:
        return error.strerror


json.dump({
    "uids": os.getresuid(), "gids": os.getresgid(), "groups": os.getgroups(),
    "caps": {name: status[name] for name in ("CapInh", "CapPrm", "CapEff", "CapBnd", "CapAmb")},
    "no_new_privs": status["NoNewPrivs"],
    "signals": {name: status[name] for name in ("SigBlk", "SigIgn")},
    "fds": found, "environment": dict(os.environ), "argv": sys.argv, "cwd": os.getcwd(),
    "umask": os.umask(0o022), "ppid": os.getppid(), "sid": os.getsid(0),
    "attempts": {
        "setuid": attempt(os.setuid, 0), "setgid": attempt(os.setgid, 0),
        "setgroups": attempt(os.setgroups, [0]), "shadow": attempt(open, "/etc/shadow"),
        "kill": attempt(os.kill, os.getppid(), 0),
        "daemon_fd": attempt(os.listdir, f"/proc/{os.getppid()}/fd"),
        "daemon_memory": attempt(open, f"/proc/{os.getppid()}/mem", "rb"),
        "policy": attempt(open, "/etc/exmachina/policy.d/x.conf", "w"),
        "chroot": attempt(os.chroot, "/"),
    },
}, sys.stdout)
