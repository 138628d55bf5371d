"""What somebody is in a tenant, until when, and where: all of it, or chosen sites, doors and banks."""

from collections.abc import Iterable, Mapping
from datetime import datetime, timedelta
from typing import Any, NamedTuple

from django.utils.dateparse import parse_datetime

from ..models import Bank, Door, Membership, Role, Site
from ..models.rights import ENDING, SUPPORT_DAYS, UNBOUND
from ..services import clock
from ..services.refusal import Refusal

Places = dict[str, list[int]]
MODELS: dict[str, Any] = {"sites": Site, "doors": Door, "banks": Bank}


class Terms(NamedTuple):
    """places: {"sites": numbers, "doors": ..., "banks": ...}; None: in all of the tenant."""

    role: Role
    until: datetime | None = None
    places: Places | None = None

    def kept(self) -> dict[str, Any]:
        """All but the role, as an invitation keeps it."""
        return {"until": self.until and self.until.isoformat(), "places": self.places}


def of(row: Membership) -> Terms:
    places = {name: sorted(one.pk for one in getattr(row, name).all()) for name in MODELS} if row.bound else None
    return Terms(Role(row.role), row.until, places)


def read(role: str, kept: Mapping[str, Any]) -> Terms:
    return Terms(Role(role), parse_datetime(kept.get("until") or ""), kept.get("places"))


def check(tenant: int, terms: Terms) -> None:
    """Refuses what no membership can be."""
    now, label = clock.now(), terms.role.label
    if terms.role in UNBOUND and (terms.until or terms.places is not None):
        raise Refusal("an owner is one of the whole organisation, without an end; choose another role")
    if terms.until is not None and terms.until <= now:
        raise Refusal("this end is over already; choose a later one")
    if terms.role in ENDING and (terms.until is None or terms.until > now + timedelta(days=SUPPORT_DAYS)):
        raise Refusal("%(role)s is let in for at most %(n)d days; give an end", role=str(label), n=SUPPORT_DAYS)
    if terms.places is not None:
        _check_places(tenant, terms.places)


def _check_places(tenant: int, places: Places) -> None:
    if not any(places.values()):
        raise Refusal("choose at least one site, door or bank, or everywhere")
    for name, model in MODELS.items():
        wanted = set(places.get(name, ()))
        if wanted - set(model.objects.of(tenant).filter(pk__in=wanted).values_list("pk", flat=True)):
            raise Refusal("there is no such site, door or bank in this organisation; choose among its own")


def put(row: Membership, terms: Terms) -> None:
    """Saves it, within the caller's change; what is gone meanwhile of an invitation's places stays away."""
    places = terms.places
    row.role, row.until, row.bound = terms.role, terms.until, places is not None
    row.save()
    for name, model in MODELS.items():
        wanted: Iterable[int] = (places or {}).get(name, ())
        getattr(row, name).set(model.objects.of(row.tenant_id).filter(pk__in=wanted))
