#!/usr/bin/python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""examples/python/exmachina.py, the second implementation of the protocol: every method through it,
text that is no UTF-8, batches, notifications, errors by name, timeouts, and a stream that is shared."""

import ast
import os
import shutil
import signal
import sys
import textwrap
import time

sys.dont_write_bytecode = True
sys.path.insert(0, sys.path[0] + "/../lib")
EXAMPLES = os.environ.get("EXM_EXAMPLES", "/opt/exmachina-tests/examples")
sys.path.insert(0, EXAMPLES + "/python")
import exm
import exmachina
from exm import HOSTS, HOSTS_FREE, SESSION, Failure, check, contains, equal, for_each, main, \
    matches, test, unit_file, unit_property, wait_until
from gate import WAIT, close_gate, open_gate

H = "/files/etc/hosts"
UNIT = "exm-python@one.service"
UNITS = (f"[Service {UNIT}]\nAllow=status start stop restart try_restart reload reload_or_restart "
         f"enable disable mask unmask reset_failed\n[Log {UNIT}]\n[System]\nAllow=timezone\n")


def connected(w, policy=SESSION + HOSTS_FREE, root=None, **how):
    raw = w.session(policy, auth=False, root=root)
    session = exmachina.Session(raw.sock, raw.secret, **how)
    session.raw = raw
    return session


def raises(kind, function, *args, **params):
    try:
        result = function(*args, **params)
    except kind as error:
        return error
    raise Failure(f"no {kind.__name__}, but {result!r}")


def on_system(w, **how):
    """A session on the system's own files, where there are units."""
    kept = w.path_of("kept-hosts")
    shutil.copy2("/etc/hosts", kept)
    w.undo.callback(shutil.copy2, kept, "/etc/hosts")
    with open("/etc/hosts", "w", encoding="ascii") as file:
        file.write(HOSTS)
    return connected(w, SESSION.replace("10s", "30s") + HOSTS_FREE + UNITS, "/", **how)


# ---- every method ------------------------------------------------------------------------------

def call_all(session):
    """{method: what it is called with}, in an order in which they all have something to do. What is
    behind a colon is the error that has to come."""
    yield "session.hello", {"client": "test"}, dict
    yield "session.authenticate", {"secret": "0" * 64}, exmachina.Unauthenticated
    for name in ("info", "ping", "methods", "whatcan"):
        yield "session." + name, {}, (dict, list, str)
    # this client does not take descriptors, so that the channel ends at once
    yield "session.channel", {}, bool
    yield "augeas.get", {"path": H + "/1/ipaddr"}, str
    yield "augeas.label", {"path": H + "/1"}, str
    yield "augeas.match", {"path": H + "/*"}, list
    yield "augeas.print", {"path": H}, str
    yield "augeas.dump", {"path": H}, list
    yield "augeas.span", {"path": H + "/1/ipaddr"}, dict
    yield "augeas.source", {"path": H + "/1"}, str
    yield "augeas.preview", {"path": H}, str
    yield "augeas.errors", {}, list
    yield "augeas.escape_name", {"name": "a/b"}, str
    yield "augeas.defvar", {"name": "v", "expression": H + "/*"}, int
    yield "augeas.defnode", {"name": "n", "expression": "/own", "value": "x"}, dict
    yield "augeas.ns_count", {"name": "v"}, int
    yield "augeas.ns_path", {"name": "v"}, str
    yield "augeas.ns_value", {"name": "n"}, str
    yield "augeas.ns_attr", {"name": "v"}, dict
    yield "augeas.ns_label", {"name": "v", "index": 1}, dict
    yield "augeas.set", {"path": H + "/1/canonical", "value": "new"}, bool
    yield "augeas.setm", {"base": H + "/1", "sub": "canonical", "value": "newer"}, int
    yield "augeas.ensure", {"path": H + "/*", "where": {"ipaddr": "192.0.2.7"},
                            "match": {"canonical": "db", "alias": ["a", "b"]}}, dict
    yield "augeas.clear", {"path": "/own/empty"}, bool
    yield "augeas.insert", {"path": H + "/3/alias[1]", "label": "alias", "before": True}, bool
    yield "augeas.remove", {"path": H + "/3/alias[1]"}, int
    yield "augeas.copy", {"source": H + "/1", "destination": "/own/copy"}, bool
    yield "augeas.move", {"source": "/own/copy", "destination": "/own/moved"}, bool
    yield "augeas.rename", {"path": "/own/moved", "label": "renamed"}, int
    yield "augeas.set", {"path": "/text", "value": "192.0.2.1 x\n"}, bool
    yield "augeas.text_store", {"lens": "Hosts.lns", "source": "/text", "path": "/tree"}, bool
    yield "augeas.text_retrieve", {"lens": "Hosts.lns", "source": "/text", "path": "/tree",
                                   "destination": "/text"}, bool
    yield "augeas.srun", {"script": "get /text\n"}, dict
    yield "augeas.transform", {"lens": "Hosts.lns", "file": "/etc/hosts"}, bool
    yield "config.diff", {}, dict
    yield "config.commit", {"confirm": 60}, dict
    yield "config.confirm", {}, dict
    yield "config.history", {"limit": 1}, dict
    yield "config.show", {"revision": 1}, (dict, exmachina.NoMatch)
    yield "config.confirm", {"token": "0" * 32}, exmachina.Denied
    yield "config.revert", {"revision": 1 << 40}, exmachina.NoMatch
    yield "config.discard", {}, dict
    yield "augeas.load", {}, bool
    yield "augeas.load_file", {"file": "/etc/hosts"}, bool
    yield "augeas.save", {}, dict
    for verb in ("status", "start", "restart", "try_restart", "reload_or_restart", "reload", "enable",
                 "disable", "stop", "mask", "unmask"):
        yield "service." + verb, {"unit": UNIT, "timeout": 20}, dict
    # what is not loaded has nothing to be forgotten
    yield "service.reset_failed", {"unit": UNIT}, (dict, exmachina.ServiceFailed)
    yield "service.list", {"glob": "exm-*"}, list
    yield "service.log", {"unit": UNIT, "lines": 3}, dict
    yield "service.watch", {"unit": UNIT}, dict
    yield "service.unwatch", {"unit": UNIT}, bool
    for verb in ("status", "install", "remove", "upgrade"):
        yield "package." + verb, {"names": ["hello"]}, exmachina.Denied
    yield "package.update", {"progress": False}, exmachina.Denied
    yield "system.get", {}, dict
    yield "system.set_timezone", {"timezone": "Nowhere/At_All"}, exmachina.BadValue
    yield "system.set_hostname", {"hostname": "x"}, exmachina.Denied
    yield "system.set_locale", {"locale": ["LANG=C"]}, exmachina.Denied
    yield "session.bye", {}, bool


def called(family, name, params):
    try:
        return getattr(family, name)(**params)
    except exmachina.Error as error:
        return error


@test("each method of the server is called by its name, and does or is refused as it should be")
def every_method(w):
    unit_file("exm-python@.service", "[Service]\nExecStart=/bin/sleep infinity\nExecReload=/bin/true\n"
              "[Install]\nWantedBy=multi-user.target\n")
    w.undo.callback(w.run, "systemctl", "stop", UNIT)
    session = on_system(w, timeout=30)
    methods = [method["name"] for method in session.session.methods()]
    seen = set()
    for method, params, wanted in call_all(session):
        family, name = method.split(".")
        result = called(getattr(session, family), name, params)
        check(isinstance(result, wanted), f"{method} {params}: {result!r}")
        seen.add(method)
        if method == "config.commit":
            token = result["confirm"]["token"]
        if method == "config.revert":
            # else whoever serves the system when its time is over takes it back
            session.confirm(token)
    equal(sorted(seen), sorted(methods), "methods that were called")
    raises(exmachina.Gone, session.get, H)


@test("the functions without a family are those methods, with the parameters in their order")
def shortcuts(w):
    session = connected(w)
    there = {method["name"]: [p["name"] for p in method["parameters"]]
             for method in session.session.methods()}
    for name, function in vars(exmachina.Methods).items():
        if name.startswith("_"):
            continue
        method, _, names = function.__doc__.partition(")")[0].partition("(")
        names = names.split(", ") if names else []
        equal(names, there[method][:len(names)], f"parameters of {name}")
    session.set(H + "/1/canonical", "one")
    equal(session.get(H + "/1/canonical"), "one")
    session.set(path=H + "/1/canonical", value=None)
    equal(session.get(H + "/1/canonical"), None)
    equal(session.match(H + "/*/ipaddr", True)[0], {"path": H + "/1/ipaddr", "value": "127.0.0.1",
                                                    "children": 0})
    raises(TypeError, session.get, "a", "b")
    raises(TypeError, session.augeas.get, "a", path="b")
    raises(AttributeError, lambda: session.nothing)


# ---- text --------------------------------------------------------------------------------------

@test("text that is no UTF-8 comes and goes as os.fsdecode() has it, and as bytes")
def not_utf8(w):
    w.write("/etc/hosts", b"127.0.0.1 localhost # caf\xe9\n")
    session = connected(w)
    value = session.get(H + "/1/#comment")
    equal((value, os.fsencode(value)), (os.fsdecode(b"caf\xe9"), b"caf\xe9"))
    session.set(H + "/1/#comment", value + " \u00e4")
    session.commit()
    equal(w.read_bytes("/etc/hosts"), b"127.0.0.1 localhost # caf\xe9 \xc3\xa4\n")
    session.set(H + "/1/#comment", b"\xff\xfe")
    equal(os.fsencode(session.get(H + "/1/#comment")), b"\xff\xfe")
    session.set(H + "/1/#comment", b"plain")
    equal(session.get(H + "/1/#comment"), "plain")
    # what is no text at all stays what it is
    equal(session.match(H + "/nothing"), [])


@for_each([(f"what is not to be sent is told, and the session goes on: {what}", value, kind)
           for what, value, kind in [
               ("a NUL", "a\0b", exmachina.InvalidParams),
               ("half of a surrogate pair", "\ud800", UnicodeEncodeError),
               ("too much", "x" * (1 << 20), exmachina.ProtocolError),
               ("no text", 7, exmachina.InvalidParams)]])
def not_sent(w, value, kind):
    session = connected(w)
    raises(kind, session.set, H + "/1/canonical", value)
    equal(session.session.ping(), "pong")
    equal(session._calls, {})


# ---- batches -----------------------------------------------------------------------------------

@test("a batch is one line, and each of its calls has its own result or error")
def batch(w):
    session = connected(w)
    with session.batch() as batch:
        first = batch.get(H + "/1/ipaddr")
        edit = batch.set(H + "/1/canonical", "batched")
        wrong = batch.get(H + "/99")
        last = batch.augeas.get(H + "/1/canonical")
    equal((first.result(), edit.result(), last.result()), ("127.0.0.1", True, "batched"))
    equal(raises(exmachina.NoMatch, wrong.result).data["path"], H + "/99")
    with session.batch():
        pass


@test("a batch of more requests than a line may have is several")
def large_batch(w):
    session = connected(w)
    with session.batch() as batch:
        calls = [batch.get(H + "/2/ipaddr") for _ in range(2500)]
        sets = [batch.set("/own/%d" % i, "x" * 100000) for i in range(30)]
    equal({call.result() for call in calls}, {"127.0.1.1"})
    equal({call.result() for call in sets}, {True})
    equal(len(session.match("/own/*")), 30)


@test("what raises within a batch sends nothing of it")
def batch_given_up(w):
    session = connected(w)

    def give_up():
        with session.batch() as batch:
            batch.set(H + "/1/canonical", "never")
            raise KeyError("no")
    raises(KeyError, give_up)
    equal(session.get(H + "/1/canonical"), "localhost")


@test("edits are committed at the end of a with statement, and dropped if it is left by an error")
def edits(w):
    session = connected(w)
    with session.edits(progress=False):
        session.set(H + "/1/canonical", "kept")
    contains(w.read("/etc/hosts"), "\tkept\n")

    def fail():
        with session.edits():
            session.set(H + "/1/canonical", "dropped")
            session.set("/files/etc/shadow/x", "y")
    denied = raises(exmachina.Denied, fail)
    equal((denied.name, denied.code, denied.data["key"]), ("DENIED", 2, "[File]"))
    equal(session.diff(), {"files": []})


# ---- what comes by itself ------------------------------------------------------------------------

# a start that goes on until it is stopped
ENDLESS = "Type=oneshot\nExecStart=/bin/sleep infinity\n"


def with_unit(w, service):
    unit_file("exm-python@.service", "[Unit]\nStartLimitIntervalSec=0\n[Service]\n" + service)
    w.undo.callback(stop_unit, w)
    return on_system(w)


def stop_unit(w):
    w.run("systemctl", "stop", UNIT)


@test("calls that take a while are answered in any order, with their progress meanwhile")
def in_any_order(w):
    close_gate()
    session = with_unit(w, f"Type=oneshot\nExecStart=/bin/sh -c '{WAIT}'\n")
    slow = session.start("service.start", UNIT, 30, 0, True)
    quick = session.start("augeas.get", H + "/1/ipaddr")
    equal(quick.result(10), "127.0.0.1")
    check(not slow.done, "it has ended already")
    raises(exmachina.NoAnswer, slow.result, 0.1)
    method, params = session.wait_notification(10)
    equal((method, params["unit"], params["id"]), ("service.progress", UNIT, slow.ident))
    open_gate()
    equal(slow.result(30)["job"], "done")


@test("a unit that is watched tells of its changes, to a function or to who waits")
def watched(w):
    # up or down, so that a look that comes late sees it
    session = with_unit(w, "ExecStart=/bin/sleep infinity\n")
    session.service.watch(UNIT)
    w.run("systemctl", "start", UNIT)
    method, params = session.wait_notification(20)
    equal((method, params["unit"]), ("service.changed", UNIT))
    heard = []
    session.on_notify = lambda method, params: heard.append((method, params["active"]))
    # what else came of the start
    session.notifications.clear()
    stop_unit(w)
    end = time.monotonic() + 20
    while not heard and time.monotonic() < end:
        session.process(1)
    equal(heard[0][0], "service.changed")
    raises(exmachina.NoAnswer, session.wait_notification, 0.1)


@test("a request without an answer is carried out")
def notification(w):
    session = connected(w)
    session.notify("augeas.set", H + "/1/canonical", "quietly")
    equal(session.get(H + "/1/canonical"), "quietly")


@test("a call that takes too long is given up, and its late answer is not taken for another's")
def too_late(w):
    session = connected(w)
    engine = session.session.info()["engine"]["pid"]
    session.timeout = 0.3
    os.kill(engine, signal.SIGSTOP)
    try:
        raises(exmachina.NoAnswer, session.get, H + "/1/ipaddr")
    finally:
        os.kill(engine, signal.SIGCONT)
    session.timeout = 10
    equal(session.get(H + "/2/ipaddr"), "127.0.1.1")


@test("an engine that is lost is told, and the session goes on without the edits")
def engine_lost(w):
    session = with_unit(w, ENDLESS)
    session.set(H + "/1/canonical", "lost")
    slow = session.start("service.start", UNIT)
    os.kill(session.session.info()["engine"]["pid"], signal.SIGKILL)
    error = raises(exmachina.EngineLost, slow.result, 20)
    equal(error.data["reason"], "killed")
    equal(session.notifications[0][1]["edits_lost"], True)
    equal(session.get(H + "/1/canonical"), "localhost")
    stop_unit(w)


@test("of a batch whose array is lost with the engine, no call waits without end")
def batch_lost(w):
    session = with_unit(w, ENDLESS)
    pid = session.session.info()["engine"]["pid"]
    session.on_notify = lambda method, params: None
    calls = []

    def lose():
        with session.batch() as batch:
            calls.append(batch.get(H + "/1/ipaddr"))
            calls.append(batch.service.start(UNIT))
            # while the array waits for the second one
            if os.fork() == 0:
                try:
                    wait_until(lambda: unit_property(UNIT, "ActiveState") == "activating",
                               "the start")
                finally:
                    os.kill(pid, signal.SIGKILL)
                    os._exit(0)
    session.timeout = 20
    lose()
    os.wait()
    for call in calls:
        raises(exmachina.EngineLost, call.result)
    equal(session.session.ping(), "pong")
    stop_unit(w)


# ---- connecting ----------------------------------------------------------------------------------

def script(w, text):
    """As the paired program, an ordinary user."""
    path = w.path_of("script.py")
    with open(path, "w", encoding="utf-8") as file:
        file.write("import sys\nsys.dont_write_bytecode = True\n"
                   f"sys.path.insert(0, {EXAMPLES + '/python'!r})\nimport exmachina, os\n" +
                   textwrap.dedent(text))
    os.chmod(path, 0o644)
    return path


@test("a paired program connects from its environment, which its children do not have then")
def paired(w):
    run = w.pair("/usr/bin/python3", script(w, f"""
        with exmachina.connect() as session:
            session.set("{H}/1/canonical", "python")
            session.commit()
            print(session.get("{H}/1/canonical"), "EXMACHINA_FD" in os.environ,
                  os.get_inheritable(session.fileno()))
        """))
    equal((run.returncode, run.stdout), (0, "python False False\n"), run.stderr)
    contains(w.read("/etc/hosts"), "\tpython\n")


@test("a session that is shared goes on with others, in turns", seconds=120)
def shared(w):
    path = script(w, f"""
        session = exmachina.connect(share=True)
        for i in range(200):
            session.set("{H}/%d/canonical" % int(sys.argv[1]), "n%d" % i)
        with session.lock():
            calls = [session.start("augeas.get", "{H}/1/ipaddr") for _ in range(3)]
            print([call.result() for call in calls])
        """)
    run = w.shell(f"/usr/bin/python3 {path} 1 & first=$!; /usr/bin/python3 {path} 2 & second=$!;"
                  f"for i in 1 2 3 4 5; do {exm.CLI} get {H}/3/ipaddr; done;"
                  f"wait $first || exit 1; wait $second || exit 2; {exm.CLI} get {H}/1/canonical;"
                  f"{exm.CLI} get {H}/2/canonical", seconds=100)
    equal(run.returncode, 0, run.stderr)
    lines = run.stdout.splitlines()
    equal(lines[-2:], ["n199", "n199"])
    equal((lines.count("::1"), lines.count("['127.0.0.1', '127.0.0.1', '127.0.0.1']")), (5, 2))


@test("a wrong secret, no server and no secret are told apart")
def not_connected(w):
    raw = w.session(auth=False)
    error = raises(exmachina.Unauthenticated, exmachina.Session, raw.sock, "0" * 64)
    equal(error.data["tries_left"], 2)
    path = w.path_of("secret")
    with open(path, "w", encoding="ascii") as file:
        file.write("0" * 63)
    raises(exmachina.ProtocolError, exmachina.connect, "/nowhere", path)
    with open(path, "w", encoding="ascii") as file:
        file.write("0" * 64 + "\n")
    raises(FileNotFoundError, exmachina.connect, "/nowhere", path)
    raises(FileNotFoundError, exmachina.connect, "/nowhere", "/nowhere")


@test("it connects to a server that listens, by the path and the file with the secret")
def listening(w):
    run = w.run("/usr/bin/python3", script(w, """
        try:
            exmachina.connect(sys.argv[1], sys.argv[2])
        except ConnectionRefusedError:
            sys.exit(3)
        """), w.path_of("none"), "/dev/null")
    matches(run.stderr, "ProtocolError: the secret is 64 hexadecimal digits")


@test("the server that ends is told to whoever waits, and to whoever comes later")
def ended(w):
    session = connected(w)
    session.raw.process.terminate()
    error = raises(exmachina.Gone, session.wait_notification, 10)
    check(isinstance(error, ConnectionError), repr(error))
    raises(exmachina.Gone, session.get, H)
    session.close()


# ---- the file ------------------------------------------------------------------------------------

@test("it is one file for Python 3.9, with the standard library alone, and every name has its words")
def one_file(w):
    with open(EXAMPLES + "/python/exmachina.py", encoding="utf-8") as file:
        tree = ast.parse(file.read(), feature_version=(3, 9))
    names = {alias.name for node in ast.walk(tree) if isinstance(node, ast.Import)
             for alias in node.names}
    check(names <= set(sys.stdlib_module_names), f"modules {names}")
    equal([node for node in ast.walk(tree) if isinstance(node, ast.ImportFrom)], [])
    check(ast.get_docstring(tree), "the module")
    for node in tree.body:
        if isinstance(node, ast.ClassDef) and not node.name.startswith("_"):
            check(ast.get_docstring(node), node.name)
    equal(sorted(exmachina.ERRORS), sorted(exm.CODES), "errors")


if __name__ == "__main__":
    main()
