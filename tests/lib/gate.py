# SPDX-License-Identifier: LGPL-2.1-or-later
"""A gate at which units of the tests wait: what has to happen before they go on has the time that
it takes."""

import contextlib
import os
import subprocess

GATE = "/run/exm-open"
# for a shell: what stands behind it comes when the gate is open
WAIT = f"until [ -e {GATE} ]; do sleep 0.05; done"


def close_gate():
    with contextlib.suppress(FileNotFoundError):
        os.unlink(GATE)


def open_gate():
    with open(GATE, "w", encoding="ascii"):
        pass


def sync_journal():
    """What was logged so far is in the journal."""
    subprocess.run(["journalctl", "--sync"], check=True)
