"""Sectors of a raw flash partition: read, program, erase, and the header that says a sector is complete.

A program only clears bits. So a record carries its CRC-32 and counts when that is right: a torn one does not.
A header (16 bytes: magic, sectors in the partition u16, two numbers u32, CRC-32) is written last.
"""

from binascii import crc32
from struct import pack, unpack_from

SECTOR = 4096
_WHOLE = 0x2144DF1C  # CRC-32 of anything that ends with its own CRC-32, little-endian


def seal(body):
    """The CRC-32 that goes behind body."""
    return pack("<I", crc32(body))


def whole(record):
    """Whether a record that ends with its CRC-32 is as it was written."""
    return crc32(record) == _WHOLE


class Sectors:
    """partition: an esp32.Partition, or what has its readblocks, writeblocks and ioctl. at: bytes from its start."""

    def __init__(self, partition, magic, least):
        self._partition = partition
        self._magic = magic
        self.count = partition.ioctl(4, 0)
        if self.count < least:
            raise ValueError(f"partition has {self.count} sectors, {least} are needed: flash another partition table")
        self._header = bytearray(16)

    def read(self, at, buf):
        self._partition.readblocks(at // SECTOR, buf, at % SECTOR)

    def program(self, at, data):
        self._partition.writeblocks(at // SECTOR, data, at % SECTOR)

    def erase(self, sector):
        self._partition.ioctl(6, sector)

    def header(self, sector):
        """The two numbers of a complete sector, else None."""
        self.read(sector * SECTOR, self._header)
        if whole(self._header):
            magic, count, a, b = unpack_from("<2sHII", self._header)
            if magic == self._magic and count == self.count:
                return a, b
        return None

    def complete(self, sector, a, b):
        header = pack("<2sHII", self._magic, self.count, a, b)
        self.program(sector * SECTOR, header + seal(header))

    def retire(self, sector):
        """What a newer sector replaced is not to come back, whatever happens to the newer one."""
        self.program(sector * SECTOR, bytes(16))

    def blank(self, sector):
        buf = bytearray(256)
        for at in range(sector * SECTOR, (sector + 1) * SECTOR, 256):
            self.read(at, buf)
            if min(buf) != 0xFF:
                return False
        return True
