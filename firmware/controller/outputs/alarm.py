"""The alarm relay: it goes on with every alarm on record, for a while. It rests while an installer tries the doors."""

from machine import Pin

from .. import ticks
from ..events import (
    COMMISSIONING,
    DOOR_FORCED,
    DOOR_HELD,
    DOOR_STILL_HELD,
    ENCLOSURE_OPENED,
    LINE_CUT,
    LINE_SHORT,
    READER_LOST,
    READER_STRANGE,
    READER_TAMPER,
)
from .relay import Relay

# Duress is none of them: nobody at the door is to notice.
ALARMS = (
    DOOR_FORCED,
    DOOR_HELD,
    DOOR_STILL_HELD,
    READER_TAMPER,
    READER_LOST,
    READER_STRANGE,
    ENCLOSURE_OPENED,
    LINE_CUT,
    LINE_SHORT,
)


class Alarm:
    """ms: how long it stays on after the last alarm."""

    def __init__(self, relay, ms):
        self._relay = relay
        self._ms = ms
        self._listens = False
        self._until = None

    def watch(self, loop, now):
        if not self._listens:
            self._listens = True
            loop.recorder.observers.append(self._saw)
        if ticks.passed(self._until, now):
            self._until = None
            self._relay.set(False)

    def deadline(self):
        return self._until

    def _saw(self, code, now, door, extra, flags):
        if code in ALARMS and not flags & COMMISSIONING:
            self.ring(now, self._ms)

    def ring(self, now, ms):
        self._until = ticks.add(now, ms)
        self._relay.set(True)


def alarm(table):
    """The relay that board.json describes: {"pin": 23, "active": 1, "seconds": 180}."""
    pin = Pin(table["pin"], Pin.OUT, value=1 - table["active"])
    return Alarm(Relay(pin, table["active"]), table.get("seconds", 180) * 1000)
