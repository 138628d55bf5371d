"""Denials in a flood: the first ones are told one by one, the others by their number."""

from micropython import const

from .. import ticks
from ..events import DENIED_DAMAGED, DENIED_UNKNOWN

_SINGLES = const(3)  # told one by one in a window
_KNOWN = const(8)  # credentials whose first denial in a window is told besides
_WINDOW_MS = const(60000)
_LONGEST_MS = const(3600000)


class Denials:
    """Counts for each code at each door. Times are ticks.

    In a window of a minute three are told and, of credentials that are known here, the first of each. The others are
    counted, and told as one when the window ends. Then the next window begins, twice as long, up to an hour; one in
    which nothing had to be counted ends the flood. While there is no room in the log all are only counted.
    The counts lie in memory: a power cut loses those of the windows that run.
    """

    def __init__(self):
        self._floods = {}  # door << 8 | code: end of the window, its length, told, counted, keys

    def take(self, code, door, key, now, room):
        """Whether this one is to be told. It is counted otherwise."""
        at = door << 8 | code
        flood = self._floods.get(at)
        if flood is None:
            flood = self._floods[at] = [ticks.add(now, _WINDOW_MS), _WINDOW_MS, 0, 0, []]
        if room:
            keys = flood[4]
            if key and code not in (DENIED_UNKNOWN, DENIED_DAMAGED) and key not in keys and len(keys) < _KNOWN:
                keys.append(key)
                return True
            if flood[2] < _SINGLES:
                flood[2] += 1
                return True
        flood[3] += 1
        return False

    def over(self, now, room):
        """[(code, door, how many)] to be told now: what was counted in windows that have ended."""
        ended = []
        for at, flood in list(self._floods.items()):
            if not ticks.passed(flood[0], now):
                continue
            if not flood[3]:
                del self._floods[at]
            elif room:
                ended.append((at & 255, at >> 8, flood[3]))
                length = min(2 * flood[1], _LONGEST_MS)
                self._floods[at] = [ticks.add(now, length), length, 0, 0, []]
            else:
                flood[0] = now  # ticks must not wrap meanwhile
        return ended

    def deadline(self):
        """When there is something to tell, or None."""
        due = None
        for flood in self._floods.values():
            if flood[3]:
                due = ticks.soonest(due, flood[0])
        return due
