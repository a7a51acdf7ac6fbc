#!/usr/bin/python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""Watching and listing units of a real systemd: what changes is told, the last state always, and
only of units that the policy names."""

import contextlib
import os
import select
import signal
import subprocess
import sys
import time

sys.path.insert(0, sys.path[0] + "/../lib")
from exm import (SESSION, check, contains, equal, for_each, main, test, unit_file, unit_property,
                 wait_until)
from gate import WAIT, close_gate, open_gate

POLICY = SESSION.replace("10s", "30s") + """
[Service exm-w.service]
Allow=status start stop
[Service exm-w-other.service]
Allow=status start stop
[Service exm-w-flap.service]
Allow=status
[Service exm-w-later.service]
Allow=status
[Service exm-w-alias.service]
Allow=status
[Service exm-w-slow.service]
Allow=status start
[Service exm-w-blind.service]
Allow=start
[Service run-exmw.mount]
Allow=status
[Service exm-w@*.service]
Allow=status
[Service exm-w@secret.service]
Allow=start
"""

SLEEP = "[Service]\nExecStart=/bin/sleep infinity\n"
UNITS = {
    "exm-w.service": "[Unit]\nDescription={\"a\": [1]} \\ \u00e9\n" + SLEEP +
                     "[Install]\nAlias=exm-w-alias.service\nWantedBy=basic.target\n",
    "exm-w-other.service": SLEEP,
    "exm-w-flap.service": "[Unit]\nStartLimitIntervalSec=0\n"
                          "[Service]\nExecStart=/bin/true\nRestart=always\nRestartSec=0\n",
    "exm-w-slow.service": f"[Service]\nExecStartPre=/bin/sh -c '{WAIT}'\n"
                          "ExecStart=/bin/sleep infinity\n",
    "exm-w-blind.service": SLEEP,
    "exm-w-unnamed.service": SLEEP,
    "exm-w@.service": SLEEP,
}
LATER = "/etc/systemd/system/exm-w-later.service"


def systemctl(*arguments):
    subprocess.run(["systemctl", *arguments], check=True, capture_output=True)


def stop_all():
    systemctl("stop", "exm-w*")
    subprocess.run(["systemctl", "reset-failed", "exm-w*"], capture_output=True, check=False)


def session(w, **options):
    stop_all()
    w.undo.callback(stop_all)
    return w.session(POLICY, **{"root": "/", **options})


def seen_until(s, unit, **wanted):
    """The changes of the unit up to the first that is as wanted; each one changes something."""
    seen = []
    while True:
        change = s.wait_note()
        equal(change["unit"], unit, "the unit that changed")
        before = [note["params"] for note in s.notes[:-1] if note["params"].get("unit") == unit]
        check(not before or before[-1] != change, f"told twice: {change}")
        seen.append(change)
        if all(change[key] == value for key, value in wanted.items()):
            return seen


# ---- changes ---------------------------------------------------------------------------------

@test("watch answers how the unit is, and then start and stop are told in order")
def start_stop(w):
    s = session(w)
    equal(s.call("service.watch", ["exm-w.service"]),
          {"unit": "exm-w.service", "load": "loaded", "active": "inactive", "sub": "dead",
           "file_state": "disabled", "result": "success", "main_pid": 0, "exit_status": 0})
    systemctl("start", "exm-w.service")
    pid = int(unit_property("exm-w.service", "MainPID"))
    change = seen_until(s, "exm-w.service", active="active", sub="running")[-1]
    equal((change["main_pid"], change["result"]), (pid, "success"))
    systemctl("stop", "exm-w.service")
    equal(seen_until(s, "exm-w.service", active="inactive")[-1]["main_pid"], 0)
    s.alive()


@test("a main process that is killed is told as failed, with result and exit status")
def killed(w):
    s = session(w)
    systemctl("start", "exm-w.service")
    s.call("service.watch", ["exm-w.service"])
    os.kill(int(unit_property("exm-w.service", "MainPID")), signal.SIGKILL)
    change = seen_until(s, "exm-w.service", active="failed")[-1]
    equal((change["sub"], change["result"], change["exit_status"]), ("failed", "signal", 137))


@test("where nothing has changed that is shown nothing is told")
def unchanged(w):
    s = session(w)
    before = s.call("service.watch", ["exm-w.service"])
    for _ in range(3):
        systemctl("daemon-reload")
    unit_property("exm-w.service", "Description")
    systemctl("start", "exm-w.service")
    check(seen_until(s, "exm-w.service", active="active")[0] != before, "told without a change")


@test("a unit that is enabled is told")
def enabled(w):
    s = session(w)
    w.undo.callback(systemctl, "disable", "exm-w.service")
    s.call("service.watch", ["exm-w.service"])
    systemctl("enable", "exm-w.service")
    seen_until(s, "exm-w.service", file_state="enabled", active="inactive")


@test("a unit that appears later is told, and its start, and that it has gone")
def later(w):
    s = session(w)
    equal(s.call("service.watch", ["exm-w-later.service"])["load"], "not-found")
    unit_file("exm-w-later.service", SLEEP)
    try:
        seen_until(s, "exm-w-later.service", load="loaded", active="inactive")
        systemctl("start", "exm-w-later.service")
        seen_until(s, "exm-w-later.service", active="active")
        systemctl("stop", "exm-w-later.service")
        seen_until(s, "exm-w-later.service", active="inactive")
    finally:
        os.unlink(LATER)
    systemctl("daemon-reload")
    seen_until(s, "exm-w-later.service", load="not-found")


@test("a unit that is there as soon as it is loaded is told: a mount")
def mounted(w):
    s = session(w)
    os.makedirs("/run/exmw", exist_ok=True)
    equal(s.call("service.watch", ["run-exmw.mount"])["active"], "inactive")
    subprocess.run(["mount", "-t", "tmpfs", "none", "/run/exmw"], check=True)
    seen_until(s, "run-exmw.mount", active="active", sub="mounted")
    subprocess.run(["umount", "/run/exmw"], check=True)
    seen_until(s, "run-exmw.mount", active="inactive")


@test("a unit that systemd finds when it executes itself anew is told")
def found_by_reexec(w):
    s = session(w)
    equal(s.call("service.watch", ["exm-w-later.service"])["load"], "not-found")
    with open(LATER, "w", encoding="ascii") as file:
        file.write(SLEEP)
    try:
        systemctl("daemon-reexec")
        seen_until(s, "exm-w-later.service", load="loaded")
    finally:
        os.unlink(LATER)
        systemctl("daemon-reload")


@test("a watch by an alias is told what becomes of the unit itself")
def alias(w):
    s = session(w)
    w.undo.callback(systemctl, "disable", "exm-w.service")
    systemctl("enable", "exm-w.service")
    equal(s.call("service.watch", ["exm-w-alias.service"])["active"], "inactive")
    systemctl("start", "exm-w.service")
    seen_until(s, "exm-w-alias.service", active="active", sub="running")
    systemctl("stop", "exm-w.service")
    seen_until(s, "exm-w-alias.service", active="inactive")


@test("a watch beside a job is told of what the job does, and the job is answered")
def beside_job(w):
    s = session(w)
    close_gate()
    s.call("service.watch", ["exm-w-slow.service"])
    job = s.request("service.start", ["exm-w-slow.service"])
    equal(s.wait_note()["active"], "activating", "the first change")
    open_gate()
    equal(s.answer(job)["active"], "active")
    if s.notes[-1]["params"]["active"] != "active":
        seen_until(s, "exm-w-slow.service", active="active")


@test("two sessions watch one unit, and both are told")
def two_sessions(w):
    one, other = session(w), session(w)
    for s in (one, other):
        s.call("service.watch", ["exm-w.service"])
    systemctl("start", "exm-w.service")
    for s in (one, other):
        seen_until(s, "exm-w.service", active="active")


@test("without a bus daemon changes are told all the same")
def no_bus(w):
    s = session(w)
    systemctl("stop", "dbus.socket", "dbus.service")
    try:
        s.call("service.watch", ["exm-w.service"])
        systemctl("start", "exm-w.service")
        seen_until(s, "exm-w.service", active="active")
    finally:
        systemctl("start", "dbus.socket")


# ---- what goes in between ----------------------------------------------------------------------

@test("a systemd that executes itself anew in between tells on")
def reexec(w):
    s = session(w)
    s.call("service.watch", ["exm-w.service"])
    systemctl("daemon-reexec")
    systemctl("start", "exm-w.service")
    seen_until(s, "exm-w.service", active="active")
    systemctl("stop", "exm-w.service")
    seen_until(s, "exm-w.service", active="inactive")


@test("a bus daemon that is restarted in between: what changed meanwhile is told after it")
def bus_lost(w):
    s = session(w)
    s.call("service.watch", ["exm-w.service"])
    systemctl("stop", "dbus.socket", "dbus.service")
    systemctl("start", "exm-w.service")
    systemctl("start", "dbus.socket", "dbus.service")
    seen_until(s, "exm-w.service", active="active")
    systemctl("stop", "exm-w.service")
    seen_until(s, "exm-w.service", active="inactive")


@test("an engine that is lost takes its watches along, and the next one can watch again")
def engine_lost(w):
    s = session(w)
    s.call("service.watch", ["exm-w.service"])
    os.kill(s.engine(), signal.SIGKILL)
    s.wait_note()
    equal(s.notes[-1]["method"], "session.engine_lost")
    systemctl("start", "exm-w.service")
    s.refuse("BAD_VALUE", "service.unwatch", ["exm-w.service"])
    equal(s.call("service.watch", ["exm-w.service"])["active"], "active")
    systemctl("stop", "exm-w.service")
    seen_until(s, "exm-w.service", active="inactive")
    equal([note["method"] for note in s.notes[:2]], ["session.engine_lost", "service.changed"])


# ---- bounds --------------------------------------------------------------------------------------

@test("a unit that flaps is told ten times a second at most, and its last state is")
def flapping(w):
    s = session(w)
    s.call("service.watch", ["exm-w-flap.service"])
    begin = time.monotonic()
    systemctl("start", "exm-w-flap.service")
    restarts = 0
    while restarts < 60:
        s.alive()
        restarts = int(unit_property("exm-w-flap.service", "NRestarts"))
    systemctl("stop", "exm-w-flap.service")

    def last_state():
        s.alive()  # which takes what was told
        last = s.notes[-1]["params"] if s.notes else {}
        # between two starts it may have been so for a moment
        return (last.get("active"), last.get("sub")) == ("inactive", "dead") and s.silent(0.5)
    wait_until(last_state, "the last state is told")
    took = time.monotonic() - begin
    check(len(s.notes) <= 10 * took + 1, f"{len(s.notes)} changes in {took:.1f} s")


def bus_until(monitor, unit):
    """Has systemd load a unit for a moment: all that the bus carried until it was unloaded."""
    lines = []
    unit_property(unit, "LoadState")
    while not (lines and "UnitRemoved" in lines[-1] and unit in lines[-1]):
        lines.append(monitor.stdout.readline())
        check(lines[-1], "the monitor ended")
    return lines


@test("a unit that is watched and not loaded is not loaded over and over")
def not_loaded(w):
    s = session(w)
    s.call("service.watch", ["exm-w@1.service"])  # so that systemd signals at all
    monitor = w.process("busctl", "monitor", "--json=short", "org.freedesktop.systemd1",
                        stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True)
    wait_until(lambda: unit_property("exm-w-other.service", "LoadState") and
               select.select([monitor.stdout], [], [], 0)[0], "the monitor listens")
    s.call("service.watch", ["exm-w.service"])
    check(s.silent(2), "something changed")
    lines = bus_until(monitor, "exm-w-unnamed.service")
    loads = [line for line in lines if "UnitNew" in line and '"exm-w.service"' in line]
    # a look that has loaded it may be followed by another if it is not unloaded at once
    check(1 <= len(loads) <= 10, f"it was loaded {len(loads)} times")


@test("64 units are watched, the next one is over the LIMIT, and one less makes room")
def limit(w):
    s = session(w)
    for n in range(64):
        equal(s.call("service.watch", [f"exm-w@{n}.service"])["active"], "inactive")
    s.refuse("LIMIT", "service.watch", ["exm-w.service"])
    s.call("service.unwatch", ["exm-w@7.service"])
    s.call("service.watch", ["exm-w.service"])
    systemctl("start", "exm-w.service")
    seen_until(s, "exm-w.service", active="active")


@test("an engine that is held up is told the last state when it goes on")
def held_up(w):
    s = session(w)
    s.call("service.watch", ["exm-w.service"])
    engine = s.engine()
    os.kill(engine, signal.SIGSTOP)
    for _ in range(5):
        systemctl("start", "exm-w.service")
        systemctl("stop", "exm-w.service")
    systemctl("start", "exm-w.service")
    os.kill(engine, signal.SIGCONT)
    wait_until(lambda: s.wait_note()["active"] == "active", "the last state")
    s.alive()


# ---- only what is allowed --------------------------------------------------------------------------

@test("nothing is told of a unit that is not watched, nor of one that is no more")
def not_watched(w):
    s = session(w)
    s.call("service.watch", ["exm-w-other.service"])
    s.call("service.watch", ["exm-w.service"])
    equal(s.call("service.unwatch", ["exm-w-other.service"]), True)
    systemctl("start", "exm-w-other.service", "exm-w-unnamed.service", "exm-w@1.service")
    systemctl("start", "exm-w.service")
    seen_until(s, "exm-w.service", active="active", sub="running")
    s.refuse("BAD_VALUE", "service.unwatch", ["exm-w-other.service"])
    s.refuse("BAD_VALUE", "service.unwatch", ["exm-w@1.service"])
    check(s.silent(), "something was told")


@for_each([(f"watching {unit!r} is denied", unit) for unit in [
    "exm-w-unnamed.service", "exm-w-blind.service", "exm-w@secret.service", "exm-w.socket",
    "ssh.service", "EXM-W.service", "dbus.socket"]])
def denied(w, unit):
    s = session(w)
    error = s.refuse("DENIED", "service.watch", [unit])
    contains(error.data["rule"], f"[Service {unit}]", "rule")
    systemctl("start", "exm-w-unnamed.service", "exm-w-blind.service", "exm-w@secret.service")
    check(s.silent(), "something was told")


@for_each([(f"{unit[:40]!r} cannot be watched", unit) for unit in [
    "", "*", "exm-w*.service", "-x.service", "../exm-w.service", "exm-w@a/b.service",
    "exm-w.service\n", "exm-w.service exm-w-other.service", "x" * 300 + ".service"]])
def no_unit(w, unit):
    s = session(w)
    s.refuse("BAD_VALUE", "service.watch", [unit])
    s.refuse("BAD_VALUE", "service.unwatch", [unit])
    s.alive()


@test("a template without an instance is no unit to watch, and leaves nothing behind")
def template(w):
    s = session(w)
    s.refuse("SERVICE_FAILED", "service.watch", ["exm-w@.service"])
    s.refuse("BAD_VALUE", "service.unwatch", ["exm-w@.service"])


@test("where no systemd runs nothing is watched and nothing listed: IO")
def no_systemd(w):
    s = session(w, root=w.root)
    s.refuse("IO", "service.watch", ["exm-w.service"])
    s.refuse("IO", "service.list")
    s.alive()


# ---- the list ----------------------------------------------------------------------------------------

def names(units):
    return [unit["unit"] for unit in units]


@test("the list has the units whose status may be asked for, sorted, and no other")
def list_granted(w):
    s = session(w)
    systemctl("start", "exm-w@b.service", "exm-w@a.service", "exm-w@secret.service",
              "exm-w-unnamed.service", "exm-w-blind.service")
    equal(names(s.call("service.list")),
          ["exm-w-flap.service", "exm-w-other.service", "exm-w-slow.service", "exm-w.service",
           "exm-w@a.service", "exm-w@b.service"])


@test("what is loaded and what is only installed are told apart, each with its states")
def list_states(w):
    s = session(w)
    systemctl("start", "exm-w.service")
    wait_until(lambda: "exm-w-other.service" not in subprocess.run(
        ["systemctl", "list-units", "--all", "exm-w*"], capture_output=True, text=True,
        check=True).stdout, "the other one is not loaded")
    loaded, = s.call("service.list", ["exm-w.service"])
    equal(loaded, {"unit": "exm-w.service", "description": "{\"a\": [1]} \\ \u00e9",
                   "load": "loaded", "active": "active", "sub": "running",
                   "file_state": "disabled"})
    installed, = s.call("service.list", ["exm-w-other.service"])
    equal(installed, {"unit": "exm-w-other.service", "description": "", "load": "",
                      "active": "inactive", "sub": "dead", "file_state": "static"})


@test("an alias is no unit of its own in the list, also if its name is granted")
def list_alias(w):
    s = session(w)
    w.undo.callback(systemctl, "disable", "exm-w.service")
    systemctl("enable", "exm-w.service")
    equal(names(s.call("service.list", ["exm-w-alias.service"])), [])
    equal(names(s.call("service.list", ["exm-w.service"])), ["exm-w.service"])


@test("a unit that is masked, and one that has failed, are in the list as such")
def list_masked(w):
    s = session(w)
    systemctl("mask", "exm-w-later.service")
    w.undo.callback(systemctl, "unmask", "exm-w-later.service")
    systemctl("start", "exm-w.service")
    os.kill(int(unit_property("exm-w.service", "MainPID")), signal.SIGKILL)
    wait_until(lambda: unit_property("exm-w.service", "ActiveState") == "failed", "it failed")
    units = {unit["unit"]: unit for unit in s.call("service.list")}
    equal(units["exm-w-later.service"]["file_state"], "masked")
    equal(units["exm-w.service"]["active"], "failed")


@for_each([(f"the glob {glob[:20]!r} gives {len(wanted)} units", glob, wanted) for glob, wanted in [
    ("exm-w-*", ["exm-w-flap.service", "exm-w-other.service", "exm-w-slow.service"]),
    ("*slow*", ["exm-w-slow.service"]), ("exm-w.servic?", ["exm-w.service"]),
    ("exm-w@*", ["exm-w@1.service"]), ("exm-w-unnamed.service", []), ("[e]xm-w.service", []),
    ("exm-w", []), ("*" * 200, ["exm-w-flap.service", "exm-w-other.service",
                                "exm-w-slow.service", "exm-w.service", "exm-w@1.service"]),
    ("\n", []), ("/etc/*", [])]])
def list_glob(w, glob, wanted):
    s = session(w)
    systemctl("start", "exm-w@1.service")
    equal(names(s.call("service.list", {"glob": glob})), wanted)


@test("with no status to ask for the list is empty")
def list_nothing(w):
    stop_all()
    s = w.session(SESSION + "[Service exm-w.service]\nAllow=start\n", root="/")
    equal(s.call("service.list"), [])


@test("without a bus daemon the list is made all the same")
def list_no_bus(w):
    s = session(w)
    systemctl("stop", "dbus.socket", "dbus.service")
    try:
        contains(names(s.call("service.list")), "exm-w.service")
    finally:
        systemctl("start", "dbus.socket")


if __name__ == "__main__":
    for unit_name, unit_text in UNITS.items():
        with open(f"/etc/systemd/system/{unit_name}", "w", encoding="utf-8") as unit:
            unit.write(unit_text)
    with contextlib.suppress(FileNotFoundError):
        os.unlink(LATER)
    systemctl("daemon-reload")
    main()
