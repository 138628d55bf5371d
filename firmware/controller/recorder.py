"""The recorder: what happened gets its time and goes to the event log."""

from micropython import const

from .events import DENIALS_REPEATED, TIME_TRUSTED
from .storage.sectors import faults

# Denials that come in floods when somebody tries, misread cards, and commands that are refused. Not DENIED_PIN: its
# number counts, and the lock-out bounds how many there are.
_FLOODS = b"\x02\x03\x04\x05\x06\x07\x08\x09\x0b\x0c\x0d\x0e\x0f0FPQ"
_TOLD = const(16)  # faults of the flash that are put on record at most, until the next start


class Recorder:
    """Between those who have something to tell and the log. clock: tells the time of an event. rules: retention."""

    def __init__(self, log, clock, rules):
        self._log = log
        self._clock = clock
        self.rules = rules
        self._denials = None
        self._patrol = None
        self._told = []

    def record(self, code, now, door=0, extra=0, key=None):
        """Puts an event on flash; it is there when this returns. Of denials in a flood only their number is kept."""
        if key and self.rules.retention(door) == 0:
            key = None
        if code in _FLOODS:
            if self._denials is None:
                from .points.denials import Denials

                self._denials = Denials()
            if not self._denials.take(code, door, key, now, not self._log.crowded()):
                return
        self._append(code, now, door, extra, key, 0)

    def _append(self, code, now, door, extra, key, count):
        utc = self._clock.utc(now)
        self._log.append(code, door, extra, key, utc, TIME_TRUSTED if utc else 0, count)

    def upkeep(self, now):
        """In an idle moment."""
        self._log.prepare()
        while faults:
            fault = faults.pop()
            if fault not in self._told and len(self._told) < _TOLD:
                self._told.append(fault)
                self._append(fault[0], now, 0, fault[1], None, 0)
        if self._denials is not None:
            for code, door, count in self._denials.over(now, not self._log.crowded()):
                self._append(DENIALS_REPEATED, now, door, code, None, min(count, 255))
        if self._patrol is None and [1 for door in self.rules.doors if self.rules.retention(door) is not None]:
            from .storage.expiry import Patrol

            self._patrol = Patrol(self._log, now)
        if self._patrol is not None:
            self._patrol.step(self.rules, self._clock.utc(now), now)

    def deadline(self):
        """When there is something to put on record of itself, or None."""
        return None if self._denials is None or self._log.crowded() else self._denials.deadline()
