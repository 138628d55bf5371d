"""On whose own page a delivery shows: of the person whose account has the address it is for, or of who leaves it.

By nothing else: a name or a unit is not somebody's alone, and an address that an account was made with is.
"""

from ..models import Bank, Delivery, Person
from .about import legible


def find(bank: Bank, email: str) -> Person | None:
    if not email:
        return None
    here = Person.objects.filter(tenant=bank.controller.site.tenant_id)
    return here.filter(user__email__iexact=email).first()


def claim(person: Person) -> int:
    """Those that were made before the account was. Returns how many."""
    if person.user is None:
        return 0
    email, rows = person.user.email.lower(), Delivery.objects.of(person.tenant_id).filter(recipient=None)
    going = rows.exclude(state__in=Delivery.OVER).exclude(about=b"")
    mine = [row.pk for row in going if legible(row).email.lower() == email]
    return int(Delivery.objects.filter(pk__in=mine).update(recipient=person))
