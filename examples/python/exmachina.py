# SPDX-License-Identifier: LGPL-2.1-or-later
"""A client of exmachinad(8) in one file, for Python 3.9 or later, with its standard library alone.

    import exmachina

    with exmachina.connect() as session:
        session.set("/files/etc/ssh/sshd_config/Port", "2222")
        session.commit()
        session.service.restart("ssh")

It speaks the protocol of exmachina-protocol(7), where all methods are described, with their
parameters, results and errors. Each is there by its own name, `session.augeas.get(path)`, with its
parameters by position or by name, and those of the tree and of commits without their family too,
`session.get(path)`.

Text need not be UTF-8: bytes that are none are in a str what os.fsdecode() makes of them, so that
what came from the server can be given back to it. Parameters may be bytes as well.

An error that the server answers with is raised as a class of its name, `exmachina.Denied`, below
`exmachina.Error`; what it knows is in `.data`. A session may be used by one thread at a time, and is
not to be used on both sides of a fork().
"""

import base64
import collections
import contextlib
import fcntl
import itertools
import json
import os
import select
import socket
import time

PROTOCOL = 1
SOCKET = "/run/exmachina/socket"
SECRET_FILE = "/run/exmachina/secret"
LINE_MAX = 1 << 20     # of a request
ANSWER_MAX = 17 << 20  # of what is read; the server sends 16 MiB and what stands around it
BATCH_MAX = 1000
LOCK_SECONDS = 600     # what a stream that is shared is waited for, without a timeout


class Error(Exception):
    """An error of the server. code: its number; name: "DENIED"; data: a dict with the details."""

    def __init__(self, error):
        super().__init__(error["message"])
        self.code, self.message = error["code"], error["message"]
        self.data = decoded(error.get("data") or {})
        self.name = self.data.get("name", "")


def _errors(*names):
    """A class for each name: "NO_MATCH" is NoMatch."""
    classes = {}
    for name in names:
        title = "".join(part.capitalize() for part in name.split("_"))
        classes[name] = globals()[title] = type(title, (Error,), {"__doc__": f"{name}, as the server has it."})
    return classes


ERRORS = _errors(
    "PARSE", "INVALID_REQUEST", "UNKNOWN_METHOD", "INVALID_PARAMS", "INTERNAL", "UNAUTHENTICATED",
    "DENIED", "NO_MATCH", "TOO_MANY_MATCHES", "BAD_PATH", "BAD_VALUE", "PARSE_FAILED", "CONFLICT",
    "CHECK_FAILED", "SERVICE_FAILED", "TIMEOUT", "LIMIT", "BUSY", "ENGINE_LOST", "IO",
    "PACKAGE_FAILED")


class ProtocolError(Exception):
    """What came is not what the protocol describes, or what was to be sent cannot be."""


class Gone(ConnectionError):
    """The server has closed the stream: what it had in hand may be done or not."""


class NoAnswer(TimeoutError):
    """No answer within the time. The session stays usable, and the late answer is thrown away; what
    was asked for may still be done."""


# ---- text ------------------------------------------------------------------------------------------

def encoded(value):
    """A parameter as JSON has it: bytes that are not UTF-8 become {"base64": ...}."""
    if isinstance(value, str):
        try:
            value.encode("utf-8")
            return value
        except UnicodeEncodeError:
            return encoded(value.encode("utf-8", "surrogateescape"))
    if isinstance(value, (bytes, bytearray)):
        try:
            return bytes(value).decode("utf-8")
        except UnicodeDecodeError:
            return {"base64": base64.b64encode(value).decode("ascii")}
    if isinstance(value, dict):
        return {name: encoded(one) for name, one in value.items()}
    if isinstance(value, (list, tuple)):
        return [encoded(one) for one in value]
    return value


def decoded(value):
    """The other way round, with str for all text."""
    if isinstance(value, dict):
        if set(value) == {"base64"}:
            return base64.b64decode(value["base64"], validate=True).decode("utf-8", "surrogateescape")
        return {name: decoded(one) for name, one in value.items()}
    if isinstance(value, list):
        return [decoded(one) for one in value]
    return value


def _read_secret(fd):
    text = os.pread(fd, 66, 0).removesuffix(b"\n").decode("ascii", "replace")
    if len(text) != 64 or not set(text) <= set("0123456789abcdefABCDEF"):
        raise ProtocolError("the secret is 64 hexadecimal digits")
    return text


# ---- calls -----------------------------------------------------------------------------------------

class Call:
    """A request that was sent. `done` tells whether it has ended."""

    def __init__(self, session, method):
        self._session, self.method = session, method
        self.done, self._answer, self.batch = False, None, []

    def _end(self, answer):
        # the first answer to an id is the one that counts
        if not self.done:
            self.done, self._answer = True, answer

    def result(self, timeout=None):
        """Its result, for which is waited; or the error is raised that the server answered with."""
        self._session._wait(lambda: self.done, timeout)
        if isinstance(self._answer, Exception):
            raise self._answer
        if "error" in self._answer:
            error = self._answer["error"]
            name = (error.get("data") or {}).get("name")
            raise ERRORS.get(name, Error)(error)
        return decoded(self._answer["result"])


class Family:
    """The methods with a common beginning: session.service.restart("ssh", timeout=5) calls
    service.restart. A parameter is given by name or by position."""

    def __init__(self, caller, name):
        self._caller, self._name = caller, name

    def __getattr__(self, name):
        if name.startswith("_"):
            raise AttributeError(name)
        return lambda *args, **params: self._caller(f"{self._name}.{name}", *args, **params)


def _params(args, params):
    if args and params:
        raise TypeError("parameters are given by position or by name, and not both")
    return encoded(list(args) if args else params)


def _shortcut(method, names, doc):
    """A function for a method whose parameters have these names; what is not given is not sent."""
    def function(self, *args, **params):
        if len(args) > len(names):
            raise TypeError(f"{method} takes {len(names)} parameters")
        return self.call(method, **dict(zip(names, args)), **params)
    function.__doc__ = f"{method}({', '.join(names)}): {doc}"
    return function


class Methods:
    """The methods, for a session and for a batch alike: the families session, augeas, config,
    service, package and system, and here those that are used most."""

    def __getattr__(self, name):
        if name in ("session", "augeas", "config", "service", "package", "system"):
            return Family(self.call, name)
        raise AttributeError(name)

    get = _shortcut("augeas.get", ["path"], "the value of the one node, or None.")
    label = _shortcut("augeas.label", ["path"], "its label.")
    match = _shortcut("augeas.match", ["path", "values"],
                      "the paths of all nodes that the expression names; with values=True dicts "
                      "with path, value and children.")
    print = _shortcut("augeas.print", ["path"], "nodes and all below as text.")
    dump = _shortcut("augeas.dump", ["path"], "the same as a list of dicts, in linear time.")
    span = _shortcut("augeas.span", ["path"], "where in its file the node is.")
    source = _shortcut("augeas.source", ["path"], "the file that the node comes from.")
    preview = _shortcut("augeas.preview", ["path"], "the text that a commit would write.")
    errors = _shortcut("augeas.errors", [], "files that could not be read or written.")
    set = _shortcut("augeas.set", ["path", "value"], "sets the node's value, None for none.")
    setm = _shortcut("augeas.setm", ["base", "sub", "value"],
                     "sets the nodes sub below each that base names.")
    clear = _shortcut("augeas.clear", ["path"], "takes the value away.")
    ensure = _shortcut("augeas.ensure", ["path", "value"],
                       "has it so; more by name: absent, match, where, ahead_of.")
    insert = _shortcut("augeas.insert", ["path", "label", "before"], "adds a node beside it.")
    remove = _shortcut("augeas.remove", ["path"], "removes nodes with all below; their number.")
    move = _shortcut("augeas.move", ["source", "destination"], "moves a node.")
    copy = _shortcut("augeas.copy", ["source", "destination"], "copies a node.")
    rename = _shortcut("augeas.rename", ["path", "label"], "gives nodes another label.")
    defvar = _shortcut("augeas.defvar", ["name", "expression"], "has $name stand for nodes.")
    defnode = _shortcut("augeas.defnode", ["name", "expression", "value"],
                        "the same, with one made if there is none.")
    transform = _shortcut("augeas.transform", ["lens", "file", "exclude"],
                          "has a file read with a lens, or not.")
    load = _shortcut("augeas.load", [], "drops all edits; files are read anew.")
    srun = _shortcut("augeas.srun", ["script"], "runs commands of augtool(1).")
    diff = _shortcut("config.diff", [], "what a commit would change.")
    commit = _shortcut("config.commit", [],
                       "writes all edits or none; by name: dry_run, plan, progress, confirm, "
                       "dead_man, rebase.")
    confirm = _shortcut("config.confirm", ["token"],
                        "a commit that waits stays; by name: extend, rollback.")
    discard = _shortcut("config.discard", [], "drops all edits.")
    history = _shortcut("config.history", ["path", "limit", "below"], "commits of the past.")
    show = _shortcut("config.show", ["revision"], "one of them.")
    revert = _shortcut("config.revert", ["revision"], "takes one back.")
    whatcan = _shortcut("session.whatcan", ["path"], "what the policy allows; or unit=, or nothing.")


class Batch(Methods):
    """Requests that go out together, at the end of the with statement, as few lines as possible.
    Each method returns a Call, whose result() is there afterwards."""

    def __init__(self, session):
        self._session, self._requests = session, []

    def call(self, method, *args, **params):
        call = Call(self._session, method)
        self._requests.append((call, method, _params(args, params)))
        return call

    def __enter__(self):
        return self

    def __exit__(self, kind, *_):
        if kind is None:
            self._session._send_batch(self._requests)
        self._requests = []


# ---- sessions --------------------------------------------------------------------------------------

class Session(Methods):
    """One session. sock: a connected stream socket; secret: its 64 digits; lock: a descriptor, open
    for writing, of the file with the secret, if other processes use the same stream; timeout: the
    seconds that a call may wait for its answer, None for as long as it takes.

    on_notify, a function of a method's name and its parameters, is called for what the server tells
    by itself, while a call waits or in process(); without one it is kept in `notifications`."""

    def __init__(self, sock, secret, *, lock=None, timeout=None, client="python"):
        self._sock, self._lock, self.timeout = sock, lock, timeout
        self._buffer, self._calls, self._depth = b"", {}, 0
        self._numbers = itertools.count(1)
        self._name = f"{os.getpid()}-{os.urandom(4).hex()}-" if lock is not None else ""
        self._gone = None
        self.on_notify = None
        self.notifications = collections.deque(maxlen=1000)
        sock.setblocking(True)
        with self._turn():
            hello = self.start("session.hello", client=client, protocol=PROTOCOL)
            granted = self.start("session.authenticate", secret=secret)
            self.server = hello.result(self.timeout or 30)
            granted.result(self.timeout or 30)

    # ---- calls

    def call(self, method, *args, **params):
        """Calls any method, with its parameters by position or by name. Returns its result."""
        with self._turn():
            return self.start(method, *args, **params).result()

    def start(self, method, *args, **params):
        """Sends the request and returns a Call at once. Calls of services, packages and identity
        end when they have, in any order. Not for a stream that is shared, but within lock()."""
        call = Call(self, method)
        self._send([self._request(call, method, _params(args, params))])
        return call

    def notify(self, method, *args, **params):
        """Sends a request that is carried out and never answered."""
        with self._turn():
            self._send([{"jsonrpc": "2.0", "method": method, "params": _params(args, params)}])

    def batch(self):
        """with session.batch() as batch: many requests, one round trip."""
        return Batch(self)

    @contextlib.contextmanager
    def edits(self, **how):
        """with session.edits(): what is edited there is committed at its end, with these parameters
        of commit(), and discarded if anything is raised."""
        try:
            yield self
            self.commit(**how)
        except BaseException:
            with contextlib.suppress(Exception):
                self.discard()
            raise

    def lock(self):
        """with session.lock(): a stream that is shared is this process's own."""
        return self._turn()

    # ---- event loops

    def fileno(self):
        """For select(2): when it is readable process() has something to do."""
        return self._sock.fileno()

    def process(self, timeout=0):
        """Takes what has come, or comes within that time: ends of calls, and notifications."""
        self._receive(timeout)

    def wait_notification(self, timeout=None):
        """The next one that is kept, as (method, params)."""
        self._wait(lambda: self.notifications, timeout)
        return self.notifications.popleft()

    # ---- the end

    def bye(self):
        """Ends the session for all who share it: what was not committed is dropped."""
        self.call("session.bye")
        self.close()

    def close(self):
        self._fail(Gone("the session is closed"))
        self._sock.close()
        if self._lock is not None:
            os.close(self._lock)
            self._lock = None

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()

    # ---- lines

    def _request(self, call, method, params):
        ident = f"{self._name}{next(self._numbers)}"
        self._calls[ident] = call
        call.ident = ident
        return {"jsonrpc": "2.0", "id": ident, "method": method, "params": params}

    def _text(self, message):
        data = json.dumps(message, ensure_ascii=False, separators=(",", ":")).encode("utf-8")
        if len(data) > LINE_MAX:
            raise ProtocolError(f"a request of {len(data)} bytes, and {LINE_MAX} are allowed")
        return data

    def _send(self, messages):
        """Each is a line. What cannot be sent is no call."""
        if self._gone:
            raise self._gone
        try:
            data = b"".join(self._text(message) + b"\n" for message in messages)
        except Exception:
            for message in messages:
                for one in message if isinstance(message, list) else [message]:
                    self._calls.pop(one.get("id"), None)
            raise
        end, rest = self._end_of_time(None), data
        while rest:
            try:
                # the descriptor may be others' as well, so it stays as it is
                rest = rest[self._sock.send(rest, socket.MSG_NOSIGNAL | socket.MSG_DONTWAIT):]
            except BlockingIOError:
                # whoever does not read may have to be read from first
                try:
                    self._ready(end, write=True)
                except NoAnswer as error:
                    self._fail(Gone("half a request was sent, and no more can be"))
                    raise self._gone from error
            except OSError as error:
                self._fail(Gone("the server has gone"))
                raise self._gone from error

    def _send_batch(self, requests):
        lines, line, size = [], [], 2
        for call, method, params in requests:
            message = self._request(call, method, params)
            length = len(self._text(message)) + 1
            if line and (len(line) == BATCH_MAX or size + length > LINE_MAX):
                lines, line, size = lines + [line], [], 2
            line.append(message)
            size += length
        lines += [line] if line else []
        with self._turn():
            for line in lines:
                calls = [self._calls[message["id"]] for message in line]
                for call in calls:
                    call.batch = calls
                self._send([line])
                self._wait(lambda: all(call.done for call in calls), None)

    # ---- answers

    def _end_of_time(self, timeout):
        timeout = self.timeout if timeout is None else timeout
        return None if timeout is None else time.monotonic() + timeout

    def _ready(self, end, write=False):
        """Waits, and takes what has come. False at the end of the time."""
        left = None if end is None else max(0, end - time.monotonic())
        readable, writable, _ = select.select([self._sock], [self._sock] if write else [], [], left)
        if readable:
            self._receive(0)
        if not readable and not writable and left is not None:
            raise NoAnswer("no answer in time")

    def _wait(self, condition, timeout):
        end = self._end_of_time(timeout)
        while not condition():
            self._ready(end)

    def _receive(self, timeout):
        if not select.select([self._sock], [], [], timeout)[0]:
            return
        try:
            data = self._sock.recv(1 << 18, socket.MSG_DONTWAIT)
        except (BlockingIOError, InterruptedError):
            return
        except OSError:
            data = b""
        if not data:
            self._fail(Gone("the server has gone"))
            raise self._gone
        *lines, self._buffer = (self._buffer + data).split(b"\n")
        if len(self._buffer) > ANSWER_MAX:
            raise ProtocolError("a line that is longer than any answer may be")
        for line in lines:
            if line:
                self._take_line(line)

    def _take_line(self, line):
        try:
            message = json.loads(line.decode("utf-8"))
        except ValueError:
            return  # half a line of an engine that was lost, or of another process's answer
        for one in message if isinstance(message, list) else [message]:
            if not isinstance(one, dict) or one.get("jsonrpc") != "2.0":
                raise ProtocolError("what came is no message")
            if "method" in one:
                self._take_notification(one["method"], decoded(one.get("params")))
                continue
            call = self._calls.pop(one.get("id"), None)
            if call:
                call._end(one)
            if call and call.batch and not isinstance(message, list):
                # the array was lost, and with it the answers that were in it
                for other in call.batch:
                    other._end(one)

    def _take_notification(self, method, params):
        if self.on_notify:
            self.on_notify(method, params)
        else:
            self.notifications.append((method, params))

    def _fail(self, error):
        self._gone = self._gone or error
        for call in self._calls.values():
            call._end(error)
        self._calls = {}

    # ---- turns

    @contextlib.contextmanager
    def _turn(self):
        if self._lock is None or self._depth > 0:
            yield self
            return
        end = self._end_of_time(None) or time.monotonic() + LOCK_SECONDS
        while True:
            try:
                fcntl.lockf(self._lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
                break
            except OSError:
                if time.monotonic() > end:
                    raise NoAnswer("another process keeps the session") from None
                time.sleep(0.005)
        self._depth += 1
        try:
            # it may end what another process has begun
            self._send([{"jsonrpc": "2.0", "method": "session.hello"}])
            yield self
        finally:
            self._depth -= 1
            self._buffer = b""
            fcntl.lockf(self._lock, fcntl.LOCK_UN)


def connect(path=None, secret_file=None, *, share=False, timeout=None, client="python"):
    """A session: that of the environment, for a program that exmachinad(8) has started, unless a path
    is given; else with the server that listens at the path, or at the usual one.

    share: other processes use the session of the environment, too. The variables and descriptors
    then stay for them, and this one takes turns with them."""
    if path is None and secret_file is None and "EXMACHINA_FD" in os.environ:
        return _from_environment(share, timeout, client)
    with open(secret_file or SECRET_FILE, "rb") as file:
        secret = _read_secret(file.fileno())
    sock = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    try:
        sock.connect(path or SOCKET)
        return Session(sock, secret, timeout=timeout, client=client)
    except BaseException:
        sock.close()
        raise


def _from_environment(share, timeout, client):
    fd, secret_fd = (int(os.environ[name]) for name in ("EXMACHINA_FD", "EXMACHINA_SECRET_FD"))
    secret = _read_secret(secret_fd)
    if share:
        return Session(socket.socket(fileno=os.dup(fd)), secret, lock=os.dup(secret_fd),
                       timeout=timeout, client=client)
    del os.environ["EXMACHINA_FD"], os.environ["EXMACHINA_SECRET_FD"]
    os.set_inheritable(fd, False)
    os.close(secret_fd)
    return Session(socket.socket(fileno=fd), secret, timeout=timeout, client=client)
