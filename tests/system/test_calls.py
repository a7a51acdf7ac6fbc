#!/usr/bin/python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""The calls that wait for the monitor, as a client may ask for them: services, packages, identity.
What cannot be is refused clearly and at once, whatever was asked beside it goes on."""

import json
import os
import signal
import subprocess
import sys
import time

sys.path.insert(0, sys.path[0] + "/../lib")
from exm import (RpcError, SESSION, check, contains, equal, for_each, main, test, unit_property,
                 wait_until)

POLICY = SESSION + """
[Service exm-call.service]
Allow=status start stop restart try_restart reload_or_restart reset_failed
[Service exm-call-slow.service]
Allow=status start stop
[Service exm-call@*.service]
Allow=status
[Log exm-call.service]
Lines=3
[Package exm-*]
Allow=status install
[System]
Allow=timezone locale
"""
UNITS = {
    "exm-call.service": "[Service]\nExecStart=/bin/sleep infinity\nExecReload=/bin/true\n",
    "exm-call-slow.service": "[Service]\nExecStartPre=/bin/sleep 2\nExecStart=/bin/sleep infinity\n",
    "exm-call@.service": "[Service]\nExecStart=/bin/sleep infinity\n",
}
UNIT = "exm-call.service"
NO_UNITS = ["", "*", "exm-*.service", "exm-call.service ", "exm-call@a/b.service", "-H root@host",
            "../exm-call.service", "exm-call.service\n", "exm-call@\x01.service",
            "x" * 300 + ".service"]
NO_PACKAGES = ["", "-y", "--reinstall", "exm a", "exm-a\n", "../exm-a.deb", "./exm-a.deb", "EXM-A",
               "exm-a=1.0", "exm-a/unstable", "exm-a:i386", "exm-*", "é" * 4, "e",
               "x" * 300]


def session(w, policy=POLICY):
    return w.session(policy, root="/")


def stop(unit):
    subprocess.run(["systemctl", "stop", unit], check=True)


def kill_idle(s):
    """Between two requests: it has answered, and has had the time to note that."""
    engine = s.engine()
    time.sleep(0.1)
    os.kill(engine, signal.SIGKILL)


def call(ident, method, params):
    return {"jsonrpc": "2.0", "id": ident, "method": method, "params": params}


# ---- what the policy does not allow ------------------------------------------------------------

@for_each([(f"{method} of {params!r} is denied, and the line that would allow it is named",
            method, params, key, rule) for method, params, key, rule in [
    ("service.enable", [UNIT], "Allow", f"[Service {UNIT}] Allow=enable"),
    ("service.reload", [UNIT], "Allow", f"[Service {UNIT}] Allow=reload"),
    ("service.try_restart", ["exm-call@1"], "Allow", "[Service exm-call@*.service] Allow=try_restart"),
    ("service.watch", ["exm-other"], "Allow", "[Service exm-other.service] Allow=status"),
    ("service.log", ["exm-call-slow"], "[Log]", "[Log exm-call-slow.service]"),
    ("service.log", ["exm-other.service"], "[Log]", "[Log exm-other.service]"),
    ("package.remove", [["exm-a"]], "Allow", "[Package exm-*] Allow=remove"),
    ("package.install", [["exm-a", "bash"]], "Allow", "[Package bash] Allow=install"),
    ("package.status", ["bash"], "Allow", "[Package bash] Allow=status"),
    ("package.upgrade", [["exm-a"]], "Allow", "[Package exm-*] Allow=upgrade"),
    ("package.upgrade", [], "Allow", "[Package *] Allow=upgrade"),
    ("package.update", [], "Allow", "[Package *] Allow=update"),
    ("system.set_hostname", ["new"], "Allow", "[System] Allow=hostname")]])
def denied(w, method, params, key, rule):
    s = session(w)
    error = s.refuse("DENIED", method, params)
    equal((error.data["key"], error.data["rule"]), (key, rule))
    # the verb is that of the policy: who may see a unit may watch it
    equal(error.data["verb"], method.split(".")[1].replace("watch", "status"))
    contains(error.message, rule, "message")
    s.alive()


@for_each([(f"{method} is denied without any section for it", method, params)
           for method, params in [("system.get", []), ("system.set_timezone", ["Etc/UTC"]),
                                  ("package.status", ["bash"]), ("package.update", []),
                                  ("service.log", ["ssh"]), ("service.watch", ["ssh"])]])
def nothing_allowed(w, method, params):
    s = session(w, SESSION)
    contains(s.refuse("DENIED", method, params).data, "rule", "data")
    equal(s.call("service.list"), [])


# ---- names ----------------------------------------------------------------------------------------

@for_each([(f"{unit[:40]!r} is not taken for the name of a unit by {method}", method, unit)
           for unit in NO_UNITS for method in ("service.reset_failed", "service.log",
                                                "service.watch", "service.unwatch")])
def no_unit_name(w, method, unit):
    s = session(w)
    equal(s.refuse("BAD_VALUE", method, [unit]).data["unit"],
          unit if "." in unit else unit + ".service")
    s.alive()


@for_each([(f"{name[:40]!r} is not taken for the name of a package", name)
           for name in NO_PACKAGES])
def no_package_name(w, name):
    s = session(w)
    for method in ("package.status", "package.install", "package.upgrade"):
        for names in (name, [name], ["exm-a", name]):
            error = s.refuse("BAD_VALUE", method, {"names": names})
            equal(error.data["package"], name)
    s.alive()


@for_each([(f"{method} with {str(params)[:60]} is {name}", method, params, name, data)
           for method, params, name, data in [
    ("package.install", {"names": []}, "BAD_VALUE", {"parameter": "names"}),
    ("package.install", {"names": None}, "INVALID_PARAMS", {"parameter": "names"}),
    ("package.install", {"names": 7}, "INVALID_PARAMS", {"parameter": "names"}),
    ("package.install", {"names": {}}, "INVALID_PARAMS", {"parameter": "names"}),
    ("package.install", {"names": [["exm-a"]]}, "INVALID_PARAMS", {"parameter": "names"}),
    ("package.install", {"names": ["exm-a", None]}, "INVALID_PARAMS", {"parameter": "names"}),
    ("package.install", {"names": [{"base64": "ZXhtLWE="}]}, "INVALID_PARAMS",
     {"parameter": "names"}),
    ("package.install", {"names": ["exm\0-a"]}, "INVALID_PARAMS", {"parameter": "names"}),
    ("package.install", {"names": "exm\0-a"}, "INVALID_PARAMS", {"parameter": "names"}),
    ("package.install", {"names": ["exm-a"] * 65}, "LIMIT", {"limit": "names"}),
    ("package.install", {"names": ["x" * 128] * 64}, "LIMIT", {"limit": "names"}),
    ("package.install", {"names": ["exm-a", "exm-a"]}, "BAD_VALUE", {}),
    ("package.upgrade", {"names": []}, "BAD_VALUE", {"parameter": "names"}),
    ("package.update", {"names": ["exm-a"]}, "INVALID_PARAMS", {"parameter": "names"}),
    ("package.status", {"names": "exm-a", "timeout": 1}, "INVALID_PARAMS",
     {"parameter": "timeout"}),
    ("system.set_locale", {"locale": []}, "BAD_VALUE", {"parameter": "locale"}),
    ("system.set_locale", {"locale": ""}, "BAD_VALUE", {"parameter": "locale"}),
    ("system.set_locale", {"locale": ["LANG=C", ""]}, "BAD_VALUE", {"parameter": "locale"}),
    ("system.set_locale", {"locale": "LANG=a b"}, "BAD_VALUE", {"parameter": "locale"}),
    ("system.set_locale", {"locale": ["LANG=C"] * 65}, "LIMIT", {"limit": "locale"}),
    ("system.set_locale", {"locale": ["LANG=" + "x" * 4096]}, "LIMIT", {"limit": "locale"}),
    ("system.set_locale", {"locale": ["LANG=\0"]}, "INVALID_PARAMS", {"parameter": "locale"}),
    ("system.set_timezone", {"timezone": "E" * 4097}, "BAD_VALUE", {"parameter": "timezone"}),
    ("system.set_timezone", {"timezone": ["Etc/UTC"]}, "INVALID_PARAMS",
     {"parameter": "timezone"}),
    ("service.list", {"glob": "*" * 10000}, "BAD_VALUE", {"parameter": "glob"}),
    ("service.list", {"glob": "*" * 513}, "BAD_VALUE", {"parameter": "glob"}),
    ("service.log", {"unit": UNIT, "lines": 0}, "BAD_VALUE", {"parameter": "lines"}),
    ("service.log", {"unit": UNIT, "lines": -1}, "BAD_VALUE", {"parameter": "lines"}),
    ("service.log", {"unit": UNIT, "lines": -2**63}, "BAD_VALUE", {"parameter": "lines"}),
    ("service.log", {"unit": UNIT, "lines": "5"}, "INVALID_PARAMS", {"parameter": "lines"}),
    ("service.log", {"unit": UNIT, "after": "x" * 513}, "BAD_VALUE", {"parameter": "after"}),
    ("service.log", {"unit": UNIT, "after": "x" * 1000000}, "BAD_VALUE", {"parameter": "after"}),
    ("service.log", {"unit": UNIT, "after": "s=no;i=cursor"}, "BAD_VALUE", {}),
    ("service.start", {"unit": UNIT, "timeout": 0}, "BAD_VALUE", {"parameter": "timeout"}),
    ("service.start", {"unit": UNIT, "timeout": -1}, "BAD_VALUE", {"parameter": "timeout"}),
    ("service.start", {"unit": UNIT, "timeout": 1.5}, "INVALID_PARAMS", {"parameter": "timeout"}),
    ("service.start", {"unit": UNIT, "settle": -1}, "BAD_VALUE", {"parameter": "settle"}),
    ("service.stop", {"unit": UNIT, "settle": 1}, "BAD_VALUE", {"parameter": "settle"}),
    ("service.status", {"unit": UNIT, "settle": 1}, "BAD_VALUE", {"parameter": "settle"}),
    ("service.start", {"unit": UNIT, "progress": 1}, "INVALID_PARAMS",
     {"parameter": "progress"})]])
def bounds(w, method, params, name, data):
    s = session(w)
    error = s.refuse(name, method, params)
    equal({key: error.data.get(key) for key in data}, data, "data")
    s.alive()


@test("a timeout of 2^63 seconds is no JSON of ours, one of 2^63 - 1 is longer than any policy's")
def huge_timeout(w):
    s = session(w)
    s.bad_line(json.dumps(call(1, "service.status", {"unit": UNIT, "timeout": 2**63})), "PARSE")
    equal(s.call("service.status", {"unit": UNIT, "timeout": 2**63 - 1})["unit"], UNIT)
    equal(s.call("service.status", {"unit": UNIT, "settle": 0})["unit"], UNIT)


@test("a list of 512 stars matches what one star does, in no time")
def many_stars(w):
    s = session(w)
    equal(s.call("service.list", {"glob": "*" * 512}), s.call("service.list"))


# ---- watches --------------------------------------------------------------------------------------

@test("64 units can be watched, the 65th is refused, and has a place when another is let go")
def many_watches(w):
    s = session(w)
    for n in range(64):
        equal(s.call("service.watch", [f"exm-call@{n}"])["unit"], f"exm-call@{n}.service")
    equal(s.refuse("LIMIT", "service.watch", ["exm-call@64"]).data["limit"], "watches")
    equal(s.call("service.unwatch", ["exm-call@5.service"]), True)
    s.call("service.watch", ["exm-call@64"])
    s.alive()


@test("a unit is watched once, let go once, and watched again")
def watch_twice(w):
    s = session(w)
    s.refuse("BAD_VALUE", "service.unwatch", [UNIT])
    s.call("service.watch", ["exm-call"])
    equal(s.refuse("BAD_VALUE", "service.watch", [UNIT]).data["unit"], UNIT)
    equal(s.call("service.unwatch", [UNIT]), True)
    s.refuse("BAD_VALUE", "service.unwatch", [UNIT])
    s.call("service.watch", [UNIT])


@test("watch, unwatch and watch in one write are each answered, and one watch is left")
def watch_at_once(w):
    stop(UNIT)
    s = session(w)
    s.send("".join(json.dumps(call(n, f"service.{verb}", [UNIT])) + "\n" for n, verb in
                   enumerate(("watch", "unwatch", "watch", "watch"))))
    answers = {}
    for _ in range(4):
        reply = s.read()
        answers[reply["id"]] = reply
    equal([answers[n].get("result", {}) and "result" in answers[n] for n in range(3)], [True] * 3)
    equal(answers[1]["result"], True)
    equal(answers[3]["error"]["data"]["name"], "BAD_VALUE")
    s.call("service.start", [UNIT])
    wait_until(lambda: s.alive() or [n for n in s.notes
                                     if n["params"].get("active") == "active"], "the change")
    seen = [json.dumps(n) for n in s.notes if n["method"] == "service.changed"]
    equal(len(seen), len(set(seen)), "changes that were told twice")


@test("a lost engine takes its watches along, and says so")
def watches_lost(w):
    s = session(w)
    s.call("service.watch", [UNIT])
    kill_idle(s)
    equal(s.wait_note(), {"reason": "killed", "edits_lost": False, "watches_lost": True})
    s.refuse("BAD_VALUE", "service.unwatch", [UNIT])
    s.call("service.watch", [UNIT])
    equal(s.call("service.unwatch", [UNIT]), True)
    kill_idle(s)
    equal(s.wait_note(), {"reason": "killed", "edits_lost": False, "watches_lost": False})


@test("a client that watches and goes ends the server with 0")
def watcher_gone(w):
    s = session(w)
    s.call("service.watch", [UNIT])
    s.close()
    equal(s.status(), 0, "exit status")


# ---- progress ----------------------------------------------------------------------------------------

@for_each([(f"progress names the request by its id {ident!r}", ident)
           for ident in (7, "a \"b\"", "", None)])
def progress_id(w, ident):
    stop("exm-call-slow.service")
    s = session(w)
    s.line(call(ident, "service.start", {"unit": "exm-call-slow", "progress": True}))
    equal(s.read()["id"], ident)
    check(s.notes, "no progress was told")
    for note in s.notes:
        equal(note["method"], "service.progress")
        params = note["params"]
        equal(sorted(params), ["detail", "elapsed_ms", "id", "percent", "stage", "unit", "verb"])
        equal((params["id"], params["unit"], params["verb"]),
              (ident, "exm-call-slow.service", "start"))
        check(params["percent"] is None or 0 <= params["percent"] <= 100, str(params))
    elapsed = [note["params"]["elapsed_ms"] for note in s.notes]
    equal(elapsed, sorted(elapsed), "elapsed_ms")


@test("no progress is told that nobody asked for, or of a request without id")
def no_progress(w):
    stop("exm-call-slow.service")
    s = session(w)
    s.call("service.start", {"unit": "exm-call-slow"})
    stop("exm-call-slow.service")
    s.line({"jsonrpc": "2.0", "method": "service.start",
            "params": {"unit": "exm-call-slow", "progress": True}})
    wait_until(lambda: unit_property("exm-call-slow.service", "ActiveState") == "active",
               "the unit is up", 30)
    s.alive()
    equal(s.notes, [])


# ---- many at once ---------------------------------------------------------------------------------------

@test("a batch of all kinds of calls is answered as one, good and bad")
def mixed_batch(w):
    s = session(w)
    s.line([call(1, "service.status", [UNIT]), call(2, "service.list", {"glob": "exm-call*"}),
            call(3, "service.log", [UNIT]), call(4, "service.watch", [UNIT]),
            call(5, "service.unwatch", [UNIT]), call(6, "package.remove", ["exm-a"]),
            call(7, "system.set_hostname", ["x"]), call(8, "session.ping", []),
            call(9, "service.start", {"unit": UNIT, "timeout": 0}), call(10, "service.no", []),
            {"jsonrpc": "2.0", "method": "service.status", "params": [UNIT]}])
    answers = {a["id"]: a for a in s.read()}
    equal(sorted(answers), list(range(1, 11)))
    equal({n: a["error"]["data"]["name"] for n, a in answers.items() if "error" in a},
          {6: "DENIED", 7: "DENIED", 9: "BAD_VALUE", 10: "UNKNOWN_METHOD"})
    equal(answers[5]["result"], True)
    s.alive()


@test("what comes of one call while another works does not lengthen the other's time")
def time_limit(w):
    w.write("/etc/hosts", "".join(f"10.0.{n // 250}.{n % 250 + 1}\th{n}\n" for n in range(10000)))
    s = w.session(SESSION.replace("10s", "2s") + "[File /etc/hosts]\nLens=Hosts.lns\n"
                  "[File /etc/ssh/sshd_config]\nLens=Sshd.lns\n"
                  "[Service *.service]\nAllow=status\n")

    def is_read():
        try:
            return s.call("augeas.match", ["/files/etc/hosts/1"])
        except RpcError as error:
            # on a busy machine that may take too long, too
            equal(error.name, "TIMEOUT")
            return False

    wait_until(is_read, "the file is read", 30)
    # the end of the first arrives during the others, and is read when the last asks for a file
    calls = [("service.status", [UNIT])]
    calls += [("augeas.match", ["/files/etc/hosts/*[ipaddr = 'x']"])] * 100
    # each address with each name: the square of the file
    calls += [("augeas.match", ["/files/etc/hosts/*[ipaddr = /files/etc/hosts/*/canonical] | "
                                "/files/etc/ssh/sshd_config/Port"])]
    s.send("".join(json.dumps(call(n, *what)) + "\n" for n, what in enumerate(calls)))
    names = {}
    for _ in calls:
        reply = s.read(20)
        names[reply["id"]] = reply.get("error", {}).get("data", {}).get("name")
    check(list(names).index(0) > 0, "the first was not the one that waits")
    equal(names[len(calls) - 1], "TIMEOUT")


if __name__ == "__main__":
    for unit_name, unit_text in UNITS.items():
        with open(f"/etc/systemd/system/{unit_name}", "w", encoding="ascii") as unit:
            unit.write(unit_text)
    subprocess.run(["systemctl", "daemon-reload"], check=True)
    main()
