"""Entries of the log as the pages show them: under their days, what is missing at its place."""

from datetime import date, datetime, timedelta
from typing import Any

from django.db.models import Q, QuerySet
from django.utils import formats

from firmware.controller.events import COMMISSIONING

from ..alarms import codes
from ..doors import door_status
from ..models import Door, Event, Gap, visible
from ..services import local_time
from . import retention, words

PER_PAGE = 60


def there(user: Any) -> QuerySet[Event]:
    """The events that somebody may see, but for those that were erased here."""
    return visible(Event, user).exclude(code=codes.EXPIRED, extra=retention.ERASED_HERE)


def gaps(user: Any, found: list[Event]) -> list[Gap]:
    """The gaps that lie between, or right beside, the events shown."""
    if not found:
        return list(visible(Gap, user).select_related("controller__site").order_by("-noticed_at")[:PER_PAGE])
    near = Q()
    for controller, epoch in {(event.controller_id, event.epoch) for event in found}:
        numbers = [e.sequence for e in found if (e.controller_id, e.epoch) == (controller, epoch)]
        near |= Q(controller=controller, epoch=epoch, first__gte=min(numbers) - 1, last__lte=max(numbers) + 1)
        near |= Q(controller=controller, epoch=epoch, last=min(numbers) - 1)
    return list(visible(Gap, user).filter(near).select_related("controller__site"))


def days(found: list[Event], all_of_it: set[int], missing: list[Gap]) -> list[dict[str, Any]]:
    """Rows under their days. A gap stands right after (in time: before) the event that followed it."""
    doors = {
        (door.controller_id, door.number): door
        for door in Door.objects.filter(controller__in={event.controller_id for event in found})
    }
    after = {(gap.controller_id, gap.epoch, gap.last + 1): gap for gap in missing}
    under: list[dict[str, Any]] = []
    for event in found:
        at = door_status.local(event.utc or event.received_at, event.controller.site.zone)
        if not under or under[-1]["date"] != at.date():
            under.append({"date": at.date(), "name": _day(at.date()), "rows": []})
        everything = event.controller.site.tenant_id in all_of_it
        under[-1]["rows"].append(_row(event, everything, doors.get((event.controller_id, event.door_number)), at))
        gap = after.pop((event.controller_id, event.epoch, event.sequence), None)
        if gap is not None:
            under[-1]["rows"].append({"gap": gap, "count": gap.last - gap.first + 1})
    for gap in after.values():
        if not under:
            under.append({"date": None, "name": "", "rows": []})
        under[-1]["rows"].append({"gap": gap, "count": gap.last - gap.first + 1})
    return under


def _row(event: Event, all_of_it: bool, door: Door | None, at: datetime) -> dict[str, Any]:
    code = codes.shown(event.code, all_of_it)
    called = words.words(code)
    return {
        "event": event,
        "time": at.strftime("%H:%M:%S"),
        "iso": at.isoformat(timespec="seconds"),
        "city": local_time.city(event.controller.site.zone),
        "untimed": event.utc is None,
        "unsure": event.utc is not None and not event.time_trusted,
        "tried": bool(event.flags & COMMISSIONING),
        "late": event.utc is not None and event.received_at - event.utc > timedelta(minutes=1),
        "look": called.look,
        "icon": called.icon,
        "text": words.sentence(code, event.extra, event.credential is not None, event.count),
        "place": _place(event, door),
        "controller": event.controller.name,
        "person": event.credential.person if event.credential else None,
        "card": words.credential(event.credential, all_of_it) if event.credential else "",
    }


def _place(event: Event, door: Door | None) -> str:
    if event.compartment:
        return words.compartment(event.compartment, event.controller.name)
    return door.name if door else event.controller.name


def _day(day: date) -> str:
    return formats.date_format(day, "l ") + formats.date_format(day)
