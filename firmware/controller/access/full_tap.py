"""A tap where there are rules beyond profiles that open doors, and how it passes when none of them objects."""

from micropython import const

from ..events import DENIED_UNKNOWN, GRANTED, GRANTED_DURESS
from .decision import Tap
from .kinds import CARD
from .packed import unpacked

_EXTENDED_MS = const(15000)


class FullTap(Tap):
    """kind (kinds.py) and duress: of what was presented. here: the fields of its door. now: in ticks.

    profile: {door number: the schedule by which it opens that door, field: what it says}, None: not known here.
    asked, place: what rule/auth_mode.py and rule/area_occupancy.py have looked up. verdict: of one that is brought
    along. Its rules have besides (rule_memory.py): memory {rule: what it remembers}, waiting {door: the tap that waits
    there for another}, units, all doors of this controller, and heard(utc): when the cloud was heard, 0 when not known.
    """

    _known = None  # the profile that was looked at last: many people have the same one

    def begin(self, rules, door, utc, now):
        self.rules = rules
        self.door = door
        self.utc = utc
        self.now = now
        self.here = rules.door(door)
        self.unknown = DENIED_UNKNOWN
        self.kind = CARD
        self.duress = False
        self.key = self.profile = self.place = None
        self.asked = 0
        self.brings = self.manner = ()

    def found(self, record):
        Tap.found(self, record)
        known = self.profile
        if known is not None:
            if known is not self._known:
                self._known = known
                self._fields = unpacked(known) if type(known) is bytes else dict.fromkeys(known, 0)
            self.profile = self._fields

    def copy(self):
        """One that stays as it is when the next tap begins."""
        other = FullTap()
        other.begin(self.rules, self.door, self.utc, self.now)
        other.kind, other.duress, other.key, other.profile = self.kind, self.duress, self.key, self.profile
        return other


def grant(tap):
    """Nothing speaks against it: with whom, for how long, and what is on record."""
    if tap.door in tap.rules.waiting:
        from .rule.companion import bring

        bring(tap)
    if "extended" in tap.profile or "hold" in tap.profile:
        ms = tap.here.get("extended_ms", _EXTENDED_MS) if "extended" in tap.profile else None
        tap.manner = ms, "hold" in tap.profile
    return granted(tap)


def granted(tap):
    """What is on record."""
    extra = 0
    for note in tap.rules.notes:
        extra |= note(tap)
    return (GRANTED_DURESS if tap.duress else GRANTED) | extra << 8
