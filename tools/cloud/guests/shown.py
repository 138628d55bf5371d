"""Guests in words: for their host, for administrators, and the pass for themselves with its code."""

from typing import Any

from django.db.models import QuerySet
from django.utils.safestring import SafeString, mark_safe
from django.utils.translation import gettext as _

from ..models import Credential, Door, Guest
from ..pages import times
from ..people import pins
from ..questions.access_at import Moment
from ..sealing import Unreadable
from ..services import clock, local_time
from . import guests


def each(rows: QuerySet[Guest]) -> list[dict[str, Any]]:
    found = list(rows.select_related("person", "host", "invited_by").prefetch_related("places__door"))
    came = guests.passages(found)
    zones = local_time.of_tenants({row.person.tenant_id for row in found})
    return [_guest(row, came[row.pk], zones[row.person.tenant_id]) for row in found]


def _guest(row: Guest, came: int, zones: list[str]) -> dict[str, Any]:
    now = clock.now()
    if row.ended_at is not None or row.valid_until <= now:
        look, icon, state = "", "cross", _("Over")
    elif row.page is None:
        look, icon, state = "warn", "clock", _("Not opened yet")
    elif row.valid_from > now:
        look, icon, state = "", "clock", _("Later")
    else:
        look, icon, state = "good", "check", _("May come in")
    names = [place.door.name for place in row.places.all()]
    return {
        "row": row,
        "look": look,
        "icon": icon,
        "state": state,
        "doors": names,
        "begins": times.begins(row.valid_from, zones[:1], len(zones) > 1),
        "ends": times.ends(row.valid_until, zones[:1], len(zones) > 1),
        "came": came,
        "living": row.ended_at is None and row.valid_until > now,
    }


def pass_of(row: Guest) -> dict[str, Any]:
    """What stands on the guest's own page. Nothing of it says who they are; of the host only that there is one."""
    zones = local_time.of_tenant(row.person.tenant_id)
    said = _guest(row, guests.passages([row])[row.pk], zones)
    now = clock.now()
    moment = Moment(row.person.tenant_id, now, [row.pk])
    pin = row.person.credentials.filter(kind=Credential.Kind.PIN, active=True).first()
    try:
        digits = pins.digits(pin.sealed) if pin is not None else ""
    except Unreadable:  # the host's key is another one: nothing can be shown
        digits = ""
    doors = [
        {"name": door.name, "place": door.controller.site.name, "opens": moment.answer(row.pk, door).may}
        for door in _doors(row)
    ]
    left = None if row.uses is None else max(0, row.uses - said["came"])
    used_up = left == 0
    return said | {
        "doors": doors,
        "digits": digits,
        "spaced": " ".join((digits[:3], digits[3:])) if len(digits) == 6 else digits,
        "qr": qr(digits) if digits and not used_up else "",
        "left": left,
        "used_up": used_up,
        "later": row.valid_from > now,
    }


def _doors(row: Guest) -> QuerySet[Door]:
    chosen = Door.objects.filter(controller__lost_at=None, pk__in=row.places.values("door"))
    return chosen.select_related("controller__site").order_by("name")


def qr(digits: str) -> SafeString:
    """The digits for a scanner that types them as a keypad would. Drawn here: nobody else sees them."""
    import segno  # for this alone

    drawn = segno.make_qr(digits, error="m").svg_inline(scale=8, border=4, dark="#000", light="#fff", omitsize=True)
    return mark_safe(drawn)  # made of digits, by the library
