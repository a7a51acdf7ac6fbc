#!/usr/bin/python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""An engine that does nothing any more is replaced by the monitor, who asks it nothing. One that
has nothing to do, or whose client is slow, is left alone."""

import os
import signal
import subprocess
import sys
import time

sys.path.insert(0, sys.path[0] + "/../lib")
from exm import (HOSTS_FREE, RpcError, check, cpu_time, equal, main, running, state_of, test,
                 unit_file, unit_property, wait_until)
from gate import WAIT, close_gate, open_gate

CANONICAL = "/files/etc/hosts/1/canonical"
# a line that keeps the engine busy until its time is over
BUSY = "/files//*[count(/files//*[count(/files//*) > 1]) > 1]"
SLOW = "exm-hang-slow.service"
# Seconds over the policy's Timeout at which a hung engine must be gone: it takes some four, and
# longer on a busy machine.
BEYOND = 30


def start(w, timeout=1):
    s = w.session(f"[Session]\nUser=panel\nTimeout={timeout}s\n{HOSTS_FREE}")
    # for the first one a lens is read, which may take longer than that where much else is done
    for _ in range(5):
        try:
            equal(s.get(CANONICAL), "localhost")
            break
        except RpcError as error:
            equal(error.name, "TIMEOUT")
    s.notes.clear()
    equal(s.get(CANONICAL), "localhost")
    return s


def start_with_job(w, command):
    """A session with the sandbox's own systemd, and a unit that takes as long to start as that."""
    unit_file(SLOW, f"[Service]\nType=oneshot\nExecStart={command}\n")
    w.undo.callback(subprocess.run, ["systemctl", "stop", SLOW], check=False)
    s = w.session(f"[Session]\nUser=panel\nTimeout=1s\n[Service {SLOW}]\nAllow=start\nTimeout=30s\n",
                  root="/")
    return s, s.engine()


def stop(s):
    """Between two requests."""
    engine = s.engine()
    time.sleep(0.1)
    os.kill(engine, signal.SIGSTOP)
    return engine


def lost_in_time(s, engine, begin, reply_of, least, most):
    """The reply, and that it is there in time, counted from `begin`."""
    reply = reply_of()
    took = time.monotonic() - begin
    check(least < took < most, f"it took {took:.1f} s")
    equal([n["params"]["reason"] for n in s.notes if n["method"] == "session.engine_lost"],
          ["time"])
    check(not running(engine), "the old engine is still there")
    s.alive()
    return reply


@test("an engine that is stopped in a request is replaced, and the request is answered TIMEOUT")
def stopped_busy(w):
    w.write("/etc/hosts", "".join(f"10.0.{n >> 8}.{n & 255} h{n} a{n} b{n}\n" for n in range(4000)))
    # it is to be stopped before it ends itself for that
    s = w.session(f"[Session]\nUser=panel\nTimeout=4s\n{HOSTS_FREE}")
    engine = s.engine()
    used = cpu_time(engine)
    ident = s.request("augeas.match", [BUSY])
    wait_until(lambda: cpu_time(engine) > used + 0.1, "it works on that")
    begin = time.monotonic()
    os.kill(engine, signal.SIGSTOP)
    reply = lost_in_time(s, engine, begin, s.read, 1.4, 4 + BEYOND)
    equal(reply["id"], ident)
    equal(reply["error"]["data"]["name"], "TIMEOUT")


@test("an engine that is stopped between two requests is replaced, and the next request is done")
def stopped_idle(w):
    # the next one reads the lens in that time, too
    s = start(w, 2)
    engine = stop(s)
    time.sleep(5)
    check(running(engine), "an engine that had nothing to do was ended")
    equal(lost_in_time(s, engine, time.monotonic(), lambda: s.get(CANONICAL), 1, 2 + BEYOND),
          "localhost")


@test("an engine that is stopped while a job runs is replaced when the job has ended")
def stopped_waiting(w):
    close_gate()
    s, engine = start_with_job(w, f"/bin/sh -c '{WAIT}'")
    ident = s.request("service.start", {"unit": SLOW})
    wait_until(lambda: unit_property(SLOW, "ActiveState") == "activating", "the job runs")
    wait_until(lambda: state_of(engine) == "S", "the engine waits for it")
    begin = time.monotonic()
    os.kill(engine, signal.SIGSTOP)
    time.sleep(4)
    check(running(engine), "an engine that waited for a job was ended")
    open_gate()
    reply = lost_in_time(s, engine, begin, s.read, 4, 4 + 1 + BEYOND)
    equal(reply["id"], ident)
    equal(reply["error"]["data"]["name"], "TIMEOUT")


@test("an engine that is stopped when its client goes does not keep the session")
def stopped_alone(w):
    s = start(w)
    stop(s)
    s.close()
    equal(s.status(1 + BEYOND), 0)


@test("an engine that has nothing to do is never replaced")
def idle(w):
    s = start(w)
    engine = s.engine()
    time.sleep(8)
    equal(s.engine(), engine)
    equal(s.notes, [])


@test("a request that takes a little less than the time it may take is answered")
def just_below(w):
    s = start(w, 3)
    engine = stop(s)
    ident = s.request("augeas.get", [CANONICAL])
    time.sleep(2.8)
    os.kill(engine, signal.SIGCONT)
    equal(s.answer(ident), "localhost")
    equal(s.engine(), engine)
    equal(s.notes, [])


@test("a job that takes longer than a request may is not the engine's time")
def long_job(w):
    s, engine = start_with_job(w, "/bin/sleep 7")
    begin = time.monotonic()
    s.call("service.start", {"unit": SLOW})
    check(time.monotonic() - begin > 6.5, "the job was short")
    equal(s.engine(), engine)


@test("a job that takes long is waited for when its client says no more")
def long_job_half_closed(w):
    s, _ = start_with_job(w, "/bin/sleep 7")
    ident = s.request("service.start", {"unit": SLOW})
    s.sock.shutdown(1)
    s.answer(ident)
    equal(s.notes, [])


@test("how long the client takes to read is not the engine's time")
def slow_reader(w):
    s = start(w, 2)
    engine = s.engine()
    big = "v" * 300000
    idents = []
    s.set("/files/etc/hosts/#comment[1]", big)
    for _ in range(8):
        idents.append(s.request("augeas.get", ["/files/etc/hosts/#comment[1]"]))
    time.sleep(7)
    for ident in idents:
        equal(s.answer(ident), big)
    equal(s.engine(), engine)
    equal(s.notes, [])


# how long its requests take is measured; memory is slower under sanitizers
@test("a batch may take longer than one of its requests may", sanitized=False)
def long_batch(w):
    w.write("/etc/hosts", "".join(f"10.0.{n >> 8}.{n & 255} h{n}\n" for n in range(400)))
    s = w.session(f"[Session]\nUser=panel\nTimeout=3s\n{HOSTS_FREE}")
    begin = time.monotonic()
    s.call("augeas.match", ["/files/etc/hosts/*[count(../*[canonical = 'none']) > 0]"])
    one = time.monotonic() - begin
    count = min(900, int(14 / max(one, 0.02)) + 1)
    engine = s.engine()
    s.line([{"jsonrpc": "2.0", "id": n, "method": "augeas.match",
             "params": [f"/files/etc/hosts/*[count(../*[canonical = 'none{n}']) > 0]"]}
            for n in range(count)])
    replies = s.read(170)
    check(all("result" in reply for reply in replies), str(replies)[:300])
    equal(s.engine(), engine)


if __name__ == "__main__":
    main()
