"""A card learned at a reader: the next one read there goes to the cloud, sealed, and the door stays shut.

Loaded with the first command that asks for it, and in RAM only. The first card ends it, and so does a misread one, its
time, a restart or another such command. Keys go their usual way: a PIN is never learned. No event and no file holds the
number; here it is overwritten when the cloud has it, and a little later in any case.
"""

import json
import struct

from micropython import const

from . import ticks
from .cloud.wire import CARD_READ
from .door_unit import KEYS
from .events import CARD_LEARNED, LEARN_ARMED, LEARN_ENDED, READER_MISREAD
from .loop import AT_LEARNING
from .outputs import patterns, signal

# How it ended: for the cloud, and the `extra` of LEARN_ENDED.
_CARD = const(0)
_TIME = const(1)
_COMMAND = const(2)
_MISREAD = const(3)

_HEAD = const(11)  # kind, how, bits, number; then the command's id
_KEPT_MS = const(15000)  # how long a number waits for the cloud
_LOOK_MS = const(100)


class Learning:
    """Looks at every frame as long as the board runs, and takes one only between arm() and a card.

    sync: which sends the number.
    """

    def __init__(self, loop, sync):
        self._loop = loop
        self._sync = sync
        self._unit = None  # whose reader is armed
        self._until = None  # ... until then; after that: how long the number is kept
        self._message = None  # for the cloud. A bytearray: bytes could not be overwritten
        self._last = 0  # the event that the cloud has only after the message
        self._said = False
        self._due = None
        loop.frames[AT_LEARNING] = self._takes
        loop.parts.append(self)

    def arm(self, unit, name, seconds, now):
        """unit: None ends it. name: of the command."""
        if self._unit is not None:
            self._over(_COMMAND, 0, now)
            self._sync.say(bytes(self._message))
        self._wipe()
        if unit is None:
            return
        self._loop.record(LEARN_ARMED, now, unit.number, seconds)
        name = json.dumps(name).encode()
        self._message = bytearray(_HEAD) + name
        self._until = self._due = ticks.add(now, seconds * 1000)
        self._unit = unit
        unit.pins.signal.show(patterns.LEARN, now)

    def _takes(self, unit, frame, now):
        """What an armed reader reads is no tap."""
        bits, number = frame
        if unit is not self._unit or (bits <= KEYS and number is not None):
            return False
        loop = self._loop
        if number is None or number >> 64:
            loop.record(READER_MISREAD, now, unit.number, bits)
            self._over(_MISREAD, bits, now)
            unit.pins.signal.show(signal.MISREAD, now)
        else:
            loop.record(CARD_LEARNED, now, unit.number, bits)
            self._unit = None
            self._fill(_CARD, bits, number, now)
            unit.pins.signal.show(patterns.READ, now)
            seen = getattr(unit.pins.reader, "_bits", bytearray())
            for n in range(len(seen)):
                seen[n] = 0
        return True

    def _over(self, why, bits, now):
        """Armed no longer, and no card."""
        unit, self._unit = self._unit, None
        unit.pins.signal.show(b"", now)
        self._loop.record(LEARN_ENDED, now, unit.number, why)
        self._fill(why, bits, 0, now)

    def _fill(self, how, bits, number, now):
        struct.pack_into("<BBBQ", self._message, 0, CARD_READ, how, min(bits, 255), number)
        self._last = self._loop.log.last
        self._said = False
        self._until = ticks.add(now, _KEPT_MS)
        self._due = now

    def _wipe(self):
        """A queue that still holds the message sends something that is no message."""
        if self._message is not None:
            self._message[:_HEAD] = bytes(_HEAD)
        self._message = self._due = None

    def watch(self, loop, now):
        if self._message is None:
            return
        sync = self._sync
        if self._unit is not None:
            if ticks.passed(self._until, now):
                self._over(_TIME, 0, now)
            elif self._unit.pins.signal.deadline() is None:
                self._unit.pins.signal.show(patterns.LEARN, now)
        elif ticks.passed(self._until, now):
            self._wipe()
        elif not sync.open:
            self._said = False  # a session that ends takes with it what was said in it
        elif not self._said:
            self._said = sync.say(self._message)
        elif sync.sent() and loop.log.acknowledged >= self._last:
            self._wipe()
        if self._message is not None and self._unit is None:
            self._due = ticks.add(now, _LOOK_MS)

    def deadline(self):
        return self._due
