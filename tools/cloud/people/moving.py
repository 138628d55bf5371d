"""Which doors change for somebody who is put into other groups: said before it is done, and nothing is written."""

from collections.abc import Collection
from typing import NamedTuple

from django.db.models import QuerySet

from ..models import Door, GroupDoor, Person

Hours = tuple[str, ...] | None  # names of the schedules; empty: at all times; None: not at all


class DoorChange(NamedTuple):
    door: Door
    was: Hours
    will: Hours


def preview(person: Person, groups: Collection[int], doors: QuerySet[Door]) -> list[DoorChange]:
    """groups: all that the person would be in. doors: those that may be told of. In the order of their names.

    By the groups alone: from when, until when and how often a right holds stays as it is with each of them.
    """
    was = _hours(set(person.grants.values_list("group", flat=True)))
    will = _hours(groups)
    changed = [pk for pk in {*was, *will} if was.get(pk) != will.get(pk)]
    rows = doors.filter(pk__in=changed, controller__lost_at=None).select_related("controller").order_by("name", "pk")
    return [DoorChange(door, was.get(door.pk), will.get(door.pk)) for door in rows]


def _hours(groups: Collection[int]) -> dict[int, Hours]:
    """{door: when it is passed}."""
    found: dict[int, set[str | None]] = {}
    places = GroupDoor.objects.filter(accessgroup__in=groups).values_list("door", "schedule__name")
    for door, schedule in places:
        found.setdefault(door, set()).add(schedule)
    return {
        door: () if None in names else tuple(sorted(name for name in names if name)) for door, names in found.items()
    }
