"""Areas: a credential that went in must come out before it goes in again; no more may be in one than its limit."""

from ...events import DENIED_FULL, DENIED_PASSBACK
from .area_occupancy import Memory, where  # noqa: F401  Memory: brought in by the same fields, and asked for here
from .companion import along

_MINUTES = 10


def _known_elsewhere(tap):
    """The area where it is known to be, when that is not where the door leads from; None otherwise."""
    says = tap.here
    if "passback" not in says or "exempt" in tap.profile:
        return None
    area, minute = where(tap)
    here, there = says["passage"]
    if says["passback"] == "timed":
        recent = tap.utc and tap.utc // 60 - minute < says.get("passback_minutes", _MINUTES)
        return area if area == there and recent else None
    return area if area != here else None


def _is_soft(tap, area):
    """So are they all where another controller may have let it in or out, and the cloud cannot tell."""
    if tap.here["passback"] == "soft":
        return True
    if tap.rules.memory["whereabouts"].fresh:
        return False
    return _is_shared(tap, area) or _is_shared(tap, tap.here["passage"][0])


def _is_shared(tap, area):
    says = tap.rules.areas.get(area)
    return says is not None and says.get("shared")


def passback(tap):
    """Hard and timed anti-passback deny, soft lets pass."""
    area = _known_elsewhere(tap)
    return 0 if area is None or _is_soft(tap, area) else DENIED_PASSBACK | area << 8


def note(tap):
    """On record with the grant: it was against anti-passback that was soft then."""
    return 0 if _known_elsewhere(tap) is None else 128


def area_limit(tap):
    """A credential that is in it may come again; two that pass together need two places."""
    passage = tap.here.get("passage")
    if passage is None or "exempt" in tap.profile:
        return 0
    area = passage[1]
    says = tap.rules.areas.get(area)
    limit = says.get("limit") if says else None
    if limit is None or where(tap)[0] == area:
        return 0
    places = 2 if along(tap) else 1
    count = tap.rules.memory["whereabouts"].count(tap.rules, area, tap.utc)
    return DENIED_FULL | area << 8 if count + places > limit else 0
