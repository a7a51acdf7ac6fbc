#!/usr/bin/python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""The example of exmachina-protocol(7), line by line: what the page says is what the server says."""

import os
import re
import shutil
import subprocess
import sys

sys.path.insert(0, sys.path[0] + "/../lib")
import exm
from exm import Session, check, equal, main, test

HERE = os.environ.get("EXM_EXAMPLES", "/opt/exmachina-tests/examples")
HOSTS = ("127.0.0.1\tlocalhost\n127.0.1.1\tdebian\n\n"
         "# The following lines are desirable for IPv6 capable hosts\n"
         "::1     localhost ip6-localhost ip6-loopback\n"
         "ff02::1 ip6-allnodes\nff02::2 ip6-allrouters\n")


def without_numbers(line):
    """What is another each time: process IDs, tokens, times, and revisions count on; and what is
    another on each machine."""
    line = re.sub(r'("(?:main_)?pid(?:_before)?":)[0-9]+', r"\1PID", line)
    line = re.sub(r'("uid":)[0-9]+', r"\1UID", line)
    line = re.sub(r'("token":)"[0-9a-f]*"', r"\1TOKEN", line)
    line = re.sub(r'("time":)"[^"]*"', r"\1TIME", line)
    line = re.sub(r'("(?:hostname|timezone|via)":)"[^"]*"', r"\1NAME", line)
    line = re.sub(r'("locale":)\{[^}]*\}', r"\1LOCALE", line)
    line = re.sub(r'("seconds":)(?:60|5[0-9]|120|11[0-9])\b', r"\1LEFT", line)
    line = re.sub(r'("unit":)(?:null|"[^"]*\.scope")', r"\1UNIT", line)
    return re.sub(r'("(?:revision|next|reverts)":)[0-9]+', r"\1REVISION", line)


def with_answers(line, answers):
    """What a client has from an earlier answer: the plan, the token, the revision."""
    for key in ("plan", "token", "revision"):
        told = [found for answer in answers if answer.startswith("S ")
                for found in re.findall(f'"{key}":("[0-9a-f]+"|[0-9]+)', answer)]
        if told and line.startswith("C "):
            line = re.sub(f'"{key}":(?:"[0-9a-f]*"|[0-9]+)', f'"{key}":{told[-1]}', line)
    return line


def keep(w, path):
    """What the sandbox has there is there again after the test."""
    kept = w.path_of("kept-" + os.path.basename(path))
    shutil.copy2(path, kept)
    w.undo.callback(shutil.copy2, kept, path)


def start(w, lines):
    """A session on the sandbox's own files, with the example's policy and secret."""
    for path in ("/etc/hosts", "/etc/ssh/sshd_config"):
        keep(w, path)
    with open("/etc/hosts", "w", encoding="utf-8") as file:
        file.write(HOSTS)
    shutil.rmtree(w.policy_dir)
    shutil.copytree(HERE + "/policy.d", w.policy_dir)
    os.chmod(w.policy_dir, 0o755)
    secret = next(re.search('"secret":"([0-9a-f]*)"', line)[1] for line in lines
                  if "session.authenticate" in line)
    exm.new_secret = lambda: secret
    subprocess.run(["systemctl", "start", "ssh.service"], check=True)
    return Session(w, auth=False, args=("--user", "panel"), root="/")


def replay(w, lines):
    """The same lines, with what the server answers now."""
    s = start(w, lines)
    got = []
    for line in lines:
        if line.startswith("S"):
            continue
        line = with_answers(line, got)
        got.append(line)
        if line.startswith("# Somebody else: "):
            # one that dies right behind an answer would leave that to be answered once more
            s.engine()
            subprocess.run(line.split(": ", 1)[1], shell=True, check=True)
        if not line.startswith("C "):
            continue
        s.line(line[2:])
        wanted = re.search('"id":([0-9]+)', line)
        while True:
            answer = s.read_line(40).decode()
            if not answer:
                continue
            got.append("S " + answer)
            if '"method":"session.engine_lost"' not in answer:
                break
        if wanted and "id\":null" not in answer and answer[0] == "{":
            equal(re.search('"id":([0-9]+)', answer)[1], wanted[1], "id")
    check(s.ended(), "the stream is still open")
    return got


@test("the example of exmachina-protocol(7) is what happens")
def exchange(w):
    with open(HERE + "/exchange.txt", encoding="utf-8") as file:
        lines = file.read().split("\n")
    got = replay(w, lines)
    if os.environ.get("EXM_UPDATE"):
        with open(os.environ["EXM_UPDATE"], "w", encoding="utf-8") as file:
            file.write("\n".join(got))
        return
    for one, other in zip(got, lines):
        equal(without_numbers(one), without_numbers(other), "line")
    equal(len(got), len(lines), "lines")


# ---- the page ----------------------------------------------------------------------------------

PAGE = "/usr/share/man/man7/exmachina-protocol.7"


def words_of(macro):
    """[(the last word of the method's name, [(parameter, type, required)])] of the macros of an item."""
    text = re.sub(r'"([^"]*)"', lambda found: found[1].replace(" ", "\0"), macro)
    found = re.search(r"\bLi (\S+)((?: Fa \S+ : Vt (?:(?! Fa ).)+)*)$", text)
    check(found, f"an entry that is none: {macro!r}")
    parameters = []
    for name, kind in re.findall(r"Fa (\S+) : Vt ((?:(?! Fa ).)+)", found[2]):
        kind = kind.strip().replace("\0", " ")
        parameters.append((name, kind.removesuffix("?"), not kind.endswith("?")))
    return found[1], parameters


def entries():
    """What the section METHODS says of each method: its parameters."""
    with open(PAGE, encoding="utf-8") as file:
        text = file.read().split("\n.Sh METHODS\n")[1].split("\n.Sh ")[0]
    # an item over several lines is one
    text = re.sub(r"^\.It Xo\n(.*?)^\.Xc$", lambda found: ".It " + " ".join(
        line.lstrip(".") for line in found[1].splitlines()), text, flags=re.M | re.S)
    found = [words_of(line) for line in text.splitlines()
             if re.match(r"\.It (Li )?(session|augeas|config|service|package|system)\.", line.replace("Xo ", ""))]
    equal(sorted({name for name, _ in found}), sorted(name for name, _ in found), "entries")
    return dict(found)


@test("the page has an entry for each method, with the parameters that the server takes, and no other")
def page(w):
    there = {method["name"]: [(p["name"], p["type"], p["required"]) for p in method["parameters"]]
             for method in w.session().call("session.methods")}
    told = entries()
    equal(sorted(told), sorted(there), "methods")
    for name, parameters in there.items():
        # "with the same parameters", as it says of those that follow another
        if not told[name] and name.startswith("service.") and "unit" in [p[0] for p in parameters]:
            told[name] = told["service.status"]
        if not told[name] and name.startswith("system.set_"):
            continue
        equal(told[name], parameters, f"parameters of {name}")


@test("the example calls each method")
def each_method(w):
    with open(HERE + "/exchange.txt", encoding="utf-8") as file:
        called = set(re.findall(r'"method":"([a-z_.]+)"', file.read()))
    missing = [method["name"] for method in w.session().call("session.methods")
               if method["name"] not in called]
    equal(missing, [], "methods without an example")


@test("the page has each error with its number, and each notification")
def page_errors(w):
    with open(PAGE, encoding="utf-8") as file:
        text = file.read()
    for name, code in exm.CODES.items():
        check(f"\n.It Li {code} {name}\n" in text, f"{code} {name}")
    for name in exm.NOTIFICATIONS:
        check(f"\n.It Li {name}\n" in text, name)


if __name__ == "__main__":
    main()
