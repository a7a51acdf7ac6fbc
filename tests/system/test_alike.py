#!/usr/bin/python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""Random calls of all of Augeas's interface, to a server and to libaugeas in this process, which
must give the same: results, names of errors, trees, and the files that are saved. The files are
those of this system's /etc for which Augeas has a lens, two of each lens."""

import os
import random
import shutil
import sys

sys.path.insert(0, sys.path[0] + "/../lib")
from augeas_in_process import Augeas, Remote
from exm import HOSTS, SESSION, check, equal, for_each, main, test

SEEDS = int(os.environ.get("ALIKE_SEEDS", "1"))
FILES_OF_A_LENS, FILE_SIZE, CALLS, GETS = 2, 6000, 150, 150
OF_NO_FILE = ("/mine", "/tree", "/text2")


def of_this_system():
    """{lens: [path]}: small files, and not those that Augeas cannot read."""
    aug = Augeas("/", None)
    found = {}
    for node in aug.match("/augeas/files//path")[1]:
        above = node.removesuffix("/path")
        path = aug.get(node)[1].removeprefix("/files")
        lens = aug.get(above + "/lens")[1]
        if aug.match(above + "/error")[1] or not lens or "\\" in path or "[" in path:
            continue
        lens = lens[1:] + ".lns" if lens.startswith("@") else lens
        if os.path.islink(path) or not 0 < os.path.getsize(path) <= FILE_SIZE:
            continue
        if len(found.setdefault(lens, [])) < FILES_OF_A_LENS:
            found[lens].append(path)
    aug.close()
    return {lens: paths for lens, paths in sorted(found.items()) if paths}


LENSES = of_this_system()


class Script:
    """Random calls; what they name is mostly there."""

    STEPS = ["*", "*[1]", "*[last()]", "*[last()+1]", "new", "..", ".", "*[. = 'yes']",
             "*[count(*) > 1]", "99", "/*[1]", "following-sibling::*[1]", "#comment[1]"]
    VALUES = ["x", "two words", "", None, "192.0.2.1", "a\tb", "\udcff", "no", "3"]
    LABELS = ["new", "a b", "01", "#comment", "B", "\udcfe", "1"]
    BASES = ["/mine", "/mine/deep", "/tree", "$a", "$b", "/files/etc/hosts/1", "/files",
             "etc/hosts/2", "/nowhere"]
    WRONG = ["[", "/files/etc/hosts/*[", "$none/x", "/files/etc/hosts/1[1 +]", "///", "/x["]

    def __init__(self, seed, here):
        self.random = random.Random(seed)
        self.paths = here.match("/files//*")[1]
        values = {here.get(path)[1] for path in self.paths} - {None}
        self.values = sorted(values)[:200] + self.VALUES
        labels = {here.label(path)[1] for path in self.paths}
        self.labels = sorted(labels)[:200] + self.LABELS

    def path(self):
        pick = self.random
        if pick.random() < 0.03:
            return pick.choice(self.WRONG)
        path = pick.choice(self.paths if pick.random() < 0.7 else self.BASES)
        while pick.random() < 0.4:
            path += "/" + pick.choice(self.STEPS)
        return path

    def line(self):
        """Of a script."""
        pick = self.random
        node, other = (quoted(self.path()) for _ in range(2))
        return pick.choice([
            f"get {node}", f"label {node}", f"match {node}", f"count {node}", f"ls {node}",
            f"print {node}", f"set {node} {quoted(pick.choice(self.values) or '')}",
            f"clear {node}", f"touch {node}", f"rm {node}", f"defvar a {node}", "# nothing", "",
            f"span {node}", f"ins new before {node}", "nonsense",
            f"setm {node} {other} x", f"get {node} {other}", "quit"])

    def call(self):
        pick = self.random
        value, label = pick.choice(self.values), pick.choice(self.labels)
        return pick.choice([
            ("get", self.path()), ("label", self.path()), ("match", self.path()),
            ("print", self.path()), ("source", self.path()), ("span", self.path()),
            ("dump", self.path()), ("preview", self.path()),
            ("set", self.path(), value), ("set", self.path(), value), ("set", self.path(), value),
            ("setm", self.path(), pick.choice([None, "new", *self.labels]), value),
            ("insert", self.path(), label, pick.random() < 0.5),
            ("remove", self.path()), ("move", self.path(), self.path()),
            ("copy", self.path(), self.path()), ("rename", self.path(), label),
            ("defvar", pick.choice("ab"), pick.choice([self.path(), None])),
            ("defnode", pick.choice("ab"), self.path(), value),
            ("ns_count", pick.choice("abc")), ("ns_value", pick.choice("ab"), pick.randrange(3)),
            ("ns_label", pick.choice("ab"), pick.randrange(3)),
            ("ns_attr", pick.choice("ab"), pick.randrange(3)),
            ("ns_path", pick.choice("ab"), pick.randrange(3)),
            ("escape_name", label + pick.choice("[]=!")),
            ("text_store", pick.choice(["Hosts.lns", "Hosts.lns", "Nothing.lns"]),
             pick.choice(["/text", "/mine", "/nowhere"]), pick.choice(["/tree", "/mine/tree"])),
            ("text_retrieve", "Hosts.lns", "/text", "/tree", "/text2"),
            ("srun", "\n".join(self.line() for _ in range(3))), ("load",), ("save",), ("save",),
        ])


def quoted(text):
    return "'" + text.replace("\\", "\\\\").replace("'", "\\'").replace("\n", "\\n") + "'"


class Pair:
    """A server's session and libaugeas, each over a root directory of its own with these files."""

    def __init__(self, w, lenses):
        for path in lenses:
            if path != "/etc/hosts":
                shutil.copyfile(path, made(w.at(path)))
        self.w, self.lenses, self.saves, self.turns = w, lenses, 0, 0
        self.root = w.path_of("other-root")
        shutil.copytree(w.root, self.root)
        self.there = Remote(w.session(SESSION.replace("10s", "60s") + "".join(
            f"[File {path}]\nLens={lens}\nSet=**\nInsert=**\nRemove=**\n"
            for path, lens in lenses.items())))
        self.here = Augeas(self.root, lenses)
        self.both = (self.here, self.there)
        for side in self.both:
            # in the order of the policy, not of what is asked first
            side.match("/files//*")
        self.begin()

    def begin(self):
        """What both have of no file."""
        for side in self.both:
            for tree in OF_NO_FILE:
                side.remove(tree)
            side.set("/text", HOSTS)
            side.text_store("Hosts.lns", "/text", "/tree")
            side.defvar("a", "/files/etc/hosts/*[ipaddr]")
            side.defnode("b", "/mine/deep", "1")

    def turn(self, each):
        """Is it the turn of what is done each so many times?"""
        self.turns += 1
        return self.turns % each == 0

    def text(self, root, path):
        with open(root + path, "rb") as file:
            return file.read()

    def files_alike(self):
        return all(self.text(self.w.root, p) == self.text(self.root, p) for p in self.lenses
                   if os.path.exists(self.root + p) or os.path.exists(self.w.root + p))

    def read_again(self):
        """What the server has, on both sides."""
        for path in self.lenses:
            shutil.copyfile(self.w.root + path, self.root + path)
            self.saves += 1
            os.utime(self.root + path, (2 ** 31 + self.saves,) * 2)
        for side in self.both:
            # variables have files read first, which changes their order
            side.defvar("a", None)
            side.defvar("b", None)
            side.load()
            side.match("/files//*")

    def save(self):
        """What is saved must be alike; all else is told in exmachina-protocol(7)."""
        there, before = self.there.save(), {p: self.text(self.w.root, p) for p in self.lenses}
        here = self.here.save()
        # what the lens does not read again is not written
        if there[-1] == "PARSE_FAILED":
            self.read_again()
            return
        equal(there[0], here[0], f"save: {there} and {here}: {self.there.last}")
        # a save writes all or none, and nothing where no node is another one
        if there[0] == 0 and not self.files_alike():
            for path in self.lenses:
                mine, other = self.text(self.w.root, path), self.text(self.root, path)
                if mine != other:
                    equal(mine, before[path], path)
                    equal(self.tree_of(mine, path), self.tree_of(other, path), path)
        self.read_again()

    def tree_of(self, text, path):
        self.here.set("/compare", text.decode("utf-8", "surrogateescape"))
        self.here.text_store(self.lenses[path], "/compare", "/compared")
        tree = self.here.print("/compared")
        self.here.remove("/compare")
        self.here.remove("/compared")
        return tree


def made(path):
    os.makedirs(os.path.dirname(path), exist_ok=True)
    return path


def refused(result):
    """The server does not do that, and says so: so it is not done here either. Augeas would go on
    with half of an edit, or with what it has freed (exmachina-protocol(7))."""
    return result[-1] in ("DENIED", "EINTERNAL", "ELABEL", "LIMIT", "EMVDESC", "ECPDESC",
                          "BAD_VALUE")


def without_augeas(result):
    """Of a script that prints all there is: what is below /augeas is each one's own."""
    output = (result[1] or "").splitlines()
    return result[0], [line for line in output if not line.startswith("/augeas")], *result[2:]


# Of what does the server answer with a number or a name of its own?
def same(call, here, there):
    if here == there:
        return True
    if call[0] == "srun" and without_augeas(here) == without_augeas(there):
        return True
    # to name alone what the policy does not name is denied
    if here[-1] == "ENOMATCH" and there[-1] == "DENIED":
        return True
    # what is wrong with a put or a text has no name in Augeas, and what is no file neither
    if here[0] == there[0] == -1 and here[-1] == "NOERROR":
        return True
    # aug_source(3) and what uses it make up spans
    if call[0] == "span" and here[0] == there[0] == 0:
        return here[1] == there[1]
    if call[0] == "preview" and here[0] == there[0] == -1:
        return True
    return call[0] == "dump" and here[1] is None  # no XML can say it


def may_crash(call):
    """Calls that libaugeas 1.14 does not survive, or that leave it with freed nodes."""
    return call[0] in ("move", "copy", "text_store", "srun")  # a variable may name what goes


READS = ("get", "label", "match", "print", "source", "span", "dump", "preview", "escape_name",
         "ns_count", "ns_value", "ns_label", "ns_attr", "ns_path")


def one(pair, call, done):
    if call[0] == "save":
        pair.save()
        return
    if may_crash(call) or call[0] == "load":
        for side in pair.both:
            side.defvar("a", None)
            side.defvar("b", None)
    there = getattr(pair.there, call[0])(*call[1:])
    if call[0] not in READS and refused(there):
        done.append((call, there))
        # of a script what stands before is done
        if call[0] == "srun":
            pair.read_again()
            pair.begin()
        return
    here = getattr(pair.here, call[0])(*call[1:])
    done.append((call, here, there))
    if call[0] == "load":
        pair.there.match("/files//*")
    check(same(call, here, there), f"{call!a}: {there!a}, and here {here!a}: {pair.there.last}")
    if call[0] in READS:
        return
    for tree in ("/files", *OF_NO_FILE):
        same_tree(pair, tree, call)
    for path in pair.lenses:
        same_nodes(pair, "/files" + path, call)


def same_nodes(pair, file, call):
    """Many nodes of a file, and now and then so many gets that the server finds these by itself."""
    there, here = (side.match(file + "//*") for side in (pair.there, pair.here))
    equal(there, here, f"nodes of {file} after {call!a}")
    for path in (here[1] or [])[:GETS] if pair.turn(10) else ():
        equal(pair.there.get(path), pair.here.get(path), f"{path} after {call!a}")
    there, here = (side.dump(file) for side in (pair.there, pair.here))
    check(same(("dump", file), here, there), f"dump of {file} after {call!a}: {there!a}, {here!a}")


def same_tree(pair, tree, call):
    there, here = (side.print(tree)[1].splitlines() for side in (pair.there, pair.here))
    for mine, other in zip(there + [""], here + [""]):
        equal(mine, other, f"{tree} after {call!a}")
    equal(len(there), len(here), f"lines of {tree} after {call!a}")


@for_each([(f"what libaugeas says is what the server says: {lens}, seed {seed}", lens, paths, seed)
           for lens, paths in LENSES.items() for seed in range(SEEDS)])
def alike(w, lens, paths, seed):
    pair = Pair(w, {"/etc/hosts": "Hosts.lns", **{path: lens for path in paths}})
    script, done = Script(seed, pair.here), []
    try:
        for _ in range(CALLS):
            one(pair, script.call(), done)
    except Exception:
        for line in done[-8:]:
            print("#", ascii(line)[:700])
        raise
    pair.here.close()


@test("the files of this system are of many lenses")
def many(w):
    check(len(LENSES) >= 30, f"{len(LENSES)}: {sorted(LENSES)}")


if __name__ == "__main__":
    main()
