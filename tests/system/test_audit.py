#!/usr/bin/python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""The audit trail: what is recorded, what shows that it was tampered with, what happens where it
cannot be written, and who may read it."""

import json
import os
import re
import shutil
import signal
import subprocess
import sys
import time

sys.path.insert(0, sys.path[0] + "/../lib")
import trail
from exm import (CLI, DAEMON, ENGINE, HOSTS, HOSTS_FREE, SESSION, UID, Failure, RpcError, check,
                 contains, equal, for_each, main, matches, running, test, unit_file, wait_until)

CANONICAL = "/files/etc/hosts/1/canonical"
PORT = "/files/etc/ssh/sshd_config/Port"
SSHD_PORT = "[File /etc/ssh/sshd_config]\nLens=Sshd.lns\nSet=Port\n"
USER = ("setpriv", "--reuid", "4711", "--regid", "4711", "--clear-groups")
LIAR = "/opt/exmachina-tests/hostile/liar"
HOSTILE = "/opt/exmachina-tests/hostile/engine"
CASE_FILE = "/etc/exmachina-hostile"
JOURNAL_REMOTE = "/lib/systemd/systemd-journal-remote"
EXIT_OTHER = 125
STATUS_DENIED, STATUS_FAILED = 3, 4


def records(w, **wanted):
    return trail.records(w.root, **wanted)


def only(w, **wanted):
    """The one record like that. What the engine tells of a refusal may come behind the answer."""
    wait_until(lambda: records(w, **wanted), f"a record with {wanted}")
    found = records(w, **wanted)
    equal(len(found), 1, f"records with {wanted}")
    return found[0]


def methods(w):
    return [r["METHOD"] for r in records(w)]


def has(record, **wanted):
    for name, value in wanted.items():
        equal(record.get(name), value, name)


def audit_path(w, name="audit"):
    return w.at(f"{trail.STATE}/{name}")


def lie(w, case, keys):
    """A program in the engine's place asks for a commit of /etc/hosts; its section has these keys."""
    with open(CASE_FILE, "w", encoding="ascii") as file:
        file.write(case + "\n")
    w.mount("--bind", LIAR, ENGINE)
    w.write("/etc/hosts", "".join(f"10.0.{i // 250}.{i % 250}\thost{i} old{i}\n"
                                  for i in range(1, 1001)))
    s = w.session(SESSION.replace("10s", "60s") + "[File /etc/hosts]\nLens=Hosts.lns\n" + keys +
                  "[File /etc/fixed]\nLens=Sshd.lns\nSet=Port\n"
                  "[File /etc/unused]\nLens=Hosts.lns\n", auth=False)
    s.line({"jsonrpc": "2.0", "id": 1, "method": "session.authenticate",
            "params": {"secret": s.secret}})
    s.read(90)
    s.status(30)
    return only(w, METHOD="config.commit")


def log(w, *arguments):
    return w.run(CLI, "log", "--file", audit_path(w), *arguments)


# ---- what is recorded ------------------------------------------------------------------

@test("a session leaves its begin and its end, with who, how and by which policy")
def session_records(w):
    equal(w.shell("exit 0").returncode, 0)
    equal(methods(w), ["session.begin", "session.end"])
    begin, end = records(w)
    has(begin, USER="panel", UID=str(UID), SUBJECT="program", RESULT="done", POLICY=w.policy_dir,
        ROOT=w.root, SYSLOG_IDENTIFIER="exmachinad")
    has(end, USER="panel", SUBJECT="program", RESULT="done",
        DETAIL="the secret was never shown", SESSION=begin["SESSION"], PID=begin["PID"])
    check(int(end["USEC"]) > 0, end)
    matches(begin["SESSION"], "^[0-9a-f]{32}$")
    matches(begin["__REALTIME_TIMESTAMP"], "^[0-9]{16}$")
    with open("/proc/sys/kernel/random/boot_id", encoding="ascii") as file:
        equal(begin["_BOOT_ID"], file.read().strip().replace("-", ""))


@test("the process of a record is the program that was started, or the one at the other end")
def client_process(w):
    run = w.shell("echo $$")
    equal(only(w, METHOD="session.begin")["PID"], run.stdout.strip())
    s = w.session()
    s.close()
    s.status()
    # the pair was made by this very process
    has(records(w, METHOD="session.begin")[1], SUBJECT="fd", PID=str(os.getpid()), UID="0")


@test("a commit leaves a record of each file, with every node that it changes")
def commit_records(w):
    s = w.session(SESSION + HOSTS_FREE + SSHD_PORT)
    s.set(CANONICAL, "new\u00e4me")
    s.set("/files/etc/hosts/1/alias", "other")
    s.call("augeas.remove", ["/files/etc/hosts/2"])
    s.set(PORT, "2222")
    s.commit()
    hosts, sshd = records(w, METHOD="config.commit")
    has(hosts, SUBJECT="/etc/hosts", RULE="[File /etc/hosts]", RESULT="done", DETAIL="",
        USER="panel", CHANGES_COUNT="5")
    lines = hosts["CHANGES"].splitlines()
    contains(lines, 'changed 1/canonical: "localhost" -> "new\u00e4me"')
    contains(lines, 'added 1/alias: "other"')
    contains(lines, 'removed 2/ipaddr: "127.0.1.1"')
    has(sshd, SUBJECT="/etc/ssh/sshd_config", RULE="[File /etc/ssh/sshd_config]",
        CHANGES='changed Port: "22" -> "2222"', CHANGES_COUNT="1", SESSION=hosts["SESSION"])
    check(int(sshd["USEC"]) > 0, sshd)


@test("a commit that changes nothing leaves no record, one that fails leaves one")
def failed_commit(w):
    s = w.session()
    s.commit()
    s.set(CANONICAL, "mine")
    w.write("/etc/hosts", HOSTS + "192.0.2.1 theirs\n")
    s.refuse("CONFLICT", "config.commit")
    has(only(w, METHOD="config.commit"), RESULT="failed", SUBJECT="/etc/hosts",
        CHANGES='changed 1/canonical: "localhost" -> "mine"')


@test("a commit that is denied by its effect leaves a record of what it would have changed")
def denied_commit(w):
    denied = lie(w, "one name among a thousand aliases", "Set=*/alias\n")
    has(denied, RESULT="denied", DETAIL="Set=500/canonical", SUBJECT="/etc/hosts",
        CHANGES_COUNT="1001")
    check(int(denied["CHANGES_LEFT_OUT"]) > 0, denied)
    contains(denied["CHANGES"].splitlines()[0], 'changed 1/alias: "old1" -> "new1"')
    equal(len(denied["CHANGES_SHA256"]), 64)


@test("a service call leaves one record, with its true result and how long it took", seconds=180)
def service_records(w):
    unit_file("exm-audit.service", "[Service]\nExecStart=/bin/sleep infinity\n")
    w.undo.callback(subprocess.run, ["systemctl", "stop", "exm-audit.service"], check=True)
    # systemd is that of the sandbox, the trail is there, too
    shutil.rmtree(trail.STATE, ignore_errors=True)
    s = w.session(SESSION.replace("10s", "60s") +
                  "[Service exm-audit.service]\nAllow=status start stop\n"
                  "[Service exm-none.service]\nAllow=start\n", root="/")
    s.call("service.status", {"unit": "exm-audit.service"}, 60)
    s.call("service.start", {"unit": "exm-audit.service"}, 60)
    s.refuse("SERVICE_FAILED", "service.start", {"unit": "exm-none.service"}, 60)
    s.refuse("DENIED", "service.restart", {"unit": "exm-audit.service"})
    s.refuse("DENIED", "service.stop", {"unit": "ssh.service"})
    wait_until(lambda: len(trail.records("")) >= 5, "five records")
    begin, start, none, restart, stop = trail.records("")
    equal(begin["METHOD"], "session.begin")
    has(start, METHOD="service.start", SUBJECT="exm-audit.service", RESULT="done",
        RULE="[Service exm-audit.service]")
    check(int(start["USEC"]) > 0, start)
    has(none, METHOD="service.start", SUBJECT="exm-none.service", RESULT="not found")
    has(restart, METHOD="service.restart", RESULT="denied", SAID_BY="engine",
        DETAIL="[Service exm-audit.service] Allow=restart")
    has(stop, METHOD="service.stop", SUBJECT="ssh.service", RESULT="denied", SAID_BY="engine")


@test("the system's identity: what is set and what is denied, once each")
def system_records(w):
    w.write("/usr/share/zoneinfo/Rome", "TZif")
    w.write("/etc/hostname", "image\n")
    s = w.session(SESSION + "[System]\nAllow=timezone\n")
    s.call("system.get")
    s.call("system.set_timezone", {"timezone": "Rome"})
    s.refuse("DENIED", "system.set_hostname", {"hostname": "x"})
    has(only(w, METHOD="system.set_timezone"), SUBJECT="Rome", RESULT="done", RULE="[System]")
    has(only(w, METHOD="system.set_hostname"), RESULT="denied",
        DETAIL="[System] Allow=hostname")
    equal(sorted(methods(w)),
          ["session.begin", "system.set_hostname", "system.set_timezone"])


@test("edits and packages that are denied leave a record with the line that they lack")
def denied_records(w):
    s = w.session(SESSION + "[File /etc/hosts]\nLens=Hosts.lns\nSet=*/alias\n"
                  "[Package hello]\nAllow=status\n")
    s.refuse("DENIED", "augeas.set", {"path": CANONICAL, "value": "x"})
    s.refuse("DENIED", "package.install", {"names": ["hello", "bash"]})
    has(only(w, METHOD="augeas.set"), RESULT="denied", SUBJECT="/etc/hosts",
        DETAIL="Set=1/canonical", SAID_BY="engine")
    has(only(w, METHOD="package.install"), RESULT="denied", SUBJECT="hello bash",
        DETAIL="[Package hello] Allow=install", SAID_BY="engine")


@test("a wrong secret leaves a record, and three of them the end of the session")
def secret_records(w):
    s = w.session(auth=False)
    for _ in range(3):
        s.refuse("UNAUTHENTICATED", "session.authenticate", {"secret": "0" * 64})
    s.status()
    tries = records(w, METHOD="session.authenticate")
    equal([r["DETAIL"] for r in tries], [f"wrong secret, {n} tries left" for n in (2, 1, 0)])
    equal({r["RESULT"] for r in tries}, {"denied"})
    has(only(w, METHOD="session.end"), RESULT="wrong secrets")


@test("an engine that was lost leaves a record")
def engine_records(w):
    s = w.session()
    os.kill(s.engine(), signal.SIGKILL)
    wait_until(lambda: records(w, METHOD="engine.lost"), "the record")
    has(only(w, METHOD="engine.lost"), RESULT="replaced", DETAIL="it was killed (signal 9)")


@test("an engine that breaks the protocol leaves a record of what it said, and the session's end")
def protocol_records(w):
    with open(CASE_FILE, "w", encoding="ascii") as file:
        file.write("COMMIT with an odd flag\n")
    w.mount("--bind", HOSTILE, ENGINE)
    s = w.session(SESSION + HOSTS_FREE +
                  "[File /etc/apt/sources.list.d/*.list]\nLens=Aptsources.lns\n"
                  "[File /etc/apt/sources.list.d/fixed.list]\nLens=Aptsources.lns\n", auth=False)
    s.line({"jsonrpc": "2.0", "id": 1, "method": "session.authenticate",
            "params": {"secret": s.secret}})
    s.status()
    has(only(w, METHOD="engine.protocol"), SUBJECT="COMMIT", RESULT="denied",
        DETAIL="Protocol error")
    has(only(w, METHOD="session.end"), RESULT="protocol broken")


@test("a policy that is read anew leaves a record, taken or refused")
def policy_records(w):
    s = w.session()
    w.policy("[Nonsense]\n")
    os.kill(s.pid, signal.SIGHUP)
    wait_until(lambda: records(w, METHOD="policy.reload"), "the first record")
    w.policy(SESSION + HOSTS_FREE)
    os.kill(s.pid, signal.SIGHUP)
    wait_until(lambda: len(records(w, METHOD="policy.reload")) == 2, "the second record")
    refused, taken = records(w, METHOD="policy.reload")
    has(refused, RESULT="failed", SUBJECT=w.policy_dir, DETAIL="the old one stays")
    has(taken, RESULT="done", DETAIL="")
    wait_until(lambda: records(w, METHOD="engine.lost"), "the record of the engine")
    has(only(w, METHOD="engine.lost"), DETAIL="the policy has changed (status 0)")


@test("the journal gets the same records, with their hashes")
def journal(w):
    s = w.session()
    s.set(CANONICAL, "journal")
    s.commit()
    commit = only(w, METHOD="config.commit")

    def found():
        run = subprocess.run(["journalctl", "--quiet", "--output=json",
                              f"EXMACHINA_SESSION={commit['SESSION']}",
                              "EXMACHINA_METHOD=config.commit"],
                             capture_output=True, text=True, check=True)
        return [json.loads(line) for line in run.stdout.splitlines()]

    wait_until(found, "the record in the journal", 30)
    entry, = found()
    for name in ("NUMBER", "PREVIOUS", "CHANGES", "SUBJECT", "RULE", "RESULT"):
        equal(entry["EXMACHINA_" + name], commit[name], name)
    s.set(CANONICAL, "next")
    s.commit()
    equal(records(w)[-1]["PREVIOUS"], entry["EXMACHINA_HASH"])


@test("the unit of a client is told, also where /proc does not show its process", seconds=180)
def client_unit(w):
    shutil.rmtree("/etc/exmachina/policy.d", ignore_errors=True)
    os.makedirs("/etc/exmachina/policy.d")
    w.undo.callback(shutil.rmtree, "/etc/exmachina/policy.d")
    with open("/etc/exmachina/policy.d/test.conf", "w", encoding="ascii") as file:
        file.write(SESSION + HOSTS_FREE)
    shutil.rmtree(trail.STATE, ignore_errors=True)
    os.makedirs("/etc/systemd/system/exmachina.socket.d", exist_ok=True)
    unit_file("exmachina.socket.d/panel.conf", "[Socket]\nSocketUser=panel\n")

    def stop():
        subprocess.run(["systemctl", "stop", "exmachina.socket", "exmachina@*.service"], check=False)
        shutil.rmtree("/etc/systemd/system/exmachina.socket.d")
        subprocess.run(["systemctl", "daemon-reload"], check=True)
    w.undo.callback(stop)
    subprocess.run(["systemctl", "start", "exmachina.socket"], check=True)
    # systemd is waited for half a second; one that is busy may have an answer for the next client
    for number in range(5):
        run = w.run("systemd-run", "--quiet", "--wait", "--pipe", f"--unit=exm-client-{number}",
                    "-p", "User=panel", CLI, "get", CANONICAL)
        equal(run.returncode, 0, run.stderr)
        begin = trail.records("", METHOD="session.begin")[-1]
        if "UNIT" in begin:
            break
    has(begin, SUBJECT="activated", UID=str(UID), UNIT=f"exm-client-{number}.service")
    # and where the server has started it: its own unit
    run = w.run("systemd-run", "--quiet", "--wait", "--pipe", "--unit=exm-pair", DAEMON, "--", CLI,
                "ping")
    equal(run.returncode, 0, run.stderr)
    wait_until(lambda: trail.records("", METHOD="session.begin", SUBJECT="program"), "the pair")
    has(trail.records("", METHOD="session.begin", SUBJECT="program")[0], UNIT="exm-pair.service")


@test("hundreds of denials are recorded, thousands are counted, and push nothing out")
def flood(w):
    s = w.session(SESSION + "[File /etc/hosts]\nLens=Hosts.lns\nSet=*/alias\n")
    batch = [{"jsonrpc": "2.0", "method": "augeas.set", "params": [CANONICAL, "x"]}] * 500
    for _ in range(6):
        s.line(batch + [{"jsonrpc": "2.0", "id": 1, "method": "session.ping"}])
        s.read()
    s.set("/files/etc/hosts/1/alias", "allowed")
    s.commit()
    denied = records(w, METHOD="augeas.set")
    check(200 <= len(denied) < 400, len(denied))
    # one more is recorded each second, and before it what was left out until then
    counts = [int(re.fullmatch("([0-9]+) denials before this were too many to be recorded",
                               record["DETAIL"])[1])
              for record in records(w, METHOD="audit.omitted", RESULT="denied")]
    equal(sum(counts), 3000 - len(denied), f"denials left out, by {counts}")
    equal(methods(w)[-1], "config.commit")


# ---- several writers, and those that were killed --------------------------------------------

@test("sessions that run at the same time write one chain, each with a number of its own")
def parallel(w):
    for i in range(3):
        w.write(f"/etc/hosts.{i}", HOSTS)
    policy = SESSION + "[File /etc/hosts.*]\nLens=Hosts.lns\nSet=**\n"
    sessions = [w.session(policy) for _ in range(3)]
    for turn in range(8):
        ids = []
        for i, s in enumerate(sessions):
            s.set(f"/files/etc/hosts.{i}/1/canonical", f"name{turn}")
            ids.append(s.request("config.commit"))
        for s, ident in zip(sessions, ids):
            s.answer(ident)
    commits = records(w, METHOD="config.commit")
    equal(len(commits), 24)
    for i in range(3):
        mine = [r for r in commits if r["SUBJECT"] == f"/etc/hosts.{i}"]
        equal((len(mine), len({r["SESSION"] for r in mine})), (8, 1), f"records of session {i}")
    equal(len({r["SESSION"] for r in commits}), 3)


@test("a server that is killed in the midst of its work leaves a trail that goes on")
def killed(w):
    for turn in range(6):
        s = w.session()
        s.set(CANONICAL, f"name{turn}")
        s.request("config.commit")
        time.sleep(0.004 * turn)
        s.process.kill()
        s.status()
    s = w.session()
    s.set(CANONICAL, "last")
    s.commit()
    equal(only(w, METHOD="config.commit", SESSION=records(w)[-1]["SESSION"])["RESULT"], "done")
    equal(log(w, "--verify").returncode, 0)


@test("half a record is cut off, kept in the next one, and told")
def torn(w):
    w.shell("true")
    with open(audit_path(w), "ab") as file:
        file.write(b"EXMACHINA_NUMBER=3\nMESSA")
    run = w.shell("true")
    contains(run.stderr, "the audit trail was put in order")
    has(only(w, METHOD="audit.repair"), TORN="EXMACHINA_NUMBER=3\nMESSA", NUMBER="3")
    equal(log(w, "--verify").returncode, 0)


# ---- tampering --------------------------------------------------------------------------

def five_records(w):
    """Five of them: where each begins, and all bytes."""
    s = w.session()
    for name in ("one", "two", "three"):
        s.set(CANONICAL, name)
        s.commit()
    s.close()
    s.status()
    with open(audit_path(w), "rb") as file:
        data = file.read()
    raw = [bytes_ for _, bytes_ in trail.split(data)]
    equal(len(raw), 5)
    return raw


def rewrite(w, raw):
    with open(audit_path(w), "wb") as file:
        file.write(b"".join(raw))


def forged(raw):
    """A record that is put behind the third, with the right hash of it; nothing else fits it."""
    text = raw[3].decode().replace('"three"', '"forged"')
    return text.encode()


TAMPERINGS = [
    ("a byte that was changed is found, and where",
     lambda r: [r[0], r[1], r[2].replace(b'"two"', b'"TWO"'), r[3], r[4]],
     "record 4, at byte {3}: it was written after a record with the hash .*one of the two was changed"),
    ("a byte of the last record that was changed is found",
     lambda r: [*r[:4], r[4].replace(b"RESULT=done", b"RESULT=dome")],
     "record 5, at byte {4}: it was changed after it was written"),
    ("a record that was taken out is found, and where",
     lambda r: [r[0], r[1], r[3], r[4]],
     "record 4, at byte {2}: it follows record 2; 1 between them are not there"),
    ("a record that was put in is found, and where",
     lambda r: [*r[:4], forged(r), r[4]],
     "record 4, at byte {4}: it follows record 4; it was put here, or copied"),
    ("records in another order are found, and where",
     lambda r: [r[0], r[2], r[1], r[3], r[4]],
     "record 3, at byte {1}: it follows record 1; 1 between them are not there"),
    ("a trail that was cut between two records is found, and where",
     lambda r: r[:4],
     "record 5, at byte {4}: it is the last one that was written, as audit.head says, and is not there"),
    ("a trail that was cut within a record is found, and where",
     lambda r: [*r[:4], r[4][:-7]],
     "record 5, at byte {4}: the file ends within this record"),
    ("a trail that was emptied is found",
     lambda r: [],
     "record 5, at byte 0: it is the last one that was written"),
    ("something else in the midst of a trail is found, and where",
     lambda r: [r[0], r[1], b"\xff\xfe", r[2], r[3], r[4]],
     "record 3, at byte {2}: what stands here is no record"),
]


@for_each(TAMPERINGS)
def tampered(w, change, wanted):
    raw = five_records(w)
    run = log(w, "--verify")
    equal(run.returncode, 0, run.stdout + run.stderr)
    contains(run.stdout, "5 records in 1 file: all are as they were written")
    changed = change(raw)
    rewrite(w, changed)
    # where the n-th record of the changed file begins
    begins = [sum(map(len, changed[:n])) for n in range(len(changed) + 1)]
    wanted = re.sub(r"\{(\d)\}", lambda m: str(begins[int(m[1])]), wanted)
    run = log(w, "--verify")
    equal(run.returncode, STATUS_FAILED, run.stdout)
    matches(run.stdout, "audit: " + wanted)
    run = log(w, "--verify", "--json")
    equal((run.returncode, json.loads(run.stdout)["whole"]), (STATUS_FAILED, False))


@test("a trail that was cut is told by the next server, and the gap stays in the chain")
def cut_and_continued(w):
    raw = five_records(w)
    rewrite(w, raw[:3])
    contains(w.shell("true").stderr, "somebody took that away, or a failure of power did")
    run = log(w, "--verify")
    equal(run.returncode, STATUS_FAILED)
    matches(run.stdout, "record 6, at byte [0-9]+: it follows record 3; 2 between them are not there")
    equal(run.stdout.count("record 6"), 1)


@test("with the last hash that was noted one can tell what was there then")
def remembered_hash(w):
    five_records(w)
    noted = re.search("SHA-256 of record 5, the last one: ([0-9a-f]{64})",
                      log(w, "--verify").stdout)[1]
    w.shell("true")
    equal(records(w)[5]["PREVIOUS"], noted)


@test("what is not promised: who is root and rewrites the whole chain is not found out")
def rewritten(w):
    five_records(w)
    shutil.rmtree(w.at(trail.STATE))
    w.shell("true")
    equal(log(w, "--verify").returncode, 0)


# ---- where it cannot be written ---------------------------------------------------------------

def small_state(w, size="1m"):
    os.makedirs(w.at(trail.STATE))
    w.mount("-t", "tmpfs", "-o", f"mode=0700,size={size}", "state", w.at(trail.STATE))


def fill(w):
    room = os.statvfs(w.at(trail.STATE))
    with open(audit_path(w, "filler"), "wb") as file:
        file.write(b"x" * (room.f_bavail * room.f_frsize))


@test("on a full disk no commit is begun that could not be recorded, and the edits wait")
def full_disk(w):
    small_state(w)
    w.write("/etc/hosts", "".join(f"10.0.{i // 250}.{i % 250} host{i} none\n" for i in range(800)))
    s = w.session(SESSION + HOSTS_FREE + "[History]\nRecord=no\n")
    # as long as the journal's entry ever gets
    s.call("augeas.setm", ["/files/etc/hosts/*[label() != '#comment']", "alias", "the-longest-one"])
    s.commit()
    fill(w)
    # what was set aside before is used up; each record has as much as one can have
    for count in range(50):
        s.call("augeas.setm", ["/files/etc/hosts/*[label() != '#comment']", "alias", f"name{count}"])
        try:
            s.commit()
        except RpcError as error:
            equal(error.name, "IO", error)
            equal(error.data["errno"], "ENOSPC")
            equal(error.data["step"], "write the audit trail")
            break
    else:
        raise Failure("it is never full")
    check(count > 0, "what was set aside is not there")
    contains(w.read("/etc/hosts"), f" name{count - 1}\n", "what was written last")
    check(f"name{count}\n" not in w.read("/etc/hosts"), "it was written all the same")
    contains(s.log, "nothing is done, since the audit trail cannot be written: No space left")
    # each commit that was done is in the trail, and so is the one that was not
    commits = records(w, METHOD="config.commit")
    equal([r["RESULT"] for r in commits], ["done"] * (count + 1) + ["failed"])
    os.unlink(audit_path(w, "filler"))
    s.commit()
    contains(w.read("/etc/hosts"), f" name{count}\n")
    equal(log(w, "--verify").returncode, 0)


@test("on a full disk no service is started and no name is set")
def full_disk_calls(w):
    small_state(w, "64k")
    s = w.session(SESSION + "ServiceManager=systemd\n[Service exm-audit.service]\nAllow=start status\n"
                  "[System]\nAllow=hostname\n")
    w.write("/etc/hostname", "image\n")
    for method, params in (("service.start", {"unit": "exm-audit.service"}),
                           ("system.set_hostname", {"hostname": "other"})):
        error = s.refuse("IO", method, params)
        contains(str(error), "the audit trail cannot be written")
        equal(error.data["errno"], "ENOSPC")
    equal(w.read("/etc/hostname"), "image\n")
    s.call("system.get")


@test("records that could not be written are loud in the log, in the journal, and told later")
def lost_records(w):
    s = w.session(SESSION + "[File /etc/hosts]\nLens=Hosts.lns\nSet=*/alias\n")
    os.chmod(audit_path(w), 0o644)
    s.refuse("DENIED", "augeas.set", [CANONICAL, "x"])
    wait_until(lambda: "it is not in the audit trail" in s.log, "the line in the log")
    os.chmod(audit_path(w), 0o600)
    s.close()
    s.status()
    has(only(w, METHOD="audit.lost"), RESULT="failed")
    contains(only(w, METHOD="audit.lost")["DETAIL"], "1 records are missing before this one")
    session = records(w)[0]["SESSION"]

    def in_journal():
        run = subprocess.run(["journalctl", "--quiet", "--output=cat",
                              "EXMACHINA_METHOD=augeas.set", f"EXMACHINA_SESSION={session}"],
                             capture_output=True, text=True, check=True)
        return "augeas.set of /etc/hosts for panel: denied" in run.stdout

    wait_until(in_journal, "the record in the journal", 30)


def refuses(w, reason):
    run = w.shell("true")
    equal(run.returncode, EXIT_OTHER, run.stderr)
    contains(run.stderr, reason)


@test("without a trail that can be written nothing is started")
def no_start(w):
    os.makedirs(w.at(trail.STATE))
    os.symlink("/tmp/exm-stolen", audit_path(w))
    refuses(w, "the audit trail cannot be written: a file of it is a symbolic link")
    check(not os.path.exists("/tmp/exm-stolen"), "the link was followed")
    os.unlink(audit_path(w))
    os.chmod(w.at(trail.STATE), 0o777)
    refuses(w, "can be written by others than root")
    os.chmod(w.at(trail.STATE), 0o700)
    os.chown(w.at(trail.STATE), UID, UID)
    refuses(w, "is not owned by root")
    shutil.rmtree(w.at(trail.STATE))
    os.symlink("/tmp", w.at(trail.STATE))
    refuses(w, "there is a symbolic link on its path")
    os.unlink(w.at(trail.STATE))
    w.write(trail.STATE, "a file")
    refuses(w, "Not a directory")
    os.unlink(w.at(trail.STATE))
    equal(w.shell("true").returncode, 0)


@test("a symbolic link that is put in place of the file later is not followed")
def late_link(w):
    s = w.session()
    os.rename(audit_path(w), audit_path(w, "kept"))
    os.symlink("/tmp/exm-stolen", audit_path(w))
    s.set(CANONICAL, "x")
    equal(s.refuse("IO", "config.commit").data["errno"], "ELOOP")
    check(not os.path.exists("/tmp/exm-stolen"), "the link was followed")
    equal(w.read("/etc/hosts"), HOSTS)


@test("Audit=journal starts all the same, is warned about, and shows in session.info")
def journal_only(w):
    w.write(trail.STATE, "a file")
    s = w.session(SESSION + "Audit=journal\n" + HOSTS_FREE)
    contains(s.log, "Audit=journal: there is no audit trail in a file")
    equal(s.call("session.info")["audit"], "journal")
    s.set(CANONICAL, "x")
    s.commit()
    equal(w.read(trail.STATE), "a file")
    # there is no way to the file without a directory
    w.policy(SESSION + HOSTS_FREE)
    os.kill(s.pid, signal.SIGHUP)
    wait_until(lambda: "the new policy is refused: the audit trail cannot be written" in s.log,
               "the refusal")


@test("a policy that gives the file up is the last that it tells of; one that takes it again, too")
def back_and_forth(w):
    s = w.session()
    equal(s.call("session.info")["audit"], "file")

    def reload(count, text):
        engine = s.engine()
        w.policy(SESSION + text + HOSTS_FREE)
        os.kill(s.pid, signal.SIGHUP)
        wait_until(lambda: s.log.count("policy read anew") == count, "the new policy")
        # an edit must not meet the one that is on its way out
        wait_until(lambda: not running(engine), "the end of the old engine")

    reload(1, "Audit=journal\n")
    equal(methods(w)[-1], "policy.reload")
    s.set(CANONICAL, "unseen")
    s.commit()
    equal(records(w, METHOD="config.commit"), [])
    reload(2, "")
    s.set(CANONICAL, "seen")
    s.commit()
    only(w, METHOD="config.commit")
    equal(len(records(w, METHOD="policy.reload")), 2)


@test("--state names another directory below the root, and only there")
def other_state(w):
    run = w.daemon("--policy", w.policy_dir, "--root", w.root, "--state", "/srv/exm", "--", "true")
    equal(run.returncode, 0, run.stderr)
    equal(sorted(os.listdir(w.at("/srv/exm"))), ["audit", "audit.head", "journal"])
    check(not os.path.exists(w.at(trail.STATE)), "it is in two places")
    os.symlink("/tmp", w.at("/outside"))
    run = w.daemon("--policy", w.policy_dir, "--root", w.root, "--state", "/outside/exm", "--",
                   "true")
    equal(run.returncode, EXIT_OTHER)
    check(not os.path.exists("/tmp/exm"), "it was made outside")
    run = w.daemon("--policy", w.policy_dir, "--root", w.root, "--state", "../x", "--", "true")
    equal(run.returncode, EXIT_OTHER)


# ---- secrets ------------------------------------------------------------------------------

SECRET_POLICY = (SESSION + "[File /etc/hosts]\nLens=Hosts.lns\nSet=**\nInsert=**\nRemove=**\n"
                 "Secret=*/alias\nValue=*/alias [a-z0-9-]+\nDeny=#comment\n")


def everything(w, s):
    """All that is kept of a session: its trail, its log, and what the journal has since then."""
    text = s.log
    for path in trail.paths(w.root):
        with open(path, encoding="utf-8", errors="replace") as file:
            text += file.read()
    return text + subprocess.run(["journalctl", "--quiet", "--output=verbose", "--all",
                                  "--since=-2min"], capture_output=True, text=True, check=True,
                                 errors="replace").stdout


@test("the value of a secret node is nowhere: added, changed, removed, refused, denied")
def secrets(w):
    w.write("/etc/hosts", HOSTS + "192.0.2.1 name xyzzy-old\n")
    s = w.session(SECRET_POLICY)
    path = "/files/etc/hosts/*[canonical = 'name']/alias"
    s.set("/files/etc/hosts/1/alias", "xyzzy-new")
    s.commit()
    s.set(path, "xyzzy-changed")
    s.commit()
    s.call("augeas.remove", [path])
    s.commit()
    # no Value= takes it, in the engine and in the monitor's view
    s.refuse("BAD_VALUE", "augeas.set", ["/files/etc/hosts/1/alias", "XYZZY not allowed"])
    has(only(w, METHOD="augeas.set"), RESULT="denied", DETAIL="Value=*/alias [a-z0-9-]+")
    # another's edit in between
    s.set("/files/etc/hosts/1/alias", "xyzzy-conflict")
    w.write("/etc/hosts", w.read("/etc/hosts") + "192.0.2.9 xyzzy-theirs\n")
    s.refuse("CONFLICT", "config.commit")
    changes = [r["CHANGES"] for r in records(w, METHOD="config.commit")]
    equal(len(changes), 4)
    matches(changes[0], r"^added 1/alias: \(secret\)$")
    matches(changes[1], r"^changed \d+/alias: \(secret\) -> \(secret\)$")
    matches(changes[2], r"^removed \d+/alias: \(secret\)$")
    kept = everything(w, s)
    contains(kept, "(secret)")
    check("xyzzy" not in kept.lower(), [line for line in kept.splitlines() if "xyzzy" in line.lower()])
    run = log(w)
    contains(run.stdout, "(secret)")
    check("xyzzy" not in run.stdout, run.stdout)


@test("nor is it told when the commit is denied by its effect")
def secret_denied(w):
    denied = lie(w, "a value that does not fit",
                 "Set=*/alias\nSecret=*/alias\nValue=*/alias [a-z0-9]+\n")
    has(denied, RESULT="denied", DETAIL="Value=*/alias [a-z0-9]+")
    check("old1" not in denied["CHANGES"] and "new" not in denied["CHANGES"], denied["CHANGES"][:500])
    contains(denied["CHANGES"], "changed 1/alias: (secret) -> (secret)")


# ---- reading -------------------------------------------------------------------------------

@test("another user cannot read the trail, and is told so")
def other_reader(w):
    w.shell("true")
    for name in ("audit", "audit.head"):
        equal(os.stat(audit_path(w, name)).st_mode & 0o7777, 0o600, name)
    equal(os.stat(w.at(trail.STATE)).st_mode & 0o7777, 0o700)
    run = w.run(*USER, CLI, "log", "--file", audit_path(w))
    equal((run.returncode, run.stdout), (STATUS_DENIED, ""), run.stderr)
    contains(run.stderr, "the audit trail is root's to read")
    os.makedirs(trail.STATE, mode=0o700, exist_ok=True)
    run = w.run(*USER, CLI, "log")
    equal((run.returncode, run.stdout), (STATUS_DENIED, ""), run.stderr)
    # nor can the client through its server
    s = w.session(SESSION + "[File /etc/hosts]\nLens=Hosts.lns\nSet=**\n")
    equal(s.match(f"/files{trail.STATE}/audit"), [])


@test("exmachina log: a line for each record, the changes below it, and the last ones only")
def log_lines(w):
    five_records(w)
    run = log(w)
    equal(run.returncode, 0, run.stderr)
    lines = run.stdout.splitlines()
    matches(lines[0], r"^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ panel session\.begin fd: done$")
    matches(lines[1], r"Z panel config\.commit /etc/hosts: done \([0-9.]+ ms\)$")
    equal(lines[2], '    changed 1/canonical: "localhost" -> "one"')
    equal(len(lines), 8)
    equal(log(w, "--lines", "2").stdout.splitlines(), lines[5:])
    equal(log(w, "--lines", "1").stdout.splitlines(), lines[7:])
    equal(log(w, "--lines", "100").stdout.splitlines(), lines)


@test("exmachina log --json: all fields of each record")
def log_json(w):
    five_records(w)
    run = log(w, "--json")
    shown = [json.loads(line) for line in run.stdout.splitlines()]
    wanted = records(w)
    equal(len(shown), 5)
    for a, b in zip(shown, wanted):
        equal({name.removeprefix("EXMACHINA_"): value for name, value in a.items()}, b)


@test("exmachina log reads the system's own trail, in the order of its files")
def log_system(w):
    five_records(w)
    shutil.rmtree(trail.STATE, ignore_errors=True)
    shutil.copytree(w.at(trail.STATE), trail.STATE)
    w.undo.callback(shutil.rmtree, trail.STATE)
    raw = [bytes_ for _, bytes_ in trail.split(open(f"{trail.STATE}/audit", "rb").read())]
    for name, part in (("audit.2", raw[:2]), ("audit.1", raw[2:3]), ("audit", raw[3:])):
        with open(f"{trail.STATE}/{name}", "wb") as file:
            file.write(b"".join(part))
    run = w.run(CLI, "log")
    equal((run.returncode, run.stdout), (0, log(w).stdout))
    run = w.run(CLI, "log", "--verify")
    contains(run.stdout, "5 records in 3 files: all are as they were written")
    # whatever the order is in which the shell names them
    run = w.run(CLI, "log", "--verify", "--file",
                *(f"{trail.STATE}/{name}" for name in ("audit", "audit.1", "audit.2")))
    contains(run.stdout, "5 records in 3 files: all are as they were written")
    os.rename(f"{trail.STATE}/audit.1", f"{trail.STATE}/audit.3")
    run = w.run(CLI, "log", "--verify")
    equal(run.returncode, STATUS_FAILED)
    contains(run.stdout, f"{trail.STATE}/audit.2: record 1, at byte 0: it follows record 3")


@test("exmachina log shows nothing that a terminal obeys, of whatever file")
def log_hostile(w):
    value = b"\x1b]0;x\x07\nadded 1: \"\xc2\x9b\""
    size = len(value).to_bytes(8, "little")
    with open(w.path_of("file"), "wb") as file:
        for name in (b"METHOD", b"SUBJECT", b"RESULT", b"DETAIL", b"USER", b"CHANGES"):
            file.write(b"EXMACHINA_" + name + b"\n" + size + value + b"\n")
        file.write(b"\n")
    for arguments in ((), ("--json",), ("--verify",)):
        run = subprocess.run([CLI, "log", "--file", w.path_of("file"), *arguments],
                             capture_output=True, check=False)
        check(not set(run.stdout + run.stderr) & (set(range(32)) - {10}), run.stdout)
        check(b"\xc2\x9b" not in run.stdout or arguments == ("--json",), run.stdout)
    with open(w.path_of("file"), "ab") as file:
        file.write(b"not a record")
    run = w.run(CLI, "log", "--file", w.path_of("file"))
    equal(run.returncode, STATUS_FAILED)
    contains(run.stderr, "at byte")


@test("exmachina log refuses what is no file, and files that are not there")
def log_refuses(w):
    os.mkfifo(w.path_of("fifo"))
    for path, why in ((w.path_of("fifo"), "not a regular file"), (w.dir, "not a regular file"),
                      ("/dev/zero", "not a regular file"), (w.path_of("none"), "No such file")):
        run = w.run(CLI, "log", "--file", path)
        equal((run.returncode, run.stdout), (STATUS_FAILED, ""), path)
        contains(run.stderr, why)
    equal(w.run(CLI, "log", "--lines", "0").returncode, 2)
    equal(w.run(CLI, "log", "--file").returncode, 2)


@test("systemd-journal-remote takes the file, and journalctl reads all of it back")
def journal_remote(w):
    five_records(w)
    with open(audit_path(w), "ab") as file:
        file.write(b"half")
    w.shell("true")  # with a field that is not text
    out = w.path_of("trail.journal")
    run = w.run(JOURNAL_REMOTE, "-o", out, audit_path(w))
    equal(run.returncode, 0, run.stderr)
    run = w.run("journalctl", "--file", out, "--output=json", "--all", "--no-pager")
    equal(run.returncode, 0, run.stderr)
    entries = [json.loads(line) for line in run.stdout.splitlines()]
    wanted = records(w)
    equal(len(entries), len(wanted))
    for entry, record in zip(entries, wanted):
        for name, value in record.items():
            full = name if name in entry else "EXMACHINA_" + name
            if name == "__MONOTONIC_TIMESTAMP":
                continue
            equal(entry[full], value, name)
    run = w.run("journalctl", "--file", out, "--output=cat", "--no-pager",
                "EXMACHINA_METHOD=config.commit", "EXMACHINA_RESULT=done")
    equal(run.stdout, "config.commit of /etc/hosts for panel: done\n" * 3)


main()
