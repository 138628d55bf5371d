"""Light and sound of a reader: a pattern is a row of bytes, 0x80 light, 0x40 sound, the rest how many times 40 ms."""

from micropython import const

from .. import ticks

_UNIT_MS = const(40)

GRANTED = b"\xc4\xb2"  # one beep, and the light for two seconds more
DENIED = b"\x42\x02\x42\x02\x42"  # three short beeps
MISREAD = b"\x4a"  # a long one. All others are in patterns.py


class Signal:
    """light, sound: pins of the reader, both active low as on nearly every Wiegand reader."""

    def __init__(self, light, sound):
        self._light = light
        self._sound = sound
        self._pattern = b""
        self._until = None
        self._put(0)

    def show(self, pattern, now):
        """Begins a pattern; the one before is over."""
        self._pattern = pattern
        self._until = now
        self.tick(now)

    def tick(self, now):
        while ticks.passed(self._until, now):
            if not self._pattern:
                self._until = None
                self._put(0)
                return
            step = self._pattern[0]
            self._pattern = self._pattern[1:]
            self._until = ticks.add(self._until, (step & 63) * _UNIT_MS)
            self._put(step)

    def deadline(self):
        return self._until

    def _put(self, step):
        self._light.value(0 if step & 128 else 1)
        self._sound.value(0 if step & 64 else 1)
