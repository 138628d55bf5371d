"""An output that is on or off: the relay of a strike, a light."""


class Relay:
    """pin: an output, at rest. active: the level that energises it. Moves the pin only when something changes."""

    def __init__(self, pin, active):
        self._pin = pin
        self._active = active
        self.on = False

    def set(self, on):
        if on != self.on:
            self.on = on
            self._pin.value(self._active if on else 1 - self._active)
