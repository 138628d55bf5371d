"""A membership in words: until when and where it holds."""

from typing import Any

from django.utils.translation import gettext as _

from ..models import Membership, Right
from ..models.rights import rights_of
from ..pages import times


def said(row: Membership, zone: str) -> dict[str, Any]:
    """until: empty when it does not end; places: names, None when it holds everywhere.

    A courier is told no more here of sites and doors than on any other page.
    """
    kinds = Membership.PLACES if Right.LOOK in rights_of(row.role, row.bound) else ("banks",)
    names = sorted(str(one) for name in kinds for one in getattr(row, name).all())
    if row.bound and not names and any(getattr(row, name).all() for name in Membership.PLACES):
        names = [_("chosen places")]
    return {"until": row.until and times.ends(row.until, [zone], False), "places": names if row.bound else None}
