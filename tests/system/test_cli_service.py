#!/usr/bin/python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""The exmachina command and what it does to services, packages and the system's identity: its
words, its options, what it shows while it waits, and its exit statuses."""

import json
import os
import select
import signal
import subprocess
import sys
import time

sys.path.insert(0, sys.path[0] + "/../lib")
from exm import (CLI, DAEMON, SESSION, check, contains, equal, for_each, main, matches, test,
                 unit_file, unit_property, wait_until)
from gate import WAIT, close_gate, open_gate, sync_journal

DONE, NO_NODE, USAGE, DENIED, FAILED, NO_SERVER, TIMEOUT = range(7)

ALL = ("status start stop restart try_restart reload reload_or_restart enable disable mask unmask "
       "reset_failed")
POLICY = SESSION.replace("10s", "60s") + f"""
[Service exm-c@*.service]
Allow={ALL}
[Service exm-chatty.service]
Allow={ALL}
[Log exm-chatty.service]
[Service exm-loop.service]
Allow=status start
[Service exm-slow.service]
Allow=start stop
[Service exm-bad.service]
Allow=start
[Service exm-secret.service]
Allow=start
"""
UNITS = {
    "exm-c@.service": "[Service]\nExecStart=/bin/sleep infinity\nExecReload=/bin/true\n"
                      "[Install]\nWantedBy=multi-user.target\n",
    # says things for as long as it starts, and something that a terminal would obey
    "exm-chatty.service": "[Service]\nType=oneshot\nRemainAfterExit=yes\nExecStart=/bin/sh -c "
                          f"'for i in 1 2 3 4; do echo word $$i; sleep 0.4; done; {WAIT}; "
                          "printf \"bell \\\\033]0;title\\\\007 end\\\\n\"'\n",
    "exm-loop.service": "[Unit]\nStartLimitIntervalSec=0\n"
                        f"[Service]\nExecStart=/bin/sh -c '{WAIT}; echo looping; sleep 0.5; "
                        "exit 9'\n"
                        "Restart=always\nRestartSec=100ms\n",
    "exm-slow.service": "[Service]\nTimeoutStartSec=60\nExecStartPre=/bin/sleep 40\n"
                        "ExecStart=/bin/sleep infinity\n",
    "exm-bad.service": "[Service]\nType=oneshot\nExecStart=/bin/sh -c 'echo on purpose; exit 5'\n",
    "exm-secret.service": "[Service]\nType=oneshot\nRemainAfterExit=yes\n"
                          f"ExecStart=/bin/sh -c 'echo not for you; {WAIT}'\n",
}


def units(w):
    for name, text in UNITS.items():
        unit_file(name, text)
    subprocess.run(["systemctl", "stop", "exm-*.service"], check=True)
    open_gate()
    w.policy(POLICY)


def cli(w, *arguments, **options):
    return w.daemon("--policy", w.policy_dir, "--", CLI, *arguments, **options)


def complaint(run):
    """What the command said on standard error, without the log of the server."""
    return "".join(line + "\n" for line in run.stderr.splitlines()
                   if not line.startswith("exmachinad: "))


def done(w, *arguments):
    run = cli(w, *arguments)
    equal(run.returncode, DONE, f"status of {arguments} ({run.stderr!r})")
    return run.stdout


def state(unit):
    return unit_property(unit, "ActiveState")


# ---- verbs -----------------------------------------------------------------------------------

@test("each verb does what it says, in systemctl's spelling and in the policy's")
def each_verb(w):
    units(w)
    unit = "exm-c@verbs.service"
    contains(done(w, "service", "start", unit), f"{unit}: active (running)")
    before = unit_property(unit, "MainPID")
    for verb in ("restart", "try-restart", "try_restart"):
        contains(done(w, "service", verb, unit), f"before {before}")
        now = unit_property(unit, "MainPID")
        check(now != before, f"{verb}: still {now}")
        before = now
    for verb in ("reload", "reload-or-restart", "reload_or_restart"):
        done(w, "service", verb, unit)
        equal(unit_property(unit, "MainPID"), before, f"main PID after {verb}")
    contains(done(w, "service", "enable", unit), "multi-user.target.wants")
    equal(unit_property(unit, "UnitFileState"), "enabled")
    done(w, "service", "disable", unit)
    equal(unit_property(unit, "UnitFileState"), "disabled")
    contains(done(w, "service", "stop", unit), f"{unit}: inactive")
    done(w, "service", "mask", unit)
    equal(unit_property(unit, "LoadState"), "masked")
    done(w, "service", "unmask", unit)
    equal(unit_property(unit, "LoadState"), "loaded")
    equal(state(unit), "inactive")
    done(w, "service", "reset-failed", unit)
    contains(done(w, "service", "status", unit), "inactive")


@test("options stand before or behind the unit, and --wait says what is done anyway")
def option_places(w):
    units(w)
    unit = "exm-c@places.service"
    for arguments in (["--wait", "start", unit], ["start", "--wait", unit],
                      ["start", unit, "--wait", "--timeout", "15"],
                      ["start", "--timeout=15", "--", unit]):
        contains(done(w, "service", *arguments), "active (running)")
    equal(json.loads(done(w, "service", "status", unit, "--json"))["active"], "active")
    equal(json.loads(done(w, "--json", "service", "status", unit))["unit"], unit)


@for_each([(f"service {' '.join(arguments)!r} is a mistake of the command line", arguments)
           for arguments in (
               [], ["start"], ["explode", "a"], ["start", "a", "b"], ["start", "a", "--lines", "3"],
               ["start", "a", "--timeout"], ["start", "a", "--timeout", "0"],
               ["start", "a", "--timeout", "-3"], ["start", "a", "--timeout", "3x"],
               ["start", "a", "--settle", "99999999999999999999"], ["start", "a", "--nope"],
               ["start", "-x"], ["log"], ["log", "a", "b"], ["log", "a", "--lines", "0"],
               ["watch"], ["list", "a", "b"], ["list", "--follow"])])
def mistakes(w, arguments):
    # no session is needed to see that
    run = w.run(CLI, "service", *arguments, env={"EXMACHINA_FD": "77"})
    equal(run.returncode, USAGE, run.stderr)
    contains(run.stderr, "exmachina: ")


@for_each([(f"{' '.join(arguments)} exits with {status}", status, arguments)
           for status, arguments in [
               (FAILED, ["service", "start", "exm-bad.service"]),
               (DENIED, ["service", "stop", "exm-bad.service"]),
               (DENIED, ["service", "status", "exm-other.service"]),
               (TIMEOUT, ["service", "start", "exm-slow.service", "--timeout", "1"]),
               (DENIED, ["service", "log", "exm-bad.service"]),
               (DENIED, ["service", "watch", "exm-bad.service"]),
               (DENIED, ["service", "start", "exm-loop.timer"])]])
def statuses(w, status, arguments):
    units(w)
    run = cli(w, *arguments)
    equal(run.returncode, status, f"{run.stdout!r} {run.stderr!r}")
    check(complaint(run), "no complaint")
    if "exm-slow.service" in arguments:
        subprocess.run(["systemctl", "stop", "exm-slow.service"], check=True)


@test("a failure shows the exit status and the last log lines, each on a line")
def failure(w):
    units(w)
    run = cli(w, "service", "start", "exm-bad.service")
    equal(run.returncode, FAILED)
    matches(complaint(run), r"exit.status: 5\n")
    matches(complaint(run), r"\n    .*on purpose\n")
    data = json.loads(cli(w, "service", "start", "exm-bad.service", "--json").stdout)["data"]
    equal((data["name"], data["exit_status"]), ("SERVICE_FAILED", 5))


@test("--settle fails where a unit dies after its start, which without it is a success")
def settle(w):
    units(w)
    close_gate()  # so that it is up for as long as that takes
    done(w, "service", "start", "exm-loop.service")
    subprocess.run(["systemctl", "stop", "exm-loop.service"], check=True)
    open_gate()
    run = cli(w, "service", "start", "exm-loop.service", "--settle", "15")
    subprocess.run(["systemctl", "stop", "exm-loop.service"], check=True)
    equal(run.returncode, FAILED, run.stdout)
    contains(complaint(run), "looping")


# ---- what is shown meanwhile ---------------------------------------------------------------------

def follow_until(w, shown, *arguments):
    """Follows a unit for which the gate is opened when that is shown."""
    close_gate()
    paths = w.path_of("shown"), w.path_of("complained")
    with open(paths[0], "wb") as out, open(paths[1], "wb") as err:
        process = w.process(DAEMON, "--policy", w.policy_dir, "--", CLI, *arguments, "--follow",
                            stdin=subprocess.DEVNULL, stdout=out, stderr=err)

    def texts():
        for path in paths:
            with open(path, encoding="utf-8", errors="replace") as file:
                yield file.read()
    wait_until(lambda: any(shown in text for text in texts()), f"{shown!r} is shown")
    open_gate()
    status = process.wait(60)
    return subprocess.CompletedProcess(process.args, status, *texts())


@test("--follow shows the stages and the new log lines, and the result at the end")
def follow(w):
    units(w)
    done(w, "service", "start", "exm-chatty.service")
    done(w, "service", "stop", "exm-chatty.service")
    sync_journal()  # what it receives later is new
    run = follow_until(w, ": word 4\n", "service", "start", "exm-chatty.service")
    equal(run.returncode, DONE, run.stderr)
    out = run.stdout
    lines = out.splitlines()
    for number in range(1, 5):
        equal(sum(line.endswith(f": word {number}") for line in lines), 1, f"word {number} in {out}")
    check([line for line in lines if " s  " in line], f"no stage in {out!r}")
    contains(lines[-1], "exm-chatty.service: active (exited)")
    check("\033" not in out and "\007" not in out, "what a terminal obeys")


@test("--follow with --json leaves standard output to the result")
def follow_json(w):
    units(w)
    run = follow_until(w, ": word 3\n", "service", "start", "exm-chatty.service", "--json")
    equal(json.loads(run.stdout)["active"], "active")
    contains(complaint(run), ": word 3\n")


@test("--follow without a right to the log shows the stages alone")
def follow_denied(w):
    units(w)
    run = follow_until(w, " s  ", "service", "start", "exm-secret.service")
    equal(run.returncode, DONE, run.stderr)
    check("not for you" not in run.stdout + run.stderr, run.stdout)
    contains(run.stdout, " s  ")


@test("--follow of a verb that fails or is denied has its exit status")
def follow_fails(w):
    units(w)
    equal(cli(w, "service", "start", "exm-bad.service", "--follow").returncode, FAILED)
    equal(cli(w, "service", "stop", "exm-bad.service", "--follow").returncode, DENIED)


@test("list shows the units of which the policy lets the status be seen, and no other")
def list_units(w):
    units(w)
    done(w, "service", "start", "exm-c@listed.service")
    out = done(w, "service", "list", "exm-c@l*")
    matches(out, r"^exm-c@listed\.service +loaded +active +running ")
    check("exm-bad" not in done(w, "service", "list"), "a unit without the right")
    names = [unit["unit"] for unit in json.loads(done(w, "service", "list", "--json"))]
    check("exm-c@listed.service" in names and "dbus.service" not in names, names)
    done(w, "service", "stop", "exm-c@listed.service")


@test("log shows the last lines, as many as asked for, without what a terminal obeys")
def log(w):
    units(w)
    done(w, "service", "start", "exm-chatty.service")
    sync_journal()
    out = done(w, "service", "log", "exm-chatty.service", "--lines", "4")
    equal(len(out.splitlines()), 4)
    matches(out, r"(?m)^20\d\d-\d\d-\d\dT\d\d:\d\d:\d\dZ \S+\[\d+\]: word 4$")
    check("\033" not in out, "an escape")
    lines = json.loads(done(w, "service", "log", "exm-chatty.service", "--json"))["lines"]
    check([line for line in lines if "\033]0;title" in line["message"]], lines)


class Watcher:
    """A command that goes on until it is interrupted, and the lines that it prints."""

    def __init__(self, w, *arguments):
        self.process = w.process(DAEMON, "--policy", w.policy_dir, "--", CLI, *arguments,
                                 stdout=subprocess.PIPE)
        self.buffer = b""  # what was read in one piece with a line before

    def read(self, seconds):
        """Something more, or nothing at the end, or when it takes so long."""
        if not select.select([self.process.stdout], [], [], max(seconds, 0))[0]:
            return b""
        return os.read(self.process.stdout.fileno(), 1 << 16)

    def line(self, part, seconds=60):
        end = time.monotonic() + seconds
        seen = []
        while True:
            while b"\n" in self.buffer:
                line, _, self.buffer = self.buffer.partition(b"\n")
                seen.append(line.decode() + "\n")
                if part in seen[-1]:
                    return seen[-1]
            more = self.read(end - time.monotonic())
            if not more:
                raise AssertionError(f"{part!r} did not come, but {seen!r}")
            self.buffer += more

    def stop(self):
        self.process.send_signal(signal.SIGTERM)
        self.process.wait(60)


@test("log --follow shows lines as they come")
def log_follow(w):
    units(w)
    watcher = Watcher(w, "service", "log", "exm-chatty.service", "--follow")
    subprocess.run(["systemctl", "start", "exm-chatty.service"], check=True)
    for number in range(1, 5):
        watcher.line(f": word {number}\n")
    watcher.stop()


@test("watch shows how units are, and each change of them, with --json an object a line")
def watch(w):
    units(w)
    watcher = Watcher(w, "--json", "service", "watch", "exm-c@one.service", "exm-c@two.service")
    equal(json.loads(watcher.line("exm-c@one.service"))["active"], "inactive")
    equal(json.loads(watcher.line("exm-c@two.service"))["active"], "inactive")
    subprocess.run(["systemctl", "start", "exm-c@two.service"], check=True)
    changed = json.loads(watcher.line('"running"'))
    equal((changed["unit"], changed["active"]), ("exm-c@two.service", "active"))
    subprocess.run(["systemctl", "kill", "--signal=KILL", "exm-c@two.service"], check=True)
    equal(json.loads(watcher.line('"failed"'))["unit"], "exm-c@two.service")
    watcher.stop()
    people = Watcher(w, "service", "watch", "exm-c@two.service")
    people.line("exm-c@two.service: failed (failed)")
    subprocess.run(["systemctl", "reset-failed", "exm-c@two.service"], check=True)
    people.line("exm-c@two.service: inactive (dead)")
    people.stop()


@test("what follows is not for ever where the server ends")
def watch_ends(w):
    units(w)
    watcher = Watcher(w, "service", "watch", "exm-c@one.service")
    watcher.line("exm-c@one.service")
    watcher.process.kill()
    wait_until(lambda: watcher.process.stdout.read() == b"", "the command has ended")


@test("services in a script, between edits")
def in_script(w):
    units(w)
    path = w.path_of("script")
    with open(path, "w", encoding="utf-8") as file:
        file.write("service start exm-c@script.service --timeout 10\n"
                   "service try-restart 'exm-c@script.service'\nservice list exm-c@s*\n")
    out = done(w, "run", path)
    equal(len([line for line in out.splitlines() if "exm-c@script.service" in line]), 3, out)
    with open(path, "w", encoding="utf-8") as file:
        file.write("service watch exm-c@script.service\n")
    equal(cli(w, "run", path).returncode, USAGE)
    done(w, "service", "stop", "exm-c@script.service")


# ---- packages and identity ---------------------------------------------------------------------

@for_each([(f"{' '.join(arguments)!r} is a mistake of the command line", arguments)
           for arguments in (["package"], ["package", "install"], ["package", "purge", "x"],
                             ["package", "update", "x"], ["package", "install", "x", "--settle", "3"],
                             ["system", "put"], ["system", "set-timezone"], ["system", "get", "x"],
                             ["system", "set-locale"], ["system", "set-hostname", "a", "b"])])
def more_mistakes(w, arguments):
    run = w.run(CLI, *arguments, env={"EXMACHINA_FD": "77"})
    equal(run.returncode, USAGE, run.stderr)


@for_each([(f"{' '.join(arguments)} without a right is denied", arguments)
           for arguments in (["package", "install", "hello"], ["package", "remove", "hello"],
                             ["package", "status", "hello"], ["package", "update"],
                             ["package", "upgrade", "hello"],
                             ["system", "set-timezone", "Europe/Berlin"],
                             ["system", "set_hostname", "x"],
                             ["system", "set-locale", "LANG=C.UTF-8"])])
def no_right(w, arguments):
    w.policy(SESSION)
    run = cli(w, *arguments)
    equal(run.returncode, DENIED, f"{run.stdout!r} {run.stderr!r}")
    contains(complaint(run), "Allow")
    equal(json.loads(cli(w, *arguments, "--json").stdout)["data"]["name"], "DENIED")


if __name__ == "__main__":
    main()
