# SPDX-License-Identifier: LGPL-2.1-or-later
"""Revisions of the history, written and read once more, by what journal_entry.h says of the format
and not by our own code."""

import hashlib
import os
import struct
import time

from trail import STATE

MAGIC = b"EXMJRN2\n"
HISTORY = STATE + "/history"


def text(value):
    return struct.pack("<I", len(value)) + value.encode() + b"\0"


def side(content):
    exists, content = content is not None, content or b""
    return struct.pack("<BQI", exists, len(content), 32) + hashlib.sha256(content).digest()


def entry(number, files, changes=None):
    """A whole one; files are (path, old, new), where None is no file."""
    header = struct.pack("<QQQII", number, 0, int(time.time() * 1e6), 1, 0)
    header += text("panel") + text("") + text("0" * 32) + text("config.commit")
    header += struct.pack("<I", len(files))
    for path, old, new in files:
        header += text(path) + text(path) + text(".tmp") + struct.pack("<Q", 0) + side(old) + side(new)
        header += struct.pack("<IIIIIIII", 0, 0, 0o100644, 0, 0, 0, 0, 0)
    header += side(changes)
    head = MAGIC + bytes(8) + struct.pack("<Q", len(header)) + header
    content = b"".join((old or b"") + (new or b"") for _, old, new in files) + (changes or b"")
    return head + hashlib.sha256(head).digest() + content


def numbers(w):
    """Those that there are below a world's root, which have to be whole."""
    directory = w.at(HISTORY)
    names = [name for name in os.listdir(directory) if name.isdecimal()] \
        if os.path.isdir(directory) else []
    return sorted(int(name) for name in names)


def add(w, number, files):
    os.makedirs(w.at(STATE), mode=0o700, exist_ok=True)
    os.makedirs(w.at(HISTORY), mode=0o700, exist_ok=True)
    return w.write(f"{HISTORY}/{number}", entry(number, files), 0o600)
