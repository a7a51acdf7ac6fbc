#!/usr/bin/python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""Check=: programs that see a commit as if it were written, and judge it before it is. What they
see, and what they cannot do: real programs of Debian, and programs that try everything."""

import os
import shutil
import signal
import socket
import struct
import subprocess
import sys
import time

sys.path.insert(0, sys.path[0] + "/../lib")
import trail
from exm import (HOSTS, HOSTS_FREE, SESSION, RpcError, check, children, contains, equal, for_each,
                 main, running, test, wait_until)
from private_root import comm, private_root

PROBE = "/opt/exmachina-tests/system/check_probe"
FILE = "[File /etc/exm.conf]\nLens=Simplevars.lns\nSet=**\nInsert=**\nRemove=**\n"
CHECKED = FILE + "Check=/opt/check\n"
NEW = ("/etc/exm.conf", "a = 2\n")
NOBODY = 0xffffffff
# enum run_outcome
EXITED, SIGNALED, TIMEOUT, REFUSED, MISSING, CANNOT = 0, 1, 2, 3, 5, 6


class Result:
    """What check_probe printed, of one commit."""

    def __init__(self, done):
        self.text = f"{done.returncode} {done.stdout} {done.stderr}"
        self.status = done.returncode
        lines = [line.partition("=") for line in done.stdout.splitlines()]
        self.output = [value for name, _, value in lines if name == "output"]
        fields = {name: value for name, _, value in lines}
        self.none = "none" in fields
        check(self.none or "outcome" in fields, self.text)
        self.outcome = fields.get("outcome", "DONE")
        self.how = int(fields.get("how", EXITED))
        self.index = int(fields.get("index", 0))
        self.why = fields.get("why", "")

    def agrees(self):
        equal((self.status, self.outcome, self.why), (0, "DONE", ""), self.text)

    def fails(self, why, how=EXITED):
        equal((self.status, self.outcome, self.how), (1, "CHECK_FAILED", how), self.text)
        contains(self.why, why)

    def is_impossible(self, why):
        equal((self.status, self.outcome), (1, "IO"), self.text)
        contains(self.why, why)


def program(w, body, path="/opt/check", shebang="#!/bin/sh"):
    return w.write(path, f"{shebang}\n{body}\n", 0o755)


def arguments_of(w, files):
    words = []
    for number, (path, content) in enumerate(files):
        if content is None:
            words.append(path)
            continue
        where = w.path_of(f"new-{number}")
        with open(where, "wb") as file:
            file.write(content.encode() if isinstance(content, str) else content)
        os.chmod(where, 0o600)
        words.append(f"{path}={where}")
    return words


def run_check(w, *files, policy=CHECKED, root=None, more=(), first=(), timeout="30s", seconds=50):
    """A commit of these files, (path, content, or None for its removal), up to its checks."""
    w.policy(SESSION.replace("10s", timeout) + policy)
    return Result(w.run(PROBE, *first, w.policy_dir, root or w.root, *arguments_of(w, files),
                        *more, seconds=seconds))


def begin(w, *files, policy=CHECKED):
    """The same, while it runs."""
    w.policy(SESSION.replace("10s", "30s") + policy)
    return w.process(PROBE, w.policy_dir, w.root, *arguments_of(w, files),
                     stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)


def end(process, seconds=50):
    out, err = process.communicate(timeout=seconds)
    return Result(subprocess.CompletedProcess([], process.returncode, out, err))


# the body of a check that goes on until the test lets it go
WAITS = "until test -e /opt/go; do sleep 0.1; done"


def wait_running():
    """Until a check that sleeps has begun, and so has all that comes before it."""
    wait_until(sleepers, "it runs", 30)


def let_go(w):
    w.write("/opt/go", "")


def small_root(w, body, **options):
    """A private root with a file, and a check of that body."""
    private_root(w)
    w.write("/etc/exm.conf", "a = 1\n")
    program(w, body, **options)


def snapshot(w):
    """All that is below the root but for what others change."""
    found = {}
    for top in ("etc", "opt", "tmp", "run", "var", "root", "home"):
        for where, _, names in os.walk(f"{w.root}/{top}"):
            st = os.lstat(where)
            found[where] = (st.st_mode, st.st_uid, sorted(os.listdir(where)))
            for name in names:
                st = os.lstat(f"{where}/{name}")
                found[f"{where}/{name}"] = (st.st_ino, st.st_mode, st.st_uid, st.st_size,
                                            st.st_mtime_ns)
    return found


def mounts():
    """But for what systemd has there as long as one of its own services runs."""
    with open("/proc/self/mountinfo", encoding="utf-8") as file:
        return [line for line in file if " /run/credentials/" not in line]


# ---- what it sees ---------------------------------------------------------------------------------

@test("a check sees the new file at its own path, and the machine has the old one")
def sees(w):
    small_root(w, "cat /etc/exm.conf; exit 3")
    result = run_check(w, NEW)
    result.fails("Check=/opt/check: exit status 3")
    equal(result.output, ["a = 2"])
    equal(w.read("/etc/exm.conf"), "a = 1\n")


@test("exit status 0 agrees, and what it printed is nobody's affair")
def agrees(w):
    small_root(w, "cat /etc/exm.conf; exit 0")
    result = run_check(w, NEW)
    result.agrees()
    equal(result.output, [])


@test("changed, created and removed files of one directory, of the one above and of others, at once")
def all_kinds(w):
    small_root(w, "cd /etc; for f in exm.conf exm.d/*; do echo $f; cat $f; done; ls /srv; exit 1")
    for path in ("/etc/exm.d/b", "/etc/exm.d/c", "/etc/exm.d/d", "/srv/x", "/srv/y"):
        w.write(path, f"old {path}\n")
    policy = CHECKED + ("[File /etc/exm.d/*]\nLens=Simplevars.lns\nSet=**\nDelete=yes\n"
                        "Create=0644 root:root\n[File /srv/*]\nLens=Simplevars.lns\nDelete=yes\n"
                        "[File /etc/exm-new.conf]\nLens=Simplevars.lns\nCreate=0644 root:root\n")
    before = snapshot(w)
    result = run_check(w, NEW, ("/etc/exm.d/a", "new a\n"), ("/etc/exm.d/b", "new b\n"),
                       ("/etc/exm.d/c", None), ("/srv/x", None), ("/etc/exm-new.conf", "new\n"),
                       policy=policy)
    result.fails("exit status 1")
    equal(result.output, ["exm.conf", "a = 2", "exm.d/a", "new a", "exm.d/b", "new b", "exm.d/d",
                          "old /etc/exm.d/d", "y"])
    equal(snapshot(w), before)


@test("files in directories that the same commit makes are seen there, the directories with them")
def made_directories(w):
    small_root(w, "cd /etc/exm.d; find . -type f | sort; cat a/b/one a/b/two a/three; exit 1")
    w.write("/etc/exm.d/there", "old\n")
    before = snapshot(w)
    policy = CHECKED + ("[File /etc/exm.d/a/*]\nLens=Simplevars.lns\nCreate=0644 root:root\n"
                        "MakeDirs=0755 root:root\n[File /etc/exm.d/a/b/*]\nLens=Simplevars.lns\n"
                        "Create=0644 root:root\nMakeDirs=0755 root:root\n")
    result = run_check(w, NEW, ("/etc/exm.d/a/b/one", "1\n"), ("/etc/exm.d/a/b/two", "2\n"),
                       ("/etc/exm.d/a/three", "3\n"), policy=policy)
    result.fails("exit status 1")
    equal(result.output, ["./a/b/one", "./a/b/two", "./a/three", "./there", "1", "2", "3"])
    equal(snapshot(w), before)


LAYERS = """
for i in 1 2 3; do echo "$i: $(ls /etc/exm.d | tr '\\n' ' ')"; done
cat /etc/exm.d/new /etc/exm.d/sub/inner /etc/exm.d/mounted/file
readlink /etc/exm.d/link; stat -c '%a %u %g' /etc/exm.d /etc/exm.d/new
exit 1
"""
LAYER_POLICY = CHECKED + ("[File /etc/exm.d/*]\nLens=Simplevars.lns\nSet=**\nDelete=yes\n"
                          "Create=0640 panel:root\n")


def layered(w, before=lambda w: None):
    small_root(w, LAYERS)
    for name in ("old", "gone", "sub/inner"):
        w.write(f"/etc/exm.d/{name}", f"{name}\n")
    os.symlink("old", w.at("/etc/exm.d/link"))
    os.mkdir(w.at("/etc/exm.d/mounted"))
    w.mount("-t", "tmpfs", "exm", w.at("/etc/exm.d/mounted"))
    w.write("/etc/exm.d/mounted/file", "mounted\n")
    os.chmod(w.at("/etc/exm.d"), 0o751)
    os.chown(w.at("/etc/exm.d"), 0, 4711)
    before(w)
    result = run_check(w, ("/etc/exm.d/new", "new\n"), ("/etc/exm.d/gone", None), NEW,
                       policy=LAYER_POLICY)
    names = "link mounted new old sub "
    equal(result.output, [f"1: {names}", f"2: {names}", f"3: {names}", "new", "sub/inner",
                          "mounted", "old", "751 0 4711", "640 4711 0"], result.text)


@test("a directory in which files are made and removed has its own owner and mode, and what is "
      "mounted in it")
def overlay(w):
    layered(w)


@test("the same where no overlay can be had")
def shadow(w):
    def pile_up(w):
        # two overlays upon each other are as many as there may be
        place = w.at("/etc")
        for number in (1, 2):
            where = w.path_of(f"layer-{number}")
            os.mkdir(where)
            w.mount("-t", "tmpfs", "exm", where)
            os.mkdir(f"{where}/upper")
            os.mkdir(f"{where}/work")
            w.mount("-t", "overlay", "exm", "-o", f"lowerdir={place},upperdir={where}/upper,"
                    f"workdir={where}/work", place)
        os.makedirs(w.at("/etc/exm.d/mounted"), exist_ok=True)
        w.mount("-t", "tmpfs", "exm", w.at("/etc/exm.d/mounted"))
        w.write("/etc/exm.d/mounted/file", "mounted\n")
        w.mount("-t", "tmpfs", "exm", w.path_of("layer-1"))
        check(subprocess.run(["mount", "-t", "overlay", "exm", "-o",
                              f"lowerdir={place}:{w.at('/opt')}", w.at("/home")],
                             capture_output=True, check=False).returncode != 0,
              "a third one can be had")
    layered(w, pile_up)


@test("a file in directories that MakeDirs= makes, and one beside it: with owner and mode")
def make_dirs(w):
    small_root(w, "stat -c '%n %a %u %g' /srv/a /srv/a/b /srv/a/b/new; cat /srv/a/b/new /srv/a/b/two; "
                  "ls -A /srv; exit 1")
    w.write("/srv/old", "")
    policy = ("[File /srv/a/b/*]\nLens=Simplevars.lns\nSet=**\nCreate=0640 panel:root\n"
              "MakeDirs=0750 root:panel\nCheck=/opt/check\n")
    before = snapshot(w)
    result = run_check(w, ("/srv/a/b/new", "new\n"), ("/srv/a/b/two", "two\n"), policy=policy)
    equal(result.output, ["/srv/a 750 0 4711", "/srv/a/b 750 0 4711", "/srv/a/b/new 640 4711 0",
                          "new", "two", "a", "old"], result.text)
    equal(snapshot(w), before)
    run_check(w, ("/srv/a/b/new", "new\n"),
              policy=policy.replace("MakeDirs=0750 root:panel\n", "")).is_impossible("No such file")


@test("owner, mode, access control list and attributes are those of the file that is there")
def metadata(w):
    small_root(w, """
import os, sys
st = os.stat("/etc/exm.conf")
print(oct(st.st_mode), st.st_uid, st.st_gid)
print(os.getxattr("/etc/exm.conf", "system.posix_acl_access").hex())
print(*sorted(os.listxattr("/etc/exm.conf")), sep="\\n")
sys.exit(1)
""", shebang="#!/usr/bin/python3")
    os.chown(w.at("/etc/exm.conf"), 4711, 0)
    os.chmod(w.at("/etc/exm.conf"), 0o4750)
    # user::rwx user:4712:r-- group::r-x mask::r-x other::---
    acl = struct.pack("<I" + "HHI" * 5, 2, 1, 7, NOBODY, 2, 4, 4712, 4, 5, NOBODY, 16, 5, NOBODY,
                      32, 0, NOBODY)
    os.setxattr(w.at("/etc/exm.conf"), "system.posix_acl_access", acl)
    result = run_check(w, NEW)
    equal(result.output, ["0o104750 4711 0", acl.hex(), "system.posix_acl_access"],
          result.text)


@test("each check runs once, in the order of files and policy; the first that fails is the last")
def order(w):
    small_root(w, "echo one; exit 0", path="/opt/one")
    program(w, "grep -q new /etc/exm-2.conf || exit 9; echo two of $# $1; exit 7", path="/opt/two")
    program(w, "touch /tmp/ran; exit 0", path="/opt/three")
    policy = FILE + ("Check=/opt/one\nCheck=/opt/two 'x y' z\n[File /etc/exm-2.conf]\n"
                     "Lens=Simplevars.lns\nCreate=0600 root:root\nCheck=/opt/one\n"
                     "Check=/opt/two 'x y' z\nCheck=/opt/three\n")
    result = run_check(w, NEW, ("/etc/exm-2.conf", "new\n"), policy=policy)
    result.fails("Check=/opt/two 'x y' z: exit status 7")
    equal((result.index, result.output), (0, ["two of 2 x y"]))
    program(w, "echo failed; exit 1", path="/opt/three")
    program(w, "exit 0", path="/opt/two")
    result = run_check(w, NEW, ("/etc/exm-2.conf", "new\n"), policy=policy)
    result.fails("Check=/opt/three")
    equal(result.index, 1, "the file that names it")


@test("without a Check= in the sections of its files nothing is run")
def none(w):
    small_root(w, "exit 1")
    result = run_check(w, ("/etc/exm-2.conf", "x\n"), policy=CHECKED +
                       "[File /etc/exm-2.conf]\nLens=Simplevars.lns\nCreate=0600 root:root\n")
    check(result.none, result.text)


# ---- real programs -----------------------------------------------------------------------------------

SSHD = ("[File /etc/ssh/sshd_config]\nLens=Sshd.lns\nSet=**\nInsert=**\nRemove=**\n"
        "Check=/usr/sbin/sshd -t\n[File /etc/ssh/sshd_config.d/*.conf]\nLens=Sshd.lns\nSet=**\n"
        "Create=0600 root:root\nDelete=yes\nCheck=/usr/sbin/sshd -t\n")
SSHD_BASE = "Include /etc/ssh/sshd_config.d/*.conf\nPort 22\n"


def sshd_root(w):
    private_root(w)
    w.write("/etc/ssh/sshd_config", SSHD_BASE)
    os.makedirs(w.at("/run/sshd"), exist_ok=True)
    for name in os.listdir(w.at("/etc/ssh/sshd_config.d")):
        os.remove(w.at(f"/etc/ssh/sshd_config.d/{name}"))
    equal(subprocess.run(["ssh-keygen", "-A", "-f", w.root], capture_output=True,
                         check=False).returncode, 0)


@test("sshd -t: a good sshd_config is taken, a bad one is told with its line", seconds=180)
def sshd(w):
    sshd_root(w)
    run_check(w, ("/etc/ssh/sshd_config", SSHD_BASE + "PermitRootLogin no\n"),
              policy=SSHD).agrees()
    result = run_check(w, ("/etc/ssh/sshd_config", SSHD_BASE + "PermitRootLogin perhaps\n"),
                       policy=SSHD)
    result.fails("Check=/usr/sbin/sshd -t: exit status 255")
    contains("\n".join(result.output), "/etc/ssh/sshd_config line 3: unsupported option")


@test("sshd -t reads a drop-in that the same commit makes, and not one that it removes",
      seconds=180)
def sshd_dropin(w):
    sshd_root(w)
    bad = ("/etc/ssh/sshd_config.d/exm.conf", "PermitRootLogin perhaps\n")
    result = run_check(w, ("/etc/ssh/sshd_config", SSHD_BASE + "Port 2222\n"), bad, policy=SSHD)
    result.fails("exit status 255")
    contains("\n".join(result.output), "/etc/ssh/sshd_config.d/exm.conf line 1")
    run_check(w, ("/etc/ssh/sshd_config", SSHD_BASE + "Port 2222\n"),
              ("/etc/ssh/sshd_config.d/exm.conf", "PermitRootLogin no\n"), policy=SSHD).agrees()
    w.write(*bad)
    run_check(w, ("/etc/ssh/sshd_config", SSHD_BASE), policy=SSHD).fails("exit status 255")
    run_check(w, ("/etc/ssh/sshd_config.d/exm.conf", None), policy=SSHD).agrees()


NGINX = ("[File /etc/nginx/nginx.conf]\nLens=Nginx.lns\nSet=**\nCheck=/usr/sbin/nginx -t\n"
         "[File /etc/nginx/sites-enabled/*]\nLens=Nginx.lns\nSet=**\nCreate=0644 root:root\n"
         "Delete=yes\nCheck=/usr/sbin/nginx -t\n")
NGINX_BASE = """user www-data;
pid /run/nginx.pid;
error_log /var/log/nginx/error.log;
events { }
http {
	access_log /var/log/nginx/access.log;
	include /etc/nginx/sites-enabled/*;
}
"""


def nginx_root(w):
    private_root(w)
    subprocess.run(["rm", "-rf", w.at("/etc/nginx/sites-enabled")], check=True)
    w.write("/etc/nginx/nginx.conf", NGINX_BASE)
    for name in ("a", "b", "c"):
        w.write(f"/etc/nginx/sites-enabled/{name}",
                f"server {{ listen 80; server_name {name}; }}\n")
    for name in ("lib/nginx", "log/nginx"):
        os.mkdir(w.at(f"/var/{name}"))
    log = w.write("/var/log/nginx/access.log", "one line\n", 0o640)
    os.chown(log, 33, 4)


@test("nginx -t: two files changed, one created, one removed, in one commit")
def nginx(w):
    nginx_root(w)
    before = snapshot(w)
    files = [("/etc/nginx/nginx.conf", NGINX_BASE.replace("http {", "http {\n\tserver_tokens off;")),
             ("/etc/nginx/sites-enabled/a", "server { listen 192.0.2.7:8080; server_name a2; }\n"),
             ("/etc/nginx/sites-enabled/b", None),
             ("/etc/nginx/sites-enabled/d", "server { listen unix:/run/d.sock; server_name d; }\n")]
    run_check(w, *files, policy=NGINX).agrees()
    files[3] = ("/etc/nginx/sites-enabled/d", "server { listen 80 }\n")
    result = run_check(w, *files, policy=NGINX)
    result.fails("Check=/usr/sbin/nginx -t: exit status 1")
    contains("\n".join(result.output), "/etc/nginx/sites-enabled/d:1")
    # the removed one counts: as long as it is there, twice the same name on a default_server fails
    w.write("/etc/nginx/sites-enabled/b", "server { listen 80 default_server; }\n")
    w.write("/etc/nginx/sites-enabled/c", "server { listen 81; }\n")
    twice = ("/etc/nginx/sites-enabled/a", "server { listen 80 default_server; }\n")
    run_check(w, twice, policy=NGINX).fails("exit status 1")
    run_check(w, twice, ("/etc/nginx/sites-enabled/b", None), policy=NGINX).agrees()
    w.write("/etc/nginx/sites-enabled/b", "server { listen 80; server_name b; }\n")
    w.write("/etc/nginx/sites-enabled/c", "server { listen 80; server_name c; }\n")
    after = snapshot(w)
    equal({name: after[name][:1] for name in after if "sites-enabled" not in name},
          {name: before[name][:1] for name in before if "sites-enabled" not in name},
          "logs, directories and /run")
    equal(w.read("/var/log/nginx/access.log"), "one line\n")


@test("visudo -c: sudoers with an include that the same commit makes")
def visudo(w):
    private_root(w)
    policy = ("[File /etc/sudoers]\nLens=Sudoers.lns\nSet=**\nCheck=/usr/sbin/visudo -c\n"
              "[File /etc/sudoers.d/*]\nLens=Sudoers.lns\nSet=**\nCreate=0440 root:root\n"
              "Check=/usr/sbin/visudo -c\n")
    base = w.read("/etc/sudoers")
    contains(base, "/etc/sudoers.d")
    run_check(w, ("/etc/sudoers", base + "panel ALL=(root) /bin/true\n"),
              ("/etc/sudoers.d/exm", "guest ALL=(root) /bin/true\n"), policy=policy).agrees()
    result = run_check(w, ("/etc/sudoers.d/exm", "guest ALL=(root /bin/true\n"), policy=policy)
    result.fails("Check=/usr/sbin/visudo -c: exit status 1")
    contains("\n".join(result.output), "/etc/sudoers.d/exm:1")


@test("named-checkconf: a zone file that the configuration names")
def named(w):
    private_root(w)
    w.write("/etc/bind/named.conf", 'zone "example" { type master; file "/etc/bind/db.example"; };\n')
    w.write("/etc/bind/db.example", "")
    policy = ("[File /etc/bind/*]\nLens=Bind.lns\nSet=**\nCreate=0644 root:root\n"
              "Check=/usr/bin/named-checkconf -z /etc/bind/named.conf\n")
    zone = "$TTL 60\n@ IN SOA ns root 1 60 60 60 60\n  IN NS ns\nns IN A 192.0.2.1\n"
    run_check(w, ("/etc/bind/db.example", zone), policy=policy).agrees()
    result = run_check(w, ("/etc/bind/db.example", zone.replace("IN A", "IN B")), policy=policy)
    result.fails("named-checkconf -z /etc/bind/named.conf: exit status 1")
    contains("\n".join(result.output), "db.example:4")


# ---- what it cannot do ----------------------------------------------------------------------------------

WRITES = """#!/usr/bin/python3
import os, stat, sys
def tries(name, function):
    try:
        function()
        print("did", name)
    except OSError:
        pass
def write(path):
    fd = os.open(path, os.O_WRONLY | os.O_APPEND | os.O_NONBLOCK)
    os.write(fd, b"x")
for top, below, names in os.walk("/"):
    if top.split("/")[1] in ("proc", "sys", "dev", "usr", "run", "var", "tmp"):
        below.clear()
        continue
    tries("make in " + top, lambda: os.mkdir(top + "/exm-made"))
    tries("link in " + top, lambda: os.symlink("x", top + "/exm-link"))
    for name in names:
        path = os.path.join(top, name)
        if os.path.islink(path):
            continue
        tries("write " + path, lambda: write(path))
        tries("truncate " + path, lambda: os.truncate(path, 0))
        tries("remove " + path, lambda: os.remove(path))
        tries("chmod " + path, lambda: os.chmod(path, 0o777))
        tries("chown " + path, lambda: os.chown(path, 1, 1))
        tries("xattr " + path, lambda: os.setxattr(path, "trusted.exm", b"x"))
for path in ("/usr/bin/true", "/usr/local", "/sys/kernel/mm/ksm/run", "/proc/sys/kernel/hostname",
             "/proc/sys/kernel/core_pattern", "/proc/sysrq-trigger", "/dev/shm", "/sys/fs/cgroup"):
    if os.path.isdir(path):
        tries("make in " + path, lambda: os.mkdir(path + "/exm-made"))
    else:
        tries("write " + path, lambda: write(path))
tries("device", lambda: os.mknod("/tmp/disk", stat.S_IFBLK | 0o600, os.makedev(254, 0)))
for name in os.listdir("/dev"):
    if name not in ("null", "zero", "full", "random", "urandom", "tty", "fd", "stdin", "stdout",
                    "stderr"):
        print("device", name)
# what is thrown away
for top in ("/run", "/var/log", "/var/lib", "/tmp", "/var/tmp"):
    os.mkdir(top + "/exm-made")
    with open(top + "/exm-file", "w") as file:
        file.write("x")
print("end")
sys.exit(1)
"""


@test("it writes nowhere but to what is thrown away: not to files, devices, /proc, /sys, /dev/shm")
def writes(w):
    small_root(w, "")
    w.write("/opt/check", WRITES, 0o755)
    before, mounted = snapshot(w), mounts()
    result = run_check(w, NEW)
    equal(result.output, ["end"], result.text)
    equal(snapshot(w), before)
    equal(mounts(), mounted)


@test("a pipe in the file system is not written to")
def pipe(w):
    small_root(w, "timeout 1 sh -c 'echo x >/etc/fifo' 2>/dev/null && echo written; exit 1")
    os.mkfifo(w.at("/etc/fifo"))
    reader = os.open(w.at("/etc/fifo"), os.O_RDONLY | os.O_NONBLOCK)
    w.undo.callback(os.close, reader)
    result = run_check(w, NEW)
    equal(result.output, [], result.text)
    equal(os.read(reader, 1), b"")


@test("it reaches nobody: no network, no socket of a local daemon, no name of an abstract one")
def no_network(w):
    small_root(w, """
import os, socket, sys
def tries(name, kind, how, where):
    try:
        s = socket.socket(kind, how)
        s.connect(where)
        print("connected to", name)
    except OSError as error:
        print("not", name, error.errno)
    try:
        s = socket.socket(kind, socket.SOCK_DGRAM)
        s.sendto(b"x", where)
        print("sent to", name)
    except OSError:
        pass
    try:
        s = socket.socket(kind, socket.SOCK_DGRAM)
        s.sendmsg([b"x"], [], 0, where)
        print("sent to", name)
    except OSError:
        pass
tries("tcp", socket.AF_INET, socket.SOCK_STREAM, ("127.0.0.1", PORT))
tries("file", socket.AF_UNIX, socket.SOCK_STREAM, "/srv/sock")
tries("run", socket.AF_UNIX, socket.SOCK_STREAM, "/run/sock")
tries("dgram", socket.AF_UNIX, socket.SOCK_DGRAM, "/srv/dgram")
tries("abstract", socket.AF_UNIX, socket.SOCK_STREAM, "\\0exm-abstract")
with open("/proc/net/dev") as file:
    print(len(file.readlines()) - 2, "interface")
sys.exit(1)
""", shebang="#!/usr/bin/python3")
    tcp = socket.create_server(("127.0.0.1", 0))
    os.mkdir(w.at("/srv"))
    listening = [tcp]
    for kind, where in ((socket.SOCK_STREAM, w.at("/srv/sock")), (socket.SOCK_STREAM,
                        w.at("/run/sock")), (socket.SOCK_DGRAM, w.at("/srv/dgram")),
                        (socket.SOCK_STREAM, "\0exm-abstract")):
        one = socket.socket(socket.AF_UNIX, kind)
        one.bind(where)
        if kind == socket.SOCK_STREAM:
            one.listen()
        listening.append(one)
    where = w.at("/opt/check")
    with open(where, encoding="utf-8") as file:
        text = file.read().replace("PORT", str(tcp.getsockname()[1]))
    w.write("/opt/check", text, 0o755)
    result = run_check(w, NEW)
    equal([line.rsplit(" ", 1)[0] for line in result.output[:5]],
          ["not tcp", "not file", "not run", "not dgram", "not abstract"], result.text)
    equal(result.output[5:], ["1 interface"])
    for one in listening:
        one.close()


@test("a daemon that it leaves behind, in a session of its own, ends with it")
def leaves_daemon(w):
    small_root(w, "setsid sh -c 'trap \"\" TERM HUP; setsid sleep 1234 & sleep 1235' "
                  ">/dev/null 2>&1 & exit 0")
    run_check(w, NEW).agrees()
    equal(sleepers(), [])


def all_sleepers():
    return {pid for pid in filter(str.isdigit, os.listdir("/proc")) if comm(pid) == "sleep"}


ELSEWHERE = all_sleepers()


def sleepers():
    """Those that a check has started; services of other topics may still run."""
    return sorted(all_sleepers() - ELSEWHERE)


@test("a daemon that keeps its output, and writes on, does not keep it from ending")
def keeps_output(w):
    small_root(w, "setsid sh -c 'while sleep 0.01; do echo more; done' & sleep 0.1; exit 0")
    run_check(w, NEW).agrees()


@test("megabytes of output do not stop it; the end of them is told, 8 KiB at most")
def prints(w):
    small_root(w, "for i in range(300000): print('line', i)\nraise SystemExit(1)",
               shebang="#!/usr/bin/python3")
    result = run_check(w, NEW)
    result.fails("exit status 1")
    equal(result.output[-1], "line 299999")
    check(7000 < sum(len(line) + 1 for line in result.output) <= 8192, "its length")


@test("one that never ends is ended with all that it started, and its time is told")
def never_ends(w):
    small_root(w, "trap '' TERM HUP INT; setsid sleep 1236 & echo waits; while :; do sleep 1; done")
    start = time.monotonic()
    # enough for it to begin
    result = run_check(w, NEW, timeout="3s")
    result.fails("it took too long", TIMEOUT)
    equal(result.output, ["waits"])
    check(time.monotonic() - start < 20, "it took too long")
    equal(sleepers(), [])


@test("one that multiplies is ended")
def multiplies(w):
    small_root(w, "f() { (sleep 0.02; f) & }; f; f; f; while :; do sleep 1; done")
    run_check(w, NEW, timeout="1s").fails("it took too long", TIMEOUT)
    equal(sleepers(), [])


@test("one that would exit with 0 when its time is over has not agreed")
def late_zero(w):
    # at rest, so that its time is over before that of the CPU, however late anybody looks
    small_root(w, "trap 'exit 0' TERM XCPU; while :; do sleep 0.1; done")
    run_check(w, NEW, timeout="1s").fails("it took too long", TIMEOUT)


@test("one that is killed by a limit has not agreed, and cannot catch it")
def killed_by_limit(w):
    small_root(w, """
import resource, signal, sys
signal.signal(signal.SIGXCPU, lambda *_: sys.exit(0))
print(*resource.getrlimit(resource.RLIMIT_CPU))
sys.stdout.flush()
resource.setrlimit(resource.RLIMIT_CPU, (1, 1))
while True:
    pass
""", shebang="#!/usr/bin/python3")
    result = run_check(w, NEW)
    result.fails("killed by signal 9", SIGNALED)
    equal(result.output, ["31 31"], "the soft limit is the hard one")


@test("/proc shows it its own processes only, and no other's files and memory")
def own_proc(w):
    small_root(w, """
import os, sys
for pid in filter(str.isdigit, os.listdir("/proc")):
    if int(pid) != os.getpid():
        name = open(f"/proc/{pid}/comm").read().strip()
        for entry in ("root/etc/exm.conf", "mem", "environ", "fd", "cwd", "exe"):
            try:
                where = f"/proc/{pid}/{entry}"
                if os.listdir(where) if entry == "fd" else open(where, "rb").read(1):
                    print("read", where)
            except OSError:
                pass
        print("sees", name)
print(os.getppid())
sys.exit(1)
""", shebang="#!/usr/bin/python3")
    result = run_check(w, NEW)
    equal(result.output, ["sees exmachina-run", "0"], result.text)


@test("the new file of another commit that is checked at the same time is nowhere to be found")
def other_commit(w):
    small_root(w, "grep -rlsa 'pass phrase' /etc /tmp /run /dev /var /proc/[0-9]*/root/etc/exm.conf "
                  "/proc/[0-9]*/environ /proc/[0-9]*/fd; cat /etc/exm.conf; "
                  f"if grep -q pass /etc/exm.conf; then {WAITS}; fi; exit 1")
    first = begin(w, ("/etc/exm.conf", "pass phrase = 1\n"))
    wait_running()
    result = run_check(w, NEW)
    equal(result.output, ["a = 2"], result.text)
    let_go(w)
    equal(end(first).output, ["/etc/exm.conf", "/proc/2/root/etc/exm.conf", "pass phrase = 1"],
          "what the other one finds of its own")


@test("a new file of mode 0600 is never readable by others: not by name, not by any process")
def never_readable(w):
    small_root(w, f"cat /etc/exm.conf >/dev/null; sleep 1; {WAITS}; exit 0")
    os.chmod(w.at("/etc/exm.conf"), 0o600)
    token = os.urandom(8).hex()
    process = begin(w, ("/etc/exm.conf", f"a = {token}\n"))
    search = f"""
import os, sys
for top in ("/tmp", "/run", "/dev/shm", "/var/tmp"):
    for where, below, names in os.walk(top):
        below[:] = [one for one in below if one not in ("usr", "proc", "dev")]
        for name in names:
            if name.startswith("new-"):
                continue
            try:
                with open(os.path.join(where, name), "rb") as file:
                    if {token!r}.encode() in file.read(1 << 16):
                        print(os.path.join(where, name))
            except OSError:
                pass
for pid in filter(str.isdigit, os.listdir("/proc")):
    for entry in ("root/etc/exm.conf", "cwd/etc/exm.conf", "mem"):
        try:
            with open(f"/proc/{{pid}}/{{entry}}", "rb") as file:
                if {token!r}.encode() in file.read(1 << 16):
                    print(pid, entry)
        except OSError:
            pass
"""
    found = []
    while process.poll() is None:
        found.append(subprocess.run(["setpriv", "--reuid", "guest", "--clear-groups", "python3",
                                     "-c", search], capture_output=True, text=True,
                                    check=True).stdout)
        let_go(w)
    check(found, "nobody has looked")
    equal("".join(found), "")
    end(process).agrees()


@test("what gives it more: no capability beyond six, no set-id program, no namespace, no new root")
def capabilities(w):
    small_root(w, """
import ctypes, os, sys
for line in open("/proc/self/status"):
    if line.startswith(("CapEff", "CapBnd", "CapPrm", "CapInh", "CapAmb", "NoNewPrivs", "Seccomp:")):
        print(*line.split())
libc = ctypes.CDLL(None, use_errno=True)
for name, flags in (("user", 0x10000000), ("mount", 0x20000), ("pid", 0x20000000)):
    if libc.unshare(flags) == 0:
        print("unshared", name)
if libc.mount(b"x", b"/tmp", b"tmpfs", 0, None) == 0:
    print("mounted")
if libc.chroot(b"/tmp") == 0:
    print("another root")
sys.exit(1)
""", shebang="#!/usr/bin/python3")
    result = run_check(w, NEW)
    kept = f"{1 << 0 | 1 << 1 | 1 << 2 | 1 << 3 | 1 << 4 | 1 << 10:016x}"
    equal(result.output, ["CapInh: " + "0" * 16, "CapPrm: " + kept, "CapEff: " + kept,
                          "CapBnd: " + kept, "CapAmb: " + "0" * 16, "NoNewPrivs: 1", "Seccomp: 2"],
          result.text)


@test("its environment is PATH and LANG, its descriptors /dev/null and a pipe")
def environment(w):
    small_root(w, """
import os, sys
print(sorted(os.environ), os.getcwd(), sys.argv)
for name in ("0", "1", "2", "3", "4", "5"):
    try:
        print(name, os.readlink("/proc/self/fd/" + name).split(":")[0])
    except OSError:
        pass
sys.exit(1)
""", shebang="#!/usr/bin/python3 -E")
    result = run_check(w, NEW)
    equal(result.output[0], "['LANG', 'PATH'] / ['/opt/check']", result.text)
    equal(result.output[1:4], ["0 /dev/null", "1 pipe", "2 pipe"])
    check(len(result.output) == 4, result.text)


# ---- what it cannot be given -------------------------------------------------------------------------------

@test("a symbolic link, on the way or at the end, a hard link, a bind mount: refused as by a commit")
def not_plain(w):
    small_root(w, "exit 0")
    w.write("/etc/real.conf", "x\n")
    path = w.at("/etc/exm.conf")
    os.remove(path)
    os.symlink("real.conf", path)
    run_check(w, NEW).is_impossible("/etc/exm.conf: there is a symbolic link on its path")
    os.remove(path)
    os.link(w.at("/etc/real.conf"), path)
    run_check(w, NEW).is_impossible("hard link of several names")
    os.remove(path)
    w.write("/etc/exm.conf", "a\n")
    w.mount("--bind", w.at("/etc/hosts"), path)
    run_check(w, NEW).is_impossible("bind mount")
    policy = CHECKED.replace("/etc/exm.conf", "/etc/link/exm.conf")
    os.makedirs(w.at("/srv"), exist_ok=True)
    os.symlink("../srv", w.at("/etc/link"))
    w.write("/srv/exm.conf", "a\n")
    run_check(w, ("/etc/link/exm.conf", "b\n"), policy=policy).is_impossible("symbolic link")
    policy = CHECKED.replace("/etc/exm.conf", "/etc/fifo")
    os.mkfifo(w.at("/etc/fifo"))
    run_check(w, ("/etc/fifo", "b\n"), policy=policy).is_impossible("not a regular file")


@test("a file that is replaced, or removed, while it is checked: the check does not count")
def swapped(w):
    small_root(w, f"{WAITS}; cat /etc/exm.conf; exit 0")
    for act in (lambda path: os.replace(path + ".other", path), os.remove):
        w.write("/etc/exm.conf", "a = 1\n")
        w.write("/etc/exm.conf.other", "a = 1\n")
        process = begin(w, NEW)
        wait_running()
        act(w.at("/etc/exm.conf"))
        let_go(w)
        end(process).is_impossible("/etc/exm.conf: it was replaced while it was checked")
        os.remove(w.at("/opt/go"))


@test("a path that is exchanged with links all the time is never seen elsewhere", seconds=180)
def exchanged(w):
    small_root(w, "cat /etc/exm.conf /etc/shadow-like 2>/dev/null; exit 0")
    w.write("/etc/shadow-like", "secret\n", 0o600)
    os.symlink("shadow-like", w.at("/etc/other"))
    swap = w.process("/opt/exmachina-tests/hostile/swap", w.at("/etc"), "exm.conf", "other",
                     stderr=subprocess.DEVNULL)
    seen = set()
    for _ in range(20):
        result = run_check(w, NEW)
        seen.add(result.outcome)
        if result.outcome == "IO":
            check("symbolic link" in result.why or "replaced" in result.why, result.text)
    check(seen <= {"DONE", "IO"}, f"{seen}")
    equal(w.read("/etc/shadow-like"), "secret\n")
    check(swap.poll() is None, "nobody has exchanged anything")


@test("a program that is missing, no program, not root's, or others' to write is not run")
def bad_program(w):
    small_root(w, "exit 0")
    where = w.at("/opt/check")
    os.chmod(where, 0o775)
    run_check(w, NEW).is_impossible("can be written by others than root")
    os.chmod(where, 0o755)
    os.chown(where, 4711, 0)
    run_check(w, NEW).is_impossible("is not owned by root")
    os.chown(where, 0, 0)
    os.chmod(where, 0o644)
    run_check(w, NEW).is_impossible("cannot be started: Permission denied")
    os.remove(where)
    run_check(w, NEW).is_impossible("/opt/check: No such file or directory")
    os.mkdir(where)
    run_check(w, NEW).is_impossible("is no program")


# ---- secrets ----------------------------------------------------------------------------------------------

@test("values of secret nodes, old and new, and their words, are masked in what it prints")
def masked(w):
    small_root(w, "cat /etc/exm.conf; echo 'was: oldpass phrase'; echo just phrase; exit 1")
    result = run_check(w, ("/etc/exm.conf", "user = me\npass = \"hunter2 squirrel\"\n"),
                       policy=FILE + "Secret=pass\nCheck=/opt/check\n",
                       more=("--changed", "/etc/exm.conf", "/pass", "oldpass phrase",
                             "hunter2 squirrel", "--changed", "/etc/exm.conf", "/user", "you",
                             "me"))
    result.fails("exit status 1")
    equal(result.output, ['user = me', 'pass = "(secret)"', "was: (secret)", "just (secret)"])


@test("a secret that is cut at the beginning of what is kept is not shown in part")
def masked_cut(w):
    secret = "s3cr3t" * 100
    small_root(w, f"import sys\nprint('{secret} ' * 4000)\nsys.exit(1)",
               shebang="#!/usr/bin/python3")
    result = run_check(w, ("/etc/exm.conf", f"pass = {secret}\n"),
                       policy=FILE + "Secret=pass\nCheck=/opt/check\n",
                       more=("--changed", "/etc/exm.conf", "/pass", "x", secret))
    result.fails("exit status 1")
    check(result.output and "s3cr3t" not in "".join(result.output), result.text)
    contains("".join(result.output), "(secret)")


@test("where the changes are not known, as with Verify=no, the output of secret files is not shown")
def withheld(w):
    small_root(w, "cat /etc/exm.conf; exit 1")
    result = run_check(w, ("/etc/exm.conf", "pass = hunter2\n"),
                       policy=FILE + "Secret=pass\nVerify=no\nCheck=/opt/check\n")
    equal(result.output, ["(not shown: it might tell a secret)"])


# ---- who may die ---------------------------------------------------------------------------------------------

def helper_of(process):
    found = []
    wait_until(lambda: found.extend(pid for pid in children(process.pid)
                                    if comm(pid) == "exmachina-run") or found, "the helper")
    return found[0]


@for_each([("exmachina-run killed in the midst of a check: it goes on to its end, and tells it", 0),
           ("the process that looks after a check killed: all of it ends, and that is told", 1)])
def killed(w, which):
    small_root(w, "setsid sleep 1237 & sleep 1238; exit 0")
    before, mounted = snapshot(w), mounts()
    # enough to find it; and where it goes on to its end, that is waited for
    w.policy(SESSION.replace("10s", "30s" if which else "5s") + CHECKED)
    process = w.process(PROBE, w.policy_dir, w.root, *arguments_of(w, [NEW]),
                        stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    wait_until(lambda: len(sleepers()) == 2, "it runs")
    helper = helper_of(process)
    os.kill(children(helper)[0] if which else helper, signal.SIGKILL)
    if which:
        wait_until(lambda: not sleepers(), "all of it is gone", 20)
        end(process).is_impossible("was killed")
    else:
        end(process).fails("it took too long", TIMEOUT)
    equal(sleepers(), [])
    equal(mounts(), mounted)
    equal(snapshot(w), before)


@test("who asked is gone: the check comes to its end, and nothing is left of it")
def asker_gone(w):
    small_root(w, "sleep 1239; exit 0")
    w.policy(SESSION.replace("10s", "4s") + CHECKED)
    mounted = mounts()
    process = w.process(PROBE, w.policy_dir, w.root, *arguments_of(w, [NEW]),
                        stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    wait_running()
    helper = helper_of(process)
    process.kill()
    process.wait()
    wait_until(lambda: not running(helper) and not sleepers(), "all are gone", 30)
    equal(mounts(), mounted)


# ---- in a commit ---------------------------------------------------------------------------------------------

HOSTS_CHECKED = HOSTS_FREE + "Check=/opt/check\n"


def checked_session(w, body, policy=HOSTS_CHECKED, **options):
    private_root(w)
    w.write("/etc/hosts", HOSTS)
    program(w, body)
    return w.session(SESSION + policy, **options)


GOOD_NAME = "grep -q ' good$\\|\tgood$' /etc/hosts || { echo \"no good: $(tail -n 1 /etc/hosts)\"; exit 4; }"


@test("CHECK_FAILED has check, files, status and output; nothing is written, the edits are kept")
def commit_fails(w):
    s = checked_session(w, GOOD_NAME)
    s.set("/files/etc/hosts/1/canonical", "bad")
    error = s.refuse("CHECK_FAILED", "config.commit")
    equal(error.data, {"file": "/etc/hosts", "files": ["/etc/hosts"], "check": "/opt/check",
                       "status": 4, "output": ["no good: ff02::1 ip6-allnodes"],
                       "name": "CHECK_FAILED"})
    contains(str(error), "Check=/opt/check: exit status 4; nothing was written")
    equal(w.read("/etc/hosts"), HOSTS)
    equal(s.get("/files/etc/hosts/1/canonical"), "bad")
    s.set("/files/etc/hosts/1/canonical", "good")
    equal(s.commit()["changed"], True)
    contains(w.read("/etc/hosts"), "good")
    equal([(r["RESULT"], r.get("DETAIL", "")) for r in
           trail.records(w.root, METHOD="config.commit")],
          [("failed", "Check=/opt/check: exit status 4"), ("done", "")])


@test("a dry run is checked too, and writes nothing")
def commit_dry(w):
    s = checked_session(w, GOOD_NAME)
    s.set("/files/etc/hosts/1/canonical", "bad")
    s.refuse("CHECK_FAILED", "config.commit", {"dry_run": True})
    s.set("/files/etc/hosts/1/canonical", "good")
    equal(s.call("config.commit", {"dry_run": True})["changed"], True)
    equal(w.read("/etc/hosts"), HOSTS)


@test("a check that is killed by a signal: that is told")
def commit_other_ends(w):
    s = checked_session(w, "kill -SEGV $$")
    s.set("/files/etc/hosts/1/canonical", "bad")
    error = s.refuse("CHECK_FAILED", "config.commit")
    equal((error.data.get("signal"), error.data.get("status")), (11, None))


@test("a check that takes too long: CHECK_FAILED, and the session goes on")
def commit_too_long(w):
    s = checked_session(w, "sleep 100")
    # which is that of each request as well, and the first one compiles a lens
    w.policy(SESSION.replace("10s", "4s") + HOSTS_CHECKED)
    s.end()
    s = w.session()
    s.set("/files/etc/hosts/1/canonical", "x")
    error = s.refuse("CHECK_FAILED", "config.commit")
    equal((error.data.get("timeout"), error.data.get("status")), (True, None))
    s.alive()


@test("sshd -t in a commit that changes sshd_config and makes a drop-in: both or none", seconds=180)
def commit_sshd(w):
    sshd_root(w)
    s = w.session(SESSION + SSHD.replace("Set=**", "Set=**\nInsert=**"))
    s.set("/files/etc/ssh/sshd_config/Port", "2222")
    s.set("/files/etc/ssh/sshd_config.d/exm.conf/PermitRootLogin", "perhaps")
    error = s.refuse("CHECK_FAILED", "config.commit")
    equal(sorted(error.data["files"]), ["/etc/ssh/sshd_config", "/etc/ssh/sshd_config.d/exm.conf"])
    contains("\n".join(error.data["output"]), "exm.conf line 1")
    equal(w.read("/etc/ssh/sshd_config"), SSHD_BASE)
    check(not os.path.exists(w.at("/etc/ssh/sshd_config.d/exm.conf")), "it was made")
    s.set("/files/etc/ssh/sshd_config.d/exm.conf/PermitRootLogin", "no")
    s.commit()
    contains(w.read("/etc/ssh/sshd_config"), "Port 2222")
    equal(w.read("/etc/ssh/sshd_config.d/exm.conf"), "PermitRootLogin no\n")


@test("what a commit would refuse is refused before anything is run")
def commit_refused_first(w):
    s = checked_session(w, "touch /run/ran; exit 0")
    s.set("/files/etc/hosts/1/canonical", "x")
    w.write("/etc/hosts", HOSTS + "# another\n")
    s.refuse("CONFLICT", "config.commit")
    s.call("config.discard")
    os.link(w.at("/etc/hosts"), w.at("/etc/hosts-2"))
    s.set("/files/etc/hosts/1/canonical", "x")
    contains(str(s.refuse("IO", "config.commit")), "hard link")


@test("a check that cannot be run lets nothing through, and says why")
def commit_cannot(w):
    s = checked_session(w, "exit 0")
    os.remove(w.at("/opt/check"))
    s.set("/files/etc/hosts/1/canonical", "x")
    contains(str(s.refuse("IO", "config.commit")), "Check=/opt/check: /opt/check: No such file")
    equal(w.read("/etc/hosts"), HOSTS)


@test("a file that somebody else changes while it is checked: a conflict, and his edit stays")
def commit_raced(w):
    s = checked_session(w, f"{WAITS}; exit 0")
    s.set("/files/etc/hosts/1/canonical", "x")
    ident = s.request("config.commit")
    wait_running()
    with open(w.at("/etc/hosts"), "a", encoding="utf-8") as file:
        file.write("# mine\n")
    let_go(w)
    try:
        s.answer(ident)
        check(False, "no error")
    except RpcError as error:
        equal(error.name, "CONFLICT")
    equal(w.read("/etc/hosts"), HOSTS + "# mine\n")


@test("SIGHUP between two checks: no line of another policy is run in place of the second")
def commit_hup(w):
    s = checked_session(w, f"{WAITS}; exit 0", HOSTS_CHECKED + "Check=/opt/strict\n")
    program(w, "exit 1", path="/opt/strict")
    program(w, "exit 0", path="/opt/lenient")
    s.set("/files/etc/hosts/1/canonical", "x")
    ident = s.request("config.commit")
    wait_running()
    w.policy(SESSION + HOSTS_CHECKED + "Check=/opt/lenient\n")
    os.kill(s.pid, signal.SIGHUP)
    wait_until(lambda: "policy read anew" in s.log, "the other policy")
    let_go(w)
    try:
        s.answer(ident)
        check(False, "no error")
    except RpcError as error:
        contains(("IO", "CHECK_FAILED", "ENGINE_LOST"), error.name)
    equal(w.read("/etc/hosts"), HOSTS)


@test("exmachinad killed while it is checked: nothing is written, and nothing runs on")
def commit_killed(w):
    s = checked_session(w, "sleep 1240; exit 0", policy=HOSTS_CHECKED)
    w.policy(SESSION.replace("10s", "4s") + HOSTS_CHECKED)
    s.end()
    s = w.session()
    s.set("/files/etc/hosts/1/canonical", "x")
    s.request("config.commit")
    wait_running()
    os.kill(s.pid, signal.SIGKILL)
    s.status()
    wait_until(lambda: not sleepers(), "it ends", 30)
    equal(w.read("/etc/hosts"), HOSTS)


@test("SIGTERM while it is checked: nothing is written")
def commit_term(w):
    s = checked_session(w, "sleep 2; exit 0")
    s.set("/files/etc/hosts/1/canonical", "x")
    s.request("config.commit")
    time.sleep(0.5)
    os.kill(s.pid, signal.SIGTERM)
    s.status(30)
    contains((HOSTS, HOSTS.replace("localhost", "x", 1)), w.read("/etc/hosts"))


@test("SIGHUP: Check= in a policy where exmachina-run was not started is refused with the way out")
def hup_refused(w):
    private_root(w)
    s = w.session(SESSION + HOSTS_FREE)
    w.policy(SESSION + HOSTS_CHECKED)
    os.kill(s.pid, signal.SIGHUP)
    wait_until(lambda: "restart exmachinad" in s.log, "the log says so")


@test("the command line shows what a check said")
def commit_cli(w):
    private_root(w)
    w.write("/etc/hosts", HOSTS)
    program(w, GOOD_NAME)
    w.policy(SESSION + HOSTS_CHECKED)
    result = w.shell("exmachina set /files/etc/hosts/1/canonical bad && exmachina commit")
    check(result.returncode != 0, "it was committed")
    for text in ("Check=/opt/check: exit status 4", "no good: ff02::1 ip6-allnodes"):
        contains(result.stderr, text)


# ---- in the units -----------------------------------------------------------------------------------------

EXAMPLES = "/opt/exmachina-tests/examples"
POLICY_DIR = "/etc/exmachina/policy.d"
AS_PANEL = ("setpriv", "--reuid", "4711", "--regid", "4711", "--clear-groups")


def systemctl(*words):
    return subprocess.run(["systemctl", *words], capture_output=True, text=True, check=False,
                          timeout=60)


def install(w, path, text):
    """A file of the sandbox, for this test."""
    os.makedirs(os.path.dirname(path), exist_ok=True)
    with open(path, "w", encoding="utf-8") as file:
        file.write(text)
    w.undo.callback(os.remove, path)


def units(w, drop_in):
    """exmachina.socket for the panel's user, nginx's example policy, and the drop-in or not."""
    shutil.rmtree(POLICY_DIR, ignore_errors=True)
    with open(f"{EXAMPLES}/policy.d/nginx.conf", encoding="utf-8") as file:
        install(w, f"{POLICY_DIR}/nginx.conf", file.read())
    install(w, f"{POLICY_DIR}/session.conf", SESSION)
    install(w, "/etc/systemd/system/exmachina.socket.d/panel.conf", "[Socket]\nSocketUser=panel\n")
    if drop_in:
        with open(f"{EXAMPLES}/systemd/exmachina@.service.d/checks.conf", encoding="utf-8") as file:
            install(w, "/etc/systemd/system/exmachina@.service.d/checks.conf", file.read())
    systemctl("daemon-reload")
    w.undo.callback(systemctl, "stop", "exmachina@*.service")
    w.undo.callback(systemctl, "stop", "exmachina.socket")
    equal(systemctl("start", "exmachina.socket").returncode, 0)


SITE = "/files/etc/nginx/conf.d/exm.conf/server"


def panel_run(w, *edits):
    return w.run(*AS_PANEL, "/usr/bin/exmachina", "run", stdin=None,
                 input="".join(f"set {SITE}/{path} {value}\n" for path, value in edits) + "save\n")


@test("the hardened unit with checks.conf: nginx -t judges a site that is made, then it is there")
def unit(w):
    units(w, True)
    result = panel_run(w, ("listen", "8080"), ("server_name", "a.example"), ("index", "x.html"),
                       ("root", "/var/www/html"))
    equal(result.returncode, 0, result.stderr)
    w.undo.callback(os.remove, "/etc/nginx/conf.d/exm.conf")
    with open("/etc/nginx/conf.d/exm.conf", encoding="utf-8") as file:
        contains(file.read(), "listen 8080;")
    result = panel_run(w, ("listen", "99999"))
    check(result.returncode != 0, "it was taken")
    contains(result.stderr, "Check=/usr/sbin/nginx -t: exit status 1")
    contains(result.stderr, "/etc/nginx/conf.d/exm.conf:")
    with open("/etc/nginx/conf.d/exm.conf", encoding="utf-8") as file:
        contains(file.read(), "listen 8080;")


@test("the hardened unit without it: nothing is committed unchecked, and why is told")
def unit_without(w):
    units(w, False)
    result = panel_run(w, ("listen", "8080"), ("server_name", "a.example"))
    check(result.returncode != 0, "it was taken")
    contains(result.stderr, "Check=/usr/sbin/nginx -t")
    check(not os.path.exists("/etc/nginx/conf.d/exm.conf"), "it was made")


# ---- the policy ------------------------------------------------------------------------------------------------

@test("-t warns of a program that is not there, below the root; -T prints Check=; whatcan lists it")
def shown(w):
    private_root(w)
    w.policy(SESSION + HOSTS_FREE + "Check=/opt/check -x 'a b'\nCheck=/bin/true\n")
    result = w.daemon("-t", "--policy", w.policy_dir, "--root", w.root)
    equal(result.returncode, 0)
    contains(result.stderr, "[File /etc/hosts]: Check=/opt/check -x 'a b': there is no such program")
    check("/bin/true" not in result.stderr, result.stderr)
    contains(w.daemon("-T", "--policy", w.policy_dir).stdout, "Check=/opt/check -x 'a b'\n")
    s = w.session()
    equal(s.call("session.whatcan")["files"][0]["checks"], ["/opt/check -x 'a b'", "/bin/true"])


@for_each([(f"Check={line!r} is refused with file and line", line, why) for line, why in (
    ("sshd -t", "absolute path"), ("./check", "absolute path"), ("/opt/check {}", "'{}'"),
    ("/opt/check 'x", "without an end"), ("/opt/check x\\", "without an end"),
    ("/opt/../check", "simplest form"), ("/opt/check " + "x" * 511, "too long"),
    ("/opt/check" + " x" * 32, "more than 32 words"))])
def refused_line(w, line, why):
    w.policy(SESSION + HOSTS_FREE + f"Check={line}\n")
    result = w.daemon("-t", "--policy", w.policy_dir)
    equal(result.returncode, 1)
    contains(result.stderr, "test.conf:9: Check=")
    contains(result.stderr, why)


if __name__ == "__main__":
    main()
