#!/usr/bin/python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""The policy: default deny, strict reading, errors with file and line, and what SIGHUP does."""

import os
import shutil
import signal
import sys

sys.path.insert(0, sys.path[0] + "/../lib")
from exm import (HOSTS_FREE, SESSION, check, contains, equal, for_each, main, matches, test,
                 wait_until)

CANONICAL = "/files/etc/hosts/1/canonical"


def test_run(w, *more):
    return w.daemon("--policy", w.policy_dir, *more, "-t")


def refused(w, text, line, *words):
    """-t, and a start, refuse the policy and name FILE:LINE."""
    path = w.policy(text)
    run = test_run(w)
    equal(run.returncode, 1, f"exit status of -t ({run.stderr!r})")
    contains(run.stderr + run.stdout, f"{path}:{line}:", "the complaint")
    for word in words:
        contains(run.stderr + run.stdout, word, "the complaint")
    run = w.pair("/bin/true")
    equal(run.returncode, 121, "exit status of a start")
    contains(run.stderr, f"{path}:{line}:", "the complaint of a start")


# ---- what is accepted -------------------------------------------------------------------

@test("a good policy passes -t with 0")
def good(w):
    run = test_run(w)
    equal(run.returncode, 0, run.stderr)


@test("-T prints the effective policy, which reads back as the same policy")
def print_policy(w):
    w.policy(SESSION.replace("10s", "5min") + "# comment\n"
             "[File /etc/hosts]\nLens=Hosts.lns\nSet=*/ipaddr   */canonical ; a comment\n"
             "Set=*/alias\nValue=*/ipaddr [0-9.]+ or so\nDeny=1/*\nCreate=0640 root:panel\n"
             "Delete=no\n\n[Service ssh.service]\nAllow=status restart\nAllow=reload\n"
             "Timeout=1min\n[Log ssh.service]\n[Package openssh-*]\nAllow=upgrade\n"
             "[Session]\nServiceManager=systemd\n[System]\nAllow=locale\n")
    first = w.daemon("--policy", w.policy_dir, "-T")
    equal(first.returncode, 0, first.stderr)
    for part in ("[File /etc/hosts]", "[Service ssh.service]", "*/alias", "1/*", "0640 root:panel",
                 "[0-9.]+ or so", "User=panel", "restart", "reload", "Timeout=60s",
                 "[Log ssh.service]", "Lines=200", "[Package openssh-*]", "upgrade",
                 "ServiceManager=systemd", "[System]", "locale"):
        contains(first.stdout, part, "-T")
    check("comment" not in first.stdout, "a comment is in it")
    w.policy(first.stdout)
    second = w.daemon("--policy", w.policy_dir, "-T")
    equal(second.stdout, first.stdout)


@test("files are read in the order of their names, and sections of one name add up")
def drop_ins(w):
    w.policy(SESSION, "10-session.conf")
    w.policy("[File /etc/hosts]\nLens=Hosts.lns\nSet=*/canonical\n", "20-hosts.conf")
    w.policy("[File /etc/hosts]\nSet=*/alias\n", "30-more.conf")
    w.policy("[File /etc/shadow]\nLens=Shadow.lns\n", "40-not.conf.disabled")
    w.policy("this is not read\n", ".hidden.conf.swp")
    os.unlink(os.path.join(w.policy_dir, "test.conf"))
    s = w.session()
    s.set("/files/etc/hosts/1/canonical", "x")
    s.set("/files/etc/hosts/3/alias[1]", "y")
    s.refuse("DENIED", "augeas.set", ["/files/etc/hosts/1/ipaddr", "192.0.2.1"])


@test("nothing is allowed by a policy without sections for it")
def default_deny(w):
    s = w.session(SESSION)
    s.refuse("DENIED", "augeas.set", [CANONICAL, "x"])
    s.refuse("DENIED", "service.status", ["ssh.service"])
    equal(s.match("/files//*"), s.match("/files/*"))


@for_each([(f"a timeout of {text} is {seconds} s", text, seconds) for text, seconds in [
    ("30s", 30), ("7", 7), ("5min", 300), ("1h", 3600), ("1s", 1)]])
def timeouts(w, text, seconds):
    w.policy(f"[Session]\nUser=panel\nTimeout={text}\n")
    contains(w.daemon("--policy", w.policy_dir, "-T").stdout, f"\nTimeout={seconds}s\n", "-T")
    # a busy machine may need longer than a second for a request
    if seconds > 1:
        equal(w.session().call("session.info")["timeout"], seconds)


@test("--user must be the policy's user")
def user_option(w):
    equal(w.pair("/bin/true", args=("--user", "panel")).returncode, 0)
    run = w.pair("/bin/true", args=("--user", "guest"))
    check(run.returncode in (121, 125), f"status {run.returncode}")
    contains(run.stderr, "guest")
    w.policy(HOSTS_FREE)
    equal(w.pair("/usr/bin/id", "-un", args=("--user", "guest")).stdout, "guest\n")


@for_each([(f"the user {user!r} is refused", user) for user in
           ["root", "0", "no-such-user-here", "", "panel "]])
def bad_user(w, user):
    w.policy(HOSTS_FREE)
    run = w.pair("/bin/true", args=("--user", user))
    check(run.returncode in (121, 122, 125), f"status {run.returncode} {run.stderr!r}")


@test("no user named anywhere is refused")
def no_user(w):
    w.policy(HOSTS_FREE)
    run = w.pair("/bin/true")
    check(run.returncode in (121, 125), f"status {run.returncode}")


# ---- what is refused, with file and line -----------------------------------------------------

BASE = "[Session]\nUser=panel\n"


@for_each([(f"{what} is refused with file and line", text, line) for what, text, line in [
    ("an unknown key", BASE + "[File /etc/hosts]\nLens=Hosts.lns\nsetall=*\n", 5),
    ("a key in wrong case", BASE + "[File /etc/hosts]\nset=*\n", 4),
    ("a key of another section", BASE + "[Service ssh.service]\nSet=x\n", 4),
    ("an unknown section", BASE + "[Files /etc/hosts]\n", 3),
    ("an unknown section for later versions", BASE + "[Action x]\n", 3),
    ("a section without its end", BASE + "[File /etc/hosts\nSet=*\n", 3),
    ("a File section without a path", BASE + "[File]\n", 3),
    ("a Session section with a name", "[Session x]\nUser=panel\n", 1),
    ("a Service section without a unit", BASE + "[Service ]\n", 3),
    ("a key before any section", "User=panel\n", 1),
    ("a line without =", BASE + "\n[File /etc/hosts]\n\nSet *\n", 6),
    ("an empty key", BASE + "=x\n", 3),
    ("a relative path", BASE + "[File etc/hosts]\n", 3),
    ("a path with ..", BASE + "[File /etc/../etc/hosts]\n", 3),
    ("a path with a double slash", BASE + "[File /etc//hosts]\n", 3),
    ("a path with a slash at its end", BASE + "[File /etc/]\n", 3),
    ("a path with /./", BASE + "[File /etc/./hosts]\n", 3),
    ("the root as a file", BASE + "[File /]\n", 3),
    ("an unknown verb", BASE + "[Service ssh.service]\nAllow=status explode\n", 4),
    ("all verbs by a star", BASE + "[Service ssh.service]\nAllow=*\n", 4),
    ("a unit without suffix", BASE + "[Service ssh]\n", 3),
    ("a unit that begins with -", BASE + "[Service -H.service]\n", 3),
    ("a unit with a slash", BASE + "[Service a/b.service]\n", 3),
    ("the log as a verb", BASE + "[Service ssh.service]\nAllow=log\n", 4),
    ("a verb as systemctl spells it", BASE + "[Service ssh.service]\nAllow=try-restart\n", 4),
    ("a service's timeout of 0", BASE + "[Service ssh.service]\nTimeout=0\n", 4),
    ("a log of 1001 lines", BASE + "[Log ssh.service]\nLines=1001\n", 4),
    ("a package without a name", BASE + "[Package]\n", 3),
    ("a package that begins with -", BASE + "[Package -o]\n", 3),
    ("a package that ends with -", BASE + "[Package bash-]\n", 3),
    ("a package with a version", BASE + "[Package bash=5]\n", 3),
    ("an unknown verb for packages", BASE + "[Package bash]\nAllow=purge\n", 4),
    ("an unknown part of the identity", BASE + "[System]\nAllow=clock\n", 4),
    ("a System section with a name", BASE + "[System x]\n", 3),
    ("an unknown service manager", "[Session]\nUser=panel\nServiceManager=upstart\n", 3),
    ("a bad regex", BASE + "[File /etc/hosts]\nValue=*/ipaddr [0-9\n", 4),
    ("an unclosed group in a regex", BASE + "[File /etc/hosts]\nValue=*/ipaddr (a\n", 4),
    ("a group that closes ours", BASE + "[File /etc/hosts]\nValue=* a)|(.*\n", 4),
    ("a Value= without regex", BASE + "[File /etc/hosts]\nValue=*/ipaddr\n", 4),
    ("a bad mode", BASE + "[File /etc/hosts]\nCreate=0999 root:root\n", 4),
    ("a mode with set-uid", BASE + "[File /etc/hosts]\nCreate=4755 root:root\n", 4),
    ("an unknown owner", BASE + "[File /etc/hosts]\nCreate=0644 nosuchuser:root\n", 4),
    ("an unknown group", BASE + "[File /etc/hosts]\nCreate=0644 root:nosuchgroup\n", 4),
    ("a Create= without group", BASE + "[File /etc/hosts]\nCreate=0644 root\n", 4),
    ("a Delete= of maybe", BASE + "[File /etc/hosts]\nDelete=maybe\n", 4),
    ("a lens that is a path", BASE + "[File /etc/hosts]\nLens=../evil.aug\n", 4),
    ("a lens without name", BASE + "[File /etc/hosts]\nLens=Hosts\n", 4),
    ("a timeout of 0", "[Session]\nUser=panel\nTimeout=0\n", 3),
    ("a negative timeout", "[Session]\nUser=panel\nTimeout=-1s\n", 3),
    ("a timeout over an hour", "[Session]\nUser=panel\nTimeout=2h\n", 3),
    ("a timeout that overflows", "[Session]\nUser=panel\nTimeout=99999999999999999999s\n", 3),
    ("a timeout that wraps 32 bits", "[Session]\nUser=panel\nTimeout=4294968s\n", 3),
    ("a timeout in parsecs", "[Session]\nUser=panel\nTimeout=3pc\n", 3),
    ("root as the user", "[Session]\nUser=root\n", 2),
    ("a NUL byte", BASE + "[File /etc/hosts]\nSet=a\0b\n", 4),
    ("an overlong line", BASE + "[File /etc/hosts]\nSet=" + "x" * 70000 + "\n", 4),
    ("a control character", BASE + "[File /etc/ho\x07sts]\n", 3)]])
def bad_policy(w, text, line):
    refused(w, text, line)


@test("an unknown user of [Session] is refused")
def unknown_user(w):
    w.policy("[Session]\nUser=nosuchuser\n")
    run = w.pair("/bin/true")
    check(run.returncode in (121, 125), f"status {run.returncode}")
    contains(run.stderr, "nosuchuser")


@test("two sections that name different users or lenses are refused")
def contradiction(w):
    w.policy("[Session]\nUser=panel\n[Session]\nUser=guest\n")
    equal(test_run(w).returncode, 1)
    w.policy(BASE + "[File /etc/hosts]\nLens=Hosts.lns\n[File /etc/hosts]\nLens=Shellvars.lns\n")
    equal(test_run(w).returncode, 1)


@test("the complaint names the file among several that is wrong")
def which_file(w):
    path = w.policy("[File /etc/hosts]\nNope=1\n", "50-bad.conf")
    run = test_run(w)
    equal(run.returncode, 1)
    contains(run.stderr + run.stdout, f"{path}:2:")


# ---- what amounts to root -----------------------------------------------------------------------

@test("-t warns of sections that amount to root, accepts the policy, and a start counts them")
def lint(w):
    w.policy(SESSION + "[File /etc/sudoers]\nSet=**\n[File /etc/cr*]\nLens=Cron.lns\nInsert=*\n"
             "[File /etc/default/x]\nLens=Shellvars.lns\nSet=A B\nValue=A [0-9]+\n"
             "[Service *.service]\nAllow=restart\n[Package *]\nAllow=install\n"
             "[File /etc/shadow]\n" + HOSTS_FREE)
    run = test_run(w)
    equal(run.returncode, 0, run.stderr)
    contains(run.stdout, "policy accepted")
    lines = run.stderr.splitlines()
    equal([line.split("]: ")[0] for line in lines[:-1]],
          [f"warning: [{section}" for section in
           ("File /etc/sudoers", "File /etc/cr*", "File /etc/default/x", "Service *.service",
            "Package *")])
    contains(lines[-1], f"{w.policy_dir}: sections that amount to root: 5;")
    equal(w.daemon("--policy", w.policy_dir, "-T").stderr, "")
    run = w.pair("/bin/true")
    equal(run.returncode, 0, run.stderr)
    contains(run.stderr, "sections of the policy that amount to root: 5;")
    check("warning: [" not in run.stderr, "a start told each")


@test("-t warns of nothing in a policy without such sections, nor does a start")
def lint_nothing(w):
    w.policy(SESSION + HOSTS_FREE + "[Service ssh.service]\nAllow=restart\n"
             "[File /etc/sudoers]\n[File /etc/default/x]\nSet=A\nValue=A [0-9]+\n")
    equal(test_run(w).stderr, "")
    check("amount to root" not in w.pair("/bin/true").stderr, "a start counted")


# ---- who may have written it ------------------------------------------------------------------

@for_each([(f"a policy file that is {what} is refused", make) for what, make in [
    ("writable by its group", lambda path: os.chmod(path, 0o664)),
    ("writable by all", lambda path: os.chmod(path, 0o646)),
    ("owned by the panel's user", lambda path: os.chown(path, 4711, 0)),
    ("owned by another user", lambda path: os.chown(path, 4712, 4712))]])
def not_roots(w, make):
    path = w.policy(SESSION + HOSTS_FREE)
    make(path)
    run = test_run(w)
    equal(run.returncode, 1)
    contains(run.stderr + run.stdout, path)
    equal(w.pair("/bin/true").returncode, 121)


@for_each([(f"a policy directory that is {what} is refused", make) for what, make in [
    ("writable by its group", lambda path: os.chmod(path, 0o775)),
    ("writable by all, even if sticky", lambda path: os.chmod(path, 0o1777)),
    ("owned by the panel's user", lambda path: os.chown(path, 4711, 0))]])
def directory_not_roots(w, make):
    make(w.policy_dir)
    equal(test_run(w).returncode, 1)
    equal(w.pair("/bin/true").returncode, 121)


@test("a policy file that is a symbolic link to a user's file is refused")
def policy_symlink(w):
    other = w.path_of("users.conf")
    with open(other, "w", encoding="ascii") as file:
        file.write(SESSION)
    os.chown(other, 4711, 4711)
    os.unlink(os.path.join(w.policy_dir, "test.conf"))
    os.symlink(other, os.path.join(w.policy_dir, "test.conf"))
    equal(test_run(w).returncode, 1)


@for_each([(f"a policy entry that is {what} is refused or ignored, and nothing hangs", make)
           for what, make in [("a fifo", os.mkfifo), ("a directory", os.mkdir)]])
def odd_entry(w, make):
    make(os.path.join(w.policy_dir, "zz.conf"))
    check(test_run(w).returncode in (0, 1), "status")


@test("a missing policy directory is refused")
def no_directory(w):
    shutil.rmtree(w.policy_dir)
    equal(test_run(w).returncode, 1)
    equal(w.pair("/bin/true").returncode, 121)


@test("an empty policy directory names no user, and is refused at the start")
def empty_directory(w):
    os.unlink(os.path.join(w.policy_dir, "test.conf"))
    check(w.pair("/bin/true").returncode in (121, 125), "status")


@test("the policy cannot be written by the paired program")
def not_by_program(w):
    run = w.shell('echo "[File /etc/shadow]" >> "$1/test.conf"; touch "$1/new.conf"; '
                  'chmod 666 "$1/test.conf"; ls "$1"', w.policy_dir)
    equal(run.stdout.strip(), "test.conf")
    check("/etc/shadow" not in open(os.path.join(w.policy_dir, "test.conf"),
                                    encoding="ascii").read(), "it was written")


# ---- read again ------------------------------------------------------------------------------------

def hup_idle(s):
    """Between two requests: the engine has noted that it has answered the last one, and waits."""
    s.engine()
    os.kill(s.pid, signal.SIGHUP)


@test("SIGHUP: a good policy counts from then on, and the client is told")
def hup(w):
    s = w.session()
    s.set(CANONICAL, "waits")
    w.policy(SESSION + "[File /etc/hosts]\nLens=Hosts.lns\nSet=*/alias\n")
    hup_idle(s)
    equal(s.wait_note(), {"reason": "policy", "edits_lost": True,
                          "watches_lost": False})
    s.refuse("DENIED", "augeas.set", [CANONICAL, "x"])
    s.set("/files/etc/hosts/3/alias[1]", "allowed")
    s.commit()
    contains(w.read("/etc/hosts"), " allowed ")
    check("waits" not in w.read("/etc/hosts"), "a dropped edit was written")


@test("SIGHUP right after an answer: no request is answered twice, or not at all")
def hup_race(w):
    s = w.session()
    for n in range(25):
        s.line({"jsonrpc": "2.0", "id": n, "method": "augeas.get", "params": [CANONICAL]})
        equal(s.read()["id"], n)
        os.kill(s.pid, signal.SIGHUP)
        equal(s.wait_note(), {"reason": "policy", "edits_lost": False,
                              "watches_lost": False})


@test("SIGHUP: a bad policy is refused whole and logged, the old one and the edits stay")
def hup_bad(w):
    s = w.session()
    s.set(CANONICAL, "waits")
    path = w.policy(SESSION + "[File /etc/hosts]\nLens=Hosts.lns\nSet=*/alias\nNope=x\n")
    os.kill(s.pid, signal.SIGHUP)
    wait_until(lambda: f"{path}:7:" in s.log, f"the log names the line: {s.log!r}")
    equal(s.get(CANONICAL), "waits")
    equal(s.notes, [])
    s.commit()
    contains(w.read("/etc/hosts"), "\twaits\n")


@test("SIGHUP: a policy that others may write is refused, the old one stays")
def hup_writable(w):
    s = w.session()
    path = w.policy(SESSION)
    os.chmod(path, 0o666)
    os.kill(s.pid, signal.SIGHUP)
    wait_until(lambda: path in s.log, "the log names the file")
    s.set(CANONICAL, "allowed")


@test("SIGHUP: a file taken out of the policy cannot be committed any more")
def hup_taken(w):
    s = w.session()
    s.set(CANONICAL, "waits")
    w.policy(SESSION)
    hup_idle(s)
    s.wait_note()
    s.commit()
    check("waits" not in w.read("/etc/hosts"), "it was written")
    s.refuse("DENIED", "augeas.set", [CANONICAL, "x"])


@test("-T with several files and no sections prints a policy that -t accepts")
def empty_policy(w):
    w.policy(SESSION)
    run = w.daemon("--policy", w.policy_dir, "-T")
    equal(run.returncode, 0)
    matches(run.stdout, r"(?m)^\[Session\]$")


if __name__ == "__main__":
    main()
