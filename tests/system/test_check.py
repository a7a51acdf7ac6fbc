#!/usr/bin/python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""Check=: programs that see a commit as if it were written, and judge it before it is. What they
see, and what they cannot do: real programs of Debian, and programs that try everything."""

import os
import sys

sys.path.insert(0, sys.path[0] + "/../lib")
from exm import SESSION, check, contains, equal, main, test
from private_root import private_root, processes_in

PROBE = "/opt/exmachina-tests/system/check_probe"
FILE = "[File /etc/exm.conf]\nLens=Simplevars.lns\nSet=**\nInsert=**\nRemove=**\n"


class Result:
    """What check_probe printed."""

    def __init__(self, done):
        self.status = done.returncode
        self.stderr = done.stderr
        self.output = []
        fields = {}
        for line in done.stdout.splitlines():
            name, _, value = line.partition("=")
            if name == "output":
                self.output.append(value)
            else:
                fields[name] = value
        self.fields = fields
        self.why = fields.get("why", "")

    def __str__(self):
        return f"{self.status} {self.fields} {self.output} {self.stderr}"


def program(w, body, path="/opt/check", shebang="#!/bin/sh"):
    return w.write(path, f"{shebang}\n{body}\n", 0o755)


def run_check(w, *files, policy=None, root=None, before=(), **options):
    """A commit of these files, (path, content or None), up to its checks."""
    w.policy(SESSION + (policy or FILE + "Check=/opt/check\n"))
    arguments = []
    for number, (path, content) in enumerate(files):
        if content is None:
            arguments.append(path)
            continue
        where = w.path_of(f"new-{number}")
        with open(where, "wb") as file:
            file.write(content.encode() if isinstance(content, str) else content)
        os.chmod(where, 0o600)
        arguments.append(f"{path}={where}")
    return Result(w.run(PROBE, w.policy_dir, root or w.root, *arguments, *before, **options))


def agrees(result):
    equal((result.status, result.fields.get("outcome")), (0, "0"), str(result))


@test("a check sees the new file at its own path, and the machine has the old one")
def sees(w):
    private_root(w)
    w.write("/etc/exm.conf", "a = 1\n")
    program(w, "cat /etc/exm.conf; exit 3")
    result = run_check(w, ("/etc/exm.conf", "a = 2\n"))
    equal(result.output, ["a = 2"], str(result))
    equal(result.why, "Check=/opt/check: exit status 3")
    equal(w.read("/etc/exm.conf"), "a = 1\n")


if __name__ == "__main__":
    main()
