"""Sectors of a raw flash partition: read, program, erase, and the header that says a sector is complete.

A program only clears bits. So a record carries its CRC-32 and counts when that is right: a torn one does not.
A header (16 bytes: magic, sectors in the partition u16, two numbers u32, CRC-32) is written last. A sector that is
erased ahead of need has the magic alone.
"""

from binascii import crc32
from struct import pack, unpack_from

from ..events import SECTOR_BAD

SECTOR = 4096
_FAULTS = 8  # kept at most until they are put on record

head = bytearray(16)  # what header() read last
faults = []  # (event code, extra) that the control loop has yet to put on record


def fault(code, extra):
    """Something is wrong with the flash. Once told is enough."""
    if len(faults) < _FAULTS and (code, extra) not in faults:
        faults.append((code, extra))


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
        self.magic = magic
        self.count = partition.ioctl(4, 0)
        if self.count < least:
            raise ValueError("partition too small: flash another partition table")

    def read(self, at, buf):
        self._flash.readblocks(at // SECTOR, buf, at % SECTOR)
        return buf

    def program(self, at, data):
        self._flash.writeblocks(at // SECTOR, data, at % SECTOR)

    def write(self, at, data):
        """Programs and reads back. Whether it is there: a worn sector does not take it, and a flash chip is silent."""
        try:
            self.program(at, data)
            back = memoryview(bytearray(min(256, len(data))))
            data = memoryview(data)
            while data:
                back = back[: len(data)]
                if self.read(at, back) != data[: len(back)]:
                    break
                at += len(back)
                data = data[len(back) :]
            else:
                return True
        except OSError:
            pass
        fault(SECTOR_BAD, self.magic[1])
        return False

    def firm(self, at, data):
        """Programs once more what is there: bits that a power cut left weak read now so, now so.

        Not read back: a bit that turned over to zero stays so.
        """
        try:
            self.program(at, data)
        except OSError:
            pass

    def erase(self, sector):
        """False: the chip says that it could not. What did not come clean shows when it is programmed."""
        try:
            self._flash.ioctl(6, sector)
        except OSError:
            fault(SECTOR_BAD, self.magic[1])
            return False
        return True

    def header(self, sector):
        """The two numbers of a complete sector; () when it is erased ahead; None otherwise."""
        self.read(sector * SECTOR, head)
        free = head.count(b"\xff")
        if free == 14 and head[:2] == self.magic:
            return ()
        if not whole(head):
            if free > 11 or not any(head):
                return None
            from .bit_errors import mended

            head[:] = mended(head) or head
        magic, count, a, b = unpack_from("<2sHII", head)
        return (a, b) if magic == self.magic and count == self.count and whole(head) else None

    def complete(self, sector, a, b):
        return self.write(sector * SECTOR, sealed(pack("<2sHII", self.magic, self.count, a, b)))

    def retire(self, sector):
        """What a newer sector replaced is not to come back, whatever happens to the newer one."""
        return self.write(sector * SECTOR, bytes(16))
