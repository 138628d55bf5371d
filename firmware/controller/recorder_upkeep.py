"""What the recorder does in idle moments: it tells of floods and of faults of the flash, and lets old events expire.

Loaded when there is a denial, a fault, or a rule about retention.
"""

from micropython import const

from .events import DENIALS_REPEATED
from .points.denials import Denials
from .storage.sectors import faults

_TOLD = const(16)  # faults that are put on record at most, until the next start


class Upkeep:
    def __init__(self, recorder):
        self._recorder = recorder
        self._log = recorder.log
        self._denials = Denials()
        self._retention = None
        self._told = []

    def take(self, code, door, key, now):
        """Whether a denial is to be told by itself."""
        return self._denials.take(code, door, key, now, not crowded(self._log))

    def step(self, now):
        recorder = self._recorder
        while faults:
            fault = faults.pop()
            if fault not in self._told and len(self._told) < _TOLD:
                self._told.append(fault)
                recorder.append(fault[0], now, 0, fault[1])
        for code, door, count in self._denials.over(now, not crowded(self._log)):
            recorder.append(DENIALS_REPEATED, now, door, code, None, min(count, 255))
        if self._retention is None and recorder.rules.retains:
            from .storage.log_retention import Retention

            self._retention = Retention(self._log, now)
        if self._retention is not None:
            self._retention.step(recorder.rules, recorder.clock.utc(now), now)

    def deadline(self):
        return None if crowded(self._log) else self._denials.deadline()


def crowded(log):
    """Whether events that the cloud does not have fill three quarters of the log: then denials are only counted."""
    return log.last - max(log.acknowledged, log.first - 1) > log.room * 3 // 4
