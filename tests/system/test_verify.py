#!/usr/bin/python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""Whitelisted by effect: an engine that lies asks for commits that the policy does not allow, in
every well-formed way. Nothing is written, the answer names the rule, and the service lives."""

import json
import os
import subprocess
import sys

sys.path.insert(0, sys.path[0] + "/../lib")
from exm import ENGINE, SESSION, contains, equal, main, test

LIAR = "/opt/exmachina-tests/hostile/liar"
VERIFY = "/usr/libexec/exmachina/exmachina-verify"
CASE_FILE = "/etc/exmachina-hostile"
POLICY = (SESSION.replace("Timeout=10s", "Timeout=60s") + """
[File /etc/hosts]
Lens=Hosts.lns
Set=*/alias
Value=*/alias [a-z0-9]+
Deny=13

[File /etc/fixed]
Lens=Sshd.lns
Set=Port
Value=Port [0-9]+

[File /etc/unused]
Lens=Hosts.lns
""")
BEFORE = "".join(f"10.0.{i // 250}.{i % 250}\thost{i} {'keep' if i == 13 else 'old'}{i}\n"
                 for i in range(1, 1001))
FIXED = "Port 22\nPermitRootLogin no\n"
DONE, DENIED, LIMIT, UNVERIFIED = 0, 2, 7, 8

# what the monitor must answer
WANTED = {
    "only what is allowed": (DONE, None),
    "one name among a thousand aliases": (DENIED, "Set=500/canonical"),
    "one address among a thousand aliases": (DENIED, "Set=777/ipaddr"),
    "one entry more": (DENIED, "Insert=501"),
    "one entry less": (DENIED, "Remove=500"),
    "one alias more": (DENIED, "Insert=500/alias"),
    "a comment": (DENIED, "Insert=#comment"),
    "the entry that is denied": (DENIED, "Deny=13"),
    "a value that does not fit": (DENIED, "Value=*/alias [a-z0-9]+"),
    "one entry in another's place": (DENIED, "Set=500/ipaddr"),
    "a line that is none": (UNVERIFIED, "not what the lens describes"),
    "nothing left": (DENIED, "Remove=1"),
    "more behind a NUL": (UNVERIFIED, "not what the lens describes"),
    "a good file and a bad one": (DENIED, "Set=PermitRootLogin"),
}
CASES = subprocess.run([LIAR, "--list"], capture_output=True, text=True,
                       check=True).stdout.splitlines()


def lie(w, case, policy=POLICY):
    """Plays the case; returns what the monitor said."""
    with open(CASE_FILE, "w", encoding="ascii") as file:
        file.write(case + "\n")
    w.mount("--bind", LIAR, ENGINE)
    # the thirteenth must not be changed, so it is as the liar writes it already
    w.write("/etc/hosts", BEFORE.replace("keep13", "new13"))
    w.write("/etc/fixed", FIXED)
    s = w.session(policy, auth=False)
    s.line({"jsonrpc": "2.0", "id": 1, "method": "session.authenticate",
            "params": {"secret": s.secret}})
    answer = s.read(60)["result"]
    equal(s.status(), 0, "exit status")
    return answer, s


def play(case):
    def run(w):
        answer, s = lie(w, case)
        outcome, rule = WANTED[case]
        equal(answer["outcome"], outcome, f"outcome ({answer})")
        if outcome == DONE:
            contains(w.read("/etc/hosts"), "host500 new500")
            return
        contains(answer["step"], rule)
        contains(s.log, "nothing was committed", "log")
        equal(w.read("/etc/hosts"), BEFORE.replace("keep13", "new13"), "content")
        equal(w.read("/etc/fixed"), FIXED, "content of the other file")
    return run


for name in CASES:
    test(f"asked to commit {name}: " +
         ("it is done" if WANTED[name][0] == DONE else "nothing is written"), seconds=90)(play(name))


@test("Verify=no is warned about, and leaves the decision to the engine")
def unverified(w):
    answer, s = lie(w, "one name among a thousand aliases",
                    POLICY.replace("Lens=Hosts.lns", "Lens=Hosts.lns\nVerify=no"))
    equal(answer["outcome"], DONE)
    contains(s.log, "Verify=no: which nodes of /etc/hosts change is decided by the engine alone")


@test("without its verifier nothing is committed")
def no_verifier(w):
    w.mount("--bind", "/dev/null", VERIFY)
    answer, _ = lie(w, "only what is allowed")
    equal(answer["outcome"] != DONE, True, f"refusal ({answer})")
    equal(w.read("/etc/hosts"), BEFORE.replace("keep13", "new13"), "content")


@test("a verifier that is not one is not believed")
def false_verifier(w):
    w.mount("--bind", "/bin/true", VERIFY)
    answer, _ = lie(w, "one name among a thousand aliases")
    equal(answer["outcome"], UNVERIFIED, f"outcome ({answer})")


@test("a verifier that never ends is ended")
def endless_verifier(w):
    script = w.path_of("endless")
    with open(script, "w", encoding="ascii") as file:
        file.write("#!/bin/sh\nexec sleep 1000\n")
    os.chmod(script, 0o755)
    w.mount("--bind", script, VERIFY)
    answer, _ = lie(w, "only what is allowed", POLICY.replace("Timeout=60s", "Timeout=2s"))
    equal(answer["outcome"], LIMIT, f"outcome ({answer})")
    contains(answer["step"], "takes too long")


if __name__ == "__main__":
    main()
