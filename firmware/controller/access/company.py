"""Company: who passes a door together with another one."""

from micropython import const

from .. import ticks
from .full_tap import granted

_LASTS_MS = const(15000)  # within which the second person, or the escort, is presented


def over(first, now):
    """Whether who waits has waited too long."""
    return ticks.diff(now, first.now) > _LASTS_MS


def along(tap):
    """Who waits at the door and passes along: a visitor with an escort, the first with the second person; or None."""
    first = tap.rules.waiting.get(tap.door)
    if first is None or over(first, tap.now) or first.key == tap.key:
        return None
    return first if first.says("escort") != "needs" or tap.says("escort") == "gives" else None


def bring(tap):
    """A tap that is granted takes along who waits."""
    first = along(tap)
    if first:
        first.utc, first.now, first.place = tap.utc, tap.now, None  # it passes now
        first.verdict = granted(first)
        tap.brings = (first,)
