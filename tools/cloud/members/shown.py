"""A membership in words: until when and where it holds."""

from typing import Any

from ..models import Membership
from ..pages import times


def said(row: Membership, zone: str) -> dict[str, Any]:
    """until: empty when it does not end; places: names, None when it holds everywhere."""
    names = [str(one) for name in Membership.PLACES for one in getattr(row, name).all()]
    return {"until": row.until and times.ends(row.until, [zone], False), "places": sorted(names) if row.bound else None}
