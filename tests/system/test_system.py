#!/usr/bin/python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""Time zone, host name and locale: through the real timedated, hostnamed and localed where they
answer, in files where they do not, and only what the policy names and the system has."""

import os
import shutil
import socket
import subprocess
import sys

sys.path.insert(0, sys.path[0] + "/../lib")
from exm import SESSION, check, contains, equal, for_each, main, test, wait_until

POLICY = SESSION.replace("10s", "30s") + "[System]\nAllow=timezone hostname locale\n"
VALUES = {"timezone": "UTC", "hostname": "x", "locale": "C"}
DAEMONS = {"timezone": "timedated", "hostname": "hostnamed", "locale": "localed"}
LOCALE_FILE = "/etc/default/locale"
ETC = ("/etc/localtime", "/etc/timezone", "/etc/hostname", LOCALE_FILE, "/etc/locale.conf")


def ctl(*command):
    return subprocess.run(command, capture_output=True, text=True, check=True).stdout.strip()


def content(path):
    """What is there, so that it can be compared and told."""
    if os.path.islink(path):
        return f"link to {os.readlink(path)}"
    try:
        with open(path, encoding="utf-8") as file:
            return file.read()
    except FileNotFoundError:
        return None


def all_files(root=""):
    return {path: content(root + path) for path in ETC} | {"etc": sorted(os.listdir(root + "/etc"))}


def keep(w):
    """Gives the system of the sandbox its identity back after the test."""
    before = {path: content(path) for path in ETC}
    name = socket.gethostname()

    def bring_back():
        for path, text in before.items():
            if os.path.lexists(path):
                os.unlink(path)
            if text is None:
                continue
            if text.startswith("link to "):
                os.symlink(text[len("link to "):], path)
                continue
            with open(path, "w", encoding="utf-8") as file:
                file.write(text)
        socket.sethostname(name)
        subprocess.run(["systemctl", "stop", *(f"systemd-{d}" for d in DAEMONS.values())],
                       check=False, capture_output=True)

    w.undo.callback(bring_back)


def real(w, policy=POLICY):
    """A session for the system that runs in the sandbox."""
    keep(w)
    return w.session(policy, root="/")


def image(w, policy=POLICY):
    """A session for a root directory of its own, with zones and a locale, and no bus."""
    for zone in ("Europe/Berlin", "America/Argentina/Salta", "Etc/UTC", "UTC"):
        w.write(f"/usr/share/zoneinfo/{zone}", "TZif2 and so on")
    os.makedirs(w.at("/usr/lib/locale/de_DE.utf8"))
    w.write("/etc/debian_version", "12.0\n")
    os.symlink("/usr/share/zoneinfo/Etc/UTC", w.at("/etc/localtime"))
    w.write("/etc/timezone", "Etc/UTC\n")
    w.write("/etc/hostname", "image\n", 0o640)
    w.write(LOCALE_FILE, "# kept\nLANG=C\nLC_TIME=\"POSIX\"\n", 0o604)
    return w.session(policy)


def mask(w, *daemons):
    """These do not answer: their units are masked."""
    units = [f"systemd-{daemon}.service" for daemon in daemons]
    subprocess.run(["systemctl", "stop", *units], check=True)
    subprocess.run(["systemctl", "mask", "--runtime", *units], check=True, capture_output=True)
    w.undo.callback(subprocess.run, ["systemctl", "unmask", "--runtime", *units], check=True,
                    capture_output=True)


def active(unit):
    return subprocess.run(["systemctl", "is-active", "-q", unit], check=False).returncode == 0


def set_item(s, item, value):
    return s.call(f"system.set_{item}", {item: value})


def refuse_item(s, name, item, value):
    return s.refuse(name, f"system.set_{item}", {item: value})


# ---- through the services that systemd has for it -------------------------------------------

@test("the zone is set by timedated, which was not running, and timedatectl says so too")
def zone_bus(w):
    s = real(w)
    subprocess.run(["systemctl", "stop", "systemd-timedated"], check=True)
    for zone in ("America/Argentina/Salta", "Europe/Berlin", "Etc/GMT+5"):
        answer = set_item(s, "timezone", zone)
        equal((answer["timezone"], answer["via"]), (zone, "timedated"))
        equal(ctl("timedatectl", "show", "--value", "-p", "Timezone"), zone)
        contains(os.readlink("/etc/localtime"), f"/usr/share/zoneinfo/{zone}")
    equal(s.call("system.get")["timezone"], "Etc/GMT+5")


@test("the host name is set by hostnamed, in the kernel and in the file")
def host_bus(w):
    s = real(w)
    for name in ("exm-1.example.org", "a" * 63, "UPPER"):
        answer = set_item(s, "hostname", name)
        equal((answer["hostname"], answer["via"]), (name, "hostnamed"))
        equal(ctl("hostnamectl", "--static"), name)
        equal(content("/etc/hostname"), name + "\n")
        equal(socket.gethostname(), name)
    equal(s.call("system.get")["hostname"], "UPPER")


@test("the locale is set by localed; variables that are not named stay")
def locale_bus(w):
    s = real(w)
    answer = set_item(s, "locale", "C.UTF-8")
    equal((answer["locale"], answer["via"]), ({"LANG": "C.UTF-8"}, "localed"))
    answer = set_item(s, "locale", ["LC_TIME=POSIX", "LC_MESSAGES=C"])
    equal(answer["locale"], {"LANG": "C.UTF-8", "LC_TIME": "POSIX", "LC_MESSAGES": "C"})
    shown = ctl("localectl", "status")
    for part in ("LANG=C.UTF-8", "LC_TIME=POSIX", "LC_MESSAGES=C"):
        contains(shown, part, "localectl")
        contains(content(LOCALE_FILE) or content("/etc/locale.conf"), part, "the file")


@test("a locale of the archive can be set as soon as it is there")
def locale_archive(w):
    s = real(w)
    error = refuse_item(s, "BAD_VALUE", "locale", "de_DE.UTF-8")
    contains(error.message, "de_DE.UTF-8")
    archive = "/usr/lib/locale/locale-archive"
    kept = os.path.exists(archive) and shutil.copy(archive, w.path_of("archive"))
    subprocess.run(["localedef", "-i", "de_DE", "-f", "UTF-8", "de_DE.UTF-8"], check=True)
    w.undo.callback(shutil.copy, kept, archive) if kept else w.undo.callback(os.unlink, archive)
    equal(set_item(s, "locale", "de_DE.UTF-8")["locale"]["LANG"], "de_DE.UTF-8")
    contains(ctl("localectl", "status"), "LANG=de_DE.UTF-8")
    refuse_item(s, "BAD_VALUE", "locale", "de_AT.UTF-8")
    refuse_item(s, "BAD_VALUE", "locale", "de_DE.UTF-16")


@test("other requests are answered while a service is waited for")
def responsive(w):
    s = real(w)
    subprocess.run(["systemctl", "stop", "systemd-timedated"], check=True)
    ident = s.request("system.set_timezone", {"timezone": "Europe/Berlin"})
    s.line({"jsonrpc": "2.0", "id": "ping", "method": "session.ping"})
    answers = {str(s.read()["id"]) for _ in range(2)}
    equal(answers, {str(ident), "ping"})


@test("to look at the identity starts no service")
def get_is_cheap(w):
    s = real(w)
    units = [f"systemd-{daemon}" for daemon in DAEMONS.values()]
    subprocess.run(["systemctl", "stop", *units], check=True)
    answer = s.call("system.get")
    equal(sorted(answer), ["hostname", "locale", "timezone", "via"])
    equal(answer["hostname"], ctl("hostname"))
    check(not any(active(unit) for unit in units), "a service was started")


@test("a service that hangs is waited for as long as the policy says, and no longer")
def hangs(w):
    # what is waited for is only that it answers
    subprocess.run(["systemctl", "start", "systemd-timedated"], check=True)
    s = real(w, POLICY.replace("30s", "3s"))
    set_item(s, "timezone", "UTC")
    pid = int(ctl("systemctl", "show", "-P", "MainPID", "systemd-timedated"))
    os.kill(pid, 19)
    before = content("/etc/localtime")
    try:
        error = refuse_item(s, "TIMEOUT", "timezone", "Europe/Berlin")
    finally:
        os.kill(pid, 9)  # which reaches what is stopped, too
    contains(error.message, "timedated")
    equal(content("/etc/localtime"), before)
    s.alive()


@test("a service that refuses is believed, and nothing is done behind its back")
def refuses(w):
    s = real(w)
    before = content("/etc/localtime")
    os.makedirs("/run/systemd/system/systemd-timedated.service.d")
    with open("/run/systemd/system/systemd-timedated.service.d/x.conf", "w",
              encoding="utf-8") as file:
        file.write("[Service]\nReadWritePaths=\nReadOnlyPaths=/etc\n")
    w.undo.callback(subprocess.run, ["systemctl", "daemon-reload"], check=True)
    w.undo.callback(shutil.rmtree, "/run/systemd/system/systemd-timedated.service.d")
    subprocess.run(["systemctl", "stop", "systemd-timedated"], check=True)
    subprocess.run(["systemctl", "daemon-reload"], check=True)
    s.refuse("IO", "system.set_timezone", {"timezone": "Europe/Berlin"})
    equal(content("/etc/localtime"), before)


# ---- by files --------------------------------------------------------------------------------

@test("services that are masked do not answer, and the files are written instead")
def masked(w):
    s = real(w)
    mask(w, *DAEMONS.values())
    answer = set_item(s, "timezone", "Europe/Berlin")
    equal((answer["timezone"], answer["via"]), ("Europe/Berlin", "files"))
    equal(os.readlink("/etc/localtime"), "../usr/share/zoneinfo/Europe/Berlin")
    if os.path.exists("/etc/timezone"):
        equal(content("/etc/timezone"), "Europe/Berlin\n")
    contains(ctl("date", "+%Z"), "CE")
    answer = set_item(s, "hostname", "by-file")
    equal((answer["hostname"], answer["via"]), ("by-file", "files"))
    equal((content("/etc/hostname"), socket.gethostname()), ("by-file\n", "by-file"))
    answer = set_item(s, "locale", "LC_TIME=C.UTF-8")
    equal((answer["locale"]["LC_TIME"], answer["via"]), ("C.UTF-8", "files"))
    contains(content(LOCALE_FILE) or content("/etc/locale.conf"), "LC_TIME=C.UTF-8\n")


@test("what was written to files is what timedated, hostnamed and localed find there")
def files_then_services(w):
    s = real(w)
    mask(w, *DAEMONS.values())
    set_item(s, "timezone", "Asia/Tokyo")
    set_item(s, "hostname", "written")
    set_item(s, "locale", ["LANG=C.UTF-8", "LC_PAPER=POSIX"])
    subprocess.run(["systemctl", "unmask", "--runtime",
                    *(f"systemd-{d}" for d in DAEMONS.values())], check=True, capture_output=True)
    equal(ctl("timedatectl", "show", "--value", "-p", "Timezone"), "Asia/Tokyo")
    equal(ctl("hostnamectl", "--static"), "written")
    contains(ctl("localectl", "status"), "LC_PAPER=POSIX")


@test("without a bus the files of the running system are written")
def no_bus(w):
    s = real(w)
    subprocess.run(["systemctl", "stop", "dbus.socket", "dbus.service"], check=True,
                   capture_output=True)
    w.undo.callback(subprocess.run, ["systemctl", "start", "dbus.socket"], check=True)
    equal(set_item(s, "timezone", "Europe/Berlin")["via"], "files")
    equal(set_item(s, "hostname", "no-bus")["via"], "files")
    equal(socket.gethostname(), "no-bus")


@test("another root has its files written, whole, and the running system does not notice")
def other_root(w):
    s = image(w)
    own = all_files() | {"kernel": socket.gethostname()}
    equal(s.call("system.get"), {"timezone": "Etc/UTC", "hostname": "image", "via": "files",
                                 "locale": {"LANG": "C", "LC_TIME": "POSIX"}})
    set_item(s, "timezone", "America/Argentina/Salta")
    set_item(s, "hostname", "image-2")
    answer = set_item(s, "locale", "de_DE.UTF-8")
    equal(answer, {"timezone": "America/Argentina/Salta", "hostname": "image-2", "via": "files",
                   "locale": {"LANG": "de_DE.UTF-8", "LC_TIME": "POSIX"}})
    equal(os.readlink(w.at("/etc/localtime")),
          "../usr/share/zoneinfo/America/Argentina/Salta")
    equal(w.read("/etc/timezone"), "America/Argentina/Salta\n")
    equal(w.read("/etc/hostname"), "image-2\n")
    equal(w.read(LOCALE_FILE), "# kept\nLANG=de_DE.UTF-8\nLC_TIME=\"POSIX\"\n")
    equal(os.stat(w.at("/etc/hostname")).st_mode & 0o777, 0o640)
    equal(os.stat(w.at(LOCALE_FILE)).st_mode & 0o777, 0o604)
    check(not [name for name in w.files("/etc") if "exmachina" in name], "something is left over")
    equal(all_files() | {"kernel": socket.gethostname()}, own)


@test("a root that has nothing yet gets its files")
def empty_root(w):
    s = image(w)
    for path in ("/etc/localtime", "/etc/timezone", "/etc/hostname", LOCALE_FILE):
        os.unlink(w.at(path))
    os.rmdir(w.at("/etc/default"))
    equal(s.call("system.get"), {"timezone": "UTC", "hostname": "", "locale": {}, "via": "files"})
    set_item(s, "timezone", "Europe/Berlin")
    set_item(s, "hostname", "first")
    error = refuse_item(s, "IO", "locale", "C")
    contains(error.message, "/etc/default/locale")
    os.mkdir(w.at("/etc/default"))
    equal(set_item(s, "locale", "C"), {"timezone": "Europe/Berlin", "hostname": "first",
                                       "locale": {"LANG": "C"}, "via": "files"})
    check(not os.path.exists(w.at("/etc/timezone")), "a file that was not there was made")


# ---- what is refused -------------------------------------------------------------------------

def untouched(w, s, name, item, value):
    before = all_files(w.root)
    error = refuse_item(s, name, item, value)
    equal(all_files(w.root), before)
    s.alive()
    return error


@for_each([(f"the zone {zone!r:.40} is refused, and says what would be right", zone)
           for zone in ["../etc/passwd", "../../../../etc/passwd", "Europe/../../../../etc/passwd",
                        "Europe/../UTC", "/etc/localtime", "/usr/share/zoneinfo/UTC", "", ".", "..",
                        "Europe", "Europe/", "Europe//Berlin", "Europe/Paris", "Mars", "UTC\n",
                        "\nUTC", "UTC ", "-UTC", ".UTC", "Europe/.x", "zone.tab", "UTC;reboot",
                        "$(reboot)", "UTC\x7f", "Europe/Berlin\x01", "x" * 256, "a/" * 2000 + "a",
                        "Ber\u006c\u0131n"]])
def bad_zone(w, zone):
    s = image(w)
    error = untouched(w, s, "BAD_VALUE", "timezone", zone)
    check("/usr/share/zoneinfo" in error.message or "bytes" in error.message, error.message)


@test("zones that links in the tree lead out to are refused, however they are swapped")
def zone_links(w):
    s = image(w)
    w.write("/etc/secret", "TZif2 but not of the tree")
    tree = w.at("/usr/share/zoneinfo")
    os.symlink("/etc/secret", f"{tree}/absolute")
    os.symlink("../../../etc/secret", f"{tree}/relative")
    os.symlink("../../../etc", f"{tree}/directory")
    os.symlink("/etc/localtime", f"{tree}/localtime")
    for zone in ("absolute", "relative", "directory/secret", "localtime"):
        untouched(w, s, "BAD_VALUE", "timezone", zone)
    set_item(s, "timezone", "Europe/Berlin")
    shutil.move(f"{tree}/Europe", w.at("/etc/Europe"))
    os.symlink("../../../etc/Europe", f"{tree}/Europe")
    untouched(w, s, "BAD_VALUE", "timezone", "Europe/Berlin")
    os.unlink(f"{tree}/Europe")
    os.mkdir(f"{tree}/Europe")
    os.symlink("../UTC", f"{tree}/Europe/Berlin")
    set_item(s, "timezone", "Europe/Berlin")


@for_each([(f"the host name {name!r:.40} is refused", name)
           for name in ["", ".", "a.", ".a", "a..b", "-a", "a-", "host\n", "\nhost", "a\nb",
                        "a b", "a_b", "a/b", "../x", "a;b", "$(x)", "h\u00f6st", "x" * 64,
                        ("x" * 32 + ".") * 2, "a" * 4096, "a\x01", "#x", "a\tb", "(none)"]])
def bad_host(w, name):
    s = image(w)
    untouched(w, s, "BAD_VALUE", "hostname", name)


@for_each([(f"the locale {locale!r:.50} is refused", locale)
           for locale in ["", [], [""], "en_US.UTF-8", "de_DE", "de_AT.UTF-8", "../../../etc",
                          "/etc", "C\n", "C\nPATH=/tmp", "C PATH=/tmp", "\"C\"", "'C'", "$(reboot)",
                          "`reboot`", "C;reboot", "C#", "-C", "LC_ALL=C", "PATH=C",
                          "LD_PRELOAD=C", ["LANG=C", "PATH=C"], ["LANG=C", "LANG=C"],
                          ["LC_TIME=C\nX=y"], ["LC_TIME=\"C"], ["LC_TIME='"], ["LC_TIME="],
                          ["LC_TIME"], ["LC_TIME=C", "LC_NAME=xx_XX.UTF-8"], ["=C"], ["LC_X=C"],
                          ["LANGUAGE=de en"], ["LANGUAGE=\n"], "x" * 300, "C.UTF-8 "]])
def bad_locale(w, locale):
    s = image(w)
    untouched(w, s, "BAD_VALUE", "locale", locale)


@for_each([(f"what the policy does not name is denied: {item}", item) for item in VALUES])
def denied(w, item):
    others = " ".join(other for other in VALUES if other != item)
    s = image(w, SESSION + f"[System]\nAllow={others}\n")
    error = untouched(w, s, "DENIED", item, VALUES[item])
    contains(error.message + str(error.data), f"Allow={item}")
    s.call("system.get")
    for other in others.split():
        set_item(s, other, VALUES[other])


@test("a bare [System] section allows to look and nothing else")
def look_only(w):
    s = image(w, SESSION + "[System]\n")
    equal(s.call("system.get")["hostname"], "image")
    for item, value in VALUES.items():
        untouched(w, s, "DENIED", item, value)


@test("without a [System] section there is nothing to look at")
def no_section(w):
    s = image(w, SESSION)
    error = s.refuse("DENIED", "system.get")
    contains(error.message + str(error.data), "[System]")
    for item, value in VALUES.items():
        untouched(w, s, "DENIED", item, value)


@test("files that cannot be replaced whole are told by name, and nothing is changed")
def not_plain(w):
    s = image(w)
    w.write("/etc/other", "other\n")
    for path, item, value in (("/etc/hostname", "hostname", "x"),
                              ("/etc/timezone", "timezone", "UTC"), (LOCALE_FILE, "locale", "C")):
        os.unlink(w.at(path))
        os.link(w.at("/etc/other"), w.at(path))
        error = untouched(w, s, "IO", item, value)
        contains(error.message, path)
        os.unlink(w.at(path))
        w.write(path, "bound\n")
        w.mount("--bind", w.at("/etc/other"), w.at(path))
        contains(untouched(w, s, "IO", item, value).message, path)
    equal(w.read("/etc/other"), "other\n")
    equal(os.readlink(w.at("/etc/localtime")), "/usr/share/zoneinfo/Etc/UTC")


@test("a change leaves a record with who, what, and by which rule; a failure does too")
def audited(w):
    s = real(w, SESSION.replace("10s", "30s") + "[System]\nAllow=hostname\n")
    set_item(s, "hostname", "recorded")
    refuse_item(s, "BAD_VALUE", "hostname", "not_recorded")

    def record(subject):
        return ctl("journalctl", "-q", "-o", "json", "EXMACHINA_METHOD=system.set_hostname",
                   f"EXMACHINA_SUBJECT={subject}")

    for subject, result in (("recorded", "done"), ("not_recorded", "bad value")):
        wait_until(lambda subject=subject: record(subject), "the record")
        for part in (f'"EXMACHINA_RESULT":"{result}"', '"EXMACHINA_RULE":"[System]"',
                     '"EXMACHINA_USER":"panel"'):
            contains(record(subject), part, "the record")


@test("the client goes while a service is waited for: it is done, and recorded, all the same")
def client_gone(w):
    s = real(w)
    subprocess.run(["systemctl", "stop", "systemd-timedated"], check=True)
    s.request("system.set_timezone", {"timezone": "Asia/Tokyo"})
    wait_until(lambda: active("systemd-timedated"), "timedated was asked")
    s.close()
    equal(s.status(), 0)
    contains(content("/etc/localtime"), "Asia/Tokyo")
    contains(s.log, "system.set_timezone of Asia/Tokyo is done")
    wait_until(lambda: ctl("journalctl", "-q", "-o", "cat", "EXMACHINA_SUBJECT=Asia/Tokyo",
                           "EXMACHINA_RESULT=done"), "the record")


if __name__ == "__main__":
    main()
