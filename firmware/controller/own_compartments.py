"""Own compartments: a card at the reader of a bank opens the one that is allotted to it. Decided here, with no network.

Loaded where the keypad of a bank reads cards: `cards` in board.json, the door whose rules say who may. What these rules
ask of a passage does not count: nobody passes. The opening is on the log before the lock moves.

Who has none takes one that is shared, where one is free: it is theirs until its time is over, or until they type 0, #
and hold their card there: it opens once more, and is free when it was shut. Past its time it opens to that only, so
that nobody leaves anything in it who thinks it is still theirs. It is never free by itself: what lies there is
somebody's.
"""

from micropython import const

from . import ticks
from .access.decision import WAITS, card_value
from .door_unit import AWAY_MS
from .events import (
    ALLOTMENT_FREE,
    ALLOTMENT_NONE,
    ALLOTMENT_TAKEN,
    COMPARTMENT_BLIND,
    COMPARTMENT_CLOSED,
    COMPARTMENT_OPENED,
    COMPARTMENT_RELEASED,
    COMPARTMENT_STUCK,
    DENIED_FULL,
    DENIED_INTERLOCK,
    DENIED_KIND,
    DENIED_PASSBACK,
    GRANTED,
    GRANTED_DURESS,
)
from .outputs import patterns, signal
from .points.why import LEFT, OWN
from .records import until_utc
from .storage.allotments import PERSONAL, SHARED, Allotments, ends

_OF_A_PASSAGE = (DENIED_PASSBACK, DENIED_FULL, DENIED_INTERLOCK)
_HAS_NONE, _OVER, _NO_CLOCK = 1, 2, 3  # extra of ALLOTMENT_NONE
_CARD_AND_PIN = 3  # extra of DENIED_KIND
_LEAVES_MS = const(20000)  # within which the card of who leaves is held there
_UNKNOWN = const(2)  # extra of COMPARTMENT_STUCK: nobody knows whether it opened


class OwnCompartments:
    """door: whose rules hold. A card that waits for a PIN or for somebody else opens nothing: here none comes.

    sizes: of each compartment, as numbers.
    """

    def __init__(self, door, deliveries, compartments, loop, sizes):
        self._door = door
        self._loop = loop
        self._deliveries = deliveries
        self._compartments = compartments
        self._sizes = sizes
        self.allotments = Allotments(deliveries.stock, compartments.count)
        deliveries.allotted = self.allotments.taken
        self._opens = {}  # {compartment: (the key it is opened for, OWN or LEFT)}: until its lock moves
        self._new = {}  # {compartment: key} of those just taken: until it has opened
        self._left = set()  # compartments that are free when they are shut
        self._leaving = None  # until then the next card says that its holder leaves
        self._held = None  # the frame that was read last, and until when it counts as held to the reader
        self._away = 0

    def tap(self, frame, now):
        """A card was read. Returns what is shown, None for nothing."""
        held = frame == self._held and not ticks.passed(self._away, now)
        self._held, self._away = frame, ticks.add(now, AWAY_MS)
        if held:
            return None
        loop = self._loop
        tap = loop.look(card_value(*frame), self._door, now)
        verdict = _judged(tap)
        if verdict == WAITS:
            verdict = DENIED_KIND | _CARD_AND_PIN << 8
        if verdict & 255 not in (GRANTED, GRANTED_DURESS):
            loop.record(verdict & 255, now, self._door, verdict >> 8, tap.key)
            return signal.DENIED
        leaves = self._leaving is not None and not ticks.passed(self._leaving, now)
        self._leaving = None
        return self._leave(bytes(tap.key), now) if leaves else self._open(tap, now)

    def leave(self, now):
        """0 and # were typed: the next card gives its shared compartment back."""
        self._leaving = ticks.add(now, _LEAVES_MS)
        return patterns.ARMED

    def forget(self, now):
        """The card that was held, before ticks wrap."""
        if self._held and ticks.passed(self._away, now):
            self._held = None
        if ticks.passed(self._leaving, now):
            self._leaving = None

    def _open(self, tap, now):
        key = bytes(tap.key)
        one = self.allotments.find(key)
        if not one:
            return self._take(key, now)
        why = 0
        end = until_utc(one.ends())
        if end is not None and tap.utc and tap.utc >= end:
            why = _OVER
        elif end is not None and not tap.utc and one.kind == PERSONAL:
            why = _NO_CLOCK
        if why:
            self._append(ALLOTMENT_NONE, now, one.number, why, key)
            return signal.DENIED
        self._left.discard(one.number)  # who comes again before it is shut has not left
        self._ask(one.number, key, OWN)
        return signal.GRANTED

    def _ask(self, n, key, why):
        """False: it is open, or about to be."""
        if not self._compartments.ask(n, why):
            return False
        self._opens[n] = key, why
        return True

    # Shared ones.

    def _take(self, key, now):
        """The smallest that is free: on the log, then on flash, then its lock moves."""
        free = [n for n in range(1, self.allotments.count + 1) if self._is_free(n)]
        utc = self._loop.clock.utc(now)
        if not free or not utc:
            self._append(ALLOTMENT_NONE, now, 0, _NO_CLOCK if free else _HAS_NONE, key)
            return signal.DENIED
        n = min(free, key=lambda n: self._sizes[n - 1])
        one = self.allotments.get(n)
        one.take(key, ends(one.until, utc))
        self._append(ALLOTMENT_TAKEN, now, n, one.turn(), key)
        self.allotments.set(one)
        if not self.allotments.get(n).has(key):  # worn flash takes nothing
            self._append(ALLOTMENT_FREE, now, n, one.turn(), None)
            return signal.DENIED
        self._new[n] = key
        self._ask(n, key, OWN)
        return signal.GRANTED

    def _is_free(self, n):
        return self.allotments.is_free(n) and self._deliveries.may_be_allotted(n) and self._compartments.rests(n)

    def _leave(self, key, now):
        one = self.allotments.find(key, SHARED)
        if not one or one.kind != SHARED:
            self._append(ALLOTMENT_NONE, now, 0, _HAS_NONE, key)
            return signal.DENIED
        if not self._ask(one.number, key, LEFT):
            self._left.add(one.number)
        return signal.GRANTED

    def empty(self, n, turn, now):
        """Somebody has looked into it: what was taken then is over. False: it is not what was meant.

        Of one that is free it is told once more: the power may have gone when only the log knew that it was taken.
        """
        one = self.allotments.get(n)
        if self.allotments.is_free(n):
            self._append(ALLOTMENT_FREE, now, n, turn, None)
            return True
        if one.kind != SHARED or one.turn() != turn:
            return False
        self._free(one, now)
        return True

    def _free(self, one, now):
        self._new.pop(one.number, None)
        self._left.discard(one.number)
        turn = one.turn()
        one.give_back()
        self.allotments.set(one)
        self._append(ALLOTMENT_FREE, now, one.number, turn, None)

    def _goes_on(self, code, n, extra, now):
        """What becomes of shared ones with their leaves."""
        if code == COMPARTMENT_OPENED:
            self._new.pop(n, None)
        elif code == COMPARTMENT_BLIND:  # nobody knows what was put in or taken out: it stays whose it is
            self._new.pop(n, None)
            self._left.discard(n)
        elif code == COMPARTMENT_CLOSED and n in self._left:
            self._free(self.allotments.get(n), now)
        elif code == COMPARTMENT_STUCK:
            self._left.discard(n)
            key = self._new.pop(n, None)
            if key and extra != _UNKNOWN:  # nothing was put in; it is out of use
                self._free(self.allotments.get(n), now)
                if self._take(key, now) == signal.DENIED:
                    self._deliveries.failed = True

    def record(self, code, now, compartment=0, extra=0):
        """In place of that of the deliveries: who opened it. False: it may not be opened any more."""
        if code != COMPARTMENT_RELEASED or extra not in (OWN, LEFT):
            done = self._deliveries.record(code, now, compartment, extra)
            self._goes_on(code, compartment, extra, now)
            return done
        key, why = self._opens.pop(compartment, (None, 0))
        if not key or not self.allotments.get(compartment).has(key):
            return False
        self._append(code, now, compartment, extra, key)
        if why == LEFT:
            self._left.add(compartment)
        return True

    def _append(self, code, now, compartment, extra, key):
        """A compartment is no door: how long its events are kept says the door of its rules."""
        loop = self._loop
        rules = loop.rules
        if rules.retains and rules.retention(self._door) == 0:
            key = None
        loop.recorder.append(code, now, compartment, extra, key)


def _judged(tap):
    """As decide() does it, but past what rules say of a passage: those after them are asked all the same."""
    for rule in tap.rules.chain:
        verdict = rule(tap)
        if verdict and verdict & 255 not in _OF_A_PASSAGE:
            return verdict
    return GRANTED
