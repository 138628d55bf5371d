"""Lock-out: wrong PINs in a row, at a reader or with a card, keep PINs from being taken there for a while."""

from micropython import const

from .. import ticks
from ..events import DENIED_LOCKED_OUT, DENIED_PIN, GRANTED, GRANTED_DURESS
from .kinds import CARD, CARD_PIN

_TRIES = const(3)
_FIRST_MS = const(60000)
_DOUBLINGS = const(6)
_CLEARS_MS = const(7200000)  # so long without a wrong one
_CARDS = const(16)


def rule(tap):
    """While a reader or a card is locked out its PINs are not even looked at."""
    if tap.kind == CARD:
        return 0
    memory = tap.memory["lockout"]
    if memory.locked(tap.door, tap.now):
        return DENIED_LOCKED_OUT | 1 << 8
    if tap.kind == CARD_PIN and memory.locked(tap.key, tap.now):
        return DENIED_LOCKED_OUT | 2 << 8
    return 0


class Memory:
    """Wrong PINs in a row, of readers (by door number) and cards (by key)."""

    def __init__(self):
        self._wrong = {}  # whose: (how many, the last one in ticks, the last one in Unix seconds)

    def count(self, whose, now):
        count, last, _ = self._wrong.get(whose, (0, 0, 0))
        return count if ticks.diff(now, last) < _CLEARS_MS else 0

    def locked(self, whose, now):
        count = self.count(whose, now)
        if count < _TRIES:
            return False
        return ticks.diff(now, self._wrong[whose][1]) < _FIRST_MS << min(count - _TRIES, _DOUBLINGS)

    def follow(self, rules, event, now, by_pin):
        """event: as on record. A wrong PIN says itself how many there were: told twice it counts once."""
        utc, code, door, extra, _, key = event
        if code == DENIED_PIN:
            self._wrong[door] = (extra & 15, now, utc)
            if key:
                self._wrong[key] = (extra >> 4, now, utc)
                self._bound()
        elif by_pin and code in (GRANTED, GRANTED_DURESS):
            count, last, before = self._wrong.get(door, (0, 0, 0))
            if count:
                self._wrong[door] = (count - 1, last, before)
            if key in self._wrong:
                del self._wrong[key]

    def upkeep(self, rules, utc, now):
        """Forgets what is over, before ticks wrap. After a start, also by the time of the events."""
        for whose in list(self._wrong):
            _, last, at = self._wrong[whose]
            if ticks.diff(now, last) >= _CLEARS_MS or (at and utc - at >= _CLEARS_MS // 1000):
                del self._wrong[whose]

    def _bound(self):
        cards = [whose for whose in self._wrong if type(whose) is bytes]
        if len(cards) > _CARDS:
            del self._wrong[min(cards, key=lambda card: self._wrong[card][0])]

    def pack(self):
        return b""  # a checkpoint keeps none: the log has them as long as they count

    def unpack(self, data):
        pass
