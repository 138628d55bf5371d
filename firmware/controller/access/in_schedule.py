"""In schedule: a profile may open a door during a schedule."""

from ..events import DENIED_NO_CLOCK, DENIED_TIME


def rule(tap):
    """Outside the schedule of its door a credential is denied; without a clock nobody can say."""
    schedule = tap.profile[tap.door] if type(tap.profile) is dict else 0
    if tap.rules.on(schedule, tap.utc):
        return 0
    return DENIED_TIME | schedule << 8 if tap.utc else DENIED_NO_CLOCK
