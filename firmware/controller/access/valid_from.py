"""Valid from: a credential may not pass before its time has come."""

from ..events import DENIED_NO_CLOCK, DENIED_NOT_YET


def rule(tap):
    """Without a clock nobody who has a beginning passes."""
    begins = tap.says("from", 0)
    if not begins:
        return 0
    if not tap.utc:
        return DENIED_NO_CLOCK
    return DENIED_NOT_YET if tap.utc < begins else 0
