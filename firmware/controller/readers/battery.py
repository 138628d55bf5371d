"""A battery, or any voltage that must not fall: read by the ADC behind a divider."""

from machine import ADC, Pin
from micropython import const

from .. import clock, ticks

_LOOK_MS = const(10000)
_AGREE = const(3)  # looks in a row: a strike that draws its current is no empty battery
_RISES = 1.05  # it must be so much over the limit to count as right again


class Battery:
    """An input like board.Input; `on`: the voltage is low. ratio: volts at the battery for each volt at the pin."""

    def __init__(self, pin, low_mv, ratio):
        self._adc = ADC(Pin(pin), atten=ADC.ATTN_11DB)
        self._low = low_mv
        self._ratio = ratio
        self._due = clock.now()
        self._news = 0
        self.on = False

    def poll(self, now):
        """Whether `on` has changed."""
        if not ticks.passed(self._due, now):
            return False
        self._due = ticks.add(now, _LOOK_MS)
        mv = self._adc.read_uv() // 1000 * self._ratio
        if (mv < self._low * _RISES if self.on else mv < self._low) == self.on:
            self._news = 0
            return False
        self._news += 1
        if self._news < _AGREE:
            return False
        self._news = 0
        self.on = not self.on
        return True

    def deadline(self):
        return self._due
