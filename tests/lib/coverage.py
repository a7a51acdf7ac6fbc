#!/usr/bin/python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""Says how many lines of src/monitor were reached, from what llvm-cov exported.

usage: coverage.py SOURCE LCOV BAR

The lines that coverage-exceptions names do not count: no honest test reaches them, for the reason
that stands there. One that is reached all the same, or is no line of its file, is an error."""

import os
import re
import sys

source, lcov, bar = os.path.realpath(sys.argv[1]), sys.argv[2], float(sys.argv[3])
PART = "src/monitor/"


def counts_read():
    """File, line number: how often it was reached."""
    counts, lines = {}, {}
    with open(lcov, encoding="utf-8") as file:
        for text in file:
            if text.startswith("SF:"):
                name = os.path.relpath(os.path.realpath(text[3:].strip()), source)
                lines = counts.setdefault(name, {})
            elif text.startswith("DA:"):
                line, count = text[3:].split(",")[:2]
                lines[int(line)] = lines.get(int(line), 0) + int(count)
    return {name: lines for name, lines in counts.items() if name.startswith(PART) and lines}


def exceptions_read():
    """Rows of file, text of the line, reason."""
    with open(f"{source}/tests/lib/coverage-exceptions", encoding="utf-8") as file:
        return [tuple(part.strip() for part in text.split("|", 2))
                for text in file if text.strip() and not text.startswith("#")]


def exceptions_apply(counts):
    """Takes those lines out; returns what is wrong with the list."""
    wrong = []
    for name, text, _ in exceptions_read():
        with open(f"{source}/{name}", encoding="utf-8") as file:
            numbers = [n for n, line in enumerate(file, 1) if line.strip() == text]
        counted = [n for n in numbers if n in counts.get(name, {})]
        if not counted:
            wrong.append(f"{name} has no line '{text}' that counts")
        elif not any(counts[name][n] == 0 for n in counted):
            wrong.append(f"{name}: '{text}' is reached")
        for number in counted:
            if counts[name][number] == 0:
                del counts[name][number]
    return wrong


def ranges(numbers):
    """1 2 3 7 as 1-3 7."""
    text = []
    for number in numbers:
        if text and text[-1][1] == number - 1:
            text[-1][1] = number
        else:
            text.append([number, number])
    return " ".join(f"{a}" if a == b else f"{a}-{b}" for a, b in text)


def percent(reached, lines):
    return 100.0 * reached / lines if lines else 100.0


counts = counts_read()
wrong = exceptions_apply(counts)
if len(counts) < len([n for n in os.listdir(f"{source}/{PART}") if re.search(r"\.c$", n)]):
    wrong.append("sources of the monitor are missing from the counts")
table = [(sum(c > 0 for c in lines.values()), len(lines), name,
          ranges(sorted(n for n, c in lines.items() if c == 0))) for name, lines in counts.items()]
print("lines reached  of      %  file")
for reached, lines, name, _ in sorted(table, key=lambda row: percent(row[0], row[1])):
    print(f"{reached:13} {lines:3} {percent(reached, lines):6.1f}  {name[len(PART):]}")
print(f"\nbelow {bar:g} %, and the lines that no test reaches:")
for reached, lines, name, missing in sorted(table, key=lambda row: row[2]):
    if percent(reached, lines) < bar:
        print(f"{name}: {missing}")
for text in wrong:
    print(f"wrong: {text}")
reached, lines = sum(row[0] for row in table), sum(row[1] for row in table)
print(f"{percent(reached, lines):.2f} % of {lines} lines of src/monitor")
sys.exit(1 if wrong or percent(reached, lines) < bar else 0)
