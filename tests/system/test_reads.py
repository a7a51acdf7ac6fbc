#!/usr/bin/python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""Reads of many nodes, which go by an outline of the tree that is kept: whatever changes the tree,
the next read is of the tree as it is then. The measure is augeas.dump, which looks at the tree
itself."""

import sys

sys.path.insert(0, sys.path[0] + "/../lib")
from exm import HOSTS_FREE, SESSION, check, equal, for_each, main, test

H = "/files/etc/hosts"
ENTRIES = 60
# more gets one after another than Augeas answers before there is an outline for them
LEAVES = 3 * ENTRIES


def text(start=0):
    return "# first\n" + "".join(f"10.0.{start}.{n}\th{n} a{n} b{n}\n" for n in range(1, ENTRIES))


def paths_of(rows, top):
    """[(path, value)] of the rows of a dump of the one node."""
    found, here = [], []
    below = {}
    for place, row in enumerate(rows):
        del here[row["depth"]:]
        here.append(place)
        twins = below.setdefault((here[-2] if row["depth"] else -1, row["label"]), [])
        twins.append(place)
        found.append(list(here))
    spelled = {}
    for place, chain in enumerate(found):
        row = rows[place]
        if len(chain) == 1:
            spelled[place] = top
            continue
        twins = below[(chain[-2], row["label"])]
        position = f"[{twins.index(place) + 1}]" if len(twins) > 1 else ""
        label = row["label"].replace(" ", "\\ ")
        spelled[place] = f"{spelled[chain[-2]]}/{label}{position}"
    return [(spelled[place], rows[place]["value"]) for place in range(len(rows))]


def truth(s):
    if not s.match(H):
        return []
    return paths_of(s.call("augeas.dump", [H]), H)


def printed(value):
    return "" if value is None else ' = "' + value.replace("\\", "\\\\").replace('"', '\\"') + '"'


def all_alike(s, seen):
    nodes = truth(s)
    equal([(n["path"], n["value"]) for n in
           s.call("augeas.match", {"path": H + "//*", "values": True})], nodes[1:], seen)
    equal(s.match(H + "//*"), [path for path, _ in nodes[1:]], seen)
    if nodes:
        equal(s.call("augeas.print", [H]).splitlines(),
              [path + printed(value) for path, value in nodes], seen)
    for path, value in nodes[1:]:
        equal(s.get(path), value, f"{path}, {seen}")
    every = s.match("//*")
    equal(len(set(every)), len(every), seen)
    equal([path for path in every if path.startswith(H + "/")], [p for p, _ in nodes[1:]], seen)
    return nodes


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
    equal(s.match("$v/alias[2]"), [f"{H}/{n}/alias[2]" for n in range(1, ENTRIES)])
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


@test("paths that are not quite those of nodes are answered as ever among many gets")
def nearly(w):
    w.write("/etc/hosts", text())
    s = w.session()
    for path, value in truth(s)[1:]:
        equal(s.get(path), value)
    equal(s.get(H + "/5/alias[02]"), "b5")
    equal(s.get(H + "/5/alias[last()]"), "b5")
    equal(s.get(H + "/5/../6/canonical"), "h6")
    equal(s.get(H + "/5/canonical[1]"), "h5")
    equal(s.get(" " + H + "/5/canonical "), "h5")
    s.refuse("TOO_MANY_MATCHES", "augeas.get", [H + "/5/alias"])
    for path in ("/5/alias[3]", "/5/canonica", "/5/canonical/x", "/5/canonical[2]", "x/5", "/05",
                 "/5/alias[0]", "/5/alias[99999999999]", "/#comment[2]"):
        s.refuse("NO_MATCH", "augeas.get", [H + path])
    for path in ("/", "/5/", "/5[", "/5]", "/5/alias[]", "/5/alias[1", "/5//"):
        s.refuse("BAD_PATH", "augeas.get", [H + path])


if __name__ == "__main__":
    main()
