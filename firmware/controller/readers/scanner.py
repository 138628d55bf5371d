"""A scanner of QR codes on a serial port: it types what it reads. Loaded where `keypad` of a bank has one.

What counts is PV and 13 digits, as our QR codes have them: the number under the bars of any other thing that somebody
holds there is no code, and no wrong one.
"""

from machine import UART
from micropython import const

from .. import ticks
from ..access.codes import LONG

BEGINS = b"PV"
_LOOK_MS = const(100)
_PAUSE_MS = const(300)  # scanners that end their lines with nothing
_MOST = const(40)
_BEGINS = const(2)


class Scanner:
    """table: `scanner` of a bank's keypad."""

    def __init__(self, table, now):
        self._uart = UART(table["uart"], table.get("baud", 9600), tx=table["tx"], rx=table["rx"], timeout=0)
        self._buffer = bytearray(_MOST)
        self._line = b""
        self._last = self._due = now

    def deadline(self):
        return self._due

    def poll(self, now):
        """13 digits of what was held there; b"": something else was; None: nothing."""
        if not ticks.passed(self._due, now):
            return None
        self._due = ticks.add(now, _LOOK_MS)
        count = self._uart.readinto(self._buffer) if self._uart.any() else 0
        if count:
            self._last = now
            self._line = (self._line + bytes(self._buffer[:count]))[: _MOST + 1]  # more is none of ours anyway
        line = self._line
        if not line or (line[-1] not in b"\r\n" and ticks.diff(now, self._last) < _PAUSE_MS):
            return None
        self._line = b""
        line = line.strip()
        digits = line[_BEGINS:]
        if line[:_BEGINS] == BEGINS and len(digits) == LONG and digits.isdigit():
            return digits
        return b"" if line else None
