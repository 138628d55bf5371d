"""Who can open a door at a moment, and what somebody can open: as the firmware decides, for everybody at once."""

from collections.abc import Collection
from datetime import datetime
from typing import NamedTuple

from ..models import Door, Person
from . import since
from .access_at import Answer, Moment
from .since import Since


class Who(NamedTuple):
    """Of a door at a moment. may: who can open it. not_now: who is granted it, at other times. all: it stands unlocked.

    since: what was changed after a moment that is past: the answer may have been another one then. others: whose own
    rights were, and who are in neither list now.
    """

    may: list[tuple[Person, Answer]]
    not_now: list[tuple[Person, Answer]]
    all: bool
    since: Since
    others: list[Person]


def of_door(
    door: Door,
    at: datetime,
    now: datetime,
    seen: Collection[int] | None = None,
    groups: Collection[int] | None = None,
) -> Who:
    """seen, groups: the people and access groups that show to whoever asks; None: all."""
    tenant = door.controller.site.tenant_id
    moment = Moment(tenant, at, controller=door.controller_id)
    numbers = [one for one in moment.people(door) if seen is None or one in seen]
    people = Person.objects.filter(tenant=tenant, active=True).in_bulk(numbers)
    may: list[tuple[Person, Answer]] = []
    not_now: list[tuple[Person, Answer]] = []
    for person in sorted(people.values(), key=lambda one: (one.name.casefold(), one.pk)):
        found = moment.answer(person.pk, door)
        (may if found.may else not_now).append((person, found))
    later = since.of(tenant, at, now, groups)
    elsewhere = later.people - later.new - people.keys()  # who was entered since could not pass then
    others = Person.objects.filter(tenant=tenant, pk__in=elsewhere if seen is None else elsewhere & set(seen))
    return Who(may, not_now, moment.open_to_all(door), later, list(others.order_by("name", "pk")))


def of_person(person: Person, doors: Collection[Door], at: datetime) -> list[tuple[Door, Answer]]:
    """Each of these doors, with their site and rules at hand, as they would be told there."""
    moment = Moment(person.tenant_id, at, [person.pk])
    return [(door, moment.answer(person.pk, door)) for door in doors]
