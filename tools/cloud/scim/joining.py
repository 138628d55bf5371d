"""Entered by hand, and once more by the directory: two people, until an administrator says that they are one.

A name or an address is a suggestion and never proof: both may be another one's. What the directory says of the one
that it made goes over to the one that was here, who keeps cards, PINs, doors and the past; the other one goes.
"""

from dataclasses import dataclass
from typing import Any

from django.db.models import Q

from ..audit import changes
from ..models import Change, Credential, Delivery, Grant, Guest, Look, Person, Right, ScimUser, User, lock
from ..people import bulk, people
from ..services import clock, propagate
from ..services.refusal import Refusal
from . import users

SHOWN = 5
RIGHT = Right.CHANGE  # in all of the organisation, as its directory is


@dataclass(frozen=True)
class Suggestion:
    """person: entered by hand. row: whom the directory made. name, address: what of theirs is the same."""

    person: Person
    row: ScimUser
    name: bool
    address: bool


def suggestions(person: Person) -> list[Suggestion]:
    """With whom somebody may be one, whichever of the two they are."""
    rows = ScimUser.objects.filter(tenant=person.tenant_id).select_related("person")
    mine = rows.filter(person=person).first()
    if mine is None:
        same = Q(person__name__iexact=person.name)
        if person.user is not None:
            same |= Q(user_key=person.user.email.casefold())
        pairs = [(person, row) for row in rows.filter(same).order_by("pk")[: 2 * SHOWN]]
    else:
        same = Q(name__iexact=mine.person.name) | Q(user__email__iexact=mine.user_name)
        here = Person.objects.filter(same, tenant=person.tenant_id, scim=None, guest=None).select_related("user")
        pairs = [(one, mine) for one in here.order_by("pk")[: 2 * SHOWN]]
    found = [_suggestion(one, row) for one, row in pairs if one.pk not in row.others and not _is_guest(one)]
    return found[:SHOWN]


def _suggestion(person: Person, row: ScimUser) -> Suggestion:
    address = person.user is not None and person.user.email.casefold() == row.user_key
    return Suggestion(person, row, person.name.casefold() == row.person.name.casefold(), address)


def _is_guest(person: Person) -> bool:
    return Guest.objects.filter(pk=person.pk).exists()


def join(person: Person, row: ScimUser) -> None:
    """They are one: the directory looks after `person` from now on. All of it or nothing, and kept who said so."""
    with changes.together():
        row = lock(row)
        people_ = {one.pk: one for one in bulk.lock(person.tenant_id, {person.pk, row.person_id})}
        kept, double = people_.get(person.pk), people_.get(row.person_id)
        if kept is None or double is None or kept.pk == double.pk or ScimUser.objects.filter(person=kept).exists():
            raise Refusal("the directory looks after this person already; there is nothing to join")
        if _is_guest(kept):
            raise Refusal("a guest is nobody of a directory; enter somebody who stays as a person")
        _check_nothing_of_its_own(double)
        groups = set(kept.grants.values_list("group", flat=True)) | set(double.grants.values_list("group", flat=True))
        row.person, row.modified_at = kept, clock.now()
        row.save()
        people.put_into(kept, groups)
        said: dict[str, Any] = {"name": users.name(row)}
        if row.said.get("active") is False:  # off is off; who was switched off here stays so
            said["active"] = False
        people.change(kept, **{field: value for field, value in said.items() if getattr(kept, field) != value})
        _forget(double, kept)
        changes.note(
            kept.tenant_id,
            Change.Kind.PERSON,
            Change.What.CHANGED,
            number=kept.pk,
            name=kept.name,
            before={"directory_person": False},
            after={"directory_person": True},
            person=kept.pk,
        )


def _check_nothing_of_its_own(double: Person) -> None:
    """What somebody has given the new one would be lost, or would open something to the other."""
    parts = (
        Credential.objects.filter(person=double),
        Grant.objects.filter(person=double).exclude(group__scim__isnull=False),
        User.objects.filter(persons=double),
        Guest.objects.filter(Q(host=double) | Q(pk=double.pk)),
        Delivery.objects.filter(recipient=double),
        double.allotments.all(),
        double.taken.all(),
    )
    if any(rows.exists() for rows in parts):
        raise Refusal(
            "the person of the directory has cards, groups, an account or a compartment of their own;"
            " take these away first"
        )


def _forget(double: Person, kept: Person) -> None:
    """Its record is theirs from now on, so that it goes with them when they are erased."""
    with changes.covering(double):
        Change.objects.filter(person=double).update(person=kept)
        Look.objects.filter(person=double).update(person=kept)
        double.grants.all().delete()
        double.active = False
        double.save(update_fields=["active"])
        propagate.access_of(double.tenant_id, [double.pk])
        double.delete()


def set_apart(person: Person, row: ScimUser) -> None:
    """They are two: that is suggested no more."""
    with changes.together():
        row = lock(row)
        if person.pk not in row.others:
            row.others = [*row.others, person.pk]
            row.save(update_fields=["others"])
