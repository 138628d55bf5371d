"""Lock-out: wrong PINs in a row, at a reader or with a card, keep PINs from being taken there for a while."""

from struct import pack, unpack_from

from micropython import const

from ... import ticks
from ...events import DENIED_LOCKED_OUT, DENIED_PIN, DENIED_UNKNOWN, GRANTED, GRANTED_DURESS
from ..kinds import CARD, CARD_PIN

_TRIES = const(3)
_FIRST_MS = const(60000)
_DOUBLINGS = const(6)
_CLEARS_MS = const(7200000)  # so long without a wrong one
_CARDS = const(16)
_PACKED = "<B7sBI"


def locked_out(tap):
    """While a reader or a card is locked out its PINs are not even looked at."""
    if tap.kind == CARD:
        return 0
    memory = tap.rules.memory["lockout"]
    if memory.locked(tap.door, tap.now):
        return DENIED_LOCKED_OUT | 1 << 8
    if tap.kind == CARD_PIN and memory.locked(tap.key, tap.now):
        return DENIED_LOCKED_OUT | 2 << 8
    return 0


def wrong_pin(tap):
    """A PIN that nobody has is denied, and counted. On record with it: how many there were in a row."""
    if tap.kind == CARD or tap.profile is not None or tap.unknown != DENIED_UNKNOWN:
        return 0
    memory = tap.rules.memory["lockout"]
    extra = min(15, memory.count(tap.door, tap.now) + 1)
    if tap.kind == CARD_PIN:
        extra |= min(15, memory.count(tap.key, tap.now) + 1) << 4
    return DENIED_PIN | extra << 8


class Memory:
    """Wrong PINs in a row, of readers (by door number) and cards (by key)."""

    def __init__(self):
        self._wrong = {}  # whose: (how many, the last one in ticks, in Unix seconds, how many were on record with it)

    def count(self, whose, now):
        entry = self._wrong.get(whose)
        return entry[0] if entry and ticks.diff(now, entry[1]) < _CLEARS_MS else 0

    def locked(self, whose, now):
        count = self.count(whose, now)
        if count < _TRIES:
            return False
        return ticks.diff(now, self._wrong[whose][1]) < _FIRST_MS << min(count - _TRIES, _DOUBLINGS)

    def follow(self, rules, event, now, by_pin):
        """event: as on record. A wrong PIN says itself how many there were: told twice it counts once.

        That a grant was by PIN is not on record: after a restart what it took off is back.
        """
        utc, code, door, extra, _, key = event
        if code == DENIED_PIN:
            self._put(door, extra & 15, now, utc)
            if key:
                self._put(key, extra >> 4, now, utc)
        elif by_pin and code in (GRANTED, GRANTED_DURESS):
            for whose, left in ((door, self.count(door, now) - 1), (key, 0)):
                if whose in self._wrong:
                    self._wrong[whose] = (max(0, left),) + self._wrong[whose][1:]

    def upkeep(self, rules, utc, now):
        """Forgets what is over, before ticks wrap."""
        for whose in list(self._wrong):
            if ticks.diff(now, self._wrong[whose][1]) >= _CLEARS_MS:
                del self._wrong[whose]

    def recalled(self, latest):
        """After a start: forgets what was over at the last event of which the time is known."""
        for whose in list(self._wrong):
            utc = self._wrong[whose][2]
            if utc and latest - utc >= _CLEARS_MS // 1000:
                del self._wrong[whose]

    def pack(self):
        """What the log would tell."""
        data = b""
        for whose, (_, _, utc, told) in self._wrong.items():
            mine = (0, whose) if type(whose) is bytes else (whose, bytes(7))
            data += pack(_PACKED, *mine, told, utc)
        return data

    def unpack(self, data, now):
        for at in range(0, len(data), 13):
            door, key, count, utc = unpack_from(_PACKED, data, at)
            self._put(door or key, count, now, utc)

    def _put(self, whose, count, now, utc):
        self._wrong[whose] = (count, now, utc, count)
        cards = [whose for whose in self._wrong if type(whose) is bytes]
        if len(cards) > _CARDS:
            del self._wrong[min(cards, key=lambda card: self._wrong[card][0])]
