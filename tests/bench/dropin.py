#!/usr/bin/python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""augtool(1) over a session and augtool with Augeas's own library, as whole processes, over the
files of this system that a lens of Augeas reads. Prints for each kind of call the two medians in
microseconds, the median of the pairs' ratios, and how many pairs there were. Runs as root inside the sandbox.

usage: dropin.py PAIRS SLOW-PAIRS"""

import json
import os
import statistics
import subprocess
import sys
import time

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, HERE + "/../lib")

GET, PRINT = ("get", "/files/etc/hosts/1/ipaddr"), ("print", "/files")


def took(*command, **options):
    begin = time.monotonic()
    subprocess.run(command, check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
                   **options)
    return (time.monotonic() - begin) * 1e6


def pairs(count, ours, peer):
    """In turn, either first every other time, so that a change of the machine's pace meets both."""
    times = []
    for i in range(count):
        first = peer() if i % 2 else None
        ours_took = ours()
        times.append((ours_took, first if i % 2 else peer()))
    ratio = statistics.median(ours / peer for ours, peer in times)
    return [statistics.median(side) for side in zip(*times)] + [ratio, count]


def in_session():
    """As the paired program: how long augtool takes here, each time that a line asks for it."""
    fds = [int(os.environ[name]) for name in ("EXMACHINA_FD", "EXMACHINA_SECRET_FD")]
    for line in sys.stdin:
        print(took("augtool", *json.loads(line), pass_fds=fds), flush=True)


class Session:
    """A server whose program is this file."""

    def __init__(self, daemon):
        self.process = subprocess.Popen(
            [*daemon, sys.executable, os.path.abspath(__file__), "in-session"],
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True)
        self.took(*PRINT)  # lenses are compiled once a session

    def took(self, *words):
        self.process.stdin.write(json.dumps(words) + "\n")
        self.process.stdin.flush()
        return float(self.process.stdout.readline())

    def end(self):
        self.process.stdin.close()
        return self.process.wait()


def main(count, slow_count):
    from dropin import take_etc  # pylint: disable=import-outside-toplevel
    from exm import DAEMON, World  # pylint: disable=import-outside-toplevel
    w = World()
    try:
        take_etc(w)
        environment = {"AUGEAS_ROOT": w.root, "PATH": "/usr/bin:/bin"}
        daemon = (DAEMON, "--policy", w.policy_dir, "--root", w.root, "--augeas", "--")

        def real(words):
            return lambda: took("augtool", *words, env=environment)

        def cold(words):
            return lambda: took(*daemon, "augtool", *words)

        session = Session(daemon)

        def warm(words):
            return lambda: session.took(*words)

        print(*pairs(count, warm(GET), real(GET)))
        print(*pairs(count, cold(GET), real(GET)))
        print(*pairs(slow_count, cold(PRINT), real(PRINT)))
        print(*pairs(slow_count, warm(PRINT), real(PRINT)))
        return session.end()
    finally:
        w.take_down()


if __name__ == "__main__":
    sys.exit(in_session() if sys.argv[1:] == ["in-session"] else
             main(*map(int, sys.argv[1:])))
