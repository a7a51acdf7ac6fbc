#!/usr/bin/python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""What a policy grants of services beyond start and stop, on a real systemd: verbs for unit files
one by one, pairs of socket and service, time; and that what was begun is told to the end."""

import os
import subprocess
import sys

sys.path.insert(0, sys.path[0] + "/../lib")
from exm import SESSION, contains, equal, for_each, main, test, unit_property, wait_until
from gate import WAIT, close_gate, open_gate

POLICY = SESSION + """
[Service exm-r-half.service]
Allow=status start enable mask
[Service exm-r-slow.service]
Allow=status start
Timeout=30s
[Service exm-r-dies.service]
Allow=start
Timeout=20s
[Service exm-r-pair.service]
Allow=stop
"""
BOTH = POLICY + "[Service exm-r-pair.socket]\nAllow=stop\n"
UNITS = {
    "exm-r-half.service": "[Service]\nExecStart=/bin/sleep infinity\n"
                          "[Install]\nWantedBy=multi-user.target\n",
    "exm-r-slow.service": f"[Service]\nTimeoutStartSec=90\nExecStartPre=/bin/sh -c '{WAIT}'\n"
                          "ExecStart=/bin/sleep infinity\n",
    "exm-r-dies.service": "[Service]\nExecStart=/bin/sh -c 'echo woe is me; sleep 1; exit 5'\n",
    "exm-r-pair.service": "[Service]\nExecStart=/bin/sleep infinity\n",
    "exm-r-pair.socket": "[Socket]\nListenStream=/run/exm-r-pair.sock\n",
}


def systemctl(*arguments):
    return subprocess.run(["systemctl", *arguments], capture_output=True, text=True, check=False)


def audited(method, unit, result):
    run = subprocess.run(["journalctl", "--quiet", "--output=cat", f"EXMACHINA_METHOD={method}",
                          f"EXMACHINA_SUBJECT={unit}", f"EXMACHINA_RESULT={result}"],
                         capture_output=True, text=True, check=False)
    return len(run.stdout.splitlines())


@test("enable is granted, disable is not: the link is made and stays")
def half(w):
    systemctl("disable", "exm-r-half.service")
    s = w.session(POLICY, root="/")
    answer = s.call("service.enable", ["exm-r-half.service"])
    equal((answer["file_state"], answer["manager"]), ("enabled", "systemd"))
    contains("\n".join(answer["changes"]), "multi-user.target.wants/exm-r-half.service")
    s.refuse("DENIED", "service.disable", ["exm-r-half.service"])
    equal(systemctl("is-enabled", "exm-r-half.service").stdout.strip(), "enabled")
    wait_until(lambda: audited("service.enable", "exm-r-half.service", "done") > 0,
               "the audit record")


@for_each([(f"{verb} is denied where others are granted, and changes nothing", verb) for verb in
           ("disable", "unmask", "stop", "restart", "reset_failed", "try_restart")])
def not_granted(w, verb):
    systemctl("enable", "--now", "exm-r-half.service")
    pid = unit_property("exm-r-half.service", "MainPID")
    w.session(POLICY, root="/").refuse("DENIED", f"service.{verb}", ["exm-r-half.service"])
    equal((systemctl("is-enabled", "exm-r-half.service").stdout.strip(),
           unit_property("exm-r-half.service", "MainPID")), ("enabled", pid))


@for_each([("stop of a service stops its socket if the policy allows that, too", BOTH, "inactive"),
           ("stop of a service leaves a socket that the policy does not name, and tells of it",
            POLICY, "active")])
def pair(w, policy, after):
    systemctl("start", "exm-r-pair.socket", "exm-r-pair.service")
    answer = w.session(policy, root="/").call("service.stop", ["exm-r-pair.service"])
    equal(answer["active"], "inactive")
    equal(answer["triggered_by"], [] if after == "inactive" else ["exm-r-pair.socket"])
    equal(unit_property("exm-r-pair.socket", "ActiveState"), after)


@test("the caller may wait for less than the policy allows")
def deadline(w):
    systemctl("stop", "exm-r-slow.service")
    close_gate()
    s = w.session(POLICY, root="/")
    for seconds in (1, 3, 9):
        s.refuse("TIMEOUT", "service.start", {"unit": "exm-r-slow.service", "timeout": seconds})
        # else the time was over before systemd was asked
        if unit_property("exm-r-slow.service", "ActiveState") == "activating":
            break
    open_gate()
    wait_until(lambda: unit_property("exm-r-slow.service", "ActiveState") == "active",
               "the job goes on")


@test("settle is cut to the policy's time, and what dies in it is SERVICE_FAILED")
def settle(w):
    systemctl("stop", "exm-r-dies.service")
    s = w.session(POLICY, root="/")
    error = s.refuse("SERVICE_FAILED", "service.start", {"unit": "exm-r-dies.service",
                                                         "settle": 3600})
    equal((error.data["job"], error.data["active"], error.data["exit_status"]),
          ("done", "failed", 5))
    contains("\n".join(error.data["log"]), "woe is me")


@test("the client goes while a job runs: the job's result is in the audit record")
def client_gone(w):
    systemctl("stop", "exm-r-slow.service")
    close_gate()
    before = audited("service.start", "exm-r-slow.service", "done")
    s = w.session(POLICY, root="/")
    s.request("service.start", ["exm-r-slow.service"])
    wait_until(lambda: unit_property("exm-r-slow.service", "ActiveState") == "activating",
               "the start begins")
    s.close()
    wait_until(lambda: "calls are still under way" in s.log, "the session has ended")
    open_gate()
    wait_until(lambda: audited("service.start", "exm-r-slow.service", "done") > before,
               "the end is audited")
    equal(unit_property("exm-r-slow.service", "ActiveState"), "active")
    equal(s.status(), 0)
    contains(s.log, "nobody waits for it any more")


if __name__ == "__main__":
    for name, text in UNITS.items():
        with open(os.path.join("/etc/systemd/system", name), "w", encoding="ascii") as file:
            file.write(text)
    subprocess.run(["systemctl", "daemon-reload"], check=True)
    main()
