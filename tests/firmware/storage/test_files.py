"""Stores on files: on the Unix port of the real MicroPython the files lie on a littlefs."""

import os

try:
    import vfs
except ImportError:  # CPython
    vfs = None

from firmware.controller.storage.files import Files
from firmware.controller.storage.state import StateJournal
from firmware.controller.storage.table import CredentialTable
from tests.firmware.storage.cards import apply, key, put, remove

FOLDER = "files-%d" % id(Files)
_BLOCKS = 120


class Blocks:
    """A small disk for littlefs, of blocks of 512 bytes."""

    def __init__(self):
        self.data = bytearray(b"\xff" * (_BLOCKS * 512))

    def readblocks(self, n, buf, offset=0):
        at = n * 512 + offset
        buf[:] = memoryview(self.data)[at : at + len(buf)]

    def writeblocks(self, n, buf, offset=0):
        at = n * 512 + offset
        self.data[at : at + len(buf)] = buf

    def ioctl(self, op, arg):
        if op == 6:
            self.data[arg * 512 : arg * 512 + 512] = b"\xff" * 512
        return {4: _BLOCKS, 5: 512}.get(op, 0)


def on_littlefs(test):
    def run():
        if hasattr(vfs, "VfsLfs2"):
            disk = Blocks()
            vfs.VfsLfs2.mkfs(disk)
            vfs.mount(vfs.VfsLfs2(disk), "/disk")
            try:
                test("/disk/store")
            finally:
                vfs.umount("/disk")
            return
        try:
            test(FOLDER)
        finally:
            for name in os.listdir(FOLDER):
                os.remove(FOLDER + "/" + name)
            os.rmdir(FOLDER)

    return run


@on_littlefs
def test_a_sector_is_a_file_that_grows(folder):
    files = Files(folder, 4)
    assert files.ioctl(4, 0) == 4
    buf = bytearray(100)
    files.readblocks(1, buf, 50)
    assert buf == b"\xff" * 100
    files.writeblocks(1, b"abc", 60)
    files.writeblocks(1, b"xyz", 0)
    files.readblocks(1, buf, 0)
    assert bytes(buf) == b"xyz" + b"\xff" * 57 + b"abc" + b"\xff" * 37
    assert os.listdir(folder) == ["1"]
    files.ioctl(6, 1)
    files.ioctl(6, 1)
    assert os.listdir(folder) == []


@on_littlefs
def test_a_credential_table_on_files(folder):
    table = CredentialTable(Files(folder, 6))
    apply(table, 3, put(1) + put(2) + put(200))
    apply(table, 4, remove(2))
    table = None  # a board's heap has no room for two
    table = CredentialTable(Files(folder, 6))
    while table.prepare():
        pass
    assert (table.version, table.count) == (4, 2)
    assert table.find(key(1)) and table.find(key(200)) and not table.find(key(2))


@on_littlefs
def test_a_state_journal_on_files(folder):
    journal = StateJournal(Files(folder, 2))
    for n in range(600):
        journal.set(1, n)
    assert StateJournal(Files(folder, 2)).get(1) == 599


@on_littlefs
def test_a_sector_is_as_long_as_that_of_a_partition(path):
    assert Files(path, 2).ioctl(5, 0) == 4096
