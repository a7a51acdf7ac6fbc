# SPDX-License-Identifier: LGPL-2.1-or-later
"""A server that serves one client after another (--listen), and what servers cost."""

import os
import socket

from exm import (DAEMON, UID, Line, can_be_connected, check, children, new_secret, proc_status,
                 wait_until)


def resident(pid):
    """KiB of memory."""
    return int(proc_status(pid)["VmRSS"].split()[0])


def check_growth(kib, most, what):
    """No more than that. A sanitizer keeps what was freed, and then memory tells nothing."""
    with open(DAEMON, "rb") as file:
        if b"__asan_init" not in file.read():
            check(kib < most, f"{what}: {kib} KiB, at most {most} were to be")


def read_log(path):
    with open(path, encoding="utf-8", errors="replace") as file:
        return file.read()


def wait_free(log_path, count, seconds=100):
    """That many clients were served to their end, by the server's log: the next is not told BUSY."""
    wait_until(lambda: read_log(log_path).count("waiting for the next client") >= count,
               f"the end of session {count}", seconds)


class Listening:
    def __init__(self, world, policy):
        self.world = world
        world.policy(policy)
        self.secret = new_secret()
        secret_file = world.path_of("secret")
        with open(secret_file, "w", encoding="ascii") as file:
            file.write(self.secret)
        os.chmod(secret_file, 0o400)
        self.path = world.path_of("socket")
        self.log_path = world.path_of("listening.log")
        with open(self.log_path, "wb") as log:
            self.process = world.process(
                DAEMON, "--policy", world.policy_dir, "--root", world.root, "--listen", self.path,
                "--secret-file", secret_file, stderr=log)
        wait_until(lambda: can_be_connected(self.path), "the socket")
        self.at_first = children(self.pid)  # those that stay

    def connect(self):
        """The user's stream, once the server has a place for it."""
        sock = socket.socket(socket.AF_UNIX)
        os.setegid(UID)
        os.seteuid(UID)
        try:
            sock.connect(self.path)
        finally:
            os.seteuid(0)
            os.setegid(0)
        return Line(sock)

    def wait_free(self, count, seconds=100):
        wait_free(self.log_path, count, seconds)

    @property
    def log(self):
        return read_log(self.log_path)

    @property
    def pid(self):
        return self.process.pid

    def alive(self):
        check(self.process.poll() is None, f"the server has ended: {self.log[-500:]}")

    def resident(self):
        """KiB of memory, now and at most so far."""
        self.alive()
        return resident(self.pid), int(proc_status(self.pid)["VmHWM"].split()[0])

    def idle(self):
        """The descriptors that are left when no engine is, nor a verifier."""
        self.alive()
        wait_until(lambda: children(self.pid) == self.at_first, "no process of a session is left")
        return sorted(os.listdir(f"/proc/{self.pid}/fd"), key=int)
