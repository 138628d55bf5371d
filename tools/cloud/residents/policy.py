"""What a tenant lets its residents do: off until an administrator says so."""

from typing import Any

from ..audit import changes
from ..models import ResidentPolicy, Tenant, lock
from ..services import entered

FIELDS = ("unlock", "guests", "guests_at_once", "guest_days", "parcels", "parcel_days", "birth_dates")


def of(tenant: int) -> ResidentPolicy:
    return ResidentPolicy.objects.filter(tenant=tenant).first() or ResidentPolicy(tenant_id=tenant)


def change(tenant: Tenant, fields: dict[str, Any]) -> ResidentPolicy:
    """What is not in fields stays."""
    with changes.together():
        lock(tenant)
        row = of(tenant.pk)
        for name in FIELDS:
            setattr(row, name, fields.get(name, getattr(row, name)))
        entered.fields(row)
        with changes.of(tenant, row):
            row.save()
    return row
