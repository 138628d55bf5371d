"""Wrong codes at a bank: how many are borne, and for how long nothing is taken after several in a row. Pure.

From a first wrong one on, for 24 hours, 8 of 10 digits are borne and then 1,500 of 13. So any 24 hours have at most
16 and 3,000 of them. A guess is at one key (codes.py), and for two minutes after a parcel was put in both codes of its
key open something. So who guesses finds a code of a bank with a chance of at most
2 * (16 / 39,062,500 + 3,000 / 39,062,500,000) = 9.7e-7; `portvakt bench lockers` tries it.
"""

from micropython import const

from .. import ticks
from .codes import SHORT

SHORT_TRIES = 8
LONG_TRIES = 1500
_DAY_S = const(86400)
_ROW = const(5)  # in a row; each more doubles the pause
_FIRST_MS = const(60000)
_LONGEST_MS = const(900000)


class Tries:
    """kept: what kept() said before this start, 0 for nothing. now: a pause begins anew, whatever was left of it."""

    def __init__(self, kept, now):
        self.row = kept & 255  # wrong ones since the last delivery that went well
        self.short = kept >> 8 & 255
        self._long = kept >> 16 & 0xFFFF
        self._since = kept >> 32  # Unix seconds of the first wrong one, 0: the time was not known
        self._until = None
        self._pause(now)

    def kept(self):
        """A number of 64 bits."""
        return self.row | self.short << 8 | self._long << 16 | self._since << 32

    def pauses(self, now):
        """Whether nothing is taken now. Asked at least every few days, or ticks wrap unseen."""
        if ticks.passed(self._until, now):
            self._until = None
        return self._until is not None

    def bears(self, length, utc):
        """Whether another wrong one of so many digits is borne. utc: 0 when not known, then no day is ever over."""
        if utc and (self.short or self._long):
            if not self._since or self._since > utc:
                self._since = utc
            elif utc - self._since >= _DAY_S:
                self.short = self._long = 0
        return self.short < SHORT_TRIES if length == SHORT else self._long < LONG_TRIES

    def wrong(self, length, utc, now):
        """One that was borne was wrong. kept() has to be durable before anybody learns of it."""
        if not (self.short or self._long):
            self._since = utc
        if length == SHORT:
            self.short += 1
        else:
            self._long += 1
        self.row = min(self.row + 1, 255)
        self._pause(now)

    def _pause(self, now):
        if self.row >= _ROW:
            self._until = ticks.add(now, min(_FIRST_MS << min(self.row - _ROW, 4), _LONGEST_MS))
