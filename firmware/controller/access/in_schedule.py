"""In schedule: a profile may open a door during a schedule."""

from ..events import DENIED_TIME


def rule(tap):
    """Outside the schedule of its door a credential is denied; without a clock too."""
    schedule = tap.profile[tap.door] if type(tap.profile) is dict else 0
    return 0 if tap.rules.on(schedule, tap.utc) else DENIED_TIME | schedule << 8
