"""Expanders on I2C with a lock at each output and a contact at each input: MCP23017 and PCF8574.

MCP23017: Microchip DS20001952, revision D, with IOCON.BANK 0: 3.5 has the registers, after power on everything is an
input. By table 1-1 of that revision GPA7 and GPB7 are outputs only (as inputs they may spoil SDA), so a chip has 14
contacts: GPA0 to 6, GPB0 to 6. PCF8574: TI SCPS068, 8.3: its pins are held up weakly or pulled down, so its locks are
active low, and a contact pulls to ground; after power on everything is high. A chip that lost its power is set up again
with the next read or pulse: each sets all that it needs.
"""

from machine import I2C, Pin
from micropython import const

_IODIR, _GPPU, _GPIO, _OLAT = const(0x00), const(0x0C), const(0x12), const(0x14)
_FREQ = const(100000)
_PATIENCE_US = const(2000)  # a chip that holds the clock


class Expanders:
    """table: `locks` of a bank. large: MCP23017, else PCF8574."""

    def __init__(self, table, large):
        self._large = large
        self.inputs = len(table["inputs"])
        self.width = 2 if large else 1
        self.each = 7 if large else 8
        self.addresses = bytes(table["inputs"] + table["outputs"])
        self._idle = 0 if table.get("active", 1 if large else 0) else 255
        self._set = bytearray(3)
        self._one = bytearray(1)
        self._got = bytearray(self.width)
        self._i2c = I2C(0, scl=Pin(table["scl"]), sda=Pin(table["sda"]), freq=_FREQ, timeout=_PATIENCE_US)
        self._reset = Pin(table["reset"], Pin.OUT, value=1) if "reset" in table else None
        self.cuts = self._reset is not None

    def output(self, n):
        return self.inputs + (n - 1) // (8 * self.width)

    def light(self, n):
        """Lock n has current, and no other of its chip. False: that is not certain."""
        self._wake()
        return self._put(self.output(n), 1 << (n - 1) % (8 * self.width))

    def dark(self, part):
        """No lock of that chip has current; -1: of all. False: that is not certain."""
        self._wake()
        if part >= 0:
            return self._put(part, 0)
        dark = True
        for part in range(self.inputs, len(self.addresses)):
            dark = self._put(part, 0) and dark
        return dark

    def _wake(self):
        if self._reset is not None:
            self._reset.value(1)

    def cut(self, timer):
        self._reset.value(0)  # all its pins are inputs then

    def anew(self):
        """Nothing is read half way."""

    def _put(self, part, bits):
        """bits: 1 for current."""
        address = self.addresses[part]
        bits ^= self._idle << 8 | self._idle
        try:
            if self._large:
                self._write(address, _OLAT, bits)  # before the direction: nothing moves that is not meant to
                self._write(address, _IODIR, 0)
            else:
                self._one[0] = bits & 255
                self._i2c.writeto(address, self._one)
        except OSError:
            return False
        return True

    def _write(self, address, register, bits):
        self._set[0] = register
        self._set[1], self._set[2] = bits & 255, bits >> 8 & 255
        self._i2c.writeto(address, self._set)

    def read(self, part, bits, lit):
        """The contacts of one chip."""
        self._wake()
        address, got = self.addresses[part], self._got
        try:
            if self._large:
                self._write(address, _GPPU, 0x7F7F)
                self._i2c.readfrom_mem_into(address, _GPIO, got)
            else:
                self._one[0] = 255
                self._i2c.writeto(address, self._one)
                self._i2c.readfrom_into(address, got)
        except OSError:
            return False
        for i in range(self.width):
            bits[part * self.width + i] = got[i]
        return True
