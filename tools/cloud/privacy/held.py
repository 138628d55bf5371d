"""What is held longer than the table of retention says: measured in the rows themselves, after each tidying.

The tidying erases by the table; this looks whether it did. What is a day past its end is told to those who answer for
it, on every page, until a tidying leaves nothing behind: a worker that does not run is told so, too.
"""

import logging
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any, NamedTuple

from django.db.models import Q, QuerySet
from django.db.models.functions import Coalesce

from ..alarms import codes
from ..models import (
    Alarm,
    Breach,
    Change,
    Command,
    DataCopy,
    DataRequest,
    Delivery,
    Door,
    Erased,
    Event,
    HelpRequest,
    Look,
    Progress,
    Reading,
    Tenant,
    processing,
    retention,
    standing,
)
from ..models.retention import Kept

log = logging.getLogger("portvakt.privacy")
LATE = timedelta(days=1)
PURGED = "purged"  # when a tidying last left nothing behind


class Late(NamedTuple):
    kept: Kept
    tenant: Tenant
    rows: int


def _passages(tenant: Tenant, days: timedelta, now: datetime) -> QuerySet[Any]:
    """By when they came in: a door's own days, where it has some."""
    own = Coalesce("rules__retention_days", tenant.retention_days)
    doors = list(Door.objects.of(tenant).annotate(days=own).values_list("controller", "number", "days"))
    shortest = min([days, *(timedelta(days=kept) for *_, kept in doors)])
    old = Q(door_number=0, received_at__lt=now - days)
    for controller, number, kept in doors:
        named = {} if kept else {"credential__isnull": False}  # a door that keeps no log names nobody
        old |= Q(controller=controller, door_number=number, received_at__lt=now - timedelta(days=kept), **named)
    rows = Event.objects.of(tenant).exclude(code=codes.EXPIRED)
    return rows.filter(received_at__lt=now - shortest).filter(old)


def _people(tenant: Tenant, days: timedelta, now: datetime) -> QuerySet[Any]:
    from . import leaving  # which leads back here by way of the pages

    return leaving.leaving(tenant).filter(left_at__lt=now - days)


def _help(tenant: Tenant, days: timedelta, now: datetime) -> QuerySet[Any]:
    from ..help import policy

    kept = timedelta(days=policy.of(tenant.pk).days)
    return HelpRequest.objects.of(tenant).filter(state=HelpRequest.State.CLOSED, changed_at__lt=now - kept)


def _by(model: Any, when: str, **more: Any) -> Callable[[Tenant, timedelta, datetime], QuerySet[Any]]:
    return lambda tenant, days, now: model.objects.of(tenant).filter(**{f"{when}__lt": now - days}, **more)


# Row of the table -> the rows of an organisation that are so many days past their end.
PAST: dict[str, tuple[Kept, Callable[[Tenant, timedelta, datetime], QuerySet[Any]]]] = {
    "people": (retention.PEOPLE, _people),
    "passages": (retention.PASSAGES, _passages),
    "parcels": (
        retention.PARCELS,
        lambda tenant, days, now: Delivery.objects.of(tenant).exclude(about=b"").filter(ended_at__lt=now - days),
    ),
    "looks": (retention.LOOKS, _by(Look, "until")),
    "changes": (retention.CHANGES, _by(Change, "at")),
    "alarms": (retention.ALARMS, _by(Alarm, "raised_at")),
    "commands": (retention.COMMANDS, _by(Command, "requested_at")),
    "requests": (
        retention.REQUESTS,
        lambda tenant, days, now: (
            DataRequest.objects.of(tenant).filter(closed_at__lt=now - days).exclude(pk__in=standing.rows().values("pk"))
        ),
    ),
    "copies": (retention.COPIES, _by(DataCopy, "made_at")),
    "breaches": (retention.BREACHES, _by(Breach, "closed_at")),
    "help": (retention.HELP, _help),
    "readings": (retention.READINGS, _by(Reading, "read_at", number__isnull=False)),
    "backups": (retention.BACKUPS, _by(Erased, "at")),
}


def too_long(now: datetime) -> list[Late]:
    """What is a day past its end, by organisation. What somebody has restricted stays, and is none of it."""
    found = []
    for tenant in Tenant.objects.order_by("pk"):
        for kept, past in PAST.values():
            days = kept.days(tenant)
            if days is None:
                continue
            rows = past(tenant, timedelta(days=days) if kept.own else kept.period or timedelta(0), now - LATE)
            said: Any = rows.model.PERSON
            for way in getattr(said, "person", ()):
                rows = rows.exclude(**{f"{way}__in": standing.stopped(processing.PURGE)})
            if count := rows.count():
                found.append(Late(kept, tenant, count))
    return found


def look(now: datetime) -> None:
    """After a whole tidying: it asks a dozen questions an organisation."""
    late = too_long(now)
    for one in late:
        log.error("held for too long in tenant %d: %d of %s", one.tenant.pk, one.rows, one.kept.kind)
    if not late:
        Progress.objects.update_or_create(name=PURGED, defaults={"at": now})


def behind(now: datetime) -> datetime | None:
    """Since when something may be held for too long; None: nothing is. Before the first tidying nothing is known."""
    at = Progress.objects.filter(name=PURGED).values_list("at", flat=True).first()
    return at if at is not None and at < now - LATE else None
