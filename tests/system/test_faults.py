#!/usr/bin/python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""Every call of the system or of a library that can fail does so once, in each context in which the
monitor makes it. Then the request is answered, or the server ends as exmachinad(8) says; a server
that goes on does the same request rightly the next time, and holds no descriptor more."""

import contextlib
import mmap
import os
import shutil
import signal
import struct
import sys
import time

sys.path.insert(0, sys.path[0] + "/../lib")
import exm
from exm import (SESSION, Failure, RpcError, can_be_connected, check, equal, main, running, test,
                 unit_file, wait_until)
from private_root import daemon, private_root

# exmachinad with tests/faults/faults.c
FAULTY = "/opt/exmachina-tests/faults/exmachinad_faults"
ENDINGS = {0, 1, *range(120, 128), 128 + signal.SIGTERM}
ROUNDS = 1500
SOME = 4  # descriptors that a session may have more after hundreds of faults: what it keeps of files
FILES = """[File /etc/hosts]
Lens=Hosts.lns
Set=**
Insert=**
Remove=**
[File /etc/exm.d/*.conf]
Lens=Hosts.lns
Set=**
Insert=**
Remove=**
Create=0640 root:root
Delete=yes
"""
# an engine is asked for the lens
WITHOUT_LENS = "[File /etc/fstab]\n"


class Faults:
    """What exmachinad_faults maps: see faults.c."""

    def __init__(self, w):
        path = w.path_of("faults")
        with open(path, "wb") as file:
            file.truncate(72 + 8 * 16384)
        self.file = open(path, "r+b")
        self.map = mmap.mmap(self.file.fileno(), 0)
        os.environ["EXM_FAULTS"] = path
        exm.DAEMON = FAULTY
        w.undo.callback(self.end)

    def end(self):
        exm.DAEMON = exm.INSTALLED_DAEMON
        del os.environ["EXM_FAULTS"]

    @property
    def count(self):
        return struct.unpack_from("I", self.map, 4)[0]

    @property
    def name(self):
        return self.map[8:72].split(b"\0")[0].decode()

    @property
    def armed(self):
        return struct.unpack_from("I", self.map, 0)[0]

    def arm(self, armed=True):
        struct.pack_into("I", self.map, 0, armed)


def each_fault(w, faults, attempt):
    """Makes the attempt with one call after another failing, until none is left that could fail."""
    for _ in range(ROUNDS):
        before = faults.count
        faults.arm()
        try:
            attempt()
        except Exception as error:
            raise Failure(f"fault {faults.count}, {faults.name}: {error}") from error
        finally:
            faults.arm(False)
        if faults.count == before:
            print(f"# {faults.count} calls have failed", flush=True)
            return
    raise Failure(f"more than {ROUNDS} calls can fail")


def ended_well(status):
    check(status in ENDINGS, f"exit status {status}")


class Server:
    """A session that is begun anew whenever its server had to end."""

    def __init__(self, w, faults, **options):
        self.w, self.faults, self.options, self.session = w, faults, options, None
        self.refusal = None  # of the last attempt

    def begin(self):
        armed = self.faults.armed
        self.faults.arm(False)
        self.session = self.w.session(**self.options)
        self.session.alive()
        self.faults.arm(armed)

    def held(self):
        return len(os.listdir(f"/proc/{self.session.pid}/fd"))

    def ended(self):
        s = self.session
        wait_until(lambda: s.process.poll() is not None or "the server stays until" in s.log,
                   "it ends, or stays", 60)
        # the next one watches over what waits to be confirmed
        s.process.terminate()
        ended_well(self.session.status())
        self.session.end()
        self.w.sessions.remove(self.session)
        self.session = None

    def attempt(self, operate):
        """True if it was done, False if it was refused or the server has ended."""
        if not self.session:
            self.begin()
        try:
            operate(self.session)
            return True
        except RpcError as error:
            self.refusal = error
            return False
        except (BrokenPipeError, ConnectionResetError):
            pass
        except Failure as failure:
            if "closed the stream" not in str(failure) and "half a line" not in str(failure):
                raise
        self.ended()
        return False

    def lasts(self):
        """What a fault may cost until the server is started anew, and then its log says so."""
        if "nothing that needs it can be done until" in self.session.log or \
                "exmachina-run said what it never says" in self.session.log or \
                "said to its starter what it never says" in self.session.log:
            self.session.end(60)
            ended_well(self.session.status())
            self.w.sessions.remove(self.session)
            self.session = None
            return True
        return False

    def sweep(self, operate, after=None):
        self.attempt(operate)
        if not self.session or not self.attempt(operate):
            raise Failure("it does not even work without a fault")
        descriptors = self.held() + SOME

        def works_again():
            # twice, since the fault may have hit a verifier that was started ahead for the first
            return any(not self.session or self.attempt(operate) for _ in range(2))

        def attempt():
            self.attempt(operate)
            self.faults.arm(False)
            if after:
                after(self.faults.name)
            for _ in range(20):
                if works_again() or not self.session or self.lasts():
                    return
                # of what else has happened the server hears behind some of an engine's messages,
                # and nobody knows how soon
                time.sleep(0.5)
            raise Failure(f"the next one is not done: {self.refusal}")

        each_fault(self.w, self.faults, attempt)
        if self.session:
            wait_until(lambda: self.held() <= descriptors, "the descriptors are closed")


def server(w, policy, **options):
    w.policy(policy)
    return Server(w, Faults(w), **options)


# ---- the start ------------------------------------------------------------------------------

@test("the start of a session with any call failing: it is served, or the server ends with its "
      "status", seconds=300)
def start(w):
    w.policy(SESSION + FILES)
    faults = Faults(w)

    def attempt():
        s = w.session(auth=False)
        try:
            s.authenticate()
            s.alive()
            s.close()
        except (RpcError, BrokenPipeError, ConnectionResetError):
            pass
        except Failure as failure:
            if "closed the stream" not in str(failure):
                raise
        s.close()
        ended_well(s.status())
        w.sessions.remove(s)

    each_fault(w, faults, attempt)
    w.policy(SESSION + FILES + WITHOUT_LENS)

    def with_nothing_known():
        with contextlib.suppress(FileNotFoundError):
            os.remove(w.at("/var/lib/exmachina/lenses"))
        attempt()

    each_fault(w, faults, with_nothing_known)
    # and with what was found out
    each_fault(w, faults, attempt)


@test("a program is started with any call failing: it runs with all given up, or not at all",
      seconds=300)
def program(w):
    faults = Faults(w)
    proof = w.path_of("ran")

    def attempt():
        if os.path.exists(proof):
            os.unlink(proof)
        done = w.pair("/bin/sh", "-c", "id -u; grep -h -e CapPrm -e NoNew /proc/self/status")
        check(done.returncode >= 0, f"signal {done.returncode}")
        ended_well(done.returncode)
        check("4711\nCapPrm:\t0000000000000000\nNoNewPrivs:\t1\n".startswith(done.stdout),
              f"it runs with {done.stdout}")

    each_fault(w, faults, attempt)


@test("-t, -T and --make-secret with any call failing end with a status that is true", seconds=200)
def single(w):
    w.policy(SESSION + FILES + "[Service exm-*.service]\nAllow=restart\n[Package exm]\n"
             "Allow=install\n[Log *]\n[System]\nAllow=timezone\n")
    faults = Faults(w)
    secret = w.path_of("secret")
    for arguments in (["-t"], ["-T"], ["--secret-file", secret, "--make-secret"]):
        def attempt(arguments=arguments):
            done = w.daemon("--policy", w.policy_dir, *arguments)
            ended_well(done.returncode)
            if done.returncode != 0:
                check(done.stderr, f"status {done.returncode} without a word")
            elif "--make-secret" in arguments:
                with open(secret, encoding="ascii") as file:
                    equal(len(file.read().strip()), 64)
            else:
                check(done.stdout, "nothing is printed")
            equal([n for n in os.listdir(w.dir) if n.startswith("secret.")], [])

        each_fault(w, faults, attempt)


@test("--listen with any call failing: the client is served or turned away, and the next one too",
      seconds=300)
def listen(w):
    secret, path = w.path_of("secret"), w.path_of("socket")
    equal(w.daemon("--policy", w.policy_dir, "--secret-file", secret, "--make-secret").returncode,
          0)
    with open(secret, encoding="ascii") as file:
        text = file.read().strip()
    os.chmod(w.dir, 0o755)
    faults = Faults(w)

    def serve():
        """One client as the policy's user."""
        return w.run("setpriv", "--reuid=4711", "--regid=4711", "--clear-groups", "--",
                     exm.CLI, "--socket", path, "--secret-file", secret, "get",
                     "/files/etc/hosts/1/canonical")

    def log():
        with open(w.path_of("log"), encoding="utf-8", errors="replace") as file:
            return file.read()[-1000:]

    def attempt():
        process = w.process(FAULTY, "--policy", w.policy_dir, "--root", w.root, "--listen", path,
                            "--secret-file", secret, stderr=open(w.path_of("log"), "ab"))
        wait_until(lambda: can_be_connected(path) or process.poll() is not None, "it listens",
                   60)
        if process.poll() is None:
            serve()
            faults.arm(False)
        try:
            wait_until(lambda: process.poll() is not None or serve().stdout == "localhost\n",
                       "the next client is served", 60)
        except Failure as failure:
            raise Failure(f"{failure}: {log()}") from failure
        process.terminate()
        ended_well(process.wait(60))
        if os.path.exists(path):
            os.unlink(path)

    check(text, "a secret")
    each_fault(w, faults, attempt)


# ---- files ----------------------------------------------------------------------------------

def nothing_left(w, fault, *directories):
    """No temporary file, but where the removal of one was what failed."""
    for path in directories:
        left = [name for name in w.files(path) if name.startswith(".exmachina")]
        if fault.startswith("unlink"):
            for name in left:
                os.unlink(w.at(f"{path}/{name}"))
        else:
            equal(left, [], f"files left in {path}")


@test("files are read and listed with any call failing", seconds=300)
def files_read(w):
    for name in "abc":
        w.write(f"/etc/exm.d/{name}.conf", f"10.0.0.1 {name}\n")
    server_of = server(w, SESSION + FILES)

    def operate(s):
        s.call("augeas.load")
        equal(s.get("/files/etc/hosts/1/canonical"), "localhost")
        equal(len(s.match("/files/etc/exm.d/*/1/canonical")), 3)
        s.call("augeas.load")

    server_of.sweep(operate)


@test("a commit of several files with any call failing is whole or absent, and leaves nothing beside",
      seconds=500)
def commit(w):
    number = [0]
    w.write("/etc/exm.d/gone.conf", "10.0.0.1 gone\n")
    os.setxattr(w.at("/etc/hosts"), "user.exm", b"kept")
    server_of = server(w, SESSION.replace("10s", "30s") + FILES)

    def operate(s):
        number[0] += 1
        value = f"n{number[0]}"
        before = (w.read("/etc/hosts"), w.files("/etc/exm.d"))
        try:
            s.call("config.discard")
            s.set("/files/etc/hosts/1/canonical", value)
            if os.path.exists(w.at("/etc/exm.d/new.conf")):
                s.call("augeas.remove", ["/files/etc/exm.d/new.conf"])
            else:
                s.set("/files/etc/exm.d/new.conf/01/ipaddr", "10.0.0.2")
                s.set("/files/etc/exm.d/new.conf/01/canonical", value)
            s.commit()
            done = True
        except RpcError:
            done = False
        finally:
            if server_of.faults:
                server_of.faults.arm(False)
        text = w.read("/etc/hosts")
        changed = value in text
        check(changed == done, f"answered {done}, but changed {changed}")
        check((w.files("/etc/exm.d") != before[1]) == done, "one file without the other")
        equal(os.getxattr(w.at("/etc/hosts"), "user.exm"), b"kept")
        if not done:
            equal(text, before[0])
            raise RpcError({"code": 15, "message": "refused", "data": {"name": "IO"}})

    server_of.sweep(operate, lambda fault: nothing_left(w, fault, "/etc", "/etc/exm.d"))


# ---- commits and services, commits that wait --------------------------------------------------

CANONICAL = "/files/etc/hosts/1/canonical"
APPLY = "/etc/exm-fault/hosts"
APPLY_NODE = f"/files{APPLY}/1/canonical"
APPLY_POLICY = (SESSION.replace("10s", "30s") + f"[File {APPLY}]\nLens=Hosts.lns\nSet=**\n"
                "Apply=start exm-fault-apply.service\n")


def refused():
    raise RpcError({"code": 15, "message": "refused", "data": {"name": "IO"}})


def with_service(w):
    """It takes every file but one that says "bad", and is done at once, so that nobody looks on."""
    os.makedirs(os.path.dirname(APPLY), exist_ok=True)
    with open(APPLY, "w", encoding="ascii") as file:
        file.write("127.0.0.1 begin\n")
    unit_file("exm-fault-apply.service", "[Unit]\nStartLimitIntervalSec=0\n[Service]\nType=oneshot\n"
              f"ExecStart=/bin/sh -c '! grep -q bad {APPLY}'\n")


def applied_text():
    with open(APPLY, encoding="ascii") as file:
        return file.read()


def apply_sweep(word):
    """Commits that the service takes, or not: as answered, and nothing beside."""
    def sweep(w):
        with_service(w)
        server_of = server(w, APPLY_POLICY, root="/")
        number = [0]

        def operate(s):
            number[0] += 1
            value, before = f"{word}{number[0]}", applied_text()
            wanted, restored = word == "good", True
            try:
                s.call("config.discard")
                s.call("augeas.load")
                s.set(APPLY_NODE, value)
                try:
                    s.call("config.commit", {}, 100)
                except RpcError as error:
                    # first it takes back what the one before could not
                    if error.data.get("name") != "CONFLICT":
                        raise
                    s.call("config.discard")
                    s.call("augeas.load")
                    before = applied_text()
                    s.set(APPLY_NODE, value)
                    s.call("config.commit", {}, 100)
                done = good = True
            except RpcError as error:
                done, restored = False, error.data.get("restored", True)
                good = not wanted and error.data.get("name") == "SERVICE_FAILED" and restored
            finally:
                server_of.faults.arm(False)
            # what could not be taken back is, by the next one
            if restored:
                equal(applied_text() == f"127.0.0.1 {value}\n", done, f"answered {done}, changed")
            if not done and restored:
                equal(applied_text(), before)
            if not good:
                refused()

        def after(fault):
            directory = os.path.dirname(APPLY)
            left = [name for name in os.listdir(directory) if name != "hosts"]
            # where the removal of one was what failed; the next commit does it
            check(not left or fault.startswith(("unlink", "fsync", "open", "rename")), f"left: {left}")

        server_of.sweep(operate, after)
    return sweep


test("a commit that services take with any call failing is done, or taken back", seconds=500)(
    apply_sweep("good"))
test("a commit that services do not take with any call failing is taken back", seconds=500)(
    apply_sweep("bad"))


@test("a commit waits and is taken back with any call failing: it waits still, or all is taken back",
      seconds=500)
def confirm(w):
    w.write("/etc/exm.d/gone.conf", "10.0.0.1 gone\n")
    server_of = server(w, SESSION.replace("10s", "30s") + FILES)
    number = [0]

    def pending():
        return os.path.exists(w.at("/var/lib/exmachina/pending"))

    def operate(s):
        number[0] += 1
        # one that could not be taken back is tried again soon
        if pending() and s.call("config.confirm")["seconds"] == 0:
            wait_until(lambda: not pending(), "it is taken back", 60)
        s.call("config.discard")
        s.call("augeas.load")
        s.set(CANONICAL, f"n{number[0]}")
        s.set("/files/etc/exm.d/new.conf/01/ipaddr", "10.0.0.2")
        s.set("/files/etc/exm.d/new.conf/01/canonical", f"n{number[0]}")
        token = s.call("config.commit", {"confirm": 600})["confirm"]["token"]
        equal(s.call("config.confirm", {"token": token, "extend": 900})["seconds"], 900)
        back = s.call("config.confirm", {"token": token, "rollback": True})
        equal(back["pending"], False)
        if not back["restored"]:
            refused()
        equal((w.read("/etc/hosts"), w.files("/etc/exm.d")), (exm.HOSTS, ["gone.conf"]))

    def whole():
        files = [name for name in w.files("/etc/exm.d") if not name.startswith(".exmachina")]
        return (w.read("/etc/hosts") == exm.HOSTS) == (files == ["gone.conf"])

    def after(fault):
        # a rollback that was interrupted is gone on with at once
        wait_until(whole, "no file without the other", 60)
        if not fault.startswith("unlink"):
            wait_until(lambda: not [name for name in w.files("/etc") + w.files("/etc/exm.d")
                                    if name.startswith(".exmachina")], "nothing is beside them", 60)

    server_of.sweep(operate, after)


@test("what was not confirmed is taken back at the start with any call failing: then, or at the next one",
      seconds=500)
def recover(w):
    w.policy(SESSION + FILES)
    faults = Faults(w)

    def recovery():
        return w.run(FAULTY, "--policy", w.policy_dir, "--root", w.root, "--recover").returncode

    def attempt():
        faults.arm(False)
        s = w.session()
        s.set(CANONICAL, "new")
        s.set("/files/etc/exm.d/new.conf/01/ipaddr", "10.0.0.2")
        s.set("/files/etc/exm.d/new.conf/01/canonical", "new")
        s.call("config.commit", {"confirm": 600, "dead_man": True})
        os.kill(s.pid, signal.SIGKILL)
        s.end()
        w.sessions.remove(s)
        faults.arm()
        ended_well(recovery())
        faults.arm(False)
        equal(recovery(), 0)
        equal((w.read("/etc/hosts"), w.files("/etc/exm.d")), (exm.HOSTS, []))
        check("pending" not in w.files("/var/lib/exmachina"), "nothing is pending")

    w.write("/etc/exm.d/x", "")
    os.unlink(w.at("/etc/exm.d/x"))
    each_fault(w, faults, attempt)


@test("the history is written, read and taken back with any call failing", seconds=500)
def history(w):
    server_of = server(w, SESSION.replace("10s", "30s") + FILES + "[History]\nKeep=2\n")
    numbers = set()

    def look(s, number):
        """What could not be written down yet, or be read, is not told: then that was the fault."""
        told = [one["revision"] for one in s.call("config.history", {"limit": 1})["revisions"]]
        shown = s.call("config.show", {"revision": number})["files"][0]["changes"]
        if told != [number] or len(shown) != 1:
            raise RpcError({"code": 15, "message": "not told", "data": {"name": "IO"}})

    def operate(s):
        try:
            s.call("augeas.load")
            s.set("/files/etc/hosts/1/canonical", "other")
            number = s.commit()["revision"]
            if number in numbers:
                raise ValueError(f"revision {number} twice")
            numbers.add(number)
            look(s, number)
            s.call("config.revert", {"revision": number})
            equal(w.read("/etc/hosts"), exm.HOSTS)
        finally:
            if w.read("/etc/hosts") != exm.HOSTS:
                w.write("/etc/hosts", exm.HOSTS)

    server_of.sweep(operate, lambda fault: nothing_left(w, fault, "/etc"))


@test("a commit that makes directories, with any call failing, makes all of them or leaves none",
      seconds=500)
def directories(w):
    server_of = server(w, SESSION.replace("10s", "30s") + "[File /etc/app/a/b/*.conf]\nLens=Hosts.lns\n"
                       "Set=**\nInsert=**\nCreate=0640 root:root\nMakeDirs=0750 root:root\n")

    def operate(s):
        shutil.rmtree(w.at("/etc/app"), ignore_errors=True)
        try:
            s.call("augeas.load")
            s.set("/files/etc/app/a/b/new.conf/01/ipaddr", "10.0.0.2")
            s.set("/files/etc/app/a/b/new.conf/01/canonical", "x")
            s.commit()
            done = True
        except RpcError:
            done = False
        finally:
            if server_of.faults:
                server_of.faults.arm(False)
        equal(os.path.exists(w.at("/etc/app/a/b/new.conf")), done, "it is there")
        equal(os.path.exists(w.at("/etc/app")), done, "its directories are there")
    server_of.sweep(operate, lambda fault: nothing_left(w, fault, "/etc"))


# ---- services, logs, identity ---------------------------------------------------------------

SERVICES = SESSION.replace("10s", "30s") + """
[Service exm-fault*.service]
Allow=status start stop restart reload enable disable mask unmask reset_failed
[Log exm-fault*.service]
"""
UNIT = "exm-fault.service"


def fault_unit(w):
    unit_file(UNIT, "[Unit]\nStartLimitIntervalSec=0\n[Service]\nExecStart=/bin/sleep infinity\n"
              "ExecReload=/bin/true\n[Install]\nWantedBy=exm-fault.target\n")
    w.undo.callback(w.run, "systemctl", "stop", UNIT)


def service_sweep(name, operate):
    @test(f"{name} with any call failing", seconds=400)
    def sweep(w):
        fault_unit(w)
        server(w, SERVICES, root="/").sweep(operate)
    return sweep


def restart(s):
    equal(s.call("service.restart", [UNIT], 100)["active"], "active")


def enable(s):
    s.call("service.enable", [UNIT], 100)
    s.call("service.disable", [UNIT], 100)


def watch(s):
    s.call("service.watch", [UNIT], 100)
    s.call("service.unwatch", [UNIT], 100)


service_sweep("the state of a unit", lambda s: s.call("service.status", [UNIT], 100))
service_sweep("a restart", restart)
service_sweep("a stop and a start", lambda s: (s.call("service.stop", [UNIT], 100),
                                               s.call("service.start", [UNIT], 100)))
service_sweep("enable and disable", enable)
service_sweep("watching", watch)
service_sweep("the list of units", lambda s: s.call("service.list", [], 100))
service_sweep("the log of a unit", lambda s: s.call("service.log", [UNIT], 100))


@test("an init script is run with any call failing", seconds=400)
def initd(w):
    private_root(w)
    daemon(w, "exm-d")
    server_of = server(w, SESSION.replace("10s", "30s") + "[Service exm-d.service]\nAllow=status "
                       "start stop restart enable disable\n")

    def operate(s):
        s.call("service.restart", ["exm-d.service"], 100)
        s.call("service.enable", ["exm-d.service"], 100)
        s.call("service.disable", ["exm-d.service"], 100)
        s.call("service.status", ["exm-d.service"], 100)

    server_of.sweep(operate)


@test("the system's identity is read and set in files with any call failing", seconds=300)
def identity(w):
    for zone in ("Europe/Berlin", "Etc/UTC"):
        w.write(f"/usr/share/zoneinfo/{zone}", "TZif2 and so on")
    os.makedirs(w.at("/usr/lib/locale/de_DE.utf8"))
    os.makedirs(w.at("/usr/lib/locale/C.utf8"))
    w.write("/etc/debian_version", "12.0\n")
    os.symlink("/usr/share/zoneinfo/Etc/UTC", w.at("/etc/localtime"))
    w.write("/etc/timezone", "Etc/UTC\n")
    w.write("/etc/hostname", "image\n")
    w.write("/etc/default/locale", "LANG=C\n")
    server_of = server(w, SESSION + "[System]\nAllow=timezone hostname locale\n")

    def operate(s):
        now = s.call("system.get")
        other = now["timezone"] == "Etc/UTC"
        s.call("system.set_timezone", ["Europe/Berlin" if other else "Etc/UTC"])
        s.call("system.set_hostname", ["one" if other else "two"])
        s.call("system.set_locale", ["de_DE.UTF-8" if other else "C.UTF-8"])

    server_of.sweep(operate, lambda fault: nothing_left(w, fault, "/etc", "/etc/default"))


# ---- the life of a session ------------------------------------------------------------------

@test("a policy is read again with any call failing: the new one counts, or the old one",
      seconds=300)
def reread(w):
    server_of = server(w, SESSION + FILES)

    def operate(s):
        said = s.log.count("polic")
        os.kill(s.pid, signal.SIGHUP)
        wait_until(lambda: s.log.count("polic") > said or not running(s.pid), "it says so", 60)
        s.alive()
        equal(s.get("/files/etc/hosts/1/canonical"), "localhost")

    each_fault(w, server_of.faults, lambda: server_of.attempt(operate))
    server_of.attempt(operate)


@test("an engine is replaced with any call failing: the session goes on, or ends with its status",
      seconds=300)
def replace(w):
    server_of = server(w, SESSION + FILES)

    def operate(s):
        engine = s.engine()
        time.sleep(0.05)  # it has seen that the answer is out
        # the fault may have ended it already, with its session
        with contextlib.suppress(ProcessLookupError):
            os.kill(engine, signal.SIGKILL)
        equal(s.get("/files/etc/hosts/1/canonical"), "localhost")
        s.notes.clear()
        # so that it is not lost too often
        server_of.faults.arm(False)
        s.end(60)
        raise Failure("the server closed the stream")

    server_of.attempt(operate)
    each_fault(w, server_of.faults, lambda: server_of.attempt(operate))


if __name__ == "__main__":
    main()
