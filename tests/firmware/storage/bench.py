"""Flash for the tests of the stores, small enough for a board's heap, and a partition on it."""

from sim.mcu.flash import SECTOR, NorFlash


class Partition:
    """What the stores use of esp32.Partition."""

    def __init__(self, flash):
        self.flash = flash

    def readblocks(self, n, buf, offset=0):
        self.flash.read(n * SECTOR + offset, buf)

    def writeblocks(self, n, buf, offset):
        self.flash.program(n * SECTOR + offset, buf)

    def ioctl(self, op, arg):
        if op == 6:
            self.flash.erase(arg)
        return self.flash.size // SECTOR


def flash(sectors):
    return NorFlash(sectors * SECTOR)


def cost(flash, function):
    """(reads, programs, erases) that function() takes."""
    before = flash.reads, flash.programs, flash.erases
    function()
    return flash.reads - before[0], flash.programs - before[1], flash.erases - before[2]


def flip(flash, at, bit=0):
    """One bit changes by itself."""
    byte = bytearray(1)
    flash.read(at, byte)
    flash.poke(at, bytes((byte[0] ^ 1 << bit,)))


def damage(flash, at):
    """Two bits: what no CRC-32 tells how to turn back."""
    flip(flash, at, 0)
    flip(flash, at, 3)
