"""Alarms as the pages say them."""

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
    return [row(one.alarm, one.count, one.over, log, may) for one in found]


def row(alarm: Alarm, count: int, over: bool, log: set[int], may: set[int]) -> dict[str, Any]:
    site = alarm.controller.site
    look, icon, text = _words(alarm)
    person = alarm.event.credential.person.name if alarm.event and alarm.event.credential else ""
    return {
        "alarm": alarm,
        "look": "warn" if over else look,
        "icon": icon,
        "text": text,
        "person": person if site.tenant_id in log else "",
        "place": _place(alarm),
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


def _place(alarm: Alarm) -> str:
    if alarm.compartment:
        return words.compartment(alarm.compartment, alarm.controller.name)
    door = Door.objects.filter(controller=alarm.controller_id, number=alarm.door_number).first()
    return f"{door.name} ({alarm.controller.name})" if door else str(alarm.controller.name)
