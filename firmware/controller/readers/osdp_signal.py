"""Light and sound of an OSDP reader: a pattern of outputs/signal.py as the two commands that come nearest to it.

The reader keeps time itself, in tenths of a second, so a pattern is told once and does not tick.
"""

from micropython import const

from .. import ticks

_LIGHT, _SOUND = const(128), const(64)
_UNIT_MS = const(40)  # as in outputs/signal.py


class ReaderSignal:
    def __init__(self, reader):
        self._reader = reader
        self._until = None

    def show(self, pattern, now):
        """Begins a pattern; the one before is over."""
        went_on = self._until is not None
        total = 0
        for step in pattern:
            total += step & 63
        self._until = ticks.add(now, total * _UNIT_MS)
        on, off, count = _runs(pattern, 128)
        if count or went_on:
            self._reader.light(2 if count else 1, on, off, on if count == 1 else _tenths(total))
        on, off, count = _runs(pattern, 64)
        if count or went_on:
            self._reader.sound(2 if count else 1, on, off, count)

    def tick(self, now):
        if ticks.passed(self._until, now):
            self._until = None

    def deadline(self):
        return self._until


def _runs(pattern, bit):
    """How long it is on the first time, how long off after that, in tenths of a second, and how often it is on."""
    on = off = count = before = 0
    for step in pattern:
        if step & bit and not before:
            count += 1
        if count == 1:
            if step & bit:
                on += step & 63
            else:
                off += step & 63
        before = step & bit
    return _tenths(on), _tenths(off) if count > 1 else 0, count


def _tenths(units):
    return max(1, (units * _UNIT_MS + 50) // 100) if units else 0
