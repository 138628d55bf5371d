"""The unit of a door: the state machine of points/door.py with the pins that it watches and moves."""

from . import ticks
from .events import RELEASED_REX
from .points.door import Door

KEYS = 8  # bits: a shorter frame is a key

# A card that was not read for so long is away. While it is held most readers say it again: each 0.5 to 1 s (TransCore
# AI1422E: Wiegand retransmit interval, 1 s from the factory; PN532 in ESPHome: update_interval, 1 s). A person who is
# denied and tries again each two seconds is to be heard. A reader that takes longer to repeat has to be set otherwise.
AWAY_MS = 1500


class DoorUnit:
    """One door with its pins. number: 1 is the board's first."""

    parts = ()  # what its rules ask for beyond times (points/features.py)

    def __init__(self, number, pins, rules):
        self.number = number
        self.pins = pins
        self.door = Door(0, 0, pins.contact.on)
        self._held = {}  # what was read: when it counts as away, in ticks
        self.follow(rules)

    def holds(self, frame, now):
        """Whether this card is held to the reader still: that is one tap, however often the reader says it."""
        away = self._held.get(frame)
        if frame[1] is not None and frame[0] > KEYS:
            self._held[frame] = ticks.add(now, AWAY_MS)
        return away is not None and not ticks.passed(away, now)

    def release(self, now, ms=None, may_stand=False):
        """Moves the strike. The caller has put it on record, or does so at once after (exit button)."""
        self.door.release(now, ms, may_stand)
        self.pins.strike.set(True)

    def exit(self, record, now):
        """The exit button was pressed."""
        # People must get out, also when the log cannot be written: the strike first, the record at once after.
        self.release(now)
        record(RELEASED_REX, now, self.number)

    def watch(self, record, now):
        """Follows exit button, contact and time. record(code, now, door): puts what happened on flash."""
        pins, door, number = self.pins, self.door, self.number
        if pins.rex.poll(now) and pins.rex.on:
            self.exit(record, now)
        pins.contact.poll(now)
        for event in (door.contact(pins.contact.on, now), door.tick(now)):
            if event is not None:
                record(event, now, number)
        pins.signal.tick(now)
        for frame in list(self._held):
            if ticks.passed(self._held[frame], now):
                del self._held[frame]
        for part in self.parts:
            part.watch(self, record, now)
        pins.strike.set(door.released)

    def follow(self, rules):
        """New rules hold from now on."""
        self.door.release_ms, self.door.held_ms = rules.times(self.number)
        if self.parts or self.number in rules.supervised:
            from .points.features import fit

            fit(self, rules.door(self.number))

    def deadline(self):
        """When watch() has something to do of itself."""
        pins = self.pins
        due = self.door.deadline()
        for part in (pins.contact, pins.rex, pins.reader, pins.signal) + self.parts:
            due = ticks.soonest(due, part.deadline())
        return due
