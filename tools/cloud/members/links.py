"""One-time sign-in links and API tokens: made here, kept as hashes only.

Whether who made one may still make it is asked again at each use. What somebody made goes when their role does
(members.py); but of two requests at the same moment the one that makes it may come later than the one that takes away.
What was made on the command line is the host's.
"""

import secrets
from collections.abc import Collection
from datetime import datetime, timedelta

from django.db import transaction
from django.db.models import Q, QuerySet

from ..audit import changes
from ..models import ApiToken, Change, Membership, Person, Reach, Right, Role, Session, SignInLink, Tenant, User
from ..row_security import admitted
from ..services import clock
from ..services.refusal import Refusal
from ..services.tokens import hash_of
from . import bearers
from .terms import Terms

MINUTES = 30  # how long a sign-in link is good


@admitted.everywhere()
def may_vouch(by: User, user: User) -> bool:
    """Whether `by` owns every tenant that the account belongs to: then they may make it a link, or inactive.

    A link signs in as that account, everywhere: it is not for the owner of one tenant to make where there are others.
    """
    owned = by.memberships.filter(role=Role.OWNER).values("tenant")
    return not user.memberships.exclude(tenant__in=owned).exists()


@admitted.everywhere()
def vouched_for(by: User, users: Collection[int]) -> set[int]:
    """Those of these accounts for whom they may_vouch()."""
    owned = by.memberships.filter(role=Role.OWNER).values("tenant")
    others = Membership.objects.filter(user__in=users).exclude(tenant__in=owned)
    return set(users) - set(others.values_list("user", flat=True))


def make(user: User, minutes: int = MINUTES, by: User | None = None) -> str:
    """The token of a new sign-in link; it is told once."""
    token = secrets.token_urlsafe(32)
    with changes.together():
        end = clock.now() + timedelta(minutes=minutes)
        SignInLink.objects.create(user=user, hash=hash_of(token), expires_at=end, made_by=by)
        for tenant in user.memberships.order_by("tenant").values_list("tenant", flat=True):
            changes.note(
                tenant, Change.Kind.LINK, Change.What.MADE, number=None, name=user.email, after={"minutes": minutes}
            )
    return token


def invite(user: User, tenant: Tenant, wanted: Terms, minutes: int, by: User) -> str:
    """The token of a link by which somebody who has an account joins a tenant; it signs nobody in. Told once."""
    token = secrets.token_urlsafe(32)
    end = clock.now() + timedelta(minutes=minutes)
    said = {"role": wanted.role, "minutes": minutes} | ({"until": wanted.until.isoformat()} if wanted.until else {})
    new = {"hash": hash_of(token), "role": wanted.role, "terms": wanted.kept()}
    with changes.together():
        SignInLink.objects.filter(user=user, tenant=tenant, used_at=None).delete()
        SignInLink.objects.create(user=user, expires_at=end, made_by=by, tenant=tenant, **new)
        changes.note(tenant.pk, Change.Kind.LINK, Change.What.MADE, number=None, name=user.email, after=said)
    return token


@admitted.everywhere()
def invitation(token: str) -> SignInLink | None:
    """What a link invites to, or None when it is no such link, or used or too old."""
    found = _unused(token, clock.now()).filter(bearers.by_an_owner(), tenant__isnull=False)
    return found.select_related("user", "tenant").first()


def use(token: str) -> User | None:
    """The user whom a link signs in, or None when it is unknown, used or too old. Works once."""
    link = take(token)
    return None if link is None else link.user


@admitted.everywhere()
def take(token: str) -> SignInLink | None:
    """As use(), with who made it."""
    now = clock.now()
    with transaction.atomic():
        link = _good(token, now)
        # The update decides: of two requests at once, one finds the row still unused.
        if link is None or not SignInLink.objects.filter(pk=link.pk, used_at=None).update(used_at=now):
            return None
        return link


@admitted.everywhere()
def whose(token: str) -> User | None:
    """The user whom a link would sign in; it stays as it is."""
    link = _good(token, clock.now())
    return None if link is None else link.user


def _good(token: str, now: datetime) -> SignInLink | None:
    link = _unused(token, now).filter(tenant=None).select_related("user", "made_by").first()
    return link if link is not None and (link.made_by is None or _may_make(link.made_by, link.user)) else None


def _may_make(by: User, user: User) -> bool:
    """For a member it is made by who owns all of their tenants, for somebody's own page by who may change them."""
    if user.memberships.exists():
        return may_vouch(by, user)
    return bool(Person.objects.filter(user=user).reached(Reach.of(by), Right.CHANGE).exists())


def _unused(token: str, now: datetime) -> QuerySet[SignInLink]:
    good = SignInLink.objects.filter(hash=hash_of(token), used_at=None, expires_at__gt=now, user__is_active=True)
    return good.filter(Q(made_by=None) | Q(made_by__is_active=True))


def forget(now: datetime) -> None:
    """Links and sessions that sign nobody in any more."""
    SignInLink.objects.filter(expires_at__lte=now).delete()
    Session.over().delete()


def make_token(tenant: Tenant, name: str, role: Role, by: User | None = None) -> str:
    """A new bearer token of the API; it is told once."""
    if role not in ApiToken.ROLES:
        raise Refusal("an API token is never an owner; choose another role")
    return bearers.make(ApiToken(tenant=tenant, name=name, role=role, made_by=by))


def make_partner_token(tenant: Tenant, name: str, by: User | None = None) -> str:
    """As make_token(); good for the partners' API and nothing else."""
    return bearers.make(ApiToken(tenant=tenant, name=name, role=ApiToken.PARTNER, made_by=by))


def read_token(token: str, partner: bool = False) -> ApiToken | None:
    """The row of a bearer token, or None. partner: of one, else of none."""
    rows = ApiToken.objects.all()
    kind = rows.filter(role=ApiToken.PARTNER) if partner else rows.exclude(role=ApiToken.PARTNER)
    return bearers.read(kind, token)
