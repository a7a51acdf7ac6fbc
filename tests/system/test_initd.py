#!/usr/bin/python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""Services of a machine without systemd: real init scripts in a private root, among them those of
Debian's sshd and cron."""

import os
import sys

sys.path.insert(0, sys.path[0] + "/../lib")
from exm import (SESSION, RpcError, check, contains, equal, main, running, state_of, test,
                 wait_until)
from private_root import comm, daemon, private_root, processes_in, script

ALL = "status start stop restart reload try_restart reload_or_restart enable disable mask unmask " \
      "reset_failed"


def session(w, *units, allow=ALL, more="", **options):
    private_root(w)
    policy = SESSION.replace("10s", "20s") + more
    for unit in units:
        policy += f"[Service {unit}]\nAllow={allow}\n"
    return w.session(policy, **options)


def pid_in(w, path):
    with open(w.at(path), encoding="ascii") as file:
        return int(file.read())


def version(w, path):
    """Another one if the file was written anew; None if there is nothing in it yet."""
    try:
        st = os.stat(w.at(path))
    except FileNotFoundError:
        return None
    return (st.st_ino, st.st_mtime_ns) if st.st_size > 0 else None


def outcome(answer):
    return answer["active"], answer["sub"]


# ---- what works -----------------------------------------------------------------------------

@test("start, status, restart and stop of a daemon tell what its script does")
def life(w):
    s = session(w, "exm-d.service")
    daemon(w, "exm-d")
    answer = s.call("service.status", ["exm-d.service"])
    equal((answer["manager"], answer["load"], outcome(answer), answer["main_pid"]),
          ("initd", "loaded", ("inactive", "dead"), 0))
    answer = s.call("service.start", ["exm-d.service"])
    pid = pid_in(w, "/run/exm-d.pid")
    equal((outcome(answer), answer["main_pid"], answer["main_pid_before"], answer["job"],
           answer["result"]), (("active", "running"), pid, 0, "done", "success"))
    check(running(pid), "the daemon is not there")
    answer = s.call("service.restart", ["exm-d.service"])
    equal((answer["main_pid_before"], outcome(answer)), (pid, ("active", "running")))
    check(answer["main_pid"] not in (0, pid), "the same process")
    wait_until(lambda: not running(pid), "the old process has ended")
    answer = s.call("service.stop", ["exm-d.service"])
    equal((outcome(answer), answer["main_pid"], answer["job"]), (("inactive", "dead"), 0, "done"))
    wait_until(lambda: not running(answer["main_pid_before"]), "the daemon has ended")


@test("reload reaches the daemon, which stays the same")
def reload(w):
    s = session(w, "exm-d.service")
    daemon(w, "exm-d")
    pid = s.call("service.start", ["exm-d.service"])["main_pid"]
    equal(s.call("service.reload", ["exm-d.service"])["main_pid"], pid)
    equal(w.read("/tmp/exm-d.log"), "reloaded\n")


@test("try_restart leaves a stopped service stopped, and restarts one that runs")
def try_restart(w):
    s = session(w, "exm-d.service", allow="status start try_restart")
    daemon(w, "exm-d")
    equal(outcome(s.call("service.try_restart", ["exm-d.service"])), ("inactive", "dead"))
    check(not os.path.exists(w.at("/run/exm-d.pid")), "it was started")
    pid = s.call("service.start", ["exm-d.service"])["main_pid"]
    check(s.call("service.try_restart", ["exm-d.service"])["main_pid"] not in (0, pid), "restart")


@test("reload_or_restart restarts where the script exits with 3, unimplemented")
def reload_or_restart(w):
    s = session(w, "exm-d.service", allow="status start reload_or_restart")
    daemon(w, "exm-d")
    pid = s.call("service.start", ["exm-d.service"])["main_pid"]
    equal(s.call("service.reload_or_restart", ["exm-d.service"])["main_pid"], pid)
    text = w.read("/etc/init.d/exm-d").replace("reload)", "reload) exit 3;;\nnever)")
    w.write("/etc/init.d/exm-d", text, 0o755)
    check(s.call("service.reload_or_restart", ["exm-d.service"])["main_pid"] not in (0, pid),
          "the same process")


@test("enable and disable make and turn the links of the runlevels, and tell which")
def enable(w):
    s = session(w, "exm-d.service")
    daemon(w, "exm-d")
    equal(s.call("service.status", ["exm-d.service"])["file_state"], "disabled")
    answer = s.call("service.enable", ["exm-d.service"])
    equal(answer["file_state"], "enabled")
    contains(answer["changes"], "symlink /etc/rc2.d/S01exm-d")
    equal(os.readlink(w.at("/etc/rc2.d/S01exm-d")), "../init.d/exm-d")
    answer = s.call("service.disable", ["exm-d.service"])
    equal(answer["file_state"], "disabled")
    contains(answer["changes"], "unlink /etc/rc2.d/S01exm-d")
    contains(answer["changes"], "symlink /etc/rc2.d/K01exm-d")
    answer = s.call("service.enable", ["exm-d.service"])
    equal(answer["file_state"], "enabled")
    equal(s.call("service.enable", ["exm-d.service"])["changes"], [])


@test("ssh: Debian's own script starts, restarts, reloads and stops a real sshd")
def ssh(w):
    s = session(w, "ssh.service")
    w.write("/etc/ssh/sshd_config", "Port 4022\nListenAddress 127.0.0.1\n")
    answer = s.call("service.start", ["ssh.service"])
    pid = pid_in(w, "/run/sshd.pid")
    equal((outcome(answer), answer["main_pid"]), (("active", "running"), pid))
    with open(f"/proc/{pid}/comm", encoding="ascii") as file:
        equal(file.read(), "sshd\n")
    answer = s.call("service.restart", {"unit": "ssh.service", "settle": 1})
    check(answer["main_pid"] not in (0, pid) and running(answer["main_pid"]), "restart")
    before = version(w, "/run/sshd.pid")
    equal(s.call("service.reload", ["ssh.service"])["active"], "active")
    # it executes itself anew, and the signal that ends it is lost until it has written that file
    wait_until(lambda: version(w, "/run/sshd.pid") not in (None, before), "it has reloaded")
    equal(outcome(s.call("service.stop", ["ssh.service"])), ("inactive", "dead"))


@test("ssh: a configuration that sshd refuses is told, with what sshd says")
def ssh_bad(w):
    s = session(w, "ssh.service")
    w.write("/etc/ssh/sshd_config", "Port 4022\nListenAddress 127.0.0.1\n")
    pid = s.call("service.start", ["ssh.service"])["main_pid"]
    w.write("/etc/ssh/sshd_config", "Nonsense yes\n")
    error = s.refuse("SERVICE_FAILED", "service.restart", ["ssh.service"])
    contains("\n".join(error.data["log"]), "Bad configuration option: Nonsense")
    equal((error.data["active"], error.data["main_pid"]), ("active", pid))


@test("cron: Debian's own script starts, restarts and stops a real cron")
def cron(w):
    s = session(w, "cron.service")
    answer = s.call("service.start", ["cron.service"])
    pid = pid_in(w, "/run/crond.pid")
    equal((outcome(answer), answer["main_pid"]), (("active", "running"), pid))
    answer = s.call("service.restart", ["cron.service"])
    check(answer["main_pid"] not in (0, pid) and running(answer["main_pid"]), "restart")
    equal(outcome(s.call("service.stop", ["cron.service"])), ("inactive", "dead"))


@test("cron: killed behind its script's back it is failed, not stopped")
def cron_killed(w):
    s = session(w, "cron.service")
    pid = s.call("service.start", ["cron.service"])["main_pid"]
    os.kill(pid, 9)
    # for its script a zombie runs
    wait_until(lambda: state_of(pid) == "X", "nothing is left of cron")
    equal(outcome(s.call("service.status", ["cron.service"])), ("failed", "dead"))


@test("ServiceManager=initd is obeyed where systemd runs")
def forced(w):
    s = session(w, "exm-d.service", more="ServiceManager=initd\n")
    os.makedirs(w.at("/run/systemd/system"))
    daemon(w, "exm-d")
    equal(s.call("service.start", ["exm-d.service"])["manager"], "initd")


@test("ServiceManager=systemd is obeyed where only init scripts are: nobody answers")
def forced_systemd(w):
    s = session(w, "exm-d.service", more="ServiceManager=systemd\n")
    daemon(w, "exm-d")
    s.refuse("IO", "service.start", ["exm-d.service"])
    check(not os.path.exists(w.at("/run/exm-d.pid")), "it was started")


@test("two services at once: the quick one is answered while the slow one starts")
def at_once(w):
    s = session(w, "exm-slow.service", "exm-d.service")
    daemon(w, "exm-d")
    script(w, "exm-slow", 'case "$1" in start) while [ ! -e /tmp/go ]; do sleep 0.05; done ;;\n'
                          "status) exit 0 ;; esac")
    slow = s.request("service.start", ["exm-slow.service"])
    quick = s.request("service.start", ["exm-d.service"])
    equal(s.answer(quick)["active"], "active")
    w.write("/tmp/go", "")
    equal(s.answer(slow)["active"], "active")


@test("two calls for one service are done one after the other")
def in_turn(w):
    s = session(w, "exm-t.service")
    script(w, "exm-t", 'case "$1" in status) exit 0;; esac\n'
                       "mkdir /tmp/busy || { echo together; exit 1; }\n"
                       "echo $1 >>/tmp/order; sleep 0.3; rmdir /tmp/busy")
    calls = [s.request(f"service.{verb}", ["exm-t.service"]) for verb in ("start", "restart",
                                                                         "reload")]
    answers = {}
    for _ in calls:
        reply = s.read()
        answers[reply["id"]] = reply
    check(all("result" in answers[ident] for ident in calls), f"{answers!r}")
    equal(w.read("/tmp/order").split(), ["start", "restart", "reload"])


# ---- what fails, and says so -----------------------------------------------------------------

@test("a start that exits with 0 while its daemon died has failed")
def dead_daemon(w):
    s = session(w, "exm-x.service")
    script(w, "exm-x", 'case "$1" in start) exit 0 ;; status) exit 3 ;; esac')
    error = s.refuse("SERVICE_FAILED", "service.start", ["exm-x.service"])
    equal((error.data["job"], outcome(error.data)), ("failed", ("inactive", "dead")))
    contains(error.message, "does not run")


@test("a daemon that writes its process ID a moment later has been started")
def late_daemon(w):
    s = session(w, "exm-x.service")
    script(w, "exm-x", 'case "$1" in start) (sleep 0.4; touch /run/up) >/dev/null 2>&1 & ;;\n'
                       "status) [ -e /run/up ] || exit 3 ;; esac")
    equal(outcome(s.call("service.start", ["exm-x.service"])), ("active", "running"))


@test("settle: a daemon that dies after a good start is told")
def settle(w):
    s = session(w, "exm-x.service")
    # it dies as soon as it was seen
    script(w, "exm-x", 'case "$1" in start) touch /run/up ;;\n'
                       "status) [ -e /run/up ] && rm /run/up || exit 1 ;; esac")
    error = s.refuse("SERVICE_FAILED", "service.start", {"unit": "exm-x.service", "settle": 5})
    equal(outcome(error.data), ("failed", "dead"))
    contains(error.message, "ended by itself")


@test("a stop that exits with 0 while its daemon lives has failed")
def immortal(w):
    s = session(w, "exm-x.service")
    script(w, "exm-x", 'case "$1" in status) exit 0 ;; esac')
    error = s.refuse("SERVICE_FAILED", "service.stop", ["exm-x.service"])
    contains(error.message, "still runs")
    equal(error.data["active"], "active")


@test("a script without status: its word counts, and the state is unknown, not stopped")
def no_status(w):
    s = session(w, "exm-x.service")
    script(w, "exm-x", 'case "$1" in start) exit 0 ;; *) echo Usage; exit 3 ;; esac')
    answer = s.call("service.start", ["exm-x.service"])
    equal((outcome(answer), answer["job"]), (("unknown", "unknown"), "done"))
    equal(outcome(s.call("service.status", ["exm-x.service"])), ("unknown", "unknown"))


@test("a script without status whose process is known runs")
def no_status_but_pid(w):
    s = session(w, "exm-x.service")
    script(w, "exm-x", '# pidfile: /run/other/x.pid\ncase "$1" in start) mkdir /run/other\n'
                       "setsid sleep 1000 >/dev/null 2>&1 &\n"
                       "echo $! >/run/other/x.pid ;; *) exit 3 ;; esac")
    answer = s.call("service.start", ["exm-x.service"])
    equal((outcome(answer), answer["main_pid"]),
          (("active", "running"), pid_in(w, "/run/other/x.pid")))


@test("exit statuses of the LSB are told in words, with what the script printed")
def lsb(w):
    s = session(w, "exm-x.service")
    for status, word in ((1, "failed"), (3, "no such action"), (4, "privilege"),
                         (5, "not installed"), (6, "not configured"), (77, "status 77")):
        script(w, "exm-x", f'[ "$1" = status ] && exit 3\necho "said by $1"; exit {status}')
        error = s.refuse("SERVICE_FAILED", "service.start", ["exm-x.service"])
        contains(error.message, word)
        equal((error.data["exit_status"], error.data["log"], error.data["job"],
               error.data["result"]), (status, ["said by start"], "failed", "exit-code"))


@test("status 4 of the status action is unknown, and not an error")
def unknown(w):
    s = session(w, "exm-x.service")
    script(w, "exm-x", "exit 4 # status)")
    equal(outcome(s.call("service.status", ["exm-x.service"])), ("unknown", "unknown"))


@test("a script killed by a signal: the status is as a shell shows it")
def signalled(w):
    s = session(w, "exm-x.service")
    script(w, "exm-x", 'case "$1" in status) exit 3 ;; esac\nkill -SEGV $$')
    error = s.refuse("SERVICE_FAILED", "service.start", ["exm-x.service"])
    equal((error.data["exit_status"], error.data["result"]), (128 + 11, "signal"))
    contains(error.message, "signal 11")


@test("a script that takes too long is ended, and that is a TIMEOUT")
def too_long(w):
    s = session(w, "exm-x.service")
    script(w, "exm-x", 'case "$1" in status) exit 3 ;; esac\necho begun; exec sleep 1000')
    s.refuse("TIMEOUT", "service.start", {"unit": "exm-x.service", "timeout": 1})
    equal([pid for pid in processes_in(w.root) if comm(pid) == "sleep"], [])


@test("mask and unmask are refused in words, and nothing is run")
def mask(w):
    s = session(w, "exm-x.service")
    script(w, "exm-x", "touch /tmp/ran")
    for verb in ("mask", "unmask"):
        contains(s.refuse("SERVICE_FAILED", f"service.{verb}", ["exm-x.service"]).message,
                 "nothing like it")
    check(not os.path.exists(w.at("/tmp/ran")), "it was run")


@test("where there is no update-rc.d enable is refused in words")
def no_update_rc(w):
    s = session(w, "exm-d.service")
    daemon(w, "exm-d")
    os.mkdir(w.path_of("empty"))
    w.mount("--bind", w.path_of("empty"), w.at("/usr/sbin"))
    contains(s.refuse("IO", "service.enable", ["exm-d.service"]).message, "update-rc.d")


# ---- what is not run at all -------------------------------------------------------------------

def not_run(w, name, part, error_name="IO"):
    error = w.sessions[-1].refuse(error_name, "service.start", [name + ".service"])
    contains(error.message, part)
    check(not os.path.exists(w.at("/tmp/ran")), "it was run")


def trap(w, mode=0o755):
    s = session(w, "exm-x.service")
    return s, script(w, "exm-x", "# status)\ntouch /tmp/ran", mode)


@test("a script that its group may write is not run")
def group_writable(w):
    trap(w, 0o775)
    not_run(w, "exm-x", "can be written by others")


@test("a script that everybody may write is not run")
def world_writable(w):
    trap(w, 0o757)
    not_run(w, "exm-x", "can be written by others")


@test("a script of another owner is not run")
def other_owner(w):
    _, where = trap(w)
    os.chown(where, 4711, 0)
    not_run(w, "exm-x", "not owned by root")


@test("a script that is not executable is not run")
def not_executable(w):
    trap(w, 0o644)
    not_run(w, "exm-x", "not executable")


@test("a symbolic link in place of the script is not followed")
def symlink(w):
    _, where = trap(w)
    os.rename(where, w.at("/etc/init.d/exm-real"))
    os.symlink("exm-real", where)
    not_run(w, "exm-x", "symbolic link")


@test("a symbolic link in place of /etc/init.d is not followed")
def symlink_directory(w):
    trap(w)
    os.rename(w.at("/etc/init.d"), w.at("/etc/init.real"))
    os.symlink("init.real", w.at("/etc/init.d"))
    not_run(w, "exm-x", "/etc/init.d")


@test("a script in a directory that others may write is not run")
def writable_directory(w):
    trap(w)
    os.chmod(w.at("/etc/init.d"), 0o777)
    not_run(w, "exm-x", "can be written by others")


@test("a directory in place of the script is not run")
def directory(w):
    _, where = trap(w)
    os.rename(where, w.at("/etc/init.d/exm-real"))
    os.mkdir(where)
    not_run(w, "exm-x", "init.d/exm-x")


@test("a script without interpreter says so, and is not a missing unit")
def no_interpreter(w):
    s = session(w, "exm-x.service")
    w.write("/etc/init.d/exm-x", "#!/no/such\n# status)\n", 0o755)
    contains(s.refuse("IO", "service.start", ["exm-x.service"]).message, "interpreter")


@test("a unit without script is no unit")
def missing(w):
    s = session(w, "exm-*.service")
    error = s.refuse("SERVICE_FAILED", "service.start", ["exm-no.service"])
    contains(error.message, "no unit")
    equal((error.data["load"], error.data["active"]), ("not-found", "inactive"))


@test("a socket, a timer and a target are no units of init scripts")
def other_kinds(w):
    s = session(w, "exm-d.socket", "exm-d.timer", "exm-d.target")
    daemon(w, "exm-d")
    for unit in ("exm-d.socket", "exm-d.timer", "exm-d.target"):
        s.refuse("SERVICE_FAILED", "service.start", [unit])
    check(not os.path.exists(w.at("/run/exm-d.pid")), "it was started")


@test("names that are no names are denied and reach no script")
def names(w):
    s = session(w, "*.service")
    script(w, "exm-x", "touch /tmp/ran")
    w.write("/etc/ran", "#!/bin/sh\ntouch /tmp/ran\n", 0o755)
    for unit in ("../ran.service", "/etc/ran.service", "-x.service", "a/../exm-x.service",
                 "exm-x.service\n", "..service", ".service",
                 "x" * 300 + ".service", "$(touch /tmp/ran).service", ""):
        try:
            answer = s.call("service.start", [unit])
            check(False, f"{unit!r} was answered with {answer!r}")
        except RpcError as error:
            check(error.name in ("DENIED", "BAD_VALUE", "SERVICE_FAILED", "IO"),
                  f"{unit!r}: {error}")
    check(not os.path.exists(w.at("/tmp/ran")), "it was run")
    s.alive()


@test("a verb that the policy does not name is denied, also one that another verb includes")
def verbs(w):
    s = session(w, "exm-d.service", allow="status reload_or_restart")
    daemon(w, "exm-d")
    for verb in ("start", "stop", "restart", "reload", "try_restart", "enable", "disable"):
        s.refuse("DENIED", f"service.{verb}", ["exm-d.service"])
    check(not os.path.exists(w.at("/run/exm-d.pid")), "it was started")


if __name__ == "__main__":
    main()
