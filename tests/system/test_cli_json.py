#!/usr/bin/python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""The exmachina command for programs: by the table of its verbs, whatever a verb prints with --json is
JSON, results and errors alike. And completion, which bash asks of the same table."""

import json
import os
import subprocess
import sys

sys.path.insert(0, sys.path[0] + "/../lib")
from exm import (CLI, HOSTS_FREE, SESSION, check, contains, equal, for_each, main, test,
                 unit_file)

H = "/files/etc/hosts"
UNIT = "exm-json.service"
DONE, NO_NODE, USAGE, DENIED, FAILED, NO_SERVER = range(6)
POLICY = (SESSION + HOSTS_FREE +
          f"[Service {UNIT}]\nAllow=status start stop\n[Service exm-other-*.service]\nAllow=status\n"
          f"[Log {UNIT}]\n[Package exm-none]\nAllow=status\n[System]\nAllow=timezone\n")

# What to say behind each verb, so that it has a result; and so that it fails, otherwise than by
# arguments that are missing. None: there is no such way.
SAID = {
    "get": ([f"{H}/1/ipaddr"], [f"{H}/99"]),
    "match": ([f"{H}/*"], [f"{H}["]),
    "ls": ([H], [f"{H}/99"]),
    "print": ([H], [f"{H}["]),
    "label": ([f"{H}/1"], [f"{H}/*"]),
    "span": ([f"{H}/1/ipaddr"], [f"{H}/99"]),
    "preview": ([H], ["/files/etc/shadow"]),
    "source": ([f"{H}/1"], [f"{H}/99"]),
    "set": ([f"{H}/1/canonical", "x"], ["/files/etc/shadow/x", "y"]),
    "setm": ([f"{H}/*[ipaddr]", "canonical", "x"], [f"{H}[", "x", "y"]),
    "clear": ([f"{H}/1/canonical"], ["/files/etc/shadow/x"]),
    "rm": ([f"{H}/1"], ["/files/etc"]),
    "insert": (["alias", "after", f"{H}/1/canonical"], ["alias", "beside", f"{H}/1"]),
    "mv": ([f"{H}/1", f"{H}/9"], [f"{H}/99", f"{H}/98"]),
    "cp": ([f"{H}/1", f"{H}/9"], [f"{H}/99", f"{H}/98"]),
    "defvar": (["v", f"{H}/*"], ["a/b", H]),
    "defnode": (["v", f"{H}/1/alias", "x"], ["a/b", H]),
    "store": (None, ["Hosts.lns", "/none", "/tree"]),
    "retrieve": (None, ["Hosts.lns", "/none", "/tree", "/text"]),
    "load-file": (["/etc/hosts"], ["/etc/shadow"]),
    "rename": ([f"{H}/4", "8"], [f"{H}/4", "a/b"]),
    "transform": (["Hosts.lns", "incl", "/etc/hosts"], ["Hosts.lns", "incl", "/etc/shadow"]),
    "ensure": ([f"{H}/1/canonical", "x"], ["/files/etc/shadow/x", "y"]),
    "diff": ([], None),
    "commit": ([], ["--dead-man"]),
    "confirm": ([], ["0" * 32]),
    "discard": ([], None),
    "load": ([], None),
    "errors": ([], None),
    "history": ([], None),
    "show": (None, ["999999"]),
    "revert": (None, ["no"]),
    "service list": ([], None),
    "service log": ([UNIT], ["ssh.service"]),
    "service watch": (None, ["ssh.service"]),
    "service": (["status", UNIT], ["stop", "ssh.service"]),
    "package status": (None, ["hello"]),
    "package install": (None, ["hello"]),
    "package remove": (None, ["hello"]),
    "package upgrade": (None, ["hello"]),
    "package update": (None, []),
    "system": ([], ["nonsense"]),
    "system set-timezone": (None, ["Nowhere/At_All"]),
    "system set-hostname": (None, ["x"]),
    "system set-locale": (None, ["LANG=C"]),
    "info": ([], None),
    "methods": ([], None),
    "whatcan": ([H], [f"{H}/*"]),
    "ping": ([], None),
    "call": (["session.ping"], ["session.ping", "{"]),
    "run": (None, ["/no/such/script"]),
    "shell": (None, ["x"]),
    "log": (None, ["/no/such/trail"]),
    "help": ([], ["nonsense"]),
}
with open(os.devnull, encoding="ascii") as nothing:
    TABLE = json.loads(subprocess.run([CLI, "--json", "help"], capture_output=True, text=True,
                                      check=True, stdin=nothing).stdout)


def name_of(row):
    # the row without a word of its own is asked for by the first word alone
    return row["name"] if not row["word"] or f"{row['name']} {row['word']}" not in SAID \
        else f"{row['name']} {row['word']}"


def said(w, row, arguments):
    words = ["--json", *name_of(row).split(" "), *arguments]
    return w.daemon("--policy", w.policy_dir, "--", CLI, *words)


def complaint(run):
    return "".join(line + "\n" for line in run.stderr.splitlines()
                   if not line.startswith("exmachinad: "))


def each_line(run):
    """All that was printed, as JSON; it is an error if that is no object with these members."""
    equal(complaint(run), "", "beside the JSON")
    return [json.loads(line) for line in run.stdout.splitlines()]


def is_error(value):
    return (isinstance(value, dict) and set(value) == {"code", "message", "data"} and
            isinstance(value["code"], int) and value["message"] and value["data"]["name"])


def on_system(w):
    unit_file(UNIT, "[Service]\nExecStart=/bin/sleep infinity\n")
    w.policy(POLICY)


@test("the table of verbs has a way to say each of them here, and nothing is said that is not there")
def whole_table(w):
    names = [name_of(row) for row in TABLE]
    equal(sorted(set(names)), sorted(SAID), "verbs")


@for_each([(f"{name} with --json: what it prints is JSON, and no error", name)
           for name, (good, _) in SAID.items() if good is not None])
def results(w, name):
    on_system(w)
    run = said(w, {"name": name, "word": None}, SAID[name][0])
    check(run.returncode in (DONE, NO_NODE), f"{run.returncode}: {run.stdout!r} {run.stderr!r}")
    values = each_line(run)
    check(values and not any(is_error(value) for value in values), run.stdout)


@for_each([(f"{name} with --json: an error is JSON with its name", name)
           for name, (_, bad) in SAID.items() if bad is not None])
def errors(w, name):
    on_system(w)
    run = said(w, {"name": name, "word": None}, SAID[name][1])
    check(run.returncode not in (DONE,), f"{run.returncode}: {run.stdout!r}")
    values = each_line(run)
    check(len(values) == 1 and is_error(values[0]), run.stdout)


@for_each([(f"{name_of(row)} with --json: a mistake of the command line is JSON as well", row)
           for row in TABLE])
def mistakes(w, row):
    many = ["x"] * 2000
    # no session is needed to see that
    run = w.run(CLI, "--json", *name_of(row).split(" "), *many, env={"EXMACHINA_FD": "77"})
    equal(run.returncode, USAGE, run.stderr)
    value, = each_line(run)
    check(is_error(value) and value["data"]["name"] == "USAGE", run.stdout)


@test("with --json no server, a verb that is none, and each line of a script are JSON")
def others(w):
    value, = each_line(w.run(CLI, "--json", "--socket", "/nowhere", "--secret-file", "/dev/null", "ping"))
    equal((is_error(value), value["data"]["name"]), ("NO_SERVER", "NO_SERVER"))
    value, = each_line(w.run(CLI, "--json", "nonsense"))
    equal(value["data"]["name"], "USAGE")
    w.policy(POLICY)
    run = w.daemon("--policy", w.policy_dir, "--root", w.root, "--", "/bin/sh", "-c",
                   f"printf 'get {H}/1/ipaddr\\ncount {H}/*\\ncommit --json --bad\\nping\\n' | {CLI} --json run")
    equal(run.returncode, USAGE, run.stderr)
    values = each_line(run)
    equal(values[0], "127.0.0.1")
    equal(values[1]["output"], "  5 matches\n")
    equal((values[2]["data"]["script"], values[2]["data"]["script_line"]), ("stdin", 3))
    equal(len(values), 3)


@test("--json behind a verb is about its line, and not those after it")
def one_line(w):
    w.policy(POLICY)
    run = w.daemon("--policy", w.policy_dir, "--root", w.root, "--", "/bin/sh", "-c",
                   f"printf 'diff --json\\nget {H}/1/ipaddr\\n' | {CLI} run")
    equal(run.stdout, f'{{"files":[]}}\n{H}/1/ipaddr = 127.0.0.1\n', run.stderr)


# ---- help ----------------------------------------------------------------------------------------

@test("help of a verb is about it alone, and of none is a mistake")
def help_of_one(w):
    run = w.run(CLI, "help", "commit")
    contains(run.stdout, "commit, save")
    contains(run.stdout, "--confirm SECONDS")
    check("discard" not in run.stdout, run.stdout)
    equal(w.run(CLI, "help", "nonsense").returncode, USAGE)
    rows = json.loads(w.run(CLI, "help", "service", "--json").stdout)
    equal([row["word"] for row in rows], ["list", "log", "watch", None])


# ---- completion ----------------------------------------------------------------------------------

def completed(w, *words):
    """What could stand in place of the last word."""
    w.policy(POLICY)
    return w.daemon("--policy", w.policy_dir, "--", CLI, "complete", *words).stdout.split("\n")[:-1]


def completed_alone(w, *words):
    return w.run(CLI, "complete", *words).stdout.split("\n")[:-1]


@test("verbs, their second words, choices and options are completed from the table, without a server")
def by_table(w):
    names = {row["name"] for row in TABLE} | {row["alias"] for row in TABLE if row["alias"]}
    equal(sorted(completed_alone(w, "")), sorted(names))
    equal(sorted(completed_alone(w, "co")), ["commit", "confirm", "copy"])
    contains(completed_alone(w, "service", "re"), "reload_or_restart")
    contains(completed_alone(w, "service", ""), "watch")
    equal(completed_alone(w, "insert", "x", ""), ["before", "after"])
    for row in TABLE:
        wanted = sorted("--" + option["name"] for option in row["options"])
        equal(sorted(completed_alone(w, *name_of(row).split(" "), "-")), wanted, f"of {row}")
    equal(completed_alone(w, "commit", "--dry-run", "--conf"), ["--confirm"])
    contains(completed_alone(w, "--s"), "--secret-file")
    equal(completed_alone(w, "--socket", "/nowhere", "pin"), ["ping"])
    equal(completed_alone(w, "nonsense", ""), [])
    equal(completed_alone(w, "ping", ""), [])


@test("paths are completed from the tree as it is, edits included, and go on where there is more")
def paths(w):
    w.policy(POLICY)
    run = w.shell(f"{CLI} set {H}/1/alias new; {CLI} complete get {H}/1/; {CLI} complete get /files/e;"
                  f"{CLI} complete set {H}/1/can x {H}/1/al; {CLI} complete whatcan {H}/1/ip;"
                  f"{CLI} complete get '{H}/*[ipaddr]/al'; {CLI} complete get {H}/3/")
    equal(run.stdout.split("\n")[:-1],
          [f"{H}/1/ipaddr", f"{H}/1/canonical", f"{H}/1/alias", "/files/etc/", f"{H}/1/alias",
           f"{H}/1/ipaddr", f"{H}/*[ipaddr]/alias", f"{H}/*[ipaddr]/alias[1]",
           f"{H}/*[ipaddr]/alias[2]", f"{H}/3/ipaddr", f"{H}/3/canonical", f"{H}/3/alias[1]",
           f"{H}/3/alias[2]"], run.stderr)


@test("units, packages, revisions, methods and files are completed from what there is")
def live(w):
    on_system(w)
    contains(completed(w, "service", "status", "exm-j"), UNIT)
    contains(completed(w, "service", "stop", "--timeout", "3", "exm-j"), UNIT)
    contains(completed(w, "service", "log", ""), UNIT)
    contains(completed(w, "whatcan", "exm-"), UNIT)
    check("exm-other-*.service" not in completed(w, "whatcan", "exm-"), "a pattern")
    equal(completed(w, "package", "status", ""), ["exm-none"])
    contains(completed(w, "call", "config."), "config.commit")
    contains(completed(w, "run", "/etc/ho"), "/etc/hosts")
    contains(completed(w, "run", "/et"), "/etc/")
    contains(completed(w, "log", "--file", "/etc/ho"), "/etc/hosts")
    equal(completed(w, "commit", "--plan", ""), [])
    equal(completed(w, "get", "/files/none/"), [])


def in_bash(w, line):
    """What bash has in COMPREPLY at the end of the line."""
    w.policy(POLICY)
    ask = (". /usr/share/bash-completion/completions/exmachina; compopt() { :; };"
           'COMP_LINE=$1 COMP_POINT=${#1}; read -ra COMP_WORDS <<<"${1//=/ = }"; '
           '[[ $1 != *" " ]] || COMP_WORDS+=(""); COMP_CWORD=$((${#COMP_WORDS[@]} - 1)); '
           '_exmachina; printf "%s\\n" "${COMPREPLY[@]}"')
    run = w.pair("/bin/bash", "-c", ask, "bash", line)
    return run.stdout.split("\n")[:-1]


@for_each([(f"bash completes {line!r}", line, wanted) for line, wanted in [
    ("exmachina pin", ["ping"]),
    (f"exmachina get {H}/1/", [f"{H}/1/ipaddr", f"{H}/1/canonical"]),
    (f"exmachina get {H}/3/al", [f"{H}/3/alias\\[1\\]", f"{H}/3/alias\\[2\\]"]),
    (f"exmachina get {H}/3/alias\\[", [f"{H}/3/alias\\[1\\]", f"{H}/3/alias\\[2\\]"]),
    (f"exmachina get '{H}/3/al", [f"{H}/3/alias[1]", f"{H}/3/alias[2]"]),
    ("exmachina commit --conf", ["--confirm"]),
    ("exmachina --json insert x b", ["before"])]])
def bash(w, line, wanted):
    equal(in_bash(w, line), wanted)


if __name__ == "__main__":
    main()
