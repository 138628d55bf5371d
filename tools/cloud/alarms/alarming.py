"""Alarms as the pages say them."""

from collections.abc import Iterable
from typing import Any

from django.utils.translation import gettext as _

from ..doors import door_status
from ..log import words
from ..models import Alarm, Door, Right, User, visible
from ..pages import access, telling
from ..services import clock
from ..services.refusal import Refusal
from . import alarms


def now_standing(user: User) -> list[dict[str, Any]]:
    """What stands now, as rows for the top of the doors page."""
    log = access.somewhere(user, Right.LOG)
    may = access.somewhere(user, Right.ALARMS)
    found = alarms.standing(visible(Alarm, user))
    doors = doors_of([one.alarm for one in found])
    return [row(one.alarm, one.count, one.over, log, may, doors) for one in found]


Doors = dict[tuple[int, int], Door]  # by controller and number


def doors_of(alarms_shown: Iterable[Alarm]) -> Doors:
    """The doors of these alarms' controllers."""
    found = Door.objects.filter(controller__in={one.controller_id for one in alarms_shown})
    return {(door.controller_id, door.number): door for door in found}


def row(alarm: Alarm, count: int, over: bool, log: set[int], may: set[int], doors: Doors) -> dict[str, Any]:
    site = alarm.controller.site
    look, icon, text = _words(alarm)
    person = alarm.event.credential.person.name if alarm.event and alarm.event.credential else ""
    return {
        "alarm": alarm,
        "look": "warn" if over else look,
        "icon": icon,
        "text": text,
        "person": person if site.tenant_id in log else "",
        "place": _place(alarm, doors),
        "site": site.name,
        "time": door_status.moment(alarm.raised_at, site.zone, clock.now()),
        "count": count,
        "over": over,
        "may_acknowledge": site.tenant_id in may,
        "by": alarm.acknowledged_by,
        "note": alarm.note if site.tenant_id in log | may else "",  # may name somebody
        "acknowledged": alarm.acknowledged_at and door_status.moment(alarm.acknowledged_at, site.zone, clock.now()),
    }


def _words(alarm: Alarm) -> tuple[str, str, str]:
    if alarm.kind == Alarm.Kind.SILENT:
        return "warn", "unlinked", _("Controller silent: its doors work on, but nothing reaches it")
    if alarm.kind == Alarm.Kind.GAP:
        count = alarm.gap.last - alarm.gap.first + 1 if alarm.gap else 0
        return "warn", "gap", words.missing(count)
    if alarm.kind in (Alarm.Kind.TROUBLE, Alarm.Kind.TWINS):
        problem = Refusal(alarm.said.get("text", ""), **alarm.said.get("values", {}))
        return "warn", "unknown", telling.sentence(problem)
    said = words.words(alarm.code)
    return said.look or "bad", said.icon, words.sentence(alarm.code, alarm.extra, named=False)


def _place(alarm: Alarm, doors: Doors) -> str:
    if alarm.compartment:
        return words.compartment(alarm.compartment, alarm.controller.name)
    door = doors.get((alarm.controller_id, alarm.door_number))
    return f"{door.name} ({alarm.controller.name})" if door else str(alarm.controller.name)
