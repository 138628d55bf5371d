"""The board: its pins, as the board table names them, turned into readers, inputs and outputs."""

from machine import Pin
from micropython import const

from . import clock, ticks
from .outputs.relay import Relay
from .outputs.signal import Signal
from .readers.wiegand import Wiegand

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


def wired(table, level, wake):
    """The input that a wire's part of board.json describes. level: its field with the level that means true."""
    if not table or "supervised" in table:
        from .readers.line import line

        return line(table, level)
    return Input(Pin(table["pin"], Pin.IN), table[level], wake)


class DoorPins:
    """What one door is wired to."""

    def __init__(self, table, wake):
        strike, reader = table["strike"], table["reader"]
        self.strike = Relay(Pin(strike["pin"], Pin.OUT, value=1 - strike["active"]), strike["active"])
        self.contact = wired(table.get("contact"), "open", wake)
        self.rex = wired(table.get("rex"), "active", wake)
        if "d0" in reader:
            self.signal = Signal(Pin(reader["light"], Pin.OUT, value=1), Pin(reader["sound"], Pin.OUT, value=1))
            self.reader = Wiegand(Pin(reader["d0"], Pin.IN, Pin.PULL_UP), Pin(reader["d1"], Pin.IN, Pin.PULL_UP), wake)


class Board:
    """wake: its first byte is set by every interrupt; the control loop clears it."""

    def __init__(self, table):
        self.wake = bytearray(1)
        self.doors = []
        for door in table["doors"]:
            self.doors.append(DoorPins(door, self.wake))
        self.parts = ()
        if "inputs" in table:
            from .inputs import parts

            self.parts = parts(table, self)
        if "osdp" in table:
            from .readers.osdp import fit

            fit(table, self)
        self.status = Relay(Pin(table["status"], Pin.OUT, value=0), 1)  # a light: the cloud is heard
