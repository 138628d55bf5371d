"""A switch on a pin: contact, exit button, tamper."""

from machine import Pin
from micropython import const

from .. import clock, ticks

_DEBOUNCE_MS = const(30)


class Input:
    """A switch on a pin, with its bounces taken out. active: the level that means true."""

    def __init__(self, pin, active, wake):
        self._pin = pin
        self._active = active
        self._wake = wake
        self._moved = None
        self.on = pin.value() == active
        pin.irq(self._move, Pin.IRQ_RISING | Pin.IRQ_FALLING)

    def _move(self, pin):
        self._moved = clock.now()
        self._wake[0] = 1

    def poll(self, now):
        """Whether `on` has changed since the last poll."""
        if self._moved is None or ticks.diff(now, self._moved) < _DEBOUNCE_MS:
            return False
        self._moved = None
        before = self.on
        self.on = self._pin.value() == self._active
        return self.on != before

    def deadline(self):
        return None if self._moved is None else ticks.add(self._moved, _DEBOUNCE_MS)
