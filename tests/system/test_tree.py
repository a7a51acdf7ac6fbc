#!/usr/bin/python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""Every augeas.* method, beside Debian's own augtool on the same files: same nodes, same values,
same text, and the same files after a save."""

import os
import shutil
import subprocess
import sys

sys.path.insert(0, sys.path[0] + "/../lib")
from exm import (CLI, HOSTS, SESSION, SSHD, Skip, check, contains, equal, for_each, main, matches,
                 test)

LENSES = {"/etc/hosts": "Hosts.lns", "/etc/ssh/sshd_config": "Sshd.lns",
          "/etc/fstab": "Fstab.lns", "/etc/php.ini": "Php.lns", "/etc/default/x": "Shellvars.lns",
          "/etc/apt/sources.list": "Aptsources.lns", "/etc/resolv.conf": "Resolv.lns"}
OTHERS = {
    "/etc/fstab": "# static\nUUID=1 / ext4 errors=remount-ro,acl 0 1\n/dev/sr0 /media udf user 0 0\n",
    "/etc/php.ini": "[PHP]\nengine = On\n; note\n[Date]\ndate.timezone = UTC\n",
    "/etc/default/x": "# shell\nA=1\nB=\"two words\"\nexport C='3'\n",
    "/etc/apt/sources.list": "deb [arch=amd64] http://deb.debian.org/debian bookworm main contrib\n",
    "/etc/resolv.conf": "search a.example b.example\nnameserver 192.0.2.1\noptions timeout:2\n",
}
FREE = SESSION + "".join(f"[File {path}]\nLens={lens}\nSet=**\nInsert=**\nRemove=**\n"
                         for path, lens in LENSES.items())


def world_of_files(w):
    for path, text in OTHERS.items():
        w.write(path, text)
    w.policy(FREE)


def augtool(root, script, *arguments):
    """What augtool prints for a script, over the same files with the same lenses."""
    if not shutil.which("augtool"):
        raise Skip("augtool is not installed")
    transforms = [f"--transform={lens} incl {path}" for path, lens in LENSES.items()]
    return subprocess.run(["augtool", "-A", "-r", root, *transforms, *arguments], input=script,
                          capture_output=True, text=True, timeout=30, check=False)


def copy_of_root(w):
    other = w.path_of("augtool-root")
    shutil.copytree(w.root, other)
    return other


# ---- one method after another --------------------------------------------------------

@test("get answers the value, and null for a node without one")
def get(w):
    s = w.session()
    equal(s.get("/files/etc/hosts/1/ipaddr"), "127.0.0.1")
    equal(s.get("/files/etc/hosts/1"), None)
    equal(s.get("/files/etc/hosts/*[ipaddr='::1']/canonical"), "localhost")


@test("get of no node is NO_MATCH, of several TOO_MANY_MATCHES with their number")
def get_refused(w):
    s = w.session()
    equal(s.refuse("NO_MATCH", "augeas.get", ["/files/etc/hosts/99"]).data["path"],
          "/files/etc/hosts/99")
    error = s.refuse("TOO_MANY_MATCHES", "augeas.get", ["/files/etc/hosts/*/ipaddr"])
    equal(error.data["matches"], 4)
    s.refuse("NO_MATCH", "augeas.get", ["/files/etc/hosts/1/ipaddr[. = 'x']"])


@test("set changes a value, makes a node with those above it, and null takes a value away")
def set_value(w):
    s = w.session()
    equal(s.set("/files/etc/hosts/1/canonical", "changed"), True)
    equal(s.get("/files/etc/hosts/1/canonical"), "changed")
    equal(s.set("/files/etc/hosts/01/ipaddr", "192.0.2.7"), True)
    equal(s.get("/files/etc/hosts/01"), None)
    equal(s.get("/files/etc/hosts/01/ipaddr"), "192.0.2.7")
    equal(s.set("/files/etc/hosts/1/canonical", None), True)
    equal(s.get("/files/etc/hosts/1/canonical"), None)


@test("set of several nodes is TOO_MANY_MATCHES and changes none")
def set_refused(w):
    s = w.session()
    s.refuse("TOO_MANY_MATCHES", "augeas.set", ["/files/etc/hosts/*/canonical", "x"])
    equal(s.diff(), {"files": []})


@test("clear makes a node without a value")
def clear(w):
    s = w.session()
    equal(s.call("augeas.clear", ["/files/etc/hosts/1/canonical"]), True)
    equal(s.get("/files/etc/hosts/1/canonical"), None)
    s.refuse("TOO_MANY_MATCHES", "augeas.clear", ["/files/etc/hosts/*/canonical"])


@test("setm sets many and tells how many")
def setm(w):
    s = w.session()
    equal(s.call("augeas.setm", ["/files/etc/hosts/*[ipaddr]", "canonical", "same"]), 4)
    equal([s.get(p) for p in s.match("/files/etc/hosts/*/canonical")], ["same"] * 4)
    equal(s.call("augeas.setm", ["/files/etc/hosts/*/canonical", None, "again"]), 4)
    equal(s.get("/files/etc/hosts/1/canonical"), "again")
    equal(s.call("augeas.setm", ["/files/etc/hosts/nowhere", None, "x"]), 0)


@test("match answers paths, and with values also value and number of children")
def match(w):
    s = w.session()
    equal(s.match("/files/etc/hosts/*"), [f"/files/etc/hosts/{n}" for n in
                                          ("1", "2", "#comment", "3", "4")])
    equal(s.match("/files/nowhere"), [])
    rows = s.call("augeas.match", ["/files/etc/hosts/3/*", True])
    equal([(r["value"], r["children"]) for r in rows],
          [("::1", 0), ("localhost", 0), ("ip6-localhost", 0), ("ip6-loopback", 0)])
    equal(s.call("augeas.match", ["/files/etc/hosts/3", True]),
          [{"path": "/files/etc/hosts/3", "value": None, "children": 4}])


@test("insert puts a node before or after another")
def insert(w):
    s = w.session()
    equal(s.call("augeas.insert", ["/files/etc/hosts/2", "01", True]), True)
    equal(s.call("augeas.insert", ["/files/etc/hosts/2", "02", False]), True)
    equal(s.match("/files/etc/hosts/*")[:4],
          [f"/files/etc/hosts/{n}" for n in ("1", "01", "2", "02")])
    equal(s.call("augeas.insert", {"path": "/files/etc/hosts/1", "label": "00"}), True)
    equal(s.match("/files/etc/hosts/*")[0], "/files/etc/hosts/00")


@for_each([(f"insert is refused {what}", name, params) for what, name, params in [
    ("beside nothing", "NO_MATCH", ["/files/etc/hosts/99", "x"]),
    ("beside several", "TOO_MANY_MATCHES", ["/files/etc/hosts/*", "x"]),
    ("with a label that holds a slash", "BAD_VALUE", ["/files/etc/hosts/1", "a/b"]),
    ("with an empty label", "BAD_VALUE", ["/files/etc/hosts/1", ""])]])
def insert_refused(w, name, params):
    s = w.session()
    s.refuse(name, "augeas.insert", params)
    equal(s.diff(), {"files": []})
    s.alive()


@test("remove takes a node with all below it and counts them")
def remove(w):
    s = w.session()
    equal(s.call("augeas.remove", ["/files/etc/hosts/3"]), 5)
    equal(s.match("/files/etc/hosts/3"), [])
    equal(s.call("augeas.remove", ["/files/etc/hosts/*[ipaddr]"]), 9)
    equal(s.call("augeas.remove", ["/files/nowhere"]), 0)


@test("move takes a subtree to another place")
def move(w):
    s = w.session()
    equal(s.call("augeas.move", ["/files/etc/hosts/3/alias[1]", "/files/etc/hosts/1/alias"]), True)
    equal(s.get("/files/etc/hosts/1/alias"), "ip6-localhost")
    equal(len(s.match("/files/etc/hosts/3/alias")), 1)


@for_each([(f"move is refused {what}", name, params) for what, name, params in [
    ("from nothing", "NO_MATCH", ["/files/etc/hosts/99", "/files/etc/hosts/98"]),
    ("from several", "TOO_MANY_MATCHES", ["/files/etc/hosts/*", "/files/etc/hosts/98"]),
    ("to several", "TOO_MANY_MATCHES", ["/files/etc/hosts/1", "/files/etc/hosts/*"]),
    ("into itself", None, ["/files/etc/hosts/1", "/files/etc/hosts/1/ipaddr"])]])
def move_refused(w, name, params):
    s = w.session()
    if name:
        s.refuse(name, "augeas.move", params)
    else:
        s.line({"jsonrpc": "2.0", "id": 1, "method": "augeas.move", "params": params})
        check("error" in s.read(), "it was done")
    equal(s.diff(), {"files": []})
    s.alive()


@test("rename changes labels and tells how many")
def rename(w):
    s = w.session()
    equal(s.call("augeas.rename", ["/files/etc/hosts/1", "77"]), 1)
    equal(s.get("/files/etc/hosts/77/ipaddr"), "127.0.0.1")
    equal(s.call("augeas.rename", ["/files/etc/hosts/3/alias", "canonical"]), 2)


@test("label answers the last part of a path, without position")
def label(w):
    s = w.session()
    equal(s.call("augeas.label", ["/files/etc/hosts/3/alias[2]"]), "alias")
    s.refuse("NO_MATCH", "augeas.label", ["/files/etc/hosts/99"])
    s.refuse("TOO_MANY_MATCHES", "augeas.label", ["/files/etc/hosts/*"])


@test("load drops the edits and sees the file as it now is")
def load(w):
    s = w.session()
    s.set("/files/etc/hosts/1/canonical", "dropped")
    w.write("/etc/hosts", "192.0.2.1 fresh\n")
    equal(s.call("augeas.load"), True)
    equal(s.get("/files/etc/hosts/1/canonical"), "fresh")
    equal(s.diff(), {"files": []})


@test("save is commit")
def save(w):
    s = w.session()
    s.set("/files/etc/hosts/1/canonical", "saved")
    answer = s.call("augeas.save")
    equal(answer["changed"], True)
    contains(w.read("/etc/hosts"), "127.0.0.1\tsaved\n")


@test("print answers the text that augtool prints")
def print_all(w):
    s = w.session()
    for path in ("/files/etc/hosts", "/files/etc/hosts/3", "/files/etc/hosts/*/ipaddr",
                 "/files/nowhere"):
        equal(s.call("augeas.print", [path]), augtool(w.root, f"print {path}\n").stdout, path)


@test("print without a path shows /files")
def print_files(w):
    s = w.session()
    s.get("/files/etc/hosts/1/ipaddr")
    text = s.call("augeas.print")
    contains(text, '/files/etc/hosts/1/ipaddr = "127.0.0.1"')


@test("span tells the file and the bytes of a node")
def span(w):
    s = w.session()
    answer = s.call("augeas.span", ["/files/etc/hosts/1/ipaddr"])
    equal(answer["file"], "/etc/hosts")
    equal(answer["value"], [0, 9])
    s.refuse("NO_MATCH", "augeas.span", ["/files/etc/hosts/99"])


@test("source tells the file that a node belongs to")
def source(w):
    s = w.session()
    equal(s.call("augeas.source", ["/files/etc/hosts/1/ipaddr"]), "/files/etc/hosts")
    s.refuse("NO_MATCH", "augeas.source", ["/files/etc/hosts/99"])


@test("transform attaches any lens to the policy's files, and to no other")
def transform(w):
    s = w.session()
    equal(s.call("augeas.transform", ["Hosts.lns", "/etc/hosts"]), True)
    equal(s.call("augeas.transform", ["Hosts.lns", "/etc/*"]), True)
    s.refuse("DENIED", "augeas.transform", ["Hosts.lns", "/etc/shadow"])
    s.refuse("DENIED", "augeas.transform", ["Hosts.lns", "/etc/../etc/hosts"])
    equal(s.get("/files/etc/hosts/1/ipaddr"), "127.0.0.1")


@test("errors is empty for good files, and names a file that cannot be parsed")
def errors(w):
    equal(w.session().call("augeas.errors"), [])
    w.write("/etc/hosts", "127.0.0.1 localhost\nlonely\n")
    s = w.session()
    s.line({"jsonrpc": "2.0", "id": 1, "method": "augeas.get", "params": ["/files/etc/hosts/1"]})
    s.read()
    (row,) = s.call("augeas.errors")
    equal(row["file"], "/etc/hosts")
    equal(row["line"], 2)
    check(row["reason"], "no reason")


@test("a relative path starts at /augeas/context, which is /files")
def relative(w):
    s = w.session()
    equal(s.get("etc/hosts/1/ipaddr"), "127.0.0.1")
    s.set("/augeas/context", "/files/etc/hosts")
    equal(s.get("*[1]/ipaddr"), "127.0.0.1")
    s.set("./1/canonical", "relative")
    s.commit()
    contains(w.read("/etc/hosts"), "127.0.0.1\trelative\n")


@test("a file whose policy names no lens gets the one that Augeas would choose")
def lens_by_index(w):
    s = w.session(SESSION + "[File /etc/hosts]\nSet=**\n[File /etc/ssh/sshd_config]\nSet=Port\n")
    equal(s.get("/files/etc/hosts/1/ipaddr"), "127.0.0.1")
    equal(s.get("/files/etc/ssh/sshd_config/Port"), "22")


@test("a file with wildcards in the policy is found by name and by expression")
def wildcard_files(w):
    for name in ("a", "b", "c"):
        w.write(f"/etc/apt/sources.list.d/{name}.list", f"deb http://{name}.example/ stable main\n")
    w.write("/etc/apt/sources.list.d/d.txt", "no list\n")
    w.write("/etc/apt/sources.list.d/.e.list", "deb http://e.example/ stable main\n")
    s = w.session(SESSION + "[File /etc/apt/sources.list.d/*.list]\nLens=Aptsources.lns\nSet=**\n")
    equal(s.get("/files/etc/apt/sources.list.d/b.list/1/uri"), "http://b.example/")
    equal(sorted(s.match("/files/etc/apt/sources.list.d/*")),
          [f"/files/etc/apt/sources.list.d/{n}.list" for n in "abc"])
    equal(len(s.match("/files/etc/apt/sources.list.d/*/*/uri")), 3)
    s.refuse("NO_MATCH", "augeas.get", ["/files/etc/apt/sources.list.d/.e.list/1/uri"])


@test("/augeas tells path and lens of a loaded file, as Augeas does")
def metadata(w):
    s = w.session()
    s.get("/files/etc/hosts/1/ipaddr")
    equal(s.get("/augeas/files/etc/hosts/path"), "/files/etc/hosts")
    contains(s.get("/augeas/files/etc/hosts/lens"), "Hosts.lns")
    check(s.get("/augeas/version").startswith("1."), "version")


# ---- paths that cannot be -----------------------------------------------------------

@for_each([(f"the path {path!r} is malformed, and the answer tells where", path) for path in [
    "/files/etc/hosts/1[", "/files/etc/hosts/1]", "/files[", "/files/etc/hosts/*[ipaddr='x]",
    "/files/etc/hosts/1[()]", "//", "/files/etc/hosts/1[ipaddr ==]", "/files/$nope/x",
    "/files/etc/hosts/1[nosuch()]", "/files/etc/hosts/1[label() = ]", "",
    "/files/etc/hosts/1/ipaddr[. =~ regexp('(')]", "/files/etc/hosts/child::", "((((", "|",
    "/files/etc/hosts/1[1 +]"]])
def bad_path(w, path):
    s = w.session()
    s.line({"jsonrpc": "2.0", "id": 1, "method": "augeas.match", "params": [path]})
    reply = s.read()
    alone = augtool(w.root, f"match {path}\n") if path else None
    if alone and alone.returncode == 0:  # Augeas finds nothing wrong with it
        equal(len(reply["result"]), 0, "matches")
        return
    error = reply["error"]
    equal(error["data"]["name"], "BAD_PATH")
    equal(error["data"]["path"], path)
    check(0 <= error["data"]["position"] <= len(path), f"position {error['data']['position']}")
    check(error["data"]["reason"], "no reason")
    equal(s.refuse("BAD_PATH", "augeas.get", [path]).code, 5)
    s.alive()


# ---- beside augtool ------------------------------------------------------------------

EXPRESSIONS = """
/files/etc/hosts/*
/files/etc/hosts/*/*
/files/etc/hosts/*[ipaddr = '::1']/alias
/files/etc/hosts/*[last()]
/files/etc/hosts/*[position() < 3]
/files/etc/hosts/*[canonical =~ regexp('.*host.*')]
/files/etc/hosts//alias
/files/etc/hosts/1/..
/files/etc/hosts/1/ipaddr/ancestor::*
/files/etc/hosts/2/following-sibling::*
/files/etc/hosts/2/preceding-sibling::*[1]
/files/etc/hosts/#comment
/files/etc/hosts/*[label() != '#comment']
/files/etc/hosts/1 | /files/etc/fstab/1
/files/etc/hosts/*[count(alias) > 1]
/files/etc/ssh/sshd_config/AcceptEnv/*
/files/etc/ssh/sshd_config/*[. = 'yes']
/files/etc/ssh/sshd_config/Subsystem/sftp
/files/etc/ssh/sshd_config/*[label() =~ regexp('p.*', 'i')]
/files/etc/fstab/*/opt
/files/etc/fstab/*[file = '/']/opt[2]
/files/etc/php.ini/*
/files/etc/php.ini/Date/date.timezone
/files/etc/php.ini//#comment
/files/etc/default/x/*
/files/etc/default/x/C/export
/files/etc/apt/sources.list/1/*
/files/etc/apt/sources.list//arch
/files/etc/resolv.conf/search/domain[2]
/files/etc/resolv.conf/options/*
/files/etc/*
/files/*
/files//nameserver
/files//*[. = 'UTC']
/files/nowhere
etc/hosts/1/ipaddr
/files/etc/hosts/1/ipaddr/self::ipaddr
/files/etc/hosts/descendant::alias
/files/etc/hosts/1[not(alias)]
/files/etc/hosts/(1|2)/ipaddr
/files/etc/hosts/nix else /files/etc/hosts/1
/files/etc/hosts/seq::*[ipaddr]
""".strip().split("\n")


@for_each([(f"match of {expression} is what augtool finds", expression)
           for expression in EXPRESSIONS])
def same_match(w, expression):
    world_of_files(w)
    # augtool takes blanks outside of brackets for the end of the expression
    quoted = f'"{expression}"' if " | " in expression or " else " in expression else expression
    wanted = augtool(w.root, f"match {quoted}\n")
    s = w.session()
    if "unmatched" in wanted.stderr or wanted.returncode:
        s.refuse("BAD_PATH", "augeas.match", [expression])
        return
    rows = s.call("augeas.match", [expression, True])
    text = "".join(f"{r['path']} = {'(none)' if r['value'] is None else r['value']}\n"
                   for r in rows)
    equal(text or "  (no matches)\n", wanted.stdout)
    equal([r["path"] for r in rows], s.match(expression))


SCRIPTS = {
    "reads": """
get /files/etc/hosts/1/ipaddr
get /files/etc/hosts/1
get /files/etc/hosts/99
match /files/etc/hosts/*
match /files/etc/hosts/*/alias
match /files/nowhere
match /files/etc/hosts/*/canonical localhost
ls /files/etc/hosts
ls /files/etc/hosts/3
ls /files/etc/ssh/sshd_config
print /files/etc/hosts/3
print /files/etc/ssh/sshd_config/AcceptEnv
print /files/etc/fstab
print /files/etc/nowhere
""",
    "edits and a save": """
set /files/etc/hosts/1/canonical changed
set /files/etc/hosts/01/ipaddr 192.0.2.1
set /files/etc/hosts/01/canonical added
set /files/etc/hosts/01/alias[1] more
rm /files/etc/hosts/2
print /files/etc/hosts
save
get /files/etc/hosts/1/canonical
""",
    "insert, move, rename, clear": """
ins alias before /files/etc/hosts/3/alias[1]
set /files/etc/hosts/3/alias[1] zero
insert alias after /files/etc/hosts/3/alias[last()]
set /files/etc/hosts/3/alias[last()] end
mv /files/etc/hosts/4 /files/etc/hosts/5
move /files/etc/hosts/3/alias[2] /files/etc/hosts/1/alias
rename /files/etc/hosts/5 6
print /files/etc/hosts
setm /files/etc/hosts/*[ipaddr] canonical many
rm /files/etc/hosts/99
clear /files/etc/ssh/sshd_config/Port
set /files/etc/ssh/sshd_config/Port 2222
save
print /files/etc/hosts
""",
    "several files and one save": """
set /files/etc/hosts/1/canonical both
set /files/etc/ssh/sshd_config/X11Forwarding no
set /files/etc/resolv.conf/nameserver[2] 192.0.2.2
set /files/etc/php.ini/Date/date.timezone Europe/Berlin
set /files/etc/default/x/A 2
save
""",
    "quotes, blanks and comments": """
# a comment
set /files/etc/default/x/B '"three more words"'

   set    "/files/etc/hosts/1/canonical"   "blank"
get /files/etc/default/x/B
print "/files/etc/hosts/1"
set /files/etc/hosts/#comment[1] 'it is a \\'quoted\\' comment'
get /files/etc/hosts/#comment[1]
save
""",
    "a save with nothing to save": """
save
get /files/etc/hosts/1/ipaddr
save
""",
    "relative paths": """
get etc/hosts/1/canonical
set /augeas/context /files/etc/hosts
get ./1/canonical
match *[ipaddr]
set *[1]/canonical relative
save
""",
}


@for_each([(f"run of a script is augtool's, byte for byte: {name}", script)
           for name, script in SCRIPTS.items()])
def same_script(w, script):
    world_of_files(w)
    other = copy_of_root(w)
    path = w.path_of("script.aug")
    with open(path, "w", encoding="utf-8") as file:
        file.write(script)
    wanted = augtool(other, None, "-f", path)
    got = w.pair(CLI, "run", path)
    equal(got.stdout, wanted.stdout, f"output (stderr {got.stderr!r})")
    equal(got.returncode != 0, wanted.returncode != 0, f"failed ({got.returncode})")
    for name in LENSES:
        with open(other + name, encoding="utf-8") as file:
            equal(w.read(name), file.read(), name)
        check(not os.path.exists(w.at(name) + ".augsave"), "an .augsave file")


@test("run reads a script from standard input as well")
def run_stdin(w):
    got = w.pair(CLI, "run", stdin=None, input="get /files/etc/hosts/1/ipaddr\n")
    equal(got.stdout, "/files/etc/hosts/1/ipaddr = 127.0.0.1\n", got.stderr)
    equal(got.returncode, 0)


# ---- comments, order and white space stay ---------------------------------------------

@test("an edit changes its line and nothing else of the file")
def only_its_line(w):
    world_of_files(w)
    s = w.session()
    s.set("/files/etc/ssh/sshd_config/PermitRootLogin", "no")
    s.set("/files/etc/hosts/3/alias[2]", "other")
    s.commit()
    equal(w.read("/etc/ssh/sshd_config"),
          SSHD.replace("PermitRootLogin prohibit-password", "PermitRootLogin no"))
    equal(w.read("/etc/hosts"), HOSTS.replace("ip6-loopback", "other"))


@test("the diff is a unified diff that patch would take")
def unified(w):
    s = w.session()
    s.set("/files/etc/hosts/1/canonical", "here")
    (row,) = s.diff()["files"]
    equal(row["file"], "/etc/hosts")
    equal(row["action"], "change")
    matches(row["diff"], r"(?m)^--- .*\n\+\+\+ .*\n@@ -1,\d+ \+1,\d+ @@")
    contains(row["diff"], "-127.0.0.1\tlocalhost\n+127.0.0.1\there\n")


# ---- a section for a directory's files, and one for the files in its directories ---------------

@for_each([(f"files and files in directories beside them, sections {order}", order)
           for order in ("in the order of their depth", "in the other order")])
def nested(w, order):
    sections = [f"[File {path}]\nLens=Hosts.lns\nSet=**\nInsert=**\nRemove=**\n"
                "Create=0644 root:root\nDelete=yes\n" for path in ("/etc/n/*", "/etc/n/*/*")]
    w.write("/etc/n/top", HOSTS)
    w.write("/etc/n/dir/one", HOSTS)
    s = w.session(SESSION + "".join(sections if "other" not in order else sections[::-1]))
    for file in ("top", "dir/one", "dir/new", "new"):
        s.set(f"/files/etc/n/{file}/1/ipaddr", "192.0.2.7")
        s.set(f"/files/etc/n/{file}/1/canonical", "seven")
        equal(s.get(f"/files/etc/n/{file}/1/ipaddr"), "192.0.2.7")
        equal(s.call("augeas.source", [f"/files/etc/n/{file}/1"]), f"/files/etc/n/{file}")
        equal([f["file"] for f in s.commit()["files"]], [f"/etc/n/{file}"])
        contains(w.read(f"/etc/n/{file}"), "192.0.2.7\tseven\n")
    equal(sorted(s.match("/files/etc/n/*")), [f"/files/etc/n/{n}" for n in ("dir", "new", "top")])
    equal(sorted(s.match("/files/etc/n/dir/*")), ["/files/etc/n/dir/new", "/files/etc/n/dir/one"])
    equal(len(s.match("/files/etc/n//ipaddr")), 10)
    s.call("augeas.remove", ["/files/etc/n/dir/one"])
    s.commit()
    equal(w.files("/etc/n/dir"), ["new"])


@test("a directory in the place of a file is told as what it is, and its files are found")
def directory_of_files(w):
    w.write("/etc/n/dir/one", HOSTS)
    s = w.session(SESSION + "[File /etc/n/*]\nLens=Hosts.lns\n")
    error = s.refuse("IO", "augeas.get", ["/files/etc/n/dir/1/ipaddr"])
    equal(error.data["file"], "/etc/n/dir")
    s = w.session(SESSION + "[File /etc/n/*]\nLens=Hosts.lns\n[File /etc/n/*/*]\nLens=Hosts.lns\n")
    equal(s.match("/files/etc/n/dir/one/1/ipaddr"), ["/files/etc/n/dir/one/1/ipaddr"])


if __name__ == "__main__":
    main()
