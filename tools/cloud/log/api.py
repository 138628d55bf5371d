"""The log: what controllers recorded, newest first, a page at a time."""

from datetime import datetime
from typing import Any

from django.db.models import Q
from django.http import HttpRequest
from ninja import Query, Router, Schema

from firmware.controller.events import GRANTED as granted

from ..alarms import codes
from ..api.auth import caller
from ..api.moments import Moment
from ..audit import looks
from ..models import Change, Event, Gap, Look, Person, Right
from ..services import clock
from . import retention

router = Router(tags=["log"])


class EventFilter(Schema):
    controller: int | None = None
    door: int | None = None  # its number on the controller; 0: the controller itself, or its bank
    compartment: int | None = None
    person: int | None = None
    code: list[int] | None = None
    since: Moment | None = None  # by when it came in
    until: Moment | None = None
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
    compartment: int  # of the bank; both 0: the controller itself
    extra: int
    count: int  # of a denial: how many more came; 255: or more
    credential_id: int | None  # of a PIN only for who may know of duress: it has one of its own
    person_id: int | None
    person: str | None
    received_at: datetime

    @staticmethod
    def resolve_name(event: Event) -> str:
        return codes.NAMES.get(event.code, "unknown")

    @staticmethod
    def resolve_credential_id(event: Any) -> int | None:
        return event.shown_credential

    @staticmethod
    def resolve_person_id(event: Event) -> int | None:
        return event.credential.person_id if event.credential else None

    @staticmethod
    def resolve_person(event: Event) -> str | None:
        return event.credential.person.name if event.credential else None


class LookOut(Schema):
    """Somebody looked at passages: of a person, or (null) of everybody."""

    id: int
    user: str | None
    token: str | None
    what: str
    person_id: int | None
    at: datetime
    until: datetime
    times: int

    @staticmethod
    def resolve_user(look: Look) -> str | None:
        return look.user.email if look.user else None

    @staticmethod
    def resolve_token(look: Look) -> str | None:
        return look.token.name if look.token else None


class ChangeFilter(Schema):
    person: int | None = None
    kind: Change.Kind | None = None
    object: int | None = None  # its number, of that kind
    user: str | None = None  # who changed it: their address
    token: int | None = None
    way: Change.Way | None = None
    since: Moment | None = None
    until: Moment | None = None
    before: int | None = None  # the id at which the page before ended
    limit: int = 100


class ChangeOut(Schema):
    """Somebody changed something. before and after: the fields that differ, as they were and are."""

    id: int
    tenant_id: int
    at: datetime
    way: Change.Way
    user: str | None
    token: str | None
    account: str  # the host's, of a command line
    kind: Change.Kind
    what: Change.What
    object: int | None
    name: str
    person_id: int | None
    before: dict[str, Any]
    after: dict[str, Any]
    erased: bool  # whom it was about is erased since: what it was is not known any more

    @staticmethod
    def resolve_user(change: Change) -> str | None:
        return change.user.email if change.user else None

    @staticmethod
    def resolve_token(change: Change) -> str | None:
        return change.token.name if change.token else None


class ChangePage(Schema):
    changes: list[ChangeOut]
    next: int | None  # give this as `before` for the page that follows; null: there is none


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
    who = caller(request)
    person = None if wanted.person is None else who.one(Person, wanted.person)
    looks.note(who.tenants(Right.LOG), Look.What.LOG, clock.now(), user=who.user, token=who.token, person=person)
    rows = who.rows(Event).exclude(code=codes.EXPIRED, extra=retention.ERASED_HERE).order_by("-id")
    rows = rows.select_related("credential__person", "controller__site")
    duress = who.tenants(Right.DURESS)
    conditions = {
        "controller": wanted.controller,
        "door_number": wanted.door,
        "compartment": wanted.compartment,
        "credential__person": wanted.person,
        "received_at__gte": wanted.since,
        "received_at__lt": wanted.until,
        "id__lt": wanted.before,
    }
    rows = rows.filter(**{name: value for name, value in conditions.items() if value is not None})
    if wanted.code:
        # Who may not know of duress sees a grant, and finds it where grants are.
        silent = Q(code__in=codes.SILENT) & ~Q(tenant__in=duress)
        asked = Q(code__in=wanted.code) & ~silent
        rows = rows.filter(asked | silent if granted in wanted.code else asked)
    limit = max(1, min(wanted.limit, 500))
    page = list(rows[: limit + 1])
    for event in page:
        all_of_it = event.controller.site.tenant_id in duress
        event.code = codes.shown(event.code, all_of_it)
        event.shown_credential = codes.shown_credential(event, all_of_it)  # type: ignore[attr-defined]
    following = page[limit - 1].pk if len(page) > limit else None
    return {"events": page[:limit], "next": following}


@router.get("/gaps", response=list[GapOut])
def list_gaps(request: HttpRequest) -> list[Gap]:
    return list(caller(request).rows(Gap).order_by("-id")[:500])


@router.get("/looks", response=list[LookOut])
def list_looks(request: HttpRequest) -> list[Look]:
    """Who looked at whose passages: the newest 500."""
    return list(caller(request).rows(Look).select_related("user", "token")[:500])


@router.get("/changes", response=ChangePage)
def list_changes(request: HttpRequest, wanted: Query[ChangeFilter]) -> dict[str, Any]:
    """Who changed what, newest first: for owners."""
    conditions = {
        "person": wanted.person,
        "kind": wanted.kind,
        "object": wanted.object,
        "user__email__iexact": wanted.user,
        "token": wanted.token,
        "way": wanted.way,
        "at__gte": wanted.since,
        "at__lt": wanted.until,
        "id__lt": wanted.before,
    }
    rows = caller(request).rows(Change).select_related("user", "token")
    rows = rows.filter(**{name: value for name, value in conditions.items() if value is not None})
    limit = max(1, min(wanted.limit, 500))
    page = list(rows[: limit + 1])
    return {"changes": page[:limit], "next": page[limit - 1].pk if len(page) > limit else None}
