"""Whether a credential may pass a door now: rules asked in order, and the first that objects says why."""

from ..events import DENIED_DOOR, DENIED_EXPIRED, DENIED_NO_CLOCK, DENIED_UNKNOWN, GRANTED
from ..records import until_utc
from .kinds import CARD

WAITS = 256  # no verdict yet: of a card its PIN is to come (needs_pin.py)


def card_value(bits, number):
    """What the key of a card is made of. bits: frame length with parity; number: the payload without it."""
    value = bytearray(number.to_bytes((bits + 21) // 8, "big"))
    value[0], value[1] = CARD, bits
    return value


class Tap:
    """What was presented, where and when: all that a rule may look at.

    rules: those that hold. door: its number. utc: Unix seconds, 0 when the time is not known.
    key: of the credential, for the record. profile: what its profile says, None: not known here.
    When it is granted: brings, the taps that pass along (companion.py); manner, (ms, whether the leaf may stand open).
    """

    kind = CARD
    brings = manner = ()

    def begin(self, rules, door, utc, now):
        """Another tap. What the one before was about is forgotten. now: in ticks."""
        self.rules = rules
        self.door = door
        self.utc = utc
        self.unknown = DENIED_UNKNOWN
        self.key = self.profile = None

    def found(self, record):
        """record: (profile number, packed end) from the credential table, or None."""
        if record:
            self.profile = self.rules.profiles.get(record[0], ())
            self.until = record[1]


def has_door(tap):
    """A credential that is in the table opens the doors of its profile, and no other."""
    if tap.profile is None:
        return tap.unknown
    return 0 if tap.door in tap.profile else DENIED_DOOR


def not_ended(tap):
    """A credential ends when its time has come; without a clock none that has an end passes."""
    end = until_utc(tap.until)
    if end is None:
        return 0
    if not tap.utc:
        return DENIED_NO_CLOCK
    return DENIED_EXPIRED if tap.utc >= end else 0


PLAIN = (has_door, not_ended)


def decide(tap):
    """The verdict: an event code, << 8 what its `extra` holds."""
    for rule in tap.rules.chain:
        verdict = rule(tap)
        if verdict:
            return verdict
    return GRANTED
