#!/usr/bin/python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""Channels (session.channel), by the protocol and by the library: a session of its own with the
same rights, for each of the processes of one client; and batches as the library sends them."""

import os
import signal
import socket
import sys
import time

sys.path.insert(0, sys.path[0] + "/../lib")
import trail
from exm import (ENGINE, HOSTS_FREE, SESSION, Failure, Line, check, children, contains, equal,
                 main, proc_status, running, test, wait_until)
from listening import Listening

EXAMPLES = "/opt/exmachina-tests/examples"
CANONICAL = "/files/etc/hosts/1/canonical"
CHANNELS_MAX = 16


def open_channel(line, wanted_id=None):
    """The other end's socket comes with the first byte of the answer's line."""
    ident = wanted_id or line.request("session.channel")
    data, fds, flags, _ = socket.recv_fds(line.sock, 1 << 16, 1, socket.MSG_CMSG_CLOEXEC)
    check(not flags & socket.MSG_CTRUNC, "one descriptor and no more")
    line.buffer += data
    equal(line.answer(ident), True)
    equal(len(fds), 1, "descriptors")
    return Line(socket.socket(fileno=fds[0]))


def engine(line):
    """Its process, once it waits."""
    pid = line.call("session.info")["engine"]["pid"]
    wait_until(lambda: proc_status(pid)["State"].startswith("S"), "the engine waits")
    return pid


# ---- what it is ------------------------------------------------------------------------------

@test("a channel needs no secret, has the same rights, and an engine of its own")
def same_rights(w):
    s = w.session()
    c = open_channel(s)
    equal(c.call("session.hello")["authenticated"], True)
    equal(c.get(CANONICAL), "localhost")
    info, other = s.call("session.info"), c.call("session.info")
    check(info["engine"]["pid"] != other["engine"]["pid"], "an engine of its own")
    equal((other["user"], other["root"], other["layers"]),
          (info["user"], info["root"], info["layers"]))
    equal(c.call("session.whatcan"), s.call("session.whatcan"))
    error = c.refuse("DENIED", "augeas.set",
                     {"path": "/files/etc/ssh/sshd_config/Port", "value": "1"})
    contains(error.message, "sshd_config")
    s.alive()


@test("edits of a channel are its own until they are committed, and a CONFLICT for others then")
def own_edits(w):
    s = w.session()
    c = open_channel(s)
    s.set(CANONICAL, "first")
    equal(c.get(CANONICAL), "localhost")
    c.set(CANONICAL, "second")
    equal(s.get(CANONICAL), "first")
    equal(len(c.commit()["files"]), 1)
    contains(w.read("/etc/hosts"), "second")
    s.refuse("CONFLICT", "config.commit")
    s.call("augeas.load")
    equal(s.get(CANONICAL), "second")


@test("nobody gets a channel before the secret was shown")
def locked(w):
    s = w.session(auth=False)
    s.refuse("UNAUTHENTICATED", "session.channel")
    s.authenticate()
    open_channel(s).alive()


@test("in a batch and as a notification it is refused, and nothing is opened")
def alone(w):
    s = w.session()
    s.line([{"jsonrpc": "2.0", "id": 1, "method": "session.channel"},
            {"jsonrpc": "2.0", "id": 2, "method": "session.ping"}])
    answers = {a["id"]: a for a in s.read()}
    equal(answers[1]["error"]["data"]["name"], "INVALID_REQUEST")
    equal(answers[2]["result"], "pong")
    s.line({"jsonrpc": "2.0", "method": "session.channel"})
    s.alive()
    for _ in range(CHANNELS_MAX):
        open_channel(s)


@test("parameters are none of its business")
def parameters(w):
    s = w.session()
    s.refuse("INVALID_PARAMS", "session.channel", {"count": 5})
    s.alive()


# ---- how many ----------------------------------------------------------------------------------

@test("there are 16 at most, of all sessions together, and a place again when one goes")
def bounded(w):
    s = w.session()
    channels = [open_channel(s)]
    # one may come out of another as well
    channels += [open_channel(channels[0]) for _ in range(CHANNELS_MAX - 1)]
    error = s.refuse("BUSY", "session.channel")
    equal(error.data["limit"], CHANNELS_MAX)
    channels[0].refuse("BUSY", "session.channel")
    for line in channels:
        line.alive()
    engines = {engine(line) for line in channels} | {engine(s)}
    equal(len(engines), CHANNELS_MAX + 1, "engines")
    pid = engine(channels[3])
    channels[3].close()
    wait_until(lambda: not running(pid), "the end of its engine")

    def opened():
        try:
            channels.append(open_channel(s))
        except Exception:  # the server may not have noticed yet
            return False
        return True

    wait_until(opened, "a place")
    channels[-1].alive()
    s.alive()


@test("a client that does not take the descriptor has a channel for a moment only", seconds=120)
def not_taken(w):
    s = w.session()
    at_first, before = children(s.pid), descriptors(s.pid)
    for _ in range(3 * CHANNELS_MAX):
        equal(s.call("session.channel"), True)  # by recv(2): the kernel closes it
        wait_until(lambda: children(s.pid) == at_first, "the end of the channel")
    # of the last one they are closed after its engine has ended; one of each would be 48
    wait_until(lambda: descriptors(s.pid) <= before + 8,
               f"{before} descriptors, which became {descriptors(s.pid)}")
    s.alive()


def descriptors(pid):
    return len(os.listdir(f"/proc/{pid}/fd"))


# ---- ends --------------------------------------------------------------------------------------

@test("the first session may go, channels go on, and the server ends with the last of them")
def first_goes(w):
    s = w.session()
    a = open_channel(s)
    b = open_channel(a)
    s.close()
    a.alive()
    a.set(CANONICAL, "later")
    a.commit()
    contains(w.read("/etc/hosts"), "later")
    c = open_channel(b)
    a.close()
    equal(c.call("session.bye"), True)
    check(c.ended(), "the stream ends")
    b.alive()
    check(s.process.poll() is None, "the server is there")
    b.close()
    equal(s.status(), 0, "exit status")


@test("session.bye ends a channel and nothing else")
def bye(w):
    s = w.session()
    c = open_channel(s)
    equal(c.call("session.bye"), True)
    check(c.ended(), "the stream ends")
    s.alive()
    open_channel(s).alive()


@test("an engine that is lost is a channel's own affair, with its edits")
def engine_lost(w):
    s = w.session()
    c = open_channel(s)
    s.set(CANONICAL, "kept")
    c.set(CANONICAL, "lost")
    os.kill(engine(c), signal.SIGKILL)
    equal(c.wait_note(), {"reason": "killed", "edits_lost": True, "watches_lost": False})
    equal(c.get(CANONICAL), "localhost")
    equal(s.get(CANONICAL), "kept")
    equal(s.notes, [])


@test("a channel whose engines are lost again and again ends; the first session and its exit "
      "status know nothing of it", seconds=120)
def engines_lost(w):
    s = w.session()
    c = open_channel(s)

    def over():
        try:
            os.kill(engine(c), signal.SIGKILL)
            c.wait_note()
        except Failure:
            return True
        return False

    wait_until(over, "the end of the channel", 100)
    s.alive()
    contains(s.log, "the engine was lost 16 times")
    s.close()
    equal(s.status(), 0, "exit status")


@test("an engine of a channel that is the enemy ends the channel, and shows in the exit status "
      "at the end")
def hostile_engine(w):
    s = w.session()
    with open("/etc/exmachina-hostile", "w", encoding="ascii") as file:
        file.write("OPEN before READY\n")
    w.mount("--bind", "/opt/exmachina-tests/hostile/engine", ENGINE)
    c = open_channel(s)
    check(c.ended(), "the channel ends")
    s.alive()
    contains(s.log, "broke the protocol")
    s.set(CANONICAL, "goes.on")
    s.commit()
    broken, = trail.records(w.root, METHOD="engine.protocol")
    begun = trail.records(w.root, METHOD="session.begin", SUBJECT="channel")
    equal(broken["SESSION"], begun[0]["SESSION"])
    s.close()
    equal(s.status(), 120, "exit status")


@test("wrong secrets end a channel, and it alone")
def wrong_secret(w):
    s = w.session()
    c = open_channel(s)
    equal(c.call("session.authenticate", {"secret": s.secret}), {"authenticated": True})
    for _ in range(3):
        c.refuse("UNAUTHENTICATED", "session.authenticate", {"secret": "0" * 64})
    check(c.ended(), "the stream ends")
    s.alive()
    s.close()
    equal(s.status(), 0, "exit status")


@test("three wrong secrets of the first session end its channels with it")
def first_fails(w):
    s = w.session()
    c = open_channel(s)
    for _ in range(3):
        s.refuse("UNAUTHENTICATED", "session.authenticate", {"secret": "0" * 64})
    check(c.ended(), "the channel ends")
    equal(s.status(), 123, "exit status")


@test("SIGTERM ends all")
def terminated(w):
    s = w.session()
    c = open_channel(s)
    s.process.terminate()
    equal(s.status(), 0, "exit status")
    check(c.ended() and s.ended(), "both streams end")


@test("a new policy is each channel's")
def policy_changes(w):
    s = w.session()
    c = open_channel(s)
    w.policy(SESSION + "[File /etc/ssh/sshd_config]\nLens=Sshd.lns\nSet=**\n")
    s.process.send_signal(signal.SIGHUP)
    for line in (s, c):
        equal(line.wait_note()["reason"], "policy")
        line.set("/files/etc/ssh/sshd_config/Port", "2222")
        line.refuse("DENIED", "augeas.get", [CANONICAL])


@test("dead man: the channel that made the commit goes, and it is taken back, though others stay")
def dead_man(w):
    s = w.session()
    c = open_channel(s)
    c.set(CANONICAL, "risky")
    c.call("config.commit", {"confirm": 600, "dead_man": True})
    contains(w.read("/etc/hosts"), "risky")
    # neither the first one, nor another channel, is that client
    open_channel(s).close()
    time.sleep(0.3)
    contains(w.read("/etc/hosts"), "risky")
    c.close()
    wait_until(lambda: "risky" not in w.read("/etc/hosts"), "the old file")
    s.alive()


# ---- the other forms of the server -------------------------------------------------------------

@test("the program ends: what a worker of it still has is served no more, and its status counts")
def program_ends(w):
    w.write("/worker.py", WORKER)
    run = w.pair("/usr/bin/python3", w.at("/worker.py"), "7")
    equal(run.returncode, 7, f"exit status ({run.stderr})")
    wait_until(lambda: os.path.exists("/tmp/exm-worker.out"), "the worker's word")
    with open("/tmp/exm-worker.out", encoding="ascii") as out:
        equal(out.read(), "pong end")
    os.unlink("/tmp/exm-worker.out")


# The program opens a channel for a worker, waits until that was answered, and ends before it.
WORKER = '''
import json, os, socket, sys
s = socket.socket(fileno=int(os.environ["EXMACHINA_FD"]))
secret = os.read(int(os.environ["EXMACHINA_SECRET_FD"]), 64).decode()
def ask(sock, method, **params):
    sock.sendall(json.dumps({"jsonrpc": "2.0", "id": 1, "method": method, "params": params})
                 .encode() + b"\\n")
ask(s, "session.authenticate", secret=secret)
s.recv(4096)
ask(s, "session.channel")
data, fds, flags, address = socket.recv_fds(s, 4096, 1)
ready, done = os.pipe()
if os.fork() == 0:
    s.close()
    c = socket.socket(fileno=fds[0])
    ask(c, "session.ping")
    word = json.loads(c.recv(4096))["result"]
    os.write(done, b"x")
    while c.recv(4096):
        pass
    with open("/tmp/exm-worker.tmp", "w") as out:
        out.write(word + " end")
    os.rename("/tmp/exm-worker.tmp", "/tmp/exm-worker.out")
    os._exit(0)
os.read(ready, 1)
os._exit(int(sys.argv[1]))
'''


@test("--listen: a client that has a channel left is still there for the next one")
def listening(w):
    server = Listening(w, SESSION + HOSTS_FREE)
    line = server.connect()
    line.call("session.authenticate", {"secret": server.secret})
    channel = open_channel(line)
    line.close()
    channel.alive()
    equal(server.connect().error_answer("BUSY").name, "BUSY")
    channel.close()
    server.wait_free(1)
    line = server.connect()
    line.call("session.authenticate", {"secret": server.secret})
    line.alive()


# ---- the audit trail ---------------------------------------------------------------------------

@test("the trail has each channel as a session of its own, and says whose it is")
def audited(w):
    s = w.session()
    c = open_channel(s)
    d = open_channel(c)
    d.set(CANONICAL, "told")
    d.commit()
    for line in (d, c, s):
        line.close()
    equal(s.status(), 0, "exit status")
    begun = trail.records(w.root, METHOD="session.begin")
    equal([r["SUBJECT"] for r in begun], ["fd", "channel", "channel"])
    equal([r.get("PARENT") for r in begun], [None, begun[0]["SESSION"], begun[1]["SESSION"]])
    equal(len({r["SESSION"] for r in begun}), 3, "sessions")
    equal({(r["USER"], r["PID"]) for r in begun}, {(begun[0]["USER"], begun[0]["PID"])})
    commit, = trail.records(w.root, METHOD="config.commit")
    equal(commit["SESSION"], begun[2]["SESSION"])
    equal({r["SESSION"]: r["RESULT"] for r in trail.records(w.root, METHOD="session.end")},
          {r["SESSION"]: "done" for r in begun})


# ---- the library ---------------------------------------------------------------------------------

@test("examples/prefork: each worker commits over a channel of its own")
def prefork(w):
    run = w.pair(f"{EXAMPLES}/prefork", CANONICAL, "one", "two", "three", "four")
    equal((run.returncode, run.stderr.count("channel")), (0, 0), run.stderr)
    equal(sorted(run.stdout.split()), sorted("four: done one: done three: done two: done".split()))
    check(any(f"\t{value}\n" in w.read("/etc/hosts") for value in ("one", "two", "three", "four")),
          w.read("/etc/hosts"))
    commits = trail.records(w.root, METHOD="config.commit", RESULT="done")
    equal(len({r["SESSION"] for r in commits}), 4, "sessions that committed")


SHARING = """
import ctypes, os, sys
lib = ctypes.CDLL("libexmachina.so.0")
def must(result):
    if result != 0:
        os._exit(-result)
shared = ctypes.c_void_p()
must(lib.exm_new(ctypes.byref(shared)))
must(lib.exm_connect(shared, 1))  # EXM_KEEP_ENV
for n in range(6):
    if os.fork() == 0:
        own, value = ctypes.c_void_p(), ctypes.c_char_p()
        must(lib.exm_open_channel(shared, ctypes.byref(own)))
        lib.exm_free(shared)
        for _ in range(50):
            must(lib.exm_get(own, b"/files/etc/hosts/1/canonical", ctypes.byref(value)))
        os._exit(value.value != b"localhost")
sys.exit(sum(os.wait()[1] != 0 for _ in range(6)))
"""


@test("workers that share a session (EXM_KEEP_ENV) each open a channel by themselves")
def sharing(w):
    w.write("/sharing.py", SHARING)
    run = w.pair("/usr/bin/python3", w.at("/sharing.py"))
    equal(run.returncode, 0, run.stderr)
    begun = trail.records(w.root, METHOD="session.begin", SUBJECT="channel")
    equal(len(begun), 6, "channels")
    equal(len({r["PARENT"] for r in begun}), 1, "sessions that they came out of")


@test("examples/batch: all edits of a batch are committed")
def batch(w):
    edits = "".join(f"/files/etc/hosts/1/alias[{n}] alias{n}\n" for n in range(1, 1501))
    with open(w.path_of("edits"), "w", encoding="ascii") as file:
        file.write(edits)
    with open(w.path_of("edits"), encoding="ascii") as file:
        run = w.pair(f"{EXAMPLES}/batch", stdin=file)
    equal(run.returncode, 0, run.stderr)
    equal(w.read("/etc/hosts").split("\n", maxsplit=1)[0].split()[2:],
          [f"alias{n}" for n in range(1, 1501)])


@test("examples/batch: an edit that is refused is told by its number, and nothing is committed")
def batch_refused(w):
    w.policy(SESSION + "[File /etc/hosts]\nLens=Hosts.lns\nSet=*/canonical\n")
    before = w.read("/etc/hosts")
    with open(w.path_of("edits"), "w", encoding="ascii") as file:
        file.write(f"{CANONICAL} a\n/files/etc/hosts/1/ipaddr 10.0.0.1\n"
                   f"{CANONICAL} b\n/files/[ x\n")
    with open(w.path_of("edits"), encoding="ascii") as file:
        run = w.pair(f"{EXAMPLES}/batch", stdin=file)
    equal(run.returncode, 1)
    equal([line.split(":")[0] for line in run.stderr.splitlines() if line.startswith("line ")],
          ["line 2", "line 4"])
    equal(w.read("/etc/hosts"), before)


if __name__ == "__main__":
    main()
