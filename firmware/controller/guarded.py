"""A guarded door: the state machine of points/door.py with the pins that it watches and moves."""

from . import ticks
from .events import RELEASED_REX
from .points.door import Door


class GuardedDoor:
    """One door with its pins. number: 1 is the board's first."""

    parts = ()  # what its rules ask for beyond times (points/features.py)

    def __init__(self, number, pins, rules):
        self.number = number
        self.pins = pins
        self.door = Door(0, 0, pins.contact.on)
        self.follow(rules)

    def release(self, now, ms=None, may_stand=False):
        """Moves the strike. Whoever calls has put it on record, or does so at once after (exit button)."""
        self.door.release(now, ms, may_stand)
        self.pins.strike.set(True)

    def hold(self, reason, on, now):
        """Keeps the strike released until no reason is left (points/door.py has them). On record as with release()."""
        from .points.holding import hold

        hold(self.door, reason, on, now)
        self.pins.strike.set(self.door.released)

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
