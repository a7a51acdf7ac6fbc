#!/usr/bin/python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""augeas.ensure: a state said in one call. Each is asked for twice, within the session and after
a commit in another one: the second time nothing is changed, and nothing is written."""

import os
import stat
import sys

sys.path.insert(0, sys.path[0] + "/../lib")
from exm import (CLI, HOSTS, HOSTS_FREE, SESSION, SSHD, check, contains, equal, for_each,
                 main, test)

H = "/files/etc/hosts"
S = "/files/etc/ssh/sshd_config"
SSHD_FREE = "[File /etc/ssh/sshd_config]\nLens=Sshd.lns\nSet=**\nInsert=**\nRemove=**\n"
FSTAB = "/dev/sda1\t/\text4\tdefaults,noatime\t0\t1\n"
FREE = (SESSION + HOSTS_FREE + SSHD_FREE +
        "[File /etc/fstab]\nLens=Fstab.lns\nSet=**\nInsert=**\nRemove=**\n"
        "[File /etc/sysctl.d/*.conf]\nLens=Sysctl.lns\nSet=**\nInsert=**\nRemove=**\n"
        "Create=0600 root:4711\nDelete=yes\n")


def ensure(s, path, **more):
    return s.call("augeas.ensure", {"path": path, **more})


def twice(w, path, changed=True, **more):
    """The first time it is done, the second time there is nothing to do: before the commit, and
    after it. The path of the node, if there is one."""
    s = w.session(FREE)
    first = ensure(s, path, **more)
    equal(first["changed"], changed, "the first call")
    again = ensure(s, path, **more)
    equal(again, {"changed": False, "path": first["path"], "removed": 0}, "the second call")
    equal(s.commit()["changed"], changed, "the commit")
    before = {name: stamp(w.at(name)) for name in ("/etc/hosts", "/etc/ssh/sshd_config")}
    other = w.session()
    equal(ensure(other, path, **more)["changed"], False, "the call after the commit")
    equal(other.commit(), {"changed": False, "files": []})
    equal({name: stamp(w.at(name)) for name in before}, before, "what was written")
    return first["path"]


def stamp(path):
    made = os.stat(path)
    return made.st_ino, made.st_mtime_ns, made.st_ctime_ns


# ---- a value ----------------------------------------------------------------------------------

@test("a value is set where it is another")
def value_changed(w):
    equal(twice(w, f"{S}/Port", value="2222"), f"{S}/Port")
    contains(w.read("/etc/ssh/sshd_config"), "\nPort 2222\n")


@test("a value that is there is no change")
def value_there(w):
    twice(w, f"{S}/Port", changed=False, value="22")
    equal(w.read("/etc/ssh/sshd_config"), SSHD)


@test("a node that is missing is made, with its value and those above it")
def value_made(w):
    equal(twice(w, f"{S}/UseDNS", value="no"), f"{S}/UseDNS")
    contains(w.read("/etc/ssh/sshd_config"), "\nUseDNS no\n")


@test("a node that is missing is made in front of another one, where its file needs that")
def value_ahead(w):
    w.write("/etc/ssh/sshd_config", SSHD + "Match User git\n  X11Forwarding no\n")
    twice(w, f"{S}/PasswordAuthentication", value="no", ahead_of="Match")
    equal(w.read("/etc/ssh/sshd_config"),
          SSHD + "PasswordAuthentication no\nMatch User git\n  X11Forwarding no\n")


@test("without the other one ahead_of means nothing")
def no_ahead(w):
    twice(w, f"{S}/PasswordAuthentication", value="no", ahead_of="Match")
    equal(w.read("/etc/ssh/sshd_config"), SSHD + "PasswordAuthentication no\n")


@test("a node without value, and one whose value does not matter")
def no_value(w):
    s = w.session(FREE)
    equal(ensure(s, f"{H}/1", value=None)["changed"], False)
    equal(ensure(s, f"{S}/Port")["changed"], False)


@test("several nodes of that name are an error that says so")
def value_many(w):
    s = w.session(FREE)
    s.refuse("TOO_MANY_MATCHES", "augeas.ensure", {"path": f"{H}/*/canonical", "value": "x"})
    equal(s.commit()["changed"], False)


# ---- absence ----------------------------------------------------------------------------------

@test("what shall be absent is removed, all of it; where there is none nothing happens")
def absent(w):
    twice(w, f"{H}/*[ipaddr = '::1']", absent=True)
    check("\n::1" not in w.read("/etc/hosts"), "it is there")
    twice(w, f"{H}/*[ipaddr = '192.0.2.9']", changed=False, absent=True)


@test("entries that are told by their children are removed")
def absent_where(w):
    twice(w, f"{H}/*", absent=True, where={"alias": "ip6-loopback"})
    equal(w.read("/etc/hosts"), HOSTS.replace("::1     localhost ip6-localhost ip6-loopback\n", ""))


@test("the number of nodes that are gone is told")
def absent_count(w):
    s = w.session(FREE)
    equal(ensure(s, f"{H}/3", absent=True), {"changed": True, "path": None, "removed": 5})


@test("a file that shall be absent is removed")
def absent_file(w):
    w.write("/etc/sysctl.d/a.conf", "a = 1\n")
    twice(w, "/files/etc/sysctl.d/a.conf", absent=True)
    equal(w.files("/etc/sysctl.d"), [])


@test("an entry that is absent has no value: that is refused")
def absent_and_more(w):
    s = w.session(FREE)
    for more in ({"value": "x"}, {"match": {"a": "b"}}, {"ahead_of": "x"}):
        s.refuse("INVALID_PARAMS", "augeas.ensure", {"path": H + "/1", "absent": True, **more})


# ---- entries ----------------------------------------------------------------------------------

@test("an entry of a numbered list is made, as it is wanted, behind the others")
def entry_made(w):
    equal(twice(w, f"{H}/*", where={"ipaddr": "192.0.2.1"},
                match={"canonical": "db", "alias": ["db.lan", "db2"]}), f"{H}/5")
    equal(w.read("/etc/hosts"), HOSTS + "192.0.2.1\tdb db.lan db2\n")


@test("an entry that is there is changed where it is different, and only there")
def entry_changed(w):
    equal(twice(w, f"{H}/*", where={"ipaddr": "::1"},
                match={"canonical": "localhost", "alias": ["ip6-localhost", "lo6", "more"]}),
          f"{H}/3")
    equal(w.read("/etc/hosts"), HOSTS.replace("ip6-localhost ip6-loopback",
                                              "ip6-localhost lo6 more"))


@test("a shorter list takes what is too much away")
def entry_shorter(w):
    twice(w, f"{H}/*", where={"ipaddr": "::1"}, match={"alias": ["ip6-localhost"]})
    equal(w.read("/etc/hosts"), HOSTS.replace(" ip6-loopback", ""))
    twice(w, f"{H}/*", where={"ipaddr": "::1"}, match={"alias": False})
    equal(w.read("/etc/hosts"), HOSTS.replace(" ip6-localhost ip6-loopback", ""))


@test("one more of a list goes behind the last of its kind, where its lens wants it")
def entry_middle(w):
    w.write("/etc/fstab", FSTAB)
    twice(w, "/files/etc/fstab/*", where={"file": "/"},
          match={"opt": ["defaults", "noatime", "nosuid"]})
    equal(w.read("/etc/fstab"), FSTAB.replace("noatime", "noatime,nosuid"))


@test("an entry of /etc/fstab is made")
def entry_fstab(w):
    w.write("/etc/fstab", FSTAB)
    twice(w, "/files/etc/fstab/*", where={"spec": "/dev/sdb1", "file": "/srv"},
          match={"vfstype": "ext4", "opt": ["defaults"], "dump": "0", "passno": "2"})
    equal(w.read("/etc/fstab"), FSTAB + "/dev/sdb1\t/srv\text4\tdefaults\t0 2\n")


@test("an entry that is told by its own value")
def own_value(w):
    equal(twice(w, f"{H}/3/alias", where={".": "lo6"}), f"{H}/3/alias[3]")
    equal(w.read("/etc/hosts"), HOSTS.replace("ip6-loopback", "ip6-loopback lo6"))


@test("a numbered list within a node is as it is wanted")
def numbered_inside(w):
    twice(w, f"{S}/AcceptEnv", match={"*": ["LANG", "LC_*", "EDITOR"]})
    contains(w.read("/etc/ssh/sshd_config"), "AcceptEnv LANG LC_* EDITOR\n")


@test("a block with a label is made behind the others of its label, or found by what is in it")
def block(w):
    w.write("/etc/ssh/sshd_config", SSHD + "Match User git\n  X11Forwarding no\n")
    twice(w, f"{S}/Match", where={"Condition/User": "backup"},
          match={"Settings/X11Forwarding": "no", "Settings/AllowTcpForwarding": "no"})
    text = w.read("/etc/ssh/sshd_config")
    contains(text, "Match User git\n  X11Forwarding no\nMatch User \"backup\"\n")
    contains(text, "AllowTcpForwarding no\n")
    twice(w, f"{S}/Match", where={"Condition/User": "backup"},
          match={"Settings/AllowTcpForwarding": False})
    check("AllowTcpForwarding" not in w.read("/etc/ssh/sshd_config"), "it is there")


@test("several keys of one file in one call")
def many_keys(w):
    w.write("/etc/sysctl.d/a.conf", "a.x = 1\nb.y = 1\n")
    twice(w, "/files/etc/sysctl.d/a.conf", match={"a.x": "2", "b.y": False, "c.z": "3"})
    equal(w.read("/etc/sysctl.d/a.conf"), "a.x = 2\nc.z = 3\n")


@test("that there is some node is all that is wanted of it")
def some(w):
    twice(w, f"{H}/*", changed=False, where={"ipaddr": "::1"}, match={"alias": True})
    s = w.session(FREE)
    error = s.refuse("TOO_MANY_MATCHES", "augeas.ensure",
                     {"path": f"{H}/*", "where": {"alias": False, "canonical": True}})
    equal(error.data["matches"], 3)


@test("bytes that are not UTF-8 go both ways")
def raw(w):
    equal(twice(w, f"{S}/Banner", value={"base64": "L2V0Yy/p"}), f"{S}/Banner")
    contains(w.read_bytes("/etc/ssh/sshd_config").decode("latin-1"), "\nBanner /etc/\xe9\n")


# ---- a file that is not there ------------------------------------------------------------------

@test("a file that is missing is made by the same call, with the mode and owner of Create=")
def file_made(w):
    os.makedirs(w.at("/etc/sysctl.d"))
    twice(w, "/files/etc/sysctl.d/new.conf/a.x", value="1")
    equal(w.read("/etc/sysctl.d/new.conf"), "a.x = 1\n")
    made = os.stat(w.at("/etc/sysctl.d/new.conf"))
    equal((stat.S_IMODE(made.st_mode), made.st_uid, made.st_gid), (0o600, 0, 4711))


@test("an entry in a file that is missing")
def entry_in_no_file(w):
    os.makedirs(w.at("/etc/sysctl.d"))
    twice(w, "/files/etc/sysctl.d/new.conf", match={"a.x": "1", "a.y": "2"})
    equal(w.read("/etc/sysctl.d/new.conf"), "a.x = 1\na.y = 2\n")


@test("a file that may not be made is denied, and the line is named that would allow it")
def file_denied(w):
    os.unlink(w.at("/etc/hosts"))
    s = w.session(FREE)
    error = s.refuse("DENIED", "augeas.ensure",
                     {"path": f"{H}/*", "where": {"ipaddr": "192.0.2.1"}})
    equal(error.data["key"], "Create")
    equal(s.commit()["changed"], False)


# ---- never half done --------------------------------------------------------------------------

NARROW = SESSION + """[File /etc/hosts]
Lens=Hosts.lns
Set=*/canonical */ipaddr
Insert=* */ipaddr */alias
Value=*/canonical [a-z0-9.]+
"""


@for_each([(f"{what} is refused as a whole", more, name) for what, more, name in [
    ("a change with a value that is not allowed",
     {"where": {"ipaddr": "::1"}, "match": {"alias": ["new", "ip6-loopback"]}}, "DENIED"),
    ("a change whose second half is not allowed",
     {"where": {"ipaddr": "::1"}, "match": {"canonical": "x", "alias": False}}, "DENIED"),
    ("an addition, then a removal that is not allowed",
     {"where": {"ipaddr": "::1"}, "match": {"alias": ["ip6-localhost", "ip6-loopback", "new"],
                                            "canonical": "BAD"}}, "BAD_VALUE"),
    ("a new entry with a value that is not allowed",
     {"where": {"ipaddr": "192.0.2.1"}, "match": {"canonical": "BAD"}}, "BAD_VALUE"),
    ("a new entry with a node that is not allowed",
     {"where": {"ipaddr": "192.0.2.1"}, "match": {"canonical": "x", "#comment": "x"}},
     "DENIED"),
    ("a node outside of the entry",
     {"where": {"ipaddr": "::1"}, "match": {"canonical": "x", "../4/canonical": "y"}},
     "BAD_PATH"),
    ("a new node outside of the entry",
     {"where": {"ipaddr": "::1"}, "match": {"canonical": "x", "../9": True}}, "BAD_PATH"),
    ("what contradicts itself",
     {"where": {"ipaddr": "::1"}, "match": {"canonical": "x", "ipaddr": "::2"}}, "BAD_VALUE"),
    ("a malformed expression at the end",
     {"where": {"ipaddr": "::1"}, "match": {"canonical": "x", "alias[": "y"}}, "BAD_PATH"),
    ("two nodes where one is wanted",
     {"where": {"ipaddr": "::1"}, "match": {"canonical": "x", "alias": "y"}},
     "TOO_MANY_MATCHES")]])
def half(w, more, name):
    s = w.session(NARROW)
    before = s.call("augeas.print", ["/files"])
    s.refuse(name, "augeas.ensure", {"path": f"{H}/*", **more})
    equal(s.call("augeas.print", ["/files"]), before)
    equal(s.match("/exmachina_undo"), [])
    equal(s.commit(), {"changed": False, "files": []})
    equal(w.read("/etc/hosts"), HOSTS)


@test("a removal of which one is not allowed removes nothing")
def half_removal(w):
    s = w.session(SESSION + "[File /etc/hosts]\nLens=Hosts.lns\nRemove=*\nDeny=3\n")
    s.refuse("DENIED", "augeas.ensure", {"path": f"{H}/*", "absent": True})
    equal(s.commit()["changed"], False)
    equal(w.read("/etc/hosts"), HOSTS)


@test("edits of before stay when an ensure is refused")
def edits_stay(w):
    s = w.session(NARROW)
    s.set(f"{H}/3/canonical", "mine")
    s.refuse("BAD_VALUE", "augeas.ensure",
             {"path": f"{H}/*", "where": {"ipaddr": "::1"},
              "match": {"alias": ["ip6-localhost", "ip6-loopback", "x"], "canonical": "BAD"}})
    s.commit()
    equal(w.read("/etc/hosts"), HOSTS.replace("::1     localhost", "::1     mine"))


# ---- errors -----------------------------------------------------------------------------------

@for_each([(f"{what} is an error that says what would be right", path, more, name, part)
           for what, path, more, name, part in [
    ("* where there are no numbers", f"{S}/*", {"where": {".": "no such"}}, "BAD_PATH",
     "numbered list"),
    ("a condition in the last step", f"{H}/*[alias]", {"where": {"ipaddr": "192.0.2.1"}},
     "BAD_PATH", "must end with a label"),
    ("ahead_of that is no sibling", f"{S}/UseDNS", {"value": "no", "ahead_of": "AcceptEnv/1"},
     "BAD_PATH", "no child of"),
    ("a malformed path", f"{S}/Port[", {"value": "1"}, "BAD_PATH", ""),
    ("an empty name of a node", f"{H}/1", {"match": {"": "x"}}, "INVALID_PARAMS", "match"),
    ("a number as a value", f"{H}/1", {"match": {"alias": 5}}, "INVALID_PARAMS", "match"),
    ("a list of lists", f"{H}/1", {"match": {"alias": [["x"]]}}, "INVALID_PARAMS", "match"),
    ("a list in place of an object", f"{H}/1", {"where": ["x"]}, "INVALID_PARAMS", "where"),
    ("too many values", f"{H}/1", {"match": {"alias": ["x"] * 2000}}, "LIMIT", "1024"),
    ("a file that is not named", "/files/etc/passwd/root", {"value": "x"}, "DENIED",
     "[File]")]])
def errors(w, path, more, name, part):
    s = w.session(FREE)
    error = s.refuse(name, "augeas.ensure", {"path": path, **more})
    contains(str(error), part)
    equal(s.commit()["changed"], False)


@test("a file that its lens cannot read is not taken for an empty one")
def unparsable(w):
    w.write("/etc/hosts", "lonely\n")
    s = w.session(FREE)
    for more in ({"where": {"ipaddr": "192.0.2.1"}}, {"absent": True}):
        s.refuse("PARSE_FAILED", "augeas.ensure", {"path": f"{H}/*", **more})


# ---- the command ------------------------------------------------------------------------------

def cli(w, *arguments):
    run = w.pair(CLI, "--once", "ensure", *arguments)
    return run.returncode, run.stdout


@test("the command does the same, and says whether something was changed")
def command(w):
    w.policy(FREE)
    for arguments in [(f"{S}/Port", "2222"), (f"{S}/UseDNS", "--", "no"),
                      (f"{H}/*", "--where", "ipaddr=192.0.2.1", "--match=canonical=db",
                       "--match", "alias=a=b", "--match", "alias=c"),
                      (f"{H}/*", "--where=ipaddr=::1", "--without", "alias"),
                      (f"{H}/2", "--absent")]:
        status, output = cli(w, *arguments)
        equal((status, output), (0, "changed\nSaved 1 file(s)\n"), str(arguments))
        if arguments[1] != "--absent":
            equal(cli(w, *arguments), (0, "as it was\n"), str(arguments))
    contains(w.read("/etc/hosts"), "192.0.2.1\tdb a=b c\n")


@test("the command refuses what contradicts itself")
def command_wrong(w):
    w.policy(FREE)
    equal(cli(w, f"{H}/1", "x", "--absent")[0], 2)
    equal(cli(w)[0], 2)
    equal(cli(w, f"{H}/1", "--match", "=x")[0], 2)


main()
