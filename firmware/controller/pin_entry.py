"""PIN entry: keys at a door become a PIN, and that is answered as one tap, with the card before it if there was one.

Loaded where a door asks for PINs by its rules.
"""

from micropython import const

from . import ticks
from .access import pins
from .access.decision import WAITS, card_value
from .access.kinds import CARD_PIN, PIN
from .door_unit import KEYS
from .events import DENIED_UNKNOWN
from .loop import AT_PIN_ENTRY
from .outputs import patterns
from .readers.keypad import Keypad, is_key

_PIN_MS = const(20000)  # within which a card's PIN is complete


class _Place:
    """A door with a keypad. Times are ticks."""

    def __init__(self, length):
        self.keypad = Keypad(length)
        self.frame = None  # of the card that is being decided on
        self.card = None  # (its value, its key) that waits for its PIN since `at`
        self.at = 0


class PinEntry:
    def __init__(self, loop):
        self._loop = loop
        self._places = {}  # {door number: _Place}
        loop.frames[AT_PIN_ENTRY] = self._takes
        loop.verdicts.insert(0, self._heard)

    def follow(self, rules, now):
        """New rules hold from now on. What was typed is forgotten."""
        self._places = {}
        for unit in self._loop.doors:
            says = rules.door(unit.number)
            if "who" in says:
                self._places[unit.number] = _Place(says.get("pin_length"))

    def _takes(self, unit, frame, now):
        """A key is taken. A card is a tap; its PIN may be asked for, and then its number is needed."""
        place = self._places.get(unit.number)
        bits, number = frame
        if place is None or number is None:
            return False
        if bits > KEYS:
            place.card, place.frame = None, frame
            return False
        if not is_key(bits, number):
            return False
        digits = place.keypad.key(number, now)
        unit.pins.signal.show(patterns.KEY, now)
        if digits:
            self._loop.answer(unit, self._typed(unit, place, digits, now), now)
        return True

    def _typed(self, unit, place, digits, now):
        """A PIN is complete: of the card before it, or of its own. Returns the tap."""
        card, key = place.card or (b"", None)
        if key and ticks.diff(now, place.at) > _PIN_MS:
            card, key = b"", None
        place.card = None
        tap = self._look(pins.card_pin_value(card, digits) if key else pins.pin_value(digits), unit, now)
        if tap.profile is None and tap.unknown == DENIED_UNKNOWN:
            tap = self._look(pins.duress_value(card, digits), unit, now)
            tap.duress = tap.profile is not None
            if not tap.duress:
                tap.key = None
        tap.kind = CARD_PIN if key else PIN
        if key:
            tap.key = key
        return tap

    def _look(self, value, unit, now):
        return self._loop.look(value, unit.number, now)

    def _heard(self, unit, tap, verdict, now):
        """A card that waits for its PIN is kept for a while."""
        place = self._places.get(unit.number)
        if place:
            if verdict == WAITS:
                place.card, place.at = (card_value(*place.frame), tap.key), now
                unit.pins.signal.show(patterns.KEY, now)
            place.frame = None

    def upkeep(self, now):
        """Forgets what is over, before ticks wrap."""
        for place in self._places.values():
            if place.card and ticks.diff(now, place.at) > _PIN_MS:
                place.card = None
            place.keypad.forget(now)
