#!/usr/bin/python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""The engine as the enemy: a program in its place says every wrong thing. Each time the session
ends with its own exit status and one line in the log, or the message is borne; no file and no unit
is touched, the server neither grows nor hangs, and it lives for the next client."""

import os
import subprocess
import sys

sys.path.insert(0, sys.path[0] + "/../lib")
import revisions
from exm import ENGINE, HOSTS_FREE, SESSION, equal, main, test, unit_property, wait_until
from listening import Listening, check_growth
from snapshot import difference, snapshot
from trail import STATE

HOSTILE = "/opt/exmachina-tests/hostile/engine"
CASE_FILE = "/etc/exmachina-hostile"
EXIT_PROTOCOL = 120
# three files, of which the first has no wildcard, the second has, and the third is stricter
# and a systemd, which is not there
POLICY = (SESSION + "ServiceManager=systemd\n" + HOSTS_FREE +
          "[File /etc/apt/sources.list.d/*.list]\nLens=Aptsources.lns\nSet=**\n"
          "[File /etc/apt/sources.list.d/fixed.list]\nLens=Aptsources.lns\n"
          "[Service ssh.service]\nAllow=status\n[Log ssh.service]\nLines=10\n")


def cases(word):
    return subprocess.run([HOSTILE, "--list", word], capture_output=True, text=True,
                          check=True).stdout.splitlines()


def choose(case):
    with open(CASE_FILE, "w", encoding="ascii") as file:
        file.write(case + "\n")


def take_over(w):
    """From now on the monitor starts the hostile program as its engine."""
    os.makedirs(w.at(STATE), mode=0o700)
    w.mount("--bind", HOSTILE, ENGINE)
    w.write("/etc/apt/sources.list.d/a.list", "deb http://a b c\n")
    w.write("/etc/apt/sources.list.d/fixed.list", "deb http://a b c\n")
    # peer.h knows its number, and that the second is of no section
    revisions.add(w, 7, [("/etc/apt/sources.list.d/a.list", b"deb http://b b c\n", b"deb http://a b c\n"),
                         ("/etc/shadow", b"root:old", b"root:new")])


def show_secret(s):
    try:
        s.line({"jsonrpc": "2.0", "id": 1, "method": "session.authenticate",
                "params": {"secret": s.secret}})
    except OSError:
        pass  # the session has ended already


def session(w, case, policy=POLICY, **options):
    """Plays a case; the files are what they were."""
    choose(case)
    take_over(w)
    before = snapshot(w.root)
    s = w.session(policy, auth=False, **options)
    show_secret(s)
    s.status(100)
    equal(difference(before, snapshot(w.root)), [], "what has changed")
    return s


def broken(log):
    return [line for line in log.splitlines() if "broke the protocol" in line]


def play(case):
    def run(w):
        s = session(w, case)
        equal(s.status(), EXIT_PROTOCOL, f"exit status with {s.log!r}")
        equal(len(broken(s.log)), 1, f"lines in the log, which is {s.log!r}")
    return run


def bear(case):
    def run(w):
        s = session(w, case)
        equal(s.status(), 0, f"exit status with {s.log[-1000:]!r}")
        equal(broken(s.log), [], "lines in the log")
    return run


for name in cases("ends"):
    test(f"ends the session: {name}")(play(name))
for name in cases("borne"):
    test(f"is borne, and the session goes on: {name}")(bear(name))


# ---- one server for many ----------------------------------------------------------------

def serve(w, server, case, number):
    """The next client of a server, with that case in the engine's place."""
    choose(case)
    s = server.connect()
    s.secret = server.secret
    show_secret(s)
    s.close()
    server.wait_free(number)
    server.alive()


GROWTH = 4096  # KiB; the heap's own coming and going is in it


def start(w):
    """A server that has served its first two clients, so that what it makes once is made: the
    heap, and its way to the journal, in which is what is denied."""
    take_over(w)
    server = Listening(w, POLICY)
    for number, case in enumerate(("half a type", "SYSTEM replayed"), 1):
        serve(w, server, case, number)
    return server


@test("the service lives on after every hostile engine, for the next client", seconds=200)
def service_lives(w):
    server = start(w)
    before, resident, files = server.idle(), server.resident()[0], snapshot(w.root)
    number = 2
    for word, lines in (("ends", 1), ("borne", 0)):
        for case in cases(word):
            number += 1
            seen = len(server.log)
            serve(w, server, case, number)
            equal(len(broken(server.log[seen:])), lines, f"lines after {case!r}")
    equal(server.idle(), before, "descriptors")
    equal(difference(files, snapshot(w.root)), [], "what has changed")
    check_growth(server.resident()[0] - resident, GROWTH, f"what {number} sessions have left")


def flood(case, lines):
    def run(w):
        server = start(w)
        before, resident = server.idle(), server.resident()[0]
        seen = len(server.log)
        choose(case)
        s = server.connect()
        s.secret = server.secret
        show_secret(s)
        if lines == 0 and not case.startswith("BYE"):
            # it goes on until the server has had time for others
            wait_until(lambda: server.log[seen:].count("client authenticated") == 1, "the flood")
            equal(server.connect().read()["error"]["data"]["name"], "BUSY", "a second client")
            s.send("\n")
        server.wait_free(3)
        equal(len(broken(server.log[seen:])), lines, f"lines in {server.log[seen:][-1000:]!r}")
        equal(server.idle(), before, "descriptors")
        now, most = server.resident()
        check_growth(now - resident, GROWTH, "what it has left")
        check_growth(most - resident, 2 * GROWTH, "what it has taken")
        serve(w, server, "half a type", 4)
    return run


for name in cases("flood-ends"):
    test(f"ends the session: {name}, with no answer read", seconds=120)(flood(name, 1))
for name in cases("flood-borne"):
    test(f"is borne, and nothing is kept of it: {name}", seconds=120)(flood(name, 0))


# ---- a real systemd ---------------------------------------------------------------------

UNIT_FACTS = ("ActiveState", "InvocationID", "UnitFileState", "MainPID", "StateChangeTimestamp",
              "Job")


def unit_facts():
    return {name: unit_property("ssh.service", name) for name in UNIT_FACTS}


@test("no unit is touched by what is borne of a hostile engine", seconds=100)
def units(w):
    take_over(w)
    before = unit_facts()
    w.policy(POLICY)
    for case in cases("borne"):
        # the others expect that there is no systemd
        if "with odd values" not in case and "replayed" not in case:
            continue
        # these expect the history that was made for them
        if case.startswith(("PART ", "RESTORE ")):
            continue
        choose(case)
        s = w.session(auth=False, root="/")
        show_secret(s)
        equal(s.status(100), 0, f"exit status of {case}: {s.log[-1000:]!r}")
        equal(unit_facts(), before, f"the unit after {case}")


if __name__ == "__main__":
    main()
