"""The recorder: what happened gets its time and goes to the event log."""

from .events import TIME_TRUSTED
from .storage.sectors import faults

# Codes, as bytes: denials that come in floods when an intruder tries (2-9, 11-15, 80, 81), misread cards (48), refused
# commands (70). Not DENIED_PIN: its number counts, and the lock-out bounds how many there are.
_FLOODS = b"\x02\x03\x04\x05\x06\x07\x08\x09\x0b\x0c\x0d\x0e\x0f0FPQ"


class Recorder:
    """Between what has something to tell and the log. clock: tells the time of an event. rules: retention.

    observers: each is told of what is on flash: saw(code, now, door, extra, flags). marks: flags of all events to come.
    """

    def __init__(self, log, clock, rules):
        self.log = log
        self.clock = clock
        self.rules = rules
        self.observers = []
        self.marks = 0
        self._upkeep = None  # what not every board has to do

    def record(self, code, now, door=0, extra=0, key=None):
        """Puts an event on flash; it is there when this returns. Of denials in a flood only their number is kept."""
        if key and self.rules.retains and self.rules.retention(door) == 0:
            key = None
        if code not in _FLOODS or self._more().take(code, door, key, now):
            self.append(code, now, door, extra, key)

    def append(self, code, now, door, extra, key=None, count=0):
        utc = self.clock.utc(now)
        flags = self.marks | (TIME_TRUSTED if utc else 0)
        self.log.append(code, door, extra, key, utc, flags, count)
        for saw in self.observers:
            saw(code, now, door, extra, flags)

    def upkeep(self, now):
        """In an idle moment."""
        self.log.prepare()
        if self._upkeep or faults or self.rules.retains:
            self._more().step(now)

    def deadline(self):
        """When there is something to put on record of itself, or None."""
        return self._upkeep and self._upkeep.deadline()

    def _more(self):
        if self._upkeep is None:
            from .recorder_upkeep import Upkeep

            self._upkeep = Upkeep(self)
        return self._upkeep
