"""Whether each door is locked, and why: as its controller last said, with who asked for it and when it ends."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import UTC, datetime

from firmware.controller import events as codes
from firmware.controller.access import modes

from ..models import Command, Door, DoorRules, Event, Right, User
from . import hours

# As STANDING of the wire has it -> the word of the API.
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
class Lock:
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


def lock(door: Door, now: datetime) -> Lock:
    """One door's. Doors that stand as usual cost no query when their controller is at hand."""
    told = door.controller.standing
    if told is None:
        return Lock("unknown")
    said = told.get(str(door.number))
    if said is None:
        return Lock("locked")
    why, end, begun = WHY[said[0]], _at(said[1]), _at(said[2])
    if end is not None and end <= now:
        return Lock("locked")  # the controller ends it by itself, also when it has no link to tell
    if why in _BY_SCHEDULE:
        return _by_schedule(door, said[0], begun, now)
    if why == "fire":
        return Lock("unlocked", why, None, begun)
    order = _order(door, why, end)
    begun = begun or (order and order.ended_at)
    user = order and order.requested_by
    return Lock("lockdown" if why == "lockdown" else "unlocked", why, end, begun, user=user)


def _at(seconds: int) -> datetime | None:
    return datetime.fromtimestamp(seconds, UTC) if seconds else None


def _order(door: Door, why: str, end: datetime | None) -> Command | None:
    """The command that it came of: the last one that was carried out."""
    done = Command.objects.filter(controller=door.controller_id, state=Command.State.DONE)
    if why == "hold":
        done = done.filter(do=Command.Do.HOLD, door=door, arguments__until=int(end.timestamp()) if end else 0)
    else:
        done = done.filter(do=_EMERGENCY[why])
    return done.select_related("requested_by").order_by("-pk").first()


def _by_schedule(door: Door, number: int, begun: datetime | None, now: datetime) -> Lock:
    why = WHY[number]
    rules = DoorRules.objects.select_related("free__next", "office__next").filter(door=door).first()
    schedule = rules and (rules.office if why == "office_mode" else rules.free)
    until, name = None, ""
    if schedule:
        site = door.controller.site
        until, name = hours.ends(schedule, site.zone, now, hours.holidays(site.tenant_id)), schedule.name
    person = "" if why == "schedule" else _who_began(door, number)
    return Lock("unlocked", why, until, begun, name, person=person)


def _who_began(door: Door, number: int) -> str:
    """Whose card. An event tells only what unlocked a door that was locked before."""
    began = Event.objects.filter(
        controller=door.controller_id, door_number=door.number, code=codes.FREE_BEGAN, extra=number
    )
    last = began.select_related("credential__person").order_by("-pk").first()
    return last.credential.person.name if last and last.credential else ""
