"""How the doors stand: why one is kept unlocked or locked down, until when, since when. For the cloud.

Loaded by door_modes.py, and by a fire input. Events tell that it began or ended; what holds now is
told of itself, because events come late after a time without a link, may be lost, and know no end.
"""

from micropython import const

from .. import ticks
from ..access.modes import FIRE
from ..points.door import FIRE as BURNING
from .wire import DOOR_STATUS, json_message

_AGAIN_MS = const(60000)  # told again: any message may be lost on its way
_SOON_MS = const(50)  # a card is being read, or there is no room for the message
_USUAL = (0, 0)
_BURNS = (FIRE, 0)


def begin(loop, sync):
    """Registers it with the loop, once for a board."""
    if sync and "door_status" not in sync.handlers:
        sync.handlers["door_status"] = part = DoorStatus(loop, sync)
        loop.parts.append(part)


def _why(unit):
    """(why, until). The fire input goes before what door_modes.py says in `why`."""
    return _BURNS if unit.door.holds & BURNING else getattr(unit, "why", _USUAL)


class DoorStatus:
    """A part of the control loop."""

    def __init__(self, loop, sync):
        self._sync = sync
        self._doors = [(_USUAL, 0)] * len(loop.doors)  # each with since when, 0: not known
        self._due = None

    def watch(self, loop, now):
        for n, unit in enumerate(loop.doors):
            why = _why(unit)
            if why != self._doors[n][0]:
                self._doors[n] = why, loop.clock.utc(now)
                self._due = now
        if ticks.passed(self._due, now):
            self._due = ticks.add(now, self._tell(loop))

    def deadline(self):
        return self._due

    def _tell(self, loop):
        """A hello has it too. Returns in how many milliseconds to tell it again."""
        sync = self._sync
        sync.door_status = said = self._said()
        if not sync.open:
            return _AGAIN_MS
        if not loop.quiet() or not sync.say(json_message(DOOR_STATUS, {"standing": said})):
            return _SOON_MS
        return _AGAIN_MS

    def _said(self):
        """[[why, until, since, door, ...], ...] of the doors that do not stand as usual."""
        groups = {}
        for n, (why, since) in enumerate(self._doors):
            if why[0]:
                groups.setdefault((why[0], why[1], since), []).append(n + 1)
        return [list(says) + groups[says] for says in sorted(groups)]
