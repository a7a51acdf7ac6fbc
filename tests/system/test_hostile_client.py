#!/usr/bin/python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""The client as the enemy. What it says is made from the server's own list of methods, so that a new
one is attacked without anybody remembering to; what may come of it is what the manual page lists.
No file is touched, nobody grows, the log says nothing that is not due, and the session goes on."""

import array
import json
import os
import re
import select
import socket
import sys
import time

sys.path.insert(0, sys.path[0] + "/../lib")
from exm import (HOSTS_FREE, MIB, SESSION, RpcError, check, equal, main, test)
from listening import Listening, check_growth, resident
from snapshot import difference, snapshot

POLICY = (SESSION + "ServiceManager=systemd\n" + HOSTS_FREE +
          "[Service ssh.service]\nAllow=status\n[Log ssh.service]\n[System]\n")
MANUAL = "/usr/share/man/man7/exmachina-protocol.7"
ANY = {"PARSE", "INVALID_REQUEST", "INVALID_PARAMS", "LIMIT"}
GROWTH = 8192  # KiB of an engine: a file, its lens, and what libc keeps

# What is right, for those parameters that are not under attack. One that is not here gets a
# value of its type.
GOOD = {"path": "/files/etc/hosts/1/ipaddr", "value": "x", "base": "/files/etc/hosts/*",
        "sub": "alias", "label": "new", "source": "/files/etc/hosts/2",
        "destination": "/files/etc/hosts/9", "lens": "Hosts.lns", "file": "/etc/hosts",
        "unit": "ssh.service", "glob": "*", "timezone": "Etc/UTC", "secret": "0" * 64,
        "absent": False, "ahead_of": "x"}
BY_TYPE = {"bytes": "x", "bytes or null": "x", "string": "x", "boolean": True, "integer": 1,
           "string or array of strings": ["x"], "object of wanted nodes": {}}

TEXTS = ["", "..", ".", "/", "/files/../../etc/shadow", "/etc/shadow", "../../etc/shadow",
         "x\ny", "\x01\x1b[2J\x7f", "%s%n", "--help", "*", "//*", "\u202e\U0001f600", "x" * 5000,
         "x" * (MIB - 500), "/" * 5000, "[" * 300, "a\\", "'\"", "$x", "/augeas//*",
         "/augeas/load/X/lens", "/augeas/root", "|", "/files/etc/hosts/*|/augeas"]
BYTES = [{"base64": text} for text in ("", "Ly8=", "/w==", "/////w==")]
INTEGERS = [0, -1, 1, 2**31, 2**32, 2**53, 2**63 - 1, -2**63]
LISTS = [[], [""], ["x"] * 65, ["x"] * 10000, [".."], ["--help"], ["x\ny"], ["x y"], "", "--help"]
WANTED = [{}, {"alias": ["x", None]}, {"alias": True}, {"alias": False}, {"alias": []},
          {"*": "x"}, {"..": "x"}, {"../../../etc/shadow": True}, {"/files/etc/hosts": False},
          {".": None}, {"x" * 5000: "x"}, {"[" * 300: "x"}, {"a|/files": "x"}, {"x\ny": "x\ny"},
          {str(i): "x" for i in range(1025)}, {"alias": ["x"] * 1025}, {"base64": "!"}]
ODD = {"bytes": TEXTS + BYTES, "bytes or null": TEXTS + BYTES + [None], "string": TEXTS,
       "boolean": [True, False], "integer": INTEGERS,
       "string or array of strings": TEXTS + LISTS, "object of wanted nodes": WANTED}

# Values of each kind that JSON has, and those that have the form of another.
KINDS = [5, -1.5, 1e300, True, None, "text", [], {}, [["text"]], {"base64": 5}, {"base64": "!"},
         {"base64": "eA==", "more": 1}, {"base64": "AA=="}, "a\0b", ["a\0b"], [5], [None]]
IS_RIGHT = {
    "bytes": lambda v: isinstance(v, str) and "\0" not in v,
    "bytes or null": lambda v: v is None or isinstance(v, str) and "\0" not in v,
    "string": lambda v: isinstance(v, str) and "\0" not in v,
    "boolean": lambda v: isinstance(v, bool),
    "integer": lambda v: isinstance(v, int) and not isinstance(v, bool),
    "object of wanted nodes": lambda v: isinstance(v, dict) and all(
        k != "" and (i is None or isinstance(i, (bool, str)) and "\0" not in str(i))
        for k, i in v.items()),
    "string or array of strings":
        lambda v: all(isinstance(i, str) and "\0" not in i for i in (v if isinstance(v, list) else [v])),
}


def documented():
    """Method -> the errors that its entry in the manual lists. Entries that stand above one text
    have one list."""
    found, waiting, last = {}, [], ""
    with open(MANUAL, encoding="utf-8") as file:
        text = file.read().replace(".It Xo\n.Li", ".It Li")
    for line in text.splitlines():
        entry = re.match(r"\.It Li ([a-z]+\.[a-z_]+)", line)
        errors = re.match(r"\.Bq (Li|as) (.*)", line)
        if entry:
            # a text in between was another entry's, which has no list
            waiting = waiting + [entry[1]] if last.startswith(".It") else [entry[1]]
            found[entry[1]] = set()
        elif errors:
            names = set(errors[2].replace(",", " ").split())
            found.update((name, names) for name in waiting)
        if not line.startswith((".Fa", ".Xc")):
            last = line
    # "as" another one
    return {name: set().union(names, *(found.get(other, ()) for other in names))
            for name, names in found.items()}


def parameters(row, **changed):
    """Good ones where they are needed, but for those that are changed."""
    wanted = {p["name"]: GOOD.get(p["name"], BY_TYPE[p["type"]])
              for p in row["parameters"] if p["required"]}
    wanted.update(changed)
    return wanted


def request(row, ident=1, **changed):
    return {"jsonrpc": "2.0", "id": ident, "method": row["name"],
            "params": parameters(row, **changed)}


class Attack:
    """A session, and what must be true at its end. As a context. lines: what may be in the log."""

    def __init__(self, w, lines=None):
        self.w, self.lines = w, lines
        self.session = w.session(POLICY)
        self.methods = self.session.call("session.methods")
        self.before = snapshot(w.root)

    def memory(self):
        """KiB of monitor and engine."""
        engine = self.session.engine()
        return [resident(pid) for pid in (self.session.pid, engine)]

    def __enter__(self):
        self.engine = self.session.engine()
        self.start = self.memory()
        self.log_start = len(self.session.log)
        return self

    def __exit__(self, kind, value, trace):
        if kind:
            return
        s, now = self.session, self.memory()
        s.alive()
        equal(s.engine(), self.engine, "the engine")
        equal(difference(self.before, snapshot(self.w.root)), [], "what has changed")
        check_growth(now[0] - self.start[0], GROWTH // 2, "growth of the monitor")
        check_growth(now[1] - self.start[1], 4 * GROWTH, "growth of the engine")
        said = [line for line in s.log[self.log_start:].splitlines()
                if not (self.lines and re.search(self.lines, line))]
        equal(said, [], "lines in the log")
        s.call("session.bye")
        equal(s.status(), 0, "exit status")


# ---- parameters ---------------------------------------------------------------------------------

@test("every method refuses each parameter of each wrong kind, by name and by position")
def wrong_kinds(w):
    with Attack(w) as a:
        s = a.session
        for row in a.methods:
            for i, p in enumerate(row["parameters"]):
                for value in KINDS:
                    if IS_RIGHT[p["type"]](value):
                        continue
                    error = s.refuse("INVALID_PARAMS", row["name"],
                                     parameters(row, **{p["name"]: value}))
                    equal((error.data["parameter"], error.data["expected"]),
                          (p["name"], p["type"]), f"{row['name']} with {value!r}")
                    if i == 0:
                        s.refuse("INVALID_PARAMS", row["name"], [value])


@test("every method refuses to do without what it needs, and to take more than it knows")
def wrong_sets(w):
    with Attack(w) as a:
        s = a.session
        for row in a.methods:
            names = [p["name"] for p in row["parameters"]]
            for p in row["parameters"]:
                if p["required"]:
                    params = parameters(row)
                    del params[p["name"]]
                    equal(s.refuse("INVALID_PARAMS", row["name"], params).data["parameter"],
                          p["name"], row["name"])
            for surplus in ("surplus", "", "Path", "path ", "id", "__proto__", "x" * 5000):
                if surplus not in names:
                    s.refuse("INVALID_PARAMS", row["name"], parameters(row, **{surplus: 1}))
            for count in (len(names) + 1, 100, 10000):
                s.refuse("INVALID_PARAMS", row["name"], ["x"] * count)


@test("every parameter with each odd value is answered by what the manual lists", seconds=200)
def odd_values(w):
    table = documented()
    # an honest engine asks the monitor for what is right; that there is no systemd is logged
    with Attack(w, lines=r"service\.\w+ of .*: unavailable: ") as a:
        s = a.session
        equal([row["name"] for row in a.methods if row["name"] not in table], [],
              "methods that are not in the manual")
        for row in a.methods:
            if row["name"] == "session.authenticate":
                continue  # each of them costs a try; test_jsonrpc.py
            for p in row["parameters"]:
                for value in ODD[p["type"]]:
                    try:
                        s.call(row["name"], parameters(row, **{p["name"]: value}), 60)
                    except RpcError as error:
                        what = f"{row['name']} with {p['name']} {str(value)[:60]!r}: {error}"
                        check(error.name in table[row["name"]] | ANY, what[:600])
                s.call("config.discard")


# ---- text --------------------------------------------------------------------------------------

def broken_texts(row):
    """Lines that are wrong before any method is: what they are, the text, what comes of it."""
    good = json.dumps(request(row)).encode()
    member = b'"params": {'
    first = row["parameters"][0]["name"].encode()
    yield "bytes that are no UTF-8", good.replace(member, member + b'"\xff": 1, ', 1), "PARSE"
    yield "an overlong form", good.replace(b'"2.0"', b'"2.0\xc0\xaf"', 1), "PARSE"
    yield "a lone surrogate", good.replace(member, member + b'"\\ud800": 1, ', 1), "PARSE"
    yield "surrogates in the wrong order", good.replace(member, member + b'"\\udc00\\ud800": 1, ',
                                                        1), "PARSE"
    yield "a NUL", good.replace(member, member + b"\0", 1), "PARSE"
    yield "a control character", good.replace(member, member + b'"\x1f": 1, ', 1), "PARSE"
    yield "a parameter twice", good.replace(member, member + b'"' + first + b'": 1, ', 1), "PARSE"
    yield "the method twice", good.replace(b'{"', b'{"method": "session.ping", "', 1), "PARSE"
    yield "an integer out of range", good.replace(member, member + b'"x": ' + b"9" * 400 + b", ",
                                                  1), "PARSE"
    yield "nesting", good.replace(member, member + b'"x": ' + b"[" * 70 + b"]" * 70 + b", ",
                                  1), "PARSE"
    yield "nesting to the end of the line", good.replace(member, member + b'"x": ' + b"[" * 10**5,
                                                         1), "PARSE"
    yield "half of it", good[:len(good) // 2], "PARSE"
    yield "1 MiB and more", good[:-1] + b" " * MIB + b"}", "LIMIT"


@test("every method in lines that are no text or no JSON is refused, and where is told")
def broken(w):
    with Attack(w) as a:
        s = a.session
        for row in a.methods:
            if not row["parameters"]:
                continue
            for what, text, name in broken_texts(row):
                if what == "a parameter twice" and "secret" in parameters(row):
                    continue  # in whose place is another
                error = s.bad_line(text, name)
                check(name == "LIMIT" or 0 <= error.data["offset"] <= len(text),
                      f"{row['name']}, {what}: {error}")


@test("every method with each kind of id, and with one that was used")
def ids(w):
    with Attack(w) as a:
        s = a.session
        for row in a.methods:
            wrong = request(row, surplus=1)
            for ident in ("", "x" * 128, -1, 2**63 - 1, None, 7, 7, "7", "7"):
                s.line({**wrong, "id": ident})
                s.error_answer("INVALID_PARAMS", ident)
            for ident in ([], {}, True, 1.5, "x" * 129, [7]):
                s.line({**wrong, "id": ident})
                s.error_answer("INVALID_REQUEST")
            s.bad_line(json.dumps(wrong).replace('"id": 1', '"id": 1, "id": 2'), "PARSE")
            s.bad_line(json.dumps(wrong).replace('"id": 1', f'"id": {10**30}'), "PARSE")


@test("every method as a notification is never answered, whatever is wrong with it")
def notifications(w):
    with Attack(w) as a:
        s = a.session
        for row in a.methods:
            for params in ({"surplus": 1}, ["x"] * 100, {"surplus": "x" * (MIB - 500)}):
                s.line({"jsonrpc": "2.0", "method": row["name"], "params": params})
        s.alive()
        check(s.silent(), "something was answered")


@test("every method in a batch is answered as without, and an id that is there twice is refused")
def batches(w):
    with Attack(w) as a:
        s = a.session
        s.line([request(row, n, surplus=1) for n, row in enumerate(a.methods)])
        equal([(m["id"], m["error"]["data"]["name"]) for m in s.read()],
              [(n, "INVALID_PARAMS") for n in range(len(a.methods))], "answers")
        s.line([request(row, 1, surplus=1) for row in a.methods])
        equal([m["error"]["data"]["name"] for m in s.read()],
              ["INVALID_PARAMS"] + ["INVALID_REQUEST"] * (len(a.methods) - 1), "the same id")


@test("before the secret is shown every method but two is refused, whatever it is given")
def locked(w):
    table = Attack(w).methods
    s = w.session(POLICY, auth=False)
    before = snapshot(w.root)
    for row in table:
        if not row["authenticated"]:
            continue
        for params in (parameters(row), {}, [], {"surplus": 1}, ["x"] * 100):
            error = s.refuse("UNAUTHENTICATED", row["name"], params)
            equal(error.data["tries_left"], 3, "tries")
        s.line({**request(row), "id": [5]})
        s.error_answer("INVALID_REQUEST")
        s.line({"jsonrpc": "2.0", "method": row["name"], "params": parameters(row)})
        s.line([request(row, 1), request(row, 2)])
        equal([m["error"]["data"]["name"] for m in s.read()], ["UNAUTHENTICATED"] * 2, row["name"])
    equal(difference(before, snapshot(w.root)), [], "what has changed")
    s.authenticate()
    s.alive()


# ---- the stream -----------------------------------------------------------------------------------

def pings(first, count):
    return b"".join(b'{"jsonrpc":"2.0","id":%d,"method":"session.ping"}\n' % n
                    for n in range(first, first + count))


MILLION = 10**6


@test("a million requests, none of whose answers is read until nothing more goes in: none is lost, "
      "nobody grows", seconds=300)
def flood(w):
    with Attack(w) as a:
        s = a.session
        s.sock.setblocking(False)
        sent = answered = 0
        rest, heard, reading = b"", b"", False
        stuck = None
        while answered < MILLION:
            if not rest and sent < MILLION:
                rest = pings(sent, 1000)
                sent += 1000
            readable, writable, _ = select.select([s.sock] if reading else [],
                                                  [s.sock] if rest else [], [], 1)
            if writable:
                rest = rest[s.sock.send(rest):]
            elif not reading:
                # nothing has gone in for a second: they wait for us
                stuck = [now - then for now, then in
                         zip([resident(s.pid), resident(a.engine)], a.start)]
                reading = True
            if readable:
                heard += s.sock.recv(1 << 20)
                lines = heard.split(b"\n")
                heard = lines.pop()
                for line in lines:
                    equal(line, b'{"jsonrpc":"2.0","id":%d,"result":"pong"}' % answered, "answer")
                    answered += 1
        check(stuck is not None, "it was never full")
        check_growth(max(stuck), GROWTH, "what was kept of it")
        s.sock.setblocking(True)


def server_of(w):
    server = Listening(w, POLICY)
    serve_fairly(server, 1)
    return server


def serve_fairly(server, number):
    """A client as it should be is served to its end."""
    s = server.connect()
    s.secret = server.secret
    equal(s.call("session.authenticate", {"secret": s.secret}), {"authenticated": True}, "answer")
    s.alive()
    s.call("session.bye")
    s.close()
    server.wait_free(number)


@test("a client that goes at any byte of what it says changes nothing, and the next one is served",
      seconds=120)
def cut_anywhere(w):
    server = server_of(w)
    before, descriptors, size = snapshot(w.root), server.idle(), resident(server.pid)
    text = (json.dumps({"jsonrpc": "2.0", "id": 1, "method": "session.authenticate",
                        "params": {"secret": server.secret}}) + "\n" +
            '{"jsonrpc":"2.0","id":2,"method":"augeas.set",'
            '"params":["/files/etc/hosts/1/canonical","x"]}\n'
            '{"jsonrpc":"2.0","id":3,"method":"config.commit"}').encode()
    for end in range(len(text) + 1):
        s = server.connect()
        s.send(text[:end])
        s.close()
        server.wait_free(end + 2)
    serve_fairly(server, len(text) + 3)
    equal(difference(before, snapshot(w.root)), [], "what has changed")
    equal(server.idle(), descriptors, "descriptors")
    check_growth(resident(server.pid) - size, GROWTH, "growth of the server")


@test("a client that never reads costs no other anything, and is not waited for at its end")
def never_reads(w):
    server = server_of(w)
    size = resident(server.pid)
    s = server.connect()
    s.line({"jsonrpc": "2.0", "id": 1, "method": "session.authenticate",
            "params": {"secret": server.secret}})
    s.sock.setblocking(False)
    end = time.monotonic() + 60
    full = False
    while not full:
        check(time.monotonic() < end, "it was never full")
        try:
            s.sock.send(b'{"jsonrpc":"2.0","id":1,"method":"session.methods"}\n' * 100)
        except BlockingIOError:
            full = not select.select([], [s.sock], [], 1)[1]
    equal(server.connect().read()["error"]["data"]["name"], "BUSY", "a second client")
    check_growth(resident(server.pid) - size, GROWTH, "growth of the server")
    s.close()
    server.wait_free(2)
    serve_fairly(server, 3)


@test("a client that says no more and listens still gets all answers, then the end")
def half_closed(w):
    a = Attack(w)
    s = a.session
    s.send(pings(0, 1000))
    s.sock.shutdown(socket.SHUT_WR)
    equal([s.read()["id"] for _ in range(1000)], list(range(1000)), "answers")
    check(s.ended(), "the stream is still open")
    equal(s.status(), 0, "exit status")


@test("descriptors that come over the stream are nobody's, and what they came with is read")
def descriptors_sent(w):
    with Attack(w) as a:
        s = a.session
        count = [len(os.listdir(f"/proc/{pid}/fd")) for pid in (s.pid, a.engine)]
        for n in range(100):
            text = json.dumps({"jsonrpc": "2.0", "id": n, "method": "session.ping"}).encode()
            with open("/etc/passwd", "rb") as file:
                s.sock.sendmsg([text + b"\n"], [(socket.SOL_SOCKET, socket.SCM_RIGHTS,
                                                 array.array("i", [file.fileno(), 0] * 20))])
            equal(s.read()["id"], n, "answer")
        equal([len(os.listdir(f"/proc/{pid}/fd")) for pid in (s.pid, a.engine)], count,
              "descriptors of monitor and engine")


@test("bytes out of band are not taken for others, and the session goes on")
def out_of_band(w):
    with Attack(w) as a:
        s = a.session
        for n in range(20):
            text = json.dumps({"jsonrpc": "2.0", "id": n, "method": "session.ping"}).encode()
            s.send(text[:10])
            s.sock.send(b"!", socket.MSG_OOB)
            s.send(text[10:] + b"\n")
            # it is one byte of the line for who reads it as such, and else none
            answer = s.read()
            check(answer["id"] == n or answer["error"]["data"]["name"] == "PARSE", str(answer))


def writers(s, number, write):
    """Processes that share the client's end, each doing its part; their numbers."""
    found = []
    for part in range(number):
        pid = os.fork()
        if pid == 0:
            try:
                s.sock.settimeout(60)
                write(part)
            finally:
                os._exit(0)
        found.append(pid)
    return found


@test("two processes of a client that say whole lines at once are both answered")
def two_processes(w):
    with Attack(w) as a:
        s = a.session

        def write(part):
            for n in range(2000):
                s.sock.sendall(pings(part * 2000 + n, 1))
        pids = writers(s, 2, write)
        equal(sorted(s.read()["id"] for _ in range(4000)), list(range(4000)), "answers")
        for pid in pids:
            os.waitpid(pid, 0)


@test("two processes of a client that tear each other's lines apart cost themselves alone")
def torn_lines(w):
    with Attack(w) as a:
        s = a.session

        def write(part):
            for n in range(200):
                for byte in pings(part * 200 + n, 1):
                    s.sock.sendall(bytes([byte]))
        pids = writers(s, 2, write)
        # somebody reads while they write
        answers = []
        while pids:
            pids = [pid for pid in pids if os.waitpid(pid, os.WNOHANG) == (0, 0)]
            if s.buffer or select.select([s.sock], [], [], 0.1)[0]:
                answers.append(s.read())
        s.send(b"\n" + pings(-1, 1))
        while not answers or answers[-1]["id"] != -1:
            answers.append(s.read())
        check(len(answers) > 1, "nothing was answered")
        for answer in answers:
            check("error" in answer or answer["result"] == "pong", str(answer))


if __name__ == "__main__":
    main()
