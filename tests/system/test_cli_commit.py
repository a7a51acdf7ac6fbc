#!/usr/bin/python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""The exmachina command and commits: what they would do, that they are done just so, how they go
on and fail, and that they stay, or not, as somebody at a terminal says."""

import json
import os
import pty
import re
import select
import sys
import time

sys.path.insert(0, sys.path[0] + "/../lib")
from exm import (CLI, DAEMON, HOSTS, SESSION, Failure, check, contains, equal, for_each, main,
                 matches, test, unit_file, wait_until)

H = "/files/etc/hosts"
DONE, NO_NODE, USAGE, DENIED, FAILED, NO_SERVER, TIMEOUT, TAKEN_BACK = range(8)
SET = f"{CLI} set {H}/1/canonical new"
NEW = "\tnew\n"


def complaint(run):
    """What the command said on standard error, without the log of the server."""
    return "".join(line + "\n" for line in run.stderr.splitlines()
                   if not line.startswith("exmachinad: "))


NAME = "/etc/exm-cli/hosts"
NODE = f"/files{NAME}/1/canonical"
OLD = "127.0.0.1 old\n"
UNIT = "exm-cli.service"
CHECK = "Check=/bin/sh -c 'echo line 1: no; exit 4'\n"


def text_of(path):
    with open(path, encoding="ascii") as file:
        return file.read()


def with_file(w, keys):
    """A file of the system itself, where there are programs and services."""
    os.makedirs(os.path.dirname(NAME), exist_ok=True)
    with open(NAME, "w", encoding="ascii") as file:
        file.write(OLD)
    w.policy(SESSION.replace("10s", "30s") + f"[File {NAME}]\nLens=Hosts.lns\nSet=**\n{keys}")


def with_service(w):
    """A service that says why it does not take a file."""
    with_file(w, f"Apply=restart {UNIT}\n")
    unit_file(UNIT, "[Unit]\nStartLimitIntervalSec=0\n[Service]\nType=oneshot\nRemainAfterExit=yes\n"
              f"ExecStart=/bin/sh -c 'sleep 0.3; ! grep -q bad {NAME} || {{ echo it is bad; exit 3; }}'\n")
    w.run("systemctl", "start", UNIT)
    w.undo.callback(w.run, "systemctl", "stop", UNIT)


def on_system(w, script):
    return w.daemon("--policy", w.policy_dir, "--", "/bin/sh", "-c", script)


# ---- what it would do ------------------------------------------------------------------------

@test("--dry-run shows the text and a plan, and --plan does that")
def dry_run(w):
    run = w.shell(f"{SET}; {CLI} commit --dry-run; {CLI} diff")
    equal(run.returncode, DONE, run.stderr)
    contains(run.stdout, "-127.0.0.1\tlocalhost\n+127.0.0.1\tnew\n")
    (plan,) = re.findall("^Plan ([0-9a-f]{64})$", run.stdout, re.M)
    equal(w.read("/etc/hosts"), HOSTS)
    run = w.shell(f"{CLI} set {H}/1/canonical other; {CLI} commit --plan {plan}")
    equal((run.returncode, w.read("/etc/hosts")), (FAILED, HOSTS))
    contains(complaint(run), "not what was planned")
    run = w.shell(f"{SET}; {CLI} commit --plan {plan}")
    equal((run.returncode, run.stdout), (DONE, "Saved 1 file(s)\n"), run.stderr)
    contains(w.read("/etc/hosts"), NEW)


@test("with --json it is what the server says")
def as_json(w):
    run = w.shell(f"{SET}; {CLI} diff --json; {CLI} commit --dry-run --json; {CLI} --json commit")
    diff, dry, done = (json.loads(line) for line in run.stdout.splitlines())
    equal((diff["plan"], diff["files"]), (dry["plan"], dry["files"]))
    equal([change["new"] for change in done["files"][0]["changes"]], ["new"])


@test("diff shows the text, and on standard error why a commit would be refused")
def refused_diff(w):
    with_file(w, CHECK)
    run = on_system(w, f"{CLI} set {NODE} new; {CLI} diff")
    equal(run.returncode, DONE, run.stderr)
    contains(run.stdout, "+127.0.0.1 new\n")
    contains(complaint(run), "exmachina: a commit would be refused: ")
    contains(complaint(run), "  output:\n    line 1: no\n")


@for_each([(what, *row) for what, *row in [
    ("a deadline without a number", ["--confirm"]),
    ("no time at all", ["--confirm", "0"]),
    ("a year", ["--confirm", "31536000"]),
    ("a dead man whom nobody waits for", ["--dead-man"]),
    ("to be confirmed, and not done", ["--dry-run", "--confirm", "5"]),
    ("two plans", ["--plan", "a", "--plan", "b"])]])
def misuse(w, words):
    run = w.pair(CLI, "commit", *words)
    equal(run.returncode, USAGE, run.stderr)
    contains(complaint(run), "commit: ")


# ---- without a terminal ------------------------------------------------------------------------

@test("without a terminal --confirm prints the token and ends, and confirm takes it")
def no_terminal(w):
    run = w.shell(f"{SET}; {CLI} commit --confirm 60; {CLI} confirm")
    equal(run.returncode, DONE, run.stderr)
    matches(run.stdout, r"^Saved 1 file\(s\)\nIt is taken back in (60|5[0-9]) s, unless: "
            r"exmachina confirm [0-9a-f]{32}\n(60|5[0-9]) s are left to confirm it\n$")
    token = re.search("confirm ([0-9a-f]{32})", run.stdout)[1]
    run = w.shell(f"{CLI} confirm {token} --extend 90; {CLI} confirm {token}; {CLI} confirm")
    matches(run.stdout, r"^(90|8[0-9]) s are left to confirm it\nThe commit stays\n$")
    equal(run.returncode, NO_NODE)
    contains(complaint(run), "nothing waits to be confirmed")
    contains(w.read("/etc/hosts"), NEW)


@test("confirm --rollback takes it back, and says so; another token does nothing")
def rollback(w):
    run = w.shell(f"{SET}; {CLI} commit --confirm 60 --json")
    token = json.loads(run.stdout)["confirm"]["token"]
    run = w.pair(CLI, "confirm", "0" * 32, "--rollback")
    equal(run.returncode, DENIED, run.stderr)
    contains(complaint(run), "another token")
    run = w.pair(CLI, "confirm", token, "--rollback")
    equal((run.returncode, run.stdout),
          (DONE, "Taken back: the files are as they were before\n"), run.stderr)
    equal(w.read("/etc/hosts"), HOSTS)
    equal(w.pair(CLI, "confirm", token).returncode, NO_NODE)


@test("a rollback that could not bring back everything is a failure")
def rollback_in_part(w):
    run = w.shell(f"{SET}; {CLI} commit --confirm 60 --json")
    token = json.loads(run.stdout)["confirm"]["token"]
    w.write("/etc/hosts", HOSTS + "# by hand\n")
    run = w.pair(CLI, "confirm", token, "--rollback")
    equal((run.returncode, run.stdout), (FAILED, ""))
    contains(complaint(run), "not everything is as it was before")


@for_each([(what, *row) for what, *row in [
    ("more time for nobody knows what", ["--extend", "5"]),
    ("a rollback of nobody knows what", ["--rollback"]),
    ("both at once", ["t", "--extend", "5", "--rollback"]),
    ("no time", ["t", "--extend", "0"]),
    ("two tokens", ["t", "u"])]])
def confirm_misuse(w, words):
    equal(w.pair(CLI, "confirm", *words).returncode, USAGE)


@test("a commit while another waits says to what it belongs")
def joined(w):
    run = w.shell(f"{SET}; {CLI} commit --confirm 60; {CLI} set {H}/2/canonical more; {CLI} commit")
    matches(run.stdout, r"\nIt belongs to a commit that is taken back in (60|5[0-9]) s unless confirmed\n$")


# ---- services and checks -----------------------------------------------------------------------

@test("while services take a commit its progress is shown, which is no result")
def progress(w):
    with_service(w)
    run = on_system(w, f"{CLI} set {NODE} good; {CLI} commit")
    equal((run.returncode, run.stdout), (DONE, "Saved 1 file(s)\n"), run.stderr)
    contains(complaint(run), f"apply: restart {UNIT}: ")
    run = on_system(w, f"{CLI} set {NODE} better; {CLI} --json commit")
    equal((json.loads(run.stdout)["changed"], complaint(run)), (True, ""))


@test("a service that does not take a commit is named, with what it logged and what is restored")
def service_failed(w):
    with_service(w)
    told = ""

    def with_log():
        nonlocal told
        run = on_system(w, f"{CLI} set {NODE} bad; {CLI} commit")
        equal((run.returncode, run.stdout), (FAILED, ""))
        told = complaint(run)
        return "it is bad\n" in told

    # a journal that is late is not waited for without end
    wait_until(with_log, "what it logged", 30)
    contains(told, f"restart of {UNIT} failed after the commit")
    contains(told, "the files and services are as they were before, the edits are kept")
    contains(told, "  log:\n")
    check("restored:" not in told, "it is in the message")
    run = on_system(w, f"{CLI} set {NODE} bad; {CLI} --json commit")
    equal(json.loads(run.stdout)["data"]["restored"], True)


@test("a check that refuses a commit is named, with what it printed")
def check_failed(w):
    with_file(w, CHECK)
    run = on_system(w, f"{CLI} set {NODE} new; {CLI} commit")
    equal((run.returncode, run.stdout, text_of(NAME)), (FAILED, "", OLD))
    contains(complaint(run), "nothing was written, the edits are kept")
    contains(complaint(run), "  output:\n    line 1: no\n")


# ---- at a terminal -----------------------------------------------------------------------------

class Terminal:
    """A shell with job control in a pair, at a terminal of its own, and whoever sits there."""

    def __init__(self, w, script, root=None):
        self.text = ""
        self.pid, self.fd = pty.fork()
        if self.pid == 0:
            os.execv(DAEMON, [DAEMON, "--policy", w.policy_dir, "--root", root or w.root, "--",
                              "/bin/bash", "-c", "set -m; " + script])
        w.undo.callback(self.close)

    def close(self):
        """The terminal is gone, and then the pair."""
        if self.fd >= 0:
            os.close(self.fd)
            self.fd = -1
        if self.pid:
            wait_until(lambda: os.waitpid(self.pid, os.WNOHANG)[0], "the pair ends", 40)
            self.pid = 0

    def fill(self, seconds):
        """False at the end."""
        if not select.select([self.fd], [], [], seconds)[0]:
            raise Failure(f"nothing more at the terminal: {self.text!r}")
        try:
            data = os.read(self.fd, 1 << 16)
        except OSError:
            return False
        # the two may come in two pieces
        self.text = (self.text + data.decode()).replace("\r\n", "\n")
        return bool(data)

    def until(self, text, seconds=40):
        end = time.monotonic() + seconds
        while text not in self.text:
            check(self.fill(max(0, end - time.monotonic())), f"{text!r} is not in {self.text!r}")

    def until_left(self, condition):
        """Until the numbers of seconds that were shown are such."""
        while not condition(left(self.text)):
            check(self.fill(40), self.text)

    def type(self, text):
        os.write(self.fd, text.encode())

    def end(self):
        """All that was shown, and the exit status."""
        while self.fill(40):
            pass
        _, status = os.waitpid(self.pid, 0)
        self.pid = 0
        return self.text, os.waitstatus_to_exitcode(status)


def ask(w, seconds, before="", options="", root=None):
    terminal = Terminal(w, f"{before or SET}; {CLI} commit --confirm {seconds} {options}; "
                        "s=$?; echo and then; exit $s", root)
    terminal.until("s are left: ")
    return terminal


def left(text):
    return [int(number) for number in re.findall("([0-9]+) s are left: ", text)]


@test("Enter keeps it, and the time is counted down before that")
def enter(w):
    terminal = ask(w, 30)
    terminal.until_left(lambda counted: len(counted) > 2)
    terminal.type("\n")
    text, status = terminal.end()
    equal(status, DONE, text)
    contains(text, "Saved 1 file(s)\nThe commit is taken back unless it is confirmed, here or with:\n")
    contains(text, "Keep it? Enter keeps it, n takes it back; ")
    contains(text, "The commit stays.\nand then\n")
    counted = left(text)
    check(20 < counted[0] <= 30 and counted == sorted(counted, reverse=True), str(counted))
    contains(w.read("/etc/hosts"), NEW)
    equal(w.pair(CLI, "confirm").returncode, NO_NODE)


@for_each([(f"{what} takes it back", *row) for what, *row in [
    ("n", "n\n"), ("No", "No\n"), ("Ctrl-C", "\x03"), ("Ctrl-D", "\x04")]])
def taken_back(w, keys):
    terminal = ask(w, 60)
    check(w.read("/etc/hosts") != HOSTS, "it is written")
    terminal.type(keys)
    text, status = terminal.end()
    equal((status, w.read("/etc/hosts")), (TAKEN_BACK, HOSTS), text)
    contains(text, "exmachina: the commit was taken back: the files are as they were before\nand then\n")
    equal(w.pair(CLI, "confirm").returncode, NO_NODE)


@test("the end of time takes it back, and that is told")
def too_late(w):
    terminal = ask(w, 4)
    text, status = terminal.end()
    equal((status, w.read("/etc/hosts")), (TAKEN_BACK, HOSTS), text)
    contains(text, "the commit was taken back, since it was not confirmed: the files are as they "
             "were before\nand then\n")


@test("what is neither yes nor no is no answer, and neither is what was typed too early or too long")
def no_answer(w):
    terminal = Terminal(w, f"{SET}; sleep 1; {CLI} commit --confirm 60; exit $?")
    terminal.type("\n")
    terminal.until("s are left: ")
    for text in ("maybe\n", "q\n", "y" * 127 + "\n", "y" * 200 + "\n"):
        seen = len(left(terminal.text))
        terminal.type(text)
        while len(left(terminal.text)) < seen + 2:
            check(terminal.fill(40), terminal.text)
    terminal.type("yes\n")
    text, status = terminal.end()
    equal(status, DONE, text)
    contains(text, "The commit stays.\n")


class Elsewhere:
    """Calls of the same session, from another process. script: what the shell does for them."""

    def __init__(self, w):
        self.words, self.statuses = w.path_of("words"), w.path_of("statuses")
        os.mkfifo(self.words)
        open(self.statuses, "w", encoding="ascii").close()
        for path in (self.words, self.statuses):
            os.chmod(path, 0o666)
        self.script = (f"while read -r words; do {CLI} $words >/dev/null 2>&1; "
                       f"echo $? >>{self.statuses}; done <{self.words} & {SET}")

    def __enter__(self):
        self.file = open(self.words, "w", encoding="ascii", buffering=1)
        return self

    def __exit__(self, *_):
        self.file.close()

    def call(self, words):
        before = os.path.getsize(self.statuses)
        self.file.write(words + "\n")
        wait_until(lambda: os.path.getsize(self.statuses) > before, words, 40)
        with open(self.statuses, encoding="ascii") as file:
            return int(file.read().split()[-1])


def token_of(terminal):
    return re.search("exmachina confirm ([0-9a-f]{32})", terminal.text)[1]


@test("confirmed elsewhere it stays, and the question ends; extended elsewhere it goes on")
def elsewhere(w):
    side = Elsewhere(w)
    terminal = ask(w, 60, side.script)
    with side:
        equal(side.call(f"confirm {token_of(terminal)} --extend 900"), DONE)
        terminal.until_left(lambda counted: max(counted) > 800)
        equal(side.call(f"confirm {token_of(terminal)}"), DONE)
    text, status = terminal.end()
    equal(status, DONE, text)
    contains(text, "The commit stays: it was confirmed elsewhere.\n")
    contains(w.read("/etc/hosts"), NEW)


@test("taken back elsewhere it is told so, also where nothing else tells it")
def elsewhere_back(w):
    side = Elsewhere(w)
    terminal = ask(w, 60, side.script)
    with side:
        equal(side.call(f"confirm {token_of(terminal)} --rollback"), DONE)
        while "was taken back" not in terminal.text:
            check(terminal.fill(90), terminal.text)
    text, status = terminal.end()
    equal((status, w.read("/etc/hosts")), (TAKEN_BACK, HOSTS), text)


@test("the services are told apart from the files, at the terminal as elsewhere")
def services(w):
    with_service(w)
    terminal = ask(w, 60, f"{CLI} set {NODE} good", root="/")
    contains(terminal.text, f"apply: restart {UNIT}")
    terminal.type("n\n")
    text, status = terminal.end()
    equal(status, TAKEN_BACK, text)
    equal(text_of(NAME), OLD)


@test("Ctrl-C while services take it has it taken back as soon as it is done")
def interrupted(w):
    with_service(w)
    terminal = Terminal(w, f"{CLI} set {NODE} good; {CLI} commit --confirm 60; exit $?", "/")
    terminal.until(f"apply: restart {UNIT}")
    terminal.type("\x03")
    text, status = terminal.end()
    equal(status, TAKEN_BACK, text)
    equal(text_of(NAME), OLD)


@test("the terminal is closed: the deadline counts, and a later session has its word")
def hung_up(w):
    terminal = ask(w, 60)
    token = token_of(terminal)
    terminal.close()
    contains(w.read("/etc/hosts"), NEW)
    equal(w.pair(CLI, "confirm", token).returncode, DONE)
    contains(w.read("/etc/hosts"), NEW)


if __name__ == "__main__":
    main()
