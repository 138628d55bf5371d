"""What a partner is told of doors, people and events: the same when it asks and when it is called."""

from datetime import date
from typing import Any

from ..alarms import codes
from ..models import Door, Event, Partner, Person, processing, standing
from ..people import births
from ..sealing import Unreadable
from . import partners


def door(row: Door) -> dict[str, Any]:
    site = row.controller.site
    return {"id": row.pk, "name": row.name, "site": site.name, "zone": site.zone}


def person(partner: Partner, row: Person) -> dict[str, Any]:
    return {"id": partners.pseudonym(partner, row.pk), "name": row.name, "birth_date": _born(partner, row)}


def _born(partner: Partner, row: Person) -> date | None:
    """Only where an owner shares it with this partner."""
    known = getattr(row, "birth", None) if Partner.Scope.BIRTH in partner.scopes else None
    if known is not None and standing.stops(processing.BIRTH_SHARED, row):
        return None
    try:
        return births.said(known).born if known is not None else None
    except Unreadable:
        return None


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
