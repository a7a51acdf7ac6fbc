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
    other = w.session(POLICY)
    equal(values, [other.get(f"{H}/{i}/canonical") for i in range(1, 402)])


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
    equal(len(s.call("augeas.errors")), 1)
    s.set(H + "/200/canonical", "changed")
    s.commit()
    check("changed" in w.read("/etc/hosts"), "it is not there")
    equal((s.call("augeas.errors"), s.match("/augeas//error")), ([], []))
    s.set(H + "/201/canonical", "again")
    s.commit()
    equal(texts(s)[0], 2)
    s.set(H + "/202/canonical", "two words")
    s.refuse("BAD_VALUE", "config.commit")
    s.set(H + "/202/canonical", "h202.example.com")
    equal(s.commit()["changed"], False)
    equal((s.call("augeas.errors"), s.match("/augeas//error")), ([], []))


OTHER = "[File /etc/exm.d/*.conf]\nLens=Hosts.lns\n" + ALL


@test("what was taken back stays away, though another file could not be written meanwhile")
def failed_beside(w):
    w.write("/etc/exm.d/a.conf", "10.0.0.1 a\n")
    s = with_hosts(w, POLICY + OTHER)
    # too much for anything but the whole text, which Augeas has written when the other one fails
    s.call("augeas.setm", [H + "/*", "canonical", "same"])
    s.set("/files/etc/exm.d/a.conf/1/canonical", "two words")
    equal(s.refuse("BAD_VALUE", "config.diff").data["file"], "/etc/exm.d/a.conf")
    for i in range(1, 401):
        s.set(f"{H}/{i}/canonical", f"h{i}.example.com")
    s.set("/files/etc/exm.d/a.conf/1/canonical", "b")
    equal([one["file"] for one in s.commit()["files"]], ["/etc/exm.d/a.conf"])
    equal(w.read("/etc/hosts"), text(LINES))


@test("what was only looked at as a text is spliced all the same, and so are several files at once")
def several(w):
    w.write("/etc/exm.d/a.conf", text(LINES))
    s = with_hosts(w, POLICY + OTHER)
    other = "/files/etc/exm.d/a.conf"
    s.set(H + "/2/canonical", "longer-than-it-was.example.com")
    s.call("augeas.preview", [H])
    s.set(H + "/200/canonical", "changed")
    s.set(other + "/300/canonical", "changed")
    equal(len(s.commit()["files"]), 2)
    equal(texts(s), (2, 0))
    s.set(other + "/301/canonical", "changed")
    s.commit()
    expected = text(LINES)
    equal(w.read("/etc/exm.d/a.conf"), expected.replace("h300.example.com", "changed").replace(
        "h301.example.com", "changed"))
    equal(w.read("/etc/hosts"), expected.replace("h200.example.com", "changed").replace(
        "h2.example.com", "longer-than-it-was.example.com"))


@test("spans are those of the text that was made last, and none of what was edited since")
def spans(w):
    s = with_hosts(w)
    s.set(H + "/1/canonical", "longer-than-it-was.example.com")
    s.call("augeas.remove", [H + "/100"])
    append(s, 1)
    s.commit()
    equal(texts(s), (1, 0))
    written = w.read("/etc/hosts")

    def spanned(path, kind):
        begin, end = s.call("augeas.span", [path])[kind]
        return written[begin:end]

    for path in ("1/canonical", "1/alias", "99/ipaddr", "101/canonical", "300/alias", "01/ipaddr"):
        equal(spanned(f"{H}/{path}", "value"), s.get(f"{H}/{path}"))
    equal(spanned(H + "/300", "span"), LINES[299])
    equal(s.call("augeas.span", [H + "/300/ipaddr"])["file"], "/etc/hosts")
    s.set(H + "/300/canonical", "edited")
    equal(s.refuse("NO_MATCH", "augeas.span", [H + "/300/ipaddr"]).data["augeas"], "ENOSPAN")
    equal(spanned(H + "/301/ipaddr", "value"), "10.0.1.45")


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
