"""Who can open a door at a moment, and what somebody can open: as the firmware decides, for everybody at once."""

from collections.abc import Collection
from datetime import datetime
from typing import NamedTuple

from django.db.models import QuerySet

from ..models import Door, Person
from . import since
from .access_at import MANY, Answer, Moment
from .since import Since


class Told(NamedTuple):
    """person: their number. answer: what the door would tell them."""

    person: int
    name: str
    answer: Answer


class Who(NamedTuple):
    """Of a door at a moment. may: who can open it. not_now: who is granted it, at other times. all: it stands unlocked.

    since: what was changed after a moment that is past: the answer may have been another one then. others: whose own
    rights were, and who are in neither list now.
    """

    may: list[Told]
    not_now: list[Told]
    all: bool
    since: Since
    others: list[Person]


def of_door(
    door: Door,
    at: datetime,
    now: datetime,
    seen: QuerySet[Person] | None = None,
    groups: Collection[int] | None = None,
) -> Who:
    """seen, groups: the people and access groups that show to whoever asks; None: all. By the names of the people."""
    tenant = door.controller.site.tenant_id
    people = (Person.objects.all() if seen is None else seen).filter(tenant=tenant)
    moment = Moment(tenant, at, controller=door.controller_id)
    granted = moment.people(door)
    active = people.filter(active=True).order_by()
    rows = active.filter(pk__in=granted) if len(granted) < MANY else active
    names = dict(rows.values_list("pk", "name"))
    here = sorted((pk for pk in granted if pk in names), key=lambda pk: (names[pk].casefold(), pk))
    told = [Told(pk, names[pk], moment.answer(pk, door)) for pk in here]
    later = since.of(tenant, at, now, groups)
    elsewhere = later.people - later.new - set(here)  # who was entered since could not pass then
    others = list(people.filter(pk__in=elsewhere).order_by("name", "pk"))
    may, not_now = ([one for one in told if one.answer.may is yes] for yes in (True, False))
    return Who(may, not_now, moment.open_to_all(door), later, others)


def of_person(person: Person, doors: Collection[Door], at: datetime) -> list[tuple[Door, Answer]]:
    """Each of these doors, with their site and rules at hand, as they would be told there."""
    moment = Moment(person.tenant_id, at, [person.pk])
    return [(door, moment.answer(person.pk, door)) for door in doors]
