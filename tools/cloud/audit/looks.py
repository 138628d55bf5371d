"""Who looked at whose passages, and what a person may ask for: all that is kept about them."""

from datetime import datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from ..alarms import codes
from ..models import ApiToken, Change, Event, Look, Person, User
from ..services import local_time

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
        same = Look.objects.filter(tenant=tenant, user=user, token=token, what=what, person=person, erased=False)
        last = same.filter(until__gt=now - SAME).order_by("-pk").first()
        if last is None:
            Look.objects.create(tenant_id=tenant, user=user, token=token, what=what, person=person, at=now, until=now)
        else:
            last.until, last.times = now, last.times + 1
            last.save(update_fields=["until", "times"])


def export(person: Person) -> dict[str, Any]:
    """Everything kept about a person, for them: GDPR article 15. PINs are not known to anybody.

    Times are by the clock of the site, or of most of the sites, with their offset from UTC.
    """
    home = ZoneInfo(local_time.of_tenant(person.tenant_id)[0])
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
            {
                "kind": one.kind,
                "bits": one.bits,
                "number": one.number,
                "active": one.active,
                "until": _at(one.valid_until, home),
            }
            for one in person.credentials.all()
        ],
        "groups": [
            {
                "group": grant.group.name,
                "doors": [place.door.name for place in grant.group.places.select_related("door")],
                "from": _at(grant.valid_from, home),
                "until": _at(grant.valid_until, home),
                "uses": grant.uses,
            }
            for grant in person.grants.select_related("group")
        ],
        "events": [
            {
                "at": _at(event.utc, ZoneInfo(event.controller.site.zone)),
                "received_at": _at(event.received_at, ZoneInfo(event.controller.site.zone)),
                "what": codes.NAMES.get(event.code, str(event.code)),
                "site": event.controller.site.name,
                "door": doors.get((event.controller_id, event.door_number), event.controller.name),
            }
            for event in events.order_by("pk")
        ],
        "changes": [
            {"at": _at(one.at, home), "kind": one.kind, "what": one.what, "before": one.before, "after": one.after}
            for one in Change.objects.filter(tenant=person.tenant_id, person=person).order_by("pk")
        ],
        "looked_at_by": [
            {"what": look.what, "from": _at(look.at, home), "until": _at(look.until, home), "times": look.times}
            for look in Look.objects.filter(tenant=person.tenant_id, person=person)
        ],
    }


def _at(moment: datetime | None, zone: ZoneInfo) -> str | None:
    if moment is None:
        return None
    try:
        return moment.astimezone(zone).isoformat(timespec="seconds")
    except OverflowError:  # kept before there were bounds
        return moment.isoformat(timespec="seconds")
