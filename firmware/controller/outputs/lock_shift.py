"""Chains of 74HC595 (a lock at each output) and 74HC165 (a contact at each input), clocked by five pins.

After the data sheets SCLS041 (SN74HC595) and SCLS116 (SN74HC165): both shift with the rising edge of one clock; what a
595 puts out changes with the rising edge of its latch only, and is nothing while its /OE is high; nobody says what lies
in it after power on. So /OE has a resistor to the supply, and is low during a pulse only. A 165 takes its inputs while
SH/LD is low, and shows H first.

Lock 1 is QA of the 595 next to us and A of the 165 next to us. With `ring` QH' of the last 595 goes to SER of the last
165: eight bits, other ones each time, then travel all round; when they do not come back nothing is latched and no
contact believed. A cut or bridged wire is seen so.
"""

from machine import Pin
from micropython import const

_PIECE = const(48)  # bits a step of the control loop, whole bytes: some 4 ms on the chip, where 128 locks take 25


class Chain:
    """table: `locks` of a bank."""

    inputs = 1
    each = 8
    cuts = True
    addresses = b"\x00\x00"  # of its contacts, and of its locks

    def __init__(self, table):
        self.width = (table["locks"] + 7) // 8
        self._bits = bits = self.width * 8
        self._ring = table.get("ring", True)
        self._all = bits * 2 + 8 if self._ring else bits
        self._seal = 0x5A
        self._came = bytearray(self.width)
        self._at = 0  # so far we are round
        self._enable = Pin(table["enable"], Pin.OUT, value=1)
        self._data = Pin(table["data"], Pin.OUT, value=0)
        self._clock = Pin(table["clock"], Pin.OUT, value=0)
        self._latch = Pin(table["latch"], Pin.OUT, value=0)
        self._load = Pin(table["load"], Pin.OUT, value=1)
        self._back = Pin(table["back"], Pin.IN)

    def output(self, n):
        return 1

    def light(self, n):
        """Lock n has current, and no other. False: the chain is broken, and none has. None: go on with it."""
        self.dark(1)
        right = self._turn(n)
        if right:
            self._latch.value(1)
            self._latch.value(0)
            self._enable.value(0)
        return right

    def dark(self, part):
        self._enable.value(1)
        return True

    def cut(self, timer):
        self._enable.value(1)

    def anew(self):
        """What is read half way is not read on."""
        self._at = 0

    def read(self, part, bits, lit):
        """All contacts. What turns in the 595s meanwhile is not latched. None: go on with it."""
        right = self._turn(lit)
        if right:
            for i in range(self.width):
                bits[i] = self._came[i]
        return right

    def _turn(self, n):
        """A piece of the way round: the bit of lock n out, contacts in. At its end, whether what went in came out."""
        bits = self._came
        data, clock, back = self._data, self._clock, self._back
        every, count = self._all, self._bits
        begin = self._at
        end = min(begin + _PIECE, every)
        if begin == 0:
            self._load.value(0)
            self._load.value(1)
            self._seal = (self._seal * 5 + 1) & 255 if self._ring else 0
        seal = self._seal
        right = every - 8 if self._ring else every
        value = came = 0
        for i in range(begin, end):
            level = back.value()
            if i < count:
                value |= level << (7 - (i & 7))
                if i & 7 == 7:
                    bits[i >> 3] = value
                    value = 0
            elif i >= right:
                came |= level << (i - right)
            data.value(seal >> i & 1 if i < 8 and self._ring else 1 if n and i == every - n else 0)
            clock.value(1)
            clock.value(0)
        self._at = end if end < every else 0
        return came == seal if end == every else None
