"""What a person did at doors and compartments, for themselves: what the log has of them, and what they unlocked here.

That they look is kept nowhere. Who looked is kept so that people can ask why others looked at them; when somebody
looks at what is theirs is nobody's business, and would be one thing more that is known about them.
"""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from ..alarms import codes
from ..doors import door_status
from ..log import words
from ..models import Command, Door, Event, Person
from ..services import clock

SHOWN = 40


@dataclass(frozen=True)
class Page:
    rows: list[dict[str, Any]]
    older: int | None  # Unix seconds from which on earlier ones are shown


def page(person: Person, before: datetime | None = None) -> Page:
    """The newest first; before: those of before then."""
    events = Event.objects.filter(credential__person=person).exclude(code=codes.EXPIRED)
    unlocks = Command.objects.filter(person=person, do=Command.Do.RELEASE, door__isnull=False)
    if before is not None:
        events, unlocks = events.filter(received_at__lt=before), unlocks.filter(requested_at__lt=before)
    events = events.select_related("controller__site", "credential").order_by("-received_at", "-pk")
    unlocks = unlocks.select_related("controller__site", "door").order_by("-requested_at", "-pk")
    found = [*events[: SHOWN + 1], *unlocks[: SHOWN + 1]]
    found.sort(key=_at, reverse=True)
    shown = found[:SHOWN]
    names = {
        (door.controller_id, door.number): door.name
        for door in Door.objects.filter(controller__in={row.controller_id for row in shown})
    }
    rows = [_event(row, names) if isinstance(row, Event) else _unlock(row) for row in shown]
    older = int(_at(shown[-1]).timestamp()) + 1 if len(found) > SHOWN else None
    return Page(rows, older)


def _at(row: Event | Command) -> datetime:
    return row.received_at if isinstance(row, Event) else row.requested_at


def _event(row: Event, names: dict[tuple[int, int], str]) -> dict[str, Any]:
    code = codes.shown(row.code, False)  # a phone that somebody else may look at, too: of duress it says nothing
    called = words.words(code)
    place = names.get((row.controller_id, row.door_number), row.controller.name)
    if row.compartment:
        place = words.compartment(row.compartment, row.controller.name)
    at = row.utc or row.received_at
    return {
        "look": called.look,
        "icon": called.icon,
        "text": words.sentence(code, row.extra, True, row.count),
        "place": place,
        "with": words.credential(row.credential, False) if row.credential else "",
        "time": door_status.moment(at, row.controller.site.zone, clock.now()),
    }


def _unlock(row: Command) -> dict[str, Any]:
    from .shown import fate  # which needs the words of the page

    look, icon, text = fate(row)
    time = door_status.moment(row.requested_at, row.controller.site.zone, clock.now())
    place = row.door.name if row.door else row.controller.name
    return {"look": look, "icon": icon, "text": text, "place": place, "with": "", "time": time}
