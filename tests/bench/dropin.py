#!/usr/bin/python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""augtool(1) over a session beside augtool with Augeas's own library, as whole processes, over the
files of this system that a lens of Augeas reads. Ratios: the numbers of one machine alone say
little. Runs as root inside the sandbox.

usage: dropin.py"""

import json
import os
import statistics
import subprocess
import sys
import time

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, HERE + "/../lib")

RUNS, SLOW_RUNS = 31, 3
BOUND_GET, BOUND_PRINT = 15, 1.5
NODE = "/files/etc/hosts/1/ipaddr"


def took(runs, *command, **options):
    """The median, in milliseconds."""
    times = []
    for _ in range(runs):
        begin = time.monotonic()
        subprocess.run(command, check=True, stdout=subprocess.DEVNULL, **options)
        times.append((time.monotonic() - begin) * 1000)
    return statistics.median(times)


def in_session():
    """As the paired program: prints how long augtool took."""
    fds = [int(os.environ[name]) for name in ("EXMACHINA_FD", "EXMACHINA_SECRET_FD")]
    took(1, "augtool", "print", "/files", pass_fds=fds)  # lenses are compiled once a session
    print(json.dumps([took(RUNS, "augtool", "get", NODE, pass_fds=fds),
                      took(SLOW_RUNS, "augtool", "print", "/files", pass_fds=fds)]))


def row(name, ours, real, good):
    print(f"dropin {name:<36} {ours:8.1f} ms   {real:8.1f} ms with libaugeas: "
          f"{real / ours:5.1f} times as fast{good}")


def verdict(good, bound):
    return f", bound {bound}: {'within' if good else 'OVER'}"


def main():
    from dropin import real, take_etc  # pylint: disable=import-outside-toplevel
    from exm import DAEMON, World  # pylint: disable=import-outside-toplevel
    w = World()
    try:
        files = take_etc(w)
        environment = {"AUGEAS_ROOT": w.root, "PATH": "/usr/bin:/bin"}
        daemon = (DAEMON, "--policy", w.policy_dir, "--root", w.root, "--augeas", "--")
        lines = len(real(w, "augtool", "print", "/files").stdout.splitlines())
        real_get = took(SLOW_RUNS, "augtool", "get", NODE, env=environment)
        real_print = took(SLOW_RUNS, "augtool", "print", "/files", env=environment)
        cold_get = took(RUNS, *daemon, "augtool", "get", NODE)
        cold_print = took(SLOW_RUNS, *daemon, "augtool", "print", "/files")
        inside = subprocess.run([*daemon, sys.executable, os.path.abspath(__file__), "in-session"],
                                check=True, capture_output=True, text=True)
        warm_get, warm_print = json.loads(inside.stdout)
    finally:
        w.take_down()
    print(f"dropin {len(files)} files, {lines} nodes; augtool as a whole process")
    row("get of one node", warm_get, real_get,
        verdict(real_get >= BOUND_GET * warm_get, f"{BOUND_GET}"))
    row("the same with the start of a server", cold_get, real_get, "")
    row("print /files with the start of a server", cold_print, real_print,
        verdict(cold_print <= BOUND_PRINT * real_print, f"1/{BOUND_PRINT}"))
    row("print /files", warm_print, real_print, "")
    return real_get < BOUND_GET * warm_get or cold_print > BOUND_PRINT * real_print


if __name__ == "__main__":
    sys.exit(in_session() if sys.argv[1:] == ["in-session"] else main())
