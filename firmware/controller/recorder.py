"""The recorder: what happened gets its time and goes to the event log."""

from .events import TIME_TRUSTED


class Recorder:
    """Between those who have something to tell and the log. clock: tells the time of an event."""

    def __init__(self, log, clock):
        self._log = log
        self._clock = clock

    def record(self, code, now, door=0, extra=0, key=None):
        """Puts an event on flash; it is there when this returns."""
        utc = self._clock.utc(now)
        self._log.append(code, door, extra, key, utc, TIME_TRUSTED if utc else 0)

    def upkeep(self):
        """In an idle moment."""
        self._log.prepare()
