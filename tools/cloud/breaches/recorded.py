"""What an account or token is recorded to have looked at and changed while others could use it."""

from datetime import datetime
from typing import Any, NamedTuple

from django.db.models import QuerySet

from ..models import Breach, Change, Look, PartnerCall
from ..services import clock


class Done(NamedTuple):
    """what: a look, a change or a partner's question; person: None: of everybody, or of nobody."""

    at: datetime
    what: str
    person: Any
    times: int


def looks(breach: Breach) -> QuerySet[Look]:
    """Also those that began before or went on after."""
    rows = Look.objects.filter(tenant=breach.tenant_id, **_by(breach)).filter(until__gte=breach.since)
    return rows.filter(at__lte=_end(breach)).order_by("-until", "-pk")


def changes(breach: Breach) -> QuerySet[Change]:
    rows = Change.objects.filter(tenant=breach.tenant_id, **_by(breach), at__gte=breach.since)
    return rows.filter(at__lte=_end(breach)).order_by("-pk")


def calls(breach: Breach) -> QuerySet[PartnerCall]:
    rows = PartnerCall.objects.filter(partner__token=breach.token_id, partner__token__isnull=False)
    first = breach.since.replace(minute=0, second=0, microsecond=0)
    return rows.filter(hour__gte=first, hour__lte=_end(breach))


def newest(breach: Breach, most: int) -> list[Done]:
    """The newest of all of it."""
    found = [
        Done(one.until, str(one.get_what_display()), one.person, one.times)
        for one in looks(breach).select_related("person")[:most]
    ]
    found += [
        Done(one.at, f"{one.get_kind_display()}: {one.get_what_display()}", one.person, 1)
        for one in changes(breach).select_related("person")[:most]
    ]
    found += [Done(one.hour, one.what, None, one.count) for one in calls(breach)[:most]]
    return sorted(found, key=lambda one: one.at, reverse=True)[:most]


def looked_at(breach: Breach) -> dict[int, int]:
    """{person: how often}, by name."""
    found: dict[int, int] = {}
    for person, times in looks(breach).filter(person__isnull=False).order_by().values_list("person", "times"):
        found[person] = found.get(person, 0) + times
    return found


def _by(breach: Breach) -> dict[str, Any]:
    """Of a whole organisation or a board nobody is known who did it."""
    if breach.scope == Breach.Scope.ACCOUNT and breach.account_id is not None:
        return {"user": breach.account_id}
    if breach.scope == Breach.Scope.TOKEN and breach.token_id is not None:
        return {"token": breach.token_id}
    return {"pk__in": ()}


def _end(breach: Breach) -> datetime:
    return breach.until or clock.now()
