"""Whether each door is locked, and why: as its controller last said, with who asked for it and when it ends."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime

from django.db.models import Max, OuterRef, Subquery

from firmware.controller import events as codes
from firmware.controller.access import modes

from ..models import Command, Door, DoorRules, Event, Right, User, processing, standing
from ..rules import hours

# As DOOR_STATUS of the wire has it -> the word of the API.
WHY = {
    modes.SCHEDULE: "schedule",
    modes.FIRST_IN: "first_person",
    modes.OFFICE: "office_mode",
    modes.COMMAND: "hold",
    modes.EVACUATION: "evacuation",
    modes.FIRE: "fire",
    modes.LOCKDOWN: "lockdown",
}
_BY_SCHEDULE = ("schedule", "first_person", "office_mode")
_EMERGENCY = {"lockdown": Command.Do.LOCKDOWN, "evacuation": Command.Do.EVACUATION}


@dataclass(frozen=True)
class LockState:
    """state: locked, unlocked, lockdown, or unknown before the controller has said. why: a word of WHY, or empty.

    until: when it ends, None: not before somebody ends it, or not known. schedule: the name of the one that counts.
    user: who asked for it here; person: who began it at the door.
    """

    state: str
    why: str = ""
    until: datetime | None = None
    since: datetime | None = None
    schedule: str = ""
    user: User | None = None
    person: str = ""


def told_who(tenants: Callable[[Right], Iterable[int]]) -> set[int]:
    """The tenants in which somebody is told who asked: whoever may do the same, or sees the log."""
    return {*tenants(Right.RELEASE), *tenants(Right.LOG)}


def lock(door: Door, now: datetime) -> LockState:
    return locks([door], now)[0]


def locks(doors: Sequence[Door], now: datetime) -> list[LockState]:
    """Of many doors, in their order, with their controllers and sites at hand.

    As many queries for a thousand as for one; doors that stand as usual cost none.
    """
    behind = _Behind([(door, said[0]) for door in doors if (said := _said(door, now))])
    return [_lock(door, _said(door, now), behind, now) for door in doors]


def _said(door: Door, now: datetime) -> list[int] | None:
    """[why, until, since] of a door that does not stand as usual, as its controller has told."""
    said: list[int] | None = (door.controller.door_status or {}).get(str(door.number))
    # Its end the controller keeps by itself, also when it has no link to tell.
    return None if said is None or 0 < said[1] <= now.timestamp() else said


def _lock(door: Door, said: list[int] | None, behind: "_Behind", now: datetime) -> LockState:
    if said is None:
        return LockState("unknown" if door.controller.door_status is None else "locked")
    why, end, begun = WHY[said[0]], _at(said[1]), _at(said[2])
    if why in _BY_SCHEDULE:
        until, name = behind.hours(door, why, now)
        return LockState("unlocked", why, until, begun, name, person=behind.who_began(door, said[0]))
    order = behind.order(door, why, said[1])
    begun = begun or (order and order.ended_at)
    return LockState(
        "lockdown" if why == "lockdown" else "unlocked", why, end, begun, user=order and order.requested_by
    )


def _at(seconds: int) -> datetime | None:
    return datetime.fromtimestamp(seconds, UTC) if seconds else None


class _Behind:
    """What lies behind it that doors do not stand as usual: commands, schedules, cards. standing: each with its why."""

    def __init__(self, standing: list[tuple[Door, int]]):
        whys = {door.pk: WHY[number] for door, number in standing}
        scheduled = [pk for pk, why in whys.items() if why in _BY_SCHEDULE]
        self._rules = {
            row.door_id: row
            for row in DoorRules.objects.filter(door__in=scheduled).select_related("free__next", "office__next")
        }
        self._orders = _orders(
            [pk for pk, why in whys.items() if why == "hold"],
            {door.controller_id for door, _ in standing if whys[door.pk] in _EMERGENCY},
        )
        self._began = _began([pk for pk in scheduled if whys[pk] != "schedule"])
        self._holidays: dict[int, list[tuple[date, date]]] = {}
        self._ends: dict[tuple[int, str], datetime | None] = {}

    def order(self, door: Door, why: str, until: int) -> Command | None:
        """The command that it came of."""
        if why == "hold":
            order = self._orders.get(("hold", door.pk))
            return order if order and order.arguments.get("until") == until else None
        return self._orders.get((why, door.controller_id))

    def hours(self, door: Door, why: str, now: datetime) -> tuple[datetime | None, str]:
        """When the schedule that counts ends, and its name."""
        rules = self._rules.get(door.pk)
        schedule = rules and (rules.office if why == "office_mode" else rules.free)
        if not schedule:
            return None, ""
        site = door.controller.site
        if site.tenant_id not in self._holidays:
            self._holidays[site.tenant_id] = hours.holidays(site.tenant_id)
        if (schedule.pk, site.zone) not in self._ends:
            ends = hours.ends(schedule, site.zone, now, self._holidays[site.tenant_id])
            self._ends[schedule.pk, site.zone] = ends
        return self._ends[schedule.pk, site.zone], schedule.name

    def who_began(self, door: Door, number: int) -> str:
        return self._began.get((door.pk, number), "")


def _orders(held: list[int], controllers: set[int]) -> dict[tuple[str, int], Command]:
    """The last holds of these doors that were carried out, and the last emergencies of these controllers."""
    done = Command.objects.filter(state=Command.State.DONE)
    last: list[int] = []
    if held:
        of_door = done.filter(door__in=held, do=Command.Do.HOLD).values("door").annotate(last=Max("pk"))
        last += of_door.values_list("last", flat=True)
    if controllers:
        of_all = done.filter(controller__in=controllers, do__in=_EMERGENCY.values())
        last += of_all.values("controller", "do").annotate(last=Max("pk")).values_list("last", flat=True)
    found: dict[tuple[str, int], Command] = {}
    for row in Command.objects.filter(pk__in=last).select_related("requested_by"):
        found[row.do, row.door_id if row.do == Command.Do.HOLD and row.door_id else row.controller_id] = row
    return found


def _began(doors: list[int]) -> dict[tuple[int, int], str]:
    """Whose card it was: {(door, why): name}. An event tells only what unlocked a door that was locked before."""
    if not doors:
        return {}
    began = Event.objects.filter(
        controller=OuterRef("controller"), door_number=OuterRef("number"), code=codes.FREE_BEGAN
    ).order_by("-id")
    began = began.exclude(credential__person__in=standing.stopped(processing.LOG))
    rows = Door.objects.filter(pk__in=doors).annotate(
        first=Subquery(began.filter(extra=modes.FIRST_IN).values("credential__person__name")[:1]),
        office=Subquery(began.filter(extra=modes.OFFICE).values("credential__person__name")[:1]),
    )
    found: dict[tuple[int, int], str] = {}
    for pk, first, office in rows.values_list("pk", "first", "office"):
        found |= {(pk, modes.FIRST_IN): first or "", (pk, modes.OFFICE): office or ""}
    return found
