"""The alarm relay: it goes on with every alarm on record, for a while."""

from machine import Pin

from .. import ticks
from ..events import (
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
        self._record = None
        self._until = None

    def watch(self, loop, now):
        if self._record is None:
            self._record = loop.record
            loop.record = self._heard
        if ticks.passed(self._until, now):
            self._until = None
            self._relay.set(False)

    def deadline(self):
        return self._until

    def _heard(self, code, now, door=0, extra=0, key=None):
        self._record(code, now, door, extra, key)
        if code in ALARMS:
            self.ring(now, self._ms)

    def ring(self, now, ms):
        self._until = ticks.add(now, ms)
        self._relay.set(True)


def alarm(table):
    """The relay that board.json describes: {"pin": 23, "active": 1, "seconds": 180}."""
    pin = Pin(table["pin"], Pin.OUT, value=1 - table["active"])
    return Alarm(Relay(pin, table["active"]), table.get("seconds", 180) * 1000)
