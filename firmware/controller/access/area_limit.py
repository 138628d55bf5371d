"""Area limit: no more people may be in an area than it says."""

from ..events import DENIED_FULL
from .company import along
from .whereabouts import where


def rule(tap):
    """Who is in it already may come again; two who pass together need two places."""
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
