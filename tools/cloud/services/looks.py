"""Who looked at whose passages, and what a person may ask for: all that is kept about them."""

from datetime import datetime, timedelta
from typing import Any

from ..models import ApiToken, Event, Look, Person, User
from . import codes

SAME = timedelta(minutes=10)  # somebody who pages through a log looks once


def note(
    tenants: list[int],
    what: Any,
    now: datetime,
    user: User | None = None,
    token: ApiToken | None = None,
    person: Person | None = None,
) -> None:
    """Keeps that somebody looks, in each tenant whose log they see."""
    for tenant in tenants:
        same = Look.objects.filter(tenant=tenant, user=user, token=token, what=what, person=person)
        last = same.filter(until__gt=now - SAME).order_by("-pk").first()
        if last is None:
            Look.objects.create(tenant_id=tenant, user=user, token=token, what=what, person=person, at=now, until=now)
        else:
            last.until, last.times = now, last.times + 1
            last.save(update_fields=["until", "times"])


def export(person: Person) -> dict[str, Any]:
    """Everything kept about a person, for them: GDPR article 15. PINs are not known to anybody."""
    events = Event.objects.filter(credential__person=person).select_related("controller__site", "credential")
    doors = {
        (door.controller_id, door.number): door.name
        for controller in {event.controller for event in events}
        for door in controller.doors.all()
    }
    return {
        "name": person.name,
        "active": person.active,
        "extended": person.extended,
        "escort": person.escort,
        "credentials": [
            {"kind": one.kind, "bits": one.bits, "number": one.number, "active": one.active, "until": one.valid_until}
            for one in person.credentials.all()
        ],
        "groups": [
            {
                "group": grant.group.name,
                "doors": [place.door.name for place in grant.group.places.select_related("door")],
                "from": grant.valid_from,
                "until": grant.valid_until,
                "uses": grant.uses,
            }
            for grant in person.grants.select_related("group")
        ],
        "events": [
            {
                "utc": event.utc,
                "received_at": event.received_at,
                "what": codes.NAMES.get(event.code, str(event.code)),
                "site": event.controller.site.name,
                "door": doors.get((event.controller_id, event.door_number), event.controller.name),
            }
            for event in events.order_by("pk")
        ],
        "looked_at_by": [
            {"what": look.what, "from": look.at, "until": look.until, "times": look.times}
            for look in Look.objects.filter(tenant=person.tenant_id, person=person)
        ],
    }
