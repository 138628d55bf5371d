"""Tenants: made, and what holds for the whole of one, such as how long its logs are kept."""

from .. import limits
from ..audit import changes
from ..log import retention
from ..models import Tenant
from ..services import propagate
from ..services.refusal import Refusal


def make(name: str) -> Tenant:
    tenant = Tenant(name=name)
    with changes.of(tenant):
        tenant.save()
    return tenant


def keep_for(tenant: Tenant, days: int, reason: str = "") -> None:
    """Of doors that say nothing else. Controllers learn it with their rules. reason: for people to read, if long."""
    least, most = limits.door("retention_days")
    if not least <= days <= most:
        raise Refusal("a log is kept for %(least)d to %(most)d days; choose within", least=least, most=most)
    with changes.of(tenant):
        tenant.retention_days, tenant.retention_reason = days, retention.reason(days, reason)
        tenant.save(update_fields=["retention_days", "retention_reason"])
        propagate.rules_everywhere(tenant.pk)
