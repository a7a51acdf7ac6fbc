#!/usr/bin/python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""JSON-RPC 2.0 as the server speaks it, and everything wrong that a client may say: each is
answered clearly, and the session goes on."""

import base64
import json
import sys

sys.path.insert(0, sys.path[0] + "/../lib")
from exm import (HOSTS, HOSTS_FREE, MIB, SESSION, Failure, RpcError, check, contains, equal,
                 for_each, main, test)


def nested(depth, opening="[", closing="]"):
    return opening * depth + closing * depth


def ping(ident):
    return {"jsonrpc": "2.0", "id": ident, "method": "session.ping"}


# ---- what works -----------------------------------------------------------------

@test("hello tells name, version and protocol before the secret is shown")
def hello(w):
    s = w.session(auth=False)
    answer = s.call("session.hello", {"client": "test", "protocol": 1})
    equal(answer["server"], "exmachina")
    equal(answer["protocol"], 1)
    equal(answer["authenticated"], False)
    s.authenticate()
    equal(s.call("session.hello")["authenticated"], True)


@test("info tells user, root, limits, engine and layers")
def info(w):
    answer = w.session().call("session.info")
    equal(answer["user"], "panel")
    equal(answer["root"], w.root)
    equal(answer["timeout"], 10)
    equal(answer["authenticated"], True)
    equal(answer["limits"]["line"], MIB)
    equal(answer["limits"]["depth"], 64)
    equal(answer["limits"]["batch"], 1000)
    equal(answer["limits"]["answer"], 16 * MIB)
    equal(answer["limits"]["matches"], 250000)
    check(answer["layers"], "no sandbox layer is named")
    equal(answer["loaded"], [])
    equal(answer["pending"], [])


@test("info lists the files that are loaded and those with edits that wait")
def info_files(w):
    s = w.session()
    s.get("/files/etc/hosts/1/ipaddr")
    equal(s.call("session.info")["loaded"], ["/etc/hosts"])
    equal(s.call("session.info")["pending"], [])
    s.set("/files/etc/hosts/1/canonical", "here")
    equal(s.call("session.info")["pending"], ["/etc/hosts"])
    s.call("config.discard")
    equal(s.call("session.info")["pending"], [])


@test("methods lists every method with its parameters, and each one is there")
def methods(w):
    s = w.session()
    table = {row["name"]: row for row in s.call("session.methods")}
    wanted = {"session." + name for name in
              "hello authenticate info methods ping whatcan channel bye".split()}
    wanted |= {"augeas." + name for name in
               "get set setm ensure clear match insert remove move copy rename label load load_file save "
               "print errors transform span source preview dump defvar defnode ns_attr ns_label "
               "ns_value ns_count ns_path text_store text_retrieve escape_name srun".split()}
    wanted |= {"config." + name for name in
               "diff commit discard confirm history show revert".split()}
    wanted |= {"service." + name for name in
               "status start stop restart try_restart reload reload_or_restart enable disable "
               "mask unmask reset_failed list log watch unwatch".split()}
    wanted |= {"package." + name for name in "status install remove upgrade update".split()}
    wanted |= {"system." + name for name in "get set_timezone set_hostname set_locale".split()}
    equal(set(table), wanted, "methods")
    equal([p["name"] for p in table["augeas.setm"]["parameters"]], ["base", "sub", "value"])
    equal([p["required"] for p in table["augeas.insert"]["parameters"]], [True, True, False])
    for name, row in sorted(table.items()):
        needs = [p for p in row["parameters"] if p["required"]]
        if needs:
            s.refuse("INVALID_PARAMS", name)
        check(row["authenticated"] == (name not in ("session.hello", "session.authenticate")),
              f"{name}: authenticated")


@test("every method refuses a parameter of the wrong type, one that it lacks, and one too many")
def every_parameter(w):
    s = w.session()
    wrong = {"bytes": 5, "bytes or null": 5, "string": 5, "boolean": "yes", "integer": "1",
             "string or array of strings": 5, "object of wanted nodes": 5}
    for row in s.call("session.methods"):
        name, parameters = row["name"], row["parameters"]
        for i, parameter in enumerate(parameters):
            value = wrong[parameter["type"]]
            error = s.refuse("INVALID_PARAMS", name, {parameter["name"]: value})
            equal((error.data["parameter"], error.data["expected"]),
                  (parameter["name"], parameter["type"]), name)
            if i == 0:
                equal(s.refuse("INVALID_PARAMS", name, [value]).data["parameter"],
                      parameter["name"], name)
        equal(s.refuse("INVALID_PARAMS", name, {"surplus": 1}).data["parameter"], "surplus", name)
        s.refuse("INVALID_PARAMS", name, [None] * (len(parameters) + 1))
    s.alive()


@test("parameters by name and by position mean the same")
def both_styles(w):
    s = w.session()
    equal(s.call("augeas.get", {"path": "/files/etc/hosts/1/ipaddr"}), "127.0.0.1")
    equal(s.call("augeas.get", ["/files/etc/hosts/1/ipaddr"]), "127.0.0.1")
    equal(s.call("augeas.set", ["/files/etc/hosts/1/canonical", "one"]), True)
    equal(s.call("augeas.match", ["/files/etc/hosts/1/canonical", True]),
          [{"path": "/files/etc/hosts/1/canonical", "value": "one", "children": 0}])
    equal(s.call("augeas.match", {"values": False, "path": "/files/etc/hosts/1/canonical"}),
          ["/files/etc/hosts/1/canonical"])


@test("optional parameters may be left out")
def optional(w):
    s = w.session()
    equal(s.call("session.hello", [])["server"], "exmachina")
    equal(s.call("session.hello", {})["server"], "exmachina")


@for_each([(f"an id may be {what}", ident) for what, ident in [
    ("a number", 7), ("a negative number", -1), ("a large number", 2**53), ("a text", "x-1"),
    ("an empty text", ""), ("null", None), ("a text of 128 bytes", "i" * 128),
    ("a text with quotes and a line feed", 'a"\n\\'), ("a text beyond ASCII", "ä€😀")]])
def ids(w, ident):
    s = w.session()
    s.line(ping(ident))
    equal(s.read(), {"jsonrpc": "2.0", "id": ident, "result": "pong"})


@test("a notification is carried out and never answered")
def notification(w):
    s = w.session()
    s.line({"jsonrpc": "2.0", "method": "augeas.set",
            "params": ["/files/etc/hosts/1/canonical", "quiet"]})
    s.line({"jsonrpc": "2.0", "method": "no.such"})
    s.line({"jsonrpc": "2.0", "method": "augeas.get", "params": ["/files/nowhere"]})
    check(s.silent(), "a notification was answered")
    equal(s.get("/files/etc/hosts/1/canonical"), "quiet")


@test("a batch is answered by one list with an answer for each call")
def batch(w):
    s = w.session()
    s.line([ping(1), {"jsonrpc": "2.0", "id": 2, "method": "no.such"},
            {"jsonrpc": "2.0", "method": "session.ping"},
            {"jsonrpc": "2.0", "id": "g", "method": "augeas.get",
             "params": ["/files/etc/hosts/1/ipaddr"]}])
    answers = {a["id"]: a for a in s.read()}
    equal(set(answers), {1, 2, "g"})
    equal(answers[1]["result"], "pong")
    equal(answers[2]["error"]["code"], -32601)
    equal(answers["g"]["result"], "127.0.0.1")
    s.alive()


@test("calls of a batch see the edits of those before them")
def batch_order(w):
    s = w.session()
    path = "/files/etc/hosts/1/canonical"
    s.line([{"jsonrpc": "2.0", "id": 1, "method": "augeas.set", "params": [path, "first"]},
            {"jsonrpc": "2.0", "id": 2, "method": "augeas.get", "params": [path]},
            {"jsonrpc": "2.0", "id": 3, "method": "augeas.set", "params": [path, "then"]},
            {"jsonrpc": "2.0", "id": 4, "method": "augeas.get", "params": [path]}])
    answers = {a["id"]: a.get("result") for a in s.read()}
    equal(answers, {1: True, 2: "first", 3: True, 4: "then"})


@test("a batch of notifications alone is not answered")
def quiet_batch(w):
    s = w.session()
    s.line([{"jsonrpc": "2.0", "method": "session.ping"}] * 3)
    check(s.silent(), "it was answered")
    s.alive()


@test("a batch of 1,000 calls is answered whole")
def full_batch(w):
    s = w.session()
    s.line([ping(n) for n in range(1000)])
    equal(sorted(a["id"] for a in s.read()), list(range(1000)))


@test("many requests in one write are answered one by one, in their order")
def pipelined(w):
    s = w.session()
    s.send(b"".join(json.dumps(ping(n)).encode() + b"\n" for n in range(500)))
    equal([s.read()["id"] for _ in range(500)], list(range(500)))


@test("a request behind which a part of the next one came is answered at once")
def followed(w):
    s = w.session()
    first, second = (json.dumps(ping(n)).encode() + b"\n" for n in (1, 2))
    s.send(first + second[:9])
    equal(s.read()["id"], 1)
    s.send(second[9:] + first[:-1])
    equal(s.read()["id"], 2)
    check(s.silent(), "half a request is answered")
    s.send(b"\n")
    equal(s.read()["id"], 1)


@test("a request in many small writes is put together")
def dribbled(w):
    s = w.session()
    for byte in json.dumps(ping(5)).encode() + b"\n":
        s.send(bytes([byte]))
    equal(s.read()["id"], 5)


@test("white space around a request and CR LF at its end are accepted")
def white_space(w):
    s = w.session()
    s.line(b"  \t" + json.dumps(ping(1)).encode() + b" \r")
    equal(s.read()["id"], 1)


@test("a line of 1 MiB is taken, and so is a value of that size")
def largest_line(w):
    s = w.session()
    frame = json.dumps({"jsonrpc": "2.0", "id": 1, "method": "augeas.get",
                        "params": ["/files/etc/hosts/1/ipaddr"], "x": ""})
    frame = frame.replace(', "x": ""', "")
    s.line(frame[:-1] + " " * (MIB - len(frame) - 1) + "}")
    equal(s.read()["result"], "127.0.0.1")


@test("bytes that are no UTF-8 travel as base64, in both directions")
def base64_value(w):
    w.write("/etc/hosts", b"127.0.0.1 localhost # caf\xe9\n# \xff\xfe comment\n")
    s = w.session()
    (path,) = s.match("/files/etc/hosts/#comment[1]")
    equal(base64.b64decode(s.get(path)["base64"]), b"\xff\xfe comment")
    equal(s.set(path, {"base64": base64.b64encode(b"\xc3\x28 new").decode()}), True)
    equal(s.get(path), {"base64": base64.b64encode(b"\xc3\x28 new").decode()})
    equal(s.set(path, {"base64": base64.b64encode(b"plain").decode()}), True)
    equal(s.get(path), "plain")
    s.set(path, {"base64": base64.b64encode(b"\xe9").decode()})
    s.commit()
    contains(w.read_bytes("/etc/hosts"), b"# \xe9\n")


@test("text beyond ASCII and escapes go through unchanged")
def unicode_value(w):
    s = w.session()
    text = "ä€😀 \"quoted\" \\ back / slash \u007f"
    path = "/files/etc/hosts/#comment[1]"
    s.set(path, text)
    equal(s.get(path), text)
    s.line('{"jsonrpc":"2.0","id":9,"method":"augeas.set",'
           '"params":["\\/files\\/etc\\/hosts\\/#comment[1]","\\ud83d\\ude00\\u00e4"]}')
    equal(s.read()["result"], True)
    equal(s.get(path), "😀ä")


@test("bye is answered, then the server closes and exits with 0")
def bye(w):
    s = w.session()
    equal(s.call("session.bye"), True)
    check(s.ended(), "the stream is still open")
    equal(s.status(), 0, "exit status")


@test("the end of the client ends the server with 0")
def client_gone(w):
    s = w.session()
    s.close()
    equal(s.status(), 0, "exit status")


# ---- before the secret is shown ------------------------------------------------

@for_each([(f"{method} before the secret is shown is refused", method, params)
           for method, params in [
               ("session.info", None), ("session.methods", None), ("session.ping", None),
               ("session.bye", None), ("augeas.get", ["/files/etc/hosts/1/ipaddr"]),
               ("augeas.set", ["/files/etc/hosts/1/ipaddr", "10.0.0.1"]),
               ("augeas.match", ["/files"]), ("config.commit", None), ("config.diff", None),
               ("service.restart", ["ssh.service"]), ("service.status", ["ssh.service"]),
               ("service.list", None), ("service.log", ["ssh.service"]),
               ("service.watch", ["ssh.service"]), ("package.install", ["hello"]),
               ("package.status", ["hello"]), ("system.get", None),
               ("system.set_timezone", ["Etc/UTC"])]])
def locked(w, method, params):
    s = w.session(auth=False)
    error = s.refuse("UNAUTHENTICATED", method, params)
    equal(error.data["tries_left"], 3)
    s.authenticate()
    s.alive()
    equal(w.read("/etc/hosts"), HOSTS)


@test("a batch cannot carry calls past the secret")
def locked_batch(w):
    s = w.session(auth=False)
    s.line([{"jsonrpc": "2.0", "id": 1, "method": "session.authenticate",
             "params": ["0" * 64]},
            {"jsonrpc": "2.0", "id": 2, "method": "augeas.get",
             "params": ["/files/etc/hosts/1/ipaddr"]}])
    answers = {a["id"]: a for a in s.read()}
    for ident in (1, 2):
        equal(answers[ident]["error"]["data"]["name"], "UNAUTHENTICATED")
    s.authenticate()


@test("three wrong secrets end the session with exit status 123")
def three_wrong(w):
    s = w.session(auth=False)
    for left in (2, 1, 0):
        error = s.refuse("UNAUTHENTICATED", "session.authenticate", {"secret": "f" * 64})
        equal(error.data["tries_left"], left)
    check(s.ended(), "the stream is still open")
    equal(s.status(), 123, "exit status")


@for_each([(f"a secret that is {what} is wrong", change) for what, change in [
    ("empty", lambda s: ""), ("one digit short", lambda s: s[:-1]),
    ("one digit too long", lambda s: s + "0"), ("in capitals", lambda s: s.upper() + "A"),
    ("wrong in its last digit", lambda s: s[:-1] + ("0" if s[-1] != "0" else "1")),
    ("right but for a line feed", lambda s: s + "\n"),
    ("right and followed by more", lambda s: s * 8)]])
def wrong_secret(w, change):
    s = w.session(auth=False)
    error = s.refuse("UNAUTHENTICATED", "session.authenticate", {"secret": change(s.secret)})
    equal(error.data["tries_left"], 2)
    s.authenticate()
    s.alive()


@test("a secret that cannot be one (4,000 bytes, a number, null, a NUL) costs nothing more")
def odd_secret(w):
    s = w.session(auth=False)
    for secret in (5, None, ["x"], "a\0b", "x" * 4000):
        try:
            s.call("session.authenticate", {"secret": secret})
        except RpcError as error:
            check(error.name in ("INVALID_PARAMS", "UNAUTHENTICATED", "LIMIT"), f"{error}")
            if error.data.get("tries_left") == 1:
                break
        else:
            raise Failure(f"{secret!r} was taken")
    s.authenticate()


@test("no error, and no log, repeats a secret that was tried")
def secret_silent(w):
    s = w.session(auth=False)
    tried = "deadbeef" * 8
    error = s.refuse("UNAUTHENTICATED", "session.authenticate", {"secret": tried})
    check(tried not in str(error) and s.secret not in str(error), "a secret in the error")
    s.authenticate()
    s.close()
    s.status()
    check(tried not in s.log and s.secret not in s.log, "a secret in the log")


@test("a line of more than 4 KiB before the secret is refused, and the session goes on")
def locked_line(w):
    s = w.session(auth=False)
    error = s.bad_line(json.dumps({"jsonrpc": "2.0", "id": 1, "method": "session.hello",
                                   "params": {"client": "x" * 4096}}), "LIMIT")
    equal(error.data["limit"], "line")
    s.authenticate()
    s.alive()


@test("the secret may be shown again, and a wrong one after the right one is still refused")
def again(w):
    s = w.session()
    s.authenticate()
    error = s.refuse("UNAUTHENTICATED", "session.authenticate", {"secret": "0" * 64})
    equal(error.data["tries_left"], 2)


# ---- not JSON ----------------------------------------------------------------------

@for_each([(f"{what} is a parse error", text) for what, text in [
    ("plain text", "hello"), ("an empty line", ""), ("truncated JSON", '{"jsonrpc":"2.0","id":1'),
    ("a truncated text", '{"jsonrpc":"2'), ("a single quote", "'a'"), ("a comma too much", "[1,]"),
    ("a comment", '{"a":1} // x'), ("two texts on a line", "{} {}"), ("a brace too much", "{}}"),
    ("a NUL byte", b'{"jsonrpc":"2.0",\0"id":1}'), ("a lone NUL", b"\0"),
    ("a NUL after the request", json.dumps(ping(1)).encode() + b"\0"),
    ("a NUL within a text", b'{"jsonrpc":"2.0","id":1,"method":"session.\0ping"}'),
    ("a control character in a text", b'{"jsonrpc":"2.0","id":1,"method":"session.\x01"}'),
    ("bad UTF-8", b'{"jsonrpc":"2.0","id":1,"method":"\xff\xfe"}'),
    ("an overlong UTF-8 form", b'{"jsonrpc":"2.0","id":1,"method":"\xc0\xaf"}'),
    ("a UTF-8 surrogate", b'{"jsonrpc":"2.0","id":1,"method":"\xed\xa0\x80"}'),
    ("a truncated UTF-8 character", b'{"jsonrpc":"2.0","id":1,"method":"\xe2\x82"}'),
    ("NaN", '{"jsonrpc":"2.0","id":NaN,"method":"session.ping"}'),
    ("a word", '{"jsonrpc":"2.0","id":nul,"method":"session.ping"}'),
    ("a name without quotes", '{jsonrpc:"2.0"}'),
    ("a byte order mark", b'\xef\xbb\xbf{"jsonrpc":"2.0","id":1,"method":"session.ping"}')]])
def not_json(w, text):
    s = w.session()
    error = s.bad_line(text, "PARSE")
    size = len(text if isinstance(text, bytes) else text.encode())
    check(0 <= error.data["offset"] <= size, f"offset {error.data!r} of {size}")
    s.alive()


@test("the parse error tells where: the offset of the first bad byte")
def offset(w):
    s = w.session()
    equal(s.bad_line(b'{"a": \xff}', "PARSE").data["offset"], 6)
    s.alive()


@for_each([(f"nesting of {depth} in {what} is refused, and the session goes on", text)
           for depth in (65, 1000, 100000)
           for what, text in [("lists", nested(depth)),
                              ("objects", nested(depth, '{"a":', "}").replace(":}", ":1}", 1)),
                              ("the parameters", '{"jsonrpc":"2.0","id":1,"method":"session.ping",'
                                                 f'"params":{nested(depth)}}}')]])
def too_deep(w, text):
    s = w.session()
    s.line(text)
    reply = s.read()
    equal(reply["id"], None)
    check(reply["error"]["data"]["name"] in ("PARSE", "LIMIT"), f"{reply}")
    s.alive()


@test("a line of 1 MiB + 1 byte is refused with LIMIT, and the session goes on")
def long_line(w):
    s = w.session()
    frame = json.dumps(ping(1))
    error = s.bad_line(frame[:-1] + " " * (MIB + 1 - len(frame)) + "}", "LIMIT")
    equal(error.data["limit"], "line")
    s.alive()


@test("a line of 64 MiB is skipped without being kept in memory")
def endless_line(w):
    s = w.session()
    engine = s.engine()
    for _ in range(64):
        s.send(b"x" * MIB)
    s.line(b"")
    s.error_answer("LIMIT")
    s.alive()
    equal(s.engine(), engine, "the engine")
    with open(f"/proc/{engine}/status", encoding="ascii") as status:
        peak = next(int(line.split()[1]) for line in status if line.startswith("VmHWM"))
    check(peak < 32 * 1024, f"the engine grew to {peak} KiB")


# ---- JSON that is no request ---------------------------------------------------------

@for_each([(f"{what} is an invalid request", request, ident) for what, request, ident in [
    ("a number", 5, None), ("a text", "x", None), ("null", None, None), ("an empty list", [], None),
    ("an empty object", {}, None), ("a request without jsonrpc", {"id": 1, "method": "session.ping"}, 1),
    ("jsonrpc 1.0", {"jsonrpc": "1.0", "id": 1, "method": "session.ping"}, 1),
    ("jsonrpc as a number", {"jsonrpc": 2.0, "id": 1, "method": "session.ping"}, 1),
    ("a request without method", {"jsonrpc": "2.0", "id": 1}, 1),
    ("a method that is a number", {"jsonrpc": "2.0", "id": 1, "method": 7}, 1),
    ("an id that is a list", {"jsonrpc": "2.0", "id": [1], "method": "session.ping"}, None),
    ("an id that is an object", {"jsonrpc": "2.0", "id": {}, "method": "session.ping"}, None),
    ("an id that is true", {"jsonrpc": "2.0", "id": True, "method": "session.ping"}, None),
    ("an id with a fraction", {"jsonrpc": "2.0", "id": 1.5, "method": "session.ping"}, None),
    ("an id of 129 bytes", {"jsonrpc": "2.0", "id": "i" * 129, "method": "session.ping"}, None)]])
def not_a_request(w, request, ident):
    s = w.session()
    reply_id = ident
    s.line(json.dumps(request))
    reply = s.read()
    equal(reply["error"]["code"], -32600)
    check(reply["id"] in (reply_id, None), f"id {reply['id']!r}")
    s.alive()


@for_each([(f"parameters that are {what} are refused", params)
           for what, params in [("a text", "x"), ("a number", 3), ("true", True)]])
def bad_params_kind(w, params):
    s = w.session()
    s.line({"jsonrpc": "2.0", "id": 1, "method": "session.ping", "params": params})
    reply = s.read()
    check(reply["error"]["code"] in (-32600, -32602), f"{reply}")
    s.alive()


@test("each bad item of a batch is answered by its own invalid request")
def bad_batch(w):
    s = w.session()
    s.line([1, ping("good"), [], None])
    answers = s.read()
    equal(len(answers), 4)
    equal(sorted(a["error"]["code"] for a in answers if "error" in a), [-32600] * 3)
    equal([a["result"] for a in answers if "result" in a], ["pong"])


@test("the same id twice in one batch: the second is refused")
def duplicate_ids(w):
    s = w.session()
    s.line([ping(1), ping(2), ping(1), ping("1")])
    answers = s.read()
    equal(len(answers), 4)
    equal([a["id"] for a in answers if "error" in a], [1])
    equal([a["error"]["code"] for a in answers if "error" in a], [-32600])


@for_each([(f"a batch of {count:,} is refused with LIMIT", count) for count in (1001, 10000)])
def batch_too_large(w, count):
    s = w.session()
    error = s.bad_line(json.dumps([ping(n) for n in range(count)]), "LIMIT")
    equal(error.data["limit"], "batch")
    s.alive()


# ---- requests that cannot be carried out ------------------------------------------------

@for_each([(f"the method {method!r} is unknown", method) for method in [
    "no.such", "", "session", "session.", "SESSION.PING", "session.ping ", "augeas.get\n",
    "augeas.get\0", "rpc.discover", "x" * 5000, "augeas.close", "../session.ping"]])
def unknown_method(w, method):
    s = w.session()
    s.line({"jsonrpc": "2.0", "id": 3, "method": method})
    reply = s.read()
    check(reply["error"]["code"] in (-32601, -32600), f"{reply}")
    equal(reply["id"], 3)
    s.alive()


@for_each([(f"{method} with {params!r} has wrong parameters", method, params, parameter)
           for method, params, parameter in [
               ("augeas.get", {}, "path"), ("augeas.get", [], "path"),
               ("augeas.get", {"path": 5}, "path"), ("augeas.get", {"path": None}, "path"),
               ("augeas.get", {"path": ["/files"]}, "path"), ("augeas.get", [True], "path"),
               ("augeas.get", {"path": "/files", "extra": 1}, "extra"),
               ("augeas.get", ["/files", "more"], None), ("augeas.get", {"Path": "/files"}, None),
               ("augeas.get", {"path": "/files/\0"}, "path"),
               ("augeas.get", {"path": {"base64": "!!!"}}, "path"),
               ("augeas.get", {"path": {"base64": "AAAA"}}, "path"),
               ("augeas.get", {"path": {"base64": 5}}, "path"),
               ("augeas.get", {"path": {"base64": "Lw==", "x": 1}}, "path"),
               ("augeas.get", {"path": {}}, "path"),
               ("augeas.set", {"path": "/files/x"}, "value"),
               ("augeas.set", ["/files/x", 7], "value"),
               ("augeas.set", ["/files/x", "nul\0byte"], "value"),
               ("augeas.match", ["/files", "yes"], "values"),
               ("augeas.match", {"path": "/files", "values": 1}, "values"),
               ("augeas.insert", ["/files/etc/hosts/1"], "label"),
               ("augeas.transform", {"lens": "Hosts.lns"}, "file"),
               ("session.hello", {"protocol": "one"}, "protocol"),
               ("session.ping", ["x"], None), ("session.ping", {"x": 1}, "x"),
               ("service.status", {}, "unit"), ("service.status", {"unit": 4}, "unit"),
               ("config.commit", {"force": True}, "force")]])
def wrong_params(w, method, params, parameter):
    s = w.session()
    error = s.refuse("INVALID_PARAMS", method, params)
    if parameter:
        contains(error.data, "expected", "data")
        equal(error.data["parameter"], parameter)
    s.alive()


@test("a protocol that the server does not speak is told in the answer to hello")
def other_protocol(w):
    s = w.session(auth=False)
    try:
        equal(s.call("session.hello", {"client": "x", "protocol": 99})["protocol"], 1)
    except RpcError as error:
        equal(error.name, "INVALID_PARAMS")
    s.authenticate()


@test("a thousand mistakes in a row end nothing")
def many_mistakes(w):
    s = w.session()
    s.set("/files/etc/hosts/1/canonical", "kept")
    for _ in range(250):
        for mistake in ("{", "[]", '{"jsonrpc":"2.0","id":1}', b"\xff"):
            s.line(mistake)
        for _ in range(4):
            check("error" in s.read(), "a mistake was answered with a result")
    equal(s.get("/files/etc/hosts/1/canonical"), "kept")


@test("half a line at the end of the stream is dropped, and the server exits with 0")
def half_line(w):
    s = w.session()
    s.send('{"jsonrpc":"2.0","id":1,"method":"augeas.set","params":["/files')
    s.close()
    equal(s.status(), 0, "exit status")


@test("an answer over 16 MiB is refused with LIMIT, and the session goes on")
def huge_answer(w):
    # a control character takes six bytes in JSON
    w.write("/etc/hosts", HOSTS + 4 * ("# x" + "\x01" * (MIB - 100) + "\n"))
    s = w.session(SESSION.replace("Timeout=10s", "Timeout=60s") + HOSTS_FREE)
    error = s.refuse("LIMIT", "augeas.match", ["/files/etc/hosts/#comment", True])
    equal(error.data["limit"], "answer")
    s.alive()
    equal(len(s.get("/files/etc/hosts/#comment[2]")), MIB - 99)


if __name__ == "__main__":
    main()
