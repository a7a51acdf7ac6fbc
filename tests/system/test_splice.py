#!/usr/bin/python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""Long files, whose texts are put together from the parts that were edited, and what comes of it."""

import sys

sys.path.insert(0, sys.path[0] + "/../lib")
from exm import SESSION, check, equal, main, test

H = "/files/etc/hosts"
ALL = "Set=**\nInsert=**\nRemove=**\n"
POLICY = SESSION + "[File /etc/hosts]\nLens=Hosts.lns\n" + ALL
LINES = [f"10.0.{i // 256}.{i % 256}{' ' * (i % 7 + 1)}h{i}.example.com\th{i}  # number {i}\n"
         for i in range(1, 401)]


def text(lines):
    return "".join(lines)


def with_hosts(w, policy=POLICY):
    w.write("/etc/hosts", text(LINES))
    return w.session(policy)


def texts(s):
    counts = s.call("session.info")["texts"]
    return counts["spliced"], counts["whole"]


def append(s, number):
    s.set(f"{H}/0{number}/ipaddr", "192.0.2.1")
    s.set(f"{H}/0{number}/canonical", f"n{number}")


@test("of a long file what was edited is written, in one commit and in the next ones")
def edits(w):
    s = with_hosts(w)
    lines = list(LINES)
    s.set(H + "/200/canonical", "changed")
    lines[199] = lines[199].replace("h200.example.com", "changed")
    equal([c["node"] for c in s.commit()["files"][0]["changes"]], ["200/canonical"])
    equal(w.read("/etc/hosts"), text(lines))
    append(s, 1)
    s.call("augeas.remove", [H + "/100"])
    lines = lines[:99] + lines[100:] + ["192.0.2.1\tn1\n"]
    s.commit()
    equal(w.read("/etc/hosts"), text(lines))
    s.call("augeas.insert", [H + "/1", "02", True])
    append(s, 2)
    s.set(H + "/400/alias", "last")
    s.commit()
    lines = ["192.0.2.1\tn2\n"] + lines
    lines[399] = lines[399].replace("\th400 ", "\tlast ")
    equal(w.read("/etc/hosts"), text(lines))
    equal(texts(s), (3, 0))
    # and a session that reads it has the same tree
    values = [s.get(path) for path in s.match(f"{H}/*/canonical")]
    equal(values, [w.session(POLICY).get(f"{H}/{i}/canonical") for i in range(1, 402)])


@test("a short file is written as a whole, and so are too many edits; both are counted")
def whole(w):
    s = w.session(POLICY)
    s.set(H + "/1/canonical", "short")
    s.commit()
    equal(texts(s), (0, 1))
    s = with_hosts(w)
    s.call("augeas.setm", [H + "/*", "canonical", "same"])
    s.commit()
    equal(texts(s), (0, 1))
    check(all("same" in line for line in w.read("/etc/hosts").splitlines()), "not all of them")
    s.set(H + "/7/canonical", "other")
    s.commit()
    equal(texts(s), (1, 1))
    equal([i for i, line in enumerate(w.read("/etc/hosts").splitlines()) if "other" in line], [6])


@test("a look at what would be committed makes the text, and the commit does not again")
def looked_at(w):
    s = with_hosts(w)
    s.set(H + "/200/canonical", "changed")
    diff = s.diff()["files"][0]["diff"]
    check("+10.0.0.200" in diff and diff.count("\n+") == 2, diff)
    equal(texts(s), (1, 0))
    s.commit()
    equal(texts(s), (1, 0))


@test("edits that took each other back are none, before and after a look at them")
def taken_back(w):
    s = with_hosts(w)
    s.set(H + "/200/canonical", "changed")
    s.set(H + "/200/canonical", "h200.example.com")
    equal(s.commit()["changed"], False)
    s.set(H + "/200/canonical", "changed")
    equal(len(s.diff()["files"]), 1)
    s.set(H + "/200/canonical", "h200.example.com")
    equal(s.commit()["changed"], False)
    equal(w.read("/etc/hosts"), text(LINES))


@test("what cannot be written is told, and the edits are kept")
def not_written(w):
    s = with_hosts(w)
    s.set(H + "/200/canonical", "two words")
    equal(s.refuse("BAD_VALUE", "config.commit").data["file"], "/etc/hosts")
    s.set(H + "/200/canonical", "changed")
    s.commit()
    check("changed" in w.read("/etc/hosts"), "it is not there")
    s.set(H + "/201/canonical", "again")
    s.commit()
    equal(texts(s)[0], 2)


@test("its effect is judged as ever, and what was spliced is taken back with a discard")
def judged(w):
    s = with_hosts(w, POLICY.replace(ALL, "Set=*/canonical\nDeny=2/*\n"))
    s.set(H + "/200/canonical", "changed")
    s.refuse("DENIED", "augeas.set", [H + "/2/canonical", "x"])
    s.diff()
    s.call("config.discard")
    equal(s.get(H + "/200/canonical"), "h200.example.com")
    s.set(H + "/300/canonical", "changed")
    s.commit()
    equal(w.read("/etc/hosts"),
          text(LINES).replace("h300.example.com", "changed"))


@test("a file that is made, and long, is spliced from its second commit on")
def made(w):
    s = w.session(SESSION + "[File /etc/hosts]\nLens=Hosts.lns\nCreate=0644 root:root\n"
                  "Delete=yes\n" + ALL)
    s.call("augeas.remove", [H])
    s.commit()
    for i in range(1, 601):
        s.set(f"{H}/{i}/ipaddr", "192.0.2.1")
        s.set(f"{H}/{i}/canonical", f"h{i}")
    s.commit()
    s.set(H + "/300/canonical", "changed")
    s.commit()
    equal(texts(s)[0], 1)
    equal(w.read("/etc/hosts").splitlines()[299], "192.0.2.1\tchanged")
    s.call("augeas.remove", [H])
    s.commit()
    equal(s.match(H), [])


@test("somebody else's change of a long file is merged with the one that was spliced")
def merged(w):
    s = with_hosts(w)
    s.set(H + "/200/canonical", "ours")
    w.write("/etc/hosts", text(LINES).replace("h300.example.com", "theirs"))
    s.refuse("CONFLICT", "config.commit")
    s.call("config.commit", {"rebase": True})
    expected = text(LINES).replace("h300.example.com", "theirs").replace("h200.example.com", "ours")
    equal(w.read("/etc/hosts"), expected)
    s.set(H + "/201/canonical", "later")
    s.commit()
    equal(w.read("/etc/hosts"), expected.replace("h201.example.com", "later"))


@test("a commit is compared with the file as it was read last, whatever the verifier has read ahead")
def read_again(w):
    s = with_hosts(w)
    s.set(H + "/200/canonical", "ours")
    w.write("/etc/hosts", text(LINES).replace("h300.example.com", "theirs"))
    s.call("augeas.load")
    s.set(H + "/201/canonical", "ours")
    equal([c["node"] for c in s.commit()["files"][0]["changes"]], ["201/canonical"])
    # nor has it another one than this when both were edited
    w.write("/etc/hosts", text(LINES))
    s.call("augeas.load")
    s.set(H + "/200/canonical", "ours")
    s.call("augeas.load_file", ["/etc/hosts"])
    s.set(H + "/202/canonical", "ours")
    equal([c["node"] for c in s.commit()["files"][0]["changes"]], ["202/canonical"])


if __name__ == "__main__":
    main()
