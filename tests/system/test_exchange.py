#!/usr/bin/python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""The example of exmachina-protocol(7), line by line: what the page says is what the server says."""

import os
import re
import shutil
import subprocess
import sys
import time

sys.path.insert(0, sys.path[0] + "/../lib")
import exm
from exm import Session, check, equal, main, test

HERE = os.environ.get("EXM_EXAMPLES", "/opt/exmachina-tests/examples")
HOSTS = ("127.0.0.1\tlocalhost\n127.0.1.1\tdebian\n\n"
         "# The following lines are desirable for IPv6 capable hosts\n"
         "::1     localhost ip6-localhost ip6-loopback\n"
         "ff02::1 ip6-allnodes\nff02::2 ip6-allrouters\n")


def without_numbers(line):
    """Process IDs and tokens are others each time, and revisions count on."""
    line = re.sub(r'("(?:main_)?pid(?:_before)?":)[0-9]+', r"\1PID", line)
    line = re.sub(r'("token":)"[0-9a-f]*"', r"\1TOKEN", line)
    return re.sub(r'("revision":)[0-9]+', r"\1REVISION", line)


def with_answers(line, answers):
    """What a client has from an earlier answer: the plan, the token."""
    for key in ("plan", "token"):
        told = [found for answer in answers for found in re.findall(f'"{key}":"([0-9a-f]+)"', answer)]
        if told:
            line = re.sub(f'"{key}":"[0-9a-f]*"', f'"{key}":"{told[-1]}"', line)
    return line


def keep(w, path):
    """What the sandbox has there is there again after the test."""
    kept = w.path_of("kept-" + os.path.basename(path))
    shutil.copy2(path, kept)
    w.undo.callback(shutil.copy2, kept, path)


def start(w, lines):
    """A session on the sandbox's own files, with the example's policy and secret."""
    for path in ("/etc/hosts", "/etc/ssh/sshd_config"):
        keep(w, path)
    with open("/etc/hosts", "w", encoding="utf-8") as file:
        file.write(HOSTS)
    shutil.rmtree(w.policy_dir)
    shutil.copytree(HERE + "/policy.d", w.policy_dir)
    os.chmod(w.policy_dir, 0o755)
    secret = next(re.search('"secret":"([0-9a-f]*)"', line)[1] for line in lines
                  if "session.authenticate" in line)
    exm.new_secret = lambda: secret
    subprocess.run(["systemctl", "start", "ssh.service"], check=True)
    return Session(w, auth=False, args=("--user", "panel"), root="/")


def replay(w, lines):
    """The same lines, with what the server answers now."""
    s = start(w, lines)
    got = []
    for line in lines:
        if line.startswith("S"):
            continue
        line = with_answers(line, got)
        got.append(line)
        if line.startswith("# Somebody else: "):
            time.sleep(0.1)
            subprocess.run(line.split(": ", 1)[1], shell=True, check=True)
        if not line.startswith("C "):
            continue
        s.line(line[2:])
        wanted = re.search('"id":([0-9]+)', line)
        while True:
            answer = s.read_line().decode()
            if not answer:
                continue
            got.append("S " + answer)
            if '"method":"session.engine_lost"' not in answer:
                break
        if wanted and "id\":null" not in answer and answer[0] == "{":
            equal(re.search('"id":([0-9]+)', answer)[1], wanted[1], "id")
    check(s.ended(), "the stream is still open")
    return got


@test("the example of exmachina-protocol(7) is what happens")
def exchange(w):
    with open(HERE + "/exchange.txt", encoding="utf-8") as file:
        lines = file.read().split("\n")
    got = replay(w, lines)
    if os.environ.get("EXM_UPDATE"):
        with open(os.environ["EXM_UPDATE"], "w", encoding="utf-8") as file:
            file.write("\n".join(got))
        return
    for one, other in zip(got, lines):
        equal(without_numbers(one), without_numbers(other), "line")
    equal(len(got), len(lines), "lines")


if __name__ == "__main__":
    main()
