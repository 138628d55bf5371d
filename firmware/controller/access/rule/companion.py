"""Companions: two credentials that pass a door together, a visitor with an escort or two persons."""

from micropython import const

from ... import ticks
from ...events import NEEDS_ESCORT, NEEDS_SECOND
from ..full_tap import granted

_LASTS_MS = const(15000)  # within which the second person, or the escort, is presented


def over(first, now):
    """Whether the tap that waits has waited too long."""
    return ticks.diff(now, first.now) > _LASTS_MS


def along(tap):
    """The tap that waits at the door and passes along: a visitor with an escort, the first of two persons; or None."""
    first = tap.rules.waiting.get(tap.door)
    if first is None or over(first, tap.now) or first.key == tap.key:
        return None
    return first if first.profile.get("escort") != "needs" or tap.profile.get("escort") == "gives" else None


def bring(tap):
    """A tap that is granted takes along the one that waits."""
    first = along(tap)
    if first:
        first.utc, first.now, first.place = tap.utc, tap.now, None  # it passes now
        first.verdict = granted(first)
        tap.brings = (first,)


def escort(tap):
    """A visitor waits for the escort, who is presented right after."""
    return NEEDS_ESCORT if tap.profile.get("escort") == "needs" else 0


def two_person(tap):
    """During a schedule a door opens only for two different credentials, one right after the other.

    The first one waits. Without a clock it is always asked for.
    """
    schedule = tap.here.get("two_person")
    if schedule is None or (tap.utc and not tap.rules.on(schedule, tap.utc)):
        return 0
    return 0 if along(tap) else NEEDS_SECOND
