#!/usr/bin/python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""Services of a machine without systemd: real init scripts in a private root, among them those of
Debian's sshd and cron."""

import os
import sys

sys.path.insert(0, sys.path[0] + "/../lib")
from exm import SESSION, check, contains, equal, main, matches, running, test, wait_until
from private_root import daemon, private_root, script

ALL = "status start stop restart reload try_restart reload_or_restart enable disable mask unmask " \
      "reset_failed"


def session(w, *units, allow=ALL, more="", **options):
    private_root(w)
    policy = SESSION.replace("10s", "20s") + more
    for unit in units:
        policy += f"[Service {unit}]\nAllow={allow}\n"
    return w.session(policy, **options)


def pid_in(w, path):
    with open(w.at(path), encoding="ascii") as file:
        return int(file.read())


@test("start, status, restart and stop of a daemon tell what its script does")
def life(w):
    s = session(w, "exm-d.service")
    daemon(w, "exm-d")
    answer = s.call("service.status", ["exm-d.service"])
    equal((answer["load"], answer["active"], answer["sub"], answer["main_pid"]),
          ("loaded", "inactive", "dead", 0))
    answer = s.call("service.start", ["exm-d.service"])
    pid = pid_in(w, "/run/exm-d.pid")
    equal((answer["active"], answer["sub"], answer["main_pid"], answer["job"]),
          ("active", "running", pid, "done"))
    check(running(pid), "the daemon is not there")


if __name__ == "__main__":
    main()
