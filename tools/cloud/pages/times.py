"""Moments in words, by the clocks of the places that they are about."""

from collections.abc import Iterable, Sequence
from datetime import datetime

from django.utils import formats
from django.utils.translation import gettext as _

from ..models import Grant
from ..services import local_time


def begins(moment: datetime, zones: Sequence[str], named: bool) -> str:
    """3 May 2026 08:00. named: the place is said, too; of several zones it always is."""
    return _each(((zone, _at(moment, zone)) for zone in zones), named or len(zones) > 1)


def ends(moment: datetime, zones: Sequence[str], named: bool) -> str:
    """The same, or the day that is over then."""
    said = []
    for zone in zones:
        day = local_time.last_day(moment, zone)
        over = day and _("the end of %(day)s") % {"day": formats.date_format(day, "DATE_FORMAT")}
        said.append((zone, over or _at(moment, zone)))
    return _each(said, named or len(zones) > 1)


def validity(grant: Grant, zones: Sequence[str], named: bool) -> dict[str, str]:
    """From and until of a grant, where it has them."""
    return {
        "begins": begins(grant.valid_from, zones, named) if grant.valid_from else "",
        "ends": ends(grant.valid_until, zones, named) if grant.valid_until else "",
    }


def _at(moment: datetime, zone: str) -> str:
    return formats.date_format(local_time.there(moment, zone), "DATETIME_FORMAT")


def _each(said: Iterable[tuple[str, str]], named: bool) -> str:
    return ", ".join(f"{text} ({local_time.city(zone)})" if named else text for zone, text in said)
