#!/usr/bin/python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""Each test that SECURITY.md names must have been run, and passed, under that very name.

usage: security-names.py SECURITY.md RESULTS...    (files of "ok NAME" and "not NAME" lines)"""

import re
import sys

# what SECURITY.md names as a group, or from outside of the tests that are counted by name
GROUPS = {"and all others of this topic", "and its neighbours"}


def claimed(text):
    """(topic, name) of each claim; names of unit tests have blanks for underscores."""
    for bullet in re.findall(r"^- (?:unit )?[a-z_-]+:? .*?(?=^- |^$|^#)", text, re.S | re.M):
        topic = None
        for word, name in re.findall(r"(?:(?:unit )?([a-z_-]+):|)\s*\*((?:[^*\\]|\\.)+)\*",
                                     " ".join(bullet.split())):
            topic = word or topic
            yield topic, re.sub(r"\\(.)", r"\1", name)


def main():
    passed = set()
    for path in sys.argv[2:]:
        with open(path, encoding="utf-8", errors="replace") as file:
            for line in file:
                if line.startswith("ok "):
                    # without a number in front, and the seconds that a long one took
                    name = re.sub(r"^\d+ - | \(\d+\.\d+ s\)$", "", line[3:].strip())
                    passed.add(name)
                    passed.add(re.sub(r"^test_", "", name).replace("_", " "))
    with open(sys.argv[1], encoding="utf-8") as file:
        claims = list(claimed(file.read()))
    missing = []
    for topic, name in claims:
        # dots stand for what differs between tests of a kind
        pattern = ".*".join(re.escape(part.strip()) for part in name.split("..."))
        wanted = re.compile(f"(?:{re.escape(str(topic))}: *)?{pattern}")
        if not any(wanted.fullmatch(p) for p in passed):
            missing.append(f"{topic}: {name}")
    for name in missing:
        print(f"SECURITY.md names a test that did not pass here: {name}")
    print(f"{len(claims)} tests are named, {len(missing)} of them not found")
    return 1 if missing or len(claims) < 20 else 0


if __name__ == "__main__":
    sys.exit(main())
