"""Cards of people: given, taken away."""

from datetime import datetime

from django.db import IntegrityError, transaction

from tools.terminal import Problem

from ..models import Credential, Person


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


def give_card(person: Person, bits: int, number: int, valid_until: datetime | None = None) -> Credential:
    """A person gets a card. number: the payload of its frame. Raises Problem when somebody holds it."""
    if not 4 <= bits <= 64:
        raise Problem("a card has 4 to 64 bits; most have 26 or 34")
    if not 0 <= number < 1 << (bits - 2):
        raise Problem(f"a card of {bits} bits has a number below {1 << (bits - 2)}; check what is printed on it")
    holders = Credential.objects.filter(
        tenant=person.tenant_id, kind=Credential.Kind.CARD, bits=bits, number=number, active=True
    )
    try:
        with transaction.atomic():
            return Credential.objects.create(
                tenant_id=person.tenant_id, person=person, bits=bits, number=number, valid_until=valid_until
            )
    except IntegrityError:
        holder = holders.select_related("person").first()
        if holder is None:
            raise
        who = "this person" if holder.person_id == person.pk else holder.person.name
        raise Problem(f"{who} holds this card already; revoke it there first") from None


def revoke(credential: Credential) -> None:
    """The card stops working; its later denials still have a name."""
    credential.active = False
    credential.save(update_fields=["active"])
