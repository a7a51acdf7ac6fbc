#!/usr/bin/python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""The whole monitor under valgrind, which the sanitizers do not replace: memory that is used before
it is set, and what is still held at the end, in a process that lets nobody trace it."""

import os
import shutil
import signal
import sys

sys.path.insert(0, sys.path[0] + "/../lib")
from exm import (HOSTS_FREE, LIB, SANITIZED, SESSION, Skip, check, equal, main, test, unit_file,
                 wait_until)
from private_root import daemon, private_root

SUPPRESSIONS = LIB + "/../valgrind/suppressions"
PRELOAD = LIB + "/../valgrind/openat2.so"
UNIT = "exm-memcheck.service"
# valgrind knows neither pidfd_open(2), by which the verifier is waited for, nor Landlock
POLICY = SESSION.replace("10s", "30s") + "OptionalLayers=monitor_landlock\n" + HOSTS_FREE + \
    f"""Verify=no
[File /etc/exm.d/*.conf]
Lens=Hosts.lns
Verify=no
Set=**
Insert=**
Create=0644 root:root
Delete=yes
[Service {UNIT}]
Allow=status start stop restart
[Service exm-d.service]
Allow=status start stop restart enable
[Log {UNIT}]
[System]
Allow=timezone hostname
"""


def under_memcheck(w, operate, **options):
    """What is done in a session of a server that valgrind looks at."""
    if SANITIZED or not shutil.which("valgrind"):
        raise Skip("no valgrind, or a build with sanitizers, which it cannot run")
    log = w.path_of("memcheck")
    s = w.session(POLICY, auth=False, wrap=[
        "env", f"LD_PRELOAD={PRELOAD}", "valgrind", "-q", f"--log-file={log}.%p",
        "--leak-check=full", "--errors-for-leak-kinds=definite", "--child-silent-after-fork=yes",
        f"--suppressions={SUPPRESSIONS}"], **options)
    equal(s.call("session.authenticate", {"secret": s.secret}, 60), {"authenticated": True})
    operate(s)
    s.close()
    equal(s.status(60), 0, f"exit status, with {s.log[-500:]!r}")
    found = ""
    for name in os.listdir(w.dir):
        if name.startswith("memcheck."):
            with open(w.path_of(name), encoding="utf-8") as file:
                found += "".join(line for line in file if line.startswith("=="))
    check(any(n.startswith("memcheck.") for n in os.listdir(w.dir)), "valgrind wrote nothing")
    check(not found, f"memcheck: {found[:6000]}")


@test("files are read, committed and refused", seconds=200)
def files(w):
    w.write("/etc/exm.d/a.conf", "10.0.0.1 a\n")

    def operate(s):
        equal(len(s.match("/files/etc/exm.d/*")), 1)
        s.set("/files/etc/hosts/1/canonical", "memcheck")
        s.set("/files/etc/exm.d/b.conf/01/ipaddr", "10.0.0.2")
        s.set("/files/etc/exm.d/b.conf/01/canonical", "b")
        s.call("config.commit", None, 60)
        s.set("/files/etc/hosts/1/canonical", "again")
        w.write("/etc/hosts", "10.0.0.9 somebody\n")
        s.refuse("CONFLICT", "config.commit", None, 60)
        os.kill(s.call("session.info")["engine"]["pid"], signal.SIGKILL)
        s.call("augeas.get", ["/files/etc/hosts/1/ipaddr"], 60)
        s.call("system.get", None, 60)
        os.kill(s.pid, signal.SIGHUP)
        wait_until(lambda: "policy" in s.log, "it is read again", 60)
        s.call("session.ping", None, 60)

    under_memcheck(w, operate)


@test("units are restarted, watched and listed", seconds=200)
def units(w):
    unit_file(UNIT, "[Service]\nExecStart=/bin/sleep infinity\n")
    w.undo.callback(w.run, "systemctl", "stop", UNIT)

    def operate(s):
        s.call("service.watch", [UNIT], 60)
        s.call("service.start", {"unit": UNIT, "settle": 1}, 60)
        s.call("service.restart", [UNIT], 60)
        s.call("service.stop", [UNIT], 60)
        s.call("service.list", None, 60)
        s.call("service.log", [UNIT], 60)
        s.call("service.unwatch", [UNIT], 60)
        s.call("system.get", None, 60)

    under_memcheck(w, operate, root="/")


@test("init scripts are run by the helper", seconds=200)
def scripts(w):
    private_root(w)
    daemon(w, "exm-d")

    def operate(s):
        s.call("service.restart", ["exm-d.service"], 60)
        s.call("service.enable", ["exm-d.service"], 60)
        s.call("service.stop", ["exm-d.service"], 60)

    under_memcheck(w, operate)


if __name__ == "__main__":
    main()
