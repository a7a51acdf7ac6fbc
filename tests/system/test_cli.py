#!/usr/bin/python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""The exmachina command: every verb, its output, its exit statuses, and how it finds a server."""

import json
import os
import shutil
import subprocess
import sys

sys.path.insert(0, sys.path[0] + "/../lib")
from exm import (CLI, DAEMON, HOSTS, SESSION, can_be_connected, check, contains, equal, for_each,
                 main, matches, test, unit_file, unit_property, wait_until)
from listening import wait_free

H = "/files/etc/hosts"
DONE, NO_NODE, USAGE, DENIED, FAILED, NO_SERVER = range(6)


def cli(w, *arguments, **options):
    """One call in a pair of its own."""
    return w.pair(CLI, *arguments, **options)


def complaint(run):
    """What the command said on standard error; the server's log goes there too."""
    return "".join(line + "\n" for line in run.stderr.splitlines()
                   if not line.startswith("exmachinad: "))


def says(w, status, output, *arguments):
    run = cli(w, *arguments)
    equal((run.returncode, run.stdout), (status, output), f"status and output ({run.stderr!r})")
    if status != DONE:
        check(complaint(run) or status == NO_NODE, "no complaint")
    else:
        equal(complaint(run), "", "complaint")
    return run


# ---- verbs that read ---------------------------------------------------------------------

@test("get prints the bare value")
def get(w):
    says(w, DONE, "127.0.0.1\n", "get", f"{H}/1/ipaddr")


@test("get of a node without value prints an empty line or nothing, and is done")
def get_none(w):
    run = cli(w, "get", f"{H}/1")
    equal(run.returncode, DONE)
    equal(run.stdout.strip(), "")


@test("get of no node exits with 1 and prints no value")
def get_no_node(w):
    says(w, NO_NODE, "", "get", f"{H}/99")


@test("match, ls and print print as augtool does")
def like_augtool(w):
    for command in (["match", f"{H}/*"], ["match", f"{H}/*/ipaddr"], ["ls", H], ["ls", f"{H}/3"],
                    ["print", H], ["print", f"{H}/3/alias"], ["match", f"{H}/*/ipaddr", "::1"]):
        wanted = subprocess.run(["augtool", "-A", "-r", w.root, "--transform=Hosts.lns incl "
                                 "/etc/hosts", *command], capture_output=True, text=True,
                                check=True).stdout
        says(w, DONE, wanted, *command)


@test("match of nothing exits with 1")
def match_nothing(w):
    equal(cli(w, "match", f"{H}/99").returncode, NO_NODE)


@test("errors prints nothing for files that are fine, and names one that is not")
def errors(w):
    equal(cli(w, "errors").returncode, DONE)
    w.write("/etc/hosts", "127.0.0.1 localhost\nlonely\n")
    run = w.shell(f"{CLI} get {H}/1; {CLI} errors")
    contains(run.stdout, "/etc/hosts")


# ---- verbs that edit -----------------------------------------------------------------------

EDITS = [
    (["set", f"{H}/1/canonical", "x"], f"get {H}/1/canonical", "x\n"),
    (["set", f"{H}/1/canonical", "x", f"{H}/2/canonical", "y"], f"get {H}/2/canonical", "y\n"),
    (["setm", f"{H}/*[ipaddr]", "canonical", "m"], f"get {H}/4/canonical", "m\n"),
    (["clear", f"{H}/1/canonical"], f"print {H}/1/canonical", f"{H}/1/canonical\n"),
    (["rm", f"{H}/3/alias[1]"], f"get {H}/3/alias", "ip6-loopback\n"),
    (["insert", "alias", "before", f"{H}/3/alias[1]"], f"match {H}/3/alias",
     f"{H}/3/alias[1] = (none)\n{H}/3/alias[2] = ip6-localhost\n{H}/3/alias[3] = ip6-loopback\n"),
    (["insert", "alias", "after", f"{H}/3/alias[2]"], f"get {H}/3/alias[2]", "ip6-loopback\n"),
    (["mv", f"{H}/4", f"{H}/9"], f"get {H}/9/ipaddr", "ff02::1\n"),
    (["rename", f"{H}/4", "8"], f"get {H}/8/ipaddr", "ff02::1\n"),
]


@for_each([(f"{' '.join(edit)!r} does it, for the next call to see", edit, look, wanted)
           for edit, look, wanted in EDITS])
def edit(w, edit, look, wanted):
    words = " ".join(f"'{word}'" for word in edit)
    looks = " ".join(f"'{word}'" for word in look.split(" "))
    run = w.shell(f"{CLI} {words} >/dev/null || exit $?; {CLI} {looks}")
    equal((run.returncode, run.stdout), (DONE, wanted), run.stderr)
    equal(w.read("/etc/hosts"), HOSTS)


@test("diff shows the edit, commit writes it, and then there is no difference")
def diff_commit(w):
    run = w.shell(f"{CLI} set {H}/1/canonical here && {CLI} diff && {CLI} commit && "
                  f"echo --- && {CLI} diff")
    equal(run.returncode, DONE, run.stderr)
    contains(run.stdout, "-127.0.0.1\tlocalhost\n+127.0.0.1\there\n")
    equal(run.stdout.split("\n---\n")[-1], "")
    contains(w.read("/etc/hosts"), "\there\n")


@test("save is commit, discard drops the edits")
def save_discard(w):
    run = w.shell(f"{CLI} set {H}/1/canonical one && {CLI} save && {CLI} set {H}/1/canonical two "
                  f"&& {CLI} discard && {CLI} get {H}/1/canonical")
    equal(run.returncode, DONE, run.stderr)
    equal(run.stdout.strip().split("\n")[-1], "one")
    contains(w.read("/etc/hosts"), "\tone\n")


@test("a set of several pairs is whole or not at all")
def set_pairs(w):
    w.policy(SESSION + "[File /etc/hosts]\nLens=Hosts.lns\nSet=*/canonical\n")
    run = w.shell(f"{CLI} set {H}/1/canonical a {H}/1/ipaddr 192.0.2.1; echo $?; {CLI} diff")
    contains(run.stdout, "3\n")
    equal(cli(w, "set", f"{H}/1/canonical").returncode, USAGE)


@test("values keep blanks, quotes, backslashes, and a value that begins with a dash")
def odd_values(w):
    for value in ("two words", "it's", '"q"', "back\\slash", "-v", "--json", "ä", "$HOME", "*"):
        run = w.pair("/bin/sh", "-c", f'{CLI} set "$1" -- "$2" 2>/dev/null || '
                     f'{CLI} set "$1" "$2" || exit 9; {CLI} get "$1"', "sh", f"{H}/#comment[1]",
                     value)
        equal(run.stdout, value + "\n", f"{value!r} {run.stderr!r}")


# ---- services --------------------------------------------------------------------------------

@test("service VERB UNIT does it and tells the states")
def service(w):
    unit_file("exm-cli.service", "[Service]\nExecStart=/bin/sleep infinity\n")
    w.policy(SESSION + "[Service exm-cli.service]\nAllow=status start restart stop\n")
    run = w.daemon("--policy", w.policy_dir, "--", CLI, "service", "restart", "exm-cli.service")
    equal(run.returncode, DONE, run.stderr)
    contains(run.stdout + run.stderr, "exm-cli.service")
    pid = unit_property("exm-cli.service", "MainPID")
    run = w.daemon("--policy", w.policy_dir, "--", CLI, "--json", "service", "status",
                   "exm-cli.service")
    equal(str(json.loads(run.stdout)["main_pid"]), pid)
    run = w.daemon("--policy", w.policy_dir, "--", CLI, "service", "reload", "exm-cli.service")
    equal(run.returncode, DENIED)
    contains(run.stderr, "Allow")


@test("service of a unit that fails exits with 4 and shows its last log lines")
def service_failed(w):
    unit_file("exm-clibad.service", "[Unit]\nStartLimitIntervalSec=0\n[Service]\nType=oneshot\n"
              "ExecStart=/bin/sh -c 'echo broken on purpose; exit 5'\n")
    w.policy(SESSION + "[Service exm-clibad.service]\nAllow=start\n")

    def is_shown():
        run = w.daemon("--policy", w.policy_dir, "--", CLI, "service", "start",
                       "exm-clibad.service")
        equal(run.returncode, FAILED)
        return "broken on purpose" in run.stderr

    # a journal that is late is not waited for without end
    wait_until(is_shown, "its last log lines", 30)


# ---- call and --json ---------------------------------------------------------------------------

@test("call sends any method with JSON parameters and prints the result as JSON")
def call(w):
    equal(json.loads(cli(w, "call", "session.ping").stdout), "pong")
    run = cli(w, "call", "augeas.get", json.dumps({"path": f"{H}/1/ipaddr"}))
    equal(json.loads(run.stdout), "127.0.0.1")
    run = cli(w, "call", "augeas.match", json.dumps([f"{H}/1/*"]))
    equal(json.loads(run.stdout), [f"{H}/1/ipaddr", f"{H}/1/canonical"])


@for_each([(f"call with {what} exits with {status}", status, arguments)
           for what, status, arguments in [
               ("broken JSON", USAGE, ["augeas.get", "{"]), ("no method", USAGE, []),
               ("an unknown method", FAILED, ["no.such"]),
               ("wrong parameters", FAILED, ["augeas.get", "{}"]),
               ("a denied edit", DENIED, ["augeas.set", '["/files/etc/shadow/x", "y"]'])]])
def call_refused(w, status, arguments):
    run = cli(w, "call", *arguments)
    equal(run.returncode, status, run.stderr)
    check(complaint(run), "no complaint")


@for_each([(f"--json {' '.join(arguments)} prints one JSON text", arguments)
           for arguments in (["get", f"{H}/1/ipaddr"], ["match", f"{H}/*"], ["ls", H], ["print", H],
                             ["diff"], ["commit"], ["errors"], ["set", f"{H}/1/canonical", "x"])])
def json_output(w, arguments):
    run = cli(w, "--json", *arguments)
    equal(run.returncode, DONE, run.stderr)
    json.loads(run.stdout)


@test("--json tells an error as JSON too, with its name")
def json_error(w):
    run = cli(w, "--json", "set", "/files/etc/shadow/x", "y")
    equal(run.returncode, DENIED)
    text = (run.stdout + complaint(run)).strip()
    contains(json.dumps(json.loads(text)), "DENIED")


# ---- exit statuses --------------------------------------------------------------------------------

@for_each([(f"{' '.join(arguments) or 'nothing'!r} exits with {status}", status, arguments)
           for status, arguments in [
               (USAGE, []), (USAGE, ["nonsense"]), (USAGE, ["get"]), (USAGE, ["get", "a", "b"]),
               (USAGE, ["set", H]), (USAGE, ["insert", "x", "beside", f"{H}/1"]),
               (USAGE, ["--nope", "get", H]), (USAGE, ["mv", H]), (USAGE, ["service", "restart"]),
               (USAGE, ["service", "explode", "ssh.service"]),
               (DENIED, ["set", "/files/etc/shadow/root", "x"]),
               (DENIED, ["service", "stop", "ssh.service"]), (DENIED, ["rm", "/files/etc"]),
               (FAILED, ["get", f"{H}/1["]), (FAILED, ["get", f"{H}/*"]),
               (NO_NODE, ["get", f"{H}/nope"]), (NO_NODE, ["mv", f"{H}/nope", f"{H}/x"])]])
def statuses(w, status, arguments):
    run = cli(w, *arguments)
    equal(run.returncode, status, f"{run.stdout!r} {run.stderr!r}")
    check(complaint(run), "no complaint")


@test("a denial names the file, the node and the key that is lacking")
def denial(w):
    w.policy(SESSION + "[File /etc/hosts]\nLens=Hosts.lns\nSet=*/canonical\n")
    run = cli(w, "set", f"{H}/1/ipaddr", "192.0.2.1")
    equal(run.returncode, DENIED)
    for part in ("/etc/hosts", "1/ipaddr", "Set"):
        contains(run.stderr, part)


@test("a file changed underneath exits with 4 and shows both sides")
def conflict(w):
    hosts = w.at("/etc/hosts")
    os.chmod(hosts, 0o666)
    run = w.shell(f"{CLI} set {H}/1/canonical ours; echo 192.0.2.9 theirs >> {hosts}; "
                  f"{CLI} commit")
    equal(run.returncode, FAILED)
    contains(run.stderr, "theirs")
    contains(run.stderr, "ours")


@test("--help and --version tell and exit with 0")
def help_version(w):
    for option in ("--help", "--version"):
        run = w.run(CLI, option)
        equal(run.returncode, 0, run.stderr)
        contains(run.stdout, "exmachina")


@for_each([(f"no server: {what} exits with 5", arguments, environment)
           for what, arguments, environment in [
               ("no socket", ["get", H], {}),
               ("a socket that is not there", ["--socket", "/run/no-such", "get", H], {}),
               ("a descriptor that is closed", ["get", H],
                {"EXMACHINA_FD": "77", "EXMACHINA_SECRET_FD": "78"}),
               ("a descriptor that is no number", ["get", H],
                {"EXMACHINA_FD": "x", "EXMACHINA_SECRET_FD": "y"})]])
def no_server(w, arguments, environment):
    run = w.run(CLI, *arguments, env=environment)
    equal(run.returncode, NO_SERVER, run.stderr)
    check(run.stderr, "no complaint")


# ---- other ways to the server ------------------------------------------------------------------

@test("--spawn as root starts its own server for one call")
def spawn(w):
    run = w.run(CLI, "--spawn", "--policy", w.policy_dir, "--root", w.root, "get", f"{H}/1/ipaddr")
    equal((run.returncode, run.stdout), (DONE, "127.0.0.1\n"), run.stderr)
    run = w.run(CLI, "--spawn", "--policy", w.policy_dir, "--root", w.root, "set",
                "/files/etc/shadow/x", "y")
    equal(run.returncode, DENIED)
    run = w.run(CLI, "--spawn", "--policy", w.policy_dir, "--root", w.root, "--user", "panel",
                "get", f"{H}/99")
    equal(run.returncode, NO_NODE)


@test("--spawn by another than root exits with 5")
def spawn_user(w):
    run = w.run("setpriv", "--reuid", "4711", "--regid", "4711", "--clear-groups", CLI, "--spawn",
                "--policy", w.policy_dir, "--root", w.root, "get", H)
    check(run.returncode in (NO_SERVER, 121, 122, 125), f"status {run.returncode} {run.stderr!r}")


@test("--socket and --secret-file reach a listening server; a wrong secret exits with 3")
def by_socket(w):
    path, secret, log = w.path_of("socket"), w.path_of("secret"), w.path_of("log")
    w.daemon("--policy", w.policy_dir, "--secret-file", secret, "--make-secret")
    with open(log, "wb") as file:
        w.process(DAEMON, "--policy", w.policy_dir, "--root", w.root, "--listen", path,
                  "--secret-file", secret, stderr=file)
    wait_until(lambda: can_be_connected(path), "the socket is there")
    user = ("setpriv", "--reuid", "4711", "--regid", "4711", "--clear-groups")
    run = w.run(*user, CLI, "--socket", path, "--secret-file", secret, "get", f"{H}/1/ipaddr")
    equal((run.returncode, run.stdout), (DONE, "127.0.0.1\n"), run.stderr)
    wrong = w.path_of("wrong")
    with open(wrong, "w", encoding="ascii") as file:
        file.write("0" * 64)
    wait_free(log, 1)
    run = w.run(*user, CLI, "--socket", path, "--secret-file", wrong, "get", f"{H}/1/ipaddr")
    equal(run.returncode, DENIED, run.stderr)
    check("0" * 64 not in run.stderr, "the secret is in the complaint")


@test("many calls in one shell share the session, also at the same time")
def parallel_calls(w):
    run = w.shell(f'for n in 1 2 3 4 5 6 7 8; do {CLI} get {H}/1/ipaddr & done; wait')
    equal(run.stdout, "127.0.0.1\n" * 8, run.stderr)


@test("a call that is killed in the middle does not spoil the session for the next")
def killed_call(w):
    big = "".join(f"10.0.{n >> 8}.{n & 255} h{n}\n" for n in range(3000))
    w.write("/etc/hosts", big)
    run = w.shell(f"{CLI} match '/files//*[count(/files//*) > 1]' >/dev/null 2>&1 & p=$!; sleep 0.3;"
                  f" kill -KILL $p; wait $p; {CLI} get {H}/1/canonical; echo $?", seconds=60)
    equal(run.stdout.split("\n")[:2], ["h0", "0"], run.stderr)


# ---- run -----------------------------------------------------------------------------------------

def script(w, text):
    path = w.path_of("script")
    with open(path, "w", encoding="utf-8") as file:
        file.write(text)
    return path


@test("run carries out a script, with comments and empty lines")
def run_script(w):
    path = script(w, f"# first\n\nset {H}/1/canonical scripted\nget {H}/1/canonical\nsave\n")
    says(w, DONE, f"{H}/1/canonical = scripted\nSaved 1 file(s)\n", "run", path)
    contains(w.read("/etc/hosts"), "\tscripted\n")


@test("run of a script that is denied something exits with 3, and nothing is written")
def run_denied(w):
    path = script(w, "set /files/etc/shadow/root x\nsave\n")
    before = w.read("/etc/hosts")
    equal(cli(w, "run", path).returncode, DENIED)
    equal(w.read("/etc/hosts"), before)


@test("run of a file that is not there exits with 2")
def run_no_file(w):
    equal(cli(w, "run", "/no/such/script").returncode, USAGE)


@test("run of a script with a mistake tells the line")
def run_mistake(w):
    path = script(w, f"get {H}/1/ipaddr\nnonsense here\n")
    run = cli(w, "run", path)
    check(run.returncode != 0, "status 0")
    matches(run.stderr, r"(:2\b|line 2)")


@test("run stops at the first line that fails, so that what follows is not saved")
def run_stops(w):
    path = script(w, f"set {H}/1/canonical one\nget {H}/99\nget {H}/*\nset {H}/2/canonical two\n"
                  "save\n")
    run = cli(w, "run", path)
    equal((run.returncode, run.stdout), (FAILED, f"{H}/99 (o)\n"), run.stderr)
    equal(w.read("/etc/hosts"), HOSTS)


@test("run as an interpreter of a script (#!) in the pair")
def interpreter(w):
    path = script(w, f"#!{CLI} run\nget {H}/1/ipaddr\n")
    os.chmod(path, 0o755)
    run = w.pair("/usr/bin/env", "-S", f"{CLI} run {path}")
    equal(run.stdout, f"{H}/1/ipaddr = 127.0.0.1\n", run.stderr)


@test("the completion of output on a closed pipe is no crash")
def closed_pipe(w):
    run = w.shell(f"{CLI} print {H} | head -n 1")
    equal(run.stdout, f"{H}\n")
    check("Segmentation" not in run.stderr, run.stderr)


@test("manual pages of all programs are installed and found")
def manuals(w):
    if not shutil.which("mandoc"):
        paths = ["man8/exmachinad.8", "man1/exmachina.1", "man5/exmachina-policy.5",
                 "man7/exmachina-protocol.7", "man3/libexmachina.3",
                 "man3/libexmachina-calls.3"]
        for path in paths:
            check(os.path.exists(f"/usr/share/man/{path}"), path)
        return
    for section, name in (("8", "exmachinad"), ("1", "exmachina"), ("5", "exmachina-policy"),
                          ("7", "exmachina-protocol"), ("3", "libexmachina"),
                          ("3", "libexmachina-calls")):
        run = w.run("mandoc", f"/usr/share/man/man{section}/{name}.{section}")
        equal(run.returncode, 0, run.stderr)
        contains(run.stdout.upper(), name.upper())


if __name__ == "__main__":
    main()
