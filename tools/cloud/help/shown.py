"""Requests in words: for who asked, and for who answers."""

from typing import Any

from django.db.models import Min
from django.utils import formats
from django.utils.dateparse import parse_datetime
from django.utils.translation import gettext as _

from ..doors import door_status
from ..models import HelpMessage, HelpRequest
from ..services import clock, local_time
from . import requests

LOOKS = {"waiting": ("warn", "clock"), "answered": ("good", "check"), "closed": ("", "lock")}
LEAVES = {"waiting": ("", "clock"), "sent": ("good", "check"), "failed": ("bad", "cross")}


def lines(rows: list[HelpRequest]) -> list[dict[str, Any]]:
    """In a list. begins: the first line of what was asked."""
    zones = local_time.of_tenants({row.tenant_id for row in rows})
    firsts = HelpMessage.objects.filter(request__in=rows).order_by().values("request").annotate(first=Min("pk"))
    asked = {one.request_id: one for one in HelpMessage.objects.filter(pk__in=firsts.values("first"))}
    return [
        {**_state(row, zones[row.tenant_id][0]), "begins": _read(asked[row.pk]).split("\n")[0][:120]} for row in rows
    ]


def _state(row: HelpRequest, zone: str) -> dict[str, Any]:
    look, icon = LOOKS[row.state]
    return {
        "row": row,
        "look": look,
        "icon": icon,
        "state": row.get_state_display(),
        "asker": asker(row),
        "time": door_status.moment(row.changed_at, zone, clock.now()),
    }


def _read(message: HelpMessage) -> str:
    said = requests.text(message)
    return _("It cannot be read any more.") if said is None else said


def whole(row: HelpRequest, for_house: bool) -> dict[str, Any]:
    """With all that was written. for_house: with who of the house wrote it, and whether a notice left."""
    zone = local_time.of_tenant(row.tenant_id)[0]
    return {
        **_state(row, zone),
        "said": [_message(one, zone, for_house) for one in row.messages.select_related("user", "letter")],
        "about": about(row.about, zone),
        "closed": row.state == HelpRequest.State.CLOSED,
    }


def _message(one: Any, zone: str, for_house: bool) -> dict[str, Any]:
    letter = getattr(one, "letter", None) if for_house else None
    look, icon = LEAVES[letter.state] if letter else ("", "")
    return {
        "by_house": one.by_house,
        "by": one.user.get_full_name() if one.user and for_house and one.by_house else "",
        "text": _read(one),
        "time": door_status.moment(one.at, zone, clock.now()),
        "letter": letter,
        "look": look,
        "icon": icon,
    }


def asker(row: HelpRequest) -> str:
    """By the name they have in the house, else by that of their account."""
    if row.person is not None:
        return row.person.name
    return row.user.get_full_name() if row.user else _("somebody whose account is gone")


def about(kept: dict[str, str], zone: str) -> list[tuple[str, str, str]]:
    """[(name, what it is called, what was attached)]"""
    labels = {"page": _("Page"), "time": _("When it was"), "browser": _("Browser"), "error": _("Error number")}
    return [(name, label, _value(name, kept[name], zone)) for name, label in labels.items() if kept.get(name)]


def _value(name: str, said: str, zone: str) -> str:
    at = parse_datetime(said) if name == "time" else None
    return formats.date_format(local_time.there(at, zone), "DATETIME_FORMAT") if at else said
