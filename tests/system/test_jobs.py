#!/usr/bin/python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""What the monitor makes of systemd's jobs, on a real systemd: every verb, pairs of socket and
service, settling, and what goes away in the midst of it."""

import os
import signal
import socket
import subprocess
import sys
import time

sys.path.insert(0, sys.path[0] + "/../lib")
from exm import check, contains, equal, for_each, main, running, test, unit_file, unit_property, \
    wait_until
from gate import WAIT, close_gate, open_gate, sync_journal
from probe import Probe

ETC = "/etc/systemd/system"
WANTED = f"{ETC}/multi-user.target.wants"
INSTALL = "[Install]\nWantedBy=multi-user.target\n"
SLEEP = "ExecStart=/bin/sleep infinity\n"

UNITS = {
    "exm-j-good.service": "[Service]\n" + SLEEP + "ExecReload=/bin/true\n" + INSTALL,
    "exm-j-once.service": "[Service]\nType=oneshot\nExecStart=/bin/true\n",
    "exm-j-static.service": "[Service]\n" + SLEEP,
    "exm-j-slow.service": "[Service]\nExecStartPre=/bin/sleep 2\n" + SLEEP,
    "exm-j-held.service": "[Service]\nTimeoutStartSec=90\n"
                          f"ExecStartPre=/bin/sh -c '{WAIT}'\n" + SLEEP,
    "exm-j-impatient.service": "[Service]\nTimeoutStartSec=1\nExecStartPre=/bin/sleep 50\n" + SLEEP,
    "exm-j-bad.service": "[Service]\nType=oneshot\nExecStart=/bin/sh -c 'echo woe; exit 3'\n",
    "exm-j-needy.service": "[Unit]\nRequires=exm-j-bad.service\nAfter=exm-j-bad.service\n"
                           "[Service]\n" + SLEEP,
    "exm-j-dies.service": "[Service]\nExecStart=/bin/sh -c "
                          f"'echo last words; {WAIT}; exit 9'\n",
    "exm-j-ends.service": f"[Service]\nExecStart=/bin/sh -c '{WAIT}'\n",
    "exm-j-loop.service": "[Unit]\nStartLimitIntervalSec=0\n"
                          "[Service]\nRestart=always\nRestartSec=100ms\n"
                          f"ExecStart=/bin/sh -c '{WAIT}; sleep 0.3; "
                          "echo again and again; exit 6'\n",
    "exm-j-quick-loop.service": "[Unit]\nStartLimitIntervalSec=0\n"
                                "[Service]\nRestart=always\nRestartSec=0\n"
                                f"ExecStart=/bin/sh -c '{WAIT}; sleep 0.3; exit 6'\n",
    "exm-j-pair.service": "[Service]\n" + SLEEP,
    "exm-j-pair.socket": "[Socket]\nListenStream=/run/exm-j-pair.sock\nFlushPending=yes\n",
}


def systemctl(*arguments):
    return subprocess.run(["systemctl", *arguments], capture_output=True, text=True, check=False)


def state(unit):
    return unit_property(unit, "ActiveState")


def is_enabled(unit):
    return systemctl("is-enabled", unit).stdout.strip()


def started(unit):
    subprocess.run(["systemctl", "start", unit], check=True)
    return unit_property(unit, "MainPID")


def stopped(*units):
    subprocess.run(["systemctl", "stop", *units], check=True)
    systemctl("reset-failed", *units)


def done(answer, **fields):
    equal((answer["outcome"], answer["detail"]), ("DONE", ""), f"outcome of {answer}")
    for name, value in fields.items():
        equal(answer[name], value, name)
    return answer


def failed(answer, words):
    equal(answer["outcome"], "FAILED", f"outcome of {answer}")
    contains(answer["detail"], words, "detail")
    return answer


def begin_held(p):
    """Begins a start that is under way until the gate is open; its ticket."""
    stopped("exm-j-held.service")
    close_gate()
    ticket = p.ask("start", "exm-j-held.service", 60)
    wait_until(lambda: state("exm-j-held.service") == "activating", "it is being started")
    return ticket


# ---- jobs ------------------------------------------------------------------------------

@test("try_restart of a stopped unit leaves it stopped and is done")
def try_restart_stopped(w):
    stopped("exm-j-good.service")
    done(Probe(w).call("try_restart", "exm-j-good.service"), job_result="done",
         active_state="inactive", main_pid="0")


@test("try_restart of a unit that has failed before is done, since nothing was tried")
def try_restart_failed(w):
    systemctl("start", "exm-j-bad.service")
    done(Probe(w).call("try_restart", "exm-j-bad.service"), active_state="failed")


@test("try_restart of a running unit starts it anew")
def try_restart_running(w):
    pid = started("exm-j-good.service")
    answer = done(Probe(w).call("try_restart", "exm-j-good.service"), main_pid_before=pid,
                  active_state="active")
    check(answer["main_pid"] not in (pid, "0"), "the same process")


@test("reload_or_restart reloads what can be reloaded and restarts the rest")
def reload_or_restart(w):
    p = Probe(w)
    pid = started("exm-j-good.service")
    done(p.call("reload_or_restart", "exm-j-good.service"), main_pid=pid)
    pid = started("exm-j-static.service")
    answer = done(p.call("reload_or_restart", "exm-j-static.service"), main_pid_before=pid)
    check(answer["main_pid"] != pid, "the same process")


@test("reset_failed takes the failure away, and is done where there is none")
def reset_failed(w):
    p = Probe(w)
    systemctl("start", "exm-j-bad.service")
    equal(state("exm-j-bad.service"), "failed")
    done(p.call("reset_failed", "exm-j-bad.service"), active_state="inactive", job_result="")
    equal(state("exm-j-bad.service"), "inactive")
    done(p.call("reset_failed", "exm-j-bad.service"), active_state="inactive")


@for_each([(f"{verb} of an unknown unit: there is no such unit", verb)
           for verb in ("status", "start", "try_restart", "reload_or_restart", "enable", "disable",
                        "reset_failed")])
def unknown(w, verb):
    equal(Probe(w).call(verb, "exm-j-absent.service")["outcome"], "NO_UNIT")


@for_each([(f"{unit[:40]!r} is not asked of systemd", unit) for unit in [
    "noname", "a/b.service", "../x.service", "x" * 300 + ".service", "-H.service", "x.nosuffix",
    "/etc/passwd", "x.service\n", "exm-j-good.service exm-j-slow.service", "/etc/systemd/system/exm-j-good.service"]])
def no_name(w, unit):
    before = sorted(os.listdir(ETC))
    for verb in ("start", "enable", "mask"):
        answer = subprocess.run(["/opt/exmachina-tests/system/service_probe", "/", verb, unit],
                                capture_output=True, text=True, check=False)
        equal(answer.returncode, 1, answer.stdout)
        contains(answer.stdout, "refused=")
    equal(sorted(os.listdir(ETC)), before)


@test("a masked unit is not started, and the detail says why")
def masked(w):
    systemctl("mask", "exm-j-masked.service")
    answer = failed(Probe(w).call("start", "exm-j-masked.service"), "masked")
    equal((answer["load_state"], answer["file_state"]), ("masked", "masked"))


@test("a dependency that fails: the job result is dependency, the unit inactive")
def dependency(w):
    stopped("exm-j-needy.service", "exm-j-bad.service")
    answer = failed(Probe(w).call("start", "exm-j-needy.service"), "dependency")
    equal((answer["job_result"], answer["active_state"]), ("dependency", "inactive"))


@test("a unit that does not start in systemd's own time: result timeout, with its log")
def unit_timeout(w):
    answer = failed(Probe(w).call("start", "exm-j-impatient.service"), "")
    equal((answer["result"], answer["active_state"]), ("timeout", "failed"))
    contains("\n".join(answer["log"]), "timed out")


@test("the caller's deadline ends the waiting and not the job")
def deadline(w):
    stopped("exm-j-held.service")
    close_gate()
    p = Probe(w)
    # the time may be over before systemd was asked
    for seconds in (0.3, 1, 3, 9):
        answer = p.call("start", "exm-j-held.service", seconds)
        equal(answer["outcome"], "TIMEOUT")
        if answer["active_state"] == "activating":
            break
    equal(answer["active_state"], "activating")
    open_gate()
    wait_until(lambda: state("exm-j-held.service") == "active", "the unit is up all the same")


@test("start and stop of one unit at once: start is canceled, stop is done")
def start_and_stop(w):
    p = Probe(w)
    start = begin_held(p)
    stop = p.ask("stop", "exm-j-held.service")
    equal(failed(p.result(start), "canceled")["job_result"], "canceled")
    done(p.result(stop), job_result="done")
    check(state("exm-j-held.service") in ("inactive", "failed"), "it was started")


@test("twice the same job at once: both get the result of the one that systemd makes")
def twice(w):
    stopped("exm-j-slow.service")
    p = Probe(w)
    tickets = [p.ask("start", "exm-j-slow.service") for _ in (1, 2)]
    answers = [done(p.result(ticket), active_state="active") for ticket in tickets]
    equal(answers[0]["main_pid"], answers[1]["main_pid"])


@test("a unit file that was changed since is read anew before the job")
def daemon_reload(w):
    stopped("exm-j-good.service")
    equal(state("exm-j-good.service"), "inactive")
    started("exm-j-good.service")  # systemd has it in memory now
    with open(f"{ETC}/exm-j-good.service", "w", encoding="ascii") as file:
        file.write(UNITS["exm-j-good.service"].replace("infinity", "12345"))
    later = time.time() + 2
    os.utime(f"{ETC}/exm-j-good.service", (later, later))
    w.undo.callback(unit_file, "exm-j-good.service", UNITS["exm-j-good.service"])
    equal(unit_property("exm-j-good.service", "NeedDaemonReload"), "yes")
    answer = done(Probe(w).call("restart", "exm-j-good.service"))

    def command():
        with open(f"/proc/{answer['main_pid']}/cmdline", encoding="ascii") as file:
            return file.read()

    # systemd does not wait until it is executed
    wait_until(lambda: "12345" in command(), "it is executed as the new file says")
    equal(unit_property("exm-j-good.service", "NeedDaemonReload"), "no")


# ---- unit files ---------------------------------------------------------------------------

@test("enable and disable make and remove the link, and tell which")
def enable(w):
    p = Probe(w)
    link = f"{WANTED}/exm-j-good.service"
    systemctl("disable", "exm-j-good.service")
    answer = done(p.call("enable", "exm-j-good.service"), file_state="enabled", job_result="")
    equal(answer["change"], [f"symlink {link} -> {ETC}/exm-j-good.service"])
    equal((os.path.islink(link), is_enabled("exm-j-good.service")), (True, "enabled"))
    equal(done(p.call("enable", "exm-j-good.service"))["change"], [])
    answer = done(p.call("disable", "exm-j-good.service"), file_state="disabled")
    equal(answer["change"], [f"unlink {link}"])
    equal((os.path.islink(link), is_enabled("exm-j-good.service")), (False, "disabled"))


@test("mask and unmask make and remove the link to /dev/null, and systemd knows it at once")
def mask(w):
    p = Probe(w)
    link = f"{ETC}/ssh.service"
    systemctl("unmask", "ssh.service")
    os.path.islink(link) and os.unlink(link)
    answer = done(p.call("mask", "ssh.service"), file_state="masked", load_state="masked")
    equal(answer["change"], [f"symlink {link} -> /dev/null"])
    equal((os.readlink(link), is_enabled("ssh.service")), ("/dev/null", "masked"))
    failed(p.call("start", "ssh.service"), "masked")
    answer = done(p.call("unmask", "ssh.service"), load_state="loaded")
    equal(answer["change"], [f"unlink {link}"])
    check(is_enabled("ssh.service") != "masked", "it is still masked")


@test("mask of a unit whose own file is in the way fails and changes nothing")
def mask_in_the_way(w):
    failed(Probe(w).call("mask", "exm-j-good.service"), "exists")
    with open(f"{ETC}/exm-j-good.service", encoding="ascii") as file:
        equal(file.read(), UNITS["exm-j-good.service"])


@test("enable of a unit without [Install] fails and says so")
def enable_static(w):
    answer = failed(Probe(w).call("enable", "exm-j-static.service"), "[Install]")
    equal((answer["file_state"], answer["change"]), ("static", []))


@test("enable of a masked unit fails")
def enable_masked(w):
    systemctl("mask", "exm-j-masked.service")
    failed(Probe(w).call("enable", "exm-j-masked.service"), "masked")


@test("enable replaces no file that stands where the link would be")
def enable_no_force(w):
    link = f"{WANTED}/exm-j-good.service"
    systemctl("disable", "exm-j-good.service")
    os.makedirs(WANTED, exist_ok=True)
    with open(link, "w", encoding="ascii") as file:
        file.write("somebody's")
    w.undo.callback(os.unlink, link)
    equal(failed(Probe(w).call("enable", "exm-j-good.service"), "exists")["change"], [])
    with open(link, encoding="ascii") as file:
        equal(file.read(), "somebody's")


# ---- settling --------------------------------------------------------------------------------

SETTLE = 40


def begin_settling(p, verb, unit):
    """Begins a call whose unit does nothing before the gate is open, and waits until it is looked
    on; the ticket."""
    close_gate()
    ticket = p.ask(verb, unit, 30, SETTLE, "progress")
    while p.progress()[1] != "settling":
        pass
    return ticket


@test("a unit that stays up settles, and the answer comes when the time is over")
def settles(w):
    stopped("exm-j-good.service")
    begin = time.monotonic()
    answer = done(Probe(w).call("start", "exm-j-good.service", 30, 1), active_state="active")
    check(time.monotonic() - begin >= 1, "nobody looked on")
    check(running(int(answer["main_pid"])), "the main process")


@test("a unit that dies while it settles: FAILED at once, with exit status and last words")
def dies(w):
    stopped("exm-j-dies.service")
    p = Probe(w)
    begin = time.monotonic()
    ticket = begin_settling(p, "start", "exm-j-dies.service")
    sync_journal()
    open_gate()
    answer = failed(p.result(ticket), "was up")
    check(time.monotonic() - begin < SETTLE, "it was told at the end only")
    equal((answer["job_result"], answer["active_state"]), ("done", "failed"))
    equal((answer["result"], answer["exit_status"]), ("exit-code", "9"))
    contains("\n".join(answer["log"]), "last words")


@test("a unit that ends without a failure while it settles has failed, too")
def ends(w):
    p = Probe(w)
    ticket = begin_settling(p, "restart", "exm-j-ends.service")
    open_gate()
    answer = failed(p.result(ticket), "was up")
    equal((answer["active_state"], answer["result"]), ("inactive", "success"))


@for_each([(f"a crash loop after the start's success ({unit}): FAILED with the exit status", unit)
           for unit in ("exm-j-loop.service", "exm-j-quick-loop.service")])
def crash_loop(w, unit):
    w.undo.callback(stopped, unit)
    stopped(unit)
    p = Probe(w)
    open_gate()
    equal(p.call("start", unit)["job_result"], "done", "without settling")
    stopped(unit)
    ticket = begin_settling(p, "start", unit)
    open_gate()
    answer = failed(p.result(ticket), "was up")
    equal((answer["job_result"], answer["exit_status"]), ("done", "6"))
    contains("\n".join(answer["log"]), "status=6")


@test("a crash loop that nobody saw begin is told by who settles later")
def crash_loop_reload(w):
    w.undo.callback(stopped, "exm-j-loop.service")
    open_gate()
    started("exm-j-loop.service")
    equal(Probe(w).call("start", "exm-j-loop.service", 30, 20)["outcome"], "FAILED")


@test("what is not up after its job is not looked on")
def nothing_to_settle(w):
    p = Probe(w)
    begin = time.monotonic()
    done(p.call("start", "exm-j-once.service", 30, 30), active_state="inactive")
    done(p.call("stop", "exm-j-good.service", 30, 30), active_state="inactive")
    check(time.monotonic() - begin < 20, "it waited")


@test("systemd executes itself again while a unit settles: the rest of the time is looked on")
def settle_reexec(w):
    stopped("exm-j-good.service")
    p = Probe(w)
    begin = time.monotonic()
    ticket = begin_settling(p, "start", "exm-j-good.service")
    pid = int(unit_property("exm-j-good.service", "MainPID"))
    subprocess.run(["systemctl", "daemon-reexec"], check=True)
    os.kill(pid, signal.SIGKILL)
    failed(p.result(ticket), "was up")
    check(time.monotonic() - begin < SETTLE, "it was told at the end only")


# ---- progress ------------------------------------------------------------------------------

@test("progress tells the job's state and the unit's, and goes on each second")
def progress(w):
    stopped("exm-j-held.service")
    close_gate()
    p = Probe(w)
    begin = time.monotonic()
    ticket = p.ask("start", "exm-j-held.service", 30, 3, "progress")
    while p.seen.count((ticket, "running", "start-pre")) < 2:
        p.progress()
    check(time.monotonic() - begin > 0.8, f"it is told too often: {p.seen}")
    open_gate()
    done(p.result(ticket))
    equal(p.seen[-1], (ticket, "settling", "running"))


@test("nobody is told of progress who has not asked")
def no_progress(w):
    stopped("exm-j-slow.service")
    p = Probe(w)
    done(p.call("start", "exm-j-slow.service", 30, 1))
    equal(p.seen, [])


# ---- X.socket and X.service -------------------------------------------------------------------

def connect():
    with socket.socket(socket.AF_UNIX) as client:
        client.connect("/run/exm-j-pair.sock")


def pair_up(w):
    w.undo.callback(stopped, "exm-j-pair.socket", "exm-j-pair.service")
    stopped("exm-j-pair.service", "exm-j-pair.socket")
    started("exm-j-pair.socket")
    connect()
    wait_until(lambda: state("exm-j-pair.service") == "active", "the socket starts its service")


@test("stop of a service stops its socket first, where that is allowed")
def pair_stop(w):
    pair_up(w)
    done(Probe(w).call("stop", "exm-j-pair.service", 30, 0, "pair"), active_state="inactive",
         triggered_by="")
    equal((state("exm-j-pair.socket"), state("exm-j-pair.service")), ("inactive", "inactive"))


@test("stop of a service alone names the socket that will start it again")
def pair_stop_alone(w):
    pair_up(w)
    p = Probe(w)
    done(p.call("stop", "exm-j-pair.service"), active_state="inactive",
         triggered_by="exm-j-pair.socket")
    equal(state("exm-j-pair.socket"), "active")
    done(p.call("status", "exm-j-pair.service"), triggered_by="exm-j-pair.socket")
    connect()
    wait_until(lambda: state("exm-j-pair.service") == "active", "it is started again")


@test("restart of a socket stops its running service, and the socket starts it again")
def pair_restart(w):
    pair_up(w)
    pid = unit_property("exm-j-pair.service", "MainPID")
    done(Probe(w).call("restart", "exm-j-pair.socket", 30, 0, "pair"), active_state="active",
         sub_state="listening")
    check(not running(int(pid)), "the service still runs")
    connect()
    wait_until(lambda: state("exm-j-pair.service") == "active", "the socket starts its service")


@test("restart of a socket whose service runs and may not be stopped fails, and it runs on")
def pair_restart_alone(w):
    pair_up(w)
    pid = unit_property("exm-j-pair.service", "MainPID")
    failed(Probe(w).call("restart", "exm-j-pair.socket"), "")
    check(running(int(pid)), "the service was stopped")


@test("restart of a socket is not fooled by clients that connect all the time")
def pair_restart_busy(w):
    pair_up(w)
    knocking = w.process(sys.executable, "-c", """
import socket
while True:
    try:
        with socket.socket(socket.AF_UNIX) as client:
            client.connect("/run/exm-j-pair.sock")
    except OSError:
        pass
""")
    answer = Probe(w).call("restart", "exm-j-pair.socket", 30, 0, "pair")
    knocking.kill()
    done(answer, active_state="active")


# ---- systemd goes away in the midst of it ----------------------------------------------------

def answered_again(p):
    wait_until(lambda: p.call("status", "exm-j-held.service")["outcome"] == "DONE",
               "systemd answers again")


@test("systemd executes itself again in mid-job: the true result comes all the same")
def reexec(w):
    p = Probe(w)
    ticket = begin_held(p)
    subprocess.run(["systemctl", "daemon-reexec"], check=True)
    # before the second of these is answered the job has been found again
    for _ in range(2):
        equal(p.call("status", "exm-j-held.service")["active_state"], "activating")
    open_gate()
    done(p.result(ticket), job_result="done", active_state="active")


@test("the bus daemon is restarted in mid-job: the true result comes all the same")
def bus_restart(w):
    started("dbus.service")
    p = Probe(w)
    ticket = begin_held(p)
    os.kill(int(unit_property("dbus.service", "MainPID")), signal.SIGKILL)
    answered_again(p)
    open_gate()
    answer = p.result(ticket)
    equal((answer["outcome"], answer["active_state"]), ("DONE", "active"), str(answer))


@test("on systemd's private socket, systemd executes itself again in mid-job")
def private_reexec(w):
    subprocess.run(["systemctl", "stop", "dbus.socket", "dbus.service"], capture_output=True,
                   check=False)
    w.undo.callback(systemctl, "start", "dbus.socket")
    p = Probe(w)
    ticket = begin_held(p)
    subprocess.run(["systemctl", "daemon-reexec"], check=True)
    answered_again(p)
    open_gate()
    answer = p.result(ticket)
    equal((answer["outcome"], answer["active_state"]), ("DONE", "active"), str(answer))


@test("a job that fails while nobody listens is told as failed, or as not known, never as done")
def lost_failure(w):
    started("dbus.service")
    stopped("exm-j-dies-slowly.service")
    close_gate()
    p = Probe(w)
    ticket = p.ask("start", "exm-j-dies-slowly.service")
    wait_until(lambda: state("exm-j-dies-slowly.service") == "activating", "it is being started")
    subprocess.run(["systemctl", "stop", "dbus.socket", "dbus.service"], capture_output=True,
                   check=False)
    w.undo.callback(systemctl, "start", "dbus.socket")
    open_gate()
    wait_until(lambda: state("exm-j-dies-slowly.service") == "failed", "it has failed")
    check(p.result(ticket)["outcome"] in ("FAILED", "UNAVAILABLE"), "outcome")


if __name__ == "__main__":
    UNITS["exm-j-dies-slowly.service"] = (
        "[Service]\nType=oneshot\nTimeoutStartSec=90\n"
        f"ExecStart=/bin/sh -c '{WAIT}; exit 4'\n")
    for unit_name, unit_text in UNITS.items():
        with open(f"{ETC}/{unit_name}", "w", encoding="ascii") as unit:
            unit.write(unit_text)
    subprocess.run(["systemctl", "daemon-reload"], check=True)
    main()
