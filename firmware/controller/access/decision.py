"""Whether a credential may pass a door now: one pure function, and the sentence of the manual it stands for."""

from ..events import DENIED_DOOR, DENIED_EXPIRED, DENIED_NO_CLOCK, DENIED_UNKNOWN, GRANTED
from ..records import until_utc


def decide(found, door, profiles, utc):
    """The event code of the verdict.

    found: (profile number, packed end) from the credential table, or None.
    profiles: {profile number: door numbers it opens}. utc: Unix seconds, 0 when the time is not known.
    """
    if found is None:
        return DENIED_UNKNOWN
    profile, until = found
    if door not in profiles.get(profile, ()):
        return DENIED_DOOR
    end = until_utc(until)
    if end is not None:
        if not utc:
            return DENIED_NO_CLOCK
        if utc >= end:
            return DENIED_EXPIRED
    return GRANTED
