"""A tap where there are rules beyond profiles that open doors, and what is on record when none of them objects."""

from ..events import DENIED_UNKNOWN, GRANTED, GRANTED_DURESS
from .decision import Tap
from .kinds import CARD


class FullTap(Tap):
    """kind (kinds.py) and duress: of what was presented. company: the tap of who waits at this door for another one.

    here: the fields of its door. now: in ticks. heard: when the cloud was heard, Unix seconds, 0 when not known.
    asked, place: what who.py and whereabouts.py have looked up. Its rules have besides: memory {rule: what it
    remembers} and guarded, all doors of this controller.
    """

    def __init__(self, rules, door, utc):
        self.rules = rules
        self.door = door
        self.utc = utc
        self.here = rules.door(door)
        self.unknown = DENIED_UNKNOWN
        self.kind = CARD
        self.duress = False
        self.key = self.profile = self.company = self.place = None
        self.asked = 0

    def says(self, field, otherwise=None):
        """A field of its profile."""
        return self.profile[field] if field in self.profile else otherwise


def grant(tap):
    """Nothing speaks against it."""
    extra = 0
    for note in tap.rules.notes:
        extra |= note(tap)
    return (GRANTED_DURESS if tap.duress else GRANTED) | extra << 8
