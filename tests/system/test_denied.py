#!/usr/bin/python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""What the policy does not allow is refused, by every verb that edits and whatever trick spells
the path; the refusal names what is lacking, and no file changes."""

import os
import sys

sys.path.insert(0, sys.path[0] + "/../lib")
from exm import (HOSTS, SESSION, SSHD, Failure, RpcError, check, contains, equal, for_each, main,
                 test)

NARROW = SESSION + """
[File /etc/ssh/sshd_config]
Lens=Sshd.lns
Set=Port PermitRootLogin UsePAM Match/Settings/X11Forwarding
Insert=AcceptEnv AcceptEnv/*
Remove=AcceptEnv
Value=Port [0-9]{1,5}
Value=PermitRootLogin no|prohibit-password
Deny=UsePAM

[File /etc/hosts]
Lens=Hosts.lns
Set=*/canonical */alias
Insert=*/alias
Remove=*/alias
Deny=1/*
"""
SECRETS = "root:$6$topsecret:19000:0:99999:7:::\n"


def narrow(w):
    w.write("/etc/shadow", SECRETS, 0o600)
    w.write("/etc/passwd", "root:x:0:0:root:/root:/bin/bash\n")
    return w.session(NARROW)


def untouched(w):
    equal(w.read("/etc/hosts"), HOSTS)
    equal(w.read("/etc/ssh/sshd_config"), SSHD)
    equal(w.read("/etc/shadow"), SECRETS)


# ---- what is allowed, so that the refusals mean something -----------------------------

@test("what the rules name is allowed: a value, an insertion, a removal")
def allowed(w):
    s = narrow(w)
    s.set("/files/etc/ssh/sshd_config/Port", "2222")
    s.set("/files/etc/ssh/sshd_config/PermitRootLogin", "no")
    s.call("augeas.insert", ["/files/etc/ssh/sshd_config/AcceptEnv", "AcceptEnv", False])
    s.set("/files/etc/ssh/sshd_config/AcceptEnv[2]/1", "EDITOR")
    s.set("/files/etc/hosts/2/canonical", "renamed")
    s.set("/files/etc/hosts/3/alias[3]", "third")
    s.commit()
    contains(w.read("/etc/ssh/sshd_config"), "Port 2222\n")
    contains(w.read("/etc/ssh/sshd_config"), "AcceptEnv EDITOR\n")
    contains(w.read("/etc/hosts"), "127.0.1.1\trenamed\n")
    contains(w.read("/etc/hosts"), "ip6-loopback third\n")
    equal(s.call("augeas.remove", ["/files/etc/ssh/sshd_config/AcceptEnv[2]"]), 2)
    s.commit()
    check("EDITOR" not in w.read("/etc/ssh/sshd_config"), "it is still there")


@test("Set= alone lets a missing node be made, if it is then the only one of its label")
def set_creates(w):
    w.write("/etc/ssh/sshd_config", "UsePAM no\n")
    s = w.session(NARROW)
    s.set("/files/etc/ssh/sshd_config/Port", "22")
    s.commit()
    contains(w.read("/etc/ssh/sshd_config"), "Port 22\n")
    error = s.refuse("DENIED", "augeas.set", ["/files/etc/ssh/sshd_config/Port[2]", "23"])
    equal(error.data["key"], "Insert")


# ---- files ------------------------------------------------------------------------------

@for_each([(f"a value cannot be set in {path}", path) for path in [
    "/files/etc/shadow/root/password", "/files/etc/passwd/root/uid", "/files/etc/new/x",
    "/files/etc/ssh/sshd_config.d/x/Port", "/files/etc/ssh/../shadow/root/password",
    "/files/etc/hostsx/1/canonical", "/files/etc", "/files/root/.ssh/authorized_keys",
    "/files", "/files/etc/ssh/sshd_config2/Port"]])
def file_not_allowed(w, path):
    s = narrow(w)
    error = s.refuse("DENIED", "augeas.set", [path, "x"])
    equal(error.data["key"], "[File]")
    check(error.data["path"].startswith("/files"), f"path {error.data['path']!r}")
    s.alive()
    s.commit()
    untouched(w)
    equal(w.files("/etc"), ["hosts", "passwd", "shadow", "ssh"])


@for_each([(f"{path} cannot be read", path) for path in [
    "/files/etc/shadow", "/files/etc/shadow/root/password", "/files/etc/passwd/root",
    "/files/etc/hosts/../shadow/root/password", "/files/etc/ssh/../shadow/*",
    "/files//password", "/files/etc/*[label() = 'shadow']", "/files/etc/hosts/1/ancestor::etc/shadow",
    "/files/etc/hosts | /files/etc/shadow/root"]])
def file_not_readable(w, path):
    s = narrow(w)
    for method in ("augeas.match", "augeas.get", "augeas.print", "augeas.label"):
        try:
            result = s.call(method, [path])
        except RpcError as error:
            check(error.name in ("NO_MATCH", "DENIED", "TOO_MANY_MATCHES"), str(error))
            result = error.data
        check("topsecret" not in str(result), f"{method} showed it: {result!r}")
        if method == "augeas.match":
            check(not [p for p in result if "shadow" in p], f"{result!r}")
    s.alive()


@for_each([(f"no lens can be attached to a file through {what}", calls) for what, calls in [
    ("/augeas/load", [("augeas.set", ["/augeas/load/X/lens", "Shadow.lns"]),
                      ("augeas.set", ["/augeas/load/X/incl", "/etc/shadow"]),
                      ("augeas.load", [])]),
    ("augeas.transform", [("augeas.transform", ["Shadow.lns", "/etc/shadow"]),
                          ("augeas.load", [])]),
    ("an edit of /augeas/root", [("augeas.set", ["/augeas/root", "/"]), ("augeas.load", [])]),
    ("a moved part of /augeas", [("augeas.move", ["/files/etc/hosts", "/augeas/load/X"]),
                                 ("augeas.load", [])]),
    ("a relative path", [("augeas.set", ["/augeas/context", "/augeas/load"]),
                         ("augeas.set", ["X/lens", "Shadow.lns"]),
                         ("augeas.set", ["X/incl", "/etc/shadow"]), ("augeas.load", [])])]])
def no_other_lens(w, calls):
    s = narrow(w)
    for method, params in calls:
        try:
            s.call(method, params)
        except RpcError as error:
            check(error.name in ("DENIED", "NO_MATCH"), str(error))
    for path in ("/files/etc/shadow", "/files//password", "/files/etc/shadow/root/password"):
        try:
            equal(s.match(path), [])
        except RpcError as error:
            equal(error.name, "DENIED")
    s.set("/augeas/context", "/files")
    s.commit()
    untouched(w)


# ---- nodes, by every verb ----------------------------------------------------------------

SSH = "/files/etc/ssh/sshd_config"
EDITS = [
    ("set of a value that no Set= names", "augeas.set", [SSH + "/X11Forwarding", "no"], "Set"),
    ("set of a new node that no rule names", "augeas.set", [SSH + "/Banner", "/etc/issue"],
     "Insert"),
    ("clear", "augeas.clear", [SSH + "/X11Forwarding"], "Set"),
    ("setm", "augeas.setm", [SSH, "X11Forwarding", "no"], "Set"),
    ("setm of many", "augeas.setm", [SSH + "/*", None, "no"], None),
    ("insert before", "augeas.insert", [SSH + "/Port", "Banner", True], "Insert"),
    ("insert after", "augeas.insert", [SSH + "/Port", "Port", False], "Insert"),
    ("remove", "augeas.remove", [SSH + "/X11Forwarding"], "Remove"),
    ("remove of a node that may be set", "augeas.remove", [SSH + "/Port"], "Remove"),
    ("remove of all", "augeas.remove", [SSH + "/*"], None),
    ("remove of the file", "augeas.remove", [SSH], "Delete"),
    ("remove of the directory", "augeas.remove", ["/files/etc"], None),
    ("remove of all files", "augeas.remove", ["/files/*"], None),
    ("remove of everything", "augeas.remove", ["/files"], None),
    ("move within the file", "augeas.move", [SSH + "/X11Forwarding", SSH + "/Port"], None),
    ("move of an allowed node elsewhere", "augeas.move", [SSH + "/AcceptEnv", SSH + "/Banner"],
     None),
    ("move between files", "augeas.move", ["/files/etc/hosts/2/canonical", SSH + "/Port"], None),
    ("move of the file to another name", "augeas.move", [SSH, "/files/etc/ssh/other"], None),
    ("rename", "augeas.rename", [SSH + "/X11Forwarding", "Port"], None),
    ("rename of an allowed node", "augeas.rename", [SSH + "/AcceptEnv", "Banner"], None),
    ("rename of the file", "augeas.rename", [SSH, "other"], None),
]


@for_each([(f"{what} is denied, and the answer names what is lacking", method, params, key)
           for what, method, params, key in EDITS])
def denied_edit(w, method, params, key):
    s = narrow(w)
    error = s.refuse("DENIED", method, params)
    contains(error.data, "key", "data")
    if "path" in error.data:
        check(error.data["path"].startswith("/files"), f"path {error.data['path']!r}")
    if key:
        for field in ("node", "rule"):
            contains(error.data, field, "data")
        equal(error.data["key"], key)
        equal(error.data["file"], "/etc/ssh/sshd_config")
    equal(s.diff(), {"files": []})
    equal(s.commit()["changed"], False)
    untouched(w)


@test("a denied edit of several nodes changes none of them")
def all_or_none(w):
    s = narrow(w)
    error = s.refuse("DENIED", "augeas.setm", ["/files/etc/hosts/*[ipaddr]", "canonical", "x"])
    equal(error.data["key"], "Deny")
    equal(s.diff(), {"files": []})
    equal(s.get("/files/etc/hosts/2/canonical"), "debian")


@test("Deny= wins over Set= for the same node")
def deny_wins(w):
    s = narrow(w)
    error = s.refuse("DENIED", "augeas.set", [SSH + "/UsePAM", "no"])
    equal(error.data["key"], "Deny")
    equal(error.data["rule"], "Deny=UsePAM")
    equal(error.data["node"], "UsePAM")
    s.refuse("DENIED", "augeas.set", ["/files/etc/hosts/1/canonical", "x"])


@test("a move onto a node that is there takes the right to remove that one")
def move_onto(w):
    policy = SESSION + ("[File /etc/hosts]\nLens=Hosts.lns\nSet=**\nInsert=**\n"
                        "Remove=2 2/** 3/alias\n")
    s = w.session(policy)
    error = s.refuse("DENIED", "augeas.move", ["/files/etc/hosts/2", "/files/etc/hosts/1"])
    equal(error.data["rule"], "Remove=1")
    s.refuse("DENIED", "augeas.move", ["/files/etc/hosts/2/canonical", "/files/etc/hosts/1/canonical"])
    equal(s.diff(), {"files": []})
    s.call("augeas.move", ["/files/etc/hosts/2/canonical", "/files/etc/hosts/3/alias[1]"])
    equal(s.get("/files/etc/hosts/3/alias[1]"), "debian")


@test("Deny= holds for a node below one that is removed or moved")
def deny_below(w):
    s = w.session(SESSION + "[File /etc/hosts]\nLens=Hosts.lns\nSet=**\nInsert=**\nRemove=**\n"
                  "Deny=*/canonical\n")
    for method, params in [("augeas.remove", ["/files/etc/hosts/2"]),
                           ("augeas.remove", ["/files/etc/hosts/*"]),
                           ("augeas.move", ["/files/etc/hosts/2", "/files/etc/hosts/9"]),
                           ("augeas.rename", ["/files/etc/hosts/2", "9"])]:
        error = s.refuse("DENIED", method, params)
        equal(error.data["key"], "Deny")
    equal(s.diff(), {"files": []})
    equal(s.call("augeas.remove", ["/files/etc/hosts/3/alias"]), 2)


@test("every node of a moved subtree needs the right at its new place")
def moved_subtree(w):
    s = w.session(SESSION + "[File /etc/hosts]\nLens=Hosts.lns\nSet=**\nRemove=**\n"
                  "Insert=9 9/ipaddr 9/canonical\n")
    s.refuse("DENIED", "augeas.move", ["/files/etc/hosts/3", "/files/etc/hosts/9"])
    equal(s.diff(), {"files": []})


# ---- tricks: what the path selects counts, not how it is spelled ----------------------------

TRICKS = [
    SSH + "/Port/../X11Forwarding", SSH + "/Port/parent::*/X11Forwarding",
    SSH + "/Port/following-sibling::X11Forwarding", SSH + "/AcceptEnv/preceding-sibling::UsePAM",
    SSH + "/Port/ancestor::sshd_config/X11Forwarding", SSH + "//X11Forwarding",
    "/files//X11Forwarding", SSH + "/*[label() = 'X11Forwarding']",
    SSH + "/*[. = 'yes'][last()]", SSH + "/X11Forwarding[1]", SSH + "/(X11Forwarding)",
    "(/files/etc/nix | " + SSH + "/X11Forwarding)", SSH + "/Port[. = 'nix'] | " + SSH + "/UsePAM",
    SSH + "/nix else " + SSH + "/X11Forwarding", "etc/ssh/sshd_config/X11Forwarding",
    "/files/etc/hosts/../ssh/sshd_config/X11Forwarding", SSH + "/self::*/X11Forwarding",
    SSH + "/./X11Forwarding", SSH + "/X11\\Forwarding", SSH + "/x11forwarding",
    SSH + "/*[label() =~ regexp('x11.*', 'i')]", "/files/descendant::X11Forwarding",
    "/*/etc/ssh/sshd_config/X11Forwarding",
]


@for_each([(f"set through {path} is denied", path) for path in TRICKS])
def trick(w, path):
    s = narrow(w)
    for method, params in (("augeas.set", [path, "no"]), ("augeas.clear", [path]),
                           ("augeas.remove", [path]), ("augeas.setm", [path, None, "no"])):
        s.line({"jsonrpc": "2.0", "id": 1, "method": method, "params": params})
        reply = s.read()
        if "error" in reply:
            check(reply["error"]["data"]["name"] in ("DENIED", "BAD_PATH", "TOO_MANY_MATCHES"),
                  str(reply))
        elif reply["result"] != 0:
            raise Failure(f"{method} did it: {reply}")
    equal(s.diff(), {"files": []})
    s.commit()
    untouched(w)


@test("the context cannot be changed, since Augeas makes the node that it names")
def context_trick(w):
    s = narrow(w)
    s.refuse("DENIED", "augeas.set", ["/augeas/context", SSH + "/Banner"])
    equal(s.get("/augeas/context"), "/files")
    s.refuse("DENIED", "augeas.set", ["etc/ssh/sshd_config/X11Forwarding", "no"])
    equal(s.match(SSH + "/Banner"), [])
    equal(s.diff(), {"files": []})


@test("a label with an escaped slash does not pass for two labels")
def escaped_label(w):
    s = w.session(SESSION + "[File /etc/hosts]\nLens=Hosts.lns\nSet=*/*\n")
    for path in ("/files/etc/hosts/1\\/ipaddr", "/files/etc/hosts/a\\/b"):
        s.refuse("DENIED", "augeas.set", [path, "x"])


@test("* in a rule stands for one label, not for any depth")
def star_is_one(w):
    s = w.session(SESSION + "[File /etc/hosts]\nLens=Hosts.lns\nSet=*\n")
    s.refuse("DENIED", "augeas.set", ["/files/etc/hosts/1/canonical", "x"])
    s = w.session(SESSION + "[File /etc/hosts]\nLens=Hosts.lns\nSet=**\n")
    s.set("/files/etc/hosts/1/canonical", "x")


# ---- values ------------------------------------------------------------------------------------

@for_each([(f"Port cannot be {value!r}", value) for value in [
    "", "x", "22 ", " 22", "123456", "-1", "22\n", "22\nPermitRootLogin yes", "2 2", "٢٢", "0x16",
    "22#", None]])
def bad_value(w, value):
    s = narrow(w)
    error = s.refuse("BAD_VALUE", "augeas.set", [SSH + "/Port", value])
    equal(error.data["file"], "/etc/ssh/sshd_config")
    equal(error.data["node"], "Port")
    equal(error.data["rule"], "Value=Port [0-9]{1,5}")
    equal(s.get(SSH + "/Port"), "22")
    equal(s.diff(), {"files": []})


@for_each([(f"PermitRootLogin cannot be {value!r}", value) for value in [
    "yes", "nono", "no\n", "no|prohibit-password", "xno", "prohibit-passwordx", "NO"]])
def bad_alternative(w, value):
    s = narrow(w)
    s.refuse("BAD_VALUE", "augeas.set", [SSH + "/PermitRootLogin", value])
    untouched(w)


@for_each([(f"Value= holds for {method} as well", method, params) for method, params in [
    ("augeas.setm", [SSH, "Port", "x"]), ("augeas.clear", [SSH + "/Port"])]])
def value_by_other_verb(w, method, params):
    narrow(w).refuse("BAD_VALUE", method, params)


@test("Value= holds for a value that is moved or renamed into place")
def value_by_move(w):
    s = w.session(SESSION + "[File /etc/ssh/sshd_config]\nLens=Sshd.lns\nSet=**\nInsert=**\n"
                  "Remove=**\nValue=Port [0-9]+\n")
    s.refuse("BAD_VALUE", "augeas.move", [SSH + "/X11Forwarding", SSH + "/Port"])
    s.call("augeas.remove", [SSH + "/Port"])
    s.refuse("BAD_VALUE", "augeas.rename", [SSH + "/X11Forwarding", "Port"])


@test("every Value= that matches a node must hold")
def every_rule(w):
    s = w.session(SESSION + "[File /etc/hosts]\nLens=Hosts.lns\nSet=**\n"
                  "Value=*/ipaddr [0-9.]+\nValue=** .{1,20}\n")
    s.set("/files/etc/hosts/1/ipaddr", "192.0.2.1")
    s.refuse("BAD_VALUE", "augeas.set", ["/files/etc/hosts/1/ipaddr", "::1"])
    s.refuse("BAD_VALUE", "augeas.set", ["/files/etc/hosts/1/ipaddr", "1" * 21])
    s.refuse("BAD_VALUE", "augeas.set", ["/files/etc/hosts/1/canonical", "x" * 21])


@test("a value that the lens cannot write is refused by the commit, which names file and lens")
def unwritable(w):
    s = w.session()
    s.set("/files/etc/hosts/1/canonical", "two words")
    error = s.refuse("BAD_VALUE", "config.commit")
    equal(error.data["file"], "/etc/hosts")
    check("Hosts" in error.data["lens"], str(error))
    check(error.data["reason"], "no reason")
    equal(w.read("/etc/hosts"), HOSTS)
    s.set("/files/etc/hosts/1/canonical", "oneword")
    s.commit()
    contains(w.read("/etc/hosts"), "\toneword\n")


@test("a newline in a value cannot add a line to the file")
def newline(w):
    s = w.session()
    s.set("/files/etc/hosts/1/canonical", "a\n6.6.6.6 evil")
    s.refuse("BAD_VALUE", "config.commit")
    s.call("config.discard")
    s.set("/files/etc/hosts/#comment[1]", "x\n6.6.6.6 evil")
    s.refuse("BAD_VALUE", "config.commit")
    equal(w.read("/etc/hosts"), HOSTS)


# ---- new files and removed ones ---------------------------------------------------------------

@test("a file that the policy does not let be made is not made")
def no_create(w):
    os.unlink(w.at("/etc/hosts"))
    s = w.session()
    s.line({"jsonrpc": "2.0", "id": 1, "method": "augeas.set",
            "params": ["/files/etc/hosts/01/ipaddr", "192.0.2.1"]})
    reply = s.read()
    if "error" not in reply:
        s.set("/files/etc/hosts/01/canonical", "x")
        error = s.refuse("DENIED", "config.commit")
    else:
        error = RpcError(reply["error"])
    equal(error.name, "DENIED")
    equal(error.data["key"], "Create")
    check(not os.path.exists(w.at("/etc/hosts")), "it was made")


@test("a file that the policy does not let be removed stays")
def no_delete(w):
    s = w.session()
    error = s.refuse("DENIED", "augeas.remove", ["/files/etc/hosts"])
    equal(error.data["key"], "Delete")
    equal(s.diff(), {"files": []})
    s.commit()
    equal(w.read("/etc/hosts"), HOSTS)


@for_each([(f"Create= for *.list does not make {name!r}", name) for name in [
    "x.txt", ".hidden.list", "a\\/b.list", "..\\/x.list", "..\\/..\\/x.list", ".list", "x.list\n"]])
def no_other_name(w, name):
    os.makedirs(w.at("/etc/apt/sources.list.d"))
    s = w.session(SESSION + "[File /etc/apt/sources.list.d/*.list]\nLens=Aptsources.lns\n"
                  "Set=**\nInsert=**\nCreate=0644 root:root\n")
    s.line({"jsonrpc": "2.0", "id": 1, "method": "augeas.set",
            "params": [f"/files/etc/apt/sources.list.d/{name}/1/type", "deb"]})
    check("error" in s.read(), "it was taken")
    s.line({"jsonrpc": "2.0", "id": 2, "method": "config.commit"})
    s.read()
    equal(w.files("/etc/apt/sources.list.d"), [])
    equal(w.files("/etc/apt"), ["sources.list.d"])
    equal(w.files("/"), ["etc", "var"])  # where the audit trail is


# ---- every denial, whatever it is about ----------------------------------------------------------

SCARCE = SESSION + """[File /etc/hosts]
Lens=Hosts.lns
Insert=*/alias
Remove=*/alias
Deny=1
[File /etc/apt/sources.list.d/*.list]
Lens=Aptsources.lns
[Service exm-*.service]
Allow=reload
[Package exm-*]
Allow=status
[System]
"""
SECTION = "[File /etc/hosts]"


def of_node(node, key, rule, file="/etc/hosts", section=SECTION):
    return {"file": file, "section": section, "node": node, "key": key, "rule": rule}


def of_path(path, rule="[File]"):
    return {"path": path, "key": rule, "rule": rule}


def of_unit(unit, verb, key, rule):
    return {"unit": unit, "verb": verb, "key": key, "rule": rule}


LIST_FILE = "/etc/apt/sources.list.d/x.list"
KINDS = [
    ("a value", "augeas.set", ["/files/etc/hosts/2/canonical", "x"],
     of_node("2/canonical", "Set", "Set=2/canonical")),
    ("a node by set", "augeas.set", ["/files/etc/hosts/2/x", "x"],
     of_node("2/x", "Insert", "Insert=2/x")),
    ("a node by insert", "augeas.insert", ["/files/etc/hosts/2/canonical", "a b"],
     of_node("2/a\\ b", "Insert", "Insert=2/a\\ b")),
    ("a node by a move", "augeas.move", ["/files/etc/hosts/3/alias[1]", "/files/etc/hosts/3/new"],
     of_node("3/new", "Insert", "Insert=3/new")),
    ("a node by a new label", "augeas.rename", ["/files/etc/hosts/3/alias[1]", "new"],
     of_node("3/new", "Insert", "Insert=3/new")),
    ("a removal", "augeas.remove", ["/files/etc/hosts/2"], of_node("2", "Remove", "Remove=2")),
    ("what Deny= covers", "augeas.remove", ["/files/etc/hosts/1/canonical"],
     of_node("1/canonical", "Deny", "Deny=1")),
    ("a file's removal", "augeas.remove", ["/files/etc/hosts"], of_node("", "Delete", "Delete=yes")),
    ("a file's making", "augeas.set", [f"/files{LIST_FILE}/1/type", "deb"],
     of_node("", "Create", "Create=MODE OWNER:GROUP", LIST_FILE,
             "[File /etc/apt/sources.list.d/*.list]")),
    ("a file's own value", "augeas.set", ["/files/etc/hosts", "x"], of_node("", None, None)),
    ("a lens for another file", "augeas.transform", ["Shadow.lns", "/etc/shadow"],
     {"file": "/etc/shadow", "key": "[File]", "rule": "[File]"}),
    ("a file that is not named, read", "augeas.get", ["/files/etc/shadow/root"],
     of_path("/files/etc/shadow/root")),
    ("a file that is not named, written", "augeas.set", ["/files/etc/shadow/root", "x"],
     of_path("/files/etc/shadow/root")),
    ("a directory", "augeas.remove", ["/files/etc"], of_path("/files/etc")),
    ("what is beside the files", "augeas.set", ["/augeas/root", "/"], of_path("/augeas/root", None)),
    ("the context", "augeas.set", ["/augeas/context", "/augeas"], of_path("/augeas/context")),
    ("a verb", "service.stop", ["exm-a"],
     of_unit("exm-a.service", "stop", "Allow", "[Service exm-*.service] Allow=stop")),
    ("a unit", "service.status", ["other.socket"],
     of_unit("other.socket", "status", "Allow", "[Service other.socket] Allow=status")),
    ("a watch", "service.watch", ["exm-a"],
     of_unit("exm-a.service", "status", "Allow", "[Service exm-*.service] Allow=status")),
    ("a log", "service.log", ["exm-a"],
     of_unit("exm-a.service", "log", "[Log]", "[Log exm-a.service]")),
    ("a package's verb", "package.install", [["exm-a", "exm-b"]],
     {"verb": "install", "names": ["exm-a", "exm-b"], "package": "exm-a", "key": "Allow",
      "rule": "[Package exm-*] Allow=install"}),
    ("a package", "package.status", [["exm-a", "other"]],
     {"verb": "status", "names": ["exm-a", "other"], "package": "other", "key": "Allow",
      "rule": "[Package other] Allow=status"}),
    ("all packages", "package.upgrade", [],
     {"verb": "upgrade", "names": [], "package": None, "key": "Allow",
      "rule": "[Package *] Allow=upgrade"}),
    ("the lists of packages", "package.update", [],
     {"verb": "update", "names": [], "package": None, "key": "Allow",
      "rule": "[Package *] Allow=update"}),
    ("an item of the identity", "system.set_locale", ["C.UTF-8"],
     {"verb": "set_locale", "key": "Allow", "rule": "[System] Allow=locale"}),
]


@for_each([(f"{what} that is denied: data and message tell what it is about and what is lacking",
            method, params, data) for what, method, params, data in KINDS])
def each_kind(w, method, params, data):
    os.makedirs(w.at("/etc/apt/sources.list.d"))
    s = w.session(SCARCE)
    error = s.refuse("DENIED", method, params)
    equal(error.data, {**data, "name": "DENIED"}, "data")
    for field in ("file", "node", "path", "unit", "package", "rule"):
        contains(error.message, data.get(field) or "", "message")
    if data["rule"] is None:
        contains(error.message, "cannot be excluded" if method == "augeas.transform" else "nothing")
    equal(s.diff(), {"files": []})


@test("the identity without a section lacks one")
def no_system(w):
    error = w.session().refuse("DENIED", "system.get")
    equal(error.data, {"verb": "get", "key": "[System]", "rule": "[System]", "name": "DENIED"})


def replace_alias(w, policy):
    """To take a node away and to add another one in its place is to change it."""
    s = w.session(policy)
    s.call("augeas.remove", ["/files/etc/hosts/3/alias[2]"])
    s.set("/files/etc/hosts/3/alias[last()+1]", "x1")
    return s


@test("a commit that is denied by its effect tells what is lacking, and with that it is done")
def by_effect(w):
    error = replace_alias(w, SCARCE).refuse("DENIED", "config.commit")
    equal(error.data, {**of_node("3/alias", "Set", "Set=3/alias"), "name": "DENIED"})
    contains(error.message, f"{SECTION} would need Set=3/alias")
    equal(w.read("/etc/hosts"), HOSTS)
    s = replace_alias(w, SCARCE.replace("Deny=1\n", "Set=3/alias\n"))
    equal(s.commit()["changed"], True)


# What to say to a parameter of any method, by its name; others get a text.
ARGUMENTS = {"path": "/files/etc/shadow/root", "base": "/files/etc/shadow/root", "sub": None,
             "source": "/files/etc/shadow/root", "destination": "/files/etc/shadow/x",
             "file": "/etc/shadow", "names": ["exm-x"], "locale": ["C.UTF-8"], "unit": "exm-x.service"}
HARMLESS = {"session.", "config.", "augeas.load", "augeas.save", "augeas.match", "augeas.print",
            "augeas.errors", "augeas.setm", "augeas.remove", "augeas.rename", "augeas.defvar",
            "augeas.dump", "augeas.ns_", "augeas.escape_name", "augeas.srun", "service.list",
            "service.unwatch"}


@test("of all methods there are, with a policy that grants nothing, those that do something are denied, "
      "and tell what is lacking")
def every_method(w):
    s = w.session(SESSION)
    denied = 0
    for method in s.call("session.methods"):
        name = method["name"]
        if name in ("session.bye", "session.authenticate"):
            continue
        params = {p["name"]: ARGUMENTS.get(p["name"], "x") for p in method["parameters"]
                  if p["required"]}
        try:
            s.call(name, params)
        except RpcError as error:
            if error.name == "DENIED":
                check(error.data["key"] and error.data["rule"], f"{name}: {error}")
                contains(error.message, error.data["rule"], name)
                denied += 1
                continue
        check(any(name.startswith(h) for h in HARMLESS), f"{name} was not denied")
    check(denied > 20, f"only {denied} were denied")


if __name__ == "__main__":
    main()
