#!/usr/bin/python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""Apply=: services take what was committed, or it is taken back, and they take that."""

import os
import signal
import sys

sys.path.insert(0, sys.path[0] + "/../lib")
from exm import (SESSION, RpcError, check, contains, equal, main, running, test, unit_file,
                 unit_property, wait_until)

NAME = "/etc/exm-apply/hosts"
NODE = f"/files{NAME}/1/canonical"
UNIT = "exm-apply.service"
OTHER = "exm-apply-other.service"
DIES = "exm-apply-dies.service"
SETTLED = 1000000  # APPLY_SETTLE_MS, in microseconds
LOG = "/run/exm-apply.log"
TEXT = "127.0.0.1\tlocalhost\n"
FILE = f"[File {NAME}]\nLens=Hosts.lns\nSet=**\nInsert=**\nRemove=**\nCreate=0640 root:root\nDelete=yes\n"
SECOND = "/etc/exm-apply/second"
# it takes every file but one that says "bad", and writes down what it has read
RELOAD = f"/bin/sh -c 'cat {NAME} >>{LOG}; ! grep -q bad {NAME}'"


def prepare(w, policy, text=TEXT):
    os.makedirs(os.path.dirname(NAME), exist_ok=True)
    for name in (NAME, SECOND):
        with open(name, "w", encoding="ascii") as file:
            file.write(text)
        os.chmod(name, 0o604)
    for unit in (UNIT, OTHER):
        unit_file(unit, "[Unit]\nStartLimitIntervalSec=0\n[Service]\nExecStart=/bin/sleep infinity\n"
                  f"ExecReload={RELOAD}\n")
        w.run("systemctl", "start", unit)
        w.undo.callback(w.run, "systemctl", "stop", unit)
    open(LOG, "w", encoding="ascii").close()
    return w.session(SESSION.replace("10s", "30s") + policy, root="/")


def read(path):
    with open(path, encoding="ascii") as file:
        return file.read()


def left():
    return sorted(os.listdir(os.path.dirname(NAME)))


@test("after a commit the service reads the new file, once, however many files name it")
def once(w):
    s = prepare(w, FILE + f"Apply=reload {UNIT}\n[File {SECOND}]\nLens=Hosts.lns\nSet=**\n"
                f"Apply=reload {UNIT}\nApply=restart {OTHER}\n")
    before = unit_property(OTHER, "MainPID")
    s.set(NODE, "good")
    s.set(f"/files{SECOND}/1/canonical", "good")
    equal(s.commit()["changed"], True)
    equal(read(LOG), "127.0.0.1\tgood\n")
    check(unit_property(OTHER, "MainPID") != before, "the other was restarted")
    equal(left(), ["hosts", "second"])
    s.alive()


@test("a service that does not take the change has the files back, and reads them again")
def back(w):
    s = prepare(w, FILE + f"Apply=reload {UNIT}\nApply=restart {OTHER}\n")
    os.setxattr(NAME, "user.exm", b"kept")
    before = os.stat(NAME), unit_property(OTHER, "MainPID")
    s.set(NODE, "bad")
    error = s.refuse("SERVICE_FAILED", "config.commit")
    equal((error.data["unit"], error.data["verb"], error.data["restored"]), (UNIT, "reload", True))
    contains(error.message, "the files and services are as they were before")
    equal(read(NAME), TEXT)
    after = os.stat(NAME)
    equal((after.st_ino, after.st_mode, after.st_mtime_ns),
          (before[0].st_ino, before[0].st_mode, before[0].st_mtime_ns))
    equal(os.getxattr(NAME, "user.exm"), b"kept")
    equal(read(LOG), "127.0.0.1\tbad\n" + TEXT)
    check(unit_property(OTHER, "MainPID") != before[1], "what comes after it is done on the way back")
    equal(left(), ["hosts", "second"])
    # the edits are kept, and can be made right
    equal(s.get(NODE), "bad")
    s.set(NODE, "good")
    equal(s.commit()["changed"], True)
    equal(read(LOG), "127.0.0.1\tbad\n" + TEXT + "127.0.0.1\tgood\n")


def lived(unit):
    """For how many microseconds it was up, by systemd's own clock."""
    up, down = (int(unit_property(unit, f"Active{what}TimestampMonotonic"))
                for what in ("Enter", "Exit"))
    return down - up


@test("a service that dies soon after it was restarted did not take the change", seconds=120)
def settles(w):
    s = prepare(w, FILE + f"Apply=restart {DIES}\n")
    unit_file(DIES, "[Unit]\nStartLimitIntervalSec=0\n[Service]\n"
              f"ExecStart=/bin/sh -c 'grep -q bad {NAME} && sleep 0.3 && exit 3; exec sleep 100'\n")
    w.undo.callback(w.run, "systemctl", "stop", DIES)
    refused = None
    for _ in range(5):
        s.set(NODE, "bad")
        try:
            s.commit()
        except RpcError as error:
            refused = error
            break
        # a machine that is busy may let it live for longer than it is looked at
        wait_until(lambda: unit_property(DIES, "ActiveState") == "failed", "it dies", 30)
        check(lived(DIES) >= SETTLED, "it died in time, and was not noticed")
        s.set(NODE, "localhost")
        s.commit()
    check(refused, "it was not refused")
    equal((refused.name, refused.data["restored"]), ("SERVICE_FAILED", True))
    equal(read(NAME), TEXT)
    equal(unit_property(DIES, "ActiveState"), "active")


@test("created and deleted files are taken back as well")
def created(w):
    s = prepare(w, "[File /etc/exm-apply/*]\n" + FILE.split("\n", 1)[1] + f"Apply=reload {UNIT}\n")
    s.set(NODE, "bad")
    s.call("augeas.remove", [f"/files{SECOND}"])
    s.set("/files/etc/exm-apply/new/01/ipaddr", "10.0.0.1")
    s.set("/files/etc/exm-apply/new/01/canonical", "new")
    s.refuse("SERVICE_FAILED", "config.commit")
    equal(left(), ["hosts", "second"])
    equal((read(NAME), read(SECOND)), (TEXT, TEXT))


@test("services that do not come back are said not to be restored, the files are")
def not_restored(w):
    s = prepare(w, FILE + "Apply=restart exm-apply-none.service\n")
    s.set(NODE, "good")
    equal(s.refuse("SERVICE_FAILED", "config.commit").data["restored"], False)
    equal(read(NAME), TEXT)


@test("progress is told where it is wanted, and requests behind the commit are answered after it")
def progress(w):
    s = prepare(w, FILE + "Apply=restart exm-apply-slow.service\n")
    unit_file("exm-apply-slow.service", "[Service]\nType=oneshot\nRemainAfterExit=yes\n"
              "ExecStart=/bin/sleep 3\n")
    w.undo.callback(w.run, "systemctl", "stop", "exm-apply-slow.service")
    s.set(NODE, "good")
    s.notes.clear()
    equal(s.call("config.commit", {"progress": True}, 40)["changed"], True)
    stages = [n["params"]["stage"] for n in s.notes if n["method"] == "config.progress"]
    check(stages and set(stages) == {"apply"}, f"stages {stages}")
    contains(s.notes[0]["params"]["detail"], "restart exm-apply-slow.service")


@test("the client goes during Apply=: the commit comes to its end, and is recorded", seconds=120)
def gone(w):
    s = prepare(w, FILE + f"Apply=restart exm-apply-slow.service\nApply=reload {UNIT}\n")
    unit_file("exm-apply-slow.service", "[Service]\nType=oneshot\nExecStart=/bin/sleep 2\n")
    s.set(NODE, "bad")
    s.request("config.commit")
    wait_until(lambda: read(NAME) != TEXT, "the file is switched")
    s.close()
    wait_until(lambda: not running(s.pid), "the server ends", 90)
    equal((read(NAME), read(LOG)), (TEXT, "127.0.0.1\tbad\n" + TEXT))
    contains(s.log, f"reload of {UNIT} after the commit failed")


@test("the server is killed during Apply=: the next one has the old files before its first client")
def killed(w):
    s = prepare(w, FILE + "Apply=restart exm-apply-slow.service\n")
    unit_file("exm-apply-slow.service", "[Service]\nType=oneshot\nExecStart=/bin/sleep 300\n")
    w.undo.callback(w.run, "systemctl", "stop", "exm-apply-slow.service")
    s.set(NODE, "good")
    s.request("config.commit")
    wait_until(lambda: read(NAME) != TEXT, "the file is switched")
    os.kill(s.pid, signal.SIGKILL)
    s.status()
    check(read(NAME) != TEXT, "it is still the new one")
    other = w.session(SESSION + FILE, root="/")
    equal((read(NAME), other.get(NODE), left()), (TEXT, "localhost", ["hosts", "second"]))


@test("the server is ended during Apply=: the commit comes to its end, and is answered")
def ended(w):
    s = prepare(w, FILE + "Apply=restart exm-apply-slow.service\n")
    unit_file("exm-apply-slow.service", "[Service]\nType=oneshot\nExecStart=/bin/sleep 3\n")
    s.set(NODE, "good")
    number = s.request("config.commit")
    wait_until(lambda: read(NAME) != TEXT, "the file is switched")
    os.kill(s.pid, signal.SIGTERM)
    equal(s.answer(number, 20)["changed"], True)
    equal((s.status(20), read(NAME), left()), (0, "127.0.0.1\tgood\n", ["hosts", "second"]))


@test("the server is ended once more during Apply=: the files are taken back")
def ended_at_once(w):
    s = prepare(w, FILE + "Apply=restart exm-apply-slow.service\n")
    unit_file("exm-apply-slow.service", "[Service]\nType=oneshot\nExecStart=/bin/sleep 300\n")
    w.undo.callback(w.run, "systemctl", "stop", "exm-apply-slow.service")
    s.set(NODE, "good")
    s.request("config.commit")
    wait_until(lambda: read(NAME) != TEXT, "the file is switched")
    os.kill(s.pid, signal.SIGTERM)
    # two at once may be one
    wait_until(lambda: "ending after signal" in s.log, "it has heard the first one")
    os.kill(s.pid, signal.SIGTERM)
    s.status(30)
    equal((read(NAME), left()), (TEXT, ["hosts", "second"]))
    contains(s.log, "a commit is taken back, since the server ends")


# ---- what is going to be, and exactly that ----------------------------------------------------

@test("dry_run tells what would be done, does nothing, and plan does exactly that")
def dry_run(w):
    s = prepare(w, FILE + f"Apply=reload {UNIT}\n")
    s.set(NODE, "good")
    result = s.call("config.commit", {"dry_run": True})
    contains(result["files"][0]["diff"], "+127.0.0.1\tgood")
    equal([c["new"] for c in result["files"][0]["changes"]], ["good"])
    equal((read(NAME), read(LOG)), (TEXT, ""))
    s.set(NODE, "other")
    s.refuse("CONFLICT", "config.commit", {"plan": result["plan"]})
    equal(read(NAME), TEXT)
    s.set(NODE, "good")
    equal(s.call("config.commit", {"plan": result["plan"]})["changed"], True)
    equal(read(LOG), "127.0.0.1\tgood\n")


@test("a plan of one session is the same in another, and is void once the file is another")
def plan_elsewhere(w):
    s = prepare(w, FILE)
    s.set(NODE, "good")
    plan = s.call("config.commit", {"dry_run": True})["plan"]
    other = w.session(SESSION + FILE, root="/")
    other.set(NODE, "good")
    equal(other.call("config.commit", {"dry_run": True})["plan"], plan)
    with open(NAME, "a", encoding="ascii") as file:
        file.write("# more\n")
    s.call("config.discard")
    s.call("augeas.load")
    s.set(NODE, "good")
    s.refuse("CONFLICT", "config.commit", {"plan": plan})


@test("a dry run of what is denied is denied")
def dry_denied(w):
    s = prepare(w, f"[File {NAME}]\nLens=Hosts.lns\nSet=*/alias\n")
    s.call("augeas.load")
    s.refuse("DENIED", "augeas.set", {"path": NODE, "value": "x"})


@test("diff has the text, the nodes and the plan of a commit, which does just that")
def diff_plan(w):
    s = prepare(w, FILE + f"Apply=reload {UNIT}\n")
    equal(s.diff(), {"files": []})
    s.set(NODE, "good")
    diff = s.diff()
    dry = s.call("config.commit", {"dry_run": True})
    equal(sorted(diff), ["files", "more", "plan"])
    equal((diff["plan"], diff["files"]), (dry["plan"], dry["files"]))
    equal(diff["files"][0]["changes"],
          [{"node": "1/canonical", "action": "changed", "old": "localhost", "new": "good"}])
    equal((read(NAME), read(LOG)), (TEXT, ""))
    equal(s.call("config.commit", {"plan": diff["plan"]})["changed"], True)
    equal(s.diff(), {"files": []})


@test("diff of what a check refuses, or the verifier, tells that and why, and is no error")
def diff_refused(w):
    s = prepare(w, FILE + "Check=/bin/sh -c 'echo it is bad; exit 4'\n")
    s.set(NODE, "good")
    diff = s.diff()
    equal(sorted(diff), ["files", "plan", "refused"])
    contains(diff["files"][0]["diff"], "+127.0.0.1\tgood")
    check("changes" not in diff["files"][0], "nodes of what is not to be")
    refused = RpcError(diff["refused"])
    equal((refused.name, refused.data["output"]), ("CHECK_FAILED", ["it is bad"]))
    # what is asked next is answered, and the edits are as they were
    s.alive()
    equal(s.refuse("CHECK_FAILED", "config.commit").data, refused.data)
    equal(s.get(NODE), "good")


@test("diff of what is denied by its effect tells the rule that is lacking")
def diff_denied(w):
    s = prepare(w, f"[File {NAME}]\nLens=Hosts.lns\nInsert=*/alias\nRemove=*/alias\n",
                "127.0.0.1\tlocalhost one two\n")
    # one that is taken away and another in its place is one that is changed
    s.call("augeas.remove", [f"/files{NAME}/1/alias[2]"])
    s.set(f"/files{NAME}/1/alias[last()+1]", "three")
    diff = s.diff()
    equal(sorted(diff), ["files", "plan", "refused"])
    contains(diff["files"][0]["diff"], "+127.0.0.1\tlocalhost one three")
    refused = RpcError(diff["refused"])
    equal((refused.name, refused.data["rule"]), ("DENIED", "Set=1/alias"))
    equal(s.refuse("DENIED", "config.commit").data, refused.data)


if __name__ == "__main__":
    main()
