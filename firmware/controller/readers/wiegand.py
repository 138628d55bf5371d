"""A Wiegand reader: two lines that pulse low, one for each 0 and one for each 1.

Formats: 26 bits (H10301) and 34 bits; both guard their first half with even, their second half with odd parity.
A key of a reader with a keypad is 4 bits, or 8 with the inverse of the four before them.
Extra and missing bits are normal on long cables: a frame that is not right is refused, never guessed.
"""

from machine import Pin
from micropython import const

from .. import clock, ticks
from .frames import H10301, WIEGAND_34

FRAME_END_MS = 25  # readers send a bit every 0.2 to 20 ms (SIA AC-01 limits the pulse interval to 20 ms)
FRAMES = (H10301, WIEGAND_34)
KEYS = (4, 8)
JABBER = 255  # bits: no reader sends so many, so the line does not end a frame
_MOST_BITS = const(64)


class Wiegand:
    """One reader. d0, d1: pins. wake: a bytearray whose first byte is set when a bit came in."""

    def __init__(self, d0, d1, wake):
        self._bits = bytearray(_MOST_BITS)
        self.count = 0
        self._last = 0
        self._wake = wake
        self._one = d1
        self.pins = (d0, d1)
        for pin in self.pins:
            pin.irq(self.take, Pin.IRQ_FALLING)

    def take(self, pin):
        """Runs as an interrupt: it allocates nothing."""
        if self.count < _MOST_BITS:
            self._bits[self.count] = pin is self._one
        self.count += 1
        self._last = clock.now()
        self._wake[0] = 1

    def deadline(self):
        """When the frame coming in is over, or None."""
        return ticks.add(self._last, FRAME_END_MS) if self.count else None

    def poll(self, now):
        """A frame that is over: (bits, number), number None when it is misformed. None while there is none."""
        count = self.count
        if count >= JABBER:
            from .jabber import Muted

            Muted(self, now)
            return JABBER, None
        if not count or ticks.diff(now, self._last) < FRAME_END_MS:
            return None
        number = payload(self._bits, count)
        self.count = 0
        return count, number


def payload(bits, count):
    """A key as it is, of a card the payload between the two parity bits; None when something is wrong with it."""
    if count in KEYS:
        first = 0
    elif count in FRAMES:
        half = count // 2
        if sum(bits[:half]) % 2 or not sum(bits[half:count]) % 2:
            return None
        first = 1
    else:
        return None
    number = 0
    for bit in bits[first : count - first]:
        number = number << 1 | bit
    return number
