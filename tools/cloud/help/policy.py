"""How long a tenant keeps requests for help after they are closed."""

from ..audit import changes
from ..models import HelpPolicy, Tenant, lock
from ..services import entered


def of(tenant: int) -> HelpPolicy:
    return HelpPolicy.objects.filter(tenant=tenant).first() or HelpPolicy(tenant_id=tenant)


def change(tenant: Tenant, days: int) -> HelpPolicy:
    with changes.together():
        lock(tenant)
        row = of(tenant.pk)
        row.days = days
        entered.fields(row)
        with changes.of(tenant, row):
            row.save()
    return row
