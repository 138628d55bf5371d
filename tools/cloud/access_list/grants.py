"""What people are granted, gathered from the database: per person and controller, ready for access_list/rights.py."""

from collections.abc import Collection, Iterable
from dataclasses import dataclass, field, replace
from typing import Any, NamedTuple

from firmware.controller.records import NO_END

from ..models import AccessGroup, Controller, DoorRules, Grant, GroupDoor, Person
from ..services.refusal import Refusal
from . import rights


@dataclass(frozen=True)
class Granted:
    """spans: ((door number, its spans), ...); says: what the profile says beside its doors.

    even: everything that is granted says the same. Otherwise the record ends with the first change: what one grant
    allows must not outlive it offline because another one goes on.
    """

    spans: tuple[tuple[int, tuple[rights.Span, ...]], ...]
    says: tuple[tuple[str, Any], ...] = ()
    even: bool = True
    last: int = NO_END

    @property
    def doors(self) -> list[int]:
        return [door for door, _ in self.spans]

    @property
    def flags(self) -> dict[str, Any]:
        return dict(self.says)

    def ending(self, last: int) -> "Granted":
        """The same for a credential that itself ends."""
        return replace(self, last=min(last, self.last))

    def right(self, now: int, exact: bool = True) -> rights.Entitlement:
        spans = {door: [span._replace(end=min(span.end, self.last)) for span in found] for door, found in self.spans}
        found = rights.right(spans, now, self.flags, exact and self.even)
        assert found is not None, "a grant without doors is none"
        return found


class _Part(NamedTuple):
    """One grant at one controller."""

    begin: int
    end: int
    says: tuple[tuple[str, Any], ...]
    uses: int | None


@dataclass
class _Gathering:
    doors: dict[int, set[rights.Span]] = field(default_factory=dict)
    parts: list[_Part] = field(default_factory=list)


def granted(tenant: int, people: Collection[int] | None, now: int) -> dict[int, dict[int, Granted]]:
    """{person: {controller: what is granted there}}. now: in packed minutes."""
    grants = Grant.objects.filter(person__tenant=tenant, person__active=True).select_related("person", "group")
    if people is not None:
        grants = grants.filter(person__in=people)
    places: dict[int, list[GroupDoor]] = {}
    for place in GroupDoor.objects.filter(accessgroup__tenant=tenant).select_related("door", "schedule"):
        places.setdefault(place.accessgroup_id, []).append(place)
    found: dict[int, dict[int, _Gathering]] = {}
    for grant in grants.order_by("pk"):
        here = places.get(grant.group_id, ())
        _check_uses(grant, here)
        for place in here:
            at = found.setdefault(grant.person_id, {}).setdefault(place.door.controller_id, _Gathering())
            schedule = place.schedule.number if place.schedule else rights.ALWAYS
            part = _Part(
                rights.minutes_from(grant.valid_from),
                rights.minutes(grant.valid_until),
                _says(grant.person, grant.group),
                grant.uses,
            )
            at.parts.append(part)
            at.doors.setdefault(place.door.number, set()).add(rights.Span(schedule, part.begin, part.end))
    return {
        person: {controller: _whole(at, now) for controller, at in by_controller.items()}
        for person, by_controller in found.items()
    }


def asks(tenant: int) -> dict[tuple[int, int], list[str]]:
    """{(controller, door number): what the door asks for at some time}; "card" where nothing is said."""
    rows = DoorRules.objects.of(tenant).exclude(who=[]).values_list("door__controller", "door__number", "who")
    return {(controller, number): [what for what, _ in who] for controller, number, who in rows}


def pin_only(controllers: Iterable[int]) -> list[int]:
    """The doors of these controllers that a PIN alone may open."""
    rows = DoorRules.objects.filter(door__controller__in=list(controllers)).exclude(who=[]).values_list("pk", "who")
    return [door for door, who in rows if any(what in ("pin", "card/pin") for what, _ in who)]


def _whole(at: _Gathering, now: int) -> Granted:
    live = [part for part in at.parts if part.end > now]
    if len({part.uses for part in live}) > 1:
        raise Refusal(
            "a right that is limited to a number of uses stands alone at a controller; end the other one there first"
        )
    # What holds now; before anything does, what holds first.
    first = max(now, min((part.begin for part in live), default=0))
    says = {name: value for part in live if part.begin <= first for name, value in part.says}
    if live and live[0].uses:
        says["uses"] = live[0].uses
    spans = tuple((door, tuple(sorted(spans))) for door, spans in sorted(at.doors.items()))
    return Granted(spans, tuple(sorted(says.items())), even=len({part.says for part in live}) < 2)


def _says(person: Person, group: AccessGroup) -> tuple[tuple[str, Any], ...]:
    """What a profile says of a person in a group, in the words of the rules."""
    says: dict[str, Any] = {flag: True for flag in AccessGroup.FLAGS if getattr(group, flag)}
    if person.extended:
        says["extended"] = True
    if person.escort:
        says["escort"] = person.escort
    return tuple(sorted(says.items()))


def _check_uses(grant: Grant, places: Collection[GroupDoor]) -> None:
    """Uses are counted on the controller: with two of them there would be twice as many."""
    if grant.uses and len({place.door.controller_id for place in places}) > 1:
        names = Controller.objects.filter(pk__in={place.door.controller_id for place in places})
        raise Refusal(
            "uses are counted at one controller, and %(group)s has doors of several (%(names)s); "
            "choose a group with the doors of one",
            group=grant.group.name,
            names=", ".join(names.order_by("name").values_list("name", flat=True)),
        )
