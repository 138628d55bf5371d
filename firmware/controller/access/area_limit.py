"""Area limit: no more people may be in an area than it says."""

from ..events import DENIED_FULL
from .company import along


def rule(tap):
    """Who is in it already may come again; two who pass together need two places."""
    passage = tap.here.get("passage")
    if passage is None or "exempt" in tap.profile:
        return 0
    area = passage[1]
    says = tap.rules.areas.get(area)
    limit = says.get("limit") if says else None
    memory = tap.rules.memory["whereabouts"]
    if limit is None or memory.where(tap.rules, tap.key, tap.utc)[0] == area:
        return 0
    places = 2 if along(tap) else 1
    return DENIED_FULL | area << 8 if memory.count(tap.rules, area, tap.utc) + places > limit else 0
