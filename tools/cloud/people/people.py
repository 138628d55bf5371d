"""People, their cards and groups: entered, given, limited, taken away."""

from collections.abc import Collection, Mapping
from datetime import datetime
from typing import Any

from django.db import IntegrityError

from tools.terminal import Problem

from .. import limits
from ..audit import changes
from ..models import Credential, Grant, Person, lock
from ..services import entered, local_time, propagate
from ..services.refusal import Refusal
from . import pins


def card_number(bits: int, facility: int, number: int) -> int:
    """The payload of a card's frame from what is printed on it. bits: 26 (8 + 16) or 34 (16 + 16)."""
    widths = {26: (8, 16), 34: (16, 16)}
    if bits not in widths:
        raise Problem(f"no facility code is known for {bits} bits; give the whole number")
    facility_bits, number_bits = widths[bits]
    if not (0 <= facility < 1 << facility_bits and 0 <= number < 1 << number_bits):
        raise Problem(
            f"a card of {bits} bits has a facility code below {1 << facility_bits}"
            f" and a number below {1 << number_bits}; check what is printed on it"
        )
    return facility << number_bits | number


def check_person(fields: Mapping[str, Any]) -> None:
    """Of the fields of a person those that are said."""
    if fields.get("escort") not in (None, "", *Person.Escort.values):
        raise Refusal("an escort is needed (needs), given (gives) or neither; choose one")
    name = fields.get("name")
    entered.lines(name)
    if name is not None and (not name.strip() or len(name) > 100 or "\0" in name):
        raise Refusal("a name has 1 to %(most)d letters; correct it", most=100)


def check_card(bits: int, number: int, valid_until: datetime | None = None) -> None:
    """number: the payload of its frame."""
    if bits not in limits.CARD_BITS:
        raise Refusal(
            "no reader here reads cards of %(bits)d bits, only of %(known)s; order cards of such a format",
            bits=bits,
            known=", ".join(map(str, limits.CARD_BITS)),
        )
    if not 0 <= number < 1 << (bits - 2):
        raise Refusal(
            "a card of %(bits)d bits has a number below %(most)d; check what is printed on it",
            bits=bits,
            most=1 << (bits - 2),
        )
    local_time.check(valid_until)


def check_right(valid_from: datetime | None, valid_until: datetime | None, uses: int | None) -> None:
    """From when, until when and how often."""
    local_time.check(valid_from, valid_until)
    if valid_from and valid_until and valid_until <= valid_from:
        raise Refusal("a right ends after it begins; exchange the two")
    least, most = limits.USES
    if uses is not None and not least <= uses <= most:
        raise Refusal(
            "a right holds for %(least)d to %(most)d passages, or for any number; correct it", least=least, most=most
        )


def enter(tenant: int, **fields: Any) -> Person:
    """A new person, who may pass nowhere yet."""
    person = Person(tenant_id=tenant)
    return change(person, **fields)


def change(person: Person, **fields: Any) -> Person:
    """Name, active, extended or escort. Who is not active passes no door, whatever they hold."""
    check_person(fields)
    with changes.of(person):
        lock(person)
        new = person.pk is None
        for name, value in fields.items():
            setattr(person, name, value)
        person.save(update_fields=None if new else list(fields))
        if not new:
            propagate.access_of(person.tenant_id, [person.pk])
    return person


def give_card(person: Person, bits: int, number: int, valid_until: datetime | None = None) -> Credential:
    """A person gets a card. number: the payload of its frame. Raises Problem when somebody holds it."""
    check_card(bits, number, valid_until)
    holders = Credential.objects.filter(
        tenant=person.tenant_id, kind=Credential.Kind.CARD, bits=bits, number=number, active=True
    )
    try:
        card = Credential(tenant_id=person.tenant_id, person=person, bits=bits, number=number, valid_until=valid_until)
        with changes.of(card):
            card.save()
            propagate.access_of(card.tenant_id, [card.person_id])
        return card
    except IntegrityError:
        holder = holders.select_related("person").first()
        if holder is None:
            raise
        # Without a name: whoever gives cards at some doors only may not see whose it is.
        who = "this person" if holder.person_id == person.pk else "somebody else"
        raise Problem(f"{who} holds this card already; revoke it there first") from None


def put_into(person: Person, groups: Collection[int]) -> None:
    """The groups of a person, whole: those that are not among them are left."""
    with changes.together():
        lock(person)
        for grant in person.grants.exclude(group__in=groups):
            with changes.of(grant):
                grant.delete()
        for group in sorted(set(groups) - set(person.grants.values_list("group", flat=True))):
            grant = Grant(person=person, group_id=group)
            with changes.of(grant):
                grant.save()
        propagate.access_of(person.tenant_id, [person.pk])


def limit(
    grant: Grant, valid_from: datetime | None = None, valid_until: datetime | None = None, uses: int | None = None
) -> Grant:
    """From when, until when and how often a right holds."""
    check_right(valid_from, valid_until, uses)
    with changes.together():
        if grant.pk is None:  # somebody else may have granted it at the same moment
            lock(grant.person)
            grant = Grant.objects.filter(person=grant.person, group=grant.group).first() or grant
        lock(grant)  # or taken it away: saved all the same it would be back
        grant.valid_from, grant.valid_until, grant.uses = valid_from, valid_until, uses
        with changes.of(grant):
            grant.save()
            propagate.access_of(grant.person.tenant_id, [grant.person_id])
    return grant


def take_out(grant: Grant) -> None:
    """The person leaves the group."""
    tenant, person = grant.person.tenant_id, grant.person_id
    with changes.of(grant):
        grant.delete()
        propagate.access_of(tenant, [person])


def revoke(credential: Credential) -> None:
    """The card or PIN stops working; its later denials still have a name."""
    if credential.kind != Credential.Kind.CARD:
        pins.revoke(credential)
        return
    with changes.of(credential):
        credential.active = False
        credential.save(update_fields=["active"])
        propagate.access_of(credential.tenant_id, [credential.person_id])
