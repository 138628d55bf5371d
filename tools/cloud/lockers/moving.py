"""Deliveries that take another way: to another bank before they have come, or back to the courier."""

from datetime import datetime

from ..audit import changes
from ..models import Bank, Delivery, Notice, User, lock
from ..services import clock
from ..services.refusal import Refusal
from . import about, deliveries, notices
from .deliveries import Codes


def move(delivery: Delivery, bank: Bank, user: User | None) -> tuple[Delivery, Codes]:
    """Cancelled where it is, made at another bank with other codes, and its recipient told: all of it or nothing.

    The courier's reference goes along. Whoever deposits it at the old bank all the same, before that has heard of it,
    is not stopped: its recipient is told where it lies.
    """
    with changes.together():
        for pk in sorted({delivery.bank_id, bank.pk}):  # in one order, whoever moves what where at the same time
            lock(Bank(pk=pk))
        lock(delivery)
        if delivery.bank_id == bank.pk:
            raise Refusal("this delivery is for %(bank)s already; choose another bank", bank=str(bank))
        if delivery.bank.controller.site.tenant_id != bank.controller.site.tenant_id:
            raise Refusal("this bank is another organisation's; choose another one")
        if delivery.state != Delivery.State.MADE:
            raise Refusal("only a delivery that has not come yet can be moved; this one cannot")
        said, reference = about.of(delivery), delivery.reference
        with changes.of(delivery):
            delivery.reference = ""
            delivery.save(update_fields=["reference"])
        new, codes = deliveries.make(
            bank,
            said,
            user=delivery.made_by,
            token=delivery.token,
            due_at=delivery.due_at,
            reference=reference,
            kind=delivery.kind,
            low=delivery.low,
        )
        with changes.of(delivery):
            delivery.moved_to = new
            delivery.save(update_fields=["moved_to"])
        deliveries.note(delivery, "move")
        deliveries.cancel(delivery, user)
        notices.make(new, Notice.Kind.MOVED, clock.now())
    return new, codes


def reference_back(delivery: Delivery) -> str:
    """What a courier's return is called that nobody has called anything."""
    return f"{delivery.reference[:55]} (return)"


def give_back(
    delivery: Delivery, user: User | None, reference: str = "", due_at: datetime | None = None
) -> tuple[Delivery, Codes]:
    """A return at the same bank: who got the parcel is told the code to put it in, and its courier fetches it.

    user: whose it is where nobody is known to have made the delivery. reference: what the courier calls the return.
    """
    with changes.together():
        lock(delivery)
        if delivery.kind == Delivery.Kind.RETURN or delivery.state != Delivery.State.PICKED_UP:
            raise Refusal("only what was picked up can be sent back; this delivery cannot")
        if not delivery.about:
            raise Refusal("the days of this delivery are over: nobody knows whom it was for")
        token, maker = delivery.token, delivery.made_by or (user if delivery.token_id is None else None)
        if delivery.reference and not reference:
            reference = reference_back(delivery)
        if reference and Delivery.objects.filter(token=token, made_by=maker, reference=reference).exists():
            raise Refusal(
                "the reference %(reference)s is another shipment's already; use another one", reference=reference
            )
        courier = token.name if token else maker.get_full_name() if maker else ""
        return deliveries.make(
            delivery.bank,
            about.swapped(about.of(delivery), courier),
            user=maker,
            token=token,
            due_at=due_at,
            reference=reference,
            kind=Delivery.Kind.RETURN,
            low=delivery.low,
        )
