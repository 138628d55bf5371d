"""The bearer tokens of directories: made here, kept as hashes only, revoked at once."""

import secrets
from datetime import timedelta
from hashlib import sha256
from hmac import compare_digest

from ..audit import changes
from ..models import Membership, Role, ScimToken, Tenant, User
from ..services import clock
from ..services.entered import number
from ..services.refusal import Refusal

MOST = 5  # of a tenant at a time: one for each directory, and its follower while they change
_HOUR = timedelta(hours=1)


def make(tenant: Tenant, name: str, by: User | None = None) -> str:
    """A new token; it is told once."""
    name = name.strip()
    if not 0 < len(name) <= 100:
        raise Refusal("a name has 1 to %(most)d letters; correct it", most=100)
    secret = secrets.token_urlsafe(32)
    with changes.together():
        Tenant.objects.select_for_update().get(pk=tenant.pk)
        if by is not None and not _owns(by, tenant.pk):  # ended since the request came in
            raise Refusal("this membership has ended already")
        if tenant.scim_tokens.filter(revoked_at=None).count() >= MOST:
            raise Refusal("there are %(most)d tokens of directories already; revoke one first", most=MOST)
        row = ScimToken(tenant=tenant, name=name, hash=_hash(secret), made_by=by, created_at=clock.now())
        with changes.of(row):
            row.save()
    return f"{row.pk}.{secret}"


def read(token: str) -> ScimToken | None:
    """The row of a good token."""
    pk, _, secret = token.partition(".")
    row = ScimToken.objects.filter(pk=number(pk) or 0, revoked_at=None).select_related("tenant", "made_by").first()
    if not compare_digest(row.hash if row else _hash(""), _hash(secret)) or row is None:
        return None
    if row.made_by is not None and not _owns(row.made_by, row.tenant_id):  # what an owner made goes with them
        return None
    now = clock.now()
    if row.used_at is None or now - row.used_at > _HOUR:
        ScimToken.objects.filter(pk=row.pk).update(used_at=now)
    return row


def revoke(row: ScimToken) -> None:
    """The directory is refused from its next request on. Its people and groups stay as they are."""
    with changes.of(row):
        row.refresh_from_db(from_queryset=ScimToken.objects.select_for_update())
        if row.revoked_at is None:
            row.revoked_at = clock.now()
            row.save(update_fields=["revoked_at"])


def _owns(user: User, tenant: int) -> bool:
    return Membership.objects.filter(user=user, tenant=tenant, role=Role.OWNER, user__is_active=True).exists()


def _hash(secret: str) -> str:
    return sha256(secret.encode()).hexdigest()
