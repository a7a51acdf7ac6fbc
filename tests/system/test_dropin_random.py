#!/usr/bin/python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""Random scripts, made from the tree, in a process with Augeas's own library and in one with ours:
the same results, the same errors, the same trees after each edit, the same texts in the end.

DROPIN_SEEDS=N has N scripts of each kind made, DROPIN_FIRST=N begins with another seed."""

import os
import random
import shutil
import sys

sys.path.insert(0, sys.path[0] + "/../lib")
from augeas_in_process import Augeas
from dropin import FREE, REAL, play
from exm import HOSTS, SESSION, SSHD, Failure, check, equal, for_each, main

FILES = {"/etc/hosts": ("Hosts.lns", HOSTS), "/etc/ssh/sshd_config": ("Sshd.lns", SSHD),
         "/etc/fstab": ("Fstab.lns", "UUID=1 / ext4 errors=remount-ro,acl 0 1\n"
                        "/dev/sr0 /media/cdrom0 udf,iso9660 user,noauto 0 0\n"),
         "/etc/default/x": ("Shellvars.lns", "# shell\nA=1\nB=\"two words\"\nexport C=3\n"),
         "/etc/logrotate.d/apt": ("Logrotate.lns", "/var/log/apt/term.log {\n  rotate 12\n"
                                  "  monthly\n  missingok\n}\n"),
         "/etc/sysctl.conf": ("Sysctl.lns", "# kernel\nkernel.panic = 10\nvm.swappiness=60\n")}
LENSES = {path: lens for path, (lens, _) in FILES.items()}
READS = {"get", "label", "match", "print", "source", "span", "ns_count", "ns_value", "ns_label",
         "ns_path", "escape_name"}
TREES = ("/files", "/mine", "/tree", "/augeas/context")
SAVED = ("match", "/augeas/events/saved")
PREPARE = [("match", "/files//*"), ("set", "/text", HOSTS),
           ("text_store", "Hosts.lns", "/text", "/tree"),
           ("defvar", "a", "/files/etc/hosts/*[ipaddr]"), ("defnode", "b", "/mine/deep", "1")]


class Wild:
    """Any call, of anything; what it names is mostly there."""

    STEPS = ["*", "*[1]", "*[last()]", "ipaddr", "canonical", "alias", "alias[last()+1]", "opt",
             "Port", "A", "new", "..", ".", "*[. = 'yes']", "*[count(*) > 1]", "99", "/ipaddr",
             "following-sibling::*[1]", "#comment[1]", "rule/file", "kernel.panic"]
    VALUES = ["x", "two words", "", None, "192.0.2.1", "a\tb", "\udcff", "no", "3"]
    LABELS = ["alias", "new", "a b", "01", "#comment", "B", "\udcfe", "1"]
    WRONG = ["[", "/files/etc/hosts/*[", "$none/x", "/files/etc/hosts/1[1 +]", "///", "/x["]

    def __init__(self, seed, nodes):
        self.random = random.Random(seed)
        self.paths = [path for path, _ in nodes] + [
            "/files/etc/hosts", "/mine", "/mine/deep", "/tree", "$a", "$b", "/files", "etc/hosts/2",
            "/nowhere", "/files/etc/hosts/1"]

    def path(self):
        pick = self.random
        if pick.random() < 0.03:
            return pick.choice(self.WRONG)
        path = pick.choice(self.paths)
        while pick.random() < 0.4:
            path += "/" + pick.choice(self.STEPS)
        return path

    def call(self):
        pick = self.random
        value, label = pick.choice(self.VALUES), pick.choice(self.LABELS)
        return pick.choice([
            ("get", self.path()), ("label", self.path()), ("match", self.path()),
            ("print", self.path()), ("source", self.path()), ("span", self.path()),
            ("set", self.path(), value), ("set", self.path(), value),
            ("setm", self.path(), pick.choice([None, "alias", "new"]), value),
            ("insert", self.path(), label, pick.random() < 0.5),
            ("remove", self.path()), ("move", self.path(), self.path()),
            ("copy", self.path(), self.path()), ("rename", self.path(), label),
            ("defvar", pick.choice("ab"), pick.choice([self.path(), None])),
            ("defnode", pick.choice("ab"), self.path(), value),
            ("ns_count", pick.choice("abc")), ("ns_value", pick.choice("ab"), pick.randrange(3)),
            ("ns_label", pick.choice("ab"), pick.randrange(3)),
            ("ns_path", pick.choice("ab"), pick.randrange(3)),
            ("escape_name", pick.choice(self.LABELS) + pick.choice("[]=!")),
            ("text_store", "Hosts.lns", "/text", pick.choice(["/tree", "/mine/tree"])),
            ("text_retrieve", "Hosts.lns", "/text", "/tree", "/text2"),
            ("srun", f"get {pick.choice(self.paths)}\ncount {pick.choice(self.paths)}/*\n"),
        ])


class Gentle:
    """Edits that the lenses can mostly write: values that others of that label have, copies of
    whole entries, entries that are gone. Saved now and then."""

    def __init__(self, seed, nodes):
        self.random = random.Random(seed)
        self.nodes = [(path, value) for path, value in nodes if path.count("/") > 3]

    def call(self):
        pick = self.random
        path, value = pick.choice(self.nodes)
        label = path.rsplit("/", 1)[1].split("[", maxsplit=1)[0]
        alike = [v for p, v in self.nodes if p.rsplit("/", 1)[1].split("[", maxsplit=1)[0] == label]
        entry = f"/files/etc/hosts/0{pick.randrange(3)}"
        return pick.choice([
            ("get", path), ("set", path, pick.choice(alike)), ("set", path, pick.choice(alike)),
            ("set", path, value and value + "1"), ("remove", path),
            ("copy", f"/files/etc/hosts/{pick.randrange(1, 5)}", entry),
            ("set", "/files/etc/hosts/2/alias[last()+1]", f"n{pick.randrange(99)}"),
            ("insert", path, "#comment", pick.random() < 0.5), ("set", path, "note"),
            ("move", path, path), ("save",), ("match", path + "/*"),
        ])


def allowed(call, wanted, got):
    """Differences that libexmachina-augeas(3) has the reasons for."""
    # Augeas fails without saying why, or goes on with a node that it has freed
    if wanted[-1] in ("NOERROR", "EINTERNAL") and wanted[0] == got[0] == -1:
        return True
    return call[0] in ("text_store", "text_retrieve") and wanted[0] == got[0] == -1


def refused(result):
    """By the server, where Augeas has no such rule, or does what leaves it with freed nodes."""
    return result[0] == -1 and result[-1] in ("EFILEACCESS", "ELABEL", "EMVDESC", "ECPDESC",
                                              "EINTERNAL", "EBADARG")


def script(kind, seed, nodes, length):
    """Calls, each edit with a look at all that it may have changed behind it."""
    made, calls = kind(seed, nodes), list(PREPARE)
    for _ in range(length):
        call = made.call()
        if call[0] in ("move", "copy"):
            # libaugeas goes on with a variable that names what was overwritten
            calls += [("defvar", "a", None), ("defvar", "b", None)]
        calls.append(call)
        if call[0] == "save":
            calls.append(SAVED)
        elif call[0] not in READS:
            calls += [("print", tree) for tree in TREES]
    return calls


def place(w):
    for path, (_, text) in FILES.items():
        w.write(path, text)
    w.policy(SESSION.replace("10s", "60s") + "".join(f"[File {path}]\nLens={lens}\n{FREE}"
                               for path, lens in LENSES.items()))
    other = w.path_of("other")
    shutil.copytree(w.root, other)
    aug = Augeas(other, LENSES)
    nodes = [(path, aug.get(path)[1]) for path in aug.match("/files/etc//*")[1]]
    aug.close()
    return other, nodes


def compare(calls, wanted, got):
    """Returns whether all that was saved was saved by both: what cannot be written is written in
    part by Augeas, and by a server not at all."""
    whole = saved = True
    for number, (call, one, two) in enumerate(zip(calls, wanted, got)):
        if call[0] == "save" and one is not None:
            saved = one[0] == two[0] == 0
            whole = whole and saved
        if tuple(call) == SAVED and not saved:
            continue
        if one is not None and one != two and not allowed(call, one, two):
            if call[0] == "print" and one[1] and two[1]:
                pairs = zip(one[1].splitlines(), two[1].splitlines())
                one, two = next((p for p in pairs if p[0] != p[1]), (one[1][-200:], two[1][-200:]))
            before = [c for c in calls[:number] if c[0] != "print"][-5:]
            raise Failure(f"{ascii(call)}: got {ascii(two)[:700]}, wanted {ascii(one)[:700]}; "
                          f"before: {ascii(before)}")
    return whole


FIRST = int(os.environ.get("DROPIN_FIRST", "1"))
SEEDS = range(FIRST, FIRST + int(os.environ.get("DROPIN_SEEDS", "12")))


@for_each([(f"a random script does what it does in Augeas: {name}, seed {seed}", kind, seed, length)
           for name, kind, length in (("wild", Wild, 120), ("gentle", Gentle, 60))
           for seed in SEEDS])
def differential(w, kind, seed, length):
    other, nodes = place(w)
    calls = script(kind, seed, nodes, length)
    got = play(w, calls, lenses=LENSES)
    skip = [n for n, result in enumerate(got) if refused(result)]
    check(len(skip) * 5 < len(calls), f"{len(skip)} of {len(calls)} calls are not compared")
    wanted = play(w, calls, REAL, skip, LENSES, root=other)
    for path in FILES if compare(calls, wanted, got) else ():
        with open(other + path, "rb") as file:
            equal(w.read_bytes(path), file.read(), f"text of {path}")


if __name__ == "__main__":
    main()
