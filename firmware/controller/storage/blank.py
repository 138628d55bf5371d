"""A partition that holds nothing of ours is made blank before its first use."""

from .sectors import SECTOR


def make_blank(flash, sector):
    """Erases what is not blank. Whether it had to."""
    buf = bytearray(256)
    for at in range(0, SECTOR, 256):
        if flash.read(sector * SECTOR + at, buf).count(b"\xff") < 256:
            flash.erase(sector)
            return True
    return False
