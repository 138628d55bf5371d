"""Deliveries: made, cancelled, and what codes they have. What becomes of them the bank's board says."""

from datetime import datetime, timedelta
from typing import NamedTuple

from firmware.controller.access import codes
from firmware.protocol.deliveries import delivery_key

from ..audit import changes
from ..doors import commands
from ..models import ApiToken, Bank, Command, Delivery, User, lock
from ..services import clock
from ..services.refusal import Refusal
from . import stock
from .about import About

LONGEST = timedelta(days=366)  # a day to be picked up by that is further away is a slip of the finger


class Codes(NamedTuple):
    """13 digits each; people type the first ten."""

    deposit: str
    pick_up: str


def make(
    bank: Bank,
    about: About,
    *,
    user: User | None = None,
    token: ApiToken | None = None,
    due_at: datetime | None = None,
) -> tuple[Delivery, Codes]:
    """A delivery, and the codes that belong to it: told this once, to who may know of them."""
    now = clock.now()
    if bank.controller.lost_at is not None:
        raise Refusal("the board of %(bank)s was reported lost; choose another bank", bank=str(bank))
    if due_at is not None and not now < due_at <= now + LONGEST:
        raise Refusal("a delivery is to be picked up after now, and within a year; choose another time")
    delivery = Delivery(bank=bank, about=about.sealed(), made_at=now, made_by=user, token=token, due_at=due_at)
    with changes.of(delivery):
        delivery.number = stock.free_number(bank)
        delivery.save(force_insert=True)
    return delivery, codes_of(delivery)


def codes_of(delivery: Delivery) -> Codes:
    key = delivery_key(bytes(delivery.bank.delivery_secret), delivery.number)
    return Codes(*(codes.code(key, kind, delivery.number) for kind in (codes.DEPOSIT, codes.PICK_UP)))


def spaced(digits: str) -> str:
    """As it is printed for people, who type ten: 1234 567 890."""
    return f"{digits[:4]} {digits[4:7]} {digits[7:10]}"


def printed(codes_: Codes) -> dict[str, tuple[str, str]]:
    """{"deposit": (as people type it, all of it), "pick_up": ...}"""
    return {name: (spaced(digits), digits) for name, digits in codes_._asdict().items()}


def cancel(delivery: Delivery, user: User | None) -> None:
    """Its codes are to be dead. That they are the board says; until then it may still be deposited."""
    with changes.together():
        lock(delivery)
        if delivery.is_over:
            raise Refusal("this delivery has ended; there is nothing to cancel")
        if delivery.state == Delivery.State.DEPOSITED:
            raise Refusal(
                "the parcel lies in compartment %(n)d; it has to be taken out, which ends the delivery",
                n=delivery.compartment,
            )
        delivery.state = Delivery.State.CANCELLING
        controller = delivery.bank.controller
        if controller.lost_at is not None:  # its keys are gone: nobody could tell it
            delivery.state, delivery.ended_at = Delivery.State.CANCELLED, clock.now()
        delivery.save(update_fields=["state", "ended_at"])
        if controller.lost_at is None:
            commands.cancel(controller, user, delivery.number)


def cancel_again(controller: int, now: datetime) -> None:
    """A board that was away hears once more what is to be cancelled."""
    waiting = Delivery.objects.filter(bank__controller=controller, state=Delivery.State.CANCELLING).order_by("pk")
    for delivery in waiting.select_related("bank__controller__site"):
        asked = Command.objects.filter(controller=controller, do=Command.Do.CANCEL, expires_at__gt=now)
        asked = asked.exclude(state__in=[Command.State.REFUSED, Command.State.EXPIRED])
        if not asked.filter(arguments__delivery=delivery.number).exists():
            commands.cancel(delivery.bank.controller, None, delivery.number)
