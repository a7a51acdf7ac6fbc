#!/usr/bin/python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""A commit is whole or absent, loses nobody's edit, keeps what a file carries, and leaves nothing
behind."""

import errno
import json
import os
import socket
import stat
import struct
import subprocess
import sys
import threading

sys.path.insert(0, sys.path[0] + "/../lib")
from exm import (DAEMON, HOSTS, HOSTS_FREE, MIB, SESSION, SSHD, Failure, RpcError, Skip, check, contains,
                 equal, for_each, main, matches, test, wait_until)

BOTH = SESSION + HOSTS_FREE + "[File /etc/ssh/sshd_config]\nLens=Sshd.lns\nSet=**\n"
LISTS = (SESSION + "[File /etc/apt/sources.list.d/*.list]\nLens=Aptsources.lns\nSet=**\nInsert=**\n"
         "Remove=**\nCreate=0640 root:panel\nDelete=yes\n")
CANONICAL = "/files/etc/hosts/1/canonical"
PORT = "/files/etc/ssh/sshd_config/Port"


def new_list(s, name, host):
    base = f"/files/etc/apt/sources.list.d/{name}/1"
    for label, value in (("type", "deb"), ("uri", f"http://{host}/"), ("distribution", "stable"),
                         ("component", "main")):
        s.set(f"{base}/{label}", value)


# ---- what works ---------------------------------------------------------------------------

@test("a commit writes the file, tells what it did, and leaves no other file")
def plain(w):
    s = w.session()
    s.set(CANONICAL, "here")
    equal(w.read("/etc/hosts"), HOSTS)
    equal(s.commit(), {"changed": True, "more": False, "revision": 1, "files": [{
        "file": "/etc/hosts", "action": "change", "changes": [{
            "node": "1/canonical", "action": "changed", "old": "localhost", "new": "here"}]}]})
    equal(w.read("/etc/hosts"), HOSTS.replace("\tlocalhost\n", "\there\n"))
    equal(w.files("/etc"), ["hosts", "ssh"])
    equal(s.diff(), {"files": []})


def records(s, result):
    """What the journal has of commits of that server with that result."""
    run = subprocess.run(["journalctl", "--quiet", "--output=json", f"_PID={s.pid}",
                          "EXMACHINA_METHOD=config.commit", f"EXMACHINA_RESULT={result}"],
                         capture_output=True, text=True, check=True)
    return [(r["EXMACHINA_USER"], r["EXMACHINA_SUBJECT"], r["EXMACHINA_RULE"], r["EXMACHINA_DETAIL"])
            for r in map(json.loads, run.stdout.splitlines())]


@test("a commit leaves a record of each file with who and by which rule, also one that fails")
def recorded(w):
    s = w.session()
    s.set(CANONICAL, "here")
    s.commit()
    wait_until(lambda: ("panel", "/etc/hosts", "[File /etc/hosts]", "") in records(s, "done"),
               "the record")
    s.set(CANONICAL, "there")
    w.write("/etc/hosts", "127.0.0.1 other\n")
    s.refuse("CONFLICT", "config.commit")
    wait_until(lambda: [r[1] for r in records(s, "failed")] == ["/etc/hosts"], "the record")


@test("a commit without edits changes nothing and says so")
def nothing(w):
    s = w.session()
    equal(s.commit(), {"changed": False, "files": []})
    s.get(CANONICAL)
    before = os.stat(w.at("/etc/hosts"))
    equal(s.commit(), {"changed": False, "files": []})
    s.set(CANONICAL, "localhost")
    equal(s.commit()["changed"], False)
    after = os.stat(w.at("/etc/hosts"))
    equal((after.st_ino, after.st_mtime_ns), (before.st_ino, before.st_mtime_ns))


@test("several files go in one commit")
def several(w):
    s = w.session(BOTH)
    s.set(CANONICAL, "both")
    s.set(PORT, "2222")
    answer = s.commit()
    equal(sorted(row["file"] for row in answer["files"]), ["/etc/hosts", "/etc/ssh/sshd_config"])
    contains(w.read("/etc/hosts"), "\tboth\n")
    contains(w.read("/etc/ssh/sshd_config"), "Port 2222\n")


@test("commit after commit works on what the first one wrote")
def again(w):
    s = w.session()
    for name in ("one", "two", "three"):
        s.set(CANONICAL, name)
        s.commit()
        contains(w.read("/etc/hosts"), f"127.0.0.1\t{name}\n")


@test("discard drops the edits and tells the files")
def discard(w):
    s = w.session(BOTH)
    s.set(CANONICAL, "dropped")
    equal(s.call("config.discard"), {"files": ["/etc/hosts"]})
    equal(s.get(CANONICAL), "localhost")
    equal(s.commit()["changed"], False)
    equal(s.call("config.discard"), {"files": []})


@test("a file is made with the mode, owner and group of Create=, whatever the umask")
def create(w):
    os.makedirs(w.at("/etc/apt/sources.list.d"))
    old = os.umask(0o077)
    try:
        s = w.session(LISTS)
    finally:
        os.umask(old)
    new_list(s, "new.list", "a.example")
    (row,) = s.diff()["files"]
    equal((row["file"], row["action"]), ("/etc/apt/sources.list.d/new.list", "create"))
    equal(s.commit()["files"][0]["action"], "create")
    equal(w.read("/etc/apt/sources.list.d/new.list"), "deb http://a.example/ stable main\n")
    made = os.stat(w.at("/etc/apt/sources.list.d/new.list"))
    equal((stat.S_IMODE(made.st_mode), made.st_uid, made.st_gid), (0o640, 0, 4711))
    equal(w.files("/etc/apt/sources.list.d"), ["new.list"])


@test("a file is removed when Delete=yes, and the rest of the directory stays")
def delete(w):
    for name in ("a", "b"):
        w.write(f"/etc/apt/sources.list.d/{name}.list", f"deb http://{name}/ stable main\n")
    s = w.session(LISTS)
    s.get("/files/etc/apt/sources.list.d/a.list/1/uri")
    s.call("augeas.remove", ["/files/etc/apt/sources.list.d/a.list"])
    (row,) = s.diff()["files"]
    equal((row["file"], row["action"]), ("/etc/apt/sources.list.d/a.list", "delete"))
    equal(s.commit()["files"][0]["action"], "delete")
    equal(w.files("/etc/apt/sources.list.d"), ["b.list"])


@test("create, change and delete go together in one commit")
def mixed(w):
    for name in ("a", "b"):
        w.write(f"/etc/apt/sources.list.d/{name}.list", f"deb http://{name}/ stable main\n")
    s = w.session(LISTS)
    new_list(s, "c.list", "c.example")
    s.set("/files/etc/apt/sources.list.d/a.list/1/uri", "http://changed/")
    s.call("augeas.remove", ["/files/etc/apt/sources.list.d/b.list"])
    answer = {os.path.basename(r["file"]): r["action"] for r in s.commit()["files"]}
    equal(answer, {"a.list": "change", "b.list": "delete", "c.list": "create"})
    equal(w.files("/etc/apt/sources.list.d"), ["a.list", "c.list"])


@test("a new file that is edited again, after a diff and after its commit, has what was edited last")
def made_and_edited(w):
    w.write("/etc/apt/sources.list.d/a.list", "")
    s = w.session(LISTS)
    node = "/files/etc/apt/sources.list.d/new.list/1"
    for name, value in (("type", "deb"), ("uri", "http://one"), ("distribution", "x")):
        s.set(f"{node}/{name}", value)
    contains(s.diff()["files"][0]["diff"], "+deb http://one x")
    s.set(f"{node}/uri", "http://two")
    contains(s.diff()["files"][0]["diff"], "+deb http://two x")
    s.set(f"{node}/uri", "http://three")
    s.commit()
    equal(w.read("/etc/apt/sources.list.d/new.list"), "deb http://three x\n")
    s.set(f"{node}/uri", "http://four")
    s.commit()
    equal(w.read("/etc/apt/sources.list.d/new.list"), "deb http://four x\n")
    s.set(f"{node}/uri", "http://five")
    contains(s.diff()["files"][0]["diff"], "+deb http://five x")
    s.set(f"{node}/uri", "http://six")
    s.commit()
    equal(w.read("/etc/apt/sources.list.d/new.list"), "deb http://six x\n")


@test("a removed file can be made anew in the same session")
def recreate(w):
    w.write("/etc/apt/sources.list.d/a.list", "deb http://a/ stable main\n")
    s = w.session(LISTS)
    s.call("augeas.remove", ["/files/etc/apt/sources.list.d/a.list"])
    s.commit()
    new_list(s, "a.list", "again.example")
    s.commit()
    equal(w.read("/etc/apt/sources.list.d/a.list"), "deb http://again.example/ stable main\n")


# ---- what the file carries stays ---------------------------------------------------------------

@for_each([(f"mode {mode:04o} and owner {uid}:{gid} stay", mode, uid, gid) for mode, uid, gid in [
    (0o600, 0, 0), (0o644, 4711, 4712), (0o4755, 0, 0), (0o2750, 0, 4711), (0o440, 4712, 0),
    (0o000, 0, 0), (0o1666, 1, 2)]])
def mode_owner(w, mode, uid, gid):
    path = w.at("/etc/hosts")
    os.chown(path, uid, gid)
    os.chmod(path, mode)
    s = w.session()
    s.set(CANONICAL, "kept")
    s.commit()
    after = os.stat(path)
    equal((stat.S_IMODE(after.st_mode), after.st_uid, after.st_gid), (mode, uid, gid))
    contains(w.read("/etc/hosts"), "\tkept\n")


def access_list():
    """user::rw-, user:4711:rw-, group::r--, mask::rw-, other::---"""
    entries = [(0x01, 6, 0xffffffff), (0x02, 6, 4711), (0x04, 4, 0xffffffff),
               (0x10, 6, 0xffffffff), (0x20, 0, 0xffffffff)]
    return struct.pack("<I", 2) + b"".join(struct.pack("<HHI", *e) for e in entries)


@test("an access control list stays")
def acl(w):
    path = w.at("/etc/hosts")
    try:
        os.setxattr(path, "system.posix_acl_access", access_list())
    except OSError as error:
        raise Skip(f"no ACLs here: {error}") from None
    wanted = os.getxattr(path, "system.posix_acl_access")
    mode = os.stat(path).st_mode
    s = w.session()
    s.set(CANONICAL, "kept")
    s.commit()
    equal(os.getxattr(path, "system.posix_acl_access"), wanted)
    equal(os.stat(path).st_mode, mode)


@test("extended attributes stay")
def xattrs(w):
    path = w.at("/etc/hosts")
    try:
        os.setxattr(path, "user.origin", b"installer\0\xff")
        os.setxattr(path, "user.empty", b"")
    except OSError as error:
        raise Skip(f"no user attributes here: {error}") from None
    s = w.session()
    s.set(CANONICAL, "kept")
    s.commit()
    equal(sorted(a for a in os.listxattr(path) if a.startswith("user.")),
          ["user.empty", "user.origin"])
    equal(os.getxattr(path, "user.origin"), b"installer\0\xff")


@test("a file capability stays, or the commit is refused; it is not dropped silently")
def file_capability(w):
    path = w.at("/etc/hosts")
    value = struct.pack("<IIIII", 0x02000000, 0x400, 0, 0, 0)  # cap_net_bind_service, permitted
    try:
        os.setxattr(path, "security.capability", value)
    except OSError as error:
        raise Skip(f"no file capabilities here: {error}") from None
    s = w.session()
    s.set(CANONICAL, "kept")
    try:
        s.commit()
    except RpcError as error:
        equal(error.name, "IO")
    equal(os.getxattr(path, "security.capability"), value)


@test("a default access control list of the directory does not change the mode")
def default_acl(w):
    path = w.at("/etc")
    try:
        os.setxattr(path, "system.posix_acl_default", access_list())
    except OSError as error:
        raise Skip(f"no ACLs here: {error}") from None
    os.chmod(w.at("/etc/hosts"), 0o644)
    s = w.session()
    s.set(CANONICAL, "kept")
    s.commit()
    equal(stat.S_IMODE(os.stat(w.at("/etc/hosts")).st_mode), 0o644)
    check("system.posix_acl_access" not in os.listxattr(w.at("/etc/hosts")), "an ACL came up")


# ---- CONFLICT --------------------------------------------------------------------------------------

def conflict(w, change, policy=BOTH):
    s = w.session(policy)
    s.set(CANONICAL, "ours")
    s.set(PORT, "2222")
    change(w)
    error = s.refuse("CONFLICT", "config.commit")
    equal(error.data["file"], "/etc/hosts")
    contains(error.data["ours"], "+127.0.0.1\tours\n")
    equal(w.read("/etc/ssh/sshd_config"), SSHD)
    return s, error


@test("a file changed underneath is a CONFLICT with both sides, and no file is written")
def changed_underneath(w):
    def change(w):
        w.write("/etc/hosts", HOSTS + "192.0.2.1\ttheirs\n")
    s, error = conflict(w, change)
    contains(error.data["theirs"], "+192.0.2.1\ttheirs\n")
    equal(w.read("/etc/hosts"), HOSTS + "192.0.2.1\ttheirs\n")
    equal(s.get(CANONICAL), "ours")
    s.call("augeas.load")
    s.set(CANONICAL, "ours")
    s.commit()
    equal(w.read("/etc/hosts"), HOSTS.replace("\tlocalhost\n", "\tours\n") + "192.0.2.1\ttheirs\n")


@test("a file replaced by another of the same size, mtime and name is a CONFLICT")
def same_size(w):
    def change(w):
        path = w.at("/etc/hosts")
        before = os.stat(path)
        w.write("/etc/hosts", HOSTS.replace("127.0.1.1", "127.0.2.2"))
        os.utime(path, ns=(before.st_atime_ns, before.st_mtime_ns))
    conflict(w, change)


@test("a file removed underneath is a CONFLICT")
def removed_underneath(w):
    conflict(w, lambda w: os.unlink(w.at("/etc/hosts")))
    check(not os.path.exists(w.at("/etc/hosts")), "it came back")


@test("a file truncated underneath is a CONFLICT")
def truncated_underneath(w):
    conflict(w, lambda w: os.truncate(w.at("/etc/hosts"), 0))
    equal(w.read("/etc/hosts"), "")


@test("a file that came up where one was to be made is a CONFLICT")
def came_up(w):
    os.makedirs(w.at("/etc/apt/sources.list.d"))
    s = w.session(LISTS)
    new_list(s, "new.list", "ours.example")
    w.write("/etc/apt/sources.list.d/new.list", "deb http://theirs/ stable main\n")
    s.refuse("CONFLICT", "config.commit")
    equal(w.read("/etc/apt/sources.list.d/new.list"), "deb http://theirs/ stable main\n")


@test("a file changed underneath is not removed")
def no_blind_delete(w):
    w.write("/etc/apt/sources.list.d/a.list", "deb http://a/ stable main\n")
    s = w.session(LISTS)
    s.call("augeas.remove", ["/files/etc/apt/sources.list.d/a.list"])
    w.write("/etc/apt/sources.list.d/a.list", "deb http://theirs/ stable main\n")
    s.refuse("CONFLICT", "config.commit")
    equal(w.read("/etc/apt/sources.list.d/a.list"), "deb http://theirs/ stable main\n")


@test("two sessions: the second to commit gets the CONFLICT, no edit is lost")
def two_sessions(w):
    one, two = w.session(), w.session()
    one.set(CANONICAL, "one")
    two.set("/files/etc/hosts/2/canonical", "two")
    one.commit()
    two.refuse("CONFLICT", "config.commit")
    contains(w.read("/etc/hosts"), "127.0.0.1\tone\n")
    two.call("augeas.load")
    two.set("/files/etc/hosts/2/canonical", "two")
    two.commit()
    equal(w.read("/etc/hosts"), HOSTS.replace("\tlocalhost\n", "\tone\n")
          .replace("\tdebian\n", "\ttwo\n"))


@test("a file that is rewritten all the time is never seen half, and never lost")
def racing_writer(w):
    s = w.session()
    stop = threading.Event()
    torn = []

    def watch():
        while not stop.is_set():
            text = w.read("/etc/hosts")
            if not text.endswith("ff02::1 ip6-allnodes\n"):
                torn.append(text)
    watcher = threading.Thread(target=watch)
    watcher.start()
    try:
        for n in range(50):
            s.set(CANONICAL, f"name{n}")
            s.commit()
    finally:
        stop.set()
        watcher.join()
    equal(torn, [])


# ---- what cannot be replaced is refused by name ------------------------------------------------

def refused_commit(w, make):
    """The edit or its commit is refused; the error names the file."""
    make(w)
    s = w.session(BOTH)
    try:
        s.set(PORT, "2222")
        s.set(CANONICAL, "x")
        s.commit()
    except RpcError as error:
        check(error.name in ("DENIED", "IO"), str(error))
        contains(str(error), "/etc/hosts", "the error")
        equal(w.read("/etc/ssh/sshd_config"), SSHD)
        s.alive()
        return s, error
    raise AssertionError("it was done")


def link_to(w, target):
    os.unlink(w.at("/etc/hosts"))
    os.symlink(target, w.at("/etc/hosts"))


@for_each([(f"a symbolic link to {what} is refused", target) for what, target in [
    ("a file beside it", "hosts.real"), ("an absolute path", "/etc/shadow"),
    ("a file above the root", "../../../../../../etc/passwd"), ("nothing", "no-such-file"),
    ("itself", "hosts")]])
def symlink(w, target):
    w.write("/etc/hosts.real", HOSTS)
    _, error = refused_commit(w, lambda w: link_to(w, target))
    matches(str(error).lower(), "symbolic link|symlink|eloop")
    equal(os.readlink(w.at("/etc/hosts")), target)
    equal(w.read("/etc/hosts.real"), HOSTS)


@test("a symbolic link put in place after the file was read is not followed")
def late_symlink(w):
    w.write("/etc/hosts.real", HOSTS)
    s = w.session()
    s.set(CANONICAL, "x")
    link_to(w, "hosts.real")
    try:
        s.commit()
        raise AssertionError("it was written")
    except RpcError as error:
        check(error.name in ("CONFLICT", "IO", "DENIED"), str(error))
    equal(w.read("/etc/hosts.real"), HOSTS)
    equal(os.readlink(w.at("/etc/hosts")), "hosts.real")


@test("a directory of the path that is a symbolic link is not followed out of its place")
def directory_symlink(w):
    os.makedirs(w.path_of("elsewhere/ssh"))
    with open(w.path_of("elsewhere/ssh/sshd_config"), "w", encoding="ascii") as file:
        file.write(SSHD)
    os.rename(w.at("/etc/ssh"), w.at("/etc/ssh.old"))
    os.symlink(w.path_of("elsewhere/ssh"), w.at("/etc/ssh"))
    s = None
    try:
        s = w.session(BOTH)
        s.set(PORT, "2222")
        s.commit()
    except (RpcError, AssertionError):
        pass
    with open(w.path_of("elsewhere/ssh/sshd_config"), encoding="ascii") as file:
        equal(file.read(), SSHD)


@test("a hard link is refused, and both names keep their file")
def hard_link(w):
    _, error = refused_commit(w, lambda w: os.link(w.at("/etc/hosts"), w.at("/etc/hosts.twin")))
    matches(str(error).lower(), "hard link|link")
    equal(os.stat(w.at("/etc/hosts")).st_nlink, 2)
    equal(w.read("/etc/hosts.twin"), HOSTS)


@test("a bind mount is refused")
def bind_mount(w):
    def make(w):
        w.write("/etc/other", HOSTS)
        w.mount("--bind", w.at("/etc/other"), w.at("/etc/hosts"))
    _, error = refused_commit(w, make)
    matches(str(error).lower(), "mount|exdev|ebusy")
    equal(w.read("/etc/other"), HOSTS)


@for_each([(f"{what} in place of the file is refused", make) for what, make in [
    ("a directory", lambda path: os.mkdir(path)), ("a fifo", lambda path: os.mkfifo(path)),
    ("a device", lambda path: os.mknod(path, 0o666 | stat.S_IFCHR, os.makedev(1, 3)))]])
def not_a_file(w, make):
    def replace(w):
        os.unlink(w.at("/etc/hosts"))
        make(w.at("/etc/hosts"))
    s = w.session(BOTH)
    replace(w)
    try:
        s.set(CANONICAL, "x")
        s.commit()
        raise AssertionError("it was done")
    except RpcError as error:
        check(error.name in ("DENIED", "IO"), str(error))
    s.alive()


# ---- the file system refuses -----------------------------------------------------------------------

def only_these(w, names):
    equal([n for n in w.files("/etc") if n not in ("ssh",)], names)


@test("a read-only file system: IO with the errno, nothing changed, the edits wait")
def read_only(w):
    w.mount("-t", "tmpfs", "etc", w.at("/etc"))
    w.write("/etc/hosts", HOSTS)
    s = w.session()
    s.set(CANONICAL, "waits")
    subprocess.run(["mount", "-o", "remount,ro", w.at("/etc")], check=True)
    error = s.refuse("IO", "config.commit")
    equal(error.data["errno"], "EROFS")
    equal(error.data["file"], "/etc/hosts")
    check(error.data["step"], "no step")
    subprocess.run(["mount", "-o", "remount,rw", w.at("/etc")], check=True)
    equal(w.read("/etc/hosts"), HOSTS)
    only_these(w, ["hosts"])
    s.commit()
    contains(w.read("/etc/hosts"), "\twaits\n")


@test("an immutable directory or file: IO, nothing changed")
def immutable(w):
    flags = subprocess.run(["chattr", "+i", w.at("/etc")], capture_output=True, check=False)
    if flags.returncode:
        w.mount("-t", "tmpfs", "-o", "ro", "etc", w.at("/etc"))
        s = w.session()
        s.refuse("NO_MATCH", "augeas.get", [CANONICAL])
        return
    s = w.session()
    s.set(CANONICAL, "x")
    try:
        s.refuse("IO", "config.commit")
    finally:
        subprocess.run(["chattr", "-i", w.at("/etc")], check=True)
    equal(w.read("/etc/hosts"), HOSTS)
    only_these(w, ["hosts"])


def full_disk(w, free):
    w.mount("-t", "tmpfs", "-o", "size=256k", "etc", w.at("/etc"))
    w.write("/etc/hosts", HOSTS + "# " + "x" * 40000 + "\n")
    room = os.statvfs(w.at("/etc"))
    with open(w.at("/etc/filler"), "wb") as file:
        file.write(b"x" * (room.f_bavail * room.f_frsize - free))


@for_each([(f"a full disk with {free} bytes left: IO ENOSPC, the old file stays, no rest is left",
            free) for free in (0, 4096, 32768)])
def no_space(w, free):
    full_disk(w, free)
    before = w.read("/etc/hosts")
    s = w.session()
    s.set(CANONICAL, "waits")
    error = s.refuse("IO", "config.commit")
    equal(error.data["errno"], "ENOSPC")
    equal(error.data["file"], "/etc/hosts")
    equal(w.read("/etc/hosts"), before)
    only_these(w, ["filler", "hosts"])
    os.unlink(w.at("/etc/filler"))
    s.commit()
    contains(w.read("/etc/hosts"), "\twaits\n")
    only_these(w, ["hosts"])


@test("a disk that is full for the second file leaves the first as it was")
def second_full(w):
    w.mount("-t", "tmpfs", "-o", "size=128k", "ssh", w.at("/etc/ssh"))
    text = SSHD + "# " + "x" * 40000 + "\n"
    w.write("/etc/ssh/sshd_config", text)
    room = os.statvfs(w.at("/etc/ssh"))
    with open(w.at("/etc/ssh/filler"), "wb") as file:
        file.write(b"x" * (room.f_bavail * room.f_frsize))
    s = w.session(BOTH)
    s.set(CANONICAL, "first")
    s.set(PORT, "2222")
    error = s.refuse("IO", "config.commit")
    equal(error.data["errno"], "ENOSPC")
    equal(w.read("/etc/hosts"), HOSTS)
    equal(w.read("/etc/ssh/sshd_config"), text)
    only_these(w, ["hosts"])
    equal(w.files("/etc/ssh"), ["filler", "sshd_config"])


@test("a quota of inodes: IO, the old file stays")
def no_inode(w):
    w.mount("-t", "tmpfs", "-o", "nr_inodes=3", "etc", w.at("/etc"))
    w.write("/etc/hosts", HOSTS)
    w.write("/etc/other", "x")
    s = w.session()
    s.set(CANONICAL, "x")
    equal(s.refuse("IO", "config.commit").data["errno"], "ENOSPC")
    equal(w.read("/etc/hosts"), HOSTS)


@test("the directory of a file to be made is missing: IO ENOENT, and nothing is made")
def no_directory(w):
    s = w.session(LISTS)
    try:
        new_list(s, "new.list", "a.example")
        s.commit()
        raise AssertionError("it was done")
    except RpcError as error:
        check(error.name in ("IO", "DENIED"), str(error))
        if error.name == "IO":
            equal(error.data["errno"], errno.errorcode[errno.ENOENT])
    equal(w.files("/etc"), ["hosts", "ssh"])


# ---- files that are no configuration ---------------------------------------------------------------

@for_each([(f"a file that its lens cannot parse is not replaced through {path}", path) for path in [
    "/files/etc/./hosts/1/canonical", "/files/etc/ssh/../hosts/1/canonical",
    "/files/*[hosts or ssh]/hosts/1/canonical", "etc/hosts/1/canonical",
    "/files/etc[ssh]/hosts/1/canonical"]])
def unparsable_indirectly(w, path):
    broken = "127.0.0.1 localhost\nlonely\n"
    w.write("/etc/hosts", broken)
    # with the right to make the file, nothing but its state stands in the way
    s = w.session(SESSION + HOSTS_FREE + "Create=0644 root:root\n[File /etc/ssh/sshd_config]\nLens=Sshd.lns\nSet=**\n")
    try:
        s.set(path, "x")
        raise Failure("it was set")
    except RpcError as error:
        check(error.name in ("PARSE_FAILED", "DENIED", "NO_MATCH", "BAD_PATH"), str(error))
    equal(s.diff(), {"files": []})
    s.commit()
    equal(w.read("/etc/hosts"), broken)


@test("a file that its lens cannot parse: file, line, column, lens, and edits are refused")
def unparsable(w):
    text = "127.0.0.1 localhost\n192.0.2.1 ok\nlonely\n"
    w.write("/etc/hosts", text)
    s = w.session()
    error = s.refuse("PARSE_FAILED", "augeas.get", [CANONICAL])
    equal(error.data["file"], "/etc/hosts")
    equal(error.data["line"], 3)
    check(error.data["column"] >= 0, "no column")
    contains(error.data["lens"], "Hosts")
    check(error.data["reason"], "no reason")
    s.refuse("PARSE_FAILED", "augeas.set", [CANONICAL, "x"])
    s.refuse("PARSE_FAILED", "augeas.remove", ["/files/etc/hosts/1"])
    equal(s.commit()["changed"], False)
    equal(w.read("/etc/hosts"), text)


@test("a parse error quotes no other text of the file")
def no_quote(w):
    w.write("/etc/hosts", "127.0.0.1 localhost\n# password: hunter2\nhunter3\n")
    s = w.session()
    error = s.refuse("PARSE_FAILED", "augeas.get", [CANONICAL])
    check("hunter" not in str(error), str(error))
    check("hunter" not in str(s.call("augeas.errors")), "in augeas.errors")
    check(len(str(error)) < 1000, f"{len(str(error))} bytes")


@for_each([(f"a file with {what} is refused and stays", content) for what, content in [
    ("a NUL byte", b"127.0.0.1 localhost\n\0\n"),
    ("a NUL byte at its end", b"127.0.0.1 localhost\n\0"),
    ("nothing but NUL bytes", b"\0" * 4096)]])
def nul_bytes(w, content):
    w.write("/etc/hosts", content)
    s = w.session()
    s.line({"jsonrpc": "2.0", "id": 1, "method": "augeas.set", "params": [CANONICAL, "x"]})
    reply = s.read()
    check("error" in reply, f"{reply}")
    equal(reply["error"]["data"]["name"], "PARSE_FAILED")
    s.line({"jsonrpc": "2.0", "id": 2, "method": "config.commit"})
    s.read()
    equal(w.read_bytes("/etc/hosts"), content)


@test("a file without a line feed at its end is not changed beyond the edit")
def no_final_newline(w):
    w.write("/etc/resolv.conf", "nameserver 192.0.2.1\n# last")
    s = w.session(SESSION + "[File /etc/resolv.conf]\nLens=Resolv.lns\nSet=**\n")
    try:
        s.set("/files/etc/resolv.conf/nameserver", "192.0.2.2")
        s.commit()
        contains(w.read("/etc/resolv.conf"), "nameserver 192.0.2.2\n# last")
    except RpcError as error:
        equal(error.name, "PARSE_FAILED")
        equal(w.read("/etc/resolv.conf"), "nameserver 192.0.2.1\n# last")


@test("an empty file can be filled")
def empty_file(w):
    w.write("/etc/hosts", "")
    s = w.session()
    s.set("/files/etc/hosts/01/ipaddr", "192.0.2.1")
    s.set("/files/etc/hosts/01/canonical", "first")
    s.commit()
    equal(w.read("/etc/hosts").lstrip("\n"), "192.0.2.1\tfirst\n")


@test("a file of more than 16 MiB is refused with LIMIT or IO")
def too_large(w):
    w.write("/etc/hosts", b"# comment line of a large file\n" * (17 * MIB // 31))
    s = w.session()
    s.line({"jsonrpc": "2.0", "id": 1, "method": "augeas.get", "params": [CANONICAL]})
    reply = s.read()
    check(reply["error"]["data"]["name"] in ("LIMIT", "IO", "DENIED"), str(reply))
    s.alive()


@test("a file that does not exist reads as nothing")
def absent(w):
    os.unlink(w.at("/etc/hosts"))
    s = w.session()
    s.refuse("NO_MATCH", "augeas.get", [CANONICAL])
    equal(s.match("/files/etc/hosts"), [])
    w.write("/etc/hosts", HOSTS)
    s.call("augeas.load")
    equal(s.get(CANONICAL), "localhost")


# ---- a server that can serve nobody ---------------------------------------------------------

JOURNAL = "/var/lib/exmachina/journal"
PHASE_AT, SWITCHING = 8, 2  # src/monitor/journal/journal_entry.h


def interrupted(w):
    """A commit of /etc/hosts that has got no further than to its new name."""
    s = w.session()
    s.set(CANONICAL, "interrupted")
    s.commit()
    s.end()
    contains(w.read("/etc/hosts"), "interrupted")
    with open(w.at(JOURNAL), "r+b") as file:
        file.seek(PHASE_AT)
        file.write(bytes([SWITCHING]))


def taken_back(w):
    equal(w.read("/etc/hosts"), HOSTS, "/etc/hosts")
    equal(w.read_bytes(JOURNAL)[PHASE_AT], 0, "phase of the journal")
    equal(w.files("/etc"), ["hosts", "ssh"])


@test("what was interrupted is taken back also by a server whose user is not there")
def recovery_without_user(w):
    interrupted(w)
    s = w.session(SESSION.replace("User=panel\n", "") + HOSTS_FREE, auth=False,
                  args=("--user", "nobody-at-all"))
    equal(s.status(), 121)
    contains(s.log, "user nobody-at-all: there is no such user")
    taken_back(w)


@test("what was interrupted is taken back also by a server that turns its only client away")
def recovery_without_client(w):
    interrupted(w)
    # who is at the other end is root, which is not the policy's user
    ours, theirs = socket.socketpair()
    run = w.run("/bin/sh", "-c", "exec 3<&0 </dev/null; LISTEN_PID=$$ LISTEN_FDS=1 exec \"$@\"",
                "sh", DAEMON, "--policy", w.policy_dir, "--root", w.root, stdin=theirs)
    ours.close()
    theirs.close()
    equal(run.returncode, 125, run.stderr)
    contains(run.stderr, "was turned away")
    taken_back(w)


if __name__ == "__main__":
    main()
