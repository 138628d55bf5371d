"""Who is inside: a roll call from what the log says of areas. For an evacuation it is a help and no proof.

People who passed without a card, or through a door that leads to no area, are not in it.
"""

from datetime import datetime, timedelta
from typing import NamedTuple

from ..models import Area, Event, Person, Site
from ..rules import area_occupancy


class There(NamedTuple):
    """since: when they were let in. door: by which."""

    person: Person
    since: datetime
    door: str


class Inside(NamedTuple):
    area: Area
    people: list[There]


def of_site(site: Site, now: datetime) -> list[Inside]:
    """Each area of a site with who is in it: of somebody with several cards the last passage counts."""
    leads = area_occupancy.passages(site.pk)
    areas = {area.number: area for area in Area.objects.filter(site=site).order_by("number")}
    since = now - area_occupancy.LONGEST
    rows = Event.objects.filter(
        controller__in={at for at, _ in leads}, code__in=area_occupancy.GRANTS, utc__gt=since, utc__lte=now
    )
    rows = rows.exclude(credential=None).select_related("credential__person", "controller").order_by("utc", "pk")
    last: dict[int, tuple[Event, int]] = {}
    for event in rows:
        area = leads.get((event.controller_id, event.door_number))
        if area is not None:
            last[event.credential.person_id] = event, area[1]
    names = {
        (door.controller_id, door.number): door.name
        for controller in {event.controller for event, _ in last.values()}
        for door in controller.doors.all()
    }
    found = {number: Inside(area, []) for number, area in areas.items()}
    for event, number in last.values():
        area_row = areas.get(number)
        hours = (area_row.forget_hours if area_row else None) or area_occupancy.FORGET_H
        if area_row is None or now - event.utc >= timedelta(hours=hours):
            continue
        door = names.get((event.controller_id, event.door_number), event.controller.name)
        found[number].people.append(There(event.credential.person, event.utc, door))
    return [one._replace(people=sorted(one.people, key=lambda it: it.person.name.casefold())) for one in found.values()]
