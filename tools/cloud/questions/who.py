"""Who can open a door at a moment, and what somebody can open: as the firmware decides, for everybody at once."""

from collections.abc import Collection
from datetime import datetime
from typing import NamedTuple

from ..models import Change, Door, Person
from .access_at import Answer, Moment

# What changes whose rights, of the kinds that are kept.
_OF_RIGHTS = (Change.Kind.GRANT, Change.Kind.CARD, Change.Kind.PIN, Change.Kind.PERSON)


class Who(NamedTuple):
    """Of a door at a moment. may: who can open it. not_now: who is granted it, at other times. all: it stands unlocked.

    since: whose own rights were changed after a moment that is past: for them the answer may have been another one.
    """

    may: list[tuple[Person, Answer]]
    not_now: list[tuple[Person, Answer]]
    all: bool
    since: set[int]


def of_door(door: Door, at: datetime, now: datetime, seen: Collection[int] | None = None) -> Who:
    """seen: the people who show to whoever asks; None: all."""
    tenant = door.controller.site.tenant_id
    moment = Moment(tenant, at)
    numbers = [one for one in moment.people(door) if seen is None or one in seen]
    people = Person.objects.filter(tenant=tenant, active=True).in_bulk(numbers)
    may: list[tuple[Person, Answer]] = []
    not_now: list[tuple[Person, Answer]] = []
    for person in sorted(people.values(), key=lambda one: (one.name.casefold(), one.pk)):
        found = moment.answer(person.pk, door)
        (may if found.may else not_now).append((person, found))
    return Who(may, not_now, moment.open_to_all(door), _changed_since(tenant, at) if at < now else set())


def of_person(person: Person, doors: Collection[Door], at: datetime) -> list[tuple[Door, Answer]]:
    """Each of these doors, with their site and rules at hand, as they would be told there."""
    moment = Moment(person.tenant_id, at, [person.pk])
    return [(door, moment.answer(person.pk, door)) for door in doors]


def _changed_since(tenant: int, at: datetime) -> set[int]:
    found = Change.objects.filter(tenant=tenant, at__gt=at, kind__in=_OF_RIGHTS, person__isnull=False)
    return set(found.values_list("person", flat=True))
