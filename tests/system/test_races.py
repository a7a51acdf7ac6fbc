#!/usr/bin/python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""Races for the paths of whitelisted files: another process exchanges what is on them as fast as it
can, while a thousand commits run. Nothing outside changes, and nothing inside is lost."""

import contextlib
import os
import signal
import stat
import sys
import time

sys.path.insert(0, sys.path[0] + "/../lib")
from exm import HOSTS, SESSION, RpcError, check, equal, main, test
from snapshot import difference, snapshot
from trail import STATE

SWAP = "/opt/exmachina-tests/hostile/swap"
RIGHTS = "Lens=Hosts.lns\nSet=**\nInsert=**\nRemove=**\n"
POLICY = (SESSION + f"[File /etc/app/hosts]\n{RIGHTS}[File /etc/app/more]\n{RIGHTS}"
          f"[File /etc/app/new]\n{RIGHTS}Create=0644 root:root\nDelete=yes\n")
OUTSIDE = "10.9.9.9\toutside\n"
COMMITS = 150  # of each race; there are seven
ROUNDS_MAX = 60  # seconds for them, and for more until each way of ending was seen


class Race:
    """The swapper, and what must hold whenever it holds still."""

    def __init__(self, w, *groups):
        self.w = w
        self.contents = {"hosts": HOSTS, "more": HOSTS}
        os.makedirs(w.at(STATE), mode=0o700)
        self.outside = self.look_outside()
        self.inodes = {found[4] for found in self.outside.values()}
        self.groups = groups
        self.swapper = None
        self.answers = {}

    def begin(self):
        arguments = []
        for where, *names in self.groups:
            arguments += ["--"] * bool(arguments) + [self.w.at(where), *names]
        self.swapper = self.w.process(SWAP, *arguments)

    def look_outside(self):
        """Everything but the two directories whose names are exchanged, and what lies in them."""
        found = {"outside/" + name: value
                 for name, value in snapshot(self.w.path_of("outside")).items()}
        for name, value in snapshot(self.w.root).items():
            if not (name + "/").startswith(("etc/app/", "etc/away")) and name != "etc":
                found[name] = value
        return found

    @contextlib.contextmanager
    def still(self):
        """A glance at files that nobody moves meanwhile."""
        check(self.swapper.poll() is None, "the swapper has ended")
        self.swapper.send_signal(signal.SIGSTOP)
        os.waitid(os.P_PID, self.swapper.pid, os.WSTOPPED)
        yield
        self.swapper.send_signal(signal.SIGCONT)

    def directory(self):
        """The directory of the files, by whatever name it goes by now."""
        etc = self.w.at("/etc")
        return next(path for path in (os.path.join(etc, name) for name in sorted(os.listdir(etc)))
                    if os.path.isdir(path) and not os.path.islink(path) and
                    any(name.startswith(("hosts", "away")) for name in os.listdir(path)))

    def own(self):
        """The texts of the regular files that are nobody else's."""
        found = []
        for name in sorted(os.listdir(self.directory())):
            path = os.path.join(self.directory(), name)
            st = os.lstat(path)
            if stat.S_ISREG(st.st_mode) and st.st_ino not in self.inodes:
                check(not name.startswith(".exmachina"), f"{name} was left: {self.answers}")
                with open(path, encoding="utf-8") as file:
                    found.append(file.read())
        return sorted(found)

    def check(self):
        with self.still():
            equal(difference(self.outside, self.look_outside()), [], "what has changed outside")
            equal(self.own(), sorted(self.contents.values()), f"the files after {self.answers}")

    def commit(self, s, edits, contents):
        """Edits, and what the files are if their commit is done. Else they stay as they are."""
        try:
            for method, *params in edits:
                result = s.call(method, params)
                if method == "augeas.get":
                    check(self.may_read(result), f"what is outside was read: {result}")
            answer = "done" if s.commit()["changed"] else "nothing"
            self.contents = contents
        except RpcError as error:
            answer = error.name
            check(answer in ("CONFLICT", "DENIED", "IO", "NO_MATCH"), str(error))
            s.call("config.discard")
        self.answers[answer] = self.answers.get(answer, 0) + 1
        return answer

    def may_read(self, address):
        """Whoever makes a hard link in a directory has put the file there."""
        links = any(value[5] > 1 for name, value in self.outside.items()
                    if name.startswith("outside/") and name != "outside/.")
        return address == "127.0.0.1" or links


def named(number):
    return HOSTS.replace("\tlocalhost\n", f"\tname{number}\n")


def rename(number, *files):
    """A commit of these files: each is read, and gets the name."""
    return ([("augeas.get", f"/files/etc/app/{file}/1/ipaddr") for file in files] +
            [("augeas.set", f"/files/etc/app/{file}/1/canonical", f"name{number}") for file in files])


def run(w, race, step):
    s = w.session(POLICY)
    # a server does not start when a directory that it is to write to is none
    race.begin()
    end = time.monotonic() + ROUNDS_MAX
    number = 0
    while time.monotonic() < end and (number < COMMITS or len(race.answers) < 2 or
                                      "done" not in race.answers):
        step(s, number)
        race.check()
        number += 1
    print(f"# {race.answers}", flush=True)
    # both ways were gone
    check(race.answers.get("done", 0) > 0, str(race.answers))
    check(len(race.answers) > 1, f"no race was lost: {race.answers}")
    check("could not be brought back" not in s.log, s.log[-500:])
    s.alive()


def edit(w, race, *files):
    def step(s, number):
        race.commit(s, rename(number, *files),
                    {**race.contents, **{file: named(number) for file in files}})
    run(w, race, step)


def prepare(w):
    for name in ("hosts", "more"):
        w.write(f"/etc/app/{name}", HOSTS)
    os.mkdir(w.path_of("outside"))
    for name in ("hosts", "more", "new"):
        with open(w.path_of(f"outside/{name}"), "w", encoding="utf-8") as file:
            file.write(OUTSIDE)


def links_to(w, where, target):
    """Symbolic links beside a name, of every kind, that lead outside; their names."""
    directory = w.at(where)
    path = w.path_of(target)
    os.makedirs(directory, exist_ok=True)
    ways = {"away-absolute": path,
            "away-relative": os.path.relpath(path, directory),
            "away-root": "/proc/self/root" + path,
            "away-cwd": "/proc/self/cwd" + path,
            "away-magic": f"/proc/{os.getpid()}/root" + path}
    for name, way in ways.items():
        os.symlink(way, os.path.join(directory, name))
    return list(ways)


@test("the directory is exchanged with symbolic links to one outside while commits run", seconds=120)
def directory(w):
    prepare(w)
    edit(w, Race(w, ("/etc", "app", *links_to(w, "/etc", "outside"))), "hosts")


@test("the file is exchanged with symbolic links to one outside while commits run", seconds=120)
def link(w):
    prepare(w)
    edit(w, Race(w, ("/etc/app", "hosts", *links_to(w, "/etc/app", "outside/hosts"))), "hosts")


@test("the file is exchanged with a hard link to one outside while commits run", seconds=120)
def hard_link(w):
    prepare(w)
    os.link(w.path_of("outside/hosts"), w.at("/etc/app/away"))
    edit(w, Race(w, ("/etc/app", "hosts", "away")), "hosts")


@test("the file is exchanged with a FIFO, a directory, a socket and a device while commits run",
      seconds=120)
def other_kinds(w):
    prepare(w)
    app = w.at("/etc/app")
    os.mkfifo(f"{app}/away-fifo")
    os.mkdir(f"{app}/away-directory")
    os.mknod(f"{app}/away-socket", stat.S_IFSOCK | 0o666)
    os.mknod(f"{app}/away-null", stat.S_IFCHR | 0o666, os.makedev(1, 3))
    os.mknod(f"{app}/away-zero", stat.S_IFCHR | 0o666, os.makedev(1, 5))
    edit(w, Race(w, ("/etc/app", "hosts", "away-fifo", "away-directory", "away-socket",
                     "away-null", "away-zero")), "hosts")


@test("one of two files is exchanged while commits of both run: both change, or none", seconds=120)
def two_files(w):
    prepare(w)
    os.link(w.path_of("outside/more"), w.at("/etc/app/away"))
    edit(w, Race(w, ("/etc/app", "more", "away", *links_to(w, "/etc/app", "outside/more"))),
         "hosts", "more")


@test("directory and file are exchanged by two threads while commits of two files run", seconds=120)
def both(w):
    prepare(w)
    edit(w, Race(w, ("/etc", "app", *links_to(w, "/etc", "outside")),
                 ("/etc/app", "hosts", *links_to(w, "/etc/app", "outside/hosts"))), "hosts", "more")


@test("the directory is exchanged while commits create a file and remove it again", seconds=120)
def create_and_delete(w):
    prepare(w)
    race = Race(w, ("/etc", "app", *links_to(w, "/etc", "outside")))

    def step(s, number):
        if "new" in race.contents:
            contents = {name: text for name, text in race.contents.items() if name != "new"}
            race.commit(s, [("augeas.remove", "/files/etc/app/new")], contents)
        else:
            race.commit(s, [("augeas.set", "/files/etc/app/new/1/ipaddr", "10.0.0.1"),
                            ("augeas.set", "/files/etc/app/new/1/canonical", f"name{number}")],
                        {**race.contents, "new": f"10.0.0.1\tname{number}\n"})
    run(w, race, step)


if __name__ == "__main__":
    main()
