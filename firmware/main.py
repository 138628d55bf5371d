"""Runs the controller. What goes wrong is printed, and the board starts again: boot.py makes the strikes safe first."""

import gc
import os
import sys
from binascii import crc32
from struct import pack, unpack_from

import machine

# Bytes between two collections, while the code is loaded and afterwards. A heap that is only tidied when it is full
# is all small holes by then: `portvakt bench taps` tells the longest free piece.
LOADING, RUNNING = 4096, 32768
MAINTENANCE_MS = 600000


class Packed:
    """The modules of a slot as they lie in one file, for import alone. A file of its own takes a block of 4 KB.

    tools/pack.py writes it: their number, the CRC-32 of each path, where each begins. A folder begins at 0.
    """

    def __init__(self, path):
        self._path = path
        with open(path, "rb") as file:
            size = 4 * int.from_bytes(file.read(2), "little")
            self._names = file.read(size)
            self._begins = file.read(size)

    def mount(self, readonly, mkfs):
        pass

    def _begin(self, path):
        name, at = pack("<I", crc32(path.strip("/").encode())), -1
        while True:
            at = self._names.find(name, at + 1)
            if at < 0:
                raise OSError(2)  # ENOENT
            if at % 4 == 0:
                return unpack_from("<I", self._begins, at)[0]

    def stat(self, path):
        return (0x8000 if self._begin(path) else 0x4000, 0, 0, 0, 0, 0, 0, 0, 0, 0)

    def open(self, path, mode):
        """A .mpy says itself where it ends."""
        begin = self._begin(path)
        file = open(self._path, "rb")
        file.seek(begin)
        return file


def run():
    try:
        gc.threshold(LOADING)
        if "app.pack" in os.listdir(sys.path[0]):
            from vfs import mount

            mount(Packed(sys.path[0] + "/app.pack"), "/app")
            sys.path[0] = "/app"
        from controller.app import main

        gc.threshold(RUNNING)
        main()
    except Exception as error:
        sys.print_exception(error)
    machine.reset()


def in_maintenance():
    """Whether the installer asked for it before this start. It is for one start, and not for one after a power cut."""
    if "maintenance" not in os.listdir("/"):
        return False
    os.remove("/maintenance")
    return machine.reset_cause() != machine.PWRON_RESET


if in_maintenance():
    print("maintenance: the controller is not started; it is after a reset or in 10 minutes")
    machine.Timer(1).init(mode=machine.Timer.ONE_SHOT, period=MAINTENANCE_MS, callback=lambda timer: machine.reset())
else:
    run()
