"""How long a tenant keeps requests for help after they are closed."""

from django.core.exceptions import ValidationError

from ..audit import changes
from ..models import HelpPolicy, Tenant, lock
from ..services.refusal import Refusal


def of(tenant: int) -> HelpPolicy:
    return HelpPolicy.objects.filter(tenant=tenant).first() or HelpPolicy(tenant_id=tenant)


def change(tenant: Tenant, days: int) -> HelpPolicy:
    with changes.together():
        lock(tenant)
        row = of(tenant.pk)
        row.days = days
        try:
            row.clean_fields()
        except ValidationError as error:
            raise Refusal("%(fault)s; correct it", fault=" ".join(error.messages).rstrip(".")) from None
        with changes.of(tenant, row):
            row.save()
    return row
