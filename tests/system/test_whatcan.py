#!/usr/bin/python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""What session.whatcan tells is what happens: for policies, nodes and units that are made up here, its
answer is compared with what becomes of the real edit, the real commit and the real call. And whatever
is asked in a wrong way is refused."""

import base64
import json
import os
import random
import re
import signal
import subprocess
import sys

sys.path.insert(0, sys.path[0] + "/../lib")
from exm import (CLI, HOSTS, SESSION, SSHD, Failure, RpcError, check, contains, equal, for_each, main,
                 test)

VERBS = ["status", "start", "stop", "restart", "try_restart", "reload", "reload_or_restart", "enable",
         "disable", "mask", "unmask", "reset_failed"]
LACKS_SECTION = {"allowed": False, "key": "[File]", "rule": "[File]"}
YES = {"allowed": True}

# ---- nodes: what is told, and what becomes of the edit ------------------------------------------

MYSQL = """[client]
port = 3306
socket = /run/mysqld/mysqld.sock

[mysqld]
user = mysql
port = 3306
skip = x
skip = y

[mysqld]
port = 3307
"""
# a file, its lens, and nodes in it that are not there: labels that may be made up below any node
FILES = {
    "/etc/hosts": ("Hosts.lns", HOSTS, ["{}/alias", "{}/canonical", "5", "5/canonical", "x/y/z"]),
    "/etc/mysql/my.cnf": ("MySQL.lns", MYSQL, ["{}/port", "{}/new", "{}/skip", "target[4]/port"]),
    "/etc/ssh/sshd_config": ("Sshd.lns", SSHD, ["Banner", "Port/x", "AcceptEnv/3", "AcceptEnv/x",
                                                "Match/Settings/Port"]),
}
# expressions that Python's re and regcomp(3) understand alike
VALUES = ["x[0-9]*", "[a-z0-9.:/]+", "[0-9]+", "no|yes|x1"]
ESCAPES = str.maketrans({c: "\\" + c for c in " \t/\\*?"})


def labels(path):
    """The labels of a canonical path, without positions."""
    return [re.sub(r"\\(.)", r"\1", re.sub(r"\[[0-9]+\]$", "", label))
            for label in re.split(r"(?<!\\)/", path)]


def patterns_of(nodes, rng):
    """A pattern of a policy that names some of these nodes."""
    chosen = [label.translate(ESCAPES) for label in labels(rng.choice(nodes))]
    kind = rng.randrange(6)
    if kind == 0:
        return "**"
    if kind == 1:
        return "/".join([*chosen[:rng.randint(1, len(chosen))], "**"])
    if kind in (2, 3):
        chosen[rng.randrange(len(chosen))] = "*"
    return "/".join(chosen)


def made_up_policy(rng, path, lens, nodes):
    lines = [f"[File {path}]", f"Lens={lens}"]
    for key, most in (("Set", 3), ("Insert", 3), ("Remove", 3), ("Deny", 2)):
        count = rng.randint(0, most) if key != "Deny" or rng.random() < 0.6 else 0
        lines += [f"{key}={patterns_of(nodes, rng)}" for _ in range(count)]
    for _ in range(rng.randint(1, 3)):
        lines.append(f"Value={patterns_of(nodes, rng)} {rng.choice(VALUES)}")
    if rng.random() < 0.5:
        lines.append("Create=0644 root:root")
    if rng.random() < 0.5:
        lines.append("Delete=yes")
    more = rng.random()
    if more < 0.4:
        lines.append("Verify=no" if more < 0.2 else "OtherLens=yes")
    return SESSION + "\n".join(lines) + "\n"


class Comparison:
    """One session; each edit is asked about, made, committed, and taken back."""

    def __init__(self, w, policy, path, text):
        self.w, self.path, self.text = w, path, text
        self.file = "/files" + path
        self.there = text is not None
        if self.there:
            w.write(path, text)
        else:
            os.makedirs(os.path.dirname(w.at(path)), exist_ok=True)
            if os.path.exists(w.at(path)):
                os.unlink(w.at(path))
        self.s = w.session(policy)
        self.nodes = self.s.match(self.file + "//*")
        self.seen = {"allowed": 0, "denied": 0, "value": 0, "written": 0}

    def ask(self, node):
        return self.s.call("session.whatcan", {"path": node})

    def fail(self, what, told, happened):
        with open(os.path.join(self.w.policy_dir, "test.conf"), encoding="utf-8") as file:
            raise Failure(f"{what}: told {told}, but {happened}\n{file.read()}")

    def restore(self):
        if self.there:
            self.w.write(self.path, self.text)
        elif os.path.exists(self.w.at(self.path)):
            os.unlink(self.w.at(self.path))
        self.s.call("augeas.load")

    def compare(self, told, method, params):
        """told: None, or key and rule of what is in the way. The edit, and if it is made its
        commit, must be denied with the very same, or not at all."""
        what, edited = f"{method} {params}", False
        try:
            self.s.call(method, params)
            edited = True
            result = self.s.commit()
            self.seen["written"] += result["changed"]
            happened = None
        except RpcError as error:
            policy = error.name == "DENIED" or (error.name == "BAD_VALUE" and "rule" in error.data)
            if not policy and error.name not in ("BAD_VALUE", "PARSE_FAILED"):
                raise
            # else the lens cannot write it, which the policy knows nothing of
            happened = (error.data["key"], error.data["rule"]) if policy else None
            if policy:
                equal(error.data["section"], f"[File {self.path}]")
                contains(error.message, str(error.data["rule"] or "nothing"), "message")
        if told != happened:
            self.fail(what, told, happened)
        self.seen["allowed" if told is None else "value" if told[0] == "Value" else "denied"] += 1
        if edited:
            self.restore()

    @staticmethod
    def of_value(answer, value):
        for rule in answer["values"]:
            if value is None or not re.fullmatch(rule["matches"], value):
                return ("Value", f"Value={rule['node']} {rule['matches']}")
        return None

    @staticmethod
    def of(verdict, alone=True):
        """What is in the way, by a verdict."""
        if verdict["allowed"] and (alone or "alone" not in verdict):
            return None
        return (verdict["key"], verdict["rule"])

    def change(self, node, value):
        answer = self.ask(node)
        told = self.of(answer["set"]) or self.of_value(answer, value)
        if self.s.get(node) == value:
            told = None  # what changes nothing takes no right
        self.compare(told, "augeas.set", [node, value])

    def add(self, node, value):
        """A node that is not there, by set, with those above it that are not there either."""
        if self.s.match(node):
            return
        answer = self.ask(node)
        steps = re.split(r"(?<!\\)/", node[len(self.file) + 1:])
        told = None if self.there else self.of(answer["create"])
        for i, verdict in enumerate([*answer["parents"], answer["insert"]]):
            above = "/".join([self.file, *steps[:i + 1]])
            if not told and not self.s.match(above):
                others = self.s.match(re.sub(r"\[[0-9]+\]$", "", above))
                told = self.of(verdict, alone=not others)
        self.compare(told or self.of_value(answer, value), "augeas.set", [node, value])

    def insert(self, node, before):
        """One more of the same label beside it."""
        label = labels(node)[-1]
        told = self.of(self.ask(node)["insert"], alone=False)
        self.compare(told, "augeas.insert", [node, label, before])

    def remove(self, node, whole_file=False):
        answer = self.ask(node)
        verdict = answer["delete" if whole_file else "remove"]
        told = self.of(verdict)
        for below in self.s.match(node + "//*") if told is None else []:
            deny = self.ask(below)["deny"]
            if deny is not None:
                contains(verdict["unless_below"], deny, f"what is told of {node}")
                told = told or ("Deny", f"Deny={deny}")
        self.compare(told, "augeas.remove", [node])

    def read(self, node):
        answer, result = self.ask(node), None
        try:
            self.s.get(node)
        except RpcError as error:
            result = error.name
        if answer["read"]["allowed"] != (result != "DENIED"):
            self.fail(f"get {node}", answer["read"], result)


def one_policy(seed, path):
    """All kinds of edit under one made-up policy."""
    def run(w):
        rng = random.Random(f"{seed} {path}")
        lens, text, missing = FILES[path]
        probe = w.session(f"{SESSION}[File {path}]\nLens={lens}\n")
        w.write(path, text)
        nodes = [node[len("/files" + path) + 1:] for node in probe.match(f"/files{path}//*")]
        missing = [name.format(top) for name in missing for top in
                   ({n for n in nodes if "/" not in n} if "{}" in name else [""])]
        policy = made_up_policy(rng, path, lens, nodes + missing)
        c = Comparison(w, policy, path, text)
        for node in c.nodes:
            c.read(node)
            c.change(node, rng.choice(["x1", "10.0.0.9", "yes", "77", None, "A b"]))
            c.remove(node)
            c.insert(node, rng.random() < 0.5)
        for name in sorted(missing):
            c.add(f"{c.file}/{name}", rng.choice(["x1", "77", "A"]))
        for node in rng.sample(c.nodes, min(6, len(c.nodes))):
            c.add(re.sub(r"(\[[0-9]+\])?$", "[9]", node, count=1), "x1")
        c.remove(c.file, whole_file=True)
        c.compare((None, None), "augeas.set", [c.file, "x"])
        none = Comparison(w, policy, path, None)
        for name in sorted(missing):
            none.add(f"{none.file}/{name}", "x1")
        return {key: c.seen[key] + none.seen[key] for key in c.seen}
    return run


def policies(path, seeds):
    def run(w):
        total = {"allowed": 0, "denied": 0, "value": 0, "written": 0}
        for seed in seeds:
            for key, count in one_policy(seed, path)(w).items():
                total[key] += count
            for session in w.sessions:
                session.end()
        # else nothing was compared
        check(min(total.values()) > 0, f"{total}")
    return run


for file in FILES:
    for first in (0, 6):
        test(f"what is told of nodes of {file} is what happens to them (policies {first + 1} to "
             f"{first + 6})", seconds=180)(policies(file, range(first, first + 6)))


@test("which of two sections a path lies in is told as it is on the disk")
def nested_sections(w):
    policy = SESSION
    for pattern, right in (("/etc/n/*", "Set=1/canonical"), ("/etc/n/*/*", "Set=2/canonical")):
        policy += f"[File {pattern}]\nLens=Hosts.lns\n{right}\nCreate=0644 root:root\n"
    w.write("/etc/n/file", HOSTS)
    w.write("/etc/n/dir/file", HOSTS)
    s = w.session(policy)
    for file, node, allowed in (("/etc/n/file", "1", True), ("/etc/n/file", "2", False),
                                ("/etc/n/dir/file", "1", False), ("/etc/n/dir/file", "2", True)):
        answer = s.call("session.whatcan", {"path": f"/files{file}/{node}/canonical"})
        equal((answer["file"], answer["node"]), (file, f"{node}/canonical"), "file and node")
        equal(answer["set"]["allowed"], allowed, f"{file} {node}")
        if not allowed:
            s.refuse("DENIED", "augeas.set", [f"/files{file}/{node}/canonical", "other"])
            continue
        s.set(f"/files{file}/{node}/canonical", "other")
        equal(s.commit()["changed"], True)
        contains(w.read(file), "\tother\n")


# ---- units ----------------------------------------------------------------------------------------

UNITS = ["exm-w-a.service", "exm-w-b.service", "exm-w-b@1.service", "exm-w-c.socket",
         "exm-w-none.service"]
GLOBS = [*UNITS, "exm-w-*.service", "exm-w-b@*.service", "exm-w-?.service", "*.socket"]


def made_up_services(rng):
    policy = SESSION
    for glob in rng.sample(GLOBS, rng.randint(1, 5)):
        policy += f"[Service {glob}]\nAllow={' '.join(rng.sample(VERBS, rng.randint(1, 8)))}\n"
    for glob in rng.sample(GLOBS, rng.randint(0, 2)):
        policy += f"[Log {glob}]\n"
    return policy


def refusal_of(s, method, params):
    """What a denial names, or None for whatever else comes of it."""
    try:
        s.call(method, params)
    except RpcError as error:
        if error.name == "DENIED":
            equal((error.data["unit"], error.data["verb"]), (params["unit"], method.split(".")[1]),
                  "unit and verb") if method != "service.watch" else None
            contains(error.message, error.data["rule"], "message")
            return error.data["key"], error.data["rule"]
    return None


def told_of(verdict):
    return None if verdict["allowed"] else (verdict["key"], verdict["rule"])


def units(seed):
    def run(w):
        rng = random.Random(seed)
        policy = made_up_services(rng)
        s = w.session(policy, root="/")
        seen = {True: 0, False: 0}
        for unit in UNITS:
            answer = s.call("session.whatcan", {"unit": unit})
            equal(sorted(answer["verbs"]), sorted(VERBS), "verbs")
            told = {f"service.{verb}": told_of(answer["verbs"][verb]) for verb in VERBS}
            told["service.log"] = told_of(answer["log"])
            told["service.watch"] = told["service.status"]
            for method, wanted in told.items():
                happened = refusal_of(s, method, {"unit": unit})
                if happened != wanted:
                    raise Failure(f"{method} of {unit}: told {wanted}, but {happened}\n{policy}")
                seen[happened is None] += 1
        check(seen[True] and seen[False], f"{seen}")
    return run


for seed in range(6):
    test(f"what is told of units is what happens to them (policy {seed + 1})", seconds=240)(units(seed))


@test("a unit's name without a suffix is a service's, and the section tells who governs it")
def unit_names(w):
    s = w.session(SESSION + "[Service exm-w-*.service]\nAllow=status\n")
    for name in ("exm-w-a", "exm-w-a.service"):
        answer = s.call("session.whatcan", {"unit": name})
        equal((answer["unit"], answer["section"]), ("exm-w-a.service", "[Service exm-w-*.service]"))
        equal(answer["verbs"]["status"], YES)
        equal(answer["verbs"]["stop"]["rule"], "[Service exm-w-*.service] Allow=stop")
    equal(s.call("session.whatcan", {"unit": "other"})["section"], None)


# ---- all of it --------------------------------------------------------------------------------------

EVERYTHING = SESSION + """[File /etc/hosts]
Lens=Hosts.lns
Set=*/canonical */alias
Insert=* */alias
Remove=*/alias
Deny=1 #comment
Value=*/canonical [a-z]{1,9}
Value=** .+ and [more]
[File /etc/n/*.conf]
Lens=Sshd.lns
Create=0600 root:root
Delete=yes
Verify=no
[File /etc/fstab]
[Service exm-a.service]
Allow=try_restart status mask
[Service exm-*.service]
Timeout=5s
[Log exm-*.service]
Lines=17
[Log exm-a.service]
[Package web-*]
Allow=install status
[Package web]
[System]
Allow=locale hostname
"""
NOTHING = {"files": [], "services": [], "logs": [], "packages": [], "system": None}


def as_told(text):
    """What `exmachinad -T` prints, in the form of session.whatcan."""
    told = json.loads(json.dumps(NOTHING))
    for section in text.split("\n[")[1:]:
        header, *lines = section.strip().split("\n")
        kind, _, name = header.rstrip("]").partition(" ")
        keys = {}
        for line in lines:
            key, _, value = line.partition("=")
            keys.setdefault(key, []).append(value)
        words = [word for line in keys.get("Allow", []) for word in line.split()]
        if kind == "File":
            item = {key.lower(): [p for line in keys.get(key, []) for p in line.split()]
                    for key in ("Set", "Insert", "Remove", "Deny")}
            item["secrets"] = [p for line in keys.get("Secret", []) for p in line.split()]
            told["files"].append({
                "path": name, "lens": keys.get("Lens", [None])[0], **item, "create": "Create" in keys,
                "checks": keys.get("Check", []), "delete": "Delete" in keys, "verified": "Verify" not in keys,
                "other_lens": "OtherLens" in keys,
                "values": [dict(zip(("node", "matches"), line.split(" ", 1)))
                           for line in keys.get("Value", [])]})
        elif kind == "Service":
            told["services"].append({"unit": name, "verbs": words})
        elif kind == "Log":
            told["logs"].append({"unit": name, "lines": int(keys["Lines"][0])})
        elif kind == "Package":
            told["packages"].append({"name": name, "verbs": words})
        elif kind == "System":
            told["system"] = {"items": words}
        else:
            check(kind in ("Session", "History"), header)
    return told


@test("without a question all that the policy grants is told, as exmachinad -T prints it")
def everything(w):
    told = w.session(EVERYTHING).call("session.whatcan")
    printed = w.daemon("--policy", w.policy_dir, "-T")
    equal(printed.returncode, 0, printed.stderr)
    wanted = as_told("\n" + printed.stdout)
    # -T leaves out the lens that is found at the start
    for got, file in zip(told["files"], wanted["files"]):
        file["lens"] = file["lens"] or got["lens"]
    equal(told, wanted)
    equal([f["lens"] for f in told["files"]], ["Hosts.lns", "Sshd.lns", "Fstab.lns"])
    contains(told["files"][0]["values"], {"node": "**", "matches": ".+ and [more]"})


@test("a policy that grants nothing tells nothing")
def nothing(w):
    s = w.session(SESSION)
    for params in (None, {}, []):
        equal(s.call("session.whatcan", params), NOTHING)


@test("what is told does not name whose a file is made, nor its mode")
def no_owner(w):
    check("0600" not in json.dumps(w.session(EVERYTHING).call("session.whatcan")), "the mode is told")


@test("a policy that was changed is told as it is now")
def changed_policy(w):
    s = w.session(EVERYTHING)
    equal(s.call("session.whatcan", ["/etc/hosts/1/x"])["deny"], "1")
    w.policy(SESSION + "[File /etc/hosts]\nLens=Hosts.lns\nSet=1/x\n")
    os.kill(s.pid, signal.SIGHUP)
    s.wait_note()
    answer = s.call("session.whatcan", ["/etc/hosts/1/x"])
    equal((answer["deny"], answer["set"]), (None, YES))


@test("a policy too large for one answer is LIMIT, and a question about a part of it is answered")
def too_much(w):
    for part in range(18):
        w.policy("".join(f"[File /etc/huge-{part}-{i}]\nLens=Hosts.lns\n" +
                         f"Set={'x' * 4000} {'y' * 4000}\n" * 2 for i in range(60)), f"p{part}.conf")
    s = w.session()
    error = s.refuse("LIMIT", "session.whatcan", seconds=60)
    equal(error.data["limit"], "answer")
    equal(s.call("session.whatcan", ["/etc/huge-17-59"])["commit"], YES)
    s.alive()


# ---- the form of an answer ------------------------------------------------------------------------------

FORM = SESSION + """[File /etc/hosts]
Lens=Hosts.lns
Set=*/canonical 3
Insert=*/alias
Remove=*
Deny=1 */secret
Value=*/canonical [a-z]+
Value=** .{1,20}
"""


@test("a node: what governs it, each action with what it lacks, its values, and the way down to it")
def node_form(w):
    equal(w.session(FORM).call("session.whatcan", {"path": "/files/etc/hosts/2/canonical"}), {
        "path": "/files/etc/hosts/2/canonical", "file": "/etc/hosts", "section": "[File /etc/hosts]",
        "node": "2/canonical", "lens": "Hosts.lns", "verified": True,
        "other_lens": False, "read": YES, "secret": False,
        "create": {"allowed": False, "key": "Create", "rule": "Create=MODE OWNER:GROUP"},
        "set": YES,
        "insert": {"allowed": True, "alone": True, "key": "Insert", "rule": "Insert=2/canonical"},
        "remove": {"allowed": False, "key": "Remove", "rule": "Remove=2/canonical"},
        "parents": [{"node": "2", "allowed": False, "key": "Insert", "rule": "Insert=2"}],
        "values": [{"node": "*/canonical", "matches": "[a-z]+"}, {"node": "**", "matches": ".{1,20}"}],
        "deny": None})


@test("a removal is told with the Deny= patterns that may be in its way further down")
def form_below(w):
    s = w.session(FORM)
    equal(s.call("session.whatcan", ["/etc/hosts/3"])["remove"],
          {"allowed": True, "unless_below": ["*/secret"]})
    equal(s.call("session.whatcan", ["/etc/hosts/3/secret/x"])["deny"], "*/secret")
    equal(s.call("session.whatcan", ["/etc/hosts"])["delete"],
          {"allowed": False, "key": "Delete", "rule": "Delete=yes"})


@test("what is secret is told of a node, of what is below it, and of the file that has some")
def form_secret(w):
    s = w.session(FORM.replace("Deny=1 ", "Secret=*/canonical\nDeny="))
    for path, secret in (("/etc/hosts/2/canonical", True), ("/etc/hosts/2/canonical/below", True),
                         ("/etc/hosts/2/alias", False), ("/etc/hosts/2", False), ("/etc/hosts", True)):
        equal(s.call("session.whatcan", [path])["secret"], secret, path)
    equal(s.call("session.whatcan")["files"][0]["secrets"], ["*/canonical"])
    check("secret" not in s.call("session.whatcan", ["/etc/shadow"]), "of no file")


@test("the file's own node is made, removed and committed")
def file_form(w):
    equal(w.session(FORM.replace("Deny=1 ", "Delete=yes\nDeny=")).call(
        "session.whatcan", {"path": "/files/etc/hosts"}), {
            "path": "/files/etc/hosts", "file": "/etc/hosts", "section": "[File /etc/hosts]",
            "node": "", "lens": "Hosts.lns", "verified": True, "other_lens": False, "read": YES, "secret": False,
            "create": {"allowed": False, "key": "Create", "rule": "Create=MODE OWNER:GROUP"},
            "delete": {"allowed": True, "unless_below": ["*/secret"]}, "commit": YES})


@test("a file in which nothing may change lacks a Set=")
def read_only(w):
    equal(w.session(SESSION + "[File /etc/hosts]\nLens=Hosts.lns\n").call(
        "session.whatcan", ["/etc/hosts"])["commit"],
          {"allowed": False, "key": "Set", "rule": "Set=NODE"})


@for_each([(f"{path}: no section names it, and it lacks one", path) for path in (
    "/files/etc/shadow", "/etc/shadow/root/password", "/files/etc/hosts.d", "/etc/hostsx/1",
    "/filesystem", "/files/files/etc/hosts")])
def no_section(w, path):
    s = w.session(FORM)
    whole = path if path.startswith("/files/") else "/files" + path
    equal(s.call("session.whatcan", [path]), {
        "path": whole, "file": None, "section": None, "read": LACKS_SECTION, "set": LACKS_SECTION,
        "insert": LACKS_SECTION, "remove": LACKS_SECTION})
    s.refuse("DENIED", "augeas.get", [whole])


NOBODY = {"allowed": False, "key": None, "rule": None}


@test("what stands above files or beside them may be read, and some of it set")
def beside(w):
    s = w.session(FORM)
    for path, what, value in (("/files", LACKS_SECTION, "x"), ("/files/etc", LACKS_SECTION, "x"),
                              ("/augeas", NOBODY, "x"), ("/augeas/root", NOBODY, "x"),
                              ("/augeas/save", YES, "noop"), ("/augeas/span", YES, "disable"),
                              ("/augeas/context", YES, "/files/etc")):
        answer = s.call("session.whatcan", [path])
        equal((answer["read"], answer["set"]), (YES, what), path)
        s.get(path)
        if what == YES:
            s.set(path, value)
        else:
            error = s.refuse("DENIED", "augeas.set", [path, value])
            equal((error.data["key"], error.data["rule"]), (what["key"], what["rule"]))
        equal(answer["remove"], NOBODY if path.startswith("/augeas") else LACKS_SECTION)
        s.refuse("DENIED", "augeas.remove", [path])


@test("the nodes of /augeas that are the client's own are told as such")
def own_nodes(w):
    s = w.session(FORM)
    for path in ("/augeas/load/x", "/augeas/events/x"):
        equal(s.call("session.whatcan", [path]), {
            "path": path, "file": None, "section": None, "read": YES, "set": YES, "insert": YES,
            "remove": YES})
        s.set(path, "x")
        s.call("augeas.insert", [path, "y"])
        equal(s.call("augeas.remove", [path]), 1)


@for_each([(f"{path} is the same as /files/etc/hosts/2/canonical", path) for path in (
    "/etc/hosts/2/canonical", "/files/etc/hosts/2/canonical[1]", "/files/etc/hosts/2[3]/canonical",
    "/files/etc/h\\osts/2/cano\\nical", "/etc/hosts[1]/2/canonical")])
def spellings(w, path):
    answer = w.session(FORM).call("session.whatcan", [path])
    equal((answer["file"], answer["node"], answer["set"]), ("/etc/hosts", "2/canonical", YES))


@test("a label of bytes that are not UTF-8, and one with every character of an expression")
def odd_labels(w):
    s = w.session(FORM.replace("Set=*/canonical 3", "Set=*"))
    raw = base64.b64encode(b"/etc/hosts/caf\xe9").decode()
    answer = s.call("session.whatcan", {"path": {"base64": raw}})
    equal(base64.b64decode(answer["node"]["base64"]), b"caf\xe9")
    equal(answer["set"], YES)
    answer = s.call("session.whatcan", ["/etc/hosts/\\*\\ \\[x\\]\\|\\(\\)\\=\\!\\,\\/\\.\\."])
    equal((answer["node"], answer["set"]), ("\\*\\ [x]|()=!,\\/..", YES))


@test("nothing is read or looked up for an answer, and edits that wait stay")
def no_reading(w):
    s = w.session(EVERYTHING + "[File /etc/ssh/sshd_config]\nLens=Sshd.lns\nSet=Port\n")
    s.set("/files/etc/ssh/sshd_config/Port", "1")
    for path in ("/etc/hosts", "/etc/hosts/1/canonical", "/etc/n/x.conf/Port", "/etc/fstab/1"):
        s.call("session.whatcan", [path])
    info = s.call("session.info")
    equal((info["loaded"], info["pending"]), (["/etc/ssh/sshd_config"], ["/etc/ssh/sshd_config"]))
    equal(s.commit()["changed"], True)


# ---- questions that are none --------------------------------------------------------------------------------

@for_each([(f"{path!r} is not the path of one node", path, position) for path, position in [
    ("/files/etc/hosts/*", 17), ("/etc/*", 5), ("/files/etc/ho*ts", 13), ("/files/etc/../x", 11),
    ("/files/..", 7), ("/files/./etc/hosts", 7), ("/files/etc/hosts/parent::*", 17),
    ("/etc/ancestor::x", 5), ("/$x", 1), ("/files//hosts", None), ("/files/etc/", None), ("/", None),
    ("", None), ("etc/hosts", None), ("etc/hosts/..", None), ("/files/etc/hosts[ipaddr='x']", None),
    ("/files/etc/hosts[last()]", None), ("/files/etc/hosts[0]", None), ("/files/etc/hosts[-1]", None),
    ("/files/etc/hosts[99999999999]", None), ("/files/etc/hosts/1 | /files/etc/shadow", None),
    ("/files/etc/hosts else /x", None), ("/files/etc/hosts/a b", None), ("/files/(etc|x)", None),
    ("/files/etc/hosts\\", None), ("/files/etc/hosts\n", None), ("/files/etc[.='*']", 14)]])
def not_one_node(w, path, position):
    s = w.session(FORM)
    error = s.refuse("BAD_PATH", "session.whatcan", {"path": path})
    equal(error.data["path"], path)
    if position is not None:
        equal(error.data["position"], position, "position")
    check(error.data["reason"], "no reason")
    equal(s.call("session.info")["loaded"], [], "files that were read")


@for_each([(f"{unit!r} is not the name of a unit", unit) for unit in (
    "", ".service", "-x.service", "--help", "a b", "x/y.service", "../ssh.service", "ssh.conf", "*",
    "exm-*.service", "é.service", "ssh.service\n", "x" * 300 + ".service")])
def no_unit(w, unit):
    s = w.session(EVERYTHING)
    contains(s.refuse("BAD_VALUE", "session.whatcan", {"unit": unit}).data, "unit")
    s.alive()


@for_each([(f"{json.dumps(params)[:60]}: no such parameters", params) for params in (
    {"path": 1}, {"path": None}, {"path": ["/etc/hosts"]}, {"path": {"base64": "!"}}, {"unit": True},
    {"path": {}}, {"unit": {"base64": "c3No"}}, {"unit": None}, {"path": "/etc/hosts\0"},
    {"unit": "ssh\0.service"}, {"path": "/etc/hosts", "unit": "ssh"}, ["/etc/hosts", "ssh"],
    {"file": "/etc/hosts"}, {"path": "/etc/hosts", "value": "x"}, [1], [None], ["/a", "b", "c"])])
def wrong_parameters(w, params):
    s = w.session(FORM)
    s.refuse("INVALID_PARAMS", "session.whatcan", params)
    s.alive()


@for_each([(f"{what} is LIMIT, and costs no more than its answer", path, limit)
           for what, path, limit in (
    ("a path of 8193 bytes", "/etc/hosts/" + "x" * 8182, "path"),
    ("a path of a million bytes", "/etc/hosts" + "/x" * 450000, "path"),
    ("a path of 129 labels", "/files/etc/hosts" + "/x" * 126, "depth"))])
def too_long(w, path, limit):
    s = w.session(FORM)
    equal(s.refuse("LIMIT", "session.whatcan", [path]).data["limit"], limit)
    s.alive()


@test("a path of 128 labels, one of 8192 bytes, and a unit of 255 are answered")
def just_so_long(w):
    s = w.session(FORM + "[Service " + "u" * 247 + ".service]\nAllow=stop\n")
    deep = s.call("session.whatcan", ["/files/etc/hosts" + "/x" * 125])
    equal(len(deep["parents"]), 124)
    equal(s.call("session.whatcan", ["/etc/hosts/" + "x" * 8181])["remove"]["allowed"], True)
    equal(s.call("session.whatcan", {"unit": "u" * 247})["verbs"]["stop"], YES)


@test("before the secret was shown nothing is told")
def locked(w):
    s = w.session(EVERYTHING, auth=False)
    for params in (None, ["/etc/hosts"], {"unit": "exm-a"}):
        s.refuse("UNAUTHENTICATED", "session.whatcan", params)


@test("hundreds of questions in a batch, and notifications, are questions like others")
def batch(w):
    s = w.session(FORM)
    s.line({"jsonrpc": "2.0", "method": "session.whatcan", "params": ["/etc/hosts"]})
    s.line([{"jsonrpc": "2.0", "id": i, "method": "session.whatcan",
             "params": ["/etc/hosts/%d/alias" % i if i % 2 else "/*"]} for i in range(900)])
    answers = {answer["id"]: answer for answer in s.read()}
    equal(answers[3]["result"]["insert"], YES)
    equal(answers[2]["error"]["data"]["name"], "BAD_PATH")
    equal(len(answers), 900)
    s.alive()


# ---- the library ------------------------------------------------------------------------------------------------

LIBRARY = """
import ctypes, sys
exm = ctypes.CDLL("libexmachina.so.0")
session, text = ctypes.c_void_p(), ctypes.c_char_p()
for result in (exm.exm_new(ctypes.byref(session)), exm.exm_connect(session, 0)):
    assert result == 0, result
for path, unit in ((b"/etc/hosts/1/x", None), (None, b"exm-a"), (None, None), (b"/etc/*", None)):
    result = exm.exm_whatcan(session, path, unit, ctypes.byref(text))
    print(text.value.decode() if result == 0 else result)
"""


@test("exm_whatcan() hands out what the server answers")
def library(w):
    w.policy(EVERYTHING)
    s = w.session()
    run = w.pair("/usr/bin/python3", "-c", LIBRARY)
    lines = run.stdout.splitlines()
    equal(len(lines), 4, run.stderr)
    for line, params in zip(lines, (["/etc/hosts/1/x"], {"unit": "exm-a"}, None)):
        equal(json.loads(line), s.call("session.whatcan", params))
    equal(lines[3], "-121", "-EREMOTEIO")


# ---- the command ------------------------------------------------------------------------------------------------

DONE, USAGE, DENIED, FAILED = 0, 2, 3, 4


def cli(w, *arguments):
    return w.pair(CLI, *arguments)


def complaint(run):
    return "".join(line + "\n" for line in run.stderr.splitlines()
                   if not line.startswith("exmachinad: "))


@for_each([(f"whatcan {' '.join(words)}: {what}", words, status, parts)
           for words, status, what, parts in [
    ([], DONE, "all of it", ["[File /etc/hosts]\n", "  set               */canonical 3\n",
                             "  value             */canonical [a-z]+\n"]),
    (["/etc/hosts/2/canonical"], DONE, "a node", [
        "/files/etc/hosts/2/canonical\n  section           [File /etc/hosts]\n",
        "  read              yes\n", "  set               yes\n",
        "  insert            yes, as the only one of its label; another would need "
        "Insert=2/canonical\n",
        "  remove            no, it would need Remove=2/canonical\n",
        "  insert 2          no, it would need Insert=2\n", "  value             [a-z]+\n"]),
    (["/files/etc/hosts/1/alias"], DONE, "what is denied", [
        "  insert            no, because of Deny=1\n"]),
    (["/files/etc/hosts/3"], DONE, "what may be denied below", [
        "  remove            yes, unless a node below it is one of Deny=*/secret\n"]),
    (["/etc/hosts"], DONE, "a file", ["  commit            yes\n",
                                      "  delete            no, it would need Delete=yes\n"]),
    (["/etc/shadow"], DENIED, "nothing at all", ["  section           none\n",
                                                 "  read              no, it would need a [File] section\n"]),
    (["exm-w-a"], DONE, "a unit", ["exm-w-a.service\n", "  status            yes\n",
                                   "  stop              no, it would need [Service exm-w-a.service] "
                                   "Allow=stop\n", "  log               no, "]),
    (["exm-w-z.service"], DENIED, "a unit with no right", ["  section           none\n"])]])
def command(w, words, status, parts):
    w.policy(FORM + "[Service exm-w-a.service]\nAllow=status\n")
    run = cli(w, "whatcan", *words)
    equal((run.returncode, complaint(run)), (status, ""), f"status and complaint {run.stdout!r}")
    for part in parts:
        contains(run.stdout, part, "output")


@test("with --json, before or behind the verb, it is the server's answer, and the status the same")
def command_json(w):
    w.policy(FORM)
    s = w.session()
    for words, params, status in ((["/etc/hosts/1"], ["/etc/hosts/1"], DONE), ([], None, DONE),
                                  (["/etc/shadow"], ["/etc/shadow"], DENIED),
                                  (["ssh"], {"unit": "ssh"}, DENIED)):
        wanted = s.call("session.whatcan", params)
        for line in (["--json", "whatcan", *words], ["whatcan", *words, "--json"]):
            run = cli(w, *line)
            equal((run.returncode, json.loads(run.stdout)), (status, wanted), str(line))


@for_each([(f"whatcan {' '.join(words)} exits with {status}", words, status) for words, status in [
    (["/etc/*"], FAILED), (["/files/etc/hosts/.."], FAILED), (["-x"], USAGE), (["--lines", "3"], USAGE),
    ([""], FAILED), (["a b"], FAILED), (["/etc/hosts", "ssh"], USAGE), (["exm-*.service"], FAILED)]])
def command_refused(w, words, status):
    w.policy(FORM)
    run = cli(w, "whatcan", *words)
    equal((run.returncode, run.stdout), (status, ""))
    check(complaint(run), "no complaint")


@test("in a script it is an answer like others: the next line is carried out")
def command_script(w):
    w.policy(FORM)
    run = w.shell(f"printf 'whatcan /etc/shadow\nwhatcan ssh\nping\n' | {CLI} run")
    equal(run.returncode, DONE, run.stderr)
    contains(run.stdout, "  section           none\n")
    check(run.stdout.endswith("pong\n"), run.stdout)


@for_each([(f"a denial tells where to read on: {hint}", words, hint) for words, hint in [
    (["set", "/files/etc/hosts/1/canonical", "x"], "exmachina whatcan /files/etc/hosts/1/canonical"),
    (["rm", "/files/etc/hosts"], "exmachina whatcan /etc/hosts"),
    (["set", "/files/etc/hosts/2/a\\ b", "x"], "exmachina whatcan /etc/hosts"),
    (["service", "stop", "ssh"], "exmachina whatcan ssh.service"),
    (["get", "/files/etc/shadow"], "exmachina whatcan"), (["system"], "exmachina whatcan"),
    (["package", "remove", "web"], "exmachina whatcan")]])
def hints(w, words, hint):
    w.policy(FORM)
    run = cli(w, *words)
    equal(run.returncode, DENIED, run.stderr)
    contains(complaint(run), f"  see: {hint}\n")
    # the hint can be followed
    equal(w.pair(*hint.replace("exmachina", CLI, 1).split()).returncode in (DONE, DENIED), True)
    check("see:" not in cli(w, "--json", *words).stdout, "programs are told, too")


@test("what is no denial has no hint")
def no_hint(w):
    w.policy(FORM)
    for words in (["get", "/files/etc/hosts/99"], ["set", "/files/etc/hosts/2/canonical", "X"],
                  ["match", "/files/etc/hosts["]):
        check("see:" not in complaint(cli(w, *words)), str(words))


if __name__ == "__main__":
    for name, text in (("a.service", ""), ("b.service", "[Install]\nWantedBy=multi-user.target\n"),
                       ("b@.service", ""), ("c.socket", "[Socket]\nListenStream=/run/exm-w.sock\n"),
                       ("c.service", "")):
        service = "[Service]\nExecStart=/bin/sleep infinity\n" if "service" in name else ""
        with open(f"/etc/systemd/system/exm-w-{name}", "w", encoding="ascii") as unit:
            unit.write(service + text)
    subprocess.run(["systemctl", "daemon-reload"], check=True)
    main()
