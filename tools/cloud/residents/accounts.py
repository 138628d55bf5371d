"""With which account a person sees their own page: linked by an administrator, with a one-time link to sign in."""

from datetime import datetime, timedelta
from typing import Any

from django.db import IntegrityError, transaction

from ..audit import changes
from ..lockers import recipients
from ..members import links
from ..models import Alarm, ApiToken, Change, Command, Guest, Look, Person, SignInLink, User, lock
from ..people import pictures
from ..row_security import admitted
from ..services import propagate
from ..services.refusal import Refusal

MINUTES = 24 * 60  # a link is good
A_DAY = timedelta(days=1)  # in which who was made an account becomes somebody
# Records that are kept for a year (models/retention.py) and say who did something.
NAMED_BY: tuple[tuple[Any, str], ...] = (
    (Change, "user"),
    (Look, "user"),
    (Alarm, "acknowledged_by"),
    (Command, "requested_by"),
)


def invite(person: Person, email: str, by: User | None, linked: bool = True) -> str | None:
    """The token of a sign-in link for the person, told once; None: they sign in as they are used to (may_link).

    linked: whether there is to be one. One that nobody made (by: None) is the host's own, on the command line.
    """
    with changes.together():
        lock(person)
        if person.user_id is not None:
            raise Refusal("%(name)s has an account already; end it first", name=person.name)
        if Guest.objects.filter(pk=person.pk).exists():
            raise Refusal("a guest is known by no name and no address; enter somebody who stays as a person")
        user = User.objects.named(email)
        if not user.is_active:
            raise Refusal("the account %(email)s is not active; choose another address", email=user.email)
        _link(person, user)
        recipients.claim(person)
        return link(person, by) if linked else None


def _link(person: Person, user: User | None) -> None:
    try:
        with changes.of(person), transaction.atomic():
            person.user = user
            person.save(update_fields=["user"])
            propagate.access_of(
                person.tenant_id, [person.pk]
            )  # which changes nothing: so no change of a person is left out
    except IntegrityError:
        raise Refusal("this address is another person's here; end that one's account first") from None


def link(person: Person, by: User | None) -> str | None:
    """A new sign-in link; None where it would open more than this person's page."""
    user = person.user
    if user is None:
        raise Refusal("%(name)s has no account; give one first", name=person.name)
    if not user.is_active or not may_link(person):
        return None
    token = links.make(user, MINUTES, by=by)
    changes.note(
        person.tenant_id,
        Change.Kind.LINK,
        Change.What.MADE,
        number=None,
        name=person.name,
        after={"minutes": MINUTES},
        person=person.pk,
    )
    return token


@admitted.everywhere()
def may_link(person: Person) -> bool:
    """Whether the account is this person's and nothing else: a link signs in as that account, everywhere."""
    user = person.user
    return user is not None and not (
        user.memberships.exists() or Person.objects.filter(user=user).exclude(tenant=person.tenant_id).exists()
    )


def end(person: Person) -> None:
    """They see their page no longer, from the next request on. An account that is nothing else any more goes."""
    with changes.together():
        lock(person)
        user = person.user
        if user is not None:
            pictures.forget(person)  # which they could delete no longer
            _link(person, None)
            forget(user)


@admitted.everywhere()
def forget(user: User) -> None:
    """An account that nobody is any more, with its address and sessions; otherwise it stays as it is."""
    SignInLink.objects.filter(user=user, tenant=None, used_at=None).delete()
    if not (user.memberships.exists() or user.persons.exists() or user.links.exclude(tenant=None).exists()):
        user.delete()


def forget_left(now: datetime) -> int:
    """Accounts that nobody is any more, once no record names them as who did something. Returns how many those were."""
    left = User.objects.filter(memberships=None, persons=None, links=None, created_at__lt=now - A_DAY)
    for record, by in NAMED_BY:
        left = left.exclude(pk__in=record.objects.exclude(**{by: None}).values(by))
    left = left.exclude(pk__in=ApiToken.objects.filter(revoked_at=None).exclude(made_by=None).values("made_by"))
    forgotten = 0
    for user in left:
        user.delete()
        forgotten += 1
    return forgotten
