"""Sectors of a raw flash partition: read, program, erase, and the header that says a sector is complete.

A program only clears bits. So a record carries its CRC-32 and counts when that is right: a torn one does not.
A header (16 bytes: magic, sectors in the partition u16, two numbers u32, CRC-32) is written last.
"""

from binascii import crc32
from struct import pack, unpack_from

SECTOR = 4096


def sealed(body):
    """body with its CRC-32 behind it."""
    return bytes(body) + pack("<I", crc32(body))


def whole(record):
    """Whether a record is as it was sealed."""
    return crc32(record) == 0x2144DF1C  # as for anything that ends with its own CRC-32, little-endian


def last(low, high, test):
    """The last of the numbers from low to high - 1 that passes the test, by halving. low is taken to pass."""
    while high - low > 1:
        middle = (low + high) // 2
        if test(middle):
            low = middle
        else:
            high = middle
    return low


class Sectors:
    """partition: an esp32.Partition, or what has its readblocks, writeblocks and ioctl. at: bytes from its start."""

    def __init__(self, partition, magic, least):
        self._flash = partition
        self._magic = magic
        self.count = partition.ioctl(4, 0)
        if self.count < least:
            raise ValueError("partition too small: flash another partition table")

    def read(self, at, buf):
        self._flash.readblocks(at // SECTOR, buf, at % SECTOR)
        return buf

    def program(self, at, data):
        self._flash.writeblocks(at // SECTOR, data, at % SECTOR)

    def erase(self, sector):
        self._flash.ioctl(6, sector)

    def clear(self, sector):
        """Erases what is not blank."""
        buf = bytearray(256)
        for at in range(0, SECTOR, 256):
            if min(self.read(sector * SECTOR + at, buf)) < 0xFF:
                self.erase(sector)
                break

    def header(self, sector):
        """The two numbers of a complete sector, else None."""
        header = self.read(sector * SECTOR, bytearray(16))
        magic, count, a, b = unpack_from("<2sHII", header)
        return (a, b) if whole(header) and magic == self._magic and count == self.count else None

    def complete(self, sector, a, b):
        self.program(sector * SECTOR, sealed(pack("<2sHII", self._magic, self.count, a, b)))

    def retire(self, sector):
        """What a newer sector replaced is not to come back, whatever happens to the newer one."""
        self.program(sector * SECTOR, bytes(16))
