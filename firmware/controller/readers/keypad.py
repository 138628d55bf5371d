"""A keypad on a Wiegand reader: a key is a burst of 4 bits, or of 8, the first four of which are the others inverted.

Digits are what they are, * is 10 and begins again, # is 11 and ends.
"""

from micropython import const

from .. import ticks

_GAP_MS = const(10000)  # a person who waits longer between two keys begins again
_MOST = const(12)


def is_key(bits, number):
    """Whether a frame that came in is a key. number: None when it is misformed."""
    return number is not None and number & 15 < 12 and (bits == 4 or (bits == 8 and number >> 4 == ~number & 15))


class Keypad:
    """length: after so many digits a PIN is complete; None: with #."""

    def __init__(self, length):
        self._length = length or _MOST + 1
        self._digits = b""
        self._last = 0

    def key(self, number, now):
        """A key was pressed. The PIN when it is complete, b"" when it is not."""
        key = number & 15
        digits = self._digits
        if ticks.diff(now, self._last) > _GAP_MS:
            digits = b""
        self._last = now
        self._digits = b""
        if key == 10:
            return b""
        if key < 10:
            digits += bytes((48 + key,))
            if len(digits) < self._length:
                self._digits = digits if len(digits) <= _MOST else b""
                return b""
        return digits

    def forget(self, now):
        """Digits that did not become a PIN, before ticks wrap."""
        if self._digits and ticks.diff(now, self._last) > _GAP_MS:
            self._digits = b""
