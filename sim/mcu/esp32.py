"""esp32 as the port has it: flash partitions. After ports/esp32/esp32_partition.c of MicroPython."""

from .chip import current as _current

_BLOCK = 4096
_DATA = 0x9000  # where the first partition of a usual table lies


class Partition:
    BOOT = 0
    RUNNING = 1
    TYPE_APP = 0
    TYPE_DATA = 1

    def __init__(self, id, block_size=_BLOCK):
        if not isinstance(id, str):
            raise ValueError("only data partitions, by their label")
        self.flash = _current().partition(id)
        if self.flash is None:
            raise OSError(2)
        self.label = id
        self.block_size = block_size

    @staticmethod
    def find(type=TYPE_APP, subtype=0xFF, label=None, block_size=_BLOCK):
        if type != Partition.TYPE_DATA:
            return []
        found = [name for name in _current().partitions if label is None or label == name]
        return [Partition(name, block_size) for name in found]

    def info(self):
        chip = _current()
        address = _DATA
        for name in chip.partitions:
            if name == self.label:
                break
            address += chip.partition(name).size
        return (self.TYPE_DATA, 0x81, address, self.flash.size, self.label, False)

    def readblocks(self, n, buf, offset=0):
        self.flash.read(n * self.block_size + offset, buf)

    def writeblocks(self, n, buf, offset=None):
        """Without an offset the blocks are erased first, with one the bits are only cleared."""
        start = n * self.block_size + (offset or 0)
        if offset is None:
            if self.block_size != _BLOCK or len(buf) % _BLOCK:
                raise OSError(22)
            for sector in range(n, n + len(buf) // _BLOCK):
                self.flash.erase(sector)
        self.flash.program(start, buf)

    def ioctl(self, op, arg):
        if op in (1, 2, 3):
            return 0
        if op == 4:
            return self.flash.size // self.block_size
        if op == 5:
            return self.block_size
        if op == 6:
            if self.block_size != _BLOCK:
                return -22
            self.flash.erase(arg)
            return 0
        return None
