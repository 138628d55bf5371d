"""What a board has of people on its flash. Whoever holds it can find out cards and PINs, never a name (SECURITY.md)."""

from collections.abc import Iterator
from typing import Any

from django.db.models import Model, OuterRef, Q, Subquery

from ..models import (
    AclChange,
    AclEntry,
    Alarm,
    Allotment,
    Breach,
    Command,
    Controller,
    Delivery,
    ErasedAt,
    Event,
    Exposure,
    Notice,
)
from .affected import AffectedRows, part

# What is kept here about a controller, and does not lie on it: test_breaches.py finds what is in neither list.
ON_IT: tuple[type[Model], ...] = (AclEntry, AclChange, Exposure, Event, Allotment, Delivery)
NOT_ON_IT: dict[type[Model], str] = {
    Alarm: "raised here, of events",
    Command: "who asked for it is known here alone",
    Notice: "sent from here",
    ErasedAt: "what it reported of somebody who is erased",
    Breach: "this record itself",
}


def way_to(model: type[Model], to: str) -> str | None:
    """From a row to its `tenant` or `controller`, as the model says; None: there is none."""
    path = getattr(model, "TENANT_PATH", None)
    names = {field.name for field in model._meta.concrete_fields}
    if path is None and "controller" in names:
        path = "controller__site__tenant"
    if to == "tenant" or path is None:
        return path
    if "controller" in names:
        return "controller"
    end = "__site__tenant"
    return str(path).removesuffix(end) if str(path).endswith(f"controller{end}") else None


def parts(controller: Controller, breach: Breach) -> Iterator[AffectedRows]:
    """Of parcels it has numbers, of compartments keys: whom they are for is known here.

    Who was removed from its access list before the breach is apart: such a record may still be read from the flash
    (controllers/lost.py).
    """
    for model in ON_IT:
        rows: Any = model._base_manager.filter(**{str(way_to(model, "controller")): controller})
        if model is AclChange:
            gone = _removed_before(controller, breach)
            yield part(model, rows.filter(key__in=gone), earlier=True)
            rows = rows.exclude(key__in=gone)
        elif model is Delivery:
            rows = rows.filter(Q(ended_at=None) | Q(ended_at__gte=breach.since))
        yield part(model, rows)


def _removed_before(controller: Controller, breach: Breach) -> Any:
    """Keys whose last word of then is that they are removed. Steps before the last one may be forgotten."""
    steps = AclChange.objects.filter(controller=controller)
    last = steps.filter(key=OuterRef("key")).order_by("-version").values("pk")[:1]
    return steps.filter(pk=Subquery(last), op=AclChange.Op.REMOVE, at__lt=breach.since).values("key")
