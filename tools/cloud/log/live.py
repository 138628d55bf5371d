"""What comes into the log while its page stands open."""

from typing import Any

from django.template.loader import render_to_string

from ..audit import looks
from ..models import Look, Right
from ..pages import access
from ..services import clock
from . import shown


def parts(user: Any, after: int) -> dict[str, str]:
    """{element id: HTML}: what came in after that row, newest first, as much as a page holds. To see it is a look."""
    rows = shown.there(user).filter(pk__gt=after).select_related("controller__site", "credential__person")
    found = list(rows.order_by("-pk")[: shown.PER_PAGE])
    if found:
        looks.note(sorted(access.somewhere(user, Right.LOG)), Look.What.LOG, clock.now(), user=user)
    zones = {event.controller.site.zone for event in found}
    told = {
        "days": shown.days(found, access.somewhere(user, Right.DURESS), shown.gaps(user, found) if found else []),
        "several_zones": len(zones) > 1,
    }
    return {"log-live": render_to_string("pages/log/_days.html", told)}
