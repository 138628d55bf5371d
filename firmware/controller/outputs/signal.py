"""Light and sound of a reader: a pattern is a row of (milliseconds, light, sound)."""

from .. import ticks

GRANTED = ((150, 1, 1), (2000, 1, 0))
DENIED = ((80, 0, 1), (80, 0, 0), (80, 0, 1), (80, 0, 0), (80, 0, 1))
MISREAD = ((400, 0, 1),)


class Signal:
    """light, sound: pins of the reader, both active low as on nearly every Wiegand reader."""

    def __init__(self, light, sound):
        self._light = light
        self._sound = sound
        self._pattern = ()
        self._step = 0
        self._until = None
        self._put(0, 0)

    def show(self, pattern, now):
        self._pattern = pattern
        self._step = -1
        self._until = now
        self.tick(now)

    def tick(self, now):
        while ticks.passed(self._until, now):
            self._step += 1
            if self._step < len(self._pattern):
                ms, light, sound = self._pattern[self._step]
                self._until = ticks.add(self._until, ms)
                self._put(light, sound)
            else:
                self._until = None
                self._put(0, 0)

    def deadline(self):
        return self._until

    def _put(self, light, sound):
        self._light.value(1 - light)
        self._sound.value(1 - sound)
