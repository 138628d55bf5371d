"""How each door is, from the last that was heard of it."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db.models import OuterRef, QuerySet, Subquery

from firmware.controller import events as codes

from ..models import Door, Event
from ..services import clock
from . import locks
from .locks import LockState

CONFIRMED_FOR = timedelta(seconds=5)  # a link heard from within this time counts as up
CONTACT = {
    codes.DOOR_CLOSED: "closed",
    codes.DOOR_OPENED: "open",
    codes.DOOR_FOUND_OPEN: "open",
    codes.DOOR_HELD: "held",
    codes.DOOR_FORCED: "forced",
}


@dataclass(frozen=True)
class DoorState:
    """contact: closed, open, held, forced, or unknown before the first event. confirmed: the link is up."""

    door: Door
    contact: str
    confirmed: bool
    in_sync: bool  # the controller holds the access list of this moment
    last_event: Event | None
    lock: LockState


def state(door: Door, now: datetime | None = None) -> DoorState:
    return states([door], now)[0]


def states(doors: Iterable[Door] | QuerySet[Door], now: datetime | None = None) -> list[DoorState]:
    """The state of many doors, in their order, in two queries."""
    now = now or clock.now()
    numbers = [door.pk for door in doors]
    of_door = Event.objects.filter(controller=OuterRef("controller"), door_number=OuterRef("number")).order_by("-id")
    started = Event.objects.filter(controller=OuterRef("controller"), door_number=0, code=codes.STARTED).order_by("-id")
    rows = {
        door.pk: door
        for door in Door.objects.filter(pk__in=numbers)
        .select_related("controller__site")
        .annotate(
            last_contact=Subquery(of_door.filter(code__in=list(CONTACT)).values("code")[:1]),
            last_contact_id=Subquery(of_door.filter(code__in=list(CONTACT)).values("id")[:1]),
            last_start_id=Subquery(started.values("id")[:1]),
            last_event_id=Subquery(of_door.values("id")[:1]),
        )
    }
    last = Event.objects.select_related("credential__person").in_bulk(
        [row.last_event_id for row in rows.values() if row.last_event_id is not None]  # type: ignore[attr-defined]
    )
    found = [rows[number] for number in numbers]
    return [_state(row, last, lock, now) for row, lock in zip(found, locks.locks(found, now), strict=True)]


def is_confirmed(confirmed_at: datetime | None, now: datetime) -> bool:
    return confirmed_at is not None and now - confirmed_at <= CONFIRMED_FOR


def _contact(door) -> str:  # type: ignore[no-untyped-def]
    """A controller that starts tells which of its doors it finds open: the others are closed."""
    if (door.last_start_id or 0) > (door.last_contact_id or 0) and _has_contact(door):
        return "closed"
    return CONTACT.get(door.last_contact, "unknown")


def _has_contact(door: Door) -> bool:
    return bool(door.controller.wiring(door.number).get("contact"))


def _state(door, last: dict[int, Event], lock: LockState, now: datetime) -> DoorState:  # type: ignore[no-untyped-def]
    return DoorState(
        door=door,
        contact=_contact(door),
        confirmed=is_confirmed(door.controller.confirmed_at, now),
        in_sync=door.controller.in_sync,
        last_event=last.get(door.last_event_id),
        lock=lock,
    )
