"""Deliveries as a courier's own: it sees number, compartment and how it stands; for whom, and the pick-up code, never.

Made once: the same reference again is the same delivery. So a call whose answer was lost can be sent again.
"""

from datetime import datetime

from django.db import IntegrityError, transaction
from django.db.models import QuerySet

from firmware.controller.access.codes import SLOTS

from ..models import ApiToken, Bank, Delivery, User, lock
from ..sealing import Unreadable
from ..services import entered
from ..services.refusal import Refusal
from . import about, deliveries
from .about import About

MOST = SLOTS // 4  # on their way to one bank, of one account or program


def of(user: User | None, token: ApiToken | None) -> QuerySet[Delivery]:
    """Those that this account or program has made."""
    mine = {"token": token} if token is not None else {"made_by": user, "token": None}
    return Delivery.objects.filter(**mine).exclude(reference="")


def make(
    bank: Bank,
    said: About,
    reference: str,
    *,
    user: User | None,
    token: ApiToken | None,
    due_at: datetime | None = None,
    low: bool = False,
) -> tuple[Delivery, bool]:
    """The delivery of that reference, and whether it is new."""
    entered.lines(reference)
    if not reference.strip():
        raise Refusal("a shipment needs the reference that your system knows it by; give one")
    known = of(user, token).filter(reference=reference)
    found = known.first()
    if found is None:
        try:
            with transaction.atomic():
                _check_room(bank, of(user, token))
                made, _ = deliveries.make(
                    bank, said, user=user, token=token, due_at=due_at, reference=reference, low=low
                )
            return made, True
        except IntegrityError:  # the same call twice at once: one of them has made it
            found = known.first()
            if found is None:
                raise
    moved = found.bank_id == bank.pk or found.moved_from.filter(bank=bank).exists()
    same = moved and found.low == low and (found.due_at == due_at or _has_more_time(found, due_at))
    if not same or (found.about and about.of(found) != said):
        raise Refusal("the reference %(reference)s is another shipment's already; use another one", reference=reference)
    return found, False


def _check_room(bank: Bank, mine: QuerySet[Delivery]) -> None:
    """Under the lock of the bank: nobody takes all its numbers from the others."""
    lock(bank)
    on_their_way = mine.filter(bank=bank, state__in=[Delivery.State.MADE, Delivery.State.CANCELLING])
    if on_their_way.count() >= MOST:
        raise Refusal(
            "you have %(n)d shipments on their way to %(bank)s; bring or cancel some of them first",
            n=MOST,
            bank=str(bank),
        )


def _has_more_time(found: Delivery, asked: datetime | None) -> bool:
    """Than was asked for: somebody gave it more since."""
    return found.due_at is not None and (asked is None or asked < found.due_at)


def pick_up_code(delivery: Delivery) -> str | None:
    """For a courier who fetches what goes back, as long as it lies there. Of a parcel that came it is never told."""
    waits = delivery.kind == Delivery.Kind.RETURN and delivery.state == Delivery.State.DEPOSITED
    try:
        return deliveries.codes_of(delivery).pick_up if waits else None
    except Unreadable:
        return None


def deposit_code(delivery: Delivery) -> str | None:
    """For who brings it, as long as it was not deposited. None as well where its bank's secret cannot be read."""
    try:
        return deliveries.codes_of(delivery).deposit if delivery.state == Delivery.State.MADE else None
    except Unreadable:
        return None
