"""Bearer tokens, and what they share with sign-in links: whose they are.

What an owner made is good for as long as they are one. What was made on the command line is the host's.
"""

import secrets
from datetime import timedelta
from hmac import compare_digest
from typing import Any, TypeVar

from django.db.models import Exists, OuterRef, Q, QuerySet

from ..audit import changes
from ..models import ApiToken, Membership, Role, ScimToken, Tenant
from ..row_security import admitted
from ..services import clock, entered
from ..services.refusal import Refusal
from ..services.tokens import hash_of

HOUR = timedelta(hours=1)  # how exactly the last use is kept

Token = TypeVar("Token", ApiToken, ScimToken)


def owners(user: Any, tenant: Any) -> QuerySet[Membership]:
    """The membership by which an active user owns a tenant, where they do. Each a row, its number or an OuterRef."""
    return Membership.objects.filter(user=user, tenant=tenant, role=Role.OWNER, user__is_active=True)


def by_an_owner() -> Q:
    """Of rows with made_by and tenant."""
    return Q(made_by=None) | Exists(owners(OuterRef("made_by"), OuterRef("tenant")))


def living(rows: "QuerySet[Token]") -> "QuerySet[Token]":
    """Those that are good now."""
    return rows.filter(by_an_owner(), revoked_at=None)


def make(row: Token) -> str:
    """Saves a new row and gives its token. Begins with the row's number, by which it is looked up.

    Whoever makes two at the same moment waits here: the tenant's row is locked until the transaction ends.
    """
    entered.lines(row.name)  # before it is saved: PostgreSQL keeps no zero byte
    secret = secrets.token_urlsafe(32)
    row.hash = hash_of(secret)
    with changes.of(row):
        Tenant.objects.select_for_update().get(pk=row.tenant_id)
        if row.made_by is not None and not owners(row.made_by, row.tenant_id).exists():  # since the request came in
            raise Refusal("this membership has ended already")
        row.save()
    return f"{row.pk}.{secret}"


def read(rows: "QuerySet[Token]", token: str) -> Token | None:
    """That of these rows whose token it is, if it is still good. The hashes are compared in constant time."""
    number, _, secret = token.partition(".")
    good = living(rows).select_related("tenant")
    with admitted.everywhere():  # whose it is says the row
        row = good.filter(pk=entered.number(number)).first()
    if row is None or not compare_digest(row.hash, hash_of(secret)):
        return None
    admitted.to_tenants(row.tenant_id)
    now = clock.now()
    if row.used_at is None or now - row.used_at >= HOUR:
        rows.model.objects.filter(pk=row.pk).update(used_at=now)
    return row
