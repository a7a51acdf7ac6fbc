#!/usr/bin/python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""Races for the path of a whitelisted file: another process exchanges what is on it as fast as it
can, while hundreds of commits run. Nothing outside changes, and nothing inside is lost."""

import contextlib
import os
import signal
import stat
import sys
import time

sys.path.insert(0, sys.path[0] + "/../lib")
from exm import HOSTS, SESSION, RpcError, check, equal, main, test

SWAP = "/opt/exmachina-tests/hostile/swap"
POLICY = SESSION + "[File /etc/app/hosts]\nLens=Hosts.lns\nSet=**\nInsert=**\nRemove=**\n"
CANONICAL = "/files/etc/app/hosts/1/canonical"
SECONDS = 6
ENOUGH = 50  # commits that must have been tried, whatever the machine


def identity(path):
    """All of a file but the time of its last reading, and its names."""
    st = os.stat(path)
    with open(path, encoding="utf-8") as file:
        return file.read(), st.st_ino, st.st_mode, st.st_uid, st.st_gid, st.st_mtime_ns


class Race:
    """The swapper, and what must hold whenever it holds still."""

    def __init__(self, w, where, names, last=HOSTS):
        self.w, self.last = w, last
        self.outside = w.path_of("outside")
        self.before = self.look_outside()
        self.swapper = w.process(SWAP, w.at(where), *names)
        self.answers = {}

    def look_outside(self):
        return {name: identity(os.path.join(self.outside, name))
                for name in sorted(os.listdir(self.outside))}

    @contextlib.contextmanager
    def still(self):
        """A glance at files that nobody moves meanwhile."""
        self.swapper.send_signal(signal.SIGSTOP)
        os.waitid(os.P_PID, self.swapper.pid, os.WSTOPPED)
        yield
        self.swapper.send_signal(signal.SIGCONT)

    def check(self, find, count):
        """find: the directory of the file, wherever that is by now; count: of its entries."""
        with self.still():
            directory = find()
            equal(self.look_outside(), self.before, "outside")
            names = sorted(os.listdir(directory))
            equal(len(names), count, f"entries of the directory, which are {names}")
            own = [name for name in names if self.is_own(os.path.join(directory, name))]
            equal(len(own), 1, f"files of our own among {names}")
            with open(os.path.join(directory, own[0]), encoding="utf-8") as file:
                equal(file.read(), self.last, f"content of {own[0]} after {self.answers}")

    def is_own(self, path):
        st = os.lstat(path)
        return stat.S_ISREG(st.st_mode) and st.st_ino not in [i[1] for i in self.before.values()]

    def commit(self, s, number):
        try:
            s.set(CANONICAL, f"name{number}")
            answer = "done" if s.commit()["changed"] else "nothing"
            self.last = HOSTS.replace("\tlocalhost\n", f"\tname{number}\n")
        except RpcError as error:
            answer = error.name
            check(answer in ("CONFLICT", "DENIED", "IO", "NO_MATCH"), str(error))
            s.call("config.discard")
        self.answers[answer] = self.answers.get(answer, 0) + 1


def run(w, race, find, count):
    s = w.session(POLICY)
    end = time.monotonic() + SECONDS
    number = 0
    while time.monotonic() < end or number < ENOUGH:
        race.commit(s, number)
        race.check(find, count)
        number += 1
    # both ways were gone
    check(race.answers.get("done", 0) > 0, str(race.answers))
    check(len(race.answers) > 1, f"no race was lost: {race.answers}")
    check("could not be brought back" not in s.log, s.log[-500:])
    s.alive()


def prepare(w):
    w.write("/etc/app/hosts", HOSTS)
    os.mkdir(w.path_of("outside"))
    with open(w.path_of("outside/hosts"), "w", encoding="utf-8") as file:
        file.write(HOSTS)


@test("the directory is exchanged with a symbolic link to one outside while hundreds of commits run")
def directory(w):
    prepare(w)
    os.symlink(w.path_of("outside"), w.at("/etc/away"))

    def find():
        return next(w.at(path) for path in ("/etc/app", "/etc/away")
                    if not os.path.islink(w.at(path)))
    run(w, Race(w, "/etc", ("app", "away")), find, 1)


@test("the file is exchanged with a symbolic link to one outside while hundreds of commits run")
def link(w):
    prepare(w)
    os.symlink(w.path_of("outside/hosts"), w.at("/etc/app/away"))
    run(w, Race(w, "/etc/app", ("hosts", "away")), lambda: w.at("/etc/app"), 2)


@test("the file is exchanged with a hard link to one outside while hundreds of commits run")
def hard_link(w):
    prepare(w)
    os.link(w.path_of("outside/hosts"), w.at("/etc/app/away"))
    run(w, Race(w, "/etc/app", ("hosts", "away")), lambda: w.at("/etc/app"), 2)


if __name__ == "__main__":
    main()
