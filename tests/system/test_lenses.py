#!/usr/bin/python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""Lenses of the administrator's own: where they may be, who reads them, and what a commit is judged
by then."""

import os
import shutil
import signal
import sys
import time

sys.path.insert(0, sys.path[0] + "/../lib")
from exm import (ENGINE, SESSION, UID, check, contains, equal, for_each, main, proc_status, test,
                 wait_until)

# below /tmp anybody could put another directory in its place
LENSES = "/etc/exmachina/lenses"
PANEL = """module Panel =
autoload xfm
let eol = del /\\n/ "\\n"
let entry = [ key /[a-z]+/ . del /[ \\t]*=[ \\t]*/ " = " . store /[^ \\t\\n#]+/ . del /([ \\t]*#[^\\n]*)?/ "" . eol ]
let lns = entry*
let xfm = transform lns (incl "/etc/panel.conf")
"""
CONF = "color = red # nice\nsize = 3\n"
FILE = "/files/etc/panel.conf"
SECTION = "[File /etc/panel.conf]\nLens=Panel.lns\nSet=color\n"
POLICY = SESSION + f"Lenses={LENSES}\n" + SECTION


def make(w, path, text, mode=0o644):
    os.makedirs(os.path.dirname(path), mode=0o755, exist_ok=True)
    with open(path, "w", encoding="utf-8") as file:
        file.write(text)
    os.chmod(path, mode)
    w.undo.callback(lambda: os.path.lexists(path) and not os.path.isdir(path) and os.remove(path))


def with_lenses(w, module=PANEL, name="panel"):
    """The directory with one lens in it, and the file that it is for."""
    w.undo.callback(shutil.rmtree, LENSES, ignore_errors=True)
    make(w, f"{LENSES}/{name}.aug", module)
    w.write("/etc/panel.conf", CONF)


@test("a lens of the administrator's own reads a file, writes it, and judges the commit")
def own_lens(w):
    with_lenses(w)
    s = w.session(POLICY)
    equal(s.get(FILE + "/color"), "red")
    equal(s.get("/augeas" + FILE + "/lens"), "Panel.lns")
    s.set(FILE + "/color", "blue")
    changes = s.commit()["files"][0]["changes"]
    equal([(c["node"], c["old"], c["new"]) for c in changes], [("color", "red", "blue")])
    equal(w.read("/etc/panel.conf"), "color = blue # nice\nsize = 3\n")
    equal(s.refuse("DENIED", "augeas.set", [FILE + "/size", "4"]).data["key"], "Set")


def without_index(w):
    """Nobody can ask Augeas which lens serves which file from here on."""
    real = w.path_of("engine")
    shutil.copy(ENGINE, real)
    os.chmod(w.dir, 0o755)
    make(w, w.path_of("no-index"), f"#!/bin/sh\n[ \"$4\" != index ] && exec {real} \"$@\"\nexit 1\n", 0o755)
    w.mount("--bind", w.path_of("no-index"), ENGINE)


@test("which lens serves a file is asked once, and again when there is another lens")
def asked_once(w):
    with_lenses(w)
    policy = SESSION + f"Lenses={LENSES}\n[File /etc/hosts]\nSet=**\n[File /etc/panel.conf]\nSet=color\n"
    # an answer is kept once no lens has changed for a while
    wait_until(lambda: time.time() - os.stat(f"{LENSES}/panel.aug").st_ctime > 3, "a settled lens")
    equal(w.session(policy).get(FILE + "/color"), "red")
    without_index(w)
    for _ in range(2):
        s = w.session()
        equal(s.get(FILE + "/color"), "red")
        equal(s.get("/augeas" + FILE + "/lens"), "Panel.lns")
        equal(s.get("/augeas/files/etc/hosts/lens"), "Hosts.lns")
    make(w, f"{LENSES}/more.aug", PANEL.replace("Panel", "More").replace("panel.conf", "more.conf"))
    s = w.session(auth=False)
    equal(s.status(), 121)
    contains(s.log, "which lenses serve which files: the engine that was asked has failed")


@test("its effect counts, whatever lens made it: the verifier has the administrator's own as well")
def own_lens_judges(w):
    with_lenses(w)
    s = w.session(POLICY + "OtherLens=yes\n")
    s.call("augeas.remove", ["/augeas/load/*"])
    s.call("augeas.transform", ["Simplelines.lns", "/etc/panel.conf"])
    s.call("augeas.load")
    equal(s.get(FILE + "/2"), "size = 3")
    s.set(FILE + "/2", "size = 4")
    equal(s.refuse("DENIED", "config.commit").data["rule"], "Set=size")
    s.call("config.discard")
    s.set(FILE + "/1", "color = green # ugly")
    s.commit()
    equal(w.read("/etc/panel.conf"), "color = green # ugly\nsize = 3\n")


@test("a file whose section names no lens gets the one of the administrator's that is for it")
def own_lens_by_default(w):
    with_lenses(w)
    s = w.session(POLICY.replace("Lens=Panel.lns\n", ""))
    equal(s.get("/augeas" + FILE + "/lens"), "Panel.lns")
    equal(s.get("/augeas/load/Panel/lens"), "Panel.lns")
    s.set(FILE + "/color", "blue")
    s.commit()
    contains(w.read("/etc/panel.conf"), "color = blue")


@test("without the key there is no such lens")
def without_key(w):
    with_lenses(w)
    policy = POLICY.replace(f"Lenses={LENSES}\n", "")
    s = w.session(policy)
    s.refuse("PARSE_FAILED", "augeas.get", [FILE + "/color"])
    run = w.daemon("--policy", w.policy_dir, "--root", w.root, "--", "true")
    equal(run.returncode, 0)
    w.policy(policy.replace("Lens=Panel.lns\n", ""))
    run = w.daemon("--policy", w.policy_dir, "--root", w.root, "--", "true")
    equal(run.returncode, 121, run.stderr)
    contains(run.stderr, "Augeas has no lens for it by default")


@test("a client attaches it by its name, to a file of the policy and to no other")
def attached(w):
    with_lenses(w)
    w.write("/etc/shadow", "a=b\n", 0o600)
    s = w.session(POLICY.replace("Lens=Panel.lns", "Lens=Simplelines.lns"))
    equal(s.get(FILE + "/1"), "color = red # nice")
    s.call("augeas.remove", ["/augeas/load/*"])
    s.call("augeas.transform", ["Panel.lns", "/etc/*.conf"])
    s.set("/augeas/load/Panel/incl[last()+1]", "/etc/shadow")
    s.call("augeas.load")
    equal(s.get(FILE + "/color"), "red")
    equal(s.match("/files/etc/*"), [FILE])
    equal(s.refuse("DENIED", "augeas.set", [FILE + "/color", "x"]).data["key"], "OtherLens")
    s.set("/text", "a = b\n")
    s.call("augeas.text_store", ["Panel.lns", "/text", "/tree"])
    equal(s.get("/tree/a"), "b")


@test("a module of the administrator's takes the place of Augeas's of that name")
def own_module_first(w):
    with_lenses(w, "module Hosts =\nlet lns = [ label \"all\" . store /.*/ . "
                   "del /\\n/ \"\\n\" ]*\n", "hosts")
    w.write("/etc/hosts", "only one line\n")
    s = w.session(SESSION + f"Lenses={LENSES}\n[File /etc/hosts]\nLens=Hosts.lns\nSet=all\n")
    equal(s.get("/files/etc/hosts/all"), "only one line")
    s.set("/files/etc/hosts/all", "another one")
    s.commit()
    equal(w.read("/etc/hosts"), "another one\n")


@test("engine and verifier have the directory in their root, to be read, and nothing beside it")
def shown(w):
    with_lenses(w)
    make(w, "/etc/exmachina/other", "secret\n")
    s = w.session(POLICY)
    s.set(FILE + "/color", "blue")  # a verifier is started ahead
    readers = [s.call("session.info")["engine"]["pid"]]
    wait_until(lambda: verifiers(s.pid), "a verifier")
    for pid in readers + verifiers(s.pid):
        wait_until(lambda pid=pid: proc_status(pid)["Seccomp"] == "2", "its filter")
        root = f"/proc/{pid}/root"
        equal(os.listdir(root + "/etc"), ["exmachina"])
        equal(os.listdir(root + "/etc/exmachina"), ["lenses"])
        equal(os.listdir(root + LENSES), ["panel.aug"])
        with open(f"/proc/{pid}/mountinfo", encoding="utf-8") as file:
            lines = [line.split() for line in file if f" {LENSES} " in line]
        check(lines and "ro" in lines[0][5].split(","), f"{lines}")


def verifiers(parent):
    """The process IDs of those that a server has."""
    found = []
    for pid in filter(str.isdigit, os.listdir("/proc")):
        try:
            status = proc_status(pid)
        except (FileNotFoundError, ProcessLookupError):
            continue
        if status["Name"].startswith("exmachina-verif") and int(status["PPid"]) == parent:
            found.append(int(pid))
    return found


# ---- whose it must be -------------------------------------------------------------------------

def link_to(path):
    def break_it():
        shutil.move(path, path + ".real")
        os.symlink(path + ".real", path)
    return break_it


def add(name, mode=0o644):
    def break_it():
        with open(f"{LENSES}/{name}", "w", encoding="utf-8") as file:
            file.write(PANEL)
        os.chmod(f"{LENSES}/{name}", mode)
    return break_it


AUG = LENSES + "/panel.aug"


@for_each([(f"it is not taken: {what}", break_it, words) for what, break_it, words in [
    ("another user's directory", lambda: os.chown(LENSES, UID, 0), "is not owned by root"),
    ("one that its group may write", lambda: os.chmod(LENSES, 0o775), "chmod go-w"),
    ("one that all may write", lambda: os.chmod(LENSES, 0o1777), "chmod go-w"),
    ("one below another user's", lambda: os.chown("/etc/exmachina", UID, 0),
     "/etc/exmachina is not owned by root"),
    ("one below what others may write", lambda: os.chmod("/etc/exmachina", 0o1777),
     "/etc/exmachina can be written by others"),
    ("a link to it", link_to(LENSES), "is not a directory; a link to one will not do"),
    ("another user's lens", lambda: os.chown(AUG, UID, 0), "'panel.aug' is not owned by root"),
    ("a lens that all may write", lambda: os.chmod(AUG, 0o666), "'panel.aug' can be written"),
    ("a lens that is a link", link_to(AUG), "'panel.aug' is not a regular file"),
    ("a lens that the engine cannot read", lambda: os.chmod(AUG, 0o600), "chmod o+r"),
    ("a directory that the engine cannot read", lambda: os.chmod(LENSES, 0o700), "chmod o+rx"),
    ("something else in it", add("passwd"), "'passwd' is none"),
    ("no directory", lambda: shutil.rmtree(LENSES), "is not there; make it"),
]])
def refused(w, break_it, words):
    with_lenses(w)
    w.policy(POLICY)
    equal(w.daemon("-t", "--policy", w.policy_dir).returncode, 0)
    state = os.stat("/etc/exmachina")
    w.undo.callback(os.chown, "/etc/exmachina", state.st_uid, state.st_gid)
    w.undo.callback(os.chmod, "/etc/exmachina", state.st_mode & 0o7777)
    w.undo.callback(lambda: os.path.islink(LENSES) and os.remove(LENSES))
    w.undo.callback(shutil.rmtree, LENSES + ".real", ignore_errors=True)
    break_it()
    for run in (w.daemon("-t", "--policy", w.policy_dir),
                w.daemon("--policy", w.policy_dir, "--root", w.root, "--", "true")):
        contains(run.stderr, words)
        contains(run.stderr, "test.conf:4: Lenses=")
        check(run.returncode in (1, 121), str(run.returncode))


@test("a text that the client has written is no lens, wherever it lies")
def clients_text(w):
    with_lenses(w)
    policy = POLICY + ("[File /etc/evil.aug]\nLens=Simplelines.lns\nSet=*\nInsert=*\n"
                       "Create=0644 root:root\n")
    s = w.session(policy)
    for number, line in enumerate(PANEL.replace("Panel", "Evil").splitlines()):
        s.set(f"/files/etc/evil.aug/{number + 1}", line)
    s.diff()  # it is staged now
    s.call("augeas.remove", ["/augeas/load/*"])
    for name in ("Evil.lns", "etc/Evil.lns", "../etc/Evil.lns", "./etc/evil.lns"):
        s.set("/augeas/load/X/lens", name)
        s.set("/augeas/load/X/incl", "/etc/panel.conf")
        s.refuse("BAD_VALUE", "augeas.text_store", [name, "/augeas/load/X/lens", "/x"])
    s.commit()
    contains(w.read("/etc/evil.aug"), "module Evil")
    s.call("augeas.load")
    check(s.get("/augeas/load/X/error"), "an error of the transform")
    equal(s.match(FILE), [])


@test("whoever may write a lens is told of by -t")
def lint(w):
    with_lenses(w)
    w.policy(POLICY + f"[File {LENSES}/panel.aug]\nLens=Simplelines.lns\nSet=x\n"
                      f"[File {LENSES}/*]\nLens=Simplelines.lns\n")
    run = w.daemon("-t", "--policy", w.policy_dir)
    equal(run.returncode, 0, run.stderr)
    contains(run.stderr, f"[File {LENSES}/panel.aug]: whoever may change it is root: it is a lens, "
                         "by which commits are judged")
    check(f"[File {LENSES}/*]: whoever" not in run.stderr, run.stderr)
    contains(w.daemon("-T", "--policy", w.policy_dir).stdout, f"Lenses={LENSES}\n")


# ---- at SIGHUP, and where the sandbox is made by somebody else (init has the unit) ------------

@test("SIGHUP: another directory is refused, another lens in the same one is found")
def sighup(w):
    with_lenses(w)
    s = w.session(POLICY)
    equal(s.get(FILE + "/color"), "red")
    w.policy(POLICY.replace(f"Lenses={LENSES}\n", ""))
    os.kill(s.pid, signal.SIGHUP)
    wait_until(lambda: "Lenses= cannot change while the server runs" in s.log, "the refusal")
    equal(s.get(FILE + "/color"), "red")
    make(w, f"{LENSES}/other.aug", PANEL.replace("Panel", "Other").replace("panel", "other"))
    w.write("/etc/other.conf", CONF)
    w.policy(POLICY + "[File /etc/other.conf]\nSet=size\n")
    os.kill(s.pid, signal.SIGHUP)
    # which takes all lenses compiled, since one of its files names none
    wait_until(lambda: "policy read anew" in s.log, "the new policy", 60)
    wait_until(lambda: s.call("session.ping") == "pong" and
               len(s.call("session.whatcan")["files"]) == 2, "the next engine")
    s.set("/files/etc/other.conf/size", "5")
    s.commit()
    contains(w.read("/etc/other.conf"), "size = 5")


@test("a root directory that was prepared without it is told, with what the unit needs")
def prepared_without(w):
    with_lenses(w)
    w.policy(POLICY)
    os.mkdir(w.path_of("prepared"))
    run = w.daemon("--policy", w.policy_dir, "--root", w.root, "--prepared-root",
                   w.path_of("prepared"), "--", "true")
    equal(run.returncode, 121, run.stderr)
    contains(run.stderr, f"the unit needs BindReadOnlyPaths={LENSES}:{w.path_of('prepared')}{LENSES}")


if __name__ == "__main__":
    main()
