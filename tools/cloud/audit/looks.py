"""Looks: each record says which user or API token looked at whose passages, when and how often."""

from datetime import datetime, timedelta
from typing import Any

from django.db.models import F

from ..models import ApiToken, Look, Person, Reach, Right, User

SAME = timedelta(minutes=10)  # somebody who pages through a log looks once
KNOWN = timedelta(minutes=1)
AGAIN_S = 300.0  # a page that follows by itself is noted so often: as somebody who looks on


def at_doors(user: User, now: datetime) -> None:
    """Keeps that somebody looks at doors, where these name who passed last to them: written once a minute at most."""
    named = Reach.of(user).tenants(Right.LOG)
    known = Look.objects.filter(user=user, what=Look.What.DOORS, until__gt=now - KNOWN, until__lte=now)
    noted = set(known.values_list("tenant", flat=True))
    note([tenant for tenant in named if tenant not in noted], Look.What.DOORS, now, user=user)


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
        last = same.filter(until__gt=now - SAME).order_by("-pk").values("pk")[:1]
        if not Look.objects.filter(pk__in=last).update(until=now, times=F("times") + 1):
            Look.objects.create(tenant_id=tenant, user=user, token=token, what=what, person=person, at=now, until=now)
