#!/usr/bin/python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""The forms of pairing, what the paired program is and has, the secret, and how it all ends."""

import json
import os
import pwd
import re
import resource
import signal
import socket
import stat
import subprocess
import sys
import time

sys.path.insert(0, sys.path[0] + "/../lib")
from exm import (CLI, DAEMON, HOSTS_FREE, LIB, SESSION, Failure, Line, can_be_connected, check,
                 contains, equal, for_each, main, matches, new_secret, proc_status, running,
                 secret_memfd, test, unit_file, unit_property, wait_until)
from gate import WAIT, close_gate, open_gate
from listening import Listening, wait_free

INSIDE = os.path.join(LIB, "inside.py")
CANONICAL = "/files/etc/hosts/1/canonical"
# a raw client as the paired program
CLIENT = f"""
import os, socket, sys
sys.path.insert(0, {LIB!r})
from exm import *
s = Line(socket.socket(fileno=int(os.environ["EXMACHINA_FD"])))
secret = os.pread(int(os.environ["EXMACHINA_SECRET_FD"]), 100, 0).decode().strip()
"""


def inside(w, *args, wrap=(), **options):
    """What a paired program finds itself to be."""
    run = w.run(*wrap, DAEMON, "--policy", w.policy_dir, "--root", w.root, *args, "--",
                "/usr/bin/python3", INSIDE, "one", "two words", **options)
    equal(run.returncode, 0, run.stderr)
    return json.loads(run.stdout)


def python_pair(w, script, *args, **options):
    return w.pair("/usr/bin/python3", "-c", CLIENT + script, *args, **options)


def connect(path):
    sock = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    sock.connect(path)
    return Line(sock)


def as_user(uid, function):
    """Runs function in a child of that user; what it returns, as JSON."""
    reader, writer = os.pipe()
    child = os.fork()
    if child == 0:
        try:
            os.close(reader)
            os.setgroups([])
            os.setresgid(uid, uid, uid)
            os.setresuid(uid, uid, uid)
            os.write(writer, json.dumps(function()).encode())
        except BaseException as error:  # the parent tells it
            os.write(writer, json.dumps({"exception": repr(error)}).encode())
        finally:
            os._exit(0)
    os.close(writer)
    with os.fdopen(reader, "rb") as file:
        answer = json.loads(file.read())
    os.waitpid(child, 0)
    if isinstance(answer, dict) and "exception" in answer:
        raise Failure(answer["exception"])
    return answer


# ---- what the paired program is ----------------------------------------------------------

@test("the program has the user's uid and gid, all three of each, and no groups")
def program_ids(w):
    found = inside(w)
    equal(found["uids"], [4711] * 3)
    equal(found["gids"], [4711] * 3)
    equal(found["groups"], [])


@test("the program has no supplementary groups even if the user is in some")
def program_groups(w):
    subprocess.run(["groupadd", "-f", "exmgroup"], check=True)
    subprocess.run(["usermod", "-a", "-G", "exmgroup,adm", "panel"], check=True)
    equal(inside(w)["groups"], [])


@test("all five capability sets of the program are empty")
def program_caps(w):
    for name, value in inside(w)["caps"].items():
        equal(int(value, 16), 0, name)


@test("ambient and inheritable capabilities of the daemon do not pass to the program")
def ambient(w):
    found = inside(w, wrap=("setpriv", "--inh-caps", "+chown,+net_admin", "--ambient-caps",
                            "+chown,+net_admin"))
    for name, value in found["caps"].items():
        equal(int(value, 16), 0, name)


@test("the program cannot gain privileges: no_new_privs is set, and a set-uid program gives none")
def program_nnp(w):
    equal(inside(w)["no_new_privs"], "1")
    shell = w.path_of("suid-id")
    subprocess.run(["cp", "/usr/bin/id", shell], check=True)
    os.chmod(shell, 0o4755)
    equal(w.pair(shell, "-u").stdout, "4711\n")


@test("the program holds the stream, the secret and the daemon's first three descriptors only")
def program_fds(w):
    stray = os.open("/etc/shadow", os.O_RDONLY)
    found = inside(w, pass_fds=(stray,))
    os.close(stray)
    env = found["environment"]
    equal(set(found["fds"]) - {"0", "1", "2"}, {env["EXMACHINA_FD"], env["EXMACHINA_SECRET_FD"]})
    equal(found["fds"][env["EXMACHINA_FD"]][1], stat.S_IFSOCK)
    contains(found["fds"][env["EXMACHINA_SECRET_FD"]][0], "memfd:")


@test("the environment of the program is made anew")
def program_environment(w):
    os.environ["EXM_TEST_LEAK"] = "leaked"
    os.environ["LD_LIBRARY_PATH"] = "/nowhere"
    try:
        env = inside(w)["environment"]
    finally:
        del os.environ["LD_LIBRARY_PATH"]
    equal(set(env) - {"TERM", "LANG", "LC_CTYPE"},
          {"EXMACHINA_FD", "EXMACHINA_SECRET_FD", "PATH", "HOME", "USER", "LOGNAME", "SHELL"})
    equal((env["USER"], env["LOGNAME"], env["HOME"]), ("panel", "panel", pwd.getpwnam("panel")[5]))


@test("--setenv gives a variable, with a value or with the daemon's own")
def setenv(w):
    os.environ["EXM_TEST_OWN"] = "own value"
    env = inside(w, "--setenv", "GIVEN=a=b", "--setenv", "EXM_TEST_OWN", "--setenv",
                 "EXM_NOT_THERE")["environment"]
    equal(env["GIVEN"], "a=b")
    equal(env["EXM_TEST_OWN"], "own value")
    check("EXM_NOT_THERE" not in env, "a variable that the daemon has not")


@test("--setenv cannot turn stream or secret of the program to another descriptor")
def setenv_own(w):
    run = w.daemon("--policy", w.policy_dir, "--root", w.root, "--setenv", "EXMACHINA_FD=0", "--",
                   "/bin/sh", "-c", "echo $EXMACHINA_FD")
    check(run.returncode == 125 or run.stdout != "0\n", f"{run.stdout!r}")


@test("arguments reach the program as they are, blanks and all")
def arguments(w):
    equal(inside(w)["argv"][1:], ["one", "two words"])


@test("no signal is blocked or ignored in the program")
def signals(w):
    found = inside(w, wrap=("/bin/sh", "-c", "trap '' HUP TERM PIPE; exec \"$@\"", "sh"))
    equal(int(found["signals"]["SigBlk"], 16), 0)
    ignored = int(found["signals"]["SigIgn"], 16)
    equal(ignored & ~(1 << signal.SIGPIPE - 1 | 1 << signal.SIGXFSZ - 1), 0)  # Python's own two


@for_each([(f"the program cannot {what}", name) for what, name in [
    ("become root", "setuid"), ("join root's group", "setgid"), ("set its groups", "setgroups"),
    ("read the shadow file", "shadow"), ("signal the daemon", "kill"),
    ("look at the daemon's descriptors", "daemon_fd"), ("open the daemon's memory",
                                                        "daemon_memory"),
    ("write the policy", "policy"), ("change its root", "chroot")]])
def cannot(w, name):
    found = inside(w)["attempts"][name]
    check(found in ("Operation not permitted", "Permission denied", "No such file or directory"),
          found)


@test("standard input, output and error of the daemon are the program's")
def streams(w):
    run = w.pair("/bin/sh", "-c", "cat; echo err >&2", stdin=None, input="through\n")
    equal(run.stdout, "through\n")
    contains(run.stderr, "err\n")


# ---- the pair: daemon, engine, program -----------------------------------------------------

@test("the paired client reads and edits, within the policy")
def works(w):
    run = python_pair(w, "s.call('session.authenticate', [secret])\n"
                      f"s.set({CANONICAL!r}, 'paired'); s.commit(); print(s.get({CANONICAL!r}))")
    equal(run.stdout, "paired\n", run.stderr)
    equal(run.returncode, 0)
    contains(w.read("/etc/hosts"), "\tpaired\n")


@test("edits that were not committed are gone with the program")
def uncommitted(w):
    before = w.read("/etc/hosts")
    run = python_pair(w, f"s.call('session.authenticate', [secret]); s.set({CANONICAL!r}, 'x')")
    equal(run.returncode, 0, run.stderr)
    equal(w.read("/etc/hosts"), before)


@test("a commit that was asked for last is done although the program went at once")
def last_commit(w):
    # it has been read before: what is left to do must not take longer than the server waits
    run = python_pair(w, "s.call('session.authenticate', [secret])\n"
                      f"s.get({CANONICAL!r}); s.request('augeas.set', [{CANONICAL!r}, 'last'])\n"
                      "s.request('config.commit'); os._exit(3)")
    equal(run.returncode, 3, run.stderr)
    contains(w.read("/etc/hosts"), "\tlast\n")


@test("after the end of the pair no process of it is left")
def nothing_left(w):
    def is_of_it(pid):
        try:
            with open(f"/proc/{pid}/cmdline", "rb") as file:
                return running(pid) and proc_status(pid)["Name"].startswith("exmachina") and \
                    w.dir in file.read().decode(errors="replace")
        except (FileNotFoundError, ProcessLookupError):
            return False  # it has just gone

    w.shell("exit 0")
    time.sleep(0.2)
    equal([pid for pid in filter(str.isdigit, os.listdir("/proc")) if is_of_it(pid)], [])


# ---- exit status ---------------------------------------------------------------------------------

@for_each([(f"the program's exit status {status} is the daemon's", status)
           for status in (0, 1, 2, 42, 119, 255)])
def exit_status(w, status):
    equal(w.shell(f"exit {status}").returncode, status)


@for_each([(f"a program ended by {name} gives {128 + number}", number) for name, number in [
    ("SIGTERM", 15), ("SIGKILL", 9), ("SIGSEGV", 11), ("SIGHUP", 1)]])
def signal_status(w, number):
    equal(w.shell(f"kill -{number} $$").returncode, 128 + number)


@test("a program that is not there gives 127, one that cannot be run 126")
def not_run(w):
    equal(w.pair("/no/such/program").returncode, 127)
    equal(w.pair("no-such-program-in-path").returncode, 127)
    equal(w.pair(w.at("/etc/hosts")).returncode, 126)
    equal(w.pair("/").returncode, 126)


@test("a program that only root could run gives 126")
def roots_program(w):
    path = w.path_of("only-root")
    with open(path, "w", encoding="ascii") as file:
        file.write("#!/bin/sh\nexit 0\n")
    os.chmod(path, 0o700)
    equal(w.pair(path).returncode, 126)


@for_each([(f"{what} is a usage error, 125", arguments) for what, arguments in [
    ("no form", []), ("an unknown option", ["--nope", "--", "/bin/true"]),
    ("-- without a program", ["--"]), ("two forms", ["--listen", "/run/x", "--", "/bin/true"]),
    ("--fd without --secret-fd", ["--fd", "0"]), ("--secret-fd without --fd", ["--secret-fd", "0"]),
    ("--fd with a word", ["--fd", "x", "--secret-fd", "0"]),
    ("--fd with a closed descriptor", ["--fd", "99", "--secret-fd", "98"]),
    ("--fd with a file", ["--fd", "0", "--secret-fd", "0"]),
    ("--setenv without a program", ["--setenv", "A=b", "--listen", "/run/x"]),
    ("an empty name for --setenv", ["--setenv", "=b", "--", "/bin/true"])]])
def usage(w, arguments):
    run = w.daemon("--policy", w.policy_dir, *arguments)
    equal(run.returncode, 125, run.stderr)
    check(run.stderr, "no complaint")


@test("--help and --version tell and exit with 0")
def help_version(w):
    for option in ("--help", "--version"):
        run = w.daemon(option)
        equal(run.returncode, 0)
        contains(run.stdout, "exmachinad")


@test("only root can run it")
def only_root(w):
    run = w.run("setpriv", "--reuid", "4711", "--regid", "4711", "--clear-groups", DAEMON,
                "--policy", w.policy_dir, "--", "/bin/true")
    check(run.returncode in (121, 122, 125), f"status {run.returncode}")


@test("without the capability to change users it does not start the program at all")
def no_setuid(w):
    run = w.run("setpriv", "--bounding-set", "-setuid", "--inh-caps", "-setuid", DAEMON,
                "--policy", w.policy_dir, "--root", w.root, "--", "/usr/bin/id", "-u")
    check(run.returncode in (122, 125), f"status {run.returncode}")
    equal(run.stdout, "")


# ---- the secret -------------------------------------------------------------------------------------

@test("the secret is 64 hex digits in a sealed memfd, another one in each session")
def secret_form(w):
    script = ("import fcntl\nprint(secret)\nfd = int(os.environ['EXMACHINA_SECRET_FD'])\n"
              "print(fcntl.fcntl(fd, fcntl.F_GET_SEALS) & 15)\n"
              "try:\n    os.pwrite(fd, b'0', 0); print('written')\n"
              "except OSError as e:\n    print(e.strerror)\n"
              "try:\n    os.ftruncate(fd, 0); print('cut')\n"
              "except OSError as e:\n    print(e.strerror)\n")
    first, second = (python_pair(w, script).stdout.split("\n") for _ in (1, 2))
    check(re.fullmatch("[0-9a-f]{64}", first[0]), first[0])
    check(first[0] != second[0], "twice the same secret")
    equal(first[1], "15")
    equal(first[2:4], ["Operation not permitted"] * 2)


@test("the secret stands in no argument, no environment and no log while the pair runs")
def secret_nowhere(w):
    log = open(w.path_of("log"), "wb+")
    process = w.process(DAEMON, "--policy", w.policy_dir, "--root", w.root, "--", "/usr/bin/python3",
                        "-c", CLIENT + "s.call('session.authenticate', [secret])\n"
                        "print(secret, flush=True)\nsys.stdin.read()",
                        stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=log)
    secret = process.stdout.readline().strip()
    equal(len(secret), 64)
    for pid in (p for p in os.listdir("/proc") if p.isdigit()):
        for name in ("cmdline", "environ"):
            try:
                with open(f"/proc/{pid}/{name}", "rb") as file:
                    check(secret not in file.read(), f"{name} of {pid}")
            except (FileNotFoundError, ProcessLookupError, PermissionError):
                pass
    process.stdin.close()
    equal(process.wait(60), 0)
    log.seek(0)
    check(secret not in log.read(), "in the log")


@test("three wrong secrets in the pair: exit status 123, and the program is ended")
def three_wrong(w):
    # which lasts longer than it is waited for
    run = python_pair(w, "for n in range(3): s.refuse('UNAUTHENTICATED', 'session.authenticate', "
                      "['0' * 64])\ntime.sleep(1000)")
    equal(run.returncode, 123, run.stderr)


@test("a program that ignores SIGTERM is killed after the three wrong secrets")
def stubborn(w):
    run = python_pair(w, "signal.signal(signal.SIGTERM, signal.SIG_IGN)\n"
                      "for n in range(3): s.refuse('UNAUTHENTICATED', 'session.authenticate', "
                      "['0' * 64])\ntime.sleep(1000)")
    equal(run.returncode, 123, run.stderr)


@for_each([(f"a secret file with {what} is refused", content) for what, content in [
    ("63 digits", b"a" * 63), ("65 digits", b"a" * 65), ("capitals", b"A" * 64),
    ("nothing", b""), ("other letters", b"g" * 64), ("two lines", b"a" * 64 + b"\n\n"),
    ("a NUL", b"a" * 63 + b"\0")]])
def bad_secret_fd(w, content):
    ours, theirs = socket.socketpair()
    fd = os.memfd_create("secret")
    os.write(fd, content)
    run = w.daemon("--policy", w.policy_dir, "--root", w.root, "--fd", str(theirs.fileno()),
                   "--secret-fd", str(fd), pass_fds=(theirs.fileno(), fd))
    equal(run.returncode, 125, run.stderr)
    ours.close()


@test("a secret with a line feed at its end is read like one without")
def secret_newline(w):
    ours, theirs = socket.socketpair()
    secret = new_secret()
    fd = secret_memfd(secret + "\n")
    process = w.process(DAEMON, "--policy", w.policy_dir, "--root", w.root, "--fd",
                        str(theirs.fileno()), "--secret-fd", str(fd),
                        pass_fds=(theirs.fileno(), fd))
    theirs.close()
    s = Line(ours)
    equal(s.call("session.authenticate", [secret]), {"authenticated": True})
    s.close()
    equal(process.wait(60), 0)


@for_each([(f"--fd {fd}: the socket may be one of the standard descriptors, as inetd has it", fd)
           for fd in (0, 1)])
def standard_fd(w, fd):
    ours, theirs = socket.socketpair()
    secret = new_secret()
    secret_fd = secret_memfd(secret)
    streams = {"stdin": subprocess.DEVNULL, "stdout": subprocess.DEVNULL,
               ("stdin", "stdout")[fd]: theirs}
    process = w.process(DAEMON, "--policy", w.policy_dir, "--root", w.root, "--fd", str(fd),
                        "--secret-fd", str(secret_fd), pass_fds=(secret_fd,), **streams)
    theirs.close()
    s = Line(ours)
    equal(s.call("session.authenticate", [secret]), {"authenticated": True})
    # the one that takes over is given it as well
    engine = s.call("session.info")["engine"]["pid"]
    wait_until(lambda: proc_status(engine)["State"].startswith("S"), "the engine waits")
    os.kill(engine, signal.SIGKILL)
    equal(s.get(CANONICAL), "localhost")
    s.close()
    equal(process.wait(60), 0)


@test("--make-secret writes a new one, readable by root and the session's user only")
def make_secret(w):
    path = w.path_of("secret")
    arguments = ("--policy", w.policy_dir, "--secret-file", path, "--make-secret")
    equal(w.daemon(*arguments).returncode, 0)
    first = open(path, encoding="ascii").read()
    matches(first, "^[0-9a-f]{64}\n?$")
    made = os.stat(path)
    equal((stat.S_IMODE(made.st_mode), made.st_uid), (0o400, 4711))
    equal(w.daemon(*arguments).returncode, 0)
    check(open(path, encoding="ascii").read() != first, "the same secret again")


# ---- a socket of its own -----------------------------------------------------------------------------

def listen(w, *more, make=True):
    """exmachinad --listen in the background: the path of its socket, its secret, the process."""
    path, secret = w.path_of("socket"), w.path_of("secret")
    if make:
        equal(w.daemon("--policy", w.policy_dir, "--secret-file", secret,
                       "--make-secret").returncode, 0)
    process = w.process(DAEMON, "--policy", w.policy_dir, "--root", w.root, "--listen", path,
                        "--secret-file", secret, *more, stderr=open(w.path_of("log"), "ab"))
    wait_until(lambda: can_be_connected(path) or process.poll() is not None, "the socket is there")
    return path, open(secret, encoding="ascii").read().strip() if make else None, process


@test("--listen: the user connects, shows the secret of the file, and is served")
def listen_works(w):
    path, secret, _ = listen(w)
    made = os.stat(path)
    equal((stat.S_IMODE(made.st_mode), made.st_uid), (0o600, 4711))

    def client():
        s = connect(path)
        s.call("session.authenticate", [secret])
        return s.get(CANONICAL)
    equal(as_user(4711, client), "localhost")


@test("--listen: one after another is served")
def listen_again(w):
    path, secret, _ = listen(w)

    def first():
        s = connect(path)
        s.call("session.authenticate", [secret])
        s.set(CANONICAL, "not committed")
        s.close()

    def second():
        s = connect(path)
        s.refuse("UNAUTHENTICATED", "augeas.get", [CANONICAL])
        s.call("session.authenticate", [secret])
        return s.get(CANONICAL)

    as_user(4711, first)
    wait_free(w.path_of("log"), 1)
    equal(as_user(4711, second), "localhost")


@test("--listen: a second client is told BUSY in one line with id null, and closed")
def listen_busy(w):
    path, secret, _ = listen(w)

    def client():
        one = connect(path)
        one.call("session.authenticate", [secret])
        two = connect(path)
        error = two.error_answer("BUSY")
        check(two.ended(), "the second is still open")
        one.alive()
        return error.code
    equal(as_user(4711, client), 13)


@for_each([(f"--listen: user {uid} is turned away before a byte is read", uid)
           for uid in (0, 4712, 65534)])
def listen_peer(w, uid):
    path, secret, _ = listen(w)
    os.chmod(path, 0o666)

    def client():
        try:
            s = connect(path)
            s.line({"jsonrpc": "2.0", "id": 1, "method": "session.authenticate",
                    "params": [secret]})
            return s.read_line()
        except OSError:
            return None
    check(as_user(uid, client) is None, "it was answered")

    def owner():
        s = connect(path)
        return s.call("session.authenticate", [secret])
    equal(as_user(4711, owner), {"authenticated": True})


@test("--listen: while no descriptor is left a connection waits, without a busy loop")
def listen_no_descriptor(w):
    server = Listening(w, SESSION + HOSTS_FREE)
    highest = int(server.idle()[-1])
    before = resource.prlimit(server.pid, resource.RLIMIT_NOFILE)
    resource.prlimit(server.pid, resource.RLIMIT_NOFILE, (highest + 1, before[1]))
    begin = time.monotonic()
    s = server.connect()
    wait_until(lambda: "cannot take a connection: Too many open files" in server.log, "a line")
    time.sleep(3)
    # one burst of a hundred a second, however long this has taken
    lines = server.log.count("cannot take a connection")
    most = 150 * (time.monotonic() - begin + 1)
    check(lines <= most, f"{lines} tries, at most {most:.0f} were to be")
    resource.prlimit(server.pid, resource.RLIMIT_NOFILE, before)
    server.alive()
    s.call("session.authenticate", [server.secret])
    equal(s.get(CANONICAL), "localhost")


@test("--listen: three wrong secrets end that session, and the next client has three again")
def listen_wrong(w):
    path, secret, process = listen(w)

    def client():
        s = connect(path)
        for _ in range(3):
            s.refuse("UNAUTHENTICATED", "session.authenticate", ["0" * 64])
        check(s.ended(), "it is still open")

    def next_client():
        s = connect(path)
        return s.call("session.authenticate", [secret])

    as_user(4711, client)
    wait_free(w.path_of("log"), 1)
    equal(as_user(4711, next_client), {"authenticated": True})
    check(process.poll() is None, "the daemon ended")


@test("--listen: without a secret file it does not start")
def listen_no_secret(w):
    _, _, process = listen(w, make=False)
    equal(process.wait(60), 125)


@for_each([(f"--listen: a secret file that is {what} is refused", make) for what, make in [
    ("readable by its group", lambda path: os.chmod(path, 0o440)),
    ("owned by another user", lambda path: os.chown(path, 4712, 4712)),
    ("a symbolic link", lambda path: (os.rename(path, path + ".x"), os.symlink(path + ".x", path)))]])
def listen_bad_secret(w, make):
    secret = w.path_of("secret")
    w.daemon("--policy", w.policy_dir, "--secret-file", secret, "--make-secret")
    make(secret)
    run = w.daemon("--policy", w.policy_dir, "--root", w.root, "--secret-file", secret, "--listen",
                   w.path_of("socket"))
    equal(run.returncode, 125, run.stderr)


@test("--listen: a file that is no socket is not taken away")
def listen_file(w):
    with open(w.path_of("socket"), "w", encoding="ascii") as file:
        file.write("keep me")
    _, _, process = listen(w)
    equal(process.wait(60), 125)
    equal(open(w.path_of("socket"), encoding="ascii").read(), "keep me")


@test("--listen: a socket that another serves is not taken over, a dead one is replaced")
def listen_twice(w):
    path, _, process = listen(w)
    second = w.daemon("--policy", w.policy_dir, "--root", w.root, "--listen", path, "--secret-file",
                      w.path_of("secret"))
    equal(second.returncode, 125)
    process.kill()
    process.wait()
    # the dead one is the user's, too
    listen(w)

    def is_served():
        with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as sock:
            return sock.connect_ex(path) == 0
    wait_until(is_served, "there is another one")


@test("--daemonize and --pidfile: it returns when it can be connected, and SIGTERM ends it")
def daemonize(w):
    path, secret, pidfile = (w.path_of(n) for n in ("socket", "secret", "pid"))
    w.daemon("--policy", w.policy_dir, "--secret-file", secret, "--make-secret")
    run = w.daemon("--policy", w.policy_dir, "--root", w.root, "--listen", path, "--secret-file",
                   secret, "--daemonize", "--pidfile", pidfile)
    equal(run.returncode, 0, run.stderr)
    pid = int(open(pidfile, encoding="ascii").read())
    w.undo.callback(subprocess.run, ["kill", str(pid)], capture_output=True, check=False)
    as_user(4711, lambda: connect(path).refuse("UNAUTHENTICATED", "session.ping").code)
    equal(os.getsid(pid) != os.getsid(0), True)
    os.kill(pid, signal.SIGTERM)
    wait_until(lambda: not running(pid), "it is gone")
    check(not os.path.exists(pidfile), "the pid file is left")


# ---- SIGTERM ---------------------------------------------------------------------------------------------

@test("SIGTERM of the daemon goes to the program, whose status is passed on")
def term(w):
    process = w.process(DAEMON, "--policy", w.policy_dir, "--root", w.root, "--", "/bin/sh", "-c",
                        "trap 'exit 7' TERM; echo up; while :; do sleep 0.1; done",
                        stdout=subprocess.PIPE)
    process.stdout.readline()
    process.terminate()
    equal(process.wait(60), 7)


@test("the daemon killed by SIGKILL takes engine and session with it")
def daemon_killed(w):
    s = w.session()
    engine = s.engine()
    os.kill(s.pid, signal.SIGKILL)
    wait_until(lambda: not running(engine), "the engine is gone")
    check(s.ended(), "the stream is still open")


# ---- systemd -------------------------------------------------------------------------------------------

SOCKET = """[Socket]
ListenStream=/run/exm-test.sock
SocketUser=panel
SocketMode=0600
Accept={accept}
MaxConnections=4
"""
SERVICE = """[Service]
Type=notify
ExecStart={daemon} --policy {policy} --root {root} --secret-file {secret}
"""


def activated(w, accept):
    w.daemon("--policy", w.policy_dir, "--secret-file", w.path_of("secret"), "--make-secret")
    name = "exm-test@.service" if accept == "yes" else "exm-test.service"
    unit_file("exm-test.socket", SOCKET.format(accept=accept))
    unit_file(name, SERVICE.format(daemon=DAEMON, policy=w.policy_dir, root=w.root,
                                   secret=w.path_of("secret")))
    subprocess.run(["systemctl", "start", "exm-test.socket"], check=True)

    def stop():
        subprocess.run(["systemctl", "stop", "exm-test.socket", "exm-test*.service"], check=False,
                       capture_output=True)
        os.unlink(f"/etc/systemd/system/{name}")
        subprocess.run(["systemctl", "daemon-reload"], check=True)
    w.undo.callback(stop)
    return "/run/exm-test.sock", open(w.path_of("secret"), encoding="ascii").read().strip()


@test("Accept=yes: each connection gets a server of its own")
def accept_yes(w):
    path, secret = activated(w, "yes")

    def client():
        one, two = connect(path), connect(path)
        for s in (one, two):
            s.call("session.authenticate", [secret])
        one.set(CANONICAL, "one")
        two.set(CANONICAL, "two")
        pids = {s.call("session.info")["engine"]["pid"] for s in (one, two)}
        return [one.get(CANONICAL), two.get(CANONICAL), len(pids)]
    equal(as_user(4711, client), ["one", "two", 2])


@test("Accept=yes: another user is turned away, even if the socket's mode would let him in")
def accept_peer(w):
    path, secret = activated(w, "yes")
    os.chmod(path, 0o666)

    def client():
        s = connect(path)
        try:
            s.line({"jsonrpc": "2.0", "id": 1, "method": "session.authenticate",
                    "params": [secret]})
            return s.read_line()
        except (BrokenPipeError, ConnectionResetError):
            return None
    equal(as_user(4712, client), None)


@test("a listening socket of systemd is served like one of --listen")
def accept_no(w):
    path, secret = activated(w, "no")

    def client():
        one = connect(path)
        one.call("session.authenticate", [secret])
        two = connect(path)
        return [two.error_answer("BUSY").code, one.get(CANONICAL)]
    equal(as_user(4711, client), [13, "localhost"])


@test("a pair as a unit: Type=notify is told ready, and the unit ends with the program")
def pair_unit(w):
    close_gate()
    unit_file("exm-pair.service", f"[Service]\nType=notify\nExecStart={DAEMON} --policy "
              f"{w.policy_dir} --root {w.root} -- /bin/sh -c '{WAIT}'\n")
    w.undo.callback(subprocess.run, ["systemctl", "stop", "exm-pair.service"], check=False)
    subprocess.run(["systemctl", "start", "exm-pair.service"], check=True, timeout=60)
    equal(unit_property("exm-pair.service", "ActiveState"), "active")
    # the program goes on until now, however long the question took
    open_gate()
    wait_until(lambda: unit_property("exm-pair.service", "ActiveState") == "inactive", "the end")
    equal(unit_property("exm-pair.service", "Result"), "success")


@test("a shell in the pair shares one session between several calls")
def shell_session(w):
    run = w.shell(f'{CLI} set {CANONICAL} shared && {CLI} get {CANONICAL} && {CLI} commit')
    equal(run.returncode, 0, run.stderr)
    contains(run.stdout, "shared\n")
    contains(w.read("/etc/hosts"), "\tshared\n")


if __name__ == "__main__":
    main()
