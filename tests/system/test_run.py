#!/usr/bin/python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""exmachina-run: what a program gets from it, how it ends, and what becomes of it when one of the
processes around it dies. And the monitor as the enemy: a program in its place says every wrong
thing, and nothing is executed."""

import json
import os
import re
import signal
import subprocess
import sys
import time

sys.path.insert(0, sys.path[0] + "/../lib")
from exm import (DAEMON, SESSION, Failure, RpcError, check, contains, equal, for_each, main,
                 proc_status, running, test, wait_until)
from private_root import comm, private_root, processes_in, script

HELPER = "/usr/libexec/exmachina/exmachina-run"
HOSTILE = "/opt/exmachina-tests/hostile/monitor"
UNIT = ["exm-x.service"]
# what waits for a file of ours must not be ended before
POLICY = (SESSION.replace("10s", "60s") +
          "[Service exm-*.service]\nAllow=status start stop restart\n")


def session(w, body, policy=POLICY, **options):
    """A session, and an init script that does this for start and runs afterwards."""
    private_root(w)
    script(w, "exm-x", f'case "$1" in status) exit 0 ;; esac\n{body}')
    return w.session(policy, **options)


def children(pid):
    found = []
    for name in filter(str.isdigit, os.listdir("/proc")):
        try:
            if int(proc_status(name)["PPid"]) == pid:
                found.append(int(name))
        except (FileNotFoundError, ProcessLookupError):
            pass
    return found


def helper_of(s):
    """The exmachina-run of a session, or None."""
    found = [pid for pid in children(s.pid) if comm(pid) == "exmachina-run"]
    check(len(found) < 2, f"several: {found}")
    return found[0] if found else None


def executed_helper_of(s):
    """The same once it has its name, which nothing in a session waits for."""
    wait_until(lambda: helper_of(s), "exmachina-run is executed")
    return helper_of(s)


def has_started(w):
    """Has the script written its process ID to /tmp/pid?"""
    return os.path.exists(w.at("/tmp/pid")) and w.read("/tmp/pid").endswith("\n")


def started(w):
    wait_until(lambda: has_started(w), "the script runs", 30)
    return int(w.read("/tmp/pid"))


# ---- what a program gets ------------------------------------------------------------------------

FACTS = """#!/usr/bin/python3
# status)
import json, os, resource, stat, sys
if sys.argv[1] == "status":
    sys.exit(0)
status = dict(l.rstrip("\\n").split(":\\t", 1) for l in open("/proc/self/status") if ":\\t" in l)
fds = {}
for name in os.listdir("/proc/self/fd"):
    try:
        fds[name] = os.readlink("/proc/self/fd/" + name).split(":")[0]
    except OSError:
        pass
json.dump({
    "environment": dict(os.environ), "argv": sys.argv, "cwd": os.getcwd(), "fds": fds,
    "umask": os.umask(0), "uids": os.getresuid(), "groups": os.getgroups(),
    "leads": os.getsid(0) == os.getpid() == os.getpgrp(),
    "signals": [int(status[name], 16) & 0x7fffffff for name in ("SigBlk", "SigIgn", "SigCgt")],
    "core": resource.getrlimit(resource.RLIMIT_CORE)[0],
    "files": resource.getrlimit(resource.RLIMIT_NOFILE)[0],
    "caps": status["CapEff"],
}, open("/tmp/facts", "w"))
"""


def facts(w):
    private_root(w)
    w.write("/etc/init.d/exm-x", FACTS, 0o755)
    s = w.session(POLICY, wrap=("env", "SECRET=of the server", "LD_DEBUG=", "PATH=/nowhere:/bin"))
    s.call("service.start", UNIT)
    return json.loads(w.read("/tmp/facts"))


@test("its environment is PATH and LANG, its arguments the path and one word, its directory /")
def environment(w):
    got = facts(w)
    equal(got["environment"], {
        "PATH": "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin",
        "LANG": "C.UTF-8"})
    equal(got["argv"], ["/etc/init.d/exm-x", "start"])
    equal((got["cwd"], got["umask"]), ("/", 0o022))


@test("its descriptors are /dev/null and one pipe, and no other")
def descriptors(w):
    equal(facts(w)["fds"], {"0": "/dev/null", "1": "pipe", "2": "pipe"})


@test("it leads a session of its own, no signal is blocked or ignored, it leaves no core")
def process(w):
    got = facts(w)
    check(got["leads"], "session and group")
    # SIGINT is caught by Python, which ignores SIGPIPE and SIGXFSZ for itself
    equal((got["signals"][0], got["signals"][1] & ~(1 << 12 | 1 << 24)), (0, 0))
    equal((got["core"], got["files"]), (0, 1024))
    equal((got["uids"], got["groups"]), ([0, 0, 0], []))


@test("it has the capabilities that the server itself has given up")
def capabilities(w):
    s = session(w, "grep CapEff /proc/self/status >/tmp/caps")
    s.call("service.start", UNIT)
    theirs = int(w.read("/tmp/caps").split()[1], 16)
    ours = int(proc_status(s.pid)["CapEff"], 16)
    equal(ours & ~theirs, 0, "what only the server has")
    check(theirs & ~ours, "the server has given up nothing")


# ---- what it prints ------------------------------------------------------------------------------

@test("1 MiB of output does not stop it; the end of it is told")
def output(w):
    s = session(w, "i=0; while [ $i -lt 16384 ]; do i=$((i+1))\n"
                   "printf '%063d\\n' $i; done; exit 9")
    error = s.refuse("SERVICE_FAILED", "service.start", UNIT)
    log = error.data["log"]
    equal(log, [f"{i:063}" for i in range(16384 - len(log) + 1, 16385)])
    check(100 < len(log) <= 128, f"{len(log)} lines")


@test("output that is no text comes as text")
def binary(w):
    s = session(w, "printf 'a\\377b\\000c\\303\\244\\303'; exit 1")
    equal(s.refuse("SERVICE_FAILED", "service.start", UNIT).data["log"], ["a?b?cä?"])


@test("a daemon that keeps the output and writes on does not keep the run from ending")
def kept_output(w):
    s = session(w, "setsid sh -c 'echo $$ >/tmp/pid; while sleep 0.01; do echo more; done' &\n"
                   "while [ ! -s /tmp/pid ]; do sleep 0.01; done")
    s.call("service.start", UNIT)
    # nobody reads what it writes any more; its affair
    check(os.path.exists(w.at("/tmp/pid")), "it was not started")


@test("a daemon lives on when the script has ended")
def daemon_stays(w):
    s = session(w, "setsid sleep 1000 >/dev/null 2>&1 & echo $! >/tmp/pid")
    s.call("service.start", UNIT)
    pid = started(w)
    s.end()
    check(running(pid), "the daemon is gone")
    wait_until(lambda: [comm(each) for each in processes_in(w.root)] == ["sleep"],
               "it is the only one left")


# ---- how it is ended -------------------------------------------------------------------------------

TIMED = {"unit": UNIT[0], "timeout": 1}
# on a busy machine a script may be ended before it has come to what counts, and then has more time
TIMES = [{**TIMED, "timeout": seconds} for seconds in (1, 4, 9)]


def start_until(s, begun):
    """Asks for a start that takes too long, and waits until the script has begun what it is to do:
    the number of the request, and when its time is over."""
    for timed in TIMES:
        over = time.monotonic() + timed["timeout"]
        ident = s.request("service.start", timed)
        wait_until(lambda: begun() or not s.silent(0), "the script has begun, or is ended", 30)
        if begun():
            return ident, over
        s.error_answer("TIMEOUT", ident)
    raise Failure("the script never comes so far")


@test("a script that ignores SIGTERM and leaves grandchildren in other sessions: all are ended")
def stubborn(w):
    s = session(w, "trap '' TERM HUP\n"
                   "(setsid sh -c 'setsid sleep 1001 & sleep 1002' &)\n"
                   "setsid setsid sh -c 'trap \"\" TERM; (setsid sleep 1003 &) ; sleep 1004' &\n"
                   "echo $$ >/tmp/pid; sleep 1005; sleep 1006")
    ident, over = start_until(s, lambda: len(processes_in(w.root)) >= 7)
    s.error_answer("TIMEOUT", ident, 40)
    equal([comm(pid) for pid in processes_in(w.root)], [])
    check(time.monotonic() - over > 1.9, "SIGTERM was given no time")


@test("a script that ends at SIGTERM can clean up")
def cleans_up(w):
    s = session(w, "trap 'echo bye >/tmp/bye; exit 0' TERM\necho $$ >/tmp/pid\n"
                   "while :; do sleep 0.05; done")
    for timed in TIMES:
        s.refuse("TIMEOUT", "service.start", timed)
        if os.path.exists(w.at("/tmp/bye")) and w.read("/tmp/bye"):
            break
    equal(w.read("/tmp/bye"), "bye\n")
    equal(processes_in(w.root), [])


@test("a script that stopped itself is ended too")
def stopped(w):
    s = session(w, "kill -STOP $$")
    s.refuse("TIMEOUT", "service.start", TIMED)
    equal(processes_in(w.root), [])


@test("one that makes new processes all the time is ended")
def multiplying(w):
    s = session(w, "trap '' TERM; f() { (sleep 0.02; f) & }; f; f; f; while :; do sleep 1; done")
    s.refuse("TIMEOUT", "service.start", TIMED)
    equal(processes_in(w.root), [])


# ---- who else may die ------------------------------------------------------------------------------

WAITS = "echo $$ >/tmp/pid; while [ ! -e /tmp/go ]; do sleep 0.02; done; echo end >/tmp/end"


@test("the helper killed in mid-run: the run is answered, and later ones are refused in words")
def helper_killed(w):
    s = session(w, WAITS)
    ident = s.request("service.start", UNIT)
    started(w)
    os.kill(helper_of(s), signal.SIGKILL)
    wait_until(lambda: "exmachina-run is gone (signal 9)" in s.log, "the log says so")
    w.write("/tmp/go", "")
    try:
        s.answer(ident)
        check(False, "the look afterwards needs the helper")
    except RpcError as error:
        equal(error.name, "IO")
    equal(w.read("/tmp/end"), "end\n")
    s.refuse("IO", "service.status", UNIT)
    s.alive()


@test("the process that looks after a run killed: that is told, and the helper lives")
def supervisor_killed(w):
    s = session(w, WAITS)
    ident = s.request("service.start", UNIT)
    started(w)
    os.kill(children(helper_of(s))[0], signal.SIGKILL)
    try:
        s.answer(ident)
        check(False, "no error")
    except RpcError as error:
        equal(error.name, "IO")
        contains(str(error), "was killed")
    equal(s.call("service.status", UNIT)["active"], "active")


@test("exmachinad killed in mid-run: the script goes on to its end, and the journal has its result")
def server_killed(w):
    s = session(w, WAITS + "; exit 7")
    s.request("service.start", UNIT)
    pid, helper = started(w), helper_of(s)
    os.kill(s.pid, signal.SIGKILL)
    s.status()
    check(running(pid), "the script is gone")
    check(running(helper), "the helper did not wait for it")
    w.write("/tmp/go", "")
    wait_until(lambda: not running(pid) and not running(helper), "the script has ended")
    equal(w.read("/tmp/end"), "end\n")
    wait_until(lambda: re.search(r"exm-x\.service exited with status 7; exmachinad could not",
                                 journal()), "the journal has it", 30)


def journal():
    return subprocess.run(["journalctl", "-q", "-t", "exmachina-run", "-o", "cat"],
                          capture_output=True, text=True, check=True).stdout


@test("exmachinad killed: the deadline of the run still counts")
def deadline_without_server(w):
    s = session(w, "trap '' TERM; echo $$ >/tmp/pid; sleep 1000")
    start_until(s, lambda: has_started(w))
    pid = started(w)
    os.kill(s.pid, signal.SIGKILL)
    wait_until(lambda: not running(pid) and not processes_in(w.root), "all of it is gone", 40)


@test("the client gone: the run goes on to its end, and then the helper is gone too")
def client_gone(w):
    s = session(w, WAITS)
    s.request("service.start", UNIT)
    pid = started(w)
    helper = helper_of(s)
    s.close()
    w.write("/tmp/go", "")
    equal(s.status(30), 0)
    wait_until(lambda: not running(pid) and not running(helper), "both end", 30)
    equal(w.read("/tmp/end"), "end\n")


# ---- when there is one ------------------------------------------------------------------------------

@test("it is not started for a policy of files, nor for services where systemd manages them")
def not_started(w):
    private_root(w)
    for policy, root in ((SESSION + "[File /etc/hosts]\nLens=Hosts.lns\n", w.root),
                         (POLICY, "/"),
                         (SESSION + "ServiceManager=systemd\n[Service a.service]\nAllow=status\n",
                          w.root)):
        s = w.session(policy, root=root)
        equal(helper_of(s), None)
        s.end()


@test("it is started for services by init scripts, and for packages")
def is_started(w):
    private_root(w)
    for policy, root in ((POLICY, w.root),
                         (SESSION + "[Package hello]\nAllow=status\n", "/")):
        s = w.session(policy, root=root)
        executed_helper_of(s)
        s.end()


@test("SIGHUP: a policy that needs it, where it was not started, is refused with the way out")
def hup_refused(w):
    private_root(w)
    script(w, "exm-x", "touch /tmp/ran # status)")
    s = w.session(SESSION)
    w.policy(POLICY)
    os.kill(s.pid, signal.SIGHUP)
    wait_until(lambda: "restart exmachinad" in s.log, "the log says so")
    s.refuse("DENIED", "service.start", UNIT)
    check(not os.path.exists(w.at("/tmp/ran")), "it was run")


@test("SIGHUP: the helper knows the new policy, and no longer the old one")
def hup(w):
    s = session(w, "echo ran >>/tmp/ran")
    s.call("service.start", UNIT)
    w.policy(SESSION + "[Service other.service]\nAllow=status\n"
                       "[Service exm-*.service]\nAllow=status restart\n")
    engine = s.engine()
    os.kill(s.pid, signal.SIGHUP)
    s.wait_note()
    check(s.engine() != engine, "the engine knows the old policy")
    s.call("service.restart", UNIT)
    s.refuse("DENIED", "service.start", UNIT)
    equal(w.read("/tmp/ran"), "ran\nran\n")


@test("SIGHUP: a bad policy leaves the old one to the helper too")
def hup_bad(w):
    s = session(w, "echo ran >>/tmp/ran")
    w.policy("[Nonsense]\n")
    os.kill(s.pid, signal.SIGHUP)
    wait_until(lambda: "the new policy is refused" in s.log, "the log says so")
    s.call("service.start", UNIT)


@test("where the helper is missing and the policy needs it, the server does not start")
def missing(w):
    private_root(w)
    os.rename(HELPER, HELPER + ".away")
    w.undo.callback(os.rename, HELPER + ".away", HELPER)
    w.policy(POLICY)
    result = w.pair("/bin/true")
    equal(result.returncode, 125)
    contains(result.stderr, "exmachina-run cannot be started")
    w.policy(SESSION)
    equal(w.pair("/bin/true").returncode, 0)


# ---- where systemd runs ------------------------------------------------------------------------------

def on_systemd(w, body):
    """Init scripts of the sandbox itself, whose process 1 is systemd."""
    where = "/etc/init.d/exm-x"
    with open(where, "w", encoding="utf-8") as file:
        file.write(f'#!/bin/sh\ncase "$1" in status) exit 0 ;; esac\n{body}\n')
    os.chmod(where, 0o755)
    w.undo.callback(os.remove, where)
    w.policy(POLICY.replace("[Service", "ServiceManager=initd\n[Service", 1))


def cgroup(pid):
    with open(f"/proc/{pid}/cgroup", encoding="ascii") as file:
        return file.read().strip()


@test("where systemd runs it moves into a scope of its own before the first run")
def own_scope(w):
    on_systemd(w, f"cat /proc/self/cgroup >{w.dir}/cgroup")
    s = w.session(root="/")
    helper = executed_helper_of(s)
    equal(cgroup(helper), cgroup(s.pid), "before the first run")
    s.call("service.start", UNIT)
    contains(cgroup(helper), f"/exmachina-run-{helper}.scope")
    with open(f"{w.dir}/cgroup", encoding="ascii") as file:
        equal(file.read().strip(), cgroup(helper), "of the script")
    s.end()
    wait_until(lambda: not running(helper), "the helper ends")


@test("a restart of the server's own unit does not end a run", seconds=180)
def unit_restart(w):
    on_systemd(w, f"echo $$ >{w.dir}/pid; while [ ! -e {w.dir}/go ]; do sleep 0.02; done\n"
                  f"echo end >{w.dir}/end")
    os.chmod(w.dir, 0o755)
    subprocess.run(["systemd-run", "-q", "--unit", "exm-server", DAEMON, "--policy", w.policy_dir,
                    "--", "/usr/bin/exmachina", "service", "start", UNIT[0]], check=True)
    wait_until(lambda: os.path.exists(f"{w.dir}/pid") and os.path.getsize(f"{w.dir}/pid"),
               "the script runs", 60)
    with open(f"{w.dir}/pid", encoding="ascii") as file:
        pid = int(file.read())
    subprocess.run(["systemctl", "kill", "--signal=KILL", "--kill-who=all", "exm-server"],
                   check=True)
    subprocess.run(["systemctl", "stop", "exm-server"], check=False, stderr=subprocess.DEVNULL)
    check(running(pid), "the run has ended with the unit")
    w.write("/../go", "")
    wait_until(lambda: os.path.exists(f"{w.dir}/end"), "the run ends well", 30)
    subprocess.run(["systemctl", "reset-failed", "exm-server"], check=False,
                   stderr=subprocess.DEVNULL)


@test("where systemd should run and does not answer nothing is run, and the reason is told")
def no_scope(w):
    private_root(w)
    os.makedirs(w.at("/run/systemd/system"))
    script(w, "exm-x", "touch /tmp/ran # status)")
    s = w.session(POLICY.replace("[Service", "ServiceManager=initd\n[Service", 1))
    contains(str(s.refuse("IO", "service.start", UNIT)), "scope")
    check(not os.path.exists(w.at("/tmp/ran")), "it was run")


# ---- the monitor as the enemy ----------------------------------------------------------------------

def hostile(w, case):
    """What the helper did: its answers and its end, and what it logged."""
    private_root(w)
    for name in ("exm-x", "exm-other", "exm-third"):
        script(w, name, "echo ran >>/tmp/ran # status)")
    w.write("/etc/exm-x.conf", "old\n")
    os.mkdir(w.at("/etc/exm-x.d"))
    w.write("/opt/exm-check", "#!/bin/sh\n[ \"$1 $(cat /etc/exm-x.d/a)\" = \"x x\" ] && "
                              "grep x /etc/exm-x.conf\n", 0o755)
    result = w.run(HOSTILE, w.root, case)
    equal(result.returncode, 0, f"{result.stdout} {result.stderr}")
    return result.stdout.splitlines(), result.stderr.splitlines()


@test("hostile: what is right is run, so that the cases below prove something")
def hostile_good(w):
    said, log = hostile(w, "good")
    equal((said, log), (["answered 0 ", "ended 0"], []))
    equal(w.read("/tmp/ran"), "ran\n")


@test("hostile: a check that is right is run, and sees the files, so that the cases below prove something")
def hostile_good_check(w):
    said, log = hostile(w, "good check")
    equal((said, log), (["answered 0 ", "ended 0"], []))


def cases():
    listed = subprocess.run([HOSTILE, "--list"], capture_output=True, text=True, check=True)
    return [(f"hostile: {case}: nothing is run, and one line logged", case)
            for case in listed.stdout.splitlines()]


@for_each(cases())
def hostile_case(w, case):
    said, log = hostile(w, case)
    check(not os.path.exists(w.at("/tmp/ran")), "a script was run")
    refused = case.startswith("RUN_CALL with ") and "descriptor" not in case and \
        "a program after the last" not in case
    if refused:
        # RUN_REFUSED, and at the end of the channel the helper's own
        check(said[0].startswith("answered 3 ") and said[1:] == ["ended 0"], f"{said}")
        equal(len(log), 1, f"lines in {log}")
        contains(log[0], "is refused")
    else:
        equal(said, ["ended 1"])
        equal(len(log), 1, f"lines in {log}")
        contains(log[0], "this helper ends")


if __name__ == "__main__":
    main()
