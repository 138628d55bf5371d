"""Who may sign in to a tenant, and as what. What is taken away is gone at once: sessions, links and tokens too.

Streams ask again every few seconds (doors/live.py). An account may belong to several tenants: an owner of one of them
decides about the membership there, and about the account itself only where all its tenants are theirs.
"""

from contextlib import ExitStack, suppress
from datetime import datetime

from django.db import transaction
from django.db.models import QuerySet

from ..audit import changes
from ..models import ApiToken, Change, Membership, Right, Role, Session, SignInLink, Tenant, User
from ..models.rights import UNBOUND
from ..row_security import admitted
from ..services import clock
from ..services.refusal import Refusal
from . import links, terms
from .links import may_vouch
from .terms import Terms


def of(tenant: Tenant, user: User) -> Membership | None:
    return Membership.objects.filter(tenant=tenant, user=user).first()


def invite_by(by: User, tenant: Tenant, email: str, wanted: Terms | Role, minutes: int) -> Membership | str:
    """invite() by an owner. Whose account belongs to others has to accept: then the token of a link for that.

    Until they do nothing changes for them, least of all where they are already.
    """
    with transaction.atomic():
        Tenant.objects.select_for_update().get(pk=tenant.pk)
        if not by.memberships.filter(tenant=tenant, role=Role.OWNER).exists():  # ended since the request came in
            raise Refusal("this membership has ended already")
        user = User.objects.filter(email__iexact=email).first()
        if user is None or of(tenant, user) is not None or may_vouch(by, user):
            return invite(tenant, email, wanted)
        wanted = wanted if isinstance(wanted, Terms) else Terms(wanted)
        terms.check(tenant.pk, wanted)
        return links.invite(user, tenant, wanted, minutes, by)


@admitted.everywhere()
def accept(token: str, user: User, session: str) -> Membership | None:
    """The invited account joins, in this session; None when the link is not for it, or no longer good.

    Whoever else is in the account, by a link that an owner of another tenant made, is not let in with it.
    """
    with transaction.atomic():
        link = links.invitation(token)
        if link is None or link.user_id != user.pk or not link.tenant_id:
            return None
        tenant = Tenant.objects.select_for_update().get(pk=link.tenant_id)
        if not SignInLink.objects.filter(pk=link.pk, used_at=None).update(used_at=clock.now()):
            return None
        row = of(tenant, user)
        if row is None:
            wanted = terms.read(link.role, link.terms)
            if wanted.until is not None and wanted.until <= clock.now():
                return None
            _shut_out(user, but=session)
            row = Membership(user=user, tenant=tenant)
            with changes.of(row):
                terms.put(row, wanted)
        return row


def invite(tenant: Tenant, email: str, wanted: Terms | Role) -> Membership:
    """Somebody becomes a member; their account is made when there is none. A role alone: for good and everywhere."""
    wanted = wanted if isinstance(wanted, Terms) else Terms(wanted)
    terms.check(tenant.pk, wanted)
    with transaction.atomic():
        Tenant.objects.select_for_update().get(pk=tenant.pk)
        user = User.objects.named(email)
        if of(tenant, user) is not None:
            raise Refusal("%(email)s is a member already; change their role", email=user.email)
        # Who vouched for this account so far, by a link, must not come in here with it: an owner elsewhere, or an
        # administrator who gave it to somebody as a page of their own.
        _shut_out(user)
        row = Membership(user=user, tenant=tenant)
        with changes.of(row):
            terms.put(row, wanted)
        return row


def set_role(membership: Membership, role: Role, session: str = "") -> None:
    """Another role; its end and places stay, where such a role has any. session: set_terms."""
    now = terms.of(membership)
    set_terms(membership, Terms(role) if role in UNBOUND else now._replace(role=role), session)


def set_terms(membership: Membership, wanted: Terms, session: str = "") -> None:
    """Who may no longer make tokens leaves none that work. session: of the caller; it does not end."""
    terms.check(membership.tenant_id, wanted)
    with changes.of(membership):
        row = _locked(membership)
        if row.role == Role.OWNER and wanted.role != Role.OWNER:
            _keep_an_owner(row.tenant, row.user)
        terms.put(row, wanted)
        if Right.MEMBERS not in wanted.role.rights:
            _forget_links(row.tenant, row.user, session)
            _revoke_all(ApiToken.objects.filter(tenant=row.tenant, made_by=row.user))


def end(membership: Membership, session: str = "") -> None:
    """They are no longer of this tenant. Their sessions end, and the tokens that they made here. session: set_role."""
    with changes.of(membership):
        row = _locked(membership)
        if row.role == Role.OWNER:
            _keep_an_owner(row.tenant, row.user)
        _forget_links(row.tenant, row.user, session)
        row.delete()
        _shut_out(row.user)
        _revoke_all(ApiToken.objects.filter(tenant=row.tenant, made_by=row.user))


def end_due(now: datetime) -> None:
    """Those whose end has come: they allow nothing since, and go now with all that goes with them."""
    for row in Membership.objects.filter(until__lte=now).select_related("tenant", "user").order_by("pk"):
        with suppress(Refusal):  # somebody has ended it at this moment
            end(row)


def set_active(user: User, active: bool, session: str = "") -> None:
    """An account that is not active signs nobody in, anywhere; each of its tenants is told. session: set_role."""
    with ExitStack() as whole:
        whole.enter_context(changes.together())
        for row in user.memberships.order_by("tenant"):
            whole.enter_context(changes.of(row))
        if not active:
            for row in user.memberships.filter(role=Role.OWNER).select_related("tenant").order_by("tenant"):
                Tenant.objects.select_for_update().get(pk=row.tenant_id)
                _keep_an_owner(row.tenant, user)
                _forget_links(row.tenant, user, session)
            _shut_out(user)
            _revoke_all(ApiToken.objects.filter(made_by=user))
        user.is_active = active
        user.save(update_fields=["is_active"])


def set_active_by(by: User, user: User, active: bool, session: str = "") -> None:
    """set_active() by the owner of all that the account belongs to."""
    if not may_vouch(by, user):
        raise Refusal("%(email)s belongs to other organisations too; end the membership here instead", email=user.email)
    set_active(user, active, session)


def sign_out_by(by: User, user: User) -> int:
    """sign_out() by the owner of all that the account belongs to."""
    if not may_vouch(by, user):
        raise Refusal("%(email)s belongs to other organisations too; end the membership here instead", email=user.email)
    return sign_out(user)


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


def _shut_out(user: User, but: str = "") -> int:
    """but: a session that stays."""
    SignInLink.objects.filter(user=user, tenant=None, used_at=None).delete()
    gone, _ = user.sessions.exclude(session_key=but).delete()
    return gone


def _forget_links(tenant: Tenant, leaving: User, session: str) -> None:
    """Who leaves may have kept a link that they made for somebody: those of all members here sign nobody in now.

    Nor does an invitation let anybody in: it may be one to an account of theirs. Sessions end that were opened by such
    a link; and by one that was made in such a session, and so on. Whoever was invited so signs in anew. session: of
    the caller; it does not end.
    """
    SignInLink.objects.filter(user__memberships__tenant=tenant, tenant=None, used_at=None).delete()
    SignInLink.objects.filter(tenant=tenant, used_at=None).delete()
    here = Session.objects.filter(user__memberships__tenant=tenant).exclude(session_key=session)
    doubtful, more = {leaving.pk}, {leaving.pk}
    while more:
        more = set(here.filter(vouched_by__in=more).values_list("user", flat=True)) - doubtful
        doubtful |= more
    keys = list(here.filter(vouched_by__in=doubtful).values_list("session_key", flat=True))
    Session.objects.filter(session_key__in=keys).delete()


def _locked(membership: Membership) -> Membership:
    """The row as it is now: of two changes at once the second sees the first."""
    Tenant.objects.select_for_update().get(pk=membership.tenant_id)
    row = Membership.objects.select_related("tenant", "user").filter(pk=membership.pk).first()
    if row is None:
        raise Refusal("this membership has ended already")
    return row


def _keep_an_owner(tenant: Tenant, without: User) -> None:
    owners = Membership.objects.filter(tenant=tenant, role=Role.OWNER, user__is_active=True)
    if not owners.exclude(user=without).exists():
        raise Refusal("%(tenant)s would have no owner; make somebody else an owner first", tenant=tenant.name)
