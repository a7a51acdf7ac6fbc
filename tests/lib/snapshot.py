# SPDX-License-Identifier: LGPL-2.1-or-later
"""All that can be seen of a tree of files: to find out that nothing in it has changed."""

import os
import stat

from trail import STATE


def look(path):
    """All of one file but the time of its last reading."""
    st = os.lstat(path)
    found = [stat.S_IFMT(st.st_mode), stat.S_IMODE(st.st_mode), st.st_uid, st.st_gid, st.st_ino,
             st.st_nlink, st.st_rdev, st.st_mtime_ns]
    found += [(name, os.getxattr(path, name, follow_symlinks=False))
              for name in os.listxattr(path, follow_symlinks=False)]
    if stat.S_ISREG(st.st_mode):
        with open(path, "rb") as file:
            found.append(file.read())
    elif stat.S_ISLNK(st.st_mode):
        found.append(os.readlink(path))
    return found


def snapshot(root):
    """What there is below a directory, and the directory itself, by name; but for what the server
    writes of its own: that something was tried has to be in its trail."""
    found = {".": look(root)}
    for where, directories, files in os.walk(root):
        if where == root + os.path.dirname(STATE):
            directories[:] = [name for name in directories if name != os.path.basename(STATE)]
        for name in directories + files:
            path = os.path.join(where, name)
            found[os.path.relpath(path, root)] = look(path)
    return found


def difference(before, after):
    """The names of what is another one."""
    return sorted(name for name in before.keys() | after.keys()
                  if before.get(name) != after.get(name))
