"""PINs: made, sealed, revoked. What the cloud keeps of one is enough for a new controller's hashes, and no more.

A controller gets keyed hashes. Because a new controller (or a new table key) needs new ones, the digits are kept,
sealed with a key that lies beside the database and not in it: who has a copy of the database has no PIN. The mark, a
hash under that same key, tells that two PINs are equal. Revoking erases both. Nobody is shown a PIN after it was made.
"""

import secrets
from datetime import datetime
from itertools import pairwise

from django.db import IntegrityError

from .. import limits, sealing
from ..audit import changes
from ..models import Credential, Door, Guest, Person, Tenant
from ..services import clock
from ..services.refusal import Refusal

SHARE = 1000  # of all PINs of a length at most one in so many is in use at a door: IEC 60839-11-1
TRIES = 100


def give(person: Person, kind: str = "pin", digits: str | None = None) -> tuple[Credential, str]:
    """A person gets a PIN (or duress PIN) in place of the one before. Returns it with its digits, told this once."""
    tenant: Tenant = person.tenant
    if kind not in (Credential.Kind.PIN, Credential.Kind.DURESS):
        raise Refusal("a PIN is of the kind pin or duress")
    if kind == Credential.Kind.DURESS and not person.credentials.filter(kind="pin", active=True).exists():
        raise Refusal("a duress PIN stands beside a PIN; give that first")
    if digits is not None:
        check(digits, tenant.pin_digits)
    for _ in range(TRIES):
        chosen = digits or random(tenant.pin_digits)
        try:
            row = made(person, chosen, kind)
            before = list(person.credentials.filter(kind=kind, active=True))
            with changes.of(row, *before):
                for old in before:
                    _take(old)
                row.save()
                _propagate(row)
            return row, chosen
        except IntegrityError:
            if digits is not None:
                raise Refusal("this PIN cannot be used; choose another one") from None
    raise Refusal("no free PIN was found; make PINs longer")


def made(person: Person, digits: str, kind: str = "pin") -> Credential:
    """A PIN that is not kept yet. Its digits have been checked."""
    row = Credential(tenant_id=person.tenant_id, person=person, kind=kind, bits=None, number=None)
    row.sealed, row.mark = sealing.seal("pin", digits.encode()), mark(person.tenant_id, digits)
    return row


def revoke(credential: Credential) -> None:
    """The PIN stops working, and nothing of it is kept."""
    with changes.of(credential):
        _take(credential)
        _propagate(credential)


def _take(credential: Credential) -> None:
    credential.active, credential.sealed, credential.mark = False, None, ""
    credential.save(update_fields=["active", "sealed", "mark"])


def _propagate(credential: Credential) -> None:
    from ..services import propagate  # which leads back here by way of the access list

    propagate.access_of(credential.tenant_id, [credential.person_id])


def digits(sealed: bytes) -> str:
    """What a sealed PIN is."""
    return sealing.unseal("pin", bytes(sealed)).decode()


def mark(tenant: int, digits: str) -> str:
    """The same for the same digits of a tenant; says nothing without the key."""
    return sealing.mark(f"{tenant}:{digits}")


def check_cap(doors: list[int]) -> None:
    """Refuses more PIN-only people at a door than its PINs can bear."""
    now = clock.now()
    for door in Door.objects.filter(pk__in=doors).select_related("controller__site__tenant"):
        tenant = door.controller.site.tenant
        people = with_pin(tenant.pk, door.pk, now)
        most = 10**tenant.pin_digits // SHARE
        if people > most:
            raise Refusal(
                "at %(door)s %(n)d people would open with a PIN alone, with %(digits)d digits at most %(most)d may; "
                "ask for card and PIN there, or make PINs longer",
                door=door.name,
                n=people,
                digits=tenant.pin_digits,
                most=most,
            )


def with_pin(tenant: int, door: int, now: datetime) -> int:
    """How many people have a PIN and a right at a door."""
    people = Person.objects.filter(tenant=tenant, active=True, grants__group__places__door=door)
    people = people.filter(credentials__kind=Credential.Kind.PIN, credentials__active=True)
    guests = Guest.objects.filter(person__tenant=tenant, ended_at=None, places__door=door)
    there = people.exclude(grants__valid_until__lte=now).distinct().count()
    return there + guests.filter(valid_until__gt=now).count()


def set_length(tenant: Tenant, length: int) -> None:
    """How long the tenant's PINs are. Only while there are none: a door takes PINs of one length."""
    least, most = limits.PIN_DIGITS
    if not least <= length <= most:
        raise Refusal("a PIN has %(least)d to %(most)d digits; choose within", least=least, most=most)
    pins = Credential.objects.filter(tenant=tenant, kind__in=["pin", "duress"], active=True)
    if length != tenant.pin_digits and pins.exists():
        raise Refusal("there are PINs of %(n)d digits; revoke them first", n=tenant.pin_digits)
    with changes.of(tenant):
        tenant.pin_digits = length
        tenant.save(update_fields=["pin_digits"])


def check(digits: str, length: int) -> None:
    if not (digits.isascii() and digits.isdigit() and len(digits) == length):
        raise Refusal("a PIN here has %(n)d digits", n=length)
    if _weak(digits):
        raise Refusal("this PIN is among the first that anyone tries; choose another one")


def _weak(digits: str) -> bool:
    """All the same, or a run upwards or downwards."""
    steps = {(int(b) - int(a)) % 10 for a, b in pairwise(digits)}
    return len(steps) == 1 and steps <= {0, 1, 9}


def random(length: int) -> str:
    while _weak(made := f"{secrets.randbelow(10**length):0{length}d}"):
        pass
    return made
