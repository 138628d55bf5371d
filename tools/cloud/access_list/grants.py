"""What people are granted, gathered from the database: per person and controller, ready for access_list/rights.py."""

from collections.abc import Collection, Iterable, Iterator
from dataclasses import dataclass, field, replace
from typing import Any, NamedTuple

from django.db.models import Q

from firmware.controller.records import NO_END

from ..models import AccessGroup, Controller, Door, DoorRules, Grant, GroupDoor, Guest, Person
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
        return self if last >= self.last else replace(self, last=last)

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


@dataclass(eq=False)
class _Places:
    """Doors, each with the number of its schedule. Those of a group are one object, by which they are compared."""

    at: list[tuple[Door, int]] = field(default_factory=list)


class _Claim(NamedTuple):
    """Somebody's right to doors."""

    person: int
    part: _Part
    places: _Places


def granted(
    tenant: int, people: Collection[int] | None, now: int, at: int | None = None
) -> dict[int, dict[int, Granted]]:
    """{person: {controller: what is granted there}}. now: in packed minutes. at: one controller; None: at all.

    Most people of a house have the same as others: it is worked out once for all of them, and theirs is one object.
    """
    groups: dict[int, _Places] = {}
    for place in GroupDoor.objects.filter(accessgroup__tenant=tenant).select_related("door", "schedule"):
        schedule = place.schedule.number if place.schedule else rights.ALWAYS
        groups.setdefault(place.accessgroup_id, _Places()).at.append((place.door, schedule))
    claims: dict[int, list[tuple[_Part, _Places]]] = {}
    for claim in (*_grants(tenant, people, groups, at), *_of_guests(tenant, people, groups)):
        claims.setdefault(claim.person, []).append((claim.part, claim.places))
    alike: dict[tuple[tuple[_Part, _Places], ...], dict[int, Granted]] = {}
    found = {}
    for person, has in claims.items():
        key = tuple(has)
        if key not in alike:
            alike[key] = _by_controller(has, now, at)
        if alike[key]:
            found[person] = alike[key]
    return found


def _by_controller(has: list[tuple[_Part, _Places]], now: int, at: int | None) -> dict[int, Granted]:
    found: dict[int, _Gathering] = {}
    for part, places in has:
        for door, schedule in places.at:
            if at is not None and door.controller_id != at:
                continue
            there = found.setdefault(door.controller_id, _Gathering())
            there.parts.append(part)
            there.doors.setdefault(door.number, set()).add(rights.Span(schedule, part.begin, part.end))
    return {controller: _whole(there, now) for controller, there in found.items()}


def _grants(
    tenant: int, people: Collection[int] | None, groups: dict[int, _Places], at: int | None
) -> Iterator[_Claim]:
    rows = Grant.objects.filter(person__tenant=tenant, person__active=True)
    if people is not None:
        rows = rows.filter(person__in=people)
    if at is not None:
        there = [pk for pk, places in groups.items() if any(door.controller_id == at for door, _ in places.at)]
        rows = rows.filter(group__in=there)
    says: dict[tuple[int, bool, str], tuple[tuple[str, Any], ...]] = {}
    of_person, of_group = ("person__extended", "person__escort"), [f"group__{flag}" for flag in AccessGroup.FLAGS]
    named = "person", "group", "group__name", "valid_from", "valid_until", "uses", *of_person, *of_group
    read = rows.order_by("pk").values_list(*named)
    for person, group, name, valid_from, valid_until, uses, extended, escort, *flags in read:
        places = groups.get(group) or _Places()
        _check_uses(name, uses, places)
        key = group, extended, escort
        if key not in says:
            says[key] = _says(extended, escort, dict(zip(AccessGroup.FLAGS, flags, strict=True)))
        begin, end = rights.minutes_from(valid_from), rights.minutes(valid_until)
        yield _Claim(person, _Part(begin, end, says[key], uses), places)


def _of_guests(tenant: int, people: Collection[int] | None, groups: dict[int, _Places]) -> Iterator[_Claim]:
    """What guests have of their hosts' grants: as long as both hold, and of these doors only. Those of the house have
    the doors as they are.

    Of a host who is not active, needs an escort or has a number of uses there is nothing to have; nor what a group
    allows beyond its doors.
    """
    rows = Guest.objects.filter(person__tenant=tenant, person__active=True, ended_at=None)
    rows = rows.filter(Q(house=True) | Q(host__active=True) & ~Q(host__escort=Person.Escort.NEEDS))
    rows = (rows if people is None else rows.filter(person__in=people)).order_by("pk").select_related("person")
    guests = list(rows.prefetch_related("places__door"))
    hosts: dict[int | None, list[Grant]] = {}
    if guests:
        for grant in Grant.objects.filter(person__in={one.host_id for one in guests}, uses=None):
            hosts.setdefault(grant.person_id, []).append(grant)
    for one in guests:
        begin, end = rights.minutes_from(one.valid_from), rights.minutes(one.valid_until)
        part = _Part(begin, end, (("extended", True),) if one.person.extended else (), one.uses)
        doors = {place.door_id: place.door for place in one.places.all()}
        if one.house:
            yield _Claim(one.pk, part, _Places([(door, rights.ALWAYS) for door in doors.values()]))
            continue
        for grant in hosts.get(one.host_id, ()):
            begin = max(part.begin, rights.minutes_from(grant.valid_from))
            end = min(part.end, rights.minutes(grant.valid_until))
            if begin < end and grant.group_id in groups:
                places = [(door, schedule) for door, schedule in groups[grant.group_id].at if door.pk in doors]
                yield _Claim(one.pk, part._replace(begin=begin, end=end), _Places(places))


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


def _says(extended: bool, escort: str, flags: dict[str, bool]) -> tuple[tuple[str, Any], ...]:
    """What a profile says of a person in a group with these flags, in the words of the rules."""
    says: dict[str, Any] = {flag: True for flag, is_set in flags.items() if is_set}
    if extended:
        says["extended"] = True
    if escort:
        says["escort"] = escort
    return tuple(sorted(says.items()))


def _check_uses(group: str, uses: int | None, places: _Places) -> None:
    """Uses are counted on the controller: with two of them there would be twice as many."""
    controllers = {door.controller_id for door, _ in places.at} if uses else ()
    if len(controllers) > 1:
        names = Controller.objects.filter(pk__in=controllers)
        raise Refusal(
            "uses are counted at one controller, and %(group)s has doors of several (%(names)s); "
            "choose a group with the doors of one",
            group=group,
            names=", ".join(names.order_by("name").values_list("name", flat=True)),
        )
