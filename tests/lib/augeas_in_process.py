# SPDX-License-Identifier: LGPL-2.1-or-later
"""Augeas's own library in this process, and a server's session that looks the same: what a call
gives is one tuple for both, the number that the C function returns, what it hands out, and the
name of its error. Shared by the tests that compare the two."""

import base64
import ctypes
from xml.etree import ElementTree

from exm import RpcError

ERRORS = ["NOERROR", "ENOMEM", "EINTERNAL", "EPATHX", "ENOMATCH", "EMMATCH", "ESYNTAX", "ENOLENS",
          "EMXFM", "ENOSPAN", "EMVDESC", "ECMDRUN", "EBADARG", "ELABEL", "ECPDESC", "EFILEACCESS"]
NO_STDINC, NO_LOAD, NO_MODL_AUTOLOAD, ENABLE_SPAN = 1 << 3, 1 << 5, 1 << 6, 1 << 7

text = ctypes.c_char_p


def encoded(value):
    return None if value is None else value.encode("utf-8", "surrogateescape")


def decoded(value):
    return None if value is None else value.decode("utf-8", "surrogateescape")


def rows_of(element, depth):
    """The nodes of an element and all below it."""
    if element.tag == "node":
        value = element.find("value")
        yield depth, element.get("label"), None if value is None else value.text or ""
    for child in element:
        if child.tag == "node":
            yield from rows_of(child, depth + 1)


class Augeas:
    """libaugeas, over a root directory, with these lenses for these files: {path: lens}; None: with
    all that it has for all that there is; {}: as the flags say."""

    def __init__(self, root, lenses, library="libaugeas.so.0",
                 flags=NO_LOAD | NO_MODL_AUTOLOAD | ENABLE_SPAN):
        self.root = root or ""
        flags = 0 if lenses is None else flags
        self.lib = ctypes.CDLL(library)
        self.libc = ctypes.CDLL(None)
        self.libc.open_memstream.restype = ctypes.c_void_p
        self.lib.aug_init.restype = ctypes.c_void_p
        self.xml = ctypes.CDLL("libxml2.so.2")
        self.xml.xmlBufferCreate.restype = ctypes.c_void_p
        self.xml.xmlBufferContent.restype = text
        for name in ("aug_error_message", "aug_error_minor_message", "aug_error_details"):
            getattr(self.lib, name).restype = text
        self.aug = ctypes.c_void_p(self.lib.aug_init(encoded(root), None, flags))
        if not lenses:
            return
        for path, lens in lenses.items():
            self.transform(lens, path)
        self.lib.aug_load(self.aug)

    def close(self):
        self.lib.aug_close(self.aug)

    def done(self, returned, *out):
        error = ERRORS[self.lib.aug_error(self.aug)]
        return (returned, *(None if returned < 0 else o for o in out), error)

    def taken(self, pointer):
        """A string that is ours to free."""
        value = ctypes.cast(pointer, text).value
        self.libc.free(pointer)
        return decoded(value)

    def get(self, path):
        value = text()
        r = self.lib.aug_get(self.aug, encoded(path), ctypes.byref(value))
        return self.done(r, decoded(value.value) if r == 1 else None)

    def label(self, path):
        value = text()
        r = self.lib.aug_label(self.aug, encoded(path), ctypes.byref(value))
        return self.done(r, decoded(value.value) if r == 1 else None)

    def match(self, path):
        found = ctypes.POINTER(ctypes.c_void_p)()
        r = self.lib.aug_match(self.aug, encoded(path), ctypes.byref(found))
        return self.done(r, [self.taken(ctypes.c_void_p(found[i])) for i in range(max(r, 0))])

    def set(self, path, value):
        return self.done(self.lib.aug_set(self.aug, encoded(path), encoded(value)))

    def setm(self, base, sub, value):
        return self.done(self.lib.aug_setm(self.aug, encoded(base), encoded(sub), encoded(value)))

    def insert(self, path, label, before):
        return self.done(self.lib.aug_insert(self.aug, encoded(path), encoded(label), int(before)))

    def remove(self, path):
        return self.done(self.lib.aug_rm(self.aug, encoded(path)))

    def move(self, source, destination):
        return self.done(self.lib.aug_mv(self.aug, encoded(source), encoded(destination)))

    def copy(self, source, destination):
        return self.done(self.lib.aug_cp(self.aug, encoded(source), encoded(destination)))

    def rename(self, path, label):
        return self.done(self.lib.aug_rename(self.aug, encoded(path), encoded(label)))

    def defvar(self, name, expression):
        return self.done(self.lib.aug_defvar(self.aug, encoded(name), encoded(expression)))

    def defnode(self, name, expression, value):
        created = ctypes.c_int(0)
        r = self.lib.aug_defnode(self.aug, encoded(name), encoded(expression), encoded(value),
                                 ctypes.byref(created))
        return self.done(r, bool(created.value))

    def text_store(self, lens, source, path):
        return self.done(self.lib.aug_text_store(self.aug, encoded(lens), encoded(source),
                                                 encoded(path)))

    def text_retrieve(self, lens, source, path, destination):
        return self.done(self.lib.aug_text_retrieve(self.aug, encoded(lens), encoded(source),
                                                    encoded(path), encoded(destination)))

    def escape_name(self, name):
        out = ctypes.c_void_p()
        r = self.lib.aug_escape_name(self.aug, encoded(name), ctypes.byref(out))
        return self.done(r, self.taken(out) if out.value else name)

    def _printed(self, call):
        buffer, size = ctypes.c_void_p(), ctypes.c_size_t()
        out = ctypes.c_void_p(self.libc.open_memstream(ctypes.byref(buffer), ctypes.byref(size)))
        r = call(out)
        result = self.done(r)
        self.libc.fclose(out)
        printed = self.taken(buffer)
        return (result[0], None if r < 0 and r != -2 else printed, result[-1])

    def print(self, path):
        return self._printed(lambda out: self.lib.aug_print(self.aug, out, encoded(path)))

    def srun(self, script):
        r, printed, error = self._printed(
            lambda out: self.lib.aug_srun(self.aug, out, encoded(script)))
        return (r, printed and printed.replace(self.root + "/", "/"), error)

    def preview(self, path):
        """While spans are known aug_preview(3) finds no lens; so it is done as it does it."""
        out = ctypes.c_void_p()
        r = self.lib.aug_preview(self.aug, encoded(path), ctypes.byref(out))
        result = self.done(r, self.taken(out) if out.value else None)
        return self._preview(path) if result[-1] == "ENOLENS" else result

    def _preview(self, path):
        node = self.source(self.match(path)[1][0])[1]
        if not node or not node.startswith("/files"):
            return (-1, None, "EBADARG")
        lens = self.get("/augeas" + node + "/lens")[1]
        with open(self.root + self.get("/augeas" + node + "/path")[1].removeprefix("/files"),
                  "rb") as file:
            self.set("/preview_in", decoded(file.read()))
        done = self.text_retrieve(lens, "/preview_in", node, "/preview_out")
        result = (done[0], self.get("/preview_out")[1] if done[0] == 0 else None, done[-1])
        self.remove("/preview_in | /preview_out")
        return result

    def dump(self, path):
        """aug_to_xml(3), as [(depth, label, value)]."""
        top = ctypes.c_void_p()
        r = self.lib.aug_to_xml(self.aug, encoded(path), ctypes.byref(top), 0)
        if r < 0:
            return self.done(r, None)
        buffer = ctypes.c_void_p(self.xml.xmlBufferCreate())
        self.xml.xmlNodeDump(buffer, None, top, 0, 0)
        text_of_it = self.xml.xmlBufferContent(buffer)
        try:
            rows = list(rows_of(ElementTree.fromstring(text_of_it), -1))
        except ElementTree.ParseError:
            rows = None  # bytes that XML cannot have
        self.xml.xmlBufferFree(buffer)
        self.xml.xmlFreeNode(top)
        return self.done(r, rows)

    def ns_attr(self, name, index):
        value, label, file = text(), text(), ctypes.c_void_p()
        r = self.lib.aug_ns_attr(self.aug, encoded(name), index, ctypes.byref(value),
                                 ctypes.byref(label), ctypes.byref(file))
        found = self.taken(file) if file.value else None
        return self.done(r, decoded(value.value), decoded(label.value), self.in_files(found))

    def in_files(self, file):
        """While spans are known Augeas tells the name of a file where it has the path of a node."""
        inside = file and file.startswith(self.root + "/")
        return "/files" + file.removeprefix(self.root) if inside else file

    def source(self, path):
        out = ctypes.c_void_p()
        r = self.lib.aug_source(self.aug, encoded(path), ctypes.byref(out))
        return self.done(r, self.in_files(self.taken(out) if out.value else None))

    def span(self, path):
        name = ctypes.c_void_p()
        edges = [ctypes.c_uint() for _ in range(6)]
        r = self.lib.aug_span(self.aug, encoded(path), ctypes.byref(name),
                              *map(ctypes.byref, edges))
        file = self.taken(name) if r >= 0 and name.value else ""
        return self.done(r, file.removeprefix(self.root), [e.value for e in edges])

    def transform(self, lens, file, exclude=False):
        return self.done(self.lib.aug_transform(self.aug, encoded(lens), encoded(file),
                                                int(exclude)))

    def load_file(self, file):
        return self.done(self.lib.aug_load_file(self.aug, encoded(file)))

    def load(self):
        return self.done(self.lib.aug_load(self.aug))

    def save(self):
        return self.done(self.lib.aug_save(self.aug))

    def ns_count(self, name):
        return self.done(self.lib.aug_ns_count(self.aug, encoded(name)))

    def ns_value(self, name, index):
        value = text()
        r = self.lib.aug_ns_value(self.aug, encoded(name), index, ctypes.byref(value))
        return self.done(r, decoded(value.value))

    def ns_label(self, name, index):
        label, position = text(), ctypes.c_int()
        r = self.lib.aug_ns_label(self.aug, encoded(name), index, ctypes.byref(label),
                                  ctypes.byref(position))
        return self.done(r, decoded(label.value), position.value)

    def ns_path(self, name, index):
        path = ctypes.c_void_p()
        r = self.lib.aug_ns_path(self.aug, encoded(name), index, ctypes.byref(path))
        return self.done(r, self.taken(path) if path.value else None)


def as_bytes(value):
    """A text as the protocol has it."""
    if value is None:
        return None
    try:
        value.encode("utf-8")
        return value
    except UnicodeEncodeError:
        return {"base64": base64.b64encode(encoded(value)).decode()}


def from_bytes(value):
    if isinstance(value, dict) and set(value) == {"base64"}:
        return decoded(base64.b64decode(value["base64"]))
    if isinstance(value, list):
        return [from_bytes(v) for v in value]
    return value


class Remote:
    """The same calls over a session of a server."""

    def __init__(self, session):
        self.session = session
        self.last = None  # the last error

    def _call(self, method, *params):
        """The result, and the name of Augeas's error; what is no error there has none."""
        try:
            return self.session.call("augeas." + method, [as_bytes(p) if isinstance(p, str) else p
                                                          for p in params]), None
        except RpcError as error:
            self.last = str(error)
            return error, error.data.get("augeas", error.name)

    def _plain(self, method, *params, missing=-1):
        result, error = self._call(method, *params)
        return (missing, error) if error else (0, "NOERROR")

    def _count(self, method, *params):
        result, error = self._call(method, *params)
        return (-1, error) if error else (result, "NOERROR")

    def _node(self, method, path):
        result, error = self._call(method, path)
        if error == "ENOMATCH" or (error and result.name == "DENIED"):
            return (0, None, "NOERROR")
        return (-1, None, error) if error else (1, from_bytes(result), "NOERROR")

    def get(self, path):
        return self._node("get", path)

    def label(self, path):
        return self._node("label", path)

    def match(self, path):
        result, error = self._call("match", path)
        return (-1, None, error) if error else (len(result), from_bytes(result), "NOERROR")

    def set(self, path, value):
        return self._plain("set", path, value)

    def setm(self, base, sub, value):
        return self._count("setm", base, sub, value)

    def insert(self, path, label, before):
        return self._plain("insert", path, label, before)

    def remove(self, path):
        return self._count("remove", path)

    def move(self, source, destination):
        return self._plain("move", source, destination)

    def copy(self, source, destination):
        return self._plain("copy", source, destination)

    def rename(self, path, label):
        return self._count("rename", path, label)

    def defvar(self, name, expression):
        return self._count("defvar", name, expression)

    def defnode(self, name, expression, value):
        result, error = self._call("defnode", name, expression, value)
        return (-1, None, error) if error else (result["count"], result["created"], "NOERROR")

    def text_store(self, lens, source, path):
        return self._plain("text_store", lens, source, path)

    def text_retrieve(self, lens, source, path, destination):
        return self._plain("text_retrieve", lens, source, path, destination)

    def escape_name(self, name):
        result, error = self._call("escape_name", name)
        return (-1, None, error) if error else (0, from_bytes(result), "NOERROR")

    def print(self, path):
        result, error = self._call("print", path)
        return (-1, None, error) if error else (0, from_bytes(result), "NOERROR")

    def srun(self, script):
        result, error = self._call("srun", script)
        if error:
            return (-1, None, error)
        return (-2 if result["quit"] else result["commands"], from_bytes(result["output"]),
                "NOERROR")

    def preview(self, path):
        result, error = self._call("preview", path)
        return (-1, None, error) if error else (0, from_bytes(result), "NOERROR")

    def dump(self, path):
        result, error = self._call("dump", path)
        if error:
            return (-1, None, error)
        return (0, [(row["depth"], from_bytes(row["label"]), from_bytes(row["value"]))
                    for row in result], "NOERROR")

    def ns_attr(self, name, index):
        return self._numbered("ns_attr", name, index, 3, lambda r: (
            1, from_bytes(r["value"]), from_bytes(r["label"]), r["file"]))

    def source(self, path):
        result, error = self._call("source", path)
        return (-1, None, error) if error else (0, from_bytes(result), "NOERROR")

    def span(self, path):
        result, error = self._call("span", path)
        if error:
            return (-1, None, None, error)
        return (0, result["file"], result["label"] + result["value"] + result["span"], "NOERROR")

    def transform(self, lens, file, exclude=False):
        return self._plain("transform", lens, file, exclude)

    def load_file(self, file):
        return self._plain("load_file", file)

    def load(self):
        return self._plain("load")

    def save(self):
        return self._plain("save")

    def ns_count(self, name):
        return self._count("ns_count", name)

    def _numbered(self, method, name, index, outputs, take):
        result, error = self._call(method, name, index)
        return (-1, *[None] * outputs, error) if error else (*take(result), "NOERROR")

    def ns_value(self, name, index):
        return self._numbered("ns_value", name, index, 1, lambda r: (1, from_bytes(r)))

    def ns_label(self, name, index):
        return self._numbered("ns_label", name, index, 2,
                              lambda r: (1, from_bytes(r["label"]), r["index"]))

    def ns_path(self, name, index):
        return self._numbered("ns_path", name, index, 1, lambda r: (0, from_bytes(r)))
