"""Commissioning as the cloud sees it: what an installer has tried at one controller, read from its events alone."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from firmware.controller import events

from ..alarms import codes
from ..models import Controller, Door, Event

MINUTES = 15
MOST_MINUTES = 60
SHOWN = timedelta(hours=12)  # how long after its end the list stands on the page
_ENDS = (events.COMMISSIONING_BEGAN, events.COMMISSIONING_ENDED, events.STARTED)
# What `extra` of TRIED stands for.
CONTACT, EXIT, CARD, KEY, LOCK, INPUT = 1, 2, 3, 4, 5, 16


@dataclass(frozen=True)
class Check:
    """One thing to try. what: reader, keys, contact, exit, lock, or the kind of an input. at: when it worked."""

    what: str
    number: int  # of the input, 0 for what belongs to a door
    at: datetime | None


@dataclass(frozen=True)
class CheckedPlace:
    """door: None for what belongs to the board. misread: {bits: how often}, of frames that were no cards."""

    door: Door | None
    checks: list[Check]
    misread: dict[int, int] = field(default_factory=dict)


@dataclass(frozen=True)
class Commissioning:
    """The last one. until: when it ends or ended."""

    on: bool
    begun: datetime
    until: datetime
    places: list[CheckedPlace]

    @property
    def checks(self) -> list[Check]:
        return [check for place in self.places for check in place.checks]

    @property
    def done(self) -> int:
        return sum(check.at is not None for check in self.checks)


def last(controller: Controller, now: datetime) -> Commissioning | None:
    """None: there was none lately."""
    said = Event.objects.filter(controller=controller)
    begun = said.filter(door_number=0, code=events.COMMISSIONING_BEGAN).order_by("-pk").first()
    if begun is None:
        return None
    end = said.filter(door_number=0, pk__gt=begun.pk, code__in=_ENDS).order_by("pk").first()
    until = _at(begun) + timedelta(minutes=begun.extra) if end is None else _at(end)
    if until < now - SHOWN:
        return None
    within = said.filter(pk__gt=begun.pk, **({} if end is None else {"pk__lt": end.pk}))
    wanted = within.filter(code__in=(events.TRIED, events.READER_MISREAD, *codes.GRANTED, *codes.RELEASED))
    return Commissioning(end is None and now < until, _at(begun), until, _places(controller, wanted.order_by("pk")))


def _at(event: Event) -> datetime:
    return event.utc or event.received_at


def _places(controller: Controller, came: Iterable[Event]) -> list[CheckedPlace]:
    tried: dict[tuple[int, int], datetime] = {}
    released: dict[int, datetime] = {}
    misread: dict[int, dict[int, int]] = {}
    for event in came:
        if event.code == events.TRIED:
            tried.setdefault((event.door_number, event.extra), _at(event))
        elif event.code == events.READER_MISREAD:
            counts = misread.setdefault(event.door_number, {})
            counts[event.extra] = counts.get(event.extra, 0) + 1 + event.count
        else:
            released.setdefault(event.door_number, _at(event))
    inputs = list(_inputs(controller.inputs(), tried))
    found = []
    for door in controller.doors.select_related("rules"):
        table = controller.wiring(door.number)
        checks = [Check("reader", 0, tried.get((door.number, CARD)))]
        if (door.number, KEY) in tried or _asks_for_keys(door):
            checks.append(Check("keys", 0, tried.get((door.number, KEY))))
        if table.get("contact"):
            checks.append(Check("contact", 0, tried.get((door.number, CONTACT))))
        if table.get("rex"):
            checks.append(Check("exit", 0, tried.get((door.number, EXIT))))
        at = tried.get((door.number, LOCK)) if table.get("contact") else released.get(door.number)
        checks.append(Check("lock" if table.get("contact") else "strike", 0, at))
        checks += [check for number, check in inputs if number == door.number]
        found.append(CheckedPlace(door, checks, misread.get(door.number, {})))
    board = [check for number, check in inputs if number == 0]
    return [*found, CheckedPlace(None, board)] if board else found


def _asks_for_keys(door: Door) -> bool:
    rules = getattr(door, "rules", None)
    return rules is not None and any("pin" in asked[0] for asked in rules.who)


def _inputs(inputs: list[dict[str, Any]], tried: dict[tuple[int, int], datetime]) -> Iterable[tuple[int, Check]]:
    """(door, check). A battery is no switch that somebody moves: it is there when it has spoken."""
    for number, one in enumerate(inputs, 1):
        at = [when for (_, what), when in tried.items() if what == INPUT + number]
        if one.get("kind", "reset") != "reset" and (at or "low_mv" not in one):
            yield one.get("door", 0), Check(one["kind"], number, at[0] if at else None)
