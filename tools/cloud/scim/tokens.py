"""The bearer tokens of directories: made here, kept as hashes only, revoked at once."""

from ..audit import changes
from ..members import bearers
from ..models import ScimToken, Tenant, User
from ..services import clock
from ..services.refusal import Refusal

MOST = 5  # of a tenant at a time: one for each directory, and its follower while they change


def make(tenant: Tenant, name: str, by: User | None = None) -> str:
    """A new token; it is told once."""
    name = name.strip()
    if not 0 < len(name) <= 100:
        raise Refusal("a name has 1 to %(most)d letters; correct it", most=100)
    with changes.together():
        Tenant.objects.select_for_update().get(pk=tenant.pk)
        if tenant.scim_tokens.filter(revoked_at=None).count() >= MOST:
            raise Refusal("there are %(most)d tokens of directories already; revoke one first", most=MOST)
        return bearers.make(ScimToken(tenant=tenant, name=name, made_by=by, created_at=clock.now()))


def read(token: str) -> ScimToken | None:
    """The row of a good token."""
    return bearers.read(ScimToken.objects.select_related("made_by"), token)


def revoke(row: ScimToken) -> None:
    """The directory is refused from its next request on. Its people and groups stay as they are."""
    with changes.of(row):
        row.refresh_from_db(from_queryset=ScimToken.objects.select_for_update())
        if row.revoked_at is None:
            row.revoked_at = clock.now()
            row.save(update_fields=["revoked_at"])
