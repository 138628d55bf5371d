"""The log: what controllers recorded, newest first, a page at a time."""

from datetime import datetime
from typing import Any

from django.http import HttpRequest
from ninja import Query, Router, Schema

from ...models import Event, Gap
from ...services import codes
from ..auth import caller

router = Router(tags=["log"])


class EventFilter(Schema):
    controller: int | None = None
    door: int | None = None  # its number on the controller; 0: the controller itself
    person: int | None = None
    code: list[int] | None = None
    since: datetime | None = None  # by when it came in
    until: datetime | None = None
    before: int | None = None  # the id at which the page before ended
    limit: int = 100


class EventOut(Schema):
    id: int
    controller_id: int
    epoch: int
    sequence: int
    utc: datetime | None
    time_trusted: bool
    code: int
    name: str
    door_number: int
    extra: int
    count: int  # of a denial: how many more came; 255: or more
    credential_id: int | None
    person_id: int | None
    person: str | None
    received_at: datetime

    @staticmethod
    def resolve_name(event: Event) -> str:
        return codes.NAMES.get(event.code, "unknown")

    @staticmethod
    def resolve_person_id(event: Event) -> int | None:
        return event.credential.person_id if event.credential else None

    @staticmethod
    def resolve_person(event: Event) -> str | None:
        return event.credential.person.name if event.credential else None


class EventPage(Schema):
    events: list[EventOut]
    next: int | None  # give this as `before` for the page that follows; null: there is none


class GapOut(Schema):
    """Events that were overwritten on the controller before they came in."""

    id: int
    controller_id: int
    epoch: int
    first: int
    last: int
    noticed_at: datetime


@router.get("/events", response=EventPage)
def list_events(request: HttpRequest, wanted: Query[EventFilter]) -> dict[str, Any]:
    rows = caller(request).rows(Event).select_related("credential__person").order_by("-id")
    conditions = {
        "controller": wanted.controller,
        "door_number": wanted.door,
        "credential__person": wanted.person,
        "code__in": wanted.code or None,
        "received_at__gte": wanted.since,
        "received_at__lt": wanted.until,
        "id__lt": wanted.before,
    }
    rows = rows.filter(**{name: value for name, value in conditions.items() if value is not None})
    limit = max(1, min(wanted.limit, 500))
    page = list(rows[: limit + 1])
    following = page[limit - 1].pk if len(page) > limit else None
    return {"events": page[:limit], "next": following}


@router.get("/gaps", response=list[GapOut])
def list_gaps(request: HttpRequest) -> list[Gap]:
    return list(caller(request).rows(Gap).order_by("-id")[:500])
