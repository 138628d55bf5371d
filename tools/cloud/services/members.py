"""Who may sign in to a tenant, and as what. What is taken away is gone at once: sessions, links and tokens too.

Streams ask again every few seconds (pages/live.py). An account may belong to several tenants: an owner of one of them
decides about the membership there, and about the account itself only where all its tenants are theirs.
"""

from contextlib import ExitStack

from django.db import transaction
from django.db.models import QuerySet

from ..models import ApiToken, Change, Membership, Right, Role, SignInLink, Tenant, User
from . import changes, clock
from .told import Told


def of(tenant: Tenant, user: User) -> Membership | None:
    return Membership.objects.filter(tenant=tenant, user=user).first()


def invite(tenant: Tenant, email: str, role: Role) -> Membership:
    """Somebody becomes a member; their account is made when there is none."""
    with transaction.atomic():
        Tenant.objects.select_for_update().get(pk=tenant.pk)
        user = User.objects.named(email)
        if of(tenant, user) is not None:
            raise Told("%(email)s is a member already; change their role", email=user.email)
        if user.memberships.exists():
            # Who vouched for this account so far, by a link, must not come in here with it.
            _shut_out(user)
        row = Membership(user=user, tenant=tenant, role=role)
        with changes.of(row):
            row.save()
        return row


def set_role(membership: Membership, role: Role) -> None:
    """Who may no longer make tokens leaves none that work."""
    with changes.of(membership):
        row = _locked(membership)
        if row.role == Role.OWNER and role != Role.OWNER:
            _keep_an_owner(row.tenant, row.user)
        row.role = role
        row.save(update_fields=["role"])
        if Right.MEMBERS not in role.rights:
            _forget_links(row.tenant)
            _revoke_all(ApiToken.objects.filter(tenant=row.tenant, made_by=row.user))


def end(membership: Membership) -> None:
    """They are no longer of this tenant. Their sessions end, and the tokens that they made here."""
    with changes.of(membership):
        row = _locked(membership)
        if row.role == Role.OWNER:
            _keep_an_owner(row.tenant, row.user)
        _forget_links(row.tenant)
        row.delete()
        _shut_out(row.user)
        _revoke_all(ApiToken.objects.filter(tenant=row.tenant, made_by=row.user))


def set_active(user: User, active: bool) -> None:
    """An account that is not active signs nobody in, anywhere; each of its tenants is told."""
    with ExitStack() as whole:
        whole.enter_context(changes.together())
        for row in user.memberships.order_by("tenant"):
            whole.enter_context(changes.of(row))
        if not active:
            for row in user.memberships.filter(role=Role.OWNER).select_related("tenant").order_by("tenant"):
                Tenant.objects.select_for_update().get(pk=row.tenant_id)
                _keep_an_owner(row.tenant, user)
                _forget_links(row.tenant)
            _shut_out(user)
            _revoke_all(ApiToken.objects.filter(made_by=user))
        user.is_active = active
        user.save(update_fields=["is_active"])


def set_active_by(by: User, user: User, active: bool) -> None:
    """set_active() by the owner of all that the account belongs to."""
    if not may_vouch(by, user):
        raise Told("%(email)s belongs to other organisations too; end the membership here instead", email=user.email)
    set_active(user, active)


def sign_out(user: User) -> int:
    """Ends all sessions of an account. Returns how many."""
    with changes.together():
        gone = _shut_out(user)
        for row in user.memberships.order_by("tenant"):
            changes.note(
                row.tenant_id,
                Change.Kind.MEMBER,
                Change.What.CHANGED,
                number=row.pk,
                name=user.email,
                after={"sessions": gone},
            )
    return gone


def revoke(token: ApiToken) -> None:
    _revoke_all(ApiToken.objects.filter(pk=token.pk))


def _revoke_all(tokens: QuerySet[ApiToken]) -> None:
    for token in tokens.filter(revoked_at=None).order_by("pk"):
        with changes.of(token):
            token.revoked_at = clock.now()
            token.save(update_fields=["revoked_at"])


def may_vouch(by: User, user: User) -> bool:
    """Whether `by` owns every tenant that the account belongs to: then they may make it a link, or inactive.

    A link signs in as that account, everywhere: it is not for the owner of one tenant to make where there are others.
    """
    owned = by.memberships.filter(role=Role.OWNER).values("tenant")
    return not user.memberships.exclude(tenant__in=owned).exists()


def _shut_out(user: User) -> int:
    SignInLink.objects.filter(user=user, used_at=None).delete()
    gone, _ = user.sessions.all().delete()
    return gone


def _forget_links(tenant: Tenant) -> None:
    """Who leaves may have kept a link that they made for somebody: those of all members here sign nobody in now."""
    SignInLink.objects.filter(user__memberships__tenant=tenant, used_at=None).delete()


def _locked(membership: Membership) -> Membership:
    """The row as it is now: of two changes at once the second sees the first."""
    Tenant.objects.select_for_update().get(pk=membership.tenant_id)
    row = Membership.objects.select_related("tenant", "user").filter(pk=membership.pk).first()
    if row is None:
        raise Told("this membership has ended already")
    return row


def _keep_an_owner(tenant: Tenant, without: User) -> None:
    owners = Membership.objects.filter(tenant=tenant, role=Role.OWNER, user__is_active=True)
    if not owners.exclude(user=without).exists():
        raise Told("%(tenant)s would have no owner; make somebody else an owner first", tenant=tenant.name)
