"""Export: everything that is kept about a person, as a copy for them."""

from dataclasses import asdict
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from ..alarms import codes
from ..help import requests
from ..lockers.about import legible
from ..models import Change, Event, Look, Person, ScimUser
from ..people import births
from ..sealing import Unreadable
from ..services import local_time


def of_person(person: Person, birth_date: bool = False) -> dict[str, Any]:
    """Everything kept about a person, for them: GDPR article 15. PINs are not known to anybody.

    birth_date: only where it is asked for: such files are handed on.

    Times are by the clock of the site, or of most of the sites, with their offset from UTC.
    """
    home = ZoneInfo(local_time.of_tenant(person.tenant_id)[0])
    return {
        "name": person.name,
        "active": person.active,
        "extended": person.extended,
        "escort": person.escort,
        "account": person.user.email if person.user else None,
        "directory": _of_directory(person),
        **({"birth": _birth(person)} if birth_date else {}),
        **_access(person, home),
        "events": _events(person),
        "unlocked_on_their_page": [
            {"at": _at(one.requested_at, ZoneInfo(one.controller.site.zone)), "door": one.door.name if one.door else ""}
            for one in person.unlocks.select_related("controller__site", "door").order_by("pk")
        ],
        **_belongings(person, home),
        "help": _help(person, home),
        **_records(person, home),
    }


def _access(person: Person, home: ZoneInfo) -> dict[str, Any]:
    """What they carry, and what it opens."""
    return {
        "credentials": [
            {
                "kind": credential.kind,
                "bits": credential.bits,
                "number": credential.number,
                "active": credential.active,
                "until": _at(credential.valid_until, home),
            }
            for credential in person.credentials.all()
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
    }


def _events(person: Person) -> list[dict[str, Any]]:
    events = Event.objects.filter(credential__person=person).select_related("controller__site", "credential")
    doors = {
        (door.controller_id, door.number): door.name
        for controller in {event.controller for event in events}
        for door in controller.doors.all()
    }
    return [
        {
            "at": _at(event.utc, ZoneInfo(event.controller.site.zone)),
            "received_at": _at(event.received_at, ZoneInfo(event.controller.site.zone)),
            "what": codes.NAMES.get(event.code, str(event.code)),
            "site": event.controller.site.name,
            "door": doors.get((event.controller_id, event.door_number), event.controller.name),
        }
        for event in events.order_by("pk")
    ]


def _belongings(person: Person, home: ZoneInfo) -> dict[str, Any]:
    """Compartments, parcels and guests."""
    return {
        "compartments": [
            {"bank": one.bank.name, "compartment": one.compartment, "until": _at(one.valid_until, home)}
            for one in person.allotments.select_related("bank")
        ],
        "deliveries": [
            {"bank": one.bank.name, "for": asdict(legible(one)), "made_at": _at(one.made_at, home), "state": one.state}
            for one in person.deliveries.select_related("bank").order_by("pk")
        ],
        "left_for_others": [
            {"bank": one.bank.name, "for": asdict(legible(one)), "made_at": _at(one.made_at, home), "state": one.state}
            for one in person.given.select_related("bank").order_by("pk")
        ],
        "guests": [
            {"guest": str(one), "from": _at(one.valid_from, home), "until": _at(one.valid_until, home)}
            for one in person.guests.select_related("person").order_by("pk")
        ],
    }


def _help(person: Person, home: ZoneInfo) -> list[dict[str, Any]]:
    """What they asked for, and what was answered."""
    return [
        {
            "at": _at(row.made_at, home),
            "kind": row.kind,
            "state": row.state,
            "attached": row.about,
            "said": [
                {"at": _at(one.at, home), "by": "house" if one.by_house else "person", "text": requests.text(one)}
                for one in row.messages.all()
            ],
        }
        for row in person.help_requests.prefetch_related("messages").order_by("pk")
    ]


def _records(person: Person, home: ZoneInfo) -> dict[str, Any]:
    """What was changed of them, and who looked."""
    return {
        "changes": [
            {
                "at": _at(change.at, home),
                "kind": change.kind,
                "what": change.what,
                "before": change.before,
                "after": change.after,
            }
            for change in Change.objects.filter(tenant=person.tenant_id, person=person).order_by("pk")
        ],
        "looked_at_by": [
            {"what": look.what, "from": _at(look.at, home), "until": _at(look.until, home), "times": look.times}
            for look in Look.objects.filter(tenant=person.tenant_id, person=person)
        ],
    }


def _birth(person: Person) -> dict[str, Any] | None:
    try:
        known = births.of(person)
    except Unreadable:
        return None
    days = {name: day and day.isoformat() for name, day in (("born", known.born), ("agreed_on", known.agreed_on))}
    return {**days, "guardian": known.guardian, "by_provider": known.claimed} if any(known) else None


def _of_directory(person: Person) -> dict[str, Any] | None:
    """What the organisation's directory says of them (SCIM)."""
    row = ScimUser.objects.filter(person=person).first()
    return row and {"user_name": row.user_name, "external_id": row.external_id, **row.said}


def _at(moment: datetime | None, zone: ZoneInfo) -> str | None:
    if moment is None:
        return None
    try:
        return moment.astimezone(zone).isoformat(timespec="seconds")
    except OverflowError:  # kept before there were bounds
        return moment.isoformat(timespec="seconds")
