#!/usr/bin/python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""Every commit is a revision that can be looked at and taken back, by whoever may change what it
changed; and what a policy does not name, no session sees."""

import json
import os
import signal
import subprocess
import sys
import threading
import time

sys.path.insert(0, sys.path[0] + "/../lib")
import revisions
from exm import (CLI, HOSTS, HOSTS_FREE, SESSION, Failure, check, contains, equal, for_each, main,
                 matches, test, wait_until)
from revisions import HISTORY
from trail import STATE, records

CANONICAL = "/files/etc/hosts/1/canonical"
SECOND = "/files/etc/hosts/2/canonical"
PORT = "/files/etc/ssh/sshd_config/Port"
SSHD_FREE = "[File /etc/ssh/sshd_config]\nLens=Sshd.lns\nSet=**\nInsert=**\nRemove=**\n"
BOTH = SESSION + HOSTS_FREE + SSHD_FREE
LISTS = ("[File /etc/apt/sources.list.d/*.list]\nLens=Aptsources.lns\nSet=**\nInsert=**\nRemove=**\n"
         "Create=0640 root:panel\nDelete=yes\n")
LIST = "/etc/apt/sources.list.d/a.list"
LINE = "deb http://a.example/ stable main\n"


def commit(s, *pairs):
    """The number of the commit that sets these."""
    for path, value in pairs:
        s.set(path, value)
    return s.commit()["revision"]


def history(s, **wanted):
    return s.call("config.history", wanted)["revisions"]


def show(s, number):
    return s.call("config.show", {"revision": number})


def revert(s, number, **more):
    return s.call("config.revert", {"revision": number, **more})


def sessions(w, policy, count=2):
    w.policy(policy)
    return [w.session() for _ in range(count)]


# ---- what is kept -------------------------------------------------------------------------

@test("a commit is a revision: who, when, by which method and section, and what it changed")
def kept(w):
    s = w.session()
    begin = time.time()
    equal(commit(s, (CANONICAL, "here")), 1)
    one, = history(s)
    equal((one["revision"], one["method"], one["reverts"], one["partial"]),
          (1, "config.commit", None, False))
    equal((one["client"]["user"], one["client"]["uid"]), ("panel", 0))
    equal(one["client"]["pid"], os.getpid())
    stamp = time.strptime(one["time"][:19], "%Y-%m-%dT%H:%M:%S")
    check(begin - 2 < time.mktime(stamp) - time.timezone < time.time() + 2, one["time"])
    equal(one["files"], [{"file": "/etc/hosts", "action": "change", "section": "/etc/hosts",
                          "change_count": 1}])
    shown = show(s, 1)
    file, = shown["files"]
    contains(file["diff"], "-127.0.0.1\tlocalhost\n+127.0.0.1\there\n")
    equal(file["changes"], [{"node": "1/canonical", "action": "changed", "old": "localhost",
                             "new": "here"}])
    equal((file["more"], file["withheld"]), (False, False))
    for key in ("revision", "time", "method", "client", "reverts", "partial"):
        equal(shown[key], one[key], key)


@test("a revision is root's alone, and whole by its own hashes")
def roots(w):
    s = w.session()
    commit(s, (CANONICAL, "here"))
    where = os.stat(w.at(HISTORY + "/1"))
    equal((where.st_mode & 0o7777, where.st_uid), (0o600, 0))
    where = os.stat(w.at(HISTORY))
    equal((where.st_mode & 0o7777, where.st_uid), (0o700, 0))
    equal(w.files(HISTORY), ["1"])
    data = w.read_bytes(HISTORY + "/1")
    contains(data.decode("latin1"), HOSTS)
    contains(data.decode("latin1"), HOSTS.replace("localhost\n", "here\n", 1))


@test("a commit that changes nothing, fails or is only planned is no revision")
def none(w):
    s = w.session(SESSION + HOSTS_FREE + "Value=1/canonical [a-z]+\n")
    check("revision" not in s.commit(), "of nothing")
    s.set(CANONICAL, "here")
    check("revision" not in s.call("config.commit", {"dry_run": True}), "of a plan")
    w.write("/etc/hosts", HOSTS + "# theirs\n")
    s.refuse("CONFLICT", "config.commit")
    equal(history(s), [])
    s.call("config.discard")
    equal(commit(s, (CANONICAL, "here")), 1)


@test("numbers count up through sessions and servers, also through their death")
def numbers(w):
    for number in range(1, 4):
        s = w.session()
        equal(commit(s, (CANONICAL, f"name{number}")), number)
        s.process.send_signal(signal.SIGKILL)
        s.status()
    s = w.session()
    equal([one["revision"] for one in history(s)], [3, 2, 1])


@test("two servers with the same state directory give each number once", seconds=120)
def two(w):
    first, second = sessions(w, BOTH)
    failures, numbers_of = [], {}

    def many(s, path):
        try:
            numbers_of[path] = [commit(s, (path, str(1000 + i))) for i in range(25)]
        except Exception as error:
            failures.append(error)

    threads = [threading.Thread(target=many, args=pair)
               for pair in ((first, CANONICAL), (second, PORT))]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    equal(failures, [])
    equal(sorted(numbers_of[CANONICAL] + numbers_of[PORT]), list(range(1, 51)))
    equal(revisions.numbers(w), list(range(1, 51)))
    equal([one["revision"] for one in history(first, limit=100)], list(range(50, 0, -1)))


@test("pages of the history follow each other, and a pattern takes some of it")
def pages(w):
    s = w.session(BOTH)
    for i in range(7):
        commit(s, (CANONICAL if i % 2 else PORT, str(3000 + i)))
    first = s.call("config.history", {"limit": 3})
    equal(([one["revision"] for one in first["revisions"]], first["next"]), ([7, 6, 5], 5))
    second = s.call("config.history", {"limit": 3, "below": first["next"]})
    equal([one["revision"] for one in second["revisions"]], [4, 3, 2])
    third = s.call("config.history", {"limit": 3, "below": second["next"]})
    equal(([one["revision"] for one in third["revisions"]], third["next"]), ([1], None))
    equal([one["revision"] for one in history(s, path="/etc/hosts")], [6, 4, 2])
    equal([one["revision"] for one in history(s, path="/etc/ssh/*")], [7, 5, 3, 1])
    equal(history(s, path="/etc/shadow"), [])


@for_each([(f"config.{method} of {str(params)[:40]} is a bad value", method, params)
           for method, params in [
               ("history", {"limit": 0}), ("history", {"limit": 101}), ("history", {"limit": -1}),
               ("history", {"limit": 2 ** 40}), ("history", {"below": 0}),
               ("history", {"below": -5}), ("history", {"path": "/" * 5000}),
               ("show", {"revision": 0}), ("show", {"revision": -1}), ("revert", {"revision": 0})]])
def odd_values(w, method, params):
    s = w.session()
    commit(s, (CANONICAL, "here"))
    s.refuse("BAD_VALUE", f"config.{method}", params)
    s.alive()


@test("a number that there is not is no match")
def unknown(w):
    s = w.session()
    commit(s, (CANONICAL, "here"))
    for number in (2, 2 ** 31, 2 ** 63 - 1):
        error = s.refuse("NO_MATCH", "config.show", {"revision": number})
        contains(error.message, f"there is no revision {number}")
        s.refuse("NO_MATCH", "config.revert", {"revision": number})


@test("before the secret was shown there is no history")
def locked(w):
    s = w.session(auth=False)
    for method in ("config.history", "config.show", "config.revert"):
        s.refuse("UNAUTHENTICATED", method, {"revision": 1})


@test("without a state directory that is said, and commits go on")
def stateless(w):
    w.policy(SESSION + "Audit=journal\n" + HOSTS_FREE)
    w.write("/var/lib/file", "")
    s = w.session(args=("--state", "/var/lib/file"))
    s.set(CANONICAL, "here")
    check("revision" not in s.commit(), "no number")
    for method, params in (("history", {}), ("show", {"revision": 1}), ("revert", {"revision": 1})):
        contains(s.refuse("IO", f"config.{method}", params).message,
                 "the server has no state directory, and so no history")


# ---- taking back --------------------------------------------------------------------------

ODD = "127.0.0.1\tlocalhost\n\n#  odd   comment \n10.0.0.1   a    b # behind\n"


@test("a change is taken back to the last byte, and that is a revision of its own")
def change(w):
    w.write("/etc/hosts", ODD)
    s = w.session()
    commit(s, (CANONICAL, "here"))
    answer = revert(s, 1)
    equal((answer["changed"], answer["revision"], answer["reverts"]), (True, 2, 1))
    equal(answer["files"], [{"file": "/etc/hosts", "action": "change", "changes": [{
        "node": "1/canonical", "action": "changed", "old": "here", "new": "localhost"}]}])
    equal(w.read("/etc/hosts"), ODD)
    equal(s.get(CANONICAL), "localhost")
    one = history(s)[0]
    equal((one["revision"], one["method"], one["reverts"]), (2, "config.revert", 1))
    # and so is that
    revert(s, 2)
    contains(w.read("/etc/hosts"), "127.0.0.1\there\n")
    equal(history(s)[0]["reverts"], 2)
    equal(len(records(w.root, METHOD="config.revert", RESULT="done")), 2)


@test("what a revision made is removed, and what it removed comes back as it was")
def made_and_removed(w):
    where = w.write(LIST, LINE)
    s = w.session(SESSION + LISTS)
    other = LIST.replace("a.list", "b.list")
    for label, value in (("type", "deb"), ("uri", "http://b/"), ("distribution", "stable"),
                         ("component", "main")):
        s.set(f"/files{other}/1/{label}", value)
    equal(s.commit()["revision"], 1)
    os.chown(where, 33, 44)
    os.chmod(where, 0o604)
    os.setxattr(where, "user.exm", b"kept")
    s.call("config.discard")
    s.call("augeas.remove", {"path": f"/files{LIST}"})
    equal(s.commit()["revision"], 2)
    equal(w.files("/etc/apt/sources.list.d"), ["b.list"])
    equal(revert(s, 1)["files"][0]["action"], "delete")
    equal(w.files("/etc/apt/sources.list.d"), [])
    equal(revert(s, 2)["files"][0]["action"], "create")
    equal(w.read(LIST), LINE)
    now = os.stat(where)
    equal((now.st_uid, now.st_gid, now.st_mode & 0o7777), (33, 44, 0o604))
    equal(os.getxattr(where, "user.exm"), b"kept")
    equal(w.files("/etc/apt/sources.list.d"), ["a.list"])


@test("several files are taken back together")
def several(w):
    s = w.session(BOTH)
    before = w.read("/etc/hosts"), w.read("/etc/ssh/sshd_config")
    commit(s, (CANONICAL, "here"), (PORT, "2222"))
    equal(sorted(file["file"] for file in revert(s, 1)["files"]),
          ["/etc/hosts", "/etc/ssh/sshd_config"])
    equal((w.read("/etc/hosts"), w.read("/etc/ssh/sshd_config")), before)


@test("what was done elsewhere in the file since stays, by whomever")
def merged(w):
    s = w.session()
    commit(s, (CANONICAL, "here"))
    commit(s, (SECOND, "there"))
    w.write("/etc/hosts", w.read("/etc/hosts") + "10.0.0.9 theirs\n")
    answer = revert(s, 1)
    equal(answer["files"][0]["merged"], True)
    equal(w.read("/etc/hosts"), HOSTS.replace("debian", "there") + "10.0.0.9 theirs\n")


@test("what was done in the same place since is a conflict that names the nodes")
def conflict(w):
    s = w.session()
    commit(s, (CANONICAL, "here"))
    commit(s, (CANONICAL, "there"))
    before = w.read("/etc/hosts")
    error = s.refuse("CONFLICT", "config.revert", {"revision": 1})
    equal((error.data["file"], error.data["revision"]), ("/etc/hosts", 1))
    equal(error.data["nodes"], [{"node": "1/canonical", "revert": "changed", "since": "changed"}])
    contains(error.message, "1/canonical")
    equal(w.read("/etc/hosts"), before)
    equal(len(history(s)), 2)
    # the newest can be taken back, and then that one
    revert(s, 2)
    revert(s, 1)
    equal(w.read("/etc/hosts"), HOSTS)


@test("one file that is in conflict keeps the others as they are")
def conflict_of_one(w):
    s = w.session(BOTH)
    commit(s, (CANONICAL, "here"), (PORT, "2222"))
    commit(s, (PORT, "2223"))
    before = w.read("/etc/hosts")
    s.refuse("CONFLICT", "config.revert", {"revision": 1})
    equal(w.read("/etc/hosts"), before)
    # nothing is left staged
    equal(s.commit()["changed"], False)
    equal(w.read("/etc/hosts"), before)


@test("one that was removed since, or made anew, is a conflict")
def gone(w):
    s = w.session()
    commit(s, (CANONICAL, "here"))
    os.unlink(w.at("/etc/hosts"))
    s.refuse("CONFLICT", "config.revert", {"revision": 1})
    check(not os.path.exists(w.at("/etc/hosts")), "it stays removed")


@test("what is as it was before is taken back already")
def already(w):
    s = w.session()
    commit(s, (CANONICAL, "here"))
    w.write("/etc/hosts", HOSTS)
    answer = revert(s, 1)
    equal((answer["changed"], answer["files"]), (False, []))
    check("revision" not in answer, "it is none")


@test("nothing is taken back while there are edits")
def edits(w):
    s = w.session(BOTH)
    commit(s, (CANONICAL, "here"))
    s.set(PORT, "2222")
    error = s.refuse("CONFLICT", "config.revert", {"revision": 1})
    equal(error.data["files"], ["/etc/ssh/sshd_config"])
    equal(s.get(PORT), "2222")
    s.commit()
    revert(s, 1)


@test("a revert that is only tried writes nothing and says what it would do")
def dry_run(w):
    s = w.session()
    commit(s, (CANONICAL, "here"))
    before = w.read("/etc/hosts")
    answer = revert(s, 1, dry_run=True)
    equal(answer["changed"], True)
    contains(answer["files"][0]["diff"], "-127.0.0.1\there\n+127.0.0.1\tlocalhost\n")
    equal(answer["files"][0]["changes"][0]["new"], "localhost")
    check("revision" not in answer, "it is none")
    equal(w.read("/etc/hosts"), before)
    equal(len(history(s)), 1)
    equal(s.commit()["changed"], False)


@test("a revert can wait to be confirmed, and is taken back like any commit")
def confirmed(w):
    s = w.session()
    commit(s, (CANONICAL, "here"))
    answer = revert(s, 1, confirm=600)
    check(500 <= answer["confirm"]["seconds"] <= 600, str(answer))
    equal(w.read("/etc/hosts"), HOSTS)
    s.call("config.confirm", {"token": answer["confirm"]["token"], "rollback": True})
    contains(w.read("/etc/hosts"), "127.0.0.1\there\n")
    s.refuse("BAD_VALUE", "config.revert", {"revision": 1, "confirm": 10 ** 9})
    s.refuse("BAD_VALUE", "config.revert", {"revision": 1, "dead_man": True})


# ---- what the policy says -----------------------------------------------------------------

def after(w, first, second, *pairs):
    """A session under the second policy, after a commit under the first."""
    s = w.session(first)
    commit(s, *pairs)
    s.end()
    return w.session(second)


@test("a revert is judged by what it changes, as the policy is now")
def judged(w):
    s = after(w, SESSION + HOSTS_FREE, SESSION + "[File /etc/hosts]\nLens=Hosts.lns\nSet=*/alias\n",
              (CANONICAL, "here"))
    before = w.read("/etc/hosts")
    error = s.refuse("DENIED", "config.revert", {"revision": 1})
    equal((error.data["file"], error.data["rule"]), ("/etc/hosts", "Set=1/canonical"))
    equal(w.read("/etc/hosts"), before)
    denied = records(w.root, METHOD="config.revert", RESULT="denied")
    equal([record["SUBJECT"] for record in denied], ["/etc/hosts"])


@test("a value that may not be any more does not come back")
def value(w):
    s = after(w, SESSION + HOSTS_FREE, SESSION + HOSTS_FREE + "Value=*/canonical here|there\n",
              (CANONICAL, "here"))
    s.refuse("DENIED", "config.revert", {"revision": 1})
    contains(w.read("/etc/hosts"), "\there\n")


@test("without Create= nothing comes back, without Delete= nothing is removed")
def whole_files(w):
    narrow = LISTS.replace("Create=0640 root:panel\nDelete=yes\n", "")
    w.write(LIST, LINE)
    s = w.session(SESSION + LISTS)
    s.call("augeas.remove", {"path": f"/files{LIST}"})
    s.commit()
    s.end()
    s = w.session(SESSION + narrow)
    error = s.refuse("DENIED", "config.revert", {"revision": 1})
    matches(error.data["rule"], "^Create=")
    equal(w.files("/etc/apt/sources.list.d"), [])
    s.end()
    s = w.session(SESSION + LISTS)
    revert(s, 1)
    s.end()
    s = w.session(SESSION + narrow)
    equal(s.refuse("DENIED", "config.revert", {"revision": 2}).data["rule"], "Delete=yes")
    equal(w.files("/etc/apt/sources.list.d"), ["a.list"])


@test("what the policy does not name is not told of, and a part is not taken back")
def hidden(w):
    s = after(w, BOTH, SESSION + HOSTS_FREE, (CANONICAL, "here"), (PORT, "2222"))
    one, = history(s)
    equal([file["file"] for file in one["files"]], ["/etc/hosts"])
    equal(one["partial"], True)
    shown = show(s, 1)
    equal([file["file"] for file in shown["files"]], ["/etc/hosts"])
    check("sshd" not in json.dumps([one, shown]), "no word of it")
    error = s.refuse("DENIED", "config.revert", {"revision": 1})
    contains(error.message, "taken back whole or not at all")
    s.end()
    s = w.session(SESSION + LISTS)
    equal(history(s), [])
    s.refuse("NO_MATCH", "config.show", {"revision": 1})
    s.refuse("NO_MATCH", "config.revert", {"revision": 1})


@test("revisions of other servers are seen as far as the policy names their files")
def others(w):
    revisions.add(w, 1, [("/etc/hosts", HOSTS.replace("debian", "old").encode(), HOSTS.encode())])
    revisions.add(w, 2, [("/etc/shadow", b"root:old", b"root:new")])
    s = w.session()
    equal([one["revision"] for one in history(s)], [1])
    revert(s, 1)
    contains(w.read("/etc/hosts"), "\told\n")
    equal(revisions.numbers(w), [1, 2, 3])


SECRET = SESSION + HOSTS_FREE + "Secret=*/canonical\n"


@test("secrets are in no list of changes and in no difference, but they come back")
def secrets(w):
    s = w.session(SECRET)
    commit(s, (CANONICAL, "hunter2"), ("/files/etc/hosts/1/alias", "open"))
    file, = show(s, 1)["files"]
    equal((file["withheld"], file["diff"]), (True, None))
    equal(sorted(file["changes"], key=lambda change: change["node"]),
          [{"node": "1/alias", "action": "added", "old": None, "new": "open"},
           {"node": "1/canonical", "action": "changed", "secret": True}])
    check("hunter2" not in json.dumps([history(s), show(s, 1)]), "no secret")
    answer = revert(s, 1)
    equal((answer["files"][0]["action"], answer["revision"]), ("change", 2))
    equal(w.read("/etc/hosts"), HOSTS)
    # only the bytes have it, which are root's
    data = w.read_bytes(HISTORY + "/1")
    equal(data.count(b"hunter2"), 1)


@test("what became a secret since is one, and a merge that would need it is not made")
def secret_since(w):
    s = after(w, SESSION + HOSTS_FREE, SECRET, (CANONICAL, "hunter2"))
    check("hunter2" not in json.dumps(show(s, 1)), "no secret")
    commit(s, ("/files/etc/hosts/2/alias", "x"))
    error = s.refuse("CONFLICT", "config.revert", {"revision": 1})
    equal(error.data["nodes"], [])
    contains(error.message, "secrets")


# ---- how much is kept ---------------------------------------------------------------------

def limited(w, keys):
    return w.session(SESSION + HOSTS_FREE + "[History]\n" + keys)


@test("as many are kept as the policy says, and numbers go on")
def keep(w):
    s = limited(w, "Keep=3\n")
    for number in range(1, 8):
        equal(commit(s, (CANONICAL, f"name{number}")), number)
    equal(revisions.numbers(w), [5, 6, 7])
    s.refuse("NO_MATCH", "config.show", {"revision": 4})


@test("as many bytes are kept as the policy says, and the number of one that is too large is gone")
def max_size(w):
    s = limited(w, "MaxSize=4K\n")
    for number in range(1, 5):
        commit(s, (CANONICAL, f"name{number}"))
    size = sum(os.stat(w.at(f"{HISTORY}/{number}")).st_size for number in revisions.numbers(w))
    check(0 < size <= 4096, f"{size} bytes")
    s.end()
    w.write("/etc/hosts", HOSTS + "".join(f"10.0.0.{i} name{i}\n" for i in range(250)))
    s = limited(w, "MaxSize=4K\n")
    equal(commit(s, (CANONICAL, "large")), 5)
    equal(revisions.numbers(w), [])
    equal(w.read(HISTORY + "/last"), "5")
    equal(commit(s, (CANONICAL, "larger")), 6)


@test("none is kept longer than the policy says, and a clock that jumps loses no number")
def max_age(w):
    s = limited(w, "MaxAge=1d\n")
    for number in range(1, 4):
        commit(s, (CANONICAL, f"name{number}"))
    for number, age in ((1, 90000), (2, 80000), (3, -10 ** 6)):
        then = time.time() - age
        os.utime(w.at(f"{HISTORY}/{number}"), (then, then))
    equal(commit(s, (CANONICAL, "name4")), 4)
    equal(revisions.numbers(w), [2, 3, 4])


@test("what waits to be confirmed is kept whatever the policy says, also by another server")
def pending(w):
    first = limited(w, "Keep=1\n")
    commit(first, (CANONICAL, "name1"))
    first.set(CANONICAL, "name2")
    token = first.call("config.commit", {"confirm": 60})["confirm"]["token"]
    second = w.session()
    for number in (3, 4, 5):
        equal(commit(second, (CANONICAL, f"name{number}")), number)
        equal(revisions.numbers(w), list(range(2, number + 1)))
    first.call("config.confirm", {"token": token})
    equal(commit(second, (CANONICAL, "name6")), 6)
    equal(revisions.numbers(w), [6])


@test("what waits to be confirmed is taken back over all that was pruned before it")
def pending_back(w):
    s = limited(w, "Keep=1\n")
    commit(s, (CANONICAL, "name1"))
    s.set(CANONICAL, "name2")
    token = s.call("config.commit", {"confirm": 60})["confirm"]["token"]
    for number in (3, 4):
        commit(s, (CANONICAL, f"name{number}"))
    s.call("config.confirm", {"token": token, "rollback": True})
    contains(w.read("/etc/hosts"), "127.0.0.1\tname1\n")
    one = history(s)[0]
    equal((one["revision"], one["method"], one["reverts"]), (5, "config.rollback", 2))
    equal([one["revision"] for one in history(s)], [5, 4, 3, 2])


@test("with Record=no none is kept, and what there is can still be seen")
def off(w):
    s = after(w, SESSION + HOSTS_FREE, SESSION + HOSTS_FREE + "[History]\nRecord=no\n",
              (CANONICAL, "here"))
    s.set(SECOND, "there")
    check("revision" not in s.commit(), "no number")
    equal([one["revision"] for one in history(s)], [1])
    check("revision" not in revert(s, 1), "it is none either")
    equal(w.read("/etc/hosts"), HOSTS.replace("debian", "there"))


# ---- the command line ---------------------------------------------------------------------

def line(w, script):
    run = w.shell(f"set -e\n{script}")
    equal((run.returncode, run.stderr.count("exmachina:")), (0, 0), run.stderr)
    return run.stdout


@test("exmachina history, show and revert tell people what there is")
def command(w):
    out = line(w, f"""
        {CLI} set {CANONICAL} here; {CLI} commit
        {CLI} history; {CLI} show 1; {CLI} revert 1; {CLI} revert 1; {CLI} history '/etc/h*'""")
    matches(out, r"Saved 1 file\(s\)\n"
            r"revision 1  \d+-\d\d-\d\d \d\d:\d\d:\d\d UTC  panel.*, pid \d+\n"
            r"  change /etc/hosts, 1 node\n")
    contains(out, "-127.0.0.1\tlocalhost\n+127.0.0.1\there\n")
    contains(out, "Took back revision 1 in 1 file(s), as revision 2\n"
             "Revision 1 is taken back already\n")
    matches(out, r"revision 2 .*  takes back 1\n  change /etc/hosts, 1 node\nrevision 1 ")
    equal(w.read("/etc/hosts"), HOSTS)


@test("exmachina history --json and its like are what the protocol says")
def command_json(w):
    out = line(w, f"""
        {CLI} set {CANONICAL} here; {CLI} commit
        {CLI} history --json; {CLI} show --json 1; {CLI} revert --json 1""").splitlines()
    listed, shown, reverted = map(json.loads, out[1:])
    equal([one["revision"] for one in listed["revisions"]], [1])
    equal(listed["next"], None)
    equal((shown["revision"], shown["files"][0]["changes"][0]["new"]), (1, "here"))
    equal((reverted["revision"], reverted["reverts"]), (2, 1))


@test("exmachina history shows as many as are asked for, over several pages")
def command_lines(w):
    for number in range(1, 131):
        revisions.add(w, number, [("/etc/hosts", b"", HOSTS.encode())])
    counts = [line(w, f"{CLI} history {more}").count("revision ")
              for more in ("", "--lines 5", "--lines 120", "--lines 1000")]
    equal(counts, [20, 5, 120, 130])


@test("exmachina says what is wrong with a revision, and exits accordingly")
def command_errors(w):
    for arguments, status, text in [
            ("show", 2, "not enough arguments"), ("show x", 2, "'x' is no number of a revision"),
            ("show 0", 2, "'0' is no number"), ("revert -1", 2, "unknown option"),
            ("show 7", 1, "there is no revision 7"), ("revert 7", 1, "there is no revision 7")]:
        run = w.shell(f"{CLI} {arguments}")
        equal(run.returncode, status, arguments)
        contains(run.stderr, text)


@test("what others have written into files does not speak to the terminal")
def command_foreign(w):
    evil = HOSTS.encode() + b"# \x1b]0;title\x07\n"
    revisions.add(w, 1, [("/etc/hosts", HOSTS.encode(), evil)])
    out = line(w, f"{CLI} show 1")
    contains(out, "+# \\x1b]0;title\\x07\n")


# ---- when things go wrong -----------------------------------------------------------------

def damage(w, number, what):
    path = w.at(f"{HISTORY}/{number}")
    if what == "torn":
        os.truncate(path, os.stat(path).st_size - 1)
    elif what == "empty":
        os.truncate(path, 0)
    elif what == "another byte":
        with open(path, "r+b") as file:
            file.seek(60)
            file.write(b"\xff")
    elif what == "huge":
        os.truncate(path, 1 << 42)
    elif what == "of its group":
        os.chmod(path, 0o660)
    elif what == "readable by all":
        os.chmod(path, 0o604)
    elif what == "another user's":
        os.chown(path, 4711, 0)
    elif what == "hard linked":
        os.link(path, w.at("/link"))
    elif what == "renamed":
        os.rename(w.at(f"{HISTORY}/1"), path)
    else:
        os.unlink(path)
        if what == "a link":
            os.symlink("1", path)
        elif what == "a link out":
            os.symlink("/dev/zero", path)
        elif what == "a pipe":
            os.mkfifo(path, 0o600)
        elif what == "a directory":
            os.mkdir(path, 0o700)


@for_each([(f"a revision that is {what} is passed over, told of, and stops nothing", what)
           for what in ["torn", "empty", "another byte", "huge", "of its group", "readable by all",
                        "another user's", "hard linked", "renamed", "a link", "a link out",
                        "a pipe", "a directory"]])
def damaged(w, what):
    s = w.session()
    for number in range(1, 4):
        commit(s, (CANONICAL, f"name{number}"))
    damage(w, 2, what)
    equal([one["revision"] for one in history(s)], [3] if what == "renamed" else [3, 1])
    for method in ("config.show", "config.revert"):
        contains(s.refuse("IO", method, {"revision": 2}).message, "the history cannot be read")
    contains(s.log, "revision 2 cannot be used")
    equal(commit(s, (CANONICAL, "name4")), 4)
    s.alive()


@test("bytes that are not those that were kept do not come back")
def changed_bytes(w):
    s = w.session()
    commit(s, (CANONICAL, "here"))
    data = w.read_bytes(HISTORY + "/1")
    w.write(HISTORY + "/1", data.replace(b"ff02::1", b"ff02::9"), 0o600)
    s.refuse("IO", "config.revert", {"revision": 1})
    s.refuse("IO", "config.show", {"revision": 1})
    contains(w.read("/etc/hosts"), "\there\n")


@for_each([("where others may write in the history nothing is committed and nothing told",
            lambda path: os.chmod(path, 0o770)),
           ("where the history is another user's nothing is committed and nothing told",
            lambda path: os.chown(path, 4711, 0))])
def directory(w, spoil):
    s = w.session()
    commit(s, (CANONICAL, "here"))
    before = w.read("/etc/hosts")
    spoil(w.at(HISTORY))
    s.set(CANONICAL, "there")
    error = s.refuse("IO", "config.commit")
    contains(error.message, "cannot open the history")
    s.refuse("IO", "config.history")
    equal(w.read("/etc/hosts"), before)
    os.chmod(w.at(HISTORY), 0o700)
    os.chown(w.at(HISTORY), 0, 0)
    equal(s.commit()["revision"], 2)


@test("a disk that is full for the revision has the commit refused, and nothing is left")
def full(w):
    w.write("/etc/hosts", HOSTS + "".join(f"10.0.{i // 250}.{i % 250} name{i}\n"
                                          for i in range(2000)))
    before = w.read("/etc/hosts")
    os.makedirs(w.at(HISTORY), mode=0o700)
    # the journal fits in, but the same not there
    w.mount("-t", "tmpfs", "-o", "size=40k,mode=0700", "none", w.at(HISTORY))
    s = w.session()
    s.set(CANONICAL, "here")
    error = s.refuse("IO", "config.commit")
    contains(error.message, "cannot write the history: No space left on device")
    equal(w.read("/etc/hosts"), before)
    equal(w.files(HISTORY), [])
    w.run("mount", "-o", "remount,size=1m", w.at(HISTORY))
    equal(s.commit()["revision"], 1)


@test("what was put at the name of the next revision by a hand is not overwritten")
def occupied(w):
    s = w.session()
    commit(s, (CANONICAL, "here"))
    w.write(HISTORY + "/prepared", "left by a crash", 0o600)
    w.write(HISTORY + "/7", "a hand's", 0o600)
    equal(commit(s, (CANONICAL, "there")), 8)
    equal(w.read(HISTORY + "/7"), "a hand's")


if __name__ == "__main__":
    main()
