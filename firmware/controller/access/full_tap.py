"""A tap where there are rules beyond profiles that open doors, and what is on record when none of them objects."""

from ..events import GRANTED, GRANTED_DURESS
from .decision import Tap
from .kinds import CARD


class FullTap(Tap):
    """kind (credential.py) and duress: of what was presented. now: in ticks. doors: all of this controller, guarded.

    memory: {rule: what it remembers}. heard: when the cloud was heard, Unix seconds, 0 when that is not known.
    company: the tap of who waits at this door for another one.
    """

    kind = CARD
    duress = False
    company = None
    now = heard = 0
    doors = ()

    def says(self, field, otherwise=None):
        """A field of its profile."""
        return self.profile[field] if field in self.profile else otherwise


def grant(tap):
    """Nothing speaks against it."""
    extra = 0
    for note in tap.rules.notes:
        extra |= note(tap)
    return (GRANTED_DURESS if tap.duress else GRANTED) | extra << 8
