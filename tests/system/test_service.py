#!/usr/bin/python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""Services, on a real systemd: what is answered is what happened, and only what the policy names
can be done."""

import subprocess
import sys
import time

sys.path.insert(0, sys.path[0] + "/../lib")
from exm import (SESSION, RpcError, check, contains, equal, for_each, main, running, test,
                 unit_file, unit_property, wait_until)
from gate import WAIT, close_gate, open_gate, sync_journal

POLICY = SESSION.replace("10s", "30s") + """
[Service exm-good.service]
Allow=status start stop restart reload
[Service exm-bad.service]
Allow=status start restart
[Service exm-late.service]
Allow=status start restart
[Service exm-slow.service]
Allow=status start stop restart
[Service exm-endless.service]
Allow=start stop status
[Service exm-noreload.service]
Allow=status start reload
[Service exm-badreload.service]
Allow=status start reload
[Service exm-once.service]
Allow=start status
[Service exm-missing.service]
Allow=status start stop restart reload
[Service exm-masked.service]
Allow=status start
[Service exm-condition.service]
Allow=status start
[Service exm-look.service]
Allow=status
[Service exm-t@*.service]
Allow=status start stop
[Service ssh.service]
Allow=status restart
"""

UNITS = {
    "exm-good.service": "[Service]\nExecStart=/bin/sleep infinity\nExecReload=/bin/true\n",
    "exm-bad.service": "[Service]\nType=oneshot\nExecStart=/bin/sh -c "
                       "'for i in 1 2 3; do echo \"line $$i of the trouble\"; done; exit 3'\n",
    "exm-late.service": "[Service]\nExecStart=/bin/sh -c 'echo gone soon; exit 7'\n",
    "exm-slow.service": f"[Service]\nTimeoutStartSec=90\nExecStartPre=/bin/sh -c '{WAIT}'\n"
                        "ExecStart=/bin/sleep infinity\n",
    "exm-endless.service": "[Service]\nTimeoutStartSec=60\nExecStartPre=/bin/sleep 40\n"
                           "ExecStart=/bin/sleep infinity\n",
    "exm-noreload.service": "[Service]\nExecStart=/bin/sleep infinity\n",
    "exm-badreload.service": "[Service]\nExecStart=/bin/sleep infinity\n"
                             "ExecReload=/bin/sh -c 'echo no reload today; exit 4'\n",
    "exm-once.service": "[Service]\nType=oneshot\nExecStart=/bin/true\n",
    "exm-condition.service": "[Unit]\nConditionPathExists=/no/such\n"
                             "[Service]\nExecStart=/bin/sleep infinity\n",
    "exm-look.service": "[Service]\nExecStart=/bin/sleep infinity\n",
    "exm-other.service": "[Service]\nExecStart=/bin/sleep infinity\n",
    "exm-t@.service": "[Service]\nExecStart=/bin/sleep infinity\n",
}


def session(w):
    s = w.session(POLICY, root="/")
    return s


def state(unit):
    return unit_property(unit, "ActiveState")


def started(unit):
    subprocess.run(["systemctl", "start", unit], check=True)
    return int(unit_property(unit, "MainPID"))


def slow_session(w):
    """A session while a start of exm-slow.service will last until the gate is open."""
    subprocess.run(["systemctl", "stop", "exm-slow.service"], check=True)
    close_gate()
    return session(w)


# ---- what works ---------------------------------------------------------------------------

@test("status tells what systemd tells")
def status(w):
    pid = started("exm-good.service")
    answer = session(w).call("service.status", ["exm-good.service"])
    equal(answer | {"file_state": "", "triggered_by": []},
          {"unit": "exm-good.service", "manager": "systemd", "load": "loaded", "active": "active",
           "sub": "running", "file_state": "", "result": "success", "main_pid": pid,
           "triggered_by": []})


@test("status of a stopped unit is inactive, not an error")
def status_stopped(w):
    subprocess.run(["systemctl", "stop", "exm-good.service"], check=True)
    answer = session(w).call("service.status", ["exm-good.service"])
    equal((answer["active"], answer["sub"]), ("inactive", "dead"))


@test("start answers when the unit runs, with its main process")
def start(w):
    subprocess.run(["systemctl", "stop", "exm-good.service"], check=True)
    answer = session(w).call("service.start", {"unit": "exm-good.service"})
    equal((answer["job"], answer["active"], answer["sub"]), ("done", "active", "running"))
    check(running(answer["main_pid"]), "the main process is not there")
    equal(str(answer["main_pid"]), unit_property("exm-good.service", "MainPID"))


@test("start of a unit that runs changes nothing and is done")
def start_again(w):
    pid = started("exm-good.service")
    equal(session(w).call("service.start", ["exm-good.service"])["main_pid"], pid)


@test("restart answers old and new main process, and the old one is gone")
def restart(w):
    pid = started("exm-good.service")
    answer = session(w).call("service.restart", ["exm-good.service"])
    equal(answer["main_pid_before"], pid)
    check(answer["main_pid"] != pid, "the same process")
    check(running(answer["main_pid"]) and not running(pid), "processes")
    equal(answer["unit"], "exm-good.service")


@test("reload keeps the main process")
def reload(w):
    pid = started("exm-good.service")
    answer = session(w).call("service.reload", ["exm-good.service"])
    equal((answer["job"], answer["main_pid"]), ("done", pid))


@test("stop answers when the unit is down")
def stop(w):
    pid = started("exm-good.service")
    answer = session(w).call("service.stop", ["exm-good.service"])
    equal((answer["job"], answer["active"]), ("done", "inactive"))
    check(not running(pid), "the main process is still there")


@test("a slow start is waited for, and other calls are answered meanwhile")
def slow(w):
    s = slow_session(w)
    job = s.request("service.start", ["exm-slow.service"])
    ping = s.request("session.ping")
    equal(s.read()["id"], ping, "the first answer")
    check(s.silent(1), "start was not waited for")
    open_gate()
    equal(s.answer(job)["active"], "active")


@test("two jobs at once run beside each other, and each gets its own answer")
def two_jobs(w):
    for unit in ("exm-t@1.service", "exm-t@2.service"):
        subprocess.run(["systemctl", "stop", unit], check=True)
    s = slow_session(w)
    slow_id = s.request("service.start", ["exm-slow.service"])
    ids = {s.request("service.start", [f"exm-t@{n}.service"]): f"exm-t@{n}.service"
           for n in (1, 2)}
    for _ in (1, 2):
        reply = s.read()
        equal(reply["result"]["unit"], ids.pop(reply["id"]))
    open_gate()
    equal(s.read()["id"], slow_id)


@test("jobs of one batch are answered together")
def batch(w):
    s = session(w)
    s.line([{"jsonrpc": "2.0", "id": n, "method": "service.start",
             "params": [f"exm-t@{n}.service"]} for n in (1, 2, 3)] +
           [{"jsonrpc": "2.0", "id": 4, "method": "session.ping"}])
    answers = {a["id"]: a["result"] for a in s.read()}
    equal(answers[4], "pong")
    equal([answers[n]["unit"] for n in (1, 2, 3)], [f"exm-t@{n}.service" for n in (1, 2, 3)])


@test("a oneshot unit that has run is done although it is inactive")
def oneshot(w):
    answer = session(w).call("service.start", ["exm-once.service"])
    equal((answer["job"], answer["active"], answer["result"]), ("done", "inactive", "success"))


@test("a real daemon: sshd is restarted")
def real_daemon(w):
    pid = started("ssh.service")
    answer = session(w).call("service.restart", ["ssh.service"])
    equal(answer["main_pid_before"], pid)
    equal(unit_property("ssh.service", "MainPID"), str(answer["main_pid"]))


@test("without a bus daemon the jobs are done all the same")
def no_bus(w):
    subprocess.run(["systemctl", "stop", "dbus.socket", "dbus.service"], capture_output=True,
                   check=False)
    try:
        pid = started("exm-good.service")
        answer = session(w).call("service.restart", ["exm-good.service"])
        equal(answer["main_pid_before"], pid)
    finally:
        subprocess.run(["systemctl", "start", "dbus.socket"], capture_output=True, check=False)


# ---- what fails is told ---------------------------------------------------------------------

@test("a unit that fails to start: SERVICE_FAILED with exit status and last log lines")
def failed_start(w):
    error = session(w).refuse("SERVICE_FAILED", "service.start", ["exm-bad.service"])
    equal((error.data["unit"], error.data["verb"]), ("exm-bad.service", "start"))
    equal((error.data["job"], error.data["active"]), ("failed", "failed"))
    equal((error.data["result"], error.data["exit_status"]), ("exit-code", 3))
    text = "\n".join(error.data["log"])
    for n in (1, 2, 3):
        contains(text, f"line {n} of the trouble", "the log lines")


@test("the log lines are those of this start only, not of an earlier one or another unit")
def own_log(w):
    unit_file("exm-bad.service", UNITS["exm-bad.service"].replace("trouble", "earlier"))
    subprocess.run(["systemctl", "start", "exm-bad.service"], capture_output=True, check=False)
    sync_journal()  # what it receives later is of that time
    unit_file("exm-bad.service", UNITS["exm-bad.service"])
    error = session(w).refuse("SERVICE_FAILED", "service.restart", ["exm-bad.service"])
    text = "\n".join(error.data["log"])
    contains(text, "line 3 of the trouble")
    check("earlier" not in text, text)
    check("gone soon" not in text, text)


@test("a unit that fails right after its start is told as failed in the answer or by status")
def failed_late(w):
    s = session(w)
    try:
        s.call("service.start", ["exm-late.service"])
    except RpcError as error:
        equal(error.name, "SERVICE_FAILED")
    wait_until(lambda: state("exm-late.service") == "failed", "the unit failed")
    answer = s.call("service.status", ["exm-late.service"])
    equal((answer["active"], answer["result"]), ("failed", "exit-code"))


@test("a reload that fails: SERVICE_FAILED with its log lines")
def failed_reload(w):
    started("exm-badreload.service")
    error = session(w).refuse("SERVICE_FAILED", "service.reload", ["exm-badreload.service"])
    equal(error.data["verb"], "reload")
    contains("\n".join(error.data["log"]), "no reload today")


@test("reload of a unit that has none: SERVICE_FAILED, and it runs on")
def no_reload(w):
    pid = started("exm-noreload.service")
    session(w).refuse("SERVICE_FAILED", "service.reload", ["exm-noreload.service"])
    check(running(pid), "it stopped")


@test("reload of a stopped unit: SERVICE_FAILED")
def reload_stopped(w):
    subprocess.run(["systemctl", "stop", "exm-good.service"], check=True)
    session(w).refuse("SERVICE_FAILED", "service.reload", ["exm-good.service"])


@for_each([(f"{verb} of an unknown unit: SERVICE_FAILED that says so", verb)
           for verb in ("start", "stop", "restart", "reload")])
def unknown_unit(w, verb):
    s = session(w)
    error = s.refuse("SERVICE_FAILED", f"service.{verb}", ["exm-missing.service"])
    equal(error.data["unit"], "exm-missing.service")
    contains(error.message, "no unit", "message")
    s.alive()


@test("status of an unknown unit tells that it is not found")
def unknown_status(w):
    s = session(w)
    try:
        equal(s.call("service.status", ["exm-missing.service"])["load"], "not-found")
    except RpcError as error:
        equal(error.name, "SERVICE_FAILED")


@test("a masked unit is not started: SERVICE_FAILED")
def masked(w):
    subprocess.run(["systemctl", "mask", "--now", "exm-masked.service"], capture_output=True,
                   check=True)
    session(w).refuse("SERVICE_FAILED", "service.start", ["exm-masked.service"])


@test("a start that a condition prevents is not told as a running service")
def condition(w):
    s = session(w)
    try:
        answer = s.call("service.start", ["exm-condition.service"])
        check(answer["active"] != "active", str(answer))
    except RpcError as error:
        equal(error.name, "SERVICE_FAILED")


@test("a start over the time limit: TIMEOUT, the session goes on", seconds=90)
def timeout(w):
    s = w.session(POLICY.replace("30s", "8s"), root="/")
    begin = time.monotonic()
    error = s.refuse("TIMEOUT", "service.start", ["exm-endless.service"], seconds=60)
    took = time.monotonic() - begin
    check(8 <= error.data["seconds"] <= took < 40, f"{error.data} after {took} s")
    s.alive()
    subprocess.run(["systemctl", "stop", "exm-endless.service"], check=True)


@test("more than 32 jobs at once: LIMIT for those beyond, the others are done")
def many_jobs(w):
    s = slow_session(w)
    ids = {s.request("service.start", ["exm-slow.service"]) for _ in range(40)}
    for _ in range(8):
        reply = s.read()
        check("error" in reply and reply["error"]["data"]["name"] in ("LIMIT", "BUSY"), str(reply))
        ids.remove(reply["id"])
    open_gate()
    for _ in range(32):
        reply = s.read()
        check("result" in reply, str(reply))
        ids.remove(reply["id"])
    s.alive()


# ---- what the policy does not allow -------------------------------------------------------------

@for_each([(f"{verb} of {unit!r} is denied", verb, unit) for verb, unit in [
    ("status", "exm-other.service"), ("start", "exm-other.service"), ("stop", "exm-other.service"),
    ("restart", "exm-other.service"), ("reload", "exm-other.service"),
    ("start", "exm-look.service"), ("stop", "exm-bad.service"), ("stop", "ssh.service"),
    ("reload", "ssh.service"), ("restart", "exm-t@1.service"), ("start", "exm-t.service"),
    ("start", "exm-t@1.socket"), ("status", "exm-other"), ("restart", "sshd.service"),
    ("start", "EXM-GOOD.service"), ("start", "poweroff.target")]])
def denied(w, verb, unit):
    s = session(w)
    before = state("exm-other.service")
    error = s.refuse("DENIED", f"service.{verb}", [unit])
    equal((error.data["verb"], error.data["key"]), (verb, "Allow"))
    contains(error.data["unit"], unit, "unit")
    contains(error.data, "rule", "data")
    equal(state("exm-other.service"), before)
    s.alive()


@for_each([(f"{unit[:60]!r} is not taken for the name of a unit", unit) for unit in [
    "exm-good.service ", " exm-good.service", "exm-t@a/b.service", "EXM-GOOD.SERVICE",
    "exm-t@1.service exm-other.service", "exm-t@x.service/../../exm-other.service", "", "*",
    "exm-*.service", "-H root@host", "--root=/x", "/etc/systemd/system/exm-other.service",
    "exm-t@\n.service", "exm-good.service\n", "x" * 4000 + ".service"]])
def no_unit_name(w, unit):
    s = session(w)
    for verb in ("status", "start"):
        error = s.refuse("BAD_VALUE", f"service.{verb}", [unit])
        contains(error.data, "unit", "data")
    equal(state("exm-other.service"), "inactive")
    s.alive()


# ---- who goes in the middle --------------------------------------------------------------------

@test("the client goes while a job runs: the job is finished, the server ends with 0")
def client_gone(w):
    s = slow_session(w)
    s.request("service.start", ["exm-slow.service"])
    wait_until(lambda: state("exm-slow.service") == "activating", "the start begins")
    s.close()
    wait_until(lambda: "calls are still under way" in s.log, "the session has ended")
    open_gate()
    equal(s.status(), 0)
    wait_until(lambda: state("exm-slow.service") == "active", "the unit is up")


@test("the engine dies while a job runs: the session goes on, and the job is finished")
def engine_gone(w):
    s = slow_session(w)
    engine = s.engine()
    job = s.request("service.start", ["exm-slow.service"])
    wait_until(lambda: state("exm-slow.service") == "activating", "the start begins")
    subprocess.run(["kill", "-KILL", str(engine)], check=True)
    reply = s.read()
    equal(reply["id"], job)
    if "error" in reply:
        equal(reply["error"]["data"]["name"], "ENGINE_LOST")
    s.alive()
    open_gate()
    wait_until(lambda: state("exm-slow.service") == "active", "the unit is up")
    equal(s.call("service.status", ["exm-slow.service"])["active"], "active")


if __name__ == "__main__":
    for unit_name, unit_text in UNITS.items():
        with open(f"/etc/systemd/system/{unit_name}", "w", encoding="ascii") as unit:
            unit.write(unit_text)
    subprocess.run(["systemctl", "daemon-reload"], check=True)
    main()
