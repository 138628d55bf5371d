"""Own compartments: a card at the reader of a bank opens the one that is allotted to it. Decided here, with no network.

Loaded where the keypad of a bank reads cards: `cards` in board.json, the door whose rules say who may. What these rules
ask of a passage does not count: nobody passes. The opening is on the log before the lock moves.
"""

from . import ticks
from .access.decision import WAITS, card_value
from .door_unit import AWAY_MS
from .events import (
    ALLOTMENT_NONE,
    COMPARTMENT_RELEASED,
    DENIED_FULL,
    DENIED_INTERLOCK,
    DENIED_KIND,
    DENIED_PASSBACK,
    GRANTED,
    GRANTED_DURESS,
)
from .outputs import signal
from .points.why import OWN
from .records import until_utc
from .storage.allotments import Allotments

_OF_A_PASSAGE = (DENIED_PASSBACK, DENIED_FULL, DENIED_INTERLOCK)
_HAS_NONE, _OVER, _NO_CLOCK = 1, 2, 3  # extra of ALLOTMENT_NONE
_CARD_AND_PIN = 3  # extra of DENIED_KIND


class OwnCompartments:
    """door: whose rules hold. A card that waits for a PIN or for somebody else opens nothing: here none comes."""

    def __init__(self, door, deliveries, compartments, loop):
        self._door = door
        self._loop = loop
        self._deliveries = deliveries
        self._compartments = compartments
        self.allotments = Allotments(deliveries.stock, compartments.count)
        deliveries.allotted = self.allotments.taken
        self._opens = {}  # {compartment: the key it is opened for}: until its lock moves
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
        return self._open(tap, now)

    def forget(self, now):
        """The card that was held, before ticks wrap."""
        if self._held and ticks.passed(self._away, now):
            self._held = None

    def _open(self, tap, now):
        one = self.allotments.find(tap.key)
        why = 0
        if not one:
            why = _HAS_NONE
        else:
            end = until_utc(one.until)
            if end is not None:
                why = _NO_CLOCK if not tap.utc else _OVER if tap.utc >= end else 0
        if why:
            self._append(ALLOTMENT_NONE, now, one.number if one else 0, why, tap.key)
            return signal.DENIED
        if self._compartments.ask(one.number, OWN):  # else it is open, or about to be
            self._opens[one.number] = bytes(tap.key)
        return signal.GRANTED

    def record(self, code, now, compartment=0, extra=0):
        """In place of that of the deliveries: who opened it. False: it may not be opened any more."""
        if code != COMPARTMENT_RELEASED or extra != OWN:
            return self._deliveries.record(code, now, compartment, extra)
        key = self._opens.pop(compartment, None)
        if not key or not self.allotments.get(compartment).has(key):
            return False
        self._append(code, now, compartment, extra, key)
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
