"""Whose account somebody is who signs in through a provider, and whether all it belongs to take that provider's word.

An address joins once: the account that was named by it gets the identity of who comes with it first. From then on the
identity counts (OpenID Connect Core 5.7: an address is given to somebody else one day), until an owner or the host says
that they join anew. What the provider says of name and address since is followed.
"""

import logging

from allauth.socialaccount.models import SocialAccount
from django.db import transaction

from ..models import Person, Tenant, User
from ..openid import Claims
from ..people import births
from ..row_security import admitted

log = logging.getLogger("portvakt.sign_in")
KEPT = "oidc"  # whichever provider it was: the identity names its issuer


@admitted.everywhere()
def find(said: Claims) -> User | None:
    """The account of this identity; else the one that is joined by it now. None: nobody's, or not taken here.

    Raises Refusal for who is under 18 and has no guardian's word, and leaves nothing of it.
    """
    with transaction.atomic():
        row = _row(said) or _from_before(said)
        user = row.user if row is not None else _join(said)
        if user is None or not takes(said, user):
            return None
        _follow(said, user)
        births.take(user, births.read(said.birthdate))
    return user


def _row(said: Claims) -> SocialAccount | None:
    return SocialAccount.objects.select_related("user").filter(provider=KEPT, uid=said.identity).first()


def _from_before(said: Claims) -> SocialAccount | None:
    """Of a release that kept the subject alone, and the issuer among the claims."""
    row = SocialAccount.objects.select_related("user").filter(provider=KEPT, uid=said.subject).first()
    claims = row.extra_data if row is not None and isinstance(row.extra_data, dict) else {}
    if row is None or said.directory or claims.get("id_token", claims).get("iss") != said.issuer:
        return None
    row.uid, row.extra_data = said.identity, {}
    row.save(update_fields=["uid", "extra_data"])
    return row


def _join(said: Claims) -> User | None:
    """Under the lock of the account: of two who come with one address at once, one is let in."""
    user = User.objects.select_for_update().filter(email__iexact=said.email).first() if said.email else None
    if user is None or SocialAccount.objects.filter(user=user).exists() or not takes(said, user):
        return None
    SocialAccount.objects.create(user=user, provider=KEPT, uid=said.identity)
    return user


@admitted.everywhere()
def takes(said: Claims, user: User) -> bool:
    """Every organisation of an account takes the provider's word for it, or none does.

    One of them could else let somebody into the others. Entra's word counts for the directory that a tenant is bound to
    and nowhere else: whoever runs any directory there gives out addresses as they like.
    """
    tenants = list(Tenant.objects.filter(pk__in=_tenants(user)))
    if said.directory and not tenants:
        return False
    return all(
        (not one.providers or said.provider in one.providers) and (not said.directory or said.directory == one.entra)
        for one in tenants
    )


def _tenants(user: User) -> set[int]:
    return {
        *user.memberships.values_list("tenant", flat=True),
        *Person.objects.filter(user=user).values_list("tenant", flat=True),
    }


def _follow(said: Claims, user: User) -> None:
    new = {"name": said.name or user.name}
    if said.email and not User.objects.filter(email__iexact=said.email).exclude(pk=user.pk).exists():
        new["email"] = User.objects.normalize_email(said.email).lower()
    if any(getattr(user, name) != value for name, value in new.items()):
        for name, value in new.items():
            setattr(user, name, value)
        user.save(update_fields=list(new))


def forget(user: User) -> int:
    """They join anew, by the address that the account has now. Returns how many identities are forgotten."""
    return SocialAccount.objects.filter(user=user).delete()[0]
