"""What room.py counts, and what a real littlefs then takes: micropython tests/update/room_on_littlefs.py SEED

Folders, small and large files come and go until nothing fits any more. One line of JSON at the end.
"""

# mypy: ignore-errors

import json
import os
import random
import sys

import vfs

ROOT = os.getcwd()
sys.path[:] = [ROOT, ".frozen"]

from firmware.controller.storage import room  # noqa: E402

BLOCK = 4096
BLOCKS = 96


class Flash:
    """A block device in memory."""

    def __init__(self):
        self.data = bytearray(b"\xff" * BLOCK * BLOCKS)

    def readblocks(self, block, buf, offset=0):
        at = block * BLOCK + offset
        buf[:] = self.data[at : at + len(buf)]

    def writeblocks(self, block, buf, offset=0):
        at = block * BLOCK + offset
        self.data[at : at + len(buf)] = buf

    def ioctl(self, op, arg):
        if op == 4:
            return BLOCKS
        if op == 5:
            return BLOCK
        if op == 6:
            self.data[arg * BLOCK : (arg + 1) * BLOCK] = b"\xff" * BLOCK
        return 0


def taken():
    """So many blocks one more file can have."""
    blocks = 0
    try:
        with open("/filling", "wb") as file:
            while True:
                file.write(b"x" * 4088)
                blocks += 1
    except OSError:
        pass
    os.remove("/filling")
    return blocks


def main(seed):
    random.seed(seed)
    flash = Flash()
    vfs.VfsLfs2.mkfs(flash, progsize=32)
    vfs.umount("/")
    vfs.mount(vfs.VfsLfs2(flash, progsize=32), "/")
    folders, seen, wrapped = [""], [], 0
    try:
        for n in range(400):
            if random.random() < 0.3:
                folders.append("%s/d%d" % (random.choice(folders), n))
                os.mkdir(folders[-1])
            else:
                with open("%s/f%d" % (random.choice(folders), n), "wb") as file:
                    file.write(bytes(random.choice((20, 600, 4080, 9000))))
            before = sorted(os.listdir("/"))
            said, raw = room.free("/", 999), os.statvfs("/")[3]
            assert room.free("/", said) >= said
            assert sorted(os.listdir("/")) == before
            seen.append([said, taken()])
            wrapped += raw > BLOCKS
    except OSError as error:
        assert error.errno == 28, error
    print(json.dumps({"seen": seen, "wrapped": wrapped, "folders": len(folders)}))


main(int(sys.argv[1]))
