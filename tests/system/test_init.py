#!/usr/bin/python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""What is installed to start the server: the units as they are, on a real systemd; the System V
script; and the examples, which must do what they say."""

import os
import shutil
import subprocess
import sys
import time

sys.path.insert(0, sys.path[0] + "/../lib")
from exm import (CLI, DAEMON, SESSION, check, contains, equal, for_each, main, matches,
                 proc_status, running, test, unit_file, unit_property, wait_until)

POLICY = "/etc/exmachina/policy.d"
DEFAULT = "/etc/default/exmachina"
EXAMPLES = "/opt/exmachina-tests/examples"
SHARE = "/usr/share/exmachina/init"
PIDFILE = "/run/exmachinad.pid"
USER = ("setpriv", "--reuid", "4711", "--regid", "4711", "--clear-groups")
OTHER = ("setpriv", "--reuid", "4712", "--regid", "4712", "--clear-groups")
RULES = SESSION + """[File /etc/hosts]
Lens=Hosts.lns
Set=**
Insert=**
Remove=**
[File /etc/exmachina-test/hosts]
Lens=Hosts.lns
Set=**
Insert=**
Create=0600 panel:panel
[Service exm-init.service]
Allow=status restart
"""
LOCALHOST = "/files/etc/hosts/*[canonical = 'localhost'][1]"


def systemctl(*words, **options):
    return subprocess.run(["systemctl", *words], capture_output=True, text=True, check=False,
                          timeout=60, **options)


def real_policy(w, text=RULES):
    """The policy at its real place, for this test only."""
    shutil.rmtree(POLICY, ignore_errors=True)
    os.makedirs(POLICY)
    with open(f"{POLICY}/test.conf", "w", encoding="ascii") as file:
        file.write(text)
    w.undo.callback(shutil.rmtree, POLICY)


def keep(w, path):
    """A file of the sandbox gets its content back after the test."""
    with open(path, "rb") as file:
        content = file.read()

    def restore():
        with open(path, "wb") as file:
            file.write(content)
    w.undo.callback(restore)


def with_socket(w):
    """exmachina.socket, with the drop-in that it asks for."""
    real_policy(w)
    keep(w, "/etc/hosts")
    os.makedirs("/etc/systemd/system/exmachina.socket.d", exist_ok=True)
    unit_file("exmachina.socket.d/panel.conf", "[Socket]\nSocketUser=panel\n")

    def stop():
        systemctl("stop", "exmachina.socket")
        systemctl("stop", "exmachina@*.service")
        shutil.rmtree("/etc/systemd/system/exmachina.socket.d")
        systemctl("daemon-reload")
    w.undo.callback(stop)
    started = systemctl("start", "exmachina.socket")
    equal(started.returncode, 0, started.stderr)


# ---- units -----------------------------------------------------------------------------

@test("systemd finds nothing wrong in the units")
def verify(w):
    os.makedirs("/etc/default", exist_ok=True)
    run = w.run("systemd-analyze", "verify", "--man=no", "exmachina.socket",
                "exmachina@1.service", "exmachina-panel.service", "exmachina-recover.service")
    lines = [line for line in run.stderr.splitlines() if "exmachina" in line and
             "/usr/bin/panel" not in line]  # the panel is what the administrator names
    equal(lines, [])


@test("the hardened service has an exposure of 2.0 or less, as systemd-analyze counts it")
def exposure(w):
    run = w.run("systemd-analyze", "security", "--no-pager", "exmachina@1.service")
    matches(run.stdout, r"Overall exposure level for exmachina@1\.service: ([01]\.\d|2\.0) ")


JOURNAL = "/var/lib/exmachina/journal"
PHASE_AT, SWITCHING = 8, 2  # src/monitor/journal/journal_entry.h


def interrupted(w):
    """A commit of /etc/hosts on the real system, which has got no further than to its new name."""
    real_policy(w)
    keep(w, "/etc/hosts")
    with open("/etc/hosts", encoding="ascii") as file:
        before = file.read()
    run = w.daemon("--user", "panel", "--", "/bin/sh", "-c",
                   f"{CLI} set \"{LOCALHOST}/alias[last()+1]\" interrupted && {CLI} commit")
    equal(run.returncode, 0, run.stderr)
    with open("/etc/hosts", encoding="ascii") as file:
        contains(file.read(), "interrupted")
    with open(JOURNAL, "r+b") as file:
        file.seek(PHASE_AT)
        file.write(bytes([SWITCHING]))
    return before


def taken_back(before):
    with open("/etc/hosts", encoding="ascii") as file:
        equal(file.read(), before, "/etc/hosts")
    with open(JOURNAL, "rb") as file:
        equal(file.read()[PHASE_AT], 0, "phase of the journal")
    equal([name for name in os.listdir("/etc") if name.startswith(".exmachina")], [], "left beside")


@test("exmachina-recover.service: an interrupted commit is taken back, in its sandbox")
def recover_unit(w):
    before = interrupted(w)
    started = systemctl("start", "exmachina-recover.service")
    equal(started.returncode, 0, started.stderr)
    taken_back(before)
    equal(unit_property("exmachina-recover.service", "Result"), "success")


@test("exmachina-recover.service: it comes after the file systems and before all services, and not "
      "where nothing was ever committed")
def recover_order(w):
    contains(unit_property("exmachina-recover.service", "Before").split(), "sysinit.target")
    contains(unit_property("exmachina-recover.service", "After").split(), "local-fs.target")
    contains(unit_property("exmachina-recover.service", "RequiresMountsFor"), "/var/lib/exmachina")
    if os.path.exists(JOURNAL):
        os.unlink(JOURNAL)
    equal(systemctl("start", "exmachina-recover.service").returncode, 0)
    equal(unit_property("exmachina-recover.service", "ConditionResult"), "no")
    equal(systemctl("enable", "exmachina-recover.service").returncode, 0)
    w.undo.callback(systemctl, "disable", "exmachina-recover.service")
    check(os.path.islink("/etc/systemd/system/sysinit.target.wants/exmachina-recover.service"),
          "it is in the boot")


@test("the System V script takes an interrupted commit back, and says nothing where there is none")
def recover_script(w):
    before = interrupted(w)
    run = w.run(f"{SHARE}/exmachina-recover.init", "start")
    equal(run.returncode, 0, run.stderr)
    taken_back(before)
    os.unlink(JOURNAL)
    run = w.run(f"{SHARE}/exmachina-recover.init", "start")
    equal((run.returncode, run.stdout), (0, ""), run.stderr)


@test("--recover: what stands in the way is told, with status 125, and nothing is changed")
def recover_refused(w):
    before = interrupted(w)
    os.chmod(JOURNAL, 0o644)
    run = w.daemon("--recover")
    equal(run.returncode, 125, run.stderr)
    contains(run.stderr, "cannot open the journal")
    os.chmod(JOURNAL, 0o600)
    run = w.daemon("--recover", "--state", "/etc/hosts/state")
    equal(run.returncode, 125, run.stderr)
    run = w.daemon("--recover", "--root", "/nowhere")
    equal(run.returncode, 125, run.stderr)
    equal(w.daemon("--recover").returncode, 0)
    taken_back(before)


@test("exmachina.socket: the user gets, edits and commits through the hardened service")
def socket_works(w):
    with_socket(w)
    run = w.run(*USER, CLI, "get", LOCALHOST + "/ipaddr")
    equal((run.returncode, run.stdout), (0, "127.0.0.1\n"), run.stderr)
    run = w.run(*USER, CLI, "run", input=f"set {LOCALHOST}/alias[last() + 1] through-socket\n"
                "save\n", stdin=None)
    equal(run.returncode, 0, run.stderr)
    with open("/etc/hosts", encoding="ascii") as file:
        contains(file.read(), "through-socket")


@test("exmachina.socket: a file is made with owner and mode through the hardened service")
def socket_create(w):
    os.makedirs("/etc/exmachina-test")
    w.undo.callback(shutil.rmtree, "/etc/exmachina-test")
    with_socket(w)
    run = w.run(*USER, CLI, "run", stdin=None, input="set /files/etc/exmachina-test/hosts/1/ipaddr "
                "192.0.2.1\nset /files/etc/exmachina-test/hosts/1/canonical new\nsave\n")
    equal(run.returncode, 0, run.stderr)
    made = os.stat("/etc/exmachina-test/hosts")
    equal((made.st_mode & 0o7777, made.st_uid, made.st_gid), (0o600, 4711, 4711))
    run = w.run(*USER, CLI, "set", "/files/etc/exmachina-test/hosts/1/canonical", "changed")
    equal(run.returncode, 0, run.stderr)
    again = os.stat("/etc/exmachina-test/hosts")
    equal((again.st_mode & 0o7777, again.st_uid, again.st_gid), (0o600, 4711, 4711))


@test("exmachina.socket: lenses of /etc/exmachina/lenses are there in the hardened service")
def socket_lenses(w):
    with_socket(w)
    lenses = "/etc/exmachina/lenses"
    w.undo.callback(shutil.rmtree, lenses, ignore_errors=True)
    os.makedirs(lenses, mode=0o755)
    with open(f"{lenses}/panel.aug", "w", encoding="ascii") as file:
        file.write("module Panel =\nlet lns = [ key /[a-z]+/ . Util.del_str \"=\" . "
                   "store /[a-z]+/ . Util.del_str \"\\n\" ]*\n")
    os.makedirs("/etc/exmachina-test")
    w.undo.callback(shutil.rmtree, "/etc/exmachina-test")
    with open("/etc/exmachina-test/panel.conf", "w", encoding="ascii") as file:
        file.write("color=red\n")
    with open(f"{POLICY}/lenses.conf", "w", encoding="ascii") as file:
        file.write(f"[Session]\nLenses={lenses}\n[File /etc/exmachina-test/panel.conf]\n"
                   "Lens=Panel.lns\nSet=color\n")
    run = w.run(*USER, CLI, "run", stdin=None, input="set /files/etc/exmachina-test/panel.conf/color "
                "blue\nsave\n")
    equal(run.returncode, 0, run.stderr)
    with open("/etc/exmachina-test/panel.conf", encoding="ascii") as file:
        equal(file.read(), "color=blue\n")


@test("exmachina.socket: a unit is restarted through the hardened service")
def socket_service(w):
    unit_file("exm-init.service", "[Service]\nExecStart=/bin/sleep infinity\n")
    systemctl("start", "exm-init.service")
    before = unit_property("exm-init.service", "MainPID")
    with_socket(w)
    run = w.run(*USER, CLI, "service", "restart", "exm-init.service")
    equal(run.returncode, 0, run.stderr)
    after = unit_property("exm-init.service", "MainPID")
    check(after not in (before, "0"), f"{before} and {after}")


@test("exmachina.socket: another user cannot connect, and cannot read the secret")
def socket_other(w):
    with_socket(w)
    equal(w.run(*OTHER, CLI, "get", LOCALHOST + "/ipaddr").returncode, 5)
    run = w.run(*OTHER, "cat", "/run/exmachina/secret")
    check(run.returncode != 0 and run.stdout == "", "the secret was read")


@test("exmachina.socket: nobody but root can connect until the panel's user is named")
def socket_bare(w):
    real_policy(w)
    w.undo.callback(systemctl, "stop", "exmachina.socket")
    equal(systemctl("start", "exmachina.socket").returncode, 0)
    equal(w.run(*USER, CLI, "get", LOCALHOST + "/ipaddr").returncode, 5)


@test("exmachina.socket: the secret is a new one each time that the socket is opened")
def socket_secret(w):
    with_socket(w)
    with open("/run/exmachina/secret", encoding="ascii") as file:
        first = file.read()
    systemctl("restart", "exmachina.socket")
    with open("/run/exmachina/secret", encoding="ascii") as file:
        check(file.read() != first, "the same secret")
    equal(w.run(*USER, CLI, "get", LOCALHOST + "/ipaddr").returncode, 0)


def with_panel(w, program, policy=RULES):
    real_policy(w, policy)
    with open(DEFAULT, "w", encoding="ascii") as file:
        file.write(f'PROGRAM="{program}"\n')
    w.undo.callback(os.unlink, DEFAULT)
    w.undo.callback(systemctl, "reset-failed", "exmachina-panel.service")
    w.undo.callback(systemctl, "stop", "exmachina-panel.service")
    return systemctl("start", "exmachina-panel.service")


def script(w, text):
    path = w.path_of("panel")
    with open(path, "w", encoding="ascii") as file:
        file.write("#!/bin/sh\n" + text)
    os.chmod(path, 0o755)
    return path


@test("exmachina-panel.service: the panel runs unprivileged beside its server, and edits")
def panel(w):
    keep(w, "/etc/hosts")
    # PrivateTmp= hides the world of this test
    shutil.copy(script(w, f"{CLI} set \"{LOCALHOST}/alias[last() + 1]\" by-panel && {CLI} commit\n"
                       "exec sleep 100\n"), "/usr/local/bin/exm-panel")
    started = with_panel(w, "/usr/local/bin/exm-panel")
    equal(started.returncode, 0, started.stderr)

    def edited():
        with open("/etc/hosts", encoding="ascii") as file:
            return "by-panel" in file.read()
    wait_until(edited, "the panel's edit")

    def pids_of_panel():
        return [int(p) for p in w.run("pgrep", "-u", "4711", "-f", "sleep 100").stdout.split()]
    wait_until(pids_of_panel, "it goes on")
    pids = pids_of_panel()
    equal(len(pids), 1, "panels")
    status = proc_status(pids[0])
    equal(status["Uid"].split(), ["4711"] * 4)
    equal([int(status[n], 16) for n in ("CapPrm", "CapEff", "CapBnd")], [0, 0, 0])
    equal(systemctl("stop", "exmachina-panel.service").returncode, 0)
    check(not running(pids[0]), "the panel is still there")
    equal(unit_property("exmachina-panel.service", "Result"), "success")


@test("exmachina-panel.service: reload reads the policy anew, a bad one does not stop it")
def panel_reload(w):
    equal(with_panel(w, "/bin/sleep 100").returncode, 0)
    pid = unit_property("exmachina-panel.service", "MainPID")
    with open(f"{POLICY}/test.conf", "a", encoding="ascii") as file:
        file.write("Nope=1\n")
    equal(systemctl("reload", "exmachina-panel.service").returncode, 0)
    time.sleep(0.3)
    equal(unit_property("exmachina-panel.service", "MainPID"), pid)
    equal(unit_property("exmachina-panel.service", "ActiveState"), "active")


@for_each([(f"exmachina-panel.service: {what} fails the unit with status {status}, for good",
            program, policy, status) for what, program, policy, status in [
    ("a bad policy", "/bin/sleep 100", "[Nope]\n", 121),
    ("a program that is not there", "/no/such/panel", RULES, 127)]])
def panel_fails(w, program, policy, status):
    check(with_panel(w, program, policy).returncode != 0 or
          unit_property("exmachina-panel.service", "ActiveState") != "active", "it runs")
    wait_until(lambda: unit_property("exmachina-panel.service", "ActiveState") == "failed",
               "the unit has failed")
    equal(unit_property("exmachina-panel.service", "ExecMainStatus"), str(status))


# ---- the System V script --------------------------------------------------------------------

def with_script(w, program="/bin/sleep 100"):
    real_policy(w)
    shutil.copy(f"{SHARE}/exmachina.init", "/etc/init.d/exmachina")
    os.chmod("/etc/init.d/exmachina", 0o755)
    w.undo.callback(os.unlink, "/etc/init.d/exmachina")
    with open(DEFAULT, "w", encoding="ascii") as file:
        file.write(f'PROGRAM="{program}"\n' if program else "")
    w.undo.callback(os.unlink, DEFAULT)
    w.undo.callback(sysv, w, "stop")


def sysv(w, verb):
    """The script as on a system without systemd."""
    return w.run("/etc/init.d/exmachina", verb,
                 env={**os.environ, "SYSTEMCTL_SKIP_REDIRECT": "1",
                      "_SYSTEMCTL_SKIP_REDIRECT": "1"})


def daemon_pid():
    with open(PIDFILE, encoding="ascii") as file:
        return int(file.read())


def panel_pids(w):
    return w.run("pgrep", "-u", "4711", "-x", "sleep").stdout.split()


def one_panel(w):
    # the server hears of its execution a moment before the process has its new name
    wait_until(lambda: panel_pids(w), "the panel runs")
    equal(len(panel_pids(w)), 1, "panels")


@test("the System V script starts the pair, tells its status, and stops both sides")
def sysv_start_stop(w):
    with_script(w)
    equal(sysv(w, "status").returncode, 3, "status before")
    run = sysv(w, "start")
    equal(run.returncode, 0, run.stderr)
    pid = daemon_pid()
    check(running(pid), "no daemon")
    one_panel(w)
    equal(sysv(w, "status").returncode, 0, "status")
    equal(sysv(w, "start").returncode, 0, "a second start")
    equal(len(panel_pids(w)), 1, "panels after a second start")
    equal(sysv(w, "stop").returncode, 0, "stop")
    check(not running(pid), "the daemon is still there")
    equal(panel_pids(w), [], "panels after the stop")
    check(not os.path.exists(PIDFILE), "the pid file is left")
    equal(sysv(w, "stop").returncode, 0, "a second stop")


@test("the System V script restarts the pair, and reload keeps it")
def sysv_restart(w):
    with_script(w)
    sysv(w, "start")
    first = daemon_pid()
    equal(sysv(w, "reload").returncode, 0, "reload")
    equal(daemon_pid(), first)
    equal(sysv(w, "restart").returncode, 0, "restart")
    check(daemon_pid() != first and not running(first), "the same daemon")
    one_panel(w)


@test("the System V script does not stop what it could not start again")
def sysv_bad_policy(w):
    with_script(w)
    sysv(w, "start")
    pid = daemon_pid()
    with open(f"{POLICY}/test.conf", "a", encoding="ascii") as file:
        file.write("Nope=1\n")
    run = sysv(w, "restart")
    check(run.returncode != 0, "restart with a bad policy")
    contains(run.stdout + run.stderr, "test.conf:")
    check(running(pid), "the old pair is gone")
    check(sysv(w, "reload").returncode != 0, "reload with a bad policy")


@for_each([(f"the System V script: {what} exits with {status}", program, verb, status)
           for what, program, verb, status in [
               ("start without a PROGRAM", "", "start", 6),
               ("an unknown verb", "/bin/sleep 100", "explode", 2)]])
def sysv_refused(w, program, verb, status):
    with_script(w, program)
    run = sysv(w, verb)
    equal(run.returncode, status, run.stderr)
    check(not os.path.exists(PIDFILE), "something was started")


@test("the OpenRC script is a script that a shell can read, with no place left to fill in")
def openrc(w):
    path = f"{SHARE}/exmachina.openrc"
    equal(w.run("sh", "-n", path).returncode, 0)
    with open(path, encoding="ascii") as file:
        check("@" not in file.read(), "a placeholder is left")


# ---- examples ---------------------------------------------------------------------------------

@test("the example policies are accepted, and warn of nothing")
def example_policy(w):
    for name in os.listdir(f"{EXAMPLES}/policy.d"):
        shutil.copy(f"{EXAMPLES}/policy.d/{name}", w.policy_dir)
    os.unlink(f"{w.policy_dir}/test.conf")
    run = w.daemon("--policy", w.policy_dir, "--user", "panel", "-t")
    equal(run.returncode, 0, run.stderr)


@test("with the example policies hosts, sshd and chrony can be edited, within their limits")
def example_edits(w):
    for name in os.listdir(f"{EXAMPLES}/policy.d"):
        shutil.copy(f"{EXAMPLES}/policy.d/{name}", w.policy_dir)
    os.unlink(f"{w.policy_dir}/test.conf")
    w.write("/etc/chrony/chrony.conf", "pool 2.debian.pool.ntp.org iburst\nmakestep 1 3\n")
    os.makedirs(w.at("/etc/chrony/sources.d"))
    s = w.session(args=("--user", "panel"))
    s.set("/files/etc/hosts/2/canonical", "renamed.example")
    s.set("/files/etc/ssh/sshd_config/PermitRootLogin", "no")
    s.set("/files/etc/chrony/chrony.conf/pool", "pool.example")
    s.set("/files/etc/chrony/sources.d/new.sources/server", "ntp.example")
    equal(len(s.commit()["files"]), 4)
    contains(w.read("/etc/chrony/chrony.conf"), "pool pool.example iburst\n")
    equal(w.read("/etc/chrony/sources.d/new.sources"), "server ntp.example\n")
    for path, value in (("/files/etc/hosts/1/canonical", "x"),
                        ("/files/etc/ssh/sshd_config/Subsystem/sftp", "/bin/sh"),
                        ("/files/etc/chrony/chrony.conf/keyfile", "/etc/shadow")):
        s.refuse("DENIED", "augeas.set", [path, value])
    s.refuse("BAD_VALUE", "augeas.set", ["/files/etc/hosts/2/canonical", "-o"])
    s.refuse("BAD_VALUE", "augeas.set", ["/files/etc/ssh/sshd_config/PermitRootLogin", "yes"])


@test("the example programs get, set and restart")
def example_programs(w):
    run = w.pair(f"{EXAMPLES}/get", "/files/etc/hosts/1/ipaddr")
    equal((run.returncode, run.stdout), (0, "127.0.0.1\n"), run.stderr)
    check(w.pair(f"{EXAMPLES}/get", "/files/etc/hosts/99").returncode != 0, "a missing node")
    run = w.pair(f"{EXAMPLES}/set", "/files/etc/hosts/1/canonical", "by-example")
    equal(run.returncode, 0, run.stderr)
    contains(w.read("/etc/hosts"), "\tby-example\n")
    check(w.pair(f"{EXAMPLES}/set", "/files/etc/shadow/x", "y").returncode != 0, "a denied edit")
    unit_file("exm-init.service", "[Service]\nExecStart=/bin/sleep infinity\n")
    systemctl("start", "exm-init.service")
    before = unit_property("exm-init.service", "MainPID")
    w.policy(RULES)
    run = w.daemon("--policy", w.policy_dir, "--", f"{EXAMPLES}/restart", "exm-init.service")
    equal(run.returncode, 0, run.stderr)
    check(unit_property("exm-init.service", "MainPID") != before, "the same process")
    check(w.daemon("--policy", w.policy_dir, "--", f"{EXAMPLES}/restart",
                   "ssh.service").returncode != 0, "a denied restart")


@test("the example of asynchronous calls restarts two services at once, and tells of each")
def example_async(w):
    for n in (1, 2):
        unit_file(f"exm-init{n}.service", "[Service]\nExecStart=/bin/sleep infinity\n")
    systemctl("start", "exm-init1.service", "exm-init2.service")
    w.policy(SESSION + "[Service exm-init?.service]\nAllow=restart\n")
    units = ("exm-init1.service", "exm-init2.service")
    run = w.daemon("--policy", w.policy_dir, "--", f"{EXAMPLES}/restart-async", *units)
    equal(run.returncode, 0, run.stderr)
    for unit in units:
        contains(run.stdout, f"{unit}: active (running), main PID " +
                 unit_property(unit, "MainPID"))
    run = w.daemon("--policy", w.policy_dir, "--", f"{EXAMPLES}/restart-async", units[0],
                   "ssh.service")
    contains(run.stderr, "restart of ssh.service is not allowed")
    contains(run.stdout, f"{units[0]}: active (running)")
    check(run.returncode != 0, "a denied restart")


@test("the example with sd-event tells what becomes of a service")
def example_watch(w):
    unit_file("exm-init.service", "[Service]\nExecStart=/bin/sleep infinity\n")
    systemctl("start", "exm-init.service")
    w.policy(RULES)
    lines = w.process(DAEMON, "--policy", w.policy_dir, "--", f"{EXAMPLES}/watch-sd-event",
                      "exm-init.service", stdout=subprocess.PIPE, text=True)
    contains(lines.stdout.readline(), "active")
    systemctl("kill", "--signal=KILL", "exm-init.service")
    for line in lines.stdout:
        if "failed" in line:
            break
    else:
        check(False, "the end was not told")


@test("a program compiled against the installed library and its pkg-config file runs")
def pkg_config(w):
    if not shutil.which("gcc") or not shutil.which("pkg-config"):
        check(os.path.exists("/usr/include/exmachina.h"), "no header")
        return
    flags = w.run("pkg-config", "--cflags", "--libs", "libexmachina")
    equal(flags.returncode, 0, flags.stderr)
    built = w.run("gcc", "-o", w.path_of("get"), f"{EXAMPLES}/get.c", *flags.stdout.split())
    equal(built.returncode, 0, built.stderr)
    run = w.pair(w.path_of("get"), "/files/etc/hosts/1/ipaddr")
    equal(run.stdout, "127.0.0.1\n", run.stderr)


if __name__ == "__main__":
    main()
