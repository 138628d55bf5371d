"""A reader's line that sends without a pause: it is muted, so that the board has quiet moments for all else.

Loaded when that happens. After a minute it is heard again; when it still sends without a pause it is muted again, and
that is told no more until it has been right for a minute.
"""

from machine import Pin
from micropython import const

from .. import ticks
from .wiegand import JABBER

_MS = const(60000)


class Muted:
    """Stands in for the reader's poll() until all is right."""

    def __init__(self, reader, now):
        self._reader = reader
        self._poll = reader.poll
        reader.poll = self.poll
        self._mute(now)

    def poll(self, now):
        reader = self._reader
        over = ticks.passed(self._until, now)
        if self._deaf:
            if over:
                self._deaf = False
                self._until = ticks.add(now, _MS)
                self._listen(reader.take)
            return None
        if reader.count >= JABBER:
            self._mute(now)
            return None
        if over:
            reader.poll = self._poll
        return self._poll(now)

    def _mute(self, now):
        self._deaf = True
        self._until = ticks.add(now, _MS)
        self._listen(None)
        self._reader.count = 0

    def _listen(self, handler):
        for pin in self._reader.pins:
            pin.irq(handler, Pin.IRQ_FALLING)
