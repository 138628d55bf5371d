"""The floor of the clock: how late it is at least, kept on flash for boards that look at certificates."""

from micropython import const

from .. import ticks
from ..clock import now
from ..storage.state import TIME

_LOOK_MS = const(3600000)
_AGAIN_MS = const(1000)  # after a card that was being read
_NOTE_S = const(86400)


def set_floor(loop, settings, folder):
    """What the link's TLS has to know of the board. "since" of the settings: when they were made."""
    link = loop.link
    if link is not None:
        link.tls = folder, max(settings["since"], loop.journal.get(TIME)), loop.quiet
        loop.parts.append(Floor(now()))


class Floor:
    """A part of the control loop."""

    def __init__(self, due):
        self._due = due

    def watch(self, loop, now):
        if not ticks.passed(self._due, now):
            return
        if not loop.quiet():
            self._due = ticks.add(now, _AGAIN_MS)
            return
        self._due = ticks.add(now, _LOOK_MS)
        utc = loop.clock.utc(now)
        if utc - loop.journal.get(TIME) >= _NOTE_S:
            loop.journal.set(TIME, utc)

    def deadline(self):
        return self._due
