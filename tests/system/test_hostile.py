#!/usr/bin/python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""The engine as the enemy: a program in its place says every wrong thing. Each time the session
ends with its own exit status and one line in the log, no file is touched, and the service lives."""

import os
import subprocess
import sys

sys.path.insert(0, sys.path[0] + "/../lib")
from exm import (DAEMON, ENGINE, HOSTS, HOSTS_FREE, SESSION, UID, check, equal, main, new_secret,
                 test, wait_until)

HOSTILE = "/opt/exmachina-tests/hostile/engine"
CASE_FILE = "/etc/exmachina-hostile"
EXIT_PROTOCOL = 120
# three files, of which the first has no wildcard, the second has, and the third is stricter
# and a systemd, which is not there
POLICY = (SESSION + "ServiceManager=systemd\n" + HOSTS_FREE +
          "[File /etc/apt/sources.list.d/*.list]\nLens=Aptsources.lns\nSet=**\n"
          "[File /etc/apt/sources.list.d/fixed.list]\nLens=Aptsources.lns\n"
          "[Service ssh.service]\nAllow=status\n[Log ssh.service]\nLines=10\n")


def cases(option):
    return subprocess.run([HOSTILE, option], capture_output=True, text=True,
                          check=True).stdout.splitlines()


def take_over(w, case):
    """From now on the monitor starts the hostile program as its engine."""
    with open(CASE_FILE, "w", encoding="ascii") as file:
        file.write(case + "\n")
    w.mount("--bind", HOSTILE, ENGINE)
    w.write("/etc/apt/sources.list.d/a.list", "deb http://a b c\n")
    w.write("/etc/apt/sources.list.d/fixed.list", "deb http://a b c\n")


def play(case):
    def run(w):
        take_over(w, case)
        s = w.session(POLICY, auth=False)
        try:
            s.line({"jsonrpc": "2.0", "id": 1, "method": "session.authenticate",
                    "params": {"secret": s.secret}})
        except OSError:
            pass  # the session has ended already
        equal(s.status(), EXIT_PROTOCOL, "exit status")
        broken = [line for line in s.log.splitlines() if "broke the protocol" in line]
        equal(len(broken), 1, f"lines in the log, which is {s.log!r}")
        equal(w.read("/etc/hosts"), HOSTS, "content")
        equal(w.files("/etc"), ["apt", "hosts", "ssh"], "files in /etc")
    return run


def bear(case):
    def run(w):
        take_over(w, case)
        s = w.session(POLICY, auth=False)
        s.line({"jsonrpc": "2.0", "id": 1, "method": "session.authenticate",
                "params": {"secret": s.secret}})
        equal(s.status(), 0, "exit status")
        check("broke the protocol" not in s.log, s.log)
    return run


for name in cases("--list"):
    test(f"ends the session: {name}")(play(name))
for name in cases("--list-borne"):
    test(f"is refused, and the session goes on: {name}")(bear(name))


@test("the service lives on after a hostile engine, for the next client")
def service_lives(w):
    secret_file = w.path_of("secret")
    with open(secret_file, "w", encoding="ascii") as file:
        file.write(new_secret())
    os.chmod(secret_file, 0o400)
    take_over(w, "half a type")
    w.policy(POLICY)
    path = w.path_of("socket")
    daemon = w.process(DAEMON, "--policy", w.policy_dir, "--root", w.root, "--listen", path,
                       "--secret-file", secret_file, stderr=subprocess.DEVNULL)
    wait_until(lambda: os.path.exists(path), "the socket")
    client = ("import os, socket, sys; s = socket.socket(socket.AF_UNIX); s.connect(sys.argv[1]); "
              "s.sendall(sys.argv[2].encode() + b'\\n'); sys.exit(len(s.recv(1)))")
    with open(secret_file, encoding="ascii") as file:
        line = f'"{file.read()}"'
    for _ in range(3):
        equal(subprocess.run(["setpriv", f"--reuid={UID}", f"--regid={UID}", "--clear-groups",
                              "/usr/bin/python3", "-c", client, path, line],
                             timeout=20, check=False).returncode, 0, "bytes of an answer")
    check(daemon.poll() is None, "the server has ended")


if __name__ == "__main__":
    main()
