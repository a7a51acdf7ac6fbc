#!/usr/bin/python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""Reads of many nodes, which go by an outline of the tree that is kept: whatever changes the tree,
the next read is of the tree as it is then. The measure is the XML of a script's dump-xml, which is
Augeas's own."""

import sys
from xml.etree import ElementTree

sys.path.insert(0, sys.path[0] + "/../lib")
from exm import HOSTS_FREE, SESSION, check, equal, for_each, main, test

H = "/files/etc/hosts"
ENTRIES = 60
# more gets one after another than Augeas answers before there is an outline for them
LEAVES = 3 * ENTRIES


def text(start=0):
    return "# first\n" + "".join(f"10.0.{start}.{n}\th{n} a{n} b{n}\n" for n in range(1, ENTRIES))


def rows_of(node, depth, path):
    """[(depth, path, label, value)] of a node of the XML and all below."""
    value = node.find("value")
    yield depth, path, node.get("label"), None if value is None else value.text or ""
    below = node.findall("node")
    labels = [child.get("label") for child in below]
    for place, child in enumerate(below):
        label = labels[place]
        position = f"[{labels[:place + 1].count(label)}]" if labels.count(label) > 1 else ""
        yield from rows_of(child, depth + 1, path + "/" + label + position)


def truth(s):
    out = s.call("augeas.srun", ["dump-xml " + H])["output"]
    return [row for top in ElementTree.fromstring(out).findall("node") for row in rows_of(top, 0, H)]


def printed(value):
    return "" if value is None else ' = "' + value.replace("\t", "\\t") + '"'


def all_alike(s, seen):
    """What is read, and then what there is: a script would have the outline forgotten."""
    nodes = [(node["path"], node["value"]) for node in
             s.call("augeas.match", {"path": H + "/descendant::*", "values": True})]
    paths = s.match(H + "//*")
    lines = s.call("augeas.print", [H]).splitlines()
    dumped = [(row["depth"], row["label"], row["value"]) for row in s.call("augeas.dump", [H])]
    values = [(path, s.get(path)) for path in paths]
    every = s.match("/descendant::*")
    rows = truth(s)
    there = [(path, value) for _, path, _, value in rows]
    equal(nodes, there[1:], seen)
    equal(sorted(paths), sorted(path for path, _ in there[1:]), seen)
    equal(lines, [path + printed(value) for path, value in there], seen)
    equal(dumped, [(depth, label, value) for depth, _, label, value in rows], seen)
    equal(sorted(values, key=lambda row: row[0]), sorted(there[1:], key=lambda row: row[0]), seen)
    equal([path for path in every if path.startswith(H + "/")], [p for p, _ in there[1:]], seen)
    return there


def call(method, *params):
    return lambda w, s: s.call(method, list(params))


def other_file(w, s):
    w.write("/etc/hosts", text(7))
    s.call("augeas.load")


def one_file(w, s):
    w.write("/etc/hosts", text(8))
    s.call("augeas.load_file", ["/etc/hosts"])


def other_lens(w, s):
    s.call("augeas.remove", ["/augeas/load/*"])
    s.call("augeas.transform", ["Simplelines.lns", "/etc/hosts"])
    s.call("augeas.load")


def discarded(w, s):
    s.set(H + "/3/canonical", "gone")
    all_alike(s, "before it is discarded")
    s.call("config.discard")


def rebased(w, s):
    s.set(H + "/3/canonical", "ours")
    all_alike(s, "before the commit")
    w.write("/etc/hosts", text().replace("h9 ", "theirs "))
    s.call("config.commit", {"rebase": True})
    equal(s.get(H + "/9/canonical"), "theirs")


def reverted(w, s):
    s.set(H + "/3/canonical", "committed")
    revision = s.commit()["revision"]
    all_alike(s, "before it is reverted")
    s.call("config.revert", {"revision": revision})
    equal(s.get(H + "/3/canonical"), "h3")


def script(*lines):
    return lambda w, s: s.call("augeas.srun", ["\n".join(lines)])


def by_turns(w, s):
    """Reads and edits in one script: each read is of what the edit before it has left."""
    out = s.call("augeas.srun", ["\n".join(line for n in range(1, 4) for line in (
        f"set {H}/{n}/canonical new{n}", f"match {H}//*", f"rm {H}/{n}/alias[1]",
        f"match {H}//*"))])["output"]
    sizes = []
    for line in out.splitlines():
        if line.startswith(H + "/#comment"):
            sizes.append(0)
        if line.startswith(H) and sizes:
            sizes[-1] += 1
    equal(len(sizes), 6)
    equal([sizes[n] - sizes[n + 1] for n in (0, 2, 4)], [1, 1, 1])
    for n in range(1, 4):
        check(f"{H}/{n}/canonical = new{n}\n" in out, f"{n}")


def variables(w, s):
    s.call("augeas.defvar", ["v", H + "/*[alias]"])
    all_alike(s, "with a variable")
    equal(s.get("/augeas/variables/v"), H + "/*[alias]")
    equal(s.match("$v/alias"), [f"{H}/{n}/alias[{k}]" for n in range(1, ENTRIES) for k in (1, 2)])
    s.call("augeas.defvar", ["v", None])


CHANGES = {
    "a value is set": call("augeas.set", H + "/5/canonical", "other"),
    "a value is taken away": call("augeas.clear", H + "/5/canonical"),
    "a node is made": call("augeas.set", H + "/5/alias[3]", "third"),
    "nodes are set": call("augeas.setm", H + "/*", "canonical", "same"),
    "a node is inserted": call("augeas.insert", H + "/5/alias[1]", "alias", True),
    "nodes are removed": call("augeas.remove", H + "/*/alias[1]"),
    "an entry is removed": call("augeas.remove", H + "/1"),
    "a node is moved": call("augeas.move", H + "/5/alias[1]", H + "/6/alias[3]"),
    "nodes are copied": call("augeas.copy", H + "/5", H + "/777"),
    "nodes are renamed": call("augeas.rename", H + "/*/alias[2]", "other"),
    "a node is defined": call("augeas.defnode", "n", H + "/778/ipaddr", "10.9.9.9"),
    "a state is ensured":
        lambda w, s: s.call("augeas.ensure", {"path": H + "/5/canonical", "value": "sure"}),
    "absence is ensured":
        lambda w, s: s.call("augeas.ensure", {"path": H + "/5", "absent": True}),
    "the file is another one": other_file,
    "the file alone is read anew": one_file,
    "another lens reads it": other_lens,
    "all is read anew": lambda w, s: s.call("augeas.load", {"fresh": True}),
    "nothing is read": lambda w, s: s.call("augeas.load", {"empty": True}),
    "edits are discarded": discarded,
    "edits meet somebody else's": rebased,
    "a commit is reverted": reverted,
    "a script edits": script(f"set {H}/5/canonical scripted", f"rm {H}/6"),
    "a script reads and edits by turns": by_turns,
    "a variable comes and goes": variables,
    "the client has nodes of its own": call("augeas.set", "/mine/deep", "1"),
    "an expression is wrong": lambda w, s: s.refuse("BAD_PATH", "augeas.match", [H + "["]),
    "a file is read that was not yet": call("augeas.match", "/files/etc/fstab/*"),
}


@for_each([(f"many nodes are read as they are after: {name}", change)
           for name, change in CHANGES.items()])
def after(w, change):
    w.write("/etc/hosts", text())
    w.write("/etc/fstab", "# static\nUUID=1 / ext4 errors=remount-ro 0 1\n")
    s = w.session(SESSION + HOSTS_FREE +
                  "Create=0644 root:root\nOtherLens=yes\n\n[File /etc/fstab]\nLens=Fstab.lns\n")
    check(len(all_alike(s, "at first")) > LEAVES, "too few")
    change(w, s)
    all_alike(s, "then")
    all_alike(s, "again")


@test("what Augeas notes of a wrong expression is read anew each time")
def noted(w):
    s = w.session()
    notes = []
    for expression in (H + "[", "$none/x", H + "/*[1 +]"):
        s.refuse("BAD_PATH", "augeas.match", [expression])
        for _ in range(2):
            notes.append(s.get("/augeas/error/pathx"))
            equal(notes[-1], s.call("augeas.match", {"path": "/augeas/error/pathx",
                                                     "values": True})[0]["value"])
    check(len(set(notes)) > 1, f"{notes}")


@for_each([(f"a note that was read stays where it is while {others} nodes are told that have "
            "misleading labels", others) for others in (2, 100)])
def misleading(w, others):
    s = w.session()
    labels = ["self::", "..", ".", "*"]
    for n in range(others):
        s.set(f"/mine/x[{n + 1}]/child", "1")
    for label in labels:
        s.call("augeas.insert", ["/mine/x[1]", label, True])
    s.refuse("BAD_PATH", "augeas.match", ["/a["])
    position = s.get("/augeas/error/pathx/pos")
    rows = s.call("augeas.match", {"path": "/mine/*", "values": True})
    equal([row["children"] for row in rows], [0] * len(labels) + [1] * others)
    equal(s.get("/augeas/error/pathx/pos"), position)


@test("session.info counts how many nodes were read")
def counted(w):
    w.write("/etc/hosts", text())
    s = w.session()
    equal(s.call("session.info")["reads"], {"outlined": 0, "augeas": 0})
    s.match(H + "/1/*")
    equal(s.call("session.info")["reads"], {"outlined": 0, "augeas": 0})
    s.match(H + "//*")
    s.call("augeas.print", [H])
    equal(s.call("session.info")["reads"], {"outlined": 2, "augeas": 0})
    s.set("/mine/exmachina_outline", "1")
    s.match("//*")
    equal(s.call("session.info")["reads"], {"outlined": 2, "augeas": 1})


@test("a script counts, filters and touches more than one answer tells")
def long_values(w):
    w.write("/etc/hosts", ("# " + 6000 * '"' + "\n") * 1500)
    s = w.session(SESSION.replace("Timeout=10s", "Timeout=60s") + HOSTS_FREE)
    s.refuse("LIMIT", "augeas.match", {"path": H + "/#comment", "values": True})
    done = s.call("augeas.srun", [f"count {H}/#comment\nmatch {H}/#comment other\n"
                                  f"touch {H}/#comment\n"])
    equal(done["output"], "  1500 matches\n")
    equal(s.call("session.info")["pending"], [])


@test("paths that are not quite those of nodes are answered as ever among many gets")
def nearly(w):
    w.write("/etc/hosts", text())
    s = w.session()
    for _, path, _, value in truth(s)[1:]:
        equal(s.get(path), value)
    equal(s.get(H + "/5/alias[02]"), "b5")
    equal(s.get(H + "/5/alias[last()]"), "b5")
    equal(s.get(H + "/5/../6/canonical"), "h6")
    equal(s.get(H + "/5/canonical[1]"), "h5")
    equal(s.get(" " + H + "/5/canonical "), "h5")
    s.refuse("TOO_MANY_MATCHES", "augeas.get", [H + "/5/alias"])
    for path in ("/5/alias[3]", "/5/canonica", "/5/canonical/x", "/5/canonical[2]", "/05",
                 "/5/alias[0]", "/#comment[2]", "/5/net.ipv4", "/5/nosuch/x"):
        s.refuse("NO_MATCH", "augeas.get", [H + path])
        s.refuse("NO_MATCH", "augeas.label", [H + path])
    for path in ("/", "/5/", "/5[", "/5]", "/5/alias[]", "/5/alias[1", "/5//",
                 "/5/alias[99999999999]", "/5/nosuch/x["):
        s.refuse("BAD_PATH", "augeas.get", [H + path])
    equal(s.call("augeas.label", [H + "/5/alias[2]"]), "alias")
    s.refuse("TOO_MANY_MATCHES", "augeas.label", [H + "/5/alias"])


if __name__ == "__main__":
    main()
