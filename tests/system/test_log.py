#!/usr/bin/python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""service.log on a real journal: the lines of one unit, each once, and no other's, whatever is in
them."""

import re
import shutil
import socket
import struct
import subprocess
import sys
import time

sys.path.insert(0, sys.path[0] + "/../lib")
from exm import SESSION, check, contains, equal, for_each, main, matches, test
from gate import sync_journal

POLICY = SESSION + """
[Log exm-l-*.service]
Lines=50
[Service exm-l-1.service]
Allow=status
[Service exm-q.service]
Allow=status
"""

# each test has a unit of its own, and so a log of its own
UNIT = "[Service]\nType=oneshot\nSyslogIdentifier=teller\nExecStart=/bin/cat /run/exm-say\n"
numbers = iter(range(1, 1000))


def new_unit():
    unit = f"exm-l-{next(numbers)}-{time.time_ns()}.service"
    with open(f"/run/systemd/system/{unit}", "w", encoding="ascii") as file:
        file.write(UNIT)
    return unit


def say(unit, text):
    """The unit prints it, and it is in the journal then."""
    with open("/run/exm-say", "wb") as file:
        file.write(text if isinstance(text, bytes) else text.encode())
    subprocess.run(["systemctl", "start", unit], check=True)
    sync_journal()


def told(answer):
    """What the unit printed itself."""
    return [line["message"] for line in answer["lines"] if line["identifier"] == "teller"]


def messages(answer):
    return [line["message"] for line in answer["lines"]]


def session(w, **options):
    return w.session(POLICY, **{"root": "/", **options})


def native(**fields):
    """An entry by journald's own protocol, which lets any service set any field."""
    data = b""
    for name, value in fields.items():
        value = value if isinstance(value, bytes) else value.encode()
        data += name.encode() + b"\n" + struct.pack("<Q", len(value)) + value + b"\n"
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as sock:
        sock.connect("/run/systemd/journal/socket")
        sock.sendall(data)


# ---- what is shown ------------------------------------------------------------------------------

@test("the last lines, oldest first, each with time, priority, process and who wrote it")
def last_lines(w):
    unit = new_unit()
    days = [time.strftime("%Y-%m-%d", time.gmtime())]
    say(unit, "one\n<3>two\nthree\n")
    days.append(time.strftime("%Y-%m-%d", time.gmtime()))
    answer = session(w).call("service.log", {"unit": unit})
    equal(answer["unit"], unit)
    equal(told(answer), ["one", "two", "three"])
    line = next(line for line in answer["lines"] if line["message"] == "two")
    equal(sorted(line), ["identifier", "message", "pid", "priority", "time"])
    equal(line["priority"], 3)
    check(line["pid"] > 1, "the process")
    matches(line["time"], r"^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{6}Z$")
    contains(days, line["time"][:10], "the day")


@test("what process 1 says of the unit is among them")
def process_one(w):
    unit = new_unit()
    say(unit, "here\n")
    lines = session(w).call("service.log", {"unit": unit})["lines"]
    said = [line["message"] for line in lines if line["pid"] == 1]
    check(any("Start" in text and unit in text for text in said), f"lines of process 1: {said}")


@test("so many lines as are asked for, the last ones")
def so_many(w):
    unit = new_unit()
    say(unit, "".join(f"line {n}\n" for n in range(30)))
    wanted = session(w).call("service.log", {"unit": unit, "lines": 50})
    for n in (1, 2, 10):
        answer = session(w).call("service.log", {"unit": unit, "lines": n})
        equal(answer["lines"], wanted["lines"][-n:])
        equal(answer["cursor"], wanted["cursor"])


@test("20 lines without a number, and no more than the policy's Lines= with any")
def bounds(w):
    unit = new_unit()
    say(unit, "".join(f"line {n}\n" for n in range(100)))
    s = session(w)
    equal(len(s.call("service.log", [unit])["lines"]), 20)
    for n in (51, 1000, 4294967295, 4294967296, 2 ** 62):
        equal(len(s.call("service.log", {"unit": unit, "lines": n})["lines"]), 50)


@for_each([(f"{n!r} lines are refused", n) for n in (0, -1, -2 ** 63)])
def no_lines(w, n):
    s = session(w)
    s.refuse("BAD_VALUE", "service.log", {"unit": "exm-l-1.service", "lines": n})
    s.alive()


# ---- following -------------------------------------------------------------------------------------

@test("who follows by cursor gets each line exactly once, also when fetched in small parts")
def follow(w):
    unit = new_unit()
    say(unit, "before\n")
    s = session(w)
    cursor = s.call("service.log", {"unit": unit})["cursor"]
    got, wanted = [], []
    for n in range(4):
        part = [f"part {n} line {m}" for m in range(7)]
        say(unit, "\n".join(part) + "\n")
        wanted += part
        for size in (3, 1, 50):
            answer = s.call("service.log", {"unit": unit, "lines": size, "after": cursor})
            check(len(answer["lines"]) <= size, "more lines than asked for")
            got += told(answer)
            cursor = answer["cursor"]
    equal(got, wanted)


@test("with nothing new the cursor stays, and goes on where it was")
def nothing_new(w):
    unit = new_unit()
    say(unit, "first\n")
    s = session(w)
    cursor = s.call("service.log", {"unit": unit})["cursor"]
    for _ in range(3):
        answer = s.call("service.log", {"unit": unit, "after": cursor})
        equal((answer["lines"], answer["cursor"]), ([], cursor))
    say(unit, "second\n")
    equal(told(s.call("service.log", {"unit": unit, "after": cursor})), ["second"])


@test("a unit without any line gives a cursor too, after which all its lines come")
def no_line_yet(w):
    unit = new_unit()
    s = session(w)
    answer = s.call("service.log", {"unit": unit})
    equal(answer["lines"], [])
    check(answer["cursor"], "there is no cursor")
    for _ in range(2):
        again = s.call("service.log", {"unit": unit, "after": answer["cursor"]})
        equal(again["lines"], [])
    say(unit, "a\nb\n")
    whole = s.call("service.log", {"unit": unit, "lines": 50})["lines"]
    for size in (1, 3, 50):
        part = s.call("service.log", {"unit": unit, "after": again["cursor"], "lines": size})
        equal(part["lines"], whole[:size])


@test("each line once across journals that are rotated in between")
def rotated(w):
    unit = new_unit()
    say(unit, "old\n")
    s = session(w)
    cursor = s.call("service.log", {"unit": unit})["cursor"]
    say(unit, "just before\n")
    subprocess.run(["journalctl", "--rotate"], check=True)
    say(unit, "just after\n")
    equal(told(s.call("service.log", {"unit": unit, "after": cursor})),
          ["just before", "just after"])
    equal(told(s.call("service.log", {"unit": unit})), ["old", "just before", "just after"])


@test("a cursor whose line is not there any more gives the lines after its place")
def gone(w):
    unit = new_unit()
    say(unit, "early\n")
    s = session(w)
    early = s.call("service.log", {"unit": unit, "lines": 50})["cursor"]
    say(unit, "late\n")
    when = re.search("t=([0-9a-f]+)", early)[1]
    cursor = f"s={'0' * 32};i=1;b={'0' * 32};m=1;t={int(when, 16) + 1:x};x=1"
    equal(told(s.call("service.log", {"unit": unit, "after": cursor})), ["late"])


@test("a cursor of another unit's line shows lines of the own unit only")
def other_cursor(w):
    one, other = new_unit(), new_unit()
    say(one, "mine before\n")
    say(other, "yours\n")
    s = session(w)
    cursor = s.call("service.log", {"unit": other})["cursor"]
    say(other, "yours again\n")
    say(one, "mine after\n")
    equal(told(s.call("service.log", {"unit": one, "after": cursor})), ["mine after"])


GOOD = f"s={'a' * 32};i=1;b={'b' * 32};m=1;t=1;x=1"


@for_each([(f"the cursor {text[:12]!r}...{text[-9:]!r} is refused", text) for text in [
    "\n" * 100, "x", " ", GOOD + "\n", GOOD + ";", GOOD.replace("i=1", "i="), "t=0", "t=1;",
    GOOD.replace("i=1", "i=-1"), GOOD.upper(), "s=1", GOOD[:-1], GOOD[2:], "i=1;" + GOOD,
    GOOD + GOOD, "s=%s;i=1", "../../x", "\u00e9", "a" * 600, "a" * 100000]])
def bad_cursor(w, text):
    s = session(w)
    s.refuse("BAD_VALUE", "service.log", {"unit": "exm-l-1.service", "after": text})
    s.alive()


# ---- what is in a line -------------------------------------------------------------------------------

@for_each([(f"{wanted[:40]!r} arrives as text", said, wanted) for said, wanted in [
    (b'{"jsonrpc": "2.0", "id": 1, "result": true}', '{"jsonrpc": "2.0", "id": 1, "result": true}'),
    (b'\x1b[31mred\x1b[0m \x07 \x7f', '\x1b[31mred\x1b[0m \x07 \x7f'),
    (b'not \xff\xfe UTF-8 \xc3', 'not ?? UTF-8 ?'),
    ('h\u00e9 \u20ac \U0001f600'.encode(), 'h\u00e9 \u20ac \U0001f600'),
    (b'\xed\xa0\x80 half a pair', '??? half a pair'),
    (b'quote " backslash \\ slash / \\u0000', 'quote " backslash \\ slash / \\u0000'),
    (b'a\tb', 'a\tb'), (b'%s%n%d', '%s%n%d')]])
def as_text(w, said, wanted):
    unit = new_unit()
    say(unit, said + b"\nend\n")
    s = session(w)
    equal(told(s.call("service.log", {"unit": unit})), [wanted, "end"])
    s.alive()


@test("an entry of several lines stays one, and a binary one becomes text")
def several_lines(w):
    unit = new_unit()
    script = "/run/exm-native.py"
    with open(script, "w", encoding="ascii") as file:
        file.write("import socket, struct\n"
                   "s = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)\n"
                   "s.connect('/run/systemd/journal/socket')\n"
                   "for m in (b'a\\nb\\n', b'nul \\0 in it', b'', b'\\n'):\n"
                   "    s.send(b'SYSLOG_IDENTIFIER=teller\\nPRIORITY=77\\nMESSAGE\\n' +\n"
                   "           struct.pack('<Q', len(m)) + m + b'\\n')\n"
                   # journald looks up whose process it is, while it is there
                   "import subprocess; subprocess.run(['journalctl', '--sync'])\n")
    with open(f"/run/systemd/system/{unit}", "w", encoding="ascii") as file:
        file.write(UNIT.replace("/bin/cat /run/exm-say", f"/usr/bin/python3 {script}"))
    subprocess.run(["systemctl", "daemon-reload"], check=True)
    say(unit, "")
    answer = session(w).call("service.log", {"unit": unit})
    equal(told(answer), ["a\nb", "nul ? in it", "", ""])
    equal({line["priority"] for line in answer["lines"] if line["identifier"] == "teller"}, {6})


@test("a very long line is cut between two characters")
def long_line(w):
    unit = new_unit()
    say(unit, "x" + "\u00e9" * 10000 + "\n" + "end\n")
    answer = session(w).call("service.log", {"unit": unit})
    text, end = told(answer)
    equal(end, "end")
    check(set(text) == {"x", "\u00e9"}, "what is in it")
    check(4090 <= len(text.encode()) <= 4096, f"{len(text.encode())} bytes")


@test("50 lines of full length arrive in one answer")
def much(w):
    unit = new_unit()
    say(unit, "".join(f"{n:02}" + "y" * 4000 + "\n" for n in range(60)))
    lines = told(session(w).call("service.log", {"unit": unit, "lines": 50}))
    # the others are what process 1 says of its end; of what took long it says more
    check(len(lines) >= 45, f"{len(lines)} lines")
    equal({len(line) for line in lines}, {4002})


# ---- whose lines -----------------------------------------------------------------------------------------

@test("other units' lines are never shown, nor what claims to be of the unit or of process 1")
def others(w):
    one, other = new_unit(), new_unit()
    say(one, "mine\n")
    say(other, f"yours, {one}\n")
    for fields in ({"UNIT": one}, {"_SYSTEMD_UNIT": one}, {"UNIT": one, "_PID": "1"},
                   {"SYSLOG_IDENTIFIER": "systemd", "UNIT": one},
                   {"USER_UNIT": one}, {"_COMM": "systemd", "UNIT": one}):
        native(MESSAGE="forged", **fields)
    sync_journal()
    whole = subprocess.run(["journalctl", "-o", "cat", "-n", "30"], capture_output=True, text=True,
                           check=True).stdout
    check(whole.count("forged") >= 6, "the forged entries are not in the journal")
    answer = session(w).call("service.log", {"unit": one, "lines": 50})
    equal(told(answer), ["mine"])
    text = " ".join(messages(answer))
    check("forged" not in text and "yours" not in text, text)


@for_each([(f"the log of {unit!r} is denied", unit) for unit in [
    "exm-q.service", "ssh.service", "exm-l-1.socket", "exm-l.service", "EXM-L-1.service"]])
def denied(w, unit):
    s = session(w)
    error = s.refuse("DENIED", "service.log", [unit])
    contains(error.data["rule"], f"[Log {unit}]", "rule")
    s.alive()


@for_each([(f"{unit[:40]!r} has no log", unit) for unit in [
    "", "*", "exm-l-*.service", "-x.service", "exm-l-1.service\n", "exm-l-/../x.service",
    "exm-l-1.service OR UNIT=ssh.service", "x" * 300 + ".service"]])
def no_unit(w, unit):
    s = session(w)
    s.refuse("BAD_VALUE", "service.log", [unit])
    s.alive()


@test("a right to the log gives no status, and no watch")
def log_only(w):
    s = session(w)
    unit = new_unit()
    for method in ("service.status", "service.watch", "service.start"):
        s.refuse("DENIED", method, [unit])


@test("where there is no journal: IO that says so")
def no_journal(w):
    s = session(w, root=w.root)
    error = s.refuse("IO", "service.log", ["exm-l-1.service"])
    contains(error.message, "no journal", "message")
    s.alive()


@test("the journal is looked for below the root")
def below_root(w):
    unit = new_unit()
    say(unit, "in the image\n")
    shutil.copytree("/run/log/journal", w.at("/run/log/journal"))
    shutil.copy("/etc/machine-id", w.at("/etc/machine-id"))
    say(unit, "not in the image\n")
    equal(told(session(w, root=w.root).call("service.log", {"unit": unit})), ["in the image"])


@test("a journal file that is damaged keeps no other from being read")
def damaged(w):
    unit = new_unit()
    say(unit, "whole\n")
    shutil.copytree("/run/log/journal", w.at("/run/log/journal"))
    shutil.copy("/etc/machine-id", w.at("/etc/machine-id"))
    with open("/etc/machine-id", encoding="ascii") as file:
        directory = f"/run/log/journal/{file.read().strip()}"
    w.write(f"{directory}/broken.journal", b"LPKSHHRH" + b"\xff" * 4096)
    w.write(f"{directory}/empty.journal", b"")
    equal(told(session(w, root=w.root).call("service.log", {"unit": unit})), ["whole"])


if __name__ == "__main__":
    main()
