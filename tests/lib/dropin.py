# SPDX-License-Identifier: LGPL-2.1-or-later
"""Programs that use Augeas, once with its own library and once with ours. Shared by the tests of
libexmachina-augeas."""

import glob
import json
import os
import subprocess

from augeas_in_process import Augeas
from exm import SESSION, Failure, check

LIBRARY = next(iter(glob.glob("/usr/lib/exmachina/libaugeas.so.0") +
                    glob.glob("/usr/lib/*/exmachina/libaugeas.so.0")), "missing")
PRELOAD = os.path.join(os.path.dirname(LIBRARY), "libexmachina-augeas.so")
REAL = "libaugeas.so.0"
HERE = os.path.dirname(os.path.abspath(__file__))
FREE = "Set=**\nInsert=**\nRemove=**\n"


def ours(w, *program, args=("--augeas",), **options):
    """As the policy's user, over the server; without what that itself has to say."""
    options.setdefault("seconds", 60)
    done = w.pair(*program, args=args, **options)
    if done.returncode > 128:  # a signal, as exmachinad tells it
        done.returncode = 128 - done.returncode
    done.log = "".join(line + "\n" for line in done.stderr.splitlines()
                       if line.startswith("exmachinad: "))
    done.stderr = "".join(line + "\n" for line in done.stderr.splitlines()
                          if not line.startswith("exmachinad: "))
    return done


def real(w, *program, root=None, **options):
    """As root, over the files."""
    options.setdefault("seconds", 60)
    return w.run(*program, env={"AUGEAS_ROOT": root or w.root, "PATH": "/usr/bin:/bin",
                                "HOME": "/root", "LANG": "C.UTF-8"}, **options)


def said(done):
    return done.returncode, done.stdout, done.stderr


def alike(w, *program, args=(), **options):
    """Both say the same, which is handed back."""
    wanted = said(real(w, *program, **options))
    same(ours(w, *program, args=("--augeas", *args), **options), wanted, program)
    return wanted


def same(done, wanted, program):
    """Ours said what was wanted; else how it differs, and what the server had to say."""
    if said(done) != wanted:
        raise Failure(f"{' '.join(program)[:200]}: {first_difference(said(done), wanted)}\n{done.log}")


def first_difference(got, wanted):
    if got[0] != wanted[0] or got[2] != wanted[2]:
        return f"got {got!r:.700}, wanted {wanted!r:.700}"
    got, wanted = got[1].splitlines(), wanted[1].splitlines()
    for number, (a, b) in enumerate(zip(got + [None], wanted + [None])):
        if a != b:
            return f"line {number + 1}: got {a!r}, wanted {b!r}"
    return f"{len(got)} lines, wanted {len(wanted)}"


def take_etc(w):
    """Makes w.root hold a copy of this system's own /etc, with no links, and the policy one that
    lets all of it change that a lens of Augeas reads. Those files, with their lenses, in the order
    in which they stand in the tree."""
    subprocess.run(["rm", "-rf", w.root + "/etc"], check=True)
    subprocess.run(["cp", "-a", "/etc", w.root], check=True)
    subprocess.run(["find", w.root + "/etc", "-type", "l", "-delete"], check=True)
    aug = Augeas(w.root, {}, flags=0)
    files = {}
    for node in aug.match("/augeas/files//path")[1]:
        file = aug.get(node)[1].removeprefix("/files")
        lens = aug.get(node.removesuffix("path") + "lens")[1]
        files[file] = lens[1:] + ".lns" if lens[0] == "@" else lens
    order = aug.match("/augeas/files//path")[1]
    check(len(order) == len(files), "each file once")
    rows = {lens: n for n, lens in enumerate(aug.get(node + "/lens")[1][1:] + ".lns"
                                             for node in aug.match("/augeas/load/*")[1])}
    files = dict(sorted(files.items(), key=lambda item: rows.get(item[1], 0)))
    aug.close()
    # all of it is read in one request
    w.policy(SESSION.replace("10s", "60s") +
             "".join(f"[File {file}]\nLens={lens}\n{FREE}" for file, lens in files.items()))
    return files


def play(w, calls, library=None, skip=(), lenses=None, seconds=60, **options):
    """Has one process make the calls, with our library or with the one given, and says what each
    one gave."""
    job = {"calls": calls, "skip": list(skip), "lenses": lenses or {}, "library": library or REAL,
           "root": options.pop("root", w.root)}
    where = w.path_of("calls.json")
    with open(where, "w", encoding="utf-8") as file:
        json.dump(job, file)
    os.chmod(where, 0o644)
    command = ("/usr/bin/python3", HERE + "/dropin_player.py", where)
    if library:
        done = w.run(*command, seconds=seconds, **options)
    else:
        done = ours(w, *command, seconds=seconds, **options)
    check(done.returncode == 0, f"status {done.returncode}: {done.stderr[-2000:]}")
    return json.loads(done.stdout)
