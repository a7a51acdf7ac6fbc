# SPDX-License-Identifier: LGPL-2.1-or-later
"""The audit trail, read and verified once more, by what the format and the manual say and not by
our own code."""

import hashlib
import os
import struct
import time

STATE = "/var/lib/exmachina"
WRITING_SECONDS = 10  # in which a server has written its record
NONE = "0" * 64


class Broken(Exception):
    pass


def split(data):
    """The records of a file in the Journal Export Format: (fields, raw bytes) of each."""
    at = 0
    while at < len(data):
        begin, fields = at, {}
        while True:
            end = data.find(b"\n", at)
            if end < 0:
                raise Broken(f"no line feed behind byte {at}")
            line, at = data[at:end], end + 1
            if not line:
                break
            name, equals, value = line.partition(b"=")
            if not equals:
                if len(data) < at + 8:
                    raise Broken(f"no size of a field at byte {at}")
                size, = struct.unpack("<Q", data[at:at + 8])
                value, at = data[at + 8:at + 8 + size], at + 8 + size + 1
                if len(value) != size or data[at - 1:at] != b"\n":
                    raise Broken(f"a field of {size} bytes before byte {at}")
            fields[name.decode("ascii")] = value.decode("utf-8", "surrogateescape")
        yield fields, data[begin:at]


def paths(root):
    """The files of the trail below a root directory, the oldest first."""
    state = root + STATE
    names = [name for name in os.listdir(state) if name.startswith("audit") and name != "audit.head"]
    names.sort(key=lambda name: -int(name.partition(".")[2] or 0))
    return [f"{state}/{name}" for name in names]


def records(root, **wanted):
    """Their records: the fields without EXMACHINA_, of those whose fields are as wanted. The chain is
    checked on the way."""
    end = time.monotonic() + WRITING_SECONDS
    while True:
        try:
            return read_records(root, wanted)
        except Broken:
            # a server may be in the midst of a record, of which only a part is there
            if time.monotonic() > end:
                raise
        time.sleep(0.02)


def read_records(root, wanted):
    before, number, found = NONE, 0, []
    for path in paths(root):
        with open(path, "rb") as file:
            data = file.read()
        for fields, raw in split(data):
            number += 1
            if fields["EXMACHINA_PREVIOUS"] != before or fields["EXMACHINA_NUMBER"] != str(number):
                raise Broken(f"record {number} of {path} does not follow")
            before = hashlib.sha256(raw).hexdigest()
            fields = {name.removeprefix("EXMACHINA_"): value for name, value in fields.items()}
            if all(fields.get(name) == value for name, value in wanted.items()):
                found.append(fields)
    return found
