# SPDX-License-Identifier: LGPL-2.1-or-later
"""What the system tests share: a world of files and a policy for one test, a raw client of the
protocol, and a runner that prints TAP. Runs as root inside the sandbox (sandbox.sh), where the
project is installed; never on a machine that matters."""

import contextlib
import fcntl
import json
import os
import re
import select
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
import traceback

DAEMON = INSTALLED_DAEMON = "/usr/sbin/exmachinad"
CLI = "/usr/bin/exmachina"
ENGINE = "/usr/libexec/exmachina/exmachina-engine"
LIB = os.path.dirname(os.path.abspath(__file__))
USER = "panel"
UID = 4711
OTHER = "guest"
MIB = 1 << 20

# what gcc's sanitizers say, on standard error and so in the logs
SANITIZER_REPORT = re.compile(r"ERROR: \w+Sanitizer|runtime error: |SUMMARY: \w+Sanitizer")
with open(DAEMON, "rb") as program:
    SANITIZED = b"__asan_init" in program.read()

# the published numbers (exmachina-protocol(7))
CODES = {
    "PARSE": -32700, "INVALID_REQUEST": -32600, "UNKNOWN_METHOD": -32601,
    "INVALID_PARAMS": -32602, "INTERNAL": -32603,
    "UNAUTHENTICATED": 1, "DENIED": 2, "NO_MATCH": 3, "TOO_MANY_MATCHES": 4, "BAD_PATH": 5,
    "BAD_VALUE": 6, "PARSE_FAILED": 7, "CONFLICT": 8, "CHECK_FAILED": 9, "SERVICE_FAILED": 10,
    "TIMEOUT": 11, "LIMIT": 12, "BUSY": 13, "ENGINE_LOST": 14, "IO": 15,
    "PACKAGE_FAILED": 16,
}

NOTIFICATIONS = {"session.engine_lost", "config.progress", "config.rolled_back",
                 "service.progress", "service.changed", "package.progress"}

HOSTS = """127.0.0.1\tlocalhost
127.0.1.1\tdebian

# The following lines are desirable for IPv6 capable hosts
::1     localhost ip6-localhost ip6-loopback
ff02::1 ip6-allnodes
"""

SSHD = """# This is the sshd server system-wide configuration file.
Include /etc/ssh/sshd_config.d/*.conf

Port 22
#AddressFamily any
PermitRootLogin prohibit-password
UsePAM yes
X11Forwarding yes
AcceptEnv LANG LC_*
Subsystem\tsftp\t/usr/lib/openssh/sftp-server
"""

SESSION = "[Session]\nUser=panel\nTimeout=10s\n"
HOSTS_FREE = "[File /etc/hosts]\nLens=Hosts.lns\nSet=**\nInsert=**\nRemove=**\n"


class Failure(AssertionError):
    pass


class Skip(Exception):
    pass


def check(condition, text="condition"):
    if not condition:
        raise Failure(text)


def equal(got, wanted, what="value"):
    if got != wanted:
        raise Failure(f"{what}: got {got!r}, wanted {wanted!r}")


def contains(text, part, what="text"):
    if part not in text:
        raise Failure(f"{what}: {part!r} is not in {text!r}")


def matches(text, pattern, what="text"):
    if not re.search(pattern, text):
        raise Failure(f"{what}: {text!r} is not like {pattern!r}")


def wait_until(condition, what, seconds=30):
    end = time.monotonic() + seconds
    late = False
    while not condition():
        if late:
            raise Failure(f"not within {seconds} s: {what}")
        # who was not run for a while looks once more
        late = time.monotonic() >= end
        time.sleep(0.02)


def can_be_connected(path):
    """There is a socket, and it is the user's, as which it is made last of all."""
    try:
        return os.stat(path).st_uid == UID
    except FileNotFoundError:
        return False


class RpcError(Exception):
    """An error answer. Its form is checked here, once for all tests."""

    def __init__(self, error):
        super().__init__(json.dumps(error)[:2000])
        check(set(error) == {"code", "message", "data"}, f"members of the error {error!r}")
        self.code, self.message, self.data = error["code"], error["message"], error["data"]
        check(isinstance(self.data, dict) and "name" in self.data, f"data.name in {error!r}")
        self.name = self.data["name"]
        check(CODES.get(self.name) == self.code, f"code {self.code} for {self.name}")
        check(isinstance(self.message, str) and self.message, f"message in {error!r}")


def sanitizer_report(text):
    """What a process that was built with sanitizers had to say, or "". Those of the production
    build never have."""
    found = SANITIZER_REPORT.search(text)
    return text[found.start():found.start() + 3000] if found else ""


def no_sanitizer_report(text):
    found = sanitizer_report(text)
    if found:
        raise Failure(f"a sanitizer's report: {found}")


class Line:
    """One JSON text a line over a stream socket, from the client's side."""

    def __init__(self, sock):
        self.sock = sock
        self.buffer = b""
        self.notes = []
        self.next_id = 0

    def send(self, data):
        if isinstance(data, (dict, list)):
            data = json.dumps(data)
        if isinstance(data, str):
            data = data.encode()
        try:
            self.sock.sendall(data)
        except (BrokenPipeError, ConnectionResetError):
            pass  # who has gone may have said something before; that, or the end, is read

    def line(self, data):
        if isinstance(data, (dict, list)):
            data = json.dumps(data)
        if isinstance(data, str):
            data = data.encode()
        self.send(data + b"\n")

    def _fill(self, seconds):
        # what is there is read also when the time is over
        self.sock.settimeout(max(seconds, 0.1))
        try:
            data = self.sock.recv(1 << 18)
        except socket.timeout:
            raise Failure(f"no answer within {seconds} s") from None
        except ConnectionResetError:
            data = b""
        self.buffer += data
        return len(data)

    def read_line(self, seconds=60):
        """The next line without its end, or None at the end of the stream."""
        start = 0
        while (end := self.buffer.find(b"\n", start)) < 0:
            start = len(self.buffer)
            if not self._fill(seconds):
                check(not self.buffer, f"half a line at the end: {self.buffer[:200]!r}")
                return None
        line, self.buffer = self.buffer[:end], self.buffer[end + 1:]
        return line

    def read(self, seconds=60):
        """The next answer: an object, or the list of a batch. Notifications go to .notes."""
        while True:
            line = self.read_line(seconds)
            if line is None:
                raise Failure("the server closed the stream")
            if not line:
                continue  # a new engine ends the line that the lost one may have begun
            try:
                message = json.loads(line.decode("utf-8"))
            except ValueError:
                # only an engine that was lost may leave half a line, and the next one says so
                self.wait_note(seconds)
                continue
            if isinstance(message, dict) and "method" in message:
                self._take_note(message)
                continue
            for answer in message if isinstance(message, list) else [message]:
                equal(answer.get("jsonrpc"), "2.0", "jsonrpc of an answer")
                check("id" in answer, f"no id in {answer!r}")
                check(("result" in answer) != ("error" in answer), f"one of both in {answer!r}")
                if "error" in answer:
                    RpcError(answer["error"])
            return message

    def wait_note(self, seconds=30):
        """The next notification that the server sends by itself: its parameters."""
        count = len(self.notes)
        end = time.monotonic() + seconds
        while len(self.notes) == count:
            line = self.read_line(end - time.monotonic())
            check(line is not None, "the server closed the stream")
            if line:
                self._take_note(json.loads(line))
        return self.notes[-1]["params"]

    def _take_note(self, note):
        equal(sorted(note), ["jsonrpc", "method", "params"], f"members of {note!r}")
        equal(note["jsonrpc"], "2.0", "notification")
        contains(NOTIFICATIONS, note["method"], "notification")
        self.notes.append(note)

    def silent(self, seconds=0.3):
        """Nothing comes for that long."""
        if self.buffer:
            return False
        return not select.select([self.sock], [], [], seconds)[0]

    def ended(self, seconds=30):
        """The server closes the stream; what still came before that is dropped."""
        end = time.monotonic() + seconds
        while time.monotonic() < end:
            if self.read_line(seconds) is None:
                return True
        return False

    def request(self, method, params=None, **more):
        self.next_id += 1
        message = {"jsonrpc": "2.0", "id": self.next_id, "method": method}
        if params is not None:
            message["params"] = params
        message.update(more)
        self.line(message)
        return message["id"]

    def answer(self, wanted_id, seconds=60):
        reply = self.read(seconds)
        # an engine that was killed as soon as its answer was out may not have come to say so
        # (exmachina-protocol(7))
        if reply["id"] == wanted_id - 1 and reply.get("error", {}).get("code") == CODES["ENGINE_LOST"]:
            reply = self.read(seconds)
        equal(reply["id"], wanted_id, "id of the answer")
        if "error" in reply:
            raise RpcError(reply["error"])
        return reply["result"]

    def call(self, method, params=None, seconds=60):
        return self.answer(self.request(method, params), seconds)

    def refuse(self, name, method, params=None, seconds=60):
        """The call must end with the error of that name, which is returned."""
        try:
            result = self.call(method, params, seconds)
        except RpcError as error:
            if error.name != name:
                raise Failure(f"{method} {params!r}: {error}, wanted {name}") from None
            return error
        raise Failure(f"{method} {params!r}: was answered with {result!r}, wanted {name}")

    def bad_line(self, data, name, ident=None, seconds=60):
        """A raw line must be answered by one error of that name with that id."""
        self.line(data)
        return self.error_answer(name, ident, seconds)

    def error_answer(self, name, ident=None, seconds=60):
        reply = self.read(seconds)
        check(isinstance(reply, dict) and "error" in reply, f"an error, not {reply!r}")
        equal(reply["id"], ident, "id")
        error = RpcError(reply["error"])
        equal(error.name, name, f"name of {reply['error']!r}")
        return error

    # the calls that tests use most
    def get(self, path):
        return self.call("augeas.get", {"path": path})

    def set(self, path, value):
        return self.call("augeas.set", {"path": path, "value": value})

    def match(self, path):
        return self.call("augeas.match", {"path": path})

    def commit(self):
        return self.call("config.commit")

    def diff(self):
        return self.call("config.diff")

    def alive(self):
        """The session goes on: it answers, and nothing unexpected was in between."""
        equal(self.call("session.ping"), "pong", "answer to ping")

    def close(self):
        self.sock.close()


def new_secret():
    return os.urandom(32).hex()


def secret_memfd(secret):
    fd = os.memfd_create("secret", os.MFD_ALLOW_SEALING)
    os.write(fd, secret.encode())
    fcntl.fcntl(fd, fcntl.F_ADD_SEALS, fcntl.F_SEAL_SHRINK | fcntl.F_SEAL_GROW |
                fcntl.F_SEAL_WRITE | fcntl.F_SEAL_SEAL)
    return fd


class Session(Line):
    """A server of one's own, by `exmachinad --fd N --secret-fd M`, and the client's end of it."""

    def __init__(self, world, auth=True, args=(), root=None, policy=None, wrap=()):
        ours, theirs = socket.socketpair()
        super().__init__(ours)
        self.secret = new_secret()
        secret_fd = secret_memfd(self.secret)
        self.log_path = world.path_of(f"daemon-{len(world.sessions)}.log")
        root = root or world.root
        with open(self.log_path, "wb") as log:
            self.process = subprocess.Popen(
                [*wrap, DAEMON, "--policy", policy or world.policy_dir, "--root", root, *args,
                 "--fd", str(theirs.fileno()), "--secret-fd", str(secret_fd)],
                pass_fds=(theirs.fileno(), secret_fd), stdin=subprocess.DEVNULL,
                stdout=log, stderr=log)
        theirs.close()
        os.close(secret_fd)
        world.sessions.append(self)
        if auth:
            self.authenticate()

    @property
    def pid(self):
        return self.process.pid

    @property
    def log(self):
        with open(self.log_path, encoding="utf-8", errors="replace") as file:
            return file.read()

    def authenticate(self):
        equal(self.call("session.authenticate", {"secret": self.secret}),
              {"authenticated": True}, "authentication")

    def engine(self):
        """Its process, once it waits: killed in the instant after an answer it would leave that
        request to be answered once more."""
        pid = self.call("session.info")["engine"]["pid"]
        wait_until(lambda: state_of(pid) in "SZX", "the engine waits")
        return pid

    def status(self, seconds=60):
        """How the daemon exited."""
        try:
            return self.process.wait(seconds)
        except subprocess.TimeoutExpired:
            raise Failure(f"the daemon is still there after {seconds} s") from None

    def end(self, seconds=10):
        """One that stays longer than that, as for what waits to be confirmed, is killed."""
        self.close()
        try:
            self.process.wait(seconds)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()


class World:
    """A root directory with files, a policy for them, and what was started there; made for one
    test and taken down after it."""

    def __init__(self):
        self.dir = tempfile.mkdtemp(prefix="world-", dir="/tmp")
        os.chmod(self.dir, 0o755)
        self.root = self.path_of("root")
        self.policy_dir = self.path_of("policy.d")
        os.mkdir(self.root)
        os.mkdir(self.policy_dir)
        self.sessions = []
        self.undo = contextlib.ExitStack()
        self.write("/etc/hosts", HOSTS)
        self.write("/etc/ssh/sshd_config", SSHD)
        self.policy(SESSION + HOSTS_FREE)

    def path_of(self, name):
        return os.path.join(self.dir, name)

    def at(self, path):
        return self.root + path

    def write(self, path, content, mode=0o644):
        where = self.at(path)
        os.makedirs(os.path.dirname(where), exist_ok=True)
        with open(where, "wb") as file:
            file.write(content.encode() if isinstance(content, str) else content)
        os.chmod(where, mode)
        return where

    def read(self, path):
        with open(self.at(path), encoding="utf-8") as file:
            return file.read()

    def read_bytes(self, path):
        with open(self.at(path), "rb") as file:
            return file.read()

    def files(self, path):
        return sorted(os.listdir(self.at(path)))

    def policy(self, text, name="test.conf"):
        """Writes one file of the policy, in place of an earlier one of that name."""
        where = os.path.join(self.policy_dir, name)
        with open(where, "w", encoding="utf-8") as file:
            file.write(text)
        os.chmod(where, 0o644)
        return where

    def session(self, policy=None, **options):
        if policy is not None:
            self.policy(policy)
        return Session(self, **options)

    def run(self, *command, seconds=100, **options):
        """A command to its end: its status, what it printed, what it complained."""
        options.setdefault("stdin", subprocess.DEVNULL)
        done = subprocess.run(command, capture_output=True, text=True, timeout=seconds,
                              errors="surrogateescape", check=False, **options)
        no_sanitizer_report(done.stderr)
        return done

    def daemon(self, *arguments, **options):
        return self.run(DAEMON, *arguments, **options)

    def pair(self, *program, args=(), **options):
        """exmachinad [options] -- PROGRAM ARG..."""
        return self.daemon("--policy", self.policy_dir, "--root", self.root, *args, "--",
                           *program, **options)

    def shell(self, script, *arguments, **options):
        """A shell script as the paired program."""
        return self.pair("/bin/sh", "-c", script, "sh", *arguments, **options)

    def mount(self, *arguments):
        subprocess.run(["mount", *arguments], check=True)
        self.undo.callback(subprocess.run, ["umount", "-l", arguments[-1]], check=True)

    def process(self, *command, **options):
        """A command that goes on by itself, and ends with the test at the latest."""
        process = subprocess.Popen(command, **options)
        self.undo.callback(stop_process, process)
        return process

    def take_down(self):
        for session in self.sessions:
            session.end()
        self.undo.close()
        shutil.rmtree(self.dir, ignore_errors=True)


def stop_process(process):
    if process.poll() is None:
        process.terminate()
        try:
            process.wait(5)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


def proc_status(pid):
    with open(f"/proc/{pid}/status", encoding="ascii") as file:
        return dict(line.rstrip("\n").split(":\t", 1) for line in file if ":\t" in line)


def state_of(pid):
    """The letter of proc_pid_status(5); X: it is gone."""
    try:
        return proc_status(pid)["State"][0]
    except (FileNotFoundError, ProcessLookupError):
        return "X"


def running(pid):
    """Is it there and no zombie?"""
    return state_of(pid) not in "ZX"


def children(pid):
    """The processes that its first thread has begun."""
    with open(f"/proc/{pid}/task/{pid}/children", encoding="ascii") as file:
        return [int(word) for word in file.read().split()]


def cpu_time(pid):
    """Seconds that it has had of a processor."""
    with open(f"/proc/{pid}/stat", encoding="utf-8", errors="replace") as file:
        fields = file.read().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def unit_file(name, text):
    """A unit of the sandbox's systemd, known to it from now on."""
    with open(f"/etc/systemd/system/{name}", "w", encoding="utf-8") as file:
        file.write(text)
    subprocess.run(["systemctl", "daemon-reload"], check=True)


def unit_property(unit, name):
    return subprocess.run(["systemctl", "show", "-P", name, unit], capture_output=True, text=True,
                          check=True).stdout.strip()


# ---- the runner ------------------------------------------------------------------

TESTS = []
PATIENCE = 3  # times as long may a test take, where much else runs beside it


def test(name, seconds=60, sanitized=True):
    """Registers a test; its name says what it proves, and `seconds` how long it may take by itself.
    With sanitized=False it is about something that a build with sanitizers has not: a limit of
    memory, the speed of the real one."""
    def register(function):
        if sanitized or not SANITIZED:
            TESTS.append((name, function, seconds))
        return function
    return register


def for_each(values, seconds=60):
    """Registers one test for each row: the first item completes the name given to @test."""
    def register(function):
        for row in values:
            TESTS.append((row[0], lambda world, row=row: function(world, *row[1:]), seconds))
        return function
    return register


def too_slow(signum, frame):
    raise Failure("the test took too long")


def run_one(function, seconds):
    """None, or what went wrong; a Skip goes up."""
    world = World()
    signal.alarm(PATIENCE * seconds)
    try:
        function(world)
        for session in world.sessions:
            session.end()
            no_sanitizer_report(session.log)
        return None
    except Skip:
        raise
    except Exception as error:  # a test may fail in any way
        text = f"{type(error).__name__}: {str(error)[:1500]}\n"
        for frame in traceback.extract_tb(error.__traceback__):
            if frame.filename != __file__:
                text += f"  {os.path.basename(frame.filename)}:{frame.lineno}: {frame.line}\n"
        for session in world.sessions:
            if session.log:
                text += f"  log: {session.log[-1500:]}\n"
        return text
    finally:
        signal.alarm(0)
        world.take_down()


def main():
    topic = os.path.basename(sys.argv[0]).removeprefix("test_").removesuffix(".py")
    wanted = sys.argv[1] if len(sys.argv) > 1 else ""
    signal.signal(signal.SIGALRM, too_slow)
    signal.signal(signal.SIGPIPE, signal.SIG_IGN)
    failed = number = 0
    for name, function, seconds in TESTS:
        if wanted not in name:
            continue
        number += 1
        start = time.monotonic()
        try:
            wrong = run_one(function, seconds)
        except Skip as skip:
            print(f"ok {number} - {topic}: {name} # SKIP {skip}", flush=True)
            continue
        took = time.monotonic() - start
        slow = f" ({took:.1f} s)" if took > 5 else ""
        if wrong is None:
            print(f"ok {number} - {topic}: {name}{slow}", flush=True)
            continue
        failed += 1
        print(f"not ok {number} - {topic}: {name}{slow}", flush=True)
        for line in wrong.rstrip().split("\n"):
            print(f"#   {line}", flush=True)
    if SANITIZED:
        # what the server's units and syslog were told
        number += 1
        journal = subprocess.run(["journalctl", "-q", "-b", "-o", "cat"], capture_output=True,
                                 text=True, errors="replace", check=True).stdout
        found = sanitizer_report(journal)
        failed += bool(found)
        print(f"{'not ok' if found else 'ok'} {number} - {topic}: the journal has no report of a "
              "sanitizer", flush=True)
        if found:
            print("\n".join(f"#   {line}" for line in found.split("\n")), flush=True)
    print(f"1..{number}", flush=True)
    sys.exit(1 if failed else 0)
