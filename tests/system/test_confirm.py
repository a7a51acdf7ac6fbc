#!/usr/bin/python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""A commit that waits to be confirmed is taken back unless it is, whatever dies meanwhile."""

import os
import signal
import struct
import sys
import time

sys.path.insert(0, sys.path[0] + "/../lib")
from exm import (HOSTS, HOSTS_FREE, SESSION, check, contains, equal, main, test, unit_file, wait_until)

CANONICAL = "/files/etc/hosts/1/canonical"
POLICY = (SESSION + HOSTS_FREE + "[File /etc/exm.d/*.conf]\nLens=Hosts.lns\nSet=**\nInsert=**\n"
          "Remove=**\nCreate=0640 root:root\nDelete=yes\n")
STATE = "/var/lib/exmachina"


def commit(s, value, seconds, **more):
    s.set(CANONICAL, value)
    return s.call("config.commit", {"confirm": seconds, **more})["confirm"]


def leave(s):
    """Client and server go, and what waits is watched over by nobody."""
    s.close()
    s.process.terminate()
    equal(s.status(), 0)


def is_old(w):
    return w.read("/etc/hosts") == HOSTS


def state(w):
    return sorted(name for name in os.listdir(w.at(STATE)) if name.startswith("pending"))


def looks(w):
    """The files, as anybody sees them."""
    found = {}
    for name in ["hosts"] + [f"exm.d/{name}" for name in w.files("/etc/exm.d")]:
        path = w.at(f"/etc/{name}")
        st = os.stat(path)
        found[name] = (w.read(f"/etc/{name}"), st.st_mode, st.st_uid, st.st_gid,
                       {key: os.getxattr(path, key) for key in os.listxattr(path)})
    return found


def told(s):
    """What the client is told of a rollback, without a request; whatever else before."""
    while True:
        for note in s.notes:
            if note["method"] == "config.rolled_back":
                return note["params"]
        s.wait_note(30)


@test("a commit that is confirmed stays")
def kept(w):
    s = w.session(POLICY)
    confirm = commit(s, "new", 5)
    check(1 <= confirm["seconds"] <= 5, str(confirm))
    equal((len(confirm["token"]), state(w)), (32, ["pending"]))
    equal(s.call("config.confirm", {"token": confirm["token"]}), {"pending": False, "seconds": 0})
    time.sleep(5.5)
    contains(w.read("/etc/hosts"), "\tnew\n")
    equal((state(w), s.call("config.confirm")), ([], {"pending": False, "seconds": 0}))
    s.refuse("NO_MATCH", "config.confirm", {"token": confirm["token"]})


@test("one that is not is taken back, all of it, with owners, modes and attributes, and is told")
def back(w):
    for name in ("gone", "changed"):
        w.write(f"/etc/exm.d/{name}.conf", f"10.0.0.1 {name}\n")
    os.chown(w.at("/etc/exm.d/gone.conf"), 4711, 4711)
    os.chmod(w.at("/etc/exm.d/gone.conf"), 0o604)
    os.setxattr(w.at("/etc/exm.d/gone.conf"), "user.exm", b"kept")
    before = looks(w)
    s = w.session(POLICY)
    s.call("augeas.remove", ["/files/etc/exm.d/gone.conf"])
    s.set("/files/etc/exm.d/changed.conf/1/canonical", "other")
    s.set("/files/etc/exm.d/new.conf/01/ipaddr", "10.0.0.2")
    s.set("/files/etc/exm.d/new.conf/01/canonical", "new")
    token = commit(s, "new", 60)["token"]
    equal(w.files("/etc/exm.d"), ["changed.conf", "new.conf"])
    s.call("config.confirm", {"token": token, "extend": 1})
    note = s.wait_note(30)
    equal((note["reason"], note["restored"]), ("it was not confirmed in time", True))
    equal((looks(w), state(w)), (before, []))
    # what the session knows is not what is there, and is told so
    s.set(CANONICAL, "next")
    s.refuse("CONFLICT", "config.commit")
    s.alive()


@test("a follow-up keeps the first baseline, with or without a deadline of its own")
def baseline(w):
    w.write("/etc/exm.d/a.conf", "10.0.0.1 a\n")
    s = w.session(POLICY)
    first = commit(s, "one", 60)
    s.set("/files/etc/exm.d/a.conf/1/canonical", "b")
    joined = s.commit()["confirm"]
    check("token" not in joined and 30 <= joined["seconds"] <= 60, str(joined))
    second = commit(s, "two", 600)
    check(second["token"] != first["token"], "another token")
    s.refuse("DENIED", "config.confirm", {"token": first["token"]})
    s.call("config.confirm", {"token": second["token"], "extend": 1})
    wait_until(lambda: is_old(w) and w.read("/etc/exm.d/a.conf") == "10.0.0.1 a\n",
               "the first baseline, of both files", 30)


@test("a commit that fails arms nothing, and leaves what is armed as it was")
def failed(w):
    s = w.session(POLICY)
    s.set(CANONICAL, "new")
    w.write("/etc/hosts", HOSTS + "# more\n")
    s.refuse("CONFLICT", "config.commit", {"confirm": 2})
    equal(state(w), [])
    w.write("/etc/hosts", HOSTS)
    s.call("config.discard")
    token = commit(s, "new", 30)["token"]
    s.set(CANONICAL, "newer")
    w.write("/etc/hosts", HOSTS + "# more\n")
    s.refuse("CONFLICT", "config.commit", {"confirm": 60})
    check(s.call("config.confirm")["seconds"] <= 30, "the deadline is the first one's")
    s.call("config.confirm", {"token": token})


@test("the deadline can be moved, by who has the token")
def extended(w):
    s = w.session(POLICY)
    token = commit(s, "new", 5)["token"]
    left = s.call("config.confirm", {"token": token, "extend": 60})["seconds"]
    check(30 <= left <= 60, f"{left} seconds")
    time.sleep(5.5)
    check(not is_old(w), "it is still there")
    s.refuse("DENIED", "config.confirm", {"token": "0" * 32, "extend": 60})
    s.refuse("DENIED", "config.confirm", {"token": ""})
    s.call("config.confirm", {"token": token, "extend": 1})
    wait_until(lambda: is_old(w), "it is taken back", 30)


@test("it can be taken back at once, by who has the token")
def asked(w):
    s = w.session(POLICY)
    token = commit(s, "new", 60)["token"]
    s.refuse("DENIED", "config.confirm", {"token": "x", "rollback": True})
    equal(s.call("config.confirm", {"token": token, "rollback": True}),
          {"pending": False, "seconds": 0, "restored": True})
    check(is_old(w), "it is taken back")
    equal(s.get(CANONICAL), "localhost")


@test("numbers that are none, or are huge, are refused with what would be right")
def numbers(w):
    s = w.session(POLICY)
    s.set(CANONICAL, "new")
    for number in (0, -1, 86401, 1 << 31, 1 << 32, 1 << 62):
        contains(s.refuse("BAD_VALUE", "config.commit", {"confirm": number}).message,
                 "from 1 to 86400")
    for number in (0, -1, 1 << 40):
        s.refuse("BAD_VALUE", "config.confirm", {"token": "x", "extend": number})
    s.refuse("BAD_VALUE", "config.commit", {"dead_man": True})
    s.refuse("BAD_VALUE", "config.confirm", {"extend": 5})
    s.refuse("BAD_VALUE", "config.confirm", {"rollback": True})
    equal((is_old(w), state(w)), (True, []))


@test("without a history nothing can wait, which is said")
def no_history(w):
    s = w.session(POLICY + "[History]\nRecord=no\n")
    s.set(CANONICAL, "new")
    contains(s.refuse("BAD_VALUE", "config.commit", {"confirm": 5}).message, "no history")
    check(is_old(w), "nothing is done")
    equal(s.commit()["changed"], True)


# ---- what dies meanwhile --------------------------------------------------------------------

@test("the server is killed: the next one watches over it, and takes the token")
def killed(w):
    s = w.session(POLICY)
    token = commit(s, "new", 60)["token"]
    os.kill(s.pid, signal.SIGKILL)
    s.status()
    other = w.session(POLICY)
    equal(other.call("config.confirm")["pending"], True)
    equal(other.call("config.confirm", {"token": token})["pending"], False)
    contains(w.read("/etc/hosts"), "\tnew\n")


@test("the server is killed, and the next one starts too late, or before and waits")
def too_late(w):
    s = w.session(POLICY)
    commit(s, "new", 2)
    os.kill(s.pid, signal.SIGKILL)
    s.status()
    time.sleep(2.2)
    check(not is_old(w), "nobody is there")
    other = w.session(POLICY)
    equal((is_old(w), other.get(CANONICAL), state(w)), (True, "localhost", []))
    # enough for a server to start
    commit(other, "new", 6)
    os.kill(other.pid, signal.SIGKILL)
    other.status()
    third = w.session(POLICY)
    equal(third.get(CANONICAL), "new")
    wait_until(lambda: is_old(w), "it is taken back", 30)
    third.alive()


@test("--recover at boot takes it back when its time is over, and leaves it when it is not")
def recover(w):
    s = w.session(POLICY)
    commit(s, "new", 600)
    leave(s)
    equal(w.daemon("--policy", w.policy_dir, "--root", w.root, "--recover").returncode, 0)
    check(not is_old(w), "there is still time")
    rewrite(w, boottime=1)
    equal(w.daemon("--policy", w.policy_dir, "--root", w.root, "--recover").returncode, 0)
    equal((is_old(w), state(w)), (True, []))


def rewrite(w, boottime=None, realtime=None, boot=None, root=None):
    """As if its time had passed, the machine been started anew, or somebody had set its clock."""
    import hashlib
    path = f"{w.root if root is None else root}{STATE}/pending"
    with open(path, "rb") as file:
        data = bytearray(file.read()[:-32])
    at = 8 + 8 + 4 + 32 + 4 + 1
    if boottime is not None:
        struct.pack_into("<Q", data, at, boottime)
    if realtime is not None:
        struct.pack_into("<Q", data, at + 8, realtime)
    if boot is not None:
        data[at + 20:at + 36] = boot
    with open(path, "wb") as file:
        file.write(bytes(data) + hashlib.sha256(data).digest())


@test("after a boot the wall clock counts, one that is far behind no longer than was asked for")
def boots(w):
    s = w.session(POLICY)
    commit(s, "new", 600)
    leave(s)
    # the same boot: the wall clock is nothing
    rewrite(w, realtime=0)
    s = w.session(POLICY)
    check(500 <= s.call("config.confirm")["seconds"] <= 600, "the clock was only set")
    leave(s)
    # another boot, with a clock of 1970
    rewrite(w, boottime=0, realtime=1 << 60, boot=bytes(16))
    s = w.session(POLICY)
    equal(s.call("config.confirm")["seconds"], 600)
    leave(s)
    # another boot, and the time is over
    rewrite(w, realtime=int(time.time() * 1000000) - 1, boot=bytes(16))
    s = w.session(POLICY)
    equal((is_old(w), s.call("config.confirm")["pending"]), (True, False))


@test("what is pending and cannot be read is told, and nothing is taken back by it")
def torn(w):
    s = w.session(POLICY)
    commit(s, "new", 600)
    leave(s)
    with open(w.at(f"{STATE}/pending"), "r+b") as file:
        file.seek(20)
        file.write(b"\xff")
    done = w.daemon("--policy", w.policy_dir, "--root", w.root, "--recover")
    check(done.returncode != 0, "it is told")
    contains(done.stderr, "confirm")
    check(not is_old(w), "nothing is taken back")


@test("the engine is lost: the next one tells the client that it is taken back, unasked")
def engine_lost(w):
    s = w.session(POLICY)
    token = commit(s, "new", 60)["token"]
    s.call("config.confirm", {"token": token, "extend": 4})
    os.kill(s.engine(), signal.SIGKILL)
    equal(told(s)["restored"], True)
    equal((is_old(w), state(w)), (True, []))


@test("dead man: the client goes, and it is taken back at once")
def dead_man(w):
    s = w.session(POLICY)
    commit(s, "new", 600, dead_man=True)
    s.close()
    s.status()
    equal((is_old(w), state(w)), (True, []))


@test("dead man: the server is killed with the client, and the next one takes it back")
def dead_server(w):
    s = w.session(POLICY)
    commit(s, "new", 600, dead_man=True)
    os.kill(s.pid, signal.SIGKILL)
    s.status()
    other = w.session(POLICY)
    equal((is_old(w), other.get(CANONICAL)), (True, "localhost"))


@test("without dead_man the client may go: its server stays, takes it back in time, and ends")
def alone(w):
    s = w.session(POLICY)
    commit(s, "new", 5)
    s.close()
    wait_until(lambda: "the server stays" in s.log, "the server stays")
    equal((s.process.poll(), is_old(w)), (None, False))
    equal(s.status(30), 0)
    equal((is_old(w), state(w)), (True, []))


@test("without dead_man the client may go, and a later one confirms: then the server ends as well")
def later(w):
    s = w.session(POLICY)
    token = commit(s, "new", 600)["token"]
    s.close()
    other = w.session(POLICY)
    other.call("config.confirm", {"token": token})
    equal(s.status(30), 0)
    contains(w.read("/etc/hosts"), "\tnew\n")


@test("an orphan blocks nobody: the next client commits, and confirms what it finds")
def orphan(w):
    s = w.session(POLICY)
    commit(s, "one", 600)
    s.close()
    other = w.session(POLICY)
    token = commit(other, "two", 600)["token"]
    equal(s.status(30), 0)
    other.call("config.confirm", {"token": token})
    contains(w.read("/etc/hosts"), "\ttwo\n")
    equal(state(w), [])


@test("what somebody else has changed meanwhile stays, and is told")
def contrary(w):
    s = w.session(POLICY)
    token = commit(s, "new", 600)["token"]
    w.write("/etc/hosts", HOSTS + "# by hand\n")
    equal(s.call("config.confirm", {"token": token, "rollback": True})["restored"], False)
    equal(w.read("/etc/hosts"), HOSTS + "# by hand\n")


# ---- services -----------------------------------------------------------------------------

NAME = "/etc/exm-confirm/hosts"
LOG = "/run/exm-confirm.log"
UNIT = "exm-confirm.service"
APPLY = (SESSION.replace("10s", "30s") + f"[File {NAME}]\nLens=Hosts.lns\nSet=**\n"
         f"Apply=reload {UNIT}\n")


def with_service(w):
    os.makedirs(os.path.dirname(NAME), exist_ok=True)
    for path, text in ((NAME, "127.0.0.1 old\n"), (LOG, "")):
        with open(path, "w", encoding="ascii") as file:
            file.write(text)
    unit_file(UNIT, "[Unit]\nStartLimitIntervalSec=0\n[Service]\nExecStart=/bin/sleep infinity\n"
              f"ExecReload=/bin/sh -c 'cat {NAME} >>{LOG}'\n")
    w.run("systemctl", "start", UNIT)
    w.undo.callback(w.run, "systemctl", "stop", UNIT)
    return w.session(APPLY, root="/")


def log():
    with open(LOG, encoding="ascii") as file:
        return file.read()


@test("services read the old files again: in time, after a kill, and for a client that goes")
def applied(w):
    s = with_service(w)
    s.set(f"/files{NAME}/1/canonical", "new")
    token = s.call("config.commit", {"confirm": 60})["confirm"]["token"]
    equal(log(), "127.0.0.1 new\n")
    s.call("config.confirm", {"token": token, "extend": 1})
    wait_until(lambda: log() == "127.0.0.1 new\n127.0.0.1 old\n", "it is read again", 30)
    s.wait_note(30)
    s.call("config.discard")
    s.call("augeas.load")
    s.set(f"/files{NAME}/1/canonical", "newer")
    s.call("config.commit", {"confirm": 600, "dead_man": True})
    s.close()
    s.status(30)
    contains(log(), "127.0.0.1 newer\n127.0.0.1 old\n")


@test("who looks while services read the old files again is told of their end all the same")
def looked_meanwhile(w):
    s = with_service(w)
    s.set(f"/files{NAME}/1/canonical", "new")
    token = s.call("config.commit", {"confirm": 60})["confirm"]["token"]
    s.call("config.confirm", {"token": token, "extend": 1})
    # the service is looked at for a second from now on
    wait_until(lambda: log() == "127.0.0.1 new\n127.0.0.1 old\n", "it is read again", 30)
    equal(s.call("config.confirm"), {"pending": False, "seconds": 0})
    equal(told(s)["restored"], True)


@test("services read the old files again when the next server takes back what one left behind")
def applied_later(w):
    s = with_service(w)
    s.set(f"/files{NAME}/1/canonical", "new")
    s.call("config.commit", {"confirm": 600})
    os.kill(s.pid, signal.SIGKILL)
    s.status()
    rewrite(w, boottime=1, root="")
    other = w.session(APPLY, root="/")
    wait_until(lambda: log() == "127.0.0.1 new\n127.0.0.1 old\n", "it is read again", 30)
    other.alive()


if __name__ == "__main__":
    main()
