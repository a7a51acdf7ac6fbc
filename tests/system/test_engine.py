#!/usr/bin/python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""The engine is expendable: it dies of a signal, of known bugs of Augeas or of time, and only the
request that it worked on pays for it. And it can do nothing to the system."""

import json
import os
import resource
import signal
import sys
import time

sys.path.insert(0, sys.path[0] + "/../lib")
from exm import (ENGINE, HOSTS, HOSTS_FREE, MIB, Skip, check, children, contains, cpu_time,
                 equal, for_each, main, proc_status, running, test, wait_until)

CANONICAL = "/files/etc/hosts/1/canonical"
# keeps the engine busy for as long as it may be, and takes next to no memory: Augeas looks for what
# precedes a node from the first one on, each time
BUSY = "/files/etc/hosts/*[count(preceding-sibling::*) < 0]"


def large(w, entries=7000):
    w.write("/etc/hosts", "".join(f"10.{n >> 16}.{n >> 8 & 255}.{n & 255} h{n} a{n} b{n}\n"
                                  for n in range(entries)))


def patient(w):
    return w.session(f"[Session]\nUser=panel\nTimeout=60s\n{HOSTS_FREE}")


def kill_idle(engine, number=signal.SIGKILL):
    """Between two requests: it has just answered, and has had the time to note that."""
    time.sleep(0.1)
    os.kill(engine, number)


def kill_busy(engine):
    """In the midst of BUSY, which it has begun once it has worked for a while."""
    before = cpu_time(engine)
    wait_until(lambda: cpu_time(engine) > before + 0.2, "the engine works")
    os.kill(engine, signal.SIGKILL)


def lost_note(s, reason, edits_lost):
    """What the server told by itself; the newest one."""
    check(s.notes, "no notification")
    equal(s.notes[-1]["method"], "session.engine_lost")
    equal(s.notes[-1]["params"], {"reason": reason, "edits_lost": edits_lost,
                                  "watches_lost": False})


def ended_by(s, method, params, seconds=40):
    """The request must be answered by ENGINE_LOST or TIMEOUT; the session goes on."""
    before = s.engine()
    ident = s.request(method, params)
    reply = s.read(seconds)
    equal(reply["id"], ident)
    check("error" in reply, f"it was answered: {str(reply)[:200]}")
    check(reply["error"]["data"]["name"] in ("ENGINE_LOST", "TIMEOUT"), str(reply))
    s.alive()
    equal(s.call("session.info")["authenticated"], True)
    check(s.engine() != before, "the same engine")
    check(not running(before), "the old engine is still there")
    return reply["error"]["data"]


# ---- killed ---------------------------------------------------------------------------------

@test("killed when idle: a notification, and the session goes on with another engine")
def killed_idle(w):
    s = w.session()
    engine = s.engine()
    kill_idle(engine)
    wait_until(lambda: not running(engine), "the engine is gone")
    equal(s.get(CANONICAL), "localhost")
    lost_note(s, "killed", False)
    check(s.engine() != engine, "the same engine")


@test("killed with edits that wait: told that they are lost, the file stays, the next edit works")
def killed_edits(w):
    s = w.session()
    s.set(CANONICAL, "lost")
    kill_idle(s.engine())
    equal(s.get(CANONICAL), "localhost")
    lost_note(s, "killed", True)
    equal(s.diff(), {"files": []})
    equal(w.read("/etc/hosts"), HOSTS)
    s.set(CANONICAL, "kept")
    s.commit()
    contains(w.read("/etc/hosts"), "\tkept\n")


@test("killed in mid-request: that request is answered with ENGINE_LOST, those after it are done")
def killed_busy(w):
    large(w)
    s = patient(w)
    engine = s.engine()
    first = s.request("augeas.match", [BUSY])
    second = s.request("session.ping")
    kill_busy(engine)
    replies = {}
    for _ in (1, 2):
        reply = s.read()
        replies[reply["id"]] = reply
    error = replies[first]["error"]
    equal(error["data"]["name"], "ENGINE_LOST")
    equal(error["data"]["reason"], "killed")
    check("result" in replies[second] or
          replies[second]["error"]["data"]["name"] == "ENGINE_LOST", str(replies[second]))
    s.alive()


@test("killed in mid-batch: each call of the batch is answered")
def killed_batch(w):
    large(w)
    s = patient(w)
    engine = s.engine()
    s.line([{"jsonrpc": "2.0", "id": 1, "method": "session.ping"},
            {"jsonrpc": "2.0", "id": 2, "method": "augeas.match", "params": [BUSY]},
            {"jsonrpc": "2.0", "id": "3", "method": "session.ping"}])
    kill_busy(engine)
    replies = s.read()
    replies = replies if isinstance(replies, list) else [replies]
    while len(replies) < 3:
        replies.append(s.read())
    equal({str(r["id"]) for r in replies}, {"1", "2", "3"})
    equal([r["error"]["data"]["name"] for r in replies if r["id"] == 2], ["ENGINE_LOST"])
    s.alive()


@test("requests that came together: what is answered is told before one that takes its time")
def told_before(w):
    large(w)
    s = patient(w)
    s.get(CANONICAL)
    engine = s.engine()
    get = {"jsonrpc": "2.0", "method": "augeas.get", "params": [CANONICAL]}
    slow = {"jsonrpc": "2.0", "method": "augeas.match", "params": [BUSY]}
    requests = [dict(get, id=n) for n in range(100)] + [dict(slow, id=100)]
    requests += [dict(get, id=n) for n in range(101, 150)]
    s.send("".join(json.dumps(request) + "\n" for request in requests))
    equal([s.read()["id"] for _ in range(100)], list(range(100)))
    check(running(engine), "they came with the engine's end")
    kill_busy(engine)
    equal(s.read()["error"]["data"]["name"], "ENGINE_LOST")
    equal([s.read()["id"] for _ in range(101, 150)], list(range(101, 150)))


@test("killed before the secret was shown: it still has to be shown, and tries still count")
def killed_locked(w):
    s = w.session(auth=False)
    s.refuse("UNAUTHENTICATED", "session.authenticate", {"secret": "0" * 64})
    engines = [pid for pid in children(s.pid) if
               os.path.realpath(f"/proc/{pid}/exe") == os.path.realpath(ENGINE)]
    check(engines, "no engine")
    for pid in engines:
        kill_idle(pid)
    s.refuse("UNAUTHENTICATED", "augeas.get", [CANONICAL])
    error = s.refuse("UNAUTHENTICATED", "session.authenticate", {"secret": "0" * 64})
    equal(error.data["tries_left"], 1)
    s.authenticate()
    s.alive()


@for_each([(f"an engine that ends by {name} is replaced", number, reason)
           for name, number, reason in [
               ("SIGSEGV", signal.SIGSEGV, "crashed"), ("SIGABRT", signal.SIGABRT, "crashed"),
               ("SIGTERM", signal.SIGTERM, "killed"), ("SIGBUS", signal.SIGBUS, "crashed"),
               ("SIGSYS", signal.SIGSYS, "crashed")]])
def other_signals(w, number, reason):
    s = w.session()
    s.get(CANONICAL)
    engine = s.engine()
    kill_idle(engine, number)
    wait_until(lambda: not running(engine), f"the engine ends by signal {number}")
    equal(s.get(CANONICAL), "localhost")
    check(s.notes, "no notification")
    check(s.notes[-1]["params"]["reason"] in (reason, "crashed", "killed"), str(s.notes))


@test("engines that are lost again and again end the session with exit status 124", seconds=120)
def too_often(w):
    s = w.session()
    for _ in range(200):
        try:
            kill_idle(s.engine())
            s.wait_note()
        except (AssertionError, OSError):
            break
    else:
        raise AssertionError("two hundred engines were started")
    equal(s.status(), 124)


# ---- known killers ----------------------------------------------------------------------------------

@test("four alternatives (a else b else c else d) cost at most their own request")
def alternatives(w):
    s = w.session()
    for n in range(20):
        expression = " else ".join(f"/files/etc/hosts/{c}{n}" for c in "abcd")
        s.line({"jsonrpc": "2.0", "id": n, "method": "augeas.match", "params": [expression]})
        reply = s.read()
        equal(reply["id"], n)
        if "error" in reply:
            check(reply["error"]["data"]["name"] in ("ENGINE_LOST", "BAD_PATH", "LIMIT"),
                  str(reply))
            break
        equal(reply["result"], [])
    s.alive()
    equal(s.get(CANONICAL), "localhost")


@for_each([(f"200,000 nested {what} cost at most their own request", text) for what, text in [
    ("parentheses", "(" * 200000 + "/files" + ")" * 200000), ("brackets", "/files" + "[a" * 100000),
    ("open parentheses", "(" * 200000), ("not()", "/files[" + "not(" * 50000)]])
def deep_path(w, text):
    s = w.session()
    s.set(CANONICAL, "waiting")
    ident = s.request("augeas.match", [text])
    reply = s.read(30)
    equal(reply["id"], ident)
    check(reply["error"]["data"]["name"] in ("ENGINE_LOST", "BAD_PATH", "LIMIT"),
          str(reply)[:300])
    s.alive()
    s.get(CANONICAL)


@test("an expression that takes the square of the file ends at the time limit, and its edits are told as lost")
def endless_expression(w):
    # which is read in a small part of the time
    large(w, 10000)
    s = w.session(f"[Session]\nUser=panel\nTimeout=4s\n{HOSTS_FREE}")
    s.set("/files/etc/hosts/1/canonical", "lost")
    ended_by(s, "augeas.match", ["/files/etc/hosts/*[count(preceding-sibling::*)"
                                 " + count(following-sibling::*) > 100000]"])
    lost_note(s, "time", True)


@test("a match and a print of more than 100,000 nodes are answered whole, and in time", seconds=100)
def many_nodes(w):
    large(w, 40000)
    s = patient(w)
    paths = s.call("augeas.match", {"path": "/files/etc/hosts//*"})
    check(len(paths) > 100000, f"{len(paths)} nodes only")
    equal(len(set(paths)), len(paths))
    lines = s.call("augeas.print", {"path": "/files/etc/hosts"}).splitlines()
    equal(sorted(line.split(" = ")[0] for line in lines), sorted(["/files/etc/hosts", *paths]))
    nodes = s.call("augeas.match", {"path": "/files/etc/hosts/*", "values": True})
    equal(sum(node["children"] for node in nodes), len(paths) - len(nodes))
    s.set("/files/etc/hosts/7/canonical", "changed")
    equal([n["value"] for n in s.call("augeas.match", {"path": "/files/etc/hosts//canonical",
                                                       "values": True})][6], "changed")
    equal(s.call("augeas.match", {"path": "/files/etc/hosts/7/canonical"}),
          ["/files/etc/hosts/7/canonical"])


@test("a match of more than 250,000 results is LIMIT, not a dead engine", seconds=100)
def many_matches(w):
    large(w, 80000)
    s = patient(w)
    s.line({"jsonrpc": "2.0", "id": 1, "method": "augeas.match",
            "params": ["/files/etc/hosts//*"]})
    reply = s.read(100)
    check(reply["error"]["data"]["name"] in ("LIMIT", "TIMEOUT", "ENGINE_LOST"), str(reply)[:200])
    s.alive()


@test("a session that takes all of the engine's memory is the only one to pay", seconds=200,
      sanitized=False)
def memory(w):
    s = w.session()
    engine = s.engine()
    with open(f"/proc/{engine}/limits", encoding="ascii") as file:
        limit = next(line.split()[3] for line in file if line.startswith("Max address space"))
    check(limit != "unlimited", "the engine's memory has no limit")
    try:  # as if it were on a small machine
        resource.prlimit(engine, resource.RLIMIT_AS, (200 * MIB, 200 * MIB))
    except PermissionError:
        with open("/proc/meminfo", encoding="ascii") as file:
            free = next(int(line.split()[1]) for line in file if line.startswith("MemAvailable"))
        if free < 4 * 1024 * 1024:
            raise Skip("not enough memory to use up") from None
    for n in range(3000):
        s.line({"jsonrpc": "2.0", "id": n, "method": "augeas.set",
                "params": [f"/files/etc/hosts/#comment[{n + 1}]", "v" * 900000]})
        reply = s.read(30)
        if "error" in reply:
            check(reply["error"]["data"]["name"] in ("ENGINE_LOST", "LIMIT", "INTERNAL"),
                  str(reply)[:300])
            break
    else:
        raise AssertionError("2.7 GB of values were taken")
    s.alive()


# ---- what the engine can do ------------------------------------------------------------------------

@test("the engine has its own user, no group of root's, no capability, no_new_privs, seccomp")
def engine_status(w):
    s = w.session()
    s.get(CANONICAL)
    info = s.call("session.info")
    status = proc_status(info["engine"]["pid"])
    uids = status["Uid"].split()
    equal(uids, [str(info["engine"]["uid"])] * 4)
    check(uids[0] not in ("0", "4711"), f"uid {uids[0]}")
    check("0" not in status["Gid"].split() and "0" not in status["Groups"].split(), "groups")
    for name in ("CapInh", "CapPrm", "CapEff", "CapBnd", "CapAmb"):
        equal(int(status[name], 16), 0, name)
    equal(status["NoNewPrivs"], "1")
    equal(status["Seccomp"], "2")


@test("the engine has namespaces of its own, no network, and a private staging directory")
def engine_room(w):
    s = w.session()
    s.get(CANONICAL)
    info = s.call("session.info")
    engine = info["engine"]["pid"]
    for name in ("mnt", "net", "ipc", "uts"):
        check(os.readlink(f"/proc/{engine}/ns/{name}") != os.readlink(f"/proc/self/ns/{name}"),
              f"the {name} namespace is shared")
    with open(f"/proc/{engine}/net/dev", encoding="ascii") as file:
        devices = [line.split(":")[0].strip() for line in file.readlines()[2:]]
    equal(devices, ["lo"])
    staged = f"/proc/{engine}/cwd"
    contains(os.listdir(staged), "etc")
    check(not os.path.exists(os.readlink(staged)), "the staging directory is seen outside")
    for layer in ("landlock", "seccomp", "capabilities"):
        contains(info["layers"], layer)


@test("the engine holds no descriptor but the stream, the monitor's channel and its own room")
def engine_descriptors(w):
    s = w.session()
    s.get(CANONICAL)
    engine = s.engine()
    held = [os.readlink(f"/proc/{engine}/fd/{fd}") for fd in os.listdir(f"/proc/{engine}/fd")]
    for target in held:
        check(target.startswith(("socket:", "/dev/null", "anon_inode:", "pipe:", "/memfd:")) or
              target.startswith("/run/exmachina/staging/") or
              target.endswith(".log") or target == "/", f"it holds {target}")
    check(len([t for t in held if t.startswith("socket:")]) <= 3, str(held))


@test("the engine's environment holds nothing of the daemon's")
def engine_environment(w):
    os.environ["EXM_TEST_LEAK"] = "leaked"
    s = w.session()
    with open(f"/proc/{s.engine()}/environ", "rb") as file:
        check(b"leaked" not in file.read(), "a variable of the daemon")


@test("core dumps are off for engine and daemon")
def no_core(w):
    s = w.session()
    for pid in (s.engine(), s.pid):
        with open(f"/proc/{pid}/limits", encoding="ascii") as file:
            row = next(line for line in file if line.startswith("Max core file size"))
        check(row.split()[4] == "0", f"{pid}: {row}")


if __name__ == "__main__":
    main()
