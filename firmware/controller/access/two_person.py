"""Two persons: during a schedule a door opens only for two different credentials, one right after the other."""

from ..events import NEEDS_SECOND
from .company import along


def rule(tap):
    """The first one waits. Without a clock it is always asked for."""
    schedule = tap.here.get("two_person")
    if schedule is None or (tap.utc and not tap.rules.on(schedule, tap.utc)):
        return 0
    return 0 if along(tap) else NEEDS_SECOND
