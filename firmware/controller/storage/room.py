"""How much littlefs has room for, in blocks of 4 KB. Loaded before much is written; the installer runs it too.

os.statvfs of MicroPython's VfsLfs2 (1.24 to 1.29) counts the two blocks of each folder twice, and where that is more
than there is, what is free wraps: to nearly 2^32, or below zero on a chip. Whether it does is asked of the file system.
"""

import os

from micropython import const

FOLDER = const(2)  # blocks of an empty one: littlefs keeps two copies of its names
SPARE = const(8)  # blocks that stay free: settings and rules, their second copies, what littlefs moves


def blocks(size):
    """What a file takes, at most: littlefs keeps up to 8 bytes of each block for itself."""
    return size // 4088 + 1


def _used(root):
    space = os.statvfs(root)
    return space[2], (space[2] - space[3]) & 0xFFFFFFFF


def _folders(path):
    found = 0
    for entry in os.listdir(path):
        if os.stat(path + entry)[0] & 0x4000:
            found += 1 + _folders(path + entry + "/")
    return found


def free(root, enough):
    """Blocks that are free, or some number of at least `enough`. root: with a slash at its end."""
    there, used = _used(root)
    if there - used >= enough:
        return there - used
    try:
        os.rmdir(root + "room")  # the power failed here
    except OSError:
        pass
    there, used = _used(root)
    try:
        os.mkdir(root + "room")
    except OSError:
        return 0  # not even a folder
    twice = _used(root)[1] - used >= 2 * FOLDER
    os.rmdir(root + "room")
    return there - used + FOLDER * _folders(root) * twice
