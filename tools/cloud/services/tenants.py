"""What holds for a whole tenant: how long its logs are kept."""

from ..models import Tenant
from . import rules
from .told import Told


def keep_for(tenant: Tenant, days: int) -> None:
    """Of doors that say nothing else. Controllers learn it with their rules."""
    if not 0 <= days <= 3650:
        raise Told("a log is kept for 0 to 3650 days; choose within")
    tenant.retention_days = days
    tenant.save(update_fields=["retention_days"])
    rules.refresh_tenant(tenant.pk)
