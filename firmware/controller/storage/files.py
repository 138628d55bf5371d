"""Files in place of raw partitions, for boards that have none. A board with its partitions never loads this.

Each sector is a file on littlefs, no longer than what was programmed; an erased one is no file. Programming opens,
writes and closes it: littlefs then has all of it or nothing. The stores do not know the difference; the wait tells it.
"""

import os

from ..events import FILES_INSTEAD
from .sectors import SECTOR, fault

_BLANK = b"\xff" * 64


def partition(label, folder="/"):
    """Files for the partition of that name. Prints what the board can promise with them."""
    space = os.statvfs(folder)
    sectors = 2 if label == "state" else 60 if space[1] * space[2] >= 384 * SECTOR else 20
    fault(FILES_INSTEAD, ord(label[0]) - 32)
    if label == "acl":
        print("no partition acl: files hold", (sectors - 5) * 178, "credentials; a change takes up to 0.5 s")
    if label == "log":
        print("no partition log: files hold", (sectors - 2) * 127, "events; each wears the flash like 100, and holds")
        print("the door for up to 0.5 s. Flash one of boards/layouts")
    return Files(folder + label, sectors)


class Files:
    """What the stores use of esp32.Partition."""

    def __init__(self, folder, sectors):
        self._folder = folder
        self._sectors = sectors
        try:
            os.mkdir(folder)
        except OSError:
            pass  # is there

    def readblocks(self, n, buf, offset=0):
        view = memoryview(buf)
        try:
            with open(self._path(n), "rb") as file:
                file.seek(offset)
                view = view[file.readinto(view) :]
        except OSError:
            pass  # erased
        while view:
            view[:64] = _BLANK[: len(view)]
            view = view[64:]

    def writeblocks(self, n, buf, offset=0):
        path = self._path(n)
        try:
            file = open(path, "r+b")
        except OSError:
            file = open(path, "w+b")
        with file:
            end = file.seek(0, 2)
            while end < offset:
                end += file.write(_BLANK[: offset - end])
            file.seek(offset)
            file.write(buf)

    def ioctl(self, op, arg):
        if op == 4:
            return self._sectors
        if op == 6:
            try:
                os.remove(self._path(arg))
            except OSError:
                pass  # erased already
        return SECTOR if op == 5 else 0

    def _path(self, n):
        return "%s/%d" % (self._folder, n)
