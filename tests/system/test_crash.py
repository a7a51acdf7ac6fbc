#!/usr/bin/python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""A commit is whole or absent: the real server is stopped in it at each system call that it makes, by
SIGKILL, by a disk that fails, and by a failure of power (tests/crash). Then all files are old, or all
are new, with their metadata, and nothing is left beside them."""

import os
import re
import subprocess
import sys

sys.path.insert(0, sys.path[0] + "/../lib")
from exm import ENGINE, Failure, Skip, check, main, test

CRASH = "/opt/exmachina-tests/crash/crash"
IN_ITS_PLACE = "/opt/exmachina-tests/crash/engine"
SCENES = ["all"]
if os.path.exists(CRASH):
    SCENES = subprocess.run([CRASH, "--list"], capture_output=True, text=True,
                            check=True).stdout.splitlines()


# what was tried, by kind, of all scenes
tried = {"kills": 0, "confirm": 0, "rollback": 0, "errors": 0, "power": 0}
ENOUGH = {"kills": 10000, "confirm": 2000, "rollback": 2000, "errors": 2000, "power": 4000}
# these take longer: a rollback writes all of its files anew, and each state has more recoveries
WAITING = [scene for scene in SCENES if scene in ("one file changed", "changed, created, deleted and emptied")]
BACK = [scene for scene in SCENES if scene == "one file changed"]


def crash(kind, scene):
    def run(w):
        if not os.path.exists(CRASH):
            raise Skip("the tests of crashes know the registers of x86-64 only")
        w.mount("--bind", IN_ITS_PLACE, ENGINE)
        done = w.run(CRASH, kind, scene, w.path_of("crash"), seconds=580)
        print(f"# {done.stdout.strip()}", flush=True)
        tried[kind] += sum(map(int, re.findall(
            r"(?:(?<=at )|(?<=in )|(?<=left )|(?<=them ))(\d+)(?= stops| ways| states, and in|$)",
            done.stdout.strip())))
        if done.returncode != 0:
            raise Failure(f"status {done.returncode}: {done.stderr}")
    return run


for each in SCENES:
    test(f"killed before and behind each system call of a commit, and of the recovery: {each}",
         seconds=600)(crash("kills", each))
for each in WAITING:
    test("killed before and behind each system call of a commit that waits to be confirmed: then it is "
         f"done and waits, or neither: {each}", seconds=600)(crash("confirm", each))
for each in BACK:
    test("killed before and behind each system call of a rollback: then it waits, or all is taken back: "
         f"{each}", seconds=600)(crash("rollback", each))
for each in SCENES:
    test(f"each system call of a commit fails in each way that a disk has: {each}",
         seconds=600)(crash("errors", each))
for each in SCENES:
    test(f"the power fails at any point of a commit, and of the recovery: {each}",
         seconds=600)(crash("power", each))


@test("these were 10,000 points or more to kill it at, 2,000 ways or more to fail it, and 4,000 disks or "
      "more to recover")
def enough(_):
    print("# all in all: " + ", ".join(f"{kind} {count}" for kind, count in tried.items()), flush=True)
    # a part of the topic tries a part
    if sys.argv[1:2] in ([], [""]) and os.path.exists(CRASH):
        for kind, count in tried.items():
            check(count >= ENOUGH[kind], f"{kind}: {count}")


if __name__ == "__main__":
    main()
