"""What holds for a whole tenant: how long its logs are kept."""

from .. import limits
from ..models import Tenant
from . import rules
from .told import Told


def keep_for(tenant: Tenant, days: int) -> None:
    """Of doors that say nothing else. Controllers learn it with their rules."""
    least, most = limits.door("retention_days")
    if not least <= days <= most:
        raise Told("a log is kept for %(least)d to %(most)d days; choose within", least=least, most=most)
    tenant.retention_days = days
    tenant.save(update_fields=["retention_days"])
    rules.refresh_tenant(tenant.pk)
