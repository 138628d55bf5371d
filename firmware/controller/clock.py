"""The clock: ticks, UTC and the one wait of the control loop.

The time since 1970 comes from the cloud, as the answer to a nonce; without it UTC is 0: not known.
"""

import time

from micropython import const

from . import ticks

_POLL_MS = const(5)  # how long an input may lie unseen on a board: the sleep between two looks


def wait(ms, pending):
    """Returns when `pending()` is true, at the latest after ms. A simulator puts a jump in its place."""
    start = now()
    while not pending():
        left = ms - ticks.diff(now(), start)
        if left <= 0:
            return
        time.sleep_ms(min(left, _POLL_MS))


def now():
    """This moment in ticks."""
    return time.ticks_ms() & (ticks.PERIOD - 1)


class Clock:
    """UTC on top of ticks."""

    def __init__(self):
        self._seconds = 0  # UTC at the moment `_at`; 0: not known
        self._at = 0

    def set(self, utc_ms, at):
        """It was utc_ms (Unix milliseconds) at the ticks `at`."""
        self._seconds = utc_ms // 1000
        self._at = ticks.add(at, -(utc_ms % 1000))

    def utc(self, at):
        """Unix seconds at the ticks `at`, 0 when not known. Asked at least every 6 days, or ticks wrap unseen."""
        if not self._seconds:
            return 0
        seconds = ticks.diff(at, self._at) // 1000
        if seconds > 0:
            self._seconds += seconds
            self._at = ticks.add(self._at, seconds * 1000)
        return self._seconds
