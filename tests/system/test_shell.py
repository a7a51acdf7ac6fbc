#!/usr/bin/python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""exmachina shell, driven by keys in a terminal (tmux): editing, completion, history and what is not
in it, colours, interruptions, the countdown of a commit, and how it ends."""

import contextlib
import os
import re
import subprocess
import sys
import time

sys.path.insert(0, sys.path[0] + "/../lib")
from exm import (CLI, DAEMON, HOSTS, HOSTS_FREE, SESSION, Failure, can_be_connected, check, contains,
                 equal, for_each, main, matches, test, unit_file, unit_property, wait_until)

H = "/files/etc/hosts"
PROMPT = "exmachina> "
EDITED = "exmachina*> "
HISTORY = "/home/panel/.local/state/exmachina/history"
SECRETS = SESSION + ("[File /etc/hosts]\nLens=Hosts.lns\nSet=**\nInsert=**\nRemove=**\n"
                     "Secret=*/canonical\n[File /etc/ssh/sshd_config]\nLens=Sshd.lns\nSet=Port\n")


class Screen:
    """A terminal in which a pair runs a shell command as an ordinary user."""

    count = 0

    def __init__(self, w, command=f"{CLI} shell", policy=SESSION + HOSTS_FREE, root=None):
        w.policy(policy)
        Screen.count += 1
        self.socket = w.path_of(f"tmux-{Screen.count}")
        self.status = w.path_of(f"status-{Screen.count}")
        script = w.path_of("start.sh")
        with open(script, "w", encoding="utf-8") as file:
            file.write(f"{DAEMON} --policy {w.policy_dir} --root {root or w.root} "
                       f"--setenv LC_ALL=C.UTF-8 -- {command} 2>&1; echo $? >{self.status}; sleep 60\n")
        self.tmux("-f", "/dev/null", "new-session", "-d", "-x", "110", "-y", "40", f"sh {script}")
        w.undo.callback(self.tmux, "kill-server", check=False)

    def tmux(self, *arguments, check=True):
        return subprocess.run(["tmux", "-S", self.socket, *arguments], capture_output=True,
                              text=True, check=check).stdout

    def text(self, colours=False):
        shown = self.tmux("capture-pane", "-p", "-J", "-S", "-", *(["-e"] if colours else []))
        # the server's log goes to the terminal as well
        return "\n".join(line.rstrip() for line in shown.rstrip().split("\n")
                         if not line.startswith("exmachinad: "))

    def type(self, *keys):
        """Names of keys, or text behind "text:"."""
        for key in keys:
            if key.startswith("text:"):
                self.tmux("send-keys", "-l", "--", key[5:])
            else:
                self.tmux("send-keys", key)

    def until(self, condition, what, seconds=40):
        """condition: a text, or a function of all that is shown."""
        end = time.monotonic() + seconds
        while time.monotonic() < end:
            shown = self.text()
            if condition in shown if isinstance(condition, str) else condition(shown):
                return shown
            time.sleep(0.05)
        raise Failure(f"not shown: {what}\n{self.text()}")

    def at_prompt(self, prompt=PROMPT):
        """The last line is the prompt, with nothing behind it."""
        return self.until(lambda shown: shown.split("\n")[-1] == prompt.rstrip(), f"the {prompt!r}")

    def line(self, text, prompt=PROMPT):
        """A line, and what was shown for it up to the next prompt."""
        before = len(self.text().split("\n"))
        self.type("text:" + text, "Enter")
        shown = self.until(lambda now: len(now.split("\n")) > before and
                           now.split("\n")[-1] == prompt.rstrip(), f"a prompt after {text!r}")
        return "\n".join(shown.split("\n")[before:-1])

    def end(self, seconds=40):
        """The exit status of the pair."""
        end = time.monotonic() + seconds
        while time.monotonic() < end:
            if os.path.exists(self.status) and os.path.getsize(self.status):
                with open(self.status, encoding="ascii") as file:
                    return int(file.read())
            time.sleep(0.05)
        raise Failure(f"it has not ended\n{self.text()}")


def started(w, *arguments, **options):
    with contextlib.suppress(FileNotFoundError):
        os.unlink(HISTORY)
    screen = Screen(w, *arguments, **options)
    contains(screen.at_prompt(), "Tab completes")
    return screen


# ---- lines -------------------------------------------------------------------------------------

@test("verbs are those of the command line, with their output, in one session up to its end")
def verbs(w):
    screen = started(w)
    equal(screen.line(f"get {H}/1/canonical"), "localhost")
    equal(screen.line(f"set {H}/1/canonical 'typed'", EDITED), "")
    contains(screen.line("diff", EDITED), "+127.0.0.1\ttyped".expandtabs())
    equal(screen.line("commit"), "Saved 1 file(s)")
    contains(w.read("/etc/hosts"), "\ttyped\n")
    contains(screen.line("help commit"), "--confirm SECONDS")
    contains(screen.line("help"), "quit, exit")
    screen.type("text:quit", "Enter")
    equal(screen.end(), 0, screen.text())


@test("a mistake tells what, where and what would be right, and the next line goes on")
def mistakes(w):
    screen = started(w)
    equal(screen.line("nonsense 1"), "exmachina: unknown verb 'nonsense'; see help")
    equal(screen.line("get"), "exmachina: get: not enough arguments; it is: get PATH")
    contains(screen.line("set /files/etc/shadow/x y"), "is not a node of a file that the policy names")
    equal(screen.line(f"get {H}/1["), "exmachina: unmatched [")
    equal(screen.line("shell"), "exmachina: 'shell' cannot be used in a shell")
    equal(screen.line("get 'half"), "exmachina: unmatched quote")
    equal(screen.line("ping"), "pong")
    equal(screen.line("# a comment"), "")


@test("what is no verb is a command of augtool")
def augtool(w):
    screen = started(w)
    equal(screen.line(f"count {H}/*[ipaddr]"), "  4 matches")
    screen.line(f"touch {H}/1/alias", EDITED)
    contains(screen.line(f"print {H}/1/alias", EDITED), f"{H}/1/alias")
    screen.line("discard")
    equal(screen.line("context /files/etc"), "")
    equal(screen.line("get hosts/1/ipaddr"), "127.0.0.1")


@test("a line is edited: inserted into, cut, brought back, and looked for")
def editing(w):
    screen = started(w)
    screen.type("text:iping", "C-a", "C-d", "Enter")
    screen.until("pong", "the answer to the corrected line")
    # between two lines the terminal edits, and not the shell
    screen.at_prompt()
    screen.type("text:get nowhere", "C-u", "text:pang", "Left", "Left", "Left", "C-k", "text:ing", "Enter")
    screen.until(lambda shown: shown.count("pong") == 2, "a second answer")
    screen.at_prompt()
    screen.type("Up", "Enter")
    screen.until(lambda shown: shown.count("pong") == 3, "the line brought back")
    screen.at_prompt()
    screen.line(f"get {H}/2/canonical")
    screen.line("label /files")
    screen.type("C-r", "text:canon", "Enter")
    screen.until(lambda shown: shown.count("\ndebian") == 2, "the line that was looked for")
    screen.at_prompt()
    screen.type("text:set /own 'sch\u00f6n \u4e16'", "BSpace", "BSpace", "text:!'", "Enter")
    screen.at_prompt(EDITED)
    equal(screen.line("get /own", EDITED), "sch\u00f6n !")


@test("Ctrl-C ends the line and not the shell, nor its server")
def interrupted(w):
    screen = started(w)
    screen.type("text:rm /files/etc/hosts", "C-c")
    screen.until("^C", "the end of the line")
    screen.at_prompt()
    equal(screen.line("ping"), "pong")
    contains(screen.line("match " + H), H)


# ---- completion ----------------------------------------------------------------------------------

@test("Tab completes verbs, options, paths of the tree and units; twice it shows what there is")
def completion(w):
    unit_file("exm-shell.service", "[Service]\nExecStart=/bin/sleep infinity\n")
    screen = started(w, policy=SESSION + HOSTS_FREE + "[Service exm-shell.service]\nAllow=status\n",
                     root="/")
    screen.type("text:he", "Tab")
    screen.until(PROMPT + "help", "the verb")
    screen.type("C-u", "text:get /fi", "Tab", "text:e", "Tab", "text:h", "Tab")
    screen.until(f"get {H}/", "a path")
    screen.type("text:1/", "Tab", "Tab")
    screen.until(lambda shown: re.search(r"\nipaddr +canonical", shown), "the nodes below it")
    screen.type("text:i", "Tab", "Enter")
    screen.until("\n127.0.0.1\n", "the value")
    screen.at_prompt()
    screen.type("text:service st", "Tab")
    screen.type("Tab")
    screen.until(lambda shown: re.search(r"\nstatus +start +stop", shown), "the verbs of services")
    screen.type("text:atus ex", "Tab")
    screen.until("service status exm-shell.service", "the unit")
    screen.type("C-u", "text:commit --dr", "Tab")
    screen.until("commit --dry-run", "the option")
    screen.type("C-u", f"text:get '{H}/1/can", "Tab", "Enter")
    screen.until(f"get '{H}/1/canonical'\nlocalhost", "the quote at its end, and the value")


# ---- history -------------------------------------------------------------------------------------

def history():
    with open(HISTORY, encoding="utf-8") as file:
        return file.read().splitlines()


@test("lines are there in the next shell, in a file that is the user's alone")
def kept(w):
    screen = started(w)
    screen.line("ping")
    screen.line(f"get {H}/1/ipaddr")
    screen.line(f" get {H}/2/ipaddr")
    screen.type("text:exit", "Enter")
    equal(screen.end(), 0, screen.text())
    equal(history(), ["ping", f"get {H}/1/ipaddr"])
    info = os.stat(HISTORY)
    equal((info.st_mode & 0o7777, info.st_uid), (0o600, 4711))
    equal(os.stat(os.path.dirname(HISTORY)).st_mode & 0o7777, 0o700)
    screen = Screen(w)
    screen.at_prompt()
    screen.type("Up", "Up", "Enter")
    screen.until("pong", "the line of the shell before")


@test("a file that others may read is made the user's alone, a link is not followed, and old lines go")
def places(w):
    os.makedirs(os.path.dirname(HISTORY), exist_ok=True)
    with open(HISTORY, "w", encoding="ascii") as file:
        file.write("".join(f"ping {i}\n" for i in range(3000)))
    os.chmod(HISTORY, 0o644)
    os.chown(HISTORY, 4711, 4711)
    screen = Screen(w)
    screen.at_prompt()
    screen.line("ping")
    equal(os.stat(HISTORY).st_mode & 0o7777, 0o600)
    equal((len(history()), history()[0], history()[-1]), (1001, "ping 2000", "ping"))
    screen.type("C-d")
    screen.end()
    os.unlink(HISTORY)
    os.symlink("/etc/hosts.allow", HISTORY)
    screen = Screen(w)
    screen.at_prompt()
    screen.line("ping")
    os.unlink(HISTORY)


@test("no secret is kept: values of secret nodes, tokens, parameters of calls, and what nobody knows")
def secrets(w):
    screen = started(w, policy=SECRETS)
    screen.line(f"set {H}/1/canonical hunter2", EDITED)
    screen.line(f"set {H}/1/ipaddr 127.0.0.2 {H}/2/canonical hunter2", EDITED)
    screen.line(f"set {H}/*[ipaddr='::1']/canonical hunter2", EDITED)
    screen.line(f"setm {H}/*[ipaddr] canonical hunter2", EDITED)
    screen.line(f"ensure {H}/1 --match canonical=hunter2", EDITED)
    screen.line(f"ensure --match canonical=hunter2 {H}/1", EDITED)
    screen.line(f"sett {H}/1/canonical hunter2", EDITED)
    screen.line(f"defnode x {H}/*[9] hunter2", EDITED)
    screen.line("confirm hunter2", EDITED)
    screen.line("call augeas.set " + f'\'["{H}/1/canonical","hunter2"]\'', EDITED)
    screen.line("discard")
    kept = [f"set {H}/1/ipaddr 127.0.0.3", "set /files/etc/ssh/sshd_config/Port 2222", "confirm",
            f"get {H}/1/canonical"]
    for line in kept:
        screen.line(line, EDITED)
    equal(history(), ["discard", *kept])
    check("hunter2" not in screen.text().split(kept[-1])[-1], "what is brought back")
    screen.type("Up", "Up", "Up", "Up", "Up", "Up", "Up")
    screen.until(lambda shown: shown.split("\n")[-1] == EDITED + "discard", "the oldest line")


# ---- colours -------------------------------------------------------------------------------------

@for_each([("a diff is coloured", "", True), ("with NO_COLOR it is not", "NO_COLOR=1", False),
           ("with an empty NO_COLOR it is", "NO_COLOR=", True),
           ("nor on a terminal without colours", "TERM=dumb", False)])
def colours(w, env, coloured):
    screen = Screen(w, f"sh -c '{CLI} set {H}/1/canonical --new; {env} {CLI} diff'")
    screen.until("+127.0.0.1", "the difference")
    screen.end()
    shown = screen.text(colours=True)
    equal("\033[32m+127.0.0.1" in shown, coloured, shown)
    equal("\033[31m-127.0.0.1" in shown, coloured, shown)
    check("\033[31m--- " not in shown and "\033[32m+++ " not in shown, "colours of the header")


@test("without a terminal a diff is that of patch(1), byte for byte")
def no_colours(w):
    w.write("/etc/hosts", b"127.0.0.1 a # \xe9\x1b[31m\n")
    run = w.shell(f"{CLI} set {H}/1/canonical b; {CLI} diff")
    contains(run.stdout, "\n-127.0.0.1 a # \udce9\x1b[31m\n+127.0.0.1 b # \udce9\x1b[31m\n")


@test("what a terminal would obey is shown, and not obeyed")
def foreign(w):
    w.write("/etc/hosts", b"127.0.0.1 a # \x1b]0;title\x07\n")
    screen = started(w)
    screen.line(f"set {H}/1/canonical b", EDITED)
    contains(screen.line("diff", EDITED), "a # \\x1b]0;title\\x07")


# ---- what takes a while ----------------------------------------------------------------------------

@test("commit --confirm counts down within the shell, and it goes on with the answer")
def countdown(w):
    screen = started(w)
    screen.line(f"set {H}/1/canonical counted", EDITED)
    screen.type("text:commit --confirm 60", "Enter")
    screen.until("s are left:", "the question")
    contains(w.read("/etc/hosts"), "\tcounted\n")
    screen.type("Enter")
    screen.until("The commit stays.", "the answer")
    screen.at_prompt()
    screen.line(f"set {H}/1/canonical back", EDITED)
    screen.type("text:commit --confirm 60", "Enter")
    screen.until(lambda shown: shown.count("Keep it?") >= 2, "the second question")
    screen.type("C-c")
    screen.until("the commit was taken back: the files are as they were before", "what came of it")
    screen.at_prompt()
    contains(w.read("/etc/hosts"), "\tcounted\n")
    equal(screen.line("ping"), "pong")
    screen.line(f"set {H}/1/canonical late", EDITED)
    screen.type("text:commit --confirm 3", "Enter")
    screen.until("since it was not confirmed", "the end of the time")
    screen.at_prompt()


@test("Ctrl-C ends what goes on without an end, and what takes too long, and the session goes on")
def long_calls(w):
    # without an end, which the server would tell behind a prompt
    unit_file("exm-shell.service", "[Service]\nType=oneshot\n"
              "ExecStart=/bin/sh -c 'echo word; exec sleep infinity'\n")
    w.undo.callback(w.run, "systemctl", "stop", "exm-shell.service")
    screen = started(w, policy=SESSION.replace("10s", "10min") + HOSTS_FREE +
                     "[Service exm-shell.service]\nAllow=status start\n[Log exm-shell.service]\n",
                     root="/")
    screen.type("text:service watch exm-shell", "Enter")
    screen.until("exm-shell.service: inactive", "how the unit is")
    screen.type("C-c")
    screen.at_prompt()
    screen.type("text:service start exm-shell", "Enter")
    wait_until(lambda: unit_property("exm-shell.service", "ActiveState") == "activating",
               "the start", 40)
    screen.type("C-c")
    screen.until("interrupted; what the server has begun goes on", "the end of the wait")
    screen.at_prompt()
    equal(screen.line("ping"), "pong")
    screen.type("text:service log exm-shell --follow", "Enter")
    screen.until(": word", "the log")
    screen.type("C-c")
    screen.at_prompt()
    # the log may have been interrupted while it was asked for, which is told as well
    before = screen.text().count("interrupted")
    screen.type("text:service start exm-shell --follow", "Enter")
    screen.until(lambda shown: re.search(r"^ *[0-9]+\.[0-9] s  ", shown.split("--follow")[-1],
                                         re.M), "the progress")
    screen.type("C-c")
    screen.until(lambda shown: shown.count("interrupted") > before, "the end of the second wait")
    screen.at_prompt()
    equal(screen.line("ping"), "pong")


# ---- how it ends ---------------------------------------------------------------------------------

@test("the server that goes is told at once, with what is lost")
def gone(w):
    screen = started(w)
    screen.line(f"set {H}/1/canonical lost", EDITED)
    log = subprocess.run(["pgrep", "-f", f"^{DAEMON} --policy {w.policy_dir}"], capture_output=True,
                         text=True, check=True).stdout.split()
    os.kill(int(log[0]), 9)
    screen.until("the session has ended: the server has gone, and what was not committed is dropped",
                 "the end of the session")


@test("an engine that is replaced is told with the next line")
def engine_lost(w):
    screen = started(w)
    screen.line(f"set {H}/1/canonical lost", EDITED)
    pid = re.search(r'"pid": *([0-9]+)', screen.line("info", EDITED))[1]
    os.kill(int(pid), 9)
    # the server, whose log comes to the same terminal, may have the last word
    screen.type("text:ping", "Enter")
    screen.until("edits that were not committed are lost", "what became of them")


@test("edits that the end would drop are told before it, and the second quit is meant")
def unsaved(w):
    secret, socket = w.path_of("secret"), w.path_of("socket")
    w.policy(SESSION + HOSTS_FREE)
    w.daemon("--policy", w.policy_dir, "--secret-file", secret, "--make-secret")
    w.process(DAEMON, "--policy", w.policy_dir, "--root", w.root, "--listen", socket, "--secret-file",
              secret)
    wait_until(lambda: can_be_connected(socket), "the socket is there")
    # the server of the pair has its word at the terminal before it answers
    screen = started(w, f"sh -c '{CLI} ping >/dev/null; "
                     f"{CLI} --socket {socket} --secret-file {secret} shell'")
    screen.line(f"set {H}/1/canonical unsaved", EDITED)
    contains(screen.line("quit", EDITED), "commit them, or say quit once more to drop them")
    contains(screen.line("diff", EDITED), "unsaved")
    screen.type("text:quit", "Enter")
    screen.until("edits that were not saved are dropped", "what becomes of them")
    equal(screen.end(), 0, screen.text())
    equal(w.read("/etc/hosts"), HOSTS)


@test("in a session that is shared edits wait for the others, which is told")
def left(w):
    screen = started(w, f"sh -c '{CLI} shell; {CLI} diff'")
    screen.line(f"set {H}/1/canonical left", EDITED)
    screen.type("C-d")
    screen.until("edits wait for a commit, and the session goes on", "what becomes of them")
    screen.until("+127.0.0.1", "the difference in the next call")


# ---- no terminal ---------------------------------------------------------------------------------

@test("without a terminal it is a script, with the output of one, that ends at the first failure")
def no_terminal(w):
    run = w.shell(f"printf 'get {H}/1/ipaddr\\ncount {H}/*[ipaddr]\\nquit\\nnonsense\\n' | {CLI} shell")
    equal((run.returncode, run.stdout), (0, f"{H}/1/ipaddr = 127.0.0.1\n  4 matches\n"), run.stderr)
    run = w.shell(f"printf 'nonsense\\nping\\n' | {CLI} shell")
    equal((run.returncode, run.stdout), (2, ""))
    matches(run.stderr, r"exmachina: stdin:1: unknown verb 'nonsense'")
    check(not os.path.exists(HISTORY) or "count" not in history(), "a history without a terminal")


if __name__ == "__main__":
    main()
