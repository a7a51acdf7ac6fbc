#!/usr/bin/python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""The verifier as the enemy: a program in its place hands in lists that are none, plays with the
memory that they are in, and ends in every way. No commit is done that the policy does not allow, no
list is believed that somebody could still change, and nobody waits longer than the time that is set."""

import subprocess
import sys
import time

sys.path.insert(0, sys.path[0] + "/../lib")
from exm import ENGINE, SESSION, RpcError, check, contains, equal, main, test
from listening import check_growth, resident

HOSTILE = "/opt/exmachina-tests/hostile/verifier"
LIAR = "/opt/exmachina-tests/hostile/liar"
VERIFY = "/usr/libexec/exmachina/exmachina-verify"
CASE_FILE = "/etc/exmachina-hostile-verifier"
LIAR_FILE = "/etc/exmachina-hostile"
POLICY = SESSION + "[File /etc/hosts]\nLens=Hosts.lns\nSet=*/alias\nValue=*/alias [a-z0-9]+\n"
HOSTS = "10.0.0.1\tone alias0\n10.0.0.2\ttwo\n"
ALIAS = "/files/etc/hosts/1/alias"
# what the client is told
ANSWERS = {"done": {"done"}, "denied": {"DENIED"}, "unverified": {"PARSE_FAILED"},
           "limit": {"LIMIT"}, "io": {"IO"}, "refused": {"DENIED", "PARSE_FAILED", "LIMIT", "IO"}}
ANSWERS["any"] = ANSWERS["refused"] | ANSWERS["done"]
LIMIT = 7  # the monitor's outcome


def cases():
    output = subprocess.run([HOSTILE, "--list"], capture_output=True, text=True,
                            check=True).stdout
    return [line.split("\t") for line in output.splitlines()]


def choose(case):
    with open(CASE_FILE, "w", encoding="ascii") as file:
        file.write(case + "\n")


class Committer:
    """A fair client of a fair engine; each commit has the hostile verifier."""

    def __init__(self, w):
        w.mount("--bind", HOSTILE, VERIFY)
        w.write("/etc/hosts", HOSTS)
        self.w = w
        self.s = w.session(POLICY)
        self.engine = self.s.engine()
        self.number = 0
        self.content = HOSTS

    def commit(self, case):
        """What came of it; the file is what that says."""
        choose(case)
        self.number += 1
        self.s.set(ALIAS, f"alias{self.number}")
        try:
            self.s.call("config.commit", seconds=60)
            answer = "done"
            self.content = HOSTS.replace("alias0", f"alias{self.number}")
        except RpcError as error:
            answer = error.name
        equal(self.w.read("/etc/hosts"), self.content, f"content after {answer} for {case!r}")
        equal(self.w.files("/etc"), ["hosts", "ssh"], "files in /etc")
        return answer

    def end(self):
        self.s.alive()
        equal(self.s.engine(), self.engine, "the engine")
        equal(sum("broke the protocol" in line and "verifier" not in line
                  for line in self.s.log.splitlines()), 0, "lines about the engine")


def play(case, outcome):
    def run(w):
        c = Committer(w)
        answer = c.commit(case)
        check(answer in ANSWERS[outcome], f"{answer}, wanted {outcome}: {c.s.log[-500:]}")
        c.end()
    return run


def play_all(prefix):
    def run(w):
        c = Committer(w)
        for case, outcome in cases():
            if case.startswith(prefix):
                answer = c.commit(case)
                check(answer in ANSWERS[outcome], f"{case}: {answer}, wanted {outcome}")
        check_growth(resident(c.s.pid), 32768, "memory of the monitor")
        c.end()
    return run


def overtime(case):
    """The engine's own clock would end the request, so a program in its place waits."""
    def run(w):
        choose(case)
        with open(LIAR_FILE, "w", encoding="ascii") as file:
            file.write("only what is allowed\n")
        w.mount("--bind", HOSTILE, VERIFY)
        w.mount("--bind", LIAR, ENGINE)
        before = "".join(f"10.0.{i // 250}.{i % 250}\thost{i} old{i}\n" for i in range(1, 1001))
        w.write("/etc/hosts", before)
        w.write("/etc/fixed", "Port 22\n")
        s = w.session(POLICY.replace("Timeout=10s", "Timeout=2s") +
                      "[File /etc/fixed]\nLens=Sshd.lns\nSet=Port\n"
                      "[File /etc/unused]\nLens=Hosts.lns\n", auth=False)
        s.line({"jsonrpc": "2.0", "id": 1, "method": "session.authenticate",
                "params": {"secret": s.secret}})
        start = time.monotonic()
        answer = s.read(60)["result"]
        check(time.monotonic() - start > 1.5, "it was not waited for")
        equal(answer["outcome"], LIMIT, f"outcome ({answer})")
        contains(answer["step"], "takes too long")
        equal(w.read("/etc/hosts"), before, "content")
        equal(s.status(), 0, "exit status")
    return run


ROWS, STATUS, SIGNAL = "a row whose ", "status ", "signal "
for name, wanted in cases():
    if wanted == "time":
        test(f"{name}: it is ended when its time is over", seconds=90)(overtime(name))
    elif not name.startswith((ROWS, STATUS, SIGNAL)):
        test(f"{name}: {wanted}", seconds=120)(play(name, wanted))
test("each field of a row with each odd value: what the policy does not allow is not done",
     seconds=200)(play_all(ROWS))
test("whatever the list says, a verifier that ends with a status other than 0 is not believed",
     seconds=200)(play_all(STATUS))
test("whatever the list says, a verifier that a signal ends is not believed",
     seconds=120)(play_all(SIGNAL))


if __name__ == "__main__":
    main()
