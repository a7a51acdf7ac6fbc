#!/usr/bin/python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""The whole interface of Augeas: variables, texts, copies, the client's own nodes, /augeas."""

import sys

sys.path.insert(0, sys.path[0] + "/../lib")
from exm import HOSTS, HOSTS_FREE, SESSION, check, contains, equal, for_each, main, test

H = "/files/etc/hosts"
NARROW = (SESSION + "[File /etc/hosts]\nLens=Hosts.lns\nSet=*/canonical */alias\nInsert=*/alias\n"
          "Remove=*/alias\nDeny=1/*\n")


MADE = "Set=**\nInsert=**\nRemove=**\nCreate=0644 root:root\n"
BESIDE = "Lens=Hosts.lns\n" + MADE


# ---- variables -----------------------------------------------------------------------

@test("defvar names nodes, and ns_* tell them by number")
def defvar(w):
    s = w.session()
    equal(s.call("augeas.defvar", ["h", H + "/*[ipaddr]"]), 4)
    equal(s.get("$h[1]/ipaddr"), "127.0.0.1")
    equal(s.call("augeas.ns_count", ["h"]), 4)
    equal(s.call("augeas.ns_path", ["h", 1]), H + "/2")
    equal(s.call("augeas.ns_label", ["h", 2]), {"label": "3", "index": 0})
    equal(s.call("augeas.ns_attr", ["h", 0]), {"value": None, "label": "1", "file": H})
    equal(s.call("augeas.defvar", ["ip", "$h/ipaddr"]), 4)
    equal(s.call("augeas.ns_value", ["ip", 2]), "::1")
    equal(s.call("augeas.defvar", ["h", None]), 0)
    s.refuse("BAD_PATH", "augeas.get", ["$h/ipaddr"])
    equal(s.refuse("NO_MATCH", "augeas.ns_value", ["ip", 4]).data["augeas"], "ENOMATCH")
    for index in (-1, 1 << 40):
        s.refuse("NO_MATCH", "augeas.ns_path", ["ip", index])
    s.refuse("NO_MATCH", "augeas.ns_label", ["nothing", 0])


@test("a variable of which the server makes use, or that is no label, is refused")
def defvar_refused(w):
    s = w.session()
    for name in ("exmachina_new", "exmachina_source", "", "a/b"):
        s.refuse("BAD_VALUE", "augeas.defvar", [name, H])
    s.refuse("BAD_PATH", "augeas.defvar", ["x", H + "["])
    s.alive()


@test("a variable is one of numbers, texts or truths as well")
def defvar_scalar(w):
    s = w.session()
    equal(s.call("augeas.defvar", ["n", f"count({H}/*)"]), 0)
    equal(s.call("augeas.defvar", ["t", "'x'"]), 0)
    equal(len(s.match(f"{H}/*[position() = $n - 1]")), 1)


@test("defnode makes the node that is missing, with the rights that this takes")
def defnode(w):
    s = w.session()
    equal(s.call("augeas.defnode", ["n", H + "/01/ipaddr", "192.0.2.1"]),
          {"count": 1, "created": True})
    s.set("$n/../canonical", "new")
    equal(s.get(H + "/01/canonical"), "new")
    equal(s.call("augeas.defnode", ["n", H + "/01/ipaddr", "192.0.2.2"]),
          {"count": 1, "created": False})
    equal(s.get(H + "/01/ipaddr"), "192.0.2.1")
    s.commit()
    contains(w.read("/etc/hosts"), "192.0.2.1\tnew\n")
    s = w.session(NARROW)
    error = s.refuse("DENIED", "augeas.defnode", ["n", H + "/7/ipaddr", "192.0.2.9"])
    equal(error.data["key"], "Insert")
    equal(s.match(H + "/7"), [])
    s.refuse("BAD_PATH", "augeas.get", ["$n"])


@test("no variable is left behind by what is overwritten, moved or removed")
def dangling(w):
    s = w.session()
    for path in ("/a/b/c", "/x/y/z"):
        s.set(path, "1")
    s.call("augeas.defvar", ["old", "/x/y"])
    s.call("augeas.move", ["/a/b", "/x"])
    equal(s.call("augeas.match", ["$old/*"]), [])
    s.call("augeas.defvar", ["old", "/x/c"])
    s.set("/d/e", "2")
    s.call("augeas.copy", ["/d", "/x"])
    equal(s.match("$old"), [])
    s.call("augeas.defvar", ["old", H + "/1/*"])
    s.call("augeas.load_file", ["/etc/hosts"])
    equal(s.match("$old"), [])
    s.alive()


@test("variables are defined anew by a load")
def variables_after_load(w):
    s = w.session()
    s.call("augeas.defvar", ["h", H + "/*[ipaddr]"])
    w.write("/etc/hosts", HOSTS + "192.0.2.1 more\n")
    s.call("augeas.load")
    equal(s.call("augeas.ns_count", ["h"]), 5)


# ---- the client's own nodes ----------------------------------------------------------

@test("nodes beside /files and /augeas are the client's own, and reach no file")
def own_nodes(w):
    s = w.session(NARROW)
    s.set("/mine/a/b", "1")
    equal(s.get("/mine/a/b"), "1")
    equal(s.call("augeas.setm", ["/mine", "a/c", "2"]), 1)
    s.call("augeas.insert", ["/mine/a", "z", True])
    s.call("augeas.rename", ["/mine/z", "y"])
    equal(s.match("/mine/*"), ["/mine/y", "/mine/a"])
    s.call("augeas.copy", [H + "/1", "/mine/copy"])
    equal(s.get("/mine/copy/ipaddr"), "127.0.0.1")
    equal(s.call("augeas.remove", ["/mine/a"]), 3)
    equal(s.diff(), {"files": []})
    equal(s.commit()["changed"], False)


@for_each([(f"a way from the client's own nodes into a file is judged: {name}", method, params)
           for name, method, params in [
    ("copy over a node", "augeas.copy", ["/mine/x", H + "/2/ipaddr"]),
    ("copy to a new node", "augeas.copy", ["/mine/x", H + "/2/new"]),
    ("copy over a node that Deny= covers", "augeas.copy", ["/mine/x", H + "/1/canonical"]),
    ("move", "augeas.move", ["/mine/x", H + "/2/canonical2"]),
    ("move over a file", "augeas.move", ["/mine/x", H]),
    ("copy over a file", "augeas.copy", ["/mine", H]),
    ("copy over all files", "augeas.copy", ["/mine", "/files"]),
    ("rename to files", "augeas.rename", ["/mine", "files"]),
    ("rename to augeas", "augeas.rename", ["/mine", "augeas"]),
    ("a second /files", "augeas.insert", ["/mine", "files"]),
    ("a second /augeas", "augeas.insert", ["/mine", "augeas"]),
    ("a text into a file's node", "augeas.text_retrieve",
     ["Hosts.lns", "/mine/text", "/mine/tree", H + "/2/ipaddr"]),
    ("a text's tree", "augeas.text_store", ["Hosts.lns", "/mine/text", H]),
    ("a text's tree by another way", "augeas.text_store",
     ["Hosts.lns", "/mine/text", "/mine/../files/etc/hosts"]),
    ("a text's tree over the server's nodes", "augeas.text_store",
     ["Hosts.lns", "/mine/text", "/augeas/files"]),
    ("a text's tree over the table of lenses", "augeas.text_store",
     ["Hosts.lns", "/mine/text", "/augeas/load"]),
    ("a node by defnode", "augeas.defnode", ["n", "/mine/../files/etc/hosts/9/ipaddr", "1"]),
    ("the server's own", "augeas.set", ["/augeas/files/etc/hosts/path", "/files/etc/shadow"]),
    ("the save mode's node", "augeas.remove", ["/augeas/save"]),
    ("a second save mode", "augeas.insert", ["/augeas/save", "save"]),
    ("the context's node", "augeas.remove", ["/augeas/context"])]])
def ways_into_files(w, method, params):
    s = w.session(NARROW)
    s.set("/mine/x", "value")
    s.set("/mine/text", HOSTS)
    s.call("augeas.text_store", ["Hosts.lns", "/mine/text", "/mine/tree"])
    try:
        s.call(method, params)
        check(False, f"{method} {params!r} was done")
    except Exception as error:  # pylint: disable=broad-except
        check(getattr(error, "name", "") in ("DENIED", "BAD_PATH"), str(error))
    equal(s.diff(), {"files": []})
    equal(s.match("/files/*"), ["/files/etc"])
    s.commit()
    equal(w.read("/etc/hosts"), HOSTS)


@for_each([(f"setm asks about each node that SUB leads to: {base} and {sub}", base, sub, name)
           for base, sub, name in [
    ("/mine/x", "/augeas/root", "DENIED"), ("/mine/x", "/augeas/context", "DENIED"),
    ("/mine/x", "/augeas/files/etc/hosts/path", "DENIED"), ("/mine/x", H + "/2/ipaddr", "DENIED"),
    ("/mine/x", H + "/7/ipaddr", "DENIED"), ("/mine/x", "/files[2]/etc", "DENIED"),
    (H + "/2", "alias | ipaddr", "DENIED"), (H + "/2", "../1/canonical", "DENIED"),
    (H + "/2", "../../hosts/3/ipaddr", "DENIED"), (H + "/2", "$ip", "DENIED"),
    (H + "/*", "canonical", "DENIED"), (H + "/2", "new", "DENIED"), (H + "/2", ".", "DENIED"),
    ("/mine/x", "/files//ipaddr", "DENIED"), ("/", ".", "DENIED"),
    ("/", "augeas/root", "DENIED"), ("/", "files/etc/hosts/2/ipaddr", "DENIED"),
    ("/mine/x", "[", "BAD_PATH"), ("/mine/x", "$none/x", "BAD_PATH"),
    ("/mine/x", "", "BAD_PATH")]])
def setm_anywhere(w, base, sub, name):
    s = w.session(NARROW)
    s.set("/mine/x/y", "1")
    s.set("/augeas/context", "/mine")
    s.call("augeas.defvar", ["ip", H + "/2/ipaddr"])
    s.match("/files//*")
    before = s.call("augeas.print", ["/files"]) + s.call("augeas.print", ["/mine"])
    s.refuse(name, "augeas.setm", [base, sub, "value"])
    equal(s.call("augeas.print", ["/files"]) + s.call("augeas.print", ["/mine"]), before)
    equal((s.get("/augeas/context"), s.get("/augeas/root"), s.get("/augeas/files/etc/hosts/path")),
          ("/mine", w.root + "/", H))
    equal(s.diff(), {"files": []})


@test("setm sets what Augeas sets, from each base, with the context left as it was")
def setm_sub(w):
    s = w.session()
    for base, sub, count, path in [
            ("/m/*", "/o/new", 2, "/o/new"), ("/m/*", "x | y", 2, "/m/b/y"),
            ("/m/*", "../z", 2, "/m/z"), ("/m/a", ".", 1, "/m/a"), ("/m/*", None, 2, "/m/b"),
            ("/m/*", "new/deep", 2, "/m/b/new/deep"), (H + "/*[ipaddr]", "alias[1]", 4, H + "/1/alias"),
            ("/nowhere", "x", 0, None), ("/", "q/r", 1, "/q/r")]:
        s.call("augeas.remove", ["/m"])
        s.set("/m/a/x", "1")
        s.set("/m/b/y", "1")
        equal(s.call("augeas.setm", [base, sub, "S"]), count, f"{base} {sub}")
        check(path is None or s.get(path) == "S", path)
        equal(s.get("/augeas/context"), "/files")
    s.commit()
    contains(w.read("/etc/hosts"), "localhost S\n")


@test("a relative path is made where the context is, and a denial takes away no more than it made")
def relative(w):
    s = w.session(NARROW)
    s.set("/augeas/context", H)
    for path in ("new", "new/deeper", "./2/ipaddr/x"):
        equal(s.refuse("DENIED", "augeas.set", [path, "x"]).data["key"], "Insert", path)
        equal(len(s.match(H + "/*")), 5)
    s.set("./2/alias", "x")
    equal(s.get(H + "/2/alias"), "x")
    s.commit()
    equal(w.read("/etc/hosts"), HOSTS.replace("debian", "debian x"))


@test("copy takes a node with all below it, and needs no right for what it copies from")
def copy(w):
    s = w.session()
    equal(s.call("augeas.copy", [H + "/3", H + "/5"]), True)
    equal(s.match(H + "/5/*"), [H + "/5/" + n for n in
                                ("ipaddr", "canonical", "alias[1]", "alias[2]")])
    equal(len(s.match(H + "/3/*")), 4)
    s.commit()
    contains(w.read("/etc/hosts"), "::1\tlocalhost ip6-localhost ip6-loopback\n")
    equal(s.refuse("BAD_PATH", "augeas.copy", [H, H + "/1"]).data["augeas"], "ECPDESC")
    equal(s.refuse("BAD_PATH", "augeas.move", [H + "/1", H + "/1/x"]).data["augeas"], "EMVDESC")
    s.refuse("BAD_PATH", "augeas.copy", [H + "/1/ipaddr", H + "/1"])
    s.refuse("BAD_PATH", "augeas.move", [H + "/1/ipaddr", H + "/1"])
    s.refuse("TOO_MANY_MATCHES", "augeas.copy", [H + "/*", "/x"])
    s.refuse("NO_MATCH", "augeas.copy", [H + "/99", "/x"])
    s.alive()


# ---- texts -----------------------------------------------------------------------------

@test("a text becomes a tree, and a changed tree a text, with no file")
def texts(w):
    s = w.session()
    s.set("/in", "# note\n127.0.0.1 a b\n")
    equal(s.call("augeas.text_store", ["Hosts.lns", "/in", "/tree"]), True)
    equal(s.get("/tree/1/canonical"), "a")
    s.set("/tree/1/alias", "c")
    equal(s.call("augeas.text_retrieve", ["Hosts.lns", "/in", "/tree", "/out"]), True)
    equal(s.get("/out"), "# note\n127.0.0.1 a c\n")
    equal(s.diff(), {"files": []})


@test("a text that is not what the lens describes is told with its place")
def bad_text(w):
    s = w.session()
    s.set("/in", "127.0.0.1 a\nlonely\n")
    error = s.refuse("PARSE_FAILED", "augeas.text_store", ["Hosts.lns", "/in", "/tree"])
    equal((error.data["kind"], error.data["line"], error.data["lens"]),
          ("parse_failed", 2, "Hosts.lns"))
    equal(s.get("/augeas/text/tree/error"), "parse_failed")
    equal(s.refuse("BAD_VALUE", "augeas.text_store", ["Nothing.lns", "/in", "/tree"])
          .data["augeas"], "ENOLENS")
    s.refuse("NO_MATCH", "augeas.text_store", ["Hosts.lns", "/nowhere", "/tree"])


@test("preview shows the text that a commit would write")
def preview(w):
    s = w.session()
    s.set(H + "/1/canonical", "here")
    equal(s.call("augeas.preview", [H + "/1"]), HOSTS.replace("127.0.0.1\tlocalhost",
                                                              "127.0.0.1\there"))
    s.set(H + "/1/ipaddr", "two words")
    s.refuse("PARSE_FAILED", "augeas.preview", [H])
    s.refuse("NO_MATCH", "augeas.preview", [H + "/99"])
    equal(s.refuse("BAD_PATH", "augeas.preview", ["/augeas"]).data["augeas"], "EBADARG")
    equal(w.read("/etc/hosts"), HOSTS)


@test("values that are not UTF-8 go through every method")
def bytes_everywhere(w):
    odd = {"base64": "/2E="}
    s = w.session()
    s.set("/x", odd)
    s.call("augeas.copy", ["/x", "/y"])
    equal(s.get("/y"), odd)
    s.call("augeas.defnode", ["v", "/z", odd])
    equal(s.call("augeas.ns_value", ["v", 0]), odd)
    equal(s.call("augeas.ns_attr", ["v", 0])["value"], odd)
    equal(dumped(s, "/z"), [(0, "z", odd)])
    s.call("augeas.insert", ["/x", odd])
    equal(s.call("augeas.escape_name", [odd]), odd)
    equal(s.call("augeas.escape_name", ["a b/c"]), "a\\ b\\/c")
    s.set("/s", {"base64": "IyD/CjEyNy4wLjAuMSBhCg=="})
    s.call("augeas.text_store", ["Hosts.lns", "/s", "/t"])
    equal(s.get("/t/#comment"), {"base64": "/w=="})


def dumped(s, path):
    return [(row["depth"], row["label"], row["value"]) for row in s.call("augeas.dump", [path])]


@test("dump tells a tree with all below it, in order and with depths")
def dump(w):
    s = w.session()
    equal(dumped(s, H + "/3"),
          [(0, "3", None), (1, "ipaddr", "::1"), (1, "canonical", "localhost"),
           (1, "alias", "ip6-localhost"), (1, "alias", "ip6-loopback")])
    s.set("/e/x", "")
    s.set("/e/y", None)
    equal(dumped(s, "/e"), [(0, "e", None), (1, "x", ""), (1, "y", None)])
    equal(dumped(s, "/nothing"), [])
    equal(s.call("augeas.dump")[0], {"depth": 0, "label": "files", "value": None})
    equal(len(s.call("augeas.dump", [H + "/*"])), len(s.match(H + "/descendant::*")))


@test("a dump takes time that is proportional to the tree")
def dump_linear(w):
    w.write("/etc/hosts", "".join(f"10.0.{n // 250}.{n % 250 + 1} h{n}\n" for n in range(20000)))
    s = w.session()
    equal(s.get(H + "/1/canonical"), "h0")  # to read the file is not the dump's time
    equal(len(s.call("augeas.dump", [H])), 60001)


# ---- /augeas -----------------------------------------------------------------------------

@test("what is wrong is told by Augeas's own name for it")
def error_names(w):
    s = w.session()
    for name, augeas, method, params in [
            ("NO_MATCH", "ENOMATCH", "augeas.get", ["/nowhere"]),
            ("TOO_MANY_MATCHES", "EMMATCH", "augeas.get", [H + "/*"]),
            ("BAD_PATH", "EPATHX", "augeas.get", [H + "["]),
            ("BAD_VALUE", "ELABEL", "augeas.rename", [H + "/1", "a/b"]),
            ("NO_MATCH", "ENOSPAN", "augeas.span", ["/augeas/version"]),
            ("BAD_VALUE", "EBADARG", "augeas.transform", ["", "/etc/hosts"])]:
        equal(s.refuse(name, method, params).data["augeas"], augeas, str(params))


@test("/augeas/load shows what the policy has, and says what is loaded")
def load_table(w):
    w.write("/etc/host.conf", "multi on\n")
    s = w.session(SESSION + HOSTS_FREE + "[File /etc/host.conf]\nLens=Host_Conf.lns\nSet=**\n")
    equal(s.get("/augeas/load/Hosts/lens"), "Hosts.lns")
    equal(s.get("/augeas/load/Hosts/incl"), "/etc/hosts")
    equal(s.call("augeas.remove", ["/augeas/load/Hosts"]), 3)
    equal(len(s.match(H + "/*")), 5, "until it is loaded anew")
    s.call("augeas.load")
    equal(s.match("/files/etc/*"), ["/files/etc/host.conf"])
    s.refuse("NO_MATCH", "augeas.get", [H + "/1/ipaddr"])
    s.refuse("PARSE_FAILED", "augeas.set", [H + "/1/ipaddr", "x"])
    s.set("/augeas/load/Mine/lens", "@Hosts")
    s.set("/augeas/load/Mine/incl[last()+1]", "/etc/host?")
    s.set("/augeas/load/Mine/incl[last()+1]", "/etc/shadow")
    s.call("augeas.load")
    equal(s.get(H + "/1/ipaddr"), "127.0.0.1")
    s.set("/augeas/load/Mine/excl", "hosts")
    s.call("augeas.load")
    equal(s.match(H), [])
    equal(s.refuse("BAD_VALUE", "augeas.load_file", ["/etc/hosts"]).data["augeas"], "ENOLENS")
    s.call("augeas.remove", ["/augeas/load/Mine/excl"])
    equal(s.call("augeas.load_file", ["/etc/hosts"]), True)
    equal(s.get(H + "/1/ipaddr"), "127.0.0.1")
    s.refuse("DENIED", "augeas.load_file", ["/etc/shadow"])


def with_lens(w, policy, lens, path="/etc/hosts"):
    """A session in which the file is read with another lens than the policy's."""
    s = w.session(policy)
    s.call("augeas.remove", ["/augeas/load/*"])
    s.call("augeas.transform", [lens, path])
    s.call("augeas.load")
    return s


@test("another lens shows other nodes, and changes nothing unless the policy says so")
def other_lens_reads(w):
    s = with_lens(w, NARROW, "Simplelines.lns")
    equal(s.get(H + "/1"), "127.0.0.1\tlocalhost")
    for method, params in (("set", [H + "/2", "127.0.1.1\tother"]), ("clear", [H + "/2"]),
                           ("remove", [H + "/2"]), ("rename", [H + "/2", "9"]),
                           ("insert", [H + "/2", "01"]), ("set", [H + "/01", "192.0.2.1 x"]),
                           ("copy", [H + "/1", H + "/2"]), ("move", [H + "/1", H + "/9"]),
                           ("defnode", ["x", H + "/01", "1"]), ("setm", [H, "*", "x"]),
                           ("ensure", {"path": H + "/2", "value": "x"})):
        error = s.refuse("DENIED", "augeas." + method, params)
        equal((error.data["key"], error.data["rule"], error.data["lens"]),
              ("OtherLens", "OtherLens=yes", "Simplelines.lns"), method)
    equal(s.diff(), {"files": []})
    s.commit()
    equal(w.read("/etc/hosts"), HOSTS)


@test("where the policy says so the policy's lens judges what another lens's edits come to")
def other_lens(w):
    s = with_lens(w, NARROW + "OtherLens=yes\n", "Simplelines.lns")
    s.set(H + "/2", "127.0.1.1\tother")
    s.commit()
    contains(w.read("/etc/hosts"), "127.0.1.1\tother\n")
    before = w.read("/etc/hosts")
    for path, value in ((H + "/2", "192.0.2.1\tother"), (H + "/01", "192.0.2.1\tnew"),
                        (H + "/2", "127.0.1.1\tother\n192.0.2.1\tnew"), (H + "/2", "garbage")):
        s.set(path, value)
        name = "BAD_VALUE" if "\n" in value else "PARSE_FAILED" if value == "garbage" else "DENIED"
        error = s.refuse(name, "config.commit")
        check(name != "DENIED" or error.data["node"], "a node of the policy's lens")
        s.call("config.discard")
        equal(w.read("/etc/hosts"), before)
    s.set(H + "/1", "127.0.0.1\tdenied")
    equal(s.refuse("DENIED", "config.commit").data["key"], "Deny")
    s.call("config.discard")
    s.call("augeas.remove", [H + "/3"])
    s.refuse("DENIED", "config.commit")
    equal(w.read("/etc/hosts"), before)


APT = "/etc/apt/sources.list"
APT_TEXT = "deb http://deb.debian.org/debian bookworm main\n"
APT_POLICY = SESSION + f"[File {APT}]\nLens=Aptsources.lns\nSet=*/distribution\n"


@test("a comment that the policy's lens does not see as a node cannot be smuggled in")
def hidden_comment(w):
    w.write(APT, APT_TEXT)
    s = with_lens(w, APT_POLICY, "Simplelines.lns", APT)
    line = APT_TEXT.rstrip().replace("bookworm", "trixie") + " # hidden"
    equal(s.refuse("DENIED", "augeas.set", [f"/files{APT}/1", line]).data["key"], "OtherLens")
    s.commit()
    equal(w.read(APT), APT_TEXT)
    # with the policy's own lens the same client can do what the policy names, and no comment
    s = w.session(APT_POLICY)
    s.set(f"/files{APT}/1/distribution", "trixie")
    s.refuse("DENIED", "augeas.set", [f"/files{APT}/1/#comment", "hidden"])
    for value in ("trixie # hidden", "trixie main # hidden", "trixie\n# hidden"):
        s.set(f"/files{APT}/1/distribution", value)
        s.refuse("BAD_VALUE", "config.commit")
    s.call("config.discard")
    equal(w.read(APT), APT_TEXT)


@test("OtherLens=yes is about just that: what the policy's lens does not see is the client's then")
def shown_comment(w):
    w.write(APT, APT_TEXT)
    s = with_lens(w, APT_POLICY + "OtherLens=yes\n", "Simplelines.lns", APT)
    line = APT_TEXT.rstrip().replace("bookworm", "trixie")
    s.set(f"/files{APT}/1", line + " # hidden")
    changes = s.commit()["files"][0]["changes"]
    equal([c["node"] for c in changes], ["1/distribution"])
    equal(w.read(APT), line + " # hidden\n")
    for other in (line.replace("main", "contrib"), "deb [trusted=yes] " + line[4:],
                  line.replace("debian.org", "example.org"), line + "\n" + line):
        s.set(f"/files{APT}/1", other)
        check(s.refuse("BAD_VALUE" if "\n" in other else "DENIED", "config.commit"))
        s.call("config.discard")
    equal(w.read(APT), line + " # hidden\n")


@test("what one lens has written is not saved beside, where another one reads")
def other_lens_beside(w):
    w.write(APT, APT_TEXT)
    policy = APT_POLICY + f"[File {APT}.augnew]\nLens=Simplelines.lns\n" + MADE
    for more, name in (("", "DENIED"), ("OtherLens=yes\n", None)):
        s = w.session(policy + more)
        s.set("/augeas/save", "newfile")
        s.set(f"/files{APT}/1/distribution", "trixie")
        if name:
            error = s.refuse(name, "augeas.save")
            equal((error.data["file"], error.data["key"]), (APT + ".augnew", "OtherLens"))
            equal(w.files("/etc/apt"), ["sources.list"])
        else:
            s.call("augeas.save")
            contains(w.read(APT + ".augnew"), " trixie ")
    equal(w.read(APT), APT_TEXT)


@test("a file that may not be changed is not changed with another lens either")
def other_lens_read_only(w):
    s = with_lens(w, SESSION + "[File /etc/hosts]\nLens=Hosts.lns\nOtherLens=yes\n",
                  "Simplelines.lns")
    equal(s.get(H + "/1"), "127.0.0.1\tlocalhost")
    for method, params in (("set", [H + "/1", "x"]), ("remove", [H + "/1"]),
                           ("copy", [H + "/1", H + "/2"])):
        equal(s.refuse("DENIED", "augeas." + method, params).data["key"], "Set")
    equal(s.diff(), {"files": []})


@test("another lens reads no more than the files of the policy")
def other_lens_reads_no_more(w):
    w.write("/etc/shadow", "root:secret:1:0:99999:7:::\n", 0o600)
    s = w.session(NARROW)
    s.call("augeas.remove", ["/augeas/load/*"])
    s.set("/augeas/load/X/lens", "Simplelines.lns")
    for glob in ("/etc/*", "/etc/shadow", "/../../../etc/shadow", "etc/shadow", "/**",
                 "/usr/share/augeas/lenses/dist/hosts.aug", "/../../usr/share/augeas/lenses/dist/*"):
        s.set("/augeas/load/X/incl[last()+1]", glob)
    s.call("augeas.load")
    equal(s.match("/files/*"), ["/files/etc"])
    equal(s.match("/files/etc/*"), [H])
    equal(s.get(H + "/1"), "127.0.0.1\tlocalhost")
    equal(s.get("/augeas/load/X/incl[4]"), "/etc/shadow")
    equal(s.match("/augeas/files/etc/*"), ["/augeas" + H])


@for_each([(f"a lens is looked for by its name, and by no path: {name}", name) for name in (
    "../Evil.lns", "dist/Hosts.lns", "/staging/Evil.lns", "Hosts", "Hosts.lns.x", "", "@", "@../x",
    "hosts.lns", "Hosts lns", ".lns", "Hosts.")])
def lens_names(w, name):
    s = w.session()
    s.set("/text", HOSTS)
    for method, params in (("text_store", [name, "/text", "/tree"]),
                           ("text_retrieve", [name, "/text", "/tree", "/out"])):
        error = s.refuse("BAD_VALUE", "augeas." + method, params)
        equal(error.data["augeas"], "ENOLENS")
        contains(error.message, "no lens has such a name")
    s.call("augeas.remove", ["/augeas/load/*"])
    s.set("/augeas/load/X/lens", name)
    s.set("/augeas/load/X/incl", "/etc/hosts")
    s.call("augeas.load")
    equal(s.get("/augeas/load/X/error"), "no lens has such a name")
    equal(s.match(H), [])
    equal(s.refuse("BAD_VALUE", "augeas.load_file", ["/etc/hosts"]).data["augeas"], "ENOLENS")


@test("what is wrong with a transform is told at it, as in Augeas")
def transform_errors(w):
    s = w.session()
    s.call("augeas.remove", ["/augeas/load/*"])
    s.set("/augeas/load/A/incl", "etc/hosts")
    s.set("/augeas/load/B/lens", None)
    s.set("/augeas/load/C/lens", "Nothing.lns")
    s.set("/augeas/load/C/incl", "/etc/hosts")
    s.set("/augeas/load/D/lens", "Simplelines.lns")
    s.set("/augeas/load/D/excl", "a/b")
    s.set("/augeas/load/D/excl[2]", "ab")
    s.call("augeas.load")
    equal(s.get("/augeas/load/A/error"), "missing a child with label 'lens'")
    equal(s.get("/augeas/load/B/error"), "the 'lens' node does not contain a lens name")
    contains(s.get("/augeas/load/C/error"), "Nothing.lns")
    equal(s.match("/augeas/load/D/error"), [])
    equal([s.get(p) for p in s.match("/augeas/load/*/*[label() = 'incl' or label() = 'excl']")],
          ["/etc/hosts", "/etc/hosts", "/a/b", "ab"])
    equal(s.match(H), [])
    equal(len(s.match("/augeas//error")), 3)
    s.set("/augeas/load/C/lens", "Hosts.lns")
    s.call("augeas.load")
    equal(s.match("/augeas/load/C/error"), [])
    equal(s.get(H + "/1/ipaddr"), "127.0.0.1")


@test("what one section has by its own name is no other's, also once the client has a table")
def sections_meet(w):
    w.write("/etc/x/a.conf", "A=1\n")
    w.write("/etc/x/b.conf", "127.0.0.1 b\n")
    s = w.session(SESSION + "[File /etc/x/*.conf]\nLens=Hosts.lns\n"
                  "[File /etc/x/a.conf]\nLens=Shellvars.lns\n" + HOSTS_FREE)
    for _ in range(2):
        equal(s.get("/files/etc/x/a.conf/A"), "1")
        equal(s.get("/files/etc/x/b.conf/1/canonical"), "b")
        s.call("augeas.transform", ["Simplelines.lns", "/etc/hosts", True])
        s.call("augeas.load")


@test("/augeas/span says whether nodes of files that are read from then on have spans")
def span_switch(w):
    s = w.session()
    equal(s.call("augeas.span", [H + "/1/ipaddr"])["span"], [0, 9])
    s.set("/augeas/span", "disable")
    equal(s.call("augeas.span", [H + "/1/ipaddr"])["span"], [0, 9])
    s.call("augeas.load")
    equal(s.refuse("NO_MATCH", "augeas.span", [H + "/1/ipaddr"]).data["augeas"], "ENOSPAN")
    equal(s.call("augeas.source", [H + "/1/ipaddr"]), H)
    s.call("augeas.defvar", ["h", H + "/1"])
    equal(s.call("augeas.ns_attr", ["h"])["file"], H)
    s.set("/augeas/span", "enable")
    s.call("augeas.load")
    equal(s.call("augeas.span", [H + "/1/ipaddr"])["span"], [0, 9])


@test("there is one /augeas, and whatever would make a second one is denied")
def second_augeas(w):
    s = w.session()
    for method, params in (("augeas.set", ["/augeas[2]/load/x", "1"]),
                           ("augeas.defnode", ["n", "/augeas[last()+1]/text/x"])):
        s.refuse("DENIED", method, params)
    equal(len(s.match("/augeas")), 1)
    s.call("augeas.load", {"fresh": True})


@test("why a file could not be read is kept when others are read")
def reason_kept(w):
    w.write("/etc/a.conf", "127.0.0.1 a\n!!!\n")
    w.write("/etc/b.conf", "127.0.0.1 b\n")
    s = w.session(SESSION + "".join(f"[File /etc/{name}.conf]\nLens=Hosts.lns\nSet=**\n"
                                    for name in "ab"))
    error = s.refuse("PARSE_FAILED", "augeas.get", ["/files/etc/a.conf/1"])
    equal(s.match("/files//canonical"), ["/files/etc/b.conf/1/canonical"])
    equal(s.refuse("PARSE_FAILED", "augeas.get", ["/files/etc/a.conf/1"]).data, error.data)
    equal(s.match("/augeas//error"), ["/augeas/files/etc/a.conf/error"])


@test("two lenses for one file are an error of it, as in Augeas")
def two_lenses(w):
    s = w.session()
    s.call("augeas.transform", ["Simplelines.lns", "/etc/hosts"])
    s.call("augeas.load")
    s.refuse("PARSE_FAILED", "augeas.get", [H + "/1"])
    equal(s.get("/augeas/files/etc/hosts/error"), "mxfm_load")


@test("/augeas/save = noop saves nothing and says what it would")
def save_noop(w):
    s = w.session()
    s.set("/augeas/save", "noop")
    s.set(H + "/1/canonical", "x")
    s.call("augeas.save")
    equal(w.read("/etc/hosts"), HOSTS)
    equal(s.get("/augeas/events/saved"), H)
    s.set("/augeas/save", "overwrite")
    s.call("augeas.save")
    contains(w.read("/etc/hosts"), "127.0.0.1\tx\n")
    s.refuse("BAD_VALUE", "augeas.set", ["/augeas/save", "perhaps"])
    s.refuse("BAD_VALUE", "augeas.set", ["/augeas/save", None])


@test("/augeas/save = newfile writes FILE.augnew, if the policy names that")
def save_newfile(w):
    s = w.session()
    s.set("/augeas/save", "newfile")
    s.set(H + "/1/canonical", "x")
    error = s.refuse("DENIED", "augeas.save")
    equal((error.data["file"], error.data["key"]), ("/etc/hosts.augnew", "[File]"))
    equal(w.files("/etc"), ["hosts", "ssh"])
    s = w.session(SESSION + HOSTS_FREE + "[File /etc/hosts.augnew]\n" + BESIDE)
    s.set("/augeas/save", "newfile")
    s.set(H + "/1/canonical", "x")
    s.call("augeas.save")
    equal(w.read("/etc/hosts"), HOSTS)
    equal(w.read("/etc/hosts.augnew"), HOSTS.replace("127.0.0.1\tlocalhost", "127.0.0.1\tx"))
    equal(s.match("/augeas/events/saved"), ["/augeas/events/saved"])
    equal(s.get("/augeas/events/saved"), H)
    s.set(H + "/1/canonical", "y")
    s.call("augeas.save")
    contains(w.read("/etc/hosts.augnew"), "127.0.0.1\ty\n")
    s = w.session(SESSION + HOSTS_FREE + "Delete=yes\n[File /etc/hosts.augnew]\n" + BESIDE)
    s.set("/augeas/save", "newfile")
    s.call("augeas.remove", [H])
    s.call("augeas.save")
    equal(w.files("/etc"), ["hosts.augnew", "ssh"])


@test("/augeas/save = backup keeps FILE.augsave, if the policy names that")
def save_backup(w):
    s = w.session()
    s.set("/augeas/save", "backup")
    s.set(H + "/1/canonical", "x")
    equal(s.refuse("DENIED", "augeas.save").data["file"], "/etc/hosts.augsave")
    equal(w.read("/etc/hosts"), HOSTS)
    s = w.session(SESSION + HOSTS_FREE + "[File /etc/hosts.augsave]\n" + BESIDE)
    s.set("/augeas/save", "backup")
    s.set(H + "/1/canonical", "x")
    s.call("augeas.save")
    contains(w.read("/etc/hosts"), "127.0.0.1\tx\n")
    equal(w.read("/etc/hosts.augsave"), HOSTS)
    equal([s.get(p) for p in s.match("/augeas/events/saved")], [H])


@test("/augeas/save = backup: one that is edited itself is no place for the old text of another")
def save_backup_edited(w):
    w.write("/etc/hosts.augsave", "192.0.2.1 old\n")
    s = w.session(SESSION + "[File /etc/hosts*]\n" + BESIDE)
    s.set("/augeas/save", "backup")
    s.set(H + "/1/canonical", "y")
    s.set(H + ".augsave/1/canonical", "z")
    equal(s.refuse("BAD_VALUE", "augeas.save").data["file"], "/etc/hosts.augsave")
    equal(w.files("/etc"), ["hosts", "hosts.augsave", "ssh"])
    s.set("/augeas/save", "overwrite")
    s.call("augeas.save")
    contains(w.read("/etc/hosts"), "127.0.0.1\ty\n")
    equal(w.read("/etc/hosts.augsave"), "192.0.2.1 z\n")


@test("/augeas/events/saved is of the last save, whatever is looked at meanwhile")
def events(w):
    s = w.session(SESSION + HOSTS_FREE + "[File /etc/ssh/sshd_config]\nLens=Sshd.lns\nSet=**\n")
    s.set(H + "/1/canonical", "x")
    s.set("/files/etc/ssh/sshd_config/Port", "23")
    s.diff()
    s.call("config.commit", {"dry_run": True})
    equal(s.match("/augeas/events/saved"), [])
    s.commit()
    saved = [s.get(p) for p in s.match("/augeas/events/saved")]
    equal(sorted(saved), [H, "/files/etc/ssh/sshd_config"])
    s.diff()
    equal(len(s.match("/augeas/events/saved")), 2)
    s.commit()
    equal(s.match("/augeas/events/saved"), [])


@test("/augeas/root is where the files are from, and not where the server keeps them")
def root(w):
    equal(w.session().get("/augeas/root"), w.root + "/")


@test("the context may be among the client's own nodes")
def context(w):
    s = w.session()
    s.set("/augeas/context", "/mine")
    s.set("a", "1")
    equal(s.get("/mine/a"), "1")
    s.refuse("DENIED", "augeas.set", ["/augeas/context", "/mine/../files/etc/hosts/9"])
    s.refuse("DENIED", "augeas.set", ["/augeas/context", "/augeas/files"])


# ---- scripts ---------------------------------------------------------------------------------

@test("srun does what augtool does with a script, and prints the same")
def srun(w):
    s = w.session()
    equal(s.call("augeas.srun", [f"# a note\n\nset {H}/1/canonical x\nget {H}/1/canonical\n"
                                 f"ins alias after {H}/1/canonical\nset {H}/1/alias y\n"
                                 f"get {H}/99\nrm {H}/2\nsave\n"]),
          {"output": f"{H}/1/canonical = x\n{H}/99 (o)\nrm : {H}/2 3\nSaved 1 file(s)\n",
           "commands": 7, "quit": False})
    contains(w.read("/etc/hosts"), "127.0.0.1\tx y\n")
    equal(s.call("augeas.srun", ["quit\nget /x\n"]), {"output": "", "commands": 1, "quit": True})
    equal(s.call("augeas.srun", [""]), {"output": "", "commands": 0, "quit": False})


@test("srun tells of errors, of itself and in XML as augtool does")
def srun_tells(w):
    w.write("/etc/hosts", "127.0.0.1 a\nlonely\n")
    s = w.session()

    def run(line):
        return s.call("augeas.srun", [line])["output"]
    lines = run("errors").splitlines()
    equal(lines[0], "Error in /etc/hosts:2.6 (parse_failed)")
    equal([line.split(":")[0] for line in lines[2:]],
          ["  Lens", "    Last matched", "    Next (no match)"])
    info = dict(line.split(" = ") for line in run("info").splitlines())
    equal((info["root"], info["context"], info["num_files"]), (w.root + "/", "/files", "1"))
    contains(info["loadpath"], "/usr/share/augeas/lenses")
    w.write("/etc/hosts", HOSTS)
    s.call("augeas.load")
    equal(run("errors"), "  (no errors)\n")
    xml = run(f"dump-xml {H}/1")
    contains(xml, '<node label="ipaddr" file="/etc/hosts">')
    check("staging" not in xml, xml)
    contains(run("print"), "/augeas/save = \"overwrite\"")
    contains(run("help"), "\nerrors\n")
    equal(run("help mv"), "mv, move\n")
    s.refuse("BAD_VALUE", "augeas.srun", ["help nosuch"])


@for_each([(f"a script has the rights of its session and no more: {line}", line, name)
           for line, name in [
    (f"set {H}/1/canonical x", "DENIED"), (f"set {H}/2/ipaddr x", "DENIED"),
    (f"rm {H}", "DENIED"), (f"mv {H}/2 /mine", "DENIED"), (f"cp /mine {H}/2/ipaddr", "DENIED"),
    ("load-file /etc/shadow", "DENIED"), ("transform Shadow incl /etc/shadow", "DENIED"),
    (f"store Hosts.lns /mine {H}", "BAD_PATH"), (f"retrieve Hosts.lns /t /tree {H}/2", "DENIED"),
    (f"defnode x {H}/9/ipaddr 1", "DENIED"), ("rename /mine files", "DENIED"),
    (f"clearm {H}/* ipaddr", "DENIED"), (f"touch {H}/77", "DENIED"),
    ("context /augeas", "DENIED"), ("set /augeas/root /", "DENIED"),
    (f"ins x sideways {H}/2", "BAD_VALUE"), ("nosuch", "BAD_VALUE"), ("get", "BAD_VALUE"),
    ("get a b", "BAD_VALUE"), ("get 'a", "BAD_VALUE"), ("get /x[", "BAD_VALUE"),
    ("get /x\\", "BAD_VALUE"), ("source /a /b", "BAD_VALUE"), ("get $none", "BAD_PATH")]])
def srun_refused(w, line, name):
    w.write("/etc/shadow", "root:secret:1:0:99999:7:::\n", 0o600)
    s = w.session(NARROW)
    s.set("/mine", "1")
    s.set("/t", HOSTS)
    s.call("augeas.text_store", ["Hosts.lns", "/t", "/tree"])
    error = s.refuse(name, "augeas.srun", [f"get /mine\n{line}\nset /after 1\n"])
    equal(error.data["output"], "/mine = 1\n")
    equal((error.data["script_line"], error.data["commands"]), (2, 1))
    equal(s.match("/after"), [])
    equal(s.diff(), {"files": []})
    s.commit()
    equal(w.read("/etc/hosts"), HOSTS)


if __name__ == "__main__":
    main()
