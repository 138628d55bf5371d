"""Partners: made by an owner, bound to doors, counted, and gone with their token."""

import base64
import os
from collections.abc import Callable, Collection
from datetime import datetime
from hashlib import sha256
from hmac import new as hmac

from django.db import IntegrityError, transaction
from django.db.models import F, Q, QuerySet

from ..audit import changes
from ..members import links
from ..models import (
    ApiToken,
    Door,
    Event,
    Grant,
    Partner,
    PartnerCall,
    Person,
    Tenant,
    User,
    processing,
    standing,
)
from ..models.retention import LOOKS
from ..services import clock
from ..services.refusal import Refusal

KEY = 32
A_MINUTE = 120  # calls


def make(
    tenant: Tenant,
    name: str,
    doors: Collection[Door],
    scopes: Collection[str],
    by: User | None = None,
    urandom: Callable[[int], bytes] = os.urandom,
) -> str:
    """A partner's bearer token; it is told once. Raises Refusal."""
    _check(tenant, doors, scopes)
    with changes.together():
        token = links.make_partner_token(tenant, name, by)
        row = ApiToken.objects.get(pk=int(token.partition(".")[0]))
        with changes.of(row):
            partner = Partner(token=row, scopes=sorted(scopes), pseudonym_key=urandom(KEY))
            partner.save()
            partner.doors.set(doors)
    return token


def change(partner: Partner, doors: Collection[Door], scopes: Collection[str]) -> None:
    """From its next call on. Raises Refusal."""
    _check(partner.token.tenant, doors, scopes)
    with changes.of(partner.token):
        partner.scopes = sorted(scopes)
        partner.save(update_fields=["scopes"])
        partner.doors.set(doors)


def _check(tenant: Tenant, doors: Collection[Door], scopes: Collection[str]) -> None:
    if any(door.controller.site.tenant_id != tenant.pk for door in doors):
        raise Refusal("there is no such door in this tenant; choose one of its own")
    if not doors:
        raise Refusal("a partner is bound to doors; choose at least one")
    if set(scopes) - set(Partner.Scope.values):
        raise Refusal("a partner may know people or the log; choose of these")
    if Partner.Scope.BIRTH in scopes and Partner.Scope.PEOPLE not in scopes:
        raise Refusal("birth dates are told with the people; choose these too")


def of(token: ApiToken) -> Partner | None:
    return Partner.objects.filter(token=token).select_related("token__tenant").first()


def count(partner: Partner, what: str, refused: bool = False) -> None:
    """One more call of this hour: the tenant sees it."""
    now = clock.now()
    hour = now.replace(minute=0, second=0, microsecond=0)
    same = PartnerCall.objects.filter(partner=partner, hour=hour, what=what)
    more = {"count": F("count") + 1, "refused": F("refused") + int(refused)}
    if not same.update(**more):
        try:
            with transaction.atomic():
                PartnerCall.objects.create(partner=partner, hour=hour, what=what, count=1, refused=refused)
        except IntegrityError:  # another call of it came first
            same.update(**more)


def has_room(partner: Partner) -> bool:
    """Whether it may call once more in this minute; that is counted."""
    minute = int(clock.now().timestamp()) // 60
    mine = Partner.objects.filter(pk=partner.pk)
    if not mine.filter(minute=minute, in_minute__lt=A_MINUTE).update(in_minute=F("in_minute") + 1):
        return bool(mine.filter(minute__lt=minute).update(minute=minute, in_minute=1))
    return True


def pseudonym(partner: Partner, person: int) -> str:
    """By what this partner, and no other, knows a person: as long as both are here the same."""
    mac = hmac(bytes(partner.pseudonym_key), b"person %d" % person, sha256).digest()
    return base64.b32encode(mac[:10]).decode().lower()


def doors(partner: Partner) -> QuerySet[Door]:
    """Those it is bound to. One of a controller that was given up is nobody's."""
    found = partner.doors.filter(controller__lost_at=None)
    return found.select_related("controller__site__tenant", "rules").order_by("pk")


def at(partner: Partner) -> dict[tuple[int, int], Door]:
    """{(controller, number): door} of these."""
    return {(door.controller_id, door.number): door for door in doors(partner)}


def people(partner: Partner, now: datetime) -> QuerySet[Person]:
    """Who may pass one of its doors now, by the days of what they are granted."""
    begun = Q(valid_from=None) | Q(valid_from__lte=now)
    living = Q(valid_until=None) | Q(valid_until__gt=now)
    granted = Grant.objects.filter(begun & living, group__places__door__in=doors(partner))
    found = Person.objects.filter(active=True, pk__in=granted.values("person")).order_by("pk")
    found = found.exclude(pk__in=standing.stopped(processing.PARTNERS))
    return found.select_related("birth") if Partner.Scope.BIRTH in partner.scopes else found


def events(partner: Partner) -> QuerySet[Event]:
    """What was recorded at its doors."""
    there = Q(pk=None)
    for controller, number in at(partner):
        there |= Q(controller=controller, door_number=number)
    rows = Event.objects.filter(there).exclude(credential__person__in=standing.stopped(processing.PARTNERS))
    return rows.order_by("pk")


def silent(partner: Partner) -> set[str]:
    """Pseudonyms of those of whom nothing is told now."""
    rows = standing.stopped(processing.PARTNERS).filter(tenant=partner.token.tenant_id)
    return {pseudonym(partner, pk) for pk in rows.values_list("person", flat=True)}


def forget(now: datetime) -> None:
    """Calls that were counted as long ago as looks are kept."""
    assert LOOKS.period is not None
    PartnerCall.objects.filter(hour__lt=now - LOOKS.period).delete()
