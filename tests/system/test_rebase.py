#!/usr/bin/python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""Commits that meet somebody else's change: with {"rebase": true} the edits are done again on the
new text, if both sides touch different nodes; else CONFLICT names the nodes, and nothing is lost."""

import os
import sys
import threading
import time

sys.path.insert(0, sys.path[0] + "/../lib")
from exm import (CLI, HOSTS, HOSTS_FREE, SESSION, SSHD, RpcError, check, contains, equal, for_each,
                 main, test)

H = "/files/etc/hosts"
S = "/files/etc/ssh/sshd_config"
CANONICAL = H + "/1/canonical"
BOTH = (SESSION + HOSTS_FREE +
        "[File /etc/ssh/sshd_config]\nLens=Sshd.lns\nSet=**\nInsert=**\nRemove=**\n"
        "[File /etc/sysctl.d/*.conf]\nLens=Sysctl.lns\nSet=**\nInsert=**\nRemove=**\n"
        "Create=0644 root:root\nDelete=yes\n")


def rebase(s, **more):
    return s.call("config.commit", {"rebase": True, **more})


def add(s, address, name):
    s.call("augeas.ensure", {"path": f"{H}/*", "where": {"ipaddr": address},
                             "match": {"canonical": name}})


@test("without a conflict it is a commit like any other")
def plain(w):
    s = w.session(BOTH)
    s.set(CANONICAL, "ours")
    answer = rebase(s)
    equal((answer["changed"], answer["rebased"]), (True, []))
    equal(w.read("/etc/hosts"), HOSTS.replace("\tlocalhost\n", "\tours\n"))
    equal(rebase(s), {"changed": False, "files": [], "rebased": []})


@test("edits of other nodes are done again on what somebody else wrote, in its layout")
def other_nodes(w):
    s = w.session(BOTH)
    s.set(CANONICAL, "ours")
    theirs = "# theirs\n" + HOSTS.replace("127.0.1.1\tdebian", "127.0.1.1     theirs   # why")
    w.write("/etc/hosts", theirs)
    answer = rebase(s)
    equal((answer["changed"], answer["rebased"]), (True, ["/etc/hosts"]))
    equal([(c["node"], c["old"], c["new"]) for c in answer["files"][0]["changes"]],
          [("1/canonical", "localhost", "ours")])
    equal(w.read("/etc/hosts"), theirs.replace("\tlocalhost\n", "\tours\n"))
    # the session goes on with that
    equal(s.get(H + "/2/canonical"), "theirs")
    equal(s.get(CANONICAL), "ours")
    equal(s.commit()["changed"], False)
    s.set(H + "/2/canonical", "again")
    s.commit()
    equal(w.read("/etc/hosts"), theirs.replace("\tlocalhost\n", "\tours\n")
          .replace("     theirs ", "     again "))


@test("what both append is there twice: theirs, then ours")
def append(w):
    s = w.session(BOTH)
    add(s, "192.0.2.1", "ours")
    w.write("/etc/hosts", HOSTS + "198.51.100.1\ttheirs\n")
    equal(rebase(s)["rebased"], ["/etc/hosts"])
    equal(w.read("/etc/hosts"), HOSTS + "198.51.100.1\ttheirs\n192.0.2.1\tours\n")


@test("both sides touch a node: CONFLICT names it, with both sides, and the edits are kept")
def touched(w):
    s = w.session(BOTH)
    s.set(CANONICAL, "ours")
    s.set(f"{S}/Port", "2222")
    theirs = HOSTS.replace("\tlocalhost\n", "\ttheirs\n")
    w.write("/etc/hosts", theirs)
    error = s.refuse("CONFLICT", "config.commit", {"rebase": True})
    equal(error.data["nodes"], [{"node": "1/canonical", "ours": "changed", "theirs": "changed"}])
    equal((error.data["file"], error.data["more"]), ("/etc/hosts", False))
    contains(error.data["ours"], "+127.0.0.1\tours\n")
    contains(error.data["theirs"], "+127.0.0.1\ttheirs\n")
    contains(error.message, "1/canonical")
    equal((w.read("/etc/hosts"), w.read("/etc/ssh/sshd_config")), (theirs, SSHD))
    equal(s.get(CANONICAL), "ours")
    # the monitor has handed out their text meanwhile; it is not written over all the same
    s.refuse("CONFLICT", "config.commit")
    s.refuse("CONFLICT", "config.commit", {"rebase": True})
    equal(w.read("/etc/hosts"), theirs)
    # it is again as it was
    w.write("/etc/hosts", HOSTS)
    s.commit()
    equal(w.read("/etc/hosts"), HOSTS.replace("\tlocalhost\n", "\tours\n"))
    contains(w.read("/etc/ssh/sshd_config"), "\nPort 2222\n")


@for_each([(f"{what} is a CONFLICT that names the node", ours, theirs, nodes)
           for what, ours, theirs, nodes in [
    ("a change of what they removed", lambda s: s.set(H + "/2/canonical", "x"),
     HOSTS.replace("127.0.1.1\tdebian\n", ""),
     [{"node": "2", "ours": "changed", "theirs": "removed"}]),
    ("a removal of what they changed", lambda s: s.call("augeas.remove", [H + "/2"]),
     HOSTS.replace("debian", "debian x"),
     [{"node": "2", "ours": "removed", "theirs": "changed"}]),
    ("the same entry made by both", lambda s: add(s, "192.0.2.1", "ours"),
     HOSTS + "192.0.2.1\ttheirs\n", [{"node": "5", "ours": "added", "theirs": "added"}]),
    ("a file that they removed", lambda s: s.set(CANONICAL, "x"), None,
     [{"node": "1", "ours": "changed", "theirs": "removed"}]),
    ("an addition to a file that they removed", lambda s: add(s, "192.0.2.1", "ours"), None,
     [{"node": "", "ours": "changed", "theirs": "removed"}])]])
def touches(w, ours, theirs, nodes):
    s = w.session(BOTH)
    ours(s)
    if theirs is None:
        os.unlink(w.at("/etc/hosts"))
    else:
        w.write("/etc/hosts", theirs)
    equal(s.refuse("CONFLICT", "config.commit", {"rebase": True}).data["nodes"], nodes)
    equal(w.read("/etc/hosts") if theirs else None, theirs)


@test("a text that the lens does not read is a CONFLICT that says so")
def unreadable(w):
    s = w.session(BOTH)
    s.set(CANONICAL, "ours")
    w.write("/etc/hosts", "lonely\n")
    error = s.refuse("CONFLICT", "config.commit", {"rebase": True})
    contains(error.message, "not what its lens describes")
    equal(error.data["nodes"], [])
    equal(w.read("/etc/hosts"), "lonely\n")


@test("what the lens cannot write is a CONFLICT, and no guess is written")
def unsure(w):
    s = w.session(BOTH)
    s.set(f"{S}/UseDNS", "no")
    theirs = SSHD + "Match User git\n  X11Forwarding no\n"
    w.write("/etc/ssh/sshd_config", theirs)
    error = s.refuse("CONFLICT", "config.commit", {"rebase": True})
    contains(error.message, "no text could be made")
    equal(w.read("/etc/ssh/sshd_config"), theirs)


@test("what both did alike is not done twice, and nothing is written for it")
def alike(w):
    s = w.session(BOTH)
    s.set(CANONICAL, "same")
    s.set(f"{S}/Port", "2222")
    theirs = HOSTS.replace("\tlocalhost\n", "  same\n")
    w.write("/etc/hosts", theirs)
    before = os.stat(w.at("/etc/hosts"))
    answer = rebase(s)
    equal(([f["file"] for f in answer["files"]], answer["rebased"]),
          (["/etc/ssh/sshd_config"], ["/etc/hosts"]))
    after = os.stat(w.at("/etc/hosts"))
    equal((before.st_ino, before.st_mtime_ns), (after.st_ino, after.st_mtime_ns))
    s.set(CANONICAL, "other")
    s.commit()
    equal(w.read("/etc/hosts"), theirs.replace("same", "other"))
    w.write("/etc/hosts", theirs.replace("same", "last"))
    s.set(CANONICAL, "last")
    equal((rebase(s)["changed"], s.commit()["changed"]), (False, False))


@test("several files at once: those that were changed are merged, the others are as they are")
def several(w):
    s = w.session(BOTH)
    s.set(CANONICAL, "ours")
    s.set(f"{S}/Port", "2222")
    os.makedirs(w.at("/etc/sysctl.d"))
    s.set("/files/etc/sysctl.d/a.conf/a.x", "1")
    w.write("/etc/hosts", HOSTS + "198.51.100.1\ttheirs\n")
    w.write("/etc/ssh/sshd_config", SSHD.replace("UsePAM yes", "UsePAM no"))
    answer = rebase(s)
    equal(sorted(answer["rebased"]), ["/etc/hosts", "/etc/ssh/sshd_config"])
    equal(sorted((f["file"], f["action"]) for f in answer["files"]),
          [("/etc/hosts", "change"), ("/etc/ssh/sshd_config", "change"),
           ("/etc/sysctl.d/a.conf", "create")])
    equal(w.read("/etc/hosts"),
          HOSTS.replace("\tlocalhost\n", "\tours\n") + "198.51.100.1\ttheirs\n")
    equal(w.read("/etc/ssh/sshd_config"),
          SSHD.replace("UsePAM yes", "UsePAM no").replace("Port 22\n", "Port 2222\n"))
    equal(w.read("/etc/sysctl.d/a.conf"), "a.x = 1\n")


@test("a file that both made has the nodes of both")
def both_made(w):
    os.makedirs(w.at("/etc/sysctl.d"))
    s = w.session(BOTH)
    s.set("/files/etc/sysctl.d/a.conf/ours", "1")
    w.write("/etc/sysctl.d/a.conf", "theirs = 1\n")
    answer = rebase(s)
    equal([f["action"] for f in answer["files"]], ["change"])
    equal(w.read("/etc/sysctl.d/a.conf"), "theirs = 1\nours = 1\n")


@test("a file of which only the layout was changed is removed; one of which more was changed is not")
def removal(w):
    w.write("/etc/sysctl.d/a.conf", "a = 1\n")
    s = w.session(BOTH)
    s.call("augeas.remove", ["/files/etc/sysctl.d/a.conf"])
    w.write("/etc/sysctl.d/a.conf", "a =  2\n")
    s.refuse("CONFLICT", "config.commit", {"rebase": True})
    w.write("/etc/sysctl.d/a.conf", "a    =  1\n")
    equal([f["action"] for f in rebase(s)["files"]], ["delete"])
    equal(w.files("/etc/sysctl.d"), [])


@test("what the policy does not allow is not allowed on the new text either")
def denied(w):
    s = w.session(SESSION + "[File /etc/hosts]\nLens=Hosts.lns\nSet=*/canonical\n"
                  "Value=*/canonical [a-z]+\nDeny=2/*\n")
    s.set(CANONICAL, "ours")
    # our entry is the second now
    w.write("/etc/hosts", "198.51.100.1\ttheirs\n" + HOSTS)
    s.refuse("DENIED", "config.commit", {"rebase": True})
    equal(w.read("/etc/hosts"), "198.51.100.1\ttheirs\n" + HOSTS)
    equal(s.get(CANONICAL), "ours")


@test("a dry run shows what would be merged, and its plan is what is then written")
def dry_run(w):
    s = w.session(BOTH)
    s.set(CANONICAL, "ours")
    theirs = HOSTS + "198.51.100.1\ttheirs\n"
    w.write("/etc/hosts", theirs)
    answer = rebase(s, dry_run=True)
    equal(answer["rebased"], ["/etc/hosts"])
    contains(answer["files"][0]["diff"], "-127.0.0.1\tlocalhost\n+127.0.0.1\tours\n")
    check("theirs\n" not in answer["files"][0]["diff"].replace(" 198.51.100.1\ttheirs\n", ""),
          "their change is shown as ours")
    equal(w.read("/etc/hosts"), theirs)
    s.refuse("CONFLICT", "config.commit")
    rebase(s, plan=answer["plan"])
    equal(w.read("/etc/hosts"), theirs.replace("\tlocalhost\n", "\tours\n"))


@test("a plan is not written if somebody has changed the file since")
def plan_is_old(w):
    s = w.session(BOTH)
    s.set(CANONICAL, "ours")
    plan = s.call("config.commit", {"dry_run": True})["plan"]
    w.write("/etc/hosts", HOSTS + "198.51.100.1\ttheirs\n")
    s.refuse("CONFLICT", "config.commit", {"rebase": True, "plan": plan})
    equal(w.read("/etc/hosts"), HOSTS + "198.51.100.1\ttheirs\n")


@test("a file that is no plain file any more is refused")
def no_file(w):
    s = w.session(BOTH)
    s.set(CANONICAL, "ours")
    os.unlink(w.at("/etc/hosts"))
    os.symlink("hosts.real", w.at("/etc/hosts"))
    s.refuse("IO", "config.commit", {"rebase": True})
    equal(os.readlink(w.at("/etc/hosts")), "hosts.real")
    equal(s.get(CANONICAL), "ours")


@test("discard after a conflict begins with the new text")
def discard(w):
    s = w.session(BOTH)
    s.set(CANONICAL, "ours")
    w.write("/etc/hosts", HOSTS.replace("\tlocalhost\n", "\ttheirs\n"))
    s.refuse("CONFLICT", "config.commit", {"rebase": True})
    s.call("config.discard")
    equal(s.get(CANONICAL), "theirs")
    s.set(CANONICAL, "ours")
    equal(rebase(s)["rebased"], [])


# ---- races -----------------------------------------------------------------------------------------

@test("two sessions that commit at the same time, each after each: every edit of both is there",
      seconds=120)
def race(w):
    count = 40
    failed = []

    def work(side):
        try:
            s = w.session()
            for n in range(count):
                add(s, f"10.{side}.0.{n}", f"host{side}-{n}")
                for _ in range(100):
                    try:
                        rebase(s)
                        break
                    except RpcError as error:
                        # the other one got through eight times meanwhile
                        equal(error.name, "CONFLICT")
                        equal(error.data.get("nodes", []), [])
        except BaseException as error:  # it belongs to the other thread
            failed.append(error)

    w.policy(BOTH)
    threads = [threading.Thread(target=work, args=(side,)) for side in (1, 2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    if failed:
        raise failed[0]
    text = w.read("/etc/hosts")
    check(text.startswith(HOSTS), "the beginning")
    for side in (1, 2):
        equal([n for n in range(count) if f"10.{side}.0.{n}\thost{side}-{n}\n" not in text], [],
              f"what is lost of session {side}")
    equal(len(text.splitlines()), len(HOSTS.splitlines()) + 2 * count)
    equal([n for n in w.files("/etc") if n.startswith(".exmachina")], [])


@test("somebody who changes the file between any two steps: theirs is never lost, ours comes or a "
      "CONFLICT", seconds=120)
def racing_editor(w):
    start = HOSTS + "10.9.0.1\teditor0\n"
    w.write("/etc/hosts", start)
    s = w.session(BOTH)
    stop = threading.Event()
    lost, count = [], [0]

    def text_with(part):
        # of a commit that came too late the text is there until it is taken back, which is a moment
        end = time.monotonic() + 20
        while part not in (text := w.read("/etc/hosts")) and time.monotonic() < end:
            time.sleep(0.001)
        return text

    def edit():
        # an editor that puts a new file in place of the old one, with one line changed
        while not stop.is_set():
            was, now = f"\teditor{count[0]}\n", f"\teditor{count[0] + 1}\n"
            text = text_with(was)
            if was not in text:
                lost.append(text)
                return
            with open(w.at("/etc/hosts.new"), "w", encoding="utf-8") as file:
                file.write(text.replace(was, now))
            os.rename(w.at("/etc/hosts.new"), w.at("/etc/hosts"))
            count[0] += 1
            stop.wait(0.003)
    editor = threading.Thread(target=edit)
    editor.start()
    done = conflicts = 0
    try:
        for n in range(60):
            s.set(CANONICAL, f"name{n}")
            try:
                rebase(s)
                done += 1
            except RpcError as error:
                # or the editor has put another one over ours in that moment: then his stays
                check(error.name == "CONFLICT" or error.data.get("errno") == "EBUSY", str(error))
                conflicts += 1
    finally:
        stop.set()
        editor.join()
    equal(lost, [], "the editor did not find what it had written")
    contains(w.read("/etc/hosts"), f"\teditor{count[0]}\n")
    equal(done + conflicts, 60)
    check(count[0] > 60, "the editor was too slow to race")


# ---- the command -----------------------------------------------------------------------------------

SCRIPT = """
cli=$1 file=$2
"$cli" set /files/etc/hosts/1/canonical ours
printf '198.51.100.1\\ttheirs\\n' >>"$file"
"$cli" commit 2>/dev/null; echo $?
"$cli" commit --rebase; echo $?
"$cli" set /files/etc/hosts/1/canonical mine
sed s/ours/yours/ "$file" >"$file.new" && cat "$file.new" >"$file"
"$cli" commit --rebase; echo $?
"""


@test("exmachina commit --rebase does the same")
def command(w):
    w.policy(BOTH)
    os.chmod(w.at("/etc/hosts"), 0o666)
    os.chmod(w.at("/etc"), 0o777)
    run = w.shell(SCRIPT, CLI, w.at("/etc/hosts"))
    equal(run.stdout, "4\nSaved 1 file(s)\nmerged with what somebody else wrote: /etc/hosts\n0\n"
          "4\n")
    contains(run.stderr, "1/canonical")
    equal(w.read("/etc/hosts"),
          HOSTS.replace("\tlocalhost\n", "\tyours\n") + "198.51.100.1\ttheirs\n")


main()
