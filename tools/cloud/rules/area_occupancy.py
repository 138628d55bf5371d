"""Where people were let in, as far as the controllers of a site must know it of one another.

Only for areas that doors of several controllers lead to. Nothing is kept for it: the log says it.
"""

from collections.abc import Collection, Iterable
from datetime import datetime, timedelta
from typing import NamedTuple

from firmware.controller import events as codes
from firmware.controller.access.credential import card_value, credential_key

from ..models import AclEntry, Area, Controller, Credential, DoorRules, Event

LONGEST = timedelta(hours=168)  # an area remembers no longer
FORGET_H = 24  # where nothing else is said
MOST = 250  # credentials that a controller follows
GRANTS = (codes.GRANTED, codes.GRANTED_DURESS)

Door = tuple[int, int]  # controller, number


class Passage(NamedTuple):
    """A credential was let into an area. minute: since 1970."""

    credential: int
    area: int
    minute: int


def passages(site: int) -> dict[Door, tuple[int, int]]:
    """{door: the areas that it leads from and to, 0 is outside} of the doors of a site that lead anywhere."""
    rows = DoorRules.objects.filter(door__controller__site=site, door__controller__lost_at=None)
    found = rows.values_list("door__controller", "door__number", "leads_from__number", "leads_to__number")
    return {(at, number): (begin or 0, end or 0) for at, number, begin, end in found if begin != end}


def shared(leads: dict[Door, tuple[int, int]]) -> dict[int, set[int]]:
    """{area: controllers whose doors lead from it or to it} where they are several."""
    whose: dict[int, set[int]] = {}
    for (controller, _), areas in leads.items():
        for area in areas:
            if area:
                whose.setdefault(area, set()).add(controller)
    return {area: controllers for area, controllers in whose.items() if len(controllers) > 1}


def concerned(leads: dict[Door, tuple[int, int]]) -> dict[Door, int]:
    """{door: area it leads to} of the doors through which somebody comes into a shared area, or out of one."""
    areas = set(shared(leads))
    return {door: between[1] for door, between in leads.items() if areas & set(between)}


def now_in(site: int, doors: dict[Door, int], now: datetime) -> list[Passage]:
    """Where each credential was let in last, as long as its area remembers it; the latest of all come last."""
    hours = dict(Area.objects.filter(site=site).values_list("number", "forget_hours"))
    rows = Event.objects.filter(controller__in={at for at, _ in doors}, code__in=GRANTS, utc__gt=now - LONGEST)
    latest: dict[int, tuple[datetime, int]] = {}
    for at, number, credential, utc in rows.exclude(credential=None).values_list(
        "controller", "door_number", "credential", "utc"
    ):
        area = doors.get((at, number))
        if area is not None and (credential not in latest or utc >= latest[credential][0]):
            latest[credential] = utc, area
    found = [
        (utc, credential, area)
        for credential, (utc, area) in latest.items()
        if now - utc < timedelta(hours=hours.get(area) or FORGET_H)
    ]
    return [Passage(credential, area, minute_of(utc)) for utc, credential, area in sorted(found)[-MOST:]]


def minute_of(utc: datetime) -> int:
    return int(utc.timestamp()) // 60


def keys(controller: int, credentials: Collection[int]) -> dict[int, bytes]:
    """{credential: its key at a controller} of those that stand in its table. Events name a card by the card's key."""
    held: dict[int, set[bytes]] = {}
    for credential, key in AclEntry.objects.filter(controller=controller, credential__in=credentials).values_list(
        "credential", "key"
    ):
        held.setdefault(credential, set()).add(bytes(key))
    table_key = bytes(Controller.objects.values_list("table_key", flat=True).get(pk=controller))
    found = {}
    for row in Credential.objects.filter(pk__in=held):
        if row.kind == Credential.Kind.CARD:
            found[row.pk] = credential_key(table_key, card_value(row.bits, row.number))
        else:
            found[row.pk] = min(held[row.pk])
    return {pk: key for pk, key in found.items() if key in held[pk]}


def entries(controller: int, passed: Iterable[Passage]) -> list[bytes]:
    """The entries of the wire's PASSED message for a controller; who is not in its table is left out."""
    told = list(passed)
    known = keys(controller, {one.credential for one in told})
    return [
        known[one.credential] + bytes((one.area,)) + one.minute.to_bytes(4, "little")
        for one in told
        if one.credential in known
    ]
