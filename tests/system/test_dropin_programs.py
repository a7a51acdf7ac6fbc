#!/usr/bin/python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""Programs that nobody here wrote, with Augeas's own library as root and with ours as an ordinary
user: they say the same of Debian's own files, with every lens that reads one of them."""

import os
import sys

sys.path.insert(0, sys.path[0] + "/../lib")
from dropin import alike, first_difference, ours, real, said, same, take_etc
from exm import CLI, Failure, check, contains, equal, main, test

LEAST_FILES, LEAST_LENSES = 60, 25


def each_lens(files):
    """One file for each lens, that everybody may read."""
    return {lens: file for file, lens in reversed(files.items())}


# ---- augtool --------------------------------------------------------------------------------

@test("augtool prints all of /files as it does with Augeas", seconds=180)
def print_all(w):
    files = take_etc(w)
    check(len(files) >= LEAST_FILES, f"only {len(files)} files")
    check(len(set(files.values())) >= LEAST_LENSES, f"only {len(set(files.values()))} lenses")
    _, out, _ = alike(w, "augtool", "print", "/files", seconds=120)
    check(len(out.splitlines()) > 1000, "that is not all of it")


@test("augtool answers questions about every file as it does with Augeas", seconds=180)
def ask_all(w):
    files = take_etc(w)
    lines = ["count /files//*"]  # so that a server has read them in the same order
    for file in files:
        node = "/files" + file.replace("-", "\\-").replace("+", "\\+")
        lines += [f"match {node}/*", f"get {node}/*[1]", f"ls {node}", f"label {node}",
                  f"source {node}", f"count {node}//*", f"get {node}/*[last()]/*[1]",
                  f"match {node}/*[. =~ regexp('.*a.*')]", f"print {node}/*[position() < 3]"]
    lines += ["match /files/etc/*", "match /augeas//error", "errors", "get /files[",
              "match /files/etc//*[label() =~ glob('*#*')]", "nosuch", "get", "span /files/etc/hosts"]
    script = w.path_of("questions")
    with open(script, "w", encoding="utf-8") as file:
        file.write("\n".join(lines) + "\n")
    os.chmod(script, 0o644)
    wanted, got = (said(run(w, "augtool", "-f", script, seconds=120)) for run in (real, ours))
    if got[1] != wanted[1]:
        raise Failure(first_difference(got, (got[0], wanted[1], got[2])))


@test("augtool dumps a tree as XML as it does with Augeas", seconds=180)
def dump_xml(w):
    files = take_etc(w)
    for file in list(each_lens(files).values())[:12]:
        alike(w, "augtool", "--noload", "load-file " + file + "\ndump-xml /files" + file)


@test("augtool's edits are saved as Augeas saves them", seconds=180)
def edit_and_save(w):
    take_etc(w)
    other = w.path_of("other")
    os.mkdir(other)
    w.run("cp", "-a", w.root + "/etc", other)
    script = ("set /files/etc/hosts/01/ipaddr 192.0.2.1\nset /files/etc/hosts/01/canonical new\n"
              "ins Port after /files/etc/ssh/sshd_config/Include\n"
              "set /files/etc/ssh/sshd_config/Port 22\nmv /files/etc/ssh/sshd_config/UsePAM /own\n"
              "mv /own /files/etc/ssh/sshd_config/UseDNS\nrm /files/etc/hosts/*[ipaddr = '::1']\n"
              "setm /files/etc/passwd/* shell /bin/false\nsave\nprint /augeas/events/saved\n")
    path = w.path_of("script")
    with open(path, "w", encoding="utf-8") as file:
        file.write(script)
    os.chmod(path, 0o644)
    wanted = said(real(w, "augtool", "-f", path, root=other))
    got = said(ours(w, "augtool", "-f", path))
    check(got[0] == wanted[0] == 0, str(got))
    # in the order in which they were read
    equal(sorted(line.split(" = ")[-1] for line in got[1].splitlines()),
          sorted(line.split(" = ")[-1] for line in wanted[1].splitlines()))
    contains(wanted[1], "Saved 3 file(s)\n")
    for name in ("hosts", "passwd", "ssh/sshd_config"):
        with open(f"{other}/etc/{name}", encoding="utf-8") as file:
            equal(w.read("/etc/" + name), file.read())


@test("augtool says what is wrong with a file, and with a save, as it does with Augeas",
      seconds=180)
def wrong_files(w):
    take_etc(w)
    w.write("/etc/hosts", "127.0.0.1 localhost\nlonely\n")
    _, out, _ = alike(w, "augtool", "match /augeas/files/etc/hosts/error")
    contains(out, "parse_failed")
    script = w.path_of("script")
    with open(script, "w", encoding="utf-8") as file:
        file.write("set /files/etc/passwd/root/uid x\nsave\nerrors\n")
    os.chmod(script, 0o644)
    equal(real(w, "augtool", "-f", script).returncode, ours(w, "augtool", "-f", script).returncode)


# ---- augmatch and augprint --------------------------------------------------------------------

@test("augmatch shows a file of every lens as it does with Augeas", seconds=240)
def augmatch(w):
    files = take_etc(w)
    for lens, file in each_lens(files).items():
        alike(w, "augmatch", "-l", lens, file)
    alike(w, "augmatch", "-m", "*[ipaddr]", "-o", "/etc/hosts")
    alike(w, "augmatch", "-q", "-m", "nothing", "/etc/hosts")
    alike(w, "augmatch", "-e", "-m", "*[1]", "/etc/hosts")


@test("augprint shows a file of every lens as it does with Augeas", seconds=240)
def augprint(w):
    files = take_etc(w)
    for lens, file in each_lens(files).items():
        if os.stat(w.at(file)).st_mode & 0o4:
            alike(w, "augprint", "--lens=" + lens, file, args=("--setenv", "AUGEAS_ROOT=" + w.root))
    alike(w, "augprint", "--pretty", "/etc/hosts", args=("--setenv", "AUGEAS_ROOT=" + w.root))
    alike(w, "augprint", "--regexp", "/etc/hosts", args=("--setenv", "AUGEAS_ROOT=" + w.root))


# ---- python3-augeas and ruby-augeas -----------------------------------------------------------

PYTHON = """
import augeas, warnings
H = "/files/etc/hosts"
a = augeas.Augeas()
print(a.get(H + "/1/canonical"), a.get("/nothing"), a.match(H + "/*"), a.label(H + "/1/ipaddr"))
for call in (lambda: a.get(H + "["), lambda: a.set(H + "/*", "x"), lambda: a.match("["),
             lambda: a.insert(H + "/99", "x"), lambda: a.move("/nothing", "/x"),
             lambda: a.span(H + "/1")):
    try:
        print(call())
    except Exception as error:
        print(type(error).__name__, error)
print(a.defvar("h", H + "/*[ipaddr]"), a.match("$h"), a.defnode("n", "/mine/x", "1"))
a.set("/mine/y", None)
a.setm("/mine", "z", "2")
a.rename("/mine/z", "zz")
a.set("/text", "127.0.0.1 a\\n")
print(a.text_store("Hosts.lns", "/text", "/tree"), a.get("/tree/1/canonical"))
a.set("/tree/1/canonical", "b")
print(a.text_retrieve("Hosts.lns", "/text", "/tree", "/out"), repr(a.get("/out")))
print(a.match("/mine/*"), a.remove("/mine"))
a.set(H + "/1/canonical", "changed")
a.save()
print(a.match("/augeas/events/saved"))
a.close()
a = augeas.Augeas(flags=augeas.Augeas.NO_LOAD | augeas.Augeas.NO_MODL_AUTOLOAD)
print(a.match("/files/*"))
a.add_transform("Hosts.lns", "/etc/hosts")
a.load()
print(a.get(H + "/1/canonical"), a.match("/files/etc/*"))
a.set(H + "/1/canonical", "again")
a.save()
a.close()
a = augeas.Augeas(flags=augeas.Augeas.ENABLE_SPAN)
print(a.span(H + "/1/ipaddr")[1:], a.get(H + "/1/canonical"))
"""

RUBY = """
require "augeas"
h = "/files/etc/hosts"
Augeas::open(nil, nil, Augeas::NONE) do |a|
  p a.get(h + "/1/canonical"), a.match(h + "/*"), a.exists(h), a.get("/nothing")
  a.defvar("h", h + "/*[ipaddr]")
  p a.match("$h/canonical"), a.set(h + "/1/canonical", "changed"), a.save, a.error[:code]
  begin; a.get(h + "["); rescue => e; p e.class; end
  begin; a.set(h + "/*", "x"); rescue => e; p e.class; end
  p a.insert(h + "/1", "0", true) rescue p $!.class
  p a.rm("/mine"), a.mv(h + "/2/canonical", h + "/2/alias"), a.rename(h + "/1/alias", "x")
  p a.match("/augeas/events/saved").length, a.error
  p a.label(h + "/1/ipaddr"), a.context
  a.context = h
  p a.get("1/ipaddr"), a.srun("get 1/ipaddr\\nquit"), a.setm(h, "*/new", "x") rescue p $!.class
end
Augeas::open(nil, nil, Augeas::NO_LOAD | Augeas::NO_MODL_AUTOLOAD) do |a|
  a.transform(:lens => "Hosts.lns", :incl => "/etc/hosts")
  p a.load, a.get(h + "/1/canonical")
  p a.text_store("Hosts.lns", "/text", "/tree") rescue p $!.class
end
"""


def language(w, *command):
    """The same program twice, over files that are the same at its beginning."""
    take_etc(w)
    before = w.read_bytes("/etc/hosts")
    wanted = said(real(w, *command))
    after = w.read_bytes("/etc/hosts")
    w.write("/etc/hosts", before)
    same(ours(w, *command), wanted, command)
    equal(w.read_bytes("/etc/hosts"), after)
    check(after != before, "nothing was saved")


@test("python3-augeas does what it does with Augeas", seconds=180)
def python_augeas(w):
    language(w, "/usr/bin/python3", "-c", PYTHON)


@test("ruby-augeas does what it does with Augeas", seconds=180)
def ruby_augeas(w):
    language(w, "/usr/bin/ruby", "-e", RUBY)


@test("what they have changed is in the history, and can be taken back", seconds=180)
def history(w):
    take_etc(w)
    before = w.read("/etc/hosts")
    done = ours(w, "sh", "-c", f"augtool -s set /files/etc/hosts/1/canonical x && {CLI} revert 1")
    equal(done.returncode, 0, done.stderr)
    equal(w.read("/etc/hosts"), before)


if __name__ == "__main__":
    main()
