"""Access groups: their name, what they allow, their doors and when. Changed whole or not at all."""

from collections.abc import Mapping

from django.db import IntegrityError

from ..audit import changes
from ..models import AccessGroup, Door, Grant, Schedule
from ..services import propagate
from ..services.refusal import Refusal


def save(group: AccessGroup, name: str, flags: Mapping[str, bool], doors: Mapping[int, int | None]) -> AccessGroup:
    """doors: {door: schedule, None for always}. What is not among them is no longer in the group."""
    group.name = name.strip()
    if not group.name:
        raise Refusal("a group needs a name; give it one")
    if set(doors) - set(Door.objects.of(group.tenant_id).filter(pk__in=doors).values_list("pk", flat=True)):
        raise Refusal("there is no such door in this tenant; choose one of its own")
    wanted = {schedule for schedule in doors.values() if schedule is not None}
    known = Schedule.objects.filter(tenant=group.tenant_id, pk__in=wanted)
    if wanted - set(known.values_list("pk", flat=True)):
        raise Refusal("there is no such schedule in this tenant; choose one of its own")
    for flag in AccessGroup.FLAGS:
        setattr(group, flag, bool(flags.get(flag, getattr(group, flag))))
    try:
        with changes.of(group):
            group.save()
            for place in group.places.exclude(door__in=doors):
                place.delete()
            held = {place.door_id: place for place in group.places.all()}
            for door, schedule in doors.items():
                if door not in held:
                    group.places.create(door_id=door, schedule_id=schedule)
                elif held[door].schedule_id != schedule:
                    held[door].schedule_id = schedule
                    held[door].save()
            propagate.access_in(group)
    except IntegrityError:
        raise Refusal("there is a group named %(name)s already; choose another name", name=group.name) from None
    return group


def remove(group: AccessGroup) -> None:
    """Whoever was in it may no longer pass its doors; that is kept for each of them."""
    tenant, pk = group.tenant_id, group.pk
    people = list(group.grants.order_by("person").values_list("person", flat=True))
    with changes.of(group):
        changes.removed(Grant, list(group.grants.order_by("pk").values_list("pk", flat=True)))
        group.delete()
        propagate.access_of_group(tenant, pk, people)
