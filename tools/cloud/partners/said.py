"""What a partner is told of doors, people and events: the same when it asks and when it is called."""

from typing import Any

from ..alarms import codes
from ..models import Door, Event, Partner, Person
from . import partners


def door(row: Door) -> dict[str, Any]:
    site = row.controller.site
    return {"id": row.pk, "name": row.name, "site": site.name, "zone": site.zone}


def person(partner: Partner, row: Person) -> dict[str, Any]:
    return {"id": partners.pseudonym(partner, row.pk), "name": row.name}


def event(partner: Partner, row: Event, at_door: Door) -> dict[str, Any]:
    """Nobody is told of duress here: it is a grant. A door that keeps no log names nobody, from the beginning."""
    known = row.credential is not None and not _names_nobody(at_door)
    return {
        "at": row.utc or row.received_at,
        "at_is_sure": row.time_trusted,
        "door": at_door.pk,
        "what": codes.NAMES.get(codes.shown(row.code, False), "unknown"),
        "person": partners.pseudonym(partner, row.credential.person_id) if known and row.credential else None,
    }


def _names_nobody(row: Door) -> bool:
    rules = getattr(row, "rules", None)
    days = None if rules is None else rules.retention_days
    return (row.controller.site.tenant.retention_days if days is None else days) == 0
