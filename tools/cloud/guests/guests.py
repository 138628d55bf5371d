"""Guests: invited, ended, forgotten. What a guest may is never more than the host: access_list/grants.py sees to it."""

import secrets
from collections.abc import Collection
from datetime import datetime, timedelta
from typing import Any

from django.db.models import Count, Max, Q
from django.utils.translation import gettext as _

from .. import limits
from ..access_list import grants
from ..alarms import codes
from ..audit import changes
from ..models import (
    Door,
    DoorRules,
    Event,
    Guest,
    GuestDoor,
    Invitation,
    Person,
    Reach,
    Right,
    Tenant,
    User,
    lock,
)
from ..people import people, pins
from ..residents import policy, unlocking
from ..services import clock, local_time
from ..services.refusal import Refusal
from . import invitations

A_DAY = 10  # invited by one host: each is written to the boards' flash
AHEAD = timedelta(days=365)
LETTERS = "ABCDEFGHJKLMNPQRSTUVWXYZ23456789"  # none that is taken for another


def doors_of(host: Person) -> list[Door]:
    """Those that a guest of theirs can be invited to: a PIN alone opens them, and no number of uses limits the host."""
    mine = unlocking.doors_of(host).filter(places__accessgroup__grants__in=host.grants.filter(uses=None))
    keypads = with_keypad(host.tenant_id)
    return [door for door in mine if door.pk in keypads]


def doors_for(user: User) -> list[Door]:
    """Those that somebody may invite guests of the house to."""
    rows: Any = Door.objects
    reached = rows.reached(Reach.of(user), Right.GUESTS).filter(controller__lost_at=None)
    found = reached.select_related("controller__site").order_by("controller__site__name", "name", "pk")
    tenants = set(reached.values_list(Door.TENANT_PATH, flat=True))
    keypads = {pk for tenant in tenants for pk in with_keypad(tenant)}
    return [door for door in found if door.pk in keypads]


def with_keypad(tenant: int) -> set[int]:
    numbers = [at for at, asked in grants.asks(tenant).items() if {"pin", "card/pin"} & set(asked)]
    places = Q(pk=None)
    for controller, number in numbers:
        places |= Q(controller=controller, number=number)
    return set(Door.objects.filter(places, controller__lost_at=None).values_list("pk", flat=True))


def invite(
    host: Person,
    doors: Collection[int],
    valid_from: datetime | None,
    valid_until: datetime,
    uses: int | None,
    by: User | None,
    email: str = "",
) -> tuple[Guest, str]:
    """A guest of a resident, and the token of the link: told this once. doors: of doors_of()."""
    with changes.together():
        lock(Tenant(pk=host.tenant_id))
        host.refresh_from_db()
        rules = policy.of(host.tenant_id)
        if not rules.guests or not host.active or host.escort == Person.Escort.NEEDS:
            raise Refusal("you cannot invite guests here; ask those who look after the house")
        mine = {door.pk: door for door in doors_of(host)}
        chosen = [mine[pk] for pk in sorted(set(doors)) if pk in mine]
        if not chosen or len(chosen) != len(set(doors)):
            raise Refusal("choose doors of your own that have a keypad")
        _check_room(host, rules.guests_at_once, clock.now())
        guest = Guest(host=host, invited_by=by)
        return _make(host.tenant_id, guest, chosen, (valid_from, valid_until, uses), email)


def invite_to(
    doors: Collection[Door],
    valid_from: datetime | None,
    valid_until: datetime,
    uses: int | None,
    by: User | None,
    email: str = "",
) -> tuple[Guest, str]:
    """A guest of the house, by who may invite there. doors: of one tenant, that they may do so at."""
    if not doors or len({door.controller.site.tenant_id for door in doors}) > 1:
        raise Refusal("choose doors of one organisation that have a keypad")
    tenant = next(iter(doors)).controller.site.tenant_id
    with changes.together():
        lock(Tenant(pk=tenant))
        if {door.pk for door in doors} - with_keypad(tenant):
            raise Refusal("choose doors of one organisation that have a keypad")
        guest = Guest(house=True, invited_by=by)
        return _make(tenant, guest, doors, (valid_from, valid_until, uses), email)


def _begins(valid_from: datetime | None, valid_until: datetime, uses: int | None, now: datetime) -> datetime:
    """From when it holds."""
    local_time.check(valid_from, valid_until)
    # Boards know minutes, and begin with the next whole one: "from now" is from this one on.
    begin = valid_from if valid_from and valid_from > now else now.replace(second=0, microsecond=0)
    if valid_until <= max(begin, now):
        raise Refusal("a guest's time ends after it begins, and later than now; choose another time")
    if begin > now + AHEAD:
        raise Refusal("a guest is invited for a time within a year; choose an earlier one")
    least, most = limits.USES
    if uses is not None and not least <= uses <= most:
        raise Refusal(
            "a right holds for %(least)d to %(most)d passages, or for any number; correct it", least=least, most=most
        )
    return begin


def _check_room(host: Person, most: int, now: datetime) -> None:
    if host.guests.filter(ended_at=None, valid_until__gt=now).count() >= most:
        raise Refusal("you have %(n)d guests already; end one first", n=most)
    if host.guests.filter(made_at__gt=now - timedelta(days=1)).count() >= A_DAY:
        raise Refusal("that is %(n)d guests within a day; invite more tomorrow", n=A_DAY)


def _make(
    tenant: int,
    guest: Guest,
    doors: Collection[Door],
    when: tuple[datetime | None, datetime, int | None],
    email: str,
) -> tuple[Guest, str]:
    valid_from, guest.valid_until, guest.uses = when
    now, most = clock.now(), policy.of(tenant).guest_days
    guest.valid_from = _begins(valid_from, guest.valid_until, guest.uses, now)
    if guest.valid_until - max(guest.valid_from, now) > timedelta(days=most):
        raise Refusal("a guest here may pass for %(n)d days at most; choose less", n=most)
    if guest.uses and len({door.controller_id for door in doors}) > 1:
        raise Refusal("passages are counted at one controller, and these doors have several; choose fewer doors")
    guest.person, guest.made_at = people.enter(tenant, name=_pseudonym(tenant)), now
    guest.save(force_insert=True)
    GuestDoor.objects.bulk_create(GuestDoor(guest=guest, door=door) for door in doors)
    pins.give(guest.person)
    return guest, invitations.make(guest, email)


def _pseudonym(tenant: int) -> str:
    """One that nobody has, or had as long as something of them is kept."""
    while True:
        name = _("Guest %(code)s") % {"code": "".join(secrets.choice(LETTERS) for _n in range(4))}
        if not Person.objects.filter(tenant=tenant, name=name).exists():
            return name


def passages(rows: Collection[Guest]) -> dict[int, int]:
    """How often each came in, as far as the log tells: where a door keeps none, it does not."""
    numbers = [row.pk for row in rows]
    came = Event.objects.filter(credential__person__in=numbers, code__in=codes.GRANTED).values("credential__person")
    counted = dict(came.annotate(n=Count("pk")).values_list("credential__person", "n"))
    return {pk: counted.get(pk, 0) for pk in numbers}


def end(guest: Guest) -> None:
    """No code of theirs opens anything any more, and no link shows one."""
    with changes.together():
        lock(guest)
        if guest.ended_at is not None:
            return
        Invitation.objects.filter(guest=guest).delete()
        for pin in guest.person.credentials.filter(active=True):
            people.revoke(pin)
        guest.ended_at, guest.page = clock.now(), None
        guest.save(update_fields=["ended_at", "page"])
        people.change(guest.person, active=False)


def end_all(host: Person) -> None:
    for guest in host.guests.filter(ended_at=None).select_related("person").order_by("pk"):
        end(guest)


def tidy(now: datetime) -> int:
    """Ends those whose time, uses or host is over; erases those whose days are. Returns how many those were."""
    from ..people import erasure  # which ends the guests of whom it erases

    over = Q(valid_until__lte=now) | Q(host__active=False) | Q(host=None, house=False)
    for guest in Guest.objects.filter(ended_at=None).filter(over).select_related("person"):
        end(guest)
    counted = list(Guest.objects.filter(ended_at=None, uses__isnull=False).select_related("person"))
    came = passages(counted)
    for guest in counted:
        if came[guest.pk] >= (guest.uses or 0):
            end(guest)
    erased = 0
    ended = Guest.objects.filter(ended_at__lte=now)
    for tenant in ended.tenants():
        for guest in ended.of(tenant).filter(ended_at__lte=now - _days(tenant)).select_related("person"):
            erasure.erase(guest.person, now)
            erased += 1
    return erased


def _days(tenant: Tenant) -> timedelta:
    """As long as some door's log may name them."""
    longest: Any = DoorRules.objects.of(tenant).aggregate(most=Max("retention_days"))["most"]
    return timedelta(days=max(tenant.retention_days, longest or 0))
