"""Cards that were not used for so many days: lost ones that nobody reported, and ones that nobody needs."""

from datetime import datetime, timedelta
from typing import NamedTuple

from django.db.models import Exists, Max, OuterRef, QuerySet

from ..models import Change, Credential, Door, DoorRules, Event, Tenant

DAYS = 90


class Unused(NamedTuple):
    """cards: with `last`, when each was used, as far as the log goes back. doors: whose log is kept for less."""

    cards: QuerySet[Credential]
    doors: list[Door]


def of_tenant(tenant: Tenant, days: int, now: datetime, seen: QuerySet[Credential]) -> Unused:
    """seen: the cards that show to whoever asks. One that was given meanwhile is not among them."""
    since = now - timedelta(days=days)
    used = Event.objects.filter(credential=OuterRef("pk"), utc__gte=since)
    given = Change.objects.filter(
        tenant=tenant, kind=Change.Kind.CARD, what=Change.What.MADE, at__gte=since, object=OuterRef("pk")
    )
    cards = seen.filter(tenant=tenant, kind=Credential.Kind.CARD, active=True, person__active=True)
    cards = cards.exclude(Exists(used)).exclude(Exists(given)).annotate(last=Max("events__utc"))
    return Unused(cards.select_related("person").order_by("person__name", "pk"), _shorter(tenant, days))


def _shorter(tenant: Tenant, days: int) -> list[Door]:
    own = dict(DoorRules.objects.of(tenant).exclude(retention_days=None).values_list("door", "retention_days"))
    doors = Door.objects.of(tenant).filter(controller__lost_at=None).order_by("name", "pk")
    return [door for door in doors if own.get(door.pk, tenant.retention_days) < days]
