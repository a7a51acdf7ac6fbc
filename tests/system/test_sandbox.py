#!/usr/bin/python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""The layers around each process: what engine, verifier, starter and monitor can still do, and what
becomes of the start where a layer cannot be had."""

import contextlib
import fcntl
import os
import re
import signal
import sys
import termios

sys.path.insert(0, sys.path[0] + "/../lib")
import exm
from exm import (HOSTS, HOSTS_FREE, SESSION, UID, check, contains, equal, for_each, main, proc_status,
                 running, state_of, test, wait_until)

CANONICAL = "/files/etc/hosts/1/canonical"
INTRUDER = "/opt/exmachina-tests/hostile/intruder.so"
ATTEMPTS_FILE = "/etc/exmachina-intruder"
LENSES = ["/usr/share/augeas/lenses", "/usr/share/augeas/lenses/dist"]
SETS = ("CapInh", "CapPrm", "CapEff", "CapBnd", "CapAmb")
NAMESPACE_LAYERS = ["mount_namespace", "private_root", "net_namespace", "ipc_namespace",
                    "uts_namespace"]
ALL_LAYERS = ["user", "capabilities", "no_new_privs", "not_dumpable", "rlimits",
              *NAMESPACE_LAYERS, "landlock", "seccomp", "monitor_capabilities",
              "monitor_no_new_privs", "monitor_landlock"]
# capability(7)
CHOWN, DAC_OVERRIDE, DAC_READ_SEARCH, FOWNER, FSETID, KILL, SETGID, SETUID, SETPCAP = range(9)
SYS_CHROOT, SYS_ADMIN, SETFCAP = 18, 21, 31
CHANGING = {CHOWN, DAC_OVERRIDE, DAC_READ_SEARCH, FOWNER, FSETID, SETFCAP}


def children(pid):
    """The processes whose parent it is, by name."""
    found = {}
    for entry in filter(str.isdigit, os.listdir("/proc")):
        try:
            status = proc_status(entry)
        except OSError:
            continue
        if status["PPid"] == str(pid):
            found.setdefault(status["Name"], []).append(int(entry))
    return found


def child(pid, name):
    found = []

    def look():
        found.extend(children(pid).get(name, []))
        return found
    wait_until(look, f"a process {name}")
    return found[0]


def reader(w, name):
    """A session with an engine and a verifier that waits, and one of the two."""
    s = w.session()
    s.set(CANONICAL, "new")
    return s, child(s.pid, name)


def capabilities(pid, name="CapEff"):
    bits = int(proc_status(pid)[name], 16)
    return {number for number in range(64) if bits >> number & 1}


def unread(session):
    """How many bytes that were sent to the server nobody has read."""
    return int.from_bytes(fcntl.ioctl(session.sock, termios.TIOCOUTQ, bytes(4)), sys.byteorder)


READERS = ["exmachina-engine"[:15], "exmachina-verify"[:15]]


def for_readers(title):
    return for_each([(f"{'verifier' if name == READERS[1] else 'engine'}: {title}", name)
                     for name in READERS])


# ---- engine and verifier ----------------------------------------------------------------------

@for_readers("a user of its own, no capability in any set, no_new_privs, seccomp")
def reader_status(w, name):
    _, pid = reader(w, name)
    wait_until(lambda: proc_status(pid)["Seccomp"] == "2", "its filter")
    status = proc_status(pid)
    check(len(set(status["Uid"].split())) == 1, status["Uid"])
    check(status["Uid"].split()[0] not in ("0", str(UID)), status["Uid"])
    check("0" not in status["Gid"].split() and not status["Groups"].strip(), str(status))
    for caps in SETS:
        equal(int(status[caps], 16), 0, caps)
    equal(status["NoNewPrivs"], "1")


@for_readers("its root holds the lenses and its room, and nothing else")
def reader_root(w, name):
    _, pid = reader(w, name)
    root = f"/proc/{pid}/root"
    wait_until(lambda: proc_status(pid)["Seccomp"] == "2", "its filter")
    wanted = ["usr"] if "verif" in name else ["staging", "usr"]
    equal(sorted(os.listdir(root)), wanted, "names in its root")
    for path in ("/usr", "/usr/share", "/usr/share/augeas"):
        equal(len(os.listdir(root + path)), 1, f"entries of {path}")
    equal(sorted(os.listdir(root + LENSES[0])), sorted(os.listdir(LENSES[0])), "lenses")
    equal(sorted(os.listdir(root + LENSES[1])), sorted(os.listdir(LENSES[1])), "lenses")


@for_readers("all of its root but its room is read-only")
def reader_read_only(w, name):
    _, pid = reader(w, name)
    wait_until(lambda: proc_status(pid)["Seccomp"] == "2", "its filter")
    with open(f"/proc/{pid}/mountinfo", encoding="utf-8") as file:
        mounts = [line.split() for line in file]
    check(mounts, "no mounts")
    for _, _, _, _, point, options, *_ in mounts:
        flags = options.split(",")
        for flag in ("nosuid", "nodev", "noexec"):
            contains(flags, flag, point)
        check(("ro" in flags) != (point == "/staging"), f"{point}: {options}")


@for_readers("it shares no namespace for mounts, network, IPC and host name with the monitor")
def reader_namespaces(w, name):
    s, pid = reader(w, name)
    for kind in ("mnt", "net", "ipc", "uts"):
        check(os.readlink(f"/proc/{pid}/ns/{kind}") != os.readlink(f"/proc/{s.pid}/ns/{kind}"),
              f"the {kind} namespace is shared")


@for_readers("no process, no core dump, bounded memory, files and descriptors")
def reader_limits(w, name):
    _, pid = reader(w, name)
    wait_until(lambda: proc_status(pid)["Seccomp"] == "2", "its filter")
    with open(f"/proc/{pid}/limits", encoding="ascii") as file:
        limits = {line[:26].strip(): line[26:].split()[1] for line in file.readlines()[1:]}
    equal(limits["Max processes"], "0")
    equal(limits["Max core file size"], "0")
    for what in ("Max address space", "Max file size", "Max open files"):
        check(limits[what].isdigit(), f"{what}: {limits[what]}")


def stopped_with_engine(w, policy):
    """A server that has made its engine and has got no further than to the trail, which is locked;
    or None if it was not stopped within the second for which it waits there."""
    s = w.session(policy, auth=False)
    wait_until(lambda: children(s.pid) or s.process.poll() is not None, "it has made its engine")
    s.process.send_signal(signal.SIGSTOP)
    wait_until(lambda: state_of(s.pid) in "TZX", "it is stopped")
    if state_of(s.pid) == "T" and "the audit trail cannot be written" not in s.log:
        return s
    s.process.kill()
    s.end()
    return None


@contextlib.contextmanager
def getting_ready(w, policy=None):
    """A server that is stopped before it has given up its rights, and the engine that is there."""
    w.session().end()
    with open(w.at("/var/lib/exmachina/audit.head"), "rb") as head:
        # the server waits for it
        fcntl.flock(head, fcntl.LOCK_EX)
        s = None
        while not s:
            s = stopped_with_engine(w, policy)
        yield s, child(s.pid, READERS[0])
    os.kill(s.pid, signal.SIGCONT)


@test("engine: one that is there before the server is ready reads nothing of the client until it is")
def engine_ahead(w):
    with getting_ready(w) as (s, pid):
        wait_until(lambda: proc_status(pid)["Seccomp"] == "2" and
                   proc_status(pid)["State"].startswith("S"), "the engine waits")
        check(SYS_ADMIN in capabilities(s.pid), "the server has given up its rights")
        s.request("session.hello")
        check(unread(s) > 0, "it is read")
        check(s.silent(0.2), "it is answered")
        check(unread(s) > 0, "it is read")
    equal(s.read()["result"]["authenticated"], False)
    equal(unread(s), 0)
    check(SYS_ADMIN not in capabilities(s.pid), "the server has not given up its rights")
    s.authenticate()
    equal(s.engine(), pid)


@test("engine: one that is killed before the server is ready has a successor")
def engine_ahead_killed(w):
    with getting_ready(w) as (s, pid):
        os.kill(pid, signal.SIGKILL)
        wait_until(lambda: not running(pid), "its end")
    s.authenticate()
    contains(s.log, f"engine {pid} is gone: it was killed")
    check(s.engine() != pid, "the same engine")
    s.set(CANONICAL, "new")
    s.commit()
    contains(w.read("/etc/hosts"), "new")


@test("engine: one that is there before a server that cannot start ends with it")
def engine_ahead_of_nothing(w):
    with getting_ready(w, SESSION + HOSTS_FREE + "[File /etc/no-lens]\n") as (s, pid):
        wait_until(lambda: proc_status(pid)["Seccomp"] == "2", "its filter")
    equal(s.status(), 121)
    contains(s.log, "[File /etc/no-lens]: Augeas has no lens for it by default")
    check(not os.path.exists(f"/proc/{pid}"), "its engine is there")
    check(s.ended(), "the client's stream is open")


@test("verifier: it holds its channel and its log, and no other descriptor")
def verifier_descriptors(w):
    s, pid = reader(w, READERS[1])
    wait_until(lambda: proc_status(pid)["Seccomp"] == "2", "its filter")
    # it may still read its lens
    wait_until(lambda: sorted(os.listdir(f"/proc/{pid}/fd")) == ["0", "1", "2", "3"],
               "no other descriptor")
    held = {fd: os.readlink(f"/proc/{pid}/fd/{fd}") for fd in "0123"}
    check(held["2"].startswith("pipe:") and held["3"].startswith("socket:"), str(held))
    # one that waits is used, and another one takes its place
    s.commit()
    wait_until(lambda: not os.path.exists(f"/proc/{pid}"), "it has ended")


@test("verifier: one that has seen a text is never used again")
def verifier_once(w):
    s = w.session()
    seen = set()
    for number in range(5):
        s.set(CANONICAL, f"name{number}")
        pid = child(s.pid, READERS[1])
        check(pid not in seen, f"{pid} again")
        seen.add(pid)
        s.commit()
        check(READERS[1] not in children(s.pid), "it is still there")
    contains(w.read("/etc/hosts"), "name4")


@test("verifier: one that was killed while it waited costs nothing")
def verifier_killed(w):
    s, pid = reader(w, READERS[1])
    os.kill(pid, signal.SIGKILL)
    wait_until(lambda: not running(pid), "its end")
    s.commit()
    contains(w.read("/etc/hosts"), "new")


# ---- monitor and starter ------------------------------------------------------------------------

@for_each([(f"monitor: {title}, it has just the capabilities for that", policy, wanted)
           for title, policy, wanted in [
               ("of a policy that lets files change", SESSION + HOSTS_FREE, CHANGING | {KILL}),
               ("of a policy that lets files be read", SESSION + "[File /etc/hosts]\nLens=Hosts.lns\n",
                {DAC_READ_SEARCH, KILL}),
               ("of a policy of services", SESSION + "[Service ssh.service]\nAllow=status\n", {KILL}),
               ("of a policy that lets the time zone be set", SESSION + "[System]\nAllow=timezone\n",
                CHANGING | {KILL})]])
def monitor_capabilities(w, policy, wanted):
    s = w.session(policy)
    for caps in ("CapPrm", "CapEff", "CapBnd"):
        equal(capabilities(s.pid, caps), wanted, caps)
    for caps in ("CapInh", "CapAmb"):
        equal(capabilities(s.pid, caps), set(), caps)
    equal(proc_status(s.pid)["NoNewPrivs"], "1")


@test("starter: it has just the capabilities for starting, and no_new_privs")
def starter_capabilities(w):
    s = w.session()
    pid = child(s.pid, "exm-starter")
    # nobody has waited for it so far; this is the last that it does before it starts anything
    wait_until(lambda: proc_status(pid)["NoNewPrivs"] == "1", "it has given up what it can")
    for caps in ("CapPrm", "CapEff", "CapBnd"):
        equal(capabilities(pid, caps), {SETGID, SETUID, SETPCAP, SYS_CHROOT, SYS_ADMIN}, caps)
    held = {fd: os.readlink(f"/proc/{pid}/fd/{fd}") for fd in os.listdir(f"/proc/{pid}/fd")}
    equal(sorted(held), ["0", "1", "2", "3"], f"descriptors, which are {held}")


@test("starter: it ends with the monitor, and the engine too, however that ends")
def starter_ends(w):
    s = w.session()
    pids = [child(s.pid, "exm-starter"), s.engine()]
    os.kill(s.pid, signal.SIGKILL)
    for pid in pids:
        wait_until(lambda pid=pid: not os.path.exists(f"/proc/{pid}"), f"the end of {pid}")


@test("starter: the server that has lost it ends with status 125, however it was started")
def starter_lost(w):
    s = w.session()
    os.kill(child(s.pid, "exm-starter"), signal.SIGKILL)
    equal(s.status(), 125)
    check("the process that starts others has ended" in s.log, s.log)
    paired = w.process(exm.DAEMON, "--policy", w.policy_dir, "--root", w.root, "--",
                       "/bin/sleep", "60")
    child(paired.pid, "sleep")
    os.kill(child(paired.pid, "exm-starter"), signal.SIGKILL)
    equal(paired.wait(60), 125)


def intrude(w, policy, attempts):
    """What a monitor that was taken over achieves."""
    with open(ATTEMPTS_FILE, "w", encoding="utf-8") as file:
        file.writelines(f"{name} {path}\n" for name, path in attempts)
    s = w.session(policy, wrap=["env", f"LD_PRELOAD={INTRUDER}"])
    s.alive()
    return dict(re.findall(r"^intruder: (.*): (\w+)$", s.log, re.M)), s


@test("monitor: taken over, it writes where the policy needs it, and nowhere else")
def intruder(w):
    w.write("/etc/app/app.conf", "")
    w.write("/etc/other/other.conf", "")
    came, s = intrude(
        w, SESSION + "[File /etc/app/app.conf]\nLens=Hosts.lns\nSet=**\n"
        "[File /etc/other/other.conf]\nLens=Hosts.lns\n",
        [("write", w.at("/etc/app/x")), ("write", w.at("/etc/app/app.conf")),
         ("read", "/etc/shadow"), ("read", w.at("/etc/other/other.conf")),
         ("write", w.at("/etc/other/other.conf")), ("write", w.at("/etc/hosts")),
         ("remove", w.at("/etc/hosts")), ("link", w.at("/etc/link")),
         ("write", "/etc/sudoers.d/x"), ("write", "/root/x"), ("write", "/usr/bin/x"),
         ("write", "/run/x"), ("write", "/tmp/x"), ("write", "/dev/shm/x"),
         ("execute", "/bin/sh"), ("execute", "/usr/libexec/exmachina/exmachina-engine")])
    done = {key for key, word in came.items() if word == "done"}
    equal(done, {f"write {w.at('/etc/app/x')}", f"write {w.at('/etc/app/app.conf')}",
                 "read /etc/shadow", f"read {w.at('/etc/other/other.conf')}"}, f"what was done ({came})")
    equal(len(came), 22, "attempts")
    equal(w.read("/etc/hosts"), HOSTS, "content")
    # and yet it does its work
    equal(s.call("session.info")["missing_layers"], [])


@test("monitor: taken over, of a policy of services, it writes nowhere at all")
def intruder_of_services(w):
    came, _ = intrude(w, SESSION + "[Service ssh.service]\nAllow=status\n",
                      [("write", w.at("/etc/hosts")), ("write", "/etc/x"), ("write", "/run/exmachina/x"),
                       ("write", "/var/lib/x"), ("read", "/proc/1/environ")])
    equal([key for key, word in came.items() if word == "done" and not key.startswith("read")], [],
          str(came))


# ---- what is told, and where a layer cannot be had -----------------------------------------------

@test("session.info names the layers that hold, which are all, and so does the log")
def info(w):
    s = w.session()
    info = s.call("session.info")
    equal(info["layers"], ALL_LAYERS)
    equal(info["missing_layers"], [])
    contains(s.log, "all layers of the sandbox hold")


def without(*capabilities):
    return ["setpriv", "--bounding-set", ",".join("-" + name for name in capabilities)]


def start(w, policy, wrap):
    """A server that must not start: its exit status and log."""
    s = w.session(policy, auth=False, wrap=wrap)
    return s.status(), s


@for_each([(f"without CAP_SYS_ADMIN and {missing} not optional it does not start", missing)
           for missing in NAMESPACE_LAYERS])
def container_strict(w, missing):
    optional = " ".join(name for name in NAMESPACE_LAYERS if name != missing)
    status, s = start(w, f"{SESSION}OptionalLayers={optional}\n{HOSTS_FREE}", without("sys_admin"))
    equal(status, 122, "exit status")
    contains(s.log, f"layer {missing}", "log")


@test("without CAP_SYS_ADMIN, as in a container, it works with the layers that remain, and says so")
def container(w):
    s = w.session(f"{SESSION}OptionalLayers={' '.join(NAMESPACE_LAYERS)}\n{HOSTS_FREE}",
                  wrap=without("sys_admin"))
    info = s.call("session.info")
    equal(sorted(info["missing_layers"]), sorted(NAMESPACE_LAYERS))
    contains(s.log, "layers of the sandbox that are missing, as the policy permits:")
    s.set(CANONICAL, "new")
    verifier = child(s.pid, READERS[1])
    for pid in (s.engine(), verifier):
        wait_until(lambda pid=pid: proc_status(pid)["Seccomp"] == "2", "its filter")
        status = proc_status(pid)
        for caps in SETS:
            equal(int(status[caps], 16), 0, caps)
        check(status["Uid"].split()[0] not in ("0", str(UID)), status["Uid"])
    s.commit()
    contains(w.read("/etc/hosts"), "new")
    # another engine, and what the first one has left is nobody's business
    os.kill(s.engine(), signal.SIGKILL)
    equal(s.get(CANONICAL), "new")


@test("as in a container: an engine's room is its own, and is taken away by a later one")
def container_staging(w):
    policy = f"{SESSION}OptionalLayers={' '.join(NAMESPACE_LAYERS)}\n{HOSTS_FREE}"
    s = w.session(policy, wrap=without("sys_admin"))
    room = os.readlink(f"/proc/{s.engine()}/cwd")
    check(room.startswith("/run/exmachina/staging/engine-"), room)
    equal(os.stat(room).st_mode & 0o7777, 0o700)
    s.get(CANONICAL)
    check(os.path.exists(room + "/etc/hosts"), "nothing is staged")
    os.kill(s.engine(), signal.SIGKILL)
    s.get(CANONICAL)
    # it counts as left behind when it is a minute old, and nobody holds it
    held = os.readlink(f"/proc/{s.engine()}/cwd")
    check(os.path.exists(room), "a young one was removed")
    for path in (room, held):
        os.utime(path, (0, 0))
    other = w.session(policy, wrap=without("sys_admin"))
    other.get(CANONICAL)
    check(not os.path.exists(room), "what was left behind is still there")
    check(os.path.exists(held + "/etc/hosts"), "one that is in use was removed")
    equal(s.get(CANONICAL), "localhost")


def without_landlock():
    """A kernel without Landlock, as far as a program can tell."""
    return ["systemd-run", "--quiet", "--pipe", "--wait", "--collect",
            "-pSystemCallFilter=~landlock_create_ruleset", "-pSystemCallErrorNumber=ENOSYS"]


def paired(w, policy, wrap):
    """The paired program in a unit of its own: what it prints, the status and the log."""
    w.policy(policy)
    return w.run(*wrap, "/usr/sbin/exmachinad", "--policy", w.policy_dir, "--root", w.root, "--",
                 "/usr/bin/exmachina", "info")


@for_each([(f"a kernel without Landlock, {missing} not optional: it does not start", optional, missing)
           for optional, missing in [("landlock", "monitor_landlock"), ("monitor_landlock", "landlock")]])
def no_landlock_strict(w, optional, missing):
    run = paired(w, f"{SESSION}OptionalLayers={optional}\n{HOSTS_FREE}", without_landlock())
    equal(run.returncode, 122, run.stderr)
    contains(run.stderr, "landlock")


@test("a kernel without Landlock: it works if the policy says so, and says so itself")
def no_landlock(w):
    run = paired(w, f"{SESSION}OptionalLayers=landlock monitor_landlock\n{HOSTS_FREE}",
                 without_landlock())
    equal(run.returncode, 0, run.stderr)
    contains(run.stdout, '"landlock"')
    contains(run.stderr, "missing, as the policy permits: landlock monitor_landlock")


# ---- another policy ---------------------------------------------------------------------------

def hang_up(w, s, policy, wanted):
    w.policy(policy)
    os.kill(s.pid, signal.SIGHUP)
    wait_until(lambda: wanted in s.log, f"{wanted!r} in the log")


@test("SIGHUP: files of the same directory may be added")
def more_files(w):
    s = w.session(SESSION + "[File /etc/ssh/sshd_config]\nLens=Sshd.lns\nSet=Port\n")
    hang_up(w, s, SESSION + "[File /etc/ssh/sshd_config]\nLens=Sshd.lns\nSet=Port\n"
            "[File /etc/ssh/extra]\nLens=Hosts.lns\nInsert=**\nCreate=0644 root:root\n",
            "policy read anew")
    s.set("/files/etc/ssh/extra/1/ipaddr", "10.0.0.1")
    s.set("/files/etc/ssh/extra/1/canonical", "host")
    s.commit()
    contains(w.read("/etc/ssh/extra"), "10.0.0.1")


@test("SIGHUP: a policy that takes rights which were given up is refused, and says which")
def more_rights(w):
    policy = SESSION + "[File /etc/ssh/sshd_config]\nLens=Sshd.lns\nSet=Port\n"
    s = w.session(policy)
    hang_up(w, s, policy + HOSTS_FREE, "it takes more than the server kept for the old one (/etc)")
    s.set("/files/etc/ssh/sshd_config/Port", "2222")
    s.commit()
    s.refuse("DENIED", "augeas.set", [CANONICAL, "x"])


@test("SIGHUP: a policy that only read files cannot come to change them")
def more_capabilities(w):
    s = w.session(SESSION + "[File /etc/hosts]\nLens=Hosts.lns\n")
    hang_up(w, s, SESSION + HOSTS_FREE, "it takes more than the server kept for the old one (cap")
    s.refuse("DENIED", "augeas.set", [CANONICAL, "x"])


if __name__ == "__main__":
    main()
