#!/usr/bin/python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""Packages, by a real apt-get and dpkg from an archive that is made here: what is answered is what
dpkg says afterwards, and only what the policy allows happens, dependencies and all."""

import fcntl
import hashlib
import json
import os
import shutil
import signal
import subprocess
import sys

sys.path.insert(0, sys.path[0] + "/../lib")
import exm
from exm import (CLI, SESSION, check, contains, equal, main, matches, running, unit_property,
                 wait_until)

ARCHIVE = "/srv/exm-archive"
LOCK_FRONTEND = "/var/lib/dpkg/lock-frontend"
LOCK_ARCHIVES = "/var/cache/apt/archives/lock"
LOCK_LISTS = "/var/lib/apt/lists/lock"
EXAMPLE = "/opt/exmachina-tests/examples/package"
GATE = "/run/exm-gate"  # a package's script waits here
SECONDS = 240  # of a test: where others are at work, too, apt-get and dpkg take their time

POLICY = SESSION.replace("10s", "60s") + """
[Package exm-*]
Allow=status install upgrade update
[Package exm-app]
Allow=status install remove upgrade
[Package exm-single]
Allow=status install remove upgrade
[Package exm-c++]
Allow=status install remove
[Package exm-fixed]
Allow=status
[Package exm-base]
Allow=status install remove
[Package exm-lib2]
Allow=status install remove
"""
TIGHT = SESSION.replace("10s", "60s") + """
[Package exm-app]
Allow=install
"""

# name, version: control fields, scripts, files
SCRIPT = "#!/bin/sh\n"
PACKAGES = [
    ("exm-lib", "1.0", {}, {}, {}),
    ("exm-lib", "2.0", {}, {}, {}),
    ("exm-app", "1.0", {"Depends": "exm-lib"}, {}, {}),
    ("exm-app", "2.0", {"Depends": "exm-lib (>= 2.0)"}, {}, {}),
    ("exm-lib2", "1.0", {}, {}, {}),
    ("exm-user", "1.0", {"Depends": "exm-lib2"}, {}, {}),
    ("exm-single", "1.0", {}, {}, {"/etc/exm-single.conf": "as packaged, 1\n"}),
    ("exm-single", "2.0", {}, {}, {"/etc/exm-single.conf": "as packaged, 2\n"}),
    ("exm-rival", "1.0", {"Conflicts": "exm-single"}, {}, {}),
    ("exm-fixed", "1.0", {}, {}, {}),
    ("exm-fixed", "2.0", {}, {}, {}),
    ("exm-needs-fixed", "1.0", {"Depends": "exm-fixed (>= 2.0)"}, {}, {}),
    ("exm-base", "1.0", {"Essential": "yes"}, {}, {}),
    ("exm-c++", "1.0", {}, {}, {}),
    ("exm-provider", "1.0", {"Provides": "exm-virtual"}, {}, {}),
    ("exm-bad", "1.0", {"Depends": "exm-lib"},
     {"postinst": SCRIPT + "echo 'the trouble begins' >&2\nexit 3\n"}, {}),
    ("exm-loud", "1.0", {},
     {"postinst": SCRIPT + "head -c 1048576 /dev/zero | tr '\\0' x | fold -w 100\n"
      "echo; echo the last line >&2\nexit 1\n"}, {}),
    ("exm-ask", "1.0", {"Depends": "debconf"},
     {"postinst": SCRIPT + ". /usr/share/debconf/confmodule\ndb_input critical exm-ask/q || true\n"
      "db_go || true\ndb_get exm-ask/q\necho \"$RET\" >/run/exm-answer\ndb_stop\n",
      "templates": "Template: exm-ask/q\nType: string\nDefault: by default\n"
      "Description: What now?\n Say it.\n"}, {}),
    ("exm-reader", "1.0", {},
     {"postinst": SCRIPT + "if read -r line; then echo \"read $line\"; else echo nothing; fi "
      ">/run/exm-answer\n"}, {}),
    ("exm-slow", "1.0", {}, {"postinst": SCRIPT + f"read -r line <{GATE}\n"}, {}),
    ("exm-again", "1.0", {},
     {"postinst": SCRIPT + "systemctl restart exmachina-panel.service\n"
      f"read -r line <{GATE}\n"}, {}),
]


def test(name):
    return exm.test(name, SECONDS)


def for_each(values):
    return exm.for_each(values, SECONDS)


def build(name, version, fields, scripts, files):
    tree = f"/tmp/exm-build/{name}"
    shutil.rmtree(tree, ignore_errors=True)
    os.makedirs(f"{tree}/DEBIAN")
    control = {"Package": name, "Version": version, "Architecture": "all",
               "Maintainer": "Nobody <nobody@example.org>", "Description": "for a test", **fields}
    text = "".join(f"{key}: {value}\n" for key, value in control.items())
    with open(f"{tree}/DEBIAN/control", "w", encoding="ascii") as file:
        file.write(text)
    if files:
        scripts = {**scripts, "conffiles": "".join(f"{path}\n" for path in files)}
    for path, content in [*((f"/DEBIAN/{name}", text) for name, text in scripts.items()),
                          *files.items()]:
        os.makedirs(os.path.dirname(tree + path), exist_ok=True)
        with open(tree + path, "w", encoding="ascii") as file:
            file.write(content)
        os.chmod(tree + path, 0o755 if content.startswith("#!") else 0o644)
    path = f"{ARCHIVE}/{name}_{version}.deb"
    subprocess.run(["dpkg-deb", "--build", "--root-owner-group", tree, path], check=True,
                   stdout=subprocess.DEVNULL)
    with open(path, "rb") as file:
        data = file.read()
    return text + (f"Filename: ./{name}_{version}.deb\nSize: {len(data)}\n"
                   f"SHA256: {hashlib.sha256(data).hexdigest()}\n\n")


INDEX = {}


def apt(*words):
    return subprocess.run(["apt-get", "-qq", "-y", "-o", "Dpkg::Options::=--force-confold", *words],
                          check=True, stdin=subprocess.DEVNULL, capture_output=True, text=True,
                          env={**os.environ, "DEBIAN_FRONTEND": "noninteractive"})


def offer(version, update=True):
    """The archive has all packages up to that version from now on."""
    with open(f"{ARCHIVE}/Packages", "w", encoding="ascii") as file:
        file.write("".join(text for (_, v), text in INDEX.items() if v <= version))
    if update:
        apt("update")


def archive(w, version="1.0"):
    """An archive with that version of its packages, none of which is installed."""
    if not INDEX:
        shutil.rmtree(ARCHIVE, ignore_errors=True)
        os.makedirs(ARCHIVE)
        for package in PACKAGES:
            INDEX[package[:2]] = build(*package)
        shutil.rmtree("/etc/apt/sources.list.d", ignore_errors=True)
        with open("/etc/apt/sources.list", "w", encoding="ascii") as file:
            file.write(f"deb [trusted=yes] file:{ARCHIVE} ./\n")
    offer(version)
    w.undo.callback(purge)


def is_free(path):
    with open(path, "a", encoding="ascii") as file:
        try:
            fcntl.lockf(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            return False
        return True


def purge():
    # an apt-get whose server is gone has more to do once dpkg says that the package is installed
    wait_until(lambda: is_free(LOCK_FRONTEND), "dpkg's lock", 60)
    there = [name for name in {name for name, _ in INDEX} if dpkg(name)]
    if there:
        for script in ("prerm", "postrm"):
            for name in there:
                if os.path.exists(path := f"/var/lib/dpkg/info/{name}.{script}"):
                    os.unlink(path)
        subprocess.run(["dpkg", "--purge", "--force-all", *there], check=True,
                       capture_output=True)
    for path in ("/run/exm-answer", GATE):
        if os.path.exists(path):
            os.unlink(path)


def dpkg(name):
    """(state, version), or None for what dpkg does not know."""
    run = subprocess.run(["dpkg-query", "-W", "-f", "${db:Status-Status} ${Version}", name],
                         capture_output=True, text=True, check=False)
    return tuple(run.stdout.split()) if run.returncode == 0 and run.stdout else None


def installed(name, version="1.0"):
    return dpkg(name) == ("installed", version)


def opened(w, policy=POLICY, version="1.0"):
    archive(w, version)
    return w.session(policy, root="/")


def do(s, verb, *names, **more):
    """The call's list of changes, each as (name, action, before, version)."""
    result = s.call(f"package.{verb}", {**({"names": names} if names else {}), **more}, 60)
    equal(list(result), ["changed"])
    return changes(result)


def changes(result):
    return sorted((c["name"], c["action"], c["before"], c["version"]) for c in result["changed"])


def refuse(s, error, verb, *names, **more):
    return s.refuse(error, f"package.{verb}", {**({"names": names} if names else {}), **more}, 60)


def held(w, path):
    """A lock that this process holds until it is closed."""
    file = open(path, "a", encoding="ascii")  # pylint: disable=consider-using-with
    fcntl.lockf(file, fcntl.LOCK_EX)
    w.undo.callback(file.close)
    return file


def gate(w):
    os.mkfifo(GATE)
    w.undo.callback(pass_gate)


def pass_gate():
    """Lets the script go on that waits; False if none has come that far."""
    try:
        fd = os.open(GATE, os.O_WRONLY | os.O_NONBLOCK)
    except OSError:
        return False
    os.write(fd, b"go\n")
    os.close(fd)
    return True


def open_gate():
    wait_until(pass_gate, "a script waits at the gate", 60)


def waiting(name):
    return dpkg(name) == ("half-configured", "1.0")


def note_of(s, stage):
    """The next notification of that stage."""
    while (note := s.wait_note(60))["stage"] != stage:
        pass
    return note


def audited(method, result):
    run = subprocess.run(["journalctl", "--quiet", "--output=cat", f"EXMACHINA_METHOD={method}",
                          f"EXMACHINA_RESULT={result}"], capture_output=True, text=True,
                         check=True)
    return len(run.stdout.splitlines())


def wait_audited(method, result):
    """The journal takes its time."""
    wait_until(lambda: audited(method, result) > 0, "an audit record", 30)


# ---- what works ---------------------------------------------------------------------------

@test("status tells what is installed and what could be")
def status(w):
    s = opened(w)
    apt("install", "exm-single")
    offer("2.0")
    equal(s.call("package.status", {"names": ["exm-single", "exm-app"]}, 60), [
        {"name": "exm-single", "state": "installed", "version": "1.0", "candidate": "2.0"},
        {"name": "exm-app", "state": "not-installed", "version": None, "candidate": "2.0"}])


@test("status of what was removed and left its configuration says so")
def status_config(w):
    s = opened(w)
    apt("install", "exm-single")
    apt("remove", "exm-single")
    equal(s.call("package.status", {"names": ["exm-single"]}, 60), [
        {"name": "exm-single", "state": "config-files", "version": None, "candidate": "1.0"}])


@test("install brings the package and what it depends on, and tells both")
def install(w):
    s = opened(w)
    equal(do(s, "install", "exm-app"), [("exm-app", "installed", None, "1.0"),
                                        ("exm-lib", "installed", None, "1.0")])
    check(installed("exm-app") and installed("exm-lib"), "dpkg says otherwise")
    wait_audited("package.install", "done")


@test("the command line and the example program install, and tell what came of it")
def by_program(w):
    archive(w)
    w.policy(POLICY)
    pair = ("--policy", w.policy_dir, "--")
    run = w.daemon(*pair, CLI, "package", "install", "exm-app", seconds=90)
    equal(run.returncode, 0, run.stderr)
    check("exm-app" in run.stdout and "exm-lib" in run.stdout, run.stdout)
    check(installed("exm-app"), "dpkg says otherwise")
    run = w.daemon(*pair, CLI, "--json", "package", "status", "exm-app", seconds=90)
    equal(json.loads(run.stdout)[0]["state"], "installed", run.stderr)
    run = w.daemon(*pair, CLI, "package", "remove", "exm-lib")
    equal(run.returncode, 3, run.stdout)
    run = w.daemon(*pair, EXAMPLE, "exm-single", seconds=90)
    equal((run.returncode, run.stdout), (0, "exm-single: installed, version 1.0\n"), run.stderr)


@test("install of what is there changes nothing")
def install_again(w):
    s = opened(w)
    do(s, "install", "exm-single")
    equal(do(s, "install", "exm-single"), [])


@test("update makes a new version known, and upgrade of the named ones takes it")
def update_upgrade(w):
    s = opened(w)
    do(s, "install", "exm-single", "exm-app")
    offer("2.0", update=False)
    equal(do(s, "upgrade", "exm-single"), [])
    equal(do(s, "update"), [])
    equal(do(s, "upgrade", "exm-single"), [("exm-single", "upgraded", "1.0", "2.0")])
    check(installed("exm-app"), "another one was upgraded")
    equal(do(s, "upgrade", "exm-app"), [("exm-app", "upgraded", "1.0", "2.0"),
                                        ("exm-lib", "upgraded", "1.0", "2.0")])


@test("upgrade of what is not installed installs nothing")
def upgrade_absent(w):
    s = opened(w)
    equal(do(s, "upgrade", "exm-single"), [])
    equal(dpkg("exm-single"), None)


@test("upgrade of all that there is needs [Package *], and then does it")
def upgrade_all(w):
    s = opened(w)
    apt("install", "exm-single", "exm-app")
    offer("2.0")
    equal(refuse(s, "DENIED", "upgrade").data["rule"], "[Package *] Allow=upgrade")
    check(installed("exm-single"), "it was upgraded")
    s = w.session(SESSION.replace("10s", "60s") + "[Package *]\nAllow=upgrade\n", root="/")
    equal([c for c in do(s, "upgrade") if c[0].startswith("exm-")],
          [("exm-app", "upgraded", "1.0", "2.0"), ("exm-lib", "upgraded", "1.0", "2.0"),
           ("exm-single", "upgraded", "1.0", "2.0")])


@test("remove removes, and again changes nothing")
def remove(w):
    s = opened(w)
    apt("install", "exm-app")
    equal(do(s, "remove", "exm-app"), [("exm-app", "removed", "1.0", None)])
    check(installed("exm-lib"), "more was removed")
    equal(do(s, "remove", "exm-app"), [])


@test("a configuration file that was changed here stays in an upgrade")
def conffile(w):
    s = opened(w)
    do(s, "install", "exm-single")
    with open("/etc/exm-single.conf", "w", encoding="ascii") as file:
        file.write("changed here\n")
    offer("2.0")
    equal(do(s, "upgrade", "exm-single"), [("exm-single", "upgraded", "1.0", "2.0")])
    with open("/etc/exm-single.conf", encoding="ascii") as file:
        equal(file.read(), "changed here\n")


@for_each([(f"a maintainer script that {what} gets {answer!r}", name, answer)
           for what, name, answer in [
               ("asks a question", "exm-ask", "by default"),
               ("reads its standard input", "exm-reader", "nothing")]])
def questions(w, name, answer):
    s = opened(w)
    equal(do(s, "install", name), [(name, "installed", None, "1.0")])
    with open("/run/exm-answer", encoding="ascii") as file:
        equal(file.read(), answer + "\n")


@test("progress is told with the call's id, and percent never falls")
def progress(w):
    s = opened(w)
    ident = s.request("package.install", {"names": ["exm-app"], "progress": True})
    equal(len(changes(s.answer(ident, 60))), 2)
    notes = [n["params"] for n in s.notes if n["method"] == "package.progress"]
    equal({(n["id"], n["verb"]) for n in notes}, {(ident, "install")})
    percents = [n["percent"] for n in notes if n["percent"] is not None]
    equal(percents, sorted(percents), "percent")
    check(percents[-1] > 80, f"it ends with {percents[-1]}")
    stages = {n["stage"] for n in notes}
    check({"download", "dpkg"} <= stages, f"stages: {stages}")
    check(any("exm-lib" in n["detail"] for n in notes), "no detail names the package")


@test("no progress is told to who did not ask for it")
def no_progress(w):
    s = opened(w)
    do(s, "install", "exm-single")
    equal(s.notes, [])


@test("the session answers while a package is installed")
def responsive(w):
    s = opened(w)
    gate(w)
    ident = s.request("package.install", {"names": ["exm-slow"]})
    wait_until(lambda: waiting("exm-slow"), "the script waits", 60)
    s.alive()
    open_gate()
    equal(changes(s.answer(ident, 60)), [("exm-slow", "installed", None, "1.0")])


# ---- judged by its effect -------------------------------------------------------------------

def nothing_begun(*names):
    for name in names:
        check(dpkg(name) in (None, ("installed", "1.0")), f"{name} is {dpkg(name)}")


@test("a removal that takes along what may not be removed is denied, and nothing is done")
def remove_along(w):
    s = opened(w)
    apt("install", "exm-user")
    error = refuse(s, "DENIED", "remove", "exm-lib2")
    contains(error.data["detail"], "remove exm-user")
    contains(error.data["detail"], "Allow=remove")
    # the section that it is in is the one with the wildcard
    rule = {"package": "exm-user", "key": "Allow", "rule": "[Package exm-*] Allow=remove"}
    equal({key: error.data[key] for key in rule}, rule)
    equal(error.data["refused"], [{"package": "exm-user", "would": "remove", **rule}])
    equal((error.data["verb"], error.data["names"]), ("remove", ["exm-lib2"]))
    check(installed("exm-user") and installed("exm-lib2"), "something was removed")


@test("a removal that takes along what may be removed is done")
def remove_along_allowed(w):
    s = opened(w, POLICY + "[Package exm-user]\nAllow=remove\n")
    apt("install", "exm-user")
    equal(do(s, "remove", "exm-lib2"), [("exm-lib2", "removed", "1.0", None),
                                        ("exm-user", "removed", "1.0", None)])


@test("an install that would upgrade what may not be upgraded is denied")
def upgrade_along(w):
    s = opened(w)
    apt("install", "exm-fixed")
    offer("2.0")
    error = refuse(s, "DENIED", "install", "exm-needs-fixed")
    contains(error.data["detail"], "upgrade exm-fixed")
    equal(error.data["refused"], [{"package": "exm-fixed", "would": "upgrade", "key": "Allow",
                                   "rule": "[Package exm-fixed] Allow=upgrade"}])
    equal(error.data["rule"], "[Package exm-fixed] Allow=upgrade")
    nothing_begun("exm-fixed", "exm-needs-fixed")


@test("an install that would remove a package is denied, even one that may be removed")
def install_removes(w):
    s = opened(w)
    apt("install", "exm-single")
    error = refuse(s, "DENIED", "install", "exm-rival")
    contains(error.data["detail"], "remove exm-single")
    equal((error.data["package"], error.data["key"], error.data["rule"]), ("exm-single", None, None))
    check(installed("exm-single") and not dpkg("exm-rival"), "it was done")
    wait_audited("package.install", "denied")


@test("dependencies come with an install although no section names them")
def dependencies(w):
    s = opened(w, TIGHT)
    equal([c[0] for c in do(s, "install", "exm-app")], ["exm-app", "exm-lib"])


@test("an essential package is never removed")
def essential(w):
    s = opened(w)
    apt("install", "exm-base")
    error = refuse(s, "DENIED", "remove", "exm-base")
    contains(error.data["detail"], "exm-base")
    equal(error.data["refused"], [{"package": "exm-base", "would": "remove", "key": None,
                                   "rule": None}])
    check(installed("exm-base"), "it was removed")


@test("nothing is downgraded, even if apt would")
def downgrade(w):
    s = opened(w, version="2.0")
    apt("install", "exm-single")
    pin = "/etc/apt/preferences.d/exm"
    with open(pin, "w", encoding="ascii") as file:
        file.write("Package: exm-single\nPin: version 1.0\nPin-Priority: 1001\n")
    w.undo.callback(os.unlink, pin)
    conf = "/etc/apt/apt.conf.d/99exm"
    with open(conf, "w", encoding="ascii") as file:
        file.write('APT::Get::allow-downgrades "true";\n')
    w.undo.callback(os.unlink, conf)
    contains(refuse(s, "DENIED", "install", "exm-single").data["detail"], "downgrade exm-single")
    check(installed("exm-single", "2.0"), f"it is {dpkg('exm-single')}")


# ---- names ----------------------------------------------------------------------------------

@for_each([(f"install of {name!r} is denied, and apt never hears of it", name)
           for name in ("bash", "zz-not-there")])
def not_in_policy(w, name):
    s = opened(w)
    equal(refuse(s, "DENIED", "install", name).data["rule"], f"[Package {name}] Allow=install")
    refuse(s, "DENIED", "install", "exm-single", name)
    equal(dpkg("exm-single"), None)


@for_each([(f"{verb} of a package whose section does not say so is denied", verb)
           for verb in ("install", "remove", "upgrade")])
def verb_not_in_policy(w, verb):
    s = opened(w)
    refuse(s, "DENIED", verb, "exm-fixed")


@for_each([(f"{name!r} is no name of a package", name) for name in (
    "-o", "--help", "-oDPkg::Pre-Invoke::=touch /run/exm-hacked", "x=1", "exm-single=1.0",
    "exm-single/stable", "exm-single:amd64", "a b", "exm-app exm-bad", "", " ", "exm-*", "exm-?",
    "./exm-app_1.0.deb", "/srv/exm-archive/exm-app_1.0.deb", "?name(exm)", "~nexm", "^exm-app$",
    "exm-app\n", "Exm-app", "exm-single-", "x" * 300, "exm-\u00e4")])
def bad_names(w, name):
    archive(w)
    s = w.session(POLICY + "[Package *]\nAllow=install remove\n", root="/")
    for verb in ("install", "remove", "status"):
        refuse(s, "BAD_VALUE", verb, name)
    s.alive()
    check(not os.path.exists("/run/exm-hacked"), "an option got through")
    nothing_begun("exm-app", "exm-single", "exm-bad")


@for_each([(f"{name!r}, which apt would read as something else, is not found", name)
           for name in ("exm-single+", "exm.single", "exm-s.ngle", "exm-virtual", "exm-nothing")])
def unknown_names(w, name):
    archive(w)
    apt("install", "exm-lib")
    s = w.session(SESSION.replace("10s", "60s") +
                  f"[Package {name}]\nAllow=status install remove upgrade\n", root="/")
    for verb in ("status", "install", "remove", "upgrade"):
        equal(refuse(s, "NO_MATCH", verb, name).data["package"], name)
    nothing_begun("exm-lib")
    equal((dpkg("exm-single"), dpkg("exm-provider")), (None, None))


@test("a name that ends with ++ is a name like others")
def plus(w):
    s = opened(w)
    equal(do(s, "install", "exm-c++"), [("exm-c++", "installed", None, "1.0")])
    equal(do(s, "remove", "exm-c++"), [("exm-c++", "removed", "1.0", None)])


@test("64 names are taken, 65 are not")
def many_names(w):
    s = opened(w)
    names = [f"exm-none-{i}" for i in range(65)]
    equal(refuse(s, "NO_MATCH", "install", *names[:64]).data["package"], names[0])
    try:
        s.call("package.install", {"names": names})
        check(False, "65 names were taken")
    except Exception as error:  # whichever of the two says it first
        matches(str(error), "BAD_VALUE|LIMIT|INVALID_PARAMS|64")
    s.alive()


@test("a name that is there twice is refused")
def twice(w):
    s = opened(w)
    refuse(s, "BAD_VALUE", "install", "exm-single", "exm-single")


# ---- what goes wrong --------------------------------------------------------------------------

@test("a script that fails is told with its output, and with what was changed all the same")
def bad_script(w):
    s = opened(w)
    error = refuse(s, "PACKAGE_FAILED", "install", "exm-bad")
    equal(error.data["exit_status"], 100)
    equal((error.data["verb"], error.data["names"]), ("install", ["exm-bad"]))
    equal(changes(error.data), [("exm-bad", "half-configured", None, "1.0"),
                                ("exm-lib", "installed", None, "1.0")])
    check("the trouble begins" in error.data["log"], f"log: {error.data['log']}")
    equal(s.call("package.status", {"names": ["exm-bad"]}, 60)[0]["state"], "half-configured")
    wait_audited("package.install", "failed")


@test("1 MiB of a script's output is read, and its end told")
def loud(w):
    s = opened(w)
    error = refuse(s, "PACKAGE_FAILED", "install", "exm-loud")
    check("the last line" in error.data["log"], f"the end is missing: {error.data['log'][-5:]}")
    check(sum(map(len, error.data["log"])) < 10000, "too much was told")


@test("an archive that cannot be read fails the update")
def bad_update(w):
    s = opened(w)
    os.rename(f"{ARCHIVE}/Packages", f"{ARCHIVE}/away")
    w.undo.callback(os.rename, f"{ARCHIVE}/away", f"{ARCHIVE}/Packages")
    equal(refuse(s, "PACKAGE_FAILED", "update").data["exit_status"], 100)


@for_each([(f"{os.path.basename(os.path.dirname(path))}/{os.path.basename(path)} is waited for by "
            f"{verb}, which says who holds it", path, verb, names) for path, verb, names in [
    (LOCK_FRONTEND, "install", ["exm-single"]), (LOCK_ARCHIVES, "install", ["exm-single"]),
    (LOCK_LISTS, "update", None)]])
def lock_waited_for(w, path, verb, names):
    s = opened(w)
    lock = held(w, path)
    ident = s.request(f"package.{verb}", {**({"names": names} if names else {}), "progress": True})
    detail = note_of(s, "lock")["detail"]
    contains(detail, "waiting for the lock")
    contains(detail, f"process {os.getpid()} (")
    lock.close()
    equal(len(s.answer(ident, 60)["changed"]), len(names or []))


@test("a lock that is never free ends with TIMEOUT, which says who holds it")
def lock_held(w):
    s = opened(w)
    held(w, LOCK_FRONTEND)
    # what is looked up before may take all of a short time
    for seconds in (2, 10, 40):
        error = refuse(s, "TIMEOUT", "install", "exm-single", timeout=seconds)
        if f"process {os.getpid()} (" in str(error):
            break
    contains(str(error), f"process {os.getpid()} (")
    equal(dpkg("exm-single"), None)
    wait_audited("package.install", "timeout")


@test("the policy's time for a package counts for waiting")
def lock_policy_timeout(w):
    s = opened(w, SESSION + "[Package exm-single]\nAllow=install\nTimeout=1s\n")
    held(w, LOCK_FRONTEND)
    refuse(s, "TIMEOUT", "install", "exm-single", timeout=3000)


@test("once dpkg is at work the deadline ends the waiting, and not dpkg")
def late(w):
    s = opened(w)
    gate(w)
    before = audited("package.install", "done")
    # on a busy machine the time may be over before dpkg is at work
    for seconds in (10, 40):
        error = refuse(s, "TIMEOUT", "install", "exm-slow", timeout=seconds)
        if "goes on" in str(error):
            break
    contains(str(error), "goes on")
    wait_until(lambda: waiting("exm-slow"), "the script waits", 60)
    s.alive()
    open_gate()
    wait_until(lambda: installed("exm-slow"), "the package is installed", 60)
    wait_until(lambda: audited("package.install", "done") > before, "its end is audited", 60)


@test("the client goes in the midst: the package is installed, and its end audited")
def client_gone(w):
    s = opened(w)
    gate(w)
    before = audited("package.install", "done")
    s.request("package.install", {"names": ["exm-slow"]})
    wait_until(lambda: waiting("exm-slow"), "the script waits", 60)
    s.close()
    open_gate()
    wait_until(lambda: installed("exm-slow"), "the package is installed", 60)
    wait_until(lambda: audited("package.install", "done") > before, "its end is audited", 60)


@test("exmachinad is killed in the midst: apt-get goes on to its end")
def daemon_killed(w):
    s = opened(w)
    gate(w)
    s.request("package.install", {"names": ["exm-slow"]})
    wait_until(lambda: waiting("exm-slow"), "the script waits", 60)
    s.process.send_signal(signal.SIGKILL)
    s.process.wait(10)
    open_gate()
    wait_until(lambda: installed("exm-slow"), "the package is installed", 60)


@test("two calls at once: the second waits for the first")
def two_calls(w):
    s = opened(w)
    gate(w)
    first = s.request("package.install", {"names": ["exm-slow"]})
    wait_until(lambda: waiting("exm-slow"), "the script waits", 60)
    second = s.request("package.install", {"names": ["exm-single"], "progress": True})
    contains(note_of(s, "lock")["detail"], "(apt-get)")
    open_gate()
    # the first one's lock is free before it has answered
    answers = {reply["id"]: reply for reply in (s.read(60), s.read(60))}
    for ident, name in ((first, "exm-slow"), (second, "exm-single")):
        check("result" in answers[ident], f"{name}: {answers[ident]}")
        equal(changes(answers[ident]["result"]), [(name, "installed", None, "1.0")])


# ---- the shipped unit -------------------------------------------------------------------------

DROP_IN = "/opt/exmachina-tests/examples/systemd/exmachina@.service.d/packages.conf"
PANEL = "exmachina-panel.service"


def with_panel(w, script):
    """The unit as it is shipped, with the drop-in for packages, and a panel that runs a script."""
    where = f"/etc/systemd/system/{PANEL}.d"
    policy, default, panel = ("/etc/exmachina/policy.d", "/etc/default/exmachina",
                              "/usr/local/bin/exm-panel")
    os.makedirs(where, exist_ok=True)
    shutil.copy(DROP_IN, where)
    os.makedirs(policy, exist_ok=True)
    for path, text in ((f"{policy}/packages.conf", POLICY), (panel, SCRIPT + script),
                       (default, f'PROGRAM="{panel}"\n')):
        with open(path, "w", encoding="ascii") as file:
            file.write(text)
        w.undo.callback(os.unlink, path)
    os.chmod(panel, 0o755)
    w.undo.callback(subprocess.run, ["systemctl", "daemon-reload"], check=True)
    w.undo.callback(shutil.rmtree, where)
    w.undo.callback(subprocess.run, ["systemctl", "reset-failed", PANEL], check=False,
                    capture_output=True)
    w.undo.callback(subprocess.run, ["systemctl", "stop", PANEL], check=True)
    subprocess.run(["systemctl", "daemon-reload"], check=True)
    subprocess.run(["systemctl", "start", PANEL], check=True)
    return unit_property(PANEL, "MainPID")


@test("a package that restarts the server's own unit is installed to its end")
def restarts_unit(w):
    archive(w)
    gate(w)
    once = "/var/tmp/exm-once"
    w.undo.callback(lambda: os.path.exists(once) and os.rmdir(once))
    pid = with_panel(w, f"mkdir {once} && {CLI} package install exm-again\nexec sleep 100\n")
    wait_until(lambda: waiting("exm-again"), "the script waits", 60)
    wait_until(lambda: unit_property(PANEL, "MainPID") not in (pid, "0"), "another server", 60)
    check(not running(int(pid)), "the old server is still there")
    open_gate()
    wait_until(lambda: installed("exm-again"), "the package is installed", 60)


if __name__ == "__main__":
    main()
