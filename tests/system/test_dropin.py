#!/usr/bin/python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""Augeas's interface over a session: how a program gets it, what it promises, and what becomes of
errors. That it gives what Augeas gives is in test_dropin_programs.py and test_dropin_random.py."""

import os
import signal
import subprocess
import sys

sys.path.insert(0, sys.path[0] + "/../lib")
from dropin import LIBRARY, PRELOAD, ours, play, real, said
from exm import (CLI, DAEMON, HOSTS, HOSTS_FREE, SESSION, Failure, check, contains, equal, for_each,
                 main, matches, proc_status, test)
from private_root import comm

H = "/files/etc/hosts"
NARROW = SESSION + "[File /etc/hosts]\nLens=Hosts.lns\nSet=*/canonical\n"

# what is done with ctypes, in the paired program
BEGIN = f"""
import ctypes, os, subprocess, sys
sys.path.insert(0, {os.path.dirname(os.path.abspath(__file__)) + "/../lib"!r})
from augeas_in_process import Augeas, NO_LOAD, NO_MODL_AUTOLOAD, ERRORS, text
lib = ctypes.CDLL("libaugeas.so.0")
lib.aug_init.restype = ctypes.c_void_p
for name in ("aug_error_message", "aug_error_minor_message", "aug_error_details"):
    getattr(lib, name).restype = text
H = "{H}"
def fresh(flags=0, root=None):
    return Augeas(root, {{}}, flags=flags)
"""


def python(w, body, **options):
    """What the paired program printed."""
    done = ours(w, "/usr/bin/python3", "-c", BEGIN + body, **options)
    equal(done.stderr, "")
    equal(done.returncode, 0)
    return done.stdout


# ---- how it is found ----------------------------------------------------------------------

@test("--augeas: the program finds our library by the name of Augeas's, and no other in its place")
def found(w):
    maps = python(w, "print(open('/proc/self/maps').read())")
    contains(maps, PRELOAD)
    check("/libaugeas.so.0.2" not in maps, "Augeas's own library is there too")
    equal(sorted(os.listdir(os.path.dirname(LIBRARY))), ["libaugeas.so.0", "libexmachina-augeas.so"])
    equal(ours(w, "sh", "-c", "echo $LD_LIBRARY_PATH $LD_PRELOAD").stdout,
          os.path.dirname(LIBRARY) + "\n")
    equal(w.pair("sh", "-c", "echo $LD_LIBRARY_PATH").stdout, "\n")


@test("without its library a program is not started with Augeas's own")
def no_library(w):
    os.mkdir(w.path_of("empty"))
    w.mount("--bind", w.path_of("empty"), os.path.dirname(LIBRARY))
    done = ours(w, "touch", "/tmp/started")
    check(done.returncode != 0 and not os.path.exists("/tmp/started"), str(said(done)))
    contains(done.log, "--augeas: ")


@test("it serves as LD_PRELOAD as well")
def preload(w):
    done = ours(w, "augtool", "get", H + "/1/canonical",
                args=("--setenv", "LD_PRELOAD=" + PRELOAD))
    equal(said(done), (0, f"{H}/1/canonical = localhost\n", ""))


@test("a program with no server fails as if Augeas could not be initialized")
def no_server(w):
    done = w.run("augtool", "get", "/x", env={"LD_LIBRARY_PATH": os.path.dirname(LIBRARY)})
    equal(done.returncode, 1)
    contains(done.stderr, "Failed to initialize Augeas\nerror: There is no session with a server\n")
    done = w.run("/usr/bin/python3", "-c", BEGIN + "print(lib.aug_init(None, None, 0))",
                 env={"LD_LIBRARY_PATH": os.path.dirname(LIBRARY)})
    equal(said(done), (0, "None\n", ""))


@test("a descriptor that is none, and one that is no server's, are no session")
def wrong_descriptors(w):
    for fd in ("7", "x", "0"):
        done = w.run("augtool", "get", "/x", env={
            "LD_LIBRARY_PATH": os.path.dirname(LIBRARY), "EXMACHINA_FD": fd,
            "EXMACHINA_SECRET_FD": fd})
        equal(done.returncode, 1)
        contains(done.stderr, "There is no session with a server")


@test("a program with more rights than its user takes no session from its environment")
def secure(w):
    program = w.path_of("python")
    subprocess.run(["cp", "-L", "/usr/bin/python3", program], check=True)
    os.chown(program, 4712, 4712)
    code = f"""
import ctypes
lib = ctypes.CDLL({LIBRARY!r})
lib.aug_init.restype = ctypes.c_void_p
lib.aug_error_details.restype = ctypes.c_char_p
print(lib.aug_error_details(ctypes.c_void_p(lib.aug_init(None, None, 1 << 8))))
"""
    for mode, part in ((0o4755, b"takes none"), (0o755, b"descriptor")):
        os.chmod(program, mode)
        done = w.run(program, "-c", code, env={"EXMACHINA_FD": "77", "EXMACHINA_SECRET_FD": "77"})
        contains(done.stdout, part.decode(), done.stderr)


# ---- what it does --------------------------------------------------------------------------

@test("augtool changes a file as an ordinary user, within the policy")
def augtool(w):
    equal(said(ours(w, "augtool", "-s", "set", H + "/1/canonical", "here")),
          (0, "Saved 1 file(s)\n", ""))
    equal(w.read("/etc/hosts"), HOSTS.replace("127.0.0.1\tlocalhost", "127.0.0.1\there"))
    w.policy(NARROW)
    with open(w.path_of("script"), "w", encoding="utf-8") as file:
        file.write(f"set {H}/1/ipaddr 192.0.2.1\nset {H}/1/canonical there\nsave\n")
    done = ours(w, "augtool", "-f", w.path_of("script"))
    contains(done.stderr, "error: The policy does not allow it\n")
    contains(done.stderr, "would need Set=1/ipaddr")
    equal(w.read("/etc/hosts"), HOSTS.replace("127.0.0.1\tlocalhost", "127.0.0.1\tthere"))


@test("a file that the policy does not name is not there, and cannot be attached")
def not_named(w):
    w.write("/etc/shadow", "root:secret:1:0:99999:7:::\n", 0o644)
    out = python(w, """
aug = fresh()
print(aug.get("/files/etc/shadow/root/password"), aug.match("/files//password"))
print(aug.transform("Shadow.lns", "/etc/shadow"), aug.load_file("/etc/shadow"))
print(aug.set("/files/etc/shadow/x", "y"))
""")
    equal(out, "(0, None, 'NOERROR') (0, [], 'NOERROR')\n(-1, 'EFILEACCESS') (-1, 'EFILEACCESS')\n"
          "(-1, 'EFILEACCESS')\n")


@test("values and labels stay while their nodes do, whatever happens to others")
def kept(w):
    out = python(w, """
aug = fresh().aug
value, label, other, number = text(), text(), text(), ctypes.c_int()
lib.aug_get(aug, f"{H}/1/ipaddr".encode(), ctypes.byref(value))
lib.aug_label(aug, f"{H}/2/canonical".encode(), ctypes.byref(label))
lib.aug_defvar(aug, b"v", f"{H}/3/*".encode())
lib.aug_ns_value(aug, b"v", 1, ctypes.byref(other))
for n in range(500):
    lib.aug_set(aug, b"/own/" + b"x" * (n + 1), str(n).encode())
    lib.aug_get(aug, b"/own/" + b"x" * (n + 1), ctypes.byref(text()))
lib.aug_rm(aug, b"/own")
lib.aug_set(aug, f"{H}/1/canonical".encode(), b"y")
print(value.value, label.value, other.value)
own = text()
lib.aug_set(aug, b"/mine", b"stays")
lib.aug_get(aug, b"/mine", ctypes.byref(own))
lib.aug_load(aug)
print(own.value)
""")
    equal(out, "b'127.0.0.1' b'canonical' b'localhost'\nb'stays'\n")


@test("errors of the server come as Augeas's errors, with what it had to say")
def errors(w):
    w.policy(NARROW)
    w.write("/etc/other", "x")
    out = python(w, f"""
aug = fresh().aug
def tell(r):
    print(r, ERRORS[lib.aug_error(aug)], lib.aug_error_message(aug),
          lib.aug_error_minor_message(aug), lib.aug_error_details(aug))
tell(lib.aug_get(aug, f"{{H}}/*".encode(), None))
tell(lib.aug_get(aug, f"{{H}}[".encode(), None))
tell(lib.aug_get(aug, b"/nothing", None))
tell(lib.aug_set(aug, f"{{H}}/1/canonical".encode(), b"x"))
tell(lib.aug_set(aug, f"{{H}}/1/ipaddr".encode(), b"x"))
tell(lib.aug_mv(aug, b"/nothing", b"/x"))
tell(lib.aug_set(aug, None, None))
""").splitlines()
    equal(out[0], "-1 EMMATCH b'Too many matches for path expression' None "
          f"b'There are 5 nodes matching {H}/*'")
    contains(out[1], "-1 EPATHX b'Invalid path expression' b'")
    contains(out[1], f"b'{H}[|=|'")
    equal(out[2:4], ["0 NOERROR b'No error' None None"] * 2)
    contains(out[4], "-1 EFILEACCESS b'The policy does not allow it' None b'")
    equal(out[5], "-1 ENOMATCH b'No match for path expression' None b'No node matching /nothing'")
    contains(out[6], "-1 EBADARG ")


@for_each([(f"what is the server's to choose cannot be another: {what}", root, path, env, part)
           for what, root, path, env, part in [
    ("root", "/tmp", None, {}, "the root directory is the server's, "),
    ("AUGEAS_ROOT", None, None, {"AUGEAS_ROOT": "/tmp"}, "the root directory is the server's, "),
    ("lenses", None, "/tmp/lenses", {}, "the lenses are the server's, in /usr/share/augeas/lenses"),
    ("one of the lenses' directories", None, "/usr/share/augeas/lenses/dist:/tmp", {},
     "and none of /tmp"),
    ("AUGEAS_LENS_LIB", None, None, {"AUGEAS_LENS_LIB": "/tmp"}, "and none of /tmp")]])
def not_the_servers(w, root, path, env, part):
    args = ["--augeas"]
    for name, value in env.items():
        args += ["--setenv", f"{name}={value}"]
    encoded = [v.encode() if v else None for v in (root, path)]
    out = python(w, f"""
print(lib.aug_init({encoded[0]!r}, {encoded[1]!r}, 0))
aug = ctypes.c_void_p(lib.aug_init({encoded[0]!r}, {encoded[1]!r}, 1 << 8))
print(ERRORS[lib.aug_error(aug)], lib.aug_error_details(aug).decode())
print(lib.aug_get(aug, b"/files", None), ERRORS[lib.aug_error(aug)])
lib.aug_close(aug)
""", args=args)
    matches(out, "^None\nEBADARG .*\n-1 EBADARG\n$")
    contains(out, part)


@test("what is the server's may be named")
def the_servers(w):
    out = python(w, f"""
for root, path in (({w.root!r}, ""), ({w.root + "/"!r}, "/usr/share/augeas/lenses/"), ("", "")):
    aug = ctypes.c_void_p(lib.aug_init(root.encode(), path.encode(), 0))
    print(lib.aug_error(aug), lib.aug_get(aug, f"{{H}}/1/ipaddr".encode(), None))
    lib.aug_close(aug)
""")
    equal(out, "0 1\n" * 3)


FLAGS = {"NONE": 0, "SAVE_BACKUP": 1, "SAVE_NEWFILE": 2, "SAVE_NOOP": 16, "NO_LOAD": 32,
         "NO_MODL_AUTOLOAD": 64, "NO_LOAD and NO_MODL_AUTOLOAD": 96, "ENABLE_SPAN": 128}
AFTER = """
aug = fresh(%d)
print(aug.get(H + "/1/ipaddr"), len(aug.match("/augeas/load/*")[1]) > 0, aug.get("/augeas/save"))
print(aug.span(H + "/1/ipaddr"), aug.get("/augeas/context"))
print(aug.load_file("/etc/hosts"), aug.match("/files/etc/*"), aug.match("/files/etc/hosts/*[1]"))
print(aug.load(), aug.get(H + "/1/ipaddr"), aug.load_file("/etc/hosts"))
aug.close()
"""


@for_each([(f"AUG_{name} does what it does in Augeas", flags) for name, flags in FLAGS.items()])
def init_flags(w, flags):
    w.policy(SESSION + HOSTS_FREE + "[File /etc/ssh/sshd_config]\nLens=Sshd.lns\n")
    wanted = real(w, "/usr/bin/python3", "-c", BEGIN + AFTER % flags)
    equal(wanted.stderr, "")
    equal(python(w, AFTER % flags).replace(w.root, ""), wanted.stdout.replace(w.root, ""))


@test("AUG_SAVE_NOOP and AUG_SAVE_NEWFILE save as they do in Augeas")
def save_flags(w):
    python(w, "aug = fresh(16)\naug.set(H + '/1/canonical', 'x')\nprint(aug.save())")
    equal(w.read("/etc/hosts"), HOSTS)
    w.policy(SESSION + HOSTS_FREE + "[File /etc/hosts.augnew]\nLens=Hosts.lns\nSet=**\nInsert=**\n"
             "Remove=**\nCreate=0644 root:root\n")
    equal(python(w, "aug = fresh(2)\naug.set(H + '/1/canonical', 'x')\nprint(aug.save())"),
          "(0, 'NOERROR')\n")
    equal(w.read("/etc/hosts"), HOSTS)
    contains(w.read("/etc/hosts.augnew"), "127.0.0.1\tx\n")


# ---- several programs of one session -----------------------------------------------------------

@test("each program begins anew, and leaves nothing, however it ends")
def programs_of_one_session(w):
    with open(w.path_of("edits.py"), "w", encoding="utf-8") as file:
        file.write(BEGIN + """
aug = fresh(NO_LOAD)
aug.set("/mine", "1")
aug.load()
aug.set(H + "/2/canonical", "lost")
aug.defvar("v", "/mine")
aug.remove("/augeas/load/*")
if sys.argv[1] == "killed":
    os.kill(os.getpid(), 9)
if sys.argv[1] == "closed":
    aug.close()
""")
    os.chmod(w.path_of("edits.py"), 0o644)
    for end in ("killed", "closed", "left"):
        done = ours(w, "sh", "-c", f"""
python3 {w.path_of("edits.py")} {end} >/dev/null 2>&1
[ {end} != killed ] || augtool get /mine
{CLI} match '/*'
{CLI} match '/augeas/load/*'
{CLI} match '/augeas/variables/*'
{CLI} get {H}/1/canonical
{CLI} diff""")
        equal(done.stdout.removeprefix("/mine (o)\n"), "/augeas = (none)\n/files = (none)\n"
              "/augeas/load/Hosts = (none)\n  (no matches)\nlocalhost\n", end)
        equal(w.read("/etc/hosts"), HOSTS)


@test("a program whose edits another one has dropped is told when it saves")
def dropped(w):
    out = python(w, f"""
aug = fresh()
aug.set(H + "/1/canonical", "x")
subprocess.run(["augtool", "get", "/x"], check=True, close_fds=False)
print(aug.save(), lib.aug_error_message(aug.aug))
aug.set(H + "/1/canonical", "y")
aug.close()
aug = fresh()
aug.set(H + "/1/canonical", "z")
print(aug.save())
""")
    equal(out.splitlines()[-2:], ["(-1, 'EINTERNAL') b'Edits that were not saved are lost'",
                                  "(0, 'NOERROR')"])
    contains(w.read("/etc/hosts"), "127.0.0.1\tz\n")


@test("handles of one program share the tree; the last one that is closed drops the edits")
def handles(w):
    out = python(w, """
one, two = fresh(), fresh()
one.set("/mine", "1")
print(two.get("/mine"))
one.close()
print(two.get("/mine"))
two.close()
three = fresh()
print(three.get("/mine"))
""")
    equal(out, "(1, '1', 'NOERROR')\n" * 2 + "(0, None, 'NOERROR')\n")


def engine_of(daemon):
    """The process of that name whose parent it is."""
    for pid in filter(str.isdigit, os.listdir("/proc")):
        try:
            if proc_status(pid)["PPid"] == str(daemon) and comm(pid) == "exmachina-engin":
                return int(pid)
        except OSError:
            pass
    raise Failure("there is no engine")


@test("what a variable stands for is forgotten whichever handle changes the tree")
def shared_variables(w):
    w.policy(SESSION + HOSTS_FREE)
    equal(python(w, """
a, b = fresh(), fresh()
print(a.defvar("h", H + "/*/canonical")[0], a.ns_value("h", 0)[1])
b.set(H + "/1/canonical", "other")
print(a.ns_value("h", 0)[1])
"""), "4 localhost\nother\n")


@test("a child that is forked while another thread is in a call can make calls", seconds=120)
def forked(w):
    w.policy(SESSION + HOSTS_FREE)
    equal(python(w, """
import signal, threading
a = fresh()
over = threading.Event()
def work():
    while not over.is_set():
        a.match("/files//*")
thread = threading.Thread(target=work)
thread.start()
ends = set()
for _ in range(100):
    child = os.fork()
    if child == 0:
        signal.alarm(10)
        lib.aug_error(a.aug)
        a.get("/nothing")
        os._exit(0)
    ends.add(os.waitpid(child, 0)[1])
over.set()
thread.join()
print(ends)
""", seconds=100), "{0}\n")


@test("an engine that is lost takes the edits with it, and a save says so")
def engine_lost(w):
    process = w.process(DAEMON, "--policy", w.policy_dir, "--root", w.root, "--augeas", "--",
                        "/usr/bin/python3", "-c", BEGIN + """
aug = fresh()
aug.set(H + "/1/canonical", "x")
print("ready", flush=True)
sys.stdin.readline()
print(aug.get(H + "/1/canonical"), aug.save())
""", stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
    equal(process.stdout.readline(), "ready\n")
    os.kill(engine_of(process.pid), signal.SIGKILL)
    out, _ = process.communicate("\n", timeout=20)
    contains(out, "(-1, 'EINTERNAL')\n")
    equal(w.read("/etc/hosts"), HOSTS)


@test("calls of two threads with a handle each do not get into each other's way")
def threads(w):
    out = python(w, """
import threading
def work(name):
    aug = fresh()
    for n in range(200):
        assert aug.set(f"/{name}", str(n))[0] == 0
        assert aug.get(f"/{name}")[1] == str(n)
    done.append(name)
done, keep = [], fresh()
both = [threading.Thread(target=work, args=(n,)) for n in "ab"]
[t.start() for t in both]
[t.join() for t in both]
print(sorted(done))
""")
    equal(out, "['a', 'b']\n")


if __name__ == "__main__":
    main()
