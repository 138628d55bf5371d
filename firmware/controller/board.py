"""The board: its pins, as its table names them, turned into readers, inputs and outputs. Forgotten after a start."""

from machine import Pin

from .outputs.relay import Relay
from .outputs.signal import Signal
from .readers.input import Input
from .readers.wiegand import Wiegand


def wired(table, level, wake):
    """The input that a wire's part of board.json describes. level: its field with the level that means true."""
    if not table or "supervised" in table:
        from .readers.line import line

        return line(table, level)
    return Input(Pin(table["pin"], Pin.IN), table[level], wake)


class DoorPins:
    """What one door is wired to. It outlives this module, so it has no methods."""

    strike: object
    contact: object
    rex: object
    reader: object
    signal: object


def door_pins(table, wake):
    """The pins of a door as its part of board.json describes them. An OSDP reader comes with its line."""
    strike, reader = table["strike"], table["reader"]
    pins = DoorPins()
    pins.strike = Relay(Pin(strike["pin"], Pin.OUT, value=1 - strike["active"]), strike["active"])
    pins.contact = wired(table.get("contact"), "open", wake)
    pins.rex = wired(table.get("rex"), "active", wake)
    if "d0" in reader:
        pins.signal = Signal(Pin(reader["light"], Pin.OUT, value=1), Pin(reader["sound"], Pin.OUT, value=1))
        pins.reader = Wiegand(Pin(reader["d0"], Pin.IN, Pin.PULL_UP), Pin(reader["d1"], Pin.IN, Pin.PULL_UP), wake)
    return pins


class Board:
    """wake: its first byte is set by every interrupt; the control loop clears it."""

    def __init__(self, table):
        self.wake = bytearray(1)
        self.doors = []
        for door in table["doors"]:
            self.doors.append(door_pins(door, self.wake))
        self.parts = ()
        if "inputs" in table:
            from .inputs import parts

            self.parts = parts(table, self)
        if "osdp" in table:
            from .readers.osdp import fit

            fit(table, self)
        if "bank" in table:
            from .bank import fit

            fit(table, self)
        self.status = Relay(Pin(table["status"], Pin.OUT, value=0), 1)  # a light: the cloud is heard
