#!/usr/bin/python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""Files that are made, with their directories: owner and mode are there from the first instant,
nobody reads them in between, and what comes to nothing leaves nothing. And commits that are none:
edits that take each other back write nothing at all."""

import os
import select
import shutil
import stat
import subprocess
import sys
import threading

sys.path.insert(0, sys.path[0] + "/../lib")
from exm import (CLI, HOSTS, HOSTS_FREE, SESSION, UID, RpcError, check, contains, equal, for_each,
                 main, matches, test, unit_file)
from snapshot import difference, snapshot
from trail import STATE, records

H = "/files/etc/hosts"
APP = "/etc/app"
RIGHTS = "Lens=Sysctl.lns\nSet=**\nInsert=**\nRemove=**\nDelete=yes\nCreate=0600 4711:4712\n"
DEEP = SESSION + HOSTS_FREE + f"[File {APP}/a/b/conf]\n{RIGHTS}MakeDirs=0750 4711:root\n"
WILD = SESSION + f"[File {APP}/*/conf]\n{RIGHTS}MakeDirs=0711 root:4712\n"


def kind(w, path):
    st = os.stat(w.at(path))
    return stat.S_IMODE(st.st_mode), st.st_uid, st.st_gid


def make(s, path, value="1"):
    s.set(f"/files{path}/key", value)
    return s.commit()


@test("missing directories are made with a file, with the owner and mode of MakeDirs=")
def deep(w):
    old = os.umask(0o077)
    try:
        s = w.session(DEEP)
    finally:
        os.umask(old)
    before = kind(w, "/etc")
    equal(make(s, f"{APP}/a/b/conf")["files"][0]["action"], "create")
    equal(w.read(f"{APP}/a/b/conf"), "key = 1\n")
    for path in (APP, f"{APP}/a", f"{APP}/a/b"):
        equal(kind(w, path), (0o750, 4711, 0), path)
        equal(len(w.files(path)), 1, path)
    equal(kind(w, f"{APP}/a/b/conf"), (0o600, 4711, 4712))
    equal(kind(w, "/etc"), before)
    # the session goes on in them
    make(s, f"{APP}/a/b/conf", "2")
    equal(w.read(f"{APP}/a/b/conf"), "key = 2\n")


@test("a directory that is there keeps its mode, and those below it are made")
def there(w):
    os.makedirs(w.at(f"{APP}/a"))
    os.chmod(w.at(f"{APP}/a"), 0o705)
    s = w.session(DEEP)
    make(s, f"{APP}/a/b/conf")
    equal(kind(w, f"{APP}/a"), (0o705, 0, 0))
    equal(kind(w, f"{APP}/a/b"), (0o750, 4711, 0))


@test("a section with a wildcard for a directory: one for each name, and they are listed")
def wild(w):
    s = w.session(WILD)
    for name in ("one", "two"):
        s.set(f"/files{APP}/{name}/conf/key", name)
    equal(len(s.commit()["files"]), 2)
    for name in ("one", "two"):
        equal(kind(w, f"{APP}/{name}"), (0o711, 0, 4712), name)
        equal(w.read(f"{APP}/{name}/conf"), f"key = {name}\n")
    other = w.session()
    equal(other.match(f"/files{APP}/*/conf/key"), [f"/files{APP}/{n}/conf/key" for n in ("one", "two")])
    for name in (".hidden", "one/two", ".."):
        other.refuse("DENIED", "augeas.set", [f"/files{APP}/{name}/conf/key", "x"])


X = "/files/etc/x.conf"
AGAIN = SESSION + "[File /etc/x.conf]\n" + RIGHTS


@for_each([(f"a file that was {what}, then edited again and again: no edit is lost", begin)
           for what, begin in [
    ("made", None), ("removed and made again", lambda s: None),
    ("removed, shown, and made again", lambda s: s.diff()),
    ("removed, committed, and made again", lambda s: s.commit())]])
def again(w, begin):
    s = w.session(AGAIN)
    if begin:
        w.write("/etc/x.conf", "a = 1\n")
        s.get(f"{X}/a")
        s.call("augeas.remove", [X])
        begin(s)
    for n in range(3):
        s.set(f"{X}/key", f"{n}a")
        contains(s.diff()["files"][0]["diff"], f"+key = {n}a\n")
        s.set(f"{X}/key", f"{n}b")
        s.commit()
        equal(w.read("/etc/x.conf"), f"key = {n}b\n")


@test("several files of one new directory in one commit")
def together(w):
    s = w.session(SESSION + f"[File {APP}/x/*.conf]\n{RIGHTS}MakeDirs=0755 root:root\n")
    for name in ("a", "b", "c"):
        s.set(f"/files{APP}/x/{name}.conf/key", name)
    s.commit()
    equal(w.files(f"{APP}/x"), ["a.conf", "b.conf", "c.conf"])


@test("the file and its directory are there, and then it is edited: one call")
def one_call(w):
    w.policy(DEEP)
    for changed in (True, False):
        s = w.session()
        equal(s.call("augeas.ensure", {"path": f"/files{APP}/a/b/conf",
                                       "match": {"key": "1", "other": "2"}})["changed"], changed)
        equal(s.commit()["changed"], changed)
    equal(w.read(f"{APP}/a/b/conf"), "key = 1\nother = 2\n")
    shutil.rmtree(w.at(APP))
    run = w.pair(CLI, "--once", "ensure", f"/files{APP}/a/b/conf/key", "3")
    equal((run.returncode, run.stdout), (0, "changed\nSaved 1 file(s)\n"))
    equal(w.read(f"{APP}/a/b/conf"), "key = 3\n")


@test("without MakeDirs= the directory must be there, and the error says what would make it")
def without(w):
    s = w.session(DEEP.replace("MakeDirs=0750 4711:root\n", ""))
    s.set(f"/files{APP}/a/b/conf/key", "1")
    error = s.refuse("IO", "config.commit")
    equal(error.data["errno"], "ENOENT")
    contains(error.message, "MakeDirs=")
    check(not os.path.exists(w.at(APP)), "something was made")


@test("exmachinad -T prints MakeDirs=, and -t refuses it without Create=")
def printed(w):
    w.policy(DEEP)
    run = w.daemon("--policy", w.policy_dir, "-T")
    contains(run.stdout, "MakeDirs=0750 4711:root\n")
    w.policy(DEEP.replace("Create=0600 4711:4712\n", ""))
    run = w.daemon("--policy", w.policy_dir, "-t")
    check(run.returncode != 0, "it was taken")
    contains(run.stderr + run.stdout, "add Create=")


# ---- what comes to nothing ---------------------------------------------------------------------

@test("directories of a commit that fails for another file are not made")
def failing(w):
    s = w.session(DEEP)
    before = snapshot(w.root)
    s.set(f"/files{APP}/a/b/conf/key", "1")
    s.set(f"{H}/1/canonical", "ours")
    w.write("/etc/hosts", HOSTS + "192.0.2.1 theirs\n")
    s.refuse("CONFLICT", "config.commit")
    w.write("/etc/hosts", HOSTS)
    equal([n for n in difference(before, snapshot(w.root)) if n != "etc/hosts"], [])


@test("directories of a commit that its service does not take are gone again")
def taken_back(w):
    unit_file("exm-create.service", "[Unit]\nStartLimitIntervalSec=0\n[Service]\nType=oneshot\n"
              "ExecStart=/bin/sh -c '! test -e /etc/exm-create/a/conf'\n")
    shutil.rmtree("/etc/exm-create", ignore_errors=True)
    w.undo.callback(shutil.rmtree, "/etc/exm-create", ignore_errors=True)
    s = w.session(SESSION.replace("10s", "30s") + f"[File /etc/exm-create/a/conf]\n{RIGHTS}"
                  "MakeDirs=0755 root:root\nApply=start exm-create.service\n", root="/")
    s.set("/files/etc/exm-create/a/conf/key", "1")
    equal(s.refuse("SERVICE_FAILED", "config.commit", seconds=60).data["restored"], True)
    check(not os.path.exists("/etc/exm-create"), "it is there")


@test("a full disk in the midst: neither file nor directory is left")
def full(w):
    os.makedirs(w.at(APP))
    w.mount("-t", "tmpfs", "-o", "size=64k,nr_inodes=4", "small", w.at(APP))
    s = w.session(DEEP)
    s.set(f"/files{APP}/a/b/conf/key", "x" * 100000)
    error = s.refuse("IO", "config.commit")
    equal(error.data["errno"], "ENOSPC")
    equal(w.files(APP), [])
    # there is no inode for all of them
    with open(w.at(f"{APP}/one"), "w", encoding="ascii"):
        pass
    s.set(f"/files{APP}/a/b/conf/key", "x")
    equal(s.refuse("IO", "config.commit").data["errno"], "ENOSPC")
    equal(w.files(APP), ["one"])


@test("a server that is killed in the midst of it leaves nothing, once the next one has looked",
      seconds=300)
def killed(w):
    w.policy(DEEP)
    left = 0
    for n in range(40):
        s = w.session()
        s.set(f"/files{APP}/a/b/conf/key", str(n))
        s.request("config.commit")
        # at another instant each time, over all that a commit takes here
        threading.Event().wait(n * 0.002)
        s.process.kill()
        s.process.wait()
        left += os.path.exists(w.at(APP))
        again = w.session()
        done = os.path.exists(w.at(f"{APP}/a/b/conf"))
        equal(w.files("/etc"), ["app", "hosts", "ssh"] if done else ["hosts", "ssh"])
        again.close()
        shutil.rmtree(w.at(APP), ignore_errors=True)
    print(f"# {left} of 40 had made something")


# ---- what is in the way ------------------------------------------------------------------------

@for_each([(f"{what} in the place of a directory is not followed, and nothing is made", put)
           for what, put in [
    ("a symbolic link", lambda w: os.symlink("../elsewhere", w.at(APP))),
    ("a link to nothing", lambda w: os.symlink("nothing", w.at(APP))),
    ("a file", lambda w: w.write(APP, "x")),
    ("a pipe", lambda w: os.mkfifo(w.at(APP)))]])
def in_the_way(w, put):
    os.makedirs(w.at("/elsewhere/a"))
    s = w.session(DEEP)
    s.set(f"/files{APP}/a/b/conf/key", "1")
    put(w)
    before = snapshot(w.root)
    s.refuse("IO", "config.commit")
    equal(difference(before, snapshot(w.root)), [])


def clear(w, path):
    """Removes it, unless the attacker has just put there what is private."""
    aside = w.at("/aside")
    try:
        os.rename(path, aside)
    except FileNotFoundError:
        return
    if os.path.islink(aside):
        os.unlink(aside)
    elif os.path.exists(f"{aside}/key"):
        os.rename(aside, f"{os.path.dirname(path)}/private")
    else:
        shutil.rmtree(aside)


@test("whoever owns the directory above exchanges what is made under it: nothing outside changes, "
      "and nothing of root's is given away", seconds=300)
def exchanged(w):
    above, outside = w.at(APP), w.at("/outside")
    os.makedirs(f"{above}/private")
    os.chmod(f"{above}/private", 0o700)
    with open(f"{above}/private/key", "w", encoding="ascii") as file:
        file.write("secret")
    os.chown(above, UID, UID)
    os.makedirs(outside)
    before = snapshot(outside)
    # as that user: the directories are his
    attacker = subprocess.Popen(
        ["setpriv", f"--reuid={UID}", f"--regid={UID}", "--clear-groups", sys.executable, "-c",
         ATTACK, above, "../outside"], stdout=subprocess.DEVNULL)
    done = 0
    try:
        s = w.session(WILD)
        for n in range(150):
            try:
                s.set(f"/files{APP}/new/conf/key", str(n))
                s.commit()
                done += 1
            except RpcError as error:
                check(error.name in ("IO", "CONFLICT"), str(error))
            s.call("augeas.load")
            if n % 10 == 9:
                clear(w, f"{above}/new")
    finally:
        attacker.kill()
        attacker.wait()
    equal(difference(before, snapshot(outside)), [])
    found = [os.path.join(where, "") for where, _, files in os.walk(above) if "key" in files]
    equal(len(found), 1, "what is private")
    st = os.stat(found[0])
    equal((stat.S_IMODE(st.st_mode), st.st_uid), (0o700, 0))
    print(f"# {done} of 150 were done")


ATTACK = """
import os, sys
above, link = sys.argv[1:]
os.chdir(above)
n = 0
while True:
    for name in os.listdir("."):
        n += 1
        try:
            if name.startswith(".exmachina-") or (name == "new" and n % 3 == 0):
                os.rename(name, f"mine-{n}")
                if n % 2:
                    os.symlink(link, name)
                else:
                    os.rename("private", name)
                    os.rename(name, "private")
        except OSError:
            pass
"""


# ---- nobody reads it in between ------------------------------------------------------------------

WATCH = """
import os, sys
where, stop = sys.argv[1:]
seen = read = loose = 0
told = False
while not os.path.exists(stop):
    for top, _, files in os.walk(where):
        for name in files:
            path = os.path.join(top, name)
            try:
                mode = os.stat(path, follow_symlinks=False).st_mode
                seen += 1
                loose += bool(mode & 0o077)
                with open(path) as file:
                    read += 1
            except OSError:
                pass
    if seen > 120 and not told:
        told = True
        print("enough", flush=True)
print(seen, read, loose)
"""


@test("files of mode 0600 are read by nobody else while they are made, changed and removed, "
      "whatever name they have meanwhile", seconds=240)
def unreadable(w):
    os.makedirs(w.at(APP))
    s = w.session(SESSION + f"[File {APP}/*/conf]\n{RIGHTS}MakeDirs=0755 root:root\n")
    stop = w.path_of("stop")
    watcher = w.process(
        "setpriv", f"--reuid={UID + 7}", f"--regid={UID + 7}", "--clear-groups", sys.executable,
        "-c", WATCH, w.at(APP), stop, stdout=subprocess.PIPE, text=True)
    n = -1
    # until it has seen enough, however late it began
    while n < 120 or not select.select([watcher.stdout], [], [], 0)[0]:
        n += 1
        s.set(f"/files{APP}/d{n % 7}/conf/key", str(n))
        s.commit()
        if n % 3 == 2:
            s.call("augeas.remove", [f"/files{APP}/d{n % 7}/conf"])
            s.commit()
    with open(stop, "w", encoding="ascii"):
        pass
    *_, counts = watcher.communicate(timeout=30)[0].splitlines()
    seen, read, loose = map(int, counts.split())
    check(seen > 120, f"the watcher saw {seen} files only")
    equal((read, loose), (0, 0), "files that could be read, or were about to be")


# ---- commits that are none -------------------------------------------------------------------------

def state_of(w):
    """All that a commit could leave: files, journal, history, and records of commits."""
    state = w.at(STATE)
    own = {n: look(os.path.join(state, n)) for n in os.listdir(state) if not n.startswith("audit")}
    return own, len(records(w.root, METHOD="config.commit"))


def look(path):
    if os.path.isdir(path):
        return sorted(os.listdir(path))
    with open(path, "rb") as file:
        return os.stat(path).st_mtime_ns, file.read()


UNEVEN = "127.0.0.1   localhost    me # why\n10.0.0.1\ta"


@for_each([(f"{what} writes nothing: no byte, no time, no journal, no history, no record", edit)
           for what, edit in [
    ("a commit without edits", lambda s: None),
    ("a value set to what it is", lambda s: s.set(f"{H}/1/canonical", "localhost")),
    ("a value set and set back",
     lambda s: [s.set(f"{H}/1/canonical", v) for v in ("x", "localhost")]),
    ("a node made and removed",
     lambda s: [s.set(f"{H}/2/alias", "x"), s.call("augeas.remove", [f"{H}/2/alias"])]),
    ("a node removed and made again, whose layout is lost",
     lambda s: [s.call("augeas.remove", [f"{H}/1/alias"]),
                s.call("augeas.insert", [f"{H}/1/canonical", "alias", False]),
                s.set(f"{H}/1/alias", "me")]),
    ("an entry removed and made again at the end",
     lambda s: [s.call("augeas.remove", [f"{H}/2"]), s.set(f"{H}/2/ipaddr", "10.0.0.1"),
                s.set(f"{H}/2/canonical", "a")])]])
def nothing(w, edit):
    w.write("/etc/hosts", UNEVEN)
    s = w.session()
    s.get(f"{H}/1/canonical")
    # so that there are a journal and a history to be looked at
    s.set(f"{H}/2/canonical", "b")
    s.commit()
    w.write("/etc/hosts", UNEVEN)
    s.call("augeas.load")
    # the server has done with it when it does something else
    s.call("config.history")
    before, own = snapshot(w.root), state_of(w)
    edit(s)
    equal(s.diff(), {"files": []})
    equal(s.commit(), {"changed": False, "files": []})
    equal(s.call("config.commit", {"rebase": True})["changed"], False)
    equal(difference(before, snapshot(w.root)), [])
    equal(state_of(w), own)
    # and the next edit is one
    s.set(f"{H}/1/canonical", "other")
    equal(s.commit()["changed"], True)
    matches(w.read("/etc/hosts"), "^127.0.0.1 +other ")


main()
