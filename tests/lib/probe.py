# SPDX-License-Identifier: LGPL-2.1-or-later
"""The monitor's service module without an engine, through the program service_probe."""

import subprocess

from exm import check, stop_process

PROGRAM = "/opt/exmachina-tests/system/service_probe"
LISTS = ("log", "change", "progress")


class Probe:
    def __init__(self, world, root="/"):
        self.process = subprocess.Popen([PROGRAM, root, "-"], stdin=subprocess.PIPE,
                                        stdout=subprocess.PIPE, text=True)
        self.asked = 0
        self.answers = {}
        self.seen = []  # progress, as it came
        world.undo.callback(stop_process, self.process)

    def ask(self, verb, unit, timeout=30, settle=0, *options):
        """Begins a call; its ticket."""
        words = [verb, unit, str(int(timeout * 1000)), str(int(settle * 1000)), *options]
        self.process.stdin.write(" ".join(words) + "\n")
        self.process.stdin.flush()
        self.asked += 1
        return self.asked - 1

    def _line(self):
        line = self.process.stdout.readline()
        check(line, "the probe has ended")
        return line.rstrip("\n")

    def _read(self):
        """The next answer."""
        answer = {name: [] for name in LISTS}
        while line := self._line():
            name, value = line.split("=", 1)
            if name == "progress":
                ticket, *words = value.split(" ")
                self.seen.append((int(ticket), *words))
            elif name in LISTS:
                answer[name].append(value)
            else:
                answer[name] = value
        check("refused" not in answer, str(answer))
        self.answers[int(answer["ticket"])] = answer

    def progress(self):
        """Waits for the next word of progress."""
        line = self._line()
        check(line.startswith("progress="), line)
        ticket, *words = line.removeprefix("progress=").split(" ")
        self.seen.append((int(ticket), *words))
        return self.seen[-1]

    def result(self, ticket):
        while ticket not in self.answers:
            self._read()
        return self.answers.pop(ticket)

    def call(self, *arguments):
        return self.result(self.ask(*arguments))
